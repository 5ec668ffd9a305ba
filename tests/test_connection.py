"""Which PBX a state belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaignops.cli.connection import identity
from campaignops.errors import StateError
from campaignops.pbx.session import Device
from campaignops.project import Pbx as Settings
from campaignops.project import Project
from campaignops.state import Pbx, State

URL = "https://pbx.example.com"
OTHER = "https://other.example.com"


def identified(serial_number: str | None, known: Pbx | None) -> Pbx:
    project = Project(Path("/p"), pbx=Settings(URL))
    return identity(project, Device(serial_number, None), State("lineage", 1, known))


@pytest.mark.parametrize("serial_number", ["A", None])
def test_a_fresh_state_takes_the_pbx_as_it_is(serial_number):
    assert identified(serial_number, None) == Pbx(serial_number, URL)


def test_a_pbx_is_the_same_under_a_new_address():
    assert identified("A", Pbx("A", OTHER)) == Pbx("A", URL)


def test_a_serial_number_that_is_told_later_is_recorded():
    assert identified("A", Pbx(None, URL)) == Pbx("A", URL)


def test_a_serial_number_that_is_not_told_any_more_stays_recorded():
    assert identified(None, Pbx("A", URL)) == Pbx("A", URL)


@pytest.mark.parametrize(
    ("serial_number", "known"), [("A", Pbx("B", URL)), ("A", Pbx(None, OTHER)), (None, Pbx("A", OTHER))]
)
def test_another_pbx_is_refused(serial_number, known):
    with pytest.raises(StateError, match="belongs to the PBX") as refused:
        identified(serial_number, known)
    assert refused.value.code == "CMP703"
