"""Recipients as values: E.164 numbers, masking, and CSV text turned into numbers. It knows no files and no PBX."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from difflib import get_close_matches

from campaignops.findings import Finding, Place

E164 = r"^\+[1-9][0-9]{6,14}$"
COUNTRY_HELP = "write + and the country code, then the digits without blanks or zeros in front"

_is_e164 = re.compile(E164.replace("$", r"\Z")).match
_looks_like_a_number = re.compile(r"\+[0-9][0-9 ().-]{5,}[0-9]|[0-9]{9,}")
_MAX_FINDINGS = 20


def is_number(text: str) -> bool:
    """Whether `text` is a phone number in E.164: a plus sign, no leading zero, 7 to 15 digits."""
    return _is_e164(text) is not None


def mask(number: str) -> str:
    """A number as people may see it, `+8613•••1111`: never whole, however short or wrong the text is."""
    if len(number) >= 12:
        return f"{number[:5]}•••{number[-4:]}"
    if len(number) >= 8:
        return f"{number[:3]}•••{number[-2:]}"
    return "•••"


def mask_all(text: str) -> str:
    """`text` with everything in it that could be a phone number masked."""
    return _looks_like_a_number.sub(lambda found: mask(found[0]), text)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell of the wanted column, its line (from 1), and its row as read."""

    text: str
    line: int
    before: tuple[str, ...]

    def place(self, file: str, lines: list[str]) -> Place:
        """Exact for rows without quotes; else where the text is first found in its line."""
        column = sum(map(len, self.before)) + len(self.before) + 1
        line = lines[self.line - 1] if self.line <= len(lines) else ""
        if not line.startswith(self.text, column - 1):
            column = max(line.find(self.text), 0) + 1
        return Place(file, self.line, column, max(len(self.text), 1))


def read_csv(
    text: str, file: str, column: str = "phone", limit: int = 1000
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The numbers of the CSV `text` in their order, and what is wrong with it; `file` only names it in places.

    The first row names the columns; the delimiter is the comma, semicolon or tab that the first row uses. A row with
    more or fewer fields than the first is an error: its numbers may be in the wrong column. At most `limit` numbers.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return (), (Finding("CMP403", "error", "the recipient file is empty", Place(file)),)
    try:
        cells, findings = _cells(text, file, column)
    except csv.Error as problem:
        return (), (_unreadable(file, problem),)
    numbers, wrong = _numbers(cells, file, text.splitlines())
    findings += wrong
    if not cells and not findings:
        findings.append(
            Finding("CMP403", "error", "the recipient file has no rows below its heading", Place(file))
        )
    if len(cells) > limit:
        message = f"{len(cells):,} recipients; one campaign may have {limit:,}"
        findings.append(Finding("CMP402", "error", message, Place(file, cells[limit].line), help=SPLIT_HELP))
    return tuple(numbers), tuple(_shortened(findings, file))


SPLIT_HELP = "split the recipients over several campaigns"


def _unreadable(file: str, problem: csv.Error) -> Finding:
    note = "a quotation mark is opened and never closed" if "end of data" in str(problem) else str(problem)
    return Finding("CMP404", "error", "the recipient file cannot be read as CSV", Place(file), note=note)


def _cells(text: str, file: str, column: str) -> tuple[list[_Cell], list[Finding]]:
    first_line = text.split("\n", 1)[0].rstrip("\r")
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader)]
    if column not in header:
        return [], [_no_column(header, file, column, len(first_line))]
    index, cells, findings, line = header.index(column), [], [], reader.line_num + 1
    for row in reader:
        if len(row) == len(header):
            cells.append(_Cell(row[index].strip(), line, tuple(row[:index])))
        elif row:
            message = f"this row has {_fields(len(row))}, the first has {len(header)}"
            findings.append(
                Finding(
                    "CMP404", "error", message, Place(file, line), help="quote a field that holds a comma"
                )
            )
        line = reader.line_num + 1
    return cells, findings


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _no_column(header: list[str], file: str, column: str, width: int) -> Finding:
    named = ", ".join(f"`{mask_all(name)}`" for name in header[:10])
    note = (
        "the first row must name the columns" if any(map(is_number, header)) else f"its columns are {named}"
    )
    likely = get_close_matches(column, header, n=1, cutoff=0) or ["phone"]
    help = f"name one of them: {{file: {file}, column: {mask_all(likely[0])}}}"
    message = f"the recipient file has no column `{column}`"
    return Finding("CMP404", "error", message, Place(file, 1, 1, max(width, 1)), note=note, help=help)


def _numbers(cells: list[_Cell], file: str, lines: list[str]) -> tuple[list[str], list[Finding]]:
    first_line: dict[str, int] = {}
    findings = []
    for cell in cells:
        if not is_number(cell.text):
            message = "not an E.164 number" if cell.text else "this row has no number"
            findings.append(Finding("CMP105", "error", message, cell.place(file, lines), help=COUNTRY_HELP))
        elif cell.text in first_line:
            message = f"duplicate number {mask(cell.text)}"
            note = f"it stands on line {first_line[cell.text]} already"
            findings.append(Finding("CMP401", "error", message, cell.place(file, lines), note=note))
        else:
            first_line[cell.text] = cell.line
    return list(first_line), findings


def _shortened(findings: list[Finding], file: str) -> list[Finding]:
    if len(findings) <= _MAX_FINDINGS:
        return findings
    rest = findings[_MAX_FINDINGS:]
    more = Finding(rest[0].code, "error", f"{len(rest):,} more rows of this file are wrong", rest[0].place)
    return [*findings[:_MAX_FINDINGS], more]
