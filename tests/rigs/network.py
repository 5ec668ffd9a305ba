"""The talk of one simulated run with the model PBX: the calls that apply needs, over a network that loses, delays and
doubles. It stands still before and after each call, so that another run may come between, or this one may die there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, TypeVar

from campaignops.errors import PbxError
from campaignops.model import Asset, At, Campaign, FileMessage, Now, Numbers, Text, Uploaded
from campaignops.outcome import Done, NoEffect, Outcome, Unknown
from tests.rigs.model_pbx import EDITABLE, NOT_FOUND, OK, Held, Json, ModelPbx

T = TypeVar("T")
SENDER = 7
FAULTS = ("refuse", "lost", "late", "unheard", "doubled", "odd")
LATE_S = 500
GRACE_S = (
    100  # a PBX that repeats what it is told twice is safe only while no request is late by more than this
)


class Violation(Exception):
    """What must never happen has happened."""


class Words(NamedTuple):
    """What a campaign says, and to whom."""

    content: str
    people: tuple[str, ...]


def words(body: Mapping[str, Any]) -> Words:
    people = sorted(row["number"] for row in body["number_list"])
    return Words(body["content"].partition("#")[0], tuple(people))


@dataclass(frozen=True)
class Row:
    id: int
    name: str
    status: str
    time_s: int | None


@dataclass
class Air:
    """The network, and the clock of the machines that run applies. `rate` is the share of calls that go wrong. What was
    `late` waits to be delivered, `doubled` are the ids of which nobody was told, and `overdue` the names of what came
    when nobody waited for it any more. `deleted` are the names of what runs have deleted and not made anew, `leaving`
    the ids of what a late delete is on its way to."""

    rng: Random
    pbx: ModelPbx
    now: float
    note: Callable[[str], None]
    rate: float = 0.0
    late: list[Callable[[], None]] = field(default_factory=list)
    doubled: set[object] = field(default_factory=set)
    overdue: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    leaving: set[int | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.faults = self.rng.choices(FAULTS, k=3)

    def deliver(self, index: int) -> None:
        self.note("a late request arrives")
        self.late.pop(index)()

    def strikes(self, *, sends: bool = False) -> bool:
        """Calls that send go wrong more often: they are few, and what they do counts."""
        return self.rng.random() < (min(1.0, 4 * self.rate) if sends else self.rate)

    def arrives(self, campaign_id: int | None, body: Mapping[str, Any] | None, issued_at: float) -> bool:
        """A draft that comes after days is swept by nobody. And a request that is late beyond all patience texts people
        twice on a PBX that sends again when told again, and others than anybody wrote on one that adds them to those it
        has. No client can help that: here they never arrive."""
        if body is not None and body["send_type"] == "draft":
            return self.now - issued_at < LATE_S
        is_in_time = self.now - issued_at < GRACE_S
        if body is None or (self.pbx.traits.numbers != "replace" and not is_in_time):
            return body is None
        if self.pbx.traits.repeat != "sent":
            return True
        if body["send_type"] == "schedule":
            return bool(self.pbx.now() < body["send_time"]) and (is_in_time or self._is_editable(campaign_id))
        return is_in_time

    def _is_editable(self, campaign_id: int | None) -> bool:
        self.pbx.settle()
        held = self.pbx.held.get(campaign_id or 0)
        return held is None or held.status in EDITABLE


class Line:
    """Implements apply's port. `recorded_at` is asked when the run's last step became durable; `planned` are the words
    of its plan, by name."""

    planned: Mapping[str, Words] | None = None

    def __init__(self, air: Air, pause: Callable[[], None], recorded_at: Callable[[], float]) -> None:
        self._air, self._pause, self._recorded_at = air, pause, recorded_at
        self._uploads = 0

    # -- reads -------------------------------------------------------------------------------------------------------

    def listed(self) -> list[Row]:
        self._read()
        return [_row(each) for each in self._air.pbx.listed()]

    def look(self, campaign_id: int, name: str) -> Row | None:
        for row in self.listed():
            if row.id == campaign_id:
                return row
        whole = self.get(campaign_id)
        if whole is None:
            return None
        if whole["send_type"] == "draft":
            return Row(campaign_id, whole["name"], "draft", None)
        raise PbxError(f"id {campaign_id} is not listed yet")

    def get(self, campaign_id: int) -> Json | None:
        self._read()
        return self._air.pbx.get(campaign_id)

    def query(self, ids: Iterable[int]) -> dict[int, Json]:
        self._read()
        found = {i: self._air.pbx.get(i) for i in ids}
        return {i: whole for i, whole in found.items() if whole is not None}

    # -- bodies ------------------------------------------------------------------------------------------------------

    def meaning(self, campaign: Mapping[str, Any]) -> Json:
        numbers = sorted(row["number"] for row in campaign["number_list"])
        content = campaign["content"].partition("#")[0]
        return {
            "name": campaign["name"],
            "sender": int(str(campaign["sender"])[-4:]),
            "to": numbers,
            "said": content,
        }

    def in_words(self, live: Mapping[str, Any]) -> None:
        """Nobody reads here what was edited, only that it was."""

    def people(self, campaign: Campaign) -> int | None:
        assert isinstance(campaign.audience, Numbers)
        return len(campaign.audience.numbers)

    def compose(self, campaign: Campaign, uploaded: Mapping[str, Uploaded], *, released: bool) -> Json:
        return _body(campaign, {path: file.id for path, file in uploaded.items()}, released=released)

    def shown(self, campaign: Campaign, *, released: bool = True) -> Json:
        return _body(campaign, {}, released=released)

    def body_of(self, campaign: Campaign, draft: Mapping[str, Any], *, released: bool) -> Json:
        return {**_body(campaign, {}, released=released), "content": draft["content"]}

    # -- calls with an effect ----------------------------------------------------------------------------------------

    def upload(self, asset: Asset) -> Outcome[Uploaded]:
        self._pause()
        if self._air.strikes():
            return self._air.rng.choice((NoEffect("no connection", ends_run=True), Unknown("reset")))
        self._uploads += 1
        return Done(Uploaded(f"u{self._uploads}", asset.name, "uri", asset.media_type, asset.size_bytes))

    def create(self, body: Mapping[str, Any]) -> Outcome[int]:
        return self._effect(lambda: self._created(body), body, None)

    def update(self, campaign_id: int, body: Mapping[str, Any]) -> Outcome[None]:
        return self._effect(lambda: self._air.pbx.update(campaign_id, body), body, campaign_id)

    def delete(self, campaign_id: int, may_go: Callable[[], bool] | None = None) -> Outcome[None]:
        outcome = self._effect(lambda: self._deleted(campaign_id), None, campaign_id, may_go)
        if isinstance(outcome, Unknown) and outcome.code == NOT_FOUND:
            return Done(None)
        return outcome

    def _created(self, body: Mapping[str, Any]) -> tuple[int, int]:
        made = self._air.pbx.create(body)
        if made[0] == OK:
            self._air.deleted.discard(body["name"])
        return made

    def _deleted(self, campaign_id: int) -> tuple[int, None]:
        held = self._air.pbx.held.get(campaign_id)
        gone = self._air.pbx.delete(campaign_id)
        if held and gone[0] == OK:
            self._air.deleted.add(held.body["name"])
        return gone

    def _effect(
        self,
        act: Callable[[], tuple[int, T]],
        body: Mapping[str, Any] | None,
        campaign_id: int | None,
        may_go: Callable[[], bool] | None = None,
    ) -> Outcome[T]:
        if body and body["send_type"] != "draft" and words(body) != (self.planned or {}).get(body["name"]):
            raise Violation(f"this is not in the plan: {body}")
        self._pause()
        if may_go and not may_go():
            return NoEffect("held up", ends_run=True)
        air, issued_at = self._air, self._recorded_at()
        air.now += air.rng.uniform(0.01, 0.3)
        fault = self._fault(body, is_create=campaign_id is None)
        if fault == "refuse":
            return NoEffect("no connection", ends_run=True)
        if fault in ("lost", "late") or not air.arrives(campaign_id, body, issued_at):
            if fault == "late":
                air.leaving |= {campaign_id} if body is None else set()
                air.late.append(lambda: self._arrive(act, campaign_id, body, issued_at))
            air.now += 30
            return Unknown("no answer within 30 s")
        self._mark_overdue(body, issued_at)
        code, value = act()
        if fault == "doubled":
            air.doubled.add(value)
            code, value = act()
        self._pause()
        if fault == "unheard":
            return Unknown("the connection broke", is_late=False)
        return _outcome(-2 if fault == "odd" else code, value)

    def _fault(self, body: Mapping[str, Any] | None, *, is_create: bool) -> str | None:
        if not self._air.strikes(sends=body is not None and body["send_type"] != "draft"):
            return None
        fault = self._air.rng.choice(self._air.faults)
        if fault == "doubled" and not self._may_be_doubled(body, is_create=is_create):
            return None
        self._air.note(f"{fault}: a call with {body and (body['name'], body['send_type'])}")
        return fault

    def _arrive(
        self,
        act: Callable[[], object],
        campaign_id: int | None,
        body: Mapping[str, Any] | None,
        issued_at: float,
    ) -> None:
        if self._air.arrives(campaign_id, body, issued_at):
            self._mark_overdue(body, issued_at)
            act()

    def _mark_overdue(self, body: Mapping[str, Any] | None, issued_at: float) -> None:
        """Nobody waits any more for what comes so late, where it texts nobody twice; what it says may be old."""
        if body and body["send_type"] != "draft" and self._air.now - issued_at > GRACE_S:
            self._air.overdue.add(body["name"])

    def _may_be_doubled(self, body: Mapping[str, Any] | None, *, is_create: bool) -> bool:
        """What sends and is not idempotent texts people twice when the network doubles it; no client can help that."""
        if body is None or body["send_type"] == "draft":
            return True
        if is_create:
            return self._air.pbx.traits.unique_names
        return body["send_type"] == "schedule" or self._air.pbx.traits.repeat != "sent"

    def _read(self) -> None:
        self._pause()
        self._air.now += self._air.rng.uniform(0.01, 0.1)
        if self._air.strikes() and self._air.strikes():
            raise PbxError("the PBX could not be read")


def _outcome(code: int, value: T) -> Outcome[T]:
    if code == OK:
        return Done(value)
    if code in (-2, NOT_FOUND):
        return Unknown(f"errcode {code}", code, is_late=False)
    return NoEffect(f"errcode {code}", code)


def _row(held: Held) -> Row:
    time_s = held.body["send_time"] if held.status != "draft" else None
    return Row(held.id, held.body["name"], held.status, time_s)


def _body(campaign: Campaign, ids: Mapping[str, str], *, released: bool) -> Json:
    assert isinstance(campaign.audience, Numbers)
    send_type = {At: "schedule", Now: "immediately"}.get(type(campaign.send), "draft")
    return {
        "name": campaign.name,
        "sender": SENDER,
        "number_list": [{"number": number} for number in campaign.audience.numbers],
        "content": _content(campaign, ids),
        "send_type": send_type if released else "draft",
        "send_time": campaign.send.time_s if isinstance(campaign.send, At) else 0,
    }


def _content(campaign: Campaign, ids: Mapping[str, str]) -> str:
    """The words; of a file its digest, which is what it says, and the perishable id that it got."""
    match campaign.message:
        case Text(text):
            return text
        case FileMessage(Asset(path=path, sha256=sha256)):
            return f"{sha256}#{ids.get(path, '?')}"
        case other:
            raise AssertionError(other)
