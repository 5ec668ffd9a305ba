"""`campaignops fmt [FILE…]`: manifests in one canonical form, with every comment; --check only says which are not."""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen, folder_of
from campaignops.errors import CampaignOpsError, ProjectError, UsageError
from campaignops.findings import Finding, Place, has_errors, in_order
from campaignops.manifest import walk
from campaignops.manifest.problems import Problems
from campaignops.manifest.source import Source, read_bytes
from campaignops.manifest.yaml import canonical
from campaignops.manifest.yaml.flaws import Unreadable
from campaignops.manifest.yaml.layout import Irregular
from campaignops.project import SETTINGS_FILE, find
from campaignops.report import findings as report
from campaignops.report.findings import located
from campaignops.report.plan_json import SCHEMA_VERSION

Outcome = Literal["formatted", "differs", "unchanged", "left", "unreadable"]
_TEMPLATE = "a template is left as it is: only what it makes is YAML"
_SETTINGS = "the settings are left as they are"


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of one file; `why` when it was left as it is."""

    file: str
    outcome: Outcome
    why: str | None = None


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0; 1 when a file cannot be read, or with --check when one is not in the form."""
    root = find(args.folder)
    failure.root = root
    problems = Problems()
    named = [_inside(root, name) for name in args.files]
    files = named or sorted(chain(*walk.files(str(root), problems)))
    results = [_formatted(root, file, problems, write=not args.check) for file in dict.fromkeys(files)]
    findings = in_order(problems.findings)
    if shown.json:
        failure.document = _document(results, findings)
    else:
        _tell(results, findings, root, shown)
    _judge(results, findings)
    if shown.json:
        shown.document(failure.document)
    return 0


def _inside(root: Path, name: str) -> str:
    """A FILE of the command line, from the current folder, as a path below the project folder. Raises UsageError."""
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"there is no file {name}")
    real = path.resolve()
    if not real.is_relative_to(root):
        raise UsageError(f"{name} is not in the project folder {folder_of(root) or '.'}; see -C")
    if not real.name.endswith((".yaml", ".yaml.j2")):
        raise UsageError(f"{name} is no manifest: their names end in .yaml")
    return real.relative_to(root).as_posix()


def _formatted(root: Path, file: str, problems: Problems, *, write: bool) -> _Result:
    if file.endswith(".j2"):
        return _Result(file, "left", _TEMPLATE)
    if file == SETTINGS_FILE:
        return _Result(file, "left", _SETTINGS)
    path = (root / file).resolve()
    data = b""
    try:
        data = read_bytes(str(path))
        made = canonical.formatted(data)
    except Unreadable as problem:
        Source(file, data).report([problem.flaw], problems)
        return _Result(file, "unreadable")
    except OSError as error:
        problems.add("CMP113", f"the manifest cannot be read: {error.strerror}", Place(file))
        return _Result(file, "unreadable")
    except Irregular as why:
        return _Result(file, "left", f"left as it is: {why}")
    if made == data:
        return _Result(file, "unchanged")
    if not write:
        return _Result(file, "differs")
    _replace(path, made)
    return _Result(file, "formatted")


def _replace(path: Path, data: bytes) -> None:
    """Puts a new file in the place of the old one, whole or not at all, with its mode. Raises CampaignOpsError."""
    beside = ""
    try:
        handle, beside = tempfile.mkstemp(prefix=".fmt-", dir=path.parent)
        with open(handle, "wb") as file:  # noqa: PTH123
            file.write(data)
            file.flush()
            os.fchmod(handle, path.stat().st_mode & 0o7777)
            os.fsync(handle)
        Path(beside).replace(path)
    except OSError as error:
        if beside:
            Path(beside).unlink(missing_ok=True)
        raise CampaignOpsError(
            f"cannot write {path.name}: {error.strerror}; it is as it was", code="write"
        ) from error


def _tell(results: list[_Result], findings: tuple[Finding, ...], root: Path, shown: Screen) -> None:
    """The files that were or would be written on stdout, a line each; all else on stderr."""
    for result in results:
        name = located(result.file, folder_of(root))
        if result.outcome in ("formatted", "differs"):
            shown.answer(f"{name}\n")
        elif result.why:
            shown.say(f"{name}: {result.why}")
    shown.findings(findings, root)
    if not _count(results, "differs"):
        done, fine = _count(results, "formatted"), _count(results, "unchanged")
        shown.say(f"{_files(done)} formatted, {_files(fine)} in the canonical form already.")


def _judge(results: list[_Result], findings: tuple[Finding, ...]) -> None:
    if has_errors(findings):
        raise ProjectError(f"not every manifest can be read: {report.count(findings)}")
    if count := _count(results, "differs"):
        verb = "is" if count == 1 else "are"
        raise ProjectError(
            f"{_files(count)} {verb} not in the canonical form; run `campaignops fmt`", code="not_formatted"
        )


def _count(results: list[_Result], outcome: Outcome) -> int:
    return sum(result.outcome == outcome for result in results)


def _document(results: list[_Result], findings: tuple[Finding, ...]) -> dict[str, object]:
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "fmt",
        "files": [{"file": r.file, "outcome": r.outcome, "reason": r.why} for r in results],
        "findings": [report.to_json(finding) for finding in findings],
    }


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
