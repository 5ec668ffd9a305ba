"""The life of a campaign on the sandbox: statuses that move with the clock, edits, releases, retries, the ledger."""

from __future__ import annotations

from collections import Counter

import pytest

from campaignops import sandbox
from tests.test_sandbox import T0, Client, numbers, problems

FIRST, SECOND, THIRD = "+12025550140", "+12025550141", "+12025550142"


@pytest.fixture(scope="module")
def client():
    with sandbox.start(now=lambda: T0) as server, Client(server) as client:
        yield client


@pytest.fixture
def pbx(client):
    return client.fresh()


def sent(pbx, campaign_id=None):
    """Messages per number, failed attempts left out."""
    return Counter(row["number"] for row in pbx.server.ledger(campaign_id) if row["outcome"] == "sent")


# -- the clock ---------------------------------------------------------------------------------------------------------


def test_a_draft_sends_nothing_however_long_it_waits(pbx):
    campaign_id = pbx.create(send_time=T0 + 5)
    pbx.server.advance(1700)
    assert pbx.status(campaign_id) == "draft"
    pbx.server.advance(10**6)
    assert pbx.server.ledger() == []


def test_a_scheduled_campaign_sends_at_its_time_once_to_each_number(pbx):
    campaign_id = pbx.create(send_type="schedule", send_time=T0 + 100, omnichannel_id=3, sender=21)
    pbx.server.advance(99)
    assert pbx.status(campaign_id) == "scheduled"
    assert pbx.server.ledger() == []
    pbx.server.advance(1)
    assert pbx.status(campaign_id) == "executing"
    pbx.server.advance(1.9)
    assert pbx.status(campaign_id) == "executing"
    pbx.server.advance(0.1)
    assert pbx.status(campaign_id) == "completed"
    assert sent(pbx) == {FIRST: 1, SECOND: 1}
    assert {row["at"] for row in pbx.server.ledger()} == {T0 + 100}


def test_an_immediate_campaign_is_executing_at_the_next_look(pbx):
    campaign_id = pbx.create(send_type="immediately")
    assert pbx.status(campaign_id) == "executing"
    assert sent(pbx, campaign_id) == {FIRST: 1, SECOND: 1}


def test_one_campaign_sends_at_a_time_and_the_next_begins_when_it_ends(pbx):
    slow = {"omnichannel_id": 3, "sender": 21, "send_type": "immediately"}
    first, second = pbx.create(**slow), pbx.create(**slow, name="next")
    third = pbx.create(name="planned", send_type="schedule", send_time=T0 + 1, omnichannel_id=3, sender=21)
    assert [pbx.status(each) for each in (first, second, third)] == ["executing", "pending", "scheduled"]
    pbx.server.advance(1)
    assert [pbx.status(each) for each in (first, second, third)] == ["executing", "pending", "pending"]
    pbx.server.advance(1)
    assert [pbx.status(each) for each in (first, second, third)] == ["completed", "executing", "pending"]
    pbx.server.advance(100)
    assert [pbx.server.ledger(each)[0]["at"] - T0 for each in (first, second, third)] == [0, 2, 4]


def test_a_ledger_row_says_what_went_to_whom_from_where_and_when(pbx):
    campaign_id = pbx.create(send_type="immediately")
    row = pbx.server.ledger()[0]
    assert row["campaign_id"] == campaign_id
    assert row["campaign_name"] == "spring"
    assert (row["channel_id"], row["sender"], row["number"]) == (5, "+12025550101", FIRST)
    assert (row["at"], row["attempt"], row["outcome"]) == (T0, 1, "sent")
    assert (row["content_type"], row["summary"]) == ("text", "Hello 🌞")
    assert len(row["digest"]) == 64


def test_a_phonebook_is_read_when_sending_begins_and_its_odd_numbers_are_left_out(pbx):
    fields = {"recipient_type": "phonebook", "recipient_num_type": "mobile_number", "number_list": None}
    vip = pbx.create(**fields, recipient_id=28, send_type="immediately")
    news = pbx.create(**fields, recipient_id=31, send_type="immediately")
    empty = pbx.create(**fields, recipient_id=40, send_type="immediately")
    pbx.server.advance(10)
    assert [pbx.row(each)["result_count"] for each in (vip, news, empty)] == ["0/3", "0/2", "0/0"]
    assert pbx.row(vip)["recipient_name"] == "VIP customers"
    assert pbx.status(empty) == "completed"


