"""`campaignops import KEY ID`: take over a campaign that exists, into the state and, if none has KEY, into a manifest.

`--all` does so for every campaign of the PBX that is not recorded. Nothing on the PBX is changed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from campaignops.applier import Record
from campaignops.cli import manifests, planning, selecting
from campaignops.cli.entry import Failure
from campaignops.cli.planning import Campaigns
from campaignops.cli.screen import Screen
from campaignops.cli.writing import keeping
from campaignops.errors import CampaignOpsError, PartialError, RefusedError, UsageError
from campaignops.model import At, Campaign, Numbers
from campaignops.pbx.reading import Unsayable
from campaignops.pbx.session import Listed, Session
from campaignops.planner import whole_of
from campaignops.project import Project
from campaignops.report.plain import safe
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.state import Phase


@dataclass(frozen=True, slots=True)
class Taken:
    """One campaign of the PBX. `file` is its new manifest, None when one has its key already; `problem` says why it
    was left alone."""

    key: str
    id: int
    status: str
    file: str | None = None
    problem: str | None = None


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when all that was asked for is recorded, 4 when some could not be, 10 when nothing could."""
    if args.all == (args.key is not None) or (args.key is None) != (args.id is None):
        raise UsageError("say KEY and ID, or --all; see `campaignops import --help`")
    project = selecting.project_of(args, failure)
    found = planning.read(project)
    with keeping(project, "campaignops import", args.lock_timeout) as (record, session):
        importer = _Importer(record, session, found, project, args.into)
        taken = list(importer.all() if args.all else importer.one(args.key, args.id))
    if shown.json:
        rows = [
            {"key": t.key, "id": t.id, "status": t.status, "file": t.file, "problem": t.problem}
            for t in taken
        ]
        failure.document = {"schema_version": SCHEMA_VERSION, "kind": "import", "campaigns": rows}
    else:
        shown.answer(
            "".join(f"{safe(_line(each))}\n" for each in taken) or "There is nothing to take over.\n"
        )
    left = [each for each in taken if each.problem]
    if left:
        text = f"{len(left)} of {len(taken)} could not be taken over; they are as they were"
        raise PartialError(text) if len(left) < len(taken) else RefusedError(text, code="not_imported")
    if shown.json:
        shown.document(failure.document)
    return 0


def _line(taken: Taken) -> str:
    if taken.problem:
        return f"left      id {taken.id} {taken.key}: {taken.problem}"
    where = taken.file or "its manifest is there already"
    return f"imported  id {taken.id} {taken.key} ({taken.status}): {where}"


def _is_same_send(one: Campaign, other: Campaign) -> bool:
    """The zone in which a time is written does not count."""
    if isinstance(one.send, At) and isinstance(other.send, At):
        return one.send.time_s == other.send.time_s
    return one.send == other.send


class _Importer:
    """Takes campaigns over, one by one: the manifest first, because a record without one would be a plan to delete."""

    def __init__(
        self, record: Record, session: Session, found: Campaigns, project: Project, into: str
    ) -> None:
        self._record, self._session, self._found = record, session, found
        self._project, self._into = project, into
        self._desired = {campaign.key: campaign for campaign in found.campaigns}
        self._names = {campaign.name for campaign in found.campaigns}

    def one(self, key: str, campaign_id: int) -> Iterator[Taken]:
        if key in self._record.entries:
            raise UsageError(f"`{key}` is recorded already, as id {self._record.entries[key].id}")
        row = next((row for row in self._session.listed() if row.id == campaign_id), None)
        if row is None:
            raise UsageError(f"the PBX lists no campaign with id {campaign_id}")
        if bound := self._bound().get(campaign_id):
            raise UsageError(f"id {campaign_id} is recorded already, as `{bound}`")
        yield self._taken(key, row, self._session.query([campaign_id]))

    def all(self) -> Iterator[Taken]:
        bound = self._bound()
        rows = [row for row in self._session.listed() if row.id not in bound]
        live = self._session.query([row.id for row in rows])
        for row in rows:
            yield self._taken(self._key(row), row, live)

    def _taken(self, key: str, row: Listed, live: Mapping[int, Mapping[str, Any]]) -> Taken:
        taken = Taken(key, row.id, row.status)
        try:
            campaign = manifests.said(self._session, live, row, key, self._project.timezone)
            whole = live[row.id]
            if key in self._desired:
                campaign = self._as_written(self._desired[key], campaign, whole)
            elif not self._is_part(key):
                taken = replace(taken, file=self._written(campaign, row))
        except Unsayable as reason:
            return replace(taken, problem=str(reason))
        people = len(campaign.audience.numbers) if isinstance(campaign.audience, Numbers) else None
        fresh = self._record.fresh(campaign, self._session.meaning(whole), people)
        phase = Phase.BOUND if row.status == "draft" else Phase.RELEASED
        self._record.put(fresh, id=row.id, phase=phase, status=row.status, uploaded_s=None)
        return taken

    def _as_written(self, desired: Campaign, said: Campaign, whole: Mapping[str, Any]) -> Campaign:
        """The manifest's campaign where it means what the PBX has, else what the PBX has: the plan shows the rest."""
        if self._session.resolve(desired, lambda campaign, _: campaign.place) or not _is_same_send(
            desired, said
        ):
            return said
        meant = self._session.meaning(self._session.shown(desired))
        return desired if meant == self._session.meaning(whole) else said

    def _written(self, campaign: Campaign, row: Listed) -> str:
        """The path of a new manifest, from the project folder. Raises Unsayable, and CampaignOpsError for the disk."""
        if campaign.name in self._names:
            raise Unsayable("another campaign here has its name; a name is unique in a project")
        path = Path(self._into) / f"{campaign.key}.yaml"
        defaults = self._found.desired.defaults(path.as_posix())
        text = manifests.checked(campaign, row, self._project, defaults)
        self._names.add(campaign.name)
        try:
            (self._project.root / path.parent).mkdir(parents=True, exist_ok=True)
            with (self._project.root / path).open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise CampaignOpsError(f"cannot write {path}: {error.strerror}", code="write") from error
        return str(path)

    def _is_part(self, key: str) -> bool:
        """A campaign with `split` stands for it: it keeps the people that it has on the PBX."""
        whole = self._desired.get(whole_of(key))
        return whole is not None and whole.split is not None and whole.key != key

    def _key(self, row: Listed) -> str:
        """A key made of the name: of a manifest that has the very name, or a new one."""
        same = [
            key for key, c in self._desired.items() if c.name == row.name and key not in self._record.entries
        ]
        if same:
            return same[0]
        for key, whole in self._desired.items():
            number = row.name.removeprefix(f"{whole.name} (").removesuffix(")")
            if whole.split is not None and number.isdecimal() and row.name == f"{whole.name} ({number})":
                return f"{key}[{number}]"
        return manifests.key_of(row, self._desired.keys() | self._record.entries.keys())

    def _bound(self) -> dict[int, str]:
        return {entry.id: key for key, entry in self._record.entries.items() if entry.id is not None}
