"""What several tests share: an option, a PBX of the test, a project that uses it. And the line that each rig prints."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings, strategies

from campaignops import sandbox
from campaignops.sandbox.running import Sandbox
from tests import warmed
from tests.command_line import Project
from tests.rigs import doses
from tests.rigs.shelves import IN_MEMORY

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")
ROOM_BYTES = 2**30


signal.signal(
    signal.SIGINT, signal.default_int_handler
)  # a shell that starts us in the background ignores Ctrl-C


def pytest_configure() -> None:
    """A worker stays on one core: with as many of them as cores, to be moved about costs a quarter of the time. So does
    it to wait for a disk, of which each apply syncs a few files."""
    if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM_BYTES:
        tempfile.tempdir = os.environ.setdefault("TMPDIR", str(IN_MEMORY))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker) % len(cores)]})


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker pytest-cov begins to measure twice, and of the two `no_cover` stops only the second."""
    first = coverage.Coverage.current()
    if first is not None and hasattr(session.config, "workerinput"):
        first.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is played many times is not looked at for coverage, which takes half of it."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """What was collected stays: thousands of tests, through which each garbage collection would go again. Where the
    coverage is measured, a module is loaded before a test that is not measured loads it; and hypothesis makes its table
    of all characters while nothing is, for else it takes three times as long."""
    gc.collect()
    gc.freeze()
    if measured := coverage.Coverage.current():
        warmed.load()
        measured.stop()
        strategies.text().validate()
        measured.start()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden files and README outputs")


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A PBX with the demo's channels; its credentials are in the environment."""
    with sandbox.start() as box:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", box.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", box.client_secret)
        yield box


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    """A project of that PBX, without a manifest."""
    return Project(tmp_path / "project", box.url)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["rigs"] = doses.PLAYED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    doses.PLAYED.extend(getattr(node, "workeroutput", {}).get("rigs", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in doses.lines():
        terminalreporter.write_line(line)
