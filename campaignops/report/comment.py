"""A plan as the comment of a pull request: what happens in people and times first, then what blocks it, then all of it.

It fits: what unfolds goes first when it is too long, the longest before the others, then rows, and what is left out is
counted. Text that is not ours is `inert`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from shlex import join
from typing import TypeVar

from campaignops.errors import CampaignOpsError
from campaignops.findings import Finding, has_errors
from campaignops.planner import ACTIONS, AnyChange, Blocked, Create, History, Plan, Unchanged, Update
from campaignops.report import length, reach
from campaignops.report.content import people
from campaignops.report.findings import count, located
from campaignops.report.frame import Frame
from campaignops.report.inert import block, code, fold, marker, units
from campaignops.report.paint import paint
from campaignops.report.rows import authors_zone, rows, when
from campaignops.report.when import moment

T = TypeVar("T")
LIMIT = 65_536  # of a comment on GitHub, in characters; GitLab takes more
_BLOCKS, _FINDINGS, _ROWS = 12_000, 8_000, 24_000  # at most so many characters of each
_LONG = 300
_SIGNS = {
    "create": "🟢 +",
    "update": "🟡 ~",
    "delete": "🔴 -",
    "blocked": "⛔ !",
    "none": "⚪ ·",
    "history": "⚪ ·",
    "refresh": "🔵 ↻",
}
_WORDS = {
    "create": "new",
    "update": "changed",
    "delete": "removed",
    "blocked": "blocked",
    "refresh": "recorded anew",
}
_FIRST = (
    "blocked",
    "create",
    "update",
    "delete",
    "refresh",
    "none",
    "history",
)  # whose rows are kept when not all fit
_TABLE = ("| | Campaign | Channel | Sends | People | Parts | Notes |", "|--|--|--|--|--:|--:|--|")
_PHRASES = ("kept as a draft", "as soon as it is applied")
TYPES = {"sms": "SMS", "whatsapp": "WhatsApp"}


@dataclass(frozen=True, slots=True)
class Told:
    """What the comment says besides the plan: the project's time zone, the clock (Unix seconds), the folder before the
    names of files, of a saved plan its file and until when it holds, and the address of the pipeline's job."""

    timezone: str
    now_s: float
    folder: str = ""
    saved: tuple[str, int] | None = None
    job: str = ""


def text(plan: Plan, told: Told) -> str:
    """The comment of a plan, at most `LIMIT` characters."""
    frame = Frame(told.now_s, told.timezone, paint(False), verbose=True)
    shown = [c for c in plan.changes if not _is_quiet(c)]
    head = [
        marker(f"campaignops:plan:{plan.environment or ''}"),
        f"## 📨 Campaign plan{environment_of(plan.environment)} · {_kinds(shown)}",
        _numbers(plan, told),
    ]
    tail = [_needed(plan, told)] if shown else ["There is nothing to apply."]
    parts = [
        *head,
        _table(shown, frame, plan),
        _warning(plan, told),
        findings(plan.findings, told.folder),
        *tail,
    ]
    room = LIMIT - sum(units(part) + 2 for part in parts) - 200
    parts.insert(-1, _details(shown, frame, room, plan))
    return joined(parts)


def failure(
    error: CampaignOpsError, found: Sequence[Finding], environment: str | None, folder: str = ""
) -> str:
    """The comment when there is no plan: the manifests do not hold, the PBX does not answer."""
    said = [
        marker(f"campaignops:plan:{environment or ''}"),
        f"## ❌ Campaign plan{environment_of(environment)} · none",
    ]
    return joined([*said, f"It could not be made: {code(error.message, _LONG)}", findings(found, folder)])


def joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def fitting(items: Iterable[T], shown: Callable[[T], str], room: int) -> tuple[list[str], int]:
    """The first items that fit into `room` characters, as text, and how many do not."""
    texts = [shown(item) for item in items]
    kept: list[str] = []
    for each in texts:
        room -= units(each) + 1
        if room < 0:
            break
        kept.append(each)
    return kept, len(texts) - len(kept)


