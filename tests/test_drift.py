"""What people change on the PBX, seen by the commands: each field by its name, and nothing that nobody has changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaignops import sandbox
from campaignops.outcome import Done
from campaignops.pbx.address import Address
from campaignops.pbx.client import Client
from campaignops.sandbox.running import Sandbox
from tests.command_line import ROOT, Project, a_text, writes

LATER = "2036-07-30 18:06+02:00"
SALE = {"send": {"at": LATER}, "session": {"assign_to": {"extension": "1002"}}}
BY_ID = {"channel": {"id": 7}, "sender": {"id": 7}, "session": {"assign_to": {"extension": {"id": 2}}}}
ALERT = {
    "type": "whatsapp",
    "channel": "Shop WhatsApp",
    "recipients": {"phonebook": "VIP customers", "field": "business_number"},
    "message": {
        "template": "discount_campaign",
        "language": "en",
        "header": {"image": "demo.jpeg"},
        "body": {
            "customertier": "VIP",
            "offertype": "discount",
            "offerdetails": "20% off for all products",
            "expirydate": "July 31, 2030",
            "companyname": "SmartMal",
        },
    },
    "send": {"at": LATER},
    "session": "direct",
}


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start() as pbx:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", pbx.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", pbx.client_secret)
        yield pbx


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    project = Project(tmp_path / "project", box.url)
    project.write("demo.jpeg", (ROOT / "campaigns" / "assets" / "demo.jpeg").read_bytes())
    return project


def by_hand(box: Sandbox, campaign_id: int, **fields: Any) -> None:
    """Somebody edits a campaign in the portal."""
    client = Client(Address(box.url, 10.0), box.client_id, box.client_secret)
    assert isinstance(client.post("message_campaign/update", {"id": campaign_id, **fields}), Done)
    client.close()


def delete_by_hand(box: Sandbox, campaign_id: int) -> None:
    client = Client(Address(box.url, 10.0), box.client_id, box.client_secret)
    assert isinstance(client.act("message_campaign/delete", id=campaign_id), Done)
    client.close()


def applied(project: Project, **said: Any) -> int:
    """One campaign, applied, and its id."""
    project.campaigns(sale=a_text(**said) if said.get("type") != "whatsapp" else said)
    assert project.apply().code == 0
    found: int = project.recorded["sale"]["id"]
    return found


def changed(project: Project) -> dict[str, tuple[Any, Any]]:
    ran = project.run("plan", "--json")
    (change,) = ran.document["changes"]
    assert (ran.code, change["action"], change["drift"]) == (0, "update", True)
    return {each["path"]: (each["before"], each["after"]) for each in change["fields"]}


@pytest.mark.parametrize("said", [SALE, SALE | BY_ID])
@pytest.mark.parametrize(
    ("edit", "fields"),
    [
        ({"name": "Sail"}, {"name": ("Sail", "sale")}),
        ({"content": "Bye"}, {"message.text": ("Bye", "Hello")}),
        (
            {"number_list": [{"number": "+8613800001111"}, {"number": "+8613800004444"}]},
            {
                "recipients.numbers": (2, 1),
                "recipients.people": ("2 on the PBX, 1 of them not ours: +8613•••4444", "as in the manifest"),
            },
        ),
        ({"send_mode": "direct"}, {"session": ("direct", ...)}),
    ],
)
def test_an_edit_of_a_text_is_told_field_by_field(project, box, said, edit, fields):
    by_hand(box, applied(project, **said), **edit)
    found = changed(project)
    assert found.keys() == fields.keys()
    for path, (before, after) in fields.items():
        assert found[path][0] == before
        assert after in (..., found[path][1])
    assert project.apply().code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_an_edit_of_a_template_is_told_field_by_field(project, box):
    campaign_id = applied(project, **ALERT)
    by_hand(box, campaign_id, recipient_num_type="mobile_number", send_time=2099999999)
    found = changed(project)
    assert found["recipients.field"] == ("mobile_number", "business_number")
    assert found["send.at"][0] == 2099999999
    assert len(found) == 2


def test_a_changed_template_value_is_named(project, box):
    campaign_id = applied(project, **ALERT)
    with box._pbx.lock:
        box._pbx.store.run("UPDATE campaigns SET fields = replace(fields, 'July 31', 'August 1')")
    assert changed(project) == {"message.body.expirydate": ("August 1, 2030", "July 31, 2030")}
    assert project.apply().code == 0
    assert project.recorded["sale"]["id"] == campaign_id
    assert project.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("switch", [{"sender_reads_as": "id"}, {"update_omitted": "clear"}])
def test_what_nobody_has_changed_is_no_drift_on_any_pbx(project, box, switch):
    box.behave(**switch)
    for said in (SALE, SALE | BY_ID, ALERT):
        applied(project, **said)
        assert project.run("plan", "--detailed-exitcode").code == 0


def test_what_was_deleted_unsent_is_made_again_under_the_heading_of_drift(project, box):
    campaign_id = applied(project, **SALE)
    delete_by_hand(box, campaign_id)
    ran = project.run("plan")
    assert f"id {campaign_id} is gone from the PBX and was never sent" in ran.out
    assert ran.out.index("Changed on the PBX") < ran.out.index("+ sale")
    assert project.apply().code == 0
    assert project.recorded["sale"]["id"] != campaign_id


def test_what_was_sent_and_deleted_is_never_made_again(project, box):
    campaign_id = applied(project, send="now")
    box.advance(100)
    delete_by_hand(box, campaign_id)
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert project.apply().code == 0
    assert len(box.ledger()) == 1


# -- accepting it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        {"content": "Bye"},
        {"name": "Sail"},
        {"number_list": [{"number": "+8613800001111"}, {"number": "+8613800004444"}]},
        {"send_time": 2099999999},
        {"send_type": "draft"},
        {"send_mode": "direct"},
    ],
)
@pytest.mark.parametrize("options", [SALE, SALE | BY_ID])
def test_what_is_accepted_is_no_drift_any_more_and_the_manifest_shows_what_it_would_change(
    project, box, edit, options
):
    campaign_id = applied(project, **options)
    by_hand(box, campaign_id, **edit)
    before = writes(box)
    plan = project.run("plan", "--refresh-only", "--detailed-exitcode", "--json")
    (change,) = plan.document["changes"]
    assert (plan.code, plan.document["refresh_only"], change["action"]) == (2, True, "refresh")
    assert change["fields"]
    ran = project.apply("--refresh-only", "--json")
    assert (ran.code, ran.document["outcomes"]["done"], writes(box)) == (0, 1, before)
    assert project.run("plan", "--refresh-only", "--detailed-exitcode").code == 0
    after = project.run("plan", "--json").document["changes"][0]
    assert (after["action"], after["drift"]) == ("update", False)
    assert after["reason"] == "the manifest differs from what was applied"
    assert project.apply().code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0
    box.advance(400_000_000)
    assert len(box.ledger()) == 1


def test_a_manifest_that_says_by_now_what_the_pbx_has_needs_no_change(project, box):
    campaign_id = applied(project, **SALE)
    by_hand(box, campaign_id, content="Bye", send_type="draft")
    project.campaigns(sale=a_text(**(SALE | {"message": {"text": "Bye"}, "send": "draft"})))
    assert project.apply("--refresh-only").code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_a_manifest_to_a_phonebook_may_say_by_now_what_the_pbx_has(project, box):
    campaign_id = applied(project, **ALERT)
    by_hand(box, campaign_id, send_time=2101133160)
    project.campaigns(sale=ALERT | {"send": {"at": "2036-07-31 18:06+02:00"}})
    assert project.apply("--refresh-only").code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_what_is_gone_unsent_is_forgotten_and_then_made_as_any_new_campaign(project, box):
    delete_by_hand(box, applied(project, **SALE))
    assert project.apply("--refresh-only").code == 0
    assert project.recorded == {}
    assert project.run("plan", "--json").document["changes"][0]["reason"] == "not recorded"


def test_what_was_sent_stays_history_whatever_is_accepted(project, box):
    campaign_id = applied(project, send="now")
    box.advance(100)
    delete_by_hand(box, campaign_id)
    ran = project.apply("--refresh-only", "--json")
    assert [each["action"] for each in ran.document["changes"]] == ["history"]
    assert project.recorded.keys() == {"sale"}
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_nothing_is_accepted_without_a_yes(project, box):
    by_hand(box, applied(project, **SALE), content="Bye")
    ran = project.run("apply", "--refresh-only", typed="no\n")
    assert (ran.code, "The record alone changes. Type yes to do this" in ran.err) == (1, True)
    assert changed(project) == {"message.text": ("Bye", "Hello")}
    assert "Refresh: 1 record takes what the PBX has." in project.run("plan", "--refresh-only").out


def test_what_is_accepted_has_to_be_seen_first(project):
    plan = str(project.root / "plan.json")
    for words in (("plan", "--offline"), ("plan", "-o", plan), ("plan", "--draft-only"), ("apply", plan)):
        assert project.run(*words, "--refresh-only").code == 64
