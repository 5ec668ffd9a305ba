"""What became of an apply in a few fields, for a hook that tells a chat: its `text` can be posted as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from campaignops.errors import CampaignOpsError
from campaignops.planner import ACTIONS, Create, Plan, Update
from campaignops.report.content import people
from campaignops.report.plain import masked, safe_strictly
from campaignops.report.plan_json import OUTCOMES, SCHEMA_VERSION, OutcomeKind, Result

_MOST = 50  # campaigns that are named


def document(
    plan: Plan | None, results: Sequence[Result], error: CampaignOpsError | None, environment: str | None
) -> dict[str, Any]:
    """`plan` is None when the run ended before there was one. `text` has no text of others: a chat would act on it."""
    changes = {} if plan is None else {change.key: change for change in plan.changes}
    done = [changes[r.key] for r in results if r.outcome == "done" and r.key in changes]
    reached = sum(c.people or 0 for c in done if isinstance(c, Create | Update))
    counts = {kind: sum(result.outcome == kind for result in results) for kind in OUTCOMES}
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "notice",
        "ok": error is None,
        "exit_code": 0 if error is None else error.exit_code,
        "text": _text(counts, reached, error),
        "environment": masked(environment),
        "digest": None if plan is None else plan.digest,
        "outcomes": counts,
        "recipients": reached,
        "campaigns": [
            {
                "key": masked(result.key),
                "action": ACTIONS[type(changes[result.key])],
                "outcome": result.outcome,
                "id": result.id,
            }
            for result in results[:_MOST]
        ],
        "more": max(len(results) - _MOST, 0),
        "error": error and {"code": error.code, "message": safe_strictly(error.message)},
    }


def _text(counts: Mapping[OutcomeKind, int], reached: int, error: CampaignOpsError | None) -> str:
    said = ", ".join(f"{number:,} {kind}" for kind, number in counts.items() if number)
    if error is None:
        return (
            f"Campaigns applied: {said}. {people(reached)}."
            if said
            else "Campaigns: there was nothing to apply."
        )
    head = "Campaigns applied in part" if counts["done"] else "Campaigns not applied"
    return f"{head} (exit {error.exit_code}, {error.code})" + (f": {said}." if said else ".")
