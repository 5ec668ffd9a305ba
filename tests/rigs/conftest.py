"""One line a rig, below the dots."""

from __future__ import annotations

import pytest

from tests.rigs import doses


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in doses.LINES:
        terminalreporter.write_line(line)
