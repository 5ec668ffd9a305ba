"""The canonical form of a manifest: its author's own lines, in one order, indented by two, quoted only where needed.

ruamel.yaml says where everything stands, and lines are moved whole. Its dumper is not used: it hangs a comment on the
key before it, so keys put in order would leave their comments behind, and it joins lists of several lines. What comes
out is read again and compared before anybody gets it. No file is touched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from campaignops.manifest import nodes
from campaignops.manifest.flaws import Unreadable
from campaignops.manifest.nodes import PLAIN, QUOTED

# Which campaigns a block makes stands first, then what they say, as in the manual's table; other keys come behind.
ORDER = (
    "<<", "moved", "for_each",
    "type", "name", "channel", "sender", "recipients", "message", "send", "session", "prevent_delete",
)  # fmt: skip
STEP = 2

_Lines: TypeAlias = list[str]
_Place: TypeAlias = tuple[int, int]  # line and column, from 0
_Kind = Literal["root", "campaigns", "campaign", "other"]
_BELOW: dict[_Kind, _Kind] = {"campaigns": "campaign"}
_RANK = {name: at for at, name in enumerate(ORDER)}
_BLOCK_TEXT = ("|", ">")

_is_modeline = re.compile(r"#\s*yaml-language-server:").match
_is_odd = re.compile("[\x85\u2028\u2029\ufeff]").search  # line breaks to some readers, to others not
_is_dash = re.compile(r"-(?=[ \t]|\Z)").match
_is_colon = re.compile(r"[ \t]*:(?=[ \t]|\Z)").match
_is_header = re.compile(
    r"(?P<before>[^#]*?)(?P<style>[|>])(?P<how>[-+0-9]*)(?P<after>[ \t]*(?:[ \t]#.*)?)\Z"
).match

# What other readers of YAML take for a number, a date or a truth, and more: +49 30 1234567, 18:06, 2030-07-30 18:06.
_looks_typed = re.compile(
    r"[-+]?[.(]?[0-9][0-9 _.,:()+-]*(?:[eE][-+]?[0-9]+)?|[0-9]{4}-[0-9-]+[Tt ][0-9.:+Zz -]+|[-+]?0[xob][0-9A-Fa-f_]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|(?i:true|false|yes|no|on|off|null)|~|=|<<|"
).fullmatch
# Of these, what has a meaning without quotes here, too, and decimals that every reader prints back as they are.
_is_itself = re.compile(
    r"-?(?:0|[1-9][0-9]{0,17})|-?(?:0|[1-9][0-9]{0,9})\.[0-9]{0,4}[1-9]|true|false|null|Null|NULL|~|<<|"
).fullmatch
# A text with {{ … }} in it may keep its quotes: it needs them as soon as it begins so.
_must_be_quoted = re.compile(r"[-?:,\[\]#&*!|>'\"%@`\s]|\.\.\.|.*(?::\s|:\Z|\s#|[{}]|\s\Z)").match
_must_be_quoted_in_flow = re.compile(r".*[][,:?]").match


class Irregular(Exception):
    """The file cannot be put into the form with certainty and stays as it is; the message, a clause, says why."""


def formatted(data: bytes) -> bytes:
    """The canonical form of a manifest, in UTF-8 with line feeds. Raises Unreadable, and Irregular."""
    given = nodes.parse(data)
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    if not isinstance(given, MappingNode) or given.flow_style or not given.value:
        raise Irregular("it is not a mapping with its keys one below the other")
    if odd := _is_odd(text):
        raise Irregular(f"it holds the character U+{ord(odd[0]):04X}")
    root = nodes.parse(text.encode())  # once more: places are those in `text` now
    assert isinstance(root, MappingNode)
    for ordered in (True, False):  # an alias may need the order of its author
        made = _Writer(text, root, ordered).document().encode()
        if _is_same(given, made):
            return made
    raise Irregular("its lines cannot be moved without changing what they say")


@dataclass(slots=True)
class _Block:
    """A block mapping or block list: `column` of its keys or dashes, `end` the line behind its content."""

    column: int
    entries: list[_Entry] = field(default_factory=list)
    end: int = 0


@dataclass(slots=True)
class _Entry:
    """A key with its value, or an item (`key` None) of a list. `end` is the line behind its content, `tail` the line
    behind the comments indented below it, `lead` the comments and blank lines before it. `block` is what it holds when
    that is a block; `is_alias`: it holds `*name`, and `value` stands elsewhere."""

    line: int
    key: ScalarNode | None
    value: Node
    is_alias: bool
    end: int = 0
    block: _Block | None = None
    tail: int = 0
    lead: _Lines = field(default_factory=list)

    @property
    def name(self) -> str:
        return "" if self.key is None else str(self.key.value)


class _Writer:
    """Writes one document anew: first what stands where, then the lines, from the outside in."""

    def __init__(self, text: str, root: MappingNode, ordered: bool) -> None:
        self._is_open = not text.endswith("\n")  # its last line has no line feed
        self._lines = (text if self._is_open else text[:-1]).split("\n")
        self._ordered = ordered
        self._aliases: set[tuple[int, int]] = set()  # id of the parent, number of the child
        self._quotes: dict[int, list[tuple[int, int, str]]] = {}  # by line: begin, end, what to write there
        self._verbatim: set[int] = set()  # lines whose end is inside quotes
        self._explore(root)
        self._root = self._mapping(root, 1)

    def document(self) -> str:
        first = self._root.entries[0].line
        opening = _squeezed(line.strip() for line in self._lines[:first])
        modeline = next((line for line in opening if _is_modeline(line)), None)
        if modeline is not None and not opening[0].startswith("%"):
            opening.remove(modeline)
            opening.insert(0, modeline)
        body = self._written(self._root, 0, first, len(self._lines), "root")
        return "\n".join([*_without_blanks(_squeezed(opening)), *body, ""])

    # what stands where

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
        (at, start), (last, end) = _start(node), _end(node)
        if at != last:
            if node.style in ("'", '"'):
                self._verbatim.update(range(at, last))
            return
        line = self._lines[at] if at < len(self._lines) else ""
        said = line[start:end]
        if not said or (is_key and not _is_colon(line, end)):
            return  # {"a":1} would be another thing without its quotes
        wanted = said
        if said == node.value and node.ctag is PLAIN:
            wanted = f'"{said}"' if _looks_typed(said) and not _is_itself(said) else said
        elif said[0] in "'\"" and node.ctag is QUOTED:
            wanted = _requoted(said, node.value, in_flow)
        if wanted != said:
            self._quotes.setdefault(at, []).append((start, end, wanted))

    def _mapping(self, node: Any, depth: int) -> _Block:
        block = _Block(_start(node.value[0][0])[1])
        for number, (key, value) in enumerate(node.value):
            at, column = _start(key)
            if not isinstance(key, ScalarNode) or (id(node), 2 * number) in self._aliases:
                raise Irregular("an alias, a list or a mapping stands for a key")
            if column != block.column or self._lines[at][:column].strip(" -") or _end(key)[0] != at:
                raise Irregular("it has a key that does not begin a line")
            if number and at < block.end:
                raise Irregular("it has several keys on one line")
            self._add(block, _Entry(at, key, value, (id(node), 2 * number + 1) in self._aliases), depth)
        return block

    def _list(self, node: Any, line: int, depth: int) -> _Block:
        at, column = _start(node)
        if not _is_dash(self._lines[at], column):  # it has an anchor, which stands before the first dash
            at = self._next(line)
            column = _indent(self._lines[at]) if at < len(self._lines) else 0
        block = _Block(column)
        for number, item in enumerate(node.value):
            at = self._next(block.end) if number else at
            if at >= len(self._lines) or not _is_dash(self._lines[at], column):
                raise Irregular("it has a list without a dash for each item")
            self._add(block, _Entry(at, None, item, (id(node), number) in self._aliases), depth)
        return block

    def _add(self, block: _Block, entry: _Entry, depth: int) -> None:
        if depth > nodes.MAX_DEPTH:
            raise Irregular("it is nested too deeply")
        value: Any = entry.value
        entry.end = entry.line + 1
        if entry.is_alias:
            pass
        elif isinstance(value, ScalarNode):
            if value.style in _BLOCK_TEXT:
                entry.end = self._text_end(value, block.column)
            elif value.value or value.style:
                entry.end = _end(value)[0] + 1
        elif value.flow_style:
            entry.end = _end(value)[0] + 1
        else:
            is_mapping = isinstance(value, MappingNode)
            below = self._mapping(value, depth + 1) if is_mapping else self._list(value, entry.end, depth + 1)
            entry.block, entry.end = below, below.end
        block.entries.append(entry)
        block.end = entry.end

    def _next(self, line: int) -> int:
        """The next line that says something."""
        while line < len(self._lines) and _is_remark(self._lines[line]):
            line += 1
        return line

    def _header(self, node: Node) -> re.Match[str]:
        line, column = _start(node)
        found = _is_header(self._lines[line], column)
        if found is None:
            raise Irregular("it has a text of several lines whose beginning cannot be made out")
        return found

    def _text_indent(self, node: Node, column: int) -> int:
        """The column at which the lines of a block scalar begin."""
        for digit in re.findall("[0-9]", self._header(node)["how"]):
            return column + int(digit)
        for line in self._lines[_start(node)[0] + 1 :]:
            if line.strip(" "):
                return max(len(line) - len(line.lstrip(" ")), column + 1)
        return column + 1

    def _text_end(self, node: Node, column: int) -> int:
        """The line behind a block scalar. Blank lines at its end are part of it when it says so (`|+`)."""
        indent, end = self._text_indent(node, column), _start(node)[0] + 1
        keeps = "+" in self._header(node)["how"]
        for at in range(end, len(self._lines)):
            if self._lines[at][:indent].strip(" "):
                break
            if keeps or self._lines[at][indent:]:
                end = at + 1
        return end

    def _keeps_blanks(self, entry: _Entry) -> bool:
        """Whether an entry ends in a text to which blank lines below it would belong."""
        while entry.block:
            entry = entry.block.entries[-1]
        is_text = isinstance(entry.value, ScalarNode) and entry.value.style in _BLOCK_TEXT
        return is_text and not entry.is_alias and "+" in self._header(entry.value)["how"]

    # what is written

    def _written(self, block: _Block, to: int, begin: int, end: int, kind: _Kind) -> _Lines:
        """The lines of a block at column `to`; its comments stand from the line `begin` to the line `end`."""
        trailing = self._distribute(block, to, begin, end)
        entries = block.entries
        out: _Lines = []
        entries[0].lead = _without_blanks(entries[0].lead)
        if kind == "campaign" and self._ordered:
            out, entries = _in_order(entries)
        for number, entry in enumerate(entries):
            lead = entry.lead if number else _without_blanks(entry.lead)
            if kind == "campaigns" and number and not self._keeps_blanks(entries[number - 1]):
                lead = ["", *_without_blanks(lead)]
            out += lead
            out += self._entry(entry, block.column, to, _below(kind, entry))
        return out + trailing

    def _distribute(self, block: _Block, to: int, begin: int, end: int) -> _Lines:
        """Gives each entry the comments that belong to it: those before it, and those after it that are indented below
        it. The result is what is left behind the last one."""
        lead = self._remarks(begin, block.entries[0].line, to)
        for entry, following in zip(block.entries, [*block.entries[1:], None], strict=True):
            entry.lead = lead
            until = following.line if following else end
            entry.tail = entry.end
            for at in range(entry.end, until):
                line = self._lines[at]
                if not line.strip():
                    continue
                if _indent(line) <= block.column:
                    break
                entry.tail = at + 1
            lead = self._remarks(entry.tail, until, to)
        while lead and not lead[-1]:
            lead.pop()
        return lead

    def _remarks(self, begin: int, end: int, to: int) -> _Lines:
        """Comments and blank lines, at column `to`."""
        lines = self._lines[begin:end]
        if not all(map(_is_remark, lines)):
            raise Irregular("it holds something between its keys that is no comment")
        return _squeezed(_at(to, line.strip()) for line in lines)

    def _entry(self, entry: _Entry, column: int, to: int, kind: _Kind) -> _Lines:
        line, shift = self._lines[entry.line], to - column
        if entry.key is None:
            head, begin = _at(to, "-"), column + 1
        else:
            _, start = _start(entry.key)
            _, end = _end(entry.key)
            colon = _is_colon(line, end)
            if colon is None:
                raise Irregular("it has a key without a colon behind it")
            head, begin = _at(to, self._piece(entry.line, start, end)) + ":", colon.end()
        if entry.block is not None:
            return self._nested(entry, head, begin, shift, kind, to)
        return [*self._valued(entry, head, begin, shift, to), *self._tail(entry, shift, to)]

    def _nested(self, entry: _Entry, head: str, begin: int, shift: int, kind: _Kind, to: int) -> _Lines:
        block = entry.block
        assert block is not None
        below = self._written(block, to + STEP, entry.line + 1, entry.tail, kind)
        if block.entries[0].line == entry.line:  # "- key: value", "- - item"
            return [f"{head} {below[0].lstrip(' ')}", *below[1:]]
        return [self._ended(head, entry.line, begin, shift), *below]

    def _valued(self, entry: _Entry, head: str, begin: int, shift: int, to: int) -> _Lines:
        """The lines of an entry whose value is no block."""
        value: Any = entry.value
        if entry.is_alias or (isinstance(value, ScalarNode) and not value.value and not value.style):
            return [self._ended(head, entry.line, begin, shift)]
        at, start = _start(value)
        if isinstance(value, ScalarNode) and value.style in _BLOCK_TEXT:
            if at != entry.line:
                raise Irregular("it has a text of several lines that begins below its key")
            return [f"{head} {self._text_header(entry)}", *self._text_lines(entry, to - shift, to)]
        if at == entry.line:
            if self._lines[at][begin:start].strip():
                raise Irregular("it has something between a key and its value")
            first, *more = self._pieces(value, shift, to + STEP)
            out = [f"{head} {first}", *more]
        else:
            above = self._remarks(entry.line + 1, at, to + STEP)
            first, *more = self._pieces(value, to + STEP - start, to + STEP)
            out = [
                self._ended(head, entry.line, begin, shift),
                *_without_blanks(above),
                _at(to + STEP, first),
                *more,
            ]
        last, end = _end(value)
        out[-1] = self._ended(out[-1], last, end, shift)
        return out

    def _tail(self, entry: _Entry, shift: int, to: int) -> _Lines:
        """Comments under a value, moved with it: they may stand under a comment beside it. Under a block scalar they
        must not be indented: they would become part of the text."""
        lines = self._lines[entry.end : entry.tail]
        is_text = (
            not entry.is_alias and isinstance(entry.value, ScalarNode) and entry.value.style in _BLOCK_TEXT
        )
        return _squeezed(_at(to if is_text else _indent(line) + shift, line.strip()) for line in lines)

    def _pieces(self, node: Node, shift: int, least: int) -> _Lines:
        """A scalar or flow collection, the lines after its first one moved, but not to a column before `least`."""
        (first, start), (last, end) = _start(node), _end(node)
        out = []
        for at in range(first, last + 1):
            line = self._lines[at]
            piece = self._piece(at, start if at == first else 0, end if at == last else len(line))
            if at not in self._verbatim:
                piece = piece.rstrip()
            if at != first:
                piece = _at(max(_indent(line) + shift, least), piece.lstrip(" \t"))
            out.append(piece)
        return out

    def _piece(self, line: int, start: int, end: int) -> str:
        """A stretch of a line with its quotes changed."""
        out, at = [], start
        for begin, stop, instead in sorted(self._quotes.get(line, ())):
            if start <= begin and stop <= end:
                out += [self._lines[line][at:begin], instead]
                at = stop
        return "".join([*out, self._lines[line][at:end]])

    def _ended(self, said: str, at: int, begin: int, shift: int) -> str:
        """`said` with what follows it on the line `at` from the column `begin`: an anchor or alias, a comment."""
        rest = self._lines[at][begin:]
        left = rest.strip()
        if not left:
            return said
        if not left.startswith("#"):
            return f"{said} {left}"
        blanks = len(rest) - len(rest.lstrip())
        if self._is_column_of_comments(at, begin + blanks):
            blanks = begin + blanks + shift - len(said)
        return f"{said}{' ' * max(blanks, 1)}{left}"

    def _is_column_of_comments(self, at: int, column: int) -> bool:
        around = [self._lines[n] for n in (at - 1, at + 1) if 0 <= n < len(self._lines)]
        return any(line[column - 1 : column + 1] == " #" for line in around)

    def _text_header(self, entry: _Entry) -> str:
        found = self._header(entry.value)
        how = re.sub("[0-9]", str(STEP), found["how"])
        if self._is_open and entry.end == len(self._lines) and "-" not in how:
            how = (
                how.replace("+", "") + "-"
            )  # the last line of the file now gets the line feed that it lacked
        return found["before"] + found["style"] + how + found["after"].rstrip()

    def _text_lines(self, entry: _Entry, column: int, to: int) -> _Lines:
        """The lines of a block scalar below its header; blanks beyond its indentation belong to the text."""
        first, indent = _start(entry.value)[0] + 1, self._text_indent(entry.value, column)
        return [_at(to + STEP, line[indent:]) for line in self._lines[first : entry.end]]


def _below(kind: _Kind, entry: _Entry) -> _Kind:
    if (
        kind == "root"
        and entry.name in ("campaigns", "defaults")
        and entry.block
        and entry.block.entries[0].key
    ):
        return "campaigns" if entry.name == "campaigns" else "campaign"
    return "campaign" if kind == "campaigns" and entry.block and entry.block.entries[0].key else "other"


def _in_order(entries: list[_Entry]) -> tuple[_Lines, list[_Entry]]:
    """The entries of a campaign in their order, and what stands above them all: a comment that a blank line parts from
    the first key is one about the campaign."""
    first = entries[0]
    above: _Lines = []
    if "" in first.lead:
        cut = len(first.lead) - first.lead[::-1].index("")
        above, first.lead = first.lead[:cut], first.lead[cut:]
    return above, sorted(entries, key=lambda entry: _RANK.get(entry.name, len(_RANK)))


def _requoted(said: str, value: str, in_flow: bool) -> str:
    """A quoted scalar without its quotes where they are not needed, else in double ones; unless that took escapes."""
    if not value.isprintable():
        return said
    is_plain = not _looks_typed(value) and not _must_be_quoted(value)
    if (
        is_plain
        and not (in_flow and _must_be_quoted_in_flow(value))
        and (said[0] == "'" or said[1:-1] == value)
    ):
        return value
    return f'"{value}"' if said[0] == "'" and not set(value) & {'"', "\\"} else said


def _is_same(given: Node, made: bytes) -> bool:
    """Whether two documents say the same, but for the order of keys in campaigns."""
    try:
        other = nodes.parse(made)
    except Unreadable:
        return False
    unordered = _campaigns_of(given) | _campaigns_of(other)
    known: set[tuple[int, int]] = set()
    left: list[tuple[Any, Any]] = [(given, other)]
    while left:
        one, two = left.pop()
        if (id(one), id(two)) in known:
            continue
        known.add((id(one), id(two)))
        if type(one) is not type(two) or not _is_same_tag(one, two) or len(one.value) != len(two.value):
            return False
        if isinstance(one, ScalarNode):
            if one.value != two.value:
                return False
        else:
            left += zip(_children(one, unordered), _children(two, unordered), strict=True)
    return True


def _campaigns_of(root: Any) -> set[int]:
    """The ids of the nodes of campaigns, and of what they share."""
    top = root.value if root else []
    found = [value for key, value in top if key.value == "campaigns"]
    of_campaigns = {id(value) for node in found if isinstance(node, MappingNode) for _, value in node.value}
    return of_campaigns | {id(value) for key, value in top if key.value == "defaults"}


def _children(node: Any, unordered: set[int]) -> list[Any]:
    if not isinstance(node, MappingNode):
        return list(node.value)
    pairs = sorted(node.value, key=lambda pair: str(pair[0].value)) if id(node) in unordered else node.value
    return [child for pair in pairs for child in pair]


def _is_same_tag(one: Any, two: Any) -> bool:
    """Quotes make no difference to a text, but to what has a meaning without them."""
    if str(one.ctag) == str(two.ctag):
        return True
    is_text = {str(one.ctag), str(two.ctag)} == {str(PLAIN), str(QUOTED)}
    return is_text and isinstance(one, ScalarNode) and not _is_itself(one.value)


def _start(node: Any) -> _Place:
    return node.start_mark.line, node.start_mark.column


def _end(node: Any) -> _Place:
    return node.end_mark.line, node.end_mark.column


def _at(column: int, text: str) -> str:
    return f"{' ' * column}{text}" if text else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip(" \t").startswith("#")


def _squeezed(lines: Iterable[str]) -> _Lines:
    """Without blank lines that follow one another."""
    out: _Lines = []
    for line in lines:
        if line or (out and out[-1]) or not out:
            out.append(line)
    return out


def _without_blanks(lines: _Lines) -> _Lines:
    """Without blank lines at the beginning."""
    at = next((at for at, line in enumerate(lines) if line), len(lines))
    return lines[at:]
