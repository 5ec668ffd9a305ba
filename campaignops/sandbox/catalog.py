"""What campaigns refer to: channels, templates, phonebooks, extensions and queues, found by id. Knows no request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy

from campaignops.sandbox.answers import Json
from campaignops.sandbox.seed import Seed

E164 = re.compile(r"\+[1-9][0-9]{6,14}")

# Values of `recipient_num_type`, and the field of a contact that each one reads.
NUMBER_FIELDS = {
    "business_number": "business",
    "business_number2": "business2",
    "mobile_number": "mobile",
    "mobile_number2": "mobile2",
    "home_number": "home",
    "home_number2": "home2",
    "business_fax": "business_fax",
    "home_fax": "home_fax",
    "other_number": "other",
}
CONNECTED = "status_connect_succ"


class Catalog:
    """The fixed things of one seed, indexed by id."""

    def __init__(self, seed: Seed) -> None:
        self.channels = _by_id(seed.channels)
        self.templates = _by_id(seed.templates)
        self.phonebooks = _by_id(seed.phonebooks)
        self.extensions = _by_id(seed.extensions)
        self.queues = _by_id(seed.message_queues)
        self.failing = seed.failing

    def number_of(self, channel_id: int, sender_id: int) -> str | None:
        """The text of a number, if the channel has one with that id."""
        dids = self.channels.get(channel_id, {}).get("dids", [])
        return next((did["did_number"] for did in dids if did["id"] == sender_id), None)

    def assignees(self, kind: str) -> dict[int, Json]:
        """What `assign_to_id` may name for an `assign_to_type`."""
        return self.extensions if kind == "extension" else self.queues

    def numbers_in(self, phonebook_id: int, number_type: str) -> list[str]:
        """The E.164 numbers of that type, each once, in the order of the contacts; other texts cannot be texted."""
        contacts = self.phonebooks.get(phonebook_id, {}).get("contacts", [])
        texts = (contact.get(NUMBER_FIELDS[number_type], "") for contact in contacts)
        return list(dict.fromkeys(text for text in texts if E164.fullmatch(text)))


def _by_id(entries: Iterable[Json]) -> dict[int, Json]:
    return {entry["id"]: deepcopy(entry) for entry in entries}  # what changes here changes no other sandbox
