"""Golden plans: each folder of tests/cases is a project, with what is recorded and what the PBX has.

*.yaml, assets, …         the manifests of now
campaignops.state.json    what was applied before; taken from an apply, so an old state must keep its meaning
pbx.json                  parts of a sandbox seed, over the demo's: the campaigns that the PBX has
plan.txt  plan.json       what `plan` prints; `pytest tests/test_cases.py --update` writes them anew
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from campaignops import sandbox
from tests.command_line import ROOT, Project, Ran

CASES = ROOT / "tests" / "cases"
FROM_NOW = re.compile(r"\((?:in \d[^)]*|\d[^)]* ago)\)")


@pytest.fixture
def plans(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Ran, Ran]:
    """A case as text and as a document, planned in a copy of its folder."""
    project = Project(tmp_path / "case")
    golden = shutil.ignore_patterns("plan.*", "pbx.json")
    shutil.copytree(CASES / request.param, project.root, ignore=golden, dirs_exist_ok=True)
    pbx, store = CASES / request.param / "pbx.json", project.root / ".campaignops" / "sandbox.sqlite"
    store.parent.mkdir()
    with sandbox.start(store, seed=pbx if pbx.exists() else None):
        pass  # the project's own sandbox now begins with this seed
    return project.run("plan"), project.run("plan", "--json")


@pytest.mark.parametrize(
    "plans", sorted(each.name for each in CASES.iterdir() if each.is_dir()), indirect=True
)
def test_the_plan_of(plans: tuple[Ran, Ran], request: pytest.FixtureRequest) -> None:
    case = CASES / request.node.callspec.params["plans"]
    text, document = plans
    assert text.code == document.code
    shown = FROM_NOW.sub("(…)", f"{text.out}{text.err}[exit {text.code}]\n")
    said = json.dumps({**document.document, "digest": "…"}, indent=1, ensure_ascii=False) + "\n"
    for name, now in (("plan.txt", shown), ("plan.json", said)):
        if request.config.getoption("--update"):
            (case / name).write_text(now, encoding="utf-8")
        assert (case / name).read_text(encoding="utf-8") == now
