"""stderr as lines of JSON, for machines that collect logs: whatever is written to it becomes records."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any, TextIO

_LEVELS = ("error", "warning")


class Log(io.TextIOBase):
    """A stream that writes a record for each text that ends a line, or that is flushed. It is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._begun = stream, ""

    def write(self, text: str) -> int:
        self._begun += text
        if self._begun.endswith("\n"):
            self._end()
        return len(text)

    def flush(self) -> None:
        self._end()
        self._stream.flush()

    def record(self, level: str, **said: Any) -> None:
        self._end()
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        # ASCII alone: an old terminal's encoding would break what stands in a JSON string.
        self._stream.write(json.dumps({"time": time, "level": level, **said}) + "\n")
        self._stream.flush()

    def _end(self) -> None:
        message, self._begun = self._begun.strip("\n"), ""
        if message.strip():
            level = next((word for word in _LEVELS if message.startswith(word)), "info")
            self.record(level, message=message)
