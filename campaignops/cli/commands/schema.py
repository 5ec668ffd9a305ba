"""`campaignops schema [WHAT]`: the JSON Schema of what people write, for editors, or of what programs read."""

from __future__ import annotations

import argparse
from typing import Any

from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """The schema is JSON already, so --json changes nothing."""
    shown.document(schema(args.of))
    return 0


def schema(name: str) -> dict[str, Any]:
    """One of `arguments.SCHEMAS`."""
    if name in ("manifest", "settings"):
        from campaignops import manifest

        return manifest.manifest_schema() if name == "manifest" else manifest.settings_schema()
    if name == "state":
        from campaignops.store.published import state_schema

        return state_schema()
    from campaignops.report import schemas

    made: dict[str, Any] = getattr(schemas, name.replace("-", "_"))()
    return made
