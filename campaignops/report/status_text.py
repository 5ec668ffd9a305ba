"""The live status of campaigns as an aligned table, and as a JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from campaignops.report.paint import Paint, paint
from campaignops.report.plain import columns, masked, padded, safe, safe_strictly
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.report.when import distance, iso, moment

_HEADINGS = ("KEY", "NAME", "ID", "PHASE", "STATUS", "FAILED", "REPLIES", "SEND")
_TO_THE_RIGHT = frozenset({"ID", "FAILED", "REPLIES"})
_WIDEST = 40  # of a name or key


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One campaign. `status` is what the PBX says now, None when it has no such campaign; `reply_rate` is its own text
    (`response_rate`); `time_s` and `zone` are when it is, or was, sent."""

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
            "failed": row.failed,
            "total": row.total,
            "reply_rate": None if row.reply_rate is None else safe_strictly(row.reply_rate),
            "send_time": None if row.time_s is None else iso(row.time_s, row.zone or timezone),
        }
        for row in rows
    ]
    return {"schema_version": SCHEMA_VERSION, "kind": "status", "campaigns": campaigns}


def _cells(row: StatusRow, now_s: float, timezone: str) -> tuple[str, ...]:
    when = "–"
    if row.time_s is not None:
        when = f"{moment(row.time_s, row.zone or timezone)} ({distance(row.time_s, now_s)})"
    return (
        safe(row.key),
        _cut(safe(row.name)),
        "–" if row.id is None else str(row.id),
        safe(row.phase),
        "not on the PBX" if row.status is None else safe_strictly(row.status),
        _failed(row),
        "–" if row.reply_rate is None else safe_strictly(row.reply_rate),
        when,
    )


def _failed(row: StatusRow) -> str:
    if row.failed is None and row.total is None:
        return "–"
    failed, total = ("?" if n is None else f"{n:,}" for n in (row.failed, row.total))
    return f"{failed}/{total}"


def _cut(name: str) -> str:
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
