"""Real project folders for the tests of the manifest reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from campaignops import manifest
from campaignops.findings import Finding, in_order
from campaignops.model import Campaign
from campaignops.project import Project

SMS = """\
campaigns:
  hello:
    type: sms
    channel: Main SMS
    recipients: {numbers: ["+8613800001111"]}
    message: {text: Hello}
    send: draft
    session: direct
"""
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def write(root: Path, **files: Any) -> Path:
    """Writes files, texts or bytes; a name without an ending is that of a .yaml."""
    for name, content in files.items():
        path = root / (name if "." in name else f"{name}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def project_of(root: Path, settings: str = "pbx: {url: sandbox}\n", **kwargs: object) -> Project:
    write(root, campaignops=settings)
    return manifest.load_project(root, **kwargs)  # type: ignore[arg-type]


def read(root: Path, **kwargs: object) -> tuple[list[Campaign], list[Finding]]:
    """The campaigns and findings of a folder."""
    desired = manifest.read(project_of(root, **kwargs))  # type: ignore[arg-type]
    campaigns = list(desired)
    return campaigns, list(in_order(desired.findings))


def read_text(
    root: Path, text: str | bytes, file: str = "a.yaml", **kwargs: object
) -> tuple[list[Campaign], list[Finding]]:
    write(root, **{file: text})
    return read(root, **kwargs)


def places(findings: list[Finding]) -> list[tuple[str, int, int]]:
    return [(f.code, f.place.line, f.place.column) if f.place else (f.code, 0, 0) for f in findings]


def sms(**changes: str | None) -> str:
    """A manifest of one good campaign, `hello`, whose fields (lines) are changed or, with None, left out."""
    fields: dict[str, str | None] = {
        "type": "sms",
        "channel": "Main SMS",
        "recipients": '{numbers: ["+8613800001111"]}',
        "message": "{text: Hello}",
        "send": "draft",
        "session": "direct",
    }
    fields |= changes
    lines = [f"    {name}: {value}".rstrip() for name, value in fields.items() if value is not None]
    return "campaigns:\n  hello:\n" + "\n".join(lines) + "\n"


def whatsapp(message: str, **changes: str | None) -> str:
    return sms(type="whatsapp", message=message, **changes)
