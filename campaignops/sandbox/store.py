"""The SQLite file behind the pretend PBX: schema, transactions and small settings. Knows no rule of the API."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = sqlite3.Row

# Ids begin away from zero, and apart from each other, so that a client that mixes them up meets an error.
FIRST_IDS = {"campaigns": 249, "numbers": 9001}

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS campaigns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    fields TEXT NOT NULL,
    created_at REAL NOT NULL,
    queued_at REAL,
    begins_at REAL,
    ends_at REAL,
    total INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS campaigns_name ON campaigns (name);
CREATE INDEX IF NOT EXISTS campaigns_status ON campaigns (status);
CREATE INDEX IF NOT EXISTS campaigns_ends_at ON campaigns (ends_at);
CREATE TABLE IF NOT EXISTS numbers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, campaign_id INTEGER NOT NULL, number TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS numbers_campaign ON numbers (campaign_id);
CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign_id INTEGER NOT NULL,
    campaign_name TEXT NOT NULL,
    number TEXT NOT NULL,
    channel_id INTEGER NOT NULL,
    sender TEXT NOT NULL,
    at REAL NOT NULL,
    content_type TEXT NOT NULL,
    digest TEXT NOT NULL,
    summary TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ledger_campaign ON ledger (campaign_id, number);
CREATE INDEX IF NOT EXISTS ledger_channel ON ledger (channel_id, outcome);
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, uri TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL,
    sha256 TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS requests (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (seq INTEGER PRIMARY KEY, status INTEGER, errcode INTEGER);
"""
TABLES = ("meta", "campaigns", "numbers", "ledger", "uploads", "requests", "answers", "sqlite_sequence")


class Store:
    """One SQLite database; `None` keeps it in memory. Callers serialise access (see pbx.Pbx.lock)."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=10
        )
        self._db.row_factory = sqlite3.Row
        try:
            # A killed process loses nothing with these two, a power cut might: enough for a pretend PBX, and fast.
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute("PRAGMA journal_mode = TRUNCATE")
            self._db.executescript(SCHEMA)
            if not self.rows("SELECT 1 FROM sqlite_sequence"):
                self._number_from()
        except sqlite3.Error:
            self._db.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction within a transaction joins it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        found: Row | None = self._db.execute(sql, values).fetchone()
        return found

    def count(self, sql: str, *values: Any) -> int:
        return int(self._db.execute(sql, values).fetchone()[0])

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement and return the id of the row it inserted."""
        return int(self._db.execute(sql, values).lastrowid or 0)

    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        self._db.executemany(sql, values)

    def meta(self, name: str, default: Any) -> Any:
        found = self.row("SELECT value FROM meta WHERE name = ?", name)
        return default if found is None else json.loads(found["value"])

    def set_meta(self, name: str, value: Any) -> None:
        self.run("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, json.dumps(value))

    def wipe(self) -> None:
        """Forget everything, the ids given out included."""
        with self.transaction():
            for table in TABLES:
                self.run(f"DELETE FROM {table}")  # noqa: S608 (a constant)
            self._number_from()

    def close(self) -> None:
        self._db.close()

    def _number_from(self) -> None:
        self.run_many(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
            [(table, first - 1) for table, first in FIRST_IDS.items()],
        )
