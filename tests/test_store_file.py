"""The state file, whatever happens to it: a later reader finds the old state or the new one, or is told."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from campaignops.errors import LockedError, StateError
from campaignops.state import Entry, Pbx, Phase, State
from campaignops.store import Store, Version, Write, document
from campaignops.store.disk import Disk
from campaignops.store.document import Image
from campaignops.store.file import FileStore
from tests.rigs.doses import tally

PBX = Pbx("3633D2199999", "https://pbx.example.com")
ROOT = Path(__file__).parent.parent


def an_entry(key="spring", phase=Phase.INTENT, **other) -> Entry:
    said: dict[str, Any] = {"name": "Spring", "type": "sms", "id": None, "digest": "d1", "fingerprint": "f1"}
    said |= {
        "send": "draft",
        "time_s": None,
        "recipients": 2,
        "spec": '{"name": "Spring", "message": {"text": "Grüße"}}',
    }
    return Entry(key=key, phase=phase, **(said | other))


def a_write(key="spring", phase=Phase.INTENT, pbx=None, **other) -> Write:
    return Write(key, an_entry(key, phase, **other), pbx)


def a_move(old: str, new: str, phase=Phase.INTENT, **other) -> Write:
    return a_move_of(an_entry(old, phase, **other), new)


def a_move_of(entry: Entry, new: str) -> Write:
    return Write(new, replace(entry, key=new), moved_from=entry.key)


def put(store: FileStore, *writes: Write) -> Version:
    state, version = store.read()
    for write in writes:
        version = store.cas(version, state, write)
    return version


def seen(path: Path) -> State:
    return FileStore(path).read()[0]


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "campaignops.state.json"


def journal_of(path: Path) -> Path:
    return path.with_name(path.name + ".journal")


def settled(path: Path, *writes: Write) -> State:
    put(store := FileStore(path), *(writes or (a_write(), a_write("summer"))))
    store.settle()
    return seen(path)


# -- What is written is read ------------------------------------------------------------------------------------------


def test_without_files_there_is_no_state_yet_and_a_fresh_lineage(path):
    state, version = FileStore(path).read()
    assert (state.serial, dict(state.campaigns), state.pbx) == (0, {}, None)
    assert version == Version(None, 0)
    assert state.lineage != seen(path).lineage
    assert list(path.parent.iterdir()) == []


def test_the_first_write_keeps_the_lineage_that_was_read(path):
    store: Store = FileStore(path)
    state, version = store.read()
    assert store.cas(version, state, a_write(pbx=PBX)) == Version(state.lineage, 1)
    again = seen(path)
    assert again == State(state.lineage, 1, PBX, {"spring": an_entry()})


def test_a_first_document_that_is_parted_from_its_journal_belongs_to_its_pbx_all_the_same(path):
    put(FileStore(path), a_write(pbx=PBX))
    journal_of(path).unlink()
    assert (seen(path).pbx, dict(seen(path).campaigns)) == (PBX, {})


def test_a_later_write_keeps_the_pbx_and_an_entry_can_go(path):
    put(
        FileStore(path),
        a_write(pbx=PBX),
        a_write(phase=Phase.BOUND, id=7),
        a_write("summer"),
        Write("summer", None),
    )
    assert (seen(path).pbx, dict(seen(path).campaigns)) == (
        PBX,
        {"spring": an_entry(phase=Phase.BOUND, id=7)},
    )


def test_what_a_reader_was_given_does_not_change_under_it(path):
    store = FileStore(path)
    put(store, a_write())
    before, version = store.read()
    store.cas(version, before, a_write("summer"))
    assert set(before.campaigns) == {"spring"}


def test_the_document_has_a_line_for_each_campaign_in_order_and_its_spec_last(path):
    settled(path, a_write("b", pbx=PBX), a_write("a"))
    text = path.read_text()
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    assert [line.split(":")[0].strip() for line in lines] == ['"a"', '"b"']
    assert all('"text": "Grüße"}}' in line for line in lines)
    loaded = json.loads(text)
    assert (loaded["format_version"], loaded["serial"], loaded["pbx"]["url"]) == (1, 2, PBX.url)
    assert list(loaded["campaigns"]["a"]) == [
        "name", "type", "phase", "digest", "fingerprint", "send", "recipients", "spec",
    ]  # fmt: skip


def test_settling_leaves_one_file_for_its_owner_alone(path):
    settled(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_journal_is_for_its_owner_alone(path):
    put(FileStore(path), a_write())
    assert stat.S_IMODE(journal_of(path).stat().st_mode) == 0o600


def test_settling_twice_or_nothing_changes_nothing(path):
    FileStore(path).settle()
    settled(path)
    before = path.stat().st_mtime_ns
    FileStore(path).settle()
    assert path.stat().st_mtime_ns == before


def test_settling_changes_nothing_that_a_reader_sees_and_writing_goes_on(path):
    store = FileStore(path)
    version = put(store, a_write(), a_write("summer"))
    before = seen(path)
    store.settle()
    assert seen(path) == before
    assert store.cas(version, before, a_write("autumn")).serial == 3
    assert len(seen(path).campaigns) == 3


def test_every_field_of_an_entry_has_its_place_in_the_document():
    assert {field.name for field in fields(Entry)} == document.TYPES.keys() | {"key", "spec"}


_texts = st.text(max_size=12) | st.sampled_from(
    [', "spec": ', '"', "}},\n", "\x85\u2028\r\n", "\ufeff", "\\", '{"', "😀"]
)
_counts = st.integers(min_value=-(2**70), max_value=2**70)
_specs = st.dictionaries(
    _texts, st.recursive(_texts | st.none() | _counts, st.lists, max_leaves=4), max_size=3
)
_entries = st.builds(
    Entry,
    key=_texts,
    name=_texts,
    type=_texts,
    phase=st.sampled_from([Phase.INTENT, Phase.BOUND, Phase.RELEASED]),
    id=st.none() | _counts,
    digest=_texts,
    fingerprint=_texts,
    send=st.sampled_from(["draft", "now", "at"]),
    time_s=st.none() | _counts,
    recipients=st.none() | _counts,
    revision=_counts,
    delivery=_texts,
    status=st.none() | _texts,
    at=_texts,
    run=_texts,
    lost=_texts,
    late_until_s=st.none() | _counts,
    question=st.none() | _texts,
    audience=_texts,
    spec=st.builds(
        json.dumps, _specs, ensure_ascii=st.booleans(), separators=st.sampled_from([None, (",", ":")])
    ),
)
_many = st.lists(_entries, max_size=4, unique_by=lambda entry: entry.key)


@settings(max_examples=60)
@given(entries=_many)
def test_any_entries_come_back_from_the_journal_and_from_the_document(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("round") / "s.json"
    store = FileStore(path)
    put(store, *(Write(entry.key, entry, PBX) for entry in entries))
    expected = {entry.key: entry for entry in entries}
    assert dict(seen(path).campaigns) == expected
    store.settle()
    assert dict(seen(path).campaigns) == expected


@settings(max_examples=60)
@given(entries=_many, indent=st.sampled_from([None, 0, 4, "\t"]))
def test_a_document_that_somebody_laid_out_anew_says_the_same(tmp_path_factory, entries, indent):
    path = tmp_path_factory.mktemp("anew") / "s.json"
    image = Image("L", 3, "c", PBX, {entry.key: entry for entry in entries})
    path.write_text(json.dumps(json.loads(document.encode(image, "")), indent=indent, sort_keys=True))
    plain = {e.key: replace(e, spec=json.dumps(json.loads(e.spec), sort_keys=True)) for e in entries}
    got = {
        k: replace(e, spec=json.dumps(json.loads(e.spec), sort_keys=True))
        for k, e in seen(path).campaigns.items()
    }
    assert (got, seen(path).pbx, seen(path).serial) == (plain, PBX, 3)


@settings(max_examples=60)
@given(entries=_many, old=_texts, new=_texts)
def test_a_move_comes_back_from_the_journal_and_from_the_document(tmp_path_factory, entries, old, new):
    assume(old != new)
    path = tmp_path_factory.mktemp("move") / "s.json"
    expected = {e.key: e for e in entries if e.key != new} | {old: an_entry(old, Phase.BOUND, id=7)}
    put(store := FileStore(path), *(Write(key, entry) for key, entry in expected.items()))
    put(store, Write(new, moved := replace(expected.pop(old), key=new), PBX, moved_from=old))
    assert dict(store.read()[0].campaigns) == dict(seen(path).campaigns) == expected | {new: moved}
    store.settle()
    assert (dict(seen(path).campaigns), seen(path).pbx) == (expected | {new: moved}, PBX)


def test_campaigns_that_somebody_put_on_one_line_are_all_read(path):
    specs = ["{}", '{"a": {"b": {}}}', '{"a": "\\"fingerprint\\""}', '{"fingerprint": {}}']
    before = settled(path, *(a_write(f"k{n}", spec=spec) for n, spec in enumerate(specs)))
    path.write_text(path.read_text().replace("}},\n    ", "}}, "))
    assert seen(path) == before
    put(FileStore(path), a_write("more"))
    assert len(seen(path).campaigns) == 5


def test_a_plan_that_is_used_up_is_remembered_until_the_next_one_and_no_campaign_goes(path):
    put(store := FileStore(path), a_write(""), Write("", None, PBX, plan="one"))
    assert (seen(path).plan, seen(path).pbx, set(seen(path).campaigns)) == ("one", PBX, {""})
    store.settle()
    assert seen(path).plan == "one"
    put(store, Write("", None, plan="two"))
    assert (seen(path).plan, seen(path).serial) == ("two", 3)


def test_a_plan_may_be_used_up_before_there_is_a_state(path):
    assert settled(path, Write("", None, plan="one")).plan == "one"


def test_to_use_a_plan_up_is_a_write_of_its_own(path):
    for write in (replace(a_write(), plan="one"), replace(a_move("spring", "easter"), plan="one")):
        with pytest.raises(StateError, match="a write of its own"):
            put(FileStore(path), write)


def test_a_spec_with_a_word_of_an_entry_keeps_its_text(path):
    settled(path, a_write(spec='{"fingerprint":[]}'))
    assert seen(path).campaigns["spring"].spec == '{"fingerprint":[]}'


@pytest.mark.parametrize("last", [True, False])
def test_a_spec_cut_off_anywhere_is_refused_or_given_out_in_braces_and_hides_no_other_campaign(path, last):
    whole = '{"a": {"b": [{}, "}}, {"]}, "c": {}}'
    cut, sound, comma = ("b", "a", "") if last else ("a", "b", ",")
    given_out = 0
    for spec in (whole[:size] + closed for size in range(len(whole)) for closed in ("", "}")):
        path.write_text(SOUND.replace(f"{{}}}}{comma}\n", f"{spec}}}{comma}\n"))
        with suppress(StateError):
            specs = {key: entry.spec for key, entry in seen(path).campaigns.items()}
            assert specs == {cut: spec, sound: "{}"}
            assert spec[0] + spec[-1] == "{}"
            given_out += 1
    assert 0 < given_out < 2 * len(whole)


def test_a_campaign_with_a_broken_spec_cannot_be_written_on_but_may_go(path):
    path.write_text(SOUND.replace("{}},", '{"a": }},'))
    entry = seen(path).campaigns["a"]
    for write in (Write("a", replace(entry, lost="f")), a_move_of(entry, "c")):
        with pytest.raises(StateError, match="cannot record campaign"):
            put(FileStore(path), write)
    put(store := FileStore(path), a_write("c"))
    store.settle()
    assert seen(path).campaigns["a"] == entry
    put(store, Write("a", None))
    assert set(seen(path).campaigns) == {"b", "c"}


@pytest.mark.parametrize("spec", ['{\n  "a": 1\n}', ' {"a": 1}\n', '{"a":\r1}'])
def test_a_spec_over_several_lines_is_written_as_one(path, spec):
    settled(path, a_write(spec=spec))
    assert seen(path).campaigns["spring"].spec == '{"a": 1}'


def test_half_a_surrogate_pair_comes_back(path):
    settled(path, a_write(name="\ud83d", spec='{"a": "\ud83d"}'))
    entry = seen(path).campaigns["spring"]
    assert (entry.name, json.loads(entry.spec)) == ("\ud83d", {"a": "\ud83d"})


def test_a_state_behind_a_symbolic_link_stays_behind_it(path, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path.symlink_to(tmp_path / "elsewhere" / "real.json")
    settled(path)
    assert path.is_symlink()
    assert len(seen(path).campaigns) == 2


# -- What must not be read --------------------------------------------------------------------------------------------

SOUND = """{
  "format_version": 1,
  "lineage": "L",
  "serial": 3,
  "pbx": null,
  "campaigns": {
    "a": {"name": "A", "type": "sms", "phase": "intent", "digest": "", "fingerprint": "", "send": "draft", "spec": {}},
    "b": {"name": "B", "type": "sms", "phase": "intent", "digest": "", "fingerprint": "", "send": "draft", "spec": {}}
  }
}
"""


def test_the_sound_document_of_the_next_tests_is_read(path):
    path.write_text(SOUND)
    assert set(seen(path).campaigns) == {"a", "b"}


REFUSED = {
    "empty": ("", "it is empty"),
    "blank": (" \n\n", "it is empty"),
    "zeros": ("\0" * 4096, "line 1 is not JSON from column 1 on"),
    "a list": ("[]", "not a JSON object"),
    "another object": ("{}", "format_version"),
    "two documents": (SOUND + SOUND, "goes on after its end"),
    "something behind": (SOUND + "x", "goes on after its end"),
    "nesting": ("[" * 100_000, "nested too deeply"),
    "a byte-order mark": ("\ufeff" + SOUND, "byte-order mark"),
    "a conflict of git": (SOUND.replace('    "b"', '=======\n    "b"'), "line 8 is left over from a merge of git"),
    "a comma missing": (SOUND.replace("{}},", "{}}"), "line 8 is not JSON from column 5 on"),
    "a comma too many": (SOUND.replace('{}}\n  }', '{}},\n  }'), r"line [89] is not JSON from column"),  # 3.13: its own
    "version a text": (SOUND.replace('version": 1', 'version": "1"'), "format_version"),
    "version true": (SOUND.replace('version": 1', 'version": true'), "format_version"),
    "version 0": (SOUND.replace('version": 1', 'version": 0'), "format_version"),
    "no lineage": (SOUND.replace('"L"', "null"), "lineage"),
    "empty lineage": (SOUND.replace('"L"', '""'), "lineage"),
    "serial a text": (SOUND.replace("3", '"3"'), "serial"),
    "serial negative": (SOUND.replace("3", "-3"), "serial"),
    "check a number": (SOUND.replace('"pbx"', '"check": 5, "pbx"'), "check"),
    "plan a number": (SOUND.replace('"pbx"', '"plan": 5, "pbx"'), "plan"),
    "pbx a text": (SOUND.replace("null", '"x"'), "pbx"),
    "pbx without url": (SOUND.replace("null", '{"serial_number": "1"}'), "pbx"),
    "unknown header": (SOUND.replace('"pbx"', '"zzz": 5, "pbx"'), "zzz"),
    "no campaigns": (SOUND.replace('"campaigns"', '"pbx2"'), "pbx2"),
    "campaigns a list": ('{"format_version": 1, "lineage": "L", "serial": 3, "campaigns": []}', "campaigns"),
    "campaign twice": (SOUND.replace('"b":', '"a":'), "'a' occurs twice"),
    "field twice": (SOUND.replace('"name": "A",', '"name": "A","name": "A",'), "'name' occurs twice"),
    "header twice": (SOUND.replace('  "serial": 3,', '  "serial": 3,\n  "serial": 4,'), "'serial' occurs twice"),
    "unknown phase": (SOUND.replace("intent", "sent"), "unknown phase 'sent'"),
    "unknown send": (SOUND.replace("draft", "later"), "or send 'later'"),
    "unknown field": (SOUND.replace('"name"', '"names"'), "'names' is not a known field"),
    "name missing": (SOUND.replace('"name": "A", ', ""), "'name' is missing"),
    "name a number": (SOUND.replace('"name": "A"', '"name": 5'), "'name' has the wrong type"),
    "phase null": (SOUND.replace('"phase": "intent"', '"phase": null'), "'phase' has the wrong type"),
    "id true": (SOUND.replace('"spec": {}', '"id": true, "spec": {}'), "'id' has the wrong type"),
    "spec a list": (SOUND.replace("{}}", "[]}"), "'spec' is not an object"),
    "a field behind the spec": (SOUND.replace("{}}", '{}, "zzz": 5}'), "'zzz' is not a known field"),
    "campaign a text": (SOUND[: SOUND.index('    "a"')] + '"x": "y"}}', "campaign 'x' is not an object"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_a_document_is_refused_with_what_where_and_a_way_out(path, text, why):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StateError, match=why) as caught:
        seen(path)
    assert caught.value.code == "CMP701"
    assert str(path) in caught.value.message
    assert "Restore it from git or a backup. Nothing was sent" in caught.value.message
    assert path.read_text(encoding="utf-8") == text


def test_a_document_that_is_cut_off_anywhere_is_refused(path):
    for size in range(len(SOUND) - 1):
        path.write_text(SOUND[:size])
        with pytest.raises(StateError) as caught:
            seen(path)
        assert caught.value.code == "CMP701"
        assert not any(said in caught.value.message for said in ("Expecting", "Unterminated", "char "))


def test_a_document_that_is_not_utf8_is_refused(path):
    path.write_bytes(SOUND.encode().replace(b'"A"', b'"\xff"'))
    with pytest.raises(StateError) as caught:
        seen(path)
    assert caught.value.code == "CMP701"


def test_windows_line_ends_are_read(path):
    path.write_bytes(SOUND.replace("\n", "\r\n").encode())
    assert set(seen(path).campaigns) == {"a", "b"}


@pytest.mark.parametrize("by", ["", '"written_by": "campaignops 9.1", '])
def test_a_document_of_a_newer_version_is_refused_and_names_it(path, by):
    path.write_text(SOUND.replace('"format_version": 1,', f'{by}"new": [], "format_version": 2,'))
    with pytest.raises(StateError, match="newer version") as caught:
        seen(path)
    assert caught.value.code == "CMP702"
    assert ("campaignops 9.1" in caught.value.message) == bool(by)


def test_the_version_that_wrote_a_document_is_in_it(path):
    store = FileStore(path, written_by="campaignops 0.1.0")
    put(store, a_write())
    assert json.loads(path.read_text())["written_by"] == "campaignops 0.1.0"


def test_a_folder_a_fifo_and_an_unreadable_file_are_refused(path):
    path.mkdir()
    with pytest.raises(StateError, match="not a regular file"):
        seen(path)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(StateError, match="not a regular file"):
        seen(path)
    with pytest.raises(StateError, match="Not a directory"):
        seen(path / "below")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_without_permission_is_refused(path):
    path.write_text(SOUND)
    path.chmod(0)
    with pytest.raises(StateError, match="Permission denied"):
        seen(path)


# -- The journal ------------------------------------------------------------------------------------------------------


def test_a_journal_without_its_document_is_refused(path):
    put(FileStore(path), a_write())
    path.unlink()
    with pytest.raises(StateError, match="is gone, but its journal") as caught:
        seen(path)
    assert caught.value.code == "CMP705"


def test_a_last_line_torn_at_any_byte_was_never_accepted(path):
    put(FileStore(path), a_write(), a_write("summer"))
    old = seen(path)
    put(FileStore(path), a_write("autumn"))
    new = seen(path)
    document_then, journal_then = path.read_bytes(), journal_of(path).read_bytes()
    assert journal_then.count(b"\n") == 1, "a foreign journal is folded before it is continued"
    for size in range(len(journal_then)):
        path.write_bytes(document_then)
        journal_of(path).write_bytes(journal_then[:size])
        assert seen(path) == old
        put(FileStore(path), a_write("autumn"))
        assert seen(path) == new


def test_a_last_line_whose_bytes_did_not_all_arrive_was_never_accepted(path):
    put(FileStore(path), a_write(), a_write("summer"))
    raw = journal_of(path).read_bytes()
    last = raw.rindex(b"{" + b'"lineage"')
    journal_of(path).write_bytes(raw[: last + 20] + b"\0" * (len(raw) - last - 21) + b"\n")
    assert set(seen(path).campaigns) == {"spring"}


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_is_broken_before_the_last_is_a_loss(path, line):
    put(FileStore(path), a_write(), a_write("summer"), a_write("autumn"))
    lines = journal_of(path).read_bytes().split(b"\n")
    lines[line] = lines[line].replace(b"Spring", b"Sprung")
    journal_of(path).write_bytes(b"\n".join(lines))
    with pytest.raises(StateError, match=f"is broken at line {line + 1}") as caught:
        seen(path)
    assert caught.value.code == "CMP705"


def test_a_line_that_is_missing_is_a_loss(path):
    put(FileStore(path), a_write(), a_write("summer"), a_write("autumn"))
    one, _, three, _ = journal_of(path).read_bytes().split(b"\n")
    journal_of(path).write_bytes(one + b"\n" + three + b"\n")
    with pytest.raises(StateError, match="is broken at line 2") as caught:
        seen(path)
    assert caught.value.code == "CMP705"


def test_a_line_of_a_newer_version_is_refused(path, monkeypatch):
    monkeypatch.setitem(document.TYPES, "name", frozenset({str, list}))
    store = FileStore(path)
    put(store, a_write(name=["new"]))
    monkeypatch.undo()
    with pytest.raises(StateError, match="Update campaignops") as caught:
        seen(path)
    assert caught.value.code == "CMP702"


LINES_WITHOUT_MOVES = (
    '{"lineage": "L", "serial": 4, "after": "", "key": "c", "entry": {"name": "C", "type": "sms", "phase": "intent", '
    '"digest": "", "fingerprint": "", "send": "draft", "spec": {}}, "check": "78244017539ba076"}\n'
    '{"lineage": "L", "serial": 5, "after": "78244017539ba076", "key": "a", "entry": null, '
    '"check": "7f9b723fc346d65d"}\n'
)


def test_a_journal_of_before_there_were_moves_is_read(path):
    path.write_text(SOUND)
    journal_of(path).write_text(LINES_WITHOUT_MOVES)
    assert set(seen(path).campaigns) == {"b", "c"}


def test_a_line_says_where_its_entry_comes_from_only_when_it_moves(path):
    put(FileStore(path), a_write(), a_move("spring", "easter"), a_write("summer"))
    heads = [json.loads(line) for line in journal_of(path).read_text().splitlines()]
    assert [head.get("moved_from") for head in heads] == [None, "spring", None]
    assert ["moved_from" in head for head in heads] == [False, True, False]
    assert [head["after"] for head in heads[1:]] == [head["check"] for head in heads[:-1]]


def test_a_move_is_in_the_chain_of_checks(path):
    put(FileStore(path), a_write(), a_move("spring", "easter"), a_write("summer"))
    raw = journal_of(path).read_bytes()
    journal_of(path).write_bytes(raw.replace(b'"moved_from": "spring"', b'"moved_from": "sprung"'))
    with pytest.raises(StateError, match="is broken at line 2"):
        seen(path)
    one, _, three, _ = raw.split(b"\n")
    journal_of(path).write_bytes(one + b"\n" + three + b"\n")
    with pytest.raises(StateError, match="is broken at line 2"):
        seen(path)


def test_a_line_with_a_field_that_this_version_does_not_know_is_refused(path):
    path.write_text(SOUND)
    journal_of(path).write_text(
        '{"lineage": "L", "serial": 4, "after": "", "key": "a", "merged_from": ["b"], "entry": null, '
        '"check": "6046ed76200254fb"}\n'
    )
    with pytest.raises(StateError, match="'merged_from' is not a known field") as caught:
        seen(path)
    assert caught.value.code == "CMP702"


def refuses_the_journal(path: Path) -> None:
    with pytest.raises(StateError, match="not the document they were made on") as caught:
        seen(path)
    assert caught.value.code == "CMP705"
    with pytest.raises(StateError):
        FileStore(path).settle()


def test_an_older_document_put_back_beside_a_newer_journal_is_refused(path):
    settled(path, a_write())
    old = path.read_bytes()
    put(FileStore(path), a_write("summer"))
    FileStore(path).settle()
    put(FileStore(path), a_write("autumn"))
    path.write_bytes(old)
    refuses_the_journal(path)


def test_a_newer_document_from_elsewhere_does_not_hide_what_only_the_journal_has(path, tmp_path):
    settled(path, a_write())
    clone = tmp_path / "clone.json"
    clone.write_bytes(path.read_bytes())
    put(FileStore(path), a_write("summer"))
    settled(clone, a_write("winter"), a_write("autumn"), a_write("advent"))
    path.write_bytes(clone.read_bytes())
    refuses_the_journal(path)


def test_a_document_with_the_right_number_but_another_past_is_refused(path, tmp_path):
    settled(path, a_write())
    clone = tmp_path / "clone.json"
    clone.write_bytes(path.read_bytes())
    settled(clone, a_write("winter"))
    settled(path, a_write("summer"))
    put(FileStore(path), a_write("autumn"))
    path.write_bytes(clone.read_bytes())
    refuses_the_journal(path)


def test_a_journal_of_another_lineage_is_refused(path, tmp_path):
    put(FileStore(path), a_write())
    put(FileStore(tmp_path / "other.json"), a_write())
    journal_of(path).write_bytes(journal_of(tmp_path / "other.json").read_bytes())
    refuses_the_journal(path)


def test_a_journal_that_its_document_already_holds_is_read_as_that_document(path):
    put(store := FileStore(path), a_write(), a_write("summer"))
    journal_then = journal_of(path).read_bytes()
    store.settle()
    settled_then = seen(path)
    journal_of(path).write_bytes(journal_then)
    assert seen(path) == settled_then
    assert put(FileStore(path), a_write("autumn")).serial == 3
    assert set(seen(path).campaigns) == {"spring", "summer", "autumn"}


# -- Compare and swap -------------------------------------------------------------------------------------------------


def refused_as_moved(store: FileStore, version: Version, state: State, write: Write) -> None:
    with pytest.raises(StateError, match="moved while we worked") as caught:
        store.cas(version, state, write)
    assert caught.value.code == "CMP704"


def test_of_two_first_writers_one_goes_on(path):
    one, two = FileStore(path), FileStore(path)
    (one_state, nothing), (two_state, _) = one.read(), two.read()
    one.cas(nothing, one_state, a_write())
    refused_as_moved(two, nothing, two_state, a_write("summer"))
    assert seen(path).lineage == one_state.lineage


def test_of_two_first_writers_that_both_saw_nothing_the_file_system_picks_one(path):
    class Slow(Disk):
        def link(self, present, new):
            put(FileStore(path), a_write("winner"))
            super().link(present, new)

    state, nothing = (slow := FileStore(path, disk=Slow())).read()
    refused_as_moved(slow, nothing, state, a_write("loser"))
    assert set(seen(path).campaigns) == {"winner"}
    assert not list(path.parent.glob("*.tmp-*"))


def test_a_write_from_a_stale_version_is_refused(path):
    one, two = FileStore(path), FileStore(path)
    put(one, a_write())
    state, version = two.read()
    put(one, a_write("summer"))
    refused_as_moved(two, version, state, a_write("autumn"))
    state, version = two.read()
    two.cas(version, state, a_write("autumn"))
    assert seen(path).serial == 3


def test_a_write_is_refused_after_another_store_has_folded_and_gone_on(path):
    one, two = FileStore(path), FileStore(path)
    version = put(one, a_write())
    put(two, a_write("summer"))
    two.settle()
    refused_as_moved(one, version, seen(path), a_write("autumn"))


def test_a_write_goes_on_after_another_store_has_only_folded(path):
    one = FileStore(path)
    version = put(one, a_write())
    FileStore(path).settle()
    assert one.cas(version, seen(path), a_write("summer")).serial == 2


@pytest.mark.parametrize("way", ["replace", "overwrite", "remove", "fork"])
def test_a_document_that_a_person_changed_meanwhile_is_noticed(path, tmp_path, way):
    store = FileStore(path)
    put(store, a_write())
    store.settle()
    backup = path.read_bytes()
    fork = tmp_path / "fork.json"
    fork.write_bytes(backup)
    version = put(store, a_write("summer"))
    store.settle()
    settled(fork, a_write("winter"))
    match way:
        case "replace":
            (tmp_path / "backup").write_bytes(backup)
            (tmp_path / "backup").replace(path)
        case "overwrite":
            path.write_bytes(backup)
        case "remove":
            path.unlink()
        case "fork":
            path.write_bytes(fork.read_bytes())
    refused_as_moved(store, version, State("L"), a_write("autumn"))
    assert not journal_of(path).exists() or way != "remove"


def test_a_store_that_never_read_compares_all_the_same(path):
    version = put(FileStore(path), a_write())
    refused_as_moved(FileStore(path), Version(version.lineage, 0), seen(path), a_write("summer"))
    refused_as_moved(FileStore(path), Version("other", 1), seen(path), a_write("summer"))
    FileStore(path).cas(version, seen(path), a_write("summer"))


def test_an_illegal_step_is_refused_and_leaves_no_trace(path):
    with pytest.raises(StateError, match="from nothing to releasing"):
        put(FileStore(path), a_write(phase=Phase.RELEASING))
    assert not path.exists()
    put(FileStore(path), a_write(phase=Phase.BOUND, id=7))
    before = journal_of(path).read_bytes()
    with pytest.raises(StateError, match="cannot go from bound to stuck"):
        put(FileStore(path), a_write(phase=Phase.STUCK, id=7))
    with pytest.raises(StateError, match="cannot be bound to 8"):
        put(FileStore(path), a_write(phase=Phase.BOUND, id=8))
    assert journal_of(path).read_bytes() == before


def test_an_entry_under_another_key_or_without_a_json_spec_is_refused(path):
    with pytest.raises(StateError, match="filed under"):
        put(FileStore(path), Write("summer", an_entry("spring")))
    for spec in ("", "[]", "{"):
        with pytest.raises(StateError, match="cannot record campaign spring"):
            put(FileStore(path), a_write(spec=spec))
    assert not path.exists()


@pytest.mark.parametrize("phase", Phase)
def test_a_move_is_legal_in_every_phase_and_the_next_step_goes_on_from_it(path, phase):
    entry = an_entry("a", phase, id=None if phase is Phase.INTENT else 7, question="what now?", lost="f")
    path.write_bytes(document.encode(Image("L", 3, "", None, {"a": entry, "other": an_entry("other")}), ""))
    put(store := FileStore(path), a_move_of(entry, "b"))
    assert dict(seen(path).campaigns) == {"b": replace(entry, key="b"), "other": an_entry("other")}
    put(store, Write("b", replace(entry, key="b", phase=Phase.BOUND, id=7)))
    assert seen(path).campaigns["b"].phase is Phase.BOUND


def test_a_move_may_also_be_a_legal_step(path):
    put(FileStore(path), a_write(phase=Phase.BOUND, id=7))
    entry = an_entry("easter", Phase.UPDATING, id=7, revision=2)
    put(FileStore(path), Write("easter", entry, moved_from="spring"))
    assert dict(seen(path).campaigns) == {"easter": entry}


def test_a_key_that_a_move_left_is_free_again(path):
    put(store := FileStore(path), a_write("a", lost="f"), a_write("b", lost="g"))
    put(store, a_move("a", "c", lost="f"), a_move("b", "a", lost="g"), a_move("c", "b", lost="f"))
    assert {key: entry.lost for key, entry in seen(path).campaigns.items()} == {"a": "g", "b": "f"}
    store.settle()
    assert {key: entry.lost for key, entry in seen(path).campaigns.items()} == {"a": "g", "b": "f"}


_BOUND = an_entry("easter", Phase.BOUND, id=7, revision=2)
REFUSED_MOVES = {
    "no such entry": (Write("easter", _BOUND, moved_from="winter"), "no record of campaign winter"),
    "a taken key": (
        Write("summer", replace(_BOUND, key="summer"), moved_from="spring"),
        "spring cannot move to summer: summer has its own",
    ),
    "its own key": (
        Write("spring", replace(_BOUND, key="spring"), moved_from="spring"),
        "spring has its own",
    ),
    "no entry": (Write("easter", None, moved_from="spring"), "cannot both go and move"),
    "the entry of another key": (Write("winter", _BOUND, moved_from="spring"), "cannot be filed under"),
    "another id": (Write("easter", replace(_BOUND, id=8), moved_from="spring"), "has id 7 .* as 8"),
    "no id any more": (Write("easter", replace(_BOUND, id=None), moved_from="spring"), "has id 7 .* as None"),
    "an id that is new": (
        Write("easter", an_entry("easter", Phase.BOUND, id=9), moved_from="summer"),
        "has id None .* as 9",
    ),
    "an illegal step": (
        Write("easter", replace(_BOUND, phase=Phase.STUCK), moved_from="spring"),
        "from bound to stuck",
    ),
    "a revision of before": (Write("easter", replace(_BOUND, revision=1), moved_from="spring"), "revision 1"),
    "a spec that is no object": (
        Write("easter", replace(_BOUND, spec="[]"), moved_from="spring"),
        "cannot record campaign easter",
    ),
}


@pytest.mark.parametrize(("write", "why"), REFUSED_MOVES.values(), ids=REFUSED_MOVES)
def test_a_move_that_is_refused_leaves_no_trace(path, write, why):
    put(store := FileStore(path), a_write(phase=Phase.BOUND, id=7, revision=2), a_write("summer"))
    before = (path.read_bytes(), journal_of(path).read_bytes(), seen(path))
    with pytest.raises(StateError, match=why):
        put(store, write)
    assert (path.read_bytes(), journal_of(path).read_bytes(), store.read()[0]) == before


def test_a_stuck_campaign_moves_as_it_is_or_with_an_answer_to_its_question(path):
    stuck = an_entry("a", Phase.STUCK, id=7, question="what now?")
    path.write_bytes(document.encode(Image("L", 3, "", None, {"a": stuck}), ""))
    with pytest.raises(StateError, match="from stuck to stuck"):
        put(FileStore(path), Write("b", replace(stuck, key="b", lost="f"), moved_from="a"))
    put(FileStore(path), Write("b", replace(stuck, key="b", phase=Phase.RELEASED), moved_from="a"))
    assert seen(path).campaigns["b"].phase is Phase.RELEASED


def test_without_a_state_nothing_can_move_and_none_is_begun(path):
    with pytest.raises(StateError, match="no record of campaign spring"):
        put(FileStore(path), a_move("spring", "easter"))
    assert list(path.parent.iterdir()) == []


def test_a_move_from_a_stale_version_is_refused(path):
    one, two = FileStore(path), FileStore(path)
    put(one, a_write())
    state, version = two.read()
    put(one, a_move("spring", "easter"))
    refused_as_moved(two, version, state, a_move("spring", "april"))
    assert set(seen(path).campaigns) == {"easter"}


WRITER = """
import sys
from pathlib import Path
from campaignops.errors import StateError
from campaignops.state import Entry, Phase
from campaignops.store import Write
from campaignops.store.file import FileStore
path, who = Path(sys.argv[1]), sys.argv[2]
store, n = FileStore(path), 0
while n < 20:
    entry = Entry(f"{who}-{n}", "n", "sms", Phase.INTENT, None, "d", "f", "draft", None, 1)
    state, version = store.read()
    try:
        store.cas(version, state, Write(entry.key, entry))
    except StateError as error:
        assert error.code == "CMP704", error
        continue
    n += 1
    if n % 6 == 0:
        store.settle()
