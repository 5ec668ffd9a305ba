"""The pretend PBX as one value: store, clock, catalog, tokens, faults, personality. Knows no HTTP and no endpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaignops.sandbox import campaign_rows, sending
from campaignops.sandbox import seed as seeds
from campaignops.sandbox.answers import Json
from campaignops.sandbox.campaign_rows import Entry
from campaignops.sandbox.catalog import Catalog
from campaignops.sandbox.clock import Clock
from campaignops.sandbox.faults import Faults
from campaignops.sandbox.files import Part
from campaignops.sandbox.personality import Personality
from campaignops.sandbox.store import Store
from campaignops.sandbox.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as far as the PBX reads it. `broken`: the body was not what its Content-Type says."""

    query: Mapping[str, str]
    body: Json = field(default_factory=dict)
    files: tuple[Part, ...] = ()
    address: str = ""
    broken: bool = False


class Pbx:
    """State of one sandbox. Hold `lock` for every use from outside the server's thread, and within it too."""

    seed: seeds.Seed
    catalog: Catalog
    clock: Clock
    tokens: Tokens
    faults: Faults
    personality: Personality

    def __init__(
        self,
        store: Store,
        now: Callable[[], float],
        seed: seeds.Source = None,
        personality: Personality | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.store = store
        self._now = now
        self.started_at = now()
        self.epoch = 0
        """How often the sandbox was reset."""
        self._at_reset = (seeds.read(seed) or store.meta("seed", None), personality)
        self._prepare(*self._at_reset)

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        sending.settle(self.store, self.catalog, self.clock.now())

    def change(self, switches: Mapping[str, object]) -> None:
        """Set some switches. Raises ValueError."""
        self.personality = self.personality.changed(switches)
        self.store.set_meta("personality", self.personality.as_dict())

    def reset(
        self, seed: Mapping[str, Any] | None = None, personality: Mapping[str, object] | None = None
    ) -> None:
        """An empty PBX: nothing sent, nobody logged in, ids from the start. Raises ValueError, then nothing changed."""
        first_seed, first_personality = self._at_reset
        given = first_seed if seed is None else seeds.read(seed)
        switches = (first_personality or Personality()).changed(personality or {})
        seeds.complete(given)
        self.epoch += 1
        self.store.wipe()
        self._prepare(given, switches)

    def _prepare(self, given: Json | None, personality: Personality | None) -> None:
        """Take a seed (None: the demo), and a personality (None: what the store remembers)."""
        self.seed = seeds.complete(given)
        self.personality = personality or Personality().changed(self.store.meta("personality", {}))
        self.catalog = Catalog(self.seed)
        self.clock = Clock(self._now, self.store)
        self.tokens = Tokens(self.seed.client["id"], self.seed.client["secret"], self.clock)
        self.faults = Faults()
        with self.store.transaction():
            self.store.set_meta("personality", self.personality.as_dict())
            if given is not None:
                self.store.set_meta("seed", given)
            if not self.store.meta("seeded", False):
                self._insert_campaigns()

    def _insert_campaigns(self) -> None:
        now = self.clock.now()
        for each in self.seed.campaigns:
            fields = {name: value for name, value in each.items() if name != "status"}
            status = each.get("status", "draft")
            queued_at = fields.get("send_time", now) if status in ("scheduled", "pending") else None
            campaign_rows.insert(self.store, fields, Entry(status, queued_at), now)
        self.store.set_meta("seeded", True)
