"""The emergency stop: what has not begun to send becomes a draft again, and stays one until a person lifts that.

That it is halted is on disk before its call, so that no later apply lets go what this run could not call back. To make
a draft of a draft harms nobody: after a lost answer it is said again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from campaignops.applier import ports
from campaignops.applier.create import Creator
from campaignops.applier.ports import Ended, Json, Row, Watch
from campaignops.applier.record import Clock, Record
from campaignops.applier.release import Releaser
from campaignops.errors import PbxError
from campaignops.outcome import Done, NoEffect, Outcome
from campaignops.state import Entry, Phase

_WAITING = ("scheduled", "pending")
_TRIES_S = (0.0, 0.5, 1.5)  # how long to wait before each call
_DOUBT_S = 5  # so near to its time nobody can tell whether a draft was called back before anybody got it


class Pbx(ports.Pbx, Protocol):
    def recalled(self, live: Mapping[str, Any]) -> Json: ...


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of one campaign. `begun`: too late; `failed` and `unknown`: it may still be sent; `message`: why."""

    key: str
    id: int | None
    outcome: Literal["halted", "begun", "failed", "unknown"]
    message: str


def waiting(entries: Iterable[Entry], live: Mapping[int, Row], now_s: float) -> list[Entry]:
    """What may still be sent by itself or by an apply, the next to be sent first; what takes a while comes last."""
    found = [entry for entry in entries if _may_go_out(entry, live.get(entry.id or 0), now_s)]
    slow = (Phase.INTENT, Phase.RELEASING)
    return sorted(found, key=lambda entry: (entry.phase in slow, entry.time_s or now_s, entry.key))


def stop(entries: Iterable[Entry], record: Record, pbx: Pbx, watch: Watch, clock: Clock) -> Iterator[Stopped]:
    """Stop them, one after another. One that cannot be stopped does not keep the next from it. Raises StateError."""
    creator, releaser = Creator(pbx, record, watch, clock), Releaser(pbx, record, watch, clock)
    halter = _Halter(record, pbx, watch, clock, creator, releaser)
    for entry in entries:
        try:
            yield halter.stop(entry)
        except Ended as early:
            kind: Literal["unknown", "failed"] = "unknown" if early.result.outcome == "unknown" else "failed"
            yield Stopped(entry.key, early.result.id, kind, early.result.message or "")
        except PbxError as error:
            yield Stopped(entry.key, entry.id, "failed", f"{error.message}; it may still be sent")


def mark(entry: Entry, record: Record, clock: Clock) -> Entry:
    """The entry, recorded as halted: no apply releases it. That is all that can be done without the PBX."""
    if entry.send == "draft" or entry.halted or entry.phase is Phase.STUCK:
        return entry
    now = datetime.fromtimestamp(clock.now(), UTC)
    return record.note(entry, halted=now.isoformat(timespec="seconds"))


def lift(entries: Iterable[Entry], record: Record) -> list[Entry]:
    """Let what was halted be released by the next apply."""
    return [record.note(entry, halted=None) for entry in entries if entry.halted]


def _may_go_out(entry: Entry, row: Row | None, now_s: float) -> bool:
    if row is not None and row.status != "draft":
        return row.status in _WAITING
    if entry.send == "draft" or (entry.phase is Phase.RELEASED and entry.send == "now"):
        return False
    return entry.phase is Phase.RELEASING or not entry.may_have_sent(now_s)


@dataclass(frozen=True, slots=True)
class _Halter:
    record: Record
    pbx: Pbx
    watch: Watch
    clock: Clock
    creator: Creator
    releaser: Releaser

    def stop(self, entry: Entry) -> Stopped:
        if entry.phase is Phase.STUCK:
            text = f"nobody knows whether it was made: campaignops resolve {entry.key}, then halt again"
            return Stopped(entry.key, None, "unknown", text)
        entry = mark(entry, self.record, self.clock)
        if entry.phase is Phase.INTENT:
            bound = self.creator.adopt(entry)
            if bound is None:
                return Stopped(entry.key, None, "halted", "nothing of it is on the PBX")
            entry = bound
        entry = self._arrived(entry)
        row = self._look(entry)
        if row is None or row.status not in _WAITING:
            return self._told(entry, row)
        stopped = self._call_back(entry, row)
        if stopped.outcome == "halted" and self.releaser.outwait(entry):  # of several, one was lost
            row = self._look(entry)
            if row is not None and row.status in _WAITING:
                return self._call_back(entry, row)
        return stopped

    def _arrived(self, entry: Entry) -> Entry:
        """The entry when a release that was lost has arrived, or can no more."""
        if entry.phase is not Phase.RELEASING:
            return entry
        try:
            return self.releaser.recalled(entry)
        except Ended:
            if (now := self.record.entries[entry.key]).phase is Phase.RELEASED:
                return now
            raise

    def _call_back(self, entry: Entry, row: Row) -> Stopped:
        live = self.pbx.get(row.id)
        body = {"send_type": "draft"} if live is None else self.pbx.recalled(live)
        outcome: Outcome[None] = Done(None)
        now: Row | None = row
        for wait_s in _TRIES_S:
            self.clock.sleep(wait_s)
            self.watch.step(entry.key, "call back")
            outcome, now = self.pbx.update(row.id, body), self._look(entry)
            if now is None or now.status not in _WAITING or isinstance(outcome, NoEffect):
                break
        if now is not None and now.status in _WAITING:
            why = "the PBX took the update" if isinstance(outcome, Done) else outcome.reason
            text = f"{why}, and it is still {now.status}. Delete it on the PBX, or run halt again"
            return Stopped(entry.key, row.id, "failed", text)
        time_s = row.time_s or entry.time_s
        late = row.status == "pending" or time_s is None or time_s - self.clock.pbx_now() < _DOUBT_S
        if late and now is not None and now.status == "draft":
            self.record.put(entry, phase=Phase.RELEASED, status="pending", halted=None)
            text = "it is a draft now, but its time had come: somebody may have got it, so it stays history"
            return Stopped(entry.key, row.id, "unknown", text)
        return self._told(entry, now)

    def _told(self, entry: Entry, row: Row | None) -> Stopped:
        """By what the PBX says now."""
        if row is None:
            return Stopped(entry.key, entry.id, "halted", "it is gone from the PBX")
        if row.status != "draft":
            self.record.put(entry, phase=Phase.RELEASED, status=row.status, halted=None)
            return Stopped(entry.key, row.id, "begun", f"it is {row.status} and cannot be stopped any more")
        was = "was" if entry.phase is Phase.BOUND else "is"
        if (
            entry.phase is Phase.RELEASED and entry.send != "now"
        ):  # that may have been sent before it became a draft
            self.record.put(entry, phase=Phase.BOUND, status="draft")
        return Stopped(entry.key, row.id, "halted", f"it {was} a draft, and no apply releases it")

    def _look(self, entry: Entry) -> Row | None:
        assert entry.id is not None  # what is past its intent has one
        return self.pbx.look(entry.id, entry.name)
