"""What is on the pretend PBX before anybody calls it. Reads and checks a seed; knows no store and no endpoint.

A seed is a JSON object (a file, or a mapping that somebody read from YAML). A part that is left out is taken from
`demo.SEED`, which is also the worked example of every entry:

    device          {sn, device_name, model_name, firmware_version}
    client          {id, secret}                        the credentials of get_token
    limits          {campaigns, recipients, upload_bytes}   1,000, 1,000 and 100 MB unless given
    channels        [{id, name, type, channel, status, send_rate, dids: [{id, did_number, …}], account_data, …}]
    templates       [{id, template_id, name, language, parameter_format, category, sub_category, omnichannel_id,
                      components: […]}]                 components become the string `components_data`
    phonebooks      [{id, name, contacts: [{id, contact_name, business, mobile, …}]}]
    extensions      [{id, number, caller_id_name, …}]
    message_queues  [{id, name}]
    failing         {number: attempts that fail, or -1 for all of them}
    campaigns       [{the body of a create, status: "draft"}]   taken as they are, without a check
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from campaignops.sandbox import demo
from campaignops.sandbox.answers import Json

Source: TypeAlias = Mapping[str, Any] | Path | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts, and bytes of one upload request."""

    campaigns: int = 1000
    recipients: int = 1000
    upload_bytes: int = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Seed:
    """A checked seed; the module's docstring says what the parts hold."""

    device: Json
    client: Json
    channels: list[Json]
    templates: list[Json]
    phonebooks: list[Json]
    extensions: list[Json]
    message_queues: list[Json]
    failing: dict[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    campaigns: list[Json] = field(default_factory=list)


LISTS = ("channels", "templates", "phonebooks", "extensions", "message_queues", "campaigns")
MAPPINGS = ("device", "client", "limits", "failing")


def read(source: Source) -> Json | None:
    """The JSON object of a seed, not yet completed; None stays None. Raises ValueError when it is not an object."""
    if isinstance(source, Path):
        source = json.loads(source.read_text(encoding="utf-8"))
    if source is None:
        return None
    if not isinstance(source, Mapping):
        raise ValueError("a seed is a JSON object")
    return dict(source)


def complete(given: Mapping[str, Any] | None) -> Seed:
    """A whole seed: the given parts over those of the demo. Raises ValueError that names the wrong part."""
    parts: Json = {**demo.SEED, **(given or {})}
    for name, value in parts.items():
        _check(name, value)
    try:
        return Seed(**{**parts, "limits": Limits(**parts.get("limits", {}))})
    except TypeError as error:
        raise ValueError(f"seed: {error}") from error


def _check(name: str, value: object) -> None:
    if name in LISTS:
        _check_list(name, value)
    elif name not in MAPPINGS:
        raise ValueError(f"seed: no such part: {name}")
    elif not isinstance(value, Mapping):
        raise ValueError(f"seed: {name} is not an object")


def _check_list(name: str, value: object) -> None:
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise ValueError(f"seed: {name} is not a list of objects")
    if name == "campaigns":
        return
    ids = [entry.get("id") for entry in value]
    if not all(type(each) is int for each in ids) or len(set(ids)) != len(ids):
        raise ValueError(f"seed: the entries of {name} need ids of their own")
