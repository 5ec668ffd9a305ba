"""`split`: one audience, cut into numbered campaigns: `summer-sale[1]`, `summer-sale[2]`, …

The cut is stable because of one rule: who is recorded in a part stays in that part, or is in none. Whoever leaves the
list and comes back is known by the digest in the record. Nobody is ever moved from one part to another, not even from
an unsent one, because that may begin to send while the plan is carried out. New people go into parts that have room,
and then into new parts.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from campaignops import state
from campaignops.audience import Packed
from campaignops.model import Campaign, Numbers
from campaignops.planner.judge import Judge
from campaignops.planner.selection import part_of
from campaignops.state import Entry


class Parts:
    """The recorded parts of every key."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._numbered: dict[str, dict[int, Entry]] = defaultdict(dict)
        for key, entry in sorted(entries.items()):
            if found := part_of(key):
                self._numbered[found[0]][found[1]] = entry

    def of(self, campaign: Campaign) -> dict[int, Entry]:
        """Its recorded parts by number, also those of the key it was moved from. What was recorded whole, before there
        was a `split`, is a part as well, and takes a number that is free."""
        if not self._numbered and campaign.split is None:
            return {}
        before = self._numbered.get(campaign.moved_from or "", {})
        known = before | self._numbered.get(campaign.key, {})
        whole = (campaign.key, campaign.moved_from or "") if campaign.split is not None else ()
        has_number = {entry.key for entry in known.values()}
        for entry in (*before.values(), *map(self._entries.get, whole)):
            if entry is not None and entry.key not in has_number:
                known[next(_free(known))] = entry
        return known

    def keys(self, campaign: Campaign) -> Iterator[str]:
        """Its key; with a `split`, those of the parts that it has or may get, too."""
        yield campaign.key
        if campaign.split is not None:
            most = max(self.of(campaign), default=0) + len(people_of(campaign)) // campaign.split + 1
            yield from (f"{campaign.key}[{number}]" for number in range(1, most + 1))


def pieces(whole: Campaign, known: Mapping[int, Entry], judge: Judge) -> Iterator[tuple[Campaign, bool]]:
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


def cut(
    campaign: Campaign, known: Mapping[int, Entry], has_room: Callable[[Entry], bool], lineage: str
) -> Iterator[Campaign]:
    """The parts of a campaign with `split`, by number; of `known` also those whose people have all left the list.

    The same list and record give the same parts. Raises ValueError for a record whose `audience` is spoilt.
    """
    assert campaign.split is not None
    roomy = [number for number, entry in sorted(known.items()) if has_room(entry)]
    people, new = _at_home(people_of(campaign), _sure_last(known, roomy), lineage)
    taken = 0
    for number in roomy:
        room = max(campaign.split - len(people[number]), 0)
        people[number].extend(new[taken : taken + room])
        taken += room
    free = _free(people)
    for at in range(taken, len(new), campaign.split):
        people[next(free)] = new[at : at + campaign.split]
    for number, digits in sorted(people.items()):
        yield _numbered(campaign, number, Packed(digits), known.get(number))


def people_of(campaign: Campaign) -> Sequence[str]:
    """The numbers of a campaign with `split`, or of a part of it."""
    return _listed(campaign).numbers


def _listed(campaign: Campaign) -> Numbers:
    assert isinstance(campaign.audience, Numbers)  # the reader of manifests allows `split` for no other
    return campaign.audience


def _sure_last(known: Mapping[int, Entry], roomy: Iterable[int]) -> dict[int, Entry]:
    """Should somebody be recorded in two parts, the last one counts: one that may have been sent."""
    unsent = {number: known[number] for number in roomy}
    return unsent | {number: entry for number, entry in known.items() if number not in unsent}


def _at_home(
    numbers: Sequence[str], known: Mapping[int, Entry], lineage: str
) -> tuple[dict[int, array[int]], array[int]]:
    """Who is in which recorded part, and who is in none; as whole numbers, in the order of the list."""
    homes = {person: number for number, entry in known.items() for person in state.people_in(entry.audience)}
    people = {number: array("Q") for number in known}
    if not homes:
        return people, array("Q", map(int, numbers))
    new = array("Q")
    for number, person in zip(numbers, state.person_digests(numbers, lineage), strict=True):
        home = homes.get(person)
        (new if home is None else people[home]).append(int(number))
    return people, new


def _numbered(campaign: Campaign, number: int, people: Packed, entry: Entry | None) -> Campaign:
    key = f"{campaign.key}[{number}]"
    return replace(
        campaign,
        key=key,
        name=f"{campaign.name} ({number})",
        audience=replace(
            _listed(campaign), numbers=people, withheld=()
        ),  # who has opted out has left the list
        moved_from=entry.key if entry is not None and entry.key != key else None,
        split=None,
        part=number,
    )


def _free(taken: Mapping[int, object]) -> Iterator[int]:
    return (number for number in count(1) if number not in taken)
