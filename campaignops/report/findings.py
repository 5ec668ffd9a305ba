"""Findings as text in the look of rustc and ruff, as lines, as JSON, and for the code views of GitHub and GitLab."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from posixpath import join, normpath
from typing import Any, TypeAlias

from campaignops.findings import Finding, Place, Severity
from campaignops.policy import Silenced
from campaignops.project import SETTINGS_FILE
from campaignops.report import document
from campaignops.report.paint import Paint, Style, paint
from campaignops.report.plain import safe
from campaignops.report.snippet import snippet

Source: TypeAlias = Callable[
    [str], Sequence[str] | None
]  # the lines of a file of the project; None: not to be had
_STYLES: dict[Severity, Style] = {"error": "red", "warning": "yellow", "info": "cyan"}


def text(
    findings: Iterable[Finding],
    source: Source,
    *,
    silenced: Sequence[Silenced] = (),
    color: bool,
    folder: str = "",
) -> str:
    """Every finding with its source line, then how many there are; empty when there are none, not even silenced ones.

    `folder`, the project folder as seen from the current one, stands before each file: a terminal can jump to it.
    """
    listed = tuple(findings)
    if not listed and not silenced:
        return ""
    style = paint(color)
    blocks = ["\n".join(_block(finding, source, style, folder)) for finding in listed]
    return "\n\n".join([*blocks, style(count(listed, silenced), "bold")]) + "\n"


def count(findings: Iterable[Finding], silenced: Sequence[Silenced] = ()) -> str:
    """`2 errors, 1 warning, 3 silenced`."""
    each = Counter(finding.severity for finding in findings)
    named: dict[Severity, tuple[str, str]] = {
        "error": ("error", "errors"),
        "warning": ("warning", "warnings"),
        "info": ("note", "notes"),
    }
    said = [f"{each[s]:,} {one if each[s] == 1 else more}" for s, (one, more) in named.items() if each[s]]
    return ", ".join([*said, f"{len(silenced):,} silenced"] if silenced else said)


def concise(findings: Iterable[Finding], *, folder: str = "") -> str:
    """One line each: `file:line:column: error[CMP105] message`."""
    return "".join(_line(finding, folder) for finding in findings)


def to_json(finding: Finding) -> dict[str, Any]:
    """The shape in `--json`; `file` is relative to the project folder."""
    place = finding.place
    shape: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity,
        "message": safe(finding.message),
        "file": safe(place.file) if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }
    return shape | {name: safe(words) for name, words in extras(finding)}


def silenced_to_json(silenced: Silenced) -> dict[str, Any]:
    """The same, with `by`: the place of the comment or what the settings say, and its `reason` or null."""
    return to_json(silenced.finding) | {
        "by": safe(silenced.by),
        "reason": silenced.reason and safe(silenced.reason),
    }


def github(findings: Iterable[Finding], *, folder: str = "") -> str:
    """Workflow commands, which GitHub turns into annotations; `folder` as seen from the root of the repository."""
    return "".join(_annotation(finding, folder) for finding in findings)


def gitlab(findings: Iterable[Finding], *, folder: str = "") -> str:
    """A code quality report. Its fingerprints leave lines out, so that a finding that moved is not a new one."""
    severities = {"error": "critical", "warning": "minor", "info": "info"}
    seen: Counter[tuple[str, str, str]] = Counter()
    issues = []
    for finding in findings:
        path, line = _at(finding, folder)
        identity = (finding.code, path, safe(finding.message))
        seen[identity] += 1
        issues.append(
            {
                "description": _sentences(finding, " "),
                "check_name": finding.code,
                "fingerprint": sha256("\0".join((*identity, str(seen[identity]))).encode()).hexdigest(),
                "severity": severities[finding.severity],
                "location": {"path": path, "lines": {"begin": line}},
            }
        )
    return document.text(issues)


def extras(finding: Finding) -> list[tuple[str, str]]:
    """The note and the help, as far as there are any."""
    return [(name, words) for name, words in (("note", finding.note), ("help", finding.help)) if words]


def located(file: str, folder: str) -> str:
    """`file` with the folder before it, as it may be shown."""
    return safe(normpath(join(folder, file)))


def _block(finding: Finding, source: Source, style: Paint, folder: str) -> list[str]:
    level = style(f"{finding.severity}[{finding.code}]", _STYLES[finding.severity])
    head = f"{level}{style(': ' + safe(finding.message), 'bold')}"
    gutter = " "
    drawn: list[str] = []
    if finding.place is not None:
        gutter, drawn = _drawn(finding.place, source, _STYLES[finding.severity], style, folder)
    bar = style("=", "blue")
    tail = [f"{gutter} {bar} {style(name, 'bold')}: {safe(words)}" for name, words in extras(finding)]
    if tail and len(drawn) > 1:
        drawn.append(f"{gutter} {style('|', 'blue')}")
    return [head, *drawn, *tail]


def _drawn(place: Place, source: Source, severity: Style, style: Paint, folder: str) -> tuple[str, list[str]]:
    """The gutter's blanks, and the arrow with the source line and its carets."""
    gutter = " " * len(str(place.line))
    where = f"{located(place.file, folder)}:{place.line}:{place.column}"
    arrow = f"{gutter}{style('-->', 'blue')} {where}"
    lines = source(place.file)
    if lines is None or not 1 <= place.line <= len(lines):
        return gutter, [arrow]
    shown = snippet(lines[place.line - 1], place.column, place.width)
    edge = style("|", "blue")
    return gutter, [
        arrow,
        f"{gutter} {edge}",
        f"{style(str(place.line), 'blue')} {edge} {shown.line}".rstrip(),
        f"{gutter} {edge} {' ' * shown.indent}{style('^' * shown.carets, severity)}",
    ]


def _line(finding: Finding, folder: str) -> str:
    place = finding.place
    where = f"{located(place.file, folder)}:{place.line}:{place.column}: " if place else ""
    return f"{where}{finding.severity}[{finding.code}] {safe(finding.message)}\n"


def _annotation(finding: Finding, folder: str) -> str:
    level = {"error": "error", "warning": "warning", "info": "notice"}[finding.severity]
    place = finding.place
    said = {"title": f"campaignops {finding.code}"}
    if place is not None:
        said = {
            "file": located(place.file, folder),
            "line": str(place.line),
            "col": str(place.column),
            "endColumn": str(place.column + place.width),
            **said,
        }
    properties = ",".join(f"{name}={_property(value)}" for name, value in said.items())
    return f"::{level} {properties}::{_data(_sentences(finding, chr(10)))}\n"


def _sentences(finding: Finding, between: str) -> str:
    return between.join(
        [safe(finding.message), *(f"{name}: {safe(words)}" for name, words in extras(finding))]
    )


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _at(finding: Finding, folder: str) -> tuple[str, int]:
    """Where a format that insists on a place puts a finding without one: at the settings."""
    place = finding.place or Place(SETTINGS_FILE)
    return located(place.file, folder), max(place.line, 1)
