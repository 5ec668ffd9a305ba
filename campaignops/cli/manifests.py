"""Campaigns of the PBX as manifests, for `import` and `export`: a key, comments, and text that is proven to hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from campaignops import manifest, state
from campaignops.findings import has_errors
from campaignops.manifest import writing
from campaignops.manifest.shared import Layer
from campaignops.model import AssignTo, Campaign, Components, Phonebook, Ref, Template, Uploaded, files_of
from campaignops.pbx.reading import Unsayable
from campaignops.pbx.session import Listed, Session
from campaignops.project import Project

_ODD = re.compile(r"[^a-z0-9]+")
_LONGEST = 60


def said(
    session: Session, live: Mapping[int, Mapping[str, Any]], row: Listed, key: str, zone: str
) -> Campaign:
    """What a manifest would say of one campaign, of which `live` has the whole. Raises Unsayable."""
    if row.id not in live:
        raise Unsayable("the PBX lists it and does not show it")
    return session.said(live[row.id], key, zone)


def key_of(row: Listed, taken: Collection[str]) -> str:
    """A key made of the name, that is not among `taken`."""
    slug = _ODD.sub("-", row.name.casefold()).strip("-")[:_LONGEST].strip("-") or "campaign"
    return slug if slug not in taken else f"{slug}-{row.id}"


def comment(campaign: Campaign, row: Listed) -> str:
    return "\n".join(_comments(campaign, row))


def checked(campaign: Campaign, row: Listed, project: Project, defaults: Sequence[Layer] = ()) -> str:
    """A manifest with this campaign, which reads back as the very same; of the `defaults` that it is given where it
    will stand, it takes none. Raises Unsayable."""
    text = writing.text([(campaign, comment(campaign, row))])
    with TemporaryDirectory(prefix="campaignops-") as folder:
        Path(folder, "campaign.yaml").write_text(text, "utf-8")
        desired = manifest.read(replace(project, root=Path(folder)))
        read = list(desired)
    if has_errors(desired.findings):
        raise Unsayable(
            f"no manifest can say it: {next(f.message for f in desired.findings if f.severity == 'error')}"
        )
    if [state.digest(each, "") for each in read] != [state.digest(campaign, "")]:
        raise Unsayable("no manifest can say it: written down, it reads differently")
    return writing.text([(campaign, comment(campaign, row))], defaults=defaults) if defaults else text


def _comments(campaign: Campaign, row: Listed) -> Iterator[str]:
    yield f"Taken over from the PBX, where it is id {row.id}, {row.status}."
    if row.status not in ("draft", "scheduled"):
        yield "It has begun to send: this is a record of it, and cannot be changed any more."
    if any(ref.id is not None for ref in _refs(campaign)):
        yield "{id: …} stands where the PBX has several of the same name, or none any more."
    if any(isinstance(file, Uploaded) for file in files_of(campaign.message)):
        yield "The file is only on the PBX, which clears such files away from time to time. To send it again, put it"
        yield "into the project and write its path here."
    if isinstance(campaign.message, Components):
        yield "Its values do not fit a template of the PBX as it is now, so they stand here as they were sent."


def _refs(campaign: Campaign) -> Iterator[Ref]:
    yield campaign.channel
    if campaign.sender is not None:
        yield campaign.sender
    if isinstance(campaign.audience, Phonebook):
        yield campaign.audience.phonebook
    if isinstance(campaign.message, Template | Components):
        yield campaign.message.template
    if isinstance(campaign.session, AssignTo):
        yield campaign.session.to
