"""FreeBSD: where it is known to do otherwise than RFC 9293.

Nobody here runs it. Evidence is what its own developers expect of it, the scripts of
freebsd-net/tcp-testsuite: each departure stands in facts of ``tests/foreign``, which are replayed.
What else the testsuite says of FreeBSD 11 and later is what the specification says with these
switches.
"""

from checker.stacks.generate.machine import SEQ, Edge
from checker.stacks.profile import Applies, Departure, Outcome, Profile, Timers, ack, nothing
from spec.rules import Restart
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State
from spec.tcp.transfer import holds

_EVIDENCE = "freebsd-net/tcp-testsuite, state-event-engine"


def _rcv(*states: State, **bits: bool) -> Applies:
    """In one of ``states``, a segment with these control bits."""

    def applies(edge: Edge, _: bool) -> bool:
        seg = edge.segment
        if edge.what != Input.SEGMENT or seg is None or edge.before.state not in states:
            return False
        return all(getattr(seg.ctl, bit) == there for bit, there in bits.items())

    return applies


def _both(*tests: Applies) -> Applies:
    return lambda edge, gone: all(test(edge, gone) for test in tests)


def _fresh(edge: Edge, _: bool) -> bool:
    """Text, or not the ACK that the peer has sent last."""
    seg, before = edge.segment, edge.before
    assert seg is not None
    last = seg.seq == before.rcv.nxt and seg.ack == before.snd.nxt
    return seg.text > 0 or seg.ctl.fin or not last


def _resets_syn(edge: Edge, _: bool) -> bool:
    seg = edge.segment
    answered = edge.what == Input.SEGMENT and any(sent.ctl.rst for sent in edge.sent)
    late = edge.before.state not in (State.CLOSED, State.LISTEN, State.SYN_SENT)
    return answered and late and seg is not None and seg.ctl.syn


def _reset_of_tcb(edge: Edge) -> tuple[Segment, ...]:
    before = edge.before
    ctl = Control(ack=True, rst=True)
    return (Segment(seq=before.snd.nxt, ack=before.rcv.nxt, ctl=ctl),)


def _fin_again(edge: Edge) -> tuple[Segment, ...]:
    return (
        Segment(
            seq=SEQ.minus(edge.before.snd.nxt, 1),
            ack=edge.after.rcv.nxt,
            ctl=Control(ack=True, fin=True),
        ),
    )


def _acked(edge: Edge, more: int) -> Segment:
    after = edge.after
    return Segment(seq=after.snd.nxt, ack=SEQ.plus(after.rcv.nxt, more), ctl=Control(ack=True))


def _crossing(edge: Edge, _: bool) -> bool:
    return (edge.before.state, edge.after.state) == (State.FIN_WAIT_1, State.CLOSING)


_DEPARTURES = (
    Departure(
        1,
        "TIME-WAIT drops in silence what has no ACK, but for a SYN that reopens it",
        "3.10.7.4 first, fourth",
        (Outcome(_rcv(State.TIME_WAIT, ack=False), nothing, State.TIME_WAIT),),
        where="TIME-WAIT; SYN, FIN or text without ACK",
        evidence=_EVIDENCE,
    ),
    Departure(
        2,
        "TIME-WAIT acknowledges text, and an ACK that is not the last one",
        "3.10.7.4 fifth, seventh",
        (
            Outcome(
                _both(_rcv(State.TIME_WAIT, ack=True, syn=False, rst=False), _fresh),
                ack(),
                State.TIME_WAIT,
            ),
        ),
        where="TIME-WAIT; text or ACK in the window",
        evidence=_EVIDENCE,
    ),
    Departure(
        3,
        "LISTEN drops a SYN,ACK in silence",
        "3.10.7.2 second",
        (Outcome(_rcv(State.LISTEN, syn=True, ack=True), nothing, State.LISTEN),),
        where="LISTEN; SYN,ACK",
        evidence=_EVIDENCE,
    ),
    Departure(
        4,
        "FIN-WAIT-1 answers a FIN with its own FIN again",
        "3.10.7.4 eighth: allowed, it acknowledges as well",
        (Outcome(_crossing, _fin_again),),
        where="FIN-WAIT-1; FIN, our FIN not acknowledged",
        evidence=_EVIDENCE,
    ),
    Departure(
        5,
        "a reset that answers a SYN of a connection is at SND.NXT (with insecure_syn)",
        "3.5.2",
        (Outcome(_resets_syn, _reset_of_tcb),),
        where="synchronized states; SYN in the window",
        evidence=_EVIDENCE,
    ),
    Departure(
        6,
        "the FIN that comes with a SYN to SYN-SENT is forgotten; its text is not",
        "3.10.7.3 fourth",
        (
            Outcome(
                lambda edge, _: (
                    edge.before.state == State.SYN_RECEIVED
                    and edge.before.held_fin
                    and edge.after.state == State.CLOSE_WAIT
                ),
                nothing,
                State.ESTABLISHED,
            ),
        ),
        where="SYN-SENT; SYN,FIN, and then SYN-RECEIVED; ACK of SYN",
        evidence=_EVIDENCE,
    ),
    Departure(
        7,
        "a FIN again that is below the window is answered, and what it acknowledges counts",
        "3.10.7.4 first",
        (
            Outcome(
                lambda edge, _: (
                    edge.before.state == State.CLOSING
                    and edge.segment is not None
                    and edge.segment.ctl.fin
                    and edge.segment.ack == edge.before.snd.nxt
                ),
                ack(),
                State.TIME_WAIT,
            ),
        ),
        where="CLOSING; FIN,ACK again, of our FIN",
        evidence="freebsd-net/tcp-testsuite, snippets",
    ),
    Departure(
        8,
        "a FIN beyond a gap is held, as text is",
        "3.10.7.4 first: allowed, SHLD-31",
        (
            Outcome(
                lambda edge, _: (
                    edge.before.state == State.ESTABLISHED
                    and any(holds(transfer) for transfer in edge.before.transfers)
                ),
                lambda edge: (_acked(edge, 1),),
                State.CLOSE_WAIT,
            ),
        ),
        where="ESTABLISHED; what fills the gap",
        evidence="freebsd-net/tcp-testsuite, rcv-data-segments",
    ),
)

SYN_FIN = Departure(
    9,
    "with net.inet.tcp.drop_synfin a segment with SYN and FIN is dropped in silence",
    "3.10.7",
    tuple(Outcome(_rcv(state, syn=True, fin=True), nothing, state) for state in State),
    where="any state; SYN,FIN",
    evidence=_EVIDENCE,
)
"""Not by default."""

FREEBSD = Profile(
    name="freebsd",
    seen="11.0 and later, as freebsd-net/tcp-testsuite expects it",
    switches={
        "time_wait_reopen": True,  # MAY-2
        "reopen_returns": False,
        "time_wait_ignores_reset": True,
        "time_wait_restart": Restart.FIN,
        "fin_wait_2_timeout": True,
        "reset_told": True,
    },
    timers=Timers(time_wait=60_000, fin_wait_2=60_000),
    departures=_DEPARTURES,
)
