"""What an apply may do: whatever a plan says now, or only what a saved plan or a digest has approved.

A saved plan is never carried out from its file. The apply plans again, and goes on only when that plan rests on the
same basis and does the same: then what runs is what was saved, whoever has had the file in between.
"""

from __future__ import annotations

import argparse
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from campaignops import __version__
from campaignops.cli import files, selecting
from campaignops.cli.planning import Online
from campaignops.errors import StalePlanError, UsageError
from campaignops.planner import Delete, Plan, Selection, Update, basis
from campaignops.project import Project
from campaignops.report import plan_json, saved_plan
from campaignops.report.plain import safe
from campaignops.report.saved_plan import SavedPlan, Unusable
from campaignops.report.when import moment
from campaignops.state import State

_MARGIN_S = 15 * 60  # a plan expires this long before the first send time: people and applies take a while
_MOST_NAMED = 6
_FLAWS = {
    "foreign": "is not a plan that `campaignops plan -o` has saved",
    "newer": "was saved by a newer version of campaignops",
    "changed": "was changed or cut off after it was saved",
}


@dataclass(frozen=True, slots=True)
class Approval:
    """The plan saved in `file`, or any plan of this digest, or both; or, with neither, whatever is planned."""

    file: str | None = None
    saved: SavedPlan | None = None
    digest: str | None = None

    def check(self, made: Online, project: Project, selection: Selection, recorded: State) -> None:
        """Raises StalePlanError (exit 10) unless `made` is what was approved."""
        plan, saved = made.plan, self.saved
        if self.digest not in (None, plan.digest):
            other = basis.Moved("run", "digest", f"its digest is {plan.digest}, not {self.digest}")
            raise self._stale(
                f"the plan is not the one that was approved: {other.message}", "CMP709", (other,)
            )
        if saved is None:
            return
        if recorded.plan == saved.digest:
            raise self._stale(f"{self.file} was applied already, and a saved plan works once", "CMP710")
        if made.now_s >= saved.expires_s:
            raise self._stale(f"{self.file} expired {moment(saved.expires_s, project.timezone)}", "CMP708")
        now = saved_plan.comparable(basis.of(plan, made.live, project, selection, __version__))
        moved = basis.moved(saved.basis, now)
        if moved or saved.digest != plan.digest:
            said = "; ".join(each.message for each in moved[:_MOST_NAMED]) or "it would do something else"
            more = f"; and {len(moved) - _MOST_NAMED} more" if len(moved) > _MOST_NAMED else ""
            raise self._stale(f"{self.file} is not what would be done now: {said}{more}", "CMP709", moved)

    def _stale(self, what: str, code: str, moved: tuple[basis.Moved, ...] = ()) -> StalePlanError:
        items = tuple({"item": m.group, "name": safe(m.name), "message": safe(m.message)} for m in moved)
        return StalePlanError(f"{what}. Nothing was done. Next: {self._again()}", items, code=code)

    def _again(self) -> str:
        """The command that makes this plan anew."""
        if self.saved is None or self.file is None:
            return "campaignops plan"
        chosen = self.saved.selection
        words = ["--env", self.saved.environment] if self.saved.environment else []
        words += [word for glob in chosen.targets for word in ("--target", glob)]
        words += [word for glob in chosen.excludes for word in ("--exclude", glob)]
        words += [f"--{chosen.half}-only"] if chosen.half else []
        return shlex.join(["campaignops", "plan", *words, "-o", self.file])


def asked(args: argparse.Namespace) -> tuple[Approval, argparse.Namespace]:
    """What the command line approves, and its options with those of the saved plan. Raises UsageError where the two
    contradict each other, and StalePlanError (CMP707) for a file that is no saved plan."""
    if args.plan is None:
        return Approval(digest=args.expect_digest), args
    if args.refresh_only:
        raise UsageError("--refresh-only takes no saved plan")
    saved = _read(args.plan)
    chosen = saved.selection
    _same("--env", args.env, saved.environment, args.plan)
    _same("--target", sorted(args.target), sorted(chosen.targets), args.plan)
    _same("--exclude", sorted(args.exclude), sorted(chosen.excludes), args.plan)
    _same(f"--{args.half}-only", args.half, chosen.half, args.plan)
    env = args.env or os.environ.get("CAMPAIGNOPS_ENV") or saved.environment
    options = {
        "env": env,
        "target": list(chosen.targets),
        "exclude": list(chosen.excludes),
        "half": chosen.half,
    }
    return Approval(args.plan, saved, args.expect_digest), argparse.Namespace(**vars(args) | options)


def save(args: argparse.Namespace, made: Online, project: Project) -> int:
    """Save the plan in the file that -o names; the result is the Unix time in seconds until which it holds."""
    plan, selection = made.plan, selecting.selection_of(args)
    rests_on = basis.of(plan, made.live, project, selection, __version__)
    expires_s = int(min(made.now_s + args.valid_for, _before_first_send_s(plan, made.now_s)))
    saved = SavedPlan(plan.digest, expires_s, plan.environment, selection, rests_on)
    files.put(args.output, saved_plan.text(saved, plan_json.plan_document(plan, timezone=project.timezone)))
    return expires_s


def _before_first_send_s(plan: Plan, now_s: float) -> float:
    """A quarter of an hour before the first send time that an effect has or takes away; of a nearer one, half way."""
    times = [c.time_s for c in plan.effects if c.send == "at" and c.time_s is not None]
    times += [c.entry.time_s for c in plan.effects if isinstance(c, Update | Delete) and c.entry.time_s]
    first_s = min((time_s for time_s in times if time_s > now_s), default=float("inf"))
    return first_s - min(_MARGIN_S, (first_s - now_s) / 2)


def _read(file: str) -> SavedPlan:
    try:
        return saved_plan.read(Path(file).read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"the plan {file} cannot be read: {error.strerror or 'no such file'}") from error
    except Unusable as error:
        flaw = _FLAWS[error.flaw]
    except ValueError:
        flaw = _FLAWS["foreign"]
    raise StalePlanError(f"{file} {flaw}. Nothing was done. Next: campaignops plan -o {file}", code="CMP707")


def _same(option: str, given: object, saved: object, file: str) -> None:
    if given and given != saved:
        raise UsageError(f"{file} was made with another {option}; leave {option} out here, or plan again")
