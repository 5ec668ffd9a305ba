"""Media types, by ending and by what the file begins with; what WhatsApp takes of them."""

from __future__ import annotations

import pytest

from campaignops.message.media import Misnamed, media_type, whatsapp_refuses

PNG = b"\x89PNG\r\n\x1a\n"
ZIP = b"PK\x03\x04"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.png", PNG, "image/png"),
        ("a.webp", b"RIFF1234WEBPVP8 ", "image/webp"),
        ("a.wav", b"RIFF1234WAVEfmt ", "audio/wav"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", "video/mp4"),
        ("a.mp4", b"\0\0\0\x18ftyp3gp5", "video/mp4"),
        ("a.3gp", b"\0\0\0\x18ftyp3gp5", "video/3gpp"),
        ("a.heic", b"\0\0\0\x18ftypheic", "image/heic"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.docx", ZIP, WORD),
        ("a.zip", ZIP, "application/zip"),
        ("a.mp3", b"\xff\xfb\x90", "audio/mpeg"),
        ("a.txt", "grüße".encode(), "text/plain"),
        ("a.txt", "grüß".encode()[:-1], "text/plain"),
        ("a.txt", "grüße".encode("latin-1"), "text/plain"),
        ("a", b"\0\0\0\x18ftyp3gp5", "video/3gpp"),
        ("a.xyz", PNG, "image/png"),
        ("a.xyz", ZIP, "application/octet-stream"),
        ("a.xyz", b"hello", "application/octet-stream"),
        ("a", b"", "application/octet-stream"),
    ],
)
def test_the_media_type_is_the_endings_when_the_bytes_agree(name, start, expected):
    assert media_type(f"assets/{name}", start) == expected


@pytest.mark.parametrize(
    ("name", "start", "message", "help"),
    [
        ("a.jpg", PNG, "`a.jpg` is not JPG but PNG", "rename it to `a.png`, or save it as JPG"),
        ("a.1.JPG", b"\0\0\0\x18ftypheic", "`a.1.JPG` is not JPG but HEIC", "rename it to `a.1.heic`"),
        ("a.mp4", b"\0\0\0\x14ftypqt  ", "`a.mp4` is not MP4 but MOV", "rename it to `a.mov`"),
        ("a.3gp", b"\0\0\0\x18ftypmp42", "`a.3gp` is not 3GP but MP4", "rename it to `a.mp4`"),
        ("a.jpg", b"MZ\x90", "`a.jpg` does not begin like a file of the kind JPG", "is it whole?"),
        ("a.pdf", b"hello", "`a.pdf` does not begin like a file of the kind PDF", "is it whole?"),
        ("a.docx", PNG, "`a.docx` is not DOCX but PNG", "rename it to `a.png`"),
        ("a.pdf", ZIP, "`a.pdf` does not begin like a file of the kind PDF", "is it whole?"),
        ("a.txt", b"a\0b", "`a.txt` is no text", "save it as UTF-8 text"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_its_name_says_is_told_with_a_way_out(name, start, message, help):
    with pytest.raises(Misnamed) as caught:
        media_type(name, start)
    assert caught.value.message == message
    assert caught.value.help.startswith(help)


@pytest.mark.parametrize(
    ("kind", "type", "size_mib", "said"),
    [
        ("image", "image/png", 5, None),
        ("image", "image/png", 5.001, "has 5.0 MiB, more than WhatsApp takes as image"),
        ("image", "image/gif", 1, "is image/gif, which WhatsApp does not take as image"),
        ("image", "application/pdf", 1, "does not take as image"),
        ("video", "video/3gpp", 16, None),
        ("video", "video/mp4", 17, "has 17.0 MiB"),
        ("video", "video/quicktime", 1, "does not take as video"),
        ("document", "application/pdf", 100, None),
        ("document", WORD, 1, None),
        ("document", "text/csv", 1, "does not take as document"),
        ("document", "image/jpeg", 1, "does not take as document"),
    ],
)
def test_what_whatsapp_takes_in_a_header(kind, type, size_mib, said):
    refusal = whatsapp_refuses("a", kind, type, int(size_mib * (1 << 20)))
    assert (refusal is None) if said is None else (refusal and said in refusal[0])
