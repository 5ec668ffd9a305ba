"""The sandbox's tokens, and the answers that come before any endpoint: envelope, versions, User-Agent, syntax."""

from __future__ import annotations

import httpx
import pytest

from campaignops import sandbox
from tests.test_sandbox import T0, Client, a_text, problems


@pytest.fixture(scope="module")
def client():
    with sandbox.start(now=lambda: T0) as server, Client(server) as client:
        yield client


@pytest.fixture
def pbx(client):
    return client.fresh()


def refresh(pbx, token):
    return pbx.http.post("refresh_token", json={"refresh_token": token}).json()


def information(pbx, token):
    return pbx.http.get("system/information", params={"access_token": token}).json()["errcode"]


def test_a_login_answers_two_tokens_and_their_lives(pbx):
    answer = pbx.login()
    assert answer["errcode"] == 0
    assert answer["errmsg"] == "SUCCESS"
    assert answer["access_token_expire_time"] == 1800
    assert answer["refresh_token_expire_time"] == 86400
    assert len({answer["access_token"], answer["refresh_token"], pbx.token}) == 3


def test_wrong_credentials_answer_the_generic_failure_with_a_hint(pbx):
    answer = pbx.login("wrong")
    assert answer["errcode"] == -1
    assert answer["invalid_param_list"] == [{"field": "username or password", "value": "error"}]


def test_a_login_without_a_password_names_the_field(pbx):
    answer = pbx.http.post("get_token", json={"username": "sandbox-client"}).json()
    assert problems(answer) == (40002, {("password", "required")})


def test_a_login_with_a_number_for_a_password_is_refused(pbx):
    answer = pbx.http.post("get_token", json={"username": "sandbox-client", "password": 7}).json()
    assert problems(answer) == (40002, {("password", "type")})


def test_five_wrong_logins_in_a_row_block_the_address(pbx):
    assert [pbx.login("wrong")["errcode"] for _ in range(6)] == [-1, -1, -1, -1, -1, 70004]
    answer = pbx.login()
    assert answer["errcode"] == 70004
    assert answer["block_expire_time"] > T0
    assert pbx.get("system/information")["errcode"] == 70004


def test_a_block_ends(pbx):
    for _ in range(5):
        pbx.login("wrong")
    pbx.server.advance(601)
    assert pbx.login()["errcode"] == 0


def test_a_right_login_forgives_the_wrong_ones_before(pbx):
    for _ in range(3):
        assert [pbx.login("wrong")["errcode"] for _ in range(4)] == [-1] * 4
        assert pbx.login()["errcode"] == 0


def test_an_access_token_ends_after_half_an_hour(pbx):
    pbx.server.advance(1799)
    assert pbx.get("system/information")["errcode"] == 0
    pbx.server.advance(2)
    assert pbx.get("system/information")["errcode"] == 10004


@pytest.mark.parametrize("token", ["", "invented"])
def test_a_token_that_was_never_given_out_is_refused(pbx, token):
    assert information(pbx, token) == 10004


def test_no_token_at_all_is_refused(pbx):
    assert pbx.http.get("system/information").json()["errcode"] == 10004


def test_a_ninth_token_is_refused_until_one_is_revoked(pbx):
    tokens = [pbx.login()["access_token"] for _ in range(7)]
    assert pbx.login()["errcode"] == -1
    assert "8 access tokens" in pbx.login()["submsg"]
    assert pbx.http.get("del_token", params={"access_token": tokens[0]}).json()["errcode"] == 0
    assert information(pbx, tokens[0]) == 10004
    assert pbx.login()["errcode"] == 0


def test_a_ninth_token_is_given_out_once_others_have_ended(pbx):
    for _ in range(7):
        pbx.login()
    pbx.server.advance(1801)
    assert pbx.login()["errcode"] == 0


def test_a_refused_ninth_login_is_no_failed_login(pbx):
    for _ in range(7):
        pbx.login()
    assert {pbx.login()["errcode"] for _ in range(6)} == {-1}


def test_a_refresh_gives_a_new_pair_and_leaves_the_old_one(pbx):
    first = pbx.login()
    second = refresh(pbx, first["refresh_token"])
    assert second["errcode"] == 0
    assert second["refresh_token"] != first["refresh_token"]
    assert information(pbx, first["access_token"]) == information(pbx, second["access_token"]) == 0


