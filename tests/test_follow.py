"""`status --watch`: what it shows while campaigns are sent, when it ends, and how that reads as an exit code."""

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

import pytest

from campaignops import sandbox
from campaignops.cli.commands import follow
from campaignops.cli.screen import Screen
from campaignops.errors import PbxError
from campaignops.report import live
from campaignops.report.status_text import StatusRow
from campaignops.sandbox.running import Sandbox
from campaignops.state import Phase
from tests.builders import a_campaign, an_entry
from tests.command_line import Project, a_text, writes

NOW_S = 1911222000
FAILING = "+8613800002222"
SALE = StatusRow("sale", "Sale", 7, "released", "scheduled", 0, 0, time_s=NOW_S + 60, people=10)


def a_row(status: str | None, failed: int | None = None, total: int | None = None) -> StatusRow:
    return replace(SALE, status=status, failed=failed, total=total)


@dataclass
class Time:
    """Sleeping moves it on."""

    now_s: float = NOW_S
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.now_s

    pbx_now = now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def watched(*looks: StatusRow | PbxError, timeout_s: float | None = None) -> tuple[bool, str, Time]:
    """What is shown of one campaign that looks like this, one look after another; the last look stays."""
    left, stream, time = list(looks), StringIO(), Time()

    def look() -> list[StatusRow]:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, PbxError):
            raise found
        return [found]

    shown = Screen(StringIO(), stream)
    return follow.follow(look, live.on(stream), time, timeout_s, shown), stream.getvalue(), time


def test_it_ends_when_nothing_moves_any_more_and_says_each_change_once():
    sending = a_row("executing", 0, 10)
    is_done, said, _ = watched(SALE, SALE, sending, sending, a_row("completed", 1, 10))
    assert is_done
    assert said == "sale  scheduled\nsale  executing\nsale  completed  9 sent, 1 failed\n"


def test_it_looks_often_only_while_something_is_sent_or_about_to_be():
    far = replace(SALE, time_s=NOW_S + 86400)
    _, _, time = watched(far, far, a_row("pending"), a_row("executing"), a_row("completed", 0, 1))
    assert time.slept == [30, 30, 5, 5]


def test_it_gives_up_when_the_time_is_up():
    is_done, _, time = watched(replace(SALE, time_s=NOW_S + 86400), timeout_s=100)
    assert not is_done
    assert sum(time.slept) == 100


def test_a_pbx_that_is_away_for_a_while_is_looked_at_again():
    away = PbxError("no answer")
    is_done, said, _ = watched(SALE, away, away, a_row("completed", 0, 10))
    assert is_done
    assert said.count("no answer; looking again") == 2


@pytest.mark.parametrize(
    "looks", [[PbxError("first")], [SALE, PbxError("away")], [SALE, PbxError("no", code="login"), SALE]]
)
def test_a_pbx_that_stays_away_or_refuses_the_login_ends_it(looks):
    with pytest.raises(PbxError):
        watched(*looks)


@pytest.mark.parametrize(
    ("row", "entry", "code"),
    [
        (a_row("completed", 0, 3), {}, None),
        (a_row("completed", 1, 3), {}, 4),
        (a_row("completed"), {}, 4),
        (a_row("stop", 0, 3), {}, 4),
        (a_row(None), {}, 4),
        (a_row(None), {"status": "completed"}, None),
        (a_row("draft"), {"send": "draft"}, None),
        (a_row("draft"), {"phase": Phase.BOUND}, 4),
        (a_row("completed", 1, 3), {"status": "completed"}, None),
    ],
)
def test_the_exit_code_says_how_it_went(row, entry, code):
    recorded = an_entry(a_campaign("sale"), **entry)
    error = follow.verdict([row], [recorded], (), is_done=True)
    assert (error.exit_code if error else None) == code


def test_history_is_judged_again_only_where_it_is_asked_for():
    recorded = an_entry(a_campaign("sale"), status="completed")
    error = follow.verdict([a_row("completed", 1, 3)], [recorded], ["sale"], is_done=True)
    assert error is not None
    assert error.message == "`sale`: 1 of 3 failed"


# how it looks


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (a_row("scheduled", 0, 0), 0),
        (a_row("executing", 0, 4), 0.4),
        (a_row("executing", 0, 10), None),
        (replace(a_row("executing", 0, 4), people=None), None),
        (a_row("completed", 2, 10), 1),
    ],
)
def test_a_bar_shows_only_what_the_pbx_counts(row, part):
    assert live.done_part(row) == part


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_table_with_bars_that_goes_when_it_ends(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    with live.on(stream) as display:
        display.show([a_row("executing", 0, 4), replace(SALE, key="späť[red]")], NOW_S)
        drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "KEY" in drawn
    assert re.search(r"sale +executing +━+", drawn)
    assert "späť[red]" in drawn
    assert "(in 1 min)" in drawn
    assert "\x1b[?25h" in stream.getvalue(), "the cursor is back"


# the command


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start(seed={"failing": {FAILING: -1}}) as pbx:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", pbx.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", pbx.client_secret)
        yield pbx


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    return Project(tmp_path / "project", box.url)


def test_a_watch_of_what_is_done_shows_the_result_and_ends(project, box):
    project.campaigns(good=a_text(send="now"), draft=a_text())
    project.apply()
    box.advance(60)
    before = writes(box)
    ran = project.run("status", "--watch", "--json")
    assert ran.code == 0, ran.err
    assert [(each["key"], each["sent"], each["total"]) for each in ran.document["campaigns"]] == [
        ("draft", 0, 0),
        ("good", 1, 1),
    ]
    assert writes(box) == before


def test_a_watch_tells_failures_and_a_time_that_is_up(project, box):
    project.campaigns(bad=a_text(send="now", recipients={"numbers": [FAILING, "+8613800001111"]}))
    project.apply()
    box.advance(60)
    ran = project.run("status", "--watch")
    assert (ran.code, "`bad`: 1 of 2 failed" in ran.err, "1/1/2" in ran.out) == (4, True, True)
    project.campaigns(later=a_text(send={"at": int(box.now() + 9000)}))
    project.apply()
    late = project.run("status", "--watch", "--timeout", "10ms", "--json")
    assert (late.code, late.document["error"]["code"]) == (1, "timeout")
    assert [each["key"] for each in late.document["campaigns"]] == ["bad", "later"]
    assert project.run("status", "--timeout", "5s").code == 64


def test_ctrl_c_ends_a_watch_with_130_and_gives_the_token_back(project, box):
    project.campaigns(later=a_text(send={"at": int(box.now() + 9000)}))
    project.apply()
    running = project.start("status", "--watch")
    assert running.stderr is not None
    assert running.stderr.readline() == "later  scheduled\n"
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert running.returncode == 130
    assert box.tokens_alive() == 0
