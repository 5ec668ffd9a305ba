"""Where findings of one run are gathered: masked, and not without end. It knows no YAML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache

from campaignops.audience import mask_all
from campaignops.findings import Finding, Place, Severity

MAX_PER_FILE = 100
_MAX_USERS = 3


class Problems:
    """A growing list of findings. Whatever looks like a phone number in one is masked here, so no caller can forget."""

    def __init__(self) -> None:
        self.errors = 0
        self._findings: list[tuple[Finding, Finding]] = []  # as given, and as told
        self._users: dict[Finding, list[str]] = {}
        self._per_file: Counter[str] = Counter()
        self._known: set[Finding] = set()
        self.note_of: Callable[[Place], str | None] = lambda _: (
            None
        )  # for findings that have no note of their own

    @property
    def findings(self) -> list[Finding]:
        """All of them so far; one that several campaigns share names them."""
        users = self._users
        return [
            replace(told, note=_with_users(told.note, users[given])) if given in users else told
            for given, told in self._findings
        ]

    def add(
        self,
        code: str,
        message: str,
        place: Place | None,
        *,
        note: str | None = None,
        help: str | None = None,
        severity: Severity = "error",
        user: str | None = None,
    ) -> None:
        """`user`: the key of a campaign that gets what is wrong from elsewhere; it is told once, for all of them."""
        note, help = note and mask_all(note), help and mask_all(help)
        finding = Finding(code, severity, mask_all(message), place, note, help)
        if user is not None:
            self._users.setdefault(finding, []).append(user)
        self.extend([finding])

    def extend(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.errors += finding.severity == "error"
            if finding in self._known:
                continue  # a template's loop repeats its mistake; once is enough
            self._known.add(finding)
            told = finding
            if finding.note is None and finding.place and (note := self.note_of(finding.place)):
                told = replace(finding, note=mask_all(note))
            file = finding.place.file if finding.place else ""
            self._per_file[file] += 1
            if self._per_file[file] <= MAX_PER_FILE:
                self._findings.append((finding, told))
            elif self._per_file[file] == MAX_PER_FILE + 1:
                place = Place(file, finding.place.line) if finding.place else None
                message = "more problems follow in this file; they are shown when these are settled"
                more = Finding(finding.code, finding.severity, message, place)
                self._findings.append((more, more))


def _with_users(note: str | None, keys: list[str]) -> str:
    few = [f"`{mask_all(key)}`" for key in keys[:_MAX_USERS]]
    if len(keys) > _MAX_USERS:
        few.append(f"{len(keys) - _MAX_USERS:,} more")
    listed = few[0] if len(few) == 1 else ", ".join(few[:-1]) + f" and {few[-1]}"
    return f"{note}; used by {listed}" if note else f"used by {listed}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    return _nearest(word[:100], tuple(known))


@lru_cache(4096)  # whoever copies a mistake makes it many times
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415  (only needed when something is wrong)

    by_folded = {name.casefold(): name for name in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Help for a word that is not known: the nearest one, or all when they are few."""
    known = sorted(known)
    near = nearest(word, known)
    if near is not None:
        return f"did you mean `{near}`?"
    if 0 < len(known) <= 12:
        return "known here: " + ", ".join(f"`{name}`" for name in known)
    return None
