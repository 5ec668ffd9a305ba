"""`campaignops validate`: everything that can be checked without a PBX, and with --online the names and templates."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from campaignops import manifest, plan
from campaignops.cli import connection, planning
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen, folder_of
from campaignops.errors import ProjectError
from campaignops.findings import Finding, has_errors, in_order
from campaignops.project import Project, find
from campaignops.report import findings as report
from campaignops.report import plan_json, sarif


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when there is no error among the findings, else 1."""
    try:
        project = planning.project_of(args)
    except ProjectError as error:
        if not error.findings or shown.json:
            raise
        _write(error.findings, find(args.folder), args.format, shown)
        return 1
    failure.root = project.root
    count, findings = _check(project, online=args.online)
    if shown.json:
        failure.document = plan_json.findings_document("validate", findings)
        if not has_errors(findings):
            shown.document(failure.document)
    else:
        _write(findings, project.root, args.format, shown)
    if has_errors(findings):
        if shown.json:
            raise ProjectError(f"the manifests do not hold: {report.count(findings)}")
        return 1
    shown.say(f"{count:,} {'campaign holds' if count == 1 else 'campaigns hold'}.")
    return 0


def _check(project: Project, *, online: bool) -> tuple[int, tuple[Finding, ...]]:
    desired = manifest.read(project)
    campaigns = []
    late: list[Finding] = []
    count, now_s = 0, time.time()
    for campaign in desired:
        count += 1
        late += plan.times(campaign, now_s, desired.locate, "warning")
        if online:
            campaigns.append(campaign)
    findings = in_order((*desired.findings, *late))
    if online and not has_errors(findings):
        with connection.connect(project) as session:
            unresolved = [f for each in campaigns for f in session.resolve(each, desired.locate)]
        findings = in_order((*findings, *unresolved))
    return count, findings


def _write(findings: tuple[Finding, ...], folder: Path, form: str, shown: Screen) -> None:
    match form:
        case "concise":
            shown.answer(report.concise(findings, folder=folder_of(folder)))
        case "github":
            shown.answer(report.github(findings, folder=folder_of(folder)))
        case "gitlab":
            shown.answer(report.gitlab(findings, folder=folder_of(folder)))
        case "sarif":
            shown.answer(sarif.text(findings, folder=folder_of(folder)))
        case _:
            shown.findings(findings, folder, to_out=True)
