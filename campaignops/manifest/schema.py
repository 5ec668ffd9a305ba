"""The written form: what may stand in a manifest and in campaignops.yaml; pydantic checks it, editors explain it.

Typed dictionaries, because pydantic's core checks them in 4 microseconds a campaign without making an object.
Everything is text here (`nodes` reads nothing else); what the fields mean together is worked out in `build`.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NotRequired, TypeAlias, get_args

from pydantic import ConfigDict, Field, TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

from campaignops.audience import E164
from campaignops.manifest import guardrails
from campaignops.manifest.guardrails import GuardrailsForm

_STRICT = ConfigDict(extra="forbid")
_MARKS = r"\{\{|\{%"
# Editors read an unquoted 20 as a number, we read it as the author's text: both are fine, except for phone numbers,
# where an editor would show a number without its plus sign.
_TEXT_TYPES = ["string", "number", "boolean"]


def _text(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": _TEXT_TYPES, **schema})


def _one_of(*words: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"enum": list(words)}, {"type": "string", "pattern": _MARKS}]})


def _exactly_one(*names: str) -> ConfigDict:
    choices: Any = [{"required": [name]} for name in names]
    return ConfigDict(extra="forbid", json_schema_extra={"oneOf": choices})


# `recipient_num_type` of the page "Add a Message Campaign".
NumberField: TypeAlias = Literal[
    "business_number", "business_number2", "mobile_number", "mobile_number2", "home_number", "home_number2",
    "business_fax", "home_fax", "other_number",
]  # fmt: skip

Text: TypeAlias = Annotated[str, Field(min_length=1), _text(minLength=1)]
MAX_NAME = 127
Name: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, pattern=r"^\P{Cc}+$"),
    _text(minLength=1, maxLength=MAX_NAME),
]
# `errorMessage` is what editors built on VS Code's JSON service show instead of a regular expression.
_IN_QUOTES = 'A number in E.164, in quotes: "+12025550100".'
_E164_SCHEMA: Any = {
    "type": "string",
    "pattern": f"{E164}|{_MARKS}",
    "description": "A number in E.164, in quotes.",
    "errorMessage": _IN_QUOTES,
    "patternErrorMessage": _IN_QUOTES,
}
PhoneNumber: TypeAlias = Annotated[str, Field(pattern=E164), WithJsonSchema(_E164_SCHEMA)]
# Which texts are numbers here depends on `region`: `recipients` decides it.
Sender: TypeAlias = Annotated[str, WithJsonSchema(_E164_SCHEMA)]
Recipient: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "errorMessage": _IN_QUOTES})]
Id: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]{0,9}$"),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": f"^[0-9]+$|{_MARKS}"}]}
    ),
]
# What editors offer; any other IANA name is as good.
_ZONES = [
    "UTC", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Budapest",
    "Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Lisbon", "Europe/London",
    "Europe/Madrid", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna",
    "Europe/Warsaw", "Europe/Zurich", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
    "America/Argentina/Buenos_Aires", "America/Bogota", "America/Chicago", "America/Denver", "America/Lima",
    "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Phoenix", "America/Santiago",
    "America/Sao_Paulo", "America/Toronto", "Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta",
    "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata", "Asia/Manila", "Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai",
    "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo", "Australia/Melbourne", "Australia/Perth", "Australia/Sydney",
    "Pacific/Auckland",
]  # fmt: skip
Zone: TypeAlias = Annotated[
    str,
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"enum": _ZONES}, {"type": "string", "minLength": 1}]}),
]
FilePath: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=1024),
    WithJsonSchema({"type": "string", "description": "A path inside the project."}),
]


Region: TypeAlias = Annotated[
    str,
    Field(description="The country of numbers without a + in front, by its two letters: DE, US."),
]


class ById(TypedDict):
    """A thing on the PBX by its id."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    id: Annotated[Id, Field(description="The id on the PBX.")]


Reference: TypeAlias = Name | ById


