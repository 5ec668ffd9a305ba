"""What is measured from inside a process of its own, and what it is measured against.

python inside.py record|parse|plan|rows|numbers FOLDER, or cas FOLDER FOLDER        prints one JSON document
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

_STEPS = 40


def parse(folder: Path) -> dict[str, float]:
    """Read every manifest and parse it with ruamel.yaml's safe loader over its C parser; nothing else."""
    from ruamel.yaml import YAML

    load = YAML(typ="safe", pure=False).load
    started = time.process_time()
    for path in sorted(_manifests(str(folder))):
        with open(path, "rb") as file:  # noqa: PTH123
            load(file.read())
    return {"seconds": time.process_time() - started}


def rows(folder: Path) -> dict[str, float]:
    """Iterate csv.reader over the list; nothing else."""
    started = time.process_time()
    with open(folder / "people.csv", encoding="utf-8", newline="") as file:  # noqa: PTH123
        for _ in csv.reader(file):
            pass
    return {"seconds": time.process_time() - started}


def numbers(folder: Path) -> dict[str, float]:
    """Read the list as a campaign does: delimiter, column, E.164, duplicates, numbers that there cannot be."""
    from campaignops.audience import Wanted
    from campaignops.manifest.assets import Assets
    from campaignops.manifest.recipients import tables

    started = time.process_time()
    found, findings = tables.read(Assets(str(folder)), "people.csv", Wanted(limit=None))
    assert found
    assert not findings
    return {"seconds": time.process_time() - started}


def plan(folder: Path) -> dict[str, float]:
    """The offline plan, in a process that has made one of another project already: no import, no first time."""
    from tests.bench import corpus

    with tempfile.TemporaryDirectory() as other:
        _command("plan", "--offline", "-C", str(corpus.write(Path(other) / "one", 3)))
    started = time.process_time()
    _command("plan", "--offline", "--detailed-exitcode", "-C", str(folder))
    return {"seconds": time.process_time() - started}


def record(folder: Path) -> dict[str, int]:
    """Write the state that an apply of the project would leave: every campaign scheduled."""
    from campaignops import manifest, state
    from campaignops.model import At, Numbers
    from campaignops.state import Entry, Phase
    from campaignops.store import Write
    from campaignops.store.disk import Disk
    from campaignops.store.file import FileStore

    class Careless(Disk):
        def fsync(self, fd: int) -> None:
            pass  # 10,000 of them take a minute on a slow disk, and nothing here has to last

    project = manifest.load_project(folder)
    store = FileStore(project.state_path, "bench", Careless())
    first, version = store.read()
    desired = manifest.read(project)
    for number, campaign in enumerate(desired, 1):
        assert isinstance(campaign.audience, Numbers)
        assert isinstance(campaign.send, At)
        entry = Entry(
            campaign.key,
            campaign.name,
            campaign.type,
            Phase.RELEASED,
            number,
            state.digest(campaign, first.lineage),
            fingerprint="0" * 32,
            send="at",
            time_s=campaign.send.time_s,
            recipients=len(campaign.audience.numbers),
            status="scheduled",
            at="2030-01-01T00:00:00Z",
            run="0" * 16,
            audience=state.audience_digests(campaign.audience.numbers, first.lineage),
            spec=json.dumps(state.spec(campaign)),
        )
        version = store.cas(version, first, Write(campaign.key, entry))
    store.settle()
    assert not desired.findings
    return {"serial": version.serial}


def cas(*folders: Path) -> dict[str, float]:
    """For each folder in turn one write of its state, then a bare write + fsync of as many bytes; the medians."""
    writers = [_writer(folder) for folder in folders]
    spent = [[next(writer) for writer in writers for _ in ("cas", "bare")] for _ in range(_STEPS)]
    names = [f"{what} {folder.name}" for folder in folders for what in ("cas", "bare")]
    return {name: median(times) for name, times in zip(names, zip(*spent[1:], strict=True), strict=True)}


def _writer(folder: Path) -> Iterator[float]:
    """The seconds of a write of the state, of a bare write, of a write of the state, …"""
    from campaignops import manifest
    from campaignops.store import Write
    from campaignops.store.file import FileStore

    store = FileStore(manifest.load_project(folder).state_path, "bench")
    first, version = store.read()
    entry = next(iter(first.campaigns.values()))
    with open(folder / "bare", "ab", buffering=0) as bare:  # noqa: PTH123
        while True:
            entry = replace(entry, at=f"2030-01-01T00:00:{version.serial % 60:02d}Z")
            before, started = _size(folder), time.perf_counter()
            version = store.cas(version, first, Write(entry.key, entry))
            yield time.perf_counter() - started
            line = b"x" * max(_size(folder) - before, 1)
            started = time.perf_counter()
            bare.write(line)
            os.fsync(bare.fileno())
            yield time.perf_counter() - started


def _size(folder: Path) -> int:
    """How many bytes the state has by now."""
    return sum(path.stat().st_size for path in folder.glob("campaignops.state.json*"))


def _manifests(folder: str) -> list[str]:
    found = []
    for entry in os.scandir(folder):
        if entry.is_dir():
            found += _manifests(entry.path)
        elif entry.name.endswith(".yaml") and entry.name != "campaignops.yaml":
            found.append(entry.path)
    return found


def _command(*words: str) -> None:
    from campaignops.__main__ import main

    sys.argv[1:] = words
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123
        code = main()
    assert code == 0 or "--detailed-exitcode" not in words, f"exit {code}"


_WAYS: dict[str, Callable[..., dict[str, Any]]] = {
    "record": record,
    "parse": parse,
    "plan": plan,
    "cas": cas,
    "rows": rows,
    "numbers": numbers,
}

if __name__ == "__main__":
    print(json.dumps(_WAYS[sys.argv[1]](*map(Path, sys.argv[2:]))))
