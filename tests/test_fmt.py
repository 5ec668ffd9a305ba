"""`campaignops fmt`: one form, the same campaigns, every comment; and files that are written whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from campaignops import manifest
from campaignops.cli import entry
from campaignops.cli.overview import COMMANDS
from campaignops.findings import Place
from campaignops.manifest.yaml import canonical
from campaignops.manifest.yaml.flaws import Unreadable
from campaignops.manifest.yaml.layout import Irregular
from tests.manifest_folder import SMS, project_of, write
from tests.test_manifest import EXAMPLE, JPEG

ROOT = Path(__file__).parents[1]
SETTINGS = "pbx: {url: sandbox}\nvars: {brand: x}\n"


def form(text: str) -> str:
    """The canonical form, which has itself for its canonical form."""
    made = canonical.formatted(text.encode())
    assert canonical.formatted(made) == made
    return made.decode()


def said(root: Path, text: str) -> tuple[object, object]:
    """What a manifest means: its campaigns and what is wrong with it, without the places."""
    desired = manifest.read(project_of(write(root, a=text), SETTINGS))
    campaigns = [replace(campaign, place=Place("a.yaml")) for campaign in desired]
    findings = Counter((f.code, f.message, f.help) for f in desired.findings)
    return campaigns, findings


def comments(text: str) -> Counter[str]:
    """All that could be a comment, but for quotes and blanks, in which a # may stand too."""
    return Counter(
        re.sub(r"['\"\s]", "", found) for found in re.findall(r"(?:^|(?<=[\s'\"]))#.*", text, re.MULTILINE)
    )


@pytest.fixture(scope="module")
def folder():
    root = Path(tempfile.mkdtemp())
    write(root, **{"assets/demo.jpeg": JPEG, "audiences/vip.csv": "phone\n+8613800001111\n"})
    yield root
    shutil.rmtree(root)


# the form

WRITTEN = """\


# The autumn campaigns.
# yaml-language-server: $schema=./campaign.schema.json


vars:
    'brand': "SmartMal"     # the shop
    rate:   20              # in percent
campaigns:

    # Both go out together.

    autumn-sale:
        # Ask Ada before changing anything here.

        # People know this number.
        sender:     '+12025550100'
        channel:    "Main SMS"   # the
                                 # big one
        type: sms
        for_each: [de, "en"]
        note: mine
        # The VIPs,

        # and nobody else.
        recipients:
            numbers:
              - +12025550111
              -   '+12025550112'   # Ada
              # Grace is on leave.
        message:
             text: |
                   Autumn
                     sale

                   # no comment
           # end of the message
        send: {at: 2030-07-30 18:06,
               timezone: 'Europe/Berlin'}
        name: NO
        session: direct



    # The last one.
    winter: {type: sms, "name": 'Winter'}
# The end.

"""
CANONICAL = """\
# yaml-language-server: $schema=./campaign.schema.json

# The autumn campaigns.

vars:
  brand: SmartMal         # the shop
  rate: 20                # in percent
campaigns:
  # Both go out together.

  autumn-sale:
    # Ask Ada before changing anything here.

    for_each: [de, en]
    type: sms
    name: "NO"
    channel: Main SMS        # the
                             # big one
    # People know this number.
    sender: "+12025550100"
    # The VIPs,

    # and nobody else.
    recipients:
      numbers:
        - "+12025550111"
        - "+12025550112"   # Ada
        # Grace is on leave.
    message:
      text: |
        Autumn
          sale

        # no comment
      # end of the message
    send: {at: "2030-07-30 18:06",
           timezone: Europe/Berlin}
    session: direct
    note: mine

  # The last one.
  winter: {type: sms, name: Winter}
# The end.
"""


def test_a_manifest_gets_one_form():
    assert form(WRITTEN) == CANONICAL


