"""Rig: random lives of a project, played with the real commands against the sandbox. People edit manifests and touch
the PBX by hand, applies meet faults or are killed, states are lost and old ones come back, the network delivers late.

The judge is the sandbox's ledger: for each person at most one message of a campaign, and no words that no applied
manifest had. What nobody could know is left out, and said at the rule. A failure prints its steps, and a blob:
RIG_BLOB=… replays it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest import mock

import httpx
import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaignops import sandbox
from campaignops.pbx.client import Client
from campaignops.sandbox.running import Sandbox
from campaignops.state import Entry
from campaignops.store.file import FileStore
from tests import test_sandbox
from tests.command_line import Project, Ran
from tests.rigs.direct_line import DirectLine
from tests.rigs.doses import SHARES, first_seed, runs, tally

T0 = 1_900_000_000.0
PEOPLE = tuple(f"+1202555014{n}" for n in range(4))
EXITS = {0, 1, 2, 4, 10, 11, 12, 64, 130}
EFFECTS = ("message_campaign/create", "message_campaign/update", "message_campaign/delete")
EDITABLE = ("draft", "scheduled")
LAG_S = 30
ASKS = "may have been sent|that is not recorded"  # a draft that a lagging list hid, where names are unique
SOON_S = 400  # what is to be sent before is left out of an apply that is refused
LATE_S = 29  # the PBX may take as long over a request as it is waited for
FAULTS: list[dict[str, Any]] = [
    {"drop": "before"},
    {"drop": "after"},
    {"twice": True},
    {"truncate_at": 7},
    {"errcode": -2, "commit": True},
    {"errcode": 70082},
    {"errcode": 40002},
    {"errcode": 10004},
    {"status": 502, "commit": True},
    {"status": 200, "html": "<html>log in first</html>"},
]
SENDS = st.sampled_from(["draft", "now", "now", 90, 700, 5000])  # a number: so many seconds from now
ENDPOINTS = (
    *EFFECTS,
    *EFFECTS[:2],
    "message_campaign/list",
    "message_campaign/get",
    "message_campaign/search",
)
SWITCHES: dict[str, st.SearchStrategy[Any]] = {
    "names_unique": st.just("yes"),
    "schedule_word": st.just("schedule"),
    "sender_reads_as": st.just("id"),
    "update_omitted": st.just("clear"),
    "past_schedule": st.sampled_from(["sent", "stuck"]),
    "listing_lag_s": st.just(LAG_S),
    "search_matches": st.sampled_from(["prefix", "exact"]),
    "page_size_max": st.just(1),
    "resend_on_repeat": st.sampled_from(["ignored", "sent"]),
}
REFUSING: list[dict[str, Any]] = [{"drafts_release": "refused"}, {"number_list_update": "append"}]
PERSONALITIES = st.one_of(
    st.just({}),
    st.fixed_dictionaries({}, optional=SWITCHES),
    st.fixed_dictionaries({}, optional=SWITCHES),
    st.sampled_from([{}, {}, *REFUSING]),
)


class Killed(BaseException):
    """The process is gone. No `except Exception` is left to hear of it."""


@dataclass
class Wanted:
    """A campaign as its manifest has it. `mark` stands in each of its texts: by it the ledger's rows are told apart."""

    mark: str
    name: str
    text: str
    numbers: tuple[str, ...]
    send: Any
    moved_from: str | None = None

    def fields(self) -> dict[str, Any]:
        said = {
            "type": "sms",
            "name": self.name,
            "channel": "Main SMS",
            "sender": "+12025550100",
            "recipients": {"numbers": list(self.numbers)},
            "message": {"text": self.text},
            "send": {"at": self.send, "timezone": "UTC"} if isinstance(self.send, int) else self.send,
            "session": "direct",
        }
        return said if self.moved_from is None else {**said, "moved": {"from": self.moved_from}}


@dataclass
class Late:
    """A request that did not arrive while somebody waited for it."""

    endpoint: str
    query: dict[str, Any]
    body: dict[str, Any]
    at: float


@dataclass
class Clock:
    """Everybody's time. Who sleeps moves it on."""

    now: float = T0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


CLOCK = Clock()


