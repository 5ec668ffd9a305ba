"""The written forms of single values: texts, names, numbers, zones, paths, references."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict

from campaignops.audience import E164

STRICT = ConfigDict(extra="forbid")
MARKS = r"\{\{|\{%"
# Editors read an unquoted 20 as a number, we read it as the author's text: both are fine, except for phone numbers,
# where an editor would show a number without its plus sign.
_TEXT_TYPES = ["string", "number", "boolean"]


def _text(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": _TEXT_TYPES, **schema})


def one_of(*words: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"enum": list(words)}, {"type": "string", "pattern": MARKS}]})


def exactly_one(*names: str) -> ConfigDict:
    choices: Any = [{"required": [name]} for name in names]
    return ConfigDict(extra="forbid", json_schema_extra={"oneOf": choices})


# `recipient_num_type` of the page "Add a Message Campaign".
NumberField: TypeAlias = Literal[
    "business_number", "business_number2", "mobile_number", "mobile_number2", "home_number", "home_number2",
    "business_fax", "home_fax", "other_number",
]  # fmt: skip

Text: TypeAlias = Annotated[str, Field(min_length=1), _text(minLength=1)]
MAX_NAME = 127
Name: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, pattern=r"^\P{Cc}+$"),
    _text(minLength=1, maxLength=MAX_NAME),
]
# `errorMessage` is what editors built on VS Code's JSON service show instead of a regular expression.
_IN_QUOTES = 'A number with + and the country code, in quotes: "+12025550100".'
E164_SCHEMA: Any = {
    "type": "string",
    "pattern": f"{E164}|{MARKS}",
    "description": "A number with + and the country code, in quotes.",
    "errorMessage": _IN_QUOTES,
    "patternErrorMessage": _IN_QUOTES,
}
PhoneNumber: TypeAlias = Annotated[str, Field(pattern=E164), WithJsonSchema(E164_SCHEMA)]
# Which texts are numbers here depends on `region`: `recipients` decides it.
Sender: TypeAlias = Annotated[str, WithJsonSchema(E164_SCHEMA)]
Recipient: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "errorMessage": _IN_QUOTES})]
Id: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]{0,9}$"),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": f"^[0-9]+$|{MARKS}"}]}
    ),
]
# What editors offer; any other IANA name is as good.
_ZONES = [
    "UTC", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Budapest",
    "Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Lisbon", "Europe/London",
    "Europe/Madrid", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna",
    "Europe/Warsaw", "Europe/Zurich", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
    "America/Argentina/Buenos_Aires", "America/Bogota", "America/Chicago", "America/Denver", "America/Lima",
    "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Phoenix", "America/Santiago",
    "America/Sao_Paulo", "America/Toronto", "Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta",
    "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata", "Asia/Manila", "Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai",
    "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo", "Australia/Melbourne", "Australia/Perth", "Australia/Sydney",
    "Pacific/Auckland",
]  # fmt: skip
Zone: TypeAlias = Annotated[
    str,
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"enum": _ZONES}, {"type": "string", "minLength": 1}]}),
]
FilePath: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=1024),
    WithJsonSchema({"type": "string", "description": "A path inside the project."}),
]


Region: TypeAlias = Annotated[
    str,
    Field(description="The country of numbers without a + in front, by its two letters: DE, US."),
]


class ById(TypedDict):
    """A thing on the PBX by its id."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    id: Annotated[Id, Field(description="The id on the PBX.")]


Reference: TypeAlias = Name | ById
Vars: TypeAlias = Annotated[dict[str, Any], Field(description="Names for {{ name }} in values.")]
