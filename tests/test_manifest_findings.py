"""Every wrong form is a finding in the author's words, at its line and column."""

from __future__ import annotations

import re

import pytest

from campaignops.findings import TITLES
from campaignops.manifest.form.hints import SKELETON
from tests.manifest_folder import PNG, SMS, places, read, read_text, sms, whatsapp, write

_ONE_OR_THE_OTHER = "an SMS is a text or a file: make two campaigns of it, or put a link into the text"
_UNDER_BODY = (
    "known here: `body`, `buttons`, `components`, `header`, `language`, `template`; "
    "the values of a template stand under `body`"
)
_SINGLE = "this value is a single one: write its name without what stands behind the dot"

# A campaign of `sms()`: type 3, channel 4, recipients 5, message 6, send 7, session 8, whatever is added 9.
FORMS = [
    (sms(type="smss"), [("CMP109", 3, 11)], "`type` must be sms or whatsapp, not `smss`"),
    (sms(type="[sms]"), [("CMP109", 3, 5)], "not a list"),
    (sms(type=""), [("CMP109", 3, 5)], "not empty"),
    (sms(type=None), [("CMP106", 2, 3)], "`type` is missing"),
    (sms(channel="[a]"), [("CMP107", 4, 5)], "a channel's name, or {id: 7}; this is a list"),
    (sms(channel=""), [("CMP107", 4, 5)], "`channel` is empty"),
    (sms(channel="''"), [("CMP107", 4, 5)], "`channel` is empty"),
    (sms(channel="{id: x}"), [("CMP107", 4, 19)], "must be a whole number from 1, not `x`"),
    (sms(channel="{idd: 3}"), [("CMP104", 4, 15)], "unknown key `idd`"),
    (sms(channel="{ids: 3, x: 4}"), [("CMP104", 4, 15), ("CMP104", 4, 23)], "unknown key `ids`"),
    (sms(channel="{}"), [("CMP106", 4, 5)], "`id` is missing in `channel`"),
    (sms(channel="{name: a}"), [("CMP104", 4, 15)], "a name stands by itself"),
    (sms(channel="x" * 128), [("CMP107", 4, 14)], "has 128 characters; the limit is 127"),
    (sms(name='"a\\tb"'), [("CMP107", 9, 11)], "control character"),
    (sms(sender="12025550100"), [("CMP105", 9, 13)], "not an E.164 number"),
    (sms(sender="[a]"), [("CMP107", 9, 5)], "an E.164 number in quotes, or {id: 7}"),
    (sms(channel=None, chanel="x"), [("CMP104", 8, 5)], "unknown key `chanel`"),
    (sms(send=None, channel=None, chanel="x"), [("CMP106", 2, 3), ("CMP104", 7, 5)], "`send` is missing"),
    (sms(message=None, text="x"), [("CMP104", 8, 5)], "`text` belongs under `message`"),
    (sms(session="{queue: x}"), [("CMP104", 8, 15)], "`queue` belongs under `session.assign_to`"),
    (sms(send="{now: true}"), [("CMP104", 7, 12)], "`now` stands by itself"),
    (sms(text="Hi"), [("CMP104", 9, 5)], "`text` belongs under `message`"),
    (sms(numbers="[]"), [("CMP104", 9, 5)], "`numbers` belongs under `recipients`"),
    (sms(queue="x"), [("CMP104", 9, 5)], "`queue` belongs under `session.assign_to`"),
    (
        sms(message="{text: a, send: now}"),
        [("CMP104", 6, 24)],
        "`send` belongs to the campaign, not under `message`",
    ),
    (sms(message="{txt: a}"), [("CMP104", 6, 15)], "unknown key `txt`"),
    (sms(message="Hello"), [("CMP107", 6, 14)], "`message` must be {text: …}"),
    (sms(message="{}"), [("CMP108", 6, 5)], "needs exactly one of `text` and `file`"),
    (sms(message="{text: a, file: b}"), [("CMP108", 6, 24)], "needs exactly one of `text` and `file`"),
    (sms(message="{text: }"), [("CMP107", 6, 15)], "`text` is empty"),
    (sms(message="{template: x}"), [("CMP116", 6, 15)], "`template` is for whatsapp; this campaign is sms"),
    (whatsapp("{template: x, language: en, text: a}"), [("CMP116", 6, 42)], "`text` is for sms"),
    (whatsapp("{template: x}"), [("CMP106", 6, 5)], "`language` is missing in `message`"),
    (
        whatsapp("{template: x, language: en, body: a}"),
        [("CMP107", 6, 48)],
        "names with values such as {name: Ada}, or a list",
    ),
    (whatsapp("{template: x, language: en, body: [a, {b: c}]}"), [("CMP107", 6, 52)], "entry 2 of `body`"),
    (whatsapp("{template: x, language: en, body: {a: }}"), [("CMP107", 6, 49)], "`a` is empty"),
    (whatsapp("{template: x, language: en, header: {}}"), [("CMP108", 6, 42)], "`header` needs exactly one"),
    (
        whatsapp("{template: x, language: en, buttons: [a]}"),
        [("CMP107", 6, 42)],
        "`buttons` must be the labels of buttons",
    ),
    (
        whatsapp("{template: x, language: en, components: [], body: [a]}"),
        [("CMP116", 6, 58)],
        "`components` stands instead of `body`",
    ),
    (sms(recipients="[]"), [("CMP107", 5, 5)], "`recipients` must be {numbers: […]}"),
    (sms(recipients="{}"), [("CMP108", 5, 5)], "exactly one of `numbers`, `file` and `phonebook`"),
    (sms(recipients="{numbers: []}"), [("CMP403", 5, 18)], "no recipients"),
    (sms(recipients="{numbers: ['+8613800001111'], file: x}"), [("CMP108", 5, 47)], "exactly one of"),
    (
        sms(recipients="{numbers: ['+8613800001111'], column: x}"),
        [("CMP116", 5, 47)],
        "`column` goes with `file`",
    ),
    (sms(recipients="{phonebook: x}"), [("CMP106", 5, 5)], "`field` is missing beside `phonebook`"),
    (sms(recipients="{phonebook: x, field: mobile}"), [("CMP109", 5, 39)], "not `mobile`"),
    (
        sms(recipients="{numbers: [0301234567, '+49 30 1234567']}"),
        [("CMP105", 5, 28), ("CMP105", 5, 40)],
        "E.164",
    ),
    (
        sms(recipients='{numbers: ["+8613800001111", "+8613800002222", "+8613800001111"]}'),
        [("CMP401", 5, 64)],
        "duplicate number +8613•••1111",
    ),
    (sms(send=None), [("CMP106", 2, 3)], "`send` is missing"),
    (sms(send="drfat"), [("CMP109", 7, 11)], "not `drfat`"),
    (sms(send="{at: soon}"), [("CMP405", 7, 16)], "`soon` is not a point in time"),
    (sms(send="{at: 2030-07-30}"), [("CMP405", 7, 16)], "not a point in time"),
    (sms(send='{at: "2030-13-30 18:06"}'), [("CMP405", 7, 16)], "not a point in time"),
    (sms(send='{at: "2030-02-30 18:06+02:00"}'), [("CMP405", 7, 16)], "not a point in time"),
    (sms(send='{at: "2130-07-30 18:06"}'), [("CMP405", 7, 16)], "between 1970 and 2100"),
    (sms(send='{at: "0001-01-01 00:00+14:00"}'), [("CMP405", 7, 16)], ""),
    (sms(send='{at: "2030-07-30 18:06", timezone: Europe/Berlinn}'), [("CMP405", 7, 46)], "`Europe/Berlinn`"),
    (sms(send='{at: "2030-07-30 18:06", timezone: ../etc/passwd}'), [("CMP405", 7, 46)], "not a time zone"),
    (sms(send='{at: "2030-07-30 18:06", timezone: Europe}'), [("CMP405", 7, 46)], "not a time zone"),
    (sms(send='{at: "2030-07-30 18:06", timezone: localtime}'), [("CMP405", 7, 46)], "not a time zone"),
    (sms(send='{at: "2030-07-30T18:06Z", timezone: UTC}'), [("CMP116", 7, 47)], "has an offset already"),
    (sms(send="{at: 1911657960, fold: first}"), [("CMP116", 7, 34)], "Unix seconds"),
    (
        sms(send='{at: "2030-03-31 02:30", timezone: Europe/Berlin}'),
        [("CMP406", 7, 16)],
        "does not exist in Europe/Berlin",
    ),
    (
        sms(send='{at: "2030-10-27 02:30", timezone: Europe/Berlin}'),
        [("CMP406", 7, 16)],
        "happens twice in Europe/Berlin",
    ),
    (sms(session="Direct"), [("CMP109", 8, 14)], "`session` must be `direct`"),
    (
        sms(session="{assign_to: {queue: a, extension: b}}"),
        [("CMP108", 8, 27)],
        "exactly one of `extension` and `queue`",
    ),
    (sms(moved="x"), [("CMP107", 9, 12)], "`moved` must be {from: old-key}"),
    (sms(prevent_delete="yes"), [("CMP109", 9, 21)], "`prevent_delete` must be `true` or `false`"),
    (sms(message="{file: a.png}"), [("CMP113", 6, 21)], "there is no file `a.png`"),
    (sms(message="{file: assets}"), [("CMP113", 6, 21)], "not a regular file"),
    (sms(message="{file: assets/empty.png}"), [("CMP113", 6, 21)], "is empty"),
    (sms(message="{file: assets//a.png}"), [("CMP113", 6, 21)], "not a plain path"),
    (sms(message="{file: ../a.png}"), [("CMP114", 6, 21)], "outside the project"),
    (sms(message="{file: /etc/passwd}"), [("CMP114", 6, 21)], "not a path inside the project"),
    (
        sms(message="{file: C:/a.png}".replace("C:/", "'C:/").replace("png}", "png'}")),
        [("CMP114", 6, 21)],
        "inside",
    ),
    (sms(message="{file: assets/out.png}"), [("CMP114", 6, 21)], "leads outside"),
    (sms(recipients="{file: nobody.csv}"), [("CMP113", 5, 24)], "there is no file"),
    (
        sms(message="{file: {uploaded: {id: a, name: b, uri: c, type: d, size: big}}}"),
        [("CMP107", 6, 72)],
        "whole number",
    ),
    ("hello", [("CMP107", 1, 1)], "this is no manifest"),
    ("[a]", [("CMP107", 1, 1)], "this is no manifest"),
    ("summer:\n  type: sms\n", [("CMP104", 1, 1)], "unknown key `summer`"),
    ("campaigns: [a]\n", [("CMP107", 1, 1)], "each campaign stands under a key of its own"),
    ("campaigns: {a: }\n", [("CMP107", 1, 13)], "the campaign `a` is empty"),
    ("vars: [a]\n" + SMS, [("CMP107", 1, 1)], "`vars` must be names with values"),
    ("vars: {each: 1, a-b: 2}\n" + SMS, [("CMP107", 1, 8), ("CMP107", 1, 17)], "is not a name"),
    ("", [("CMP118", 1, 1)], "holds no campaigns"),
    ("# nothing\n", [("CMP118", 1, 1)], "holds no campaigns"),
    ("vars: {a: 1}\n", [("CMP118", 1, 1)], "holds no campaigns"),
    ("campaigns:\n", [("CMP118", 1, 1)], "holds no campaigns"),
]

