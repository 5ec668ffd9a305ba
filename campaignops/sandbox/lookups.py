"""The endpoints that turn names into ids: phonebooks, extensions, message queues, and menus of all. They only read.

Their container keys differ (`data` here, `list` there); that is how the PBX documents them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from campaignops.sandbox import answers, query
from campaignops.sandbox.answers import Json, Refused, success
from campaignops.sandbox.pbx import Call, Pbx

EXTENSION_ORDERS = ("id", "number", "caller_id_name", "email_addr", "mobile_number", "presence_status")
MENUS = (
    "extension", "phonebook", "message_channel", "message_queue", "fxs", "ext_group", "org_list", "trunk", "role",
    "group_vm", "ivr", "call_flow", "ring_group", "queue", "queue_agent", "conference", "pinset", "system_prompt",
    "custom_prompt", "paging_custom_prompt", "trunk_did_id",
)  # fmt: skip


def phonebooks(pbx: Pbx, call: Call, *allowed: str) -> Json:
    query.only(call.query, "page", "page_size", "sort_by", "order_by", *allowed)
    found = [_phonebook_row(each) for each in search(pbx, call, pbx.catalog.phonebooks, "name")]
    return _sorted_page(pbx, call, found, ("name", "total", "id"))


def search_phonebooks(pbx: Pbx, call: Call) -> Json:
    return phonebooks(pbx, call, "search_value")


def phonebook(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "id")
    found = pbx.catalog.phonebooks.get(query.integer(call.query, "id"))
    if found is None:
        raise Refused(answers.NO_PHONEBOOK)
    return success(data=_phonebook_detail(found))


def several_phonebooks(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "ids")
    found = (pbx.catalog.phonebooks.get(each) for each in query.integers(call.query, "ids"))
    return success(data=[_phonebook_detail(each) for each in found if each])


def extensions(pbx: Pbx, call: Call, *allowed: str) -> Json:
    query.only(call.query, "page", "page_size", "sort_by", "order_by", *allowed)
    found = search(pbx, call, pbx.catalog.extensions, "number", "caller_id_name", "email_addr")
    return _sorted_page(pbx, call, found, EXTENSION_ORDERS)


def search_extensions(pbx: Pbx, call: Call) -> Json:
    return extensions(pbx, call, "search_value")


def queues(pbx: Pbx, call: Call, *allowed: str) -> Json:
    query.only(call.query, "page", "page_size", *allowed)
    page = query.page(call.query, pbx.personality.page_size_max, required=True)
    found = search(pbx, call, pbx.catalog.queues, "name")
    return success(total_number=len(found), list=page.of(found))


def search_queues(pbx: Pbx, call: Call) -> Json:
    return queues(pbx, call, "search_value")


def menu_options(pbx: Pbx, call: Call) -> Json:
    """Not paged. Kinds that campaigns have no use for are known and empty."""
    query.only(call.query, "menu")
    menu = query.one_of(call.query, "menu", MENUS)
    kinds = {
        "extension": (pbx.catalog.extensions, "caller_id_name"),
        "phonebook": (pbx.catalog.phonebooks, "name"),
        "message_channel": (pbx.catalog.channels, "name"),
        "message_queue": (pbx.catalog.queues, "name"),
    }
    entries, label = kinds.get(menu, ({}, "name"))
    options = [{"text": each[label], "value": str(each["id"]), "type": menu} for each in entries.values()]
    return success(data=options)


def search(pbx: Pbx, call: Call, entries: Mapping[int, Json], *names: str) -> list[Json]:
    """The entries of which one of the named fields matches `search_value`; all of them without one."""
    wanted = call.query.get("search_value", "").lower()
    if not wanted:
        return list(entries.values())
    matches: dict[str, Callable[[str], bool]] = {
        "substring": lambda text: wanted in text,
        "prefix": lambda text: text.startswith(wanted),
        "exact": lambda text: text == wanted,
    }
    match = matches[pbx.personality.search_matches]
    return [
        each for each in entries.values() if any(match(str(each.get(name, "")).lower()) for name in names)
    ]


def _sorted_page(pbx: Pbx, call: Call, found: list[Json], orders: tuple[str, ...]) -> Json:
    page = query.page(call.query, pbx.personality.page_size_max, required=False)
    order = query.one_of(call.query, "sort_by", orders, "id")
    descending = query.one_of(call.query, "order_by", ("asc", "desc"), "asc") == "desc"
    found.sort(key=lambda each: each.get(order, ""), reverse=descending)
    return success(total_number=len(found), data=page.of(found))


def _phonebook_row(each: Json) -> Json:
    return {
        "id": each["id"],
        "name": each["name"],
        "total": len(each["contacts"]),
        "member_select": "sel_specific",
    }


def _phonebook_detail(each: Json) -> Json:
    return {**_phonebook_row(each), "contacts_list": each["contacts"]}
