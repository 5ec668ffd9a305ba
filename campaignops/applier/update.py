"""Changing and deleting what is recorded and has not begun to send: by id, the whole object, after a fresh look."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from campaignops import state
from campaignops.applier.create import Creator
from campaignops.applier.ports import Ended, Pbx, Result, Row, Watch, announce
from campaignops.applier.record import Clock, Record
from campaignops.errors import PbxError
from campaignops.model import Campaign
from campaignops.outcome import NoEffect, Outcome, Unknown
from campaignops.planner import MARGIN_S
from campaignops.state import Entry, Phase

_EDITABLE = ("draft", "scheduled")
# No later delete goes out: it may meet what somebody has released meanwhile, and what has been sent.
_LOOKED_S = 8


class Editor:
    """Updates and deletes of one run."""

    def __init__(self, pbx: Pbx, record: Record, watch: Watch, clock: Clock, creator: Creator) -> None:
        self._pbx, self._record, self._watch, self._clock, self._creator = pbx, record, watch, clock, creator

    def update(self, campaign: Campaign, entry: Entry) -> Entry:
        """The entry as a draft with its new content, to be read back before it is released (again). Raises Ended."""
        row = self._editable(entry)
        uploaded = self._creator.upload(campaign, f"id {entry.id} stays as it was")
        body = self._pbx.compose(campaign, uploaded, released=False)
        announce(self._watch, entry.key, entry.id, "update")
        self._in_time(entry, row)
        fresh = self._record.fresh(campaign, self._pbx.meaning(body), self._pbx.people(campaign))
        # The old content stays recorded until the new one has arrived: if it never does, the old one is what is sent.
        # Who may be in it until then is recorded at once, so that nobody of them is put into another part.
        either = state.either(entry.audience, fresh.audience)
        old = self._record.put(
            entry, phase=Phase.UPDATING, revision=entry.revision + 1, status=row.status, audience=either
        )
        new = replace(fresh, phase=Phase.BOUND, id=old.id, revision=old.revision, lost=old.lost)
        outcome = self._pbx.update(row.id, body)
        if isinstance(outcome, NoEffect):
            self._record.put(entry, revision=old.revision)
            raise _ended(
                entry, "failed", f"update of id {entry.id}: {outcome.reason}; it stays as it was", outcome
            )
        if isinstance(outcome, Unknown) and not self._has_taken(new):
            raise _ended(
                old, "unknown", f"update of id {entry.id}: {outcome.reason}; the next apply does it again"
            )
        return self._record.put(new)

    def delete(self, entry: Entry) -> None:
        """Delete an unsent campaign and its entry. Raises Ended."""
        self.remove(entry)
        self._record.drop(entry.key)

    def remove(self, entry: Entry) -> None:
        """Delete an unsent campaign from the PBX; its entry stays. Raises Ended."""
        bound = entry if entry.id is not None else self._creator.adopt(entry)
        if bound is None or self._row(bound) is None:
            return
        looked_s = self._clock.now()
        row = self._editable(bound)
        announce(self._watch, bound.key, bound.id, "delete")
        self._in_time(bound, row)
        bound = self._fenced(bound, row)
        outcome = self._pbx.delete(row.id, lambda: self._clock.now() - looked_s <= _LOOKED_S)
        took_s = self._clock.now() - looked_s
        if isinstance(outcome, NoEffect):
            text = f"delete of id {row.id}: {outcome.reason}; it is still recorded"
            raise _ended(bound, "failed", text, outcome)
        if isinstance(outcome, Unknown) and (left := self._left(bound, outcome)):
            raise self._not_deleted(bound, left, outcome)
        if doubt := self._doubt(row, took_s):
            raise self._perhaps_sent(bound, row, doubt)

    def _left(self, entry: Entry, lost: Unknown) -> Row | None:
        """What a delete without an answer has left. Raises Ended."""
        try:
            return self._row(entry)
        except PbxError as error:
            text = f"delete of id {entry.id}: {lost.reason}; whether it happened could not be read ({error.message})"
            raise _ended(entry, "unknown", text) from None

    def _not_deleted(self, entry: Entry, row: Row, lost: Unknown) -> Ended:
        """After a delete without an answer, which may still arrive; if it has been sent, that is recorded before."""
        if row.status not in _EDITABLE:
            self._record.put(entry, phase=Phase.RELEASED, status=row.status)
            return _begun(entry, row)
        text = f"delete of id {row.id}: {lost.reason}; it is still recorded"
        return _ended(entry, "unknown", f"{text}, and may yet be deleted: do not send it by hand")

    def _perhaps_sent(self, entry: Entry, row: Row, doubt: str) -> Ended:
        """A PBX deletes what it has sent, too. When that was, if it was, nobody knows; by now it has been."""
        now_s = int(self._clock.pbx_now())
        self._record.put(entry, phase=Phase.RELEASED, status=row.status, time_s=now_s)
        text = (
            f"id {row.id} was deleted {doubt}; somebody may have got it, so it stays recorded. If nobody did, make it "
            f"anew with `campaignops state rm --forget-sent {entry.key}` and apply"
        )
        return Ended(Result(entry.key, "unknown", row.id, text, "campaignops plan"))

    def _fenced(self, entry: Entry, row: Row) -> Entry:
        """The entry, recorded before its delete: then no run that planned earlier finds it gone and makes it anew."""
        if row.status == "draft" and entry.phase is Phase.RELEASED:
            # Somebody has called it back. Once it is gone, nobody can tell that it was not sent.
            return self._record.put(entry, phase=Phase.BOUND, status=row.status)
        return self._record.note(entry)  # no step: by the last one a lost release is waited for

    def _doubt(self, row: Row, took_s: float) -> str:
        """Why what has been deleted may have been sent before, if it may: its time has come, or so long after our look
        that somebody may have released it on the PBX."""
        is_due = row.status == "scheduled" and (row.time_s is None or row.time_s <= self._clock.pbx_now())
        if is_due:
            return "when its time had come"
        return f"{took_s:.0f} s after a look at it ({row.status})" if took_s > _LOOKED_S else ""

    def _has_taken(self, entry: Entry) -> bool:
        """Whether an update with a lost answer has happened."""
        live, row = self._pbx.get(_id(entry)), self._row(entry)
        if live is None or row is None or row.status != "draft":
            return False
        return state.fingerprint(self._pbx.meaning(live), self._record.lineage) == entry.fingerprint

    def _editable(self, entry: Entry) -> Row:
        row = self._row(entry)
        if row is None:
            raise _ended(entry, "failed", f"id {entry.id} is gone from the PBX; plan again")
        if row.status not in _EDITABLE:
            raise _begun(entry, row)
        return row

    def _in_time(self, entry: Entry, row: Row) -> None:
        """Raises Ended when it is about to be sent; asked last of all, because looks and uploads take their time."""
        if row.status != "scheduled" or row.time_s is None:
            return
        if row.time_s - self._clock.pbx_now() < MARGIN_S:
            text = f"id {entry.id} sends in less than {MARGIN_S} s; it is too late to change it safely"
            raise _ended(entry, "failed", text)

    def _row(self, entry: Entry) -> Row | None:
        return self._pbx.look(_id(entry), entry.name)


def _id(entry: Entry) -> int:
    assert entry.id is not None  # what is changed or deleted has been bound
    return entry.id


def _begun(entry: Entry, row: Row) -> Ended:
    return _ended(entry, "failed", f"id {row.id} has begun to send ({row.status}) and cannot be changed")


def _ended(
    entry: Entry, kind: Literal["failed", "unknown"], message: str, outcome: Outcome[None] | None = None
) -> Ended:
    ends = isinstance(outcome, NoEffect) and outcome.ends_run
    return Ended(Result(entry.key, kind, entry.id, message, "campaignops apply", ends_run=ends))
