"""Spare drafts: what creates with a lost answer have made beside the campaign that got the id. They send nothing."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from campaignops.applier.ports import Pbx, Row, Watch
from campaignops.applier.record import Clock, Record, age_s
from campaignops.applier.search import search
from campaignops.errors import PbxError, StateError
from campaignops.outcome import Done
from campaignops.state import Entry

LATE_S = 600  # how long a lost create may take to arrive, and a list to show it


def delete(pbx: Pbx, record: Record, entry: Entry, spares: Iterable[Row], watch: Watch) -> Entry:
    """Delete drafts that read like the entry's campaign: never more than answers were lost, the rest is not ours."""
    gone = 0
    for _, row in zip(range(entry.lost), spares, strict=False):
        watch.step(entry.key, f"delete spare draft {row.id}")
        gone += isinstance(pbx.delete(row.id), Done)
    return record.note(entry, lost=entry.lost - gone) if gone else entry


def sweep(pbx: Pbx, record: Record, watch: Watch, clock: Clock) -> None:
    """Look for what earlier runs left behind, in each apply until nothing more can come. It does not fail: what stays
    sends nothing, and the next apply looks again."""
    for entry in [each for each in record.entries.values() if each.lost and each.id is not None]:
        taken = {each.id for each in record.entries.values()}
        is_last = age_s(entry, clock) > LATE_S  # before the look: a run may sleep for long after it
        with suppress(PbxError, StateError):
            spares = search(pbx, entry, record.lineage, taken).drafts
            delete(pbx, record, entry, spares, watch)
            if is_last and not spares:
                record.note(entry, lost=0)
