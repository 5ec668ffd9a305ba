"""What became of an apply: one line a change while it runs, and the closing summary with what to do next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable

from campaignops.report.paint import Paint, Style, paint
from campaignops.report.plain import columns, padded, safe, safe_strictly
from campaignops.report.plan_json import OUTCOMES, OutcomeKind, Result

_STYLES: dict[str, Style] = {"done": "green", "failed": "red", "unknown": "yellow", "skipped": "dim"}


def line(
    number: int, total: int, action: str, result: Result, *, key_width: int = 0, color: bool = False
) -> str:
    """`[2/4] create   spring-sale-de   done   id 231`; `key_width` aligns the lines of one run."""
    outcome = paint(color)(padded(result.outcome, 7), _STYLES[result.outcome])
    counted = f"[{number:>{len(str(total))}}/{total}]"
    said = [f"{counted} {padded(safe(action), 7)}", padded(safe(result.key), key_width), outcome]
    if result.id is not None:
        said.append(f"id {result.id}")
    if result.outcome != "done" and result.message:
        said.append(safe_strictly(result.message))
    return "  ".join(said).rstrip()


def key_width(keys: Iterable[str]) -> int:
    """The columns of the longest key, but not so many that one odd key pushes the rest off the screen."""
    return min(max((columns(safe(key)) for key in keys), default=0), 40)


def text(results: Iterable[Result], *, color: bool = False) -> str:
    """The closing summary: the counts, a line for each change that is not done, and the next command."""
    listed = tuple(results)
    style = paint(color)
    each = Counter(result.outcome for result in listed)
    counts = ", ".join(f"{each[kind]:,} {kind}" for kind in OUTCOMES)
    lines = [style(f"Applied: {counts}.", "bold")]
    width = key_width(result.key for result in listed)
    for kind in ("failed", "unknown", "skipped"):
        lines += [_problem(result, width, style) for result in listed if result.outcome == kind]
    return "\n".join([*lines, *_advice(listed, each)]) + "\n"


def _problem(result: Result, width: int, style: Paint) -> str:
    kind = style(padded(result.outcome, 9), _STYLES[result.outcome])
    return f"  {kind}{padded(safe(result.key), width)}  {safe_strictly(result.message or '')}".rstrip()


def _advice(results: tuple[Result, ...], each: Counter[OutcomeKind]) -> list[str]:
    asked = [r.key for r in results if r.next_command and r.next_command.startswith("campaignops resolve")]
    if asked:
        said = "Nothing was repeated where the outcome is unknown. Look at the PBX first, then decide:"
        return ["", said, *(f"  campaignops resolve {shlex.quote(safe(key))}" for key in asked)]
    then = next_command(results)
    if each["unknown"]:
        looks = "; apply looks first" if then == "campaignops apply" else ""
        return ["", f"Nothing was repeated where the outcome is unknown{looks}. Next: {then}"]
    if each["failed"] or each["skipped"]:
        return ["", f"What is done is recorded and is not done again. Next: {then}"]
    return []


def next_command(results: Iterable[Result]) -> str:
    """What goes on with what is not done: a plan where apply alone cannot, because it says what each waits for."""
    asks = any(r.outcome != "done" and r.next_command == "campaignops plan" for r in results)
    return "campaignops plan" if asks else "campaignops apply"
