"""Breaks the real code as `breaks.txt` says, for a while."""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from campaignops.cli.entry import run

_CAUGHT = re.compile(r"([a-z ]+?)(?: \((.+?)\))?: (.+)")


@dataclass(frozen=True)
class Break:
    """`edits`: words of a function, and what stands there instead. `rig` catches it, in what it plays at `where`; what
    it then says fits `says`, a regular expression."""

    name: str
    rig: str
    where: str
    says: str
    edits: tuple[tuple[str, str, str], ...] = ()


def read() -> list[Break]:
    _, *blocks = Path(__file__).with_name("breaks.txt").read_text("utf-8").split("\n# ")
    return [_break(*block.strip().splitlines()) for block in blocks]


def _break(name: str, caught: str, *lines: str) -> Break:
    found = _CAUGHT.fullmatch(caught)
    assert found, f"{name}: {caught}"
    where, words, edits = "", "", []
    for line in lines:
        if line.startswith("- "):
            words = line[2:]
        elif line.startswith("+"):
            edits.append((where, words, line[2:]))
        else:
            where = line
    return Break(name, found[1], found[2] or "", found[3], tuple(edits))


@contextmanager
def done(broken: Break) -> Iterator[None]:
    """The code, broken. Whoever has imported a function has the same object, so that its code is exchanged."""
    whole: list[tuple[FunctionType, CodeType]] = []
    try:
        for where in dict.fromkeys(where for where, _, _ in broken.edits):
            module, function = _function(where)
            code = _edited(module, function, [(old, new) for at, old, new in broken.edits if at == where])
            whole.append((function, function.__code__))
            function.__code__ = code
        yield
    finally:
        for function, code in whole:
            function.__code__ = code


def _function(where: str) -> tuple[ModuleType, FunctionType]:
    name, _, path = where.partition(":")
    module = importlib.import_module(f"campaignops.{name}")
    found: Any = module
    for part in path.split("."):
        found = getattr(found, part)
    return module, found


def _edited(module: ModuleType, function: FunctionType, edits: list[tuple[str, str]]) -> CodeType:
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in edits:
        assert source.count(old) == 1, f"{function.__qualname__} does not say {old!r} once"
        source = source.replace(old, new)
    names = dict(vars(module))
    exec(compile(f"from __future__ import annotations\n{source}", "<broken>", "exec"), names)
    code: CodeType = names[function.__name__].__code__
    return code


def run_broken(name: str, words: list[str]) -> int:
    """`campaignops WORDS`, with one break."""
    with done(next(each for each in read() if each.name == name)):
        return run(words)
