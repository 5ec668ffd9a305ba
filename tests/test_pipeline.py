"""The shipped workflow, from an empty repository to a campaign that was sent, and everything that may go wrong on the
way. The judge is the sandbox's ledger."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from campaignops.sandbox.running import Sandbox
from tests import forge
from tests.command_line import ROOT, a_text, bodies, run
from tests.forge import Api, Job, Runner, git
from tests.test_report_comment import Rendered

STATE = "campaignops-state"


class Repository:
    """A repository of one person who works with the shipped workflow."""

    def __init__(self, folder: Path, box: Sandbox, told: Api) -> None:
        self.box, self.forge, self.folder = box, told, folder
        self.origin, self.work = folder / "origin.git", folder / "work"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        git(folder, "clone", "--quiet", str(self.origin), str(self.work))
        for name, value in (("user.name", "Somebody"), ("user.email", "somebody@example.com")):
            git(self.work, "config", name, value)
        git(self.work, "checkout", "--quiet", "-B", "main")
        secrets = {
            "CAMPAIGNOPS_CLIENT_ID": box.client_id,
            "CAMPAIGNOPS_CLIENT_SECRET": box.client_secret,
        }
        self.runner = Runner(self.origin, folder, told, secrets)
        self.init()
        self.settings()

    def init(self) -> None:
        with chdir(self.work):
            assert run("init").code == 0

    def settings(self, url: str | None = None, **pbx: Any) -> None:
        reach = {"url": url or self.box.url, "timeout": 2, **pbx}
        environments = {"production": {"pbx": reach, "state": "production.state.json"}}
        said = {"pbx": {"url": "sandbox"}, "vars": {"brand": "Acme"}, "environments": environments}
        (self.work / "campaignops.yaml").write_text(json.dumps(said))

    def campaigns(self, **campaigns: dict[str, Any]) -> None:
        (self.work / "campaigns.yaml").write_text(json.dumps({"campaigns": campaigns}, indent=1))

    def commit(self, branch: str = "main") -> str:
        git(self.work, "checkout", "--quiet", "-B", branch)
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "Write campaigns")
        git(self.work, "push", "--quiet", "--force", "origin", branch)
        return git(self.work, "rev-parse", "HEAD").strip()

    def review(self, sha: str, number: int = 7, *, is_fork: bool = False) -> Job:
        return self.runner.play("review", {"pull_request": {"number": number}}, sha, is_fork=is_fork)

    def plan(self, sha: str) -> Job:
        return self.runner.play("plan", {}, sha)

    def apply(self, sha: str, **tool: str) -> Job:
        return self.runner.play("apply", {}, sha, tool=tool)

    def merged(self, sha: str) -> Job:
        """What GitHub does after a merge and a yes."""
        planned = self.plan(sha)
        assert (planned.code, planned.outputs.get("changes")) == (0, "true"), planned.log
        return self.apply(sha)

    @property
    def state(self) -> dict[str, Any]:
        """The campaigns on the state's branch, as a person fetches them."""
        folder = self.folder / "look"
        if not folder.exists():
            git(self.folder, "clone", "--quiet", str(self.origin), str(folder))
        script = folder / ".github/actions/campaignops/state.sh"
        subprocess.run(["bash", script, "fetch"], cwd=folder, check=True)
        with chdir(folder):
            ran = run("state", "list", "--json", "--env", "production")
        return {each["key"]: each for each in ran.document["campaigns"]}

    @property
    def sent(self) -> list[str]:
        return [each["number"] for each in self.box.ledger()]


@pytest.fixture
def told() -> Iterator[Api]:
    with forge.api() as told:
        yield told


@pytest.fixture
def repository(tmp_path: Path, box: Sandbox, told: Api) -> Repository:
    return Repository(tmp_path, box, told)


