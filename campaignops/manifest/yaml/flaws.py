"""What is wrong with the YAML of a file, in the author's words and at its place, whatever the parsers say."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import Node, ScalarNode


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


_QUOTE = "put quotes round a text that "


def at(mark: Any, end: Any = None) -> Span:
    if mark is None:
        return Span()
    if end is None:
        return Span(mark.line, mark.column, mark.line, mark.column + 1)
    return Span(mark.line, mark.column, end.line, end.column)


def span(node: Node) -> Span:
    return at(node.start_mark, node.end_mark)


def tagged(node: Node) -> Flaw:
    help = "leave away what begins with !, such as `!!str`"
    if isinstance(node, ScalarNode):
        help = _QUOTE + "begins with it; `!!str` and its like can go: every value is read as text"
    return Flaw("CMP101", "a value cannot begin with !", span(node), help=help)


def anchored(node: Node) -> Flaw:
    return Flaw("CMP101", "a value cannot begin with &", span(node), help=_QUOTE + "begins with it")


NOT_A_KEY = "braces or brackets where the name of a field must stand"


def not_a_key(key: Node) -> Flaw:
    help = 'put quotes round a value that begins with {{, for example "{{ brand }}"'
    return Flaw("CMP101", NOT_A_KEY, span(key), help=help)


def duplicate(node: Node, key: Node) -> Flaw:
    first = next(other for other, _ in node.value if other.value == key.value)
    return Flaw("CMP103", f"duplicate key `{key.value}`", span(key), first=span(first))


def not_utf8(data: bytes, start: int = 0) -> Flaw:
    before = data[:start].decode("utf-8", "replace")
    line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    help, message = "save the file as UTF-8", "the file is not UTF-8 text"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        message = "the file is UTF-16 text, and not UTF-8"
        help = "save it as UTF-8; PowerShell's > writes UTF-16, and `| Out-File -Encoding utf8` does not"
    return Flaw("CMP117", message, Span(line, column, line, column + 1), help=help)


def unforeseen(error: Exception, data: bytes) -> Flaw:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return not_utf8(data, wrong.start)
    if "\0" in text:
        return not_utf8(data, data.index(b"\0"))
    odd = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if odd is None:
        return Flaw("CMP101", "not valid YAML", Span(), note=str(error).partition("\n")[0][:200])
    line, column = text.count("\n", 0, odd.start()), odd.start() - text.rfind("\n", 0, odd.start()) - 1
    return Flaw("CMP101", "a control character stands in the text", Span(line, column, line, column + 1))


# What the parsers say, what it means, and what the author can do about it; in the order in which they are looked for.
_BACKSLASH = "write it twice, or use single quotes, which take it as it is; between folders write /"
_SAID: tuple[tuple[str, str, str], ...] = (
    ("second occurrence", "two values are named alike with &", "give one of them another name"),
    (
        "another document",
        "several YAML documents in one file",
        "one file is one document: put the campaigns under one `campaigns:`, or in several files",
    ),
    (
        "<document start>",
        "the file goes on after its end",
        "take out the line `...`, or put what follows into another file",
    ),
    ("incompatible YAML", "`%YAML` names a version that is not read here", "leave the line out"),
    (
        "mapping values are not allowed",
        "a colon where none can stand",
        _QUOTE + "holds `: `; and check the line above",
    ),
    ("cannot start any token", "a value cannot begin with this character", _QUOTE + "begins with it"),
    (
        "did not find expected key",
        "this does not fit what stands above",
        "check the indentation, and quotes that are not closed",
    ),
    (
        "expected '-'",
        "this is no item of the list above",
        "check the indentation: each item begins with `- ` in one column",
    ),
    (
        "',' or ']'",
        "a list in [ ] is not closed, or misses a comma",
        "write [one, two] with a comma between and ] at the end",
    ),
    (
        "',' or '}'",
        "what is in { } is not closed, or misses a comma",
        "write {a: 1, b: 2} with a comma between and } at the end",
    ),
    (
        "expected ':'",
        "a key without its colon",
        "a key needs a colon and a blank after it; a text goes on deeper than its key",
    ),
    (
        "unexpected end of stream",
        "a quotation mark is opened and never closed",
        "close it with the same character",
    ),
    (
        "undefined alias",
        "a value cannot begin with *, unless one above is named so",
        _QUOTE + "begins with *",
    ),
    ("alphabetic or numeric", "a value cannot begin with * or &", _QUOTE + "begins with * or &"),
    (
        "unknown escape",
        "a backslash in double quotes",
        _BACKSLASH,
    ),
    ("hexdecimal", "a backslash in double quotes", _BACKSLASH),
    ("expected node content", "a value cannot begin with this character", _QUOTE + "begins with it"),
    ("mapping keys are not allowed", "a value cannot begin with `? `", _QUOTE + "begins with it"),
    (
        "sequence entries are not allowed",
        "a list cannot begin here",
        "begin it on the next line; or " + _QUOTE + "begins with `- `",
    ),
    (
        "comment or line break",
        "a text behind | or > begins on the next line",
        "write it below, indented; or leave the | or > out",
    ),
)
_OF_MERGE = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
# Where these begin tells more than where the parser notices them.
_NOTICED_LATE = ("end of stream", "',' or", "expected ':'")
_CURLY = re.compile("[“”„‟]")


def of_parser(error: MarkedYAMLError, data: bytes) -> Flaw:
    """What a parser found."""
    problem = str(error.problem or error.context or "")
    ended = "end of stream" in problem
    mark, begun = error.problem_mark or error.context_mark, error.context_mark
    if begun and any(said in problem for said in _NOTICED_LATE) and (ended or begun.line != mark.line):
        mark = begun
    where = at(mark)
    text = data.decode("utf-8", "replace")
    if merge := _OF_MERGE.search(text):
        line = text.count("\n", 0, merge.start())
        return Flaw(
            "CMP101",
            "left over from a merge of git",
            Span(line, 0, line, 7),
            None,
            "decide, and take out the three lines",
        )
    lines = text.splitlines()
    if where.line >= len(lines) > 0:
        where = Span(len(lines) - 1, max(len(lines[-1]) - 1, 0), len(lines) - 1, len(lines[-1]))
    line_text = lines[where.line] if lines else ""
    if "\t" in line_text[: where.column + 1] and not line_text[: where.column].strip():
        tab = line_text.index("\t")
        where = Span(where.line, tab, where.line, tab + 1)
        return Flaw("CMP101", "a tab in the indentation", where, help="YAML is indented with blanks only")
    if "mapping values are not allowed" in problem and (flaw := _no_colon(lines, where)):
        return flaw
    if (opened := _opened_above(lines, where)) and "did not find expected" in problem:
        problem, where = "unexpected end of stream", opened
    elif flaw := _unquoted(line_text, where):
        return flaw
    message, help = next(((m, h) for said, m, h in _SAID if said in problem), ("not valid YAML", None))
    if "not closed" in message and " #" in line_text:
        help = "put quotes round a text that holds ` #`: what stands behind it is a comment"
    elif help and "quote" in help and _CURLY.search(line_text):
        help = 'write " in the place of “ and ”: they are other characters, and close no text'
    return Flaw("CMP101", message, where, None if help else problem[:200], help)


def _opened_above(lines: list[str], where: Span) -> Span | None:
    """The quotation mark that was opened on a line above, and that the one before this place closes."""
    if not lines[where.line][: where.column].rstrip().endswith('"'):
        return None
    for number in range(where.line - 1, -1, -1):
        if found := re.search(r"[:-] +(\")[^\"]*$", lines[number]):
            return Span(number, found.start(1), number, found.end(1))
        if '"' in lines[number]:
            return None
    return None


def _unquoted(line: str, where: Span) -> Flaw | None:
    """A text that needs quotes, or other ones, by what stands where the parser stopped."""
    before, rest = line[: where.column].rstrip(), line[where.column :]
    message, help = "", "put quotes round the whole text"
    if rest.startswith("{{") or re.search(r"(?:^\s*|[:-] +)\{\{[^{}]*\}\}$", before):
        message, help = (
            "a value with {{ }} in it needs quotes",
            'put quotes round all of it, as in "{{ brand }} tea"',
        )
    elif rest.startswith(":") and (written := _in_quotes(line)):
        message, help = "a colon where none can stand", written
    elif re.search(r"(?:: |- |^\s*)\[[^\]]*\]$", before) and not rest.startswith((":", ",", "]", "}")):
        message = "a text that begins with [ needs quotes"
    elif re.match(r"\w+ *:", rest):
        pass  # a comma is missing
    elif before.endswith('"') and rest[:1].isalnum():
        message = "the text ends at this quotation mark, and something follows"
        help = """write \\" for each " inside of the text, or put ' round it"""
    elif re.search(r"\w'$", before) and rest[:1].isalnum():
        message = "the text ends at this apostrophe, and something follows"
        help = """write '' for each ' inside of the text, or put " round it"""
    return Flaw("CMP101", message, where, help=help) if message else None


