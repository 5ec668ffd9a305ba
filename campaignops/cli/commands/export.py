"""`campaignops export [ID…]`: campaigns of the PBX as manifests, to stdout or into a folder. It records nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaignops.cli import connection, manifests, selecting
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError, PartialError, RefusedError, UsageError
from campaignops.manifest import writing
from campaignops.model import Campaign
from campaignops.pbx.reading import Unsayable
from campaignops.pbx.session import Listed, Session
from campaignops.project import Project
from campaignops.report.plain import masked, safe
from campaignops.report.plan_json import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Exported:
    """One campaign: what a manifest says of it, or why none can."""

    key: str
    row: Listed
    campaign: Campaign | None = None
    text: str = ""
    problem: str | None = None


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when all that was asked for is written, 4 when some could not be, 10 when nothing could."""
    project = selecting.project_of(args, failure)
    with connection.connect(project) as session:
        exported = list(_exported(session, _rows(session, args.ids), project))
    said = [each for each in exported if each.problem is None]
    if args.into is not None:
        _write(Path(args.into), said)
    elif said and not shown.json:
        shown.answer(_one_manifest(said))
    for each in exported:
        if each.problem:
            shown.warn(f"left out: id {each.row.id} {safe(each.row.name)}: {safe(each.problem)}")
    failure.document = _document(exported, args.into)
    left = len(exported) - len(said)
    if left:
        text = f"{left} of {len(exported)} could not be written"
        raise PartialError(text) if said else RefusedError(text, code="not_exported")
    if shown.json:
        shown.document(failure.document)
    elif args.into is not None:
        shown.answer(
            f"{len(said):,} {'manifest' if len(said) == 1 else 'manifests'} written to {args.into}\n"
        )
    return 0


def _rows(session: Session, ids: list[int]) -> list[Listed]:
    rows = {row.id: row for row in session.listed()}
    for wanted in ids:
        if wanted not in rows:
            raise UsageError(f"the PBX lists no campaign with id {wanted}")
    return [rows[i] for i in dict.fromkeys(ids)] if ids else list(rows.values())


def _exported(session: Session, rows: list[Listed], project: Project) -> Iterator[Exported]:
    live = session.query([row.id for row in rows])
    keys: set[str] = set()
    names: set[str] = set()
    for row in rows:
        key = manifests.key_of(row, keys)
        try:
            if row.name in names:
                raise Unsayable("another one has its name, and a name is unique in a project")
            campaign = manifests.said(session, live, row, key, project.timezone)
            text = manifests.checked(campaign, row, project)
        except Unsayable as reason:
            yield Exported(key, row, problem=str(reason))
            continue
        keys.add(key)
        names.add(row.name)
        yield Exported(key, row, campaign, text)


def _one_manifest(said: Iterable[Exported]) -> str:
    pairs = [(each.campaign, manifests.comment(each.campaign, each.row)) for each in said if each.campaign]
    return writing.text(pairs)


def _write(folder: Path, said: Iterable[Exported]) -> None:
    """A file for each; what is there already stays as it is."""
    for each in said:
        path = folder / f"{each.key}.yaml"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(each.text)
        except OSError as error:
            raise CampaignOpsError(f"cannot write {path}: {error.strerror}", code="write") from error


def _document(exported: Iterable[Exported], into: str | None) -> dict[str, Any]:
    rows = [
        {
            "key": masked(each.key),
            "id": each.row.id,
            "status": safe(each.row.status),
            "file": None if into is None or each.problem else str(Path(into, f"{each.key}.yaml")),
            "manifest": each.text if into is None else None,
            "problem": None if each.problem is None else safe(each.problem),
        }
        for each in exported
    ]
    return {"schema_version": SCHEMA_VERSION, "kind": "export", "campaigns": rows}
