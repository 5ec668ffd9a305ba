"""The written form of campaignops.yaml."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NotRequired, TypeAlias

from pydantic import Field, TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

from campaignops.manifest.form.guardrails import GuardrailsForm
from campaignops.manifest.form.values import STRICT, FilePath, PhoneNumber, Region, Text, Vars, Zone


class PbxForm(TypedDict):
    """How to reach the PBX."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
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

    __pydantic_config__ = STRICT  # type: ignore[misc]
    severity: NotRequired[Annotated[Severities, Field(description="By code: error, warning or info.")]]
    select: NotRequired[Annotated[list[Selector], Field(description="Only these codes: CMP301, CMP3, ALL.")]]
    ignore: NotRequired[Annotated[list[Selector], Field(description="Not these codes: CMP301, or CMP3.")]]


class EnvironmentForm(TypedDict):
    """What differs in one environment."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    pbx: NotRequired[PbxForm]
    state: NotRequired[Annotated[Text, Field(description="The path of the state file.")]]
    timezone: NotRequired[Annotated[Zone, Field(description="For send times without an offset or zone.")]]
    region: NotRequired[Region]
    vars: NotRequired[Vars]
    findings: NotRequired[FindingsForm]
    test_numbers: NotRequired[
        Annotated[list[PhoneNumber], Field(description="Staff numbers that `test-send` may text.")]
    ]
    guardrails: NotRequired[GuardrailsForm]


class FactsForm(TypedDict, total=False):
    """A campaign that a test of a rule makes up: what it says of a campaign, all else is empty."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
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

    __pydantic_config__ = STRICT  # type: ignore[misc]
    denied: Annotated[list[FactsForm], Field(description="Campaigns that break the rule.")]
    allowed: Annotated[list[FactsForm], Field(description="Campaigns that do not.")]


class RuleForm(TypedDict, total=False):
    """A rule of your own: a condition under which a campaign is denied, or a Python rule that is installed."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
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


@cache
def settings_adapter() -> TypeAdapter[Any]:
    return TypeAdapter(SettingsForm)
