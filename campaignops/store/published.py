"""The JSON Schema of the state document, made of what the reader of the document checks. Values only."""

from __future__ import annotations

from typing import Any

from campaignops.state import FORMAT_VERSION, Phase
from campaignops.store import document

_NAMES = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


def state_schema() -> dict[str, Any]:
    """Of `campaignops.state.json`. A reader refuses fields that it does not know, so the schema is closed."""
    entry: dict[str, Any] = {name: _typed(types) for name, types in document.TYPES.items()}
    entry |= {"phase": {"enum": [str(phase) for phase in Phase]}, "send": {"enum": sorted(document.SENDS)}}
    pbx = {"serial_number": {"type": ["null", "string"]}, "url": {"type": "string"}}
    text = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "campaignops state",
        **_closed(
            {
                "format_version": {"type": "integer", "minimum": 1, "maximum": FORMAT_VERSION},
                "lineage": {"type": "string", "minLength": 1},
                "serial": {"type": "integer", "minimum": 0},
                "campaigns": {
                    "type": "object",
                    "additionalProperties": _closed(entry | {"spec": {"type": "object"}}, document.REQUIRED),
                },
                "pbx": {"anyOf": [_closed(pbx, pbx), {"type": "null"}]},
                "check": text,
                "written_by": text,
                "plan": text,
            },
            ("format_version", "lineage", "serial", "campaigns"),
        ),
    }


def _closed(fields: dict[str, Any], required: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": sorted(required),
        "additionalProperties": False,
    }


def _typed(types: frozenset[type | None]) -> dict[str, Any]:
    names = sorted(_NAMES[each] for each in types if each is not None)
    return {"type": names[0] if len(names) == 1 else names}
