"""The written form of a manifest; pydantic checks it, editors explain it.

Typed dictionaries, because pydantic's core checks them in 4 microseconds a campaign without making an object.
Everything is text here (`nodes` reads nothing else); what the fields mean together is worked out in `build`.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NotRequired, TypeAlias, get_args

from pydantic import ConfigDict, Field, TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

from campaignops.manifest.form.values import (
    E164_SCHEMA,
    MARKS,
    STRICT,
    ById,
    FilePath,
    Name,
    NumberField,
    Recipient,
    Reference,
    Region,
    Sender,
    Text,
    Vars,
    Zone,
    exactly_one,
    one_of,
)


class UploadedInfo(TypedDict):
    """What the PBX said of a file when it was uploaded."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    id: Annotated[Text, Field(description="Its id on the PBX.")]
    name: Annotated[Text, Field(description="Its name.")]
    uri: Annotated[Text, Field(description="Where the PBX keeps it.")]
    type: Annotated[Text, Field(description="Its media type.")]
    size: Annotated[
        str,
        Field(pattern=r"^[0-9]{1,12}$", description="How many bytes it has."),
        WithJsonSchema({"type": ["integer", "string"]}),
    ]


class UploadedForm(TypedDict):
    """A file that only the PBX has, as `import` writes it."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    uploaded: UploadedInfo


FileForm: TypeAlias = FilePath | UploadedForm


def _recipients() -> ConfigDict:
    """Numbers are in E.164, unless it is said how to read others."""
    form = exactly_one("numbers", "file", "phonebook")
    extra: Any = form["json_schema_extra"]
    plain: Any = {"properties": {"numbers": {"items": E164_SCHEMA}}}
    return {
        **form,
        "json_schema_extra": {**extra, "allOf": [{"if": {"not": {"required": ["region"]}}, "then": plain}]},
    }


class RecipientsForm(TypedDict):
    """Who gets the message: exactly one of numbers, file and phonebook."""

    __pydantic_config__ = _recipients()  # type: ignore[misc]
    numbers: NotRequired[
        Annotated[list[Recipient], Field(description="Numbers with + and the country code.")]
    ]
    file: NotRequired[
        Annotated[FilePath, Field(description="A CSV or XLSX file; its first row names the columns.")]
    ]
    column: NotRequired[
        Annotated[Text, Field(description="The column with the numbers; `phone` if left out.")]
    ]
    split: NotRequired[
        Annotated[
            str,
            Field(
                pattern=r"^[1-9][0-9]{0,8}$",
                description="How many people one campaign may have: the list is cut into numbered campaigns.",
            ),
            WithJsonSchema(
                {
                    "anyOf": [
                        {"type": "integer", "minimum": 1, "maximum": 1000},
                        {"type": "string", "pattern": MARKS},
                    ]
                }
            ),
        ]
    ]
    region: NotRequired[Region]
    phonebook: NotRequired[Annotated[Reference, Field(description="A phonebook by name, or {id: 7}.")]]
    field: NotRequired[
        Annotated[
            NumberField, Field(description="Which number of a contact."), one_of(*get_args(NumberField))
        ]
    ]


class SmsMessage(TypedDict):
    """Exactly one of text and file."""

    __pydantic_config__ = exactly_one("text", "file")  # type: ignore[misc]
    text: NotRequired[Annotated[Text, Field(description="The text, as people will read it.")]]
    file: NotRequired[Annotated[FileForm, Field(description="A file to send (MMS).")]]


class HeaderForm(TypedDict):
    """The header of a WhatsApp template: exactly one of text, image, video and document."""

    __pydantic_config__ = exactly_one("text", "image", "video", "document")  # type: ignore[misc]
    text: NotRequired[Annotated[Text, Field(description="What its placeholder says.")]]
    image: NotRequired[Annotated[FileForm, Field(description="A JPEG or PNG file.")]]
    video: NotRequired[Annotated[FileForm, Field(description="An MP4 or 3GP file.")]]
    document: NotRequired[Annotated[FileForm, Field(description="A PDF, Office or text file.")]]


class WhatsappMessage(TypedDict):
    """A template of the channel, and its values."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    template: Annotated[Reference, Field(description="The template by name, or {id: 7}.")]
    language: Annotated[Text, Field(description="The template's language, such as en or pt_BR.")]
    header: NotRequired[Annotated[HeaderForm, Field(description="The value of the template's header.")]]
    body: NotRequired[
        Annotated[
            dict[str, Text] | list[Text],
            Field(description="What the template leaves open: {name: Ada}, or [Ada, Friday] in order."),
        ]
    ]
    buttons: NotRequired[
        Annotated[dict[str, Text], Field(description="Button label: value, only for buttons that take one.")]
    ]
    components: NotRequired[
        Annotated[
            list[Any], Field(description="Instead of the three: passed on as it is, {file: path} uploaded.")
        ]
    ]


