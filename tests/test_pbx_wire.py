"""A campaign as a request body, equal to the vendor's worked examples; and what a body and an answer both mean."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops import sandbox
from campaignops.errors import PbxError
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
from campaignops.outcome import Done
from campaignops.pbx import wire
from campaignops.pbx.session import Session
from campaignops.sandbox import Personality
from tests.test_pbx_catalog import DISCOUNT, a_whatsapp, an_sms, locate
from tests.test_pbx_client import T0, client_of

PHOTO = b"\xff\xd8\xff" + bytes(88552)  # as large as the vendor's demo.jpeg
OTHER = b"\xff\xd8\xff another photo"


def an_asset(path: str, content: bytes, media_type: str = "image/jpeg") -> Asset:
    return Asset(path, hashlib.sha256(content).hexdigest(), len(content), media_type)


DEMO = an_asset("assets/demo.jpeg", PHOTO)
OTHER_NAME = an_asset("assets/other.jpeg", PHOTO)
OTHER_TYPE = an_asset("assets/png/demo.jpeg", PHOTO, "image/png")
OTHER_SIZE = an_asset("assets/small/demo.jpeg", OTHER)
FILES = {"demo.jpeg": PHOTO, "other.jpeg": PHOTO, "png/demo.jpeg": PHOTO, "small/demo.jpeg": OTHER}


@pytest.fixture(scope="module")
def server():
    with sandbox.start(now=lambda: T0) as running:
        yield running


@pytest.fixture
def pbx(server):
    server.behave(**Personality().as_dict())
    return server


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    for name, content in FILES.items():
        path = root / "assets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.fixture(scope="module")
def one_session(server, folder):
    return Session(client_of(server), folder)


@pytest.fixture
def session(pbx, one_session):
    """One session for all tests, which so read the lists of the PBX once; its personality is the default one."""
    return one_session


def uploaded(session, *assets):
    found = {}
    for asset in assets:
        outcome = session.upload(asset)
        assert isinstance(outcome, Done), outcome
        found[asset.path] = outcome.value
    return found


@pytest.fixture(scope="module")
def files(one_session):
    """Every file there is, uploaded once."""
    return uploaded(one_session, DEMO, OTHER_NAME, OTHER_TYPE, OTHER_SIZE)


def composed(session, campaign, *assets, released=False):
    assert session.resolve(campaign, locate) == ()
    return session.compose(campaign, uploaded(session, *assets), released=released)


def created(session, body):
    outcome = session.create(body)
    assert isinstance(outcome, Done), outcome
    return outcome.value


# The vendor's worked examples (page "Add a Message Campaign"), field for field

NUMBER_LIST = [{"number": f"+86138{tail}"} for tail in ("00001111", "00002222", "00003333")]
NUMBERS = Numbers(tuple(each["number"] for each in NUMBER_LIST))
TEXT = "Summer’s best deals are on now—up to 50% off! 🌞 Drop by and treat yourself to something special ✨."
TO_SALES = AssignTo("extension", Ref("1002"))
AT = At(1753898766, "Europe/Berlin")
WITH_TEXT = {
    "name": "SummerSale202507",
    "channel_type": "sms",
    "omnichannel_id": 7,
    "sender": 7,
    "recipient_type": "input",
    "number_list": NUMBER_LIST,
    "content_type": "text",
    "content": TEXT,
    "send_type": "scheduled",
    "send_time": 1753898766,
    "send_mode": "new_session",
    "assign_to_type": "extension",
    "assign_to_id": 2,
}
# As on the page but for `id` and `uri`: these are whatever the upload before it answered.
FILE_INFO = {"id": "<id>", "name": "demo.jpeg", "uri": "<uri>", "type": "image/jpeg", "size": 88555}
WITH_FILE = {
    "name": "API-SMS-CAHNNEL-File",
    "channel_type": "sms",
    "omnichannel_id": 7,
    "sender": 7,
    "recipient_type": "input",
    "number_list": NUMBER_LIST,
    "content_type": "document",
    "content": FILE_INFO,
    "send_type": "draft",
    "send_time": 1753898766,
    "send_mode": "new_session",
    "assign_to_type": "extension",
    "assign_to_id": 2,
}
MSG_PARAM = {
    "id": 1773,
    "template_id": "1293546285747227",
    "name": "discount_campaign",
    "language": {"code": "en"},
    "parameter_format": "NAMED",
    "components": [
        {"type": "HEADER", "parameters": [{"type": "IMAGE", "file_list": [FILE_INFO]}]},
        {
            "type": "BODY",
            "parameters": [
                {"type": "TEXT", "text": "VIP", "parameter_name": "customertier"},
                {"type": "TEXT", "text": "discount", "parameter_name": "offertype"},
                {"type": "TEXT", "text": "20% off for all products", "parameter_name": "offerdetails"},
                {"type": "TEXT", "text": "July 31, 2025", "parameter_name": "expirydate"},
                {"type": "TEXT", "text": "SmartMal", "parameter_name": "companyname"},
            ],
        },
        {
            "type": "BUTTONS",
            "parameters": [
                {"type": "FLOW", "text": ""},
                {"type": "URL", "text": ""},
                {"type": "VOICE_CALL", "text": ""},
            ],
        },
    ],
}
WITH_TEMPLATE = {
    "name": "Exclusive Discount Alert",
    "channel_type": "whatsapp",
    "omnichannel_id": 1,
    "sender": 1,
    "recipient_type": "phonebook",
    "recipient_id": 28,
    "recipient_num_type": "business_number",
    "content_type": "template",
    "msg_param": MSG_PARAM,
    "send_type": "draft",
    "send_time": 1753898766,
    "send_mode": "new_session",
    "assign_to_type": "extension",
    "assign_to_id": 2,
}
VALUES = {each["parameter_name"]: each["text"] for each in MSG_PARAM["components"][1]["parameters"]}  # type: ignore[index]
SUMMER_SALE = an_sms(name="SummerSale202507", audience=NUMBERS, message=Text(TEXT), send=AT, session=TO_SALES)
FLYER = replace(SUMMER_SALE, key="flyer", name="API-SMS-CAHNNEL-File", message=FileMessage(DEMO))
OFFER = Template(Ref("discount_campaign"), "en", MediaHeader("image", DEMO), tuple(VALUES.items()))
ALERT = a_whatsapp(
    key="alert",
    name="Exclusive Discount Alert",
    audience=Phonebook(Ref("VIP customers"), "business_number"),
    message=OFFER,
    send=AT,
    session=TO_SALES,
)


def decoded_once(body: dict[str, Any], key: str, info: Uploaded) -> dict[str, Any]:
    """The body with the JSON inside its field `key` as a value, and the upload's id and uri as in the examples."""
    value = json.loads(body[key])
    assert isinstance(value, dict), "encoded twice"
    text = json.dumps(value).replace(info.uri, "<uri>").replace(info.id, "<id>")
    return {**body, key: json.loads(text)}