def test_from_an_empty_repository_to_history(repository, box, told):
    first = repository.commit()
    assert repository.merged(first).code == 0  # the example of `init`, a draft
    assert repository.sent == []
    assert repository.plan(first).outputs["changes"] == "false"

    repository.campaigns(hello=a_text(send="now"))
    branch = repository.commit("sale")
    before = len(box.requests())
    review = repository.review(branch)
    assert review.code == 0
    (comment,) = told.of(7)
    assert comment.startswith("<!-- campaignops:")
    assert "hello" in comment
    assert "hello" in review.summary
    assert len(box.requests()) == before, "a pull request is planned without the PBX"

    repository.campaigns(hello=a_text(send="now", message={"text": "Hello again"}))
    assert repository.review(repository.commit("sale")).code == 0
    (edited,) = told.of(7)
    assert "Hello again" in edited

    merge = repository.commit()
    told.pulls[merge] = 7
    planned = repository.plan(merge)
    assert (planned.code, planned.outputs["changes"]) == (0, "true")
    assert "::warning" not in planned.log, "the plan after a merge may not comment, and does not try"
    assert "hello" in planned.summary
    applied = repository.apply(merge)
    assert applied.code == 0
    assert repository.sent == ["+8613800001111"]
    assert repository.state["hello"]["phase"] == "released"
    (result,) = told.of(7)
    assert str(repository.state["hello"]["id"]) in result
    assert applied.summary == result, "after a push by hand there is nothing else to look at"
    assert repository.plan(merge).outputs["changes"] == "false"

    repository.campaigns(hello=a_text(send="now", message={"text": "Another text"}))
    refused = repository.review(repository.commit("edit"), 8)
    assert refused.code == 10
    assert "CMP501" in told.of(8)[0]
    assert repository.sent == ["+8613800001111"]


def test_a_fork_gets_a_plan_in_the_summary_and_nothing_else(repository, box, told):
    repository.commit()
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit("fork")
    job = repository.review(sha, is_fork=True)
    assert job.code == 0
    assert "hello" in job.summary
    assert "::warning::the comment could not be written: 403" in job.log
    assert box.requests() == []
    assert told.of(7) == []


def test_a_hostile_pull_request_gains_no_secret_no_send_and_no_markup(repository, box, told):
    """It may change the workflow and the scripts that plan it, and is run as it says."""
    workflow = repository.work / ".github/workflows/campaigns.yml"
    review, rest = workflow.read_text().split("\n  plan:\n")
    review = review.replace("    runs-on:", "    environment: production\n    runs-on:")
    review += "".join(
        f"          client-{name.lower()}: ${{{{ secrets.CAMPAIGNOPS_CLIENT_{name} }}}}\n"
        for name in ("ID", "SECRET")
    )
    workflow.write_text(f"{review}\n  plan:\n{rest}")
    script = repository.work / ".github/actions/campaignops/plan.sh"
    greedy = (
        f"env\ncampaignops apply --auto-approve || true\ngit push origin HEAD:refs/heads/{STATE} || true\n"
    )
    script.write_text(script.read_text().replace("code=0\n", f"{greedy}code=0\n"))
    hostile = (
        "zzq@everyone ![x](https://evil.example/x.png) </details><script>x</script>\n```\n::error::x\nzzq"
    )
    repository.campaigns(hello=a_text(send="now", message={"text": hostile}))
    sha = repository.commit("hostile")
    for is_fork in (True, False):
        job = repository.review(sha, is_fork=is_fork)
        assert "CAMPAIGNOPS_ENV=production" in job.log, "it has run what it brought along"
        assert box.client_secret not in job.log + job.summary
        page = Rendered(job.summary)
        assert "details" in page.tags
        assert not {"a", "img", "script"} & set(page.tags)
        assert "zzq" not in page.bare
        assert told.of(7) == ([] if is_fork else [job.summary])
    assert box.requests() == []
    assert git(repository.origin, "branch", "--list", STATE) == ""


