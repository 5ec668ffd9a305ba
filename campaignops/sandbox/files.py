"""Uploads for message campaigns: what is kept of them (never their bytes), and whether a File_Info names one.

Page: Upload Files for Message Campaigns.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeAlias

from campaignops.sandbox.answers import Json
from campaignops.sandbox.store import Store

KEYS = ("id", "name", "uri", "type", "size")
Lookup: TypeAlias = Callable[[str], Json | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a multipart body."""

    field: str
    name: str
    type: str
    size: int
    sha256: str


def part(field: str, filename: str, content_type: str | None, file: BinaryIO) -> Part:
    """Read one part to its end. The name is the last piece of whatever path the client sent."""
    file.seek(0)
    digest = hashlib.sha256()
    for chunk in iter(lambda: file.read(1 << 20), b""):
        digest.update(chunk)
    name = re.split(r"[/\\]", filename)[-1]
    return Part(field, name, content_type or "application/octet-stream", file.tell(), digest.hexdigest())


def renamed(upload: Part) -> Part:
    """The part under a name of the PBX's own, with the ending that it had."""
    return replace(upload, name=secrets.token_hex(4) + Path(upload.name).suffix)


def keep(store: Store, upload: Part, now: float) -> Json:
    """Record an upload and return its File_Info."""
    file_id = secrets.token_hex(16)
    day = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d")
    info = dict(zip(KEYS, (file_id, upload.name, f"{day}/{file_id}", upload.type, upload.size), strict=True))
    store.run(
        "INSERT INTO uploads (id, name, uri, type, size, sha256, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        *info.values(), upload.sha256, now,
    )  # fmt: skip
    return info


def lookup(store: Store) -> Lookup:
    """A function from the id of a file to its File_Info."""

    def find(file_id: str) -> Json | None:
        row = store.row(f"SELECT {', '.join(KEYS)} FROM uploads WHERE id = ?", file_id)  # noqa: S608
        return None if row is None else dict(row)

    return find


def problem_with(info: object, find: Lookup) -> str | None:
    """The `validation_type` of a File_Info that is not exactly what an upload answered, or None."""
    if not isinstance(info, dict) or set(info) != set(KEYS):
        return "format"
    if type(info["size"]) is not int or not all(isinstance(info[k], str) for k in KEYS[:-1]):
        return "type"
    known = find(info["id"])
    if known is None:
        return "not_exist"
    return None if known == info else "mismatch"
