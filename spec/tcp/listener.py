"""The listener: one LISTEN, many connections, and two queues of bounded length.

RFC 9293 has one TCB in LISTEN become the connection. Stacks keep a *listening socket* instead
(sections 3.9.1.1, MUST-41, and 3.10.1): it stays, and each SYN makes a connection beside it.

* The *SYN queue* holds connections in SYN-RECEIVED, here called *requests*. A SYN that finds it
  full is dropped. A request's SYN,ACK is sent again ``synack_retries`` times; then the request is
  forgotten in silence.
* The *accept queue* holds connections that are ESTABLISHED or later, and that the application has
  not taken by accept(). It holds one more than the backlog, as on Linux. A third segment
  that finds it full is ignored, or answered with a reset (``abort_on_overflow``).

A flood of SYNs from addresses where nobody answers fills the SYN queue (RFC 4987). *SYN cookies*
(section 3.6 there, and its appendix A) are the defence that keeps nothing: the ISS says what a
request would have remembered, and the ACK of it brings that back.

RFC 9293 asks for no queues, so that the numbers of this file are its own: what a rule is from
comes before the first ``/``. What the RFC does say, from SYN-RECEIVED on, is done by its own rules
(``segment_arrives``). Every rule here works on the listener's counts and on one connection, and
never looks at another: so what is proved of one connection and the counts holds for any number.
"""

from dataclasses import dataclass
from enum import Enum

from spec.rules import CookieGuard, CookieHash, Cookies
from spec.seq import choose
from spec.tcp import timestamps
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Count, Segment, Seq, Stamp, Ticks, acceptable
from spec.tcp.segment_arrives import segment_arrives as rfc_segment_arrives
from spec.tcp.segment_arrives.others import process_segment_text
from spec.tcp.segment_arrives.syn import answer_syn, enter_syn_received, hear_syn
from spec.tcp.sending import reset, send_syn_ack
from spec.tcp.tcb import State, Tcb, delete


class Queue(Enum):
    """Where a connection of a listener waits."""

    NONE = "no queue"
    SYN = "SYN queue"
    ACCEPT = "accept queue"


@dataclass(slots=True, eq=False)
class Listener:
    """A listening socket: its two queues, as it counts them, and its cookies.

    Of connections whose other end is not modelled only the number is known: requests of
    ``strangers``, and ``neighbours`` that wait to be accepted. Both are counted in the queues too.
    """

    listening: bool = False
    requests: Count = 0  # in the SYN queue
    ready: Count = 0  # in the accept queue
    strangers: Count = 0  # of these requests: those of addresses where nobody answers
    neighbours: Count = 0  # of those ready: those of other clients
    heard: Stamp = 0  # the latest TSval from the client's address (``time_wait_recycle``)
    unshown: Count = 0  # of those ready: those of addresses that may be anybody's
    overflowed: Ticks = 0  # ticks for which ACKs are still looked at as cookies
    minute: Ticks = 0  # the clock of cookies, which counts to MINUTES and begins again


@dataclass(slots=True, eq=False)
class Request:
    """What a listener knows of one pair of sockets, besides its TCB."""

    queue: Queue = Queue.NONE
    retries: Count = 0  # how often the SYN,ACK was sent again
    acked: bool = False  # the third segment came, and was left aside
    used: bool = False  # a cookie was taken once, and is remembered (``CookieGuard``)
    used_irs: Seq = 0  # the IRS that it stood for
    remembered: Ticks = 0  # ticks for which it still is, if it is not for ever


MINUTES = 4
"""How many values the clock of cookies has: Linux's has 256."""


# The application


def listen(listener: Listener, tcp: Tcp) -> None:
    """listen(): passive OPEN with an unspecified remote socket."""
    listener.listening = True
    return tcp.rule("3.10.1/listener/passive", "passive OPEN of any remote socket")


def accept(listener: Listener, request: Request, tcp: Tcp) -> None:
    """accept(): the application takes a connection out of the accept queue."""
    leave(listener, request)
    return tcp.rule("sockets/accept", "the application takes the connection")


