"""What an editor makes of the published schemas: the real yaml-language-server, asked as an editor asks it.

It is a program of Node.js. `make test` installs it where npm is; else `npm install yaml-language-server`
and put its node_modules/.bin on PATH.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from campaignops import manifest
from campaignops.manifest.form.published import _TITLES
from tests.test_manifest import EXAMPLE
from tests.test_manifest_settings import FULL

ROOT = Path(__file__).parents[1]
MODELINE = "# yaml-language-server: $schema=./campaign.schema.json\n"
SETTINGS_MODELINE = "# yaml-language-server: $schema=./settings.schema.json\n"
CAMPAIGN = """\
campaigns:
  autumn-sale:
    type: sms
    channel: Main SMS
    recipients: {numbers: ["+12025550111"]}
    message: {text: 20% off}
    send: draft
    session: direct
"""
SHARED = (
    MODELINE
    + """\
defaults: {type: sms, channel: Main SMS, send: draft, session: direct}
campaigns:
  autumn-sale:
    recipients: {numbers: ["+12025550111"]}
    message: {text: 20% off}
    sender:
"""
)
PATIENCE_S = 20


def _server() -> list[str] | None:
    """How the language server is started: from PATH, or from where npx has it already; nothing is fetched."""
    if found := shutil.which("yaml-language-server"):
        return [found, "--stdio"]
    if npx := shutil.which("npx"):
        command = [npx, "--offline", "--no-install", "yaml-language-server"]
        if subprocess.run([*command, "--version"], capture_output=True).returncode == 0:
            return [*command, "--stdio"]
    return None


class Editor:
    """A client of the language server protocol, as far as these tests need one."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._folder = folder
        self._ids = count(1)
        self._arrived: queue.Queue[dict[str, Any]] = queue.Queue()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities={
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}},
                             "hover": {"contentFormat": ["markdown"]}},
            "workspace": {"configuration": True},
        })  # fmt: skip
        self._send(method="initialized", params={})

    def close(self) -> None:
        self.ask("shutdown")
        self._send(method="exit")
        self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def open(self, text: str) -> str:
        """The URI of a new document."""
        uri = (self._folder / f"{next(self._ids)}.yaml").as_uri()
        self._send(method="textDocument/didOpen", params={
            "textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        })  # fmt: skip
        return uri

    def problems(self, text: str) -> list[tuple[int, str]]:
        """What is underlined: line (from 1) and message."""
        uri = self.open(text)
        while True:
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                found = message["params"]["diagnostics"]
                return [(each["range"]["start"]["line"] + 1, each["message"]) for each in found]

    def completions(self, text: str) -> set[str]:
        """What is offered at the | in the text."""
        answer = self.ask("textDocument/completion", **self._at_cursor(text)) or []
        return {item["label"] for item in (answer["items"] if isinstance(answer, dict) else answer)}

    def hover(self, text: str) -> str:
        """What is shown over the | in the text."""
        answer = self.ask("textDocument/hover", **self._at_cursor(text))
        return str(answer["contents"]["value"]) if answer else ""

    def _at_cursor(self, text: str) -> dict[str, Any]:
        before = text[: text.index("|")]
        uri = self.open(text.replace("|", "", 1))
        position = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        return {"textDocument": {"uri": uri}, "position": position}

    def ask(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        self._send(id=number, method=method, params=params or None)
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _next(self) -> dict[str, Any]:
        """The next message; what the server wants to know is answered on the way."""
        message = self._arrived.get(timeout=PATIENCE_S)
        if "method" in message and "id" in message:
            wanted = (
                message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
            )
            on = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
            result = [on if item.get("section") == "yaml" else None for item in wanted]
            self._send(id=message["id"], result=result if wanted else None)
        return message

    def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            size = int(header.partition(b":")[2])
            while stream.readline().strip():
                pass
            self._arrived.put(json.loads(stream.read(size)))


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    command = _server()
    if command is None:
        pytest.skip("yaml-language-server is not installed (npm install yaml-language-server)")
    folder = tmp_path_factory.mktemp("editor")
    (folder / "campaign.schema.json").write_text(json.dumps(manifest.manifest_schema()))
    (folder / "settings.schema.json").write_text(json.dumps(manifest.settings_schema()))
    found = Editor(command, folder)
    yield found
    found.close()


def within(campaign: str) -> str:
    """A manifest with this in a campaign that is fine up to there."""
    return MODELINE + CAMPAIGN + f"    {campaign}\n"


def instead(line: str, other: str) -> str:
    assert line in CAMPAIGN
    return MODELINE + CAMPAIGN.replace(line, other)


# what is underlined


@pytest.mark.parametrize("name", [path.name for path in sorted((ROOT / "campaigns").glob("*.yaml"))])
def test_nothing_is_underlined_in_the_sample(editor, name):
    assert editor.problems((ROOT / "campaigns" / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [MODELINE + EXAMPLE.partition("\n")[2], MODELINE + CAMPAIGN, SHARED, SETTINGS_MODELINE + FULL],
    ids=["the worked examples", "a campaign", "defaults", "settings"],
)
def test_nothing_is_underlined_in_what_is_right(editor, text):
    assert editor.problems(text) == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (within("sender: +12025550100"), 10, "string | {id: 7}"),
        (within("sender: '0202555'"), 10, "and the country code, in quotes"),
        (instead('["+12025550111"]', "[+12025550111]"), 6, "and the country code, in quotes"),
        (instead('"+12025550111"', '"0202555"'), 6, "and the country code, in quotes"),
        (instead("{text: 20% off}", "{text: 20% off, file: a.png}"), 7, "text is not allowed"),
        (instead('{numbers: ["+12025550111"]}', "{column: phone}"), 6, 'Missing property "numbers"'),
        (within("chanel: Main SMS"), 10, "chanel is not allowed"),
        (instead("{text: 20% off}", "{txt: 20% off}"), 7, "txt is not allowed"),
        (within("text: 20% off"), 10, "text is not allowed"),
        (instead("send: draft", "send: later"), 8, "draft"),
        (instead("type: sms", "type: smss"), 4, 'Valid values: "sms", "whatsapp"'),
        (instead("    send: draft\n", ""), 3, 'Missing property "send"'),
        (MODELINE + "defaults: {chanel: Main SMS}\n", 2, "chanel is not allowed"),
        (SHARED + "    chanel: Main SMS\n", 8, "chanel is not allowed"),
        (SETTINGS_MODELINE + "pbx: {verify: false}\n", 2, "verify is not allowed"),
    ],
)
def test_what_is_wrong_is_underlined_where_it_stands(editor, text, line, said):
    problems = editor.problems(text)
    assert any(at == line and said in message for at, message in problems), problems


# what is offered


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (within("|"), {"name", "sender", "for_each", "moved", "prevent_delete"}),
        (within("se|"), {"sender"}),
        (
            MODELINE + "campaigns:\n  a:\n    |\n",
            {"type", "channel", "recipients", "message", "send", "session"},
        ),
        (instead("type: sms", "type: |"), {"sms", "whatsapp"}),
        (instead("send: draft", "send: |"), {"draft", "now"}),
        (instead("send: draft", "send:\n      |"), {"at", "timezone", "fold"}),
        (
            instead("send: draft", 'send:\n      at: "2030-07-30 18:06"\n      timezone: |'),
            {"Europe/Berlin", "UTC"},
        ),
        (SETTINGS_MODELINE + "timezone: |\n", {"America/New_York"}),
        (SETTINGS_MODELINE + "findings:\n  |\n", {"severity", "select", "ignore"}),
        (instead("session: direct", "session: |"), {"direct"}),
        (instead("session: direct", "session:\n      |"), {"assign_to"}),
        (instead("session: direct", "session:\n      assign_to:\n        |"), {"extension", "queue"}),
        (
            instead('{numbers: ["+12025550111"]}', "\n      |"),
            {"numbers", "file", "phonebook", "column", "field"},
        ),
        (instead("{text: 20% off}", "\n      |"), {"text", "file"}),
        (MODELINE + "|\n", {"campaigns", "vars", "defaults"}),
        (MODELINE + "defaults:\n  |\n", {"channel", "sender", "send", "session", "message", "recipients"}),
        (MODELINE + "defaults:\n  message:\n    |\n", {"text", "file", "template", "language", "body"}),
        (SHARED + "    |\n", {"name", "for_each", "moved"}),
        (SETTINGS_MODELINE + "|\n", {"pbx", "state", "timezone", "vars", "environments"}),
    ],
)
def test_keys_and_words_are_completed(editor, text, offered):
    assert editor.completions(text) >= offered


# what is explained


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (instead("channel:", "chan|nel:"), "A message channel by name"),
        (instead("send:", "se|nd:"), "Sending is always spelt out"),
        (instead("session:", "sess|ion:"), "extension"),
        (instead("recipients:", "reci|pients:"), "Who gets the message"),
        (instead("numbers:", "num|bers:"), "and the country code"),
        (instead("message:", "mes|sage:"), "Exactly one of text and file"),
        (instead("text:", "te|xt:"), "as people will read it"),
        (instead("type:", "ty|pe:"), "sms, or whatsapp"),
        (SETTINGS_MODELINE + "pbx: {u|rl: sandbox}\n", "sandbox, or https://host"),
    ],
)
def test_fields_are_explained(editor, text, said):
    shown = editor.hover(text)
    assert said in shown
    heading = shown.partition("\n")[0].removeprefix("#### ").replace("\\", "")
    assert heading in text.replace("|", "") or heading in _TITLES.values(), "called what its author calls it"
