"""`campaignops report [KEY…]`: planned against actual people and times, from the record and from what the PBX says."""

from __future__ import annotations

import argparse

from campaignops.cli import connection, selecting
from campaignops.cli.commands.status import clock_of, rows_of
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.cli.writing import Clock
from campaignops.project import Project
from campaignops.report import account
from campaignops.report.account import Account
from campaignops.report.status_text import StatusRow
from campaignops.state import Entry, is_test


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    project = selecting.project_of(args, failure)
    recorded, _ = selecting.store_of(project).read()
    entries = [entry for entry in selecting.recorded_of(recorded, args) if not is_test(entry.key)]
    accounts: list[Account] = []
    clock = Clock()
    if entries:
        with connection.connect(project) as session:
            clock = clock_of(project, recorded, session)
            rows = rows_of(entries, session)
            accounts = [_account(e, row, project) for e, row in zip(entries, rows, strict=True)]
    if shown.json:
        shown.document(account.document(accounts))
    else:
        shown.answer(account.text(accounts, now_s=clock.pbx_now(), color=shown.color(shown.out)))
    return 0


def _account(entry: Entry, row: StatusRow, project: Project) -> Account:
    return Account(entry.type, entry.send, entry.time_s, row.zone or project.timezone, row)
