"""Faults that a test orders: which request of which endpoint goes wrong, and how. Knows no PBX rule.

A rule is a JSON object; `endpoint` is required ("*" is any), the rest is optional and may be combined:

    endpoint       "message_campaign/create"
    occurrence     1: the next request to it after the rule was made, 2: the one after that, ...
    delay_before_s wait, then work: a request that commits after its client has given up
    drop           "before": reset the connection, nothing done; "after": do it, then reset
    twice          true: the request is delivered twice; the second answer is returned
    errcode        answer this code instead; nothing is done, unless `commit` is true
    status, html   answer this HTTP status with this HTML instead; likewise
    commit         true: do the work before the false answer
    delay_after_s  do the work, wait, then answer
    truncate_at    send only the first bytes of the answer, under the full Content-Length
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

PLAIN_TYPES: Mapping[str, tuple[type, ...]] = {
    "endpoint": (str,),
    "occurrence": (int,),
    "delay_before_s": (int, float),
    "drop": (str,),
    "twice": (bool,),
    "errcode": (int,),
    "status": (int,),
    "html": (str,),
    "commit": (bool,),
    "delay_after_s": (int, float),
    "truncate_at": (int,),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule; the module's docstring says what each field does."""

    endpoint: str
    occurrence: int = 1
    delay_before_s: float = 0
    drop: Literal["before", "after"] | None = None
    twice: bool = False
    errcode: int | None = None
    status: int | None = None
    html: str = "<html><body><h1>Bad Gateway</h1></body></html>"
    commit: bool = False
    delay_after_s: float = 0
    truncate_at: int | None = None

    @property
    def answers_falsely(self) -> bool:
        return self.errcode is not None or self.status is not None

    @property
    def works(self) -> bool:
        """Does the PBX do what was asked?"""
        return self.drop != "before" and (self.commit or not self.answers_falsely)


NO_FAULT = Fault(endpoint="")


def parse(rule: Mapping[str, object]) -> Fault:
    """A rule from JSON. Raises ValueError that names the wrong field."""
    for name, value in rule.items():
        if name not in PLAIN_TYPES:
            raise ValueError(f"no such field of a fault: {name}")
        if type(value) not in PLAIN_TYPES[name]:
            raise ValueError(f"{name} cannot be {value!r}")
    if "endpoint" not in rule:
        raise ValueError("a fault needs an endpoint")
    if rule.get("drop", "after") not in ("before", "after"):
        raise ValueError(f"drop cannot be {rule['drop']!r}")
    return Fault(**rule)  # type: ignore[arg-type]


@dataclass(slots=True)
class Faults:
    """The rules that have not struck yet, each with the requests it still lets pass."""

    _waiting: list[tuple[Fault, list[int]]] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self._waiting.append((fault, [fault.occurrence]))

    def strike(self, endpoint: str) -> Fault:
        """Count one request; return the fault that strikes it, or one that does nothing. The oldest rule wins."""
        due: Fault | None = None
        for fault, left in self._waiting:
            if fault.endpoint in ("*", endpoint):
                left[0] -= 1
                due = due or (fault if left[0] <= 0 else None)
        self._waiting = [(fault, left) for fault, left in self._waiting if fault is not due]
        return due or NO_FAULT

    def clear(self) -> None:
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)
