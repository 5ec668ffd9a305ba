"""docs/reference: what the commands take, and what manifests and settings may say, as the code has it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any

import pytest

from campaignops.cli import arguments, options
from campaignops.cli.overview import COMMANDS, TEXT
from campaignops.manifest.form import published
from tests.command_line import ROOT

REFERENCE = ROOT / "docs" / "reference"


def commands() -> str:
    """Each command with its own arguments; those of all commands stand at the end."""
    lines = ["# Commands", "", "```text", TEXT.rstrip(), "```", ""]
    for command, line in COMMANDS.items():
        parser = argparse.ArgumentParser(add_help=False)
        arguments.OF[command](parser)
        lines += [f"## {command}", "", f"{line[0].upper()}{line[1:]}.", ""]
        lines += _table("argument", [(_said(action), action.help) for action in parser._actions])
    parser = argparse.ArgumentParser(add_help=False)
    options.add_common(parser)
    lines += ["## Options of every command", ""]
    lines += _table("option", [(_said(action), action.help) for action in parser._actions])
    return "\n".join(lines)


def fields(title: str, whole: dict[str, Any]) -> str:
    """Every field of a schema with its description, a list's items under the list."""
    rows = list(dict.fromkeys(_fields(whole, whole, "")))
    return "\n".join([f"# {title}", "", *_table("field", rows)])


def _said(action: argparse.Action) -> str:
    name = action.metavar or (action.choices and "|".join(map(str, action.choices))) or action.dest.upper()
    if not action.option_strings:
        return f"`{name}`"
    value = "" if action.nargs == 0 else f" {name}"
    return f"`{', '.join(action.option_strings)}{value}`"


def _fields(
    part: dict[str, Any], whole: dict[str, Any], path: str, seen: tuple[str, ...] = ()
) -> Iterator[tuple]:
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from _fields(whole["$defs"][name], whole, path, (*seen, name))
        return
    for branch in (*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())):
        yield from _fields(branch, whole, path, seen)
    for name, inner in part.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield f"`{here}`", _description(inner, whole)
        if here != "defaults":  # which has the fields of a campaign
            yield from _fields(inner, whole, here, seen)
    for key, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(inner := part.get(key), dict):
            yield from _fields(inner, whole, f"{path}{mark}", seen)


def _description(part: dict[str, Any], whole: dict[str, Any]) -> str:
    if "$ref" in part and "description" not in part:
        part = whole["$defs"][part["$ref"].rpartition("/")[2]]
    words = [*part.get("enum", ()), *filter(None, [part.get("const")])]
    one_of = "one of " + ", ".join(f"`{word}`" for word in words) if words else ""
    return part.get("description", "") or one_of


def _table(head: str, rows: list[tuple[str, str | None]]) -> list[str]:
    if not rows:
        return []
    cells = [f"| {_cell(name)} | {_cell(text or '')} |" for name, text in rows]
    return [f"| {head} | |", "|---|---|", *cells, ""]


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


PAGES = {
    "commands": commands,
    "manifest": lambda: fields("Manifests", published.manifest_schema()),
    "settings": lambda: fields("Settings (campaignops.yaml)", published.settings_schema()),
}


@pytest.mark.parametrize("page", PAGES)
def test_the_reference_says_what_the_code_has(page, request):
    file, wanted = REFERENCE / f"{page}.md", PAGES[page]()
    if request.config.getoption("--update"):
        REFERENCE.mkdir(exist_ok=True)
        file.write_text(wanted, "utf-8")
    assert file.read_text("utf-8") == wanted


def test_every_field_and_argument_is_explained():
    for page in PAGES.values():
        unsaid = [line for line in page().splitlines() if line.endswith("|  |")]
        assert unsaid == []
