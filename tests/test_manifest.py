"""Manifests -> campaigns: the worked example, forms, keys, for_each, vars, places."""

from __future__ import annotations

import gc
import hashlib
import os
import tracemalloc

import pytest

from campaignops import manifest
from campaignops.findings import Place
from campaignops.model import (
    Asset,
    AssignTo,
    At,
    Campaign,
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
from tests.manifest_folder import PNG, SMS, places, project_of, read, read_text, sms, whatsapp, write

EXAMPLE = """\
# yaml-language-server: $schema=../campaign.schema.json
vars:
  discount: 50
campaigns:
  summer-sale:
    type: sms
    name: SummerSale202507                # the name on the PBX; default: the key
    channel: Main SMS                     # a message channel by name, or {id: 7}
    sender: "+12025550100"                # one of its numbers, or {id: 7}; may be left out if the channel has one
    recipients:
      numbers: ["+8613800001111", "+8613800002222", "+8613800003333"]
    message:
      text: "Summer’s best deals are on now—up to {{ discount }}% off! 🌞"
    send: {at: "2030-07-30 18:06", timezone: Europe/Berlin}
    session: {assign_to: {extension: "1002"}}

  summer-flyer:
    type: sms
    channel: Main SMS
    recipients: {file: audiences/vip.csv, column: phone}
    message: {file: assets/demo.jpeg}
    send: draft
    session: {assign_to: {queue: Support}}

  exclusive-discount:
    type: whatsapp
    name: Exclusive Discount Alert
    channel: Shop WhatsApp
    recipients: {phonebook: VIP customers, field: business_number}
    message:
      template: discount_campaign
      language: en
      header: {image: assets/demo.jpeg}
      body: {customertier: VIP, offertype: discount, offerdetails: 20% off for all products,
             expirydate: "July 31, 2030", companyname: "{{ brand }}"}
    send: now
    session: direct
"""
JPEG = b"\xff\xd8\xff\xe0" + b"demo" * 10


def test_the_worked_examples_are_exactly_these_campaigns(tmp_path):
    write(tmp_path, **{"assets/demo.jpeg": JPEG, "audiences/vip.csv": "name,phone\nAda,+8613800001111\n"})
    settings = "pbx: {url: sandbox}\nvars: {brand: SmartMal}\n"
    campaigns, findings = read_text(tmp_path, EXAMPLE, "summer.yaml", settings=settings)
    demo = Asset("assets/demo.jpeg", hashlib.sha256(JPEG).hexdigest(), len(JPEG), "image/jpeg")
    assert findings == []
    assert campaigns == [
        Campaign(
            key="summer-sale",
            type="sms",
            name="SummerSale202507",
            channel=Ref("Main SMS"),
            sender=Ref("+12025550100"),
            audience=Numbers(("+8613800001111", "+8613800002222", "+8613800003333")),
            message=Text("Summer’s best deals are on now—up to 50% off! 🌞"),
            send=At(1911657960, "Europe/Berlin"),
            session=AssignTo("extension", Ref("1002")),
            place=Place("summer.yaml", 5, 3, 11),
        ),
        Campaign(
            key="summer-flyer",
            type="sms",
            name="summer-flyer",
            channel=Ref("Main SMS"),
            sender=None,
            audience=Numbers(("+8613800001111",), "audiences/vip.csv"),
            message=FileMessage(demo),
            send=Draft(),
            session=AssignTo("queue", Ref("Support")),
            place=Place("summer.yaml", 17, 3, 12),
        ),
        Campaign(
            key="exclusive-discount",
            type="whatsapp",
            name="Exclusive Discount Alert",
            channel=Ref("Shop WhatsApp"),
            sender=None,
            audience=Phonebook(Ref("VIP customers"), "business_number"),
            message=Template(
                Ref("discount_campaign"),
                "en",
                MediaHeader("image", demo),
                (
                    ("customertier", "VIP"),
                    ("offertype", "discount"),
                    ("offerdetails", "20% off for all products"),
                    ("expirydate", "July 31, 2030"),
                    ("companyname", "SmartMal"),
                ),
            ),
            send=Now(),
            session=Direct(),
            place=Place("summer.yaml", 25, 3, 18),
        ),
    ]


def one(tmp_path, text: str) -> Campaign:
    campaigns, findings = read_text(tmp_path, text)
    assert findings == []
    (campaign,) = campaigns
    return campaign


def test_things_can_be_named_by_id(tmp_path):
    campaign = one(
        tmp_path,
        sms(
            channel="{id: 7}",
            sender='{id: "8"}',
            recipients="{phonebook: {id: 9}, field: other_number}",
            session="{assign_to: {extension: {id: 10}}}",
        ),
    )
    assert (campaign.channel, campaign.sender) == (Ref(id=7), Ref(id=8))
    assert campaign.audience == Phonebook(Ref(id=9), "other_number")
    assert campaign.session == AssignTo("extension", Ref(id=10))


def test_scalars_are_the_text_the_author_sees(tmp_path):
    body = "[NO, 0123, 2030-07-30, +12025550100, 1.0, 0x1F, 1_000, 12:30:45, true]"
    campaign = one(tmp_path, whatsapp(f"{{template: t, language: no, body: {body}}}", sender="+12025550100"))
    assert isinstance(campaign.message, Template)
    assert campaign.message.language == "no"
    assert campaign.message.body == (
        "NO", "0123", "2030-07-30", "+12025550100", "1.0", "0x1F", "1_000", "12:30:45", "true"
    )  # fmt: skip
    assert campaign.sender == Ref("+12025550100")


UPLOADED = "{uploaded: {id: 0f1e, name: a.png, uri: 20300101/0f1e, type: image/png, size: 40960}}"
KEPT = Uploaded("0f1e", "a.png", "20300101/0f1e", "image/png", 40960)


def test_a_file_that_only_the_pbx_has_can_stand_wherever_a_file_can(tmp_path):
    assert one(tmp_path, sms(message=f"{{file: {UPLOADED}}}")).message == FileMessage(KEPT)
    message = one(tmp_path, whatsapp(f"{{template: t, language: en, header: {{video: {UPLOADED}}}}}")).message
    assert message == Template(Ref("t"), "en", MediaHeader("video", KEPT))


def test_a_text_header_and_buttons_are_pairs(tmp_path):
    text = "{template: {id: 3}, language: en, header: {text: Hi}, buttons: {Shop: sale, Code: X1}}"
    assert one(tmp_path, whatsapp(text)).message == Template(
        Ref(id=3), "en", TextHeader("Hi"), (), (("Shop", "sale"), ("Code", "X1"))
    )


def test_components_are_passed_on_with_their_files(tmp_path):
    write(tmp_path, **{"a.png": PNG})
    components = (
        "[{type: HEADER, parameters: [{type: IMAGE, file_list: [{file: a.png}]}]}, {type: BODY, n: 1, e: }]"
    )
    message = one(tmp_path, whatsapp(f"{{template: t, language: en, components: {components}}}")).message
    assert isinstance(message, Components)
    assert message.components == (
        '[{"type":"HEADER","parameters":[{"type":"IMAGE","file_list":[{"file":"a.png"}]}]},'
        '{"type":"BODY","n":"1","e":null}]'
    )
    assert message.files == (Asset("a.png", hashlib.sha256(PNG).hexdigest(), len(PNG), "image/png"),)


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        ("draft", Draft()),
        ("now", Now()),
        ("{at: 2030-07-30 18:06, timezone: Europe/Berlin}", At(1911657960, "Europe/Berlin")),
        ("{at: 2030-07-30T18:06:30, timezone: Europe/Berlin}", At(1911657990, "Europe/Berlin")),
        ("{at: '2030-07-30 18:06'}", At(1911665160, "UTC")),
        ("{at: '2030-07-30T18:06+02:00'}", At(1911657960, "+02:00")),
        ("{at: '2030-07-30 18:06 +0200'}", At(1911657960, "+0200")),
        ("{at: 2030-07-30T16:06Z}", At(1911657960, "UTC")),
        ("{at: 1911657960}", At(1911657960, "UTC")),
        ("{at: 1911657960, timezone: Asia/Tokyo}", At(1911657960, "Asia/Tokyo")),
        ("{at: '2030-10-27 02:30', timezone: Europe/Berlin, fold: first}", At(1919291400, "Europe/Berlin")),
        ("{at: '2030-10-27 02:30', timezone: Europe/Berlin, fold: second}", At(1919295000, "Europe/Berlin")),
        ("{at: '2030-10-28 02:30', timezone: Europe/Berlin, fold: second}", At(1919381400, "Europe/Berlin")),
    ],
)
def test_send_forms(tmp_path, send, expected):
    assert one(tmp_path, sms(send=send)).send == expected


