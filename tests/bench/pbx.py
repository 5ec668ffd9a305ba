"""A sandbox in a process of its own: how many requests it got, how long one takes, how to make it slow."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode


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
        """How long the plainest client needs for one request, the median of `count`. Each has a connection of its own:
        a PBX closes it after its answer."""
        login = {"username": self.client_id, "password": self.client_secret}
        token = urlencode({"access_token": self._ask("POST", "get_token", login)["access_token"]})
        spent = []
        for _ in range(count):
            started = time.perf_counter()
            self._ask("GET", f"system/information?{token}")
            spent.append(time.perf_counter() - started)
        self._ask("GET", f"del_token?{token}")
        return median(spent)

    def slow_down(self, requests: int, seconds: float) -> None:
        """Let each of the next `requests` wait for so long before its answer."""
        waits = [{"endpoint": "*", "occurrence": n + 1, "delay_after_s": seconds} for n in range(requests)]
        assert self._send("POST", "/_sandbox/faults", waits)["waiting"] == requests

    def requests(self) -> int:
        """How many there have been."""
        return len(self._send("GET", "/_sandbox/requests")["requests"])

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        said = self._send(method, f"/openapi/v1.0/{path}", body)
        assert said["errcode"] == 0, said
        return said

    def _send(self, method: str, path: str, body: object = None) -> Any:
        headers = {"User-Agent": "bench", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(self.url.removeprefix("http://"))) as line:
            line.request(method, path, json.dumps(body) if body else None, headers)
            return json.loads(line.getresponse().read())


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
