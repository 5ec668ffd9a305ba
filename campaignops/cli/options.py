"""The options that every command understands, before or after its name, and how words become values."""

from __future__ import annotations

import argparse
import os
import re
from itertools import pairwise
from typing import NoReturn

from campaignops.cli import arguments
from campaignops.cli.environment import says_yes
from campaignops.cli.overview import COMMANDS
from campaignops.errors import UsageError


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong command line is a UsageError, and nothing is abbreviated."""

    def __init__(self, command: str) -> None:
        super().__init__(prog=f"campaignops {command}", description=COMMANDS[command], allow_abbrev=False)
        self.command = command

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `campaignops {self.command} --help`")


def print_help(command: str) -> bool:
    """The help of a command, on stdout; False for what is none."""
    if command not in COMMANDS:
        return False
    parser = Parser(command)
    arguments.OF[command](parser)
    add_common(parser)
    parser.print_help()
    return True


def command_of(words: list[str]) -> tuple[str, list[str]]:
    """The command, and the other words. Raises UsageError."""
    with_value = _with_value() if words[:1] and words[0].startswith("-") else frozenset()
    takes_value = False
    for position, word in enumerate(words):
        if not takes_value and not word.startswith("-"):
            if word not in COMMANDS:
                raise UsageError(f"there is no command `{word}`{_suggestion(word)}")
            return word, words[:position] + words[position + 1 :]
        takes_value = word in with_value and not takes_value
    raise UsageError("which command? `campaignops --help` lists them")


def add_common(parser: argparse.ArgumentParser) -> None:
    common = parser.add_argument_group("options of every command")
    common.add_argument("-C", dest="folder", metavar="DIR", help="the project folder")
    common.add_argument("--env", metavar="NAME", help="lay this environment over the settings")
    common.add_argument(
        "--var", action="append", default=[], type=_pair, metavar="NAME=VALUE", help="set a var"
    )
    common.add_argument(
        "--var-file", action="append", default=[], metavar="FILE", help="set the vars of a YAML file"
    )
    common.add_argument(
        "--target", action="append", default=[], metavar="KEY", help="only these campaigns (glob)"
    )
    common.add_argument("--exclude", action="append", default=[], metavar="KEY", help="all but these (glob)")
    common.add_argument("--json", action="store_true", help="one JSON document on stdout")
    common.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="json: stderr as lines of JSON"
    )
    common.add_argument("--no-color", action="store_true", help="no colours")
    common.add_argument("-q", dest="quiet", action="store_true", help="say less")
    common.add_argument("-v", dest="verbose", action="count", default=0, help="say more; again for even more")
    common.add_argument(
        "--lock-timeout", type=arguments.seconds, default=0.0, metavar="TIME", help="wait for the lock: 60s"
    )


def wants_json(words: list[str]) -> bool:
    """From the bare words and variables, for errors that come before they are parsed."""
    return "--json" in words or says_yes("JSON") or _value(words, "--format") == "json"


def wants_json_log(words: list[str]) -> bool:
    return _value(words, "--log-format") == "json"


def wants_no_color(words: list[str]) -> bool:
    return "--no-color" in words or says_yes("NO_COLOR")


def verbosity_of(words: list[str]) -> int:
    """-1 for `-q`, else how often `-v` is said; from the bare words and variables too."""
    said = sum(len(word) - 1 for word in words if re.fullmatch(r"-v+", word))
    if "-q" in words or (says_yes("QUIET") and not said):
        return -1
    return said or int(says_yes("VERBOSE")) or 2 * (os.environ.get("CAMPAIGNOPS_VERBOSE") == "2")


def _value(words: list[str], option: str) -> str | None:
    """What the last of `words`, or else the variable, says for an option."""
    given = [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    given += [value for word, value in pairwise(words) if word == option]
    return given[-1] if given else os.environ.get(f"CAMPAIGNOPS_{option[2:].replace('-', '_').upper()}")


def _with_value() -> frozenset[str]:
    """The options of all commands that take a value: a word behind one of them is not the command."""
    parser = argparse.ArgumentParser(add_help=False, conflict_handler="resolve")
    for add in (add_common, *arguments.OF.values()):
        add(parser)
    options = [action for action in parser._actions if action.nargs is None]
    return frozenset(word for option in options for word in option.option_strings)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"`{text}` is not NAME=VALUE")
    return name, value


def _suggestion(word: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, COMMANDS, 1)
    return f"; did you mean `{close[0]}`?" if close else "; `campaignops --help` lists them"
