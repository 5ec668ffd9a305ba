"""What is said about the words of a message, and at which place of its manifest."""

from __future__ import annotations

import pytest

from campaignops import manifest
from campaignops.manifest import load_project
from campaignops.message import words
from campaignops.model import MediaHeader, Numbers, Ref, Template, Text, Uploaded
from tests.builders import NUMBERS, a_campaign, a_place
from tests.command_line import Project, a_text

LONG = "Come and see what’s new: twenty percent off on everything, all week long, in all of our shops."


def found(text: str) -> list[tuple[str, str]]:
    """The code of each finding about a text, and the stretch of it that it is about."""
    campaign = a_campaign(message=Text(text))
    return [(f.code, str(f.place).split("message.text.")[1][:-4]) for f in words.findings(campaign, a_place)]


def test_a_character_that_costs_a_part_is_named_with_what_could_stand_instead():
    campaign = a_campaign(message=Text(LONG), audience=Numbers(NUMBERS))
    (finding,) = words.findings(campaign, a_place)
    assert finding.code == "CMP301"
    assert finding.severity == "warning"
    assert finding.message == "one character makes this SMS 2 parts (UCS-2) instead of 1 (GSM-7)"
    assert finding.note == ("’ is U+2019 right single quotation mark; 6 parts are billed instead of 3")
    assert finding.help == "write ' for ’"


def test_several_characters_are_named_together():
    (finding,) = words.findings(a_campaign(message=Text(LONG.replace(":", " –"))), a_place)
    assert finding.message.startswith("2 characters make this SMS 2 parts")
    assert finding.help == "write ' for ’, - for –"


@pytest.mark.parametrize(
    "text",
    [
        "What’s new",  # one part either way
        LONG + " 🌞",  # the emoji is meant, so it is UCS-2 in any case
        LONG.replace("’", "'"),
        "я" * 100,
    ],
)
def test_a_character_that_costs_nothing_or_has_no_like_is_let_be(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Dear [NAME], hello", "[NAME]"),
        ("Dear [[FIRST NAME]]", "[[FIRST NAME]]"),
        ("Dear {first_name}", "{first_name}"),
        ("Dear ${name}", "${name}"),
        ("Dear %NAME%", "%NAME%"),
        ("Dear %s", "%s"),
        ("Dear <customer name>", "<customer name>"),
        ("Call XXXX", "XXXX"),
        ("TODO: text", "TODO"),
        ("Lorem ipsum dolor", "Lorem ipsum"),
    ],
)
def test_a_placeholder_that_was_not_filled_in_is_a_warning(text, word):
    assert found(text) == [("CMP302", word)]


@pytest.mark.parametrize("text", ["Hi {{ name }}", "{% if vip %}Hi"])
def test_what_jinja_left_over_is_an_error(text):
    (finding,) = words.findings(a_campaign(message=Text(text)), a_place)
    assert (finding.code, finding.severity) == ("CMP302", "error")
    (finding,) = words.findings(a_campaign(message=Text(text)), a_place, "warning")
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    "text",
    [
        "20% off",
        "I <3 you",
        "50%–70% off",
        "[see below]",
        "xxx, Mum",
        "{1}",
        "100%s",
        "a < b > c",
        "(c) 2030",
    ],
)
def test_what_only_looks_a_little_like_a_placeholder_is_let_be(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("link", "help"),
    [
        ("htps://shop.de/x", "https://shop.de/x"),
        ("https:/shop.de", "https://shop.de"),
        ("https:///shop.de", "https://shop.de"),
        ("https://shop", "for example https://shop.de/sale"),
        ("https://", "for example https://shop.de/sale"),
        ("https://shop..de", "for example https://shop.de/sale"),
        ("https://192.168.1.10/x", "for example https://shop.de/sale"),
        ("https://shop.de:x/", None),
        ("https://me:pw@shop.de/x", "https://shop.de"),
        ("https://shop.example/x", "write the address of your own site"),
        ("http://example.com", "write the address of your own site"),
        ("www.shop", "for example https://shop.de/sale"),
    ],
)
def test_a_link_that_leads_nowhere_is_a_warning(link, help):
    (finding,) = words.findings(a_campaign(message=Text(f"Look: {link}, now.")), a_place)
    assert (finding.code, finding.severity) == ("CMP303", "warning")
    assert str(finding.place).endswith(f"message.text.{link}:5:1")
    assert finding.help == help


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.de/sale?a=1#top.",
        "(https://shop.de)",
        "www.shop.de!",
        "https://bücher.de",
        "HTTPS://SHOP.DE",
        "https://8.8.8.8/x",
        "mail me@www.de",
        "Note: / that",
        "on/off",
    ],
)
def test_a_link_that_can_work_is_let_be(text):
    assert found(text) == []


def test_the_values_of_a_template_are_looked_at_too():
    message = Template(
        Ref("t"), "en", MediaHeader("image", Uploaded("1", "a", "u", "image/png", 1)), (("who", "[NAME]"),)
    )
    (finding,) = words.findings(a_campaign(type="whatsapp", message=message), a_place)
    assert finding.code == "CMP302"
    assert "message.body.who.[NAME]" in str(finding.place)


@pytest.mark.parametrize(
    ("manifest_text", "place"),
    [
        ('    message: {text: "Oh [NAME]!"}\n', (5, 25)),
        ("    message:\n      text: |\n        Oh\n        dear [NAME]!\n", (8, 14)),
        ('    message: {text: "{{ word }}"}\n', (5, 21)),  # it stands in a var: the value's own place
    ],
)
def test_the_place_is_that_of_the_word_in_the_manifest(tmp_path, manifest_text, place):
    project = Project(tmp_path / "project")
    head = 'vars: {word: "[NAME]"}\ncampaigns:\n  a:\n    type: sms\n'
    tail = "    channel: C\n    recipients: {numbers: ['+8613800001111']}\n    send: draft\n    session: direct\n"
    project.write("a.yaml", head + manifest_text + tail)
    desired = manifest.read(load_project(project.root))
    (finding,) = [f for campaign in desired for f in words.findings(campaign, desired.locate)]
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == place


def test_validate_and_plan_say_it_but_not_about_what_was_sent(tmp_path):
    project = Project(tmp_path / "project")
    project.campaigns(sale=a_text(message={"text": "Dear [NAME]"}, send="now"))
    assert [f["code"] for f in project.run("validate", "--json").document["findings"]] == ["CMP302"]
    assert [f["code"] for f in project.run("plan", "--json").document["findings"]] == ["CMP302"]
    assert project.apply().code == 0
    assert project.run("plan", "--json").document["findings"] == []


def test_a_plan_tells_encoding_and_parts(tmp_path):
    project = Project(tmp_path / "project")
    project.campaigns(sale=a_text(message={"text": "Hello"}))
    (change,) = project.run("plan", "--json").document["changes"]
    assert (change["encoding"], change["parts"]) == ("GSM-7", 1)
    assert "length    1 part GSM-7, 5 of 160   → 1 part\n" in project.run("plan").out
    project.apply()
    project.campaigns(sale=a_text(message={"text": "я" * 71}))
    ran = project.run("plan")
    assert (
        "length    1 part GSM-7 -> 2 parts UCS-2, 71 of 134, because of я (U+044F)   → 2 parts\n" in ran.out
    )
