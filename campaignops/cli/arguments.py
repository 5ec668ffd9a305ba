"""What each command takes besides the options of all. argparse alone: `plan --help` must not pay for a plan."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping

_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
SCHEMAS = (
    *("manifest", "settings"),  # what people write
    *("plan", "apply", "status", "findings", "state", "saved-plan", "notice", "event"),  # what programs read
)
_FINDINGS = ("text", "concise", "json", "github", "gitlab", "sarif")


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", nargs="?", metavar="DIR", help="default: the current folder, or -C")


def _choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--select", action="append", default=[], metavar="CODES", help="only these warnings: CMP3,CMP407"
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="CODES", help="not these warnings: CMP3,CMP407"
    )


def _validate(parser: argparse.ArgumentParser) -> None:
    _choice(parser)
    parser.add_argument("--online", action="store_true", help="look names and templates up on the PBX, too")
    parser.add_argument("--format", choices=_FINDINGS, default="text", help="how findings are written")


def _keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("keys", nargs="*", default=[], metavar="KEY", help="only these campaigns (globs)")


def _preview(parser: argparse.ArgumentParser) -> None:
    _keys(parser)
    parser.add_argument(
        "-o", "--output", default="preview.html", metavar="FILE", help="where to write it (preview.html)"
    )
    parser.add_argument("--offline", action="store_true", help="do not ask the PBX")


def _half(parser: argparse.ArgumentParser) -> None:
    halves = parser.add_mutually_exclusive_group()
    halves.add_argument(
        "--draft-only",
        dest="half",
        action="store_const",
        const="draft",
        help="prepare: make and record drafts, and release none",
    )
    halves.add_argument(
        "--release-only",
        dest="half",
        action="store_const",
        const="release",
        help="release what is recorded as a draft and unchanged, and do nothing else",
    )
    halves.add_argument(
        "--refresh-only",
        action="store_true",
        help="record what was changed on the PBX, and change nothing there",
    )


def _status(parser: argparse.ArgumentParser) -> None:
    _keys(parser)
    parser.add_argument("--watch", action="store_true", help="look again until all of it is done")
    parser.add_argument(
        "--timeout", "--deadline", type=seconds, metavar="TIME", help="give up watching after so long: 30m"
    )


def _plan(parser: argparse.ArgumentParser) -> None:
    _choice(parser)
    _half(parser)
    parser.add_argument(
        "--offline", action="store_true", help="do not ask the PBX: manifests and state alone"
    )
    _cases(parser)
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when there are changes")
    parser.add_argument("-o", "--output", metavar="FILE", help="save the plan, for `campaignops apply FILE`")
    parser.add_argument(
        "--valid-for",
        type=seconds,
        default=86400.0,
        metavar="TIME",
        help="with -o: how long it may be applied (default: 24h; never until its first send time)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "markdown", "github"),
        default="text",
        help="markdown: a comment for a pull request; github: findings as annotations, too",
    )
    _comment(parser)


def _comment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--markdown", metavar="FILE", help="write a comment for the pull request, also on failure"
    )


def _apply(parser: argparse.ArgumentParser) -> None:
    _comment(parser)
    parser.add_argument(
        "--notice", metavar="FILE", help="write the result in a few JSON fields, for a chat hook"
    )
    parser.add_argument("--events", metavar="FILE", help="write each step as a line of JSON, as it happens")
    _choice(parser)
    _half(parser)
    parser.add_argument(
        "plan", nargs="?", metavar="PLAN", help="only what `campaignops plan -o PLAN` has saved"
    )
    parser.add_argument(
        "--expect-digest",
        type=_digest,
        metavar="DIGEST",
        help="only a plan of this digest, which plan --json tells",
    )
    parser.add_argument("--auto-approve", action="store_true", help='do not ask for a "yes" (for CI)')
    parser.add_argument(
        "--checkpoint",
        metavar="COMMAND",
        help="run it after each step that was recorded, to bring the state of a machine that does not last to safety; "
        "nothing more is done unless it succeeds",
    )
    _cases(parser)
    parser.add_argument("--reason", metavar="TEXT", help="why this is allowed; it is recorded")
    parser.add_argument(
        "--expect-recipients",
        type=int,
        metavar="N",
        help="refuse unless the plan reaches just so many people",
    )


def _cases(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-recipients",
        action="append",
        default=[],
        type=int,
        metavar="N",
        help="let just so many people be too many, for this once",
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="CASE",
        help="let one refusal by, for this once; the refusal says which words",
    )


def _resolve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="the campaign, as `campaignops plan` names it")
    decision = parser.add_mutually_exclusive_group()
    decision.add_argument("--adopt", type=int, metavar="ID", help="it was made: record this id of the PBX")
    decision.add_argument("--absent", action="store_true", help="nothing was made: the next apply creates it")


def _recover(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--write", action="store_true", help="record what was found; without it, nothing is written"
    )


def _retry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="a campaign that has ended")
    parser.add_argument(
        "--expect-failed", type=int, metavar="N", help="do not ask; refuse unless just so many failed"
    )


def _test_send(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="the campaign, as `campaignops plan` names it")
    parser.add_argument("--to", required=True, metavar="NUMBER", help="one of `test_numbers` of the settings")
    parser.add_argument("--auto-approve", action="store_true", help='do not ask for a "yes"')


def _halt(parser: argparse.ArgumentParser) -> None:
    _keys(parser)
    parser.add_argument("--lift", action="store_true", help="let the next apply release what was halted")
    parser.add_argument("--auto-approve", action="store_true", help='do not ask for a "yes"')


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="KEY", help="the key that it is to have here")
    parser.add_argument("id", nargs="?", type=int, metavar="ID", help="its id on the PBX")
    parser.add_argument("--all", action="store_true", help="every campaign of the PBX that is not recorded")
    parser.add_argument(
        "--into", default="imported", metavar="FOLDER", help="for new manifests, in the project (imported)"
    )


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "ids", nargs="*", default=[], type=int, metavar="ID", help="only these (default: every campaign)"
    )
    parser.add_argument("--into", metavar="FOLDER", help="a file for each, instead of all on stdout")


def _state(parser: argparse.ArgumentParser) -> None:
    verbs = ("list", "show", "rm", "mv", "pull", "push", "unlock")
    parser.add_argument("verb", choices=verbs, metavar="VERB", help=f"one of {', '.join(verbs)}")
    parser.add_argument(
        "keys",
        nargs="*",
        default=[],
        metavar="KEY",
        help="list, show: globs; rm: a key; mv: the old and the new; push: FILE or -",
    )
    parser.add_argument("--auto-approve", action="store_true", help="rm, push: do not ask")
    parser.add_argument("--forget-sent", action="store_true", help="rm, push: also what may have been sent")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", nargs="?", metavar="CODE", help="such as CMP105; without it, all are listed")


def _fmt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="*", default=[], metavar="FILE", help="manifests of the project (default: all)"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file would change")


def _schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "of",
        nargs="?",
        choices=SCHEMAS,
        default="manifest",
        metavar="WHAT",
        help=f"one of {', '.join(SCHEMAS)} (default: manifest)",
    )


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh"), help="for which shell")


def _sandbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=8088, help="default: 8088; 0 takes any that is free")
    parser.add_argument("--store", metavar="FILE", help="keep it in this SQLite file (default: in memory)")
    parser.add_argument("--seed", metavar="FILE", help="channels, phonebooks, templates … as YAML or JSON")
    parser.add_argument("--reset", action="store_true", help="forget what the store remembers, but the seed")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_switch,
        metavar="SWITCH=VALUE",
        help="how this PBX behaves where the documentation is silent; a wrong SWITCH lists them all",
    )


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep", metavar="DIR", help="work in this new folder and keep it")


OF: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
    "init": _init,
    "validate": _validate,
    "render": _keys,
    "plan": _plan,
    "preview": _preview,
    "apply": _apply,
    "test-send": _test_send,
    "status": _status,
    "report": _keys,
    "resolve": _resolve,
    "recover": _recover,
    "halt": _halt,
    "retry": _retry,
    "import": _import,
    "export": _export,
    "state": _state,
    "explain": _explain,
    "fmt": _fmt,
    "test-policy": lambda parser: None,
    "schema": _schema,
    "completion": _completion,
    "sandbox": _sandbox,
    "demo": _demo,
}


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is not a port")
    return int(text)


def seconds(text: str) -> float:
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"`{text}` is not a time such as 0s, 90s or 5m")
    return float(found[1]) * _UNITS_S[found[2] or "s"]


def _digest(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError(f"`{text}` is not the digest of a plan: 64 hex digits")
    return text


def _switch(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"`{text}` is not SWITCH=VALUE")
    if value.isdecimal():
        return name, int(value)
    return name, float(value) if value.replace(".", "", 1).isdecimal() else value
