"""`guardrails:` of campaignops.yaml: the written form, and that form -> project.Guardrails with each value's place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypeAlias

from pydantic import ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict

from campaignops.findings import Place
from campaignops.manifest.problems import did_you_mean
from campaignops.project import Frequency, Guardrails, QuietHours

_STRICT = ConfigDict(extra="forbid")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS_WHOLE = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OTHER = "other"
_UNITS_S = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_MEANT = {"UK": "GB", "EN": "GB"}  # no countries, and often taken for one
_is_country = re.compile(r"[A-Z]{2}\Z").match

Path: TypeAlias = tuple[str | int, ...]  # below `guardrails`
Problem: TypeAlias = tuple[Path, str, str | None]  # where, what is wrong, what helps


def _typed(*types: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": list(types), **more})


Count: TypeAlias = Annotated[
    str, Field(pattern=r"^[1-9][0-9]{0,8}$"), _typed("integer", "string", pattern="^[1-9][0-9]*$")
]
Clock: TypeAlias = Annotated[str, Field(pattern=r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$")]
Span: TypeAlias = Annotated[
    str, Field(pattern=r"^([01]?[0-9]|2[0-3]):[0-5][0-9] ?[-–] ?([01]?[0-9]|2[0-3]):[0-5][0-9]$")
]
Day: TypeAlias = Annotated[str, Field(max_length=20)]
Price: TypeAlias = Annotated[
    str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6})?$"), _typed("number", "string", pattern=r"^[0-9.]+$")
]


class LimitsForm(TypedDict):
    """How many people a campaign, a plan and a day may reach."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    per_campaign: NotRequired[Annotated[Count, Field(description="By one campaign.")]]
    per_plan: NotRequired[Annotated[Count, Field(description="By all creates and updates of one plan.")]]
    per_day: NotRequired[
        Annotated[
            Count, Field(description="On one day, with what was applied before; in the project's zone.")
        ]
    ]


QuietForm = TypedDict(
    "QuietForm",
    {
        "from": Annotated[Clock, Field(description="When they begin, such as 21:00.")],
        "to": Annotated[Clock, Field(description="When they end, such as 08:00.")],
    },
)
QuietForm.__pydantic_config__ = _STRICT  # type: ignore[attr-defined]
QuietForm.__doc__ = "Hours in which nobody is texted."


class FrequencyForm(TypedDict):
    """How often one person may be texted, across all campaigns."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    per: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}(m|h|d|w)$", description="A time: 24h, 7d.")]
    max: NotRequired[Annotated[Count, Field(description="How many messages; 1 if left out.")]]


class GuardrailsForm(TypedDict):
    """What must not go out, in terms of people, times and cost. Each refusal says how to allow one single case."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    max_recipients: NotRequired[
        Annotated[Count | LimitsForm, Field(description="How many people; a single number is for a plan.")]
    ]
    quiet_hours: NotRequired[
        Annotated[Span | QuietForm, Field(description='"21:00-08:00", in the zone of each recipient.')]
    ]
    quiet_days: NotRequired[
        Annotated[
            list[Day] | dict[str, list[Day]],
            Field(
                description="Weekdays, days of the year and dates without messages: [sun, 12-25, 2030-07-30]."
            ),
        ]
    ]
    countries: NotRequired[
        Annotated[list[str], Field(min_length=1, description="The only countries to be texted: [DE, AT].")]
    ]
    suppression: NotRequired[
        Annotated[str, Field(min_length=1, description="A CSV file of the project: who has opted out.")]
    ]
    frequency: NotRequired[FrequencyForm]
    require_test_send: NotRequired[
        Annotated[
            str,
            Field(pattern=r"^(true|false|[1-9][0-9]{0,3}(m|h|d|w))$"),
            _typed("boolean", "string", description="true, or within which time before: 7d."),
        ]
    ]
    max_sms_parts: NotRequired[
        Annotated[Count | dict[str, Count], Field(description="How many parts one SMS may take, by channel.")]
    ]
    cost_per_part: NotRequired[
        Annotated[Price | dict[str, Price], Field(description="What one part of an SMS costs, by country.")]
    ]
    currency: NotRequired[Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="Of cost_per_part: EUR.")]]
    confirm_above: NotRequired[
        Annotated[Count, Field(description="From more people on, apply asks for their number.")]
    ]


_PEOPLE = "a number of people from 1 on"
# What a field may hold, in words, for findings.
FORMS = {
    "guardrails": "guardrails such as {max_recipients: 1000}",
    "guardrails.max_recipients": "a number of people, or {per_campaign: 1000, per_plan: 4000, per_day: 5000}",
    "guardrails.max_recipients.per_campaign": _PEOPLE,
    "guardrails.max_recipients.per_plan": _PEOPLE,
    "guardrails.max_recipients.per_day": _PEOPLE,
    "guardrails.quiet_hours": '"21:00-08:00", or {from: "21:00", to: "08:00"}',
    "guardrails.quiet_hours.from": 'a time of day such as "21:00"',
    "guardrails.quiet_hours.to": 'a time of day such as "08:00"',
    "guardrails.quiet_days": "a list such as [sun, 12-25, 2030-07-30], or such lists by country",
    "guardrails.countries": "a list of country codes such as [DE, AT]",
    "guardrails.frequency": "written such as {per: 24h, max: 1}",
    "guardrails.frequency.per": "a time such as 90m, 24h, 7d or 2w",
    "guardrails.frequency.max": "a number of messages from 1 on",
    "guardrails.require_test_send": "`true`, `false`, or a time such as 7d",
    "guardrails.max_sms_parts": "a number of parts, or one for each channel: {Main SMS: 2, other: 1}",
    "guardrails.cost_per_part": "a price such as 0.07, or one for each country: {DE: 0.07, other: 0.10}",
    "guardrails.currency": "the three letters of a currency, such as EUR",
    "guardrails.confirm_above": _PEOPLE,
}