def findings(found: Iterable[Finding], folder: str) -> str:
    """What was found, a line each."""
    listed = sorted(found, key=lambda each: each.severity != "error")
    if not listed:
        return ""
    lines, left = fitting(listed, lambda each: _finding(each, folder), _FINDINGS)
    more = [f"- … and {left:,} more"] if left else []
    return "\n".join([f"**Findings: {count(listed)}**", "", *lines, *more])


def _finding(finding: Finding, folder: str) -> str:
    sign = {"error": "❌", "warning": "⚠️", "info": "ℹ️"}[finding.severity]
    place = finding.place
    where = f" {code(f'{located(place.file, folder)}:{place.line}:{place.column}')}" if place else ""
    return f"- {sign} {code(finding.code)}{where} {code(finding.message, _LONG)}"


def environment_of(environment: str | None) -> str:
    return f" · {code(environment)}" if environment else ""


def _kinds(shown: Sequence[AnyChange]) -> str:
    counts = [sum(ACTIONS[type(c)] == action for c in shown) for action in _WORDS]
    said = [f"{n:,} {word}" for n, word in zip(counts, _WORDS.values(), strict=True) if n]
    recorded = len(shown) - sum(counts)
    return ", ".join([*said, *([f"{recorded:,} in the state alone"] if recorded else [])]) or "no changes"


def _numbers(plan: Plan, told: Told) -> str:
    """`**842 people** · 842 SMS parts · first send … · Plan `…` · valid until …`"""
    wanted = [c for c in plan.changes if isinstance(c, Create | Update)]
    said = [f"**{people(plan.summary()['recipients'])}**"] if wanted else []
    parts = sum((length.fields(c)["parts"] or 0) * (c.people or 0) for c in wanted)
    said += [f"{parts:,} SMS parts"] if parts else []
    if cost := reach.cost(plan):
        said.append(f"about {code(cost)}")
    times = [
        (c.time_s, authors_zone(c) or told.timezone)
        for c in wanted
        if c.send == "at" and c.time_s is not None
    ]
    said += ["some **as soon as it is applied**"] if any(c.send == "now" for c in wanted) else []
    said += [f"first send **{moment(*min(times))}**"] if times else []
    said.append(f"plan {code(plan.digest[:12])}" if plan.pbx else "**made without asking the PBX**")
    said += [f"valid until {moment(told.saved[1], told.timezone)}"] if told.saved else []
    return " · ".join([*said, *link(told)])


def _table(shown: Sequence[AnyChange], frame: Frame, plan: Plan) -> str:
    if not shown:
        return ""
    ordered = sorted(shown, key=lambda c: _FIRST.index(ACTIONS[type(c)]))
    lines, left = fitting(ordered, lambda c: _row(c, frame, plan), _ROWS)
    kept = ordered[: len(lines)]
    by_change = dict(zip(map(id, kept), lines, strict=True))
    in_order = [by_change[id(c)] for c in shown if id(c) in by_change]
    more = [f"| | … and {left:,} more: {_kinds(ordered[len(lines) :])} | | | | | |"] if left else []
    return "\n".join([*_TABLE, *in_order, *more])


def _row(change: AnyChange, frame: Frame, plan: Plan) -> str:
    moved = (
        f" (+{change.added:,} −{change.removed:,})"
        if isinstance(change, Update) and change.added + change.removed
        else ""
    )
    parts = length.fields(change)["parts"]
    cells = (
        _SIGNS["blocked" if plan.refusals_of(change.key) else ACTIONS[type(change)]],
        code(change.key),
        TYPES.get(change.type, code(change.type)),
        _sends(change, frame),
        ("–" if change.people is None else f"{change.people:,}") + moved,
        "–" if parts is None else f"**{parts}**" if parts > 1 else "1",
        ", ".join([_note(change), *map(code, dict.fromkeys(_codes(change, plan)))]).removeprefix(", "),
    )
    return f"| {' | '.join(cells)} |"


def _sends(change: AnyChange, frame: Frame) -> str:
    plain = Frame(frame.now_s, frame.timezone, frame.style, distances=False)
    said = when(change, plain).replace("->", "→")
    return said if said in _PHRASES else code(said)


