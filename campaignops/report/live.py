"""Statuses while they change, on the stream it is given (stderr): a table with a bar a campaign on a terminal, a line a
change elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from campaignops.report import status_text
from campaignops.report.plain import safe
from campaignops.report.status_text import StatusRow

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

_BAR_WIDTH = 20
_SENDING = ("executing", "retrying")


class Display(Protocol):
    """`is_live`: worth showing again each second, because it tells how long there is to wait."""

    is_live: bool

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, rows: Sequence[StatusRow], now_s: float) -> None: ...


def on(stream: TextIO, *, timezone: str = "UTC", color: bool = True) -> Display:
    """`timezone` is the project's."""
    if not stream.isatty():
        return _Lines(stream)
    from rich.console import Console  # noqa: PLC0415 - 45 ms of import that a pipe does not pay

    screen = Console(file=stream, markup=False, highlight=False, emoji=False, no_color=not color)
    return _Lines(stream) if screen.is_dumb_terminal else _Table(screen, timezone)


def done_part(row: StatusRow) -> float | None:
    """How much of a campaign is through, from 0 to 1; None while it sends and nobody can tell.

    Whether the PBX counts the messages up or gives the number of all from the start is documented nowhere. Only a
    number smaller than that of the recorded people is certainly a count.
    """
    if row.status == "completed":
        return 1.0
    if row.status not in _SENDING:
        return 0.0
    if row.total is None or not row.people or row.total >= row.people:
        return None
    return row.total / row.people


class _Lines:
    is_live = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def show(self, rows: Sequence[StatusRow], now_s: float) -> None:
        for row in rows:
            said = f"{status_text.status(row)}  {_counted(row)}".rstrip()
            if self._said.get(row.key) != said:
                self._said[row.key] = said
                self._stream.write(f"{safe(row.key)}  {said}\n")
        self._stream.flush()


def _counted(row: StatusRow) -> str:
    return "" if not row.total or row.sent is None else f"{row.sent:,} sent, {row.failed:,} failed"


class _Table:
    is_live = True

    def __init__(self, screen: Console, timezone: str) -> None:
        from rich.live import Live  # noqa: PLC0415

        self._timezone = timezone
        self._live: Live = Live(console=screen, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, rows: Sequence[StatusRow], now_s: float) -> None:
        self._live.update(self._table(rows, now_s), refresh=True)

    def _table(self, rows: Sequence[StatusRow], now_s: float) -> Table:
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("KEY", "STATUS", "", "SENT/FAILED/TOTAL", "SEND"):
            table.add_column(heading, no_wrap=True, justify="right" if "/" in heading else "left")
        for row in rows:
            part = done_part(row)
            style = "red" if row.failed else "bar.finished"
            bar = ProgressBar(
                1.0, part or 0.0, _BAR_WIDTH, pulse=part is None, finished_style=style, animation_time=now_s
            )
            when = status_text.sends(row, now_s, self._timezone)
            table.add_row(safe(row.key), status_text.status(row), bar, status_text.counts(row), when)
        return table
