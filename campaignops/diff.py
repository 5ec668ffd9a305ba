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
    if recorded == desired:
        return ()
    if not recorded:
        return created(desired)
    # 70 ms of import that a plan without changes does not pay.
    from deepdiff import DeepDiff  # noqa: PLC0415
    from deepdiff.helper import notpresent  # noqa: PLC0415

    tree = DeepDiff(recorded, desired, view="tree", threshold_to_diff_deeper=0)
    found = [
        Field(
            ".".join(str(part) for part in item.path(output_format="list")),
            None if item.t1 is notpresent else item.t1,
            None if item.t2 is notpresent else item.t2,
        )
        for items in tree.values()
        for item in items
    ]
    return tuple(sorted(found, key=lambda f: f.path))  # deepdiff's own order follows the hash seed


def created(desired: Mapping[str, Any]) -> tuple[Field, ...]:
    """Every field of a campaign that is new."""
    return tuple(Field(path, None, value) for path, value in _leaves(desired, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif value not in (None, {}, []):
        yield path, value
