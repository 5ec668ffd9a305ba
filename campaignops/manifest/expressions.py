"""Jinja, fenced in: no clock, dice, files or network, and an end to whatever is written. Imported only when needed.

jinja2's sandbox keeps templates away from Python, but does not bound their work: `{{ 'a' * 10**9 }}` is fine with it.
So every loop turn, call, filter and written value is paid from a budget, and nothing may become larger than MAX_TEXT.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    nodes,
    pass_environment,
)
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.filters import make_attrgetter
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, missing

from campaignops.findings import Place
from campaignops.manifest import filters
from campaignops.manifest.assets import Assets
from campaignops.manifest.filters import Unfit
from campaignops.manifest.included import Included, Unloadable
from campaignops.manifest.problems import did_you_mean
from campaignops.manifest.render import Scope, Unrendered, shown, undefined

BUDGET = 300_000
MAX_TEXT = 100_000
MAX_RANGE = 10_000
MAX_INTEGER_BITS = 256

# Left out: what depends on dice or addresses, what pads to any width, and HTML.
# fmt: off
_FILTERS = (
    "abs", "attr", "capitalize", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "select",
    "selectattr", "sort", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)
_METHODS_REFUSED = frozenset(
    ("center", "ljust", "rjust", "zfill", "expandtabs", "format", "format_map", "encode", "translate", "maketrans")
)
# fmt: on
_wide_format = re.compile(r"\*|[0-9]{3,}").search


class _Refused(Exception):
    """What the fence stops; the message is for the author."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message, self.help = message, help


class _Absent(UndefinedError):
    """A value has no entry of this name; `known` are those that it has."""

    def __init__(self, name: Any, known: Iterable[Any], message: str | None) -> None:
        super().__init__(message)
        self.name, self.known = name, known


class _Missing(StrictUndefined):
    """Remembers what could have been meant."""

    __slots__ = ()

    def __init__(
        self, hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = UndefinedError
    ) -> None:
        if obj is not missing and exc is UndefinedError:
            exc = partial(_Absent, name, list(obj) if isinstance(obj, Mapping) else [])
        super().__init__(hint, obj, name, exc)


