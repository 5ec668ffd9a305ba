"""What the documents say is true: the README's outputs are what the commands print, every finding code is named."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from campaignops.findings import TITLES
from tests import forked

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.md"))
GUIDES = [each for each in PAGES if "<!-- output: " in each.read_text("utf-8")]
BLOCK = re.compile(r"<!-- output: (?P<command>.+?) -->\n```text\n(?P<output>.*?)```\n", re.DOTALL)
FROM_NOW = re.compile(
    r"\bin \d+ d(?: \d+ h)?|\b\d+ (?:s|min) ago|(?<=tested    )now|"
    r"(?<=valid until ).*?(?=\.?$)|(?<=[Pp]lan )`?[0-9a-f]{12}`?|[0-9a-f]{64}",
    re.MULTILINE,
)
RUN = re.compile(
    r"<!-- (?P<kind>run|output): (?P<command>.+?) -->\n(?:```console\n(?P<output>.*?)```\n)?"
    r"|<!-- file: (?P<file>\S+) -->\n```\w*\n(?P<content>.*?)```\n"
    r"|<!-- tried: (?P<tried>.+?) -->\n```\w*\n(?P<block>.*?)```\n",
    re.DOTALL,
)
FENCED = re.compile(r"(?:^<!-- (?P<kind>\w+): (?P<what>[^\n]+) -->\n)?^```.*?^```$", re.MULTILINE | re.DOTALL)

MISTAKES = """\
campaigns:
  autumn-sale:
    type: sms
    chanel: Main SMS
    recipients:
      numbers: ["+12025550111", "0202555", "+12025550111"]
    message: {text: "{{ discont }}% off!"}
    send: {at: "2030-02-30 18:00"}
    session: direct
"""


def timeless(text: str) -> str:
    """Without what is another at another hour, the width of its column included."""
    return re.sub(" {2,}", "  ", FROM_NOW.sub("…", text))


def said(command: str | Path, folder: Path, *words: str, path: str = "") -> str:
    """What a user sees: stdout and stderr together."""
    ran = subprocess.run(
        [command, *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return ran.stdout.decode()


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Each command of the README on a copy of the sample project."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(
        ROOT / "campaigns", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "*.state.*")
    )
    wrong = tmp_path_factory.mktemp("wrong")
    (wrong / "campaignops.yaml").write_text("pbx: {url: sandbox}\n")
    (wrong / "autumn.yaml").write_text(MISTAKES)
    campaignops = tmp_path_factory.mktemp("bin") / "campaignops"
    forked.write_command(campaignops)
    planned = said(campaignops, folder, "plan")
    said(campaignops, folder, "apply", "--auto-approve", "-q")
    return {
        "campaignops plan": planned,
        "campaignops status": said(campaignops, folder, "status"),
        "campaignops validate (with mistakes)": said(campaignops, wrong, "validate"),
        "campaignops --help": said(campaignops, folder, "--help"),
    }


def test_the_readme_shows_what_the_commands_print(outputs, request):
    text = README.read_text("utf-8")
    now = BLOCK.sub(lambda m: f"<!-- output: {m['command']} -->\n```text\n{outputs[m['command']]}```\n", text)
    if request.config.getoption("--update") and timeless(text) != timeless(now):
        README.write_text(now, "utf-8")
        text = now
    shown = {found["command"]: found["output"] for found in BLOCK.finditer(text)}
    assert shown.keys() == outputs.keys()
    for command, output in outputs.items():
        assert timeless(shown[command]) == timeless(output), command


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_a_guide_shows_what_its_commands_print(guide, request, tmp_path, monkeypatch):
    """Each `output`, each `run` that shows nothing, and each `file` that is written, in the order of the page, on a
    copy of the sample project. What is `tried` is so on a copy of that, with the text as the file `block`, and has to
    end well."""
    ignored = shutil.ignore_patterns(".*", "*.state.*")
    shutil.copytree(ROOT / "campaigns", tmp_path, dirs_exist_ok=True, ignore=ignored)
    forked.write_command(tmp_path / "campaignops")
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "python").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"

    def tried(found: re.Match[str]) -> str:
        with TemporaryDirectory() as copy:
            shutil.copytree(tmp_path, copy, dirs_exist_ok=True)
            (Path(copy) / "block").write_text(found["block"], "utf-8")
            ran = subprocess.run(
                ["sh", "-ec", found["tried"]],
                cwd=copy,
                env={"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PATH": path},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert ran.returncode == 0, f"{found['tried']}: {ran.stdout}{ran.stderr}"
        return found[0]

    def played(found: re.Match[str]) -> str:
        if found["tried"]:
            return tried(found)
        if found["file"]:
            (tmp_path / found["file"]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / found["file"]).write_text(found["content"], "utf-8")
            return found[0]
        output = said("sh", tmp_path, "-c", found["command"], path=path)
        shown = f"```console\n$ {found['command']}\n{output}```\n" if found["kind"] == "output" else ""
        return f"<!-- {found['kind']}: {found['command']} -->\n{shown}"

    text = guide.read_text("utf-8")
    now = RUN.sub(played, text)
    if request.config.getoption("--update") and timeless(text) != timeless(now):
        guide.write_text(now, "utf-8")
        text = now
    assert timeless(text) == timeless(now)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_block_of_a_guide_is_played_by_a_test(page):
    """By the one above, or, after `played: FILE`, by that one."""
    for found in FENCED.finditer(page.read_text("utf-8")):
        assert found["kind"] in ("output", "file", "tried", "played"), found[0]
        assert found["kind"] != "played" or (ROOT / found["what"]).exists(), found["what"]


def test_the_documents_make_a_site_without_a_broken_link(tmp_path):
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "-q",
            "--strict",
            "-f",
            ".github/mkdocs.yml",
            "-d",
            tmp_path / "site",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (tmp_path / "site" / "tutorial" / "index.html").is_file()


def test_every_finding_code_in_the_package_has_a_title():
    used = set()
    for path in (ROOT / "campaignops").rglob("*.py"):
        if path.name != "findings.py" or path.parent.name != "campaignops":
            used |= set(re.findall(r"\bCMP\d{3}\b", path.read_text("utf-8")))
    assert used - TITLES.keys() == set()
    assert TITLES.keys() - used == set(), "a code that nothing gives"


def test_every_local_link_of_the_documents_leads_somewhere():
    for document in (
        README,
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / ".github").glob("*.md"),
    ):
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_map_and_the_rules_of_imports_name_what_there_is():
    """The README's map, and the layers in CONTRIBUTING as the contract in pyproject.toml has them."""
    rows = re.findall(r"^\| (`.+?) \|", README.read_text("utf-8").partition("## The map")[2], re.MULTILINE)
    paths = [part for row in rows for part in re.findall(r"`([^`]+)`", row)]
    package = ROOT / "campaignops"
    assert [each for each in paths if not ((ROOT / each).exists() or (package / each).exists())] == []
    mapped = {Path(each).name for each in paths}
    assert {each.name for each in package.iterdir() if not each.name.startswith("_")} - mapped == {"py.typed"}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (layers,) = (each for each in settings["tool"]["importlinter"]["contracts"] if each["id"] == "layers")
    shown = re.sub(r"[()]", "", "\n".join(layers["layers"]))
    assert f"```\n{shown}\n```" in (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
