"""Where a recorded campaign stands, by the PBX, the record and the clock: the rows of the table that `judge` holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from campaignops.errors import StateError
from campaignops.planner.live import Live
from campaignops.state import BEGUN, Entry, Phase

_EDITABLE = ("draft", "scheduled")
MARGIN_S = 60  # this near to its time nothing is done safely: the clocks of two machines differ

Row: TypeAlias = Literal["stuck", "posted", "intent", "absent", "editable", "begun"]


@dataclass(frozen=True, slots=True)
class Standing:
    """`said` is the status of what is editable, and of what has begun the sentence that says why we think so.

    stuck     only a person can tell              posted  a create that may send was on its way; no id yet
    intent    a draft may have been made          absent  the PBX has it no more, and nobody was texted
    editable  a draft, or waiting for its time    begun   somebody may have been texted
    """

    row: Row
    said: str = ""

    @property
    def may_have_sent(self) -> bool:
        return self.row in ("stuck", "posted", "begun")


def standing(entry: Entry, live: Live | None, now_s: float) -> Standing:
    """Where `entry` stands. When in doubt it has begun: what has begun is never sent again. Raises StateError."""
    if entry.phase is Phase.STUCK:
        return Standing("stuck")
    if entry.phase is Phase.INTENT:
        return Standing("posted" if entry.delivery == "direct" else "intent")
    if entry.id is None:
        raise spoilt(entry, f"it is {entry.phase} and has no id")
    status = live.status.get(entry.id) if live else None
    for word in (status, entry.status):  # whatever the PBX says now, what once began has begun
        if word in BEGUN:
            return Standing("begun", f"has begun to send ({word})")
    if live is None or entry.id in live.unlisted:
        return _recorded(entry, now_s)
    if status is None:
        return _in_doubt("gone from the PBX") if _may_have_been_sent(entry, now_s) else Standing("absent")
    if status not in _EDITABLE:
        return _in_doubt(f"status {status}")
    if entry.phase is Phase.RELEASED and entry.send == "now":
        return _in_doubt("released to be sent at once")
    return Standing("editable", status)


def spec_of(entry: Entry) -> dict[str, Any]:
    """The recorded fields, in the shape of the manifest. Raises StateError."""
    try:
        spec = json.loads(entry.spec)
    except (ValueError, RecursionError):
        spec = None
    if not isinstance(spec, dict):
        raise spoilt(entry, "its `spec` is not a JSON object")
    return spec


def spoilt(entry: Entry, why: str) -> StateError:
    """A record that is not to be trusted."""
    way_out = "Restore the state from git or a backup. Nothing was sent"
    return StateError(f"the state's record of `{entry.key}` is spoilt: {why}. {way_out}", code="CMP701")


def _in_doubt(why: str) -> Standing:
    return Standing("begun", f"may have been sent ({why})")


def _recorded(entry: Entry, now_s: float) -> Standing:
    """By the record alone. What is not known to be released counts as a draft: then a plan shows what is left to do."""
    if entry.may_have_sent(now_s):
        return _in_doubt("by the record")
    waits = entry.phase is Phase.RELEASED and entry.send == "at"
    return Standing("editable", "scheduled" if waits else "draft")


def _may_have_been_sent(entry: Entry, now_s: float) -> bool:
    """Of a campaign that the PBX no longer has: whether it may have been sent before somebody deleted it."""
    if entry.phase is Phase.UPDATING:
        return entry.status != "draft"  # if the update never arrived, it stayed scheduled as it was
    if entry.phase is Phase.RELEASED and entry.time_s is None:
        return True  # at once, or scheduled by somebody else for a time that we do not know
    return entry.may_have_sent(now_s + MARGIN_S)
