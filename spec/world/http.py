"""HTTP as a user of the calls: who calls what, and when (RFC 9110, RFC 9112, RFC 9113).

The hosts are the RFC's, and know nothing of it. An application at each end decides which calls of
section 3.10 are made: the end that opened actively is the *client*, the other the *server*. A
request is an octet, and so is a response.

* The client opens when it has something to ask, sends a request, and reads the response. It sends
  the next one on the same connection (``kept``), and waits for the response before (HTTP/1.1) or
  not (``pipelined``: HTTP/2, as far as TCP can tell).
* The server reads requests and answers them. By HTTP/1.0 it closes after each response.
* Either may have an *idle limit*: on a connection with no request in progress it closes when
  that many ticks have gone by. The client uses the connection only before. The server's limit
  counts from its response, the client's from when it read that, or from its own request
  (``idle_from_request``). What is at hand is read, and what is due is closed, before time goes on.

**close() is not CLOSE.** By RFC 9293 a user that has called CLOSE may read on. close() of the
sockets interface gives that up, so that nobody is left to take what comes. RFC 1122 (4.2.2.13) and
RFC 9293 (3.6.1, MAY-1 and SHLD-3) have a reset say so: ABORT here, if something is unread when the
server wants to close, or comes later. With ``lingers`` it calls CLOSE (a socket's shutdown()) and
reads on until the client's FIN, as RFC 9112 (9.6) asks: a *lingering* close.
"""

from dataclasses import dataclass

from spec.seq import Space, choose, not_
from spec.tcp.inputs import Input
from spec.tcp.segment import Count, Ticks, left
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb
from spec.world.bounds import Bounds

CALLS = (Input.OPEN_ACTIVE, Input.SEND, Input.RECEIVE, Input.CLOSE, Input.ABORT)
"""The calls that the application makes when HTTP has it do so, and not whenever it likes."""


@dataclass(slots=True, eq=False)
class User:
    """The application at one end. What it counts is of all its connections."""

    asked: Count = 0  # requests: that a client has sent, each time, or a server has read
    answered: Count = 0  # responses: that a client has read, or a server has written
    failed: Count = 0  # requests whose connection ended before they were answered
    idle: Ticks = 0  # ticks until the connection has been idle for its limit


def waits(user: User) -> bool:
    """Does a request wait for its response?"""
    return user.asked != user.answered + user.failed


def has_to_ask(user: User, bounds: Bounds) -> bool:
    """Has a client requests to send? One that retries, those that failed, too."""
    again = user.failed if bounds.retries else 0
    return user.asked < bounds.requests + again


# What it does


def may(user: User, tcb: Tcb, what: Input, bounds: Bounds) -> bool:
    """Does the application make this one of ``CALLS`` now?"""
    if what == Input.OPEN_ACTIVE:
        return has_to_ask(user, bounds)
    if tcb.state not in SYNCHRONIZED:
        return False
    if tcb.passive:
        return _server_may(user, tcb, what, bounds)
    return _client_may(user, tcb, what, bounds)


def _client_may(user: User, tcb: Tcb, what: Input, bounds: Bounds) -> bool:
    """A client asks, reads, and closes: when the server has, when it is done, or when it is idle.

    One that does not watch its connections sees only where it waits for a response that the server
    has closed.
    """
    if what == Input.SEND:
        if bounds.watches and tcb.state == State.CLOSE_WAIT:
            return False
        if (bounds.client_idle != 0) & (user.idle == 0):
            return False
        return has_to_ask(user, bounds) & (bounds.pipelined | not_(waits(user)))
    if what == Input.CLOSE:
        if _unread(tcb, bounds):
            return False
        if tcb.state == State.CLOSE_WAIT and (bounds.watches or waits(user)):
            return True
        done = not_(has_to_ask(user, bounds)) & bounds.watches & bounds.kept
        first = (tcb.written != 0) & bounds.client_closes
        idle = _idle_for_long(user, bounds.client_idle, bounds)
        return (done | first | idle) & not_(waits(user))
    return what == Input.RECEIVE


