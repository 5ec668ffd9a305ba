"""`campaignops recover`: after a lost state, record again what the PBX has. It shows first, and writes with --write."""

from __future__ import annotations

import argparse
import time
from typing import Any

from campaignops import planner
from campaignops.applier import settle
from campaignops.applier.settle import Recovery
from campaignops.cli import planning, selecting
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.cli.writing import keeping
from campaignops.errors import CampaignOpsError, ProjectError
from campaignops.findings import Finding, has_errors, in_order
from campaignops.report.findings import count
from campaignops.report.plain import safe
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.state import State


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when every campaign is clear, 1 when a person must look at one. It sends nothing."""
    project = selecting.project_of(args)
    failure.root = project.root
    found = planning.read(project)
    selection = selecting.selection_of(args)
    with keeping(project, "campaignops recover", args.lock_timeout) as (record, session):
        recorded = State(record.lineage, campaigns=record.entries)
        parts = planner.parts(found.campaigns, recorded, project, now_s=time.time())
        campaigns = [campaign for campaign in parts if selection.has(campaign.key)]
        findings: list[Finding] = [f for c in campaigns for f in session.resolve(c, found.locate)]
        if has_errors(findings):
            raise ProjectError(f"not everything is on the PBX: {count(findings)}", in_order(findings))
        recovered = list(settle.recover(record, session, campaigns))
        if args.write:
            for each in recovered:
                if each.entry is not None:
                    record.put(each.entry)
    failure.document = _document(recovered, written=args.write)
    if not shown.json:
        shown.answer(_text(recovered, written=args.write))
    if unclear := [each.key for each in recovered if each.verdict == "unclear"]:
        what = "1 campaign is" if len(unclear) == 1 else f"{len(unclear):,} campaigns are"
        raise CampaignOpsError(f"{what} not clear; a person must look at it: {unclear[0]}", code="unclear")
    if shown.json:
        shown.document(failure.document)
    return 0


def _document(recovered: list[Recovery], *, written: bool) -> dict[str, Any]:
    rows = [
        {"key": r.key, "verdict": r.verdict, "reason": safe(r.reason), "id": r.entry and r.entry.id}
        for r in recovered
    ]
    return {"schema_version": SCHEMA_VERSION, "kind": "recover", "written": written, "campaigns": rows}


def _text(recovered: list[Recovery], *, written: bool) -> str:
    if not recovered:
        return "Every campaign of the manifests is recorded.\n"
    lines = [f"{each.verdict:8} {each.key}: {safe(each.reason)}" for each in recovered]
    if any(each.entry for each in recovered):
        lines.append(
            "Recorded what was found." if written else "To record what was found: campaignops recover --write"
        )
    if any(each.verdict == "absent" for each in recovered):
        lines.append(
            "The next apply creates what is absent. Check first: what was sent and then deleted there looks the same."
        )
    return "\n".join(lines) + "\n"
