"""The record while an apply runs: every step of a campaign is on disk before the next call. Between apply and store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from json import dumps
from typing import Any, Protocol

from campaignops import state
from campaignops.model import At, Campaign, Numbers, has_assets
from campaignops.state import Entry, Phase, State

SILENT = 4  # for how many times the time that a call is waited for one without an answer may be on its way
RECORDED_S = 10  # others wait from when a step was begun: what took longer to record is not sent


class Keep(Protocol):
    """Make one step durable, or raise StateError: the new entry of a key, or None; `moved_from` loses its own."""

    def __call__(self, key: str, entry: Entry | None, *, moved_from: str | None = None) -> None: ...


class Clock(Protocol):
    """`now` is ours, `pbx_now` the clock that sends (ours where the PBX does not tell its own); Unix seconds."""

    def now(self) -> float: ...

    def pbx_now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


def age_s(entry: Entry, clock: Clock) -> float:
    """How long ago the entry's last step was recorded."""
    return clock.now() - datetime.fromisoformat(entry.at).timestamp()


@dataclass(frozen=True, slots=True)
class Who:
    """What every entry of this run carries: its `run` name and its `delivery`. A run name may end in `@` and a word for
    the machine. `timeout_s` is how long a call is waited for. `allowed` says by key
    what a guardrail was told to let by, `templates` by key the digest of the template that the plan has seen."""

    run: str
    delivery: str
    timeout_s: float = 30.0
    allowed: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


class Record:
    """The entries of one state, as this run has them, and the only way to change them."""

    def __init__(self, recorded: State, keep: Keep, who: Who, clock: Clock) -> None:
        self.lineage, self.delivery = recorded.lineage, who.delivery
        self.entries = dict(recorded.campaigns)
        self._keep, self._who, self._clock = keep, who, clock

    def put(self, entry: Entry, **changes: Any) -> Entry:
        """Record a step of a campaign durably and return it as recorded."""
        at = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="seconds")
        return self.note(entry, **changes, at=at, run=self._who.run)

    def note(self, entry: Entry, **changes: Any) -> Entry:
        """Record what is no step of the campaign: who took the last one, and when, is still what a lost release is
        waited for by."""
        if changes.get("phase", entry.phase) is not entry.phase:
            changes["released_s"] = self._released_s(entry, changes["phase"])
        if entry.key in self._who.allowed:
            changes["allowed"] = self._who.allowed[entry.key]
        entry = replace(entry, **changes)
        self._keep(entry.key, entry)
        self.entries[entry.key] = entry
        return entry

    def _released_s(self, entry: Entry, phase: Phase) -> int | None:
        """When an entry that is put into `phase` was let go: what was lost has happened when it was asked for, which is
        not known of what is taken over."""
        if phase is not Phase.RELEASED or not entry.at:
            return None
        ago_s = age_s(entry, self._clock) if entry.phase in (Phase.INTENT, Phase.RELEASING) else 0.0
        return int(self._clock.now() - ago_s)

    def drop(self, key: str) -> None:
        self._keep(key, None)
        del self.entries[key]

    def move(self, old: str, new: str) -> None:
        """Give an entry another key, in one step: a crash leaves it under one of the two."""
        entry = replace(self.entries[old], key=new)
        self._keep(new, entry, moved_from=old)
        del self.entries[old]
        self.entries[new] = entry

    @property
    def timeout_s(self) -> float:
        return self._who.timeout_s

    def silent_s(self, entry: Entry) -> float:
        """For how many seconds more a request of the entry's last step may be on its way."""
        return max(0.0, SILENT * self.timeout_s - age_s(entry, self._clock))

    def is_dead(self, entry: Entry) -> bool:
        """Whether the run that took the entry's last step has certainly ended: it was on this machine, where we hold
        the lock that it held."""
        machine = self._who.run.rpartition("@")[2]
        return "@" in self._who.run and entry.run.endswith(f"@{machine}")

    def is_ours(self, entry: Entry) -> bool:
        """Whether this run took the entry's last step."""
        return entry.run == self._who.run

    def fresh(self, campaign: Campaign, meaning: Mapping[str, Any], people: int | None) -> Entry:
        """What will be recorded of `campaign` when it is given to the PBX as `meaning`; not written yet."""
        numbers = campaign.audience.numbers if isinstance(campaign.audience, Numbers) else ()
        return Entry(
            key=campaign.key,
            name=campaign.name,
            type=campaign.type,
            phase=Phase.INTENT,
            id=None,
            digest=state.digest(campaign, self.lineage),
            fingerprint=state.fingerprint(meaning, self.lineage),
            send=state.send_kind(campaign.send),
            time_s=campaign.send.time_s if isinstance(campaign.send, At) else None,
            recipients=people,
            delivery=self._who.delivery,
            audience=state.audience_digests(numbers, self.lineage),
            spec=dumps(state.spec(campaign), ensure_ascii=False),
            uploaded_s=int(self._clock.now()) if has_assets(campaign) else None,
            prevent_delete=campaign.prevent_delete,
            template=self._who.templates.get(campaign.key, ""),
        )
