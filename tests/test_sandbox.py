"""The sandbox as a process: start, stop, persistence, size. Also the client and builders of the other sandbox tests."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaignops import sandbox

T0 = 1_753_400_000  # before the send time of the vendor's examples
ROOT = Path(__file__).parents[1]
HELD_S = 30
JPEG = ("demo.jpeg", b"\xff\xd8 a picture", "image/jpeg")


class Client:
    """A caller of one sandbox, logged in. `fresh` gives it an empty PBX."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.http = httpx.Client(base_url=f"{server.url}/openapi/v1.0/", headers={"User-Agent": "OpenAPI"})
        self.token = self.login()["access_token"]

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def fresh(self, **reset: Any) -> Client:
        self.server.reset(**reset)
        self.token = self.login()["access_token"]
        return self

    def login(self, secret: str | None = None) -> dict[str, Any]:
        body = {"username": self.server.client_id, "password": secret or self.server.client_secret}
        return self.http.post("get_token", json=body).json()

    def get(self, endpoint: str, **query: Any) -> dict[str, Any]:
        return self.http.get(endpoint, params={"access_token": self.token, **query}).json()

    def post(self, endpoint: str, body: Any) -> dict[str, Any]:
        return self.http.post(endpoint, params={"access_token": self.token}, json=body).json()

    def upload(self, name: str = JPEG[0], data: bytes = JPEG[1], kind: str = JPEG[2]) -> dict[str, Any]:
        answer = self.http.post(
            "message/batchupload", params={"access_token": self.token}, files=[("files", (name, data, kind))]
        ).json()
        return answer["list"][0]

    def create(self, **fields: Any) -> int:
        answer = self.post("message_campaign/create", a_text(**fields))
        assert answer["errcode"] == 0, answer
        return answer["id"]

    def update(self, campaign_id: int, **fields: Any) -> dict[str, Any]:
        return self.post("message_campaign/update", {"id": campaign_id, **fields})

    def detail(self, campaign_id: int) -> dict[str, Any]:
        return self.get("message_campaign/get", id=campaign_id)["data"]

    def row(self, campaign_id: int) -> dict[str, Any]:
        rows = self.get("message_campaign/list", page=1, page_size=100)["data"]
        return next(row for row in rows if row["id"] == campaign_id)

    def status(self, campaign_id: int) -> str:
        return self.row(campaign_id)["status"]

    def refusal(self, **fields: Any) -> tuple[int, set[tuple[str, str]]]:
        return problems(self.post("message_campaign/create", a_text(**fields)))


def numbers(*texts: str) -> list[dict[str, str]]:
    return [{"number": text} for text in texts]


def a_text(**fields: Any) -> dict[str, Any]:
    """The body of a create; a field of None is left out."""
    body = {
        "name": "spring", "channel_type": "sms", "omnichannel_id": 5, "sender": 11, "recipient_type": "input",
        "number_list": numbers("+12025550140", "+12025550141"), "content_type": "text", "content": "Hello 🌞",
        "send_type": "draft", "send_mode": "direct", **fields,
    }  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def problems(answer: dict[str, Any]) -> tuple[int, set[tuple[str, str]]]:
    listed = answer.get("invalid_param_list", [])
    return answer["errcode"], {(each["field"], each["validation_type"]) for each in listed}


@pytest.fixture
def pbx():
    with sandbox.start(now=lambda: T0) as server, Client(server) as client:
        yield client


def test_a_second_stop_does_nothing():
    server = sandbox.start()
    server.stop()
    server.stop()


def test_it_stops_at_once_while_a_request_is_held(pbx):
    pbx.server.inject("system/information", delay_before_s=HELD_S)
    with pytest.raises(httpx.ReadTimeout):
        pbx.http.get("system/information", params={"access_token": pbx.token}, timeout=0.1)
    began = time.monotonic()
    pbx.server.stop()
    assert time.monotonic() - began < HELD_S / 2


