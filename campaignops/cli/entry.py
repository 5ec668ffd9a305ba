"""From the words of a command line to a command and its exit code; the one place where errors become messages."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from campaignops.cli import arguments, environment, options, screen
from campaignops.cli.screen import Screen, Unanswered
from campaignops.errors import CampaignOpsError, Interrupted

_BROKEN_PIPE = 141  # as the shell reports a process that SIGPIPE has ended


def run(words: list[str]) -> int:
    """The exit code of `campaignops WORDS`. Raises nothing. SIGTERM ends it as Ctrl-C does: the token is given back."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(words)
    finally:
        signal.signal(signal.SIGTERM, before)


class StopAtOnce(KeyboardInterrupt):
    """Somebody does not want to wait for the PBX any more, not even to give the token back."""


class Failure:
    """What a report of a failure needs to know of the run: its kind of document, its folder, what it had come to."""

    kind = "error"
    root: Path | None = None
    document: dict[str, Any] | None = None
    leave: Callable[[CampaignOpsError | None], None] | None = None  # writes files when the run ends

    def end(self, error: CampaignOpsError | None) -> None:
        if self.leave is not None:
            self.leave(error)

    def report(self, shown: Screen, error: CampaignOpsError) -> int:
        from campaignops.report import plan_json

        self.end(error)
        shown.error(error, self.root)  # first: stdout may be what fails
        if shown.json:
            if self.document is None:
                told = (getattr(error, name, ()) for name in ("findings", "silenced"))
                self.document = plan_json.error_document(self.kind, error, *told)
            shown.document(plan_json.with_error(self.document, error))
        return error.exit_code


def _run(words: list[str]) -> int:
    shown = screen.standard(
        json=options.wants_json(words),
        no_color=options.wants_no_color(words),
        verbosity=options.verbosity_of(words),
        log_json=options.wants_json_log(words),
    )
    try:
        return _reported(words, shown, Failure())
    except BrokenPipeError:
        # Whoever read us has gone; Python would complain about it once more while it shuts down.
        _silence_stdout()
        return _BROKEN_PIPE
    except Unanswered as error:
        _silence_stdout()
        message = f"stdout cannot be written: {error}; what is done is recorded"
        shown.error(CampaignOpsError(message, code="stdout"), None)
        return 1


def _reported(words: list[str], shown: Screen, failure: Failure) -> int:
    """The same, while stdout can be written. Raises BrokenPipeError and Unanswered, also where it reports a failure."""
    try:
        command, rest = options.command_of(words)
        failure.kind = command
        return _command(command, rest, shown, failure)
    except (BrokenPipeError, Unanswered):
        raise
    except CampaignOpsError as error:
        return failure.report(shown, error)
    except KeyboardInterrupt as stopped:
        return failure.report(shown, Interrupted(str(stopped) or "interrupted; nothing was under way"))
    except Exception as error:  # noqa: BLE001 - the one boundary
        if shown.verbosity > 1:
            shown.warn(_where(error))
        what = f"a defect in campaignops ({type(error).__name__}); what is done is recorded. -vv shows where"
        return failure.report(shown, CampaignOpsError(what, code="internal"))


def _silence_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command(command: str, rest: list[str], shown: Screen, failure: Failure) -> int:
    parser = options.Parser(command)
    arguments.OF[command](parser)
    options.add_common(parser)
    try:
        args = parser.parse_intermixed_args([*environment.words(parser, rest, os.environ), *rest])
    except SystemExit:  # --help has been printed
        return 0
    module = importlib.import_module(f"campaignops.cli.commands.{command.replace('-', '_')}")
    code: int = module.run(args, shown, failure)
    failure.end(None)
    return code


def _where(error: BaseException | None) -> str:
    """The lines of code that an error came through, and its kind. Not what it says: nobody knows what that repeats."""
    import traceback

    told = []
    while error is not None:
        told.append("".join([*traceback.format_tb(error.__traceback__), type(error).__name__]))
        error = error.__cause__ or error.__context__
    return "\n\nafter\n\n".join(told)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
