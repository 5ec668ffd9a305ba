"""`apply --checkpoint`: no call before the step it belongs to is in a place that lasts."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from campaignops.cli import checkpoint
from tests.command_line import STATE, Project, a_text, writes

COPY = """
import json, pathlib, shutil, sys
safe = pathlib.Path(sys.argv[1])
safe.mkdir(exist_ok=True)
for file in pathlib.Path().glob("*.state.json*"):
    if not file.name.endswith(".lock"):
        shutil.copy(file, safe)
count = safe / "count"
count.write_text(str(int(count.read_text()) + 1 if count.exists() else 1))
if int(count.read_text()) == int(sys.argv[2]):
    sys.exit("no way to there from here")
"""


def command(project: Project, *, fails_at: int = 0) -> str:
    script = project.write("copy.py", COPY)
    return shlex.join([sys.executable, str(script), str(project.root / "safe"), str(fails_at)])


def safe_state(project: Project, tmp_path: Path) -> dict:
    """What another machine would have, told by the command itself."""
    other = Project(tmp_path / "other", "sandbox")
    for file in (project.root / "safe").glob(f"{STATE}*"):
        (other.root / file.name).write_bytes(file.read_bytes())
    return other.recorded


def test_each_step_is_safe_before_the_next_call(project, box, tmp_path):
    project.campaigns(hello=a_text(send="now"))
    assert project.apply("--checkpoint", command(project)).code == 0
    assert safe_state(project, tmp_path)["hello"]["phase"] == "released"
    steps = json.loads((project.root / "safe" / "count").read_text())
    assert steps >= 4  # intent, bound, releasing, released; and once more when the state came to rest


@pytest.mark.parametrize(("fails_at", "allowed"), [(1, []), (2, ["message_campaign/create"])])
def test_a_step_that_is_not_safe_is_the_last(project, box, fails_at, allowed):
    project.campaigns(hello=a_text(send="now"))
    ran = project.apply("--checkpoint", command(project, fails_at=fails_at))
    assert ran.code == 1
    assert (
        "the command of --checkpoint failed: it ended with exit code 1: no way to there from here" in ran.err
    )
    assert writes(box) == allowed
    assert box.ledger() == []


def test_the_next_apply_goes_on_from_the_safe_copy(project, box, tmp_path):
    project.campaigns(hello=a_text(send="now"))
    project.apply("--checkpoint", command(project, fails_at=2))
    project.state.unlink(missing_ok=True)
    for file in (project.root / "safe").glob(f"{STATE}*"):
        (project.root / file.name).write_bytes(file.read_bytes())
    assert project.apply("--checkpoint", command(project)).code == 0
    assert len(box.ledger()) == 1
    assert project.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("/no/such/command", "it cannot be run (FileNotFoundError)"),
        ("'", "it cannot be run (ValueError)"),
        ("sleep 5", "it did not end within 0.2 s"),
    ],
)
def test_a_command_that_is_none_does_nothing(project, box, monkeypatch, words, said):
    monkeypatch.setattr(checkpoint, "_TIMEOUT_S", 0.2)
    project.campaigns(hello=a_text(send="now"))
    ran = project.apply("--checkpoint", words)
    assert ran.code == 1
    assert said in ran.err
    assert writes(box) == []
