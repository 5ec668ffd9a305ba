"""What a release ships: built twice alike, with the sample and each file a command reads, and a list of its parts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from campaignops import __version__
from tests.command_line import ROOT

BUILD = "from hatchling import build as b; import sys; b.build_sdist(sys.argv[1]); b.build_wheel(sys.argv[1])"


def built(folder: Path) -> dict[str, bytes]:
    environ = {"SOURCE_DATE_EPOCH": "1900000000", "PATH": ""}
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, env=environ, check=True, timeout=60)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> tuple[dict[str, bytes], Path]:
    folder = tmp_path_factory.mktemp("dist")
    return built(folder), folder


def test_two_builds_are_alike(release, tmp_path):
    assert built(tmp_path) == release[0]


def test_the_wheel_holds_all_that_a_command_reads(release):
    (wheel,) = release[1].glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / "campaignops").rglob("*") if path.is_file()}
    assert {name for name in here if "__pycache__" not in name} <= inside
    assert "campaignops/sample/summer-sale.yaml" in inside
    assert f"campaignops-{__version__}.dist-info/entry_points.txt" in inside


def test_the_list_of_parts_is_the_lock():
    lock = ROOT / "requirements" / "run.txt"
    said = subprocess.run(
        [sys.executable, ROOT / ".github" / "sbom.py", lock, "1.2.3"],
        capture_output=True,
        text=True,
        check=True,
    )
    whole = json.loads(said.stdout)
    assert whole["metadata"]["component"]["version"] == "1.2.3"
    parts = whole["components"]
    named = [f"{part['name']}=={part['version']}" for part in parts]
    assert named == re.findall(r"^[\w.-]+==[\w.]+", lock.read_text("utf-8"), re.MULTILINE)
    assert all(part["hashes"] for part in parts)
