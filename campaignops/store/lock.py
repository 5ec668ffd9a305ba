"""One apply at a time: an OS lock on a file beside the state. It ends with its process, however that ends.

What the file says about its holder is for people; nothing relies on it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campaignops.errors import LockedError, StateError
from campaignops.store.disk import is_at, try_lock, wait_lock

_POLL_S = 0.1


@contextmanager
def hold(path: Path, state: str, command: str, timeout_s: float) -> Iterator[None]:
    """Hold the lock at `path`. Raises LockedError, which names the holder; StateError where locks do not work."""
    fd = _acquire(path, state, timeout_s)
    try:
        _sign(fd, command)
        yield
    finally:
        # While we hold it, so that nobody else's can go; whoever waits for it finds that it is gone and makes another.
        with suppress(OSError):
            if is_at(fd, path):
                path.unlink()
        os.close(fd)


def _acquire(path: Path, state: str, timeout_s: float) -> int:
    until_s = time.monotonic() + timeout_s
    while True:
        fd = _open(path, state)
        try:
            if not wait_lock(fd, until_s - time.monotonic(), _POLL_S):
                raise LockedError(_held(fd, state))
            if is_at(fd, path):
                _probe(path, state)
                return fd
        except OSError as error:
            os.close(fd)
            raise _no_locks(state, str(error.strerror)) from error
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # its last holder has removed it


def _open(path: Path, state: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as error:
        missing = f"there is no folder {Path(state).parent}"
        raise StateError(
            f"cannot lock {state}: {missing}. Create it, or correct `state` in the settings"
        ) from error
    except OSError as error:
        raise StateError(
            f"cannot lock {state}: {error.strerror}. Make its folder writable for this user"
        ) from error


def _probe(path: Path, state: str) -> None:
    """Some network disks grant every lock. There two applies would run at once, so we run none."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if try_lock(fd):
            raise _no_locks(state, "a second lock was granted beside the first")
    finally:
        os.close(fd)


def _no_locks(state: str, why: str) -> StateError:
    return StateError(
        f"locks do not work where {state} is ({why}): a network disk? Move the state to a local one"
    )


def _sign(fd: int, command: str) -> None:
    holder = {
        "pid": os.getpid(),
        "host": os.uname().nodename,
        "user": os.environ.get("USER") or str(os.getuid()),
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": run_url(os.environ),
    }
    with suppress(OSError):  # the lock holds without it
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(holder).encode() + b"\n", 0)


def run_url(env: Mapping[str, str]) -> str | None:
    """Where the CI run that we are part of can be looked at (GitHub's and GitLab's variables)."""
    if "GITHUB_RUN_ID" in env:
        server = env.get("GITHUB_SERVER_URL", "https://github.com")
        repository = env.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{env['GITHUB_RUN_ID']}"
    return env.get("CI_JOB_URL")


def _held(fd: int, state: str) -> str:
    wait = "`--lock-timeout 60s` waits for it"
    try:
        holder: dict[str, Any] = json.loads(os.pread(fd, 4096, 0))
        age_s = (datetime.now(UTC) - datetime.fromisoformat(holder["started"])).total_seconds()
        who = f"{holder['user']} on {holder['host']} (`{holder['command']}`, pid {holder['pid']}, for {_age(age_s)})"
        run = f", {holder['run']}" if holder["run"] else ""
    except (OSError, ValueError, KeyError, TypeError):
        return f"{state} is locked by another process; {wait}"  # it has not signed yet
    return f"{state} is locked by {who}{run}; {wait}"


def _age(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
