"""Numbers as people write them in their own country, and what was meant by one that is wrong. The only module that
imports phonenumbers, which takes 60 ms: it is imported itself only when a number is not in E.164."""

from __future__ import annotations

import re
from collections.abc import Iterable

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from campaignops.audience.numbers import COUNTRY_HELP, is_number, mask

_is_written = re.compile(
    r"[0-9+()./\s\u2010-\u2015-]{3,40}\Z"
).match  # no letters: 1-800-FLOWERS is a number, too
_is_rounded = re.compile(r"\+?[0-9][.,]?[0-9]*[eE]\+?[0-9]+\Z").match


def international(text: str, region: str | None) -> str | None:
    """The number in E.164; without a + in front it is read as one of `region`. None for what is no valid number."""
    if not _is_written(text):
        return None
    try:
        parsed = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return number if is_number(number) else None


def repair(text: str, region: str | None, likely: Iterable[str]) -> str:
    """What to write in the place of a text that is no number, masked. `likely` are regions that it may be of, the first
    one first; `region` is the one that is set, in which it is none."""
    text = text.strip("“”„‟‘’‚‛«»\"' ")
    if _is_rounded(text):
        return "a spreadsheet has rounded it: format the column as text, and put the numbers in once more"
    if text.startswith("+") and (number := international(text, None)):
        return f"write {mask(number)}, with nothing but digits behind the +"
    if text.startswith("00") and (number := international(f"+{text[2:]}", None)):
        return f"write {mask(number)}, with + in the place of 00"
    for guess in () if region else dict.fromkeys(likely):
        if number := international(text, guess):
            return (
                f"{mask(number)}, if this is a number of {guess}: set `region: {guess}` in campaignops.yaml"
            )
    if text[:1] in "123456789" and (number := international(f"+{text}", None)):
        return f"{mask(number)}, if only the + is missing"
    return COUNTRY_HELP
