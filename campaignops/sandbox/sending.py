"""Moves statuses with the clock: scheduled, pending, executing, completed. One campaign sends at a time.

Nothing runs in the background: whoever asks, settles first. Knows no request and no rule of the API.
"""

from __future__ import annotations

from campaignops.sandbox import campaign_rows, ledger
from campaignops.sandbox.campaign_rows import Campaign
from campaignops.sandbox.catalog import Catalog
from campaignops.sandbox.store import Row, Store

SENDING = "status IN ('executing', 'retrying') AND begins_at IS NOT NULL"
DUE = """SELECT * FROM campaigns
    WHERE (status = 'scheduled' AND queued_at <= ?)
       OR (status IN ('pending', 'retrying') AND begins_at IS NULL)
    ORDER BY queued_at, id LIMIT 1"""


def settle(store: Store, catalog: Catalog, now: float) -> None:
    """Play everything that has happened until `now` (Unix seconds), in its order."""
    with store.transaction():
        while _step(store, catalog, now):
            pass
        store.run(
            "UPDATE campaigns SET status = 'pending' WHERE status = 'scheduled' AND queued_at <= ?", now
        )


def _step(store: Store, catalog: Catalog, now: float) -> bool:
    """End or begin one campaign; False when there is nothing to do yet."""
    sending = store.row(f"SELECT * FROM campaigns WHERE {SENDING}")  # noqa: S608
    if sending is not None:
        return sending["ends_at"] <= now and _finish(store, sending)
    due = store.row(DUE, now)
    if due is None:
        return False
    free_at = store.row("SELECT max(ends_at) AS at FROM campaigns")
    assert free_at is not None
    _begin(store, catalog, campaign_rows.of(due), max(due["queued_at"], free_at["at"] or 0))
    return True


def _begin(store: Store, catalog: Catalog, campaign: Campaign, at: float) -> None:
    retrying = campaign.status == "retrying"
    numbers = ledger.failed(store, campaign.id) if retrying else recipients(store, catalog, campaign)
    channel = catalog.channels[campaign.fields["omnichannel_id"]]
    sender = catalog.number_of(channel["id"], campaign.fields["sender"]) or ""
    ledger.write(store, campaign, numbers, sender, at, catalog.failing)
    store.run(
        "UPDATE campaigns SET status = ?, begins_at = ?, ends_at = ?, total = ? WHERE id = ?",
        "retrying" if retrying else "executing", at, at + len(numbers) / channel["send_rate"],
        campaign.total if retrying else len(numbers), campaign.id,
    )  # fmt: skip


def _finish(store: Store, row: Row) -> bool:
    store.run(
        "UPDATE campaigns SET status = 'completed', failed = ? WHERE id = ?",
        len(ledger.failed(store, row["id"])), row["id"],
    )  # fmt: skip
    return True


def recipients(store: Store, catalog: Catalog, campaign: Campaign) -> list[str]:
    """The numbers of a campaign; a phonebook is read when sending begins (the documentation does not say when)."""
    fields = campaign.fields
    if fields["recipient_type"] == "input":
        return [item["number"] for item in campaign_rows.numbers(store, campaign.id)]
    if not fields.get("recipient_num_type"):
        return []
    return catalog.numbers_in(fields.get("recipient_id", 0), fields["recipient_num_type"])
