"""Changing and deleting what is recorded and has not begun to send: by id, the whole object, after a fresh look."""

from __future__ import annotations

from dataclasses import replace

from campaignops.apply.create import Creator
from campaignops.apply.ports import Failed, Pbx, Result, Row, Watch
from campaignops.apply.record import Clock, Record
from campaignops.apply.release import MARGIN_S, Releaser
from campaignops.model import At, Campaign
from campaignops.outcome import Done, NoEffect, Unknown
from campaignops.state import Entry, Phase

_EDITABLE = ("draft", "scheduled")


class Editor:
    """Updates and deletes of one run."""

    def __init__(
        self, pbx: Pbx, record: Record, watch: Watch, clock: Clock, parts: tuple[Creator, Releaser]
    ) -> None:
        self._pbx, self._record, self._watch, self._clock = pbx, record, watch, clock
        self._creator, self._releaser = parts

    def update(self, campaign: Campaign, entry: Entry) -> Entry:
        """The entry with its new content: a draft, or scheduled where it was scheduled. Raises Failed."""
        row = self._editable(entry)
        uploaded = self._creator.upload(campaign)
        whole = isinstance(campaign.send, At) and row.status == "scheduled"
        body = self._pbx.compose(campaign, uploaded, released=whole)
        fresh = self._record.fresh(campaign, self._pbx.meaning(body), self._pbx.people(campaign))
        new = replace(
            fresh, id=entry.id, phase=Phase.UPDATING, revision=entry.revision + 1, status=row.status
        )
        new = self._record.put(new)
        self._watch.step(entry.key, "update")
        assert entry.id is not None
        outcome = self._pbx.update(entry.id, body)
        if isinstance(outcome, NoEffect):
            self._record.put(entry, revision=new.revision)
            message = f"update of id {entry.id}: {outcome.reason}; it stays as it was"
            raise Failed(Result(entry.key, "failed", entry.id, message, ends_run=outcome.ends_run))
        if isinstance(outcome, Unknown):
            self._read_back(new, outcome, "scheduled" if whole else "draft")
        return self._record.put(new, phase=Phase.RELEASED if whole else Phase.BOUND)

    def delete(self, entry: Entry) -> None:
        """Delete an unsent campaign and its entry. Raises Failed."""
        if entry.id is None:
            found = self._creator.adopt(entry)
            if found is None:
                self._record.drop(entry.key)
                return
            entry = found
        if self._row(entry) is None:
            self._record.drop(entry.key)
            return
        self._editable(entry)
        self._watch.step(entry.key, "delete")
        assert entry.id is not None
        outcome = self._pbx.delete(entry.id)
        if isinstance(outcome, Unknown) and self._row(entry) is None:
            outcome = Done(None)
        if not isinstance(outcome, Done):
            kind = "failed" if isinstance(outcome, NoEffect) else "unknown"
            message = f"delete of id {entry.id}: {outcome.reason}; it is still recorded"
            raise Failed(Result(entry.key, kind, entry.id, message, "campaignops apply"))
        self._record.drop(entry.key)

    def replaceable(self, entry: Entry) -> None:
        """For direct delivery: take our own draft away before the campaign is posted. Raises Failed."""
        row = self._row(entry)
        if row is not None and row.status != "draft":
            raise Failed(
                Result(entry.key, "failed", entry.id, f"id {entry.id} is {row.status}, no longer a draft")
            )
        self.delete(entry)

    def _read_back(self, entry: Entry, lost: Unknown, wanted: str) -> None:
        row = self._row(entry)
        self._releaser.compared(entry)
        if row is None or row.status != wanted:
            raise Failed(
                Result(
                    entry.key,
                    "unknown",
                    entry.id,
                    f"update of id {entry.id}: {lost.reason}; the next apply does it again",
                    "campaignops apply",
                )
            )

    def _editable(self, entry: Entry) -> Row:
        row = self._row(entry)
        if row is None:
            raise Failed(
                Result(entry.key, "failed", entry.id, f"id {entry.id} is gone from the PBX; plan again")
            )
        if row.status not in _EDITABLE:
            text = f"id {entry.id} has begun to send ({row.status}) and cannot be changed"
            raise Failed(Result(entry.key, "failed", entry.id, text))
        if row.status == "scheduled" and row.time_s is not None and row.time_s - self._clock.now() < MARGIN_S:
            text = f"id {entry.id} sends in less than {MARGIN_S} s; it is too late to change it safely"
            raise Failed(Result(entry.key, "failed", entry.id, text))
        return row

    def _row(self, entry: Entry) -> Row | None:
        assert entry.id is not None
        return self._pbx.look(entry.id, entry.name)
