"""The plan as a page: everything that people write stays text, nothing is loaded, no number is whole."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignops.findings import Finding, Place
from campaignops.message.bubble import Bubble
from campaignops.model import (
    Asset,
    At,
    Campaign,
    Components,
    Draft,
    FileMessage,
    MediaHeader,
    Ref,
    Template,
    Text,
)
from campaignops.planner import Live, Plan
from campaignops.report.page import Setting, page
from campaignops.report.page.element import Html, diff, element, lines
from tests.builders import NOW_S, NUMBERS, TIME_S, a_campaign, a_plan, an_entry

PICTURE = Asset("assets/sun.png", "image/png", 9, "0" * 64)
TEMPLATE = Template(Ref("offer"), "en", MediaHeader("image", PICTURE), (("who", "Ada"),), (("Shop", "x"),))
VOID = ("img", "meta")


class Reader(HTMLParser):
    """Which elements there are, with which attributes; text by the class of what it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert not self.open, "an element is not closed"

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(dict(attrs).get("class") or tag)

    def handle_endtag(self, tag):
        self.open.pop()

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def of(self, name: str) -> list[str]:
        return [text for where, text in self.texts if where == name]


def read(made: Plan, *desired: Campaign, changes=None, **other) -> Reader:
    setting = Setting(NOW_S, "Europe/Berlin", "sandbox", {c.key: c for c in desired}, **other)
    return Reader(page(made, made.changes if changes is None else changes, setting))


def shown(campaign: Campaign, bubble: Bubble | None = None, **other) -> Reader:
    made = a_plan(campaign)
    made = replace(made, changes=tuple(replace(change, preview=bubble) for change in made.changes))
    return read(made, campaign, **other)


def test_an_sms_stands_on_the_phone_in_its_parts():
    reader = shown(a_campaign(message=Text("a" * 200)))
    assert reader.of("bubble") == ["a" * 153, "a" * 47]
    assert reader.of("part") == [
        "part 1 of 2 · 153 of 153 characters, GSM-7",
        "part 2 of 2 · 47 of 153 characters, GSM-7",
    ]


def test_a_template_stands_there_filled_in_with_its_picture():
    campaign = a_campaign(type="whatsapp", message=TEMPLATE)
    bubble = Bubble("Dear Ada", file=PICTURE, kind="image", footer="Bye", buttons=("Shop", "Later"))
    reader = shown(campaign, bubble, images={PICTURE.path: "data:image/png;base64,AA=="})
    assert ("img", {"src": "data:image/png;base64,AA==", "alt": "image sun.png"}) in reader.found
    assert reader.of("bubble") == ["Dear Ada"]
    assert reader.of("small") == ["Bye"]
    assert reader.of("button") == ["Shop", "Later"]


def test_without_the_pbx_a_template_shows_its_values():
    reader = shown(a_campaign(type="whatsapp", message=TEMPLATE))
    assert reader.of("file") == ["image sun.png"]
    assert reader.of("bubble") == ["template offer/en\nwho: Ada\nShop: x"]


def test_components_are_shown_as_they_are():
    message = Components(Ref("offer"), "en", '[{"type":"BODY"}]', ())
    assert shown(a_campaign(type="whatsapp", message=message)).of("bubble") == [
        'template offer/en\n[{"type":"BODY"}]'
    ]


def test_a_file_that_is_no_picture_is_named():
    assert shown(a_campaign(message=FileMessage(PICTURE))).of("file") == ["file sun.png"]


def test_the_facts_are_those_of_the_plan_without_the_text():
    reader = shown(a_campaign(name="Summer"))
    facts = dict(zip(reader.of("dt"), reader.of("dd"), strict=True))
    assert facts["send"] == "Tue 2030-07-30 18:06 Europe/Berlin   (in 5 d 1 h)"
    assert facts["audience"] == "3 people"
    assert facts["name"] == "Summer"
    assert "text" not in facts


def test_a_changed_text_shows_what_goes_and_what_comes():
    before = a_campaign(message=Text("Our doors open on Sunday at nine."))
    after = a_campaign(message=Text("Our doors open on Monday at nine."))
    made = a_plan(after, recorded=[an_entry(before)], live=Live({203: "scheduled"}))
    reader = read(made, after)
    assert (reader.of("del"), reader.of("ins")) == (["Sunday"], ["Monday"])


