"""The written form as JSON Schemas for editors: what pydantic makes of it, in the words that a person hovers over."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from campaignops.manifest.form import schema, settings_form

# What an editor calls a form, in a hover and in "expected …": never the name of a class.
_TITLES = {
    "AssignForm": "{assign_to: …}",
    "AssigneeForm": "{extension: …} or {queue: …}",
    "AtForm": "{at: …, timezone: …}",
    "ById": "{id: 7}",
    "EnvironmentForm": "environment",
    "FindingsForm": "findings",
    "HeaderForm": "header",
    "MovedForm": "{from: old-key}",
    "PbxForm": "PBX",
    "RecipientsForm": "recipients",
    "SmsCampaign": "SMS campaign",
    "SmsMessage": "message by SMS",
    "UploadedForm": "{uploaded: …}",
    "UploadedInfo": "uploaded file",
    "WhatsappCampaign": "WhatsApp campaign",
    "WhatsappMessage": "message by WhatsApp",
}


def manifest_schema() -> dict[str, Any]:
    """JSON Schema of manifests and of `_defaults.yaml`, for editors (draft 2020-12)."""
    found = _published(TypeAdapter(schema.ManifestForm), "campaignops manifest")
    return _with_defaults(found)


def settings_schema() -> dict[str, Any]:
    """JSON Schema of campaignops.yaml, for editors (draft 2020-12)."""
    return _published(TypeAdapter(settings_form.SettingsForm), "campaignops settings")


def _published(adapter: TypeAdapter[Any], title: str) -> dict[str, Any]:
    found = _explained(adapter.json_schema())
    for name, form in found.get("$defs", {}).items():
        form["title"] = _TITLES.get(name, "mapping")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": title}


def _explained(form: Any, name: str | None = None) -> Any:
    """A field is called what its author calls it; a choice among fields says which of them is one too many."""
    if isinstance(form, list):
        return [_explained(item) for item in form]
    if not isinstance(form, dict):
        return form
    out = {part: _explained(item) for part, item in form.items() if part not in ("title", "properties")}
    if name is not None:
        out["title"] = name
    if "properties" in form:
        out["properties"] = {field: _explained(item, field) for field, item in form["properties"].items()}
    if kinds := out.pop("discriminator", None):
        field = kinds["propertyName"]
        out["properties"] = {field: {"title": field, "enum": list(kinds["mapping"])}}
    choices = out.get("oneOf", [])
    if choices and all(set(choice) == {"required"} for choice in choices):
        names = [choice["required"][0] for choice in out.pop("oneOf")]
        # Not as `oneOf`, of which an editor says "matches multiple schemas".
        out["if"], out["then"] = {"not": {"anyOf": choices}}, choices[0]
        out["dependentSchemas"] = {
            one: {"properties": {other: False for other in names if other != one}} for one in names
        }
    return out


_NOT_A_DEFAULT = ("for_each", "moved")
_PART = "Default"


def _with_defaults(found: dict[str, Any]) -> dict[str, Any]:
    """Where a file has `defaults`, its campaigns may lack anything, and empty values take defaults away. A file without
    `campaigns` is a `_defaults.yaml`. An editor does not see the files beside the one that it shows."""
    forms = found["$defs"]
    parts = {name + _PART: _in_part(form) for name, form in forms.items()}
    sms, whatsapp = parts.pop("SmsCampaign" + _PART), parts.pop("WhatsappCampaign" + _PART)
    message = {
        **parts["SmsMessage" + _PART]["properties"],
        **parts.pop("WhatsappMessage" + _PART)["properties"],
    }
    parts["SmsMessage" + _PART] |= {"title": "message", "description": "A text or a file for SMS, else a template.",
                                    "properties": message}  # fmt: skip
    sms["properties"]["message"] = whatsapp["properties"]["message"] = {"$ref": f"#/$defs/SmsMessage{_PART}"}
    fields = {**sms["properties"], "type": {"enum": ["sms", "whatsapp"], "title": "type"}}
    campaign = {**sms, "title": "campaign", "description": "A campaign, in part.", "properties": fields}
    shared = {name: field for name, field in fields.items() if name not in _NOT_A_DEFAULT}
    forms |= parts
    forms["CampaignPart"] = campaign
    forms["Defaults"] = {**campaign, "title": "defaults", "properties": shared, "description": (
        "What the campaigns of this file say unless they say it themselves. Mappings merge, all else replaces; an "
        "empty value takes a default away."
    )}  # fmt: skip
    whole = found["properties"]["campaigns"].pop("additionalProperties")
    found["properties"]["defaults"] = {"$ref": "#/$defs/Defaults"}
    del found["required"]
    found["anyOf"] = [{"required": ["campaigns"]}, {"required": ["defaults"]}, {"required": ["vars"]}]
    found["if"] = {"required": ["defaults"]}
    found["then"] = _campaigns({"anyOf": [{"$ref": "#/$defs/CampaignPart"}, {"type": "null"}]})
    found["else"] = _campaigns(whole)
    return found


def _campaigns(form: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"campaigns": {"title": "campaigns", "additionalProperties": form}}}


def _in_part(form: Any) -> Any:
    """A form of which every field may be missing or empty."""
    if isinstance(form, list):
        return [_in_part(item) for item in form]
    if not isinstance(form, dict):
        return form
    out = {
        name: _in_part(item)
        for name, item in form.items()
        if name not in ("required", "if", "then", "dependentSchemas")
    }
    if "$ref" in out:
        out["$ref"] += _PART
    if "properties" in out:
        out["properties"] = {
            name: {**{word: field[word] for word in ("title", "description") if word in field},
                   "anyOf": [field, {"type": "null"}]}
            for name, field in out["properties"].items()
        }  # fmt: skip
    return out
