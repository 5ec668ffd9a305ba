"""Expressions and templates, compiled and rendered inside the fence. Imported only when needed: jinja2 costs 45 ms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import Template, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from campaignops.findings import Place
from campaignops.manifest.assets import Assets
from campaignops.manifest.jinja import filters, paid
from campaignops.manifest.jinja.errors import explained, frame_of, names_in
from campaignops.manifest.jinja.fence import BUDGET, MAX_TEXT, Fence
from campaignops.manifest.jinja.included import Included
from campaignops.manifest.jinja.render import Scope, Unrendered


class LineMarks(Extension):
    """Writes the template's line into the text at each line and expression, so that places can be traced."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if stream.name is None and token.type == "data":
                lines = token.value.split("\n")
                marked = (f"\0{token.lineno + at}\1{line}" for at, line in enumerate(lines))
                yield Token(token.lineno, "data", "\n".join(marked))
                continue
            if stream.name is None and token.type == "variable_begin":
                yield Token(token.lineno, "data", f"\0{token.lineno}\1")
            yield token


class Expressions:
    """Compiles and renders in one fenced environment. All errors are Unrendered."""

    def __init__(self, assets: Assets | None, timezone: str, region: str | None) -> None:
        self._loader = Included(assets) if assets else None
        self._ours = filters.all_of(timezone, region)
        self._environment = self._fence()
        self._marking: Fence | None = None

    def _fence(self) -> Fence:
        fence = Fence(self._loader)
        fence.filters = paid.all_of(fence.filters, self._ours)
        return fence

    def compile(self, text: str) -> Template:
        template: Template = self._guard(lambda: self._environment.from_string(text), {}, self._environment)
        return template

    def render(self, template: Template, scope: Scope, text: str = "") -> str:
        environment = self._environment
        environment.left = BUDGET
        known = {*scope, *names_in(text)} if "{%" in text else scope
        done: str = self._guard(lambda: template.render(scope), known, environment)
        if len(done) > 10 * MAX_TEXT:
            raise Unrendered("CMP112", "the rendered text becomes too long")
        if not done.isascii():
            self._guard(lambda: done.encode("utf-8"), known, environment)
        return done

    def template(self, text: str, scope: Scope) -> tuple[str, str]:
        """A whole template rendered twice: as it is, and with LineMarks."""
        self._environment.turn_cost = 1 + len(text) // 100
        plain = self.render(self.compile(text), scope, text)
        if self._marking is None:
            self._marking = self._fence()
            self._marking.add_extension(LineMarks)
        marking = self._marking
        marking.left = 10 * BUDGET
        self._environment.turn_cost = 1
        return plain, self._guard(lambda: marking.from_string(text).render(scope), scope, marking)

    def _guard(self, work: Callable[[], Any], known: Iterable[str], environment: Fence) -> Any:
        try:
            return work()
        except Exception as error:  # noqa: BLE001  (a template can raise anything Python can)
            raise self._placed(explained(error, known, environment), error) from None

    def _placed(self, problem: Unrendered, error: Exception) -> Unrendered:
        """With its place, when that is in a file that was imported."""
        texts = self._loader.texts if self._loader else {}
        file = error.name if isinstance(error, TemplateSyntaxError) else frame_of(error, texts)[0]
        if file in texts:
            lines = texts[file].split("\n")
            at = min(problem.line or 1, len(lines)) - 1
            found = (
                re.search(rf"(?<![\w.]){re.escape(problem.word)}(?!\w)", lines[at]) if problem.word else None
            )
            start, end = (
                found.span() if found else (len(lines[at]) - len(lines[at].lstrip()), len(lines[at].rstrip()))
            )
            problem.place = Place(file, at + 1, start + 1, max(end - start, 1))
        return problem
