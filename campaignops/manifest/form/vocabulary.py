"""The words of authors: where a key belongs, what else people call it, what to paste for a value of another form."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

# Where a key belongs that stands in the wrong mapping, by its name.
HOMES = {
    "text": "message", "template": "message", "language": "message", "header": "message", "body": "message",
    "buttons": "message", "components": "message", "file": "message` or `recipients",
    "numbers": "recipients", "phonebook": "recipients", "column": "recipients", "field": "recipients",
    "split": "recipients", "region": "recipients",
    "at": "send", "timezone": "send", "fold": "send",
    "assign_to": "session", "extension": "session.assign_to", "queue": "session.assign_to",
    "image": "message.header", "video": "message.header", "document": "message.header", "from": "moved",
}  # fmt: skip
# What else a key is called, in other tools and in plain English; of these the first that is known there is meant.
ALSO = {
    "from": ("sender",), "to": ("recipients",), "audience": ("recipients",), "kind": ("type",), "title": ("name",),
    "schedule": ("send",), "when": ("send", "at"), "time": ("at",), "date": ("at",), "on": ("at",),
    "tz": ("timezone",), "zone": ("timezone",), "phones": ("numbers",), "contacts": ("phonebook",), "list": ("file",),
    "content": ("text",), "attachment": ("file",), "media": ("file",),
    "lang": ("language",), "locale": ("language",), "user": ("extension",), "agent": ("extension",),
    "picture": ("file", "image"), "image": ("file",), "opt_out": ("suppression",), "blocked_days": ("quiet_days",),
    "test_before_send": ("require_test_send",), "host": ("url",), "address": ("url",), "variables": ("vars",),
    "envs": ("environments",),
}  # fmt: skip
# Keys that are left out on purpose, and what there is instead.
INSTEAD = {
    "verify": "verification cannot be switched off; for a private certificate there are ca_file and fingerprint",
    "insecure": "verification cannot be switched off; for a private certificate there are ca_file and fingerprint",
    **dict.fromkeys(
        ("macro", "macros"),
        "a macro stands in a file such as _texts.j2: {% macro hello(name) %}Hello {{ name }}{% endmacro %}",
    ),
    "defaults": "defaults stand in a manifest, or in a file `_defaults.yaml` for all manifests of its folder",
    **dict.fromkeys(
        ("client_id", "client_secret", "password", "username", "token"),
        "credentials come from CAMPAIGNOPS_CLIENT_ID and CAMPAIGNOPS_CLIENT_SECRET, never from a file",
    ),
}
# A key that stands for its parent's value, and the key that is missing because of that.
STANDS_FOR = {"now": ("at",), "draft": ("at",), "direct": ("assign_to",), "name": ("id",), "number": ("id",)}
_PICTURES, _VIDEOS = (".jpg", ".jpeg", ".png", ".webp"), (".mp4", ".3gp", ".3gpp")


def pasted(path: tuple[str | int, ...], value: Any, kind: Any) -> str | None:
    """What to write where a bare value stands for the mapping that was meant; `kind` is the type of the campaign."""
    match path, value:
        case ("message",), str():
            return "message: {template: …, language: en}" if kind == "whatsapp" else 'message: {text: "…"}'
        case ("recipients",), list():
            return 'recipients: {numbers: ["+…"]}'
        case ("recipients",), str():
            return f"recipients: {_people(value)}"
        case ("message", "header"), str():
            return f"header: {{{media(value)}: {value}}}"
        case ("session", "assign_to"), str():
            return (
                f'assign_to: {{extension: "{value}"}}'
                if value.isdecimal()
                else f"assign_to: {{queue: {value}}}"
            )
        case ("moved",), str():
            return f"moved: {{from: {value}}}"
        case ("pbx",), str():
            return f"pbx: {{url: {value}}}"
    return _PASTED.get((path, type(value)))


_PASTED: dict[tuple[tuple[str | int, ...], type], str] = {
    (("recipients", "numbers"), str): 'numbers: ["+…", "+…"]',
    (
        ("recipients", "phonebook"),
        list,
    ): 'one at a time: for_each: [VIP, …], and phonebook: "{{ each.value }}"',
    (("guardrails", "countries"), str): "countries: [DE, AT]",
}


def _people(value: str) -> str:
    if value.lower().endswith((".csv", ".xlsx", ".txt", ".tsv")):
        return f"{{file: {value}}}"
    if value[:1] in "+0123456789":
        return '{numbers: ["+…"]}'
    return f"{{phonebook: {value}, field: mobile_number}}"


def media(value: str) -> str:
    """The kind of header that a path or text is for."""
    name = value.lower()
    if name.endswith(_PICTURES):
        return "image"
    return "video" if name.endswith(_VIDEOS) else "document" if "." in name[-5:] else "text"


# How else people and spreadsheets write a point in time; strptime also takes one digit for two, and blanks.
_OTHER_FORMS = (
    "%Y-%m-%d %H:%M", "%Y-%m-%d %H.%M", "%Y-%m-%d %I:%M %p", "%Y-%m-%d %I %p", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M",
    "%d.%m.%Y, %H:%M", "%d.%m.%Y %H.%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I %p",
)  # fmt: skip
_is_in_zone = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]+) ([A-Z]\w+/[\w/]+|UTC)\Z").match


def repaired_time(text: str) -> datetime | None:
    """The point in time that was probably meant; None where there are two readings, or none."""
    found = set()
    spaced = re.sub(r"(?<=[0-9])(?=[ap]m\Z)", " ", text.strip(), flags=re.IGNORECASE)
    for form in _OTHER_FORMS:
        try:
            found.add(datetime.strptime(spaced, form))  # noqa: DTZ007  (its zone stands beside it)
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None


def time_meant(text: str) -> str | None:
    """What stands behind `send:` for a bare point in time."""
    if found := _is_in_zone(text):
        return f'{{at: "{found[1]}", timezone: {found[2]}}}'
    if repaired := repaired_time(text):
        return f'{{at: "{repaired:%Y-%m-%d %H:%M}"}}'
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return f'{{at: "{text} 18:06"}}, with the time of day that you mean'
    return f'{{at: "{text}"}}' if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
