"""Finding what a create with a lost answer has made: by exact name and fingerprint, never by a guess."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from campaignops import state
from campaignops.applier.ports import Pbx, Row
from campaignops.state import Entry


@dataclass(frozen=True, slots=True)
class Found:
    """Campaigns of the entry's name that no entry is bound to: equal ones (drafts, and others), and unlike ones."""

    drafts: tuple[Row, ...]
    begun: tuple[Row, ...]
    unlike: tuple[Row, ...]

    def __str__(self) -> str:
        rows = (*self.begun, *self.drafts, *self.unlike)
        return ", ".join(f"id {row.id} ({row.status})" for row in rows)


def search(pbx: Pbx, entry: Entry, lineage: str, taken: Collection[int | None]) -> Found:
    """Look through the whole list: what a search keyword matches is documented nowhere, and an answer may lag."""
    named = sorted(
        (row for row in pbx.listed() if row.name == entry.name and row.id not in taken),
        key=lambda row: row.id,
    )
    bodies = pbx.query([row.id for row in named])
    equal = {
        row.id
        for row in named
        if row.id in bodies and state.fingerprint(pbx.meaning(bodies[row.id]), lineage) == entry.fingerprint
    }
    return Found(
        tuple(row for row in named if row.id in equal and row.status == "draft"),
        tuple(row for row in named if row.id in equal and row.status != "draft"),
        tuple(row for row in named if row.id not in equal),
    )
