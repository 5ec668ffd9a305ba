"""`--refresh-only`: the record takes what the PBX has, and the PBX stays as it is.

What was accepted is no drift any more. Where the manifest says something else, the next plan shows that as any edit of
a manifest: it is the author's turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from campaignops import diff, state
from campaignops.diff import Field
from campaignops.model import Campaign, Numbers
from campaignops.planner import drift
from campaignops.planner.changes import AnyChange, History, Refresh, Unchanged
from campaignops.planner.live import Edited, Live
from campaignops.planner.standing import spec_of, standing
from campaignops.state import Entry, Phase


def changes(
    entries: Iterable[Entry], wanted: Mapping[str, Campaign], live: Live, now_s: float, lineage: str
) -> Iterator[AnyChange]:
    """One change for each recorded campaign; `wanted` are the desired ones by key."""
    for entry in entries:
        campaign = wanted.get(entry.key)
        head = _head(entry, campaign)
        stands = standing(entry, live, now_s)
        if stands.row == "begun":
            yield History(**head, reason=f"{stands.said}; history")
        elif stands.row == "absent":
            reason = f"id {entry.id} is gone from the PBX and was never sent; its record goes, too"
            yield Refresh(**head, reason=reason, entry=entry, after=None)
        elif (
            stands.row == "editable"
            and entry.phase in (Phase.BOUND, Phase.RELEASED)
            and drift.is_edited(entry, live, stands.said)
        ):
            yield _accepted(entry, campaign, head, live, stands.said, lineage)
        else:
            yield Unchanged(**head, reason="as recorded")


def _accepted(
    entry: Entry, campaign: Campaign | None, head: dict[str, Any], live: Live, status: str, lineage: str
) -> Refresh:
    recorded, edit = spec_of(entry), drift.edited(entry, live)
    now = _now(entry, recorded, live, status)
    audience = state.audience_digests(edit.numbers, lineage) if edit and edit.spec else entry.audience
    is_draft, people = status == "draft", len(edit.numbers) if edit and edit.numbers else entry.recipients
    after = replace(
        entry,
        name=str(now.get("name", entry.name)),
        phase=Phase.BOUND if is_draft else Phase.RELEASED,
        digest=state.fingerprint({"spec": now, "audience": audience, "edited": bool(edit)}, lineage),
        fingerprint=edit.fingerprint if edit else entry.fingerprint,
        send="draft" if is_draft else "at",
        time_s=None if is_draft else _time_s(entry, live),
        recipients=people,
        revision=entry.revision + 1,
        status=status,
        audience=audience,
        spec=json.dumps(now, ensure_ascii=False),
    )
    if campaign is not None and _says_so(campaign, after, entry, live, status, lineage):
        after = replace(after, digest=state.digest(campaign, lineage), spec=json.dumps(state.spec(campaign)))
    fields = (*diff.fields(recorded, now), *_strangers(entry, edit, lineage))
    unnamed = () if fields else (Field("content", "as recorded", "edited on the PBX"),)
    reason = "edited on the PBX since the last apply; recorded as it is there"
    return Refresh(**head, reason=reason, entry=entry, after=after, fields=fields or unnamed)


def _now(entry: Entry, words: Mapping[str, Any], live: Live, status: str) -> dict[str, Any]:
    """What the PBX has, in these words where they say the same."""
    send = words.get("send")
    zone = send["timezone"] if isinstance(send, dict) and "timezone" in send else "UTC"
    at = {"at": _time_s(entry, live), "timezone": zone}
    return {**drift.on_the_pbx(entry, words, live, status), "send": "draft" if status == "draft" else at}


def _says_so(campaign: Campaign, after: Entry, entry: Entry, live: Live, status: str, lineage: str) -> bool:
    """Whether the manifest says by now what the PBX has."""
    edit, wanted = drift.edited(entry, live), state.spec(campaign)
    if edit is not None and edit.spec is None:
        return False
    words = wanted if edit is not None else spec_of(entry)
    return wanted == _now(entry, words, live, status) and after.audience == _audience(campaign, lineage)


def _audience(campaign: Campaign, lineage: str) -> str:
    numbers = campaign.audience.numbers if isinstance(campaign.audience, Numbers) else ()
    return state.audience_digests(numbers, lineage)


def _strangers(entry: Entry, edit: Edited | None, lineage: str) -> tuple[Field, ...]:
    found = drift.people(entry, edit, lineage) if edit else None
    return (Field("recipients.people", "as recorded", found),) if found else ()


def _time_s(entry: Entry, live: Live) -> int | None:
    return live.time_s.get(entry.id or 0) or entry.time_s


def _head(entry: Entry, campaign: Campaign | None) -> dict[str, Any]:
    return {
        "key": entry.key,
        "type": entry.type,
        "name": entry.name,
        "id": entry.id,
        "place": campaign.place if campaign else None,
        "send": entry.send,
        "time_s": entry.time_s,
        "zone": None,
        "people": entry.recipients,
    }
