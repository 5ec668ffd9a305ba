"""Commands as their users see them: exit codes, streams, one JSON document, what starts up, and init and demo."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import time
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from campaignops import __version__
from campaignops.cli import arguments
from campaignops.cli.overview import COMMANDS, TEXT
from tests.command_line import ROOT, Project, a_text, process, run, writes

# exit codes, each from a real situation


def test_0_when_all_is_done_and_when_nothing_is_to_do(project):
    project.campaigns(hello=a_text())
    assert project.apply().code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert project.apply().code == 0


def test_1_with_a_finding_that_is_an_error(project, box):
    project.campaigns(hello=a_text(channel="Main SNS"))
    for words in (("plan",), ("apply", "--auto-approve"), ("validate", "--online"), ("render",)):
        ran = project.run(*words)
        assert ran.code == 1
        assert "did you mean `Main SMS`?" in ran.out + ran.err
    assert writes(box) == []


def test_2_for_changes_but_only_when_asked(project):
    project.campaigns(hello=a_text())
    assert project.run("plan").code == 0
    assert project.run("plan", "--detailed-exitcode").code == 2
    assert project.run("plan", "--offline", "--detailed-exitcode").code == 2


def test_2_also_for_a_record_that_is_to_take_another_key(project, box):
    project.campaigns(hello=a_text(name="Hello"))
    project.apply()
    sent = len(writes(box))
    project.campaigns(goodbye=a_text(name="Hello", moved={"from": "hello"}))
    assert project.run("plan", "--detailed-exitcode").code == 2
    assert project.run("apply", typed="").code == 0, "nothing is sent, so nobody is asked"
    assert project.recorded.keys() == {"goodbye"}
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert len(writes(box)) == sent


def test_4_when_some_are_applied_and_some_are_not(project, box):
    project.campaigns(one=a_text(), two=a_text(), three=a_text())
    box.inject("message_campaign/create", 2, errcode=40002)
    ran = project.apply("--json")
    assert ran.code == 4
    assert ran.document["error"]["code"] == "partial"
    assert {each["key"]: each["outcome"] for each in ran.document["changes"]} == {
        "one": "done",
        "two": "failed",
        "three": "done",
    }
    assert ran.document["outcomes"] == {"done": 2, "failed": 1, "unknown": 0, "skipped": 0}
    assert project.apply().code == 0
    assert project.recorded.keys() == {"one", "two", "three"}


def test_1_when_none_is_applied(project, box):
    project.campaigns(one=a_text())
    box.inject("message_campaign/create", errcode=40002)
    ran = project.apply("--json")
    assert ran.code == 1
    assert ran.document["changes"][0]["outcome"] == "failed"
    assert "errcode 40002" in ran.document["changes"][0]["message"]


def test_10_for_a_blocked_change_and_then_nothing_at_all_is_done(project, box):
    project.campaigns(sent=a_text(send="now"))
    project.apply()
    box.advance(60)
    project.campaigns(sent=a_text(send="now", message={"text": "Other"}), new=a_text())
    done = len(writes(box))
    for words in (("plan",), ("apply", "--auto-approve")):
        ran = project.run(*words)
        assert ran.code == 10
        assert "! sent" in ran.out
        assert "+ new" in ran.out, "the plan is printed whole"
    assert len(writes(box)) == done
    assert project.apply("--exclude", "sent").code == 0
    assert project.recorded.keys() == {"sent", "new"}


def test_10_for_a_name_that_somebody_else_has_taken_on_the_pbx(project, box):
    project.campaigns(hello=a_text())
    project.apply()
    project.state.unlink()
    ran = project.run("plan", "--json")
    assert ran.code == 10
    assert ran.errors == ["CMP215"]
    assert ran.document["error"]["code"] == "blocked"


def test_11_for_a_create_whose_outcome_nobody_can_tell_until_it_is_resolved(project, box):
    project.settings(pbx={"url": box.url, "delivery": "direct"})
    project.campaigns(hello=a_text(send="now"))
    box.inject("message_campaign/create", drop="before")
    ran = project.apply("--json")
    assert ran.code == 11
    assert ran.document["error"]["code"] == "unresolved"
    assert ran.document["changes"][0]["outcome"] == "unknown"
    for words in (("plan",), ("apply", "--auto-approve")):
        again = project.run(*words)
        assert again.code == 11
        assert "campaignops resolve hello" in again.err
    assert writes(box).count("message_campaign/create") == 1, "never posted again"
    assert project.run("resolve", "hello", "--absent").code == 0
    assert project.apply().code == 0


def test_12_while_somebody_else_applies_unless_it_may_wait(project, box):
    project.campaigns(hello=a_text())
    box.inject("message_campaign/create", delay_after_s=1)
    with project.start("apply", "--auto-approve") as other:
        while "message_campaign/create" not in writes(box):
            time.sleep(0.02)
        logins = len(box.requests())
        ran = project.apply("--json")
        assert ran.code == 12
        assert ran.document["error"]["code"] == "locked"
        assert f"pid {other.pid}" in ran.document["error"]["message"]
        assert "`--lock-timeout 60s` waits" in ran.err
        assert len(box.requests()) == logins, "the lock comes before the login"
        assert project.apply("--lock-timeout", "20s").code == 0
        other.communicate(timeout=20)
        assert other.returncode == 0
    assert writes(box).count("message_campaign/create") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plam"], "did you mean `plan`?"),
        (["frobnicate"], "`campaignops --help` lists them"),
        (["-q"], "which command?"),
        (["plan", "--offlin"], "unrecognized arguments: --offlin"),
        (["plan", "stray"], "unrecognized arguments: stray"),
        (["plan", "-C"], "expected one argument"),
        (["plan", "--var", "brand"], "`brand` is not NAME=VALUE"),
        (["plan", "--format", "yaml"], "invalid choice"),
        (["apply", "--lock-timeout", "soon"], "`soon` is not a time such as 0s, 90s or 5m"),
        (["state"], "the following arguments are required: VERB; see"),
        (["state", "show"], "`campaignops state list` lists them"),
        (["state", "show", "nobody"], "there is none at all"),
        (["status", "nobody"], "nobody"),
        (["render", "nobody"], "nobody"),
        (["plan", "--target", "helo"], "did you mean `hello`?"),
        (["plan", "--target", "winter"], "no campaign here fits `winter`; the keys are `hello`"),
        (["plan", "--exclude", "helo"], "did you mean `hello`?"),
        (["plan", "--offline", "--target", "helo"], "did you mean `hello`?"),
        (["validate", "--exclude", "helo"], "did you mean `hello`?"),
        (["sandbox", "--port", "65536"], "`65536` is not a port"),
        (["sandbox", "--set", "loud"], "`loud` is not SWITCH=VALUE"),
        (["sandbox", "--port", "0", "--set", "loud=yes"], "the switches are names_unique"),
        (["resolve", "nobody"], "nobody"),
    ],
    ids=" ".join,
)
def test_64_for_a_wrong_command_line(project, words, said):
    project.campaigns(hello=a_text())
    ran = project.run(*words)
    assert ran.code == 64
    assert ran.out == ""
    assert said in ran.err
    assert "Traceback" not in ran.err
    with_json = project.run(*words, "--json")
    assert with_json.code == 64
    assert with_json.document["error"]["code"] == "usage"


def test_64_from_the_console_script_too(tmp_path):
    ran = process("plam", cwd=tmp_path)
    assert (ran.code, ran.out) == (64, "")


def test_whoever_reads_only_the_first_line_breaks_nothing(project):
    project.campaigns(**{f"c{number}": a_text() for number in range(1500)})
    # Unbuffered, Python itself forgets what of a write did not fit.
    with project.start("plan", "--offline", PYTHONUNBUFFERED="") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith("campaignops plan")
        running.stdout.close()
        assert running.stderr.read() == ""
        assert running.wait(timeout=20) == 141


@pytest.mark.parametrize("words", [("validate", "--json"), ("plan", "--json", "--env", "none"), ("schema",)])
def test_an_answer_that_cannot_be_written_is_an_error_and_no_defect(project, words):
    with Path("/dev/full").open("wb") as full, project.start(*words, stdout=full.fileno()) as running:
        assert running.stderr is not None
        said = running.stderr.read()
        assert running.wait(timeout=20) == 1
    assert said.endswith(
        "error: stdout cannot be written: No space left on device; what is done is recorded\n"
    )
    assert ("there is no environment" in said) == ("none" in words)
    assert "Traceback" not in said


def test_whoever_does_not_read_that_something_failed_breaks_nothing(project):
    with project.start("plan", "--json", "--env", "none") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert "Traceback" not in running.stderr.read()
        assert running.wait(timeout=20) == 141


# streams


def test_stdout_carries_the_answer_and_stderr_the_talk(project):
    project.campaigns(hello=a_text(send={"at": "2020-01-01 10:00"}))
    ran = project.run("plan")
    assert ran.out.startswith("campaignops plan")
    assert "CMP407" not in ran.out
    assert "error[CMP407]" in ran.err
    project.campaigns(hello=a_text())
    ran = project.apply()
    assert "[1/1] create   hello  done     id 249" in ran.err
    assert "Applied: 1 done" in ran.out
    assert project.run("validate").err == "1 campaign holds.\n"


def test_q_leaves_out_the_talk_and_not_the_answer(project):
    project.campaigns(hello=a_text())
    for words in (("validate",), ("plan",), ("apply", "--auto-approve")):
        ran = project.run(*words, "-q")
        assert ran.code == 0
        assert ran.err == ""
    assert project.run("plan", "-q").out == project.run("plan").out
    assert project.run("plan", "-q", "--target", "x").err.startswith(("error: ", "error["))


def test_v_shows_what_does_not_change_and_each_step(project):
    project.campaigns(hello=a_text())
    assert "hello: create" in project.apply("-v").err
    assert "· hello" in project.run("plan", "-v").out
    assert "· hello" not in project.run("plan").out


def test_validate_writes_its_findings_to_stdout_in_the_form_that_is_asked_for(project):
    project.campaigns(hello=a_text(chanel="Main SMS"))
    shown = {form: project.run("validate", "--format", form) for form in ("concise", "github", "gitlab")}
    assert {ran.code for ran in shown.values()} == {1}
    assert shown["concise"].out.startswith("campaigns.yaml:")
    assert shown["github"].out.startswith("::error file=campaigns.yaml,")
    assert json.loads(shown["gitlab"].out)[0]["check_name"] == "CMP104"
    sarif = json.loads(project.run("validate", "--format", "sarif").out)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "CMP104"


def test_plan_annotates_github_also_when_the_settings_are_wrong(project):
    project.settings(pbx={"url": "ftp://pbx.example.com"})
    ran = project.run("plan", "--format", "github")
    assert ran.code == 1
    assert ran.out.startswith("::error file=campaignops.yaml,line=1,")
    assert project.run("plan", "--format", "github", "--json").document["error"]["code"] == "invalid"


def test_a_terminal_of_another_encoding_is_no_defect_and_a_document_is_utf_8_everywhere(project):
    project.campaigns(hello=a_text(message={"text": "Grüße 🌞"}))
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = process("plan", "--offline", cwd=project.root, **ascii_only)
    assert ran.code == 0
    assert "Gr\\xfc\\xdfe \\U0001f31e" in ran.out
    with project.start("plan", "--offline", "--json", **ascii_only) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.read())["changes"][0]["fields"]


NUMBERS = ["+8613800001111", "+12025550111", "+447700900123"]


def test_no_whole_phone_number_is_in_any_output_but_that_of_render(project, box):
    project.write("people.csv", "phone,name\n" + "".join(f"{number},x\n" for number in NUMBERS))
    project.campaigns(
        hello=a_text(
            name=f"Call {NUMBERS[0]}",
            recipients={"file": "people.csv"},
            message={"text": f"Ring us: {NUMBERS[1]}"},
            send={"at": "2030-07-30 18:06"},
        )
    )
    said = [
        project.run("plan", "--offline"),
        project.run("plan"),
        project.apply("-vv"),
        project.run("status"),
    ]
    project.campaigns(hello=a_text(name=f"Call {NUMBERS[2]}", message={"text": f"Ring us: {NUMBERS[0]}"}))
    said += [
        project.run(*words) for words in (("plan", "-v"), ("plan", "--json"), ("state", "show", "hello"))
    ]
    said += [project.run("plan", "--target", NUMBERS[0]), project.run("plan", NUMBERS[0], "--json")]
    project.write("people.csv", f"phone\n{NUMBERS[0]}\n{NUMBERS[0]}\n{NUMBERS[1][1:]}\n")
    project.campaigns(hello=a_text(recipients={"file": "people.csv"}), other=a_text(recipients=NUMBERS[2]))
    said += [project.run("validate", *words) for words in ((), ("--json",), ("--format", "concise"))]
    for ran in said:
        assert not any(number[1:] in ran.out + ran.err for number in NUMBERS)
    project.campaigns(hello=a_text())
    assert NUMBERS[0] in project.run("render").out


# a typed yes


def test_apply_asks_and_takes_a_yes(project, box):
    project.campaigns(hello=a_text())
    ran = project.run("apply", typed="yes\n")
    assert ran.code == 0
    assert "Plan: 1 to create" in ran.err
    assert "Type yes" in ran.err


@pytest.mark.parametrize("typed", ["", "y\n", "no\n", "YES\n"])
def test_anything_but_a_yes_does_nothing(project, box, typed):
    project.campaigns(hello=a_text())
    ran = project.run("apply", "--json", typed=typed)
    assert ran.code == 1
    assert ran.document["error"]["code"] == "not_confirmed"
    assert ("use --auto-approve" in ran.err) == (typed == "")
    assert writes(box) == []
    assert not project.state.exists()


def test_with_json_the_plan_that_is_agreed_to_is_on_stderr_even_when_it_is_to_be_quiet(project):
    project.campaigns(hello=a_text())
    for words in ((), ("-q",)):
        assert "+ hello" in project.run("apply", "--json", *words, typed="no\n").err
    assert "+ hello" not in project.apply("--json", "-q").err


def test_nobody_is_asked_when_there_is_nothing_to_do(project):
    project.campaigns(hello=a_text())
    project.apply()
    ran = project.run("apply")
    assert ran.code == 0
    assert ran.out.startswith("No changes.")


# one JSON document

FIELDS = {
    "plan": {"digest", "environment", "changes", "summary", "findings"},
    "apply": {"digest", "environment", "changes", "summary", "findings", "outcomes"},
    "validate": {"findings"},
    "status": {"campaigns"},
    "state list": {"campaigns"},
}
CHANGE = {
    "key", "action", "type", "name", "id", "reason", "source", "fields", "steps", "recipients", "added",
    "removed", "send",
}  # fmt: skip
IN_A_PROJECT = ["plan", "plan --offline", "apply --auto-approve", "validate", "validate --online", "render"]
IN_A_PROJECT += ["status", "state list", "state show hello"]


def assert_fields(document: Any, command: str) -> None:
    kind = " ".join(
        word for word in command.split()[:2] if word in ("state", "list", "show") or word in COMMANDS
    )
    assert document["schema_version"] == 1
    assert document["kind"] == kind
    assert document.keys() >= FIELDS.get(kind, set())


@pytest.mark.parametrize("command", IN_A_PROJECT)
def test_json_is_one_document_in_success(project, command):
    project.campaigns(hello=a_text(send={"at": "2030-07-30 18:06", "timezone": "Europe/Berlin"}))
    if "hello" in command:
        project.apply()
    ran = project.run(*command.split(), "--json")
    assert ran.code == 0, ran
    assert_fields(ran.document, command)
    assert "error" not in ran.document
    for change in ran.document.get("changes", ()):
        assert change.keys() >= CHANGE
        assert change["source"] == {"file": "campaigns.yaml", "line": 3}
        assert change["send"] == {"kind": "at", "time": "2030-07-30T18:06:00+02:00"}


@pytest.mark.parametrize("command", IN_A_PROJECT)
@pytest.mark.parametrize("broken", ["settings", "state", "credentials", "folder"])
def test_json_is_one_document_in_failure(project, command, broken, monkeypatch):
    project.campaigns(hello=a_text())
    fails = {
        "settings": True,
        "state": command not in ("validate", "validate --online", "render"),
        "credentials": command not in ("validate", "plan --offline", "status", "state list"),
        "folder": True,
    }
    words = [*command.split(), "--json"]
    match broken:
        case "settings":
            project.write("campaignops.yaml", "pbx: [")
        case "state":
            project.state.write_text("")
        case "credentials":
            monkeypatch.delenv("CAMPAIGNOPS_CLIENT_SECRET")
        case "folder":
            words += ["-C", "nowhere"]
    ran = project.run(*words)
    assert ran.document.keys() >= {"schema_version", "kind"}
    if fails[broken]:
        assert ran.code != 0
        assert_fields(ran.document, command)
        assert ran.document["error"].keys() == {"code", "message"}
        assert ran.err.rstrip().splitlines()[-1].startswith(("error: ", "error["))


ARGUMENTS = {
    "retry": "x",
    "import": "x 1",
    "resolve": "x",
    "test-send": "x --to +12025550111",
    "state": "pull",
}
NEED_NO_PROJECT = {"init", "explain", "schema", "sandbox", "demo", "fmt"}


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_one_document_in_the_failure_of_any_command(project, command):
    project.write("campaignops.yaml", "pbx: [")
    words = ["--frob"] if command in NEED_NO_PROJECT else ARGUMENTS.get(command, "").split()
    ran = project.run(command, *words, "--json")
    assert ran.code in (1, 64)
    assert ran.document["schema_version"] == 1
    assert ran.document["kind"].startswith(command)
    assert ran.document["error"].keys() == {"code", "message"}


def test_apply_says_what_became_of_each_change(project):
    project.campaigns(old=a_text())
    project.apply()
    project.campaigns(old=a_text(), new=a_text())
    ran = project.apply("--json")
    changes = {each["key"]: each for each in ran.document["changes"]}
    assert changes["new"] | {"outcome": "done", "id": 250, "action": "create"} == changes["new"]
    assert changes["old"] | {"outcome": "skipped", "id": 249, "action": "none"} == changes["old"]
    assert ran.document["outcomes"] == {"done": 1, "failed": 0, "unknown": 0, "skipped": 0}


def test_state_list_names_what_is_promised(project):
    project.campaigns(hello=a_text(name="Hello"))
    project.apply()
    (row,) = project.run("state", "list", "--json").document["campaigns"]
    assert row == {"key": "hello", "id": 249, "name": "Hello", "phase": "bound", "status": None}


@pytest.mark.parametrize("words", [["--format", "json"], ["--format=json"]], ids=str)
@pytest.mark.parametrize("command", ["plan", "validate"])
def test_the_json_format_is_the_same_as_json(project, command, words):
    project.campaigns(hello=a_text())
    project.apply()
    assert project.run(command, *words).document == project.run(command, "--json").document


def test_json_needs_no_command_to_fail_properly(tmp_path):
    for words in (["--json"], ["--json", "plam"], ["plan", "--json", "--frob"]):
        ran = process(*words, cwd=tmp_path)
        assert ran.code == 64
        assert ran.document["error"]["code"] == "usage"


def test_the_schemas_are_documents_themselves(tmp_path):
    for words in ((), ("settings",)):
        assert (
            json.loads(run("schema", *words).out)["$schema"]
            == run("schema", *words, "--json").document["$schema"]
        )


def test_two_plans_are_the_same_bytes(project):
    project.campaigns(hello=a_text())
    project.apply()
    project.campaigns(hello=a_text(message={"text": "Hi"}), new=a_text())
    assert project.run("plan", "--json") == project.run("plan", "--json")


def test_a_process_without_an_input_is_not_confirmed(project):
    project.campaigns(hello=a_text())
    ran = subprocess.run(
        f"exec {sys.executable} -m campaignops apply --json <&-",
        shell=True, cwd=project.root, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
    )  # fmt: skip
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["error"]["code"] == "not_confirmed"


# colours


def on_a_terminal(folder: Path, *words: str, **environment: str) -> str:
    """What the command writes when all its streams are a terminal."""
    main, end = pty.openpty()
    environment = {"TERM": "xterm", "PATH": "", "PYTHONPATH": str(ROOT), **environment}
    started = subprocess.Popen(
        [sys.executable, "-m", "campaignops", *words],
        cwd=folder, env=environment, stdin=end, stdout=end, stderr=end,
    )  # fmt: skip
    os.close(end)
    seen = b""
    while select.select([main], [], [], 20)[0]:
        try:
            seen += os.read(main, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
    os.close(main)
    started.wait(timeout=20)
    return seen.decode()


@pytest.mark.parametrize(
    ("words", "environment", "colored"),
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        (("--no-color",), {}, False),
        ((), {"TERM": "dumb"}, False),
    ],
)
def test_colours_only_where_somebody_looks_and_wants_them(project, words, environment, colored):
    project.campaigns(hello=a_text(send={"at": "2020-01-01 10:00"}))
    said = on_a_terminal(project.root, "plan", "--offline", *words, **environment)
    assert "CMP407" in said
    assert ("\x1b[" in said) == colored
    assert "\x1b[" not in project.run("plan", "--offline").out


def test_an_apply_on_a_terminal_shows_a_bar(project):
    project.campaigns(hello=a_text())
    said = on_a_terminal(project.root, "apply", "--auto-approve", **credentials())
    assert "hello: create" in said
    assert "0/1" in said
    assert "Applied: 1 done" in said


def credentials() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("CAMPAIGNOPS_")}


# what starts up

HEAVY = {
    "pydantic",
    "jinja2",
    "ruamel",
    "httpx",
    "deepdiff",
    "asyncio",
    "ssl",
    "starlette",
    "uvicorn",
    "rich",
}
NOT_EVEN = HEAVY | {"argparse", "dataclasses", "pathlib", "typing", "re"}
TRACED = """
import sys
from campaignops.__main__ import main
for line in sys.argv[1:]:
    sys.argv[1:] = line.split()
    if main():
        sys.exit(f"{line} failed")
