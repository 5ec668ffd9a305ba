"""HTML that is safe by construction: text is escaped as it goes in, and only `element` makes markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from campaignops.report.plain import safe


class Html(str):
    """Markup, as it is."""

    __slots__ = ()


def element(name: str, /, *inside: str, **attributes: str) -> Html:
    """One element. Text inside is escaped, an Html is not; `class_` stands for `class`."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items()
    )
    if name in ("img", "meta"):
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{together(inside)}</{name}>")


def together(parts: Iterable[str]) -> Html:
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def lines(text: str) -> Html:
    """Text of several lines, numbers masked and invisible characters written out; `pre-wrap` shows the breaks."""
    return together(["\n".join(safe(line) for line in text.replace("\r\n", "\n").split("\n"))])


def diff(said: str) -> Html:
    """A word diff as `words.changed` writes it, as deletions and insertions."""
    pieces = re.split(r"(\[-.*?-\]|\{\+.*?\+\})", said, flags=re.DOTALL)
    return together(_piece(piece, marked=bool(at % 2)) for at, piece in enumerate(pieces))


def _piece(piece: str, *, marked: bool) -> str:
    return element("del" if piece[0] == "[" else "ins", piece[2:-2]) if marked else piece
