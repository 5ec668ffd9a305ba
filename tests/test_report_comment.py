"""The comment of a pull request: what it says, that it fits, and that nothing in it but our own words is markup.

The judge is GitHub's own Markdown parser, with raw HTML let through: what it makes of a comment is looked at.
"""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaignops.errors import PbxError, RefusedError
from campaignops.findings import Finding, Place
from campaignops.model import At, Numbers, Text
from campaignops.planner import Live, Plan, Selection
from campaignops.report import comment, comment_result
from campaignops.report.comment import LIMIT, Told
from campaignops.report.inert import units
from campaignops.state import Pbx, Phase
from tests.builders import NOW_S, NUMBERS, TIME_S, a_campaign, a_plan, an_entry
from tests.test_report_safety import Result, plans

TOLD = Told("Europe/Berlin", NOW_S, "campaigns", ("plan.json", TIME_S - 900))
CANARY = "zzq"
PBX = Pbx("SERIAL", "https://pbx.example.com")


class Rendered(HTMLParser):
    """The elements of a rendered comment in their order, and the text that stands outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bare = ""
        self.comments: list[str] = []
        self._open: list[str] = []
        self.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag != "strong":  # a text of two parts is, whatever it says
            self.tags.append(tag)
        self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if not {"code", "pre"} & set(self._open):
            self.bare += data


HOSTILE = [
    "@everyone", "#1", "https://evil.example", "www.evil.example", "mail@evil.example", "![x](https://evil.example)",
    "[x](https://evil.example)", "<img src=x>", "<script>", "</details>", "</code>", "</summary>", "-->", "<!--",
    "```", "~~~", "`", "``", "|", "\\|", "\\\\|", "\\", "**", "__", "> x", "# x", "- [x] x", "/approve", ":tada:",
    "::error::x", "::stop-commands::t", "##[error]x", "##vso[task.complete]", "&lt;", "&#64;x", "$x$", "$$x$$",
    "\n", "\n\n", "\n\n| a |\n|--|\n", "\r", "\t", "    ", "\x1b[31m", "\u202e", "\u2028", "x" * 300, "```mermaid\n",
]  # fmt: skip
_hostile = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=5), max_size=6).map(
    lambda parts: f"{CANARY}{CANARY.join(parts)}{CANARY}"
)


def comments(one: str, two: str) -> list[str]:
    finding = Finding("CMP105", "error", one, Place(two, 1, 2, 3), note=two, help=one)
    found = []
    for made in plans(one, two):
        results = [
            Result(change.key, "unknown", None, two, f"campaignops resolve {one}") for change in made.changes
        ]
        told = Told("Europe/Berlin", NOW_S, two, (one, TIME_S))
        found += [
            comment.text(replace(made, findings=(finding,)), told),
            comment_result.text(made, results, told, PbxError(one)),
            comment.failure(PbxError(two), [finding], one, two),
        ]
    return found


BENIGN = [Rendered(text).tags for text in comments("one", "two")]


@settings(max_examples=40)
@given(_hostile, _hostile)
@example(f"{CANARY}\\|{CANARY}", f"{CANARY}`|`{CANARY}")
@example(f"{CANARY}\n::error::x\n  ::warning::y{CANARY}", f"{CANARY}##[group]x{CANARY}")
@example(f"`{CANARY}`", f" {CANARY} ")
@example(f"{CANARY}##vso[task.complete]{CANARY}", f"{CANARY}##[error]x{CANARY}")
def test_nothing_that_others_wrote_is_markup_a_link_a_mention_or_a_command(one, two):
    for text, tags in zip(comments(one, two), BENIGN, strict=True):
        rendered = Rendered(text)
        assert rendered.tags == tags, "the same elements as with harmless words"
        assert not {"a", "img", "script", "h1"} & set(tags)
        assert CANARY not in rendered.bare, "outside of code, GitHub looks for mentions and addresses"
        assert len(rendered.comments) == 1
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())
        assert "##[" not in text
        assert "##vso[" not in text
        assert units(text) <= LIMIT


def test_a_comment_says_people_times_and_what_is_needed_before_the_rest():
    made = replace(a_plan(a_campaign(name="SummerSale202507"), environment="production"), pbx=PBX)
    head = comment.text(made, TOLD).split("<details>")[0]
    assert head == (
        "<!-- campaignops:plan:production -->\n"
        "\n"
        "## 📨 Campaign plan · `production` · 1 new\n"
        "\n"
        "**3 people** · 3 SMS parts · first send **Tue 2030-07-30 18:06 Europe/Berlin** · "
        f"plan `{made.digest[:12]}` · valid until Tue 2030-07-30 17:51 Europe/Berlin\n"
        "\n"
        "| | Campaign | Channel | Sends | People | Parts | Notes |\n"
        "|--|--|--|--|--:|--:|--|\n"
        "| 🟢 + | `summer-sale` | SMS | `Tue 2030-07-30 18:06 Europe/Berlin` | 3 | 1 |  |\n"
        "\n"
    )
    tail = comment.text(made, TOLD).split("</details>")[-1]
    assert tail == (
        "\n\n**Before this can be applied**\n"
        "- [x] no error among the findings\n"
        "- [x] no blocked campaign\n"
        "- [x] nothing that the guardrails refuse\n"
        f"- [ ] approval of plan `{made.digest[:12]}`\n"
        "\n"
        "Apply it with `campaignops apply plan.json`. No phone number stands here in full.\n"
    )


def test_without_a_file_the_whole_digest_is_what_an_apply_is_held_to():
    made = replace(a_plan(a_campaign()), pbx=PBX)
    text = comment.text(made, replace(TOLD, saved=None))
    assert f"Apply it with `campaignops apply --expect-digest {made.digest}`." in text
    assert "valid until" not in text


def test_a_plan_that_has_not_asked_the_pbx_cannot_be_approved():
    text = comment.text(replace(a_plan(a_campaign()), pbx=None), replace(TOLD, saved=None))
    assert "**made without asking the PBX**" in text
    assert "- [ ] a plan that has asked the PBX" in text
    assert "Apply it with" not in text


@pytest.mark.parametrize(
    ("job", "shown"), [("https://ci.example/8812", True), ("https://x) @all", False), ("", False)]
)
def test_the_job_is_linked_where_its_address_is_a_plain_one(job, shown):
    text = comment.text(a_plan(a_campaign()), replace(TOLD, job=job))
    assert (f" · [job]({job})\n" in text) == shown
    result = comment_result.text(a_plan(a_campaign()), [], replace(TOLD, job=job))
    assert (f"\n[job]({job})\n" in result) == shown
    assert "@all" not in text + result


def test_what_is_only_recorded_anew_has_a_row_too():
    before = a_campaign()
    made = a_plan(
        before,
        recorded=[an_entry(before)],
        live=Live({203: "scheduled"}, {203: TIME_S + 60}),
        selection=Selection(refresh_only=True),
    )
    assert "1 recorded anew" in comment.text(made, TOLD)
    assert "| 🔵 ↻ | `summer-sale` |" in comment.text(made, TOLD)


def test_a_change_has_its_word_diff_and_its_people():
    before = a_campaign("loyalty", message=Text("Hello, the bonus is yours until Sunday. Come and see us!"))
    after = replace(
        before,
        message=Text("Hello, the bonus is yours until Monday. Come and see us!"),
        send=At(TIME_S + 7200, "Europe/Berlin"),
        audience=Numbers((NUMBERS[0], "+8613800005555")),
    )
    text = comment.text(a_plan(after, recorded=[an_entry(before)], live=Live({203: "scheduled"})), TOLD)
    assert "the bonus is yours until [-Sunday-]{+Monday+}." in text
    assert "| 2 (+1 −2) |" in text
    assert "`Tue 2030-07-30 18:06 Europe/Berlin → Tue 2030-07-30 20:06 Europe/Berlin`" in text


def test_what_is_blocked_is_a_warning_and_ticks_no_box():
    before = a_campaign("sent")
    made = a_plan(
        replace(before, message=Text("Hi")), recorded=[an_entry(before)], live=Live({203: "completed"})
    )
    text = comment.text(made, TOLD)
    assert "1 blocked" in text.splitlines()[2]
    assert "> [!WARNING]\n> **Blocked**" in text
    assert (
        "> - `sent` (`campaigns/summer.yaml:5`) `has begun to send (completed) and cannot be changed`. Way out: `put"
        in text
    )
    assert "- [ ] no blocked campaign" in text
    assert "- [ ] no error among the findings" in text
    assert "- ❌ `CMP501` `campaigns/summer.yaml:5:1`" in text


def test_no_change_needs_no_approval():
    campaign = a_campaign()
    text = comment.text(a_plan(campaign, recorded=[an_entry(campaign)], live=Live({203: "scheduled"})), TOLD)
    assert text.splitlines()[2] == "## 📨 Campaign plan · no changes"
    assert text.endswith("There is nothing to apply.\n")
    assert "approval" not in text


def test_no_plan_is_told_with_its_findings():
    found = [Finding("CMP104", "error", "unknown key `chanel`", Place("a.yaml", 3, 7))]
    text = comment.failure(PbxError("the manifests do not hold"), found, "live", "campaigns")
    assert text == (
        "<!-- campaignops:plan:live -->\n\n## ❌ Campaign plan · `live` · none\n\n"
        "It could not be made: `the manifests do not hold`\n\n"
        "**Findings: 1 error**\n\n- ❌ `CMP104` `campaigns/a.yaml:3:7` `` unknown key `chanel` ``\n"
    )


def test_after_an_apply_the_same_comment_has_the_ids():
    made = a_plan(a_campaign("one"), a_campaign("two"), environment="live")
    done = comment_result.text(
        made, [Result("one", "done", 231, None), Result("two", "done", 232, None)], TOLD
    )
    assert done.splitlines()[0] == comment.text(made, TOLD).splitlines()[0], "found again by its first line"
    assert f"## ✅ Applied · `live` · plan `{made.digest[:12]}`" in done
    assert "| ✅ | `one` | create | 231 | scheduled | `Tue 2030-07-30 18:06 Europe/Berlin` |" in done
    results = [
        Result("one", "done", 231, None),
        Result("two", "failed", None, "errcode 40002", "campaignops apply"),
    ]
    part = comment_result.text(made, results, TOLD, RefusedError("1 of 2 changes were not applied"))
    assert "## ⚠️ Applied in part" in part
    assert "- ❌ `two` `errcode 40002` Next: `campaignops apply`" in part
    none = comment_result.text(made, [], TOLD, RefusedError("nothing was done"))
    assert "## ❌ Not applied" in none
    assert "`nothing was done`" in none


# it fits


def big(count: int, text: str, **other: Any) -> Plan:
    return a_plan(
        *(a_campaign(f"c{number}", message=Text(text * (number % 7 + 1))) for number in range(count)), **other
    )


@pytest.mark.no_cover  # large
@pytest.mark.parametrize("count", [1, 60, 600, 3000])
@pytest.mark.parametrize("text", ["Hello ", "🌞 `` ", "x" * 900], ids=["short", "wide", "long"])
def test_a_comment_fits_however_much_there_is_to_say(count, text):
    made = big(count, text)
    said = comment.text(made, TOLD)
    assert units(said) <= LIMIT
    assert len(said.encode("utf-16-le")) // 2 <= LIMIT
    assert f"· {count:,} new" in said
    assert "**Before this can be applied**" in said


def test_the_longest_details_go_first_and_are_counted():
    long = a_campaign("long", message=Text("word " * 20_000))
    said = comment.text(a_plan(a_campaign("short"), long), TOLD)
    assert "<code>short</code>" in said
    assert "<code>long</code>" not in said
    assert "The details of 1 campaign are too long for here; `campaignops plan` shows them." in said
    assert "| `long` |" in said, "its row stays"


def test_rows_of_what_is_blocked_and_new_stay_and_the_rest_is_counted():
    recorded = [an_entry(a_campaign(f"old{number}"), number) for number in range(1, 2000)]
    sent = a_campaign("zz-sent")
    made = a_plan(
        replace(sent, message=Text("Hi")),
        a_campaign("zz-new"),
        recorded=[*recorded, an_entry(sent, 5000)],
        live=Live({5000: "completed", **dict.fromkeys(range(1, 2000), "scheduled")}),
    )
    said = comment.text(made, TOLD)
    assert units(said) <= LIMIT
    assert "| `zz-sent` |" in said
    assert "| `zz-new` |" in said
    assert "removed |" in said, "what is left out is counted"


@pytest.mark.no_cover  # large
def test_many_blocked_and_many_findings_are_counted_too():
    campaigns = [a_campaign(f"sent{number}") for number in range(1, 1500)]
    made = a_plan(
        *(replace(campaign, message=Text("Hi")) for campaign in campaigns),
        recorded=[an_entry(c, i) for i, c in enumerate(campaigns, 1)],
        live=Live(dict.fromkeys(range(1, 1500), "completed")),
    )
    said = comment.text(made, TOLD)
    assert units(said) <= LIMIT
    assert "> - … and " in said
    assert "\n- … and " in said


@pytest.mark.no_cover  # large
def test_a_result_fits_too():
    made = big(3000, "Hello ")
    results = [
        Result(c.key, "failed" if i % 2 else "done", i, "because " * 40) for i, c in enumerate(made.changes)
    ]
    said = comment_result.text(made, results, TOLD, RefusedError("x"))
    assert units(said) <= LIMIT
    assert "1,500 done, 1,500 failed." in said


def test_an_unfinished_campaign_is_told_from_a_new_one():
    campaign = a_campaign()
    made = a_plan(campaign, recorded=[an_entry(campaign, phase=Phase.INTENT)], live=Live({}))
    assert "`an earlier apply began it; what that made is looked for first`" in comment.text(made, TOLD)