def test_the_zone_of_the_settings_is_for_times_without_one(tmp_path):
    settings = "pbx: {url: sandbox}\ntimezone: Europe/Berlin\n"
    campaigns, _ = read_text(tmp_path, sms(send="{at: '2030-07-30 18:06'}"), settings=settings)
    assert campaigns[0].send == At(1911657960, "Europe/Berlin")


# which files


def test_manifests_are_read_in_sorted_order_at_any_depth(tmp_path):
    texts = {name: SMS.replace("hello", name.replace("/", "-")) for name in ("b", "a/z", "a/deep/x", "a-b")}
    write(tmp_path, **texts)
    campaigns, findings = read(tmp_path)
    assert [c.place.file for c in campaigns] == ["a-b.yaml", "a/deep/x.yaml", "a/z.yaml", "b.yaml"]
    assert findings == []


def test_hidden_and_underlined_names_are_skipped(tmp_path):
    write(
        tmp_path,
        **dict.fromkeys(("_a", ".b.yaml", "_c/d", ".git/e.yaml", "f.txt", "g.json"), "not: [yaml"),
    )
    assert read(tmp_path) == ([], [])


def test_a_yml_file_is_not_silently_left_out(tmp_path):
    write(tmp_path, **{"a.yml": SMS})
    campaigns, findings = read(tmp_path)
    assert campaigns == []
    assert [(f.code, f.severity, str(f.place)) for f in findings] == [("CMP118", "warning", "a.yml:1:1")]


