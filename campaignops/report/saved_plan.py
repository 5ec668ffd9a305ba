"""A saved plan as the text of a file, and back. It holds what a plan document holds, so no number and no secret.

Nothing in the file is ever carried out: an apply plans again, and compares. The check is there to tell people that a
file was changed or cut off, not to keep anybody from writing one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from campaignops.planner import Selection, digest
from campaignops.planner.basis import Basis
from campaignops.report import document
from campaignops.report.plain import masked

FORMAT_VERSION = 1
_KIND = "saved plan"
Flaw: TypeAlias = Literal["foreign", "newer", "changed"]


class Unusable(ValueError):
    """The text is none of a saved plan; `flaw` says in which way."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What was approved: the plan by its digest, until `expires_s` (Unix seconds), on this basis."""

    digest: str
    expires_s: int
    environment: str | None
    selection: Selection
    basis: Basis


def text(saved: SavedPlan, plan: dict[str, Any]) -> str:
    """The file. `plan` is the plan's document, for people and programs to read."""
    said = {
        "schema_version": FORMAT_VERSION,
        "kind": _KIND,
        "digest": saved.digest,
        "expires": iso(saved.expires_s),
        "environment": saved.environment,
        "target": list(saved.selection.targets),
        "exclude": list(saved.selection.excludes),
        "half": saved.selection.half,
        "basis": masked(saved.basis),
        "plan": plan,
    }
    return document.text(said | {"check": digest(said)})


def read(text: str) -> SavedPlan:
    """What `text` says. Raises Unusable unless it is, to the last character that matters, what was written."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise Unusable("foreign") from None
    if not isinstance(said, dict) or said.get("kind") != _KIND:
        raise Unusable("foreign")
    if type(version := said.get("schema_version")) is int and version > FORMAT_VERSION:
        raise Unusable("newer")
    if said.pop("check", None) != digest(said):
        raise Unusable("changed")
    match said:
        case {
            "digest": str(planned),
            "expires": str(expires),
            "environment": str() | None as environment,
            "target": list(targets),
            "exclude": list(excludes),
            "half": "draft" | "release" | None as half,
            "basis": dict(basis),
        } if all(isinstance(group, dict) for group in basis.values()):
            selection = Selection(tuple(map(str, targets)), tuple(map(str, excludes)), half)
            return SavedPlan(planned, _time_s(expires), environment, selection, basis)
        case _:
            raise Unusable("foreign")


def comparable(basis: Basis) -> Basis:
    """A basis as a file would give it back."""
    found: Basis = json.loads(json.dumps(masked(basis)))
    return found


def iso(time_s: float) -> str:
    return datetime.fromtimestamp(int(time_s), UTC).isoformat()


def _time_s(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        raise Unusable("foreign") from None
