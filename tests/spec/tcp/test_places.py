"""What is held ahead of RCV.NXT, where a place of the window has more octets than one."""

from __future__ import annotations

import pytest

from spec.rules import Rules
from spec.tcp import receiving
from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.tcb import Receive, State, Tcb, blank
from spec.world.bounds import Bounds

BOUNDS = Bounds(width=32, window=40, mss=10, place=10, transfer=True)


def receiver() -> tuple[Tcb, Tcp]:
    tcb = Tcb(
        state=State.ESTABLISHED,
        rcv=Receive(nxt=101, wnd=40, up=101),
        irs=100,
        transfers=(blank(BOUNDS.window // BOUNDS.place),),
    )
    return tcb, Tcp(Rules(), BOUNDS, 0)


def held(tcb: Tcb) -> list[bool]:
    return [place.here for place in tcb.transfers[0].places]


def hold(tcb: Tcb, tcp: Tcp, seq: int, text: int) -> None:
    receiving.hold(tcb, Segment(seq=seq, text=text), tcp)


def take(tcb: Tcb, tcp: Tcp, octets: int) -> None:
    """As the seventh step does: ``octets`` at RCV.NXT."""
    seg = Segment(seq=tcb.rcv.nxt, text=octets)
    tcb.rcv.nxt += octets
    tcb.rcv.wnd -= octets
    receiving.taken(tcb, seg, 0, octets, tcp)


@pytest.mark.parametrize(
    ("seq", "text", "there"),
    [
        (111, 10, [1]),
        (111, 20, [1, 2]),
        (111, 9, []),  # it fills no place
        (112, 10, []),  # ... nor between two
        (112, 19, [2]),
        (131, 10, [3]),
        (131, 20, [3]),  # what is beyond the window is not held
        (136, 10, []),
    ],
)
def test_a_place_is_held_if_all_of_it_came(seq: int, text: int, there: list[int]) -> None:
    tcb, tcp = receiver()
    hold(tcb, tcp, seq, text)
    assert [n for n, here in enumerate(held(tcb)) if here] == there


def test_what_was_held_is_taken_once_the_gap_is_filled() -> None:
    tcb, tcp = receiver()
    hold(tcb, tcp, 111, 10)
    hold(tcb, tcp, 131, 10)
    take(tcb, tcp, 10)
    assert (tcb.rcv.nxt, tcb.rcv.wnd) == (121, 20)
    assert held(tcb) == [False, True, False, False]
    assert tcb.transfers[0].unread == 20
    take(tcb, tcp, 10)
    assert (tcb.rcv.nxt, tcb.rcv.wnd, held(tcb)) == (141, 0, [False] * 4)


def test_what_is_held_is_forgotten_between_two_places() -> None:
    """A receiver may: its sender has it still."""
    tcb, tcp = receiver()
    hold(tcb, tcp, 111, 10)
    take(tcb, tcp, 4)
    assert (tcb.rcv.nxt, held(tcb)) == (105, [False] * 4)


def test_without_reassembly_nothing_is_held() -> None:
    tcb, _ = receiver()
    hold(tcb, Tcp(Rules(reassembly=False), BOUNDS, 0), 111, 10)
    assert held(tcb) == [False] * 4
