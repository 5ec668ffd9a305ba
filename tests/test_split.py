"""`split`, from the manifest to people's phones: what may be written, and what the sandbox's ledger says in the end."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

import pytest

from campaignops.model import Numbers
from tests.command_line import a_text
from tests.manifest_folder import places, read, read_text, sms, write

PEOPLE = [f"+4915120{number:06}" for number in range(1, 41)]


def a_list(*people: str) -> str:
    return "phone\n" + "".join(f"{number}\n" for number in people)


def got(box) -> Counter[str]:
    return Counter(row["number"] for row in box.ledger())


def test_a_list_with_split_may_be_longer_than_a_campaign(tmp_path):
    write(tmp_path, a=sms(recipients="{file: people.csv, split: 1000}"))
    write(tmp_path, **{"people.csv": a_list(*(f"+4915120{number:06}" for number in range(1500)))})
    (campaign,), findings = read(tmp_path)
    assert findings == []
    assert (campaign.split, campaign.part, campaign.key) == (1000, None, "hello")
    assert isinstance(campaign.audience, Numbers)
    assert len(campaign.audience.numbers) == 1500


@pytest.mark.parametrize(
    ("recipients", "code", "said"),
    [
        ("{numbers: [], split: 2}", "CMP403", "no recipients"),
        (
            "{numbers: ['+8613800001111'], split: 0}",
            "CMP107",
            "`split` must be a whole number from 1, not `0`",
        ),
        ("{numbers: ['+8613800001111'], split: many}", "CMP107", "`split` must be a whole number"),
        ("{numbers: ['+8613800001111'], split: 1001}", "CMP402", "parts of 1,001 people"),
        (
            "{phonebook: VIP, field: mobile_number, split: 2}",
            "CMP116",
            "`split` goes with `numbers` and `file`",
        ),
    ],
)
def test_a_split_that_cannot_be_is_found(tmp_path, recipients, code, said):
    _, findings = read_text(tmp_path, sms(recipients=recipients))
    assert [finding.code for finding in findings] == [code]
    assert said in findings[0].message


def test_split_beside_recipients_is_told_its_home(tmp_path):
    _, findings = read_text(tmp_path, sms(split="2"))
    assert findings[0].message == "`split` belongs under `recipients`"


def test_the_names_of_parts_are_as_unique_as_others(tmp_path):
    text = sms(name="Sale", recipients="{numbers: ['+8613800001111'], split: 2}")
    other = sms(name="Sale (2)").replace("  hello:", "  other:").partition("campaigns:\n")[2]
    for both in (text + other, "campaigns:\n" + other + text.partition("campaigns:\n")[2]):
        _, findings = read_text(tmp_path, both)
        assert [finding.code for finding in findings] == ["CMP110"]


def test_a_name_leaves_room_for_the_number(tmp_path):
    recipients = "{numbers: ['+8613800001111'], split: 2}"
    assert read_text(tmp_path, sms(name="x" * 119, recipients=recipients))[1] == []
    _, findings = read_text(tmp_path, sms(name="x" * 120, recipients=recipients))
    assert places(findings) == [("CMP107", 9, 11)]


# the sandbox's ledger is the judge


def test_nobody_gets_it_twice_however_the_list_changes(project, box):
    random = Random(4)
    keys: set[str] = set()
    for size in (5, 5, 3, 7):
        people = random.sample(PEOPLE, random.randint(8, 20))
        project.write("people.csv", a_list(*people))
        project.campaigns(sale=a_text(recipients={"file": "people.csv", "split": size}, send="now"))
        assert project.apply().code == 0
        assert project.run("plan", "--detailed-exitcode").code == 0
        box.advance(60)
        assert set(people) <= got(box).keys()
        assert set(got(box).values()) == {1}
        assert keys <= project.recorded.keys()
        keys = set(project.recorded)
    assert keys == {f"sale[{number}]" for number in range(1, len(keys) + 1)}
    assert not any(number in project.state.read_text() for number in PEOPLE)


@pytest.mark.parametrize("words", [("sale[1]", "249"), ("--all",)])
def test_after_a_lost_state_parts_are_taken_over_with_the_people_they_have(project, box, words):
    recipients = {"numbers": PEOPLE[:4], "split": 2}
    project.campaigns(sale=a_text(recipients=recipients, name="Sale", send="now"))
    project.apply("--target", "sale[1]")
    box.advance(60)
    project.state.unlink()
    project.campaigns(sale=a_text(recipients={**recipients, "numbers": PEOPLE[1:6]}, name="Sale", send="now"))
    assert project.run("plan").code == 10
    assert project.run("recover", "--write").code == 1
    (first,) = {row["campaign_id"] for row in box.ledger()}
    assert project.run("import", *(word.replace("249", str(first)) for word in words)).code == 0
    assert project.recorded.keys() == {"sale[1]"}
    assert project.apply().code == 0
    box.advance(60)
    assert got(box) == Counter(PEOPLE[:6])


def test_parts_go_out_one_by_one_and_drafts_take_new_people(project, box):
    def desire(*people: str, **other: object) -> None:
        recipients = {"numbers": list(people), "split": 2}
        project.campaigns(sale=a_text(recipients=recipients, name="Sale", **other))

    desire(*PEOPLE[:5], send="now")
    assert project.apply("--target", "sale[2]").code == 0
    box.advance(60)
    assert got(box) == Counter(PEOPLE[2:4])
    desire(*PEOPLE[1:6], send="draft")
    assert project.apply().code == 0
    assert {key: row["name"] for key, row in project.recorded.items()} == {
        f"sale[{number}]": f"Sale ({number})" for number in (1, 2, 3)
    }
    desire(*PEOPLE[:7], send="now")
    made = project.run("plan", "--json").document
    assert {change["key"]: (change["action"], change["recipients"]) for change in made["changes"]} == {
        "sale[1]": ("update", 2), "sale[2]": ("history", 2), "sale[3]": ("update", 2), "sale[4]": ("create", 1),
    }  # fmt: skip
    assert project.run("plan", "--target", "sale[9]").code == 64
    assert project.apply("--target", "sale").code == 0
    box.advance(60)
    assert got(box) == Counter(PEOPLE[:7])
    assert len(json.loads(project.run("render", "--json", "sale[1]").out)["campaigns"]) == 1