def test_the_comment_of_somebody_else_is_not_touched(repository, told):
    repository.commit()
    repository.campaigns(hello=a_text())
    sha = repository.commit("sale")
    assert repository.review(sha).code == 0
    (comment,) = told.of(7)
    for number in range(120):
        told.write(9, f"{comment.splitlines()[0]} {number}", "User")
    assert repository.review(sha, 9).code == 0
    assert repository.review(sha, 9).code == 0
    assert [each["user"]["type"] for each in told.comments.values() if each["issue"] == 9].count("Bot") == 1


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\n\r\n<html>", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["]
)
def test_a_forge_that_does_not_answer_costs_the_comment_and_not_the_job(tmp_path, answer):
    def speak() -> None:
        line, _ = server.accept()
        with line:
            line.recv(65536)
            line.sendall(answer)

    (tmp_path / "page.md").write_text("<!-- campaignops:plan: -->\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=speak)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        environ = {
            "GITHUB_API_URL": url,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_TOKEN": "x",
            "PULL_REQUEST": "7",
        }
        script = ROOT / "campaignops/cli/new_project/github/actions/campaignops/comment.py"
        ran = subprocess.run(
            [sys.executable, script, tmp_path / "page.md"],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
        thread.join()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("::warning::the comment could not be written: ")


def test_words_of_a_manifest_are_no_commands_and_no_secret_is_shown(repository, box, told):
    hostile = "hello\n::set-output name=changes::true\n::add-mask::a\n@everyone <img src=x> [a](https://x.de)"
    repository.campaigns(hello=a_text(send="now", message={"text": hostile}))
    sha = repository.commit()
    job = repository.plan(sha)
    assert job.code == 0
    mine = ("::error", "::warning", "::notice", "::add-mask::")
    commands = [line for line in job.log.splitlines() if line.lstrip().startswith("::")]
    assert all(line.startswith(mine) for line in commands)
    assert "::add-mask::a" not in commands
    told_of = job.log.replace(f"::add-mask::{box.client_secret}", "").replace(
        f"::add-mask::{box.client_id}", ""
    )
    assert box.client_secret not in told_of + job.summary
    masked_first = "".join(f"::add-mask::{secret}\n" for secret in (box.client_id, box.client_secret))
    assert job.log.startswith(masked_first)


def test_an_old_job_that_is_run_again_does_nothing(repository):
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit()
    assert repository.merged(sha).code == 0
    again = repository.apply(sha)
    assert again.code == 10
    assert len(repository.sent) == 1


def test_an_approval_does_not_outlive_a_newer_merge(repository):
    repository.campaigns(hello=a_text(send="now", message={"text": "with a slip"}))
    sha = repository.commit()
    assert repository.plan(sha).code == 0
    repository.campaigns(hello=a_text(send="now", message={"text": "without"}))
    newer = repository.commit()
    late = repository.apply(sha)
    assert late.code == 10
    assert "main has changed since this run began" in late.log
    assert repository.merged(newer).code == 0
    made = [body["content"] for body in bodies(repository.box, "message_campaign/create")]
    assert "without" in made
    assert "with a slip" not in made
    assert len(repository.sent) == 1


def test_a_tampered_plan_is_refused(repository):
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit()
    repository.plan(sha)
    kept = repository.runner.artifacts["campaign-plan"]
    kept.write_text(kept.read_text().replace("Hello", "Pay me"))
    assert repository.apply(sha).code == 10
    assert repository.sent == []


def test_a_cancelled_apply_ends_safely_and_the_next_goes_on(repository, tmp_path):
    repository.campaigns(one=a_text(send="now"), two=a_text(send="now"))
    sha = repository.commit()
    repository.plan(sha)
    job = repository.apply(sha, **hook(tmp_path, "os.kill(step, signal.SIGTERM)", at=3))
    assert job.code == 130
    assert "interrupted" in job.log
    assert len(repository.sent) < 2
    assert repository.merged(sha).code == 0
    assert len(repository.sent) == 2
    assert repository.plan(sha).outputs["changes"] == "false"


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_runner_that_dies_loses_nothing_and_sends_nothing_twice(repository, tmp_path, at):
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit()
    repository.plan(sha)
    repository.apply(
        sha, **hook(tmp_path, "os.kill(apply, signal.SIGKILL); os.killpg(0, signal.SIGKILL)", at=at)
    )
    again = repository.plan(sha)
    assert again.code == 0, again.log
    if again.outputs["changes"] == "true":
        assert repository.apply(sha).code == 0
    assert len(repository.sent) == 1
    assert repository.state["hello"]["phase"] == "released"


def test_a_state_that_somebody_else_has_moved_ends_the_apply_before_its_next_call(repository, tmp_path):
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit()
    repository.plan(sha)
    push = f"subprocess.run(['git', 'push', '-q', {str(repository.origin)!r}, 'HEAD:refs/heads/{STATE}'])"
    job = repository.apply(sha, **hook(tmp_path, push, at=1))
    assert job.code == 1
    assert "the command of --checkpoint failed" in job.log
    assert repository.sent == []


def test_a_broken_line_is_not_an_empty_state(repository):
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit()
    work = repository.work
    git(work, "remote", "set-url", "origin", str(repository.folder / "nowhere.git"))
    script = str(work / ".github/actions/campaignops/state.sh")
    assert subprocess.run(["bash", script, "fetch"], cwd=work, capture_output=True, check=False).returncode
    git(work, "remote", "set-url", "origin", str(repository.origin))
    assert repository.merged(sha).code == 0


def test_a_state_that_is_committed_beside_the_manifests_is_refused(repository):
    (repository.work / "production.state.json").write_text("{}")
    git(repository.work, "add", "--force", "production.state.json")
    job = repository.plan(repository.commit())
    assert job.code == 1
    assert "a *.state.json is committed here" in job.log


def test_the_workflow_asks_for_no_more_than_it_needs_and_lets_nothing_in():
    """What it is to GitHub, whatever its scripts do."""
    shipped = ROOT / "campaignops/cli/new_project/github"
    workflow = YAML(typ="safe").load(shipped / "workflows/campaigns.yml")
    action = YAML(typ="safe").load(shipped / "actions/campaignops/action.yml")
    assert workflow["on"].keys() == {"pull_request", "push"}, "and not pull_request_target"
    assert workflow["on"]["push"] == {"branches": ["main"]}
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "review": {"contents": "read", "pull-requests": "write"},
        "plan": {"contents": "read"},
        "apply": {"contents": "write", "pull-requests": "write"},
    }
    assert jobs["apply"]["concurrency"] == {"group": "campaigns-production", "cancel-in-progress": False}
    assert {name: job.get("environment") for name, job in jobs.items() if "secrets." in json.dumps(job)} == {
        "plan": "production-plan",
        "apply": "production",
    }
    steps = [*action["runs"]["steps"], *(step for job in jobs.values() for step in job["steps"])]
    for step in steps:
        assert re.fullmatch(r"\./\S+|[\w/-]+@[0-9a-f]{40}|", step.get("uses", "")), "pinned to a commit"
        assert "${{" not in step.get("run", ""), "what others wrote is no part of a script"
        if "checkout" in step.get("uses", ""):
            assert step["with"] == {"persist-credentials": False}


