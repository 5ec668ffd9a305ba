"""One file while it is being read: its nodes, and the place of anything in it, looked up only when needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from campaignops.findings import Place, Within
from campaignops.manifest.jinja.render import Renderer, Scope
from campaignops.manifest.jinja.template import rendered
from campaignops.manifest.problems import Problems
from campaignops.manifest.yaml import nodes
from campaignops.manifest.yaml.flaws import Flaw, Span, Unreadable, span
from campaignops.manifest.yaml.nodes import MAX_BYTES

Path = Sequence[str | int]


class LineMap(Protocol):
    """For a file that was rendered before it was parsed: where a stretch of the result comes from."""

    def __call__(self, span: Span) -> Span: ...

    def rendered(self, span: Span) -> str | None: ...


class Source:
    """A parsed file: `file` relative to the project, `root` its root node (None when the document is empty)."""

    def __init__(
        self, file: str, data: bytes, root: Node | None = None, line_map: LineMap | None = None
    ) -> None:
        self.file = file
        self.data = data
        self.root = root
        self.line_map = line_map
        self._notes: dict[Place, str | None] = {}

    @cached_property
    def lines(self) -> list[str]:
        return self.data.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")

    @cached_property
    def campaigns(self) -> dict[str, tuple[Node, Node]]:
        """The pairs (key node, value node) below `campaigns:`, by key; of a key that stands there twice, the first."""
        found = child(self.root, "campaigns") if isinstance(self.root, MappingNode) else None
        if found is None or not isinstance(found[1], MappingNode):
            return {}
        return {pair[0].value: pair for pair in reversed(found[1].value) if isinstance(pair[0], ScalarNode)}

    def place(self, span: Span) -> Place:
        """The place of a stretch, as wide as its first line has it."""
        written = span if self.line_map is None else self.line_map(span)
        end = written.end_column if written.end_line == written.line else self._width(written.line)
        place = Place(self.file, written.line + 1, written.column + 1, max(end - written.column, 1))
        if self.line_map is not None:
            self._notes.setdefault(place, self.line_map.rendered(span))
        return place

    def note_of(self, place: Place) -> str | None:
        """What the template makes of the line of a place, where that is something else than what stands there."""
        return self._notes.get(place)

    def _width(self, line: int) -> int:
        return len(self.lines[line].rstrip()) if line < len(self.lines) else 0

    def place_of(self, node: Node) -> Place:
        if self.line_map is None and node.start_mark.line == node.end_mark.line:
            start = node.start_mark
            return Place(
                self.file, start.line + 1, start.column + 1, max(node.end_mark.column - start.column, 1)
            )
        return self.place(span(node))

    def locate(self, top: tuple[Node, Node], path: Path, *, key: bool = False) -> Place:
        """The place of a field below the pair `top` (key node, value node): of its value when that is a scalar, else of
        its key, or of the key always with `key`; of the nearest parent when the field is not there. A last step Within
        narrows it to a stretch of the value."""
        key_node, node = top
        for part in path:
            if isinstance(part, Within):
                return self._stretch(node, part) or self.place_of(node)
            step = child(node, part)
            if step is None:
                return self.place_of(key_node)
            key_node, node = step
        return self.place_of(node if isinstance(node, ScalarNode) and node.value and not key else key_node)

    def find_in(self, top: tuple[Node, Node], path: Path, word: str) -> Place:
        """The place of a word inside a value; of the value when the word does not stand there as such."""
        import re  # noqa: PLC0415

        node = top[1]
        for part in path:
            step = child(node, part)
            if step is None:
                return self.locate(top, path)
            node = step[1]
        whole = span(node)
        inside_marks = re.compile(rf"\{{[{{%].*?(?<![\w.]){re.escape(word)}(?!\w)")
        if not isinstance(node, ScalarNode) or self.line_map is not None:
            return self.locate(top, path)
        for number in range(whole.line, min(whole.end_line + 1, len(self.lines))):
            start = whole.column if number == whole.line else 0
            found = inside_marks.search(self.lines[number], start)
            if found:
                return Place(self.file, number + 1, found.end() - len(word) + 1, len(word))
        return self.locate(top, path)

    def _stretch(self, node: Node, text: str) -> Place | None:
        """Where `text` stands in a value as its author wrote it; None when that is written in another way."""
        if self.line_map is not None or not isinstance(node, ScalarNode):
            return None
        whole = span(node)
        for number in range(whole.line, min(whole.end_line + 1, len(self.lines))):
            column = self.lines[number].find(text, whole.column if number == whole.line else 0)
            if column >= 0:
                return Place(self.file, number + 1, column + 1, len(text))
        return None

    def report(self, flaws: list[Flaw], problems: Problems) -> None:
        for flaw in flaws:
            note = f"it stands at {self.place(flaw.first)} already" if flaw.first else flaw.note
            problems.add(flaw.code, flaw.message, self.place(flaw.span), note=note, help=flaw.help)


def child(node: Node, part: str | int) -> tuple[Node, Node] | None:
    """From a node to a child: (the node that names it, the child). Looks through `<<` as well."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == part:
                return key, value
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == "<<":
                for source in [value] if isinstance(value, MappingNode) else value.value:
                    if isinstance(source, MappingNode) and (found := child(source, part)):
                        return found
        return None
    if isinstance(part, int) and isinstance(node.value, list) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def read_bytes(path: str) -> bytes:
    """The bytes of a manifest, no more than the limit. Raises OSError, and Unreadable when there are more."""
    handle = os.open(path, os.O_RDONLY | _NONBLOCK)
    try:
        data = os.read(handle, _USUAL_BYTES)
        if len(data) < _USUAL_BYTES:
            return data
        size = os.fstat(handle).st_size
        if size > MAX_BYTES:
            raise Unreadable(Flaw("CMP102", f"the file has {size / 1e6:.1f} MB; the limit is 1 MB", Span()))
        parts = [data]
        while more := os.read(handle, MAX_BYTES):
            parts.append(more)
        return b"".join(parts)
    finally:
        os.close(handle)


_USUAL_BYTES = 16_384
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


def load(root: str, file: str, renderer: Renderer, scope: Scope) -> Source:
    """A manifest, rendered when it is a template, parsed. Raises Unreadable with places in it, and OSError."""
    source = Source(file, read_bytes(f"{root}/{file}"))
    data = source.data
    try:
        if file.endswith(".j2"):
            data, source.line_map = rendered(data, scope, renderer)
        source.root = nodes.parse(data)
    except Unreadable as problem:
        flaw = problem.flaw
        if source.line_map is not None:
            note = flaw.note or source.line_map.rendered(flaw.span)
            flaw = flaw._replace(span=source.line_map(flaw.span), note=note)
        raise Unreadable(flaw, source.data) from None
    return source
