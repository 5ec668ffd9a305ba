"""A finding points at what its author wrote, however that became what is wrong."""

from __future__ import annotations

import pytest

from campaignops import manifest
from campaignops.errors import ProjectError
from tests.manifest_folder import SMS, places, project_of, read, read_text, sms, write

SETTINGS = (
    "pbx: {url: sandbox}\nvars: {brand: x}\nenvironments:\n  live: {pbx: {url: nowhere}, timezone: Berlin}\n"
)


def only(findings):
    (finding,) = findings
    return finding


@pytest.mark.parametrize(
    "message",
    [
        '{text: "Up to {{ brnd }}% off"}',
        '{text: "Up to {{ brand }}, {{ brnd }}% off"}',
        "\n      text: |\n        Up to\n        {{ brnd }}% off",
        "\n      text: >-\n        Up to\n\n        {{ 'brand' ~ brnd }}",
        "\n      text: Up to\n        {{ brnd }}\n        percent",
        '\n      text: "Up to \\\n        {{ brnd }}"',
    ],
)
def test_jinja_in_a_value_is_found_at_its_word(tmp_path, message):
    text = sms(message=message)
    finding = only(read_text(tmp_path, text, settings="pbx: {url: sandbox}\nvars: {brand: x}\n")[1])
    line = text.splitlines()[finding.place.line - 1]
    assert line[finding.place.column - 1 :].startswith("brnd")
    assert (finding.code, finding.place.width) == ("CMP111", 4)


def test_a_mistake_behind_an_anchor_is_found_where_it_is_written(tmp_path):
    text = "campaigns:\n  a: &a\n    type: sms\n    channel: [x]\n    <<: {send: nwo}\n"
    text += "    recipients: &r {numbers: ['123']}\n    message: {text: a}\n    session: direct\n"
    text += "  b: {<<: *a, name: b, channel: Main, recipients: *r}\n"
    _, findings = read_text(tmp_path, text)
    assert places(findings) == [("CMP107", 4, 5), ("CMP109", 5, 16), ("CMP105", 6, 31)]


def test_a_value_that_is_merged_away_is_no_mistake(tmp_path):
    text = "campaigns:\n  a: &a\n" + "\n".join(sms().splitlines()[2:]) + "\n  b:\n    <<: *a\n    name: b\n"
    campaigns, findings = read_text(tmp_path, text.replace("send: draft", "send: draft"))
    assert [c.key for c in campaigns] == ["a", "b"]
    assert findings == []


def test_a_template_s_line_is_shown_with_what_it_becomes(tmp_path):
    text = "campaigns:\n{% for n in [1, 2] %}\n  c{{ n }}:\n    type: {{ 'sm' ~ n }}\n{% endfor %}\n"
    _, findings = read_text(tmp_path, text, "a.yaml.j2")
    wrong = next(f for f in findings if f.code == "CMP109")
    assert str(wrong.place) == "a.yaml.j2:4:5"
    assert wrong.note == "rendered, this line is: type: sm1"


def test_what_a_template_has_as_it_is_needs_no_note(tmp_path):
    _, findings = read_text(
        tmp_path, SMS.replace("send: draft", "send: {{ 'draft' }}\n    sent: x"), "a.yaml.j2"
    )
    assert [(f.code, f.note) for f in findings] == [("CMP104", None)]


def test_yaml_that_a_template_makes_is_shown_too(tmp_path):
    _, findings = read_text(tmp_path, "a: {{ '[' }}\n", "a.yaml.j2")
    assert [(str(f.place), f.note) for f in findings] == [("a.yaml.j2:1:8", "rendered, this line is: a: [")]


def test_no_number_stands_in_a_rendered_line(tmp_path):
    text = SMS.replace('"+8613800001111"', "{{ '+8613800001111x' }}")
    _, findings = read_text(tmp_path, text, "a.yaml.j2")
    assert "+8613•••1111x" in str(findings[0].note)


def test_an_item_of_for_each_is_named_where_it_matters(tmp_path):
    text = sms(
        for_each="{de: draft, en: drft}", send='"{{ each.value }}"', name='"{{ each.key }}"', channel="[a]"
    )
    _, findings = read_text(tmp_path, text)
    assert [(f.code, f.note) for f in findings] == [
        ("CMP107", None),
        ("CMP109", "for the item `en` of `for_each`"),
    ]


def test_a_row_of_a_csv_is_found_in_the_csv(tmp_path):
    write(tmp_path, **{"a.csv": 'phone,name\n+8613800001111,"Ada\nLovelace"\n123,Bob\n'})
    assert places(read_text(tmp_path, sms(recipients="{file: a.csv}"))[1]) == [("CMP105", 4, 1)]


def test_a_setting_is_found_in_the_layer_it_is_written_in(tmp_path):
    for environment in (None, "live"):
        with pytest.raises(ProjectError) as error:
            project_of(tmp_path, SETTINGS, environment=environment)
        assert places(list(error.value.findings)) == [("CMP115", 4, 21), ("CMP405", 4, 41)]


def test_what_a_setting_makes_wrong_is_found_where_it_is_used(tmp_path):
    write(tmp_path, **{"a.yaml": sms(sender='"{{ brand }}"')})
    assert places(
        read(tmp_path, settings=SETTINGS.replace("nowhere", "sandbox").replace("Berlin", "UTC"))[1]
    ) == [("CMP105", 9, 13)]


def test_a_var_of_the_command_line_is_found_where_it_is_used(tmp_path):
    write(tmp_path, **{"a.yaml": sms(send='"{{ when }}"')})
    _, findings = read(tmp_path, overrides={"when": "later"})
    assert places(findings) == [("CMP109", 7, 11)]
    with pytest.raises(ProjectError) as error:
        manifest.load_project(tmp_path, None, {"a-b": "1"})
    assert [(f.code, f.place) for f in error.value.findings] == [("CMP115", None)]


def test_a_var_file_is_found_from_the_project_folder(tmp_path):
    (tmp_path / "vars.yaml").write_text("a-b: 1\n")
    root = tmp_path / "project"
    with pytest.raises(ProjectError) as error:
        project_of(root, var_files=[str(tmp_path / "vars.yaml")])
    assert [str(f.place) for f in error.value.findings] == ["../vars.yaml:1:1"]