# One job for each exit code that a pipeline may see; 0, 2 (as changes=true), 10 and 130 are above.


def test_a_state_that_somebody_else_holds_is_left_alone(repository, tmp_path):
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit()
    repository.plan(sha)
    job = repository.apply(sha, **while_the_state_is_held(tmp_path))
    assert job.code == 12
    assert "somebody" in job.log
    assert repository.sent == []
    assert repository.merged(sha).code == 0
    assert len(repository.sent) == 1


def test_a_wrong_option_in_the_workflow_is_wrong_usage_and_says_which(repository):
    path = repository.work / ".github/workflows/campaigns.yml"
    workflow = path.read_text()
    path.write_text(
        workflow.replace("permissions: {}\n", "permissions: {}\nenv: {CAMPAIGNOPS_LOCK_TIMEOUT: soon}\n")
    )
    sha = repository.commit()
    for job in (repository.review(sha), repository.plan(sha)):
        assert job.code == 64
        assert "CAMPAIGNOPS_LOCK_TIMEOUT: `soon` is not a time such as 0s, 90s or 5m" in job.log
    assert repository.box.requests() == []


def test_a_manifest_that_does_not_hold_fails_the_review_with_its_place(repository, told):
    repository.campaigns(hello=a_text(recipients={"numbers": ["0123"]}))
    job = repository.review(repository.commit("slip"))
    assert job.code == 1
    assert any(line.startswith("::error file=campaigns.yaml,line=") for line in job.log.splitlines())
    assert "CMP105" in told.of(7)[0]


