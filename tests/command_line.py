"""Commands as a user types them, in this process or in one of their own, in a project against a sandbox of the test."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaignops.cli.entry import run as run_words
from campaignops.sandbox.running import Sandbox

ROOT = Path(__file__).parents[1]
STATE = "campaignops.state.json"
WRITES = frozenset(
    {"message/batchupload", *(f"message_campaign/{verb}" for verb in ("create", "update", "delete", "retry"))}
)


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """stdout, which is one JSON document and nothing else."""
        return json.loads(self.out)

    @property
    def errors(self) -> list[str]:
        """The codes of the findings in the document."""
        return [each["code"] for each in self.document["findings"] if each["severity"] == "error"]


class Project:
    """A folder with settings for one PBX, and manifests."""

    def __init__(self, root: Path, url: str = "sandbox", **pbx: object) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.settings(pbx={"url": url, **pbx})

    def settings(self, **settings: object) -> None:
        self.write("campaignops.yaml", json.dumps(settings))  # JSON is YAML

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def campaigns(self, **campaigns: dict[str, Any]) -> None:
        """One manifest of these, in the place of what it held."""
        self.write("campaigns.yaml", json.dumps({"campaigns": campaigns}, indent=2, ensure_ascii=False))

    @property
    def state(self) -> Path:
        return self.root / STATE

    @property
    def recorded(self) -> dict[str, Any]:
        """The campaigns of the state as `state list` shows them, by key."""
        return {each["key"]: each for each in self.run("state", "list", "--json").document["campaigns"]}

    def run(self, *words: str, typed: str = "") -> Ran:
        """The command in this process: fast, and seen by the debugger."""
        with chdir(self.root):
            return run(*words, typed=typed)

    def apply(self, *words: str) -> Ran:
        return self.run("apply", "--auto-approve", *words)

    def start(
        self,
        *words: str,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        **environment: str,
    ) -> subprocess.Popen[str]:
        """The command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "campaignops", *words],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )


def run(*words: str, typed: str = "") -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), _typing(typed):
        code = run_words(list(words))
    return Ran(code, out.getvalue(), err.getvalue())


def process(*words: str, cwd: Path, **environment: str) -> Ran:
    """The command in a process of its own, to its end."""
    ran = subprocess.run(
        [sys.executable, "-m", "campaignops", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def a_text(**fields: Any) -> dict[str, Any]:
    """An SMS campaign that stays a draft."""
    return {
        "type": "sms",
        "channel": "Main SMS",
        "sender": "+12025550100",
        "recipients": {"numbers": ["+8613800001111"]},
        "message": {"text": "Hello"},
        "send": "draft",
        "session": "direct",
        **fields,
    }


def writes(box: Sandbox) -> list[str]:
    """The requests so far that change something, by endpoint."""
    return [each["endpoint"] for each in box.requests() if each["endpoint"] in WRITES]


def bodies(box: Sandbox, endpoint: str) -> list[Any]:
    return [each["body"] for each in box.requests() if each["endpoint"] == endpoint]


@contextmanager
def _typing(text: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before