class UploadedInfo(TypedDict):
    """What the PBX said of a file when it was uploaded."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
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

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    uploaded: UploadedInfo


FileForm: TypeAlias = FilePath | UploadedForm


def _recipients() -> ConfigDict:
    """Numbers are in E.164, unless it is said how to read others."""
    form = _exactly_one("numbers", "file", "phonebook")
    extra: Any = form["json_schema_extra"]
    plain: Any = {"properties": {"numbers": {"items": _E164_SCHEMA}}}
    return {
        **form,
        "json_schema_extra": {**extra, "allOf": [{"if": {"not": {"required": ["region"]}}, "then": plain}]},
    }


class RecipientsForm(TypedDict):
    """Who gets the message: exactly one of numbers, file and phonebook."""

    __pydantic_config__ = _recipients()  # type: ignore[misc]
    numbers: NotRequired[Annotated[list[Recipient], Field(description="Numbers in E.164.")]]
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
                        {"type": "string", "pattern": _MARKS},
                    ]
                }
            ),
        ]
    ]
    region: NotRequired[Region]
    phonebook: NotRequired[Annotated[Reference, Field(description="A phonebook by name, or {id: 7}.")]]
    field: NotRequired[
        Annotated[
            NumberField, Field(description="Which number of a contact."), _one_of(*get_args(NumberField))
        ]
    ]


class SmsMessage(TypedDict):
    """Exactly one of text and file."""

    __pydantic_config__ = _exactly_one("text", "file")  # type: ignore[misc]
    text: NotRequired[Annotated[Text, Field(description="The text, as people will read it.")]]
    file: NotRequired[Annotated[FileForm, Field(description="A file to send (MMS).")]]


class HeaderForm(TypedDict):
    """The header of a WhatsApp template: exactly one of text, image, video and document."""

    __pydantic_config__ = _exactly_one("text", "image", "video", "document")  # type: ignore[misc]
    text: NotRequired[Annotated[Text, Field(description="What its placeholder says.")]]
    image: NotRequired[Annotated[FileForm, Field(description="A JPEG or PNG file.")]]
    video: NotRequired[Annotated[FileForm, Field(description="An MP4 or 3GP file.")]]
    document: NotRequired[Annotated[FileForm, Field(description="A PDF, Office or text file.")]]


class WhatsappMessage(TypedDict):
    """A template of the channel, and its values."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    template: Annotated[Reference, Field(description="The template by name, or {id: 7}.")]
    language: Annotated[Text, Field(description="The template's language, such as en or pt_BR.")]
    header: NotRequired[Annotated[HeaderForm, Field(description="The value of the template's header.")]]
    body: NotRequired[
        Annotated[
            dict[str, Text] | list[Text],
            Field(description="Values by name for NAMED templates, in order for POSITIONAL ones."),
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

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    at: Annotated[
        Text, Field(description="2030-07-30 18:06, with an offset if there is no timezone; or Unix seconds.")
    ]
    timezone: NotRequired[Annotated[Zone, Field(description="An IANA zone such as Europe/Berlin.")]]
    fold: NotRequired[
        Annotated[
            Literal["first", "second"],
            Field(description="Which one, when the clock shows this time twice."),
            _one_of("first", "second"),
        ]
    ]


class AssigneeForm(TypedDict):
    """Exactly one of extension and queue."""

    __pydantic_config__ = _exactly_one("extension", "queue")  # type: ignore[misc]
    extension: NotRequired[Annotated[Reference, Field(description="An extension by number, or {id: 7}.")]]
    queue: NotRequired[Annotated[Reference, Field(description="A message queue by name, or {id: 7}.")]]


class AssignForm(TypedDict):
    """A chat session for each recipient, given to somebody."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    assign_to: AssigneeForm


MovedForm = TypedDict("MovedForm", {"from": Annotated[Text, Field(description="The key it had before.")]})
MovedForm.__pydantic_config__ = _STRICT  # type: ignore[attr-defined]
MovedForm.__doc__ = "The campaign had another key before."


class _CampaignForm(TypedDict):
    __pydantic_config__ = _STRICT  # type: ignore[misc]
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
        Annotated[Literal["draft", "now"], _one_of("draft", "now")] | AtForm,
        Field(description="draft, now, or {at: …, timezone: …}. Sending is always spelt out."),
    ]
    session: Annotated[
        Annotated[Literal["direct"], _one_of("direct")] | AssignForm,
        Field(description="direct, or {assign_to: {extension: …}} or {assign_to: {queue: …}}."),
    ]
    for_each: NotRequired[
        Annotated[
            Any,
            Field(description="One campaign for each item; each.key and each.value stand for it."),
            WithJsonSchema({"type": ["array", "object"]}),
        ]
    ]
    moved: NotRequired[MovedForm]
    prevent_delete: NotRequired[
        Annotated[
            Literal["true", "false"],
            Field(description="true: never deleted from the PBX, also when this block is gone."),
            WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": _MARKS}]}),
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
Vars: TypeAlias = Annotated[dict[str, Any], Field(description="Names for {{ name }} in values.")]


class ManifestForm(TypedDict):
    """A campaignops manifest."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    vars: NotRequired[Vars]
    campaigns: Annotated[
        dict[str, CampaignForm], Field(description="The campaigns by key; a key is unique in the project.")
    ]


class PbxForm(TypedDict):
    """How to reach the PBX."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    url: NotRequired[Annotated[Text, Field(description="sandbox, or https://host without a path.")]]
    timeout: NotRequired[
        Annotated[
            str, Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,3})?$", description="Seconds per call."),
            WithJsonSchema({"type": ["number", "string"]}),
        ]
    ]  # fmt: skip
    ca_file: NotRequired[Annotated[FilePath, Field(description="Certificates of a private authority (PEM).")]]
    fingerprint: NotRequired[Annotated[Text, Field(description="sha256:… of a self-signed certificate.")]]
    delivery: NotRequired[
        Annotated[Literal["staged", "direct"], Field(description="staged creates drafts first.")]
    ]
    schedule_literal: NotRequired[
        Annotated[
            Literal["schedule", "scheduled"],
            Field(description="What send_type says for a scheduled campaign."),
        ]
    ]


Selector: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^(ALL|CMP[0-9]{0,3})$"})]
Severities: TypeAlias = Annotated[
    dict[str, Literal["error", "warning", "info"]],
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": "^CMP[0-9]{3}$"},
            "additionalProperties": {"enum": ["error", "warning", "info"]},
        }
    ),
]


class FindingsForm(TypedDict):
    """Which findings count, and how much; what is an error by itself stays one."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    severity: NotRequired[Annotated[Severities, Field(description="By code: error, warning or info.")]]
    select: NotRequired[Annotated[list[Selector], Field(description="Only these codes: CMP301, CMP3, ALL.")]]
    ignore: NotRequired[Annotated[list[Selector], Field(description="Not these codes: CMP301, or CMP3.")]]


class EnvironmentForm(TypedDict):
    """What differs in one environment."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    pbx: NotRequired[PbxForm]
    state: NotRequired[Annotated[Text, Field(description="The path of the state file.")]]
    timezone: NotRequired[Annotated[Zone, Field(description="For send times without an offset or zone.")]]
    region: NotRequired[Region]
    vars: NotRequired[Vars]
    findings: NotRequired[FindingsForm]
    test_numbers: NotRequired[
        Annotated[list[PhoneNumber], Field(description="Staff numbers that `test-send` may text, E.164.")]
    ]
    guardrails: NotRequired[GuardrailsForm]


class FactsForm(TypedDict, total=False):
    """A campaign that a test of a rule makes up: what it says of a campaign, all else is empty."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    key: Annotated[Text, Field(description="Its key.")]
    type: Annotated[Text, Field(description="sms or whatsapp.")]
    name: Annotated[Text, Field(description="Its name on the PBX.")]
    channel: Annotated[Text, Field(description="Its channel.")]
    sender: Annotated[Text, Field(description="The number it comes from.")]
    recipients: Annotated[
        str,
        Field(pattern=r"^[0-9]{1,9}$", description="How many people get it."),
        WithJsonSchema({"type": ["integer", "string"]}),
    ]
    phonebook: Annotated[Text, Field(description="The phonebook of its recipients.")]
    text: Annotated[Text, Field(description="What people read.")]
    template: Annotated[Text, Field(description="Its template.")]
    language: Annotated[Text, Field(description="The language of its template.")]
    file: Annotated[Text, Field(description="The name of its file.")]
    send: Annotated[Text, Field(description="draft, now or at.")]
    time: Annotated[Text, Field(description="When it is sent, ISO 8601 in UTC.")]
    session: Annotated[Text, Field(description="direct, extension or queue.")]


class RuleTestsForm(TypedDict, total=False):
    """Examples that `campaignops test-policy` tries."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    denied: Annotated[list[FactsForm], Field(description="Campaigns that break the rule.")]
    allowed: Annotated[list[FactsForm], Field(description="Campaigns that do not.")]


class RuleForm(TypedDict, total=False):
    """A rule of your own: a condition under which a campaign is denied, or a Python rule that is installed."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    use: Annotated[Text, Field(description="The code of a Python rule in an installed package.")]
    code: Annotated[Text, Field(description="Capital letters of your own and three digits: ACME001.")]
    severity: Annotated[Literal["error", "warning"], Field(description="error (the default) or warning.")]
    deny: Annotated[Text, Field(description='A Jinja condition: "bit.ly" in campaign.text')]
    message: Annotated[Text, Field(description="What is wrong, for whoever wrote the campaign.")]
    help: Annotated[Text, Field(description="What to write instead.")]
    tests: RuleTestsForm


class SettingsForm(EnvironmentForm):
    """campaignops.yaml"""

    rules: NotRequired[Annotated[list[RuleForm], Field(description="Rules of your own for campaigns.")]]

    environments: NotRequired[
        Annotated[dict[str, EnvironmentForm], Field(description="Laid over the rest by --env.")]
    ]


# What a field may hold, in words, for findings. Paths with * for any item or name.
FORMS = {
    "": "a mapping with `type`, `channel`, `recipients`, `message`, `send` and `session`",
    "channel": "a channel's name, or {id: 7}",
    "sender": "an E.164 number in quotes, or {id: 7}",
    "recipients": "{numbers: […]}, {file: …} or {phonebook: …, field: …}",
    "recipients.numbers": "a list of E.164 numbers, each in quotes",
    "recipients.numbers.*": "a number as text",
    "recipients.phonebook": "a phonebook's name, or {id: 7}",
    "recipients.field": "one of the nine number fields of a contact, such as mobile_number",
    "message": "{text: …} or {file: …} for sms, {template: …, language: …} for whatsapp",
    "message.file": "a path in the project, or {uploaded: {…}}",
    "message.header": "{text: …}, {image: …}, {video: …} or {document: …}",
    "message.header.image": "a path in the project, or {uploaded: {…}}",
    "message.header.video": "a path in the project, or {uploaded: {…}}",
    "message.header.document": "a path in the project, or {uploaded: {…}}",
    "message.template": "a template's name, or {id: 7}",
    "message.body": "a mapping of names to values, or a list of values",
    "send": '`draft`, `now`, or {at: "2030-07-30 18:06", timezone: Europe/Berlin}',
    "session": "`direct`, {assign_to: {extension: …}} or {assign_to: {queue: …}}",
    "session.assign_to": "{extension: …} or {queue: …}",
    "session.assign_to.extension": "an extension's number, or {id: 7}",
    "session.assign_to.queue": "a message queue's name, or {id: 7}",
    "moved": "{from: old-key}",
    "prevent_delete": "`true` or `false`",
    "test_numbers": "a list of E.164 numbers, each in quotes",
    "test_numbers.*": "a number as text",
    "pbx": "a mapping such as {url: sandbox}",
    **guardrails.FORMS,
}


# What to write for a field that is missing, where its form alone does not say what each choice does.
TO_PASTE: dict[tuple[str | int, ...], str] = {
    (
        "send",
    ): 'send: draft (sent to nobody), send: now, or send: {at: "2030-07-30 18:06", timezone: Europe/Berlin}',
    (
        "session",
    ): "session: direct (no chat is opened), or session: {assign_to: {queue: …}} (somebody answers)",
    (
        "recipients",
    ): 'recipients: {numbers: ["+…"]}, {file: audiences/vip.csv}, or {phonebook: …, field: mobile_number}',
    ("message", "language"): "language: en, or another one that the template has",
}
SKELETON = (
    'type: sms, channel: …, recipients: {numbers: ["+…"]}, message: {text: "…"}, send: draft, session: direct'
)


@cache
def campaign_adapter() -> TypeAdapter[Any]:
    return TypeAdapter(CampaignForm)


@cache
def settings_adapter() -> TypeAdapter[Any]:
    return TypeAdapter(SettingsForm)
