"""What the sandbox lets into a campaign, and with which code it refuses the rest."""

from __future__ import annotations

import json

import pytest

from campaignops import sandbox
from tests.test_sandbox import T0, Client, a_text, numbers, problems


@pytest.fixture(scope="module")
def client():
    with sandbox.start(now=lambda: T0) as server, Client(server) as client:
        yield client


@pytest.fixture
def pbx(client):
    return client.fresh()


SUMMER = (
    "Summer’s best deals are on now—up to 50% off! 🌞 Drop by and treat yourself to something special ✨."
)
ALWAYS = (
    "name", "channel_type", "omnichannel_id", "sender", "recipient_type", "content_type", "send_type", "send_mode",
)  # fmt: skip


@pytest.mark.parametrize("name", ALWAYS)
def test_a_create_without_an_always_required_field_is_refused(pbx, name):
    errcode, found = pbx.refusal(**{name: None})
    assert errcode == 40002
    assert (name, "required") in found


def test_every_missing_field_is_named_at_once(pbx):
    answer = pbx.post("message_campaign/create", {"name": "x"})
    assert problems(answer) == (40002, {(name, "required") for name in ALWAYS[1:]})


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"number_list": None}, "number_list"),
        ({"number_list": []}, "number_list"),
        ({"recipient_type": "phonebook", "recipient_num_type": "mobile_number"}, "recipient_id"),
        ({"recipient_type": "phonebook", "recipient_id": 28}, "recipient_num_type"),
        ({"content": None}, "content"),
        ({"content": ""}, "content"),
        ({"content_type": "document", "content": None}, "content"),
        ({"content_type": "template", "channel_type": "whatsapp"}, "msg_param"),
        ({"send_type": "schedule"}, "send_time"),
        ({"send_type": "scheduled"}, "send_time"),
        ({"send_mode": "new_session", "assign_to_id": 2}, "assign_to_type"),
        ({"send_mode": "new_session", "assign_to_type": "extension"}, "assign_to_id"),
    ],
)
def test_a_field_is_required_when_another_says_so(pbx, fields, missing):
    assert pbx.refusal(**fields) == (40002, {(missing, "required")})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sender", "11"), ("sender", True), ("sender", 11.0), ("omnichannel_id", "7"), ("name", 5),
        ("send_time", "1753898766"), ("send_time", 1753898766.0), ("number_list", "+12025550140"),
        ("recipient_id", "28"), ("assign_to_id", "2"), ("content", {"id": "x"}), ("msg_param", {}),
        ("send_type", 1), ("assign_to_type", []),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_refused(pbx, name, value):
    assert pbx.refusal(**{name: value}) == (40002, {(name, "type")})


def test_null_is_no_value(pbx):
    answer = pbx.post("message_campaign/create", {**a_text(), "send_time": None})
    assert problems(answer) == (40002, {("send_time", "type")})


@pytest.mark.parametrize("name", ["sender", "omnichannel_id", "send_time", "recipient_id", "assign_to_id"])
@pytest.mark.parametrize("value", [-1, 2**53, 10**30])
def test_an_integer_that_is_too_small_or_too_big_is_refused(pbx, name, value):
    assert pbx.refusal(**{name: value}) == (40002, {(name, "range")})
    assert pbx.update(value, content="x")["errcode"] == 40002


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channel_type", "SMS"), ("channel_type", "facebook"), ("recipient_type", "csv"), ("content_type", "image"),
        ("send_type", "now"), ("send_mode", "session"), ("recipient_num_type", "business"),
        ("assign_to_type", "message_queue"),
    ],
)  # fmt: skip
def test_a_value_outside_its_enum_is_refused(pbx, name, value):
    assert pbx.refusal(**{name: value}) == (40002, {(name, "enum")})


def test_an_unknown_field_is_refused(pbx):
    assert pbx.refusal(note="for the office") == (40002, {("note", "unknown")})
    assert problems(pbx.update(pbx.create(), note="x")) == (40002, {("note", "unknown")})


def test_an_empty_name_is_none(pbx):
    assert pbx.refusal(name="") == (40002, {("name", "required")})
    assert problems(pbx.update(pbx.create(), name="")) == (40002, {("name", "required")})


def test_a_name_is_as_long_as_the_switch_says(pbx):
    pbx.create(name="x" * 127)
    assert pbx.refusal(name="x" * 128) == (40002, {("name", "length")})
    pbx.server.behave(name_max=32)
    assert pbx.refusal(name="x" * 33) == (40002, {("name", "length")})


