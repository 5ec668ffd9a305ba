"""Which recorded entry belongs to which campaign of the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from campaignops.findings import Finding
from campaignops.model import Campaign
from campaignops.planner.changes import Locate
from campaignops.planner.selection import Selection
from campaignops.state import Entry

_MOVED = "rename the old block instead of copying it, or remove `moved`"


@dataclass(slots=True)
class Matching:
    """By key, else by the key it was moved from. None should serve two."""

    entries: Mapping[str, Entry]
    _seen: set[str] = field(default_factory=set)
    _moved: dict[str, list[Campaign]] = field(default_factory=dict)

    def entry(self, campaign: Campaign) -> Entry | None:
        self._seen.add(campaign.key)
        entry = self.entries.get(campaign.key)
        old = campaign.moved_from
        if entry is not None or old is None or old not in self.entries:
            return entry
        self._moved.setdefault(old, []).append(campaign)
        return self.entries[old]

    def keep(self, entries: Iterable[Entry]) -> None:
        """They are somebody's, although no campaign was asked for them."""
        self._seen.update(entry.key for entry in entries)

    def contested(self, selection: Selection, locate: Locate) -> Iterator[Finding]:
        """Moves from a key that a manifest still has, or that another campaign claims, too."""
        for old, claimants in self._moved.items():
            for campaign in claimants if old in self._seen else claimants[1:]:
                if selection.has(campaign.key):
                    text = f"`{campaign.key}` is said to be moved from `{old}`, which is still there or moved elsewhere"
                    yield Finding("CMP502", "error", text, locate(campaign, ("moved", "from")), help=_MOVED)

    def left(self) -> Iterator[Entry]:
        """The entries that no campaign has, by key."""
        taken = self._seen | self._moved.keys()
        return (entry for key, entry in sorted(self.entries.items()) if key not in taken)
