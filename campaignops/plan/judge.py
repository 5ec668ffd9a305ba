"""The table of product.md section 5: one campaign, desired against recorded and live, becomes one change."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from campaignops import diff, state
from campaignops.diff import Field
from campaignops.errors import StateError
from campaignops.findings import Place
from campaignops.model import Asset, At, Campaign, Components, Draft, Numbers, Template, files_of
from campaignops.plan import drift
from campaignops.plan.changes import (
    AnyChange,
    Blocked,
    Create,
    Delete,
    History,
    Live,
    Unchanged,
    Update,
)
from campaignops.state import BEGUN, Entry, Phase

Locate: TypeAlias = Callable[[Campaign, tuple[str | int, ...]], Place]
_EDITABLE = ("draft", "scheduled")
_SENT_MARGIN_S = 60  # a campaign this near to its time counts as sent once the PBX no longer has it


@dataclass(frozen=True, slots=True)
class Judge:
    """The rows of the table for one plan."""

    live: Live | None
    lineage: str
    now_s: float
    delivery: str

    def present(self, campaign: Campaign, entry: Entry | None) -> AnyChange:
        """A campaign that a manifest has."""
        change = self._present(campaign, entry)
        if entry is None or entry.key == campaign.key:
            return change
        moved = replace(change, reason=f"moved from `{entry.key}`; {change.reason}")
        return replace(moved, moved_from=entry.key) if isinstance(moved, Unchanged | History) else moved

    def gone(self, entry: Entry) -> AnyChange:
        """A recorded campaign that no manifest has any more."""
        if entry.phase is Phase.STUCK or (entry.phase is Phase.INTENT and entry.delivery == "direct"):
            return _stuck(entry, None)
        head, status = _recorded_head(entry), self._status(entry)
        if status is not None and (status not in _EDITABLE or entry.may_have_sent(self.now_s)):
            return History(**head, reason=f"{status}; kept as history")
        if status is None and self._may_be_sent(entry):
            return History(**head, reason="sent; kept as history")
        if status is None and entry.id is not None:
            return Delete(**head, reason="no manifest has it any more, and the PBX neither", entry=entry)
        return Delete(**head, reason="no manifest has it any more", entry=entry, steps=("delete",))

    def _present(self, campaign: Campaign, entry: Entry | None) -> AnyChange:
        if entry is None:
            return self._new(campaign)
        if entry.phase is Phase.STUCK:
            return _stuck(entry, campaign)
        if entry.phase is Phase.INTENT:
            return self._create(
                campaign, "an earlier apply began it; it looks for what that made first", entry
            )
        status = self._status(entry)
        if status is None and not self._may_be_sent(entry):
            return self._create(campaign, f"id {entry.id} is gone from the PBX and was never sent", entry)
        if status in _EDITABLE and not (entry.phase is Phase.RELEASED and entry.send == "now"):
            return self._editable(campaign, entry, status)
        if entry.digest == state.digest(campaign, self.lineage):
            return History(**_head(campaign, entry), reason=f"{status or 'sent, gone from the PBX'}; history")
        return Blocked(
            **_head(campaign, entry),
            reason=f"has begun to send ({status or 'gone from the PBX'}) and cannot be changed",
            fields=diff.fields(_spec(entry), state.spec(campaign)),
            help="put the old text back, or copy the block under a new key (and a new name) to send again",
        )

    def _new(self, campaign: Campaign) -> AnyChange:
        taken = self.live.names.get(campaign.name, ()) if self.live else ()
        if not taken:
            return self._create(campaign, "not recorded", None)
        ids = ", ".join(str(i) for i in taken)
        return Blocked(
            **_head(campaign, None),
            reason=f"the PBX has a campaign named {campaign.name!r} that is not recorded (id {ids})",
            help="give this one another `name`, or rename or delete that one on the PBX if it was never sent",
        )

    def _create(self, campaign: Campaign, reason: str, entry: Entry | None) -> Create:
        numbers = campaign.audience.numbers if isinstance(campaign.audience, Numbers) else ()
        released = isinstance(campaign.send, Draft) or self.delivery == "direct"
        return Create(
            **_head(campaign, None),
            reason=reason,
            campaign=campaign,
            entry=entry,
            fields=diff.created(state.spec(campaign)),
            steps=(*_preparation(campaign), "create", *(() if released else ("release",))),
            added=len(numbers),
        )

    def _editable(self, campaign: Campaign, entry: Entry, status: str) -> AnyChange:
        equal = entry.digest == state.digest(campaign, self.lineage)
        edited = self._edits(entry, status)
        whole = equal and not edited and entry.phase is not Phase.UPDATING
        if whole and (status == "scheduled" or isinstance(campaign.send, Draft)):
            return Unchanged(**_head(campaign, entry), reason=f"{status}, as in the manifest")
        added, removed = _people_moved(campaign, entry, self.lineage)
        return Update(
            **_head(campaign, entry),
            reason=_why(entry, whole, equal, edited),
            campaign=campaign,
            entry=entry,
            drift=bool(edited),
            fields=(Field("send", "draft", state.spec(campaign)["send"]),)
            if whole
            else (*edited, *diff.fields(_spec(entry), state.spec(campaign))),
            steps=self._update_steps(campaign, only_release=whole),
            added=added,
            removed=removed,
        )

    def _edits(self, entry: Entry, status: str) -> tuple[Field, ...]:
        """What somebody changed on the PBX; the entry's spec is read only when there is something."""
        if self.live is None or entry.id is None:
            return ()
        expected = {Phase.BOUND: "draft", Phase.RELEASED: "scheduled"}.get(entry.phase, status)
        time_s = self.live.time_s.get(entry.id)
        moved = status == "scheduled" and entry.phase is Phase.RELEASED and time_s not in (None, entry.time_s)
        if entry.id in self.live.edited or status != expected or moved:
            return drift.fields(entry, _spec(entry), self.live, status)
        return ()

    def _update_steps(self, campaign: Campaign, *, only_release: bool) -> tuple[str, ...]:
        """An update makes a draft, which is read back before it is released. Delivered direct, where nothing is
        released, our own is deleted by id first and the new one posted once."""
        if isinstance(campaign.send, Draft):
            return (*_preparation(campaign), "update")
        if self.delivery == "direct":
            return ("delete", *_preparation(campaign), "create")
        return ("release",) if only_release else (*_preparation(campaign), "update", "release")

    def _status(self, entry: Entry) -> str | None:
        """The live status; offline, what the record lets us infer. None: the PBX has it not. A word that we do not
        know is never editable."""
        if entry.id is None:
            return None
        if self.live is not None and entry.id not in self.live.unlisted:
            return self.live.status.get(entry.id)
        if entry.status in BEGUN:
            return entry.status
        if entry.phase is Phase.BOUND or (entry.phase is Phase.UPDATING and entry.send == "draft"):
            return "draft"
        return "completed" if entry.may_have_sent(self.now_s) else "scheduled"

    def _may_be_sent(self, entry: Entry) -> bool:
        return entry.id is not None and entry.may_have_sent(self.now_s + _SENT_MARGIN_S)


