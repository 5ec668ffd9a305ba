"""A project folder, a sandbox and a clock: applies over real sockets, with what the command does and no screen.

Time stands still unless it is slept or advanced, and the sandbox has the same clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from campaignops import applier, planner, sandbox
from campaignops.applier import Record, Result, Who, halt
from campaignops.applier.halt import Stopped
from campaignops.cli import connection, verdict
from campaignops.cli.writing import Keeper
from campaignops.errors import CampaignOpsError
from campaignops.findings import Place
from campaignops.model import (
    Asset,
    At,
    Campaign,
    Direct,
    Draft,
    MediaHeader,
    Now,
    Numbers,
    Ref,
    Send,
    Template,
    Text,
)
from campaignops.pbx.address import Address
from campaignops.pbx.client import Client
from campaignops.pbx.session import Session
from campaignops.planner import Create, Plan, Update
from campaignops.project import Pbx, Project
from campaignops.sandbox.running import Sandbox
from campaignops.state import Entry, State
from campaignops.store.disk import Disk
from campaignops.store.file import FileStore

T0 = 1_900_000_000
PEOPLE = ("+12025550140", "+12025550141")
PICTURE = b"\xff\xd8\xff a picture"
CHANGES = ("create", "update", "delete", "batchupload")  # what the PBX is asked to do, beside reading
Delivery = Literal["staged", "direct"]
SENDS: dict[str, Send] = {"draft": Draft(), "now": Now(), "at": At(T0 + 86_400, "UTC")}


def a_text(key: str = "spring", send: str = "now", text: str = "Hello", **other: Any) -> Campaign:
    said: dict[str, Any] = {
        "type": "sms",
        "name": key,
        "channel": Ref("Main SMS"),
        "sender": Ref("+12025550100"),
        "audience": Numbers(PEOPLE),
        "message": Text(text),
        "send": SENDS[send],
        "session": Direct(),
        "place": Place("a.yaml"),
    }
    return Campaign(key=key, **(said | other))


def a_template(key: str = "alert", send: str = "now") -> Campaign:
    """A WhatsApp campaign: its picture has to be uploaded, its template looked up."""
    picture = Asset("demo.jpeg", sha256(PICTURE).hexdigest(), len(PICTURE), "image/jpeg")
    gaps = ("customertier", "offertype", "offerdetails", "expirydate", "companyname")
    message = Template(
        Ref("discount_campaign"), "en", MediaHeader("image", picture), tuple((gap, "VIP") for gap in gaps)
    )
    channel = Ref("Shop WhatsApp")
    return a_text(key, send, type="whatsapp", channel=channel, sender=None, message=message)


@dataclass
class Clock:
    """`dozes_s`: how long a run sleeps after each look at the clock of the PBX."""

    now_s: float = T0
    dozes_s: float = 0

    def now(self) -> float:
        return self.now_s

    def pbx_now(self) -> float:
        looked = self.now_s
        self.now_s += self.dozes_s
        return looked

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class Watch:
    """`stops_before`: a signal comes when this step is about to be taken."""

    stops_before: Callable[[], bool] = lambda: False
    steps: list[str] = field(default_factory=list)

    def step(self, key: str, what: str) -> None:
        self.steps.append(what)

    def result(self, result: Result) -> None: ...

    def should_stop(self) -> bool:
        return self.stops_before()


@dataclass
class Run:
    """What one apply came to. `requests` is what its client has counted; `events` are its durable writes (phases) and
    the changes it asked the PBX for, in order."""

    made: Plan | None = None
    results: tuple[Result, ...] = ()
    error: CampaignOpsError | None = None
    requests: int = 0
    events: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> list[str]:
        return [result.outcome for result in self.results]

    @property
    def said(self) -> str:
        return " ".join(result.message or "" for result in self.results)


class Stage:
    """One project. `url` may be a proxy before the sandbox."""

    def __init__(self, root: Path, box: Sandbox, clock: Clock, delivery: Delivery = "staged") -> None:
        self.root, self.box, self.clock, self.delivery = root, box, clock, delivery
        self.url, self.timeout_s, self.disk = box.url, 10.0, Disk()
        (root / "demo.jpeg").write_bytes(PICTURE)

    @property
    def state(self) -> State:
        return self._store().read()[0]

    def entry(self, key: str = "spring") -> Entry | None:
        return self.state.campaigns.get(key)

    def apply(
        self,
        *campaigns: Campaign,
        watch: Watch | None = None,
        on_write: Callable[[str], None] = lambda phase: None,
        on_written: Callable[[str], None] = lambda phase: None,
    ) -> Run:
        run = Run()
        client = self._client()
        session = Session(client, self.root)
        store = self._store()
        try:
            with store.lock("apply", 0):
                self._apply(campaigns, run, session, store, watch or Watch(), (on_write, on_written))
        except CampaignOpsError as error:
            run.error = error
        finally:
            session.close()
            run.requests = client.requests
        return run

    def halt(self) -> list[Stopped]:
        """Stop all that is recorded."""
        session, store = Session(self._client(), self.root), self._store()
        try:
            with store.lock("halt", 0):
                recorded, version = store.read()
                keep = Keeper(store, version, recorded, recorded.pbx)
                record = Record(recorded, keep, Who("a halt", self.delivery, self.timeout_s), self.clock)
                return list(halt.stop(recorded.campaigns.values(), record, session, Watch(), self.clock))
        finally:
            session.close()
            store.settle()

    def _client(self) -> Client:
        address, clock = Address(self.url, self.timeout_s), self.clock
        return Client(address, self.box.client_id, self.box.client_secret, clock=clock.now, sleep=clock.sleep)

    def _apply(
        self,
        campaigns: tuple[Campaign, ...],
        run: Run,
        session: Session,
        store: FileStore,
        watch: Watch,
        hooks: tuple[Callable[[str], None], Callable[[str], None]],
    ) -> None:
        recorded, version = store.read()
        project = Project(self.root, pbx=Pbx(self.url, delivery=self.delivery))
        identity = connection.identity(project, session.device(), recorded)
        live = connection.live(session, recorded)
        run.made = self._plan(campaigns, recorded, live, project, session)
        if refused := verdict.refusal(run.made):
            raise refused
        keeper = Keeper(store, version, recorded, identity)
        seen = len(self.box.requests())

        def changes() -> list[str]:
            nonlocal seen
            rows = self.box.requests()[seen:]
            seen += len(rows)
            names = (row["endpoint"].rpartition("/")[2] for row in rows)
            return [name for name in names if name in (*CHANGES, "get")]

        def keep(key: str, entry: Entry | None, *, moved_from: str | None = None) -> None:
            run.events += changes()
            phase = entry.phase.value if entry else "gone"
            hooks[0](phase)
            keeper(key, entry, moved_from=moved_from)
            run.events.append(phase)
            hooks[1](phase)

        record = Record(recorded, keep, Who(f"run {seen}", self.delivery), self.clock)
        try:
            applier.refresh(record, live.status)
            run.results = applier.run(run.made, record, session, watch, self.clock)
        finally:
            run.events += changes()
            store.settle()

    def _plan(
        self,
        campaigns: tuple[Campaign, ...],
        recorded: State,
        live: planner.Live,
        project: Project,
        session: Session,
    ) -> Plan:
        now_s = self.clock.now()
        made = planner.make(campaigns, recorded, live, project, now_s=now_s, locate=lambda c, _: c.place)
        effects = [change for change in made.changes if isinstance(change, Create | Update)]
        found = [f for change in effects for f in session.resolve(change.campaign, lambda c, _: c.place)]
        return replace(made, findings=(*made.findings, *found))

    def _store(self) -> FileStore:
        return FileStore(self.root / "state.json", "test", self.disk)

    # -- what the judge looks at -------------------------------------------------------------------------------------

    def texted(self, after_s: float = 200_000) -> list[tuple[str, str]]:
        """Who was texted in which campaign, once all that is scheduled is sent."""
        self.clock.now_s += after_s
        return sorted((row["campaign_name"], row["number"]) for row in self.box.ledger())

    def campaigns(self) -> dict[int, str]:
        """Names on the PBX by id."""
        with self.box._pbx.lock:
            rows = self.box._pbx.store.rows("SELECT id, name FROM campaigns")
        return {row["id"]: row["name"] for row in rows}

    def asked(self) -> list[str]:
        """Every change that the PBX was asked for since its last reset."""
        names = (row["endpoint"].rpartition("/")[2] for row in self.box.requests())
        return [name for name in names if name in CHANGES]


@contextmanager
def open_stage(root: Path, delivery: Delivery = "staged") -> Iterator[Stage]:
    clock = Clock()
    with sandbox.start(now=clock.now) as box:
        yield Stage(root, box, clock, delivery)


def everybody(*keys: str) -> list[tuple[str, str]]:
    """What `texted` says when each campaign has reached each of its people once."""
    return sorted((key, person) for key in keys for person in PEOPLE)