_MACHINE_WORDS = re.compile(
    r"Input should|input_value|NoneType|dict|str\b|\bunion|Form\b|pydantic|object at|Error\b"
)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "project"
    write(root, **{"assets/empty.png": b"", "assets/a.png": PNG})
    write(tmp_path, **{"out.png": PNG})
    (root / "assets" / "out.png").symlink_to(tmp_path / "out.png")
    return root


@pytest.mark.parametrize(("text", "expected", "said"), FORMS, ids=range(len(FORMS)))
def test_a_wrong_form_is_found_at_its_place(folder, text, expected, said):
    campaigns, findings = read_text(folder, text)
    assert places(findings) == expected
    assert campaigns == [] or "vars:" in text
    assert any(said in f.message for f in findings)
    for finding in findings:
        assert finding.code in TITLES
        told = f"{finding.message} {finding.note} {finding.help}"
        assert not _MACHINE_WORDS.search(told)
        assert "+8613800001111" not in told


@pytest.mark.parametrize(
    ("text", "help"),
    [
        (sms(type="smss"), "did you mean `sms`?"),
        (sms(recipents="{}"), "did you mean `recipients`?"),
        (sms(text="Hi"), "message: {text: …}"),
        (sms(queue="x"), "session: {assign_to: {queue: …}}"),
        (sms(send="drfat"), "did you mean `draft`?"),
        (sms(channel=None, chanel="x"), "did you mean `channel`?"),
        (sms(channel="{name: Main SMS}"), "channel: Main SMS"),
        (sms(sender='{number: "+12025550100"}'), 'sender: "+…"'),
        (sms(to="x"), "did you mean `recipients`?"),
        (sms(message="Hello"), 'message: {text: "…"}'),
        (whatsapp("Hello"), "message: {template: …, language: en}"),
        (sms(recipients="['+8613800001111']"), 'recipients: {numbers: ["+…"]}'),
        (sms(recipients="'+8613800001111'"), 'recipients: {numbers: ["+…"]}'),
        (sms(recipients="vip.csv"), "recipients: {file: vip.csv}"),
        (sms(recipients="VIP"), "recipients: {phonebook: VIP, field: mobile_number}"),
        (sms(session="{assign_to: Support}"), "assign_to: {queue: Support}"),
        (sms(session="{assign_to: 1002}"), 'assign_to: {extension: "1002"}'),
        (whatsapp("{template: x, language: en, header: a.PNG}"), "header: {image: a.PNG}"),
        (whatsapp("{template: x, language: en, header: a.mp4}"), "header: {video: a.mp4}"),
        (whatsapp("{template: x, language: en, header: a.pdf}"), "header: {document: a.pdf}"),
        (whatsapp("{template: x, language: en, header: Hello}"), "header: {text: Hello}"),
        (sms(moved="old"), "moved: {from: old}"),
        (
            sms(session=None),
            "session: direct (no chat is opened), or session: {assign_to: {queue: …}} (somebody answers)",
        ),
        (sms(send="{tz: UTC, at: now}"), "did you mean `timezone`?"),
        (sms(send="2030-07-30 18:06"), 'send: {at: "2030-07-30 18:06"}'),
        (sms(send='{at: "30.07.2030 18:06"}'), 'if this is July 30: at: "2030-07-30 18:06"'),
        (sms(send='{at: "2030-7-3 6:06 pm"}'), 'if this is July 3: at: "2030-07-03 18:06"'),
        (sms(send='{at: "03/07/2030 18:06"}'), 'for example at: "2030-07-30 18:06", timezone: Europe/Berlin'),
        (
            sms(send='{at: "2030-07-30 18:06", timezone: GMT+2}'),
            'an offset stands behind the time, without timezone: at: "2030-07-30 18:06+02:00"',
        ),
        (sms(send='{at: "2030-07-30 18:06", timezone: Europe/Berln}'), "did you mean `Europe/Berlin`?"),
        (sms(send='{at: "2030-07-30 18:06", timezone: berlin}'), "did you mean `Europe/Berlin`?"),
        (
            sms(send='{at: "2030-03-31 02:30", timezone: Europe/Berlin}'),
            'write at: "2030-03-31 01:30+01:00" or at: "2030-03-31 03:30+02:00", without timezone',
        ),
        (
            sms(send='{at: "2030-10-27 02:30", timezone: Europe/Berlin}'),
            "fold: first is 2030-10-27 02:30+02:00, fold: second is 2030-10-27 02:30+01:00",
        ),
        (sms(message="{file: assets/A.png}"), "did you mean `assets/a.png`?"),
        (sms(message="{file: Assets/a.png}"), "did you mean `assets/a.png`?"),
        (sms(message="{file: assets\\a.png}"), "write / between folders: assets/a.png"),
        (sms(image="a.png"), "message: {file: a.png}"),
        (sms(message="{text: Hi, come in!}"), "put quotes round a text in { } that holds a comma"),
        (sms(message="{text: a, file: b}"), _ONE_OR_THE_OTHER),
        (whatsapp("{template: x, language: en, header: {file: a.pdf}}"), "did you mean `document`?"),
        (whatsapp("{template: x, language: en, tier: VIP}"), _UNDER_BODY),
        (sms(send="2030-07-30"), 'send: {at: "2030-07-30 18:06"}, with the time of day that you mean'),
        (sms(send="30.07.2030 18:00"), 'send: {at: "2030-07-30 18:00"}'),
        (sms(send="2030-07-30 18:06 UTC"), 'send: {at: "2030-07-30 18:06", timezone: UTC}'),
        (sms(send="{at: now}"), "send: now"),
        (sms(send="{at: 2030-07-30 6pm}"), 'if this is July 30: at: "2030-07-30 18:00"'),
        (sms(recipients="{numbers: '+8613800001111'}"), 'numbers: ["+…", "+…"]'),
        (sms(for_each="[a]", name='"{{ each }}"'), "write {{ each.value }}, or {{ each.key }}"),
        (
            sms(for_each="[a]", name='"{{ Ada }}"'),
            'if it is a text: "Ada", in quotes; known here: `each.key`, `each.value`',
        ),
        (sms(for_each="[a]", name='"{{ each.value.a }}"'), _SINGLE),
        (sms(name='"{% if a = 1 %}{% endif %}"'), "write == to compare"),
        ("hello", "campaigns: {summer-sale: {" + SKELETON + "}}"),
        ("campaigns: {a: 'type:sms'}", "write `type: sms`, not `type:sms`"),
        ("defaults: {type: sms}", "defaults for all manifests of a folder stand in a file `_defaults.yaml`"),
        (
            sms(message="\n      text: a: b"),
            'write text: "a: b"; or text: {a: b}, if all of this belongs to `text`',
        ),
        (sms(message="\n      text: “A b: c”"), 'write text: "A b: c"'),
        (sms(message="{text: 'It's'}"), """write '' for each ' inside of the text, or put " round it"""),
        (sms(message='{text: "a "b" c"}'), """write \\" for each " inside of the text, or put ' round it"""),
        (sms(message="{text: hi {{ brand }}!}"), 'put quotes round all of it, as in "{{ brand }} tea"'),
        (
            sms(message="{text: Sale #1}"),
            "put quotes round a text that holds ` #`: what stands behind it is a comment",
        ),
    ],
)
def test_the_help_says_what_to_write_instead(folder, text, help):
    _, findings = read_text(folder, text)
    assert help in [f.help for f in findings]


