"""Reads query strings as the documentation types them, and cuts pages. Knows no endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from campaignops.sandbox.answers import invalid

T = TypeVar("T")
Query: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Page `number` (from 1) of `size` rows."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def of(self, rows: Sequence[T]) -> list[T]:
        return list(rows[self.offset : self.offset + self.size])


def only(query: Query, *names: str) -> None:
    """Refuse a parameter that the page does not name."""
    for name in query:
        if name not in (*names, "access_token"):
            invalid(name, "unknown")


def integer(query: Query, name: str, default: int | None = None) -> int:
    """A whole number of at least 1; required unless there is a default."""
    if name not in query:
        if default is None:
            invalid(name, "required")
        return default
    value = _whole(name, query[name])
    if value < 1:
        invalid(name, "range")
    return value


def integers(query: Query, name: str) -> list[int]:
    """Ids separated by commas."""
    if not query.get(name):
        invalid(name, "required")
    return [_whole(name, part) for part in query[name].split(",")]


def one_of(query: Query, name: str, values: Sequence[str], default: str | None = None) -> str:
    value = query.get(name, default)
    if value is None:
        invalid(name, "required")
    if value not in values:
        invalid(name, "enum")
    return value


def page(query: Query, size_max: int, *, required: bool) -> Page:
    number = integer(query, "page", None if required else 1)
    size = integer(query, "page_size", None if required else size_max)
    return Page(number, min(size, size_max))


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        invalid(name, "type")
    if len(text) > 15:
        invalid(name, "range")
    return int(text)
