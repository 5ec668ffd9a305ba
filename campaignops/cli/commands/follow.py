"""`campaignops status --watch`: look again until all is done, and say by the exit code how it went. It only reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError, PartialError, PbxError
from campaignops.report.live import Display
from campaignops.report.status_text import StatusRow
from campaignops.state import BEGUN, Entry

Look = Callable[[], Sequence[StatusRow]]

_SOON_S, _LATER_S = 5.0, 30.0  # between two looks: while something is sent or about to be, and while all wait
_NEAR_S = 120
_BEARS = 5  # looks in a row that may fail: a watch is long, and a PBX is sometimes away


class Clock(Protocol):
    def now(self) -> float: ...
    def pbx_now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


def follow(look: Look, display: Display, clock: Clock, timeout_s: float | None, shown: Screen) -> bool:
    """Show what `look` says until nothing moves any more: True; or until `timeout_s` has passed: False."""
    until_s = None if timeout_s is None else clock.now() + timeout_s
    failed = 0
    rows: Sequence[StatusRow] = ()
    with display:
        while True:
            try:
                rows, failed = look(), 0
            except PbxError as error:
                failed += 1
                if failed > _BEARS or error.code == "login" or not rows:
                    raise
                shown.say(f"{error.message}; looking again")
            display.show(rows, clock.pbx_now())
            if not failed and all(map(is_over, rows)):
                return True
            left_s = None if until_s is None else until_s - clock.now()
            if left_s is not None and left_s <= 0:
                return False
            _wait(_pause_s(rows, clock.pbx_now()), left_s, rows, display, clock)


def is_over(row: StatusRow) -> bool:
    """Whether nothing more happens to it by itself. A draft waits for a person."""
    return row.status in (None, "draft", "completed", "stop")


def problem(row: StatusRow, entry: Entry) -> str | None:
    """Why what is over did not go well, if so."""
    if row.status is None:
        return None if entry.status in BEGUN else "it is not on the PBX"
    if row.status == "stop":
        return "the PBX stopped it"
    if row.status == "draft":
        return None if entry.send == "draft" else "it was not released"
    if row.failed is None:
        return "the PBX does not say how many failed"
    return f"{row.failed:,} of {row.total:,} failed" if row.failed and row.total is not None else None


def verdict(
    rows: Sequence[StatusRow], entries: Sequence[Entry], named: Collection[str], *, is_done: bool
) -> CampaignOpsError | None:
    """What the exit code says. What was history before, and is not asked for by name, is not judged again."""
    if not is_done:
        left = sum(not is_over(row) for row in rows)
        return CampaignOpsError(f"{left} of {len(rows)} are not done; the time is up", code="timeout")
    judged = [(r, e) for r, e in zip(rows, entries, strict=True) if named or e.status not in BEGUN]
    wrong = [f"`{row.key}`: {why}" for row, entry in judged if (why := problem(row, entry))]
    return PartialError("; ".join(wrong)) if wrong else None


def _pause_s(rows: Sequence[StatusRow], now_s: float) -> float:
    waiting = [row for row in rows if not is_over(row)]
    is_near = any(
        row.status != "scheduled" or row.time_s is None or row.time_s - now_s < _NEAR_S for row in waiting
    )
    return _SOON_S if is_near else _LATER_S


def _wait(
    pause_s: float, left_s: float | None, rows: Sequence[StatusRow], display: Display, clock: Clock
) -> None:
    pause_s = pause_s if left_s is None else min(pause_s, left_s)
    while pause_s > 0 and display.is_live:  # the times from now go on
        clock.sleep(min(pause_s, 1.0))
        pause_s -= 1.0
        display.show(rows, clock.pbx_now())
    if pause_s > 0:
        clock.sleep(pause_s)
