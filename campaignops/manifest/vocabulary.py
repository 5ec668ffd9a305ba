"""The words of authors: where a key belongs, what else people call it, what to paste for a value of another form."""

from __future__ import annotations

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
    "content": ("text",), "attachment": ("file",), "media": ("file",), "picture": ("image",),
    "lang": ("language",), "locale": ("language",), "user": ("extension",), "agent": ("extension",),
    "host": ("url",), "address": ("url",), "variables": ("vars",), "envs": ("environments",),
}  # fmt: skip
# Keys that are left out on purpose, and what there is instead.
INSTEAD = {
    "verify": "verification cannot be switched off; for a private certificate there are ca_file and fingerprint",
    "insecure": "verification cannot be switched off; for a private certificate there are ca_file and fingerprint",
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
            return f"header: {{{_media(value)}: {value}}}"
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
    return None


def _people(value: str) -> str:
    if value.lower().endswith((".csv", ".xlsx", ".txt", ".tsv")):
        return f"{{file: {value}}}"
    if value[:1] in "+0123456789":
        return '{numbers: ["+…"]}'
    return f"{{phonebook: {value}, field: mobile_number}}"


def _media(value: str) -> str:
    name = value.lower()
    if name.endswith(_PICTURES):
        return "image"
    return "video" if name.endswith(_VIDEOS) else "document" if "." in name[-5:] else "text"