def test_the_first_example_is_composed_as_the_vendor_sends_it(pbx, folder):
    """The page's table says `schedule` and its example `scheduled`; the word is a setting, `schedule` by default."""
    session = Session(client_of(pbx), folder, "scheduled")
    body = composed(session, SUMMER_SALE, released=True)
    assert body == WITH_TEXT
    assert list(body) == list(WITH_TEXT)
    by_default = Session(client_of(pbx), folder)
    assert composed(by_default, SUMMER_SALE, released=True) == {**WITH_TEXT, "send_type": "schedule"}
    created(session, body)


def test_the_second_example_is_composed_as_the_vendor_sends_it(session):
    """The example is a draft that carries a time all the same. So does the draft of a campaign that will be scheduled;
    a campaign that is to stay a draft has no time to carry."""
    files = uploaded(session, DEMO)
    assert session.resolve(FLYER, locate) == ()
    body = session.compose(FLYER, files, released=False)
    assert decoded_once(body, "content", files[DEMO.path]) == WITH_FILE
    assert list(body) == list(WITH_FILE)
    stays = session.compose(replace(FLYER, send=Draft()), files, released=True)
    timeless = {key: value for key, value in WITH_FILE.items() if key != "send_time"}
    assert decoded_once(stays, "content", files[DEMO.path]) == timeless
    created(session, body)


def test_the_third_example_is_composed_as_the_vendor_sends_it(session):
    """A draft with a time, as the second."""
    files = uploaded(session, DEMO)
    assert session.resolve(ALERT, locate) == ()
    body = session.compose(ALERT, files, released=False)
    assert decoded_once(body, "msg_param", files[DEMO.path]) == WITH_TEMPLATE
    assert list(body) == list(WITH_TEMPLATE)
    stays = session.compose(replace(ALERT, send=Draft()), files, released=True)
    timeless = {key: value for key, value in WITH_TEMPLATE.items() if key != "send_time"}
    assert decoded_once(stays, "msg_param", files[DEMO.path]) == timeless
    created(session, body)


