"""`campaignops sandbox`: the pretend PBX on a port of this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import sqlite3
import threading
from pathlib import Path
from typing import Any

from campaignops import manifest, sandbox
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError, UsageError
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.sandbox import personality
from campaignops.sandbox.running import Sandbox


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Prints its address on stdout when it answers. Faults are set over HTTP, at /_sandbox/ of its address."""
    seed, store = _seed(args.seed, failure), Path(args.store) if args.store else None
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def ready(box: Sandbox) -> None:
        if args.reset:
            box.reset(seed)
        _behave(box, dict(args.set))
        _tell(box, shown)

    try:
        sandbox.serve(store, port=args.port, seed=seed, on_ready=ready, until=stop)
    except ValueError as error:
        raise CampaignOpsError(f"the sandbox cannot start: {error}", code="sandbox") from error
    except sqlite3.Error as error:
        raise CampaignOpsError(f"the sandbox cannot use {store}: {error}", code="sandbox") from error
    except OSError as error:
        what = f"the sandbox cannot listen on port {args.port}: {error.strerror or error}; try --port 0"
        raise CampaignOpsError(what, code="sandbox") from error
    return 0


def _seed(file: str | None, failure: Failure) -> dict[str, Any] | None:
    if file is None:
        return None
    failure.root = Path(file).parent
    return manifest.read_mapping(Path(file))


def _behave(box: Sandbox, switches: dict[str, object]) -> None:
    try:
        box.behave(**switches)
    except ValueError as error:
        raise UsageError(f"--set: {error}; the switches are {', '.join(personality.names())}") from error


def _tell(box: Sandbox, shown: Screen) -> None:
    credentials = {"client_id": box.client_id, "client_secret": box.client_secret}
    if shown.json:
        said = {"schema_version": SCHEMA_VERSION, "kind": "sandbox", "url": box.url}
        shown.answer(
            json.dumps(said | credentials) + "\n"
        )  # one line: its reader waits for no end of the file
        return
    shown.answer(f"{box.url}\n")
    variables = "   ".join(f"CAMPAIGNOPS_{name.upper()}={value}" for name, value in credentials.items())
    shown.say(f"pbx.url: {box.url}   {variables}   (Ctrl-C ends it)")
