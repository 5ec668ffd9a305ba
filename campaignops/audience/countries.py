"""Where a number is at home: its country and the zones its clocks may show. The only user of phonenumbers' tables.

Looked up by how a number begins, once for each beginning: among a million numbers these are few.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

_KNOWN_BY = 8  # characters that decide, with the plus sign; an area code of North America is over after five
_TRIES = 4  # so many numbers that are in no use may begin alike before what they suggest is kept


@dataclass(frozen=True, slots=True)
class Home:
    """`country` is an ISO code, empty when the number belongs to none; `zones` are all that may be the right one."""

    country: str
    zones: tuple[str, ...]


_homes: dict[str, Home] = {}
_doubts: Counter[str] = Counter()


def home(number: str) -> Home:
    """The home of a number in E.164."""
    key = number[:5] if number[1] in "17" else number[:_KNOWN_BY]
    found = _homes.get(key)
    if found is not None:
        return found
    found, is_sure = _look_up(number)
    _doubts[key] += 1
    if is_sure or _doubts[key] >= _TRIES:
        _homes[key] = found
    return found


def _look_up(number: str) -> tuple[Home, bool]:
    """The home, and whether others that begin alike have the same: not when this number is in no use."""
    regions, zones_by_prefix = _tables()
    calling_code = next((number[1:end] for end in (2, 3, 4) if int(number[1:end]) in regions), "")
    of_code = regions.get(int(calling_code or 0), ())
    zones = zones_by_prefix.get(calling_code, ())
    if not of_code or (len(of_code) == 1 and len(zones) <= 1):
        return Home(_letters(of_code[:1]), zones), True
    near = next(zones_by_prefix[number[1:end]] for end in range(9, 1, -1) if number[1:end] in zones_by_prefix)
    return _told_by_the_whole_number(number, of_code, near)


def _told_by_the_whole_number(
    number: str, regions: tuple[str, ...], near: tuple[str, ...]
) -> tuple[Home, bool]:
    import phonenumbers  # noqa: PLC0415
    from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number  # noqa: PLC0415

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Home(_letters(regions[:1]), near), False
    region = phonenumbers.region_code_for_number(parsed)
    own = tuple(zone for zone in time_zones_for_number(parsed) if zone != UNKNOWN_TIMEZONE)
    return Home(_letters((region or regions[0],)), own or near), region is not None


def _letters(regions: tuple[str, ...]) -> str:
    """The region, if it is one: 001 stands for the whole world."""
    return next((region for region in regions if region.isalpha()), "")


@cache
def _tables() -> tuple[dict[int, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The regions of each calling code, and the zones of each beginning of a number."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # noqa: PLC0415
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415

    return COUNTRY_CODE_TO_REGION_CODE, TIMEZONE_DATA
