"""Findings as SARIF 2.1.0, for code scanning views."""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_letters, digits
from typing import Any

from campaignops import __version__
from campaignops.findings import TITLES, Finding, Place
from campaignops.policy import Silenced
from campaignops.report import document
from campaignops.report.findings import extras, located
from campaignops.report.plain import safe

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_IN_URI = frozenset((ascii_letters + digits + "-._~/").encode())


def text(findings: Iterable[Finding], silenced: Iterable[Silenced] = (), *, folder: str = "") -> str:
    """One run with a rule for each code that occurs; what is silenced is in it as suppressed. `folder` as seen from the
    root of the repository."""
    listed, quiet = tuple(findings), tuple(silenced)
    codes = sorted({finding.code for finding in (*listed, *(each.finding for each in quiet))})
    driver = {
        "name": "campaignops",
        "version": __version__,
        "rules": [{"id": c, "shortDescription": {"text": TITLES.get(c, c)}} for c in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, folder) for finding in listed]
        + [_suppressed(each, folder) for each in quiet],
    }
    return document.text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(finding: Finding, folder: str) -> dict[str, Any]:
    said = [finding.message, *(f"{name}: {words}" for name, words in extras(finding))]
    result = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(map(safe, said))},
    }
    return result | ({"locations": [_location(finding.place, folder)]} if finding.place else {})


def _suppressed(silenced: Silenced, folder: str) -> dict[str, Any]:
    kind = "external" if silenced.reason is None else "inSource"
    said = {"kind": kind, "justification": safe(silenced.reason or silenced.by)}
    return _result(silenced.finding, folder) | {"suppressions": [said]}


def _location(place: Place, folder: str) -> dict[str, Any]:
    region = {
        "startLine": max(place.line, 1),
        "startColumn": max(place.column, 1),
        "endColumn": max(place.column, 1) + max(place.width, 1),
    }
    artifact = {"uri": _uri(located(place.file, folder))}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _uri(path: str) -> str:
    return "".join(chr(b) if b in _IN_URI else f"%{b:02X}" for b in path.encode())
