"""What a plan is made of: a closed union of changes, and the plan that holds them. Values only, no rule.

`match` on a change ends in `assert_never`. What a plan prints and what an apply runs are the same tuple of steps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import Any, TypeAlias

from campaignops import state
from campaignops.diff import Field
from campaignops.findings import Finding, Place
from campaignops.message.bubble import Bubble
from campaignops.model import Campaign, Numbers
from campaignops.planner.reach import Reach, Refusal
from campaignops.planner.selection import Half
from campaignops.policy import Silenced
from campaignops.state import Entry, Pbx

Locate: TypeAlias = Callable[[Campaign, tuple[str | int, ...]], Place]


@dataclass(frozen=True, slots=True)
class Change:
    """What every change says. `place` is None when no manifest has the key; `people` None when only the PBX can tell.

    `steps` are the calls that change the PBX, in order; `preview` is the message as its reader will see it.
    `tested` is when its last test send was let go (Unix seconds), and whether it says the same now.
    """

    key: str
    type: str
    name: str
    id: int | None
    reason: str
    place: Place | None
    send: str
    time_s: int | None
    zone: str | None
    people: int | None
    steps: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    added: int = 0
    removed: int = 0
    preview: Bubble | None = None
    tested: tuple[float, bool] | None = None


def carried(change: Change) -> dict[str, Any]:
    """What another kind of change says of the same campaign, too; its reason, steps and fields are its own."""
    kept = ("key", "type", "name", "id", "place", "send", "time_s", "zone", "people")
    return {name: getattr(change, name) for name in kept}


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Change):
    """Make it on the PBX. `entry`: an earlier apply began, or what it made was deleted unsent. `names`, `template` and
    `contacts` are digests of what its names and its template stand for on the PBX, and of whose numbers its phonebook
    has; empty until somebody has asked there.

    Without steps it is only looked for: an earlier apply has posted it, or was about to, and nobody knows.
    `instead_of`: it reads like that one, which the plan deletes; if that fails, this would be the second. `drift`:
    somebody deleted it on the PBX.
    """

    campaign: Campaign
    entry: Entry | None = None
    drift: bool = False
    instead_of: str | None = None
    names: str = ""
    template: str = ""
    contacts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Change):
    """Give the recorded id new content, or only release it; or, with the steps delete and create, post it anew.

    `drift`: somebody changed it on the PBX. `is_release`: it is recorded as it should be, and only to be let go.
    `names`, `template` and `contacts` as of a create.
    """

    campaign: Campaign
    entry: Entry
    drift: bool = False
    is_release: bool = False
    names: str = ""
    template: str = ""
    contacts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Change):
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged(Change):
    """Nothing to do on the PBX, or something that is `left_to` the other half of an apply. The record may take another
    key (`moved_from`) or `prevent_delete` (`protects`)."""

    moved_from: str | None = None
    protects: bool | None = None
    left_to: Half | None = None

    @property
    def is_recorded(self) -> bool:
        """An apply writes something about it to the state."""
        return self.moved_from is not None or self.protects is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Change):
    moved_from: str | None = None

    @property
    def is_recorded(self) -> bool:
        return self.moved_from is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(Change):
    """Cannot be done; `code` is that of the finding which says so."""

    help: str
    code: str

    @property
    def stuck(self) -> bool:
        """A create's outcome is unknown and a person must resolve it."""
        return self.code == "CMP706"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh(Change):
    """The record takes what the PBX has; nothing is done there. `after` None: the record goes."""

    entry: Entry
    after: Entry | None


AnyChange: TypeAlias = Create | Update | Delete | Unchanged | History | Blocked | Refresh
ACTIONS: Mapping[type, str] = {
    Create: "create",
    Update: "update",
    Delete: "delete",
    Unchanged: "none",
    History: "history",
    Blocked: "blocked",
    Refresh: "refresh",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change, in the order in which it would be done. `pbx` is the one that was asked; None offline. `half`
    is the only one that an apply does; None for both. `refresh_only`: it changes the record alone."""

    lineage: str
    serial: int
    environment: str | None
    changes: tuple[AnyChange, ...]
    findings: tuple[Finding, ...] = ()
    silenced: tuple[Silenced, ...] = ()
    pbx: Pbx | None = None
    half: Half | None = None
    reach: Mapping[str, Reach] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    allowed: tuple[Refusal, ...] = ()
    refresh_only: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 over what it does: the same plan, the same digest, whatever the clock, the commit and the wording."""
        lineage = self.lineage if self.serial else None  # before the first write, each reader makes one up
        pbx = self.pbx and (self.pbx.serial_number or self.pbx.url)
        content = [_content(change) for change in self.changes]
        return digest([self.environment, lineage, self.serial, pbx, self.half, content])

    def refusals_of(self, key: str) -> tuple[Refusal, ...]:
        return tuple(each for each in self.refusals if each.key == key)

    @property
    def effects(self) -> tuple[AnyChange, ...]:
        return tuple(c for c in self.changes if isinstance(c, Create | Update | Delete))

    @property
    def refreshes(self) -> tuple[Refresh, ...]:
        return tuple(c for c in self.changes if isinstance(c, Refresh))

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        return tuple(c for c in self.changes if isinstance(c, Blocked))

    def summary(self) -> dict[str, int]:
        """How many of each action, and how many people the creates and updates reach."""
        counts = dict.fromkeys(
            [word for word in ACTIONS.values() if word != "refresh" or self.refresh_only], 0
        )
        for change in self.changes:
            counts[ACTIONS[type(change)]] += 1
        people = sum(c.people or 0 for c in self.changes if isinstance(c, Create | Update))
        return {**counts, "recipients": people}


def digest(content: Any) -> str:
    """SHA-256 over plain data, and over the text of what is none."""
    return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _content(change: AnyChange) -> dict[str, Any]:
    said = {f.name: getattr(change, f.name) for f in fields(change)}
    for told in ("place", "reason", "help", "tested"):
        said.pop(told, None)
    if not said.get("contacts"):
        said.pop("contacts", None)
    said["fields"] = [[f.path, f.before, f.after] for f in change.fields]
    if isinstance(change, Create | Update):
        said["campaign"] = [state.digest(change.campaign, ""), change.campaign.prevent_delete]
        audience = change.campaign.audience
        if isinstance(audience, Numbers) and audience.withheld:
            said["withheld"] = state.audience_digests(audience.withheld, "")
    return {"action": ACTIONS[type(change)], **said}
