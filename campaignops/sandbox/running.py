"""A sandbox that runs: its thread, its address, and direct ways to look and steer for tests in the same process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from typing import Any

from campaignops.sandbox import faults, journal, ledger, server, wire
from campaignops.sandbox.answers import Json
from campaignops.sandbox.pbx import Pbx


class Sandbox:
    """A pretend PBX at `url`, from its construction until `stop` or the end of its `with` block."""

    def __init__(self, pbx: Pbx, host: str = "127.0.0.1", port: int = 0) -> None:
        self._pbx = pbx
        self._listener = socket.create_server((host, port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="campaignops-sandbox", daemon=True)
        self._thread.start()
        self._ready.wait()

    @property
    def client_id(self) -> str:
        return str(self._pbx.seed.client["id"])

    @property
    def client_secret(self) -> str:
        return str(self._pbx.seed.client["secret"])

    def ledger(self, campaign_id: int | None = None) -> list[Json]:
        """Every message sent so far, in order; see store.py for the columns."""
        with self._pbx.lock:
            self._pbx.settle()
            return ledger.read(self._pbx.store, campaign_id)

    def requests(self, after: int = 0) -> list[Json]:
        """Every request to the API, in order, without so many of the first: seq (from 1), method, endpoint, query,
        body, files, status, errcode."""
        with self._pbx.lock:
            return journal.read(self._pbx.store, after)

    def inject(self, endpoint: str, occurrence: int = 1, **action: Any) -> None:
        """Make one request go wrong; see faults.py for the fields. Raises ValueError."""
        with self._pbx.lock:
            self._pbx.faults.add(faults.parse({"endpoint": endpoint, "occurrence": occurrence, **action}))

    def advance(self, seconds: float) -> float:
        """Move the clock of the PBX forward; returns its time in Unix seconds."""
        with self._pbx.lock:
            return self._pbx.clock.advance(seconds)

    def now(self) -> float:
        """The time on the PBX, in Unix seconds."""
        with self._pbx.lock:
            return self._pbx.clock.now()

    def behave(self, **switches: object) -> None:
        """Set switches of the personality. Raises ValueError."""
        with self._pbx.lock:
            self._pbx.change(switches)

    def expire_tokens(self) -> None:
        """End every access token now."""
        with self._pbx.lock:
            self._pbx.tokens.expire_all()

    def tokens_alive(self) -> int:
        with self._pbx.lock:
            return self._pbx.tokens.alive

    def reset(
        self, seed: Mapping[str, Any] | None = None, personality: Mapping[str, object] | None = None
    ) -> None:
        """Forget everything but the seed and personality of the start, or take others. Raises ValueError."""
        with self._pbx.lock:
            self._pbx.reset(seed, personality)

    def stop(self) -> None:
        """Cut every connection and close the store. A second call does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            with self._pbx.lock:
                self._pbx.store.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(wire.run(server.build(self._pbx), self._listener, self._ready.set, self._stop))
            finally:
                self._ready.set()
