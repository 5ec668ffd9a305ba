"""One diagnostic: a code, a severity, a place, a message, and help to paste. Values only; `report` draws them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: `file` in the project folder, `line` and `column` from 1, `width` in characters."""

    file: str
    line: int = 1
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Within(str):
    """The last step of a path into a manifest: a stretch of the text that stands there."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. `note` says why, `help` what to write instead; both optional, both one line of plain text.

    No field holds a whole phone number: whoever makes a finding about a number masks it (`audience.mask`).
    """

    code: str
    severity: Severity
    message: str
    place: Place | None = None
    note: str | None = None
    help: str | None = None


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by place, then code: the order in which a person meets them while scrolling down."""
    nowhere = Place("", 0, 0, 0)
    return tuple(sorted(findings, key=lambda f: (f.place or nowhere, f.code, f.message)))


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(f.severity == "error" for f in findings)


# The families of product.md section 6. A code, once published, keeps its meaning for ever.
TITLES: dict[str, str] = {
    "CMP101": "not valid YAML",
    "CMP102": "the file is too large or nested too deeply",
    "CMP103": "duplicate key",
    "CMP104": "unknown key",
    "CMP105": "not an E.164 number",
    "CMP106": "a required field is missing",
    "CMP107": "wrong type or form",
    "CMP108": "exactly one of several fields is needed",
    "CMP109": "not one of the allowed values",
    "CMP110": "key or name used twice",
    "CMP111": "Jinja: undefined name",
    "CMP112": "Jinja: syntax or run-time error",
    "CMP113": "file missing, unreadable, or not a regular file",
    "CMP114": "file outside the project folder",
    "CMP115": "wrong settings",
    "CMP116": "field does not apply here",
    "CMP117": "not UTF-8 text",
    "CMP118": "the manifest holds no campaigns",
    "CMP119": "no such finding",
    "CMP120": "a finding that cannot be silenced",
    "CMP121": "an ignore comment is not in order",
    "CMP122": "an ignore comment has expired",
    "CMP123": "an ignore comment silences nothing",
    "CMP124": "a character that misleads",
    "CMP125": "the file is not what its name says",
    "CMP126": "WhatsApp does not take this file",
    "CMP201": "no such channel",
    "CMP202": "several channels have this name",
    "CMP203": "the channel is not connected",
    "CMP204": "the channel has another type",
    "CMP205": "no such sender number in the channel",
    "CMP206": "the sender is not unique",
    "CMP207": "no such phonebook, or several",
    "CMP208": "no such extension, or several",
    "CMP209": "no such message queue, or several",
    "CMP210": "a template value is missing or left over",
    "CMP211": "no such WhatsApp template",
    "CMP212": "the header does not fit the template",
    "CMP213": "the buttons do not fit the template",
    "CMP214": "the phonebook is empty",
    "CMP215": "a campaign of this name is on the PBX but not in the state",
    "CMP216": "the PBX has another campaign of this name",
    "CMP301": "a character makes an SMS longer than it need be",
    "CMP302": "a placeholder was not filled in",
    "CMP303": "a link leads nowhere",
    "CMP304": "longer than WhatsApp takes",
    "CMP305": "the template has changed since the campaign was applied",
    "CMP401": "duplicate number",
    "CMP402": "too many recipients",
    "CMP403": "no recipients",
    "CMP404": "the recipient file cannot be read as CSV",
    "CMP405": "not a point in time, or an unknown time zone",
    "CMP406": "the local time does not exist or happens twice",
    "CMP407": "the send time is in the past",
    "CMP408": "the send time is too near",
    "CMP409": "the clocks differ",
    "CMP410": "no such phone number",
    "CMP411": "the delimiter of the recipient file is not clear",
    "CMP412": "a cell that holds a number and not text",
    "CMP413": "spreadsheets need an extra",
    "CMP414": "a campaign cannot be cut into parts, or not be made whole again",
    "CMP415": "a number is in the phonebook twice",
    "CMP501": "a campaign that has begun to send cannot be changed",
    "CMP502": "a key cannot be moved from one that is still there",
    "CMP503": "a protected campaign would be deleted",
    "CMP504": "the campaign is about to be sent",
    "CMP505": "a key was renamed without saying so",
    "CMP506": "a campaign is not prepared, so it is not released",
    "CMP507": "a file may be gone when it is sent",
    "CMP520": "a halted campaign is not released",
    "CMP521": "test sends may not go to this number",
    "CMP630": "a rule of your own cannot be evaluated",
    "CMP601": "a campaign for more people than allowed",
    "CMP602": "a plan for more people than allowed",
    "CMP603": "a day with more people than allowed",
    "CMP604": "people would be texted in quiet hours",
    "CMP605": "people would be texted on a quiet day",
    "CMP606": "people who have opted out",
    "CMP608": "people in countries that are not allowed",
    "CMP609": "people would be texted too often",
    "CMP610": "not sent as a test before",
    "CMP611": "a text of more parts than allowed",
    "CMP612": "the number of people is not confirmed",
    "CMP701": "the state file is empty, cut off or not a state",
    "CMP702": "the state was written by a newer version",
    "CMP703": "the state belongs to another PBX",
    "CMP704": "the state moved while we worked",
    "CMP705": "the journal does not belong to this state",
    "CMP706": "an earlier apply did not finish this campaign",
    "CMP707": "the file is not a saved plan, or was changed",
    "CMP708": "the saved plan has expired",
    "CMP709": "what was approved is not what would be done now",
    "CMP710": "the saved plan was applied already",
}

# By the first digit of the code.
FAMILIES: dict[str, str] = {
    "1": "manifests and settings",
    "2": "what the PBX has: names and templates",
    "3": "message text",
    "4": "audience and time",
    "5": "history",
    "6": "guardrails",
    "7": "state",
}


def family_of(code: str) -> str:
    """The family of a code, such as `audience and time` of CMP401."""
    return FAMILIES[code[3]]


def nearest_code(word: str) -> str | None:
    """The code that was probably meant: of the same family, if `word` could be one; else the one that looks like it."""
    if re.fullmatch(r"CMP[0-9]{3}", word):
        kin = [code for code in TITLES if code[3] == word[3]]
        return min(kin, key=lambda code: abs(int(code[3:]) - int(word[3:])), default=None)
    from difflib import get_close_matches  # noqa: PLC0415  (only needed when something is wrong)

    return next(iter(get_close_matches(word.upper(), TITLES, 1, 0.8)), None)
