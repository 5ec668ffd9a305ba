"""Where a number is at home: its country and the zones its clocks may show. The only user of phonenumbers' tables.

Looked up by how a number begins, once for each beginning: among a million numbers these are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

_KNOWN_BY = (
    8  # characters that decide, the plus sign included; an area code of North America is over after five
)


@dataclass(frozen=True, slots=True)
class Home:
    """`country` is an ISO code, empty when the number belongs to none; `zones` are all that may be the right one."""

    country: str
    zones: tuple[str, ...]


_homes: dict[str, Home] = {}


def home(number: str) -> Home:
    """The home of a number in E.164."""
    key = number[:5] if number[1] in "17" else number[:_KNOWN_BY]
    found = _homes.get(key)
    if found is None:
        found = _homes[key] = _look_up(number)
    return found


def _look_up(number: str) -> Home:
    regions, zones_by_prefix = _tables()
    calling_code = next((number[1:end] for end in (2, 3, 4) if int(number[1:end]) in regions), "")
    of_code = regions.get(int(calling_code or 0), ())
    zones = zones_by_prefix.get(calling_code, ())
    if len(of_code) == 1 and len(zones) <= 1:
        return Home(of_code[0] if of_code[0].isalpha() else "", zones)
    return _told_by_the_whole_number(number, of_code, zones)


def _told_by_the_whole_number(number: str, regions: tuple[str, ...], zones: tuple[str, ...]) -> Home:
    import phonenumbers  # noqa: PLC0415
    from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number  # noqa: PLC0415

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Home("", ())
    country = (
        phonenumbers.region_code_for_number(parsed) or regions[0]
    )  # of one that is not in use: the main one
    own = tuple(zone for zone in time_zones_for_number(parsed) if zone != UNKNOWN_TIMEZONE)
    return Home(country if country.isalpha() else "", own or zones)


@cache
def _tables() -> tuple[dict[int, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The regions of each calling code, and the zones of each beginning of a number."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # noqa: PLC0415
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415

    return COUNTRY_CODE_TO_REGION_CODE, TIMEZONE_DATA
