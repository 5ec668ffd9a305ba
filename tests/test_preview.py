"""`campaignops preview`: a file that any browser shows, whatever the plan says."""

from __future__ import annotations

import base64
import shutil
import subprocess

import pytest

from campaignops.cli.commands import preview
from tests.command_line import ROOT, Project, a_text, writes

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture
def project(project: Project) -> Project:
    shutil.copytree(ROOT / "campaigns" / "assets", project.root / "assets")
    project.campaigns(
        hello=a_text(message={"text": "Hello <b>you</b>"}), flyer=a_text(message={"file": "assets/demo.jpeg"})
    )
    return project


def page_of(project: Project, name: str = "preview.html") -> str:
    return (project.root / name).read_text(encoding="utf-8")


def test_the_page_holds_every_change_and_its_picture_and_nothing_is_written_on_the_pbx(project, box):
    ran = project.run("preview")
    assert (ran.code, ran.out, ran.err) == (0, "preview.html\n", "")
    page = page_of(project)
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in page
    assert base64.b64encode((project.root / "assets/demo.jpeg").read_bytes()).decode() in page
    assert writes(box) == []
    assert not project.state.exists()


def test_json_says_where_it_is(project):
    assert project.run("preview", "-o", "page.html", "--offline", "--json").document == {
        "schema_version": 1,
        "kind": "preview",
        "file": "page.html",
        "campaigns": 2,
    }
    assert "Hello" in page_of(project, "page.html")


def test_a_key_picks_what_is_shown_even_where_nothing_changes(project):
    assert project.apply().code == 0
    assert project.run("preview", "--json").document["campaigns"] == 0
    assert project.run("preview", "hello", "--json").document["campaigns"] == 1
    assert "Hello" in page_of(project)
    assert "flyer" not in page_of(project)


def test_a_key_that_fits_nothing_is_a_slip(project):
    ran = project.run("preview", "helo")
    assert ran.code == 64
    assert "did you mean `hello`?" in ran.err


def test_a_plan_that_cannot_be_applied_is_shown_with_its_findings(project):
    project.campaigns(hello=a_text(channel="No such"))
    assert project.run("preview").code == 0
    assert "CMP201" in page_of(project)


def test_manifests_that_do_not_hold_make_no_page(project):
    project.campaigns(hello=a_text(type="fax"))
    assert project.run("preview").code == 1
    assert not (project.root / "preview.html").exists()


def test_a_place_that_cannot_be_written_is_an_error(project):
    ran = project.run("preview", "-o", "no/such/folder.html")
    assert ran.code == 1
    assert "no/such/folder.html cannot be written: No such file or directory; name another with -o" in ran.err


def test_pictures_beyond_the_bound_are_named(project, monkeypatch):
    monkeypatch.setattr(preview, "_MOST_BYTES", 1000)
    assert project.run("preview").code == 0
    assert "base64" not in page_of(project)
    assert "file demo.jpeg" in page_of(project)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (apt-get install chromium)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_without_a_complaint(project, scheme, tmp_path):
    project.run("preview")
    shot = tmp_path / "shot.png"
    ran = subprocess.run(
        [
            str(CHROMIUM),
            *(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--enable-logging=stderr",
                "--window-size=1200,900",
            ),
            *(["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []),
            *(f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={shot}"),
            (project.root / "preview.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "CONSOLE" not in ran.stderr  # where a browser says what it refused to load or could not read
    assert shot.stat().st_size > 20_000  # a blank page has a few thousand bytes
