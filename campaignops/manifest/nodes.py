"""YAML bytes -> nodes with places -> plain values, within bounds. It knows no campaign; it raises Unreadable alone.

Scalars stay the text that the author sees: `+1202…`, `NO` and `2030-07-30` are not numbers, truths or dates here. The
nodes come from libyaml by way of ruamel.yaml.clib (a quarter of the time of ruamel's own C loader); where that package
is missing, from ruamel's parser in Python, which gives the same nodes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

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


class Span(NamedTuple):
    """A stretch of the text, lines and columns from 0."""

    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 1


class Flaw(NamedTuple):
    """Something wrong with the YAML itself, before anybody asks what it means; `first` is where it stood before."""

    code: str
    message: str
    span: Span
    note: str | None = None
    help: str | None = None
    first: Span | None = None


class Unreadable(Exception):
    """The text has no nodes; `flaw` says why. `data` is the text, where it was had."""

    def __init__(self, flaw: Flaw, data: bytes = b"") -> None:
        super().__init__(flaw.message)
        self.flaw = flaw
        self.data = data


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
        raise Unreadable(_not_utf8(data))
    pure = pure or (b"&" in data and _has_odd_anchor(data) is not None)
    try:
        parser = _pure_parser if pure else _SmallParser if len(data) <= _SMALL_BYTES else _LargeParser
        root: Node | None = parser(data).get_single_node()
    except _TooMuch as stop:
        raise Unreadable(Flaw("CMP102", stop.message, _span_of(stop.mark))) from None
    except MarkedYAMLError as error:
        if not pure and "unexpected ':'" in str(error.problem):
            return parse(
                data, pure=True
            )  # {url: https://…}: the libyaml in ruamel.yaml.clib is too old for it
        raise Unreadable(_flaw_of(error, data)) from None
    except Exception as error:  # noqa: BLE001  (ruamel raises more kinds than it names: ReaderError, ValueError, …)
        raise Unreadable(_unforeseen(error, data)) from None
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
            self.flaws.append(_tagged(node))
        if node.__class__ is MappingNode:
            return self.mapping(node, depth + 1)
        out = [self.value(item, depth + 1) for item in node.value]
        self.braced += [(out, at) for at, item in enumerate(out) if item.__class__ is str and "{" in item]
        return out

    def scalar(self, node: Node) -> Any:
        text = node.value
        if node.ctag is PLAIN:
            if text in _NOTHING:
                return None
            return typed(text) if self.typed else text
        if node.ctag is not QUOTED:
            self.flaws.append(_tagged(node))
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
                self.flaws.append(_tagged(key))
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
                Flaw("CMP101", "`<<` takes a mapping, or a list of mappings", _span_of_node(node))
            )
            return
        for source in sources:
            for name, item in (self.value(source, depth) or {}).items():
                out.setdefault(name, item)

    def stop(self, node: Node, message: str) -> None:
        if not any(flaw.code == "CMP102" for flaw in self.flaws):
            self.flaws.append(Flaw("CMP102", message, _span_of_node(node)))


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


def _span_of(mark: Any, end: Any = None) -> Span:
    if mark is None:
        return Span()
    if end is None:
        return Span(mark.line, mark.column, mark.line, mark.column + 1)
    return Span(mark.line, mark.column, end.line, end.column)


def _span_of_node(node: Node) -> Span:
    return _span_of(node.start_mark, node.end_mark)


span = _span_of_node


def _tagged(node: Node) -> Flaw:
    help = (
        "leave the tag away: every value is read as text"
        if isinstance(node, ScalarNode)
        else "leave the tag away"
    )
    return Flaw("CMP101", "tags such as `!!str` are not used in manifests", _span_of_node(node), help=help)


def not_a_key(key: Node) -> Flaw:
    help = 'put quotes round a value that begins with {{, for example "{{ brand }}"'
    return Flaw("CMP101", "a list or mapping cannot be a key", _span_of_node(key), help=help)


def duplicate(node: Node, key: Node) -> Flaw:
    first = next(other for other, _ in node.value if other.value == key.value)
    return Flaw("CMP103", f"duplicate key `{key.value}`", _span_of_node(key), first=_span_of_node(first))


def _not_utf8(data: bytes, start: int = 0) -> Flaw:
    before = data[:start].decode("utf-8", "replace")
    line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    help = "save the file as UTF-8"
    return Flaw("CMP117", "the file is not UTF-8 text", Span(line, column, line, column + 1), help=help)


def _unforeseen(error: Exception, data: bytes) -> Flaw:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return _not_utf8(data, wrong.start)
    if "\0" in text:
        return _not_utf8(data, data.index(b"\0"))
    if isinstance(error, RecursionError):
        return Flaw("CMP102", _TOO_DEEP, Span())
    odd = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if odd is None:
        return Flaw("CMP101", "not valid YAML", Span(), note=str(error).partition("\n")[0][:200])
    line, column = text.count("\n", 0, odd.start()), odd.start() - text.rfind("\n", 0, odd.start()) - 1
    return Flaw("CMP101", "a control character stands in the text", Span(line, column, line, column + 1))


# What libyaml says, and what the author can do about it.
_HELP = (
    ("cannot start any token", "a value that begins with this character needs quotes"),
    ("mapping values are not allowed", "put quotes round a text that holds `: `"),
    ("did not find expected key", "check the indentation, and quotes inside quoted text"),
    ("did not find expected '-'", "check the indentation of the list"),
    ("could not find expected ':'", "a key needs a colon and a blank after it"),
    ("unexpected end of stream", "a quotation mark is opened and never closed"),
    ("undefined alias", "name an anchor that stands above, or put quotes round a text that begins with *"),
    ("unknown escape", "in double quotes a backslash is written twice; single quotes take it as it is"),
)


def _flaw_of(error: MarkedYAMLError, data: bytes) -> Flaw:
    problem = str(error.problem or error.context or "")
    ended = "end of stream" in problem  # what was begun is more telling than where the file ends
    where = _span_of((ended and error.context_mark) or error.problem_mark or error.context_mark)
    if "second occurrence" in problem:
        return Flaw("CMP101", "an anchor is defined twice", where, help="give one of them another name")
    if "another document" in problem:
        help = "one file is one document: put the campaigns under one `campaigns:`, or in several files"
        return Flaw("CMP101", "several YAML documents in one file", where, help=help)
    lines = data.decode("utf-8", "replace").splitlines()
    if where.line >= len(lines) > 0:
        where = Span(len(lines) - 1, max(len(lines[-1]) - 1, 0), len(lines) - 1, len(lines[-1]))
    line = lines[where.line] if lines else ""
    if "\t" in line[: where.column + 1] and not line[: where.column].strip():
        tab = line.index("\t")
        where = Span(where.line, tab, where.line, tab + 1)
        return Flaw("CMP101", "a tab in the indentation", where, help="YAML is indented with blanks only")
    advice = next((text for said, text in _HELP if said in problem), None)
    return Flaw("CMP101", f"not valid YAML: {problem}", where, help=advice)
