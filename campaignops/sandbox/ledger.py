"""Every message that was "sent", one row per recipient and attempt: the oracle of tests. Knows no request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from campaignops.sandbox.answers import Json
from campaignops.sandbox.campaign_rows import Campaign
from campaignops.sandbox.store import Store

COLUMNS = "campaign_id, campaign_name, number, channel_id, sender, at, content_type, digest, summary, attempt, outcome"


def write(
    store: Store,
    campaign: Campaign,
    numbers: Sequence[str],
    sender: str,
    at: float,
    failing: Mapping[str, int],
) -> None:
    """One row for each number; its outcome is `failed` while the seed says that the number fails."""
    text = _message(campaign.fields)
    digest = hashlib.sha256(text.encode()).hexdigest()
    attempts = _attempts(store, campaign.id)
    rows = []
    for number in numbers:
        attempt = attempts.get(number, 0) + 1
        fails = failing.get(number, 0)
        outcome = "failed" if fails < 0 or attempt <= fails else "sent"
        rows.append(
            (campaign.id, campaign.fields["name"], number, campaign.fields["omnichannel_id"], sender, at,
             campaign.fields["content_type"], digest, _summary(campaign.fields), attempt, outcome)
        )  # fmt: skip
    store.run_many(f"INSERT INTO ledger ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608


def read(store: Store, campaign_id: int | None = None) -> list[Json]:
    """The rows in the order of sending, of one campaign or of all."""
    one, values = ("", ()) if campaign_id is None else ("WHERE campaign_id = ?", (campaign_id,))
    rows = store.rows(f"SELECT seq, {COLUMNS} FROM ledger {one} ORDER BY seq", *values)  # noqa: S608
    return [dict(row) for row in rows]


def failed(store: Store, campaign_id: int) -> list[str]:
    """Numbers whose last attempt failed."""
    rows = store.rows(
        "SELECT number, outcome, max(seq) FROM ledger WHERE campaign_id = ? GROUP BY number ORDER BY max(seq)",
        campaign_id,
    )
    return [row["number"] for row in rows if row["outcome"] == "failed"]


def counters(store: Store, channel_id: int) -> Json:
    """The counters of a channel list; nobody ever answers the sandbox, so nothing is received."""
    rows = store.rows(
        "SELECT outcome, count(*) AS n FROM ledger WHERE channel_id = ? GROUP BY outcome", channel_id
    )
    by_outcome = {row["outcome"]: row["n"] for row in rows}
    delivered, missed = by_outcome.get("sent", 0), by_outcome.get("failed", 0)
    return {"sent": delivered + missed, "delivered": delivered, "failed": missed, "received": 0}


def _attempts(store: Store, campaign_id: int) -> dict[str, int]:
    rows = store.rows(
        "SELECT number, max(attempt) AS n FROM ledger WHERE campaign_id = ? GROUP BY number", campaign_id
    )
    return {row["number"]: row["n"] for row in rows}


def _message(fields: Json) -> str:
    return str(fields.get("msg_param" if fields["content_type"] == "template" else "content", ""))


def _summary(fields: Json) -> str:
    """The text itself, the name of the file, or the template's name and language."""
    text = _message(fields)
    if fields["content_type"] == "text" or not text:
        return text
    about = json.loads(text)
    return (
        f"{about['name']}/{about['language']['code']}"
        if fields["content_type"] == "template"
        else about["name"]
    )
