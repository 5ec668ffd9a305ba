"""The shapes that `message_campaign/*` takes and gives: a campaign as a request body, and what an answer means.

Pages "Add a Message Campaign" and "Query Information of a Message Campaign". `content` of a file and `msg_param` are
JSON inside a string, encoded once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from campaignops.message import whatsapp
from campaignops.model import (
    Asset,
    AssignTo,
    At,
    Campaign,
    Components,
    File,
    FileMessage,
    Numbers,
    Phonebook,
    Template,
    Text,
    Uploaded,
)
from campaignops.pbx.answer import decoded
from campaignops.pbx.catalog import Resolved, Senders, same_number

Json = dict[str, Any]
NOT_YET = "(known after upload)"


def body(campaign: Campaign, resolved: Resolved, uploaded: Mapping[str, Uploaded], send_type: str) -> Json:
    """The body of a create, in the documented order. `uploaded` has the project's files by path; `send_type` is
    `draft`, `immediately`, or the word for a scheduled campaign."""

    def info(file: File) -> Json:
        return file_info(uploaded[file.path] if isinstance(file, Asset) else file)

    return {
        "name": campaign.name,
        "channel_type": campaign.type,
        "omnichannel_id": resolved.channel_id,
        "sender": resolved.sender_id,
        **_recipients(campaign, resolved),
        **_content(campaign, resolved, info),
        "send_type": send_type,
        **({"send_time": campaign.send.time_s} if isinstance(campaign.send, At) else {}),
        **_session(campaign, resolved),
    }


def file_info(file: Uploaded) -> Json:
    """The File_Info of page "Upload Files for Message Campaigns"."""
    return {"id": file.id, "name": file.name, "uri": file.uri, "type": file.type, "size": file.size}


def unknown_upload(asset: Asset) -> Uploaded:
    """Stands for a file that is not uploaded yet, where a body is only shown."""
    return Uploaded(NOT_YET, asset.name, NOT_YET, asset.media_type, asset.size_bytes)


def meaning(campaign: Mapping[str, Any], senders: Senders) -> Json:
    """What a body or an answer of `get` and `query` says, in one form for both: JSON strings decoded, recipients
    sorted, files by content and not by their perishable id, what does not apply left out. `senders` are the channel's
    numbers by id, because a sender is written as an id and read as either. When it is sent is not part of it."""
    said: Json = {key: _scalar(campaign.get(key)) for key in ("name", "channel_type", "omnichannel_id")}
    said["sender"] = _sender(campaign.get("sender"), senders)
    match campaign.get("recipient_type"):
        case "phonebook":
            said["phonebook"] = [_scalar(campaign.get(key)) for key in ("recipient_id", "recipient_num_type")]
        case "input":
            said["numbers"] = _numbers(campaign.get("number_list"))
        case other:
            said["recipient_type"] = _scalar(other)
    said["content"] = _said(campaign)
    said["send_mode"] = _scalar(campaign.get("send_mode"))
    if said["send_mode"] == "new_session":
        said["assign_to"] = [_scalar(campaign.get(key)) for key in ("assign_to_type", "assign_to_id")]
    return said


def senders_of(sender: Any, senders: Senders) -> list[int]:
    """The ids of the channel's numbers that `sender`, an id or a number as a read gives it, may stand for."""
    text = str(_scalar(sender))
    return [i for i, n in senders.items() if text == str(i) or any(same_number(text, each) for each in n)]


def is_draft(campaign: Mapping[str, Any]) -> bool:
    return campaign.get("send_type") == "draft"


def recalled(live: Mapping[str, Any], senders: Senders) -> Json:
    """The body of an update that makes a draft of what `get` shows and leaves all else as it is. A sender that cannot
    be told is left out: a campaign without one sends nothing."""
    hits = senders_of(live.get("sender"), senders)
    sender = {"sender": hits[0]} if len(hits) == 1 else {}
    fields = ["name", "channel_type", "omnichannel_id", "recipient_type", "content_type", "send_mode"]
    fields += ["recipient_id", "recipient_num_type"] if live.get("recipient_type") == "phonebook" else []
    fields += ["msg_param" if live.get("content_type") == "template" else "content"]
    fields += ["assign_to_type", "assign_to_id"] if live.get("send_mode") == "new_session" else []
    said = {name: live[name] for name in fields if name in live}
    numbers = _numbers(live.get("number_list")) if live.get("recipient_type") == "input" else None
    listed = {"number_list": [{"number": number} for number in numbers]} if numbers else {}
    return {**said, **sender, **listed, "send_type": "draft"}


