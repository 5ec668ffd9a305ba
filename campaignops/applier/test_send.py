"""A test send: what a campaign says, to one of our own people, as a campaign of its own under the same protocol.

It is recorded under a key that no manifest has, so that no plan touches it. Its answer may get lost, too: then it is
found out what became of it, and nothing is sent again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from campaignops.applier.create import Creator
from campaignops.applier.ports import Ended, Pbx, Result, Watch
from campaignops.applier.record import Clock, Record
from campaignops.applier.release import Releaser
from campaignops.applier.update import Editor
from campaignops.model import Campaign, Now, Numbers
from campaignops.state import Entry, Phase, test_key

_LONGEST_NAME = 127


def campaign_of(campaign: Campaign, number: str, now_s: float) -> Campaign:
    """The one-person campaign: what its reader sees is the same, its name says what it is."""
    stamp = datetime.fromtimestamp(now_s, UTC).strftime(" %Y%m%dT%H%M%SZ")
    name = f"[test] {campaign.name}"[: _LONGEST_NAME - len(stamp)] + stamp
    one = replace(campaign, key=test_key(campaign.key), name=name, audience=Numbers((number,)), send=Now())
    return replace(one, moved_from=None, split=None)


@dataclass(frozen=True, slots=True)
class Tester:
    """Test sends of one run."""

    record: Record
    pbx: Pbx
    watch: Watch
    clock: Clock

    def settle(self, key: str) -> Entry | None:
        """What an earlier test send left open, found out: the entry when it was sent after all, None when nothing
        stands in the way of a new one. A draft that it left is deleted. Raises Ended."""
        entry = self.record.entries.get(key)
        if entry is None:
            return None
        if entry.phase is Phase.RELEASED:
            return None if entry.time_s is not None else self._sent(entry)
        if entry.phase is Phase.STUCK:
            raise Ended(Result(key, "unknown", message=entry.question))
        creator, releaser, editor = self._workers()
        if entry.phase is Phase.INTENT:
            entry = creator.adopt(entry)
            if entry is None:
                self.record.drop(key)
                return None
        try:
            entry = releaser.recalled(entry)
        except Ended:
            if self.record.entries[key].phase is not Phase.RELEASED:
                raise
            entry = self.record.entries[key]
        if entry.phase is Phase.RELEASED:
            return self._sent(entry)
        editor.remove(entry)
        self.record.drop(key)
        return None

    def send(self, test: Campaign) -> Entry:
        """Create, bind and release it; its names are resolved. Raises Ended."""
        creator, releaser, _ = self._workers()
        made = creator.create(test, self.record.entries.get(test.key))
        return self._sent(releaser.release(made, test))

    def _sent(self, entry: Entry) -> Entry:
        return self.record.put(entry, time_s=int(self.clock.now()))

    def _workers(self) -> tuple[Creator, Releaser, Editor]:
        record, pbx, watch, clock = self.record, self.pbx, self.watch, self.clock
        creator = Creator(pbx, record, watch, clock)
        return creator, Releaser(pbx, record, watch, clock), Editor(pbx, record, watch, clock, creator)
