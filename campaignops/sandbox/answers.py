"""What the PBX says: bodies of success, and refusals with the documented codes. Knows no request and no store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, TypeAlias

Json: TypeAlias = dict[str, Any]

FAILURE, INTERNAL = -1, -2
NO_SUCH_INTERFACE, VERSION_UNSUPPORTED, TOKEN_EXPIRED = 10001, 10003, 10004
SYNTAX, PARAMETER, DUPLICATE, FILE_SIZE = 40001, 40002, 40003, 40004
NOT_FOUND, LIMIT = 60001, 60002
BLOCKED, FORBIDDEN, NO_PHONEBOOK = 70004, 70084, 70093

MESSAGES = {
    INTERNAL: "INTERNAL SERVER ERROR",
    FAILURE: "FAILURE",
    0: "SUCCESS",
    1: "PARTIAL SUCCESS",
    2: "PROCESSING",
    NO_SUCH_INTERFACE: "INTERFACE NOT EXISTED",
    VERSION_UNSUPPORTED: "API VERSION UNSUPPORTED",
    TOKEN_EXPIRED: "TOKEN EXPIRED",
    10005: "ACCESS DENIED",
    10009: "OPERATION FAILED",
    SYNTAX: "PARAMETER SYNTAX ERROR",
    PARAMETER: "PARAMETER ERROR",
    DUPLICATE: "DUPLICATE KEY VALUE",
    FILE_SIZE: "FILE SIZE EXCEEDED",
    NOT_FOUND: "DATA NOT FOUND",
    LIMIT: "MAX LIMITATION EXCEEDED",
    BLOCKED: "ACCOUNT IP BLOCKED",
    70082: "OVERLOAD_TASK_RUNNING",
    FORBIDDEN: "ACTION FORBIDDEN",
    70087: "IP FORBIDDEN",
    NO_PHONEBOOK: "PHONEBOOK_NOT_EXISTED",
    70123: "API UNAVAILABLE",
}


_IDS = frozenset({"id", "omnichannel_id", "recipient_id", "assign_to_id"})


@dataclass(frozen=True, slots=True)
class Invalid:
    """One entry of `invalid_param_list`. Only `required` is a documented `validation_type`; the others are ours."""

    field: str
    validation_type: str


class Refused(Exception):
    """The PBX answers with this errcode and does nothing; `extra` joins the body."""

    def __init__(self, errcode: int, **extra: Any) -> None:
        super().__init__(errcode)
        self.body = failure(errcode, **extra)


def success(**payload: Any) -> Json:
    return {"errcode": 0, "errmsg": MESSAGES[0], **payload}


def failure(errcode: int, **extra: Any) -> Json:
    """The body of an error, which travels with HTTP 200. Page: Error Code and Error Message."""
    return {"errcode": errcode, "errmsg": MESSAGES.get(errcode, "FAILURE"), **extra}


def with_ids_as_text(said: Any) -> Any:
    match said:
        case dict():
            return {
                key: str(value) if key in _IDS and type(value) is int else with_ids_as_text(value)
                for key, value in said.items()
            }
        case list():
            return [with_ids_as_text(each) for each in said]
    return said


def invalid(field: str, validation_type: str) -> NoReturn:
    refuse([Invalid(field, validation_type)])
    raise AssertionError(field)


def refuse(problems: Iterable[Invalid]) -> None:
    """Raise 40002 with every problem, or do nothing when there is none."""
    listed = [asdict(problem) for problem in problems]
    if listed:
        raise Refused(PARAMETER, invalid_param_list=listed)
