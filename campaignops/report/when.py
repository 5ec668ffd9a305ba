"""Points in time for people: weekday, zone, distance from now. The clock is an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_WEEKDAYS = (
    "Mon",
    "Tue",
    "Wed",
    "Thu",
    "Fri",
    "Sat",
    "Sun",
)  # strftime's would follow the machine's language
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def moment(time_s: int, zone: str) -> str:
    """`Tue 2027-03-30 10:00 Europe/Berlin`; the offset is added in an hour that occurs twice."""
    local = _local(time_s, zone)
    if local is None:
        return f"Unix time {time_s}"
    clock = local.strftime("%H:%M:%S" if local.second else "%H:%M")
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    offset = f" ({local:%z})" if twice else ""
    return f"{_WEEKDAYS[local.weekday()]} {local:%Y-%m-%d} {clock}{offset} {_zone_name(zone)}"


def distance(time_s: float, now_s: float) -> str:
    """`in 5 d 2 h`, or `5 d 2 h ago`: the two largest units."""
    left = round(abs(time_s - now_s))
    parts: list[tuple[int, str]] = []
    for seconds, unit in _UNITS:
        count, left = divmod(left, seconds)
        if count or (parts and len(parts) < 2):
            parts.append((count, unit))
    said = " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)
    if not said:
        return "now"
    return f"in {said}" if time_s > now_s else f"{said} ago"


def iso(time_s: int, zone: str) -> str | None:
    """ISO 8601 with the offset of `zone`; None for a time no calendar has."""
    local = _local(time_s, zone)
    return None if local is None else local.isoformat()


def _local(time_s: int, zone: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(time_s, _zone(zone) or UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _zone_name(zone: str) -> str:
    return zone if _zone(zone) is not None else "UTC"


@lru_cache
def _zone(name: str) -> tzinfo | None:
    """An IANA zone or an offset like `+02:00`; None when it is neither."""
    if name[:1] in ("+", "-"):
        return _offset(name)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # absent, absurd and folder names
        return None


def _offset(name: str) -> tzinfo | None:
    hours, _, minutes = name[1:].partition(":")
    if not (hours.isdecimal() and (minutes or "0").isdecimal()) or int(hours) > 23:
        return None
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-size if name[0] == "-" else size) if size < timedelta(days=1) else None
