"""A plan with everything it needs: the project, the desired campaigns, the state, and what the PBX says."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from campaignops import manifest, planner, rules
from campaignops.cli import connection, guarding, selecting
from campaignops.cli.guarding import Cases
from campaignops.errors import ProjectError
from campaignops.findings import Finding, Place, has_errors, in_order
from campaignops.manifest import Desired
from campaignops.model import Campaign
from campaignops.planner import AnyChange, Create, Live, Parts, Plan, Selection, Unchanged, Update
from campaignops.planner.facts import facts
from campaignops.policy import Judged, judged
from campaignops.project import Project
from campaignops.report import findings as report
from campaignops.state import Pbx, State

if TYPE_CHECKING:
    from campaignops.pbx.session import Session

_SKEW_S = 60
_NO_CASES = Cases()


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
    selecting.check_selection(selection, keys)
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
    selecting.check_selection(selection, {*recorded.campaigns, *keys})
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
        return offline(
            project, selecting.store_of(project).read()[0], selecting.selection_of(args), cases
        ), time.time()
    made = asked(args, project)
    return made.plan, made.now_s


def asked(args: argparse.Namespace, project: Project) -> Online:
    """The plan of now, made against the PBX, which is only read."""
    found = read(project)
    recorded, _ = selecting.store_of(project).read()
    with connection.connect(project) as session:
        return online(
            project, found, recorded, session, selecting.selection_of(args), guarding.cases_of(args)
        )


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
            contacts = session.contacts(change.campaign) if change.steps else None
            yield replace(
                change,
                people=change.people if people is None else people,
                preview=preview,
                names=names,
                template=template,
                contacts=planner.digest(sorted(contacts)) if contacts else "",
            )
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
