"""Characters that look like something else are told at their place; what belongs to a script or an emoji is not."""

from __future__ import annotations

import pytest

from tests.manifest_folder import SMS, places, read_text, sms

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
FAMILY = "👨\u200d👩\u200d👧"


def told(folder, text, file="a.yaml"):
    """The places of CMP124, and what is said."""
    _, findings = read_text(folder, text, file)
    found = [f for f in findings if f.code == "CMP124"]
    return [(line, column) for _, line, column in places(found)], [f"{f.message}; {f.help}" for f in found]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        (sms(sender="“+12025550100”"), (9, 13), 'part of the value; write " in their place'),
        (sms(message="{text: „Hallo“}"), (6, 21), "part of the value"),
        (sms(message="{text: «Salut»}"), (6, 21), "part of the value"),
        (sms().replace("channel:", "“channel”:"), (4, 5), "part of the value"),
        (sms().replace("    type", "\u00a0   type"), (3, 1), "U+00A0 (no-break space) is not what YAML takes"),
        (sms(message="\n      text:\u00a0Hi"), (7, 12), "is not what YAML takes for a blank"),
        (sms(message="\n      text:\u3000Hi"), (7, 12), "U+3000 (ideographic space)"),
        (sms().replace("type:", "type："), (3, 9), "for a colon; write a plain colon"),
        (sms().replace("type:", "ty\u200bpe:"), (3, 7), "U+200B (zero width space) cannot be seen"),
        (sms(name="Sale\u00ad"), (9, 15), "(soft hyphen) cannot be seen"),
        (sms(name="Sale\u200e"), (9, 15), "(left-to-right mark) cannot be seen"),
        (sms(name="Sa\U000e0041le"), (9, 13), "U+E0041 (tag latin capital letter a) cannot be seen"),
        (sms(message="{text: a\u2067b\u2069}"), (6, 22), "may turn round"),
        (sms(message="\n      text: Sale #1"), (7, 18), "it is a comment, and no part of the text; put quotes round"),
        (sms() + "# \u202eno comment\n", (9, 3), "turns round what is read here; delete it"),
    ],
)  # fmt: skip
def test_a_character_that_misleads_is_told_at_its_place(tmp_path, text, place, said):
    where, sentences = told(tmp_path, text)
    assert where[0] == place
    assert said in sentences[0]


@pytest.mark.parametrize(
    "text",
    [
        sms(message="{text: Summer’s “best” deals – up to 50% off… 🌞}"),
        sms(message="{text: “Yes” and “no” are words}"),
        sms(message=f"{{text: England {ENGLAND} and a family {FAMILY}}}"),
        sms(message="{text: \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645}"),
        sms(message="{text: \u05e9\u05dc\u05d5\u05dd\u200f!}"),
        sms(message="\n      text: |\n        Prix\u00a0:\u00a05 €\n        \u00a0indented"),
        sms(message='{text: "Prix:\u00a05 €"}'),
        sms(message='{text: "a\\u200bb"}'),
        "\ufeff" + SMS,
        sms(message="\n      text: |\n        a: Sale #1") + "#a: b #c\n",
        sms(message='{text: "Sale #1"}  #hi').replace("type: sms", "type: sms  # how #1"),
    ],
    ids=range(11),
)
def test_what_is_meant_so_is_left_alone(tmp_path, text):
    assert told(tmp_path, text) == ([], [])


def test_only_what_turns_the_text_round_is_an_error(tmp_path):
    _, findings = read_text(tmp_path, sms(message="{text: a\u202eb\u2066c\u200b}"))
    assert [(f.code, f.severity) for f in findings] == [
        ("CMP124", "error"),
        ("CMP124", "warning"),
        ("CMP124", "warning"),
    ]


def test_a_template_is_told_at_its_own_line(tmp_path):
    text = "{# \u200b #}\n" + SMS.replace("Hello", "“Hello”")
    assert told(tmp_path, text, "a.yaml.j2")[0] == [(1, 4), (7, 21)]


def test_a_file_that_is_no_yaml_is_looked_at_all_the_same(tmp_path):
    assert told(tmp_path, "campaigns: [\u200b")[0] == [(1, 13)]
