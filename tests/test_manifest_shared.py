"""What campaigns share: `vars` and `defaults` of a file and of its folders, and where findings about them point."""

from __future__ import annotations

import pytest

from campaignops import manifest
from campaignops.manifest import writing
from campaignops.manifest.yaml import canonical
from campaignops.model import AssignTo, At, Draft, Numbers, Phonebook, Ref, Template, Text
from tests.manifest_folder import SMS, places, project_of, read, sms, write

DEFAULTS = """\
defaults:
  type: sms
  channel: Main SMS
  recipients: {numbers: ["+8613800001111"]}
  message: {text: "Hello from {{ brand }}"}
  send: draft
  session: direct
"""
SETTINGS = "pbx: {url: sandbox}\nvars: {brand: SmartMal}\n"


def campaigns(root, *, settings=SETTINGS, **files):
    """The campaigns of a folder with these files, by key; all is well with them."""
    found, findings = read(write(root, **files), settings=settings)
    assert findings == []
    return {campaign.key: campaign for campaign in found}


def test_a_campaign_may_say_nothing_of_its_own(tmp_path):
    found = campaigns(
        tmp_path, a=DEFAULTS + "campaigns:\n  one:\n  two: {}\n  three: {message: {text: Bye}}\n"
    )
    assert [c.message for c in found.values()] == [
        Text("Hello from SmartMal"), Text("Hello from SmartMal"), Text("Bye")
    ]  # fmt: skip


def test_the_nearest_default_wins_and_folders_hand_theirs_down(tmp_path):
    found = campaigns(
        tmp_path,
        **{
            "_defaults.yaml": "vars: {brand: Root, season: summer}\n" + DEFAULTS,
            "shop/_defaults.yaml": "vars: {brand: 'Shop of {{ brand }}'}\ndefaults: {channel: Shop SMS}\n",
            "shop/north/a.yaml": "defaults: {sender: '+12025550100'}\ncampaigns: {north: {}}\n",
            "b.yaml": "vars: {brand: Mine}\ncampaigns: {root: {name: '{{ season }}'}}\n",
        },
    )
    north, root = found["north"], found["root"]
    assert (north.channel, north.sender, north.message) == (
        Ref("Shop SMS"), Ref("+12025550100"), Text("Hello from Shop of Root")
    )  # fmt: skip
    assert (root.channel, root.name, root.message) == (Ref("Main SMS"), "summer", Text("Hello from Mine"))


def test_a_var_of_the_command_line_wins_over_those_of_folders(tmp_path):
    write(
        tmp_path, **{"_defaults.yaml": "vars: {brand: Folder}\n" + DEFAULTS, "a.yaml": "campaigns: {a: }\n"}
    )
    found, findings = read(tmp_path, overrides={"brand": "Given"})
    assert (findings, found[0].message) == ([], Text("Hello from Given"))


def test_mappings_merge_and_all_else_replaces(tmp_path):
    found = campaigns(
        tmp_path,
        a="""\
defaults:
  type: whatsapp
  channel: Shop
  recipients: {phonebook: VIP, field: mobile_number}
  message: {template: sale, language: en, body: {a: one, b: two}}
  send: {at: "2030-07-30 18:06", timezone: Europe/Berlin}
  session: direct
campaigns:
  whole: {}
  part:
    recipients: {field: home_number}
    message: {language: de, body: {b: zwei}}
    send: {at: "2030-08-01 09:00"}
  other: {message: {body: [x]}, send: draft}
""",
    )
    whole, part, other = found.values()
    assert part.audience == Phonebook(Ref("VIP"), "home_number")
    assert part.message == Template(Ref("sale"), "de", None, (("b", "zwei"), ("a", "one")))
    assert isinstance(whole.send, At)
    assert isinstance(part.send, At)
    assert part.send.zone == whole.send.zone == "Europe/Berlin"
    assert isinstance(other.message, Template)
    assert (other.message.body, other.send) == (("x",), Draft())


