"""Which texts need quotes in a manifest: those that YAML, or another reader of it, would take for something else."""

from __future__ import annotations

import re

# What other readers of YAML take for a number, a date or a truth, and more: +49 30 1234567, 18:06, 2030-07-30 18:06.
looks_typed = re.compile(
    r"[-+]?[.(]?[0-9][0-9 _.,:()+-]*(?:[eE][-+]?[0-9]+)?|[0-9]{4}-[0-9-]+[Tt ][0-9.:+Zz -]+|[-+]?0[xob][0-9A-Fa-f_]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|(?i:true|false|yes|no|on|off|null)|~|=|<<|"
).fullmatch
# Of these, what has a meaning without quotes here, too, and decimals that every reader prints back as they are.
is_itself = re.compile(
    r"-?(?:0|[1-9][0-9]{0,17})|-?(?:0|[1-9][0-9]{0,9})\.[0-9]{0,4}[1-9]|true|false|null|Null|NULL|~|<<|"
).fullmatch
# A text with {{ … }} in it may keep its quotes: it needs them as soon as it begins so.
_must_be_quoted = re.compile(r"[-?:,\[\]#&*!|>'\"%@`\s]|\.\.\.|.*(?::\s|:\Z|\s#|[{}]|\s\Z)").match
_must_be_quoted_in_flow = re.compile(r".*[][,:?]").match


def requoted(said: str, value: str, in_flow: bool) -> str:
    """A quoted scalar without its quotes where they are not needed, else in double ones; unless that took escapes."""
    if not value.isprintable():
        return said
    is_plain = not looks_typed(value) and not _must_be_quoted(value)
    if (
        is_plain
        and not (in_flow and _must_be_quoted_in_flow(value))
        and (said[0] == "'" or said[1:-1] == value)
    ):
        return value
    return f'"{value}"' if said[0] == "'" and not set(value) & {'"', "\\"} else said
