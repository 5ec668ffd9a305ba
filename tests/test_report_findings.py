"""Findings as people, editors and code views get them: exact carets, no phone number, nothing a terminal acts on."""

import json

import pytest

from campaignops.findings import Finding, Place
from campaignops.report import findings as report
from campaignops.report import sarif
from campaignops.report.plain import columns

CSV = ["phone,name", "+8613800001111,Li", "030 1234567,Anna"]


def a_finding(place=Place("audiences/de.csv", 3, 1, 11), **other):  # noqa: B008
    said = {"code": "CMP105", "severity": "error", "message": "not an E.164 number"}
    return Finding(**(said | other), place=place)


def drawn(line, column, width):
    """The source line and the caret line of a finding, without their gutter."""
    place = Place("x.yaml", 1, column, width)
    shown = report.text([a_finding(place)], lambda _: [line], color=False).splitlines()
    return shown[3].removeprefix("1 | "), shown[4].removeprefix("  | ")


def test_a_finding_looks_like_one_of_rustc():
    finding = a_finding(note="no country prefix", help="write +4930•••67")
    shown = report.text([finding], lambda _: CSV, color=False, folder="campaigns")
    assert shown == (
        "error[CMP105]: not an E.164 number\n"
        " --> campaigns/audiences/de.csv:3:1\n"
        "  |\n"
        "3 | 030••••••67,Anna\n"
        "  | ^^^^^^^^^^^\n"
        "  |\n"
        "  = note: no country prefix\n"
        "  = help: write +4930•••67\n"
        "\n"
        "1 error\n"
    )


def test_the_gutter_grows_with_the_line_number():
    place = Place("x.yaml", 118, 3, 2)
    shown = report.text([a_finding(place, help="h")], lambda _: ["abcd"] * 118, color=False).splitlines()
    assert shown[1:] == [
        "   --> x.yaml:118:3",
        "    |",
        "118 | abcd",
        "    |   ^^",
        "    |",
        "    = help: h",
        "",
        "1 error",
    ]


@pytest.mark.parametrize("lines", [None, []])
def test_a_source_that_is_not_to_be_had_leaves_the_arrow(lines):
    shown = report.text([a_finding()], lambda _: lines, color=False)
    assert shown.splitlines()[:2] == ["error[CMP105]: not an E.164 number", " --> audiences/de.csv:3:1"]


def test_a_finding_without_a_place_has_no_arrow():
    shown = report.text([a_finding(None, help="look there")], lambda _: None, color=False)
    assert shown == "error[CMP105]: not an E.164 number\n  = help: look there\n\n1 error\n"


def test_carets_stand_under_the_span_after_a_tab():
    assert drawn("a\tbad", 3, 3) == ("a   bad", "    ^^^")


def test_carets_stand_under_wide_characters():
    line, carets = drawn("日本: 問題 x", 5, 2)
    assert line == "日本: 問題 x"
    assert carets == " " * columns("日本: ") + "^^^^"


def test_carets_stand_under_a_span_after_a_masked_number():
    assert drawn("+8613800001111,bad", 16, 3) == ("+8613•••••1111,bad", " " * 15 + "^^^")


def test_characters_that_hide_or_turn_are_written_out_and_underlined():
    assert drawn("a\u202eb\x1bc", 2, 1) == ("a\\u202eb\\x1bc", " ^^^^^^")


def test_a_span_beyond_the_end_of_the_line_still_has_a_caret():
    assert drawn("abc", 4, 5) == ("abc", "   ^")
    assert drawn("abc", 99, 1) == ("abc", "   ^")


def test_a_long_line_is_shown_around_its_span():
    line, carets = drawn("x" * 500 + "BAD" + "y" * 500, 501, 3)
    assert line.startswith("…")
    assert line.endswith("…")
    assert line[carets.index("^") :].startswith("BAD")
    assert carets.strip() == "^^^"


def test_a_span_longer_than_the_screen_is_underlined_as_far_as_it_is_shown():
    line, carets = drawn("key: " + "y" * 900, 6, 900)
    assert len(line) <= 122
    assert set(carets.strip()) == {"^"}
    assert len(carets) <= len(line)


