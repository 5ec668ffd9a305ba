"""One seed is one history: the real plan and apply, several runs at once, over a bad network, with crashes at every
step, full disks, edits of the manifests and by hand on the PBX. Then the faults stop, and a judge looks at who was
texted.

The runs hold no lock: what keeps them apart is the compare-and-swap of the state alone; in some histories it is that of
the real files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from campaignops import applier, planner, state
from campaignops.applier import Record, Result, Who, settle
from campaignops.cli import connection, verdict
from campaignops.errors import CampaignOpsError, StateError
from campaignops.model import Campaign, Draft
from campaignops.planner import Blocked, Create, Half, Live, Plan, Selection, Update
from campaignops.project import Pbx, Project
from campaignops.state import Entry, Phase, State
from tests.rigs import scenery
from tests.rigs.fibers import Fiber
from tests.rigs.model_pbx import EDITABLE, Held, Json, ModelPbx
from tests.rigs.network import Air, Line, Violation, Words, words
from tests.rigs.shelves import FileShelf, MemoryShelf, Pen

T0 = 1_900_000_000
STEPS = 3_000  # a run that is not over by then hangs
CLAIMS = ("nothing was sent", "sent nothing")
ROUNDS = 8  # runs without a fault, after which nothing may be left to do
HALVES: tuple[Half, ...] = ("draft", "release")
EPISODES = ("step", "step", "kill", "deliver", "wait", "edit", "touch")


@dataclass
class Clock:
    air: Air

    def now(self) -> float:
        return self.air.now

    def pbx_now(self) -> float:
        return self.air.pbx.now()

    def sleep(self, seconds: float) -> None:
        self.air.now += seconds


@dataclass
class Watch:
    should_stop: Callable[[], bool]

    def step(self, key: str, what: str) -> None: ...
    def result(self, result: Result) -> None: ...


@dataclass
class Run:
    """One apply, and what it came to."""

    name: str
    delivery: str
    excludes: tuple[str, ...] = ()
    half: Half | None = None
    refresh_only: bool = False
    serial: int = 0
    kept_at: float = 0.0
    made: Plan | None = None
    results: tuple[Result, ...] = ()
    error: CampaignOpsError | None = None


class World:
    """Everything of one history, drawn from its seed."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)
        skew_s = rng.choice((0, 0, -40, 40))
        self.pbx = ModelPbx(lambda: self.air.now + skew_s, scenery.personality(rng))
        self.air = Air(rng, self.pbx, T0, self._note)
        self.rate, self.is_calm = rng.choice((0.0, 0.05, 0.15, 0.3)), False
        self.store = FileShelf(self._trouble) if rng.random() < 0.2 else MemoryShelf(self._trouble)
        self.delivery = rng.choice(("staged", "staged", "direct"))
        self.switches = rng.random() < 0.2
        # Each history has a character of its own: much of a few things finds more than a little of everything.
        self.episodes = ("begin", "step", "step", *rng.choices(EPISODES, k=4))
        self.desired: dict[str, Campaign] = {}
        self.said: defaultdict[str, set[Words]] = defaultdict(set)
        self.deleted_by_hand: set[str] = set()
        self.others: dict[int, Json] = {}
        self.log: list[str] = []
        self._fibers: list[Fiber] = []
        self._runs = self._keys = 0
        for _ in range(rng.choice((1, 1, 2, 3))):
            self._add()

    # -- while things go wrong ---------------------------------------------------------------------------------------

    def rage(self) -> None:
        """Runs, crashes and edits in random order."""
        self.air.rate = self.rate
        for _ in range(self.rng.randrange(20, 200)):
            self._episode(self.rng.choice(self.episodes))
            ended = [each for each in self._fibers if not each.is_alive]
            self._fibers = [each for each in self._fibers if each.is_alive]
            if self.air.late and self.rng.random() < (
                0.3 if ended else 0.03
            ):  # what one run has lost meets the next
                self.air.deliver(self.rng.randrange(len(self.air.late)))
            self.judge_safety()
        for fiber in self._fibers:
            if self.rng.random() < 0.5:
                self._step(fiber, STEPS)
            fiber.kill()

    def _episode(self, kind: str) -> None:
        rng = self.rng
        if kind == "begin" and len(self._fibers) < 3:
            self._begin()
        elif kind == "step" and self._fibers:
            self._step(rng.choice(self._fibers), rng.choice((1, 1, 5, 20)))
        elif kind == "kill" and self._fibers and rng.random() < 0.5:
            rng.choice(self._fibers).kill()
        elif kind == "deliver" and self.air.late:
            self.air.deliver(rng.randrange(len(self.air.late)))
        elif kind == "wait":
            self.air.now += rng.choice((1, 1, 5, 10, 40, 130, 700))
        elif kind == "edit" and rng.random() < 0.4:
            self._edit()
        elif kind == "touch" and rng.random() < 0.3:
            self._touch()
        elif kind == "touch" and isinstance(self.store, FileShelf) and rng.random() < 0.05:
            self._spoil(self.store)

    def _begin(self) -> None:
        if self.switches and self.rng.random() < 0.3:
            self.delivery = "direct" if self.delivery == "staged" else "staged"
        run = self._run()
        run.half = self.rng.choice((*HALVES, *[None] * 6))
        run.refresh_only = run.half is None and self.rng.random() < 0.1
        if run.half == "draft":
            run.delivery = "staged"
        self._fibers.append(Fiber(lambda fiber: self._apply(run, fiber.pause)))

    def _step(self, fiber: Fiber, count: int) -> None:
        while fiber.is_alive and count:
            fiber.step()
            count -= 1
        if fiber.error:
            raise fiber.error
        if fiber.is_alive and count == STEPS:
            raise Violation("a run hangs")

    def _run(self, excludes: tuple[str, ...] = ()) -> Run:
        self._runs += 1
        return Run(f"run{self._runs}", self.delivery, excludes)

    def _apply(self, run: Run, pause: Callable[[], None] = lambda: None) -> Run:
        """What the command does, without its lock and its screen."""
        run.kept_at = self.air.now
        line = Line(self.air, pause, lambda: run.kept_at)
        (recorded, pen), desired = self.store.take(), dict(self.desired)
        line.planned = {campaign.name: self._words(campaign) for campaign in desired.values()}
        self._note(f"{run.name} begins at serial {recorded.serial}, {run.delivery}")
        try:
            live = connection.live(line, recorded)  # type: ignore[arg-type] # it reads no more than Line has
            run.made = self._plan(desired, recorded, live, run)
            if refused := verdict.refusal(run.made):
                raise refused
            record = self._record(recorded, pen, run, pause)
            applier.refresh(record, live.status)
            watch = Watch(lambda: not self.is_calm and self.rng.random() < 0.01)
            run.results = applier.run(run.made, record, line, watch, Clock(self.air))
            pen.lay_down()
        except CampaignOpsError as error:
            run.error = error
        told = [f"{r.key}: {r.outcome} {r.message or ''}" for r in run.results]
        self._note(f"{run.name} ends: {run.error or told}")
        if run.serial == self.store.state.serial and not self.air.late:  # else others were at it, too
            self._judge_claims(run.results)
        return run

    def _record(
        self, recorded: State, pen: Pen, run: Run, pause: Callable[[], None] = lambda: None
    ) -> Record:
        run.serial = recorded.serial

        def keep(key: str, entry: Entry | None, *, moved_from: str | None = None) -> None:
            pause()
            pen.write(key, entry, moved_from)
            run.serial, run.kept_at = pen.serial, self.air.now
            self._note(f"{run.name} records {key} as {entry and (entry.phase.value, entry.id)}")
            pause()

        return Record(recorded, keep, Who(run.name, run.delivery), Clock(self.air))

    def _plan(self, desired: dict[str, Campaign], recorded: State, live: Live, run: Run) -> Plan:
        return planner.make(
            desired.values(),
            recorded,
            live,
            Project(Path("/"), pbx=Pbx(delivery=run.delivery)),  # type: ignore[arg-type]
            now_s=self.pbx.now(),
            locate=lambda campaign, _: campaign.place,
            selection=Selection((), run.excludes, run.half, run.refresh_only),
        )

    def _trouble(self) -> str | None:
        if self.is_calm or self.rng.random() > self.rate / 8:
            return None
        return self.rng.choice(("full", "torn"))

    # -- what people do ----------------------------------------------------------------------------------------------

    def _add(self) -> None:
        self._keys += 1
        self._want(scenery.campaign(self.rng, f"c{self._keys}", self.air.now))

    def _want(self, campaign: Campaign) -> None:
        self.desired[campaign.key] = campaign
        self.said[_identity(campaign.name)].add(self._words(campaign))

    def _body(self, campaign: Campaign) -> Json:
        return Line(self.air, lambda: None, lambda: 0.0).shown(campaign)

    def _words(self, campaign: Campaign) -> Words:
        return words(self._body(campaign))

    def _edit(self) -> None:
        """One change of the manifests."""
        rng, keys, recorded = self.rng, sorted(self.desired), self.store.state.campaigns
        kind, half_way = rng.randrange(8), [key for key in keys if key in recorded and recorded[key].is_open]
        if not keys or (kind == 0 and self._keys < 4):
            self._add()
            return
        campaign = self.desired[rng.choice(half_way if half_way and rng.random() < 0.7 else keys)]
        if kind == 1:
            del self.desired[campaign.key]
        elif kind == 2:
            if self._fibers or campaign.key not in recorded:
                return  # a second move before the first is applied loses the trail
            del self.desired[campaign.key]
            self._want(replace(campaign, key=f"{campaign.key}x", moved_from=campaign.key))
        else:
            self._want(scenery.edited(rng, campaign, self.air.now))
        self._note(f"the manifests say {sorted(self.desired)}")

    def _touch(self) -> None:
        """Somebody works on the PBX by hand."""
        pbx, rng = self.pbx, self.rng
        pbx.settle()
        recorded = {entry.id: entry.phase for entry in self.store.state.campaigns.values()}
        # What a person has released and deletes before an apply has seen it looks as if it had never been sent.
        sent = [i for i, held in pbx.held.items() if held.status == "completed" and not held.hand]
        seen = [i for i in sent if recorded.get(i) is Phase.RELEASED]
        ids = [i for i, held in pbx.held.items() if held.status in EDITABLE and i in recorded]
        if self.desired and rng.random() < 0.3:
            self._make_alike(self._body(self.desired[rng.choice(sorted(self.desired))]))
            return
        if not ids or (seen and rng.random() < 0.3):
            for campaign_id in seen[:1]:
                self._note(f"somebody deletes {campaign_id}, which was sent")
                pbx.delete(campaign_id)
            return
        held = pbx.held[rng.choice(ids)]
        kind = rng.choice(("write", "delete", "release", "unschedule"))
        self._note(f"somebody does {kind} {held.id}")
        match kind:
            case "write":
                pbx.update(held.id, {**held.body, "content": "by hand"}, hand=True)
            case "delete":
                self.deleted_by_hand.add(_identity(held.body["name"]))
                pbx.delete(held.id)
            case "release" if self._may_release(held):
                pbx.update(held.id, {**held.body, "send_type": "immediately"}, hand=True)
            case "unschedule":
                pbx.update(held.id, {**held.body, "send_type": "draft"}, hand=True)

    def _may_release(self, held: Held) -> bool:
        """A person who releases what apply is at work on may text people twice where the PBX repeats or adds, and where
        a delete without an answer is still on its way, which apply says: nothing then tells that it was sent."""
        traits = self.pbx.traits
        return traits.repeat != "sent" and traits.numbers == "replace" and held.id not in self.air.leaving

    def _make_alike(self, body: Json) -> None:
        """Somebody makes a campaign of their own, which bears the name of one of ours, or one like it."""
        name = body["name"] + self.rng.choice(("", "x"))
        other = {**body, "name": name, "content": "somebody's own", "send_type": "draft"}
        if made := self.pbx.create(other, hand=True)[1]:
            self.others[made] = other
            self._note(f"somebody makes {name} {made}")

    def _spoil(self, shelf: FileShelf) -> None:
        """The state is emptied, and put back after an apply: that must not take it for none."""
        whole = shelf.path.read_bytes()
        shelf.path.write_bytes(b"")
        with suppress(StateError):
            run = self._apply(self._run())
            raise Violation(f"an empty state was taken for none: {run.error or run.results}")
        shelf.path.write_bytes(whole)

    def _resolve(self, key: str) -> None:
        """A person who looks at the PBX, when nothing is on its way any more, says what a stuck create has made."""
        run, campaign = self._run(), self.desired.get(key)
        recorded, pen = self.store.take()
        known = recorded.campaigns
        entry = known[key if key in known or campaign is None else str(campaign.moved_from)]
        line, record = Line(self.air, lambda: None, lambda: 0.0), self._record(recorded, pen, run)
        found = settle.candidates(record, line, entry)
        rows = [row for row in (*found.begun, *found.drafts, *found.unlike) if row.id not in self.others]
        rows.sort(key=lambda row: row.status == "draft")
        self._note(f"somebody resolves {entry.key}: {rows}")
        for spare in rows[1:]:
            self.pbx.delete(spare.id)
        if rows:
            settle.adopt(record, line, entry, rows[0].id)
        else:
            settle.absent(record, line, entry)

    # -- when the faults have stopped --------------------------------------------------------------------------------

    def calm(self) -> Run:
        """No more faults, the last late requests arrive; runs until there is nothing left to do, or for ever."""
        self.is_calm, self.air.rate = True, 0.0
        self._judge_others()
        for number in range(ROUNDS):
            while self.air.late and (number or self.rng.random() < 0.5):
                self.air.deliver(self.rng.randrange(len(self.air.late)))
            run = self._calm_run(130 + self.pbx.traits.lag_s)
            if number and not self.air.late and run.made and not run.made.effects:
                break
        self._calm_run(4000)
        return self._calm_run(700)

    def _calm_run(self, after_s: float) -> Run:
        self.air.now += after_s
        run = self._apply(self._run())
        if run.made is None or not run.error:
            return run
        for change in run.made.blocked if not self.air.late else ():
            if change.stuck:
                self._resolve(change.key)
        return self._apply(self._run(self._corrected(run.made)))

    def _corrected(self, made: Plan) -> tuple[str, ...]:
        """What an author does about a plan that is refused: writes later times, and leaves out what is blocked."""
        for change in made.changes:
            late = change.time_s is not None and change.time_s < self.pbx.now() + 70
            if isinstance(change, Create | Update) and late and change.send == "at":
                self._want(scenery.later(change.campaign, self.air.now))
        return tuple(change.key for change in made.blocked if not change.stuck)

    # -- the judge ---------------------------------------------------------------------------------------------------

    def judge_safety(self) -> None:
        """Nobody is texted twice, and nobody gets what no manifest said."""
        self.pbx.settle()
        twice = Counter((_identity(sent.name), sent.person) for sent in self.pbx.ledger).most_common(1)
        if twice and twice[0][1] > 1:
            raise Violation(f"texted twice: {twice[0][0]}")
        for sent in self.pbx.ledger:
            said = Words(sent.content.partition("#")[0], tuple(sorted(sent.people)))
            if not sent.hand and said not in self.said[_identity(sent.name)]:
                raise Violation(f"no manifest said this: {sent}")

    def _judge_others(self) -> None:
        """What is not ours has not been touched. Its owner then takes it away: its name may be ours."""
        for campaign_id, body in self.others.items():
            held = self.pbx.held.get(campaign_id)
            if held is None or held.body != body:
                raise Violation(f"somebody else's campaign was touched: {body} -> {held}")
            self.pbx.delete(campaign_id)

    def _judge_claims(self, results: tuple[Result, ...]) -> None:
        """Whoever reads that nothing was sent may rely on it, unless a call of old thaws after that."""
        self.pbx.settle()
        thawed = {_identity(name) for name in self.air.overdue}
        sent = {_identity(each.name) for each in self.pbx.ledger if not each.hand} - thawed
        for result in results:
            campaign = self.desired.get(result.key)
            claims = any(words in (result.message or "") for words in CLAIMS)
            if campaign and claims and _identity(campaign.name) in sent:
                raise Violation(f"something was sent: {result}")

    def judge_end(self, last: Run) -> None:
        """Everybody who was to be texted was, or it was said why not; and nothing was left lying about."""
        self.judge_safety()
        if last.made is None or (last.error and not last.made.blocked):
            raise Violation(f"it does not come to rest: {last.error}")
        recorded = {entry.id: entry for entry in self.store.state.campaigns.values()}
        for change in last.made.changes:
            if isinstance(change, Blocked):
                self._judge_blocked(change)
            elif isinstance(change, Create | Update):
                self._judge_open(change, last)
        sent = {_identity(each.name) for each in self.pbx.ledger}
        for key in self.desired.keys() - set(last.excludes):
            self._judge_sent(key, sent, last)
        for entry in self.store.state.campaigns.values():
            self._judge_record(entry)
        skipped = {r.key for r in last.results if r.outcome == "skipped"} & self.desired.keys()
        left_out = {_identity(self.desired[key].name) for key in skipped}
        unknown = [h for h in self.pbx.held.values() if not h.hand and h.id not in recorded]
        self._judge_spares([h for h in unknown if _identity(h.body["name"]) not in left_out])

    def _judge_blocked(self, change: Blocked) -> None:
        entry = self.store.state.campaigns.get(change.key)
        if entry is None:
            raise Violation(f"a campaign of ours is in the way of itself: {change.reason}")

    def _judge_open(self, change: Create | Update, last: Run) -> None:
        traits = self.pbx.traits
        told = [
            f"{r.outcome} {r.message}" for r in last.results if r.key == change.key and r.outcome != "done"
        ]
        if not self._hangs_on_pbx(change.key) and not (
            told and (traits.numbers != "replace" or not traits.releases_drafts)
        ):
            raise Violation(f"there is something left to do: {change.key}, {change.reason}; {told}")

    def _judge_sent(self, key: str, sent: set[str], last: Run) -> None:
        campaign = self.desired[key]
        name = _identity(campaign.name)
        is_open = any(r.key == key and r.outcome != "done" for r in last.results)
        if name in sent or isinstance(campaign.send, Draft) or is_open or self._hangs_on_pbx(key):
            return
        # Who deletes what is scheduled, and dies or is overtaken before that is recorded, leaves a doubt.
        said = [each.reason for each in last.made.changes if each.key == key] if last.made else []
        is_doubted = any("may have been sent" in reason for reason in said) and (
            campaign.name in self.air.deleted
        )
        if name not in self.deleted_by_hand and not is_doubted:
            raise Violation(f"nobody was texted: {key}, {self.store.state.campaigns.get(key)}")

    def _hangs_on_pbx(self, key: str) -> bool:
        """A schedule that came too late, on a PBX that then never sends it: somebody must look at it there."""
        entry = self.store.state.campaigns.get(key)
        held = self.pbx.held.get(entry.id or 0) if entry else None
        return held is not None and held.status == "scheduled" and held.due_at is None

    def _judge_spares(self, spares: list[Held]) -> None:
        """A plan names every unrecorded campaign that bears the name of a recorded one; equal drafts are deleted, all
        but those that a doubled request made: nobody knows of them."""
        mine = {e.fingerprint for e in self.store.state.campaigns.values() if e.id is not None}
        equal = [
            held
            for held in spares
            if self._fingerprint(held) in mine and _identity(held.body["name"]) not in self.deleted_by_hand
        ]
        active = [held for held in spares if held.status != "draft"]
        if active or len(equal) > len(self.air.doubled):
            raise Violation(f"left behind: {active or equal}")

    def _judge_record(self, entry: Entry) -> None:
        """What the record says of a campaign that was sent is what was sent."""
        held = self.pbx.held.get(entry.id or 0)
        if held is None or held.status != "completed" or held.hand or held.body["name"] in self.air.overdue:
            return
        if self._fingerprint(held) != entry.fingerprint:
            raise Violation(f"the record says something else than what was sent: {entry.key}, {held}")

    def _fingerprint(self, held: Held) -> str:
        said = Line(self.air, lambda: None, lambda: 0.0).meaning(held.body)
        return state.fingerprint(said, self.store.state.lineage)

    def _note(self, line: str) -> None:
        self.log.append(f"{self.air.now - T0:9.2f}  {line}".replace(self.store.folder, ""))


def _identity(name: str) -> str:
    return name.split(maxsplit=1)[0]


def play(seed: int) -> list[str]:
    """One history. Raises whatever went wrong, with its log in the notes."""
    world = World(seed)
    try:
        world.rage()
        world.judge_end(world.calm())
    except BaseException as error:
        error.add_note("\n".join(world.log))
        raise
    finally:
        world.store.close()
    return world.log
