"""The recorded state as a value: its legal steps, what may have been sent, and digests that give no number away."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops.errors import StateError
from campaignops.findings import Place
from campaignops.model import (
    AssignTo,
    At,
    Audience,
    Campaign,
    Components,
    Direct,
    Draft,
    FileMessage,
    MediaHeader,
    Message,
    Now,
    Numbers,
    Phonebook,
    Ref,
    Send,
    Template,
    Text,
    TextHeader,
    Uploaded,
)
from campaignops.state import (
    Entry,
    Phase,
    audience_digests,
    check_step,
    digest,
    moved_people,
    send_kind,
    spec,
)


def an_entry(phase=Phase.BOUND, **other) -> Entry:
    said: dict[str, Any] = {"name": "Spring", "type": "sms", "id": 7, "digest": "d", "fingerprint": "f"}
    said |= {"send": "draft", "time_s": None, "recipients": 2}
    return Entry(key="spring", phase=phase, **(said | other))


def a_campaign(
    message: Message = Text("Hello"),  # noqa: B008
    audience: Audience = Numbers(("+491701", "+491702")),  # noqa: B008
    send: Send = Draft(),  # noqa: B008
    **other,
) -> Campaign:
    said: dict[str, Any] = {
        "key": "spring",
        "type": "sms",
        "name": "Spring",
        "channel": Ref("Main"),
        "sender": None,
    }
    said |= {"session": Direct(), "place": Place("spring.yaml", 1)}
    return Campaign(message=message, audience=audience, send=send, **(said | other))


ILLEGAL = {
    (None, Phase.UPDATING),
    (None, Phase.RELEASING),
    (None, Phase.STUCK),
    (None, None),
    (Phase.INTENT, Phase.RELEASING),
    (Phase.INTENT, Phase.UPDATING),
    (Phase.BOUND, Phase.STUCK),
    (Phase.RELEASED, Phase.RELEASING),
    (Phase.STUCK, Phase.INTENT),
    (Phase.STUCK, Phase.RELEASING),
}


@pytest.mark.parametrize(("before", "after"), sorted(ILLEGAL, key=str))
def test_a_step_that_no_protocol_takes_is_refused(before, after):
    with pytest.raises(StateError, match=f"from {before or 'nothing'} to {after or 'nothing'}"):
        check_step(before and an_entry(before), after and an_entry(after))


def test_a_campaign_without_an_id_gets_one_and_keeps_it():
    check_step(an_entry(Phase.INTENT, id=None), an_entry(Phase.BOUND))
    for other in (8, None):
        with pytest.raises(StateError, match=f"bound to id 7 and cannot be bound to {other}"):
            check_step(an_entry(), an_entry(Phase.RELEASING, id=other))


@pytest.mark.parametrize("before", [Phase.BOUND, Phase.UPDATING, Phase.RELEASING, Phase.RELEASED])
def test_what_is_gone_from_the_pbx_is_made_anew_as_a_new_revision_without_an_id(before):
    check_step(an_entry(before), an_entry(Phase.INTENT, id=None, revision=2))
    with pytest.raises(StateError, match="bound to id 7 and cannot be bound to 7"):
        check_step(an_entry(before), an_entry(Phase.INTENT, revision=2))
    with pytest.raises(StateError, match="cannot go back to revision 1"):
        check_step(an_entry(before), an_entry(Phase.INTENT, id=None))


def test_a_revision_never_goes_back():
    check_step(an_entry(revision=2), an_entry(revision=2))
    with pytest.raises(StateError, match="cannot go back to revision 1"):
        check_step(an_entry(revision=2), an_entry(revision=1))


def test_from_every_phase_there_is_a_way_to_the_end_and_away():
    ways = {phase: {after for after in Phase if legal(phase, after)} for phase in Phase}
    for phase in Phase:
        assert Phase.RELEASED in ways[phase]
        check_step(an_entry(phase), None)


def legal(before: Phase, after: Phase) -> bool:
    try:
        check_step(an_entry(before), an_entry(after))
    except StateError:
        return False
    return True


def test_an_unfinished_campaign_is_open_and_a_finished_one_is_not():
    assert {p for p in Phase if an_entry(p).is_open} == set(Phase) - {Phase.BOUND, Phase.RELEASED}
    assert an_entry(Phase.BOUND, send="at").is_open


@pytest.mark.parametrize(("phase", "send"), list(product(Phase, ["draft", "now", "at"])))
def test_only_what_was_or_is_being_released_and_whose_time_has_come_may_have_been_sent(phase, send):
    entry = an_entry(phase, send=send, time_s=100 if send == "at" else None)
    begun = phase in (Phase.RELEASED, Phase.RELEASING)
    assert entry.may_have_sent(99.9) == (begun and send == "now")
    assert entry.may_have_sent(100) == (begun and send != "draft")


@pytest.mark.parametrize("status", ["pending", "executing", "completed", "stop", "retrying"])
def test_what_the_pbx_called_begun_may_have_been_sent_whatever_the_phase(status):
    assert an_entry(status=status).may_have_sent(0)


def test_equal_campaigns_have_equal_digests_and_places_or_order_do_not_matter():
    one = digest(a_campaign(), "L")
    assert one == digest(a_campaign(place=Place("other.yaml", 9)), "L")
    assert one == digest(a_campaign(audience=Numbers(("+491702", "+491701"), "vip.csv")), "L")
    assert len(one) == 32


def test_whatever_a_campaign_says_is_in_its_digest_and_so_is_the_lineage():
    others = [
        a_campaign(Text("Hello!")),
        a_campaign(audience=Numbers(("+491701", "+491703"))),
        a_campaign(audience=Phonebook(Ref("VIP"), "mobile")),
        a_campaign(send=Now()),
        a_campaign(send=At(1_790_000_000, "Europe/Berlin")),
        a_campaign(name="Summer"),
        a_campaign(channel=Ref(id=3)),
        a_campaign(sender=Ref("+4930")),
        a_campaign(session=AssignTo("queue", Ref("Sales"))),
    ]
    assert len({digest(it, "L") for it in [a_campaign(), *others]} | {digest(a_campaign(), "M")}) == 11


UPLOADED = Uploaded("id9", "a.png", "/a", "image/png", 5)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (Text("Hi"), {"text": "Hi"}),
        (FileMessage(UPLOADED), {"file": {"uploaded": "id9", "name": "a.png", "size": 5}}),
        (
            Template(Ref("promo"), "de", TextHeader("H"), (("name", "Ann"),), (("Shop", "x"),)),
            {
                "template": "promo",
                "language": "de",
                "header": {"text": "H"},
                "body": {"name": "Ann"},
                "buttons": {"Shop": "x"},
            },
        ),
        (
            Template(Ref(id=4), "de", MediaHeader("image", UPLOADED), ("Ann", "Bob")),
            {
                "template": {"id": 4},
                "language": "de",
                "header": {"image": {"uploaded": "id9", "name": "a.png", "size": 5}},
                "body": ["Ann", "Bob"],
                "buttons": {},
            },
        ),
        (
            Components(Ref("promo"), "de", '[{"type": "body"}]'),
            {"template": "promo", "language": "de", "components": [{"type": "body"}], "files": []},
        ),
    ],
)
def test_a_spec_says_the_message_in_the_shape_of_the_manifest(message, said):
    assert spec(a_campaign(message))["message"] == said


def test_a_spec_says_when_to_whom_and_how_and_is_json():
    at = a_campaign(send=At(5, "UTC"), session=AssignTo("queue", Ref("Sales")), sender=Ref("+4930"))
    said = json.loads(json.dumps(spec(at)))
    assert said["send"] == {"at": 5, "timezone": "UTC"}
    assert (said["session"], said["sender"]) == ({"queue": "Sales"}, "+4930")
    assert (spec(a_campaign())["session"], spec(a_campaign())["send"]) == ("direct", "draft")
    assert [send_kind(it) for it in (Draft(), Now(), At(5, "UTC"))] == ["draft", "now", "at"]


def test_neither_spec_nor_digests_hold_a_number():
    campaign = a_campaign()
    assert spec(campaign)["recipients"] == {"numbers": 2}
    assert "49170" not in json.dumps(spec(campaign)) + digest(campaign, "L") + audience_digests(
        ("+491701",), "L"
    )
    assert audience_digests(("+491701",), "L") != audience_digests(("+491701",), "M")


_people = st.frozensets(st.text("0123456789", min_size=8, max_size=10), max_size=8)


@given(before=_people, after=_people)
def test_who_came_and_who_left_can_be_counted(before, after):
    came, left = moved_people(audience_digests(before, "L"), audience_digests(after, "L"))
    assert (came, left) == (len(after - before), len(before - after))
