"""Rig: random lives, as in `test_state_machine`, a dozen steps each, in which people also pull the emergency brake and
send tests.

Two more judges. What a halt has called halted is not sent until somebody lifts it, writes `send: draft`, or lets it go
by hand. A staff number gets no more tests than were asked for, whatever gets lost.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.rigs.doses import seeds, tally
from tests.rigs.test_state_machine import (
    CLOCK,
    EFFECTS,
    FAULTS,
    PEOPLE,
    Killed,
    Life,
    dying,
    life,
)

__all__ = ["life"]
STAFF = "+12025550199"
UPDATE = EFFECTS[1]
SENDS: list[Any] = ["draft", "now", 90, 700, 5000, 5000]


class HaltedLife(Life):
    """`stopped` has the marks of what is halted, each with how many rows of the ledger it had then."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped: dict[str, int] = {}
        self.asked: Counter[str] = Counter()

    # -- commands

    def halt(self, fault: dict[str, Any] | None, occurrence: int, applies: bool, waits: int) -> None:
        """Somebody pulls the brake; the pipeline, which knows nothing of it, applies all the same."""
        if not any(isinstance(wanted.send, int) for _, wanted in self._unsent()):
            self.add(5000, {STAFF[:-1] + "8"})
            self._apply()
        if fault:
            self.box.inject(UPDATE, occurrence, **fault)
        ran = self._run("halt", "--auto-approve", "--json")
        self.box._pbx.faults.clear()
        if ran.code not in (0, 4):
            return
        self.is_news = True
        self.is_plain = False  # what is halted is not sent in the end
        self.late = [each for each in self.late if each.endpoint != UPDATE]  # it has waited for those
        for row in ran.document["campaigns"]:
            if row["outcome"] == "halted" and row["key"] in self.wanted:
                mark = self.wanted[row["key"]].mark
                self.stopped[mark] = self._sent(mark)
        if applies:
            self._apply()
        CLOCK.now += waits
        self.what_is_halted_stays_unsent()

    def halt_killed(self, steps: int, before: bool) -> None:
        self.is_plain = False
        with dying(steps, before=before):
            try:
                self._run("halt", "--auto-approve")
            except Killed:
                self.project.state.with_name(self.project.state.name + ".lock").write_text("{")
        self.box.expire_tokens()

    def lift(self) -> None:
        assert self._run("halt", "--lift").code == 0
        self.stopped.clear()
        self.is_news = True

    def test_send(self, pick: int, endpoint: str, occurrence: int, fault: dict[str, Any] | None) -> None:
        some = self._unsent()
        key, wanted = some[pick % len(some)]
        if fault and fault.get("twice") and not self._survives_copies(endpoint):
            fault = {"drop": "after"}
        self.approved.add((wanted.text, STAFF))
        self.asked[wanted.mark] += 1
        if fault is None:
            self._run("test-send", key, "--to", STAFF, "--auto-approve")
            return
        with self._broken(endpoint, occurrence, fault):
            self._run("test-send", key, "--to", STAFF, "--auto-approve")

    # -- the judges

    def what_is_halted_stays_unsent(self) -> None:
        for mark, before in self.stopped.items():
            assert self._sent(mark) == before, mark

    def nobody_gets_it_twice(self) -> None:
        ledger = self.box.ledger()
        got = Counter((row["summary"][:4], row["number"]) for row in ledger)
        for (mark, number), count in got.items():
            assert count <= (self.asked[mark] if number == STAFF else 1), ledger
        said = {(row["summary"], row["number"]) for row in ledger}
        assert said <= self.approved, said - self.approved

    # -- what ends a halt, besides

    def _lets_go(self, mark: str) -> None:
        self.stopped.pop(mark, None)

    def _write(self) -> None:
        for wanted in self.wanted.values():
            if wanted.send == "draft":
                self._lets_go(wanted.mark)
        super()._write()
        self.project.settings(pbx={"url": self.box.url, "delivery": self.delivery}, test_numbers=[STAFF])

    def _update(self, campaign_id: int, **fields: Any) -> None:
        if fields.get("send_type") == "immediately":
            self._lets_go(self._text(campaign_id)[:4])
        super()._update(campaign_id, **fields)

    def _recollect(self) -> None:
        self.stopped.clear()  # the state that knew of it is gone
        super()._recollect()

    # -- how it is done

    def _rows(self) -> list[dict[str, Any]]:
        return [row for row in super()._rows() if not row["name"].startswith("[test]")]

    def _sent(self, mark: str) -> int:
        rows = self.box.ledger()
        return sum(row["summary"][:4] == mark and row["number"] != STAFF for row in rows)


def step(one: HaltedLife, dice: Random) -> None:
    fault = dice.choice([None, None, *FAULTS])
    match dice.choice(
        ["halt", "halt", "halt killed", "lift", "test", "test", "add", "edit", "apply", "fault", "wait"]
    ):
        case "halt":
            one.halt(
                fault, dice.choice([1, 1, 2]), applies=dice.random() < 0.7, waits=dice.choice([0, 0, 6000])
            )
        case "halt killed":
            one.halt_killed(dice.randint(3, 12), before=dice.random() < 0.5)
        case "lift":
            one.lift()
        case "test" if one._unsent():
            one.test_send(dice.randint(0, 9), dice.choice(EFFECTS[:2]), dice.choice([1, 1, 2]), fault)
        case "add":
            one.add(dice.choice(SENDS), {dice.choice(PEOPLE)})
        case "edit" if one.wanted:
            what = dice.choice(["text", "send", "numbers", "name", "key", "gone"])
            one.edit(dice.randint(0, 9), what, dice.randint(0, 4), dice.choice(SENDS))
        case "fault" if fault:
            one.apply_with_a_fault(dice.choice(EFFECTS), dice.choice([1, 1, 2]), fault, dice.choice(SENDS))
        case "wait":
            one.wait(dice.choice([1, 40, 700, 6000]), 0)
        case _:
            one._apply()
    one.what_is_halted_stays_unsent()
    one.nobody_gets_it_twice()


def walks(life: type[Life], *, soak: bool) -> None:
    said = {name: getattr(life, name) for name in ("box", "hand", "lives")}
    kind = type("HaltedLife", (HaltedLife,), said)
    with tally("halted lives") as counted:
        for seed in seeds("halted lives", soak=soak):
            dice, one = Random(seed), kind()
            counted.runs += 1
            try:
                one.begin({}, [700, 5000], dice.choice(["staged", "staged", "direct"]))
                for _ in range(12):
                    step(one, dice)
                one.teardown()
            except AssertionError as wrong:
                counted.failures.append(f"RIG_SEED={seed} RIG_RUNS=1: {wrong}")


def test_what_is_halted_is_not_sent_and_tests_go_out_once(life):
    walks(life, soak=False)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_what_is_halted_is_not_sent_and_tests_go_out_once_long(life):
    walks(life, soak=True)
