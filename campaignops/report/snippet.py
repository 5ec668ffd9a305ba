"""One source line with carets under a span, as rustc and ruff draw it: tabs, wide characters and long lines handled."""

from __future__ import annotations

from dataclasses import dataclass

from campaignops.report import plain

_TAB = 4
_WIDTH = 120  # a longer line is shown around the span, with … where it goes on


@dataclass(frozen=True, slots=True)
class Snippet:
    """`line` as shown, and the carets below it: `indent` columns of blanks, then `carets` of them."""

    line: str
    indent: int
    carets: int


def snippet(line: str, column: int, width: int) -> Snippet:
    """The line with numbers masked and the span from `column` (from 1), `width` characters long, to be underlined."""
    cells = _cells(plain.masked_in_place(line.rstrip("\r\n")))
    start = min(max(column, 1) - 1, len(cells))
    end = min(start + max(width, 1), len(cells))
    first, last = _window([plain.columns(cell) for cell in cells], start, end)
    indent = plain.columns("".join(cells[first:start])) + (first > 0)
    carets = plain.columns("".join(cells[start : min(end, last)]))
    shown = "…" * (first > 0) + "".join(cells[first:last]) + "…" * (last < len(cells))
    return Snippet(shown.rstrip(), indent, max(carets, 1))


def _cells(line: str) -> list[str]:
    """What each character is shown as."""
    cells: list[str] = []
    used = 0
    for char in line:
        cell = " " * (_TAB - used % _TAB) if char == "\t" else plain.visible(char)
        used += plain.columns(cell)
        cells.append(cell)
    return cells


def _window(widths: list[int], start: int, end: int) -> tuple[int, int]:
    """Which characters to show: all, or as many before and after the start of the span as fit."""
    if sum(widths) <= _WIDTH:
        return 0, len(widths)
    first, room = start, _WIDTH // 3 if sum(widths[start:end]) < _WIDTH else 10
    while first > 0 and room >= widths[first - 1]:
        first -= 1
        room -= widths[first]
    last, room = first, _WIDTH
    while last < len(widths) and room >= widths[last]:
        room -= widths[last]
        last += 1
    return first, last