@pytest.mark.parametrize(
    ("switch", "outcome"), [("refused", None), ("sent", "executing"), ("stuck", "scheduled")]
)
def test_a_send_time_in_the_past_does_what_the_switch_says(pbx, switch, outcome):
    pbx.server.behave(past_schedule=switch)
    if outcome is None:
        assert pbx.refusal(send_type="schedule", send_time=T0) == (40002, {("send_time", "range")})
        return
    campaign_id = pbx.create(send_type="schedule", send_time=T0 - 60)
    assert pbx.status(campaign_id) == outcome
    pbx.server.advance(100)
    assert bool(pbx.server.ledger()) == (switch == "sent")


# -- updates -----------------------------------------------------------------------------------------------------------


def test_a_draft_is_released_by_a_schedule(pbx):
    campaign_id = pbx.create()
    assert pbx.update(campaign_id, send_type="schedule", send_time=T0 + 60) == {
        "errcode": 0,
        "errmsg": "SUCCESS",
    }
    assert pbx.status(campaign_id) == "scheduled"
    pbx.server.advance(60)
    assert sent(pbx) == {FIRST: 1, SECOND: 1}


def test_a_draft_is_released_at_once(pbx):
    campaign_id = pbx.create()
    pbx.update(campaign_id, send_type="immediately")
    assert pbx.status(campaign_id) == "executing"
    assert pbx.detail(campaign_id)["send_type"] == "immediately"


def test_a_scheduled_campaign_goes_back_to_a_draft(pbx):
    campaign_id = pbx.create(send_type="schedule", send_time=T0 + 60)
    pbx.update(campaign_id, send_type="draft")
    pbx.server.advance(100)
    assert pbx.status(campaign_id) == "draft"
    assert pbx.server.ledger() == []


def test_an_update_keeps_what_it_leaves_out_and_replaces_the_numbers(pbx):
    campaign_id = pbx.create()
    before = pbx.detail(campaign_id)
    assert pbx.update(campaign_id, number_list=numbers(THIRD))["errcode"] == 0
    after = pbx.detail(campaign_id)
    assert [item["number"] for item in after.pop("number_list")] == [THIRD]
    before.pop("number_list")
    assert after == before


def test_an_update_may_silently_empty_what_it_leaves_out(pbx):
    pbx.server.behave(update_omitted="clear")
    campaign_id = pbx.create(send_time=T0 + 9)
    assert pbx.update(campaign_id, send_type="immediately")["errcode"] == 0
    after = pbx.detail(campaign_id)
    assert (after["content"], after["number_list"], after["send_time"]) == ("", [], 0)
    assert (after["name"], after["sender"]) == ("spring", "+12025550101")
    assert pbx.server.ledger() == []


def test_a_full_update_survives_a_pbx_that_empties_the_rest(pbx):
    pbx.server.behave(update_omitted="clear")
    campaign_id = pbx.create()
    body = {
        "number_list": numbers(FIRST),
        "content": "Hello",
        "recipient_type": "input",
        "content_type": "text",
    }
    assert problems(pbx.update(campaign_id, content_type="text")) == (40002, {("content", "required")})
    pbx.update(campaign_id, **body, send_type="immediately")
    assert sent(pbx) == {FIRST: 1}


def test_the_numbers_of_an_update_may_join_those_that_are_there(pbx):
    pbx.server.behave(number_list_update="append")
    campaign_id = pbx.create()
    pbx.update(campaign_id, number_list=numbers(SECOND, THIRD))
    assert [item["number"] for item in pbx.detail(campaign_id)["number_list"]] == [FIRST, SECOND, THIRD]


def test_an_update_is_checked_like_a_create(pbx):
    campaign_id = pbx.create()
    assert problems(pbx.update(campaign_id, sender="11")) == (40002, {("sender", "type")})
    assert problems(pbx.update(campaign_id, sender=21)) == (40002, {("sender", "not_exist")})
    assert problems(pbx.update(campaign_id, send_type="schedule")) == (40002, {("send_time", "required")})
    assert problems(pbx.update(campaign_id, recipient_type="phonebook"))[0] == 40002
    assert pbx.status(campaign_id) == "draft"


def test_an_update_names_its_campaign(pbx):
    assert problems(pbx.post("message_campaign/update", {"name": "x"})) == (40002, {("id", "required")})
    assert problems(pbx.update("249", name="x")) == (40002, {("id", "type")})
    assert pbx.update(999, name="x")["errcode"] == 60001


