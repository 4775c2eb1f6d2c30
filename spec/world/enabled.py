"""What may happen: which calls, timeouts and mishaps are a step of the system, and where.

TCP answers any call at any time, if only with an error. Most such answers are no step worth
taking: they change nothing. And bounds leave out whole kinds of call. Both are decided here and
nowhere else: ``calls`` says what the bounds let a host do at all, and ``enabled`` whether it may do
it now.
"""

from typing import cast

from spec.rules import AckLimit, Cookies, KeepAlive, Rules
from spec.seq import not_
from spec.tcp import congestion, receiving, sack, sending, timeouts, timestamps, user_calls
from spec.tcp.context import Tcp
from spec.tcp.host import awake
from spec.tcp.inputs import OF_LISTENERS, OF_TRANSFERS, Input
from spec.tcp.listener import Queue
from spec.tcp.tcb import SYNCHRONIZED, State
from spec.world import http
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint
from spec.world.forgery import FORGERIES, Forgery

Event = Input | Forgery
"""Anything that can happen to a host."""

CALLS: tuple[Event, ...] = (
    *(what for what in Input if what not in (Input.SEGMENT, Input.TICK)),
    *FORGERIES,
)
"""Everything but a segment and a tick."""


def calls(bounds: Bounds, rules: Rules, side: int, socket: int) -> tuple[Event, ...]:
    """What bounds and rules let happen to a socket, besides segments and ticks.

    The bounds of A are those of all ends on its side of a connection, side 0; likewise those of B.
    What befalls a whole host is listed with its first socket.
    """
    first = side == 0
    sends = bounds.octets > 0 and (bounds.a_sends if first else bounds.b_sends)
    crashes = first and socket == 0 and bounds.crashes > 0
    forged = bounds.forged and not first
    listens = bounds.listener and not first
    resets = bounds.requests > 0 and not first and not bounds.lingers
    allowed: dict[Event, bool] = {
        Input.OPEN_PASSIVE: bounds.a_passive if first else bounds.b_passive,
        Input.OPEN_ACTIVE: bounds.a_active if first else bounds.b_active,
        Input.OPEN_PLAIN: bounds.plain and (bounds.a_active if first else bounds.b_active),
        Input.SEND: sends,
        Input.SEND_URGENT: sends and bounds.urgent,
        Input.RECEIVE: bounds.octets > 0,
        Input.CLOSE: bounds.close,
        Input.ABORT: bounds.abort or resets,
        Input.USER_TIMEOUT: bounds.user_timeout,
        Input.CRASH: crashes,
        Input.RESTART: crashes,
        Input.LISTEN: listens and socket == 0,
        Input.ACCEPT: listens,
        Input.LISTENER_CLOSED: listens and socket == 0 and bounds.listener_closes,
        Input.STRANGER_SYN: listens and socket == 0 and bounds.strangers,
        Input.STRANGER_FORGOTTEN: listens and socket == 0 and bounds.strangers,
        Input.NEIGHBOUR_READY: listens and socket == 0 and bounds.neighbours,
        Input.NEIGHBOUR_ACCEPTED: listens and socket == 0 and bounds.neighbours,
        Input.KEEP_ALIVE_TIMEOUT: rules.keep_alive != KeepAlive.OFF,
        Input.OVERRIDE_TIMEOUT: bounds.transfer,
        Input.ACK_TIMEOUT: bounds.transfer and rules.delayed_ack,
        Input.SHRINK: bounds.transfer and bounds.shrinks and not first,
        Input.IDLE: bounds.transfer and bounds.idles and first,
        Input.ACK_AHEAD: bounds.transfer and bounds.ahead and not first,
        Input.RENEGE: bounds.transfer and bounds.sack and not first,
        Input.LIMIT_TIMEOUT: rules.ack_limit != AckLimit.NONE,
        Input.LIMIT_SPENT: rules.ack_limit == AckLimit.HOST,
        Input.NAT_OPEN: listens and socket == 0 and bounds.nat,
        Input.ADDRESS_FORGOTTEN: listens and socket == 0 and bounds.nat,
        **dict.fromkeys(FORGERIES, forged),
    }
    return tuple(what for what in CALLS if allowed.get(what, True))


