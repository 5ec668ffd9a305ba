"""Which calls a change takes, in order. What a plan shows and what an apply runs are the same steps."""

from __future__ import annotations

from campaignops.model import Asset, Campaign, Components, Draft, Template, files_of


def of_create(campaign: Campaign, delivery: str) -> tuple[str, ...]:
    """Staged, a create makes a draft, which is read back before it is released; direct, it sends."""
    is_whole = isinstance(campaign.send, Draft) or delivery == "direct"
    return (*_preparation(campaign), "create", *(() if is_whole else ("release",)))


def of_update(campaign: Campaign, delivery: str, *, only_release: bool) -> tuple[str, ...]:
    """An update makes a draft, too. Delivered direct, where nothing is released, our own is deleted by id first and the
    new one posted once."""
    if isinstance(campaign.send, Draft):
        return (*_preparation(campaign), "update")
    if delivery == "direct":
        return ("delete", *_preparation(campaign), "create")
    return ("release",) if only_release else (*_preparation(campaign), "update", "release")


def _preparation(campaign: Campaign) -> tuple[str, ...]:
    uploads = tuple(f"upload {f.path}" for f in files_of(campaign.message) if isinstance(f, Asset))
    match campaign.message:
        case Template(template, language) | Components(template, language):
            return (*uploads, f"resolve template {template}/{language}")
        case _:
            return uploads
