"""Whatever happens to a good manifest, it gives campaigns or findings, and never an exception."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignops import manifest
from campaignops.findings import TITLES
from tests.manifest_folder import project_of, write
from tests.test_manifest import EXAMPLE, JPEG
from tests.test_manifest_jinja import LOOP

SETTINGS = "pbx: {url: sandbox}\nvars: {brand: x, channel: Main}\n"
NUMBERS = ("+8613800001111", "+8613800002222", "+8613800003333")
_inserts = st.sampled_from(
    ["", " ", "\n", "\t", "  ", ":", ": ", "- ", "{", "}", "[", "]", "{{", "}}", "{%", "&a ", "*a", "<<: *a", "!x ",
     '"', "'", "#", "|", ">", "null", "{id: x}", "1", "é", "\0", "\ufeff", "{{ brand }}", "{{ nope }}", "? ", "---\n",
     "x: &x [*x]\n"]
)  # fmt: skip


@pytest.fixture(scope="module")
def folder():
    root = Path(tempfile.mkdtemp())
    write(root, **{"assets/demo.jpeg": JPEG, "audiences/vip.csv": "phone\n+8613800001111\n"})
    yield root
    shutil.rmtree(root)


def outcome(root: Path, files: dict[str, str]):
    for name in ("a.yaml", "a.yaml.j2"):
        (root / name).unlink(missing_ok=True)
    desired = manifest.read(project_of(write(root, **files), SETTINGS))
    campaigns = list(desired)
    for finding in desired.findings:
        assert finding.code in TITLES
        assert finding.place is not None
        assert min(finding.place.line, finding.place.column, finding.place.width) >= 1
        assert not any(number in f"{finding.message}{finding.note}{finding.help}" for number in NUMBERS)
    for campaign in campaigns:
        assert desired.locate(campaign, ("message",)).file == campaign.place.file
        assert desired.locate(campaign, ("recipients", "numbers", 1, "x")).line >= 1
    return campaigns, desired.findings


@pytest.mark.parametrize(
    ("name", "text"), [("a.yaml", EXAMPLE), ("a.yaml.j2", LOOP)], ids=["yaml", "template"]
)
@settings(max_examples=150)
@given(data=st.data())
def test_any_change_to_a_good_manifest_gives_campaigns_or_findings(folder, name, text, data):
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(start + data.draw(st.integers(0, 12)), len(text))
        text = text[:start] + data.draw(_inserts) + text[end:]
    campaigns, findings = outcome(folder, {name: text})
    assert campaigns or findings


@settings(max_examples=50)
@given(data=st.data())
def test_any_lines_in_another_order_give_campaigns_or_findings(folder, data):
    lines = data.draw(st.permutations(EXAMPLE.splitlines()))
    campaigns, findings = outcome(folder, {"a.yaml": "\n".join(lines[: data.draw(st.integers(1, 20))])})
    assert campaigns or findings


def test_reading_is_pure(folder):
    assert outcome(folder, {"a.yaml": EXAMPLE}) == outcome(folder, {"a.yaml": EXAMPLE})
