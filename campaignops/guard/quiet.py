"""Whether messages of a stretch of time would reach people in quiet hours or on quiet days, by their own clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from campaignops.project import QuietHours

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN = 24 * 60


def in_hours(first_s: float, last_s: float, zone: str, hours: QuietHours) -> bool:
    """Whether any moment from first to last is in the quiet hours of `zone`."""
    first, length_min = local(first_s, zone), (last_s - first_s) / 60
    minute = first.hour * 60 + first.minute + first.second / 60
    if (minute - hours.start) % _DAY_MIN < (hours.end - hours.start) % _DAY_MIN:
        return True
    return length_min >= (hours.start - minute) % _DAY_MIN


def on_days(first_s: float, last_s: float, zone: str, days: frozenset[str]) -> str | None:
    """The first quiet day between first and last in `zone`, as it is written in the settings."""
    day, last = local(first_s, zone).date(), local(last_s, zone).date()
    while day <= last:
        for name in (day.isoformat(), f"{day:%m-%d}", _WEEKDAYS[day.weekday()]):
            if name in days:
                return name
        day += timedelta(days=1)
    return None


def days_of(country: str, by_country: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return by_country.get(country) or by_country.get("other") or frozenset()


def local(time_s: float, zone: str) -> datetime:
    """A Unix time as the clocks of a zone show it."""
    return datetime.fromtimestamp(time_s, _zone(zone))


@lru_cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
