"""Stands where `httpx.Client` does and calls the sandbox's server in this thread: no socket, and a fifth of the time.

What the server does to a connection (a reset, an answer that is cut off) is what the caller hears. That the real client
hears the same over real sockets is what the fault proxy looks at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from campaignops.sandbox import server, wire
from campaignops.sandbox.running import Sandbox

HEADERS = [(b"user-agent", b"campaignops"), (b"content-type", b"application/json")]


@dataclass
class Exchange:
    """One request, and what is heard of its answer. To the server it is the connection, too."""

    method: str
    path: str
    query: str
    content: bytes
    status_code: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_cut: bool = False

    async def receive(self) -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": self.content, "more_body": False}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.status_code = message.get("status", self.status_code)
        self.body += message.get("body", b"")

    def get_extra_info(self, name: str) -> Exchange:
        return self

    def setsockopt(self, *option: object) -> None: ...

    def abort(self) -> None:
        self.is_cut = True

    def close(self) -> None:
        self.is_cut = True  # the server's: in the midst of its answer; the client's: when it has heard all

    def iter_bytes(self) -> Iterator[bytes]:
        yield self.body

    def json(self) -> Any:
        return json.loads(self.body)


class DirectLine:
    def __init__(self, box: Sandbox) -> None:
        self._app, self.base_url = server.build(box._pbx), httpx.URL(box.url)

    def __call__(self, **_settings: object) -> DirectLine:
        return self

    def build_request(
        self, method: str, endpoint: str, *, params: Mapping[str, Any], json: Any = None, **_: object
    ) -> Exchange:
        return Exchange(method, f"/openapi/v1.0/{endpoint}", urlencode(params), _encoded(json))

    def send(self, exchange: Exchange, **_: object) -> Exchange:
        answering = self._app(_scope(exchange), exchange.receive, exchange.send)
        try:
            while True:  # it waits for nothing but its turn
                answering.send(None)
        except StopIteration:
            if exchange.is_cut:
                raise httpx.RemoteProtocolError("cut off") from None
            return exchange

    def get(self, endpoint: str, *, params: Mapping[str, Any]) -> Exchange:
        return self.send(self.build_request("GET", endpoint, params=params))

    def post(self, endpoint: str, *, json: Any, params: Mapping[str, Any] | None = None) -> Exchange:
        return self.send(self.build_request("POST", endpoint, params=params or {}, json=json))

    def close(self) -> None: ...


def _encoded(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body, ensure_ascii=False).encode()


def _scope(exchange: Exchange) -> MutableMapping[str, Any]:
    return {
        "type": "http",
        "method": exchange.method,
        "path": exchange.path,
        "query_string": exchange.query.encode(),
        "headers": HEADERS,
        "client": ("127.0.0.1", 1),
        "extensions": {wire.TRANSPORT: exchange},
    }
