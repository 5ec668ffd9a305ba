"""Small campaigns, entries, states and plans: a builder takes the fields that matter to a test and adds the rest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from campaignops import planner, state
from campaignops.findings import Place
from campaignops.model import AssignTo, At, Campaign, Numbers, Ref, Text
from campaignops.planner import Live, Plan, Selection
from campaignops.project import Pbx, Project
from campaignops.state import Entry, Phase, State

NOW_S = 1911222000  # Thu 2030-07-25 17:00 in Berlin
TIME_S = 1911657960  # Tue 2030-07-30 18:06
NUMBERS = ("+8613800001111", "+8613800002222", "+8613800003333")
LINEAGE = "lineage"


def a_campaign(key: str = "summer-sale", **other: Any) -> Campaign:
    said: dict[str, Any] = {
        "type": "sms",
        "name": key,
        "channel": Ref("Main SMS"),
        "sender": Ref("+12025550100"),
        "audience": Numbers(NUMBERS),
        "message": Text("Up to 50% off!"),
        "send": At(TIME_S, "Europe/Berlin"),
        "session": AssignTo("extension", Ref("1002")),
        "place": Place("summer.yaml", 5),
    }
    return Campaign(key=key, **(said | other))


def an_entry(campaign: Campaign, id: int | None = 203, phase: Phase = Phase.RELEASED, **other: Any) -> Entry:
    """What is recorded of `campaign` in that phase. An intent has no id."""
    people = campaign.audience.numbers if isinstance(campaign.audience, Numbers) else ()
    said: dict[str, Any] = {
        "key": campaign.key,
        "name": campaign.name,
        "type": campaign.type,
        "phase": phase,
        "id": None if phase is Phase.INTENT else id,
        "digest": state.digest(campaign, LINEAGE),
        "fingerprint": "f",
        "send": state.send_kind(campaign.send),
        "time_s": campaign.send.time_s if isinstance(campaign.send, At) else None,
        "recipients": len(people),
        "audience": state.audience_digests(people, LINEAGE),
        "spec": json.dumps(state.spec(campaign)),
    }
    return Entry(**(said | other))


def a_state(*entries: Entry, serial: int = 41) -> State:
    return State(LINEAGE, serial, campaigns={entry.key: entry for entry in entries})


def a_project(environment: str | None = None, delivery: Literal["staged", "direct"] = "staged") -> Project:
    return Project(Path("/project"), environment, Pbx(delivery=delivery))


def a_plan(
    *desired: Campaign,
    recorded: Iterable[Entry] = (),
    live: Live | None = None,
    environment: str | None = None,
    delivery: Literal["staged", "direct"] = "staged",
    now_s: float = NOW_S,
    selection: Selection = planner.EVERYTHING,
) -> Plan:
    return planner.make(
        desired,
        a_state(*recorded),
        live,
        a_project(environment, delivery),
        now_s=now_s,
        locate=a_place,
        selection=selection,
    )


def a_place(campaign: Campaign, path: tuple[str | int, ...]) -> Place:
    """Where a field of a campaign stands, as the manifests would tell; here its file names the field."""
    return Place(f"{campaign.place.file}#{'.'.join(map(str, path))}", campaign.place.line)
