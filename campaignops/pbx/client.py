"""HTTP to the PBX, and the only user of httpx: a token on every call, nothing repeated on the wire, nothing leaked.

The PBX closes each connection after its answer (page "API Request Overview"), so none is kept; then a request that
fails to connect has certainly not been sent. Redirects are not followed, and the environment's proxies are not used.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import Any

import httpx

from campaignops import __version__
from campaignops.errors import PbxError
from campaignops.outcome import Done, Outcome, Unknown
from campaignops.pbx.address import Address, cause, connect_s, trust
from campaignops.pbx.answer import TOKEN_EXPIRED, Exchange, classify, said
from campaignops.pbx.echo import texts
from campaignops.pbx.tokens import Tokens

API_PATH = "/openapi/v1.0/"
MAX_ANSWER_BYTES = 32 * 1024 * 1024
_PAUSES_S = (0.2, 0.8)  # between the tries of a call that may be repeated
_REPEATABLE_CODES = frozenset({-2, 2, 70082})  # server fault, still processing, overload
# They log URLs and headers, and the token is part of the URL. A level would not do: somebody may set another.
for _name in ("httpx", "httpcore.connection", "httpcore.http11"):
    logging.getLogger(_name).disabled = True


class _HeldUp(Exception):
    """It took so long to get here that the request may not go out any more."""


class Client:
    """One run's connection. Not for several threads. `requests` counts what went out, logins included."""

    def __init__(
        self,
        address: Address,
        client_id: str,
        secret: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._address, self._sleep = address, sleep
        self._tokens = Tokens(self._post_open, client_id, secret, clock)
        self._given: set[str] = set()  # what the run has said to the PBX in people's words
        self.requests = 0
        try:
            self._http = httpx.Client(
                base_url=address.url.rstrip("/") + API_PATH,
                headers={"User-Agent": f"campaignops/{__version__}", "Accept-Encoding": "identity"},
                timeout=httpx.Timeout(address.timeout_s, connect=connect_s(address)),
                limits=httpx.Limits(max_keepalive_connections=0),
                follow_redirects=False,
                trust_env=False,
                verify=trust(address) if transport is None else True,
                transport=transport,
            )
            self._http.base_url.raw_host.decode().encode("idna")  # as a look-up will, in the middle of a call
        except (httpx.InvalidURL, UnicodeError):
            raise PbxError(f"`pbx.url` {address.url} is not a web address") from None

    def ask(self, endpoint: str, **query: str | int) -> Outcome[Mapping[str, Any]]:
        """A call without effect: repeated a little when the network or the PBX stumbles."""
        return self._repeated(lambda: self._exchange("GET", endpoint, self._with_token(query)))

    def read(self, endpoint: str, **query: str | int) -> Mapping[str, Any]:
        """The answer of `ask`. Raises PbxError when there is none."""
        return said(self.ask(endpoint, **query), endpoint)

    def act(
        self, endpoint: str, may_go: Callable[[], bool] | None = None, **query: str | int
    ) -> Outcome[Mapping[str, Any]]:
        """A GET with an effect (`delete`, `retry`): once, and only if it `may_go` just before its first byte does."""
        return self._judge(self._exchange("GET", endpoint, self._with_token(query), may_go))

    def post(self, endpoint: str, body: Mapping[str, Any]) -> Outcome[Mapping[str, Any]]:
        """A POST with an effect: once."""
        self._given.update(texts(dict(body)))
        return self._judge(self._exchange("POST", endpoint, self._with_token({}), json=dict(body)))

    def upload(self, endpoint: str, name: str, content: bytes, media_type: str) -> Outcome[Mapping[str, Any]]:
        """A file, as multipart/form-data part `files`. Uploaded twice it harms nobody, so it is repeated a little."""
        files = {"files": (name, content, media_type)}
        return self._repeated(lambda: self._exchange("POST", endpoint, self._with_token({}), files=files))

    def close(self) -> None:
        """Give the token back and close. A failure to revoke is of no consequence: the token ends by itself."""
        token = self._tokens.forget()
        try:
            if token is not None:
                self._exchange("GET", "del_token", {"access_token": token})
        finally:
            self._http.close()

    def _repeated(self, call: Callable[[], Exchange]) -> Outcome[Mapping[str, Any]]:
        """The call until it is answered, three times at most; an expired token is renewed once, without a pause."""
        pauses_s, renewed = list(_PAUSES_S), False
        while True:
            exchange = call()
            outcome = self._judge(exchange)
            if _is_expired(outcome) and not renewed:
                renewed = True
            elif pauses_s and _may_repeat(exchange, outcome):
                self._sleep(pauses_s.pop(0))
            else:
                return outcome

    def _judge(self, exchange: Exchange) -> Outcome[Mapping[str, Any]]:
        outcome = classify(exchange, (*self._tokens.secrets, *self._given))
        if _is_expired(outcome):
            self._tokens.expired()
        return outcome

    def _with_token(self, query: Mapping[str, str | int]) -> dict[str, str | int]:
        return {**query, "access_token": self._tokens.current()}

    def _post_open(self, endpoint: str, body: Mapping[str, str]) -> Outcome[Mapping[str, Any]]:
        """The two calls that carry no token: once, and once more when no answer came at all, never after a refusal."""
        exchange = self._exchange("POST", endpoint, {}, json=dict(body))
        if exchange.status is None and not exchange.timed_out:
            self._sleep(_PAUSES_S[0])
            exchange = self._exchange("POST", endpoint, {}, json=dict(body))
        return classify(exchange, self._tokens.secrets)

    def _exchange(
        self,
        method: str,
        endpoint: str,
        query: Mapping[str, str | int],
        may_go: Callable[[], bool] | None = None,
        **content: Any,
    ) -> Exchange:
        """One request and its answer; everything that goes wrong on the way is a value, in words that hold no URL."""
        limit = _Limit(self._address.timeout_s, may_go)
        try:
            content |= {"params": dict(query), "extensions": {"trace": limit.trace}}
            request = self._http.build_request(method, endpoint, **content)
        except UnicodeError:
            return Exchange(False, failure="a text holds half a character, which no request can carry")
        self.requests += 1
        try:
            with closing(self._http.send(request, stream=True)) as response:
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    return Exchange(True, failure="the answer is compressed, which was not asked for")
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        return Exchange(True, failure="the answer is larger than 32 MiB")
                return Exchange(True, response.status_code, bytes(body))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self.requests -= 1  # nothing left
            return Exchange(False, failure=f"no connection to {self._address.url} ({cause(error)})")
        except _HeldUp:
            self.requests -= 1
            return Exchange(False, failure="held up on the way, and not sent")
        except httpx.TimeoutException:
            return Exchange(True, failure=f"no answer within {self._address.timeout_s:g} s", timed_out=True)
        except (httpx.HTTPError, httpx.StreamError) as error:
            return Exchange(True, failure=f"the connection broke ({type(error).__name__})")


class _Limit:
    """How long a whole answer may take, from the end of its request. httpx bounds only each wait for a byte, and bytes
    that come one by one would last for ever; so the waits on this request's connection share one allowance. And whether
    it may go out at all, asked when the connection stands."""

    def __init__(self, seconds: float, may_go: Callable[[], bool] | None) -> None:
        self._seconds, self._may_go, self._ends_at = seconds, may_go, 0.0

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by httpx what happens on the wire (its request extension `trace`)."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            stream = info["return_value"]
            stream.read = partial(self._read, stream.read)
        elif event.endswith("send_request_headers.started") and self._may_go and not self._may_go():
            raise _HeldUp

    def _read(self, read: Callable[..., bytes], max_bytes: int, timeout: float | None = None) -> bytes:
        now = time.monotonic()
        self._ends_at = self._ends_at or now + self._seconds
        if now >= self._ends_at:
            raise httpx.ReadTimeout("late")
        return read(max_bytes, self._ends_at - now)


def _is_expired(outcome: Outcome[Any]) -> bool:
    return isinstance(outcome, Unknown) and outcome.code == TOKEN_EXPIRED


def _may_repeat(exchange: Exchange, outcome: Outcome[Any]) -> bool:
    """A call without effect may be tried again when the network or the PBX stumbled, never when the PBX said no."""
    if isinstance(outcome, Done) or exchange.timed_out:
        return False
    if outcome.code is not None:
        return outcome.code in _REPEATABLE_CODES
    return exchange.status in (None, 200, 429) or exchange.status >= 500
