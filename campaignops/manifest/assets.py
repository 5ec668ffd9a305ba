"""Files that manifests name: inside the project, regular, read once a run. It knows no YAML and no campaign."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import BinaryIO

from campaignops.manifest import inside
from campaignops.manifest.inside import Outside
from campaignops.manifest.problems import nearest
from campaignops.message import media
from campaignops.message.media import Misnamed
from campaignops.model import Asset

MAX_ASSET_BYTES = 100 * 1000 * 1000  # one upload request (page "Upload Files for Message Campaigns")
_CHUNK = 1 << 20


class Unusable(Exception):
    """A named file cannot be taken; code, message and help are for the author."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


class Assets:
    """The files below one folder. What was learnt of a path is kept for the run."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self._known: dict[str, Asset | Unusable] = {}
        self._names: dict[str, frozenset[str]] = {}

    def asset(self, path: str) -> Asset:
        """Size, digest and media type of a file. Raises Unusable."""
        known = self._known.get(path)
        if known is None:
            try:
                known = self._described(path)
            except Unusable as problem:
                known = problem
            self._known[path] = known
        if isinstance(known, Unusable):
            raise known
        return known

    def _described(self, path: str) -> Asset:
        digest, start, size = hashlib.sha256(), b"", 0
        with self.opened(path, MAX_ASSET_BYTES) as file:
            try:
                while chunk := file.read(_CHUNK):
                    start = start or chunk[: media.START_BYTES]
                    size += len(chunk)
                    digest.update(chunk)
            except OSError as error:
                raise unreadable(path, error) from None
        if not size:
            raise Unusable("CMP113", f"`{path}` is empty")
        try:
            return Asset(path, digest.hexdigest(), size, media.media_type(path, start))
        except Misnamed as problem:
            raise Unusable("CMP125", problem.message, problem.help) from None

    def opened(self, path: str, limit_bytes: int) -> BinaryIO:
        """A regular file of the project, to be read. What is checked is what is opened. Raises Unusable."""
        _check_written(path)
        try:
            handle = inside.descriptor(self._root, path)
        except FileNotFoundError:
            raise self._missing(path) from None
        except Outside:
            help = "copy the file into the project"
            raise Unusable("CMP114", f"`{path}` leads outside the project folder", help) from None
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from None
        try:
            _check_kind(path, os.fstat(handle), limit_bytes)
            self._check_case(path)
        except Unusable:
            os.close(handle)
            raise
        return open(handle, "rb")  # noqa: PTH123

    def _check_case(self, path: str) -> None:
        """A disk that takes Demo.jpeg for demo.jpeg is not the disk of the pipeline."""
        folder = self._root
        for name in path.split("/"):
            if name not in self._entries(folder):
                raise self._missing(path)
            folder = f"{folder}/{name}"

    def _entries(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))  # noqa: PTH208
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]

    def _missing(self, path: str) -> Unusable:
        folder, _, name = path.rpartition("/")
        near = nearest(name, self._entries(f"{self._root}/{folder}" if folder else self._root))
        if folder and "/" not in folder and folder not in self._entries(self._root):
            near, folder = nearest(folder, self._entries(self._root)), ""
            near = near and f"{near}/{name}"
        help = (
            f"did you mean `{folder + '/' if folder else ''}{near}`?"
            if near
            else "paths start at the project folder"
        )
        return Unusable("CMP113", f"there is no file `{path}`", help)


def _check_written(path: str) -> None:
    if path.startswith(("/", "~")) or "\\" in path or path[1:2] == ":":
        help = "copy the file into the project, and write its path from there, such as assets/flyer.png"
        if "\\" in path and path[:1] not in "/~\\" and path[1:2] != ":":
            help = "write / between folders: " + path.replace("\\", "/")
        raise Unusable("CMP114", f"`{path}` is not a path inside the project", help)
    if "://" in path:
        help = "save the file into the project, and write its path from there, such as assets/flyer.png"
        raise Unusable("CMP113", f"`{path}` is a web address, not a file of the project", help)
    parts = path.split("/")
    if ".." in parts:
        raise Unusable(
            "CMP114", f"`{path}` leads outside the project folder", "copy the file into the project"
        )
    if "" in parts or "." in parts or any(ord(character) < 32 for character in path):
        raise Unusable("CMP113", f"`{path}` is not a plain path", "for example assets/flyer.png")


def _check_kind(path: str, found: os.stat_result, limit_bytes: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Unusable("CMP113", f"`{path}` is not a regular file")
    if found.st_size > limit_bytes:
        size = f"{found.st_size / 1e6:,.0f} MB; the limit is {limit_bytes // 1_000_000} MB"
        raise Unusable("CMP102", f"`{path}` has {size}")


def unreadable(path: str, error: Exception) -> Unusable:
    said = getattr(error, "strerror", None) or "no such file"
    return Unusable("CMP113", f"`{path}` cannot be read: {said}")
