"""Text of others inside Markdown. Nothing in it becomes markup, a link, a mention or a command of a pipeline.

Escaping is not enough: what GitHub and GitLab do with @names, #numbers and addresses they do after the Markdown is
read. In code they do nothing of it, so all text that is not our own stands in code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from campaignops.report.plain import no_command, safe

_TICKS = re.compile("`+")
_LONGEST = 120


def code(text: str, longest: int = _LONGEST) -> str:
    """`text` on one line as a code span, also in a table, where a bar would end the cell however it is escaped."""
    shown = _cut(safe(text), longest).replace("|", "\\x7c") or "–"
    ticks = "`" * (_ticks(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def block(lines: Iterable[str]) -> str:
    """Lines, each safe already, as a fenced block."""
    text = "\n".join(map(no_command, lines))
    fence = "`" * max(3, _ticks(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def fold(heading: str, content: str) -> str:
    """What unfolds at a click. `heading` is text of others, `content` Markdown."""
    shown = escape(_cut(safe(heading), _LONGEST))
    return f"<details><summary><code>{shown}</code></summary>\n\n{content}\n\n</details>"


def marker(text: str) -> str:
    """A comment that nobody sees, by which a program finds the text again."""
    return f"<!-- {re.sub('[^A-Za-z0-9:_.]', '_', safe(text))} -->"


def units(text: str) -> int:
    """The length as GitHub counts it, or more: characters beyond U+FFFF as two."""
    return len(text) + sum(char > "\uffff" for char in text) if not text.isascii() else len(text)


def _ticks(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
