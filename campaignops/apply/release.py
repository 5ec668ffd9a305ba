"""Letting a draft go: read it back, compare, release that id, read back what got lost. Nothing here creates anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignops import state
from campaignops.apply.ports import Failed, Json, Pbx, Result, Watch
from campaignops.apply.record import Clock, Record
from campaignops.model import Campaign
from campaignops.outcome import Done, NoEffect, Unknown
from campaignops.state import BEGUN, Entry, Phase

MARGIN_S = (
    30  # closer than this to its time nothing is released or changed: a late request would meet the sending
)
GRACE_S = 120  # after a lost answer to `immediately`, how long a request may still be on its way
_LOOKS_S = (0.0, 0.5, 1.5)
_TRIES = 2
_FORBIDDEN = 70084


class Releaser:
    """Releases of one run."""

    def __init__(self, pbx: Pbx, record: Record, watch: Watch, clock: Clock) -> None:
        self._pbx, self._record, self._watch, self._clock = pbx, record, watch, clock

    def release(self, entry: Entry, campaign: Campaign) -> Entry:
        """The entry, released. Raises Failed; the draft then stays recorded."""
        if entry.send == "draft" or entry.phase is Phase.RELEASED:
            return entry
        self._wait_out(entry)
        for _ in range(_TRIES):
            draft = self.compared(entry)
            self._in_time(entry)
            if entry.send == "now" and (row := self._status(entry)) != "draft":
                return self._record.put(entry, phase=Phase.RELEASED, status=row)
            entry = self._record.put(entry, phase=Phase.RELEASING)
            self._watch.step(entry.key, "release")
            match self._pbx.update(self._id(entry), self._pbx.release_body(campaign, draft)):
                case Done():
                    return self._record.put(entry, phase=Phase.RELEASED, lost_at_s=None)
                case NoEffect() as refused:
                    raise self._refused(entry, refused)
                case Unknown(reason):
                    status = self._settle(entry)
                    if status != "draft":
                        return self._record.put(entry, phase=Phase.RELEASED, status=status)
                    if entry.send == "now":
                        break
        self._record.put(entry, lost_at_s=int(self._clock.now()))
        raise self._unknown(entry, reason)

    def compared(self, entry: Entry) -> Json:
        """The draft as the PBX has it, if it says what we gave it. Raises Failed."""
        live = self._pbx.get(self._id(entry))
        if live is None:
            raise self._failed(entry, f"id {entry.id} is gone from the PBX; nothing was sent")
        said = self._pbx.meaning(live)
        if state.fingerprint(said, self._record.lineage) != entry.fingerprint:
            raise self._failed(
                entry,
                f"id {entry.id} reads back differently from what was given; it stays a draft. Compare it on the PBX "
                f"with `campaignops render {entry.key}`",
            )
        return live

    def _wait_out(self, entry: Entry) -> None:
        """After a lost answer to `immediately` the request may still arrive: ask for patience, do not send another."""
        if entry.lost_at_s is None or entry.send != "now":
            return
        left = entry.lost_at_s + GRACE_S - self._clock.now()
        status = self._status(entry)
        if status == "draft" and left > 0:
            raise self._unknown(entry, f"wait {int(left) + 1} s: the lost request may still arrive")

    def _in_time(self, entry: Entry) -> None:
        if entry.time_s is not None and entry.time_s - self._clock.now() < MARGIN_S:
            raise self._failed(
                entry,
                "its send time has come before it could be released; it stays a draft. Write a later time",
            )

    def _status(self, entry: Entry) -> str | None:
        row = self._pbx.look(self._id(entry), entry.name)
        if row is None:
            raise self._failed(entry, f"id {entry.id} is gone from the PBX; nothing was sent")
        return row.status

    def _settle(self, entry: Entry) -> str | None:
        """Read back by id whether a release with a lost answer has happened: the status has left `draft`."""
        status: str | None = "draft"
        for wait_s in _LOOKS_S:
            self._clock.sleep(wait_s)
            status = self._status(entry)
            if status != "draft":
                break
        return status

    def _refused(self, entry: Entry, refused: NoEffect) -> Failed:
        self._record.put(entry, phase=Phase.BOUND)
        message = f"the PBX refused to release draft {entry.id} ({refused.reason}); nothing was sent, the draft is recorded"
        if refused.code == _FORBIDDEN:
            message += ". If this PBX does not release drafts, set `pbx.delivery: direct`"
        ends = refused.ends_run or refused.code == _FORBIDDEN
        return Failed(Result(entry.key, "failed", entry.id, message, ends_run=ends))

    def _unknown(self, entry: Entry, reason: str) -> Failed:
        return Failed(
            Result(
                entry.key,
                "unknown",
                entry.id,
                f"release of id {entry.id}: {reason}. It was still a draft when last read and was not released again",
                "campaignops apply",
            )
        )

    def _failed(self, entry: Entry, message: str) -> Failed:
        return Failed(Result(entry.key, "failed", entry.id, message))

    def _id(self, entry: Entry) -> int:
        assert entry.id is not None  # an entry past its intent has one
        return entry.id


def difference(said: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """The names of the fields in which the PBX says something else than it was given."""
    return sorted(key for key in said.keys() | given.keys() if said.get(key) != given.get(key))


def has_begun(status: str | None) -> bool:
    return status in BEGUN
