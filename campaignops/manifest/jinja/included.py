"""The `_*.j2` files that expressions and templates import from: of the project, and small."""

from __future__ import annotations

import re
from collections.abc import Callable

from jinja2 import BaseLoader, Environment

from campaignops.manifest.assets import Assets, Unusable

MAX_BYTES = 100_000
_exported = re.compile(r"\{%-?\s*(?:macro|set)\s+([A-Za-z]\w*)").findall


class Unloadable(Exception):
    """The file cannot be taken; code, message and help are for the author."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


class Included(BaseLoader):
    """Loads by path from the project folder. `texts` are those of the files that were loaded."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self.texts: dict[str, str] = {}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Raises Unloadable."""
        folder, _, name = template.rpartition("/")
        if not (name.startswith("_") and name.endswith(".j2")):
            stem = name.removesuffix(".j2").lstrip("_")
            help = f"call it {folder}{'/' if folder else ''}_{stem}.j2"
            raise Unloadable(
                "CMP114", f"`{template[:80]}` cannot be imported: only files named _….j2 can", help
            )
        try:
            with self._assets.opened(template, MAX_BYTES) as file:
                text = file.read(MAX_BYTES).decode("utf-8-sig")
        except Unusable as problem:
            raise Unloadable(problem.code, problem.message, problem.help) from None
        except (UnicodeDecodeError, OSError):
            raise Unloadable("CMP117", f"`{template}` is not UTF-8 text", "save the file as UTF-8") from None
        if "\0" in text:
            raise Unloadable("CMP117", f"`{template}` is not UTF-8 text", "save the file as UTF-8")
        self.texts[template] = text
        return text, template, lambda: True

    def exported(self, template: str) -> list[str]:
        """What can be imported from a file that was loaded."""
        return _exported(self.texts.get(template, ""))