def _why(entry: Entry, only_release: bool, equal: bool, edited: tuple[Field, ...]) -> str:
    if only_release:
        return "recorded as a draft, not yet released"
    if edited:
        return "edited on the PBX since the last apply" + ("" if equal else ", and the manifest differs")
    if entry.phase is Phase.UPDATING and equal:
        return "an earlier apply did not finish the update"
    return "the manifest differs from what was applied"


def _stuck(entry: Entry, campaign: Campaign | None) -> Blocked:
    head = _head(campaign, entry) if campaign else _recorded_head(entry)
    return Blocked(
        **head,
        reason=entry.question or "a create was sent and its outcome is unknown",
        help=f"look at the campaigns on the PBX, then: campaignops resolve {entry.key} --adopt ID, or --absent",
        stuck=True,
    )


def _spec(entry: Entry) -> dict[str, Any]:
    try:
        spec: dict[str, Any] = json.loads(entry.spec)
    except ValueError:
        raise StateError(
            f"the state's record of `{entry.key}` is spoilt: its `spec` is not JSON. Restore the state from git or a "
            "backup. Nothing was sent",
            code="CMP701",
        ) from None
    return spec


def _people_moved(campaign: Campaign, entry: Entry, lineage: str) -> tuple[int, int]:
    if not isinstance(campaign.audience, Numbers):
        return 0, 0
    return state.moved_people(entry.audience, state.audience_digests(campaign.audience.numbers, lineage))


def _preparation(campaign: Campaign) -> tuple[str, ...]:
    uploads = tuple(f"upload {f.path}" for f in files_of(campaign.message) if isinstance(f, Asset))
    match campaign.message:
        case Template(template, language) | Components(template, language):
            return (*uploads, f"resolve template {template}/{language}")
        case _:
            return uploads


def _head(campaign: Campaign, entry: Entry | None) -> dict[str, Any]:
    return {
        "key": campaign.key,
        "type": campaign.type,
        "name": campaign.name,
        "id": entry.id if entry else None,
        "place": campaign.place,
        "send": state.send_kind(campaign.send),
        "time_s": campaign.send.time_s if isinstance(campaign.send, At) else None,
        "zone": campaign.send.zone if isinstance(campaign.send, At) else None,
        "people": len(campaign.audience.numbers) if isinstance(campaign.audience, Numbers) else None,
    }


def _recorded_head(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "type": entry.type,
        "name": entry.name,
        "id": entry.id,
        "place": None,
        "send": entry.send,
        "time_s": entry.time_s,
        "zone": None,
        "people": entry.recipients,
    }
