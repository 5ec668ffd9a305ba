"""`campaignops render [KEY…]`: the final request bodies, exactly as they would be sent. Nothing is sent."""

from __future__ import annotations

import argparse
from typing import Any

from campaignops.cli import connection, planning
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import ProjectError, UsageError
from campaignops.findings import Finding, has_errors, in_order
from campaignops.model import Campaign
from campaignops.plan import Selection
from campaignops.report import document
from campaignops.report import findings as report
from campaignops.report.plan_json import SCHEMA_VERSION


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Names are looked up on the PBX; an upload's id and uri are known only after it. Numbers are shown in full."""
    project = planning.project_of(args)
    failure.root = project.root
    found = planning.read(project)
    campaigns = chosen(found.campaigns, args)
    with connection.connect(project) as session:
        findings: list[Finding] = [f for c in campaigns for f in session.resolve(c, found.locate)]
        if has_errors(findings):
            raise ProjectError(f"not everything is on the PBX: {report.count(findings)}", in_order(findings))
        bodies: list[dict[str, Any]] = [{"key": c.key, "body": session.shown(c)} for c in campaigns]
    if shown.json:
        shown.document({"schema_version": SCHEMA_VERSION, "kind": "render", "campaigns": bodies})
    else:
        shown.answer("\n".join(f"# {each['key']}\n{document.text(each['body'])}" for each in bodies))
    return 0


def chosen(campaigns: tuple[Campaign, ...], args: argparse.Namespace) -> tuple[Campaign, ...]:
    """The campaigns that KEY…, --target and --exclude leave. Raises UsageError when a KEY matches none."""
    for key in args.keys:
        if not any(Selection((key,)).has(campaign.key) for campaign in campaigns):
            raise UsageError(f"no manifest has a campaign `{key}`")
    selection = Selection((*args.keys, *args.target), tuple(args.exclude))
    return tuple(campaign for campaign in campaigns if selection.has(campaign.key))
