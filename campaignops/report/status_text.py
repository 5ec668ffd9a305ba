"""The live status of campaigns as an aligned table, and as a JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaignops.report.paint import Paint, paint
from campaignops.report.plain import columns, masked, padded, safe, safe_strictly
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.report.when import distance, iso, moment

_HEADINGS = ("KEY", "NAME", "ID", "STATUS", "SENT/FAILED/TOTAL", "REPLIES", "SEND", "AGE")
_TO_THE_RIGHT = frozenset({"ID", "SENT/FAILED/TOTAL", "REPLIES", "AGE"})
_WIDEST = 40  # of a name or key
_AT_REST = ("bound", "released")
_NOT_BEGUN = ("draft", "scheduled")
_COUNTED = (
    "completed",
    "retrying",
)  # while it sends, the PBX tells how many failed, and not how many are through


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One campaign. `status` is what the PBX says now, None when it has no such campaign; `reply_rate` is its own text
    (`response_rate`); `time_s` and `zone` are when it is, or was, sent. `people` is how many were recorded, `at` when
    its last step was (ISO 8601)."""

    key: str
    name: str
    id: int | None
    phase: str
    status: str | None
    failed: int | None = None
    total: int | None = None
    reply_rate: str | None = None
    time_s: int | None = None
    zone: str | None = None
    people: int | None = None
    at: str = ""
    is_halted: bool = False

    @property
    def sent(self) -> int | None:
        """How many the PBX has handed over, once it tells."""
        if self.status in _NOT_BEGUN:
            return 0
        if self.status not in _COUNTED or self.total is None or self.failed is None:
            return None
        return max(self.total - self.failed, 0)


def text(rows: Iterable[StatusRow], *, now_s: float, timezone: str = "UTC", color: bool = False) -> str:
    """The table; `timezone` is the project's, for rows without a zone. One sentence when there is nothing to show."""
    cells = [_cells(row, now_s, timezone) for row in rows]
    if not cells:
        return "No campaign is recorded.\n"
    widths = [max(columns(line[i]) for line in (_HEADINGS, *cells)) for i in range(len(_HEADINGS))]
    style = paint(color)
    return "".join(f"{line}\n" for line in (_heading(widths, style), *(_line(c, widths) for c in cells)))


def status_document(rows: Iterable[StatusRow], *, timezone: str = "UTC") -> dict[str, Any]:
    """The same as JSON."""
    campaigns = [
        {
            "key": masked(row.key),
            "id": row.id,
            "name": masked(row.name),
            "phase": row.phase,
            "status": None if row.status is None else safe_strictly(row.status),
            "sent": row.sent,
            "failed": row.failed,
            "total": row.total,
            "reply_rate": None if row.reply_rate is None else safe_strictly(row.reply_rate),
            "send_time": None if row.time_s is None else iso(row.time_s, row.zone or timezone),
            "recipients": row.people,
            "recorded_at": row.at or None,
            "halted": row.is_halted,
        }
        for row in rows
    ]
    return {"schema_version": SCHEMA_VERSION, "kind": "status", "campaigns": campaigns}


def status(row: StatusRow) -> str:
    """What the PBX says, and what else there is to know: an open step, a halt."""
    said = "not on the PBX" if row.status is None else safe_strictly(row.status)
    notes = [safe(row.phase)] if row.phase not in _AT_REST else []
    notes += ["halted"] if row.is_halted else []
    return f"{said} ({', '.join(notes)})" if notes else said


def counts(row: StatusRow) -> str:
    """`1,840/2/1,842`: sent, failed, in all; a question mark for what the PBX does not tell."""
    if row.failed is None and row.total is None:
        return "–"
    return "/".join("?" if n is None else f"{n:,}" for n in (row.sent, row.failed, row.total))


def sends(row: StatusRow, now_s: float, timezone: str) -> str:
    if row.time_s is None:
        return "–"
    return f"{moment(row.time_s, row.zone or timezone)} ({distance(row.time_s, now_s)})"


def _cells(row: StatusRow, now_s: float, timezone: str) -> tuple[str, ...]:
    return (
        safe(row.key),
        cut(safe(row.name)),
        "–" if row.id is None else str(row.id),
        status(row),
        counts(row),
        "–" if row.reply_rate is None else safe_strictly(row.reply_rate),
        sends(row, now_s, timezone),
        _age(row.at, now_s),
    )


def _age(at: str, now_s: float) -> str:
    """How long ago its last step was recorded, in the largest unit."""
    try:
        age_s = now_s - datetime.fromisoformat(at).timestamp()
    except ValueError:
        return "–"
    return "< 1 min" if age_s < 60 else " ".join(distance(now_s - age_s, now_s).split()[:2])


def cut(name: str) -> str:
    """Names are cut at their end; keys and ids never."""
    if columns(name) <= _WIDEST:
        return name
    while columns(name) >= _WIDEST:
        name = name[:-1]
    return f"{name}…"


def _heading(widths: Sequence[int], style: Paint) -> str:
    return style(_line(_HEADINGS, widths), "dim")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        " " * (width - columns(cell)) + cell if heading in _TO_THE_RIGHT else padded(cell, width)
        for heading, cell, width in zip(_HEADINGS, cells, widths, strict=True)
    ).rstrip()
