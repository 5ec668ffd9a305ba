"""The guardrails over a plan, as values: who is reached, when, and what is refused with which way out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from campaignops import guard, state
from campaignops.audience.countries import home
from campaignops.findings import Place
from campaignops.guard import Allowed, World
from campaignops.guard.quiet import in_hours, on_days
from campaignops.model import At, Draft, Now, Numbers, Phonebook, Ref, Text
from campaignops.planner import Live, Plan
from campaignops.project import Frequency, Guardrails, QuietHours
from campaignops.state import Phase
from tests.builders import LINEAGE, NOW_S, TIME_S, a_campaign, a_place, a_plan, a_state, an_entry

BERLIN, YORK, SHANGHAI = "+4915112345678", "+12125550123", "+8613800001111"
DAY_S = 86400
HERE = Place("campaignops.yaml", 9, 3)


def rails(**said: Any) -> Guardrails:
    names = (
        "max_recipients", "quiet_hours", "quiet_days", "countries", "suppression", "frequency", "frequency.per",
        "require_test_send", "max_sms_parts", "max_sms_parts.Main SMS",
    )  # fmt: skip
    return Guardrails(**said, written=dict.fromkeys(names, (HERE, "24")))


def reviewed(
    *desired: Any,
    recorded: tuple[Any, ...] = (),
    live: Live | None = None,
    allowed: Allowed | None = None,
    world: dict[str, Any] | None = None,
    **said: Any,
) -> Plan:
    made = a_plan(*desired, recorded=recorded, live=live)
    around = World(NOW_S, "Europe/Berlin", **(world or {}))
    return guard.review(made, a_state(*recorded), rails(**said), around, a_place, allowed or Allowed())


def codes(plan: Plan) -> list[str]:
    return [each.finding.code for each in plan.refusals]


def to(*numbers: str, **other: Any) -> Numbers:
    return Numbers(numbers, **other)


# people


@pytest.mark.parametrize(
    ("number", "country", "zones"),
    [
        (BERLIN, "DE", ("Europe/Berlin",)),
        (YORK, "US", ("America/New_York",)),
        ("+14165550123", "CA", ("America/Toronto",)),
        ("+13105550123", "US", ("America/Los_Angeles",)),
        (SHANGHAI, "CN", ("Asia/Shanghai",)),
        ("+390669812345", "VA", ("Europe/Vatican",)),
        ("+77011234567", "KZ", None),
        ("+447700900123", "GB", None),  # of films and books, in no range that is in use
        ("+80012345678", "", ()),
        ("+9991234567", "", ()),
    ],
)
def test_a_number_tells_its_country_and_its_zones(number, country, zones):
    found = home(number)
    assert found.country == country
    assert zones is None or found.zones == zones


def test_a_number_that_is_in_no_use_does_not_speak_for_those_that_begin_alike():
    assert home("+14150000000").zones == ("America/Los_Angeles",)
    assert home("+16040000000").country == "US"
    assert home("+16045550123").country == "CA"


def test_a_plan_tells_countries_parts_and_cost():
    campaign = a_campaign(audience=to(BERLIN, YORK, "+4915112345679"), message=Text("x" * 161))
    prices = {"DE": Decimal("0.07"), "other": Decimal("0.10")}
    plan = reviewed(campaign, cost_per_part=prices, currency="EUR")
    reach = plan.reach["summer-sale"]
    assert reach.countries == (("DE", 2), ("US", 1))
    assert (reach.parts, reach.cost, reach.currency) == (6, Decimal("0.48"), "EUR")


def test_without_a_price_for_everybody_no_cost_is_told():
    plan = reviewed(a_campaign(audience=to(BERLIN, YORK)), cost_per_part={"DE": Decimal(1)})
    assert plan.reach["summer-sale"].cost is None


def test_people_in_several_campaigns_of_the_plan_are_told_once_for_each():
    plan = reviewed(
        a_campaign("a", audience=to(BERLIN, YORK)),
        a_campaign("b", audience=to(YORK, SHANGHAI)),
        a_campaign("c", audience=to(YORK)),
    )
    assert [plan.reach[key].also for key in "abc"] == [(("b", 1),), (("a", 1),), (("a", 1),)]


# limits


def test_too_many_people_for_a_campaign_a_plan_or_a_day_are_refused_with_the_exact_number():
    campaigns = [a_campaign("a", audience=to(BERLIN, YORK)), a_campaign("b", audience=to(SHANGHAI))]
    plan = reviewed(*campaigns, max_per_campaign=1, max_per_plan=2, max_per_day=2)
    assert [(r.key, r.finding.code, r.allow) for r in plan.refusals] == [
        ("a", "CMP601", ("--allow-recipients", "2")),
        (None, "CMP602", ("--allow-recipients", "3")),
        (None, "CMP603", ("--allow-recipients", "3")),
    ]
    refusal = plan.refusals[1].finding
    assert refusal.note == "guardrails.max_recipients is 24 at campaignops.yaml:9:3"
    assert refusal.help == "send to fewer; or, for this once: --allow-recipients 3"
    assert refusal in plan.findings


def test_as_many_as_allowed_are_let_by():
    campaigns = [a_campaign("a", audience=to(BERLIN, YORK)), a_campaign("b", audience=to(SHANGHAI))]
    assert codes(reviewed(*campaigns, max_per_campaign=2, max_per_plan=3, max_per_day=3)) == []


def test_a_day_counts_what_is_recorded_on_it_but_no_draft_and_no_other_day():
    sent = a_campaign("sent", audience=to(BERLIN))
    recorded = (an_entry(sent, 1), an_entry(a_campaign("old", send=At(TIME_S - 9 * DAY_S, "UTC")), 2))
    live = Live({1: "scheduled"})
    new = [a_campaign("new", audience=to(YORK)), a_campaign("draft", send=Draft())]
    assert codes(reviewed(*new, sent, recorded=recorded, live=live, max_per_day=2)) == []
    plan = reviewed(*new, sent, recorded=recorded, live=live, max_per_day=1)
    assert [r.allow for r in plan.refusals] == [("--allow-recipients", "2")]


def test_what_is_allowed_is_a_warning_and_the_next_number_is_not():
    campaign = a_campaign(audience=to(BERLIN, YORK))
    let = Allowed(frozenset({2}))
    plan = reviewed(campaign, max_per_campaign=1, allowed=let)
    assert plan.refusals == ()
    assert [r.key for r in plan.allowed] == ["summer-sale"]
    assert [f.severity for f in plan.findings if f.code == "CMP601"] == ["warning"]
    grown = a_campaign(audience=to(BERLIN, YORK, SHANGHAI))
    assert codes(reviewed(grown, max_per_campaign=1, allowed=let)) == ["CMP601"]


def test_a_case_is_allowed_for_its_campaign_and_number_alone():
    let = Allowed(cases=frozenset({"countries:a:1"}))
    both = (a_campaign("a", audience=to(YORK)), a_campaign("b", audience=to("+12125550124")))
    plan = reviewed(*both, countries=frozenset({"DE"}), allowed=let)
    assert [r.key for r in plan.refusals] == ["b"]
    assert plan.refusals[0].finding.help == (
        "leave them out of the recipients; or, for this once: --allow countries:b:1"
    )


def test_the_words_that_allow_a_case_can_be_pasted_into_a_shell():
    plan = reviewed(a_campaign('a["de"]', audience=to(YORK)), countries=frozenset({"DE"}))
    assert "--allow 'countries:a[\"de\"]:1'" in str(plan.refusals[0].finding.help)


# times


@pytest.mark.parametrize(
    ("first", "minutes", "is_quiet"),
    [
        ("2030-07-30 18:06", 0, False),
        ("2030-07-30 20:59", 0, False),
        ("2030-07-30 20:59", 1, True),
        ("2030-07-30 21:00", 0, True),
        ("2030-07-31 03:00", 0, True),
        ("2030-07-31 07:59", 0, True),
        ("2030-07-31 08:00", 0, False),
        ("2030-07-31 08:00", 779, False),
        ("2030-07-31 08:00", 780, True),
    ],
)
def test_quiet_hours_over_midnight(first, minutes, is_quiet):
    from datetime import datetime
    from zoneinfo import ZoneInfo

    first_s = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    hours = QuietHours(21 * 60, 8 * 60)
    assert in_hours(first_s, first_s + 60 * minutes, "Europe/Berlin", hours) == is_quiet


def test_quiet_days_are_weekdays_days_of_the_year_and_dates():
    # TIME_S is a Tuesday in Berlin, the 30th of July 2030, and a Wednesday in Shanghai.
    assert on_days(TIME_S, TIME_S, "Europe/Berlin", frozenset({"tue"})) == "tue"
    assert on_days(TIME_S, TIME_S, "Asia/Shanghai", frozenset({"tue"})) is None
    assert on_days(TIME_S, TIME_S, "Europe/Berlin", frozenset({"07-30"})) == "07-30"
    assert on_days(TIME_S, TIME_S, "Europe/Berlin", frozenset({"2031-07-30"})) is None
    assert on_days(TIME_S, TIME_S + DAY_S, "Europe/Berlin", frozenset({"wed"})) == "wed"


def test_quiet_hours_are_those_of_each_person():
    plan = reviewed(a_campaign(audience=to(BERLIN, SHANGHAI)), quiet_hours=QuietHours(21 * 60, 8 * 60))
    (refusal,) = plan.refusals
    assert refusal.finding.message == (
        "`summer-sale`: 1 person would be texted in quiet hours, such as at 00:06 in Asia/Shanghai"
    )
    assert refusal.allow == ("--allow", "quiet_hours:summer-sale:1")
    assert refusal.finding.place == Place("summer.yaml#send.at", 5)


def test_a_number_that_leaves_zones_open_may_be_quiet_in_none_of_them():
    russian = a_campaign(audience=to("+79161234567"))  # 19:06 in Moscow, 04:06 in Kamchatka
    assert codes(reviewed(russian, quiet_hours=QuietHours(21 * 60, 8 * 60))) == ["CMP604"]


def test_the_hours_count_until_the_last_message():
    slow = {"is_online": True, "rates": {"summer-sale": 1}}
    late = a_campaign(audience=to(*(f"+49151{n:08}" for n in range(3601))))  # an hour at one message a second
    assert codes(reviewed(late, quiet_hours=QuietHours(19 * 60, 8 * 60))) == []
    assert codes(reviewed(late, quiet_hours=QuietHours(19 * 60, 8 * 60), world=slow)) == ["CMP604"]
    assert reviewed(late, world=slow).reach["summer-sale"].last_s == TIME_S + 3600


def test_one_campaign_sends_at_a_time():
    many = a_campaign("first", audience=to(*(f"+49151{n:08}" for n in range(601))))
    world = {"is_online": True, "rates": {"first": 10, "second": 10}}
    reach = reviewed(many, a_campaign("second", audience=to(BERLIN)), world=world).reach
    assert (reach["second"].first_s, reach["second"].queued_behind) == (TIME_S + 60, "first")
    assert reach["first"].queued_behind is None


def test_quiet_days_may_differ_by_country():
    days = {"DE": frozenset({"tue"}), "other": frozenset[str]()}
    campaign = a_campaign(audience=to(BERLIN, YORK))
    assert [r.allow for r in reviewed(campaign, quiet_days=days).refusals] == [
        ("--allow", "quiet_days:summer-sale:1")
    ]


def test_a_draft_has_no_time_to_refuse():
    said: dict[str, Any] = {
        "quiet_hours": QuietHours(0, 1439),
        "quiet_days": {"other": frozenset({"tue"})},
        "test_send": 0,
    }
    assert codes(reviewed(a_campaign(send=Draft()), frequency=Frequency(DAY_S, 1), **said)) == []


# the other guardrails


def test_people_outside_of_the_countries_are_refused():
    plan = reviewed(a_campaign(audience=to(BERLIN, YORK, "+80012345678")), countries=frozenset({"DE"}))
    assert plan.refusals[0].finding.message == (
        "`summer-sale`: 2 people outside of the countries allowed: 1 in US, 1 in no known country"
    )


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        ({"other": 2}, False),
        ({"other": 1}, True),
        ({"Main SMS": 2, "other": 1}, False),
        ({"Main SMS": 1}, True),
    ],
)
def test_a_text_of_too_many_parts_is_refused_by_channel(limits, refused):
    plan = reviewed(a_campaign(message=Text("x" * 161)), max_sms_parts=limits)
    assert codes(plan) == (["CMP611"] if refused else [])


def test_people_texted_too_often_by_the_plan_are_refused():
    early = a_campaign("early", audience=to(BERLIN, YORK), send=At(TIME_S - 3600, "UTC"))
    late = a_campaign("late", audience=to(YORK))
    plan = reviewed(early, late, frequency=Frequency(DAY_S, 1))
    assert [r.allow for r in plan.refusals] == [
        ("--allow", "frequency:early:1"),
        ("--allow", "frequency:late:1"),
    ]
    assert codes(reviewed(early, late, frequency=Frequency(DAY_S, 2))) == []
    assert codes(reviewed(early, late, frequency=Frequency(3600, 1))) == []
    assert codes(reviewed(early, late, frequency=Frequency(3601, 1))) == ["CMP609", "CMP609"]


def test_people_texted_too_often_by_what_is_recorded_are_refused():
    sent = a_campaign("sent", audience=to(YORK), send=At(NOW_S - 3600, "UTC"))
    entry = an_entry(sent, 1, status="completed")
    new = a_campaign("new", audience=to(BERLIN, YORK), send=Now())
    said: dict[str, Any] = {"recorded": (entry,), "live": Live({1: "completed"})}
    plan = reviewed(new, sent, **said, frequency=Frequency(DAY_S, 1))
    assert [r.allow for r in plan.refusals] == [("--allow", "frequency:new:1")]
    assert plan.reach["new"].recent == 1
    assert codes(reviewed(new, sent, **said, frequency=Frequency(1800, 1))) == []
    draft = an_entry(a_campaign("sent", audience=to(YORK), send=Draft()), 1, Phase.BOUND)
    assert codes(reviewed(new, recorded=(draft,), frequency=Frequency(DAY_S, 1))) == []


@pytest.mark.parametrize(
    ("entry", "refused"),
    [
        ({"released_s": NOW_S - 2 * DAY_S, "at": "2030-07-01T12:00:00+00:00"}, []),
        ({"released_s": NOW_S - DAY_S // 2, "at": "2020-07-01T12:00:00+00:00"}, ["CMP609"]),
        ({"at": datetime.fromtimestamp(NOW_S - 60, UTC).isoformat()}, ["CMP609"]),
    ],
    ids=["looked at since", "sent since", "taken over"],
)
def test_what_was_sent_at_once_counts_from_when_it_was_let_go(entry, refused):
    sent = a_campaign("sent", audience=to(YORK), send=Now())
    said: dict[str, Any] = {
        "recorded": (an_entry(sent, 1, status="completed", **entry),),
        "live": Live({1: "completed"}),
    }
    new = a_campaign("new", audience=to(YORK), send=Now())
    assert codes(reviewed(new, sent, **said, frequency=Frequency(DAY_S, 1))) == refused


def test_a_campaign_is_not_counted_against_itself():
    was = a_campaign(audience=to(YORK))
    now = a_campaign(audience=to(YORK), message=Text("New"))
    plan = reviewed(
        now, recorded=(an_entry(was),), live=Live({203: "scheduled"}), frequency=Frequency(DAY_S, 1)
    )
    assert codes(plan) == []


def test_a_campaign_is_to_be_tested_as_it_is_now_and_in_time():
    campaign = a_campaign(send=Now())
    tested = an_entry(campaign, 9, key=state.test_key("summer-sale"), time_s=NOW_S - 3600)
    assert codes(reviewed(campaign, test_send=0)) == ["CMP610"]
    assert codes(reviewed(campaign, recorded=(tested,), test_send=0)) == []
    assert codes(reviewed(campaign, recorded=(tested,), test_send=60)) == ["CMP610"]
    changed = a_campaign(send=Now(), message=Text("Other"))
    assert codes(reviewed(changed, recorded=(tested,), test_send=0)) == ["CMP610"]


def test_a_phonebook_with_somebody_who_has_opted_out_is_refused_and_nothing_lets_it_by():
    campaign = a_campaign(audience=Phonebook(Ref("VIP"), "mobile_number"))
    world = {"is_online": True, "contacts": {"summer-sale": (BERLIN, YORK)}, "suppressed": {YORK}}
    plan = reviewed(campaign, world=world, suppression="out.csv")
    (refusal,) = plan.refusals
    assert (refusal.finding.code, refusal.allow) == ("CMP606", None)
    assert "1 person of the phonebook has opted out" in refusal.finding.message


@pytest.mark.parametrize(
    ("people", "said"),
    [((BERLIN, YORK), []), ((BERLIN, YORK, BERLIN), ["CMP415"]), ((), ["CMP214"]), (None, [])],
)
def test_a_phonebook_is_a_warning_when_several_contacts_have_a_number_or_none_has(people, said):
    campaign = a_campaign(audience=Phonebook(Ref("VIP"), "mobile_number"))
    contacts = {} if people is None else {"summer-sale": people}
    plan = reviewed(campaign, world={"is_online": True, "contacts": contacts})
    assert [(each.code, each.severity) for each in plan.findings] == [(code, "warning") for code in said]


def test_where_the_phonebook_is_not_shown_what_depends_on_its_people_is_refused():
    campaign = a_campaign(audience=Phonebook(Ref("VIP"), "mobile_number"))
    made = a_plan(campaign)
    (change,) = made.changes
    from dataclasses import replace

    made = replace(made, changes=(replace(change, people=5),))
    said = rails(
        countries=frozenset({"DE"}),
        suppression="o.csv",
        frequency=Frequency(60, 1),
        quiet_hours=QuietHours(0, 60),
    )
    around = World(NOW_S, "UTC", is_online=True)
    plan = guard.review(made, a_state(), said, around, a_place)
    assert [r.allow for r in plan.refusals] == [
        ("--allow", "quiet_hours:summer-sale:5"),
        None,
        ("--allow", "countries:summer-sale:5"),
        ("--allow", "frequency:summer-sale:5"),
    ]
    offline = guard.review(made, a_state(), said, World(NOW_S, "UTC"), a_place)
    assert codes(offline) == []


def test_without_guardrails_nothing_is_refused_and_nobody_is_named():
    plan = reviewed(a_campaign(audience=to(BERLIN, YORK)))
    assert plan.refusals == ()
    assert BERLIN not in repr(plan.reach)
    assert plan.digest == a_plan(a_campaign(audience=to(BERLIN, YORK))).digest


# who has opted out


def test_whoever_opts_out_is_taken_from_what_waits_and_leaves_history_as_it_is():
    was = a_campaign(audience=to(BERLIN, YORK))
    now = a_campaign(audience=to(BERLIN, withheld=(YORK,)))
    (waiting,) = a_plan(now, recorded=[an_entry(was)], live=Live({203: "scheduled"})).changes
    assert (type(waiting).__name__, waiting.removed, waiting.people) == ("Update", 1, 1)
    (sent,) = a_plan(now, recorded=[an_entry(was, status="completed")], live=Live({203: "completed"})).changes
    assert type(sent).__name__ == "History"
    (same,) = a_plan(now, recorded=[an_entry(now)], live=Live({203: "scheduled"})).changes
    assert type(same).__name__ == "Unchanged"
    (back,) = a_plan(was, recorded=[an_entry(now)], live=Live({203: "scheduled"})).changes
    assert (type(back).__name__, back.added) == ("Update", 1)


def test_the_digest_of_a_plan_tells_who_has_opted_out():
    one, other = (a_campaign(audience=to(a, withheld=(b,))) for a, b in ((BERLIN, YORK), (YORK, BERLIN)))
    assert a_plan(one).digest != a_plan(other).digest
    assert state.digest(one, LINEAGE) == state.digest(other, LINEAGE)
