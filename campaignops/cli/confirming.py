"""Before anything is done: is this what somebody wants, and for so many people? It asks once and takes no hint."""

from __future__ import annotations

import argparse
import sys

from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError, RefusedError
from campaignops.planner import Plan
from campaignops.project import Project
from campaignops.report import plan_text


def confirm(plan: Plan, project: Project, shown: Screen, args: argparse.Namespace) -> None:
    """Raises CampaignOpsError when nobody confirms, RefusedError when the number of people is not the expected one."""
    people, expected = plan.summary()["recipients"], args.expect_recipients
    if expected not in (None, people):
        raise RefusedError(
            f"the plan reaches {people:,} people, not {expected:,}; nothing was done", code="CMP612"
        )
    limit = project.guardrails.confirm_above
    is_above = limit is not None and people > limit
    if args.auto_approve:
        if is_above and expected is None:
            place, value = project.guardrails.written["confirm_above"]
            raise RefusedError(
                f"the plan reaches {people:,} people, and guardrails.confirm_above is {value} at {place}; nothing was "
                f"done. If that is how many it is to reach: --expect-recipients {people}",
                code="CMP612",
            )
    elif plan.effects or plan.refreshes:
        _ask(plan, str(people) if is_above else "yes", shown)


def _ask(plan: Plan, wanted: str, shown: Screen) -> None:
    asked = "Type yes to do this" if wanted == "yes" else "Type the number of people to go on"
    weight = "What is sent cannot be taken back." if plan.effects else "The record alone changes."
    shown.err.write(f"\n{plan_text.summary(plan)}\n{weight} {asked}: ")
    shown.err.flush()
    typed = sys.stdin.readline() if sys.stdin else ""
    if typed.strip().replace(",", "") != wanted:
        if not typed:
            shown.warn("")
        hint = "" if typed else "; without a terminal, use --auto-approve"
        raise CampaignOpsError(f"not confirmed, nothing was done{hint}", code="not_confirmed")
