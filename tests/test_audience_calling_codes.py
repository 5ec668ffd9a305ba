"""The table of calling codes says what phonenumbers says, and is read without it."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from textwrap import fill

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.phonemetadata import PhoneMetadata

from campaignops.audience import calling_codes

MODULE = Path(calling_codes.__file__)


def row(code: int, regions: tuple[str, ...]) -> str:
    if regions == ("001",):
        metadata = PhoneMetadata.metadata_for_nongeo_region(code)
    else:
        metadata = PhoneMetadata.metadata_for_region(regions[0])
    assert metadata is not None
    assert metadata.general_desc is not None
    return f"{code}={ranges(metadata.general_desc.possible_length)}={','.join(regions)}"


def ranges(lengths: tuple[int, ...]) -> str:
    runs = [[n for _, n in run] for _, run in groupby(enumerate(lengths), lambda pair: pair[1] - pair[0])]
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def test_the_table_is_current(request):
    codes = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items(), key=lambda item: str(item[0]))
    rows = [row(code, regions) for code, regions in codes]
    if request.config.getoption("--update"):
        table = fill(" ".join(rows), 110, break_on_hyphens=False, break_long_words=False)
        written = re.sub(
            r'(TABLE = """\\\n).*?(?=""")', rf"\g<1>{table}\n", MODULE.read_text(), flags=re.DOTALL
        )
        MODULE.write_text(written)
        pytest.skip("written anew")
    assert calling_codes.TABLE.split() == rows, "run pytest tests/test_audience_calling_codes.py --update"


@given(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
def test_a_number_is_possible_when_phonenumbers_says_so(number):
    try:
        found = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(number))
        national = len(phonenumbers.national_significant_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        found, national = phonenumbers.ValidationResult.INVALID_COUNTRY_CODE, 0
    code = next((row for row in calling_codes.TABLE.split() if number[1:].startswith(row.split("=")[0])), "")
    if national and national == len(number) - 1 - len(
        code.split("=")[0]
    ):  # it keeps every digit that is written
        assert calling_codes.is_possible(number[1:]) == (found == phonenumbers.ValidationResult.IS_POSSIBLE)
    if not code:
        assert calling_codes.why_impossible(number) == f"no country has the code +{number[1:4]}"


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+12025550100", None),
        ("+8613800001111", None),
        ("+120255501", "+1 is followed by 10 digits, and here by 8"),
        ("+4420255501", "+44 is followed by 7, 9 or 10 digits, and here by 8"),
        ("+999123456", "no country has the code +999"),
    ],
)
def test_it_says_why_there_can_be_no_such_number(number, why):
    assert calling_codes.why_impossible(number) == why


@pytest.mark.parametrize(
    ("number", "region"),
    [("+12025550100", "US"), ("+4930123456", "DE"), ("+80012345678", None), ("+9991234567", None)],
)
def test_the_main_region_of_a_number(number, region):
    assert calling_codes.region_of(number) == region
    assert region is None or region in calling_codes.regions()
    assert "001" not in calling_codes.regions()


@given(st.lists(st.from_regex(r"\A(1|49|86|999)[0-9]{4,12}\Z")))
def test_all_are_possible_when_each_is(numbers):
    each = [calling_codes.is_possible(number) for number in numbers]
    assert calling_codes.are_possible(numbers) == all(each)
