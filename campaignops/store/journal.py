"""The journal: each accepted write as one line of JSON, in a chain of checks that begins at its document's.

It knows neither files nor locks. Only its last line may be torn: that write was never acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from campaignops.errors import StateError
from campaignops.store import Write
from campaignops.store.document import (
    Image,
    dumps,
    entry_of,
    entry_text,
    loads,
    pbx_fields,
    pbx_of,
    split_spec,
    to_bytes,
)

_CHECK_BYTES = 8
_FIELDS = {"lineage", "serial", "after", "key", "moved_from", "plan", "pbx", "entry"}
_TAIL = len(', "check": "0123456789abcdef"}')


@dataclass(frozen=True, slots=True)
class Line:
    """A write that was accepted on `lineage`. `after` is the check of the line before, `check` its own."""

    lineage: str
    serial: int
    after: str
    check: str
    write: Write

    def apply(self, image: Image) -> None:
        if self.write.moved_from is not None:
            image.campaigns.pop(self.write.moved_from, None)
        if self.write.plan is not None:
            image.plan = self.write.plan
        elif self.write.entry is None:
            image.campaigns.pop(self.write.key, None)
        else:
            image.campaigns[self.write.key] = self.write.entry
        image.serial, image.check, image.pbx = self.serial, self.check, self.write.pbx or image.pbx


def next_line(image: Image, write: Write) -> tuple[Line, bytes]:
    """The line that takes `image` one write further, and its bytes."""
    serial = image.serial + 1
    head: dict[str, Any] = {
        "lineage": image.lineage,
        "serial": serial,
        "after": image.check,
        "key": write.key,
    }
    if write.moved_from is not None:
        head["moved_from"] = write.moved_from
    if write.plan is not None:
        head["plan"] = write.plan
    if write.pbx:
        head["pbx"] = pbx_fields(write.pbx)
    entry = entry_text(write.entry) if write.entry else "null"
    body = to_bytes(f'{dumps(head)[:-1]}, "entry": {entry}}}')
    check = _check(body)
    return Line(image.lineage, serial, image.check, check, write), _sealed(body, check) + b"\n"


def replay(image: Image, raw: bytes, document: str, journal: str) -> None:
    """Bring `image` up to date. Raises StateError (CMP705) unless the journal begins exactly where it ends."""
    lines = _lines(raw, journal)
    # A fold that was cut short leaves lines that the document already contains, to the last check.
    new = [line for line in lines if line.serial > image.serial]
    if new:
        joins = (new[0].serial - 1, new[0].after) == (image.serial, image.check)
    else:
        joins = not lines or (lines[-1].serial, lines[-1].check) == (image.serial, image.check)
    if not joins or any(line.lineage != image.lineage for line in lines):
        raise StateError(
            f"{journal} holds the writes {lines[0].serial} to {lines[-1].serial}, but {document}, at {image.serial}, "
            f"is not the document they were made on: an older or a foreign one was put in its place. Put the right "
            f"one back (`git log -- {document}`); only if the journal is the wrong one, move it away. Nothing was sent",
            code="CMP705",
        )
    for line in new:
        line.apply(image)


def _lines(raw: bytes, journal: str) -> list[Line]:
    *whole, torn = raw.split(b"\n")
    if whole and not torn and not _is_sealed(whole[-1]):
        whole.pop()
    broken = next((number for number, line in enumerate(whole, 1) if not _is_sealed(line)), None)
    try:
        lines = [] if broken else [_parse(line) for line in whole]
    except (ValueError, RecursionError, LookupError) as error:
        raise StateError(
            f"{journal} has a line that this version cannot read ({error}): a newer one wrote it. "
            f"Update campaignops and run again. Nothing was sent",
            code="CMP702",
        ) from error
    for number, (one, other) in enumerate(pairwise(lines), 2):
        if (other.serial, other.after) != (one.serial + 1, one.check):
            broken = broken or number
    if broken:
        raise StateError(
            f"{journal} is broken at line {broken}: accepted writes are missing from there on. Restore the journal "
            f"from a backup; else move it away, and `campaignops import` what the PBX holds and the state does not. "
            f"Nothing was sent",
            code="CMP705",
        )
    return lines


def _parse(line: bytes) -> Line:
    """A sealed line. Its check has held, so that it may be cut where `next_line` put it together."""
    body = line[:-_TAIL].decode()
    if body.endswith(', "entry": null'):
        said, spec = loads(body + "}"), ""
    else:
        head, spec = split_spec(body)
        said, spec = loads(head + "}}"), spec[:-1]
    if unknown := said.keys() - _FIELDS:
        raise ValueError(f"{min(unknown)!r} is not a known field")  # it may change what the line does
    key = said["key"]
    entry = None if said["entry"] is None else entry_of(key, said["entry"], spec)
    check = line[-_TAIL:][-2 - 2 * _CHECK_BYTES : -2].decode()
    write = Write(key, entry, pbx_of(said.get("pbx")), said.get("moved_from"), said.get("plan"))
    return Line(said["lineage"], said["serial"], said["after"], check, write)


def _check(body: bytes) -> str:
    return blake2b(body, digest_size=_CHECK_BYTES).hexdigest()


def _sealed(body: bytes, check: str) -> bytes:
    return body[:-1] + f', "check": "{check}"}}'.encode()


def _is_sealed(line: bytes) -> bool:
    body = line[:-_TAIL] + b"}"
    return line == _sealed(body, _check(body))
