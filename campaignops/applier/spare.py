"""Spare drafts: what creates with a lost answer have made beside the campaign that got the id. They send nothing."""

from __future__ import annotations

from contextlib import suppress

from campaignops.applier.ports import Pbx, Watch
from campaignops.applier.record import Clock, Record, age_s
from campaignops.applier.search import Found, search
from campaignops.errors import PbxError, StateError
from campaignops.outcome import Done
from campaignops.state import Entry

LATE_S = 600  # how long a lost create may take to arrive, and a list to show it


def delete(pbx: Pbx, record: Record, entry: Entry, found: Found, watch: Watch) -> Entry:
    """Delete drafts that read like what lost creates posted, one for each: the rest is not ours."""
    tried, left = entry.lost.split(), entry.lost.split()
    for row, fingerprint in found.spares:
        if row.id == entry.id or fingerprint not in tried:
            continue
        tried.remove(fingerprint)
        watch.step(entry.key, f"delete spare draft {row.id}")
        if isinstance(pbx.delete(row.id), Done):
            left.remove(fingerprint)
    lost = " ".join(left)
    return entry if lost == entry.lost else record.note(entry, lost=lost)


def sweep(pbx: Pbx, record: Record, watch: Watch, clock: Clock) -> None:
    """Look for what earlier runs left behind, in each apply until nothing more can come. It does not fail: what stays
    sends nothing, and the next apply looks again."""
    for entry in [each for each in record.entries.values() if each.lost and each.id is not None]:
        taken = {each.id for each in record.entries.values()}
        is_last = age_s(entry, clock) > LATE_S  # before the look: a run may sleep for long after it
        with suppress(PbxError, StateError):
            found = search(pbx, entry, record.lineage, taken)
            delete(pbx, record, entry, found, watch)
            if is_last and not found.spares:
                record.note(entry, lost="")