def test_an_apply_that_does_only_a_part_says_so_and_keeps_it(repository, box):
    repository.campaigns(bad=a_text(send="now"), good=a_text(send="now"))
    sha = repository.commit()
    repository.plan(sha)
    box.inject("message_campaign/create", errcode=40002)
    assert repository.apply(sha).code == 4
    assert len(repository.sent) == 1
    assert sorted(repository.state) == ["good", "welcome"]


def test_a_create_whose_outcome_is_unknown_waits_for_a_person(repository, box):
    repository.settings(delivery="direct")
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit()
    repository.plan(sha)
    box.inject("message_campaign/create", drop="before")
    assert repository.apply(sha).code == 11
    assert repository.state["hello"]["phase"] == "stuck"
    assert repository.plan(sha).code == 11


def test_a_wrong_folder_fails_at_once(repository):
    path = repository.work / ".github/workflows/campaigns.yml"
    path.write_text(path.read_text().replace('folder: "."\n', "folder: no-such\n"))
    assert repository.plan(repository.commit()).code != 0
    assert repository.sent == []


def hook(folder: Path, act: str, *, at: int) -> dict[str, str]:
    """Variables with which `git push` of the job's machine does `act` instead, the `at`-th time. `apply` is the process
    of the apply, `step` the one that the runner has started: a job that is cancelled is told there."""
    count = folder / "pushes"
    script = folder / "hook.py"
    script.write_text(
        f"""
import os, pathlib, signal, subprocess, sys
count = pathlib.Path({str(count)!r})
def parent(pid):
    return int(pathlib.Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[1])
apply = step = parent(os.getsid(0))
while parent(step) != {os.getpid()}:
    step = parent(step)
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
if number == {at}:
    {act}
"""
    )
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    wrapper = folder / "tools" / "git"
    wrapper.parent.mkdir(exist_ok=True)
    run = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    wrapper.write_text(f'#!/bin/bash\n[ "$1" != push ] || {run}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    return {"PATH_FIRST": str(wrapper.parent)}


def while_the_state_is_held(folder: Path) -> dict[str, str]:
    """Variables with which the job's machine runs `campaignops` while somebody else has the lock."""
    wrapper = folder / "tools" / "campaignops"
    wrapper.parent.mkdir(exist_ok=True)
    wrapper.write_text(
        f"""#!{sys.executable}
import pathlib, subprocess, sys
from campaignops.store.file import FileStore
with FileStore(pathlib.Path("production.state.json")).lock("somebody", 0):
    sys.exit(subprocess.call([sys.executable, "-m", "campaignops", *sys.argv[1:]]))
"""
    )
    wrapper.chmod(0o755)
    return {"PATH_FIRST": str(wrapper.parent)}


# GitLab


def test_the_gitlab_template_does_the_same(tmp_path, box, told):
    repository = GitLab(tmp_path, box, told)
    repository.campaigns(hello=a_text(send="now"))
    sha = repository.commit()
    for _ in range(2):
        code, log = repository.job("review", sha, secrets=False)
        assert code == 0, log
    (note,) = told.of(7)
    assert "hello" in note
    assert box.requests() == []
    told.pulls[sha] = 7
    assert repository.job("plan", sha)[0] == 0
    assert repository.job("apply", sha)[0] == 0
    assert repository.sent == ["+8613800001111"]
    (result,) = told.of(7)
    assert "## ✅ Applied" in result, "the note has become the result"
    assert repository.job("apply", sha)[0] == 10
    repository.campaigns(hello=a_text(send="now", message={"text": "Another"}))
    code, log = repository.job("review", repository.commit("edit"), secrets=False)
    assert code == 10, log
    assert "CMP501" in told.of(7)[0], log
    assert len(repository.sent) == 1


def test_a_yes_on_gitlab_does_not_outlive_a_newer_merge(tmp_path, box, told):
    repository = GitLab(tmp_path, box, told)
    repository.campaigns(hello=a_text(send="now", message={"text": "with a slip"}))
    sha = repository.commit()
    assert repository.job("plan", sha)[0] == 0
    repository.campaigns(hello=a_text(send="now", message={"text": "without"}))
    repository.commit()
    code, log = repository.job("apply", sha)
    assert code == 10
    assert "main has changed since this pipeline began" in log
    assert repository.sent == []


def test_gitlab_shows_what_is_wrong_in_the_merge_request(tmp_path, box, told):
    repository = GitLab(tmp_path, box, told)
    repository.campaigns(hello=a_text(recipients={"numbers": ["0123"]}))
    assert repository.job("review", repository.commit(), secrets=False)[0] == 1
    (found,) = json.loads((repository.folder / "job1" / "codequality.json").read_text())
    assert found["check_name"] == "CMP105"


@pytest.mark.parametrize(
    ("tokens", "login"),
    [
        ({"GITHUB_TOKEN": "a"}, b"x-access-token:a"),
        ({"GITLAB_TOKEN": "b"}, b"oauth2:b"),
        ({"GITLAB_TOKEN": "b", "STATE_TOKEN": "c"}, b"oauth2:c"),
    ],
    ids=str,
)
def test_git_is_let_in_with_the_token_that_may_push(tokens, login):
    script = ROOT / "campaignops/cli/new_project/github/actions/campaignops/login.sh"
    said = subprocess.check_output(["bash", "-euc", f". {script}; echo $GIT_CONFIG_VALUE_0"], env=tokens)
    assert base64.b64decode(said.split()[-1]) == login


class GitLab(Repository):
    """The same repository on a GitLab: `init` sees where it came from."""

    number = 0

    def init(self) -> None:
        git(self.work, "config", "remote.upstream.url", "https://gitlab.example.com/shop/campaigns.git")
        with chdir(self.work):
            assert run("init").code == 0

    def job(self, name: str, sha: str, *, secrets: bool = True) -> tuple[int, str]:
        """The scripts of a job, as GitLab's runner plays them; a plan is an artifact of the next job."""
        self.number += 1
        here = self.folder / f"job{self.number}"
        git(self.folder, "clone", "--quiet", str(self.origin), str(here))
        git(here, "checkout", "--quiet", sha)
        plan = self.folder / "plan.json"
        if plan.exists():
            (here / "plan.json").write_bytes(plan.read_bytes())
        whole = YAML(typ="safe").load((here / ".gitlab-ci.yml").read_text())
        variables = {**whole["variables"], **(self.runner.secrets if secrets else {})}
        variables |= {"CI_API_V4_URL": self.forge.url, "CI_PROJECT_ID": "1", "CI_COMMIT_SHA": sha}
        # A pipeline of a merge request has its number, one of a branch the branch.
        variables |= {"CI_MERGE_REQUEST_IID": "7"} if name == "review" else {"CI_COMMIT_BRANCH": "main"}
        environ = {**forge.environment(here), **variables, "GITLAB_TOKEN": forge.TOKEN}
        before = whole["default"]["before_script"]
        code, log = forge.script("\n".join([*before, *whole[name]["script"]]), here, environ)
        told = forge.script("\n".join(whole[name].get("after_script", [])), here, environ)
        if (here / "plan.json").exists():
            plan.write_bytes((here / "plan.json").read_bytes())
        return code, log + told[1]
