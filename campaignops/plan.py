"""Desired, recorded and live in, a Plan out: pure, ordered, serialisable. It holds no client and no callable.

The table of product.md section 5 is `_judge`; everything else is order and words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any, TypeAlias

from campaignops import diff, state
from campaignops.diff import Field
from campaignops.findings import Finding, Place, in_order
from campaignops.model import (
    Asset,
    At,
    Campaign,
    Components,
    Draft,
    Numbers,
    Template,
    files_of,
)
from campaignops.state import BEGUN, Entry, Phase, State

Locate: TypeAlias = Callable[[Campaign, tuple[str | int, ...]], Place]
MARGIN_S = 60  # a send time nearer than this cannot be released safely: the clocks of two machines differ


@dataclass(frozen=True, slots=True)
class Change:
    """What every change says. `place` is None when no manifest has the key; `people` None when only the PBX can tell."""

    key: str
    type: str
    name: str
    id: int | None
    reason: str
    place: Place | None
    send: str
    time_s: int | None
    zone: str | None
    people: int | None
    steps: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    added: int = 0
    removed: int = 0
    preview: str | None = None  # the text or the filled template, as the reader will see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Change):
    """Make it on the PBX. `entry`: an earlier apply began, or what it made was deleted unsent."""

    campaign: Campaign
    entry: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Change):
    """Give the recorded id new content, or only release it. `drift`: somebody changed it on the PBX."""

    campaign: Campaign
    entry: Entry
    drift: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Change):
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged(Change):
    """Nothing to do on the PBX. `moved_from`: the record takes the new key."""

    moved_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Change):
    moved_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(Change):
    """Cannot be done. `stuck`: a create's outcome is unknown and a person must resolve it."""

    help: str
    stuck: bool = False


AnyChange: TypeAlias = Create | Update | Delete | Unchanged | History | Blocked
ACTIONS: Mapping[type, str] = {
    Create: "create",
    Update: "update",
    Delete: "delete",
    Unchanged: "none",
    History: "history",
    Blocked: "blocked",
}


@dataclass(frozen=True, slots=True)
class Live:
    """What the PBX says now: status by id, ids by exact name, and of recorded campaigns that can still change the keyed
    fingerprint of their content by id."""

    status: Mapping[int, str]
    ids: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    fingerprint: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change, in the order in which it would be done."""

    lineage: str
    serial: int
    environment: str | None
    changes: tuple[AnyChange, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the content: the same plan, the same digest, whatever the clock and the commit."""
        content = [self.environment, self.lineage, self.serial, [_content(c) for c in self.changes]]
        return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def effects(self) -> tuple[AnyChange, ...]:
        return tuple(c for c in self.changes if isinstance(c, Create | Update | Delete))

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        return tuple(c for c in self.changes if isinstance(c, Blocked))

    def summary(self) -> dict[str, int]:
        """How many of each action, and how many people the creates and updates reach."""
        counts = dict.fromkeys(ACTIONS.values(), 0)
        for change in self.changes:
            counts[ACTIONS[type(change)]] += 1
        people = sum(c.people or 0 for c in self.changes if isinstance(c, Create | Update))
        return {**counts, "recipients": people}


