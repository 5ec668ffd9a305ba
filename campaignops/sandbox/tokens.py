"""Logins of the pretend PBX: access and refresh tokens, their limits, and the lock-out. Knows no campaigns.

Page: Authorization Rule. Tokens live in memory only: a restart of the PBX ends them all.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, replace

from campaignops.sandbox import answers
from campaignops.sandbox.answers import Json, Refused, success
from campaignops.sandbox.clock import Clock

ACCESS_LIFE_S = 1800
REFRESH_LIFE_S = 86400
ALIVE_MAX = 8
FAILURES_MAX = 5
BLOCK_S = 600  # not documented


@dataclass(frozen=True, slots=True)
class Pair:
    """What one login or refresh gives out; ends are in Unix seconds."""

    access: str
    refresh: str
    access_until: float
    refresh_until: float


class Tokens:
    """Every pair that is alive, and the failed logins of each client address."""

    def __init__(self, client_id: str, client_secret: str, clock: Clock) -> None:
        self._credentials = (client_id, client_secret)
        self._clock = clock
        self._pairs: list[Pair] = []
        self._failures: Counter[str] = Counter()
        self._blocked_until: dict[str, float] = {}
        self.alive_peak = 0

    @property
    def alive(self) -> int:
        now = self._clock.now()
        return sum(pair.access_until > now for pair in self._pairs)

    def check_address(self, address: str) -> None:
        """Refuse an address that is blocked."""
        until = self._blocked_until.get(address, 0)
        if until > self._clock.now():
            raise Refused(answers.BLOCKED, block_expire_time=int(until))

    def check(self, access: str) -> None:
        """Refuse a token that was never given out, has ended, or was revoked."""
        now = self._clock.now()
        if not any(pair.access == access and pair.access_until > now for pair in self._pairs):
            raise Refused(answers.TOKEN_EXPIRED)

    def login(self, address: str, username: str, password: str) -> Json:
        if (username, password) != self._credentials:
            self._failed(address)
            hint = [{"field": "username or password", "value": "error"}]
            raise Refused(answers.FAILURE, invalid_param_list=hint)
        self._failures[address] = 0
        return self._issue()

    def refresh(self, refresh: str, *, kill: bool) -> Json:
        """A new pair for a refresh token; `kill` ends the pair that it replaces."""
        now = self._clock.now()
        used = next((p for p in self._pairs if p.refresh == refresh and p.refresh_until > now), None)
        if used is None:
            raise Refused(answers.TOKEN_EXPIRED)
        if kill:
            self._pairs.remove(used)
        return self._issue()

    def revoke(self, access: str) -> None:
        self._pairs = [pair for pair in self._pairs if pair.access != access]

    def expire_all(self) -> None:
        """End every access token now; refresh tokens stay."""
        self._pairs = [replace(pair, access_until=0) for pair in self._pairs]

    def _issue(self) -> Json:
        now = self._clock.now()
        self._pairs = [pair for pair in self._pairs if pair.refresh_until > now]
        if self.alive >= ALIVE_MAX:
            # The documentation says that a ninth token is refused, not with which code.
            raise Refused(answers.FAILURE, submsg=f"{ALIVE_MAX} access tokens are in use")
        pair = Pair(secrets.token_hex(16), secrets.token_hex(16), now + ACCESS_LIFE_S, now + REFRESH_LIFE_S)
        self._pairs.append(pair)
        self.alive_peak = max(self.alive_peak, self.alive)
        return success(
            access_token=pair.access,
            access_token_expire_time=ACCESS_LIFE_S,
            refresh_token=pair.refresh,
            refresh_token_expire_time=REFRESH_LIFE_S,
        )

    def _failed(self, address: str) -> None:
        self._failures[address] += 1
        if self._failures[address] >= FAILURES_MAX:
            self._failures[address] = 0
            self._blocked_until[address] = self._clock.now() + BLOCK_S
