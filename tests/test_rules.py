"""A company's own rules: what they find, what they may ask, and that what they cannot judge does not go out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaignops.findings import Place
from campaignops.message.bubble import Bubble
from campaignops.model import Asset, At, Direct, FileMessage, Phonebook, Ref, Template
from campaignops.planner.facts import facts
from campaignops.rules import FACTS, Facts, Rule, failures, findings, is_code, rule
from tests.builders import NUMBERS, a_campaign
from tests.command_line import ROOT, Project, a_text, writes

NO_SHORT_LINKS = {
    "code": "ACME001",
    "deny": 'campaign.type == "sms" and "bit.ly" in campaign.text',
    "message": "use links of our own",
    "help": "write the whole address",
}
HERE = Place("summer.yaml", 5)


def settle(project: Project, box: Any, *rules: dict[str, Any], **more: Any) -> None:
    project.settings(pbx={"url": box.url}, rules=list(rules), **more)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with rules, as an installer leaves it."""
    folder = tmp_path / "site"
    info = folder / "acme-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    names = ("ACME002 = acme_rules:signed", "ACME003 = acme_rules:broken", "ACME004 = acme_rules:absent")
    (info / "entry_points.txt").write_text("[campaignops.rules]\n" + "\n".join(names) + "\n")
    (folder / "acme_rules.py").write_text(
        re.findall(r"```python\n(.*?)```", guide(), re.DOTALL)[0] + "broken = 7\n"
    )
    monkeypatch.syspath_prepend(folder)
    yield folder
    sys.modules.pop("acme_rules", None)


def guide() -> str:
    return (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


# What a rule sees


def test_a_rule_sees_what_people_read_and_no_number():
    seen = facts(a_campaign(send=At(1911657960, "Europe/Berlin")), None)
    assert seen == Facts(
        key="summer-sale",
        type="sms",
        name="summer-sale",
        channel="Main SMS",
        sender="+12025550100",
        recipients=3,
        text="Up to 50% off!",
        send="at",
        time="2030-07-30T16:06:00+00:00",
        session="extension",
    )
    assert not any(number in str(seen) for number in NUMBERS)


def test_a_rule_sees_a_template_filled_in_where_the_pbx_was_asked():
    message = Template(Ref("offer"), "en", None, (("who", "Ada"),))
    to = Phonebook(Ref("VIP"), "mobile_number")
    campaign = a_campaign(type="whatsapp", message=message, audience=to, session=Direct())
    offline, online = facts(campaign, None), facts(campaign, 7, Bubble("Dear Ada", footer="Bye"))
    assert (offline.text, offline.recipients) == ("Ada", 0)
    assert (online.text, online.recipients) == ("Dear Ada\nBye", 7)
    assert (online.template, online.language, online.phonebook, online.session) == (
        "offer",
        "en",
        "VIP",
        "direct",
    )


def test_a_rule_sees_the_name_of_a_file():
    assert (
        facts(a_campaign(message=FileMessage(Asset("a/sun.png", "image/png", 1, "0"))), None).file
        == "sun.png"
    )


def test_the_guide_names_every_fact():
    listed = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", guide(), re.MULTILINE)
    assert sorted(re.findall(r"\w+", " ".join(listed))) == sorted(FACTS)


# What it finds


def test_what_is_denied_is_a_finding_with_the_rules_words():
    each = Rule("ACME009", "warning", "too many", lambda campaign: campaign.recipients > 2, "fewer")
    (found,) = findings([each], facts(a_campaign(), None), HERE)
    assert (found.code, found.severity, found.message, found.help, found.place) == (
        "ACME009", "warning", "too many", "fewer", HERE,
    )  # fmt: skip
    assert list(findings([each], Facts(recipients=2), HERE)) == []


def test_a_rule_that_fails_denies_and_repeats_nothing_it_was_shown():
    def fails(campaign: Facts) -> bool:
        raise KeyError(campaign.text)

    (found,) = findings([Rule("ACME009", "warning", "m", fails)], Facts(text="secret words"), HERE)
    assert (found.code, found.severity) == ("CMP630", "error")
    assert found.message == "the rule ACME009 cannot be evaluated: KeyError"


def test_a_rules_own_tests_are_tried():
    each = Rule(
        "ACME009", "error", "m", lambda c: 1 / c.recipients > 0.5, None, None,
        denied=(Facts(recipients=1), Facts(recipients=4)), allowed=(Facts(recipients=0), Facts(recipients=1)),
    )  # fmt: skip
    assert list(failures(each)) == [
        "denied 2: is allowed",
        "allowed 1: cannot be evaluated: ZeroDivisionError",
        "allowed 2: is denied",
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ACME001", True),
        ("AB123", True),
        ("CMP001", False),
        ("CMPX001", False),
        ("acme001", False),
        ("ACME1", False),
    ],
)
def test_a_code_is_of_ones_own(code, expected):
    assert is_code(code) is expected


def test_a_function_with_a_code_that_is_ours_is_refused():
    with pytest.raises(ValueError, match="CMP001"):
        rule("CMP001", "m")


# In a project


@pytest.mark.parametrize("words", [("validate",), ("plan",), ("plan", "--offline")])
def test_a_denied_campaign_is_found(project, box, words):
    settle(project, box, NO_SHORT_LINKS)
    project.campaigns(hello=a_text(message={"text": "bit.ly/x"}), bye=a_text(message={"text": "shop.de/x"}))
    ran = project.run(*words, "--json")
    assert ran.code == (1 if words == ("validate",) else 10)
    (found,) = (each for each in ran.document["findings"] if each["code"] == "ACME001")
    assert (found["message"], found["help"]) == ("use links of our own", "write the whole address")
    assert (found["file"], found["severity"]) == ("campaigns.yaml", "error")


