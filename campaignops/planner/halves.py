"""Two keys: one run prepares drafts (`--draft-only`), another lets go what is prepared (`--release-only`).

A plan of one half leaves the other half as it is, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from campaignops.findings import Finding
from campaignops.model import Campaign, Draft
from campaignops.planner.changes import AnyChange, Create, Delete, Unchanged, Update, carried
from campaignops.planner.selection import Half

_PREPARE, _RELEASE = "`campaignops apply --draft-only`", "`campaignops apply --release-only`"


def only(half: Half | None, change: AnyChange) -> AnyChange:
    """What of `change` belongs to this half."""
    match half, change:
        case "draft", Update(is_release=True):
            return _left(change, "release", f"a draft, as in the manifest; it is released by {_RELEASE}")
        case "draft", (Create(campaign=campaign) | Update(campaign=campaign)) if _is_sent(campaign):
            reason = f"{change.reason}; a draft until it is released by {_RELEASE}"
            steps = tuple(step for step in change.steps if step != "release")
            return replace(change, reason=reason, steps=steps)
        case "release", Update(is_release=True):
            return change
        case "release", Create() | Update() | Delete():
            return _left(change, "draft", f"left to {_PREPARE}: {change.reason}")
        case _:
            return change


def told(change: AnyChange) -> Iterator[Finding]:
    """That something is not let go because nobody has prepared it as the manifests are now."""
    if isinstance(change, Unchanged) and change.left_to == "draft":
        yield Finding(
            "CMP506",
            "warning",
            f"`{change.key}` is {change.reason}",
            change.place,
            help="campaignops apply --draft-only, then release again",
        )


def _is_sent(campaign: Campaign) -> bool:
    return not isinstance(campaign.send, Draft)


def _left(change: Create | Update | Delete, half: Half, reason: str) -> Unchanged:
    return Unchanged(**carried(change), reason=reason, left_to=half)
