"""The endpoints that read campaigns: list, search, get, query. A detail has no status, a list row has no content.

Pages: Query Message Campaign List, Search Specific Message Campaigns, Query Information of a Message Campaign, Query
Information of Multiple Message Campaigns.
"""

from __future__ import annotations

from campaignops.sandbox import answers, campaign_rows, query
from campaignops.sandbox.answers import Json, Refused, success
from campaignops.sandbox.campaign_rows import Campaign, Listing
from campaignops.sandbox.pbx import Call, Pbx

SHARED = ("name", "channel_type", "recipient_type", "send_type", "send_mode")
DETAIL_DEFAULTS = {
    "omnichannel_id": 0,
    "recipient_id": 0,
    "recipient_num_type": "",
    "send_time": 0,
    "assign_to_type": "",
    "assign_to_id": 0,
    "content_type": "",
    "content": "",
}


def listed(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "page", "page_size")
    return _page(pbx, call, search="")


def search(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "page", "page_size", "search_value")
    return _page(pbx, call, search=call.query.get("search_value", ""))


def get(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "id")
    campaign = campaign_rows.find(pbx.store, query.integer(call.query, "id"))
    if campaign is None:
        raise Refused(answers.NOT_FOUND)
    return success(data=_detail(pbx, campaign))


def several(pbx: Pbx, call: Call) -> Json:
    """Ids that do not exist are left out."""
    query.only(call.query, "ids")
    found = (campaign_rows.find(pbx.store, each) for each in query.integers(call.query, "ids"))
    return success(list=[_detail(pbx, campaign) for campaign in found if campaign is not None])


def _page(pbx: Pbx, call: Call, search: str) -> Json:
    page = query.page(call.query, pbx.personality.page_size_max, required=True)
    created_until = pbx.clock.now() - pbx.personality.listing_lag_s
    listing = Listing(search, created_until, pbx.personality)
    total, campaigns = campaign_rows.page(pbx.store, listing, page)
    return success(total_number=total, data=[_row(pbx, campaign) for campaign in campaigns])


def _row(pbx: Pbx, campaign: Campaign) -> Json:
    fields = campaign.fields
    return {
        "id": campaign.id,
        **{name: fields[name] for name in SHARED},
        "status": campaign.status,
        "channel_name": pbx.catalog.channels.get(fields["omnichannel_id"], {}).get("name", ""),
        "sender": _sender(pbx, fields),
        "recipient_name": pbx.catalog.phonebooks.get(fields.get("recipient_id", 0), {}).get("name", ""),
        "recipient_num_type": fields.get("recipient_num_type", ""),
        "send_time": fields.get("send_time", 0),
        "result_count": f"{campaign.failed}/{campaign.total}",
        "response_rate": "0%",
    }


def _detail(pbx: Pbx, campaign: Campaign) -> Json:
    fields = campaign.fields
    detail = {
        "id": campaign.id,
        **{name: fields[name] for name in SHARED},
        **{name: fields.get(name, default) for name, default in DETAIL_DEFAULTS.items()},
        "sender": _sender(pbx, fields),
        "number_list": campaign_rows.numbers(pbx.store, campaign.id),
    }
    return (
        {**detail, "msg_param": fields.get("msg_param", "")}
        if fields["content_type"] == "template"
        else detail
    )


def _sender(pbx: Pbx, fields: Json) -> str | int:
    number = pbx.catalog.number_of(fields["omnichannel_id"], fields["sender"])
    if pbx.personality.sender_reads_as == "number" and number:
        return number
    return int(fields["sender"])
