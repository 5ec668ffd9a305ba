"""`campaignops apply`: show the plan, ask for a typed "yes", carry it out, record every step."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from campaignops import applier
from campaignops.applier import Record, Result, Who
from campaignops.cli import approving, connection, events, guarding, planning, selecting, verdict
from campaignops.cli.checkpoint import Checkpointed
from campaignops.cli.commands.plan import show
from campaignops.cli.confirming import confirm
from campaignops.cli.entry import Failure
from campaignops.cli.events import Events
from campaignops.cli.guarding import Holds
from campaignops.cli.leaving import Leaving
from campaignops.cli.planning import Online
from campaignops.cli.screen import Screen
from campaignops.cli.watching import watching
from campaignops.cli.writing import Clock, Keeper, run_name
from campaignops.errors import CampaignOpsError, Interrupted, PartialError, UnresolvedError
from campaignops.project import Project
from campaignops.report import outcome_text, plan_json
from campaignops.state import Phase
from campaignops.store import Store


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0, 1 (nothing done), 4 (some done), 10 (refused), 11 (a person must resolve), 12 (locked), 130."""
    with events.to(args.events, shown) as lines:
        return _run(args, shown, failure, lines)


def _run(args: argparse.Namespace, shown: Screen, failure: Failure, lines: Events) -> int:
    leaving = failure.leave = Leaving(args, shown, failure)
    approval, args = approving.asked(args)
    project = selecting.project_of(args, failure)
    found = planning.read(project)
    store: Store = selecting.store_of(project)
    if args.checkpoint:
        store = Checkpointed(store, args.checkpoint)
    with store.lock("campaignops apply", args.lock_timeout), connection.connect(project) as session:
        recorded, version = store.read()
        selection, cases = selecting.selection_of(args), guarding.cases_of(args)
        made = planning.online(project, found, recorded, session, selection, cases)
        leaving.planned(project, made.plan, made.now_s)
        failure.document = plan_json.apply_document(made.plan, (), timezone=project.timezone)
        refused = verdict.refusal(made.plan)
        if not isinstance(refused, UnresolvedError):
            approval.check(made, project, selection, recorded)
        _show(made, project, shown, args)
        if refused:
            raise refused
        confirm(made.plan, project, shown, args)
        clock = Clock(made.skew_s)
        delivery = "staged" if selection.half == "draft" else project.pbx.delivery
        allowed, templates = guarding.permissions(made.plan, cases), planning.templates(made.plan)
        who = Who(run_name(), delivery, project.pbx.timeout_s, allowed, templates)
        keeper = Keeper(store, version, recorded, made.pbx)
        record = Record(recorded, keeper, who, clock)
        with watching(made.plan, shown, lines) as watch:
            try:
                if approval.saved:
                    keeper.use_up(approval.saved.digest)
                applier.refresh(record, made.live.status)
                holds = Holds(made, project, found.desired, cases, session, record, clock)
                applier.run(made.plan, record, session, watch, clock, holds)
            finally:
                told = leaving.results = tuple(watch.results.values())
                failure.document = plan_json.apply_document(made.plan, told, timezone=project.timezone)
                store.settle()
    if not shown.json and told:
        shown.answer("\n" + outcome_text.text(told, color=shown.color(shown.out)))
    if error := _error(told, record, interrupted=watch.is_stopped):
        raise error
    if shown.json:
        shown.document(failure.document)
    return 0


def _show(made: Online, project: Project, shown: Screen, args: argparse.Namespace) -> None:
    """With --json stdout is the document's alone; the plan that somebody says yes to then goes to stderr."""
    if not shown.json or not shown.quiet or not args.auto_approve:
        show(made.plan, project, shown, made.now_s, verbose=args.verbose > 0, to_err=shown.json)


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
    then = outcome_text.next_command(results)
    message = f"{len(left)} of {len(results)} changes were not applied; run `{then}` again"
    return PartialError(message) if done else CampaignOpsError(message, code="failed")
