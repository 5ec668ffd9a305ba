"""Files that manifests name: inside the project, regular, read once a run. It knows no YAML and no campaign."""

from __future__ import annotations

import hashlib
import os
import stat

from campaignops.manifest.problems import nearest
from campaignops.model import Asset

MAX_ASSET_BYTES = 100 * 1000 * 1000  # one upload request (page "Upload Files for Message Campaigns")
MAX_CSV_BYTES = 64 * 1000 * 1000
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
        full, size = self.resolve(path, MAX_ASSET_BYTES)
        digest, start = hashlib.sha256(), b""
        try:
            with open(full, "rb") as file:  # noqa: PTH123
                while chunk := file.read(_CHUNK):
                    start = start or chunk[:4096]
                    digest.update(chunk)
        except OSError as error:
            raise Unusable("CMP113", f"`{path}` cannot be read: {error.strerror}") from None
        return Asset(path, digest.hexdigest(), size, media_type(path, start))

    def text(self, path: str) -> str:
        """A file as UTF-8 text. Raises Unusable, and UnicodeDecodeError."""
        full, _ = self.resolve(path, MAX_CSV_BYTES)
        try:
            with open(full, "rb") as file:  # noqa: PTH123
                return file.read(MAX_CSV_BYTES).decode("utf-8-sig")
        except OSError as error:
            raise Unusable("CMP113", f"`{path}` cannot be read: {error.strerror}") from None

    def resolve(self, path: str, limit_bytes: int) -> tuple[str, int]:
        """The real path and size of a file of the project. Raises Unusable."""
        _check_written(path)
        full = f"{self._root}/{path}"
        try:
            real = os.path.realpath(full, strict=True)
            found = os.stat(real)  # noqa: PTH116
        except FileNotFoundError:
            raise self._missing(path) from None
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "no such file"
            raise Unusable("CMP113", f"`{path}` cannot be read: {said}") from None
        if not real.startswith(self._root.rstrip("/") + "/"):
            raise Unusable(
                "CMP114", f"`{path}` leads outside the project folder", "copy the file into the project"
            )
        if not stat.S_ISREG(found.st_mode):
            raise Unusable("CMP113", f"`{path}` is not a regular file")
        if found.st_size > limit_bytes:
            size = f"{found.st_size / 1e6:,.0f} MB; the limit is {limit_bytes // 1_000_000} MB"
            raise Unusable("CMP102", f"`{path}` has {size}")
        if found.st_size == 0 and limit_bytes == MAX_ASSET_BYTES:
            raise Unusable("CMP113", f"`{path}` is empty")
        self._check_case(path)
        return real, found.st_size

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
        help = (
            f"did you mean `{folder + '/' if folder else ''}{near}`?"
            if near
            else "paths start at the project folder"
        )
        return Unusable("CMP113", f"there is no file `{path}`", help)


def _check_written(path: str) -> None:
    if path.startswith(("/", "~")) or "\\" in path or path[1:2] == ":":
        help = "write a path that starts at the project folder, with /, for example assets/flyer.png"
        raise Unusable("CMP114", f"`{path}` is not a path inside the project", help)
    parts = path.split("/")
    if ".." in parts:
        raise Unusable(
            "CMP114", f"`{path}` leads outside the project folder", "copy the file into the project"
        )
    if "" in parts or "." in parts or any(ord(character) < 32 for character in path):
        raise Unusable("CMP113", f"`{path}` is not a plain path", "for example assets/flyer.png")


# Media types by ending, with the bytes such a file begins with (at an offset); () for text.
_SIGNATURES: dict[str, tuple[str, tuple[tuple[int, bytes], ...]]] = {
    "jpg": ("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    "jpeg": ("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    "png": ("image/png", ((0, b"\x89PNG\r\n\x1a\n"),)),
    "gif": ("image/gif", ((0, b"GIF87a"), (0, b"GIF89a"))),
    "webp": ("image/webp", ((8, b"WEBP"),)),
    "mp4": ("video/mp4", ((4, b"ftyp"),)),
    "3gp": ("video/3gpp", ((4, b"ftyp3g"),)),
    "mov": ("video/quicktime", ((4, b"ftypqt"), (4, b"moov"))),
    "webm": ("video/webm", ((0, b"\x1aE\xdf\xa3"),)),
    "mp3": ("audio/mpeg", ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"))),
    "m4a": ("audio/mp4", ((4, b"ftypM4A"),)),
    "aac": ("audio/aac", ((0, b"\xff\xf1"), (0, b"\xff\xf9"))),
    "amr": ("audio/amr", ((0, b"#!AMR"),)),
    "ogg": ("audio/ogg", ((0, b"OggS"),)),
    "wav": ("audio/wav", ((8, b"WAVE"),)),
    "pdf": ("application/pdf", ((0, b"%PDF-"),)),
    "zip": ("application/zip", ((0, b"PK\x03\x04"),)),
    "docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ((0, b"PK\x03\x04"),),
    ),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ((0, b"PK\x03\x04"),)),
    "pptx": (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ((0, b"PK\x03\x04"),),
    ),
    "doc": ("application/msword", ((0, b"\xd0\xcf\x11\xe0"),)),
    "xls": ("application/vnd.ms-excel", ((0, b"\xd0\xcf\x11\xe0"),)),
    "ppt": ("application/vnd.ms-powerpoint", ((0, b"\xd0\xcf\x11\xe0"),)),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "vcf": ("text/vcard", ()),
    "ics": ("text/calendar", ()),
    "html": ("text/html", ()),
}
_UNKNOWN = "application/octet-stream"
_TELLING = ("jpg", "png", "gif", "webp", "3gp", "mov", "m4a", "mp4", "webm", "amr", "ogg", "wav", "pdf")


def media_type(path: str, start: bytes) -> str:
    """The MIME type by ending when the first bytes agree, else by the bytes alone."""
    ending = path.rpartition(".")[2].lower()
    expected, signatures = _SIGNATURES.get(ending, (_UNKNOWN, ()))
    if ending in _SIGNATURES and (_begins(start, signatures) if signatures else _is_text(start)):
        return expected
    return next((_SIGNATURES[name][0] for name in _TELLING if _begins(start, _SIGNATURES[name][1])), _UNKNOWN)


def _begins(start: bytes, signatures: tuple[tuple[int, bytes], ...]) -> bool:
    return any(start.startswith(magic, offset) for offset, magic in signatures)


def _is_text(start: bytes) -> bool:
    """Whether the first bytes can be UTF-8; a character cut in two at the end is none against it."""
    return b"\0" not in start and "\ufffd" not in start.decode("utf-8", "replace")[:-1]
