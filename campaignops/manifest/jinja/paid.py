"""The filters of expressions, jinja2's and our own, each paid for from the budget of the fence."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import Undefined, pass_environment

from campaignops.manifest.jinja.fence import Fence, Refused
from campaignops.manifest.jinja.filters import Unfit

# Left out: what depends on dice or addresses, what pads to any width, and HTML.
_OF_JINJA = (
    "abs", "attr", "capitalize", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select",
    "selectattr", "sort", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip


def all_of(known: Mapping[str, Callable[..., Any]], ours: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """The filters by name, of those that jinja2 `known` has and of `ours`."""
    return {
        **{name: _paid(known[name]) for name in _OF_JINJA},
        "count": _paid(known["length"]),
        "string": _string,
        "round": _round,
        "join": _join,
        "format": _format,
        "replace": _replace,
        "tojson": _tojson,
        "counted": _counted,
        **{name: _ours(function) for name, function in ours.items()},
    }


def _paid(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of jinja2 that pays for the size of what it is given."""
    takes_context = hasattr(function, "jinja_pass_arg")

    @functools.wraps(function)
    def paid(*args: Any, **kwargs: Any) -> Any:
        passed = args[0] if takes_context else None
        environment = getattr(passed, "environment", passed)
        value = args[1 if takes_context else 0]
        if isinstance(environment, Fence):
            environment.spend(1 + (len(value) if isinstance(value, list | tuple | dict | str) else 0) // 10)
        return function(*args, **kwargs)

    if takes_context:
        return paid

    @pass_environment
    def paid_by(environment: Fence, *args: Any, **kwargs: Any) -> Any:
        environment.spend(1 + (len(args[0]) if isinstance(args[0], list | tuple | dict | str) else 0) // 10)
        return environment.fits(function(*args, **kwargs))

    return paid_by


def _ours(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of our own: pays, and is given values and no holes."""

    @pass_environment
    def paid(environment: Fence, *args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if isinstance(value, Undefined):
                str(value)
        environment.spend(5 + sum(len(value) for value in args if isinstance(value, str)) // 10)
        try:
            return environment.fits(function(*args, **kwargs))
        except Unfit as problem:
            raise Refused(problem.message, problem.help) from None

    return paid


@pass_environment
def _string(fence: Fence, value: Any) -> Any:
    return fence.written(value)


@pass_environment
def _counted(environment: Fence, value: Iterable[Any], cost: int) -> Iterator[Any]:
    for item in value:
        environment.spend(cost)
        yield item


@pass_environment
def _join(fence: Fence, value: Iterable[Any], d: Any = "", attribute: str | None = None) -> str:
    return fence.join(value, d, attribute)


@pass_environment
def _format(fence: Fence, value: Any, *args: Any) -> str:
    return fence.format(value, *args)


@pass_environment
def _replace(fence: Fence, value: Any, before: Any, after: Any) -> str:
    return fence.replace(value, before, after)


@pass_environment
def _tojson(environment: Fence, value: Any) -> str:
    if isinstance(value, Undefined):
        return str(value)
    return str(environment.fits(json.dumps(value, ensure_ascii=False)))


def _round(value: float, precision: int = 0) -> float:
    if not 0 <= precision <= 10:
        raise Refused("round to between 0 and 10 places")
    return round(value, precision)
