"""The life of a campaign as a table: what became of it, against what the manifests say now.

Each cell is played with the real commands on a sandbox. docs/life.md has the table; `--update` renews it there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from campaignops import sandbox
from campaignops.outcome import Done
from campaignops.pbx.address import Address
from campaignops.pbx.client import Client
from campaignops.sandbox.running import Sandbox
from tests.command_line import ROOT, Project, a_text, writes

GUIDE = ROOT / "docs" / "life.md"
BEGIN, END = "<!-- made by tests/test_life.py -->\n", "<!-- end -->\n"
LATER = {"at": "2036-07-30 18:06+02:00"}
CROWD = [f"+1202555{n:04}" for n in range(100, 160)]
SLOW = {"channel": "Support SMS", "sender": "+12025550110", "recipients": {"numbers": CROWD}, "send": "now"}
MANIFESTS = {
    "equal": "as applied",
    "edited": "edited",
    "gone": "block gone",
    "moved": "new key, with `moved`",
    "renamed": "new key, without",
}
SYMBOLS = {"create": "+", "update": "~", "delete": "-", "blocked": "!", "none": "·", "history": "·"}


@dataclass
class Life:
    """One project with one campaign, and the PBX it is on."""

    project: Project
    box: Sandbox
    said: dict[str, Any]

    def applied(self, *options: str, **said: Any) -> int:
        self.said = a_text(**said)
        self.project.campaigns(sale=self.said)
        assert self.project.apply(*options).code == 0
        found: int = self.project.recorded["sale"]["id"]
        return found

    def by_hand(self, endpoint: str, campaign_id: int, **fields: Any) -> None:
        client = Client(Address(self.box.url, 10.0), self.box.client_id, self.box.client_secret)
        outcome = (
            client.post(endpoint, {"id": campaign_id, **fields})
            if fields
            else client.act(endpoint, id=campaign_id)
        )
        assert isinstance(outcome, Done)
        client.close()

    def recorded_as(self, phase: str, **other: Any) -> None:
        """What a run that died leaves in the state."""
        document = json.loads(self.project.state.read_bytes())
        entry = document["campaigns"]["sale"] | {"phase": phase, **other}
        document["campaigns"]["sale"] = {name: value for name, value in entry.items() if value is not None}
        self.project.state.write_text(json.dumps(document))

    def now_says(self, manifest: str) -> None:
        match manifest:
            case "equal":
                campaigns = {"sale": self.said}
            case "edited":
                campaigns = {"sale": self.said | {"message": {"text": "Edited"}}}
            case "gone":
                campaigns = {"other": a_text(message={"text": "Another"})}
            case "moved":
                campaigns = {"fresh": self.said | {"name": "sale", "moved": {"from": "sale"}}}
            case _:
                campaigns = {"fresh": self.said}
        self.project.campaigns(**campaigns)


def draft(life: Life) -> None:
    life.applied()


def prepared(life: Life) -> None:
    life.applied("--draft-only", send=LATER)


def scheduled(life: Life) -> None:
    life.applied(send=LATER)


def protected(life: Life) -> None:
    life.applied(send=LATER, prevent_delete=True)


def edited_there(life: Life) -> None:
    life.by_hand("message_campaign/update", life.applied(send=LATER), content="By hand")


def called_back(life: Life) -> None:
    life.by_hand("message_campaign/update", life.applied(send=LATER), send_type="draft")


def deleted_unsent(life: Life) -> None:
    life.by_hand("message_campaign/delete", life.applied(send=LATER))


def pending(life: Life) -> None:
    life.project.campaigns(first=a_text(**SLOW))
    assert life.project.apply().code == 0
    assert life.project.run("state", "rm", "first", "--auto-approve", "--forget-sent").code == 0
    life.applied(send="now")


def executing(life: Life) -> None:
    life.applied(**SLOW)


def completed(life: Life) -> None:
    life.applied(send="now")
    life.box.advance(100)


def stopped(life: Life) -> None:
    completed(life)
    with life.box._pbx.lock:
        life.box._pbx.store.run("UPDATE campaigns SET status = 'stop'")


def retrying(life: Life) -> None:
    campaign_id = life.applied(**SLOW)
    life.box.advance(100)
    life.by_hand("message_campaign/retry", campaign_id)


def deleted_sent(life: Life) -> None:
    campaign_id = life.applied(send="now")
    life.box.advance(100)
    life.by_hand("message_campaign/delete", campaign_id)


def create_lost(life: Life) -> None:
    prepared(life)
    life.recorded_as("intent", id=None, lost="f")


def update_lost(life: Life) -> None:
    scheduled(life)
    life.recorded_as("updating")


def release_lost(life: Life) -> None:
    prepared(life)
    life.recorded_as("releasing", late_until_s=1)


def unknown(life: Life) -> None:
    life.applied(send=LATER)
    life.recorded_as("stuck", id=None, question="nobody knows")


HISTORY = {
    "equal": ("history", 0, "has begun to send ({}); history"),
    "edited": ("blocked", 10, "has begun to send ({}) and cannot be changed"),
    "gone": ("history", 0, "has begun to send ({}); kept as history"),
    "moved": ("history", 2, "moved from `sale`; has begun to send ({}); history"),
    "renamed": (
        "blocked",
        10,
        "reads just like `sale`, which no manifest has any more and may have been sent",
    ),
}
EDITED = ("update", 2, "the manifest differs from what was applied")
GONE = ("delete", 2, "no manifest has it any more")
RENAMED = ("create", 2, "not recorded")
STUCK = ("blocked", 11, "nobody knows")


def history(status: str) -> dict[str, tuple[str, int, str]]:
    return {m: (action, code, reason.format(status)) for m, (action, code, reason) in HISTORY.items()}


def unsent(equal: tuple[str, int, str], **other: tuple[str, int, str]) -> dict[str, tuple[str, int, str]]:
    moved = (equal[0], 2, f"moved from `sale`; {equal[2]}")
    said = {"equal": equal, "edited": EDITED, "gone": GONE, "moved": moved, "renamed": RENAMED}
    return {**said, **other}


HAND = "edited on the PBX since the last apply"
LOOKED_FOR = "an earlier apply began it; what that made is looked for first"
TABLE: dict[str, tuple[Callable[[Life], None], dict[str, tuple[str, int, str]]]] = {
    "a draft": (draft, unsent(("none", 0, "draft, as in the manifest"))),
    "a draft that is to be released (`--draft-only`)": (
        prepared,
        unsent(("update", 2, "recorded as a draft, not yet released")),
    ),
    "scheduled": (scheduled, unsent(("none", 0, "scheduled, as in the manifest"))),
    "scheduled, with `prevent_delete: true`": (
        protected,
        unsent(
            ("none", 0, "scheduled, as in the manifest"),
            gone=("blocked", 10, "no manifest has it any more, and `prevent_delete` protects it"),
            renamed=(
                "blocked",
                10,
                "reads just like `sale`, which no manifest has any more and is still there",
            ),
        ),
    ),
    "edited on the PBX": (
        edited_there,
        unsent(("update", 2, HAND), edited=("update", 2, f"{HAND}, and the manifest differs")),
    ),
    "scheduled, called back on the PBX": (
        called_back,
        unsent(("update", 2, HAND), edited=("update", 2, f"{HAND}, and the manifest differs")),
    ),
    "deleted on the PBX before it was sent": (
        deleted_unsent,
        unsent(
            ("create", 2, "id {id} is gone from the PBX and was never sent"),
            edited=("create", 2, "id {id} is gone from the PBX and was never sent"),
            gone=("delete", 2, "no manifest has it any more, and the PBX neither"),
        ),
    ),
    "waiting behind another one (`pending`)": (pending, history("pending")),
    "being sent (`executing`)": (executing, history("executing")),
    "sent (`completed`)": (completed, history("completed")),
    "stopped by the PBX (`stop`)": (stopped, history("stop")),
    "sending again what failed (`retrying`)": (retrying, history("retrying")),
    "deleted on the PBX after it was sent": (
        deleted_sent,
        {
            **history(""),
            "equal": ("history", 0, "may have been sent (gone from the PBX); history"),
            "edited": ("blocked", 10, "may have been sent (gone from the PBX) and cannot be changed"),
            "gone": ("history", 0, "may have been sent (gone from the PBX); kept as history"),
            "moved": ("history", 2, "moved from `sale`; may have been sent (gone from the PBX); history"),
        },
    ),
    "its create was cut off (`intent`)": (
        create_lost,
        unsent(("create", 2, LOOKED_FOR), edited=("create", 2, LOOKED_FOR)),
    ),
    "its update was cut off (`updating`)": (
        update_lost,
        unsent(("update", 2, "an earlier apply did not finish the update")),
    ),
    "its release was cut off (`releasing`)": (
        release_lost,
        unsent(("update", 2, "recorded as a draft, not yet released")),
    ),
    "of unknown outcome (`stuck`)": (
        unknown,
        dict.fromkeys(MANIFESTS, STUCK) | {"moved": ("blocked", 11, "moved from `sale`; nobody knows")},
    ),
}
CELLS = [(row, manifest) for row in TABLE for manifest in MANIFESTS]


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    with sandbox.start(seed={"failing": dict.fromkeys(CROWD, 1)}) as box:
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_ID", box.client_id)
        monkeypatch.setenv("CAMPAIGNOPS_CLIENT_SECRET", box.client_secret)
        yield Life(Project(tmp_path / "project", box.url), box, {})


def the_change(document: Any, manifest: str, action: str) -> Any:
    """The change that the cell is about; beside a new key there is what becomes of the old one."""
    changes = {each["key"]: each for each in document["changes"]}
    key = "fresh" if manifest in ("moved", "renamed") else "sale"
    if manifest == "renamed" and changes["sale"]["reason"] == "nobody knows":
        key = "sale"
    if action == "create" and manifest == "renamed":
        assert changes["sale"]["action"] == "delete"
        assert "CMP505" in [each["code"] for each in document["findings"]]
    return changes[key]


@pytest.mark.no_cover  # played many times
@pytest.mark.parametrize(("row", "manifest"), CELLS)
def test_each_cell_has_its_change_reason_and_exit_code_and_leaves_nothing_to_do(life, row, manifest):
    begin, cells = TABLE[row]
    action, code, reason = cells[manifest]
    begin(life)
    recorded_id = life.project.recorded["sale"]["id"]
    life.now_says(manifest)
    left_out = ("--exclude", "other") if manifest == "gone" else ()
    ran = life.project.run("plan", "--detailed-exitcode", "--json", *left_out)
    change = the_change(ran.document, manifest, action)
    assert (change["action"], ran.code) == (action, code)
    assert change["reason"] == reason.replace("{id}", str(recorded_id))
    before = writes(life.box)
    ran = life.project.apply("--json", *left_out)
    if code in (10, 11):
        assert (ran.code, writes(life.box)) == (code, before)
        assert life.project.run("plan", *left_out).code == code
    else:
        assert ran.code == 0
        assert {each["outcome"] for each in ran.document["changes"]} <= {"done", "skipped"}
        assert life.project.run("plan", "--detailed-exitcode", *left_out).code == 0
    life.box.advance(400_000_000)
    if begin is not retrying:
        assert max(Counter(sent["number"] for sent in life.box.ledger()).values(), default=1) == 1


def table() -> str:
    head = ["what became of it", *MANIFESTS.values()]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row, (_, cells) in TABLE.items():
        shown = [f"`{SYMBOLS[cells[m][0]]}` {cells[m][0]}, {cells[m][1]}" for m in MANIFESTS]
        lines.append(f"| {row} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def reasons() -> str:
    lines = ["| what became of it | block | reason |", "|---|---|---|"]
    for row, (_, cells) in TABLE.items():
        lines += [
            f"| {row} | {said} | {cells[m][2].replace('{id}', '250')} |" for m, said in MANIFESTS.items()
        ]
    return "\n".join(lines) + "\n"


def test_the_guide_has_the_table(request):
    text = GUIDE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    details = f"\n<details><summary>The reason that a plan gives in each case</summary>\n\n{reasons()}\n</details>\n"
    wanted = f"{before}{BEGIN}{table()}{details}{END}{after}"
    if request.config.getoption("--update"):
        GUIDE.write_text(wanted, "utf-8")
        text = wanted
    assert BEGIN in text
    assert text == wanted, "run pytest tests/test_life.py --update"


def test_history_outlives_the_block_the_campaign_on_the_pbx_and_a_key_that_comes_back(life):
    deleted_sent(life)
    life.now_says("gone")
    assert life.project.apply("--exclude", "other").code == 0
    life.now_says("equal")
    assert life.project.run("plan", "--detailed-exitcode").code == 0
    life.now_says("edited")
    ran = life.project.run("plan")
    assert ran.code == 10
    assert '"Hello" -> "Edited"' in ran.out
    assert "put the old text back, or copy the block under a new key" in ran.err
    assert life.project.apply().code == 10
    assert len(life.box.ledger()) == 1


def test_a_renamed_file_changes_nothing(life):
    scheduled(life)
    (life.project.root / "campaigns.yaml").rename(life.project.root / "autumn.yaml")
    assert life.project.run("plan", "--detailed-exitcode").code == 0
