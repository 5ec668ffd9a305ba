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


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Prints its address on stdout when it answers. Faults are set over HTTP, at /_sandbox/ of its address."""
    seed = manifest.read_mapping(Path(args.seed)) if args.seed else None
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
        sandbox.serve(
            Path(args.store) if args.store else None, port=args.port, seed=seed, on_ready=ready, until=stop
        )
    except ValueError as error:
        raise CampaignOpsError(f"the sandbox cannot start: {error}", code="sandbox") from error
    except OSError as error:
        what = f"the sandbox cannot listen on port {args.port}: {error.strerror or error}; try --port 0"
        raise CampaignOpsError(what, code="sandbox") from error
    return 0
