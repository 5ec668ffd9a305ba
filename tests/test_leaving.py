"""What a plan and an apply leave for a pipeline, the comment, the notice, the events; and none of it is in the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaignops.sandbox.running import Sandbox
from tests.command_line import Project, a_text, writes


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    project = Project(tmp_path / "project", box.url)
    project.campaigns(one=a_text(), two=a_text(send="now"))
    return project


def left(project: Project, name: str) -> str:
    return (project.root / name).read_text("utf-8")


# the comment


def test_plan_writes_the_comment_to_stdout_or_beside_the_plan(project):
    ran = project.run("plan", "--format", "markdown")
    assert ran.code == 0
    assert ran.out.startswith("<!-- campaignops:plan: -->\n\n## 📨 Campaign plan · 2 new\n")
    assert project.run("plan", "--markdown", "plan.md").out.startswith("campaignops plan")
    assert left(project, "plan.md") == ran.out
    assert project.run("plan", "--json", "--format", "markdown").document["kind"] == "plan"


def test_the_comment_of_a_saved_plan_says_how_to_apply_it_and_until_when(project):
    ran = project.run("plan", "-o", "plan.json", "--format", "markdown", "--offline")
    assert ran.code == 64
    ran = project.run("plan", "-o", "plan.json", "--format", "markdown")
    assert "Apply it with `campaignops apply plan.json`" in ran.out
    assert " · valid until " in ran.out


def test_a_blocked_plan_is_a_comment_too(project, box):
    project.apply()
    box.advance(60)
    project.campaigns(one=a_text(), two=a_text(send="now", message={"text": "Other"}))
    ran = project.run("plan", "--format", "markdown")
    assert ran.code == 10
    assert "1 blocked" in ran.out
    assert ran.out.count("<!--") == 1


@pytest.mark.parametrize("broken", ["settings", "manifest", "pbx"])
def test_what_keeps_a_plan_from_being_made_is_a_comment_too(project, box, broken):
    match broken:
        case "settings":
            project.settings(pbx={"url": "ftp://x"})
        case "manifest":
            project.campaigns(one=a_text(chanel="x"))
        case "pbx":
            box.stop()
    ran = project.run("plan", "--format", "markdown", "--markdown", "plan.md", "--env", "")
    assert ran.code == 1
    assert "## ❌ Campaign plan · none" in ran.out
    assert left(project, "plan.md") == ran.out
    assert ("❌ `CMP" in ran.out) == (broken != "pbx")


def test_apply_leaves_what_became_of_it(project, box):
    assert project.apply("--markdown", "done.md").code == 0
    assert "## ✅ Applied · plan " in left(project, "done.md")
    assert "| ✅ | `one` | create | 249 | draft | – |" in left(project, "done.md")
    project.campaigns(one=a_text(), two=a_text(send="now"), three=a_text(), four=a_text())
    box.inject("message_campaign/create", errcode=40002)
    assert project.apply("--markdown", "done.md").code == 4
    assert "## ⚠️ Applied in part" in left(project, "done.md")
    ran = project.apply("--expect-digest", "0" * 64, "--markdown", "done.md", "--json")
    assert ran.code == 10
    assert "## ❌ Not applied" in left(project, "done.md")
    assert ran.document["kind"] == "apply", "stdout is the document's alone"


# the notice


def notice(project: Project, *words: str) -> Any:
    ran = project.apply("--notice", "notice.json", *words)
    said = json.loads(left(project, "notice.json"))
    assert said["exit_code"] == ran.code
    return said


def test_a_notice_says_the_result_in_a_few_fields(project, box):
    said = notice(project)
    assert said["text"] == "Campaigns applied: 2 done. 2 people."
    assert said["ok"] is True
    assert said["campaigns"][0] == {"key": "one", "action": "create", "outcome": "done", "id": 249}
    assert notice(project)["text"] == "Campaigns: there was nothing to apply."
    project.campaigns(one=a_text(), two=a_text(send="now"), three=a_text(), four=a_text())
    box.inject("message_campaign/create", errcode=40002)
    said = notice(project)
    assert said["text"] == "Campaigns applied in part (exit 4, partial): 1 done, 1 failed."
    assert said["error"]["code"] == "partial"


def test_a_notice_comes_also_when_there_was_no_plan(project):
    project.settings(pbx={"url": "ftp://x"})
    said = notice(project)
    assert said["text"] == "Campaigns not applied (exit 1, invalid)."
    assert (said["ok"], said["digest"], said["campaigns"]) == (False, None, [])


# events


def events(project: Project, name: str = "events.jsonl") -> list[Any]:
    return [json.loads(line) for line in left(project, name).splitlines()]


def test_each_step_is_a_line(project):
    assert project.apply("--events", "events.jsonl").code == 0
    lines = events(project)
    assert {line["schema_version"] for line in lines} == {1}
    assert [line["event"] for line in lines[:2]] == ["begin", "step"]
    assert {(line["key"], line["step"]) for line in lines if line["event"] == "step"} >= {
        ("one", "create"), ("two", "create"), ("two", "release")
    }  # fmt: skip
    assert [(line["key"], line["outcome"]) for line in lines if line["event"] == "result"] == [
        ("one", "done"), ("two", "done")
    ]  # fmt: skip
    assert (lines[-1]["event"], lines[-1]["exit_code"], lines[-1]["error"]) == ("end", 0, None)


def test_a_failure_ends_the_lines(project, box):
    box.inject("message_campaign/create", errcode=40002)
    assert project.apply("--events", "events.jsonl").code == 4
    assert events(project)[-1]["error"]["code"] == "partial"
    assert project.apply("--events", "events.jsonl", "--expect-digest", "0" * 64).code == 10
    assert [line["event"] for line in events(project)] == ["end"]


def test_a_line_is_there_before_the_next_step(project, box):
    box.inject("message_campaign/create", delay_after_s=0.5)
    with project.start("apply", "--auto-approve", "--events", "/dev/stdout", "--json", "-q") as running:
        assert running.stdout is not None
        first = [json.loads(running.stdout.readline()) for _ in range(2)]
        assert [line["event"] for line in first] == ["begin", "step"]
        assert running.poll() is None
        running.communicate(timeout=30)


def test_a_full_disk_under_the_events_does_not_stop_an_apply(project, box):
    ran = project.apply("--events", "/dev/full", "--json")
    assert ran.code == 0
    assert (
        ran.err.count("--events: no more lines are written: No space left on device. The apply goes on") == 1
    )
    assert {each["outcome"] for each in ran.document["changes"]} == {"done"}


def test_a_full_disk_under_notice_and_comment_does_not_change_what_became_of_the_apply(project, box):
    box.inject("message_campaign/create", errcode=40002)
    ran = project.apply("--notice", "/dev/full", "--markdown", "/dev/full")
    assert ran.code == 4
    assert "warning: cannot write /dev/full: No space left on device" in ran.err
    ran = project.apply("--markdown", "no/such/folder/x.md", "--json")
    assert ran.code == 0
    assert "warning: cannot write no/such/folder/x.md" in ran.err
    assert ran.document["outcomes"]["done"] == 1


def test_events_that_cannot_be_opened_stop_it_before_anything_is_done(project, box):
    ran = project.apply("--events", "no/such/folder/x", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "write")
    assert writes(box) == []


def test_numbers_are_nowhere_in_what_is_left(project, box):
    project.campaigns(
        one=a_text(name="Call +8613800001111"), two=a_text(send="now", message={"text": "+8613800001111"})
    )
    files = {"--markdown": "a.md", "--notice": "b.json", "--events": "c.jsonl"}
    assert project.apply(*(word for pair in files.items() for word in pair)).code == 0
    assert not any("8613800001111" in left(project, name) for name in files.values())
