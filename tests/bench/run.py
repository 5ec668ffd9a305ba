"""`make bench`: how the package scales, each measure against a bound that is taken in the same run.

A goal missed is printed and fails nothing: a machine has bad minutes. Anything broken ends it with an error.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corpus
from tests.bench.pbx import sandbox
from tests.bench.timing import Row, in_turn, once, table

HERE = Path(__file__).parent
PYTHON = [sys.executable]
TOOL = [str(Path(sys.executable).with_name("campaignops"))]
INSIDE = [*PYTHON, str(HERE / "inside.py")]


@dataclass(frozen=True)
class Dose:
    """How much: rounds of start-up, rounds for each size of project, sizes with a PBX, sizes of states written to, how
    many numbers a list has, and how many campaigns for 1,000 people are guarded."""

    starts: int
    offline: dict[int, int]
    online: tuple[int, ...]
    recorded: tuple[int, int]
    listed: int
    guarded: int


DOSES = {
    "quick": Dose(5, {100: 5, 1_000: 3}, (100,), (10, 1_000), 100_000, 50),
    "usual": Dose(15, {100: 9, 1_000: 7, 10_000: 4}, (100, 1_000), (10, 10_000), 1_000_000, 1_000),
    "full": Dose(15, {100: 9, 1_000: 7, 10_000: 4, 100_000: 1}, (100, 1_000), (10, 10_000), 1_000_000, 1_000),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_const", const="quick", dest="dose", help="under a minute")
    size.add_argument(
        "--full", action="store_const", const="full", dest="dose", help="100,000 campaigns, too"
    )
    parser.set_defaults(dose="usual")
    dose = DOSES[parser.parse_args().dose]
    started = time.perf_counter()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="campaignops-bench-") as folder:
        for part in (starts, findings, offline, writes, lists, guarded, online, slow):
            for row in part(dose, Path(folder)):
                print(f"{time.perf_counter() - started:4.0f} s  {row.name}  {row.what}", file=sys.stderr)
                rows.append(row)
    print(f"{table(rows)}\n\n{_NOTES}")


_NOTES = """\
Each figure is the least of several rounds, in which it and its bound were taken in turn. Only the ratios travel. Of
what waits for nobody the time on a processor is told, of the rest the time by the clock.
S   start-up, against `python -c pass`
P   a plan in which nothing changes: P1 against parsing the same files with ruamel.yaml's safe loader in C, with a PBX
    against the offline plan and its requests, each as long as the shortest takes; P9 growth; P10 peak memory
A   an apply that creates and schedules: A1 against the fewest requests that do it, and their time as in P1; A2 the
    same with a PBX that takes 20 ms longer for each