class _Joining(CodeGenerator):
    """`a ~ b` as a call that looks at the length."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


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


class _Fenced(ImmutableSandboxedEnvironment):
    code_generator_class = _Joining
    intercepted_binops = frozenset(("*", "**", "%", "+"))

    def __init__(self, loader: Included | None, ours: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(
            loader=loader,
            auto_reload=False,  # a file is read once a run
            undefined=_Missing,
            finalize=self.written,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            cache_size=64,
        )
        self.left = BUDGET
        self.turn_cost = 1
        self.globals = {"range": self.range, "dict": dict, "namespace": Namespace}
        known: dict[str, Callable[..., Any]] = dict(self.filters)
        self.filters = {name: _paid(known[name]) for name in _FILTERS}
        self.filters |= {
            "count": _paid(known["length"]),
            "string": self.written,
            "round": _round,
            "join": _join,
            "format": _format,
            "replace": _replace,
            "tojson": _tojson,
            "counted": _counted,
            **{name: _ours(function) for name, function in ours.items()},
        }

    def spend(self, amount: int = 1) -> None:
        self.left -= amount
        if self.left < 0:
            raise _Refused("the expression takes too long", "make the loop shorter, or the manifest smaller")

    def fits(self, value: Any) -> Any:
        """`value`, unless it is too large to go on with."""
        if isinstance(value, int):
            if value.bit_length() > MAX_INTEGER_BITS:
                raise _Refused("the number becomes too large")
        elif isinstance(value, str | list | tuple | bytes) and len(value) > MAX_TEXT:
            raise _too_long()
        return value

    def written(self, value: Any) -> Any:
        """What `{{ value }}` writes: the form its author wrote, and nothing for which there is none."""
        if isinstance(value, Undefined):
            return value
        if value is None:
            raise _Refused(
                "the value is empty", "give it a value, or write a default: {{ name | default('…', true) }}"
            )
        try:
            text = shown(value)
        except TypeError:
            help = "pick one entry, or join them: {{ names | join(', ') }}"
            if isinstance(value, dict) and value.keys() == {"key", "value"}:
                help = "write {{ each.value }}, or {{ each.key }}"
            raise _Refused("this holds several values, and cannot be written into a text", help) from None
        self.spend(1 + len(text) // 50)
        return text

    def joined(self, parts: Iterable[Any]) -> str:
        return str(self.fits("".join([str(self.written(part)) for part in parts])))

    def range(self, *args: int) -> range:
        numbers = range(*args)
        if len(numbers) > MAX_RANGE:
            raise _Refused(f"a range of more than {MAX_RANGE:,} numbers")
        self.spend(len(numbers))
        return numbers

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        self.spend()
        if operator == "*":
            _check_product(left, right)
        elif operator == "**" and not (_is_small(left, 10**6) and _is_small(right, 64)):
            raise _Refused("the power is too large")
        elif operator == "%" and isinstance(left, str):
            return _format(self, left, *(right if isinstance(right, tuple) else (right,)))
        elif (
            operator == "+" and isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple)
        ):
            self.spend((len(left) + len(right)) // 50)
        return self.fits(super().call_binop(context, operator, left, right))

    def call(self, context: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.spend(self.turn_cost)
        owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if name in _METHODS_REFUSED or isinstance(owner, int | float | bytes):
            help = "the filter `format` writes numbers: '%.2f' | format(price)"
            raise _Refused(f"`{name}` is not available", help)
        if isinstance(owner, str):
            self.spend(len(owner) // 50)
            if name == "replace" and len(args) >= 2:
                _check_replacement(owner, str(args[0]), str(args[1]))
            if name == "join" and args:
                return _join(self, args[0], owner)
        result = self.fits(super().call(context, function, *args, **kwargs))
        if isinstance(result, str):
            self.spend(len(result) // 50)
        return result

    def _load_template(self, name: str, globals: Any) -> Template:
        """Importing is paid for by size, each time."""
        found = super()._load_template(name, globals)
        assert isinstance(self.loader, Included)
        self.spend(20 + len(self.loader.texts[name]) // 50)
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Every loop counts its turns; a turn of a large template costs more."""
        tree = super()._parse(source, name, filename)
        cost = nodes.Const(1 + len(source) // 100)
        for loop in list(tree.find_all(nodes.For)):
            line = loop.iter.lineno
            loop.iter = nodes.Filter(loop.iter, "counted", [cost], [], None, None, lineno=line)
            loop.iter.set_environment(self)
        imports: list[Any] = [*tree.find_all(nodes.Import), *tree.find_all(nodes.FromImport)]
        for imported in imports:
            imported.with_context = True  # macros see the vars, as their authors expect
        return tree


def _too_long() -> _Refused:
    return _Refused(f"the text becomes longer than {MAX_TEXT:,} characters")


def _is_small(value: Any, limit: int) -> bool:
    return isinstance(value, int | float) and abs(value) <= limit


def _check_product(left: Any, right: Any) -> None:
    for sequence, times in ((left, right), (right, left)):
        if (
            isinstance(sequence, str | list | tuple)
            and isinstance(times, int)
            and len(sequence) * times > MAX_TEXT
        ):
            raise _too_long()


def _check_replacement(text: str, before: str, after: str) -> None:
    if text.count(before) * len(after) > MAX_TEXT:
        raise _too_long()


def _paid(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of jinja2 that pays for the size of what it is given."""
    takes_context = hasattr(function, "jinja_pass_arg")

    @functools.wraps(function)
    def paid(*args: Any, **kwargs: Any) -> Any:
        passed = args[0] if takes_context else None
        environment = getattr(passed, "environment", passed)
        value = args[1 if takes_context else 0]
        if isinstance(environment, _Fenced):
            environment.spend(1 + (len(value) if isinstance(value, list | tuple | dict | str) else 0) // 10)
        return function(*args, **kwargs)

    if takes_context:
        return paid

    @pass_environment
    def paid_by(environment: _Fenced, *args: Any, **kwargs: Any) -> Any:
        environment.spend(1 + (len(args[0]) if isinstance(args[0], list | tuple | dict | str) else 0) // 10)
        return environment.fits(function(*args, **kwargs))

    return paid_by


def _ours(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of our own: pays, and is given values and no holes."""

    @pass_environment
    def paid(environment: _Fenced, *args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if isinstance(value, Undefined):
                str(value)
        environment.spend(5 + sum(len(value) for value in args if isinstance(value, str)) // 10)
        try:
            return environment.fits(function(*args, **kwargs))
        except Unfit as problem:
            raise _Refused(problem.message, problem.help) from None

    return paid


@pass_environment
def _counted(environment: _Fenced, value: Iterable[Any], cost: int) -> Iterator[Any]:
    for item in value:
        environment.spend(cost)
        yield item


@pass_environment
def _join(environment: _Fenced, value: Iterable[Any], d: Any = "", attribute: str | None = None) -> str:
    items = map(make_attrgetter(environment, attribute), value) if attribute else value
    texts, size = [], 0
    for item in items:
        texts.append(str(environment.written(item)))
        size += len(texts[-1]) + len(str(d))
        if size > MAX_TEXT:
            raise _too_long()
    return str(environment.written(d)).join(texts)


@pass_environment
def _format(environment: _Fenced, value: Any, *args: Any) -> str:
    if _wide_format(str(value)):
        raise _Refused("a width of more than two digits is not available")
    shown_args = tuple(arg if type(arg) in (int, float) else str(environment.written(arg)) for arg in args)
    return str(environment.fits(str(value) % shown_args))


@pass_environment
def _replace(environment: _Fenced, value: Any, before: Any, after: Any) -> str:
    text, before, after = (str(environment.written(part)) for part in (value, before, after))
    _check_replacement(text, before, after)
    return text.replace(before, after)


@pass_environment
def _tojson(environment: _Fenced, value: Any) -> str:
    import json  # noqa: PLC0415

    if isinstance(value, Undefined):
        return str(value)
    return str(environment.fits(json.dumps(value, ensure_ascii=False)))


def _round(value: float, precision: int = 0) -> float:
    if not 0 <= precision <= 10:
        raise _Refused("round to between 0 and 10 places")
    return round(value, precision)


class Expressions:
    """Compiles and renders in one fenced environment. All errors are Unrendered."""

    def __init__(self, assets: Assets | None, timezone: str, region: str | None) -> None:
        self._loader = Included(assets) if assets else None
        self._filters = filters.all_of(timezone, region)
        self._environment = _Fenced(self._loader, self._filters)
        self._marking: _Fenced | None = None

    def compile(self, text: str) -> Template:
        template: Template = self._guard(lambda: self._environment.from_string(text), {}, self._environment)
        return template

    def render(self, template: Template, scope: Scope, text: str = "") -> str:
        environment = self._environment
        environment.left = BUDGET
        known = {*scope, *_names_in(text)} if "{%" in text else scope
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
            self._marking = _Fenced(self._loader, self._filters)
            self._marking.add_extension(LineMarks)
        marking = self._marking
        marking.left = 10 * BUDGET
        self._environment.turn_cost = 1
        return plain, self._guard(lambda: marking.from_string(text).render(scope), scope, marking)

    def _guard(self, work: Callable[[], Any], known: Iterable[str], environment: _Fenced) -> Any:
        try:
            return work()
        except Exception as error:  # noqa: BLE001  (a template can raise anything Python can)
            raise self._placed(_explained(error, known, environment), error) from None

    def _placed(self, problem: Unrendered, error: Exception) -> Unrendered:
        """With its place, when that is in a file that was imported."""
        texts = self._loader.texts if self._loader else {}
        file = error.name if isinstance(error, TemplateSyntaxError) else _frame_of(error, texts)[0]
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


_is_undefined = re.compile(r"^'(.+)' is undefined$").match
_has_no = re.compile(r"has no (?:attribute|element) (.+)$").search
_exports_no = re.compile(
    r"^the template '(.+)' \(imported on .*\) does not export the requested name '(.+)'$"
).match
_names = re.compile(
    r"\{%-?\s*(?:for\s+([\w\s,]+?)\s+in\b|(?:set|macro)\s+(\w+)|from\s.*?\simport\s+([\w\s,]+))"
).findall


def _names_in(text: str) -> set[str]:
    """Names that a text defines itself."""
    return {word for found in _names(text) for group in found for word in re.findall(r"\w+", group)}


def _explained(error: Exception, known: Iterable[str], environment: _Fenced) -> Unrendered:
    """An exception of Jinja or of Python, in the author's words."""
    if isinstance(error, TemplateSyntaxError):
        return _syntax(error, environment)
    texts = environment.loader.texts if isinstance(environment.loader, Included) else {}
    line = _frame_of(error, texts)[1]
    if isinstance(error, Unloadable):
        return Unrendered(error.code, error.message, line=line, help=error.help)
    if isinstance(error, UndefinedError):
        return _not_defined(error, known, line, environment)
    if isinstance(error, _Refused):
        return Unrendered("CMP112", error.message, line=line, help=error.help)
    message, help = _in_words(error)
    return Unrendered("CMP112", message, line=line, help=help)


def _in_words(error: Exception) -> tuple[str, str | None]:
    message, help = "the expression cannot be worked out", None
    if isinstance(error, SecurityError):
        message = "the expression reaches for something that manifests may not use"
    elif isinstance(error, ZeroDivisionError):
        message = "the expression divides by zero"
    elif isinstance(error, UnicodeEncodeError):
        message = "the expression writes a character that does not exist"
    elif isinstance(error, TypeError) and "no loader" in str(error):
        message, help = "nothing can be imported here", "put the shared values under `vars:`"
    elif isinstance(error, TypeError):
        message = "the expression mixes values that do not go together, such as a number and a text"
        help = "join texts with ~, as in {{ a ~ b }}; make a number of a text with {{ a | int }}"
    elif isinstance(error, RecursionError | MemoryError):
        message = "the expression is nested too deeply"
    return message, help


def _syntax(error: TemplateSyntaxError, environment: _Fenced) -> Unrendered:
    said = str(error.message or "").rstrip(".")
    help = None
    unknown = re.match(r"No (filter|test) named '(.*)'", said)
    if unknown:
        known = environment.filters if unknown[1] == "filter" else environment.tests
        said, help = (
            f"there is no {unknown[1]} `{unknown[2]}`",
            did_you_mean(unknown[2], set(known) - {"counted"}),
        )
        return Unrendered("CMP112", f"Jinja: {said}", word=unknown[2], line=error.lineno, help=help)
    message, help = _in_plain_words(said)
    line = _opened(error.source or "", help) or error.lineno
    return Unrendered("CMP112", message, line=line, help=help)


def _opened(text: str, help: str | None) -> int | None:
    """The line of the tag that is not closed; Jinja tells where the text ends."""
    wanted = re.match(r"close it with \{% end(\w+)", help or "")
    waiting: list[int] = []
    for found in re.finditer(r"\{%[-+]?\s*(end)?(\w+)", text):
        if wanted and found[2] == wanted[1]:
            waiting = waiting[:-1] if found[1] else [*waiting, text.count("\n", 0, found.start()) + 1]
    return waiting[-1] if waiting else None


def _in_plain_words(said: str) -> tuple[str, str | None]:
    """What is wrong, and what to write, for what Jinja says of a mistake."""
    open_tag, odd_tag = (
        re.search(r"to be closed is '(\w+)'", said),
        re.match(r"Encountered unknown tag '(\w+)'", said),
    )
    if odd_tag and odd_tag[1].startswith("end"):
        return f"{{% {odd_tag[1]} %}} closes nothing here", "take it out, or open what it is to close"
    if odd_tag:
        tags = ("for", "if", "elif", "else", "endfor", "endif", "set", "macro", "endmacro")
        return f"there is no tag {{% {odd_tag[1]} %}}", did_you_mean(odd_tag[1], tags)
    if open_tag:
        return f"{{% {open_tag[1]} … %}} is not closed", f"close it with {{% end{open_tag[1]} %}}"
    if "end of comment" in said:
        return "{# opens a comment that is not closed", "close it with #}"
    if said.startswith("unexpected end of template") or said == "unexpected '}'":
        return "{{ is not closed", "close it with }}, as in {{ brand }}"
    if "end of print statement" in said and said.startswith("Expected an expression"):
        return "{{ }} holds nothing", "write a name in it, as in {{ brand }}"
    if said.endswith("got '='"):
        return "a single = does not compare", "write == to compare"
    return f"not a Jinja expression: {said}", "for example {{ brand }}, or {{ price * 2 }}"


def _not_defined(
    error: UndefinedError, known: Iterable[str], line: int | None, environment: _Fenced
) -> Unrendered:
    message = str(error.message)
    if name := _is_undefined(message):
        return undefined(name[1], known, line)
    if (gone := _exports_no(message)) and isinstance(environment.loader, Included):
        help = did_you_mean(gone[2], environment.loader.exported(gone[1]))
        return Unrendered("CMP111", f"`{gone[1]}` has no `{gone[2]}`", word=gone[2], line=line, help=help)
    found = _has_no(message)
    word = found[1].strip("'\"") if found else None
    said = f"`{word}` is not defined in this value" if word else "a name is not defined"
    help = did_you_mean(word, map(str, error.known)) if word and isinstance(error, _Absent) else None
    if word and isinstance(error, _Absent) and not error.known:
        help = "this value is a single one: write its name without what stands behind the dot"
    return Unrendered("CMP111", said, word=word, line=line, help=help)


def _frame_of(error: BaseException, texts: Mapping[str, str]) -> tuple[str | None, int | None]:
    """File and line of the last frame inside a template; no file for the text itself."""
    file, line, frame = None, None, error.__traceback__
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if name == "<template>" or name in texts:
            file, line = (name if name in texts else None), frame.tb_lineno
        frame = frame.tb_next
    return file, line
