"""Numbers, masks, and CSV text."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops import audience
from campaignops.audience import Packed
from campaignops.findings import Finding


def test_a_mask_shows_the_country_and_the_end():
    assert audience.mask("+8613800001111") == "+8613•••1111"


@given(st.text(min_size=1))
def test_a_mask_never_shows_the_whole(number):
    assert number not in audience.mask(number)


@given(st.from_regex(audience.E164, fullmatch=True))
def test_any_number_is_masked_wherever_it_stands(number):
    number = number.strip()
    assert number not in audience.mask_all(f"see {number}, twice: {number}")


def test_times_and_dates_are_not_masked():
    said = "2030-07-30 18:06:00+02:00 in 4210 places, campaign-000123"
    assert audience.mask_all(said) == said


@pytest.mark.parametrize("number", ["+8613800001111", "+1234567", "+123456789012345"])
def test_numbers_in_e164_are_numbers(number):
    assert audience.is_number(number)


@pytest.mark.parametrize(
    "text", ["", "+", "8613800001111", "+0123456789", "+123456", "+1234567890123456", "+12 025550100", "+1202555010٠",
             "+8613800001111\n"]
)  # fmt: skip
def test_other_texts_are_not(text):
    assert not audience.is_number(text)


def read_csv(
    text: str, file: str, column: str = "phone", **wanted: Any
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    table = audience.Delimited(lambda: iter(io.StringIO(text, newline="")), file, column)
    numbers, findings = audience.read(table, audience.Wanted(column, **wanted))
    return tuple(numbers), findings


def where(findings: tuple[Finding, ...]) -> list[tuple[str, int, int]]:
    return [(f.code, f.place.line, f.place.column) for f in findings if f.place]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_that_of_the_first_row(delimiter):
    rows = [("name", "phone"), ("Ada", "+8613800001111"), ("Bea", " +8613800002222 ")]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    assert read_csv(text, "a.csv") == (("+8613800001111", "+8613800002222"), ())


def test_quotes_and_blank_lines_are_fine():
    text = '"phone","note"\n"+8613800001111","a ""b"", c"\n\n+8613800002222,\n'
    assert read_csv(text, "a.csv") == (("+8613800001111", "+8613800002222"), ())


def test_a_list_of_numbers_with_a_heading_is_a_csv():
    assert read_csv("phone\n+8613800001111\n", "a.csv") == (("+8613800001111",), ())


def test_wrong_numbers_are_found_at_their_row_and_column():
    numbers, findings = read_csv("name,phone\nAda,030 1234567\nBea,\nCy,+8613800001111\n", "a.csv")
    assert numbers == ("+8613800001111",)
    assert where(findings) == [("CMP105", 2, 5), ("CMP105", 3, 5)]
    assert findings[0].place is not None
    assert findings[0].place.width == len("030 1234567")


def test_the_column_is_right_behind_quoted_cells():
    _, findings = read_csv('name,phone\n"A, B",x12\n', "a.csv")
    assert where(findings) == [("CMP105", 2, 8)]


def test_a_row_after_one_of_two_lines_has_its_own_line():
    _, findings = read_csv('name,phone\n"A\nB",+8613800001111\nC,x\n', "a.csv")
    assert where(findings) == [("CMP105", 4, 3)]


def test_a_number_twice_is_found_where_it_stands_again():
    _, findings = read_csv("phone\n+8613800001111\n+8613800001111\n", "a.csv")
    assert where(findings) == [("CMP401", 3, 1)]
    assert findings[0].note == "it stands on line 2 already"
    assert findings[0].help is None
    assert "+8613800001111" not in str(findings)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "CMP403", 1),
        (" \n", "CMP403", 1),
        ("phone\n", "CMP403", 1),
        ("tel\n+8613800001111\n", "CMP404", 1),
        ("+8613800001111\n+8613800002222\n", "CMP404", 1),
        ('phone\n"+8613800001111\n', "CMP404", 1),
        ("name,phone\nAda\n", "CMP404", 2),
        ("name,phone\nAda,+8613800001111,x\n", "CMP404", 2),
        ("phone\n+8613800001111\0\n", "CMP105", 2),
    ],
)
def test_what_cannot_be_read_is_found(text, code, line):
    _, findings = read_csv(text, "a.csv")
    assert [(f.code, f.place.line) for f in findings if f.place] == [(code, line)]
    assert "+8613800001111" not in str(findings)


def test_another_column_is_suggested():
    _, findings = read_csv("name;telephone\nAda;+8613800001111\n", "a.csv", "telefone")
    assert findings[0].help == "name one of them: {file: a.csv, column: telephone}"


@pytest.mark.parametrize("name", ["Phone", "PHONE", "phone number", "Telephone"])
def test_a_column_in_other_letters_is_suggested_and_not_taken(name):
    numbers, findings = read_csv(f"name,{name}\nAda,+8613800001111\n", "a.csv")
    assert not numbers
    assert findings[0].help == f"name one of them: {{file: a.csv, column: {name}}}"


def test_the_column_with_the_numbers_is_suggested():
    _, findings = read_csv("Name;Mobile\nAda;+8613800001111\nBea;0138 00002222\n", "a.csv")
    assert findings[0].help == "name one of them: {file: a.csv, column: Mobile}"


def test_a_file_without_names_says_so():
    _, findings = read_csv("Ada,+8613800001111\nBea,+8613800002222\n", "a.csv")
    assert findings[0].note == "the first row must name the columns"
    assert findings[0].help == "put a row with names above it, such as: phone"


def test_a_column_named_twice_is_not_guessed():
    _, findings = read_csv("phone,name,phone\n+8613800001111,Ada,\n", "a.csv")
    assert [f.message for f in findings] == ["two columns of the recipient file are named `phone`"]


@pytest.mark.parametrize(
    "text",
    [
        "\n \nphone,name\n\n+8613800001111,Ada\n,\n+8613800002222,Bea\n",
        "phone,name,\n+8613800001111,Ada,\n+8613800002222,Bea,\n",
        "phone,name\n+8613800001111,Ada,\n+8613800002222,Bea,,\n",
        "phone\r+8613800001111\r+8613800002222\r",
    ],
    ids=["blank lines", "a delimiter at each end", "cells behind the last column", "lines of an old Mac"],
)
def test_what_spreadsheets_leave_behind_is_fine(text):
    assert read_csv(text, "a.csv") == (("+8613800001111", "+8613800002222"), ())


@pytest.mark.parametrize("delimiter", ["|", "^", "~", "¦", ":"])
def test_any_character_may_delimit_when_the_column_is_found_with_it(delimiter):
    text = "name,first^phone^zip\nAda, A.^+8613800001111^1\n".replace("^", delimiter)
    assert read_csv(text, "a.csv") == (("+8613800001111",), ())


def test_of_two_delimiters_that_fit_the_rows_tell():
    text = "a;b,phone,c;phone;d\n1;2,+8613800001111,3;x;4\n5,+8613800002222,6;y\n"
    assert read_csv(text, "a.csv") == (("+8613800001111", "+8613800002222"), ())


def test_when_the_rows_fit_both_too_nobody_guesses():
    numbers, findings = read_csv("a;phone;b,phone,c\n1;+8613800001111;2,+8613800002222,3\n", "a.csv")
    assert not numbers
    assert [f.code for f in findings] == ["CMP411"]
    assert findings[0].note
    assert "the comma and the semicolon" in findings[0].note


def test_lines_count_on_through_quoted_line_breaks_and_blank_lines():
    text = 'name,phone\n"A\r\nB",+8613800001111\n\n"C\n\nD",x\nE,+8613800001111\n'
    _, findings = read_csv(text, "a.csv")
    assert [(f.code, f.place.line) for f in findings if f.place] == [("CMP105", 5), ("CMP401", 8)]
    assert findings[1].note == "it stands on line 2 already"


def test_more_than_the_limit_is_one_finding_with_the_count():
    text = "phone\n" + "".join(f"+86138{n:08}\n" for n in range(1001))
    _, findings = read_csv(text, "a.csv")
    assert where(findings) == [("CMP402", 1002, 1)]
    assert "1,001" in findings[0].message


def test_a_thousand_wrong_rows_are_not_a_thousand_findings():
    _, findings = read_csv("phone\n" + "x\n" * 900, "a.csv")
    assert len(findings) == 21
    assert "880 more rows" in findings[-1].message


# national numbers


@pytest.mark.parametrize(
    "written", ["030 1234567", "(030) 12 34-567", "030/1234567", "+49 (0)30 1234567", "0049301234567"]
)
def test_with_a_region_numbers_are_read_as_people_write_them(written):
    numbers, findings = read_csv(f"phone\n+12025550100\n{written}\n", "a.csv", region="DE")
    assert (numbers, findings) == (("+12025550100", "+49301234567"), ())


@pytest.mark.parametrize(
    "written", ["110", "030 1", "030 1234567 x5", "030-CALL-ME-NOW", "x", "+999 1234567", "1.2E+10"]
)
def test_what_is_no_valid_number_there_is_not_made_one(written):
    _, findings = read_csv(f"phone\n{written}\n", "a.csv", region="DE")
    assert [(f.code, f.message) for f in findings] == [("CMP105", "not an E.164 number, and not one of DE")]


def test_the_same_number_in_two_forms_is_a_duplicate():
    _, findings = read_csv("phone\n030 1234567\n+49301234567\n", "a.csv", region="DE")
    assert where(findings) == [("CMP401", 3, 1)]


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("0151 23456789", "+4915•••6789, if this is a number of DE: set `region: DE` in campaignops.yaml"),
        ("+49 30 1234567", "write +4930•••4567, with nothing but digits behind the +"),
        ("+49(0)301234567", "write +4930•••4567, with nothing but digits behind the +"),
        ("0049 30 1234567", "write +4930•••4567, with + in the place of 00"),
        (
            "4.9301E+11",
            "a spreadsheet has rounded it: format the column as text, and put the numbers in once more",
        ),
        ("12025550123", "+1202•••0123, if only the + is missing"),
        ("12", audience.COUNTRY_HELP),
        ("Ada", audience.COUNTRY_HELP),
        ("", audience.COUNTRY_HELP),
    ],
)
def test_what_was_meant_is_offered(written, help):
    _, findings = read_csv(f"name,phone\nx,+4915120000001\nx,{written}\n", "a.csv")
    assert [f.help for f in findings] == [help]


def test_whose_numbers_they_may_be_the_place_tells_where_the_list_does_not():
    _, findings = read_csv("phone\n030 1234567\n", "a.csv", likely=("DE",))
    assert findings[0].help == "+4930•••4567, if this is a number of DE: set `region: DE` in campaignops.yaml"


def test_numbers_that_there_cannot_be_are_warnings():
    numbers, findings = read_csv('phone\n+1202555012\n"+999123456"\n+4915120000001\n', "a.csv")
    assert len(numbers) == 3
    assert [(f.code, f.severity, f.note) for f in findings] == [
        ("CMP410", "warning", "+1 is followed by 10 digits, and here by 9"),
        ("CMP410", "warning", "no country has the code +999"),
    ]


def test_warnings_never_crowd_out_errors():
    text = "phone\n" + "".join(f"+999{n:06}\n" for n in range(60)) + "x\n"
    _, findings = read_csv(text, "a.csv")
    assert [f.severity for f in findings].count("error") == 1
    assert len(findings) == 22


@given(st.lists(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"), max_size=5))
def test_packed_numbers_are_the_numbers(numbers):
    packed = Packed(numbers)
    assert list(packed) == [packed[at] for at in range(len(packed))] == numbers
    assert packed == tuple(numbers) == packed[:]
    assert hash(packed) == hash(tuple(numbers))
    assert packed[1:] == tuple(numbers[1:])
    assert packed != numbers
    assert not any(number in repr(packed) for number in numbers)


@given(st.text(alphabet='ph one,;\t"\n\r+123456789\0é', max_size=80))
def test_any_text_gives_numbers_or_findings(text):
    numbers, findings = read_csv("phone,name\n" + text, "a.csv")
    assert numbers or findings
    assert all(map(audience.is_number, numbers))
