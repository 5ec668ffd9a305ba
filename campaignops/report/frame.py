"""What the lines of one report share: the clock, the zone, the style, how wide and how long."""

from __future__ import annotations

from dataclasses import dataclass

from campaignops.report.paint import Paint
from campaignops.report.plain import padded

WIDTH = 88  # of texts and long values
_MOST_LINES = 12  # of one text, unless verbose
_LABEL = 10


@dataclass(frozen=True, slots=True)
class Frame:
    """What all changes of one report share: the clock, the project's time zone, the style, and how much to show."""

    now_s: float
    timezone: str
    style: Paint
    verbose: bool = False
    distances: bool = True  # from now to a time; what is read days later leaves them out

    def row(self, label: str, said: str) -> str:
        """One labelled line; `said` is safe already."""
        return f"{self.style(padded(label, _LABEL), 'dim')}{said}"

    def bounded(self, lines: list[str]) -> list[str]:
        """As many lines as are shown, and how many are not."""
        hidden = len(lines) - _MOST_LINES
        if self.verbose or hidden <= 1:
            return lines
        return [*lines[:_MOST_LINES], self.style(f"… {hidden:,} more lines; -v shows them", "dim")]
