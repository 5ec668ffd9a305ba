"""`campaignops state rm|mv|pull|unlock`: the state mended by hand. None of them touches the PBX, and each says so."""

from __future__ import annotations

import argparse
import json
import sys
import time

from campaignops.cli import selecting
from campaignops.cli.screen import Screen
from campaignops.cli.writing import recording
from campaignops.errors import CampaignOpsError, LockedError, RefusedError, UsageError
from campaignops.project import Project
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.state import Entry


def remove(args: argparse.Namespace, project: Project, shown: Screen) -> None:
    """Forget one campaign. Refused for what may have been sent: its record is what keeps it from being sent again."""
    key = only(args.keys, "rm KEY")
    with recording(project, "campaignops state rm", args.lock_timeout) as record:
        entry = _entry(record.entries, key)
        if entry.may_have_sent(time.time()) and not args.forget_sent:
            raise RefusedError(
                f"`{key}` may have been sent; without its record an apply may send it again. Nothing was done. "
                "Remove its manifest instead, or add --forget-sent"
            )
        if not args.auto_approve:
            _confirm(shown, key)
        record.drop(key)
    was = f" (it was id {entry.id})" if entry.id is not None else ""
    text = f"`{key}` is no longer recorded{was}; nothing changed on the PBX. Next: campaignops plan"
    tell(shown, "rm", key, text)


def move(args: argparse.Namespace, project: Project, shown: Screen) -> None:
    """Give a record another key."""
    if len(args.keys) != 2:
        raise UsageError("state mv takes two keys: state mv OLD NEW")
    old, new = args.keys
    with recording(project, "campaignops state mv", args.lock_timeout) as record:
        entry = _entry(record.entries, old)
        if new in record.entries:
            raise RefusedError(
                f"`{new}` is recorded already, as id {record.entries[new].id}; nothing was done"
            )
        record.move(old, new)
    text = f"`{old}` is recorded as `{new}` now (id {entry.id}); manifests and PBX are as they were"
    tell(shown, "mv", new, f"{text}. Next: campaignops plan")


def pull(args: argparse.Namespace, project: Project, shown: Screen) -> None:
    """The whole state as one JSON document, the steps of an interrupted run included; nothing is written. With --json
    it stands in a document of ours, under `state`."""
    whole = selecting.store_of(project).document().decode()
    if shown.json:
        shown.document({"schema_version": SCHEMA_VERSION, "kind": "state pull", "state": json.loads(whole)})
    else:
        shown.answer(whole)


def unlock(args: argparse.Namespace, project: Project, shown: Screen) -> None:
    """A lock ends with its process, so it is never left behind: tell who holds it, or that nobody does."""
    try:
        with selecting.store_of(project).lock("campaignops state unlock", 0):
            pass
    except LockedError as held:
        raise LockedError(f"{held.message}. It ends with that process: end it there, not here") from None
    tell(shown, "unlock", None, f"{project.state} is not locked.")


def only(keys: list[str], usage: str) -> str:
    if len(keys) != 1:
        raise UsageError(f"state {usage}: one key, and no globs")
    return keys[0]


def _entry(entries: dict[str, Entry], key: str) -> Entry:
    if key not in entries:
        raise UsageError(f"no campaign `{key}` is recorded; `campaignops state list` shows what is")
    return entries[key]


def _confirm(shown: Screen, key: str) -> None:
    ask(shown, f"This forgets `{key}` here and deletes nothing on the PBX. Type its key to go on: ", key)


def ask(shown: Screen, question: str, answer: str) -> None:
    shown.err.write(question)
    shown.err.flush()
    if (sys.stdin.readline() if sys.stdin else "").strip() != answer:
        raise CampaignOpsError(
            "not confirmed, nothing was done; without a terminal, use --auto-approve", code="not_confirmed"
        )


def tell(shown: Screen, verb: str, key: str | None, text: str) -> None:
    if shown.json:
        shown.document({"schema_version": SCHEMA_VERSION, "kind": f"state {verb}", "key": key})
    else:
        shown.answer(f"{text}\n")
