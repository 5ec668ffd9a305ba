"""How strictly the sandbox compares `msg_param` with the WhatsApp template it fills in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from campaignops import sandbox
from campaignops.sandbox.demo_templates import TEMPLATES
from tests.test_sandbox import T0, Client

BY_NAME = {(each["name"], each["language"]): each for each in TEMPLATES}
TYPES = {
    "IMAGE": ("a.png", b"png", "image/png"),
    "VIDEO": ("a.mp4", b"mp4", "video/mp4"),
    "DOCUMENT": ("a.pdf", b"pdf", "application/pdf"),
}


@pytest.fixture(scope="module")
def client():
    with sandbox.start(now=lambda: T0) as server, Client(server) as client:
        yield client


@pytest.fixture
def pbx(client):
    return client.fresh()


def message(name: str, *components: dict[str, Any], language: str = "en", **changes: Any) -> dict[str, Any]:
    template = BY_NAME[name, language]
    kept = {key: template[key] for key in ("id", "template_id", "name", "parameter_format")}
    body = {**kept, "language": {"code": language}, "components": list(components), **changes}
    return {key: value for key, value in body.items() if value is not None}


def header(kind: str, *files: dict[str, Any]) -> dict[str, Any]:
    return {"type": "HEADER", "parameters": [{"type": kind, "file_list": list(files)}]}


def texts(part: str, *values: str, **named: str) -> dict[str, Any]:
    positional = [{"type": "TEXT", "text": value} for value in values]
    by_name = [{"type": "TEXT", "text": value, "parameter_name": name} for name, value in named.items()]
    return {"type": part, "parameters": positional + by_name}


def buttons(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"type": "BUTTONS", "parameters": [{"type": kind, "text": text} for kind, text in pairs]}


def whatsapp(content: Any) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content)
    return {
        "channel_type": "whatsapp", "omnichannel_id": 1, "sender": 1, "content_type": "template", "content": None,
        "msg_param": text,
    }  # fmt: skip


def found(pbx: Client, content: Any) -> set[tuple[str, str]]:
    errcode, listed = pbx.refusal(**whatsapp(content))
    assert errcode == 40002
    return {(field.removeprefix("msg_param."), problem) for field, problem in listed}


BODY = texts(
    "BODY", customertier="VIP", offertype="discount", offerdetails="half", expirydate="May", companyname="Us"
)
BUTTONS = buttons(("FLOW", ""), ("URL", ""), ("VOICE_CALL", ""))


def test_the_parameters_of_named_placeholders_may_come_in_any_order(pbx):
    shuffled = {**BODY, "parameters": BODY["parameters"][::-1]}
    pbx.create(**whatsapp(message("discount_campaign", BUTTONS, shuffled, header("IMAGE", pbx.upload()))))


def test_the_same_template_in_another_language_is_another_template(pbx):
    image = header("IMAGE", pbx.upload())
    pbx.create(**whatsapp(message("discount_campaign", image, BODY, BUTTONS, language="de")))
    mixed = message("discount_campaign", image, BODY, BUTTONS, language="de", id=1773)
    assert found(pbx, mixed) == {("template_id", "mismatch"), ("language", "mismatch")}


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("order_update", [texts("HEADER", "A-17"), texts("BODY", "Ada", "today")]),
        ("opening_hours", []),
        ("plain_notice", []),
        ("coupon_code", [buttons(("COPY_CODE", "MAY20"), ("QUICK_REPLY", ""), ("QUICK_REPLY", ""))]),
        ("track_parcel", [buttons(("URL", "4711"), ("PHONE_NUMBER", ""))]),
        ("welcome", [texts("HEADER", firstname="Ada"), texts("BODY", firstname="Ada")]),
        ("reminder", [texts("BODY", "Monday", "nine"), buttons(("QUICK_REPLY", ""))]),
    ],
)
def test_a_template_that_is_filled_in_exactly_is_accepted(pbx, name, components):
    pbx.create(**whatsapp(message(name, *components)))


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        ("photo_card", "IMAGE", []),
        ("video_tour", "VIDEO", [texts("BODY", firstname="Ada")]),
        ("invoice_copy", "DOCUMENT", [texts("BODY", "R-2025")]),
    ],
)
def test_a_media_header_wants_one_file_of_its_own_kind(pbx, name, kind, body):
    files = {each: pbx.upload(*part) for each, part in TYPES.items()}
    pbx.create(**whatsapp(message(name, header(kind, files[kind]), *body)))
    other = "VIDEO" if kind == "IMAGE" else "IMAGE"
    for bad, problem in [
        (None, ("HEADER", "required")),
        (header(other, files[other]), ("HEADER", "mismatch")),
        (header(kind, files[other]), ("HEADER.file_list", "media_type")),
        (header(kind), ("HEADER.file_list", "format")),
        (header(kind, files[kind], files[kind]), ("HEADER.file_list", "format")),
        (header(kind, {**files[kind], "size": 1}), ("HEADER.file_list", "mismatch")),
        (texts("HEADER", "text"), ("HEADER", "format")),
    ]:
        components = ([bad] if bad else []) + body
        assert found(pbx, message(name, *components)) == {problem}


def test_components_may_be_left_out_of_a_static_template(pbx):
    pbx.create(**whatsapp(message("plain_notice", components=None)))


@pytest.mark.parametrize(
    "part", [texts("HEADER", "x"), texts("BODY", "x"), buttons(("URL", "")), {**BODY, "parameters": []}]
)
def test_a_component_that_the_template_does_not_ask_for_is_refused(pbx, part):
    assert found(pbx, message("plain_notice", part)) == {(part["type"], "unknown")}


def test_a_footer_is_never_sent(pbx):
    parts = [texts("HEADER", "A-17"), texts("BODY", "Ada", "today"), texts("FOOTER", "bye")]
    assert found(pbx, message("order_update", *parts)) == {("FOOTER", "unknown")}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (texts("BODY", "one"), "mismatch"),
        (texts("BODY", "one", "two", "three"), "mismatch"),
        (texts("BODY", "one", ""), "format"),
        (texts("BODY", "one", parameter="two"), "format"),
        (
            {"type": "BODY", "parameters": [{"type": "text", "text": "a"}, {"type": "TEXT", "text": "b"}]},
            "format",
        ),
        (
            {"type": "BODY", "parameters": [{"type": "TEXT", "text": 1}, {"type": "TEXT", "text": "b"}]},
            "format",
        ),
    ],
)
def test_positional_parameters_are_as_many_as_the_template_has(pbx, body, problem):
    assert found(pbx, message("reminder", body, buttons(("QUICK_REPLY", "")))) == {("BODY", problem)}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (texts("BODY", "Ada"), "format"),
        (texts("BODY", name="Ada"), "mismatch"),
        (texts("BODY", firstname="Ada", lastname="L"), "mismatch"),
        (texts("BODY", firstname=" "), "format"),
    ],
)
def test_named_parameters_carry_exactly_the_names_of_the_template(pbx, body, problem):
    assert found(pbx, message("welcome", texts("HEADER", firstname="Ada"), body)) == {("BODY", problem)}


def test_a_named_parameter_twice_is_refused(pbx):
    twice = {"type": "BODY", "parameters": texts("BODY", firstname="Ada")["parameters"] * 2}
    assert found(pbx, message("welcome", texts("HEADER", firstname="Ada"), twice)) == {("BODY", "mismatch")}


def test_a_missing_component_is_named(pbx):
    assert found(pbx, message("reminder")) == {("BODY", "required"), ("BUTTONS", "required")}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (buttons(("COPY_CODE", "MAY20"), ("QUICK_REPLY", "")), "mismatch"),
        (buttons(("QUICK_REPLY", ""), ("COPY_CODE", "MAY20"), ("QUICK_REPLY", "")), "mismatch"),
        (buttons(("COPY_CODE", ""), ("QUICK_REPLY", ""), ("QUICK_REPLY", "")), "required"),
        (buttons(("COPY_CODE", "MAY20"), ("QUICK_REPLY", "yes"), ("QUICK_REPLY", "")), "unknown"),
    ],
)
def test_every_button_is_given_once_in_its_place_with_text_only_where_it_has_a_variable(pbx, given, problem):
    assert found(pbx, message("coupon_code", given)) == {("BUTTONS", problem)}


def test_a_url_button_takes_text_only_when_its_address_has_a_variable(pbx):
    assert found(pbx, message("track_parcel", buttons(("URL", ""), ("PHONE_NUMBER", "")))) == {
        ("BUTTONS", "required")
    }
    static = buttons(("FLOW", ""), ("URL", "x"), ("VOICE_CALL", ""))
    image = header("IMAGE", pbx.upload())
    assert found(pbx, message("discount_campaign", image, BODY, static)) == {("BUTTONS", "unknown")}


@pytest.mark.parametrize("parameter", [{"type": "QUICK_REPLY"}, {"type": "QUICK_REPLY", "text": None}])
def test_a_button_without_text_is_refused(pbx, parameter):
    given = {"type": "BUTTONS", "parameters": [parameter]}
    assert found(pbx, message("reminder", texts("BODY", "a", "b"), given)) == {("BUTTONS", "format")}


def test_a_component_twice_is_refused(pbx):
    once = texts("BODY", "a", "b")
    assert ("components", "duplicate") in found(
        pbx, message("reminder", once, once, buttons(("QUICK_REPLY", "")))
    )


def test_msg_param_is_encoded_once(pbx):
    twice = json.dumps(json.dumps(message("plain_notice")))
    assert pbx.refusal(**whatsapp(twice)) == (40002, {("msg_param", "format")})
    inner = message("plain_notice", components="[]")
    assert found(pbx, inner) == {("components", "format")}


@pytest.mark.parametrize("raw", ["{", "[]", "7"])
def test_msg_param_is_a_json_object(pbx, raw):
    assert pbx.refusal(**whatsapp(raw)) == (40002, {("msg_param", "format")})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": 1}, ("id", "not_exist")),
        ({"id": "1782"}, ("id", "type")),
        ({"id": None}, ("id", "required")),
        ({"template_id": "1"}, ("template_id", "mismatch")),
        ({"name": "notice"}, ("name", "mismatch")),
        ({"language": "en"}, ("language", "type")),
        ({"language": {"code": "de"}}, ("language", "mismatch")),
        ({"parameter_format": "NAMED"}, ("parameter_format", "mismatch")),
        ({"category": "MARKETING"}, ("category", "unknown")),
        ({"components": [{"type": "BODY"}]}, ("components", "format")),
        ({"components": [{"type": ["BODY"], "parameters": []}]}, ("components", "format")),
        ({"components": [{"type": "BODY", "parameters": ["x"]}]}, ("components", "format")),
    ],
)
def test_the_envelope_says_what_the_template_says(pbx, changes, problem):
    whole = {**message("plain_notice"), **changes}
    given = {key: value for key, value in whole.items() if value is not None}
    assert found(pbx, given) == {problem}