def test_links_do_not_lead_out_of_the_project(tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "project"
    write(outside, a=SMS)
    root.mkdir()
    (root / "folder").symlink_to(outside)
    (root / "file.yaml").symlink_to(outside / "a.yaml")
    campaigns, findings = read(root)
    assert campaigns == []
    assert [(f.code, f.severity, str(f.place)) for f in findings] == [
        ("CMP114", "error", "file.yaml:1:1"),
        ("CMP114", "warning", "folder:1:1"),
    ]


def test_a_link_inside_the_project_is_a_manifest(tmp_path):
    write(tmp_path, _kept=SMS)
    (tmp_path / "a.yaml").symlink_to(tmp_path / "_kept.yaml")
    assert len(read(tmp_path)[0]) == 1


def test_a_link_to_itself_hides_no_other_manifest(tmp_path):
    write(tmp_path, a=SMS)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "loop").symlink_to("loop")
    campaigns, findings = read(tmp_path)
    assert [c.key for c in campaigns] == ["hello"]
    assert [(f.code, str(f.place)) for f in findings] == [("CMP113", "loop.yaml:1:1")]


def test_a_project_inside_the_project_is_left_out_and_said(tmp_path):
    write(tmp_path, **{"a.yaml": SMS, "other/campaignops.yaml": "pbx: {url: sandbox}", "other/a.yaml": SMS})
    campaigns, findings = read(tmp_path)
    assert len(campaigns) == 1
    assert [(f.code, f.severity, str(f.place)) for f in findings] == [
        ("CMP118", "warning", "other/campaignops.yaml:1:1")
    ]