@pytest.mark.parametrize("time", ["2030-07-30 18:06", "2030-07-30T18:06:00+02:00", "30.07.2030 18:06"])
def test_a_time_in_a_source_line_is_not_taken_for_a_number(time):
    assert drawn(f"at: {time}", 5, 16)[0] == f"at: {time}"


@pytest.mark.parametrize("number", ["0170 123 45 67", "(030) 123-4567", "0170/1234567", "8613800001111"])
def test_a_number_in_another_form_than_ours_is_masked_in_a_source_line(number):
    line, carets = drawn(f"{number},Anna", 1, len(number))
    assert "•••" in line
    assert len(line) == len(number) + 5
    assert carets == "^" * len(number)
    assert number[-6:] not in line


def test_the_last_line_counts_by_severity():
    listed = [a_finding(), a_finding(), a_finding(severity="warning"), a_finding(severity="info")]
    assert report.count(listed) == "2 errors, 1 warning, 1 note"
    assert report.text([], lambda _: None, color=False) == ""


def test_colors_change_nothing_but_the_colors():
    import re

    plain = report.text([a_finding(help="h")], lambda _: CSV, color=False)
    colored = report.text([a_finding(help="h")], lambda _: CSV, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_concise_is_one_line_a_finding():
    assert report.concise([a_finding(), a_finding(None)], folder=".") == (
        "audiences/de.csv:3:1: error[CMP105] not an E.164 number\nerror[CMP105] not an E.164 number\n"
    )


def test_json_has_the_promised_fields_and_note_and_help_only_when_set():
    assert report.to_json(a_finding()) == {
        "code": "CMP105",
        "severity": "error",
        "message": "not an E.164 number",
        "file": "audiences/de.csv",
        "line": 3,
        "column": 1,
    }
    assert report.to_json(a_finding(None, note="n", help="h")) | {"file": None} == {
        **report.to_json(a_finding(None)),
        "note": "n",
        "help": "h",
    }


def test_annotations_escape_what_would_end_them():
    finding = a_finding(Place("a,b:c%.yaml", 3, 2, 4), message="50% off: a,b\nnext", help="do: this")
    assert report.github([finding], folder="campaigns/") == (
        "::error file=campaigns/a%2Cb%3Ac%25.yaml,line=3,col=2,endColumn=6,title=campaignops CMP105"
        "::50%25 off: a,b\\nnext%0Ahelp: do: this\n"
    )


@pytest.mark.parametrize(("severity", "level"), [("warning", "warning"), ("info", "notice")])
def test_annotations_use_the_levels_of_github(severity, level):
    shown = report.github([a_finding(None, severity=severity)])
    assert shown == f"::{level} title=campaignops CMP105::not an E.164 number\n"


def test_gitlab_fingerprints_are_unique_and_survive_a_moved_line():
    moved = a_finding(Place("audiences/de.csv", 9))
    one, two = json.loads(report.gitlab([a_finding(), a_finding()]))
    (three,) = json.loads(report.gitlab([moved]))
    assert one["fingerprint"] != two["fingerprint"]
    assert one["fingerprint"] == three["fingerprint"]
    assert one["location"] == {"path": "audiences/de.csv", "lines": {"begin": 3}}
    assert (one["check_name"], one["severity"]) == ("CMP105", "critical")


def test_gitlab_gets_a_place_even_for_a_finding_without_one():
    (issue,) = json.loads(report.gitlab([a_finding(None)], folder="campaigns"))
    assert issue["location"]["path"] == "campaigns/campaignops.yaml"


def test_sarif_has_a_rule_for_each_code_and_regions_that_end_after_the_span():
    log = json.loads(sarif.text([a_finding(Place("a ü.yaml", 3, 2, 4)), a_finding(None)], folder="campaigns"))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["CMP105"]
    placed, nowhere = run["results"]
    assert placed["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "campaigns/a%20%C3%BC.yaml"},
        "region": {"startLine": 3, "startColumn": 2, "endColumn": 6},
    }
    assert "locations" not in nowhere
    assert (placed["ruleId"], placed["level"], placed["message"]) == (
        "CMP105",
        "error",
        {"text": "not an E.164 number"},
    )
