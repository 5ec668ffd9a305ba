"""Plans, applies, states and errors as JSON documents: their field names are a promise and only ever grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol

from campaignops.errors import CampaignOpsError, StalePlanError
from campaignops.findings import Finding
from campaignops.planner import ACTIONS, AnyChange, Create, Delete, History, Plan, Unchanged, Update
from campaignops.policy import Silenced
from campaignops.report import findings as report_findings
from campaignops.report import length, reach
from campaignops.report.plain import masked, safe, safe_strictly
from campaignops.report.rows import authors_zone
from campaignops.report.when import iso
from campaignops.state import Entry

SCHEMA_VERSION = 1
OutcomeKind = Literal["done", "failed", "unknown", "skipped"]
OUTCOMES: tuple[OutcomeKind, ...] = ("done", "failed", "unknown", "skipped")


class Result(Protocol):
    """What became of one change; `apply` makes them."""

    @property
    def key(self) -> str: ...
    @property
    def outcome(self) -> OutcomeKind: ...
    @property
    def id(self) -> int | None: ...
    @property
    def message(self) -> str | None: ...
    @property
    def next_command(self) -> str | None: ...


def plan_document(
    plan: Plan, *, timezone: str = "UTC", findings: Iterable[Finding] | None = None
) -> dict[str, Any]:
    """The plan. `timezone` is the project's, for times whose author's zone is not known; `findings` stand for all of
    the run where there are more than the plan's own."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "plan",
        "digest": plan.digest,
        "environment": masked(plan.environment),
        "half": plan.half,
        **({"refresh_only": True} if plan.refresh_only else {}),
        "changes": [_change(change, plan, timezone) for change in plan.changes],
        "summary": {**plan.summary(), **reach.summary(plan)},
        "findings": _findings(plan.findings if findings is None else findings),
        "silenced": _silenced(plan.silenced),
    }


def apply_document(
    plan: Plan,
    results: Iterable[Result],
    *,
    timezone: str = "UTC",
    findings: Iterable[Finding] | None = None,
) -> dict[str, Any]:
    """The plan with what became of each change. A change without a result is skipped: there was nothing to do for it,
    and its reason is the message, or the run ended before it. `outcomes` counts those for which there was."""
    by_key = {result.key: result for result in results}
    document = plan_document(plan, timezone=timezone, findings=findings)
    pairs = zip(plan.changes, document["changes"], strict=True)
    changes = [shape | _became(change, by_key.get(change.key)) for change, shape in pairs]
    idle = [isinstance(change, Unchanged | History) and change.key not in by_key for change in plan.changes]
    each = Counter(shape["outcome"] for shape, nothing in zip(changes, idle, strict=True) if not nothing)
    return document | {
        "kind": "apply",
        "changes": changes,
        "outcomes": {kind: each[kind] for kind in OUTCOMES},
    }


def state_list_document(entries: Iterable[Entry]) -> dict[str, Any]:
    """The recorded campaigns, in the order given."""
    campaigns = [
        {
            "key": masked(e.key),
            "id": e.id,
            "name": masked(e.name),
            "phase": str(e.phase),
            "status": None if e.status is None else safe_strictly(e.status),
        }
        for e in entries
    ]
    return {"schema_version": SCHEMA_VERSION, "kind": "state list", "campaigns": campaigns}


def findings_document(
    kind: str, findings: Iterable[Finding], silenced: Iterable[Silenced] = ()
) -> dict[str, Any]:
    """All that a command like `validate` has to say."""
    told = {"findings": _findings(findings), "silenced": _silenced(silenced)}
    return {"schema_version": SCHEMA_VERSION, "kind": kind} | told


def error_document(
    kind: str, error: CampaignOpsError, findings: Iterable[Finding] = (), silenced: Iterable[Silenced] = ()
) -> dict[str, Any]:
    """The document of `kind` for a run that ended before there was anything to put into it."""
    empty = {"schema_version": SCHEMA_VERSION, "kind": kind} | _empty(kind)
    return with_error(empty | {"findings": _findings(findings), "silenced": _silenced(silenced)}, error)


def with_error(document: Mapping[str, Any], error: CampaignOpsError) -> dict[str, Any]:
    """A document of a run that came as far as that, and then failed."""
    said: dict[str, Any] = {"code": error.code, "message": safe_strictly(error.message)}
    if isinstance(error, StalePlanError):
        said["moved"] = [dict(each) for each in error.moved]
    return {**document, "error": said}


def _empty(kind: str) -> dict[str, Any]:
    match kind:
        case "plan" | "apply":
            shape: dict[str, Any] = {"digest": None, "environment": None, "half": None, "changes": []}
            nothing = Plan("", 0, None, ())
            shape["summary"] = {**nothing.summary(), **reach.summary(nothing)}
            return shape | ({"outcomes": dict.fromkeys(OUTCOMES, 0)} if kind == "apply" else {})
        case "state list" | "state show" | "status" | "render":
            return {"campaigns": []}
        case _:
            return {}


def _change(change: AnyChange, plan: Plan, timezone: str) -> dict[str, Any]:
    place = change.place
    return {
        "key": masked(change.key),
        "action": ACTIONS[type(change)],
        "type": masked(change.type),
        "name": masked(change.name),
        "id": change.id,
        "reason": safe(change.reason),
        "source": None if place is None else {"file": masked(place.file), "line": place.line},
        "fields": [
            {"path": masked(f.path), "before": masked(f.before), "after": masked(f.after)}
            for f in change.fields
        ],
        "steps": [safe(step) for step in change.steps],
        "drift": isinstance(change, Create | Update) and change.drift,
        "left_to": change.left_to if isinstance(change, Unchanged) else None,
        "recipients": change.people,
        "added": change.added,
        "removed": change.removed,
        "send": _send(change, timezone),
        "preview": None if change.preview is None else masked(str(change.preview)),
        **length.fields(change),
        **reach.fields(change, plan, timezone),
        "tested": _tested(change),
    }


def _tested(change: AnyChange) -> dict[str, Any] | None:
    if change.tested is None:
        return None
    at_s, is_same = change.tested
    return {"time": iso(int(at_s), "UTC"), "current": is_same}


def _send(change: AnyChange, timezone: str) -> dict[str, Any]:
    time = None if change.time_s is None else iso(change.time_s, authors_zone(change) or timezone)
    return {"kind": change.send, "time": time if change.send == "at" else None}


def _became(change: AnyChange, result: Result | None) -> dict[str, Any]:
    if result is None:
        wanted = isinstance(change, Create | Update | Delete)
        return {"outcome": "skipped", "message": "not attempted" if wanted else safe(change.reason)}
    known_id = change.id if result.id is None else result.id
    said = {} if result.outcome == "done" else {"message": safe_strictly(result.message or "")}
    return {"outcome": result.outcome, "id": known_id, **said}


def _silenced(silenced: Iterable[Silenced]) -> list[dict[str, Any]]:
    return [report_findings.silenced_to_json(each) for each in silenced]


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [report_findings.to_json(finding) for finding in findings]
