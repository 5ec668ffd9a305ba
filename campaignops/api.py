"""campaignops from Python: plan a project, look at the plan, apply just that plan. It does what the commands do.

    import campaignops

    planned = campaignops.plan("campaigns", env="production")
    applied = campaignops.apply(planned)

Credentials come from the environment, as for the commands. Not for several threads at once.
"""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from campaignops.applier import Result
from campaignops.cli import arguments, options
from campaignops.cli.entry import Failure
from campaignops.cli.leaving import Leaving
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError
from campaignops.planner import Plan

__all__ = ["Applied", "Plan", "Planned", "Result", "apply", "plan"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and how it was asked for. `problem` is why it cannot be applied, if so; `document` is that of
    `plan --json`."""

    plan: Plan
    problem: CampaignOpsError | None
    document: Mapping[str, Any]
    options: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What an apply is held to: the same plan, the same digest, whatever the clock and the commit."""
        return self.plan.digest


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of each change that was to be done. `problem` is why not all is done, if so; `document` is that of
    `apply --json`."""

    results: tuple[Result, ...]
    problem: CampaignOpsError | None
    document: Mapping[str, Any]


def plan(
    project: str | os.PathLike[str] | None = None,
    *,
    env: str | None = None,
    vars: Mapping[str, str] | None = None,
    target: Iterable[str] = (),
    exclude: Iterable[str] = (),
) -> Planned:
    """What would change; the PBX is only read. `project` as -C, the others as the options of their names.

    Raises CampaignOpsError when there is no plan: the manifests do not hold, the PBX does not answer.
    """
    words = [f"-C{os.fspath(project)}"] if project is not None else []
    words += [f"--env={env}"] if env is not None else []
    words += [f"--var={name}={value}" for name, value in (vars or {}).items()]
    words += [f"--target={key}" for key in target] + [f"--exclude={key}" for key in exclude]
    left, error, document = _run("plan", words)
    if left.plan is None:
        raise error or CampaignOpsError("there is no plan")
    return Planned(left.plan, error, document, tuple(words))


def apply(planned: Planned) -> Applied:
    """Do just that plan, without asking. What happens to a campaign is in the results and `problem`.

    Raises CampaignOpsError when nothing was begun: StalePlanError when another plan would be made now, LockedError when
    somebody else applies, RefusedError when it is blocked.
    """
    approved = ["--auto-approve", "--expect-digest", planned.digest]
    left, error, document = _run("apply", [*planned.options, *approved])
    if error is not None and not left.results:
        raise error
    return Applied(left.results, error, document)


def _run(command: str, words: list[str]) -> tuple[Leaving, CampaignOpsError | None, Mapping[str, Any]]:
    """A command in this process, with its output kept: what it left, why it did not end well, its document."""
    parser = options.Parser(command)
    arguments.OF[command](parser)
    options.add_common(parser)
    failure, error = Failure(), None
    failure.kind = command
    args = parser.parse_intermixed_args(words)
    try:
        module = importlib.import_module(f"campaignops.cli.commands.{command}")
        module.run(args, Screen(io.StringIO(), io.StringIO(), json=True, verbosity=-1), failure)
    except CampaignOpsError as found:
        error = found
    left = failure.leave
    assert isinstance(left, Leaving)  # both commands have one
    return left, error, failure.document or {}
