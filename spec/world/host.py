"""One endpoint: a TCB, the health of its host, and one input at a time.

``step`` is the specification as every checker sees it: a function of an endpoint's own
state and one input that changes the state in place, collects what is sent, and says whether
the input was possible at all. It dispatches to the RFC's sections and has the ghosts
written; the only behaviour of its own is the host's: its clock, its crash, its quiet time.
"""

from dataclasses import dataclass, field
from typing import Annotated

from spec.observe import ghosts
from spec.observe.ghosts import Ghost, Pair, Sight
from spec.rules import Rules
from spec.seq import choose
from spec.tcp import timeouts, user_calls
from spec.tcp.rule import Rule
from spec.tcp.segment import Control, Segment, Ticks
from spec.tcp.segment_arrives import segment_arrives
from spec.tcp.sending import Tcp
from spec.tcp.tcb import State, Tcb, delete
from spec.world.bounds import Bounds
from spec.world.inputs import FORGERIES, Input
from spec.world.records import clone


@dataclass(slots=True, eq=False)
class Endpoint:
    """The state of one end. ``up`` and ``quiet`` are the host's (section 3.4.3)."""

    tcb: Tcb = field(default_factory=Tcb)
    up: bool = True
    quiet: Ticks = 0  # ticks for which a restarted host still keeps quiet
    crashes: Annotated[int, "crashes"] = 0  # how often it crashed
    ghost: Ghost = field(default_factory=Ghost)


def initial(bounds: Bounds) -> Endpoint:
    """An endpoint that has done nothing yet."""
    slots = bounds.incarnations if bounds.watch_agreement else 0
    return Endpoint(ghost=Ghost(past=tuple(Pair() for _ in range(slots))))


@dataclass(slots=True, eq=False)
class Effects:
    """What a step did, besides changing the endpoint; ``possible`` false: nothing at all."""

    possible: bool
    sent: tuple[Segment, ...] = ()
    rules: tuple[Rule, ...] = ()
    signals: tuple[str, ...] = ()
    drew_isn: bool = False


NOTHING = Effects(False)


def step(
    end: Endpoint,
    what: Input,
    seg: Segment | None,
    isn: int,
    sight: Sight,
    rules: Rules,
    bounds: Bounds,
    elapsed: int = 1,
) -> Effects:
    """Let ``what`` happen to ``end``, in place.

    ``seg`` is the segment that arrives (SEGMENT only), ``isn`` the initial sequence number on
    offer, ``sight`` what the observer sees at this moment, ``elapsed`` how long a tick is. Where
    the input is not possible the state of ``end`` afterwards means nothing.
    """
    tcp = Tcp(rules, bounds, isn)
    tcb = end.tcb
    if what == Input.TICK:
        _tick(end, elapsed, bounds)
        return Effects(True)
    if what == Input.RESTART:
        if end.up:
            return NOTHING
        end.up = True
        end.quiet = bounds.msl if rules.quiet_time else 0
        if end.quiet == 0:
            ghosts.quiet_is_over(end.ghost, bounds)
        tcp.rule("3.4.3/restart/quiet", "quiet for one MSL")
        return Effects(True, rules=tuple(tcp.cited))
    if not end.up:
        return NOTHING
    before = clone(tcb)
    if what == Input.CRASH:
        if end.crashes >= bounds.crashes:
            return NOTHING
        end.crashes = end.crashes + 1
        end.up = False
        delete(tcb)
        tcp.rule("3.5.1/crash/forget", "the host loses its memory", State.CLOSED)
    elif end.quiet != 0:
        # Nothing is sent, hence nothing is opened, and what arrives is not answered.
        return NOTHING
    elif what == Input.SEGMENT:
        assert seg is not None
        segment_arrives(tcb, seg, tcp)
    elif what in FORGERIES:
        if tcb.state in (State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED):
            return NOTHING
        seg = forge(tcb, what, tcp)
        segment_arrives(tcb, seg, tcp)
    elif not _act(tcb, end.ghost, what, tcp):
        return NOTHING
    if tcp.drew_isn and _spent(end.ghost, bounds):
        return NOTHING
    ghosts.observe(before, tcb, end.ghost, what, seg, sight, tcp)
    _stamp(before, end.ghost, tcp)
    return Effects(True, tuple(tcp.sent), tuple(tcp.cited), tuple(tcp.signals), tcp.drew_isn)


def _spent(ghost: Ghost, bounds: Bounds) -> bool:
    """Has the host made all the TCBs that it may?"""
    return bounds.incarnations != 0 and ghost.id == bounds.incarnations


