"""The JSON documents: their field names are a promise to scripts."""

import json
from dataclasses import dataclass

from campaignops.errors import PbxError
from campaignops.findings import Finding, Place
from campaignops.model import Now, Phonebook, Ref, Text
from campaignops.planner import Live
from campaignops.report import document
from campaignops.report.plan_json import (
    OutcomeKind,
    apply_document,
    error_document,
    findings_document,
    plan_document,
    state_list_document,
    with_error,
)
from campaignops.state import Phase
from tests.test_report_plan import a_campaign, a_plan, an_entry


@dataclass(frozen=True)
class Result:
    key: str
    outcome: OutcomeKind
    id: int | None = None
    message: str | None = None
    next_command: str | None = None


def test_a_plan_has_the_promised_shape():
    made = a_plan(a_campaign(name="SummerSale202507"), environment="production")
    finding = Finding("CMP101", "error", "not valid YAML", Place("a.yaml", 3, 7))
    assert plan_document(made, findings=[finding]) == {
        "schema_version": 1,
        "kind": "plan",
        "digest": made.digest,
        "environment": "production",
        "half": None,
        "changes": [
            {
                "key": "summer-sale",
                "action": "create",
                "type": "sms",
                "name": "SummerSale202507",
                "id": None,
                "reason": "not recorded",
                "source": {"file": "summer.yaml", "line": 5},
                "fields": [
                    {"path": "type", "before": None, "after": "sms"},
                    {"path": "name", "before": None, "after": "SummerSale202507"},
                    {"path": "channel", "before": None, "after": "Main SMS"},
                    {"path": "sender", "before": None, "after": "+1202•••0100"},
                    {"path": "recipients.numbers", "before": None, "after": 3},
                    {"path": "message.text", "before": None, "after": "Up to 50% off!"},
                    {"path": "send.at", "before": None, "after": 1911657960},
                    {"path": "send.timezone", "before": None, "after": "Europe/Berlin"},
                    {"path": "session.extension", "before": None, "after": "1002"},
                ],
                "steps": ["create", "release"],
                "drift": False,
                "left_to": None,
                "recipients": 3,
                "added": 3,
                "removed": 0,
                "send": {"kind": "at", "time": "2030-07-30T18:06:00+02:00"},
                "preview": None,
                "encoding": "GSM-7",
                "parts": 1,
                "total_parts": None,
                "cost": None,
                "currency": None,
                "countries": {},
                "suppressed": 0,
                "phonebook": None,
                "overlap": {},
                "recently_texted": 0,
                "first_message": None,
                "last_message": None,
                "queued_behind": None,
                "refused": [],
                "tested": None,
            }
        ],
        "summary": {
            "create": 1,
            "update": 0,
            "delete": 0,
            "none": 0,
            "history": 0,
            "blocked": 0,
            "recipients": 3,
            "parts": 0,
            "cost": None,
            "currency": None,
            "refused": 0,
        },
        "findings": [
            {
                "code": "CMP101",
                "severity": "error",
                "message": "not valid YAML",
                "file": "a.yaml",
                "line": 3,
                "column": 7,
            }
        ],
        "silenced": [],
    }


def test_what_is_not_known_is_null():
    gone = an_entry(a_campaign("gone"))
    made = a_plan(
        a_campaign(audience=Phonebook(Ref("VIP"), "mobile"), send=Now()),
        recorded=[gone],
        live=Live({203: "scheduled"}),
    )
    delete, create = plan_document(made)["changes"]
    assert (delete["source"], delete["send"]["time"]) == (None, "2030-07-30T18:06:00+02:00")
    assert (create["recipients"], create["send"]) == (None, {"kind": "now", "time": None})


def test_an_apply_is_the_plan_with_outcomes():
    same = a_campaign("same")
    made = a_plan(
        a_campaign("done"),
        a_campaign("lost"),
        a_campaign("late"),
        same,
        recorded=[an_entry(same)],
        live=Live({203: "scheduled"}),
    )
    results = [Result("done", "done", 231), Result("lost", "unknown", None, "no answer from +8613800001111")]
    applied = apply_document(made, results)
    assert applied["kind"] == "apply"
    assert applied["outcomes"] == {"done": 1, "failed": 0, "unknown": 1, "skipped": 1}
    said = {c["key"]: (c["outcome"], c["id"], c.get("message", "")) for c in applied["changes"]}
    assert said == {
        "done": ("done", 231, ""),
        "lost": ("unknown", None, "no answer from +8613•••1111"),
        "late": ("skipped", None, "not attempted"),
        "same": ("skipped", 203, "scheduled, as in the manifest"),
    }
    planned = plan_document(made)["changes"]
    assert [set(planned[0]) <= set(change) for change in applied["changes"]] == [True] * 4


def test_the_state_lists_what_is_recorded():
    entry = an_entry(a_campaign(name="Sale"), phase=Phase.BOUND, status="draft")
    assert state_list_document([entry]) == {
        "schema_version": 1,
        "kind": "state list",
        "campaigns": [{"key": "summer-sale", "id": 203, "name": "Sale", "phase": "bound", "status": "draft"}],
    }


def test_a_failure_is_the_same_document_with_an_error():
    error = PbxError("the PBX refused +8613800001111\x1b[2J", code="pbx_refused")
    failed = {"code": "pbx_refused", "message": "the PBX refused +8613•••1111\\x1b[2J"}
    made = plan_document(a_plan())
    empty = error_document("plan", error)
    assert empty["error"] == failed
    assert list(empty) == [*made, "error"]
    assert set(empty["summary"]) == set(made["summary"])
    assert set(error_document("apply", error)) == {*apply_document(a_plan(), []), "error"}
    assert error_document("status", error)["campaigns"] == []
    assert list(error_document("schema", error)) == [
        "schema_version",
        "kind",
        "findings",
        "silenced",
        "error",
    ]
    assert with_error(made, error) == made | {"error": failed}


def test_findings_alone_are_a_document():
    document = findings_document("validate", [Finding("CMP101", "error", "not valid YAML")])
    assert list(document) == ["schema_version", "kind", "findings", "silenced"]
    assert document["findings"][0]["file"] is None


def test_json_text_is_readable_and_keeps_what_it_escapes():
    value = {"text": "Grüße 🌞 \u202e\x9b\x1b\U000e0041"}
    text = document.text(value)
    assert "Grüße 🌞" in text
    assert json.loads(text) == value
    assert not set(text) & set("\u202e\x9b\x1b\U000e0041")


def test_a_message_keeps_its_line_breaks():
    made = a_plan(a_campaign(message=Text("one\ntwo")))
    (change,) = plan_document(made)["changes"]
    assert {"path": "message.text", "before": None, "after": "one\ntwo"} in change["fields"]
