"""Guardrails from the settings to the PBX: what is refused sends nothing, and what is allowed is recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from campaignops.sandbox.running import Sandbox
from tests.command_line import Project, a_text, writes

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
