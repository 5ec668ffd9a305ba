"""Do the ids of a campaign name things that exist, fit together and may be used? Reads the catalog, changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from campaignops.sandbox import answers, files, template_rules
from campaignops.sandbox.answers import Invalid, Refused
from campaignops.sandbox.catalog import CONNECTED, Catalog
from campaignops.sandbox.files import Lookup


def check(fields: Mapping[str, Any], catalog: Catalog, find: Lookup, limit: int) -> Iterator[Invalid]:
    """Every problem of a body whose shape is right; a phonebook that does not exist has an errcode of its own."""
    yield from _channel(fields, catalog)
    yield from _phonebook(fields, catalog, limit)
    yield from _assignee(fields, catalog)
    yield from _content(fields, catalog, find)


def _channel(fields: Mapping[str, Any], catalog: Catalog) -> Iterator[Invalid]:
    channel = catalog.channels.get(fields["omnichannel_id"])
    if channel is None:
        yield Invalid("omnichannel_id", "not_exist")
        return
    if channel["type"] != fields["channel_type"]:
        yield Invalid("channel_type", "mismatch")
    if channel["status"] != CONNECTED:
        yield Invalid("omnichannel_id", "not_connected")
    if catalog.number_of(channel["id"], fields["sender"]) is None:
        yield Invalid("sender", "not_exist")


def _phonebook(fields: Mapping[str, Any], catalog: Catalog, limit: int) -> Iterator[Invalid]:
    if fields["recipient_type"] != "phonebook" or not fields.get("recipient_id"):
        return
    if fields["recipient_id"] not in catalog.phonebooks:
        raise Refused(answers.NO_PHONEBOOK)
    number_type = fields.get("recipient_num_type")
    if number_type and len(catalog.numbers_in(fields["recipient_id"], number_type)) > limit:
        yield Invalid("recipient_id", "length")


def _assignee(fields: Mapping[str, Any], catalog: Catalog) -> Iterator[Invalid]:
    if fields["send_mode"] != "new_session" or not fields.get("assign_to_type"):
        return
    if fields.get("assign_to_id") and fields["assign_to_id"] not in catalog.assignees(
        fields["assign_to_type"]
    ):
        yield Invalid("assign_to_id", "not_exist")


def _content(fields: Mapping[str, Any], catalog: Catalog, find: Lookup) -> Iterator[Invalid]:
    kind = fields["content_type"]
    if (kind == "template") != (fields["channel_type"] == "whatsapp"):
        # Campaigns on WhatsApp are described as template-only, and templates exist nowhere else.
        yield Invalid("content_type", "mismatch")
    elif kind == "template" and fields.get("msg_param"):
        templates = [t for t in catalog.templates.values() if t["omnichannel_id"] == fields["omnichannel_id"]]
        yield from template_rules.check(fields["msg_param"], templates, find)
    elif kind == "document" and fields.get("content"):
        yield from _document(fields["content"], find)


def _document(content: str, find: Lookup) -> Iterator[Invalid]:
    """`content` is the File_Info of one upload, encoded as JSON once."""
    try:
        info = json.loads(content)
    except (ValueError, RecursionError):
        info = None
    problem = files.problem_with(info, find)
    if problem:
        yield Invalid("content", problem)
