"""The guardrails, one function each: an outgoing campaign in, refusals out. Their limits stand in the settings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import join, quote

from campaignops import state
from campaignops.audience.countries import Home
from campaignops.findings import Finding, Place
from campaignops.guard import quiet
from campaignops.guard.outgoing import Outgoing, Sent, World
from campaignops.guard.people import Often
from campaignops.message import sms
from campaignops.model import Campaign, Phonebook, Text
from campaignops.planner.reach import Refusal
from campaignops.project import Guardrails
from campaignops.state import Entry

Locate = Callable[[Campaign, tuple[str | int, ...]], Place]
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Rules:
    """The guardrails of one project, and where in its manifests a refusal is told."""

    rails: Guardrails
    world: World
    locate: Locate

    def of_campaign(
        self, each: Outgoing, homes: Counter[Home], often: Often, recorded: Mapping[str, Entry]
    ) -> Iterator[Refusal]:
        """What is refused about one campaign."""
        if each.people is not None:
            yield from self._too_many(each, each.people)
        if each.numbers is None and each.people is not None and self.world.is_online:
            yield from self._unseen(each)
        yield from self._suppressed(each)
        yield from self._hours(each, homes)
        yield from self._days(each, homes)
        yield from self._countries(each, homes)
        yield from self._often(each, often.over)
        yield from self._untested(each, recorded)
        yield from self._parts(each)

    def of_plan(self, listed: Sequence[Outgoing], sent: Sequence[Sent]) -> Iterator[Refusal]:
        """What is refused about all of them together."""
        people, most = sum(each.people or 0 for each in listed), self.rails.max_per_plan
        if most is not None and people > most:
            what = f"{_people(people)} in one plan"
            yield self._limit("CMP602", what, None, "max_recipients.per_plan", people)
        if self.rails.max_per_day is not None:
            for day, count in sorted(self._by_day(listed, sent).items()):
                if count > self.rails.max_per_day:
                    what = f"{_people(count)} on {day}, with what is recorded"
                    yield self._limit("CMP603", what, None, "max_recipients.per_day", count)

    def _by_day(self, listed: Sequence[Outgoing], sent: Sequence[Sent]) -> Counter[str]:
        """People by day of the project's zone, of those days on which the plan sends."""
        zone = self.world.timezone
        of_plan: defaultdict[str, int] = defaultdict(int)
        for each in listed:
            if each.first_s is not None:
                of_plan[quiet.local(each.first_s, zone).date().isoformat()] += each.people or 0
        days = Counter(of_plan)
        for known in sent:
            day = quiet.local(known.time_s, zone).date().isoformat()
            if day in of_plan:
                days[day] += known.entry.recipients or 0
        return days

    def _too_many(self, each: Outgoing, people: int) -> Iterator[Refusal]:
        if self.rails.max_per_campaign is not None and people > self.rails.max_per_campaign:
            yield self._limit("CMP601", _people(people), each, "max_recipients.per_campaign", people)

    def _unseen(self, each: Outgoing) -> Iterator[Refusal]:
        """A phonebook that does not show its people: what depends on who they are cannot be checked."""
        rails, is_dated = self.rails, each.first_s is not None
        asks = (
            ("CMP604", "quiet_hours", rails.quiet_hours is not None and is_dated),
            ("CMP605", "quiet_days", bool(rails.quiet_days) and is_dated),
            ("CMP606", "suppression", rails.suppression is not None),
            ("CMP608", "countries", bool(rails.countries)),
            ("CMP609", "frequency", rails.frequency is not None and is_dated),
        )
        for code, setting, is_asked in asks:
            if is_asked:
                what = "the PBX does not show who is in the phonebook, so nobody can tell whom it would text"
                case = None if setting == "suppression" else each.people
                help = "name the people in a file instead"
                yield self._refusal(code, what, each, ("recipients",), setting, case, help)

    def _suppressed(self, each: Outgoing) -> Iterator[Refusal]:
        if self.rails.suppression is None:
            return
        if isinstance(each.campaign.audience, Phonebook):
            held = sum(number in self.world.suppressed for number in each.numbers or ())
            if held:
                what = f"{_people(held)} of the phonebook {'has' if held == 1 else 'have'} opted out"
                help = "take them out of the phonebook on the PBX, or name the recipients in a file"
                yield self._refusal("CMP606", what, each, ("recipients",), "suppression", None, help)
        elif not each.numbers:
            what, help = "everybody in it has opted out", "take the campaign out, or name others"
            yield self._refusal("CMP606", what, each, ("recipients",), "suppression", None, help)

    def _hours(self, each: Outgoing, homes: Counter[Home]) -> Iterator[Refusal]:
        hours, first_s = self.rails.quiet_hours, each.first_s
        if hours is None or first_s is None:
            return
        last_s = first_s if each.last_s is None else each.last_s
        people: Counter[str] = Counter()
        for where, count in homes.items():
            for zone in where.zones or (self.world.timezone,):
                if quiet.in_hours(first_s, last_s, zone, hours):
                    people[zone] += count
                    break
        if people:
            zone, _ = people.most_common(1)[0]
            clock = f"{quiet.local(first_s, zone):%H:%M}"
            what = f"{_people(people.total())} would be texted in quiet hours, such as at {clock} in {zone}"
            help = "write another time"
            yield self._refusal("CMP604", what, each, ("send", "at"), "quiet_hours", people.total(), help)

    def _days(self, each: Outgoing, homes: Counter[Home]) -> Iterator[Refusal]:
        if not self.rails.quiet_days or each.first_s is None:
            return
        last_s = each.first_s if each.last_s is None else each.last_s
        people, name = 0, ""
        for where, count in homes.items():
            days = quiet.days_of(where.country, self.rails.quiet_days)
            for zone in where.zones or (self.world.timezone,):
                if found := quiet.on_days(each.first_s, last_s, zone, days):
                    people, name = people + count, name or found
                    break
        if people:
            what = f"{_people(people)} would be texted on a quiet day ({name})"
            yield self._refusal(
                "CMP605", what, each, ("send", "at"), "quiet_days", people, "write another day"
            )

    def _countries(self, each: Outgoing, homes: Counter[Home]) -> Iterator[Refusal]:
        if not self.rails.countries:
            return
        foreign: Counter[str] = Counter()
        for where, count in homes.items():
            if where.country not in self.rails.countries:
                foreign[where.country or "no known country"] += count
        if foreign:
            said = ", ".join(f"{count:,} in {country}" for country, count in foreign.most_common(5))
            what = f"{_people(foreign.total())} outside of the countries allowed: {said}"
            help = "leave them out of the recipients"
            yield self._refusal("CMP608", what, each, ("recipients",), "countries", foreign.total(), help)

    def _often(self, each: Outgoing, people: int) -> Iterator[Refusal]:
        limit = self.rails.frequency
        if limit is not None and people:
            times = "a second time" if limit.most == 1 else f"more than {limit.most} times"
            what = (
                f"{_people(people)} would be texted {times} within {self.rails.written['frequency.per'][1]}"
            )
            help = "send it at another time, or leave them out"
            yield self._refusal("CMP609", what, each, ("recipients",), "frequency", people, help)

    def _untested(self, each: Outgoing, recorded: Mapping[str, Entry]) -> Iterator[Refusal]:
        within_s = self.rails.test_send
        if within_s is None or each.first_s is None:
            return
        tested_s = state.tested_at_s(recorded, each.campaign)
        if tested_s is None or (within_s and self.world.now_s - tested_s > within_s):
            what = "it was not sent as a test just as it is now"
            help = f"campaignops test-send {quote(each.key)} --to one of `test_numbers` in campaignops.yaml"
            yield self._refusal("CMP610", what, each, (), "require_test_send", each.people, help)

    def _parts(self, each: Outgoing) -> Iterator[Refusal]:
        message, limits = each.campaign.message, self.rails.max_sms_parts
        channel = str(each.campaign.channel)
        setting = f"max_sms_parts.{channel}" if channel in limits else "max_sms_parts"
        most = limits.get(channel, limits.get(_OTHER))
        if (
            isinstance(message, Text)
            and most is not None
            and (parts := sms.measure(message.text).parts) > most
        ):
            what = f"its text takes {parts} parts, the limit is {most}"
            yield self._refusal("CMP611", what, each, ("message", "text"), setting, parts, "write less")

    def _limit(self, code: str, what: str, each: Outgoing | None, setting: str, people: int) -> Refusal:
        if setting not in self.rails.written:
            setting = "max_recipients"
        place, value = self.rails.written[setting]
        finding = Finding(
            code,
            "error",
            _about(each, f"{what}; the limit is {int(value):,}"),
            place if each is None else self.locate(each.campaign, ("recipients",)),
            _note(setting, value, place),
            f"send to fewer; or, for this once: --allow-recipients {people}",
        )
        return Refusal(finding, each.key if each else None, setting, ("--allow-recipients", str(people)))

    def _refusal(
        self,
        code: str,
        what: str,
        each: Outgoing,
        path: tuple[str, ...],
        setting: str,
        case: int | None,
        help: str = "",
    ) -> Refusal:
        """`case` is the number that one exception names; None: there is none for this."""
        place, value = self.rails.written[setting]
        allow = None if case is None else ("--allow", f"{setting.partition('.')[0]}:{each.key}:{case}")
        advice = [help] if help else []
        advice += [f"for this once: {join(allow)}"] if allow else []
        finding = Finding(
            code,
            "error",
            _about(each, what),
            self.locate(each.campaign, path) if path else each.campaign.place,
            _note(setting, value, place),
            "; or, ".join(advice) or None,
        )
        return Refusal(finding, each.key, setting, allow)


def _about(each: Outgoing | None, what: str) -> str:
    return what if each is None else f"`{each.key}`: {what}"


def _note(setting: str, value: str, place: Place) -> str:
    return f"guardrails.{setting} is {value} at {place}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"
