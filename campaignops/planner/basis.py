"""What a plan rests on, item by item, so that a later run can name what has moved. Digests and counts: no text, no
number, nobody's name but keys and paths. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from campaignops import state
from campaignops.model import Asset, Campaign, Numbers, files_of
from campaignops.planner.changes import ACTIONS, AnyChange, Create, History, Plan, Unchanged, Update, digest
from campaignops.planner.live import Live
from campaignops.planner.selection import Selection
from campaignops.project import Project

Basis: TypeAlias = Mapping[str, Mapping[str, Any]]  # group -> name -> value, all of it plain data

_SENTENCES = {
    "tool": "campaignops is {now}, not {was}",
    "environment": "the environment is {now}, not {was}",
    "target": "--target is {now}, not {was}",
    "exclude": "--exclude is {now}, not {was}",
    "vars": "the values of --var, --var-file or CAMPAIGNOPS_VAR_… have changed",
    "lineage": "the state is another one",
    "serial": "the state is at serial {now}, not {was}",
    "pbx": "the PBX is {now}, not {was}",
    "delivery": "pbx.delivery is {now}, not {was}",
    "manifests": "the manifest of `{name}` {how}",
    "audiences": "the list of recipients of `{name}` {how}",
    "files": "the file {name} {how}",
    "names": "what the names in `{name}` stand for on the PBX {how}",
    "templates": "the template of `{name}` on the PBX {how}",
    "contacts": "who is in the phonebook of `{name}` {how}",
    "people": "the number of people of `{name}` is {now}, not {was}",
    "live": "`{name}` {how} on the PBX",
    "changes": "what is to be done with `{name}` {how}",
}
_LONGEST = 80
_AUDIENCE_DIGITS = (
    4  # enough to name a list that changed; of a whole digest of one number, the number can be found
)


@dataclass(frozen=True, slots=True)
class Moved:
    """One item that is not what it was: its group, its name, and the sentence that says so."""

    group: str
    name: str
    message: str


def of(plan: Plan, live: Live, project: Project, selection: Selection, tool: str) -> Basis:
    """Of a plan that was made against a PBX. The same plan of the same project has the same basis at any time."""
    wanted = {c.key: c for c in plan.effects if isinstance(c, Create | Update)}
    campaigns = {key: change.campaign for key, change in wanted.items()}
    pbx = plan.pbx
    return {
        "run": {
            "tool": tool,
            "environment": plan.environment,
            "target": sorted(selection.targets),
            "exclude": sorted(selection.excludes),
            "vars": digest(project.overrides) if project.overrides else None,
            "lineage": plan.lineage
            if plan.serial
            else None,  # before the first write, each reader makes one up
            "serial": plan.serial,
            "pbx": pbx and (pbx.serial_number or pbx.url),
            "delivery": project.pbx.delivery,
        },
        "manifests": {key: digest(_said(state.spec(c))) for key, c in campaigns.items()},
        "audiences": {
            key: digest(sorted(c.audience.numbers))[:_AUDIENCE_DIGITS]
            for key, c in campaigns.items()
            if isinstance(c.audience, Numbers)
        },
        "files": dict(_files(campaigns.values())),
        "names": {key: change.names for key, change in wanted.items()},
        "templates": {key: change.template for key, change in wanted.items() if change.template},
        "contacts": {
            key: change.contacts[:_AUDIENCE_DIGITS] for key, change in wanted.items() if change.contacts
        },
        "people": {key: change.people for key, change in wanted.items()},
        "live": {c.key: _live(live, c.id) for c in plan.effects if c.id is not None},
        "changes": {c.key: ", ".join((ACTIONS[type(c)], *c.steps)) for c in plan.changes if not _is_quiet(c)},
    }


def moved(before: Basis, now: Basis) -> tuple[Moved, ...]:
    """What of `before` is not so `now`. That a change as a whole differs is said only where nothing else says why."""
    found = [
        _moved(group, name, before.get(group, {}), now.get(group, {}))
        for group in dict.fromkeys((*now, *before))
        for name in dict.fromkeys((*now.get(group, {}), *before.get(group, {})))
        if before.get(group, {}).get(name) != now.get(group, {}).get(name)
    ]
    named = {each.name for each in found if each.group != "changes"}
    return tuple(each for each in found if each.group != "changes" or each.name not in named)


def _moved(group: str, name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Moved:
    sentence = _SENTENCES.get(name if group == "run" else group, "{name} {how}")
    how = "is new" if name not in before else "is gone" if name not in now else "has changed"
    if group == "live" and how != "has changed":
        how = "is to be touched" if name in now else "is not to be touched any more"
    return Moved(
        group,
        name,
        sentence.format(name=name, how=how, now=_short(now.get(name)), was=_short(before.get(name))),
    )


def _short(value: Any) -> str:
    said = (
        "none"
        if value in (None, [])
        else ", ".join(map(str, value))
        if isinstance(value, list)
        else str(value)
    )
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _is_quiet(change: AnyChange) -> bool:
    return isinstance(change, Unchanged | History) and not change.is_recorded


def _said(spec: Any) -> Any:
    """A spec without what is named on its own: the bytes of files, and how many numbers."""
    match spec:
        case {"path": path, "sha256": _, "size": _}:
            return {"path": path}
        case {"numbers": int()}:
            return "numbers"
        case dict():
            return {name: _said(value) for name, value in spec.items()}
        case list():
            return [_said(value) for value in spec]
        case _:
            return spec


def _files(campaigns: Iterable[Campaign]) -> Iterator[tuple[str, str]]:
    for campaign in campaigns:
        yield from ((f.path, f.sha256) for f in files_of(campaign.message) if isinstance(f, Asset))


def _live(live: Live, campaign_id: int) -> str:
    """What the PBX says of one campaign. What reads as it was given is known by the state's serial."""
    parts = (live.status, live.time_s, live.edited)
    return digest([*(part.get(campaign_id) for part in parts), campaign_id in live.unlisted])
