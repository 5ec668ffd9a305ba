"""`recipients` as written -> model.Audience: numbers made E.164, lists read once a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from campaignops import audience
from campaignops.audience import Wanted
from campaignops.findings import Finding, has_errors
from campaignops.manifest.assets import Assets, Unusable
from campaignops.manifest.form.complaints import MAX_ITEMS, Complaint, Path
from campaignops.manifest.form.invalid import Invalid, Wrong, misplaced, one_of, reference
from campaignops.manifest.recipients import tables
from campaignops.manifest.times import countries_of
from campaignops.model import Audience, Numbers, Phonebook
from campaignops.project import Project

_NUMBERS: Path = ("recipients", "numbers")
_MAX_KEPT = 32
_OWNERS = {
    "column": ("file",),
    "field": ("phonebook",),
    "split": ("numbers", "file"),
    "region": ("numbers", "file"),
}


class Recipients:
    """Works out the audiences of one run. `doubts` grows by what is no error."""

    def __init__(self, project: Project, assets: Assets) -> None:
        self._project, self._assets = project, assets
        self._known: dict[tuple[str, Wanted], tuple[Sequence[str], tuple[Finding, ...]]] = {}
        self.doubts: Wrong = []

    def audience(self, form: dict[str, Any], zone: str) -> Audience:
        """`zone` is where it is sent from, a hint at whose numbers these are. Raises Invalid."""
        source = one_of(form, ("numbers", "file", "phonebook"), ("recipients",))
        for name, owners in _OWNERS.items():
            if name in form and source not in owners:
                owner = " and ".join(f"`{owner}`" for owner in owners)
                raise Invalid(misplaced(("recipients", name), f"`{name}` goes with {owner}"))
        if source == "phonebook":
            return _phonebook(form)
        limit, region = self._limit(form.get("split")), form.get("region", self._project.region)
        if region is not None and region not in audience.regions():
            raise Invalid(unknown_region(("recipients", "region"), region))
        wanted = Wanted(form.get("column", "phone"), limit, region)
        if source == "numbers":
            return self._numbers(form["numbers"], wanted, zone)
        return self._listed(form["file"], replace(wanted, likely=countries_of(zone)))

    def _limit(self, split: str | None) -> int | None:
        """How many people there may be; None when they are cut into parts."""
        limit = self._project.max_recipients
        if split is None:
            return limit
        if int(split) > limit:
            message = f"parts of {int(split):,} people; one campaign may have {limit:,}"
            raise Invalid(Complaint("CMP402", ("recipients", "split"), message, help=f"split: {limit}"))
        return None

    def _numbers(self, written: list[str], wanted: Wanted, zone: str) -> Numbers:
        if not written:
            help = "name at least one number"
            raise Invalid(Complaint("CMP403", _NUMBERS, "no recipients", help=help, at_key=True))
        numbers = [audience.number_of(text, wanted.region) for text in written]
        wrong = list(_wrong(written, numbers, wanted.region, zone))
        if wrong:
            raise Invalid(*wrong[:MAX_ITEMS])
        found = tuple(number for number in numbers if number is not None)
        if wanted.limit is not None and len(found) > wanted.limit:
            message, help = audience.too_many(len(found), wanted.limit), audience.split_help(wanted.limit)
            raise Invalid(Complaint("CMP402", _NUMBERS, message, help=help, at_key=True))
        doubts = (doubt_about((*_NUMBERS, at), number) for at, number in enumerate(found))
        self.doubts += [doubt for doubt in doubts if doubt is not None][:MAX_ITEMS]
        return Numbers(found)

    def wrong_numbers(self, form: dict[str, Any]) -> list[Complaint]:
        """The texts among `numbers` that are none, where other entries do not even have the right form."""
        texts = [entry if isinstance(entry, str) else "" for entry in form["numbers"]]
        region = form.get("region", self._project.region)
        numbers = [audience.number_of(text, region) for text in texts]
        wrong = _wrong(texts, numbers, region, self._project.timezone)
        return [each for each in wrong if texts[int(each.path[-1])]][:MAX_ITEMS]

    def _listed(self, file: str, wanted: Wanted) -> Numbers:
        known = self._known.get((file, wanted))
        if known is None:
            known = self._read(file, wanted)
            if len(self._known) >= _MAX_KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[file, wanted] = known
            if has_errors(known[1]):
                raise Invalid(*known[1])
            self.doubts += known[1]
        if has_errors(known[1]):
            raise Invalid()  # said already, for the first campaign that names the file
        return Numbers(known[0], file)

    def _read(self, file: str, wanted: Wanted) -> tuple[Sequence[str], tuple[Finding, ...]]:
        try:
            return tables.read(self._assets, file, wanted)
        except Unusable as problem:
            path: Path = ("recipients", "file")
            raise Invalid(Complaint(problem.code, path, problem.message, help=problem.help)) from None


def number_in(path: Path, text: str, region: str | None, zone: str) -> str:
    """One number such as a sender's in E.164. Raises Invalid."""
    number = audience.number_of(text, region)
    if number is None:
        raise Invalid(_no_number(path, text, region, countries_of(zone)))
    return number


def doubt_about(path: Path, number: str) -> Complaint | None:
    """Why there can be no such number in E.164, as a warning."""
    why = audience.why_impossible(number)
    if why is None:
        return None
    return Complaint(
        "CMP410", path, audience.impossible(number), why, audience.IMPOSSIBLE_HELP, severity="warning"
    )


def unknown_region(path: Path, region: str) -> Complaint:
    """`UK` for GB is the usual slip."""
    help = (
        "did you mean `GB`?"
        if region.upper() == "UK"
        else "the two letters of a country, such as DE, US or GB"
    )
    if region.upper() in audience.regions():
        help = f"region: {region.upper()}"
    return Complaint("CMP109", path, f"`{region[:20]}` is no region with phone numbers", help=help)


def _phonebook(form: dict[str, Any]) -> Phonebook:
    if "field" not in form:
        help = "field: mobile_number, or another of the nine number fields of a contact"
        message = "`field` is missing beside `phonebook`"
        raise Invalid(Complaint("CMP106", ("recipients", "field"), message, help=help, at_key=True))
    return Phonebook(reference(form["phonebook"]), form["field"])


def _wrong(
    written: list[str], numbers: list[str | None], region: str | None, zone: str
) -> Iterator[Complaint]:
    """The entries that are no numbers, and those that stand there twice."""
    first: dict[str, int] = {}
    for at, (text, number) in enumerate(zip(written, numbers, strict=True)):
        path = (*_NUMBERS, at)
        if number is None:
            others = filter(None, map(audience.region_of, filter(None, numbers[:MAX_ITEMS])))
            yield _no_number(path, text, region, (*others, *countries_of(zone)))
        elif number in first:
            note = f"it is entry {first[number] + 1} of the list already"
            yield Complaint("CMP401", path, f"duplicate number {audience.mask(number)}", note)
        else:
            first[number] = at


def _no_number(path: Path, text: str, region: str | None, likely: Iterable[str]) -> Complaint:
    help = audience.repair(text.strip(), region, likely) if text.strip() else audience.COUNTRY_HELP
    return Complaint("CMP105", path, audience.not_a_number(region), help=help)
