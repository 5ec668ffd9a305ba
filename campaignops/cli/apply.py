"""`campaignops apply`: show the plan, ask for a typed "yes", carry it out, record every step."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from campaignops import apply
from campaignops.apply import Record, Result, Who
from campaignops.cli import connection, planning
from campaignops.cli.entry import Failure, StopAtOnce
from campaignops.cli.plan import show
from campaignops.cli.planning import Online
from campaignops.cli.screen import Screen
from campaignops.cli.writing import Clock, Keeper, run_name
from campaignops.errors import CampaignOpsError, Interrupted, UnresolvedError
from campaignops.plan import ACTIONS, Plan
from campaignops.project import Project
from campaignops.report import outcome_text, plan_json, plan_text, progress
from campaignops.report.progress import Progress
from campaignops.state import Phase

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STOPPING = b"\nstopping after the call that is under way; once more to stop at once\n"
_STOPPED = "stopped at once; the call that was under way may have happened, and the next apply finds out"


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0, 1 (nothing done), 4 (some done), 10 (refused), 11 (a person must resolve), 12 (locked), 130."""
    project = planning.project_of(args, failure)
    found = planning.read(project)
    store = planning.store_of(project)
    with store.lock("campaignops apply", args.lock_timeout), connection.connect(project) as session:
        recorded, version = store.read()
        made = planning.online(project, found, recorded, session, planning.selection_of(args))
        failure.document = plan_json.apply_document(made.plan, (), timezone=project.timezone)
        _show(made, project, shown, args)
        if refused := planning.verdict(made.plan):
            raise refused
        if made.plan.effects and not args.auto_approve:
            _confirm(made.plan, shown)
        clock = Clock(made.skew_s)
        who = Who(run_name(), project.pbx.delivery, project.pbx.timeout_s)
        record = Record(recorded, Keeper(store, version, recorded, made.pbx), who, clock)
        with _watching(made.plan, shown) as watch:
            try:
                apply.refresh(record, made.live.status)
                apply.run(made.plan, record, session, watch, clock)
            finally:
                store.settle()
                told = tuple(watch.results.values())
                failure.document = plan_json.apply_document(made.plan, told, timezone=project.timezone)
    if not shown.json and told:
        shown.answer("\n" + outcome_text.text(told, color=shown.color(shown.out)))
    if error := _error(told, record, interrupted=watch.is_stopped):
        raise error
    if shown.json:
        shown.document(failure.document)
    return 0


@dataclass(slots=True)
class _Watch:
    """Shows each step and result of the changes that do something, and knows whether a signal came."""

    bar: Progress
    shown: Screen
    actions: dict[str, str]
    is_stopped: bool = False
    results: dict[str, Result] = field(default_factory=dict)
    _step: tuple[str, str] = ("", "")

    def step(self, key: str, what: str) -> None:
        self._step = key, what
        if self.shown.err.isatty() or self.shown.verbosity > 0:
            self.bar.step(f"{key}: {what}")

    def result(self, result: Result) -> None:
        if result.key not in self.actions:
            return
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
def _watching(plan: Plan, shown: Screen) -> Iterator[_Watch]:
    actions = {change.key: ACTIONS[type(change)] for change in planning.pending(plan)}
    color = shown.color(shown.err)
    with progress.on(shown.err, len(actions) or None, quiet=shown.quiet or not actions, color=color) as bar:
        watch = _Watch(bar, shown, actions)
        before = {number: signal.signal(number, watch.stop) for number in _SIGNALS}
        try:
            yield watch
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _show(made: Online, project: Project, shown: Screen, args: argparse.Namespace) -> None:
    """With --json stdout is the document's alone; the plan that somebody says yes to then goes to stderr."""
    if not shown.json or not shown.quiet or not args.auto_approve:
        show(made.plan, project, shown, made.now_s, verbose=args.verbose > 0, to_err=shown.json)


def _confirm(plan: Plan, shown: Screen) -> None:
    shown.err.write(f"\n{plan_text.summary(plan)}\nWhat is sent cannot be taken back. Type yes to do this: ")
    shown.err.flush()
    typed = sys.stdin.readline() if sys.stdin else ""
    if typed.strip() != "yes":
        if not typed:
            shown.warn("")
        hint = "" if typed else "; without a terminal, use --auto-approve"
        raise CampaignOpsError(f"not confirmed, nothing was done{hint}", code="not_confirmed")


def _error(results: Sequence[Result], record: Record, *, interrupted: bool) -> CampaignOpsError | None:
    """What the exit code says: a person must resolve, interrupted, some or none were applied."""
    left = [result for result in results if result.outcome != "done"]
    stuck = [r.key for r in left if r.key in record.entries and record.entries[r.key].phase is Phase.STUCK]
    if stuck:
        return UnresolvedError(f"the outcome of a create is unknown: campaignops resolve {stuck[0]}")
    if interrupted and left:
        return Interrupted("interrupted; what is done is recorded, and the next apply goes on from there")
    if not left:
        return None
    done = len(results) - len(left)
    message = f"{len(left)} of {len(results)} changes were not applied; run `campaignops apply` again"
    return PartlyApplied(message) if done else CampaignOpsError(message, code="failed")


class PartlyApplied(CampaignOpsError):
    exit_code = 4
    default_code = "partial"
