"""Guardrails from the settings to the PBX: what is refused sends nothing, and what is allowed is recorded."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignops import manifest
from campaignops.applier import Record, Who
from campaignops.cli import connection, planning
from campaignops.cli.entry import run as run_words
from campaignops.cli.guarding import Cases, Holds
from campaignops.cli.writing import Clock
from campaignops.planner import EVERYTHING
from campaignops.sandbox.running import Sandbox
from campaignops.state import State
from tests.command_line import Project, Ran, a_text, writes

ME, YOU = "+4915112345678", "+12125550123"


@pytest.fixture
def guarded(project: Project, box: Sandbox) -> Any:
    """A project with these guardrails and one campaign, for two people and at once."""

    def write(guardrails: dict[str, Any], **campaign: Any) -> Project:
        project.settings(pbx={"url": box.url}, timezone="Europe/Berlin", guardrails=guardrails)
        project.campaigns(sale=a_text(send="now", recipients={"numbers": [ME, YOU]}, **campaign))
        return project

    return write


REFUSED: list[tuple[dict[str, Any], str, str | None]] = [
    ({"max_recipients": 1}, "CMP602", "--allow-recipients 2"),
    ({"max_recipients": {"per_campaign": 1}}, "CMP601", "--allow-recipients 2"),
    ({"max_recipients": {"per_day": 1}}, "CMP603", "--allow-recipients 2"),
    ({"quiet_hours": "00:00-23:59"}, "CMP604", "--allow quiet_hours:sale:2"),
    ({"quiet_hours": {"from": "00:00", "to": "23:59"}}, "CMP604", "--allow quiet_hours:sale:2"),
    (
        {"quiet_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
        "CMP605",
        "--allow quiet_days:sale:2",
    ),
    ({"countries": ["DE"]}, "CMP608", "--allow countries:sale:1"),
    ({"suppression": "everybody.csv"}, "CMP606", None),
    ({"require_test_send": True}, "CMP610", "--allow require_test_send:sale:2"),
    ({"max_sms_parts": {"Main SMS": 1, "other": 9}}, "CMP611", "--allow max_sms_parts:sale:2"),
]


@pytest.mark.parametrize(("guardrails", "code", "allow"), REFUSED, ids=[code for _, code, _ in REFUSED])
def test_what_a_guardrail_refuses_is_not_sent_and_the_named_option_lets_it_by(
    guarded, box, guardrails, code, allow
):
    project = guarded(guardrails, message={"text": "x" * 161})
    project.write("everybody.csv", f"phone\n{ME}\n{YOU}\n")
    finding: dict[str, Any] = {}
    for command in (("plan",), ("apply", "--auto-approve")):
        ran = project.run(*command, "--json")
        assert ran.code == 10
        assert ran.document["error"]["code"] == "guardrail"
        (finding,) = [f for f in ran.document["findings"] if f["code"] == code]
        (setting,) = guardrails
        assert f"guardrails.{setting}" in finding["note"]
        assert " at campaignops.yaml:1:" in finding["note"]
        assert ME not in ran.out + ran.err
        assert YOU not in ran.out + ran.err
    assert writes(box) == []
    assert box.ledger() == []
    assert not project.state.exists()
    shown = project.run("plan")
    assert shown.code == 10
    assert "refused " in shown.out
    assert "! " in shown.out
    if allow is None:
        assert "--allow" not in shown.err
        return
    assert allow in finding["help"]
    assert project.apply(*allow.split(), "--reason", "It was agreed").code == 0
    box.advance(60)
    assert sorted(each["number"] for each in box.ledger()) == sorted((ME, YOU))
    recorded = json.loads(project.state.read_text())["campaigns"]["sale"]["allowed"]
    assert recorded.startswith(f"{allow}; by ")
    assert recorded.endswith(": It was agreed")


def test_a_saved_plan_is_refused_when_it_is_applied_without_what_was_allowed(guarded, box):
    project = guarded({"max_recipients": 1})
    assert project.run("plan", "--allow-recipients", "2", "-o", "plan.json").code == 0
    assert project.apply("plan.json").code == 10
    assert writes(box) == []
    assert project.apply("plan.json", "--allow-recipients", "2").code == 0


def test_a_refused_campaign_can_be_left_out(guarded, box):
    project = guarded({"max_recipients": {"per_campaign": 1}})
    project.campaigns(
        sale=a_text(send="now", recipients={"numbers": [ME, YOU]}),
        small=a_text(send="now", recipients={"numbers": [ME]}),
    )
    assert project.apply().code == 10
    assert box.ledger() == []
    assert project.apply("--exclude", "sale").code == 0
    assert list(project.recorded) == ["small"]


def test_people_who_have_opted_out_are_left_out(guarded, box):
    project = guarded({"suppression": "out.csv"})
    project.write("out.csv", f"phone\n{YOU}\n{YOU}\n")
    (change,) = project.run("plan", "--json").document["changes"]
    assert (change["recipients"], change["suppressed"]) == (1, 1)
    assert "1 opted out and left out" in project.run("plan").out
    assert project.apply().code == 0
    box.advance(60)
    assert [each["number"] for each in box.ledger()] == [ME]
    assert YOU not in json.dumps(project.run("render", "--json").document)
    project.write("out.csv", "phone\n")
    assert [c["action"] for c in project.run("plan", "--json").document["changes"]] == ["history"]


@pytest.mark.parametrize("content", [None, "phone\n0151 1234\n", "number\n+4915112345678\n"])
def test_a_list_of_opt_outs_that_cannot_be_read_stops_everything(guarded, box, content):
    project = guarded({"suppression": "out.csv"})
    if content is not None:
        project.write("out.csv", content)
    assert project.run("validate").code == 1
    assert project.apply().code == 1
    assert box.ledger() == []


def test_one_person_is_not_texted_twice_in_a_day_also_by_an_earlier_apply(guarded, box):
    project = guarded({"frequency": {"per": "24h"}})
    assert project.apply().code == 0
    box.advance(60)
    project.campaigns(again=a_text(send="now", recipients={"numbers": [YOU]}))
    ran = project.apply("--json")
    assert (ran.code, ran.errors) == (10, ["CMP609"])
    assert sorted(each["number"] for each in box.ledger()) == sorted((ME, YOU))
    assert ran.document["changes"][0]["recently_texted"] == 1


# confirming


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 1), ("3\n", 1), ("2\n", 0)])
def test_above_a_number_of_people_that_number_is_typed(guarded, box, typed, code):
    project = guarded({"confirm_above": 1})
    ran = project.run("apply", typed=typed)
    assert ran.code == code
    assert "Type the number of people to go on: " in ran.err
    assert bool(project.state.exists()) == (code == 0)


def test_up_to_that_number_a_yes_will_do(guarded):
    assert guarded({"confirm_above": 2}).run("apply", typed="yes\n").code == 0


def test_in_a_pipeline_the_number_is_given(guarded, box):
    project = guarded({"confirm_above": 1})
    ran = project.apply("--json")
    assert (ran.code, ran.document["error"]["code"]) == (10, "CMP612")
    assert "--expect-recipients 2" in ran.document["error"]["message"]
    assert "campaignops.yaml:1:" in ran.document["error"]["message"]
    assert project.apply("--expect-recipients", "3").code == 10
    assert box.ledger() == []
    assert project.apply("--expect-recipients", "2").code == 0


def test_the_expected_number_holds_without_a_guardrail_too(guarded, box):
    project = guarded({})
    assert project.apply("--expect-recipients", "1").code == 10
    assert writes(box) == []


# phonebooks


def test_a_phonebook_is_counted_as_it_is_now_with_a_warning(project, box):
    project.campaigns(vip=a_text(recipients={"phonebook": "VIP customers", "field": "business_number"}))
    ran = project.run("plan")
    assert "5 people of phonebook VIP customers (business_number)   US 4   1 without such a number" in ran.out
    assert "whoever is in it when it sends gets it" in ran.out


def test_the_countries_of_a_phonebook_are_checked(guarded, box):
    project = guarded({"countries": ["DE"]})
    project.campaigns(vip=a_text(recipients={"phonebook": "VIP customers", "field": "business_number"}))
    assert project.apply("--json").errors == ["CMP608"]
    assert writes(box) == []


# settings

WRONG = [
    ({"max_recipients": 0}, "a number of people"),
    ({"max_recipients": {"per_campain": 1}}, "unknown key `per_campain`"),
    ({"quiet_hours": "21:00"}, '"21:00-08:00"'),
    ({"quiet_hours": {"from": "25:00", "to": "08:00"}}, "a time of day"),
    ({"quiet_days": ["sunnday"]}, "`sunnday` is no weekday"),
    ({"quiet_days": {"de": ["sun"]}}, "`de` is not the code of a country"),
    ({"countries": ["UK"]}, "`UK` is not the code of a country"),
    ({"frequency": {"per": "24"}}, "a time such as 90m, 24h"),
    ({"frequency": {}}, "`per` is missing"),
    ({"cost_per_part": "cheap"}, "a price such as 0.07"),
    ({"currency": "euro"}, "three letters"),
    ({"require_test_send": "maybe"}, "`true`, `false`, or a time"),
    ({"max_recipient": 5}, "unknown key `max_recipient`"),
]


@pytest.mark.parametrize(("guardrails", "said"), WRONG)
def test_a_wrong_guardrail_is_found_at_its_place(guarded, guardrails, said):
    ran = guarded(guardrails).run("validate", "--json")
    assert ran.code == 1
    assert said in str([f["message"] for f in ran.document["findings"]])
    assert all(f["file"] == "campaignops.yaml" for f in ran.document["findings"])


def test_an_environment_may_be_stricter_and_is_named_in_the_refusal(project, box):
    project.write(
        "campaignops.yaml",
        f"pbx: {{url: {json.dumps(box.url)}}}\n"
        "guardrails: {max_recipients: {per_campaign: 9, per_plan: 9}}\n"
        "environments:\n  live:\n    guardrails: {max_recipients: {per_plan: 1}}\n",
    )
    project.campaigns(sale=a_text(recipients={"numbers": [ME, YOU]}))
    assert project.run("plan").code == 0
    (finding,) = project.run("plan", "--env", "live", "--json").document["findings"]
    assert finding["note"] == "guardrails.max_recipients.per_plan is 1 at campaignops.yaml:5:45"


def test_a_retry_does_not_text_whoever_has_opted_out_since(guarded, box):
    project = guarded({"suppression": "out.csv"})
    project.write("out.csv", "phone\n")
    box._pbx.catalog.failing[YOU] = 1
    assert project.apply().code == 0
    box.advance(60)
    project.write("out.csv", f"phone\n{YOU}\n")
    ran = project.run("retry", "sale", "--expect-failed", "1", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (10, "CMP606")
    assert "message_campaign/retry" not in writes(box)


# what changes between the yes and the release


class Meanwhile:
    """A terminal at which a "yes" is typed after something else has happened."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self._happens = happens

    def readline(self) -> str:
        self._happens()
        return "yes\n"


