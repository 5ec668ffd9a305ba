"""The main job over HTTP, with the sandbox as an external PBX: what arrives, what is recorded, what a signal does."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from campaignops import sandbox
from campaignops.applier.update import Editor
from campaignops.sandbox.demo_templates import TEMPLATES
from campaignops.sandbox.running import Sandbox
from tests.command_line import ROOT, Project, Ran, a_text, bodies, writes

T0 = 1_753_400_000  # Fri 2025-07-25 01:33 in Berlin, before the send time of the vendor's examples
SEND_TIME = 1753898766
JPEG = b"\xff\xd8\xff\xe0" + bytes(88551)  # as many bytes as the vendor's demo.jpeg

# Page "Add a Message Campaign", its three request examples; TEMPLATE is the answer in the third. In the place of an
# uploaded file's id and uri, which the PBX makes up, stands what it answered.
NUMBERS = [{"number": f"+861380000{n}"} for n in (1111, 2222, 3333)]
TEXT = "Summer’s best deals are on now—up to 50% off! 🌞 Drop by and treat yourself to something special ✨."
SESSION = {"send_mode": "new_session", "assign_to_type": "extension", "assign_to_id": 2}
SMS_TEXT: dict[str, Any] = {
    "name": "SummerSale202507", "channel_type": "sms", "omnichannel_id": 7, "sender": 7,
    "recipient_type": "input", "number_list": NUMBERS, "content_type": "text", "content": TEXT,
    "send_type": "scheduled", "send_time": SEND_TIME, **SESSION,
}  # fmt: skip
SMS_FILE: dict[str, Any] = {
    "name": "API-SMS-CAHNNEL-File", "channel_type": "sms", "omnichannel_id": 7, "sender": 7,
    "recipient_type": "input", "number_list": NUMBERS, "content_type": "document",
    "content": r'{"id":"{id}","name":"demo.jpeg","uri":"{uri}","type":"image/jpeg","size":88555}',
    "send_type": "draft", "send_time": SEND_TIME, **SESSION,
}  # fmt: skip
WHATSAPP: dict[str, Any] = {
    "name": "Exclusive Discount Alert", "channel_type": "whatsapp", "omnichannel_id": 1, "sender": 1,
    "recipient_type": "phonebook", "recipient_id": 28, "recipient_num_type": "business_number",
    "content_type": "template",
    "msg_param": r'{"id":1773,"template_id":"1293546285747227","name":"discount_campaign","language":{"code":"en"},"parameter_format":"NAMED","components":[{"type":"HEADER","parameters":[{"type":"IMAGE","file_list":[{"id":"{id}","name":"demo.jpeg","uri":"{uri}","type":"image/jpeg","size":88555}]}]},{"type":"BODY","parameters":[{"type":"TEXT","text":"VIP","parameter_name":"customertier"},{"type":"TEXT","text":"discount","parameter_name":"offertype"},{"type":"TEXT","text":"20% off for all products","parameter_name":"offerdetails"},{"type":"TEXT","text":"July 31, 2025","parameter_name":"expirydate"},{"type":"TEXT","text":"SmartMal","parameter_name":"companyname"}]},{"type":"BUTTONS","parameters":[{"type":"FLOW","text":""},{"type":"URL","text":""},{"type":"VOICE_CALL","text":""}]}]}',  # noqa: E501
    "send_type": "draft", "send_time": SEND_TIME, **SESSION,
}  # fmt: skip
TEMPLATE = r'[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Hello! 👋\n\nAs a valued {{customertier}} member, we’re excited to share a special {{offertype}} with you! 🎁\nEnjoy {{offerdetails}}—available until {{expirydate}}.\n\nIf you have any questions or want to redeem your offer, simply reply to this message or contact our team.\n\nThank you for choosing {{companyname}}! 💙"},{"type":"BUTTONS","buttons":[{"type":"FLOW","text":"Redeem Offer","flow_id":657693363952373,"flow_action":"NAVIGATE","navigate_screen":"SIGN_UP"},{"type":"URL","text":"Visit website","url":"https://test.com/"},{"type":"VOICE_CALL","text":"Contact us"}]}]'  # noqa: E501

EXAMPLES = """\
vars: {discount: 50}
campaigns:
  exclusive-discount:
    type: whatsapp
    name: Exclusive Discount Alert
    channel: Shop WhatsApp
    recipients: {phonebook: VIP customers, field: business_number}
    message:
      template: discount_campaign
      language: en
      header: {image: assets/demo.jpeg}
      body: {customertier: VIP, offertype: discount, offerdetails: 20% off for all products,
             expirydate: "July 31, 2025", companyname: "{{ brand }}"}
    send: draft
    session: {assign_to: {extension: "1002"}}
  flyer:
    type: sms
    name: API-SMS-CAHNNEL-File
    channel: Main SMS
    sender: "+12025550100"
    recipients: {file: audiences/vip.csv}
    message: {file: assets/demo.jpeg}
    send: draft
    session: {assign_to: {extension: "1002"}}
  summer-sale:
    type: sms
    name: SummerSale202507
    channel: Main SMS
    sender: "+12025550100"
    recipients: {numbers: ["+8613800001111", "+8613800002222", "+8613800003333"]}
    message:
      text: >-
        Summer’s best deals are on now—up to {{ discount }}% off! 🌞 Drop by and treat yourself to something special ✨.
    send: {at: "2025-07-30 20:06:06", timezone: Europe/Berlin}
    session: {assign_to: {extension: "1002"}}
