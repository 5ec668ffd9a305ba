"""Files that a command leaves behind for others to read: whole or not at all. The state is none of them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from campaignops.errors import CampaignOpsError


def put(name: str, text: str) -> None:
    """Put a file of UTF-8 text in the place of what `name` names; a pipe or a device gets the text. Raises
    CampaignOpsError."""
    path = Path(name)
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, "utf-8")
        else:
            _replace(path, text.encode())
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise CampaignOpsError(f"cannot write {name}: {what}", code="write") from error


def _replace(path: Path, data: bytes) -> None:
    path = path.resolve()  # a rename would replace a symbolic link
    beside = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
