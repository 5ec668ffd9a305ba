"""Jinja in values and in whole templates: text and names in, text out. Pure; jinja2 is imported at the first expression
that is more than a plain `{{ name }}`. It knows no YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from campaignops.manifest.problems import did_you_mean

if TYPE_CHECKING:
    from jinja2 import Template

    from campaignops.findings import Place
    from campaignops.manifest.assets import Assets
    from campaignops.manifest.jinja.expressions import Expressions

MAX_COMPILED = 2048
_split_at_names = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}").split

# What has a meaning in an expression without being a var; for any other name that is missing Jinja need not be asked.
_OF_JINJA = frozenset(
    (
        "true",
        "false",
        "none",
        "True",
        "False",
        "None",
        "range",
        "dict",
        "namespace",
        "loop",
        "self",
        "caller",
        "not",
    )
)

Scope = Mapping[str, object]
Failed = list[tuple[tuple[str | int, ...], "Unrendered"]]


class Unrendered(Exception):
    """A text that could not be rendered. `line` is within the text, from 1; `word` is where to put the caret. `place`
    is set when what is wrong stands in another file, which the text imports."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        word: str | None = None,
        line: int | None = None,
        note: str | None = None,
        help: str | None = None,
        place: Place | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.word, self.line = code, message, word, line
        self.note, self.help, self.place = note, help, place


def has_marks(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


class Renderer:
    """Renders texts, remembering how each distinct text is put together. Without `assets` nothing can be imported;
    `timezone` and `region` are what filters take for granted."""

    def __init__(
        self, assets: Assets | None = None, timezone: str = "UTC", region: str | None = None
    ) -> None:
        self._settings = assets, timezone, region
        self._known: dict[str, list[str] | Template] = {}
        self._expressions: Expressions | None = None

    def text(self, text: str, scope: Scope) -> str:
        """The rendered text. Raises Unrendered."""
        how: Any = self._known.get(text) or self._prepare(text)
        if how.__class__ is list:
            try:
                # The usual case: literal text and names in turn, no Jinja needed.
                return "".join([shown(scope[part]) if at % 2 else part for at, part in enumerate(how)])
            except (KeyError, TypeError) as error:
                if isinstance(error, KeyError) and error.args[0] not in _OF_JINJA:
                    raise undefined(error.args[0], scope) from None
                how = self._keep(
                    text, self.expressions.compile(text)
                )  # it says what is wrong, or knows better
        return self.expressions.render(how, scope, text)

    def _prepare(self, text: str) -> Any:
        parts = _split_at_names(text)
        literal = parts[::2]
        if "\r" not in text and not any(has_marks(part) or part.endswith("{") for part in literal):
            return self._keep(text, parts)
        return self._keep(text, self.expressions.compile(text))

    def _keep(self, text: str, how: Any) -> Any:
        if len(self._known) >= MAX_COMPILED:
            self._known.pop(next(iter(self._known)))
        self._known[text] = how
        return how

    @property
    def expressions(self) -> Expressions:
        if self._expressions is None:
            from campaignops.manifest.jinja.expressions import Expressions  # noqa: PLC0415  (jinja2 costs 45 ms)

            self._expressions = Expressions(*self._settings)
        return self._expressions

    def tree(self, value: Any, scope: Scope, failed: Failed, path: tuple[str | int, ...] = ()) -> Any:
        """`value` with every text in it rendered; a text that cannot be stays as it is and goes to `failed`."""
        if isinstance(value, dict):
            return {key: self.tree(item, scope, failed, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.tree(item, scope, failed, (*path, at)) for at, item in enumerate(value)]
        if isinstance(value, str) and has_marks(value):
            try:
                return self.text(value, scope)
            except Unrendered as problem:
                failed.append((path, problem))
        return value


def shown(value: object) -> str:
    """A value as it stands in rendered text: as its author wrote it. Raises TypeError for what has no such form."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int | float):
        return str(value)
    raise TypeError


def undefined(name: str, known: Iterable[str], line: int | None = None) -> Unrendered:
    known = list(known)
    names = [
        *(one for one in known if one != "each"),
        *(("each.key", "each.value") if "each" in known else ()),
    ]
    help = did_you_mean(name, names) or f"set it: under `vars:`, or with --var {name}=…"
    if name[:1].isupper() and not help.startswith("did"):
        help = f'if it is a text: "{name}", in quotes; {help}'
    return Unrendered("CMP111", f"`{name}` is not defined", word=name, line=line, help=help)
