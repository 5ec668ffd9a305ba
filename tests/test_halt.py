"""The emergency stop: what has not begun is a draft again, and no later apply lets it go. The ledger is the judge."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaignops import sandbox
from campaignops.planner import Live
from campaignops.sandbox.running import Sandbox
from campaignops.state import Phase
from tests.builders import a_campaign, a_plan, an_entry
from tests.command_line import Project, Ran, a_text, writes

UPDATE, DAY_S = "message_campaign/update", 86400
AT = "2026-11-24T02:20:00+00:00"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start() as pbx:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", pbx.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", pbx.client_secret)
        yield pbx


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    return Project(tmp_path / "project", box.url)


def later(box: Sandbox, seconds: float = DAY_S, **fields: Any) -> dict[str, Any]:
    return a_text(send={"at": int(box.now() + seconds)}, **fields)


def halted(ran: Ran) -> dict[str, str]:
    return {each["key"]: each["outcome"] for each in ran.document["campaigns"]}


def halt(project: Project, *words: str) -> Ran:
    return project.run("halt", "--auto-approve", "--json", *words)


def scheduled(project: Project, box: Sandbox, **more: dict[str, Any]) -> None:
    project.campaigns(sale=later(box), **more)
    assert project.apply().code == 0


def test_what_is_scheduled_is_a_draft_again_and_no_apply_releases_it(project, box):
    scheduled(project, box, other=later(box, session={"assign_to": {"queue": "Support"}}))
    ran = halt(project)
    assert (ran.code, halted(ran)) == (0, {"sale": "halted", "other": "halted"})
    planned = project.run("plan", "--json")
    assert (planned.code, planned.errors) == (10, ["CMP520", "CMP520"])
    assert project.apply().code == 10
    box.advance(2 * DAY_S)
    assert box.ledger() == []
    assert {each["status"] for each in project.run("status", "--json").document["campaigns"]} == {"draft"}


def test_what_is_lifted_is_released_by_the_next_apply_and_sent_once(project, box):
    scheduled(project, box)
    halt(project)
    assert project.run("halt", "--lift", "sale").code == 0
    planned = project.run("plan", "--json").document
    assert planned["changes"][0]["steps"] == ["release"]
    assert project.apply().code == 0
    box.advance(2 * DAY_S)
    assert len(box.ledger()) == 1


def test_a_manifest_that_keeps_it_as_a_draft_needs_no_lift_and_ends_the_halt(project, box):
    scheduled(project, box)
    halt(project)
    project.campaigns(sale=a_text())
    assert project.apply().code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert project.run("halt", "--lift").out == "Nothing is halted.\n"


def test_a_halted_campaign_whose_manifest_goes_is_deleted_and_an_edited_one_stays_halted(project, box):
    scheduled(project, box, other=later(box))
    halt(project)
    project.campaigns(sale=later(box, message={"text": "Another text"}))
    planned = project.run("plan", "--json").document
    assert {each["key"]: each["action"] for each in planned["changes"]} == {
        "sale": "blocked",
        "other": "delete",
    }
    assert project.apply("--exclude", "sale").code == 0
    assert box.advance(2 * DAY_S)
    assert box.ledger() == []


def test_what_was_not_released_yet_is_kept_from_it(project, box):
    project.campaigns(sale=later(box))
    box.behave(drafts_release="refused")
    assert project.apply().code == 1
    box.behave(drafts_release="yes")
    before = writes(box)
    assert halted(halt(project)) == {"sale": "halted"}
    assert writes(box) == before, "a draft need not be made one"
    assert project.apply().code == 10
    assert box.ledger() == []


def test_what_is_sending_is_named_and_not_touched(project, box):
    numbers = [f"+1202555{n:04}" for n in range(100)]
    project.campaigns(sale=later(box), now=a_text(send="now", recipients={"numbers": numbers}))
    assert project.apply().code == 0
    ran = halt(project)
    assert (ran.code, halted(ran)) == (4, {"now": "begun", "sale": "halted"})
    box.advance(2 * DAY_S)
    assert len(box.ledger()) == len(numbers)
    assert project.run("plan", "--json", "--target", "now").document["changes"][0]["action"] == "history"


def test_what_was_sent_before_is_not_mentioned(project, box):
    project.campaigns(now=a_text(send="now"), draft=a_text())
    project.apply()
    box.advance(60)
    ran = project.run("halt", "--auto-approve")
    assert (ran.code, ran.out) == (0, "Nothing that is recorded is waiting to be sent.\n")
    assert project.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "before"}, {"status": 502}, {"errcode": -2}])
def test_a_lost_answer_is_read_back_and_a_draft_is_asked_for_again(project, box, fault):
    scheduled(project, box)
    box.inject(UPDATE, **fault)
    ran = halt(project)
    assert (ran.code, halted(ran)) == (0, {"sale": "halted"})
    box.advance(2 * DAY_S)
    assert box.ledger() == []
    assert project.recorded["sale"]["phase"] == "bound"


def test_one_that_the_pbx_keeps_is_told_and_still_not_released_again(project, box):
    scheduled(project, box, other=later(box, 2 * DAY_S))
    box.inject(UPDATE, errcode=70084)
    ran = halt(project)
    assert (ran.code, halted(ran)) == (4, {"sale": "failed", "other": "halted"})
    assert "still scheduled" in ran.out
    assert project.apply().code == 10
    again = halt(project, "sale")
    assert (again.code, halted(again)) == (0, {"sale": "halted"})


def test_it_asks_before(project, box):
    scheduled(project, box)
    before = writes(box)
    ran = project.run("halt", typed="no\n")
    assert (ran.code, "sale   scheduled" in ran.err or "sale   released" in ran.err) == (1, True)
    assert writes(box) == before
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert project.run("halt", typed="yes\n").code == 0


def test_only_the_named_ones_are_halted(project, box):
    scheduled(project, box, other=later(box))
    assert halted(halt(project, "sa*")) == {"sale": "halted"}
    assert halt(project, "none").code == 64


def test_it_needs_no_sound_manifest(project, box):
    scheduled(project, box)
    project.write("campaigns.yaml", "campaigns: [")
    assert halted(halt(project)) == {"sale": "halted"}


def test_a_running_apply_is_to_be_ended_first(project, box):
    from campaignops.store.file import FileStore

    scheduled(project, box)
    with FileStore(project.state).lock("campaignops apply", 0):
        ran = halt(project)
    assert ran.code == 12
    assert "End that run first" in ran.err


@pytest.mark.parametrize("endpoint", ["get_token", "message_campaign/list"])
def test_without_the_pbx_at_least_no_apply_releases_anything(project, box, endpoint):
    project.campaigns(sale=later(box), other=later(box))
    project.apply("--draft-only")
    box.inject(endpoint, errcode=70004)
    ran = halt(project)
    assert (ran.code, "No apply releases 2 of the recorded" in ran.err) == (1, True)
    assert project.apply().code == 10
    assert halted(halt(project)) == {"sale": "halted", "other": "halted"}
    box.advance(2 * DAY_S)
    assert box.ledger() == []


def test_what_had_come_to_its_time_is_never_released_again(project, box):
    """It became a draft, but whether nobody got it before, nobody can tell."""
    project.campaigns(sale=later(box, 63))
    assert project.apply().code == 0
    box.advance(61)
    ran = halt(project)
    assert ran.code == 4
    assert halted(ran)["sale"] in ("unknown", "begun")
    assert project.run("plan", "--json").document["changes"][0]["action"] == "history"
    assert project.run("halt", "--lift").code == 0
    assert project.apply().code == 0
    box.advance(DAY_S)
    assert len(box.ledger()) <= 1


# the plan, as a table


@pytest.mark.parametrize(
    "phase", [Phase.BOUND, Phase.RELEASED, Phase.RELEASING, Phase.UPDATING, Phase.INTENT]
)
@pytest.mark.parametrize("live", [None, Live({}), Live({203: "draft"}), Live({203: "scheduled"})])
def test_nothing_that_is_halted_is_planned_to_be_released(phase, live):
    campaign = a_campaign()
    made = a_plan(campaign, recorded=[an_entry(campaign, phase=phase, status="draft", halted=AT)], live=live)
    assert [each.key for each in made.blocked] == [campaign.key]
    assert [each.code for each in made.findings] == ["CMP520"]


def test_what_has_begun_is_history_whether_halted_or_not():
    campaign = a_campaign()
    made = a_plan(campaign, recorded=[an_entry(campaign, halted=AT)], live=Live({203: "executing"}))
    assert not made.blocked


def test_a_halted_record_stays_halted_under_a_new_key():
    campaign = a_campaign("winter-sale", moved_from="summer-sale", name="summer-sale")
    entry = an_entry(a_campaign(), phase=Phase.BOUND, halted=AT)
    made = a_plan(campaign, recorded=[entry], live=Live({203: "draft"}))
    assert [each.key for each in made.blocked] == ["winter-sale"]


def test_a_halted_campaign_is_not_released_under_a_key_that_was_changed_without_saying_so():
    entry = an_entry(a_campaign(), phase=Phase.BOUND, halted=AT)
    made = a_plan(a_campaign("winter-sale", name="summer-sale"), recorded=[entry], live=Live({203: "draft"}))
    blocked = made.blocked[0]
    assert (blocked.key, blocked.code) == ("winter-sale", "CMP520")
    assert "halt --lift summer-sale" in blocked.help


def test_neither_half_of_an_apply_lets_go_what_is_halted(project, box):
    scheduled(project, box)
    halt(project)
    for half in ("--draft-only", "--release-only"):
        assert project.apply(half).code == 10
    box.advance(2 * DAY_S)
    assert box.ledger() == []


def test_a_plan_that_was_saved_before_the_halt_is_not_applied_after_it(project, box):
    project.campaigns(sale=later(box))
    assert project.apply("--draft-only").code == 0
    assert project.run("plan", "-o", "plan.json").code == 0
    assert halted(halt(project)) == {"sale": "halted"}
    assert project.apply("plan.json").code == 10
    box.advance(2 * DAY_S)
    assert box.ledger() == []
