"""One campaign, recorded against desired, as named field changes. Only here is deepdiff used, on pairs that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """One changed field: its dotted `path` as in the manifest; None stands for absent."""

    path: str
    before: Any
    after: Any


def fields(recorded: Mapping[str, Any], desired: Mapping[str, Any]) -> tuple[Field, ...]:
    """What changes from recorded to desired, by path. Both are plain data (`state.spec`)."""
    if not recorded:
        return created(desired)
    # 70 ms of import that a plan without changes does not pay.
    from deepdiff import DeepDiff  # noqa: PLC0415
    from deepdiff.helper import notpresent  # noqa: PLC0415

    # List items are compared by position: they are {{1}}, {{2}} of a template, not things that move about.
    tree = DeepDiff(recorded, desired, view="tree", threshold_to_diff_deeper=0, zip_ordered_iterables=True)
    found: dict[tuple[str | int, ...], Field] = {}
    for item in (item for items in tree.values() for item in items):
        path = tuple(item.path(output_format="list"))
        before, after = (None if side is notpresent else side for side in (item.t1, item.t2))
        if before is not None or after is not None:  # to leave a field out and to say null is the same
            found[path] = Field(".".join(map(str, path)), before, after)
    # deepdiff's own order follows the hash seed.
    return tuple(found[path] for path in sorted(found, key=_position))


def _position(path: tuple[str | int, ...]) -> list[tuple[int, str]]:
    """By name, and items of a list by number."""
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def created(desired: Mapping[str, Any]) -> tuple[Field, ...]:
    """Every field of a campaign that is new."""
    return tuple(Field(path, None, value) for path, value in _leaves(desired, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif value not in (None, {}, []):
        yield path, value
