"""One campaign as it looks on a phone: an SMS in the parts that networks bill, a WhatsApp message as one bubble."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from campaignops.message import sms
from campaignops.message.bubble import Bubble
from campaignops.model import Asset, Campaign, Components, FileMessage, MediaHeader, Template, Text
from campaignops.report.page.element import Html, element, lines, together
from campaignops.report.plain import safe

Images = Mapping[str, str]  # a file's path in the project -> its bytes as a `data:` URL


def phone(campaign: Campaign, sender: str, bubble: Bubble | None, images: Images) -> Html:
    """`bubble` is None where only the PBX knows the template; then the values stand there."""
    shown = bubble or _offline(campaign)
    drawn = _sms(shown, images) if campaign.type == "sms" else _whatsapp(shown, images)
    screen = element("div", *drawn, class_="screen")
    return element("div", element("header", safe(sender)), screen, class_=f"phone {campaign.type}")


def _sms(bubble: Bubble, images: Images) -> Iterator[Html]:
    if bubble.file:
        yield _bubble(_media(bubble, images))
    if not bubble.text:
        return
    measured, pieces = sms.measure(bubble.text), sms.pieces(bubble.text)
    for number, (piece, units) in enumerate(pieces, start=1):
        yield _bubble(lines(piece))
        size = f"{units} of {measured.per_part} characters, {measured.encoding}"
        yield element("p", f"part {number} of {len(pieces)} · {size}", class_="part")


def _whatsapp(bubble: Bubble, images: Images) -> Iterator[Html]:
    header = element("b", lines(bubble.header)) if bubble.header else Html()
    footer = element("small", lines(bubble.footer)) if bubble.footer else Html()
    yield _bubble(_media(bubble, images), header, lines(bubble.text), footer)
    for label in bubble.buttons:
        yield element("div", safe(label), class_="button")


def _bubble(*inside: Html) -> Html:
    return element("div", together(inside), class_="bubble")


def _media(bubble: Bubble, images: Images) -> Html:
    if bubble.file is None:
        return Html()
    image = images.get(bubble.file.path) if isinstance(bubble.file, Asset) else None
    name = safe(bubble.file.name)
    if image:
        return element("img", src=image, alt=f"{bubble.kind} {name}")
    return element("span", f"{bubble.kind} {name}", class_="file")


def _offline(campaign: Campaign) -> Bubble:
    match campaign.message:
        case Text(text):
            return Bubble(text)
        case FileMessage(file):
            return Bubble(file=file)
        case Template(header=header, body=body, buttons=buttons) as message:
            named = (value if isinstance(value, tuple) else ("", value) for value in body)
            said = [f"{name}: {text}" if name else text for name, text in (*named, *buttons)]
            text = "\n".join([f"template {message.template}/{message.language}", *said])
            if isinstance(header, MediaHeader):
                return Bubble(text, file=header.file, kind=header.kind)
            return Bubble(text, header=header.text if header else "")
        case Components() as message:
            return Bubble(f"template {message.template}/{message.language}\n{message.components}")
