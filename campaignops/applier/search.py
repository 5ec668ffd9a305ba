"""Finding what a create with a lost answer has made: by exact name and fingerprint, never by a guess."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from campaignops import state
from campaignops.applier.ports import Pbx, Row
from campaignops.state import Entry


@dataclass(frozen=True, slots=True)
class Found:
    """Campaigns of the entry's name that no entry is bound to: equal ones (drafts, and others), and unlike ones. Of all
    drafts, `spares` are those that lost creates may have made, each with its fingerprint."""

    drafts: tuple[Row, ...]
    begun: tuple[Row, ...]
    unlike: tuple[Row, ...]
    spares: tuple[tuple[Row, str], ...] = ()

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
    prints = {i: state.fingerprint(pbx.meaning(body), lineage) for i, body in bodies.items()}
    equal = [row for row in named if prints.get(row.id) == entry.fingerprint]
    return Found(
        drafts=tuple(row for row in equal if row.status == "draft"),
        begun=tuple(row for row in equal if row.status != "draft"),
        unlike=tuple(row for row in named if row not in equal),
        spares=tuple(
            (row, prints[row.id])
            for row in named
            if row.status == "draft" and prints.get(row.id) in entry.lost.split()
        ),
    )
