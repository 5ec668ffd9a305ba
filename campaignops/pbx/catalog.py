"""Names -> ids: what the PBX lists under the names that manifests use. Each list is read once a run, and only if needed.

Matching is exact and on our side: what a search keyword matches is documented nowhere. Zero or several hits are findings.
Pages: "Query Message Channel List", "Query Information of a Message Channel", "Query Phonebook List", "Search Specific
Extensions", "Query Message Queue List", "Get WhatsApp Message Templates".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Protocol, TypeAlias

from campaignops.errors import PbxError
from campaignops.findings import Finding, Place
from campaignops.message import whatsapp
from campaignops.message.whatsapp import Definition
from campaignops.model import AssignTo, Campaign, Components, Numbers, Phonebook, Ref, Template

Json: TypeAlias = Mapping[str, Any]
Locate: TypeAlias = Callable[[Campaign, tuple[str | int, ...]], Place]
PAGE_SIZE = 100
_CONNECTED = "status_connect_succ"


class Reader(Protocol):
    def read(self, endpoint: str, **query: str | int) -> Json: ...


@dataclass(frozen=True, slots=True)
class Resolved:
    """The ids behind one campaign's names. `people` is the phonebook's size now, or the count of numbers."""

    channel_id: int
    sender_id: int
    people: int
    phonebook_id: int | None = None
    assign_to_id: int | None = None
    template: Definition | None = None


class _Unresolved(Exception):
    def __init__(
        self, code: str, path: tuple[str | int, ...], message: str, advice: str | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.path, self.message, self.advice = code, path, message, advice


class Catalog:
    """The lists of one PBX, read when first asked for and kept for the run."""

    def __init__(self, pbx: Reader) -> None:
        self._pbx = pbx
        self.channels = cache(lambda: rows(pbx, "message_channel/list", time_range="all"))
        self.phonebooks = cache(lambda: rows(pbx, "phonebook/list"))
        self.extensions = cache(lambda: rows(pbx, "extension/list"))
        self.queues = cache(lambda: rows(pbx, "message_queue/list"))
        self.numbers = cache(self._read_numbers)
        self.templates = cache(self._read_templates)

    def resolve(self, campaign: Campaign, locate: Locate) -> tuple[Resolved | None, tuple[Finding, ...]]:
        """The ids of a campaign, or the findings that say which names have none."""
        found: dict[str, Any] = {}
        findings: list[Finding] = []
        for part in (self._channel, self._sender, self._audience, self._session, self._template):
            try:
                found.update(part(campaign, found))
            except _Unresolved as e:
                findings.append(Finding(e.code, "error", e.message, locate(campaign, e.path), help=e.advice))
        template = found.get("template")
        if isinstance(campaign.message, Template) and template is not None:
            findings += _contract(campaign, campaign.message, template, locate)
        return (None if findings else Resolved(**found)), tuple(findings)

    def _channel(self, campaign: Campaign, _: Json) -> Json:
        channel = _one(
            self.channels(), campaign.channel, "name", "message channel", ("CMP201", "CMP202"), ("channel",)
        )
        if channel.get("type") != campaign.type:
            message = f"channel `{campaign.channel}` is of type {channel.get('type')}, the campaign of type {campaign.type}"
            raise _Unresolved(
                "CMP204", ("channel",), message, "name a channel of that type, or change `type`"
            )
        if channel.get("status") != _CONNECTED:
            message = f"channel `{campaign.channel}` is not connected ({channel.get('status')})"
            raise _Unresolved("CMP203", ("channel",), message, "connect it on the PBX first")
        return {"channel_id": int(channel["id"])}

    def _sender(self, campaign: Campaign, found: Json) -> Json:
        if "channel_id" not in found:
            return {}
        numbers = self.numbers(found["channel_id"])
        if campaign.sender is None:
            if len(numbers) != 1:
                message = f"channel `{campaign.channel}` has {len(numbers)} numbers; say which one sends"
                raise _Unresolved("CMP206", ("channel",), message, 'write `sender: "+…"`')
            return {"sender_id": next(iter(numbers))}
        if campaign.sender.id is not None:
            hits = [i for i in numbers if i == campaign.sender.id]
        else:
            hits = [i for i, number in numbers.items() if number == campaign.sender.name]
        if len(hits) != 1:
            message = f"channel `{campaign.channel}` has no such sender number"
            raise _Unresolved("CMP205", ("sender",), message, "name one of the channel's own numbers")
        return {"sender_id": hits[0]}

    def _audience(self, campaign: Campaign, _: Json) -> Json:
        match campaign.audience:
            case Numbers(numbers):
                return {"people": len(numbers)}
            case Phonebook(phonebook):
                path = ("recipients", "phonebook")
                row = _one(self.phonebooks(), phonebook, "name", "phonebook", ("CMP207", "CMP207"), path)
                people = row.get("total")
                if type(people) is int and people == 0:
                    raise _Unresolved("CMP214", path, f"phonebook `{phonebook}` is empty")
                return {"phonebook_id": int(row["id"]), "people": people if type(people) is int else 0}

    def _session(self, campaign: Campaign, _: Json) -> Json:
        match campaign.session:
            case AssignTo("extension", to):
                path = ("session", "assign_to", "extension")
                row = _one(self.extensions(), to, "number", "extension", ("CMP208", "CMP208"), path)
                return {"assign_to_id": int(row["id"])}
            case AssignTo("queue", to):
                path = ("session", "assign_to", "queue")
                row = _one(self.queues(), to, "name", "message queue", ("CMP209", "CMP209"), path)
                return {"assign_to_id": int(row["id"])}
            case _:
                return {}

    def _template(self, campaign: Campaign, found: Json) -> Json:
        message = campaign.message
        if not isinstance(message, Template | Components) or "channel_id" not in found:
            return {}
        known = self.templates(found["channel_id"])
        same = [t for t in known if t.id == message.template.id or t.name == message.template.name]
        hits = [t for t in same if t.language == message.language]
        if len(hits) == 1:
            return {"template": hits[0]}
        where = f"channel `{campaign.channel}`"
        if hits:
            text = f"{where} has several templates `{message.template}` in language `{message.language}`"
            raise _Unresolved("CMP211", ("message", "template"), text, "write `template: {id: …}`")
        if same:
            languages = ", ".join(f"`{t.language}`" for t in same)
            text = f"template `{message.template}` has no language `{message.language}`"
            raise _Unresolved("CMP211", ("message", "language"), text, f"it has {languages}")
        text = f"{where} has no template `{message.template}`"
        advice = _near(str(message.template), [t.name for t in known])
        raise _Unresolved(
            "CMP211",
            ("message", "template"),
            text,
            advice or "synchronise the templates of the channel on the PBX first",
        )

    def _read_numbers(self, channel_id: int) -> dict[int, str]:
        """A channel's numbers by their ids. The field that holds the number is not documented, so its form tells."""
        detail = self._pbx.read("message_channel/get", id=channel_id).get("data")
        dids = detail.get("dids") if isinstance(detail, dict) else None
        return {
            int(did["id"]): next((v for v in did.values() if isinstance(v, str) and v.startswith("+")), "")
            for did in dids or ()
            if isinstance(did, dict) and type(did.get("id")) is int
        }

    def _read_templates(self, channel_id: int) -> tuple[Definition, ...]:
        listed = rows(self._pbx, "message_channel/whatsapp_template", omnichannel_id=channel_id)
        try:
            return tuple(whatsapp.definition(row) for row in listed)
        except (KeyError, TypeError, ValueError):
            raise PbxError("the PBX lists a WhatsApp template in an unknown form; nothing was sent") from None


