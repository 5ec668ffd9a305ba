"""`campaignops explain`, and its pages: each is played through, so that what it shows is what the tool prints."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import openpyxl
import pytest

from campaignops import manifest, sandbox
from campaignops.cli import entry
from campaignops.findings import FAMILIES, TITLES, family_of

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "campaignops" / "explanations"
DOCS = ROOT / "docs" / "findings"
COPIED = "<!-- A copy of campaignops/explanations/{code}.md; `pytest tests/test_explain.py --update` renews it. -->\n\n"

# In the example of a page: a file, named at the end of the line above it, and commands with what they print.
STEP = re.compile(
    r"^[^\n]*`(?P<file>[^`\n]+)`[^`\n]*:\n\n```(?!console)\w+\n(?P<text>.*?)^```$|(?<=^```console\n)(?P<session>.*?)(?=^```$)",
    re.MULTILINE | re.DOTALL,
)
ELSEWHERE = "…\n"  # stands for output that says nothing about the code


class Meanwhile:
    """A terminal at which a "yes" is typed after something else has happened."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self._happens = happens

    def readline(self) -> str:
        self._happens()
        sys.stderr.write("yes\n")
        return "yes\n"


class Player:
    """Plays the example of one page in a folder."""

    def __init__(self, code: str, folder: Path) -> None:
        self.code = code
        self.folder = folder
        (folder / "campaignops.yaml").write_text("pbx: {url: sandbox}\n")

    def play(self, page: str) -> str:
        """The page with the outputs that its commands have now."""
        before, example, after = re.split(r"(^## Example\n.*?(?=^## ))", page, flags=re.MULTILINE | re.DOTALL)
        return before + STEP.sub(self._step, example) + after

    def _step(self, found: re.Match[str]) -> str:
        if found["file"]:
            path = self.folder / found["file"]
            if path.exists() and self.code in ("CMP501", "CMP504"):
                self._pbx(later_s=30)  # what was being sent has been sent, what waited is about to be
            path.parent.mkdir(exist_ok=True)
            path.write_text(found["text"], "utf-8")
            return found[0]
        commands = [line[2:] for line in found["session"].splitlines() if line.startswith("$ ")]
        return "".join(f"$ {command}\n{self._output(command)}" for command in commands)

    def _output(self, command: str) -> str:
        if not command.startswith("campaignops "):
            subprocess.run(["sh", "-c", command], cwd=self.folder, check=True)
            return ""
        out, err = self.run(command)
        if self.code in out:
            return out + err
        if self.code in err or (self.code.startswith("CMP7") and "error:" in err):
            return (ELSEWHERE if out else "") + err
        return ELSEWHERE if out or err else ""

    def run(self, command: str) -> tuple[str, str]:
        if (seed := self.folder / "seed.yaml").exists():
            self._pbx(seed=manifest.read_mapping(seed))
            seed.unlink()
        if "$" in command:
            command = subprocess.check_output(["sh", "-c", f'echo "{command}"'], text=True)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            entry.run(shlex.split(command)[1:])
        told = re.sub("(599|601) s ahead", "600 s ahead", err.getvalue())  # the PBX tells whole seconds
        told = re.sub(r"(?<=json expired ).*? UTC", "Sat 2030-07-27 10:00 UTC", told)
        return re.sub(r"\(in [^)]*\)", "(in …)", out.getvalue()), told

    def _pbx(self, later_s: float = 0, seed: dict[str, object] | None = None) -> None:
        """Makes the PBX of the folder, which remembers, or lets time go by on it."""
        store = self.folder / ".campaignops" / "sandbox.sqlite"
        store.parent.mkdir(exist_ok=True)
        with sandbox.start(store, seed=seed) as pbx:
            pbx.advance(later_s)

    def _spreadsheet(self) -> None:
        book = openpyxl.Workbook()
        for row in (["name", "phone"], ["Ada", "+12025550111"], ["Bea", 12025550112]):
            book.worksheets[0].append(row)
        (self.folder / "audiences").mkdir()
        book.save(self.folder / "audiences" / "vip.xlsx")

    def prepare(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a page tells in words."""
        if self.code == "CMP409":
            self._pbx(later_s=600)
        if self.code in ("CMP412", "CMP413"):
            self._spreadsheet()
        if self.code == "CMP413":
            monkeypatch.delitem(sys.modules, "campaignops.manifest.recipients.spreadsheet", raising=False)
            monkeypatch.setitem(sys.modules, "openpyxl", None)
        state = self.folder / "campaignops.state.json"
        pulled = '{"format_version": 1, "lineage": "9f2c", "serial": 12, "pbx": null, "campaigns": {}}\n'
        monkeypatch.setattr(sys, "stdin", Meanwhile(lambda: state.write_text(pulled)))


@pytest.fixture
def player(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("CAMPAIGNOPS_ENV", "CAMPAIGNOPS_CLIENT_ID", "CAMPAIGNOPS_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    found = Player(request.param, tmp_path)
    found.prepare(monkeypatch)
    return found


@pytest.fixture
def said(capsys, tmp_path, monkeypatch):
    """Runs a command where there is no project."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = entry.run(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_every_code_has_a_page_and_every_page_a_code():
    assert {path.stem for path in PAGES.iterdir()} == set(TITLES)


@pytest.mark.parametrize("code", TITLES)
def test_a_page_has_its_title_an_example_and_a_way_out(code):
    page = (PAGES / f"{code}.md").read_text("utf-8")
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    assert re.findall("^##? .*", prose, re.MULTILINE) == [
        f"# {code}: {TITLES[code]}", "## Example", "## How to put it right"
    ]  # fmt: skip
    assert page.endswith("\n")
    assert not page.endswith("\n\n")
    assert max(map(len, prose.splitlines())) <= 130


@pytest.mark.parametrize("player", sorted(TITLES), indirect=True)
def test_a_page_shows_what_the_tool_prints(player, request):
    path = PAGES / f"{player.code}.md"
    shown = path.read_text("utf-8")
    printed = player.play(shown)
    if request.config.getoption("--update"):
        path.write_text(printed, "utf-8")
        shown = printed
    assert shown == printed
    example = shown.split("## Example")[1].split("## How")[0]
    if f"[{player.code}]" not in example:  # an error that is no finding has its code in --json alone
        if player.code == "CMP704":  # apply tells it as the outcome of a campaign
            assert "moved while we worked" in example
            return
        last = re.findall(r"^\$ (campaignops .*)$", example, re.MULTILINE)[-1]
        assert json.loads(player.run(f"{last} --json")[0])["error"]["code"] == player.code


@pytest.mark.parametrize("code", TITLES)
def test_the_documents_have_a_copy_of_each_page(code, request):
    wanted = COPIED.format(code=code) + (PAGES / f"{code}.md").read_text("utf-8")
    _current(DOCS / f"{code}.md", wanted, request)


def test_the_documents_list_all_pages(request):
    lines = [
        "<!-- Made of campaignops/findings.py by `pytest tests/test_explain.py --update`. -->\n",
        "# Findings\n",
        "What campaignops finds wrong has a code, a place and mostly what to write instead. These are the pages that",
        "`campaignops explain CMP105` prints. A code keeps its meaning for ever.\n",
    ]
    for digit, family in FAMILIES.items():
        codes = [code for code in TITLES if code[3] == digit]
        if codes:
            rows = (f"| [{code}]({code}.md) | {TITLES[code]} |" for code in codes)
            lines += [f"## {digit}xx: {family}\n", "| code | meaning |", "|---|---|", *rows, ""]
    _current(DOCS / "README.md", "\n".join(lines), request)
    assert {path.name for path in DOCS.iterdir()} == {"README.md", *(f"{code}.md" for code in TITLES)}


def _current(path: Path, wanted: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted, "utf-8")
    assert path.read_text("utf-8") == wanted, "run pytest tests/test_explain.py --update"


# the command


def test_a_code_prints_its_page(said):
    assert said("explain", "CMP105") == (0, (PAGES / "CMP105.md").read_text("utf-8"), "")


@pytest.mark.parametrize("word", ["cmp105", "105"])
def test_a_code_may_be_typed_short(said, word):
    assert said("explain", word) == said("explain", "CMP105")


def test_without_a_code_all_are_listed_by_family(said):
    code, out, _ = said("explain")
    assert code == 0
    assert "manifests and settings\n  CMP101  not valid YAML\n" in out
    assert "\nstate\n  CMP701  " in out
    assert re.findall("CMP[0-9]{3}", out) == list(TITLES)


def test_as_json(said):
    page = (PAGES / "CMP105.md").read_text("utf-8")
    _, out, _ = said("explain", "CMP105", "--json")
    assert json.loads(out) == {
        "schema_version": 1, "kind": "explain", "code": "CMP105", "title": TITLES["CMP105"], "page": page
    }  # fmt: skip
    _, out, _ = said("explain", "--json")
    assert json.loads(out)["codes"][0] == {
        "code": "CMP101", "title": "not valid YAML", "family": "manifests and settings"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("CMP1055", "did you mean CMP105, not an E.164 number?"),
        ("CPM105", "did you mean CMP105, not an E.164 number?"),
        ("550", "did you mean CMP5"),
        ("quotes", "`campaignops explain` lists them all"),
    ],
)
def test_an_unknown_code_is_wrong_usage_with_the_nearest_one(said, word, advice):
    code, out, err = said("explain", word)
    assert (code, out) == (64, "")
    assert advice in err
    code, out, _ = said("explain", word, "--json")
    assert json.loads(out)["error"]["code"] == "usage"


def test_every_code_is_of_a_family():
    assert {family_of(code) for code in TITLES} <= set(FAMILIES.values())
