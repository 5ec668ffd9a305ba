"""What stands where in a manifest: its blocks, their entries, the lines and comments of each. It changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from campaignops.manifest.yaml import nodes
from campaignops.manifest.yaml.nodes import PLAIN, QUOTED
from campaignops.manifest.yaml.quoting import is_itself, looks_typed, requoted

Lines: TypeAlias = list[str]
Place: TypeAlias = tuple[int, int]  # line and column, from 0
BLOCK_TEXT = ("|", ">")

_is_dash = re.compile(r"-(?=[ \t]|\Z)").match
is_colon = re.compile(r"[ \t]*:(?=[ \t]|\Z)").match
_is_header = re.compile(
    r"(?P<before>[^#]*?)(?P<style>[|>])(?P<how>[-+0-9]*)(?P<after>[ \t]*(?:[ \t]#.*)?)\Z"
).match


class Irregular(Exception):
    """The file cannot be put into the form with certainty and stays as it is; the message, a clause, says why."""


@dataclass(slots=True)
class Block:
    """A block mapping or block list: `column` of its keys or dashes, `end` the line behind its content."""

    column: int
    entries: list[Entry] = field(default_factory=list)
    end: int = 0


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item (`key` None) of a list. `end` is the line behind its content, `tail` the line
    behind the comments indented below it, `lead` the comments and blank lines before it. `block` is what it holds when
    that is a block; `is_alias`: it holds `*name`, and `value` stands elsewhere."""

    line: int
    key: ScalarNode | None
    value: Node
    is_alias: bool
    end: int = 0
    block: Block | None = None
    tail: int = 0
    lead: Lines = field(default_factory=list)

    @property
    def name(self) -> str:
        return "" if self.key is None else str(self.key.value)