def _act(tcb: Tcb, ghost: Ghost, what: Input, tcp: Tcp) -> bool:
    """A user call or a timeout; false where it is not possible, or the RFC answers an error."""
    bounds, state = tcp.bounds, tcb.state
    if what == Input.OPEN_PASSIVE:
        if state != State.CLOSED or _spent(ghost, bounds):
            return False
        user_calls.open_passive(tcb, tcp)
        return True
    if what == Input.OPEN_ACTIVE:
        reused = tcp.rules.time_wait_reuse and state == State.TIME_WAIT
        if not reused and state != State.CLOSED:
            if state != State.LISTEN or not bounds.listen_open:
                return False
        user_calls.open_active(tcb, tcp)
        return True
    if what == Input.RETRANSMISSION_TIMEOUT:
        if not timeouts.retransmits(tcb, tcp):
            return False
        timeouts.retransmission_timeout(tcb, tcp)
        return True
    if what == Input.USER_TIMEOUT:
        # It times what waits for an acknowledgment.
        if tcp.rules.fin_wait_2_timeout and state == State.FIN_WAIT_2:
            timeouts.fin_wait_2_timeout(tcb, tcp)
            return True
        if state in (State.CLOSED, State.LISTEN, State.TIME_WAIT) or tcb.snd.una == tcb.snd.nxt:
            return False
        timeouts.user_timeout(tcb, tcp)
        return True
    if what == Input.TIME_WAIT_TIMEOUT:
        if state != State.TIME_WAIT or tcb.time_wait != 0:
            return False
        timeouts.time_wait_timeout(tcb, tcp)
        return True
    return _call(tcb, what, tcp)


def _call(tcb: Tcb, what: Input, tcp: Tcp) -> bool:
    """SEND, RECEIVE, CLOSE and ABORT, where they do anything."""
    bounds, state = tcp.bounds, tcb.state
    if what in (Input.SEND, Input.SEND_URGENT):
        if (
            state == State.CLOSED
            or tcb.closing
            or tcb.written >= bounds.octets
            or state in (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.TIME_WAIT)
        ):
            return False
        user_calls.send(tcb, tcp, what == Input.SEND_URGENT)
        return True
    if what == Input.RECEIVE:
        if tcb.rcv.wnd == bounds.window or state in (
            State.CLOSED,
            State.LISTEN,
            State.CLOSING,
            State.LAST_ACK,
            State.TIME_WAIT,
        ):
            return False
        user_calls.receive(tcb, tcp)
        return True
    if what == Input.CLOSE:
        if tcb.closing or state in (State.CLOSED, State.TIME_WAIT):
            return False
        user_calls.close(tcb, tcp)
        return True
    if state == State.CLOSED or (tcp.rules.abort_time_wait and state == State.TIME_WAIT):
        return False
    user_calls.abort(tcb, tcp)
    return True


def _tick(end: Endpoint, elapsed: Ticks, bounds: Bounds) -> None:
    """Time goes by."""
    tcb = end.tcb
    tcb.time_wait = _left(tcb.time_wait, elapsed)
    tcb.span = _left(tcb.span, elapsed)
    if end.quiet != 0:
        if end.quiet <= elapsed:
            ghosts.quiet_is_over(end.ghost, bounds)
        end.quiet = _left(end.quiet, elapsed)


def _left(timer: Ticks, elapsed: Ticks) -> Ticks:
    """What is left of a timer, which stops at 0."""
    return choose(timer > elapsed, timer - elapsed, 0)


def forge(tcb: Tcb, what: Input, tcp: Tcp) -> Segment:
    """The off-path sender's guess: in the receive window, but blind to what matters.

    Its resets and SYNs are in the window but miss RCV.NXT; its text hits RCV.NXT but its ACK
    lies below SND.UNA - MAX.SND.WND, as do most guesses in a space of 2^32.
    """
    seq = tcp.seq
    if what == Input.FORGED_RST:
        return Segment(seq=seq.plus(tcb.rcv.nxt, 1), ctl=Control(rst=True))
    if what == Input.FORGED_SYN:
        return Segment(seq=seq.plus(tcb.rcv.nxt, 1), ctl=Control(syn=True))
    return Segment(
        seq=tcb.rcv.nxt,
        ack=seq.minus(tcb.snd.una, tcp.bounds.window + 1),
        wnd=tcp.bounds.window,
        text=1,
        ctl=Control(ack=True),
    )


def _stamp(before: Tcb, ghost: Ghost, tcp: Tcp) -> None:
    """Mark what is sent with its origin and its lifetime."""
    bounds = tcp.bounds
    labelled = (
        bounds.watch_stale
        or bounds.watch_confusion
        or bounds.watch_streams
        or bounds.watch_crossing
    )
    existed = before.state not in (State.CLOSED, State.LISTEN) or tcp.drew_isn
    for seg in tcp.sent:
        seg.ttl = bounds.msl
        if bounds.msl != 0 and tcp.rules.lifetime_inclusive:
            seg.ttl = bounds.msl + 1
        if labelled:
            seg.origin.src = ghost.id if existed else 0
        if not (bounds.watch_confusion or bounds.watch_crossing):
            seg.origin.about = 0
        if not bounds.watch_streams:
            seg.origin.first = 0
