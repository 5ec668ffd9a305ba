"""What a run of an apply shows while it goes on, and how a signal ends it. It knows no PBX and no state."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from campaignops.applier import Result
from campaignops.cli import verdict
from campaignops.cli.entry import StopAtOnce
from campaignops.cli.events import Events
from campaignops.cli.screen import Screen
from campaignops.planner import ACTIONS, Plan
from campaignops.report import outcome_text, progress
from campaignops.report.progress import Progress

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STOPPING = b"\nstopping after the call that is under way; once more to stop at once\n"
_STOPPED = "stopped at once; the call that was under way may have happened, and the next apply finds out"


@dataclass(slots=True)
class Watching:
    """Shows each step and result of the changes that do something, and knows whether a signal came."""

    bar: Progress
    shown: Screen
    actions: dict[str, str]
    events: Events
    is_stopped: bool = False
    results: dict[str, Result] = field(default_factory=dict)
    _step: tuple[str, str] = ("", "")

    def step(self, key: str, what: str) -> None:
        self._step = key, what
        self.events.step(key, what)
        if self.shown.err.isatty() or self.shown.verbosity > 0:
            self.bar.step(f"{key}: {what}")

    def result(self, result: Result) -> None:
        if result.key not in self.actions:
            return
        self.events.result(result)
        self.results[result.key] = result
        number, total, action = len(self.results), len(self.actions), self.actions[result.key]
        width, color = outcome_text.key_width(self.actions), self.shown.color(self.shown.err)
        self.bar.line(outcome_text.line(number, total, action, result, key_width=width, color=color))
        self.bar.advance()

    def should_stop(self) -> bool:
        return self.is_stopped

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """The first signal lets the running call end; the second ends the run where it stands: all is on disk."""
        if self.is_stopped:
            key, what = self._step
            if key in self.actions:
                self.results.setdefault(key, Result(key, "unknown", message=f"stopped during {what}"))
            raise StopAtOnce(_STOPPED)
        self.is_stopped = True
        # Not through the stream: the signal may have come in the midst of a write.
        with suppress(OSError, ValueError):
            os.write(self.shown.err.fileno(), _STOPPING)


@contextmanager
def watching(plan: Plan, shown: Screen, events: Events) -> Iterator[Watching]:
    """A watch over `plan` that takes the signals of the process as long as it lasts."""
    events.begin(plan)
    actions = {change.key: ACTIONS[type(change)] for change in verdict.pending(plan)}
    color = shown.color(shown.err)
    with progress.on(shown.err, len(actions) or None, quiet=shown.quiet or not actions, color=color) as bar:
        watch = Watching(bar, shown, actions, events)
        # Python takes signals in its main thread only, and a program that uses us may be in another.
        mine = _SIGNALS if threading.current_thread() is threading.main_thread() else ()
        before = {number: signal.signal(number, watch.stop) for number in mine}
        try:
            yield watch
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
