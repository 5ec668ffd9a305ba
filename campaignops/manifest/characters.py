"""Characters that mislead whoever reads a manifest: they cannot be seen, turn the text round, or look like YAML and are
none. It looks at the text of a file; the nodes only say what a value is."""

from __future__ import annotations

import re

from ruamel.yaml.nodes import Node

from campaignops.findings import Place, Severity
from campaignops.manifest.problems import Problems
from campaignops.manifest.source import Source
from campaignops.manifest.yaml import nodes

_FLAG = "\U0001f3f4[\U000e0020-\U000e007f]+"  # how England's flag is written; all other use of tags is hidden text
_TURNING = "\u202a-\u202e\u2066-\u2069"
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u180e\u200b\u2028\u2029"
    "\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f"
)
_JOINING = (
    "\u061c\u200c-\u200f"  # part of emoji and of many scripts, and nothing in a value that is else ASCII
)
_odd = re.compile(f"{_FLAG}|([{_TURNING}{_UNSEEN}{_JOINING}])").finditer
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
# A blank that is none where YAML wants one, and the colon of Chinese and Japanese keyboards behind a key.
_no_yaml = re.compile(f"^[ ]*(?:- )?(?:(?=[{_BLANKS}])|[\\w.-]+:(?=[{_BLANKS}])|[\\w.-]+(?=：))").match
_may_be_cut = re.compile(rb"\S #[^\s#]").search
_is_cut = re.compile(r"\s*(?:- )?[^\s#:\"'][^#:]*: +[^\s\"'|>{\[*&#][^#]*? #(?=[^\s#])").match
_CURLY = frozenset("“”„‟‘’‚‛«»")
_may_be_quoted = re.compile("(?:^|[:,\\[{-])\\s*[“”„‟‘’‚‛«»]", re.MULTILINE).search


def check(source: Source, problems: Problems) -> None:
    """What misleads in a file, told at the character."""
    if source.root and _may_be_cut(source.data):
        _check_cut(source, problems)
    if source.data.isascii():
        return
    for at, line in enumerate(source.lines):
        for found in _odd(line):
            if found[1] and not (found[1] in _MAY_JOIN and _is_foreign(line)):
                _tell(problems, Place(source.file, at + 1, found.start() + 1), *_about(found[1]))
        column = found_at.end() if (found_at := _no_yaml(line)) else 0
        if found_at and not _is_quoted(source.root, at, column):
            _tell(problems, Place(source.file, at + 1, column + 1), *_about_blank(line[column]))
    if _may_be_quoted(source.data.decode("utf-8", "replace")):
        for node in nodes.scalars(source.root):
            if node.ctag is nodes.PLAIN and len(node.value) > 1 and {node.value[0], node.value[-1]} <= _CURLY:
                help = 'write " in their place; if people are to read them, put " round the whole'
                _tell(problems, source.place_of(node), "these quotation marks are part of the value", help)


def _check_cut(source: Source, problems: Problems) -> None:
    """`text: Sale #1 in town`: people would read `Sale`."""
    for at, line in enumerate(source.lines):
        if (found := _is_cut(line)) and not _is_quoted(source.root, at, found.end()):
            help = "put quotes round the text; or, for a comment, a blank behind the #"
            place = Place(source.file, at + 1, found.end(), len(line.rstrip()) - found.end() + 1)
            _tell(problems, place, "from this # on it is a comment, and no part of the text", help)


_MAY_JOIN = frozenset("\u061c\u200c\u200d\u200e\u200f")


def _is_foreign(text: str) -> bool:
    """Whether a line has other characters beyond ASCII, so that one that joins or marks may be part of a word."""
    return not "".join(char for char in text if char not in _MAY_JOIN).isascii()


def _tell(problems: Problems, place: Place, message: str, help: str, severity: Severity = "warning") -> None:
    problems.add("CMP124", message, place, help=help, severity=severity)


def _about(char: str) -> tuple[str, str, Severity]:
    code = f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
    if char in "\u202d\u202e":
        return f"{_named(char)} turns round what is read here", "delete it", "error"
    if re.match(f"[{_TURNING}]", char):
        return f"{_named(char)} may turn round what is read here", _delete(code), "warning"
    return f"{_named(char)} cannot be seen", _delete(code), "warning"


def _about_blank(char: str) -> tuple[str, str]:
    wanted = "colon" if char == "：" else "blank"
    return f"{_named(char)} is not what YAML takes for a {wanted}", f"write a plain {wanted} instead"


def _delete(code: str) -> str:
    return f'delete it; where it is meant, write "{code}" in double quotes, so that it is seen'


def _named(char: str) -> str:
    from unicodedata import name  # noqa: PLC0415  (only needed when something is wrong)

    return f"U+{ord(char):04X} ({name(char, 'no name').lower()})"


def _is_quoted(root: Node | None, line: int, column: int) -> bool:
    """Whether the position is inside a text in quotes or a block, where every character stands for itself."""
    for node in nodes.scalars(root):
        start, end = node.start_mark, node.end_mark
        if node.style and (start.line, start.column) < (line, column) < (end.line, end.column):
            return True
    return False
