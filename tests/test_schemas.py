"""The published JSON Schemas: the documents are current, and what the commands write is what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from campaignops.cli.arguments import SCHEMAS
from campaignops.cli.commands.schema import schema
from campaignops.report import document
from campaignops.sandbox.running import Sandbox
from tests.command_line import ROOT, Project, a_text, run

DOCS = ROOT / "docs" / "schemas"
MACHINES = [name for name in SCHEMAS if name not in ("manifest", "settings")]


def closed(form: Any) -> Any:
    """The same schema for exactly the fields that it names: what it does not name is found."""
    if isinstance(form, dict):
        made = {name: closed(inner) for name, inner in form.items()}
        return {"additionalProperties": False, **made} if "properties" in form else made
    return [closed(inner) for inner in form] if isinstance(form, list) else form


def holds(name: str, said: Any) -> None:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema(name), format_checker=checker).validate(said)
    jsonschema.Draft202012Validator(closed(schema(name))).validate(said)


@pytest.mark.parametrize("name", MACHINES)
def test_the_documents_have_each_schema_as_it_is(name, request):
    path = DOCS / f"{name}.schema.json"
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(document.text(schema(name)), "utf-8")
    assert json.loads(path.read_text("utf-8")) == schema(name), "run pytest tests/test_schemas.py --update"
    assert run("schema", name).document == schema(name)
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_no_document_is_left_over():
    assert {path.name for path in DOCS.iterdir()} == {f"{name}.schema.json" for name in MACHINES}


def test_what_a_run_with_refresh_only_says_is_in_the_schemas_too(project):
    for words in (["plan"], ["apply", "--auto-approve"]):
        ran = project.run(*words, "--refresh-only", "--json")
        assert ran.code == 0, ran
        holds(words[0], ran.document)


@pytest.fixture
def lived(project: Project, box: Sandbox) -> Project:
    """A project with something of everything: a draft, a scheduled, a changed, a sent and a removed campaign."""
    at = {"at": "2030-07-30 18:06", "timezone": "Europe/Berlin"}
    project.campaigns(a=a_text(), b=a_text(send=at), c=a_text(send="now"), gone=a_text())
    assert project.apply().code == 0
    box.advance(60)
    late = {"at": "2020-07-30 18:06"}
    better = a_text(send=at, message={"text": "Other"})
    project.campaigns(a=a_text(), b=better, c=a_text(send="now"), new=a_text(), d=a_text(send=late))
    return project


def test_plans_and_applies_are_as_their_schemas_say(lived, box):
    ran = lived.run("plan", "--json")
    assert ran.code == 1
    assert ran.document["findings"]
    holds("plan", ran.document)
    assert lived.run("plan", "-q", "--exclude", "d", "-o", "plan.json").code == 0
    holds("saved-plan", json.loads((lived.root / "plan.json").read_text()))
    box.inject("message_campaign/create", errcode=40002)
    ran = lived.apply("plan.json", "--json", "--notice", "notice.json", "--events", "events.jsonl")
    assert ran.code == 4
    holds("apply", ran.document)
    holds("notice", json.loads((lived.root / "notice.json").read_text()))
    for line in (lived.root / "events.jsonl").read_text().splitlines():
        holds("event", json.loads(line))
    ran = lived.apply("plan.json", "--json")
    assert ran.code == 10
    holds("apply", ran.document)
    lived.campaigns(c=a_text(send="now", message={"text": "Other"}))
    ran = lived.run("plan", "--json")
    assert ran.code == 10
    holds("plan", ran.document)


def test_a_plan_that_has_moved_says_so_as_its_schema_says(lived):
    assert lived.run("plan", "-q", "--exclude", "d", "-o", "plan.json").code == 0
    lived.campaigns(d=a_text(), new=a_text(message={"text": "Hi"}))
    ran = lived.apply("plan.json", "--json")
    assert ran.document["error"]["moved"]
    holds("apply", ran.document)


def test_status_findings_and_state_are_as_their_schemas_say(lived):
    holds("status", lived.run("status", "--json").document)
    holds("findings", lived.run("validate", "--json").document)
    holds("state", json.loads(lived.state.read_text()))
    holds("state", json.loads(lived.run("state", "pull").out))
    holds("state", lived.run("state", "pull", "--json").document["state"])
    lived.campaigns(d=a_text(chanel="x"))
    holds("findings", lived.run("validate", "--json").document)


@pytest.mark.parametrize(
    ("command", "name"),
    [("plan", "plan"), ("apply", "apply"), ("status", "status"), ("validate", "findings")],
)
def test_so_are_failures(project, command, name):
    project.write("campaignops.yaml", "pbx: [")
    ran = project.run(command, "--json")
    assert ran.code == 1
    assert ran.document["error"]
    holds(name, ran.document)


def test_a_state_of_any_phase_holds_and_a_foreign_field_does_not(tmp_path: Path):
    for case in (ROOT / "tests" / "cases").glob("*/campaignops.state.json"):
        holds("state", json.loads(case.read_text("utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        holds("state", {"format_version": 1, "lineage": "x", "serial": 1, "campaigns": {}, "more": 1})
