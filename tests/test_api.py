"""campaignops from Python: it does what the commands do, and says it as values."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import chdir

import pytest

import campaignops
from campaignops.errors import (
    LockedError,
    PartialError,
    ProjectError,
    RefusedError,
    StalePlanError,
    UsageError,
)
from campaignops.planner import Create
from tests.command_line import a_text, writes


def test_a_plan_is_a_value_and_its_apply_does_just_that(project, box, capsys):
    project.campaigns(one=a_text(), two=a_text(send="now"))
    planned = campaignops.plan(project.root)
    assert [type(change) for change in planned.plan.changes] == [Create, Create]
    assert planned.problem is None
    assert planned.document == project.run("plan", "--json").document
    assert writes(box) == []
    applied = campaignops.apply(planned)
    assert [(r.key, r.outcome, r.id) for r in applied.results] == [("one", "done", 249), ("two", "done", 250)]
    assert applied.problem is None
    assert applied.document["kind"] == "apply"
    assert capsys.readouterr() == ("", ""), "it prints nothing"
    assert campaignops.plan(project.root).plan.effects == ()


def test_what_has_changed_since_the_plan_is_not_applied(project, box):
    project.campaigns(one=a_text())
    planned = campaignops.plan(project.root)
    project.campaigns(one=a_text(message={"text": "Other"}))
    with pytest.raises(StalePlanError, match="not the one that was approved"):
        campaignops.apply(planned)
    assert writes(box) == []


def test_options_are_those_of_the_commands(project, box):
    project.settings(pbx={"url": box.url}, environments={"live": {"state": "live.json"}})
    project.campaigns(a1=a_text(message={"text": "{{ brand }}"}), b1=a_text(message={"text": "{{ brand }}"}))
    with chdir(project.root):
        planned = campaignops.plan(
            env="live", vars={"brand": "Kettle = Tea"}, target=["a*", "b*"], exclude=["b1"]
        )
    assert [change.key for change in planned.plan.changes] == ["a1"]
    assert "Kettle = Tea" in str(planned.document["changes"])
    with chdir(project.root):
        campaignops.apply(planned)
    assert (project.root / "live.json").exists()
    with pytest.raises(UsageError, match="no campaign here fits"):
        campaignops.plan(project.root, target=["nobody"], vars={"brand": "x"})


def test_without_a_plan_there_is_an_error_with_its_findings(project):
    project.campaigns(one=a_text(chanel="x"))
    with pytest.raises(ProjectError) as error:
        campaignops.plan(project.root)
    assert [finding.code for finding in error.value.findings] == ["CMP104"]


def test_a_blocked_plan_is_a_plan_with_a_problem(project, box):
    project.campaigns(sent=a_text(send="now"))
    campaignops.apply(campaignops.plan(project.root))
    box.advance(60)
    project.campaigns(sent=a_text(send="now", message={"text": "Other"}))
    planned = campaignops.plan(project.root)
    assert isinstance(planned.problem, RefusedError)
    with pytest.raises(RefusedError):
        campaignops.apply(planned)


def test_what_happens_to_a_campaign_is_a_result_and_no_exception(project, box):
    project.campaigns(one=a_text(), two=a_text())
    box.inject("message_campaign/create", errcode=40002)
    applied = campaignops.apply(campaignops.plan(project.root))
    assert [result.outcome for result in applied.results] == ["failed", "done"]
    assert isinstance(applied.problem, PartialError)


def test_a_lock_is_respected(project, box):
    project.campaigns(one=a_text())
    planned = campaignops.plan(project.root)
    from campaignops.store.file import FileStore

    with FileStore(project.state).lock("somebody", 0), pytest.raises(LockedError):
        campaignops.apply(planned)


def test_it_works_in_a_thread_that_takes_no_signals(project):
    project.campaigns(one=a_text())
    done = []
    thread = threading.Thread(target=lambda: done.append(campaignops.apply(campaignops.plan(project.root))))
    thread.start()
    thread.join()
    assert [result.outcome for result in done[0].results] == ["done"]


def test_the_package_itself_stays_light_until_one_of_them_is_asked_for():
    code = "import sys, campaignops; assert 'httpx' not in sys.modules and callable(campaignops.plan)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'create'"):
        campaignops.create  # noqa: B018
