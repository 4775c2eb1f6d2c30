"""One host: its sockets, its clock, its memory; and one input at a time.

``step`` is the RFC's and nobody else's. It hands the events of section 3.10 to the RFC's
sections; what it does itself is the host's: time goes by, a crash loses the memory (section
3.5.1), and a host that restarts keeps quiet for a while (3.4.3). It does not know who
watches, how long an exploration is, or what the network does.

A user may call at any time: a call that comes at the wrong one is answered with an error. The
rest has to be possible: a timer that expires was running (``timeouts`` says which are), a host
crashes if it is up and restarts if it is down, and while it is not ``awake`` nothing but time
and a crash or restart comes to it.
"""

from dataclasses import dataclass, field

from spec.tcp import congestion, receiving, sack, timeouts, timestamps, user_calls
from spec.tcp import listener as listening
from spec.tcp.context import Tcp
from spec.tcp.inputs import OF_LISTENERS, Input
from spec.tcp.listener import Listener, Queue, Request
from spec.tcp.segment import Segment, Ticks, left
from spec.tcp.segment_arrives import segment_arrives
from spec.tcp.tcb import State, Tcb, delete


@dataclass(slots=True, eq=False)
class Socket:
    """One end of a connection; and what a listener knows of it, if the host has one."""

    tcb: Tcb = field(default_factory=Tcb)
    requests: tuple[Request, ...] = field(default=(), metadata={"inline": "request"})


@dataclass(slots=True, eq=False)
class Host:
    """The sockets of a host, and its health; with a listener, if there is one, all its connections
    are the listener's, but those that the host opens actively."""

    sockets: tuple[Socket, ...] = field(
        default_factory=lambda: (Socket(),), metadata={"inline": ""}
    )
    up: bool = True
    quiet: Ticks = 0  # ticks for which a restarted host still keeps quiet (section 3.4.3)
    clock: Ticks = 0  # the timestamp clock (RFC 7323 5.4); TSval is one more
    listeners: tuple[Listener, ...] = field(default=(), metadata={"inline": "listener"})


def awake(host: Host) -> bool:
    """Does the host take calls and segments? Not while it is down, nor in its quiet time: nothing
    is sent then, hence nothing is opened, and what arrives is not answered (section 3.4.3)."""
    return host.up and host.quiet == 0


def step(
    host: Host, socket: Socket, what: Input, seg: Segment | None, tcp: Tcp, elapsed: Ticks = 1
) -> None:
    """Let ``what`` happen to a socket of ``host``, in place; ``tcp`` collects what is sent and
    said. ``seg`` is the segment that arrives (SEGMENT only), ``elapsed`` how long a tick is."""
    stamped = socket.tcb.stamped
    _happens(host, socket, what, seg, tcp, elapsed)
    receiving.acknowledged(socket.tcb, tcp)
    receiving.offer(socket.tcb, tcp)
    sack.report(socket.tcb, tcp)
    if tcp.bounds.stamps:
        timestamps.stamp(stamped, socket.tcb, tcp)


def _happens(
    host: Host, socket: Socket, what: Input, seg: Segment | None, tcp: Tcp, elapsed: Ticks
) -> None:
    """Which section of the RFC says what ``what`` does."""
    tcb = socket.tcb
    if what == Input.TICK:
        _tick(host, tcp, elapsed)
    elif what == Input.CRASH:
        _crash(host, tcp)
    elif what == Input.RESTART:
        _restart(host, tcp)
    elif host.listeners and what in LISTENERS:
        _listen(host.listeners[0], socket, what, seg, tcp)
    elif what == Input.SEGMENT:
        assert seg is not None
        receiving.offered(tcb, seg, tcp)
        segment_arrives(tcb, seg, tcp)
    elif what == Input.OPEN_PASSIVE:
        user_calls.open_passive(tcb, tcp)
    elif what in (Input.OPEN_ACTIVE, Input.OPEN_PLAIN):
        user_calls.open_active(tcb, tcp, what == Input.OPEN_PLAIN)
    elif what in (Input.SEND, Input.SEND_URGENT):
        user_calls.send(tcb, tcp, what == Input.SEND_URGENT)
    elif what == Input.RECEIVE:
        user_calls.receive(tcb, tcp)
    elif what == Input.CLOSE:
        user_calls.close(tcb, tcp)
    elif what == Input.ABORT:
        user_calls.abort(tcb, tcp)
    elif what == Input.USER_TIMEOUT:
        timeouts.user_timeout(tcb, tcp)
    elif what == Input.RETRANSMISSION_TIMEOUT:
        timeouts.retransmission_timeout(tcb, tcp)
    elif what == Input.KEEP_ALIVE_TIMEOUT:
        timeouts.keep_alive_timeout(tcb, tcp)
    elif what == Input.OVERRIDE_TIMEOUT:
        timeouts.override_timeout(tcb, tcp)
    elif what == Input.ACK_TIMEOUT:
        timeouts.ack_timeout(tcb, tcp)
    elif what == Input.SHRINK:
        (transfer,) = tcb.transfers
        receiving.shrink(tcb, transfer, tcp)
    elif what == Input.RENEGE:
        sack.renege(tcb, tcp)
    elif what == Input.IDLE:
        (transfer,) = tcb.transfers
        congestion.idle(transfer, tcp)
    elif what == Input.ACK_AHEAD:
        (transfer,) = tcb.transfers
        receiving.acknowledge_ahead(tcb, transfer, tcp)
    elif what == Input.LIMIT_TIMEOUT:
        timeouts.limit_timeout(tcb, tcp)
    elif what == Input.LIMIT_SPENT:
        timeouts.limit_spent(tcb, tcp)
    else:
        timeouts.time_wait_timeout(tcb, tcp)


