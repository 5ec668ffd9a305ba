"""Rig: what a fuzzer makes of files and answers, each target in a process of its own (`fuzzing.py`). Only in the long
dose: `make test` has the corpus of mistakes and changes made by hypothesis instead."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import ROOT
from tests.rigs.doses import first_seed, runs, tally
from tests.test_mistakes import CORPUS, mistakes

TARGETS = (
    "a.yaml",
    "a.yaml.j2",
    "a.csv",
    "campaignops.yaml",
    "campaignops.state.json",
    "plan.json",
    "answer",
)
ANSWERS = (
    {
        "errcode": 0,
        "errmsg": "SUCCESS",
        "total_number": 1,
        "data": [{"id": 1, "name": "a", "status": "draft"}],
    },
    {
        "errcode": 40001,
        "errmsg": "wrong",
        "invalid_param_list": [{"field": "name", "validation_type": "max"}],
    },
    {"errcode": 0, "list": {"id": "7", "number_list": ["+12025550140"], "content": "Hi \ud83c\udf1e"}},
)


def beginnings(target: str, project) -> list[bytes]:
    """What the fuzzer begins with: good ones, and mistakes that people make."""
    if target == "answer":
        return [json.dumps(each).encode() for each in ANSWERS]
    if target in ("campaignops.state.json", "plan.json"):
        project.write("a.yaml", next(good for _, file, good, *_ in _corpus() if file.endswith("a.yaml")))
        assert project.run("plan", "-o", str(project.root / "plan.json")).code == 0
        assert project.run("apply", "--auto-approve").code == 0
        return [(project.root / target).read_bytes()]
    kind = "".join(Path(target).suffixes)
    found = [(file, good, good.replace(old, new) if old else new) for _, file, good, old, new in _corpus()]
    alike = (file == target if target == "campaignops.yaml" else file.endswith(kind) for file, *_ in found)
    texts = {text for (_, *both), is_alike in zip(found, alike, strict=True) if is_alike for text in both}
    return [text.encode("utf-8", "surrogatepass") for text in sorted(texts)]


def _corpus():
    return list(mistakes(CORPUS.read_text("utf-8").splitlines()))


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", TARGETS)
def test_whatever_is_read_is_understood_or_refused(target, project, tmp_path):
    (folder := tmp_path / "corpus").mkdir()
    for number, text in enumerate(beginnings(target, project)):
        (folder / f"{number}").write_bytes(text)
    with tally("fuzz", first_seed() + 1) as counted:
        words = [
            f"-runs={runs('fuzz', soak=True)}",
            f"-seed={counted.seed}",
            f"-artifact_prefix={tmp_path}/found-",
        ]
        command = [sys.executable, "-m", "tests.rigs.fuzzing", target, *words, str(folder)]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
        counted.runs = int((re.findall(r"number_of_executed_units: (\d+)", ran.stderr) or ["0"])[-1])
        if ran.returncode:
            made = [each.read_bytes() for each in tmp_path.glob("found-*")]
            counted.failures.append(f"{target}: {made}\n{ran.stdout[-3000:]}\n{ran.stderr[-1500:]}")
