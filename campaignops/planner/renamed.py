"""Keys renamed without saying so: a new campaign reads just like a recorded one that no manifest has any more.

To delete the one and make the other is noise while nobody was texted, and texts everybody twice once somebody was.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from campaignops import state
from campaignops.findings import Finding
from campaignops.model import Campaign, Draft, Numbers
from campaignops.planner.changes import AnyChange, Blocked, Create, Delete, carried
from campaignops.planner.selection import whole_of
from campaignops.planner.standing import Standing, spec_of
from campaignops.state import Entry


class Renamed:
    """Looks through the entries that no manifest has any more. `gone` has what the plan does about them, by key."""

    def __init__(
        self,
        left: Iterable[Entry],
        gone: Mapping[str, AnyChange],
        standing: Callable[[Entry], Standing],
        lineage: str,
    ) -> None:
        self._gone, self._standing, self._lineage = gone, standing, lineage
        self._left = tuple(left)

    def checked(self, change: AnyChange) -> AnyChange:
        """A create whose content is recorded under a key that is gone comes after its delete, or not at all."""
        if not isinstance(change, Create) or change.entry is not None:
            return change
        twins = sorted(self._twins(change.campaign), key=lambda twin: not self._standing(twin).may_have_sent)
        if not twins:
            return change
        old = twins[0]
        if self._standing(old).may_have_sent:
            return _blocked(change, old, "and may have been sent")
        if isinstance(self._gone.get(old.key), Delete):
            return replace(change, instead_of=old.key)
        if isinstance(change.campaign.send, Draft):
            return change  # two drafts text nobody
        return _blocked(change, old, "and is still there")

    def _twins(self, campaign: Campaign) -> Iterator[Entry]:
        said = self._by_content.get(_content(state.spec(campaign)), ())
        if not isinstance(campaign.audience, Numbers):
            yield from said
        elif said:
            people = state.audience_digests(campaign.audience.numbers, self._lineage)
            yield from (entry for entry in said if entry.audience == people)

    @cached_property
    def _by_content(self) -> Mapping[str, list[Entry]]:
        """Not before a campaign is to be made: most plans make none, and history only grows."""
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self._left:
            found[_content(spec_of(entry))].append(entry)
        return found


def _content(spec: Mapping[str, Any]) -> str:
    return json.dumps({**spec, "name": None}, sort_keys=True)


def told(change: Create) -> Iterator[Finding]:
    """What to write so that nothing is deleted and made again."""
    if change.instead_of is not None:
        text = f"`{change.key}` reads just like `{change.instead_of}`, which no manifest has any more"
        yield Finding(
            "CMP505",
            "warning",
            f"{text}: that is deleted and this is made",
            change.place,
            help=f"if only the key has changed, add: {_move(_said(change.instead_of, change))}",
        )


def _blocked(change: Create, old: Entry, why: str) -> Blocked:
    reason = f"reads just like `{old.key}`, which no manifest has any more {why}"
    add = f"if only the key has changed, add: {_move(_said(old.key, change))}"
    help = f"{add}; if it is to go out as well, put the block of `{old.key}` back"
    kept = {**carried(change), "id": None}
    return Blocked(**kept, reason=reason, fields=change.fields, help=help, code="CMP505")


def _said(old: str, change: Create) -> str:
    """The old key as a manifest has it: a part is renamed with its whole."""
    return old if change.campaign.part is None else whole_of(old)


def _move(old: str) -> str:
    return f"moved: {{from: {old}}}"