def test_a_pipe_named_like_a_manifest_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.yaml")
    _, findings = read(tmp_path)
    assert [(f.code, str(f.place)) for f in findings] == [("CMP113", "a.yaml:1:1")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_manifest_is_a_finding(tmp_path):
    write(tmp_path, a=SMS)
    (tmp_path / "a.yaml").chmod(0)
    _, findings = read(tmp_path)
    assert [(f.code, str(f.place)) for f in findings] == [("CMP113", "a.yaml:1:1")]


# keys and names


def test_a_key_in_two_files_is_found_with_both_places(tmp_path):
    write(tmp_path, a=SMS, b=SMS)
    campaigns, findings = read(tmp_path)
    assert len(campaigns) == 1
    assert [(f.code, str(f.place), f.note) for f in findings] == [
        ("CMP110", "b.yaml:2:3", "it stands at a.yaml:2:3 already")
    ]


def test_a_name_twice_is_found_at_the_name(tmp_path):
    write(tmp_path, a=SMS, b=sms(name="hello").replace("hello:", "other:"))
    _, findings = read(tmp_path)
    assert [(f.code, str(f.place)) for f in findings] == [("CMP110", "b.yaml:9:11")]


@pytest.mark.parametrize("key", ['""', '" a"', '"a\\tb"', "'a\"b'", "a*", "'a[b]'", "x" * 128, "'{{ a }}'"])
def test_some_keys_are_refused(tmp_path, key):
    _, findings = read_text(tmp_path, SMS.replace("hello", key))
    assert places(findings)[0] == ("CMP107", 2, 3)


@pytest.mark.parametrize("key", ["a", "Summer sale 2030", "été/1", "a.b_c-d", "x" * 127])
def test_other_keys_are_fine(tmp_path, key):
    assert one(tmp_path, SMS.replace("hello", key)).key == key


def test_a_renamed_campaign_remembers_its_key(tmp_path):
    assert one(tmp_path, sms(moved="{from: old}")).moved_from == "old"


@pytest.mark.parametrize(("said", "is_protected"), [("true", True), ("'true'", True), ("false", False)])
def test_a_campaign_may_be_protected_from_deletion(tmp_path, said, is_protected):
    assert one(tmp_path, sms(prevent_delete=said)).prevent_delete is is_protected
    assert not one(tmp_path, SMS).prevent_delete


# for_each


def test_a_list_makes_a_campaign_of_each_item(tmp_path):
    text = sms(for_each="[de, 5]", name="'Hi {{ each.key }}'", message="{text: '{{ each.value }}!'}")
    campaigns, findings = read_text(tmp_path, text)
    assert findings == []
    assert [(c.key, c.name, c.message) for c in campaigns] == [
        ('hello["de"]', "Hi de", Text("de!")),
        ('hello["5"]', "Hi 5", Text("5!")),
    ]


def test_a_mapping_gives_each_key_its_value(tmp_path):
    text = sms(for_each="{de: {hi: Hallo, n: 2}, fr: {hi: '{{ salut }}', n: 3}}", message="\n      text: >-\n"
               "        {{ each.value.hi }} {{ each.value.n + 1 }}")  # fmt: skip
    campaigns, findings = read_text(tmp_path, "vars: {salut: Salut}\n" + text)
    assert findings == []
    assert [(c.key, c.message) for c in campaigns] == [
        ('hello["de"]', Text("Hallo 3")),
        ('hello["fr"]', Text("Salut 4")),
    ]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("[de, fr, de]", ("CMP110", 9, 24)),
        ("de", ("CMP107", 9, 5)),
        ("", ("CMP107", 9, 5)),
        ("[[de]]", ("CMP107", 9, 16)),
        ("[{a: b}]", ("CMP107", 9, 16)),
        ("['a\"b']", ("CMP107", 9, 16)),
        ("['{{ nothing }}']", ("CMP111", 9, 20)),
    ],
)
def test_wrong_items_are_found(tmp_path, items, expected):
    _, findings = read_text(tmp_path, sms(for_each=items))
    assert expected in places(findings)


def test_one_name_for_all_items_is_found(tmp_path):
    _, findings = read_text(tmp_path, sms(for_each="[de, fr]", name="Hi"))
    assert places(findings) == [("CMP110", 10, 11)]


# vars


def test_vars_from_the_command_line_win_over_the_manifest_and_it_over_the_settings(tmp_path):
    settings = "pbx: {url: sandbox}\nvars: {a: s, b: s, c: s, d: s, e: s}\n"
    settings += "environments: {test: {vars: {b: e, c: e, d: e, e: e}}}\n"
    write(tmp_path, **{"more.txt": "d: f\ne: f\n"})
    text = "vars: {c: m, d: m, e: m, f: m}\n" + sms(
        message="{text: '{{ a }}{{ b }}{{ c }}{{ d }}{{ e }}{{ f }}'}"
    )
    campaigns, _ = read_text(
        tmp_path,
        text,
        settings=settings,
        environment="test",
        var_files=[str(tmp_path / "more.txt")],
        environ={"CAMPAIGNOPS_VAR_d": "v", "CAMPAIGNOPS_VAR_f": "v", "HOME": "/"},
        overrides={"e": "o"},
    )
    assert campaigns[0].message == Text("semfov")


