"""What a run leaves in files for those who come after it: the comment for the pull request, the notice for a chat."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

from campaignops.applier import Result
from campaignops.cli import files
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen, folder_of
from campaignops.errors import CampaignOpsError
from campaignops.planner import Plan
from campaignops.project import Project
from campaignops.report import comment, comment_result, document, notice
from campaignops.report.comment import Told
from campaignops.store.lock import run_url


@dataclass(slots=True)
class Leaving:
    """Fills up while a run goes on; called when it ends, with the error that ended it, if any. A file that cannot be
    written is only told: what became of the run is more important."""

    args: argparse.Namespace
    shown: Screen
    failure: Failure
    project: Project | None = None
    plan: Plan | None = None
    now_s: float = 0.0
    saved: tuple[str, int] | None = None
    results: tuple[Result, ...] = ()

    def planned(self, project: Project, plan: Plan, now_s: float) -> None:
        self.project, self.plan, self.now_s = project, plan, now_s

    def comment(self, error: CampaignOpsError | None) -> str:
        """Of a plan: the plan, also when it is blocked. Of an apply: what became of it."""
        told = self._told()
        if self.plan is None:
            found = getattr(error, "findings", ())
            assert error is not None  # without one there is a plan
            return comment.failure(error, found, self._environment(), told.folder)
        if self.failure.kind == "plan":
            return comment.text(self.plan, told)
        return comment_result.text(self.plan, self.results, told, error)

    def __call__(self, error: CampaignOpsError | None) -> None:
        try:
            self._leave(error)
        except Exception as defect:  # noqa: BLE001 - the run is over, and its exit code must not depend on this
            self.shown.warn(f"warning: a defect in what the run leaves ({type(defect).__name__})")

    def _leave(self, error: CampaignOpsError | None) -> None:
        if self.args.markdown is not None:
            self._put(self.args.markdown, self.comment(error))
        if self.failure.kind == "plan":
            if self.args.format == "markdown" and not self.shown.json:
                self.shown.answer(self.comment(error))
        elif self.args.notice is not None:
            said = notice.document(self.plan, self.results, error, self._environment())
            self._put(self.args.notice, document.text(said | {"job": run_url(os.environ)}))

    def _put(self, name: str, text: str) -> None:
        try:
            files.put(name, text)
        except CampaignOpsError as error:
            self.shown.warn(f"warning: {error.message}")

    def _told(self) -> Told:
        zone = self.project.timezone if self.project else "UTC"
        saved = self.saved and (Path(self.saved[0]).name, self.saved[1])
        job = run_url(os.environ) or ""
        return Told(zone, self.now_s or time.time(), folder_of(self.failure.root), saved, job)

    def _environment(self) -> str | None:
        named = self.project.environment if self.project else None
        return named or self.args.env or os.environ.get("CAMPAIGNOPS_ENV")
