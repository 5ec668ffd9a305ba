"""`campaignops status [KEY…]`: what the PBX says now about what was applied."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from campaignops.cli import connection, planning
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.report import status_text
from campaignops.report.status_text import StatusRow
from campaignops.state import Entry, is_test

if TYPE_CHECKING:
    from campaignops.pbx.session import Listed


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    project = planning.project_of(args, failure)
    recorded, _ = planning.store_of(project).read()
    entries = [entry for entry in planning.recorded_of(recorded, args) if not is_test(entry.key)]
    listed: dict[int, Listed] = {}
    now_s = time.time()
    if entries:
        with connection.connect(project) as session:
            device = session.device()
            connection.identity(project, device, recorded)
            listed = {row.id: row for row in session.listed()}
            now_s = device.time_s or now_s
    rows = [_row(entry, listed.get(entry.id) if entry.id is not None else None) for entry in entries]
    if shown.json:
        shown.document(status_text.status_document(rows, timezone=project.timezone))
    else:
        color = shown.color(shown.out)
        shown.answer(status_text.text(rows, now_s=now_s, timezone=project.timezone, color=color))
    return 0


def _row(entry: Entry, listed: Listed | None) -> StatusRow:
    if listed is None:
        return StatusRow(entry.key, entry.name, entry.id, str(entry.phase), None, time_s=entry.time_s)
    failed, total = counts(listed.result_count)
    return StatusRow(
        entry.key,
        entry.name,
        entry.id,
        str(entry.phase),
        listed.status,
        failed,
        total,
        listed.response_rate or None,
        listed.time_s or entry.time_s,
    )


def counts(result_count: str) -> tuple[int | None, int | None]:
    """`1/3` -> 1 failed of 3 (page "Query Message Campaign List"); None for what is no number."""
    failed, slash, total = result_count.partition("/")
    if not slash or not failed.strip().isdecimal() or not total.strip().isdecimal():
        return None, None
    return int(failed), int(total)
