"""What the PBX says now of what is recorded, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Edited:
    """A campaign that reads differently from what it was given. `fingerprint` is of what the PBX has now.

    `spec` is that in the shape of a manifest, None where no manifest can say it; `numbers` are its recipients, if they
    are numbers. `aliases` are other ways to say the same, by path: an id for a name, the only sender left out.
    """

    fingerprint: str
    spec: Mapping[str, Any] | None = None
    aliases: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Live:
    """What the PBX says now.

    `status` and `time_s` (Unix seconds) are by id. `names` has the ids of those that are not recorded, by exact name.
    `edited` has, by id, those recorded ones that read differently from what they were given.
    `unlisted` are recorded ids that the PBX has but does not list, or not yet.
    """

    status: Mapping[int, str]
    time_s: Mapping[int, int | None] = field(default_factory=dict)
    names: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    edited: Mapping[int, Edited] = field(default_factory=dict)
    unlisted: frozenset[int] = frozenset()