class AtForm(TypedDict):
    """A point in time."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    at: Annotated[
        Text, Field(description="2030-07-30 18:06, with an offset if there is no timezone; or Unix seconds.")
    ]
    timezone: NotRequired[Annotated[Zone, Field(description="An IANA zone such as Europe/Berlin.")]]
    fold: NotRequired[
        Annotated[
            Literal["first", "second"],
            Field(description="Which one, when the clock shows this time twice."),
            one_of("first", "second"),
        ]
    ]


class AssigneeForm(TypedDict):
    """Exactly one of extension and queue."""

    __pydantic_config__ = exactly_one("extension", "queue")  # type: ignore[misc]
    extension: NotRequired[Annotated[Reference, Field(description="An extension by number, or {id: 7}.")]]
    queue: NotRequired[Annotated[Reference, Field(description="A message queue by name, or {id: 7}.")]]


class AssignForm(TypedDict):
    """A chat session for each recipient, given to somebody."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    assign_to: AssigneeForm


MovedForm = TypedDict("MovedForm", {"from": Annotated[Text, Field(description="The key it had before.")]})
MovedForm.__pydantic_config__ = STRICT  # type: ignore[attr-defined]
MovedForm.__doc__ = "The campaign had another key before."


class _CampaignForm(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    name: NotRequired[Annotated[Name, Field(description="Its name on the PBX; the key if left out.")]]
    channel: Annotated[Reference, Field(description="A message channel by name, or {id: 7}.")]
    sender: NotRequired[
        Annotated[
            Sender | ById,
            Field(description="A number of the channel, or {id: 7}; needed if it has several."),
        ]
    ]
    recipients: RecipientsForm
    send: Annotated[
        Annotated[Literal["draft", "now"], one_of("draft", "now")] | AtForm,
        Field(description="draft, now, or {at: …, timezone: …}. Sending is always spelt out."),
    ]
    session: Annotated[
        Annotated[Literal["direct"], one_of("direct")] | AssignForm,
        Field(description="direct, or {assign_to: {extension: …}} or {assign_to: {queue: …}}."),
    ]
    for_each: NotRequired[
        Annotated[
            Any,
            Field(
                description="One campaign for each item; {{ each.key }} and {{ each.value }} stand for it."
            ),
            WithJsonSchema({"type": ["array", "object"]}),
        ]
    ]
    moved: NotRequired[MovedForm]
    prevent_delete: NotRequired[
        Annotated[
            Literal["true", "false"],
            Field(description="true: never deleted from the PBX, also when this block is gone."),
            WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": MARKS}]}),
        ]
    ]


_TYPE = "How it is sent: sms, or whatsapp."


class SmsCampaign(_CampaignForm):
    """A campaign by SMS."""

    type: Annotated[Literal["sms"], Field(description=_TYPE)]
    message: SmsMessage


class WhatsappCampaign(_CampaignForm):
    """A campaign by WhatsApp."""

    type: Annotated[Literal["whatsapp"], Field(description=_TYPE)]
    message: WhatsappMessage


CampaignForm: TypeAlias = Annotated[SmsCampaign | WhatsappCampaign, Field(discriminator="type")]


class ManifestForm(TypedDict):
    """A campaignops manifest."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    vars: NotRequired[Vars]
    campaigns: Annotated[
        dict[str, CampaignForm], Field(description="The campaigns by key; a key is unique in the project.")
    ]


@cache
def campaign_adapter() -> TypeAdapter[Any]:
    return TypeAdapter(CampaignForm)
