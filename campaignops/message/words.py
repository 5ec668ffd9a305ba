"""What is wrong with the words of a message before anybody reads them: a costly character, a placeholder that was not
filled in, a link that leads nowhere. Pure; whether a text may go out is not its question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import TypeAlias
from unicodedata import name

from campaignops.findings import Finding, Place, Severity, Within
from campaignops.message import sms
from campaignops.model import Campaign, Numbers, Template, Text, TextHeader

Path: TypeAlias = tuple[str | int, ...]
Locate: TypeAlias = Callable[[Campaign, Path], Place]

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# How other tools mark what is to be filled in, and how people do.
_PLACEHOLDER = re.compile(
    r"\$?\{[A-Za-z_][\w .-]*\}|(?<!\d)%[A-Za-z_]\w*%|(?<![\w%])%[sd]\b|\[\[?[A-Z][A-Z0-9]*(?:[ _][A-Z0-9]+)*\]\]?"
    r"|<[A-Za-z][A-Za-z_ -]*>|\bX{3,}\b|\bTODO\b|\bTBD\b|\b[Ll]orem ipsum\b"
)
_LINK = re.compile(r"(?<![\w@])(?:[A-Za-z]{2,6}:/+|www\.)\S*", re.IGNORECASE)
_AFTER = ".,;:!?)]}'\"»”’…"  # ends a sentence, not a link
_PARTS = re.compile(r"//(?:(?P<user>[^/?#@]*)@)?(?P<host>[^/?#:]*)(?::[0-9]*)?(?=[/?#]|\Z)")
_SCHEMES = ("http", "https")
# Reserved so that they never lead anywhere (RFC 2606 and 6761).
_NOWHERE = ("example", "test", "invalid", "localhost", "local", "example.com", "example.net", "example.org")
_is_label = re.compile(r"[^\W_](?:[\w-]*[^\W_])?\Z").match


def findings(campaign: Campaign, locate: Locate, severity: Severity = "error") -> Iterator[Finding]:
    """What is wrong with the words of a campaign, at its own places. `severity` is that of what Jinja left over: a
    campaign that is to be sent must not hold it; one that was sent long ago, and taken over, may."""
    for path, text in texts(campaign):
        yield from _placeholders(text, path, campaign, locate, severity)
        yield from _links(text, path, campaign, locate)
    if isinstance(campaign.message, Text):
        yield from _costly(campaign.message.text, campaign, locate)


def texts(campaign: Campaign) -> Iterator[tuple[Path, str]]:
    """What people read of a message, and where the manifest says it."""
    match campaign.message:
        case Text(text):
            yield ("message", "text"), text
        case Template(header=header, body=body):
            if isinstance(header, TextHeader):
                yield ("message", "header", "text"), header.text
            for index, value in enumerate(body):
                step, text = value if isinstance(value, tuple) else (index, value)
                yield ("message", "body", step), text


def _costly(text: str, campaign: Campaign, locate: Locate) -> Iterator[Finding]:
    """Only where other characters would do: an emoji is meant, a curly apostrophe came with the word processor."""
    now = sms.measure(text)
    plain = sms.in_gsm(text) if now.parts > 1 and now.forced_by is not None else None
    if plain is None or (then := sms.measure(plain)).parts >= now.parts:
        return
    found = sms.foreign(text)
    what = "one character makes" if len(found) == 1 else f"{len(found)} characters make"
    message = f"{what} this SMS {now.parts} parts (UCS-2) instead of {then.parts} (GSM-7)"
    note = f"{found[0]} is {_named(found[0])}"
    if isinstance(campaign.audience, Numbers):
        people = len(campaign.audience.numbers)
        note += f"; {people * now.parts:,} parts are billed instead of {people * then.parts:,}"
    help = "write " + ", ".join(f"{sms.instead(c)} for {c}" for c in found)
    yield Finding(
        "CMP301", "warning", message, locate(campaign, ("message", "text", Within(found[0]))), note, help
    )


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {name(character, '').lower()}".rstrip()


def _placeholders(
    text: str, path: Path, campaign: Campaign, locate: Locate, left_over: Severity
) -> Iterator[Finding]:
    jinja = [found[0] for found in _JINJA.finditer(text)]
    others = [found[0] for found in _PLACEHOLDER.finditer(_JINJA.sub("", text) if jinja else text)]
    help = "write the word itself, or a var: {{ name }}, set under `vars:`"
    for word in (*jinja, *others):
        severity: Severity = left_over if word in jinja else "warning"
        message = f"people would read `{word[:40]}` as it stands here"
        yield Finding("CMP302", severity, message, locate(campaign, (*path, Within(word))), help=help)


def _links(text: str, path: Path, campaign: Campaign, locate: Locate) -> Iterator[Finding]:
    for found in _LINK.finditer(text):
        link = found[0].rstrip(_AFTER)
        if problem := _link_problem(link):
            message, help = problem
            place = locate(campaign, (*path, Within(link)))
            yield Finding("CMP303", "warning", f"`{link[:60]}` {message}", place, help=help)


def _link_problem(link: str) -> tuple[str, str | None] | None:
    if link[:4].lower() == "www.":
        link = f"https://{link}"
    scheme, _, rest = link.partition(":")
    if scheme.lower() not in _SCHEMES:
        return f"begins with {scheme}:, which phones do not open", f"https://{rest.lstrip('/')}"
    if not rest.startswith("//") or rest.startswith("///"):
        return "has not two slashes behind its colon", f"{scheme}://{rest.lstrip('/')}"
    parts = _PARTS.match(rest)
    if parts is None:
        return "is not a web address", None
    host = parts["host"].lower()
    if parts["user"] is not None:
        return "holds credentials, which everybody would read", f"{scheme}://{host}"
    if host.endswith(_NOWHERE) and any(host == end or host.endswith(f".{end}") for end in _NOWHERE):
        return (
            "leads nowhere: this name is reserved for examples and tests",
            "write the address of your own site",
        )
    return None if _is_host(host) else ("names no site of the internet", "for example https://shop.de/sale")


def _is_host(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        labels = host.removesuffix(".").split(".")
        few = 2 if labels[0].lower() == "www" else 1
        return len(labels) > few and all(map(_is_label, labels)) and not labels[-1].isdecimal()
