"""What the watcher of octets calls garbled."""

import pytest

from spec.observe.ghosts import Ghost
from spec.observe.sights import BLIND
from spec.observe.streams import Streams
from spec.observe.watcher import Moment
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Origin, Segment
from spec.tcp.tcb import Tcb
from tests.helpers.build import BOUNDS


@pytest.mark.parametrize(
    ("src", "first", "skip", "octets", "delivered", "garbled"),
    [
        pytest.param(2, 1, 0, 1, 2, False, id="the next octet"),
        pytest.param(2, 0, 1, 1, 2, False, id="the next octet, behind a known one"),
        pytest.param(2, 1, 0, 2, 3, False, id="two"),
        pytest.param(2, 0, 0, 1, 2, True, id="a known octet again"),
        pytest.param(2, 2, 0, 1, 2, True, id="an octet out of order"),
        pytest.param(1, 1, 0, 1, 2, True, id="an octet of another connection"),
        pytest.param(1, 0, 0, 0, 1, False, id="nothing of another connection"),
    ],
)
def test_octets_taken(
    src: int, first: int, skip: int, octets: int, delivered: int, garbled: bool
) -> None:
    """By a TCB whose partner is the second, and that has delivered one octet."""
    tcp = Tcp(Rules(), BOUNDS, 0)
    tcp.take(Segment(seq=0, text=2, origin=Origin(src=src, first=first)), skip, octets)
    ghost = Ghost(partner=2, delivered=1)
    Streams().took(ghost, Moment(Tcb(), Tcb(), Input.SEGMENT, None, False, tcp, BLIND))
    assert (ghost.delivered, ghost.garbled) == (delivered, garbled)


@pytest.mark.parametrize(
    ("what", "octets", "delivered", "garbled"),
    [(Input.ACK_AHEAD, 2, 3, True), (Input.ACK_AHEAD, 0, 1, False), (Input.RECEIVE, 2, 1, False)],
)
def test_octets_behind_what_never_came(
    what: Input, octets: int, delivered: int, garbled: bool
) -> None:
    """What was held is taken, once a receiver goes on without what it waited for."""
    tcp = Tcp(Rules(), BOUNDS, 0)
    tcp.take(Segment(seq=0), 0, octets)
    ghost = Ghost(delivered=1)
    Streams().lives(ghost, Moment(Tcb(), Tcb(), what, None, False, tcp, BLIND))
    assert (ghost.delivered, ghost.garbled) == (delivered, garbled)
