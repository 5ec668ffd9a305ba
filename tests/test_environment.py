"""Options from CAMPAIGNOPS_… variables, and stderr as JSON."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pytest

from campaignops.cli import arguments, options
from campaignops.cli.environment import variable, words
from campaignops.cli.overview import COMMANDS, TEXT
from campaignops.errors import UsageError
from tests.command_line import Ran, a_text, process

NOT_BY_VARIABLE = {"--help", "--env", "--adopt", "--absent", "--forget-sent"}


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = options.Parser(command)
    arguments.OF[command](parser)
    options.add_common(parser)
    return parser


def options_of(command: str) -> list[argparse.Action]:
    return [
        a
        for a in parser_of(command)._actions
        if a.option_strings and not NOT_BY_VARIABLE & set(a.option_strings)
    ]


def a_value(action: argparse.Action) -> str:
    if action.choices:
        return str(list(action.choices)[-1])
    return {"--lock-timeout": "5m", "--var": "a=b", "--expect-digest": "0" * 64, "--set": "a=1"}.get(
        action.option_strings[-1], "7"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_has_a_variable_of_its_own(command):
    actions = options_of(command)
    assert len({variable(action) for action in actions}) == len(actions)
    for action in actions:
        flag = action.nargs == 0
        said = words(parser_of(command), [], {variable(action): "1" if flag else a_value(action)})
        assert said, variable(action)
        if flag:
            assert words(parser_of(command), [], {variable(action): "0"}) == []
            with pytest.raises(UsageError, match=f"{variable(action)}: `maybe` is neither 1 nor 0"):
                words(parser_of(command), [], {variable(action): "maybe"})


def test_what_is_given_is_nearer_and_an_empty_variable_is_none():
    parser = parser_of("plan")
    environ = {"CAMPAIGNOPS_TARGET": "a*\nb", "CAMPAIGNOPS_VALID_FOR": "2h", "CAMPAIGNOPS_OUTPUT": ""}
    assert words(parser, [], environ) == ["--valid-for=2h", "--target=a*", "--target=b"]
    assert words(parser, ["--target", "c", "--valid-for=1h"], environ) == []
    assert words(parser, ["-oplan.json"], {"CAMPAIGNOPS_OUTPUT": "x"}) == []


def test_what_settles_a_single_case_is_not_left_to_a_variable():
    environ = {"CAMPAIGNOPS_ABSENT": "1", "CAMPAIGNOPS_ADOPT": "5", "CAMPAIGNOPS_FORGET_SENT": "1"}
    assert words(parser_of("resolve"), [], environ) == []
    assert words(parser_of("state"), [], environ) == []


def test_help_tells_of_the_variables_in_one_line():
    assert TEXT.count("CAMPAIGNOPS_LOCK_TIMEOUT") == 1


def with_variables(project: Any, monkeypatch: pytest.MonkeyPatch, *line: str, **variables: str) -> Ran:
    for name, value in variables.items():
        monkeypatch.setenv(f"CAMPAIGNOPS_{name}", value)
    ran: Ran = project.run(*line)
    return ran


def test_variables_stand_in_for_options(project, monkeypatch):
    project.campaigns(a1=a_text(), b1=a_text())
    ran = with_variables(
        project, monkeypatch, "plan", JSON="1", TARGET="a*", DETAILED_EXITCODE="yes", OFFLINE="1"
    )
    assert ran.code == 2
    assert [each["key"] for each in ran.document["changes"]] == ["a1"]
    ran = with_variables(project, monkeypatch, "plan", "--target", "b*")
    assert [each["key"] for each in ran.document["changes"]] == ["b1"]


def test_quiet_verbose_format_and_folder_have_variables(project, monkeypatch, tmp_path):
    project.campaigns(a1=a_text())
    assert with_variables(project, monkeypatch, "validate", QUIET="1").err == ""
    monkeypatch.delenv("CAMPAIGNOPS_QUIET")
    assert "a1: create" in with_variables(project, monkeypatch, "apply", "--auto-approve", VERBOSE="1").err
    ran = with_variables(project, monkeypatch, "plan", FORMAT="json", FOLDER=str(project.root))
    assert ran.document["kind"] == "plan"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LOCK_TIMEOUT", "soon", "CAMPAIGNOPS_LOCK_TIMEOUT: `soon` is not a time such as 0s, 90s or 5m"),
        ("FORMAT", "yaml", "CAMPAIGNOPS_FORMAT: `yaml` is not one of text, json, markdown, github"),
        ("JSON", "maybe", "CAMPAIGNOPS_JSON: `maybe` is neither 1 nor 0"),
        ("VAR", "brand", "CAMPAIGNOPS_VAR: `brand` is not NAME=VALUE"),
        ("LOG_FORMAT", "xml", "CAMPAIGNOPS_LOG_FORMAT: `xml` is not one of text, json"),
    ],
)
def test_a_wrong_value_is_wrong_usage_and_names_its_variable(project, monkeypatch, name, value, said):
    ran = with_variables(project, monkeypatch, "plan", **{name: value})
    assert ran.code == 64
    assert said in ran.err


# stderr as JSON


def log(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.err.splitlines()]


def test_what_is_said_is_lines_of_json(project):
    project.campaigns(one=a_text())
    ran = project.run("apply", "--auto-approve", "--log-format", "json", "-v")
    assert ran.code == 0
    said = log(ran)
    assert {line["level"] for line in said} == {"info"}
    assert any(line["message"].startswith("[1/1] create   one  done") for line in said)
    assert ran.out.startswith("campaignops plan"), "stdout has the answer, as ever"


def test_findings_and_errors_are_records_with_their_codes(project):
    project.campaigns(one=a_text(chanel="Main SMS"))
    ran = project.run("plan", "--log-format=json")
    finding, error = log(ran)
    assert (finding["level"], finding["code"], finding["file"]) == ("error", "CMP104", "campaigns.yaml")
    assert (error["level"], error["code"]) == ("error", "invalid")


def test_a_question_is_a_record_too(project):
    project.campaigns(one=a_text())
    ran = project.run("apply", "--log-format", "json", typed="no\n")
    assert ran.code == 1
    assert any(line["message"].endswith("Type yes to do this: ") for line in log(ran))


def test_wrong_usage_and_old_terminals_get_json_too(project):
    project.campaigns(one=a_text(message={"text": "Grüße"}, chanel="ü"))
    for line in (["plam"], ["plan", "--frob"], ["plan"]):
        ran = process(*line, "--log-format", "json", cwd=project.root, PYTHONIOENCODING="ascii")
        assert all(line["level"] == "error" for line in log(ran))


def test_documents_and_logs_go_together(project):
    project.campaigns(one=a_text())
    ran = project.run("apply", "--auto-approve", "--json", "--log-format", "json")
    assert ran.document["kind"] == "apply"
    assert log(ran)
