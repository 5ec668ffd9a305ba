"""The HTTP of the client, against the sandbox and against answers that no PBX should give.

Also the small builders that the other tests of the PBX share: a client of a sandbox, and one of a made-up PBX.
"""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import campaignops
from campaignops import sandbox
from campaignops.errors import PbxError
from campaignops.outcome import Done, NoEffect, Unknown
from campaignops.pbx.address import Address
from campaignops.pbx.client import MAX_ANSWER_BYTES, Client

T0 = 1_753_400_000
CREATE, LIST = "message_campaign/create", "message_campaign/list"
TOKEN = {
    "errcode": 0,
    "access_token": "Tk1canary",
    "refresh_token": "Rf1canary",
    "access_token_expire_time": 1800,
}
ID, SECRET = "client-canary", "secret+/canary"
PAGE = {"page": 1, "page_size": 10}


def client_of(server: Any, secret: str | None = None, timeout_s: float = 10.0, **more: Any) -> Client:
    """A client of a sandbox; it does not sleep between tries."""
    more.setdefault("sleep", lambda _: None)
    return Client(Address(server.url, timeout_s), server.client_id, secret or server.client_secret, **more)


class MadeUp(httpx.MockTransport):
    """A PBX that logs everybody in and answers the rest as `answer` says: JSON data, bytes, a Response, or an exception
    that is raised. `asked` lists what arrived, as (endpoint, request)."""

    def __init__(self, answer: Callable[[str, httpx.Request], Any]) -> None:
        super().__init__(self.respond)
        self.answer = answer
        self.asked: list[tuple[str, httpx.Request]] = []

    def respond(self, request: httpx.Request) -> httpx.Response:
        endpoint = request.url.path.removeprefix("/openapi/v1.0/")
        self.asked.append((endpoint, request))
        said = self.answer(endpoint, request)
        if said is None and endpoint in ("get_token", "refresh_token", "del_token"):
            said = TOKEN
        if isinstance(said, Exception):
            raise said
        if isinstance(said, httpx.Response):
            return said
        return (
            httpx.Response(200, content=said) if isinstance(said, bytes) else httpx.Response(200, json=said)
        )

    @property
    def endpoints(self) -> list[str]:
        return [endpoint for endpoint, _ in self.asked]


def made_up(answer: Callable[[str, httpx.Request], Any], **more: Any) -> tuple[Client, MadeUp]:
    """A client and the made-up PBX it talks to."""
    pbx = MadeUp(answer)
    more.setdefault("sleep", lambda _: None)
    return Client(Address("https://pbx.example.com"), ID, SECRET, transport=pbx, **more), pbx


def in_turn(*answers: Any) -> Callable[[str, httpx.Request], Any]:
    """Answers to everything but logins, one after the other; the last one for ever."""
    left = list(answers)

    def answer(endpoint: str, _: httpx.Request) -> Any:
        if endpoint in ("get_token", "refresh_token", "del_token"):
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


@pytest.fixture(scope="module")
def server():
    with sandbox.start(now=lambda: T0) as running:
        yield running


@pytest.fixture
def pbx(server):
    server.reset()
    return server


def calls(pbx, endpoint):
    return [each for each in pbx.requests() if each["endpoint"] == endpoint]


# What goes out


def test_every_request_names_the_program_asks_for_no_compression_and_carries_the_token_in_its_query():
    client, pbx = made_up(in_turn({"errcode": 0}))
    client.read(LIST, **PAGE)
    client.post(CREATE, {"name": "x"})
    client.act("message_campaign/delete", id=1)
    client.upload("message/batchupload", "a.png", b"data", "image/png")
    client.close()
    assert len(pbx.asked) == client.requests == 6
    for endpoint, request in pbx.asked:
        assert request.headers["User-Agent"] == f"campaignops/{campaignops.__version__}"
        assert request.headers["Accept-Encoding"] == "identity"
        assert request.url.params.get("access_token") == (None if endpoint == "get_token" else "Tk1canary")


def test_a_call_goes_out_only_if_it_may_when_the_connection_stands(pbx):
    client = client_of(pbx)
    client.read(LIST, **PAGE)  # logs in
    before, counted = len(pbx.requests()), client.requests
    outcome = client.act("message_campaign/delete", lambda: len(pbx.requests()) != before, id=1)
    assert outcome == NoEffect("held up on the way, and not sent", ends_run=True)
    assert (len(pbx.requests()), client.requests) == (before, counted)
    assert isinstance(client.act("message_campaign/delete", lambda: True, id=1), Unknown)
    assert len(pbx.requests()) == before + 1


