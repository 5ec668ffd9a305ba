"""Every error a user can meet. An error ends the run; expected outcomes (a finding, a refusal, an unknown) are values.

CampaignOpsError           1    something is wrong; the message says what, where, and what to do next
+-- UsageError            64    the command line was wrong
+-- ProjectError           1    settings or manifests do not hold; carries the findings
+-- StateError             1    the state is not to be trusted, or moved under us
|   +-- LockedError       12    somebody else holds the state
+-- PbxError               1    the PBX refused, did not answer, or is not a PBX
+-- PartialError           4    some of it was done, some was not
+-- RefusedError          10    blocked changes, a guardrail
|   +-- StalePlanError    10    a saved plan is not what would be done now; `moved` names each reason
+-- UnresolvedError       11    a create's outcome is unknown; a person must resolve it
+-- Interrupted          130    a signal came; everything done so far is recorded
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from campaignops.findings import Finding
    from campaignops.policy import Silenced


class CampaignOpsError(Exception):
    """Base of all: `message` is for people, `code` for programs (the `error.code` of `--json`)."""

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code


class UsageError(CampaignOpsError):
    exit_code = 64
    default_code = "usage"


class ProjectError(CampaignOpsError):
    """Settings or manifests do not hold; `findings` has every problem found, each with its place, and
    `silenced` those that do not count."""

    default_code = "invalid"

    def __init__(
        self,
        message: str,
        findings: tuple[Finding, ...] = (),
        silenced: tuple[Silenced, ...] = (),
        *,
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.findings = findings
        self.silenced = silenced


class StateError(CampaignOpsError):
    default_code = "state"


class LockedError(StateError):
    exit_code = 12
    default_code = "locked"


class PbxError(CampaignOpsError):
    default_code = "pbx"


class PartialError(CampaignOpsError):
    exit_code = 4
    default_code = "partial"


class RefusedError(CampaignOpsError):
    exit_code = 10
    default_code = "refused"


class StalePlanError(RefusedError):
    """What was approved is not what would be done; `moved` has an object with `item`, `name` and `message` for each
    thing that is not what it was."""

    default_code = "stale_plan"

    def __init__(
        self, message: str, moved: tuple[Mapping[str, str], ...] = (), *, code: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.moved = moved


class UnresolvedError(CampaignOpsError):
    exit_code = 11
    default_code = "unresolved"


class Interrupted(CampaignOpsError):
    exit_code = 130
    default_code = "interrupted"
