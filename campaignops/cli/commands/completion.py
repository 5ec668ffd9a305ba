"""`campaignops completion SHELL`: print the script that makes a shell complete commands and options."""

from __future__ import annotations

import argparse
from importlib import resources

from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.report.plan_json import SCHEMA_VERSION


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """For `eval "$(campaignops completion bash)"` in ~/.bashrc, or with zsh in ~/.zshrc, after its `compinit`."""
    script = resources.files("campaignops.cli").joinpath("completions", args.shell).read_text("utf-8")
    if shown.json:
        shown.document({"schema_version": SCHEMA_VERSION, "kind": "completion", "script": script})
    else:
        shown.answer(script)
    return 0
