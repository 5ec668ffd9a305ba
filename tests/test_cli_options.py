"""The options that every command understands: where they may stand, what they choose, and where values come from."""

from __future__ import annotations

from contextlib import chdir
from typing import Any

import pytest

from campaignops.cli import options
from campaignops.errors import UsageError
from tests.command_line import Project, Ran, a_text, run


def keys(ran: Ran) -> list[str]:
    assert ran.code == 0, ran
    return [each["key"] for each in ran.document["changes"]]


# where they stand


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--json", "--offline", "--env", "staging", "--target", "a*"],
        ["--json", "--env", "staging", "--target", "a*", "plan", "--offline"],
        ["--offline", "--env=staging", "plan", "--target=a*", "--json"],
        ["--target", "a*", "plan", "--format", "json", "--offline", "--env", "staging"],
        ["--format", "json", "--target", "a*", "--env", "staging", "--offline", "plan"],
    ],
    ids=" ".join,
)
def test_options_stand_before_or_after_the_command(project, box, words):
    project.settings(pbx={"url": box.url}, environments={"staging": {"state": "staging.json"}})
    project.campaigns(a1=a_text(), b1=a_text())
    ran = project.run(*words)
    assert keys(ran) == ["a1"]
    assert ran.document["environment"] == "staging"


@pytest.mark.parametrize("word", ["plan", "status", "demo"])
def test_the_value_of_an_option_is_never_taken_for_the_command(word):
    for option in ("-C", "--env", "--var-file", "--lock-timeout", "--format", "--port", "--keep"):
        assert options.command_of([option, word, "validate"]) == ("validate", [option, word])
        assert options.command_of([f"{option}={word}", "validate"])[0] == "validate"


def test_a_command_line_without_a_command_is_wrong():
    for words in ([], ["-v"], ["-C", "plan"], ["--json", "--env", "plan"]):
        with pytest.raises(UsageError, match="which command"):
            options.command_of(words)


def test_options_are_not_abbreviated(project):
    assert project.run("plan", "--off").code == 64


# which project


def test_the_project_is_c_or_this_folder_or_campaigns(tmp_path, box):
    for name in ("campaigns", "elsewhere"):
        Project(tmp_path / name, box.url).campaigns(**{name: a_text()})
    with chdir(tmp_path):
        assert keys(run("plan", "--json")) == ["campaigns"]
        assert keys(run("plan", "--json", "-C", "elsewhere")) == ["elsewhere"]
    with chdir(tmp_path / "elsewhere"):
        assert keys(run("plan", "--json")) == ["elsewhere"]
        assert keys(run("-C", "../campaigns", "plan", "--json")) == ["campaigns"]


def test_places_are_told_as_seen_from_the_current_folder(tmp_path):
    Project(tmp_path / "campaigns").campaigns(hello=a_text(chanel="x"))
    with chdir(tmp_path):
        ran = run("validate")
        assert " --> campaigns/campaigns.yaml:" in ran.out
        assert str(tmp_path) not in ran.out
        Project(tmp_path / "campaigns", "ftp://x")
        for command in ("plan", "apply", "status", "render"):
            assert " --> campaigns/campaignops.yaml:1:" in run(command).err, command


def test_paths_far_away_are_told_in_full(tmp_path):
    project = Project(tmp_path / "project")
    project.settings(pbx={"url": "sandbox"}, state=str(tmp_path / "state"))
    (tmp_path / "state").write_text("")
    (deep := tmp_path / "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/and/still/further/down").mkdir(
        parents=True
    )
    with chdir(deep):
        assert (
            f"error[CMP701]: {tmp_path}/state is not a sound state"
            in run("plan", "-C", str(project.root)).err
        )
    with chdir(tmp_path):
        assert "error[CMP701]: state is not a sound state" in run("plan", "-C", str(project.root)).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "run `campaignops init`, or name the folder with -C DIR"),
        (["-C", "nowhere"], "there is no folder nowhere; check -C, or run `campaignops init nowhere`"),
        (["-C", "empty"], "empty holds no campaignops.yaml"),
    ],
)
def test_a_missing_project_is_an_error_with_a_next_step(tmp_path, words, said):
    (tmp_path / "empty").mkdir()
    with chdir(tmp_path):
        ran = run("plan", *words)
    assert ran.code == 1
    assert said in ran.err


