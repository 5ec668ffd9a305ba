"""Values and their changes in words: `old -> new`, and a word diff where both are text."""

from __future__ import annotations

import json
import re
from difflib import SequenceMatcher
from typing import Any

from campaignops.diff import Field
from campaignops.report.paint import Paint
from campaignops.report.plain import masked, visible

_WORDS = re.compile(r"\n|[^\S\n]+|[\w’'-]+|[^\w\s]")
_MARKED = re.compile(r"\[-.*?-\]|\{\+.*?\+\}", re.DOTALL)
_LONG = 24  # shorter texts are easier to read as a pair
_MOST_WORDS = 3000  # SequenceMatcher is quadratic at worst


def value(shown: Any) -> str:
    """One value as a person may see it, on one line."""
    match shown:
        case None:
            return "(none)"
        case str():
            return f'"{visible(str(masked(shown)))}"'
        case _:
            return visible(json.dumps(masked(shown), ensure_ascii=False))


def changed(field: Field) -> str:
    """What a field was and becomes: safe, but for the line breaks of a text."""
    before, after = field.before, field.after
    if field.path.endswith(".sha256"):
        before, after = _short(before), _short(after)
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > _LONG:
        said = _word_diff(str(masked(before)), str(masked(after)))
    else:
        said = f"{value(before)} -> {value(after)}"
    same = before != after and masked(before) == masked(after)
    return f"{said} (they differ in the hidden digits)" if same else said


def _short(digest: Any) -> Any:
    return f"{digest[:12]}…" if isinstance(digest, str) and len(digest) > 12 else digest


def colored(text: str, style: Paint) -> str:
    """`text`, folded already, with the words of a word diff in red and green."""
    return _MARKED.sub(lambda found: _each_line(found[0], style), text)


def _each_line(marked: str, style: Paint) -> str:
    return "\n".join(style(line, "red" if marked[0] == "[" else "green") for line in marked.split("\n"))


def _word_diff(before: str, after: str) -> str:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > _MOST_WORDS:
        return f"[-{_lines(before)}-]{{+{_lines(after)}+}}"
    parts = []
    for _, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = _lines("".join(old[i:j])), _lines("".join(new[k:m]))
        if old[i:j] == new[k:m]:
            parts.append(gone)
        else:
            parts.append((f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else ""))
    # Once more: after a `##`, the mark itself would make a command of a pipeline.
    return _lines("".join(parts))


def _lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))
