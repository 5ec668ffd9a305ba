"""What a history begins with and how its people change it: PBX personalities, campaigns, edits of a manifest."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from campaignops.findings import Place
from campaignops.model import (
    Asset,
    At,
    Campaign,
    Direct,
    Draft,
    FileMessage,
    Message,
    Now,
    Numbers,
    Ref,
    Send,
    Text,
)
from tests.rigs.model_pbx import Personality

PEOPLE = tuple(f"+12025550{n}" for n in range(140, 144))


def personality(rng: Random) -> Personality:
    return Personality(
        unique_names=rng.random() < 0.4,
        lag_s=rng.choice((0, 0, 0, 1, 30, 400)),
        sender_reads_as_id=rng.random() < 0.5,
        clears_omitted=rng.random() < 0.5,
        numbers=rng.choice(("replace",) * 8 + ("join", "append")),
        releases_drafts=rng.random() < 0.95,
        past=rng.choice(("refused", "sent", "stuck")),
        repeat=rng.choice(("refused", "ignored", "sent")),
    )


def campaign(rng: Random, key: str, now_s: float) -> Campaign:
    return Campaign(
        key=key,
        type="sms",
        name=key,
        channel=Ref("Main SMS"),
        sender=None,
        audience=_audience(rng),
        message=_message(rng),
        send=_send(rng, now_s),
        session=Direct(),
        place=Place("a.yaml"),
    )


def edited(rng: Random, old: Campaign, now_s: float) -> Campaign:
    """The campaign with one thing changed. What identifies it for the judge is the first word of its name."""
    match rng.randrange(6):
        case 0 | 1:
            return replace(old, message=_message(rng))
        case 2:
            return replace(old, audience=_audience(rng))
        case 3 | 4:
            return replace(old, send=_send(rng, now_s))
        case _:
            return replace(old, name=f"{old.name.split()[0]} {rng.randrange(3)}")


def later(campaign: Campaign, now_s: float) -> Campaign:
    """With a send time that can be kept."""
    return replace(campaign, send=At(int(now_s) + 3600, "UTC"))


def _audience(rng: Random) -> Numbers:
    return Numbers(tuple(rng.sample(PEOPLE, rng.randrange(1, 4))))


def _message(rng: Random) -> Message:
    if rng.random() < 0.3:
        return FileMessage(Asset("assets/a.png", f"sha{rng.randrange(3)}", 10, "image/png"))
    return Text(f"text {rng.randrange(4)}")


def _send(rng: Random, now_s: float) -> Send:
    at = At(int(now_s) + rng.choice((70, 200, 3600)), "UTC")
    return rng.choice((Draft(), Now(), Now(), at, at))
