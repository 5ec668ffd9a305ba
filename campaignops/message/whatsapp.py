"""WhatsApp templates: does a message fill one in completely and exactly, what the PBX is sent, what the reader sees.

Pages "Get WhatsApp Message Templates" and "WhatsApp Message Template Component Description". Pure: it neither fetches a
template nor uploads a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaignops.model import Asset, File, MediaHeader, Template, TextHeader

FileInfo = Mapping[str, Any]  # the File_Info of page "Upload Files for Message Campaigns"
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MEDIA = {  # what WhatsApp takes (Meta's media table; the PBX does not restate it)
    "image": re.compile(r"image/(jpeg|png)"),
    "video": re.compile(r"video/(mp4|3gpp?)"),
    "document": re.compile(r"(application|text)/.+"),
}
_PLAIN_BUTTONS = frozenset({"URL", "FLOW", "VOICE_CALL", "QUICK_REPLY", "PHONE_NUMBER", "COPY_CODE"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A template as the PBX lists it: `id` in the PBX, `template_id` at WhatsApp, its parts as Meta defines them."""

    id: int
    template_id: str
    name: str
    language: str
    parameter_format: str
    parts: tuple[Mapping[str, Any], ...]

    def part(self, kind: str) -> Mapping[str, Any]:
        return next((p for p in self.parts if str(p.get("type", "")).upper() == kind), {})

    @property
    def is_named(self) -> bool:
        return self.parameter_format.upper() == "NAMED"

    @property
    def body(self) -> str:
        return str(self.part("BODY").get("text", ""))

    @property
    def header_format(self) -> str | None:
        """TEXT, IMAGE, VIDEO, DOCUMENT, or what else the template says; None without a header."""
        header = self.part("HEADER")
        return str(header.get("format", "TEXT")).upper() if header else None

    @property
    def buttons(self) -> Sequence[Mapping[str, Any]]:
        return tuple(self.part("BUTTONS").get("buttons", ()))


@dataclass(frozen=True, slots=True)
class Problem:
    """A message and a template that do not fit; `path` leads to the value in the manifest."""

    code: str
    path: tuple[str, ...]
    message: str
    help: str | None = None
    note: str | None = None


def definition(row: Mapping[str, Any]) -> Definition:
    """One row of `message_channel/whatsapp_template`. Raises ValueError or TypeError for a row that is none."""
    parts = row["components_data"]
    parts = json.loads(parts) if isinstance(parts, str) and parts else parts or []
    if not isinstance(parts, list) or not all(isinstance(p, dict) for p in parts):
        raise ValueError("components_data is not a list of objects")
    return Definition(
        int(row["id"]),
        str(row["template_id"]),
        str(row["name"]),
        str(row["language"]),
        str(row["parameter_format"]),
        tuple(parts),
    )


def placeholders(text: str) -> list[str]:
    """Names or positions in a template's text, each once, in order."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def problems(template: Definition, message: Template) -> Iterator[Problem]:
    """Everything that keeps `message` from filling in `template` completely and exactly."""
    yield from _header_problems(template, message.header)
    yield from _body_problems(template, message)
    yield from _button_problems(template, dict(message.buttons))


def components(
    template: Definition, message: Template, info: Callable[[File], FileInfo]
) -> list[dict[str, Any]]:
    """The `components` of `msg_param`: header, body values in the template's order, one entry per template button."""
    found: list[dict[str, Any]] = []
    match message.header:
        case MediaHeader(kind, file):
            found.append(_component("HEADER", [{"type": kind.upper(), "file_list": [info(file)]}]))
        case TextHeader(text):
            names = placeholders(str(template.part("HEADER").get("text", "")))
            found.append(_component("HEADER", [_text(template, names[0] if names else "", text)]))
    values = _values(template, message)
    if values:
        found.append(_component("BODY", [_text(template, name, value) for name, value in values.items()]))
    if template.buttons:
        given = dict(message.buttons)
        entries = [
            {"type": _kind(b), "text": given.get(str(b.get("text", "")), "")} for b in template.buttons
        ]
        found.append(_component("BUTTONS", entries))
    return found


def preview(template: Definition, message: Template) -> str:
    """The message as its reader will see it: header, filled body, footer, buttons."""
    lines: list[str] = []
    match message.header:
        case MediaHeader(kind, file):
            lines.append(f"[{kind} {file.name}]")
        case TextHeader(text):
            lines.append(_fill(str(template.part("HEADER").get("text", "")), lambda _: text))
        case None if template.header_format == "TEXT":
            lines.append(str(template.part("HEADER").get("text", "")))
    values = _values(template, message)
    lines.append(_fill(template.body, lambda name: values.get(name, "{{" + name + "}}")))
    if footer := template.part("FOOTER").get("text"):
        lines.append(str(footer))
    lines += [f"[{b.get('text', _kind(b))}]" for b in template.buttons]
    return "\n".join(lines)


