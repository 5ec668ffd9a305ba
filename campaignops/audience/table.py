"""The rows of a recipient file -> numbers and findings. A stream: of a row eight bytes are kept. It knows no format."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice
from typing import NamedTuple, Protocol

from campaignops.audience.delimited import Row
from campaignops.audience.numbers import COUNTRY_HELP, E164, Packed, is_number, mask, mask_all
from campaignops.findings import Finding, Place

_MAX_FINDINGS = 20
_NUMBER = E164.strip("^$").replace("[1-9]", "([1-9]", 1) + ")"  # captures its digits


class Table(Protocol):
    """Rows, from the first each time; the first has the names of the columns. See `Delimited` for each method."""

    file: str

    def rows(self) -> Iterator[Row]: ...
    def stretches(self, index: int, width: int, wanted: str) -> Iterator[tuple[list[str], list[Row]]]: ...
    def places(self, index: int, rows: Iterable[Row]) -> list[Place]: ...
    def doubt(self) -> Finding | None: ...


def read(table: Table, column: str = "phone", limit: int | None = 1000) -> tuple[Packed, tuple[Finding, ...]]:
    """The numbers of a column in their order, and what is wrong with the table; more than `limit` is.

    A row with more or fewer cells than the first is an error: its number may be in the wrong column. Empty cells at the
    end are not counted, and rows without any text passed over.
    """
    try:
        line, cells = next(table.rows(), (1, []))
        header = [name.strip() for name in cells]
        if wrong := _wrong_header(table, line, header, column) or table.doubt():
            return Packed(), (wrong,)
        return _Reading(table, header.index(column), len(header)).read(limit)
    except csv.Error as problem:
        return Packed(), (_unreadable(table.file, problem),)


def too_many(count: int, limit: int) -> str:
    return f"{count:,} recipients; one campaign may have {limit:,}"


def split_help(limit: int) -> str:
    return f"cut them into numbered campaigns: add `split: {limit}` to `recipients`"


def _wrong_header(table: Table, line: int, header: list[str], column: str) -> Finding | None:
    whole = Place(table.file, line, 1, max(sum(map(len, header)) + len(header) - 1, 1))
    if not header:
        return Finding("CMP403", "error", "the recipient file is empty", Place(table.file))
    if header.count(column) > 1:
        message = f"two columns of the recipient file are named `{column}`"
        return Finding("CMP404", "error", message, whole, help="rename one of them")
    if column in header:
        return None
    message = f"the recipient file has no column `{column}`"
    if any(map(_is_like_a_number, header)):
        note, help = (
            "the first row must name the columns",
            f"put a row with names above it, such as: {column}",
        )
        return Finding("CMP404", "error", message, whole, note, help)
    folded = {name.casefold(): name for name in header}
    close = get_close_matches(column.casefold(), folded, n=1, cutoff=0)
    likely = mask_all(folded[close[0]] if close else header[0])
    note = "its columns are " + ", ".join(f"`{mask_all(name)}`" for name in header[:10])
    return Finding(
        "CMP404", "error", message, whole, note, f"name one of them: {{file: {table.file}, column: {likely}}}"
    )


def _is_like_a_number(name: str) -> bool:
    return sum(map(str.isdigit, name)) > 6


def _unreadable(file: str, problem: csv.Error) -> Finding:
    note = "a quotation mark is opened and never closed" if "end of data" in str(problem) else str(problem)
    return Finding("CMP404", "error", "the recipient file cannot be read as CSV", Place(file), note=note)


class _Wrong(NamedTuple):
    """A wrong row; without `cells` what is wrong is all of it, else its number."""

    line: int
    cells: list[str]
    code: str
    message: str
    note: str | None = None
    help: str | None = None


class _Reading:
    """The passes over the rows. Of what is wrong the first rows are kept, and how many there are."""

    def __init__(self, table: Table, index: int, width: int) -> None:
        self._table, self._index, self._width = table, index, width
        self._wrong: list[_Wrong] = []
        self._count = 0

    def read(self, limit: int | None) -> tuple[Packed, tuple[Finding, ...]]:
        index, width, digits = self._index, self._width, array("Q")
        for plain, rows in self._table.stretches(index, width, _NUMBER):
            digits.extend(map(int, plain))
            digits.extend(int(number) for number in (self._number(*row) for row in rows) if number)
        if len(set(digits)) < len(digits):
            self._find_again()
        findings = self._findings()
        if limit is not None and len(digits) > limit:
            findings.append(self._too_many(len(digits), limit))
        elif not digits and not findings:
            message = "the recipient file has no rows below its heading"
            findings.append(Finding("CMP403", "error", message, Place(self._table.file)))
        return Packed(digits), tuple(findings)

    def _number(self, line: int, cells: list[str]) -> str | None:
        """The number of a row; None for one without text, or with a wrong one."""
        if not any(map(str.strip, cells)):
            return None
        if len(cells) < self._width or any(map(str.strip, cells[self._width :])):
            message = f"this row has {_fields(len(cells))}, the first has {self._width}"
            self._tell(_Wrong(line, [], "CMP404", message, help="quote a field that holds the delimiter"))
            return None
        number = cells[self._index].strip()
        if is_number(number):
            return number
        message = "not an E.164 number" if number else "this row has no number"
        self._tell(_Wrong(line, cells, "CMP105", message, help=COUNTRY_HELP))
        return None

    def _numbers(self) -> Iterator[tuple[int, list[str], str]]:
        """The rows with a number, once more."""
        for line, cells in islice(self._table.rows(), 1, None):
            number = cells[self._index].strip() if self._index < len(cells) else ""
            if is_number(number):
                yield line, cells, number

    def _find_again(self) -> None:
        first: dict[int, int] = {}
        for line, cells, number in self._numbers():
            if first.setdefault(int(number), line) != line:
                note = f"it stands on line {first[int(number)]:,} already"
                self._tell(_Wrong(line, cells, "CMP401", f"duplicate number {mask(number)}", note))

    def _too_many(self, count: int, limit: int) -> Finding:
        line = next(islice((line for line, _, _ in self._numbers()), limit, None), 1)
        return Finding(
            "CMP402", "error", too_many(count, limit), Place(self._table.file, line), help=split_help(limit)
        )

    def _tell(self, row: _Wrong) -> None:
        self._count += 1
        self._wrong.append(row)
        if len(self._wrong) > 2 * _MAX_FINDINGS:  # the first ones of either kind are among them
            self._wrong = sorted(self._wrong, key=_line)[:_MAX_FINDINGS]

    def _findings(self) -> list[Finding]:
        shown = sorted(self._wrong, key=_line)[:_MAX_FINDINGS]
        at_cells = iter(
            self._table.places(self._index, [(row.line, row.cells) for row in shown if row.cells])
        )
        findings = [
            Finding(
                row.code,
                "error",
                row.message,
                next(at_cells) if row.cells else Place(self._table.file, row.line),
                row.note,
                row.help,
            )
            for row in shown
        ]
        if (more := self._count - len(shown)) > 0:
            place = Place(self._table.file, shown[-1].line)
            findings.append(
                Finding(shown[-1].code, "error", f"{more:,} more rows of this file are wrong", place)
            )
        return findings


def _line(row: _Wrong) -> int:
    return row.line


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"
