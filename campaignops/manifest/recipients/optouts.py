"""The suppression file: who has opted out, and campaigns without them. A file that cannot be read stops everything."""

from __future__ import annotations

from collections.abc import Set

from campaignops.audience import Wanted
from campaignops.errors import ProjectError
from campaignops.findings import Finding, Place
from campaignops.manifest.assets import Assets, Unusable
from campaignops.manifest.recipients import tables
from campaignops.model import Audience, Numbers
from campaignops.project import Project

_COLUMN = "phone"
_HARMLESS = ("CMP401", "CMP403", "CMP410")  # somebody twice, nobody at all, and a number that there cannot be


def read(project: Project, assets: Assets) -> tuple[frozenset[str], tuple[Finding, ...]]:
    """Those who have opted out, and what is wrong with the file that says so."""
    file = project.guardrails.suppression
    if file is None:
        return frozenset(), ()
    try:
        numbers, findings = tables.read(assets, file, Wanted(_COLUMN, None, project.region))
    except Unusable as problem:
        place: Place = project.guardrails.written["suppression"][0]
        return frozenset(), (Finding(problem.code, "error", problem.message, place, help=problem.help),)
    return frozenset(numbers), tuple(f for f in findings if f.code not in _HARMLESS)


def now(project: Project) -> frozenset[str]:
    """Those who have opted out, as the file says now. Raises ProjectError when it cannot be read."""
    found, findings = read(project, Assets(str(project.root)))
    if findings:
        raise ProjectError(
            f"{project.guardrails.suppression} cannot be read: {findings[0].message}", findings
        )
    return found


def without(audience: Audience, suppressed: Set[str]) -> Audience:
    """The recipients without those who have opted out; they stay known as `withheld`."""
    if not isinstance(audience, Numbers) or suppressed.isdisjoint(audience.numbers):
        return audience
    kept = tuple(number for number in audience.numbers if number not in suppressed)
    out = tuple(number for number in audience.numbers if number in suppressed)
    return Numbers(kept, audience.file, out)
