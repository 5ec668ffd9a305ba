"""What one exchange with the PBX means: done, no effect, or unknown. One pure function decides, for every endpoint.

Errors of this API are HTTP 200 with an `errcode` (page "Response Result"); a middlebox may also answer for a PBX that
has already acted. So only a closed list of codes means "nothing happened", and everything else is unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaignops import audience
from campaignops.errors import PbxError
from campaignops.outcome import Done, NoEffect, Outcome, Unknown
from campaignops.pbx.echo import masked

TOKEN_EXPIRED = 10004
_NO_SUCH_CALL = 10001
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
_STATUS_ADVICE = {  # by the first digit
    3: "it points elsewhere, which is not followed; correct `pbx.url`",
    4: "check `pbx.url`, and what stands between here and the PBX",
    5: "the PBX, or what stands before it, is in trouble; try again later",
}
_GIVEN_UP = (
    408,
    502,
    503,
    504,
)  # a gateway did not want to wait any longer; what it passed on may be on its way yet
_NUMBER = re.compile(
    r"(?<!\d)(?!\d{4}-\d\d-\d\d(?!\d))\+?\d(?:[ ().-]{0,3}\d){6,}"
)  # however grouped, but no date
_IDS = ("id", "omnichannel_id", "recipient_id", "assign_to_id")
_is_id = re.compile(r"[1-9][0-9]{0,14}").fullmatch
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # one half of a surrogate pair, as JSON escapes it


@dataclass(frozen=True, slots=True)
class Exchange:
    """What happened on the wire. `sent`: a byte of the request may have left. `status` None: no whole answer came, and
    `failure` says why. `timed_out`: it was waited for in vain. No repr shows the body: that of a login holds tokens."""

    sent: bool
    status: int | None = None
    body: bytes = field(default=b"", repr=False)
    failure: str = ""
    timed_out: bool = False


def classify(exchange: Exchange, given: Collection[str] = ()) -> Outcome[Mapping[str, Any]]:
    """The meaning of an exchange for a call that changes the PBX; Done carries the decoded answer. No reason repeats a
    word of `given`, should the answer do so: secrets, and what the run has said to the PBX."""
    if exchange.status is None:
        lost = Unknown(exchange.failure, is_late=exchange.timed_out)
        return lost if exchange.sent else NoEffect(exchange.failure, ends_run=True)
    if exchange.status != 200:
        advice = _STATUS_ADVICE.get(exchange.status // 100, "is this a Yeastar PBX?")
        return Unknown(f"HTTP status {exchange.status}; {advice}", is_late=exchange.status in _GIVEN_UP)
    try:
        answer = decoded(exchange.body.decode("utf-8-sig"))
    except ValueError:
        return Unknown(_not_json(exchange.body), is_late=False)
    code = answer.get("errcode") if isinstance(answer, dict) else None
    if type(code) is not int:
        return Unknown("the answer has no errcode; is this a Yeastar PBX?", is_late=False)
    if code == 0:
        return Done(answer)
    reason = _reason(code, answer, given)
    if code in NO_EFFECT_CODES:
        return NoEffect(reason, code, ends_run=code in RUN_CODES)
    return Unknown(reason, code, is_late=False)


def said(outcome: Outcome[Mapping[str, Any]], endpoint: str) -> Mapping[str, Any]:
    """The answer to a read. Raises PbxError when there is none."""
    if isinstance(outcome, Done):
        return outcome.value
    raise PbxError(f"the PBX could not be read ({endpoint}): {outcome.reason}")


def is_missing(outcome: Outcome[Any]) -> bool:
    """The firmware has no such call."""
    return isinstance(outcome, NoEffect) and outcome.code == _NO_SUCH_CALL


def decoded(text: str) -> Any:
    """JSON text as a value. Raises ValueError. Half a character becomes U+FFFD: no UTF-8 file or terminal takes it."""
    try:
        value = json.loads(text)
        if _HALF.search(text):
            raw = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
            value = json.loads(raw.decode("utf-16", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def listed(answer: Mapping[str, Any], endpoint: str) -> list[dict[str, Any]]:
    """The rows of an answer, each with an id, by whichever key it has: `data` or `list`. Raises PbxError."""
    rows = answer.get("data") or answer.get("list") or []
    if not {"data", "list"} & answer.keys():
        raise unknown_form(endpoint)
    return numbered(rows, endpoint)


def numbered(rows: Any, endpoint: str) -> list[dict[str, Any]]:
    """Rows that each have an id. Raises PbxError."""
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        found = [with_ids(row) for row in rows]
        if all(type(row.get("id")) is int for row in found):
            return found
    raise unknown_form(endpoint)


def with_ids(row: dict[str, Any]) -> dict[str, Any]:
    """`row`, where ids are numbers also if they were said as text: the page on menu options says them so, all others as
    Integer. Only digits are an id, as JSON would write them; anything else stays what it is."""
    said = {name: int(text) for name in _IDS if isinstance(text := row.get(name), str) and _is_id(text)}
    return {**row, **said} if said else row


def detail(answer: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    """The one object of an answer, by whichever key it has. Raises PbxError: no object does not mean gone."""
    data = answer.get("data") or answer.get("list")
    if not isinstance(data, dict):
        raise unknown_form(endpoint)
    return with_ids(data)


def unknown_form(endpoint: str) -> PbxError:
    return PbxError(f"the PBX answered {endpoint} in an unknown form; nothing was sent")


def plain(text: str, limit: int = 200) -> str:
    """Text of the PBX, fit for a message: one line, no control characters, no whole numbers, at most `limit` signs."""
    shown = "".join(c if c.isprintable() else " " for c in text).strip()
    shown = _NUMBER.sub("•••", audience.mask_all(shown))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _not_json(body: bytes) -> str:
    """Not a word of it is shown: a page that something else made may repeat the address, and the token with it."""
    if not body.strip():
        return "the answer is empty; is this a Yeastar PBX?"
    kind = "a web page" if body.lstrip()[:1] == b"<" else f"{len(body)} bytes of something else"
    return f"the answer is not JSON but {kind}; is this a Yeastar PBX?"


def _reason(code: int, answer: Mapping[str, Any], given: Collection[str]) -> str:
    wrong = answer.get("invalid_param_list") or answer.get("duplicate_field_list")
    fields = [_field(each) for each in wrong if isinstance(each, dict)] if isinstance(wrong, list) else []
    errmsg, wrong_fields = (
        plain(masked(each, given)) for each in (_text(answer, "errmsg"), ", ".join(fields))
    )
    said = (f"errcode {code} {errmsg}".strip(), wrong_fields, _ADVICE.get(code))
    return ": ".join(part for part in said if part)


def _field(wrong: Mapping[str, Any]) -> str:
    return f"{_text(wrong, 'field')} ({_text(wrong, 'validation_type') or 'wrong'})"


def _text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""
