"""What a change means for people, and what is refused about it. Values only; `guard` works them out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from campaignops.findings import Finding


@dataclass(frozen=True, slots=True)
class Local:
    """People whose clocks may show the time of `zones`: several where a number does not tell which."""

    zones: tuple[str, ...]
    people: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one create or update. `countries` has people by ISO code, most first; `suppressed` are left out and not among
    them. `also` has how many of them another campaign of the plan reaches too, by its key; `recent` how many a recorded
    one has reached, or will, within the frequency window. `phonebook` is a digest of the people that it has now.

    Times are Unix seconds: when the first and the last message would go out, with the queue and the channel's rate;
    `queued_behind` is the campaign it waits for. `parts` are all parts, `cost` what they cost, in `currency`.
    """

    countries: tuple[tuple[str, int], ...] = ()
    suppressed: int = 0
    without_number: int | None = None
    phonebook: str | None = None
    also: tuple[tuple[str, int], ...] = ()
    recent: int = 0
    first_s: float | None = None
    last_s: float | None = None
    queued_behind: str | None = None
    clocks: tuple[Local, ...] = ()
    parts: int | None = None
    cost: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A guardrail that a plan goes beyond: the finding that says so, of which campaign (None: of the whole plan), the
    `setting` by its path below guardrails, and the option and value that `allow` this one case, if any do."""

    finding: Finding
    key: str | None
    setting: str
    allow: tuple[str, str] | None