def test_numbers_that_stand_for_their_list_are_not_repeated(tmp_path):
    _, findings = read_text(tmp_path, sms(recipients="202-555-0112, 030 1234567"))
    assert "a text" in findings[0].message
    assert "555" not in f"{findings[0].message}{findings[0].help}"


def test_one_problem_does_not_hide_another(tmp_path):
    text = sms(
        type="smss",
        recipients='{numbers: ["+8613800001111", "+8613800001111"]}',
        message="{txt: a}",
        send="{at: soon}",
        session="{assign_to: {}}",
        nmae="x",
    )
    _, findings = read_text(tmp_path, text)
    assert places(findings) == [
        ("CMP109", 3, 11), ("CMP401", 5, 46), ("CMP104", 6, 15), ("CMP405", 7, 16), ("CMP108", 8, 15), ("CMP104", 9, 5)
    ]  # fmt: skip


def test_one_wrong_file_does_not_hide_another(tmp_path):
    write(tmp_path, a="[", b=sms(send="x"), c=SMS)
    campaigns, findings = read(tmp_path)
    assert [c.key for c in campaigns] == ["hello"]
    assert [(f.code, f.place.file) for f in findings if f.place] == [
        ("CMP101", "a.yaml"),
        ("CMP109", "b.yaml"),
    ]


