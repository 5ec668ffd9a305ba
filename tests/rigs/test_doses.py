"""The line of a rig says what the rig has done: each failure is counted, and fails the test, too."""

from __future__ import annotations

import pytest

from tests.rigs import doses
from tests.rigs.doses import tally


@pytest.fixture(autouse=True)
def _nothing_played(monkeypatch):
    monkeypatch.setattr(doses, "PLAYED", [])


def fails(seed: int) -> None:
    with tally("rig", seed) as counted:
        counted.runs = 2
        counted.failures.append(f"seed {seed}: twice")


def test_a_line_counts_the_runs_and_failures_of_all_parts():
    with tally("rig", 7) as counted:
        counted.runs = 3
    with pytest.raises(AssertionError, match="seed 9: twice"):
        fails(9)
    (line,) = doses.lines()
    assert line.startswith("rig: 5 runs, 1 failures, ")
    assert line.endswith(" s, seed 7")


@pytest.mark.parametrize("error", [AssertionError("wrong"), KeyError("defect"), KeyboardInterrupt()])
def test_an_error_that_ends_a_rig_is_a_failure_of_it(error):
    with pytest.raises(type(error)), tally("rig"):
        raise error
    assert "1 failures" in next(doses.lines())


def test_a_part_of_a_dose_is_played_from_its_seed(monkeypatch):
    monkeypatch.setenv("RIG_SEED", "5")
    monkeypatch.setenv("RIG_RUNS", "2")
    assert list(doses.seeds("simulation", soak=True)) == [5, 6]
    assert list(doses.part("abcdefghij")) == ["f", "g"]
