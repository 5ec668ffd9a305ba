"""Finds the manifests of a project. What it leaves out it says: a manifest silently not read looks like one deleted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from campaignops.findings import Place
from campaignops.manifest.problems import Problems
from campaignops.project import DEFAULTS_FILE, SETTINGS_FILE


class Files(NamedTuple):
    """Paths below the project folder, with /, sorted: the manifests, and what folders hand to them."""

    manifests: list[str]
    defaults: list[str]


def files(root: str, problems: Problems) -> Files:
    """All files below `root` that are read as YAML, the settings aside."""
    found = Files([], [])
    _walk(root, "", found, problems)
    for paths in found:
        paths.sort()
    return found


def _walk(root: str, below: str, found: Files, problems: Problems) -> None:
    try:
        with os.scandir(f"{root}/{below}") as entries:
            for entry in entries:
                name = entry.name
                if name[0] in "._":
                    if name.startswith("_default"):
                        _take_defaults(entry, root, below + name, found, problems)
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if os.path.lexists(f"{entry.path}/{SETTINGS_FILE}"):
                        _leave_out(below + name, problems)
                    else:
                        _walk(root, f"{below}{name}/", found, problems)
                elif name.endswith((".yaml", ".yaml.j2")):
                    if below or name != SETTINGS_FILE:
                        _take(entry, root, below + name, found.manifests, problems)
                else:
                    _mention(entry, below + name, problems)
    except OSError as error:
        problems.add(
            "CMP113", f"the folder cannot be read: {error.strerror}", Place(below.rstrip("/") or ".")
        )


def _take(entry: os.DirEntry[str], root: str, file: str, found: list[str], problems: Problems) -> None:
    if entry.is_symlink() and not os.path.realpath(entry.path).startswith(root.rstrip("/") + "/"):
        problems.add(
            "CMP114",
            "the link leads outside the project folder",
            Place(file),
            help="copy the file into the project",
        )
    elif not (
        Path(entry.path) if entry.is_symlink() else entry
    ).is_file():  # entry raises for a link to itself
        problems.add("CMP113", "not a regular file", Place(file))
    else:
        found.append(file)


def _take_defaults(entry: os.DirEntry[str], root: str, file: str, found: Files, problems: Problems) -> None:
    if entry.name == DEFAULTS_FILE:
        _take(entry, root, file, found.defaults, problems)
    elif ".y" in entry.name:
        message, help = "not read: no campaign gets these defaults", f"rename it to {DEFAULTS_FILE}"
        problems.add("CMP118", message, Place(file), help=help, severity="warning")


def _leave_out(folder: str, problems: Problems) -> None:
    message, place = "not read: this folder is a project of its own", Place(f"{folder}/{SETTINGS_FILE}")
    help = "campaignops with -C and this folder works on it"
    problems.add("CMP118", message, place, help=help, severity="warning")


def _mention(entry: os.DirEntry[str], file: str, problems: Problems) -> None:
    if file.endswith((".yml", ".yml.j2")):
        help = f"rename it to {file.replace('.yml', '.yaml')}"
        problems.add(
            "CMP118",
            "not read: the names of manifests end in .yaml",
            Place(file),
            help=help,
            severity="warning",
        )
    elif entry.is_symlink() and Path(entry.path).is_dir():
        message = "not read: links to folders are not followed"
        problems.add(
            "CMP114", message, Place(file), help="move the folder into the project", severity="warning"
        )
