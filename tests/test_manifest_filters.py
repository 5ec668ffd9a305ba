"""The filters for dates, texts and numbers: pure, and with help for what they can do nothing with."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops.manifest.jinja.filters import truncate_sms
from campaignops.manifest.jinja.render import Renderer, Unrendered
from campaignops.message import sms

SCOPE = {
    "day": "2030-07-30",
    "months": ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
               "November", "Dezember"],
    "long": "Everything must go: " + "sale " * 60,
}  # fmt: skip


def said(text):
    return Renderer(None, "Europe/Berlin", "DE").text(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ day | shift(days=-2) }}", "2030-07-28"),
        ("{{ day | shift(weeks=1, days=1) }}", "2030-08-07"),
        ("{{ '2028-02-28' | shift(days=1) }}", "2028-02-29"),
        ("{{ '2030-07-30 18:06' | shift(hours=-19) }}", "2030-07-29 23:06"),
        ("{{ '2030-07-30T18:06:09+02:00' | shift(minutes=54) }}", "2030-07-30T19:00:09+02:00"),
        ("{{ day | format_date }}", "30.07.2030"),
        ("{{ day | format_date('%A, %-d. %B %y') }}", "Tuesday, 30. July 30"),
        ("{{ day | format_date('%-d. %B', months=months) }}", "30. Juli"),
        ("{{ '2030-07-30 18:06' | format_date('%-I:%M %p, 100%%, %j/%V') }}", "6:06 PM, 100%, 211/31"),
        ("{{ '2030-07-30T16:06Z' | date_in_zone('Europe/Berlin') }}", "2030-07-30 18:06"),
        ("{{ '2030-07-30 18:06' | date_in_zone('America/New_York') }}", "2030-07-30 12:06"),
        ("{{ '2030-01-30 18:06:30' | date_in_zone('Asia/Tokyo', 'UTC') }}", "2030-01-31 03:06:30"),
        ("{{ 1911571560 | date_in_zone('UTC') }}", "2030-07-29 16:06"),
        ("{{ 'Hello' | truncate_sms }}", "Hello"),
        ("{{ long | truncate_sms | length }}", "157"),
        ("{{ '030 901820' | e164 }}", "+4930901820"),
        ("{{ '(202) 555-0111' | e164('US') }}", "+12025550111"),
        ("{{ '+1 202-555-0111' | e164 }}", "+12025550111"),
    ],
)
def test_what_filters_make(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ '30.07.2030' | shift(days=1) }}", "is not a date"),
        ("{{ '2030-02-30' | shift(days=1) }}", "is not a date"),
        ("{{ day | shift(hours=1) }}", "shifted by days or weeks"),
        ("{{ day | shift(days=10**9) }}", "leads out of the calendar"),
        ("{{ '9999-12-31' | shift(days=1) }}", "leads out of the calendar"),
        ("{{ day | shift(days='two') }}", "is no number"),
        ("{{ day | format_date('%Q') }}", "`%Q` stands for no part"),
        ("{{ day | format_date('%') }}", "stands for no part"),
        ("{{ day | format_date(months=['a']) }}", "twelve names"),
        ("{{ day | date_in_zone('UTC') }}", "same in no two zones"),
        ("{{ '2030-07-30 18:06' | date_in_zone('Berlin') }}", "is not a time zone"),
        ("{{ '2030-10-27 02:30' | date_in_zone('UTC') }}", "comes twice in Europe/Berlin"),
        ("{{ 'a' | truncate_sms(0) }}", "from 1 to 50"),
        ("{{ '12' | e164 }}", "is no number of DE"),
        ("{{ '12' | e164('XX') }}", "is no number of XX"),
        ("{{ nothing | shift(days=1) }}", "`nothing` is not defined"),
    ],
)
def test_what_filters_can_do_nothing_with(text, message):
    with pytest.raises(Unrendered) as caught:
        said(text)
    assert message in caught.value.message


def test_a_number_in_a_message_about_it_is_masked():
    with pytest.raises(Unrendered) as caught:
        said("{{ '030 12 34 56 78 90 12 34 56' | e164 }}")
    assert "34" not in caught.value.message.replace("3456", "")
    assert "12 34" not in caught.value.message


def test_many_long_texts_are_cut_quickly_or_refused():
    begun = time.process_time()
    with pytest.raises(Unrendered) as caught:
        said("{% for i in range(9999) %}{{ ('a ' * 49000) | truncate_sms(50) }}{% endfor %}")
    assert caught.value.code == "CMP112"
    assert time.process_time() - begun < 10  # CPU seconds, also under coverage


@given(st.text(st.sampled_from("ab €ü🌞\n"), max_size=400), st.integers(1, 3))
def test_a_truncated_text_fits_and_is_the_beginning(text, parts):
    cut = truncate_sms(text, parts)
    assert sms.measure(cut).parts <= parts
    assert cut == text or text.startswith(cut.removesuffix("..."))
