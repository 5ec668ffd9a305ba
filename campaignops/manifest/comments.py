"""`# campaignops: ignore CMP407 until 2030-01-01 -- reason` in a manifest -> waivers, or what is wrong with it.
It looks at the text; the nodes only say whether a `#` is part of a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ruamel.yaml.nodes import Node

from campaignops.findings import TITLES, Place, nearest_code
from campaignops.manifest.problems import Problems
from campaignops.manifest.source import Source
from campaignops.manifest.yaml import nodes
from campaignops.policy import Waiver, may_be_silenced

MARK = b"campaignops:"
_EXAMPLE = "# campaignops: ignore CMP407 until 2030-01-01 -- why this is fine"
_comment = re.compile(r"(?:^|(?<=\s))#\s*campaignops:\s*(?P<said>.*?)\s*$")
# CSV has no comments: one in the manifest beside `file:` is about the rows, too.
_files = re.compile(r"(?:^|[\s{,])file: *[\"']?([^\s\"',}]+)").findall
_said = re.compile(
    r"ignore\s+(?P<codes>[^\s,]+(?:\s*,\s*[^\s,]+)*)(?:\s+until\s+(?P<until>\S+))?(?:\s+--\s*(?P<reason>.*))?$"
)


def waivers(source: Source, problems: Problems) -> Iterator[Waiver]:
    """The waivers of a file that holds MARK. A comment that is not in order silences nothing, and is a problem."""
    for at, line in enumerate(source.lines):
        found = _comment.search(line.rstrip("\r"))
        if found is None:
            continue
        place = Place(source.file, at + 1, found.start() + 1, len(found[0]))
        if source.line_map is None and _in_a_value(source.root, at, found.start()):
            help = "put the comment on the line of the key, before the text begins"
            message = "this is part of a text, and people would read it"
            problems.add("CMP121", message, place, help=help, severity="warning")
        elif flaw := _flaw(said := _said.match(found["said"])):
            message, help = f"this comment silences nothing: {flaw}", f"for example {_EXAMPLE}"
            problems.add("CMP121", message, place, help=help, severity="warning")
        elif said:
            lines, start = _covered(source.lines, at, found.start()), found.start("said") + 1
            named = tuple(file for line in source.lines[lines[0] - 1 : lines[1]] for file in _files(line))
            until = _date(said["until"]) if said["until"] else None
            for code in re.finditer(r"[^\s,]+", said["codes"]):
                where = Place(source.file, at + 1, start + said.start("codes") + code.start(), len(code[0]))
                if _is_silenceable(code[0], where, problems):
                    yield Waiver(code[0], where, *lines, until, said["reason"], named)


def _flaw(said: re.Match[str] | None) -> str | None:
    if said is None:
        return "it does not begin with `ignore` and a code"
    if said["until"] and _date(said["until"]) is None:
        return f"`{said['until'][:20]}` is not a date"
    return None if said["reason"] else "it gives no reason"


def _is_silenceable(code: str, place: Place, problems: Problems) -> bool:
    problem = no_code(code) or (None if may_be_silenced(code) else cannot(code))
    if problem:
        problems.add(problem[0], problem[1], place, help=problem[2], severity="warning")
    return problem is None


def no_code(code: str) -> tuple[str, str, str] | None:
    """Code, message and help when there is no finding `code`."""
    if code in TITLES:
        return None
    near = nearest_code(code)
    help = f"did you mean {near}, {TITLES[near]}?" if near else "`campaignops explain` lists them all"
    return "CMP119", f"there is no finding `{code[:20]}`", help


def cannot(selector: str) -> tuple[str, str, str]:
    """Code, message and help for one who wants to silence what is an error always."""
    help = "take it out, and put right what it is about; `campaignops explain` says how"
    return "CMP120", f"{selector} cannot be silenced: it is an error, and not a warning", help


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def _covered(lines: list[str], at: int, column: int) -> tuple[int, int]:
    """The lines, from 1, that a comment is about: its own, or the next one if it stands alone, and all below that by
    indentation."""
    first = at
    if not lines[at][:column].strip():
        first = next((n for n in range(at + 1, len(lines)) if not _is_empty(lines[n])), at)
    indent, last = _indent(lines[first]), first
    is_item = lines[first].lstrip().startswith("-")
    for n in range(first + 1, len(lines)):
        if _is_empty(lines[n]):
            continue
        below = _indent(lines[n])
        if below < indent or (below == indent and (is_item or not lines[n].lstrip().startswith("- "))):
            break
        last = n
    return first + 1, last + 1


def _is_empty(line: str) -> bool:
    return line.strip() == "" or line.lstrip().startswith(("#", "{%", "{#"))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _in_a_value(root: Node | None, line: int, column: int) -> bool:
    """Whether a text of the document covers the position."""
    for node in nodes.scalars(root):
        start, end = node.start_mark, node.end_mark
        first = (start.line + 1, 0) if node.style in ("|", ">") else (start.line, start.column)
        if first <= (line, column) < (end.line, end.column):
            return True
    return False
