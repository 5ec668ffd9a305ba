"""`campaignops status [KEY…]`: what the PBX says now about what was applied; with --watch, until all of it is done."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from campaignops.cli import connection, selecting
from campaignops.cli.commands import follow
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.cli.writing import Clock
from campaignops.errors import CampaignOpsError, UsageError
from campaignops.project import Project
from campaignops.report import live, status_text
from campaignops.report.status_text import StatusRow
from campaignops.state import Entry, State, is_test

if TYPE_CHECKING:
    from campaignops.pbx.session import Listed, Session


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0; with --watch 4 when something failed or did not go out, 1 when the time is up before all is done."""
    if args.timeout is not None and not args.watch:
        raise UsageError("--timeout goes with --watch")
    project = selecting.project_of(args, failure)
    recorded, _ = selecting.store_of(project).read()
    entries = [entry for entry in selecting.recorded_of(recorded, args) if not is_test(entry.key)]
    rows: Sequence[StatusRow] = ()
    error: CampaignOpsError | None = None
    clock = Clock()
    if entries:
        with connection.connect(project) as session:
            clock = clock_of(project, recorded, session)

            def look() -> Sequence[StatusRow]:
                nonlocal rows
                rows = rows_of(entries, session)
                failure.document = status_text.status_document(rows, timezone=project.timezone)
                return rows

            if args.watch:
                display = live.on(shown.err, timezone=project.timezone, color=shown.color(shown.err))
                is_done = follow.follow(look, display, clock, args.timeout, shown)
                error = follow.verdict(rows, entries, [*args.keys, *args.target], is_done=is_done)
            else:
                look()
    _answer(rows, project, shown, clock, is_failure=error is not None)
    if error:
        raise error
    return 0


def rows_of(entries: Sequence[Entry], session: Session) -> list[StatusRow]:
    """What one reading of the PBX's list says of each."""
    listed = {row.id: row for row in session.listed()}
    return [_row(entry, listed.get(entry.id or 0)) for entry in entries]


def counts(result_count: str) -> tuple[int | None, int | None]:
    """`1/3` -> 1 failed of 3 (page "Query Message Campaign List"); None for what is no number."""
    failed, slash, total = result_count.partition("/")
    if not slash or not failed.strip().isdecimal() or not total.strip().isdecimal():
        return None, None
    return int(failed), int(total)


def clock_of(project: Project, recorded: State, session: Session) -> Clock:
    """The clock that sends. Raises StateError when the state belongs to another PBX."""
    device = session.device()
    connection.identity(project, device, recorded)
    return Clock(0.0 if device.time_s is None else device.time_s - Clock().now())


def _answer(
    rows: Sequence[StatusRow], project: Project, shown: Screen, clock: Clock, *, is_failure: bool
) -> None:
    """With an error the document is written where the error is."""
    if not shown.json:
        color, now_s = shown.color(shown.out), clock.pbx_now()
        shown.answer(status_text.text(rows, now_s=now_s, timezone=project.timezone, color=color))
    elif not is_failure:
        shown.document(status_text.status_document(rows, timezone=project.timezone))


def _row(entry: Entry, listed: Listed | None) -> StatusRow:
    failed, total = counts(listed.result_count) if listed else (None, None)
    return StatusRow(
        entry.key,
        entry.name,
        entry.id,
        str(entry.phase),
        listed.status if listed else None,
        failed,
        total,
        (listed.response_rate or None) if listed else None,
        (listed.time_s if listed else None) or entry.time_s,
        _zone(entry.spec),
        people=entry.recipients,
        at=entry.at,
        is_halted=entry.halted is not None,
    )


def _zone(spec: str) -> str | None:
    """The zone in which the author wrote the send time."""
    with suppress(ValueError):
        match json.loads(spec):
            case {"send": {"timezone": str(zone)}}:
                return zone
    return None
