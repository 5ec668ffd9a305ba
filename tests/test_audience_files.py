"""Recipient files on disk: their encodings, and many rows in little room."""

from __future__ import annotations

import codecs
import subprocess
import sys

import pytest

from campaignops import manifest
from campaignops.errors import ProjectError
from campaignops.model import Numbers, Ref
from tests.command_line import ROOT
from tests.manifest_folder import places, project_of, read, read_text, sms, write

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


# regions


def test_a_region_of_the_settings_counts_for_senders_numbers_and_lists(tmp_path):
    settings = "pbx: {url: sandbox}\nregion: US\nenvironments: {de: {region: DE}}\n"
    listed = sms(sender="'(202) 555-0100'", recipients="{file: people.csv, region: DE}")
    write(tmp_path, a=listed, **{"people.csv": "phone\n030 1234567\n"})
    (campaign,), findings = _read(tmp_path, settings)
    assert findings == []
    assert campaign.sender == Ref("+12025550100")
    assert campaign.audience == Numbers(("+49301234567",), "people.csv")
    write(tmp_path, a=sms(recipients="{numbers: ['030 1234567', '+12025550100']}"))
    (campaign,), _ = _read(tmp_path, settings, "de")
    assert campaign.audience == Numbers(("+49301234567", "+12025550100"))


def _read(folder, settings, environment=None):
    desired = manifest.read(project_of(folder, settings, environment=environment))
    return list(desired), desired.findings


@pytest.mark.parametrize(
    ("region", "help"),
    [
        ("UK", "did you mean `GB`?"),
        ("de", "region: DE"),
        ("Germany", "the two letters of a country, such as DE, US or GB"),
    ],
)
def test_a_region_that_is_none_is_found(tmp_path, region, help):
    _, findings = read_text(tmp_path, sms(recipients=f"{{numbers: ['+12025550100'], region: {region}}}"))
    assert [(f.code, f.help) for f in findings] == [("CMP109", help)]
    with pytest.raises(ProjectError) as error:
        project_of(tmp_path, f"pbx: {{url: sandbox}}\nregion: {region}\n")
    assert [(f.code, f.help) for f in error.value.findings] == [("CMP109", help)]


def test_the_zone_it_is_sent_in_says_whose_numbers_they_may_be(tmp_path):
    send = '{at: "2030-07-30 18:06", timezone: Europe/Berlin}'
    _, findings = read_text(tmp_path, sms(recipients="{numbers: ['030 1234567']}", send=send))
    help = "+4930•••4567, if this is a number of DE: set `region: DE` in campaignops.yaml"
    assert [f.help for f in findings] == [help]


def test_wrong_numbers_of_a_manifest_are_found_where_they_stand(tmp_path):
    numbers = "['+1202555012', '+49 30 1234567', '+12025550100', '+12025550100']"
    _, findings = read_text(tmp_path, sms(sender="'0202'", recipients=f"{{numbers: {numbers}}}"))
    assert sorted(f.code for f in findings) == ["CMP105", "CMP105", "CMP401"]
    campaigns, findings = read_text(tmp_path, sms(recipients="{numbers: ['+1202555012']}"))
    assert len(campaigns) == 1
    assert [(f.code, f.severity) for f in findings] == [("CMP410", "warning")]


def test_plain_numbers_cost_no_library(tmp_path):
    write(tmp_path, campaignops="pbx: {url: sandbox}\nregion: DE\n", a=sms())
    code = (
        "import sys; from campaignops.__main__ import main; main(); sys.exit('phonenumbers' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code, "validate", "-C", str(tmp_path)], cwd=ROOT)
    assert ran.returncode == 0