def enabled(end: Endpoint, what: Event, tcp: Tcp, bounds: Bounds) -> bool:
    """May ``what``, which the bounds let happen to this host, happen now?"""
    tcb, state = end.tcb, end.tcb.state
    if what == Input.TICK:
        return True
    if what == Input.RESTART:
        return not end.up
    if not end.up:
        return False
    if what == Input.CRASH:
        return end.crashes < bounds.crashes
    if not awake(end.host):
        return False
    if what == Input.SEGMENT:
        return True
    if what in OF_LISTENERS:
        return end.host.listeners != () and _listener_may(end, what, tcp)
    if what in OF_TRANSFERS and tcb.transfers == ():
        return False
    if end.host.listeners and what in _APPLICATION:
        if end.host.sockets[0].requests[0].queue != Queue.NONE:
            return False  # nobody has the connection yet
    for user in end.users:
        if what in http.CALLS and not http.may(user, tcb, cast(Input, what), bounds):
            return False
    if what == Input.OPEN_PASSIVE:
        return state == State.CLOSED and not spent(end, bounds)
    if what in (Input.OPEN_ACTIVE, Input.OPEN_PLAIN):
        if user_calls.reuses(tcb, tcp):
            return timestamps.may_reuse(tcb, end.host.clock, tcp)
        return state == State.CLOSED or (bounds.listen_open and state == State.LISTEN)
    if what in (Input.SEND, Input.SEND_URGENT):
        return not (
            state == State.CLOSED
            or tcb.closing
            or tcb.written >= bounds.octets
            or state in (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.TIME_WAIT)
        )
    if what == Input.RECEIVE and tcb.transfers:
        unread: bool = False
        for transfer in tcb.transfers:
            unread = transfer.unread != 0
        return unread and state not in _NOTHING_TO_READ
    if what == Input.RECEIVE:
        return not (tcb.rcv.wnd == bounds.window or state in _NOTHING_TO_READ)
    if what == Input.CLOSE:
        return not (tcb.closing or state in (State.CLOSED, State.TIME_WAIT))
    if what == Input.ABORT:
        if tcp.rules.abort_time_wait and state == State.TIME_WAIT:
            return False
        return state != State.CLOSED
    if what == Input.RETRANSMISSION_TIMEOUT:
        return timeouts.retransmits(tcb, tcp)
    if what == Input.OVERRIDE_TIMEOUT:
        return state in _SENDING and sending.waits(tcb, tcp)
    if what == Input.ACK_TIMEOUT:
        return state in SYNCHRONIZED and timeouts.ack_waits(tcb, tcp)
    if what == Input.SHRINK:
        return state in _SENDING and tcb.rcv.wnd != 0
    if what == Input.IDLE:
        return state in _SENDING and congestion.is_idle(tcb, tcp)
    if what == Input.ACK_AHEAD:
        return state in _SENDING and receiving.may_run_ahead(tcb, bounds.octets, tcp)
    if what == Input.RENEGE:
        return sack.may_renege(tcb)
    if what == Input.USER_TIMEOUT:
        return timeouts.gives_up(tcb, tcp)
    if what == Input.TIME_WAIT_TIMEOUT:
        return timeouts.time_wait_is_over(tcb)
    if what == Input.KEEP_ALIVE_TIMEOUT:
        return timeouts.keeps_alive(tcb, tcp)
    if what == Input.LIMIT_TIMEOUT:
        return tcb.throttled
    if what == Input.LIMIT_SPENT:
        return state in SYNCHRONIZED and not tcb.throttled
    # A guess that has to hit numbers needs a connection that has some.
    if state in (State.CLOSED, State.LISTEN):
        return False
    if what == Forgery.ANY:
        return True
    if state == State.SYN_SENT:
        return bounds.forged_calling
    return state != State.SYN_RECEIVED or bounds.forged_opening


_APPLICATION = (
    Input.SEND,
    Input.SEND_URGENT,
    Input.RECEIVE,
    Input.CLOSE,
    Input.ABORT,
    Input.USER_TIMEOUT,
)


def _listener_may(end: Endpoint, what: Event, tcp: Tcp) -> bool:
    """May this happen to a listener now?

    Without its checks a queue may be two longer than it should be, and not more: that shows it.
    """
    (listener,), (request,) = end.host.listeners, end.host.sockets[0].requests
    if what == Input.LISTEN:
        return not_(listener.listening)
    if what == Input.LISTENER_CLOSED:
        return listener.listening
    if what == Input.ACCEPT:
        return request.queue == Queue.ACCEPT
    if what == Input.STRANGER_FORGOTTEN:
        return listener.strangers != 0
    if what == Input.NEIGHBOUR_ACCEPTED:
        return listener.neighbours != 0
    if what == Input.NAT_OPEN:
        return listener.listening & (listener.heard == 0)
    if what == Input.ADDRESS_FORGOTTEN:
        return listener.heard != 0
    backlog = tcp.bounds.backlog
    if what == Input.NEIGHBOUR_READY:
        room = listener.ready <= backlog + (not tcp.rules.accept_queue_check)
        return listener.listening & room
    room = listener.requests < backlog + (not tcp.rules.syn_queue_check)
    cookie = listener.overflowed != tcp.bounds.cookie_life
    return listener.listening & (room | ((tcp.rules.syncookies != Cookies.NEVER) & cookie))


_SENDING = (State.ESTABLISHED, State.FIN_WAIT_1, State.CLOSE_WAIT, State.LAST_ACK)

_NOTHING_TO_READ = (
    State.CLOSED,
    State.LISTEN,
    State.CLOSING,
    State.LAST_ACK,
    State.TIME_WAIT,
)


def spent(end: Endpoint, bounds: Bounds) -> bool:
    """Has a socket made all the TCBs that it may?"""
    return bounds.incarnations != 0 and end.ghost.made == bounds.incarnations


def ages(rules: Rules, bounds: Bounds) -> bool:
    """Do segments grow older with each tick, until they have lived their time?"""
    return bounds.msl != 0 and rules.lifetime_bounded


def overdue(end: Endpoint, rules: Rules, bounds: Bounds) -> bool:
    """Must a timer that has run out, TIME-WAIT's, keep-alive's or an application's, expire before
    time goes on, or something be read?

    Without an MSL no timer runs: each may expire, or not, while timestamp clocks tick.
    """
    due = False
    if not bounds.msl:
        return due
    for socket in end.host.sockets:
        due = due | timeouts.time_wait_is_over(socket.tcb)
        if bounds.keep_alive_idle != 0:
            due = due | timeouts.keeps_alive(socket.tcb, Tcp(rules, bounds, 0))
    for socket, user in zip(end.host.sockets, end.users, strict=False):
        due = due | http.due(user, socket.tcb, bounds)
    return due
