"""What expressions can do with dates, texts and numbers beyond Jinja: pure, without a clock, the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from campaignops import audience
from campaignops.audience.numbers import COUNTRY_HELP
from campaignops.manifest.times import zone_help, zone_named
from campaignops.message import sms

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MAX_PARTS = 50
_MOST_IN_A_PART = 160
_moment = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:(?P<between>[T ])(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)"
    r"(?P<offset> ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?)?\Z"
).match
_directive = re.compile("%(-?.|\\Z)", re.DOTALL)


class Unfit(Exception):
    """A value that a filter can do nothing with; message and help are for the author."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message, self.help = message, help


def shift(value: str, *, weeks: int = 0, days: int = 0, hours: int = 0, minutes: int = 0) -> str:
    """A date, or date and time, that much later; in the form in which it was written. Raises Unfit."""
    moment, found = _read(value)
    if (hours or minutes) and not found["time"]:
        raise Unfit("a date without a time is shifted by days or weeks", "'2030-07-30' | shift(days=-2)")
    try:
        moment += timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    except (OverflowError, TypeError):
        raise Unfit("the shift is no number, or leads out of the calendar", "shift(days=-2)") from None
    if not found["time"]:
        return f"{moment:%Y-%m-%d}".rjust(10, "0")
    time = f"{moment:%H:%M:%S}"[: len(found["time"])]
    return f"{moment.date().isoformat()}{found['between']}{time}{found['offset'] or ''}"


def format_date(
    value: str, form: str = "%d.%m.%Y", months: Sequence[str] = _MONTHS, days: Sequence[str] = _DAYS
) -> str:
    """A date in another form; names of months and days (from Monday) are English unless given. Raises Unfit."""
    moment, _ = _read(value)
    if len(months) != len(_MONTHS) or len(days) != len(_DAYS):
        raise Unfit("`months` needs twelve names, `days` seven, from Monday")
    month, day = str(months[moment.month - 1]), str(days[moment.weekday()])
    known = {
        "Y": moment.date().isoformat()[:4], "y": f"{moment.year % 100:02}",
        "m": f"{moment.month:02}", "-m": str(moment.month), "B": month, "b": month[:3],
        "d": f"{moment.day:02}", "-d": str(moment.day), "A": day, "a": day[:3],
        "H": f"{moment.hour:02}", "-H": str(moment.hour), "M": f"{moment.minute:02}", "S": f"{moment.second:02}",
        "I": f"{moment.hour % 12 or 12:02}", "-I": str(moment.hour % 12 or 12), "p": "PM" if moment.hour > 11 else "AM",
        "j": str(moment.timetuple().tm_yday), "V": f"{moment.isocalendar().week:02}", "%": "%",
    }  # fmt: skip

    def written(found: re.Match[str]) -> str:
        if found[1] not in known:
            listed = " ".join(f"%{name}" for name in known)
            raise Unfit(f"`%{found[1]}` stands for no part of a date", f"known here: {listed}")
        return known[found[1]]

    return _directive.sub(written, str(form))


def date_in_zone(value: Any, zone: str, from_zone: str) -> str:
    """What clocks in `zone` show at a time with an offset, at Unix seconds, or when those in `from_zone` show a time
    without one: `2030-07-30 18:06`. Raises Unfit."""
    there, here = _zone(zone), _zone(from_zone)
    if re.fullmatch("[0-9]{1,11}", str(value)):
        return _shown(datetime.fromtimestamp(int(value), UTC).astimezone(there), int(value) % 60 != 0)
    moment, found = _read(value)
    if not found["time"]:
        raise Unfit("a date without a time is the same in no two zones", "write the time, too")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=here)
        if moment.utcoffset() != moment.replace(fold=1).utcoffset():
            raise Unfit(
                f"this hour is left out or comes twice in {from_zone}", "write the offset: 18:06+02:00"
            )
    return _shown(moment.astimezone(there), len(found["time"]) > len("18:06"))


def truncate_sms(text: str, parts: int = 1, end: str = "...") -> str:
    """As much of a text as fits into `parts` parts of an SMS, then `end`; cut between words where there are any."""
    if type(parts) is not int or not 1 <= parts <= _MAX_PARTS:
        raise Unfit(f"`parts` must be a whole number from 1 to {_MAX_PARTS}", "truncate_sms(2)")
    most = parts * _MOST_IN_A_PART  # beyond it nothing need be measured, however long the text is
    if len(text) <= most and sms.measure(text).parts <= parts:
        return text
    low, high = 0, min(len(text), most + 1)
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if sms.measure(text[:middle] + end).parts <= parts else (low, middle)
    kept = text[:low]
    words = kept if text[low : low + 1].isspace() else kept.rpartition(" ")[0]
    return (words or kept).rstrip() + end


def e164(text: str, region: str | None) -> str:
    """A number as people write it in `region`, in E.164. Raises Unfit."""
    number = audience.number_of(str(text).strip(), region)
    if number is None:
        where = f" of {region}" if region else ""
        raise Unfit(
            f"{audience.mask(str(text))} is no number{where}",
            None if region else f"{COUNTRY_HELP}; or set `region` in campaignops.yaml",
        )
    return number


def all_of(timezone: str, region: str | None) -> dict[str, Any]:
    """The filters by name, with the settings that they go by."""
    return {
        "shift": shift,
        "format_date": format_date,
        "date_in_zone": lambda value, zone, from_zone=timezone: date_in_zone(value, zone, from_zone),
        "truncate_sms": truncate_sms,
        "e164": lambda text, own_region=region: e164(text, own_region),
    }


def _read(value: Any) -> tuple[datetime, dict[str, Any]]:
    found = _moment(str(value))
    try:
        if found:
            offset = (found["offset"] or "").strip()
            return datetime.fromisoformat(
                f"{found['day']}T{found['time'] or '00:00'}{offset}"
            ), found.groupdict()
    except ValueError:
        pass
    raise Unfit(f"`{str(value)[:40]}` is not a date", "write it as 2030-07-30, or 2030-07-30 18:06")


def _zone(name: str) -> Any:
    zone = zone_named(str(name))
    if zone is None:
        raise Unfit(f"`{str(name)[:60]}` is not a time zone", zone_help(str(name)))
    return zone


def _shown(moment: datetime, with_seconds: bool) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "seconds" if with_seconds else "minutes")
