"""HTTP on a socket: serves an ASGI app, and lets it cut its connection. Knows no PBX.

uvicorn's own Server polls ten times a second for its end; a sandbox has to be gone at once, so only the protocol of
uvicorn is used.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

TRANSPORT = "campaignops.transport"


class CuttableProtocol(H11Protocol):
    """Hands its transport to the app, in `scope["extensions"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only for sockets that name their protocol; without it every answer waits 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[TRANSPORT] = transport
            await inner(scope, receive, send)

        self.app = app


async def reset(scope: Any) -> None:
    """Drop the connection with a TCP reset; what was written and not yet sent is lost."""
    transport = cast(asyncio.Transport, scope["extensions"][TRANSPORT])
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    transport.abort()
    await _gone()


async def hang_up(scope: Any) -> None:
    """Send what was written, then close the connection in the middle of the answer."""
    cast(asyncio.Transport, scope["extensions"][TRANSPORT]).close()
    await _gone()


async def run(app: Any, listener: socket.socket, ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Serve until `stop`; then every connection is cut and every request abandoned."""
    config = uvicorn.Config(app, http=CuttableProtocol, lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: CuttableProtocol(config, state, {}), sock=listener, backlog=512
    )
    ready()
    await stop.wait()
    server.close()
    for connection in list(state.connections):
        cast(CuttableProtocol, connection).transport.abort()
    for task in list(state.tasks):
        task.cancel()
    await asyncio.gather(*state.tasks, return_exceptions=True)


async def _gone() -> None:
    """Let the protocol notice the loss, so that it does not try to answer for the app."""
    for _ in range(3):
        await asyncio.sleep(0)
