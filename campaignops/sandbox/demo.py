"""The seed that needs no file: a small made-up shop. Values only; numbers are from the range kept for fiction."""

from __future__ import annotations

from typing import Any

from campaignops.sandbox.demo_templates import TEMPLATES

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 (it opens nothing but this sandbox)


def _channel(channel_id: int, name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": channel_id,
        "name": name,
        "type": kind,
        "channel": "general" if kind == "sms" else kind,
        "status": "status_connect_succ",
        "reason": "",
        "domain_type": "fqdn",
        "webhook_gid": f"gid-{channel_id:04d}",
        "webhook_url": f"https://pbx.example.com/api/v1.0/webhook/general/gid-{channel_id:04d}",
        "account_data": [{"k": "api_key", "v": f"provider-key-{channel_id:04d}"}],
        "verify_token": f"verify-token-{channel_id:04d}",
        "send_rate": 10,
        "auto_close_session": 1,
        "session_expired_time": 7,
        "dids": [],
        **more,
    }


def _did(did_id: int, number: str) -> dict[str, Any]:
    # Only `id` is documented; the names of the other fields are guesses, as a client has to expect.
    return {"id": did_id, "did_number": number, "dest_type": "message_queue", "dest_id": 5, "member_list": []}


CHANNELS = [
    _channel(7, "Main SMS", "sms", dids=[_did(7, "+12025550100")]),
    _channel(5, "News SMS", "sms", dids=[_did(11, "+12025550101"), _did(12, "+12025550102")]),
    _channel(3, "Support SMS", "sms", send_rate=1, dids=[_did(21, "+12025550110")]),
    _channel(
        1, "Shop WhatsApp", "whatsapp", send_rate=80, dids=[_did(1, "+12025550120")],
        phone_number_id="100000000000120", business_account_id="200000000000120",
    ),
    _channel(
        9, "Old SMS", "sms", status="status_connect_fail", reason="authentication failed",
        dids=[_did(33, "+12025550130")],
    ),
    _channel(12, "Shop Facebook", "facebook"),
]  # fmt: skip

PHONEBOOKS = [
    {
        "id": 28,
        "name": "VIP customers",
        "contacts": [
            {
                "id": 401,
                "contact_name": "Blue Kettle Cafe",
                "business": "+12025550140",
                "mobile": "+12025550150",
            },
            {
                "id": 402,
                "contact_name": "Corner Bakery",
                "business": "+12025550141",
                "mobile": "+12025550151",
            },
            {"id": 403, "contact_name": "Harbour Books", "business": "+12025550142", "home": "+12025550160"},
            {
                "id": 404,
                "contact_name": "Mill Lane Florist",
                "business": "+12025550143",
                "other": "+12025550170",
            },
            {"id": 405, "contact_name": "No business number", "mobile": "+12025550154"},
        ],
    },
    {
        "id": 31,
        "name": "Newsletter",
        "contacts": [
            {"id": 411, "contact_name": "Reader One", "mobile": "+12025550180"},
            {"id": 412, "contact_name": "Reader Two", "mobile": "+12025550181"},
            {"id": 413, "contact_name": "Reader Three", "mobile": "2025550182", "remark": "not E.164"},
        ],
    },
    {
        "id": 32,
        "name": "Newsletter",
        "contacts": [{"id": 421, "contact_name": "Reader Four", "mobile": "+12025550183"}],
    },
    {"id": 40, "name": "Empty list", "contacts": []},
]

EXTENSIONS = [
    {"id": 4, "number": "1001", "caller_id_name": "Reception", "email_addr": "reception@example.com"},
    {"id": 2, "number": "1002", "caller_id_name": "Sales", "email_addr": "sales@example.com"},
    {"id": 9, "number": "1003", "caller_id_name": "Support desk", "email_addr": "support@example.com"},
    {"id": 1002, "number": "1010", "caller_id_name": "Warehouse", "email_addr": "warehouse@example.com"},
]

MESSAGE_QUEUES = [{"id": 5, "name": "Support"}, {"id": 2, "name": "Sales"}, {"id": 8, "name": "Returns"}]

SEED: dict[str, Any] = {
    "device": {
        "device_name": "Sandbox",
        "model_name": "P-Series Sandbox",
        "sn": "SANDBOX00000001",
        "firmware_version": "84.20.0.0",
    },
    "client": {"id": CLIENT_ID, "secret": CLIENT_SECRET},
    "channels": CHANNELS,
    "templates": TEMPLATES,
    "phonebooks": PHONEBOOKS,
    "extensions": EXTENSIONS,
    "message_queues": MESSAGE_QUEUES,
    "failing": {},
    "limits": {},
    "campaigns": [],
}
