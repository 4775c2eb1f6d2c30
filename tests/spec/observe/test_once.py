"""What the watcher records of octets that are delivered: of whose stream, and which."""

import pytest

from spec.observe.ghosts import Ghost, Reading
from spec.observe.once import Once
from spec.observe.sights import BLIND
from spec.observe.watcher import Moment, fresh
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Origin, Segment
from spec.tcp.tcb import State
from tests.helpers.build import BOUNDS, endpoint


def read(ghost: Ghost, src: int, first: int, octets: int, skip: int = 0) -> Ghost:
    """``octets`` of a segment of the peer's TCB ``src`` are taken; it begins at octet ``first`` of
    its stream, of which the first ``skip`` are left out."""
    tcp = Tcp(Rules(), BOUNDS, 0)
    seg = Segment(seq=300, text=skip + octets, origin=Origin(src=src, first=first))
    tcp.take(seg, skip, octets)
    end = endpoint(State.ESTABLISHED).tcb
    Once().took(ghost, Moment(end, end, Input.SEGMENT, seg, False, tcp, BLIND))
    return ghost


def test_each_tcb_of_the_peer_has_its_own_count() -> None:
    ghost = fresh([Once()], 2)
    assert [reading.octets for reading in ghost.read] == [0, 0]
    read(read(ghost, 1, 0, 1), 2, 0, 2)
    assert [reading.octets for reading in ghost.read] == [1, 2]
    assert not ghost.again


@pytest.mark.parametrize(
    ("first", "octets", "skip", "again", "count"),
    [
        (2, 1, 0, False, 3),  # the next
        (1, 1, 0, True, 2),  # the last, again
        (1, 1, 1, False, 3),  # ... which is left out
        (0, 2, 1, True, 2),
        (1, 0, 0, False, 2),  # nothing of it is taken
        (2, 0, 0, False, 2),
        (3, 1, 0, False, 4),  # one is left out: not what is asked here
    ],
)
def test_an_octet_that_was_delivered_before_is_again(
    first: int, octets: int, skip: int, again: bool, count: int
) -> None:
    ghost = Ghost(read=(Reading(2), Reading(1)))
    read(ghost, 1, first, octets, skip)
    assert (ghost.again, ghost.read[0].octets, ghost.read[1].octets) == (again, count, 1)
    read(ghost, 2, 1, 1)
    assert (ghost.again, ghost.read[1].octets) == (again, 2)


def test_text_that_came_with_a_syn_is_of_the_tcb_whose_syn_it_was() -> None:
    ghost = Ghost(heard=2, read=(Reading(1), Reading()))
    read(ghost, 0, 0, 1)
    assert [reading.octets for reading in ghost.read] == [1, 1]
    assert not ghost.again
