"""Progress on the stream it is given (stderr): a bar on a terminal, plain lines elsewhere. The only user of rich."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from campaignops.report.plain import safe

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress


class _Display(Protocol):
    def start(self) -> None: ...
    def step(self, label: str, done: int) -> None: ...
    def advance(self, done: int) -> None: ...
    def line(self, text: str) -> None: ...
    def stop(self) -> None: ...


class Progress:
    """`with progress.on(sys.stderr, 4) as bar:`, then for each part `bar.step("create spring"); …; bar.advance()`."""

    def __init__(self, display: _Display) -> None:
        self._display = display
        self._done = 0

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.stop()

    def step(self, label: str) -> None:
        """Say what begins now."""
        self._display.step(safe(label), self._done)

    def advance(self, parts: int = 1) -> None:
        """Say that what began is over."""
        self._done += parts
        self._display.advance(self._done)

    def line(self, text: str) -> None:
        """A line of its own, above the bar; `text` is one of this package's, so it is safe already."""
        self._display.line(text)


def on(stream: TextIO, total: int | None, *, quiet: bool = False, color: bool = True) -> Progress:
    """Progress over `total` parts (None: not known how many). `quiet` shows nothing at all."""
    if quiet:
        return Progress(_Nothing())
    if not stream.isatty():
        return Progress(_Lines(stream, total))
    return Progress(_terminal(stream, total, color))


def _terminal(stream: TextIO, total: int | None, color: bool) -> _Display:
    from rich import console, progress  # noqa: PLC0415 - 45 ms of import that a pipe does not pay

    # Labels hold user text: brackets in it are not rich's markup.
    screen = console.Console(file=stream, markup=False, highlight=False, emoji=False, no_color=not color)
    if screen.is_dumb_terminal:
        return _Lines(stream, total)
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=24),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    return _Bar(progress.Progress(*columns, console=screen, transient=True), total)


class _Nothing:
    def start(self) -> None: ...
    def step(self, label: str, done: int) -> None: ...
    def advance(self, done: int) -> None: ...
    def line(self, text: str) -> None: ...
    def stop(self) -> None: ...


class _Lines:
    def __init__(self, stream: TextIO, total: int | None) -> None:
        self._stream = stream
        self._total = total

    def start(self) -> None: ...
    def advance(self, done: int) -> None: ...
    def stop(self) -> None: ...

    def step(self, label: str, done: int) -> None:
        self.line(f"[{done + 1}/{self._total}] {label}" if self._total else label)

    def line(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()


class _Bar:
    def __init__(self, rich: RichProgress, total: int | None) -> None:
        self._rich = rich
        self._task = rich.add_task("", total=total)

    def start(self) -> None:
        self._rich.start()

    def step(self, label: str, done: int) -> None:
        self._rich.update(self._task, description=label, refresh=True)

    def advance(self, done: int) -> None:
        self._rich.update(self._task, completed=done)

    def line(self, text: str) -> None:
        self._rich.console.out(text, highlight=False)  # neither wraps nor reads markup

    def stop(self) -> None:
        self._rich.stop()
