"""The rigs play long: each has ten minutes, and what they run is not looked at for coverage, which takes half of it."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))  # where a test has none of its own
            item.add_marker(pytest.mark.no_cover)
