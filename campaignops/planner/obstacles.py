"""What time and protection forbid: an unsent campaign may be left as it is although it differs or is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from campaignops.findings import Finding
from campaignops.model import At, Campaign
from campaignops.planner.changes import Blocked, Delete, Locate, Update, carried
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


def times(
    campaign: Campaign, now_s: float, locate: Locate, severity: Literal["error", "warning"]
) -> Iterator[Finding]:
    """Send times that have passed, or that are too near to be released safely."""
    if not isinstance(campaign.send, At) or campaign.send.time_s >= now_s + MARGIN_S:
        return
    where = locate(campaign, ("send", "at"))
    if campaign.send.time_s <= now_s:
        message, instead = "is in the past", "`send: draft`"
        code = "CMP407"
    else:
        message, instead = f"is less than {MARGIN_S} seconds away", "`send: now`"
        code = "CMP408"
    text = f"the send time of `{campaign.whole}` {message}"
    yield Finding(code, severity, text, where, help=f"write a later time, or {instead}")


def _blocked(change: Update | Delete, code: str, reason: str, help: str) -> Blocked:
    return Blocked(**carried(change), reason=reason, fields=change.fields, help=help, code=code)