def _recipients(campaign: Campaign, resolved: Resolved) -> Json:
    match campaign.audience:
        case Numbers(numbers):
            return {"recipient_type": "input", "number_list": [{"number": number} for number in numbers]}
        case Phonebook(field=field):
            return {
                "recipient_type": "phonebook",
                "recipient_id": resolved.phonebook_id,
                "recipient_num_type": field,
            }


def _content(campaign: Campaign, resolved: Resolved, info: Callable[[File], Json]) -> Json:
    match campaign.message:
        case Text(text):
            return {"content_type": "text", "content": text}
        case FileMessage(file):
            return {"content_type": "document", "content": encoded(info(file))}
        case Template() | Components():
            return {"content_type": "template", "msg_param": encoded(_msg_param(campaign, resolved, info))}


def _msg_param(campaign: Campaign, resolved: Resolved, info: Callable[[File], Json]) -> Json:
    template, message = resolved.template, campaign.message
    assert template is not None  # the catalog resolves no WhatsApp campaign without one
    if isinstance(message, Components):
        components = _with_files(json.loads(message.components), {f.path: info(f) for f in message.files})
    else:
        assert isinstance(message, Template)
        components = whatsapp.components(template, message, info)
    return {
        "id": template.id,
        "template_id": template.template_id,
        "name": template.name,
        "language": {"code": template.language},
        "parameter_format": template.parameter_format,
        "components": components,
    }


def _with_files(value: Any, infos: Mapping[str, Json]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"file"} and value["file"] in infos:
            return infos[value["file"]]
        return {key: _with_files(inner, infos) for key, inner in value.items()}
    return [_with_files(inner, infos) for inner in value] if isinstance(value, list) else value


def _session(campaign: Campaign, resolved: Resolved) -> Json:
    match campaign.session:
        case AssignTo(kind):
            return {"send_mode": "new_session", "assign_to_type": kind, "assign_to_id": resolved.assign_to_id}
        case _:
            return {"send_mode": "direct"}


def encoded(value: Any) -> str:
    """JSON text, as it stands inside another JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _scalar(value: Any) -> str | int | None:
    """What these fields hold by the documentation; anything else is None, which no body of ours says."""
    return value if isinstance(value, str | int) else None


def _sender(sender: Any, senders: Senders) -> Any:
    """The page says a number on reading and an id on writing; either may come."""
    hits = senders_of(sender, senders)
    return [hits[0], *senders[hits[0]]] if len(hits) == 1 else _scalar(sender)


def _numbers(listed: Any) -> list[str] | None:
    """None for a list that is none, or that holds something else than numbers."""
    rows = listed if isinstance(listed, list) else [None]
    numbers = [row["number"] for row in rows if isinstance(row, dict) and isinstance(row.get("number"), str)]
    return sorted(numbers) if len(numbers) == len(rows) else None


def _said(campaign: Mapping[str, Any]) -> Any:
    kind = _scalar(campaign.get("content_type"))
    text = campaign.get("msg_param" if kind == "template" else "content")
    if not isinstance(text, str):
        return [kind, None]
    if kind == "text":
        return [kind, text.replace("\r\n", "\n")]
    try:
        return [kind, _by_content(decoded(text))]
    except (ValueError, RecursionError):
        return [kind, text]


def _by_content(value: Any) -> Any:
    if isinstance(value, dict):
        perishable = {"id", "uri"} if value.keys() >= {"id", "name", "uri", "type", "size"} else set()
        return {key: _by_content(inner) for key, inner in value.items() if key not in perishable}
    return [_by_content(inner) for inner in value] if isinstance(value, list) else value
