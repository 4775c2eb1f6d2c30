"""What it means that an end stays in a state (sections 3.3.2, 3.6, 3.8 and 3.10), for readers.

Whoever finds many connections in one state asks two things: what does it wait for, and whose turn
is it? ``WAITS`` has the answers. ``spec.tcp`` does not read them.
"""

from enum import Enum
from typing import NamedTuple

from spec.tcp.tcb import State


class Turn(Enum):
    """On whom, or on what, it depends that the state is left."""

    PROGRAM = "the program on this host"
    PEER_PROGRAM = "the program on the other host"
    PEER_TCP = "the other host, or the path to it"
    ANYBODY = "either program"
    TIME = "time alone"


class Waits(NamedTuple):
    """What an end in a state waits for, whose turn it is, and which timer ends it all the same."""

    means: str
    turn: Turn
    timer: str  # "": the RFC has none
    section: str


_R2 = "the user timeout (3.8.3, 3.10.8)"

WAITS = {
    State.LISTEN: Waits("it waits for whoever wants to connect", Turn.PEER_PROGRAM, "", "3.10.7.2"),
    State.SYN_SENT: Waits("no answer to its SYN", Turn.PEER_TCP, _R2, "3.10.7.3"),
    State.SYN_RECEIVED: Waits("its SYN is not acknowledged", Turn.PEER_TCP, _R2, "3.10.7.4"),
    State.ESTABLISHED: Waits("still open", Turn.ANYBODY, "", "3.10.4"),
    State.FIN_WAIT_1: Waits(
        "it closed; its FIN is not acknowledged", Turn.PEER_TCP, _R2, "3.10.7.4"
    ),
    State.FIN_WAIT_2: Waits(
        "it closed, and waits for its peer to close", Turn.PEER_PROGRAM, "", "3.6"
    ),
    State.CLOSE_WAIT: Waits("its peer closed, its own program has not", Turn.PROGRAM, "", "3.6"),
    State.CLOSING: Waits(
        "both closed at once; its FIN is not acknowledged", Turn.PEER_TCP, _R2, "3.10.7.4"
    ),
    State.LAST_ACK: Waits("its FIN is not acknowledged", Turn.PEER_TCP, _R2, "3.10.7.4"),
    State.TIME_WAIT: Waits(
        "for 2 MSL (maximum segment lifetimes), so that a lost last ACK can be sent again and old "
        "segments die out",
        Turn.TIME,
        "2 MSL (3.6.1, MUST-13)",
        "3.6.1",
    ),
}
"""Of every state but CLOSED, of which there is nothing to say."""