def test_another_choice_leaves_what_belonged_to_the_first_behind(tmp_path):
    found = campaigns(
        tmp_path,
        a="""\
defaults:
  type: sms
  channel: Main SMS
  recipients: {phonebook: VIP, field: mobile_number}
  message: {template: sale, language: en}
  send: draft
  session: {assign_to: {queue: Support}}
campaigns:
  a:
    recipients: {numbers: ["+8613800001111"]}
    message: {text: Hi}
    session: {assign_to: {extension: "1002"}}
""",
    )
    assert found["a"].audience == Numbers(("+8613800001111",))
    assert found["a"].session == AssignTo("extension", Ref("1002"))


def test_an_empty_value_takes_a_default_away_and_only_that(tmp_path):
    files = {
        "_defaults.yaml": DEFAULTS + "  sender: '+12025550100'\n",
        "a/_defaults.yaml": "defaults: {sender: }\n",
        "a/a.yaml": "campaigns: {inner: {}}\n",
        "b.yaml": "campaigns: {outer: {sender: }, kept: {}}\n",
        "c.yaml": "defaults: {sender: null}\ncampaigns: {file: {}}\n",
    }
    found = campaigns(tmp_path, **files)
    assert {key: c.sender for key, c in found.items()} == {
        "inner": None, "outer": None, "file": None, "kept": Ref("+12025550100")
    }  # fmt: skip
    _, findings = read(write(tmp_path, **{"b.yaml": "campaigns: {outer: {moved: }}\n"}), settings=SETTINGS)
    assert places(findings) == [("CMP107", 1, 21)]


def test_defaults_are_rendered_for_each_campaign(tmp_path):
    found = campaigns(
        tmp_path,
        a=DEFAULTS.replace("Hello", "{{ each.value }}").replace(
            "  send", "  name: sale {{ each.key }}\n  send"
        )
        + "campaigns: {sale: {for_each: {de: Hallo, en: Hi}}}\n",
    )
    assert [(c.name, c.message) for c in found.values()] == [
        ("sale de", Text("Hallo from SmartMal")), ("sale en", Text("Hi from SmartMal"))
    ]  # fmt: skip


def test_a_template_gets_the_defaults_of_its_folder_and_its_own_values_stay_as_they_are(tmp_path):
    text = "campaigns:\n  {{ brand }}:\n    name: '{% raw %}{{ brand }}{% endraw %}'\n"
    files = {"_defaults.yaml": "vars: {brand: Folder}\n" + DEFAULTS, "a.yaml.j2": text}
    found = campaigns(tmp_path, **files)
    assert (found["Folder"].name, found["Folder"].message) == ("{{ brand }}", Text("Hello from Folder"))


# findings


def test_what_is_wrong_in_a_default_is_told_once_where_it_stands_with_who_uses_it(tmp_path):
    files = {
        "_defaults.yaml": DEFAULTS.replace("send: draft", "send: drfat").replace("brand", "brnad"),
        "a.yaml": "campaigns: {a: {}, b: {}, c: {}}\n",
        "b.yaml": "campaigns: {d: {}, e: {send: now, message: {text: x}}}\n",
    }
    _, findings = read(write(tmp_path, **files), settings=SETTINGS)
    assert [(f.code, str(f.place)) for f in findings] == [
        ("CMP111", "_defaults.yaml:5:34"), ("CMP109", "_defaults.yaml:6:9")
    ]  # fmt: skip
    assert [f.note for f in findings] == ["used by `a`, `b`, `c` and 1 more"] * 2