def test_a_refresh_can_end_the_pair_it_replaces(pbx):
    pbx.server.behave(refresh_kills_old_token="yes")
    first = pbx.login()
    second = refresh(pbx, first["refresh_token"])
    assert information(pbx, first["access_token"]) == 10004
    assert information(pbx, second["access_token"]) == 0
    assert refresh(pbx, first["refresh_token"])["errcode"] == 10004


def test_a_refresh_token_outlives_its_access_token_but_not_the_day(pbx):
    first = pbx.login()
    pbx.server.advance(1801)
    second = refresh(pbx, first["refresh_token"])
    assert second["errcode"] == 0
    pbx.server.advance(86401)
    assert refresh(pbx, second["refresh_token"])["errcode"] == 10004


def test_tests_can_end_every_access_token_at_once(pbx):
    refresh_token = pbx.login()["refresh_token"]
    pbx.server.expire_tokens()
    assert pbx.server.tokens_alive() == 0
    assert pbx.get("system/information")["errcode"] == 10004
    assert refresh(pbx, refresh_token)["errcode"] == 0


def test_system_information_tells_the_serial_number_and_the_time_of_the_pbx(pbx):
    pbx.server.advance(60)
    data = pbx.get("system/information")["data"]
    assert data["sn"] == "SANDBOX00000001"
    assert data["timestamp"] == T0 + 60
    assert data["system_time"] == "2025/07/24 23:34:20"
    assert data["up_time"] == 60
    assert {"device_name", "model_name", "firmware_version", "system_date_format"} <= data.keys()


@pytest.mark.parametrize("endpoint", ["message_campaign/stop", "message_campaign", "nothing"])
def test_an_unknown_endpoint_is_refused_before_its_token(pbx, endpoint):
    answer = pbx.http.get(endpoint)
    assert answer.status_code == 200
    assert answer.json() == {"errcode": 10001, "errmsg": "INTERFACE NOT EXISTED"}


def test_a_wrong_method_is_an_unknown_endpoint(pbx):
    assert pbx.post("message_campaign/list", {})["errcode"] == 10001
    assert pbx.get("message_campaign/create")["errcode"] == 10001


def test_another_version_of_the_api_is_refused(pbx):
    assert pbx.http.get(f"{pbx.server.url}/openapi/v9.9/get_token").json()["errcode"] == 10003


def test_a_request_without_a_user_agent_gets_no_proper_answer(pbx):
    request = pbx.http.build_request(
        "POST", "message_campaign/create", params={"access_token": pbx.token}, json=a_text()
    )
    del request.headers["user-agent"]
    answer = pbx.http.send(request)
    assert answer.status_code == 400
    assert answer.text == "Bad Request"
    assert pbx.get("message_campaign/list", page=1, page_size=1)["total_number"] == 0


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[1]", b'"text"', b"null", b"\xff\xfe", b'{"name": "\\ud800"}', b"[" * 100_000]
)
def test_a_body_that_is_no_json_object_is_refused(pbx, raw):
    headers = {"Content-Type": "application/json"}
    answer = pbx.http.post(
        "message_campaign/create", params={"access_token": pbx.token}, content=raw, headers=headers
    )
    assert answer.json()["errcode"] == 40001


def test_a_body_without_its_content_type_is_refused(pbx):
    answer = pbx.http.post("message_campaign/create", params={"access_token": pbx.token}, content=b"{}")
    assert answer.json()["errcode"] == 40001


def test_a_bad_token_is_told_before_a_bad_body(pbx):
    assert pbx.http.post("message_campaign/create", content=b"{").json()["errcode"] == 10004


def test_the_token_is_blanked_in_the_record_of_requests(pbx):
    answer = pbx.login()
    refresh(pbx, answer["refresh_token"])
    pbx.get("system/information")
    text = httpx.get(f"{pbx.server.url}/_sandbox/requests").text
    for secret in (pbx.token, answer["access_token"], answer["refresh_token"], pbx.server.client_secret):
        assert secret not in text
