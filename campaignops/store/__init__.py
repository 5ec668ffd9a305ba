"""Where the state lives: three verbs that every place must offer. `file` is a file beside the manifests.

Correctness rests on `cas` alone: a write is accepted only from the version that was read. The lock only spares people
the conflict.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from campaignops.state import Entry, Pbx, State


@dataclass(frozen=True, slots=True)
class Version:
    """What a reader saw. `lineage` None: there was no state yet."""

    lineage: str | None
    serial: int


@dataclass(frozen=True, slots=True)
class Write:
    """One step of one campaign: its new entry, or None when the entry goes. A `pbx` binds the state to it.

    With `plan`, the digest of a saved plan, it says that this plan is used up now, and nothing of any campaign: its key
    is empty.

    With `moved_from` the entry under that key goes in the same step, and `entry`, never None then, is its successor
    under `key`: it has the same id, and it may be the same in all but its key, whatever its phase.
    """

    key: str
    entry: Entry | None
    pbx: Pbx | None = None
    moved_from: str | None = None
    plan: str | None = None


class Store(Protocol):
    def read(self) -> tuple[State, Version]:
        """The state and its version. Raises StateError for anything but a sound state or none at all."""

    def cas(self, version: Version, state: State, write: Write) -> Version:
        """Make `write` durable if the store is still at `version`, else raise StateError (CMP704). `state` is what was
        read at the start; it gives the lineage of the first write."""

    def lock(self, command: str, timeout_s: float) -> AbstractContextManager[None]:
        """Hold the state for one apply. Raises LockedError (exit 12) when somebody else holds it after `timeout_s`."""

    def back_up(self) -> None:
        """Called once before the first write of a run: keep what it found."""

    def settle(self) -> None:
        """Called once when an apply ends: bring the stored form into its resting shape."""
