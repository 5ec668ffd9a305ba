"""What became of an apply, in the place of the comment that showed its plan: the ids, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from campaignops.errors import CampaignOpsError
from campaignops.planner import ACTIONS, AnyChange, Delete, Plan
from campaignops.report.comment import Told, environment_of, fitting, joined, link
from campaignops.report.frame import Frame
from campaignops.report.inert import code, marker
from campaignops.report.paint import paint
from campaignops.report.plan_json import OUTCOMES, Result
from campaignops.report.rows import when

_SIGNS = {"done": "✅", "failed": "❌", "unknown": "❔", "skipped": "⏭️"}
_STATES = {"draft": "draft", "now": "released", "at": "scheduled"}
_TABLE = ("| | Campaign | Action | PBX id | State | When |", "|--|--|--|--:|--|--|")
_ROWS, _PROBLEMS, _LONG = 32_000, 24_000, 300


def text(plan: Plan, results: Iterable[Result], told: Told, error: CampaignOpsError | None = None) -> str:
    """The comment after an apply, at most `comment.LIMIT` characters. `error` is why it did not do all."""
    by_key = {result.key: result for result in results}
    tried = [(change, by_key[change.key]) for change in plan.changes if change.key in by_key]
    done = sum(result.outcome == "done" for _, result in tried)
    title = _title(done, len(tried), error)
    return joined(
        [
            marker(f"campaignops:plan:{plan.environment or ''}"),
            f"## {title}{environment_of(plan.environment)} · plan {code(plan.digest[:12])}",
            code(error.message, _LONG) if error else "",
            " · ".join(filter(None, [_counts([result for _, result in tried]), *link(told)])),
            _table(tried, told),
            _problems([result for _, result in tried]),
        ]
    )


def _title(done: int, tried: int, error: CampaignOpsError | None) -> str:
    if error is None:
        return "✅ Applied" if tried else "✅ Nothing to apply"
    return "⚠️ Applied in part" if done else "❌ Not applied"


def _counts(results: Sequence[Result]) -> str:
    if not results:
        return ""
    counts = {kind: sum(result.outcome == kind for result in results) for kind in OUTCOMES}
    return ", ".join(f"{number:,} {kind}" for kind, number in counts.items() if number) + "."


def _table(tried: Sequence[tuple[AnyChange, Result]], told: Told) -> str:
    if not tried:
        return ""
    frame = Frame(told.now_s, told.timezone, paint(False), distances=False)
    # What is not done stays when not every row fits.
    ordered = sorted(tried, key=lambda pair: pair[1].outcome == "done")
    lines, left = fitting(ordered, lambda pair: _row(*pair, frame), _ROWS)
    more = [f"| | … and {left:,} more | | | | |"] if left else []
    return "\n".join([*_TABLE, *lines, *more])


def _row(change: AnyChange, result: Result, frame: Frame) -> str:
    is_done = result.outcome == "done"
    known = change.id if result.id is None else result.id
    cells = (
        _SIGNS[result.outcome],
        code(change.key),
        ACTIONS[type(change)],
        "–" if known is None else str(known),
        _state(change) if is_done else f"**{result.outcome}**",
        code(when(change, frame)) if is_done and change.send == "at" else "–",
    )
    return f"| {' | '.join(cells)} |"


def _state(change: AnyChange) -> str:
    return "deleted" if isinstance(change, Delete) else _STATES.get(change.send, code(change.send))


def _problems(results: Sequence[Result]) -> str:
    left = [result for result in results if result.outcome != "done"]
    lines, more = fitting(left, _problem, _PROBLEMS)
    return "\n".join([*lines, *([f"- … and {more:,} more"] if more else [])])


def _problem(result: Result) -> str:
    then = f" Next: {code(result.next_command)}" if result.next_command else ""
    return (
        f"- {_SIGNS[result.outcome]} {code(result.key)} {code(result.message or result.outcome, _LONG)}{then}"
    )
