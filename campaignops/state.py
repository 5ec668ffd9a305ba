"""What we applied, as a value: one entry a campaign, its phase, and the only legal steps from phase to phase.

It knows neither where the state lives (`store`) nor the PBX. An entry holds no phone number: recipients are a count and
digests keyed with the state's lineage, so that two states cannot be joined on them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Literal

from campaignops.errors import StateError
from campaignops.model import (
    AssignTo,
    At,
    Audience,
    Campaign,
    Components,
    Draft,
    File,
    FileMessage,
    MediaHeader,
    Message,
    Now,
    Numbers,
    Phonebook,
    Ref,
    Send,
    Session,
    Template,
    Text,
    TextHeader,
    Uploaded,
)

FORMAT_VERSION = 1
_TEST = "[test] "
_DIGEST_BYTES = 8  # per recipient: 64 bits, so that a clash among 1,000 people has a chance of 3e-14


class Phase(StrEnum):
    """How far a campaign got. Whatever comes next on the PBX, its phase is on disk before it."""

    INTENT = "intent"  # a create may be under way or its answer lost; no id yet
    BOUND = "bound"  # the id is known; the PBX holds a draft
    UPDATING = "updating"  # the id is being given new content
    RELEASING = "releasing"  # the id is being released; the answer may be lost
    RELEASED = "released"  # the PBX has accepted the release
    STUCK = "stuck"  # only a person can tell; `question` says what


# To None means: the entry goes. Updating starts a new revision; so does making anew what is gone from the PBX, to an
# intent. So the pair (revision, phase) only ever grows.
_NEXT: Mapping[Phase | None, frozenset[Phase | None]] = {
    None: frozenset({Phase.INTENT, Phase.BOUND, Phase.RELEASED}),
    Phase.INTENT: frozenset({Phase.INTENT, Phase.BOUND, Phase.RELEASED, Phase.STUCK, None}),
    Phase.BOUND: frozenset(
        {Phase.BOUND, Phase.UPDATING, Phase.RELEASING, Phase.RELEASED, Phase.INTENT, None}
    ),
    Phase.UPDATING: frozenset({Phase.UPDATING, Phase.BOUND, Phase.RELEASED, Phase.INTENT, None}),
    Phase.RELEASING: frozenset(
        {Phase.RELEASING, Phase.BOUND, Phase.RELEASED, Phase.STUCK, Phase.INTENT, None}
    ),
    Phase.RELEASED: frozenset({Phase.RELEASED, Phase.UPDATING, Phase.BOUND, Phase.INTENT, None}),
    Phase.STUCK: frozenset({Phase.BOUND, Phase.RELEASED, None}),
}

SendKind = Literal["draft", "now", "at"]

# The PBX's statuses of a campaign that has begun to send (page "Query Message Campaign List").
BEGUN = frozenset({"pending", "executing", "completed", "stop", "retrying"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded campaign.

    `digest` is of the desired campaign, `fingerprint` of what the PBX was given; both are keyed. `audience` holds the
    recipients' digests as one base64 text; while it is being updated, those of everybody who may be among them. `spec`
    is JSON text of the desired fields, as a diff shows them. `status` is the last live status an apply saw, `at` the
    time of the last step (ISO 8601, UTC), `run` the run that made it.
    `lost` are the fingerprints, with a space between them, of what creates with a lost answer may have made. Until
    `late_until_s` (Unix seconds) a lost release may arrive, though a later one was heard of, or a lost retry.
    `halted` is when somebody stopped it (ISO 8601, UTC): until that is lifted, nothing releases it.
    `released_s` (Unix seconds) is when it was let go, as far as an apply knows.
    `uploaded_s` (Unix seconds) is when its files were brought to the PBX, if it has any of the project's.
    `prevent_delete` is the manifest's, kept here because it also guards when the manifest is gone.
    """

    key: str
    name: str
    type: str
    phase: Phase
    id: int | None
    digest: str
    fingerprint: str
    send: SendKind
    time_s: int | None
    recipients: int | None
    revision: int = 1
    delivery: str = "staged"
    status: str | None = None
    at: str = ""
    run: str = ""
    lost: str = ""
    late_until_s: int | None = None
    released_s: int | None = None
    uploaded_s: int | None = None
    prevent_delete: bool = False
    question: str | None = None
    halted: str | None = None
    audience: str = ""
    allowed: str = ""
    template: str = ""
    spec: str = "{}"

    @property
    def is_open(self) -> bool:
        """An earlier apply did not finish this campaign."""
        return self.phase in (Phase.INTENT, Phase.UPDATING, Phase.RELEASING, Phase.STUCK) or (
            self.phase is Phase.BOUND and self.send != "draft"
        )

    def may_have_sent(self, now_s: float) -> bool:
        """Whether anybody may have got the message, as far as the record alone can tell."""
        if self.status in BEGUN:
            return True
        if self.phase not in (Phase.RELEASED, Phase.RELEASING):
            return False
        return self.send == "now" or (self.time_s is not None and self.time_s <= now_s)


