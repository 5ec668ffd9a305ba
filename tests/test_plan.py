"""What a plan decides: the table of product.md section 5 in every combination, and what each change says and does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from itertools import product
from typing import NamedTuple

import pytest

from campaignops import planner, state
from campaignops.diff import Field
from campaignops.errors import StateError
from campaignops.findings import TITLES, Place
from campaignops.model import (
    Asset,
    AssignTo,
    At,
    Components,
    Draft,
    FileMessage,
    MediaHeader,
    Now,
    Numbers,
    Phonebook,
    Ref,
    Send,
    Template,
    Text,
    Uploaded,
)
from campaignops.planner import (
    ACTIONS,
    Blocked,
    Create,
    Delete,
    Edited,
    History,
    Live,
    Refresh,
    Selection,
    Unchanged,
    Update,
)
from campaignops.state import BEGUN, Pbx, Phase
from tests.builders import NOW_S, NUMBERS, TIME_S, a_campaign, a_plan, an_entry

# -- the table ---------------------------------------------------------------------------------------------------------

LATER_S = TIME_S + 3600
OLD = a_campaign("old", name="Sale")
SENDS: dict[str, Send] = {
    "draft": Draft(),
    "now": Now(),
    "at future": At(TIME_S, "Europe/Berlin"),
    "at past": At(NOW_S - 3600, "Europe/Berlin"),
}
WORDS = ("draft", "scheduled", "pending", "executing", "completed", "stop", "retrying", "paused")
LIVE = (*WORDS, "gone", "unlisted", "offline")
MANIFESTS = ("equal", "edited", "gone", "moved")


class Case(NamedTuple):
    """`status` is what an apply saw last; `live` what the PBX says now."""

    phase: Phase | None
    delivery: str
    send: str
    status: str | None
    live: str
    manifest: str


def cases() -> Iterator[Case]:
    for live, manifest in product(LIVE, MANIFESTS[:2]):
        yield Case(None, "staged", "at future", None, live, manifest)
    yield from (
        Case(*each)
        for each in product(
            Phase, ("staged",), SENDS, (None, "draft", "scheduled", "completed"), LIVE, MANIFESTS
        )
    )
    yield from (
        Case(*each) for each in product((Phase.INTENT,), ("direct",), SENDS, (None,), LIVE, MANIFESTS)
    )


CASES = tuple(cases())


@cache
def planned(case: Case):
    """The one change of a plan, or None."""
    before = replace(OLD, send=SENDS[case.send])
    desired = {
        "equal": [before],
        "edited": [replace(before, message=Text("Up to 60% off!"))],
        "gone": [],
        "moved": [replace(before, key="new", moved_from="old")],
    }[case.manifest]
    recorded, live = [], Live({})
    if case.phase is not None:
        entry = an_entry(before, phase=case.phase, delivery=case.delivery, status=case.status)
        recorded = [entry]
        if entry.id and case.live in WORDS:
            live = Live({entry.id: case.live}, {entry.id: entry.time_s})
        if entry.id and case.live == "unlisted":
            live = Live({}, unlisted=frozenset({entry.id}))
    made = a_plan(*desired, recorded=recorded, live=None if case.live == "offline" else live)
    assert len(made.changes) <= 1
    return next(iter(made.changes), None)


def action(case: Case) -> str | None:
    return ACTIONS[type(planned(case))] if planned(case) else None


def expected(case: Case) -> str | None:
    """The table, for somebody who asks first what is recorded, then what has become of it."""
    is_wanted = case.manifest != "gone"
    if case.phase is None:
        return "create"
    if case.phase is Phase.STUCK:
        return "blocked"
    if case.phase is Phase.INTENT:
        return "create" if is_wanted else "blocked" if case.delivery == "direct" else "delete"
    match became(case):
        case "begun":
            return "blocked" if case.manifest == "edited" else "history"
        case "deleted unsent":
            return "create" if is_wanted else "delete"
        case _ if is_wanted and is_as_applied(case):
            return "none"
        case _ if (case.send, case.live) == ("at past", "scheduled"):
            return "blocked"
        case _:
            return "update" if is_wanted else "delete"


def became(case: Case) -> str:
    """Of a campaign with an id: whether it has begun to send, waits to be sent, or was deleted before."""
    is_released = case.phase in (Phase.RELEASING, Phase.RELEASED)
    is_due = is_released and case.send in ("now", "at past")
    if case.status == "completed" or case.live in WORDS[2:]:
        return "begun"
    if case.live in ("unlisted", "offline"):
        return "begun" if is_due else "waits"
    if case.live == "gone":
        at_an_unknown_time = (case.phase, case.send) == (Phase.RELEASED, "draft") or (
            case.phase is Phase.UPDATING and case.status != "draft"
        )
        return "begun" if is_due or at_an_unknown_time else "deleted unsent"
    return "begun" if (case.phase, case.send) == (Phase.RELEASED, "now") else "waits"


def is_as_applied(case: Case) -> bool:
    """Of a campaign that waits: whether manifest, record and PBX agree on it."""
    if case.manifest == "edited" or case.phase is Phase.UPDATING:
        return False
    by_us = "scheduled" if case.phase is Phase.RELEASED and case.send != "draft" else "draft"
    is_now = case.live if case.live in WORDS else by_us
    wanted = "draft" if case.send == "draft" else "scheduled"
    by_somebody_else = case.phase is Phase.BOUND and is_now == "scheduled"
    return is_now == wanted and not by_somebody_else


@pytest.mark.no_cover  # played many times
def test_every_combination_of_recorded_live_and_manifest_has_the_change_that_the_table_says():
    wrong = {case: (action(case), expected(case)) for case in CASES if action(case) != expected(case)}
    assert not wrong
    assert len(CASES) > 4000
    assert {action(case) for case in CASES} == set(ACTIONS.values()) - {"refresh"}


def where(*actions: str) -> list[Case]:
    return [case for case in CASES if action(case) in actions]


def test_nothing_is_created_when_anybody_may_have_been_texted():
    for case in where("create"):
        released = case.phase in (Phase.RELEASING, Phase.RELEASED)
        assert case.status != "completed" or case.phase is Phase.INTENT
        assert case.phase in (None, Phase.INTENT) or case.live == "gone"
        assert not (released and case.send in ("now", "at past"))
        if case.delivery == "direct" and case.send != "draft":  # looked for, and left to a person
            assert planned(case).steps == ()
            assert planned(case).entry.phase is Phase.INTENT


def test_nothing_is_touched_that_is_neither_a_draft_nor_scheduled():
    for case in where("update", "delete"):
        if (
            case.live in WORDS and case.phase is not Phase.INTENT
        ):  # an intent has no id that could have a status
            assert case.live in ("draft", "scheduled")
        if case.live == "gone" and case.phase is not Phase.INTENT:
            assert (action(case), planned(case).steps) == ("delete", ())


def test_what_only_a_person_can_tell_is_blocked_until_somebody_does():
    for case in CASES:
        posted = case.phase is Phase.INTENT and case.delivery == "direct" and case.manifest == "gone"
        is_stuck = isinstance(planned(case), Blocked) and planned(case).stuck
        assert is_stuck == (case.phase is Phase.STUCK or posted)


def test_what_was_released_at_once_or_once_began_is_history_whatever_the_pbx_says():
    for case in CASES:
        begun = case.phase not in (None, Phase.INTENT, Phase.STUCK) and case.status == "completed"
        if begun or (case.phase, case.send) == (Phase.RELEASED, "now"):
            assert action(case) == ("blocked" if case.manifest == "edited" else "history")


def test_a_status_that_we_do_not_know_is_never_editable():
    for case in CASES:
        if case.live == "paused" and case.phase not in (None, Phase.INTENT, Phase.STUCK):
            assert action(case) == ("blocked" if case.manifest == "edited" else "history")


def test_a_manifest_as_it_was_applied_changes_nothing_on_a_healthy_pbx():
    for case in CASES:
        healthy = (case.phase, case.live) in ((Phase.RELEASED, "scheduled"), (Phase.RELEASED, "executing"))
        if healthy and case.send != "draft" and case.manifest in ("equal", "moved"):
            assert action(case) in ("none", "history")


def test_a_moved_key_decides_as_the_old_one_would_and_says_so():
    for case in CASES:
        if case.manifest == "moved":
            change, before = planned(case), planned(case._replace(manifest="equal"))
            assert (type(change), change.key) == (type(before), "new")
            assert change.reason == f"moved from `old`; {before.reason}"
            assert getattr(change, "moved_from", "old") == "old"
            if isinstance(change, Create | Update) and change.entry:
                assert change.entry.key == "old"


def test_a_plan_without_the_pbx_says_what_the_record_says_to_have_happened():
    for case in CASES:
        assert action(case._replace(live="offline")) == action(case._replace(live="unlisted"))


# -- near the time of sending ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "action"), [(-30, "history"), (-59, "history"), (-61, "create"), (1, "history")]
)
def test_what_is_gone_around_its_time_counts_as_sent(seconds, action):
    campaign = a_campaign()
    made = a_plan(campaign, recorded=[an_entry(campaign)], live=Live({}), now_s=TIME_S + seconds)
    assert [ACTIONS[type(change)] for change in made.changes] == [action]
    gone = a_plan(recorded=[an_entry(campaign)], live=Live({}), now_s=TIME_S + seconds)
    assert [type(change) for change in gone.changes] == [Delete if action == "create" else History]


def test_a_campaign_that_somebody_postponed_is_still_deleted_after_its_recorded_time():
    made = a_plan(recorded=[an_entry(a_campaign())], live=Live({203: "scheduled"}), now_s=TIME_S + 9)
    assert [type(change) for change in made.changes] == [Delete]


@pytest.mark.parametrize(
    ("seconds", "code", "severity"),
    [
        (0, "CMP407", "error"),
        (-1, "CMP407", "error"),
        (1, "CMP408", "error"),
        (59, "CMP408", "error"),
        (60, None, None),
    ],
)
def test_a_time_that_has_passed_or_is_too_near_is_an_error_at_its_place(seconds, code, severity):
    made = a_plan(a_campaign(), now_s=TIME_S - seconds)
    assert [(f.code, f.severity) for f in made.findings] == ([(code, severity)] if code else [])
    assert all(f.place == Place("summer.yaml#send.at", 5) and f.help for f in made.findings)


@pytest.mark.parametrize("status", ["scheduled", "completed"])
def test_the_time_of_what_needs_no_release_may_pass(status):
    campaign = a_campaign(send=At(NOW_S - 1, "UTC"))
    assert not a_plan(campaign, recorded=[an_entry(campaign)], live=Live({203: status})).findings


def test_the_time_of_a_create_that_is_only_looked_for_may_pass():
    campaign = a_campaign(send=At(NOW_S - 1, "UTC"))
    entry = an_entry(campaign, phase=Phase.INTENT, delivery="direct")
    assert not a_plan(campaign, recorded=[entry], live=Live({})).findings
    staged = replace(entry, delivery="staged")  # a draft whose time has passed cannot be released
    assert [f.code for f in a_plan(campaign, recorded=[staged], live=Live({})).findings] == ["CMP407"]


def test_times_are_warnings_where_nothing_is_sent_yet():
    found = planner.times(a_campaign(), TIME_S, lambda campaign, _: campaign.place, "warning")
    assert [(f.code, f.severity, f.place) for f in found] == [("CMP407", "warning", Place("summer.yaml", 5))]
    assert not list(
        planner.times(a_campaign(send=Now()), TIME_S, lambda campaign, _: campaign.place, "error")
    )


@pytest.mark.parametrize(
    ("live", "seconds", "action"),
    [
        (Live({203: "scheduled"}, {203: TIME_S}), 60, "change"),
        (Live({203: "scheduled"}, {203: TIME_S}), 59, "blocked"),
        (Live({203: "scheduled"}, {203: TIME_S}), -5, "blocked"),
        (Live({203: "scheduled"}, {203: LATER_S}), 1, "change"),  # somebody postponed it
        (Live({203: "draft"}, {203: TIME_S}), 30, "change"),
        (Live({}, unlisted=frozenset({203})), 59, "blocked"),
        (None, 59, "blocked"),
        (None, 60, "change"),
    ],
)
def test_what_is_about_to_be_sent_is_neither_changed_nor_deleted(live, seconds, action):
    entry, later = an_entry(a_campaign()), a_campaign(send=At(LATER_S, "Europe/Berlin"))
    for desired, made in (([], Delete), ([later], Update)):
        plan_ = a_plan(*desired, recorded=[entry], live=live, now_s=TIME_S - seconds)
        (change,) = plan_.changes
        assert type(change) is (Blocked if action == "blocked" else made)
        assert [f.code for f in plan_.findings] == (["CMP504"] if action == "blocked" else [])


def test_what_is_about_to_be_sent_and_as_it_should_be_is_left_alone():
    live = Live({203: "scheduled"}, {203: TIME_S})
    for seconds in (59, -5):
        made = a_plan(a_campaign(), recorded=[an_entry(a_campaign())], live=live, now_s=TIME_S - seconds)
        assert ([type(c) for c in made.changes], made.findings) == ([Unchanged], ())


# -- protected from deletion -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [Phase.INTENT, Phase.BOUND, Phase.UPDATING, Phase.RELEASED])
@pytest.mark.parametrize("live", [Live({203: "draft"}), Live({203: "scheduled"}), None])
def test_a_protected_campaign_is_not_deleted_when_its_manifest_is_gone(phase, live):
    entry = an_entry(OLD, phase=phase, prevent_delete=True)
    made = a_plan(recorded=[entry], live=live)
    (change,) = made.changes
    assert isinstance(change, Blocked)
    (finding,) = made.findings
    assert (finding.code, finding.severity) == ("CMP503", "error")
    assert "set `prevent_delete: false`" in change.help
    assert "campaignops state rm old" in change.help
    (free,) = a_plan(recorded=[replace(entry, prevent_delete=False)], live=live).changes
    assert isinstance(free, Delete)


def test_what_cannot_be_deleted_any_more_needs_no_protection():
    gone, sent = an_entry(OLD, phase=Phase.BOUND, prevent_delete=True), an_entry(OLD, prevent_delete=True)
    assert [type(c) for c in a_plan(recorded=[gone], live=Live({})).changes] == [Delete]
    made = a_plan(recorded=[sent], live=Live({203: "completed"}))
    assert [type(c) for c in made.changes] == [History]


@pytest.mark.parametrize(
    ("protected", "recorded", "delivery", "action"),
    [
        (True, True, "direct", Blocked),
        (True, False, "direct", Blocked),  # the manifest has the last word
        (False, True, "direct", Update),
        (True, True, "staged", Update),
    ],
)
def test_a_protected_campaign_is_not_posted_anew(protected, recorded, delivery, action):
    entry = an_entry(OLD, prevent_delete=recorded)
    edited = replace(OLD, message=Text("Up to 60% off!"), prevent_delete=protected)
    made = a_plan(edited, recorded=[entry], live=Live({203: "scheduled"}), delivery=delivery)
    (change,) = made.changes
    assert type(change) is action
    assert [f.code for f in made.findings] == (["CMP503"] if action is Blocked else [])
    assert [f.path for f in change.fields] == ["message.text"]


@pytest.mark.parametrize("protected", [True, False])
def test_a_protection_that_comes_or_goes_is_recorded_and_nothing_else(protected):
    entry, live = an_entry(OLD, prevent_delete=not protected), Live({203: "scheduled"})
    (change,) = a_plan(replace(OLD, prevent_delete=protected), recorded=[entry], live=live).changes
    assert isinstance(change, Unchanged)
    assert (change.protects, change.is_recorded, change.steps) == (protected, True, ())
    said = "protected from deletion" if protected else "no longer protected from deletion"
    assert change.reason == f"scheduled, as in the manifest; {said}"
    (same,) = a_plan(replace(OLD, prevent_delete=not protected), recorded=[entry], live=live).changes
    assert isinstance(same, Unchanged)
    assert (same.protects, same.is_recorded) == (None, False)


# -- order and selection -----------------------------------------------------------------------------------------------


def test_deletes_come_first_then_the_manifests_in_their_order_then_the_kept_history():
    a, sent, stuck = (a_campaign(key) for key in ("a", "sent", "stuck"))
    z = a_campaign("z", message=Text("Something new"))
    recorded = [
        an_entry(stuck, 5, Phase.STUCK),
        an_entry(sent, 4),
        an_entry(a_campaign("y-gone"), 3),
        an_entry(a, 2),
        an_entry(a_campaign("b-gone"), 1),
    ]
    live = Live({1: "scheduled", 2: "scheduled", 3: "draft", 4: "completed"})
    made = a_plan(z, a, recorded=recorded, live=live)
    assert [(change.key, ACTIONS[type(change)]) for change in made.changes] == [
        ("b-gone", "delete"),
        ("y-gone", "delete"),
        ("z", "create"),
        ("a", "none"),
        ("sent", "history"),
        ("stuck", "blocked"),
    ]
    assert [change.key for change in made.effects] == ["b-gone", "y-gone", "z"]
    assert [change.key for change in made.blocked] == ["stuck"]
    counts = {"create": 1, "update": 0, "delete": 2, "none": 1, "history": 1, "blocked": 1}
    assert made.summary() == {**counts, "recipients": 3}


def test_people_are_counted_only_where_somebody_is_going_to_be_texted_and_it_is_known():
    changed, whole = a_campaign("changed"), a_campaign("whole")
    made = a_plan(
        replace(changed, message=Text("Hi")),
        whole,
        a_campaign("book", audience=Phonebook(Ref("VIP"), "mobile")),
        recorded=[an_entry(changed, 1), an_entry(whole, 2)],
        live=Live({1: "scheduled", 2: "scheduled"}),
    )
    assert [change.people for change in made.changes] == [3, 3, None]
    assert made.summary()["recipients"] == 3


@pytest.mark.parametrize(
    ("globs", "chosen"),
    [
        (('summer-sale["de"]',), ['summer-sale["de"]']),
        (("summer-sale",), ["summer-sale"]),
        (("summer-sale*",), ["summer-sale", 'summer-sale["de"]', "summer-saled"]),
        (('summer-sale["*"]',), ['summer-sale["de"]']),
        (("*sale?",), ["summer-saled"]),
        (("[s]*",), []),
        (("SUMMER-SALE",), []),
        (("winter", "summer-sale"), ["summer-sale", "winter"]),
    ],
)
def test_a_target_is_a_glob_in_which_brackets_are_plain_characters(globs, chosen):
    keys = ("summer-sale", 'summer-sale["de"]', "summer-saled", "winter")
    made = a_plan(*map(a_campaign, keys), selection=Selection(globs))
    assert [change.key for change in made.changes] == chosen
    made = a_plan(*map(a_campaign, keys), selection=Selection(excludes=globs))
    assert [change.key for change in made.changes] == [key for key in keys if key not in chosen]


def test_what_is_excluded_is_out_even_when_it_is_a_target_and_says_nothing():
    blocked, other = a_campaign("blocked"), a_campaign("other", send=At(NOW_S, "UTC"))
    recorded = [an_entry(blocked), an_entry(a_campaign("stuck"), 1, Phase.STUCK)]
    edited = replace(blocked, message=Text("Hi"))
    selection = Selection(("*",), ("blocked", "stuck", "oth?r"))
    made = a_plan(edited, other, recorded=recorded, live=Live({203: "stop"}), selection=selection)
    assert (made.changes, made.findings) == ((), ())
    assert len(a_plan(edited, other, recorded=recorded, live=Live({203: "stop"})).findings) == 3


# -- moved keys --------------------------------------------------------------------------------------------------------


def moved(old="old", key="new", **other):
    return a_campaign(key, name="Sale", moved_from=old, **other)


def test_a_moved_key_needs_no_call_and_takes_the_record_along():
    made = a_plan(moved(), recorded=[an_entry(OLD)], live=Live({203: "scheduled"}))
    (change,) = made.changes
    assert isinstance(change, Unchanged)
    assert (change.moved_from, change.id, change.steps, made.findings) == ("old", 203, (), ())
    (kept,) = a_plan(moved(), recorded=[an_entry(OLD)], live=Live({203: "stop"})).changes
    assert isinstance(kept, History)
    assert kept.moved_from == "old"


def test_a_moved_key_that_is_blocked_says_under_which_key_it_is_recorded():
    (change,) = a_plan(moved(), recorded=[an_entry(OLD, phase=Phase.STUCK)], live=Live({})).changes
    assert isinstance(change, Blocked)
    assert "campaignops resolve old " in change.help


def test_a_move_that_was_made_already_or_from_nowhere_is_none():
    made = a_plan(moved(), recorded=[an_entry(moved())], live=Live({203: "scheduled"}))
    assert [(type(c), c.reason) for c in made.changes] == [(Unchanged, "scheduled, as in the manifest")]
    assert [c.reason for c in a_plan(moved("nowhere")).changes] == ["not recorded"]
    assert [c.reason for c in a_plan(moved("new")).changes] == ["not recorded"]


def test_an_entry_can_move_to_one_campaign_only():
    still, second = a_campaign("old"), moved(key="second", place=Place("second.yaml", 2))
    for desired, where in (
        ((OLD, moved()), ["summer.yaml"]),
        ((moved(), OLD), ["summer.yaml"]),
        ((moved(), second), ["second.yaml"]),
        ((second, moved(), still), ["second.yaml", "summer.yaml"]),
    ):
        made = a_plan(*desired, recorded=[an_entry(OLD)], live=Live({203: "scheduled"}))
        assert [(f.code, f.severity) for f in made.findings] == [("CMP502", "error")] * len(where)
        assert [f.place.file for f in made.findings if f.place] == [f"{file}#moved.from" for file in where]
        assert len(made.changes) == len(desired)


def test_a_contested_move_is_an_error_exactly_as_long_as_somebody_could_make_it():
    live = Live({203: "scheduled"})
    out = a_plan(OLD, moved(), recorded=[an_entry(OLD)], live=live, selection=Selection(excludes=("new",)))
    assert ([c.key for c in out.changes], out.findings) == (["old"], ())
    only = a_plan(OLD, moved(), recorded=[an_entry(OLD)], live=live, selection=Selection(("new",)))
    assert [f.code for f in only.findings] == ["CMP502"]


def test_the_entry_of_a_moved_key_is_not_deleted_when_the_new_key_is_left_out():
    for selection in (Selection(excludes=("new",)), Selection(("old",))):
        made = a_plan(moved(), recorded=[an_entry(OLD)], live=Live({203: "draft"}), selection=selection)
        assert made.changes == ()


# -- what cannot be made -----------------------------------------------------------------------------------------------


def test_a_name_that_the_pbx_has_and_no_record_is_not_made_again():
    live = Live({}, names={"Sale": (7, 9), "Other": (8,)})
    deleted = an_entry(OLD, phase=Phase.BOUND)
    for recorded in ([], [deleted]):
        made = a_plan(OLD, recorded=recorded, live=live)
        assert [(type(c), c.id) for c in made.changes] == [(Blocked, None)]
        (finding,) = made.findings
        assert (finding.code, finding.severity, finding.place) == ("CMP215", "error", OLD.place)
        assert "`old`: the PBX has a campaign named 'Sale' that is not recorded (id 7, 9)" in finding.message
        assert "another `name`" in (finding.help or "")
    began = an_entry(OLD, phase=Phase.INTENT)  # that may be the draft which it has made
    assert [type(c) for c in a_plan(OLD, recorded=[began], live=live).changes] == [Create]


@pytest.mark.parametrize(
    ("entry", "is_made"),
    [
        (an_entry(OLD, status="completed"), False),
        (an_entry(replace(OLD, send=Now())), False),
        (an_entry(OLD, phase=Phase.STUCK), False),
        (an_entry(OLD, phase=Phase.INTENT, delivery="direct"), False),
        (an_entry(OLD, phase=Phase.INTENT), True),
        (an_entry(OLD, phase=Phase.BOUND), True),
        (an_entry(OLD), True),
    ],
)
@pytest.mark.parametrize("live", [None, Live({203: "scheduled"})])
def test_a_key_renamed_without_saying_so_texts_nobody_twice(entry, is_made, live):
    renamed, still_there = a_campaign("new", name="Sale"), Selection(("new",))
    (change,) = a_plan(renamed, recorded=[entry], live=live, selection=still_there).changes
    assert isinstance(change, Blocked)  # without the other's delete there would be two
    assert change.code == ("CMP505" if is_made else "CMP501")
    assert "moved: {from: old}" in change.help
    if not is_made:
        assert change.reason == "`old` is recorded with this name and may have been sent"
    made = a_plan(renamed, recorded=[entry], live=live)
    if is_made:
        delete, create = made.changes
        assert isinstance(delete, Delete)
        assert isinstance(create, Create)
        assert create.instead_of == "old"
        (finding,) = made.findings
        assert (finding.code, finding.severity) == ("CMP505", "warning")
        assert finding.help == "if only the key has changed, add: moved: {from: old}"


@pytest.mark.parametrize(
    ("other", "is_like_it"),
    [
        ({}, True),
        ({"name": "Sale 2"}, True),
        ({"audience": Numbers(NUMBERS[::-1])}, True),
        ({"audience": Numbers((*NUMBERS[1:], "+8613800004444"))}, False),
        ({"message": Text("Up to 60% off!")}, False),
        ({"send": At(LATER_S, "Europe/Berlin")}, False),
        ({"send": Draft()}, False),
        ({"channel": Ref("News SMS")}, False),
    ],
)
def test_a_sent_campaign_is_not_sent_again_under_a_new_key_unless_its_own_block_says_it_is_another(
    other, is_like_it
):
    sent, live = an_entry(OLD, status="completed"), Live({203: "completed"})
    renamed = a_campaign("new", **other)
    change = a_plan(renamed, recorded=[sent], live=live).changes[0]
    assert isinstance(change, Blocked if is_like_it else Create)
    if isinstance(change, Blocked):
        said = "reads just like `old`, which no manifest has any more and may have been sent"
        assert (change.code, change.reason, change.steps) == ("CMP505", said, ())
        assert "put the block of `old` back" in change.help
    both = a_plan(OLD, replace(renamed, name="Sale 2"), recorded=[sent], live=live)
    assert [type(c) for c in both.changes] == [History, Create]


def test_of_a_phonebook_it_is_the_phonebook_that_is_the_same():
    book, other = Phonebook(Ref("VIP"), "mobile_number"), Phonebook(Ref("VIP"), "home_number")
    sent = an_entry(replace(OLD, audience=book), status="completed", recipients=12)
    for audience, action in ((book, Blocked), (other, Create)):
        made = a_plan(a_campaign("new", audience=audience), recorded=[sent], live=Live({203: "completed"}))
        assert type(made.changes[0]) is action


def test_a_second_draft_texts_nobody():
    draft = replace(OLD, send=Draft())
    entry, live = an_entry(draft, phase=Phase.BOUND), Live({203: "draft"})
    twin = a_campaign("new", send=Draft())
    made = a_plan(twin, recorded=[entry], live=live, selection=Selection(("new",)))
    assert ([type(c) for c in made.changes], made.findings) == ([Create], ())


def test_a_twin_that_may_have_been_sent_is_named_before_one_that_is_only_deleted():
    draft = an_entry(OLD, 5)
    sent = replace(an_entry(OLD, 4, status="stop"), key="z")
    made = a_plan(
        a_campaign("new"), recorded=[draft, sent], live=Live({5: "scheduled", 4: "stop"}, {5: TIME_S})
    )
    assert [c.reason for c in made.blocked] == [
        "reads just like `z`, which no manifest has any more and may have been sent"
    ]


def test_a_protected_twin_is_not_made_a_second_time():
    entry = an_entry(OLD, prevent_delete=True)
    made = a_plan(a_campaign("new"), recorded=[entry], live=Live({203: "scheduled"}, {203: TIME_S}))
    assert [(c.key, c.code) for c in made.blocked] == [("new", "CMP505"), ("old", "CMP503")]


def test_of_several_namesakes_the_first_that_may_have_been_sent_is_named():
    entries = [an_entry(a_campaign(key, name="Sale"), id, status="stop") for id, key in enumerate("xyz", 1)]
    entries[0] = replace(entries[0], status=None)
    for recorded in (entries, entries[::-1]):
        made = a_plan(a_campaign("new", name="Sale"), recorded=recorded, selection=Selection(("new",)))
        assert [c.reason for c in made.changes] == ["`y` is recorded with this name and may have been sent"]


def test_what_has_begun_to_send_cannot_be_changed_and_says_what_was_wanted():
    edited = replace(OLD, message=Text("Hi"), send=Now())
    made = a_plan(edited, recorded=[an_entry(OLD)], live=Live({203: "stop"}))
    (change,) = made.changes
    assert isinstance(change, Blocked)
    assert (change.reason, change.id) == ("has begun to send (stop) and cannot be changed", 203)
    assert (change.stuck, change.steps) == (False, ())
    assert change.fields == (
        Field("message.text", "Up to 50% off!", "Hi"),
        Field("send", {"at": TIME_S, "timezone": "Europe/Berlin"}, "now"),
    )
    (finding,) = made.findings
    assert (finding.code, finding.place, finding.help) == ("CMP501", OLD.place, change.help)
    assert finding.message == f"`old`: {change.reason}"


def test_what_is_stuck_asks_its_question_with_and_without_a_manifest():
    entry = an_entry(OLD, None, Phase.STUCK, question="several campaigns fit: id 7, id 8")
    for desired, place in (([OLD], OLD.place), ([], None)):
        made = a_plan(*desired, recorded=[entry], live=Live({}))
        (finding,) = made.findings
        assert (finding.code, finding.severity, finding.place) == ("CMP706", "error", place)
        assert finding.message == "`old`: several campaigns fit: id 7, id 8"
        assert "campaignops resolve old --adopt ID, or --absent" in (finding.help or "")
    unasked = a_plan(recorded=[replace(entry, question=None)])
    assert [c.reason for c in unasked.changes] == ["a create was sent and its outcome is unknown"]


def test_every_code_of_a_plan_is_known():
    assert {
        "CMP215",
        "CMP407",
        "CMP408",
        "CMP501",
        "CMP502",
        "CMP503",
        "CMP504",
        "CMP505",
        "CMP706",
    } <= TITLES.keys()


# -- reasons -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "live", "present", "gone"),
    [
        (an_entry(OLD), "scheduled", "scheduled, as in the manifest", "no manifest has it any more"),
        (
            an_entry(OLD),
            "pending",
            "has begun to send (pending); history",
            "has begun to send (pending); kept as history",
        ),
        (an_entry(OLD, status="executing"), "completed", "has begun to send (completed); history", None),
        (an_entry(OLD, status="stop"), "draft", "has begun to send (stop); history", None),
        (an_entry(OLD), "paused", "may have been sent (status paused); history", None),
        (
            an_entry(OLD, send="now", time_s=None),
            "gone",
            "may have been sent (gone from the PBX); history",
            "may have been sent (gone from the PBX); kept as history",
        ),
        (
            an_entry(OLD, send="now", time_s=None),
            "draft",
            "may have been sent (released to be sent at once); history",
            None,
        ),
        (an_entry(OLD, send="now"), "offline", "may have been sent (by the record); history", None),
        (
            an_entry(OLD),
            "gone",
            "id 203 is gone from the PBX and was never sent",
            "no manifest has it any more, and the PBX neither",
        ),
        (an_entry(OLD, phase=Phase.BOUND), "draft", "recorded as a draft, not yet released", None),
        (an_entry(OLD, phase=Phase.RELEASING), "draft", "recorded as a draft, not yet released", None),
        (an_entry(OLD, phase=Phase.UPDATING), "draft", "an earlier apply did not finish the update", None),
        (
            an_entry(OLD, phase=Phase.UPDATING),
            "scheduled",
            "an earlier apply did not finish the update",
            None,
        ),
        (
            an_entry(OLD, phase=Phase.UPDATING, time_s=LATER_S),
            "scheduled",
            "an earlier apply did not finish the update",
            None,
        ),
        (an_entry(OLD), "draft", "edited on the PBX since the last apply", None),
        (
            an_entry(OLD, phase=Phase.INTENT),
            "gone",
            "an earlier apply began it; what that made is looked for first",
            "no manifest has it any more",
        ),
        (
            an_entry(OLD, phase=Phase.INTENT, delivery="direct"),
            "gone",
            "an earlier apply posted it, or was about to; it is looked for and not posted again",
            "a create was sent and its outcome is unknown",
        ),
        (
            an_entry(replace(OLD, message=Text("Hi"))),
            "scheduled",
            "the manifest differs from what was applied",
            None,
        ),
        (
            an_entry(replace(OLD, message=Text("Hi"))),
            "draft",
            "edited on the PBX since the last apply, and the manifest differs",
            None,
        ),
    ],
)
def test_a_change_says_why(entry, live, present, gone):
    said = Live({203: live}, {203: TIME_S}) if live in WORDS else Live({})
    pbx = None if live == "offline" else said
    assert [c.reason for c in a_plan(OLD, recorded=[entry], live=pbx).changes] == [present]
    if gone is not None:
        assert [c.reason for c in a_plan(recorded=[entry], live=pbx).changes] == [gone]


# -- refresh only ------------------------------------------------------------------------------------------------------


def refreshed(*desired, entry, live):
    made = a_plan(*desired, recorded=[entry], live=live, selection=Selection(refresh_only=True))
    (change,) = made.changes
    assert (made.effects, made.blocked, made.findings) == ((), (), ())
    return change


def test_a_record_takes_only_what_is_drift_and_never_what_may_have_been_sent():
    for case in CASES:
        if case.phase is None or case.live == "offline" or case.manifest != "equal":
            continue
        before = replace(OLD, send=SENDS[case.send])
        entry = an_entry(before, phase=case.phase, delivery=case.delivery, status=case.status)
        live = Live({}, unlisted=frozenset({203}) if case.live == "unlisted" else frozenset())
        if entry.id and case.live in WORDS:
            live = Live({203: case.live}, {203: entry.time_s})
        change = refreshed(before, entry=entry, live=live)
        row = became(case) if entry.id and case.phase is not Phase.STUCK else "open"
        assert isinstance(change, History) == (row == "begun"), case
        if isinstance(change, Refresh) and change.after is None:
            assert row == "deleted unsent", case
        elif isinstance(change, Refresh):
            assert case.phase in (Phase.BOUND, Phase.RELEASED), case
            again = refreshed(before, entry=change.after, live=live)
            assert type(again) in (Unchanged, History), case


# -- steps -------------------------------------------------------------------------------------------------------------

JPEG = Asset("assets/demo.jpeg", "ab", 12345, "image/jpeg")
PDF = Asset("assets/a.pdf", "cd", 1, "application/pdf")
TEMPLATE = Template(Ref("discount"), "en", MediaHeader("image", JPEG), (("tier", "VIP"),))
PREPARATION = [
    (Text("Hi"), []),
    (FileMessage(JPEG), ["upload assets/demo.jpeg"]),
    (FileMessage(Uploaded("9", "b.pdf", "u", "t", 2)), []),
    (TEMPLATE, ["upload assets/demo.jpeg", "resolve template discount/en"]),
    (Template(Ref(id=4), "de"), ["resolve template id 4/de"]),
    (
        Components(Ref("promo"), "de", "[]", (JPEG, PDF)),
        ["upload assets/demo.jpeg", "upload assets/a.pdf", "resolve template promo/de"],
    ),
]


@pytest.mark.parametrize(("message", "before"), PREPARATION)
@pytest.mark.parametrize(
    ("send", "delivery", "create", "update"),
    [
        (Draft(), "staged", ["create"], ["update"]),
        (Draft(), "direct", ["create"], ["update"]),
        (Now(), "staged", ["create", "release"], ["update", "release"]),
        (SENDS["at future"], "staged", ["create", "release"], ["update", "release"]),
        (Now(), "direct", ["create"], None),
        (SENDS["at future"], "direct", ["create"], None),
    ],
)
def test_files_are_uploaded_and_templates_resolved_before_the_call_that_names_them(
    message, before, send, delivery, create, update
):
    campaign = a_campaign(message=message, send=send)
    assert list(a_plan(campaign, delivery=delivery).changes[0].steps) == [*before, *create]
    entry = an_entry(replace(campaign, name="other"), phase=Phase.BOUND)
    made = a_plan(campaign, recorded=[entry], live=Live({203: "draft"}), delivery=delivery)
    replaced = ["delete", *before, "create"] if update is None else [*before, *update]
    assert (type(made.changes[0]), list(made.changes[0].steps)) == (Update, replaced)


@pytest.mark.parametrize("send", [Now(), SENDS["at future"]])
@pytest.mark.parametrize("phase", [Phase.BOUND, Phase.RELEASING])
def test_a_draft_that_is_as_it_should_be_is_only_released(send, phase):
    campaign = a_campaign(message=TEMPLATE, send=send)
    entry, live = an_entry(campaign, phase=phase), Live({203: "draft"})
    (change,) = a_plan(campaign, recorded=[entry], live=live).changes
    assert change.steps == ("release",)
    assert change.fields == (Field("send", "draft", state.spec(campaign)["send"]),)
    (direct,) = a_plan(campaign, recorded=[entry], live=live, delivery="direct").changes
    assert direct.steps == ("delete", "upload assets/demo.jpeg", "resolve template discount/en", "create")


def test_what_is_on_the_pbx_is_deleted_by_a_call_and_what_is_not_only_from_the_record():
    entry = an_entry(OLD, phase=Phase.BOUND)
    deletes = [a_plan(recorded=[entry], live=live).changes[0] for live in (Live({203: "draft"}), Live({}))]
    assert [delete.steps for delete in deletes] == [("delete",), ()]
    assert all(isinstance(delete, Delete) and delete.entry == entry for delete in deletes)
    kept = a_plan(OLD, recorded=[an_entry(OLD)], live=Live({203: "completed"}))
    assert kept.changes[0].steps == ()


def test_a_create_that_may_have_sent_is_not_posted_again_and_a_draft_may_be():
    for send, steps in ((Now(), ()), (SENDS["at future"], ()), (Draft(), ("create",))):
        campaign = a_campaign(send=send)
        entry = an_entry(campaign, phase=Phase.INTENT, delivery="direct")
        (change,) = a_plan(campaign, recorded=[entry], live=Live({}), delivery="direct").changes
        assert (type(change), change.steps) == (Create, steps)


# -- two keys ----------------------------------------------------------------------------------------------------------


def half_of(half, *desired, recorded=(), live=None, delivery="staged"):
    selection = Selection(half=half)
    return a_plan(*desired, recorded=recorded, live=live, delivery=delivery, selection=selection)


@pytest.mark.parametrize("delivery", ["staged", "direct"])
@pytest.mark.parametrize("send", [Now(), SENDS["at future"]])
def test_what_is_only_prepared_is_made_as_a_draft_whatever_the_delivery(send, delivery):
    campaign = a_campaign(send=send)
    (create,) = half_of("draft", campaign, live=Live({}), delivery=delivery).changes
    assert (type(create), create.steps) == (Create, ("create",))
    assert create.reason == "not recorded; a draft until it is released by `campaignops apply --release-only`"
    old = an_entry(replace(campaign, message=Text("Old")))
    row = Live({203: "draft"}) if send == Now() else Live({203: "scheduled"}, {203: TIME_S})
    entry = replace(old, phase=Phase.BOUND) if send == Now() else old
    (update,) = half_of("draft", campaign, recorded=[entry], live=row, delivery=delivery).changes
    assert (type(update), update.steps) == (Update, ("update",))


@pytest.mark.parametrize(("delivery", "steps"), [("staged", ("release",)), ("direct", ("delete", "create"))])
def test_what_is_recorded_and_unchanged_is_left_by_the_one_half_and_let_go_by_the_other(delivery, steps):
    entry, live = an_entry(OLD, phase=Phase.BOUND), Live({203: "draft"})
    (left,) = half_of("draft", OLD, recorded=[entry], live=live, delivery=delivery).changes
    assert isinstance(left, Unchanged)
    assert (left.left_to, left.steps, left.is_recorded) == ("release", (), False)
    made = half_of("release", OLD, recorded=[entry], live=live, delivery=delivery)
    assert ([type(c) for c in made.changes], made.changes[0].steps, made.findings) == ([Update], steps, ())


@pytest.mark.parametrize(
    ("desired", "entry", "live", "reason"),
    [
        ([OLD], None, Live({}), "not recorded"),
        (
            [replace(OLD, message=Text("Hi"))],
            an_entry(OLD, phase=Phase.BOUND),
            Live({203: "draft"}),
            "differs",
        ),
        (
            [OLD],
            an_entry(OLD, phase=Phase.BOUND),
            Live({203: "draft"}, edited={203: Edited("g")}),
            "edited",
        ),
        ([OLD], an_entry(OLD, phase=Phase.BOUND), Live({}), "gone from the PBX"),
        ([OLD], an_entry(OLD, phase=Phase.INTENT), Live({}), "looked for first"),
        ([], an_entry(OLD, phase=Phase.BOUND), Live({203: "draft"}), "no manifest has it"),
    ],
)
def test_what_is_not_prepared_is_not_let_go_and_a_warning_says_so(desired, entry, live, reason):
    made = half_of("release", *desired, recorded=[entry] if entry else [], live=live)
    (change,) = made.changes
    assert isinstance(change, Unchanged)
    assert (change.left_to, made.effects) == ("draft", ())
    assert change.reason.startswith("left to `campaignops apply --draft-only`: ")
    assert reason in change.reason
    assert [(f.code, f.severity) for f in made.findings] == [("CMP506", "warning")]


def test_both_halves_leave_history_and_blocked_changes_as_they_are():
    sent = an_entry(OLD, status="completed")
    for half, edited in (("draft", False), ("release", False), ("draft", True), ("release", True)):
        campaign = replace(OLD, message=Text("Hi")) if edited else OLD
        (change,) = half_of(half, campaign, recorded=[sent], live=Live({203: "completed"})).changes
        assert type(change) is (Blocked if edited else History)


# -- files that do not last --------------------------------------------------------------------------------------------

HOUR_S = 3600


@pytest.mark.parametrize(
    ("live", "uploaded_h", "due_h", "is_stale"),
    [  # hours ago, hours from now
        ("scheduled", 10, 60, False),
        ("scheduled", 10, 62, False),
        ("scheduled", 10, 63, True),
        ("scheduled", 10, 72, True),
        ("scheduled", 10, 73, False),  # too early: it would be gone again by then
        ("scheduled", 200, 0.05, False),  # too late
        ("draft", 10, 60, False),
        ("draft", 73, 1000, True),
        ("draft", 71, 1000, False),
    ],
)
def test_a_file_that_may_be_purged_is_uploaded_again_in_time(live, uploaded_h, due_h, is_stale):
    send = At(int(NOW_S + due_h * HOUR_S), "UTC")
    campaign = a_campaign(message=FileMessage(JPEG), send=send)
    phase = Phase.BOUND if live == "draft" else Phase.RELEASED
    entry = an_entry(campaign, phase=phase, uploaded_s=NOW_S - uploaded_h * HOUR_S)
    (change,) = a_plan(campaign, recorded=[entry], live=Live({203: live}, {203: send.time_s})).changes
    if is_stale:
        assert isinstance(change, Update)
        assert change.reason == "the PBX may have purged its file, which is uploaded again"
        assert change.steps == ("upload assets/demo.jpeg", "update", "release")
    else:
        assert isinstance(change, Unchanged) or change.steps == ("release",)


@pytest.mark.parametrize("other", [{"send": Draft()}, {"message": Text("Hi")}])
def test_what_is_not_sent_by_us_or_has_no_file_is_never_uploaded_again(other):
    campaign = a_campaign(**other)
    phase = Phase.BOUND if campaign.send == Draft() else Phase.RELEASED
    entry = an_entry(campaign, phase=phase, uploaded_s=NOW_S - 1000 * HOUR_S)
    status = "draft" if phase is Phase.BOUND else "scheduled"
    made = a_plan(campaign, recorded=[entry], live=Live({203: status}, {203: entry.time_s}))
    assert [type(change) for change in made.changes] == [Unchanged]


def test_delivered_direct_nothing_is_posted_anew_for_the_sake_of_a_file():
    campaign = a_campaign(message=FileMessage(JPEG), send=At(NOW_S + 24 * HOUR_S, "UTC"))
    entry = an_entry(campaign, uploaded_s=NOW_S - 100 * HOUR_S)
    live = Live({203: "scheduled"}, {203: NOW_S + 24 * HOUR_S})
    made = a_plan(campaign, recorded=[entry], live=live, delivery="direct")
    assert [type(change) for change in made.changes] == [Unchanged]


@pytest.mark.parametrize(("due_h", "codes"), [(72, []), (73, ["CMP507"])])
def test_a_send_long_after_the_upload_is_a_warning(due_h, codes):
    send = At(NOW_S + due_h * HOUR_S, "UTC")
    made = a_plan(a_campaign(message=FileMessage(JPEG), send=send))
    assert [f.code for f in made.findings] == codes
    assert all((f.severity, f.place) == ("warning", Place("summer.yaml#message", 5)) for f in made.findings)
    assert not a_plan(a_campaign(send=send)).findings


# -- what a change says about the campaign -----------------------------------------------------------------------------


def test_a_change_carries_what_the_manifest_says_or_else_what_is_recorded():
    create = a_plan(OLD).changes[0]
    said = (create.key, create.type, create.name, create.id, create.place)
    assert said == ("old", "sms", "Sale", None, Place("summer.yaml", 5))
    assert (create.send, create.time_s, create.zone) == ("at", TIME_S, "Europe/Berlin")
    assert (create.people, create.added, create.removed) == (3, 3, 0)
    delete = a_plan(recorded=[an_entry(OLD)], live=Live({203: "draft"})).changes[0]
    assert (delete.key, delete.type, delete.name, delete.id, delete.place) == (
        "old",
        "sms",
        "Sale",
        203,
        None,
    )
    assert (delete.send, delete.time_s, delete.zone, delete.people) == ("at", TIME_S, None, 3)
    now = a_plan(replace(OLD, send=Now())).changes[0]
    assert (now.send, now.time_s, now.zone) == ("now", None, None)
    again = a_plan(OLD, recorded=[an_entry(OLD)], live=Live({})).changes[0]
    assert (type(again), again.id) == (Create, None)


def test_a_create_has_every_field_it_gives():
    (create,) = a_plan(a_campaign(sender=None, audience=Phonebook(Ref("VIP"), "mobile"))).changes
    assert [(f.path, f.before, f.after) for f in create.fields] == [
        ("type", None, "sms"),
        ("name", None, "summer-sale"),
        ("channel", None, "Main SMS"),
        ("recipients.phonebook", None, "VIP"),
        ("recipients.field", None, "mobile"),
        ("message.text", None, "Up to 50% off!"),
        ("send.at", None, TIME_S),
        ("send.timezone", None, "Europe/Berlin"),
        ("session.extension", None, "1002"),
    ]
    assert (create.people, create.added) == (None, 0)


def update_of(before, after, live="scheduled", phase=Phase.RELEASED, **said):
    made = a_plan(after, recorded=[an_entry(before, phase=phase)], live=Live({203: live}, **said))
    (change,) = made.changes
    assert isinstance(change, Update)
    return change


def test_an_update_has_the_fields_that_differ_and_counts_who_comes_and_goes():
    after = replace(OLD, name="Sale 2", audience=Numbers((*NUMBERS[1:], "+8613800004444", "+8613800005555")))
    change = update_of(OLD, after)
    assert change.fields == (Field("name", "Sale", "Sale 2"), Field("recipients.numbers", 3, 4))
    assert (change.people, change.added, change.removed, change.drift) == (4, 2, 1, False)


def test_people_who_are_exchanged_one_for_one_are_counted_although_no_field_differs():
    change = update_of(OLD, replace(OLD, audience=Numbers((*NUMBERS[1:], "+8613800004444"))))
    assert (change.fields, change.added, change.removed) == ((), 1, 1)


def test_nobody_can_count_who_comes_and_goes_with_a_phonebook():
    change = update_of(OLD, replace(OLD, audience=Phonebook(Ref("VIP"), "mobile")))
    assert [f.path for f in change.fields] == [
        "recipients.field",
        "recipients.numbers",
        "recipients.phonebook",
    ]
    assert (change.people, change.added, change.removed) == (None, 0, 0)


# -- drift -------------------------------------------------------------------------------------------------------------

SEND = {"at": TIME_S, "timezone": "Europe/Berlin"}
STRANGER = "+8613800004444"


def said(campaign=OLD, /, aliases=None, **spec):
    """What the PBX has of a campaign, where it is not what it was given."""
    numbers = campaign.audience.numbers if isinstance(campaign.audience, Numbers) else ()
    return Edited("g", {**state.spec(campaign), **spec}, aliases or {}, tuple(numbers))


def drift_of(recorded, edit, **other):
    return update_of(recorded, recorded, edited={203: edit}, **other)


@pytest.mark.parametrize(
    ("edit", "fields"),
    [
        (said(name="Sail"), [Field("name", "Sail", "Sale")]),
        (
            said(message={"text": "Up to 5% off!"}),
            [Field("message.text", "Up to 5% off!", "Up to 50% off!")],
        ),
        (said(sender="+12025550101"), [Field("sender", "+12025550101", "+12025550100")]),
        (said(session="direct"), [Field("session", "direct", {"extension": "1002"})]),
        (
            said(session={"queue": "Sales"}),
            [Field("session.extension", None, "1002"), Field("session.queue", "Sales", None)],
        ),
        (said(channel={"id": 5}), [Field("channel", {"id": 5}, "Main SMS")]),
        (
            said(replace(OLD, audience=Numbers(NUMBERS[:2]))),
            [
                Field("recipients.numbers", 2, 3),
                Field("recipients.people", "2 on the PBX, 1 of ours missing", "as in the manifest"),
            ],
        ),
        (
            said(replace(OLD, audience=Numbers((*NUMBERS[:2], STRANGER)))),
            [
                Field(
                    "recipients.people",
                    "3 on the PBX, 1 of them not ours: +8613•••4444; 1 of ours missing",
                    "as in the manifest",
                )
            ],
        ),
        (
            said(name="Sail", message={"text": "Hi"}),
            [Field("message.text", "Hi", "Up to 50% off!"), Field("name", "Sail", "Sale")],
        ),
        (said(), [Field("content", "edited on the PBX", "as in the manifest")]),
        (Edited("g"), [Field("content", "edited on the PBX", "as in the manifest")]),
    ],
)
def test_what_somebody_edited_on_the_pbx_is_drift_and_shown_from_live_to_recorded(edit, fields):
    change = drift_of(OLD, edit)
    assert (change.drift, list(change.fields), change.steps) == (True, fields, ("update", "release"))


def test_many_strangers_are_counted_and_only_some_named():
    crowd = Numbers((*NUMBERS, *(f"+49301234567{n}" for n in range(5))))
    (_, people) = drift_of(OLD, said(replace(OLD, audience=crowd))).fields
    assert people.before.startswith("8 on the PBX, 5 of them not ours: +4930•••")
    assert people.before.endswith(", …")
    assert people.before.count("+") == 3


def test_what_an_author_said_by_id_is_not_drift_because_the_pbx_tells_its_name():
    campaign = replace(OLD, channel=Ref(id=7), sender=None, session=AssignTo("extension", Ref(id=2)))
    aliases = {
        "channel": ({"id": 7},),
        "sender": ({"id": 7}, None),
        "session": ({"extension": {"id": 2}},),
    }
    assert drift_of(campaign, said(aliases=aliases, name="Sail")).fields == (Field("name", "Sail", "Sale"),)


@pytest.mark.parametrize(("size", "is_same"), [(12345, True), (12346, False)])
def test_a_file_is_known_by_its_name_and_size(size, is_same):
    campaign = replace(OLD, message=FileMessage(JPEG))
    told = {"file": {"uploaded": "9", "name": "demo.jpeg", "size": size}}
    paths = [f.path for f in drift_of(campaign, said(name="Sail", message=told)).fields]
    assert ("name" in paths, paths == ["name"]) == (True, is_same)


def test_a_template_value_that_was_edited_is_named():
    campaign = replace(OLD, message=Template(Ref(id=4), "de", None, (("tier", "VIP"), ("offer", "20%"))))
    told = {
        **state.spec(campaign)["message"],
        "template": "discount",
        "body": {"tier": "all", "offer": "20%"},
    }
    change = drift_of(campaign, said(message=told, aliases={"message.template": ({"id": 4},)}))
    assert change.fields == (Field("message.body.tier", "all", "VIP"),)
    raw = replace(OLD, message=Components(Ref("promo"), "de", "[]", ()))
    assert [f.path for f in drift_of(raw, said(message=told)).fields] == ["content"]


@pytest.mark.parametrize(
    ("phase", "send", "live", "time_s", "fields"),
    [
        (Phase.RELEASED, At(TIME_S, "Europe/Berlin"), "draft", None, [Field("send", "draft", SEND)]),
        (
            Phase.RELEASED,
            At(TIME_S, "Europe/Berlin"),
            "scheduled",
            LATER_S,
            [Field("send.at", LATER_S, TIME_S)],
        ),
        (
            Phase.RELEASING,
            At(TIME_S, "Europe/Berlin"),
            "scheduled",
            LATER_S,
            [Field("send.at", LATER_S, TIME_S)],
        ),
        (Phase.BOUND, At(TIME_S, "Europe/Berlin"), "scheduled", TIME_S, [Field("send", "scheduled", SEND)]),
        (Phase.BOUND, Draft(), "scheduled", TIME_S, [Field("send", "scheduled", "draft")]),
        (Phase.RELEASED, Draft(), "scheduled", TIME_S, [Field("send", "scheduled", "draft")]),
    ],
)
def test_another_time_and_another_status_than_ours_are_drift(phase, send, live, time_s, fields):
    campaign = replace(OLD, send=send)
    change = update_of(campaign, campaign, live, phase, time_s={203: time_s})
    assert (change.drift, list(change.fields)) == (True, fields)


@pytest.mark.parametrize("time_s", [TIME_S, None])
def test_the_time_that_we_gave_or_none_is_no_drift(time_s):
    live = Live({203: "scheduled"}, {203: time_s})
    made = a_plan(OLD, recorded=[an_entry(OLD)], live=live)
    assert [type(change) for change in made.changes] == [Unchanged]


def test_an_edit_here_and_an_edit_there_are_shown_as_one_from_live_to_desired():
    after = replace(OLD, message=Text("Up to 60% off!"), send=At(LATER_S, "Europe/Berlin"))
    change = update_of(OLD, after, "draft", edited={203: said(message={"text": "Up to 5% off!"})})
    assert change.fields == (
        Field("message.text", "Up to 5% off!", "Up to 60% off!"),
        Field("send", "draft", {"at": LATER_S, "timezone": "Europe/Berlin"}),
    )
    assert change.drift


def test_line_breaks_as_the_pbx_writes_them_are_no_drift_of_the_text():
    campaign = replace(OLD, message=Text("Hello\r\nworld"))
    change = drift_of(campaign, said(name="Sail", message={"text": "Hello\nworld"}))
    assert change.fields == (Field("name", "Sail", "Sale"),)


def test_what_the_pbx_does_not_list_yet_is_not_called_drifted():
    made = a_plan(OLD, recorded=[an_entry(OLD)], live=Live({}, unlisted=frozenset({203})))
    assert [type(change) for change in made.changes] == [Unchanged]


# -- spoilt records ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", ["", "{", "[1]", "null", '"text"', "[" * 100_000])
def test_a_spoilt_spec_is_an_error_where_it_is_needed_and_nowhere_else(spec):
    entry = replace(an_entry(OLD), spec=spec)
    edited = replace(OLD, message=Text("Hi"))
    for live in ("completed", "scheduled"):
        with pytest.raises(
            StateError, match=r"record of `old` is spoilt: its `spec`.*Nothing was sent"
        ) as error:
            a_plan(edited, recorded=[entry], live=Live({203: live}))
        assert error.value.code == "CMP701"
        a_plan(OLD, recorded=[entry], live=Live({203: live}))
        a_plan(recorded=[entry], live=Live({203: live}))
        a_plan(edited, recorded=[entry], live=Live({203: live}), selection=Selection(("other",)))
    a_plan(edited, recorded=[replace(entry, phase=Phase.BOUND)], live=Live({}))


def test_a_record_without_its_spec_shows_everything_as_new():
    entry = replace(an_entry(OLD), spec="{}")
    (change,) = a_plan(OLD, recorded=[entry], live=Live({203: "draft"})).changes
    assert [f.path for f in change.fields][:3] == ["type", "name", "channel"]


@pytest.mark.parametrize(("changes", "word"), [({"audience": "A"}, "audience"), ({"id": None}, "has no id")])
def test_a_record_that_cannot_be_is_an_error(changes, word):
    entry = replace(an_entry(OLD), **changes)
    with pytest.raises(StateError, match=rf"record of `old` is spoilt: .*{word}") as error:
        a_plan(replace(OLD, message=Text("Hi")), recorded=[entry], live=Live({203: "scheduled"}))
    assert error.value.code == "CMP701"


# -- the digest --------------------------------------------------------------------------------------------------------

MANY = [a_campaign("a", message=TEMPLATE), a_campaign("b"), a_campaign("c"), moved()]
RECORDED = [
    an_entry(MANY[1], 1),
    an_entry(replace(MANY[2], message=TEMPLATE), 2),
    an_entry(a_campaign("gone"), 3),
    an_entry(OLD, 4),
]
PBX = Live({1: "completed", 2: "scheduled", 3: "draft", 4: "scheduled"}, {2: LATER_S}, edited={2: said()})


def test_the_digest_stays_when_only_order_clock_and_words_differ():
    made = a_plan(*MANY, recorded=RECORDED, live=PBX)
    turned = replace(PBX, status=dict(sorted(PBX.status.items(), reverse=True)))
    assert a_plan(*MANY, recorded=RECORDED[::-1], live=turned, now_s=NOW_S + 1000) == made
    assert len(made.digest) == 64
    words = [replace(c, reason="other", place=Place("other.yaml", 9)) for c in made.changes]
    assert replace(made, changes=tuple(words)).digest == made.digest
    elsewhere = [replace(campaign, place=Place("other.yaml", 9)) for campaign in MANY]
    assert a_plan(*elsewhere, recorded=RECORDED, live=PBX).digest == made.digest
    began = replace(PBX, status={**PBX.status, 1: "stop"})
    assert a_plan(*MANY, recorded=RECORDED, live=began).digest == made.digest


def others(change):
    """The same change, but for one thing that it does."""
    new = {"key": "k", "type": "whatsapp", "name": "n", "id": 99, "send": "draft", "time_s": 1, "zone": "UTC"}
    new |= {
        "people": 9,
        "steps": ("x",),
        "fields": (Field("x", 1, 2),),
        "added": 9,
        "removed": 9,
        "preview": "p",
        "names": "n",
        "template": "t",
        "contacts": "c",
    }
    new |= {
        "moved_from": "x",
        "instead_of": "x",
        "protects": True,
        "left_to": "draft",
        "is_release": True,
        "code": "CMP000",
        "entry": an_entry(a_campaign("x"), 77),
    }
    elsewhere = {"campaign", "drift", "reason", "help", "place", "tested"}
    for name in {field.name for field in fields(change)} - elsewhere:
        yield replace(change, **{name: new[name]})
    if isinstance(change, Create | Update):  # the same number of people, and not the same people
        numbers = (*NUMBERS[1:], "+8613800004444")
        yield replace(change, campaign=replace(change.campaign, audience=Numbers(numbers)))
        yield replace(change, campaign=replace(change.campaign, prevent_delete=True))
    if isinstance(change, Update):
        yield replace(change, drift=not change.drift)


def test_the_digest_changes_with_everything_that_is_done():
    blocked, drifted = a_campaign("blocked"), a_campaign("drifted")
    made = a_plan(
        *MANY,
        drifted,
        replace(blocked, message=Text("Hi")),
        recorded=[*RECORDED, an_entry(drifted, 5), an_entry(blocked, 6)],
        live=replace(PBX, status={**PBX.status, 5: "draft", 6: "stop"}),
    )
    assert {type(change) for change in made.changes} == set(ACTIONS) - {Refresh}
    plans = [
        made,
        replace(made, half="draft"),
        replace(made, environment="x"),
        replace(made, lineage="x"),
        replace(made, serial=42),
    ]
    plans.append(replace(made, changes=made.changes[::-1]))
    plans += [replace(made, pbx=Pbx(serial, "u")) for serial in (None, "1", "2")]
    for index, change in enumerate(made.changes):
        before, after = made.changes[:index], made.changes[index + 1 :]
        plans.append(replace(made, changes=(*before, *after)))
        plans += [replace(made, changes=(*before, other, *after)) for other in others(change)]
    assert len({each.digest for each in plans}) == len(plans) > 100


def test_a_plan_does_not_depend_on_the_seed_of_hashes():
    code = (
        "from tests.test_plan import *\n"
        "made = a_plan(*MANY, recorded=RECORDED, live=PBX)\n"
        "print(made.digest, made.changes, made.findings)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert a_plan(*MANY, recorded=RECORDED, live=PBX).digest in said[0]


def test_begun_is_what_the_pages_of_the_pbx_call_so():
    assert set(WORDS) - {"draft", "scheduled", "paused"} == BEGUN
