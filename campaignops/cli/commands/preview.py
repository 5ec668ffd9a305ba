"""`campaignops preview [KEY…]`: the plan as one page, each message as its reader sees it. Nothing is sent."""

from __future__ import annotations

import argparse
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

from campaignops.cli import planning, selecting, verdict
from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import ProjectError
from campaignops.model import Asset, Campaign, files_of
from campaignops.planner import AnyChange, Create, Selection, Update
from campaignops.report.page import Setting, page
from campaignops.report.plan_json import SCHEMA_VERSION

_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_MOST_BYTES = 20 << 20  # of pictures in one page


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Exit 0 also for a plan that cannot be applied: the page says why; 1 where there is no plan."""
    project = selecting.project_of(args, failure)
    args.target = [*args.keys, *args.target]
    found = planning.read(project)
    made, now_s = planning.made_of(args, project)
    desired = {campaign.key: campaign for campaign in found.campaigns}
    desired |= {c.key: c.campaign for c in made.changes if isinstance(c, Create | Update)}  # parts, too
    changes = [change for change in made.changes if _is_shown(change, args.keys)]
    pictures = _pictures((desired[change.key] for change in changes if change.key in desired), project.root)
    setting = Setting(now_s, project.timezone, project.pbx.url, desired, pictures)
    _write(Path(args.output), page(made, changes, setting))
    if shown.json:
        said = {"file": args.output, "campaigns": len(changes)}
        shown.document({"schema_version": SCHEMA_VERSION, "kind": "preview", **said})
    else:
        shown.answer(f"{args.output}\n")
    return 0


def _is_shown(change: AnyChange, keys: list[str]) -> bool:
    """What would change; and what somebody asks for by name."""
    return bool(verdict.is_pending(change) or (keys and Selection(tuple(keys)).has(change.key)))


def _pictures(campaigns: Iterable[Campaign], root: Path) -> dict[str, str]:
    """The pictures of the campaigns as `data:` URLs; a page that would become too large shows their names instead."""
    found: dict[str, str] = {}
    left = _MOST_BYTES
    for campaign in campaigns:
        for file in files_of(campaign.message):
            if not isinstance(file, Asset) or file.media_type not in _PICTURES or file.path in found:
                continue
            if file.size_bytes <= left:
                left -= file.size_bytes
                content = b64encode((root / file.path).read_bytes()).decode()
                found[file.path] = f"data:{file.media_type};base64,{content}"
    return found


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProjectError(f"{file} cannot be written: {error.strerror}; name another with -o FILE") from None
