"""`campaignops test-send KEY --to NUMBER`: what a campaign says, to one staff number; it is recorded as tested."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Any

from campaignops import applier
from campaignops.applier import Record, Result
from campaignops.applier.ports import Ended
from campaignops.applier.test_send import Tester, campaign_of
from campaignops.audience import mask, number_of
from campaignops.cli import planning, selecting
from campaignops.cli.entry import Failure
from campaignops.cli.planning import Campaigns
from campaignops.cli.screen import Screen
from campaignops.cli.writing import Clock, keeping
from campaignops.errors import CampaignOpsError, ProjectError, RefusedError, UnresolvedError
from campaignops.model import Campaign
from campaignops.pbx.session import Session
from campaignops.planner import Selection, whole_of
from campaignops.project import SETTINGS_FILE, Project
from campaignops.report.plain import safe
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.state import Entry, Phase


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when it went out, now or earlier with an answer that was lost; 10 refused; 11 when nobody knows."""
    project = selecting.project_of(args, failure)
    args.to = number_of(args.to, project.region) or args.to
    _check(args.to, project)
    found = planning.read(project)
    campaign = _campaign(found, args.key)
    with keeping(project, "campaignops test-send", args.lock_timeout) as (record, session):
        clock = Clock()
        test = campaign_of(campaign, args.to, clock.now())
        _resolve(test, campaign, found, session)
        tester = Tester(record, session, _Watch(shown), clock)
        if test.key in record.entries:
            applier.refresh(record, {row.id: row.status for row in session.listed()})
        try:
            entry = tester.settle(test.key)
            is_late = entry is not None
            if entry is None:
                if not args.auto_approve:
                    _confirm(test, args.to, shown)
                entry = tester.send(test)
        except Ended as ended:
            raise _error(ended.result, record) from None
    _tell(entry, args.key, args.to, shown, is_late=is_late)
    return 0


@dataclass(frozen=True, slots=True)
class _Watch:
    shown: Screen

    def step(self, key: str, what: str) -> None:
        self.shown.say(f"{safe(key)}: {safe(what)}")

    def result(self, result: Result) -> None: ...
    def should_stop(self) -> bool:
        return False


def _check(number: str, project: Project) -> None:
    if number not in project.test_numbers:
        known = ", ".join(map(mask, project.test_numbers)) or "none"
        text = f"{mask(number)} is not among `test_numbers` of {SETTINGS_FILE} ({known}); nothing was sent."
        text += ' Add it there: test_numbers: ["+…"]'
        raise RefusedError(text, code="CMP521")


def _campaign(found: Campaigns, key: str) -> Campaign:
    """The parts of a campaign all say the same, so that the key of one stands for the whole."""
    key = whole_of(key)
    selecting.check_selection(Selection((key,)), [campaign.key for campaign in found.campaigns])
    return next(campaign for campaign in found.campaigns if Selection((key,)).has(campaign.key))


def _resolve(test: Campaign, campaign: Campaign, found: Campaigns, session: Session) -> None:
    findings = session.resolve(test, lambda _, path: found.locate(campaign, path))
    if findings:
        raise ProjectError("it cannot be sent as it is; nothing was sent", findings)


def _confirm(test: Campaign, number: str, shown: Screen) -> None:
    shown.err.write(f"This sends {safe(test.name)} to {mask(number)} now. Type yes to do this: ")
    shown.err.flush()
    if (sys.stdin.readline() if sys.stdin else "").strip() != "yes":
        hint = "without a terminal, use --auto-approve"
        raise CampaignOpsError(f"not confirmed, nothing was sent; {hint}", code="not_confirmed")


def _error(result: Result, record: Record) -> CampaignOpsError:
    entry = record.entries.get(result.key)
    if entry is not None and entry.phase is Phase.STUCK:
        return UnresolvedError(f"{result.message}: campaignops resolve '{result.key}'")
    if result.outcome == "unknown":
        return UnresolvedError(f"{result.message}; run it again to find out what became of it")
    return CampaignOpsError(result.message or "it was not sent", code="failed")


def _tell(entry: Entry, key: str, number: str, shown: Screen, *, is_late: bool) -> None:
    if shown.json:
        said: dict[str, Any] = {"key": key, "id": entry.id, "name": safe(entry.name)}
        said |= {"to": None if is_late else mask(number), "sent": "earlier" if is_late else "now"}
        shown.document({"schema_version": SCHEMA_VERSION, "kind": "test-send", **said})
    elif is_late:
        text = f"An earlier test send of `{key}`, whose answer was lost, went out as id {entry.id}"
        shown.answer(f"{text}. Nothing was sent now.\n")
    else:
        shown.answer(
            f"`{key}` was sent to {mask(number)} as id {entry.id}. The next plan says that it was tested.\n"
        )
