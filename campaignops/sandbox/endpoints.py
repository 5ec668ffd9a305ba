"""Every endpoint the sandbox plays, and how a call of one is answered. Knows no HTTP beyond the method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from campaignops.sandbox import answers, campaign_views, campaigns, channels, device, lookups
from campaignops.sandbox.answers import Json, Refused, failure
from campaignops.sandbox.pbx import Call, Pbx


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Its method, what it does, and whether it wants an access token."""

    method: str
    handler: Callable[[Pbx, Call], Json]
    token: bool = True


def _get(handler: Callable[[Pbx, Call], Json]) -> Endpoint:
    return Endpoint("GET", handler)


def _post(handler: Callable[[Pbx, Call], Json]) -> Endpoint:
    return Endpoint("POST", handler)


UPLOAD = "message/batchupload"
ENDPOINTS = {
    "get_token": Endpoint("POST", device.get_token, token=False),
    "refresh_token": Endpoint("POST", device.refresh_token, token=False),
    "del_token": _get(device.del_token),
    "system/information": _get(device.information),
    "system/get_menuoptions": _get(lookups.menu_options),
    "message_campaign/list": _get(campaign_views.listed),
    "message_campaign/search": _get(campaign_views.search),
    "message_campaign/get": _get(campaign_views.get),
    "message_campaign/query": _get(campaign_views.several),
    "message_campaign/create": _post(campaigns.create),
    "message_campaign/update": _post(campaigns.update),
    "message_campaign/delete": _get(campaigns.delete),
    "message_campaign/retry": _get(campaigns.retry),
    UPLOAD: _post(device.upload),
    "message_channel/list": _get(channels.channels),
    "message_channel/search": _get(channels.search_channels),
    "message_channel/get": _get(channels.channel),
    "message_channel/query": _get(channels.several_channels),
    "message_channel/whatsapp_template": _get(channels.templates),
    "phonebook/list": _get(lookups.phonebooks),
    "phonebook/search": _get(lookups.search_phonebooks),
    "phonebook/get": _get(lookups.phonebook),
    "phonebook/query": _get(lookups.several_phonebooks),
    "extension/list": _get(lookups.extensions),
    "extension/search": _get(lookups.search_extensions),
    "message_queue/list": _get(lookups.queues),
    "message_queue/search": _get(lookups.search_queues),
}


def answer(pbx: Pbx, name: str, method: str, call: Call) -> Json:
    """Do what was asked, wholly or not at all, and return the body of the answer."""
    with pbx.lock:
        try:
            with pbx.store.transaction():
                pbx.settle()
                said = _allowed(pbx, name, method, call).handler(pbx, call)
                return answers.with_ids_as_text(said) if pbx.personality.ids_read_as == "text" else said
        except Refused as refused:
            return refused.body


def unsupported_version() -> Json:
    return failure(answers.VERSION_UNSUPPORTED)


def _allowed(pbx: Pbx, name: str, method: str, call: Call) -> Endpoint:
    """The endpoint, after every check that comes before its own. The token comes first: no effect without one."""
    endpoint = ENDPOINTS.get(name)
    if endpoint is None or endpoint.method != method:
        raise Refused(answers.NO_SUCH_INTERFACE)
    pbx.tokens.check_address(call.address)
    if endpoint.token:
        pbx.tokens.check(call.query.get("access_token", ""))
    if call.broken:
        raise Refused(answers.SYNTAX)
    return endpoint
