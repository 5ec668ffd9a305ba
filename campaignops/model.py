"""What a campaign is: frozen types and nothing else. It knows no file format, no PBX field name and no clock.

A `Campaign` is *desired*: what the manifests say, after Jinja, CSV files and time zones are worked out, still by name
where the author wrote a name. Everything in it is known without a PBX.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from campaignops.findings import Place

CampaignType = Literal["sms", "whatsapp"]
MediaKind = Literal["image", "video", "document"]


@dataclass(frozen=True, slots=True)
class Ref:
    """A thing on the PBX: by the name (or number) that people use, or by its id. Exactly one of the two is set."""

    name: str | None = None
    id: int | None = None

    def __str__(self) -> str:
        return self.name if self.name is not None else f"id {self.id}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Recipients by number, E.164, in the author's order, without duplicates; `file` is the CSV they came from.
    `withheld` are those whom the author named, too, and who have opted out: nothing is sent to them."""

    numbers: Sequence[str]
    file: str | None = None
    withheld: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Phonebook:
    """Recipients by phonebook: `field` is one of the nine number fields of a contact (`recipient_num_type`)."""

    phonebook: Ref
    field: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the project: `path` relative to its folder, `sha256` in hex, `size_bytes`, MIME `media_type`."""

    path: str
    sha256: str
    size_bytes: int
    media_type: str

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that only the PBX has: the File_Info it gave out (page "Upload Files for Message Campaigns")."""

    id: str
    name: str
    uri: str
    type: str
    size: int


File: TypeAlias = Asset | Uploaded


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class FileMessage:
    file: File


@dataclass(frozen=True, slots=True)
class TextHeader:
    text: str


@dataclass(frozen=True, slots=True)
class MediaHeader:
    kind: MediaKind
    file: File


@dataclass(frozen=True, slots=True)
class Template:
    """A WhatsApp template with its values. `body` is pairs (name, value) for NAMED templates, plain values for
    POSITIONAL ones; `buttons` is pairs (button label, value) for those buttons that take one."""

    template: Ref
    language: str
    header: TextHeader | MediaHeader | None = None
    body: tuple[tuple[str, str], ...] | tuple[str, ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Components:
    """A WhatsApp template with its `components` passed through: JSON text in which each `{"file": path}` stands for
    one of `files`, by path."""

    template: Ref
    language: str
    components: str
    files: tuple[Asset, ...] = ()


Message: TypeAlias = Text | FileMessage | Template | Components
Audience: TypeAlias = Numbers | Phonebook


@dataclass(frozen=True, slots=True)
class Draft:
    """Saved on the PBX, never sent by us."""


@dataclass(frozen=True, slots=True)
class Now:
    """Sent as soon as it is applied."""


@dataclass(frozen=True, slots=True)
class At:
    """Sent at `time_s` (Unix seconds); `zone` is the IANA zone, or the offset, that the author wrote."""

    time_s: int
    zone: str


Send: TypeAlias = Draft | Now | At


@dataclass(frozen=True, slots=True)
class Direct:
    """No chat session is opened (`send_mode` direct)."""


@dataclass(frozen=True, slots=True)
class AssignTo:
    """A chat session per recipient, given to an extension (by number) or a message queue (by name)."""

    kind: Literal["extension", "queue"]
    to: Ref


Session: TypeAlias = Direct | AssignTo


@dataclass(frozen=True, slots=True)
class Campaign:
    """One desired campaign. `key` is its identity in the project, `name` what the PBX calls it, `place` where its key
    stands in the manifest, `moved_from` the key it had before. `prevent_delete`: no apply deletes it from the PBX.
    With `split` it stands for several, of so many people each (`plan.parts`); `part` is the number of one of these."""

    key: str
    type: CampaignType
    name: str
    channel: Ref
    sender: Ref | None
    audience: Audience
    message: Message
    send: Send
    session: Session
    place: Place
    moved_from: str | None = None
    prevent_delete: bool = False
    split: int | None = None
    part: int | None = None

    @property
    def whole(self) -> str:
        """The key that stands in the manifest: `summer-sale` for the part `summer-sale[2]`."""
        return self.key if self.part is None else self.key.removesuffix(f"[{self.part}]")


def files_of(message: Message) -> tuple[File, ...]:
    """The files that have to be on the PBX before the message can be."""
    match message:
        case FileMessage(file) | Template(header=MediaHeader(file=file)):
            return (file,)
        case Components(files=files):
            return files
        case _:
            return ()


def has_assets(campaign: Campaign) -> bool:
    """Whether files of the project have to be brought to the PBX for it."""
    return any(isinstance(file, Asset) for file in files_of(campaign.message))
