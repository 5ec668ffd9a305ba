"""Does `msg_param` fill in a WhatsApp template completely and exactly? Pure, but for the look-up of files.

Pages: Add a Message Campaign (MSG_Param), WhatsApp Message Template Component Description. Where those show only the
send side of an IMAGE header, a BODY and static buttons, the other kinds follow the same shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from campaignops.sandbox import files
from campaignops.sandbox.answers import Invalid, Json
from campaignops.sandbox.files import Lookup

ENVELOPE = {"id": int, "template_id": str, "name": str, "language": dict, "parameter_format": str}
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA = {
    "IMAGE": re.compile(r"image/(jpeg|png)"),
    "VIDEO": re.compile(r"video/(mp4|3gpp?)"),
    "DOCUMENT": re.compile(r"application/.+|text/plain"),
}


def check(msg_param: str, templates: Iterable[Mapping[str, Any]], find: Lookup) -> Iterator[Invalid]:
    """Every problem of one `msg_param`, given the templates of its channel."""
    try:
        message = json.loads(msg_param)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):  # a string here means that it was encoded twice
        yield Invalid("msg_param", "format")
        return
    problems = list(_envelope(message))
    if problems:
        yield from problems
        return
    template = next((each for each in templates if each["id"] == message["id"]), None)
    if template is None:
        yield Invalid("msg_param.id", "not_exist")
        return
    yield from _identity(message, template)
    yield from _components(message.get("components", []), template, find)


def placeholders(text: str) -> list[str]:
    """The names or positions in a template's text, each once, in their order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def _envelope(message: Json) -> Iterator[Invalid]:
    for name, kind in ENVELOPE.items():
        if name not in message:
            yield Invalid(f"msg_param.{name}", "required")
        elif type(message[name]) is not kind:
            yield Invalid(f"msg_param.{name}", "type")
    for name in message.keys() - ENVELOPE.keys() - {"components"}:
        yield Invalid(f"msg_param.{name}", "unknown")
    components = message.get("components", [])
    if not isinstance(components, list) or not all(_is_component(each) for each in components):
        yield Invalid("msg_param.components", "format")


def _is_component(each: object) -> bool:
    return (
        isinstance(each, dict)
        and set(each) == {"type", "parameters"}
        and isinstance(each["type"], str)
        and isinstance(each["parameters"], list)
        and all(isinstance(parameter, dict) for parameter in each["parameters"])
    )


def _identity(message: Json, template: Mapping[str, Any]) -> Iterator[Invalid]:
    expected = {
        "template_id": template["template_id"],
        "name": template["name"],
        "language": {"code": template["language"]},
        "parameter_format": template["parameter_format"],
    }
    for name, value in expected.items():
        if message[name] != value:
            yield Invalid(f"msg_param.{name}", "mismatch")


def _components(components: list[Json], template: Mapping[str, Any], find: Lookup) -> Iterator[Invalid]:
    """What the template asks for is given, once; what it does not ask for is not."""
    defined = {part["type"]: part for part in template["components"]}
    named = template["parameter_format"] == "NAMED"
    given = {component["type"]: component["parameters"] for component in components}
    if len(given) != len(components):
        yield Invalid("msg_param.components", "duplicate")
    yield from (
        Invalid(f"msg_param.{kind}", "unknown") for kind in given if kind not in ("HEADER", "BODY", "BUTTONS")
    )
    yield from _header(given.get("HEADER"), defined.get("HEADER", {}), named, find)
    yield from _texts("BODY", given.get("BODY"), defined.get("BODY", {}).get("text", ""), named)
    yield from _buttons(given.get("BUTTONS"), defined.get("BUTTONS", {}).get("buttons", []))


def _header(
    given: list[Json] | None, header: Mapping[str, Any], named: bool, find: Lookup
) -> Iterator[Invalid]:
    kind = header.get("format", "TEXT")
    if kind == "TEXT":
        yield from _texts("HEADER", given, header.get("text", ""), named)
    elif given is None:
        yield Invalid("msg_param.HEADER", "required")
    elif (
        len(given) != 1
        or set(given[0]) != {"type", "file_list"}
        or not isinstance(given[0]["file_list"], list)
    ):
        yield Invalid("msg_param.HEADER", "format")
    elif given[0]["type"] != kind:
        yield Invalid("msg_param.HEADER", "mismatch")
    else:
        yield from _file(given[0]["file_list"], kind, find)


def _file(file_list: list[object], kind: str, find: Lookup) -> Iterator[Invalid]:
    problem = files.problem_with(file_list[0], find) if len(file_list) == 1 else "format"
    if problem:
        yield Invalid("msg_param.HEADER.file_list", problem)
    elif kind in MEDIA and not MEDIA[kind].fullmatch(file_list[0]["type"]):  # type: ignore[index]
        yield Invalid("msg_param.HEADER.file_list", "media_type")


def _texts(part: str, given: list[Json] | None, text: str, named: bool) -> Iterator[Invalid]:
    """One TEXT parameter for each placeholder: by name in any order, or by position."""
    wanted = placeholders(text)
    if not wanted or given is None:
        if wanted or given is not None:
            yield Invalid(f"msg_param.{part}", "required" if wanted else "unknown")
        return
    keys = {"type", "text", "parameter_name"} if named else {"type", "text"}
    if not all(set(each) == keys and each["type"] == "TEXT" and _is_filled(each["text"]) for each in given):
        yield Invalid(f"msg_param.{part}", "format")
    elif len(given) != len(wanted) or (
        named and {str(each["parameter_name"]) for each in given} != set(wanted)
    ):
        yield Invalid(f"msg_param.{part}", "mismatch")


def _buttons(given: list[Json] | None, buttons: list[Json]) -> Iterator[Invalid]:
    """One parameter for each button, static ones too, in the order of the template."""
    if not buttons or given is None:
        if buttons or given is not None:
            yield Invalid("msg_param.BUTTONS", "required" if buttons else "unknown")
    elif [each.get("type") for each in given] != [button["type"] for button in buttons]:
        yield Invalid("msg_param.BUTTONS", "mismatch")
    else:
        for parameter, button in zip(given, buttons, strict=True):
            yield from _button(parameter, button)


def _button(parameter: Json, button: Mapping[str, Any]) -> Iterator[Invalid]:
    if set(parameter) != {"type", "text"} or not isinstance(parameter["text"], str):
        yield Invalid("msg_param.BUTTONS", "format")
    elif _is_filled(parameter["text"]) != _has_variable(button):
        yield Invalid("msg_param.BUTTONS", "required" if _has_variable(button) else "unknown")


def _has_variable(button: Mapping[str, Any]) -> bool:
    return button["type"] == "COPY_CODE" or bool(placeholders(button.get("url", "")))


def _is_filled(text: object) -> bool:
    return isinstance(text, str) and text.strip() != ""
