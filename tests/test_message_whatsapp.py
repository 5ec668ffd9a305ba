"""WhatsApp templates: every kind of header, body and button; what is missing, extra or of the wrong shape."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignops.message import whatsapp
from campaignops.message.whatsapp import Definition
from campaignops.model import Asset, MediaHeader, Ref, Template, TextHeader, Uploaded
from campaignops.sandbox.demo_templates import TEMPLATES

JPEG = Asset("assets/demo.jpeg", "0" * 64, 88555, "image/jpeg")
MP4 = Asset("assets/tour.mp4", "0" * 64, 5, "video/mp4")
PDF = Asset("assets/invoice.pdf", "0" * 64, 5, "application/pdf")
KEPT = Uploaded("f1", "kept.png", "20250725/f1", "image/png", 7)
VIP = {
    "customertier": "VIP",
    "offertype": "discount",
    "offerdetails": "20% off",
    "expirydate": "July 31",
    "companyname": "SmartMal",
}


def a_definition(name: str, language: str = "en") -> Definition:
    """A template of the sandbox's seed, which has one for every kind."""
    row = next(t for t in TEMPLATES if (t["name"], t["language"]) == (name, language))
    return whatsapp.definition(row, row["components"])


def made(*parts: dict[str, Any], form: str = "POSITIONAL") -> Definition:
    return Definition(1, "2", "made", "en", form, parts)


def body(text: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text}


def buttons(*kinds: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(kinds)}


def a_message(header=None, body=(), buttons=()) -> Template:
    values = tuple(body.items()) if isinstance(body, dict) else tuple(body)
    return Template(Ref("any"), "en", header, values, tuple(dict(buttons).items()))


def info(file):
    return {"file": file.name}


def filled(template, message):
    return whatsapp.components(template, message, info)


def wrong(template, message):
    return [(p.code, p.path) for p in whatsapp.problems(template, message)]


# What is sent

FITTING = [
    (
        "discount_campaign",
        a_message(MediaHeader("image", JPEG), VIP),
        [
            {"type": "HEADER", "parameters": [{"type": "IMAGE", "file_list": [{"file": "demo.jpeg"}]}]},
            {
                "type": "BODY",
                "parameters": [{"type": "TEXT", "text": v, "parameter_name": k} for k, v in VIP.items()],
            },
            {
                "type": "BUTTONS",
                "parameters": [{"type": kind, "text": ""} for kind in ("FLOW", "URL", "VOICE_CALL")],
            },
        ],
    ),
    (
        "order_update",
        a_message(TextHeader("A-17"), ["Ada", "today"]),
        [
            {"type": "HEADER", "parameters": [{"type": "TEXT", "text": "A-17"}]},
            {
                "type": "BODY",
                "parameters": [{"type": "TEXT", "text": "Ada"}, {"type": "TEXT", "text": "today"}],
            },
        ],
    ),
    ("opening_hours", a_message(), []),
    ("plain_notice", a_message(), []),
    (
        "video_tour",
        a_message(MediaHeader("video", MP4), {"firstname": "Ada"}),
        [
            {"type": "HEADER", "parameters": [{"type": "VIDEO", "file_list": [{"file": "tour.mp4"}]}]},
            {"type": "BODY", "parameters": [{"type": "TEXT", "text": "Ada", "parameter_name": "firstname"}]},
        ],
    ),
    (
        "invoice_copy",
        a_message(MediaHeader("document", PDF), ["4711"]),
        [
            {"type": "HEADER", "parameters": [{"type": "DOCUMENT", "file_list": [{"file": "invoice.pdf"}]}]},
            {"type": "BODY", "parameters": [{"type": "TEXT", "text": "4711"}]},
        ],
    ),
    (
        "coupon_code",
        a_message(buttons={"Copy the code": "SUMMER50"}),
        [
            {
                "type": "BUTTONS",
                "parameters": [
                    {"type": "COPY_CODE", "text": "SUMMER50"},
                    {"type": "QUICK_REPLY", "text": ""},
                    {"type": "QUICK_REPLY", "text": ""},
                ],
            }
        ],
    ),
    (
        "track_parcel",
        a_message(buttons={"Where is it?": "A-17"}),
        [
            {
                "type": "BUTTONS",
                "parameters": [{"type": "URL", "text": "A-17"}, {"type": "PHONE_NUMBER", "text": ""}],
            }
        ],
    ),
    (
        "welcome",
        a_message(TextHeader("Ada"), {"firstname": "Ada"}),
        [
            {
                "type": "HEADER",
                "parameters": [{"type": "TEXT", "text": "Ada", "parameter_name": "firstname"}],
            },
            {"type": "BODY", "parameters": [{"type": "TEXT", "text": "Ada", "parameter_name": "firstname"}]},
        ],
    ),
    (
        "photo_card",
        a_message(MediaHeader("image", KEPT)),
        [{"type": "HEADER", "parameters": [{"type": "IMAGE", "file_list": [{"file": "kept.png"}]}]}],
    ),
    (
        "reminder",
        a_message(body=["Monday", "nine"]),
        [
            {
                "type": "BODY",
                "parameters": [{"type": "TEXT", "text": "Monday"}, {"type": "TEXT", "text": "nine"}],
            },
            {"type": "BUTTONS", "parameters": [{"type": "QUICK_REPLY", "text": ""}]},
        ],
    ),
]


