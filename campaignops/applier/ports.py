"""What apply needs of the world, and what it gives back. `cli` introduces the real PBX, clock and store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from campaignops.model import Asset, Campaign, Uploaded
from campaignops.outcome import Outcome

Json = dict[str, Any]


class Row(Protocol):
    """One campaign as the PBX lists it."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def time_s(self) -> int | None: ...


class Pbx(Protocol):
    """The calls of an apply. Reads raise PbxError; calls with an effect return their outcome and are sent once."""

    def listed(self) -> Sequence[Row]: ...
    def look(self, campaign_id: int, name: str) -> Row | None: ...
    def get(self, campaign_id: int) -> Json | None: ...
    def query(self, ids: list[int]) -> dict[int, Json]: ...
    def meaning(self, campaign: Mapping[str, Any]) -> Json: ...
    def people(self, campaign: Campaign) -> int | None: ...
    def shown(self, campaign: Campaign) -> Json: ...
    def compose(self, campaign: Campaign, uploaded: Mapping[str, Uploaded], *, released: bool) -> Json: ...
    def body_of(self, campaign: Campaign, draft: Mapping[str, Any], *, released: bool) -> Json: ...
    def upload(self, asset: Asset) -> Outcome[Uploaded]: ...
    def create(self, body: Mapping[str, Any]) -> Outcome[int]: ...
    def update(self, campaign_id: int, body: Mapping[str, Any]) -> Outcome[None]: ...
    def delete(self, campaign_id: int, may_go: Callable[[], bool] | None = None) -> Outcome[None]: ...


class Watch(Protocol):
    """Who is told of each step, and asked whether to stop (a signal came)."""

    def step(self, key: str, what: str) -> None: ...
    def result(self, result: Result) -> None: ...
    def should_stop(self) -> bool: ...


class Holds(Protocol):
    """Asked just before a campaign goes out: why it must not, although the plan said so; None when it may."""

    def __call__(self, campaign: Campaign) -> str | None: ...


def always(campaign: Campaign) -> str | None:
    """Nothing is looked at again."""
    return None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one change. `unknown`: it may have happened; `skipped`: nothing was tried. `next_command` is what
    settles it. `ends_run`: no later change can fare better."""

    key: str
    outcome: Literal["done", "failed", "unknown", "skipped"]
    id: int | None = None
    message: str | None = None
    next_command: str | None = None
    ends_run: bool = False


class Ended(Exception):
    """A change has come to its end early; `result` says how."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.message)
        self.result = result


def announce(watch: Watch, key: str, campaign_id: int | None, step: str) -> None:
    """Tell of a step that is about to be taken. Raises Ended instead when a signal came: between two calls nothing is
    under way, so here is where a run may stop."""
    if watch.should_stop():
        message = f"interrupted before {step}; what is done is recorded"
        raise Ended(Result(key, "skipped", campaign_id, message, "campaignops apply", ends_run=True))
    watch.step(key, step)