def _header_problems(template: Definition, header: TextHeader | MediaHeader | None) -> Iterator[Problem]:
    wanted = template.header_format
    text = str(template.part("HEADER").get("text", ""))
    if wanted == "TEXT" and not placeholders(text):
        wanted = None  # fixed text comes from the template; nothing to give
    given = None if header is None else "TEXT" if isinstance(header, TextHeader) else header.kind.upper()
    if wanted == given:
        if isinstance(header, MediaHeader):
            yield from _media_problems(header)
        return
    if wanted is None:
        yield _header(f"template `{template.name}` takes no header value", "remove `header`")
    elif wanted not in ("TEXT", "IMAGE", "VIDEO", "DOCUMENT"):
        yield _header(f"template `{template.name}` has a {wanted} header", "write it as `components: […]`")
    else:
        value = "text: …" if wanted == "TEXT" else f"{wanted.lower()}: path/to/file"
        yield _header(
            f"template `{template.name}` needs a {wanted.lower()} header", f"write `header: {{{value}}}`"
        )


def _header(message: str, advice: str) -> Problem:
    return Problem("CMP212", ("message", "header"), message, advice)


def _media_problems(header: MediaHeader) -> Iterator[Problem]:
    media_type = header.file.media_type if isinstance(header.file, Asset) else header.file.type
    if not _MEDIA[header.kind].fullmatch(media_type):
        yield Problem(
            "CMP212",
            ("message", "header", header.kind),
            f"`{header.file.name}` is {media_type}, which WhatsApp does not take as {header.kind}",
        )


def _body_problems(template: Definition, message: Template) -> Iterator[Problem]:
    wanted = placeholders(template.body)
    is_map = any(isinstance(value, tuple) for value in message.body)
    where = ("message", "body")
    if message.body and is_map != template.is_named:
        shape = "a map of names to values" if template.is_named else "a list of values, in order"
        yield Problem(
            "CMP210", where, f"template `{template.name}` takes its body values as {shape}", _sample(template)
        )
        return
    given = _values(template, message)
    note = f"the template says: {template.body}"
    missing = [name for name in wanted if not given.get(name)]
    extra = [name for name in given if name not in wanted]
    if missing:
        text = ", ".join("{{" + name + "}}" for name in missing)
        yield Problem(
            "CMP210", where, f"template `{template.name}` has no value for {text}", _sample(template), note
        )
    for name in extra:
        at = (*where, name if template.is_named else str(int(name) - 1))
        yield Problem(
            "CMP210", at, f"template `{template.name}` has no {{{{{name}}}}}", "remove this value", note
        )


def _button_problems(template: Definition, given: Mapping[str, str]) -> Iterator[Problem]:
    where = ("message", "buttons")
    labels = [str(b.get("text", "")) for b in template.buttons]
    for button in template.buttons:
        label = str(button.get("text", ""))
        if _kind(button) not in _PLAIN_BUTTONS:
            yield Problem(
                "CMP213", where, f"button `{label}` is of type {_kind(button)}", "write `components: […]`"
            )
        elif _takes_value(button) and not given.get(label):
            yield Problem(
                "CMP213", where, f"button `{label}` needs a value", f'write `buttons: {{"{label}": …}}`'
            )
        elif _takes_value(button) and labels.count(label) > 1:
            yield Problem("CMP213", where, f"several buttons are called `{label}`", "write `components: […]`")
        elif label in given and not _takes_value(button):
            yield Problem("CMP213", (*where, label), f"button `{label}` takes no value", "remove it")
    for label in given:
        if label not in labels:
            known = ", ".join(f"`{each}`" for each in labels) or "none"
            yield Problem(
                "CMP213", (*where, label), f"the template has no button `{label}`", f"it has: {known}"
            )


def _values(template: Definition, message: Template) -> dict[str, str]:
    """The body values by placeholder, in the template's order, then those that no placeholder takes."""
    pairs = (
        value if isinstance(value, tuple) else (str(position), value)
        for position, value in enumerate(message.body, start=1)
    )
    given = dict(pairs)
    ordered = [name for name in placeholders(template.body) if name in given]
    return {name: given[name] for name in [*ordered, *(n for n in given if n not in ordered)]}


def _text(template: Definition, name: str, value: str) -> dict[str, Any]:
    named = {"parameter_name": name} if template.is_named else {}
    return {"type": "TEXT", "text": value, **named}


def _component(kind: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": kind, "parameters": parameters}


def _kind(button: Mapping[str, Any]) -> str:
    return str(button.get("type", "")).upper()


def _takes_value(button: Mapping[str, Any]) -> bool:
    return _kind(button) == "COPY_CODE" or bool(placeholders(str(button.get("url", ""))))


def _sample(template: Definition) -> str:
    names = placeholders(template.body)
    if template.is_named:
        return "write `body: {" + ", ".join(f"{name}: …" for name in names) + "}`"
    return "write `body: [" + ", ".join("…" for _ in names) + "]`"


def _fill(text: str, value: Callable[[str], str]) -> str:
    return _PLACEHOLDER.sub(lambda found: value(found[1]), text)
