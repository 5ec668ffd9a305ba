"""Rig: deterministic simulation of the real plan and apply. A failing seed replays with RIG_SEED=seed RIG_RUNS=1."""

from __future__ import annotations

import pytest

from tests.rigs import simulation
from tests.rigs.doses import SHARES, seeds, tally


@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_happens_everybody_is_texted_once(share):
    _play(seeds("simulation", soak=False)[share::SHARES])


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_happens_everybody_is_texted_once_long(share):
    _play(seeds("simulation", soak=True)[share::SHARES])


def test_a_seed_replays_exactly():
    assert simulation.play(11) == simulation.play(11)


def _play(dose: range) -> None:
    with tally("simulation", dose.start) as counted:
        for seed in dose:
            try:
                simulation.play(seed)
            except Exception as error:  # noqa: BLE001 - the rig goes on and tells all
                notes = "\n".join(getattr(error, "__notes__", ()))
                counted.failures.append(
                    f"RIG_SEED={seed} RIG_RUNS=1: {type(error).__name__}: {error}\n{notes}"
                )
            counted.runs += 1


@pytest.mark.parametrize(
    "seed",
    [
        305488,  # a run that had deleted a spare draft took the release of another run, still under way, for its own
        303863,  # a spare draft was no longer known for one, as somebody had edited the campaign that it is a copy of
        401877,  # the same, after an update
        605962,  # a draft made way for a create that failed, and with it what was known of its spare drafts
        622623,  # it took 80 s to record a release, and the next run had waited from the beginning of that
        305366,  # a release that was held up for long arrived while the next run said that nothing was sent
        905738,  # what was said of a refused release was said of a lost one before it, too
        801354,  # what had been scheduled was sent while its new file was uploaded, and "nothing was sent" was said
        820181,  # a draft that was deleted to be made anew took with it what was known of its spare draft
        896655,  # a release of an earlier run arrived, while this run said that nothing was sent
        1106896,  # a run stood still before it deleted a draft to make it anew; somebody had released that
        1321536,  # the same, with a delete that arrived late
        1325221,  # the same, with a campaign that was scheduled
        1598850,  # a delete was lost, and arrived when what somebody had released meanwhile was sent
    ],
)
def test_what_once_went_wrong_does_so_no_more(seed):
    simulation.play(seed)
