"""Which findings count: a warning can be silenced, with a reason and for a time; an error never."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops import manifest
from campaignops.errors import ProjectError
from campaignops.findings import TITLES, Finding, Place, nearest_code
from campaignops.policy import Policy, Waiver, judged
from tests.command_line import Project, a_text
from tests.manifest_folder import places, project_of, read_text, sms

TODAY = date(2026, 5, 1)
PAST = '{at: "2024-07-30 18:06"}'
LATE = Finding("CMP407", "warning", "late", Place("a.yaml", 8, 16))
EMPTY = Finding("CMP118", "warning", "empty", Place("b.yaml"))
WRONG = Finding("CMP105", "error", "no number", Place("a.yaml", 8, 3))


def waiver(code="CMP407", line=8, **other):
    return Waiver(
        code, Place("a.yaml", line, 40), line, other.pop("last", line), other.pop("until", None), "why"
    )


def codes(findings):
    return [finding.code for finding in findings]


# selectors


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        (Policy(), ["CMP407", "CMP118"]),
        (Policy(ignore=("CMP407",)), ["CMP118"]),
        (Policy(ignore=("CMP4",)), ["CMP118"]),
        (Policy(ignore=("ALL",)), []),
        (Policy(select=("CMP4",)), ["CMP407"]),
        (Policy(select=("CMP407",), ignore=("CMP4",)), ["CMP407"]),
        (Policy(select=("CMP4",), ignore=("CMP407",)), []),
        (Policy(select=("CMP4",), ignore=("CMP4",)), []),
        (Policy(select=("ALL",), ignore=("CMP1",)), ["CMP407"]),
    ],
)
def test_the_closer_selector_decides_and_ignore_of_two_as_close(policy, kept):
    told = judged([LATE, EMPTY], policy, (), TODAY)
    assert codes(told.findings) == kept
    assert sorted(codes(each.finding for each in told.silenced)) == sorted({"CMP407", "CMP118"} - set(kept))


def test_what_hides_a_finding_is_said():
    told = judged([LATE, EMPTY], Policy(select=("CMP4",), ignore=("CMP4", "CMP407")), (), TODAY)
    assert [(each.finding.code, each.by) for each in told.silenced] == [
        ("CMP407", "ignore CMP407"),
        ("CMP118", "not in select"),
    ]


def test_a_command_line_selects_anew_and_ignores_in_addition():
    settings = Policy(select=("CMP1",), ignore=("CMP118",))
    assert settings.over(("CMP4",), ()) == Policy(select=("CMP4",))
    assert settings.over((), ("CMP407",)) == Policy(select=("CMP1",), ignore=("CMP118", "CMP407"))


def test_a_warning_about_history_is_not_silenced_either():
    begun = Finding("CMP501", "warning", "begun", None)
    for policy in (Policy(ignore=("ALL",)), Policy(select=("CMP3",))):
        assert judged([begun], policy, (), TODAY).findings == (begun,)


@given(
    st.sampled_from(sorted(TITLES)),
    st.lists(st.sampled_from(["ALL", "CMP", "CMP4", "CMP1", "CMP105", "CMP2"])),
)
def test_no_selector_and_no_comment_silences_an_error(code, selectors):
    error = Finding(code, "error", "wrong", Place("a.yaml", 8, 3))
    policy = Policy({code: "info"}, select=("CMP9",), ignore=tuple(selectors))
    assert judged([error], policy, [waiver(code)], TODAY).findings == (error,)


def test_a_severity_is_raised_and_lowered_but_no_error_becomes_less():
    policy = Policy({"CMP407": "error", "CMP118": "info", "CMP105": "warning"})
    told = judged([WRONG, LATE, EMPTY], policy, (), TODAY)
    assert told.findings == (WRONG, replace(LATE, severity="error"), replace(EMPTY, severity="info"))


# comments


def test_a_waiver_silences_its_code_on_its_lines_only():
    assert judged([LATE], Policy(), [waiver()], TODAY).silenced[0].reason == "why"
    for other in (waiver(line=7), waiver("CMP408"), replace(waiver(), place=Place("b.yaml", 8))):
        assert judged([LATE], Policy(), [other], TODAY).findings == (LATE,)
    assert judged([LATE], Policy(), [waiver(line=5, last=9)], TODAY).findings == ()


def test_a_waiver_that_has_expired_silences_nothing_and_is_told():
    assert judged([LATE], Policy(), [waiver(until=TODAY)], TODAY).findings == ()
    told = judged([LATE], Policy(), [waiver(until=date(2026, 4, 30))], TODAY, whole=True)
    assert codes(told.findings) == ["CMP407", "CMP122"]


def test_a_waiver_of_no_use_is_told_where_it_can_be_known():
    assert codes(judged([], Policy(), [waiver()], TODAY, whole=True).findings) == ["CMP123"]
    assert judged([], Policy(), [waiver()], TODAY).findings == ()
    assert judged([], Policy(), [waiver("CMP409")], TODAY, whole=True).findings == (), "only a plan finds it"
    assert judged([WRONG], Policy(), [waiver()], TODAY, whole=True).findings == (WRONG,), (
        "not all was looked at"
    )


def waivers_of(root: Path, text: str, file: str = "a.yaml"):
    (root / file).write_text(text)
    desired = manifest.read(project_of(root))
    list(desired)
    return desired.waivers, desired.findings


@pytest.mark.parametrize(
    ("comment", "until"),
    [
        ("# campaignops: ignore CMP407 -- why", None),
        ("#campaignops:ignore CMP407 -- why", None),
        ("# campaignops: ignore CMP407 until 2030-01-01 -- why", date(2030, 1, 1)),
    ],
)
def test_a_comment_beside_a_value_is_read(tmp_path, comment, until):
    found, findings = waivers_of(tmp_path, sms(send=f"{PAST}  {comment}"))
    column = sms(send=f"{PAST}  {comment}").splitlines()[6].index("CMP407") + 1
    assert found == [Waiver("CMP407", Place("a.yaml", 7, column, 6), 7, 7, until, "why")]
    assert findings == []


def test_a_comment_holds_for_all_that_is_below_its_value(tmp_path):
    text = sms().replace("hello:", "hello:  # campaignops: ignore CMP407, CMP408 -- why")
    assert [(w.code, w.first, w.last) for w in waivers_of(tmp_path, text)[0]] == [
        ("CMP407", 2, 8),
        ("CMP408", 2, 8),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# campaignops: ignore CMP407 -- why\n\n# more\ncampaigns:\n  a:\n    x: y\n", (4, 6)),
        ("campaigns:\n  # campaignops: ignore CMP407 -- why\n  a:\n    x: y\n  b:\n    x: y\n", (3, 4)),
        ("campaigns:\n  a:  # campaignops: ignore CMP407 -- why\n  - x\n  - y\n  b: z\n", (2, 4)),
        ("campaigns:\n- x  # campaignops: ignore CMP407 -- why\n- y\n", (2, 2)),
        ("campaigns:\n  a: x  # campaignops: ignore CMP407 -- why", (2, 2)),
    ],
)
def test_a_comment_of_its_own_holds_for_the_next_line(tmp_path, text, lines):
    (found,) = waivers_of(tmp_path, text)[0]
    assert (found.first, found.last) == lines


def test_a_comment_of_a_template_holds_for_the_template_s_lines(tmp_path):
    text = (
        "campaigns:\n{% for x in ['a', 'b'] %}\n"
        + sms(send=PAST).replace("hello", "{{ x }}").split("\n", 1)[1]
    )
    text = text.replace(PAST, f"{PAST}  # campaignops: ignore CMP407 -- why") + "{% endfor %}\n"
    (found,) = waivers_of(tmp_path, text, "a.yaml.j2")[0]
    assert (found.first, found.last) == (8, 8)


@pytest.mark.parametrize(
    ("comment", "code", "said"),
    [
        ("ignore CMP407", "CMP121", "gives no reason"),
        ("ignore CMP407 --", "CMP121", "gives no reason"),
        ("ignore CMP407 until tomorrow -- why", "CMP121", "`tomorrow` is not a date"),
        ("ignore CMP407 until 2030-02-30 -- why", "CMP121", "`2030-02-30` is not a date"),
        ("ignore", "CMP121", "does not begin with `ignore` and a code"),
        ("noqa CMP407 -- why", "CMP121", "does not begin with `ignore` and a code"),
        ("ignore CMP4 -- why", "CMP119", "there is no finding `CMP4`"),
        ("ignore CPM407 -- why", "CMP119", "there is no finding `CPM407`"),
        ("ignore CMP105 -- why", "CMP120", "CMP105 cannot be silenced"),
    ],
)
def test_a_comment_that_is_not_in_order_silences_nothing(tmp_path, comment, code, said):
    found, findings = waivers_of(tmp_path, sms(send=f"{PAST}  # campaignops: {comment}"))
    assert found == []
    assert [(f.code, f.severity, f.place.line) for f in findings if f.place] == [(code, "warning", 7)]
    assert said in findings[0].message


def test_a_comment_in_the_settings_silences_what_is_there(tmp_path):
    line = "vars: {brand: “Blue Kettle”}"
    told = []
    for comment in ("", "  # campaignops: ignore CMP124 -- people are to read them"):
        (tmp_path / "campaignops.yaml").write_text(f"pbx: {{url: sandbox}}\n{line}{comment}\n", "utf-8")
        desired = manifest.read(manifest.load_project(tmp_path))
        list(desired)
        told.append(judged(desired.findings, Policy(), desired.waivers, TODAY, whole=True))
    assert places(list(told[0].findings)) == [("CMP124", 2, 15)]
    assert (told[1].findings, codes(each.finding for each in told[1].silenced)) == ((), ["CMP124"])


def test_a_comment_in_the_settings_of_no_use_is_told(project):
    settings = "# campaignops: ignore CMP407 -- everywhere\npbx: {url: sandbox}\n"
    project.write("campaignops.yaml", settings)
    ran = project.run("validate", "--ignore", "CMP118", "--format", "concise")
    assert ran.out.startswith("campaignops.yaml:1:23: warning[CMP123] nothing here gives CMP407")


@pytest.mark.parametrize("named", ["vip.csv", '"vip.csv"', "'vip.csv'"])
def test_a_comment_beside_a_recipient_file_is_about_its_rows(tmp_path, named):
    (tmp_path / "vip.csv").write_text("phone\n+999123456789\n")
    (tmp_path / "other.csv").write_text("phone\n+999123456789\n")
    text = sms(recipients=f"{{file: {named}}}  # campaignops: ignore CMP410 -- a test number")
    text += sms(recipients="{file: other.csv}").replace("campaigns:\n", "").replace("hello:", "other:")
    desired_waivers, findings = waivers_of(tmp_path, text)
    told = judged(findings, Policy(), desired_waivers, TODAY)
    assert [str(each.finding.place) for each in told.silenced] == ["vip.csv:2:1"]
    assert [(each.code, str(each.place)) for each in told.findings] == [("CMP410", "other.csv:2:1")]


def test_a_comment_inside_a_text_is_none(tmp_path):
    comment = "# campaignops: ignore CMP407 -- why"
    for text in (f'{{text: "a {comment}"}}', f"\n      text: |\n        a\n        {comment}"):
        found, findings = waivers_of(tmp_path, sms(message=text))
        assert found == []
        assert "people would read it" in findings[0].message


def test_a_comment_stands_beside_a_block_of_text_or_behind_it(tmp_path):
    comment = "# campaignops: ignore CMP301 -- why"
    for style in ("|", ">-"):
        text = sms(
            message=f"\n      text: {style}  {comment}\n        a\n        b\n    # more\n    {comment}"
        )
        found, findings = waivers_of(tmp_path, text)
        assert [(w.first, w.last) for w in found] == [(7, 9), (12, 12)]
        assert findings == []


def test_an_anchor_that_holds_itself_does_not_hold_up_the_comments(tmp_path):
    _, findings = read_text(tmp_path, "vars: &x {a: *x}  # campaignops: ignore CMP407 -- why\n" + sms())
    assert "CMP102" in codes(findings)


# settings


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ("{ignore: [CMP409, CMP105]}", ("CMP120", 2, 29)),
        ("{ignore: [CMP2]}", ("CMP120", 2, 21)),
        ("{ignore: [CMP999]}", ("CMP119", 2, 21)),
        ("{select: [407]}", ("CMP119", 2, 21)),
        ("{severity: {CMP105: info}}", ("CMP120", 2, 23)),
        ("{severity: {CMP4: info}}", ("CMP119", 2, 23)),
        ("{severity: {CMP407: eror}}", ("CMP109", 2, 31)),
        ("{ignored: []}", ("CMP104", 2, 12)),
        ("{ignore: CMP407}", ("CMP107", 2, 20)),
    ],
)
def test_wrong_settings_of_findings_have_their_place(tmp_path, findings, expected):
    with pytest.raises(ProjectError) as error:
        project_of(tmp_path, f"pbx: {{url: sandbox}}\nfindings: {findings}\n")
    assert places(list(error.value.findings)) == [expected]


def test_an_environment_lays_its_findings_over_the_rest(tmp_path):
    text = "pbx: {url: sandbox}\nfindings: {severity: {CMP407: error}, ignore: [CMP118]}\n"
    text += "environments: {live: {findings: {ignore: []}}}\n"
    assert project_of(tmp_path, text).policy == Policy({"CMP407": "error"}, (), ("CMP118",))
    assert project_of(tmp_path, text, environment="live").policy == Policy({"CMP407": "error"})


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("CMP498", max(code for code in TITLES if code[3] == "4")),
        ("cmp407", "CMP407"),
        ("CMP999", None),
        ("hello", None),
    ],
)
def test_the_nearest_code(word, near):
    assert nearest_code(word) == near


# the commands


@pytest.fixture
def project(tmp_path):
    found = Project(tmp_path / "project")
    found.campaigns(hello=a_text())
    found.write("empty.yaml", "vars: {a: 1}\n")
    return found


def test_what_is_silenced_is_counted_and_in_the_document(project):
    assert project.run("validate", "--ignore", "CMP118").out == "1 silenced\n"
    document = project.run("validate", "--ignore", "CMP407,CMP118", "--json").document
    assert document["findings"] == []
    (silenced,) = document["silenced"]
    assert (silenced["code"], silenced["by"], silenced["reason"]) == ("CMP118", "ignore CMP118", None)


def test_a_warning_that_was_made_an_error_stops_each_command(project):
    project.settings(pbx={"url": "sandbox"}, findings={"severity": {"CMP118": "error"}})
    for words in (["validate"], ["plan"], ["plan", "--offline"], ["apply", "--auto-approve"]):
        ran = project.run(*words)
        assert (ran.code, "error[CMP118]" in ran.out + ran.err) == (1, True), words
        assert project.run(*words, "--select", "CMP4").code == 0, words
    assert project.run("plan", "--json").document["error"]["code"] == "invalid"


def test_a_plan_shows_what_it_silenced(project):
    assert [
        each["code"] for each in project.run("plan", "--json", "--ignore", "CMP1").document["silenced"]
    ] == ["CMP118"]
    assert "1 silenced" in project.run("plan", "--ignore", "CMP1").err


@pytest.mark.parametrize(
    ("word", "said"), [("CMP998", "there is no finding"), ("CMP105", "errors always count")]
)
def test_a_wrong_code_on_the_command_line_is_wrong_usage(project, word, said):
    ran = project.run("validate", "--ignore", word)
    assert ran.code == 64
    assert said in ran.err


def test_sarif_has_what_was_silenced_as_suppressed(project):
    project.campaigns(hello=a_text(send={"at": "2024-07-30 18:06"}))
    text = (
        (project.root / "campaigns.yaml")
        .read_text()
        .replace('"send"', '# campaignops: ignore CMP407 -- old\n"send"')
    )
    project.write("campaigns.yaml", text)
    results = project.run("validate", "--ignore", "CMP118", "--format", "sarif").document["runs"][0][
        "results"
    ]
    assert [result["suppressions"] for result in results] == [
        [{"kind": "inSource", "justification": "old"}],
        [{"kind": "external", "justification": "ignore CMP118"}],
    ]
