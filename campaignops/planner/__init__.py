"""Desired, recorded and live in, a Plan out: pure, ordered, serialisable. It holds no client and no callable.

changes    what a plan is made of             judge    the table of product.md section 5
standing   where a recorded campaign stands   drift    edits on the PBX        steps    the calls of a change
parts      one list, many campaigns           obstacles  what is protected, or about to be sent
renamed    keys that were renamed without saying so                        halves   two keys: prepare, then let go
refresh    the record takes what the PBX has                               uploads  files that the PBX may have purged
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from campaignops.findings import Finding, in_order
from campaignops.message import words
from campaignops.model import At, Campaign
from campaignops.planner import halves, refresh, uploads
from campaignops.planner.changes import (
    ACTIONS,
    AnyChange,
    Blocked,
    Create,
    Delete,
    History,
    Locate,
    Plan,
    Refresh,
    Unchanged,
    Update,
    digest,
)
from campaignops.planner.judge import Judge
from campaignops.planner.live import Edited, Live
from campaignops.planner.parts import Parts, cut, people_of
from campaignops.planner.renamed import Renamed, told
from campaignops.planner.selection import EVERYTHING, Half, Selection, whole_of
from campaignops.planner.standing import MARGIN_S
from campaignops.project import Project
from campaignops.state import Entry, State, is_test, tested

__all__ = [
    "ACTIONS",
    "EVERYTHING",
    "MARGIN_S",
    "AnyChange",
    "Blocked",
    "Create",
    "Delete",
    "Edited",
    "Half",
    "History",
    "Live",
    "Locate",
    "Parts",
    "Plan",
    "Refresh",
    "Selection",
    "Unchanged",
    "Update",
    "digest",
    "make",
    "parts",
    "times",
    "whole_of",
]


def make(
    desired: Iterable[Campaign],
    recorded: State,
    live: Live | None,
    project: Project,
    *,
    now_s: float,
    locate: Locate,
    selection: Selection = EVERYTHING,
) -> Plan:
    """Compare and order. `live` None means offline: the record alone decides. `desired` is read once, as a stream.

    `now_s` is the time of the clock that sends: the PBX's, where it tells. Raises StateError for a spoilt record.
    """
    entries = {key: entry for key, entry in sorted(recorded.campaigns.items()) if not is_test(key)}
    matching, named = _Matching(entries), defaultdict[str, list[Entry]](list)
    for entry in entries.values():
        named[entry.name].append(entry)
    if selection.refresh_only and live is not None:
        wanted = {c.key: c for c in parts(desired, recorded, project, now_s=now_s)}
        chosen = [entry for entry in entries.values() if selection.has(entry.key)]
        found = tuple(refresh.changes(chosen, wanted, live, now_s, recorded.lineage))
        return Plan(recorded.lineage, recorded.serial, project.environment, found, refresh_only=True)
    # What only prepares makes drafts, whichever way they are let go then.
    delivery = "staged" if selection.half == "draft" else project.pbx.delivery
    judge = Judge(live, recorded.lineage, now_s, delivery, named)
    changes: list[AnyChange] = []
    findings: list[Finding] = []
    recorded_parts = Parts(entries)
    for whole in desired:
        known = recorded_parts.of(whole)
        uncut = judge.uncut(whole, known.values()) if known else None
        for campaign, more in ((whole, False),) if uncut else _pieces(whole, known, judge):
            own = matching.entry(campaign)
            if not selection.has(campaign.key):
                continue
            change = halves.only(selection.half, uncut or judge.present(campaign, own, more=more))
            if isinstance(change, Create | Update):
                change = replace(change, tested=tested(recorded.campaigns, campaign))
            changes.append(change)
            findings += halves.told(change)
            if isinstance(change, Create | Update) and change.steps:
                findings += times(campaign, now_s, locate, "error")
                findings += uploads.told(change, now_s, locate)
                findings += words.findings(campaign, locate)
        if uncut:
            matching.keep(known.values())
    left = list(matching.left())
    gone = {
        entry.key: halves.only(selection.half, judge.gone(entry))
        for entry in left
        if selection.has(entry.key)
    }
    findings += (found for change in gone.values() for found in halves.told(change))
    renamed = Renamed(left, gone, judge.standing, recorded.lineage)
    changes = [renamed.checked(change) for change in changes]
    findings += (found for change in changes if isinstance(change, Create) for found in told(change))
    deletes = [
        change for change in gone.values() if isinstance(change, Delete)
    ]  # first: they free names and room
    others = [change for change in gone.values() if not isinstance(change, Delete)]
    ordered = (*deletes, *changes, *others)
    findings += matching.contested(selection, locate)
    findings += (_blocked(change) for change in ordered if isinstance(change, Blocked))
    return Plan(
        recorded.lineage,
        recorded.serial,
        project.environment,
        ordered,
        in_order(dict.fromkeys(findings)),
        half=selection.half,
    )


def parts(
    desired: Iterable[Campaign], recorded: State, project: Project, *, now_s: float
) -> Iterator[Campaign]:
    """Each campaign, in the place of one with `split` its parts, as far as the record alone tells who is in which."""
    found = Parts(recorded.campaigns)
    judge = Judge(None, recorded.lineage, now_s, project.pbx.delivery, {})
    for whole in desired:
        for campaign, _ in _pieces(whole, found.of(whole), judge):
            yield campaign


def _pieces(whole: Campaign, known: Mapping[int, Entry], judge: Judge) -> Iterator[tuple[Campaign, bool]]:
    """The campaign, or its parts; and whether any of them has not begun. A part that has lost all its people is left
    out, so that it is deleted like a campaign whose block is gone."""
    if whole.split is None:
        yield whole, False
        return
    begun = {number for number, entry in known.items() if judge.standing(entry).row == "begun"}
    pieces = [
        piece
        for piece in cut(whole, known, judge.has_room, judge.lineage)
        if piece.part in begun or people_of(piece)
    ]
    more = any(piece.part not in begun for piece in pieces)
    for piece in pieces:
        yield piece, more


_MOVED = "rename the old block instead of copying it, or remove `moved`"


@dataclass(slots=True)
class _Matching:
    """Which entry belongs to which campaign: by key, else by the key it was moved from. None should serve two."""

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


def times(
    campaign: Campaign, now_s: float, locate: Locate, severity: Literal["error", "warning"]
) -> Iterator[Finding]:
    """Send times that have passed, or that are too near to be released safely."""
    if not isinstance(campaign.send, At) or campaign.send.time_s >= now_s + MARGIN_S:
        return
    where = locate(campaign, ("send", "at"))
    if campaign.send.time_s <= now_s:
        message, instead = "is in the past", "`send: draft`"
        code = "CMP407"
    else:
        message, instead = f"is less than {MARGIN_S} seconds away", "`send: now`"
        code = "CMP408"
    text = f"the send time of `{campaign.whole}` {message}"
    yield Finding(code, severity, text, where, help=f"write a later time, or {instead}")


def _blocked(change: Blocked) -> Finding:
    return Finding(change.code, "error", f"`{change.key}`: {change.reason}", change.place, help=change.help)
