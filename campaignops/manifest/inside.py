"""Opens files of one folder and none outside it, whatever links there are, also when they change meanwhile."""

from __future__ import annotations

import os

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | getattr(os, "O_PATH", os.O_RDONLY)
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe must not hold us up


class Outside(Exception):
    """The path leads out of the folder."""


def descriptor(root: str, path: str) -> int:
    """A descriptor to read `path` below `root`, a real path. Links that stay inside are followed once, here; what is
    opened then is reached from `root` step by step without any. Raises Outside, OSError, ValueError (absurd paths)."""
    real = os.path.realpath(f"{root}/{path}", strict=True)
    inside = root.rstrip("/") + "/"
    if not real.startswith(inside):
        raise Outside(path)
    *folders, name = real.removeprefix(inside).split("/")
    here = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        return os.open(name, _FILE, dir_fd=here)
    finally:
        os.close(here)
