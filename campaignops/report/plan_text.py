"""A plan as a person reads it before saying yes: one block a change in the order of execution, then one count line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from campaignops.planner import ACTIONS, AnyChange, Create, History, Plan, Unchanged, Update
from campaignops.report import reach
from campaignops.report.findings import located
from campaignops.report.frame import Frame
from campaignops.report.paint import Style, paint
from campaignops.report.plain import safe
from campaignops.report.rows import rows

SYMBOLS = {
    "create": "+",
    "update": "~",
    "delete": "-",
    "blocked": "!",
    "none": "·",
    "history": "·",
    "refresh": "↻",
}
_STYLES: dict[str, Style] = {
    "create": "green",
    "update": "yellow",
    "delete": "red",
    "blocked": "red",
    "none": "dim",
    "history": "dim",
    "refresh": "yellow",
}
_TYPES = {"sms": "SMS", "whatsapp": "WhatsApp"}
_DRIFT = "Changed on the PBX since the last apply; apply brings back what the manifests say:"


def text(
    plan: Plan,
    *,
    now_s: float,
    color: bool,
    pbx: str,
    timezone: str = "UTC",
    verbose: bool = False,
    folder: str = "",
) -> str:
    """The whole plan. `pbx` says which PBX, `timezone` is the project's, `folder` stands before the names of files.

    What does not change is only counted, unless `verbose`.
    """
    frame = Frame(now_s, timezone, paint(color), verbose)
    shown = [c for c in plan.changes if verbose or not _is_quiet(c)]
    drifted = [c for c in shown if is_drift(c)]
    blocks = [_block(c, frame, folder, plan) for c in shown if not is_drift(c)]
    if drifted:
        blocks += [f"  {frame.style(_DRIFT, 'bold')}", *(_block(c, frame, folder, plan) for c in drifted)]
    whole = list(reach.refused((each for each in plan.refusals if each.key is None), frame))
    blocks += ["\n".join(f"  {frame.style('!', 'red')} {row}" for row in whole)] if whole else []
    parts = [*_head(plan, pbx, frame), *blocks] if blocks else []
    return "\n\n".join([*parts, *_rest(plan, verbose), frame.style(summary(plan), "bold")]) + "\n"


def is_drift(change: AnyChange) -> bool:
    """Whether somebody has changed or deleted it on the PBX."""
    return isinstance(change, Create | Update) and change.drift


def summary(plan: Plan) -> str:
    """The count line: `Plan: 1 to create, … 842 people.`, or `No changes. …`."""
    if plan.refresh_only:
        return _refreshed(plan)
    if not plan.effects and not plan.blocked:
        return _no_changes(plan)
    count = plan.summary()
    changes = ", ".join(f"{count[action]:,} to {action}" for action in ("create", "update", "delete"))
    people = "1 person" if count["recipients"] == 1 else f"{count['recipients']:,} people"
    uncounted = sum(c.people is None for c in plan.changes if isinstance(c, Create | Update))
    if uncounted:
        those = "1 phonebook" if uncounted == 1 else f"{uncounted:,} phonebooks"
        people = f"{people} and those of {those}" if count["recipients"] else f"The people of {those}"
    refused = f", {len(plan.refusals):,} refused" if plan.refusals else ""
    return f"Plan: {changes}, {count['blocked']:,} blocked{refused}. {people}{reach.totals(plan)}."


def _refreshed(plan: Plan) -> str:
    count = plan.summary()["refresh"]
    if not count:
        return "No changes. What is recorded is what the PBX has."
    records = "1 record takes" if count == 1 else f"{count:,} records take"
    return f"Refresh: {records} what the PBX has. Nothing changes there."


def _no_changes(plan: Plan) -> str:
    left = sum(_left_to(c) is not None for c in plan.changes)
    if left:
        other = "release" if plan.half == "draft" else "draft"
        said = (
            f"{left:,} of {len(plan.changes):,} {'is' if left == 1 else 'are'} left to apply --{other}-only"
        )
        return f"No changes in this half. {said}."
    matching = [c for c in plan.changes if c.place is not None]
    kept = len(plan.changes) - len(matching)
    said = "No changes."
    if matching:
        one = len(matching) == 1
        verb = "campaign matches" if one else "campaigns match"
        said += f" {len(matching):,} {verb} the manifests ({_kinds(matching)})."
    elif not kept:
        said += " There are no campaigns."
    if kept:
        said += (
            f" {kept:,} sent before, without a manifest now, {'is' if kept == 1 else 'are'} kept as history."
        )
    moved = sum(isinstance(c, Unchanged | History) and c.moved_from is not None for c in plan.changes)
    if moved:
        said += f" {moved:,} {'takes its' if moved == 1 else 'take their'} new key when applied."
    guarded = sum(isinstance(c, Unchanged) and c.protects is not None for c in plan.changes)
    if guarded:
        said += f" {guarded:,} {'takes its' if guarded == 1 else 'take their'} `prevent_delete` when applied."
    return said


def _kinds(changes: Iterable[AnyChange]) -> str:
    listed = list(changes)
    sent = sum(isinstance(c, History) for c in listed)
    waiting = len(listed) - sent
    kinds = [f"{sent:,} sent"] if sent else []
    if waiting:
        kinds.append(f"{waiting:,} {'draft' if waiting == 1 else 'drafts'} or scheduled")
    return ", ".join(kinds)


def _is_quiet(change: AnyChange) -> bool:
    return isinstance(change, Unchanged | History) and not (change.is_recorded or _left_to(change))


def _left_to(change: AnyChange) -> str | None:
    return change.left_to if isinstance(change, Unchanged) else None


def _head(plan: Plan, pbx: str, frame: Frame) -> list[str]:
    environment = [f"env {safe(plan.environment)}"] if plan.environment else []
    only = "refresh" if plan.refresh_only else plan.half
    command = f"campaignops plan --{only}-only" if only else "campaignops plan"
    said = [command, *environment, f"PBX {safe(pbx)}", f"state serial {plan.serial}"]
    symbols = ("refresh",) if plan.refresh_only else ("create", "update", "delete", "blocked")
    legend = [f"{frame.style(SYMBOLS[action], _STYLES[action])} {action}" for action in symbols]
    legend.append(f"{frame.style('·', 'dim')} no change")
    return ["  ·  ".join(said), "  " + "    ".join(legend)]


def _block(change: AnyChange, frame: Frame, folder: str, plan: Plan) -> str:
    return "\n".join(_lines(change, frame, folder, plan))


def _lines(change: AnyChange, frame: Frame, folder: str, plan: Plan) -> Iterator[str]:
    action = "blocked" if plan.refusals_of(change.key) else ACTIONS[type(change)]
    heading = [frame.style(safe(change.key), "bold"), _TYPES.get(change.type, safe(change.type))]
    if change.place is not None:
        heading.append(f"{located(change.place.file, folder)}:{change.place.line}")
    if change.id is not None:
        heading.append(f"id {change.id}")
    yield f"  {frame.style(SYMBOLS[action], _STYLES[action])} {'   '.join(heading)}"
    yield from (f"      {row}".rstrip() for row in rows(change, frame, plan))


def _rest(plan: Plan, verbose: bool) -> list[str]:
    """How many campaigns are left out above; nothing where the last line says it."""
    if verbose or plan.refresh_only or not (plan.effects or plan.blocked):
        return []
    quiet = [c for c in plan.changes if _is_quiet(c)]
    if not quiet:
        return []
    subject = "1 campaign is" if len(quiet) == 1 else f"{len(quiet):,} campaigns are"
    return [f"  {SYMBOLS['none']} {subject} unchanged ({_kinds(quiet)})"]
