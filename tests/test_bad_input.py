"""Whatever is wrong, a user gets a place and a next step; nothing is recorded, and no write is sent to the PBX."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from campaignops.sandbox.running import Sandbox
from tests.command_line import Project, Ran, a_text, process, writes

DEEP = 100_000
SMS = """\
campaigns:
  hello:
    type: sms
    channel: Main SMS
    sender: "+12025550100"
    recipients: {numbers: ["+8613800001111"]}
    message: {text: Hello}
    send: draft
    session: direct
"""
WHATSAPP = """\
campaigns:
  hello:
    type: whatsapp
    channel: Shop WhatsApp
    recipients: {numbers: ["+8613800001111"]}
    message: {template: order_update, language: en, header: {text: "17"}, body: [Ada, today]}
    send: draft
    session: direct
"""


def refused(project: Project, box: Sandbox | None, *words: str, code: int = 1) -> Ran:
    """What `plan` says; `apply` says the same, and neither changes anything."""
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    plan, apply = (project.run(*each, *words) for each in (("plan",), ("apply", "--auto-approve")))
    for ran in (plan, apply):
        assert ran.code == code, ran
        assert "Traceback" not in ran.err
        assert "internal" not in ran.err
        assert str(project.root) not in ran.err, "paths as short as they can be"
    assert apply.err == plan.err
    assert {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()} == before
    if box is not None:
        assert writes(box) == []
        assert box.tokens_alive() == 0
    return plan


# manifests


def changed(**lines: str) -> str:
    """SMS with some of its lines anew."""
    text = SMS
    for name, value in lines.items():
        (old,) = [line for line in text.splitlines() if line.lstrip().startswith(f"{name}:")]
        text = text.replace(old, f"    {name}: {value}")
    return text


BOMB = "vars:\n  a0: &a0 [x]\n" + "".join(
    f"  a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(30)
)

MANIFESTS: dict[str, tuple[str | bytes, str, str]] = {
    "a YAML bomb": (BOMB + SMS, "CMP102", "a.yaml:"),
    "nested brackets": ("campaigns: " + "[" * DEEP, "CMP102", "a.yaml:1:"),
    "nested braces": ("{a: " * DEEP, "CMP102", "a.yaml:1:"),
    "nested closed brackets": ("campaigns: " + "[" * DEEP + "]" * DEEP, "CMP102", "a.yaml:1:"),
    "nested dashes": ("- " * DEEP + "x", "CMP102", "a.yaml:1:"),
    "nested calls of Jinja": (changed(message='{text: "{{ ' + "(" * 5000 + '"}'), "CMP112", "a.yaml:7:"),
    "not YAML": ("campaigns: {", "CMP101", "a.yaml:"),
    "two documents": (f"{SMS}---\n{SMS}", "CMP101", "a.yaml:10:"),
    "not UTF-8": (SMS.encode().replace(b"Hello", b"\xff"), "CMP117", "a.yaml:7:"),
    "a NUL": (SMS.replace("Hello", "\0"), "CMP117", "a.yaml:7:"),
    "no mapping": ("- hello\n", "CMP107", "a.yaml:1:1"),
    "a duplicate key": (SMS + "    type: sms\n", "CMP103", "a.yaml:10:5"),
    "a duplicate campaign": (SMS + SMS.split("\n", 1)[1], "CMP103", "a.yaml:10:3"),
    "a wrong type": (changed(recipients="7"), "CMP107", "a.yaml:6:17"),
    "a number for a text": (changed(message="{text: [1, 2]}"), "CMP107", "a.yaml:7:15"),
    "an unknown key": (SMS.replace("recipients", "recipient"), "did you mean `recipients`?", "a.yaml:6:5"),
    "an unknown value": (changed(send="nov"), "did you mean `now`?", "a.yaml:8:11"),
    "a missing key": (changed(session="").replace("    session: \n", ""), "CMP106", "a.yaml:2:3"),
    "an undefined var": (changed(message='{text: "{{ brnd }}"}'), "--var brnd=", "a.yaml:7:"),
    "a Jinja mistake": (changed(message='{text: "{{ 1 / 0 }}"}'), "CMP112", "a.yaml:7:"),
    "a loop without end": (changed(message='{text: "{{ range(10**9)|list }}"}'), "CMP112", "a.yaml:7:"),
    "a way out of Jinja": (changed(message='{text: "{{ \'\'.__class__ }}"}'), "CMP112", "a.yaml:7:"),
    "a file outside": (changed(message="{file: ../secret.png}"), "CMP114", "a.yaml:7:21"),
    "an absolute path": (changed(message="{file: /etc/passwd}"), "CMP114", "a.yaml:7:21"),
    "a link outside": (changed(message="{file: link.png}"), "CMP114", "a.yaml:7:21"),
    "a missing file": (changed(message="{file: demo.jpg}"), "did you mean `demo.jpeg`?", "a.yaml:7:21"),
    "an empty asset": (changed(message="{file: empty.csv}"), "CMP113", "a.yaml:7:21"),
    "a folder": (changed(message="{file: folder}"), "CMP113", "a.yaml:7:21"),
    "a device": (changed(recipients="{file: zero.csv}"), "CMP114", "a.yaml:6:"),
    "a pipe": (changed(recipients="{file: pipe.csv}"), "not a regular file", "a.yaml:6:"),
    "an empty CSV": (changed(recipients="{file: empty.csv}"), "CMP40", ""),
    "a CSV without people": (changed(recipients="{file: heading.csv}"), "CMP403", ""),
    "a CSV without the column": (
        changed(recipients="{file: other.csv}"), "name one of them: {file: other.csv, column: phones}", "",
    ),
    "a CSV with a wrong number": (changed(recipients="{file: wrong.csv}"), "CMP105", "wrong.csv:3:1"),
    "a CSV with a number twice": (changed(recipients="{file: twice.csv}"), "CMP401", "twice.csv:3:1"),
    "a picture for a CSV": (changed(recipients="{file: demo.jpeg}"), "CMP", ""),
    "no recipients": (changed(recipients="{numbers: []}"), "CMP403", "a.yaml:6:"),
    "no such day": (changed(send='{at: "2030-02-30 10:00"}'), "CMP405", "a.yaml:8:"),
    "a time that has passed": (changed(send='{at: "2020-02-20 10:00"}'), "CMP407", "a.yaml:8:"),
    "an hour that happens twice": (
        changed(send='{at: "2030-10-27 02:30", timezone: Europe/Berlin}'), "CMP406", "a.yaml:8:",
    ),
}  # fmt: skip


@pytest.mark.no_cover  # played many times
@pytest.mark.parametrize("case", MANIFESTS)
def test_a_manifest_with(case, project, box):
    content, said, place = MANIFESTS[case]
    project.write("demo.jpeg", b"\xff\xd8\xff\xe0 a picture")
    project.write("folder/file.txt", "text")
    project.write("empty.csv", "")
    project.write("heading.csv", "phone\n")
    project.write("other.csv", "phones\n+8613800001111\n")
    project.write("wrong.csv", "phone\n+8613800001111\n0123\n")
    project.write("twice.csv", "phone\n+8613800001111\n+8613800001111\n")
    (project.root / "link.png").symlink_to("/etc/hosts")
    (project.root / "zero.csv").symlink_to("/dev/zero")
    os.mkfifo(project.root / "pipe.csv")
    project.write("a.yaml", content)
    ran = refused(project, box)
    assert said in ran.err
    assert f"--> {place}" in ran.err
    assert ran.err.rstrip().splitlines()[-1].startswith("error: ")
    if "time" not in case:
        assert box.requests() == [], "the manifests come first"


def test_what_crashes_parsers_is_a_finding_in_a_process_too(tmp_path):
    project = Project(tmp_path / "project")
    for content in ("campaigns: " + "[" * DEEP, "{a: " * DEEP, BOMB):
        project.write("a.yaml", content)
        ran = process("validate", cwd=project.root)
        assert ran.code == 1
        assert "error[CMP102]" in ran.out
        assert len(ran.out) < 2000


def test_all_findings_of_all_files_come_in_one_run(project, box):
    project.write("a.yaml", changed(send="nov"))
    project.write("b.yaml", "campaigns: {")
    project.write("c.yaml.j2", "campaigns: {% if %}")
    ran = refused(project, box)
    assert [f"--> {name}:" in ran.err for name in ("a.yaml", "b.yaml", "c.yaml.j2")] == [True] * 3


# settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", "`pbx.url` is missing"),
        ("pbx: [", "CMP101"),
        ("pbx: {url: http://pbx.example.com}", "must begin with https://"),
        ("pbx: {url: https://pbx.example.com/openapi/v1.0}", "without a path"),
        ("pbx: {url: https://me:secret@pbx.example.com}", "must not hold credentials"),
        ("pbx: {url: sandbox, verify: false}", "unknown key `verify`"),
        ("pbx: {url: sandbox, timeout: soon}", "timeout"),
        ("pbx: {url: sandbox}\npbx: {url: sandbox}", "CMP103"),
        ("pbx: {url: sandbox}\nstate: s3://bucket/state", "`state` must be a path"),
        ("pbx: {url: sandbox}\nguardrails: {countries: [Germany]}", "is not the code of a country"),
        ("pbx: {url: sandbox}\ntimezone: Europe/Berlim", "did you mean `Europe/Berlin`?"),
        ("[" * DEEP, "CMP102"),
    ],
    ids=lambda value: value[:40],
)
def test_wrong_settings(project, box, settings, said):
    project.write("campaignops.yaml", settings)
    ran = refused(project, box)
    assert said in ran.err
    assert "--> campaignops.yaml:" in ran.err
    assert box.requests() == []


def test_an_environment_that_is_not_there(project, box):
    assert "there is no environment `live`" in refused(project, box, "--env", "live").err


# names and templates on the PBX


@pytest.mark.parametrize(
    ("manifest", "code", "said"),
    [
        (changed(channel="Main SNS"), "CMP201", "did you mean `Main SMS`?"),
        (changed(channel="Old SMS", sender='"+12025550130"'), "CMP203", "not connected"),
        (changed(channel="Shop WhatsApp"), "CMP204", ""),
        (changed(sender='"+12025550999"'), "CMP205", ""),
        (changed(channel="News SMS", sender="").replace("    sender: \n", ""), "CMP206", ""),
        (changed(recipients="{phonebook: Newsletter, field: mobile_number}"), "CMP207", ""),
        (changed(recipients="{phonebook: Empty list, field: mobile_number}"), "CMP214", ""),
        (changed(session='{assign_to: {extension: "9999"}}'), "CMP208", ""),
        (changed(session="{assign_to: {queue: Suport}}"), "CMP209", "did you mean `Support`?"),
        (WHATSAPP.replace("order_update", "order_updat"), "CMP211", "did you mean `order_update`"),
        (WHATSAPP.replace("language: en", "language: fr"), "CMP211", "fr"),
        (WHATSAPP.replace("[Ada, today]", "[Ada]"), "CMP210", ""),
        (WHATSAPP.replace("[Ada, today]", "[Ada, today, more]"), "CMP210", ""),
        (WHATSAPP.replace("[Ada, today]", "{name: Ada}"), "CMP210", ""),
        (WHATSAPP.replace('header: {text: "17"}, ', ""), "CMP212", ""),
        (WHATSAPP.replace("body:", "buttons: {Track: x}, body:"), "CMP213", ""),
    ],
    ids=lambda value: value[:9].strip(),
)
def test_what_the_pbx_does_not_have_is_a_finding(project, box, manifest, code, said):
    project.write("a.yaml", manifest)
    ran = refused(project, box)
    assert f"error[{code}]" in ran.err
    assert said in ran.err
    assert "--> a.yaml:" in ran.err
    assert project.run("validate", "--online").code == 1


# a PBX that is not well, or none


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """A web server that answers everything alike; its address, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def unwell(tmp_path: Path, url: str) -> Ran:
    project = Project(tmp_path / "project", url, timeout=1)
    project.write("a.yaml", SMS)
    ran = refused(project, None)
    assert ran.out == ""
    assert project.run("plan", "--json").document["error"]["code"] in ("login", "pbx")
    return ran


