"""Files do not last: the PBX purges its uploads from time to time (its pages on channels speak of 72 hours), also those
of campaigns that still wait. So a file is uploaded again before that can matter."""

from __future__ import annotations

from collections.abc import Iterator

from campaignops.findings import Finding
from campaignops.model import At, Campaign, Draft, has_assets
from campaignops.planner.changes import Create, Locate, Update
from campaignops.state import Entry

KEPT_S = 72 * 3600
_LAST_S = 300  # this near to its time an upload does more harm than good


def is_stale(campaign: Campaign, entry: Entry, status: str, now_s: float, delivery: str) -> bool:
    """Whether the file may be gone when it is needed, and a fresh upload would not be."""
    if entry.uploaded_s is None or isinstance(campaign.send, Draft) or not has_assets(campaign):
        return False
    kept_until_s = entry.uploaded_s + KEPT_S
    due_s = campaign.send.time_s if isinstance(campaign.send, At) else now_s
    in_reach = kept_until_s < due_s <= now_s + KEPT_S and due_s - now_s > _LAST_S
    if status == "draft":
        return in_reach or kept_until_s < now_s
    return in_reach and delivery == "staged"  # direct, it would be deleted and posted anew


def told(change: Create | Update, now_s: float, locate: Locate) -> Iterator[Finding]:
    """That a file is uploaded long before it is sent."""
    campaign = change.campaign
    uploads = any(step.startswith("upload ") for step in change.steps)
    if uploads and isinstance(campaign.send, At) and campaign.send.time_s > now_s + KEPT_S:
        text = f"`{campaign.key}` is sent more than 72 hours after its file is uploaded; the PBX may have purged it"
        place = locate(campaign, ("message",))
        help = "run campaignops apply once more in the last 72 hours: it uploads the file again"
        yield Finding("CMP507", "warning", text, place, help=help)
