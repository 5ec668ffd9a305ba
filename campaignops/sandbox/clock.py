"""The time on the pretend PBX: a source of seconds, and an offset that tests may advance. Knows no campaigns."""

from __future__ import annotations

from collections.abc import Callable

from campaignops.sandbox.store import Store


class Clock:
    """Unix seconds. The offset lives in the store, so that time does not run backwards at the next start."""

    def __init__(self, now: Callable[[], float], store: Store) -> None:
        self._now = now
        self._store = store
        self.offset_s = float(store.meta("offset_s", 0.0))

    def now(self) -> float:
        return self._now() + self.offset_s

    def advance(self, seconds: float) -> float:
        """Move the clock forward and return the new time. Raises ValueError for a negative step."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self.offset_s += seconds
        self._store.set_meta("offset_s", self.offset_s)
        return self.now()
