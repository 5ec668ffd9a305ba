"""`campaignops state push FILE`: a state that was pulled and mended goes back, if nothing has moved meanwhile."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from io import BytesIO
from pathlib import Path

from campaignops.cli import selecting
from campaignops.cli.commands.state_changes import ask, only, tell
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError, RefusedError, StateError
from campaignops.project import Project
from campaignops.report.plain import safe
from campaignops.state import Entry, State
from campaignops.store import Version, document


def push(args: argparse.Namespace, project: Project, shown: Screen) -> None:
    """Put a pulled and mended document in the place of the state that it was pulled from, and of no other."""
    raw = _document(only(args.keys, "push FILE"))
    store = selecting.store_of(project)
    with store.lock("campaignops state push", args.lock_timeout):
        recorded, version = store.read()
        pushed = document.decode(BytesIO(raw), "the document").state()
        _check_origin(pushed, recorded, version, project)
        changes = list(_changes(recorded, pushed))
        unsent = [key for key in recorded.campaigns if _is_unsent(key, recorded, pushed)]
        if unsent and not args.forget_sent:
            raise RefusedError(
                f"`{unsent[0]}` may have been sent, and by this document it was not: an apply may send it again. "
                "Nothing was done. Mend the document, or add --forget-sent"
            )
        if changes and not args.auto_approve:
            shown.err.write("".join(f"  {safe(line)}\n" for line in changes))
            ask(shown, "This changes the record and nothing on the PBX. Type yes to go on: ", "yes")
        kept = store.replace(version, raw) if changes or version.lineage is None else None
    text = "The state is as in the document" if kept else "Nothing differs; nothing was written"
    if version.lineage is not None and kept:
        text += f"; what it was is kept in {kept.name}"
    tell(shown, "push", None, f"{text}. Manifests and PBX are as they were. Next: campaignops plan")


def _document(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise CampaignOpsError(f"{file} cannot be read: {error.strerror}", code="read") from error


def _check_origin(pushed: State, recorded: State, version: Version, project: Project) -> None:
    """Raises RefusedError, and StateError (CMP704) when the state has moved on since it was pulled."""
    ids = Counter(entry.id for entry in pushed.campaigns.values() if entry.id is not None)
    if twice := [str(i) for i, count in ids.items() if count > 1]:
        raise RefusedError(f"two campaigns of the document have the id {twice[0]}; nothing was done")
    if version.lineage is None:
        return
    if pushed.lineage != recorded.lineage:
        raise RefusedError(
            f"the document is of another state (lineage {pushed.lineage}, and {project.state} is "
            f"{recorded.lineage}); nothing was done. Pull this one: campaignops state pull"
        )
    if pushed.serial != recorded.serial:
        raise StateError(
            f"the document was pulled at serial {pushed.serial}, and {project.state} is at {recorded.serial}. Nothing "
            "was done. Pull it again, and mend that",
            code="CMP704",
        )
    if recorded.pbx is not None and pushed.pbx != recorded.pbx:
        raise RefusedError("the document names another PBX; nothing was done")


def _is_unsent(key: str, recorded: State, pushed: State) -> bool:
    """Whether a document takes back that a campaign may have been sent; under another key its record stays."""
    now_s, before = time.time(), recorded.campaigns[key]
    after = next(
        (e for e in pushed.campaigns.values() if e.id == before.id and e.id), pushed.campaigns.get(key)
    )
    return before.may_have_sent(now_s) and not (after is not None and after.may_have_sent(now_s))


def _changes(recorded: State, pushed: State) -> Iterator[str]:
    for key in sorted(recorded.campaigns.keys() | pushed.campaigns.keys()):
        before, after = recorded.campaigns.get(key), pushed.campaigns.get(key)
        if before is None and after is not None:
            yield f"+ {key}: id {after.id}, {after.phase}"
        elif after is None and before is not None:
            yield f"- {key}: id {before.id}, {before.phase}"
        elif before is not None and after is not None and before != after:
            names = [f.name for f in fields(Entry) if getattr(before, f.name) != getattr(after, f.name)]
            yield f"~ {key}: {', '.join(names)}"
