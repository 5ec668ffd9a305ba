"""`campaignops test-policy`: ask the project's own rules about their own examples."""

from __future__ import annotations

import argparse

from campaignops.cli import selecting
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import ProjectError
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.rules import failures


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 when every example comes out as it says, else 1."""
    project = selecting.project_of(args, failure)
    told = [
        {"code": each.code, "tests": len(each.denied) + len(each.allowed), "failures": list(failures(each))}
        for each in project.rules
    ]
    failure.document = {"schema_version": SCHEMA_VERSION, "kind": "test-policy", "rules": told}
    if not shown.json:
        shown.answer("".join(map(_lines, told)) or "this project has no rules of its own\n")
    failed = sum(bool(each["failures"]) for each in told)
    if failed:
        raise ProjectError(f"{failed} of {len(told)} rules do not do what their tests say")
    if shown.json:
        shown.document(failure.document)
    return 0


def _lines(told: dict[str, object]) -> str:
    problems, count = told["failures"], told["tests"]
    assert isinstance(problems, list)
    if problems:
        return "".join(f"{told['code']}  {problem}\n" for problem in problems)
    return f"{told['code']}  " + (f"{count} tests hold\n" if count else "has no tests\n")
