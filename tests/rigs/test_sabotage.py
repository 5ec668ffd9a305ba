"""Rig of the rigs: each deliberate break of the real code (`breaks.txt`) is caught by one of them, for what it does;
when nothing is broken the same doses pass."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from campaignops.cli.entry import run
from tests import test_store_file
from tests.rigs import doses, sabotage, simulation, test_faults, test_processes, test_state_machine
from tests.rigs.network import Violation
from tests.rigs.sabotage import Break

HISTORIES = 2_000  # most breaks show in one of the first hundred
LIVES = 60
BREAKS = sabotage.read()
life = test_state_machine.life
pytestmark = pytest.mark.rig


@dataclass(frozen=True)
class Rigs:
    """Each plays its part of `broken`, and returns what its judge says."""

    broken: Break
    root: Path
    request: pytest.FixtureRequest

    def simulation(self) -> str:
        first = int(self.broken.where.removeprefix("from ") or 0)
        with sabotage.done(self.broken):
            for seed in range(first, first + HISTORIES):
                if complaint := _complaint(partial(simulation.play, seed)):
                    return f"RIG_SEED={seed}: {complaint}"
        return ""

    def faults(self) -> str:
        with sabotage.done(self.broken):
            return _complaint(partial(test_faults.play_cell, self.root, self.broken.where))

    def disk(self) -> str:
        test = getattr(test_store_file, self.broken.where)
        with sabotage.done(self.broken):
            return _complaint(partial(test, self.root / "state.json", test_store_file.a_document))

    def state_machine(self) -> str:
        life = self.request.getfixturevalue("life")
        play = partial(test_state_machine.live, life, LIVES, 30)
        if self.broken.where:
            play = partial(getattr(test_state_machine, self.broken.where), life, 1)
        with sabotage.done(self.broken):
            return _complaint(play)

    def concurrent(self) -> str:
        patch = self.request.getfixturevalue("monkeypatch")
        patch.setattr(test_processes, "AT_ONCE", 4)
        main = partial(sabotage.run_broken, self.broken.name) if self.broken.edits else run
        return _complaint(partial(test_processes.many_at_once, self.root / "project", doses.Tally(""), main))

    def play(self) -> str:
        said: str = getattr(self, self.broken.rig.replace(" ", "_"))()
        return said


def _complaint(play: Callable[[], object]) -> str:
    """What the judge says. Any other error is not its own, and fails the test."""
    try:
        play()
    except (Violation, AssertionError) as violation:
        return str(violation)
    return ""


@pytest.mark.parametrize("broken", BREAKS, ids=lambda each: each.name)
def test_a_break_is_caught(broken, tmp_path, request):
    with doses.tally("sabotage") as counted:
        counted.runs = 1
        complaint = Rigs(broken, tmp_path, request).play()
        if not re.search(broken.says, complaint):
            counted.failures.append(f"{broken.name}: not caught. {broken.rig}: {complaint or 'no complaint'}")


def test_what_is_not_broken_passes_the_same_doses(tmp_path, request):
    """The whole doses of simulation and state machine have tests of their own."""
    others = [each for each in BREAKS if each.rig not in ("simulation", "state machine")]
    for number, broken in enumerate({(each.rig, each.where): each for each in others}.values()):
        (root := tmp_path / str(number)).mkdir()
        assert Rigs(replace(broken, edits=()), root, request).play() == "", broken
