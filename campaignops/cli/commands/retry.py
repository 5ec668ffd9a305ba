"""`campaignops retry KEY`: send again what failed, after showing how much. Called once, never by an apply."""

from __future__ import annotations

import argparse
import sys
import time

from campaignops import state
from campaignops.applier import Record
from campaignops.applier.record import RECORDED_S, SILENT
from campaignops.cli import selecting
from campaignops.cli.commands.status import counts
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.cli.writing import keeping
from campaignops.errors import CampaignOpsError, RefusedError, UnresolvedError, UsageError
from campaignops.manifest.recipients import optouts
from campaignops.outcome import NoEffect, Unknown
from campaignops.pbx.session import Listed, Session
from campaignops.project import Project
from campaignops.report.plain import safe
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.state import Entry, Phase

# What can be retried; the documentation does not say, the portal offers it for these.
_ENDED = ("completed", "stop")


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when it is under way or nothing failed, 10 when refused, 11 when nobody knows whether it has begun."""
    project = selecting.project_of(args, failure)
    with keeping(project, "campaignops retry", args.lock_timeout) as (record, session):
        entry = _recorded(record, args.key)
        row = _ended(entry, session)
        failed, total = counts(row.result_count)
        if failed is None:
            raise RefusedError(
                f"the PBX does not say how many failed ({safe(row.result_count)}); nothing was done"
            )
        if failed:
            _check_opt_outs(project, entry, record.lineage)
            _confirm(shown, entry, failed, total, args.expect_failed)
            _retry(entry, record, session)
    if shown.json:
        said = {"key": entry.key, "id": entry.id, "failed": failed, "total": total, "retried": bool(failed)}
        shown.document({"schema_version": SCHEMA_VERSION, "kind": "retry", **said})
    elif failed:
        shown.answer(
            f"`{entry.key}`: {failed} of {total} are sent again. Next: campaignops status {entry.key}\n"
        )
    else:
        shown.answer(f"`{entry.key}`: none of {total} failed; there is nothing to send again.\n")
    return 0


def _recorded(record: Record, key: str) -> Entry:
    entry = record.entries.get(key)
    now_s = time.time()
    if entry is None:
        raise UsageError(f"no campaign `{key}` is recorded; `campaignops state list` shows what is")
    if entry.phase is not Phase.RELEASED:
        raise RefusedError(f"`{key}` has not been sent: it is {entry.phase}. Nothing was done")
    if entry.late_until_s is not None and entry.late_until_s > now_s:
        left_s = entry.late_until_s - now_s
        raise RefusedError(
            f"a release or retry of `{key}` was not heard of and may still arrive; nothing was done. Try again in "
            f"{left_s:.0f} s, and look at `campaignops status {key}` first"
        )
    return entry


def _check_opt_outs(project: Project, entry: Entry, lineage: str) -> None:
    """Whom a retry would text again nobody can choose: the PBX takes all that failed."""
    suppressed = optouts.now(project)
    out = sum(
        person in state.people_in(entry.audience) for person in state.person_digests(suppressed, lineage)
    )
    if out:
        raise RefusedError(
            f"{out:,} of `{entry.key}` have opted out since it was sent, and a retry texts all that failed; nothing "
            f"was done. Send it to the others as a new campaign",
            code="CMP606",
        )


def _ended(entry: Entry, session: Session) -> Listed:
    assert entry.id is not None  # a released campaign has one
    row = session.look(entry.id, entry.name)
    if row is None:
        raise RefusedError(f"id {entry.id} is gone from the PBX; nothing was done")
    if row.status not in _ENDED:
        raise RefusedError(f"`{entry.key}` is {safe(row.status)}; only what has ended can be sent again")
    return row


def _confirm(shown: Screen, entry: Entry, failed: int, total: int | None, expected: int | None) -> None:
    """Whoever says yes types the number of people, or has said it with --expect-failed."""
    if expected is not None:
        if expected != failed:
            raise RefusedError(f"{failed} of {total} failed, not {expected}; nothing was done")
        return
    shown.err.write(f"{entry.key}: {failed} of {total} failed. Type {failed} to send to these people again: ")
    shown.err.flush()
    if (sys.stdin.readline() if sys.stdin else "").strip() != str(failed):
        raise CampaignOpsError(
            "not confirmed, nothing was done; without a terminal, use --expect-failed N", code="not_confirmed"
        )


def _retry(entry: Entry, record: Record, session: Session) -> None:
    """Once. That it was asked for is on disk before, so that no later run asks again while it may be on its way."""
    assert entry.id is not None
    began_s = time.time()
    open_until_s = int(began_s + SILENT * record.timeout_s) + 1
    asked = record.put(entry, status="retrying", late_until_s=open_until_s)
    if (took_s := time.time() - began_s) > RECORDED_S:
        record.put(asked, status=entry.status, late_until_s=None)
        raise RefusedError(
            f"it took {took_s:.0f} s to record the retry, so nothing was sent; ask for it again"
        )
    outcome = session.retry(entry.id)
    if isinstance(outcome, NoEffect):
        record.put(asked, status=entry.status, late_until_s=None)
        raise RefusedError(f"the PBX refused to retry id {entry.id} ({outcome.reason}); nothing was sent")
    if isinstance(outcome, Unknown):
        row = session.look(entry.id, entry.name)
        if row is None or row.status in _ENDED:
            raise UnresolvedError(
                f"retry of id {entry.id}: {outcome.reason}. It may have begun, and is not asked for again "
                f"before it must have arrived: look at `campaignops status {entry.key}`"
            )
    record.put(asked, late_until_s=None)
