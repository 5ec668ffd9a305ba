"""Recipient files on disk: their encodings, and many rows in little room."""

from __future__ import annotations

import codecs

import pytest

from campaignops.model import Numbers
from tests.manifest_folder import places, read, sms, write

TEXT = "name;phone\r\nÄda;+8613800001111\r\n"
LISTED = sms(recipients="{file: people.csv}")


def read_listed(folder, **files):
    write(folder, a=LISTED, **{"people.csv": files["people"]})
    return read(folder)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
    ids=["UTF-8", "UTF-8 with a mark", "UTF-16", "little", "big"],
)
def test_utf_8_is_read_and_whatever_a_byte_order_mark_says(tmp_path, data):
    campaigns, findings = read_listed(tmp_path, people=data)
    assert findings == []
    assert [campaign.audience for campaign in campaigns] == [Numbers(("+8613800001111",), "people.csv")]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (TEXT.encode("cp1252"), ("CMP117", 2, 1)),
        ((TEXT + "x;y\r\n" * 5000).encode() + b"\xff", ("CMP117", 5003, 1)),
        (TEXT.encode("utf-16")[:-1], ("CMP117", 3, 1)),
        (TEXT.encode("utf-16-le"), ("CMP117", 5, 24)),
        (TEXT.encode("utf-32"), ("CMP117", 5, 24)),
        (b"\0" * 100, ("CMP117", 5, 24)),
    ],
    ids=["Windows", "late", "half a character", "UTF-16 without a mark", "UTF-32", "zeros"],
)
def test_any_other_encoding_is_refused_with_the_way_out(tmp_path, data, place):
    campaigns, findings = read_listed(tmp_path, people=data)
    assert campaigns == []
    assert places(findings) == [place]
    assert findings[0].help == "save the file as UTF-8, in a spreadsheet as CSV UTF-8"
