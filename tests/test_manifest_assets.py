"""Media types, by ending and by what the file begins with."""

from __future__ import annotations

import pytest

from campaignops.manifest.assets import media_type


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.jpg", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.jpg", b"MZ\x90", "application/octet-stream"),
        ("a.webp", b"RIFF1234WEBPVP8 ", "image/webp"),
        ("a.wav", b"RIFF1234WAVEfmt ", "audio/wav"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", "video/mp4"),
        ("a.3gp", b"\0\0\0\x18ftyp3gp5", "video/3gpp"),
        ("a", b"\0\0\0\x18ftyp3gp5", "video/3gpp"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.pdf", b"hello", "application/octet-stream"),
        ("a.docx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.txt", "grüße".encode(), "text/plain"),
        ("a.txt", "grüß".encode()[:-1], "text/plain"),
        ("a.txt", b"a\0b", "application/octet-stream"),
        ("a.xyz", b"hello", "application/octet-stream"),
        ("a", b"", "application/octet-stream"),
    ],
)
def test_the_media_type_is_the_endings_when_the_bytes_agree(name, start, expected):
    assert media_type(f"assets/{name}", start) == expected