@pytest.mark.parametrize(
    ("send", "released", "expected"),
    [
        (Now(), True, "immediately"),
        (Now(), False, "draft"),
        (AT, True, "schedule"),
        (AT, False, "draft"),
        (Draft(), True, "draft"),
        (Draft(), False, "draft"),
    ],
)
def test_a_campaign_is_sent_when_the_manifest_says_and_only_if_released(session, send, released, expected):
    body = composed(session, an_sms(send=send), released=released)
    assert body["send_type"] == expected
    assert body.get("send_time") == (1753898766 if send is AT else None)


def test_no_session_is_assigned_to_nobody(session):
    body = composed(session, an_sms(session=Direct()))
    assert body["send_mode"] == "direct"
    assert not body.keys() & {"assign_to_type", "assign_to_id"}


def test_components_are_passed_through_with_their_files_put_in(session):
    parts = [
        {"type": "HEADER", "parameters": [{"type": "IMAGE", "file_list": [{"file": DEMO.path}]}]},
        {
            "type": "ANY",
            "parameters": [{"file": "no/file.png"}, {"file": DEMO.path, "more": 1}, 1, None, "x"],
        },
    ]
    message = Components(Ref("discount_campaign"), "en", json.dumps(parts), (DEMO,))
    campaign = a_whatsapp(message=message)
    files = uploaded(session, DEMO)
    assert session.resolve(campaign, locate) == ()
    sent = json.loads(session.compose(campaign, files, released=False)["msg_param"])
    info = wire.file_info(files[DEMO.path])
    assert sent["components"][0]["parameters"] == [{"type": "IMAGE", "file_list": [info]}]
    assert sent["components"][1] == parts[1]
    assert {key: sent[key] for key in ("id", "template_id", "language")} == {
        "id": 1773,
        "template_id": "1293546285747227",
        "language": {"code": "en"},
    }


def test_a_file_that_only_the_pbx_has_is_named_as_the_pbx_named_it(session):
    kept = Uploaded("65a7", "old.jpeg", "20250725/65a7", "image/jpeg", 9)
    assert json.loads(composed(session, an_sms(message=FileMessage(kept)))["content"]) == {
        "id": "65a7",
        "name": "old.jpeg",
        "uri": "20250725/65a7",
        "type": "image/jpeg",
        "size": 9,
    }


def test_a_body_is_shown_before_anything_is_uploaded(session):
    assert session.resolve(FLYER, locate) == ()
    shown = session.shown(FLYER)
    content = json.loads(shown["content"])
    assert content == {**FILE_INFO, "id": "(known after upload)", "uri": "(known after upload)"}
    assert shown["send_type"] == "schedule"


# What a body means is what the PBX answers

ODDITIES: list[dict[str, Any]] = [
    {},
    {"sender_reads_as": "id"},
    {"update_omitted": "clear"},
    {"number_list_update": "append"},
    {"schedule_word": "schedule"},
    {"listing_lag_s": 60},
    {"search_matches": "exact"},
    {"page_size_max": 1},
]
KINDS = {
    "text": (an_sms(audience=NUMBERS, message=Text("Line one\r\nline two 🌞\n"), session=TO_SALES), ()),
    "file": (FLYER, (DEMO,)),
    "phonebook": (an_sms(audience=Phonebook(Ref("VIP customers"), "mobile_number")), ()),
    "queue": (
        an_sms(
            session=AssignTo("queue", Ref("Support")), channel=Ref("News SMS"), sender=Ref("+12025550101")
        ),
        (),
    ),
    "template": (ALERT, (DEMO,)),
    "static template": (a_whatsapp(message=Template(Ref("plain_notice"), "en")), ()),
    "positions": (a_whatsapp(message=Template(Ref("order_update"), "en", TextHeader("7"), ("a", "b"))), ()),
    "coupon": (
        a_whatsapp(message=Template(Ref("coupon_code"), "en", buttons=(("Copy the code", "SUMMER"),))),
        (),
    ),
}


