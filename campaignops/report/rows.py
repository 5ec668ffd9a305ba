"""The labelled lines of one change: when, from whom, to how many, what, and in which steps. `plan_text` frames them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from campaignops import diff, state
from campaignops.diff import Field
from campaignops.model import Campaign
from campaignops.planner import AnyChange, Blocked, Create, Delete, History, Plan, Refresh, Unchanged, Update
from campaignops.planner.reach import Reach
from campaignops.report import content, length, reach, words
from campaignops.report.frame import WIDTH, Frame
from campaignops.report.plain import columns, folded, no_command, padded, safe
from campaignops.report.when import distance, moment

_SHOWN_ELSEWHERE = ("send", "recipients.numbers")


def rows(change: AnyChange, frame: Frame, plan: Plan) -> Iterator[str]:
    """The lines below the heading of a change of `plan`, without indentation."""
    yield frame.row("reason", safe(change.reason))
    yield from reach.refused(plan.refusals_of(change.key), frame)
    means = plan.reach.get(change.key, Reach())
    match change:
        case Create(campaign=campaign):
            yield frame.row("send", _when(change, frame))
            yield from content.who(campaign, change, frame, reach.audience(means))
            yield from reach.rows(change, means, frame)
            yield from content.what(campaign, change, frame)
            yield from _length(change, means, frame)
            yield frame.row("session", content.session(campaign))
        case Update(campaign=campaign):
            yield frame.row("send", _moved_send(change, frame))
            yield from content.who(campaign, change, frame, reach.audience(means))
            yield from reach.rows(change, means, frame)
            yield from _changed(change.fields, frame)
            if not any(field.path == "message.text" for field in change.fields):
                yield from content.what(campaign, change, frame)
            yield from _length(change, means, frame)
            yield from _unchanged(campaign, change.fields, frame)
        case Delete():
            yield frame.row("send", _when(change, frame))
            yield frame.row("audience", content.people(change.people))
        case Blocked():
            yield from _changed(change.fields, frame, besides=())
            yield frame.row("help", safe(change.help))
        case Refresh():
            yield from _changed(change.fields, frame, besides=())
        case Unchanged() | History():
            pass
        case _:
            assert_never(change)
    if change.tested:
        yield frame.row("tested", _tested(*change.tested, frame))
    if change.steps:
        yield frame.row("steps", " → ".join(map(safe, change.steps)))


def _length(change: Create | Update, means: Reach, frame: Frame) -> Iterator[str]:
    if said := length.said(change):
        yield frame.row("length", f"{said}{reach.parts(means)}")


def _tested(at_s: float, is_same: bool, frame: Frame) -> str:
    ago = distance(at_s, frame.now_s)
    return f"{ago}, as it is now" if is_same else frame.style(f"{ago}; it has been changed since", "yellow")


def when(change: AnyChange, frame: Frame) -> str:
    """When a change sends, or is sent already; of an update that moves the time, `old -> new`."""
    return _moved_send(change, frame) if isinstance(change, Update) else _when(change, frame)


def _when(change: AnyChange, frame: Frame) -> str:
    at = {"at": change.time_s, "timezone": authors_zone(change)}
    return sending(at if change.send == "at" else change.send, frame)


def sending(send: Any, frame: Frame) -> str:
    """The `send` of a manifest as a sentence."""
    match send:
        case {"at": int(time_s)}:
            zone = send.get("timezone") or frame.timezone
            away = f"   ({distance(time_s, frame.now_s)})" if frame.distances else ""
            return moment(time_s, str(zone)) + away
        case "draft":
            return "kept as a draft"
        case "now":
            return "as soon as it is applied"
        case _:
            return words.value(send)


def _moved_send(change: Update, frame: Frame) -> str:
    after = _when(change, frame)
    if not any(field.path.split(".")[0] == "send" for field in change.fields):
        return after
    moved = {field.path: field.before for field in change.fields}
    before = moved["send"] if "send" in moved else _spec(change.entry.spec).get("send")
    if isinstance(before, dict) and moved.get("send.at") is not None:
        before = {**before, "at": moved["send.at"]}  # what the PBX has, where somebody changed it there
    return f"{sending(before, frame)} -> {after}"


def authors_zone(change: AnyChange) -> str | None:
    """The zone of the manifest; of a delete, which has none any more, the zone that was recorded."""
    if change.zone is None and isinstance(change, Delete):
        send = _spec(change.entry.spec).get("send")
        return str(send["timezone"]) if isinstance(send, dict) and "timezone" in send else None
    return change.zone


def _spec(spec: str) -> dict[str, Any]:
    loaded = json.loads(spec)
    return loaded if isinstance(loaded, dict) else {}


def _changed(
    fields: tuple[Field, ...], frame: Frame, besides: tuple[str, ...] = _SHOWN_ELSEWHERE
) -> Iterator[str]:
    session = [f for f in fields if f.path.split(".")[0] == "session"]
    shown = [f for f in fields if f.path not in besides and f.path.split(".")[0] not in besides]
    shown = [f for f in shown if f not in session]
    width = max([10, *(columns(safe(f.path)) + 2 for f in shown)])
    for field in shown:
        label = padded(safe(field.path), width)
        lines = frame.bounded(list(folded(_said(field, frame), WIDTH, str)))
        first, *more = words.colored("\n".join(lines), frame.style).split("\n")
        yield f"{label}{first}"
        yield from (f"{' ' * width}{no_command(line)}".rstrip() for line in more)
    if session:
        yield f"{padded('session', width)}{_answering(session)}"


def _answering(fields: Iterable[Field]) -> str:
    """Who answered and who is going to, however many fields it takes."""
    before, after = "direct", "direct"
    for field in fields:
        before = _answerer(field.path, field.before) or before
        after = _answerer(field.path, field.after) or after
    return f"{before} -> {after}"


def _answerer(path: str, said: Any) -> str | None:
    match path.partition(".")[2], said:
        case _, None:
            return None
        case "", dict():
            ((kind, who),) = said.items()
            return _answerer(f"session.{kind}", who)
        case "", _:
            return safe(str(said))
        case kind, {"id": number}:
            return f"{kind} id {number}"
        case kind, _:
            return f"{safe(kind)} {safe(str(said))}"


def _said(field: Field, frame: Frame) -> str:
    match field:
        case Field("send", before, after):
            return f"{sending(before, frame)} -> {sending(after, frame)}"
        case Field("recipients.people", str(before)):
            return safe(before)
        case Field("send.at", int(before), int(after)):
            return f"{moment(before, frame.timezone)} -> {moment(after, frame.timezone)}"
        case _:
            return words.changed(field)


def _unchanged(campaign: Campaign, fields: tuple[Field, ...], frame: Frame) -> Iterator[str]:
    paths = [f.path for f in fields]
    leaves = [leaf.path for leaf in diff.created(state.spec(campaign))]
    count = sum(not any(_overlap(leaf, path) for path in paths) for leaf in leaves)
    if count:
        yield frame.style(f"({count:,} {'field' if count == 1 else 'fields'} unchanged)", "dim")


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
