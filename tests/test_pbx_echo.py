"""What the PBX repeats of what it was given is masked, however it is escaped or cut; the rest of what it says stays."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops.pbx.echo import MASK, masked, texts

TEXT = "Dear Ms Ångström, your password is swordfish & more 🌞"
ESCAPES = [str, quote, quote_plus, html.escape, json.dumps, lambda text: json.dumps(json.dumps(text))]
ESCAPES += [lambda text: quote(quote(text)), str.upper, lambda text: html.escape(quote(text))]


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize(
    "part", [TEXT, TEXT[10:-12], TEXT[22:], "Ångström", "swordfi", "swordfish", "fish & more"]
)
def test_no_part_of_a_text_is_repeated(escape, part):
    said = masked(f"CONTENT NOT ALLOWED: {escape(part)} (reject)", [TEXT])
    assert said.startswith("CONTENT NOT ALLOWED: ")
    assert said.endswith("(reject)")
    assert MASK in said
    for word in ("ngstr", "swordf", "fish", "password"):
        assert word not in said.casefold()


@pytest.mark.parametrize(
    "said",
    [
        "PARAMETER ERROR",
        "send_mode (required)",
        "sender (wrong)",
        "channel 7 is not connected: 2030-07-30",
        "100% off",
    ],
)
def test_what_was_not_given_stays(said):
    assert masked(said, [TEXT.replace("is ", "")]) == said
    assert masked(said, []) == said


def test_words_that_hang_together_are_found_in_each_other():
    assert masked("error:xpasswordisswordfishx", [TEXT]) == f"error:{MASK}"
    assert masked("not allowed: 内容夏季大促内容", ["今年夏季大促开始"]) == f"not allowed: {MASK}"


def test_a_secret_that_is_only_signs_between_short_words_is_masked_whole():
    assert masked("key a-1/b+2 refused", ["a-1/b+2"]) == f"key {MASK} refused"


@given(st.text(min_size=4), st.text(), st.text())
def test_whatever_was_given_is_not_repeated_whole(text, before, after):
    if text in masked("", []) + MASK or text in masked(before + " " + after, []):
        return
    assert text not in masked(f"{before} {text} {after}", [text])


def test_of_a_request_the_words_of_people_count_and_not_those_of_the_documentation():
    parameters = [{"type": "TEXT", "parameter_name": "who", "text": "Ms Ångström"}]
    param = {
        "name": "offer",
        "language": {"code": "en"},
        "components": [{"type": "BODY", "parameters": parameters}],
    }
    body = {
        "name": "Spring",
        "channel_type": "whatsapp",
        "omnichannel_id": 7,
        "number_list": [{"number": "+12025550147"}],
        "content_type": "template",
        "content": "{half",
        "msg_param": json.dumps(param),
        "send_type": "draft",
    }
    assert list(texts(body)) == ["Spring", "{half", "offer", "Ms Ångström"]
