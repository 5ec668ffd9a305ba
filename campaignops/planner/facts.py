"""A desired campaign as the rules of a company see it."""

from __future__ import annotations

from datetime import UTC, datetime

from campaignops.message.bubble import Bubble
from campaignops.message.words import texts
from campaignops.model import At, Campaign, Components, Direct, Numbers, Phonebook, Template, files_of
from campaignops.rules import Facts
from campaignops.state import send_kind


def facts(campaign: Campaign, people: int | None, bubble: Bubble | None = None) -> Facts:
    """`people` None is not known; `bubble` is the message as its reader sees it, where the PBX was asked."""
    message, to, audience = campaign.message, campaign.session, campaign.audience
    template = message if isinstance(message, Template | Components) else None
    file = next(iter(files_of(message)), None)
    phonebook = audience.phonebook if isinstance(audience, Phonebook) else None
    moment = campaign.send.time_s if isinstance(campaign.send, At) else None
    return Facts(
        key=campaign.key,
        type=campaign.type,
        name=campaign.name,
        channel=str(campaign.channel),
        sender=str(campaign.sender or ""),
        recipients=people or (len(audience.numbers) if isinstance(audience, Numbers) else 0),
        phonebook=str(phonebook or ""),
        text=str(bubble) if bubble else "\n".join(text for _, text in texts(campaign)),
        template=str(template.template) if template else "",
        language=template.language if template else "",
        file=file.name if file else "",
        send=send_kind(campaign.send),
        time="" if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(),
        session="direct" if isinstance(to, Direct) else to.kind,
    )
