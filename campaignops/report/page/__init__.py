"""A plan as one page for people who do not read terminals: self-contained HTML, without a script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from campaignops import audience
from campaignops.findings import Finding
from campaignops.model import Campaign
from campaignops.planner import ACTIONS, AnyChange, Create, Plan, Update
from campaignops.report import plan_text
from campaignops.report.frame import Frame
from campaignops.report.page.element import Html, diff, element, together
from campaignops.report.page.months import timeline
from campaignops.report.page.phone import Images, phone
from campaignops.report.page.style import STYLE
from campaignops.report.paint import paint
from campaignops.report.plain import safe
from campaignops.report.rows import rows
from campaignops.report.when import moment

# Nothing is loaded from anywhere, and nothing runs: whatever a manifest says, it stays text.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the page needs besides the plan: the clock (Unix seconds), the project's time zone, which PBX, the desired
    campaigns by key, and the images that they name."""

    now_s: float
    timezone: str
    pbx: str
    desired: Mapping[str, Campaign]
    images: Images = field(default_factory=dict)


def page(plan: Plan, shown: Iterable[AnyChange], setting: Setting) -> str:
    """The whole document: `shown` are the changes that get a card, in the order of execution."""
    changes = tuple(shown)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", "Campaign preview"),
        element("style", Html(STYLE)),
    )
    body = element(
        "body",
        _heading(plan, setting),
        _findings(plan.findings),
        timeline(changes, setting.now_s, setting.timezone),
        element("h2", "What is sent"),
        *(_card(change, plan, setting) for change in changes),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _heading(plan: Plan, setting: Setting) -> Html:
    said = [f"env {safe(plan.environment)}"] if plan.environment else []
    said += [f"PBX {safe(setting.pbx)}", f"state serial {plan.serial}", f"plan {plan.digest[:12]}"]
    said.append(f"as of {moment(int(setting.now_s), setting.timezone)}")
    return element(
        "header",
        element("h1", "Campaign preview"),
        element("p", "  ·  ".join(said), class_="soft"),
        element("p", plan_text.summary(plan), class_="sum"),
    )


def _findings(findings: Iterable[Finding]) -> Html:
    items = [element("li", *_finding(finding)) for finding in findings]
    if not items:
        return Html()
    return together([element("h2", "What was found"), element("ul", *items, class_="findings")])


def _finding(finding: Finding) -> list[Html]:
    heading = element("b", f"{finding.severity}[{finding.code}]", class_=finding.severity)
    said = [heading, together([f" {safe(finding.message)}"])]
    if finding.place:
        said.append(element("div", safe(str(finding.place)), class_="soft place"))
    told = (("note", finding.note), ("help", finding.help))
    return said + [element("div", f"{label}: {safe(text)}") for label, text in told if text]


def _card(change: AnyChange, plan: Plan, setting: Setting) -> Html:
    action = ACTIONS[type(change)]
    heading = element("h3", element("span", action, class_="action"), f" {safe(change.key)}")
    place = f"{safe(change.place.file)}:{change.place.line}" if change.place else "without a manifest"
    facts = element("div", heading, element("p", place, class_="soft place"), _facts(change, plan, setting))
    campaign = change.campaign if isinstance(change, Create | Update) else setting.desired.get(change.key)
    if campaign is None:
        return element("section", facts, class_=f"card {action}")
    drawn = phone(campaign, _sender(campaign), change.preview, setting.images)
    return element("section", facts, drawn, class_=f"card {action}")


def _sender(campaign: Campaign) -> str:
    if campaign.sender is None or campaign.sender.name is None:
        return str(campaign.channel)
    return audience.mask(campaign.sender.name)


def _facts(change: AnyChange, plan: Plan, setting: Setting) -> Html:
    """The rows of the plan as a person reads it in a terminal, but for the text, which the phone shows."""
    frame = Frame(setting.now_s, setting.timezone, paint(False), verbose=True)
    facts: list[tuple[str, str]] = []
    for row in rows(change, frame, plan):
        label, said = _parted(row)
        if said.startswith("│"):
            continue
        if label or not facts:
            facts.append((label, said))
        else:
            facts[-1] = (facts[-1][0], f"{facts[-1][1]}\n{said}")
    pairs = [(element("dt", label), element("dd", diff(said))) for label, said in facts]
    return element("dl", *(part for pair in pairs for part in pair), class_="facts")


def _parted(row: str) -> tuple[str, str]:
    """Label and words of a row; a row without a label begins with blanks or a parenthesis."""
    found = re.match(r"([^\s(]\S*)\s+(.*)", row)
    return (found[1], found[2]) if found else ("", row.strip())
