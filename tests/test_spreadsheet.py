"""Recipient lists as spreadsheets: text and number cells, damage, and an extra that is not installed."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignops.audience import Packed, Wanted
from campaignops.findings import Finding
from campaignops.manifest.assets import Assets, Unusable
from campaignops.manifest.recipients import tables
from campaignops.model import Numbers
from tests.manifest_folder import places, read, sms, write


def a_book(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    book.create_sheet("another").append(["phone"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read_book(folder, data: bytes, **wanted) -> tuple[Packed, tuple[Finding, ...]]:
    write(folder, **{"people.xlsx": data})
    return tables.read(Assets(str(folder)), "people.xlsx", Wanted(**wanted))


def test_the_first_sheet_is_a_list_whatever_the_file_is_called(tmp_path):
    data = a_book(("name", "phone"), ("Ada", "+8613800001111"), (), ("Bea", " +8613800002222 "))
    write(tmp_path, a=sms(recipients="{file: list.csv}"), **{"list.csv": data})
    (campaign,), findings = read(tmp_path)
    assert findings == []
    assert campaign.audience == Numbers(("+8613800001111", "+8613800002222"), "list.csv")


def test_wrong_cells_are_found_by_row_and_column(tmp_path):
    rows = [
        ("name", "phone"),
        ("Ada", "+8613800001111"),
        ("Bea", 8613800002222),
        (),
        ("Cy", "12"),
        ("Di",),
        (None, 8.6e12),
    ]
    numbers, findings = read_book(tmp_path, a_book(*rows))
    assert len(numbers) == 1
    assert places(list(findings)) == [
        ("CMP412", 3, 2), ("CMP105", 5, 2), ("CMP105", 6, 2), ("CMP412", 7, 2)
    ]  # fmt: skip
    assert "+8613800001111" not in str(findings)
    assert "8613800002222" not in str(findings)


def test_a_number_cell_is_not_read_even_where_a_region_is_set(tmp_path):
    _, findings = read_book(tmp_path, a_book(("phone",), (301234567,)), region="DE")
    assert [f.code for f in findings] == ["CMP412"]


def test_duplicates_name_their_rows(tmp_path):
    _, findings = read_book(tmp_path, a_book(("phone",), (), ("+8613800001111",), ("+8613800001111",)))
    assert [(f.code, f.note) for f in findings] == [("CMP401", "it stands on line 3 already")]


def test_a_sheet_that_understates_its_size_is_read_to_its_end(tmp_path):
    data = a_book(("phone", "x"), *((f"+86138{n:08}", n) for n in range(20)))
    parts = ZipFile(io.BytesIO(data))
    out = io.BytesIO()
    with ZipFile(out, "w") as copy:
        for name in parts.namelist():
            content = parts.read(name)
            if name.endswith("sheet1.xml"):
                assert b"A1:B21" in content
                content = content.replace(b"A1:B21", b"A1:A2")
            copy.writestr(name, content)
    numbers, findings = read_book(tmp_path, out.getvalue())
    assert (len(numbers), findings) == (20, ())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 nothing", "CMP404"),
        (a_book(("phone",), ("+8613800001111",))[:-200], "CMP404"),
        (b"\xd0\xcf\x11\xe0 an old one", "CMP404"),
    ],
)
def test_damaged_and_old_spreadsheets_are_refused_with_the_way_out(tmp_path, data, code):
    with pytest.raises(Unusable) as refused:
        read_book(tmp_path, data)
    assert (refused.value.code, refused.value.help) == (code, "save it as .xlsx, or as CSV UTF-8")


def test_an_archive_of_something_else_is_no_spreadsheet(tmp_path):
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(Unusable, match="cannot be read as a spreadsheet"):
        read_book(tmp_path, out.getvalue())


def test_what_unpacks_without_end_is_refused(tmp_path):
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 201_000_000)
    with pytest.raises(Unusable, match="more than 200 MB unpacked"):
        read_book(tmp_path, out.getvalue())


def test_without_the_extra_the_command_that_installs_it_is_told(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "campaignops.manifest.recipients.spreadsheet", raising=False)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    write(tmp_path, a=sms(recipients="{file: list.xlsx}"), **{"list.xlsx": a_book(("phone",))})
    _, findings = read(tmp_path)
    assert [f.code for f in findings] == ["CMP413"]
    assert findings[0].help == "pip install 'campaignops[xlsx]'; or save it as CSV UTF-8"


_BOOK = a_book(("name", "phone"), ("Ada", "+8613800001111"), ("Bea", 5))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(_BOOK) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_byte_never_ends_in_a_traceback(tmp_path_factory, damage):
    data = bytearray(_BOOK)
    for at, byte in damage:
        data[at] = byte
    with suppress(Unusable):
        read_book(tmp_path_factory.mktemp("damaged"), bytes(data))