def test_an_apply_of_what_a_rule_denies_does_nothing(project, box):
    settle(project, box, NO_SHORT_LINKS)
    project.campaigns(hello=a_text(message={"text": "bit.ly/x"}, send="now"))
    ran = project.apply()
    assert ran.code == 10
    assert "your own rule ACME001 denies this plan; nothing was done" in ran.err
    assert writes(box) == []


def test_a_warning_lets_it_pass(project, box):
    settle(project, box, {**NO_SHORT_LINKS, "severity": "warning"})
    project.campaigns(hello=a_text(message={"text": "bit.ly/x"}))
    ran = project.apply()
    assert ran.code == 0
    assert "warning[ACME001]: use links of our own" in ran.err


def test_what_was_sent_is_not_judged_any_more(project, box):
    project.campaigns(hello=a_text(message={"text": "bit.ly/x"}, send="now"))
    assert project.apply().code == 0
    settle(project, box, NO_SHORT_LINKS)
    assert project.run("plan").code == 0


def test_a_condition_that_names_what_there_is_not_is_found_at_its_place(project, box):
    settle(project, box, {**NO_SHORT_LINKS, "deny": "campaign.txt"})
    project.campaigns(hello=a_text())
    (found,) = project.run("validate", "--json").document["findings"]
    assert (found["code"], found["file"], found["severity"]) == ("CMP630", "campaignops.yaml", "error")
    assert "ACME001 cannot be evaluated" in found["message"]


@pytest.mark.parametrize(
    ("form", "code", "words"),
    [
        ({**NO_SHORT_LINKS, "code": "CMP301"}, "CMP109", "`CMP301` is not a code for a rule"),
        ({**NO_SHORT_LINKS, "deny": "campaign.text =="}, "CMP112", ""),
        ({**NO_SHORT_LINKS, "deny": "x %}{% endif %}{% if y"}, "", ""),
        ({**NO_SHORT_LINKS, "denny": "x"}, "CMP104", "unknown key `denny`"),
        ({"code": "ACME001", "deny": "true"}, "CMP106", "`message` is missing in this rule"),
        ({**NO_SHORT_LINKS, "severity": "info"}, "CMP109", "severity"),
        ({**NO_SHORT_LINKS, "tests": {"denied": [{"txt": "x"}]}}, "CMP104", "unknown key `txt`"),
        ({**NO_SHORT_LINKS, "tests": {"denied": [{"recipients": "many"}]}}, "CMP107", "recipients"),
        ({"use": "ACME999"}, "CMP115", "no installed package has a rule ACME999"),
    ],
)
def test_a_rule_that_is_none_is_found(project, box, form, code, words):
    settle(project, box, form)
    project.campaigns(hello=a_text())
    ran = project.run("validate", "--json")
    found = [(each["code"], each["file"]) for each in ran.document["findings"]]
    if code:
        assert (code, "campaignops.yaml") in found
        assert any(words in each["message"] for each in ran.document["findings"])
    else:
        assert ran.code == 1


def test_the_same_code_twice_is_found(project, box):
    settle(project, box, NO_SHORT_LINKS, NO_SHORT_LINKS)
    assert project.run("validate", "--json").errors == ["CMP110"]


# Its tests, and Python


def test_the_guides_rule_holds_its_own_tests(project):
    block = re.findall(r"```yaml\n(rules:.*?)```", guide(), re.DOTALL)[0]
    project.write("campaignops.yaml", f"pbx: {{url: sandbox}}\n{block}")
    ran = project.run("test-policy")
    assert ran.code == 0
    assert f"$ campaignops test-policy\n{ran.out}```" in guide()


def test_a_test_that_fails_is_told(project, box):
    settle(project, box, {**NO_SHORT_LINKS, "tests": {"denied": [{"type": "whatsapp", "recipients": 3}]}})
    ran = project.run("test-policy")
    assert (ran.code, ran.out) == (1, "ACME001  denied 1: is allowed\n")
    assert "1 of 1 rules do not do what their tests say" in ran.err
    assert project.run("test-policy", "--json").document["rules"] == [
        {"code": "ACME001", "tests": 1, "failures": ["denied 1: is allowed"]}
    ]


def test_a_rule_without_tests_and_a_project_without_rules_say_so(project, box):
    assert project.run("test-policy").out == "this project has no rules of its own\n"
    settle(project, box, NO_SHORT_LINKS)
    assert project.run("test-policy").out == "ACME001  has no tests\n"
    assert project.run("test-policy", "--json").document["rules"] == [
        {"code": "ACME001", "tests": 0, "failures": []}
    ]


def test_an_installed_rule_counts_once_the_settings_name_it(project, box, package):
    project.campaigns(hello=a_text())
    assert project.run("validate", "--json").document["findings"] == []
    settle(project, box, {"use": "ACME002"})
    (found,) = project.run("validate", "--json").document["findings"]
    assert (found["code"], found["severity"], found["message"]) == (
        "ACME002", "warning", "a text ends with who sends it",
    )  # fmt: skip
    assert project.run("test-policy").out == "ACME002  2 tests hold\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ACME003", "what ACME003 names is not that rule"),
        ("ACME004", "the rule ACME004 cannot be loaded: AttributeError"),
        ("ACME022", "no installed package has a rule ACME022"),
    ],
)
def test_an_installed_rule_that_is_none_is_found(project, box, package, code, words):
    settle(project, box, {"use": code})
    (found,) = project.run("validate", "--json").document["findings"]
    assert (found["code"], found["message"]) == ("CMP115", words)
