"""The table of product.md section 5: one campaign, desired against recorded and live, becomes one change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignops import diff, state
from campaignops.model import At, Campaign, Draft, Numbers
from campaignops.planner import drift, steps, uploads
from campaignops.planner.changes import AnyChange, Blocked, Create, Delete, History, Unchanged, Update
from campaignops.planner.live import Live
from campaignops.planner.obstacles import is_imminent, obstacle
from campaignops.planner.standing import Standing, spec_of, spoilt, standing
from campaignops.state import Entry, Phase

_SENT_HELP = "put the old text back, or copy the block under a new key (and a new name) to send again"


@dataclass(frozen=True, slots=True)
class Judge:
    """The table for one plan. `named` has the recorded entries by name."""

    live: Live | None
    lineage: str
    now_s: float
    delivery: str
    named: Mapping[str, Iterable[Entry]]

    def present(self, campaign: Campaign, entry: Entry | None, *, more: bool = False) -> AnyChange:
        """A campaign that a manifest has, with the entry of its key or of the key it was moved from. `more`: it is a
        part, and others have not begun."""
        begun = self._begun_part(campaign, entry, more=more) if campaign.part and entry else None
        change = begun or self._present(campaign, entry)
        if entry is None or entry.key == campaign.key:
            return change
        moved = replace(change, reason=f"moved from `{entry.key}`; {change.reason}")
        return replace(moved, moved_from=entry.key) if isinstance(moved, Unchanged | History) else moved

    def uncut(self, campaign: Campaign, parts: Iterable[Entry]) -> Blocked | None:
        """Why a campaign with these recorded parts can be neither cut into them nor made whole again."""
        there = [entry for entry in parts if self.standing(entry).row != "absent"]
        if campaign.split is None:
            if not there:
                return None
            reason = f"it is recorded in parts (`{there[0].key}`), whose people would get it once more"
            help = (
                "put `split` back into its recipients; or copy the block under a new key to send to everybody"
            )
        else:
            unknown = [entry for entry in there if not _knows_people(entry)]
            if not unknown:
                return None
            reason = f"nobody knows who is in `{unknown[0].key}`, so the others cannot be told from them"
            help = "take `split` out again, or copy the block under a new key and name its people there"
        return Blocked(**_head(campaign, None), reason=reason, help=help, code="CMP414")

    def has_room(self, entry: Entry) -> bool:
        """Whether more people may be put into a recorded part."""
        roomy = self.standing(entry).row in ("editable", "absent", "intent")
        return roomy and not is_imminent(entry, self.live, self.now_s)

    def gone(self, entry: Entry) -> AnyChange:
        """A recorded campaign that no manifest has any more."""
        head, stands = _recorded_head(entry), self.standing(entry)
        match stands.row:
            case "stuck" | "posted":
                return _stuck(entry, head)
            case "begun":
                return History(**head, reason=f"{stands.said}; kept as history")
            case "absent":
                return Delete(**head, reason="no manifest has it any more, and the PBX neither", entry=entry)
            case "intent" | "editable":
                deleted = Delete(**head, reason="no manifest has it any more", entry=entry, steps=("delete",))
                return obstacle(deleted, self.live, self.now_s) or deleted

    def _present(self, campaign: Campaign, entry: Entry | None) -> AnyChange:
        if entry is None:
            return self._taken(campaign) or self._create(campaign, "not recorded")
        stands = self.standing(entry)
        match stands.row:
            case "stuck":
                return _stuck(entry, _head(campaign, entry))
            case "posted" | "intent" | "absent" | "editable" if entry.halted and not _is_draft(campaign):
                return _halted(campaign, entry, _head(campaign, entry))
            case "posted" if entry.send != "draft":
                reason = "an earlier apply posted it, or was about to; it is looked for and not posted again"
                return replace(self._create(campaign, reason, entry), steps=())
            case "posted" | "intent":
                reason = "an earlier apply began it; what that made is looked for first"
                return self._create(campaign, reason, entry)
            case "absent":
                reason = f"id {entry.id} is gone from the PBX and was never sent"
                return self._taken(campaign) or replace(self._create(campaign, reason, entry), drift=True)
            case "editable":
                return self._editable(campaign, entry, stands.said)
            case "begun" if self._is_equal(campaign, entry):
                return History(**_head(campaign, entry), reason=f"{stands.said}; history")
            case "begun":
                return Blocked(
                    **_head(campaign, entry),
                    reason=f"{stands.said} and cannot be changed",
                    fields=diff.fields(spec_of(entry), state.spec(campaign)),
                    help=_SENT_HELP,
                    code="CMP501",
                )

    def _begun_part(self, campaign: Campaign, entry: Entry, *, more: bool) -> AnyChange | None:
        """A part that may have been sent keeps its people, whoever is on the list by now; None for any other."""
        stands, recorded = self.standing(entry), spec_of(entry)
        if stands.row != "begun":
            return None
        head = _head(campaign, entry) | {"name": entry.name, "people": entry.recipients}
        held = len(_people_in(entry)) - (entry.recipients or 0)
        unsure = (
            f"; {held} more may be in it, whose update got lost, and get no other part" if held > 0 else ""
        )
        said = state.spec(campaign) | {name: recorded.get(name) for name in ("name", "recipients")}
        if said == recorded:
            return History(**head, reason=f"{stands.said}; history{unsure}")
        if more:
            kept = "kept as it was, the manifest now speaks for other parts"
            return History(**head, reason=f"{stands.said}; {kept}{unsure}")
        return Blocked(
            **head,
            reason=f"{stands.said} and cannot be changed",
            fields=diff.fields(recorded, said),
            help=_SENT_HELP,
            code="CMP501",
        )

    def _taken(self, campaign: Campaign) -> Blocked | None:
        """Why a campaign cannot be made: one of its name is there, and may be this very one, sent already."""
        if ids := self.live.names.get(campaign.name) if self.live else None:
            which = ids[0] if len(ids) == 1 else "ID"
            return Blocked(
                **_head(campaign, None),
                reason=f"the PBX has a campaign named {campaign.name!r} that is not recorded "
                f"(id {', '.join(map(str, ids))})",
                help=f"take it over: campaignops import {campaign.key} {which}; or give this one another `name`",
                code="CMP215",
            )
        for entry in self.named.get(campaign.name, ()):
            if entry.halted and not _is_draft(campaign):
                return _halted(campaign, entry, _head(campaign, None))
            if self.standing(entry).may_have_sent:
                return Blocked(
                    **_head(campaign, None),
                    reason=f"`{entry.key}` is recorded with this name and may have been sent",
                    help=f"if this is its new key, add `moved: {{from: {entry.key}}}`; if it is to be sent once more, "
                    f"keep the block of `{entry.key}`, too, and give this one another `name`",
                    code="CMP501",
                )
        return None

    def _create(self, campaign: Campaign, reason: str, entry: Entry | None = None) -> Create:
        head = _head(campaign, None)
        return Create(
            **head,
            reason=reason,
            campaign=campaign,
            entry=entry,
            fields=diff.created(state.spec(campaign)),
            steps=steps.of_create(campaign, self.delivery),
            added=head["people"] or 0,
        )

    def _editable(self, campaign: Campaign, entry: Entry, status: str) -> AnyChange:
        equal = self._is_equal(campaign, entry) and state.same_people(campaign, entry, self.lineage)
        edited = drift.is_edited(entry, self.live, status)
        stale = equal and uploads.is_stale(campaign, entry, status, self.now_s, self.delivery)
        whole = equal and not edited and not stale and entry.phase is not Phase.UPDATING
        if whole and status == ("draft" if _is_draft(campaign) else "scheduled"):
            return _unchanged(campaign, entry, f"{status}, as in the manifest")
        added, removed = _people_moved(campaign, entry, self.lineage)
        update = Update(
            **_head(campaign, entry),
            reason=_why(whole=whole, equal=equal, edited=edited, stale=stale),
            campaign=campaign,
            entry=entry,
            drift=edited,
            is_release=whole,
            fields=drift.fields(entry, spec_of(entry), state.spec(campaign), self.live, status, self.lineage),
            steps=steps.of_update(campaign, self.delivery, only_release=whole),
            added=added,
            removed=removed,
        )
        return obstacle(update, self.live, self.now_s) or update

    def standing(self, entry: Entry) -> Standing:
        return standing(entry, self.live, self.now_s)

    def _is_equal(self, campaign: Campaign, entry: Entry) -> bool:
        return entry.digest == state.digest(campaign, self.lineage)


def _is_draft(campaign: Campaign) -> bool:
    return isinstance(campaign.send, Draft)


def _unchanged(campaign: Campaign, entry: Entry, reason: str) -> Unchanged:
    if campaign.prevent_delete == entry.prevent_delete:
        return Unchanged(**_head(campaign, entry), reason=reason)
    reason += (
        "; protected from deletion" if campaign.prevent_delete else "; no longer protected from deletion"
    )
    return Unchanged(**_head(campaign, entry), reason=reason, protects=campaign.prevent_delete)


def _why(*, whole: bool, equal: bool, edited: bool, stale: bool) -> str:
    if whole:
        return "recorded as a draft, not yet released"
    if edited and equal:
        return "edited on the PBX since the last apply"
    if edited:
        return "edited on the PBX since the last apply, and the manifest differs"
    if stale:
        return "the PBX may have purged its file, which is uploaded again"
    if equal:
        return "an earlier apply did not finish the update"
    return "the manifest differs from what was applied"


def _halted(campaign: Campaign, entry: Entry, head: dict[str, Any]) -> Blocked:
    whose = "" if campaign.key == entry.key else f"`{entry.key}`, which has its name, was "
    return Blocked(
        **head,
        reason=f"{whose}halted at {entry.halted}; nothing releases it until that is lifted",
        fields=diff.fields(spec_of(entry), state.spec(campaign)),
        help=f"to let it go: campaignops halt --lift {entry.key}; to keep it: write `send: draft`",
        code="CMP520",
    )


def _stuck(entry: Entry, head: dict[str, Any]) -> Blocked:
    return Blocked(
        **head,
        reason=entry.question or "a create was sent and its outcome is unknown",
        help=f"look at the campaigns on the PBX, then: campaignops resolve {entry.key} --adopt ID, or --absent",
        code="CMP706",
    )


def _knows_people(entry: Entry) -> bool:
    return entry.recipients is not None and len(_people_in(entry)) >= entry.recipients


def _people_in(entry: Entry) -> frozenset[bytes]:
    try:
        return state.people_in(entry.audience)
    except ValueError:
        raise spoilt(entry, "its `audience` is not base64") from None


def _people_moved(campaign: Campaign, entry: Entry, lineage: str) -> tuple[int, int]:
    if not isinstance(campaign.audience, Numbers):
        return 0, 0
    try:
        return state.moved_people(entry.audience, state.audience_digests(campaign.audience.numbers, lineage))
    except ValueError:
        raise spoilt(entry, "its `audience` is not base64") from None


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
