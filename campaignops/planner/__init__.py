"""Desired, recorded and live in, a Plan out: pure, ordered, serialisable. It holds no client and no callable.

changes    what a plan is made of             judge    the table of product.md section 5
standing   where a recorded campaign stands   drift    edits on the PBX        steps    the calls of a change
parts      one list, many campaigns           obstacles  what is protected, or sent too soon to be touched
matching   which entry belongs to which campaign
renamed    keys that were renamed without saying so                        halves   two keys: prepare, then let go
refresh    the record takes what the PBX has            twins    another campaign of the same name
uploads    files that the PBX may have purged
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from campaignops.findings import Finding, in_order
from campaignops.message import words
from campaignops.model import Campaign
from campaignops.planner import halves, refresh, twins, uploads
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
from campaignops.planner.matching import Matching
from campaignops.planner.obstacles import times
from campaignops.planner.parts import Parts, pieces
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
    made = Plan(recorded.lineage, recorded.serial, project.environment, (), half=selection.half)
    entries = {key: entry for key, entry in sorted(recorded.campaigns.items()) if not is_test(key)}
    if selection.refresh_only and live is not None:
        wanted = {c.key: c for c in parts(desired, recorded, project, now_s=now_s)}
        chosen = [entry for entry in entries.values() if selection.has(entry.key)]
        found = tuple(refresh.changes(chosen, wanted, live, now_s, recorded.lineage))
        return replace(made, changes=found, half=None, refresh_only=True)
    # What only prepares makes drafts, whichever way they are let go then.
    delivery = "staged" if selection.half == "draft" else project.pbx.delivery
    judge = Judge(live, recorded.lineage, now_s, delivery, _by_name(entries))
    table = _Table(judge, entries, selection)
    wanted_changes = [_with_test(change, recorded) for change in table.wanted(desired)]
    gone = table.gone()
    renamed = Renamed(table.left, gone, judge.standing, recorded.lineage)
    changes = [renamed.checked(change) for change in wanted_changes]
    # Deletes go first: they free names and room.
    deletes = [change for change in gone.values() if isinstance(change, Delete)]
    others = [change for change in gone.values() if not isinstance(change, Delete)]
    ordered = (*deletes, *changes, *others)
    findings = [finding for change in wanted_changes for finding in _ahead(change, now_s, locate)]
    findings += (finding for change in (*wanted_changes, *gone.values()) for finding in halves.told(change))
    findings += (finding for change in changes if isinstance(change, Create) for finding in told(change))
    findings += twins.told((*wanted_changes, *gone.values()), entries.values(), live)
    findings += table.matching.contested(selection, locate)
    findings += (_blocked(change) for change in ordered if isinstance(change, Blocked))
    return replace(made, changes=ordered, findings=in_order(dict.fromkeys(findings)))


def parts(
    desired: Iterable[Campaign], recorded: State, project: Project, *, now_s: float
) -> Iterator[Campaign]:
    """Each campaign, in the place of one with `split` its parts, as far as the record alone tells who is in which."""
    found = Parts(recorded.campaigns)
    judge = Judge(None, recorded.lineage, now_s, project.pbx.delivery, {})
    for whole in desired:
        for campaign, _ in pieces(whole, found.of(whole), judge):
            yield campaign


class _Table:
    """Every campaign that is wanted or recorded, once, with what the judge says of it."""

    def __init__(self, judge: Judge, entries: Mapping[str, Entry], selection: Selection) -> None:
        self.matching = Matching(entries)
        self.left: tuple[Entry, ...] = ()
        self._judge, self._selection = judge, selection
        self._parts = Parts(entries)

    def wanted(self, desired: Iterable[Campaign]) -> Iterator[AnyChange]:
        """What becomes of the campaigns that a manifest has, in their order."""
        for whole in desired:
            known = self._parts.of(whole)
            uncut = self._judge.uncut(whole, known.values()) if known else None
            for campaign, more in ((whole, False),) if uncut else pieces(whole, known, self._judge):
                entry = self.matching.entry(campaign)
                if self._selection.has(campaign.key):
                    change = uncut or self._judge.present(campaign, entry, more=more)
                    yield halves.only(self._selection.half, change)
            if uncut:
                self.matching.keep(known.values())

    def gone(self) -> dict[str, AnyChange]:
        """What becomes of the recorded ones that none of them was, by key."""
        self.left = tuple(self.matching.left())
        chosen = (entry for entry in self.left if self._selection.has(entry.key))
        return {entry.key: halves.only(self._selection.half, self._judge.gone(entry)) for entry in chosen}


def _by_name(entries: Mapping[str, Entry]) -> Mapping[str, list[Entry]]:
    named = defaultdict[str, list[Entry]](list)
    for entry in entries.values():
        named[entry.name].append(entry)
    return named


def _with_test(change: AnyChange, recorded: State) -> AnyChange:
    """With when it was last tried on a staff number, if it is to go out."""
    if isinstance(change, Create | Update):
        return replace(change, tested=tested(recorded.campaigns, change.campaign))
    return change


def _ahead(change: AnyChange, now_s: float, locate: Locate) -> Iterator[Finding]:
    """What speaks against making it now, or against making it as it is."""
    if isinstance(change, Create | Update) and change.steps:
        yield from times(change.campaign, now_s, locate, "error")
        yield from uploads.told(change, now_s, locate)
        yield from words.findings(change.campaign, locate)


def _blocked(change: Blocked) -> Finding:
    return Finding(change.code, "error", f"`{change.key}`: {change.reason}", change.place, help=change.help)
