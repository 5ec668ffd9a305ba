"""What one exchange with the PBX means: done, no effect, or unknown. One pure function decides, for every endpoint.

Errors of this API are HTTP 200 with an `errcode` (page "Response Result"); a middlebox may also answer for a PBX that
has already acted. So only a closed list of codes means "nothing happened", and everything else is unknown.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaignops.outcome import Done, NoEffect, Outcome, Unknown

TOKEN_EXPIRED = 10004
DUPLICATE = 40003
NOT_FOUND = 60001
# The closed list (page "Error Code and Error Message"): refused before anything was done.
NO_EFFECT_CODES = frozenset(
    {10001, 10002, 10003, 10005, 40001, 40002, 40003, 40004, 60002, 70004, 70084, 70087, 70123}
)
# Of these, what no other call of the same run can escape.
RUN_CODES = frozenset({10001, 10002, 10003, 10005, 70004, 70087, 70123})
_ADVICE = {
    10001: "the firmware may be too old for message campaigns",
    10005: "check the permissions of the API client",
    70004: "too many failed logins; unblock the address on the PBX, or wait",
    70087: "add this address to the allowed addresses of the API",
    70123: "switch the API on in the PBX",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What happened on the wire. `sent`: a byte of the request may have left. `status` None: no whole answer came, and
    `failure` says why. `timed_out`: it was waited for in vain."""

    sent: bool
    status: int | None = None
    body: bytes = b""
    failure: str = ""
    timed_out: bool = False


def classify(exchange: Exchange) -> Outcome[Mapping[str, Any]]:
    """The meaning of an exchange for a call that changes the PBX; Done carries the decoded answer."""
    if exchange.status is None:
        return Unknown(exchange.failure) if exchange.sent else NoEffect(exchange.failure, ends_run=True)
    if exchange.status != 200:
        return Unknown(f"HTTP status {exchange.status}")
    try:
        answer = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return Unknown(f"the answer is not JSON: {excerpt(exchange.body)}")
    code = answer.get("errcode") if isinstance(answer, dict) else None
    if type(code) is not int:
        return Unknown("the answer has no errcode; is this a Yeastar PBX?")
    if code == 0:
        return Done(answer)
    reason = _reason(code, answer)
    if code in NO_EFFECT_CODES:
        return NoEffect(reason, code, ends_run=code in RUN_CODES)
    return Unknown(reason, code)


def excerpt(body: bytes) -> str:
    """The head of an answer, fit to print: no control characters, no digits that could be a number."""
    return plain(body[:80].decode("utf-8", "replace"))


def plain(text: str) -> str:
    """Text of the PBX, fit for a message: one line, no control characters, long digit runs hidden, at most 200 signs."""
    shown = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return re.sub(r"\+?\d{7,}", "•••", shown)[:200].strip()


def _reason(code: int, answer: Mapping[str, Any]) -> str:
    words = plain(str(answer.get("errmsg", "")))
    wrong = answer.get("invalid_param_list") or answer.get("duplicate_field_list") or ()
    fields = (
        [f"{p.get('field')} ({p.get('validation_type') or 'wrong'})" for p in wrong if isinstance(p, dict)]
        if isinstance(wrong, list)
        else []
    )
    parts = [f"errcode {code} {words}".strip()]
    if fields:
        parts.append(plain(", ".join(fields)))
    if code in _ADVICE:
        parts.append(_ADVICE[code])
    return ": ".join(parts)
