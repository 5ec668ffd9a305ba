"""`campaignops demo`: the main job on the sample project against the sandbox, in a temporary folder."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import campaignops
from campaignops.cli.entry import Failure
from campaignops.cli.entry import run as run_words
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError, Interrupted
from campaignops.report.plan_json import SCHEMA_VERSION

_STEPS = ("validate", "plan", "apply --auto-approve", "plan", "status")
_PACKAGE = Path(campaignops.__file__).parent
_SAMPLES = (_PACKAGE / "sample", _PACKAGE.parent / "campaigns")  # in a wheel; in a checkout


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when every step succeeds. It leaves nothing behind unless --keep says so."""
    taken: list[dict[str, Any]] = []
    failure.document = {"schema_version": SCHEMA_VERSION, "kind": "demo", "steps": taken}
    with tempfile.TemporaryDirectory(prefix="campaignops-demo-") as temporary:
        folder = Path(args.keep) if args.keep else Path(temporary) / "campaigns"
        try:
            shutil.copytree(sample(), folder, ignore=shutil.ignore_patterns(".campaignops", "*.state.json*"))
        except OSError as error:
            what = (
                f"cannot copy the sample to {folder}: {error.strerror or 'see that it is new and writable'}"
            )
            raise CampaignOpsError(what, code="demo") from error
        # With --json stdout is the document's alone.
        with _alone_in(folder), redirect_stdout(sys.stderr if shown.json else sys.stdout):
            for step in _STEPS:
                print(f"\n$ campaignops {step}", flush=True)
                code = run_words([*step.split(), *_display(args)])
                taken.append({"command": step, "exit_code": code})
                if code == Interrupted.exit_code:
                    raise Interrupted("interrupted")
                if code:
                    raise CampaignOpsError(f"`campaignops {step}` ended with exit code {code}", code="demo")
    if shown.json:
        shown.document(failure.document)
    return 0


def sample() -> Path:
    """The folder of the sample project. Raises CampaignOpsError."""
    for folder in _SAMPLES:
        if (folder / "campaignops.yaml").is_file():
            return folder
    raise CampaignOpsError("the sample project is not installed with this package", code="demo")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """In the folder, so that commands and places are as short as a user sees them, and without the user's own
    CAMPAIGNOPS_ENV and the like: a demo that follows them would reach for a real PBX."""
    here = Path.cwd()
    own = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("CAMPAIGNOPS_")}
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ |= own


def _display(args: argparse.Namespace) -> list[str]:
    flags = (("--no-color", args.no_color), ("-q", args.quiet), ("-v", args.verbose))
    return [flag for flag, is_set in flags if is_set]
