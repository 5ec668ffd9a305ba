"""Parts are what people pay for, so every border is tested."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops.message import sms
from campaignops.message.sms import instead, measure


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("a" * 459, "GSM-7", 459, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 158 + "€", "GSM-7", 160, 1),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        ("Ünited ÄÖ ß à £ ¿ Ω", "GSM-7", 19, 1),
        ("[link] {a|b} ~^\\", "GSM-7", 24, 1),
        ("ç", "UCS-2", 1, 1),
        ("Ç", "GSM-7", 1, 1),
        ("я" * 70, "UCS-2", 70, 1),
        ("я" * 71, "UCS-2", 71, 2),
        ("я" * 134, "UCS-2", 134, 2),
        ("я" * 135, "UCS-2", 135, 3),
        ("🌞" * 35, "UCS-2", 70, 1),
        ("🌞" * 36, "UCS-2", 72, 2),
        ("🌞" * 66, "UCS-2", 132, 2),
        ("🌞" * 67, "UCS-2", 134, 3),
        ("Sale—50%", "UCS-2", 8, 1),
    ],
)
def test_a_text_has_an_encoding_a_length_and_parts(text, encoding, units, parts):
    measured = measure(text)
    assert (measured.encoding, measured.units, measured.parts) == (encoding, units, parts)


# 187 texts with what two other programs make of them: the npm packages sms-segments-calculator 1.3.0 and split-sms
# 0.1.7 agree on each. A text is written as stretches, each with how often it is repeated.
KNOWN = json.loads((Path(__file__).parent / "sms_texts.json").read_text("utf-8"))


@pytest.mark.parametrize(("stretches", "encoding", "parts"), KNOWN)
def test_a_text_has_the_parts_that_other_programs_count(stretches, encoding, parts):
    measured = measure("".join(text * times for text, times in stretches))
    assert (measured.encoding, measured.parts) == (encoding, parts)


def test_an_escaped_character_is_not_cut_in_two():
    # 152 septets, then one that needs two: it opens the second part, and one septet of the first stays empty.
    assert measure("a" * 152 + "€" + "a" * 151).parts == 2
    assert measure("a" * 152 + "€" + "a" * 152).parts == 3


def test_a_surrogate_pair_is_not_cut_in_two():
    assert measure("я" * 66 + "🌞" + "я" * 65).parts == 2
    assert measure("я" * 66 + "🌞" + "я" * 66).parts == 3


def test_the_first_character_that_costs_the_small_alphabet_is_named_with_what_could_stand_instead():
    text = "Summer’s best"
    measured = measure(text)
    assert measured.forced_by == 6
    assert instead(text[6]) == "'"
    assert instead("🌞") is None


@given(st.text(max_size=700))
def test_parts_hold_what_they_are_said_to_hold(text):
    measured = measure(text)
    assert measured.units >= len(text) or measured.encoding == "GSM-7"
    assert (
        (measured.parts - 1) * (measured.per_part - 1) <= measured.units <= measured.parts * measured.per_part
    )
    assert (measured.forced_by is None) == (measured.encoding == "GSM-7")


@given(st.text(st.sampled_from("aé€[’🌞\n"), max_size=400))
def test_the_pieces_are_the_text_in_as_many_parts_as_are_billed(text):
    measured, pieces = sms.measure(text), sms.pieces(text)
    assert "".join(piece for piece, _ in pieces) == text
    assert len(pieces) == measured.parts
    assert sum(units for _, units in pieces) == measured.units
    assert all(units <= measured.per_part for _, units in pieces)
