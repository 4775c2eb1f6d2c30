"""Cells: what is required, which erratum touches it, and what stacks do, each from its source."""

from typing import Any

import pytest

from checker.page import cells
from checker.page.build import ROOT
from checker.stacks import PROFILES
from proofs.requirements import SENTENCES
from spec.tcp.segment import Control, Segment


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return cells.table(ROOT)


def test_a_cell_has_its_cases(table: dict[str, Any]) -> None:
    cases = table["cells"]["SYN-RECEIVED RST"]["cases"]
    told = {(event, opened): (answer, after) for event, opened, answer, after, _ in cases}
    assert told["RST beyond RCV.NXT", "active"] == ("ACK", "SYN-RECEIVED")
    assert told["RST", "active"] == ("", "CLOSED")
    assert all(rules and max(rules) < len(table["rules"]) for *_, rules in cases)


def test_errata_touch_their_cells(table: dict[str, Any]) -> None:
    def pages(cell: str) -> set[str]:
        return {page for page, *_ in table["cells"][cell]["errata"]}

    assert "closing" in pages("CLOSING ACK")
    assert "closing" not in pages("ESTABLISHED ACK")
    assert "time-wait-restart" in pages("TIME-WAIT FIN,ACK")  # by a switch
    assert "reopening" in pages("SYN-RECEIVED RST")  # by two
    assert set(table["errata"]) == {one.erratum for one in SENTENCES.values() if one.erratum}


def test_what_only_users_or_time_meet_touches_no_cell(table: dict[str, Any]) -> None:
    met = {page for cell in table["cells"].values() for page, *_ in cell["errata"]}
    assert set(table["errata"]) - met == {
        "close-in-syn-received",
        "giving-up",
        "queued-close",
        "quiet-time",
        "urgent-pointer",
    }


def test_a_stack_does_what_its_departure_foretells(table: dict[str, Any]) -> None:
    cell = table["cells"]["SYN-SENT SYN"]
    (row,) = [one for one in cell["stacks"]["lwip"] if cell["cases"][one[0]][0] == "SYN"]
    _, departure, sent, after = row
    assert table["departures"][departure][0].startswith("no simultaneous open")
    assert (sent, after) == ("", "SYN-SENT")
    assert set(table["stacks"]) == set(PROFILES)


def test_every_departure_at_segments_is_in_a_cell(table: dict[str, Any]) -> None:
    """But for those that the machine has no case of: none is left out in silence."""
    shown = {
        (stack, table["departures"][row[1]][0])
        for cell in table["cells"].values()
        for stack, rows in cell["stacks"].items()
        for row in rows
    }
    known = {(p.name, d.name) for p in PROFILES.values() for d in p.departures}
    assert shown <= known
    assert len(shown) > 60


def test_facts_are_counted(table: dict[str, Any]) -> None:
    rows = table["cells"]["ESTABLISHED SYN"]["facts"]
    assert any(verdict == "departure" and "Linux" in source for source, *_, verdict, _, _ in rows)
    assert all(number >= 1 for *_, number in rows)


def test_bits_are_those_of_the_ladders() -> None:
    assert cells.bits(Segment(seq=0, ctl=Control(syn=True, ack=True))) == "SYN,ACK"
    assert cells.bits(Segment(seq=0)) == "no"
