"""Campaigns as rows: their SQL, and nothing of what is allowed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from campaignops.sandbox.answers import Json
from campaignops.sandbox.personality import Personality
from campaignops.sandbox.query import Page
from campaignops.sandbox.store import Row, Store


@dataclass(frozen=True, slots=True)
class Entry:
    """How a campaign stands in the queue: its status, and since when it is due (None: not at all)."""

    status: str
    queued_at: float | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """One row. `fields` is the body of the create, with updates laid over it, without `number_list`."""

    id: int
    status: str
    fields: Json
    queued_at: float | None
    begins_at: float | None
    ends_at: float | None
    total: int
    failed: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Which campaigns a list or search may show."""

    search: str
    created_until: float
    personality: Personality

    @property
    def condition(self) -> tuple[str, list[object]]:
        visible = "created_at <= ?"
        if not self.search:
            return visible, [self.created_until]
        found = {
            "substring": "instr(lower(name), lower(?)) > 0",
            "prefix": "instr(lower(name), lower(?)) = 1",
            "exact": "lower(name) = lower(?)",
        }[self.personality.search_matches]
        return f"{visible} AND {found}", [self.created_until, self.search]


def insert(store: Store, fields: Json, entry: Entry, now: float) -> int:
    """A new campaign with its numbers; returns its id."""
    campaign_id = store.run(
        "INSERT INTO campaigns (name, status, fields, created_at, queued_at) VALUES (?, ?, ?, ?, ?)",
        fields["name"], entry.status, _dump(fields), now, entry.queued_at,
    )  # fmt: skip
    _insert_numbers(store, campaign_id, fields.get("number_list", []))
    return campaign_id


def replace(store: Store, campaign_id: int, fields: Json, entry: Entry) -> None:
    """Every field and number anew; the numbers get new ids."""
    store.run(
        "UPDATE campaigns SET name = ?, status = ?, fields = ?, queued_at = ?, begins_at = NULL, ends_at = NULL"
        " WHERE id = ?",
        fields["name"], entry.status, _dump(fields), entry.queued_at, campaign_id,
    )  # fmt: skip
    store.run("DELETE FROM numbers WHERE campaign_id = ?", campaign_id)
    _insert_numbers(store, campaign_id, fields.get("number_list", []))


def requeue(store: Store, campaign_id: int, entry: Entry) -> None:
    store.run(
        "UPDATE campaigns SET status = ?, queued_at = ?, begins_at = NULL, ends_at = NULL WHERE id = ?",
        entry.status, entry.queued_at, campaign_id,
    )  # fmt: skip


def delete(store: Store, campaign_id: int) -> None:
    store.run("DELETE FROM numbers WHERE campaign_id = ?", campaign_id)
    store.run("DELETE FROM campaigns WHERE id = ?", campaign_id)


def find(store: Store, campaign_id: int) -> Campaign | None:
    row = store.row("SELECT * FROM campaigns WHERE id = ?", campaign_id)
    return None if row is None else of(row)


def named(store: Store, name: str) -> list[int]:
    return [row["id"] for row in store.rows("SELECT id FROM campaigns WHERE name = ?", name)]


def numbers(store: Store, campaign_id: int) -> list[Json]:
    """`[{id, number}]`, as get and query show them."""
    rows = store.rows("SELECT id, number FROM numbers WHERE campaign_id = ? ORDER BY id", campaign_id)
    return [dict(row) for row in rows]


def count(store: Store) -> int:
    return store.count("SELECT count(*) FROM campaigns")


def page(store: Store, listing: Listing, page: Page) -> tuple[int, list[Campaign]]:
    """How many there are in all, and the campaigns of one page, oldest first."""
    condition, values = listing.condition
    total = store.count(f"SELECT count(*) FROM campaigns WHERE {condition}", *values)  # noqa: S608
    rows = store.rows(
        f"SELECT * FROM campaigns WHERE {condition} ORDER BY id LIMIT ? OFFSET ?",  # noqa: S608
        *values, page.size, page.offset,
    )  # fmt: skip
    return total, [of(row) for row in rows]


def of(row: Row) -> Campaign:
    return Campaign(
        id=row["id"], status=row["status"], fields=json.loads(row["fields"]), queued_at=row["queued_at"],
        begins_at=row["begins_at"], ends_at=row["ends_at"], total=row["total"], failed=row["failed"],
    )  # fmt: skip


def _insert_numbers(store: Store, campaign_id: int, items: Sequence[Json]) -> None:
    store.run_many(
        "INSERT INTO numbers (campaign_id, number) VALUES (?, ?)",
        [(campaign_id, item["number"]) for item in items],
    )


def _dump(fields: Json) -> str:
    kept = {name: value for name, value in fields.items() if name != "number_list"}
    return json.dumps(kept, ensure_ascii=False)