# which campaigns


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ([], ["autumn-de", "autumn-en", "spring"]),
        (["--target", "spring"], ["spring"]),
        (["--target", "autumn-*"], ["autumn-de", "autumn-en"]),
        (["--target", "autumn-de", "--target", "spring"], ["autumn-de", "spring"]),
        (["--exclude", "autumn-*"], ["spring"]),
        (["--target", "autumn-*", "--exclude", "*-de"], ["autumn-en"]),
        (["--target", "autumn-?n"], ["autumn-en"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("offline", [["--offline"], []], ids=["offline", "online"])
def test_target_and_exclude_are_globs(project, words, left, offline):
    project.campaigns(**{key: a_text() for key in ("autumn-de", "autumn-en", "spring")})
    assert keys(project.run("plan", "--json", *offline, *words)) == left


def test_a_key_with_brackets_is_a_target_as_it_stands(project):
    project.campaigns(sale=a_text(name="Sale {{ each.key }}", for_each=["de", "en"]))
    assert keys(project.run("plan", "--json", "--target", 'sale["de"]')) == ['sale["de"]']


def test_an_apply_of_a_target_leaves_the_rest_alone(project):
    project.campaigns(one=a_text(), two=a_text())
    assert project.apply("--target", "one").code == 0
    assert project.recorded.keys() == {"one"}
    project.campaigns(two=a_text())
    assert project.apply("--exclude", "one").code == 0
    assert project.recorded.keys() == {"one", "two"}, "one was not deleted"


@pytest.mark.parametrize("command", ["render", "status", "state list", "state show"])
def test_keys_are_globs_too(project, command):
    project.campaigns(**{key: a_text() for key in ("autumn-de", "autumn-en", "spring")})
    project.apply()
    for words in (["autumn-*"], ["autumn-de", "autumn-en"], ["*", "--exclude", "spring"]):
        ran = project.run(*command.split(), *words, "--json")
        assert [each["key"] for each in ran.document["campaigns"]] == ["autumn-de", "autumn-en"]


# environments and vars


def test_env_lays_an_environment_over_the_settings(project, box, monkeypatch):
    project.settings(
        pbx={"url": box.url},
        vars={"brand": "Kettle"},
        environments={
            "test": {"vars": {"brand": "Test"}, "state": "test.json"},
            "live": {"vars": {"brand": "Live"}},
        },
    )
    project.campaigns(hello=a_text(message={"text": "{{ brand }}"}))
    assert text(project) == "Kettle"
    assert text(project, "--env", "test") == "Test"
    monkeypatch.setenv("CAMPAIGNOPS_ENV", "live")
    assert text(project) == "Live"
    assert text(project, "--env", "test") == "Test", "the option is nearer"
    project.apply("--env", "test")
    assert (project.root / "test.json").exists()
    assert not project.state.exists()


def text(project: Project, *words: str) -> Any:
    ran = project.run("render", "--json", *words)
    assert ran.code == 0, ran
    return ran.document["campaigns"][0]["body"]["content"]


def test_vars_come_from_settings_the_environment_files_and_options_the_nearest_winning(
    project, box, monkeypatch
):
    project.settings(pbx={"url": box.url}, vars={"brand": "settings"})
    project.campaigns(hello=a_text(message={"text": "{{ brand }}"}))
    assert text(project) == "settings"
    monkeypatch.setenv("CAMPAIGNOPS_VAR_brand", "environment")
    assert text(project) == "environment"
    project.write("brand.yaml.vars", "brand: file")
    assert text(project, "--var-file", "brand.yaml.vars") == "file"
    assert text(project, "--var-file", "brand.yaml.vars", "--var", "brand=option=1") == "option=1"


@pytest.mark.parametrize("words", [["--var", "1st=x"], ["--var-file", "none.yaml"]], ids=str)
def test_wrong_vars_are_findings(project, words):
    project.campaigns(hello=a_text())
    ran = project.run("plan", "--json", *words)
    assert ran.code == 1
    assert ran.document["error"]["code"] == "invalid"
    assert ran.errors


# credentials


def test_a_line_break_behind_a_credential_is_none_of_it(project, box, monkeypatch):
    project.campaigns(hello=a_text())
    monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", f"{box.client_secret}\n")
    assert project.run("plan").code == 0


def test_credentials_come_from_files_too(project, box, monkeypatch, tmp_path):
    project.campaigns(hello=a_text())
    for name, value in (("ID", box.client_id), ("SECRET", box.client_secret)):
        monkeypatch.delenv(f"CAMPAIGNOPS_CLIENT_{name}")
        path = tmp_path / name
        path.write_text(f"{value}\n")
        monkeypatch.setenv(f"CAMPAIGNOPS_CLIENT_{name}_FILE", str(path))
    assert project.run("plan").code == 0


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no credentials: set CAMPAIGNOPS_CLIENT_ID (or CAMPAIGNOPS_CLIENT_ID_FILE, a path)"),
        ({"CAMPAIGNOPS_CLIENT_ID": "me"}, "no credentials: set CAMPAIGNOPS_CLIENT_SECRET"),
        ({"CAMPAIGNOPS_CLIENT_ID": ""}, "no credentials: set CAMPAIGNOPS_CLIENT_ID"),
        (
            {"CAMPAIGNOPS_CLIENT_ID_FILE": "nowhere"},
            "CAMPAIGNOPS_CLIENT_ID_FILE names nowhere, which cannot be read: No such file or directory",
        ),
        ({"CAMPAIGNOPS_CLIENT_ID_FILE": "."}, "cannot be read: Is a directory"),
        ({"CAMPAIGNOPS_CLIENT_ID_FILE": "binary"}, "cannot be read: it is not UTF-8 text"),
        ({"CAMPAIGNOPS_CLIENT_ID_FILE": "empty"}, "no credentials: set CAMPAIGNOPS_CLIENT_ID"),
    ],
    ids=str,
)
def test_missing_credentials_are_an_error_before_anything_is_asked(
    project, box, monkeypatch, environment, said
):
    for name in ("ID", "SECRET"):
        monkeypatch.delenv(f"CAMPAIGNOPS_CLIENT_{name}")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    project.write("binary", b"\xff\xfe")
    project.write("empty", "\n")
    project.campaigns(hello=a_text())
    for words in (["plan"], ["apply", "--auto-approve"]):
        ran = project.run(*words, "--json")
        assert ran.code == 1
        assert ran.document["error"]["code"] == "credentials"
        assert said in ran.document["error"]["message"]
    assert box.requests() == []


def test_neither_credential_is_ever_printed_or_written(project, box):
    project.campaigns(hello=a_text())
    said = ""
    for words in (["plan", "-vv"], ["apply", "--auto-approve", "-vv"], ["status", "-vv"], ["render", "-vv"]):
        ran = project.run(*words)
        said += ran.out + ran.err
    said += "".join(path.read_text() for path in project.root.rglob("*") if path.is_file())
    assert box.client_secret not in said
    assert box.client_id not in said


# how long to wait


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("1500ms", 1.5), ("90s", 90), ("5m", 300), ("1h", 3600), ("2", 2)]
)
def test_the_lock_timeout_is_a_time(text, seconds):
    parser = options.Parser("apply")
    options.add_common(parser)
    assert parser.parse_args(["--lock-timeout", text]).lock_timeout == seconds