def test_the_worked_examples_and_the_sample_have_it_already():
    assert form(EXAMPLE) == EXAMPLE
    for path in [*(ROOT / "campaigns").glob("*.yaml"), ROOT / "campaignops/cli/new_project/welcome.yaml"]:
        text = path.read_text("utf-8")
        assert form(text) == text, path.name


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        # quotes go where every reader sees the same text without them
        ("'VIP'", "VIP"),
        ('"VIP"', "VIP"),
        ("'it''s'", "it's"),
        ('"20% off, all week"', "20% off, all week"),
        ('"Summer’s best 🌞"', "Summer’s best 🌞"),
        # and stay or come where it would see a number, a truth or a date
        ('"+4930123456"', '"+4930123456"'),
        ("+4930123456", '"+4930123456"'),
        ("+49 (30) 123456", '"+49 (30) 123456"'),
        ("NO", '"NO"'),
        ("'yes'", '"yes"'),
        ("0123", '"0123"'),
        ("1_000", '"1_000"'),
        ("1e3", '"1e3"'),
        ("0x1F", '"0x1F"'),
        ("1.50", '"1.50"'),
        ("18:06", '"18:06"'),
        ("2030-07-30", '"2030-07-30"'),
        ("2030-07-30T18:06:00+02:00", '"2030-07-30T18:06:00+02:00"'),
        (".inf", '".inf"'),
        # what is the same to everybody, or means something here, is the author's choice
        ("50", "50"),
        ('"50"', '"50"'),
        ("1.5", "1.5"),
        ("true", "true"),
        ('"true"', '"true"'),
        ("null", "null"),
        ("'null'", '"null"'),
        ("~", "~"),
        ("''", '""'),
        # quotes that YAML needs
        ('"a: b"', '"a: b"'),
        ("'a #b'", '"a #b"'),
        ('" a"', '" a"'),
        ('"*a"', '"*a"'),
        ('"- a"', '"- a"'),
        ("'a:'", '"a:"'),
        ('"[a"', '"[a"'),
        # text with {{ … }} in it may have them or not
        ('"{{ brand }} b"', '"{{ brand }} b"'),
        ("'a {{ brand }}'", '"a {{ brand }}"'),
        ("a {{ brand }}", "a {{ brand }}"),
        # escapes stay what the author wrote
        ("""'say "hi"'""", """say "hi\""""),
        ("""'"hi"'""", """'"hi"'"""),
        (r'"a\tb"', r'"a\tb"'),
        (r"'a\b'", r"a\b"),
        (r"'\b'", r"\b"),
        ('"a\u00a0"', '"a\u00a0"'),
        ("!!str a", "!!str a"),
        ("&x 'a'", "&x 'a'"),
    ],
)
def test_quotes_stand_only_where_they_are_needed(given, wanted):
    assert form(f"a: {given}\n") == f"a: {wanted}\n"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ('{"a":b}', '{"a":b}'),
        ('{"a": b}', "{a: b}"),
        ("{a: 'b, c'}", '{a: "b, c"}'),
        ("{a: 'b: c'}", '{a: "b: c"}'),
        ("{a: 'https://b'}", '{a: "https://b"}'),
        ("['a', +4930123456 , NO]", '[a, "+4930123456" , "NO"]'),
        ("['a',\n     'b']", "[a,\n     b]"),
        ("{a: [ x ],\nb: y}", "{a: [ x ],\n  b: y}"),
        ("[&a 'b', *a]", "[&a 'b', *a]"),
    ],
)
def test_what_stands_in_brackets_stays_there(given, wanted):
    assert form(f"k: {given}\n") == f"k: {wanted}\n"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("a:\r\n    b: c\r\n", "a:\n  b: c\n"),
        ("\ufeffa: b\n", "a: b\n"),
        ("  a: b\n  c: d", "a: b\nc: d\n"),
        ("a :   b   \n", "a: b\n"),
        ("a: b\n\n\n\nc: d\n\n", "a: b\n\nc: d\n"),
        ("---\na: b\n", "---\na: b\n"),
        ("a:\n- b\n-   - c\n    - d\n", "a:\n  - b\n  - - c\n    - d\n"),
        ("a:\n-   b: c\n    d: e\n", "a:\n  - b: c\n    d: e\n"),
        ("a:\n    - # x\n      b: c\n", "a:\n  - # x\n    b: c\n"),
        ("a: &x\n     b: c\nd: *x   # y\n", "a: &x\n  b: c\nd: *x   # y\n"),
        ("a:\n    <<: {b: c}\n", "a:\n  <<: {b: c}\n"),
        # long texts are not wrapped anew
        ("a: b\n   c\n   d\n", "a: b\n   c\n   d\n"),
        ("a:\n    'b\n\n       c'\n", "a:\n  'b\n\n     c'\n"),
        ('a: "b \\\n     c"\n', 'a: "b \\\n     c"\n'),
        ("a: |\n     b\n       c\n\n", "a: |\n  b\n    c\n"),
        ("a: |+\n     b\n\n", "a: |+\n  b\n\n"),
        ("a: >4-\n       b\n    c\n", "a: >2-\n     b\n  c\n"),
        ("a: |\n    b", "a: |-\n  b\n"),
        ("a: |\n    b\n  # c\nd: e\n", "a: |\n  b\n# c\nd: e\n"),
        ("a: |  # c\n\n    b\n", "a: |  # c\n\n  b\n"),
        # comments
        ("# a\n\n\n# b\nc: d # e\n# f\n", "# a\n\n# b\nc: d # e\n# f\n"),
        ("a: 'b'  # c\nd: e\n", "a: b  # c\nd: e\n"),
        ("a: 'b'  # c\nd: e   # f\n", "a: b  # c\nd: e   # f\n"),
        ("a: 'b'  # c\nd: efg  # h\n", "a: b    # c\nd: efg  # h\n"),
        ("a:\n    # b\n    c: d\n    # e\n# f\ng: h\n", "a:\n  # b\n  c: d\n  # e\n# f\ng: h\n"),
    ],
)
def test_lines_are_laid_out_alike(given, wanted):
    assert form(given) == wanted