"""


def test_of_eight_processes_that_write_at_once_no_accepted_write_is_lost(path):
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, str(who)], cwd=ROOT, stderr=subprocess.PIPE) for who in range(8)]
    assert [writer.communicate()[1].decode() for writer in writers] == [""] * 8
    assert seen(path).serial == 160
    assert set(seen(path).campaigns) == {f"{who}-{n}" for who in range(8) for n in range(20)}


# -- Crashes and failing disks ----------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


class FailingDisk(Disk):
    """The nth operation fails: half a write, else none of it."""

    def __init__(self, at: int, fault: str) -> None:
        self.left, self.fault = at, fault

    def _strike(self, now=lambda: None) -> None:
        self.left -= 1
        if self.left == 0:
            now()
            raise Killed if self.fault == "KILL" else OSError(getattr(errno, self.fault), self.fault)

    def create(self, path, flags):
        self._strike()
        return super().create(path, flags)

    def write_all(self, fd, data):
        self._strike(lambda: super(FailingDisk, self).write_all(fd, data[: len(data) // 2]))
        super().write_all(fd, data)

    def fsync(self, fd):
        self._strike()
        super().fsync(fd)

    def truncate(self, fd, size):
        self._strike()
        super().truncate(fd, size)

    def link(self, present, new):
        self._strike()
        super().link(present, new)

    def rename(self, present, new):
        self._strike()
        super().rename(present, new)

    def unlink(self, path):
        self._strike()
        super().unlink(path)

    def fsync_dir(self, folder):
        self._strike()
        super().fsync_dir(folder)


def nothing(path: Path) -> None:
    pass


def a_document(path: Path) -> None:
    settled(path, a_write(), a_write("summer"))


def a_journal_left_over(path: Path) -> None:
    a_document(path)
    put(FileStore(path), a_write("autumn"))


def a_torn_journal(path: Path) -> None:
    a_journal_left_over(path)
    with journal_of(path).open("ab") as file:
        file.write(b'{"lineage')


def a_move_left_over(path: Path) -> None:
    a_document(path)
    put(FileStore(path), a_move("spring", "easter"))


STARTS = [nothing, a_document, a_journal_left_over, a_torn_journal, a_move_left_over]
FAULTS = ["EIO", "ENOSPC", "EINTR", "KILL"]


def said(path: Path) -> tuple[int, dict[str, Entry]]:
    state = seen(path)
    return state.serial, dict(state.campaigns)


def at_every_operation(what: str, strikes: Callable[[int], bool]) -> None:
    """Let a fault strike at the first operation, the second, and so on, until one says that it was not reached. Each
    at which the judge complains is a failure of its own."""
    with tally("disk faults") as counted:
        for counted.runs in range(1, 50):
            try:
                if strikes(counted.runs):
                    return
            except AssertionError as error:
                counted.failures.append(f"{what}, at operation {counted.runs}: {error}")
        counted.failures.append(f"{what}: never clean")


@pytest.mark.rig
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_operation_of_a_write_leaves_the_old_state_or_the_new(tmp_path, start, fault):
    def strikes(at: int) -> bool:
        path = tmp_path / f"{at}.json"
        start(path)
        old = said(path)
        new = (old[0] + 1, old[1] | {"winter": an_entry("winter")})
        state, version = (store := FileStore(path, disk=(disk := FailingDisk(at, fault)))).read()
        try:
            store.cas(version, state, a_write("winter"))
        except (Killed, StateError):
            pass
        else:
            assert said(path) == new
            if disk.left > 0:
                assert at > 3
                return True
        assert said(path) in (old, new)
        if said(path) == old:
            put(FileStore(path), a_write("winter"))
        FileStore(path).settle()
        assert said(path) == new
        assert [file.name for file in tmp_path.iterdir() if file.name.startswith(path.name)] == [path.name]
        return False

    at_every_operation(f"{fault} in a write, {start.__name__}", strikes)


@pytest.mark.rig
@pytest.mark.parametrize("start", STARTS[1:])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_operation_of_a_move_leaves_the_entry_under_one_of_the_two_keys(
    tmp_path, start, fault
):
    def strikes(at: int) -> bool:
        path = tmp_path / f"{at}.json"
        start(path)
        old = said(path)
        others = {key: entry for key, entry in old[1].items() if key != "summer"}
        new = (old[0] + 1, others | {"autumn sale": an_entry("autumn sale")})
        state, version = (store := FileStore(path, disk=(disk := FailingDisk(at, fault)))).read()
        try:
            store.cas(version, state, a_move("summer", "autumn sale"))
        except (Killed, StateError):
            pass
        else:
            assert said(path) == new
            if disk.left > 0:
                assert at > 3
                return True
        assert said(path) in (old, new)
        if said(path) == old:
            put(FileStore(path), a_move("summer", "autumn sale"))
        FileStore(path).settle()
        assert said(path) == new
        assert [file.name for file in tmp_path.iterdir() if file.name.startswith(path.name)] == [path.name]
        return False

    at_every_operation(f"{fault} in a move, {start.__name__}", strikes)


def test_a_move_that_is_torn_at_any_byte_was_never_made(path):
    settled(path)
    put(FileStore(path), a_move("summer", "autumn"))
    document_then, journal_then = path.read_bytes(), journal_of(path).read_bytes()
    for size in range(len(journal_then)):
        path.write_bytes(document_then)
        journal_of(path).write_bytes(journal_then[:size])
        assert set(seen(path).campaigns) == {"spring", "summer"}
        put(FileStore(path), a_move("summer", "autumn"))
        assert set(seen(path).campaigns) == {"spring", "autumn"}


@pytest.mark.rig
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_operation_of_settling_changes_nothing(tmp_path, start, fault):
    def strikes(at: int) -> bool:
        path = tmp_path / f"{at}.json"
        start(path)
        old = said(path)
        with suppress(Killed, StateError):
            FileStore(path, disk=(disk := FailingDisk(at, fault))).settle()
        assert said(path) == old
        if disk.left > 0:
            return True
        FileStore(path).settle()
        assert said(path) == old
        assert [file.name for file in tmp_path.iterdir() if file.name.startswith(path.name)] == [path.name]
        return False

    at_every_operation(f"{fault} in settling, {start.__name__}", strikes)


@pytest.mark.rig
@pytest.mark.parametrize("fault", FAULTS)
def test_the_same_store_goes_on_after_a_fault(tmp_path, fault):
    def strikes(at: int) -> bool:
        path = tmp_path / f"{at}.json"
        store = FileStore(path, disk=(disk := FailingDisk(0, fault)))
        put(store, a_write())
        disk.left = at
        with suppress(Killed, StateError):
            put(store, a_write("summer"))
        clean: bool = disk.left > 0
        disk.left = 0
        if "summer" not in seen(path).campaigns:
            put(store, a_write("summer"))
        put(store, a_write("autumn"))
        assert set(seen(path).campaigns) == {"spring", "summer", "autumn"}
        store.settle()
        assert set(seen(path).campaigns) == {"spring", "summer", "autumn"}
        return clean

    at_every_operation(f"{fault} in one store", strikes)


def test_a_full_disk_is_named_and_leaves_no_torn_line(path):
    put(store := FileStore(path, disk=(disk := FailingDisk(0, "ENOSPC"))), a_write())
    before = journal_of(path).read_bytes()
    disk.left = 2
    with pytest.raises(StateError, match=r"cannot write .*: ENOSPC\. Nothing was recorded"):
        put(store, a_write("summer"))
    assert journal_of(path).read_bytes() == before


def test_a_failed_sync_is_not_tried_again_and_its_outcome_is_called_unknown(path):
    put(store := FileStore(path, disk=(disk := FailingDisk(0, "EIO"))), a_write())
    disk.left = 3
    with pytest.raises(StateError, match="may be on it or not"):
        put(store, a_write("summer"))
    assert disk.left == 0
    put(FileStore(path), a_write("autumn"))
    assert '"summer"' in path.read_text(), "what was read is written anew, not synced anew"


class Ledger(Disk):
    """What a power cut could still take: data that is not synced, names that are not synced."""

    def __init__(self) -> None:
        self.data: set[int] = set()
        self.names: set[Path] = set()
        self.folder_syncs = 0

    def create(self, path, flags):
        if not path.exists():
            self.names.add(path)
        return super().create(path, flags)

    def write_all(self, fd, data):
        assert os.fstat(fd).st_ino not in self.data, "written where the old may not be gone"
        self.data.add(os.fstat(fd).st_ino)
        super().write_all(fd, data)

    def truncate(self, fd, size):
        assert not self.names, "the journal goes before the document that holds it is safe"
        self.data.add(os.fstat(fd).st_ino)
        super().truncate(fd, size)

    def fsync(self, fd):
        super().fsync(fd)
        self.data.discard(os.fstat(fd).st_ino)

    def link(self, present, new):
        assert not self.data, "a name for what may not be there"
        self.names.add(new)
        super().link(present, new)

    def rename(self, present, new):
        assert not self.data, "a name for what may not be there"
        self.names.add(new)
        super().rename(present, new)

    def unlink(self, path):
        assert path.suffix != ".journal" or not self.names, "the journal goes before the document is safe"
        self.names.add(path)
        super().unlink(path)

    def fsync_dir(self, folder):
        super().fsync_dir(folder)
        self.names.clear()
        self.folder_syncs += 1


@pytest.mark.parametrize("start", STARTS)
def test_once_a_write_or_a_settling_returns_a_power_cut_takes_nothing(path, start):
    start(path)
    for _ in range(2):
        store = FileStore(path, disk=(ledger := Ledger()))
        state, version = store.read()
        for phase in (Phase.INTENT, Phase.BOUND):
            version = store.cas(version, state, a_write("winter", phase))
            assert not ledger.data | ledger.names, "a power cut takes it"
        version = store.cas(version, state, a_move("winter", "advent", Phase.BOUND))
        assert not ledger.data | ledger.names, "a power cut takes it"
        store.cas(version, state, Write("advent", None))
        store.settle()
        assert not ledger.data | ledger.names, "a power cut takes it"


def test_a_name_that_a_killed_writer_may_not_have_synced_is_synced_by_the_next(path):
    a_document(path)
    journal_of(path).touch()
    store = FileStore(path, disk=(ledger := Ledger()))
    put(store, a_write("winter"))
    assert ledger.folder_syncs == 1
    put(store, a_write("advent"))
    assert ledger.folder_syncs == 1, "once is enough"


def test_a_temporary_file_is_swept_unless_somebody_is_at_work_on_it(path):
    class Nosy(Disk):
        def rename(self, present, new):
            FileStore(path.with_name("x")).settle()
            other = FileStore(path)
            journal_of(path).rename(path.with_name("aside"))
            other.settle()
            path.with_name("aside").rename(journal_of(path))
            assert present.exists()
            super().rename(present, new)

    path.with_name(path.name + ".tmp-0badcafe").write_text("{")
    put(store := FileStore(path, disk=Nosy()), a_write())
    store.settle()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_temporary_file_that_is_swept_too_early_is_made_again(path):
    class Swept(Disk):
        tries = 0

        def create(self, path, flags):
            fd = super().create(path, flags)
            if ".tmp-" in path.name and self.tries < 3:
                self.tries += 1
                FileStore(path.with_name(path.name.split(".tmp-")[0])).settle()
            return fd

    put(FileStore(path, disk=(disk := Swept())), a_write())
    assert set(seen(path).campaigns) == {"spring"}
    assert disk.tries == 3
    assert not list(path.parent.glob("*.tmp-*"))


def test_a_write_costs_the_same_however_much_is_recorded(path):
    calls = []

    class Counting(Disk):
        def write_all(self, fd, data):
            calls.append(len(data))
            super().write_all(fd, data)

    entries = {f"k{n}": an_entry(f"k{n}") for n in range(500)}
    path.write_bytes(document.encode(Image("L", 500, "", None, entries), ""))
    put(FileStore(path, disk=Counting()), *(a_write(f"new{n}") for n in range(3)))
    assert len(calls) == 3
    assert max(calls) < 1000


# -- The lock ---------------------------------------------------------------------------------------------------------

HOLDER = """
import sys, time
from pathlib import Path
from campaignops.store.file import FileStore
with FileStore(Path(sys.argv[1])).lock("campaignops apply", 0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(path):
    env = os.environ | {"USER": "ann", "GITHUB_RUN_ID": "42", "GITHUB_REPOSITORY": "shop/campaigns"}
    env |= {"GITHUB_SERVER_URL": "https://github.example"}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, env=env, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_held_lock_names_its_holder_and_how_to_wait(path, holder):
    with pytest.raises(LockedError) as caught, FileStore(path).lock("campaignops apply", 0):
        pass
    message = caught.value.message
    assert f"{path} is locked by ann on {os.uname().nodename}" in message
    assert f"`campaignops apply`, pid {holder.pid}, for " in message
    assert "https://github.example/shop/campaigns/actions/runs/42" in message
    assert "`--lock-timeout 60s` waits" in message
    assert (caught.value.exit_code, caught.value.code) == (12, "locked")


def test_a_lock_is_waited_for_until_the_timeout(path, holder):
    begun_s = time.monotonic()
    with pytest.raises(LockedError), FileStore(path).lock("campaignops apply", 0.3):
        pass
    assert time.monotonic() - begun_s >= 0.3


def test_a_lock_vanishes_with_a_killed_holder(path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with FileStore(path).lock("campaignops apply", 0):
        assert json.loads(path.with_name(path.name + ".lock").read_text())["pid"] == os.getpid()


def test_whoever_waits_gets_the_lock_when_it_is_given_back(path):
    with FileStore(path).lock("campaignops apply", 0):
        waiter = subprocess.Popen(
            [sys.executable, "-c", HOLDER.replace(", 0)", ", 20)"), str(path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        time.sleep(0.3)
    with waiter:
        assert waiter.stdout
        assert waiter.stdout.readline() == b"held\n"
        with pytest.raises(LockedError), FileStore(path).lock("campaignops apply", 0):
            pass
        waiter.kill()


def test_a_lock_excludes_within_one_process_and_leaves_nothing(path):
    with FileStore(path).lock("campaignops apply", 0):
        with pytest.raises(LockedError), FileStore(path).lock("campaignops apply", 0):
            pass
        assert stat.S_IMODE(path.with_name(path.name + ".lock").stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == []


def test_a_lock_that_is_not_signed_yet_is_still_held(path):
    with FileStore(path).lock("campaignops apply", 0):
        path.with_name(path.name + ".lock").write_text("{")
        with pytest.raises(LockedError, match="locked by another process"), FileStore(path).lock("x", 0):
            pass


def test_a_lock_file_that_a_person_removed_is_not_removed_from_its_next_holder(path):
    file = path.with_name(path.name + ".lock")
    first = FileStore(path).lock("campaignops apply", 0)
    first.__enter__()
    file.unlink()
    with FileStore(path).lock("campaignops apply", 0):
        first.__exit__(None, None, None)
        assert file.exists()


def test_a_lock_in_no_folder_or_over_a_folder_is_refused(path, tmp_path):
    with (
        pytest.raises(StateError, match="there is no folder"),
        FileStore(tmp_path / "no" / "s.json").lock("x", 0),
    ):
        pass
    path.with_name(path.name + ".lock").mkdir()
    with pytest.raises(StateError, match="Is a directory"), FileStore(path).lock("x", 0):
        pass


def test_where_locks_exclude_nobody_no_apply_runs(path, monkeypatch):
    monkeypatch.setattr("fcntl.flock", lambda fd, how: None)
    with pytest.raises(StateError, match="a second lock was granted") as caught, FileStore(path).lock("x", 0):
        pass
    assert not isinstance(caught.value, LockedError)


def test_where_there_are_no_locks_no_apply_runs(path, monkeypatch):
    def flock(fd, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(StateError, match="No locks available"), FileStore(path).lock("x", 0):
        pass


@pytest.mark.parametrize(("age_s", "said"), [(-5, "0 s"), (60, "60 s"), (600, "10 min"), (9000, "2 h")])
def test_an_age_is_told_in_the_unit_that_fits(age_s, said):
    from campaignops.store.lock import _age

    assert _age(age_s) == said
