"""Whatever people write, no report holds a whole phone number, or a character that a terminal acts on."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from campaignops.errors import PbxError
from campaignops.findings import Finding, Place
from campaignops.message.bubble import Bubble
from campaignops.model import AssignTo, Now, Numbers, Phonebook, Ref, Template, Text
from campaignops.planner import Live
from campaignops.report import (
    comment,
    comment_result,
    document,
    findings,
    notice,
    outcome_text,
    plan_json,
    plan_text,
    sarif,
    status_text,
)
from campaignops.report.comment import Told
from campaignops.report.plain import columns, folded, masked_in_place, safe, visible
from tests.test_report_plan import NOW_S, a_campaign, a_plan, an_entry

UNSAFE = "\x00\x07\x1b\x7f\x85\x9b\r\u200b\u200e\u202e\u2028\u2066\ufeff\U000e0041"
digits = st.text("0123456789", min_size=6, max_size=14)
numbers = st.builds("+{}{}".format, st.sampled_from("123456789"), digits)
noise = st.text(st.sampled_from(f"ab ü問🌞:,%[]{{}}\"'\n\t{UNSAFE}"), max_size=8)


@st.composite
def texts(draw):
    """User text with a number in it."""
    return f"{draw(noise)}x{draw(st.shared(numbers, key='number'))}x{draw(noise)}"


@dataclass(frozen=True)
class Result:
    key: str
    outcome: Any
    id: int | None
    message: str | None
    next_command: str | None = None


def plans(one, two):
    """Plans in which every text a user or the PBX can choose is one of these."""
    before = a_campaign(one, name=one, channel=Ref(one), message=Text(one), place=Place(one, 1))
    after = replace(before, message=Text(two), name=two, session=AssignTo("queue", Ref(two)))
    template = Template(Ref(two), one, None, ((one, two),), ((two, one),))
    phonebook = replace(
        before, message=template, audience=Phonebook(Ref(one), two), sender=Ref(one), send=Now()
    )
    listed = replace(before, audience=Numbers(("+8613800001111",), one))
    for campaign, status in (
        (after, "scheduled"),
        (after, "completed"),
        (before, "scheduled"),
        (phonebook, None),
        (listed, None),
    ):
        recorded = [an_entry(before, question=two)] if status else []
        made = a_plan(campaign, recorded=recorded, live=Live({203: status or ""}), environment=one)
        yield replace(
            made,
            changes=tuple(replace(c, preview=Bubble(two), reason=one, steps=(two,)) for c in made.changes),
        )


def reports(one, two):
    finding = Finding("CMP105", "error", one, Place(two, 1, 2, 3), note=two, help=one)
    yield findings.text([finding], lambda _: [two.replace("\n", " ")], color=False, folder=one)
    yield findings.concise([finding])
    yield findings.github([finding])
    yield findings.gitlab([finding])
    yield sarif.text([finding])
    for made in plans(one, two):
        yield plan_text.text(made, now_s=NOW_S, color=False, pbx=two, verbose=True, folder=one)
        results = [Result(one, "unknown", None, two), Result(two, "failed", 1, one)]
        yield document.text(plan_json.apply_document(made, results, findings=[finding]))
        yield outcome_text.text(results)
        told = Told("UTC", NOW_S, one, (two, NOW_S))
        yield comment.text(replace(made, findings=(finding,)), told)
        yield comment_result.text(made, results, told, PbxError(one))
        yield comment.failure(PbxError(two), [finding], one, two)
        yield document.text(notice.document(made, [], PbxError(two), one))
        yield outcome_text.line(1, 2, one, results[0])
    entry = an_entry(a_campaign(one, name=two), status=one)
    yield document.text(plan_json.state_list_document([entry]))
    yield document.text(plan_json.error_document("plan", PbxError(two), [finding]))
    row = status_text.StatusRow(one, two, 1, "released", one, 1, 2, two, 1911657960, one)
    yield status_text.text([row], now_s=NOW_S)
    yield document.text(status_text.status_document([row]))


@given(texts(), texts(), st.shared(numbers, key="number"))
def test_no_number_and_no_control_character_survives_in_any_report(one, two, number):
    for report in reports(one, two):
        assert number not in report
        assert number[1:] not in report
        assert not set(report) & set(UNSAFE)
        assert report.isprintable() or set(report) - {"\n"} == {c for c in report if c.isprintable()}


@given(st.text())
def test_json_text_says_what_it_was_given(text):
    assert json.loads(document.text([text])) == [text]


@given(st.from_regex(r"[a-z ,]{0,5}\+?[0-9]{7,15}[a-z ,]{0,5}", fullmatch=True))
def test_masking_a_source_line_keeps_its_columns(line):
    shown = masked_in_place(line)
    assert len(shown) == len(line)
    assert not re.search(r"\d{7}", shown)


@given(st.text(max_size=300), st.integers(1, 30))
def test_folding_loses_nothing_but_the_blanks_it_breaks_at(text, width):
    lines = list(folded(text, width, visible))
    kept = "".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))
    assert "".join(lines).replace(" ", "") == kept.replace(" ", "")
    assert all(columns(line) <= max(width, 2) for line in lines)


def test_numbers_with_blanks_and_brackets_are_masked_and_times_are_not():
    assert safe("call +1 (202) 555-0100 now") == "call +1 (2•••0100 now"
    assert safe("２０２５ ＋12025550100") == "２０２５ ＋1202•••0100"
    assert safe("at 2030-07-30 18:06, order 20250730") == "at 2030-07-30 18:06, order 20250730"
