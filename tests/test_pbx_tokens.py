"""One login a run, renewed in time, never forced. The clock is a list of one number; the PBX is a list of answers."""

from __future__ import annotations

from typing import Any

import pytest

from campaignops.errors import PbxError
from campaignops.outcome import Done, NoEffect, Unknown
from campaignops.pbx.tokens import NEEDED_S, Tokens

REFUSED = Unknown("errcode -1 FAILURE", -1)


def a_login(access="A1", refresh="R1", life: Any = 1800):
    return Done({"access_token": access, "refresh_token": refresh, "access_token_expire_time": life})


class World:
    """Tokens with scripted answers; `takes_s` is how long each takes to come."""

    def __init__(self, *answers: Any, takes_s: float = 0.0) -> None:
        self.answers, self.takes_s, self.now = list(answers), takes_s, 1000.0
        self.posts: list[tuple[str, dict[str, str]]] = []
        self.tokens = Tokens(self.post, "the-client", "the-secret", lambda: self.now)

    def post(self, endpoint, body):
        self.posts.append((endpoint, dict(body)))
        self.now += self.takes_s
        return self.answers.pop(0)

    @property
    def endpoints(self):
        return [endpoint for endpoint, _ in self.posts]


def test_one_login_serves_many_calls():
    world = World(a_login())
    assert [world.tokens.current() for _ in range(5)] == ["A1"] * 5
    assert world.posts == [("get_token", {"username": "the-client", "password": "the-secret"})]


def test_a_refused_login_is_tried_once_and_says_what_to_do():
    world = World(REFUSED)
    with pytest.raises(PbxError, match="Check CAMPAIGNOPS_CLIENT_ID and") as refused:
        world.tokens.current()
    assert "tried once" in refused.value.message
    assert "fewer than 8 tokens" in refused.value.message
    assert refused.value.code == "login"


def test_after_a_refused_login_there_is_none_for_the_rest_of_the_run():
    world = World(REFUSED)
    for _ in range(3):
        with pytest.raises(PbxError):
            world.tokens.current()
    assert world.endpoints == ["get_token"]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (NoEffect("no connection to x (refused)", ends_run=True), "check `pbx.url` and the network"),
        (NoEffect("errcode 70004 ACCOUNT IP BLOCKED: wait", 70004, True), "no login: errcode 70004"),
        (NoEffect("errcode 60002 MAX LIMITATION EXCEEDED", 60002), "fewer than 8 tokens may be in use: wait"),
        (Unknown("HTTP status 502"), "no login: HTTP status 502"),
    ],
)
def test_a_login_that_fails_otherwise_says_why(outcome, words):
    with pytest.raises(PbxError, match=words):
        World(outcome).tokens.current()


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 7}, {"access_token": None}])
def test_a_login_answered_without_a_token_is_an_error(answer):
    with pytest.raises(PbxError, match="without a token; is this a Yeastar"):
        World(Done(answer)).tokens.current()


def test_a_token_is_renewed_at_four_fifths_of_its_life_counted_from_when_the_login_was_sent():
    world = World(a_login(), a_login("A2", "R2"), takes_s=20)
    assert world.tokens.current() == "A1"
    world.now = 1000 + 1440 - 1
    assert world.tokens.current() == "A1"
    world.now = 1000 + 1440
    assert world.tokens.current() == "A2"
    assert world.posts[1] == ("refresh_token", {"refresh_token": "R1"})


def test_the_second_renewal_uses_the_newest_refresh_token():
    world = World(a_login(), a_login("A2", "R2"), a_login("A3", "R3"))
    world.tokens.current()
    for expected in ("A2", "A3"):
        world.now += 1500
        assert world.tokens.current() == expected
    assert [body.get("refresh_token") for _, body in world.posts] == [None, "R1", "R2"]


def test_no_call_starts_with_less_than_two_minutes_of_life():
    world = World(a_login(life=300), a_login("A2"))
    world.tokens.current()
    world.now = 1000 + 300 - NEEDED_S - 0.5
    assert world.tokens.current() == "A1"
    world.now += 1
    assert world.tokens.current() == "A2"


def test_tokens_that_end_too_soon_to_work_with_are_an_error_and_given_back():
    world = World(a_login(life=121), takes_s=5)
    with pytest.raises(PbxError, match="end within 120 s"):
        world.tokens.current()
    assert world.tokens.forget() == "A1"


@pytest.mark.parametrize("life", [None, "1800", 0, -5, True, 18.5])
def test_a_login_that_does_not_tell_the_life_gets_the_documented_one(life):
    world = World(a_login(life=life), a_login("A2"))
    world.tokens.current()
    world.now = 1000 + 1439
    assert world.tokens.current() == "A1"
    world.now = 1000 + 1440
    assert world.tokens.current() == "A2"


def test_a_life_beyond_all_measure_is_no_crash():
    assert World(a_login(life=10**400)).tokens.current() == "A1"


@pytest.mark.parametrize("refused", [Unknown("errcode 10004", 10004), NoEffect("no line", ends_run=True)])
def test_a_refused_or_lost_renewal_falls_back_to_one_fresh_login(refused):
    world = World(a_login(), refused, a_login("A2", "R2"))
    world.tokens.current()
    world.now += 1500
    assert world.tokens.current() == "A2"
    assert world.endpoints == ["get_token", "refresh_token", "get_token"]


def test_a_login_without_a_refresh_token_is_renewed_by_a_login():
    world = World(a_login(refresh=None), Unknown("no", 40002), a_login("A2"))
    world.tokens.current()
    world.now += 1500
    assert world.tokens.current() == "A2"


def test_a_secret_that_changed_during_the_run_costs_one_refused_login():
    world = World(a_login(), Unknown("errcode 10004", 10004), REFUSED)
    world.tokens.current()
    world.now += 1500
    for _ in range(4):
        with pytest.raises(PbxError):
            world.tokens.current()
    assert world.endpoints == ["get_token", "refresh_token", "get_token"]


def test_an_expired_token_is_renewed_at_the_next_call():
    world = World(a_login(), a_login("A2", "R2"))
    world.tokens.expired()  # there is none yet: nothing to renew
    assert world.tokens.current() == "A1"
    world.tokens.expired()
    assert world.tokens.current() == "A2"
    assert world.endpoints == ["get_token", "refresh_token"]


def test_a_token_is_given_back_once():
    world = World(a_login())
    assert world.tokens.forget() is None
    world.tokens.current()
    assert world.tokens.forget() == "A1"
    assert world.tokens.forget() is None


def test_all_secrets_are_known_and_no_repr_shows_one():
    world = World(a_login("access-1", "refresh-1"))
    world.tokens.current()
    assert world.tokens.secrets == ("the-client", "the-secret", "access-1", "refresh-1")
    for thing in (world.tokens, world.tokens._pair):
        assert not any(secret in repr(thing) for secret in world.tokens.secrets)
