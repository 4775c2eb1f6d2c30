"""Figure 5 of RFC 9293 (section 3.3.2): the states of a connection, and what leads to which.

The figure is a summary: it leaves out errors, actions that change no state, and what its notes
and section 3.10 add. ``conduct`` says what else is right; ``checker.studies.diagram`` compares the
figure with what is reached, and draws both.
"""

from typing import NamedTuple

from spec.tcp.inputs import Input
from spec.tcp.tcb import State

CLOSED, LISTEN, SYN_SENT = State.CLOSED, State.LISTEN, State.SYN_SENT
SYN_RECEIVED, ESTABLISHED = State.SYN_RECEIVED, State.ESTABLISHED
FIN_WAIT_1, FIN_WAIT_2, CLOSING = State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING
CLOSE_WAIT, LAST_ACK, TIME_WAIT = State.CLOSE_WAIT, State.LAST_ACK, State.TIME_WAIT


class Edge(NamedTuple):
    """A change of one endpoint's state: an arrow, with its event over its action."""

    before: State
    event: str
    action: str  # "x": none
    after: State


FIGURE_5 = tuple(
    Edge(*edge)
    for edge in (
        (CLOSED, "passive OPEN", "create TCB", LISTEN),
        (CLOSED, "active OPEN", "create TCB, snd SYN", SYN_SENT),
        (LISTEN, "CLOSE", "delete TCB", CLOSED),
        (LISTEN, "rcv SYN", "snd SYN,ACK", SYN_RECEIVED),
        (LISTEN, "SEND", "snd SYN", SYN_SENT),
        (SYN_SENT, "CLOSE", "delete TCB", CLOSED),
        (SYN_SENT, "rcv SYN", "snd SYN,ACK", SYN_RECEIVED),
        (SYN_SENT, "rcv SYN,ACK", "snd ACK", ESTABLISHED),
        (SYN_RECEIVED, "rcv RST", "x", LISTEN),
        (SYN_RECEIVED, "rcv ACK of SYN", "x", ESTABLISHED),
        (SYN_RECEIVED, "CLOSE", "snd FIN", FIN_WAIT_1),
        (ESTABLISHED, "CLOSE", "snd FIN", FIN_WAIT_1),
        (ESTABLISHED, "rcv FIN", "snd ACK", CLOSE_WAIT),
        (FIN_WAIT_1, "rcv FIN", "snd ACK", CLOSING),
        (FIN_WAIT_1, "rcv ACK of FIN", "x", FIN_WAIT_2),
        (FIN_WAIT_2, "rcv FIN", "snd ACK", TIME_WAIT),
        (CLOSING, "rcv ACK of FIN", "x", TIME_WAIT),
        (CLOSE_WAIT, "CLOSE", "snd FIN", LAST_ACK),
        (LAST_ACK, "rcv ACK of FIN", "x", CLOSED),
        (TIME_WAIT, "Timeout=2MSL", "delete TCB", CLOSED),
    )
)
"""The figure's edges, from top to bottom."""

EVENTS = (
    (Input.OPEN_PASSIVE, "passive OPEN"),
    (Input.OPEN_ACTIVE, "active OPEN"),
    (Input.SEND, "SEND"),
    (Input.SEND_URGENT, "SEND"),
    (Input.CLOSE, "CLOSE"),
    (Input.TIME_WAIT_TIMEOUT, "Timeout=2MSL"),
)
"""What the figure calls the user's calls and the timeout that it shows."""

NOTES = {
    1: "The transition from SYN-RECEIVED to LISTEN on receiving a RST is conditional on having "
    "reached SYN-RECEIVED after a passive OPEN.",
    2: "The figure omits a transition from FIN-WAIT-1 to TIME-WAIT if a FIN is received and the "
    "local FIN is also acknowledged.",
    3: "A RST can be sent from any state with a corresponding transition to TIME-WAIT. Similarly, "
    "receipt of a RST from any state results in a transition to LISTEN or CLOSED.",
}
"""The figure's notes, shortened."""

NOTED = {Edge(SYN_RECEIVED, "rcv RST", "x", LISTEN): 1}
"""Edges of the figure that bear a note."""
