"""The PBX of a run: where it is, who we are there, and what it says now. `pbx.url: sandbox` starts one in-process."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from campaignops import sandbox, state
from campaignops.cli.entry import StopAtOnce
from campaignops.cli.screen import folder_of
from campaignops.errors import PbxError, StateError
from campaignops.model import Numbers
from campaignops.planner import Edited, Live
from campaignops.project import SANDBOX, SETTINGS_FILE, Project
from campaignops.state import Entry, Pbx, State

if TYPE_CHECKING:
    from campaignops.pbx.session import Device, Session
    from campaignops.sandbox.running import Sandbox

_CREDENTIALS = ("CAMPAIGNOPS_CLIENT_ID", "CAMPAIGNOPS_CLIENT_SECRET")
_EDITABLE = ("draft", "scheduled")


@contextmanager
def connect(project: Project) -> Iterator[Session]:
    """The project's PBX. The login happens at the first call; at the end its token is given back. Raises PbxError."""
    # Here and not above: what needs no PBX does not pay for HTTP.
    from campaignops.pbx.address import Address
    from campaignops.pbx.client import Client
    from campaignops.pbx.session import Session

    pbx = project.pbx
    with ExitStack() as stack:
        if pbx.url == SANDBOX:
            box = stack.enter_context(_sandbox(project.root))
            address, client_id, secret = Address(box.url, pbx.timeout_s), box.client_id, box.client_secret
        else:
            address = Address(pbx.url, pbx.timeout_s, pbx.ca_file, pbx.fingerprint)
            client_id, secret = (_credential(name, os.environ) for name in _CREDENTIALS)
        session = Session(Client(address, client_id, secret), project.root, pbx.schedule_literal)
        try:
            yield session
        finally:
            if not isinstance(sys.exception(), StopAtOnce):
                session.close()


def identity(project: Project, device: Device, recorded: State) -> Pbx:
    """Which PBX this is. Raises StateError (CMP703) when the state belongs to another one."""
    found = Pbx(device.serial_number, project.pbx.url)
    known = recorded.pbx
    if known is None:
        return found
    if known.serial_number and found.serial_number:
        same = known.serial_number == found.serial_number
    else:
        same = known.url == found.url
    if same:
        return found if found.serial_number else known
    raise StateError(
        f"{project.state} belongs to the PBX {known.serial_number or known.url}, and this is "
        f"{found.serial_number or found.url}. Name the right PBX or another `state` in "
        f"{Path(folder_of(project.root), SETTINGS_FILE)}. Nothing was sent",
        code="CMP703",
    )


def live(session: Session, recorded: State) -> Live:
    """What the PBX says now about what is recorded, and which names are taken by what is not. Reads only."""
    listed = session.listed()
    bound = {entry.id: entry for entry in recorded.campaigns.values() if entry.id is not None}
    names: dict[str, tuple[int, ...]] = {}
    for row in listed:
        if row.id not in bound:
            names[row.name] = (*names.get(row.name, ()), row.id)
    status = {row.id: row.status for row in listed if row.id in bound}
    return Live(
        status,
        {row.id: row.time_s for row in listed if row.id in bound},
        names,
        _edited(session, {i: e for i, e in bound.items() if status.get(i) in _EDITABLE}, recorded.lineage),
        _unlisted(session, {i: e for i, e in bound.items() if i not in status}),
    )


def _edited(session: Session, editable: Mapping[int, Entry], lineage: str) -> dict[int, Edited]:
    found: dict[int, Edited] = {}
    bodies = session.query(list(editable)) if editable else {}
    for campaign_id, entry in editable.items():
        if campaign_id not in bodies:
            raise PbxError(
                f"the PBX lists campaign {campaign_id} and does not show it; run the command again"
            )
        fingerprint = state.fingerprint(session.meaning(bodies[campaign_id]), lineage)
        if entry.phase is not state.Phase.UPDATING and fingerprint != entry.fingerprint:
            found[campaign_id] = _read(session, bodies[campaign_id], fingerprint)
    return found


def _read(session: Session, whole: Mapping[str, object], fingerprint: str) -> Edited:
    told = session.in_words(whole)
    if told is None:
        return Edited(fingerprint)
    campaign, aliases = told
    numbers = tuple(campaign.audience.numbers) if isinstance(campaign.audience, Numbers) else ()
    return Edited(fingerprint, state.spec(campaign), aliases, numbers)


def _unlisted(session: Session, missing: Mapping[int, Entry]) -> frozenset[int]:
    """Of what the list does not have, what is there all the same: a list may lag, and making it anew would text people
    twice. What has been sent is not asked for: it is never made anew."""
    unsent = [i for i, entry in missing.items() if entry.status not in state.BEGUN]
    return frozenset(i for i in unsent if session.get(i) is not None)


def _sandbox(root: Path) -> Sandbox:
    folder = root / ".campaignops"
    try:
        folder.mkdir(exist_ok=True)
        return sandbox.start(folder / "sandbox.sqlite")
    except (OSError, sqlite3.Error, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        shown = Path(folder_of(root), folder.name)
        raise PbxError(
            f"the sandbox cannot start in {shown}: {why}. Removing that folder makes a new one",
            code="sandbox",
        ) from error


def _credential(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "").strip()  # whoever pastes one into a form of a CI adds a line break
    if not value and (file := environ.get(f"{name}_FILE")):
        try:
            value = Path(file).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise PbxError(
                f"{name}_FILE names {file}, which cannot be read: {why}", code="credentials"
            ) from None
    if not value:
        raise PbxError(
            f"no credentials: set {name} (or {name}_FILE, a path). They come from the PBX, Integrations > API",
            code="credentials",
        )
    return value
