"""`split`: who is in which part, and that nobody is ever in two."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignops import planner, state
from campaignops.model import At, Campaign, Draft, Now, Numbers, Phonebook, Ref, Text
from campaignops.planner import Blocked, Create, Delete, History, Live, Plan, Selection, Unchanged, Update
from campaignops.state import Entry, Phase
from tests.builders import LINEAGE, NOW_S, TIME_S, a_campaign, a_plan, an_entry


def phone(number: int) -> str:
    return f"+4915120{number:06}"


def a_list(*numbers: int, split: int | None = 3, **other) -> Campaign:
    return a_campaign("sale", name="Sale", audience=Numbers(tuple(map(phone, numbers))), split=split, **other)


def people(change) -> list[int]:
    return [int(number[-6:]) for number in change.campaign.audience.numbers]


def shape(made: Plan) -> dict[str, tuple[str, list[int] | None]]:
    """What a plan does with each key, and with whom."""
    return {
        change.key: (
            planner.ACTIONS[type(change)],
            people(change) if isinstance(change, Create | Update) else None,
        )
        for change in made.changes
    }


def a_part(number: int, *members: int, **other) -> Entry:
    campaign = a_list(*members, split=None)
    piece = replace(campaign, key=f"sale[{number}]", name=f"Sale ({number})")
    return an_entry(piece, **{"id": 200 + number, **other})


SENT: dict[str, Any] = {"status": "completed"}
DRAFT: dict[str, Any] = {"phase": Phase.BOUND}


def test_a_list_is_cut_in_its_order_into_campaigns_with_their_own_names():
    made = a_plan(a_list(1, 2, 3, 4, 5, 6, 7))
    assert shape(made) == {
        "sale[1]": ("create", [1, 2, 3]), "sale[2]": ("create", [4, 5, 6]), "sale[3]": ("create", [7]),
    }  # fmt: skip
    assert [change.name for change in made.changes] == ["Sale (1)", "Sale (2)", "Sale (3)"]
    assert made.summary()["recipients"] == 7


def test_a_short_list_is_one_part_so_that_it_can_grow():
    assert shape(a_plan(a_list(1, 2))) == {"sale[1]": ("create", [1, 2])}


def test_new_people_fill_what_has_not_begun_and_then_make_new_parts():
    recorded = [a_part(1, 1, 2, **SENT), a_part(2, 4, **DRAFT)]
    made = a_plan(a_list(9, 1, 2, 8, 4, 7, 6), recorded=recorded)
    assert shape(made) == {
        "sale[1]": ("history", None), "sale[2]": ("update", [4, 9, 8]), "sale[3]": ("create", [7, 6]),
    }  # fmt: skip


def test_a_part_that_was_sent_keeps_its_people_whoever_leaves_and_comes_back():
    recorded = [a_part(1, 1, 2, 3, **SENT)]
    assert shape(a_plan(a_list(3, 2), recorded=recorded)) == {"sale[1]": ("history", None)}
    assert shape(a_plan(a_list(3, 1, 4, 2), recorded=recorded)) == {
        "sale[1]": ("history", None), "sale[2]": ("create", [4]),
    }  # fmt: skip
    (change,) = a_plan(a_list(3), recorded=recorded).changes
    assert (change.people, change.name) == (3, "Sale (1)")


def test_nobody_moves_between_unsent_parts_whatever_their_size_is_to_be():
    recorded = [a_part(1, 1, 2, 3, **DRAFT), a_part(2, 4, 5, **DRAFT)]
    assert shape(a_plan(a_list(5, 3, 1, 4, 6, split=1), recorded=recorded)) == {
        "sale[1]": ("update", [3, 1]), "sale[2]": ("update", [5, 4]), "sale[3]": ("create", [6]),
    }  # fmt: skip


def test_an_unsent_part_without_people_is_deleted():
    made = a_plan(a_list(1), recorded=[a_part(1, 1, **SENT), a_part(2, 4, **DRAFT)])
    assert shape(made) == {"sale[2]": ("delete", None), "sale[1]": ("history", None)}


def test_what_is_about_to_be_sent_is_not_filled():
    soon = a_part(1, 1, time_s=NOW_S + 30)
    made = a_plan(a_list(1, 2, send=At(NOW_S + 30, "Europe/Berlin")), recorded=[soon])
    assert shape(made)["sale[2]"] == ("create", [2])


def test_new_words_are_for_the_parts_to_come():
    recorded = [a_part(1, 1, 2, 3, **SENT), a_part(2, 4, **DRAFT)]
    made = a_plan(a_list(1, 2, 3, 4, message=Text("New")), recorded=recorded)
    assert shape(made) == {"sale[1]": ("history", None), "sale[2]": ("update", [4])}
    assert "kept as it was" in made.changes[0].reason


def test_new_words_for_nobody_are_blocked():
    made = a_plan(a_list(1, 3, message=Text("New")), recorded=[a_part(1, 1, 2, 3, **SENT)])
    assert [(c.key, c.code, [f.path for f in c.fields]) for c in made.blocked] == [
        ("sale[1]", "CMP501", ["message.text"])
    ]


def test_what_was_recorded_whole_becomes_the_first_part():
    whole = an_entry(a_list(1, 2, 3, 4, split=None), **DRAFT)
    made = a_plan(a_list(1, 2, 4, 5), recorded=[whole])
    assert shape(made) == {"sale[1]": ("update", [1, 2, 4]), "sale[2]": ("create", [5])}
    assert made.changes[0].reason.startswith("moved from `sale`")


def test_what_was_sent_whole_is_history_and_the_others_get_it():
    whole = an_entry(a_list(1, 2, split=None), **SENT)
    made = a_plan(a_list(2, 1, 5), recorded=[whole])
    assert shape(made) == {"sale[1]": ("history", None), "sale[2]": ("create", [5])}
    assert isinstance(made.changes[0], History)
    assert made.changes[0].moved_from == "sale"


def test_who_may_be_in_a_sent_part_gets_no_other_and_that_is_said():
    both = state.audience_digests([phone(1), phone(2)], LINEAGE)
    made = a_plan(a_list(1, 2, 3), recorded=[a_part(1, 1, audience=both, **SENT)])
    assert shape(made) == {"sale[1]": ("history", None), "sale[2]": ("create", [3])}
    assert "; 1 more may be in it" in made.changes[0].reason


def test_parts_move_with_their_key():
    recorded = [a_part(1, 1, 2, 3, **SENT), a_part(2, 4, **DRAFT)]
    renamed = replace(a_list(1, 4, 5), key="new", moved_from="sale")
    made = a_plan(renamed, recorded=recorded)
    assert shape(made) == {"new[1]": ("history", None), "new[2]": ("update", [4, 5])}
    assert made.changes[0].moved_from == "sale[1]"  # type: ignore[union-attr]


@pytest.mark.parametrize("recorded", [SENT, DRAFT])
def test_parts_are_not_made_whole_again(recorded):
    made = a_plan(a_list(1, 2, split=None), recorded=[a_part(1, 1, **recorded)])
    assert [(c.key, c.code) for c in made.changes if isinstance(c, Blocked)] == [("sale", "CMP414")]
    assert len(made.changes) == 1


def test_parts_that_are_gone_unsent_do_not_stand_in_the_way():
    made = a_plan(a_list(1, 2, split=None), recorded=[a_part(1, 1, **DRAFT)], live=Live({}))
    assert shape(made)["sale"] == ("create", [1, 2])


def test_people_of_a_phonebook_are_not_known_so_nobody_cuts_around_them():
    before = a_campaign("sale", name="Sale", audience=Phonebook(Ref("VIP"), "mobile_number"))
    made = a_plan(a_list(1, 2), recorded=[an_entry(before, recipients=7, **SENT)])
    assert [(c.key, c.code) for c in made.changes if isinstance(c, Blocked)] == [("sale", "CMP414")]


@pytest.mark.parametrize("glob", ["sale", "s*", "sale[2]", "sale[?]"])
def test_the_key_of_the_whole_selects_its_parts(glob):
    made = a_plan(a_list(1, 2, 3, 4), selection=Selection((glob,)))
    assert "sale[2]" in {change.key for change in made.changes}
    assert not a_plan(a_list(1, 2, 3, 4), selection=Selection((), (glob,))).changes or glob == "sale[2]"


# any life of a list


class Life:
    """A split campaign through edits, applies that end early, and sendings: on the PBX, and in the record."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.on_pbx: dict[int, tuple[str, ...]] = {}
        self.status: dict[int, str] = {}
        self.sent: Counter[str] = Counter()
        self.ids = 0

    def plan(self, campaign: Campaign, selection: Selection = planner.EVERYTHING) -> Plan:
        live = Live(self.status, dict.fromkeys(self.status, TIME_S))
        return a_plan(campaign, recorded=self.entries.values(), live=live, selection=selection)

    def apply(self, made: Plan, upto: int, arrives: int) -> None:
        """The first `upto` changes; of the one behind, the update may arrive without the record hearing of it."""
        if made.blocked:
            return
        for at, change in enumerate(made.changes[: upto + 1]):
            if at == upto:
                if arrives and isinstance(change, Update) and change.entry.id is not None:
                    self._updating(change)
                return
            if isinstance(change, Create | Update):
                self._give(change)
            elif isinstance(change, Delete):
                self._forget(change)
            elif isinstance(change, History | Unchanged) and change.moved_from:
                self.entries[change.key] = replace(self.entries.pop(change.moved_from), key=change.key)

    def _moved(self, change: Update) -> None:
        if change.entry.key != change.key:
            self.entries[change.key] = replace(self.entries.pop(change.entry.key), key=change.key)

    def _updating(self, change: Update) -> None:
        if self.status.get(change.entry.id or 0) not in ("draft", "scheduled"):
            return
        self._moved(change)
        new = an_entry(change.campaign)
        either = state.either(change.entry.audience, new.audience)
        self.entries[change.key] = replace(self.entries[change.key], phase=Phase.UPDATING, audience=either)
        self.on_pbx[change.entry.id or 0] = tuple(change.campaign.audience.numbers)  # type: ignore[union-attr]
        self.status[change.entry.id or 0] = "draft"

    def _give(self, change: Create | Update) -> None:
        id = change.entry.id if isinstance(change, Update) else None
        if id is None:
            self.ids += 1
            id = self.ids
        elif self.status.get(id) not in ("draft", "scheduled"):
            return  # it has begun since
        else:
            self._moved(change)  # type: ignore[arg-type]
        is_draft = isinstance(change.campaign.send, Draft)
        self.on_pbx[id] = tuple(change.campaign.audience.numbers)  # type: ignore[union-attr]
        self.status[id] = "draft" if is_draft else "scheduled"
        phase = Phase.BOUND if is_draft else Phase.RELEASED
        self.entries[change.key] = an_entry(change.campaign, id, phase)
        if isinstance(change.campaign.send, Now):
            self.begin(id)

    def _forget(self, change: Delete) -> None:
        if self.status.get(change.entry.id or 0) in ("draft", "scheduled", None):
            self.status.pop(change.entry.id or 0, None)
            del self.entries[change.key]

    def begin(self, id: int) -> None:
        if self.status.get(id) in ("draft", "scheduled"):
            self.status[id] = "completed"
            self.sent.update(self.on_pbx[id])

    def vanish(self, id: int) -> None:
        if self.status.get(id) == "draft":
            del self.status[id]


