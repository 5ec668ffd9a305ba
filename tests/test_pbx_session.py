"""What plan reads and what apply does, against the sandbox in all its moods and against answers of any shape."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignops import sandbox
from campaignops.errors import PbxError
from campaignops.findings import Finding
from campaignops.model import Asset, At, Draft, Now, Numbers, Phonebook, Ref, Template, Text
from campaignops.outcome import Done, NoEffect, Unknown
from campaignops.pbx.session import Device, Listed, Session
from tests.test_pbx_catalog import a_whatsapp, an_sms, locate
from tests.test_pbx_client import T0, a_closed_port, client_of, in_turn, made_up

LIST, SEARCH, GET, QUERY = (f"message_campaign/{name}" for name in ("list", "search", "get", "query"))
JPEG = b"\xff\xd8\xff a picture"


@pytest.fixture(scope="module")
def server():
    with sandbox.start(now=lambda: T0) as running:
        yield running


@pytest.fixture
def pbx(server):
    server.reset()
    return server


@pytest.fixture
def session(pbx, tmp_path):
    (tmp_path / "demo.jpeg").write_bytes(JPEG)
    return Session(client_of(pbx), tmp_path)


def told(*answers: Any, folder: Path = Path()) -> Session:
    """A session with a made-up PBX that answers this, one after the other."""
    return Session(made_up(in_turn(*answers))[0], folder)


def asset(content=JPEG, path="demo.jpeg"):
    return Asset(path, hashlib.sha256(content).hexdigest(), len(content), "image/jpeg")


def make(session, name="Summer", **other):
    """A campaign on the PBX; its id."""
    campaign = an_sms(name=name, **other)
    assert session.resolve(campaign, locate) == ()
    released = not isinstance(campaign.send, Draft)
    outcome = session.create(session.compose(campaign, {}, released=released))
    assert isinstance(outcome, Done), outcome
    return outcome.value


def endpoints(pbx):
    return [each["endpoint"] for each in pbx.requests()]


# Which PBX


def test_the_device_tells_its_serial_number_and_its_clock(session):
    assert session.device() == Device("SANDBOX00000001", T0)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"sn": "X", "timestamp": "soon"}, Device("X", None)),
        ({"sn": "", "timestamp": 10**18}, Device(None, None)),
        ({"sn": 7, "timestamp": -1}, Device(None, None)),
        ({"else": 1}, Device(None, None)),
    ],
)
def test_a_device_that_does_not_tell_is_unknown(data, expected):
    session = told({"errcode": 0, "data": data})
    assert session.device() == expected


def test_a_device_may_tell_it_without_a_container():
    assert told({"errcode": 0, "sn": "X", "timestamp": T0}).device() == Device("X", T0)


def test_a_pbx_without_the_call_is_known_by_its_address_alone():
    assert told({"errcode": 10001, "errmsg": "INTERFACE NOT EXISTED"}).device() == Device(None, None)


def test_a_device_that_refuses_to_tell_is_an_error():
    with pytest.raises(PbxError, match="errcode 10005 ACCESS DENIED"):
        told({"errcode": 10005, "errmsg": "ACCESS DENIED"}).device()


@pytest.mark.parametrize("data", [None, [], "x"])
def test_a_device_of_another_form_is_an_error(data):
    session = told({"errcode": 0, "data": data})
    with pytest.raises(PbxError, match="system/information in an unknown form"):
        session.device()


# Lists


def test_every_campaign_is_listed_with_what_only_the_list_tells(pbx, session):
    draft, timed = make(session), make(session, "Timed", send=At(T0 + 3600, "UTC"))
    now = make(session, "Now", send=Now())
    assert session.listed() == (
        Listed(draft, "Summer", "draft", "sms", None, "0/0", "0%"),
        Listed(timed, "Timed", "scheduled", "sms", T0 + 3600, "0/0", "0%"),
        Listed(now, "Now", "executing", "sms", None, "0/2", "0%"),
    )


def test_a_list_of_many_pages_is_listed_whole(pbx, session):
    pbx.behave(page_size_max=2)
    ids = [make(session, f"n{i}") for i in range(5)]
    assert [row.id for row in session.listed()] == ids


@pytest.mark.parametrize("missing", ["name", "status", "id"])
@pytest.mark.parametrize("odd", [None, 7.5, [], {}, "absent"])
def test_a_listed_campaign_of_another_form_is_an_error(missing, odd):
    row: dict[str, Any] = {"id": 1, "name": "x", "status": "draft"}
    row = {k: v for k, v in row.items() if k != missing} | ({} if odd == "absent" else {missing: odd})
    session = told({"errcode": 0, "total_number": 1, "data": [row]})
    with pytest.raises(PbxError, match="message_campaign/list in an unknown form; nothing was sent"):
        session.listed()


def test_what_a_listed_campaign_leaves_open_stays_open():
    row = {"id": 1, "name": "x", "status": "new word", "send_time": 10**12, "result_count": None}
    session = told({"errcode": 0, "total_number": 1, "data": [row]})
    assert session.listed() == (Listed(1, "x", "new word", "", None, "", ""),)


# One look before what cannot be undone


@pytest.mark.parametrize("matches", ["substring", "prefix", "exact"])
@pytest.mark.parametrize("name", ["Summer", "sale", "Sommer 🌞 & Co. %_*'\"", "a" * 127])
def test_a_look_finds_the_campaign_of_the_id_however_the_search_matches(pbx, session, matches, name):
    pbx.behave(search_matches=matches)
    wanted = make(session, name)
    twin = make(session, name, send=At(T0 + 3600, "UTC"))
    make(session, f"before {name}"[:127])
    assert session.look(wanted, name).status == "draft"
    assert session.look(twin, name).status == "scheduled"


def test_a_look_at_what_is_found_by_its_name_costs_one_request(pbx, session):
    wanted = make(session)
    before = len(pbx.requests())
    session.look(wanted, "Summer")
    assert endpoints(pbx)[before:] == [SEARCH]


def test_a_campaign_that_was_renamed_is_found_by_its_id(pbx, session):
    wanted = make(session, "Renamed on the PBX")
    found = session.look(wanted, "Summer")
    assert (found.id, found.name, found.status) == (wanted, "Renamed on the PBX", "draft")


@pytest.mark.parametrize("fault", [{"errcode": 40001}, {"errcode": -1}, {"status": 403}])
def test_a_name_that_the_search_cannot_take_is_looked_up_in_the_list(pbx, session, fault):
    wanted = make(session)
    pbx.inject(SEARCH, **fault)
    assert session.look(wanted, "Summer").id == wanted


def test_a_campaign_is_gone_when_search_list_and_get_say_so(pbx, session):
    wanted = make(session)
    assert session.delete(wanted) == Done(None)
    before = len(pbx.requests())
    assert session.look(wanted, "Summer") is None
    assert endpoints(pbx)[before:] == [SEARCH, LIST, GET]


def test_a_draft_that_is_not_listed_yet_is_a_draft_and_not_gone(pbx, session):
    pbx.behave(listing_lag_s=60)
    wanted = make(session)
    assert session.listed() == ()
    found = session.look(wanted, "Summer")
    assert (found.id, found.name, found.status, found.time_s) == (wanted, "Summer", "draft", None)
    pbx.advance(61)
    assert session.look(wanted, "Summer").status == "draft"


@pytest.mark.parametrize("send", [Now(), At(T0 + 3600, "UTC")])
def test_a_released_campaign_that_is_not_listed_yet_has_no_known_status(pbx, session, send):
    pbx.behave(listing_lag_s=60)
    wanted = make(session, send=send)
    with pytest.raises(
        PbxError, match=f"has campaign id {wanted} but does not list it yet.*run the command again"
    ):
        session.look(wanted, "Summer")
    pbx.advance(61)
    assert session.look(wanted, "Summer").status in ("executing", "scheduled", "completed")


def test_a_draft_that_was_released_before_it_was_listed_is_no_draft_any_more(pbx, session):
    pbx.behave(listing_lag_s=60)
    wanted = make(session, send=Draft())
    campaign = an_sms(name="Summer", send=Now())
    assert session.update(wanted, session.body_of(campaign, {}, released=True)) == Done(None)
    with pytest.raises(PbxError, match="its status is not known"):
        session.look(wanted, "Summer")


@pytest.mark.parametrize(
    "trouble", [{"errcode": 0, "data": None}, {"errcode": 10005}, b"<html>", {"errcode": 0}]
)
def test_what_get_cannot_tell_is_not_gone(trouble):
    empty = {"errcode": 0, "total_number": 0, "data": []}
    session = told(empty, empty, trouble)
    with pytest.raises(PbxError):
        session.look(249, "Summer")


def test_an_incomplete_list_does_not_make_a_campaign_gone():
    empty = {"errcode": 0, "total_number": 0, "data": []}
    short = {"errcode": 0, "total_number": 7, "data": []}
    session = told(empty, short)
    with pytest.raises(PbxError, match="not complete"):
        session.look(249, "Summer")


# Whole campaigns


def test_a_campaign_is_read_whole(session):
    wanted = make(session)
    assert session.get(wanted)["content"] == "Hello"
    assert session.get(wanted)["id"] == wanted


def test_a_campaign_that_is_none_is_none(session):
    assert session.get(99999) is None


@pytest.mark.parametrize(
    "data", [None, [], {}, "x", {"id": 250}, {"id": "250"}, {"id": "0249"}, {"name": "x"}]
)
def test_a_campaign_of_another_form_or_another_id_is_an_error_and_not_none(data):
    session = told({"errcode": 0, "data": data})
    with pytest.raises(PbxError, match="message_campaign/get in an unknown form"):
        session.get(249)


def test_a_campaign_that_cannot_be_read_is_an_error_and_not_none():
    session = told({"errcode": 10005, "errmsg": "ACCESS DENIED"})
    with pytest.raises(PbxError, match="errcode 10005 ACCESS DENIED"):
        session.get(249)


def test_many_campaigns_are_read_by_50_a_request_without_those_that_are_gone(server, session):
    body = {"name": "n", "channel_type": "sms", "omnichannel_id": 7, "sender": 7, "recipient_type": "input"}
    rest = {"content_type": "text", "content": "x", "send_type": "draft", "send_mode": "direct"}
    server.reset(seed={"campaigns": [{**body, **rest, "name": f"n{i}"} for i in range(101)]})
    found = session.query([*range(249, 350), 999])
    assert [found[i]["name"] for i in range(249, 350)] == [f"n{i}" for i in range(101)]
    assert len(found) == 101
    assert endpoints(server) == ["get_token", QUERY, QUERY, QUERY, GET]


def test_nothing_is_asked_for_nothing(pbx, session):
    assert session.query([]) == {}
    assert pbx.requests() == []


def test_ids_that_a_query_cuts_off_are_read_one_by_one():
    def answer(endpoint, request):
        if endpoint == QUERY:
            first = int(request.url.params["ids"].split(",")[0])
            return {"errcode": 0, "list": [{"id": first}, {"id": 999}]}
        return {"errcode": 0, "data": {"id": int(request.url.params["id"])}} if endpoint == GET else None

    client, pbx = made_up(answer)
    assert Session(client, Path()).query([1, 2, 3]) == {1: {"id": 1}, 2: {"id": 2}, 3: {"id": 3}}
    assert pbx.endpoints == ["get_token", QUERY, GET, GET]


def test_a_pbx_that_knows_no_query_is_read_one_by_one():
    def answer(endpoint, request):
        if endpoint == QUERY:
            return {"errcode": 10001, "errmsg": "INTERFACE NOT EXISTED"}
        return {"errcode": 0, "data": {"id": int(request.url.params["id"])}} if endpoint == GET else None

    client, pbx = made_up(answer)
    assert Session(client, Path()).query([1, 2]) == {1: {"id": 1}, 2: {"id": 2}}
    assert pbx.endpoints == ["get_token", QUERY, GET, GET]


# Files


def test_a_file_is_uploaded_under_its_own_name(pbx, session):
    outcome = session.upload(asset())
    assert isinstance(outcome, Done)
    assert (outcome.value.name, outcome.value.type, outcome.value.size) == (
        "demo.jpeg",
        "image/jpeg",
        len(JPEG),
    )
    (request,) = [each for each in pbx.requests() if each["endpoint"] == "message/batchupload"]
    assert request["files"] == [{"name": "demo.jpeg", "type": "image/jpeg", "size": len(JPEG)}]


@pytest.mark.parametrize("content", [b"", JPEG[:-1], JPEG + b"x", JPEG[::-1]])
def test_a_file_that_changed_since_the_plan_is_not_uploaded(pbx, session, tmp_path, content):
    (tmp_path / "demo.jpeg").write_bytes(content)
    assert session.upload(asset()) == NoEffect("demo.jpeg changed while we worked; run the command again")
    assert pbx.requests() == []


def test_a_file_that_is_gone_or_none_is_not_uploaded(pbx, session, tmp_path):
    (tmp_path / "folder").mkdir()
    assert session.upload(asset(path="no.jpeg")) == NoEffect(
        "no.jpeg cannot be read: No such file or directory"
    )
    assert session.upload(asset(path="folder")) == NoEffect("folder cannot be read: Is a directory")
    assert pbx.requests() == []


def test_a_link_that_points_elsewhere_since_the_plan_is_not_uploaded(pbx, session, tmp_path):
    (tmp_path / "secret").write_bytes(b"something of the machine")
    (tmp_path / "demo.jpeg").unlink()
    (tmp_path / "demo.jpeg").symlink_to(tmp_path / "secret")
    assert isinstance(session.upload(asset()), NoEffect)
    assert pbx.requests() == []


INFO = {"id": "a1", "name": "demo.jpeg", "uri": "2025/a1", "type": "image/jpeg", "size": len(JPEG)}


@pytest.mark.parametrize(
    "said",
    [{}, {"list": None}, {"list": []}, {"list": {}}, {"list": [None]}, {"list": [INFO, INFO]}, {"data": "x"}]
    + [{"list": [{k: v for k, v in INFO.items() if k != gone}]} for gone in INFO]
    + [{"list": [{**INFO, key: []}]} for key in INFO]
    + [
        {"list": [{**INFO, "id": 7}]},
        {"list": [{**INFO, "size": str(len(JPEG))}]},
        {"list": [{**INFO, "size": 3}]},
    ],
)
def test_an_upload_that_is_answered_in_another_form_or_cut_off_is_unknown(said, tmp_path):
    (tmp_path / "demo.jpeg").write_bytes(JPEG)
    session = told({"errcode": 0, **said}, folder=tmp_path)
    assert isinstance(session.upload(asset()), Unknown)


@pytest.mark.parametrize("key", ["list", "data"])
def test_an_upload_is_found_under_either_key(key, tmp_path):
    (tmp_path / "demo.jpeg").write_bytes(JPEG)
    session = told({"errcode": 0, key: [INFO]}, folder=tmp_path)
    assert isinstance(session.upload(asset()), Done)


def test_a_file_that_is_too_large_for_the_pbx_has_no_effect(server, tmp_path):
    server.reset(seed={"limits": {"upload_bytes": 5}})
    (tmp_path / "demo.jpeg").write_bytes(JPEG)
    outcome = Session(client_of(server), tmp_path).upload(asset())
    assert isinstance(outcome, NoEffect)
    assert outcome.code == 40004


# Effects


def test_a_create_gives_the_id(pbx, session):
    assert make(session) == 249


def test_a_create_may_say_its_id_as_text():
    assert told({"errcode": 0, "id": "249"}).create({}) == Done(249)


@pytest.mark.parametrize("id", [None, "0249", "249 ", 0, -1, True, 249.0, [], {}])
def test_a_create_that_gives_no_id_is_unknown(id):
    session = told({"errcode": 0, "id": id})
    assert session.create({}) == Unknown("the PBX accepted the create but gave no id")


def test_a_create_that_is_refused_has_no_effect_and_names_the_field(pbx, session):
    outcome = session.create({"name": "x"})
    assert isinstance(outcome, NoEffect)
    assert "omnichannel_id (required)" in outcome.reason


def test_an_update_gives_the_whole_object(pbx, session):
    wanted = make(session)
    body = session.compose(an_sms(name="Summer", message=Text("New")), {}, released=False)
    assert session.update(wanted, body) == Done(None)
    assert session.get(wanted)["content"] == "New"
    assert pbx.requests()[-2]["body"] == {"id": wanted, **body}


def test_a_delete_of_what_is_not_found_is_unknown_until_somebody_looks(pbx, session):
    wanted = make(session)
    assert session.delete(wanted) == Done(None)
    again = session.delete(wanted)
    assert isinstance(again, Unknown)
    assert session.look(wanted, "Summer") is None


@pytest.mark.parametrize("act", ["update", "delete"])
@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 502}, {"errcode": 10004}])
def test_an_effect_whose_answer_is_lost_is_unknown_and_asked_for_once(pbx, session, act, fault):
    wanted = make(session)
    pbx.inject(f"message_campaign/{act}", **fault)
    outcome = session.update(wanted, {}) if act == "update" else session.delete(wanted)
    assert isinstance(outcome, Unknown)
    assert endpoints(pbx).count(f"message_campaign/{act}") == 1


def test_a_session_gives_its_token_back(pbx, session):
    session.listed()
    session.close()
    assert pbx.tokens_alive() == 0


# Names


def test_people_are_known_after_the_names_are_resolved(session):
    sms = an_sms(audience=Numbers(("+8613800001111", "+8613800002222")))
    book = an_sms(key="book", audience=Phonebook(Ref("VIP customers"), "mobile_number"))
    assert session.people(sms) is None
    assert session.resolve(sms, locate) == session.resolve(book, locate) == ()
    assert (session.people(sms), session.people(book)) == (2, 5)


def test_a_preview_is_the_text_or_the_filled_template(session):
    template = a_whatsapp(message=Template(Ref("reminder"), "en", None, ("Monday", "nine")))
    assert str(session.preview(an_sms())) == "Hello"
    assert session.preview(template) is None
    assert session.resolve(template, locate) == ()
    assert str(session.preview(template)) == "See you on Monday at nine.\n[I will be there]"


def test_a_campaign_whose_names_are_not_found_is_not_resolved(session):
    (finding,) = session.resolve(an_sms(channel=Ref("nowhere")), locate)
    assert isinstance(finding, Finding)
    assert session.people(an_sms(channel=Ref("nowhere"))) is None


@pytest.mark.parametrize("row", ["+8613800001111", 1.5, None, {}])
def test_recipients_in_another_form_are_nothing_that_a_manifest_can_say(session, row):
    live = session.get(make(session))
    assert session.in_words(live) is not None
    assert session.in_words({**live, "number_list": [*live["number_list"], row]}) is None


# Answers of any shape

SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 12) | st.integers() | st.floats() | st.text(max_size=3)
    | st.sampled_from(["Main SMS", "Summer", "draft", "sms", "+12025550100", "[]", "[{}]", "\ud800"])
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
WHOLE = {
    "id": 7, "name": "Main SMS", "type": "sms", "status": "status_connect_succ", "total": 3, "number": "1002",
    "dids": [{"id": 7, "number": "+12025550100"}], "channel_type": "sms", "omnichannel_id": 7, "sender": 7,
    "recipient_type": "input", "number_list": [{"number": "+8613800001111"}], "content_type": "text",
    "content": "Hello", "send_type": "draft", "send_mode": "direct", "send_time": 5, "sn": "X", "language": "en",
    "template_id": "m", "parameter_format": "NAMED", "uri": "u", "size": 3, "msg_param": "{}",
    "components_data": json.dumps([{"type": "BODY", "text": "{{a}}"}, {"type": "BUTTONS", "buttons": []}]),
}  # fmt: skip
ROWS = st.fixed_dictionaries({key: st.just(value) for key, value in WHOLE.items()}).flatmap(
    lambda row: st.dictionaries(st.sampled_from(list(row)), JSON, max_size=2).map(lambda odd: {**row, **odd})
)
CONTAINERS = st.lists(ROWS | JSON, max_size=2) | ROWS | JSON
ANSWERS = st.fixed_dictionaries(
    {"errcode": st.sampled_from([0, 0, 0, 0, 0, 60001, 10004, 1]) | JSON},
    optional={
        "data": CONTAINERS,
        "list": CONTAINERS,
        "total_number": st.integers(0, 3) | JSON,
        "id": st.integers(0, 3) | JSON,
        "errmsg": JSON,
        "invalid_param_list": JSON,
        "access_token": st.just("A") | JSON,
        "access_token_expire_time": st.just(1800) | JSON,
    },
)
BYTES = ANSWERS.map(lambda said: json.dumps(said).encode()) | JSON.map(lambda said: json.dumps(said).encode())
WHATSAPP = a_whatsapp(channel=Ref("Main SMS"), message=Template(Ref("Main SMS"), "en", None, (("a", "x"),)))
CALLS = {
    "device": lambda s: s.device(),
    "listed": lambda s: s.listed(),
    "look": lambda s: s.look(7, "Summer"),
    "get": lambda s: s.get(7),
    "query": lambda s: s.query([7, 8]),
    "resolve": lambda s: s.resolve(an_sms(audience=Phonebook(Ref("Main SMS"), "mobile_number")), locate),
    "resolve whatsapp": lambda s: s.resolve(WHATSAPP, locate) and s.preview(WHATSAPP),
    "meaning": lambda s: json.dumps(s.meaning(s.get(7) or {}), ensure_ascii=False).encode(),
    "in words": lambda s: s.in_words(s.get(7) or {}),
    "create": lambda s: s.create({}),
    "update": lambda s: s.update(7, {}),
    "delete": lambda s: s.delete(7),
}


def sentence_of(call) -> str:
    try:
        call()
    except PbxError as error:
        return error.message
    return ""


@pytest.mark.parametrize("call", CALLS)
@given(answers=st.lists(BYTES | st.binary(max_size=20), min_size=1, max_size=5), logs_in=st.booleans())
@settings(max_examples=25)
def test_any_answers_give_a_value_or_an_error_with_a_sentence(call, answers, logs_in):
    left = list(answers)

    def answer(endpoint, _):
        if logs_in and endpoint in ("get_token", "refresh_token", "del_token"):
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    session = Session(made_up(answer)[0], Path())
    said = sentence_of(lambda: CALLS[call](session))
    session.close()
    assert said.isprintable()
    assert len(said) < 800


def test_a_pbx_that_is_not_there_is_an_error_with_a_sentence(tmp_path):
    client = client_of(
        type(
            "Nowhere",
            (),
            {"url": f"http://127.0.0.1:{a_closed_port()}", "client_id": "i", "client_secret": "s"},
        )
    )
    with pytest.raises(PbxError, match="no connection to http://127"):
        Session(client, tmp_path).listed()
