"""A plan with everything it needs: the project, the desired campaigns, the state, and what the PBX says."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from campaignops import __version__, manifest, planner, rules
from campaignops.cli import connection, guarding
from campaignops.cli.entry import Failure
from campaignops.cli.guarding import Cases
from campaignops.cli.screen import short
from campaignops.errors import CampaignOpsError, ProjectError, RefusedError, UnresolvedError, UsageError
from campaignops.findings import Finding, Place, has_errors, in_order, nearest_code
from campaignops.manifest import Desired
from campaignops.model import Campaign
from campaignops.planner import AnyChange, Create, History, Live, Parts, Plan, Selection, Unchanged, Update
from campaignops.planner.facts import facts
from campaignops.policy import Judged, codes_of, judged, may_be_silenced
from campaignops.project import Project, find
from campaignops.report import findings as report
from campaignops.state import Entry, Pbx, State
from campaignops.store.file import FileStore

if TYPE_CHECKING:
    from campaignops.pbx.session import Session

T = TypeVar("T")
_SKEW_S = 60
_NO_CASES = Cases()
_ALL_CODES = "`campaignops explain` lists them all"


def project_of(args: argparse.Namespace, failure: Failure | None = None) -> Project:
    """The project that the options name; a failure then tells its files from its folder. Raises ProjectError."""
    root = find(args.folder)
    if failure is not None:
        failure.root = root
    project = manifest.load_project(root, args.env, dict(args.var), args.var_file, os.environ)
    select, ignore = (_selectors(getattr(args, name, [])) for name in ("select", "ignore"))
    return replace(project, policy=project.policy.over(select, ignore))


def _selectors(given: Iterable[str]) -> tuple[str, ...]:
    """The codes of --select or --ignore, several in one word or not. Raises UsageError."""
    listed = tuple(code.strip() for text in given for code in text.split(","))
    for code in listed:
        if not codes_of(code):
            near = nearest_code(code)
            raise UsageError(
                f"there is no finding `{code}`; " + (f"did you mean {near}?" if near else _ALL_CODES)
            )
        if not may_be_silenced(code):
            raise UsageError(f"{code} cannot be selected or ignored: errors always count")
    return listed


def store_of(project: Project) -> FileStore:
    return FileStore(Path(short(project.state_path)), f"campaignops {__version__}")


def selection_of(args: argparse.Namespace) -> Selection:
    half, refresh_only = getattr(args, "half", None), getattr(args, "refresh_only", False)
    return Selection(tuple(args.target), tuple(args.exclude), half, refresh_only)


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
    check(judge(project, desired.findings, desired, time.time()))
    return Campaigns(desired, campaigns)


def judge(
    project: Project, findings: Iterable[Finding], desired: Desired, now_s: float, *, whole: bool = False
) -> Judged:
    """The findings that count, by the policy of the project and the comments of its manifests."""
    today = datetime.fromtimestamp(now_s, ZoneInfo(project.timezone)).date()
    return judged(findings, project.policy, desired.waivers, today, whole=whole)


def offline(project: Project, recorded: State, selection: Selection, cases: Cases) -> Plan:
    """A plan from manifests and state alone: campaigns are read, judged and forgotten one by one."""
    desired, keys = manifest.read(project), set(recorded.campaigns)
    parts = Parts(recorded.campaigns)

    def noted() -> Iterator[Campaign]:
        for campaign in desired:
            keys.update(parts.keys(campaign))
            yield campaign

    now_s = time.time()
    made = planner.make(
        noted(), recorded, None, project, now_s=now_s, locate=desired.locate, selection=selection
    )
    check(judge(project, desired.findings, desired, now_s))
    check_selection(selection, keys)
    told = judge(project, (*made.findings, *desired.findings, *_ruled(project, made.changes)), desired, now_s)
    made = replace(made, findings=told.findings, silenced=told.silenced)
    return guarding.guarded(made, project, recorded, desired, cases, now_s)


@dataclass(frozen=True, slots=True)
class Online:
    """A plan made against the PBX, at `now_s` of its clock, which was `skew_s` ahead of ours."""

    plan: Plan
    live: Live
    pbx: Pbx
    now_s: float
    skew_s: float


def online(
    project: Project,
    found: Campaigns,
    recorded: State,
    session: Session,
    selection: Selection,
    cases: Cases = _NO_CASES,
) -> Online:
    """A plan with names resolved and messages filled in. What is wrong is among its findings. Raises PbxError."""
    parts = Parts(recorded.campaigns)
    keys = (key for campaign in found.campaigns for key in parts.keys(campaign))
    check_selection(selection, {*recorded.campaigns, *keys})
    device = session.device()
    ours_s = time.time()
    now_s = ours_s if device.time_s is None else float(device.time_s)
    pbx = connection.identity(project, device, recorded)
    live = connection.live(session, recorded)
    made = planner.make(
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
    problems += _other_templates(changes, recorded, session, found)
    told = judge(project, [*problems, *_ruled(project, changes)], found.desired, now_s)
    made = replace(made, changes=changes, findings=told.findings, silenced=told.silenced, pbx=pbx)
    made = guarding.guarded(made, project, recorded, found.desired, cases, now_s, session)
    return Online(made, live, pbx, now_s, now_s - ours_s)


def made_of(args: argparse.Namespace, project: Project) -> tuple[Plan, float]:
    """The plan that the options ask for, and what time it is where the campaigns are sent (Unix seconds)."""
    if args.offline:
        cases = guarding.cases_of(args)
        return offline(project, store_of(project).read()[0], selection_of(args), cases), time.time()
    made = asked(args, project)
    return made.plan, made.now_s


def asked(args: argparse.Namespace, project: Project) -> Online:
    """The plan of now, made against the PBX, which is only read."""
    found = read(project)
    recorded, _ = store_of(project).read()
    with connection.connect(project) as session:
        return online(project, found, recorded, session, selection_of(args), guarding.cases_of(args))


def is_pending(change: AnyChange) -> bool:
    """Something would be done: on the PBX, or in the state. Blocked is not done, but is not nothing."""
    return not isinstance(change, Unchanged | History) or change.is_recorded


def pending(made: Plan) -> tuple[AnyChange, ...]:
    """What an apply would do: the effects on the PBX, and what changes in the record alone."""
    return tuple(filter(is_pending, made.changes))


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
    denied = [f.code for f in made.findings if f.severity == "error" and rules.is_code(f.code)]
    if denied:
        return RefusedError(f"your own rule {denied[0]} denies this plan; nothing was done", code="denied")
    if refused := guarding.refusal(made):
        return refused
    if has_errors(made.findings):
        return ProjectError(
            f"this plan cannot be applied: {report.count(made.findings, made.silenced)}. Nothing was done"
        )
    return None


def check(told: Judged) -> None:
    """Raises ProjectError with all findings when one is an error."""
    if has_errors(told.findings):
        message = f"the manifests do not hold: {report.count(told.findings, told.silenced)}"
        raise ProjectError(message, told.findings, told.silenced)


def _resolved(
    changes: Iterable[AnyChange], session: Session, found: Campaigns, problems: list[Finding]
) -> Iterator[AnyChange]:
    for change in changes:
        if isinstance(change, Create | Update):
            problems += session.resolve(change.campaign, found.locate)
            people, preview = session.people(change.campaign), session.preview(change.campaign)
            names, template = (planner.digest(s) if s else "" for s in session.stands_for(change.campaign))
            people = change.people if people is None else people
            yield replace(change, people=people, preview=preview, names=names, template=template)
        else:
            yield change


def templates(made: Plan) -> dict[str, str]:
    """The digest of the template of each campaign that has one, as it was when the plan was made."""
    return {c.key: c.template for c in made.changes if isinstance(c, Create | Update) and c.template}


def _other_templates(
    changes: Iterable[AnyChange], recorded: State, session: Session, found: Campaigns
) -> Iterator[Finding]:
    """Templates that say something else than when the campaign was applied: what waits to be sent says so, too."""
    of_key = {campaign.key: campaign for campaign in found.campaigns}
    for change in changes:
        entry, campaign = recorded.campaigns.get(change.key), of_key.get(change.key)
        if entry is None or campaign is None or not entry.template:
            continue
        if isinstance(change, Update):
            now = change.template
        elif isinstance(change, Unchanged):
            session.resolve(campaign, found.locate)
            template = session.stands_for(campaign)[1]
            now = planner.digest(template) if template else ""
        else:
            continue
        if now != entry.template:
            text = f"the template of `{change.key}` has changed on the PBX since it was applied"
            help = "look at the preview; to hold it back, write `send: draft`"
            yield Finding(
                "CMP305", "warning", text, found.locate(campaign, ("message", "template")), help=help
            )


def _ruled(project: Project, changes: Iterable[AnyChange]) -> Iterator[Finding]:
    """What the company's own rules have against what would be sent or kept as a draft."""
    for change in changes:
        if isinstance(change, Create | Update):
            campaign = change.campaign
            yield from rules.findings(
                project.rules, facts(campaign, change.people, change.preview), campaign.place
            )


def _skewed(skew_s: float) -> Iterator[Finding]:
    if abs(skew_s) > _SKEW_S:
        ahead = "ahead of" if skew_s > 0 else "behind"
        text = f"the clock of the PBX is {abs(skew_s):.0f} s {ahead} ours; its clock decides when campaigns are sent"
        yield Finding("CMP409", "warning", text, help="set the time of the PBX, or use a time server")


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
