"""One run's talk with the PBX, in the words of the project: what `plan` reads and what `apply` does.

It decides nothing: which call comes next is `apply`'s business, what an answer means is `answer`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from campaignops.audience import is_number
from campaignops.errors import PbxError
from campaignops.findings import Finding
from campaignops.message import whatsapp
from campaignops.message.bubble import Bubble
from campaignops.model import (
    Asset,
    At,
    Campaign,
    Draft,
    FileMessage,
    Now,
    Phonebook,
    Template,
    Text,
    Uploaded,
    files_of,
)
from campaignops.outcome import Done, NoEffect, Outcome, Unknown
from campaignops.pbx import answer, reading, wire
from campaignops.pbx.catalog import Catalog, Locate, Resolved, definition, rows
from campaignops.pbx.client import Client

Json = dict[str, Any]
_IDS_PER_QUERY = 50
_TIME_LIMIT_S = 2**37  # a time beyond the year 6000 is none, and no calendar takes it


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
    """Which PBX this is (page "Query PBX Information"): its serial number, its clock in Unix seconds, if it tells."""

    serial_number: str | None
    time_s: int | None


class Session:
    """The PBX as plan and apply see it. `folder` holds the files that campaigns name."""

    def __init__(self, client: Client, folder: Path, schedule_word: str = "schedule") -> None:
        self._client, self._folder, self._schedule_word = client, folder, schedule_word
        self._catalog = Catalog(client)
        self._again = self._catalog
        self._resolved: dict[str, Resolved] = {}

    def device(self) -> Device:
        """Neither is known of a PBX that has no such call."""
        endpoint = "system/information"
        outcome = self._client.ask(endpoint)
        if answer.is_missing(outcome):
            return Device(None, None)
        told = answer.said(outcome, endpoint)
        data = told.get("data", told)  # whether it stands under a key of its own is not certain
        if not isinstance(data, dict):
            raise answer.unknown_form(endpoint)
        serial = data.get("sn")
        return Device(serial if isinstance(serial, str) and serial else None, _time_s(data.get("timestamp")))

    def listed(self) -> tuple[Listed, ...]:
        """Every campaign of the PBX."""
        return tuple(_listed(row) for row in rows(self._client, "message_campaign/list"))

    def look(self, campaign_id: int, name: str) -> Listed | None:
        """The row of one campaign, fresh. None only when `get` says, too, that the PBX has no such id.

        A search may miss it (what it matches is not documented) or not bear its name; then the whole list is read.
        Both may lag behind a create, which `get` does not. `get` has no status, but it has `send_type`, and a release
        is nothing else than an update of `send_type`: what still says `draft` is a draft. Of anything else that no
        list shows yet, nobody can tell whether it is waiting or sending. Raises PbxError then.
        """
        found: Iterable[Mapping[str, Any]] = ()
        with suppress(PbxError):  # a name may be too much for the search; the list needs none
            found = rows(self._client, "message_campaign/search", search_value=name)
        for row in found:
            if row["id"] == campaign_id:
                return _listed(row)
        for each in self.listed():
            if each.id == campaign_id:
                return each
        whole = self.get(campaign_id)
        if whole is None:
            return None
        if wire.is_draft(whole):
            return _listed({**whole, "status": "draft"})
        raise PbxError(
            f"the PBX has campaign id {campaign_id} but does not list it yet, so its status is not known; "
            "wait a minute and run the command again"
        )

    def get(self, campaign_id: int) -> Json | None:
        """The whole campaign as the PBX has it, or None when it has none of that id."""
        endpoint = "message_campaign/get"
        outcome = self._client.ask(endpoint, id=campaign_id)
        if not isinstance(outcome, Done) and outcome.code == answer.NOT_FOUND:
            return None
        whole = answer.detail(answer.said(outcome, endpoint), endpoint)
        if whole.get("id") != campaign_id:
            raise answer.unknown_form(endpoint)
        return whole

    def query(self, ids: Iterable[int]) -> dict[int, Json]:
        """Whole campaigns by id, 50 a request, or one by one from a PBX that has no such call; ids that the PBX does
        not have are left out."""
        wanted, found = list(ids), dict[int, Json]()
        endpoint = "message_campaign/query"
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            batch = ",".join(str(i) for i in wanted[start : start + _IDS_PER_QUERY])
            outcome = self._client.ask(endpoint, ids=batch)
            if answer.is_missing(outcome):
                break
            told = answer.listed(answer.said(outcome, endpoint), endpoint)
            found.update((row["id"], row) for row in told)
        # What is missing is gone, or was cut off: how many ids a query takes is not said.
        for missing in [i for i in wanted if i not in found]:
            if (whole := self.get(missing)) is not None:
                found[missing] = whole
        return {i: found[i] for i in wanted if i in found}

    def meaning(self, campaign: Mapping[str, Any]) -> Json:
        """What a body or an answer says, in one comparable form."""
        channel = campaign.get("omnichannel_id")
        return wire.meaning(campaign, self._catalog.senders(channel) if type(channel) is int else {})

    def resolve(self, campaign: Campaign, locate: Locate) -> tuple[Finding, ...]:
        """Work out the ids behind a campaign's names; then it can be composed. The findings say what is missing."""
        resolved, findings = self._catalog.resolve(campaign, locate)
        if resolved is not None:
            self._resolved[campaign.key] = resolved
        return findings

    def said(self, live: Mapping[str, Any], key: str, zone: str) -> Campaign:
        """The campaign that a manifest would say for what `get` or `query` shows. Raises reading.Unsayable."""
        return reading.campaign(live, key, self._catalog, zone)

    def in_words(self, live: Mapping[str, Any]) -> tuple[Campaign, dict[str, tuple[Any, ...]]] | None:
        """The same, and other ways to say it by path; None for what no manifest can say or the PBX does not tell."""
        try:
            return self.said(live, "", "UTC"), reading.aliases(live, self._catalog)
        except (PbxError, reading.Unsayable):
            return None

    def people(self, campaign: Campaign) -> int | None:
        """How many get it at most: None before `resolve`, and for a phonebook that does not say."""
        resolved = self._resolved.get(campaign.key)
        return resolved.people if resolved else None

    def stands_for(self, campaign: Campaign) -> tuple[Json | None, Json | None]:
        """The ids behind its names, and the template they lead to, as plain data; None before `resolve`."""
        if (resolved := self._resolved.get(campaign.key)) is None:
            return None, None
        ids = asdict(resolved)
        del ids["people"]
        return ids, ids.pop("template")

    def rate(self, campaign: Campaign) -> int | None:
        """How many messages a second its channel sends; None where the PBX does not say."""
        resolved = self._resolved.get(campaign.key)
        rate = self._catalog.channel(resolved.channel_id).get("send_rate") if resolved else None
        return rate if type(rate) is int and rate > 0 else None

    def contacts(self, campaign: Campaign) -> tuple[str, ...] | None:
        """The numbers that its phonebook had when it was first asked, in E.164; None where the PBX shows none."""
        return self._contacts(campaign, self._catalog)

    def _contacts(self, campaign: Campaign, catalog: Catalog) -> tuple[str, ...] | None:
        resolved, audience = self._resolved.get(campaign.key), campaign.audience
        if resolved is None or resolved.phonebook_id is None or not isinstance(audience, Phonebook):
            return None
        people = catalog.contacts(resolved.phonebook_id)
        if people is None:
            return None
        named = audience.field.replace("_number", "")  # business_number2 is `business2` of a contact
        numbers = (each.get(named) for each in people)
        return tuple(number for number in numbers if isinstance(number, str) and is_number(number))

    def look_again(self) -> None:
        """Let `moved` read anew what it looks at."""
        self._again = Catalog(self._client)

    def moved(self, campaign: Campaign) -> str | None:
        """What has changed on the PBX since `resolve` that changes who gets a campaign, or what they read."""
        resolved = self._resolved[campaign.key]
        planned = self.contacts(campaign)
        if planned is not None and sorted(planned) != sorted(self._contacts(campaign, self._again) or ()):
            return "other people are in the phonebook than when it was planned"
        if resolved.template is not None:
            known = {row["id"]: row for row in self._again.templates(resolved.channel_id)}
            row = known.get(resolved.template.id)
            if row is None or definition(row) != resolved.template:
                return f"the template {resolved.template.name} is not what it was when it was planned"
        return None

    def preview(self, campaign: Campaign) -> Bubble | None:
        """The message as its reader will see it, as far as that can be told."""
        resolved = self._resolved.get(campaign.key)
        match campaign.message:
            case Text(text):
                return Bubble(text)
            case FileMessage(file):
                return Bubble(file=file)
            case Template() as message if resolved and resolved.template:
                return whatsapp.preview(resolved.template, message)
            case _:
                return None

    def compose(self, campaign: Campaign, uploaded: Mapping[str, Uploaded], *, released: bool) -> Json:
        """The body of a create: as a draft, or `released` with the send type that the manifest asks for."""
        send_type = self._send_type(campaign) if released else "draft"
        return wire.body(campaign, self._resolved[campaign.key], uploaded, send_type)

    def shown(self, campaign: Campaign, *, released: bool = True) -> Json:
        """The body before anything is uploaded: the file's id and uri are words."""
        assets = (f for f in files_of(campaign.message) if isinstance(f, Asset))
        return self.compose(campaign, {a.path: wire.unknown_upload(a) for a in assets}, released=released)

    def body_of(self, campaign: Campaign, draft: Mapping[str, Any], *, released: bool) -> Json:
        """The whole object of `draft`, as the PBX read it back: its files keep the ids they have there."""
        body = self.shown(campaign, released=released)
        if any(isinstance(file, Asset) for file in files_of(campaign.message)):
            content = "msg_param" if "msg_param" in body else "content"
            if not isinstance(draft.get(content), str):
                raise answer.unknown_form("message_campaign/get")
            body[content] = draft[content]
        return body

    def recalled(self, live: Mapping[str, Any]) -> Json:
        """The body that makes a draft of a campaign that `get` shows."""
        channel, senders = live.get("omnichannel_id"), {}
        with suppress(PbxError):  # a halt does not wait for what it can do without
            senders = dict(self._catalog.senders(channel)) if type(channel) is int else {}
        return wire.recalled(live, senders)

    def upload(self, asset: Asset) -> Outcome[Uploaded]:
        """Bring a file to the PBX. What is sent is what was planned, or nothing."""
        try:
            with (self._folder / asset.path).open("rb") as file:
                content = file.read(asset.size_bytes + 1)
        except OSError as error:
            return NoEffect(f"{asset.path} cannot be read: {error.strerror or type(error).__name__}")
        if len(content) != asset.size_bytes or _sha256(content) != asset.sha256:
            return NoEffect(f"{asset.path} changed while we worked; run the command again")
        outcome = self._client.upload("message/batchupload", asset.name, content, asset.media_type)
        return _uploaded(outcome.value, asset) if isinstance(outcome, Done) else outcome

    def create(self, body: Mapping[str, Any]) -> Outcome[int]:
        outcome = self._client.post("message_campaign/create", body)
        if not isinstance(outcome, Done):
            return outcome
        made = answer.with_ids(dict(outcome.value)).get("id")
        if type(made) is int and made > 0:
            return Done(made)
        return Unknown("the PBX accepted the create but gave no id")

    def update(self, campaign_id: int, body: Mapping[str, Any]) -> Outcome[None]:
        """Assign the whole object: whether omitted fields keep their value is documented nowhere."""
        outcome = self._client.post("message_campaign/update", {"id": campaign_id, **body})
        return Done(None) if isinstance(outcome, Done) else outcome

    def delete(self, campaign_id: int, may_go: Callable[[], bool] | None = None) -> Outcome[None]:
        """Delete by id. Whether "not found" means that it is gone, a look tells. `may_go` is asked last of all, when
        nothing is left that may take its time."""
        outcome = self._client.act("message_campaign/delete", may_go, id=campaign_id)
        return Done(None) if isinstance(outcome, Done) else outcome

    def retry(self, campaign_id: int) -> Outcome[None]:
        """Send the messages that failed again (page "Retry a Message Campaign")."""
        outcome = self._client.act("message_campaign/retry", id=campaign_id)
        return Done(None) if isinstance(outcome, Done) else outcome

    def close(self) -> None:
        self._client.close()

    def _send_type(self, campaign: Campaign) -> str:
        match campaign.send:
            case Now():
                return "immediately"
            case At():
                return self._schedule_word
            case Draft():
                return "draft"


def _listed(row: Mapping[str, Any]) -> Listed:
    match row:
        case {"id": int(id), "name": str(name), "status": str(status)}:
            texts = (row.get(key) for key in ("channel_type", "result_count", "response_rate"))
            kind, count, rate = (text if isinstance(text, str) else "" for text in texts)
            return Listed(id, name, status, kind, _time_s(row.get("send_time")), count, rate)
        case _:
            raise answer.unknown_form("message_campaign/list")


def _time_s(value: object) -> int | None:
    return value if isinstance(value, int) and 0 < value < _TIME_LIMIT_S else None


def _uploaded(said: Mapping[str, Any], asset: Asset) -> Outcome[Uploaded]:
    match said.get("list") or said.get("data"):
        case [{"id": str(id), "name": str(name), "uri": str(uri), "type": str(type), "size": int(size)}]:
            if size == asset.size_bytes:
                return Done(Uploaded(id, name, uri, type, size))
            return Unknown(f"the PBX has {size} bytes of {asset.path}, which has {asset.size_bytes}")
        case _:
            return Unknown("the PBX answered the upload in an unknown form")


def _sha256(content: bytes) -> str:
    from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL; only an upload needs it

    return sha256(content).hexdigest()
