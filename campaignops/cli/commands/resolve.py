"""`campaignops resolve KEY`: settle a create whose outcome is unknown. Without a decision it shows what is known."""

from __future__ import annotations

import argparse
from typing import Any

from campaignops.applier import Record, settle
from campaignops.applier.search import Found
from campaignops.cli import selecting
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.cli.writing import keeping
from campaignops.errors import UnresolvedError, UsageError
from campaignops.report.plain import safe
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.state import Entry, Phase


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when it is settled, 11 while it is not, 10 when the PBX contradicts the decision. It sends nothing."""
    project = selecting.project_of(args)
    failure.root = project.root
    with keeping(project, "campaignops resolve", args.lock_timeout) as (record, session):
        entry = _open(record, args.key)
        if args.adopt is not None:
            bound = settle.adopt(record, session, entry, args.adopt)
            _tell(
                shown,
                entry,
                None,
                f"`{entry.key}` is recorded as id {bound.id} ({bound.status}). Next: campaignops plan",
            )
            return 0
        if args.absent:
            settle.absent(record, session, entry)
            text = f"`{entry.key}` is no longer recorded; the next apply creates it. Next: "
            if late_s := settle.late_s(record, entry):
                text += f"wait {late_s:.0f} s, as the lost request may still arrive, then "
            _tell(shown, entry, None, f"{text}campaignops plan")
            return 0
        found, late_s = settle.candidates(record, session, entry), settle.late_s(record, entry)
    failure.document = _document(entry, found)
    if not shown.json:
        shown.answer(_text(entry, found, late_s))
    raise UnresolvedError(f"`{entry.key}` is not settled: decide with --adopt ID or --absent")


def _open(record: Record, key: str) -> Entry:
    entry = record.entries.get(key)
    if entry is None:
        raise UsageError(f"no campaign `{key}` is recorded; `campaignops state list` shows what is")
    if entry.phase not in (Phase.STUCK, Phase.INTENT):
        raise UsageError(f"there is nothing to resolve: `{key}` is {entry.phase}, id {entry.id}")
    return entry


def _text(entry: Entry, found: Found, late_s: float) -> str:
    lines = [
        f"{entry.key}: {safe(entry.question or 'a create was begun and its answer is not recorded')}",
        f"  tried      {entry.at}, run {entry.run}, as {entry.delivery} delivery, send {entry.send}",
        f"  looked for the name {safe(entry.name)!r} in the whole list of the PBX, and compared the content",
    ]
    rows = [(row, "reads the same") for row in (*found.begun, *found.drafts)]
    rows += [(row, "reads differently") for row in found.unlike]
    lines += [f"  found      id {row.id} ({row.status}), {how}" for row, how in rows] or ["  found      none"]
    if late_s:
        lines += [f"  late       for {late_s:.0f} s more it may still arrive, and send; decide after that"]
    lines += [
        "",
        "If one of these is it (compare on the PBX):",
        f"  campaignops resolve {entry.key} --adopt ID",
        "If nobody got this message, and nothing is going to send it:",
        f"  campaignops resolve {entry.key} --absent",
    ]
    return "\n".join(lines) + "\n"


def _document(entry: Entry, found: Found | None) -> dict[str, Any]:
    rows = (
        [{"id": r.id, "status": r.status, "same": True} for r in (*found.begun, *found.drafts)]
        if found
        else []
    )
    rows += [{"id": r.id, "status": r.status, "same": False} for r in found.unlike] if found else []
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "resolve",
        "key": entry.key,
        "question": None if entry.question is None else safe(entry.question),
        "candidates": rows,
        "settled": found is None,
    }


def _tell(shown: Screen, entry: Entry, found: Found | None, text: str) -> None:
    if shown.json:
        shown.document(_document(entry, found))
    else:
        shown.answer(f"{text}\n")
