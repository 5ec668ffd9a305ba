"""YAML within bounds: whatever the bytes are, values or a flaw with a place, from the parsers in C and in Python."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops.manifest.yaml import nodes
from campaignops.manifest.yaml.flaws import Flaw, Unreadable
from tests.manifest_folder import SMS, places, read_text

BOMB = "".join(f"a{n}: &a{n} [{', '.join(['*a' + str(n - 1)] * 9) if n else 'x'}]\n" for n in range(12))

BAD: dict[str, tuple[str | bytes, str, int, int]] = {
    "a list that does not end": ("[a", "CMP101", 1, 1),
    "a quote that does not end": ("a: 'b", "CMP101", 1, 4),
    "a tab": ("a:\n\t- b", "CMP101", 2, 1),
    "a colon in a text": ("a: b: c", "CMP101", 1, 5),
    "a sign that needs quotes": ("a: @b", "CMP101", 1, 4),
    "braces without quotes": ("a: {{ b }}", "CMP101", 1, 5),
    "a wrong indent": ("a:\n  b: 1\n c: 2", "CMP101", 3, 2),
    "several documents": ("---\na: 1\n---\nb: 2", "CMP101", 3, 1),
    "an unknown alias": ("a: *b", "CMP101", 1, 4),
    "a tag": ("a: !!python/object:os.system x", "CMP101", 1, 4),
    "a tagged key": ("!!str a: x", "CMP101", 1, 1),
    "a tagged list": ("a: !set [x]", "CMP101", 1, 4),
    "a merge of text": ("a: {<<: b}", "CMP101", 1, 9),
    "a list as a key": ("? [a]\n: b", "CMP101", 1, 3),
    "a control character": ("ab: \x07", "CMP101", 1, 5),
    "a key twice": ("ab: 1\nc: 2\nab: 3", "CMP103", 3, 1),
    "an alias bomb": (BOMB, "CMP102", 1, 5),
    "an anchor that holds itself": ("a: &x [*x]", "CMP102", 1, 4),
    "an anchor that holds itself deep down": ("a: &x {b: {c: [*x]}}", "CMP102", 1, 11),
    "a merge of itself": ("a: &x {<<: *x, b: c}", "CMP102", 1, 4),
    "100,000 brackets": ("[" * 100_000, "CMP102", 1, 33),
    "100,000 dashes": ("- " * 100_000, "CMP102", 1, 65),
    "100,000 braces": ("{a: " * 100_000, "CMP102", 1, 129),
    "40 brackets": ("[" * 40 + "]" * 40, "CMP102", 1, 33),
    "too many values": ("- a\n" * 100_001, "CMP102", 1, 1),
    "a word of 2 MB": ("a" * 2_000_000, "CMP102", 1, 1),
    "UTF-16": ("a: 1".encode("utf-16"), "CMP117", 1, 1),
    "UTF-16 without a mark": ("a: 1".encode("utf-16-le"), "CMP117", 1, 2),
    "latin-1": ("a: 1\nb: é".encode("latin-1"), "CMP117", 2, 4),
    "a NUL": ("a: b\0c", "CMP117", 1, 5),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("pure", [False, True], ids=["C", "Python"])
def test_bad_yaml_is_found_at_its_place(name, pure):
    if pure and name == "too many values":
        pytest.skip("seven seconds, and the same guard")
    text, code, line, column = BAD[name]
    flaws: list[Flaw] = []
    begun = time.process_time()
    try:
        root = nodes.parse(text if isinstance(text, bytes) else text.encode(), pure=pure)
        assert root is not None
        nodes.values(root, flaws)
    except Unreadable as problem:
        flaws.append(problem.flaw)
    first = flaws[0]
    if pure and name in ("a list that does not end", "a quote that does not end", "a wrong indent"):
        assert first.code == code  # the two parsers notice these at slightly different places
    elif name != "an alias bomb":
        assert (first.code, first.span.line + 1, first.span.column + 1) == (code, line, column)
    assert first.code == code
    assert time.process_time() - begun < (60 if pure else 10)  # CPU seconds, also under coverage


@pytest.mark.parametrize(
    "name", ["100,000 brackets", "an alias bomb", "UTF-16", "several documents", "a key twice"]
)
def test_bad_yaml_is_a_finding_of_the_project(tmp_path, name):
    text, code, _, _ = BAD[name]
    if name == "an alias bomb":
        text = "vars:\n  " + BOMB.replace("\n", "\n  ")
    campaigns, findings = read_text(tmp_path, text)
    assert campaigns == []
    assert code in [f.code for f in findings]


def test_utf_16_is_called_by_its_name(tmp_path):
    _, findings = read_text(tmp_path, SMS.encode("utf-16"))
    assert [(f.code, f.message) for f in findings] == [("CMP117", "the file is UTF-16 text, and not UTF-8")]


def test_a_file_of_ten_megabytes_is_refused_unread(tmp_path):
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(10_000_000)
    _, findings = read_text(tmp_path, SMS, "b.yaml")
    assert places(findings) == [("CMP102", 1, 1)]
    assert "10.0 MB" in findings[0].message


def test_a_duplicate_key_names_both_places(tmp_path):
    _, findings = read_text(tmp_path, SMS + "    channel: Other\n")
    assert places(findings) == [("CMP103", 9, 5)]
    assert findings[0].note == "it stands at a.yaml:4:5 already"


def test_a_duplicate_campaign_names_both_places(tmp_path):
    _, findings = read_text(tmp_path, SMS + SMS.removeprefix("campaigns:\n"))
    assert places(findings) == [("CMP103", 9, 3)]


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path):
    campaigns, findings = read_text(tmp_path, ("\ufeff" + SMS.replace("\n", "\r\n")).encode())
    assert findings == []
    assert (campaigns[0].place.line, campaigns[0].place.column) == (2, 3)


@pytest.mark.parametrize("pure", [False, True], ids=["C", "Python"])
def test_scalars_stay_text_and_only_vars_have_types(pure):
    text = b"[1, -1, 0, 00, +1, 1.5, 1e3, true, True, yes, no, null, ~, '', 2030-01-01, '1', 'true', "
    text += b"12345678901234567890]"
    root = nodes.parse(text, pure=pure)
    assert root is not None
    plain, typed = nodes.values(root, []), nodes.values(root, [], typed=True)
    same = ["00", "+1", "1.5", "1e3"]
    assert plain == ["1", "-1", "0", *same, "true", "True", "yes", "no", None, None, "", "2030-01-01", "1", "true",
                     "12345678901234567890"]  # fmt: skip
    assert typed == [1, -1, 0, *same, True, "True", "yes", "no", None, None, "", "2030-01-01", "1", "true",
                     "12345678901234567890"]  # fmt: skip


@pytest.mark.parametrize("pure", [False, True], ids=["C", "Python"])
def test_merges_give_way_to_what_is_written(pure):
    text = b"x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 5}\nw: {a: 6, <<: *x}\n"
    root = nodes.parse(text, pure=pure)
    assert root is not None
    flaws: list[Flaw] = []
    value = nodes.values(root, flaws)
    assert value["z"] == {"a": "5", "b": "2", "c": "4"}
    assert value["w"] == {"a": "6", "b": "2"}
    assert flaws == []


def test_an_address_in_braces_is_read_though_libyaml_is_too_old_for_it():
    root = nodes.parse(b"{pbx: {url: https://pbx.example.com, at: 18:06}}")
    assert root is not None
    assert nodes.values(root, []) == {"pbx": {"url": "https://pbx.example.com", "at": "18:06"}}


def test_a_large_file_is_read_as_a_small_one():
    text = "".join(f"k{n}: [a, b]\n" for n in range(1000)).encode()
    small = nodes.parse(b"k7: [a, b]")
    large = nodes.parse(text)
    assert small is not None
    assert large is not None
    assert nodes.values(large, [])["k7"] == nodes.values(small, [])["k7"]


@given(st.text(alphabet="ab \n:-[]{},&*|>'\"#?%@<\t~1é", max_size=60))
def test_any_text_gives_the_same_values_with_both_parsers_or_a_flaw(text):
    results = []
    for pure in (False, True):
        flaws: list[Flaw] = []
        try:
            root = nodes.parse(text.encode(), pure=pure)
            value = None if root is None else nodes.values(root, flaws)
        except Unreadable as problem:
            value, flaws = None, [problem.flaw]
        results.append((value, bool(flaws)))
    if not results[0][1] and not results[1][1]:
        assert results[0] == results[1]


@given(st.binary(max_size=60))
def test_any_bytes_give_values_or_a_flaw(data):
    flaws: list[Flaw] = []
    try:
        root = nodes.parse(data)
        if root is not None:
            nodes.values(root, flaws)
    except Unreadable as problem:
        flaws.append(problem.flaw)
    assert {flaw.code for flaw in flaws} <= {"CMP101", "CMP102", "CMP103", "CMP117"}
