"""Names to ids against the sandbox's seed, each list once a run; and lists that change or lie while they are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignops import sandbox
from campaignops.errors import PbxError
from campaignops.findings import Place
from campaignops.model import (
    Asset,
    AssignTo,
    Campaign,
    Components,
    Direct,
    Draft,
    MediaHeader,
    Numbers,
    Phonebook,
    Ref,
    Template,
    Text,
)
from campaignops.pbx.catalog import Catalog, rows
from campaignops.sandbox import demo
from campaignops.sandbox.demo_templates import TEMPLATES
from tests.test_pbx_client import client_of, in_turn, made_up

VIP = (
    ("customertier", "VIP"),
    ("offertype", "discount"),
    ("offerdetails", "20% off"),
    ("expirydate", "July 31"),
    ("companyname", "SmartMal"),
)
JPEG = Asset("assets/demo.jpeg", "0" * 64, 88555, "image/jpeg")
DISCOUNT = Template(Ref("discount_campaign"), "en", MediaHeader("image", JPEG), VIP)


def an_sms(**other: Any) -> Campaign:
    said: dict[str, Any] = {
        "key": "summer",
        "type": "sms",
        "name": "Summer",
        "channel": Ref("Main SMS"),
        "sender": Ref("+12025550100"),
        "audience": Numbers(("+8613800001111", "+8613800002222")),
        "message": Text("Hello"),
        "send": Draft(),
        "session": Direct(),
        "place": Place("summer.yaml", 3),
    }
    return Campaign(**(said | other))


def a_whatsapp(**other: Any) -> Campaign:
    said: dict[str, Any] = {
        "type": "whatsapp",
        "channel": Ref("Shop WhatsApp"),
        "sender": None,
        "message": DISCOUNT,
    }
    return an_sms(**(said | other))


def locate(campaign, path):
    """A place that spells out the path."""
    return Place("/".join(map(str, path)))


@pytest.fixture(scope="module")
def server():
    with sandbox.start(now=lambda: 1_753_400_000) as running:
        yield running


@pytest.fixture
def pbx(server):
    server.reset()
    return server


def resolve(pbx, campaign):
    return Catalog(client_of(pbx)).resolve(campaign, locate)


def resolved(pbx, campaign):
    found, findings = resolve(pbx, campaign)
    assert findings == ()
    assert found is not None
    return found


def finding(pbx, campaign):
    found, findings = resolve(pbx, campaign)
    assert found is None
    (one,) = findings
    assert one.severity == "error"
    return one


def coded(pbx, campaign):
    one = finding(pbx, campaign)
    return one.code, one.place.file, one.message, one.help


# What is found


def test_every_name_of_an_sms_campaign_is_an_id():
    campaign = an_sms(
        audience=Phonebook(Ref("VIP customers"), "mobile_number"), session=AssignTo("queue", Ref("Sales"))
    )
    with sandbox.start() as pbx:
        found = resolved(pbx, campaign)
    assert (found.channel_id, found.sender_id, found.phonebook_id, found.assign_to_id) == (7, 7, 28, 2)
    assert found.people == 5


def test_an_id_stands_for_a_name_everywhere(pbx):
    campaign = an_sms(
        channel=Ref(None, 5),
        sender=Ref(None, 11),
        audience=Phonebook(Ref(None, 32), "mobile_number"),
        session=AssignTo("extension", Ref(None, 1002)),
    )
    found = resolved(pbx, campaign)
    assert (found.channel_id, found.sender_id, found.phonebook_id, found.assign_to_id) == (5, 11, 32, 1002)


def test_an_extension_is_named_by_its_number_and_never_by_its_id(pbx):
    assert resolved(pbx, an_sms(session=AssignTo("extension", Ref("1002")))).assign_to_id == 2
    assert resolved(pbx, an_sms(session=AssignTo("extension", Ref("1010")))).assign_to_id == 1002


@pytest.mark.parametrize(("sender", "expected"), [(Ref("+12025550101"), 11), (Ref("+12025550102"), 12)])
def test_a_sender_is_one_of_the_channels_own_numbers(pbx, sender, expected):
    assert resolved(pbx, an_sms(channel=Ref("News SMS"), sender=sender)).sender_id == expected


def test_a_channel_with_one_number_needs_no_sender(pbx):
    assert resolved(pbx, an_sms(channel=Ref("Support SMS"), sender=None)).sender_id == 21


@pytest.mark.parametrize("field", ["number", "did_number", "whatever"])
@pytest.mark.parametrize("text", ["+12025550100", "12025550100"])
def test_the_number_of_a_sender_is_found_in_whatever_field_it_stands(field, text):
    dids = [{"id": 7, "dest_type": "queue", field: text, "members": []}, {"id": 8, field: "+12025550199"}]
    client, _ = made_up(in_turn({"errcode": 0, "data": {"id": 1, "dids": dids}}))
    assert Catalog(client).senders(1) == {7: (text,), 8: ("+12025550199",)}
    channel = {"id": 7, "name": "Main SMS", "type": "sms", "status": "status_connect_succ"}
    listed = {"errcode": 0, "total_number": 1, "list": [channel]}
    client, _ = made_up(in_turn(listed, {"errcode": 0, "data": {"id": 7, "dids": dids}}))
    found, findings = Catalog(client).resolve(an_sms(), locate)
    assert findings == ()
    assert found is not None
    assert found.sender_id == 7


@pytest.mark.parametrize(("language", "expected"), [("en", 1773), ("de", 1774)])
def test_a_template_is_found_by_name_and_language(pbx, language, expected):
    template = resolved(pbx, a_whatsapp(message=replace(DISCOUNT, language=language))).template
    assert template is not None
    assert (template.id, template.language, template.is_named) == (expected, language, True)


def test_a_template_is_found_by_id_and_language(pbx):
    found = resolved(pbx, a_whatsapp(message=replace(DISCOUNT, template=Ref(None, 1774), language="de")))
    assert found.template is not None
    assert found.template.template_id == "1293546285747228"


def test_components_are_passed_through_without_a_look_at_them(pbx):
    message = Components(Ref("discount_campaign"), "en", '[{"type":"ANYTHING"}]')
    assert resolved(pbx, a_whatsapp(message=message)).template is not None


# What is not


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (
            "main sms",
            ("CMP201", "channel", "the PBX has no message channel `main sms`", "did you mean `Main SMS`?"),
        ),
        (
            "Main SMS ",
            ("CMP201", "channel", "the PBX has no message channel `Main SMS `", "did you mean `Main SMS`?"),
        ),
        (
            "Mian SMS",
            ("CMP201", "channel", "the PBX has no message channel `Mian SMS`", "did you mean `Main SMS`?"),
        ),
        (
            "zzz",
            (
                "CMP201",
                "channel",
                "the PBX has no message channel `zzz`",
                "of this type it has `Main SMS`, `News SMS`, `Support SMS`, `Old SMS`",
            ),
        ),
        (
            "Old SMS",
            (
                "CMP203",
                "channel",
                "channel `Old SMS` is not connected (status_connect_fail)",
                "connect it on the PBX first",
            ),
        ),
        (
            "Shop WhatsApp",
            (
                "CMP204",
                "channel",
                "channel `Shop WhatsApp` is of type whatsapp, not sms",
                "name a channel of that type, or change `type`",
            ),
        ),
    ],
)
def test_a_channel_that_will_not_do_is_a_finding(pbx, channel, expected):
    assert coded(pbx, an_sms(channel=Ref(channel))) == expected


def test_an_id_that_nothing_has_is_a_finding(pbx):
    code, place, message, _ = coded(pbx, an_sms(channel=Ref(None, 99)))
    assert (code, place, message) == ("CMP201", "channel", "the PBX has no message channel `id 99`")


def test_two_channels_of_one_name_are_a_finding_that_asks_for_the_id(server):
    twin = {**demo.CHANNELS[1], "id": 8, "name": "Main SMS"}
    server.reset(seed={"channels": [*demo.CHANNELS, twin]})
    one = finding(server, an_sms())
    assert (one.code, one.message) == (
        "CMP202",
        "the PBX has more than one message channel `Main SMS` (ids 7, 8)",
    )
    assert one.help == "write `{id: …}`"


@pytest.mark.parametrize(
    "sender", [Ref("+12025550110"), Ref(None, 21), Ref("+12025550199"), Ref("12025550100x")]
)
def test_a_sender_of_another_channel_or_of_none_is_a_finding(pbx, sender):
    one = finding(pbx, an_sms(channel=Ref("News SMS"), sender=sender))
    assert (one.code, one.place) == ("CMP205", Place("sender"))
    assert one.message == "channel `News SMS` has no such number"
    assert one.help == "write sender: {id: 11} for +1202•••0101, or sender: {id: 12} for +1202•••0102"


def test_a_sender_left_out_of_a_channel_with_several_is_a_finding(pbx):
    one = finding(pbx, an_sms(channel=Ref("News SMS"), sender=None))
    assert (one.code, one.place, one.message) == (
        "CMP206",
        Place("channel"),
        "channel `News SMS` has 2 numbers",
    )


@pytest.mark.parametrize("sender", [None, Ref("+12025550100"), Ref(None, 7)])
def test_a_channel_without_numbers_is_a_finding(server, sender):
    server.reset(seed={"channels": [{**demo.CHANNELS[0], "dids": []}]})
    one = finding(server, an_sms(sender=sender))
    assert one.code in ("CMP205", "CMP206")
    assert one.help is None


def test_a_number_that_a_channel_has_twice_is_a_finding(server):
    dids = [{"id": i, "did_number": "+12025550100"} for i in (7, 8)]
    server.reset(seed={"channels": [{**demo.CHANNELS[0], "dids": dids}]})
    assert finding(server, an_sms()).message == "channel `Main SMS` has this number several times"
    assert resolved(server, an_sms(sender=Ref(None, 8))).sender_id == 8


@pytest.mark.parametrize(
    ("phonebook", "code", "message"),
    [
        (Ref("vip customers"), "CMP207", "the PBX has no phonebook `vip customers`"),
        (Ref("Newsletter"), "CMP207", "the PBX has more than one phonebook `Newsletter` (ids 31, 32)"),
        (Ref("Empty list"), "CMP214", "phonebook `Empty list` is empty"),
        (Ref(None, 40), "CMP214", "phonebook `id 40` is empty"),
    ],
)
def test_a_phonebook_that_will_not_do_is_a_finding(pbx, phonebook, code, message):
    one = finding(pbx, an_sms(audience=Phonebook(phonebook, "mobile_number")))
    assert (one.code, one.place, one.message) == (code, Place("recipients/phonebook"), message)


@pytest.mark.parametrize("total", [None, "5", -1, True, 5.0])
def test_a_phonebook_that_does_not_say_how_many_it_has_is_of_unknown_size(total):
    books = {"errcode": 0, "total_number": 1, "data": [{"id": 28, "name": "VIP", "total": total}]}
    channels = {
        "errcode": 0,
        "list": [{"id": 7, "name": "Main SMS", "type": "sms", "status": "status_connect_succ"}],
    }
    numbers = {"errcode": 0, "data": {"dids": [{"id": 7, "n": "+12025550100"}]}}
    client, _ = made_up(in_turn({**channels, "total_number": 1}, numbers, books))
    found, _ = Catalog(client).resolve(an_sms(audience=Phonebook(Ref("VIP"), "mobile_number")), locate)
    assert found is not None
    assert found.people is None


@pytest.mark.parametrize(
    ("to", "code", "place", "help"),
    [
        (
            AssignTo("extension", Ref("1003 ")),
            "CMP208",
            "session/assign_to/extension",
            "did you mean `1003`?",
        ),
        (AssignTo("extension", Ref(None, 77)), "CMP208", "session/assign_to/extension", None),
        (AssignTo("queue", Ref("support")), "CMP209", "session/assign_to/queue", "did you mean `Support`?"),
        (AssignTo("queue", Ref(None, 4)), "CMP209", "session/assign_to/queue", None),
    ],
)
def test_an_assignee_that_is_none_is_a_finding(pbx, to, code, place, help):
    one = finding(pbx, an_sms(session=to))
    assert (one.code, one.place) == (code, Place(place))
    assert help is None or one.help == help


@pytest.mark.parametrize(
    ("message", "place", "said", "help"),
    [
        (
            replace(DISCOUNT, template=Ref("Discount_Campaign")),
            "message/template",
            "channel `Shop WhatsApp` has no template `Discount_Campaign`",
            "did you mean `discount_campaign`?",
        ),
        (
            replace(DISCOUNT, language="fr"),
            "message/language",
            "template `discount_campaign` has no language `fr`",
            "it has `en`, `de`",
        ),
        (
            replace(DISCOUNT, template=Ref(None, 1773), language="de"),
            "message/language",
            "template `id 1773` has no language `de`",
            "it has `en`",
        ),
        (
            replace(DISCOUNT, template=Ref(None, 5)),
            "message/template",
            "channel `Shop WhatsApp` has no template `id 5`",
            None,
        ),
    ],
)
def test_a_template_that_is_none_is_a_finding(pbx, message, place, said, help):
    one = finding(pbx, a_whatsapp(message=message))
    assert (one.code, one.place, one.message) == ("CMP211", Place(place), said)
    assert help is None or one.help == help


def test_a_template_twice_in_one_language_is_a_finding(server):
    twin = {**TEMPLATES[0], "id": 1999}
    server.reset(seed={"templates": [*TEMPLATES, twin]})
    one = finding(server, a_whatsapp())
    assert (one.code, one.help) == ("CMP211", "write `template: {id: …}`")
    assert "(ids 1773, 1999)" in one.message


def test_a_channel_without_templates_is_a_finding_that_says_what_to_do(server):
    server.reset(seed={"templates": []})
    assert finding(server, a_whatsapp()).help == "synchronise the templates of the channel on the PBX"


def test_values_that_do_not_fit_the_template_are_findings_at_their_places(pbx):
    message = replace(DISCOUNT, header=None, body=(*VIP[:4], ("extra", "x")), buttons=(("Ring us", "now"),))
    _, findings = resolve(pbx, a_whatsapp(message=message))
    assert [(each.code, each.place and each.place.file) for each in findings] == [
        ("CMP212", "message/header"),
        ("CMP210", "message/body"),
        ("CMP210", "message/body/extra"),
        ("CMP213", "message/buttons/Ring us"),
    ]
    assert (
        findings[1].help
        == "write `body: {customertier: …, offertype: …, offerdetails: …, expirydate: …, companyname: …}`"
    )
    assert findings[1].note is not None
    assert "\n" not in findings[1].note


def test_a_value_too_many_of_a_list_is_a_finding_at_its_index(pbx):
    message = Template(Ref("reminder"), "en", None, ("a", "b", "c"))
    (one,) = resolve(pbx, a_whatsapp(message=message))[1]
    assert one.place == Place("message/body/2")


def test_everything_that_is_wrong_is_told_at_once(pbx):
    campaign = an_sms(
        sender=Ref("+12025550110"),
        audience=Phonebook(Ref("Empty list"), "mobile_number"),
        session=AssignTo("queue", Ref("nobody")),
    )
    assert [each.code for each in resolve(pbx, campaign)[1]] == ["CMP205", "CMP214", "CMP209"]


def test_a_wrong_channel_does_not_make_its_sender_and_template_wrong_too(pbx):
    assert finding(pbx, a_whatsapp(channel=Ref("nowhere"), sender=Ref("+12025550100"))).code == "CMP201"


NUMBER = "+12025550123"


@pytest.mark.parametrize(
    "campaign",
    [
        an_sms(channel=Ref(NUMBER)),
        an_sms(sender=Ref(NUMBER)),
        an_sms(audience=Phonebook(Ref(NUMBER), "mobile_number")),
        an_sms(session=AssignTo("extension", Ref(NUMBER))),
        an_sms(session=AssignTo("queue", Ref("call 12025550123 or +1 202-555-0123"))),
        a_whatsapp(message=replace(DISCOUNT, template=Ref(NUMBER))),
        a_whatsapp(message=replace(DISCOUNT, language=NUMBER)),
        a_whatsapp(message=replace(DISCOUNT, body=((NUMBER, "x"),))),
        a_whatsapp(message=replace(DISCOUNT, buttons=((NUMBER, "x"),))),
        a_whatsapp(message=Template(Ref("call"), "en", None, ("x",))),
        an_sms(channel=Ref("Tel. " + NUMBER)),
    ],
)
def test_no_finding_shows_a_whole_number(server, campaign):
    call = {
        **TEMPLATES[0],
        "id": 2000,
        "name": "call",
        "components": [{"type": "BODY", "text": f"Call {NUMBER}"}],
    }
    named = {**demo.CHANNELS[0], "id": 50, "name": f"Tel. {NUMBER}0"}
    server.reset(seed={"templates": [*TEMPLATES, call], "channels": [*demo.CHANNELS, named]})
    found, findings = resolve(server, campaign)
    assert found is None
    for each in findings:
        said = f"{each.message} {each.note} {each.help}"
        assert not [text for text in (NUMBER[1:], "202-555-0123", "2025550100") if text in said]


# How often the PBX is asked


def test_each_list_is_read_once_a_run_whatever_the_number_of_campaigns(pbx):
    catalog = Catalog(client_of(pbx))
    for _ in range(50):
        sms = an_sms(
            audience=Phonebook(Ref("VIP customers"), "mobile_number"),
            session=AssignTo("extension", Ref("1002")),
        )
        for campaign in (sms, a_whatsapp(session=AssignTo("queue", Ref("Sales")))):
            assert catalog.resolve(campaign, locate)[1] == ()
    asked = [each["endpoint"] for each in pbx.requests()]
    assert sorted(asked) == sorted(
        [
            "get_token",
            "message_channel/list",
            "message_channel/get",  # of each of two channels
            "message_channel/get",
            "message_channel/whatsapp_template",
            "phonebook/list",
            "extension/list",
            "message_queue/list",
        ]
    )


def test_a_list_that_no_campaign_needs_is_not_read(pbx):
    resolved(pbx, an_sms())
    asked = [each["endpoint"] for each in pbx.requests()]
    assert asked == ["get_token", "message_channel/list", "message_channel/get"]


# Pages


class Paged:
    """A made-up PBX with a list of ids in pages; `meanwhile` is told the ids and the count of answers."""

    def __init__(self, ids, meanwhile=lambda ids, count: None, key="data", size=100) -> None:
        self.ids, self.meanwhile, self.key, self.size = list(ids), meanwhile, key, size
        self.count = 0
        self.client, self.pbx = made_up(self.answer)

    def answer(self, endpoint, request):
        if endpoint == "get_token":
            return None
        self.count += 1
        self.meanwhile(self.ids, self.count)
        start = (int(request.url.params["page"]) - 1) * self.size
        batch = [{"id": i} for i in self.ids[start : start + self.size]]
        return {"errcode": 0, "total_number": len(self.ids), self.key: batch}

    def read(self):
        return [row["id"] for row in rows(self.client, "some/list")]


@pytest.mark.parametrize("key", ["data", "list"])
@pytest.mark.parametrize("size", [100, 30])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250])
def test_a_list_is_read_whole_however_many_pages_it_has(count, size, key):
    paged = Paged(range(1, count + 1), key=key, size=size)
    assert paged.read() == list(range(1, count + 1))
    pages = -(-count // size) or 1
    assert paged.count == (1 if pages == 1 else 2 * pages)


def test_the_sandbox_cutting_pages_without_a_word_hides_nothing(pbx):
    pbx.behave(page_size_max=2)
    assert [row["id"] for row in rows(client_of(pbx), "extension/list")] == [2, 4, 9, 1002]


def test_a_row_that_goes_while_pages_are_read_takes_no_other_with_it():
    """Id 101 slips onto the first page after that was read."""
    paged = Paged(range(1, 151), lambda ids, count: ids.remove(50) if count == 2 else None)
    assert paged.read() == [*range(1, 50), *range(51, 151)]


def test_a_row_that_goes_while_another_comes_takes_no_other_with_it():
    """The total stays the same, so it tells nothing."""

    def swap(ids, count):
        if count == 2:
            ids.remove(50)
            ids.append(151)

    assert Paged(range(1, 151), swap).read() == [*range(1, 50), *range(51, 152)]


def test_a_row_that_comes_first_while_pages_are_read_is_not_missed():
    paged = Paged(range(1, 151), lambda ids, count: ids.insert(0, 999) if count == 2 else None)
    assert paged.read() == [999, *range(1, 151)]


def test_a_list_that_never_stands_still_is_an_error_and_not_a_list():
    def churn(ids, count):
        ids.append(ids.pop(0) + 1000)

    with pytest.raises(
        PbxError, match="some/list is not complete, or changes all the time; run the command again"
    ):
        Paged(range(1, 151), churn).read()


@pytest.mark.parametrize("total", [2, 7, 500])
def test_a_list_with_fewer_rows_than_it_says_is_an_error(total):
    client, pbx = made_up(in_turn({"errcode": 0, "total_number": total, "data": [{"id": 1}]}))
    with pytest.raises(PbxError, match="not complete"):
        rows(client, "some/list")
    assert len(pbx.asked) < 10


@pytest.mark.parametrize("total", [0, 1, -5])
def test_a_list_with_more_rows_than_it_says_is_an_error(total):
    client, _ = made_up(in_turn({"errcode": 0, "total_number": total, "data": [{"id": 1}, {"id": 2}]}))
    with pytest.raises(PbxError, match="not complete"):
        rows(client, "some/list")


@pytest.mark.parametrize("total", [None, "2", 2.0, True])
def test_a_list_that_does_not_say_how_long_it_is_is_read_until_nothing_comes(total):
    def answer(endpoint, request):
        if endpoint == "get_token":
            return None
        page = int(request.url.params["page"])
        return {"errcode": 0, "total_number": total, "data": [{"id": page}] if page < 4 else []}

    client, _ = made_up(answer)
    assert [row["id"] for row in rows(client, "some/list")] == [1, 2, 3]


def test_a_list_that_ignores_the_page_is_read_once_over():
    client, _ = made_up(in_turn({"errcode": 0, "data": [{"id": 1}, {"id": 2}]}))
    assert [row["id"] for row in rows(client, "some/list")] == [1, 2]


def test_a_list_without_end_is_an_error():
    ids = iter(range(1, 10_000_000))
    client, _ = made_up(
        lambda endpoint, _: (
            None
            if endpoint == "get_token"
            else {"errcode": 0, "total_number": 10**9, "data": [{"id": next(ids)}]}
        )
    )
    with pytest.raises(PbxError, match="not complete"):
        rows(client, "some/list")
    assert client.requests == 1 + 1000


def test_a_row_without_an_id_makes_the_list_an_error():
    client, _ = made_up(
        in_turn({"errcode": 0, "total_number": 1, "data": [{"id": "seven", "name": "Main SMS"}]})
    )
    with pytest.raises(PbxError, match="message_channel/list in an unknown form; nothing was sent"):
        Catalog(client).resolve(an_sms(), locate)


def test_a_channel_that_is_gone_has_no_numbers(pbx):
    assert Catalog(client_of(pbx)).senders(99) == {}


@pytest.mark.parametrize(
    "data", [None, [], {"dids": 7}, {"dids": "x"}, {"dids": [{"id": "x"}]}, {"dids": [None]}]
)
def test_a_channel_of_another_form_is_an_error(data):
    client, _ = made_up(in_turn({"errcode": 0, "data": data}))
    with pytest.raises(PbxError, match="message_channel/get in an unknown form"):
        Catalog(client).senders(7)


def test_a_channel_that_cannot_be_read_is_an_error_and_not_one_without_numbers():
    client, _ = made_up(in_turn({"errcode": 10005}))
    with pytest.raises(PbxError, match="could not be read"):
        Catalog(client).senders(7)


def test_a_template_of_another_form_is_an_error_only_for_who_names_it():
    def answer(endpoint, _):
        listed = [
            {"id": 1, "name": "broken", "language": "en", "components_data": "[[["},
            {"id": 2, "template_id": "m", "name": "good", "language": "en", "parameter_format": "NAMED",
             "components_data": '[{"type":"BODY","text":"Half: \\ud83c"}]'},
        ]  # fmt: skip
        channel = {"id": 7, "name": "Main SMS", "type": "whatsapp", "status": "status_connect_succ"}
        return {
            "message_channel/list": {"errcode": 0, "total_number": 1, "list": [channel]},
            "message_channel/get": {"errcode": 0, "data": {"dids": [{"id": 7, "n": "+12025550100"}]}},
            "message_channel/whatsapp_template": {"errcode": 0, "total_number": 2, "data": listed},
        }.get(endpoint)

    catalog = Catalog(made_up(answer)[0])
    good = a_whatsapp(channel=Ref("Main SMS"), message=Template(Ref("good"), "en"))
    found, _ = catalog.resolve(good, locate)
    assert found is not None
    assert found.template is not None
    assert found.template.body == "Half: \ufffd"
    broken = replace(good, message=Template(Ref("broken"), "en"))
    with pytest.raises(PbxError, match="whatsapp_template in an unknown form"):
        catalog.resolve(broken, locate)
