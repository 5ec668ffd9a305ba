"""Whatever is desired, recorded and live: a plan can be made, leaves nothing out, and touches nothing twice."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from campaignops.model import (
    Asset,
    AssignTo,
    At,
    Components,
    Direct,
    Draft,
    FileMessage,
    MediaHeader,
    Now,
    Numbers,
    Phonebook,
    Ref,
    Template,
    Text,
    TextHeader,
    Uploaded,
)
from campaignops.planner import Blocked, Create, Delete, Live, Selection, Update
from campaignops.planner.live import Edited
from campaignops.state import BEGUN, Phase
from tests.builders import NOW_S, NUMBERS, TIME_S, a_campaign, a_plan, an_entry

KEYS = ("a", "b", 'c["de"]', 'c["fr"]', "d", "*")
NAMES = ("Sale", "Flyer", "News", "Alert", "Hello", "Bye")
JPEG = Asset("a.jpeg", "ab", 9, "image/jpeg")
MESSAGES = [
    Text("Up to 50% off!"),
    Text("Hi\r\n🌞"),
    Text(""),
    FileMessage(JPEG),
    FileMessage(Uploaded("9", "b.pdf", "u", "t", 2)),
    Template(Ref("promo"), "de", TextHeader("Hi"), (("name", "Ann"),), (("Shop", "x"),)),
    Template(Ref(id=4), "de", MediaHeader("image", JPEG), ("Ann", "Bob")),
    Template(Ref(id=4), "de", None, ("Ann",)),
    Components(Ref("promo"), "de", '[{"type": "body", "n": [1, null]}]', (JPEG,)),
]
_sends = st.sampled_from(
    [Draft(), Now(), At(TIME_S, "UTC"), At(TIME_S, "+02:00"), At(NOW_S + 30, "UTC"), At(NOW_S, "UTC")]
)
_words = st.sampled_from(["draft", "scheduled", *sorted(BEGUN), "paused", ""])
_some_time = st.sampled_from([None, TIME_S, NOW_S, TIME_S + 60])
_json = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["text", "Hi", "Sale"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=3,
)
_edits = st.builds(
    Edited, st.just("other"), st.none() | st.dictionaries(st.sampled_from(["name", "sender", "send"]), _json)
)
_globs = st.lists(st.sampled_from([*KEYS, "c*", "?", '*["de"]', "[a]"]), max_size=2).map(tuple)
_selections = st.builds(Selection, _globs, _globs)
_campaigns = st.builds(
    a_campaign,
    st.sampled_from(KEYS),
    type=st.sampled_from(["sms", "whatsapp"]),
    name=st.sampled_from(NAMES),
    sender=st.sampled_from([None, Ref("+4930"), Ref(id=7)]),
    audience=st.sampled_from(
        [Numbers(NUMBERS), Numbers(NUMBERS[1:], "a.csv"), Phonebook(Ref("VIP"), "mobile")]
    ),
    message=st.sampled_from(MESSAGES),
    send=_sends,
    session=st.sampled_from([Direct(), AssignTo("queue", Ref("Sales"))]),
    moved_from=st.sampled_from([None, None, *KEYS]),
)


@st.composite
def _states(draw, campaigns=_campaigns):
    """Entries of campaigns, in any phase; some are of a campaign that is desired as it is."""
    said = draw(st.lists(campaigns, unique_by=lambda campaign: campaign.key, max_size=5))
    return [
        an_entry(
            campaign,
            id,
            draw(st.sampled_from(Phase)),
            status=draw(st.none() | _words),
            delivery=draw(st.sampled_from(["staged", "direct"])),
            question=draw(st.sampled_from([None, "which?"])),
            spec=draw(st.sampled_from([{}, {"spec": "{}"}])).get("spec", an_entry(campaign).spec),
        )
        for id, campaign in enumerate(said, start=1)
    ]


@st.composite
def _situations(draw):
    """Arguments of a plan: desired, recorded and live that may or may not have to do with each other."""
    desired = draw(st.lists(_campaigns, unique_by=(lambda c: c.key, lambda c: c.name), max_size=5))
    recorded = draw(_states(st.one_of(_campaigns, *([st.sampled_from(desired)] if desired else []))))
    ids = st.integers(1, 5)
    status = draw(st.dictionaries(ids, _words))
    live = Live(
        status,
        draw(st.dictionaries(ids, _some_time)),
        draw(st.dictionaries(st.sampled_from(NAMES), st.just((77, 78)), max_size=2)),
        draw(st.dictionaries(ids, _edits)),
        frozenset(draw(st.sets(ids))) - status.keys(),
    )
    delivery = draw(st.sampled_from(["staged", "direct"]))
    return desired, {
        "recorded": recorded,
        "live": draw(st.sampled_from([live, live, None])),
        "delivery": delivery,
    }


@settings(max_examples=50)
@given(_situations(), _selections)
def test_every_desired_campaign_and_every_recorded_one_is_in_the_plan_once(situation, selection):
    desired, told = situation
    recorded = {entry.key for entry in told["recorded"]}
    moved = {c.moved_from for c in desired if c.key not in recorded}
    keys = {c.key for c in desired} | recorded - moved
    made = a_plan(*desired, **told)
    assert sorted(change.key for change in made.changes) == sorted(keys)
    assert [change.key for change in made.changes if change.place] == [c.key for c in desired]
    chosen = a_plan(*desired, **told, selection=selection)
    assert chosen.changes == tuple(change for change in made.changes if selection.has(change.key))
    assert set(chosen.findings) <= set(made.findings)
    assert sum(chosen.summary().values()) >= len(chosen.changes)


@settings(max_examples=50)
@given(_situations())
def test_no_campaign_on_the_pbx_is_touched_twice_or_when_it_may_have_begun(situation):
    desired, told = situation
    made, live = a_plan(*desired, **told), told["live"]
    touched = [change for change in made.changes if isinstance(change, Update | Delete) and change.steps]
    ids = [change.id for change in touched if change.id is not None]
    contested = any(finding.code == "CMP502" for finding in made.findings)
    assert contested or len(ids) == len(set(ids))
    begun = {entry.id for entry in told["recorded"] if entry.status in BEGUN}
    for id in set(ids):
        assert id not in begun
        assert live is None or live.status.get(id, "draft" if id in live.unlisted else "") in (
            "draft",
            "scheduled",
        )
    for change in made.changes:
        if isinstance(change, Create) and change.entry is not None and change.entry.id is not None:
            assert live is not None
            assert change.entry.id not in {*live.status, *live.unlisted, *begun}


@settings(max_examples=50)
@given(_situations(), st.randoms(use_true_random=False))
def test_a_plan_is_the_same_whatever_order_the_state_is_in(situation, random):
    desired, told = situation
    made = a_plan(*desired, **told)
    again = a_plan(*desired, **told | {"recorded": random.sample(told["recorded"], len(told["recorded"]))})
    assert (again, again.digest) == (made, made.digest)


@settings(max_examples=50)
@given(st.lists(_campaigns, unique_by=(lambda c: c.key, lambda c: c.name), max_size=6), _words, _selections)
def test_what_is_as_it_was_applied_needs_nothing(desired, begun, selection):
    campaigns = [replace(campaign, moved_from=None) for campaign in desired]
    recorded, status = [], {}
    for id, campaign in enumerate(campaigns, start=1):
        is_draft = isinstance(campaign.send, Draft)
        recorded.append(an_entry(campaign, id, Phase.BOUND if is_draft else Phase.RELEASED))
        waits = "draft" if is_draft else "scheduled"
        status[id] = begun if begun in BEGUN else waits
    times = {entry.id: entry.time_s for entry in recorded if entry.id}
    made = a_plan(*campaigns, recorded=recorded, live=Live(status, times), selection=selection)
    assert (made.effects, made.blocked, made.findings) == ((), (), ())
    offline = a_plan(*campaigns, recorded=recorded, selection=selection)
    assert (offline.effects, offline.blocked) == ((), ())


@settings(max_examples=50)
@given(_situations())
def test_every_blocked_change_has_its_finding_and_says_what_to_do(situation):
    desired, told = situation
    made = a_plan(*desired, **told)
    others = ("CMP407", "CMP408", "CMP502")
    errors = [f for f in made.findings if f.severity == "error" and f.code not in others]
    said = [(f.message, f.help, f.place) for f in errors]
    blocked = [change for change in made.changes if isinstance(change, Blocked)]
    assert sorted(said, key=str) == sorted(
        ((f"`{c.key}`: {c.reason}", c.help, c.place) for c in blocked), key=str
    )
    assert all(change.help for change in blocked)