def test_keys_are_put_in_order_with_their_comments_and_unknown_ones_come_last():
    text = (
        "campaigns:\n  a:\n    z: 1\n\n    # how\n    session: direct\n    y: 2\n    # what\n    type: sms\n"
    )
    wanted = (
        "campaigns:\n  a:\n    # what\n    type: sms\n\n    # how\n    session: direct\n    z: 1\n    y: 2\n"
    )
    assert form(text) == wanted


def test_an_alias_keeps_the_order_that_it_needs():
    text = "campaigns:\n  a:\n    session: &s direct\n    type: *s\n"
    assert form(text) == text
    text = "campaigns:\n  a: &a\n    session: direct\n    type: sms\n  b:\n    session: direct\n    <<: *a\n"
    assert form(text) == (
        "campaigns:\n  a: &a\n    type: sms\n    session: direct\n\n  b:\n    <<: *a\n    session: direct\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{a: b}\n",
        "- a\n",
        "a\n",
        "",
        "# a\n",
        "? a\n: b\n",
        "a: &x b\n*x : c\n",
        "a: &x\n  - b\n  -\n    ? c\n    : d\n",
        "a: |\n b\n? c\n: d\n",
        'a: {b: 18:06}\nc: "\\ud83c\\udf1e"\n',  # such an escape is read in a file with such a value alone
        "a: b\n...\n",
        "a: 'b\u2028c'\n",
    ],
)
def test_what_cannot_be_put_into_the_form_with_certainty_is_refused(text):
    with pytest.raises(Irregular):
        canonical.formatted(text.encode())


@pytest.mark.parametrize(
    "text", ["a: [" * 3000, "a: &a [*a]\n", "".join(f"{' ' * n}a:\n" for n in range(80))]
)
def test_a_file_that_is_a_trap_is_refused_or_formatted(text):
    with suppress(Irregular, Unreadable):
        form(text)


# what it must never change

TEXTS = st.sampled_from(
    ["VIP", "NO", "on", "0123", "50", "-7", "1.5", "1.50", "true", "null", "~", "+4930123456", "2030-07-30", "18:06",
     "", "a b", "it's", 'say "hi"', '"hi"', "a: b", "a #b", " a", "a ", "# a", "- a", "[a]", "{a}", "{{ brand }}",
     "a\\b", "&a", "*a", "!a", "a\tb", "a\nb", "ü 🌞", "\u00a0", "<<", "=", "a,b", "a]", "?", "? a", ":", "%a", "@a",
     "`a`", "'", "a'b"]
)  # fmt: skip
REMARKS = st.sampled_from(["", "", "", "\n", "\n\n", "# one\n", "      # two\n", "\n# three\n\n  # four\n"])


@st.composite
def scalars(draw, text=TEXTS):
    """A text as somebody may write it."""
    value = draw(text)
    how = draw(st.sampled_from(["plain", "single", "double"]))
    if (
        how == "plain"
        and re.fullmatch(r"[\w+~. -]*(?<! )(?:: ?[\w]+)?", value)
        and not re.match(r"[- ]|.*: ", value)
    ):
        return value
    if how == "single" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value, ensure_ascii=False)


