"""Who gets a campaign and what it says, as labelled lines of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from campaignops import audience
from campaignops.model import (
    Asset,
    AssignTo,
    Campaign,
    Components,
    File,
    FileMessage,
    MediaHeader,
    Numbers,
    Phonebook,
    Ref,
    Template,
    Text,
    TextHeader,
    Uploaded,
)
from campaignops.planner import AnyChange, Update
from campaignops.report.frame import WIDTH, Frame
from campaignops.report.plain import folded, safe, visible


def who(campaign: Campaign, change: AnyChange, frame: Frame, more: str = "") -> Iterator[str]:
    """The name on the PBX where it is not the key, the sender, and how many people; `more` is said about these."""
    if campaign.name != campaign.key:
        yield frame.row("name", safe(campaign.name))
    yield frame.row("sender", f"{_sender(campaign.sender)}   channel {safe(str(campaign.channel))}")
    before, moved = "", ""
    if isinstance(change, Update):
        counts = [
            f.before for f in change.fields if f.path == "recipients.numbers" and isinstance(f.before, int)
        ]
        before = "".join(f"{people(count)} -> " for count in counts)
        if change.added or change.removed:
            moved = f"   +{change.added:,} −{change.removed:,}"
    yield frame.row("audience", before + _audience(campaign, change.people) + moved + more)


def _sender(sender: Ref | None) -> str:
    if sender is None:
        return "the channel's only number"
    return str(sender) if sender.name is None else visible(audience.mask(sender.name))


def _audience(campaign: Campaign, count: int | None) -> str:
    match campaign.audience:
        case Numbers(file=file):
            return people(count) + (f"   from {safe(file)}" if file else "")
        case Phonebook(phonebook, field):
            counted = "the people" if count is None else people(count)
            return f"{counted} of phonebook {safe(str(phonebook))} ({safe(field)})"


def people(count: int | None) -> str:
    """`842 people`; None is not known."""
    return "not known" if count is None else "1 person" if count == 1 else f"{count:,} people"


def session(campaign: Campaign) -> str:
    """Who answers when people reply."""
    to = campaign.session
    return safe(f"{to.kind} {to.to}") if isinstance(to, AssignTo) else "direct"


def what(campaign: Campaign, change: AnyChange, frame: Frame) -> Iterator[str]:
    """The message: the rendered preview where there is one, else the values from which it will be rendered."""
    match campaign.message:
        case Text(text):
            yield from _text("text", text, frame)
        case FileMessage(file):
            yield frame.row("file", _file(file))
        case Template() as message:
            yield frame.row("template", safe(f"{message.template}/{message.language}"))
            if isinstance(message.header, MediaHeader):
                yield frame.row("header", f"{message.header.kind} {_file(message.header.file)}")
            yield from _text("", str(change.preview or _values(message)), frame)
        case Components() as message:
            yield frame.row("template", safe(f"{message.template}/{message.language}"))
            yield from _text("", message.components, frame)
        case _:
            assert_never(campaign.message)


def _file(file: File) -> str:
    match file:
        case Asset():
            return f"{safe(file.path)}   ({file.size_bytes:,} bytes)"
        case Uploaded():
            return f"{safe(file.name)}   ({file.size:,} bytes, on the PBX already)"


def _values(message: Template) -> str:
    said = [f"header: {message.header.text}"] if isinstance(message.header, TextHeader) else []
    for index, value in enumerate(message.body, start=1):
        name, said_value = value if isinstance(value, tuple) else (f"{{{{{index}}}}}", value)
        said.append(f"{name}: {said_value}")
    return "\n".join([*said, *(f"button {label}: {value}" for label, value in message.buttons)])


def _text(label: str, text: str, frame: Frame) -> Iterator[str]:
    """A text, each line behind a bar, the first behind the label."""
    if not text:
        return
    for line in frame.bounded(list(folded(text, WIDTH))):
        yield frame.row(label, f"{frame.style('│', 'dim')} {line}".rstrip())
        label = ""
