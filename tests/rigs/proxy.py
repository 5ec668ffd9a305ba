"""A network of one's own before a sandbox: one connection after another. It can be gone, or hold a request back."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Proxy:
    """`passes`: how many connections it takes in; from then on each is refused. `holds`: the number, from 1, of the
    one whose request is kept until `deliver`."""

    def __init__(self, port: int, *, passes: int | None = None, holds: int | None = None) -> None:
        self._port, self._passes, self._holds = port, passes, holds
        self._held: bytes | None = None
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        if passes == 0:
            self._listener.close()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def deliver(self) -> None:
        """Let the request go that was held back; nobody hears the answer."""
        if self._held is not None:
            self._forward(self._held)
            self._held = None

    def close(self) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join()

    def _serve(self) -> None:
        number = 0
        while number != self._passes:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            number += 1
            if number == self._passes:
                self._listener.close()  # before this one is answered: the next finds nobody
            with suppress(OSError):
                self._take(connection, number)

    def _take(self, connection: socket.socket, number: int) -> None:
        request = _read(connection)
        if number == self._holds:
            self._held = request
            self._open.append(connection)
            return
        with connection:
            connection.sendall(self._forward(request))

    def _forward(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self._port)) as line:
            line.sendall(request.replace(b"Connection: keep-alive", b"Connection: close"))
            return b"".join(iter(lambda: line.recv(65536), b""))


def _read(connection: socket.socket) -> bytes:
    """One whole request."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = request.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    while found and len(body) < int(found[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
