"""Where the state of a simulated project lies: in memory, or in real files. What goes wrong with a write is asked of
`trouble`: nothing, `full`, or `torn`: it fails and is there all the same, or not.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from campaignops import state
from campaignops.cli.writing import Keeper
from campaignops.errors import StateError
from campaignops.state import Entry, State
from campaignops.store.disk import Disk
from campaignops.store.document import Image, encode
from campaignops.store.file import FileStore

Trouble = Callable[[], str | None]
IN_MEMORY = Path("/dev/shm")  # a sync there costs nothing


class Pen(Protocol):
    """One run's hold on the state: what it writes is refused once somebody else has written."""

    @property
    def serial(self) -> int: ...
    def write(self, key: str, entry: Entry | None, moved_from: str | None) -> None: ...
    def lay_down(self) -> None:
        """The run has ended."""


class Shelf(Protocol):
    folder: str

    @property
    def state(self) -> State: ...
    def take(self) -> tuple[State, Pen]: ...
    def close(self) -> None: ...


class MemoryShelf:
    folder = ""

    def __init__(self, trouble: Trouble) -> None:
        self.state, self.trouble = State("lineage"), trouble

    def take(self) -> tuple[State, Pen]:
        return self.state, MemoryPen(self, self.state.serial)

    def close(self) -> None: ...


@dataclass
class MemoryPen:
    shelf: MemoryShelf
    serial: int

    def write(self, key: str, entry: Entry | None, moved_from: str | None) -> None:
        trouble, now = self.shelf.trouble(), self.shelf.state
        if trouble == "full":
            raise StateError("the disk is full")
        if self.serial != now.serial:
            raise StateError("the state moved", code="CMP704")
        campaigns = dict(now.campaigns)
        before = campaigns.pop(key, None)
        if moved_from is None:
            state.check_step(before, entry)
        elif before is not None or entry != replace(campaigns.pop(moved_from), key=key):
            raise AssertionError(f"{moved_from} cannot move to {key}")
        if entry is not None:
            campaigns[key] = entry
        self.shelf.state = replace(now, serial=self.serial + 1, campaigns=campaigns)
        if trouble == "torn":
            raise StateError("the last step may be on disk or not")
        self.serial += 1

    def lay_down(self) -> None: ...


class FileShelf:
    """The product's own store. Each run has it open for itself."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self._holder = TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None)
        self.folder = self._holder.name
        self.path = Path(self.folder, "state.json")
        self.path.write_bytes(encode(Image("lineage"), "test"))

    @property
    def state(self) -> State:
        return FileStore(self.path).read()[0]

    def take(self) -> tuple[State, Pen]:
        store = FileStore(self.path, "test", FailingDisk(self.trouble))
        recorded, version = store.read()
        return recorded, FilePen(Keeper(store, version, recorded, None))

    def close(self) -> None:
        self._holder.cleanup()


@dataclass
class FilePen:
    keeper: Keeper

    @property
    def serial(self) -> int:
        return self.keeper.version.serial

    def write(self, key: str, entry: Entry | None, moved_from: str | None) -> None:
        self.keeper(key, entry, moved_from=moved_from)

    def lay_down(self) -> None:
        self.keeper.store.settle()


@dataclass
class FailingDisk(Disk):
    trouble: Trouble

    def write_all(self, fd: int, data: bytes) -> None:
        if self.trouble() == "full":
            super().write_all(fd, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write_all(fd, data)

    def fsync(self, fd: int) -> None:
        if self.trouble() == "torn":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().fsync(fd)
