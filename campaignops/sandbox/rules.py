"""What the body of a create or update may look like: types, enums, required-when pairs, recipients. Pure.

Pages: Add a Message Campaign, Edit a Message Campaign. Every check yields `Invalid` entries; none of them stops early.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from campaignops.sandbox.answers import Invalid, Json
from campaignops.sandbox.catalog import E164, NUMBER_FIELDS
from campaignops.sandbox.personality import Personality


@dataclass(frozen=True, slots=True)
class Field:
    """A documented field: its JSON type, whether a create needs it, and its enum if it has one."""

    type: type
    required: bool = False
    values: tuple[str, ...] = ()


FIELDS = {
    "name": Field(str, required=True),
    "channel_type": Field(str, required=True, values=("sms", "whatsapp")),
    "omnichannel_id": Field(int, required=True),
    "sender": Field(int, required=True),
    "recipient_type": Field(str, required=True, values=("input", "phonebook")),
    "number_list": Field(list),
    "recipient_id": Field(int),
    "recipient_num_type": Field(str, values=tuple(NUMBER_FIELDS)),
    "content_type": Field(str, required=True, values=("text", "document", "template")),
    "content": Field(str),
    "msg_param": Field(str),
    "send_type": Field(str, required=True, values=("immediately", "schedule", "draft")),
    "send_time": Field(int),
    "send_mode": Field(str, required=True, values=("new_session", "direct")),
    "assign_to_type": Field(str, values=("extension", "queue")),
    "assign_to_id": Field(int),
}
INTEGER_MAX = 2**53 - 1  # not documented
REQUIRED_WHEN = (
    ("recipient_type", "input", ("number_list",)),
    ("recipient_type", "phonebook", ("recipient_id", "recipient_num_type")),
    ("content_type", "text", ("content",)),
    ("content_type", "document", ("content",)),
    ("content_type", "template", ("msg_param",)),
    ("send_type", "schedule", ("send_time",)),
    ("send_mode", "new_session", ("assign_to_type", "assign_to_id")),
)


def spelled(body: Mapping[str, Any], personality: Personality) -> Json:
    """The body with `scheduled` written `schedule`, where that is accepted."""
    fields = dict(body)
    if personality.schedule_word == "both" and fields.get("send_type") == "scheduled":
        fields["send_type"] = "schedule"
    return fields


def shape(body: Mapping[str, Any], personality: Personality) -> Iterator[Invalid]:
    """Unknown fields, exact types (a bool is no Integer, "7" is none either), enums, and the form of numbers."""
    for name, value in body.items():
        field = FIELDS.get(name)
        if field is None:
            yield Invalid(name, "unknown")
        elif type(value) is not field.type:
            yield Invalid(name, "type")
        elif field.values and value not in field.values:
            yield Invalid(name, "enum")
        elif field.type is int and not 0 <= body[name] <= INTEGER_MAX:
            yield Invalid(name, "range")
        elif name == "number_list":
            yield from _numbers(body[name])
        elif name == "name" and len(body[name]) > personality.name_max:
            yield Invalid(name, "length")


def missing(body: Mapping[str, Any]) -> Iterator[Invalid]:
    """Fields that a create always needs; an empty name is none."""
    for name, field in FIELDS.items():
        if field.required and (name not in body or body[name] == ""):
            yield Invalid(name, "required")


def missing_when(body: Mapping[str, Any]) -> Iterator[Invalid]:
    """Fields that are required because of what others say; empty counts as missing."""
    for name, value, needed in REQUIRED_WHEN:
        if body.get(name) == value:
            yield from (Invalid(each, "required") for each in needed if not body.get(each))


def recipients(body: Mapping[str, Any], limit: int) -> Iterator[Invalid]:
    """Each number once, and not more than `limit` of them."""
    numbers = [item["number"] for item in body.get("number_list", [])]
    if len(numbers) > limit:
        yield Invalid("number_list", "length")
    if len(set(numbers)) != len(numbers):
        yield Invalid("number_list", "duplicate")


def _numbers(items: list[Any]) -> Iterator[Invalid]:
    for item in items:
        if not isinstance(item, dict) or set(item) != {"number"}:
            yield Invalid("number_list", "format")
        elif not isinstance(item["number"], str):
            yield Invalid("number", "type")
        elif not E164.fullmatch(item["number"]):
            yield Invalid("number", "format")
