"""The rows of a recipient file -> numbers and findings. A stream: of a row eight bytes are kept. It knows no format."""

from __future__ import annotations

import csv
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from campaignops.audience.calling_codes import are_possible, is_possible, region_of, why_impossible
from campaignops.audience.numbers import COUNTRY_HELP, E164, Packed, mask, mask_all, number_of
from campaignops.audience.told import (
    AS_NUMBER_HELP,
    IMPOSSIBLE_HELP,
    AsNumber,
    Table,
    Told,
    Wrong,
    impossible,
    not_a_number,
)
from campaignops.findings import Finding, Place

_LOOKED_AT = 100  # numbers that tell where the others may be from
_NUMBER = E164.strip("^$").replace("[1-9]", "([1-9]", 1) + ")"  # captures its digits


@dataclass(frozen=True, slots=True)
class Wanted:
    """The numbers of a column, at most `limit`. Those without a + are read as people write them in `region`, if that is
    set; `likely` are regions that they may be of."""

    column: str = "phone"
    limit: int | None = 1000
    region: str | None = None
    likely: tuple[str, ...] = ()


def read(table: Table, wanted: Wanted) -> tuple[Packed, tuple[Finding, ...]]:
    """The wanted numbers of a table in their order, and what is wrong with it.

    A row with more or fewer cells than the first is an error: its number may be in the wrong column. Empty cells at the
    end are not counted, and rows without any text passed over.
    """
    try:
        line, cells = next(table.rows(), (1, []))
        header = [name.strip() for name in cells]
        if wrong := _wrong_header(table, line, header, wanted.column) or table.doubt():
            return Packed(), (wrong,)
        return _Reading(table, wanted, header.index(wanted.column), len(header)).read()
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
    note = "its columns are " + ", ".join(f"`{mask_all(name)}`" for name in header[:10])
    help = f"name one of them: {{file: {table.file}, column: {mask_all(_likely(table, header, column))}}}"
    return Finding("CMP404", "error", message, whole, note, help)


def _likely(table: Table, header: list[str], column: str) -> str:
    """The column that is meant: of that name in other letters, else with the most numbers, else of a similar name."""
    folded = {name.casefold(): name for name in header}
    if same := folded.get(column.casefold()):
        return same
    rows = islice(table.rows(), 1, _LOOKED_AT)
    full = Counter(at for _, cells in rows for at, cell in enumerate(cells) if _is_like_a_number(cell))
    best = full.most_common(1)
    if best and best[0][0] < len(header):
        return header[best[0][0]]
    close = get_close_matches(column.casefold(), folded, n=1, cutoff=0)
    return folded[close[0]] if close else header[0]


def _is_like_a_number(name: str) -> bool:
    return sum(map(str.isdigit, name)) > 6


def _unreadable(file: str, problem: csv.Error) -> Finding:
    note = "a quotation mark is opened and never closed" if "end of data" in str(problem) else str(problem)
    return Finding("CMP404", "error", "the recipient file cannot be read as CSV", Place(file), note=note)


class _Reading:
    """The passes over the rows."""

    def __init__(self, table: Table, wanted: Wanted, index: int, width: int) -> None:
        self._table, self._wanted, self._index, self._width = table, wanted, index, width
        self._errors, self._doubts = Told("error"), Told("warning")

    def read(self) -> tuple[Packed, tuple[Finding, ...]]:
        digits, odd = array("Q"), False
        for plain, rows in self._table.stretches(self._index, self._width, _NUMBER):
            odd = odd or not are_possible(plain)
            digits.extend(map(int, plain))
            for row in rows:
                if number := self._number(*row):
                    odd = odd or not is_possible(number[1:])
                    digits.append(int(number))
        if odd or len(set(digits)) < len(digits):
            self._look_again()
        likely = (*_regions(digits), *self._wanted.likely)
        findings = [
            finding
            for told in (self._errors, self._doubts)
            for finding in told.findings(self._table, self._index, self._wanted.region, likely)
        ]
        limit = self._wanted.limit
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
            self._errors.add(
                Wrong(line, [], "CMP404", message, help="quote a field that holds the delimiter")
            )
            return None
        if isinstance(cells[self._index], AsNumber):
            message = "the cell holds a number, not text: a + and zeros in front of it are lost"
            self._errors.add(Wrong(line, cells, "CMP412", message, help=AS_NUMBER_HELP))
            return None
        text = cells[self._index].strip()
        number = number_of(text, self._wanted.region)
        if number is None:
            message = not_a_number(self._wanted.region) if text else "this row has no number"
            self._errors.add(Wrong(line, cells, "CMP105", message, help=None if text else COUNTRY_HELP))
        return number

    def _numbers(self) -> Iterator[tuple[int, list[str], str]]:
        """The rows with a number, once more."""
        for line, cells in islice(self._table.rows(), 1, None):
            text = cells[self._index].strip() if self._index < len(cells) else ""
            if number := number_of(text, self._wanted.region):
                yield line, cells, number

    def _look_again(self) -> None:
        """For numbers that stand there twice, and for those that there cannot be."""
        first: dict[int, int] = {}
        for line, cells, number in self._numbers():
            if first.setdefault(int(number), line) != line:
                note = f"it stands on line {first[int(number)]:,} already"
                self._errors.add(Wrong(line, cells, "CMP401", f"duplicate number {mask(number)}", note))
            elif why := why_impossible(number):
                self._doubts.add(Wrong(line, cells, "CMP410", impossible(number), why, IMPOSSIBLE_HELP))

    def _too_many(self, count: int, limit: int) -> Finding:
        line = next(islice((line for line, _, _ in self._numbers()), limit, None), 1)
        place = Place(self._table.file, line)
        return Finding("CMP402", "error", too_many(count, limit), place, help=split_help(limit))


def _regions(digits: Sequence[int]) -> Iterator[str]:
    """Where the numbers of a list are from, most of them first."""
    seen = Counter(region_of(f"+{number}") for number in digits[:_LOOKED_AT])
    return (region for region, _ in seen.most_common() if region is not None)


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"
