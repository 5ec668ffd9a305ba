"""`campaignops init [DIR]`: a new project with one commented example and a CI workflow. It overwrites nothing."""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path

from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError
from campaignops.report.plan_json import SCHEMA_VERSION

_FILES = {
    "campaignops.yaml": "campaignops.yaml",
    "welcome.yaml": "welcome.yaml",
    "gitignore": ".gitignore",
}
_WORKFLOW = ".github/workflows/campaigns.yml"


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    folder = Path(args.directory or args.folder or ".")
    files = {folder / name: _content(packaged) for packaged, name in _FILES.items()}
    files |= {repository_of(folder) / _WORKFLOW: _content("workflow.yml")}
    _refuse_existing(files)
    for path, content in files.items():
        _write(path, content)
    if shown.json:
        written = [str(path) for path in files]
        shown.document({"schema_version": SCHEMA_VERSION, "kind": "init", "files": written})
    else:
        shown.answer("".join(f"{path}\n" for path in files))
    where = "" if folder == Path() else f" -C {folder}"
    shown.say(f"Next: campaignops{where} plan")
    return 0


def repository_of(folder: Path) -> Path:
    """The top of the git repository that `folder` is in, or `folder`: CI looks for workflows there only."""
    absolute = folder.absolute()
    for parent in (absolute, *absolute.parents):
        if (parent / ".git").exists():
            return folder if parent == absolute else parent
    return folder


def _content(packaged: str) -> str:
    return resources.files("campaignops.cli").joinpath("new_project", packaged).read_text("utf-8")


def _refuse_existing(files: dict[Path, str]) -> None:
    there = [str(path) for path in files if path.exists()]
    if there:
        raise CampaignOpsError(
            f"{', '.join(there)} exists already; nothing was written. Choose another folder", code="exists"
        )


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        raise CampaignOpsError(f"cannot write {path}: {error.strerror}", code="write") from error
