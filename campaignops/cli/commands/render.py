"""`campaignops render [KEY…]`: the final request bodies, exactly as they would be sent. Nothing is sent."""

from __future__ import annotations

import argparse
import time
from typing import Any

from campaignops import planner
from campaignops.cli import connection, planning, selecting
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import ProjectError
from campaignops.findings import Finding, has_errors, in_order
from campaignops.report import document
from campaignops.report import findings as report
from campaignops.report.plan_json import SCHEMA_VERSION


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Names are looked up on the PBX; an upload's id and uri are known only after it. Numbers are shown in full."""
    project = selecting.project_of(args, failure)
    found = planning.read(project)
    recorded, _ = selecting.store_of(project).read()
    parts = planner.parts(found.campaigns, recorded, project, now_s=time.time())
    campaigns = selecting.chosen(parts, lambda campaign: campaign.key, args)
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
