"""`campaignops halt [KEY…]`: the emergency stop. It needs settings, state and PBX, but no manifest that holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from campaignops import applier
from campaignops.applier import Record, Result, halt
from campaignops.applier.halt import Stopped
from campaignops.cli import selecting
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.cli.writing import Clock, keeping, recording
from campaignops.errors import CampaignOpsError, LockedError, PartialError, PbxError
from campaignops.pbx.session import Listed, Session
from campaignops.project import Project
from campaignops.report.plain import safe, safe_strictly
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.report.when import distance, moment
from campaignops.state import Entry, is_test

_GOING_OUT = ("executing", "retrying")
_LIFT = "No apply releases what is halted. To let it go: campaignops halt --lift KEY, then plan and apply.\n"


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when nothing goes out any more, 4 when something still does or may, 12 while another run is at work."""
    project = selecting.project_of(args, failure)
    if args.lift:
        return _lift(args, project, shown)
    done: list[Stopped] = []
    failure.document = _document(done)
    try:
        with keeping(project, "campaignops halt", args.lock_timeout) as (record, session):
            live = {row.id: row for row in session.listed()}
            applier.refresh(record, {i: row.status for i, row in live.items()})
            chosen = _chosen(record, args)
            clock = _clock_of(session)
            todo = halt.waiting(chosen, live, clock.pbx_now())
            begun = _begun(chosen, live)
            if todo and not args.auto_approve:
                _confirm(todo, begun, shown, project, clock)
            for stopped in (*begun, *halt.stop(todo, record, session, _Silent(), clock)):
                done.append(stopped)
                failure.document = _document(done)
                if not shown.json:
                    shown.answer(f"{_line(stopped)}\n")
    except PbxError as error:
        raise _halted_here(args, project, shown, error) from None
    except LockedError as held:
        text = f"{held.message}. End that run first (Ctrl-C there), then halt again: what it did is recorded"
        raise LockedError(text) from None
    return _tell(done, shown)


@dataclass(frozen=True, slots=True)
class _Silent:
    """A halt shows what came of each campaign, and goes on to its end."""

    def step(self, key: str, what: str) -> None: ...
    def result(self, result: Result) -> None: ...
    def should_stop(self) -> bool:
        return False


def _chosen(record: Record, args: argparse.Namespace) -> list[Entry]:
    real = [entry for entry in record.entries.values() if not is_test(entry.key)]
    return selecting.chosen(real, lambda entry: entry.key, args)


def _halted_here(
    args: argparse.Namespace, project: Project, shown: Screen, error: PbxError
) -> CampaignOpsError:
    """Without the PBX nothing can be called back, but the applies of this state can be kept from releasing more."""
    clock = Clock()
    with recording(project, "campaignops halt", args.lock_timeout) as record:
        todo = halt.waiting(_chosen(record, args), {}, clock.now())
        if todo and not args.auto_approve:
            _confirm(todo, [], shown, project, clock)
        marked = [halt.mark(entry, record, clock) for entry in todo]
    text = (
        f"{error.message}. No apply releases {len(marked):,} of the recorded campaigns any more, but what is scheduled "
        "on the PBX is sent there: halt again as soon as it answers, or stop it in the portal"
    )
    return PbxError(text, code=error.code)


def _clock_of(session: Session) -> Clock:
    ours_s, theirs_s = Clock().now(), session.device().time_s
    return Clock(0.0 if theirs_s is None else theirs_s - ours_s)


def _begun(entries: list[Entry], live: Mapping[int, Listed]) -> list[Stopped]:
    return [
        Stopped(entry.key, entry.id, "begun", f"it is {row.status} and cannot be stopped any more")
        for entry in entries
        if (row := live.get(entry.id or 0)) is not None and row.status in _GOING_OUT
    ]


def _confirm(todo: list[Entry], begun: list[Stopped], shown: Screen, project: Project, clock: Clock) -> None:
    lines = [
        "This turns back into drafts, and keeps every apply from releasing:",
        *_listed(todo, project, clock),
    ]
    if begun:
        lines += ["Cannot be stopped any more:", *(f"  {safe(each.key)}   id {each.id}" for each in begun)]
    shown.err.write("\n".join([*lines, "Type yes to do this: "]))
    shown.err.flush()
    if (sys.stdin.readline() if sys.stdin else "").strip() != "yes":
        hint = "without a terminal, use --auto-approve"
        raise CampaignOpsError(f"not confirmed, nothing was done; {hint}", code="not_confirmed")


def _listed(todo: list[Entry], project: Project, clock: Clock) -> Iterator[str]:
    for entry in todo:
        when = "when it is applied"
        if entry.time_s is not None:
            when = f"{moment(entry.time_s, project.timezone)} ({distance(entry.time_s, clock.pbx_now())})"
        people = "" if entry.recipients is None else f"   {entry.recipients:,} people"
        yield f"  {safe(entry.key)}   {entry.status or entry.phase}   {when}{people}"


def _line(stopped: Stopped) -> str:
    where = "" if stopped.id is None else f"   id {stopped.id}"
    return f"{stopped.outcome:8}{safe(stopped.key)}{where}   {safe_strictly(stopped.message)}"


def _tell(done: list[Stopped], shown: Screen) -> int:
    left = sum(each.outcome != "halted" for each in done)
    if done and not shown.json:
        shown.answer(f"\n{_LIFT}")
    if left:
        raise PartialError(f"{left:,} of {len(done):,} went out, or still may")
    if shown.json:
        shown.document(_document(done))
    elif not done:
        shown.answer("Nothing that is recorded is waiting to be sent.\n")
    return 0


def _lift(args: argparse.Namespace, project: Project, shown: Screen) -> int:
    with recording(project, "campaignops halt --lift", args.lock_timeout) as record:
        halted = [entry for entry in record.entries.values() if entry.halted]
        lifted = halt.lift(selecting.chosen(halted, lambda entry: entry.key, args), record)
    if shown.json:
        rows = [{"key": entry.key, "id": entry.id} for entry in lifted]
        shown.document({"schema_version": SCHEMA_VERSION, "kind": "halt", "lifted": rows})
        return 0
    lines = [f"lifted  {safe(entry.key)}" for entry in lifted] or ["Nothing is halted."]
    more = ["", "Nothing was sent: the next apply releases them. Next: campaignops plan"] if lifted else []
    shown.answer("\n".join([*lines, *more]) + "\n")
    return 0


def _document(done: list[Stopped]) -> dict[str, Any]:
    rows = [
        {"key": each.key, "id": each.id, "outcome": each.outcome, "message": safe_strictly(each.message)}
        for each in done
    ]
    return {"schema_version": SCHEMA_VERSION, "kind": "halt", "campaigns": rows}
