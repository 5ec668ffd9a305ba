"""`campaignops demo`: the main job on the sample project against the sandbox, in a temporary folder."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from campaignops.cli.entry import Failure
from campaignops.cli.entry import run as run_words
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError

_STEPS = ("validate", "plan", "apply --auto-approve", "plan", "status")
_PACKAGE = Path(__file__).parents[1]
_SAMPLES = (_PACKAGE / "sample", _PACKAGE.parent / "campaigns")  # in a wheel; in a checkout


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when every step succeeds. It leaves nothing behind unless --keep says so."""
    with tempfile.TemporaryDirectory(prefix="campaignops-demo-") as temporary:
        folder = Path(args.keep) if args.keep else Path(temporary) / "campaigns"
        try:
            shutil.copytree(sample(), folder, ignore=shutil.ignore_patterns(".campaignops", "*.state.json*"))
        except OSError as error:
            raise CampaignOpsError(f"cannot copy the sample to {folder}: {error}", code="demo") from error
        here = Path.cwd()
        os.chdir(folder)  # so that the places shown are short, and the commands as a user types them
        try:
            for step in _STEPS:
                shown.answer(f"\n$ campaignops {step}\n")
                code = run_words([*step.split(), *_display(args)])
                if code:
                    raise CampaignOpsError(f"`campaignops {step}` ended with exit code {code}", code="demo")
        finally:
            os.chdir(here)
    return 0


def sample() -> Path:
    """The folder of the sample project. Raises CampaignOpsError."""
    for folder in _SAMPLES:
        if (folder / "campaignops.yaml").is_file():
            return folder
    raise CampaignOpsError("the sample project is not installed with this package", code="demo")


def _display(args: argparse.Namespace) -> list[str]:
    return ["--no-color"] if args.no_color else []
