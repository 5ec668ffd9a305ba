"""The protocol of apply, step by step, against the sandbox over loopback. Who was texted, its ledger says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaignops import state
from campaignops.errors import RefusedError, StateError, UnresolvedError
from campaignops.model import At, Campaign, Numbers
from campaignops.outcome import Outcome
from campaignops.pbx.session import Session
from campaignops.sandbox.answers import Json
from campaignops.state import Phase
from campaignops.store import Write, document
from campaignops.store.disk import Disk
from campaignops.store.document import Image
from campaignops.store.file import FileStore
from tests.builders import an_entry
from tests.rigs.stage import (
    PEOPLE,
    SENDS,
    T0,
    Delivery,
    Run,
    Stage,
    Watch,
    a_template,
    a_text,
    everybody,
    open_stage,
)

CREATE, UPDATE, DELETE = (f"message_campaign/{name}" for name in ("create", "update", "delete"))
NOBODY: list[tuple[str, str]] = []
PROVEN = ["get", "update"]  # once a run: a draft is given its own content again
RELEASED = ["get", "releasing", "update", "released"]
COMMITTED: list[Json] = [{"drop": "after"}, {"status": 502, "commit": True}, {"truncate_at": 5}]
NOT_COMMITTED: list[Json] = [
    {"drop": "before"},
    {"errcode": 10004},
    {"errcode": 20001},
    {"errcode": 31337},
    {"status": 200},
    {"status": 404},
]
BROKEN: list[Json] = [{"drop": "after"}, {"twice": True}, {"drop": "before"}]  # the fault matrix has them all


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with open_stage(tmp_path) as opened:
        yield opened


@pytest.fixture
def direct(tmp_path: Path) -> Iterator[Stage]:
    with open_stage(tmp_path, "direct") as opened:
        yield opened


def killed_at(phase: str, occurrence: int = 1) -> Callable[[str], None]:
    """The process dies just before it makes `phase` durable."""
    left = [occurrence]

    def on_write(written: str) -> None:
        left[0] -= written == phase
        if left[0] == 0:
            raise Killed

    return on_write


def kill(stage: Stage, phase: str, *campaigns: Campaign, occurrence: int = 1) -> None:
    with pytest.raises(Killed):
        stage.apply(*campaigns, on_write=killed_at(phase, occurrence))


def by_hand(stage: Stage, endpoint: str, body: Json | None = None, **query: Any) -> Json:
    """Somebody else calls the PBX."""
    box = stage.box
    with httpx.Client(base_url=f"{box.url}/openapi/v1.0/", headers={"User-Agent": "somebody"}) as http:
        login = {"username": box.client_id, "password": box.client_secret}
        query["access_token"] = http.post("get_token", json=login).json()["access_token"]
        answer = http.post(endpoint, params=query, json=body) if body else http.get(endpoint, params=query)
        http.get("del_token", params={"access_token": query["access_token"]})
    found: Json = answer.json()
    assert found["errcode"] == 0, found
    return found


def last_body(stage: Stage, endpoint: str = CREATE) -> Json:
    body: Json = [row["body"] for row in stage.box.requests() if row["endpoint"] == endpoint][-1]
    return body


# -- the steps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivery", "send", "events"),
    [
        ("staged", "draft", ["intent", "create", "bound"]),
        ("staged", "now", ["intent", "create", "bound", *PROVEN, *RELEASED]),
        ("staged", "at", ["intent", "create", "bound", *PROVEN, *RELEASED]),
        ("direct", "draft", ["intent", "create", "bound"]),
        ("direct", "now", ["intent", "create", "released"]),
        ("direct", "at", ["intent", "create", "released"]),
    ],
)
def test_each_step_is_on_disk_before_the_next_call(tmp_path, delivery: Delivery, send, events):
    with open_stage(tmp_path, delivery) as stage:
        run = stage.apply(a_text(send=send))
        assert (run.events, run.outcomes) == (events, ["done"])
        assert stage.apply(a_text(send=send)).made.effects == ()  # type: ignore[union-attr]
        assert stage.texted() == (NOBODY if send == "draft" else everybody("spring"))
        assert stage.box.tokens_alive() == 0


def test_staged_nothing_but_an_update_of_a_known_id_ever_sends(stage):
    stage.apply(a_text(send="now"), a_text("summer", send="at"))
    sent = [
        (row["endpoint"], row["body"]["send_type"])
        for row in stage.box.requests()
        if row["endpoint"] in (CREATE, UPDATE)
    ]
    assert {kind for endpoint, kind in sent if endpoint == CREATE} == {"draft"}
    assert [kind for endpoint, kind in sent if endpoint == UPDATE] == ["draft", "immediately", "schedule"]


@pytest.mark.parametrize("send", ["draft", "now"])
def test_a_file_may_be_kept_under_another_name(stage, send):
    stage.box.behave(upload_names="changed")
    run = stage.apply(a_template("alert", send))
    assert run.outcomes == ["done"], run.said
    assert run.events[:5] == ["intent", "batchupload", "intent", "create", "bound"]
    assert stage.apply(a_template("alert", send)).made.effects == ()
    assert stage.texted() == (NOBODY if send == "draft" else everybody("alert"))


def test_a_draft_of_a_file_that_is_kept_under_another_name_is_found_again(stage):
    stage.box.behave(upload_names="changed")
    kill(stage, "bound", a_template("alert"))
    assert stage.apply(a_template("alert")).outcomes == ["done"]
    assert stage.asked().count("create") == 1
    assert stage.texted() == everybody("alert")


def test_files_are_uploaded_between_the_intent_and_the_create_and_once_for_all(stage):
    run = stage.apply(a_template("a"), a_template("b"))
    assert run.outcomes == ["done", "done"]
    assert run.events[:4] == ["intent", "batchupload", "create", "bound"]
    assert run.events.count("batchupload") == 1
    assert stage.texted() == everybody("a", "b")


def test_a_campaign_costs_four_durable_writes(stage):
    run = stage.apply(a_text())
    assert len([event for event in run.events if event in set(Phase)]) == 4


# -- a create whose answer is lost -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", COMMITTED, ids=str)
@pytest.mark.parametrize("send", SENDS)
def test_staged_a_create_that_happened_and_was_not_heard_of_is_adopted(stage, send, fault):
    stage.box.inject(CREATE, **fault)
    assert stage.apply(a_text(send=send)).outcomes == ["done"]
    assert stage.asked().count("create") == 1
    assert stage.texted() == (NOBODY if send == "draft" else everybody("spring"))


@pytest.mark.parametrize("fault", NOT_COMMITTED, ids=str)
def test_staged_a_create_that_did_not_happen_is_posted_again(stage, fault):
    stage.box.inject(CREATE, **fault)
    assert stage.apply(a_text()).outcomes == ["done"]
    assert stage.asked().count("create") == 2
    assert stage.texted() == everybody("spring")


def test_staged_a_run_posts_two_drafts_at_most_and_the_next_goes_on(stage):
    for _ in range(2):
        stage.box.inject(CREATE, drop="before")
    run = stage.apply(a_text(), a_text("summer"))
    assert run.outcomes == ["unknown", "skipped"]
    assert stage.apply(a_text(), a_text("summer")).outcomes == ["done", "done"]
    assert stage.texted() == everybody("spring", "summer")


def test_a_refused_create_leaves_no_record(stage):
    stage.box.inject(CREATE, errcode=40002)
    run = stage.apply(a_text())
    assert run.outcomes == ["failed"]
    assert "nothing was sent" in run.said
    assert stage.entry() is None


@pytest.mark.parametrize("fault", COMMITTED, ids=str)
@pytest.mark.parametrize("send", ["now", "at"])
def test_direct_a_create_that_happened_and_was_not_heard_of_is_adopted(direct, send, fault):
    direct.box.inject(CREATE, **fault)
    assert direct.apply(a_text(send=send)).outcomes == ["done"]
    assert direct.asked() == ["create"]
    assert direct.texted() == everybody("spring")


@pytest.mark.parametrize("fault", NOT_COMMITTED, ids=str)
@pytest.mark.parametrize("send", ["now", "at"])
def test_direct_a_create_of_which_nothing_is_to_be_found_is_asked_about_and_never_posted_again(
    direct, send, fault
):
    direct.box.inject(CREATE, **fault)
    run = direct.apply(a_text(send=send))
    assert run.outcomes == ["unknown"]
    assert run.results[0].next_command == "campaignops resolve spring"
    assert direct.entry().phase is Phase.STUCK
    for delivery in ("direct", "staged"):
        direct.delivery = delivery
        assert isinstance(direct.apply(a_text(send=send)).error, UnresolvedError)
    assert direct.asked() == ["create"]


def test_direct_a_create_that_could_not_be_sent_at_all_is_no_question(direct):
    direct.box.inject(CREATE, errcode=40002)
    assert direct.apply(a_text()).outcomes == ["failed"]
    assert direct.apply(a_text()).outcomes == ["done"]
    assert direct.texted() == everybody("spring")


def test_direct_an_intent_that_a_killed_run_left_is_asked_about(direct):
    with pytest.raises(Killed):
        direct.apply(a_text(), watch=Watch(raiser(Killed)))
    assert direct.entry().phase is Phase.INTENT
    run = direct.apply(a_text())
    assert isinstance(run.error, UnresolvedError) or run.outcomes == ["unknown"]
    assert direct.asked() == []


def raiser(error: type[BaseException]) -> Callable[[], bool]:
    """`should_stop` that dies when a campaign is under way: the first question comes before it."""
    asked = [0]

    def stops() -> bool:
        asked[0] += 1
        if asked[0] > 1:
            raise error
        return False

    return stops


@pytest.mark.parametrize("delivery", ["staged", "direct"])
def test_a_doubled_create_is_adopted_where_names_are_unique(tmp_path, delivery: Delivery):
    with open_stage(tmp_path, delivery) as stage:
        stage.box.behave(names_unique="yes")
        stage.box.inject(CREATE, twice=True)  # the answer is that of the second: the name is taken
        assert stage.apply(a_text()).outcomes == ["done"]
        assert stage.texted() == everybody("spring")
        assert len(stage.campaigns()) == 1


# -- what a later run finds ------------------------------------------------------------------------------------------


def test_a_silent_draft_is_adopted_by_the_next_run(stage):
    kill(stage, "bound", a_text())
    assert stage.entry().phase is Phase.INTENT
    run = stage.apply(a_text())
    assert run.outcomes == ["done"]
    assert stage.asked().count("create") == 1
    assert stage.texted() == everybody("spring")


def test_an_adopted_draft_is_brought_up_to_the_manifest(stage):
    kill(stage, "bound", a_text(text="Old"))
    assert stage.apply(a_text(text="New")).outcomes == ["done"]
    assert stage.texted() == everybody("spring")
    assert {row["summary"] for row in stage.box.ledger()} == {"New"}


def test_a_draft_that_no_list_shows_yet_is_swept_when_it_shows_up(stage):
    stage.box.behave(listing_lag_s=300)
    kill(stage, "bound", a_text())
    assert stage.apply(a_text()).outcomes == ["done"]
    assert len(stage.campaigns()) == 2
    assert stage.asked().count("create") == 2
    stage.clock.sleep(301)
    assert stage.apply(a_text()).outcomes == ["done"]
    assert list(stage.campaigns()) == [stage.entry().id]
    assert stage.texted() == everybody("spring")


def test_after_a_while_nobody_looks_for_spare_drafts_any_more(stage):
    stage.box.inject(CREATE, drop="before")
    stage.apply(a_text())
    assert stage.entry().lost == stage.entry().fingerprint
    stage.clock.sleep(700)
    stage.apply(a_text())
    stage.clock.sleep(700)
    stage.apply(a_text())
    assert stage.entry().lost == ""


def test_a_spare_draft_is_known_for_one_after_its_campaign_has_been_edited(stage):
    stage.box.behave(listing_lag_s=300)
    kill(stage, "bound", a_text(text="Old"))
    assert stage.apply(a_text(text="Old", send="draft")).outcomes == ["done"]
    stage.clock.sleep(1)
    assert stage.apply(a_text(text="New", send="draft")).outcomes == ["done"]
    assert len(stage.campaigns()) == 2
    stage.clock.sleep(301)
    assert stage.apply(a_text(text="New", send="draft")).outcomes == ["done"]
    assert list(stage.campaigns()) == [stage.entry().id]


def test_never_more_drafts_are_swept_than_answers_were_lost(stage):
    for _ in range(2):
        stage.box.inject(CREATE, drop="before")
    assert stage.apply(a_text()).outcomes == ["unknown"]
    for _ in range(5):
        by_hand(stage, CREATE, last_body(stage))
    for _ in range(3):
        assert stage.apply(a_text()).outcomes == ["done"]
    assert len(stage.campaigns()) == 5 - 2
    assert stage.texted() == everybody("spring")


def test_a_namesake_that_reads_differently_is_never_touched(stage):
    kill(stage, "bound", a_text())
    by_hand(stage, DELETE, id=next(iter(stage.campaigns())))
    by_hand(stage, CREATE, {**last_body(stage), "content": "Somebody else's"})
    run = stage.apply(a_text())
    assert run.outcomes == ["unknown"]
    assert "reads differently" in run.said
    assert stage.entry().phase is Phase.STUCK
    assert isinstance(stage.apply(a_text()).error, UnresolvedError)
    assert stage.asked().count("create") == 2  # ours, and somebody else's
    assert stage.texted() == NOBODY


@pytest.mark.parametrize("then", ["staged", "direct"])
def test_an_intent_is_kept_when_a_later_run_gets_nowhere(stage, then: Delivery):
    """What the first run made may still show up; forgotten, it would stand in the way of its own campaign."""
    stage.box.behave(listing_lag_s=300)
    kill(stage, "bound", a_text())
    stage.box.inject(CREATE, errcode=70084)
    stage.delivery = then
    assert stage.apply(a_text()).outcomes == ["failed"]
    assert stage.entry().phase is Phase.INTENT
    stage.clock.sleep(301)
    assert stage.apply(a_text()).outcomes == ["done"]
    assert len(stage.campaigns()) == 1
    assert stage.texted() == everybody("spring")


def test_direct_what_a_killed_run_scheduled_with_an_older_text_is_not_passed_off_as_the_new_one(direct):
    kill(direct, "released", a_text(send="at", text="Old"))
    run = direct.apply(a_text(send="at", text="New"))
    if run.error is None:
        assert run.outcomes == ["failed"]
        assert "plan again" in run.said
        assert direct.apply(a_text(send="at", text="New")).outcomes == ["done"]
        assert direct.texted() == everybody("spring")
        assert {row["summary"] for row in direct.box.ledger()} == {"New"}
    else:
        assert isinstance(run.error, UnresolvedError)


# -- a release whose answer is lost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"twice": True}], ids=str)
@pytest.mark.parametrize("send", ["now", "at"])
def test_a_release_that_happened_is_read_back_by_id(stage, send, fault):
    stage.box.inject(UPDATE, occurrence=2, **fault)  # the first one is the proof
    run = stage.apply(a_text(send=send))
    assert run.outcomes == ["done"]
    assert run.events.count("update") == 2
    assert stage.entry().phase is Phase.RELEASED
    assert stage.texted() == everybody("spring")


@pytest.mark.parametrize("delivery", ["staged", "direct"])
def test_when_it_was_let_go_is_recorded_also_when_that_is_only_seen_days_later(stage, delivery):
    stage.delivery, began_s = delivery, int(stage.clock.now())
    kill(stage, "released", a_text(send="now"))
    for _ in range(2):
        stage.clock.sleep(86_400)
        stage.apply(a_text(send="now"))
    assert stage.entry().phase is Phase.RELEASED
    assert 0 <= stage.entry().released_s - began_s < 60
    assert stage.texted() == everybody("spring")


def test_what_is_taken_back_was_not_let_go(stage):
    stage.apply(a_text(send="at"))
    assert stage.entry().released_s is not None
    stage.apply(a_text(send="draft"))
    assert stage.entry().released_s is None


def test_a_release_that_took_long_to_record_is_not_sent_but_tried_anew(stage):
    """Other runs count from when it was begun."""

    def slow(phase: str) -> None:
        if phase == "releasing":
            stage.clock.sleep(60)

    run = stage.apply(a_text(), on_write=slow)
    assert run.outcomes == ["failed"]
    assert "it took 60 s to record its release" in run.said
    assert stage.texted() == NOBODY
    assert stage.apply(a_text()).outcomes == ["done"]
    assert stage.texted() == everybody("spring")


def test_a_lost_release_for_later_is_repeated(stage):
    stage.box.inject(UPDATE, occurrence=2, drop="before")
    run = stage.apply(a_text(send="at"))
    assert run.outcomes == ["done"]
    assert run.events.count("update") == 3
    assert stage.texted() == everybody("spring")


@pytest.mark.parametrize("fault", [{"drop": "before"}, {"errcode": 20001}], ids=str)
def test_a_lost_release_at_once_is_repeated_by_the_next_run_once_it_can_no_longer_arrive(stage, fault):
    stage.box.inject(UPDATE, occurrence=2, **fault)
    run = stage.apply(a_text(send="now"))
    assert run.outcomes == ["unknown"]
    assert "not released again" in run.said
    until_s = stage.entry().late_until_s
    assert until_s > stage.clock.now()
    assert stage.apply(a_text(send="now")).outcomes == ["done"]
    assert stage.clock.now() >= until_s
    assert stage.texted() == everybody("spring")


def test_one_that_was_not_answered_in_time_may_be_under_way_for_two_minutes(stage):
    stage.box.inject(UPDATE, occurrence=2, drop="before")
    stage.apply(a_text(send="now"))
    until_s = int(stage.clock.now()) + 120
    store = FileStore(stage.root / "state.json")
    recorded, version = store.read()
    late = replace(recorded.campaigns["spring"], late_until_s=until_s)  # as after a call that timed out
    store.cas(version, recorded, Write("spring", late))
    assert stage.apply(a_text(send="now")).outcomes == ["done"]
    assert stage.clock.now() >= until_s
    assert stage.texted() == everybody("spring")


def test_so_is_one_of_which_a_killed_run_heard_nothing(stage):
    kill(stage, "released", a_text(send="now"))
    assert stage.entry().phase is Phase.RELEASING
    assert stage.apply(a_text(send="now")).outcomes == ["done"]  # it has left `draft`: nothing to wait for
    assert stage.texted() == everybody("spring")


def test_a_release_that_arrives_late_sends_once(stage):
    """On a PBX that sends again when it is told again."""
    stage.box.behave(resend_on_repeat="sent")
    stage.box.inject(UPDATE, occurrence=2, drop="before")
    stage.apply(a_text(send="now"))
    stage.clock.sleep(100)
    by_hand(stage, UPDATE, {"id": stage.entry().id, **last_release(stage)})
    assert stage.apply(a_text(send="now")).outcomes == ["done"]
    assert stage.texted() == everybody("spring")


def last_release(stage: Stage) -> Json:
    return {name: value for name, value in last_body(stage, UPDATE).items() if name != "id"}


@pytest.mark.parametrize("then", ["staged", "direct"])
def test_what_is_to_be_changed_is_waited_for_after_a_lost_release(stage, then: Delivery):
    for occurrence in (2, 3):
        stage.box.inject(UPDATE, occurrence=occurrence, drop="before")
    assert stage.apply(a_text(send="at", text="Old")).outcomes == ["unknown"]
    until_s, stage.delivery = stage.entry().late_until_s, then
    assert stage.apply(a_text(send="at", text="New")).outcomes == ["done"]
    assert stage.clock.now() >= until_s
    assert stage.texted() == everybody("spring")
    assert {row["summary"] for row in stage.box.ledger()} == {"New"}


def test_a_refusal_says_nothing_of_the_release_before_it(stage):
    """That one may still arrive: it is waited for before anything is changed."""
    stage.box.inject(UPDATE, occurrence=2, drop="before")
    stage.box.inject(UPDATE, occurrence=3, errcode=70084)
    run = stage.apply(a_text(send="at", text="Old"))
    assert run.outcomes == ["unknown"]
    assert "may still arrive" in run.said
    assert stage.entry().phase is Phase.RELEASING
    until_s = stage.entry().late_until_s
    assert until_s > stage.clock.now()
    assert stage.apply(a_text(send="at", text="New")).outcomes == ["done"]
    assert stage.clock.now() >= until_s
    assert stage.texted() == everybody("spring")
    assert {row["summary"] for row in stage.box.ledger()} == {"New"}


def test_a_lost_connection_does_not_shorten_the_wait_for_what_was_not_answered_before(stage):
    stage.timeout_s = 2
    stage.box.inject(UPDATE, occurrence=2, delay_before_s=4)
    stage.box.inject(UPDATE, occurrence=3, drop="before")
    began_s = stage.clock.now()
    assert stage.apply(a_text(send="at")).outcomes == ["unknown"]
    assert stage.entry().late_until_s >= began_s + 120


@pytest.mark.parametrize("refused", [1, 2])
def test_nor_does_one_of_the_next_run(stage, refused):
    """The check that an update replaces, or the release itself."""
    for occurrence in (2, 3):
        stage.box.inject(UPDATE, occurrence=occurrence, drop="before")
    stage.apply(a_text(send="at"))
    until_s = stage.entry().late_until_s
    stage.box.inject(UPDATE, occurrence=refused, errcode=70084)
    assert stage.apply(a_text(send="at")).outcomes == ["unknown"]
    assert stage.entry().phase is Phase.RELEASING
    assert 0 <= stage.entry().late_until_s - until_s <= 1
    assert stage.apply(a_text(send="at")).outcomes == ["done"]
    assert stage.texted() == everybody("spring")


def test_what_a_later_release_has_let_go_is_changed_when_the_lost_one_cannot_arrive_any_more(stage):
    stage.box.inject(UPDATE, occurrence=2, drop="before")
    assert stage.apply(a_text(send="at", text="Old")).outcomes == ["done"]
    until_s = stage.entry().late_until_s
    assert until_s > stage.clock.now()
    assert stage.apply(a_text(send="at", text="New")).outcomes == ["done"]
    assert stage.clock.now() >= until_s
    assert stage.entry().late_until_s is None
    assert stage.texted() == everybody("spring")
    assert {row["summary"] for row in stage.box.ledger()} == {"New"}


def test_a_lost_release_that_has_happened_is_not_waited_for(stage):
    stage.box.inject(UPDATE, occurrence=2, drop="after")
    assert stage.apply(a_text(send="at", text="Old")).outcomes == ["done"]
    now_s = stage.clock.now()
    assert stage.entry().late_until_s is None
    assert stage.apply(a_text(send="at", text="New")).outcomes == ["done"]
    assert stage.clock.now() == now_s


def test_a_lost_release_that_arrives_after_a_halt_is_called_back_too(stage, monkeypatch):
    stage.box.inject(UPDATE, occurrence=2, drop="before")
    assert stage.apply(a_text(send="at")).outcomes == ["done"]
    lost, before = {"id": stage.entry().id, **last_release(stage)}, stage.asked().count("update")
    arrived: list[Json] = []

    def sleep(seconds: float) -> None:
        stage.clock.now_s += seconds
        if seconds > 1 and not arrived:  # not at once
            arrived.append(by_hand(stage, UPDATE, lost))

    monkeypatch.setattr(stage.clock, "sleep", sleep)
    assert [each.outcome for each in stage.halt()] == ["halted"]
    assert arrived
    assert stage.asked().count("update") == before + 3  # called back, late, called back
    assert stage.texted() == NOBODY
    assert stage.entry().phase is Phase.BOUND


def test_a_draft_that_somebody_edited_is_not_released(stage):
    def edits(phase: str) -> None:
        if phase == "bound":
            by_hand(stage, UPDATE, {"id": next(iter(stage.campaigns())), "content": "By hand"})

    run = stage.apply(a_text(send="now"), on_write=edits)
    assert run.outcomes == ["failed"]
    assert "reads back differently" in run.said
    assert stage.texted(0) == NOBODY
    assert stage.apply(a_text(send="now")).outcomes == ["done"]
    assert stage.texted() == everybody("spring")
    assert {row["summary"] for row in stage.box.ledger()} == {"Hello"}


def test_what_cannot_be_released_in_time_stays_a_draft(stage):
    def dawdles(phase: str) -> None:
        if phase == "bound":
            stage.clock.sleep(86_380)

    run = stage.apply(a_text(send="at"), on_write=dawdles)
    assert run.outcomes == ["failed"]
    assert "stays a draft" in run.said
    assert stage.texted() == NOBODY


# -- a PBX that does not release drafts ------------------------------------------------------------------------------


@pytest.mark.parametrize("send", ["now", "at"])
def test_where_drafts_are_not_released_a_switch_to_direct_posts_once(stage, send):
    stage.box.behave(drafts_release="refused")
    run = stage.apply(a_text(send=send), a_text("summer", send=send))
    assert run.outcomes == ["failed", "skipped"]
    assert "set `pbx.delivery: direct`" in run.said
    assert stage.entry().phase is Phase.BOUND
    stage.delivery = "direct"
    run = stage.apply(a_text(send=send), a_text("summer", send=send))
    assert run.outcomes == ["done", "done"]
    assert [event for event in run.events if event != "gone"] == [
        "bound", "delete", "intent", "create", "released", "intent", "create", "released",
    ]  # fmt: skip
    assert len(stage.campaigns()) == 2
    assert stage.texted() == everybody("spring", "summer")


@pytest.mark.parametrize("code", [70084, 40002, 10009, -1])
def test_each_code_that_leaves_a_draft_as_it_was_may_mean_that_drafts_are_not_released(stage, code):
    stage.box.inject(UPDATE, occurrence=2, errcode=code)
    run = stage.apply(a_text())
    assert "If this PBX does not release drafts, set `pbx.delivery: direct`" in run.said
    assert stage.texted() == NOBODY


@pytest.mark.parametrize("fault", [{"drop": "before"}, {"errcode": 10004}, {"errcode": 70123}], ids=str)
def test_what_says_nothing_about_drafts_advises_no_other_delivery(stage, fault):
    stage.box.inject(UPDATE, occurrence=2, **fault)
    assert "pbx.delivery" not in stage.apply(a_text()).said


@pytest.mark.parametrize("fault", BROKEN, ids=str)
def test_a_switch_to_direct_posts_only_when_the_draft_is_gone(stage, fault):
    stage.box.behave(drafts_release="refused")
    stage.apply(a_text())
    stage.delivery = "direct"
    stage.box.inject(DELETE, **fault)
    run = stage.apply(a_text())
    assert run.outcomes == (["unknown"] if fault == {"drop": "before"} else ["done"])
    assert stage.apply(a_text()).outcomes == ["done"]
    assert stage.asked().count("create") == 2
    assert stage.texted() == everybody("spring")


@pytest.mark.parametrize("before", ["update", "get"])
def test_a_draft_that_is_deleted_while_it_is_checked_says_nothing_about_updates(stage, monkeypatch, before):
    call = getattr(Session, before)
    checks = Watch()

    def deleted_before(session: Session, campaign_id: int, *body: Json) -> Any:
        if checks.steps[-1] == "check that an update replaces" and (
            before == "update" or stage.asked().count("update")
        ):
            by_hand(stage, DELETE, id=campaign_id)
        return call(session, campaign_id, *body)

    monkeypatch.setattr(Session, before, deleted_before)
    run = stage.apply(a_text(), watch=checks)
    assert run.outcomes == ["failed"]
    assert "is gone from the PBX; nothing was sent" in run.said
    assert "pbx.delivery" not in run.said
    monkeypatch.undo()
    assert stage.apply(a_text()).outcomes == ["done"]
    assert stage.texted() == everybody("spring")


def test_where_an_update_adds_to_the_numbers_nothing_is_sent_and_it_is_said(stage):
    stage.box.behave(number_list_update="append")
    stage.apply(a_text(send="draft"))
    run = stage.apply(a_text(send="draft", audience=Numbers((PEOPLE[0], "+12025550149"))))
    assert run.outcomes == ["failed"]
    assert "reads back differently" in run.said
    run = stage.apply(a_text(send="now", audience=Numbers((PEOPLE[0], "+12025550149"))))
    assert run.outcomes == ["failed"]
    assert stage.texted() == NOBODY


# -- updates and deletes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", BROKEN, ids=str)
@pytest.mark.parametrize(
    ("before", "after"), [("draft", "draft"), ("at", "at"), ("draft", "at"), ("at", "now")]
)
def test_an_update_with_a_lost_answer_is_done_again_until_it_is_there(stage, before, after, fault):
    stage.apply(a_text(send=before, text="Old"))
    stage.box.inject(UPDATE, **fault)
    run = stage.apply(a_text(send=after, text="New"))
    if fault == {"drop": "before"}:
        assert run.outcomes == ["unknown"]
        assert stage.entry().phase is Phase.UPDATING
        run = stage.apply(a_text(send=after, text="New"))
    assert run.outcomes == ["done"]
    assert stage.apply(a_text(send=after, text="New")).made.effects == ()
    assert stage.texted() == (NOBODY if after == "draft" else everybody("spring"))
    assert {row["summary"] for row in stage.box.ledger()} <= {"New"}


def test_an_update_that_never_arrived_before_the_sending_is_not_recorded_as_sent(stage):
    stage.apply(a_text(send="at", text="Old"))
    stage.box.inject(UPDATE, drop="before")
    assert stage.apply(a_text(send="at", text="New")).outcomes == ["unknown"]
    assert stage.texted() == everybody("spring")
    run = stage.apply(a_text(send="at", text="New"))
    assert isinstance(run.error, RefusedError)  # it has begun to send, and reads differently
    assert stage.apply(a_text(send="at", text="Old")).error is None


def test_an_update_on_its_way_is_recorded_with_everybody_who_may_be_in_it(stage):
    old, new = (Numbers((number,)) for number in PEOPLE[:2])
    stage.apply(a_text(send="draft", audience=old))
    stage.box.inject(UPDATE, drop="before")
    stage.apply(a_text(send="draft", audience=new))
    assert stage.entry().phase is Phase.UPDATING
    lineage = stage.state.lineage
    both = state.audience_digests((*old.numbers, *new.numbers), lineage)
    assert stage.entry().audience == both
    stage.apply(a_text(send="draft", audience=new))
    assert stage.entry().audience == state.audience_digests(new.numbers, lineage)


def test_a_refused_update_leaves_the_record_as_it_was(stage):
    stage.apply(a_text(send="at"))
    before = stage.entry()
    stage.box.inject(UPDATE, errcode=40002)
    assert stage.apply(a_text(send="at", text="New")).outcomes == ["failed"]
    after = stage.entry()
    assert replace(after, at=before.at, run=before.run, revision=1) == before
    assert stage.texted() == everybody("spring")


@pytest.mark.parametrize("fault", BROKEN, ids=str)
@pytest.mark.parametrize("send", ["draft", "at"])
def test_a_delete_with_a_lost_answer_is_done_again_until_it_is_gone(stage, send, fault):
    stage.apply(a_text(send=send))
    stage.box.inject(DELETE, **fault)
    run = stage.apply()
    if fault == {"drop": "before"}:
        assert run.outcomes == ["unknown"]
        assert stage.entry() is not None
        run = stage.apply()
    assert run.outcomes == ["done"]
    assert stage.entry() is None
    assert stage.campaigns() == {}


@pytest.mark.parametrize("committed", [False, True])
def test_a_delete_that_finds_nothing_counts_only_when_a_look_finds_nothing_too(stage, committed):
    stage.apply(a_text(send="at"))
    stage.box.inject(DELETE, errcode=60001, commit=committed)
    run = stage.apply(a_text("summer", "at"))
    assert run.outcomes == (["done", "done"] if committed else ["unknown", "skipped"])
    assert stage.apply(a_text("summer", "at")).error is None
    assert stage.texted() == everybody("summer")


@pytest.mark.parametrize(("delivery", "told"), [("direct", ["CMP216"]), ("staged", [])])
def test_the_next_plan_tells_of_a_create_that_was_delivered_twice(tmp_path, delivery, told):
    with open_stage(tmp_path, delivery) as stage:
        stage.box.inject(CREATE, twice=True)
        assert stage.apply(a_text(send="at")).outcomes == ["done"]
        made = stage.apply(a_text(send="at")).made
        assert made is not None
        assert made.effects == ()
        assert [each.code for each in made.findings] == told


def test_a_changed_campaign_is_not_posted_beside_an_old_one_that_was_not_found(direct):
    direct.apply(a_text(send="at"))
    direct.box.inject(DELETE, errcode=60001)
    assert direct.apply(a_text(send="at", text="New")).outcomes == ["unknown"]
    assert direct.apply(a_text(send="at", text="New")).outcomes == ["done"]
    assert direct.texted() == everybody("spring")


@pytest.fixture
def slow_wire(direct, monkeypatch) -> Callable[[float], None]:
    """Lets a delete take so many seconds to arrive."""
    real = Session.delete

    def wire(seconds: float) -> None:
        def slow(session: Session, campaign_id: int, may_go: Callable[[], bool]) -> Outcome[None]:
            assert may_go()
            direct.clock.sleep(seconds)
            return real(session, campaign_id)

        monkeypatch.setattr(Session, "delete", slow)

    return wire


def test_a_delete_that_came_when_the_time_had_come_keeps_the_record(direct, slow_wire):
    """A PBX deletes what it has sent, too."""
    direct.apply(a_text(send="at"))
    slow_wire(100_000)
    run = direct.apply()
    assert run.outcomes == ["unknown"]
    assert "was deleted when its time had come; somebody may have got it" in run.said
    run = direct.apply(a_text(send="at"))
    assert "create" not in run.events
    assert direct.texted() == everybody("spring")


def test_a_run_that_slept_between_its_look_and_its_delete_sends_none(stage):
    stage.apply(a_text(send="at"))
    stage.clock.dozes_s = 100_000
    run = stage.apply()
    stage.clock.dozes_s = 0
    assert run.outcomes == ["failed"]
    assert "held up on the way, and not sent; it is still recorded" in run.said
    assert "delete" not in stage.asked()
    run = stage.apply(a_text(send="at"))
    assert "create" not in run.events
    assert stage.texted() == everybody("spring")


def test_a_delete_that_is_refused_leaves_a_lost_release_as_long_to_be_waited_for_as_it_was(stage):
    stage.box.inject(UPDATE, occurrence=2, drop="before")
    stage.apply(a_text())
    before = stage.entry()
    assert before.phase is Phase.RELEASING
    stage.clock.sleep(20)
    stage.box.inject(DELETE, errcode=40002)
    run = stage.apply()
    assert (run.outcomes, run.events) == (["failed"], ["releasing", "delete"])
    assert (stage.entry().at, stage.entry().run) == (before.at, before.run)


@dataclass
class ReleasedByHand(Watch):
    """Somebody lets the campaign go just before its delete, for which the run then takes its time."""

    stage: Stage = field(kw_only=True)
    pause_s: float = field(kw_only=True)

    def step(self, key: str, what: str) -> None:
        if what == "delete":
            made = self.stage.state.campaigns[key].id
            by_hand(self.stage, UPDATE, {**last_body(self.stage), "id": made, "send_type": "immediately"})
            self.stage.clock.sleep(self.pause_s)


@pytest.mark.parametrize("send", ["draft", "at"])
def test_what_somebody_released_while_the_run_stood_still_is_not_deleted(direct, send):
    direct.apply(a_text(send=send))
    run = direct.apply(a_text(), watch=ReleasedByHand(stage=direct, pause_s=51))
    assert run.outcomes == ["failed"]
    assert "delete" not in direct.asked()
    again = direct.apply(a_text())
    assert not {"delete", "create"} & set(again.events)
    assert len(direct.campaigns()) == 1
    assert direct.texted() == everybody("spring")


@pytest.mark.parametrize(("send", "status"), [("draft", "draft"), ("at", "scheduled")])
def test_what_somebody_released_while_its_delete_was_on_the_way_is_not_made_anew(
    direct, slow_wire, send, status
):
    direct.apply(a_text(send=send))
    slow_wire(51)
    run = direct.apply(a_text(), watch=ReleasedByHand(stage=direct, pause_s=0))
    assert run.outcomes == ["unknown"]
    assert f"deleted 51 s after a look at it ({status}); somebody may have got it" in run.said
    assert run.results[0].next_command == "campaignops plan"
    assert direct.entry().may_have_sent(direct.clock.now())
    assert direct.campaigns() == {}
    assert "create" not in direct.apply(a_text()).events
    assert direct.texted() == everybody("spring")


def test_what_is_being_sent_after_a_lost_delete_is_known_before_that_arrives(direct):
    direct.apply(a_text(send="draft"))
    made = direct.entry().id
    direct.box.inject(DELETE, drop="before")
    run = direct.apply(a_text(), watch=ReleasedByHand(stage=direct, pause_s=1))
    assert run.outcomes == ["failed"]
    assert f"id {made} has begun to send" in run.said
    direct.clock.sleep(100)
    by_hand(direct, DELETE, id=made)
    assert "create" not in direct.apply(a_text()).events
    assert direct.texted() == everybody("spring")


@pytest.mark.parametrize("wanted", [[], [a_text(send="draft")]])
def test_a_campaign_that_sends_within_a_minute_is_left_alone(stage, wanted):
    stage.apply(a_text(send="at"))
    stage.clock.sleep(86_400 - 59)
    assert stage.apply(*wanted).error.code == "blocked"
    assert stage.texted() == everybody("spring")


@pytest.mark.parametrize("wanted", [[], [a_text(send="draft")]])
def test_time_that_passes_between_plan_and_call_is_looked_at_again(stage, wanted):
    stage.apply(a_text(send="at"))
    stage.clock.sleep(86_400 - 61)

    def takes_two_seconds() -> bool:
        stage.clock.sleep(1)
        return False

    run = stage.apply(*wanted, watch=Watch(takes_two_seconds))
    assert run.outcomes == ["failed"]
    assert "too late to change it safely" in run.said
    assert stage.asked().count("update") + stage.asked().count("delete") == 2  # the proof and the release
    assert stage.texted() == everybody("spring")


def test_a_file_is_uploaded_again_when_the_pbx_may_have_purged_it(stage):
    campaign = replace(a_template(send="at"), send=At(T0 + 100 * 3600, "UTC"))
    for hours, uploads in ((0, 1), (20, 1), (30, 2), (10, 2)):
        stage.clock.sleep(hours * 3600)
        run = stage.apply(campaign)
        assert (run.outcomes, stage.asked().count("batchupload")) == (["done"], uploads)
        assert run.made.effects == () or hours in (0, 30)
    assert stage.texted(400_000) == everybody("alert")


@pytest.mark.parametrize("send", ["draft", "at"])
def test_protection_outlives_the_manifest_until_it_is_taken_back(stage, send):
    stage.apply(a_text(send=send, prevent_delete=True))
    assert stage.apply().error.code == "blocked"
    assert stage.apply(a_text(send=send)).outcomes == ["done"]  # the record alone
    assert stage.asked().count("update") == (0 if send == "draft" else 2)
    assert stage.apply().outcomes == ["done"]
    assert (stage.entry(), stage.campaigns()) == (None, {})


def test_a_draft_that_is_only_released_takes_its_protection_along(stage):
    kill(stage, "bound", a_text(send="at"))
    assert stage.apply(a_text(send="at", prevent_delete=True)).outcomes == ["done"]
    assert stage.entry().prevent_delete
    assert stage.apply(a_text(send="at", prevent_delete=True)).results[0].message is None
    assert stage.apply().error.code == "blocked"


def test_a_renamed_campaign_is_not_made_when_the_old_one_could_not_be_deleted(stage):
    stage.apply(a_text(send="at"))
    stage.box.inject("message_campaign/delete", errcode=70084)
    run = stage.apply(a_text("summer", "at"))
    assert run.outcomes == ["failed", "skipped"]
    assert "people would get both" in run.said
    assert stage.apply(a_text("summer", "at")).outcomes == ["done", "done"]
    assert stage.texted() == everybody("summer")


@pytest.mark.parametrize("send", SENDS)
def test_a_moved_key_takes_its_record_along_and_sends_nothing_again(stage, send):
    stage.apply(a_text(send=send))
    moved = a_text("summer", send, name="spring", moved_from="spring")
    run = stage.apply(moved)
    assert run.outcomes == ["done"]
    assert set(stage.state.campaigns) == {"summer"}
    assert stage.asked().count("create") == 1
    assert stage.texted() == (NOBODY if send == "draft" else everybody("spring"))


def test_a_key_may_be_moved_and_its_campaign_changed_at_once(stage):
    stage.apply(a_text(send="at"))
    assert stage.apply(a_text("summer", "now", "New", name="spring", moved_from="spring")).outcomes == [
        "done"
    ]
    assert stage.texted() == everybody("spring")


def test_the_intent_of_a_moved_key_is_adopted(stage):
    kill(stage, "bound", a_text())
    assert stage.apply(a_text("summer", name="spring", moved_from="spring")).outcomes == ["done"]
    assert stage.asked().count("create") == 1
    assert stage.texted() == everybody("spring")


def test_of_a_move_that_is_not_recorded_the_old_key_says_what_may_have_been_sent(direct):
    kill(direct, "released", a_text())  # its create has sent it
    moved = a_text("summer", name="spring", moved_from="spring")
    run = with_full_disk(direct, 1, moved, is_written=False)
    assert run.outcomes == ["unknown"]
    assert "sent nothing" not in run.said


# -- how a run ends --------------------------------------------------------------------------------------------------


@dataclass
class ThenUnreadable(Watch):
    """From a step on, nothing of the PBX can be read, and the answer to the step is lost."""

    stage: Stage = field(kw_only=True)
    at: str = field(kw_only=True)

    def step(self, key: str, what: str) -> None:
        if what == self.at:
            self.stage.box.inject({"release": UPDATE}.get(what, f"message_campaign/{what}"), drop="after")
            for read in ("list", "search", "get", "query"):
                for occurrence in range(1, 9):
                    self.stage.box.inject(f"message_campaign/{read}", occurrence, drop="before")


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ([], [a_text()], "create"),
        ([], [a_text()], "release"),
        ([a_text(send="at", text="Old")], [a_text(send="at")], "update"),
        ([a_text(send="at")], [], "delete"),
    ],
    ids=["create", "release", "update", "delete"],
)
def test_what_cannot_be_read_after_a_lost_answer_is_unknown_and_never_failed(stage, before, after, step):
    if before:
        assert stage.apply(*before).outcomes == ["done"]
    run = stage.apply(*after, watch=ThenUnreadable(stage=stage, at=step))
    assert run.outcomes == ["unknown"]
    assert "could not be read" in run.said


@pytest.mark.parametrize("delivery", ["staged", "direct"])
def test_a_signal_before_any_step_stops_there_and_the_next_run_goes_on(tmp_path, delivery: Delivery):
    steps, stop_at = [True], 0
    while any(steps):
        stop_at += 1
        steps = []
        (tmp_path / f"{stop_at}").mkdir()
        with open_stage(tmp_path / f"{stop_at}", delivery) as stage:

            def stops() -> bool:
                steps.append(len(steps) + 1 >= stop_at)  # noqa: B023 - called within the loop's turn
                return steps[-1]  # noqa: B023

            run = stage.apply(a_template(), a_text(), watch=Watch(stops))
            asked = stage.asked()
            assert set(run.outcomes) <= {"done", "skipped"}
            again = stage.apply(a_template(), a_text())
            assert again.outcomes == ["done", "done"], (stop_at, run, again.said)
            assert asked == stage.asked()[: len(asked)]
            assert stage.texted() == everybody("alert", "spring")
            assert len(stage.campaigns()) == 2
    assert stop_at > 5


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [(CREATE, {"errcode": 70087}), (UPDATE, {"errcode": 10005}), ("message/batchupload", {"errcode": 70004})],
)
def test_what_no_other_call_can_escape_ends_the_run(stage, endpoint, fault):
    stage.box.inject(endpoint, **fault)
    run = stage.apply(a_template(send="at"), a_text(), a_text("summer"))
    assert run.outcomes == ["failed", "skipped", "skipped"] or endpoint == UPDATE
    assert run.outcomes.count("failed") == 1
    assert run.outcomes[-1] == "skipped"
    assert stage.apply(a_template(send="at"), a_text(), a_text("summer")).outcomes == ["done"] * 3
    assert stage.texted() == everybody("alert", "spring", "summer")


def test_what_is_wrong_with_one_campaign_does_not_stop_the_others(stage):
    stage.box.inject(CREATE, errcode=40002)
    assert stage.apply(a_text(), a_text("summer")).outcomes == ["failed", "done"]
    assert stage.texted() == everybody("summer")


def test_nothing_is_done_for_a_plan_with_blocked_changes(stage):
    stage.apply(a_text())
    run = stage.apply(a_text(text="New"), a_text("summer"))
    assert isinstance(run.error, RefusedError)
    assert stage.texted() == everybody("spring")


@pytest.mark.parametrize(
    ("delivery", "send", "outcomes"),  # of the run in which the first, second, ... write fails
    [
        ("staged", "draft", ["failed", "unknown"]),
        ("staged", "now", ["failed", "unknown", "failed", "unknown"]),
        ("staged", "at", ["failed", "unknown", "failed", "unknown"]),
        ("direct", "at", ["failed", "unknown"]),
    ],
)
@pytest.mark.parametrize("is_written", [False, True])
def test_a_full_disk_at_any_write_leaves_what_the_next_run_settles(
    tmp_path, delivery: Delivery, send, outcomes, is_written
):
    for number, outcome in enumerate(outcomes, 1):
        root = tmp_path / f"{number}"
        root.mkdir()
        with open_stage(root, delivery) as stage:
            run = with_full_disk(stage, number, a_text(send=send), is_written=is_written)
            assert run.outcomes == [outcome]
            assert ("sent nothing of it" in run.said) == (outcome == "failed")
            assert outcome == "unknown" or not stage.box.ledger()
            stage.clock.sleep(121)
            stage.apply(a_text(send=send))
            asked = stage.asked().count("create")
            again = stage.apply(a_text(send=send))
            is_asked = isinstance(again.error, UnresolvedError)
            assert is_asked or again.outcomes == ["done"]
            assert stage.asked().count("create") == asked <= 1
            assert stage.texted() == (NOBODY if send == "draft" or is_asked else everybody("spring"))


def with_full_disk(stage: Stage, number: int, *campaigns: Campaign, is_written: bool) -> Run:
    """The run in which write `number` fails. `is_written`: the step is on the disk all the same."""
    left = [number]

    def fails(_: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise StateError("the disk is full")

    return (
        stage.apply(*campaigns, on_written=fails) if is_written else stage.apply(*campaigns, on_write=fails)
    )


@pytest.mark.no_cover  # which would take most of its time
@pytest.mark.parametrize("recorded", [0, 10_000])
def test_a_campaign_costs_four_durable_writes_however_much_is_recorded(stage, recorded):
    sent = an_entry(a_text("old", "now"), status="completed")
    entries = {
        f"old-{n}": replace(sent, key=f"old-{n}", name=f"old-{n}", id=100_000 + n) for n in range(recorded)
    }
    (stage.root / "state.json").write_bytes(document.encode(Image("lineage", 1, "", None, entries), "test"))
    stage.disk = disk = CountingDisk()
    run = stage.apply(a_text("a", "at"), a_text("b", "at"))
    assert set(run.outcomes) == {"done"}
    assert disk.lines == 4 + 4
    assert disk.bytes_of_lines < 8 * 2_000
    assert disk.documents == 1, "at the end, all is folded into one"


class CountingDisk(Disk):
    lines = bytes_of_lines = documents = 0

    def write_all(self, fd: int, data: bytes) -> None:
        is_line = data.startswith(b'{"lineage"')
        self.lines += is_line
        self.documents += not is_line
        self.bytes_of_lines += len(data) * is_line
        super().write_all(fd, data)


def test_what_the_pbx_made_when_the_disk_was_full_is_told(stage):
    run = with_full_disk(stage, 2, a_text(), is_written=False)
    assert f"as id {next(iter(stage.campaigns()))}" in run.said
