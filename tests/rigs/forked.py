"""The real command in processes of its own, each forked from one that has loaded it already: a start costs little."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TypeAlias

from campaignops.cli.entry import run

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.rigs.warmed"])


Main: TypeAlias = Callable[[list[str]], int]


def start(
    words: Sequence[str],
    environment: Mapping[str, str],
    said: Path = Path(os.devnull),
    main: Main = run,
) -> ForkServerProcess:
    """`campaignops WORDS`; what it says, on both streams, goes to a file."""
    process = _FORKS.Process(target=_run, args=(main, list(words), dict(environment), said))
    process.start()
    return process


def _run(main: Main, words: list[str], environment: dict[str, str], said: Path) -> None:
    os.environ.update(environment)
    output = os.open(said, os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.exit(main(words))