@pytest.mark.parametrize(("name", "message", "expected"), FITTING, ids=[name for name, *_ in FITTING])
def test_a_message_that_fits_is_sent_in_the_documented_form(name, message, expected):
    assert wrong(a_definition(name), message) == []
    assert filled(a_definition(name), message) == expected


def test_the_seed_has_no_template_that_this_file_forgets():
    assert {name for name, *_ in FITTING} == {t["name"] for t in TEMPLATES}


def test_named_values_come_in_the_order_of_the_template_whatever_the_manifest_says():
    backwards = a_message(MediaHeader("image", JPEG), dict(reversed(VIP.items())))
    assert filled(a_definition("discount_campaign"), backwards) == FITTING[0][2]


def test_positions_are_counted_and_not_read_in_the_order_of_the_text():
    template = made(body("On {{2}}, dear {{1}}, and again {{1}}"))
    message = a_message(body=["Ada", "Monday"])
    assert wrong(template, message) == []
    assert [p["text"] for p in filled(template, message)[0]["parameters"]] == ["Ada", "Monday"]
    assert str(whatsapp.preview(template, message)) == "On Monday, dear Ada, and again Ada"


def test_a_button_that_whatsapp_labels_itself_goes_by_its_kind():
    template = made(body("x"), buttons({"type": "COPY_CODE", "example": "X"}))
    assert wrong(template, a_message()) == [("CMP213", ("message", "buttons"))]
    message = a_message(buttons={"COPY_CODE": "SUMMER"})
    assert wrong(template, message) == []
    assert filled(template, message)[0]["parameters"] == [{"type": "COPY_CODE", "text": "SUMMER"}]


# What does not fit

HEADER, BODY, BUTTONS = ("message", "header"), ("message", "body"), ("message", "buttons")
GREETING = made(body("Hello {{name}}, {{greeting}}"), form="NAMED")


@pytest.mark.parametrize(
    ("template", "header", "path"),
    [
        ("photo_card", None, HEADER),
        ("photo_card", TextHeader("x"), HEADER),
        ("photo_card", MediaHeader("video", MP4), HEADER),
        ("order_update", None, HEADER),
        ("order_update", TextHeader(" "), (*HEADER, "text")),
        ("order_update", MediaHeader("image", JPEG), HEADER),
        ("opening_hours", TextHeader("x"), HEADER),
        ("plain_notice", TextHeader("x"), HEADER),
        ("plain_notice", MediaHeader("image", JPEG), HEADER),
    ],
)
def test_a_header_that_does_not_fit_is_a_problem_at_its_place(template, header, path):
    found = [p for p in whatsapp.problems(a_definition(template), a_message(header)) if p.code == "CMP212"]
    assert [p.path for p in found] == [path]


