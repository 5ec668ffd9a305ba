"""A company's own rules: what they may know of a campaign, what one says, what it finds. Python rules import `Facts`
and `rule` from here. Where rules come from is not its question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from campaignops.findings import Finding, Place

Severity: TypeAlias = Literal["error", "warning"]
_is_code = re.compile(r"(?!CMP)[A-Z]{2,10}[0-9]{3}\Z").match


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a rule may ask about a campaign; empty where there is nothing to say.

    `recipients` is 0 where only the PBX can count them. `text` is what people read, as far as it is known without the
    PBX. `send` is draft, now or at, and `time` then ISO 8601 in UTC. `session` is direct, extension or queue.
    """

    key: str = ""
    type: str = ""
    name: str = ""
    channel: str = ""
    sender: str = ""
    recipients: int = 0
    phonebook: str = ""
    text: str = ""
    template: str = ""
    language: str = ""
    file: str = ""
    send: str = ""
    time: str = ""
    session: str = ""


FACTS = tuple(field.name for field in fields(Facts))


class Undecided(Exception):
    """A rule that cannot be asked about this campaign; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`denies` says whether a campaign breaks it; it may raise anything. `denied` and `allowed` are its tests."""

    code: str
    severity: Severity
    message: str
    denies: Callable[[Facts], bool]
    help: str | None = None
    place: Place | None = None
    denied: tuple[Facts, ...] = ()
    allowed: tuple[Facts, ...] = ()


def rule(
    code: str,
    message: str,
    *,
    severity: Severity = "error",
    help: str | None = None,
    denied: Iterable[Facts] = (),
    allowed: Iterable[Facts] = (),
) -> Callable[[Callable[[Facts], bool]], Rule]:
    """Makes a function of Facts a Rule, which an entry point of the group `campaignops.rules` names. Raises ValueError
    for a code that is none."""
    if not is_code(code):
        raise ValueError(f"`{code}` is not a code of your own, such as ACME001")
    return lambda denies: Rule(code, severity, message, denies, help, None, tuple(denied), tuple(allowed))


def is_code(text: str) -> bool:
    """2 to 10 capital letters and three digits; those that begin with CMP are ours."""
    return _is_code(text) is not None


def findings(rules: Iterable[Rule], asked: Facts, place: Place) -> Iterator[Finding]:
    """What the rules have against a campaign that stands at `place`."""
    for each in rules:
        try:
            is_denied = each.denies(asked)
        except Exception as error:  # noqa: BLE001 - a rule is foreign code; whatever it does is a finding
            yield _undecided(each, error, place)
        else:
            if is_denied:
                yield Finding(each.code, each.severity, each.message, place, help=each.help)


def failures(each: Rule) -> Iterator[str]:
    """Which of a rule's own tests fail, in words."""
    for kind, tests, expected in (("denied", each.denied, True), ("allowed", each.allowed, False)):
        for number, asked in enumerate(tests, start=1):
            try:
                found = bool(each.denies(asked))
            except Exception as error:  # noqa: BLE001 - as above
                yield f"{kind} {number}: cannot be evaluated: {_said(error)}"
            else:
                if found is not expected:
                    yield f"{kind} {number}: is {'denied' if found else 'allowed'}"


def _undecided(each: Rule, error: Exception, place: Place) -> Finding:
    message = f"the rule {each.code} cannot be evaluated: {_said(error)}"
    help = "put the rule right, and give it a test; `campaignops test-policy` runs them"
    return Finding("CMP630", "error", message, each.place or place, help=help)


def _said(error: Exception) -> str:
    """Foreign words may repeat a text or a number; only our own are shown."""
    return str(error) if isinstance(error, Undecided) else type(error).__name__