def test_a_slash_at_the_end_of_the_url_does_no_harm():
    pbx = MadeUp(in_turn({"errcode": 0}))
    Client(Address("https://pbx.example.com/"), ID, SECRET, transport=pbx).read(LIST)
    assert pbx.asked[0][1].url == "https://pbx.example.com/openapi/v1.0/get_token"


@pytest.mark.parametrize(
    "url", ["http://pbx..example.com", "http://pbx.münchen..de", "http://" + "x" * 64 + ".de"]
)
def test_an_address_that_is_none_is_an_error_with_a_sentence(url):
    with pytest.raises(PbxError, match="not a web address"):
        Client(Address(url), ID, SECRET)


@pytest.mark.parametrize("url", ["http://[::1]:9", "http://münchen.invalid:9"])
def test_an_unusual_address_is_an_address(url):
    with pytest.raises(PbxError, match="no connection to http://"):
        Client(Address(url), ID, SECRET, sleep=lambda _: None).read(LIST)


def test_a_text_that_no_request_can_carry_is_never_sent():
    client, pbx = made_up(in_turn({"errcode": 0}))
    outcome = client.post(CREATE, {"content": "half a character: \ud83c"})
    assert outcome == NoEffect(
        "a text holds half a character, which no request can carry", None, ends_run=True
    )
    assert isinstance(client.ask(LIST, search_value="\ud83c"), NoEffect)
    assert pbx.endpoints == ["get_token"]
    assert client.requests == 1


def test_the_client_counts_what_arrives(pbx):
    pbx.inject(LIST, drop="after")
    client = client_of(pbx)
    client.read(LIST, **PAGE)
    client.post(CREATE, {})
    client.close()
    assert client.requests == len(pbx.requests()) == 5


def test_proxies_of_the_environment_are_not_used(pbx, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert client_of(pbx).read(LIST, **PAGE)["errcode"] == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status):
    elsewhere = httpx.Response(status, headers={"Location": "https://evil.example.com/"})
    client, pbx = made_up(in_turn(elsewhere))
    outcome = client.post(CREATE, {})
    assert isinstance(outcome, Unknown)
    assert "not followed" in outcome.reason
    assert {request.url.host for _, request in pbx.asked} == {"pbx.example.com"}
    assert pbx.endpoints == ["get_token", CREATE]


@given(
    st.binary(max_size=40)
    | st.sampled_from([b"//", b"http://[", b"https://x:y", b"http:///", b"http://..", b"?\xff#"]),
    st.sampled_from([b"Location", b"Content-Encoding", b"Set-Cookie", b"Content-Type"]),
    st.sampled_from([200, 302, 307]),
)
@settings(max_examples=50)
def test_no_header_of_an_answer_makes_a_crash_of_it(value, name, status):
    client, _ = made_up(in_turn(httpx.Response(status, headers=[(name, value)], content=b'{"errcode": 0}')))
    assert isinstance(
        client.post(CREATE, {}), Done if status == 200 and name != b"Content-Encoding" else Unknown
    )


# No answer


def a_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_connection_that_is_refused_has_no_effect_ends_the_run_and_names_the_address():
    url = f"http://127.0.0.1:{a_closed_port()}"
    client = Client(Address(url), ID, SECRET, sleep=lambda _: None)
    with pytest.raises(PbxError) as failed:
        client.post(CREATE, {})
    assert (
        failed.value.message
        == f"no connection to {url} (Connection refused); check `pbx.url` and the network"
    )
    assert client.requests == 0


def test_a_write_whose_connection_is_refused_has_no_effect():
    client, _ = made_up(in_turn(httpx.ConnectError("refused: https://x/?access_token=Tk1canary")))
    outcome = client.post(CREATE, {})
    assert outcome == NoEffect("no connection to https://pbx.example.com (ConnectError)", ends_run=True)


def test_a_name_that_no_server_knows_is_said_in_the_words_of_the_system():
    client = Client(Address("http://nowhere.invalid"), ID, SECRET, sleep=lambda _: None)
    with pytest.raises(PbxError, match="no connection to http://nowhere"):
        client.read(LIST)


