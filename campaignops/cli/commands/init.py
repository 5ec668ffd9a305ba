"""`campaignops init [DIR]`: a new project with one commented example and a CI workflow. It overwrites nothing."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from contextlib import suppress
from importlib import resources
from pathlib import Path

from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError
from campaignops.manifest.times import zone_named
from campaignops.project import SETTINGS_FILE
from campaignops.report import document
from campaignops.report.plan_json import SCHEMA_VERSION

_PROJECT = (SETTINGS_FILE, "welcome.yaml")
_SCHEMAS = ("campaign.schema.json", "settings.schema.json")
_ACTION = "github/actions/campaignops"
_ON_GITHUB = {
    ".github/workflows/campaigns.yml": "github/workflows/campaigns.yml",
    **{
        f".github/actions/campaignops/{name}": f"{_ACTION}/{name}"
        for name in ("action.yml", "apply.sh", "comment.py", "login.sh", "plan.sh", "state.sh")
    },
}
_ON_GITLAB = {
    ".gitlab-ci.yml": "gitlab/gitlab-ci.yml",
    **{f".gitlab/campaignops/{name}": f"{_ACTION}/{name}" for name in ("comment.py", "login.sh", "state.sh")},
}


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """A project that is there already is refused. A .gitignore or a workflow that is there already stays as it is."""
    folder = Path(args.folder or "", args.directory or "")
    top = repository_of(folder)
    pipeline = _ON_GITLAB if _is_on_gitlab(top) else _ON_GITHUB
    around = {folder / ".gitignore": "gitignore", **{top / path: name for path, name in pipeline.items()}}
    kept = [path for path in around if os.path.lexists(path)]
    files = {folder / name: name for name in (*_PROJECT, *_SCHEMAS)}
    files |= {path: name for path, name in around.items() if path not in kept}
    if there := [str(path) for path in files if os.path.lexists(path)]:
        what = f"{' and '.join(there)}: there already, so nothing was written. Choose another folder"
        raise CampaignOpsError(what, code="exists")
    for path, name in files.items():
        content = _schema(name) if name in _SCHEMAS else _content(name)
        content = content.replace("timezone: UTC\n", f"timezone: {_zone()}\n")
        _write(path, content.replace('"."\n', f"{_from(top, folder)}\n"))
    if shown.json:
        written, untouched = ([str(path) for path in paths] for paths in (files, kept))
        shown.document(
            {"schema_version": SCHEMA_VERSION, "kind": "init", "files": written, "kept": untouched}
        )
    else:
        shown.answer("".join(f"{path}\n" for path in files))
    for path in (path for path in kept if path.parent.name != "campaignops"):
        shown.say(f"{path} was there already and stays as it is.{_to_add(path)}")
    where = "" if folder == Path() else f" -C {shlex.quote(str(folder))}"
    shown.say(f"Next: campaignops{where} plan")
    return 0


def repository_of(folder: Path) -> Path:
    """The top of the git repository that `folder` is in, or `folder`: CI looks for workflows there only."""
    absolute = folder.absolute()
    for parent in (absolute, *absolute.parents):
        if (parent / ".git").exists():
            return folder if parent == absolute else Path(os.path.relpath(parent))
    return folder


def _is_on_gitlab(repository: Path) -> bool:
    with suppress(OSError, UnicodeError):
        return "gitlab" in (repository / ".git" / "config").read_text("utf-8")
    return False


def _from(repository: Path, folder: Path) -> str:
    """Where the project is in its repository, as a YAML text."""
    return json.dumps(Path(os.path.relpath(folder, repository)).as_posix())


def _schema(name: str) -> str:
    from campaignops import manifest

    return document.text(
        manifest.manifest_schema() if name.startswith("camp") else manifest.settings_schema()
    )


def _zone() -> str:
    """The zone of this machine, if it has a name; send times without a zone are meant to be of where people work."""
    linked = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    names = (os.environ.get("TZ", "").lstrip(":"), linked)
    return next((name for name in names if "/" in name and zone_named(name)), "UTC").removeprefix("Etc/")


def _content(packaged: str) -> str:
    return resources.files("campaignops.cli").joinpath("new_project", packaged).read_text("utf-8")


def _to_add(path: Path) -> str:
    """What an own .gitignore should say, too."""
    if path.name != ".gitignore":
        return ""
    lines = _content("gitignore").splitlines()
    return " Add: " + "  ".join(line for line in lines if line and not line.startswith("#"))


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        raise CampaignOpsError(f"cannot write {path}: {error.strerror}", code="write") from error
