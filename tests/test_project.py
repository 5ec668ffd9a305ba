"""Where a project is."""

from __future__ import annotations

import dataclasses

import pytest

from campaignops import project
from campaignops.errors import ProjectError
from campaignops.project import Project


def test_the_named_folder_is_the_project(tmp_path):
    (tmp_path / "campaignops.yaml").touch()
    assert project.find(str(tmp_path)) == tmp_path.resolve()


def test_the_current_folder_comes_before_campaigns(tmp_path, monkeypatch):
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "campaigns" / "campaignops.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert project.find() == (tmp_path / "campaigns").resolve()
    (tmp_path / "campaignops.yaml").touch()
    assert project.find() == tmp_path.resolve()


def test_without_a_project_the_next_step_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProjectError, match="campaignops init") as caught:
        project.find()
    assert caught.value.code == "no_project"


@pytest.mark.parametrize("folder", ["absent", "empty"])
def test_a_named_folder_without_settings_is_refused(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProjectError, match=f"init .*{folder}"):
        project.find(str(tmp_path / folder))


def test_a_project_cannot_be_changed(tmp_path):
    held = Project(tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        held.timezone = "UTC"  # type: ignore[misc]
    assert held.state_path == tmp_path / "campaignops.state.json"