@pytest.mark.parametrize(
    "fault", [{"drop": "before"}, {"drop": "after"}, {"truncate_at": 20}, {"truncate_at": 0}]
)
def test_a_write_whose_connection_breaks_is_unknown_and_sent_once(pbx, fault):
    pbx.inject(CREATE, **fault)
    outcome = client_of(pbx).post(CREATE, {"name": "x"})
    assert isinstance(outcome, Unknown)
    assert outcome.code is None
    assert "the connection broke" in outcome.reason
    assert len(calls(pbx, CREATE)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502},
        {"status": 503},
        {"errcode": -2},
        {"errcode": 2},
        {"errcode": 10004},
        {"errcode": 70082},
    ],
)
def test_a_write_that_stumbles_is_unknown_and_sent_once(pbx, fault):
    pbx.inject(CREATE, **fault)
    outcome = client_of(pbx).post(CREATE, {"name": "x"})
    assert isinstance(outcome, Unknown)
    assert len(calls(pbx, CREATE)) == 1


def test_a_get_with_an_effect_is_sent_once(pbx):
    pbx.inject("message_campaign/retry", status=502)
    assert isinstance(client_of(pbx).act("message_campaign/retry", id=1), Unknown)
    assert len(calls(pbx, "message_campaign/retry")) == 1


def test_a_write_that_times_out_is_unknown(pbx):
    pbx.inject(CREATE, delay_after_s=1)
    outcome = client_of(pbx, timeout_s=0.1).post(CREATE, {"name": "x"})
    assert outcome == Unknown("no answer within 0.1 s")


def test_a_read_that_times_out_is_not_repeated(pbx):
    pbx.inject(LIST, delay_after_s=1)
    with pytest.raises(PbxError, match=r"message_campaign/list\): no answer within 0.1 s"):
        client_of(pbx, timeout_s=0.1).read(LIST, **PAGE)
    assert len(calls(pbx, LIST)) == 1


@pytest.mark.parametrize(
    "fault",
    [{"drop": "before"}, {"drop": "after"}, {"truncate_at": 9}, {"status": 502}, {"status": 429}]
    + [{"status": 200, "html": text} for text in ("", "<html>", "{}", "[]")]
    + [{"errcode": code} for code in (-2, 2, 70082)],
)
def test_a_read_that_stumbles_is_repeated_after_a_pause(pbx, fault):
    pauses: list[float] = []
    pbx.inject(LIST, **fault)
    pbx.inject(LIST, **fault)
    assert client_of(pbx, sleep=pauses.append).read(LIST, **PAGE)["errcode"] == 0
    assert pauses == [0.2, 0.8]


def test_a_read_is_given_up_after_three_tries_in_clear_words(pbx):
    for _ in range(9):
        pbx.inject(LIST, status=502)
    with pytest.raises(PbxError) as failed:
        client_of(pbx).read(LIST, **PAGE)
    assert failed.value.message == (
        "the PBX could not be read (message_campaign/list): HTTP status 502; "
        "the PBX, or what stands before it, is in trouble; try again later"
    )
    assert len(calls(pbx, LIST)) == 3


@pytest.mark.parametrize(
    "fault", [{"status": s} for s in (302, 401, 403, 404)] + [{"errcode": 10005}, {"errcode": 1}]
)
def test_a_read_that_is_refused_is_not_repeated(pbx, fault):
    pbx.inject(LIST, **fault)
    with pytest.raises(PbxError):
        client_of(pbx).read(LIST, **PAGE)
    assert len(calls(pbx, LIST)) == 1


def test_an_upload_that_stumbles_is_repeated(pbx):
    pbx.inject("message/batchupload", drop="after")
    outcome = client_of(pbx).upload("message/batchupload", "a b.png", b"data", "image/png")
    assert isinstance(outcome, Done)
    assert outcome.value["list"][0]["name"] == "a b.png"


# Too much, too slowly


class Once(httpx.SyncByteStream):
    """A body in one piece."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self.body


class Endless(httpx.SyncByteStream):
    """A body without end, in pieces of 1 MiB; counts what was taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.taken += 1 << 20
            yield b" " * (1 << 20)


def test_an_answer_without_end_is_cut_off_at_32_mib():
    body = Endless()
    client, _ = made_up(in_turn(httpx.Response(200, stream=body)))
    assert client.post(CREATE, {}) == Unknown("the answer is larger than 32 MiB", is_late=False)
    assert MAX_ANSWER_BYTES == 32 << 20
    assert body.taken == MAX_ANSWER_BYTES + (1 << 20)


def test_an_answer_that_was_compressed_unasked_is_not_unpacked():
    packed = gzip.compress(b'{"errcode": 0, "id": 249}')
    client, _ = made_up(
        in_turn(httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Once(packed)))
    )
    assert client.post(CREATE, {}) == Unknown(
        "the answer is compressed, which was not asked for", is_late=False
    )


