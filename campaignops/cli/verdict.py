"""What an apply of a plan would do, and why it may not. No PBX and no file."""

from __future__ import annotations

from campaignops import rules
from campaignops.cli import guarding
from campaignops.errors import CampaignOpsError, ProjectError, RefusedError, UnresolvedError
from campaignops.findings import has_errors
from campaignops.planner import AnyChange, History, Plan, Unchanged
from campaignops.report import findings as report


def is_pending(change: AnyChange) -> bool:
    """Something would be done: on the PBX, or in the state. Blocked is not done, but is not nothing."""
    return not isinstance(change, Unchanged | History) or change.is_recorded


def pending(made: Plan) -> tuple[AnyChange, ...]:
    """What an apply would do: the effects on the PBX, and what changes in the record alone."""
    return tuple(filter(is_pending, made.changes))


def refusal(made: Plan) -> CampaignOpsError | None:
    """Why this plan cannot be applied, if so: somebody must resolve, blocked, or findings that are errors."""
    stuck = [change.key for change in made.blocked if change.stuck]
    if stuck:
        return UnresolvedError(
            f"the outcome of {_counted(len(stuck), 'create')} is unknown: campaignops resolve {stuck[0]}"
        )
    if made.blocked:
        what = _counted(len(made.blocked), "change")
        return RefusedError(
            f"{what} blocked; nothing was done. Leave them out with --exclude KEY, or see the help above",
            code="blocked",
        )
    denied = [f.code for f in made.findings if f.severity == "error" and rules.is_code(f.code)]
    if denied:
        return RefusedError(f"your own rule {denied[0]} denies this plan; nothing was done", code="denied")
    if refused := guarding.refusal(made):
        return refused
    if has_errors(made.findings):
        return ProjectError(
            f"this plan cannot be applied: {report.count(made.findings, made.silenced)}. Nothing was done"
        )
    return None


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
