"""When to send: the written form -> a point in time. It reads no clock; whether a time is past is not its question."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from campaignops.manifest.form.complaints import Complaint
from campaignops.manifest.form.vocabulary import repaired_time
from campaignops.manifest.problems import nearest
from campaignops.model import At, Draft, Now, Send

LAST_S = 4_102_444_800  # the year 2100
_EXAMPLE = 'for example at: "2030-07-30 18:06", timezone: Europe/Berlin'
_is_time = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?: ?(Z|[+-][0-9]{2}:?[0-9]{2}))?\Z"
).match
_is_unix = re.compile(r"[0-9]{9,11}\Z").match
# Names that lead into the zone folder but mean something else on each machine.
_NOT_ZONES = ("posix", "right", "localtime", "Factory", "leap", "tzdata", "zone", "iso3166")


class Untimely(Exception):
    def __init__(
        self, code: str, path: tuple[str, ...], message: str, note: str | None = None, help: str | None = None
    ):
        super().__init__(message)
        self.complaint = Complaint(code, path, message, note, help)


def send_of(form: Any, default_zone: str) -> Send:
    """The send form as a value. Raises Untimely."""
    if form == "draft":
        return Draft()
    if form == "now":
        return Now()
    return _at(form["at"], form.get("timezone"), form.get("fold"), default_zone)


@lru_cache(4096)
def _at(text: str, zone: str | None, fold: str | None, default_zone: str) -> At:
    """Cached: many campaigns share few times, and looking into a zone twice costs more than all the rest."""
    found = _is_time(text)
    if found is None and _is_unix(text):
        _refuse_with("Unix seconds are the same everywhere", fold=fold)
        return At(_bounded(int(text)), _zone(zone or default_zone).key)
    if found is None:
        raise _not_a_time(text)
    if found[3]:
        _refuse_with("the time has an offset already", timezone=zone, fold=fold)
        return _at_offset(text, found)
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        raise _not_a_time(text) from None
    where = _zone(zone or default_zone)
    return At(_bounded(_instant(local, where, fold)), where.key)


def _at_offset(text: str, found: re.Match[str]) -> At:
    try:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3]}")
        return At(_bounded(int(moment.timestamp())), "UTC" if found[3] == "Z" else found[3])
    except (ValueError, OverflowError):
        raise _not_a_time(text) from None


def _refuse_with(why: str, **given: str | None) -> None:
    for name, value in given.items():
        if value is not None:
            raise Untimely(
                "CMP116", ("send", name), f"`{name}` does not apply here: {why}", help=f"leave `{name}` out"
            )


def _not_a_time(text: str) -> Untimely:
    if repaired := repaired_time(text):
        help = f'if this is {repaired:%B} {repaired.day}: at: "{repaired:%Y-%m-%d %H:%M}"'
        return Untimely("CMP405", ("send", "at"), f"`{text[:40]}` is not a point in time", None, help)
    if text.lower() in ("now", "draft"):
        return Untimely("CMP405", ("send", "at"), f"`{text}` stands by itself", None, f"send: {text.lower()}")
    note = "the time of day is missing" if re.fullmatch(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", text) else None
    return Untimely("CMP405", ("send", "at"), f"`{text[:40]}` is not a point in time", note, _EXAMPLE)


def _bounded(time_s: int) -> int:
    if not 0 < time_s < LAST_S:
        raise Untimely("CMP405", ("send", "at"), "the time is not between 1970 and 2100", None, _EXAMPLE)
    return time_s


def _zone(name: str) -> ZoneInfo:
    zone = zone_named(name)
    if zone is None:
        raise Untimely(
            "CMP405", ("send", "timezone"), f"`{name[:60]}` is not a time zone", help=zone_help(name)
        )
    return zone


@cache
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None when there is none."""
    if name.startswith(_NOT_ZONES):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # what zoneinfo raises for absent, absurd and folder names
        return None


@cache
def countries_of(zone: str) -> tuple[str, ...]:
    """The country in which the zone is, as its two letters; none for one such as UTC."""
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return tuple(row[0] for row in rows if row[2] == zone)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # 25 ms each time


@lru_cache(1024)
def zone_help(name: str) -> str:
    if re.match(r"(?:GMT|UTC)?[+-][0-9]", name):
        return 'an offset stands behind the time, without timezone: at: "2030-07-30 18:06+02:00"'
    near = nearest(name, _zones()) or _with_city(name)
    return f"did you mean `{near}`?" if near else "an IANA name such as Europe/Berlin, or UTC"


def _with_city(name: str) -> str | None:
    city = "/" + name.casefold().replace(" ", "_")
    return next((zone for zone in sorted(_zones()) if zone.casefold().endswith(city)), None)


def _instant(local: datetime, zone: ZoneInfo, fold: str | None) -> int:
    first, second = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    early, late = first.utcoffset(), second.utcoffset()
    if early == late:
        return int(first.timestamp())
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise _skipped(first, second, zone)
    if fold is None:
        raise _twice(first, second, zone)
    return int((first if fold == "first" else second).timestamp())


def _reading(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(UTC).astimezone(zone).isoformat(" ", "minutes")


def _skipped(first: datetime, second: datetime, zone: ZoneInfo) -> Untimely:
    message = f"{first:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clock jumps over it"
    readings = sorted((_reading(first, zone), _reading(second, zone)))
    return Untimely(
        "CMP406",
        ("send", "at"),
        message,
        help=f'write at: "{readings[0]}" or at: "{readings[1]}", without timezone',
    )


def _twice(first: datetime, second: datetime, zone: ZoneInfo) -> Untimely:
    message = f"{first:%Y-%m-%d %H:%M} happens twice in {zone.key}"
    help = f"fold: first is {_reading(first, zone)}, fold: second is {_reading(second, zone)}"
    return Untimely("CMP406", ("send", "at"), message, help=help)
