"""A sandbox in a process of its own: how many requests it got, how long one takes, how to make it slow."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

_API = "/openapi/v1.0"


@dataclass(frozen=True)
class Pbx:
    url: str
    client_id: str
    client_secret: str

    @property
    def env(self) -> dict[str, str]:
        credentials = {
            "CAMPAIGNOPS_CLIENT_ID": self.client_id,
            "CAMPAIGNOPS_CLIENT_SECRET": self.client_secret,
        }
        return {**os.environ, **credentials}

    def request_s(self, count: int) -> float:
        """How long one request takes on an open connection, told by the plainest client: the median of `count`."""
        with self._connection() as line:
            login = {"username": self.client_id, "password": self.client_secret}
            token = _ask(line, "POST", "get_token", login)["access_token"]
            spent = []
            for _ in range(count):
                started = time.perf_counter()
                _ask(line, "GET", f"system/information?{urlencode({'access_token': token})}")
                spent.append(time.perf_counter() - started)
            _ask(line, "GET", f"del_token?{urlencode({'access_token': token})}")
        return median(spent)

    def slow_down(self, requests: int, seconds: float) -> None:
        """Let each of the next `requests` wait for so long before its answer."""
        waits = [{"endpoint": "*", "occurrence": n + 1, "delay_after_s": seconds} for n in range(requests)]
        with self._connection() as line:
            line.request("POST", "/_sandbox/faults", json.dumps(waits), {"Content-Type": "application/json"})
            assert json.loads(line.getresponse().read())["waiting"] == requests

    def requests(self) -> int:
        """How many there have been."""
        with self._connection() as line:
            line.request("GET", "/_sandbox/requests")
            return len(json.loads(line.getresponse().read())["requests"])

    @contextmanager
    def _connection(self) -> Iterator[http.client.HTTPConnection]:
        line = http.client.HTTPConnection(self.url.removeprefix("http://"))
        try:
            yield line
        finally:
            line.close()


@contextmanager
def sandbox(tool: Sequence[str]) -> Iterator[Pbx]:
    """An empty one, from `campaignops sandbox`, ended with the block."""
    with subprocess.Popen(
        [*tool, "sandbox", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            said = json.loads(process.stdout.readline())
            yield Pbx(said["url"], said["client_id"], said["client_secret"])
        finally:
            process.terminate()


def _ask(line: http.client.HTTPConnection, method: str, path: str, body: object = None) -> Any:
    headers = {"User-Agent": "bench", "Content-Type": "application/json"}
    line.request(method, f"{_API}/{path}", json.dumps(body) if body else None, headers)
    said = json.loads(line.getresponse().read())
    assert said["errcode"] == 0, said
    return said
