"""Making a campaign: intent on disk, upload, create, id on disk. A lost answer is looked up and never guessed.

Staged, the create makes a draft, which sends nothing: posting it again harms nobody. Direct, it may send: it is posted
at most once for an intent, by the run that wrote the intent.
"""

from __future__ import annotations

from campaignops import state
from campaignops.applier import spare
from campaignops.applier.ports import Ended, Json, Pbx, Result, Watch, announce
from campaignops.applier.record import Clock, Record
from campaignops.applier.search import search
from campaignops.errors import PbxError, StateError
from campaignops.model import Asset, Campaign, Uploaded, files_of
from campaignops.outcome import Done, NoEffect, Unknown
from campaignops.state import Entry, Phase

_TRIES = 2  # drafts posted by one run for one campaign
_LOOKS_S = (0.0, 0.5, 1.5)  # after a lost answer: how long to wait before each look
_DUPLICATE = 40003


class Creator:
    """Creates of one run; a file that several campaigns name is uploaded once."""

    def __init__(self, pbx: Pbx, record: Record, watch: Watch, clock: Clock) -> None:
        self._pbx, self._record, self._watch, self._clock = pbx, record, watch, clock
        self._uploaded: dict[str, Uploaded] = {}

    def create(self, campaign: Campaign, entry: Entry | None) -> Entry:
        """The entry, bound to an id. `entry`: an intent that an earlier run left open, or one whose campaign is gone.
        Raises Ended."""
        left_open = entry if entry is not None and entry.phase is Phase.INTENT else None
        if left_open is not None and (adopted := self.adopt(left_open)):
            return adopted
        meaning = self._pbx.meaning(self._pbx.shown(campaign))
        fresh = self._record.fresh(campaign, meaning, self._pbx.people(campaign))
        lost, revision = "", fresh.revision
        if left_open is not None:  # a run that was killed may have posted without hearing of it
            lost, revision = _one_more_lost(left_open), left_open.revision
        elif entry is not None:
            lost, revision = entry.lost, entry.revision + 1
        intent = self._record.put(fresh, lost=lost, revision=revision)
        try:
            body = self._body(campaign)
            given = state.fingerprint(self._pbx.meaning(body), self._record.lineage)
            if given != intent.fingerprint:  # the PBX keeps a file under another name than ours
                intent = self._record.put(intent, fingerprint=given)
            announce(self._watch, intent.key, None, "create")
            return self._post_once(intent, body) if may_send(intent) else self._post_draft(intent, body)
        except (Ended, PbxError):
            self._withdraw(intent, left_open)
            raise

    def adopt(self, intent: Entry) -> Entry | None:
        """What an open intent has made, bound; None when there is nothing and a draft may be posted. Never posts."""
        self._watch.step(intent.key, "look for what an earlier apply made")
        return self._bound(intent, last=True)

    def upload(self, campaign: Campaign, otherwise: str = "nothing was sent") -> dict[str, Uploaded]:
        """The campaign's files by path, each on the PBX. Raises Ended, which says what holds `otherwise`."""
        for asset in files_of(campaign.message):
            if isinstance(asset, Asset) and asset.path not in self._uploaded:
                announce(self._watch, campaign.key, None, f"upload {asset.path}")
                outcome = self._pbx.upload(asset)
                if not isinstance(outcome, Done):
                    raise _failed(campaign.key, f"upload of {asset.path}", outcome, otherwise)
                self._uploaded[asset.path] = outcome.value
        return self._uploaded

    def _body(self, campaign: Campaign) -> Json:
        return self._pbx.compose(campaign, self.upload(campaign), released=self._record.delivery == "direct")

    def _post_once(self, intent: Entry, body: Json) -> Entry:
        """Direct: whatever its answer, this body is never posted again."""
        match self._pbx.create(body):
            case Done(made):
                return self._keep(intent, made, Phase.RELEASED)
            case NoEffect(code=code) as refused if code != _DUPLICATE:
                raise _failed(intent.key, "create", refused)
            case NoEffect(reason=reason) | Unknown(reason=reason):
                # A name that is taken may be so by this very campaign: the network can deliver a request twice.
                intent = self._record.put(intent, lost=_one_more_lost(intent))
                bound = self._recovered(intent, f" ({reason})")
                assert bound is not None  # else the last look has raised
                return bound

    def _post_draft(self, intent: Entry, body: Json) -> Entry:
        """Staged: a lost answer costs at most a silent draft, so after a search it is posted once more."""
        reason = ""
        for _ in range(_TRIES):
            outcome = self._pbx.create(body)
            if isinstance(outcome, Done):
                return self._keep(intent, outcome.value, Phase.BOUND)
            reason = outcome.reason
            if isinstance(outcome, Unknown):
                intent = self._record.put(intent, lost=_one_more_lost(intent))
            elif outcome.code != _DUPLICATE:
                raise _failed(intent.key, "create", outcome)
            # A name may be taken by a draft of ours: the network can lose an answer, or deliver a request twice.
            bound = self._recovered(intent) if intent.lost else self._bound(intent, last=False)
            if bound is not None:
                return bound
            if not intent.lost:
                raise _failed(intent.key, "create", outcome)
        text = f"create: {reason}. It made at most a draft, which sends nothing; the next apply looks for it"
        raise Ended(Result(intent.key, "unknown", None, text, "campaignops apply", ends_run=True))

    def _withdraw(self, intent: Entry, left_open: Entry | None) -> None:
        """Take an intent back, unless a later step was recorded: then nothing came of it. One that an earlier run left
        open stays, because what that has made may still show up; so may drafts of one that made way."""
        if self._record.entries[intent.key] is not intent:
            return
        if left_open is not None:
            self._record.put(left_open)
        elif intent.lost:
            self._record.put(intent, delivery="staged")
        else:
            self._record.drop(intent.key)

    def _keep(self, intent: Entry, made: int, phase: Phase) -> Entry:
        if any(made == entry.id for entry in self._record.entries.values()):
            raise self._stuck(intent, f"the PBX answered a create with id {made}, which is bound already")
        try:
            return self._record.put(intent, phase=phase, id=made)
        except StateError as error:
            text = f"{error.message}. The PBX has made it as id {made}, which the next apply looks for"
            raise StateError(text, code=error.code) from error

    def _recovered(self, intent: Entry, why: str = "") -> Entry | None:
        """After a lost answer: a few looks, because a list may lag behind."""
        for wait_s in _LOOKS_S:
            self._clock.sleep(wait_s)
            bound = self._bound(intent, last=wait_s == _LOOKS_S[-1], why=why)
            if bound is not None:
                return bound
        return None

    def _bound(self, intent: Entry, *, last: bool, why: str = "") -> Entry | None:
        """The entry bound to what a search finds, or None. `last`: nobody looks again, so say where a person must."""
        taken = {entry.id for entry in self._record.entries.values()}
        found = search(self._pbx, intent, self._record.lineage, taken)
        if len(found.begun) > 1 or (found.begun and found.drafts):
            raise self._stuck(intent, f"several campaigns fit: {found}")
        if found.drafts and may_send(intent):
            raise self._stuck(
                intent, f"a create that sends was posted, and only a draft is to be found: {found}"
            )
        if found.begun:
            row = found.begun[0]
            return self._record.put(intent, phase=Phase.RELEASED, id=row.id, status=row.status)
        if found.drafts:
            bound = self._record.put(intent, phase=Phase.BOUND, id=found.drafts[0].id)
            return spare.delete(self._pbx, self._record, bound, found, self._watch)
        if last and found.unlike:
            raise self._stuck(intent, f"the PBX has a campaign of this name that reads differently: {found}")
        if last and may_send(intent):
            text = f"a create was sent, or about to be, at {intent.at}{why}; nothing of it is to be found"
            raise self._stuck(intent, text)
        return None

    def _stuck(self, intent: Entry, question: str) -> Ended:
        self._record.put(intent, phase=Phase.STUCK, question=question)
        command = f"campaignops resolve {intent.key}"
        return Ended(Result(intent.key, "unknown", message=question, next_command=command))


def may_send(intent: Entry) -> bool:
    """Whether the create of this intent sends, or schedules, by itself."""
    return intent.delivery == "direct" and intent.send != "draft"


def _one_more_lost(intent: Entry) -> str:
    return f"{intent.lost} {intent.fingerprint}".lstrip()


def _failed(key: str, step: str, outcome: NoEffect | Unknown, otherwise: str = "nothing was sent") -> Ended:
    ends = isinstance(outcome, NoEffect) and outcome.ends_run
    return Ended(Result(key, "failed", message=f"{step}: {outcome.reason}; {otherwise}", ends_run=ends))
