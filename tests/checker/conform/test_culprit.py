"""A segment that somebody injected is named, and not the genuine one after it."""

import pytest

from checker.capture.segments import ACK, FIN, RST, SYN
from tests.helpers.wire import A, B, Wire, deviation, followed

BEFORE = ((A, ACK, 100, 300, 10), (B, ACK, 300, 110))
AFTER = (
    (B, ACK, 300, 110, 5),
    (A, ACK, 110, 305),
    (A, ACK, 110, 305, 10),
    (B, ACK, 305, 120),
    (A, ACK, 120, 305, 5),
    (B, ACK, 305, 125),
)
INJECTED = {
    "exact reset": (A, RST, 110),
    "reset in the window": (A, RST, 150),
    "reset in the window, of the other": (B, RST, 350),
    "SYN in the window": (A, SYN, 150),
    "FIN": (A, ACK | FIN, 110, 300),
    "ACK of nothing": (A, ACK, 110, 9_999_999),
}


def written(*segments, wire: Wire | None = None) -> Wire:
    wire = wire or Wire().opened()
    for one in segments:
        wire(*one)
    return wire


@pytest.mark.parametrize("name", INJECTED)
def test_the_injected_segment_is_named(name):
    found = deviation(written(*BEFORE, INJECTED[name], *AFTER))
    assert (found.segment, found.culprits, found.forged) == (6, [6], True)


def test_the_life_is_of_who_did_not_send_it():
    (found,) = followed(written(*BEFORE, (A, RST, 110), *AFTER).packets)
    assert not [event for event in found.life if event.end == "A" and event.after == "CLOSED"]
    assert found.states[0] == "ESTABLISHED"


def test_late_in_a_long_connection():
    wire = Wire().opened()
    for i in range(60):
        wire(A, ACK, 100 + 10 * i, 300, 10)(B, ACK, 300, 110 + 10 * i)
    wire(A, RST, 700)
    for i in range(60, 90):
        wire(A, ACK, 100 + 10 * i, 300, 10)(B, ACK, 300, 110 + 10 * i)
    found = deviation(wire)
    assert (found.segment, found.culprits) == (124, [124])
    assert found.refused == 125 and "packet 125 is not" in found.rule


def test_two_stories_are_both_told():
    """After the reset there is one segment only: either may be forged."""
    found = deviation(written(*BEFORE, (A, RST, 110), (A, ACK, 110, 300, 10)))
    assert (found.segment, found.culprits) == (6, [6, 7])


def test_where_no_single_segment_explains_all_the_refused_one_is_named():
    again = ((A, RST, 110), (A, ACK, 110, 300, 10), (A, ACK, 110, 8_888_888, 10))
    found = deviation(written(*BEFORE, *again))
    assert (found.segment, found.culprits, found.forged) == (7, [], False)
