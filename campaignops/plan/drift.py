"""What somebody changed on the PBX, as far as the record can tell: the same named fields as an edit of the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaignops.diff import Field
from campaignops.plan.changes import Live
from campaignops.state import Entry, Phase


def fields(entry: Entry, spec: Mapping[str, Any], live: Live, status: str) -> tuple[Field, ...]:
    """Live -> recorded, for what an apply would write back; empty when nothing was edited.

    A change that has no simple words (a template's values, a file) is one field `content`.
    """
    assert entry.id is not None  # what has no id cannot have been edited
    edited = _content(spec, live.edited[entry.id]) if entry.id in live.edited else ()
    return (*edited, *_sending(entry, spec["send"], live.time_s.get(entry.id), status))


def _content(spec: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[Field]:
    """`said` is the comparable form of what the PBX has (`pbx.wire.meaning`)."""
    found = [Field("name", said.get("name"), spec["name"])] if said.get("name") != spec["name"] else []
    recorded, live = spec["message"].get("text"), said.get("content")
    if recorded is not None and live != ["text", recorded]:
        text = live[1] if isinstance(live, list) and len(live) == 2 and isinstance(live[1], str) else None
        found.append(Field("message.text", text, recorded))
    count, numbers = spec["recipients"].get("numbers"), said.get("numbers")
    if count is not None and isinstance(numbers, list) and len(numbers) != count:
        found.append(Field("recipients.numbers", len(numbers), count))
    yield from found or [Field("content", "edited on the PBX", "as recorded")]


def _sending(entry: Entry, recorded: Any, time_s: int | None, status: str) -> Iterator[Field]:
    """A draft that somebody scheduled, a scheduled campaign that became a draft or got another time."""
    if (entry.phase, status) in ((Phase.BOUND, "scheduled"), (Phase.RELEASED, "draft")):
        yield Field("send", status, recorded)
    elif entry.phase is Phase.RELEASED and time_s not in (None, entry.time_s):
        yield Field("send.at", time_s, entry.time_s)