def _note(change: AnyChange) -> str:
    match change:
        case Blocked(code=finding):
            return code(finding)
        case Update(drift=True):
            return "edited on the PBX"
        case Create(entry=None):
            return ""
        case _:
            return code(change.reason)


def _codes(change: AnyChange, plan: Plan) -> list[str]:
    return [each.finding.code for each in plan.refusals_of(change.key)]


def _warning(plan: Plan, told: Told) -> str:
    said = [_blocked(change, told) for change in plan.blocked]
    said += [_refused(each.finding, told) for each in plan.refusals]
    if not said:
        return ""
    lines, left = fitting(said, "> - {}".format, _BLOCKS)
    more = [f"> - … and {left:,} more"] if left else []
    return "\n".join(
        ["> [!WARNING]", "> **Blocked**, so nothing of this plan can be applied:", *lines, *more]
    )


def _blocked(change: Blocked, told: Told) -> str:
    where = (
        f" ({code(f'{located(change.place.file, told.folder)}:{change.place.line}')})" if change.place else ""
    )
    return f"{code(change.key)}{where} {code(change.reason, _LONG)}. Way out: {code(change.help, _LONG)}"


def _refused(finding: Finding, told: Told) -> str:
    place = finding.place
    where = f" ({code(f'{located(place.file, told.folder)}:{place.line}')})" if place else ""
    why = f"{finding.message} ({finding.note})" if finding.note else finding.message
    return f"{code(finding.code)}{where} {code(why, _LONG)}. Way out: {code(finding.help or '', _LONG)}"


def _details(shown: Sequence[AnyChange], frame: Frame, room: int, plan: Plan) -> str:
    """What unfolds, in the plan's order; the longest are left out first, and not even drawn."""
    folds: dict[int, str] = {}
    for index in sorted(range(len(shown)), key=lambda i: _length(shown[i])):
        if _length(shown[index]) > room:
            break
        drawn = fold(shown[index].key, block(rows(shown[index], frame, plan)))
        room -= units(drawn) + 2
        if room < 0:
            break
        folds[index] = drawn
    left = len(shown) - len(folds)
    whose = "1 campaign" if left == 1 else f"{left:,} campaigns"
    said = [f"The details of {whose} are too long for here; `campaignops plan` shows them."] if left else []
    return "\n\n".join([*(folds[i] for i in sorted(folds)), *said])


def _length(change: AnyChange) -> int:
    """About as long as its details are."""
    return sum(len(str(field.before)) + len(str(field.after)) for field in change.fields)


def link(told: Told) -> list[str]:
    """The job, where its address is a plain one."""
    return [f"[job]({told.job})"] if re.fullmatch(r"https?://[A-Za-z0-9./:~%-]+", told.job) else []


def _needed(plan: Plan, told: Told) -> str:
    steps = [
        (not has_errors(plan.findings), "no error among the findings"),
        (not plan.blocked, "no blocked campaign"),
        (not plan.refusals, "nothing that the guardrails refuse"),
        (
            False,
            f"approval of plan {code(plan.digest[:12])}" if plan.pbx else "a plan that has asked the PBX",
        ),
    ]
    needed = [
        "**Before this can be applied**",
        *(f"- [{'x' if done else ' '}] {step}" for done, step in steps),
    ]
    privacy = "No phone number stands here in full."
    return "\n".join(
        [
            *needed,
            "",
            f"Apply it with {code(_command(plan, told), _LONG)}. {privacy}" if plan.pbx else privacy,
        ]
    )


def _command(plan: Plan, told: Told) -> str:
    only = "--refresh-only " if plan.refresh_only else f"--{plan.half}-only " if plan.half else ""
    what = told.saved[0] if told.saved else f"{only}--expect-digest {plan.digest}"
    allowed = dict.fromkeys(join(each.allow) for each in plan.allowed if each.allow)
    return " ".join(["campaignops apply", what, *allowed])


def _is_quiet(change: AnyChange) -> bool:
    return isinstance(change, Unchanged | History) and not change.is_recorded
