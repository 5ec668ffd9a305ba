"""What a campaign means for people: where they are, when they read it, what it costs; as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from campaignops.planner import AnyChange, Plan
from campaignops.planner.reach import Local, Reach, Refusal
from campaignops.report.frame import Frame
from campaignops.report.plain import masked, safe
from campaignops.report.when import distance, iso, moment

_MOST = 4  # countries, clocks and other campaigns that are named
_LONG_S = 60


def audience(reach: Reach) -> str:
    """What stands behind the number of people: countries, opt-outs."""
    said = [", ".join(_shortened([f"{country} {people:,}" for country, people in reach.countries]))]
    if reach.suppressed:
        said.append(f"{reach.suppressed:,} opted out and left out")
    if reach.without_number:
        said.append(f"{reach.without_number:,} without such a number")
    return "".join(f"   {each}" for each in said if each)


def rows(change: AnyChange, reach: Reach, frame: Frame) -> Iterator[str]:
    """The lines about people and times of one campaign."""
    if reach.phonebook is not None:
        mark = f" ({reach.phonebook})" if reach.phonebook else ""
        said = f"as the PBX has it now{mark}; whoever is in it when it sends gets it"
        yield frame.row("phonebook", said)
    if reach.also:
        total = sum(people for _, people in reach.also)
        others = ", ".join(_shortened([safe(key) for key, _ in reach.also]))
        yield frame.row("overlap", f"{_people(total)} also {_gets(total)} {others}")
    if reach.recent:
        yield frame.row(
            "overlap", f"{_people(reach.recent)} {_gets(reach.recent)} a recorded campaign about then"
        )
    if reach.queued_behind is not None:
        yield frame.row(
            "queue", f"waits for {safe(reach.queued_behind)}: the PBX sends one campaign at a time"
        )
    if change.send == "at":
        for label, clock in zip(("arrives", "", "", ""), reach.clocks, strict=False):
            yield frame.row(label, _arrival(reach, clock))
    if reach.first_s is not None and reach.last_s is not None and reach.last_s - reach.first_s >= _LONG_S:
        yield frame.row("takes", distance(reach.last_s, reach.first_s).removeprefix("in "))


def parts(reach: Reach) -> str:
    """All parts, and what they cost."""
    if reach.parts is None:
        return ""
    return f"   → {_count(reach.parts, 'part')}{_cost(reach)}"


def refused(refusals: Iterable[Refusal], frame: Frame) -> Iterator[str]:
    for each in refusals:
        said = each.finding.message.removeprefix(f"`{each.key}`: ")
        yield frame.row("refused", frame.style(f"{safe(said)} ({each.finding.code})", "red"))


def totals(plan: Plan) -> str:
    """`, 842 parts, about 58.94 EUR` behind the people of the count line."""
    found = [each for each in plan.reach.values() if each.parts is not None]
    if not found:
        return ""
    count = _count(sum(each.parts or 0 for each in found), "part")
    total = cost(plan)
    return f", {count}, about {total}" if total else f", {count}"


def cost(plan: Plan) -> str | None:
    """`58.94 EUR`; None where it is not known of all texts."""
    found = [each for each in plan.reach.values() if each.parts is not None]
    costs = [each.cost for each in found if each.cost is not None]
    return f"{sum(costs):,.2f}{_currency(found[0])}" if found and len(costs) == len(found) else None


def summary(plan: Plan) -> dict[str, Any]:
    """The totals of a document."""
    found = [each for each in plan.reach.values() if each.parts is not None]
    costs = [each.cost for each in found if each.cost is not None]
    known = bool(found) and len(costs) == len(found)
    return {
        "parts": sum(each.parts or 0 for each in found),
        "cost": f"{sum(costs):.2f}" if known else None,
        "currency": found[0].currency if known else None,
        "refused": len(plan.refusals),
    }


def fields(change: AnyChange, plan: Plan, timezone: str) -> dict[str, Any]:
    """What a document says of one change."""
    reach = plan.reach.get(change.key, Reach())
    zone = change.zone or timezone
    dated = change.send == "at"
    return {
        "total_parts": reach.parts,
        "cost": None if reach.cost is None else f"{reach.cost:.2f}",
        "currency": reach.currency,
        "countries": dict(reach.countries),
        "suppressed": reach.suppressed,
        "phonebook": reach.phonebook,
        "overlap": {str(masked(key)): people for key, people in reach.also},
        "recently_texted": reach.recent,
        "first_message": iso(int(reach.first_s), zone) if dated and reach.first_s is not None else None,
        "last_message": iso(int(reach.last_s), zone) if dated and reach.last_s is not None else None,
        "queued_behind": masked(reach.queued_behind),
        "refused": [
            {"code": each.finding.code, "setting": each.setting, "allow": each.allow and " ".join(each.allow)}
            for each in plan.refusals
            if each.key == change.key
        ],
    }


def _arrival(reach: Reach, clock: Local) -> str:
    zone, others = clock.zones[0], len(clock.zones) - 1
    assert reach.first_s is not None  # what has clocks has a time
    first = moment(int(reach.first_s), zone).removesuffix(f" {zone}")
    last_s = reach.first_s if reach.last_s is None else reach.last_s
    last = moment(int(last_s), zone).removesuffix(f" {zone}")
    if last[: -len("18:06")] == first[: -len("18:06")]:
        last = last[-len("18:06") :]
    span = first if last_s - reach.first_s < _LONG_S else f"{first}–{last}"
    doubt = f" or one of {others} more" if others else ""
    return f"{span} {zone}{doubt}   ({_people(clock.people)})"


def _shortened(names: list[str]) -> list[str]:
    return names if len(names) <= _MOST else [*names[:_MOST], f"{len(names) - _MOST:,} more"]


def _cost(reach: Reach) -> str:
    return "" if reach.cost is None else f", about {reach.cost:,.2f}{_currency(reach)}"


def _currency(reach: Reach) -> str:
    return f" {reach.currency}" if reach.currency else ""


def _people(count: int) -> str:
    return _count(count, "person") if count == 1 else f"{count:,} people"


def _gets(count: int) -> str:
    return "gets" if count == 1 else "get"


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
