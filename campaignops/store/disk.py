"""The system calls that make a state durable, each whole or an OSError. A test puts a failing one in their place.

It knows neither the document nor the journal.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

_TEMP = ".tmp-"
_POLL_S = 0.002
_SWEPT_S = 1.0


class Mark(NamedTuple):
    """What changes whenever a file is written to or replaced."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int  # a copy that keeps `modified_ns` cannot keep this


class Disk:
    def create(self, path: Path, flags: int) -> int:
        """A file descriptor; a file that this makes is for its owner's eyes only."""
        return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write_all(self, fd: int, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(fd, left) :]

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def link(self, present: Path, new: Path) -> None:
        """Give `present` a second name. Raises FileExistsError: of two processes, one wins."""
        new.hardlink_to(present)

    def rename(self, present: Path, new: Path) -> None:
        present.replace(new)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def fsync_dir(self, folder: Path) -> None:
        """Make the names in `folder` durable: without it a power cut can undo a create, a rename or an unlink."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def try_lock(fd: int) -> bool:
    """Whether the exclusive lock on this open file is ours now."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_lock(fd: int, timeout_s: float, poll_s: float = _POLL_S) -> bool:
    """As `try_lock`, again and again for `timeout_s`."""
    until_s = time.monotonic() + timeout_s
    while not try_lock(fd):
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            return False
        time.sleep(min(poll_s, left_s))
    return True


def mark(path: Path) -> Mark | None:
    """None when there is no file."""
    try:
        it = path.stat()
    except FileNotFoundError:
        return None
    return Mark(it.st_dev, it.st_ino, it.st_size, it.st_mtime_ns, it.st_ctime_ns)


def is_at(fd: int, path: Path) -> bool:
    """Whether `path` still names the open file: a lock on a file without a name excludes nobody."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def open_to_read(path: Path) -> BinaryIO | None:
    """The file, or None when there is none. Raises OSError for what is not a regular file (a FIFO would hang us)."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return os.fdopen(fd, "rb")


def write_whole(disk: Disk, path: Path, data: bytes, *, new: bool) -> None:
    """Put `data` at `path` such that at any moment it holds the old content or the new, and the new when this returns.

    With `new` there must be no file yet: raises FileExistsError.
    """
    temp, fd = _temporary(disk, path)
    try:
        disk.write_all(fd, data)
        disk.fsync(fd)
        if new:
            disk.link(temp, path)
            disk.unlink(temp)
        else:
            disk.rename(temp, path)
        disk.fsync_dir(path.parent)
    except OSError:
        with suppress(OSError):
            temp.unlink()
        raise
    finally:
        os.close(fd)


def _temporary(disk: Disk, path: Path) -> tuple[Path, int]:
    """A new file beside `path`, locked: it tells `sweep` that somebody is at work on it."""
    while True:
        temp = path.with_name(f"{path.name}{_TEMP}{os.urandom(4).hex()}")
        fd = disk.create(temp, os.O_WRONLY | os.O_EXCL)
        try:
            if wait_lock(fd, _SWEPT_S) and is_at(fd, temp):
                return temp, fd
        except OSError:
            os.close(fd)
            raise
        os.close(fd)  # `sweep` came between the two


def sweep(path: Path) -> None:
    """Remove what a killed `write_whole` left beside `path`."""
    for temp in path.parent.iterdir():
        if not temp.name.startswith(path.name + _TEMP):
            continue
        with suppress(OSError), os.fdopen(os.open(temp, os.O_RDWR | os.O_CLOEXEC)) as file:
            if try_lock(file.fileno()):
                temp.unlink()