def _in_quotes(line: str) -> str | None:
    """How to write a line whose text holds a colon."""
    found = re.match(r"\s*(?:- )?([\w.-]+): +([^\s\"'{\[].*?)\s*$", line)
    if found is None:
        return None
    name, text = found.groups()
    text = text[1:-1] if _CURLY.match(text) and _CURLY.match(text[-1]) else text
    if '"' in text or "\\" in text:
        return None
    below = (
        f"; or {name}: {{{text}}}, if all of this belongs to `{name}`"
        if re.match(r"[a-z_]+: +\S", text)
        else ""
    )
    return f'write {name}: "{text}"{below}'


def _no_colon(lines: list[str], where: Span) -> Flaw | None:
    """The line above, when that is no key with a colon and a blank; the parser notices it one key later."""
    number = next((n for n in range(where.line - 1, -1, -1) if lines[n].strip()), None)
    if number is None or ": " in lines[where.line][: where.column]:
        return None
    line = lines[number]
    indent, end = len(line) - len(line.lstrip()), len(line.rstrip())
    if found := re.match(r"\s*(?:- )?[\w.-]+:(?=[^\s:])", line):
        message, help = (
            "a key needs a blank after its colon",
            f"{found[0].strip()} {line[found.end() :].strip()}",
        )
        return Flaw("CMP101", message, Span(number, found.end() - 1, number, found.end()), None, help)
    if (
        found := re.match(r"\s*([\w.-]+)[ =]+(\S.*)", line)
        if ": " not in line and not line.rstrip().endswith(":")
        else None
    ):
        help = f"{found[1]}: {found[2].rstrip()}"
        return Flaw("CMP101", "a key without its colon", Span(number, indent, number, end), None, help)
    return None
