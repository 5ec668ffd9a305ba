"""Two keys: one run prepares drafts, another one, of another person, lets go what is prepared."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaignops import sandbox
from campaignops.sandbox.running import Sandbox
from tests.command_line import Project, a_text, writes

LATER = "2036-07-30 18:06+02:00"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start() as pbx:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", pbx.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", pbx.client_secret)
        yield pbx


@pytest.fixture(params=["staged", "direct"])
def project(tmp_path: Path, box: Sandbox, request: pytest.FixtureRequest) -> Project:
    project = Project(tmp_path / "project", box.url, delivery=request.param)
    project.campaigns(now=a_text(send="now"), later=a_text(send={"at": LATER}), kept=a_text())
    return project


def phases(project: Project) -> dict[str, str]:
    return {key: each["phase"] for key, each in project.recorded.items()}


def reasons(document: Any) -> dict[str, str]:
    return {each["key"]: each["reason"] for each in document["changes"]}


def test_the_first_key_makes_drafts_and_sends_nothing(project, box):
    ran = project.apply("--draft-only", "--json")
    assert (ran.code, ran.document["half"], ran.document["outcomes"]["done"]) == (0, "draft", 3)
    assert phases(project) == {"now": "bound", "later": "bound", "kept": "bound"}
    assert [name for name in writes(box) if "create" not in name] == []
    again = project.run("plan", "--draft-only", "--detailed-exitcode", "--json")
    assert (again.code, again.document["summary"]["none"]) == (0, 3)
    assert [each["left_to"] for each in again.document["changes"]] == ["release", "release", None]
    box.advance(400_000_000)
    assert box.ledger() == []


def test_the_second_key_lets_go_what_the_first_has_prepared(project, box):
    project.apply("--draft-only")
    plan = project.run("plan", "--detailed-exitcode", "--json")
    assert plan.code == 2
    assert reasons(plan.document)["now"] == "recorded as a draft, not yet released"
    ran = project.apply("--release-only", "--json")
    assert (ran.code, ran.document["outcomes"]["done"]) == (0, 2)
    assert phases(project) == {"now": "released", "later": "released", "kept": "bound"}
    for options in ((), ("--draft-only",), ("--release-only",)):
        assert project.run("plan", "--detailed-exitcode", *options).code == 0
    box.advance(400_000_000)
    assert len(box.ledger()) == 2


def test_the_second_key_lets_go_nothing_that_was_not_prepared_or_has_changed_since(project, box):
    project.campaigns(now=a_text(send="now"), other=a_text(send="now", message={"text": "Other"}))
    project.apply("--draft-only")
    edited = a_text(send="now", message={"text": "Edited"})
    project.campaigns(now=edited, other=a_text(send="now", message={"text": "Other"}), new=a_text(send="now"))
    ran = project.apply("--release-only", "--json")
    assert (ran.code, ran.document["outcomes"]["done"]) == (0, 1)
    assert [(f["code"], f["severity"]) for f in ran.document["findings"]] == [("CMP506", "warning")] * 2
    assert phases(project) == {"now": "bound", "other": "released"}
    assert {each["campaign_name"] for each in box.ledger()} == {"other"}
    text = project.run("plan", "--release-only").out
    assert "left to `campaignops apply --draft-only`: the manifest differs from what was applied" in text
    assert "No changes in this half. 2 of 3 are left to apply --draft-only." in text
    assert project.apply("--draft-only").code == project.apply("--release-only").code == 0
    box.advance(100)
    assert len(box.ledger()) == 3


def test_a_draft_that_somebody_edited_on_the_pbx_is_not_let_go(project, box):
    project.apply("--draft-only", "--target", "now")
    with box._pbx.lock:
        box._pbx.store.run("UPDATE campaigns SET fields = json_set(fields, '$.content', 'By hand')")
    ran = project.apply("--release-only", "--target", "now")
    assert ran.code == 0
    assert "left to `campaignops apply --draft-only`: edited on the PBX since the last apply" in ran.err
    assert box.ledger() == []


def test_an_edit_of_what_is_scheduled_takes_it_back_until_it_is_released_again(project, box):
    project.campaigns(later=a_text(send={"at": LATER}))
    project.apply()
    project.campaigns(later=a_text(send={"at": LATER}, message={"text": "Edited"}))
    ran = project.run("plan", "--draft-only")
    assert "a draft until it is released by `campaignops apply --release-only`" in ran.out
    assert "steps     update\n" in ran.out
    project.apply("--draft-only")
    assert project.run("status", "--json").document["campaigns"][0]["status"] == "draft"
    project.apply("--release-only")
    assert project.run("status", "--json").document["campaigns"][0]["status"] == "scheduled"


def test_a_saved_plan_keeps_its_half(project, box):
    project.apply("--draft-only")
    plan = str(project.root / "plan.json")
    assert project.run("plan", "--release-only", "-o", plan).code == 0
    assert project.apply(plan, "--draft-only").code == 64
    assert project.apply(plan).code == 0
    assert phases(project)["now"] == "released"
    assert project.run("plan", "-o", plan).code == 0
    assert project.apply(plan, "--release-only").code == 64


def test_one_run_turns_one_key(project):
    for command in ("plan", "apply"):
        ran = project.run(command, "--draft-only", "--release-only", "--json")
        assert (ran.code, ran.document["error"]["code"]) == (64, "usage")
