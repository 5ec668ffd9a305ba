"""The endpoints that change campaigns: create, update, delete, retry.

Pages: Add a Message Campaign, Edit …, Delete …, Retry …. Which status allows what is not documented: a campaign may be
edited while it is a draft or scheduled, and deleted unless it is about to send or sending.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from campaignops.sandbox import answers, campaign_rows, files, query, references, rules
from campaignops.sandbox.answers import Json, Refused, invalid, refuse, success
from campaignops.sandbox.campaign_rows import Campaign, Entry
from campaignops.sandbox.pbx import Call, Pbx

EDITABLE = ("draft", "scheduled")
DELETABLE = ("draft", "scheduled", "completed", "stop")
RETRYABLE = ("completed", "stop")


def create(pbx: Pbx, call: Call) -> Json:
    fields = rules.spelled(call.body, pbx.personality)
    refuse(chain(rules.missing(fields), rules.shape(fields, pbx.personality)))
    if campaign_rows.count(pbx.store) >= pbx.seed.limits.campaigns:
        raise Refused(answers.LIMIT)
    refuse(rules.missing_when(fields))
    _check(pbx, fields)
    _check_name(pbx, fields["name"], None)
    entry = _entry(pbx, fields)
    return success(id=campaign_rows.insert(pbx.store, fields, entry, pbx.clock.now()))


def update(pbx: Pbx, call: Call) -> Json:
    given = rules.spelled(call.body, pbx.personality)
    campaign = _found(pbx, _own_id(given))
    refuse(rules.shape(given, pbx.personality))
    if given.get("name") == "":
        invalid("name", "required")
    if campaign.status not in EDITABLE and not _repeats(pbx, given):
        return success()
    if campaign.status == "draft" and pbx.personality.drafts_release == "refused" and _releases(given):
        raise Refused(answers.FORBIDDEN)
    fields = _merged(pbx, campaign, given)
    refuse(rules.missing_when(fields if pbx.personality.update_omitted == "keep" else given))
    _check(pbx, fields)
    _check_name(pbx, fields["name"], campaign.id)
    campaign_rows.replace(pbx.store, campaign.id, fields, _entry(pbx, fields))
    return success()


def delete(pbx: Pbx, call: Call) -> Json:
    query.only(call.query, "id")
    campaign = _found(pbx, query.integer(call.query, "id"))
    if campaign.status not in DELETABLE:
        raise Refused(answers.FORBIDDEN)
    campaign_rows.delete(pbx.store, campaign.id)
    return success()


def retry(pbx: Pbx, call: Call) -> Json:
    """Send again what failed; with nothing failed there is nothing to retry, which is refused."""
    query.only(call.query, "id")
    campaign = _found(pbx, query.integer(call.query, "id"))
    if campaign.status not in RETRYABLE or campaign.failed == 0:
        raise Refused(answers.FORBIDDEN)
    campaign_rows.requeue(pbx.store, campaign.id, Entry("retrying", pbx.clock.now()))
    return success()


def _own_id(given: Json) -> int:
    if "id" not in given:
        invalid("id", "required")
    campaign_id = given.pop("id")
    if type(campaign_id) is not int:
        invalid("id", "type")
    if not 0 <= campaign_id <= rules.INTEGER_MAX:
        invalid("id", "range")
    return campaign_id


def _found(pbx: Pbx, campaign_id: int) -> Campaign:
    campaign = campaign_rows.find(pbx.store, campaign_id)
    if campaign is None:
        raise Refused(answers.NOT_FOUND)
    return campaign


def _releases(given: Json) -> bool:
    return given.get("send_type") in ("immediately", "schedule")


def _repeats(pbx: Pbx, given: Json) -> bool:
    """May a campaign that has begun be sent once more? False: pretend so and do nothing. Refused otherwise."""
    if not _releases(given) or pbx.personality.resend_on_repeat == "refused":
        raise Refused(answers.FORBIDDEN)
    return pbx.personality.resend_on_repeat == "sent"


def _merged(pbx: Pbx, campaign: Campaign, given: Json) -> Json:
    """The whole body after an update."""
    old = [{"number": item["number"]} for item in campaign_rows.numbers(pbx.store, campaign.id)]
    stored = {**campaign.fields, "number_list": old}
    if pbx.personality.update_omitted == "clear":
        stored = {name: value for name, value in stored.items() if rules.FIELDS[name].required}
    merged = {**stored, **given}
    if pbx.personality.number_list_update == "append" and "number_list" in given:
        merged["number_list"] = [*old, *(item for item in given["number_list"] if item not in old)]
    return merged


def _check(pbx: Pbx, fields: Json) -> None:
    limit = pbx.seed.limits.recipients
    find = files.lookup(pbx.store)
    refuse(chain(rules.recipients(fields, limit), references.check(fields, pbx.catalog, find, limit)))


def _check_name(pbx: Pbx, name: str, own_id: int | None) -> None:
    if pbx.personality.names_unique == "no":
        return
    if any(each != own_id for each in campaign_rows.named(pbx.store, name)):
        taken: dict[str, Any] = {"field": "name", "value": name, "external_source": "message_campaign"}
        raise Refused(answers.DUPLICATE, duplicate_field_list=[{**taken, "external_source_name": name}])


def _entry(pbx: Pbx, fields: Json) -> Entry:
    """Where the campaign stands right after it was saved."""
    now = pbx.clock.now()
    if fields["send_type"] == "draft":
        return Entry("draft", None)
    if fields["send_type"] == "immediately":
        return Entry("pending", now)
    send_time = fields.get("send_time", 0)
    if send_time > now:
        return Entry("scheduled", send_time)
    if pbx.personality.past_schedule == "refused":
        invalid("send_time", "range")
    return Entry("pending", now) if pbx.personality.past_schedule == "sent" else Entry("scheduled", None)
