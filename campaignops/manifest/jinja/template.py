"""A `*.yaml.j2` file: rendered first, parsed then; and the way back from a place in the result to the template."""

from __future__ import annotations

import re

from campaignops.manifest.jinja.render import Renderer, Scope, Unrendered
from campaignops.manifest.yaml.flaws import Flaw, Span, Unreadable

_mark = re.compile("\0([0-9]+)\1")


def rendered(data: bytes, scope: Scope, renderer: Renderer) -> tuple[bytes, LineMap]:
    """The YAML that a template makes. Raises Unreadable with a place in the template, and
    Unrendered with one in a file that it imports."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start)
        raise Unreadable(
            Flaw("CMP117", "the file is not UTF-8 text", Span(line), help="save the file as UTF-8")
        ) from None
    if "\0" in text:
        raise Unreadable(
            Flaw("CMP117", "the file is not UTF-8 text", Span(text.count("\n", 0, text.index("\0"))))
        )
    try:
        result, marked = renderer.expressions.template(text, scope)
    except Unrendered as problem:
        if problem.place:
            raise
        raise Unreadable(_flaw(problem, text)) from None
    return result.encode("utf-8"), LineMap(text, result, marked)


def _flaw(problem: Unrendered, text: str) -> Flaw:
    lines = text.split("\n")
    at = min((problem.line or 1), len(lines)) - 1
    found = re.search(rf"(?<![\w.]){re.escape(problem.word)}(?!\w)", lines[at]) if problem.word else None
    column, end = found.span() if found else (_indent(lines[at]), len(lines[at]))
    return Flaw(problem.code, problem.message, Span(at, column, at, end), problem.note, problem.help)


class LineMap:
    """From a stretch of the result to the stretch of the template it comes from: its line always, its columns when the
    text stands there as it is in the result, else the whole line."""

    def __init__(self, template: str, result: str, marked: str) -> None:
        self._template = template.split("\n")
        self._result = result.split("\n")
        marked_lines = marked.split("\n")
        same = _mark.sub("", marked) == result
        self._lines = _origins(marked_lines) if same else [0] * len(self._result)

    def __call__(self, span: Span) -> Span:
        if span.line >= len(self._lines):
            return Span(line := len(self._template) - 1, 0, line, 1)
        line = min(self._lines[span.line], len(self._template) - 1)
        here, there = self._result[span.line], self._template[line]
        end = span.end_column if span.end_line == span.line else len(here)
        token = here[span.column : end]
        column = span.column if there.startswith(token, span.column) else there.find(token)
        if not token or column < 0:
            return Span(line, _indent(there), line, len(there.rstrip()))
        return Span(line, column, line, column + len(token))

    def rendered(self, span: Span) -> str | None:
        """The line of the result, as a note; None where the template has it just so."""
        if span.line >= len(self._lines):
            return None
        here, there = (
            self._result[span.line].strip(),
            self._template[min(self._lines[span.line], len(self._template) - 1)],
        )
        return None if here == there.strip() else f"rendered, this line is: {here[:200]}"


def _origins(marked_lines: list[str]) -> list[int]:
    """The template's line (from 0) of each line of the result: its first mark, or the last one before any text."""
    out, current = [], 0
    for line in marked_lines:
        end = 0
        for at, found in enumerate(_mark.finditer(line)):
            if at and line[end : found.start()].strip():
                break
            current, end = int(found[1]) - 1, found.end()
            if at == 0 and line[: found.start()].strip():
                break
        out.append(current)
    return out


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else 0