@contextmanager
def dying(steps: int, *, before: bool) -> Iterator[None]:
    """The process dies before, or after, so many of its durable writes and requests; nothing it does then counts."""
    left = steps

    def deadly(method: Callable[..., Any], *, counts: bool = True) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= counts
            if left < 0 or (left == 0 and before):
                left = -1
                raise Killed
            result = method(*args, **kwargs)
            if left == 0 and counts:
                left = -1
                raise Killed
            return result

        return wrapped

    with (
        mock.patch.object(FileStore, "cas", deadly(FileStore.cas)),
        mock.patch.object(FileStore, "settle", deadly(FileStore.settle, counts=False)),
        mock.patch.object(Client, "_exchange", deadly(Client._exchange)),
    ):
        yield


class Life(RuleBasedStateMachine):
    """The life of one project."""

    box: Sandbox
    hand: test_sandbox.Client
    lives: list[int]  # how many steps each had

    def __init__(self) -> None:
        super().__init__()
        CLOCK.now = T0
        self.root = Path(tempfile.mkdtemp(prefix="campaignops-life-"))
        self.wanted: dict[str, Wanted] = {}
        self.approved: set[tuple[str, str]] = set()  # text and number of what was in an applied manifest
        self.late: list[Late] = []
        self.backups: list[bytes] = []
        self.made = self.edits = 0
        self.delivery = "staged"
        self.is_news = True  # there may be something to apply
        self.is_plain = True  # no state was lost, and nobody touched the PBX
        self.is_old = False  # a state was lost, or came back

    @initialize(
        personality=PERSONALITIES,
        sends=st.lists(SENDS, min_size=1, max_size=2),
        delivery=st.sampled_from(["staged", "direct"]),
    )
    def begin(self, personality: dict[str, Any], sends: list[Any], delivery: str) -> None:
        self.personality, self.delivery = personality, delivery
        self.hand.fresh(personality=personality)
        self.project = Project(self.root / "p", self.box.url)
        for send in sends:
            self.add(send, set(PEOPLE[:2]))

    def teardown(self) -> None:
        self.lives.append(self.edits)
        try:
            if self.is_plain and self.personality not in REFUSING:
                self._settle()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    # -- people write manifests

    @precondition(lambda self: len(self._unsent()) < 3)
    @rule(send=SENDS, people=st.sets(st.sampled_from(PEOPLE), min_size=1, max_size=2))
    def add(self, send: Any, people: set[str]) -> None:
        self.made += 1
        mark = f"m{self.made:03}"
        wanted = Wanted(mark, f"name {mark}", f"{mark} v0", tuple(sorted(people)), self._when(send))
        self.wanted[f"key-{self.made}"] = wanted
        self._write()

    @precondition(lambda self: self.wanted)
    @rule(
        pick=st.integers(0, 9),
        what=st.sampled_from(["text", "text", "send", "send", "numbers", "name", "key", "gone"]),
        value=st.integers(0, 4),
        send=SENDS,
    )
    def edit(self, pick: int, what: str, value: int, send: Any) -> None:
        some = self._unsent() if value else []
        key, old = (some or list(self.wanted.items()))[pick % len(some or self.wanted)]
        self.edits += 1
        match what:
            case "text":
                old.text = f"{old.mark} v{self.edits}"
            case "send":
                old.send = self._when(send)
            case "numbers":
                old.numbers = PEOPLE[value % 4 :][:2]
            case "name" if not self._is_forgotten(old.mark):
                old.name = f"name {old.mark} {value}"
            case "key":
                self.wanted[f"{key}-{self.edits}"] = self.wanted.pop(key)
                old.moved_from = key if key in self._recorded() else old.moved_from
            case "gone":
                del self.wanted[key]
        self._write()

    @rule()
    def switch_delivery(self) -> None:
        self.delivery = "direct" if self.delivery == "staged" else "staged"
        self._write()

    # -- commands

    @rule(words=st.sampled_from(["plan", "plan --json", "plan --offline", "status"]))
    def look(self, words: str) -> None:
        before = self._asked()
        assert self._run(*words.split()).code in (0, 1, 10, 11)
        assert not {each["endpoint"] for each in self.box.requests(before)} & set(EFFECTS)

    @precondition(lambda self: self.is_news)
    @rule()
    def apply(self) -> None:
        self._apply()

    @rule(
        endpoint=st.sampled_from(ENDPOINTS),
        occurrence=st.sampled_from([1, 1, 2]),
        fault=st.sampled_from(FAULTS),
        send=SENDS,
    )
    def apply_with_a_fault(self, endpoint: str, occurrence: int, fault: dict[str, Any], send: Any) -> None:
        self._have_news(send)
        if fault.get("twice") and not self._survives_copies(endpoint):
            fault = {"drop": "after"}
        with self._broken(endpoint, occurrence, fault):
            self._apply()

    @rule(
        steps=st.integers(6, 20),
        before=st.booleans(),
        held=st.sampled_from([None, *EFFECTS, EFFECTS[1]]),
        occurrence=st.integers(1, 2),
        send=SENDS,
    )
    def apply_killed(self, steps: int, before: bool, held: str | None, occurrence: int, send: Any) -> None:
        self._have_news(send)
        with ExitStack() as stack:
            if held:
                stack.enter_context(self._broken(held, occurrence, {"drop": "before"}))
            with dying(steps, before=before):
                try:
                    self._apply()
                except Killed:
                    self.project.state.with_name(self.project.state.name + ".lock").write_text("{")
        self.box.expire_tokens()  # the dead give none back, and a PBX has eight

    @precondition(lambda self: any(e.phase == "stuck" for e in self._recorded().values()))
    @rule()
    def resolve(self) -> None:
        self._resolve()

    def _resolve(self) -> None:
        """A person waits for what is not listed yet, settles what is stuck, and tells the truth: what they call absent
        will not arrive any more."""
        CLOCK.now += LAG_S + 1
        for key, entry in self._recorded().items():
            if entry.phase != "stuck":
                continue
            mark = entry.name[5:9]
            ours = [
                row for row in self._rows() if row["name"] == entry.name and mark in self._text(row["id"])
            ]
            sent = {row["campaign_id"] for row in self.box.ledger()}
            ours.sort(key=lambda row: (row["id"] not in sent, row["status"] == "draft"))
            if ours:
                assert self._run("resolve", key, "--adopt", str(ours[0]["id"])).code in (0, 10)
            elif not any(mark in row["summary"] for row in self.box.ledger()):
                self.late = [each for each in self.late if mark not in str(each.body.get("content"))]
                assert self._run("resolve", key, "--absent").code in (0, 10)

    # -- the state

    @precondition(lambda self: self.project.state.exists())
    @rule(what=st.sampled_from(["back up", "lose", "restore", "restore"]), pick=st.integers(0, 9))
    def state(self, what: str, pick: int) -> None:
        """It is lost, and recovered from the PBX; or an older one comes back. Of what neither has, nobody can know."""
        self.is_news, self.is_plain = True, False
        if what == "back up" or not self.backups:
            self.backups.append(self.project.state.read_bytes())
            return
        self.is_old = True
        CLOCK.now += LAG_S + 1
        self.late.clear()
        for path in self.project.root.glob("*.state.json*"):
            path.unlink()
        self._recollect()
        if what == "lose":
            self._apply()  # what is not recorded has its name taken on the PBX
            self.nobody_gets_it_twice()
            assert self._run("recover", "--write").code in (0, 1)
        else:
            self.project.state.write_bytes(self.backups[pick % len(self.backups)])

    @precondition(lambda self: self.project.state.exists())
    @rule()
    def meet_another_pbx(self) -> None:
        """The name leads to another one, which has another serial number."""
        device, before = self.box._pbx.seed.device, len(self.box.requests())
        own = device["sn"]
        device["sn"] = "ANOTHER00000001"
        try:
            code = self._run("apply", "--auto-approve").code
        finally:
            device["sn"] = own
        assert code != 0, "another PBX was changed"
        asked = {each["endpoint"] for each in self.box.requests()[before:]}
        assert not asked & set(EFFECTS), "another PBX was changed"

    # -- hands on the PBX

    @rule(pick=st.integers(0, 9), what=st.sampled_from(["release", "delete", "rename", "edit", "recall"]))
    def touch(self, pick: int, what: str) -> None:
        rows = self._rows()
        if not rows:
            return
        self.is_news, self.is_plain = True, False
        row = rows[pick % len(rows)]
        mark = self._text(row["id"])[:4]
        match what:
            case "release" if self._is_alone(mark):
                for number in self._numbers(row["id"]):
                    self.approved.add((self._text(row["id"]), number))
                self._update(row["id"], send_type="immediately")
            case "delete" if self._may_be_forgotten(row["id"]):
                self.hand.get("message_campaign/delete", id=row["id"])
            case "rename" if row["status"] in EDITABLE and self._entry_of(row["id"]):
                self._update(row["id"], name=f"{row['name']} by hand")
            case "edit" if row["status"] in EDITABLE:
                if row["status"] == "scheduled":  # what a person schedules, a person answers for
                    self.approved |= {(f"{mark} by hand", number) for number in self._numbers(row["id"])}
                self._update(row["id"], content=f"{mark} by hand")
            case "recall" if row["status"] in EDITABLE:
                self._update(row["id"], send_type="draft")

    # -- time, and the network

    @rule(seconds=st.sampled_from([1, 40, 130, 700, 6000]), skew=st.sampled_from([0, 0, 20]))
    def wait(self, seconds: int, skew: int) -> None:
        CLOCK.now += seconds
        self.box.advance(skew)
        self._late_ends()

    @precondition(lambda self: self.late)
    @rule(pick=st.integers(0, 9))
    def arrives_late(self, pick: int) -> None:
        self.is_news = True
        self._late_ends()
        if not self.late:
            return
        late = self.late.pop(pick % len(self.late))
        self._hand(late.endpoint, late.query, late.body)

    # -- the judge

    @invariant()
    def nobody_gets_it_twice(self) -> None:
        ledger = self.box.ledger()
        got = Counter((row["summary"][:4], row["number"]) for row in ledger)
        twice = {whom: n for whom, n in got.items() if n > 1}
        assert not twice, f"texted twice: {twice}, {ledger}"
        said = {(row["summary"], row["number"]) for row in ledger}
        assert said <= self.approved, said - self.approved

    # -- how it is done

    def _run(self, *words: str) -> Ran:
        ran = self.project.run(*words)
        assert ran.code in EXITS, ran
        assert "Traceback" not in ran.out + ran.err, ran.err
        assert "a defect in campaignops" not in ran.err, ran.err
        return ran

    def _apply(self) -> None:
        """Apply; what cannot be applied is left out the second time. After success a plan is empty."""
        for wanted in self.wanted.values():
            self.approved |= {(wanted.text, number) for number in wanted.numbers}
        left_out: list[str] = []
        sent = {row["summary"][:4] for row in self.box.ledger()}
        ran = self._run("apply", "--auto-approve", "--json")
        if ran.code in (1, 10, 11):
            blocked = [c["key"] for c in ran.document.get("changes", ()) if c["action"] == "blocked"]
            too_late = [
                k for k, w in self.wanted.items() if isinstance(w.send, int) and w.send < CLOCK.now + SOON_S
            ]
            left_out = [f"--exclude={key}" for key in {*blocked, *too_late}]
            if left_out:
                ran = self._run("apply", "--auto-approve", "--json", *left_out)
        assert ran.document["kind"] == "apply"
        sent = {row["summary"][:4] for row in self.box.ledger()} - sent
        for change in ran.document.get("changes", ()):
            if change.get("outcome") == "failed" and "nothing was sent" in change["message"]:
                assert self.wanted[change["key"]].mark not in sent, change
        if ran.code == 0:
            self.box._pbx.faults.clear()
            self.is_news = bool(left_out)
            again = self._run("plan", "--detailed-exitcode", *left_out)
            assert again.code == 0, again.out + again.err

    def _settle(self) -> None:
        """Nothing goes wrong any more: soon everything is sent that is to be sent, or a plan says what it doubts."""
        for _ in range(3):
            self._resolve()
            CLOCK.now += 700
            self._apply()
        self.nobody_gets_it_twice()
        sent = {row["summary"][:4] for row in self.box.ledger()}
        waiting = {self._text(row["id"])[:4] for row in self._rows() if row["status"] == "scheduled"}
        said = self._run("plan", "--json").document["changes"]
        asked = {each["key"] for each in said if re.search(ASKS, each["reason"])}
        for key, wanted in self.wanted.items():
            if key in asked:
                continue
            if wanted.send == "now":
                assert wanted.mark in sent, wanted
            elif isinstance(wanted.send, int) and wanted.send > CLOCK.now + SOON_S:
                assert wanted.mark in sent | waiting, wanted

    @contextmanager
    def _broken(self, endpoint: str, occurrence: int, fault: dict[str, Any]) -> Iterator[None]:
        """One request goes wrong. Of what was dropped on its way, a copy may arrive later."""
        self.box.inject(endpoint, occurrence, **fault)
        before = self._asked()
        try:
            yield
        finally:
            self.box._pbx.faults.clear()
            if fault.get("drop") == "before":
                for each in self.box.requests(before):
                    if each["status"] is None and each["endpoint"] in EFFECTS:
                        query = {k: v for k, v in each["query"].items() if k != "access_token"}
                        left_at = each["at"] - (self.box.now() - CLOCK.now)  # by our clock
                        self.late.append(Late(each["endpoint"], query, each["body"] or {}, left_at))

    def _survives_copies(self, endpoint: str) -> bool:
        """A network that doubles a create that sends, or a PBX that sends a repeated release again, is not survived."""
        if endpoint.endswith("create"):
            return self.delivery == "staged" or "names_unique" in self.personality
        return self.personality.get("resend_on_repeat") != "sent"

    def _late_ends(self) -> None:
        """Where a repeated release sends again, one that takes longer than the grace or its time is not survived."""
        if self.personality.get("resend_on_repeat") == "sent":
            self.late = [
                each
                for each in self.late
                if each.endpoint != EFFECTS[1]
                or each.body.get("send_type") == "draft"
                or (CLOCK.now - each.at < LATE_S and each.body.get("send_time", 1e12) > self.box.now())
            ]

    def _recollect(self) -> None:
        """Whoever loses a state looks at the PBX: campaigns get the names that they have there, and what was sent and
        is there no more goes from the manifests."""
        here = {self._text(row["id"])[:4]: row["name"] for row in self._rows()}
        for key, wanted in list(self.wanted.items()):
            wanted.name = here.get(wanted.mark, wanted.name)
            if wanted.mark not in here and any(
                row["summary"][:4] == wanted.mark for row in self.box.ledger()
            ):
                del self.wanted[key]
        self._write()

    def _is_forgotten(self, mark: str) -> bool:
        """The PBX has it, or has sent it, and a state, above all one that came back, does not know that one: renamed,
        it would be another campaign."""
        recorded = self._recorded().values()
        here = {row["id"] for row in self._rows() if self._text(row["id"])[:4] == mark}
        sent = {row["campaign_id"] for row in self.box.ledger() if row["summary"][:4] == mark}
        is_known = not self.is_old and any(entry.name[5:9] == mark for entry in recorded)
        return not is_known and not here | sent <= {entry.id for entry in recorded}

    def _have_news(self, send: Any) -> None:
        if not self.is_news or not self._unsent():
            self.add(send, set(PEOPLE[:2]))

    def _unsent(self) -> list[tuple[str, Wanted]]:
        sent = {row["summary"][:4] for row in self.box.ledger()}
        return [(key, wanted) for key, wanted in self.wanted.items() if wanted.mark not in sent]

    def _write(self) -> None:
        self.is_news = True
        self.project.settings(pbx={"url": self.box.url, "delivery": self.delivery})
        self.project.campaigns(**{key: wanted.fields() for key, wanted in self.wanted.items()})

    def _when(self, send: Any) -> Any:
        return int(CLOCK.now) + send if isinstance(send, int) else send

    def _recorded(self) -> Mapping[str, Entry]:
        """The campaigns of the state, as it is on disk."""
        return FileStore(self.project.state).read()[0].campaigns

    def _hand(self, endpoint: str, query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """A request of somebody else than campaignops."""
        while True:
            said = self.hand.post(endpoint, body) if body else self.hand.get(endpoint, **query)
            if said["errcode"] != 10004:
                return said
            self.hand.token = self.hand.login()["access_token"]

    def _asked(self) -> int:
        """How many requests the PBX has seen."""
        return self.box._pbx.store.count("SELECT count(*) FROM requests")

    def _rows(self) -> list[dict[str, Any]]:
        """What a person sees in the list."""
        rows: list[dict[str, Any]] = []
        for page in range(1, 99):
            said = self._hand("message_campaign/list", {"page": page, "page_size": 100}, {})
            rows += said["data"]
            if len(rows) >= said["total_number"]:
                break
        return rows

    def _detail(self, campaign_id: int) -> dict[str, Any]:
        detail: dict[str, Any] = self._hand("message_campaign/get", {"id": campaign_id}, {})["data"]
        return detail

    def _text(self, campaign_id: int) -> str:
        return str(self._detail(campaign_id)["content"])

    def _numbers(self, campaign_id: int) -> list[str]:
        return [each["number"] for each in self._detail(campaign_id)["number_list"]]

    def _update(self, campaign_id: int, **fields: Any) -> None:
        """As the portal does it: the whole object, and its sender as an id."""
        kept = {
            k: v for k, v in self._detail(campaign_id).items() if v not in ("", 0, []) and k != "send_time"
        }
        kept |= {"sender": 7, "number_list": [{"number": n} for n in self._numbers(campaign_id)]}
        self._hand("message_campaign/update", {}, {**kept, **fields})

    def _is_alone(self, mark: str) -> bool:
        """Nothing of this campaign has been sent, and there is, or will be, no second one of it."""
        there = [row["id"] for row in self._rows() if self._text(row["id"])[:4] == mark]
        coming = [each for each in self.late if str(each.body.get("content"))[:4] == mark]
        return (
            len(there) == 1
            and not coming
            and not any(row["summary"][:4] == mark for row in self.box.ledger())
        )

    def _entry_of(self, campaign_id: int) -> Entry | None:
        """What the state says of it: what nobody has recorded is known by its name alone, and must not lose that."""
        return next((each for each in self._recorded().values() if each.id == campaign_id), None)

    def _may_be_forgotten(self, campaign_id: int) -> bool:
        """What was sent, and deleted before an apply has seen that, looks as if it had never been: also what was
        scheduled for later, and released by hand."""
        if not any(row["campaign_id"] == campaign_id for row in self.box.ledger()):
            return True
        entry = self._entry_of(campaign_id)
        if entry is None or entry.phase != "released":
            return False
        is_due = entry.send == "now" or (entry.time_s is not None and entry.time_s <= self.box.now())
        return is_due or entry.status not in (None, *EDITABLE)


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Life]]:
    monkeypatch.setattr(time, "time", lambda: CLOCK.now)
    monkeypatch.setattr(time, "sleep", CLOCK.sleep)
    monkeypatch.setitem(cast(dict[str, Any], Client.__init__.__kwdefaults__), "sleep", CLOCK.sleep)
    with sandbox.start(now=lambda: CLOCK.now) as box:
        monkeypatch.setattr(httpx, "Client", DirectLine(box))
        hand = test_sandbox.Client(box)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", box.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", box.client_secret)
        yield type("Life", (Life,), {"box": box, "hand": hand, "lives": []})


