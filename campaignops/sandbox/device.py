"""The endpoints that are about the PBX itself: logins, its information, and uploads.

Pages: Get Access Token, Refresh Access Token, Revoke Access Token, Query System Information, Upload Files for Message
Campaigns.
"""

from __future__ import annotations

from datetime import UTC, datetime

from campaignops.sandbox import answers, files, query
from campaignops.sandbox.answers import Invalid, Json, Refused, invalid, refuse, success
from campaignops.sandbox.pbx import Call, Pbx


def get_token(pbx: Pbx, call: Call) -> Json:
    _only_texts(call.body, "username", "password")
    return pbx.tokens.login(call.address, call.body["username"], call.body["password"])


def refresh_token(pbx: Pbx, call: Call) -> Json:
    _only_texts(call.body, "refresh_token")
    kill = pbx.personality.refresh_kills_old_token == "yes"  # noqa: S105
    return pbx.tokens.refresh(call.body["refresh_token"], kill=kill)


def del_token(pbx: Pbx, call: Call) -> Json:
    query.only(call.query)
    pbx.tokens.revoke(call.query["access_token"])
    return success()


def information(pbx: Pbx, call: Call) -> Json:
    query.only(call.query)
    now = pbx.clock.now()
    text = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d %H:%M:%S")
    data = {
        **{
            name: pbx.seed.device.get(name, "")
            for name in ("device_name", "model_name", "sn", "firmware_version")
        },
        "system_time": text,
        "up_time": max(0, int(now - pbx.started_at)),
        "system_date_format": "YYYY/MM/DD",
        "system_time_format": "24-hour",
        "timestamp": int(now),
    }
    return success(data=data)


def upload(pbx: Pbx, call: Call) -> Json:
    """Parts named `files`, together not above the limit."""
    if not call.files:
        invalid("files", "required")
    refuse(Invalid(part.field, "unknown") for part in call.files if part.field != "files")
    if sum(part.size for part in call.files) > pbx.seed.limits.upload_bytes:
        raise Refused(answers.FILE_SIZE)
    now, renames = pbx.clock.now(), pbx.personality.upload_names == "changed"
    parts = [files.renamed(part) if renames else part for part in call.files]
    return success(list=[files.keep(pbx.store, part, now) for part in parts])


def _only_texts(body: Json, *names: str) -> None:
    refuse(Invalid(name, "required") for name in names if name not in body)
    refuse(Invalid(name, "type") for name in names if not isinstance(body[name], str))
    refuse(Invalid(name, "unknown") for name in body if name not in names)