@pytest.fixture
def apply_while(monkeypatch: pytest.MonkeyPatch) -> Callable[[Project, Callable[[], object]], Ran]:
    def apply(project: Project, happens: Callable[[], object]) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with chdir(project.root), redirect_stdout(out), redirect_stderr(err):
            monkeypatch.setattr("sys.stdin", Meanwhile(happens))
            code = run_words(["apply"])
        return Ran(code, out.getvalue(), err.getvalue())

    return apply


def sends(box: Sandbox) -> list[str]:
    box.advance(3600)
    return [each["number"] for each in box.ledger()]


def test_whoever_opts_out_after_the_yes_is_not_texted(guarded, box, apply_while):
    project = guarded({"suppression": "out.csv"})
    project.write("out.csv", "phone\n")
    ran = apply_while(project, lambda: project.write("out.csv", f"phone\n{YOU}\n"))
    assert ran.code == 1
    assert "not attempted: somebody in it has opted out since it was planned" in ran.out + ran.err
    assert sends(box) == []
    assert project.apply().code == 0
    assert sends(box) == [ME]


def test_a_list_of_opt_outs_that_is_gone_after_the_yes_stops_the_release(guarded, box, apply_while):
    project = guarded({"suppression": "out.csv"})
    project.write("out.csv", "phone\n")
    ran = apply_while(project, (project.root / "out.csv").unlink)
    assert ran.code == 1
    assert "out.csv cannot be read" in ran.out + ran.err
    assert sends(box) == []


