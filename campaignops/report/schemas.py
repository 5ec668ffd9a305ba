"""JSON Schemas of the documents that programs read. What is listed is there; more may come, so nothing is closed."""

from __future__ import annotations

from typing import Any, TypeAlias

from campaignops.planner import ACTIONS
from campaignops.report.plan_json import OUTCOMES, SCHEMA_VERSION

Schema: TypeAlias = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_PLANNED = [
    action for action in ACTIONS.values() if action != "refresh"
]  # which stands alone: --refresh-only
_SENDS = ["draft", "now", "at"]


def one_of(*words: str) -> Schema:
    return {"enum": list(words)}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def record(fields: dict[str, Schema], optional: dict[str, Schema] | None = None, **more: Any) -> Schema:
    """An object that has `fields`, and may have the `optional` ones."""
    return {"type": "object", "properties": fields | (optional or {}), "required": sorted(fields), **more}


def published(title: str, schema: Schema) -> Schema:
    return {"$schema": DRAFT, "title": title, **schema}


_FINDING_FIELDS = {
    "code": {"type": "string", "pattern": "^CMP[0-9]{3}$"},
    "severity": one_of("error", "warning", "info"),
    "message": TEXT,
    "file": or_null(TEXT),
    "line": or_null(COUNT),
    "column": or_null(COUNT),
}
_FINDING = record(_FINDING_FIELDS, {"note": TEXT, "help": TEXT})
_SILENCED = record({**_FINDING_FIELDS, "by": TEXT, "reason": or_null(TEXT)}, {"note": TEXT, "help": TEXT})
_MOVED = record({"item": TEXT, "name": TEXT, "message": TEXT})
_ERROR = record({"code": TEXT, "message": TEXT}, {"moved": listed(_MOVED)})
_CHANGE = {
    "key": TEXT,
    "action": one_of(*ACTIONS.values()),
    "type": TEXT,
    "name": TEXT,
    "id": or_null(COUNT),
    "reason": TEXT,
    "source": or_null(record({"file": TEXT, "line": COUNT})),
    "fields": listed(record({"path": TEXT, "before": {}, "after": {}})),
    "steps": listed(TEXT),
    "drift": FLAG,
    "left_to": or_null(one_of("draft", "release")),
    "recipients": or_null(COUNT),
    "added": COUNT,
    "removed": COUNT,
    "send": record({"kind": one_of(*_SENDS), "time": or_null(TIME)}),
    "preview": or_null(TEXT),
    "encoding": or_null(TEXT),
    "parts": or_null(COUNT),
    "total_parts": or_null(COUNT),
    "cost": or_null(TEXT),
    "currency": or_null(TEXT),
    "countries": {"type": "object", "additionalProperties": COUNT},
    "suppressed": COUNT,
    "phonebook": or_null(TEXT),
    "overlap": {"type": "object", "additionalProperties": COUNT},
    "recently_texted": COUNT,
    "first_message": or_null(TIME),
    "last_message": or_null(TIME),
    "queued_behind": or_null(TEXT),
    "refused": listed(record({"code": TEXT, "setting": TEXT, "allow": or_null(TEXT)})),
    "tested": or_null(record({"time": TIME, "current": FLAG})),
}
_SUMMARY: dict[str, Schema] = dict.fromkeys([*_PLANNED, "recipients", "parts", "refused"], COUNT)
_SUMMARY |= {"cost": or_null(TEXT), "currency": or_null(TEXT)}
_OUTCOME = {"outcome": one_of(*OUTCOMES)}


def _document(kind: str, fields: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    head: dict[str, Schema] = {"schema_version": {"const": SCHEMA_VERSION}, "kind": {"const": kind}}
    return record(head | fields, {"error": _ERROR} | (optional or {}))


def _planned(kind: str, change: Schema, more: dict[str, Schema]) -> Schema:
    fields = {
        "digest": or_null(_DIGEST),
        "environment": or_null(TEXT),
        "half": or_null(one_of("draft", "release")),
        "changes": listed(change),
        "summary": record(_SUMMARY, {"refresh": COUNT}),
        "findings": listed(_FINDING),
        "silenced": listed(_SILENCED),
    }
    return _document(kind, fields | more, {"refresh_only": FLAG})


def plan() -> Schema:
    """`plan --json`."""
    return published("campaignops plan", _planned("plan", record(_CHANGE), {}))


def apply() -> Schema:
    """`apply --json`: the plan, and what became of each change."""
    change = record(_CHANGE | _OUTCOME, {"message": TEXT})
    counts = record(dict.fromkeys(OUTCOMES, COUNT))
    return published("campaignops apply", _planned("apply", change, {"outcomes": counts}))


def status() -> Schema:
    """`status --json`."""
    row = record(
        {
            "key": TEXT,
            "id": or_null(COUNT),
            "name": TEXT,
            "phase": TEXT,
            "status": or_null(TEXT),
            "sent": or_null(COUNT),
            "failed": or_null(COUNT),
            "total": or_null(COUNT),
            "reply_rate": or_null(TEXT),
            "send_time": or_null(TIME),
            "recipients": or_null(COUNT),
            "recorded_at": or_null(TIME),
            "halted": FLAG,
        }
    )
    told = {"findings": listed(_FINDING), "silenced": listed(_SILENCED)}
    return published("campaignops status", _document("status", {"campaigns": listed(row)}, told))


def findings() -> Schema:
    """`validate --json`."""
    fields = {"findings": listed(_FINDING), "silenced": listed(_SILENCED)}
    return published("campaignops findings", _document("validate", fields))


def saved_plan() -> Schema:
    """The file of `plan -o`."""
    fields = {
        "digest": _DIGEST,
        "expires": TIME,
        "environment": or_null(TEXT),
        "target": listed(TEXT),
        "exclude": listed(TEXT),
        "half": or_null(one_of("draft", "release")),
        "basis": {"type": "object", "additionalProperties": {"type": "object"}},
        "plan": {**plan(), "$schema": DRAFT},
        "check": _DIGEST,
    }
    return published("campaignops saved plan", _document("saved plan", fields))


def notice() -> Schema:
    """The file of `apply --notice`."""
    row = record(
        {"key": TEXT, "action": one_of(*ACTIONS.values()), "outcome": one_of(*OUTCOMES), "id": or_null(COUNT)}
    )
    fields = {
        "ok": FLAG,
        "exit_code": COUNT,
        "text": TEXT,
        "environment": or_null(TEXT),
        "digest": or_null(_DIGEST),
        "outcomes": record(dict.fromkeys(OUTCOMES, COUNT)),
        "recipients": COUNT,
        "campaigns": listed(row),
        "more": COUNT,
        "job": or_null(TEXT),
        "error": or_null(_ERROR),
    }
    return published("campaignops notice", _document("notice", fields, {"error": or_null(_ERROR)}))


def event() -> Schema:
    """A line of the file of `apply --events`."""
    head = {
        "schema_version": {"const": SCHEMA_VERSION},
        "time": TIME,
        "event": one_of("begin", "step", "result", "end"),
    }
    optional: dict[str, Schema] = {
        "digest": _DIGEST,
        "environment": or_null(TEXT),
        "changes": {"type": "object"},
        "key": TEXT,
        "step": TEXT,
        "outcome": one_of(*OUTCOMES),
        "id": or_null(COUNT),
        "message": or_null(TEXT),
        "exit_code": COUNT,
        "error": or_null(_ERROR),
    }
    return published("campaignops event", record(head, optional))
