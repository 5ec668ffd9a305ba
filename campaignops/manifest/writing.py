"""A campaign -> the manifest that says it, for campaigns that are taken over from the PBX. Text only, no file.

Every value is written so that reading it back gives the same campaign: what would be Jinja is spelt out, and what is
not a plain word is quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from campaignops.manifest.shared import Layer, against
from campaignops.model import (
    Asset,
    AssignTo,
    At,
    Audience,
    Campaign,
    Components,
    Draft,
    File,
    FileMessage,
    MediaHeader,
    Message,
    Now,
    Numbers,
    Phonebook,
    Ref,
    Send,
    Session,
    Template,
    Text,
    TextHeader,
)

_MODELINE = "# yaml-language-server: $schema={}\n"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[ _./-][A-Za-z0-9]+)*\Z")
_OTHER_THAN_TEXT = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
)  # to YAML, or to editors
_JINJA = re.compile(r"\{[{%#]|[}%#]\}")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u2028\u2029]")
_WIDE = 100


def text(
    campaigns: Iterable[tuple[Campaign, str]], schema: str | None = None, defaults: Sequence[Layer] = ()
) -> str:
    """One manifest with these campaigns; each comes with a comment that stands above it. `schema`: for editors; of the
    `defaults` that the file is given, a campaign gets none."""
    head = _MODELINE.format(schema) if schema else ""
    blocks = ("\n".join(_block(campaign, comment, defaults)) for campaign, comment in campaigns)
    return f"{head}campaigns:\n" + "\n\n".join(blocks) + "\n"


def _block(campaign: Campaign, comment: str, defaults: Sequence[Layer]) -> Iterator[str]:
    yield from (f"  # {line}" for line in comment.splitlines())
    yield f"  {_key(campaign.key)}:"
    for name, value in against(_fields(campaign), defaults).items():
        yield from _lines(name, value, "    ")


def _fields(campaign: Campaign) -> dict[str, Any]:
    found: dict[str, Any] = {"type": campaign.type}
    if campaign.name != campaign.key:
        found["name"] = campaign.name
    found["channel"] = _ref(campaign.channel)
    if campaign.sender is not None:
        found["sender"] = _ref(campaign.sender)
    found["recipients"] = _audience(campaign.audience)
    found["message"] = _message(campaign.message)
    found["send"] = _send(campaign.send)
    found["session"] = _session(campaign.session)
    return found


def _audience(audience: Audience) -> dict[str, Any]:
    match audience:
        case Numbers(numbers):
            return {"numbers": list(numbers)}
        case Phonebook(phonebook, field):
            return {"phonebook": _ref(phonebook), "field": field}


def _message(message: Message) -> dict[str, Any]:
    match message:
        case Text(said):
            return {"text": said}
        case FileMessage(file):
            return {"file": _file(file)}
        case Template(template, language, header, body, buttons):
            return {
                "template": _ref(template),
                "language": language,
                **({"header": _header(header)} if header else {}),
                **({"body": dict(body) if isinstance(body[0], tuple) else list(body)} if body else {}),
                **({"buttons": dict(buttons)} if buttons else {}),
            }
        case Components(template, language, components):
            parts = json.loads(components)
            return {"template": _ref(template), "language": language, "components": parts}


def _header(header: TextHeader | MediaHeader) -> dict[str, Any]:
    return {"text": header.text} if isinstance(header, TextHeader) else {header.kind: _file(header.file)}


def _file(file: File) -> Any:
    if isinstance(file, Asset):
        return file.path
    return {
        "uploaded": {"id": file.id, "name": file.name, "uri": file.uri, "type": file.type, "size": file.size}
    }


def _send(send: Send) -> Any:
    match send:
        case Draft():
            return "draft"
        case Now():
            return "now"
        case At(time_s, zone) if zone[:1] in "+-":
            return {"at": time_s}
        case At(time_s, zone):
            local = datetime.fromtimestamp(time_s, ZoneInfo(zone))
            said = {"at": local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")}
            twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
            fold = {"fold": "second" if local.fold else "first"} if twice else {}
            return {**said, "timezone": zone, **fold}


def _session(session: Session) -> Any:
    return {"assign_to": {session.kind: _ref(session.to)}} if isinstance(session, AssignTo) else "direct"


def _ref(ref: Ref) -> Any:
    return ref.name if ref.name is not None else {"id": ref.id}


def _lines(name: str, value: Any, indent: str) -> Iterator[str]:
    """`name: value` on one line where it fits, else a line for each part."""
    line = f"{indent}{_key(name)}: {_flow(value)}"
    if not isinstance(value, dict | list) or len(line) <= _WIDE or not value:
        yield line
        return
    yield f"{indent}{_key(name)}:"
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lines(key, inner, indent + "  ")
    else:
        yield from (f"{indent}  - {_flow(inner)}" for inner in value)


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_key(k)}: {_flow(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str():
            return _scalar(_JINJA.sub(lambda found: "{{ '" + found[0] + "' }}", value))
        case _:
            return json.dumps(value)


def _key(key: str) -> str:
    return _scalar(key)


def _scalar(said: str) -> str:
    if _PLAIN.match(said) and said.lower() not in _OTHER_THAN_TEXT:
        return said
    quoted = json.dumps(said, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
