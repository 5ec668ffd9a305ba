"""What people do when a run could not: settle an unknown create, recover a lost state, send again what failed."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignops import sandbox
from campaignops.cli.commands import retry
from campaignops.sandbox.running import Sandbox
from tests.command_line import STATE, Project, a_text, writes

FAILING = "+8613800002222"
LOST = "message_campaign/create"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with sandbox.start(seed={"failing": {FAILING: 1}}) as pbx:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", pbx.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", pbx.client_secret)
        yield pbx


@pytest.fixture
def direct(tmp_path: Path, box: Sandbox) -> Project:
    """One campaign that a single create sends."""
    project = Project(tmp_path / "direct", box.url, delivery="direct")
    project.campaigns(sale=a_text(send="now"))
    return project


@pytest.fixture
def staged(tmp_path: Path, box: Sandbox) -> Project:
    return Project(tmp_path / "staged", box.url)


def a_stuck(direct: Project, box: Sandbox) -> None:
    """A create that was never heard of again, and nothing of it on the PBX."""
    box.inject(LOST, drop="before")
    ran = direct.apply()
    assert ran.code == 11
    assert "campaignops resolve sale" in ran.err


def test_an_unknown_create_is_never_posted_again_until_it_is_settled(direct, box):
    a_stuck(direct, box)
    assert direct.apply().code == 11
    assert direct.run("plan").code == 11
    assert writes(box).count(LOST) == 1
    shown = direct.run("resolve", "sale")
    assert shown.code == 11
    assert "found      none" in shown.out
    assert "--absent" in shown.out
    assert direct.run("resolve", "sale", "--absent").code == 0
    assert direct.apply().code == 0
    assert len(box.ledger()) == 1


def test_for_how_long_a_lost_create_may_still_arrive_is_told(direct, box):
    a_stuck(direct, box)
    shown, absent = direct.run("resolve", "sale"), ("resolve", "sale", "--absent")
    assert re.search(r"late +for (1[01]\d|120) s more it may still arrive", shown.out)
    assert re.search(r"Next: wait (1[01]\d|120) s, as the lost request may still", direct.run(*absent).out)


def test_when_it_can_no_more_nothing_is_said_of_it(direct, box):
    a_stuck(direct, box)
    direct.settings(pbx={"url": box.url, "delivery": "direct", "timeout": 0.1})
    time.sleep(0.4)
    assert "late" not in direct.run("resolve", "sale").out
    assert "Next: campaignops plan" in direct.run("resolve", "sale", "--absent").out


def test_what_the_pbx_has_is_not_declared_absent(direct, box):
    a_stuck(direct, box)
    direct.settings(pbx={"url": box.url})  # somebody made it by hand, as a draft that reads the same
    other = Project(direct.root.parent / "other", box.url)
    other.campaigns(sale=a_text())
    assert other.apply().code == 0
    ran = direct.run("resolve", "sale", "--absent")
    assert ran.code == 10
    assert "--adopt 249" in ran.err
    assert direct.recorded["sale"]["phase"] == "stuck"


def test_what_was_made_is_adopted_by_its_id(direct, box):
    a_stuck(direct, box)
    other = Project(direct.root.parent / "other", box.url)
    other.campaigns(sale=a_text(send="now"))
    assert other.apply().code == 0
    made = other.recorded["sale"]["id"]
    ran = direct.run("resolve", "sale", "--adopt", str(made), "--json")
    assert (ran.code, ran.document["settled"]) == (0, True)
    assert (direct.recorded["sale"]["id"], direct.recorded["sale"]["phase"]) == (made, "released")
    assert direct.run("plan", "--detailed-exitcode").code == 0
    assert len(box.ledger()) == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--adopt", "999"], 10, "lists no campaign with id 999"),
        (["--adopt", "249"], 10, "is named"),
        (["--adopt", "249", "--absent"], 64, "not allowed"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_and_changes_nothing(direct, box, words, code, says):
    a_stuck(direct, box)
    other = Project(direct.root.parent / "other", box.url)
    other.campaigns(another=a_text())
    assert other.apply().code == 0
    ran = direct.run("resolve", "sale", *words)
    assert ran.code == code
    assert says in ran.err
    assert direct.recorded["sale"]["phase"] == "stuck"


def test_there_is_nothing_to_resolve_where_nothing_is_open(staged):
    staged.campaigns(sale=a_text())
    staged.apply()
    assert staged.run("resolve", "sale").code == 64
    assert staged.run("resolve", "spring").code == 64


def test_a_lost_state_is_recovered_from_manifests_and_pbx(staged, box):
    staged.campaigns(
        draft=a_text(),
        later=a_text(send={"at": "2030-07-30 18:06", "timezone": "Europe/Berlin"}),
        sent=a_text(send="now"),
    )
    assert staged.apply().code == 0
    staged.state.unlink()
    assert staged.run("plan").code == 10, "what is on the PBX and not recorded is not made again"
    before = writes(box)
    looked = staged.run("recover", "--json")
    assert {each["verdict"] for each in looked.document["campaigns"]} == {"found"}
    assert not staged.state.exists()
    assert staged.run("recover", "--write").code == 0
    assert staged.run("plan", "--detailed-exitcode").code == 0
    assert staged.run("recover").out == "Every campaign of the manifests is recorded.\n"
    assert writes(box) == before


def test_a_campaign_of_the_name_that_reads_differently_is_not_recovered(staged, box):
    staged.campaigns(sale=a_text())
    staged.apply()
    staged.state.unlink()
    staged.campaigns(sale=a_text(message={"text": "Something else"}))
    ran = staged.run("recover", "--write")
    assert ran.code == 1
    assert "reads differently" in ran.out
    assert not staged.recorded


def test_what_failed_is_sent_again_once_to_just_those_people(staged, box):
    numbers = ["+8613800001111", FAILING, "+8613800003333"]
    staged.campaigns(sale=a_text(send="now", recipients={"numbers": numbers}))
    assert staged.apply().code == 0
    box.advance(60)
    assert staged.run("retry", "sale", typed="2\n").code == 1, "the number typed must be that of the people"
    assert staged.run("retry", "sale", "--expect-failed", "3").code == 10
    assert "message_campaign/retry" not in writes(box)
    ran = staged.run("retry", "sale", typed="1\n")
    assert (ran.code, "1 of 3 are sent again" in ran.out) == (0, True)
    box.advance(60)
    assert sorted(row["number"] for row in box.ledger()) == sorted([*numbers, FAILING])
    assert writes(box).count("message_campaign/retry") == 1
    again = staged.run("retry", "sale", "--json")
    assert (again.code, again.document["retried"]) == (0, False)
    assert staged.run("plan", "--detailed-exitcode").code == 0


def test_a_lost_answer_to_a_retry_is_looked_up_and_never_repeated(staged, box):
    staged.campaigns(sale=a_text(send="now", recipients={"numbers": [FAILING]}))
    staged.apply()
    box.advance(60)
    box.inject("message_campaign/retry", drop="before")
    ran = staged.run("retry", "sale", "--expect-failed", "1")
    assert ran.code == 11
    assert "may have begun" in ran.err.lower()
    again = staged.run("retry", "sale", "--expect-failed", "1")
    assert (again.code, "may still arrive" in again.err) == (10, True)
    assert writes(box).count("message_campaign/retry") == 1


def test_a_retry_that_took_long_to_record_is_not_sent_and_may_be_asked_for_again(staged, box, monkeypatch):
    staged.campaigns(sale=a_text(send="now", recipients={"numbers": [FAILING]}))
    staged.apply()
    box.advance(60)
    with monkeypatch.context() as slow:
        slow.setattr(retry, "RECORDED_S", -1)
        ran = staged.run("retry", "sale", "--expect-failed", "1")
    assert (ran.code, "to record the retry, so nothing was sent" in ran.err) == (10, True)
    assert "message_campaign/retry" not in writes(box)
    assert staged.run("retry", "sale", "--expect-failed", "1").code == 0
    assert writes(box).count("message_campaign/retry") == 1


def test_what_has_not_ended_cannot_be_sent_again(staged, box):
    staged.campaigns(draft=a_text(), later=a_text(send={"at": "2030-07-30T18:06Z"}))
    staged.apply()
    assert staged.run("retry", "draft").code == 10
    assert staged.run("retry", "later").code == 10
    assert staged.run("retry", "none").code == 64
    assert "message_campaign/retry" not in writes(box)


def test_a_campaign_of_the_pbx_is_taken_over_into_manifest_and_state(staged, box, tmp_path):
    staged.campaigns(sale=a_text(message={"text": "{{ '{{' }} 50% off"}))
    staged.apply()
    new = Project(tmp_path / "new", box.url)
    before = writes(box)
    ran = new.run("import", "spring", "249", "--json")
    assert ran.code == 0
    assert ran.document["campaigns"] == [
        {"key": "spring", "id": 249, "status": "draft", "file": "imported/spring.yaml", "problem": None}
    ]
    assert new.run("plan", "--detailed-exitcode").code == 0
    assert new.run("validate").code == 0
    assert writes(box) == before
    assert new.run("import", "spring", "249").code == 64, "it is recorded already"
    assert new.run("import", "other", "249").code == 64
    assert new.run("import", "other", "999").code == 64


def test_a_campaign_that_a_manifest_has_is_recorded_and_its_differences_are_planned(staged, box, tmp_path):
    staged.campaigns(sale=a_text())
    staged.apply()
    new = Project(tmp_path / "new", box.url)
    new.campaigns(sale=a_text(message={"text": "Another text"}))
    assert new.run("plan").code == 10
    assert new.run("import", "sale", "249").code == 0
    assert not (new.root / "imported").exists()
    planned = new.run("plan", "--json").document
    assert [(each["action"], each["id"]) for each in planned["changes"]] == [("update", 249)]


def test_a_manifest_that_says_the_same_in_other_words_is_taken_as_it_is(staged, box, tmp_path):
    staged.campaigns(sale=a_text(send={"at": "2030-07-30 18:06", "timezone": "Europe/Berlin"}))
    staged.apply()
    new = Project(tmp_path / "new", box.url)
    new.campaigns(sale=a_text(channel={"id": 7}, send={"at": "2030-07-30T16:06Z"}))
    assert new.run("import", "sale", "249").code == 0
    assert new.run("plan", "--detailed-exitcode").code == 0


def test_everything_is_taken_over_and_the_plan_is_empty(staged, box, tmp_path):
    (staged.root / "assets").mkdir()
    (staged.root / "assets/demo.jpeg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    whatsapp = {
        "type": "whatsapp",
        "channel": "Shop WhatsApp",
        "recipients": {"phonebook": "VIP customers", "field": "business_number"},
        "message": {
            "template": "discount_campaign",
            "language": "en",
            "header": {"image": "assets/demo.jpeg"},
            "body": {
                "customertier": "VIP", "offertype": "discount", "offerdetails": "20% off",
                "expirydate": "July 31, 2030", "companyname": "{{ '{{' }}SmartMal",
            },
        },
        "send": "now",
        "session": {"assign_to": {"queue": "Support"}},
    }  # fmt: skip
    staged.campaigns(
        plain=a_text(),
        filed=a_text(message={"file": "assets/demo.jpeg"}, session={"assign_to": {"extension": "1002"}}),
        later=a_text(send={"at": "2030-10-27 02:30", "timezone": "Europe/Berlin", "fold": "second"}),
        sent=a_text(send="now"),
        template=whatsapp,
    )
    assert staged.apply().code == 0
    new = Project(tmp_path / "new", box.url)
    ran = new.run("import", "--all")
    assert ran.code == 0, ran.err
    assert len(list((new.root / "imported").iterdir())) == 5
    assert "companyname" in (new.root / "imported/template.yaml").read_text()
    assert new.run("plan", "--detailed-exitcode").code == 0
    assert new.run("import", "--all").out == "There is nothing to take over.\n"
    assert new.run("status").code == 0
    assert STATE in {path.name for path in new.root.iterdir()}


def test_what_cannot_be_said_is_left_as_it_was_and_named(staged, box, tmp_path):
    staged.campaigns(one=a_text(name="Twice"))
    staged.apply()
    other = Project(tmp_path / "other", box.url)
    other.campaigns(two=a_text(name="Another"))
    other.apply()
    new = Project(tmp_path / "new", box.url)
    new.campaigns(mine=a_text(name="Twice"), yours=a_text(name="Another"))
    new.run("import", "mine", "249")
    third = Project(tmp_path / "third", box.url)
    third.campaigns(third=a_text(name="Third"))
    third.apply()
    new.campaigns(mine=a_text(name="Twice"), yours=a_text(name="Third"))
    ran = new.run("import", "new", "250")
    assert ran.code == 0
    assert new.run("import", "again", "251").code == 10, "a name is unique in a project"


@pytest.mark.parametrize(
    "words", [["import"], ["import", "key"], ["import", "key", "1", "--all"], ["import", "key", "x"]]
)
def test_import_says_how_it_is_used(staged, words):
    assert staged.run(*words).code == 64
