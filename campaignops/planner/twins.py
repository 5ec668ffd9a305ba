"""Another campaign on the PBX with the name of a recorded one. A create that sends may have been delivered twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from campaignops.findings import Finding
from campaignops.planner.changes import AnyChange
from campaignops.planner.live import Live
from campaignops.state import Entry


def told(changes: Iterable[AnyChange], entries: Iterable[Entry], live: Live | None) -> Iterator[Finding]:
    """Of what was posted in its final form. A draft that was made twice sends nothing, and is looked for elsewhere."""
    posted = {entry.id: entry for entry in entries if entry.delivery == "direct" and not entry.lost}
    for change in changes:
        entry = posted.get(change.id) if change.id is not None else None
        twins = live.names.get(entry.name, ()) if live and entry else ()
        if entry and twins:
            yield Finding(
                "CMP216",
                "warning",
                f"the PBX has another campaign named {entry.name!r} (id {', '.join(map(str, twins))}) beside "
                f"`{change.key}` (id {entry.id}); who is in both gets both",
                change.place,
                help=f"compare them on the PBX; delete id {twins[0]} there if it is a copy that has not begun to send",
            )
