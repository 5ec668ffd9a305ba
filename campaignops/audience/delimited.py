"""CSV text -> rows: which delimiter, and on which line and column a cell stands. It knows no phone number."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeAlias

from campaignops.findings import Finding, Place

Lines: TypeAlias = Callable[
    [], Iterator[str]
]  # the lines of a text with their ends, from the first each time
Row: TypeAlias = tuple[int, list[str]]  # the line on which it begins, from 1, and its cells
_USUAL = ",;\t|"
_NEVER = frozenset("\"' _-.+()/\ufeff\r\n")
_LOOKED_AT = 20  # rows that tell two delimiters apart which both fit the first one
_BLOCK = 1000  # lines that are looked at together


class Delimited:
    """The rows of a CSV; `file` only names it. Raises csv.Error while it is read.

    The delimiter is the one for which the first row has a column named `column`, whatever character it is.
    """

    def __init__(self, lines: Lines, file: str, column: str) -> None:
        self.file = file
        self._lines = lines
        self._fitting = self._delimiters(column)

    def rows(self) -> Iterator[Row]:
        """Each row; blank lines are left out."""
        return self._rows(self._fitting[0])

    def stretches(self, index: int, width: int, wanted: str) -> Iterator[tuple[list[str], list[Row]]]:
        """The rows below the first, many at a time. Where all are plain, with `width` cells and a `wanted` (a regular
        expression) at `index`: what it captures. Else the rows."""
        delimiter = self._fitting[0]
        plain = _plain(delimiter, index, width, wanted)
        lines = self._lines()
        line = _below_first(lines, delimiter)
        while block := list(islice(lines, _BLOCK)):
            found = plain("".join(block))
            if len(found) == len(block):
                yield found, []
                line += len(block)
            else:
                reader = csv.reader(chain(block, lines), delimiter=delimiter, strict=True)
                rows: list[Row] = []
                while reader.line_num < len(block):  # the last one may go on in the lines behind the block
                    rows.append((line + reader.line_num, next(reader)))
                yield [], rows
                line += reader.line_num

    def doubt(self) -> Finding | None:
        """More than one delimiter fits, and nothing tells which was meant."""
        if len(self._fitting) == 1:
            return None
        named = " and ".join(_named(delimiter) for delimiter in self._fitting)
        note = f"{named} both fit the first rows, and make different columns of them"
        help = "put quotation marks round the fields that hold one of them, or export with another delimiter"
        return Finding("CMP411", "error", "the delimiter is not clear", Place(self.file), note, help)

    def places(self, index: int, rows: Iterable[Row]) -> list[Place]:
        """Where the cells with that index stand, of rows in their order: exact for rows without quotes, else where the
        cell's text is first found in its line."""
        wanted = list(rows)
        last = wanted[-1][0] if wanted else 0
        numbers = {line for line, _ in wanted}
        texts = {line: text for line, text in enumerate(islice(self._lines(), last), 1) if line in numbers}
        return [self._place(line, cells, index, texts.get(line, "")) for line, cells in wanted]

    def _place(self, line: int, cells: list[str], index: int, text: str) -> Place:
        cell = cells[index]
        column = sum(map(len, cells[:index])) + index
        if not text.startswith(cell, column):
            column = max(text.find(cell.strip()), 0)
        elif cell.strip():
            column += len(cell) - len(cell.lstrip())
        return Place(self.file, line, column + 1, max(len(cell.strip()), 1))

    def _rows(self, delimiter: str) -> Iterator[Row]:
        reader = csv.reader(self._lines(), delimiter=delimiter, strict=True)
        line = 1
        for cells in reader:
            if _has_text(cells):
                yield line, cells
            line = reader.line_num + 1

    def _delimiters(self, column: str) -> list[str]:
        first = next(filter(str.strip, self._lines()), "")
        others = sorted(c for c in set(first) if not c.isalnum() and c not in _NEVER and c not in _USUAL)
        heads = {delimiter: self._head(delimiter) for delimiter in (*_USUAL, *others)}
        fitting = [d for d, head in heads.items() if column in head and len(head) > 1]
        if len(fitting) > 1:
            fitting = [d for d in fitting if self._is_even(d)] or fitting
        return fitting or [max(_USUAL, key=first.count)]

    def _head(self, delimiter: str) -> list[str]:
        try:
            return [name.strip() for _, cells in islice(self._rows(delimiter), 1) for name in cells]
        except csv.Error:
            return []

    def _is_even(self, delimiter: str) -> bool:
        """Whether the first rows have as many cells as the very first."""
        try:
            return len({len(cells) for _, cells in islice(self._rows(delimiter), _LOOKED_AT)}) == 1
        except csv.Error:
            return False


def _below_first(lines: Iterator[str], delimiter: str) -> int:
    """The line on which the second row begins; `lines` then go on there."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for cells in reader:
        if _has_text(cells):
            break
    return reader.line_num + 1


def _plain(delimiter: str, index: int, width: int, wanted: str) -> Callable[[str], list[str]]:
    delimiter = re.escape(delimiter)
    other = rf'[^"{delimiter}\r\n]*+'
    row = f"(?:{other}{delimiter}){{{index}}}{wanted}(?:{delimiter}{other}){{{width - index - 1}}}"
    return re.compile(rf"^{row}\r?$", re.MULTILINE).findall


def _has_text(cells: list[str]) -> bool:
    return any(map(str.strip, cells))


def _named(delimiter: str) -> str:
    return {"\t": "the tab", ",": "the comma", ";": "the semicolon"}.get(delimiter, f"`{delimiter}`")