def test_a_wrong_audience_is_told_once_however_many_use_it(tmp_path):
    write(tmp_path, **{"a.csv": "phone\n123\n"})
    text = sms(recipients="{file: a.csv}", for_each="[x, y]")
    campaigns, findings = read_text(tmp_path, text)
    assert campaigns == []
    assert [str(f.place) for f in findings] == ["a.csv:2:1"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"phone\n+8613800001111\n\xe9\n", ("CMP117", "a.csv:3:1")),
        (b"name\nAda\n", ("CMP404", "a.csv:1:1")),
        (b"phone\n", ("CMP403", "a.csv:1:1")),
        (b"", ("CMP403", "a.csv:1:1")),
        (b"phone\n" + b"".join(b"+86138%08d\n" % n for n in range(1001)), ("CMP402", "a.csv:1002:1")),
    ],
)
def test_a_wrong_audience_is_found_in_the_csv(tmp_path, content, expected):
    write(tmp_path, **{"a.csv": content})
    _, findings = read_text(tmp_path, sms(recipients="{file: a.csv}"))
    assert [(f.code, str(f.place)) for f in findings] == [expected]


def test_more_numbers_than_the_limit_are_found_at_the_list(tmp_path):
    numbers = ", ".join(f"'+86138{n:08}'" for n in range(1001))
    _, findings = read_text(tmp_path, sms(recipients=f"{{numbers: [{numbers}]}}"))
    assert places(findings) == [("CMP402", 5, 18)]


def test_a_thousand_wrong_numbers_are_not_a_thousand_findings(tmp_path):
    numbers = ", ".join(["12"] * 1000)
    _, findings = read_text(tmp_path, sms(recipients=f"{{numbers: [{numbers}]}}"))
    assert len(findings) == 20


def test_a_thousand_wrong_campaigns_in_one_file_are_not_a_thousand_findings(tmp_path):
    text = "campaigns:\n" + "".join(f"  c{n}: [x]\n" for n in range(1000))
    _, findings = read_text(tmp_path, text)
    assert len(findings) == 101


def test_a_huge_asset_is_refused_unread(tmp_path):
    with (tmp_path / "a.mp4").open("wb") as file:
        file.truncate(101_000_000)
    _, findings = read_text(tmp_path, sms(message="{file: a.mp4}"))
    assert places(findings) == [("CMP102", 6, 21)]
