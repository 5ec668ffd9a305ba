"""What a reader sees, in lines of text."""

from __future__ import annotations

from campaignops.message.bubble import Bubble
from campaignops.model import Uploaded

FLYER = Uploaded("1", "flyer.jpeg", "20300101/1", "image/jpeg", 9)


def test_a_bubble_reads_from_top_to_bottom():
    bubble = Bubble("Dear Ada", "Summer", footer="Reply STOP", buttons=("Buy", "Later"))
    assert str(bubble) == "Summer\nDear Ada\nReply STOP\n[Buy]\n[Later]"


def test_a_file_stands_above_the_text():
    assert str(Bubble("Look!", file=FLYER, kind="image")) == "[image flyer.jpeg]\nLook!"


def test_a_file_alone_is_a_message_too():
    assert str(Bubble(file=FLYER)) == "[file flyer.jpeg]"


def test_the_line_breaks_of_a_text_stay():
    assert str(Bubble("one\n\ntwo")) == "one\n\ntwo"
