"""The first sheet of a spreadsheet (XLSX) as a table of recipients. The only module that imports openpyxl, an extra;
imported itself only for such a file."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from campaignops.audience import AsNumber
from campaignops.audience.delimited import Row
from campaignops.findings import Finding, Place
from campaignops.manifest.assets import Unusable

_HELP = "save it as .xlsx, or as CSV UTF-8"
_MAX_BYTES = 200 * 1000 * 1000  # unpacked
_BLOCK = 1000
# What openpyxl raises for files that are damaged, or of another kind.
_DAMAGED = (
    InvalidFileException, BadZipFile, ParseError, zlib.error, EOFError, NotImplementedError,
    KeyError, IndexError, ValueError, TypeError, AttributeError,
)  # fmt: skip


class Sheet:
    """Rows of cells as text; `opened` gives the file anew. Raises Unusable while it is read."""

    def __init__(self, opened: Callable[[], BinaryIO], file: str) -> None:
        self.file = file
        self._opened = opened
        self._width = 0  # until the first row is known
        self._width = len(next(self.rows(), (1, []))[1])

    def rows(self) -> Iterator[Row]:
        """Each row with its number, from 1; those without any text are left out."""
        try:
            for number, values in enumerate(self._values(), 1):
                cells = [_text(value) for value in values]
                if any(map(str.strip, cells)):
                    yield number, cells + [""] * (self._width - len(cells))
        except _DAMAGED:
            raise Unusable("CMP404", f"`{self.file}` cannot be read as a spreadsheet", _HELP) from None

    def stretches(self, index: int, width: int, wanted: str) -> Iterator[tuple[list[str], list[Row]]]:
        rows = islice(self.rows(), 1, None)
        while block := list(islice(rows, _BLOCK)):
            yield [], block

    def places(self, index: int, rows: Iterable[Row]) -> list[Place]:
        """The row, and as its column that of the cell."""
        return [Place(self.file, line, index + 1) for line, _ in rows]

    def doubt(self) -> Finding | None:
        return None

    def _values(self) -> Iterator[tuple[object, ...]]:
        with self._opened() as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about decorations that openpyxl does not know
            if sum(part.file_size for part in ZipFile(file).infolist()) > _MAX_BYTES:
                limit = f"{_MAX_BYTES // 1_000_000} MB unpacked"
                raise Unusable("CMP102", f"`{self.file}` has more than {limit}", "save it as CSV UTF-8")
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size may be wrong, and would cut people off
            yield from sheet.iter_rows(values_only=True)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        return AsNumber(int(value) if whole else value)
    return str(value)
