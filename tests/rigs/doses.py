"""How much each rig does: a small dose in `make test`, a long one in `make soak`. And the line that each rig prints.

RIG_SEED=17 begins with that seed (or that world, or cell, of those that are numbered), RIG_RUNS=1 stops after one run.
So a failing one is replayed, and a long dose is played in parts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

DOSES = {  # rig: (small, soak)
    "simulation": (2_000, 200_000),
    "several campaigns": (200, 100_000),
    "kill": (100, 10_000),
    "concurrent": (20, 500),
    "state machine": (200, 10_000),
    "halted lives": (25, 3_000),
    "fuzz": (0, 100_000),  # of each kind of file
}
SHARES = 4  # of a long dose, for workers to play at the same time
PLAYED: list[
    tuple[str, int, int, float, int]
] = []  # rig, runs, failures, seconds, seed; shown by conftest.py


@dataclass
class Tally:
    """What one rig has done. A failure is the words that name it and how to replay it."""

    rig: str
    seed: int = 0
    runs: int = 0
    failures: list[str] = field(default_factory=list)


def runs(rig: str, *, soak: bool) -> int:
    return int(os.environ.get("RIG_RUNS", DOSES[rig][soak]))


def first_seed() -> int:
    return int(os.environ.get("RIG_SEED", "0"))


def seeds(rig: str, *, soak: bool) -> range:
    return range(first_seed(), first_seed() + runs(rig, soak=soak))


def part(everything: Iterable[T]) -> Iterator[T]:
    """Of what a rig plays one by one and whole, the part that is asked for."""
    count = os.environ.get("RIG_RUNS")
    return islice(everything, first_seed(), first_seed() + int(count) if count else None)


@contextmanager
def tally(rig: str, seed: int = 0) -> Iterator[Tally]:
    """Count the runs and failures of a rig, or of a part of it, and fail if there was a failure. An error that ends the
    rig is one, too."""
    began = time.monotonic()
    counted = Tally(rig, seed)
    try:
        yield counted
    except BaseException as error:
        counted.failures.append(f"{type(error).__name__}: {error}")
        raise
    finally:
        seconds = time.monotonic() - began
        PLAYED.append((rig, counted.runs, len(counted.failures), seconds, counted.seed))
    assert not counted.failures, "\n\n".join(counted.failures[:20])


def lines() -> Iterator[str]:
    """One line a rig, its parts taken together."""
    for rig in dict.fromkeys(rig for rig, *_ in PLAYED):
        _, count, failures, seconds, seeds = zip(*(each for each in PLAYED if each[0] == rig), strict=True)
        words = f"{sum(count):,} runs, {sum(failures)} failures, {sum(seconds):.1f} s, seed {min(seeds)}"
        yield f"{rig}: {words}"