LISTENERS = (
    *OF_LISTENERS,
    Input.SEGMENT,
    Input.RETRANSMISSION_TIMEOUT,
    Input.KEEP_ALIVE_TIMEOUT,
)
"""What a listener has a say in."""


def _listen(listener: Listener, socket: Socket, what: Input, seg: Segment | None, tcp: Tcp) -> None:
    """An event at a host with a listener."""
    (request,) = socket.requests
    tcb = socket.tcb
    if what == Input.SEGMENT:
        assert seg is not None
        listening.segment_arrives(listener, request, tcb, seg, tcp)
    elif what == Input.RETRANSMISSION_TIMEOUT:
        if request.queue == Queue.SYN:
            listening.syn_ack_timeout(listener, request, tcb, tcp)
        else:
            timeouts.retransmission_timeout(tcb, tcp)
            listening.settle(listener, request, tcb)
    elif what == Input.KEEP_ALIVE_TIMEOUT:
        timeouts.keep_alive_timeout(tcb, tcp)
        listening.settle(listener, request, tcb)
    elif what == Input.LISTEN:
        listening.listen(listener, tcp)
    elif what == Input.LISTENER_CLOSED:
        listening.close(listener, request, tcb, tcp)
    elif what == Input.ACCEPT:
        listening.accept(listener, request, tcp)
    elif what == Input.STRANGER_SYN:
        listening.stranger_syn(listener, tcp)
    elif what == Input.STRANGER_FORGOTTEN:
        listening.stranger_forgotten(listener, tcp)
    elif what == Input.NEIGHBOUR_READY:
        listening.neighbour_ready(listener, tcp)
    elif what == Input.NEIGHBOUR_ACCEPTED:
        listening.neighbour_accepted(listener, tcp)
    elif what == Input.NAT_OPEN:
        listening.nat_open(listener, tcp)
    else:
        listening.address_forgotten(listener, tcp)


def _tick(host: Host, tcp: Tcp, elapsed: Ticks) -> None:
    """Time goes by. Without an MSL only timestamps are: nothing else is due so soon."""
    for socket in host.sockets:
        socket.tcb.recent_for = left(socket.tcb.recent_for, elapsed)
    if tcp.bounds.stamps:
        host.clock = timestamps.advance(host.clock, tcp.bounds)
        if tcp.bounds.msl == 0:
            return
    for listener in host.listeners:
        listening.tick(listener, left(listener.overflowed, elapsed))
    for socket in host.sockets:
        for request in socket.requests:
            listening.forget_cookie(request, left(request.remembered, elapsed))
        socket.tcb.time_wait = left(socket.tcb.time_wait, elapsed)
        socket.tcb.span = left(socket.tcb.span, elapsed)
        socket.tcb.keep_alive = left(socket.tcb.keep_alive, elapsed)
    if host.quiet != 0:
        host.quiet = left(host.quiet, elapsed)


def _crash(host: Host, tcp: Tcp) -> None:
    """Section 3.5.1: the host is down, and has lost its memory."""
    host.up = False
    for socket in host.sockets:
        delete(socket.tcb)
        for request in socket.requests:
            Request.__init__(request)
    for listener in host.listeners:
        Listener.__init__(listener)
    return tcp.rule("3.5.1/crash/forget", "the host loses its memory", State.CLOSED)


def _restart(host: Host, tcp: Tcp) -> None:
    """Section 3.4.3: a host that lost its memory is quiet for one MSL."""
    host.up = True
    host.quiet = tcp.bounds.msl if tcp.rules.quiet_time else 0
    return tcp.rule("3.4.3/restart/quiet", "quiet for one MSL")
