"""The written form as JSON Schemas for editors: what pydantic makes of it, in the words that a person hovers over."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from campaignops.manifest import schema

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
    """JSON Schema of manifests, for editors (draft 2020-12)."""
    return _published(TypeAdapter(schema.ManifestForm), "campaignops manifest")


def settings_schema() -> dict[str, Any]:
    """JSON Schema of campaignops.yaml, for editors (draft 2020-12)."""
    return _published(TypeAdapter(schema.SettingsForm), "campaignops settings")


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
        out["properties"] = {kinds["propertyName"]: {"enum": list(kinds["mapping"])}}
    choices = out.get("oneOf", [])
    if choices and all(set(choice) == {"required"} for choice in choices):
        names = [choice["required"][0] for choice in out.pop("oneOf")]
        # Not as `oneOf`, of which an editor says "matches multiple schemas".
        out["if"], out["then"] = {"not": {"anyOf": choices}}, choices[0]
        out["dependentSchemas"] = {
            one: {"properties": {other: False for other in names if other != one}} for one in names
        }
    return out