@dataclass(frozen=True, slots=True)
class Pbx:
    """The PBX a state belongs to: `serial_number` as `system/information` gives it, if it does, and its URL."""

    serial_number: str | None
    url: str


@dataclass(frozen=True, slots=True)
class State:
    """The whole record. `serial` grows by one with each write, `lineage` never changes; `plan` is the digest of the
    saved plan that was applied last."""

    lineage: str
    serial: int = 0
    pbx: Pbx | None = None
    campaigns: Mapping[str, Entry] = field(default_factory=dict)
    plan: str | None = None


def check_step(before: Entry | None, after: Entry | None) -> None:
    """Refuse a step that no protocol takes; an id, once written, never changes. What it belonged to may be made anew,
    as a new revision without one. Raises StateError."""
    old, new = before.phase if before else None, after.phase if after else None
    if new not in _NEXT[old]:
        raise StateError(f"the record of a campaign cannot go from {old or 'nothing'} to {new or 'nothing'}")
    if before is None or after is None:
        return
    is_anew = before.id is not None and after.phase is Phase.INTENT
    if before.id is not None and after.id != (None if is_anew else before.id):
        raise StateError(
            f"campaign {before.key} is bound to id {before.id} and cannot be bound to {after.id}"
        )
    if after.revision < before.revision + is_anew:
        raise StateError(f"the record of campaign {before.key} cannot go back to revision {after.revision}")


def digest(campaign: Campaign, lineage: str) -> str:
    """The keyed digest of everything a campaign says, recipients included, also those who have opted out since: whoever
    does so when it was sent has not edited it. Equal digests and `same_people` mean: nothing to do."""
    hashed, said = blake2b(key=_key(lineage), digest_size=16), spec(campaign)
    named: Sequence[str] = ()
    if isinstance(campaign.audience, Numbers):
        named = sorted((*campaign.audience.numbers, *campaign.audience.withheld))
        said["recipients"] = {"numbers": len(named)}
    hashed.update(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())
    hashed.update("\n".join(named).encode())
    return hashed.hexdigest()


def same_people(campaign: Campaign, entry: Entry, lineage: str) -> bool:
    """Whether a campaign with the digest of `entry` goes to whom the entry went: nobody has opted out, or in, since."""
    audience = campaign.audience
    if not isinstance(audience, Numbers):
        return True
    if not audience.withheld and entry.recipients in (None, len(audience.numbers)):
        return True
    return entry.audience == audience_digests(audience.numbers, lineage)


