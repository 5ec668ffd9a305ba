"""What came of a campaign: planned against actual people and times, as text and as JSON. No number of anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from campaignops.report.paint import Paint, paint
from campaignops.report.plain import columns, masked, padded, safe, safe_strictly
from campaignops.report.plan_json import SCHEMA_VERSION
from campaignops.report.status_text import StatusRow, status
from campaignops.report.when import distance, iso, moment
from campaignops.state import BEGUN

_TYPES = {"sms": "SMS", "whatsapp": "WhatsApp"}
_SEND = {"now": "as soon as it was applied", "draft": "kept as a draft"}


@dataclass(frozen=True, slots=True)
class Account:
    """One campaign: what was recorded when it was applied, and `now`, what the PBX says. `zone` is the author's."""

    type: str
    send: str
    time_s: int | None
    zone: str
    now: StatusRow

    @property
    def has_begun(self) -> bool:
        return self.now.status in BEGUN

    @property
    def people(self) -> int | None:
        """How many the PBX has counted, once it has begun to send."""
        return self.now.total if self.has_begun else None

    @property
    def differences(self) -> tuple[str, ...]:
        """In what plan and outcome differ, as far as both are known."""
        found = []
        if None not in (self.people, self.now.people) and self.people != self.now.people:
            found.append("people")
        if self.send == "at" and self.time_s is not None and self.now.time_s not in (None, self.time_s):
            found.append("send_time")
        return tuple(found)


def text(accounts: Iterable[Account], *, now_s: float, color: bool = False) -> str:
    style = paint(color)
    blocks = ["\n".join(_block(account, now_s, style)) for account in accounts]
    return "\n\n".join(blocks) + "\n" if blocks else "No campaign is recorded.\n"


def document(accounts: Iterable[Account]) -> dict[str, Any]:
    campaigns = [
        {
            "key": masked(each.now.key),
            "id": each.now.id,
            "name": masked(each.now.name),
            "type": masked(each.type),
            "status": None if each.now.status is None else safe_strictly(each.now.status),
            "planned": {"people": each.now.people, "send": each.send, "send_time": _iso(each.time_s, each)},
            "actual": {
                "people": each.people,
                "sent": each.now.sent if each.has_begun else None,
                "failed": each.now.failed if each.has_begun else None,
                "reply_rate": _replies(each),
                "send_time": _iso(each.now.time_s, each),
            },
            "differences": list(each.differences),
        }
        for each in accounts
    ]
    return {"schema_version": SCHEMA_VERSION, "kind": "report", "campaigns": campaigns}


def _block(account: Account, now_s: float, style: Paint) -> Iterator[str]:
    now = account.now
    heading = [style(safe(now.key), "bold"), _TYPES.get(account.type, safe(account.type)), status(now)]
    heading[2:2] = [] if now.id is None else [f"id {now.id}"]
    yield "   ".join(heading)
    if now.name != now.key:
        yield f"  {'name':10}{safe(now.name)}"
    rows = list(_rows(account))
    width = max(columns(planned) for _, planned, _ in rows) + 3
    yield style(f"  {'':10}{padded('planned', width)}actual", "dim")
    for label, planned, actual in rows:
        differs = label.replace("send", "send_time") in account.differences
        yield f"  {label:10}{padded(planned, width)}{style(actual, 'yellow') if differs else actual}"
    yield from _ends(account, now_s)


def _rows(account: Account) -> Iterator[tuple[str, str, str]]:
    now = account.now
    planned = _SEND.get(account.send) or _moment(account.time_s, account)
    yield "people", _count(now.people, unknown="those of a phonebook"), _count(account.people)
    yield "sent", "", _count(now.sent if account.has_begun else None)
    yield "failed", "", _failed(account)
    yield "replies", "", _replies(account) or "–"
    yield "send", planned, _moment(now.time_s, account)


def _ends(account: Account, now_s: float) -> Iterator[str]:
    if account.has_begun:
        yield "  The PBX does not tell when the first message went out, nor when the last did."
    elif account.now.time_s is not None and account.now.status == "scheduled":
        yield f"  It is sent {distance(account.now.time_s, now_s)}."
    if account.now.status in ("completed", "stop") and account.now.failed:
        yield f"  Next: campaignops retry {safe(account.now.key)}"


def _failed(account: Account) -> str:
    failed, total = account.now.failed, account.people
    if not account.has_begun or failed is None:
        return "–"
    return f"{failed:,}" + (f"   ({failed / total:.1%})" if failed and total else "")


def _replies(account: Account) -> str | None:
    rate = account.now.reply_rate if account.has_begun else None
    return None if rate is None else safe_strictly(rate)


def _count(number: int | None, unknown: str = "–") -> str:
    return unknown if number is None else f"{number:,}"


def _moment(time_s: int | None, account: Account) -> str:
    return "–" if time_s is None else moment(time_s, account.zone)


def _iso(time_s: int | None, account: Account) -> str | None:
    return None if time_s is None else iso(time_s, account.zone)
