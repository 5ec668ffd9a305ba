"""User text made safe to show: no whole phone number, no control or invisible character; and its width in columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from unicodedata import category, east_asian_width

from campaignops import audience

# Control characters, and those that are invisible or turn the direction of what follows: with them a terminal shows a
# reviewer something else than what people get. The joiners U+200C and U+200D stay: scripts and emoji are made of them.
# And the bracket of ##[ and ##vso[, with which a log commands the runner of a pipeline.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]|(?<=##)\\[|(?<=##vso)\\["
)
_WITH_PLUS = r"[+＋]\d(?:[ ().-]{0,2}\d){6,}"
_IN_TEXT = re.compile(_WITH_PLUS)
_DATE = r"\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{4}"
# A line of a recipient list also holds numbers without a plus sign, in groups: findings are about just those.
_IN_SOURCE = re.compile(rf"{_WITH_PLUS}|(?<![\d./-])(?!{_DATE})\d(?:[ ()./-]{{0,2}}\d){{6,}}|\d{{7,}}")
_BULLET = "•"
_COMMAND = re.compile(r"^(\s*):(?=:)")


def safe(text: str) -> str:
    """One line of `text` as it may be shown: numbers with a plus sign masked, unsafe characters as `\\x1b`."""
    return visible(_IN_TEXT.sub(lambda found: audience.mask(found[0]), text))


def safe_strictly(text: str) -> str:
    """`safe`, and long groups of digits without a plus sign masked too: for text that comes from the PBX."""
    return safe(audience.mask_all(text))


def masked(value: object) -> object:
    """Plain data with the numbers in its texts masked; unsafe characters stay, as JSON escapes them."""
    match value:
        case str():
            return _IN_TEXT.sub(lambda found: audience.mask(found[0]), value)
        case dict():
            return {masked(key): masked(inner) for key, inner in value.items()}
        case list() | tuple():
            return [masked(inner) for inner in value]
        case _:
            return value


def masked_in_place(line: str) -> str:
    """`line` of a file with numbers masked by as many characters, so that every column stays where it was."""
    return _IN_SOURCE.sub(lambda found: _covered(found[0]), line)


def _covered(number: str) -> str:
    head, tail = (5, 4) if len(number) >= 12 else (3, 2) if len(number) >= 8 else (1, 0)
    return number[:head] + _BULLET * (len(number) - head - tail) + number[len(number) - tail :]


def visible(text: str) -> str:
    """`text` with unsafe characters written out; a line break becomes `\\n`."""
    return _UNSAFE.sub(_written_out, text)


def no_command(line: str) -> str:
    """`line`, which is safe already, so that it may begin a line in the log of a pipeline: `::` there is a command."""
    return _COMMAND.sub(r"\1\\x3a", line)


def _written_out(found: re.Match[str]) -> str:
    char = found[0]
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    if short:
        return short
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escaped(json_text: str) -> str:
    """JSON text with the unsafe characters that JSON itself lets through as `\\u202e`."""
    return _UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else _as_json(found[0]), json_text)


def _as_json(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def columns(text: str) -> int:
    """How many columns a terminal gives `text`, which is safe already."""
    return len(text) if text.isascii() else sum(map(char_columns, text))


def char_columns(char: str) -> int:
    if char < "\u0300":
        return 1
    if char in "\u200c\u200d" or category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def padded(text: str, width: int) -> str:
    """`text` with blanks up to `width` columns."""
    return text + " " * (width - columns(text))


def folded(text: str, width: int, clean: Callable[[str], str] = safe) -> Iterator[str]:
    """The lines of `text`, each made safe and broken after a blank where it is wider than `width` columns."""
    # Only these are line breaks: str.splitlines also breaks at characters that must be shown.
    for line in text.replace("\r\n", "\n").split("\n"):
        yield from _broken(clean(line), width)


def _broken(line: str, width: int) -> Iterator[str]:
    while columns(line) > width:
        fitting = _fitting(line, width)
        blank = line.rfind(" ", 1, fitting + 1)
        cut = blank if blank > 0 else fitting
        yield line[:cut]
        line = line[cut + 1 :] if blank > 0 else line[cut:]
    yield line


def _fitting(line: str, width: int) -> int:
    """How many characters from the start of `line` fit in `width` columns; at least one."""
    used = 0
    for index, char in enumerate(line):
        used += char_columns(char)
        if used > width:
            return max(index, 1)
    return len(line)
