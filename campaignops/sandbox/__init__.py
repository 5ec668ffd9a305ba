"""The embedded sandbox: a pretend Yeastar P-Series PBX over real HTTP. Shares no code with the client that talks to it.

    with sandbox.start() as pbx:
        ...                            # pbx.url, pbx.client_id, pbx.client_secret
        pbx.advance(3600)
        pbx.ledger()

Request -> server (HTTP, faults) -> endpoints (token, table) -> campaigns, channels, … (handlers) -> rules, references
-> store; sending moves statuses with the clock and writes the ledger. control.py has the test plane, seed.py the shape
of a seed, personality.py the switches, faults.py the faults.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaignops.sandbox.personality import Personality

if TYPE_CHECKING:
    from campaignops.sandbox.running import Sandbox

__all__ = ["Personality", "serve", "start"]


def start(
    store: Path | None = None,
    *,
    seed: Mapping[str, Any] | Path | None = None,
    now: Callable[[], float] = time.time,
    personality: Personality | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Sandbox:
    """A running sandbox, ready for requests.

    `store` is an SQLite file that outlives the process (None: memory). `seed` is a mapping or a JSON file (None: what
    the store remembers, else the demo). `now` is the time in Unix seconds. Raises ValueError for a seed that does not
    hold, and OSError when the port is taken.
    """
    # Here and not above: whoever only names the sandbox does not pay for a web server.
    from campaignops.sandbox.pbx import Pbx  # noqa: PLC0415
    from campaignops.sandbox.running import Sandbox  # noqa: PLC0415
    from campaignops.sandbox.store import Store  # noqa: PLC0415

    opened = Store(store)
    try:
        return Sandbox(Pbx(opened, now, seed, personality), host, port)
    except BaseException:
        opened.close()
        raise


def serve(
    store: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: Mapping[str, Any] | Path | None = None,
    personality: Personality | None = None,
    on_ready: Callable[[Sandbox], None] = lambda _: None,
    until: threading.Event | None = None,
) -> None:
    """Run a sandbox until `until` is set or Ctrl-C; `on_ready` is called once, when it answers. Prints nothing."""
    with start(store, seed=seed, personality=personality, host=host, port=port) as sandbox:
        on_ready(sandbox)
        try:
            (until or threading.Event()).wait()
        except KeyboardInterrupt:
            return
