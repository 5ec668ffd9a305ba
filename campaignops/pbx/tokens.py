"""Access tokens: one login a run, renewed before it ends, revoked at the end (pages "Get Access Token" and
"Authorization Rule"). A PBX has eight tokens for all, and blocks an address after five refused logins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from campaignops.errors import PbxError
from campaignops.outcome import Done, NoEffect, Outcome

NEEDED_S = 120.0  # no call starts with less life than this
_RENEW_AT = 0.8  # of the life, counted from when the login was sent


class Post(Protocol):
    def __call__(self, endpoint: str, body: Mapping[str, str]) -> Outcome[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True, repr=False)
class _Pair:
    access: str
    refresh: str
    renew_at: float
    ends_at: float


class Tokens:
    """The tokens of one run. `clock` is monotonic seconds; no method prints or returns a secret but `current`."""

    def __init__(self, post: Post, client_id: str, secret: str, clock: Callable[[], float]) -> None:
        self._post, self._id, self._secret, self._clock = post, client_id, secret, clock
        self._pair: _Pair | None = None
        self._logged_in = False

    def current(self) -> str:
        """A token with at least two minutes of life. Raises PbxError when the PBX gives none."""
        now = self._clock()
        if self._pair is None:
            self._pair = self._login()
        elif now >= self._pair.renew_at or self._pair.ends_at - now < NEEDED_S:
            self._pair = self._renew(self._pair)
        return self._pair.access

    def expired(self) -> None:
        """The PBX says that the token is no good: renew it at the next call."""
        if self._pair is not None:
            self._pair = _Pair(self._pair.access, self._pair.refresh, 0.0, 0.0)

    def forget(self) -> str | None:
        """The token to revoke, if there is one; afterwards there is none."""
        pair, self._pair = self._pair, None
        return pair.access if pair else None

    def _login(self) -> _Pair:
        """One attempt, and one more only when the first got no answer at all."""
        if self._logged_in:
            raise PbxError("the PBX no longer accepts this run's login; run the command again", code="login")
        self._logged_in = True
        sent_at = self._clock()
        outcome = self._post("get_token", {"username": self._id, "password": self._secret})
        if isinstance(outcome, Done):
            return self._pair_of(outcome.value, sent_at)
        raise PbxError(_refused(outcome), code="login")

    def _renew(self, pair: _Pair) -> _Pair:
        sent_at = self._clock()
        outcome = self._post("refresh_token", {"refresh_token": pair.refresh})
        if isinstance(outcome, Done):
            return self._pair_of(outcome.value, sent_at)
        self._logged_in = False  # a lost or refused renewal falls back to one fresh login
        return self._login()

    def _pair_of(self, answer: Mapping[str, Any], sent_at: float) -> _Pair:
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        life = answer.get("access_token_expire_time")
        if not isinstance(access, str) or not access or not isinstance(refresh, str):
            raise PbxError("the PBX answered the login without a token; is this a Yeastar PBX?", code="login")
        seconds = float(life) if type(life) is int and life > 0 else 1800.0
        return _Pair(access, refresh, sent_at + seconds * _RENEW_AT, sent_at + seconds)


def _refused(outcome: Outcome[Any]) -> str:
    match outcome:
        case NoEffect(reason, None):
            return f"{reason}; check `pbx.url` and the network"
        case _ if getattr(outcome, "code", None) == -1:
            return (
                "the PBX refused the login; it was tried once. Check CAMPAIGNOPS_CLIENT_ID and "
                "CAMPAIGNOPS_CLIENT_SECRET (five refused logins block this address), and that fewer than 8 tokens are in use"
            )
        case _:
            return f"no login: {getattr(outcome, 'reason', '')}"