@pytest.mark.parametrize(
    "number",
    [
        "12025550140",
        "+0202555014",
        "+1 202 555 0140",
        "+1202555014x",
        "",
        "+12",
        "+1234567890123456",
        "+١٢٠٢٥٥٥٠١",
    ],
)
def test_a_number_that_is_not_e164_is_refused(pbx, number):
    assert pbx.refusal(number_list=numbers(number)) == (40002, {("number", "format")})


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        (["+12025550140"], ("number_list", "format")),
        ([{"number": "+12025550140", "id": 3}], ("number_list", "format")),
        ([{}], ("number_list", "format")),
        ([{"number": 12025550140}], ("number", "type")),
    ],
)
def test_a_recipient_is_an_object_with_a_number_and_nothing_else(pbx, items, problem):
    assert pbx.refusal(number_list=items) == (40002, {problem})


def test_a_number_twice_is_refused(pbx):
    items = numbers("+12025550140", "+12025550141", "+12025550140")
    assert pbx.refusal(number_list=items) == (40002, {("number_list", "duplicate")})


def test_a_thousand_recipients_and_no_more(pbx):
    many = [f"+1202555{n:04d}" for n in range(1001)]
    pbx.create(number_list=numbers(*many[:1000]))
    assert pbx.refusal(number_list=numbers(*many)) == (40002, {("number_list", "length")})


def test_a_phonebook_may_not_hold_more_recipients_than_the_limit(client):
    pbx = client.fresh(seed={"limits": {"recipients": 3}})
    fields = {"recipient_type": "phonebook", "recipient_id": 28, "number_list": None}
    assert pbx.refusal(**fields, recipient_num_type="business_number") == (
        40002,
        {("recipient_id", "length")},
    )
    pbx.create(**fields, recipient_num_type="mobile_number")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"omnichannel_id": 99}, ("omnichannel_id", "not_exist")),
        ({"omnichannel_id": 9, "sender": 33}, ("omnichannel_id", "not_connected")),
        ({"sender": 99}, ("sender", "not_exist")),
        ({"omnichannel_id": 3, "sender": 7}, ("sender", "not_exist")),
        ({"omnichannel_id": 1, "sender": 1}, ("channel_type", "mismatch")),
        ({"omnichannel_id": 3, "sender": 3}, ("sender", "not_exist")),
        (
            {"send_mode": "new_session", "assign_to_type": "extension", "assign_to_id": 1001},
            ("assign_to_id", "not_exist"),
        ),
        (
            {"send_mode": "new_session", "assign_to_type": "queue", "assign_to_id": 9},
            ("assign_to_id", "not_exist"),
        ),
        ({"content_type": "template", "msg_param": "{}"}, ("content_type", "mismatch")),
        ({"content_type": "document", "content": "{"}, ("content", "format")),
    ],
)
def test_what_an_id_names_must_exist_and_fit(pbx, fields, problem):
    assert pbx.refusal(**fields) == (40002, {problem})


def test_a_phonebook_that_does_not_exist_has_a_code_of_its_own(pbx):
    errcode, _ = pbx.refusal(recipient_type="phonebook", recipient_id=5, recipient_num_type="mobile_number")
    assert errcode == 70093


def test_a_text_does_not_go_through_whatsapp(pbx):
    errcode, found = pbx.refusal(channel_type="whatsapp", omnichannel_id=1, sender=1)
    assert (errcode, found) == (40002, {("content_type", "mismatch")})


def test_a_document_is_the_upload_encoded_once(pbx):
    info = pbx.upload()
    campaign_id = pbx.create(content_type="document", content=json.dumps(info))
    assert json.loads(pbx.detail(campaign_id)["content"]) == info


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda info: json.dumps(json.dumps(info)), "format"),
        (lambda info: json.dumps([info]), "format"),
        (lambda info: json.dumps({**info, "sha256": "x"}), "format"),
        (lambda info: json.dumps({k: v for k, v in info.items() if k != "uri"}), "format"),
        (lambda info: json.dumps({**info, "size": str(info["size"])}), "type"),
        (lambda info: json.dumps({**info, "size": info["size"] + 1}), "mismatch"),
        (lambda info: json.dumps({**info, "name": "other.jpeg"}), "mismatch"),
        (lambda info: json.dumps({**info, "id": "0" * 32}), "not_exist"),
    ],
)
def test_a_document_that_is_not_exactly_an_upload_is_refused(pbx, change, problem):
    content = change(pbx.upload())
    assert pbx.refusal(content_type="document", content=content) == (40002, {("content", problem)})


