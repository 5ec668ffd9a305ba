"""`campaignops state …`: what is recorded. No verb of it asks the PBX."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from campaignops.cli import selecting
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import UsageError
from campaignops.report import plan_json
from campaignops.report.plain import columns, masked, padded, safe
from campaignops.state import Entry

_CHANGES = {"rm": "remove", "mv": "move", "pull": "pull", "unlock": "unlock"}
_HEADINGS = ("KEY", "ID", "PHASE", "STATUS", "NAME")


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    failure.kind = f"state {args.verb}"
    project = selecting.project_of(args, failure)
    if args.verb == "push":
        from campaignops.cli.commands import state_push

        state_push.push(args, project, shown)
        return 0
    if args.verb in _CHANGES:
        from campaignops.cli.commands import state_changes  # a list does not pay for what writes

        getattr(state_changes, _CHANGES[args.verb])(args, project, shown)
        return 0
    if args.verb == "show" and not args.keys:
        raise UsageError("state show needs a KEY; `campaignops state list` lists them")
    recorded, _ = selecting.store_of(project).read()
    entries = selecting.recorded_of(recorded, args)
    if args.verb == "show":
        shown.document(_shown(entries) if shown.json else _shown(entries)["campaigns"])
    elif shown.json:
        shown.document(plan_json.state_list_document(entries))
    else:
        shown.answer(_table(entries))
    return 0


def _table(entries: list[Entry]) -> str:
    if not entries:
        return "No campaign is recorded.\n"
    cells = [
        (safe(e.key), "–" if e.id is None else str(e.id), str(e.phase), e.status or "–", safe(e.name))
        for e in entries
    ]
    widths = [max(columns(row[i]) for row in (_HEADINGS, *cells)) for i in range(len(_HEADINGS))]
    lines = ("  ".join(map(padded, row, widths)).rstrip() for row in (_HEADINGS, *cells))
    return "".join(f"{line}\n" for line in lines)


def _shown(entries: list[Entry]) -> dict[str, Any]:
    """Everything about each but the recipients' digests, which tell nobody anything."""
    campaigns = []
    for entry in entries:
        said = {k: v for k, v in asdict(entry).items() if k not in ("audience", "spec")}
        campaigns.append({**said, "phase": str(entry.phase), "spec": _spec(entry)})
    return {"schema_version": plan_json.SCHEMA_VERSION, "kind": "state show", "campaigns": masked(campaigns)}


def _spec(entry: Entry) -> Any:
    try:
        return json.loads(entry.spec)
    except ValueError:
        return entry.spec
