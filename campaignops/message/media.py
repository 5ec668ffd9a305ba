"""What a file is, by its bytes, and where it may be sent. It reads no file: it is given the name and the first bytes.

The limits are those of Meta's media table for WhatsApp; the PBX restates none of them. What a phone company takes by
SMS is written nowhere, so there every type passes.
"""

from __future__ import annotations

import re

START_BYTES = 4096  # as much of a file as is looked at

_OFFICE = "application/vnd.openxmlformats-officedocument."
_ISO = 4  # where the box `ftyp` of MP4 and its kin says what kind it is
# Media types by ending, with the bytes such a file begins with (at an offset); () for text. The order decides what
# bytes are called that fit several: the exact ones stand first.
_SIGNATURES: dict[str, tuple[str, tuple[tuple[int, bytes], ...]]] = {
    "jpg": ("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    "jpeg": ("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    "png": ("image/png", ((0, b"\x89PNG\r\n\x1a\n"),)),
    "gif": ("image/gif", ((0, b"GIF87a"), (0, b"GIF89a"))),
    "webp": ("image/webp", ((8, b"WEBP"),)),
    "heic": ("image/heic", tuple((_ISO, b"ftyp" + kind) for kind in (b"heic", b"heix", b"mif1", b"msf1"))),
    "3gp": ("video/3gpp", ((_ISO, b"ftyp3g"),)),
    "mov": ("video/quicktime", ((_ISO, b"ftypqt"), (_ISO, b"moov"))),
    "m4a": ("audio/mp4", ((_ISO, b"ftypM4A"),)),
    "mp4": ("video/mp4", ((_ISO, b"ftyp"),)),
    "webm": ("video/webm", ((0, b"\x1aE\xdf\xa3"),)),
    "amr": ("audio/amr", ((0, b"#!AMR"),)),
    "ogg": ("audio/ogg", ((0, b"OggS"),)),
    "wav": ("audio/wav", ((8, b"WAVE"),)),
    "pdf": ("application/pdf", ((0, b"%PDF-"),)),
    "mp3": ("audio/mpeg", ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"))),
    "aac": ("audio/aac", ((0, b"\xff\xf1"), (0, b"\xff\xf9"))),
    "docx": (_OFFICE + "wordprocessingml.document", ((0, b"PK\x03\x04"),)),
    "xlsx": (_OFFICE + "spreadsheetml.sheet", ((0, b"PK\x03\x04"),)),
    "pptx": (_OFFICE + "presentationml.presentation", ((0, b"PK\x03\x04"),)),
    "zip": ("application/zip", ((0, b"PK\x03\x04"),)),
    "doc": ("application/msword", ((0, b"\xd0\xcf\x11\xe0"),)),
    "xls": ("application/vnd.ms-excel", ((0, b"\xd0\xcf\x11\xe0"),)),
    "ppt": ("application/vnd.ms-powerpoint", ((0, b"\xd0\xcf\x11\xe0"),)),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "vcf": ("text/vcard", ()),
    "ics": ("text/calendar", ()),
    "html": ("text/html", ()),
}
_UNKNOWN = "application/octet-stream"
_UNTELLING = ("docx", "xlsx", "pptx", "zip", "doc", "xls", "ppt")  # several kinds begin alike
_RELATED = frozenset((("mp4", "3gp"), ("mp4", "m4a")))  # one container: players go by what is inside

# Meta: social messaging, supported media types. Sizes in MiB.
_WHATSAPP = {
    "image": (re.compile(r"image/(jpeg|png)"), 5, "JPEG and PNG"),
    "video": (re.compile(r"video/(mp4|3gpp?)"), 16, "MP4 and 3GP"),
    "document": (
        re.compile(r"application/(pdf|msword|vnd\..+)|text/plain"),
        100,
        "PDF, Word, Excel, PowerPoint and plain text",
    ),
}


class Misnamed(Exception):
    """The bytes are not what the ending says; `help` says how to put it right."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message, self.help = message, help


def media_type(path: str, start: bytes) -> str:
    """The MIME type of a file that begins with `start`; where the ending says nothing to us, by the bytes alone.
    Raises Misnamed."""
    stem, dot, ending = path.rpartition(".")
    ending = ending.lower() if dot else ""
    found = next((name for name, (_, known) in _SIGNATURES.items() if _begins(start, known)), None)
    if ending not in _SIGNATURES:
        return _UNKNOWN if found is None or found in _UNTELLING else _SIGNATURES[found][0]
    wanted, known = _SIGNATURES[ending]
    if not known:
        if b"\0" in start:
            raise Misnamed(f"`{path}` is no text", "save it as UTF-8 text, or name it after what it is")
        return wanted
    is_other = found is not None and _SIGNATURES[found][0] != wanted and found not in _UNTELLING
    if _begins(start, known) and not (is_other and (ending, found) not in _RELATED):
        return wanted
    if is_other:
        said = f"`{path}` is not {ending.upper()} but {(found or '').upper()}"
        raise Misnamed(said, f"rename it to `{stem}.{found}`, or save it as {ending.upper()}")
    said = f"`{path}` does not begin like a file of the kind {ending.upper()}"
    raise Misnamed(said, f"is it whole? Save it as {ending.upper()} once more")


def _begins(start: bytes, signatures: tuple[tuple[int, bytes], ...]) -> bool:
    return any(start.startswith(magic, offset) for offset, magic in signatures)


def whatsapp_refuses(name: str, kind: str, media_type: str, size_bytes: int) -> tuple[str, str] | None:
    """Why WhatsApp does not take a file as the header `kind` (image, video, document), and what it takes instead."""
    pattern, limit_mib, taken = _WHATSAPP[kind]
    help = f"WhatsApp takes {taken} up to {limit_mib} MiB as {kind}"
    if not pattern.fullmatch(media_type):
        return f"`{name}` is {media_type}, which WhatsApp does not take as {kind}", help
    if size_bytes > limit_mib << 20:
        return f"`{name}` has {size_bytes / (1 << 20):,.1f} MiB, more than WhatsApp takes as {kind}", help
    return None
