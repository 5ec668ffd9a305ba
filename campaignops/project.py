"""Settings as values, and where a project is. It reads no file: `manifest.settings` makes these of campaignops.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from campaignops.errors import ProjectError
from campaignops.findings import Place
from campaignops.policy import Policy
from campaignops.rules import Rule

SETTINGS_FILE = "campaignops.yaml"
DEFAULTS_FILE = "_defaults.yaml"  # what the campaigns of a folder share
SANDBOX = "sandbox"
DEFAULT_STATE = "campaignops.state.json"


@dataclass(frozen=True, slots=True)
class Pbx:
    """How to reach the PBX. `url` is `sandbox` or scheme, host and port without a path; `ca_file` is absolute;
    `fingerprint` is `sha256:` and 64 hex digits; `schedule_literal` is what `send_type` says for a scheduled campaign
    (the page "Add a Message Campaign" says `schedule` in its table and `scheduled` in its example)."""

    url: str = SANDBOX
    timeout_s: float = 30.0
    ca_file: str | None = None
    fingerprint: str | None = None
    delivery: Literal["staged", "direct"] = "staged"
    schedule_literal: Literal["schedule", "scheduled"] = "schedule"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end`, in minutes of the day; over midnight when the end comes first."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Frequency:
    """At most `most` messages to one person within `per_s` seconds."""

    per_s: int
    most: int


@dataclass(frozen=True, slots=True)
class Guardrails:
    """`guardrails:` of the settings; what is None or empty guards nothing. Countries are ISO codes, and a mapping by
    country or channel has `other` for the rest.

    `test_send` asks for a test send of just this message, within so many seconds before; 0 for however long ago.
    `quiet_days` are weekdays (`sat`), days of each year (`12-25`) and dates. `suppression` is a file of the project.
    `written` has where each setting stands and what is written there, by its path below `guardrails`.
    """

    max_per_campaign: int | None = None
    max_per_plan: int | None = None
    max_per_day: int | None = None
    quiet_hours: QuietHours | None = None
    quiet_days: Mapping[str, frozenset[str]] = field(default_factory=dict)
    countries: frozenset[str] = frozenset()
    suppression: str | None = None
    frequency: Frequency | None = None
    test_send: int | None = None
    max_sms_parts: Mapping[str, int] = field(default_factory=dict)
    cost_per_part: Mapping[str, Decimal] = field(default_factory=dict)
    currency: str | None = None
    confirm_above: int | None = None
    written: Mapping[str, tuple[Place, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Project:
    """The settings of one run. `root` is absolute; `state` is a path relative to it, or absolute.

    `vars` come from the settings and the environment and give way to the `vars:` of a manifest; `overrides` come from
    CAMPAIGNOPS_VAR_name, --var-file and --var and give way to nothing. `test_numbers` are those of our own people, who
    may get a test send. `region` is the country, DE, in which numbers without a + are read; None: such are no numbers.
    """

    root: Path
    environment: str | None = None
    pbx: Pbx = Pbx()
    state: str = DEFAULT_STATE
    timezone: str = "UTC"
    vars: Mapping[str, object] = field(default_factory=dict)
    overrides: Mapping[str, object] = field(default_factory=dict)
    max_recipients: int = 1000
    policy: Policy = field(default_factory=Policy)
    test_numbers: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    guardrails: Guardrails = field(default_factory=Guardrails)
    region: str | None = None

    @property
    def state_path(self) -> Path:
        return self.root / self.state


def find(directory: str | None = None) -> Path:
    """The project folder: `directory` (-C), else the current folder, else ./campaigns. Raises ProjectError."""
    if directory is not None:
        return _holding_settings(Path(directory))
    here = Path.cwd()
    for folder in (here, here / "campaigns"):
        if (folder / SETTINGS_FILE).is_file():
            return folder.resolve()
    raise ProjectError(
        f"no project here: neither this folder nor ./campaigns holds {SETTINGS_FILE}; "
        "run `campaignops init`, or name the folder with -C DIR",
        code="no_project",
    )


def _holding_settings(folder: Path) -> Path:
    if not folder.is_dir():
        raise ProjectError(
            f"there is no folder {folder}; check -C, or run `campaignops init {folder}`", code="no_project"
        )
    if not (folder / SETTINGS_FILE).is_file():
        raise ProjectError(
            f"{folder} holds no {SETTINGS_FILE}; check -C, or run `campaignops init {folder}`",
            code="no_project",
        )
    return folder.resolve()
