"""A message as its reader will see it, whatever channel brings it. It knows nothing of templates and encodings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from campaignops.model import File


@dataclass(frozen=True, slots=True)
class Bubble:
    """From top to bottom: a file, or a line of text as the header; the text; small print; the buttons' labels."""

    text: str = ""
    header: str = ""
    file: File | None = None
    kind: Literal["file", "image", "video", "document"] = "file"
    footer: str = ""
    buttons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The same in lines of text."""
        media = f"[{self.kind} {self.file.name}]" if self.file else ""
        parts = (media, self.header, self.text, self.footer, *(f"[{label}]" for label in self.buttons))
        return "\n".join(part for part in parts if part)