def close(listener: Listener, request: Request, tcb: Tcb, tcp: Tcp) -> None:
    """close() of the listening socket: whoever waits to be accepted is reset, and requests are
    forgotten. Their clients hear of it when they send."""
    listener.listening = False
    listener.requests = listener.requests - listener.strangers
    listener.ready = listener.ready - listener.neighbours
    listener.strangers, listener.neighbours = 0, 0
    if request.queue == Queue.ACCEPT and tcp.rules.listener_resets:
        tcp.send(Segment(seq=tcb.snd.nxt, ctl=Control(rst=True)))
    if request.queue != Queue.NONE:
        delete(tcb)
        leave(listener, request)
    return tcp.rule("sockets/close", "the listener is closed: reset who is ready, forget requests")


# Segments


def segment_arrives(listener: Listener, request: Request, tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """A segment arrives for a pair of sockets of a listening host."""
    if tcb.state == State.CLOSED and listener.listening:
        return listening_state(listener, request, tcb, seg, tcp)
    if tcb.state == State.SYN_RECEIVED and third_segment(request, tcb, seg, tcp):
        if tcp.rules.defer_accept and seg.length() == 0:
            request.acked = True
            return tcp.rule("Linux/defer_accept/wait", "third segment without text left aside")
        if accept_queue_is_full(listener, tcp):
            return overflow(listener, request, tcb, seg, tcp)
    rfc_segment_arrives(tcb, seg, tcp)
    return settle(listener, request, tcb)


def listening_state(listener: Listener, request: Request, tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """The four steps of LISTEN (3.10.7.2), by a listener that has no request of this sender."""
    # First, check for a RST
    if seg.ctl.rst:
        return tcp.rule("3.10.7.2/listener/first/reset", "reset ignored")
    # Second, check for an ACK
    if seg.ctl.ack:
        if (
            believes_cookies(listener, tcp)
            and not seg.ctl.syn
            and is_cookie(listener, request, seg, tcp)
        ):
            return take_cookie(listener, request, tcb, seg, tcp)
        reset(seg, tcp)
        return tcp.rule("3.10.7.2/listener/second/ack", "ACK answered with a reset")
    # Third, check for a SYN
    if seg.ctl.syn:
        return syn(listener, request, tcb, seg, tcp)
    # Fourth, other data or control
    return tcp.rule("3.10.7.2/listener/fourth/other", "dropped")


def syn(listener: Listener, request: Request, tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """A SYN: a request is kept, or a cookie sent, or nothing is done."""
    full = syn_queue_is_full(listener, tcp)
    cookie = wants_cookie(full, tcp)
    if full and not cookie:
        return tcp.rule("RFC 4987/2/full", "SYN queue full, SYN dropped")
    if accept_queue_is_full(listener, tcp):
        return tcp.rule("sockets/backlog/full", "accept queue full, SYN dropped")
    if timestamps.too_old_for_address(listener.heard, seg, tcp):
        return tcp.rule(
            "Linux/tw_recycle/drop", "SYN with an earlier timestamp than its address's, dropped"
        )
    if cookie:
        send_cookie(listener, seg, tcp)
        return tcp.rule("RFC 4987/3.6/cookie", "send SYN,ACK with a cookie, keep nothing")
    if tcp.rules.fast_open and seg.text != 0:
        return fast_open(listener, request, tcb, seg, tcp)
    answer_syn(tcb, seg, tcp)
    request.queue = Queue.SYN
    listener.requests = listener.requests + 1
    return tcp.rule(
        "3.10.7.2/listener/third/syn", "send SYN,ACK, keep a request", State.SYN_RECEIVED
    )


def fast_open(listener: Listener, request: Request, tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """RFC 7413 4.2.2: the text of a SYN with a valid Fast Open cookie goes to the application
    before the handshake is complete. The cookie shows that the address is the sender's, and no
    more.
    """
    tcb.rcv.wnd = tcp.bounds.window
    hear_syn(tcb, Segment(seq=seg.seq), tcp)
    text = Segment(seq=tcb.rcv.nxt, text=seg.text, origin=seg.origin)
    process_segment_text(tcb, text, tcp)
    enter_syn_received(tcb, tcp)
    enter_accept_queue(listener, request)
    return tcp.rule("RFC 7413/4.2.2/text", "text of the SYN to the application", State.SYN_RECEIVED)


def third_segment(request: Request, tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Does this complete the handshake of a request (3.10.7.4, first to fifth)?"""
    ours = tcp.seq.lt_le(tcb.snd.una, seg.ack, tcb.snd.nxt)
    bare = seg.ctl.ack & (seg.ctl.syn == seg.ctl.rst) & (seg.ctl.syn == False)  # noqa: E712
    waits = request.queue == Queue.SYN
    return waits & bare & ours & acceptable(tcp.seq, tcb.rcv.nxt, tcb.rcv.wnd, seg)


def overflow(listener: Listener, request: Request, tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """The third segment finds the accept queue full."""
    if tcp.rules.abort_on_overflow:
        reset(seg, tcp)
        delete(tcb)
        leave(listener, request)
        return tcp.rule(
            "Linux/abort_on_overflow/reset", "accept queue full, reset, forget", State.CLOSED
        )
    request.acked = True
    return tcp.rule("sockets/backlog/ignore", "accept queue full, third segment ignored")


def settle(listener: Listener, request: Request, tcb: Tcb) -> None:
    """After a rule of the RFC: the queue that the connection belongs to now.

    A request whose handshake is complete goes over to the accept queue.
    A connection that goes back to LISTEN (3.10.7.4) is gone: the listener listens for it. One that
    is reset before it is accepted leaves the accept queue. (Linux keeps it there until accept(),
    which then returns a socket that is reset already.)
    """
    if tcb.state in (State.CLOSED, State.LISTEN):
        delete(tcb)
        leave(listener, request)
    elif tcb.state != State.SYN_RECEIVED:
        made = request.queue == Queue.SYN
        listener.requests = choose(made, listener.requests - 1, listener.requests)
        listener.ready = choose(made, listener.ready + 1, listener.ready)
        request.queue = choose(made, Queue.ACCEPT, request.queue)
        request.retries = choose(made, 0, request.retries)


def leave(listener: Listener, request: Request) -> None:
    """A connection leaves the queue that it is in, if any."""
    waits, ready = request.queue == Queue.SYN, request.queue == Queue.ACCEPT
    listener.requests = choose(waits, listener.requests - 1, listener.requests)
    listener.ready = choose(ready, listener.ready - 1, listener.ready)
    request.queue = Queue.NONE
    request.retries = 0
    request.acked = False


def enter_accept_queue(listener: Listener, request: Request) -> None:
    """A connection that was no request waits to be accepted."""
    request.queue = Queue.ACCEPT
    listener.ready = listener.ready + 1


# The queues


def syn_queue_is_full(listener: Listener, tcp: Tcp) -> bool:
    """Is there no room for another request?"""
    return tcp.rules.syn_queue_check and listener.requests >= tcp.bounds.backlog


def accept_queue_is_full(listener: Listener, tcp: Tcp) -> bool:
    """Is there no room for another connection? There is for one more than the backlog."""
    return tcp.rules.accept_queue_check and listener.ready > tcp.bounds.backlog


def syn_ack_interval(retries: int) -> int:
    """Seconds until a SYN,ACK that was sent again so often is sent again, or its request forgotten:
    one, and twice as many each time (RFC 6298 2.1, 5.5). In all a request lives 2^(r+1) - 1."""
    return 1 << retries


def syn_ack_timeout(listener: Listener, request: Request, tcb: Tcb, tcp: Tcp) -> None:
    """The SYN,ACK of a request is sent again, ``synack_retries`` times; then it is forgotten.

    ??? With ``defer_accept`` Linux keeps silent once the third segment has come, but for the last
    SYN,ACK. Here each is sent.
    """
    if tcp.rules.requests_forgotten and request.retries >= tcp.bounds.synack_retries:
        delete(tcb)
        leave(listener, request)
        return tcp.rule(
            "RFC 4987/2/forget", "SYN,ACK sent often enough, forget the request", State.CLOSED
        )
    more = request.retries < tcp.bounds.synack_retries
    request.retries = choose(more, request.retries + 1, request.retries)
    send_syn_ack(tcb, tcp)
    return tcp.rule("3.10.8/RETRANSMISSION TIMEOUT/listener/syn-ack", "SYN,ACK")


def stranger_syn(listener: Listener, tcp: Tcp) -> None:
    """A SYN whose source address is that of nobody who answers: one of a flood (RFC 4987 2)."""
    if tcp.rules.fast_open and not tcp.rules.fast_open_cookie:
        if not accept_queue_is_full(listener, tcp):
            listener.ready = listener.ready + 1
            listener.unshown = listener.unshown + 1
            return tcp.rule("RFC 7413/4.1/anybody", "text of nobody's SYN to the application")
    full = syn_queue_is_full(listener, tcp)
    if wants_cookie(full, tcp):
        listener.overflowed = tcp.bounds.cookie_life
        return tcp.rule("RFC 4987/3.6/stranger", "send SYN,ACK with a cookie to nobody")
    if full:
        return tcp.rule("RFC 4987/2/full", "SYN queue full, SYN dropped")
    listener.requests = listener.requests + 1
    listener.strangers = listener.strangers + 1
    return tcp.rule("RFC 4987/2/stranger", "keep a request of nobody")


def stranger_forgotten(listener: Listener, tcp: Tcp) -> None:
    """The SYN,ACK to a stranger was sent often enough."""
    listener.requests = listener.requests - 1
    listener.strangers = listener.strangers - 1
    return tcp.rule(
        "RFC 4987/2/forget-stranger", "SYN,ACK sent often enough, forget a stranger's request"
    )


def neighbour_ready(listener: Listener, tcp: Tcp) -> None:
    """Another client's connection waits to be accepted."""
    listener.ready = listener.ready + 1
    listener.neighbours = listener.neighbours + 1
    return tcp.rule("sockets/neighbour/ready", "another client's connection is ready")


def neighbour_accepted(listener: Listener, tcp: Tcp) -> None:
    """... and is taken."""
    listener.ready = listener.ready - 1
    listener.neighbours = listener.neighbours - 1
    return tcp.rule("sockets/neighbour/accept", "the application takes another client's connection")


def nat_open(listener: Listener, tcp: Tcp) -> None:
    """Another host opens a connection through the NAT, from the client's address; its clock is
    ahead of the client's."""
    listener.heard = tcp.bounds.stamps + 1
    return tcp.rule("Linux/tw_recycle/heard", "a later timestamp from the client's address")


def address_forgotten(listener: Listener, tcp: Tcp) -> None:
    """What was heard of an address is forgotten, on Linux after 60 seconds."""
    listener.heard = 0
    return tcp.rule("Linux/tw_recycle/forget", "the address's timestamp is forgotten")


# Cookies (RFC 4987 3.6)


def wants_cookie(full: bool, tcp: Tcp) -> bool:
    """Is a SYN answered with a cookie?"""
    if tcp.rules.syncookies == Cookies.ALWAYS:
        return True
    return tcp.rules.syncookies == Cookies.OVERFLOW and full


def believes_cookies(listener: Listener, tcp: Tcp) -> bool:
    """Is an ACK looked at as one of a cookie? Only if cookies were sent of late."""
    late = not tcp.rules.cookie_gate or listener.overflowed != 0
    return tcp.rules.syncookies != Cookies.NEVER and late


def cookie(irs: int, minute: int, tcp: Tcp) -> int:
    """The ISS that stands for a SYN with SEG.SEQ = ``irs``, sent in ``minute``.

    Of keyed hashes only this much is modelled: ``secret`` stands for that of addresses and ports,
    and the minute takes a part of the sequence space of its own, as its eight bits do on Linux.
    ``CookieHash`` says how the IRS goes in.
    """
    seq = tcp.seq
    when = 0
    for n in range(MINUTES):
        when = choose(minute == n, n * (seq.size // MINUTES), when)
    mixed = irs
    if tcp.rules.cookie_hash == CookieHash.WHOLE:
        mixed = seq.plus(irs, seq.plus(irs, irs))  # stands for a hash: what is near is not
    return seq.plus(seq.plus(tcp.bounds.secret, mixed), when)


def send_cookie(listener: Listener, seg: Segment, tcp: Tcp) -> None:
    """SYN,ACK whose SEG.SEQ is a cookie. What came with the SYN is dropped: it is sent again."""
    answer = Tcb(iss=cookie(seg.seq, listener.minute, tcp), passive=True)
    answer.rcv.nxt = tcp.seq.plus(seg.seq, 1)
    answer.rcv.wnd = tcp.bounds.window
    send_syn_ack(answer, tcp)
    listener.overflowed = tcp.bounds.cookie_life


def is_cookie(listener: Listener, request: Request, seg: Segment, tcp: Tcp) -> bool:
    """Does the ACK acknowledge a cookie that is still valid, for a SYN just before SEG.SEQ?"""
    if not tcp.rules.cookie_check:
        return True
    irs, iss = tcp.seq.minus(seg.seq, 1), tcp.seq.minus(seg.ack, 1)
    valid: bool = False
    minute = listener.minute
    for _ in range(tcp.bounds.cookie_life):
        valid = valid | (iss == cookie(irs, minute, tcp))
        minute = choose(minute == 0, MINUTES - 1, minute - 1)
    return valid & guarded(request, seg, irs, tcp)


def guarded(request: Request, seg: Segment, irs: int, tcp: Tcp) -> bool:
    """Does the guard against a second use, if there is one, let this cookie pass?"""
    guard = tcp.rules.cookie_guard
    if guard == CookieGuard.BARE:
        return seg.length() == 0
    if guard == CookieGuard.ONCE:
        return (request.used == False) | (request.used_irs != irs)  # noqa: E712
    if guard == CookieGuard.LATER:
        return (request.used == False) | tcp.seq.lt(request.used_irs, irs)  # noqa: E712
    return True


def take_cookie(listener: Listener, request: Request, tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """The ACK of a cookie: a TCB is made as it would be in SYN-RECEIVED, and takes the segment.

    The text that came with the ACK is processed too. With the accept queue full nothing is done.
    """
    if accept_queue_is_full(listener, tcp):
        return tcp.rule("sockets/backlog/cookie", "accept queue full, cookie ignored")
    irs = tcp.seq.minus(seg.seq, 1)
    tcb.rcv.wnd = tcp.bounds.window
    hear_syn(tcb, Segment(seq=irs), tcp)
    tcb.iss = tcp.take_iss(tcp.seq.minus(seg.ack, 1))
    tcb.passive = True
    tcb.snd.una, tcb.snd.nxt = tcb.iss, seg.ack
    tcb.state = State.SYN_RECEIVED
    if tcp.rules.cookie_guard in (CookieGuard.ONCE, CookieGuard.LATER):
        request.used, request.used_irs = True, irs
        request.remembered = tcp.bounds.cookie_memory
    tcp.rule("RFC 4987/3.6/valid", "the ACK of a cookie makes a TCB", State.SYN_RECEIVED)
    rfc_segment_arrives(tcb, seg, tcp)
    enter_accept_queue(listener, request)
    return None


def forget_cookie(request: Request, left: Ticks) -> None:
    """Time goes by: ``left`` is what is left of the time for which a cookie is remembered."""
    request.used = request.used & ((request.remembered == 0) | (left != 0))
    request.used_irs = choose(request.used, request.used_irs, 0)
    request.remembered = left


def tick(listener: Listener, left: Ticks) -> None:
    """Time goes by: ``left`` is what is left of the time since the last cookie."""
    listener.overflowed = left
    listener.minute = choose(listener.minute == MINUTES - 1, 0, listener.minute + 1)
