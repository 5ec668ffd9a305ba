"""How a text travels as SMS: its encoding, its length, and into how many parts it is cut (3GPP TS 23.038 and 23.040).

Pure arithmetic. A part is what networks bill, and one character outside the GSM alphabet more than halves its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # two septets each: an escape, then the character
_SINGLE = {"GSM-7": 160, "UCS-2": 70}
_JOINED = {"GSM-7": 153, "UCS-2": 67}  # six octets of each part say which part it is
# What phones show alike, and the GSM alphabet has.
_INSTEAD = {
    "’": "'", "‘": "'", "‚": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "−": "-", "‑": "-", "…": "...", "•": "*", "·": "*", "\u00a0": " ", "\u202f": " ",
    "\t": " ", "×": "x", "™": "(TM)", "©": "(C)", "®": "(R)", "ç": "c", "á": "a", "í": "i", "ó": "o", "ú": "u",
    "â": "a", "ê": "e", "î": "i", "ô": "o", "û": "u", "ë": "e", "ï": "i",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sms:
    """`units` are septets (GSM-7) or 16-bit code units (UCS-2), `per_part` how many fit. `forced_by` is the index in
    the text of the first character that the GSM alphabet lacks, None when there is none."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int
    per_part: int
    forced_by: int | None = None


def measure(text: str) -> Sms:
    """Encoding, length and parts of a text; an empty one is one part."""
    if _BASIC.issuperset(text):
        return _cut("GSM-7", len(text), None, None)
    forced_by = next((i for i, c in enumerate(text) if c not in _BASIC and c not in _EXTENDED), None)
    if forced_by is None:
        sizes = [2 if c in _EXTENDED else 1 for c in text]
        return _cut("GSM-7", sum(sizes), sizes, None)
    if max(text) <= "\uffff":
        return _cut("UCS-2", len(text), None, forced_by)
    sizes = [2 if c > "\uffff" else 1 for c in text]
    return _cut("UCS-2", sum(sizes), sizes, forced_by)


def pieces(text: str) -> tuple[tuple[str, int], ...]:
    """The text as its parts carry it, each with its units."""
    measured = measure(text)
    found: list[tuple[str, int]] = []
    piece, used = "", 0
    for character in text:
        is_double = character in _EXTENDED if measured.encoding == "GSM-7" else character > "\uffff"
        if used + 1 + is_double > measured.per_part:
            found.append((piece, used))
            piece, used = "", 0
        piece, used = piece + character, used + 1 + is_double
    return (*found, (piece, used))


def in_gsm(text: str) -> str | None:
    """The text in the GSM alphabet, each other character replaced; None when one of them has no replacement."""
    replaced = "".join(_INSTEAD.get(c, c) for c in text)
    return replaced if (_BASIC | _EXTENDED).issuperset(replaced) else None


def foreign(text: str) -> list[str]:
    """The characters that the GSM alphabet lacks, each once, in their order."""
    return list(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENDED))


def instead(character: str) -> str | None:
    """What could stand for a character that the GSM alphabet lacks."""
    return _INSTEAD.get(character)


def _cut(
    encoding: Literal["GSM-7", "UCS-2"], units: int, sizes: list[int] | None, forced_by: int | None
) -> Sms:
    """No part ends within a character: neither between an escape and what it escapes, nor within a surrogate pair.
    Without `sizes` each character is one unit."""
    if units <= _SINGLE[encoding]:
        return Sms(encoding, units, 1, _SINGLE[encoding], forced_by)
    room = _JOINED[encoding]
    if sizes is None:
        return Sms(encoding, units, -(-units // room), room, forced_by)
    parts, used = 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return Sms(encoding, units, parts, room, forced_by)
