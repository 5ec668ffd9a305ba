"""A plan on a terminal: who gets what, when, from whom, and what changes; nothing is cut without saying so."""

import subprocess
import sys
from cProfile import Profile
from dataclasses import replace
from typing import Any

import pytest

from campaignops import state
from campaignops.message.bubble import Bubble
from campaignops.model import (
    Asset,
    AssignTo,
    At,
    Components,
    Direct,
    Draft,
    FileMessage,
    MediaHeader,
    Now,
    Numbers,
    Phonebook,
    Ref,
    Template,
    Text,
    TextHeader,
    Uploaded,
)
from campaignops.planner import Edited, Live
from campaignops.report import plan_text
from campaignops.report.when import distance, iso, moment
from campaignops.state import Phase
from tests.builders import NOW_S, NUMBERS, TIME_S, a_campaign, a_plan, an_entry

__all__ = ["NOW_S", "a_campaign", "a_plan", "an_entry"]  # for the tests of the other reports


def shown(made, **other):
    said: dict[str, Any] = {"now_s": NOW_S, "color": False, "pbx": "pbx.example.com"}
    return plan_text.text(made, **(said | other))


def block(made, **other):
    """The lines of the first change, without the header and the count."""
    return shown(made, **other).split("\n\n")[2].splitlines()


def row(made, label, **other):
    return next(line.split(maxsplit=1)[1] for line in block(made, **other) if line.split()[0] == label)


def test_a_create_says_when_from_whom_to_how_many_and_what():
    made = a_plan(a_campaign(name="SummerSale202507"), environment="production")
    assert shown(made, folder="campaigns") == (
        "campaignops plan  ·  env production  ·  PBX pbx.example.com  ·  state serial 41\n"
        "\n"
        "  + create    ~ update    - delete    ! blocked    · no change\n"
        "\n"
        "  + summer-sale   SMS   campaigns/summer.yaml:5\n"
        "      reason    not recorded\n"
        "      send      Tue 2030-07-30 18:06 Europe/Berlin   (in 5 d 1 h)\n"
        "      name      SummerSale202507\n"
        "      sender    +1202•••0100   channel Main SMS\n"
        "      audience  3 people\n"
        "      text      │ Up to 50% off!\n"
        "      length    1 part GSM-7, 14 of 160\n"
        "      session   extension 1002\n"
        "      steps     create → release\n"
        "\n"
        "Plan: 1 to create, 0 to update, 0 to delete, 0 blocked. 3 people.\n"
    )


def test_an_update_shows_what_was_and_what_becomes_and_counts_the_rest():
    before = a_campaign("loyalty", message=Text("Hello, the bonus is yours until Sunday. Come and see us!"))
    after = a_campaign(
        "loyalty",
        message=Text("Hello, the bonus is yours until Monday. Come and see us!"),
        send=At(TIME_S + 7200, "Europe/Berlin"),
        audience=Numbers((NUMBERS[0], "+8613800005555")),
        session=Direct(),
    )
    made = a_plan(after, recorded=[an_entry(before)], live=Live({203: "scheduled"}))
    assert block(made) == [
        "  ~ loyalty   SMS   summer.yaml:5   id 203",
        "      reason    the manifest differs from what was applied",
        "      send      Tue 2030-07-30 18:06 Europe/Berlin   (in 5 d 1 h)"
        " -> Tue 2030-07-30 20:06 Europe/Berlin   (in 5 d 3 h)",
        "      sender    +1202•••0100   channel Main SMS",
        "      audience  3 people -> 2 people   +1 −2",
        "      message.text  Hello, the bonus is yours until [-Sunday-]{+Monday+}. Come and see us!",
        "      session       extension 1002 -> direct",
        "      length    1 part GSM-7, 56 of 160",
        "      (5 fields unchanged)",
        "      steps     update → release",
    ]


def test_numbers_that_differ_only_where_they_are_hidden_are_said_to_differ():
    before = a_campaign()
    after = replace(before, sender=Ref("+12025990100"))
    made = a_plan(after, recorded=[an_entry(before)], live=Live({203: "scheduled"}))
    line = next(line for line in block(made) if "->" in line)
    assert line.split(maxsplit=1)[1] == '"+1202•••0100" -> "+1202•••0100" (they differ in the hidden digits)'


def test_a_release_of_a_recorded_draft_says_so():
    campaign = a_campaign()
    made = a_plan(campaign, recorded=[an_entry(campaign, phase=Phase.BOUND)], live=Live({203: "draft"}))
    assert row(made, "send") == "kept as a draft -> Tue 2030-07-30 18:06 Europe/Berlin   (in 5 d 1 h)"
    assert row(made, "steps") == "release"
    assert row(made, "text") == "│ Up to 50% off!"


def test_a_delete_says_when_it_would_have_been_sent_in_the_zone_of_its_author():
    made = a_plan(recorded=[an_entry(a_campaign("gone"))], live=Live({203: "scheduled"}))
    assert block(made, timezone="America/New_York") == [
        "  - gone   SMS   id 203",
        "      reason    no manifest has it any more",
        "      send      Tue 2030-07-30 18:06 Europe/Berlin   (in 5 d 1 h)",
        "      audience  3 people",
        "      steps     delete",
    ]


