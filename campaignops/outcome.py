"""What became of one call that changes the PBX: done, no effect, or unknown. Unknown is a value, not an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The PBX said that it did it."""

    value: T


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Nothing can have happened: nothing was sent, or the PBX refused with a code of the closed list.

    `ends_run`: no other call of this run can fare better (blocked address, API off, no connection).
    """

    reason: str
    code: int | None = None
    ends_run: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened. `code` is the errcode, if there was an answer at all; `is_late`: nothing came back in time,
    so the request may still be on its way."""

    reason: str
    code: int | None = None
    is_late: bool = True


Outcome: TypeAlias = Done[T] | NoEffect | Unknown
