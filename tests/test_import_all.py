"""A PBX with 200 campaigns of every kind is taken over, and written out: what is written holds and plans nothing."""

import json
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaignops import sandbox
from campaignops.sandbox.demo_templates import TEMPLATES
from campaignops.sandbox.running import Sandbox
from tests.command_line import Project, writes

Api = Callable[..., dict[str, Any]]

TEXTS = [
    "Hello", "yes", "null", "0123", "2030-07-30", "+12025550111", "a: b # c", "- item", "'single' \"double\" \\ back",
    "{{ name }}", "{% raw %}{{ x }}{% endraw %}", "{# no comment #}", "}} {{ }} %}", "{{ '{{' }}", "line\nline\n",
    "line\r\nline",    " blanks ", "tab\there", "Summer’s 🌞 👩‍👩‍👧 ﷺ", "اهلا \u200f", "&a *b !c %d @e `f",
    "=1+1", "{a}", "[b]",    "|", ">", "?", ": ",
    "x" * 1600, "…\u2028…", "\ufeffbom", "🌞", "~", "<<", "---", "#", "nul",
]  # fmt: skip
NAMES = [
    "Plain", "{{ name }}", "{% if %}", "true", "123", "a: b", "# hash", "'quoted' \"twice\"", "../../etc/passwd",
    "Sommer 🌞", "夏のセール", "-", "x" * 120, " blanks ", "sale!", "sale?", "SALE", "[test] staff", "a/b", "~",
]  # fmt: skip
FIELDS = [
    "business_number", "business_number2", "mobile_number", "mobile_number2", "home_number", "home_number2",
    "business_fax", "home_fax", "other_number",
]  # fmt: skip
FAILING = "+12025559999"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start(seed={"failing": {FAILING: -1}}) as pbx:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", pbx.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", pbx.client_secret)
        yield pbx


@pytest.fixture
def api(box: Sandbox) -> Iterator[Api]:
    """Somebody at the portal."""
    with httpx.Client(base_url=f"{box.url}/openapi/v1.0/", headers={"User-Agent": "portal"}) as http:
        login = {"username": box.client_id, "password": box.client_secret}
        token = {"access_token": http.post("get_token", json=login).json()["access_token"]}

        def call(endpoint: str, body: Any = None, **more: Any) -> dict[str, Any]:
            method = "GET" if body is None and "files" not in more else "POST"
            query = {**token, **more.pop("query", {})}
            found = http.request(method, endpoint, params=query, json=body, **more).json()
            assert found["errcode"] == 0, (found, body)
            return dict(found)

        yield call


def uploaded(api: Api, name: str, media_type: str) -> dict[str, Any]:
    found = api("message/batchupload", files={"files": (name, b"\xff\xd8 content", media_type)})
    return dict(found["list"][0])


def audiences() -> Iterator[dict[str, Any]]:
    for number, field in cycle(enumerate(FIELDS)):
        yield {
            "recipient_type": "phonebook",
            "recipient_id": (28, 31, 32)[number % 3],
            "recipient_num_type": field,
        }
        people = [f"+1202555{number:02}{each:02}" for each in range(number + 1)]
        yield {"recipient_type": "input", "number_list": [{"number": each} for each in people]}


def sessions() -> Iterator[dict[str, Any]]:
    yield from cycle(
        [
            {"send_mode": "direct"},
            *(
                {"send_mode": "new_session", "assign_to_type": "extension", "assign_to_id": i}
                for i in (4, 2, 9, 1002)
            ),
            *({"send_mode": "new_session", "assign_to_type": "queue", "assign_to_id": i} for i in (5, 2, 8)),
        ]
    )


def sends(box: Sandbox) -> Iterator[dict[str, Any]]:
    now_s = int(box.now())
    yield from cycle(
        [
            {"send_type": "draft"},
            {"send_type": "schedule", "send_time": now_s + 86_400 * 30},
            {"send_type": "draft", "send_time": now_s + 86_400},
            {"send_type": "schedule", "send_time": 1950748200},  # 02:30, twice in Berlin
            {"send_type": "immediately"},
            {"send_type": "schedule", "send_time": now_s + 60},
        ]
    )


