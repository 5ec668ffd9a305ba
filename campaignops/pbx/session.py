"""One run's talk with the PBX, in the words of the project: what `plan` reads and what `apply` does.

It decides nothing: which call comes next is `apply`'s business, what an answer means is `answer`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaignops.errors import PbxError
from campaignops.findings import Finding
from campaignops.message import whatsapp
from campaignops.model import Asset, At, Campaign, Draft, Now, Template, Text, Uploaded, files_of
from campaignops.outcome import Done, NoEffect, Outcome, Unknown
from campaignops.pbx import wire
from campaignops.pbx.answer import NOT_FOUND
from campaignops.pbx.catalog import Catalog, Locate, Resolved, rows
from campaignops.pbx.client import Client

Json = dict[str, Any]
_IDS_PER_QUERY = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of `message_campaign/list`: what only the list tells."""

    id: int
    name: str
    status: str
    channel_type: str
    time_s: int | None
    result_count: str
    response_rate: str


@dataclass(frozen=True, slots=True)
class Device:
    """Which PBX this is (page "Query PBX Information"): `serial_number` and its clock in Unix seconds, where it tells."""

    serial_number: str | None
    time_s: int | None


class Session:
    """The PBX as plan and apply see it. `folder` holds the files that campaigns name."""

    def __init__(self, client: Client, folder: Path, schedule_word: str = "schedule") -> None:
        self._client, self._folder, self._schedule_word = client, folder, schedule_word
        self._catalog = Catalog(client)
        self._resolved: dict[str, Resolved] = {}

    def device(self) -> Device:
        data = self._client.read("system/information").get("data")
        data = data if isinstance(data, dict) else {}
        serial, clock = data.get("sn"), data.get("timestamp")
        return Device(
            serial if isinstance(serial, str) and serial else None, clock if type(clock) is int else None
        )

    def listed(self) -> tuple[Listed, ...]:
        """Every campaign of the PBX."""
        return tuple(_listed(row) for row in rows(self._client, "message_campaign/list"))

    def look(self, campaign_id: int, name: str) -> Listed | None:
        """The row of one campaign, fresh. A search may miss it (what it matches is not documented); the list does not."""
        found = self._client.read("message_campaign/search", page=1, page_size=100, search_value=name)
        for row in found.get("data") or found.get("list") or ():
            if isinstance(row, dict) and row.get("id") == campaign_id:
                return _listed(row)
        return next((each for each in self.listed() if each.id == campaign_id), None)

    def get(self, campaign_id: int) -> Json | None:
        """The whole campaign as the PBX has it, or None when it has none of that id."""
        outcome = self._client.ask("message_campaign/get", id=campaign_id)
        if isinstance(outcome, Done):
            data = outcome.value.get("data") or outcome.value.get("list")
            return dict(data) if isinstance(data, dict) else None
        if outcome.code == NOT_FOUND:
            return None
        raise PbxError(f"the PBX did not answer message_campaign/get: {outcome.reason}")

    def query(self, ids: Iterable[int]) -> dict[int, Json]:
        """Whole campaigns by id, 50 a request; ids that the PBX does not have are left out."""
        wanted, found = list(ids), {}
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            batch = ",".join(str(i) for i in wanted[start : start + _IDS_PER_QUERY])
            answer = self._client.read("message_campaign/query", ids=batch)
            for row in answer.get("list", answer.get("data")) or ():
                if isinstance(row, dict) and type(row.get("id")) is int:
                    found[row["id"]] = dict(row)
        return found

    def meaning(self, campaign: Mapping[str, Any]) -> Json:
        """What a body or an answer says, in one comparable form."""
        channel = campaign.get("omnichannel_id")
        return wire.meaning(campaign, self._catalog.numbers(channel) if type(channel) is int else {})

    def resolve(self, campaign: Campaign, locate: Locate) -> tuple[Finding, ...]:
        """Work out the ids behind a campaign's names; afterwards it can be composed. The findings say what is missing."""
        resolved, findings = self._catalog.resolve(campaign, locate)
        if resolved is not None:
            self._resolved[campaign.key] = resolved
        return findings

    def people(self, campaign: Campaign) -> int | None:
        resolved = self._resolved.get(campaign.key)
        return resolved.people if resolved else None

    def preview(self, campaign: Campaign) -> str | None:
        """The message as its reader will see it, as far as that can be told."""
        resolved = self._resolved.get(campaign.key)
        match campaign.message:
            case Text(text):
                return text
            case Template() as message if resolved and resolved.template:
                return whatsapp.preview(resolved.template, message)
            case _:
                return None

    def compose(self, campaign: Campaign, uploaded: Mapping[str, Uploaded], *, released: bool) -> Json:
        """The body of a create: as a draft, or `released` with the send type that the manifest asks for."""
        return wire.body(
            campaign, self._resolved[campaign.key], uploaded, self._send_type(campaign, released)
        )

    def shown(self, campaign: Campaign) -> Json:
        """The final body before anything is uploaded: the file's id and uri are words."""
        assets = (f for f in files_of(campaign.message) if isinstance(f, Asset))
        return self.compose(campaign, {a.path: wire.unknown_upload(a) for a in assets}, released=True)

    def release_body(self, campaign: Campaign, draft: Mapping[str, Any]) -> Json:
        """The whole object that releases `draft`, as the PBX read it back: its files keep the ids they have there."""
        body = self.shown(campaign)
        if any(isinstance(file, Asset) for file in files_of(campaign.message)):
            content = "msg_param" if "msg_param" in body else "content"
            body[content] = draft[content]
        return body

    def upload(self, asset: Asset) -> Outcome[Uploaded]:
        """Bring a file to the PBX. What is sent is what was planned, or nothing."""
        content = (self._folder / asset.path).read_bytes()
        if len(content) != asset.size_bytes or _sha256(content) != asset.sha256:
            return NoEffect(f"{asset.path} changed while we worked; run the command again")
        outcome = self._client.upload("message/batchupload", asset.name, content, asset.media_type)
        if not isinstance(outcome, Done):
            return outcome
        try:
            row = (outcome.value.get("list") or outcome.value["data"])[0]
            return Done(Uploaded(str(row["id"]), row["name"], row["uri"], row["type"], int(row["size"])))
        except (KeyError, IndexError, TypeError, ValueError):
            return Unknown("the PBX answered the upload in an unknown form")

    def create(self, body: Mapping[str, Any]) -> Outcome[int]:
        outcome = self._client.post("message_campaign/create", body)
        if not isinstance(outcome, Done):
            return outcome
        made = outcome.value.get("id")
        return (
            Done(made)
            if type(made) is int and made > 0
            else Unknown("the PBX accepted the create but gave no id")
        )

    def update(self, campaign_id: int, body: Mapping[str, Any]) -> Outcome[None]:
        """Assign the whole object: whether omitted fields keep their value is documented nowhere."""
        outcome = self._client.post("message_campaign/update", {"id": campaign_id, **body})
        return Done(None) if isinstance(outcome, Done) else outcome

    def delete(self, campaign_id: int) -> Outcome[None]:
        """Delete by id; what is gone already counts as done."""
        outcome = self._client.act("message_campaign/delete", id=campaign_id)
        if isinstance(outcome, Unknown) and outcome.code == NOT_FOUND:
            return Done(None)
        return Done(None) if isinstance(outcome, Done) else outcome

    def close(self) -> None:
        self._client.close()

    def _send_type(self, campaign: Campaign, released: bool) -> str:
        match campaign.send:
            case Now() if released:
                return "immediately"
            case At() if released:
                return self._schedule_word
            case Draft() | Now() | At():
                return "draft"


def _listed(row: Mapping[str, Any]) -> Listed:
    time_s = row.get("send_time")
    if (
        type(row.get("id")) is not int
        or not isinstance(row.get("name"), str)
        or not isinstance(row.get("status"), str)
    ):
        raise PbxError("the PBX lists a campaign in an unknown form; nothing was sent")
    return Listed(
        row["id"],
        row["name"],
        row["status"],
        str(row.get("channel_type", "")),
        time_s if type(time_s) is int and time_s > 0 else None,
        str(row.get("result_count") or ""),
        str(row.get("response_rate") or ""),
    )


def _sha256(content: bytes) -> str:
    from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL; only an upload needs it

    return sha256(content).hexdigest()
