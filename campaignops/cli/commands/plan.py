"""`campaignops plan`: what would change."""

from __future__ import annotations

import argparse
import shlex

from campaignops.cli import approving, planning, selecting, verdict
from campaignops.cli.entry import Failure
from campaignops.cli.leaving import Leaving
from campaignops.cli.screen import Screen, folder_of
from campaignops.errors import ProjectError, UsageError
from campaignops.planner import Plan
from campaignops.project import Project
from campaignops.report import findings as report
from campaignops.report import plan_json, plan_text
from campaignops.report.plain import safe
from campaignops.report.when import moment


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 (or 2), 1 for findings that are errors, 10 for blocked changes, 11 for a create that must be resolved."""
    _check(args)
    leaving = failure.leave = Leaving(args, shown, failure)
    try:
        project = selecting.project_of(args, failure)
        asked = None if args.offline else planning.asked(args, project)
        made, now_s = (asked.plan, asked.now_s) if asked else planning.made_of(args, project)
    except ProjectError as error:
        if args.format == "github" and not shown.json:
            shown.answer(report.github(error.findings, folder=folder_of(failure.root)))
        raise
    leaving.planned(project, made, now_s)
    if shown.json:
        failure.document = plan_json.plan_document(made, timezone=project.timezone)
    elif args.format == "markdown":
        shown.findings(made.findings, project.root, silenced=made.silenced)
    else:
        show(made, project, shown, now_s, verbose=args.verbose > 0)
        if args.format == "github":
            shown.answer(report.github(made.findings, folder=folder_of(project.root)))
    if refused := verdict.refusal(made):
        raise refused
    if asked and args.output is not None:
        expires_s = approving.save(args, asked, project)
        leaving.saved = args.output, expires_s
        said = f"Plan {made.digest[:12]} saved to {args.output}, valid until {moment(expires_s, project.timezone)}."
        shown.say(safe(said))
        if verdict.pending(made):
            shown.say(f"Next: campaignops apply {safe(shlex.quote(args.output))}")
    if shown.json:
        shown.document(failure.document)
    return 2 if args.detailed_exitcode and verdict.pending(made) else 0


def _check(args: argparse.Namespace) -> None:
    if args.output is not None and args.offline:
        raise UsageError("a plan that is saved (-o) must ask the PBX: leave --offline out")
    if args.refresh_only and (args.offline or args.output is not None):
        raise UsageError("--refresh-only asks the PBX, and is not saved: leave --offline and -o out")


def show(
    made: Plan, project: Project, shown: Screen, now_s: float, *, verbose: bool, to_err: bool = False
) -> None:
    """The plan on stdout, what was found on stderr. `now_s`: how late it is where the campaigns are sent."""
    stream = shown.err if to_err else shown.out
    stream.write(
        plan_text.text(
            made,
            now_s=now_s,
            color=shown.color(stream),
            pbx=project.pbx.url,
            timezone=project.timezone,
            verbose=verbose,
            folder=folder_of(project.root),
        )
    )
    stream.flush()
    shown.findings(made.findings, project.root, silenced=made.silenced)
