"""Colours: the few ANSI codes that reports use. Text that is painted is safe already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

Style = Literal["bold", "dim", "red", "green", "yellow", "blue", "cyan"]
Paint: TypeAlias = Callable[[str, Style], str]

_CODES: dict[Style, str] = {
    "bold": "1",
    "dim": "2",
    "red": "1;31",
    "green": "32",
    "yellow": "33",
    "blue": "1;34",
    "cyan": "36",
}


def paint(color: bool) -> Paint:
    """What puts a text into a style; without colour, what leaves it alone."""
    return _painted if color else _plain


def _painted(text: str, style: Style) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text else text


def _plain(text: str, _style: Style) -> str:
    return text
