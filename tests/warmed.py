"""The process that those of tests/forked.py are forked from: what each of them would load and build for itself,
modules, adapters, tables and connections, is there already. `python -m tests.warmed SOCKET`."""

from __future__ import annotations

import gc
import marshal
import os
import pickle
import pkgutil
import shutil
import socket
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory

import campaignops
from campaignops.__main__ import main as campaignops_main
from campaignops.audience.countries import home
from campaignops.cli.entry import run

NOBODY = "http://127.0.0.1:9"  # listens there: the plan gets as far as its first request
PROJECT = {
    "campaignops.yaml": f"pbx: {{url: '{NOBODY}'}}",
    "a.yaml": """\
campaigns:
  c:
    {type: sms, channel: SMS, recipients: {numbers: ['+12025550140']}, message: {text: Hi}, send: now, session: direct}
""",
}


def load() -> None:
    """All of the package, also what it loads only when it needs it."""
    for module in pkgutil.walk_packages(campaignops.__path__, "campaignops."):
        import_module(module.name)


def warm() -> None:
    load()
    home("+12025550140")
    keys = {"CAMPAIGNOPS_CLIENT_ID": "id", "CAMPAIGNOPS_CLIENT_SECRET": "secret"}
    before = dict(os.environ)
    with TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        for name, text in PROJECT.items():
            (Path(folder) / name).write_text(text)
        os.environ.update(keys)
        run(["-C", folder, "apply", "--auto-approve"])
    _set_environment(before)
    gc.freeze()  # a collection would copy every page


def serve(door: str) -> None:
    """Until stdin ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(door)
        listener.listen()
        print("ready", flush=True)
        while listener in select([listener, sys.stdin], [], [])[0]:
            line, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _keep(line)
            line.close()
            _reap()
    shutil.rmtree(Path(door).parent)


def _keep(line: socket.socket) -> None:
    """Fork the command and tell how it ends."""
    head, given, *_ = socket.recv_fds(line, 4, 3)
    order = b""
    while len(order) < int.from_bytes(head, "big"):
        order += line.recv(2**16)
    pid = os.fork()
    if pid == 0:
        line.close()
        _become(given, *marshal.loads(order))
    for fd in given:
        os.close(fd)  # a reader waits until the last one has closed it
    line.sendall(pid.to_bytes(4, "big"))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        line.sendall(code.to_bytes(4, "big", signed=True))
    finally:
        os._exit(0)


def _become(given: list[int], words: list[str], folder: str, environ: dict[str, str], main: bytes) -> None:
    """The command, as `python -m campaignops` starts it: its streams, its folder, its variables and its words."""
    for number, fd in enumerate(given):
        os.dup2(fd, number)
        os.close(fd)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(folder)
    sys.path.insert(0, folder)
    _set_environment(environ)
    sys.argv = ["campaignops", *words]
    code = pickle.loads(main)(words) if main else campaignops_main()
    sys.stdout.flush()
    os._exit(code)  # what is loaded is not taken down: that takes longer than the command


def _set_environment(environ: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()


def _reap() -> None:
    """Those whose command has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    warm()
    serve(sys.argv[1])