def test_send_times_stand_on_a_calendar_in_the_projects_zone():
    other = a_campaign("late", send=At(TIME_S + 40 * 86400, "Asia/Tokyo"))
    draft = a_campaign("draft", send=Draft())
    reader = read(a_plan(other, a_campaign(), draft))
    assert reader.of("caption") == ["2030-07", "2030-09"]
    assert [text for where, text in reader.texts if where == "div" and ":" in text] == [
        "18:06 summer-sale",
        "18:06 late",
    ]
    assert "Mon 2030-09-09 01:06 Asia/Tokyo" in reader.of("td")


def test_nothing_that_has_a_time_leaves_no_calendar():
    assert "month" not in str(read(a_plan(a_campaign(send=Draft()))).found)


def test_a_campaign_without_a_manifest_has_no_phone():
    gone = a_campaign()
    reader = read(a_plan(recorded=[an_entry(gone)], live=Live({203: "scheduled"})))
    assert "without a manifest" in reader.of("soft place")
    assert reader.of("bubble") == []


def test_findings_come_first_with_place_and_help():
    finding = Finding("CMP407", "warning", "it is late", Place("a.yaml", 3, 7), note="by 3 h", help="move it")
    reader = read(replace(a_plan(a_campaign()), findings=(finding,)))
    assert reader.of("warning") == ["warning[CMP407]"]
    assert reader.of("soft place")[0] == "a.yaml:3:7"
    assert {"note: by 3 h", "help: move it"} <= set(reader.of("div"))


def test_the_page_loads_nothing_and_runs_nothing():
    reader = shown(a_campaign())
    policies = [a["content"] for tag, a in reader.found if "http-equiv" in a]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert not {"script", "link", "iframe", "a"} & {tag for tag, _ in reader.found}
    assert "url(" not in "".join(reader.of("style"))


HOSTILE = st.text(st.sampled_from("<>&\"'/=ab\0\n{}-[]+\u202e"), max_size=12) | st.sampled_from(
    ["<script>alert(1)</script>", "</style><img src=x onerror=y>", "[-<b>-]{+</dd>+}", "&lt;", "]]>", "<!--"]
)


@settings(max_examples=60)
@given(HOSTILE, HOSTILE)
def test_whatever_people_write_stays_text(one, two):
    number = NUMBERS[0]
    campaign = a_campaign(
        one or "k",
        name=two,
        message=Text(two + number),
        channel=Ref(one),
        sender=Ref(two),
        place=Place(one, 1),
    )
    before = replace(campaign, message=Text("x" * 30), name=one)
    made = a_plan(campaign, recorded=[an_entry(before)], live=Live({203: "scheduled"}), environment=two)
    finding = Finding("CMP101", "error", one, Place(two, 1), note=two, help=one + number)
    setting = Setting(NOW_S, "Europe/Berlin", two, {campaign.key: campaign}, {})
    text = page(replace(made, findings=(finding,)), made.changes, setting)
    plain = shown(a_campaign())
    reader = Reader(text)
    assert {tag for tag, _ in reader.found} <= {tag for tag, _ in plain.found} | {
        "del",
        "ins",
        "ul",
        "li",
        "b",
    }
    assert {name for _, said in reader.found for name in said} <= {
        name for _, said in plain.found for name in said
    }
    assert number not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (
            element("p", "<&>", Html("<b>x</b>"), class_='a"b'),
            '<p class="a&quot;b">&lt;&amp;&gt;<b>x</b></p>',
        ),
        (element("meta", http_equiv="x"), '<meta http-equiv="x">'),
        (lines("a\r\n<b>\u202e"), "a\n&lt;b&gt;\\u202e"),
        (diff("a [-b<-]{+c+} d"), "a <del>b&lt;</del><ins>c</ins> d"),
    ],
)
def test_an_element_escapes_what_is_not_markup(made, expected):
    assert made == expected
    assert isinstance(made, Html)
