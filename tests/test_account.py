"""What came of a campaign: planned against actual, and nothing said that the PBX does not tell."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campaignops import sandbox
from campaignops.report import account
from campaignops.report.account import Account
from campaignops.report.status_text import StatusRow
from campaignops.sandbox.running import Sandbox
from tests.command_line import Project, a_text

NOW_S, TIME_S = 1911744000, 1911657960
FAILING = "+8613800002222"
DONE = StatusRow(
    "sale",
    "SummerSale",
    251,
    "released",
    "completed",
    1,
    3,
    "12%",
    TIME_S,
    people=3,
    at="2030-07-25T15:00:00+00:00",
)


def an_account(send: str = "at", time_s: int | None = TIME_S, **now: Any) -> Account:
    return Account("sms", send, time_s, "Europe/Berlin", replace(DONE, **now))


def test_a_completed_campaign():
    assert account.text([an_account()], now_s=NOW_S) == (
        "sale   SMS   id 251   completed\n"
        "  name      SummerSale\n"
        "            planned                              actual\n"
        "  people    3                                    3\n"
        "  sent                                           2\n"
        "  failed                                         1   (33.3%)\n"
        "  replies                                        12%\n"
        "  send      Tue 2030-07-30 18:06 Europe/Berlin   Tue 2030-07-30 18:06 Europe/Berlin\n"
        "  The PBX does not tell when the first message went out, nor when the last did.\n"
        "  Next: campaignops retry sale\n"
    )


@pytest.mark.parametrize(
    ("each", "differences"),
    [
        (an_account(), ()),
        (an_account(total=4), ("people",)),
        (an_account(people=None), ()),
        (an_account(status="draft", total=0), ()),
        (an_account(time_s=TIME_S - 60), ("send_time",)),
        (an_account(send="now", time_s=None), ()),
    ],
)
def test_only_what_both_tell_can_differ(each, differences):
    assert each.differences == differences
    assert account.document([each])["campaigns"][0]["differences"] == list(differences)


def test_before_it_begins_nothing_is_actual_yet():
    waiting = an_account(status="scheduled", failed=0, total=0)
    shown = account.text([waiting], now_s=TIME_S - 3600)
    assert "It is sent in 1 h." in shown
    assert "failed                                         –" in shown
    actual = account.document([waiting])["campaigns"][0]["actual"]
    assert (actual["people"], actual["sent"], actual["failed"], actual["reply_rate"]) == (
        None,
        None,
        None,
        None,
    )


def test_nothing_recorded_is_a_sentence():
    assert account.text([], now_s=NOW_S) == "No campaign is recorded.\n"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start(seed={"failing": {FAILING: -1}}) as pbx:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", pbx.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", pbx.client_secret)
        yield pbx


def test_the_command_tells_what_was_planned_and_what_came_of_it(tmp_path: Path, box: Sandbox):
    project = Project(tmp_path / "project", box.url)
    numbers = ["+8613800001111", FAILING]
    project.campaigns(sale=a_text(send="now", recipients={"numbers": numbers}), draft=a_text())
    project.apply()
    box.advance(60)
    ran = project.run("report", "sale", "--json")
    (row,) = ran.document["campaigns"]
    assert row["planned"] == {"people": 2, "send": "now", "send_time": None}
    assert (row["actual"]["sent"], row["actual"]["failed"]) == (1, 1)
    assert not any(number in json.dumps(ran.document) for number in numbers)
    text = project.run("report").out
    assert "kept as a draft" in text
    assert "Next: campaignops retry sale" in text
    assert project.run("report", "none").code == 64
