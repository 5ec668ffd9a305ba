"""Rig: the model of the protocol, searched breadth first. Nobody gets a message twice, none is lost, there is no dead
end; and each deliberate mistake in it is found, with its shortest history.

When a run ends another may begin, without end; `runs` is how many there may be at a time. Campaigns are searched one at
a time, which covers any number of them: names are unique in a project, so the calls for a campaign meet only its own
objects, and other campaigns reach it in two ways. Their writes move the version, which can but end a run at its next
write, as a crash there does; and a run comes to it later, as after a sleep. Both are in the search of one campaign.
That this is so is tested, too: the model is walked at random with as many campaigns as runs under one version, and
what each of them goes through must be among the states that were searched for one. Small worlds of several are searched
whole.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product

import pytest

from tests.rigs.doses import Tally, first_seed, part, seeds, tally
from tests.rigs.protocol_model import BEGIN, IDLE, Cam, Run, State, Took, World, deliver, over, steps


def overtaken(w: World, run: Run) -> Run:
    """A run that has lost its version ends at its next write; if no call comes before that, it may as well at once."""
    calls = ["post", "sweep", "release", "erase"]
    if (w.delivery, w.send) != ("staged", "now"):
        calls += ["look", "remove", "prove"]
    goes_on = run.at in calls or run.todo or (run.at == "search" and not run.tries) or "compare" in w.broken
    return run._replace(fresh=False) if goes_on else IDLE


@lru_cache(2**17)
def taken(w: World, run: Run, cam: Cam, flying: frozenset[int], calm: bool) -> tuple[Took, ...]:
    """The next steps of a run. It stands there in many states, which differ in the other runs."""
    return tuple(steps(w, run, cam, flying, calm=calm))


def after(
    w: World, state: State, i: int, run: Run, k: int = 0, cam: Cam | None = None, *, wrote: bool = False
) -> State:
    """The state in which the i-th run is `run`, and the k-th campaign `cam`."""
    cams, runs = state
    others = [overtaken(w, each) if wrote and each.fresh else each for each in runs]
    others[i] = run if run.fresh else overtaken(w, run)
    return (cams if cam is None else (*cams[:k], cam, *cams[k + 1 :])), tuple(others)


def of_the_world(w: World, state: State) -> Iterator[tuple[str, State]]:
    """What happens without any run: a request that was held up arrives, or the time to send comes."""
    cams, runs = state
    looked = "bounded" in w.has and any(run.at == "erase" for run in runs)  # it has seen that there is time
    for k, cam in enumerate(cams):
        for n, request in enumerate(cam.net):
            answer, then = deliver(w, cam._replace(net=cam.net[:n] + cam.net[n + 1 :]), request)
            if answer is not None:
                yield f"the {request[0]} that was held up arrives", after(w, state, 0, runs[0], k, then)
        if w.send == "at" and not cam.due and not looked:
            pbx = tuple(("begun", n + 1, o) if s == "scheduled" else (s, n, o) for s, n, o in cam.pbx)
            yield "the time comes", after(w, state, 0, runs[0], k, cam._replace(due=True, pbx=pbx))


def of_run(w: World, state: State, i: int, *, calm: bool = False) -> Iterator[tuple[str, State]]:
    """What the i-th run may do next. Calm: nothing goes wrong."""
    cams, runs = state
    run = runs[i]
    if run == IDLE:
        recorded = tuple((k, cam.rec) for k, cam in enumerate(cams))
        for direct in {"staged": (False,), "direct": (True,), "either": (False, True)}[w.delivery]:
            began = over(Run(todo=recorded, direct=direct, fresh=True))
            yield f"reads {[rec for _, rec in recorded]}", after(w, state, i, began)
        return
    flying = {r.x for j, r in enumerate(runs) if j != i and (r.at, r.k) == ("release", run.k)}
    flying |= {x for kind, x in cams[run.k].net if kind == "release"}
    for what, then, cam, wrote in taken(w, run, cams[run.k], frozenset(flying), calm):
        yield what, after(w, state, i, then, run.k, cam, wrote=wrote)
    if not calm:
        yield "crashes", after(w, state, i, IDLE)
        if "copied" in w.has and IDLE in runs:
            yield "is copied", after(w, state, runs.index(IDLE), run)


def successors(w: World, state: State) -> Iterator[tuple[str, State]]:
    yield from of_the_world(w, state)
    runs = state[1]
    for i, run in enumerate(runs):
        if run not in runs[:i]:  # of two alike, it is all one which goes on
            yield from ((f"run {i} {what}", then) for what, then in of_run(w, state, i))


def harm(cam: Cam) -> str | None:
    """What must never be."""
    if any(got and not ours for _, got, ours in cam.pbx):
        return "somebody gets what is not ours"
    return "somebody gets it twice" if sum(got for _, got, _ in cam.pbx) > 1 else None


def left(w: World, cam: Cam) -> str | None:
    """What must not be when no run can get any further: it is released, its draft is recorded, or a person is asked."""
    if cam.rec == ("stuck",) or (cam.due and w.send == "at"):  # what came too late is said by every plan
        return None
    if cam.rec is None:
        forgotten = [status for status, _, ours in cam.pbx if ours and status != "gone"]
        harmless = "asks" in w.has and set(forgotten) == {"draft"}
        return "what was made is not recorded" if forgotten and not harmless else None
    phase, x = cam.rec[:2]
    status, got, _ = ("", 0, True) if phase == "intent" else cam.pbx[x]
    if (
        status == "gone" and w.delivery == "either"
    ):  # one of two runs at a time has deleted it: a plan says that
        return None
    return None if phase == "done" and (got or status == "scheduled") else "it is lost"


def end_of(w: World, state: State, *, arrives: bool, delivery: str) -> tuple[str | None, list[str]]:
    """What is wrong after a few undisturbed runs, and what they did. What was held up arrives first, or never."""
    calm, (cams, _) = replace(w, ids=9, delivery=delivery), state
    for k, cam in enumerate(cams):
        landed = cam
        for request in cam.net if arrives else ():
            landed = deliver(calm, landed, request)[1]
        cams = (*cams[:k], landed._replace(net=()), *cams[k + 1 :])
    state, told = (cams, (IDLE,)), ["all crash; then, undisturbed:"]
    for _ in range(3):
        what, state = next(of_run(calm, state, 0))
        while state[1] != (IDLE,):
            told.append(what)
            what, state = next(of_run(calm, state, 0, calm=True))
        told.append(what)
    return next((why for cam in state[0] if (why := harm(cam) or left(w, cam))), None), told


def alike(state: State) -> State:
    """One for all states that differ only in which run is which."""
    return state[0], tuple(sorted(state[1], key=hash))


@dataclass
class Search:
    """Every state that can be reached, how it was reached first, and what is wrong with the first one that is."""

    world: World
    came: dict[State, tuple[str, State] | None] = field(default_factory=dict)
    wrong: str | None = None
    history: list[str] = field(default_factory=list)

    def run(self) -> Search:
        w = self.world
        foreign = (("draft", 0, False),) if "foreign" in w.has else ()
        start: State = ((Cam(None, False, foreign),) * w.campaigns, (IDLE,) * w.runs)
        self.came[start] = None
        queue, judged = deque([start]), set()
        while queue and not self.wrong:
            state = queue.popleft()
            here = alike(state)
            if state[0] not in judged:
                judged.add(state[0])
                self._judge(here)
            for what, then in successors(w, state):
                there = alike(then)
                if there not in self.came:
                    self.came[there] = (what, here)
                    queue.append(then)
        return self

    def _judge(self, state: State) -> None:
        why, told = next((why for cam in state[0] if (why := harm(cam))), None), list[str]()
        for delivery in ("staged", "direct") if self.world.delivery == "either" else (self.world.delivery,):
            for arrives in (False, True):
                if why is None:
                    why, told = end_of(self.world, state, arrives=arrives, delivery=delivery)
        if why:
            self.wrong, self.history = why, [*self._to(state), *told]

    def _to(self, state: State) -> list[str]:
        told, step = [], self.came[state]
        while step:
            told.append(step[0])
            step = self.came[step[1]]
        return told[::-1]


@lru_cache(2**17)
def through(run: Run, k: int) -> Run:
    """A run as the k-th campaign sees it: at work on it, about to be, or away."""
    if run != IDLE and run.k == k:
        return run._replace(k=0, todo=())
    coming = (rec for each, rec in run.todo if each == k and (rec is None or rec[0] in BEGIN))
    return next((over(run._replace(todo=((0, rec),))) for rec in coming), IDLE)


def alone(w: World, run: Run) -> tuple[Run, ...]:
    """What may stand for a run where other campaigns are not seen. Has it lost its version to one of them, it is a run
    that will crash at its next write, or one that has crashed already if no call comes before that."""
    return (run,) if run.fresh or run == IDLE else (run, run._replace(fresh=True), overtaken(w, run))


def is_searched(searched: Search, state: State, k: int) -> bool:
    """Whether what the k-th campaign goes through is among the states of a search of one."""
    cams, runs = state
    shadows = product(*(alone(searched.world, through(run, k)) for run in runs))
    return any(alike(((cams[k],), shadow)) in searched.came for shadow in shadows)


def walk(w: World, searched: Search, seed: int, length: int = 100) -> str | None:
    """Go through a world of several campaigns at random. What is wrong, if something is."""
    chance, told = random.Random(seed), list[str]()
    state: State = ((Cam(None, False, ()),) * w.campaigns, (IDLE,) * w.runs)
    for _ in range(length):
        what, state = chance.choice(list(successors(w, state)))
        told.append(what)
        if not all(is_searched(searched, state, k) for k in range(w.campaigns)):
            return "\n".join(
                [f"RIG_SEED={seed} RIG_RUNS=1: a campaign goes through what was not searched", *told]
            )
    return None


def world(has: str = "lag twice refuse", **more: object) -> World:
    return World(frozenset(has.split()), **more)  # type: ignore[arg-type]


ONE, ONE_LONG = world(), world(runs=4)  # of each, several are walked through as well
SMALL = [
    world(send="at", ids=2, late=0),
    world(send="at", ids=2, runs=2),
    world("lag refuse", delivery="direct"),
    world("lag refuse", delivery="direct", send="at"),
    world("lag twice refuse unique", delivery="direct"),
    world("lag refuse", delivery="direct", campaigns=2, runs=2),
    world("twice refuse unique"),
    world("lag twice refuse unique asks"),
    world("lag twice refuse foreign", runs=2),
    world("lag twice copied", runs=2),
    world("lag refuse resend bounded", runs=2),
    world("lag bounded asks", delivery="either", runs=2, ids=2),
    world("", campaigns=2, runs=2, ids=1, late=0),
    world("", delivery="direct", campaigns=3, runs=3, ids=1, late=0),
]
SOAK = [
    world(runs=4, late=2),
    world(send="at"),
    world(send="at", runs=4, late=0),
    world("lag refuse", delivery="direct", runs=4, late=2),
    world("lag refuse", delivery="direct", campaigns=2, runs=3),
    world("lag", delivery="direct", campaigns=3, runs=3, ids=1, late=0),
    world("", campaigns=2, runs=2, ids=2, late=0),
    world("lag twice refuse unique asks", runs=4),
    world("lag twice refuse foreign", runs=4),
    world("lag twice refuse copied asks", runs=3),
    world("lag refuse resend bounded", runs=4),
    world("lag refuse bounded asks", delivery="either", runs=2),
    world("lag refuse bounded asks", delivery="either", send="at", runs=2),
]
BROKEN = [
    world("lag", delivery="direct", broken="writes no intent"),
    world(runs=2, broken="writes no intent"),
    world(runs=2, broken="binds without compare"),
    world("lag", delivery="direct", broken="retries blindly"),
    world("lag foreign", runs=1, broken="adopts without fingerprint"),
    world(runs=2, broken="releases another id"),
    world("lag", delivery="direct", broken="trusts a lagging list"),
    world("", delivery="direct", late=0, broken="posts for another run's intent"),
    world("resend bounded", runs=2, broken="does not wait"),
    world("bounded asks", delivery="either", runs=1, broken="does not wait"),
    world(
        "bounded refuse asks", delivery="either", send="at", runs=1, broken="forgets an unanswered release"
    ),
    world("twice unique", delivery="direct", broken="takes a taken name for a refusal"),
    world(runs=2, broken="forgets what was lost"),
]


@lru_cache
def is_safe(w: World) -> bool:
    return Search(w).run().wrong is None


def search(w: World, counted: Tally) -> Search:
    found = Search(w).run()
    counted.runs += len(found.came)
    print(f"{len(found.came):>9,} states: {w}")
    if found.wrong:
        counted.failures.append("\n".join([f"{found.wrong}: {w}", *found.history]))
    return found


def numbered(worlds: list[World]) -> pytest.MarkDecorator:
    """A test for each world, or for each of the part that is asked for; RIG_SEED is the number of one."""
    asked = dict(part(enumerate(worlds)))
    return pytest.mark.parametrize("w", asked.values(), ids=[f"world {number}" for number in asked])


def explore(w: World) -> None:
    with tally("protocol model") as counted:
        search(w, counted)


def wander(one: World, campaigns: int, *, soak: bool) -> None:
    with tally("protocol model") as counted:
        searched = search(one, counted)
    with tally("several campaigns", first_seed()) as counted:
        for seed in seeds("several campaigns", soak=soak):
            wrong = walk(replace(one, campaigns=campaigns), searched, seed)
            counted.failures += [wrong] if wrong else []
            counted.runs += 1


@numbered(SMALL)
def test_whatever_happens_everybody_is_texted_once(w):
    explore(w)


def test_three_campaigns_go_through_nothing_that_was_not_searched_for_one():
    wander(ONE, 3, soak=False)


@pytest.mark.soak
@pytest.mark.timeout(0)
@numbered(SOAK)
def test_whatever_happens_everybody_is_texted_once_long(w):
    explore(w)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_four_campaigns_go_through_nothing_that_was_not_searched_for_one_long():
    wander(ONE_LONG, 4, soak=True)


@pytest.mark.parametrize("broken", ["binds without compare", "writes no intent"])
def test_a_walk_sees_what_was_not_searched(broken):
    searched = Search(world(runs=2, ids=2, late=0)).run()
    astray = replace(searched.world, campaigns=3, broken=broken)
    assert any(walk(astray, searched, seed) for seed in range(300))


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: f"{each.broken}, {each.delivery}")
def test_a_mistake_in_the_protocol_is_found(broken):
    found = Search(broken).run()
    print(f"{found.wrong}, after {len(found.came)} states:", *found.history, sep="\n  ")
    assert found.wrong
    assert is_safe(replace(broken, broken=""))
