"""May this plan go out? One pure function over it, in terms of people, times, countries and cost.

outgoing    what goes out and when its turn comes     people    who they are, and who else texts them
quiet       hours and days by their own clocks        rules     the guardrails of the settings
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from campaignops import state
from campaignops.audience.countries import Home
from campaignops.findings import Finding, in_order
from campaignops.guard import outgoing as going
from campaignops.guard import people
from campaignops.guard.outgoing import Outgoing, World
from campaignops.guard.people import Often, Shared
from campaignops.guard.rules import Locate, Rules
from campaignops.message import sms
from campaignops.model import Numbers, Phonebook, Text
from campaignops.planner import Plan
from campaignops.planner.reach import Reach, Refusal
from campaignops.project import Guardrails
from campaignops.state import State

__all__ = ["Allowed", "World", "review"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Single cases that somebody allows: exact numbers of people, and `setting:key:number`."""

    recipients: frozenset[int] = frozenset()
    cases: frozenset[str] = frozenset()

    def lets(self, refusal: Refusal) -> bool:
        match refusal.allow:
            case ("--allow-recipients", number):
                return int(number) in self.recipients
            case ("--allow", case):
                return case in self.cases
            case _:
                return False


_NOTHING = Allowed()


def review(
    made: Plan, recorded: State, rails: Guardrails, world: World, locate: Locate, allowed: Allowed = _NOTHING
) -> Plan:
    """The plan with what each create and update means for people, and with what the guardrails refuse among its
    findings. What is allowed for this once is a warning."""
    sent = going.sent(made, recorded)
    listed = going.outgoing(made, world, sent)
    homes = [people.homes(each.numbers or ()) for each in listed]
    shared = Shared(listed)
    limit = rails.frequency
    often = people.often(listed, shared, sent, made.lineage, limit) if limit else [Often()] * len(listed)
    rules = Rules(rails, world, locate)
    refused: list[Refusal] = []
    reach: dict[str, Reach] = {}
    for each, living, also, frequent in zip(listed, homes, shared.also(), often, strict=True):
        refused += rules.of_campaign(each, living, frequent, recorded.campaigns)
        reach[each.key] = _reach(each, living, also, frequent, made, rails, world)
    refused += rules.of_plan(listed, sent)
    let_by = tuple(_as_warning(each) for each in refused if allowed.lets(each))
    kept = tuple(each for each in refused if not allowed.lets(each))
    seen = (finding for each in listed for finding in _in_phonebook(each, locate))
    findings = in_order((*made.findings, *(each.finding for each in (*kept, *let_by)), *seen))
    return replace(made, reach=reach, refusals=kept, allowed=let_by, findings=findings)


def _in_phonebook(each: Outgoing, locate: Locate) -> Iterator[Finding]:
    """Numbers of several contacts: whether a PBX sends to such a number once is documented nowhere. Or of none."""
    numbers, audience = each.numbers, each.campaign.audience
    if numbers is None or not isinstance(audience, Phonebook):
        return
    if not numbers:
        yield Finding(
            "CMP214",
            "warning",
            f"no contact of the phonebook has a number in `{audience.field}` that begins with + and the country code",
            locate(each.campaign, ("recipients", "field")),
            help="name another field, or look at the contacts on the PBX",
        )
    if again := len(numbers) - len(set(numbers)):
        who = "1 contact of the phonebook has" if again == 1 else f"{again:,} contacts of the phonebook have"
        yield Finding(
            "CMP415",
            "warning",
            f"{who} the number of another; who has it may get the message twice",
            locate(each.campaign, ("recipients", "phonebook")),
            help="take the number away from all but one contact on the PBX, or name the people in a file instead",
        )


def _as_warning(refusal: Refusal) -> Refusal:
    finding = refusal.finding
    said = replace(
        finding, severity="warning", message=f"{finding.message} (allowed for this once)", help=None
    )
    return replace(refusal, finding=said)


def _reach(
    each: Outgoing,
    homes: Counter[Home],
    also: Counter[str],
    often: Often,
    made: Plan,
    rails: Guardrails,
    world: World,
) -> Reach:
    audience = each.campaign.audience
    is_seen = isinstance(audience, Phonebook) and each.numbers is not None
    parts = _parts(each)
    return Reach(
        countries=people.countries(homes),
        suppressed=len(audience.withheld) if isinstance(audience, Numbers) else 0,
        without_number=max((each.change.people or 0) - len(each.numbers or ()), 0) if is_seen else None,
        phonebook=_fingerprint(each.numbers or (), made) if is_seen else None,
        also=tuple(also.most_common()),
        recent=often.recent,
        first_s=each.first_s,
        last_s=each.last_s,
        queued_behind=each.queued_behind,
        clocks=people.clocks(homes, world.timezone) if each.first_s is not None else (),
        parts=parts,
        cost=None if parts is None else _cost(parts, homes, each.people or 0, rails.cost_per_part),
        currency=rails.currency,
    )


def _fingerprint(numbers: Iterable[str], made: Plan) -> str:
    """Keyed, so that nobody can try numbers out; empty before the first write, when there is no key yet."""
    return state.fingerprint({"people": sorted(numbers)}, made.lineage)[:8] if made.serial else ""


def _parts(each: Outgoing) -> int | None:
    """The parts of all messages together."""
    message = each.campaign.message
    if not isinstance(message, Text) or each.people is None:
        return None
    return sms.measure(message.text).parts * each.people


def _cost(parts: int, homes: Counter[Home], count: int, prices: Mapping[str, Decimal]) -> Decimal | None:
    """None where a country has no price."""
    per_person = parts // count if count else 0
    total = Decimal(0)
    for where, living in homes.items():
        price = prices.get(where.country, prices.get("other"))
        if price is None:
            return None
        total += price * per_person * living
    return total if prices and homes.total() == count else None
