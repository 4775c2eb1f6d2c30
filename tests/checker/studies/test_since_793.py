"""Which answers changed since RFC 793: the cells, and the page that is checked in."""

from pathlib import Path

import pytest

from checker.studies import since_793 as s
from spec.rules import SWITCHES

TOP = Path(__file__).parents[3]


def test_the_page_is_up_to_date() -> None:
    assert (TOP / s.PAGE).read_text("utf-8") == s.page()


def test_nothing_differs_from_itself() -> None:
    cells, changed = s.changes({}, {})
    assert cells == 12 * 4 * (5 * 5 + 3) and not changed


@pytest.mark.parametrize(("name", "value"), [*dict.fromkeys(s.RESTORED, False).items()])
def test_each_switch_that_restores_is_on_today_and_changes_something(
    name: str, value: bool
) -> None:
    assert SWITCHES[name].default is not value
    _, changed = s.changes({name: value}, {name: not value})
    assert changed and {one.switches for one in changed} == {(name,)}


def test_a_blind_reset_is_challenged_today() -> None:
    _, changed = s.changes({"reset_exact": False}, {"reset_exact": True})
    (one,) = [c for c in changed if (c.state, c.bits) == ("ESTABLISHED", "RST")]
    assert one.place == "in the window"
    assert "enter CLOSED" in one.before and "challenge ACK" in one.now