def test_a_pbx_may_refuse_to_release_drafts(pbx):
    pbx.server.behave(drafts_release="refused")
    campaign_id = pbx.create()
    assert pbx.update(campaign_id, send_type="immediately")["errcode"] == 70084
    assert pbx.update(campaign_id, content="Other")["errcode"] == 0
    assert pbx.status(campaign_id) == "draft"
    planned = pbx.create(send_type="schedule", send_time=T0 + 60)
    assert pbx.update(planned, send_time=T0 + 90)["errcode"] == 0


@pytest.mark.parametrize(
    ("switch", "errcode", "times"), [("refused", 70084, 1), ("ignored", 0, 1), ("sent", 0, 2)]
)
@pytest.mark.parametrize(
    "release", [{"send_type": "immediately"}, {"send_type": "schedule", "send_time": T0 + 50}]
)
def test_a_second_release_does_what_the_switch_says(pbx, switch, errcode, times, release):
    pbx.server.behave(resend_on_repeat=switch)
    campaign_id = pbx.create(send_type="immediately")
    pbx.server.advance(10)
    assert pbx.status(campaign_id) == "completed"
    assert pbx.update(campaign_id, **release)["errcode"] == errcode
    pbx.server.advance(100)
    assert sent(pbx) == {FIRST: times, SECOND: times}


@pytest.mark.parametrize("switch", ["refused", "ignored", "sent"])
def test_a_campaign_that_has_begun_is_not_edited_otherwise(pbx, switch):
    pbx.server.behave(resend_on_repeat=switch)
    campaign_id = pbx.create(send_type="immediately")
    assert pbx.update(campaign_id, content="Other")["errcode"] == 70084
    assert pbx.update(campaign_id, send_type="draft")["errcode"] == 70084


# -- delete and retry --------------------------------------------------------------------------------------------------


def test_a_campaign_is_deleted_unless_it_is_about_to_send_or_sending(pbx):
    draft, planned = pbx.create(), pbx.create(send_type="schedule", send_time=T0 + 900)
    running, waiting = pbx.create(send_type="immediately"), pbx.create(send_type="immediately")
    codes = [
        pbx.get("message_campaign/delete", id=each)["errcode"] for each in (draft, planned, running, waiting)
    ]
    assert codes == [0, 0, 70084, 70084]
    pbx.server.advance(100)
    assert pbx.get("message_campaign/delete", id=running)["errcode"] == 0
    assert pbx.get("message_campaign/delete", id=running)["errcode"] == 60001
    assert pbx.get("message_campaign/get", id=draft)["errcode"] == 60001
    pbx.server.advance(1000)
    assert sent(pbx, running) == sent(pbx, waiting) == {FIRST: 1, SECOND: 1}
    assert sent(pbx, planned) == {}


def test_an_id_is_never_given_out_again(pbx):
    first = pbx.create()
    pbx.get("message_campaign/delete", id=first)
    assert pbx.create() == first + 1


def test_a_retry_sends_again_only_what_failed(client):
    pbx = client.fresh(seed={"failing": {SECOND: 1, THIRD: -1}})
    campaign_id = pbx.create(number_list=numbers(FIRST, SECOND, THIRD), send_type="immediately")
    pbx.server.advance(10)
    assert pbx.row(campaign_id)["result_count"] == "2/3"
    assert pbx.get("message_campaign/retry", id=campaign_id) == {"errcode": 0, "errmsg": "SUCCESS"}
    assert pbx.status(campaign_id) == "retrying"
    assert pbx.get("message_campaign/retry", id=campaign_id)["errcode"] == 70084
    pbx.server.advance(10)
    assert (pbx.status(campaign_id), pbx.row(campaign_id)["result_count"]) == ("completed", "1/3")
    attempts = [(row["number"], row["attempt"], row["outcome"]) for row in pbx.server.ledger()]
    assert attempts == [
        (FIRST, 1, "sent"), (SECOND, 1, "failed"), (THIRD, 1, "failed"), (SECOND, 2, "sent"), (THIRD, 2, "failed"),
    ]  # fmt: skip


def test_a_retry_without_failures_is_refused(pbx):
    campaign_id = pbx.create(send_type="immediately")
    draft = pbx.create()
    pbx.server.advance(10)
    assert pbx.get("message_campaign/retry", id=campaign_id)["errcode"] == 70084
    assert pbx.get("message_campaign/retry", id=draft)["errcode"] == 70084
    assert pbx.get("message_campaign/retry", id=999)["errcode"] == 60001


# -- reads -------------------------------------------------------------------------------------------------------------


