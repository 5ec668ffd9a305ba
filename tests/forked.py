"""The real command in processes of its own, each forked from one that has loaded it already: a start costs little.

That one is tests/warmed.py. It is told over a socket what to run, answers the pid at once and the exit code in the end.
"""

from __future__ import annotations

import marshal
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from select import select
from signal import SIGKILL
from tempfile import mkdtemp
from typing import TypeAlias

from campaignops.cli.entry import run

Main: TypeAlias = Callable[[list[str]], int]
ROOT = Path(__file__).parents[1]
# What a shell runs in place of the command. It loads next to nothing, or little would be won.
_COMMAND = """\
#!{python} -IS
import marshal, os, socket, sys
order = marshal.dumps((sys.argv[1:], os.getcwd(), dict(os.environ), b""))
with socket.socket(socket.AF_UNIX) as line:
    line.connect({door!r})
    socket.send_fds(line, [len(order).to_bytes(4, "big")], [0, 1, 2])
    line.sendall(order)
    line.recv(4)
    code = int.from_bytes(line.recv(4), "big", signed=True)
os.kill(os.getpid(), -code) if code < 0 else sys.exit(code)
"""


class Started:
    """A process of the command. `exitcode` is known once it has been joined; -9 after a SIGKILL."""

    exitcode: int | None = None

    def __init__(self, order: bytes, streams: list[int]) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(_warmed()[0])
        socket.send_fds(self._line, [len(order).to_bytes(4, "big")], streams)
        self._line.sendall(order)
        self._pid = int.from_bytes(self._line.recv(4), "big")

    def is_alive(self) -> bool:
        return self.exitcode is None and not select([self._line], [], [], 0)[0]

    def kill(self) -> None:
        if self.is_alive():
            os.kill(self._pid, SIGKILL)

    def join(self) -> None:
        if self.exitcode is None:
            self.exitcode = int.from_bytes(self._line.recv(4), "big", signed=True)
            self._line.close()


def start(
    words: Sequence[str],
    environment: Mapping[str, str],
    said: Path = Path(os.devnull),
    main: Main = run,
) -> Started:
    """`campaignops WORDS`, or `main(WORDS)`; what it says, on both streams, goes to a file."""
    order = (list(words), str(Path.cwd()), {**os.environ, **environment}, pickle.dumps(main))
    with Path(os.devnull).open() as nothing, said.open("w") as output:
        return Started(marshal.dumps(order), [nothing.fileno(), output.fileno(), output.fileno()])


def write_command(path: Path) -> None:
    """A file that is `campaignops` to a shell. What it runs is no descendant of that shell."""
    path.write_text(_COMMAND.format(python=sys.executable, door=_warmed()[0]))
    path.chmod(0o755)


@cache
def _warmed() -> tuple[str, subprocess.Popen[bytes]]:
    """The process from which all are forked, and where it listens; it ends when its stdin does, with this one."""
    door = f"{mkdtemp(prefix='warm')}/door"  # a short path: those of sockets may not be longer
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.warmed", door],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return door, process
