"""The protocol: a reviewed plan is carried out one change after another, one call after another, each step on disk
before the next. It takes its clock, record and PBX as arguments, and knows no file and no HTTP.

    ports     what it needs, what it returns       record    the state while it runs
    create    intent -> upload -> create -> id     search    what a lost create has made
    release   read back, compare, release          update    change and delete by id
    spare     drafts that lost answers left        settle    what a person decides
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from campaignops.applier import spare
from campaignops.applier.create import Creator
from campaignops.applier.ports import Ended, Holds, Pbx, Result, Watch, always
from campaignops.applier.record import Clock, Keep, Record, Who
from campaignops.applier.release import Releaser
from campaignops.applier.update import Editor
from campaignops.errors import PbxError, StateError
from campaignops.model import Campaign
from campaignops.planner import AnyChange, Blocked, Create, Delete, History, Plan, Refresh, Unchanged, Update
from campaignops.state import BEGUN, Entry, Phase

__all__ = ["Clock", "Keep", "Pbx", "Record", "Result", "Watch", "Who", "refresh", "run"]
_OPEN = (Phase.INTENT, Phase.UPDATING, Phase.RELEASING)  # a call may be under way, or its answer lost


def run(
    plan: Plan, record: Record, pbx: Pbx, watch: Watch, clock: Clock, holds: Holds = always
) -> tuple[Result, ...]:
    """Carry out a plan. One result a change, in the plan's order; never raises for what happens to a campaign.

    After the first change that ends the run, or a signal, the rest is skipped. A plan with changes that are blocked or
    refused is not carried out at all. `holds` is asked before a change is begun, and just before it is released.
    """
    creator = Creator(pbx, record, watch, clock)
    workers = _Workers(
        record,
        creator,
        Releaser(pbx, record, watch, clock, holds),
        Editor(pbx, record, watch, clock, creator),
        holds,
    )
    results: list[Result] = []
    ended = bool(plan.blocked or plan.refusals)
    if not ended and not plan.refresh_only:
        spare.sweep(pbx, record, watch, clock)
    for change in plan.changes:
        ended = ended or watch.should_stop()
        skipped = Result(change.key, "skipped", change.id, "not attempted: the run ended before it")
        result = skipped if ended else _kept_back(change, results) or workers.carry_out(change)
        ended = ended or result.ends_run
        results.append(result)
        watch.result(result)
    return tuple(results)


def refresh(record: Record, status: Mapping[int, str]) -> None:
    """Bring the record up to what the PBX says has happened: releases whose answer was lost, sendings that began."""
    for entry in list(record.entries.values()):
        now = status.get(entry.id) if entry.id is not None else None
        if now is None or entry.phase in (Phase.INTENT, Phase.STUCK):
            continue
        released = now == "scheduled" and entry.phase is Phase.RELEASING
        begun = now in BEGUN and not (entry.status in BEGUN and entry.phase is Phase.RELEASED)
        if released or begun:
            record.put(entry, phase=Phase.RELEASED, status=now)


def _kept_back(change: AnyChange, results: Iterable[Result]) -> Result | None:
    """A campaign that was to take the place of another one, which is still there: people would get both."""
    old = change.instead_of if isinstance(change, Create) else None
    if old is None or all(result.outcome == "done" for result in results if result.key == old):
        return None
    text = f"not attempted: `{old}` reads the same and was not deleted, so people would get both"
    return Result(change.key, "skipped", change.id, text, "campaignops apply")


@dataclass(frozen=True, slots=True)
class _Workers:
    """The parts of one run, and what each kind of change asks of them."""

    record: Record
    creator: Creator
    releaser: Releaser
    editor: Editor
    holds: Holds

    def carry_out(self, change: AnyChange) -> Result:
        """One change; whatever ends it early becomes its result."""
        try:
            if isinstance(change, Create | Update) and change.steps and (why := self.holds(change.campaign)):
                text = f"not attempted: {why}"
                return Result(change.key, "skipped", change.id, text, "campaignops plan")
            return self._carry_out(change)
        except Ended as early:
            return early.result
        except PbxError as error:
            return self._unread(change, error)
        except StateError as error:
            return self._unrecorded(change, error)

    def _carry_out(self, change: AnyChange) -> Result:
        match change:
            case Create(campaign=campaign):
                made = self.creator.create(campaign, self._entry(change))
                return self._done(change, self._released(change, self._current(change, made)))
            case Update():
                bound = self._entry(change)
                assert bound is not None  # an update has one
                return self._done(change, self._updated(change, bound))
            case Delete(entry=entry):
                self.editor.delete(self.record.entries[entry.key])
                return Result(change.key, "done", entry.id)
            case Unchanged(moved_from=old) | History(moved_from=old):
                if old is not None:
                    self.record.move(old, change.key)
                if isinstance(change, Unchanged) and change.protects is not None:
                    self.record.note(self.record.entries[change.key], prevent_delete=change.protects)
                return Result(change.key, "done", change.id)
            case Refresh(after=after):
                if after is None:
                    self.record.drop(change.key)
                else:
                    self.record.put(after)
                return Result(change.key, "done", change.id)
            case Blocked():
                return Result(change.key, "skipped", change.id)
            case _:
                assert_never(change)

    def _updated(self, change: Update, entry: Entry) -> Entry:
        if "delete" in change.steps:
            return self._made_anew(change.campaign, self.releaser.recalled(entry))
        if "update" in change.steps:
            entry = self.editor.update(change.campaign, self.releaser.recalled(entry))
            if not self._lets_go(change, entry):
                self.releaser.compared(entry)  # what is to be released is compared then
        return self._released(change, entry)

    def _current(self, change: Create, entry: Entry) -> Entry:
        """What an open intent has made may have the content of an older manifest."""
        fresh = self.record.fresh(change.campaign, {}, None)
        if entry.digest == fresh.digest and entry.audience == fresh.audience:
            return entry
        if entry.phase is Phase.BOUND:
            return self.editor.update(change.campaign, entry)
        message = (
            f"an earlier apply made id {entry.id} as the manifest was then; it is {entry.status}, plan again"
        )
        raise Ended(Result(entry.key, "failed", entry.id, message, "campaignops plan"))

    def _released(self, change: Create | Update, entry: Entry) -> Entry:
        """From a draft to what the manifest asks for. Delivered direct, nothing is released: our draft makes way."""
        if not self._lets_go(change, entry):
            return entry
        if entry.phase is Phase.BOUND and self.record.delivery == "direct":
            return self._made_anew(change.campaign, entry)
        return self.releaser.release(entry, change.campaign)

    def _lets_go(self, change: Create | Update, entry: Entry) -> bool:
        """Whether the plan has it sent. What is only prepared stays a draft, and is made as one by either delivery."""
        return entry.send != "draft" and ("release" in change.steps or self.record.delivery == "direct")

    def _made_anew(self, campaign: Campaign, entry: Entry) -> Entry:
        self.editor.remove(entry)
        return self.creator.create(campaign, entry)

    def _entry(self, change: Create | Update) -> Entry | None:
        """The change's entry as recorded now, under the change's key."""
        if change.entry is None:
            return None
        if change.entry.key != change.key:
            self.record.move(change.entry.key, change.key)
        return self.record.entries[change.key]

    def _unread(self, change: AnyChange, error: PbxError) -> Result:
        """The PBX could not be read. If that was to tell what became of a step, nobody knows."""
        last = self._last(change)
        is_open = last is not None and last.phase in _OPEN
        text = f"{error.message}; what is done is recorded, run apply again"
        return self._broken(change, "unknown" if is_open else "failed", text)

    def _unrecorded(self, change: AnyChange, error: StateError) -> Result:
        """A step could not be recorded. The last one that was says whether anything can have been sent since."""
        last = self._last(change)
        if isinstance(change, Create | Update) and (last is None or last.phase is Phase.BOUND):
            return self._broken(change, "failed", f"{error.message}. This run sent nothing of it")
        text = f"{error.message}. The step before it may have happened; the next apply reads that back"
        return self._broken(change, "unknown", text)

    def _broken(self, change: AnyChange, outcome: Literal["failed", "unknown"], message: str) -> Result:
        recorded = self._last(change)
        known = recorded.id if recorded else change.id
        return Result(change.key, outcome, known, message, "campaignops apply", ends_run=True)

    def _last(self, change: AnyChange) -> Entry | None:
        """What is recorded of it; if its move is not, under the old key."""
        before = change.entry if isinstance(change, Create | Update | Delete) else None
        entries = self.record.entries
        return entries.get(change.key) or (entries.get(before.key) if before else None)

    def _done(self, change: Create | Update, entry: Entry) -> Result:
        if entry.prevent_delete != change.campaign.prevent_delete:  # it was only released, or looked for
            entry = self.record.note(entry, prevent_delete=change.campaign.prevent_delete)
        return Result(entry.key, "done", entry.id)
