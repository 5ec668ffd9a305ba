"""What an answer means: done, no effect, or unknown; and that no answer makes a message say too much."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops.errors import PbxError
from campaignops.outcome import Done, NoEffect, Unknown
from campaignops.pbx import answer
from campaignops.pbx.answer import NO_EFFECT_CODES, RUN_CODES, Exchange, classify

SECRET = "Tk1-secret/+%22"


def answered(body: object, status: int = 200) -> Exchange:
    return Exchange(True, status, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_errcode_zero_is_done_and_gives_the_answer():
    said = {"errcode": 0, "errmsg": "SUCCESS", "id": 249}
    assert classify(answered(said)) == Done(said)


@pytest.mark.parametrize("code", sorted(NO_EFFECT_CODES))
def test_a_code_of_the_closed_list_has_no_effect(code):
    outcome = classify(answered({"errcode": code, "errmsg": "NO"}))
    assert isinstance(outcome, NoEffect)
    assert (outcome.code, outcome.ends_run) == (code, code in RUN_CODES)


def test_the_closed_list_is_the_one_that_was_reviewed():
    reviewed = {10001, 10002, 10003, 10005, 40001, 40002, 40003, 40004, 60002, 70004, 70084, 70087, 70123}
    assert reviewed == NO_EFFECT_CODES
    assert reviewed >= RUN_CODES


@given(st.integers().filter(lambda code: code not in NO_EFFECT_CODES | {0}))
def test_every_other_code_is_unknown(code):
    outcome = classify(answered({"errcode": code}))
    assert isinstance(outcome, Unknown)
    assert outcome.code == code


def test_what_was_never_sent_has_no_effect_and_ends_the_run():
    assert classify(Exchange(False, failure="no line")) == NoEffect("no line", None, ends_run=True)


def test_what_was_sent_and_not_answered_is_unknown():
    assert classify(Exchange(True, failure="gone")) == Unknown("gone", is_late=False)
    assert classify(Exchange(True, failure="no answer", timed_out=True)) == Unknown("no answer", is_late=True)


@pytest.mark.parametrize(
    ("status", "advice"),
    [(302, "not followed"), (401, "`pbx.url`"), (403, "stands between"), (404, "`pbx.url`"), (429, "between")]
    + [(status, "try again later") for status in (500, 502, 503, 504)]
    + [(204, "Yeastar")],
)
def test_a_status_other_than_200_is_unknown_whatever_the_body_says(status, advice):
    outcome = classify(answered({"errcode": 40002}, status))
    assert isinstance(outcome, Unknown)
    assert outcome.code is None
    assert f"HTTP status {status}" in outcome.reason
    assert advice in outcome.reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\n<html><body>access_token=abc</body></html>", "a web page"),
        (b'{"errcode": 0, "id": 24', "not JSON"),
        (b"\x89PNG\x00\xff", "not JSON"),
        ('{"errcode": 0}'.encode("utf-16"), "not JSON"),
        (b'{"errcode": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"errcode":0,"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
        (b"null", "no errcode"),
        (b"[]", "no errcode"),
        (b'"SUCCESS"', "no errcode"),
        (b"{}", "no errcode"),
        (b'{"errcode": "0"}', "no errcode"),
        (b'{"errcode": false}', "no errcode"),
        (b'{"errcode": 0.0}', "no errcode"),
        (b'{"errcode": null}', "no errcode"),
    ],
)
def test_an_answer_that_is_none_is_unknown(body, words):
    outcome = classify(answered(body))
    assert isinstance(outcome, Unknown)
    assert words in outcome.reason
    assert "access_token" not in outcome.reason


def test_a_byte_order_mark_does_not_spoil_an_answer():
    assert classify(answered(b'\xef\xbb\xbf{"errcode": 0}')) == Done({"errcode": 0})


def test_a_refusal_names_the_fields_that_are_wrong():
    wrong = [{"field": "send_mode", "validation_type": "required"}, {"field": "sender"}, "junk", None]
    outcome = classify(answered({"errcode": 40002, "errmsg": "PARAMETER ERROR", "invalid_param_list": wrong}))
    assert outcome == NoEffect("errcode 40002 PARAMETER ERROR: send_mode (required), sender (wrong)", 40002)


def test_a_refusal_that_ends_the_run_says_what_to_do():
    outcome = classify(answered({"errcode": 70087, "errmsg": "IP FORBIDDEN"}))
    assert isinstance(outcome, NoEffect)
    assert outcome.reason.endswith("add this address to the allowed addresses of the API")


@pytest.mark.parametrize("key", ["errmsg", "invalid_param_list", "duplicate_field_list"])
@pytest.mark.parametrize("odd", [None, 7, [], {}, [[]], [None], [{"field": {}}], "text", {"field": "x"}])
def test_a_refusal_of_odd_shape_is_still_a_refusal(key, odd):
    assert isinstance(classify(answered({"errcode": 40002, key: odd})), NoEffect)


def test_no_reason_repeats_a_secret():
    fields = [{"field": f"token {SECRET}", "validation_type": f"{SECRET}!"}]
    said = {"errcode": 40002, "errmsg": "x" * 190 + SECRET, "invalid_param_list": fields}
    outcome = classify(answered(said), ("", SECRET))
    assert isinstance(outcome, NoEffect)
    assert "token […]" in outcome.reason
    assert SECRET[:5] not in outcome.reason  # not cut in two either


def test_no_reason_shows_a_whole_number_or_a_control_character():
    said = {
        "errcode": 1,
        "errmsg": "sent to +12025550100 \x1b[31m\u202enow\n20255501, 1 (202) 555-0100, 2030-07-30",
    }
    outcome = classify(answered(said))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.endswith("•••, •••, 2030-07-30")
    assert "2025550100" not in outcome.reason
    assert "20255501" not in outcome.reason
    assert outcome.reason.isprintable()


def test_no_repr_of_an_exchange_shows_its_body():
    assert SECRET not in repr(answered({"errcode": 0, "access_token": SECRET}))


@given(st.binary(), st.integers(100, 599))
def test_any_answer_has_a_meaning_that_can_be_printed(body, status):
    outcome = classify(Exchange(True, status, body))
    if not isinstance(outcome, Done):
        assert outcome.reason.isprintable()
        assert outcome.reason.encode()


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_no_text_of_an_answer_holds_half_a_character(text):
    outcome = classify(answered({"errcode": 0, "key " + text: [text]}))
    assert isinstance(outcome, Done)
    assert json.dumps(dict(outcome.value), ensure_ascii=False).encode()
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert outcome.value["key " + text] == [text]


@pytest.mark.parametrize(
    ("status", "late"),
    [
        (200, False),
        (302, False),
        (404, False),
        (500, False),
        (408, True),
        (502, True),
        (503, True),
        (504, True),
    ],
)
def test_only_a_gateway_that_did_not_want_to_wait_leaves_a_request_on_its_way(status, late):
    outcome = classify(answered(b"<html>", status))
    assert isinstance(outcome, Unknown)
    assert outcome.is_late is late


def test_an_emoji_comes_through_however_it_is_escaped():
    assert answer.decoded('"\\ud83c\\udf1e and half: \\ud83c"') == "🌞 and half: \ufffd"


@pytest.mark.parametrize("key", ["data", "list"])
def test_rows_and_details_are_found_under_either_key(key):
    other = {"data": "list", "list": "data"}[key]
    assert answer.listed({key: [{"id": 1}]}, "x") == [{"id": 1}]
    assert answer.listed({key: [{"id": 1}], other: None}, "x") == [{"id": 1}]
    assert answer.listed({key: None}, "x") == []
    assert answer.detail({key: {"id": 1}}, "x") == {"id": 1}


def test_an_id_that_is_said_as_text_is_the_same_id():
    said = {"id": "249", "omnichannel_id": "7", "recipient_id": "", "assign_to_id": 2, "name": "12"}
    meant = {"id": 249, "omnichannel_id": 7, "recipient_id": "", "assign_to_id": 2, "name": "12"}
    assert answer.detail({"data": said}, "x") == meant
    assert answer.listed({"list": [said]}, "x") == [meant]


@pytest.mark.parametrize(
    "said",
    [{}, {"total_number": 0}, {"data": 7}, {"list": "abc"}, {"data": {"id": 1}}]
    + [
        {"data": [{"id": odd}]}
        for odd in ("", "07", "+7", "7.0", " 7", "٧", "0", "-7", "7" * 16, True, 7.0, None)
    ]
    + [{"list": [None]}, {"list": [7]}, {"list": [[]]}, {"list": [{}]}, {"list": [{"id": 1}, {}]}],
)
def test_rows_of_another_form_are_an_error_with_a_sentence(said):
    with pytest.raises(PbxError, match="answered a/b in an unknown form; nothing was sent"):
        answer.listed(said, "a/b")


@pytest.mark.parametrize("said", [{}, {"data": None}, {"data": []}, {"list": [{"id": 1}]}, {"data": "x"}])
def test_a_detail_of_another_form_is_an_error_and_not_an_absence(said):
    with pytest.raises(PbxError, match="unknown form"):
        answer.detail(said, "a/b")


def test_long_text_is_cut_visibly():
    assert answer.plain("x" * 300) == "x" * 199 + "…"
    assert answer.plain("x" * 300, 300) == "x" * 300
