"""Letting a draft go: read it back, compare, release that id, read back what got lost. Nothing is created here."""

from __future__ import annotations

from campaignops import state
from campaignops.applier.ports import Ended, Holds, Json, Pbx, Result, Watch, always, announce
from campaignops.applier.record import RECORDED_S, SILENT, Clock, Record, age_s
from campaignops.model import Campaign, Numbers
from campaignops.outcome import Done, NoEffect, Unknown
from campaignops.state import Entry, Phase

MARGIN_S = 30  # this near to its time nothing is released or changed: a late request would meet the sending
# Where the connection broke or its process died, a request has arrived or never will, but the PBX may be slow.
_CUT_OFF = 1
_POLL_S = 5.0
_LOOKS_S = (0.0, 0.5, 1.5)
_TRIES = 2
_FORBIDDEN, _TOKEN_EXPIRED = 70084, 10004


class Releaser:
    """Releases of one run."""

    def __init__(self, pbx: Pbx, record: Record, watch: Watch, clock: Clock, holds: Holds = always) -> None:
        self._pbx, self._record, self._watch, self._clock = pbx, record, watch, clock
        self._holds = holds
        self._is_proven = False

    def release(self, entry: Entry, campaign: Campaign) -> Entry:
        """The entry, released. Raises Ended; the draft then stays recorded.

        A lost release that is scheduled for later may be repeated: it says the same again. One that sends at once is
        not: the first may still arrive.
        """
        if entry.send == "draft" or entry.phase is Phase.RELEASED:
            return entry
        if entry.halted:
            raise _failed(entry, f"it is halted; to let it go: campaignops halt --lift {entry.key}")
        waits = entry.send == "now"  # what is scheduled says the same again: it need not be waited for
        # Whoever wrote last: a release that is under way here is one of an earlier run.
        is_earlier = entry.phase is Phase.RELEASING or not self._record.is_ours(entry)
        if is_earlier and (begun := self._left_draft(entry, patient=waits)):
            return begun
        live, tries = self._prove(entry, campaign), 1 if entry.send == "now" else _TRIES
        while True:
            body = self._pbx.body_of(campaign, live or self.compared(entry), released=True)
            self._in_time(entry)
            if why := self._holds(campaign):
                raise _failed(entry, f"{why}; it was not released and stays a draft")
            lost = self._post(entry, body)
            entry, live, tries = self._record.entries[entry.key], None, tries - 1
            if lost is None:
                return entry
            if not tries:
                raise _unknown(entry, lost)

    def compared(self, entry: Entry) -> Json:
        """The campaign as the PBX has it, if it says what we gave it. Raises Ended."""
        live = self._live(entry)
        if not self._is_alike(live, entry):
            raise _failed(
                entry,
                f"id {entry.id} reads back differently from what was given; it was not released. Compare it on the "
                f"PBX with `campaignops render {entry.key}`; if you delete it there, the next apply makes it anew",
            )
        return live

    def _live(self, entry: Entry) -> Json:
        if (live := self._pbx.get(_id(entry))) is None:
            raise _gone(entry)
        return live

    def _is_alike(self, live: Json, entry: Entry) -> bool:
        return state.fingerprint(self._pbx.meaning(live), self._record.lineage) == entry.fingerprint

    def recalled(self, entry: Entry) -> Entry:
        """An entry that may be changed: no release of it that nobody knows of has happened, and none is under way.
        Raises Ended."""
        if entry.phase is not Phase.RELEASING:
            self.outwait(entry)
            return entry
        if begun := self._left_draft(entry, patient=True):
            raise _failed(begun, f"id {entry.id} has been released meanwhile ({begun.status}); plan again")
        return self._record.put(entry, phase=Phase.BOUND, late_until_s=None)

    def outwait(self, entry: Entry) -> bool:
        """Wait until no lost release of it can arrive any more. Returns whether there was anything to wait for."""
        waited = False
        while self._waits(entry):
            waited = True
        return waited

    def _prove(self, entry: Entry, campaign: Campaign) -> Json | None:
        """Once a run, give a draft its own content again and read it back, before anything is let go. Whether an update
        replaces a list of numbers or adds to it is documented nowhere; one that adds would text everybody twice.
        Returns what was read."""
        if self._is_proven or not isinstance(campaign.audience, Numbers):
            return None
        announce(self._watch, entry.key, entry.id, "check that an update replaces")
        body = self._pbx.body_of(campaign, self.compared(entry), released=False)
        outcome = self._pbx.update(_id(entry), body)
        if isinstance(outcome, NoEffect):
            raise self._refused(entry, outcome, self._late_until_s(entry))
        live = self._live(entry)
        if not self._is_alike(live, entry):
            text = (
                f"id {entry.id} reads back differently after its own content was given to it again: updates of this "
                f"PBX do not replace. Nothing was released; set `pbx.delivery: direct`"
            )
            raise Ended(Result(entry.key, "failed", entry.id, text, ends_run=True))
        if isinstance(outcome, Unknown):
            raise _failed(
                entry, f"update of draft {entry.id}: {outcome.reason}; it was not released by this run"
            )
        self._is_proven = True
        return live

    def _post(self, entry: Entry, body: Json) -> Unknown | None:
        """Release it once, and record what came of it. Returns why the answer was lost, if it is still a draft as far
        as can be seen. Raises Ended when it was refused."""
        announce(self._watch, entry.key, entry.id, "release")
        earlier = self._late_until_s(entry)  # what was lost before may arrive, whatever becomes of this one
        silent = earlier and self._until_s(SILENT)
        entry = self._record.put(entry, phase=Phase.RELEASING, late_until_s=silent)
        self._just_recorded(entry)
        outcome = self._pbx.update(_id(entry), body)
        if isinstance(outcome, Done):
            self._record.put(entry, phase=Phase.RELEASED, late_until_s=earlier)
            return None
        if isinstance(outcome, Unknown):
            late = self._until_s(SILENT if outcome.is_late else _CUT_OFF)
            entry = self._record.put(entry, late_until_s=max(late, earlier or 0))
        status = self._settled(entry, outcome)
        if status != "draft":
            late_until_s = earlier and entry.late_until_s
            self._record.put(entry, phase=Phase.RELEASED, status=status, late_until_s=late_until_s)
            return None
        if isinstance(outcome, NoEffect):
            raise self._refused(entry, outcome, earlier)
        return outcome

    def _left_draft(self, entry: Entry, *, patient: bool) -> Entry | None:
        """Of an earlier run's draft: the entry, if it is none now. `patient` waits while a lost release may arrive."""
        while (status := self._status(entry)) == "draft":
            if not (patient and self._waits(entry)):
                return None
        return self._record.put(entry, phase=Phase.RELEASED, status=status)

    def _waits(self, entry: Entry) -> bool:
        """Wait a little if a lost release may still arrive."""
        left_s = self._may_arrive_s(entry)
        if left_s <= 0:
            return False
        announce(self._watch, entry.key, entry.id, f"wait {left_s:.0f} s for a release that may still arrive")
        self._clock.sleep(min(left_s, _POLL_S))
        return True

    def _may_arrive_s(self, entry: Entry) -> float:
        """For how many seconds more a lost release may be on its way."""
        if entry.late_until_s is not None:
            return entry.late_until_s - self._clock.now()
        if entry.phase is not Phase.RELEASING:
            return 0.0
        # It ended in the midst of the call. A run that we cannot know to be dead may thaw and send it yet.
        timeouts = _CUT_OFF if self._record.is_dead(entry) else SILENT
        return timeouts * self._record.timeout_s + 1 - age_s(entry, self._clock)  # `at` is in whole seconds

    def _late_until_s(self, entry: Entry) -> int | None:
        left_s = self._may_arrive_s(entry)
        return int(self._clock.now() + left_s) + 1 if left_s > 0 else None

    def _until_s(self, timeouts: int) -> int:
        return int(self._clock.now() + timeouts * self._record.timeout_s) + 1

    def _in_time(self, entry: Entry) -> None:
        if entry.time_s is not None and entry.time_s - self._clock.pbx_now() < MARGIN_S:
            raise _failed(
                entry,
                "its send time has come before it could be released; it stays a draft. Write a later time",
            )

    def _just_recorded(self, entry: Entry) -> None:
        """Other runs count from when the step was begun; a process or disk that stands still lets that time run out."""
        if (took_s := age_s(entry, self._clock)) > RECORDED_S:
            raise _failed(
                entry,
                f"it took {took_s:.0f} s to record its release, so it was not released; the next apply does it",
            )

    def _status(self, entry: Entry) -> str:
        row = self._pbx.look(_id(entry), entry.name)
        if row is None:
            raise _gone(entry)
        return row.status

    def _settled(self, entry: Entry, outcome: NoEffect | Unknown) -> str:
        """The status after a release: it has happened when the status has left `draft`. A refusal is looked at, too: of
        a request that the network delivers twice we hear the second answer."""
        if isinstance(outcome, NoEffect):
            return "draft" if outcome.code is None else self._status(entry)
        status = "draft"
        for wait_s in _LOOKS_S:
            self._clock.sleep(wait_s)
            status = self._status(entry)
            if status != "draft":
                break
        return status

    def _refused(self, entry: Entry, refused: NoEffect, earlier: int | None) -> Ended:
        """`earlier`: until when a release before the refused one may arrive."""
        ends = refused.ends_run or refused.code == _FORBIDDEN
        message = f"the PBX refused to release draft {entry.id} ({refused.reason})"
        if refused.code is None:  # nobody has looked
            message = f"the release of draft {entry.id} did not reach the PBX ({refused.reason})"
        if earlier:
            self._record.put(entry, late_until_s=earlier)
            message += ", but one before it, of which nobody has heard, may still arrive"
            return Ended(Result(entry.key, "unknown", entry.id, message, "campaignops apply", ends_run=ends))
        if entry.phase is Phase.RELEASING:
            self._record.put(entry, phase=Phase.BOUND, late_until_s=None)
        message += "; it is recorded" if refused.code is None else "; nothing was sent, it is recorded"
        message += _perhaps_never(refused)
        return Ended(Result(entry.key, "failed", entry.id, message, ends_run=ends))


def _perhaps_never(answered: NoEffect | Unknown) -> str:
    """Which code says that drafts are not released is documented nowhere: each that left the draft as it was may."""
    if answered.code in (None, _TOKEN_EXPIRED) or (isinstance(answered, NoEffect) and answered.ends_run):
        return ""
    return ". If this PBX does not release drafts, set `pbx.delivery: direct`"


def _unknown(entry: Entry, lost: Unknown) -> Ended:
    message = f"release of id {entry.id}: {lost.reason}. It was still a draft when last read; it was not released again"
    return Ended(Result(entry.key, "unknown", entry.id, message + _perhaps_never(lost), "campaignops apply"))


def _gone(entry: Entry) -> Ended:
    if entry.phase is not Phase.RELEASING:
        return _failed(entry, f"id {entry.id} is gone from the PBX; nothing was sent")
    text = f"id {entry.id} is gone from the PBX, and a release of it was on its way; it may have been sent"
    return Ended(Result(entry.key, "unknown", entry.id, text, "campaignops plan"))


def _failed(entry: Entry, message: str) -> Ended:
    return Ended(Result(entry.key, "failed", entry.id, message))


def _id(entry: Entry) -> int:
    assert entry.id is not None  # an entry past its intent has one
    return entry.id