def test_a_blocked_change_shows_the_difference_and_the_way_out():
    before = a_campaign(send=At(TIME_S, "UTC"))
    after = replace(before, message=Text("Up to 60% off!"), send=At(TIME_S + 60, "UTC"))
    made = a_plan(after, recorded=[an_entry(before)], live=Live({203: "completed"}))
    assert block(made) == [
        "  ! summer-sale   SMS   summer.yaml:5   id 203",
        "      reason    has begun to send (completed) and cannot be changed",
        '      message.text  "Up to 50% off!" -> "Up to 60% off!"',
        "      send.at       Tue 2030-07-30 16:06 UTC -> Tue 2030-07-30 16:07 UTC",
        "      help      put the old text back, or copy the block under a new key (and a new name) to send again",
    ]
    assert shown(made).endswith("0 to delete, 1 blocked. 0 people.\n")


def test_drift_stands_under_its_own_heading_after_the_rest():
    drifted, new = a_campaign("drifted"), a_campaign("new")
    live = Live({203: "scheduled"}, edited={203: Edited("g")})
    parts = shown(a_plan(drifted, new, recorded=[an_entry(drifted)], live=live)).split("\n\n")
    assert [part.split()[1] for part in (parts[2], parts[4])] == ["new", "drifted"]
    assert parts[3].startswith("  Changed on the PBX since the last apply")


@pytest.mark.parametrize(
    ("send", "words"),
    [
        (Draft(), "kept as a draft"),
        (Now(), "as soon as it is applied"),
        (At(TIME_S, "+02:00"), "Tue 2030-07-30 18:06 +02:00   (in 5 d 1 h)"),
    ],
)
def test_sending_is_said_in_words(send, words):
    assert row(a_plan(a_campaign(send=send)), "send") == words


def test_a_template_shows_its_values_until_there_is_a_preview():
    message = Template(
        Ref("discount"),
        "en",
        MediaHeader("image", Asset("assets/demo.jpeg", "ab", 12345, "image/jpeg")),
        (("tier", "VIP"),),
        (("Shop", "sale"),),
    )
    made = a_plan(a_campaign(type="whatsapp", message=message, sender=None))
    assert block(made)[4:9] == [
        "      audience  3 people",
        "      template  discount/en",
        "      header    image assets/demo.jpeg   (12,345 bytes)",
        "                │ tier: VIP",
        "                │ button Shop: sale",
    ]
    filled = replace(
        made, changes=tuple(replace(c, preview=Bubble("Dear VIP,\n\nhurry")) for c in made.changes)
    )
    assert block(filled)[7:10] == [
        "                │ Dear VIP,",
        "                │",
        "                │ hurry",
    ]


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (FileMessage(Asset("a.pdf", "00", 1, "application/pdf")), "file      a.pdf   (1 bytes)"),
        (FileMessage(Uploaded("9", "b.pdf", "u", "t", 2)), "file      b.pdf   (2 bytes, on the PBX already)"),
        (Template(Ref("t"), "de", TextHeader("Hi"), ("one",)), "          │ {{1}}: one"),
        (Components(Ref(id=4), "de", '[{"type": "body"}]'), "template  id 4/de"),
    ],
)
def test_every_kind_of_message_is_shown(message, line):
    assert f"      {line}" in block(a_plan(a_campaign(message=message)))


def test_people_of_a_phonebook_are_not_counted_as_none():
    made = a_plan(a_campaign(audience=Phonebook(Ref("VIP"), "business_number")), a_campaign("other"))
    assert row(made, "audience") == "the people of phonebook VIP (business_number)"
    assert shown(made).endswith("3 people and those of 1 phonebook.\n")


def test_a_file_of_recipients_is_named():
    made = a_plan(a_campaign(audience=Numbers(NUMBERS[:1], "audiences/vip.csv")))
    assert row(made, "audience") == "1 person   from audiences/vip.csv"


def test_a_long_text_is_folded_and_what_is_hidden_is_counted():
    made = a_plan(a_campaign(message=Text("\n".join(f"line {n}" for n in range(40)))))
    assert "                │ … 28 more lines; -v shows them" in block(made)
    assert "                │ line 39" in block(made, verbose=True)
    words = "many words " * 30
    folded = [line.split("│ ")[1] for line in block(a_plan(a_campaign(message=Text(words)))) if "│" in line]
    assert max(map(len, folded)) <= 88
    assert " ".join(folded) == words.strip()


def test_what_does_not_change_is_counted_and_listed_only_on_demand():
    sent, waiting, new = a_campaign("sent"), a_campaign("waiting"), a_campaign("new")
    recorded = [an_entry(sent, 1), an_entry(waiting, 2)]
    made = a_plan(sent, waiting, new, recorded=recorded, live=Live({1: "completed", 2: "scheduled"}))
    assert "  · 2 campaigns are unchanged (1 sent, 1 draft or scheduled)\n" in shown(made)
    assert "waiting" not in shown(made)
    assert "  · waiting   SMS   summer.yaml:5   id 2" in shown(made, verbose=True)