def test_quiet_hours_that_begin_before_the_release_stop_it(guarded, box):
    soon = datetime.now(UTC) + timedelta(hours=2)
    hours = {"from": f"{soon - timedelta(hours=1):%H:%M}", "to": f"{soon + timedelta(hours=1):%H:%M}"}
    project = guarded({"quiet_hours": hours})
    reykjavik = "+3546111234"  # where clocks show UTC all year
    project.campaigns(sale=a_text(send="now", recipients={"numbers": [reykjavik]}))
    assert project.run("plan").code == 0
    settings = manifest.load_project(project.root)
    found = planning.read(settings)
    with connection.connect(settings) as session:
        made = planning.online(settings, found, State("lineage"), session, EVERYTHING)
        for later_s, refused in ((0, False), (7200, True)):
            clock = Clock(later_s)
            record = Record(State("lineage"), lambda *_, **__: None, Who("run", "staged"), clock)
            holds = Holds(made, settings, found.desired, Cases(), session, record, clock)
            assert ("in quiet hours" in str(holds(found.campaigns[0]))) == refused


def test_a_phonebook_that_has_changed_after_the_yes_is_not_texted(project, box, apply_while):
    project.campaigns(
        vip=a_text(send="now", recipients={"phonebook": "VIP customers", "field": "business_number"})
    )

    def change() -> None:
        book = next(each for each in box._pbx.catalog.phonebooks.values() if each["name"] == "VIP customers")
        book["contacts"] = [*book["contacts"][1:], {"id": 999, "business": YOU}]

    ran = apply_while(project, change)
    assert ran.code == 1
    assert "other people are in the phonebook than when it was planned" in ran.out + ran.err
    assert sends(box) == []


