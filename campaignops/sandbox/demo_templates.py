"""WhatsApp templates of the demo seed: one for every kind of header, placeholder and button. Values only."""

from __future__ import annotations

from typing import Any

Part = dict[str, Any]


def _template(template_id: int, meta_id: str, name: str, components: list[Part], **more: Any) -> Part:
    return {
        "id": template_id,
        "template_id": meta_id,
        "name": name,
        "language": "en",
        "parameter_format": "POSITIONAL",
        "category": "MARKETING",
        "sub_category": "CUSTOM",
        "omnichannel_id": 1,
        "components": components,
        **more,
    }


def _header(kind: str, text: str | None = None) -> Part:
    return {"type": "HEADER", "format": kind, **({"text": text} if text else {})}


def _body(text: str) -> Part:
    return {"type": "BODY", "text": text}


def _footer(text: str) -> Part:
    return {"type": "FOOTER", "text": text}


def _buttons(*buttons: Part) -> Part:
    return {"type": "BUTTONS", "buttons": list(buttons)}


def _button(kind: str, text: str, **more: Any) -> Part:
    return {"type": kind, "text": text, **more}


DISCOUNT_BUTTONS = _buttons(
    _button("FLOW", "Claim it", flow_id=700000000000001, flow_action="NAVIGATE", navigate_screen="CLAIM"),
    _button("URL", "Our shop", url="https://shop.example.com/"),
    _button("VOICE_CALL", "Ring us"),
)

TEMPLATES: list[Part] = [
    _template(
        1773, "1293546285747227", "discount_campaign",
        [
            _header("IMAGE"),
            _body(
                "A treat for our {{customertier}} guests: your {{offertype}} is {{offerdetails}}.\n"
                "It is yours until {{expirydate}}. With love, {{companyname}} 💌"
            ),
            DISCOUNT_BUTTONS,
        ],
        parameter_format="NAMED",
    ),
    _template(
        1774, "1293546285747228", "discount_campaign",
        [
            _header("IMAGE"),
            _body(
                "Etwas Feines für unsere {{customertier}}-Gäste: {{offertype}}, nämlich {{offerdetails}}.\n"
                "Gültig bis {{expirydate}}. Herzlich, {{companyname}} 💌"
            ),
            DISCOUNT_BUTTONS,
        ],
        parameter_format="NAMED", language="de",
    ),
    _template(
        1780, "1293546285747301", "order_update",
        [_header("TEXT", "Order {{1}}"), _body("{{1}}, your parcel leaves us {{2}}."), _footer("Thank you")],
        category="UTILITY",
    ),
    _template(
        1781, "1293546285747302", "opening_hours",
        [_header("TEXT", "New hours"), _body("From May on we are open until nine in the evening.")],
    ),
    _template(1782, "1293546285747303", "plain_notice", [_body("The shop is closed on Monday.")]),
    _template(
        1783, "1293546285747304", "video_tour",
        [_header("VIDEO"), _body("Take a look around, {{firstname}}!")], parameter_format="NAMED",
    ),
    _template(
        1784, "1293546285747305", "invoice_copy",
        [_header("DOCUMENT"), _body("Here is the copy of invoice {{1}}.")], category="UTILITY",
    ),
    _template(
        1785, "1293546285747306", "coupon_code",
        [
            _body("A little something for you."),
            _buttons(
                _button("COPY_CODE", "Copy the code"),
                _button("QUICK_REPLY", "More, please"),
                _button("QUICK_REPLY", "Stop"),
            ),
        ],
    ),
    _template(
        1786, "1293546285747307", "track_parcel",
        [
            _body("Your parcel is on its way."),
            _buttons(
                _button("URL", "Where is it?", url="https://shop.example.com/track/{{1}}"),
                _button("PHONE_NUMBER", "Call the depot", phone_number="+12025550199"),
            ),
        ],
        category="UTILITY",
    ),
    _template(
        1787, "1293546285747308", "welcome",
        [_header("TEXT", "Welcome, {{firstname}}"), _body("Good to have you, {{firstname}}.")],
        parameter_format="NAMED",
    ),
    _template(1788, "1293546285747309", "photo_card", [_header("IMAGE"), _body("Greetings from the shop.")]),
    _template(
        1789, "1293546285747310", "reminder",
        [_body("See you on {{1}} at {{2}}."), _buttons(_button("QUICK_REPLY", "I will be there"))],
        category="UTILITY",
    ),
]  # fmt: skip
