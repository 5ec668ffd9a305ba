"""What the options of every command name: the project, its state, and the campaigns that are meant."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from campaignops import __version__, manifest
from campaignops.cli.entry import Failure
from campaignops.cli.screen import short
from campaignops.errors import UsageError
from campaignops.findings import nearest_code
from campaignops.planner import Selection
from campaignops.policy import codes_of, may_be_silenced
from campaignops.project import Project, find
from campaignops.state import Entry, State
from campaignops.store.file import FileStore

_LISTED = 10  # keys, where none is near to the one that was asked for

T = TypeVar("T")
_ALL_CODES = "`campaignops explain` lists them all"


def project_of(args: argparse.Namespace, failure: Failure | None = None) -> Project:
    """The project that the options name; a failure then tells its files from its folder. Raises ProjectError."""
    root = find(args.folder)
    if failure is not None:
        failure.root = root
    project = manifest.load_project(root, args.env, dict(args.var), args.var_file, os.environ)
    select, ignore = (_selectors(getattr(args, name, [])) for name in ("select", "ignore"))
    return replace(project, policy=project.policy.over(select, ignore))


def _selectors(given: Iterable[str]) -> tuple[str, ...]:
    """The codes of --select or --ignore, several in one word or not. Raises UsageError."""
    listed = tuple(code.strip() for text in given for code in text.split(","))
    for code in listed:
        if not codes_of(code):
            near = nearest_code(code)
            raise UsageError(
                f"there is no finding `{code}`; " + (f"did you mean {near}?" if near else _ALL_CODES)
            )
        if not may_be_silenced(code):
            raise UsageError(f"{code} cannot be selected or ignored: errors always count")
    return listed


def store_of(project: Project) -> FileStore:
    return FileStore(Path(short(project.state_path)), f"campaignops {__version__}")


def selection_of(args: argparse.Namespace) -> Selection:
    half, refresh_only = getattr(args, "half", None), getattr(args, "refresh_only", False)
    return Selection(tuple(args.target), tuple(args.exclude), half, refresh_only)


def chosen(items: Iterable[T], key: Callable[[T], str], args: argparse.Namespace) -> list[T]:
    """What KEY…, --target and --exclude leave. Raises UsageError when one of them fits nothing."""
    listed = list(items)
    selection = Selection((*args.keys, *args.target), tuple(args.exclude))
    check_selection(selection, [key(item) for item in listed])
    return [item for item in listed if selection.has(key(item))]


def recorded_of(recorded: State, args: argparse.Namespace) -> list[Entry]:
    """The same of the recorded campaigns, by key."""
    return chosen([entry for _, entry in sorted(recorded.campaigns.items())], lambda entry: entry.key, args)


def check_selection(selection: Selection, keys: Collection[str]) -> None:
    """A KEY that fits nothing is a slip of the pen; one of --exclude would let go what it was to hold back."""
    for glob in (*selection.targets, *selection.excludes):
        if not any(Selection((glob,)).has(key) for key in keys):
            raise UsageError(f"no campaign here fits `{glob}`; {_instead(glob, keys)}")


def _instead(glob: str, keys: Collection[str]) -> str:
    if close := get_close_matches(glob, keys, 1):
        return f"did you mean `{close[0]}`?"
    if not keys:
        return "there is none at all"
    listed = ", ".join(f"`{key}`" for key in sorted(keys)[:_LISTED])
    return f"the keys are {listed}" + ("" if len(keys) <= _LISTED else f" and {len(keys) - _LISTED:,} more")
