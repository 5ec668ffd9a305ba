"""The protocol of `apply` as a model: the PBX, the network, and the steps of a run. `test_protocol_model` searches
every interleaving of several runs. It shares no code with the product.

A run reads the state once, then takes the steps of `campaignops/applier`; each is one compare-and-swap or one call.
Between two steps anything may happen: a crash, steps of other runs, a sleep of any length (a run that thaws still has
its old version). Left out: texts, people's hands on the PBX, tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias


@dataclass(frozen=True)
class World:
    """What is searched. `has` may hold:

    lag      the list may leave out anything      twice    a request may arrive twice; we hear the second answer
    refuse   the PBX may refuse a request         unique   it wants names to be unique
    foreign  somebody else's draft has the name   copied   a virtual machine may be copied while it runs
    resend   a release that is repeated sends again
    bounded  a request is held up, and a run sleeps before a call, no longer than is waited after an unfinished
             release and before a send time: only so can `resend`, and runs of `either` delivery, be survived
    asks     a draft of ours may be left unrecorded: a plan finds that its name is taken, and asks

    A second copy of a create that sends (`twice` and direct) can be survived only with `unique`."""

    has: frozenset[str] = frozenset({"lag", "twice", "refuse"})
    runs: int = 3
    campaigns: int = 1
    send: str = "now"  # at: at a time, which comes once
    delivery: str = "staged"  # direct; either: each run its own
    ids: int = 3  # how many campaigns the PBX takes
    late: int = 1  # requests that may be held up at once, to arrive when nobody waits for them any more
    broken: str = ""  # a deliberate mistake


class Cam(NamedTuple):
    """`rec`: None, intent (direct?, lost), bound id, releasing id, done id, or stuck. `due`: its time has come. `pbx`:
    objects by id: status, what a person got of it, whether it is ours. `net`: requests that are held up."""

    rec: Any
    due: bool
    pbx: tuple[tuple[str, int, bool], ...]
    net: tuple[tuple[str, Any], ...] = ()


class Run(NamedTuple):
    """`at`: the next step, of campaign `k`. `x`: what it knows. `fresh`: nobody wrote since. `todo`: what it read."""

    at: str = "idle"
    k: int = 0
    x: Any = None
    tries: int = 0
    direct: bool = False
    fresh: bool = False
    todo: tuple[tuple[int, Any], ...] = ()


State: TypeAlias = tuple[tuple[Cam, ...], tuple[Run, ...]]
Took: TypeAlias = tuple[str, Run, Cam, bool]  # in words; run and campaign after it; whether it was a write
IDLE = Run()
BEGIN = {"intent": "adopt", "bound": "look", "releasing": "look", "done": "look"}


def deliver(w: World, cam: Cam, request: tuple[str, Any]) -> tuple[Any, Cam]:
    """What the PBX answers (a create: the id) and does. None: nobody follows a PBX with so many campaigns."""
    kind, x = request
    sent = ("scheduled", 0) if w.send == "at" and not cam.due else ("begun", 1)
    if kind == "create":
        if "unique" in w.has and any(status != "gone" for status, _, _ in cam.pbx):
            return "taken", cam
        made = (*(sent if x else ("draft", 0)), True)
        return (None, cam) if len(cam.pbx) >= w.ids else (len(cam.pbx), cam._replace(pbx=(*cam.pbx, made)))
    status, got, ours = cam.pbx[x]
    again = kind == "delete" or (kind == "release" and "resend" in w.has)
    if status == "gone" or (status == "begun" and not again):
        return "ok" if kind == "delete" else "refused", cam
    new = {"delete": ("gone", got), "release": (sent[0], got + sent[1]), "draft": ("draft", got)}[kind]
    return "ok", cam._replace(pbx=(*cam.pbx[:x], (*new, ours), *cam.pbx[x + 1 :]))


def call(w: World, cam: Cam, request: tuple[str, Any], *, calm: bool) -> Iterator[tuple[str, Any, Cam]]:
    """What may become of a request, and the answer that is heard."""
    answer, then = deliver(w, cam, request)
    if answer is not None:
        yield "is answered", answer, then
        if calm:
            return
        yield "is done, its answer lost", "silence", then
        answer, then = deliver(w, then, request) if "twice" in w.has else (None, cam)
    if answer is not None:
        yield "arrives twice", answer, then
        yield "arrives twice, both answers lost", "silence", then
    yield "is lost", "silence", cam
    if "refuse" in w.has:
        yield "is refused", "refused", cam
    if len(cam.net) < w.late:
        yield "is held up", "silence", cam._replace(net=tuple(sorted((*cam.net, request), key=hash)))


def seen(w: World, cam: Cam, *, calm: bool) -> Iterator[tuple[int, ...]]:
    """The ids that a list may show."""
    there = [i for i, (status, _, _) in enumerate(cam.pbx) if status != "gone"]
    sizes = range(len(there) + 1) if "lag" in w.has and not calm else (len(there),)
    return (ids for size in sizes for ids in combinations(there, size))


def found(w: World, cam: Cam, at: str, intent: Any, ids: tuple[int, ...]) -> tuple[str, Any]:
    """The step that a search leads to: what an intent has made, by name and fingerprint."""
    ours = [i for i in ids if cam.pbx[i][2] or w.broken == "adopts without fingerprint"]
    begun = [i for i in ours if cam.pbx[i][0] != "draft"]
    drafts = [i for i in ours if cam.pbx[i][0] == "draft"]
    _, direct, lost = intent
    if len(begun) > 1 or (begun and drafts) or (drafts and direct):
        return "stuck", None
    if ours:
        return ("done", begun[0]) if begun else ("bind", (drafts[0], tuple(drafts[1 : 1 + lost])))
    trusts = {"adopt": "posts for another run's intent", "search": "trusts a lagging list"}.get(at)
    return "stuck" if ids or (direct and trusts != w.broken) else "nothing", intent


def over(run: Run) -> Run:
    """The run at its next campaign, or at its end."""
    for n, (k, rec) in enumerate(run.todo):
        if rec is None or rec[0] in BEGIN:
            at = BEGIN[rec[0]] if rec else "names"
            return run._replace(at=at, x=rec, k=k, tries=0, todo=run.todo[n + 1 :])
    return IDLE


def steps(w: World, run: Run, cam: Cam, flying: Collection[int], *, calm: bool) -> Iterator[Took]:  # noqa: C901
    """The next step of a run, in the order of a campaign's life. `flying`: ids of which a release is on its way."""
    at, x, end, too_late = run.at, run.x, over(run), cam.due and w.send == "at"

    def to(at: str, x: Any = x, tries: int = run.tries) -> Run:
        return run._replace(at=at, x=x, tries=tries)

    def cas(rec: Any, then: Run) -> Took:
        if run.fresh or (w.broken == "binds without compare" and rec and rec[0] == "bound"):
            return f"writes {rec}", then, cam._replace(rec=rec), True
        return "finds that the state has moved", IDLE, cam, False

    goes_on = "remove" if run.direct else "prove"  # a draft of an earlier run: direct, it makes way
    match at:
        case "names":  # not recorded: create it, unless the PBX has the name
            for ids in seen(w, cam, calm=calm):
                yield f"sees {ids}", end if ids or too_late else to("intent"), cam, False
        case "intent" | "again" | "lost":
            rec = ("intent", run.direct, 0 if at == "intent" else min(2, x[2] + 1))
            then = to("search" if at == "lost" else "post", rec)
            yield (at, then, cam, False) if w.broken == "writes no intent" else cas(rec, then)
        case "adopt" | "search" | "glance":  # an intent left open; an answer of ours lost; our name taken
            once_more = end if run.tries and not run.direct else to("post", tries=1)
            left_open = end if too_late else to("again")
            nothing = {"adopt": left_open, "search": once_more, "glance": to("withdraw")}[at]
            for ids in seen(w, cam, calm=calm):
                step, what = found(w, cam, at, x, ids)
                yield f"sees {ids}", nothing if step == "nothing" else to(step, what), cam, False
        case "post":
            taken = "lost" if run.direct or x[2] else "glance"
            taken = "withdraw" if w.broken == "takes a taken name for a refusal" else taken
            blindly = to("post", tries=1) if w.broken == "retries blindly" and not run.tries else to("lost")
            goes = {"refused": to("withdraw"), "taken": to(taken), "silence": blindly}
            for what, heard, after in call(w, cam, ("create", run.direct), calm=calm):
                yield f"create {what}", goes.get(heard) or to("keep", heard), after, False
        case "withdraw":  # but not what an earlier run may have made
            yield cas(("intent", False, x[2]) if x[2] and w.broken != "forgets what was lost" else None, end)
        case "keep":
            yield cas(("done", x), end) if run.direct else cas(("bound", x), to("prove", tries=0))
        case "bind":
            yield cas(("bound", x[0]), to("sweep", tries=0))
        case "sweep":  # spare drafts, by id
            kept = [("gone", *o[1:]) if i in x[1] and o[0] == "draft" else o for i, o in enumerate(cam.pbx)]
            yield f"deletes drafts {x[1]}", to(goes_on, x[0]), cam._replace(pbx=tuple(kept)), False
        case "look":  # it has an id, from an earlier run
            phase, i = x
            status = cam.pbx[i][0]
            waits = "bounded" in w.has and i in flying and w.broken != "does not wait"
            waits = waits and (phase == "releasing" or w.broken != "forgets an unanswered release")
            if status == "draft":
                then = end if too_late or waits else to(goes_on if phase == "bound" else "recall", i)
            elif status == "gone":
                then = end if too_late or (w.send == "now" and phase != "bound") else to("drop", i)
            else:
                then = end if phase == "done" else to("done", i)
            yield f"looks at {i}: {status}", then, cam, False
        case "recall":  # no release is under way any more
            yield cas(("bound", x), to(goes_on))
        case "prove" if w.send == "now":  # an update with its own content; of a draft, nothing comes of it
            yield from steps(w, to("arm"), cam, flying, calm=calm)
        case "prove":
            for what, heard, after in call(w, cam, ("draft", x), calm=calm):
                yield f"update of {x} {what}", to("arm") if heard == "ok" else end, after, False
        case "arm":
            yield ("is too late", end, cam, False) if too_late else cas(("releasing", x), to("release"))
        case "release":
            others = [i for i, (status, _, _) in enumerate(cam.pbx) if status != "gone"]
            which = max(others, default=x) if w.broken == "releases another id" else x
            for what, heard, after in call(w, cam, ("release", which), calm=calm):
                yield f"release of {which} {what}", to("done" if heard == "ok" else heard), after, False
        case "silence" | "refused":  # to a release. A refusal is looked at, too: it may be the second answer
            status = cam.pbx[x][0]
            once = not run.tries or w.broken == "forgets an unanswered release"
            again = to("arm", tries=1) if w.send == "at" and not run.tries else end
            back = to("disarm") if at == "refused" and once else again
            yield f"looks at {x}: {status}", {"gone": end, "draft": back}.get(status, to("done")), cam, False
        case "disarm" | "done" | "stuck":
            yield cas(("stuck",) if at == "stuck" else ("bound" if at == "disarm" else "done", x), end)
        case "remove":
            status = cam.pbx[x][0]
            then = {"begun": end, "gone": to("drop")}.get(status, to("erase"))
            yield f"looks at {x}: {status}", then, cam, False
        case "erase":
            for what, heard, after in call(w, cam, ("delete", x), calm=calm):
                gone = heard != "refused" and after.pbx[x][0] == "gone"
                yield f"delete of {x} {what}", to("drop") if gone else end, after, False
        case "drop":
            yield cas(None, to("intent"))