@dataclass(frozen=True, slots=True)
class Selection:
    """`--target` and `--exclude`: globs over keys. Without a target everything is in."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def has(self, key: str) -> bool:
        wanted = not self.targets or any(fnmatchcase(key, glob) or key == glob for glob in self.targets)
        return wanted and not any(fnmatchcase(key, glob) or key == glob for glob in self.excludes)


EVERYTHING = Selection()


def make(
    desired: Iterable[Campaign],
    recorded: State,
    live: Live | None,
    *,
    now_s: float,
    locate: Locate,
    selection: Selection = EVERYTHING,
    environment: str | None = None,
) -> Plan:
    """Compare and order. `live` None means offline: the record alone decides. `desired` is read once, as a stream."""
    seen: set[str] = set()
    changes: list[AnyChange] = []
    findings: list[Finding] = []
    for campaign in desired:
        entry = recorded.campaigns.get(campaign.key)
        seen.add(campaign.key)
        moved_from = None
        if entry is None and campaign.moved_from in recorded.campaigns:
            moved_from = campaign.moved_from
            entry = recorded.campaigns[moved_from]
            seen.add(moved_from)
        if not selection.has(campaign.key):
            continue
        change = _judge(campaign, entry, live, recorded.lineage, now_s)
        if moved_from is not None:
            change = _moved(change, moved_from)
        if isinstance(change, Create | Update):
            findings += times(campaign, now_s, locate, "error")
        if isinstance(change, Blocked):
            findings.append(_blocked(change, entry, locate(campaign, ())))
        changes.append(change)
    rest = [e for k, e in sorted(recorded.campaigns.items()) if k not in seen and selection.has(k)]
    gone = [_without_manifest(entry, live, now_s) for entry in rest]
    findings += [_blocked(c, None, None) for c in gone if isinstance(c, Blocked)]
    deletes = [c for c in gone if isinstance(c, Delete)]  # first: they free names and room on the PBX
    others = [c for c in gone if not isinstance(c, Delete)]
    return Plan(
        recorded.lineage, recorded.serial, environment, (*deletes, *changes, *others), in_order(findings)
    )


def times(campaign: Campaign, now_s: float, locate: Locate, severity: Any) -> Iterator[Finding]:
    """Send times that have passed, or that are too near to be released safely."""
    match campaign.send:
        case At(time_s) if time_s <= now_s:
            yield Finding(
                "CMP407",
                severity,
                f"the send time of `{campaign.key}` is in the past",
                locate(campaign, ("send", "at")),
                help="write a later time, or `send: draft`",
            )
        case At(time_s) if time_s < now_s + MARGIN_S:
            yield Finding(
                "CMP408",
                severity,
                f"the send time of `{campaign.key}` is less than {MARGIN_S} seconds away",
                locate(campaign, ("send", "at")),
                help="write a later time, or `send: now`",
            )
        case _:
            return


def _judge(
    campaign: Campaign, entry: Entry | None, live: Live | None, lineage: str, now_s: float
) -> AnyChange:
    """One row of the table: a campaign that a manifest has."""
    if entry is None:
        return _new(campaign, live, lineage)
    if entry.phase is Phase.STUCK:
        return _stuck(entry, campaign)
    if entry.phase is Phase.INTENT:
        return _create(
            campaign, lineage, "an earlier apply began it; it looks for what that made first", entry
        )
    status = _status(entry, live, now_s)
    equal = entry.digest == state.digest(campaign, lineage)
    if status is None and not entry.may_have_sent(now_s):
        return _create(campaign, lineage, f"id {entry.id} is gone from the PBX and was never sent", entry)
    if status in ("draft", "scheduled") and not (entry.phase is Phase.RELEASED and entry.send == "now"):
        return _editable(campaign, entry, live, lineage, status, equal)
    reason = f"{status or 'sent, gone from the PBX'}; history"
    if equal:
        return History(**_head(campaign, entry), reason=reason)
    return Blocked(
        **_head(campaign, entry),
        reason=f"has begun to send ({status or 'gone from the PBX'}) and cannot be changed",
        fields=diff.fields(json.loads(entry.spec), state.spec(campaign)),
        help="put the old text back, or copy the block under a new key (and a new name) to send again",
    )


def _new(campaign: Campaign, live: Live | None, lineage: str) -> AnyChange:
    taken = live.ids.get(campaign.name, ()) if live else ()
    if not taken:
        return _create(campaign, lineage, "not recorded", None)
    ids = ", ".join(str(i) for i in taken)
    return Blocked(
        **_head(campaign, None),
        reason=f"the PBX has a campaign named {campaign.name!r} that is not recorded (id {ids})",
        help="give this one another `name`, or rename or delete that one on the PBX if it was never sent",
    )


def _create(campaign: Campaign, lineage: str, reason: str, entry: Entry | None) -> Create:
    numbers = campaign.audience.numbers if isinstance(campaign.audience, Numbers) else ()
    return Create(
        **_head(campaign, None),
        reason=reason,
        campaign=campaign,
        entry=entry,
        fields=diff.created(state.spec(campaign)),
        steps=(
            *_preparation(campaign),
            "create",
            *(() if isinstance(campaign.send, Draft) else ("release",)),
        ),
        added=len(numbers),
    )


def _editable(
    campaign: Campaign, entry: Entry, live: Live | None, lineage: str, status: str, equal: bool
) -> AnyChange:
    drifted = (
        live is not None and entry.id in live.fingerprint and live.fingerprint[entry.id] != entry.fingerprint
    )
    released = status == "scheduled" or isinstance(campaign.send, Draft)
    if equal and not drifted and released and entry.phase is not Phase.UPDATING:
        return Unchanged(**_head(campaign, entry), reason=f"{status}, as in the manifest")
    only_release = equal and not drifted and entry.phase is not Phase.UPDATING
    added, removed = _people_moved(campaign, entry, lineage)
    return Update(
        **_head(campaign, entry),
        reason=_why(entry, only_release, equal, drifted),
        campaign=campaign,
        entry=entry,
        drift=drifted,
        fields=(Field("send", "draft", state.spec(campaign)["send"]),)
        if only_release
        else diff.fields(json.loads(entry.spec), state.spec(campaign)),
        steps=("release",) if only_release else _update_steps(campaign, status),
        added=added,
        removed=removed,
    )


def _why(entry: Entry, only_release: bool, equal: bool, drifted: bool) -> str:
    if only_release:
        return "recorded as a draft, not yet released"
    if drifted:
        return "edited on the PBX since the last apply" + ("" if equal else ", and the manifest differs")
    if entry.phase is Phase.UPDATING and equal:
        return "an earlier apply did not finish the update"
    return "the manifest differs from what was applied"


def _update_steps(campaign: Campaign, status: str) -> tuple[str, ...]:
    whole = isinstance(campaign.send, Draft) or (isinstance(campaign.send, At) and status == "scheduled")
    return (*_preparation(campaign), "update", *(() if whole else ("release",)))


def _without_manifest(entry: Entry, live: Live | None, now_s: float) -> AnyChange:
    """One row of the table: a recorded campaign that no manifest has any more."""
    if entry.phase is Phase.STUCK or (entry.phase is Phase.INTENT and entry.delivery == "direct"):
        return _stuck(entry, None)
    status = _status(entry, live, now_s)
    if status is None and entry.id is not None and entry.may_have_sent(now_s):
        return History(**_recorded_head(entry), reason="sent; kept as history")
    if status is not None and (status not in ("draft", "scheduled") or entry.may_have_sent(now_s)):
        return History(**_recorded_head(entry), reason=f"{status}; kept as history")
    gone = "no manifest has it any more" if status else "no manifest has it any more, and the PBX neither"
    return Delete(**_recorded_head(entry), reason=gone, entry=entry, steps=("delete",))


def _stuck(entry: Entry, campaign: Campaign | None) -> Blocked:
    head = _head(campaign, entry) if campaign else _recorded_head(entry)
    return Blocked(
        **head,
        reason=entry.question or "a create was sent and its outcome is unknown",
        help=f"look at the campaigns on the PBX, then: campaignops resolve {entry.key} --adopt ID, or --absent",
        stuck=True,
    )


def _blocked(change: Blocked, entry: Entry | None, place: Place | None) -> Finding:
    code = "CMP706" if change.stuck else "CMP501" if entry else "CMP215"
    return Finding(code, "error", f"`{change.key}`: {change.reason}", place, help=change.help)


def _status(entry: Entry, live: Live | None, now_s: float) -> str | None:
    """The live status; offline, what the record lets us infer. None: not on the PBX. An unknown word is never editable."""
    if entry.id is None:
        return None
    if live is not None:
        return live.status.get(entry.id)
    if entry.status in BEGUN:
        return entry.status
    if entry.phase in (Phase.BOUND, Phase.UPDATING):
        return "draft" if entry.send == "draft" or entry.phase is Phase.BOUND else "scheduled"
    return "completed" if entry.may_have_sent(now_s) else "scheduled"


def _moved(change: AnyChange, moved_from: str) -> AnyChange:
    match change:
        case Unchanged() | History():
            return replace(
                change, moved_from=moved_from, reason=f"moved from `{moved_from}`; {change.reason}"
            )
        case _:
            return replace(change, reason=f"moved from `{moved_from}`; {change.reason}")


def _people_moved(campaign: Campaign, entry: Entry, lineage: str) -> tuple[int, int]:
    if not isinstance(campaign.audience, Numbers):
        return 0, 0
    return state.moved_people(entry.audience, state.audience_digests(campaign.audience.numbers, lineage))


def _preparation(campaign: Campaign) -> tuple[str, ...]:
    uploads = tuple(f"upload {f.path}" for f in files_of(campaign.message) if isinstance(f, Asset))
    match campaign.message:
        case Template(template, language) | Components(template, language):
            return (*uploads, f"resolve template {template}/{language}")
        case _:
            return uploads


def _head(campaign: Campaign, entry: Entry | None) -> dict[str, Any]:
    return {
        "key": campaign.key,
        "type": campaign.type,
        "name": campaign.name,
        "id": entry.id if entry else None,
        "place": campaign.place,
        "send": state.send_kind(campaign.send),
        "time_s": campaign.send.time_s if isinstance(campaign.send, At) else None,
        "zone": campaign.send.zone if isinstance(campaign.send, At) else None,
        "people": len(campaign.audience.numbers) if isinstance(campaign.audience, Numbers) else None,
    }


def _recorded_head(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "type": entry.type,
        "name": entry.name,
        "id": entry.id,
        "place": None,
        "send": entry.send,
        "time_s": entry.time_s,
        "zone": None,
        "people": entry.recipients,
    }


def _content(change: AnyChange) -> list[Any]:
    fields = [[f.path, f.before, f.after] for f in change.fields]
    digest = state.digest(change.campaign, "") if isinstance(change, Create | Update) else None
    return [ACTIONS[type(change)], change.key, change.id, fields, list(change.steps), digest]
