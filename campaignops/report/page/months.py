"""The send times of a plan: as a list in their order, and on a calendar of the months in which they lie."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from campaignops.planner import AnyChange
from campaignops.report.page.element import Html, element, together
from campaignops.report.plain import safe
from campaignops.report.rows import authors_zone
from campaignops.report.when import distance, moment

_MOST_MONTHS = 12
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def timeline(changes: Iterable[AnyChange], now_s: float, zone: str) -> Html:
    """What is sent when; nothing where nothing has a time. `zone` is the project's."""
    timed = sorted((c.time_s, c.key, c) for c in changes if c.send == "at" and c.time_s is not None)
    if not timed:
        return Html()
    rows = [_row(change, time_s, now_s, zone) for time_s, _, change in timed]
    days: defaultdict[date, list[str]] = defaultdict(list)
    for time_s, key, _ in timed:
        local = datetime.fromtimestamp(time_s, UTC if zone == "UTC" else ZoneInfo(zone))
        days[local.date()].append(f"{local:%H:%M} {key}")
    months = sorted({(day.year, day.month) for day in days})[:_MOST_MONTHS]
    grids = together(_month(year, month, days) for year, month in months)
    return together(
        [element("h2", f"When ({zone})"), element("table", *rows), element("div", grids, class_="months")]
    )


def _row(change: AnyChange, time_s: int, now_s: float, zone: str) -> Html:
    when = moment(time_s, authors_zone(change) or zone)
    return element("tr", *(element("td", safe(t)) for t in (when, distance(time_s, now_s), change.key)))


def _month(year: int, month: int, days: defaultdict[date, list[str]]) -> Html:
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    head = element("tr", *(element("th", name) for name in _DAYS))
    body = [element("tr", *(_day(day, days.get(day, ()), month) for day in week)) for week in weeks]
    return element("table", element("caption", f"{year}-{month:02}"), head, *body, class_="month")


def _day(day: date, sends: Sequence[str], month: int) -> Html:
    if day.month != month:
        return element("td")
    said = [element("div", safe(send)) for send in sends]
    return element("td", str(day.day), *said, **({"class_": "busy"} if sends else {}))
