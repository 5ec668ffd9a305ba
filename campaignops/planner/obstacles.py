"""Why an unsent campaign is left as it is although it differs or is gone: it is protected, or about to be sent."""

from __future__ import annotations

from campaignops.planner.changes import Blocked, Delete, Update, carried
from campaignops.planner.live import Live
from campaignops.planner.standing import MARGIN_S
from campaignops.state import Entry, Phase


def obstacle(change: Update | Delete, live: Live | None, now_s: float) -> Blocked | None:
    """The change that stands in the place of `change`, if it must not be made (now)."""
    if _is_protected(change):
        return _blocked(change, "CMP503", *_protected(change))
    if is_imminent(change.entry, live, now_s):
        return _blocked(
            change,
            "CMP504",
            f"it is sent in less than {MARGIN_S} s, so it is too late to change or delete it safely",
            "run this again in some minutes, when it is history; if it must not go out, delete it on the PBX itself",
        )
    return None


def _is_protected(change: Update | Delete) -> bool:
    """A manifest that is there has the last word; when it is gone, the record has."""
    if isinstance(change, Update):
        return change.campaign.prevent_delete and "delete" in change.steps
    return change.entry.prevent_delete and bool(change.steps)


def _protected(change: Update | Delete) -> tuple[str, str]:
    if isinstance(change, Update):
        return (
            "delivered direct, it would be deleted and posted anew, and `prevent_delete` protects it",
            "set `prevent_delete: false`, or `pbx.delivery: staged`",
        )
    return (
        "no manifest has it any more, and `prevent_delete` protects it",
        "put its block back; to let it go, set `prevent_delete: false` there and apply before you remove it, or forget "
        f"it here and leave it on the PBX: campaignops state rm {change.key}",
    )


def is_imminent(entry: Entry, live: Live | None, now_s: float) -> bool:
    """Whether it is too near to its time to be changed safely."""
    status = live.status.get(entry.id or 0) if live else None
    if live is None or status is None:
        due_s = entry.time_s if entry.phase is Phase.RELEASED else None
    else:
        due_s = live.time_s.get(entry.id or 0) if status == "scheduled" else None
    return due_s is not None and due_s < now_s + MARGIN_S


def _blocked(change: Update | Delete, code: str, reason: str, help: str) -> Blocked:
    return Blocked(**carried(change), reason=reason, fields=change.fields, help=help, code=code)
