"""Test sends: to staff only, once, recorded, and shown in the plan. The ledger is the judge."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campaignops import sandbox, state
from campaignops.model import Numbers, Text
from campaignops.sandbox.running import Sandbox
from campaignops.state import Phase
from tests.builders import a_campaign, an_entry
from tests.command_line import STATE, Project, Ran, a_text, writes

ME, SOMEBODY = "+12025550190", "+12025550111"
CREATE, UPDATE = "message_campaign/create", "message_campaign/update"
LATER = {"at": "2030-07-30T18:06Z"}


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start() as pbx:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", pbx.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", pbx.client_secret)
        yield pbx


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    project = Project(tmp_path / "project")
    settle(project, box)
    project.campaigns(sale=a_text(send=LATER))
    return project


def settle(project: Project, box: Sandbox, **pbx: Any) -> None:
    project.settings(pbx={"url": box.url, "timeout": 0.5, **pbx}, test_numbers=[ME])


def send(project: Project, *words: str) -> Ran:
    return project.run("test-send", "sale", "--to", ME, "--auto-approve", *words)


def sent(box: Sandbox) -> list[str]:
    return [row["number"] for row in box.ledger()]


def tested(project: Project) -> Any:
    return project.run("plan", "--json").document["changes"][0]["tested"]


def test_one_person_gets_what_the_campaign_says_and_the_plan_shows_it(project, box):
    assert tested(project) is None
    ran = send(project, "--json")
    assert ran.code == 0, ran.err
    assert ran.document["to"] == "+1202•••0190"
    (row,) = box.ledger()
    assert (row["number"], row["summary"]) == (ME, "Hello")
    assert row["campaign_name"].startswith("[test] sale 20")
    assert tested(project)["current"] is True
    assert "as it is now" in project.run("plan").out
    assert project.apply().code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert sent(box) == [ME]


def test_a_changed_text_is_told_and_a_changed_time_is_not(project):
    send(project)
    project.campaigns(sale=a_text(send="draft", recipients={"numbers": [SOMEBODY]}))
    assert tested(project)["current"] is True
    project.campaigns(sale=a_text(send=LATER, message={"text": "Hello again"}))
    assert tested(project)["current"] is False
    assert "it has been changed since" in project.run("plan").out


def test_the_state_holds_no_number_and_no_plan_touches_the_record(project, box):
    send(project)
    text = (project.root / STATE).read_text()
    assert ME not in text
    assert ME.removeprefix("+") not in text
    planned = project.run("plan", "--json").document
    assert [(each["key"], each["action"]) for each in planned["changes"]] == [("sale", "create")]
    project.apply()
    project.campaigns()
    assert [each["key"] for each in project.run("plan", "--json").document["changes"]] == ["sale"]
    assert [each["key"] for each in project.run("status", "--json").document["campaigns"]] == ["sale"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["sale", "--to", SOMEBODY], 10, "+1202•••0111 is not among `test_numbers`"),
        (["none", "--to", ME], 64, "no campaign here fits"),
        (["sale"], 64, "--to"),
        (["sale", "--to", ME], 1, "not confirmed"),
    ],
)
def test_nothing_is_sent_to_others_or_unasked(project, box, words, code, says):
    ran = project.run("test-send", *words, typed="no\n")
    assert ran.code == code
    assert says in ran.err
    assert writes(box) == []


def test_a_person_may_ask_again_and_gets_it_again(project, box):
    assert project.run("test-send", "sale", "--to", ME, typed="yes\n").code == 0
    box.advance(60)
    assert project.run("test-send", "sale", "--to", ME, typed="yes\n").code == 0
    box.advance(60)
    assert sent(box) == [ME, ME]
    assert len([key for key in project.recorded if state.is_test(key)]) == 1


@pytest.mark.parametrize("endpoint", [CREATE, UPDATE])
@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 502, "commit": True}])
def test_a_lost_answer_is_found_out_and_nothing_is_sent_twice(project, box, endpoint, fault):
    box.inject(endpoint, occurrence=2 if endpoint == UPDATE else 1, **fault)
    assert send(project).code == 0
    assert sent(box) == [ME]


def test_a_release_that_never_arrived_is_not_sent_again_by_itself(project, box):
    box.inject(UPDATE, occurrence=2, drop="before")
    assert send(project).code == 11
    assert sent(box) == []
    again = send(project)
    assert again.code == 0, again.err
    assert sent(box) == [ME]
    assert [row["status"] for row in project.run("state", "list", "--json").document["campaigns"]] == [None]


def test_one_that_went_out_unheard_is_told_and_not_repeated(project, box):
    """The run is killed before it hears of the release: that is what its record then says."""
    assert send(project).code == 0
    entry = next(iter(project.recorded))
    document = json.loads(project.state.read_text())
    document["campaigns"][entry] |= {"phase": "releasing", "time_s": None}
    project.state.write_text(json.dumps(document))
    ran = send(project)
    assert (ran.code, "Nothing was sent now" in ran.out) == (0, True)
    assert sent(box) == [ME]


def test_delivered_direct_an_unknown_create_waits_for_a_person(project, box):
    settle(project, box, delivery="direct")
    box.inject(CREATE, drop="before")
    ran = send(project)
    assert ran.code == 11
    assert "campaignops resolve '[test] sale'" in ran.err
    assert send(project).code == 11
    assert writes(box).count(CREATE) == 1
    assert project.run("resolve", "[test] sale", "--absent").code == 0
    assert send(project).code == 0
    assert sent(box) == [ME]


def test_every_part_of_a_split_campaign_is_tested_by_one_send(project, box):
    people = [f"+120255501{n:02}" for n in range(4)]
    project.campaigns(sale=a_text(recipients={"numbers": people, "split": 2}))
    assert send(project).code == 0
    assert sent(box) == [ME]
    changes = project.run("plan", "--json").document["changes"]
    assert [each["tested"]["current"] for each in changes] == [True, True]
    assert project.run("test-send", "sale[2]", "--to", ME, "--auto-approve").code == 0
    box.advance(60)  # the second waits until the first is through
    assert sent(box) == [ME, ME]


def test_a_number_may_be_written_as_people_write_it_in_the_region(project, box):
    project.settings(pbx={"url": box.url, "timeout": 0.5}, test_numbers=[ME], region="US")
    project.campaigns(sale=a_text())
    written = f"({ME[2:5]}) {ME[5:8]}-{ME[8:]}"
    assert project.run("test-send", "sale", "--to", written, "--auto-approve").code == 0
    assert sent(box) == [ME]


def test_names_that_the_pbx_does_not_have_are_found_before(project, box):
    project.campaigns(sale=a_text(channel="Main"))
    ran = send(project)
    assert ran.code == 1
    assert "error[CMP201]" in ran.err
    assert "campaigns.yaml:" in ran.err
    assert writes(box) == []


def test_numbers_of_the_settings_are_checked(project, box):
    project.settings(pbx={"url": box.url}, test_numbers=["0190"])
    assert "error[CMP105]" in project.run("validate").err + project.run("validate").out


# what issue 6 asks for


def test_tested_means_the_very_content_was_released():
    campaign = a_campaign()
    entry = an_entry(campaign, key=state.test_key(campaign.key), time_s=1000)
    recorded = {entry.key: entry}
    assert state.tested_at_s(recorded, campaign) == 1000
    assert state.tested_at_s(recorded, replace(campaign, audience=Numbers((ME,)))) == 1000
    assert state.tested_at_s(recorded, replace(campaign, message=Text("Another"))) is None
    assert state.tested(recorded, replace(campaign, message=Text("Another"))) == (1000, False)
    for phase in set(Phase) - {Phase.RELEASED}:
        assert state.tested({entry.key: replace(entry, phase=phase)}, campaign) is None
    assert state.tested({campaign.key: an_entry(campaign)}, campaign) is None