class Layout:
    """Of one document. `quotes`: by line, what is to be written from where to where; `verbatim`: the lines whose end is
    inside quotes. Raises Irregular."""

    def __init__(self, text: str, root: MappingNode) -> None:
        self.is_open = not text.endswith("\n")  # its last line has no line feed
        self.lines = (text if self.is_open else text[:-1]).split("\n")
        self._aliases: set[tuple[int, int]] = set()  # id of the parent, number of the child
        self.quotes: dict[int, list[tuple[int, int, str]]] = {}
        self.verbatim: set[int] = set()
        self._explore(root)
        self.root = self._mapping(root, 1)

    def _explore(self, root: MappingNode) -> None:
        """Finds aliases, which share the node that they stand for, and the quotes to change."""
        seen: set[int] = {id(root)}
        left: list[tuple[Any, bool]] = [(root, False)]
        while left:
            node, in_flow = left.pop()
            is_mapping = isinstance(node, MappingNode)
            children = [child for pair in node.value for child in pair] if is_mapping else node.value
            below = []
            for at, child in enumerate(children):
                if id(child) in seen:
                    self._aliases.add((id(node), at))
                elif isinstance(child, ScalarNode):
                    self._quote(child, in_flow, is_key=is_mapping and at % 2 == 0)
                else:
                    below.append((child, in_flow or bool(child.flow_style)))
                seen.add(id(child))
            left += reversed(below)  # in the order of the file: an anchor is met before its aliases

    def _quote(self, node: ScalarNode, in_flow: bool, *, is_key: bool) -> None:
        (at, start), (last, end) = start_of(node), end_of(node)
        if at != last:
            if node.style in ("'", '"'):
                self.verbatim.update(range(at, last))
            return
        line = self.lines[at] if at < len(self.lines) else ""
        said = line[start:end]
        if not said or (is_key and not is_colon(line, end)):
            return  # {"a":1} would be another thing without its quotes
        wanted = said
        if said == node.value and node.ctag is PLAIN:
            wanted = f'"{said}"' if looks_typed(said) and not is_itself(said) else said
        elif said[0] in "'\"" and node.ctag is QUOTED:
            wanted = requoted(said, node.value, in_flow)
        if wanted != said:
            self.quotes.setdefault(at, []).append((start, end, wanted))

    def _mapping(self, node: Any, depth: int) -> Block:
        block = Block(start_of(node.value[0][0])[1])
        for number, (key, value) in enumerate(node.value):
            at, column = start_of(key)
            if not isinstance(key, ScalarNode) or (id(node), 2 * number) in self._aliases:
                raise Irregular("an alias, a list or a mapping stands for a key")
            if column != block.column or self.lines[at][:column].strip(" -") or end_of(key)[0] != at:
                raise Irregular("it has a key that does not begin a line")
            if number and at < block.end:
                raise Irregular("it has several keys on one line")
            self._add(block, Entry(at, key, value, (id(node), 2 * number + 1) in self._aliases), depth)
        return block

    def _list(self, node: Any, line: int, depth: int) -> Block:
        at, column = start_of(node)
        if not _is_dash(self.lines[at], column):  # it has an anchor, which stands before the first dash
            at = self._next(line)
            column = indent_of(self.lines[at]) if at < len(self.lines) else 0
        block = Block(column)
        for number, item in enumerate(node.value):
            at = self._next(block.end) if number else at
            if at >= len(self.lines) or not _is_dash(self.lines[at], column):
                raise Irregular("it has a list without a dash for each item")
            self._add(block, Entry(at, None, item, (id(node), number) in self._aliases), depth)
        return block

    def _add(self, block: Block, entry: Entry, depth: int) -> None:
        if depth > nodes.MAX_DEPTH:
            raise Irregular("it is nested too deeply")
        value: Any = entry.value
        entry.end = entry.line + 1
        if entry.is_alias:
            pass
        elif isinstance(value, ScalarNode):
            if value.style in BLOCK_TEXT:
                entry.end = self._text_end(value, block.column)
            elif value.value or value.style:
                entry.end = end_of(value)[0] + 1
        elif value.flow_style:
            entry.end = end_of(value)[0] + 1
        else:
            is_mapping = isinstance(value, MappingNode)
            below = self._mapping(value, depth + 1) if is_mapping else self._list(value, entry.end, depth + 1)
            entry.block, entry.end = below, below.end
        block.entries.append(entry)
        block.end = entry.end

    def _next(self, line: int) -> int:
        """The next line that says something."""
        while line < len(self.lines) and is_remark(self.lines[line]):
            line += 1
        return line

    def header(self, node: Node) -> re.Match[str]:
        line, column = start_of(node)
        found = _is_header(self.lines[line], column)
        if found is None:
            raise Irregular("it has a text of several lines whose beginning cannot be made out")
        return found

    def text_indent(self, node: Node, column: int) -> int:
        """The column at which the lines of a block scalar begin."""
        for digit in re.findall("[0-9]", self.header(node)["how"]):
            return column + int(digit)
        for line in self.lines[start_of(node)[0] + 1 :]:
            if line.strip(" "):
                return max(len(line) - len(line.lstrip(" ")), column + 1)
        return column + 1

    def _text_end(self, node: Node, column: int) -> int:
        """The line behind a block scalar. Blank lines at its end are part of it when it says so (`|+`)."""
        indent, end = self.text_indent(node, column), start_of(node)[0] + 1
        keeps = "+" in self.header(node)["how"]
        for at in range(end, len(self.lines)):
            if self.lines[at][:indent].strip(" "):
                break
            if keeps or self.lines[at][indent:]:
                end = at + 1
        return end

    def keeps_blanks(self, entry: Entry) -> bool:
        """Whether an entry ends in a text to which blank lines below it would belong."""
        while entry.block:
            entry = entry.block.entries[-1]
        is_text = isinstance(entry.value, ScalarNode) and entry.value.style in BLOCK_TEXT
        return is_text and not entry.is_alias and "+" in self.header(entry.value)["how"]


def start_of(node: Any) -> Place:
    return node.start_mark.line, node.start_mark.column


def end_of(node: Any) -> Place:
    return node.end_mark.line, node.end_mark.column


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip(" \t").startswith("#")
