"""A plan with everything it needs: the project, the desired campaigns, the state, and what the PBX says."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from campaignops import __version__, manifest, plan
from campaignops.cli import connection
from campaignops.errors import CampaignOpsError, ProjectError, RefusedError, UnresolvedError, UsageError
from campaignops.findings import Finding, Place, has_errors, in_order
from campaignops.manifest import Desired
from campaignops.model import Campaign
from campaignops.pbx.session import Session
from campaignops.plan import AnyChange, Create, Live, Plan, Selection, Update
from campaignops.project import Project, find
from campaignops.report import findings as report
from campaignops.state import Pbx, State
from campaignops.store.file import FileStore

_SKEW_S = 60


def project_of(args: argparse.Namespace) -> Project:
    """The project that the options name. Raises ProjectError."""
    return manifest.load_project(find(args.folder), args.env, dict(args.var), args.var_file, os.environ)


def store_of(project: Project) -> FileStore:
    return FileStore(Path(os.path.relpath(project.state_path)), f"campaignops {__version__}")


def selection_of(args: argparse.Namespace) -> Selection:
    return Selection(tuple(args.target), tuple(args.exclude))


@dataclass(frozen=True, slots=True)
class Campaigns:
    """The desired campaigns, all sound; `warnings` came with them."""

    desired: Desired
    campaigns: tuple[Campaign, ...]

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return in_order(self.desired.findings)

    def locate(self, campaign: Campaign, path: tuple[str | int, ...]) -> Place:
        return self.desired.locate(campaign, path)


def read(project: Project) -> Campaigns:
    """All manifests. Raises ProjectError with every finding when one of them does not hold."""
    desired = manifest.read(project)
    campaigns = tuple(desired)
    check(desired.findings)
    return Campaigns(desired, campaigns)


def offline(project: Project, recorded: State, selection: Selection) -> Plan:
    """A plan from manifests and state alone: campaigns are read, judged and forgotten one by one."""
    desired = manifest.read(project)
    made = plan.make(
        desired, recorded, None, project, now_s=time.time(), locate=desired.locate, selection=selection
    )
    check(desired.findings)
    _check_targets(selection, made)
    return replace(made, findings=in_order((*made.findings, *desired.findings)))


@dataclass(frozen=True, slots=True)
class Online:
    """A plan made against the PBX. `skew_s` is how far the PBX's clock is ahead of ours."""

    plan: Plan
    live: Live
    pbx: Pbx
    skew_s: float


def online(
    project: Project, found: Campaigns, recorded: State, session: Session, selection: Selection
) -> Online:
    """A plan with names resolved and messages filled in. What is wrong is among its findings. Raises PbxError."""
    device = session.device()
    ours_s = time.time()
    pbx = connection.identity(project, device, recorded)
    skew_s = device.time_s - ours_s if device.time_s is not None else 0.0
    live = connection.live(session, recorded)
    made = plan.make(
        found.campaigns,
        recorded,
        live,
        project,
        now_s=ours_s + skew_s,
        locate=found.locate,
        selection=selection,
    )
    _check_targets(selection, made)
    problems: list[Finding] = [*made.findings, *found.warnings, *_skewed(skew_s)]
    changes = tuple(_resolved(made.changes, session, found, problems))
    return Online(replace(made, changes=changes, findings=in_order(problems)), live, pbx, skew_s)


def verdict(made: Plan) -> CampaignOpsError | None:
    """Why this plan cannot be applied, if so: somebody must resolve, blocked, or findings that are errors."""
    stuck = [change.key for change in made.blocked if change.stuck]
    if stuck:
        return UnresolvedError(
            f"the outcome of {_counted(len(stuck), 'create')} is unknown: campaignops resolve {stuck[0]}"
        )
    if made.blocked:
        what = _counted(len(made.blocked), "change")
        return RefusedError(
            f"{what} blocked; nothing was done. Leave them out with --exclude KEY, or see the help above",
            code="blocked",
        )
    if has_errors(made.findings):
        return ProjectError(f"{report.count(made.findings)}; nothing was done")
    return None


def check(findings: Iterable[Finding]) -> None:
    """Raises ProjectError with all of them when one is an error."""
    listed = in_order(findings)
    if has_errors(listed):
        raise ProjectError(f"the manifests do not hold: {report.count(listed)}", listed)


def _resolved(
    changes: Iterable[AnyChange], session: Session, found: Campaigns, problems: list[Finding]
) -> Iterator[AnyChange]:
    for change in changes:
        if isinstance(change, Create | Update):
            problems += session.resolve(change.campaign, found.locate)
            people, preview = session.people(change.campaign), session.preview(change.campaign)
            yield replace(change, people=change.people if people is None else people, preview=preview)
        else:
            yield change


def _skewed(skew_s: float) -> Iterator[Finding]:
    if abs(skew_s) > _SKEW_S:
        ahead = "ahead of" if skew_s > 0 else "behind"
        text = f"the clock of the PBX is {abs(skew_s):.0f} s {ahead} ours; its clock decides when campaigns are sent"
        yield Finding("CMP409", "warning", text, help="set the time of the PBX, or use a time server")


def _check_targets(selection: Selection, made: Plan) -> None:
    for target in selection.targets:
        if not any(Selection((target,)).has(change.key) for change in made.changes):
            raise UsageError(f"no campaign matches --target {target}; `campaignops plan -v` lists them all")


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
