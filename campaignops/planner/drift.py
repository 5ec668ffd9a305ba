"""What somebody changed on the PBX, as far as the record can tell, in the named fields of an edit of the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignops import audience, diff, state
from campaignops.diff import Field
from campaignops.planner.live import Edited, Live
from campaignops.state import Entry, Phase

_MOST_NAMED = 3
_IS_WANTED = "as in the manifest"


def is_edited(entry: Entry, live: Live | None, status: str) -> bool:
    """Whether the PBX has something else than the record says it was given."""
    if edited(entry, live) is not None:
        return True
    if entry.phase is Phase.UPDATING:  # the old and the new are both ours
        return False
    if entry.phase is Phase.BOUND or entry.send == "draft":
        return status != "draft"
    if status == "draft":
        return entry.phase is Phase.RELEASED  # while it is being released it may be either
    return _moved_to(entry, live) is not None


def edited(entry: Entry, live: Live | None) -> Edited | None:
    return live.edited.get(entry.id or 0) if live else None


def fields(
    entry: Entry,
    recorded: Mapping[str, Any],
    desired: Mapping[str, Any],
    live: Live | None,
    status: str,
    lineage: str,
) -> tuple[Field, ...]:
    """What an update changes, live -> desired. People who are others than ours are counted, and named by their masks;
    what no manifest can say is one field `content`."""
    said, on_pbx = edited(entry, live), on_the_pbx(entry, recorded, live, status)
    others = people(entry, said, lineage) if said else None
    unnamed = said is not None and not others and {**on_pbx, "send": None} == {**recorded, "send": None}
    return (
        *((Field("content", "edited on the PBX", _IS_WANTED),) if unnamed else ()),
        *diff.fields(on_pbx, desired),
        *((Field("recipients.people", others, _IS_WANTED),) if others else ()),
    )


def on_the_pbx(entry: Entry, recorded: Mapping[str, Any], live: Live | None, status: str) -> dict[str, Any]:
    """`recorded` with what the PBX has instead, in the words of the record where it says the same."""
    found, said = dict(recorded), edited(entry, live)
    if said is not None and said.spec is not None and recorded:
        found |= {
            name: _in_words_of(recorded.get(name), value, name, said) for name, value in said.spec.items()
        }
    if recorded:
        found["send"] = _send(entry, recorded.get("send"), live, status)
    return found


def _in_words_of(recorded: Any, said: Any, path: str, edit: Edited) -> Any:
    if recorded in edit.aliases.get(path, ()):
        return recorded
    match recorded, said:
        case str(), str() if said.replace("\r\n", "\n") == recorded.replace("\r\n", "\n"):
            return recorded
        case {"path": str(file), "size": size}, {"uploaded": _, "name": name, "size": other}:
            # Their bytes cannot be read back; a File_Info tells name and size.
            return recorded if (file.rpartition("/")[2], size) == (name, other) else said
        case {"components": _}, {"template": _}:
            return recorded  # passed through as they are, in a form of their own
        case dict(), dict() if recorded.keys() == said.keys():
            return {key: _in_words_of(recorded[key], said[key], f"{path}.{key}", edit) for key in said}
        case _:
            return said


def people(entry: Entry, edit: Edited, lineage: str) -> str | None:
    """Who is on the PBX and was not in what we gave it, masked; whom it lacks is known by digest only. None where they
    are the same."""
    if not edit.numbers or not entry.audience:
        return None
    try:
        strangers = state.strangers(entry.audience, edit.numbers, lineage)
    except ValueError:
        return None  # whoever compares people says that the record is spoilt
    missing = (entry.recipients or 0) + len(strangers) - len(edit.numbers)
    if not strangers and not missing:
        return None
    masks = ", ".join(map(audience.mask, strangers[:_MOST_NAMED]))
    more = ", …" if len(strangers) > _MOST_NAMED else ""
    said = [f"{len(strangers):,} of them not ours: {masks}{more}"] if strangers else []
    said += [f"{missing:,} of ours missing"] if missing else []
    return f"{len(edit.numbers):,} on the PBX, {'; '.join(said)}"


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
