"""A campaign of the PBX -> the campaign that a manifest would say: ids become names where the names are unique.

The other direction is `wire`. What no manifest can say is refused with the reason; nothing is guessed or left out.
Page "Query Information of a Message Campaign".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from campaignops.audience import is_number
from campaignops.findings import Place
from campaignops.message import whatsapp
from campaignops.model import (
    AssignTo,
    At,
    Audience,
    Campaign,
    Components,
    Direct,
    Draft,
    File,
    FileMessage,
    MediaHeader,
    MediaKind,
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
    Uploaded,
)
from campaignops.pbx import wire
from campaignops.pbx.answer import decoded
from campaignops.pbx.catalog import Catalog, definition

Json = Mapping[str, Any]


class Unsayable(Exception):
    """No manifest can say this campaign; the text says why."""


def campaign(live: Json, key: str, catalog: Catalog, zone: str) -> Campaign:
    """`live` is a whole object of `get` or `query`; `zone` is the one in which its send time is to be written.
    Raises Unsayable, and PbxError when a list cannot be read."""
    channel_id, kind = live.get("omnichannel_id"), live.get("channel_type")
    if kind not in ("sms", "whatsapp") or type(channel_id) is not int:
        raise Unsayable(f"it is of type {kind}")
    return Campaign(
        key=key,
        type=kind,
        name=_text(live, "name"),
        channel=_named(catalog.channels(), channel_id, "name"),
        sender=_sender(live.get("sender"), catalog, channel_id),
        audience=_audience(live, catalog),
        message=_message(live, catalog, channel_id),
        send=_send(live, zone),
        session=_session(live, catalog),
        place=Place(""),
    )


def aliases(live: Json, catalog: Catalog) -> dict[str, tuple[Any, ...]]:
    """Other ways in which a manifest says the same, by path: ids instead of names, a sender left out that is the only
    one. As plain data, in the shape of `state.spec`."""
    channel_id = live["omnichannel_id"]
    senders = catalog.senders(channel_id)
    hits = wire.senders_of(live.get("sender"), senders)
    found: dict[str, tuple[Any, ...]] = {
        "channel": ({"id": channel_id},),
        "sender": (*({"id": hit} for hit in hits), *([None] if len(senders) == 1 else [])),
        "recipients.phonebook": ({"id": live.get("recipient_id")},),
    }
    if live.get("send_mode") != "direct":
        found["session"] = ({live.get("assign_to_type"): {"id": live.get("assign_to_id")}},)
    if live.get("content_type") == "template":
        found["message.template"] = ({"id": _json(live, "msg_param")["id"]},)
    return found


def _named(known: Sequence[Json], wanted: Any, by: str) -> Ref:
    """By name where exactly one has it, else by id."""
    names = [row.get(by) for row in known if row["id"] == wanted]
    name = names[0] if names else None
    if isinstance(name, str) and name and sum(row.get(by) == name for row in known) == 1:
        return Ref(name=name)
    if type(wanted) is not int:
        raise Unsayable("it refers to something without an id")
    return Ref(id=wanted)


def _sender(said: Any, catalog: Catalog, channel_id: int) -> Ref:
    """A number of the channel, or its id: a read gives either (see `wire.meaning`). One that the channel has lost stays
    as it is said."""
    hits = wire.senders_of(said, catalog.senders(channel_id))
    if len(hits) != 1:
        return _lost_sender(said)
    number = next((n for n in catalog.senders(channel_id)[hits[0]] if is_number(n)), None)
    return Ref(name=number) if number else Ref(id=hits[0])


def _lost_sender(said: Any) -> Ref:
    if isinstance(said, str) and is_number(said):
        return Ref(name=said)
    if type(said) is int and said > 0:
        return Ref(id=said)
    raise Unsayable("its sender is no number of its channel")


def _audience(live: Json, catalog: Catalog) -> Audience:
    if live.get("recipient_type") == "phonebook":
        phonebook = _named(catalog.phonebooks(), live.get("recipient_id"), "name")
        return Phonebook(phonebook, _text(live, "recipient_num_type"))
    listed = live.get("number_list")
    rows = listed if isinstance(listed, list) else []
    said = [row.get("number") for row in rows if isinstance(row, dict)]
    numbers = [number for number in said if isinstance(number, str) and is_number(number)]
    if not rows or len(numbers) < len(rows):
        raise Unsayable("its recipients are not all numbers in E.164")
    if len(set(numbers)) != len(numbers):
        raise Unsayable("a number is among its recipients twice")
    return Numbers(tuple(numbers))


def _message(live: Json, catalog: Catalog, channel_id: int) -> Message:
    match live.get("content_type"):
        case "text":
            return Text(_text(live, "content"))
        case "document":
            return FileMessage(_file(_json(live, "content")))
        case "template":
            return _template(_json(live, "msg_param"), catalog, channel_id)
        case other:
            raise Unsayable(f"its content is of type {other}")


def _template(said: Any, catalog: Catalog, channel_id: int) -> Template | Components:
    """In the words of the template where they give back exactly what is there, else its components as they are."""
    match said:
        case {"id": int(wanted), "language": {"code": str(language)}, "components": list(parts)}:
            pass
        case _:
            raise Unsayable("its template is in an unknown form")
    known = [row for row in catalog.templates(channel_id) if row.get("language") == language]
    ref = _named(known, wanted, "name")
    row = next((row for row in known if row["id"] == wanted), None)
    if row is not None:
        template = definition(row)
        filled = _filled(parts, template, ref, language)
        if filled is not None and whatsapp.components(template, filled, _info) == parts:
            return filled
    return Components(ref, language, wire.encoded(parts))


def _filled(parts: list[Any], template: whatsapp.Definition, ref: Ref, language: str) -> Template | None:
    """The values of `parts`; whether they are all there is for the caller to check."""
    try:
        by_type = {part["type"]: part["parameters"] for part in parts}
        body = by_type.get("BODY", [])
        values = [(p.get("parameter_name"), p["text"]) for p in body]
        buttons = zip(template.buttons, by_type.get("BUTTONS", []), strict=True)
        return Template(
            ref,
            language,
            _header(by_type.get("HEADER")),
            tuple((str(n), v) for n, v in values) if template.is_named else tuple(v for _, v in values),
            tuple((str(b.get("text", "")), p["text"]) for b, p in buttons if p["text"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError, Unsayable):
        return None


def _header(parameters: Any) -> TextHeader | MediaHeader | None:
    if not parameters:
        return None
    (only,) = parameters
    if only["type"] == "TEXT":
        return TextHeader(only["text"])
    kind: MediaKind = only["type"].lower()
    if kind not in get_args(MediaKind):
        raise Unsayable(f"its header is of type {kind}")
    (info,) = only["file_list"]
    return MediaHeader(kind, _file(info))


def _info(file: File) -> Json:
    assert isinstance(file, Uploaded)  # what the PBX has needs no file of the project
    return wire.file_info(file)


def _file(info: Any) -> Uploaded:
    match info:
        case {"id": str(file_id), "name": str(name), "uri": str(uri), "type": str(kind), "size": int(size)}:
            return Uploaded(file_id, name, uri, kind, size)
        case _:
            raise Unsayable("its file is in an unknown form")


def _send(live: Json, zone: str) -> Send:
    match live.get("send_type"), live.get("send_time"):
        case "draft", _:
            return Draft()
        case "immediately", _:
            return Now()
        case "schedule" | "scheduled", int(time_s):
            return At(time_s, zone)
        case other, _:
            raise Unsayable(f"its send type is {other}")


def _session(live: Json, catalog: Catalog) -> Session:
    if live.get("send_mode") == "direct":
        return Direct()
    match live.get("assign_to_type"):
        case "extension":
            return AssignTo("extension", _named(catalog.extensions(), live.get("assign_to_id"), "number"))
        case "queue":
            return AssignTo("queue", _named(catalog.queues(), live.get("assign_to_id"), "name"))
        case other:
            raise Unsayable(f"its chats are assigned to {other}")


def _text(live: Json, key: str) -> str:
    value = live.get(key)
    if not isinstance(value, str) or not value:
        raise Unsayable(f"it has no {key}")
    return value


def _json(live: Json, key: str) -> Any:
    try:
        return decoded(_text(live, key))
    except (ValueError, RecursionError):
        raise Unsayable(f"its {key} is not JSON") from None
