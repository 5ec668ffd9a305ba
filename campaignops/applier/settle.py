"""What a person decides: settling a create whose outcome is unknown, and recording again what a lost state knew.

Nothing here sends, and nothing is decided by default. A decision that the PBX contradicts is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from campaignops.applier.create import may_send
from campaignops.applier.ports import Pbx, Row
from campaignops.applier.record import Record
from campaignops.applier.search import Found, search
from campaignops.errors import RefusedError
from campaignops.model import Campaign
from campaignops.state import Entry, Phase


def candidates(record: Record, pbx: Pbx, entry: Entry) -> Found:
    """The campaigns of the entry's name that no entry is bound to."""
    return search(pbx, entry, record.lineage, _taken(record))


def late_s(record: Record, entry: Entry) -> float:
    """For how many seconds more a lost create that sends may still arrive. Who says before that it is absent may be
    wrong, and then the next create texts people twice."""
    return record.silent_s(entry) if may_send(entry) else 0.0


def adopt(record: Record, pbx: Pbx, entry: Entry, campaign_id: int) -> Entry:
    """Bind an open entry to the campaign that a person says is its own. Raises RefusedError when it cannot be."""
    row = next((row for row in pbx.listed() if row.id == campaign_id), None)
    if row is None:
        raise RefusedError(
            f"the PBX lists no campaign with id {campaign_id}; nothing was changed", code="no_such_id"
        )
    if campaign_id in _taken(record):
        raise RefusedError(
            f"id {campaign_id} is recorded for another campaign; nothing was changed", code="bound"
        )
    if row.name != entry.name:
        text = f"id {campaign_id} is named {row.name!r}, and `{entry.key}` is {entry.name!r}; nothing was changed"
        raise RefusedError(text, code="other_name")
    return record.put(entry, **_bound(row), question=None)


def absent(record: Record, pbx: Pbx, entry: Entry) -> None:
    """Forget an open entry of which a person says that nothing was made. Raises RefusedError when the PBX has it."""
    found = candidates(record, pbx, entry)
    if found.begun or found.drafts:
        row = (*found.begun, *found.drafts)[0]
        raise RefusedError(
            f"the PBX has it: {found}. To record it: campaignops resolve {entry.key} --adopt {row.id}",
            code="present",
        )
    record.drop(entry.key)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a lost state may have known of one campaign. `entry` is to be recorded; without one, `reason` says why."""

    key: str
    verdict: Literal["found", "absent", "unclear"]
    reason: str
    entry: Entry | None = None


def recover(record: Record, pbx: Pbx, campaigns: Iterable[Campaign]) -> Iterator[Recovery]:
    """Compare each campaign that is not recorded with what the PBX has under its name. Reads only."""
    for campaign in campaigns:
        if campaign.key not in record.entries:
            fresh = record.fresh(campaign, pbx.meaning(pbx.shown(campaign)), pbx.people(campaign))
            yield _recovery(fresh, candidates(record, pbx, fresh))


def _recovery(fresh: Entry, found: Found) -> Recovery:
    equal = (*found.begun, *found.drafts)
    if len(equal) == 1:
        row = equal[0]
        entry = replace(fresh, **_bound(row), uploaded_s=None)
        return Recovery(fresh.key, "found", f"id {row.id} is {row.status} and reads the same", entry)
    if equal:
        return Recovery(fresh.key, "unclear", f"several read the same: {found}")
    if found.unlike:
        return Recovery(fresh.key, "unclear", f"of this name, but it reads differently: {found}")
    return Recovery(fresh.key, "absent", "the PBX has no campaign of this name")


def _bound(row: Row) -> dict[str, Any]:
    """What an entry says of the campaign it is bound to: what has left `draft` has been released by somebody."""
    phase = Phase.BOUND if row.status == "draft" else Phase.RELEASED
    return {"phase": phase, "id": row.id, "status": row.status}


def _taken(record: Record) -> set[int]:
    return {entry.id for entry in record.entries.values() if entry.id is not None}