@st.composite
def manifests(draw):
    """A manifest with two campaigns, laid out in any way."""
    step, deeper = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    lines = [draw(REMARKS), "vars:\n", f"{' ' * step}a: {draw(scalars())}\n", draw(REMARKS), "campaigns:\n"]
    for key in ("one", draw(scalars(st.sampled_from(["two", "0123", "NO"])))):
        extension = draw(st.sampled_from(["1002", "'1002'", '"0123"']))
        fields = {
            "type": "sms",
            "name": draw(scalars()),
            "channel": draw(scalars()),
            "sender": draw(st.sampled_from(["+12025550100", '"+12025550100"', "{id: 7}", "{'id': '7'}"])),
            "recipients": "{numbers: ['+8613800001111', +8613800002222]}",
            "message": f"\n{' ' * (step + deeper + 3)}text: {draw(scalars())}",
            "send": draw(st.sampled_from(["draft", "'now'", "{at: 2030-07-30 18:06}"])),
            "session": f"{{assign_to: {{extension: {extension}}}}}",
        }
        if draw(st.booleans()):
            fields["for_each"] = f"[{draw(scalars())}, {draw(scalars())}]"
        if draw(st.booleans()):
            fields["unknown"] = draw(scalars())
        lines += [draw(REMARKS), f"{' ' * step}{key}:\n"]
        for name in draw(st.permutations(sorted(fields))):
            comment = draw(st.sampled_from(["", "", " # c", "      # d"]))
            lines += [draw(REMARKS), f"{' ' * (step + deeper)}{name}:{draw(st.sampled_from([' ', '   ']))}"]
            lines += [fields[name].rstrip(), comment, "\n"]
    return "".join(lines) + draw(REMARKS)


@settings(max_examples=100)
@given(text=manifests())
def test_the_campaigns_and_the_comments_stay_the_same(folder, text):
    try:
        made = form(text)
    except Unreadable:
        return
    assert said(folder, made) == said(folder, text)
    assert comments(made) == comments(text)


INSERTS = st.sampled_from(
    ["", " ", "\n", "  ", ": ", "- ", "{", "]", "{{ brand }}", "&a ", "*a", "<<: *a", '"', "'", " # c", "\n    # d\n",
     "|", ">-\n", "NO", "+49301234567", "\n    k: v\n", "\n      - a\n      - 'b'\n", "\r\n", "---\n"]
)  # fmt: skip


