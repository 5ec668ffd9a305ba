"""JSON text of a report: readable, stable, and without a character that a terminal would act on."""

from __future__ import annotations

import json
from typing import Any

from campaignops.report.plain import escaped


def text(value: Any) -> str:
    """`value` as indented JSON with a line break at its end; keys keep their order."""
    return escaped(json.dumps(value, ensure_ascii=False, indent=2)) + "\n"
