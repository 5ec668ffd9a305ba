"""Channels, templates, phonebooks, extensions, queues and uploads on the sandbox: keys, pages, what is not shown."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from campaignops import sandbox
from tests.test_sandbox import T0, Client, problems


@pytest.fixture(scope="module")
def client():
    with sandbox.start(now=lambda: T0) as server, Client(server) as client:
        yield client


@pytest.fixture
def pbx(client):
    return client.fresh()


PAGE = {"page": 1, "page_size": 50}


@pytest.mark.parametrize(
    ("endpoint", "query", "key", "kind"),
    [
        ("message_campaign/list", PAGE, "data", list),
        ("message_campaign/search", PAGE, "data", list),
        ("message_campaign/query", {"ids": "1"}, "list", list),
        ("message_channel/list", {**PAGE, "time_range": "all"}, "list", list),
        ("message_channel/search", {**PAGE, "time_range": "today"}, "list", list),
        ("message_channel/get", {"id": 7}, "data", dict),
        ("message_channel/query", {"ids": "7,1"}, "list", list),
        ("message_channel/whatsapp_template", {"omnichannel_id": 1}, "data", list),
        ("phonebook/list", {}, "data", list),
        ("phonebook/search", {"search_value": "vip"}, "data", list),
        ("phonebook/get", {"id": 28}, "data", dict),
        ("phonebook/query", {"ids": "28,40"}, "data", list),
        ("extension/list", {}, "data", list),
        ("extension/search", {}, "data", list),
        ("message_queue/list", PAGE, "list", list),
        ("message_queue/search", PAGE, "list", list),
        ("system/get_menuoptions", {"menu": "phonebook"}, "data", list),
        ("system/information", {}, "data", dict),
    ],
)
def test_each_read_answers_under_its_documented_key(pbx, endpoint, query, key, kind):
    answer = pbx.get(endpoint, **query)
    assert answer["errcode"] == 0
    assert isinstance(answer[key], kind)
    assert answer.keys() - {"total_number"} == {"errcode", "errmsg", key}


@pytest.mark.parametrize(
    "endpoint", ["message_channel/list", "phonebook/list", "extension/list", "message_queue/list"]
)
def test_a_parameter_that_is_not_documented_is_refused(pbx, endpoint):
    query = {**PAGE, "search_value": "x"} | ({"time_range": "all"} if "channel" in endpoint else {})
    assert problems(pbx.get(endpoint, **query)) == (40002, {("search_value", "unknown")})


def test_a_channel_list_wants_a_time_range(pbx):
    assert problems(pbx.get("message_channel/list", **PAGE)) == (40002, {("time_range", "required")})
    answer = pbx.get("message_channel/list", **PAGE, time_range="forever")
    assert problems(answer) == (40002, {("time_range", "enum")})


def test_a_channel_list_shows_numbers_without_ids(pbx):
    rows = pbx.get("message_channel/search", **PAGE, time_range="all", search_value="news")["list"]
    assert [(row["id"], row["name"], row["number"]) for row in rows] == [
        (5, "News SMS", ["+12025550101", "+12025550102"])
    ]
    assert not {"account_data", "verify_token", "webhook_url", "dids"} & rows[0].keys()


def test_a_channel_detail_has_the_ids_of_its_numbers_and_things_not_to_leak(pbx):
    data = pbx.get("message_channel/get", id=5)["data"]
    assert [(did["id"], did["did_number"]) for did in data["dids"]] == [
        (11, "+12025550101"),
        (12, "+12025550102"),
    ]
    assert data["account_data"] == [{"k": "api_key", "v": "provider-key-0005"}]
    assert data["verify_token"]
    assert "status" not in data
    assert "phone_number_id" in pbx.get("message_channel/get", id=1)["data"]


def test_a_channel_that_does_not_exist_is_not_found(pbx):
    assert pbx.get("message_channel/get", id=99)["errcode"] == 60001
    assert pbx.get("message_channel/query", ids="99")["list"] == []


def test_there_is_a_channel_that_is_not_connected_and_one_of_another_kind(pbx):
    rows = pbx.get("message_channel/list", **PAGE, time_range="all")["list"]
    assert {row["id"]: (row["type"], row["status"]) for row in rows if row["id"] in (9, 12)} == {
        9: ("sms", "status_connect_fail"), 12: ("facebook", "status_connect_succ"),
    }  # fmt: skip


def test_the_counters_of_a_channel_count_its_messages(client):
    pbx = client.fresh(seed={"failing": {"+12025550141": -1}})
    pbx.create(send_type="immediately")
    rows = pbx.get("message_channel/list", **PAGE, time_range="all")["list"]
    counters = {row["id"]: (row["sent"], row["delivered"], row["failed"]) for row in rows}
    assert (counters[5], counters[3]) == ((2, 1, 1), (0, 0, 0))


def templates(pbx, **query):
    answer = pbx.get("message_channel/whatsapp_template", omnichannel_id=1, **query)
    assert answer["total_number"] >= len(answer["data"])
    return answer["data"]


def test_a_template_shows_its_components_as_one_json_string(pbx):
    english, german = templates(pbx, search_value="discount")
    assert (english["id"], english["template_id"], english["language"]) == (1773, "1293546285747227", "en")
    assert (german["id"], german["language"]) == (1774, "de")
    assert english.keys() == {
        "id", "template_id", "name", "parameter_format", "language", "category", "sub_category", "components_data",
        "omnichannel_id",
    }  # fmt: skip
    parts = json.loads(english["components_data"])
    assert [part["type"] for part in parts] == ["HEADER", "BODY", "BUTTONS"]
    assert [button["type"] for button in parts[2]["buttons"]] == ["FLOW", "URL", "VOICE_CALL"]
    names = re.findall(r"\{\{(\w+)\}\}", parts[1]["text"])
    assert names == ["customertier", "offertype", "offerdetails", "expirydate", "companyname"]


def test_templates_are_filtered_by_language_and_category(pbx):
    assert [each["id"] for each in templates(pbx, language="de")] == [1774]
    assert {each["category"] for each in templates(pbx, category="UTILITY")} == {"UTILITY"}
    assert len(templates(pbx, category="UTILITY,MARKETING", language="en,de")) == len(templates(pbx))
    assert len(templates(pbx, page=2, page_size=5)) == 5


@pytest.mark.parametrize("channel", [7, 12, 99])
def test_only_a_whatsapp_channel_has_templates(pbx, channel):
    assert pbx.get("message_channel/whatsapp_template", omnichannel_id=channel)["errcode"] == 60001


def test_templates_are_asked_for_a_channel(pbx):
    assert problems(pbx.get("message_channel/whatsapp_template")) == (40002, {("omnichannel_id", "required")})


def test_a_phonebook_list_counts_contacts_and_two_may_share_a_name(pbx):
    rows = pbx.get("phonebook/list")["data"]
    assert [(row["id"], row["name"], row["total"]) for row in rows] == [
        (28, "VIP customers", 5), (31, "Newsletter", 3), (32, "Newsletter", 1), (40, "Empty list", 0),
    ]  # fmt: skip
    assert len(pbx.get("phonebook/search", search_value="news")["data"]) == 2


def test_phonebooks_are_sorted_on_request(pbx):
    rows = pbx.get("phonebook/list", sort_by="total", order_by="desc", page=1, page_size=2)["data"]
    assert [row["id"] for row in rows] == [28, 31]
    assert problems(pbx.get("phonebook/list", sort_by="size")) == (40002, {("sort_by", "enum")})


def test_a_phonebook_detail_has_its_contacts(pbx):
    data = pbx.get("phonebook/get", id=28)["data"]
    assert data["contacts_list"][0]["business"] == "+12025550140"
    assert data["total"] == len(data["contacts_list"]) == 5
    assert pbx.get("phonebook/get", id=5)["errcode"] == 70093
    assert [each["id"] for each in pbx.get("phonebook/query", ids="40,5,28")["data"]] == [40, 28]


def test_the_id_of_an_extension_is_not_its_number(pbx):
    rows = pbx.get("extension/search", search_value="1002")["data"]
    assert [(row["id"], row["number"]) for row in rows] == [(2, "1002")]
    rows = pbx.get("extension/list", sort_by="number", order_by="asc")["data"]
    assert [row["number"] for row in rows] == ["1001", "1002", "1003", "1010"]


def test_queues_are_paged_and_searched(pbx):
    assert pbx.get("message_queue/search", **PAGE, search_value="supp")["list"] == [
        {"id": 5, "name": "Support"}
    ]
    assert problems(pbx.get("message_queue/list")) == (40002, {("page", "required")})


@pytest.mark.parametrize(
    ("menu", "option"),
    [
        ("extension", {"text": "Sales", "value": "2", "type": "extension"}),
        ("phonebook", {"text": "VIP customers", "value": "28", "type": "phonebook"}),
        ("message_channel", {"text": "Main SMS", "value": "7", "type": "message_channel"}),
        ("message_queue", {"text": "Support", "value": "5", "type": "message_queue"}),
    ],
)
def test_a_menu_pairs_names_with_ids_as_text(pbx, menu, option):
    assert option in pbx.get("system/get_menuoptions", menu=menu)["data"]


def test_a_menu_is_known_and_may_be_empty(pbx):
    assert pbx.get("system/get_menuoptions", menu="ivr")["data"] == []
    assert problems(pbx.get("system/get_menuoptions", menu="pizza")) == (40002, {("menu", "enum")})


@pytest.mark.parametrize(("switch", "found"), [("substring", 2), ("prefix", 2), ("exact", 0)])
def test_lookups_search_as_the_switch_says(pbx, switch, found):
    pbx.server.behave(search_matches=switch)
    assert len(pbx.get("phonebook/search", search_value="NEWS")["data"]) == found
    assert len(pbx.get("phonebook/search", search_value="letter")["data"]) == (
        2 if switch == "substring" else 0
    )
    assert len(pbx.get("phonebook/search", search_value="newsletter")["data"]) == 2


# -- uploads -----------------------------------------------------------------------------------------------------------


def upload(pbx, *parts, **more):
    return pbx.http.post(
        "message/batchupload", params={"access_token": pbx.token}, files=parts, **more
    ).json()


def test_an_upload_answers_what_a_campaign_has_to_quote(pbx):
    info = pbx.upload("flyer.png", b"12345", "image/png")
    assert list(info) == ["id", "name", "uri", "type", "size"]
    assert re.fullmatch("[0-9a-f]{32}", info["id"])
    assert info["uri"] == f"20250724/{info['id']}"
    assert (info["name"], info["type"], info["size"]) == ("flyer.png", "image/png", 5)


def test_an_upload_may_get_a_name_of_the_pbx(pbx):
    pbx.server.behave(upload_names="changed")
    info = pbx.upload("flyer.png", b"12345", "image/png")
    assert re.fullmatch(r"[0-9a-f]{8}\.png", info["name"])


def test_several_files_are_answered_in_their_order_each_with_its_own_id(pbx):
    same = ("files", ("a.txt", b"same", "text/plain"))
    answer = upload(pbx, same, ("files", ("b.txt", b"", "text/plain")), same)
    assert [(each["name"], each["size"]) for each in answer["list"]] == [
        ("a.txt", 4),
        ("b.txt", 0),
        ("a.txt", 4),
    ]
    assert len({each["id"] for each in answer["list"]}) == 3


@pytest.mark.parametrize("path", ["/D:/x/demo.jpeg", r"C:\x\demo.jpeg", "demo.jpeg"])
def test_the_name_of_an_upload_is_the_last_piece_of_its_path(pbx, path):
    assert pbx.upload(path)["name"] == "demo.jpeg"


def test_a_part_of_another_name_is_refused(pbx):
    answer = upload(pbx, ("file", ("a.txt", b"x", "text/plain")))
    assert problems(answer) == (40002, {("file", "unknown")})


def test_a_part_that_is_no_file_is_refused(pbx):
    assert upload(pbx, ("files", (None, b"text")))["errcode"] == 40002


def test_an_upload_of_nothing_is_refused(pbx):
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = pbx.http.post(
        "message/batchupload", params={"access_token": pbx.token}, content=b"--x--\r\n", headers=headers
    )
    assert problems(answer.json()) == (40002, {("files", "required")})


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data"])
def test_an_upload_that_is_no_form_is_refused(pbx, kind):
    answer = pbx.http.post(
        "message/batchupload",
        params={"access_token": pbx.token},
        content=b"{}",
        headers={"Content-Type": kind},
    )
    assert answer.json()["errcode"] == 40001


def test_an_upload_above_the_limit_is_refused_as_a_whole(client):
    pbx = client.fresh(seed={"limits": {"upload_bytes": 10}})
    half = ("files", ("a.bin", b"123456", "application/octet-stream"))
    assert upload(pbx, half)["errcode"] == 0
    assert upload(pbx, half, half) == {"errcode": 40004, "errmsg": "FILE SIZE EXCEEDED"}


def test_a_large_upload_arrives_whole(pbx):
    data = hashlib.sha256(b"seed").digest() * 100_000
    assert pbx.upload("big.mp4", data, "video/mp4")["size"] == len(data)


def test_what_changes_on_one_pbx_changes_no_other():
    with sandbox.start() as one:
        for template in one._pbx.catalog.templates.values():
            template["components"].clear()
    with sandbox.start() as other:
        assert all(template["components"] for template in other._pbx.catalog.templates.values())
