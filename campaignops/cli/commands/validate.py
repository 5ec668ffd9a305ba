"""`campaignops validate`: everything that can be checked without a PBX, and with --online the names and templates."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from campaignops import manifest, planner, rules
from campaignops.cli import connection, planning, selecting
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen, folder_of
from campaignops.errors import ProjectError
from campaignops.findings import Finding, has_errors
from campaignops.message import words
from campaignops.model import Campaign
from campaignops.planner import EVERYTHING, Selection
from campaignops.planner.facts import facts
from campaignops.policy import Judged
from campaignops.project import Project
from campaignops.report import findings as report
from campaignops.report import plan_json, sarif


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when there is no error among the findings, else 1."""
    try:
        project = selecting.project_of(args, failure)
    except ProjectError as error:
        if not error.findings or shown.json:
            raise
        _write(Judged(error.findings), failure.root, args.format, shown)
        return 1
    count, told = _check(project, selecting.selection_of(args), online=args.online)
    if shown.json:
        failure.document = plan_json.findings_document("validate", told.findings, told.silenced)
        if not has_errors(told.findings):
            shown.document(failure.document)
    else:
        _write(told, project.root, args.format, shown)
    if has_errors(told.findings):
        if shown.json:
            raise ProjectError(f"the manifests do not hold: {report.count(told.findings, told.silenced)}")
        return 1
    shown.say(_sentence(count))
    return 0


def _sentence(count: int) -> str:
    if count == 0:
        return "No campaigns here yet."
    return "1 campaign holds." if count == 1 else f"{count:,} campaigns hold."


def _check(project: Project, selection: Selection, *, online: bool) -> tuple[int, Judged]:
    """How many campaigns were checked, and what is wrong; they are kept only when the PBX is to be asked about them."""
    desired, now_s = manifest.read(project), time.time()
    keys: list[str] = []
    wanted: list[Campaign] = []
    more: list[Finding] = []
    for campaign in desired:
        keys.append(campaign.key)
        if selection.has(campaign.key):
            more += planner.times(campaign, now_s, desired.locate, "warning")
            more += words.findings(campaign, desired.locate, "warning")
            more += rules.findings(project.rules, facts(campaign, None), campaign.place)
            wanted += [campaign] if online else []
    findings = [*desired.findings, *more]
    if not has_errors(findings):
        selecting.check_selection(selection, keys)
        findings += _unresolved(project, wanted, desired)
    told = planning.judge(project, findings, desired, now_s, whole=selection == EVERYTHING)
    return sum(map(selection.has, keys)), told


def _unresolved(project: Project, campaigns: list[Campaign], desired: manifest.Desired) -> list[Finding]:
    if not campaigns:
        return []
    with connection.connect(project) as session:
        return [finding for each in campaigns for finding in session.resolve(each, desired.locate)]


def _write(told: Judged, folder: Path | None, form: str, shown: Screen) -> None:
    findings = told.findings
    match form:
        case "concise":
            shown.answer(report.concise(findings, folder=folder_of(folder)))
        case "github":
            shown.answer(report.github(findings, folder=folder_of(folder)))
        case "gitlab":
            shown.answer(report.gitlab(findings, folder=folder_of(folder)))
        case "sarif":
            shown.answer(sarif.text(findings, told.silenced, folder=folder_of(folder)))
        case _:
            shown.findings(findings, folder, silenced=told.silenced, to_out=True)
