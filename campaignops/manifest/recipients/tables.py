"""Recipient files: from a path in a manifest to a table, decoded as the bytes say. It knows no number."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from io import TextIOWrapper

from campaignops import audience
from campaignops.audience import Packed, Wanted
from campaignops.findings import Finding, Place
from campaignops.manifest.assets import Assets, Unusable, unreadable

MAX_BYTES = 64 * 1000 * 1000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_HELP = "save the file as UTF-8, in a spreadsheet as CSV UTF-8"
_SHEET_HELP = "save it as .xlsx, or as CSV UTF-8"
_START_BYTES = 4096
_ZIP, _OLD_SPREADSHEET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read(assets: Assets, file: str, wanted: Wanted) -> tuple[Packed, tuple[Finding, ...]]:
    """The numbers of a recipient file, and what is wrong with it. Raises Unusable when it cannot be read at all."""
    with assets.opened(file, MAX_BYTES) as opened:
        start = opened.read(_START_BYTES)
    if start.startswith(_ZIP):
        return audience.read(_sheet(assets, file), wanted)
    if start.startswith(_OLD_SPREADSHEET):
        raise Unusable("CMP404", f"`{file}` is a spreadsheet of the old kind", _SHEET_HELP)
    text = _Text(assets, file, start)
    try:
        return audience.read(audience.Delimited(text.lines, file, wanted.column), wanted)
    except UnicodeDecodeError:
        return Packed(), (text.undecodable(),)
    except OSError as error:
        raise unreadable(file, error) from None


def _sheet(assets: Assets, file: str) -> audience.Table:
    try:
        from campaignops.manifest.recipients.spreadsheet import Sheet  # noqa: PLC0415  (openpyxl is an extra)
    except ImportError:
        message = f"`{file}` is a spreadsheet, and what reads one is not installed"
        raise Unusable(
            "CMP413", message, "pip install 'campaignops[xlsx]'; or save it as CSV UTF-8"
        ) from None
    return Sheet(lambda: assets.opened(file, MAX_BYTES), file)


class _Text:
    """The lines of a file in UTF-8, or in what its byte order mark says. Raises Unusable for what is none of these."""

    def __init__(self, assets: Assets, file: str, start: bytes) -> None:
        self._assets, self._file = assets, file
        self._encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
        if start.startswith(_UTF_32) or (self._encoding == "utf-8" and b"\0" in start):
            raise Unusable("CMP117", f"`{file}` is not text in UTF-8", _HELP)

    def lines(self, errors: str = "strict") -> Iterator[str]:
        """With their ends, from the first each time. Raises UnicodeDecodeError."""
        opened = self._assets.opened(self._file, MAX_BYTES)
        with TextIOWrapper(opened, self._encoding, errors, newline="") as text:
            yield from text

    def undecodable(self) -> Finding:
        line = next((line for line, text in enumerate(self.lines("replace"), 1) if "\ufffd" in text), 1)
        return Finding("CMP117", "error", "the file is not UTF-8 text", Place(self._file, line), help=_HELP)
