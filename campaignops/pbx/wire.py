"""The shapes that `message_campaign/*` takes and gives: a campaign as a request body, and what an answer means.

Pages "Add a Message Campaign" and "Query Information of a Message Campaign". `content` of a file and `msg_param` are JSON
inside a string, encoded once.
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
from campaignops.pbx.catalog import Resolved

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


def meaning(campaign: Mapping[str, Any], numbers: Mapping[int, str]) -> Json:
    """What a body or an answer of `get` and `query` says, in one form for both: JSON strings decoded, recipients as a
    set, files by content and not by their perishable id, the sender as its number, what does not apply left out.
    `numbers` are the channel's numbers by id. When it is sent is not part of it."""
    kind = campaign.get("recipient_type")
    said: Json = {key: campaign.get(key) for key in ("name", "channel_type", "omnichannel_id", "send_mode")}
    said["sender"] = _sender(campaign.get("sender"), numbers)
    if kind == "phonebook":
        said["phonebook"] = [campaign.get("recipient_id"), campaign.get("recipient_num_type")]
    else:
        listed = campaign.get("number_list")
        said["numbers"] = (
            sorted(str(n.get("number")) for n in listed if isinstance(n, dict)) if listed else None
        )
    said["content"] = _said(campaign)
    if campaign.get("send_mode") == "new_session":
        said["assign_to"] = [campaign.get("assign_to_type"), campaign.get("assign_to_id")]
    return said


def is_draft(campaign: Mapping[str, Any]) -> bool:
    return campaign.get("send_type") == "draft"


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
            return {"content_type": "document", "content": _encoded(info(file))}
        case Template() | Components():
            return {"content_type": "template", "msg_param": _encoded(_msg_param(campaign, resolved, info))}


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


def _encoded(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _sender(sender: Any, numbers: Mapping[int, str]) -> str | None:
    """The page says a number on reading and an id on writing; either may come."""
    if isinstance(sender, str) and sender.startswith("+"):
        return sender
    text = str(sender)
    return numbers.get(int(text)) if text.isdigit() else None


def _said(campaign: Mapping[str, Any]) -> Any:
    kind, text = campaign.get("content_type"), campaign.get("content")
    if kind == "text":
        return [kind, str(text).replace("\r\n", "\n")]
    return [kind, _decoded(text if kind == "document" else campaign.get("msg_param"))]


def _decoded(text: Any) -> Any:
    try:
        return _by_content(json.loads(text))
    except (TypeError, ValueError, RecursionError):
        return None


def _by_content(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() >= {"id", "name", "uri", "type", "size"}:
            return {key: value[key] for key in ("name", "type", "size")}
        return {key: _by_content(inner) for key, inner in value.items()}
    return [_by_content(inner) for inner in value] if isinstance(value, list) else value
