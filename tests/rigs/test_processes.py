"""Rigs with the real command in processes of its own: killed at random moments, and many of them at once.

The sandbox runs here, so its ledger outlives whatever is killed. What killed runs have left, one further run must
settle, two minutes later: that long a release may still be on its way.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from signal import SIGKILL

import httpx
import pytest

from campaignops import manifest, sandbox
from campaignops.cli import planning
from campaignops.cli.entry import run
from campaignops.sandbox.running import Sandbox
from tests import forked
from tests.rigs.doses import SHARES, Tally, seeds, tally
from tests.rigs.stage import PICTURE, Clock, Stage, everybody

AT_ONCE = 20
KILLS = 2  # of one project
REQUESTS = 20  # about as many as a run here sends
SLOW_S = 0.02
SETTINGS = """\
pbx: {{url: "{url}", delivery: staged}}
state: state.json
"""
CAMPAIGN = """\
  {key}:
    type: sms
    channel: Main SMS
    recipients: {{numbers: ["+12025550140", "+12025550141"]}}
    message: {message}
    send: {send}
    session: direct
"""
SOAK = pytest.param(True, marks=[pytest.mark.soak, pytest.mark.timeout(0)])


class Shifted(Clock):
    """The real time, which a process of its own has too, and what was slept here on top."""

    def now(self) -> float:
        return time.time() + self.now_s

    def pbx_now(self) -> float:
        return self.now()


@contextmanager
def a_project(root: Path, sends: list[str]) -> Iterator[Stage]:
    """A project with one campaign for each of `sends`; the first one sends a file."""
    (root / "assets").mkdir(parents=True)
    (root / "assets" / "a.jpeg").write_bytes(PICTURE)
    clock = Shifted(0)
    with sandbox.start(now=clock.now) as box:
        messages = ["{file: assets/a.jpeg}", *["{text: Hello}"] * len(sends)]
        blocks = [
            CAMPAIGN.format(key=f"c{number}", message=message, send=send)
            for number, (send, message) in enumerate(zip(sends, messages, strict=False))
        ]
        (root / "campaignops.yaml").write_text(SETTINGS.format(url=box.url))
        (root / "a.yaml").write_text("campaigns:\n" + "".join(blocks))
        yield Stage(root, box, clock)


def applied(stage: Stage) -> list[str]:
    return ["-C", str(stage.root), "apply", "--auto-approve"]


def credentials(stage: Stage) -> dict[str, str]:
    return {
        "CAMPAIGNOPS_CLIENT_ID": stage.box.client_id,
        "CAMPAIGNOPS_CLIENT_SECRET": stage.box.client_secret,
    }


def settled(stage: Stage, keys: list[str]) -> None:
    """One further run has nothing left to do, the next one finds nothing, and everybody got the message once."""
    project = manifest.load_project(stage.root, None, {}, [], {})
    campaigns = planning.read(project).campaigns
    run = stage.apply(*campaigns)
    assert run.error is None, run.error
    assert set(run.outcomes) == {"done"}, run.said
    again = stage.apply(*campaigns)
    assert again.made is not None
    assert again.made.effects == ()
    texted = stage.texted()
    assert texted == everybody(*keys), f"texted were {texted}"
    assert set(stage.campaigns()) == {entry.id for entry in stage.state.campaigns.values()}


# -- killed ----------------------------------------------------------------------------------------------------------


def kill_one(root: Path, seed: int) -> None:
    """Two runs of one project are killed; then one goes through."""
    rng = Random(seed)
    later = f"{{at: {int(time.time()) + 86_400}}}"
    sends = [rng.choice(("draft", "now", later)) for _ in range(rng.choice((1, 1, 2)))]
    with a_project(root, sends) as stage:
        for _ in range(KILLS):
            _kill_a_run(stage, rng)
        stage.clock.sleep(130)
        settled(stage, [f"c{number}" for number, send in enumerate(sends) if send != "draft"])


def _kill_a_run(stage: Stage, rng: Random) -> None:
    """When it has sent so many requests, of which the last takes a little longer, before or after it is worked on."""
    request = rng.randrange(1, REQUESTS)
    stage.box.inject("*", request, **{rng.choice(("delay_before_s", "delay_after_s")): SLOW_S})
    count = len(stage.box.requests()) + request
    process = forked.start(applied(stage), credentials(stage))
    _wait_for_requests(stage.box, process, count)
    time.sleep(rng.uniform(0, 1.5 * SLOW_S))
    process.kill()
    process.join()
    assert process.exitcode in (0, -SIGKILL), f"it ended by itself, with {process.exitcode}"


def _wait_for_requests(box: Sandbox, process: forked.Started, count: int) -> None:
    while process.is_alive() and not box.requests(count - 1):
        time.sleep(0.0005)


# In shares, which workers play at the same time.
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("soak", [False, SOAK])
def test_killed_anywhere_it_takes_one_further_run(tmp_path, soak, share):
    dose = seeds("kill", soak=soak)[::KILLS][share::SHARES]
    with tally("kill", dose.start) as counted:
        for seed in dose:
            try:
                kill_one(tmp_path / f"{seed}", seed)
            except AssertionError as error:
                counted.failures.append(f"RIG_SEED={seed} RIG_RUNS=1 (about the same moment): {error}")
            counted.runs += KILLS


# -- at once ---------------------------------------------------------------------------------------------------------


def many_at_once(root: Path, counted: Tally, main: forked.Main = run) -> None:
    """Half of them wait for the lock; the others are told at once that somebody holds it."""
    with a_project(root, ["now", f"{{at: {int(time.time()) + 86_400}}}"]) as stage:
        stage.box.inject("message_campaign/create", delay_after_s=2)  # so that all of them are there
        waits = [["--lock-timeout", "100s"], []] * (AT_ONCE // 2)
        outputs = [root / f"{number}.txt" for number in range(AT_ONCE)]
        processes = [
            forked.start(applied(stage) + words, credentials(stage), output, main)
            for words, output in zip(waits, outputs, strict=True)
        ]
        for process in processes:
            process.join()
        said = [output.read_text() for output in outputs]
        counted.runs += len(processes)
        codes = [process.exitcode for process in processes]
        stage.clock.sleep(60)
        twice = [whom for whom, count in Counter(_texted(stage.box)).items() if count > 1]
        assert not twice, f"texted twice: {twice}"
        assert set(codes) <= {0, 12}, f"the runs ended with {codes}: {said}"
        assert set(codes[::2]) == {0}, f"the runs that wait ended with {codes[::2]}: {said}"
        assert (peak := _peak_of_tokens(stage.box)) <= 2, f"{peak} tokens were alive"
        settled(stage, ["c0", "c1"])


def _texted(box: Sandbox) -> list[tuple[str, str]]:
    return [(row["campaign_name"], row["number"]) for row in box.ledger()]


def _peak_of_tokens(box: Sandbox) -> int:
    peak: int = httpx.get(f"{box.url}/_sandbox/status").json()["tokens_alive_peak"]
    return peak


@pytest.mark.parametrize("soak", [False, SOAK])
def test_many_at_once_text_everybody_once(tmp_path, soak):
    with tally("concurrent") as counted:
        for number in seeds("concurrent", soak=soak)[::AT_ONCE]:
            try:
                many_at_once(tmp_path / f"{number}", counted)
            except AssertionError as error:
                counted.failures.append(str(error))
