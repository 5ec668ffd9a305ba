"""Rig: every exchange of an apply, broken in every way, over real sockets. Small dose: create, update, login.

Each cell has its expected result in EXPECTED: whether the run that meets the fault gets over it, `done`, or `stops`.
Then, two minutes later, two runs without a fault. Whatever the cell, the ledger of the sandbox must say in the end that
everybody was texted exactly once, the PBX must hold what is recorded and nothing else, and what came over the wire must
be what the clients have counted.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from campaignops.model import Campaign
from tests.rigs.doses import part, tally
from tests.rigs.proxy import Proxy
from tests.rigs.stage import Run, Stage, a_template, a_text, everybody, open_stage

TIMEOUT_S = 0.4
SMALL = {  # the endpoints of the small dose, by scene
    "sms now": ("get_token", "create", "update"),
    "sms at": ("create", "update"),
    "sms draft": ("create",),
    "whatsapp now": ("create",),
}
FAULTS: dict[str, dict[str, Any]] = {
    "refused from then on": {},
    "reset before": {"drop": "before"},
    "reset after": {"drop": "after"},
    "cut at 0": {"truncate_at": 0},
    "cut at 9": {"truncate_at": 9},
    "too late": {"delay_after_s": 2 * TIMEOUT_S},
    "502 after": {"status": 502, "commit": True},
    "doubled": {"twice": True},
    "held for one run": {},
    "held for two runs": {},
    "odd errcode": {"errcode": 20001},
    "odd errcode after": {"errcode": -2, "commit": True},
    "html": {"status": 200},
}
BY_PROXY = tuple(name for name, rule in FAULTS.items() if not rule)
SLOW = ("too late", *BY_PROXY[1:])  # the client waits in vain

# Of a call: the faults that the run which meets them does not get over. All others it does.
_NO_ANSWER = {
    "reset before",
    "reset after",
    "cut at 0",
    "cut at 9",
    "502 after",
    "odd errcode",
    "odd errcode after",
    "html",
    *SLOW,
}
_NOT_DONE = {"reset before", "held for one run", "held for two runs", "odd errcode", "html"}
EXPECTED: dict[str, set[str]] = {
    # Read again after all but silence and a plain no.
    "read": {"odd errcode", *SLOW},
    "search": set(),  # the whole list says it, too
    "batchupload": {"odd errcode", *SLOW},
    # Once more when the line broke, never after an answer: five refused logins block the address.
    "get_token": {"502 after", "odd errcode", "odd errcode after", "html", *SLOW},
    "refresh_token": set(),
    "del_token": set(),
    # Looked for; a draft is posted once more.
    "create": set(),
    # The proof that an update replaces: without an answer nothing is let go.
    "proof": _NO_ANSWER,
    # Read back by id. What is scheduled is repeated, what is sent at once is not.
    "release at": set(),
    "release now": _NOT_DONE,
    "delete": _NOT_DONE,
}
REFUSED_IS_FINE = ("del_token",)


@dataclass(frozen=True)
class Scene:
    """What is applied. `before`: what an earlier run has applied. `dies_at`: and how far it came with the rest.
    `renews`: the token of the run gets old on the way."""

    campaigns: tuple[Campaign, ...]
    before: tuple[Campaign, ...] = ()
    dies_at: str = ""
    renews: bool = False

    @property
    def texted(self) -> list[tuple[str, str]]:
        return everybody(*(each.key for each in self.campaigns if type(each.send).__name__ != "Draft"))


SCENES = {
    "sms now": Scene((a_text(send="now"),)),
    "sms at": Scene((a_text(send="at"),)),
    "sms draft": Scene((a_text(send="draft"),)),
    "whatsapp now": Scene((a_template(send="now"),)),
    "left half way": Scene((a_text(send="at"),), dies_at="releasing"),
    "changed": Scene((a_text(send="at", text="New"),), before=(a_text(send="at"),)),
    "removed": Scene((), before=(a_text(send="at"),)),
    "with an old token": Scene((a_text(send="at"),), renews=True),
}


class Died(BaseException):
    pass


@dataclass(frozen=True)
class Exchange:
    """One request of a run: the `place`-th of all, the `occurrence`-th to its endpoint, both from 1."""

    endpoint: str
    occurrence: int
    place: int

    @property
    def name(self) -> str:
        return self.endpoint.rpartition("/")[2]


def play(stage: Stage, scene: Scene) -> Run:
    def on_written(phase: str) -> None:
        if scene.renews and phase == "bound":
            stage.clock.sleep(1500)

    return stage.apply(*scene.campaigns, on_written=on_written)


def prepare(stage: Stage, scene: Scene) -> None:
    if scene.before:
        stage.apply(*scene.before)
    if scene.dies_at:

        def dies(phase: str) -> None:
            if phase == scene.dies_at:
                raise Died

        with pytest.raises(Died):
            stage.apply(*scene.campaigns, on_write=dies)


def exchanges(root: Path, scene: Scene) -> list[Exchange]:
    """What a run without a fault asks the PBX."""
    with open_stage(root) as stage:
        prepare(stage, scene)
        seen = len(stage.box.requests())
        assert set(play(stage, scene).outcomes) <= {"done"}
        rows = stage.box.requests()[seen:]
    count: Counter[str] = Counter()
    found = []
    for place, row in enumerate(rows, 1):
        count[row["endpoint"]] += 1
        found.append(Exchange(row["endpoint"], count[row["endpoint"]], place))
    return found


def kind_of(exchange: Exchange, scene: Scene) -> str:
    """The row of EXPECTED."""
    if exchange.name != "update":
        return exchange.name if exchange.name in EXPECTED else "read"
    if scene.before:
        return ("change", "proof", "release at")[exchange.occurrence - 1]
    if exchange.occurrence == 1:
        return "proof"
    return "release now" if type(scene.campaigns[0].send).__name__ == "Now" else "release at"


def expected(exchange: Exchange, scene: Scene, fault: str) -> str:
    if fault == "refused from then on":
        return "done" if exchange.name in REFUSED_IS_FINE else "stops"
    kind = kind_of(exchange, scene)
    return "stops" if fault in (EXPECTED[kind] if kind != "change" else _NOT_DONE) else "done"


def cell(stage: Stage, scene: Scene, exchange: Exchange, fault: str) -> None:
    """One fault in one exchange. Raises AssertionError."""
    prepare(stage, scene)
    counted, journaled = 0, len(stage.box.requests())
    proxy = _proxy(stage, exchange, fault)
    stage.url = proxy.url if proxy else stage.box.url
    stage.timeout_s = TIMEOUT_S if fault in SLOW else 10.0
    if FAULTS[fault]:
        stage.box.inject(exchange.endpoint, exchange.occurrence, **FAULTS[fault])
    runs = [play(stage, scene)]
    stage.url, stage.timeout_s = stage.box.url, 10.0
    for is_last in (False, True):
        if proxy and (is_last or fault != "held for two runs"):
            proxy.deliver()
        stage.clock.sleep(130)
        runs.append(play(stage, scene))
    if proxy:
        proxy.close()
    assert stage.box.tokens_alive() <= 2, f"{stage.box.tokens_alive()} tokens are alive"
    counted = sum(run.requests for run in runs)
    _judge(
        stage,
        scene,
        runs,
        expected(exchange, scene, fault),
        spares=exchange.name == "create" and fault == "doubled",
    )
    sent = len(stage.box.requests()) - journaled
    assert sent == counted, f"{sent} requests came over the wire, the clients have counted {counted}"


def _proxy(stage: Stage, exchange: Exchange, fault: str) -> Proxy | None:
    if fault not in BY_PROXY:
        return None
    if fault == "refused from then on":
        return Proxy(stage.box.port, passes=exchange.place - 1)
    return Proxy(stage.box.port, holds=exchange.place)


def _judge(stage: Stage, scene: Scene, runs: list[Run], first: str, *, spares: bool) -> None:
    came_to = ["done" if run.error is None and set(run.outcomes) <= {"done"} else "stops" for run in runs]
    said = [(run.error, run.said) for run in runs]
    assert came_to == [first, "done", "done"], f"the runs came to {came_to}, not {first}: {said}"
    assert runs[-1].made is not None
    assert runs[-1].made.effects == (), "there is something left to do"
    texted = stage.texted()
    assert texted == scene.texted, f"texted were {texted}: {said}"
    recorded = {entry.id for entry in stage.state.campaigns.values()}
    left = [i for i in stage.campaigns() if i not in recorded]
    # Nobody can know of the draft that a doubled request has made.
    assert len(left) == spares, f"on the PBX is what nobody has recorded: {left}"


def play_cell(root: Path, label: str) -> None:
    """One cell by its label, such as "sms now, update 2, html". Raises AssertionError."""
    name, call, fault = label.split(", ")
    endpoint, occurrence = call.split()
    (root / "clean").mkdir()
    found = exchanges(root / "clean", SCENES[name])
    exchange = next(each for each in found if (each.name, each.occurrence) == (endpoint, int(occurrence)))
    with open_stage(root) as stage:
        cell(stage, SCENES[name], exchange, fault)


def cells(root: Path, *, soak: bool) -> Iterator[tuple[str, Exchange, str]]:
    for number, (name, scene) in enumerate(SCENES.items()):
        (root / f"scene{number}").mkdir()
        for exchange in exchanges(root / f"scene{number}", scene):
            for fault in FAULTS if soak or exchange.name in SMALL.get(name, ()) else ():
                yield name, exchange, fault


@pytest.mark.parametrize(
    "soak", [False, pytest.param(True, marks=[pytest.mark.soak, pytest.mark.timeout(0)])]
)
def test_whatever_breaks_everybody_is_texted_once(tmp_path, soak):
    """RIG_CELL="sms now, update 2, html" plays one cell alone."""
    only = os.environ.get("RIG_CELL")
    with tally("faults, all endpoints" if soak else "faults") as counted:
        for name, exchange, fault in part(cells(tmp_path, soak=soak or only is not None)):
            label = f"{name}, {exchange.name} {exchange.occurrence}, {fault}"
            if only not in (None, label):
                continue
            counted.runs += 1
            root = tmp_path / f"cell{counted.runs}"
            root.mkdir()
            with open_stage(root) as stage:
                try:
                    cell(stage, SCENES[name], exchange, fault)
                except AssertionError as error:
                    counted.failures.append(f"RIG_CELL={label!r}: {error}")
