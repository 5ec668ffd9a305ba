"""The real command in processes of its own, each forked from one that has loaded it already: a start costs little."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess

from campaignops.cli.entry import run

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.rigs.warmed"])


def start(words: Sequence[str], environment: Mapping[str, str]) -> ForkServerProcess:
    """`campaignops WORDS`, which says nothing."""
    process = _FORKS.Process(target=_run, args=(list(words), dict(environment)))
    process.start()
    return process


def _run(words: list[str], environment: dict[str, str]) -> None:
    os.environ.update(environment)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.exit(run(words))
