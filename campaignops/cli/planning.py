"""A plan with everything it needs: the project, the desired campaigns, the state, and what the PBX says."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from campaignops import __version__, manifest, plan
from campaignops.cli import connection
from campaignops.cli.entry import Failure
from campaignops.cli.screen import short
from campaignops.errors import CampaignOpsError, ProjectError, RefusedError, UnresolvedError, UsageError
from campaignops.findings import Finding, Place, has_errors, in_order
from campaignops.manifest import Desired
from campaignops.model import Campaign
from campaignops.plan import AnyChange, Create, History, Live, Plan, Selection, Unchanged, Update
from campaignops.project import Project, find
from campaignops.report import findings as report
from campaignops.state import Entry, Pbx, State
from campaignops.store.file import FileStore

if TYPE_CHECKING:
    from campaignops.pbx.session import Session

T = TypeVar("T")
_SKEW_S = 60


def project_of(args: argparse.Namespace, failure: Failure | None = None) -> Project:
    """The project that the options name; a failure then tells its files from its folder. Raises ProjectError."""
    root = find(args.folder)
    if failure is not None:
        failure.root = root
    return manifest.load_project(root, args.env, dict(args.var), args.var_file, os.environ)


def store_of(project: Project) -> FileStore:
    return FileStore(Path(short(project.state_path)), f"campaignops {__version__}")


def selection_of(args: argparse.Namespace) -> Selection:
    return Selection(tuple(args.target), tuple(args.exclude))


def chosen(items: Iterable[T], key: Callable[[T], str], args: argparse.Namespace) -> list[T]:
    """What KEY…, --target and --exclude leave. Raises UsageError when one of them fits nothing."""
    listed = list(items)
    selection = Selection((*args.keys, *args.target), tuple(args.exclude))
    check_selection(selection, [key(item) for item in listed])
    return [item for item in listed if selection.has(key(item))]


def recorded_of(recorded: State, args: argparse.Namespace) -> list[Entry]:
    """The same of the recorded campaigns, by key."""
    return chosen([entry for _, entry in sorted(recorded.campaigns.items())], lambda entry: entry.key, args)


def check_selection(selection: Selection, keys: Collection[str]) -> None:
    """A KEY that fits nothing is a slip of the pen; one of --exclude would let go what it was to hold back."""
    for glob in (*selection.targets, *selection.excludes):
        if not any(Selection((glob,)).has(key) for key in keys):
            close = get_close_matches(glob, keys, 1)
            hint = f"did you mean `{close[0]}`?" if close else "`campaignops plan -v` lists all keys"
            raise UsageError(f"no campaign here fits `{glob}`; {hint}")


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
    desired, keys = manifest.read(project), set(recorded.campaigns)

    def noted() -> Iterator[Campaign]:
        for campaign in desired:
            keys.add(campaign.key)
            yield campaign

    made = plan.make(
        noted(), recorded, None, project, now_s=time.time(), locate=desired.locate, selection=selection
    )
    check(desired.findings)
    check_selection(selection, keys)
    return replace(made, findings=in_order((*made.findings, *desired.findings)))


@dataclass(frozen=True, slots=True)
class Online:
    """A plan made against the PBX, at `now_s` of its clock, which was `skew_s` ahead of ours."""

    plan: Plan
    live: Live
    pbx: Pbx
    now_s: float
    skew_s: float


def online(
    project: Project, found: Campaigns, recorded: State, session: Session, selection: Selection
) -> Online:
    """A plan with names resolved and messages filled in. What is wrong is among its findings. Raises PbxError."""
    check_selection(selection, {*recorded.campaigns, *(campaign.key for campaign in found.campaigns)})
    device = session.device()
    ours_s = time.time()
    now_s = ours_s if device.time_s is None else float(device.time_s)
    pbx = connection.identity(project, device, recorded)
    live = connection.live(session, recorded)
    made = plan.make(
        found.campaigns,
        recorded,
        live,
        project,
        now_s=now_s,
        locate=found.locate,
        selection=selection,
    )
    problems: list[Finding] = [*made.findings, *found.warnings, *_skewed(now_s - ours_s)]
    changes = tuple(_resolved(made.changes, session, found, problems))
    made = replace(made, changes=changes, findings=in_order(problems))
    return Online(made, live, pbx, now_s, now_s - ours_s)


def pending(made: Plan) -> tuple[AnyChange, ...]:
    """What an apply would do: the effects on the PBX, and what changes in the record alone."""
    still = (Unchanged, History)
    return tuple(c for c in made.changes if not isinstance(c, still) or c.is_recorded)


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
        return ProjectError(f"this plan cannot be applied: {report.count(made.findings)}. Nothing was done")
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


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
