"""A saved plan: what was reviewed is what runs, once, in time, or nothing does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from campaignops.planner import digest
from campaignops.sandbox.demo import CHANNELS, PHONEBOOKS
from campaignops.sandbox.demo_templates import TEMPLATES
from campaignops.sandbox.running import Sandbox
from tests.command_line import Project, Ran, a_text, bodies, writes

AT = {"at": "2030-07-30 18:06", "timezone": "Europe/Berlin"}
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
OFFER = {
    "type": "whatsapp",
    "channel": "Shop WhatsApp",
    "recipients": {"phonebook": "VIP customers", "field": "business_number"},
    "message": {
        "template": "discount_campaign",
        "language": "en",
        "header": {"image": "demo.jpeg"},
        "body": {
            "customertier": "VIP",
            "offertype": "discount",
            "offerdetails": "20% off",
            "expirydate": "July 31",
            "companyname": "{{ brand | default('SmartMal') }}",
        },
    },
    "send": "now",
    "session": "direct",
}


def _contacts(count: int) -> list[Any]:
    phonebook: dict[str, Any] = PHONEBOOKS[0]
    return phonebook["contacts"][:count]


def _with_somebody_else() -> list[Any]:
    contacts = _contacts(5)
    return [{**contacts[0], "business": "+12025550999"}, *contacts[1:]]


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    """Two campaigns that send at once, and one that is recorded and is to be changed."""
    project = Project(tmp_path / "project", box.url)
    project.write("demo.jpeg", JPEG)
    project.campaigns(scheduled=a_text(send=AT))
    assert project.apply().code == 0
    project.campaigns(**wanted())
    return project


def wanted(**more: Any) -> dict[str, Any]:
    return {
        "scheduled": a_text(send=AT, message={"text": "Better"}),
        "sale": a_text(send="now"),
        "offer": OFFER,
        **more,
    }


def saved(project: Project, *words: str) -> Path:
    ran = project.run("plan", "-o", "plan.json", *words)
    assert ran.code == 0, ran
    return project.root / "plan.json"


def refused(project: Project, box: Sandbox, *words: str) -> tuple[str, Ran]:
    """The message with which the saved plan is refused, in text and as JSON; nothing was changed or sent."""
    box.advance(60)  # what an apply before has let go has arrived
    before = len(writes(box)), len(box.ledger()), project.state.read_text()
    text = project.apply("plan.json", *words)
    ran = project.apply("plan.json", *words, "--json")
    assert (text.code, ran.code) == (10, 10), text
    error = ran.document["error"]
    assert f"error[{error['code']}]: {error['message']}" in text.err
    assert "Nothing was done. Next: campaignops plan" in error["message"]
    assert (len(writes(box)), len(box.ledger()), project.state.read_text()) == before
    return error["message"], ran


def test_a_saved_plan_is_carried_out_and_then_there_is_nothing_to_do(project, box):
    saved(project)
    ran = project.apply("plan.json", "--json")
    assert ran.code == 0
    assert ran.document["digest"] == json.loads((project.root / "plan.json").read_text())["digest"]
    assert {each["outcome"] for each in ran.document["changes"]} == {"done"}
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_plan_says_where_it_is_saved_until_when_and_what_is_next(project, box):
    ran = project.run("plan", "-o", "plan.json")
    assert "saved to plan.json, valid until " in ran.err
    assert "Next: campaignops apply plan.json" in ran.err
    assert ran.out == project.run("plan").out, "stdout has the plan alone"
    project.apply()
    ran = project.run("plan", "-o", "plan.json")
    assert "saved to plan.json" in ran.err
    assert "Next" not in ran.err, "there is nothing to apply"


def test_a_saved_plan_works_once(project, box):
    saved(project)
    assert project.apply("plan.json").code == 0
    message, ran = refused(project, box)
    assert ran.document["error"]["code"] == "CMP710"
    assert "plan.json was applied already, and a saved plan works once" in message


def test_a_saved_plan_without_effects_works_once_too(project, box):
    project.apply()
    saved(project)
    assert project.apply("plan.json").code == 0
    assert refused(project, box)[1].document["error"]["code"] == "CMP710"
    saved(project)
    assert project.apply("plan.json").code == 0


def test_a_plan_that_only_got_half_way_is_used_up(project, box):
    saved(project)
    box.inject("message_campaign/create", errcode=40002)
    assert project.apply("plan.json").code == 4
    assert refused(project, box)[1].document["error"]["code"] == "CMP710"
    assert project.apply().code == 0


def test_a_plan_that_nobody_said_yes_to_is_still_good(project, box):
    saved(project)
    assert project.run("apply", "plan.json", typed="no\n").code == 1
    assert project.run("apply", "plan.json", typed="yes\n").code == 0


# what moves


def renamed(rows: list[dict[str, Any]], index: int, **other: Any) -> list[dict[str, Any]]:
    return [{**row, **other} if i == index else row for i, row in enumerate(rows)]


def moved(project: Project, box: Sandbox, *words: str) -> dict[str, str]:
    message, ran = refused(project, box, *words)
    assert ran.document["error"]["code"] == "CMP709"
    named = {each["message"]: each["item"] for each in ran.document["error"]["moved"]}
    assert all(sentence in message for sentence in named)
    return named


def test_an_edited_manifest_is_named(project, box):
    saved(project)
    project.campaigns(**wanted(sale=a_text(send="now", message={"text": "Other"})))
    assert moved(project, box) == {"the manifest of `sale` has changed": "manifests"}


def test_other_recipients_are_named_also_when_they_are_as_many(project, box):
    saved(project)
    project.campaigns(**wanted(sale=a_text(send="now", recipients={"numbers": ["+8613800009999"]})))
    assert moved(project, box) == {"the list of recipients of `sale` has changed": "audiences"}


def test_a_file_with_other_bytes_is_named(project, box):
    saved(project)
    project.write("demo.jpeg", JPEG + b"x")
    assert moved(project, box) == {"the file demo.jpeg has changed": "files"}


def test_a_campaign_more_and_one_less_are_named(project, box):
    saved(project)
    project.campaigns(**{**wanted(more=a_text()), "sale": a_text(name="x", send="now")})
    named = moved(project, box)
    assert named["the manifest of `more` is new"] == "manifests"
    project.campaigns(**{key: said for key, said in wanted().items() if key != "scheduled"})
    assert "the manifest of `scheduled` is gone" in moved(project, box)


def test_a_state_that_has_moved_on_is_named(project, box):
    saved(project, "--exclude", "sale")
    assert project.apply("--target", "sale").code == 0
    assert any(sentence.startswith("the state is at serial ") for sentence in moved(project, box))


def test_an_edit_on_the_pbx_is_named(project, box):
    saved(project)
    edit(box, project.recorded["scheduled"]["id"])
    assert moved(project, box)["`scheduled` has changed on the PBX"] == "live"


def test_a_campaign_that_has_begun_to_send_meanwhile_is_named(project, box):
    project.campaigns(scheduled=a_text(send=AT, message={"text": "Better"}))
    saved(project, "--valid-for", "200000h")
    box.advance(10 * 366 * 86400)
    assert refused(project, box)[1].document["error"]["code"] == "CMP708", "past the send time it has expired"


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            {"channels": renamed(CHANNELS, 0, id=70)},
            "what the names in `sale` stand for on the PBX has changed",
        ),
        (
            {"phonebooks": renamed(PHONEBOOKS, 0, contacts=_contacts(2))},
            "the number of people of `offer` is 2, not 5",
        ),
        (
            {"phonebooks": renamed(PHONEBOOKS, 0, contacts=_with_somebody_else())},
            "who is in the phonebook of `offer` has changed",
        ),
        (
            {
                "templates": [
                    {**row, "components": [*row["components"], {"type": "FOOTER", "text": "New"}]}
                    for row in TEMPLATES
                ]
            },
            "the template of `offer` on the PBX has changed",
        ),
        ({"device": {"sn": "OTHER"}}, "the PBX is OTHER, not SANDBOX00000001"),
    ],
)
def test_what_has_changed_on_the_pbx_is_named(project, box, parts, sentence):
    project.campaigns(sale=a_text(send="now"), offer=OFFER)
    project.state.unlink()
    box.reset()
    planned = json.loads(saved(project).read_text())["digest"]
    box.reset(parts)
    before = len(box.requests())
    ran = project.apply("plan.json", "--json")
    assert ran.code == 10
    assert sentence in [each["message"] for each in ran.document["error"]["moved"]]
    assert ran.document["digest"] != planned, "so an apply that is held to the digest is refused, too"
    assert not [each for each in box.requests()[before:] if "create" in each["endpoint"]]
    assert box.ledger() == []
    assert not project.state.exists()


def test_other_settings_are_named(project, box):
    saved(project)
    project.settings(pbx={"url": box.url, "delivery": "direct"})
    assert moved(project, box)["pbx.delivery is direct, not staged"] == "run"


def test_other_vars_are_named_and_their_values_are_not_in_the_file(project, box):
    path = saved(project, "--var", "brand=Kettle and Co", "--var", "pin=4711")
    assert "4711" not in path.read_text()
    named = moved(project, box, "--var", "brand=Kettle and Co")
    assert named == {"the values of --var, --var-file or CAMPAIGNOPS_VAR_… have changed": "run"}
    assert project.apply("plan.json", "--var", "brand=Kettle and Co", "--var", "pin=4711").code == 0


def test_another_version_of_the_tool_is_named(project, box):
    path = saved(project)
    said = json.loads(path.read_text())
    said["basis"]["run"]["tool"] = "0.0.1"
    path.write_text(sealed(said))
    (sentence,) = moved(project, box)
    assert sentence.startswith("campaignops is ")
    assert sentence.endswith(", not 0.0.1")


# environments and selections


def test_a_saved_plan_brings_its_environment_and_its_selection(project, box, monkeypatch):
    project.settings(
        environments={"live": {"pbx": {"url": box.url}, "state": "live.json"}}, pbx={"url": "sandbox"}
    )
    assert project.run("plan", "--env", "live", "--target", "sale", "-o", "plan.json").code == 0
    assert (
        project.apply("plan.json", "--env", "live", "--target", "sale", "--expect-digest", "0" * 64).code
        == 10
    )
    monkeypatch.setenv("CAMPAIGNOPS_ENV", "live")
    for words in (["--env", "other"], ["--target", "offer"], ["--exclude", "offer"]):
        ran = project.apply("plan.json", *words)
        assert ran.code == 64
        assert f"plan.json was made with another {words[0]}" in ran.err
    monkeypatch.delenv("CAMPAIGNOPS_ENV")
    ran = project.apply("plan.json", "--json")
    assert (ran.code, ran.document["environment"]) == (0, "live")
    assert [each["key"] for each in ran.document["changes"]] == ["sale"]


def test_a_plan_of_another_environment_than_that_of_the_shell_is_refused(project, box, monkeypatch):
    project.settings(pbx={"url": box.url}, environments={"live": {}})
    saved(project)
    monkeypatch.setenv("CAMPAIGNOPS_ENV", "live")
    assert moved(project, box)["the environment is live, not none"] == "run"


# time


def test_a_plan_expires(project, box):
    saved(project)
    box.advance(86400 + 60)
    message, ran = refused(project, box)
    assert ran.document["error"]["code"] == "CMP708"
    assert "plan.json expired " in message
    saved(project, "--valid-for", "48h")
    box.advance(86400 + 60)
    assert project.apply("plan.json").code == 0


@pytest.mark.parametrize(("before_s", "margin_s"), [(7200, 900), (600, 300)])
def test_a_plan_expires_before_its_first_send_time(project, box, before_s, margin_s):
    at = int(box.now()) + before_s
    project.campaigns(sale=a_text(send={"at": at}), later=a_text(send=AT), scheduled=a_text(send=AT))
    path = saved(project)
    said = json.loads(path.read_text())["expires"]
    assert abs(at - margin_s - datetime.fromisoformat(said).timestamp()) <= 2


# the file


def sealed(said: dict[str, Any]) -> str:
    """The file with a check that fits: what somebody would write who wants to be believed."""
    return json.dumps({**said, "check": digest({k: v for k, v in said.items() if k != "check"})})


def edit_file(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(expires="2099-01-01T00:00:00+00:00"),
        lambda said: said.update(digest="0" * 64),
        lambda said: said.update(target=["*"]),
        lambda said: said["basis"]["run"].update(serial=99),
        lambda said: said["plan"]["changes"][0].update(name="x"),
        lambda said: said.pop("check"),
        lambda said: said.update(check=None),
    ],
)
def test_a_file_that_was_changed_is_refused(project, box, change):
    edit_file(saved(project), change)
    message, ran = refused(project, box)
    assert ran.document["error"]["code"] == "CMP707"
    assert "plan.json was changed or cut off after it was saved" in message


def test_a_changed_file_with_a_check_that_fits_gains_nothing(project, box):
    path = saved(project)
    said = json.loads(path.read_text())
    said["digest"] = "0" * 64
    path.write_text(sealed(said))
    assert "it would do something else" in refused(project, box)[0]
    said["basis"]["manifests"]["sale"] = "x"
    path.write_text(sealed(said))
    assert moved(project, box) == {"the manifest of `sale` has changed": "manifests"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"kind": "plan"}',
        '{"kind": "saved plan", "schema_version": 1}',
        "\udcff",
    ],
    ids=range(8),
)
def test_a_file_that_is_no_saved_plan_is_refused(project, box, text):
    (project.root / "plan.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert refused(project, box)[1].document["error"]["code"] == "CMP707"


@pytest.mark.parametrize(
    "broken",
    [
        {"expires": "soon"},
        {"expires": 5},
        {"basis": []},
        {"basis": {"run": 1}},
        {"target": "x"},
        {"environment": 1},
    ],
    ids=str,
)
def test_a_file_of_another_shape_is_refused_however_it_is_sealed(project, box, broken):
    path = saved(project)
    path.write_text(sealed({**json.loads(path.read_text()), **broken}))
    assert refused(project, box)[1].document["error"]["code"] == "CMP707"


def test_a_file_of_a_newer_version_says_so(project, box):
    path = saved(project)
    path.write_text(sealed({**json.loads(path.read_text()), "schema_version": 2}))
    assert "saved by a newer version of campaignops" in refused(project, box)[0]


def test_a_cut_off_file_is_refused(project, box):
    path = saved(project)
    whole = path.read_text()
    for length in (1, len(whole) // 2, len(whole) - 3):
        path.write_text(whole[:length])
        assert refused(project, box)[1].document["error"]["code"] == "CMP707"


def test_the_file_holds_no_number_and_no_secret(project, box):
    text = saved(project).read_text()
    assert "13800001111" not in text
    assert box.client_secret not in text
    assert json.loads(text)["plan"]["kind"] == "plan"


def test_a_file_that_is_not_there_and_an_empty_name_are_wrong_usage(project, box):
    for name in ("nowhere.json", ""):
        ran = project.apply(name)
        assert ran.code == 64
        assert f"the plan {name} cannot be read" in ran.err
    assert "sale" not in project.recorded


def test_a_plan_that_cannot_be_applied_or_written_is_not_saved(project, box):
    assert project.run("plan", "--offline", "-o", "plan.json").code == 64
    ran = project.run("plan", "-o", "no/such/plan.json", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "write")
    project.campaigns(**wanted(wrong=a_text(channel="Main SNS")))
    assert project.run("plan", "-o", "plan.json").code == 1
    assert not (project.root / "plan.json").exists()


def test_a_pipe_gets_the_plan_too(project, box):
    ran = project.run("plan", "-q", "-o", "/dev/null")
    assert ran.code == 0


# a digest


def test_a_digest_approves_what_is_planned_again_whatever_the_clock_and_the_folder(project, box, tmp_path):
    approved = project.run("plan", "--json").document["digest"]
    box.advance(3600)
    project.write("elsewhere/moved.yaml", (project.root / "campaigns.yaml").read_text())
    (project.root / "campaigns.yaml").unlink()
    assert project.apply("--expect-digest", approved).code == 0


def test_another_digest_is_refused_and_named(project, box):
    approved = project.run("plan", "--json").document["digest"]
    project.campaigns(**wanted(sale=a_text(send="now", message={"text": "Other"})))
    before = len(writes(box))
    ran = project.apply("--expect-digest", approved, "--json")
    assert (ran.code, ran.document["error"]["code"]) == (10, "CMP709")
    said = f"its digest is {ran.document['digest']}, not {approved}"
    assert [each["message"] for each in ran.document["error"]["moved"]] == [said]
    assert said in project.apply("--expect-digest", approved).err
    assert len(writes(box)) == before


@pytest.mark.parametrize("text", ["", "0" * 12, "0" * 65, "Z" * 64])
def test_a_digest_must_be_whole(project, box, text):
    ran = project.apply("--expect-digest", text)
    assert ran.code == 64
    assert "is not the digest of a plan: 64 hex digits" in ran.err


def test_what_must_be_resolved_comes_before_what_has_moved(project, box):
    project.settings(pbx={"url": box.url, "delivery": "direct"})
    saved(project, "--target", "sale")
    box.inject("message_campaign/create", drop="before")
    assert project.apply("plan.json").code == 11
    assert project.apply("plan.json").code == 11


def edit(box: Sandbox, campaign_id: int) -> None:
    """Somebody writes another text in the portal."""
    import httpx

    with httpx.Client(base_url=f"{box.url}/openapi/v1.0/", headers={"User-Agent": "OpenAPI"}) as portal:
        login = {"username": box.client_id, "password": box.client_secret}
        token = {"access_token": portal.post("get_token", json=login).json()["access_token"]}
        body = bodies(box, "message_campaign/update")[-1]
        assert body["id"] == campaign_id
        portal.post("message_campaign/update", params=token, json={**body, "content": "Edited"})
