"""The state mended by hand: what each verb does, what it refuses, and that none of them touches the PBX."""

import json
from pathlib import Path
from typing import Any

import pytest

from campaignops.sandbox.running import Sandbox
from campaignops.store.file import FileStore
from tests.command_line import STATE, Project, Ran, a_text


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    """A draft and a campaign that has been sent, both recorded."""
    project = Project(tmp_path / "project", box.url)
    project.campaigns(draft=a_text(), sent=a_text(send="now"))
    assert project.apply().code == 0
    return project


def test_a_draft_is_forgotten_after_its_key_is_typed_and_stays_on_the_pbx(project, box):
    before = len(box.requests())
    assert project.run("state", "rm", "draft", typed="yes\n").code == 1
    assert "draft" in project.recorded
    ran = project.run("state", "rm", "draft", typed="draft\n")
    assert ran.code == 0
    assert "(it was id 249); nothing changed on the PBX" in ran.out
    assert "draft" not in project.recorded
    assert len(box.requests()) == before
    assert project.run("plan").code == 10, "its name is taken on the PBX"


def test_what_may_have_been_sent_is_not_forgotten_by_the_way(project):
    refused = project.run("state", "rm", "sent", "--auto-approve")
    assert refused.code == 10
    assert "may send it again" in refused.err
    assert project.run("state", "rm", "sent", "--auto-approve", "--forget-sent").code == 0
    assert "sent" not in project.recorded


def test_a_record_takes_another_key_and_the_manifest_that_has_it_is_unchanged(project):
    project.campaigns(flyer=a_text(name="draft"), sent=a_text(send="now"))
    assert project.run("state", "mv", "draft", "flyer").code == 0
    assert project.recorded["flyer"]["id"] == 249
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert project.run("state", "mv", "flyer", "sent").code == 10
    assert project.run("state", "mv", "none", "some").code == 64
    assert project.run("state", "mv", "flyer").code == 64


def test_pull_gives_the_whole_state_with_the_steps_of_a_run_that_was_killed(project, tmp_path):
    whole = project.run("state", "pull")
    assert whole.code == 0
    assert json.loads(whole.out)["serial"] == 6
    copy = tmp_path / "copy.json"
    copy.write_text(whole.out)
    assert FileStore(copy).read()[0] == FileStore(project.root / STATE).read()[0]
    assert "no state yet" in Project(tmp_path / "new").run("state", "pull").err


def test_a_lock_is_never_broken_only_told(project):
    assert "is not locked" in project.run("state", "unlock").out
    with FileStore(project.root / STATE).lock("campaignops apply", 0):
        held = project.run("state", "unlock")
    assert held.code == 12
    assert "campaignops apply" in held.err
    assert "It ends with that process" in held.err


@pytest.mark.parametrize("verb", ["rm", "mv", "unlock"])
def test_each_change_is_one_document_with_json(project, verb):
    words = {"rm": ["draft", "--auto-approve"], "mv": ["draft", "other"], "unlock": []}[verb]
    assert project.run("state", verb, *words, "--json").document["kind"] == f"state {verb}"


# push


def pulled(project: Project) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(project.run("state", "pull").out)
    return document


def push(project: Project, document: dict[str, Any], *words: str, typed: str = "") -> Ran:
    path = project.root.parent / "mended.json"
    path.write_text(json.dumps(document))
    return project.run("state", "push", str(path), *words, typed=typed)


def test_a_mended_document_goes_back_as_the_next_write_and_the_old_one_is_kept(project, box):
    document = pulled(project)
    document["campaigns"]["flyer"] = document["campaigns"].pop("draft")
    before = len(box.requests())
    assert push(project, document, typed="no\n").code == 1
    ran = push(project, document, typed="yes\n")
    assert ran.code == 0
    assert "+ flyer: id 249, bound" in ran.err
    assert "- draft: id 249, bound" in ran.err
    assert "kept in campaignops.state.json.backup" in ran.out
    assert pulled(project)["serial"] == document["serial"] + 1
    assert set(project.recorded) == {"flyer", "sent"}
    assert "draft" in json.loads((project.root / f"{STATE}.backup").read_text())["campaigns"]
    assert len(box.requests()) == before
    project.campaigns(flyer=a_text(name="draft"), sent=a_text(send="now"))
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert project.run("state", "rm", "flyer", "--auto-approve").code == 0, "the state goes on from there"


def test_a_document_that_says_the_same_writes_nothing(project):
    document = pulled(project)
    assert "nothing was written" in push(project, document).out
    assert pulled(project) == document


def test_a_document_goes_back_only_where_it_came_from_and_only_once(project, tmp_path):
    document = pulled(project)
    assert push(project, document | {"lineage": "other"}, "--auto-approve").code == 10
    project.run("state", "rm", "draft", "--auto-approve")
    late = push(project, document, "--auto-approve", "--json")
    assert (late.code, late.document["error"]["code"]) == (1, "CMP704")
    assert "draft" not in project.recorded
    new = Project(tmp_path / "new")
    assert push(new, document).code == 1, "it asks"
    assert push(new, document, "--auto-approve").code == 0
    assert set(new.recorded) == {"draft", "sent"}


def test_what_may_have_been_sent_is_not_taken_back_by_the_way(project):
    document = pulled(project)
    for change in ({"phase": "bound", "status": None, "send": "draft"}, None):
        document = pulled(project)
        sent = document["campaigns"].pop("sent")
        if change:
            document["campaigns"]["sent"] = sent | change
        ran = push(project, document, "--auto-approve")
        assert (ran.code, "may send it again" in ran.err) == (10, True)
    assert push(project, document, "--auto-approve", "--forget-sent").code == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"campaigns": {"draft": 1}}, 1),
        ({"format_version": 99}, 1),
        ({"pbx": {"serial_number": "another", "url": "https://pbx.example.com"}}, 10),
    ],
)
def test_a_document_that_is_no_state_of_this_project_is_refused(project, change, code):
    document = pulled(project)
    assert push(project, document | change, "--auto-approve", "--forget-sent").code == code
    assert pulled(project) == document


def test_no_id_is_recorded_twice(project):
    document = pulled(project)
    document["campaigns"]["draft"]["id"] = document["campaigns"]["sent"]["id"]
    assert push(project, document, "--auto-approve").code == 10
    assert project.run("state", "push", "no-such-file").code == 1
    assert project.run("state", "push").code == 64


def test_every_run_that_writes_keeps_what_it_found(project):
    backup = project.root / f"{STATE}.backup"
    before = (project.root / STATE).read_bytes()
    project.run("plan")
    project.run("status")
    project.run("state", "rm", "draft", "--auto-approve")
    assert backup.read_bytes() == before
    assert backup.stat().st_mode & 0o777 == 0o600
    backup.replace(project.root / STATE)
    assert set(project.recorded) == {"draft", "sent"}, "it can be put back"
