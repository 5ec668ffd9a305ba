"""`campaignops apply`: show the plan, ask for a typed "yes", carry it out, record every step."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from campaignops import apply
from campaignops.apply import Record, Result, Who
from campaignops.cli import connection, planning
from campaignops.cli.entry import Failure
from campaignops.cli.plan import show
from campaignops.cli.planning import Online
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError, Interrupted, UnresolvedError
from campaignops.plan import ACTIONS, History, Plan, Unchanged
from campaignops.project import Project
from campaignops.report import outcome_text, plan_json, plan_text, progress
from campaignops.report.progress import Progress
from campaignops.state import Entry, Pbx, Phase, State
from campaignops.store import Store, Version, Write

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0, 1 (nothing done), 4 (some done), 10 (refused), 11 (a person must resolve), 12 (locked), 130."""
    project = planning.project_of(args)
    failure.root = project.root
    found = planning.read(project)
    store = planning.store_of(project)
    with store.lock("campaignops apply", args.lock_timeout), connection.connect(project) as session:
        recorded, version = store.read()
        made = planning.online(project, found, recorded, session, planning.selection_of(args))
        failure.document = plan_json.apply_document(made.plan, (), timezone=project.timezone)
        _show(made.plan, project, shown, verbose=args.verbose > 0)
        if refused := planning.verdict(made.plan):
            raise refused
        if made.plan.effects and not args.auto_approve:
            _confirm(made.plan, shown)
        clock = _Clock(made.skew_s)
        who = Who(os.urandom(8).hex(), project.pbx.delivery)
        record = Record(recorded, _Keeper(store, version, recorded, made.pbx), who, clock)
        with _watching(made.plan, shown) as watch:
            try:
                apply.refresh(record, made.live.status)
                results = apply.run(made.plan, record, session, watch, clock)
            finally:
                store.settle()
    return _tell(made, results, record, watch, shown, failure, project)


@dataclass(slots=True)
class _Keeper:
    """Makes the steps of one run durable, each from the version that the last one left."""

    store: Store
    version: Version
    recorded: State
    pbx: Pbx

    def __call__(self, key: str, entry: Entry | None, *, moved_from: str | None = None) -> None:
        pbx = self.pbx if self.pbx != self.recorded.pbx else None
        write = Write(key, entry, pbx, moved_from)
        self.version = self.store.cas(self.version, self.recorded, write)


@dataclass(frozen=True, slots=True)
class _Clock:
    skew_s: float

    def now(self) -> float:
        return time.time()

    def pbx_now(self) -> float:
        return time.time() + self.skew_s

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(slots=True)
class _Watch:
    """Shows each step and result, and knows whether a signal came."""

    bar: Progress
    shown: Screen
    actions: dict[str, str]
    is_stopped: bool = False
    _done: int = 0
    _width: int = field(default=0)

    def step(self, key: str, what: str) -> None:
        if self.shown.err.isatty() or self.shown.verbosity > 0:
            self.bar.step(f"{key}: {what}")

    def result(self, result: Result) -> None:
        if result.key not in self.actions:
            return
        self._done += 1
        total, color = len(self.actions), self.shown.color(self.shown.err)
        action = self.actions[result.key]
        self.bar.line(
            outcome_text.line(self._done, total, action, result, key_width=self._width, color=color)
        )
        self.bar.advance()

    def should_stop(self) -> bool:
        return self.is_stopped

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """The first signal lets the running call end; the second ends the process where it stands: all is on disk."""
        if self.is_stopped:
            raise KeyboardInterrupt
        self.is_stopped = True
        self.bar.line("stopping after the call that is under way; once more to stop at once")


@contextmanager
def _watching(plan: Plan, shown: Screen) -> Iterator[_Watch]:
    actions = {c.key: ACTIONS[type(c)] for c in plan.changes if _is_shown(c)}
    color = shown.color(shown.err)
    with progress.on(shown.err, len(actions) or None, quiet=shown.quiet or not actions, color=color) as bar:
        watch = _Watch(bar, shown, actions, _width=outcome_text.key_width(actions))
        before = {number: signal.signal(number, watch.stop) for number in _SIGNALS}
        try:
            yield watch
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _is_shown(change: object) -> bool:
    return not isinstance(change, Unchanged | History) or change.moved_from is not None


def _show(plan: Plan, project: Project, shown: Screen, *, verbose: bool) -> None:
    """With --json stdout is the document's alone; the plan that somebody says yes to then goes to stderr."""
    if not shown.json:
        show(plan, project, shown, verbose=verbose)
    elif not shown.quiet:
        show(plan, project, shown, verbose=verbose, to_err=True)


def _confirm(plan: Plan, shown: Screen) -> None:
    shown.err.write(f"\n{plan_text.summary(plan)}\nWhat is sent cannot be taken back. Type yes to do this: ")
    shown.err.flush()
    typed = sys.stdin.readline() if sys.stdin else ""
    if typed.strip() != "yes":
        if not typed:
            shown.warn("")
        hint = "" if typed else "; without a terminal, use --auto-approve"
        raise CampaignOpsError(f"not confirmed, nothing was done{hint}", code="not_confirmed")


def _tell(
    made: Online,
    results: Sequence[Result],
    record: Record,
    watch: _Watch,
    shown: Screen,
    failure: Failure,
    project: Project,
) -> int:
    told = [result for result in results if result.key in watch.actions]
    failure.document = plan_json.apply_document(made.plan, results, timezone=project.timezone)
    if not shown.json and told:
        shown.answer("\n" + outcome_text.text(told, color=shown.color(shown.out)))
    if error := _error(told, record, interrupted=watch.is_stopped):
        raise error
    if shown.json:
        shown.document(failure.document)
    return 0


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