def parameters(api: Api, template: dict[str, Any], value: str) -> dict[str, Any]:
    """The `msg_param` that fills a template in."""
    from campaignops.sandbox.template_rules import placeholders

    named, components = template["parameter_format"] == "NAMED", []
    for part in template["components"]:
        match part:
            case {"type": "HEADER", "format": "IMAGE" | "VIDEO" | "DOCUMENT" as kind}:
                media_type = {"IMAGE": "image/png", "VIDEO": "video/mp4", "DOCUMENT": "application/pdf"}[kind]
                info = uploaded(api, f"{kind}.bin", media_type)
                components.append({"type": "HEADER", "parameters": [{"type": kind, "file_list": [info]}]})
            case {"type": "BUTTONS", "buttons": buttons}:
                filled = [
                    {
                        "type": b["type"],
                        "text": value if b["type"] == "COPY_CODE" or "{{" in b.get("url", "") else "",
                    }
                    for b in buttons
                ]
                components.append({"type": "BUTTONS", "parameters": filled})
            case {"type": "HEADER" | "BODY" as kind, "text": text} if placeholders(text):
                given = [
                    {"type": "TEXT", "text": value, **({"parameter_name": name} if named else {})}
                    for name in placeholders(text)
                ]
                components.append({"type": kind, "parameters": given})
    return {
        "id": template["id"], "template_id": template["template_id"], "name": template["name"],
        "language": {"code": template["language"]}, "parameter_format": template["parameter_format"],
        "components": components,
    }  # fmt: skip


def messages(api: Api) -> Iterator[dict[str, Any]]:
    """SMS texts and files from three channels, and every WhatsApp template."""
    senders = cycle([(7, 7), (5, 11), (5, 12), (3, 21)])
    for round_number in range(10):
        for text in TEXTS[round_number::2] if round_number else TEXTS:
            channel, sender = next(senders)
            yield {
                "channel_type": "sms",
                "omnichannel_id": channel,
                "sender": sender,
                "content_type": "text",
                "content": text,
            }
        for template in TEMPLATES:
            said = parameters(api, template, TEXTS[round_number * 3 % 14] if round_number else "VIP")
            said_text = json.dumps(said)
            yield {
                "channel_type": "whatsapp", "omnichannel_id": 1, "sender": 1, "content_type": "template",
                "msg_param": said_text,
            }  # fmt: skip
        info = uploaded(api, f"flyer {round_number} {{{{ x }}}}.png", "image/png")
        yield {
            "channel_type": "sms", "omnichannel_id": 7, "sender": 7, "content_type": "document",
            "content": json.dumps(info),
        }  # fmt: skip


def fill(api: Api, box: Sandbox, count: int) -> None:
    people, session, send, names = audiences(), sessions(), sends(box), cycle(NAMES)
    for number, message in zip(range(count), messages(api), strict=False):
        name = next(names) if number < len(NAMES) else f"{next(names)[:100]} {number}"
        api(
            "message_campaign/create",
            {"name": name, **message, **next(people), **next(session), **next(send)},
        )


@pytest.fixture
def project(tmp_path: Path, box: Sandbox) -> Project:
    return Project(tmp_path / "project", box.url)