def test_a_header_that_only_components_can_express_says_so():
    template = made({"type": "HEADER", "format": "LOCATION"}, body("Here we are"))
    for header in (None, TextHeader("x"), MediaHeader("image", JPEG)):
        (problem,) = whatsapp.problems(template, a_message(header))
        assert (problem.code, problem.path, problem.help) == (
            "CMP212",
            HEADER,
            "write it as `components: […]`",
        )


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        (GREETING, {}, [BODY]),
        (GREETING, {"name": "Ada"}, [BODY]),
        (GREETING, {"name": "Ada", "greeting": " "}, [BODY]),
        (
            GREETING,
            {"name": "Ada", "greeting": "hi", "Name": "x", "more": "y"},
            [(*BODY, "Name"), (*BODY, "more")],
        ),
        (GREETING, {"name": "Ada", "Greeting": "hi"}, [BODY, (*BODY, "Greeting")]),
        (GREETING, ["Ada", "hi"], [BODY]),
        (made(body("{{1}} {{2}}")), [], [BODY]),
        (made(body("{{1}} {{2}}")), ["a"], [BODY]),
        (made(body("{{1}} {{2}}")), ["a", ""], [BODY]),
        (made(body("{{1}} {{2}}")), ["a", "b", "c", "d"], [(*BODY, 2), (*BODY, 3)]),
        (made(body("{{1}} {{2}}")), {"1": "a", "2": "b"}, [BODY]),
        (made(body("static")), ["a"], [BODY]),
        (made(body("static"), form="NAMED"), {"a": "b"}, [BODY]),
        (made(), ["a"], [BODY]),
    ],
)
def test_a_body_that_does_not_fit_is_a_problem_at_each_place(template, values, expected):
    assert wrong(template, a_message(body=values)) == [("CMP210", path) for path in expected]


def test_a_missing_value_is_named_with_a_sample_to_paste_and_the_text_of_the_template():
    (problem,) = whatsapp.problems(GREETING, a_message(body={"name": "Ada"}))
    assert problem.message == "template `made` has no value for {{greeting}}"
    assert problem.help == "write `body: {name: …, greeting: …}`"
    assert problem.note == "the template says: Hello {{name}}, {{greeting}}"
    (problem,) = whatsapp.problems(made(body("{{1}} {{2}}")), a_message(body={"1": "a"}))
    assert problem.message == "template `made` takes its body values as a list of values, in order"
    assert problem.help == "write `body: […, …]`"


LINK = {"type": "URL", "text": "Look", "url": "https://shop.example.com/{{1}}"}


@pytest.mark.parametrize(
    ("template", "given", "expected"),
    [
        ("track_parcel", {}, [BUTTONS]),
        ("track_parcel", {"Where is it?": " "}, [BUTTONS]),
        ("track_parcel", {"where is it?": "A-17"}, [BUTTONS, (*BUTTONS, "where is it?")]),
        ("track_parcel", {"Where is it?": "A-17", "Call the depot": "x"}, [(*BUTTONS, "Call the depot")]),
        ("track_parcel", {"Where is it?": "A-17", "²": "x"}, [(*BUTTONS, "²")]),
        (
            "track_parcel",
            {"Where is it?": "https://shop.example.com/track/A-17"},
            [(*BUTTONS, "Where is it?")],
        ),
        ("plain_notice", {"1": "x"}, [(*BUTTONS, "1")]),
        (made(buttons({"type": "OTP", "text": "Copy"})), {}, [BUTTONS]),
        (made(buttons(LINK, LINK)), {"Look": "x"}, [BUTTONS, BUTTONS]),
        (
            made(buttons({"type": "URL", "text": "Look", "url": "https://shop.example.com"}, LINK)),
            {"Look": "x"},
            [(*BUTTONS, "Look"), BUTTONS],
        ),
    ],
)
def test_buttons_that_do_not_fit_are_problems_at_their_places(template, given, expected):
    template = a_definition(template) if isinstance(template, str) else template
    assert wrong(template, a_message(buttons=given)) == [("CMP213", path) for path in expected]


def test_what_a_button_opens_is_told():
    template = a_definition("track_parcel")
    for written, help in (
        ({}, 'write `buttons: {"Where is it?": …}`'),
        ({"Where is it?": "https://shop.example.com/track/A-17"}, "write only what the template leaves open"),
    ):
        (problem,) = whatsapp.problems(template, a_message(buttons=written))
        assert (problem.help, problem.note) == (help, "it opens https://shop.example.com/track/{{1}}")


