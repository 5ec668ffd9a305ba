"""The canonical form of a manifest: its author's own lines, in one order, indented by two, quoted only where needed.

ruamel.yaml says where everything stands, and lines are moved whole. Its dumper is not used: it hangs a comment on the
key before it, so keys put in order would leave their comments behind, and it joins lists of several lines. What comes
out is read again and compared before anybody gets it. No file is touched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from campaignops.manifest.yaml import nodes
from campaignops.manifest.yaml.layout import (
    BLOCK_TEXT,
    Block,
    Entry,
    Irregular,
    Layout,
    Lines,
    end_of,
    indent_of,
    is_colon,
    is_remark,
    start_of,
)
from campaignops.manifest.yaml.same import is_same

# Which campaigns a block makes stands first, then what they say, as in the manual's table; other keys come behind.
ORDER = (
    "<<", "moved", "for_each",
    "type", "name", "channel", "sender", "recipients", "message", "send", "session", "prevent_delete",
)  # fmt: skip
STEP = 2

_Kind = Literal["root", "campaigns", "campaign", "other"]
_RANK = {name: at for at, name in enumerate(ORDER)}

_is_modeline = re.compile(r"#\s*yaml-language-server:").match
_is_odd = re.compile("[\x85\u2028\u2029\ufeff]").search  # line breaks to some readers, to others not


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
        made = _Writer(Layout(text, root), ordered).document().encode()
        if is_same(given, made):
            return made
    raise Irregular("its lines cannot be moved without changing what they say")


class _Writer:
    """Writes one document anew, from the outside in."""

    def __init__(self, layout: Layout, ordered: bool) -> None:
        self._layout, self._lines, self._ordered = layout, layout.lines, ordered

    def document(self) -> str:
        first = self._layout.root.entries[0].line
        opening = _squeezed(line.strip() for line in self._lines[:first])
        modeline = next((line for line in opening if _is_modeline(line)), None)
        if modeline is not None and not opening[0].startswith("%"):
            opening.remove(modeline)
            opening.insert(0, modeline)
        body = self._written(self._layout.root, 0, first, len(self._lines), "root")
        return "\n".join([*_without_blanks(_squeezed(opening)), *body, ""])

    def _written(self, block: Block, to: int, begin: int, end: int, kind: _Kind) -> Lines:
        """The lines of a block at column `to`; its comments stand from the line `begin` to the line `end`."""
        trailing = self._distribute(block, to, begin, end)
        entries = block.entries
        out: Lines = []
        entries[0].lead = _without_blanks(entries[0].lead)
        if kind == "campaign" and self._ordered:
            out, entries = _in_order(entries)
        for number, entry in enumerate(entries):
            lead = entry.lead if number else _without_blanks(entry.lead)
            if kind == "campaigns" and number and not self._layout.keeps_blanks(entries[number - 1]):
                lead = ["", *_without_blanks(lead)]
            out += lead
            out += self._entry(entry, block.column, to, _below(kind, entry))
        return out + trailing

    def _distribute(self, block: Block, to: int, begin: int, end: int) -> Lines:
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
                if indent_of(line) <= block.column:
                    break
                entry.tail = at + 1
            lead = self._remarks(entry.tail, until, to)
        while lead and not lead[-1]:
            lead.pop()
        return lead

    def _remarks(self, begin: int, end: int, to: int) -> Lines:
        """Comments and blank lines, at column `to`."""
        lines = self._lines[begin:end]
        if not all(map(is_remark, lines)):
            raise Irregular("it holds something between its keys that is no comment")
        return _squeezed(_at(to, line.strip()) for line in lines)

    def _entry(self, entry: Entry, column: int, to: int, kind: _Kind) -> Lines:
        line, shift = self._lines[entry.line], to - column
        if entry.key is None:
            head, begin = _at(to, "-"), column + 1
        else:
            _, start = start_of(entry.key)
            _, end = end_of(entry.key)
            colon = is_colon(line, end)
            if colon is None:
                raise Irregular("it has a key without a colon behind it")
            head, begin = _at(to, self._piece(entry.line, start, end)) + ":", colon.end()
        if entry.block is not None:
            return self._nested(entry, head, begin, shift, kind, to)
        return [*self._valued(entry, head, begin, shift, to), *self._tail(entry, shift, to)]

    def _nested(self, entry: Entry, head: str, begin: int, shift: int, kind: _Kind, to: int) -> Lines:
        block = entry.block
        assert block is not None
        below = self._written(block, to + STEP, entry.line + 1, entry.tail, kind)
        if block.entries[0].line == entry.line:  # "- key: value", "- - item"
            return [f"{head} {below[0].lstrip(' ')}", *below[1:]]
        return [self._ended(head, entry.line, begin, shift), *below]

    def _valued(self, entry: Entry, head: str, begin: int, shift: int, to: int) -> Lines:
        """The lines of an entry whose value is no block."""
        value: Any = entry.value
        if entry.is_alias or (isinstance(value, ScalarNode) and not value.value and not value.style):
            return [self._ended(head, entry.line, begin, shift)]
        at, start = start_of(value)
        if isinstance(value, ScalarNode) and value.style in BLOCK_TEXT:
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
        last, end = end_of(value)
        out[-1] = self._ended(out[-1], last, end, shift)
        return out

    def _tail(self, entry: Entry, shift: int, to: int) -> Lines:
        """Comments under a value, moved with it: they may stand under a comment beside it. Under a block scalar they
        must not be indented: they would become part of the text."""
        lines = self._lines[entry.end : entry.tail]
        is_text = (
            not entry.is_alias and isinstance(entry.value, ScalarNode) and entry.value.style in BLOCK_TEXT
        )
        return _squeezed(_at(to if is_text else indent_of(line) + shift, line.strip()) for line in lines)

    def _pieces(self, node: Node, shift: int, least: int) -> Lines:
        """A scalar or flow collection, the lines after its first one moved, but not to a column before `least`."""
        (first, start), (last, end) = start_of(node), end_of(node)
        out = []
        for at in range(first, last + 1):
            line = self._lines[at]
            piece = self._piece(at, start if at == first else 0, end if at == last else len(line))
            if at not in self._layout.verbatim:
                piece = piece.rstrip()
            if at != first:
                piece = _at(max(indent_of(line) + shift, least), piece.lstrip(" \t"))
            out.append(piece)
        return out

    def _piece(self, line: int, start: int, end: int) -> str:
        """A stretch of a line with its quotes changed."""
        out, at = [], start
        for begin, stop, instead in sorted(self._layout.quotes.get(line, ())):
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

    def _text_header(self, entry: Entry) -> str:
        found = self._layout.header(entry.value)
        how = re.sub("[0-9]", str(STEP), found["how"])
        if self._layout.is_open and entry.end == len(self._lines) and "-" not in how:
            how = (
                how.replace("+", "") + "-"
            )  # the last line of the file now gets the line feed that it lacked
        return found["before"] + found["style"] + how + found["after"].rstrip()

    def _text_lines(self, entry: Entry, column: int, to: int) -> Lines:
        """The lines of a block scalar below its header; blanks beyond its indentation belong to the text."""
        first, indent = start_of(entry.value)[0] + 1, self._layout.text_indent(entry.value, column)
        return [_at(to + STEP, line[indent:]) for line in self._lines[first : entry.end]]


def _below(kind: _Kind, entry: Entry) -> _Kind:
    if (
        kind == "root"
        and entry.name in ("campaigns", "defaults")
        and entry.block
        and entry.block.entries[0].key
    ):
        return "campaigns" if entry.name == "campaigns" else "campaign"
    return "campaign" if kind == "campaigns" and entry.block and entry.block.entries[0].key else "other"


def _in_order(entries: list[Entry]) -> tuple[Lines, list[Entry]]:
    """The entries of a campaign in their order, and what stands above them all: a comment that a blank line parts from
    the first key is one about the campaign."""
    first = entries[0]
    above: Lines = []
    if "" in first.lead:
        cut = len(first.lead) - first.lead[::-1].index("")
        above, first.lead = first.lead[:cut], first.lead[cut:]
    return above, sorted(entries, key=lambda entry: _RANK.get(entry.name, len(_RANK)))


def _at(column: int, text: str) -> str:
    return f"{' ' * column}{text}" if text else ""


def _squeezed(lines: Iterable[str]) -> Lines:
    """Without blank lines that follow one another."""
    out: Lines = []
    for line in lines:
        if line or (out and out[-1]) or not out:
            out.append(line)
    return out


def _without_blanks(lines: Lines) -> Lines:
    """Without blank lines at the beginning."""
    at = next((at for at, line in enumerate(lines) if line), len(lines))
    return lines[at:]