def rows(pbx: Reader, endpoint: str, **query: str | int) -> tuple[Json, ...]:
    """All rows of a paged list, by whichever key it has (`data` or `list`), each id once. Raises PbxError when the
    pages do not add up to what the PBX says they do: an incomplete list must not be taken for the whole."""
    found: dict[int, Json] = {}
    page = 1
    while True:
        answer = pbx.read(endpoint, **query, page=page, page_size=PAGE_SIZE)
        batch = _batch(answer, endpoint)
        before = len(found)
        found.update((row["id"], row) for row in batch)
        total = answer.get("total_number")
        if type(total) is not int or len(found) >= total:
            return tuple(found.values())
        if len(found) == before:
            raise PbxError(f"{endpoint} says {total} entries but gave {len(found)}; run the command again")
        page += 1


def _batch(answer: Json, endpoint: str) -> list[Json]:
    batch = answer.get("data", answer.get("list")) or []
    if not isinstance(batch, list) or not all(
        isinstance(row, dict) and type(row.get("id")) is int for row in batch
    ):
        raise PbxError(f"the PBX answered {endpoint} in an unknown form; nothing was sent")
    return batch


def _one(
    listed: tuple[Json, ...],
    ref: Ref,
    by: str,
    what: str,
    codes: tuple[str, str],
    path: tuple[str | int, ...],
) -> Json:
    hits = [row for row in listed if (row["id"] == ref.id if ref.id is not None else row.get(by) == ref.name)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        ids = ", ".join(str(row["id"]) for row in hits)
        raise _Unresolved(
            codes[1], path, f"the PBX has several of {what} `{ref}` (ids {ids})", "write `{id: …}`"
        )
    raise _Unresolved(
        codes[0], path, f"the PBX has no {what} `{ref}`", _near(str(ref), [r.get(by) for r in listed])
    )


def _near(wanted: str, known: list[Any]) -> str | None:
    names = [name for name in known if isinstance(name, str)]
    close = get_close_matches(wanted, names, 1, 0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    return "it has " + ", ".join(f"`{name}`" for name in names[:8]) if names else None


def _contract(
    campaign: Campaign, message: Template, template: Definition, locate: Locate
) -> Iterator[Finding]:
    for problem in whatsapp.problems(template, message):
        path = tuple(int(p) if p.isdigit() and not template.is_named else p for p in problem.path)
        place = locate(campaign, path)
        yield Finding(problem.code, "error", problem.message, place, problem.note, problem.help)
