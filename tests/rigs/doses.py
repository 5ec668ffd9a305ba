"""How much each rig does: a small dose in `make test`, a long one in `make soak`. And the line that each rig prints.

RIG_SEED=17 begins with that seed, RIG_RUNS=1 stops after one run: so a failing seed is replayed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

DOSES = {  # rig: (small, soak)
    "simulation": (2_000, 200_000),
    "kill": (100, 10_000),
    "concurrent": (20, 500),
}
LINES: list[str] = []  # printed at the end, by conftest.py


@dataclass
class Tally:
    """What one rig has done. A failure is the words that name it and how to replay it."""

    rig: str
    seed: int = 0
    runs: int = 0
    failures: list[str] = field(default_factory=list)


def seeds(rig: str, *, soak: bool) -> range:
    first = int(os.environ.get("RIG_SEED", "0"))
    return range(first, first + int(os.environ.get("RIG_RUNS", DOSES[rig][soak])))


@contextmanager
def tally(rig: str, seed: int = 0) -> Iterator[Tally]:
    """Count the runs and failures of a rig, note its line, and fail if there was a failure."""
    began = time.monotonic()
    counted = Tally(rig, seed)
    try:
        yield counted
    finally:
        seconds = time.monotonic() - began
        LINES.append(
            f"{rig}: {counted.runs} runs, {len(counted.failures)} failures, {seconds:.1f} s, seed {seed}"
        )
    assert not counted.failures, "\n\n".join(counted.failures[:20])
