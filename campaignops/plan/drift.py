"""What somebody changed on the PBX, as far as the record can tell, in the named fields of an edit of the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignops import diff
from campaignops.diff import Field
from campaignops.plan.changes import Live
from campaignops.state import Entry, Phase


def is_edited(entry: Entry, live: Live | None, status: str) -> bool:
    """Whether the PBX has something else than the record says it was given."""
    if live and entry.id in live.edited:
        return True
    if entry.phase is Phase.UPDATING:  # the old and the new are both ours
        return False
    if entry.phase is Phase.BOUND or entry.send == "draft":
        return status != "draft"
    if status == "draft":
        return entry.phase is Phase.RELEASED  # while it is being released it may be either
    return _moved_to(entry, live) is not None


def fields(
    entry: Entry, recorded: Mapping[str, Any], desired: Mapping[str, Any], live: Live | None, status: str
) -> tuple[Field, ...]:
    """What an update changes, live -> desired. What has no simple words (a template's values, a file) is recorded ->
    desired, or one field `content`."""
    said = live.edited.get(entry.id or 0) if live else None
    on_pbx = _content(recorded, said) if said is not None else recorded
    unnamed = said is not None and on_pbx == recorded
    if recorded:
        on_pbx = {**on_pbx, "send": _send(entry, recorded.get("send"), live, status)}
    return (
        *((Field("content", "edited on the PBX", "as in the manifest"),) if unnamed else ()),
        *diff.fields(on_pbx, desired),
    )


def _content(recorded: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """`recorded` with what the PBX has instead. `said` is its comparable form (`pbx.wire.meaning`)."""
    found = dict(recorded)
    if "name" in said:
        found["name"] = said["name"]
    match recorded, said:
        case {"message": {"text": str(text)}}, {"content": content} if content != ["text", _as_given(text)]:
            found["message"] = {"text": _text(content)}
    match recorded, said:
        case {"recipients": {"numbers": int()}}, {"numbers": list(numbers)}:
            found["recipients"] = {"numbers": len(numbers)}
    return found


def _as_given(text: str) -> str:
    return text.replace("\r\n", "\n")


def _text(content: Any) -> str | None:
    match content:
        case ["text", str(text)]:
            return text
        case _:
            return None


def _send(entry: Entry, recorded: Any, live: Live | None, status: str) -> Any:
    if status == "draft":
        return "draft"
    if entry.phase is Phase.BOUND or not isinstance(recorded, dict):
        return "scheduled"
    moved = _moved_to(entry, live)
    return recorded if moved is None else {**recorded, "at": moved}


def _moved_to(entry: Entry, live: Live | None) -> int | None:
    """The time of a scheduled campaign when it is not the one that we gave it."""
    time_s = live.time_s.get(entry.id or 0) if live else None
    return None if time_s == entry.time_s else time_s
