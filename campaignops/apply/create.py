"""Making a campaign: intent on disk, upload, create, id on disk. A lost answer is looked up and never guessed.

Staged, the create makes a draft, which sends nothing: posting it again harms nobody. Direct, it may send: it is posted at
most once for an intent, by the run that wrote the intent.
"""

from __future__ import annotations

from dataclasses import replace

from campaignops.apply.ports import Failed, Pbx, Result, Watch
from campaignops.apply.record import Clock, Record
from campaignops.apply.search import Found, search
from campaignops.model import Asset, Campaign, Uploaded, files_of
from campaignops.outcome import Done, NoEffect, Outcome, Unknown
from campaignops.state import Entry, Phase

_TRIES = 2  # drafts posted by one run for one campaign
_LOOKS_S = (0.0, 0.5, 1.5)  # after a lost answer: how long to wait before each look
_DUPLICATE = 40003


class Creator:
    """Creates of one run; a file that several campaigns name is uploaded once."""

    def __init__(self, pbx: Pbx, record: Record, watch: Watch, clock: Clock, delivery: str) -> None:
        self._pbx, self._record, self._watch, self._clock, self._delivery = (
            pbx,
            record,
            watch,
            clock,
            delivery,
        )
        self._uploaded: dict[str, Uploaded] = {}

    def create(self, campaign: Campaign, entry: Entry | None) -> Entry:
        """The entry, bound to an id. `entry`: an intent that an earlier run left open, or one whose campaign is gone."""
        if entry is not None and entry.phase is Phase.INTENT:
            adopted = self.adopt(entry)
            if adopted is not None:
                return adopted
        elif entry is not None:
            self._record.drop(entry.key)
        fresh = self._record.fresh(
            campaign, self._pbx.meaning(self._pbx.shown(campaign)), self._pbx.people(campaign)
        )
        intent = self._record.put(
            replace(fresh, lost=entry.lost if entry and entry.phase is Phase.INTENT else 0)
        )
        try:
            uploaded = self.upload(campaign)
        except Failed:
            self._record.drop(intent.key)
            raise
        direct = self._delivery == "direct"
        body = self._pbx.compose(campaign, uploaded, released=direct)
        return self._post(intent, body)

    def adopt(self, intent: Entry) -> Entry | None:
        """What an open intent has made, bound; None when there is nothing and a draft may be posted. Never posts."""
        self._watch.step(intent.key, "look for it")
        return self._bind(intent, self._search(intent))

    def upload(self, campaign: Campaign) -> dict[str, Uploaded]:
        """The campaign's files by path, each on the PBX. Raises Failed."""
        for asset in files_of(campaign.message):
            if isinstance(asset, Asset) and asset.path not in self._uploaded:
                self._watch.step(campaign.key, f"upload {asset.path}")
                outcome = self._pbx.upload(asset)
                if not isinstance(outcome, Done):
                    raise Failed(_not_done(campaign.key, f"upload of {asset.path}", outcome))
                self._uploaded[asset.path] = outcome.value
        return self._uploaded

    def _post(self, intent: Entry, body: dict[str, object]) -> Entry:
        direct = self._delivery == "direct"
        for _ in range(1 if direct else _TRIES):
            self._watch.step(intent.key, "create")
            match self._pbx.create(body):
                case Done(made) if made in {e.id for e in self._record.entries.values()}:
                    raise self._stuck(
                        intent, f"the PBX answered a create with id {made}, which is bound already"
                    )
                case Done(made):
                    return self._record.put(intent, phase=_phase(intent), id=made)
                case NoEffect(reason, code) as refused if code != _DUPLICATE:
                    self._record.drop(intent.key)
                    raise Failed(_not_done(intent.key, "create", refused))
                case NoEffect(reason) | Unknown(reason):
                    intent = self._record.put(intent, lost=intent.lost + 1)
                    bound = self._recover(intent)
                    if bound is not None:
                        return bound
        if direct:
            raise self._stuck(
                intent, f"a create was sent at {intent.at} and its outcome is unknown ({reason})"
            )
        raise Failed(
            Result(
                intent.key,
                "unknown",
                message=f"create: {reason}. It made at most a draft, which sends nothing; the next apply looks for it",
                next_command="campaignops apply",
                ends_run=True,
            )
        )

    def _recover(self, intent: Entry) -> Entry | None:
        """After a lost answer: a few looks, because a list may lag behind."""
        for wait_s in _LOOKS_S:
            self._clock.sleep(wait_s)
            bound = self._bind(intent, self._search(intent), last=wait_s == _LOOKS_S[-1])
            if bound is not None:
                return bound
        return None

    def _search(self, intent: Entry) -> Found:
        bound = {entry.id for entry in self._record.entries.values()}
        return search(self._pbx, intent, self._record.lineage, bound)

    def _bind(self, intent: Entry, found: Found, *, last: bool = True) -> Entry | None:
        """Decide what was found. Raises Failed where only a person can."""
        if found.begun:
            return self._adopt_begun(intent, found)
        if len(found.drafts) > 1 and intent.delivery == "direct" and intent.send != "draft":
            raise self._stuck(intent, f"several campaigns fit: {_ids(found)}")
        if found.drafts:
            bound = self._record.put(intent, phase=Phase.BOUND, id=found.drafts[0].id)
            self._sweep(bound, found)
            return bound
        if found.unlike and last:
            raise self._stuck(
                intent, f"the PBX has a campaign of this name that reads differently: {_ids(found)}"
            )
        if intent.delivery == "direct" and intent.send != "draft" and last:
            raise self._stuck(
                intent, f"a create was sent or about to be at {intent.at}; no campaign of it is to be found"
            )
        return None

    def _adopt_begun(self, intent: Entry, found: Found) -> Entry:
        if len(found.begun) > 1 or found.drafts:
            raise self._stuck(intent, f"several campaigns fit: {_ids(found)}")
        row = found.begun[0]
        return self._record.put(intent, phase=Phase.RELEASED, id=row.id, status=row.status)

    def _sweep(self, bound: Entry, found: Found) -> None:
        """Delete the spare drafts that lost answers of ours have made: never more than answers were lost."""
        for spare in found.drafts[1 : 1 + bound.lost]:
            self._watch.step(bound.key, f"delete spare draft {spare.id}")
            self._pbx.delete(spare.id)

    def _stuck(self, intent: Entry, question: str) -> Failed:
        self._record.put(intent, phase=Phase.STUCK, question=question)
        return Failed(
            Result(intent.key, "unknown", message=question, next_command=f"campaignops resolve {intent.key}")
        )


def _phase(intent: Entry) -> Phase:
    return Phase.RELEASED if intent.delivery == "direct" and intent.send != "draft" else Phase.BOUND


def _ids(found: Found) -> str:
    return ", ".join(f"id {row.id} ({row.status})" for row in (*found.begun, *found.drafts, *found.unlike))


def _not_done(key: str, step: str, outcome: Outcome[object]) -> Result:
    assert not isinstance(outcome, Done)
    ends = isinstance(outcome, NoEffect) and outcome.ends_run
    return Result(key, "failed", message=f"{step}: {outcome.reason}; nothing was sent", ends_run=ends)
