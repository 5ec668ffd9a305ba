"""Phone numbers: what is one, how it is shown, and many of them in little room. It knows no country and no file."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

E164 = r"^\+[1-9][0-9]{6,14}$"
COUNTRY_HELP = "write + and the country code, then the digits without blanks or zeros in front"

_is_e164 = re.compile(E164.replace("$", r"\Z")).match
_looks_like_a_number = re.compile(r"\+[0-9][0-9 ().-]{5,}[0-9]|[0-9]{9,}")


def is_number(text: str) -> bool:
    """Whether `text` is a phone number in E.164: a plus sign, no leading zero, 7 to 15 digits."""
    return _is_e164(text) is not None


def number_of(text: str, region: str | None) -> str | None:
    """`text` in E.164: as it is, or read as people write numbers in `region`; None for what is no valid number."""
    if is_number(text):
        return text
    if region is None:
        return None
    from campaignops.audience import dialing  # noqa: PLC0415  (phonenumbers costs 60 ms)

    return dialing.international(text, region)


def repair(text: str, region: str | None, likely: Iterable[str]) -> str:
    """What to write instead of a text that `number_of` does not take; see `dialing.repair`."""
    from campaignops.audience import dialing  # noqa: PLC0415

    return dialing.repair(text, region, likely)


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


class Packed(Sequence[str]):
    """E.164 numbers in their order, in eight bytes each: a million of them take 8 MB, as texts they take 70."""

    __slots__ = ("_digits",)

    def __init__(self, numbers: Iterable[str | int] = ()) -> None:
        """`numbers` in E.164, or their digits as whole numbers."""
        self._digits = array("Q", map(int, numbers))

    def __len__(self) -> int:
        return len(self._digits)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Packed: ...
    def __getitem__(self, at: int | slice) -> str | Packed:
        return Packed(self._digits[at]) if isinstance(at, slice) else f"+{self._digits[at]}"

    def __iter__(self) -> Iterator[str]:
        return map("+{}".format, self._digits)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Packed):
            return self._digits == other._digits
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Packed({len(self):,} numbers)"
