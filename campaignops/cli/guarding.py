"""The guardrails of a run: what they look at besides the plan, which single cases somebody allows, and by whom."""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from campaignops import guard
from campaignops.errors import ProjectError, RefusedError
from campaignops.guard import Allowed, World
from campaignops.manifest.recipients import optouts
from campaignops.model import Campaign, Numbers, Phonebook
from campaignops.planner import Create, Plan, Update
from campaignops.project import Project
from campaignops.report.plain import safe
from campaignops.state import State

if TYPE_CHECKING:
    from campaignops.applier import Clock, Record
    from campaignops.cli.planning import Online
    from campaignops.manifest import Desired
    from campaignops.pbx.session import Session

T = TypeVar("T")
_FRESH_S = 10  # what the PBX said so long ago is taken as what it says now
_USERS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")  # who started a pipeline; its machine has another user


@dataclass(frozen=True, slots=True)
class Cases:
    """--allow-recipients and --allow, with the --reason that is recorded beside what they allow."""

    allowed: Allowed = field(default_factory=Allowed)
    reason: str = ""


def cases_of(args: argparse.Namespace) -> Cases:
    """What the command line allows; nothing for a command that has no such options."""
    said = vars(args)
    allowed = Allowed(frozenset(said.get("allow_recipients", ())), frozenset(said.get("allow", ())))
    return Cases(allowed, said.get("reason") or "")


def guarded(
    made: Plan,
    project: Project,
    recorded: State,
    desired: Desired,
    cases: Cases,
    now_s: float,
    session: Session | None = None,
) -> Plan:
    """The plan with what it means for people and what is refused. Without a session what only the PBX knows is left
    open."""
    world = World(now_s, project.timezone, desired.suppressed)
    if session is not None:
        going = [c.campaign for c in made.changes if isinstance(c, Create | Update) and c.steps]
        contacts = {c.key: session.contacts(c) for c in going if isinstance(c.audience, Phonebook)}
        rates = {c.key: session.rate(c) for c in going}
        world = replace(world, is_online=True, contacts=_known(contacts), rates=_known(rates))
    return guard.review(made, recorded, project.guardrails, world, desired.locate, cases.allowed)


def _known(values: Mapping[str, T | None]) -> dict[str, T]:
    return {key: value for key, value in values.items() if value is not None}


@dataclass(slots=True)
class Holds:
    """Whether what a plan rests on still holds, asked just before a campaign goes out: time, people, template."""

    made: Online
    project: Project
    desired: Desired
    cases: Cases
    session: Session
    record: Record
    clock: Clock
    _looked_s: float = 0.0
    _suppressed: frozenset[str] = frozenset()

    def __call__(self, campaign: Campaign) -> str | None:
        """Why it must not go out after all; None when it may."""
        if self.clock.now() - self._looked_s > _FRESH_S:
            try:
                self._suppressed = optouts.now(self.project)
            except ProjectError as error:
                return error.message
            self.session.look_again()
            self._looked_s = self.clock.now()
        if isinstance(campaign.audience, Numbers) and not self._suppressed.isdisjoint(
            campaign.audience.numbers
        ):
            return "somebody in it has opted out since it was planned"
        return self.session.moved(campaign) or self._refused(campaign)

    def _refused(self, campaign: Campaign) -> str | None:
        if not self.project.guardrails.written:
            return None
        plan = self.made.plan
        alone = replace(plan, changes=tuple(c for c in plan.changes if c.key == campaign.key), findings=())
        now = State(plan.lineage, plan.serial, campaigns=dict(self.record.entries))
        now_s = self.clock.pbx_now()
        again = guarded(alone, self.project, now, self.desired, self.cases, now_s, self.session)
        kept = [each for each in again.refusals if each.key == campaign.key]
        return kept[0].finding.message.removeprefix(f"`{campaign.key}`: ") if kept else None


def refusal(made: Plan) -> RefusedError | None:
    """Why the guardrails keep this plan from being applied, if they do."""
    if not made.refusals:
        return None
    keys = list(dict.fromkeys(each.key for each in made.refusals if each.key is not None))
    held = f"; leave out with --exclude: {', '.join(map(safe, keys[:5]))}" if keys else ""
    count = "1 guardrail refuses" if len(made.refusals) == 1 else f"{len(made.refusals)} guardrails refuse"
    return RefusedError(f"{count} this plan; nothing was done{held}. See above for each", code="guardrail")


def permissions(made: Plan, cases: Cases) -> Mapping[str, str]:
    """What was allowed for each campaign of the plan, by whom and why: what its record will say."""
    found: dict[str, str] = {}
    for change in made.effects:
        own = [each.allow for each in made.allowed if each.key in (None, change.key) and each.allow]
        if own:
            said = ", ".join(dict.fromkeys(f"{option} {value}" for option, value in own))
            found[change.key] = f"{said}; by {_user()}" + (f": {cases.reason}" if cases.reason else "")
    return found


def _user() -> str:
    for name in _USERS:
        if user := os.environ.get(name):
            return user
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user id on this machine
        return "unknown"
