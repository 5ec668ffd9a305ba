"""What is wrong with the rows of a table: counted, and kept only as far as it is shown, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from campaignops.audience.delimited import Row
from campaignops.audience.numbers import mask, repair
from campaignops.findings import Finding, Place, Severity

IMPOSSIBLE_HELP = "compare it with where it came from; nothing can be sent to it"
_MAX_SHOWN = 20


class Table(Protocol):
    """Rows, from the first each time; the first has the names of the columns. See `Delimited` for each method."""

    file: str

    def rows(self) -> Iterator[Row]: ...
    def stretches(self, index: int, width: int, wanted: str) -> Iterator[tuple[list[str], list[Row]]]: ...
    def places(self, index: int, rows: Iterable[Row]) -> list[Place]: ...
    def doubt(self) -> Finding | None: ...


class AsNumber(str):
    """A cell that a spreadsheet holds as a number: it has lost its + and every zero in front."""

    __slots__ = ()


class Wrong(NamedTuple):
    """A wrong row. Without `cells` all of it is wrong, else its number. CMP105 without `help` is given a repair."""

    line: int
    cells: list[str]
    code: str
    message: str
    note: str | None = None
    help: str | None = None


class Told:
    """Wrong rows of one severity."""

    def __init__(self, severity: Severity) -> None:
        self._severity = severity
        self._rows: list[Wrong] = []
        self._count = 0

    def add(self, row: Wrong) -> None:
        self._count += 1
        self._rows.append(row)
        if len(self._rows) > 2 * _MAX_SHOWN:
            self._rows = self._first()

    def findings(
        self, table: Table, index: int, region: str | None, likely: Sequence[str]
    ) -> Iterator[Finding]:
        """The first ones, and how many more there are. The number is the cell with this `index`."""
        shown = self._first()
        at_cells = iter(table.places(index, [(row.line, row.cells) for row in shown if row.cells]))
        for row in shown:
            place = next(at_cells) if row.cells else Place(table.file, row.line)
            help = row.help
            if row.code == "CMP105" and help is None:
                help = repair(row.cells[index].strip(), region, likely)
            yield Finding(row.code, self._severity, row.message, place, row.note, help)
        if (more := self._count - len(shown)) > 0:
            message = f"{more:,} more rows of this file are wrong"
            yield Finding(shown[-1].code, self._severity, message, Place(table.file, shown[-1].line))

    def _first(self) -> list[Wrong]:
        return sorted(self._rows, key=lambda row: row.line)[:_MAX_SHOWN]


AS_NUMBER_HELP = "format the column as text, and put the numbers in once more, each with its +"


def not_a_number(region: str | None) -> str:
    return f"not an E.164 number, and not one of {region}" if region else "not an E.164 number"


def impossible(number: str) -> str:
    return f"there can be no number {mask(number)}"