def test_what_is_too_long_when_filled_in_is_a_problem_at_its_longest_value():
    template = made({"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}, body("{{1}}, {{2}}."))
    fits = a_message(TextHeader("x" * 54), ("a", "b" * 1020))
    assert wrong(template, fits) == []
    long = a_message(TextHeader("x" * 55), ("a", "b" * 1021))
    found = [(p.code, p.path, p.help) for p in whatsapp.problems(template, long)]
    assert found == [
        ("CMP304", ("message", "header", "text"), "write 1 character less"),
        ("CMP304", ("message", "body", 1), "write 1 character less"),
    ]


def test_a_header_that_does_not_fit_quotes_the_template():
    template = made({"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}, body("Hello"))
    (problem,) = whatsapp.problems(template, a_message())
    assert problem.note == "the header of the template says: Order {{1}}"


def test_all_problems_are_told_and_not_the_first():
    message = a_message(TextHeader("x"), {"customertier": "VIP"}, {"Claim it": "now"})
    assert {code for code, _ in wrong(a_definition("discount_campaign"), message)} == {
        "CMP210",
        "CMP212",
        "CMP213",
    }


# What the reader sees


def test_the_preview_is_the_message_as_its_reader_sees_it():
    message = a_message(MediaHeader("image", JPEG), VIP)
    assert str(whatsapp.preview(a_definition("discount_campaign"), message)) == (
        "[image demo.jpeg]\n"
        "A treat for our VIP guests: your discount is 20% off.\n"
        "It is yours until July 31. With love, SmartMal 💌\n"
        "[Claim it]\n[Our shop]\n[Ring us]"
    )
    message = a_message(TextHeader("A-17"), ["Ada", "today"])
    assert str(whatsapp.preview(a_definition("order_update"), message)) == (
        "Order A-17\nAda, your parcel leaves us today.\nThank you"
    )
    hours = "New hours\nFrom May on we are open until nine in the evening."
    assert str(whatsapp.preview(a_definition("opening_hours"), a_message())) == hours


def test_a_value_that_looks_like_a_placeholder_is_not_filled_in_again():
    message = a_message(body={"name": "{{greeting}}", "greeting": "hi"})
    assert str(whatsapp.preview(GREETING, message)) == "Hello {{greeting}}, hi"


def test_a_value_that_is_missing_stays_visible():
    assert str(whatsapp.preview(GREETING, a_message(body={"name": "Ada"}))) == "Hello Ada, {{greeting}}"


# What the PBX lists

ROW = {"id": 1, "template_id": "2", "name": "n", "language": "en", "parameter_format": "NAMED"}


@pytest.mark.parametrize("key", list(ROW))
@pytest.mark.parametrize("odd", [None, [], {}, "absent"])
def test_a_row_without_one_of_its_fields_is_no_template(key, odd):
    row = {k: v for k, v in ROW.items() if k != key} | ({} if odd == "absent" else {key: odd})
    with pytest.raises(ValueError, match="not a template"):
        whatsapp.definition(row, [])


@pytest.mark.parametrize(
    "parts", [None, 7, "[]", {}, [None], ["x"], [[]], [{"buttons": 7}], [{"buttons": [7]}]]
)
def test_parts_of_another_form_are_no_template(parts):
    with pytest.raises(ValueError, match="not a template"):
        whatsapp.definition(ROW, parts)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["{{1}}", "{{a}}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
KINDS = st.sampled_from(["HEADER", "BODY", "FOOTER", "BUTTONS", "IMAGE", "TEXT", "URL", "COPY_CODE"]) | JSON
BUTTON = st.fixed_dictionaries({}, optional={"type": KINDS, "text": JSON, "url": JSON})
PART = st.fixed_dictionaries(
    {},
    optional={"type": KINDS, "format": KINDS, "text": JSON, "buttons": st.lists(BUTTON, max_size=3) | JSON},
)


@settings(max_examples=50)
@given(
    st.lists(PART, max_size=4),
    st.sampled_from(["NAMED", "POSITIONAL", ""]),
    st.sampled_from([m for _, m, _ in FITTING]),
)
def test_a_template_of_any_shape_is_refused_or_used_without_a_crash(parts, form, message):
    try:
        template = whatsapp.definition({**ROW, "parameter_format": form}, parts)
    except ValueError:
        return
    assert all(problem.message for problem in whatsapp.problems(template, message))
    assert isinstance(filled(template, message), list)
    assert "None" not in str(whatsapp.preview(template, message))