@contextmanager
def a_dripping_pbx(start: bytes, drop: bytes, pause_s: float) -> Iterator[str]:
    """Answers every request with `start`, then with `drop` again and again."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                try:
                    line.recv(65536)
                    line.sendall(start)
                    while True:
                        line.sendall(drop)
                        time.sleep(pause_s)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize(
    ("start", "drop", "pause_s"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.02),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b" ", 0.02),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" ", 0.0),
    ],
    ids=["head", "body", "fast"],
)
def test_an_answer_that_drips_is_late(start, drop, pause_s):
    with a_dripping_pbx(start, drop, pause_s) as url:
        client = Client(Address(url, timeout_s=0.2), ID, SECRET, sleep=lambda _: None)
        with pytest.raises(PbxError, match=r"no answer within 0\.2 s"):  # and it ends: the PBX never does
            client.read(LIST)
        assert client.requests == 1


# Tokens


def test_an_expired_token_of_a_read_is_renewed_and_the_read_repeated_at_once(pbx):
    pauses: list[float] = []
    client = client_of(pbx, sleep=pauses.append)
    client.read(LIST, **PAGE)
    pbx.expire_tokens()
    client.read(LIST, **PAGE)
    assert [each["endpoint"] for each in pbx.requests()] == ["get_token", LIST, LIST, "refresh_token", LIST]
    assert pauses == []


def test_a_read_that_says_expired_for_ever_renews_once():
    client, pbx = made_up(in_turn({"errcode": 10004, "errmsg": "TOKEN EXPIRED"}))
    with pytest.raises(PbxError, match="10004 TOKEN EXPIRED"):
        client.read(LIST)
    assert pbx.endpoints == ["get_token", LIST, "refresh_token", LIST]


def test_an_expired_token_of_a_write_is_unknown_and_renewed_before_the_next_call(pbx):
    client = client_of(pbx)
    client.read(LIST, **PAGE)
    pbx.expire_tokens()
    outcome = client.post(CREATE, {"name": "x"})
    assert isinstance(outcome, Unknown)
    assert outcome.code == 10004
    assert isinstance(client.post(CREATE, {"name": "x"}), NoEffect)  # 40002: the token is good again
    assert [each["endpoint"] for each in pbx.requests()][2:] == [CREATE, "refresh_token", CREATE]


def test_a_run_longer_than_a_token_never_meets_an_expired_one(pbx):
    clock = [0.0]
    client = client_of(pbx, clock=lambda: clock[0])
    for _ in range(20):
        client.read(LIST, **PAGE)
        clock[0] += 600
        pbx.advance(600)
    assert not [each for each in pbx.requests() if each["errcode"] == 10004]
    assert len(calls(pbx, "get_token")) == 1
    assert len(calls(pbx, "refresh_token")) == 6


def test_a_wrong_secret_costs_one_login_and_says_what_to_do(pbx):
    client = client_of(pbx, secret="wrong")
    with pytest.raises(PbxError, match="Check CAMPAIGNOPS_CLIENT_ID and CAMPAIGNOPS_CLIENT_SECRET"):
        client.read(LIST, **PAGE)
    for _ in range(3):
        with pytest.raises(PbxError, match="run the command again"):
            client.read(LIST, **PAGE)
    client.close()
    assert [each["endpoint"] for each in pbx.requests()] == ["get_token"]


def test_a_blocked_address_is_said_so(pbx):
    for _ in range(5):
        with pytest.raises(PbxError):
            client_of(pbx, secret="wrong").read(LIST)
    with pytest.raises(PbxError, match="no login: errcode 70004 ACCOUNT IP BLOCKED: too many failed logins"):
        client_of(pbx).read(LIST)


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "before"}, {"truncate_at": 30}])
def test_a_login_whose_answer_is_lost_is_tried_once_more(pbx, fault):
    pbx.inject("get_token", **fault)
    assert client_of(pbx).read(LIST, **PAGE)["errcode"] == 0
    assert len(calls(pbx, "get_token")) == 2


@pytest.mark.parametrize("fault", [{"status": 502}, {"status": 403}, {"errcode": -2}, {"delay_after_s": 1}])
def test_a_login_that_is_answered_wrongly_or_too_late_is_not_repeated(pbx, fault):
    pbx.inject("get_token", **fault)
    with pytest.raises(PbxError, match="no login: "):
        client_of(pbx, timeout_s=0.2).read(LIST, **PAGE)
    assert len(calls(pbx, "get_token")) == 1


def test_a_ninth_token_is_refused_in_words_that_name_the_limit(pbx):
    clients = [client_of(pbx) for _ in range(9)]
    for client in clients[:8]:
        client.read(LIST, **PAGE)
    with pytest.raises(PbxError, match="fewer than 8 tokens"):
        clients[8].read(LIST, **PAGE)
    for client in clients:
        client.close()
    assert pbx.tokens_alive() == 0


# Closing


def test_the_token_is_given_back_at_the_end_also_after_errors(pbx):
    client = client_of(pbx)
    pbx.inject(CREATE, drop="after")
    client.post(CREATE, {})
    with pytest.raises(PbxError):
        client.read("no/such/endpoint")
    assert pbx.tokens_alive() == 1
    client.close()
    client.close()
    assert pbx.tokens_alive() == 0
    assert len(calls(pbx, "del_token")) == 1


def test_a_client_that_never_logged_in_gives_nothing_back(pbx):
    client_of(pbx).close()
    assert pbx.requests() == []


@pytest.mark.parametrize(
    "trouble",
    [httpx.ConnectError("x"), httpx.ReadError("x"), httpx.ReadTimeout("x"), b"<html>", {"errcode": -2}],
)
def test_closing_never_raises(trouble):
    client, pbx = made_up(lambda endpoint, _: trouble if endpoint == "del_token" else TOKEN)
    client.read(LIST)
    client.close()
    assert pbx.endpoints[-1] == "del_token"


# Secrets

CANARIES = ("Tk1canary", "Rf1canary", SECRET, ID, "secret%2B")


def an_echo(endpoint: str, request: httpx.Request) -> dict[str, Any]:
    """A refusal that repeats everything it was told."""
    told = f"{request.url} {request.content.decode()} {ID} {SECRET} Tk1canary Rf1canary"
    wrong = [{"field": told, "validation_type": told}]
    return {"errcode": 10009, "errmsg": told[:150] + told, "invalid_param_list": wrong}


TROUBLES: list[Any] = [
    httpx.ReadError("GET https://pbx.example.com/?access_token=Tk1canary"),
    httpx.ConnectError("GET https://pbx.example.com/?access_token=Tk1canary"),
    httpx.ReadTimeout("GET https://pbx.example.com/?access_token=Tk1canary"),
    httpx.RemoteProtocolError("Tk1canary"),
    b"<html>/openapi/v1.0/x?access_token=Tk1canary",
    b"Tk1canary",
    b'{"errcode": 1, "errmsg": "Tk1canary"}',
    {"errcode": 40002, "errmsg": "Rf1canary", "invalid_param_list": [{"field": SECRET}]},
    {"access_token": "Tk1canary"},
]


def everything_said(trouble: Any, broken: str) -> Iterator[str]:
    """All that a client says while one endpoint of its PBX is in trouble."""
    clock = [0.0]

    def answer(endpoint: str, request: httpx.Request) -> Any:
        if endpoint != broken:
            return TOKEN
        return trouble(endpoint, request) if callable(trouble) else trouble

    client, _ = made_up(answer, clock=lambda: clock[0])
    for _ in range(2):
        for call in (client.read, client.ask, client.act, lambda _: client.post(CREATE, {})):
            try:
                yield str(getattr(call(LIST), "reason", ""))
            except PbxError as error:
                yield from (str(error), repr(error), repr(error.__cause__), repr(error.__context__))
        clock[0] += 1700
    client.close()
    yield from (repr(client), repr(client._tokens), repr(vars(client)))


@pytest.mark.parametrize("broken", ["get_token", "refresh_token", LIST, CREATE, "del_token"])
@pytest.mark.parametrize(
    "trouble", [*TROUBLES, an_echo], ids=lambda trouble: getattr(trouble, "__name__", repr(trouble))
)
def test_no_message_log_or_repr_gives_a_secret_away(trouble, broken, caplog):
    caplog.set_level(logging.DEBUG)
    said = "\n".join((*everything_said(trouble, broken), caplog.text))
    canaries = (ID, SECRET) if broken == "get_token" else CANARIES  # without a login nobody knows the tokens
    assert "Client object" in said
    assert not [canary for canary in canaries if canary in said]


def test_httpx_logs_no_address_even_where_it_is_told_to_log_everything(pbx, caplog):
    for name in ("", "httpx", "httpcore", "httpcore.connection", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, logger=name)
    client = client_of(pbx)
    client.read(LIST, **PAGE)
    client.close()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("http", "campaign"))]
    assert not [message for message in ours if "openapi" in message]
