"""How long a text is on its way: encoding and parts, in words and as fields of a document."""

from __future__ import annotations

from typing import Any

from campaignops.message import sms
from campaignops.message.sms import Sms
from campaignops.model import Campaign, Text
from campaignops.planner import AnyChange, Create, Update
from campaignops.report.plain import visible


def said(change: Create | Update) -> str | None:
    """`2 parts UCS-2, 99 of 134, because of ’ (U+2019)`, with what it was before an update; None without a text."""
    text = _text(change.campaign)
    if text is None:
        return None
    now, old = sms.measure(text), next((f.before for f in change.fields if f.path == "message.text"), None)
    words = f"{_parts(now)}, {now.units} of {now.parts * now.per_part}"
    before = _parts(sms.measure(old)) if isinstance(old, str) else _parts(now)
    if before != _parts(now):
        words = f"{before} -> {words}"
    if now.forced_by is not None:
        character = text[now.forced_by]
        words += f", because of {visible(character)} (U+{ord(character):04X})"
    return words


def fields(change: AnyChange) -> dict[str, Any]:
    """`encoding`, and `parts` a person; both None where there is no text to be cut."""
    text = _text(change.campaign) if isinstance(change, Create | Update) else None
    if text is None:
        return {"encoding": None, "parts": None}
    measured = sms.measure(text)
    return {"encoding": measured.encoding, "parts": measured.parts}


def _parts(measured: Sms) -> str:
    return f"{measured.parts:,} {'part' if measured.parts == 1 else 'parts'} {measured.encoding}"


def _text(campaign: Campaign) -> str | None:
    return campaign.message.text if isinstance(campaign.message, Text) else None
