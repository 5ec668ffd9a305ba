"""Access tokens: one login a run, renewed before it ends, revoked at the end (pages "Get Access Token" and
"Authorization Rule"). A PBX has eight tokens for all, and blocks an address after five refused logins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Protocol

from campaignops.errors import PbxError
from campaignops.outcome import Done, NoEffect, Outcome

NEEDED_S = 120.0  # no call starts with less life than this
_LIFE_S = 1800  # as documented, where an answer does not say
_RENEW_AT = 0.8  # of the life, counted from when the login was sent
_REFUSED = -1  # a wrong secret, and perhaps a ninth token, have no code of their own (page "Response Result")
_TOO_MANY = 60002  # the code of a quantity limit; eight tokens are the one of a login


class Post(Protocol):
    def __call__(self, endpoint: str, body: Mapping[str, str]) -> Outcome[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True, repr=False)
class _Pair:
    access: str
    refresh: str
    renew_at: float


class Tokens:
    """The tokens of one run. `clock` is monotonic seconds. Only `current`, `forget` and `secrets` give secrets away."""

    def __init__(self, post: Post, client_id: str, secret: str, clock: Callable[[], float]) -> None:
        self._post, self._id, self._secret, self._clock = post, client_id, secret, clock
        self._pair: _Pair | None = None
        self._logged_in = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be in no message."""
        pair = (self._pair.access, self._pair.refresh) if self._pair else ()
        return (self._id, self._secret, *pair)

    def current(self) -> str:
        """A token with at least two minutes of life. Raises PbxError when the PBX gives none."""
        if self._pair is None:
            return self._login()
        return self._renew(self._pair) if self._clock() >= self._pair.renew_at else self._pair.access

    def expired(self) -> None:
        """The PBX says that the token is no good: renew it at the next call."""
        if self._pair is not None:
            self._pair = replace(self._pair, renew_at=-inf)

    def forget(self) -> str | None:
        """The token to revoke, if there is one; afterwards there is none."""
        pair, self._pair = self._pair, None
        return pair.access if pair else None

    def _login(self) -> str:
        """One login: after a refused one there is none for the rest of the run."""
        if self._logged_in:
            raise PbxError("the PBX did not accept this run's login; run the command again", code="login")
        self._logged_in = True
        sent_at = self._clock()
        outcome = self._post("get_token", {"username": self._id, "password": self._secret})
        if isinstance(outcome, Done):
            return self._keep(outcome.value, sent_at)
        raise PbxError(_no_login(outcome), code="login")

    def _renew(self, pair: _Pair) -> str:
        """A refused or lost renewal falls back to one fresh login."""
        sent_at = self._clock()
        outcome = self._post("refresh_token", {"refresh_token": pair.refresh})
        if isinstance(outcome, Done):
            return self._keep(outcome.value, sent_at)
        self._pair, self._logged_in = None, False
        return self._login()

    def _keep(self, answer: Mapping[str, Any], sent_at: float) -> str:
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        life = answer.get("access_token_expire_time")
        if not isinstance(access, str) or not access:
            message = "the PBX answered the login without a token; is this a Yeastar PBX?"
            raise PbxError(message, code="login")
        life_s = min(life, 86400) if type(life) is int and life > 0 else _LIFE_S
        renew_at = sent_at + min(life_s * _RENEW_AT, life_s - NEEDED_S)
        self._pair = _Pair(access, refresh if isinstance(refresh, str) else "", renew_at)
        if sent_at + life_s - self._clock() < NEEDED_S:
            message = f"the PBX gives tokens that end within {NEEDED_S:g} s, too soon to work with"
            raise PbxError(message, code="login")
        return access


def _no_login(outcome: Outcome[Any]) -> str:
    assert not isinstance(outcome, Done)
    if outcome.code == _REFUSED:
        return (
            "the PBX refused the login; it was tried once. Check CAMPAIGNOPS_CLIENT_ID and CAMPAIGNOPS_CLIENT_SECRET "
            "(five refused logins block this address), and that fewer than 8 tokens are in use"
        )
    if isinstance(outcome, NoEffect) and outcome.code is None:
        return f"{outcome.reason}; check `pbx.url` and the network"
    if outcome.code == _TOO_MANY:
        wait = "wait until one has ended, 30 minutes at most"
        return f"no login: {outcome.reason}; fewer than 8 tokens may be in use: {wait}"
    advice = (
        ""
        if outcome.code is not None or ";" in outcome.reason
        else "; check `pbx.url`, and that the PBX is up"
    )
    return f"no login: {outcome.reason}{advice}"
