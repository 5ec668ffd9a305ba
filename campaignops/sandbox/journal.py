"""Every request that arrived, in order, for tests to look at; secrets are blanked. Knows no rule."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from campaignops.sandbox.answers import Json
from campaignops.sandbox.pbx import Call
from campaignops.sandbox.store import Store

SECRET = ("access_token", "refresh_token", "password")


def arrived(store: Store, at: float, method: str, endpoint: str, call: Call) -> int:
    """Note a request before anything is done for it; returns its place."""
    entry = {
        "at": at,
        "method": method,
        "endpoint": endpoint,
        "query": _blanked(dict(call.query)),
        "body": _blanked(call.body) if call.body else None,
        "files": [{name: asdict(part)[name] for name in ("name", "type", "size")} for part in call.files],
    }
    return store.run("INSERT INTO requests (entry) VALUES (?)", json.dumps(entry))


def answered(store: Store, seq: int, status: int | None, errcode: int | None) -> None:
    """Note what the PBX answered, unless it has been reset meanwhile; a status of None: the client got no answer."""
    said = "INSERT OR REPLACE INTO answers SELECT seq, ?, ? FROM requests WHERE seq = ?"
    store.run(said, status, errcode, seq)


def read(store: Store, after: int = 0) -> list[Json]:
    """All of them, or those that arrived after the one with that `seq`."""
    rows = store.rows(
        "SELECT * FROM requests LEFT JOIN answers USING (seq) WHERE seq > ? ORDER BY seq", after
    )
    return [
        {**{name: row[name] for name in ("seq", "status", "errcode")}, **json.loads(row["entry"])}
        for row in rows
    ]


def _blanked(values: dict[str, Any]) -> dict[str, Any]:
    return {name: "***" if name in SECRET else value for name, value in values.items()}