def _server_may(user: User, tcb: Tcb, what: Input, bounds: Bounds) -> bool:
    """A server reads, answers and closes. By HTTP/1.0 it reads no more than it is to answer."""
    more = (tcb.written == 0) | bounds.kept
    if what == Input.SEND:
        return waits(user) & more
    if what == Input.RECEIVE:
        if tcb.closing:
            return bounds.lingers
        return more & (not_(waits(user)) | bounds.kept)
    unread = _unread(tcb, bounds)
    closes = _server_closes(user, tcb, bounds)
    if what == Input.CLOSE:
        return closes & (not_(unread) | bounds.lingers)
    if bounds.abort:
        return True  # its process may end at any time
    return (closes | tcb.closing) & unread & (not bounds.lingers)


def _server_closes(user: User, tcb: Tcb, bounds: Bounds) -> bool:
    """Does a server want to close: after a response, after the client, or since it is idle?"""
    if tcb.state not in (State.ESTABLISHED, State.CLOSE_WAIT):
        return False
    unread = _unread(tcb, bounds)
    after_response = (tcb.written != 0) & (not bounds.kept)
    after_client = (tcb.state == State.CLOSE_WAIT) & not_(unread)
    idle = _idle_for_long(user, bounds.server_idle, bounds) & not_(unread & bounds.looks)
    return after_response | ((after_client | idle) & not_(waits(user)))


def _unread(tcb: Tcb, bounds: Bounds) -> bool:
    """Is there something that it has not read?"""
    return tcb.rcv.wnd != bounds.window


def _idle_for_long(user: User, limit: Ticks, bounds: Bounds) -> bool:
    """Has the connection been idle for its limit? Without time that may be so at any moment."""
    return (limit != 0) & ((user.idle == 0) | (bounds.msl == 0))


# What becomes of it


def note(user: User, before: Tcb, after: Tcb, what: Input, bounds: Bounds, seq: Space) -> None:
    """Something happened to its connection."""
    server = before.passive
    if what == Input.SEND:
        user.asked = choose(server, user.asked, user.asked + 1)
        user.answered = choose(server, user.answered + 1, user.answered)
    if what == Input.RECEIVE:
        octets = seq.minus(bounds.window, before.rcv.wnd)
        reads = server & not_(before.closing)
        user.asked = choose(reads, seq.plus(user.asked, octets), user.asked)
        user.answered = choose(server, user.answered, seq.plus(user.answered, octets))
    if after.state == State.ESTABLISHED:
        _keep_time(user, before, after, what, bounds)
    if after.state not in SYNCHRONIZED:
        user.failed = user.asked - user.answered
        user.idle = 0


def _keep_time(user: User, before: Tcb, after: Tcb, what: Input, bounds: Bounds) -> None:
    """Begin to count idle time anew, if there is reason to."""
    opened = before.state != State.ESTABLISHED
    sent = what == Input.SEND
    client = opened | choose(bounds.idle_from_request, sent, what == Input.RECEIVE)
    begin = choose(after.passive, opened | sent, client)
    limit = choose(after.passive, bounds.server_idle, bounds.client_idle)
    user.idle = choose(begin, limit, user.idle)


def tick(user: User, elapsed: Ticks) -> None:
    """Time goes by."""
    user.idle = left(user.idle, elapsed)


def due(user: User, tcb: Tcb, bounds: Bounds) -> bool:
    """Is there something that it does before time goes on?

    A computation, since whether time may go on is one (``spec.world.enabled.overdue``).
    """
    state = tcb.state
    open_ = (state == State.ESTABLISHED) | (state == State.CLOSE_WAIT)
    reads = open_ | (state == State.FIN_WAIT_1) | (state == State.FIN_WAIT_2)
    limit = choose(tcb.passive, bounds.server_idle, bounds.client_idle)
    idle = open_ & not_(tcb.closing) & not_(waits(user))
    return (reads & _unread(tcb, bounds)) | (idle & (limit != 0) & (user.idle == 0))
