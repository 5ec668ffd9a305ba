"""Canaries: whatever a command meets, it tells no secret, no token and no whole number of a recipient, neither on its
streams nor in the state, the journal, the lock, or a log. The words of a message are told where a plan shows them and
in the state's `spec`, and in no error.

A mirror stands before the sandbox. It hears every token, looks at the files while they are written, and answers badly.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any, cast
from unittest import mock
from urllib.parse import quote

import pytest

from campaignops import sandbox
from campaignops.pbx.client import Client
from campaignops.pbx.session import Session
from campaignops.sandbox.running import Sandbox
from tests.command_line import STATE, Project, Ran, a_text

CLIENT_ID, SECRET = "canary-client-31415", "canary-secret-27182"
NUMBERS = ("+8613871828182", "+12025550147", "+4915735598765")
TEXT = "canary words: the password is swordfish"
FAILING = NUMBERS[1]


@dataclass(frozen=True)
class Asked:
    """A request as the mirror hears it: its URL, with the token, and its body."""

    url: str
    body: str

    @property
    def echo(self) -> str:
        return f"{self.url} {self.body}"


Reply = tuple[int, str, bytes]  # status, content type, body
CUT = -200  # the status of an answer that ends before its Content-Length does
Trick = Callable[[Asked], Reply]


def _json(**said: Any) -> Reply:
    return 200, "application/json", json.dumps(said).encode()


def _page(status: int) -> Trick:
    return lambda asked: (status, "text/html", f"<html><h1>Denied</h1>{asked.echo}</html>".encode())


def _errcode(code: int, part: Callable[[Asked], str] = lambda asked: asked.echo) -> Trick:
    def reply(asked: Asked) -> Reply:
        said = part(asked)
        wrong = {"field": said, "value": said, "validation_type": said}
        return _json(errcode=code, errmsg=said, invalid_param_list=[wrong], submsg=said)

    return reply


def _texts(asked: Asked) -> str:
    return " ".join(re.findall(r'"(?:content|number)": ?"([^"]*)"', asked.body)) or asked.echo


def _odd_types(asked: Asked) -> Reply:
    fields = ("name", "status", "sn", "timestamp", "number_list", "content", "send_time")
    row = {"id": 1, **{name: [asked.echo] for name in fields}}
    return _json(errcode=0, errmsg=asked.echo, id=asked.echo, total_number=asked.echo, data=[row])


def _cut(asked: Asked) -> Reply:
    return CUT, "application/json", b'{"errcode":0,"errmsg":"' + asked.echo.encode()


def _escaped(escape: Callable[[str], str]) -> Callable[[Asked], str]:
    """The text of a message in part, escaped; and a number as people write it."""

    def part(asked: Asked) -> str:
        return f"not allowed: {escape(_texts(asked)[9:-3])!r} to +1 (202) 555-0147, 4915 735 598765"

    return part


TRICKS: dict[str, Trick] = {
    "a page of somebody else": _page(200),
    "401": _page(401),
    "502": _page(502),
    "a redirect": lambda asked: (302, asked.echo, b""),
    "a refusal that repeats all": _errcode(40002),
    "a duplicate that repeats all": _errcode(40003),
    "an unknown code that repeats all": _errcode(98765),
    "a refusal that repeats the body": _errcode(40002, lambda asked: asked.body or asked.url),
    "a refusal that repeats words and numbers": _errcode(40001, _texts),
    "an unknown code that repeats words and numbers": _errcode(-1, _texts),
    "a refusal that repeats some, escaped for a URL": _errcode(40002, _escaped(quote)),
    "a refusal that repeats some, escaped for JSON": _errcode(
        40001, _escaped(lambda text: json.dumps(json.dumps(text)))
    ),
    "an unknown code that repeats some, escaped for HTML": _errcode(
        -1, _escaped(lambda text: "".join(f"&#{ord(letter)};" for letter in text))
    ),
    "an expired token": _errcode(10004),
    "odd types": _odd_types,
    "half an answer": _cut,
    "nesting": lambda _: (200, "application/json", b'{"errcode":0,"data":' + b"[" * 90_000),
    "nothing": lambda _: (200, "application/json", b""),
}
PARTS: dict[str, Callable[[str], bool]] = {
    "login": lambda endpoint: endpoint == "get_token",
    "reads": lambda endpoint: endpoint not in ("get_token", "del_token", "refresh_token"),
    "lists of campaigns": lambda endpoint: endpoint in ("message_campaign/list", "message_campaign/query"),
    "effects": lambda endpoint: (
        endpoint.rpartition("/")[2] in ("create", "update", "delete", "retry", "batchupload")
    ),
}
ONLINE: list[list[str]] = [
    ["validate", "--online"],
    ["render"],
    ["plan", "--exclude=stuck"],
    ["plan", "--format", "github"],
    ["apply", "--auto-approve", "--exclude=stuck"],
    ["status"],
    ["retry", "sent", "--expect-failed", "1"],
    ["import", "--all"],
    ["import", "another", "249"],
    ["resolve", "stuck"],
    ["resolve", "stuck", "--absent"],
    ["resolve", "stuck", "--adopt", "251"],
    ["recover", "--write"],
]
OFFLINE: list[list[str]] = [
    ["plan", "--offline"],
    ["state", "list"],
    ["state", "show", "sent", "stuck"],
    ["state", "pull"],
    ["state", "unlock"],
    ["state", "mv", "draft", "other"],
    ["state", "rm", "stuck", "--auto-approve"],
    ["fmt", "--check"],
    ["explain", "CMP105"],
    ["schema"],
]
SHOWS_WORDS = {"plan", "apply", "render"}  # by design: a plan and its requests
SHOWS_NUMBERS = {"render"}


class Mirror:
    """A PBX that hears and sees everything, and plays a trick on some of its endpoints."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.trick: Trick | None = None
        self.hits: Callable[[str], bool] = lambda _: False
        self.tokens: set[str] = set()
        self.watched: Path | None = None
        self.seen: dict[str, set[str]] = {}  # what the files of a state said while requests came
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror._answer(self, b"")

            def do_POST(self) -> None:
                mirror._answer(self, self.rfile.read(int(self.headers["Content-Length"] or 0)))

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @contextmanager
    def plays(self, trick: str, part: str) -> Iterator[None]:
        self.trick, self.hits = TRICKS[trick], PARTS[part]
        try:
            yield
        finally:
            self.trick = None

    def look(self) -> None:
        for path in self.watched.glob(f"{STATE}*") if self.watched else ():
            with suppress(OSError):  # it may have gone meanwhile
                self.seen.setdefault(path.name.removeprefix(STATE), set()).add(path.read_text("utf-8"))

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.look()
        path, _, query = handler.path.partition("?")
        self.tokens |= set(re.findall(r"access_token=(\w+)", query))
        endpoint = path.removeprefix("/openapi/v1.0/")
        if self.trick and self.hits(endpoint):
            asked = Asked(f"http://pbx{handler.path}", body.decode("utf-8", "replace"))
            status, kind, said = self.trick(asked)
        else:
            status, kind, said = self._forwarded(handler, body)
            for name in ("access_token", "refresh_token"):
                self.tokens |= set(re.findall(rf'"{name}":"(\w+)"', said.decode("utf-8", "replace")))
        handler.send_response(abs(status))
        handler.send_header("Location" if status == 302 else "Content-Type", kind.replace("\n", " "))
        handler.send_header("Content-Length", str(len(said) + (99 if status == CUT else 0)))
        handler.end_headers()
        handler.wfile.write(said)

    def _forwarded(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        headers = {
            name: handler.headers[name] for name in ("User-Agent", "Content-Type") if handler.headers[name]
        }
        request = urllib.request.Request(
            self.box.url + handler.path, body or None, headers, method=handler.command
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()


class Heard(logging.Handler):
    """Every record of every logger, as it would be written."""

    def __init__(self) -> None:
        super().__init__(0)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("uvicorn"):  # that is the sandbox, which knows its own secrets
            self.lines.append(self.format(record))


@contextmanager
def listening(*names: str) -> Iterator[Heard]:
    """Everything is logged, as after `logging.basicConfig(level=logging.DEBUG)`; and so are the loggers of these names,
    whatever level they were given."""
    heard, loggers = Heard(), [logging.getLogger(name) for name in (None, *names)]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(heard)
    try:
        yield heard
    finally:
        logging.getLogger().removeHandler(heard)
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)


@dataclass
class Scene:
    """A project whose campaigns stand in every phase, on the mirror, with canaries in all that is secret."""

    project: Project
    mirror: Mirror
    at_rest: dict[str, bytes]
    restored: int = 0
    ran: Ran = field(init=False)

    def run(self, *words: str, loggers: Sequence[str] = ()) -> list[str]:
        """Run a command; what it told that it must not, with where it told it."""
        self.mirror.watched = self.project.root
        self.mirror.seen.clear()
        self.mirror.tokens.clear()
        with listening(*loggers) as heard:
            ran = self.project.run(*words)
        self.mirror.look()
        assert ran.code in (0, 1, 2, 4, 10, 11, 12, 64), ran
        self.ran = ran
        return self.leaks(words, ran, heard.lines)

    def leaks(self, words: Sequence[str], ran: Ran, logged: list[str]) -> list[str]:
        secrets = [CLIENT_ID, SECRET, *self.mirror.tokens]
        files = "\n".join(text for texts in self.mirror.seen.values() for text in texts)
        told = {"stdout": ran.out, "stderr": ran.err, "log": "\n".join(logged), "files": files}
        found = [
            f"{secret} in {where}" for where, text in told.items() for secret in secrets if secret in text
        ]
        whole = {where: re.sub(r"[ ().-]", "", text) for where, text in told.items()}
        shows_numbers = words[0] in SHOWS_NUMBERS and ran.code == 0
        for where, text in whole.items():
            if not (where == "stdout" and shows_numbers):
                found += [f"{number} in {where}" for number in NUMBERS if number[-10:] in text]
        streams = (ran.out + ran.err).splitlines()
        errors = [line for line in streams if re.search(r"error|errcode|failed|unknown|HTTP", line)]
        errors += re.findall(r'"(?:message|question|reason)": "(?:[^"\\]|\\.)*"', ran.out)
        worded = {
            "errors": "\n".join(errors),
            "log": told["log"],
            "files": re.sub(r'"spec": \{.*', "", files),
        }
        if words[0] not in SHOWS_WORDS and words[:2] not in (("state", "show"), ("state", "pull")):
            worded |= {"stdout": ran.out, "stderr": ran.err}
        return found + [f"the words in {where}" for where, text in worded.items() if "swordfish" in text]

    def restore(self) -> None:
        """As after the scene was set, but for what was sent since. A PBX has eight tokens."""
        self.mirror.box.expire_tokens()
        for path in self.project.root.rglob("*"):
            if path.is_file():
                path.unlink()
        self.restored += 1
        for name, content in self.at_rest.items():
            self.project.write(name, content.replace(b'"Fresh"', b'"Fresh %d"' % self.restored))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    seed = {"client": {"id": CLIENT_ID, "secret": SECRET}, "failing": {FAILING: 1}}
    with pytest.MonkeyPatch.context() as patch, sandbox.start(seed=seed) as box:
        patch.setenv("CAMPAIGNOPS_CLIENT_ID", CLIENT_ID)
        patch.setenv("CAMPAIGNOPS_CLIENT_SECRET", SECRET)
        slept_s: list[float] = []  # nobody waits, but time passes
        real_s = time.time
        patch.setattr(time, "time", lambda: real_s() + sum(slept_s))
        patch.setattr(time, "sleep", slept_s.append)
        patch.setitem(cast(dict[str, Any], Client.__init__.__kwdefaults__), "sleep", slept_s.append)
        mirror = Mirror(box)
        project = Project(tmp_path_factory.mktemp("secrets") / "p", mirror.url)
        yield set_scene(project, mirror)
        mirror.server.shutdown()
        mirror.server.server_close()


def set_scene(project: Project, mirror: Mirror) -> Scene:
    """One campaign that was sent, one scheduled, one draft, one stuck, and one that is not recorded yet."""

    def said(name: str, **more: Any) -> dict[str, Any]:
        recipients = {"numbers": list(NUMBERS)}
        return a_text(name=name, sender="+12025550100", recipients=recipients, message={"text": TEXT}, **more)

    def settings(delivery: str) -> None:
        project.settings(pbx={"url": mirror.url, "delivery": delivery})

    later = {"at": int(time.time()) + 90_000, "timezone": "UTC"}
    campaigns = {
        "sent": said("Sent", send="now"),
        "waiting": said("Waiting", send=later),
        "draft": said("Draft"),
    }
    project.campaigns(**campaigns)
    assert project.apply().code == 0
    mirror.box.advance(60)
    campaigns["stuck"] = said("Stuck", send="now")
    project.campaigns(**campaigns)
    settings("direct")
    mirror.box.inject("message_campaign/create", drop="before")
    assert project.apply().code == 11
    settings("staged")
    campaigns["waiting"]["message"] = {"text": f"{TEXT}!"}
    campaigns["fresh"] = said("Fresh", send="now")
    project.campaigns(**campaigns)
    files = {str(p.relative_to(project.root)): p.read_bytes() for p in project.root.rglob("*") if p.is_file()}
    return Scene(project, mirror, files)


@pytest.mark.parametrize("words", [*ONLINE, *OFFLINE], ids=" ".join)
@pytest.mark.parametrize("more", ["-q", "-vv", "--json"])
def test_a_command_that_goes_well_tells_nothing(scene, words, more):
    scene.restore()
    assert not scene.run(*words, more)


@pytest.mark.no_cover  # played many times
@pytest.mark.parametrize(("part", "trick"), [*product(PARTS, TRICKS)])
@pytest.mark.parametrize("more", ["-vv", "--json"])
def test_a_command_that_meets_a_bad_answer_tells_nothing(scene, part, trick, more):
    for words in ONLINE:
        if part != "effects" or words[0] in ("apply", "retry"):
            scene.restore()
            with scene.mirror.plays(trick, part):
                assert not scene.run(*words, more), words


def test_the_state_its_journal_and_its_lock_were_looked_at(scene):
    scene.restore()
    assert not scene.run("apply", "--auto-approve", "--exclude=stuck")
    assert set(scene.mirror.seen) == {"", ".backup", ".journal", ".lock"}


@pytest.mark.parametrize(
    "words", [["plan"], ["apply", "--auto-approve", "-vv"], ["status", "--json"]], ids=" ".join
)
def test_a_refused_login_tells_nothing(scene, words, monkeypatch):
    scene.restore()
    monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", f"{SECRET}-mistyped")
    assert not scene.run(*words)
    assert "refused the login" in scene.ran.err
    monkeypatch.undo()
    scene.project.run("status")  # five refused logins in a row would block this address


@pytest.mark.parametrize(
    "words", [["plan", "-vv"], ["apply", "--auto-approve"], ["recover", "--json"]], ids=" ".join
)
@pytest.mark.parametrize("url", ["https://127.0.0.1:{port}", "https://127.0.0.1:1", "http://127.0.0.1:1"])
def test_a_connection_that_fails_tells_nothing(scene, words, url):
    scene.restore()
    url = url.format(port=scene.mirror.server.server_address[1])  # nothing there speaks TLS
    scene.project.settings(pbx={"url": url})
    assert not scene.run(*words)
    assert "no connection" in scene.ran.err


@pytest.mark.parametrize("form", ["text", "concise", "json", "github", "gitlab", "sarif"])
def test_a_finding_in_a_list_of_recipients_tells_no_number(scene, form):
    scene.restore()
    scene.project.write(
        "vip.csv", "\n".join(["phone,name", *NUMBERS, *NUMBERS, *(n.lstrip("+") for n in NUMBERS)])
    )
    scene.project.campaigns(fresh=a_text(recipients={"file": "vip.csv"}))
    assert not scene.run("validate", "--format", form)
    assert scene.ran.code == 1
    assert "vip.csv" in scene.ran.out


@pytest.mark.parametrize("verbosity", ["-v", "-vv"])
def test_a_defect_tells_nothing(scene, verbosity):
    scene.restore()
    broken = KeyError(f"{CLIENT_ID} {SECRET} {NUMBERS[0]} {TEXT}")
    with mock.patch.object(Session, "listed", side_effect=broken):
        leaks = scene.run("apply", "--auto-approve", verbosity)
    assert "a defect in campaignops (KeyError)" in scene.ran.err
    assert not leaks


def test_a_library_that_is_told_to_log_tells_no_token(scene):
    scene.restore()
    assert not scene.run("plan", loggers=("httpx", "httpcore", "httpcore.http11", "httpcore.connection"))