def test_a_template_that_has_changed_after_the_yes_is_not_sent(project, box, apply_while):
    template = next(each for each in box._pbx.catalog.templates.values() if each["name"] == "plain_notice")
    message = {"template": "plain_notice", "language": "en"}
    project.campaigns(
        closed=a_text(type="whatsapp", channel="Shop WhatsApp", sender={"id": 1}, send="now", message=message)
    )

    def change() -> None:
        body = next(part for part in template["components"] if part["type"] == "BODY")
        body["text"] = f"Now {body['text']}"

    ran = apply_while(project, change)
    assert ran.code == 1
    assert "the template plain_notice is not what it was when it was planned" in ran.out + ran.err
    assert sends(box) == []


def test_a_template_that_has_changed_since_the_apply_is_told(project, box):
    template = next(each for each in box._pbx.catalog.templates.values() if each["name"] == "plain_notice")
    message = {"template": "plain_notice", "language": "en"}
    notice = a_text(type="whatsapp", channel="Shop WhatsApp", sender={"id": 1}, message=message)
    project.campaigns(closed=notice)
    assert project.apply().code == 0
    assert project.run("plan", "--json").document["findings"] == []
    template["components"][0]["text"] = "The shop is open on Monday."
    ran = project.run("plan", "--json")
    assert (ran.code, [f["code"] for f in ran.document["findings"]]) == (0, ["CMP305"])
    assert [c["action"] for c in ran.document["changes"]] == ["none"]
    project.campaigns(closed={**notice, "name": "Other"})
    ran = project.run("plan", "--json")
    assert [f["code"] for f in ran.document["findings"]] == ["CMP305"]
    assert project.apply().code == 0
    assert project.run("plan", "--json").document["findings"] == []
