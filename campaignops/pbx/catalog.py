"""Names -> ids: what the PBX lists under the names that manifests use. Each list is read once a run, if it is needed.

Matching is exact and on our side: what a search keyword matches is documented nowhere. Zero or several hits are
findings. Pages: "Query Message Channel List", "Query Information of a Message Channel", "Query Phonebook List",
"Query Extension List", "Query Message Queue List", "Get WhatsApp Message Templates".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Protocol, TypeAlias

from campaignops.errors import PbxError
from campaignops.findings import Finding, Place
from campaignops.message import whatsapp
from campaignops.message.whatsapp import Definition
from campaignops.model import AssignTo, Campaign, Components, Numbers, Phonebook, Ref, Template
from campaignops.outcome import Done, Outcome
from campaignops.pbx.answer import NOT_FOUND, decoded, detail, listed, numbered, plain, said, unknown_form

Json: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str | int, ...]
Locate: TypeAlias = Callable[[Campaign, Path], Place]
Senders: TypeAlias = Mapping[int, tuple[str, ...]]  # what could be the number of each sender id
PAGE_SIZE = 100
_MAX_PAGES = 1000
_PASSES = 4
_CONNECTED = "status_connect_succ"
_FINDING_LIMIT = 400  # characters; a template's text is part of some
_SHOWN = 8  # names in an advice
_is_number = re.compile(r"\+?[0-9]{7,15}").fullmatch


class Reader(Protocol):
    def ask(self, endpoint: str, **query: str | int) -> Outcome[Json]: ...
    def read(self, endpoint: str, **query: str | int) -> Json: ...


@dataclass(frozen=True, slots=True)
class Resolved:
    """The ids behind one campaign's names. `people`: the numbers, or how many contacts the phonebook has now, if it
    says so; those of them without a number in the field get nothing."""

    channel_id: int
    sender_id: int
    people: int | None
    phonebook_id: int | None = None
    assign_to_id: int | None = None
    template: Definition | None = None


class _Unresolved(Exception):
    def __init__(self, code: str, path: Path, message: str, advice: str | None = None) -> None:
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
        self.templates = cache(self._read_templates)
        self.senders = cache(self._read_senders)
        self.channel = cache(self._read_channel)
        self.contacts = cache(self._read_contacts)

    def resolve(self, campaign: Campaign, locate: Locate) -> tuple[Resolved | None, tuple[Finding, ...]]:
        """The ids of a campaign, or the findings that say which names have none."""
        found: dict[str, Any] = {}
        findings: list[Finding] = []
        for part in (self._channel, self._sender, self._audience, self._session, self._template):
            try:
                found.update(part(campaign, found))
            except _Unresolved as e:
                findings.append(_finding(e.code, e.message, locate(campaign, e.path), help=e.advice))
        template = found.get("template")
        if isinstance(campaign.message, Template) and template is not None:
            findings += _contract(campaign, campaign.message, template, locate)
        return (None if findings else Resolved(**found)), tuple(findings)

    def _channel(self, campaign: Campaign, _: Json) -> Json:
        path, known = ("channel",), self.channels()
        fitting = [row for row in known if row.get("type") == campaign.type]
        channel = _one(
            known, campaign.channel, "name", "message channel", ("CMP201", "CMP202"), path, fitting
        )
        if channel.get("type") != campaign.type:
            message = f"channel `{campaign.channel}` is of type {_word(channel, 'type')}, not {campaign.type}"
            raise _Unresolved("CMP204", path, message, "name a channel of that type, or change `type`")
        if channel.get("status") != _CONNECTED:
            message = f"channel `{campaign.channel}` is not connected ({_word(channel, 'status')})"
            raise _Unresolved("CMP203", path, message, "connect it on the PBX first")
        return {"channel_id": channel["id"]}

    def _sender(self, campaign: Campaign, found: Json) -> Json:
        if "channel_id" not in found:
            return {}
        senders, wanted = self.senders(found["channel_id"]), campaign.sender
        if wanted is None:
            hits, code, path = list(senders), "CMP206", ("channel",)
            problem = f"has {len(senders) or 'no'} numbers"
        else:
            hits = [i for i, numbers in senders.items() if i == wanted.id or _has(numbers, wanted.name)]
            code, path = "CMP205", ("sender",)
            problem = "has this number several times" if hits else "has no such number"
        if len(hits) == 1:
            return {"sender_id": hits[0]}
        known = [" for ".join((f"{{id: {i}}}", *numbers)) for i, numbers in senders.items()]
        advice = f"write sender: {', or sender: '.join(known[:_SHOWN])}" if known else None
        raise _Unresolved(code, path, f"channel `{campaign.channel}` {problem}", advice)

    def _audience(self, campaign: Campaign, _: Json) -> Json:
        match campaign.audience:
            case Numbers(numbers):
                return {"people": len(numbers)}
            case Phonebook(phonebook):
                path = ("recipients", "phonebook")
                row = _one(self.phonebooks(), phonebook, "name", "phonebook", ("CMP207", "CMP207"), path)
                people = row["total"] if type(row.get("total")) is int and row["total"] >= 0 else None
                if people == 0:
                    raise _Unresolved("CMP214", path, f"phonebook `{phonebook}` is empty")
                return {"phonebook_id": row["id"], "people": people}

    def _session(self, campaign: Campaign, _: Json) -> Json:
        match campaign.session:
            case AssignTo("extension" as kind, to):
                known, by, what, code = self.extensions(), "number", "extension", "CMP208"
            case AssignTo(kind, to):
                known, by, what, code = self.queues(), "name", "message queue", "CMP209"
            case _:
                return {}
        row = _one(known, to, by, what, (code, code), ("session", "assign_to", kind))
        return {"assign_to_id": row["id"]}

    def _template(self, campaign: Campaign, found: Json) -> Json:
        message = campaign.message
        if not isinstance(message, Template | Components) or "channel_id" not in found:
            return {}
        known = self.templates(found["channel_id"])
        same = _matching(known, message.template, "name")
        hits = [row for row in same if row.get("language") == message.language]
        if len(hits) == 1:
            return {"template": definition(hits[0])}
        what, path = f"template `{message.template}`", ("message", "template")
        if hits:
            text = f"the PBX has more than one {what} in language `{message.language}` ({_ids(hits)})"
            raise _Unresolved("CMP211", path, text, "write `template: {id: …}`")
        if same:
            languages = ", ".join(f"`{_word(row, 'language')}`" for row in same)
            text = f"{what} has no language `{message.language}`"
            raise _Unresolved("CMP211", ("message", "language"), text, f"it has {languages}")
        text = f"channel `{campaign.channel}` has no {what}"
        advice = _near(message.template, known, "name")
        raise _Unresolved(
            "CMP211", path, text, advice or "synchronise the templates of the channel on the PBX"
        )

    def _read_templates(self, channel_id: int) -> tuple[Json, ...]:
        return rows(self._pbx, "message_channel/whatsapp_template", omnichannel_id=channel_id)

    def _read_senders(self, channel_id: int) -> Senders:
        """A channel's numbers by their ids; none for a channel that is gone. Which field of a `dids` entry holds the
        number is not documented, so every text that could be one is kept."""
        dids = numbered(self.channel(channel_id).get("dids") or [], "message_channel/get")
        return {
            did["id"]: tuple(v for v in did.values() if isinstance(v, str) and _is_number(v)) for did in dids
        }

    def _read_channel(self, channel_id: int) -> Json:
        """A channel in full; empty when it is gone."""
        endpoint = "message_channel/get"
        outcome = self._pbx.ask(endpoint, id=channel_id)
        if not isinstance(outcome, Done) and outcome.code == NOT_FOUND:
            return {}
        return detail(said(outcome, endpoint), endpoint)

    def _read_contacts(self, phonebook_id: int) -> tuple[Json, ...] | None:
        """Everybody in a phonebook; None when the PBX does not show them all."""
        endpoint = "phonebook/get"
        outcome = self._pbx.ask(endpoint, id=phonebook_id)
        if not isinstance(outcome, Done):
            return None
        found = detail(outcome.value, endpoint)
        contacts = found.get("contacts_list")
        if not isinstance(contacts, list) or not all(isinstance(each, dict) for each in contacts):
            return None
        return tuple(contacts) if found.get("total", len(contacts)) == len(contacts) else None


def same_number(one: str, other: str) -> bool:
    """Equal, with or without the plus sign."""
    return one.removeprefix("+") == other.removeprefix("+")


def rows(pbx: Reader, endpoint: str, **query: str | int) -> tuple[Json, ...]:
    """All rows of a paged list. Raises PbxError when it cannot be read whole: what is missing would seem to be gone.

    Rows may come and go while pages are read, and then one slips from a page not yet read into one that was. So a list
    of several pages is read until two readings in a row name the same ids.
    """
    before: dict[int, Json] | None = None
    for _ in range(_PASSES):
        found, is_one_page = _read_through(pbx, endpoint, query)
        if found is not None and (is_one_page or (before is not None and found.keys() == before.keys())):
            return tuple(found.values())
        before = found
    raise _incomplete(endpoint)


def _read_through(pbx: Reader, endpoint: str, query: Json) -> tuple[dict[int, Json] | None, bool]:
    """One reading: the rows by id, None when they do not add up to what each page says; and whether it was one page."""
    found: dict[int, Json] = {}
    totals = set()
    for page in range(1, _MAX_PAGES + 1):
        answer = pbx.read(endpoint, **query, page=page, page_size=PAGE_SIZE)
        before = len(found)
        found.update((row["id"], row) for row in listed(answer, endpoint))
        total = answer.get("total_number")
        totals.add(total if type(total) is int else None)
        is_last = len(found) == before or (type(total) is int and len(found) >= total)
        if is_last:
            return (found if totals <= {None, len(found)} else None), page == 1
    raise _incomplete(endpoint)


def _incomplete(endpoint: str) -> PbxError:
    return PbxError(f"the PBX's {endpoint} is not complete, or changes all the time; run the command again")


def definition(row: Json) -> Definition:
    """A template as a row of the list has it. Raises PbxError."""
    parts = row.get("components_data") or []
    try:
        return whatsapp.definition(row, decoded(parts) if isinstance(parts, str) else parts)
    except ValueError:
        raise unknown_form("message_channel/whatsapp_template") from None


def _word(row: Json, key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) and value else "unknown"


def _has(numbers: Sequence[str], wanted: str | None) -> bool:
    return wanted is not None and any(same_number(number, wanted) for number in numbers)


def _matching(known: Sequence[Json], ref: Ref, by: str) -> list[Json]:
    return [row for row in known if (row["id"] == ref.id if ref.id is not None else row.get(by) == ref.name)]


def _one(
    known: Sequence[Json],
    ref: Ref,
    by: str,
    what: str,
    codes: tuple[str, str],
    path: Path,
    fitting: Sequence[Json] = (),
) -> Json:
    """The only row that `ref` names. `codes` are of none, and of several. Instead of none, `fitting` are offered."""
    hits = _matching(known, ref, by)
    if len(hits) == 1:
        return hits[0]
    if hits:
        message = f"the PBX has more than one {what} `{ref}` ({_ids(hits)})"
        raise _Unresolved(codes[1], path, message, "write `{id: …}`")
    raise _Unresolved(
        codes[0],
        path,
        f"the PBX has no {what} `{ref}`",
        _near(ref, fitting, by, "of this type it has") if fitting else _near(ref, known, by),
    )


def _ids(hits: Sequence[Json]) -> str:
    return "ids " + ", ".join(str(row["id"]) for row in hits)


def _near(wanted: Ref, known: Sequence[Json], by: str, it_has: str = "it has") -> str | None:
    names = list(dict.fromkeys(name for row in known if isinstance(name := row.get(by), str) and name))
    folded = {name.strip().casefold(): name for name in names}
    close = get_close_matches(
        str(wanted).strip().casefold(), list(folded), 1, 0.8 if len(names) <= _SHOWN else 0.6
    )
    if close:
        return f"did you mean `{folded[close[0]]}`?"
    return f"{it_has} " + ", ".join(f"`{name}`" for name in names[:_SHOWN]) if names else None


def _finding(
    code: str, message: str, place: Place, note: str | None = None, help: str | None = None
) -> Finding:
    """Names and texts of the PBX are part of it, and numbers that somebody wrote in the place of a name."""
    note, help = (plain(text, _FINDING_LIMIT) if text else None for text in (note, help))
    return Finding(code, "error", plain(message, _FINDING_LIMIT), place, note, help)


def _contract(
    campaign: Campaign, message: Template, template: Definition, locate: Locate
) -> Iterator[Finding]:
    for each in whatsapp.problems(template, message):
        yield _finding(each.code, each.message, locate(campaign, each.path), each.note, each.help)
