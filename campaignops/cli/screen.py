"""What a run says: stdout carries the answer, stderr carries talk. Colours only where somebody looks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO, cast

from campaignops.cli.log import Log
from campaignops.errors import CampaignOpsError, ProjectError
from campaignops.findings import Finding
from campaignops.policy import Silenced


class Unanswered(Exception):
    """Stdout cannot be written, such as on a full disk; the text says why."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The two streams, and how the user wants them. `json`: stdout gets one document and nothing else. `log` is `err`
    where that is to be JSON, too."""

    out: TextIO
    err: TextIO
    json: bool = False
    no_color: bool = False
    verbosity: int = 0
    log: Log | None = None

    @property
    def quiet(self) -> bool:
        return self.verbosity < 0

    def color(self, stream: TextIO) -> bool:
        """Whether `stream` takes colours (https://no-color.org: any value that is not empty says no)."""
        if self.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        return stream.isatty()

    def answer(self, text: str) -> None:
        """Raises BrokenPipeError when nobody reads any more, else Unanswered."""
        try:
            self.out.write(text)
            self.out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Unanswered(error.strerror or "it is closed") from None

    def say(self, text: str) -> None:
        """A line of talk; `-q` silences it."""
        if not self.quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """A line that `-q` does not silence."""
        self.err.write(f"{text}\n")
        self.err.flush()

    def document(self, value: Any) -> None:
        from campaignops.report import document

        self.answer(document.text(value))

    def findings(
        self,
        findings: Iterable[Finding],
        root: Path | None,
        *,
        silenced: Sequence[Silenced] = (),
        to_out: bool = False,
    ) -> None:
        """Findings with their source lines: on stdout where they are the answer."""
        from campaignops.report import findings as report

        if self.log and not to_out:
            for finding in findings:
                self.log.record(finding.severity, **report.to_json(finding))
            return
        stream = self.out if to_out else self.err
        folder = folder_of(root)
        source, color = cache(partial(lines_of, root)), self.color(stream)
        text = report.text(findings, source, silenced=silenced, color=color, folder=folder)
        stream.write(text)
        stream.flush()

    def error(self, error: CampaignOpsError, root: Path | None = None) -> None:
        if isinstance(error, ProjectError) and error.findings:
            self.findings(error.findings, root, silenced=error.silenced)
        from campaignops.report.paint import paint
        from campaignops.report.plain import safe

        if self.log:
            self.log.record("error", code=error.code, message=safe(error.message))
            return
        known = f"[{error.code}]" if error.code.startswith("CMP") else ""  # those that `explain` explains
        word = paint(self.color(self.err))(f"error{known}:", "red")
        self.warn(f"{word} {safe(error.message)}")


def standard(*, json: bool, no_color: bool, verbosity: int, log_json: bool = False) -> Screen:
    """The process's own streams. What an old terminal cannot show is written out; a document is UTF-8 everywhere."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if json else None, errors="backslashreplace")
    if not log_json:
        return Screen(sys.stdout, sys.stderr, json, no_color, verbosity)
    log = Log(sys.stderr)
    return Screen(sys.stdout, cast(TextIO, log), json, no_color, verbosity, log)


def folder_of(root: Path | None) -> str:
    """The project folder as seen from the current one, to stand before the names of files."""
    shown = "." if root is None else short(root)
    return "" if shown == "." else shown


def short(path: Path) -> str:
    """As seen from the current folder, or absolute where that is shorter."""
    return min(os.path.relpath(path), str(path), key=len)


def lines_of(root: Path | None, file: str) -> Sequence[str] | None:
    """The lines of a file of the project, for the findings that show them; None when it cannot be read as text."""
    try:
        return ((root or Path()) / file).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return None
