"""A forge on one machine: the parts of GitHub's API that the shipped scripts use, and a runner that plays the shipped
workflow's jobs as GitHub would, step by step. What it does not understand it refuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from ruamel.yaml import YAML

from tests import forked
from tests.command_line import ROOT

TOKEN = "ghs_0123456789"
_KILLED = (-9, 137)
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")


class Api:
    """Comments of pull requests, and which pull request a commit came from. `is_readonly`: the token of the job that
    runs may not comment."""

    def __init__(self) -> None:
        self.comments: dict[int, dict[str, Any]] = {}
        self.pulls: dict[str, int] = {}
        self.is_readonly = False
        self.url = ""

    def of(self, number: int) -> list[str]:
        return [each["body"] for each in self.comments.values() if each["issue"] == number]

    def write(self, number: int, body: str, kind: str = "Bot") -> dict[str, Any]:
        made_id = len(self.comments) + 1
        self.comments[made_id] = {"id": made_id, "issue": number, "body": body, "user": {"type": kind}}
        return self.comments[made_id]

    def answer(self, verb: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/user":
            return 200, {"id": 1}
        if found := re.fullmatch(r"/projects/1/repository/commits/(\w+)/merge_requests", path):
            return 200, [{"iid": self.pulls[found[1]]}] if found[1] in self.pulls else []
        if found := re.fullmatch(r"/projects/1/merge_requests/7/notes(?:/(\d+))?(?:\?.*)?", path):
            if verb == "GET":
                return 200, list(self.comments.values())
            note = self.comments[int(found[1])] if found[1] else self.write(7, "")
            note |= {"body": body["body"], "author": {"id": 1}}
            return 200, note
        if verb != "GET" and self.is_readonly:
            return 403, {"message": "Resource not accessible by integration"}
        if found := re.fullmatch(r"/repos/o/r/issues/(\d+)/comments(?:\?per_page=100&page=(\d+))?", path):
            number = int(found[1])
            if verb == "POST":
                return 201, self.write(number, body["body"])
            listed = [each for each in self.comments.values() if each["issue"] == number]
            return 200, listed[100 * (int(found[2]) - 1) : 100 * int(found[2])]
        if verb == "PATCH" and (found := re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", path)):
            self.comments[int(found[1])]["body"] = body["body"]
            return 200, self.comments[int(found[1])]
        if found := re.fullmatch(r"/repos/o/r/commits/(\w+)/pulls", path):
            return 200, [{"number": self.pulls[found[1]]}] if found[1] in self.pulls else []
        return 404, {"message": "Not Found"}


@contextmanager
def api() -> Iterator[Api]:
    told = Api()

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            assert TOKEN in (
                self.headers["Private-Token"],
                (self.headers["Authorization"] or "").removeprefix("Bearer "),
            )
            length = int(self.headers["Content-Length"] or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, said = told.answer(self.command, self.path, body)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Job:
    """What a job left."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass
class Runner:
    """Plays jobs of `workflow`, each in a fresh clone of `origin`, as GitHub's machines do."""

    origin: Path
    folder: Path
    forge: Api
    secrets: Mapping[str, str] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    jobs: int = 0

    def play(
        self,
        name: str,
        event: Mapping[str, Any],
        sha: str,
        *,
        is_fork: bool = False,
        tool: Mapping[str, str] | None = None,
    ) -> Job:
        """One job on `sha`. `event` is the payload; its name is push without a pull request. `tool` are variables of
        the machine."""
        self.jobs += 1
        here = self.folder / f"job{self.jobs}"
        workflow = YAML(typ="safe").load(git(self.origin, "show", f"{sha}:.github/workflows/campaigns.yml"))
        job = workflow["jobs"][name]
        may = {} if is_fork else {**workflow["permissions"], **job["permissions"]}
        self.forge.is_readonly = may.get("pull-requests") != "write"
        variables = {**workflow.get("env", {}), **job.get("env", {})}
        # The environments are set up as the workflow's first lines ask: for the main branch alone.
        secrets = self.secrets if "environment" in job and "pull_request" not in event else {}
        machine = Machine(
            self, here, dict(event), sha, dict(tool or {}), secrets, variables, may.get("contents") == "write"
        )
        return machine.run(job)