def fingerprint(meaning: Mapping[str, Any], lineage: str) -> str:
    """The keyed digest of what the PBX was given, or of what it says it has; the caller brings both into one form."""
    said = json.dumps(meaning, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return blake2b(said.encode(), key=_key(lineage), digest_size=16).hexdigest()


def audience_digests(numbers: Iterable[str], lineage: str) -> str:
    """One keyed digest a number, sorted and joined: enough to count who came and who left, not to tell who it is."""
    return _joined(person_digests(numbers, lineage))


def person_digests(numbers: Iterable[str], lineage: str) -> Iterator[bytes]:
    """The keyed digest of each number, in the order of the numbers."""
    keyed = blake2b(key=_key(lineage), digest_size=_DIGEST_BYTES)
    for number in numbers:
        person = keyed.copy()
        person.update(number.encode())
        yield person.digest()


def people_in(audience: str) -> frozenset[bytes]:
    """The digests that `audience_digests` has joined. Raises ValueError."""
    raw = base64.b64decode(audience)
    return frozenset(raw[i : i + _DIGEST_BYTES] for i in range(0, len(raw), _DIGEST_BYTES))


def either(audience: str, other: str) -> str:
    """The audience of those who are in one of two."""
    return _joined(people_in(audience) | people_in(other))


def moved_people(recorded: str, desired: str) -> tuple[int, int]:
    """How many people came and how many left between two `audience_digests`."""
    before, after = people_in(recorded), people_in(desired)
    return len(after - before), len(before - after)


def strangers(recorded: str, numbers: Iterable[str], lineage: str) -> tuple[str, ...]:
    """Those of `numbers` that are not among the recorded `audience_digests`, in their order."""
    known, listed = people_in(recorded), tuple(numbers)
    digests = person_digests(listed, lineage)
    return tuple(n for n, digest in zip(listed, digests, strict=True) if digest not in known)


def spec(campaign: Campaign) -> dict[str, Any]:
    """What the campaign says, as plain data in the shape of the manifest: the fields that a diff compares and shows."""
    return {
        "type": campaign.type,
        "name": campaign.name,
        "channel": _ref(campaign.channel),
        "sender": None if campaign.sender is None else _ref(campaign.sender),
        "recipients": _audience(campaign.audience),
        "message": _message(campaign.message),
        "send": _send(campaign.send),
        "session": _session(campaign.session),
    }


def test_key(key: str) -> str:
    """The key under which the test send of a campaign is recorded. No manifest has it: none begins with a bracket."""
    return f"{_TEST}{key}"


def is_test(key: str) -> bool:
    return key.startswith(_TEST)


def tested(recorded: Mapping[str, Entry], campaign: Campaign) -> tuple[float, bool] | None:
    """When the last test send of a campaign was let go (Unix seconds), and whether the campaign says the same now."""
    entry = recorded.get(test_key(campaign.whole))
    if entry is None or entry.phase is not Phase.RELEASED or entry.time_s is None:
        return None
    was, now = json.loads(entry.spec), spec(campaign)
    return entry.time_s, all(was.get(part) == now[part] for part in ("type", "channel", "sender", "message"))


def tested_at_s(recorded: Mapping[str, Entry], campaign: Campaign) -> float | None:
    """When exactly what this campaign says was sent as a test (Unix seconds); None when it never was."""
    last = tested(recorded, campaign)
    return last[0] if last and last[1] else None


def send_kind(send: Send) -> SendKind:
    match send:
        case Draft():
            return "draft"
        case Now():
            return "now"
        case At():
            return "at"


def _key(lineage: str) -> bytes:
    return lineage.encode()[:64]


def _joined(people: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(sorted(people))).decode()


def _audience(audience: Audience) -> dict[str, Any]:
    match audience:
        case Numbers(numbers):
            return {"numbers": len(numbers)}
        case Phonebook(phonebook, field_name):
            return {"phonebook": _ref(phonebook), "field": field_name}


def _message(message: Message) -> dict[str, Any]:
    match message:
        case Text(text):
            return {"text": text}
        case FileMessage(file):
            return {"file": _file(file)}
        case Template(template, language, header, body, buttons):
            return {
                "template": _ref(template),
                "language": language,
                "header": _header(header),
                "body": dict(sorted(body)) if body and isinstance(body[0], tuple) else list(body),
                "buttons": dict(sorted(buttons)),
            }
        case Components(template, language, components, files):
            return {
                "template": _ref(template),
                "language": language,
                "components": json.loads(components),
                "files": [_file(file) for file in files],
            }


def _header(header: TextHeader | MediaHeader | None) -> dict[str, Any] | None:
    match header:
        case None:
            return None
        case TextHeader(text):
            return {"text": text}
        case MediaHeader(kind, file):
            return {kind: _file(file)}


def _file(file: File) -> dict[str, Any]:
    if isinstance(file, Uploaded):
        return {"uploaded": file.id, "name": file.name, "size": file.size}
    return {"path": file.path, "sha256": file.sha256, "size": file.size_bytes}


def _send(send: Send) -> str | dict[str, Any]:
    return {"at": send.time_s, "timezone": send.zone} if isinstance(send, At) else send_kind(send)


def _session(session: Session) -> str | dict[str, Any]:
    return {session.kind: _ref(session.to)} if isinstance(session, AssignTo) else "direct"


def _ref(ref: Ref) -> str | dict[str, int | None]:
    return ref.name if ref.name is not None else {"id": ref.id}
