"""The state as files: a document that people diff, a journal that makes each write durable at once, and a lock.

    PATH            one JSON document, only ever replaced as a whole
    PATH.journal    what was accepted since, a line each: a write costs a line and a sync, however long the history
    PATH.backup     the document that the last run found
    PATH.lock       held by an apply; it spares people a conflict, correctness does not rest on it

`cas` goes on only with a journal whose every line this store has itself seen synced. Any other (a run was killed,
a sync failed) is first folded into a new document: after a failed fsync the kernel may show what the disk lacks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from campaignops.errors import StateError
from campaignops.state import Entry, State, check_step
from campaignops.store import Version, Write, document, journal, lock
from campaignops.store.disk import Disk, Mark, is_at, mark, open_to_read, sweep, wait_lock, write_whole
from campaignops.store.document import Image

_Marks: TypeAlias = tuple[Mark | None, Mark | None]

_BUSY_S = 30.0  # a write holds the journal for milliseconds
_READS = 100


class FileStore:
    """The state at `path`. `written_by` (tool and version) goes into the document, for an older tool to name.

    Every method raises StateError when the disk refuses. Not for several threads at once.
    """

    def __init__(self, path: Path, written_by: str = "", disk: Disk | None = None) -> None:
        self._shown = str(path)
        self._path = Path(
            os.path.realpath(path)
        )  # a rename would replace a symbolic link; a loop of them fails later
        self._journal = self._path.with_name(self._path.name + ".journal")
        self._backup = self._path.with_name(self._path.name + ".backup")
        self._written_by = written_by
        self._disk = disk or Disk()
        self._image: Image | None = None  # what the files said when they had `_marks`
        self._marks: _Marks = (None, None)
        self._own = False  # every line of the journal is ours, and synced

    def read(self) -> tuple[State, Version]:
        """Takes no lock and writes nothing: a reader that is stopped half way must not stop an apply."""
        for _ in range(_READS):
            marks = self._look()
            try:
                image = self._load()
            except StateError:
                if marks == self._look():
                    raise
                continue  # it was folded under our eyes
            document_mark, journal_mark = self._look()
            if document_mark == marks[0] and _file_of(journal_mark) == _file_of(marks[1]):
                self._remember(image, marks)
                return _answer(image)
        raise self._moved("it never stood still while it was read")

    def cas(self, version: Version, state: State, write: Write) -> Version:
        write = _checked(write)
        if version.lineage is None:
            _check_legal({}, write)
            version = self._create(Image(state.lineage, pbx=write.pbx))
        with self._exclusive() as fd:
            image = self._at(version)
            _check_legal(image.campaigns, write)
            if not self._own and os.fstat(fd).st_size:
                self._fold(image)
                with self._trouble("write"):
                    self._disk.truncate(fd, 0)
                    self._disk.fsync(fd)
            return self._append(fd, image, write)

    def document(self) -> bytes:
        """The whole state as its document would be after `settle`. Raises StateError when there is none."""
        self.read()
        if self._image is None:
            raise StateError(f"there is no state yet: {self._shown} is made by the first apply")
        return document.encode(self._image, self._written_by)

    def replace(self, version: Version, raw: bytes) -> Path:
        """Put the document `raw` in the place of the state at `version`, as the write that follows it; where there is
        none yet, as it is. Returns where the old one is kept. Raises StateError."""
        image = document.decode(BytesIO(raw), "the document")
        if version.lineage is None:
            with self._trouble("write"):
                data = document.encode(image, self._written_by)
                write_whole(self._disk, self._path, data, new=True)
            return self._backup
        self.settle()
        with self._exclusive():
            now = self._at(version)
            image.serial, image.check = now.serial + 1, blake2b(raw, digest_size=8).hexdigest()
            self.back_up()
            self._fold(image)
        self.settle()
        return self._backup

    def back_up(self) -> None:
        """Keep the document as it is now beside the state, until the next call; nothing where there is none yet. A
        second name is enough: a document is only ever replaced."""
        with self._trouble("back up"):
            known = self._look() == self._marks
            self._backup.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                self._disk.link(self._path, self._backup)
            if known:
                self._marks = self._look()  # only the count of its names has changed

    def lock(self, command: str, timeout_s: float) -> AbstractContextManager[None]:
        return lock.hold(self._path.with_name(self._path.name + ".lock"), self._shown, command, timeout_s)

    def settle(self) -> None:
        """Fold the journal into the document, then remove it. Killed anywhere, the state reads the same."""
        with self._trouble("settle"):
            if self._path.parent.exists():
                sweep(self._path)
            if not self._journal.exists():
                return
        with self._exclusive() as fd:
            image = self._current()
            if image and os.fstat(fd).st_size:
                self._fold(image)
            with self._trouble("settle"):
                self._disk.unlink(self._journal)
                self._disk.fsync_dir(self._path.parent)
            self._remember(image, self._look())

    def _create(self, empty: Image) -> Version:
        """An empty document, unless there is one: of two first writers one goes on. It is bound to its PBX already, in
        case that it gets parted from its journal."""
        if self._look() != (None, None):
            raise self._moved("another run has begun it")
        with self._trouble("write"):
            data = document.encode(empty, self._written_by)
            try:
                write_whole(self._disk, self._path, data, new=True)
            except FileExistsError as error:
                raise self._moved("another run has begun it") from error
        return empty.version

    def _at(self, version: Version) -> Image:
        """What is on disk, if that is `version`; called with the journal held. Cheap when nobody else wrote."""
        known = self._image
        image = self._current()
        if image is None or image.version != version:
            raise self._moved(f"it is at {image.serial if image else 'nothing'}, not at {version.serial}")
        if known and known.version == version and known.check != image.check:
            raise self._moved("a different one with the same number was put in its place")
        return image

    def _current(self) -> Image | None:
        marks = self._look()
        if self._image is None or marks != self._marks:
            self._remember(self._load(), marks)
        return self._image

    def _append(self, fd: int, image: Image, write: Write) -> Version:
        line, raw = journal.next_line(image, write)
        size = os.fstat(fd).st_size
        try:
            self._disk.write_all(fd, raw)
        except OSError as error:
            with suppress(OSError):
                self._disk.truncate(fd, size)
            raise self._refused("write", error) from error
        try:
            self._disk.fsync(fd)
            if not self._own:
                self._disk.fsync_dir(self._path.parent)
        except OSError as error:
            raise StateError(
                f"the disk failed while {self._shown} was written ({error.strerror}): the last step may be on it "
                f"or not. Mend the disk and run again; that run begins with what it finds"
            ) from error
        # Only now: until here a failure leaves marks that no longer fit, and with them the files are read again.
        line.apply(image)
        self._marks, self._own = self._look(), True
        return image.version

    def _fold(self, image: Image) -> None:
        """A document of all that was accepted. The journal may stay: it ends where this document does."""
        with self._trouble("write"):
            write_whole(self._disk, self._path, document.encode(image, self._written_by), new=False)

    @contextmanager
    def _exclusive(self) -> Iterator[int]:
        """The journal, open, ours alone, and under its name."""
        while True:
            with self._trouble("write"):
                if not self._own and mark(self._path) is None:
                    raise self._moved("it is gone")  # a journal beside nothing would be taken for a loss
                fd = self._disk.create(self._journal, os.O_RDWR | os.O_APPEND)
            try:
                with self._trouble("write"):
                    if not wait_lock(fd, _BUSY_S):
                        raise self._moved(f"another process has been writing to it for {_BUSY_S:.0f} s")
                    named = is_at(fd, self._journal)
                if named:
                    yield fd
                    return
            finally:
                os.close(fd)

    def _load(self) -> Image | None:
        image, raw = None, None
        with self._trouble("read"):
            if file := open_to_read(self._path):
                with file:
                    image = document.decode(file, self._shown)
            if file := open_to_read(self._journal):
                with file:
                    raw = file.read()
        if raw is not None and image is None:
            raise StateError(
                f"{self._shown} is gone, but its journal {self._shown}.journal is there. {document.WAY_OUT}",
                code="CMP705",
            )
        if raw and image:
            journal.replay(image, raw, self._shown, self._shown + ".journal")
        return image

    def _look(self) -> _Marks:
        """An empty journal counts as none: `_exclusive` makes it before there is a line."""
        with self._trouble("read"):
            document_mark, journal_mark = mark(self._path), mark(self._journal)
        return document_mark, journal_mark if journal_mark and journal_mark.size else None

    def _remember(self, image: Image | None, marks: _Marks) -> None:
        self._own = self._own and marks == self._marks
        self._image, self._marks = image, marks

    def _moved(self, how: str) -> StateError:
        return StateError(
            f"{self._shown} moved while we worked: {how}. Plan again, then apply", code="CMP704"
        )

    def _refused(self, doing: str, error: OSError) -> StateError:
        why = error.strerror or str(error)
        return StateError(
            f"cannot {doing} {self._shown}: {why}. Nothing was recorded or lost; mend that and run again"
        )

    @contextmanager
    def _trouble(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._refused(doing, error) from error


def _file_of(mark: Mark | None) -> tuple[int, int] | None:
    return mark and (mark.device, mark.inode)


def _answer(image: Image | None) -> tuple[State, Version]:
    if image:
        return image.state(), image.version
    return State(lineage=os.urandom(16).hex()), Version(None, 0)


def _checked(write: Write) -> Write:
    if write.plan is not None and (write.key or write.entry or write.moved_from):
        raise StateError("to use a plan up is a write of its own")
    if write.entry is None:
        if write.moved_from is not None:
            raise StateError(
                f"the record of campaign {write.moved_from} cannot both go and move to {write.key}"
            )
        return write
    if write.entry.key != write.key:
        raise StateError(f"the record of campaign {write.entry.key} cannot be filed under {write.key}")
    try:
        return replace(write, entry=document.sound(write.entry))
    except ValueError as error:
        raise StateError(f"cannot record campaign {write.key}: {error}") from error


def _check_legal(recorded: Mapping[str, Entry], write: Write) -> None:
    if write.plan is not None:
        return
    before = recorded.get(write.key)
    if write.moved_from is not None:
        before = _rekeyed(recorded, write.moved_from, write.key)
        if write.entry == before:
            return  # no step: a stuck campaign, too, may get another key
        if write.entry and write.entry.id != before.id:
            raise StateError(
                f"campaign {write.moved_from} has id {before.id} and cannot move to {write.key} as {write.entry.id}"
            )
    check_step(before, write.entry)


def _rekeyed(recorded: Mapping[str, Entry], old: str, new: str) -> Entry:
    if old not in recorded:
        raise StateError(f"there is no record of campaign {old} that could move to {new}")
    if new in recorded:
        raise StateError(f"the record of campaign {old} cannot move to {new}: {new} has its own")
    return replace(recorded[old], key=new)
