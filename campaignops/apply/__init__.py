"""The protocol: a reviewed plan is carried out one change after another, one call after another, each step on disk
before the next. It takes its clock, record and PBX as arguments, and knows no file and no HTTP.

    ports     what it needs, what it returns       record    the state while it runs
    create    intent -> upload -> create -> id     search    what a lost create has made
    release   read back, compare, release          update    change and delete by id
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from campaignops.apply.create import Creator
from campaignops.apply.ports import Failed, Pbx, Result, Watch
from campaignops.apply.record import Clock, Keep, Record, Who
from campaignops.apply.release import Releaser
from campaignops.apply.update import Editor
from campaignops.errors import PbxError, StateError
from campaignops.plan import AnyChange, Blocked, Create, Delete, History, Plan, Unchanged, Update
from campaignops.state import BEGUN, Entry, Phase

__all__ = ["Clock", "Keep", "Pbx", "Record", "Result", "Watch", "Who", "refresh", "run"]


@dataclass(frozen=True, slots=True)
class _Workers:
    """The parts of one run."""

    record: Record
    creator: Creator
    releaser: Releaser
    editor: Editor
    delivery: str


def run(
    plan: Plan, record: Record, pbx: Pbx, watch: Watch, clock: Clock, *, delivery: str
) -> tuple[Result, ...]:
    """Carry out a plan. One result a change, in the plan's order; never raises for what happens to a campaign.

    `delivery` is `staged` or `direct`. After the first change that ends the run, or a signal, the rest is skipped.
    """
    creator = Creator(pbx, record, watch, clock, delivery)
    releaser = Releaser(pbx, record, watch, clock)
    workers = _Workers(
        record, creator, releaser, Editor(pbx, record, watch, clock, (creator, releaser)), delivery
    )
    results: list[Result] = []
    ended = any(isinstance(change, Blocked) for change in plan.changes)
    for change in plan.changes:
        ended = ended or watch.should_stop()
        result = Result(change.key, "skipped", change.id) if ended else _one(change, workers)
        ended = ended or result.ends_run
        results.append(result)
        watch.result(result)
    return tuple(results)


def refresh(record: Record, status: Mapping[int, str]) -> None:
    """Bring the record up to what the PBX says has happened: releases whose answer was lost, sendings that began."""
    for entry in list(record.entries.values()):
        now = status.get(entry.id) if entry.id is not None else None
        if now is None or entry.phase in (Phase.INTENT, Phase.STUCK):
            continue
        if (now in BEGUN and (entry.status not in BEGUN or entry.phase is not Phase.RELEASED)) or (now == "scheduled" and entry.phase is Phase.RELEASING):
            record.put(entry, phase=Phase.RELEASED, status=now, lost_at_s=None)


def _one(change: AnyChange, workers: _Workers) -> Result:
    """One change; whatever ends it early becomes its result."""
    try:
        return _carry_out(change, workers)
    except Failed as early:
        return early.result
    except PbxError as error:
        recorded = workers.record.entries.get(change.key)
        message = f"{error.message}; what is done is recorded, run apply again"
        return Result(change.key, "failed", recorded.id if recorded else None, message, ends_run=True)
    except StateError as error:
        return Result(change.key, "failed", change.id, error.message, "campaignops apply", ends_run=True)


def _carry_out(change: AnyChange, workers: _Workers) -> Result:
    record = workers.record
    match change:
        case Create(campaign=campaign, entry=entry):
            return _done(_created(change, workers.creator.create(campaign, entry), workers))
        case Update(campaign=campaign, entry=entry):
            entry = _rekeyed(change, record)
            return _done(_updated(change, entry, workers))
        case Delete(entry=entry):
            workers.editor.delete(entry)
            return Result(change.key, "done", entry.id)
        case Unchanged(moved_from=old) | History(moved_from=old):
            if old is not None:
                record.move(old, change.key)
            return Result(change.key, "done", change.id)
        case Blocked():
            return Result(change.key, "skipped", change.id)
        case _:
            assert_never(change)


def _created(change: Create, entry: Entry, workers: _Workers) -> Entry:
    """What was made, or adopted: an adopted draft may have the content of an older manifest."""
    fresh = workers.record.fresh(change.campaign, {}, None)
    if entry.digest != fresh.digest and entry.phase is Phase.BOUND:
        entry = workers.editor.update(change.campaign, entry)
    return workers.releaser.release(entry, change.campaign)


def _updated(change: Update, entry: Entry, workers: _Workers) -> Entry:
    if workers.delivery == "direct" and entry.phase is Phase.BOUND and change.send != "draft":
        workers.editor.replaceable(entry)
        return workers.creator.create(change.campaign, None)
    if change.steps != ("release",):
        entry = workers.editor.update(change.campaign, entry)
    return workers.releaser.release(entry, change.campaign)


def _rekeyed(change: Update, record: Record) -> Entry:
    if change.entry.key != change.key:
        record.move(change.entry.key, change.key)
    return record.entries[change.key]


def _done(entry: Entry) -> Result:
    return Result(entry.key, "done", entry.id)
