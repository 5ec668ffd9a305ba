"""Which findings count, and how much: severities, selections, and the comments that waive one. Pure: the day is an
argument, and a finding that protects somebody is never silenced. It knows no YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from campaignops.findings import TITLES, Finding, Place, Severity, has_errors, in_order

EVERYTHING = "ALL"

# What is found as a warning, at least at times. Words (3xx) and guardrails (6xx) may warn or refuse; what a finding
# is when it is made decides. All other codes are errors always, because what they stop cannot be taken back.
_ADVISORY = frozenset(
    ("CMP114", "CMP118", "CMP407", "CMP408", "CMP409", "CMP410", *(f"CMP{number}" for number in range(119, 125)))
)  # fmt: skip
# What `validate` cannot find, so that it cannot say that a comment about it is of no use.
_ONLY_IN_A_PLAN = frozenset(code for code in TITLES if code[3] == "6") | {"CMP409"}


def may_be_silenced(selector: str) -> bool:
    """Whether a code, or any code that begins with `selector`, is ever less than an error."""
    return any(code in _ADVISORY or code[3] in "36" for code in codes_of(selector))


def codes_of(selector: str) -> list[str]:
    """The codes that `CMP407`, `CMP4` or `ALL` stands for; none for what is no code."""
    if selector == EVERYTHING:
        return list(TITLES)
    return [code for code in TITLES if code.startswith(selector)] if selector.startswith("CMP") else []


@dataclass(frozen=True, slots=True)
class Waiver:
    """A comment that silences `code` on the lines `first` to `last` of the file of its `place`, and in the recipient
    files that these lines name, up to and including the day `until`."""

    code: str
    place: Place
    first: int
    last: int
    until: date | None
    reason: str
    files: tuple[str, ...] = ()

    def covers(self, finding: Finding) -> bool:
        where = finding.place
        if where is None or finding.code != self.code:
            return False
        return where.file in self.files or (
            where.file == self.place.file and self.first <= where.line <= self.last
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """`findings:` of the settings, with --select and --ignore laid over. Selectors are codes or how codes begin; of
    two that fit a code the longer one decides, and `ignore` of two that are as long."""

    severity: Mapping[str, Severity] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def over(self, select: tuple[str, ...], ignore: tuple[str, ...]) -> Policy:
        """This policy under a command line: --select replaces what the settings choose, --ignore adds to it."""
        if select:
            return replace(self, select=select, ignore=ignore)
        return replace(self, ignore=(*self.ignore, *ignore))

    def hides(self, code: str) -> str | None:
        """What silences a code: `ignore CMP4`, or that `select` leaves it out; None when nothing does, or may."""
        if not may_be_silenced(code):
            return None
        selected = _longest(code, self.select) if self.select else 0
        ignored = _longest(code, self.ignore)
        if ignored >= 0 and ignored >= selected:
            return "ignore " + max((s for s in self.ignore if code in codes_of(s)), key=_weight)
        return None if selected >= 0 else "not in select"


@dataclass(frozen=True, slots=True)
class Silenced:
    """A finding that was made and is not shown; `by` names the comment's place or the setting."""

    finding: Finding
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The findings that count, and those that were silenced, each by place."""

    findings: tuple[Finding, ...]
    silenced: tuple[Silenced, ...] = ()


def judged(
    findings: Iterable[Finding],
    policy: Policy,
    waivers: Iterable[Waiver],
    today: date,
    *,
    whole: bool = False,
) -> Judged:
    """All findings of a run, sorted out once, before anybody asks whether there are errors among them. `whole` says
    that everything was looked for that `validate` can find: a comment that silenced nothing is then a finding too."""
    listed, valid = list(dict.fromkeys(findings)), []  # of the parts of a campaign, each once
    for waiver in waivers:
        if waiver.until is not None and waiver.until < today:
            listed.append(_expired(waiver))
        else:
            valid.append(waiver)
    kept, silenced, used = [], [], set()
    for finding in listed:
        by = [w for w in valid if w.covers(finding)] if finding.severity != "error" else []
        used.update(by)
        if by:
            silenced.append(Silenced(finding, str(by[0].place), by[0].reason))
        else:
            kept.append(finding)
    if whole and not has_errors(listed):
        kept += (_unused(w) for w in valid if w not in used and w.code not in _ONLY_IN_A_PLAN)
    return _chosen(kept, policy, silenced)


def _chosen(findings: Iterable[Finding], policy: Policy, silenced: list[Silenced]) -> Judged:
    kept = []
    for finding in findings:
        hidden_by = None if finding.severity == "error" else policy.hides(finding.code)
        if hidden_by is not None:
            silenced.append(Silenced(finding, hidden_by))
        elif finding.severity != "error" and finding.code in policy.severity:
            kept.append(replace(finding, severity=policy.severity[finding.code]))
        else:
            kept.append(finding)
    place_of = {id(each.finding): at for at, each in enumerate(silenced)}
    by_place = in_order(each.finding for each in silenced)
    return Judged(in_order(kept), tuple(silenced[place_of[id(finding)]] for finding in by_place))


def _longest(code: str, selectors: Iterable[str]) -> int:
    """How closely the best of the selectors fits a code, -1 when none does."""
    return max((_weight(selector) for selector in selectors if code in codes_of(selector)), default=-1)


def _weight(selector: str) -> int:
    return 0 if selector == EVERYTHING else len(selector)


def _expired(waiver: Waiver) -> Finding:
    message = f"this comment silenced {waiver.code} until {waiver.until}"
    help = "put right what it is about, or write a later date and why"
    return Finding("CMP122", "warning", message, waiver.place, note=f"it says: {waiver.reason}", help=help)


def _unused(waiver: Waiver) -> Finding:
    message = f"nothing here gives {waiver.code}: this comment silences nothing"
    return Finding("CMP123", "warning", message, waiver.place, help="take the comment out")
