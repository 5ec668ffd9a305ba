"""Who is behind the numbers: countries, clocks, and who else texts the same people. It keeps no number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from campaignops import state
from campaignops.audience.countries import Home, home
from campaignops.guard.outgoing import Outgoing, Sent
from campaignops.planner.reach import Local
from campaignops.project import Frequency

_RECORDED = -1  # stands for no campaign of the plan


def homes(numbers: Iterable[str]) -> Counter[Home]:
    """How many people live where."""
    return Counter(map(home, numbers))


def countries(found: Counter[Home]) -> tuple[tuple[str, int], ...]:
    """People by country, most first; `?` is no country."""
    each: Counter[str] = Counter()
    for where, people in found.items():
        each[where.country or "?"] += people
    return tuple(sorted(each.items(), key=lambda item: (-item[1], item[0])))


def clocks(found: Counter[Home], timezone: str) -> tuple[Local, ...]:
    """People by what their clocks may show, most first; those of no known zone by the project's."""
    each: Counter[tuple[str, ...]] = Counter()
    for where, people in found.items():
        each[where.zones or (timezone,)] += people
    return tuple(Local(zones, people) for zones, people in sorted(each.items(), key=lambda i: (-i[1], i[0])))


class Shared:
    """Who is in several of the outgoing campaigns. Built in two passes, so that only those people cost memory."""

    def __init__(self, listed: Sequence[Outgoing]) -> None:
        seen: set[str] = set()
        twice: set[str] = set()
        for each in listed:
            own = set(each.numbers or ())
            twice |= seen & own
            seen |= own
        del seen
        self._listed = listed
        self._of: dict[str, list[int]] = {}
        for at, each in enumerate(listed) if twice else ():
            for number in twice.intersection(each.numbers or ()):
                self._of.setdefault(number, []).append(at)

    def also(self) -> list[Counter[str]]:
        """For each campaign, how many of its people get another one, too, under the key of one such."""
        found: list[Counter[str]] = [Counter() for _ in self._listed]
        for places in self._of.values():
            for at in places:
                other = places[1] if places[0] == at else places[0]
                found[at][self._listed[other].key] += 1
        return found

    def dated(self) -> dict[str, list[tuple[float, int]]]:
        """When each such person is texted, and by which of the campaigns; drafts aside."""
        return {
            number: [(first_s, at) for at in places if (first_s := self._listed[at].first_s) is not None]
            for number, places in self._of.items()
        }


@dataclass(frozen=True, slots=True)
class Often:
    """How many people of one campaign get too many messages with it, and how many a recorded campaign reaches."""

    over: int = 0
    recent: int = 0


def often(
    listed: Sequence[Outgoing], shared: Shared, sent: Sequence[Sent], lineage: str, limit: Frequency
) -> list[Often]:
    """For each outgoing campaign, whom it would text more than `limit.most` times within `limit.per_s` seconds."""
    people = shared.dated()
    for at, each in enumerate(listed):
        if each.first_s is not None:
            for number, time_s in _recorded(each, each.first_s, sent, lineage, limit.per_s):
                people.setdefault(number, [(each.first_s, at)]).append((time_s, _RECORDED))
    over, recent = [0] * len(listed), [0] * len(listed)
    for dated in map(sorted, map(set, people.values())):
        times = [time_s for time_s, _ in dated]
        for time_s, at in dated:
            if at != _RECORDED:
                over[at] += _is_crowded(times, time_s, limit)
                recent[at] += any(b == _RECORDED and abs(t - time_s) < limit.per_s for t, b in dated)
    return [Often(*counts) for counts in zip(over, recent, strict=True)]


def _recorded(
    each: Outgoing, first_s: float, sent: Sequence[Sent], lineage: str, per_s: int
) -> Iterator[tuple[str, float]]:
    """Whom recorded campaigns reach within the time around the first message, and when."""
    near = [
        (known.time_s, state.people_in(known.entry.audience))
        for known in sent
        if abs(known.time_s - first_s) < per_s
    ]
    if not near or not each.numbers:
        return
    for number, digest in zip(each.numbers, state.person_digests(each.numbers, lineage), strict=True):
        for time_s, people in near:
            if digest in people:
                yield number, time_s


def _is_crowded(times: Sequence[float], time_s: float, limit: Frequency) -> bool:
    """Whether a stretch of that length around `time_s` holds too many of the sorted `times`."""
    return any(
        early <= time_s <= late and late - early < limit.per_s
        for early, late in zip(times, times[limit.most :], strict=False)
    )