def test_nothing_to_do_is_one_line():
    keys = [f"c{n}" for n in range(5)]
    status = {n: "completed" if n < 3 else "scheduled" for n in range(5)}
    campaigns = [a_campaign(key) for key in keys]
    recorded = [an_entry(campaign, n) for n, campaign in enumerate(campaigns)]
    made = a_plan(*campaigns, recorded=recorded, live=Live(status))
    assert shown(made) == "No changes. 5 campaigns match the manifests (3 sent, 2 drafts or scheduled).\n"
    assert shown(a_plan()) == "No changes. There are no campaigns.\n"
    kept = a_plan(recorded=recorded[:1], live=Live(status))
    assert shown(kept) == "No changes. 1 sent before, without a manifest now, is kept as history.\n"


def test_a_moved_key_is_shown_although_the_pbx_does_not_change():
    before, after = a_campaign("old", name="Sale"), a_campaign("new", name="Sale", moved_from="old")
    made = a_plan(after, recorded=[an_entry(before)], live=Live({203: "scheduled"}))
    assert "  · new   SMS   summer.yaml:5   id 203\n      reason    moved from `old`;" in shown(made)
    assert shown(made).endswith("(1 draft or scheduled). 1 takes its new key when applied.\n")


def test_what_is_unchanged_costs_next_to_nothing_and_a_create_little():
    """In calls of functions, which are the same on every machine."""
    campaign = a_campaign()
    live = Live({203: "scheduled"})
    quiet = a_plan(campaign, recorded=[an_entry(campaign)], live=live)
    loud = a_plan(campaign)
    for made, count, most in ((quiet, 10_000, 30), (loud, 1_000, 400)):
        many = replace(made, changes=made.changes * count)
        with Profile() as profile:
            shown(many)
        assert sum(entry.callcount for entry in profile.getstats()) / count < most


def test_the_report_of_a_plan_loads_no_library_it_does_not_need():
    code = (
        "import sys, campaignops.report.plan_text\n"
        "print([m for m in ('rich', 'pydantic', 'httpx', 'deepdiff', 'jinja2') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5 * 86400 + 2 * 3600 + 59, "in 5 d 2 h"),
        (86400 + 60, "in 1 d"),
        (3660, "in 1 h 1 min"),
        (240, "in 4 min"),
        (-90, "1 min 30 s ago"),
        (0, "now"),
    ],
)
def test_distances_name_the_two_largest_units(seconds, words):
    assert distance(NOW_S + seconds, NOW_S) == words


def test_an_hour_that_occurs_twice_is_told_apart():
    first, second = 1919289600, 1919293200  # 2030-10-27, 02:00 summer time and 02:00 winter time
    assert moment(first, "Europe/Berlin") == "Sun 2030-10-27 02:00 (+0200) Europe/Berlin"
    assert moment(second, "Europe/Berlin") == "Sun 2030-10-27 02:00 (+0100) Europe/Berlin"


@pytest.mark.parametrize("zone", ["No/Where", "", "Europe", "+99:00", "+1x", "../x"])
def test_a_zone_that_is_none_is_shown_as_utc(zone):
    assert moment(TIME_S, zone) == "Tue 2030-07-30 16:06 UTC"


def test_times_no_calendar_has_and_seconds_are_not_lost():
    assert moment(10**14, "UTC") == "Unix time 100000000000000"
    assert iso(10**14, "UTC") is None
    assert moment(TIME_S + 5, "-03:30") == "Tue 2030-07-30 12:36:05 -03:30"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (Direct(), AssignTo("queue", Ref("Support")), "direct -> queue Support"),
        (AssignTo("queue", Ref("Support")), AssignTo("queue", Ref(id=5)), "queue Support -> queue id 5"),
        (
            AssignTo("queue", Ref("Support")),
            AssignTo("extension", Ref("1002")),
            "queue Support -> extension 1002",
        ),
    ],
)
def test_who_answers_is_said_in_one_line(before, after, said):
    entry = an_entry(a_campaign(session=before))
    made = a_plan(a_campaign(session=after), recorded=[entry], live=Live({203: "scheduled"}))
    assert row(made, "session") == said


def test_people_who_were_added_on_the_pbx_are_told_by_their_masks():
    people = (*NUMBERS, "+8613800004444")
    edit = Edited("g", state.spec(a_campaign(audience=Numbers(people))), {}, people)
    live = Live({203: "scheduled"}, edited={203: edit})
    made = a_plan(a_campaign(), recorded=[an_entry(a_campaign())], live=live)
    lines = shown(made).splitlines()
    assert "      audience  4 people -> 3 people" in lines
    assert "      recipients.people  4 on the PBX, 1 of them not ours: +8613•••4444" in lines