_lists = st.lists(st.integers(1, 12), unique=True, max_size=12)
_steps = st.one_of(
    st.tuples(st.just("apply"), st.integers(0, 8), st.integers(0, 1)),
    st.tuples(st.just("begin"), st.integers(1, 8), st.just(0)),
    st.tuples(st.just("vanish"), st.integers(1, 8), st.just(0)),
    st.tuples(st.just("stale"), st.integers(0, 8), st.integers(1, 8)),
)
_edits = st.tuples(
    _lists,
    st.sampled_from([1, 2, 3, 5, None]),
    st.sampled_from([Draft(), At(TIME_S, "UTC"), Now()]),
    st.sampled_from(["Hello", "Bye"]),
    st.sampled_from(["sale", "new"]),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(_edits, st.lists(_steps, max_size=4)), min_size=1, max_size=6))
def test_nobody_gets_a_campaign_twice_whatever_happens_to_its_list(history):
    life = Life()
    for (listed, size, send, words, name), steps in history:
        moved = {"sale": "new", "new": "sale"}[name]
        campaign = a_list(*listed, split=size, send=send, message=Text(words), moved_from=moved)
        campaign = replace(campaign, key=name)
        for what, one, two in steps:
            if what == "apply":
                life.apply(life.plan(campaign), one, two)
            elif what == "begin":
                life.begin(one)
            elif what == "vanish":
                life.vanish(one)
            else:  # something begins to send between a plan and its apply
                made = life.plan(campaign)
                life.begin(two)
                life.apply(made, one, 0)
            assert not [number for number, times in life.sent.items() if times > 1]


@settings(max_examples=100)
@given(_lists.filter(bool), st.integers(1, 5), _lists, st.data())
def test_after_an_apply_a_new_plan_is_empty_and_a_new_list_moves_nobody(listed, size, later, data):
    life, campaign = Life(), a_list(*listed, split=size)
    life.apply(life.plan(campaign), 99, 0)
    for id in data.draw(st.sets(st.integers(1, 12))):
        life.begin(id)
    assert not life.plan(campaign).effects
    homes = {number: key for key, entry in life.entries.items() for number in life.on_pbx[entry.id or 0]}
    for change in life.plan(a_list(*later, split=size)).changes:
        if isinstance(change, Create | Update):
            assert {homes.get(phone(number), change.key) for number in people(change)} <= {change.key}