def test_naming_the_sandbox_does_not_load_a_web_server():
    code = "import sys, campaignops.sandbox; print(any(m in sys.modules for m in ('starlette', 'uvicorn', 'sqlite3')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_it_imports_nothing_else_of_the_package():
    code = (
        "import sys, campaignops.sandbox as s; s.start().stop();"
        "print([m for m in sys.modules if m.startswith('campaignops.') and not m.startswith('campaignops.sandbox')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_serve_answers_until_it_is_told_to_end():
    until, urls = threading.Event(), []

    def ready(server):
        urls.append(server.url)
        urls.append(httpx.get(f"{server.url}/_sandbox/status").json()["tokens_alive"])
        until.set()

    sandbox.serve(on_ready=ready, until=until)
    assert urls[1] == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(urls[0])


def test_a_store_keeps_campaigns_ledger_uploads_clock_and_ids(tmp_path: Path):
    store = tmp_path / "pbx.db"
    with sandbox.start(store, now=lambda: T0) as server, Client(server) as client:
        sent = client.create(send_type="immediately")
        draft = client.create(name="later")
        info = client.upload()
        server.advance(500)
        server.behave(names_unique="yes")
        rows = server.ledger()
    with sandbox.start(store, now=lambda: T0) as server, Client(server) as client:
        assert server.now() == T0 + 500
        assert server.ledger() == rows
        assert [client.status(each) for each in (sent, draft)] == ["completed", "draft"]
        assert client.create(name="mms", content_type="document", content=json.dumps(info)) == draft + 1
        assert client.refusal(name="later")[0] == 40003


def test_a_store_survives_the_death_of_its_process(tmp_path: Path):
    store = tmp_path / "pbx.db"
    code = (
        "import os, signal, sys, pathlib\n"
        "from campaignops import sandbox\n"
        "from tests.test_sandbox import Client\n"
        "client = Client(sandbox.start(pathlib.Path(sys.argv[1])))\n"
        "print(client.create(name='kept'), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(store)], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "249\n"
    with sandbox.start(store) as server, Client(server) as client:
        assert client.detail(249)["name"] == "kept"
        assert client.create() == 250


def test_two_sandboxes_may_share_a_store(tmp_path: Path):
    store = tmp_path / "pbx.db"
    with (
        sandbox.start(store) as one,
        sandbox.start(store) as other,
        Client(one) as first,
        Client(other) as second,
    ):
        assert [first.create(), second.create(), first.create()] == [249, 250, 251]
        assert len(second.get("message_campaign/list", page=1, page_size=10)["data"]) == 3


def test_a_port_that_is_taken_is_an_error():
    with sandbox.start() as server, pytest.raises(OSError, match="in use"):
        sandbox.start(port=server.port)


def test_a_store_remembers_its_seed(tmp_path: Path):
    store, seed = tmp_path / "pbx.db", {"client": {"id": "shop", "secret": "quiet"}}
    sandbox.start(store, seed=seed).stop()
    with sandbox.start(store) as server:
        assert (server.client_id, server.client_secret) == ("shop", "quiet")
        server.reset()
        assert server.client_id == "shop"


def test_a_seed_may_be_a_file(tmp_path: Path):
    path = tmp_path / "seed.json"
    path.write_text(json.dumps({"message_queues": [{"id": 77, "name": "Night shift"}]}))
    with sandbox.start(seed=path) as server, Client(server) as client:
        found = client.get("message_queue/list", page=1, page_size=9)["list"]
        assert found == [{"id": 77, "name": "Night shift"}]


@pytest.mark.parametrize(
    "seed",
    [
        {"chanels": []},
        {"channels": {}},
        {"channels": [{"name": "no id"}]},
        {"message_queues": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]},
        {"client": []},
        {"limits": {"campains": 3}},
    ],
)
def test_a_seed_that_does_not_hold_is_refused(seed):
    with pytest.raises(ValueError, match="seed"):
        sandbox.start(seed=seed)


def test_ten_thousand_campaigns_are_listed_page_by_page():
    campaigns = [a_text(name=f"campaign-{n}", number_list=[]) for n in range(10_000)]
    seed = {"limits": {"campaigns": 20_000}, "campaigns": campaigns}
    with sandbox.start(seed=seed) as server, Client(server) as client:
        names = []
        for page in range(1, 101):
            names += [
                row["name"] for row in client.get("message_campaign/list", page=page, page_size=100)["data"]
            ]
        assert names == [each["name"] for each in campaigns]
        assert client.create(name="one more") == 249 + 10_000
        assert (
            client.get("message_campaign/search", page=1, page_size=9, search_value="n-9999")["total_number"]
            == 1
        )


def test_two_callers_at_once_get_ids_of_their_own(pbx):
    ids: list[int] = []

    def make():
        with httpx.Client(headers={"User-Agent": "OpenAPI"}) as http:
            for n in range(20):
                url = f"{pbx.server.url}/openapi/v1.0/message_campaign/create"
                body = a_text(name=f"{threading.get_ident()}-{n}")
                ids.append(http.post(url, params={"access_token": pbx.token}, json=body).json()["id"])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids) == list(range(249, 249 + 80))
