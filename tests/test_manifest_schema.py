"""The published JSON Schemas: right by a second implementation, and of one mind with the reader."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from campaignops import manifest
from tests.manifest_folder import SMS, read_text, sms, whatsapp
from tests.test_manifest import EXAMPLE
from tests.test_manifest_settings import FULL

jsonschema = pytest.importorskip("jsonschema")


def as_editors_read_it(text: str) -> Any:
    """With numbers and truths, as JSON."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))


@cache
def validator(schema: Callable[[], dict[str, Any]]) -> Any:
    jsonschema.Draft202012Validator.check_schema(made := schema())
    return jsonschema.Draft202012Validator(made)


def valid(schema: Callable[[], dict[str, Any]], text: str) -> bool:
    return bool(validator(schema).is_valid(as_editors_read_it(text)))


GOOD = [
    EXAMPLE,
    SMS,
    sms(channel="{id: 7}", session="{assign_to: {queue: {id: 3}}}", moved="{from: x}"),
    sms(prevent_delete="true"),
    sms(prevent_delete="'{{ guarded }}'"),
    sms(name="2030", session="{assign_to: {extension: 1002}}"),
    sms(recipients="{numbers: ['{{ number }}']}", for_each="[de, fr]"),
    sms(send="'{{ when }}'", session="'{{ how }}'"),
    whatsapp("{template: a, language: en, body: [a, 5], buttons: {x: y}, header: {text: a}}"),
    whatsapp("{template: {id: 3}, language: en, components: [{a: {file: b}}]}"),
]
SHARED = "defaults: {type: sms, channel: a, recipients: {numbers: ['+8613800001111']}, send: now, session: direct}\n"
GOOD += [
    SHARED
    + "campaigns: {a: {message: {text: a}}, b: {message: {text: a}, send: {at: 2030-07-30 18:06}, sender: }}",
    SHARED,
    "vars: {a: 1}",
]
BAD = [
    "defaults: {chanel: a}",
    "defaults: {moved: {from: a}}",
    SHARED + "campaigns: {a: {message: {txt: a}}}",
    SHARED + "campaigns: {a: {message: {text: a}, sender: +12025550100}}",
    sms(type="mail"),
    sms(chanel="x"),
    sms(send=None),
    sms(send="later"),
    sms(prevent_delete="yes"),
    sms(sender="+12025550100"),  # without quotes it is a number to editors
    sms(recipients="{numbers: [12]}"),
    sms(recipients="{numbers: ['12']}"),
    sms(recipients="{numbers: ['+8613800001111'], file: x}"),
    sms(message="{text: a, file: b}"),
    sms(message="{template: a}"),
    "summer: {}",
]


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_good_manifests_fit_the_schema(text):
    assert valid(manifest.manifest_schema, text)


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_bad_manifests_do_not(text):
    assert not valid(manifest.manifest_schema, text)


@pytest.mark.parametrize("text", [text for text in BAD if "+12025550100" not in text and "campaigns" in text])
def test_what_the_schema_refuses_the_reader_refuses(tmp_path, text):
    _, findings = read_text(tmp_path, text)
    assert any(f.severity == "error" for f in findings)


def test_settings_fit_their_schema():
    assert valid(manifest.settings_schema, FULL)
    assert not valid(manifest.settings_schema, "pbx: {verify: false}")


@pytest.mark.parametrize(
    "schema", [manifest.manifest_schema(), manifest.settings_schema()], ids=["manifest", "settings"]
)
def test_a_schema_is_plain_json_names_no_strange_host_and_explains_itself(schema):
    text = json.dumps(schema)
    assert set(re.findall(r"https?://([^/\"]+)", text)) <= {"json-schema.org", "host without a path."}
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in schema
    for form in schema["$defs"].values():
        assert form["additionalProperties"] is False
        assert form["description"]