@dataclass
class Machine:
    runner: Runner
    here: Path
    event: dict[str, Any]
    sha: str
    tool: dict[str, str]
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    may_push: bool
    log: str = ""

    def run(self, job: Mapping[str, Any]) -> Job:
        self.temp, self.work = self.here / "temp", self.here / "work"
        self.temp.mkdir(parents=True)
        self.summary = self.here / "summary.md"
        self.summary.touch()
        outputs, code = self._steps(job["steps"], {})
        return Job(code, self.log, outputs, self.summary.read_text("utf-8"))

    def _steps(
        self, steps: list[Any], inputs: Mapping[str, str], action: Path | None = None
    ) -> tuple[dict, int]:
        """Every step whose condition holds; the first that fails decides the code."""
        told: dict[str, dict[str, str]] = {}
        last: dict[str, str] = {}
        code = 0
        for step in steps:
            scope = {"inputs": inputs, "steps": {k: {"outputs": v} for k, v in told.items()}, **self._scope()}
            if not _holds(step.get("if", "success()"), scope, failed=code != 0):
                continue
            outputs, ended = self._step(step, scope, action)
            if ended in _KILLED:  # as if the machine had gone: no step of any kind follows
                return last, ended
            last |= outputs
            told[step.get("id", "")] = outputs
            code = code or ended
        return last, code

    def _scope(self) -> dict[str, Any]:
        return {
            "github": {
                "event": self.event,
                "event_name": "pull_request" if "pull_request" in self.event else "push",
            },
            "secrets": self.secrets,
            "runner": {"temp": str(self.temp)},
        }

    def _step(
        self, step: Mapping[str, Any], scope: Mapping[str, Any], action: Path | None
    ) -> tuple[dict, int]:
        given = {
            k: _filled(str(v), scope) for k, v in {**step.get("with", {}), **step.get("env", {})}.items()
        }
        uses = step.get("uses", "").split("@")[0]
        match uses:
            case "":
                return self._script(step["run"], given, action)
            case "actions/checkout":
                self._checkout()
            case "actions/setup-python":
                pass
            case "actions/upload-artifact":
                kept = self.here / "kept"
                shutil.copy(given["path"], kept)
                self.runner.artifacts[given["name"]] = kept
            case "actions/download-artifact":
                shutil.copy(self.runner.artifacts[given["name"]], Path(given["path"]) / "plan.json")
            case _:
                assert uses.startswith("./"), uses
                folder = self.work / uses
                shipped = YAML(typ="safe").load((folder / "action.yml").read_text("utf-8"))
                inputs = {k: str(given.get(k, v.get("default", ""))) for k, v in shipped["inputs"].items()}
                assert given.keys() <= inputs.keys()
                inputs["token"] = TOKEN if inputs["token"] == "${{ github.token }}" else inputs["token"]
                outputs, code = self._steps(shipped["runs"]["steps"], inputs, folder)
                return {k: v for k, v in outputs.items() if k in shipped["outputs"]}, code
        return {}, 0

    def _checkout(self) -> None:
        subprocess.run(["git", "clone", "--quiet", self.runner.origin, self.work], check=True)
        git(self.work, "checkout", "--quiet", self.sha)
        if not self.may_push:
            git(self.work, "config", "remote.origin.pushurl", str(self.here / "forbidden"))

    def _script(self, text: str, given: Mapping[str, str], action: Path | None) -> tuple[dict[str, str], int]:
        output = self.here / "output"
        output.write_text("")
        environ = {
            **environment(self.here, real="PATH_FIRST" in self.tool),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTION_PATH": str(action),
            "GITHUB_API_URL": self.runner.forge.url,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_SHA": self.sha,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            **self.variables,
            **given,
        }
        if "PATH_FIRST" in self.tool:
            environ["PATH"] = f"{self.tool['PATH_FIRST']}:{environ['PATH']}"
        code, log = script(text, self.work, environ)
        self.log += log
        told = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
        return told, code


def environment(here: Path, *, real: bool = False) -> dict[str, str]:
    """The variables of a machine on which everything is installed that pip would install. The command is a real
    descendant of its script only if asked for: that takes longer."""
    python = here / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (here / "bin" / "pip").write_text("#!/bin/sh\n")
    (here / "bin" / "pip").chmod(0o755)
    if not real:
        forked.write_command(here / "bin" / "campaignops")
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    path = f"{here / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT)}


def script(text: str, where: Path, environ: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of a script, and what it printed. As on GitHub it is a file: bash would replace itself by the last
    command of a -c."""
    with NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(text)
        file.flush()
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", file.name],
            cwd=where,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
    return ran.returncode, ran.stdout


def git(where: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=where, check=True, capture_output=True, text=True).stdout


def _filled(text: str, scope: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: _text(_value(found[1].strip(), scope)), text)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _value(path: str, scope: Mapping[str, Any]) -> Any:
    """What a dotted name stands for; what is not there is empty, as on GitHub."""
    assert re.fullmatch(r"[\w.-]+", path), path
    value: Any = scope
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _holds(condition: str, scope: Mapping[str, Any], *, failed: bool) -> bool:
    """A condition of terms joined by `&&`: a call of always or success, or a comparison with a text."""
    terms = [term.strip() for term in condition.split("&&")]
    if failed and "always()" not in terms:
        return False
    return all(_term(term, scope) for term in terms if term not in ("always()", "success()"))


def _term(term: str, scope: Mapping[str, Any]) -> bool:
    found = re.fullmatch(r"([\w.-]+) (==|!=) '(.*)'", term)
    assert found, term
    return (_text(_value(found[1], scope)) == found[3]) == (found[2] == "==")
