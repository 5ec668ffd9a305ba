"""What an apply, a status and long work say: one line a change, counts, and the next command."""

import re
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

import pytest

from campaignops.report import outcome_text, progress, status_text
from campaignops.report.status_text import StatusRow, status_document

NOW_S = 1911222000


@dataclass(frozen=True)
class Result:
    key: str
    outcome: Any
    id: int | None = None
    message: str | None = None
    next_command: str | None = None


class Terminal(StringIO):
    def isatty(self):
        return True


def test_each_change_is_one_line_and_the_lines_align():
    results = [Result("spring-sale-de", "done", 231), Result("wa", "failed", None, "the PBX refused: busy")]
    width = outcome_text.key_width(result.key for result in results)
    actions = ("create", "update")
    lines = [
        outcome_text.line(n, 12, action, result, key_width=width)
        for n, (action, result) in enumerate(zip(actions, results, strict=True), start=1)
    ]
    assert lines == [
        "[ 1/12] create   spring-sale-de  done     id 231",
        "[ 2/12] update   wa              failed   the PBX refused: busy",
    ]


def test_the_summary_counts_and_says_nothing_more_when_all_is_done():
    assert outcome_text.text([Result("a", "done", 1)] * 3) == (
        "Applied: 3 done, 0 failed, 0 unknown, 0 skipped.\n"
    )


def test_the_summary_names_what_is_not_done_and_the_next_command():
    results = [
        Result("a", "done", 1),
        Result('sale["de"]', "unknown", None, "no answer after 120 s", "campaignops resolve"),
        Result("b", "failed", None, "refused"),
        Result("c", "skipped", None, "not attempted"),
    ]
    assert outcome_text.text(results) == (
        "Applied: 1 done, 1 failed, 1 unknown, 1 skipped.\n"
        "  failed   b           refused\n"
        '  unknown  sale["de"]  no answer after 120 s\n'
        "  skipped  c           not attempted\n"
        "\n"
        "Nothing was repeated where the outcome is unknown. Look at the PBX first, then decide:\n"
        "  campaignops resolve 'sale[\"de\"]'\n"
    )


def test_after_a_failure_the_next_command_is_apply():
    assert outcome_text.text([Result("b", "failed", None, "refused")]).endswith("Next: campaignops apply\n")


@pytest.mark.parametrize("outcome", ["failed", "unknown", "skipped"])
def test_what_an_apply_alone_cannot_settle_is_looked_at_with_a_plan(outcome):
    results = [
        Result("a", "unknown", 1, "no answer", "campaignops apply"),
        Result("b", outcome, 2, "it may have been sent", "campaignops plan"),
    ]
    assert outcome_text.text(results).endswith("Next: campaignops plan\n")
    assert outcome_text.text(results[:1]).endswith("Next: campaignops apply\n")


ROWS = [
    StatusRow(
        "spring-sale",
        "SpringSale",
        231,
        "released",
        "completed",
        2,
        1842,
        "12%",
        1911657960,
        "Europe/Berlin",
        people=1842,
        at="2030-07-25T13:00:00+00:00",
    ),
    StatusRow("日本", "x" * 60, None, "intent", None, at="2030-07-25T15:00:00+00:00"),
    StatusRow("half", "half", 7, "released", "executing", None, 5, is_halted=True),
]


def test_the_status_is_an_aligned_table():
    assert status_text.text(ROWS, now_s=NOW_S).splitlines() == [
        "KEY          NAME                                       ID"
        "  STATUS                   SENT/FAILED/TOTAL  REPLIES  "
        "SEND                                                 AGE",
        "spring-sale  SpringSale                                231"
        "  completed                    1,840/2/1,842      12%  "
        "Tue 2030-07-30 18:06 Europe/Berlin (in 5 d 1 h)      2 h",
        "日本         xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…    –"
        "  not on the PBX (intent)                  –        –  "
        "–                                                < 1 min",
        "half         half                                        7"
        "  executing (halted)                   ?/?/5        –  "
        "–                                                      –",
    ]


def test_how_many_were_sent_is_said_when_the_pbx_tells():
    counted = StatusRow("a", "a", 1, "released", "completed", 2, 5)
    assert counted.sent == 3
    for status in ("executing", "pending", "stop", None):
        assert replace(counted, status=status).sent is None
    assert replace(counted, status="scheduled").sent == 0
    assert replace(counted, failed=None).sent is None


def test_a_status_without_campaigns_is_a_sentence():
    assert status_text.text([], now_s=NOW_S) == "No campaign is recorded.\n"


def test_the_status_as_json():
    document = status_document(ROWS)
    assert (document["schema_version"], document["kind"]) == (1, "status")
    assert document["campaigns"][0] == {
        "key": "spring-sale",
        "id": 231,
        "name": "SpringSale",
        "phase": "released",
        "status": "completed",
        "sent": 1840,
        "failed": 2,
        "total": 1842,
        "reply_rate": "12%",
        "send_time": "2030-07-30T18:06:00+02:00",
        "recipients": 1842,
        "recorded_at": "2030-07-25T13:00:00+00:00",
        "halted": False,
    }
    assert document["campaigns"][1]["status"] is None
    assert document["campaigns"][1]["send_time"] is None


def work(stream, total=2, **other):
    with progress.on(stream, total, **other) as bar:
        bar.step("create [red]spring[/b]\x1b[2J")
        bar.advance()
        bar.line("[1/2] create   spring   done")
        bar.step("create summer")
        bar.advance()
    return stream.getvalue()


def test_progress_is_plain_lines_where_there_is_no_terminal():
    assert work(StringIO()) == (
        "[1/2] create [red]spring[/b]\\x1b[2J\n[1/2] create   spring   done\n[2/2] create summer\n"
    )
    assert work(StringIO(), None).startswith("create [red]spring")


def test_progress_is_a_bar_on_a_terminal_and_reads_no_markup(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    drawn = work(Terminal())
    assert "create [red]spring[/b]\\x1b[2J" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn)
    assert "[1/2] create   spring   done" in drawn
    assert "\x1b[2J" not in drawn


def test_a_dumb_terminal_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert work(Terminal()) == work(StringIO())


@pytest.mark.parametrize("stream", [StringIO, Terminal])
def test_quiet_says_nothing(stream):
    assert work(stream(), quiet=True) == ""


def test_progress_ends_with_an_error_and_lets_it_through(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with pytest.raises(KeyError), progress.on(stream, 1):
        raise KeyError
    assert "\x1b[?25h" in stream.getvalue()  # the cursor is back
