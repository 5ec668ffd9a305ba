"""Processes in turn, the least of several rounds, and the table. It knows nothing of what is measured.

It imports little: a child counts this process' memory as its own until it is under way, so that a large one here would
hide what a small one there needs.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Taken:
    """The least that a process took over all rounds: time by the clock, time on a processor, and time on a processor by
    its own account; of peak memory, the most."""

    wall_s: float
    cpu_s: float
    inside_s: float
    peak_mib: float


@dataclass(frozen=True)
class Row:
    """One measure: a figure against a bound of the same run. `goal` None: there is none."""

    name: str
    what: str
    figure: float
    bound: float
    unit: str
    goal: float | None

    @property
    def ratio(self) -> float:
        return self.figure / self.bound


def in_turn(
    commands: Mapping[str, Sequence[str]], rounds: int, env: Mapping[str, str] | None = None
) -> dict[str, Taken]:
    """Every command once a round: A B C A B C …, so that a slow moment of the machine meets all of them."""
    taken: dict[str, list[Taken]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(once(command, env))
    return {
        name: Taken(
            min(one.wall_s for one in all_of_it),
            min(one.cpu_s for one in all_of_it),
            min(one.inside_s for one in all_of_it),
            max(one.peak_mib for one in all_of_it),
        )
        for name, all_of_it in taken.items()
    }


def once(command: Sequence[str], env: Mapping[str, str] | None = None) -> Taken:
    """Run it; anything but exit 0 ends the benchmark. `inside_s` is the `seconds` of its last line, if that is JSON."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
        text=True,
    ) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} exited {process.returncode}:\n{said[-2000:]}")
    last = said.rstrip().rpartition("\n")[2]
    inside_s = float(json.loads(last).get("seconds", 0)) if last.startswith("{") else 0.0
    return Taken(wall_s, usage.ru_utime + usage.ru_stime, inside_s, usage.ru_maxrss / 1024)


def table(rows: Iterable[Row]) -> str:
    """One line a measure, in aligned columns."""
    cells = [("", "measure", "figure", "bound", "ratio", "goal", "")]
    for row in rows:
        verdict = "" if row.goal is None else "ok" if row.ratio <= row.goal else "over"
        figure, bound = (_shown(value, row.unit) for value in (row.figure, row.bound))
        goal = "" if row.goal is None else f"{row.goal:.2f}"
        ratio = f"{row.ratio:.2f}" if row.unit else f"{row.ratio:.3f}"
        cells.append((row.name, row.what, figure, bound, ratio, goal, verdict))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        text = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(line[2:6], widths[2:6], strict=True)]
        lines.append("  ".join([*text, *numbers, line[6]]).rstrip())
    return "\n".join(lines)


def _shown(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:,.0f} {unit}".rstrip()
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} µs"
