"""YAML bytes -> nodes with places -> plain values, within bounds. It knows no campaign; it raises Unreadable alone.

Scalars stay the text that the author sees: `+1202…`, `NO` and `2030-07-30` are not numbers, truths or dates here. The
nodes come from libyaml by way of ruamel.yaml.clib (a quarter of the time of ruamel's own C loader); where that package
is missing, from ruamel's parser in Python, which gives the same nodes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from campaignops.manifest.yaml.flaws import (
    Flaw,
    Span,
    Unreadable,
    anchored,
    at,
    duplicate,
    not_a_key,
    not_utf8,
    of_parser,
    span,
    tagged,
    unforeseen,
)

try:
    from _ruamel_yaml import CParser
except ImportError:  # no wheel for this interpreter
    CParser = None

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 100_000
_SMALL_BYTES = 4096
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels, or an anchor that holds itself"
_TOO_MANY = f"more than {MAX_NODES:,} values, aliases counted each time they are used"

# How a scalar was written, or that a collection has no tag; any other tag was written out by the author.
PLAIN, QUOTED = Tag(suffix="plain"), Tag(suffix="quoted")
_NOTHING = frozenset(("", "~", "null", "Null", "NULL"))
_is_integer = re.compile(r"(?:0|-?[1-9][0-9]{0,17})\Z").match
_TRUTH = {"true": True, "false": False}
# libyaml ends the name of an anchor at these; in YAML 1.2 they are part of it.
_has_odd_anchor = re.compile(rb"(?<![^\s\[{,:?-])&[0-9A-Za-z_-]+[:?]").search


class _TooMuch(Exception):
    """Stops the composer from inside: 50,000 nested brackets would end the process in C."""

    def __init__(self, message: str, mark: Any) -> None:
        self.message, self.mark = message, mark


class _Lean:
    """What the composer asks for at each node. It asks for a resolver that knows types; we only note the style."""

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> Tag:
        return PLAIN if value is None or implicit[0] else QUOTED

    # Called before and after every node, and not needed for a text too short to be dangerous: two functions in C that
    # do nothing, because two in Python that do nothing cost a tenth of the whole parse.
    descend_resolver: Any = operator.is_
    ascend_resolver: Any = bool


class _Guarded(_Lean):
    """The same, counting."""

    depth = 0
    nodes = 0

    def _descend(self, parent: Any, index: Any) -> None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH + 1:
            raise _TooMuch(_TOO_DEEP, getattr(parent, "start_mark", None))
        if self.nodes > 2 * MAX_NODES:
            raise _TooMuch(_TOO_MANY, getattr(parent, "start_mark", None))

    def _ascend(self) -> None:
        self.depth -= 1

    descend_resolver = _descend
    ascend_resolver = _ascend


class _PureResolver(_Guarded, VersionedResolver):
    pass


if CParser is not None:

    class _SmallParser(_Lean, CParser):  # type: ignore[misc,unused-ignore]
        pass

    class _LargeParser(_Guarded, CParser):  # type: ignore[misc,unused-ignore]
        pass


def parse(data: bytes, *, pure: bool = CParser is None) -> Node | None:
    """The root node of the one document in `data`, None when it is empty. Raises Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable(Flaw("CMP102", f"the file is larger than {MAX_BYTES // 1_000_000} MB", Span()))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable(not_utf8(data))
    pure = pure or (b"&" in data and _has_odd_anchor(data) is not None)
    try:
        parser = _pure_parser if pure else _SmallParser if len(data) <= _SMALL_BYTES else _LargeParser
        root: Node | None = parser(data).get_single_node()
    except _TooMuch as stop:
        raise Unreadable(Flaw("CMP102", stop.message, at(stop.mark))) from None
    except MarkedYAMLError as error:
        if not pure and "unexpected ':'" in str(error.problem):
            return parse(
                data, pure=True
            )  # {url: https://…}: the libyaml in ruamel.yaml.clib is too old for it
        raise Unreadable(of_parser(error, data)) from None
    except RecursionError:
        raise Unreadable(Flaw("CMP102", _TOO_DEEP, Span())) from None
    except Exception as error:  # noqa: BLE001  (ruamel raises more kinds than it names: ReaderError, ValueError, …)
        raise Unreadable(unforeseen(error, data)) from None
    return root