def test_a_detail_has_the_content_and_no_status(pbx):
    campaign_id = pbx.create(send_mode="new_session", assign_to_type="queue", assign_to_id=5)
    assert pbx.get("message_campaign/get", id=campaign_id)["data"] == {
        "id": campaign_id, "name": "spring", "channel_type": "sms", "omnichannel_id": 5, "sender": "+12025550101",
        "recipient_type": "input", "recipient_id": 0, "recipient_num_type": "", "send_type": "draft", "send_time": 0,
        "send_mode": "new_session", "assign_to_type": "queue", "assign_to_id": 5, "content_type": "text",
        "content": "Hello 🌞", "number_list": [{"id": 9001, "number": FIRST}, {"id": 9002, "number": SECOND}],
    }  # fmt: skip


def test_a_list_row_has_the_status_and_no_content(pbx):
    campaign_id = pbx.create(send_time=T0 + 7)
    answer = pbx.get("message_campaign/list", page=1, page_size=10)
    assert answer["total_number"] == 1
    assert answer["data"] == [
        {"id": campaign_id, "name": "spring", "status": "draft", "channel_type": "sms", "channel_name": "News SMS",
         "sender": "+12025550101", "recipient_type": "input", "recipient_name": "", "recipient_num_type": "",
         "send_type": "draft", "send_time": T0 + 7, "send_mode": "direct", "result_count": "0/0",
         "response_rate": "0%"}
    ]  # fmt: skip


def test_query_answers_under_list_and_leaves_out_what_is_not_there(pbx):
    first, second = pbx.create(), pbx.create(name="other")
    answer = pbx.get("message_campaign/query", ids=f"{second},999,{first}")
    assert [each["name"] for each in answer["list"]] == ["other", "spring"]
    assert "data" not in answer
    assert pbx.get("message_campaign/query", ids="x")["errcode"] == 40002
    assert pbx.get("message_campaign/query")["errcode"] == 40002


def test_the_sender_may_read_as_its_id(pbx):
    pbx.server.behave(sender_reads_as="id")
    campaign_id = pbx.create()
    assert pbx.detail(campaign_id)["sender"] == pbx.row(campaign_id)["sender"] == 11


def test_a_new_campaign_may_show_up_late_in_lists_but_not_by_id(pbx):
    pbx.server.behave(listing_lag_s=30)
    campaign_id = pbx.create()
    assert pbx.get("message_campaign/list", page=1, page_size=10)["total_number"] == 0
    assert pbx.get("message_campaign/search", page=1, page_size=10, search_value="spring")["data"] == []
    assert pbx.detail(campaign_id)["name"] == "spring"
    pbx.server.advance(30)
    assert pbx.get("message_campaign/list", page=1, page_size=10)["total_number"] == 1


@pytest.mark.parametrize(
    ("switch", "found"), [("substring", ["Spring", "a spring"]), ("prefix", ["Spring"]), ("exact", [])]
)
def test_a_search_matches_as_the_switch_says(pbx, switch, found):
    pbx.server.behave(search_matches=switch)
    for name in ("Spring", "a spring", "100% off"):
        pbx.create(name=name)

    def names(keyword):
        answer = pbx.get("message_campaign/search", page=1, page_size=10, search_value=keyword)
        return [each["name"] for each in answer["data"]]

    assert names("spr") == found
    assert names("100% OFF") == ["100% off"]
    assert names("spring_") == []


def test_pages_are_cut_and_counted(pbx):
    for n in range(5):
        pbx.create(name=f"c{n}")

    def names(**query):
        return [each["name"] for each in pbx.get("message_campaign/list", **query)["data"]]

    assert names(page=1, page_size=2) == ["c0", "c1"]
    assert names(page=3, page_size=2) == ["c4"]
    assert names(page=4, page_size=2) == []
    pbx.server.behave(page_size_max=3)
    assert names(page=1, page_size=100) == ["c0", "c1", "c2"]
    assert pbx.get("message_campaign/list", page=1, page_size=100)["total_number"] == 5


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"page": 1}, ("page_size", "required")),
        ({"page_size": 1}, ("page", "required")),
        ({"page": 0, "page_size": 1}, ("page", "range")),
        ({"page": "one", "page_size": 1}, ("page", "type")),
        ({"page": 10**18, "page_size": 1}, ("page", "range")),
        ({"page": 1, "page_size": -1}, ("page_size", "type")),
        ({"page": 1, "page_size": 1, "sort_by": "name"}, ("sort_by", "unknown")),
    ],
)
def test_a_list_wants_its_page(pbx, query, problem):
    assert problems(pbx.get("message_campaign/list", **query)) == (40002, {problem})
