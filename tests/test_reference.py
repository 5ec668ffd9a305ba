"""docs/reference: commands, manifests, settings, exit codes and documents for programs, as the code has them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any

import pytest

from campaignops import errors
from campaignops.cli import arguments, options
from campaignops.cli.commands.schema import schema
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


def exit_codes() -> str:
    """Each error of the package with its exit code and the `error.code` that it has unless it says another."""
    head = """# Exit codes

A program reads the exit code, and from `--json` the `error.code`, which says more: there may be others than these. From
Python the same errors are exceptions of `campaignops.errors`. What a pipeline does with each is told
[there](../pipeline.md#elsewhere).

| exit | `error.code` | exception | when |
|---|---|---|---|
| 0 | | | done; a plan without changes |
| 2 | | | `plan --detailed-exitcode`: there are changes |
"""
    rows = re.findall(r"(\w+) +(\d+) {4}(.+)", errors.__doc__ or "")
    found = [(int(code), getattr(errors, name), when) for name, code, when in rows]
    assert {kind for _, kind, _ in found} == {errors.CampaignOpsError, *_below(errors.CampaignOpsError)}
    assert all(kind.exit_code == code for code, kind, _ in found)
    lines = [
        f"| {code} | `{kind.default_code}` | `{kind.__name__}` | {when} |"
        for code, kind, when in sorted(found, key=lambda row: row[0])
    ]
    return head + "\n".join(lines) + "\n"


def _below(kind: type[errors.CampaignOpsError]) -> Iterator[type[errors.CampaignOpsError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


DOCUMENTS = {
    "plan": "`plan --json`",
    "apply": "`apply --json`",
    "status": "`status --json`",
    "findings": "`validate --json`",
    "state": "the state's file, `state pull`",
    "saved-plan": "the file of `plan -o`; its `plan` is the document above",
    "notice": "the file of `apply --notice`",
    "event": "a line of the file of `apply --events`",
}


def documents() -> str:
    """Every field of the documents that programs read, with its type."""
    head = """# Documents for programs

`campaignops schema NAME` prints the JSON Schema of each. Fields are only ever added, so a program leaves alone what it
does not know. A field is always there unless it is called optional; `[]` stands for each item of a list, `.*` for each
key of an object.

With `--json` every command writes one document: `schema_version`, `kind` (the command), and on failure `error` with
`code` and `message` ([exit codes](exit-codes.md)).
"""
    lines = [head]
    assert DOCUMENTS.keys() == set(arguments.SCHEMAS) - {"manifest", "settings"}
    for name, where in DOCUMENTS.items():
        lines += [f"## {name}", "", f"{where[0].upper()}{where[1:]}.", ""]
        lines += _table("field", list(_typed(schema(name), "")))
    return "\n".join(lines)


def _typed(part: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for branch in part.get("anyOf", ()):
        yield from _typed(branch, path)
    for name, inner in part.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        absent = "" if name in part.get("required", ()) else "; optional"
        yield f"`{here}`", _type(inner) + absent
        if "$schema" not in inner:
            yield from _typed(inner, here)
    for key, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(inner := part.get(key), dict):
            yield from _typed(inner, f"{path}{mark}")


def _type(part: dict[str, Any]) -> str:
    if "anyOf" in part:
        return " or ".join(_type(branch) for branch in part["anyOf"])
    if words := part.get("enum") or ([part["const"]] if "const" in part else []):
        return ", ".join(f"`{word}`" for word in words)
    if isinstance(kinds := part.get("type"), list):
        return " or ".join(_type({**part, "type": kind}) for kind in kinds)
    if part.get("type") == "array":
        return f"list ({_type(part['items'])})"
    forms = {"date-time": "time, ISO 8601"}
    names = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}
    return forms.get(part.get("format", "")) or names.get(part.get("type", ""), part.get("type", "any value"))


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
    "exit-codes": exit_codes,
    "documents": documents,
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
