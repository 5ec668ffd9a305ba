"""What the PBX says, without what was said to it: an error may repeat a request, and what people write to each other,
or a secret, is for no log. It knows no endpoint and no meaning of an answer."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Iterator
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

MASK = "[…]"
_words = re.compile(r"[^\W_]+")
_masks = re.compile(rf"{re.escape(MASK)}(?:\W*{re.escape(MASK)})+")
_code_point = re.compile(r"\\u([0-9a-fA-F]{4})")
_escape = re.compile(r"\\[abfnrtv\"'/\\]")
_PART, _RUN, _RUN_OF_OTHERS = 4, 6, 2  # letters; other scripts than ours say more with each
# Their values are words of the documentation. Numbers are masked as such, wherever they stand.
_NO_WORDS_OF_PEOPLE = re.compile(
    "type|code|language|parameter_(name|format)|(channel|content|recipient|send|assign_to)_type|recipient_num_type"
    "|number_list|send_mode"
)


def texts(request: Any) -> Iterator[str]:
    """What the body of a request says in people's words, also within the JSON texts that it holds."""
    match request:
        case dict():
            for key, value in request.items():
                if not _NO_WORDS_OF_PEOPLE.fullmatch(key):
                    yield from texts(value)
        case list():
            for value in request:
                yield from texts(value)
        case str() if request.startswith(("{", "[")):
            try:
                yield from texts(json.loads(request))
            except (ValueError, RecursionError):
                yield request
        case str():
            yield request


def masked(said: str, given: Collection[str]) -> str:
    """`said` without a word of `given`, in whole or in part, however it is escaped."""
    forms, said = (
        [form for each in given for form in {normalize("NFKC", each), _decoded(each)}],
        _decoded(said),
    )
    for form in forms:
        if len(form) >= _PART:
            said = said.replace(form, MASK)
    heard = [_words.findall(form.casefold()) for form in forms]
    ours = {word for words in heard for word in words}
    parts, glued = " ".join(ours), " ".join(map("".join, heard))

    def is_ours(word: str) -> bool:
        run = _RUN if word.isascii() else _RUN_OF_OTHERS
        return (
            word in ours
            or (len(word) >= _PART and word in parts)
            or any(word[at : at + run] in glued for at in range(len(word) - run + 1))
        )

    shown = _words.sub(lambda found: MASK if is_ours(found[0].casefold()) else found[0], said)
    return _masks.sub(MASK, shown)


def _decoded(text: str) -> str:
    """As a person reads it: without the escapes of JSON, of URLs and of HTML, also one within the other."""
    for _ in range(3):
        before, text = text, _code_point.sub(lambda found: chr(int(found[1], 16)), text)
        text = unquote(html.unescape(_escape.sub(" ", text)))
        if text == before:
            break
    return normalize("NFKC", text)
