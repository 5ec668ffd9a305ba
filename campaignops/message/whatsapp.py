"""WhatsApp templates: does a message fill one in completely and exactly, what the PBX is sent, what the reader sees.

Pages "Get WhatsApp Message Templates" and "WhatsApp Message Template Component Description". Pure: it neither fetches a
template nor uploads a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from campaignops.message.bubble import Bubble
from campaignops.model import File, MediaHeader, Template, TextHeader

FileInfo = Mapping[str, Any]  # the File_Info of page "Upload Files for Message Campaigns"
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MOST_HEADER, _MOST_BODY = 60, 1024  # characters (Meta's limits of template components)
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
        return next((part for part in self.parts if _word(part, "type").upper() == kind), {})

    @property
    def is_named(self) -> bool:
        return self.parameter_format.upper() == "NAMED"

    @property
    def body(self) -> str:
        return _word(self.part("BODY"), "text")

    @property
    def header(self) -> str:
        return _word(self.part("HEADER"), "text")

    @property
    def header_format(self) -> str | None:
        """TEXT, IMAGE, VIDEO, DOCUMENT, or what else the template says; None without a header."""
        header = self.part("HEADER")
        return (_word(header, "format") or "TEXT").upper() if header else None

    @property
    def buttons(self) -> Sequence[Mapping[str, Any]]:
        return tuple(self.part("BUTTONS").get("buttons") or ())


@dataclass(frozen=True, slots=True)
class Problem:
    """A message and a template that do not fit; `path` leads to the value in the manifest."""

    code: str
    path: tuple[str | int, ...]
    message: str
    help: str | None = None
    note: str | None = None


def definition(row: Mapping[str, Any], parts: Any) -> Definition:
    """One row of `message_channel/whatsapp_template`; `parts` is its decoded `components_data`. Raises ValueError."""
    match row:
        case {
            "id": int(id),
            "template_id": str(meta_id),
            "name": str(name),
            "language": str(language),
            "parameter_format": str(parameter_format),
        } if _are_parts(parts):
            return Definition(id, meta_id, name, language, parameter_format, tuple(parts))
        case _:
            raise ValueError("not a template")


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
            name = next(iter(placeholders(template.header)), "")
            found.append(_component("HEADER", [_text(template, name, text)]))
    values = _values(template, message)
    if values:
        found.append(_component("BODY", [_text(template, name, value) for name, value in values.items()]))
    if template.buttons:
        given = dict(message.buttons)
        entries = [{"type": _kind(b), "text": given.get(_label(b), "")} for b in template.buttons]
        found.append(_component("BUTTONS", entries))
    return found


def preview(template: Definition, message: Template) -> Bubble:
    """The message as its reader will see it: header, filled body, footer, buttons."""
    values = _values(template, message)
    filled = Bubble(
        text=_fill(template.body, lambda name: values.get(name, "{{" + name + "}}")),
        footer=_word(template.part("FOOTER"), "text"),
        buttons=tuple(_label(button) for button in template.buttons),
    )
    match message.header:
        case MediaHeader(kind, file):
            return replace(filled, file=file, kind=kind)
        case TextHeader(text):
            return replace(filled, header=_fill(template.header, lambda _: text))
        case None:
            return replace(filled, header=template.header if template.header_format == "TEXT" else "")


def _header_problems(template: Definition, header: TextHeader | MediaHeader | None) -> Iterator[Problem]:
    wanted, where = template.header_format, ("message", "header")
    if wanted == "TEXT" and not placeholders(template.header):
        wanted = None  # fixed text comes from the template; nothing to give
    given = None if header is None else "TEXT" if isinstance(header, TextHeader) else header.kind.upper()
    what = f"template `{template.name}`"
    note = f"the header of the template says: {template.header}" if template.header else None
    if wanted not in (None, "TEXT", "IMAGE", "VIDEO", "DOCUMENT"):
        yield Problem("CMP212", where, f"{what} has a {wanted} header", "write it as `components: […]`")
    elif wanted is None and given is not None:
        yield Problem("CMP212", where, f"{what} takes no header value", "remove `header`", note)
    elif wanted is not None and wanted != given:
        value = "text: …" if wanted == "TEXT" else f"{wanted.lower()}: path/to/file"
        needed = f"{what} needs a header of type {wanted.lower()}"
        yield Problem("CMP212", where, needed, f"write `header: {{{value}}}`", note)
    elif isinstance(header, TextHeader):
        if not header.text.strip():
            help = "write what the header says"
            yield Problem("CMP212", (*where, "text"), "the header text is empty", help, note)
        filled = _fill(template.header, lambda _: header.text)
        yield from _too_long("header", filled, _MOST_HEADER, (*where, "text"), note)


def _too_long(
    what: str, filled: str, most: int, where: tuple[str | int, ...], note: str | None
) -> Iterator[Problem]:
    """The PBX sends it, and WhatsApp fails each message (`msg_exceed`, page "Message Sending Result")."""
    if len(filled) > most:
        text = f"the {what} has {len(filled):,} characters when it is filled in; WhatsApp takes {most:,}"
        yield Problem("CMP304", where, text, f"write {_characters(len(filled) - most)} less", note)


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count:,} characters"


def _body_problems(template: Definition, message: Template) -> Iterator[Problem]:
    wanted, given = placeholders(template.body), _values(template, message)
    is_map = any(isinstance(value, tuple) for value in message.body)
    where, what = ("message", "body"), f"template `{template.name}`"
    note = f"the template says: {template.body}"
    if message.body and not wanted:
        yield Problem("CMP210", where, f"{what} takes no body values", "remove `body`", note)
        return
    if message.body and is_map != template.is_named:
        shape = "names with values" if template.is_named else "a list of values, in order"
        yield Problem("CMP210", where, f"{what} takes its body values as {shape}", _sample(template), note)
        return
    missing = ["{{" + name + "}}" for name in wanted if not given.get(name, "").strip()]
    if missing:
        text = f"{what} has no value for {', '.join(missing)}"
        yield Problem("CMP210", where, text, _sample(template), note)
    for name in given:
        if name not in wanted:
            at = name if template.is_named else int(name) - 1
            text = f"{what} has no {{{{{name}}}}}"
            yield Problem("CMP210", (*where, at), text, "remove this value", note)
    filled = _fill(template.body, lambda name: given.get(name, ""))
    longest = max(given, key=lambda name: len(given[name]), default="")
    step: tuple[str | int, ...] = ()
    if longest:
        step = (longest if template.is_named else int(longest) - 1,)
    yield from _too_long("body", filled, _MOST_BODY, (*where, *step), note)


def _button_problems(template: Definition, given: Mapping[str, str]) -> Iterator[Problem]:
    where = ("message", "buttons")
    labels = [_label(button) for button in template.buttons]
    for button, label in zip(template.buttons, labels, strict=True):
        if _kind(button) not in _PLAIN_BUTTONS:
            text = f"button `{label}` is of type {_kind(button)}"
            yield Problem("CMP213", where, text, "write `components: […]`")
        elif _takes_value(button) and not given.get(label, "").strip():
            text = f"button `{label}` needs a value"
            yield Problem("CMP213", where, text, f'write `buttons: {{"{label}": …}}`', _opens(button))
        elif _takes_value(button) and labels.count(label) > 1:
            yield Problem("CMP213", where, f"several buttons are called `{label}`", "write `components: […]`")
        elif label in given and not _takes_value(button):
            yield Problem("CMP213", (*where, label), f"button `{label}` takes no value", "remove it")
        elif (start := _word(button, "url").partition("{{")[0]) and given.get(label, "").startswith(start):
            text = f"the address of button `{label}` stands in its value once more"
            yield Problem(
                "CMP213", (*where, label), text, "write only what the template leaves open", _opens(button)
            )
    known = ", ".join(f"`{label}`" for label in labels) or "none"
    for label in given:
        if label not in labels:
            text = f"the template has no button `{label}`"
            yield Problem("CMP213", (*where, label), text, f"it has: {known}")


def _values(template: Definition, message: Template) -> dict[str, str]:
    """The body values by placeholder. Named ones come in the template's order, then those that no placeholder takes;
    of the others the position is the name, so their order is the author's, however the template's text runs."""
    given: dict[str, str] = {}
    for position, value in enumerate(message.body, start=1):
        name, text = value if isinstance(value, tuple) else (str(position), value)
        given[name] = text
    order = placeholders(template.body) if template.is_named else []
    return {name: given[name] for name in dict.fromkeys((*order, *given)) if name in given}


def _text(template: Definition, name: str, value: str) -> dict[str, Any]:
    named = {"parameter_name": name} if template.is_named else {}
    return {"type": "TEXT", "text": value, **named}


def _component(kind: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": kind, "parameters": parameters}


def _kind(button: Mapping[str, Any]) -> str:
    return _word(button, "type").upper()


def _label(button: Mapping[str, Any]) -> str:
    """What people tap on; WhatsApp itself labels some kinds, and these go by their kind."""
    return _word(button, "text") or _kind(button)


def _takes_value(button: Mapping[str, Any]) -> bool:
    return _kind(button) == "COPY_CODE" or bool(placeholders(_word(button, "url")))


def _opens(button: Mapping[str, Any]) -> str | None:
    """What becomes of a button's value."""
    return f"it opens {url}" if (url := _word(button, "url")) else None


def _word(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _are_parts(parts: Any) -> bool:
    """A list of objects, and where there are buttons, these are one too."""
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        return False
    return all(
        isinstance(buttons := part.get("buttons") or [], list) and all(isinstance(b, dict) for b in buttons)
        for part in parts
    )


def _sample(template: Definition) -> str:
    names = placeholders(template.body)
    if template.is_named:
        return "write `body: {" + ", ".join(f"{name}: …" for name in names) + "}`"
    return "write `body: [" + ", ".join("…" for _ in names) + "]`"


def _fill(text: str, value: Callable[[str], str]) -> str:
    return _PLACEHOLDER.sub(lambda found: value(found[1]), text)
