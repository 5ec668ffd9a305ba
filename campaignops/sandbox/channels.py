"""The endpoints of message channels and their WhatsApp templates. They only read.

Pages: Query Message Channel List, Search Specific Message Channels, Query Information of a Message Channel, Get
WhatsApp Message Templates.
"""

from __future__ import annotations

import json

from campaignops.sandbox import answers, ledger, query
from campaignops.sandbox.answers import Json, Refused, success
from campaignops.sandbox.lookups import search
from campaignops.sandbox.pbx import Call, Pbx

TIME_RANGES = ("today", "yesterday", "last_7_days", "last_30_days", "this_month", "all")
CHANNEL_DETAIL = (
    "id", "name", "domain_type", "webhook_gid", "webhook_url", "type", "channel", "account_data", "verify_token",
    "send_rate", "auto_close_session", "session_expired_time", "dids",
    "phone_number_id", "business_account_id", "accompanying_msg",
)  # fmt: skip


def channels(pbx: Pbx, call: Call, *allowed: str) -> Json:
    query.only(call.query, "page", "page_size", "time_range", *allowed)
    page = query.page(call.query, pbx.personality.page_size_max, required=True)
    query.one_of(call.query, "time_range", TIME_RANGES)
    found = search(pbx, call, pbx.catalog.channels, "name")
    return success(total_number=len(found), list=[_channel_row(pbx, each) for each in page.of(found)])


def search_channels(pbx: Pbx, call: Call) -> Json:
    return channels(pbx, call, "search_value")


def channel(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "id")
    found = pbx.catalog.channels.get(query.integer(call.query, "id"))
    if found is None or found["type"] == "livechat":
        raise Refused(answers.NOT_FOUND)
    return success(data=_channel_detail(found))


def several_channels(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "ids")
    found = (pbx.catalog.channels.get(each) for each in query.integers(call.query, "ids"))
    return success(list=[_channel_detail(each) for each in found if each])


def templates(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "omnichannel_id", "category", "language", "search_value", "page", "page_size")
    page = query.page(call.query, pbx.personality.page_size_max, required=False)
    channel_id = query.integer(call.query, "omnichannel_id")
    if pbx.catalog.channels.get(channel_id, {}).get("type") != "whatsapp":
        raise Refused(answers.NOT_FOUND)
    found = search(pbx, call, pbx.catalog.templates, "name")
    found = [each for each in found if each["omnichannel_id"] == channel_id]
    for name in ("category", "language"):
        wanted = call.query.get(name, "")
        found = [each for each in found if not wanted or each[name] in wanted.split(",")]
    return success(total_number=len(found), data=[_template(each) for each in page.of(found)])


def _channel_row(pbx: Pbx, each: Json) -> Json:
    """Numbers without ids: the ids are in the detail only."""
    shown = {name: each[name] for name in ("id", "status", "reason", "name", "channel", "type")}
    return {
        **shown,
        "number": [did["did_number"] for did in each["dids"]],
        **ledger.counters(pbx.store, each["id"]),
    }


def _channel_detail(each: Json) -> Json:
    return {name: each[name] for name in CHANNEL_DETAIL if name in each}


def _template(each: Json) -> Json:
    shown = {name: value for name, value in each.items() if name != "components"}
    return {**shown, "components_data": json.dumps(each["components"], ensure_ascii=False)}
