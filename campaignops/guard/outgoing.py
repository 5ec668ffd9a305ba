"""What is about to go out: the creates and updates of a plan with their people, and when each one's turn comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from campaignops.model import Campaign, Numbers
from campaignops.planner import Create, Delete, Plan, Update
from campaignops.state import BEGUN, Entry, Phase, is_test
from campaignops.state import State as Recorded


@dataclass(frozen=True, slots=True)
class World:
    """What the manifests do not say. `suppressed` are the numbers of those who have opted out, `contacts` has the
    numbers of the phonebooks by key of their campaign, `rates` how many messages a second its channel sends. Without
    `is_online` the last two are not known yet."""

    now_s: float
    timezone: str
    suppressed: Set[str] = frozenset()
    is_online: bool = False
    contacts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rates: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One create or update. `numbers` None: they are not known. Times are Unix seconds, None for a draft; `last_s` is
    None where the rate or the number of people is not known."""

    change: Create | Update
    numbers: Sequence[str] | None
    first_s: float | None = None
    last_s: float | None = None
    queued_behind: str | None = None

    @property
    def key(self) -> str:
        return self.change.key

    @property
    def campaign(self) -> Campaign:
        return self.change.campaign

    @property
    def people(self) -> int | None:
        known = self.change.people
        return len(self.numbers) if known is None and self.numbers is not None else known


@dataclass(frozen=True, slots=True)
class Sent:
    """A recorded campaign that the plan leaves alone, and that has been sent or will be, at `time_s`."""

    entry: Entry
    time_s: float


def outgoing(plan: Plan, world: World, sent: Iterable[Sent]) -> list[Outgoing]:
    """In the plan's order, with the times of a PBX that sends one campaign at a time (page "Query Message Campaign
    List": the others wait as `pending`)."""
    listed = [
        Outgoing(
            change, _numbers(change.campaign, world), None if plan.half == "draft" else _due_s(change, world)
        )
        for change in plan.changes
        if isinstance(change, Create | Update) and change.steps
    ]
    due: list[tuple[float, int, Outgoing | Sent]] = [
        (each.first_s, at, each) for at, each in enumerate(listed) if each.first_s is not None
    ]
    due += [(known.time_s, -1, known) for known in sent if known.time_s > world.now_s]
    slowest = min(world.rates.values(), default=None)
    free_s, busy = 0.0, ""
    for due_s, at, turn in sorted(due, key=lambda item: item[:2]):
        first_s = max(due_s, free_s)
        if isinstance(turn, Outgoing):
            last_s = _last_s(first_s, turn.people, world.rates.get(turn.key))
            behind = busy if first_s > due_s else None
            listed[at] = replace(turn, first_s=first_s, last_s=last_s, queued_behind=behind)
            busy = turn.key
        else:
            last_s = _last_s(first_s, turn.entry.recipients, slowest)
            busy = turn.entry.key
        free_s = first_s if last_s is None else last_s
    return listed


def sent(plan: Plan, recorded: Recorded) -> list[Sent]:
    """What is recorded as sent or scheduled and is not replaced or deleted by the plan."""
    replaced = {
        change.entry.key
        for change in plan.changes
        if isinstance(change, Create | Update | Delete) and change.entry is not None
    }
    found = []
    for key, entry in recorded.campaigns.items():
        if key in replaced or is_test(key) or entry.send == "draft":
            continue
        if entry.phase in (Phase.RELEASED, Phase.RELEASING) or entry.status in BEGUN:
            time_s = entry.time_s if entry.send == "at" else _recorded_s(entry)
            if time_s is not None:
                found.append(Sent(entry, time_s))
    return found


def _last_s(first_s: float, people: int | None, rate: int | None) -> float | None:
    """When the last message goes out; None where the rate or the number of people is not known."""
    return first_s + max(people - 1, 0) / rate if rate and people is not None else None


def _recorded_s(entry: Entry) -> float | None:
    """When what sends at once was let go. Of what was taken over, or recorded by an older version, the last step is the
    latest that it can be."""
    if entry.released_s is not None:
        return float(entry.released_s)
    try:
        return datetime.fromisoformat(entry.at).timestamp()
    except ValueError:
        return None


def _numbers(campaign: Campaign, world: World) -> Sequence[str] | None:
    if isinstance(campaign.audience, Numbers):
        return campaign.audience.numbers
    return world.contacts.get(campaign.key)


def _due_s(change: Create | Update, world: World) -> float | None:
    if change.send == "draft":
        return None
    return world.now_s if change.time_s is None else float(change.time_s)