def test_scheduled_is_taken_for_schedule_unless_the_switch_forbids(pbx):
    campaign_id = pbx.create(send_type="scheduled", send_time=T0 + 60)
    assert pbx.detail(campaign_id)["send_type"] == "schedule"
    pbx.server.behave(schedule_word="schedule")
    assert pbx.refusal(send_type="scheduled", send_time=T0 + 60) == (40002, {("send_type", "enum")})
    pbx.create(send_type="schedule", send_time=T0 + 60)


def test_a_thousand_campaigns_and_no_more(client):
    pbx = client.fresh(seed={"limits": {"campaigns": 2}})
    first = pbx.create()
    pbx.create()
    assert pbx.post("message_campaign/create", a_text()) == {
        "errcode": 60002,
        "errmsg": "MAX LIMITATION EXCEEDED",
    }
    pbx.get("message_campaign/delete", id=first)
    pbx.create()


def test_two_campaigns_may_have_one_name_unless_the_switch_forbids(pbx):
    first, second = pbx.create(), pbx.create()
    assert first != second
    pbx.server.behave(names_unique="yes")
    answer = pbx.post("message_campaign/create", a_text())
    assert answer["errcode"] == 40003
    assert answer["duplicate_field_list"] == [
        {
            "field": "name",
            "value": "spring",
            "external_source": "message_campaign",
            "external_source_name": "spring",
        }
    ]
    third = pbx.create(name="third")
    assert pbx.update(third, name="spring")["errcode"] == 40003
    assert pbx.update(third, name="third")["errcode"] == 0


def test_a_refused_create_leaves_nothing_behind(pbx):
    pbx.refusal(sender=99)
    assert pbx.get("message_campaign/list", page=1, page_size=10)["total_number"] == 0
    assert pbx.create() == 249


def test_the_vendors_three_examples_are_accepted_as_they_stand(pbx):
    people = numbers("+8613800001111", "+8613800002222", "+8613800003333")
    text = {
        "name": "SummerSale202507", "channel_type": "sms", "omnichannel_id": 7, "sender": 7,
        "recipient_type": "input", "number_list": people, "content_type": "text",
        "content": SUMMER,
        "send_type": "scheduled", "send_time": 1753898766, "send_mode": "new_session",
        "assign_to_type": "extension", "assign_to_id": 2,
    }  # fmt: skip
    info = pbx.upload("/D:/projects/files/demo.jpeg", b"\xff\xd8" * 44277 + b".", "image/jpeg")
    assert (info["name"], info["size"]) == ("demo.jpeg", 88555)
    flyer = {
        **text, "name": "API-SMS-CAHNNEL-File", "content_type": "document", "send_type": "draft",
        "content": json.dumps(info, separators=(",", ":")),
    }  # fmt: skip
    message = {
        "id": 1773, "template_id": "1293546285747227", "name": "discount_campaign", "language": {"code": "en"},
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "parameters": [{"type": "IMAGE", "file_list": [info]}]},
            {"type": "BODY", "parameters": [
                {"type": "TEXT", "text": "VIP", "parameter_name": "customertier"},
                {"type": "TEXT", "text": "discount", "parameter_name": "offertype"},
                {"type": "TEXT", "text": "20% off for all products", "parameter_name": "offerdetails"},
                {"type": "TEXT", "text": "July 31, 2025", "parameter_name": "expirydate"},
                {"type": "TEXT", "text": "SmartMal", "parameter_name": "companyname"},
            ]},
            {"type": "BUTTONS", "parameters": [
                {"type": "FLOW", "text": ""}, {"type": "URL", "text": ""}, {"type": "VOICE_CALL", "text": ""},
            ]},
        ],
    }  # fmt: skip
    alert = {
        "name": "Exclusive Discount Alert", "channel_type": "whatsapp", "omnichannel_id": 1, "sender": 1,
        "recipient_type": "phonebook", "recipient_id": 28, "recipient_num_type": "business_number",
        "content_type": "template", "msg_param": json.dumps(message, separators=(",", ":")),
        "send_type": "draft", "send_time": 1753898766, "send_mode": "new_session",
        "assign_to_type": "extension", "assign_to_id": 2,
    }  # fmt: skip
    answers = [pbx.post("message_campaign/create", body) for body in (text, flyer, alert)]
    assert answers == [{"errcode": 0, "errmsg": "SUCCESS", "id": 249 + n} for n in range(3)]
