"""Options from variables: `--lock-timeout` is CAMPAIGNOPS_LOCK_TIMEOUT. What stands on the command line is nearer."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping

from campaignops.errors import UsageError

_PREFIX = "CAMPAIGNOPS_"
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
# CAMPAIGNOPS_ENV is read with the settings. The others settle one single case: a variable that somebody has left
# behind must not settle the next one.
_NONE = {"--help", "--env", "--adopt", "--absent", "--forget-sent"}


def words(parser: argparse.ArgumentParser, given: list[str], environ: Mapping[str, str]) -> list[str]:
    """The options that variables set and `given` does not, as words of a command line. Raises UsageError, which names
    the variable. A list has a value a line; an empty variable counts as none."""
    found: list[str] = []
    for action in parser._actions:
        if not action.option_strings or _NONE & set(action.option_strings):
            continue
        name = variable(action)
        if (text := environ.get(name, "").strip()) and not any(_is(word, action) for word in given):
            found += _words(action, name, text)
    return found


def variable(action: argparse.Action) -> str:
    """The name of an option's variable: of its long form, or of what it sets."""
    long = [word for word in action.option_strings if word.startswith("--")]
    return _PREFIX + (long[0][2:] if long else action.dest).replace("-", "_").upper()


def says_yes(name: str) -> bool:
    """For what must be known before the command line is parsed; a wrong value is told then."""
    return os.environ.get(_PREFIX + name, "").strip().lower() in _YES


def _is(word: str, action: argparse.Action) -> bool:
    return any(word == option or word.startswith(f"{option}=") for option in action.option_strings) or (
        len(action.option_strings[0]) == 2 and word.startswith(action.option_strings[0])
    )


def _words(action: argparse.Action, name: str, text: str) -> Iterator[str]:
    option = action.option_strings[-1]
    if action.nargs != 0:
        for value in text.splitlines() if isinstance(action.default, list) else [text]:
            _check(action, name, value.strip())
            yield f"{option}={value.strip()}" if option.startswith("--") else f"{option}{value.strip()}"
    elif type(action.default) is int and text.isdecimal() and len(text) == 1:  # counted: -v, -vv
        yield from [option] * int(text)
    elif text.lower() in _YES:
        yield option
    elif text.lower() not in _NO:
        raise UsageError(f"{name}: `{text}` is neither 1 nor 0")


def _check(action: argparse.Action, name: str, value: str) -> None:
    try:
        made = action.type(value) if callable(action.type) else value
    except (argparse.ArgumentTypeError, ValueError) as error:
        why = str(error) if isinstance(error, argparse.ArgumentTypeError) else f"`{value}` is not a number"
        raise UsageError(f"{name}: {why}") from None
    if action.choices is not None and made not in action.choices:
        raise UsageError(f"{name}: `{value}` is not one of {', '.join(map(str, action.choices))}")