def live(life: type[Life], examples: int, steps: int, *, shrinks: bool = False) -> None:
    """Lives of so many steps. Raises whatever went wrong in one, or in the shortest that fails: that takes minutes."""
    if blob := os.environ.get("RIG_BLOB"):
        hypothesis.reproduce_failure(hypothesis.__version__, blob.encode())(life)
    dose = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,  # where no seed is given
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if shrinks else [Phase.generate],
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(life, settings=dose)


def play(life: type[Life], share: int, steps: int, *, soak: bool) -> None:
    """One share of the dose. RIG_SEED is that of the first one."""
    with tally("state machine", first_seed() + share) as counted:
        hypothesis.seed(counted.seed)(life)
        try:
            live(life, runs("state machine", soak=soak) // SHARES, steps, shrinks=soak)
        finally:
            counted.runs = len(life.lives)


@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_people_do_everybody_is_texted_once(life, share):
    play(life, share, 30, soak=False)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_people_do_everybody_is_texted_once_long(life, share):
    play(life, share, 50, soak=True)


@pytest.mark.parametrize("late_s", [1, 25])
def test_a_release_that_outlives_its_run_is_waited_for(life, late_s):
    """A PBX may take as long as a call is waited for; its client is killed meanwhile, and at once begins anew."""
    for steps in range(9, 21):
        one = life()
        one.begin({"resend_on_repeat": "sent"}, ["now"], "staged")
        one.apply_killed(steps, False, EFFECTS[1], 2, "now")
        one._apply()
        for late in one.late:
            if CLOCK.now - late.at <= late_s:
                one._hand(late.endpoint, late.query, late.body)
        CLOCK.now += 60
        one.nobody_gets_it_twice()
        one.is_plain = False
        one.teardown()


@pytest.mark.parametrize("campaigns", [1, 2])
def test_a_lost_state_texts_nobody_again(life, campaigns):
    one = life()
    one.begin({}, ["now"] * campaigns, "staged")
    one._apply()
    for what in ("back up", "lose"):
        one.state(what=what, pick=0)
        one.nobody_gets_it_twice()
    one.teardown()
