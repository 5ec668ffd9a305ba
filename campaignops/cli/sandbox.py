"""`campaignops sandbox`: the pretend PBX on a port of this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from campaignops import manifest, sandbox
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError
from campaignops.sandbox.running import Sandbox


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=8088, help="default: 8088; 0 takes any that is free")
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="keep it in this SQLite file (default: in memory)"
    )
    parser.add_argument(
        "--seed", type=Path, metavar="FILE", help="channels, phonebooks, templates … as YAML or JSON"
    )
    parser.add_argument("--reset", action="store_true", help="forget what the store remembers, but the seed")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_switch,
        metavar="SWITCH=VALUE",
        help="see sandbox/personality.py",
    )


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Prints its address on stdout when it answers. Faults are set over HTTP, at /_sandbox/ of its address."""
    seed = manifest.read_mapping(args.seed) if args.seed else None
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def ready(box: Sandbox) -> None:
        if args.reset:
            box.reset(seed)
        box.behave(**dict(args.set))
        if shown.json:
            credentials = {"client_id": box.client_id, "client_secret": box.client_secret}
            shown.answer(json.dumps({"url": box.url, **credentials}) + "\n")
            return
        shown.answer(f"{box.url}\n")
        shown.say(
            f"pbx.url: {box.url}   CAMPAIGNOPS_CLIENT_ID={box.client_id}   "
            f"CAMPAIGNOPS_CLIENT_SECRET={box.client_secret}   (Ctrl-C ends it)"
        )

    try:
        sandbox.serve(args.store, port=args.port, seed=seed, on_ready=ready, until=stop)
    except ValueError as error:
        raise CampaignOpsError(f"the sandbox cannot start: {error}", code="sandbox") from error
    except OSError as error:
        what = f"the sandbox cannot listen on port {args.port}: {error.strerror or error}; try --port 0"
        raise CampaignOpsError(what, code="sandbox") from error
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is not a port")
    return int(text)


def _switch(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"`{text}` is not SWITCH=VALUE")
    return name, float(value) if value.replace(".", "", 1).isdecimal() else value
