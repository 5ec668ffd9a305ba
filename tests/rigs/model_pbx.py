"""A PBX in memory, as small and strict as the rules that matter: drafts, schedules, releases, and who was texted.

It shares no code with the client and none with the sandbox. Its switches are what the documentation leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
OK, SYNTAX, DUPLICATE, NOT_FOUND, FORBIDDEN = 0, 40002, 40003, 60001, 70084
EDITABLE = ("draft", "scheduled")
DELETABLE = (*EDITABLE, "completed")
# How long a campaign is `executing`. What a person releases just before apply deletes it, and what is sent and can be
# deleted sooner than this, no client can tell from a draft.
SENDING_S = 8
OPTIONAL = ("number_list", "content", "send_time")


@dataclass(frozen=True)
class Personality:
    unique_names: bool = False
    lag_s: float = 0
    sender_reads_as_id: bool = False
    clears_omitted: bool = False
    numbers: Literal["replace", "join", "append"] = "replace"
    releases_drafts: bool = True
    past: Literal["refused", "sent", "stuck"] = "refused"
    repeat: Literal["refused", "ignored", "sent"] = "refused"


@dataclass
class Held:
    """A campaign on the PBX. `hand`: a person made it or changed it there."""

    id: int
    body: Json
    status: str
    made_at: float
    due_at: float | None = None
    hand: bool = False


@dataclass(frozen=True)
class Sent:
    id: int
    name: str
    person: str
    content: str
    people: tuple[str, ...]
    hand: bool


@dataclass
class ModelPbx:
    """Calls answer (errcode, value). `now` is its clock."""

    now: Callable[[], float]
    traits: Personality = Personality()
    held: dict[int, Held] = field(default_factory=dict)
    ledger: list[Sent] = field(default_factory=list)
    _last_id: int = 0

    def create(self, body: Mapping[str, Any], *, hand: bool = False) -> tuple[int, int]:
        self.settle()
        if self.traits.unique_names and any(each.body["name"] == body["name"] for each in self.held.values()):
            return DUPLICATE, 0
        status, due_at = self._standing(body)
        if not status:
            return SYNTAX, 0
        self._last_id += 1
        made = Held(self._last_id, dict(body), status, self.now(), due_at, hand)
        self.held[made.id] = made
        self.settle()
        return OK, made.id

    def update(self, campaign_id: int, body: Mapping[str, Any], *, hand: bool = False) -> tuple[int, None]:
        self.settle()
        held = self.held.get(campaign_id)
        if held is None:
            return NOT_FOUND, None
        releases = body["send_type"] != "draft"
        if held.status not in EDITABLE and not (releases and self.traits.repeat == "sent"):
            return (OK if releases and self.traits.repeat == "ignored" else FORBIDDEN), None
        if held.status == "draft" and releases and not (self.traits.releases_drafts or hand):
            return FORBIDDEN, None
        merged = {**held.body, **body} if hand else self._merged(held.body, body)
        status, due_at = self._standing(merged)
        if not status:
            return SYNTAX, None
        held.body, held.status, held.due_at = merged, status, due_at
        held.hand = hand or (held.hand and not releases)
        self.settle()
        return OK, None

    def delete(self, campaign_id: int) -> tuple[int, None]:
        self.settle()
        if campaign_id not in self.held:
            return NOT_FOUND, None
        if self.held[campaign_id].status not in DELETABLE:
            return FORBIDDEN, None
        del self.held[campaign_id]
        return OK, None

    def listed(self) -> list[Held]:
        self.settle()
        return [each for each in self.held.values() if self.now() - each.made_at >= self.traits.lag_s]

    def get(self, campaign_id: int) -> Json | None:
        self.settle()
        held = self.held.get(campaign_id)
        return None if held is None else {**held.body, "id": held.id, "sender": self._sender(held.body)}

    def settle(self) -> None:
        """Let everything happen that is due by now: what is due is sent at once, and is over a little later."""
        for held in self.held.values():
            if (
                held.status in ("scheduled", "pending")
                and held.due_at is not None
                and held.due_at <= self.now()
            ):
                people = tuple(row["number"] for row in held.body["number_list"])
                content = held.body["content"]
                self.ledger += [
                    Sent(held.id, held.body["name"], each, content, people, held.hand) for each in people
                ]
                held.status = "executing"
            if (
                held.status == "executing"
                and held.due_at is not None
                and held.due_at + SENDING_S <= self.now()
            ):
                held.status = "completed"

    def _standing(self, body: Mapping[str, Any]) -> tuple[str, float | None]:
        """Status and when it is due; no status when the body is refused."""
        if any(not body.get(name) for name in ("number_list", "content")):
            return "", None
        if body["send_type"] == "draft":
            return "draft", None
        if body["send_type"] == "immediately":
            return "pending", self.now()
        if body["send_time"] > self.now():
            return "scheduled", body["send_time"]
        past: dict[str, tuple[str, float | None]] = {
            "refused": ("", None), "sent": ("pending", self.now()), "stuck": ("scheduled", None),
        }  # fmt: skip
        return past[self.traits.past]

    def _merged(self, stored: Json, given: Mapping[str, Any]) -> Json:
        old = stored["number_list"]
        if self.traits.clears_omitted:
            stored = {name: value for name, value in stored.items() if name not in OPTIONAL}
        merged = {**stored, **given}
        if self.traits.numbers == "append":
            merged["number_list"] = [*old, *given["number_list"]]
        elif self.traits.numbers == "join":
            merged["number_list"] = [*old, *(row for row in given["number_list"] if row not in old)]
        return merged

    def _sender(self, body: Mapping[str, Any]) -> str | int:
        return int(body["sender"]) if self.traits.sender_reads_as_id else f"+1202555{body['sender']:04}"
