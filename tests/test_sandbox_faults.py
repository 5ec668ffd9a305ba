"""Faults and the control plane of the sandbox: what a test can break, steer and see."""

from __future__ import annotations

import dataclasses
import json
import socket
import time
from collections import Counter

import httpx
import pytest

from campaignops import sandbox
from campaignops.sandbox import faults, journal, personality
from tests.test_sandbox import T0, Client, a_text

CREATE = "message_campaign/create"


@pytest.fixture(scope="module")
def client():
    with sandbox.start(now=lambda: T0) as server, Client(server) as client:
        yield client


@pytest.fixture
def pbx(client):
    return client.fresh()


def names(pbx):
    return [row["name"] for row in pbx.get("message_campaign/list", page=1, page_size=100)["data"]]


def raw_create(pbx):
    """Everything that arrives on a plain socket, and whether the connection was reset."""
    body = json.dumps(a_text()).encode()
    head = (
        f"POST /openapi/v1.0/{CREATE}?access_token={pbx.token} HTTP/1.1\r\nHost: x\r\nUser-Agent: raw\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    received = b""
    with socket.create_connection(("127.0.0.1", pbx.server.port), timeout=5) as line:
        line.sendall(head.encode() + body)
        try:
            while chunk := line.recv(65536):
                received += chunk
        except ConnectionResetError:
            return received, True
    return received, False


def test_a_connection_dropped_before_the_work_is_reset_and_nothing_is_done(pbx):
    pbx.server.inject(CREATE, drop="before")
    assert raw_create(pbx) == (b"", True)
    assert names(pbx) == []


def test_a_connection_dropped_after_the_work_is_reset_and_everything_is_done(pbx):
    pbx.server.inject(CREATE, drop="after")
    assert raw_create(pbx) == (b"", True)
    assert names(pbx) == ["spring"]


def test_an_http_client_sees_a_lost_connection(pbx):
    pbx.server.inject(CREATE, drop="after")
    with pytest.raises(httpx.TransportError):
        pbx.post(CREATE, a_text())
    assert names(pbx) == ["spring"]


@pytest.mark.parametrize("count", [0, 5])
def test_a_truncated_answer_ends_early_after_the_work(pbx, count):
    pbx.server.inject(CREATE, truncate_at=count)
    received, was_reset = raw_create(pbx)
    head, _, body = received.partition(b"\r\n\r\n")
    assert not was_reset
    assert body == b'{"err'[:count]
    assert int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) > count
    assert names(pbx) == ["spring"]


def test_an_errcode_may_come_before_or_after_the_work(pbx):
    pbx.server.inject(CREATE, errcode=-2)
    assert pbx.post(CREATE, a_text()) == {"errcode": -2, "errmsg": "INTERNAL SERVER ERROR"}
    assert names(pbx) == []
    pbx.server.inject(CREATE, errcode=70082, commit=True)
    assert pbx.post(CREATE, a_text())["errcode"] == 70082
    assert names(pbx) == ["spring"]


@pytest.mark.parametrize(("commit", "found"), [(False, []), (True, ["spring"])])
def test_an_http_error_comes_as_html(pbx, commit, found):
    pbx.server.inject(CREATE, status=502, html="<h1>tunnel down</h1>", commit=commit)
    answer = pbx.http.post(CREATE, params={"access_token": pbx.token}, json=a_text())
    assert (answer.status_code, answer.text) == (502, "<h1>tunnel down</h1>")
    assert answer.headers["content-type"].startswith("text/html")
    assert names(pbx) == found


def test_a_request_may_be_delivered_twice(pbx):
    pbx.server.inject(CREATE, twice=True)
    answer = pbx.post(CREATE, a_text(send_type="immediately"))
    assert answer["id"] == 250
    pbx.server.advance(10)
    assert Counter(row["number"] for row in pbx.server.ledger()) == {"+12025550140": 2, "+12025550141": 2}


def test_a_request_may_commit_after_its_client_has_gone(pbx):
    pbx.server.inject(CREATE, delay_before_s=0.3)
    with pytest.raises(httpx.ReadTimeout):
        pbx.http.post(CREATE, params={"access_token": pbx.token}, json=a_text(), timeout=0.1)
    assert names(pbx) == []
    time.sleep(0.4)
    assert names(pbx) == ["spring"]


def test_an_answer_may_be_late_although_the_work_is_done(pbx):
    pbx.server.inject(CREATE, delay_after_s=0.3)
    with pytest.raises(httpx.ReadTimeout):
        pbx.http.post(CREATE, params={"access_token": pbx.token}, json=a_text(), timeout=0.1)
    assert names(pbx) == ["spring"]