def _pure_parser(data: bytes) -> Any:
    """ruamel's parser in Python, with the same hooks."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver = _PureResolver
    composer = yaml.get_constructor_parser(data.decode("utf-8"))[0].composer
    composer.warn_double_anchors = False  # the parser in C refuses them; here they are only taken in order
    return composer


Held = list[tuple[Any, Any]]


def values(node: Node, flaws: list[Flaw], *, typed: bool = False, braced: Held | None = None) -> Any:
    """The plain value of a node: dict, list, text or None; with `typed`, also int and bool where they are written so
    that they print back as written. Problems go to `flaws`; where a text with a brace in it is held, (dict, key) or
    (list, index), goes to `braced`: these are the few that may have to be rendered."""
    return _Builder(flaws, typed, [] if braced is None else braced).value(node, 1)


class _Builder:
    __slots__ = ("braced", "flaws", "left", "typed")

    def __init__(self, flaws: list[Flaw], typed: bool, braced: Held) -> None:
        self.flaws = flaws
        self.typed = typed
        self.braced = braced
        self.left = MAX_NODES

    def value(self, node: Node, depth: int) -> Any:
        if node.__class__ is ScalarNode:
            return self.scalar(node)
        if depth > MAX_DEPTH:
            return self.stop(node, _TOO_DEEP)
        self.left -= len(node.value)
        if self.left < 0:
            return self.stop(node, _TOO_MANY)
        if node.ctag is not PLAIN:
            self.flaws.append(tagged(node))
        if node.__class__ is MappingNode:
            return self.mapping(node, depth + 1)
        out = [self.value(item, depth + 1) for item in node.value]
        self.braced += [(out, at) for at, item in enumerate(out) if item.__class__ is str and "{" in item]
        return out

    def scalar(self, node: Node) -> Any:
        text = node.value
        if node.ctag is PLAIN:
            if text in _NOTHING:
                # `text: &tea`: all that its author wrote names a value which is not there
                if not text and node.start_mark.column < node.end_mark.column:
                    self.flaws.append(anchored(node))
                    return "&"
                return None
            return typed(text) if self.typed else text
        if node.ctag is not QUOTED:
            self.flaws.append(tagged(node))
            return text or str(node.ctag)
        return text

    def mapping(self, node: Node, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        merged = []
        for key, item in node.value:
            name = key.value
            if key.__class__ is not ScalarNode:
                self.flaws.append(not_a_key(key))
            elif name in out:
                self.flaws.append(duplicate(node, key))
            elif name == "<<" and key.ctag is PLAIN:
                merged.append(item)
            elif key.ctag is not PLAIN and key.ctag is not QUOTED:
                self.flaws.append(tagged(key))
            elif item.__class__ is not ScalarNode:
                out[name] = self.value(item, depth)
            else:
                out[name] = self.scalar(item)
                if "{" in item.value:
                    self.braced.append((out, name))
        for item in merged:
            self.merge(out, item, depth)
        return out

    def merge(self, out: dict[str, Any], node: Node, depth: int) -> None:
        """`<<: *other` or `<<: [*one, *two]`: what is written here wins over what is merged, one over two."""
        sources = [node] if isinstance(node, MappingNode) else node.value
        if isinstance(node, ScalarNode) or not all(isinstance(source, MappingNode) for source in sources):
            self.flaws.append(
                Flaw("CMP101", "`<<` takes fields, such as *name, or a list of these", span(node))
            )
            return
        for source in sources:
            for name, item in (self.value(source, depth) or {}).items():
                out.setdefault(name, item)

    def stop(self, node: Node, message: str) -> None:
        if not any(flaw.code == "CMP102" for flaw in self.flaws):
            self.flaws.append(Flaw("CMP102", message, span(node)))


def scalars(root: Node | None) -> Iterator[ScalarNode]:
    """Every scalar of a document once, keys too, in no order; an anchor may hold itself."""
    waiting, seen = [root] if root else [], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ScalarNode):
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            waiting += (
                [n for pair in node.value for n in pair] if isinstance(node, MappingNode) else node.value
            )


def typed(text: str) -> str | int | bool:
    """An integer or a truth when `text` is exactly how that prints, else the text."""
    if text in _TRUTH:
        return _TRUTH[text]
    return int(text) if _is_integer(text) else text
