"""What Jinja, the fence or Python says of an expression that fails -> what is wrong, in the author's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from jinja2 import TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from campaignops.manifest.jinja.fence import Absent, Fence, Refused
from campaignops.manifest.jinja.included import Included, Unloadable
from campaignops.manifest.jinja.render import Unrendered, undefined
from campaignops.manifest.problems import did_you_mean

_is_undefined = re.compile(r"^'(.+)' is undefined$").match
_has_no = re.compile(r"has no (?:attribute|element) (.+)$").search
_exports_no = re.compile(
    r"^the template '(.+)' \(imported on .*\) does not export the requested name '(.+)'$"
).match
_names = re.compile(
    r"\{%-?\s*(?:for\s+([\w\s,]+?)\s+in\b|(?:set|macro)\s+(\w+)|from\s.*?\simport\s+([\w\s,]+))"
).findall


def names_in(text: str) -> set[str]:
    """Names that a text defines itself."""
    return {word for found in _names(text) for group in found for word in re.findall(r"\w+", group)}


def explained(error: Exception, known: Iterable[str], environment: Fence) -> Unrendered:
    """An exception of Jinja or of Python, in the author's words."""
    if isinstance(error, TemplateSyntaxError):
        return _syntax(error, environment)
    texts = environment.loader.texts if isinstance(environment.loader, Included) else {}
    line = frame_of(error, texts)[1]
    if isinstance(error, Unloadable):
        return Unrendered(error.code, error.message, line=line, help=error.help)
    if isinstance(error, UndefinedError):
        return _not_defined(error, known, line, environment)
    if isinstance(error, Refused):
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


def _syntax(error: TemplateSyntaxError, environment: Fence) -> Unrendered:
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
    error: UndefinedError, known: Iterable[str], line: int | None, environment: Fence
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
    help = did_you_mean(word, map(str, error.known)) if word and isinstance(error, Absent) else None
    if word and isinstance(error, Absent) and not error.known:
        help = "this value is a single one: write its name without what stands behind the dot"
    return Unrendered("CMP111", said, word=word, line=line, help=help)


def frame_of(error: BaseException, texts: Mapping[str, str]) -> tuple[str | None, int | None]:
    """File and line of the last frame inside a template; no file for the text itself."""
    file, line, frame = None, None, error.__traceback__
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if name == "<template>" or name in texts:
            file, line = (name if name in texts else None), frame.tb_lineno
        frame = frame.tb_next
    return file, line
