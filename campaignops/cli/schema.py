"""`campaignops schema`: the JSON Schema of manifests, or of the settings, for editors and other tools."""

from __future__ import annotations

import argparse

from campaignops import manifest
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """The schema is JSON already, so --json changes nothing."""
    shown.document(manifest.manifest_schema() if args.of == "manifest" else manifest.settings_schema())
    return 0