R   a recipient file: R1 reading and checking it against iterating `csv.reader` over it; R2 peak memory
G   a plan that is looked at by every guardrail, against validate, which reads and checks the same
V   `validate` where every manifest has a mistake, against the same without
W   one step written to the state, against a bare write + fsync of as many bytes in the same folder"""


def starts(dose: Dose, _: Path) -> Iterator[Row]:
    """What a shell or a pipeline waits for before anything happens."""
    words = {"--version": ("S1", 1.3), "--help": ("S2", 1.4), "plan --help": ("S2", 2.8)}
    commands = {"pass": [*PYTHON, "-c", "pass"]}
    for word in words:
        commands[word] = [*TOOL, *word.split()]
        commands[f"-m {word}"] = [*PYTHON, "-m", "campaignops", *word.split()]
    taken = in_turn(commands, dose.starts)
    # The script that an old pip writes imports `re` for nothing, and `-m` costs a search for the module.
    slack = 0.6 if "import re" in Path(TOOL[0]).read_text() else 0.0
    for word, (name, goal) in words.items():
        for form, extra in ((word, slack), (f"-m {word}", 0.6)):
            shown = f"campaignops {word}" if form == word else f"python -m campaignops {word}"
            yield Row(name, shown, taken[form].cpu_s, taken["pass"].cpu_s, "s", goal + extra)


def offline(dose: Dose, folder: Path) -> Iterator[Row]:
    """A plan without a PBX, in which nothing changes."""
    share_s: dict[int, float] = {}
    for count, rounds in dose.offline.items():
        project = str(corpus.write(folder / f"offline-{count}", count))
        once([*INSIDE, "record", project])
        commands = {
            "parse": [*INSIDE, "parse", project],
            "plan": [*TOOL, "plan", "--offline", "--detailed-exitcode", "-C", project],
            "inside": [*INSIDE, "plan", project],
        }
        taken = in_turn(commands, rounds)
        parse, plan, inside_s = taken["parse"], taken["plan"], taken["inside"].inside_s
        share_s[count] = inside_s / count
        what = f"plan --offline of {count:,}"
        yield Row("P1", what, plan.cpu_s, parse.cpu_s, "s", None if count == 100 else 0.8)
        yield Row("P1", f"{what}, start-up aside", inside_s, parse.inside_s, "s", 0.8)
        if count in _LIMITS_MIB:
            yield Row("P10", f"memory of {what}", plan.peak_mib, _LIMITS_MIB[count], "MiB", 1.0)
    *_, fewer, more = share_s
    what = f"a campaign's share of that, of {more:,} over of {fewer:,}"
    yield Row("P9", what, share_s[more], share_s[fewer], "s", 1.15)


def findings(dose: Dose, folder: Path) -> Iterator[Row]:
    """What it costs that something is wrong in each of 1,000 manifests."""
    good, bad = corpus.write(folder / "good", 1_000), corpus.spoil(corpus.write(folder / "bad", 1_000))
    validate = f"{TOOL[0]} validate -C"
    taken = in_turn(
        {"good": ["sh", "-c", f"{validate} {good}"], "bad": ["sh", "-c", f"! {validate} {bad}"]}, _ROUNDS
    )
    yield Row(
        "V1", "validate of 1,000 with 1,000 findings", taken["bad"].cpu_s, taken["good"].cpu_s, "s", 1.3
    )


_LIMITS_MIB = {1_000: 48, 10_000: 64, 100_000: 200}
_LIMIT_ONLINE_MIB = 64


def online(dose: Dose, folder: Path) -> Iterator[Row]:
    """An apply to an empty PBX, then a plan of what was applied."""
    for count in dose.online:
        project = folder / f"online-{count}"
        with sandbox(TOOL) as pbx:
            corpus.write(project, count, pbx.url)
            request_s = pbx.request_s(200)
            before = pbx.requests()
            apply = once(_apply(project), pbx.env)
            sent = pbx.requests() - before
            taken = in_turn(_plans(project), _ROUNDS, pbx.env)
            asked = (pbx.requests() - before - sent) // _ROUNDS
        alone_s, plan = taken["offline"].wall_s, taken["plan"]
        if count == 100:
            must = requests_of_an_apply(count)
            yield Row("A1", f"requests of an apply of {count}", sent, must, "", 1.0)
            yield Row("A1", f"apply of {count}", apply.wall_s, alone_s + must * request_s, "s", None)
        what = f"plan of {count:,} with a PBX"
        yield Row("P1", f"{what}, {asked} requests", plan.wall_s, alone_s + asked * request_s, "s", None)
        if count == 1_000:
            yield Row("P10", f"memory of {what}", plan.peak_mib, _LIMIT_ONLINE_MIB, "MiB", 1.0)


def slow(dose: Dose, folder: Path) -> Iterator[Row]:
    """An apply to a PBX that takes its time, so that its requests are what it costs."""
    must = requests_of_an_apply(100)
    with sandbox(TOOL) as pbx:
        project = corpus.write(folder / "slow", 100, pbx.url)
        pbx.slow_down(2 * must, 0.02)
        request_s = pbx.request_s(20)
        apply = once(_apply(project), pbx.env)
    alone = in_turn({"offline": _plans(project)["offline"]}, _ROUNDS)["offline"]
    bound_s = alone.wall_s + must * request_s
    yield Row("A2", "apply of 100 at 20 ms a request", apply.wall_s, bound_s, "s", 1.12)


_ROUNDS = 5


def _apply(project: Path) -> list[str]:
    return [*TOOL, "apply", "--auto-approve", "-q", "-C", str(project)]


def _plans(project: Path) -> dict[str, list[str]]:
    """With and without the PBX; each fails when it finds a change."""
    plan = [*TOOL, "plan", "--detailed-exitcode", "-C", str(project)]
    return {"plan": plan, "offline": [*plan, "--offline"]}


def requests_of_an_apply(count: int) -> int:
    """The least that an apply of `count` campaigns of the corpus to an empty PBX can do with."""
    session = 1 + 1 + 1  # login, information about the PBX, logout
    listed = 1  # the one page of the campaigns that are there
    channels = 1 + 2  # their list, and the details of the two that are used
    lookups = 1 + 1  # one template, one extension
    uploads = 1  # one picture
    proof = 2  # once a run: that an update replaces, and does not add to what is there
    again = 1  # the templates once more, before the first release
    return (
        session + listed + channels + lookups + uploads + proof + again + 3 * count
    )  # create, read back, release


def writes(dose: Dose, folder: Path) -> Iterator[Row]:
    """What a step of an apply costs on disk, with few and with many recorded campaigns."""
    projects = [folder / f"offline-{count}" for count in dose.recorded]
    for count, project in zip(dose.recorded, projects, strict=True):
        if not project.exists():
            once([*INSIDE, "record", str(corpus.write(project, count))])
    command = [*INSIDE, "cas", *map(str, projects)]
    taken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    few, many = dose.recorded
    small, large = (project.name for project in projects)
    yield Row("W1", f"a write to a state of {few:,}", taken[f"cas {small}"], taken[f"bare {small}"], "s", 2.5)
    yield Row(
        "W1", f"a write to a state of {many:,}", taken[f"cas {large}"], taken[f"bare {large}"], "s", 2.5
    )
    what = f"the same, to {many:,} over to {few:,}"
    yield Row("W2", what, taken[f"cas {large}"], taken[f"cas {small}"], "s", 1.1)


def lists(dose: Dose, folder: Path) -> Iterator[Row]:
    """A list that is cut into campaigns of 1,000."""
    project = corpus.write_list(folder / "list", dose.listed)
    commands = {
        "rows": [*INSIDE, "rows", str(project)],
        "numbers": [*INSIDE, "numbers", str(project)],
        "plan": [*TOOL, "plan", "--offline", "-q", "-C", str(project)],
    }
    taken = in_turn(commands, _ROUNDS)
    what = f"a list of {dose.listed:,}"
    yield Row("R1", what, taken["numbers"].inside_s, taken["rows"].inside_s, "s", 4.0)
    yield Row("R1", f"plan --offline of {what}", taken["plan"].cpu_s, taken["rows"].inside_s, "s", None)
    if dose.listed == 1_000_000:
        yield Row("R2", f"memory of {what}", taken["numbers"].peak_mib, 120, "MiB", 1.0)
        yield Row("R2", f"memory of plan --offline of {what}", taken["plan"].peak_mib, 220, "MiB", 1.0)


def guarded(dose: Dose, folder: Path) -> Iterator[Row]:
    """What it costs to tell whom a plan reaches, where and when, with every guardrail, against reading the same."""
    project = corpus.write_guarded(folder / "guarded", dose.guarded)
    commands = {
        "validate": [*TOOL, "validate", "-q", "-C", str(project)],
        "plan": [*TOOL, "plan", "--offline", "-q", "-C", str(project)],
    }
    taken = in_turn(commands, _ROUNDS)
    what = f"plan --offline of {dose.guarded:,} for 1,000 people each, guarded"
    yield Row("G1", what, taken["plan"].cpu_s, taken["validate"].cpu_s, "s", 3.0)
    if dose.guarded == 1_000:
        yield Row("G2", f"memory of {what}", taken["plan"].peak_mib, 200, "MiB", 1.0)


if __name__ == "__main__":
    main()