@pytest.mark.parametrize("oddity", ODDITIES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_sent_means_what_is_read_back(pbx, session, kind, oddity):
    pbx.behave(**oddity)
    campaign, assets = KINDS[kind]
    sent = composed(session, campaign, *assets)
    said = session.meaning(sent)
    campaign_id = created(session, sent)
    assert session.meaning(session.get(campaign_id)) == said
    assert session.meaning(session.query([campaign_id])[campaign_id]) == said
    assert session.meaning(session.shown(campaign)) == said
    again = composed(session, campaign, *assets, released=True)  # the same files, uploaded anew
    assert session.update(campaign_id, again) == Done(None)
    assert session.meaning(session.get(campaign_id)) == said


@pytest.mark.parametrize("kind", ["text", "file", "template"])
def test_a_draft_read_back_can_be_released_and_still_means_the_same(pbx, session, kind):
    campaign, assets = KINDS[kind]
    sent = composed(session, replace(campaign, send=AT), *assets)
    campaign_id = created(session, sent)
    draft = session.get(campaign_id)
    body = session.body_of(replace(campaign, send=AT), draft, released=True)
    assert {**body, "send_type": "draft"} == sent  # the same bytes, the ids of the files too
    assert session.body_of(replace(campaign, send=AT), draft, released=False) == sent
    assert session.update(campaign_id, body) == Done(None)
    assert session.look(campaign_id, campaign.name).status == "scheduled"
    assert session.meaning(session.get(campaign_id)) == session.meaning(sent)


@pytest.mark.parametrize("draft", [{}, {"content": None}, {"content": {"id": "a1"}}, {"msg_param": "{}"}])
def test_a_draft_that_reads_back_without_its_file_is_not_released(session, draft):
    assert session.resolve(FLYER, locate) == ()
    with pytest.raises(PbxError, match="message_campaign/get in an unknown form"):
        session.body_of(FLYER, draft, released=True)


def an_answer(**other: Any) -> dict[str, Any]:
    """What `get` answers for a text to two numbers."""
    said: dict[str, Any] = {
        "id": 249,
        "name": "Summer",
        "channel_type": "sms",
        "omnichannel_id": 7,
        "sender": "+12025550100",
        "recipient_type": "input",
        "recipient_id": 0,
        "recipient_num_type": "",
        "number_list": [{"id": 9001, "number": "+8613800001111"}, {"id": 9002, "number": "+8613800002222"}],
        "content_type": "text",
        "content": "Hello\nyou",
        "send_type": "schedule",
        "send_time": 1753898766,
        "send_mode": "direct",
        "assign_to_type": "",
        "assign_to_id": 0,
    }
    return said | other


SENDERS = {7: ("+12025550100",), 11: ("+12025550101", "+12025550100")}


def of_file(**other: Any) -> dict[str, Any]:
    info = {"id": "a1", "name": "a.png", "uri": "2025/a1", "type": "image/png", "size": 9, **other}
    return an_answer(content_type="document", content=json.dumps(info))


def of_template(**other: Any) -> dict[str, Any]:
    return an_answer(content_type="template", content="", msg_param=json.dumps({**MSG_PARAM, **other}))


def meaning(answer, senders=None):
    return wire.meaning(answer, {7: ("+12025550100",), 11: ("+12025550101",)} if senders is None else senders)


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (an_answer(), an_answer(sender=7)),
    (an_answer(), an_answer(sender="7")),
    (an_answer(), an_answer(sender="12025550100")),
    (an_answer(), an_answer(number_list=list(reversed(an_answer()["number_list"])))),
    (an_answer(), an_answer(number_list=[{"number": n["number"]} for n in an_answer()["number_list"]])),
    (an_answer(), an_answer(content="Hello\r\nyou")),
    (an_answer(), an_answer(recipient_id=28, recipient_num_type="mobile_number")),
    (an_answer(), an_answer(assign_to_type="queue", assign_to_id=5)),
    (an_answer(), an_answer(send_type="draft", send_time=0)),
    (an_answer(), an_answer(send_type="scheduled", id=1)),
    (an_answer(), an_answer(msg_param="")),
    (
        an_answer(recipient_type="phonebook", recipient_id=28, recipient_num_type="home_fax"),
        an_answer(
            recipient_type="phonebook", recipient_id=28, recipient_num_type="home_fax", number_list=None
        ),
    ),
    (of_file(), of_file(id="b2", uri="2026/b2")),
    (
        of_file(),
        of_file() | {"content": json.dumps(json.loads(of_file()["content"]), indent=3, sort_keys=True)},
    ),
    (
        of_file(name="Grüße 🌞.png"),
        of_file() | {"content": of_file(name="Grüße 🌞.png")["content"].encode().decode()},
    ),
    (of_template(), of_template() | {"msg_param": json.dumps(MSG_PARAM, indent=1, sort_keys=True)}),
    (
        of_template(),
        of_template() | {"msg_param": json.dumps(MSG_PARAM, ensure_ascii=False).replace("<id>", "b2")},
    ),
    (of_template(), of_template() | {"content": None}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_nobody_would_see_makes_no_difference(one, other):
    assert meaning(one) == meaning(other)


def part(at: int, key: str, value: Any) -> list[dict[str, Any]]:
    """The example's components with one value of one parameter changed."""
    components: list[dict[str, Any]] = json.loads(json.dumps(MSG_PARAM["components"]))
    components[at]["parameters"][0][key] = value
    return components


DIFFERENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    *((an_answer(), an_answer(**{key: value})) for key, value in {
        "name": "summer", "channel_type": "whatsapp", "omnichannel_id": 8, "sender": "+12025550101",
        "recipient_type": "", "content": "Hello\n\nyou", "send_mode": "new_session",
        "number_list": [*an_answer()["number_list"], {"id": 9003, "number": "+8613800003333"}],
    }.items()),
    *((an_answer(), {key: value for key, value in an_answer().items() if key != gone}) for gone in (
        "name", "channel_type", "omnichannel_id", "sender", "recipient_type", "number_list", "content_type",
        "content", "send_mode",
    )),
    (an_answer(), an_answer(sender=11)),
    (an_answer(), an_answer(sender="8")),
    (an_answer(), an_answer(number_list=an_answer()["number_list"][:1])),
    (an_answer(), an_answer(number_list=an_answer()["number_list"] + an_answer()["number_list"][:1])),
    (an_answer(), an_answer(number_list=[*an_answer()["number_list"], "+8613800003333"])),
    (an_answer(), an_answer(number_list=[*an_answer()["number_list"], {"id": 3}])),
    (an_answer(), an_answer(number_list=None)),
    (an_answer(content="None"), an_answer(content=None)),
    (an_answer(content='{"a": 1}'), an_answer(content='{"a":1}')),
    (an_answer(content="Hello"), an_answer(content="Hello ")),
    (an_answer(), of_file()),
    (
        an_answer(recipient_type="phonebook", recipient_id=28, recipient_num_type="home_fax"),
        an_answer(recipient_type="phonebook", recipient_id=31, recipient_num_type="home_fax"),
    ),
    (
        an_answer(recipient_type="phonebook", recipient_id=28, recipient_num_type="home_fax"),
        an_answer(recipient_type="phonebook", recipient_id=28, recipient_num_type="other_number"),
    ),
    (
        an_answer(send_mode="new_session", assign_to_type="queue", assign_to_id=5),
        an_answer(send_mode="new_session", assign_to_type="extension", assign_to_id=5),
    ),
    (
        an_answer(send_mode="new_session", assign_to_type="queue", assign_to_id=5),
        an_answer(send_mode="new_session", assign_to_type="queue", assign_to_id=2),
    ),
    *((of_file(), of_file(**change)) for change in (
        {"name": "b.png"}, {"type": "image/jpeg"}, {"size": 10}, {"caption": "new"},
    )),
    (of_file(), of_file() | {"content": "not JSON"}),
    (of_file() | {"content": "not JSON"}, of_file() | {"content": "not JSON either"}),
    *((of_template(), of_template(**dict([change]))) for change in (
        ("id", 1774), ("template_id", "1"), ("name", "other"), ("language", {"code": "de"}),
        ("parameter_format", "POSITIONAL"), ("components", []), ("components", part(1, "text", "vip")),
        ("components", part(1, "parameter_name", "offertype")), ("components", part(2, "text", "x")),
        ("components", part(0, "type", "VIDEO")),
        ("components", part(0, "file_list", [{**FILE_INFO, "size": 1}])),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_somebody_would_see_makes_a_difference(one, other):
    assert meaning(one) != meaning(other)


def test_a_text_that_two_senders_share_tells_neither():
    both = {7: ("+12025550100",), 8: ("+12025550100",)}
    assert meaning(an_answer(sender="+12025550100"), both) != meaning(an_answer(sender=7), both)
    assert meaning(an_answer(sender=8), both) != meaning(an_answer(sender=7), both)


def test_an_id_that_stands_for_another_number_than_before_makes_a_difference():
    assert meaning(an_answer(sender=7), {7: ("+12025550100",)}) != meaning(an_answer(sender=7), {7: ()})


def test_a_sender_of_a_channel_that_is_gone_is_still_told_apart():
    assert meaning(an_answer(sender="+1"), {}) != meaning(an_answer(sender="+2"), {})


NEWS = replace(SUMMER_SALE, channel=Ref("News SMS"), sender=Ref("+12025550101"))
CHANGED = {
    "text": (SUMMER_SALE, replace(SUMMER_SALE, message=Text(TEXT + " "))),
    "name": (SUMMER_SALE, replace(SUMMER_SALE, name="SummerSale202508")),
    "one number more": (SUMMER_SALE, replace(SUMMER_SALE, audience=Numbers((*NUMBERS.numbers, "+8613800004444")))),
    "another number": (SUMMER_SALE, replace(SUMMER_SALE, audience=Numbers((*NUMBERS.numbers[:2], "+8613800004444")))),
    "sender": (NEWS, replace(NEWS, sender=Ref("+12025550102"))),
    "channel": (SUMMER_SALE, replace(SUMMER_SALE, channel=Ref("Support SMS"), sender=None)),
    "no session": (SUMMER_SALE, replace(SUMMER_SALE, session=Direct())),
    "extension": (SUMMER_SALE, replace(SUMMER_SALE, session=AssignTo("extension", Ref("1001")))),
    "queue of the same id": (SUMMER_SALE, replace(SUMMER_SALE, session=AssignTo("queue", Ref("Sales")))),
    "file instead of text": (SUMMER_SALE, replace(SUMMER_SALE, message=FileMessage(DEMO))),
    "file name": (FLYER, replace(FLYER, message=FileMessage(OTHER_NAME))),
    "file type": (FLYER, replace(FLYER, message=FileMessage(OTHER_TYPE))),
    "file size": (FLYER, replace(FLYER, message=FileMessage(OTHER_SIZE))),
    "phonebook": (ALERT, replace(ALERT, audience=Phonebook(Ref(None, 31), "business_number"))),
    "field": (ALERT, replace(ALERT, audience=Phonebook(Ref("VIP customers"), "mobile_number"))),
    "numbers instead": (ALERT, replace(ALERT, audience=NUMBERS)),
    "template": (ALERT, replace(ALERT, message=Template(Ref("photo_card"), "en", MediaHeader("image", DEMO)))),
    "language": (ALERT, replace(ALERT, message=replace(OFFER, language="de"))),
    "header": (ALERT, replace(ALERT, message=replace(OFFER, header=MediaHeader("image", OTHER_SIZE)))),
    **{
        name: (ALERT, replace(ALERT, message=replace(OFFER, body=tuple((VALUES | {name: "new"}).items()))))
        for name in VALUES
    },
}  # fmt: skip


@pytest.mark.parametrize("oddity", [{}, {"sender_reads_as": "id"}], ids=str)
@pytest.mark.parametrize("what", CHANGED)
def test_a_campaign_that_somebody_would_see_changed_is_read_back_changed(pbx, session, files, what, oddity):
    pbx.behave(**oddity)
    before, after = CHANGED[what]
    assert session.resolve(before, locate) == ()
    sent = session.compose(before, files, released=False)
    live = session.meaning(session.get(created(session, sent)))
    assert live == session.meaning(sent)
    assert session.resolve(after, locate) == ()
    assert live != session.meaning(session.compose(after, files, released=False))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        key: st.just(value) | JSON | JSON.map(json.dumps) for key, value in an_answer(msg_param="").items()
    }
    | {"recipient_type": st.sampled_from(["input", "phonebook"]) | JSON}
    | {"content_type": st.sampled_from(["text", "document", "template"]) | JSON},
)


@given(ANSWERS)
def test_any_answer_has_a_meaning_that_can_be_digested(said):
    assert json.dumps(meaning(said), ensure_ascii=False, sort_keys=True).encode()


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 900 + "1" + "}" * 900, "9" * 5000, '"\\ud800"'])
@pytest.mark.parametrize("kind", ["document", "template"])
def test_content_that_goes_too_deep_is_different_and_no_crash(kind, text):
    said = meaning(an_answer(content_type=kind, content=text, msg_param=text))
    assert json.dumps(said, ensure_ascii=False).encode()
    assert said not in (meaning(of_file()), meaning(of_template()))


def test_a_draft_is_what_says_so():
    assert wire.is_draft({"send_type": "draft"})
    assert not wire.is_draft({"send_type": "immediately"})
    assert not wire.is_draft({})


def test_the_example_of_the_catalog_tests_is_the_vendors_template():
    assert list(dict(DISCOUNT.body)) == list(VALUES)  # type: ignore[arg-type]
