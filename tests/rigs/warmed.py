"""Imported once by the process that runs are forked from: what each of them would load and build for itself, adapters,
tables and connections, is there already."""

from __future__ import annotations

import os
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from campaignops.audience.countries import home
from campaignops.cli.entry import run

NOBODY = "http://127.0.0.1:9"  # listens there: the plan gets as far as its first request
PROJECT = {
    "campaignops.yaml": f"pbx: {{url: '{NOBODY}'}}",
    "a.yaml": """\
campaigns:
  c:
    {type: sms, channel: SMS, recipients: {numbers: ['+12025550140']}, message: {text: Hi}, send: now, session: direct}
""",
}

home("+12025550140")
with TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
    for name, text in PROJECT.items():
        (Path(folder) / name).write_text(text)
    os.environ.update(CAMPAIGNOPS_CLIENT_ID="id", CAMPAIGNOPS_CLIENT_SECRET="secret")
    run(["-C", folder, "apply", "--auto-approve"])