def test_a_request_that_never_arrives_whole_is_none(pbx, caplog):
    before = pbx.server.requests()
    head = f"POST /openapi/v1.0/{CREATE} HTTP/1.1\r\nHost: x\r\nUser-Agent: raw\r\nContent-Length: 500\r\n"
    with socket.create_connection(("127.0.0.1", pbx.server.port), timeout=5) as line:
        line.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n{")
    time.sleep(0.05)
    assert pbx.server.requests() == before
    assert caplog.records == []


def test_faults_strike_the_nth_request_of_their_endpoint_once(pbx):
    pbx.server.inject(CREATE, 2, errcode=-1)
    pbx.server.inject(CREATE, 3, errcode=-2)
    assert [pbx.post(CREATE, a_text())["errcode"] for _ in range(4)] == [0, -1, -2, 0]


def test_two_faults_for_one_request_strike_one_after_the_other(pbx):
    pbx.server.inject(CREATE, errcode=-1)
    pbx.server.inject(CREATE, errcode=-2)
    assert [pbx.post(CREATE, a_text())["errcode"] for _ in range(3)] == [-1, -2, 0]


def test_a_fault_of_any_endpoint_strikes_the_next_request(pbx):
    pbx.server.inject("*", errcode=10009)
    assert pbx.get("extension/list")["errcode"] == 10009
    assert pbx.get("extension/list")["errcode"] == 0


def test_a_fault_on_an_upload_works_too(pbx):
    pbx.server.inject("message/batchupload", drop="after")
    with pytest.raises(httpx.TransportError):
        pbx.upload()
    assert pbx.server.requests()[-1]["files"] == [{"name": "demo.jpeg", "type": "image/jpeg", "size": 12}]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"endpoint": 5},
        {"endpoint": "x", "drop": "now"},
        {"endpoint": "x", "errcod": 1},
        {"endpoint": "x", "errcode": "1"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(rule):
    with pytest.raises(ValueError, match=r"fault|cannot be"):
        faults.parse(rule)


def test_every_field_of_a_fault_can_be_ordered():
    assert set(faults.PLAIN_TYPES) == {field.name for field in dataclasses.fields(faults.Fault)}


# -- the control plane -------------------------------------------------------------------------------------------------


def control(pbx, name, body=None):
    url = f"{pbx.server.url}/_sandbox/{name}"
    answer = httpx.get(url) if body is None else httpx.post(url, json=body)
    return answer.status_code, answer.json()


def test_the_ledger_is_readable_over_http(pbx):
    first = pbx.create(send_type="immediately")
    pbx.create(send_type="immediately")
    pbx.server.advance(10)
    assert control(pbx, "ledger") == (200, {"ledger": pbx.server.ledger()})
    assert control(pbx, f"ledger?campaign_id={first}") == (200, {"ledger": pbx.server.ledger(first)})
    assert len(pbx.server.ledger()) == 2 * len(pbx.server.ledger(first)) == 4


def test_every_request_is_recorded_in_order(pbx):
    pbx.create()
    pbx.get("message_campaign/get", id=1)
    pbx.server.inject(CREATE, drop="after")
    with pytest.raises(httpx.TransportError):
        pbx.post(CREATE, a_text())
    status, found = control(pbx, "requests")
    assert status == 200
    assert [
        (each["method"], each["endpoint"], each["errcode"], each["status"]) for each in found["requests"]
    ] == [
        ("POST", "get_token", 0, 200),
        ("POST", CREATE, 0, 200),
        ("GET", "message_campaign/get", 60001, 200),
        ("POST", CREATE, 0, None),
    ]
    assert found["requests"][1]["body"] == a_text()
    assert found["requests"][2]["query"] == {"access_token": "***", "id": "1"}
    assert found["requests"][0]["body"] == {"username": "sandbox-client", "password": "***"}
    assert found["requests"] == pbx.server.requests()


def test_an_answer_after_a_reset_is_noted_nowhere(pbx):
    store = pbx.server._pbx.store
    journal.answered(store, 99, 200, 0)
    assert store.count("SELECT count(*) FROM answers WHERE seq = 99") == 0


def test_a_held_request_is_recorded_before_its_answer(pbx):
    pbx.server.inject(CREATE, delay_before_s=0.3)
    with pytest.raises(httpx.ReadTimeout):
        pbx.http.post(CREATE, params={"access_token": pbx.token}, json=a_text(), timeout=0.1)
    last = pbx.server.requests()[-1]
    assert (last["endpoint"], last["errcode"]) == (CREATE, None)
    time.sleep(0.3)


def test_faults_are_ordered_over_http(pbx):
    rules = [{"endpoint": CREATE, "errcode": -1}, {"endpoint": CREATE, "occurrence": 2, "drop": "before"}]
    assert control(pbx, "faults", rules) == (200, {"waiting": 2})
    assert pbx.post(CREATE, a_text())["errcode"] == -1
    assert control(pbx, "status")[1]["faults_waiting"] == 1
    assert control(pbx, "faults", {"endpoint": "x", "drop": "never"})[0] == 400


def test_the_clock_is_advanced_over_http_and_only_forward(pbx):
    assert control(pbx, "clock", {"advance": 90}) == (200, {"now": T0 + 90})
    assert pbx.get("system/information")["data"]["timestamp"] == T0 + 90
    assert control(pbx, "clock", {"advance": -1})[0] == 400
    assert control(pbx, "clock", {})[0] == 400
    assert pbx.server.now() == T0 + 90


def test_the_personality_is_changed_over_http(pbx):
    status, answer = control(
        pbx, "personality", {"names_unique": "yes", "page_size_max": 5, "listing_lag_s": 1.5}
    )
    assert status == 200
    assert answer["personality"]["names_unique"] == "yes"
    assert answer["personality"]["drafts_release"] == "yes"
    assert tuple(answer["personality"]) == personality.names()


@pytest.mark.parametrize(
    "switches",
    [
        {"names_uniqe": "yes"},
        {"names_unique": True},
        {"page_size_max": 0},
        {"listing_lag_s": -1},
        {"name_max": "9"},
    ],
)
def test_a_switch_that_does_not_exist_is_refused(pbx, switches):
    assert control(pbx, "personality", switches)[0] == 400
    assert control(pbx, "status")[1]["personality"] == sandbox.Personality().as_dict()


def test_the_status_counts_tokens_and_remembers_the_most(pbx):
    others = [pbx.login()["access_token"] for _ in range(3)]
    for token in others:
        pbx.http.get("del_token", params={"access_token": token})
    found = control(pbx, "status")[1]
    assert (found["tokens_alive"], found["tokens_alive_peak"]) == (1, 4)
    assert control(pbx, "tokens", {"expire": True}) == (200, {"tokens_alive": 0})


def test_a_reset_forgets_everything(pbx):
    pbx.create(send_type="immediately")
    pbx.upload()
    pbx.server.advance(50)
    pbx.server.behave(names_unique="yes")
    pbx.server.inject(CREATE, errcode=-1)
    assert control(pbx, "reset", {}) == (200, {"reset": True})
    assert (pbx.server.ledger(), pbx.server.requests(), pbx.server.now()) == ([], [], T0)
    assert pbx.get("system/information")["errcode"] == 10004
    pbx.token = pbx.login()["access_token"]
    assert pbx.create() == 249
    pbx.create()


def test_a_reset_forgets_the_requests_on_their_way(pbx):
    for held in ({"delay_before_s": 0.2}, {"delay_after_s": 0.2}):
        pbx.server.inject(CREATE, **held)
        with pytest.raises(httpx.ReadTimeout):
            pbx.http.post(CREATE, params={"access_token": pbx.token}, json=a_text(), timeout=0.05)
    pbx.fresh()
    pbx.get("extension/list", page=0)
    time.sleep(0.3)
    assert [each["errcode"] for each in pbx.server.requests()] == [0, 40002]
    assert names(pbx) == []


def test_a_reset_may_bring_another_seed_and_personality(pbx):
    body = {"seed": {"device": {"sn": "OTHER1"}}, "personality": {"past_schedule": "sent"}}
    assert control(pbx, "reset", body) == (200, {"reset": True})
    assert control(pbx, "status")[1]["personality"]["past_schedule"] == "sent"
    pbx.token = pbx.login()["access_token"]
    assert pbx.get("system/information")["data"]["sn"] == "OTHER1"


def test_a_reset_that_makes_no_sense_changes_nothing(pbx):
    pbx.create()
    assert control(pbx, "reset", {"seed": {"chanels": []}})[0] == 400
    assert control(pbx, "reset", {"personality": {"mood": "bad"}})[0] == 400
    assert names(pbx) == ["spring"]
    assert httpx.post(f"{pbx.server.url}/_sandbox/reset", content=b"{").status_code == 400


def test_a_seeded_campaign_stands_as_the_seed_says(client):
    planned = a_text(name="planned", send_type="schedule", send_time=T0 + 10, status="scheduled")
    stopped = a_text(name="stopped", send_type="immediately", status="stop")
    pbx = client.fresh(seed={"campaigns": [planned, stopped]})
    assert [pbx.status(each) for each in (249, 250)] == ["scheduled", "stop"]
    assert pbx.update(250, content="x")["errcode"] == 70084
    assert pbx.get("message_campaign/delete", id=250)["errcode"] == 0
    pbx.server.advance(100)
    assert {row["campaign_id"] for row in pbx.server.ledger()} == {249}
