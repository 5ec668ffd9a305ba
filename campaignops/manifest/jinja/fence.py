"""The fence round Jinja: no clock, dice, files or network, and an end to whatever is written.

jinja2's sandbox keeps templates away from Python, but does not bound their work: `{{ 'a' * 10**9 }}` is fine with it.
So every loop turn, call, filter and written value is paid from a budget, and nothing may become larger than MAX_TEXT.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from jinja2 import StrictUndefined, Template, Undefined, UndefinedError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.filters import make_attrgetter
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, missing

from campaignops.manifest.jinja.included import Included
from campaignops.manifest.jinja.render import shown

BUDGET = 300_000
MAX_TEXT = 100_000
MAX_RANGE = 10_000
MAX_INTEGER_BITS = 256
_MACRO_COST = 5

_METHODS_REFUSED = frozenset(
    ("center", "ljust", "rjust", "zfill", "expandtabs", "format", "format_map", "encode", "translate", "maketrans")
)  # fmt: skip
_wide_format = re.compile(r"\*|[0-9]{3,}").search


class Refused(Exception):
    """What the fence stops; the message is for the author."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message, self.help = message, help


class Absent(UndefinedError):
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
            exc = partial(Absent, name, list(obj) if isinstance(obj, Mapping) else [])
        super().__init__(hint, obj, name, exc)


class _Joining(CodeGenerator):
    """`a ~ b` as a call that looks at the length."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class Fence(ImmutableSandboxedEnvironment):
    code_generator_class = _Joining
    intercepted_binops = frozenset(("*", "**", "%", "+"))

    def __init__(self, loader: Included | None) -> None:
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

    def spend(self, amount: int = 1) -> None:
        self.left -= amount
        if self.left < 0:
            raise Refused("the expression takes too long", "make the loop shorter, or the manifest smaller")

    def fits(self, value: Any) -> Any:
        """`value`, unless it is too large to go on with."""
        if isinstance(value, int):
            if value.bit_length() > MAX_INTEGER_BITS:
                raise Refused("the number becomes too large")
        elif isinstance(value, str | list | tuple | bytes) and len(value) > MAX_TEXT:
            raise _too_long()
        return value

    def written(self, value: Any) -> Any:
        """What `{{ value }}` writes: the form its author wrote, and nothing for which there is none."""
        if isinstance(value, Undefined):
            return value
        if value is None:
            raise Refused(
                "the value is empty", "give it a value, or write a default: {{ name | default('…', true) }}"
            )
        try:
            text = shown(value)
        except TypeError:
            help = "pick one entry, or join them: {{ names | join(', ') }}"
            if isinstance(value, dict) and value.keys() == {"key", "value"}:
                help = "write {{ each.value }}, or {{ each.key }}"
            raise Refused("this holds several values, and cannot be written into a text", help) from None
        self.spend(1 + len(text) // 50)
        return text

    def joined(self, parts: Iterable[Any]) -> str:
        return str(self.fits("".join([str(self.written(part)) for part in parts])))

    def join(self, value: Iterable[Any], between: Any = "", attribute: str | None = None) -> str:
        items = map(make_attrgetter(self, attribute), value) if attribute else value
        texts, size = [], 0
        for item in items:
            texts.append(str(self.written(item)))
            size += len(texts[-1]) + len(str(between))
            if size > MAX_TEXT:
                raise _too_long()
        return str(self.written(between)).join(texts)

    def format(self, value: Any, *args: Any) -> str:
        if _wide_format(str(value)):
            raise Refused("a width of more than two digits is not available")
        shown_args = tuple(arg if type(arg) in (int, float) else str(self.written(arg)) for arg in args)
        return str(self.fits(str(value) % shown_args))

    def replace(self, value: Any, before: Any, after: Any) -> str:
        text, before, after = (str(self.written(part)) for part in (value, before, after))
        _check_replacement(text, before, after)
        return text.replace(before, after)

    def range(self, *args: int) -> range:
        numbers = range(*args)
        if len(numbers) > MAX_RANGE:
            raise Refused(f"a range of more than {MAX_RANGE:,} numbers")
        self.spend(len(numbers))
        return numbers

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        self.spend()
        if operator == "*":
            _check_product(left, right)
        elif operator == "**" and not (_is_small(left, 10**6) and _is_small(right, 64)):
            raise Refused("the power is too large")
        elif operator == "%" and isinstance(left, str):
            return self.format(left, *(right if isinstance(right, tuple) else (right,)))
        elif (
            operator == "+" and isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple)
        ):
            self.spend((len(left) + len(right)) // 50)
        return self.fits(super().call_binop(context, operator, left, right))

    def call(self, context: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.spend(self.turn_cost * (_MACRO_COST if isinstance(function, Macro) else 1))
        owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if name in _METHODS_REFUSED or isinstance(owner, int | float | bytes):
            help = "the filter `format` writes numbers: '%.2f' | format(price)"
            raise Refused(f"`{name}` is not available", help)
        if isinstance(owner, str):
            self.spend(len(owner) // 50)
            if name == "replace" and len(args) >= 2:
                _check_replacement(owner, str(args[0]), str(args[1]))
            if name == "join" and args:
                return self.join(args[0], owner)
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


def _too_long() -> Refused:
    return Refused(f"the text becomes longer than {MAX_TEXT:,} characters")


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