def test_the_wrong_secret_is_tried_exactly_once(project, box, monkeypatch):
    monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", "a wrong one")
    project.write("a.yaml", SMS)
    ran = project.apply()
    assert ran.code == 1
    assert [each["endpoint"] for each in box.requests()] == ["get_token"]
    assert "Check CAMPAIGNOPS_CLIENT_ID and CAMPAIGNOPS_CLIENT_SECRET" in ran.err
    assert "a wrong one" not in ran.err
    assert not project.state.exists()


OTHER_ANSWERS = {
    "an empty object": b"{}",
    "another object": b'{"hello": "world"}',
    "a list": b"[]",
    "a number": b"17",
    "bytes": b"\xff",
    "a text for a code": b'{"errcode": "0"}',
    "nested brackets": b"[" * DEEP,
}


@pytest.mark.usefixtures("box")
class TestAPbxThat:
    def test_does_not_answer(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            ran = unwell(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert "no answer within 1 s" in ran.err

    def test_refuses_the_connection(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            url = f"http://127.0.0.1:{gone.getsockname()[1]}"
        ran = unwell(tmp_path, url)
        assert f"no connection to {url} (Connection refused)" in ran.err
        assert "check `pbx.url` and the network" in ran.err

    def test_answers_html(self, tmp_path):
        with answering(200, b"<html><body>Welcome, token=abc</body></html>") as (url, _):
            ran = unwell(tmp_path, url)
        assert "is this a Yeastar PBX?" in ran.err
        assert "abc" not in ran.err

    @pytest.mark.parametrize("body", OTHER_ANSWERS.values(), ids=OTHER_ANSWERS)
    def test_is_none_and_answers(self, tmp_path, body):
        with answering(200, body) as (url, _):
            assert "is this a Yeastar PBX?" in unwell(tmp_path, url).err

    @pytest.mark.parametrize(("status", "said"), [(404, "check `pbx.url`"), (502, "try again later")])
    def test_answers_with_an_http_status(self, tmp_path, status, said):
        with answering(status, b"<html></html>") as (url, _):
            ran = unwell(tmp_path, url)
        assert f"HTTP status {status}" in ran.err
        assert said in ran.err

    def test_redirects(self, tmp_path):
        with (
            answering(200, b'{"errcode": 0}') as (elsewhere, followed),
            answering(302, b"", Location=elsewhere) as (url, _),
        ):
            ran = unwell(tmp_path, url)
        assert "correct `pbx.url`" in ran.err
        assert followed == [], "the secret goes to nobody else"

    def test_has_no_such_name(self, tmp_path):
        ran = unwell(tmp_path, "https://pbx.invalid")
        assert "no connection to https://pbx.invalid" in ran.err

    def test_speaks_no_tls(self, tmp_path, box):
        ran = unwell(tmp_path, box.url.replace("http:", "https:"))
        assert "no connection to https://" in ran.err


def test_a_pbx_that_falls_silent_in_the_midst_of_an_apply_costs_nothing(tmp_path, box):
    project = Project(tmp_path / "project", box.url, timeout=1)
    project.campaigns(one=a_text(), two=a_text())
    box.inject("message_campaign/create", drop="before")
    box.inject("message_campaign/list", 2, html="<html>", status=503)
    box.inject("message_campaign/list", 3, html="<html>", status=503)
    box.inject("message_campaign/list", 4, html="<html>", status=503)
    ran = project.apply()
    assert ran.code in (1, 4)
    assert "Traceback" not in ran.err
    assert project.apply().code == 0
    assert {key: each["id"] is not None for key, each in project.recorded.items()} == {
        "one": True,
        "two": True,
    }


# the state


def applied(project: Project) -> bytes:
    project.write("a.yaml", SMS)
    assert project.apply().code == 0
    return project.state.read_bytes()


def edited(state: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(state), **changes}).encode()


STATES: dict[str, tuple[Any, str]] = {
    "empty": (lambda _: b"", "CMP701"),
    "only blanks": (lambda _: b" \n\n", "CMP701"),
    "cut off": (lambda state: state[: len(state) // 2], "CMP701"),
    "not JSON": (lambda _: b"pbx: {url: sandbox}\n", "CMP701"),
    "another JSON": (lambda _: b"[]", "CMP701"),
    "a JSON object of something else": (lambda _: b"{}", "CMP701"),
    "binary": (lambda _: b"\x00\xff" * 100, "CMP701"),
    "deeply nested": (lambda _: b"[" * DEEP, "CMP701"),
    "newer": (lambda state: edited(state, format_version=99), "CMP702"),
    "of another PBX": (
        lambda state: edited(state, pbx={"serial_number": "OTHER", "url": "https://other.example.com"}),
        "CMP703",
    ),
}


@pytest.mark.parametrize("case", STATES)
def test_a_state_that_is(case, project, box):
    make, code = STATES[case]
    project.state.write_bytes(make(applied(project)))
    spoilt, sent = project.state.read_bytes(), len(writes(box))
    commands = ["plan", "apply --auto-approve", "status"]
    if code != "CMP703":  # which PBX it is only the PBX can tell
        commands += ["plan --offline", "state list", "state show hello"]
    for command in commands:
        ran = project.run(*command.split(), "--json")
        assert ran.code == 1
        assert ran.document["error"]["code"] == code
        assert "campaignops.state.json" in ran.document["error"]["message"]
        assert "Traceback" not in ran.err
        assert str(project.root) not in ran.err
        assert project.state.read_bytes() == spoilt
    assert len(writes(box)) == sent
    assert box.tokens_alive() == 0


def test_a_state_that_is_a_folder_or_cannot_be_read(project, box):
    project.write("a.yaml", SMS)
    project.state.mkdir()
    assert "cannot read campaignops.state.json: it is not a regular file" in refused(project, box).err
    project.settings(pbx={"url": box.url}, state="a.yaml/state.json")
    assert "a.yaml/state.json: Not a directory" in project.run("plan").err
    assert "Not a directory" in project.apply().err
    assert writes(box) == []


def test_a_state_in_a_folder_that_is_not_there(project, box):
    project.settings(pbx={"url": box.url}, state="no/such/folder.json")
    project.write("a.yaml", SMS)
    ran = project.apply()
    assert ran.code == 1
    assert "cannot lock no/such/folder.json: there is no folder" in ran.err
    assert "Create it, or correct `state` in the settings" in ran.err
    assert writes(box) == []


def test_an_entry_that_was_edited_by_hand(project, box):
    state = json.loads(applied(project))
    state["campaigns"]["hello"]["id"] = "two hundred"
    project.state.write_text(json.dumps(state))
    ran = project.run("plan", "--json")
    assert ran.code == 1
    assert ran.document["error"]["code"].startswith("CMP70")