@pytest.mark.no_cover
def test_200_campaigns_of_every_kind_are_taken_over_and_the_plan_is_empty(project, api, box):
    fill(api, box, 200)
    box.advance(600)
    number = api("message_campaign/create", {
        "name": "sending", "channel_type": "sms", "omnichannel_id": 3, "sender": 21, "content_type": "text",
        "content": "Hi", "recipient_type": "input", "number_list": [{"number": f"+1202556{n:04}"} for n in range(999)],
        "send_type": "immediately", "send_mode": "direct",
    })["id"]  # fmt: skip
    before = writes(box)
    ran = project.run("import", "--all", "--json")
    assert ran.code == 0, [each["problem"] for each in ran.document["campaigns"] if each["problem"]]
    taken = ran.document["campaigns"]
    assert len(taken) == 201
    assert {each["status"] for each in taken} >= {"draft", "scheduled", "completed", "executing"}
    assert number in {each["id"] for each in taken}
    validated = project.run("validate")
    assert validated.code == 0, validated.out[validated.out.index("error[") :][:3000]
    planned = project.run("plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out[-3000:] + planned.err[-3000:]
    assert project.apply().code == 0
    assert writes(box) == before


def by_hand(api: Api, name: str, **more: Any) -> int:
    body = {
        "name": name, "channel_type": "sms", "omnichannel_id": 7, "sender": 7, "content_type": "text", "content": "H",
        "recipient_type": "input", "number_list": [{"number": "+12025550111"}], "send_type": "draft",
        "send_mode": "direct",
    }  # fmt: skip
    return int(api("message_campaign/create", body | more)["id"])


def test_what_is_exported_holds_in_a_project_of_its_own_and_is_recorded_nowhere(project, api, box, tmp_path):
    fill(api, box, 40)
    before = writes(box)
    folder = tmp_path / "exported"
    ran = project.run("export", "--into", str(folder))
    assert (ran.code, ran.out) == (0, f"40 manifests written to {folder}\n")
    assert not project.state.exists()
    new = Project(folder, box.url)
    assert new.run("validate").code == 0
    one = project.run("export")
    Project(tmp_path / "one", box.url).write("all.yaml", one.out)
    assert Project(tmp_path / "one", box.url).run("validate").code == 0
    assert writes(box) == before
    assert project.run("export", "--into", str(folder)).code == 1, "nothing is written over"


def test_one_campaign_is_exported_by_its_id(project, api):
    wanted = by_hand(api, "One")
    by_hand(api, "Two")
    ran = project.run("export", str(wanted), "--json")
    (row,) = ran.document["campaigns"]
    assert (row["key"], row["id"], row["problem"]) == ("one", wanted, None)
    assert row["manifest"].startswith(
        f"campaigns:\n  # Taken over from the PBX, where it is id {wanted}, draft.\n  one:\n"
    )
    assert project.run("export", "999").code == 64


@pytest.mark.parametrize("command", [["import", "--all"], ["export"]])
def test_what_no_manifest_can_say_is_left_and_named_and_the_rest_is_taken(project, api, command):
    by_hand(api, "Same")
    by_hand(api, "Same")
    by_hand(api, "a\tb")
    ran = project.run(*command, "--json")
    assert ran.code == 4
    problems = [each["problem"] for each in ran.document["campaigns"]]
    assert problems[0] is None
    assert "name is unique" in problems[1]
    assert "control character" in problems[2]
    assert project.run("validate").code == 0
    assert not list(project.root.rglob("a-b.yaml"))


def test_comments_say_what_a_reader_would_ask(project, api):
    by_hand(
        api,
        "Book",
        recipient_type="phonebook",
        recipient_id=31,
        recipient_num_type="mobile_number",
        number_list=[],
    )
    info = uploaded(api, "flyer.png", "image/png")
    by_hand(api, "Flyer", content_type="document", content=json.dumps(info))
    text = project.run("export").out
    assert "# {id: …} stands where the PBX has several of the same name, or none any more." in text
    assert "# The file is only on the PBX" in text


def test_what_is_scheduled_of_every_kind_is_halted_and_all_else_stays_as_it_is(project, api, box):
    fill(api, box, 120)
    assert project.run("import", "--all").code == 0
    ran = project.run("halt", "--auto-approve", "--json")
    outcomes = {each["outcome"] for each in ran.document["campaigns"]}
    halted = [each["key"] for each in ran.document["campaigns"] if each["outcome"] == "halted"]
    assert outcomes <= {"halted", "begun", "unknown"}
    assert len(halted) > 30
    assert project.run("halt", "--lift").code == 0
    planned = project.run("plan", "--json").document
    assert {each["key"]: each["steps"] for each in planned["changes"] if each["action"] == "update"} == {
        key: ["release"] for key in halted
    }


def test_a_campaign_whose_channel_is_gone_is_taken_over_by_ids(project, box):
    said = {
        "name": "Old", "channel_type": "sms", "omnichannel_id": 77, "sender": 5, "content_type": "text", "content": "H",
        "recipient_type": "input", "number_list": [{"number": "+12025550111"}], "send_type": "immediately",
        "send_mode": "new_session", "assign_to_type": "queue", "assign_to_id": 99, "status": "completed",
    }  # fmt: skip
    box.reset(seed={"campaigns": [said]})
    assert project.run("import", "--all").code == 0
    text = (project.root / "imported/old.yaml").read_text()
    assert "channel: {id: 77}" in text
    assert "sender: {id: 5}" in text
    assert "queue: {id: 99}" in text
    assert project.run("plan", "--detailed-exitcode").code == 0