def problems(form: Mapping[str, Any]) -> Iterator[Problem]:
    """What a form of the right shape has wrong in its values."""
    for path, code in _countries(form):
        if code != OTHER and (code in _MEANT or not _is_country(code)):
            meant = _MEANT.get(code) or (code.upper() if _is_country(code.upper()) else None)
            help = f"did you mean `{meant}`?" if meant else "two capital letters, such as DE (ISO 3166)"
            yield path, f"`{code[:20]}` is not the code of a country", help
    for path, day in _days(form.get("quiet_days")):
        if _day(day) is None:
            help = did_you_mean(day.lower()[:3], WEEKDAYS) or "sun, 12-25 or 2030-07-30"
            yield path, f"`{day}` is no weekday, no day of the year and no date", help


def read(form: Mapping[str, Any], place_of: Callable[[tuple[str, ...]], Place]) -> Guardrails:
    """The guardrails of a form that holds."""
    most, hours, frequency = form.get("max_recipients"), form.get("quiet_hours"), form.get("frequency")
    limits: Mapping[str, str] = {"per_plan": most} if isinstance(most, str) else most or {}
    prices = _by_name(form.get("cost_per_part"))
    return Guardrails(
        max_per_campaign=_count(limits.get("per_campaign")),
        max_per_plan=_count(limits.get("per_plan")),
        max_per_day=_count(limits.get("per_day")),
        quiet_hours=None if hours is None else _quiet(hours),
        quiet_days=_quiet_days(form.get("quiet_days")),
        countries=frozenset(form.get("countries", ())),
        suppression=form.get("suppression"),
        frequency=None if frequency is None else _frequency(frequency),
        test_send=_test_send(form.get("require_test_send", "false")),
        max_sms_parts={name: int(most) for name, most in _by_name(form.get("max_sms_parts")).items()},
        cost_per_part={name: Decimal(price) for name, price in prices.items()},
        currency=form.get("currency"),
        confirm_above=_count(form.get("confirm_above")),
        written={".".join(path): (place_of(path), said) for path, said in _written(form, ())},
    )


def _countries(form: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    listed = form.get("countries")
    for at, code in enumerate(listed if isinstance(listed, list) else ()):
        yield ("countries", at), str(code)
    for name in ("cost_per_part", "quiet_days"):
        for code in form[name] if isinstance(form.get(name), dict) else ():
            yield (name, code), code


def _days(form: Any) -> Iterator[tuple[Path, str]]:
    for name, days in (form if isinstance(form, dict) else {"": form or ()}).items():
        for at, day in enumerate(days if isinstance(days, list) else ()):
            yield ("quiet_days", *((name,) if name else ()), at), str(day)


def _day(text: str) -> str | None:
    """A day as Guardrails has it; None for what is none."""
    short = text.lower()[:3]
    if (
        short in WEEKDAYS
        and "monday tuesday wednesday thursday friday saturday sunday".find(text.lower()) >= 0
    ):
        return short
    try:
        date.fromisoformat(text if len(text) == 10 else f"2000-{text}")
    except ValueError:
        return None
    return text


def _quiet_days(form: Any) -> dict[str, frozenset[str]]:
    by_country = form if isinstance(form, dict) else {OTHER: form} if form else {}
    return {name: frozenset(filter(None, map(_day, days))) for name, days in by_country.items()}


def _quiet(form: Any) -> QuietHours:
    start, end = re.split(" ?[-–] ?", form) if isinstance(form, str) else (form["from"], form["to"])
    return QuietHours(_minutes(start), _minutes(end))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _frequency(form: Mapping[str, str]) -> Frequency:
    return Frequency(_seconds(form["per"]), int(form.get("max", "1")))


def _test_send(form: str) -> int | None:
    return {"false": None, "true": 0}.get(form) if form in ("true", "false") else _seconds(form)


def _seconds(time: str) -> int:
    return int(time[:-1]) * _UNITS_S[time[-1]]


def _by_name(form: Any) -> Mapping[str, str]:
    return form if isinstance(form, dict) else {OTHER: form} if form else {}


def _count(text: str | None) -> int | None:
    return None if text is None else int(text)


def _written(form: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each setting, and each value in it, as its author wrote it on one line."""
    for name, value in form.items():
        below = (*path, name)
        yield below, _said(value)
        if isinstance(value, dict):
            yield from _written(value, below)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_said(inner)}" for name, inner in value.items()) + "}"
    return "[" + ", ".join(map(_said, value)) + "]" if isinstance(value, list) else str(value)
