"""Which campaigns a plan is about, by their keys; and the keys of parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

Half: TypeAlias = Literal["draft", "release"]


@dataclass(frozen=True, slots=True)
class Selection:
    """`--target` and `--exclude`: globs over keys, with `*` and `?`; brackets are part of a key such as
    `summer-sale["de"]`. The key of a campaign with `split` stands for its parts. Without a target everything is in.
    `half`: `--draft-only` or `--release-only`.
    `refresh_only`: what the PBX has is recorded, and nothing else."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    half: Half | None = None
    refresh_only: bool = False

    def has(self, key: str) -> bool:
        wanted = not self.targets or any(_fits(key, glob) for glob in self.targets)
        return wanted and not any(_fits(key, glob) for glob in self.excludes)


EVERYTHING = Selection()


def _fits(key: str, glob: str) -> bool:
    literal = glob.replace("[", "[[]")
    return fnmatchcase(key, literal) or fnmatchcase(whole_of(key), literal)


_part = re.compile(r"(?s)(.+)\[([1-9][0-9]*)\]\Z").match


def part_of(key: str) -> tuple[str, int] | None:
    """The whole's key and the number of a part such as `summer-sale[2]`; None for the key of a whole campaign."""
    found = _part(key) if key.endswith("]") else None
    return (found[1], int(found[2])) if found else None


def whole_of(key: str) -> str:
    """The key that the manifest has: `summer-sale` for `summer-sale[2]`."""
    found = part_of(key)
    return found[0] if found else key
