"""HTTP to the PBX, and the only user of httpx: a token on every call, nothing repeated on the wire, nothing leaked.

The PBX closes each connection after its answer (page "API Request Overview"), so none is kept; then a request that
fails to connect has certainly not been sent. Redirects are not followed, and the environment's proxies are not used.
"""

from __future__ import annotations

import hashlib
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from campaignops import __version__
from campaignops.errors import PbxError
from campaignops.outcome import Done, NoEffect, Outcome, Unknown
from campaignops.pbx.answer import TOKEN_EXPIRED, Exchange, classify
from campaignops.pbx.tokens import Tokens

API_PATH = "/openapi/v1.0/"
MAX_ANSWER_BYTES = 32 * 1024 * 1024
_PAUSES_S = (0.2, 0.8)  # between the tries of a call that may be repeated
_REPEATABLE_CODES = frozenset({-2, 2, TOKEN_EXPIRED, 70082})  # server fault, still processing, overload
for _name in ("httpx", "httpcore"):  # both log URLs, and the token is part of the URL
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the PBX is and how to know that it is the one: `url` without a path, `ca_file` or `fingerprint`."""

    url: str
    timeout_s: float = 30.0
    ca_file: str | None = None
    fingerprint: str | None = None


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
        self._address, self._clock, self._sleep = address, clock, sleep
        self._tokens = Tokens(self._post_open, client_id, secret, clock)
        self._http = httpx.Client(
            base_url=address.url + API_PATH,
            headers={"User-Agent": f"campaignops/{__version__}", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(address.timeout_s, connect=min(10.0, address.timeout_s)),
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            verify=_trust(address) if transport is None else True,
            transport=transport,
        )
        self.requests = 0

    def ask(self, endpoint: str, **query: str | int) -> Outcome[Mapping[str, Any]]:
        """A call without effect: repeated a little when the network or the PBX stumbles."""
        return self._repeated(lambda: self._exchange("GET", endpoint, self._with_token(query)))

    def read(self, endpoint: str, **query: str | int) -> Mapping[str, Any]:
        """The answer of `ask`. Raises PbxError when there is none."""
        outcome = self.ask(endpoint, **query)
        if isinstance(outcome, Done):
            return outcome.value
        raise PbxError(f"the PBX did not answer {endpoint}: {outcome.reason}")

    def act(self, endpoint: str, **query: str | int) -> Outcome[Mapping[str, Any]]:
        """A GET with an effect (`delete`, `retry`): once."""
        return self._judge(self._exchange("GET", endpoint, self._with_token(query)))

    def post(self, endpoint: str, body: Mapping[str, Any]) -> Outcome[Mapping[str, Any]]:
        """A POST with an effect: once."""
        return self._judge(self._exchange("POST", endpoint, self._with_token({}), json=dict(body)))

    def upload(self, endpoint: str, name: str, content: bytes, media_type: str) -> Outcome[Mapping[str, Any]]:
        """A file, as multipart/form-data part `files`. A file uploaded twice harms nobody, so it is repeated a little."""
        files = {"files": (name, content, media_type)}
        return self._repeated(lambda: self._exchange("POST", endpoint, self._with_token({}), files=files))

    def close(self) -> None:
        """Give the token back and close. A failure to revoke is of no consequence: the token ends by itself."""
        token = self._tokens.forget()
        if token is not None:
            self._exchange("GET", "del_token", {"access_token": token})
        self._http.close()

    def _repeated(self, call: Callable[[], Exchange]) -> Outcome[Mapping[str, Any]]:
        for pause_s in _PAUSES_S:
            exchange = call()
            outcome = self._judge(exchange)
            if exchange.timed_out or not _may_repeat(outcome):
                return outcome
            self._sleep(pause_s)
        return self._judge(call())

    def _judge(self, exchange: Exchange) -> Outcome[Mapping[str, Any]]:
        outcome = classify(exchange)
        if isinstance(outcome, Unknown) and outcome.code == TOKEN_EXPIRED:
            self._tokens.expired()
        return outcome

    def _with_token(self, query: Mapping[str, str | int]) -> dict[str, str | int]:
        return {**query, "access_token": self._tokens.current()}

    def _post_open(self, endpoint: str, body: Mapping[str, str]) -> Outcome[Mapping[str, Any]]:
        """The two calls that carry no token."""
        return classify(self._exchange("POST", endpoint, {}, json=dict(body)))

    def _exchange(
        self, method: str, endpoint: str, query: Mapping[str, str | int], **content: Any
    ) -> Exchange:
        self.requests += 1
        deadline = self._clock() + self._address.timeout_s
        try:
            with self._http.stream(method, endpoint, params=dict(query), **content) as response:
                body = bytearray()
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        return Exchange(True, failure="the answer is larger than 32 MiB")
                    if self._clock() > deadline:
                        return Exchange(True, failure=self._late(), timed_out=True)
                return Exchange(True, response.status_code, bytes(body))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Exchange(False, failure=f"no connection to {self._address.url} ({_cause(error)})")
        except httpx.TimeoutException:
            return Exchange(True, failure=self._late(), timed_out=True)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return Exchange(True, failure=f"the connection broke ({type(error).__name__})")

    def _late(self) -> str:
        return f"no answer within {self._address.timeout_s:g} s"


def _may_repeat(outcome: Outcome[Any]) -> bool:
    """A call without effect may be tried again when the network or the PBX stumbled, never when the PBX said no."""
    match outcome:
        case Unknown(code=code):
            return code is None or code in _REPEATABLE_CODES
        case NoEffect(code=code):
            return code is None
        case _:
            return False


def _cause(error: Exception) -> str:
    """The system's own words for a failed connection; they name no URL and so no token."""
    root: BaseException = error
    while root.__cause__ or root.__context__:
        root = root.__cause__ or root.__context__  # type: ignore[assignment]
    if isinstance(root, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {root.verify_message}; see `pbx.ca_file` and `pbx.fingerprint`"
    if isinstance(root, OSError) and root.strerror:
        return root.strerror
    return type(error).__name__


def _trust(address: Address) -> ssl.SSLContext | bool:
    """Verification cannot be switched off: the system's authorities, a private one, or one pinned certificate."""
    if urlsplit(address.url).scheme != "https":
        return True
    if address.fingerprint:
        return _pinned(address)
    try:
        context = ssl.create_default_context(cafile=address.ca_file)
    except (OSError, ssl.SSLError):
        raise PbxError(
            f"`pbx.ca_file` {address.ca_file} holds no certificate; it must be a PEM file", code="ca_file"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _pinned(address: Address) -> ssl.SSLContext:
    """Fetch the certificate, compare it with the pin, then trust it and nothing else."""
    parts = urlsplit(address.url)
    where = (parts.hostname or "", parts.port or 443)
    try:
        pem = ssl.get_server_certificate(where, timeout=min(10.0, address.timeout_s))
    except OSError as error:
        raise PbxError(f"no connection to {address.url} ({error.strerror or type(error).__name__})") from None
    found = "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    if found != (address.fingerprint or "").lower():
        raise PbxError(
            f"{address.url} shows another certificate ({found}) than `pbx.fingerprint` says; nothing was sent",
            code="fingerprint",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the pin names this one certificate; appliances carry no useful host name
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
