"""What people get wrong, and what they are told: each line of tests/cases/mistakes.txt, in a good project."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaignops import manifest
from campaignops.manifest.form import schema
from tests.command_line import ROOT, Project
from tests.manifest_folder import PNG

CORPUS = ROOT / "tests" / "cases" / "mistakes.txt"
ARROW = " ⇒ "
AUDIENCE = """\
campaigns:
  vip:
    type: sms
    channel: Main SMS
    recipients: {file: audiences/vip.csv}
    message: {text: Hello}
    send: draft
    session: direct
"""
GOOD = {
    "type": "sms",
    "channel": "Main SMS",
    "recipients": {"numbers": ["+8613800002222"]},
    "message": {"text": "Hello"},
    "send": "draft",
    "session": "direct",
}
KEYS = {"type", "id", "text", "file", "for_each", "x", *schema.SmsCampaign.__annotations__} | {
    *schema.RecipientsForm.__annotations__, *schema.WhatsappMessage.__annotations__, *schema.AtForm.__annotations__
}  # fmt: skip
# Words of the machinery: none of them helps the person who wrote the file.
MACHINERY = re.compile(
    r"pydantic|Input should|input_|\bunion|NoneType|\bdict\b|(?<!!)\bstr\b|Form\b|Campaign\b|Error\b|object at"
    r"|\bmappings?\b|\bscalars?\b|\bnull\b|block end|simple key|<.* start>|this context|Undefined|jinja|codec|YAML 1\."
)


def mistakes(lines: list[str]) -> Iterator[tuple[int, str, str, str, str]]:
    """Line number in the corpus, file, its good text, and what becomes of what."""
    file, good = "", ""
    for number, line in enumerate(lines):
        if file and ARROW in f"{line} ":
            old, _, new = f"{line} ".partition(ARROW)
            yield number, file, good, unescaped(old), unescaped(new[:-1])
        elif line.startswith("["):
            file, good = line.strip("[]"), ""
        elif line.startswith("|"):
            good += line[2:] + "\n"


def unescaped(text: str) -> str:
    return re.sub(
        r"\\(?:n|t|\\|u[0-9a-f]{4})", lambda found: found[0].encode().decode("unicode_escape"), text
    )


def told(project: Project, file: str, good: str, old: str, new: str) -> str:
    """What `validate` says of the mistake, a line each."""
    if old:
        assert good.count(old) == 1, f"{old!r} stands {good.count(old)} times in {file}"
    text = good.replace(old, new) if old else new
    project.write(file, text.encode("utf-8", "surrogatepass"))
    ran = project.run("validate", "--format", "concise")
    assert ran.code in (0, 1), ran
    assert "defect" not in ran.err, ran
    assert ran.code == 0 or "error[" in ran.out, "no failure without a finding"
    return ran.out


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "project")
    found.write("assets/a.png", PNG)
    return found


@pytest.mark.no_cover  # played many times
def test_each_mistake_is_told_as_before(project, request):
    lines = CORPUS.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("    -> ")]
    said: dict[int, str] = {}
    for number, file, good, old, new in mistakes(kept):
        if file.endswith(".csv"):
            project.write("d.yaml", AUDIENCE)
        said[number] = told(project, file, good, old, new)
        project.write(file, good) if file == "campaignops.yaml" else (project.root / file).unlink()
        (project.root / "d.yaml").unlink(missing_ok=True)
    now = [line for n, kept_line in enumerate(kept) for line in (kept_line, *answers(said.get(n)))]
    if request.config.getoption("--update"):
        CORPUS.write_text("\n".join(now) + "\n", "utf-8")
    assert len(said) >= 300
    assert not list(difflib.unified_diff(CORPUS.read_text("utf-8").splitlines(), now, lineterm="", n=1))


def answers(said: str | None) -> list[str]:
    return [] if said is None else [f"    -> {line}" for line in said.splitlines() or ["nothing"]]


def test_what_is_told_is_in_the_words_of_who_wrote_it():
    for line in CORPUS.read_text("utf-8").splitlines():
        if line.startswith("    -> "):
            assert not MACHINERY.search(line), line


# Written and rendered in any way, a manifest leads to findings: no traceback, no word of the machinery, no end of work.
_VALUES = st.recursive(
    st.sampled_from(["", "x", "now", "sms", "+8613800001111", "{{ x }}", "null", "2030-07-30", "*a", "{{", "é\u202e"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(KEYS)), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_manifest_of_the_right_words_is_told_in_the_author_s_words(tmp_path, data):
    fields = data.draw(st.dictionaries(st.sampled_from(sorted(KEYS)), _VALUES, max_size=8))
    text = json.dumps({"campaigns": {"a": fields, "b": {**GOOD, **fields}}}, ensure_ascii=False)
    (tmp_path / "campaignops.yaml").write_text("pbx: {url: sandbox}\n")
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    desired = manifest.read(manifest.load_project(tmp_path))
    campaigns = list(desired)
    assert desired.findings or len(campaigns) == 2
    for finding in desired.findings:
        said = f"{finding.message} {finding.note} {finding.help}".replace(
            "`null`", "`…`"
        )  # as it was written
        assert not MACHINERY.search(said), said
        assert "+8613800001111" not in said