"""


def seed() -> dict[str, Any]:
    """The demo PBX with the vendor's template in the place of ours."""
    templates = [
        {**each, "components": json.loads(TEMPLATE)} if each["id"] == 1773 else each for each in TEMPLATES
    ]
    return {"templates": templates}


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start(seed=seed(), now=lambda: T0) as box:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", box.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", box.client_secret)
        yield box


def with_examples(project: Project, box: Sandbox, **pbx: str) -> Project:
    project.settings(pbx={"url": box.url, **pbx}, vars={"brand": "SmartMal"})
    project.write("examples.yaml", EXAMPLES)
    project.write("assets/demo.jpeg", JPEG)
    project.write("audiences/vip.csv", "phone\n" + "".join(f"{each['number']}\n" for each in NUMBERS))
    return project


def expected(example: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The vendor's body. Two of the examples are drafts with a time; in a manifest a draft has none."""
    timed = example["send_type"] != "draft"
    return {**{key: value for key, value in example.items() if timed or key != "send_time"}, **changed}


def received(box: Sandbox) -> dict[str, dict[str, Any]]:
    """The creates by name, with `{id}` and `{uri}` for what no example can foretell of a file."""
    found = {}
    for body in bodies(box, "message_campaign/create"):
        for field in ("content", "msg_param"):
            if '"uri"' in body.get(field, ""):
                body[field] = re.sub(r'"20250724/[0-9a-f]{32}"', '"{uri}"', body[field])
                body[field] = re.sub(r'"id":"[0-9a-f]{32}"', '"id":"{id}"', body[field])
        found[body["name"]] = body
    return found


# the three worked examples


def test_delivered_direct_the_bodies_are_the_vendors_field_for_field(project, box):
    with_examples(project, box, delivery="direct", schedule_literal="scheduled")
    assert project.apply().code == 0
    assert received(box) == {example["name"]: expected(example) for example in (SMS_TEXT, SMS_FILE, WHATSAPP)}
    for example in (SMS_TEXT, SMS_FILE, WHATSAPP):
        assert list(received(box)[example["name"]]) == list(expected(example)), "in the vendor's order"
    assert "message_campaign/update" not in writes(box)


def test_the_documented_table_decides_over_the_example_how_a_schedule_is_spelt(project, box):
    with_examples(project, box, delivery="direct")
    project.apply()
    assert received(box)["SummerSale202507"] == expected(SMS_TEXT, send_type="schedule")


def test_staged_the_same_bodies_come_as_drafts_and_only_what_is_not_a_draft_is_released_by_its_id(
    project, box
):
    with_examples(project, box)
    assert project.apply().code == 0
    assert received(box) == {
        example["name"]: expected(example, send_type="draft") for example in (SMS_TEXT, SMS_FILE, WHATSAPP)
    }
    recorded = project.recorded["summer-sale"]["id"]
    *proof, release = bodies(box, "message_campaign/update")
    assert release == {"id": recorded, **expected(SMS_TEXT, send_type="schedule")}
    assert [each["send_type"] for each in proof] == ["draft"]
    asked = [each["endpoint"] for each in box.requests()]
    last_update = len(asked) - asked[::-1].index("message_campaign/update") - 1
    assert asked[last_update - 1] == "message_campaign/get", "the draft is read back before it is released"


@pytest.mark.parametrize("delivery", ["staged", "direct"])
def test_validate_plan_apply_plan_runs_through_and_the_second_plan_is_empty(project, box, delivery):
    with_examples(project, box, delivery=delivery)
    for words, code in (
        (("validate", "--online"), 0),
        (("plan", "--detailed-exitcode"), 2),
        (("apply", "--auto-approve"), 0),
    ):
        assert project.run(*words).code == code, words
    before = len(writes(box))
    again = project.run("plan", "--detailed-exitcode", "--json")
    assert again.code == 0
    assert [each["action"] for each in again.document["changes"]] == ["none", "none", "none"]
    assert len(writes(box)) == before, "a plan only reads"
    assert project.apply().code == 0
    assert len(writes(box)) == before, "and there is nothing to apply"


def test_every_id_of_the_pbx_is_in_the_state(project, box):
    with_examples(project, box)
    document = project.apply("--json").document
    ids = {each["key"]: each["id"] for each in document["changes"]}
    assert {key: each["id"] for key, each in project.recorded.items()} == ids
    assert sorted(ids.values()) == [249, 250, 251]
    on_disk = json.loads(project.state.read_text())
    assert {key: each["id"] for key, each in on_disk["campaigns"].items()} == ids
    assert on_disk["pbx"]["serial_number"] == "SANDBOX00000001"


def test_the_state_holds_no_phone_number_and_no_secret(project, box):
    with_examples(project, box)
    project.apply()
    text = "".join(path.read_text() for path in project.root.glob("*.state.json*"))
    assert not any(number["number"][1:] in text for number in NUMBERS)
    assert box.client_secret not in text


def test_a_file_of_two_campaigns_is_uploaded_once(project, box):
    with_examples(project, box)
    project.apply()
    assert writes(box).count("message/batchupload") == 1
    (upload,) = [each for each in box.requests() if each["endpoint"] == "message/batchupload"]
    assert upload["files"] == [{"name": "demo.jpeg", "type": "image/jpeg", "size": len(JPEG)}]


def test_a_campaign_that_is_sent_at_once_reaches_everybody_once(project, box):
    numbers = [each["number"] for each in NUMBERS]
    project.campaigns(now=a_text(recipients={"numbers": numbers}, send="now"))
    assert project.apply().code == 0
    box.advance(60)
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert sorted(row["number"] for row in box.ledger()) == numbers
    (change,) = project.run("plan", "--json").document["changes"]
    assert change["action"] == "history"


@pytest.mark.parametrize("delivery", ["staged", "direct"])
def test_after_each_apply_of_a_changing_manifest_the_plan_is_empty_and_in_the_end_people_get_the_last_text_once(
    project, box, delivery
):
    project.settings(pbx={"url": box.url, "delivery": delivery})
    at = {"send": {"at": "2025-07-30 18:06"}}
    changing: list[dict[str, Any]] = [
        {"sale": a_text(**at)},
        {"sale": a_text(**at, message={"text": "Other"})},
        {
            "sale": a_text(
                **at, message={"text": "Other"}, recipients={"numbers": ["+12025550111", "+12025550112"]}
            )
        },
        {"sale": a_text()},
        {},
        {"sale": a_text(**at)},
        {"sale": a_text(**at, name="Sale", message={"text": "Last"}), "more": a_text(**at)},
        {"autumn": a_text(**at, name="Sale", message={"text": "Last"}, moved={"from": "sale"})},
    ]
    for campaigns in changing:
        project.campaigns(**campaigns)
        assert project.apply().code == 0
        assert project.run("plan", "--detailed-exitcode").code == 0
        assert project.recorded.keys() == campaigns.keys()
    box.advance(10 * 86400)
    assert [(row["number"], row["campaign_name"], row["summary"]) for row in box.ledger()] == [
        ("+8613800001111", "Sale", "Last")
    ]
    assert project.run("plan", "--detailed-exitcode").code == 0
    (row,) = project.run("status", "--json").document["campaigns"]
    assert row | {"key": "autumn", "status": "completed", "failed": 0, "total": 1} == row


def test_a_delete_that_came_too_late_is_settled_by_a_person_and_not_by_an_apply(project, box, monkeypatch):
    project.settings(pbx={"url": box.url, "delivery": "direct"})
    at = {"send": {"at": "2025-07-30 18:06"}}
    project.campaigns(sale=a_text(**at))
    assert project.apply().code == 0
    project.campaigns(sale=a_text(**at, message={"text": "Other"}))
    monkeypatch.setattr(Editor, "_doubt", lambda *_: "9 s after a look at it (scheduled)")
    ran = project.apply()
    assert ran.code == 1
    assert ran.out.endswith("Nothing was repeated where the outcome is unknown. Next: campaignops plan\n")
    assert "run `campaignops plan` again" in ran.err
    assert project.apply().code == 10
    assert len(bodies(box, "message_campaign/create")) == 1
    assert project.run("state", "rm", "--forget-sent", "sale", typed="sale\n").code == 0
    assert project.apply().code == 0
    assert [each["content"] for each in bodies(box, "message_campaign/create")] == ["Hello", "Other"]


def test_what_somebody_edits_on_the_pbx_is_shown_and_put_back(project, box):
    project.campaigns(sale=a_text(send={"at": "2025-07-30 18:06"}))
    project.apply()
    body = {**bodies(box, "message_campaign/update")[-1], "content": "Edited"}
    with httpx.Client(base_url=f"{box.url}/openapi/v1.0/", headers={"User-Agent": "OpenAPI"}) as portal:
        login = {"username": box.client_id, "password": box.client_secret}
        token = portal.post("get_token", json=login).json()["access_token"]
        portal.post("message_campaign/update", params={"access_token": token}, json=body)
    ran = project.run("plan")
    assert "Changed on the PBX since the last apply" in ran.out
    assert re.search(r"message\.text .*Edited.* -> .*Hello", ran.out)
    assert project.apply().code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0
    box.advance(10 * 86400)
    assert [row["summary"] for row in box.ledger()] == ["Hello"]


# how much is asked


def asked_by(command: tuple[str, ...], project: Project, box: Sandbox, count: int) -> Counter[str]:
    names = {f"c{number}": a_text() for number in range(count)}
    project.campaigns(**names)
    seen = len(box.requests())
    assert project.run(*command).code == 0
    return Counter(each["endpoint"] for each in box.requests()[seen:])


@pytest.mark.parametrize("command", [("plan",), ("validate", "--online"), ("render",)], ids=str)
def test_each_list_is_read_once_whatever_the_number_of_campaigns(project, box, command):
    few, many = (asked_by(command, project, box, count) for count in (1, 40))
    assert few == many
    assert set(many.values()) == {1}


def test_a_plan_of_recorded_campaigns_asks_for_them_fifty_at_a_time(project, box):
    names = {f"c{number}": a_text() for number in range(60)}
    project.campaigns(**names)
    project.apply()
    seen = len(box.requests())
    project.run("plan")
    assert Counter(each["endpoint"] for each in box.requests()[seen:])["message_campaign/query"] == 2


# one login, given back


def logins_and_ends(box: Sandbox) -> tuple[int, int]:
    asked = Counter(each["endpoint"] for each in box.requests())
    return asked["get_token"], asked["del_token"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("plan",), 0),
        (("validate", "--online"), 0),
        (("render",), 0),
        (("apply", "--auto-approve"), 0),
        (("apply",), 1),
        (("apply", "--auto-approve", "--target", "nobody"), 64),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_run_logs_in_at_most_once_and_gives_its_token_back(project, box, words, code):
    project.campaigns(hello=a_text(send="now"))
    assert project.run(*words).code == code
    logins, ends = logins_and_ends(box)
    assert logins == ends <= 1
    assert box.tokens_alive() == 0


def test_the_token_is_given_back_also_after_errors(project, box):
    project.campaigns(hello=a_text(channel="Nowhere"))
    assert project.run("plan").code == 1
    project.campaigns(hello=a_text())
    box.inject("message_campaign/create", errcode=70084)
    assert project.apply().code == 1
    assert logins_and_ends(box) == (2, 2)
    assert box.tokens_alive() == 0


def test_what_needs_no_pbx_asks_none(project, box):
    project.campaigns(hello=a_text())
    for words in (("validate",), ("plan", "--offline"), ("state", "list"), ("schema",), ("status",)):
        assert project.run(*words).code == 0
    assert box.requests() == []


# signals

SLOW_S = 1.2


def until(happened: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < ends, f"waited in vain for {what}"
        time.sleep(0.02)


def three(send: str) -> dict[str, dict[str, Any]]:
    """Campaigns to three people each, nobody in two of them."""
    people = [[f"+120255501{c}{n}" for n in range(3)] for c in range(3)]
    return {f"c{i}": a_text(recipients={"numbers": numbers}, send=send) for i, numbers in enumerate(people)}


def interrupted(project: Project, box: Sandbox, signals: tuple[int, ...], *words: str) -> Ran:
    """An apply that gets the signals, one after another, while its second create is under way."""
    box.inject("message_campaign/create", 2, delay_after_s=SLOW_S)
    running = project.start("apply", "--auto-approve", *words)
    until(lambda: writes(box).count("message_campaign/create") == 2, "the second create")
    for number in signals:
        running.send_signal(number)
        time.sleep(0.3)
    out, err = running.communicate(timeout=20)
    return Ran(running.returncode, out, err)


@pytest.mark.parametrize(
    ("number", "delivery"),
    [(signal.SIGINT, "staged"), (signal.SIGTERM, "direct")],
    ids=str,
)
def test_a_signal_lets_the_running_call_end_and_the_next_apply_does_the_rest(project, box, number, delivery):
    project.settings(pbx={"url": box.url, "delivery": delivery})
    project.campaigns(**three(send="now"))
    ran = interrupted(project, box, (number,), "--json")
    assert ran.code == 130
    assert ran.document["error"]["code"] == "interrupted"
    assert "stopping after the call that is under way" in ran.err
    assert box.tokens_alive() == 0
    outcomes = {each["key"]: each["outcome"] for each in ran.document["changes"]}
    assert outcomes["c0"] == "done"
    assert outcomes["c2"] == "skipped"
    assert project.recorded["c1"]["id"] == 250, "what the running call did is recorded"
    assert "c2" not in project.recorded
    assert project.apply().code == 0
    assert_nobody_got_it_twice(project, box)


@pytest.mark.parametrize("delivery", ["staged", "direct"])
def test_a_second_signal_ends_an_apply_at_once_and_still_nothing_is_doubled(project, box, delivery):
    project.settings(pbx={"url": box.url, "delivery": delivery})
    project.campaigns(**three(send="now"))
    started = time.monotonic()
    ran = interrupted(project, box, (signal.SIGINT, signal.SIGINT), "--json")
    assert ran.code == 130
    assert "stopped at once" in ran.err
    outcomes = {each["key"]: each["outcome"] for each in ran.document["changes"]}
    assert outcomes == {"c0": "done", "c1": "unknown", "c2": "skipped"}
    assert "create" in next(each for each in ran.document["changes"] if each["key"] == "c1")["message"]
    time.sleep(max(0.0, started + SLOW_S + 0.5 - time.monotonic()))
    assert project.apply().code == 0
    assert_nobody_got_it_twice(project, box)


def assert_nobody_got_it_twice(project: Project, box: Sandbox) -> None:
    box.advance(3600)
    got = Counter(row["number"] for row in box.ledger())
    assert len(got) == 9
    assert set(got.values()) == {1}
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_a_signal_during_a_plan_gives_the_token_back(project, box):
    project.campaigns(hello=a_text())
    box.inject("message_campaign/list", delay_before_s=SLOW_S)
    running = project.start("plan", "--json")
    until(lambda: len(box.requests()) == 3, "the list")
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert "Traceback" not in err
    until(lambda: box.tokens_alive() == 0, "the token's end")


def test_a_signal_instead_of_a_yes_does_nothing(project, box):
    project.campaigns(hello=a_text(send="now"))
    with project.start("apply", "--json", stdin=subprocess.PIPE) as running:
        assert running.stderr is not None
        while "Type yes" not in (said := os.read(running.stderr.fileno(), 65536).decode()):
            assert said, "it ended without a question"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert json.loads(out)["changes"][0]["outcome"] == "skipped"
    assert err.endswith("error: interrupted; nothing was under way\n")
    assert writes(box) == []
    assert not project.state.exists()
    assert box.tokens_alive() == 0


@pytest.mark.parametrize("delivery", ["staged", "direct"])
def test_a_pbx_that_says_ids_as_text_is_served_like_any_other(tmp_path, box, delivery):
    box.behave(ids_read_as="text")
    root = tmp_path / "sample"
    shutil.copytree(ROOT / "campaigns", root)
    project = Project(root, box.url)
    project.settings(pbx={"url": box.url, "delivery": delivery}, vars={"brand": "SmartMal"})
    box.inject("message_campaign/create", 2, drop="after")
    assert project.apply().code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0
    recorded = project.state.read_bytes()
    project.state.unlink()
    assert project.run("recover", "--write").code == 0
    assert {key: entry["id"] for key, entry in project.recorded.items()} == {
        key: entry["id"] for key, entry in json.loads(recorded)["campaigns"].items()
    }
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert set(Counter(row["number"] for row in box.ledger()).values()) == {1}
