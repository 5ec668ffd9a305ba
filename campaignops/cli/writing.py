"""A run that writes the state: under its lock, step by step from the version that the last step left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from campaignops.applier import Record, Who
from campaignops.cli import connection, selecting
from campaignops.pbx.session import Session
from campaignops.project import Project
from campaignops.state import Entry, Pbx, State
from campaignops.store import Store, Version, Write


@dataclass(slots=True)
class Keeper:
    """Makes the steps of one run durable. What the run found is backed up before the first one, which binds the state
    to the PBX."""

    store: Store
    version: Version
    recorded: State
    pbx: Pbx | None
    is_backed_up: bool = False

    def __call__(self, key: str, entry: Entry | None, *, moved_from: str | None = None) -> None:
        pbx = self.pbx if self.pbx != self.recorded.pbx else None
        self._write(Write(key, entry, pbx, moved_from))

    def use_up(self, plan: str) -> None:
        """Record that the saved plan of this digest is being applied: nobody can apply it again."""
        self._write(Write("", None, self.pbx, plan=plan))

    def _write(self, write: Write) -> None:
        if not self.is_backed_up:
            self.store.back_up()
            self.is_backed_up = True
        self.version = self.store.cas(self.version, self.recorded, write)


@dataclass(frozen=True, slots=True)
class Clock:
    """`skew_s`: how far the PBX's clock is ahead of ours, in seconds."""

    skew_s: float = 0.0

    def now(self) -> float:
        return time.time()

    def pbx_now(self) -> float:
        return time.time() + self.skew_s

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def run_name() -> str:
    """What every entry of a run carries: so a later one can tell its own steps from others', and this machine's, since
    it was started, from another's."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        return f"{os.urandom(8).hex()}@{blake2b(f'{boot}{os.uname().nodename}'.encode(), digest_size=6).hexdigest()}"
    return os.urandom(8).hex()


@contextmanager
def recording(project: Project, command: str, lock_timeout_s: float) -> Iterator[Record]:
    """The record for a command that needs no PBX."""
    store = selecting.store_of(project)
    with store.lock(command, lock_timeout_s):
        recorded, version = store.read()
        try:
            keeper = Keeper(store, version, recorded, recorded.pbx)
            yield Record(
                recorded, keeper, Who(run_name(), project.pbx.delivery, project.pbx.timeout_s), Clock()
            )
        finally:
            store.settle()


@contextmanager
def keeping(project: Project, command: str, lock_timeout_s: float) -> Iterator[tuple[Record, Session]]:
    """The record and the PBX of a command that changes nothing but the state."""
    store = selecting.store_of(project)
    with store.lock(command, lock_timeout_s), connection.connect(project) as session:
        recorded, version = store.read()
        pbx = connection.identity(project, session.device(), recorded)
        who = Who(run_name(), project.pbx.delivery, project.pbx.timeout_s)
        try:
            yield Record(recorded, Keeper(store, version, recorded, pbx), who, Clock()), session
        finally:
            store.settle()