@settings(max_examples=100)
@given(data=st.data())
def test_whatever_is_read_of_a_broken_manifest_stays_the_same(folder, data):
    text = data.draw(st.sampled_from([EXAMPLE, WRITTEN]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(start + data.draw(st.integers(0, 12)), len(text))
        text = text[:start] + data.draw(INSERTS) + text[end:]
    try:
        made = form(text)
    except (Unreadable, Irregular):
        return
    assert said(folder, made) == said(folder, text)
    assert comments(made) == comments(text)


# the command


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "campaigns"
    write(root, campaignops=SETTINGS, good=SMS, sub="")
    write(root, **{"sub.yaml": SMS.replace("hello", "bye").replace("draft", "'draft'")})
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def fmt(capsys):
    def run(*words: str) -> tuple[int, str, str]:
        code = entry.run(["fmt", *words])
        return code, *capsys.readouterr()

    return run


def test_files_are_rewritten_and_named(project, fmt):
    assert fmt() == (0, "sub.yaml\n", "1 file formatted, 1 file in the canonical form already.\n")
    assert (project / "sub.yaml").read_text() == SMS.replace("hello", "bye")
    assert fmt() == (0, "", "0 files formatted, 2 files in the canonical form already.\n")


def test_check_writes_nothing_and_names_the_files(project, fmt):
    before = (project / "sub.yaml").read_bytes()
    code, out, err = fmt("--check")
    assert (code, out) == (1, "sub.yaml\n")
    assert err == "error: 1 file is not in the canonical form; run `campaignops fmt`\n"
    assert (project / "sub.yaml").read_bytes() == before
    fmt()
    assert fmt("--check")[0] == 0


def test_a_file_keeps_its_mode_and_leaves_nothing_beside_it(project, fmt):
    (project / "sub.yaml").chmod(0o640)
    before = sorted(path.name for path in project.iterdir())
    fmt()
    assert (project / "sub.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in project.iterdir()) == before


def test_a_file_that_is_fine_is_not_touched(project, fmt):
    before = (project / "good.yaml").stat()
    fmt()
    now = (project / "good.yaml").stat()
    assert (now.st_ino, now.st_mtime_ns, now.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)


def test_a_disk_that_refuses_leaves_the_file_as_it_was(project, fmt, monkeypatch):
    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = (project / "sub.yaml").read_bytes()
    monkeypatch.setattr("os.fsync", refuse)
    code, _, err = fmt()
    assert code == 1
    assert "cannot write sub.yaml: No space left on device; it is as it was" in err
    assert (project / "sub.yaml").read_bytes() == before
    assert not list(project.glob(".fmt-*"))


def test_templates_are_left_alone_and_said_so(project, fmt):
    write(project, **{"loop.yaml.j2": "campaigns:\n    {% for x in y %}"})
    code, out, err = fmt()
    assert (code, out) == (0, "sub.yaml\n")
    assert err.startswith("loop.yaml.j2: a template is left as it is")
    assert (project / "loop.yaml.j2").read_text() == "campaigns:\n    {% for x in y %}"


def test_what_cannot_be_read_is_a_finding_and_the_others_are_formatted(project, fmt):
    write(project, broken="campaigns: [\n", odd="{campaigns: {}}\n")
    code, out, err = fmt()
    assert (code, out) == (1, "sub.yaml\n")
    assert "odd.yaml: left as it is: it is not a mapping with its keys one below the other" in err
    assert "error[CMP101]: a value cannot begin w" in err
    assert " --> broken.yaml:1:12" in err
    assert (project / "broken.yaml").read_text() == "campaigns: [\n"
    assert (project / "odd.yaml").read_text() == "{campaigns: {}}\n"


def test_files_may_be_named_from_any_folder_of_the_project(project, fmt, monkeypatch, tmp_path):
    write(project, **{"_notes.yaml": "a:   b\n", "campaignops.yaml": SETTINGS})
    assert fmt("_notes.yaml", "campaignops.yaml", "_notes.yaml") == (
        0, "_notes.yaml\n", "campaignops.yaml: the settings are left as they are\n"
        "1 file formatted, 0 files in the canonical form already.\n",
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert fmt("campaigns/sub.yaml")[1] == "campaigns/sub.yaml\n"


def test_only_files_of_the_project_are_written(project, fmt, tmp_path):
    write(tmp_path, outside="a:   b\n")
    (project / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    write(project, **{"a.txt": "a:   b\n"})
    for name, why in (
        ("../outside.yaml", "is not in the project folder"),
        ("link.yaml", "is not in the project folder"),
        ("nowhere.yaml", "there is no file"),
        ("a.txt", "is no manifest"),
    ):
        code, out, err = fmt(name)
        assert (code, out) == (64, "")
        assert why in err
    code, _, err = fmt()
    assert code == 1
    assert "error[CMP114]" in err
    assert (tmp_path / "outside.yaml").read_text() == "a:   b\n"


def test_a_link_inside_the_project_stays_a_link(project, fmt):
    (project / "again.yaml").symlink_to("sub.yaml")
    fmt()
    assert (project / "again.yaml").is_symlink()
    assert (project / "sub.yaml").read_text() == SMS.replace("hello", "bye")


def test_as_json(project, fmt):
    write(project, broken="[")
    code, out, _ = fmt("--check", "--json")
    document = json.loads(out)
    assert code == 1
    assert document["kind"] == "fmt"
    assert {each["file"]: each["outcome"] for each in document["files"]} == {
        "broken.yaml": "unreadable", "good.yaml": "unchanged", "sub.yaml": "differs"
    }  # fmt: skip
    assert [finding["code"] for finding in document["findings"]] == ["CMP101"]
    assert document["error"]["code"] == "invalid"
    (project / "broken.yaml").unlink()
    code, out, _ = fmt("--json")
    assert code == 0
    assert "error" not in json.loads(out)


# the hooks of pre-commit


def test_the_hooks_run_commands_that_there_are():
    hooks = {hook["id"]: hook for hook in YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")}
    assert hooks.keys() == {"campaignops-validate", "campaignops-fmt"}
    for hook in hooks.values():
        program, command = hook["entry"].split()
        assert program == "campaignops"
        assert command in COMMANDS
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)