def test_vars_of_one_manifest_are_not_those_of_another(tmp_path):
    write(tmp_path, a="vars: {x: 1}\n" + SMS, b=sms(message="{text: '{{ x }}'}").replace("hello", "b"))
    _, findings = read(tmp_path)
    assert [(f.code, str(f.place)) for f in findings] == [("CMP111", "b.yaml:6:25")]


def test_numbers_and_truths_in_vars_count_and_print_as_written(tmp_path):
    settings = "pbx: {url: sandbox}\n"
    text = (
        "vars: {n: 5, big: 1000000, yes: true, no: false, zero: 007, plus: +5, s: 'true', m: '{{ n * 2 }}'}\n"
    )
    text += sms(
        message="{text: '{{ n + 1 }} {{ big }} {{ yes }} {% if no %}x{% endif %}{{ zero }} {{ plus }} {{ s }} {{ m }}'}"
    )
    campaigns, findings = read_text(tmp_path, text, settings=settings)
    assert findings == []
    assert campaigns[0].message == Text("6 1000000 true 007 +5 true 10")


# places


def test_any_field_can_be_located(tmp_path):
    write(tmp_path, a=EXAMPLE, **{"assets/demo.jpeg": JPEG, "audiences/vip.csv": "phone\n+8613800001111\n"})
    desired = manifest.read(project_of(tmp_path, "pbx: {url: sandbox}\nvars: {brand: x}\n"))
    first, second, third = desired
    assert desired.locate(first, ("channel",)) == Place("a.yaml", 8, 14, 8)
    assert desired.locate(first, ("recipients", "numbers", 1)) == Place("a.yaml", 11, 35, 16)
    assert desired.locate(first, ("message", "text")) == Place("a.yaml", 13, 13, 61)
    assert desired.locate(first, ("message", "nothing")) == Place("a.yaml", 12, 5, 7)
    assert desired.locate(second, ("sender",)) == Place("a.yaml", 17, 3, 12)
    assert desired.locate(third, ("message", "body", "offertype")) == Place("a.yaml", 34, 44, 8)
    assert desired.locate(third, ("message", "header")) == Place("a.yaml", 33, 7, 6)


def test_places_lead_through_anchors_merges_and_for_each(tmp_path):
    text = (
        "vars:\n  base: &base {type: sms, channel: Main, send: draft, session: direct}\n"
        "campaigns:\n  a:\n    <<: *base\n    for_each: [x, y]\n"
        "    recipients: {numbers: ['+8613800001111']}\n    message: {text: Hi}\n"
    )
    write(tmp_path, a=text)
    desired = manifest.read(project_of(tmp_path))
    first, second = desired
    assert desired.findings == []
    assert (
        desired.locate(first, ("channel",))
        == desired.locate(second, ("channel",))
        == Place("a.yaml", 2, 36, 4)
    )
    assert desired.locate(second, ("message", "text")) == Place("a.yaml", 8, 21, 2)


def test_a_file_that_has_gone_leaves_the_campaigns_own_place(tmp_path):
    write(tmp_path, a=SMS)
    desired = manifest.read(project_of(tmp_path))
    (campaign,) = desired
    (tmp_path / "a.yaml").unlink()
    assert desired.locate(campaign, ("channel",)) == campaign.place


# the reader itself


def test_the_desired_campaigns_can_be_read_once(tmp_path):
    desired = manifest.read(project_of(write(tmp_path, a=SMS)))
    list(desired)
    with pytest.raises(RuntimeError):
        list(desired)


def test_campaigns_are_not_kept(tmp_path):
    for number in range(300):
        text = SMS.replace("hello", f"c{number}").replace("Hello", "x" * 20_000)
        write(tmp_path, **{f"c{number}": text})
    desired = manifest.read(project_of(tmp_path))
    tracemalloc.start()
    try:
        assert sum(1 for _ in desired) == 300
        assert tracemalloc.get_traced_memory()[1] < 3_000_000  # all texts together are 6 MB
    finally:
        tracemalloc.stop()
    assert gc.get_freeze_count() == 0
