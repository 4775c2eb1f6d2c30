"""Two claims of one's own, with a profile: who is where while an end is in TIME-WAIT?

./run verify --claims examples/own/closing.py
./run trace X1 --claims examples/own/closing.py
"""

from proofs.claims.claim import ALWAYS, SOMETIMES, Claim
from spec.tcp.tcb import State
from spec.world.profiles import PROFILES as KNOWN
from spec.world.system import World

PROFILES = {"own-closing": KNOWN["lifecycle"].but(incarnations=1, abort=False)}
"""One connection between client and server, from OPEN to the end; nobody aborts."""

CLOSING = (State.CLOSING, State.LAST_ACK, State.TIME_WAIT, State.CLOSED)


def one_waits(world: World) -> bool:
    """X1. Not both ends are in TIME-WAIT."""
    for me, peer in world.pairs():
        if me.tcb.state == State.TIME_WAIT and peer.tcb.state == State.TIME_WAIT:
            return False
    return True


def peer_closes(world: World) -> bool:
    """X2. The peer of an end in TIME-WAIT has closed, too."""
    for me, peer in world.pairs():
        if me.tcb.state == State.TIME_WAIT and peer.tcb.state not in CLOSING:
            return False
    return True


def waits_for_last_ack(world: World) -> bool:
    """WX. An end is in TIME-WAIT, and its peer in LAST-ACK."""
    for me, peer in world.pairs():
        if me.tcb.state == State.TIME_WAIT and peer.tcb.state == State.LAST_ACK:
            return True
    return False


CLAIMS = (
    Claim(
        "X1",
        "only one end of a connection is ever in TIME-WAIT",
        ALWAYS,
        one_waits,
        "own-closing",
        "RFC 9293 3.6",
        witnesses=("WX",),
        finding="Refuted: where both close at once, both wait (Figure 13).",
    ),
    Claim(
        "X2",
        "the peer of an end in TIME-WAIT has closed, too",
        ALWAYS,
        peer_closes,
        "own-closing",
        "RFC 9293 3.6",
        witnesses=("WX",),
    ),
    Claim(
        "WX",
        "TIME-WAIT at one end, LAST-ACK at the other",
        SOMETIMES,
        waits_for_last_ack,
        "own-closing",
        "RFC 9293 3.6",
    ),
)

FAILURES = {"X1": "both ends are in TIME-WAIT"}