def test_a_campaigns_own_mistake_is_told_in_the_campaign(tmp_path):
    text = DEFAULTS.replace("  channel: Main SMS\n", "") + "campaigns:\n  a:\n    send: x\n"
    _, findings = read(write(tmp_path, a=text), settings=SETTINGS)
    assert places(findings) == [("CMP106", 8, 3), ("CMP109", 9, 11)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("defaults: [a]\n" + SMS, [("CMP107", 1, 1)]),
        ("defaults: {for_each: [a]}\n" + SMS, [("CMP116", 1, 12)]),
        ("defaults: {moved: {from: a}}\n" + SMS, [("CMP116", 1, 12)]),
        ("defaults: {a: 1, a: 2}\n" + SMS, [("CMP104", 1, 12), ("CMP103", 1, 18)]),
        ("defaults: {chanel: x}\n" + SMS, [("CMP104", 1, 12)]),
        ("default: {channel: x}\n" + SMS, [("CMP104", 1, 1)]),
        ("defaults:\n" + SMS, []),
        ("defaults: {sender: '+12025550100'}\n", [("CMP118", 1, 1)]),
    ],
)
def test_defaults_that_do_not_hold(tmp_path, text, expected):
    assert places(read(write(tmp_path, a=text))[1]) == expected


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("_defaults.yaml", "defaults: {a: [b\n", ["CMP101"]),
        ("_defaults.yaml", "- a\n", ["CMP107"]),
        ("_defaults.yaml", "defaults: {}\ncampaigns: {a: {}}\n", ["CMP104"]),
        ("_defaults.yaml", "vars: {1x: a}\n", ["CMP107"]),
        ("_defaults.yaml", "# nothing yet\n", []),
        ("_defaults.yml", DEFAULTS, ["CMP118"]),
        ("_defaults.yaml.j2", DEFAULTS, ["CMP118"]),
        ("_default.yaml", DEFAULTS, ["CMP118"]),
        ("_notes.yaml", "a: [", []),
    ],
)
def test_what_a_folder_hands_down_is_checked_once(tmp_path, file, text, expected):
    write(tmp_path, **{file: text, "a.yaml": sms(), "b.yaml": sms().replace("hello", "bye")})
    found, findings = read(tmp_path)
    assert [f.code for f in findings] == expected
    assert all(f.place is not None and f.place.file == file for f in findings)
    assert len(found) == (0 if set(expected) & {"CMP101", "CMP107"} else 2)


def test_a_link_out_of_the_project_hands_nothing_down(tmp_path):
    write(tmp_path, **{"outside.yaml": DEFAULTS})
    root = write(tmp_path / "project", a=SMS)
    (root / "_defaults.yaml").symlink_to("../outside.yaml")
    assert [f.code for f in read(root)[1]] == ["CMP114"]


def test_a_field_is_located_where_its_default_stands(tmp_path):
    write(tmp_path, **{"_defaults.yaml": DEFAULTS, "a.yaml": "campaigns: {a: {send: now}}\n", "b.yaml": SMS})
    desired = manifest.read(project_of(tmp_path, SETTINGS))
    first, second = desired
    assert str(desired.locate(first, ("channel",))) == "_defaults.yaml:3:12"
    assert str(desired.locate(first, ("send",))) == "a.yaml:1:23"
    assert str(desired.locate(second, ("channel",))) == "b.yaml:4:14"


# what is written


def test_a_campaign_that_is_taken_over_takes_no_default(tmp_path):
    found = campaigns(tmp_path / "plain", a=sms(recipients='{numbers: ["+8613800002222"]}'))
    defaults = DEFAULTS + "  sender: '+12025550100'\n  name: x\n  prevent_delete: true\n"
    root = write(tmp_path / "other", **{"_defaults.yaml": defaults})
    layers = manifest.read(project_of(root, SETTINGS)).defaults("b.yaml")
    text = writing.text([(found["hello"], "")], defaults=layers)
    assert "sender: null" in text
    (again,) = campaigns(root, **{"b.yaml": text}).values()
    assert (again.sender, again.name, again.prevent_delete) == (None, "hello", False)
    assert (again.message, again.audience) == (found["hello"].message, found["hello"].audience)


def test_fmt_puts_defaults_in_the_order_of_campaigns():
    given = (
        b"defaults:\n    session: direct\n    # who\n    channel: Main SMS\n"
        b"campaigns:\n    a:\n        send: draft\n        type: sms\n"
    )
    made = canonical.formatted(given)
    assert made.decode() == (
        "defaults:\n  # who\n  channel: Main SMS\n  session: direct\ncampaigns:\n  a:\n    type: sms\n    send: draft\n"
    )
    assert canonical.formatted(made) == made