print(*sys.modules, file=sys.stderr)
"""


def imported_by(*lines: str, folder: Path, bare: bool = False) -> set[str]:
    """The modules that these command lines have imported, one after another; `bare`: no site packages set up before."""
    ran = subprocess.run(
        [sys.executable, *(["-S"] if bare else []), "-c", TRACED, *lines],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.splitlines()[-1].split())


def test_version_and_help_import_next_to_nothing(tmp_path):
    lines = ("--version", "-V", "--help", "-h", "help", "")
    assert imported_by(*lines, folder=tmp_path, bare=True) & NOT_EVEN == set()


def test_the_help_of_a_command_does_not_pay_for_the_command(tmp_path):
    lines = [line for command in COMMANDS for line in (f"{command} --help", f"help {command}")]
    assert imported_by(*lines, folder=tmp_path, bare=True) & HEAVY == set()


def test_what_asks_no_pbx_does_not_pay_for_one(project):
    project.campaigns(hello=a_text())
    lines = ("validate", "plan --offline", "state list", "schema")
    spared = {"httpx", "deepdiff", "starlette", "uvicorn", "rich", "jinja2"}
    assert imported_by(*lines, folder=project.root) & spared == set()


def test_a_pbx_elsewhere_needs_no_sandbox_and_an_equal_campaign_no_diff(project):
    project.campaigns(hello=a_text())
    project.apply()
    assert imported_by("plan", folder=project.root) & {"deepdiff", "starlette", "uvicorn", "jinja2"} == set()


# help


def test_version_and_help_are_answers(tmp_path):
    assert process("--version", cwd=tmp_path).out == f"campaignops {__version__}\n"
    for words in ((), ("--help",), ("-h",), ("help",)):
        ran = process(*words, cwd=tmp_path)
        assert (ran.code, ran.out, ran.err) == (0, TEXT, "")


def test_every_command_has_a_line_a_module_its_arguments_and_a_help():
    assert COMMANDS.keys() == arguments.OF.keys()
    for command, line in COMMANDS.items():
        assert f"  {command:<12} {line}\n" in TEXT
        assert (ROOT / "campaignops" / "cli" / "commands" / f"{command.replace('-', '_')}.py").is_file()
        ran = run(command, "--help")
        assert ran.code == 0
        assert ran.out.startswith(f"usage: campaignops {command} ")
        assert "--lock-timeout" in ran.out


# init


ACTION = ("action.yml", "apply.sh", "comment.py", "login.sh", "plan.sh", "state.sh")


def test_init_makes_a_project_that_holds_and_plans_on_the_sandbox(tmp_path):
    with chdir(tmp_path):
        ran = run("init", "shop")
        assert ran.code == 0
        action = [f".github/actions/campaignops/{name}" for name in ACTION]
        assert ran.out.split() == [
            f"shop/{name}"
            for name in (
                *("campaignops.yaml", "welcome.yaml", "campaign.schema.json", "settings.schema.json"),
                *(".gitignore", ".github/workflows/campaigns.yml"),
                *action,
            )
        ]
        assert ran.err == "Next: campaignops -C shop plan\n"
        assert run("-C", "shop", "validate").code == 0
        plan = run("-C", "shop", "plan", "--json")
        assert [each["action"] for each in plan.document["changes"]] == ["create"]
        assert plan.document["findings"] == []


def test_init_takes_the_current_folder_when_none_is_named(tmp_path):
    with chdir(tmp_path):
        assert "campaignops.yaml" in run("init").out.split()
        assert run("validate").code == 0


@pytest.mark.parametrize(
    ("here", "written"),
    [("Europe/Berlin", "Europe/Berlin"), (":Asia/Tokyo", "Asia/Tokyo"), ("Etc/UTC", "UTC")],
)
def test_init_takes_the_time_zone_of_the_machine(tmp_path, monkeypatch, here, written):
    monkeypatch.setenv("TZ", here)
    assert run("init", str(tmp_path)).code == 0
    assert f"\ntimezone: {written}\n" in (tmp_path / "campaignops.yaml").read_text()


def test_what_init_writes_is_known_to_editors(tmp_path):
    assert run("init", str(tmp_path)).code == 0
    for name, kind in (("welcome.yaml", "manifest"), ("campaignops.yaml", "settings")):
        modeline = (tmp_path / name).read_text().partition("\n")[0]
        schema = tmp_path / modeline.removeprefix("# yaml-language-server: $schema=")
        assert schema.read_text() == run("schema", kind).out


def test_init_reads_dir_from_the_folder_that_c_names(tmp_path):
    with chdir(tmp_path):
        ran = run("-C", "shops", "init", "my tea", "--json")
        assert ran.document["files"][0] == "shops/my tea/campaignops.yaml"
        assert "Next: campaignops -C 'shops/my tea' plan" in ran.err
        assert run("-C", "shops", "init").code == 0


def test_in_a_git_repository_the_workflow_goes_where_it_is_looked_for(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "marketing").mkdir()
    with chdir(tmp_path / "marketing"):
        assert "../.github/workflows/campaigns.yml" in run("init", "tea").out.split()
    workflow = (tmp_path / ".github/workflows/campaigns.yml").read_text()
    assert workflow.count('folder: "marketing/tea"\n') == 3
    assert 'folder: "."' not in workflow


def test_init_keeps_what_is_there(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("mine\n")
    with chdir(tmp_path):
        ran = run("init", "--json")
        assert ran.code == 0
        assert ran.document["kept"] == [".gitignore"]
        assert ".gitignore was there already and stays as it is. Add: .campaignops/" in ran.err
        assert (tmp_path / ".gitignore").read_text() == "mine\n"
        second = run("init", "other")
        assert second.code == 0
        assert ".github/workflows/campaigns.yml was there already" in second.err


@pytest.mark.parametrize("name", ["campaignops.yaml", "welcome.yaml"])
def test_init_overwrites_nothing_and_then_writes_nothing(tmp_path, name):
    (tmp_path / name).write_text("mine\n")
    with chdir(tmp_path):
        ran = run("init")
    assert ran.code == 1
    assert name in ran.err
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "mine\n"}


def test_init_says_why_it_cannot_write(tmp_path):
    (tmp_path / "file").write_text("")
    with chdir(tmp_path):
        ran = run("init", "file/shop")
    assert ran.code == 1
    assert "error: cannot write file/shop/campaignops.yaml" in ran.err


# demo


def test_demo_ends_well_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("CAMPAIGNOPS_ENV", "production")  # it must not reach for that PBX
    here = Path.cwd()
    ran = run("demo")
    assert ran.code == 0
    assert [line for line in ran.out.splitlines() if line.startswith("$")] == [
        "$ campaignops validate",
        "$ campaignops plan",
        "$ campaignops apply --auto-approve",
        "$ campaignops plan",
        "$ campaignops status",
    ]
    assert "No changes." in ran.out
    assert list(tmp_path.iterdir()) == []
    assert Path.cwd() == here
    assert os.environ["CAMPAIGNOPS_ENV"] == "production"


def test_demo_as_a_document(tmp_path):
    document = run("demo", "--json").document
    assert document["kind"] == "demo"
    assert {each["exit_code"] for each in document["steps"]} == {0}


def test_demo_keeps_its_folder_when_asked_and_overwrites_none(tmp_path):
    with chdir(tmp_path):
        assert run("demo", "--keep", "sample", "-q").code == 0
        assert run("-C", "sample", "plan", "--detailed-exitcode").code == 0
        ran = run("demo", "--keep", "sample")
        assert ran.code == 1
        assert ran.err == "error: cannot copy the sample to sample: File exists\n"


# the sandbox on a port


def test_the_sandbox_says_where_it_is_and_a_project_can_use_it(tmp_path):
    project = Project(tmp_path / "project")
    with project.start("sandbox", "--port", "0", "--json", "--set", "page_size_max=2") as running:
        assert running.stdout is not None
        said = json.loads(running.stdout.readline())
        assert said.keys() == {"schema_version", "kind", "url", "client_id", "client_secret"}
        project.settings(pbx={"url": said["url"]})
        project.campaigns(hello=a_text())
        keys = {f"CAMPAIGNOPS_CLIENT_{name}": said[f"client_{name.lower()}"] for name in ("ID", "SECRET")}
        assert process("plan", cwd=project.root, **keys).code == 0
        running.terminate()
        assert running.wait(timeout=20) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--store", "junk.db"], "error: the sandbox cannot use junk.db: file is not a database"),
        (["--store", "no/such/folder.db"], "error: the sandbox cannot use no/such/folder.db: unable to open"),
        (["--seed", "junk.db"], "--> junk.db:1:7"),
        (["--seed", "nowhere.yaml"], "`nowhere.yaml` cannot be read: No such file or directory"),
    ],
    ids=" ".join,
)
def test_a_sandbox_that_cannot_start_says_why(tmp_path, words, said):
    (tmp_path / "junk.db").write_text("junk: [1\n")
    with chdir(tmp_path):
        ran = run("sandbox", "--port", "0", *words)
        assert ran.code == 1
        assert said in ran.err
        assert run("sandbox", "--port", "0", *words, "--json").document["error"]["code"]


def test_a_port_that_is_taken_is_an_error(box):
    ran = run("sandbox", "--port", str(box.port))
    assert ran.code == 1
    assert "try --port 0" in ran.err
