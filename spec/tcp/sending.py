"""What an endpoint sends, and when it sends text (RFC 9293 section 3.8).

First the few segment shapes that section 3.10 sends; then which text goes into segments
(``segmentize``). Without a data plane (``Transfer``) that is all that the window allows, at once.
With one it is what ``transmit`` lets go: segments of MSS octets, as far as the peer's window and
cwnd allow, and less than a segment only where neither Nagle nor silly-window avoidance objects
(3.7.4, 3.8.6.2.1).
"""

from spec.rules import AckLimit, KeepAlive, Restart
from spec.seq import choose, least, not_
from spec.tcp import congestion, sack
from spec.tcp.context import Tcp
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.tcp.transfer import Transfer


def acknowledge(tcb: Tcb, tcp: Tcp) -> None:
    """``<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>``; a challenge ACK has the same form (RFC 5961)."""
    tcp.send(Segment(seq=tcb.snd.nxt, ack=tcb.rcv.nxt, wnd=tcb.rcv.wnd, ctl=Control(ack=True)))
    if tcb.state == State.TIME_WAIT and tcp.rules.time_wait_restart == Restart.EMISSION:
        start_time_wait(tcb, tcp)


def challenge(tcb: Tcb, tcp: Tcp) -> None:
    """The ACK that answers what is refused, unless the limit on such ACKs is reached (RFC 5961 7).

    ??? RFC 5961 speaks of challenge ACKs, and does not say who shares a limit. Here it is on all
    ACKs that answer what one of the steps refuses, as in Linux (which lets some with text pass);
    and it is one ACK, until ``limit_timeout``.
    """
    if tcp.rules.ack_limit != AckLimit.NONE:
        if tcb.throttled:
            return tcp.rule("RFC 5961/7/throttle", "over the limit: no ACK is sent")
        tcb.throttled = True
    return acknowledge(tcb, tcp)


def reset(seg: Segment, tcp: Tcp) -> None:
    """Section 3.5.2: a reset made so that the sender of ``seg`` believes it.

    ``<SEQ=SEG.ACK><CTL=RST>`` if it has an ACK, else
    ``<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>``.
    """
    if seg.ctl.ack:
        answer = Segment(seq=seg.ack, ctl=Control(rst=True))
    else:
        answer = Segment(
            seq=0, ack=tcp.seq.plus(seg.seq, seg.length()), ctl=Control(rst=True, ack=True)
        )
    tcp.send(answer)


def send_syn(tcb: Tcb, tcp: Tcp, text: int) -> None:
    """``<SEQ=ISS><CTL=SYN>``, with the first ``text`` octets of the stream."""
    syn = Segment(seq=tcb.iss, wnd=tcb.rcv.wnd, text=text)
    syn.ctl = Control(psh=text != 0, syn=True)
    _mark_urgent(tcb, syn, tcp.seq.plus(tcb.iss, 1), tcp)
    tcp.send(syn)


def _mark_urgent(tcb: Tcb, seg: Segment, at: int, tcp: Tcp) -> None:
    """URG, as long as the urgent pointer is ahead of the text, which is ``at`` (3.8.5)."""
    urgent = tcb.snd.urgent & (seg.text != 0) & tcp.seq.lt(at, tcb.snd.up)
    seg.ctl.urg = urgent
    seg.up = choose(urgent, tcb.snd.up, 0)


def send_syn_ack(tcb: Tcb, tcp: Tcp) -> None:
    """``<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>``, or a listener's in two parts."""
    if tcp.rules.split_handshake and tcb.passive:
        tcp.send(Segment(seq=tcb.iss, ack=tcb.rcv.nxt, wnd=tcb.rcv.wnd, ctl=Control(ack=True)))
        tcp.send(Segment(seq=tcb.iss, wnd=tcb.rcv.wnd, ctl=Control(syn=True)))
        return None
    tcp.send(
        Segment(seq=tcb.iss, ack=tcb.rcv.nxt, wnd=tcb.rcv.wnd, ctl=Control(syn=True, ack=True))
    )


def fill(tcb: Tcb, tcp: Tcp, at: int, room: int) -> tuple[int, bool]:
    """How many octets a segment takes at sequence number ``at``, of ``room`` at most; and does FIN
    go with them? (Not if it is still to be sent after what was sent already.)"""
    if not tcp.bounds.packed:
        return 1, False
    left = tcp.seq.minus(tcp.seq.plus(tcb.iss, tcb.written + 1), at)
    text = choose(left < room, left, room)
    return text, tcb.closing & (text == left) & not_(tcb.unsent_fin(tcp.seq))


def send_text(tcb: Tcb, tcp: Tcp, at: int, text: int, fin: bool) -> None:
    """Octets of the stream, from sequence number ``at``, pushed, with an acknowledgment; and FIN
    after them."""
    seg = Segment(seq=at, ack=tcb.rcv.nxt, wnd=tcb.rcv.wnd, text=text)
    seg.ctl = Control(ack=True, psh=True, fin=fin)
    _mark_urgent(tcb, seg, at, tcp)
    tcp.send(seg)


def send_fin(tcb: Tcb, tcp: Tcp, at: int) -> None:
    """FIN at sequence number ``at``, with an acknowledgment: ``<CTL=FIN,ACK>``."""
    tcp.send(Segment(seq=at, ack=tcb.rcv.nxt, wnd=tcb.rcv.wnd, ctl=Control(ack=True, fin=True)))


def segmentize(tcb: Tcb, tcp: Tcp) -> bool:
    """Send what SEND and CLOSE have queued, as far as SND.WND allows; was anything sent?

    FIN follows the last octet whatever the window: it takes no room in the peer's buffer (section
    3.10.4 sets no condition either).
    """
    seq, snd = tcp.seq, tcb.snd
    for transfer in tcb.transfers:
        return transmit(tcb, transfer, tcp)
    idle = snd.una == snd.nxt
    sent = False
    ended: bool = False
    for _ in range(1 if tcp.bounds.packed else tcp.bounds.octets):
        outstanding = seq.minus(snd.nxt, snd.una)
        if tcb.unsent_text(seq) & (outstanding < snd.wnd):
            text, ended = fill(tcb, tcp, snd.nxt, seq.minus(snd.wnd, outstanding))
            send_text(tcb, tcp, snd.nxt, text, ended)
            snd.nxt = seq.plus(snd.nxt, text + ended)
            sent = True
    if tcb.unsent_fin(seq):
        send_last(tcb, tcp)
        sent = ended = True
    return _sent(tcb, tcp, idle, sent, ended)


def _sent(tcb: Tcb, tcp: Tcp, idle: bool, sent: bool, ended: bool) -> bool:
    """What follows once text was sent, or FIN (``ended``), over a connection that was ``idle``."""
    if ended and tcb.state == State.CLOSE_WAIT:
        # Section 3.10.4: the CLOSE has waited until all SENDs were segmentized.
        tcb.state = State.LAST_ACK
        tcp.rule("3.10.4/CLOSE-WAIT/fin", "send FIN, enter LAST-ACK", State.LAST_ACK)
    if sent:
        tcb.span = choose(idle, tcp.bounds.span, tcb.span)
    return sent


def transmit(tcb: Tcb, transfer: Transfer, tcp: Tcp, override: bool = False) -> bool:
    """Send text as far as both windows allow and nothing is to be waited for; was any sent?

    After a timeout what was sent before is sent again, in slow start: ``transfer.nxt`` is then
    behind SND.NXT. FIN follows the last octet at once, as in ``segmentize``.
    """
    seq, snd = tcp.seq, tcb.snd
    idle = snd.una == snd.nxt
    sent: bool = False
    ended: bool = False
    transfer.largest = choose(snd.wnd > transfer.largest, snd.wnd, transfer.largest)
    for _ in range(tcp.bounds.window):
        if send_next(tcb, transfer, tcp, override) == 0:
            break
        sent = True
    if tcb.unsent_fin(seq):
        send_last(tcb, tcp)
        sent = ended = True
    return _sent(tcb, tcp, idle, sent, ended)


def send_next(tcb: Tcb, transfer: Transfer, tcp: Tcp, override: bool) -> int:
    """Send the next segment of text, if one is to be sent now; how many octets it has."""
    seq, snd = tcp.seq, tcb.snd
    transfer.nxt = seq.plus(transfer.nxt, sack.reported(tcb, transfer, transfer.nxt, tcp))
    text = sendable(tcb, transfer, tcp, override)
    if text != 0:
        keep_time(transfer, transfer.nxt, text, transfer.nxt == snd.nxt, tcp)
        send_text(tcb, tcp, transfer.nxt, text, False)
        transfer.nxt = seq.plus(transfer.nxt, text)
        snd.nxt = choose(seq.lt(snd.nxt, transfer.nxt), transfer.nxt, snd.nxt)
    return text


def send_last(tcb: Tcb, tcp: Tcp) -> None:
    """Send FIN, for the first time."""
    seq, snd = tcp.seq, tcb.snd
    send_fin(tcb, tcp, snd.nxt)
    snd.nxt = seq.plus(snd.nxt, 1)
    for transfer in tcb.transfers:
        transfer.nxt = choose(transfer.nxt == seq.minus(snd.nxt, 1), snd.nxt, transfer.nxt)


def sendable(tcb: Tcb, transfer: Transfer, tcp: Tcp, override: bool) -> int:
    """How many octets the next segment has; 0: none is to be sent now.

    Section 3.8.6.2.1: send (1) a full segment; (2) all that is queued, since every SEND is PUSHed;
    (3) half the largest window ever offered; (4) whatever there is, once the override timeout has
    run out. Nagle's condition stands before (2) and (3): nothing is unacknowledged.
    """
    seq, snd = tcp.seq, tcb.snd
    queued = left_from(tcb, transfer.nxt, tcp)
    used = seq.minus(transfer.nxt, snd.una)
    allowed = congestion.limit(tcb, transfer, tcp)
    if tcp.rules.peer_window:
        allowed = least(allowed, snd.wnd)
    room = choose(used < allowed, seq.minus(allowed, used), 0)
    text = least(least(queued, room), tcp.bounds.mss)
    text = sack.unreported(tcb, transfer, transfer.nxt, text, tcp)
    again = transfer.nxt != snd.nxt
    if tcp.rules.sender_sws:
        enough = (text == queued) | (text + text >= transfer.largest)
    else:
        enough = text != 0
    if tcp.rules.nagle:
        enough = enough & (snd.una == snd.nxt)
    return choose((text == tcp.bounds.mss) | enough | again | override, text, 0)


def keep_time(transfer: Transfer, at: int, text: int, new: bool, tcp: Tcp) -> None:
    """So many octets are sent from ``at`` on, ``new`` or again (RFC 6298 section 3).

    New text is timed if no other is; and Karn's rule: what is sent again is timed no more.
    """
    starts = new & not_(transfer.timing)
    again = not_(new) & (tcp.seq.minus(transfer.timed, at) < text) & tcp.rules.karn
    transfer.timed = choose(starts, at, choose(again, 0, transfer.timed))
    transfer.timing = (transfer.timing | starts) & not_(again)


def left_from(tcb: Tcb, at: int, tcp: Tcp) -> int:
    """How many octets of the stream there are from ``at`` on."""
    end = tcp.seq.plus(tcb.iss, tcb.written + 1)
    return choose(tcp.seq.lt(at, end), tcp.seq.minus(end, at), 0)


def waits(tcb: Tcb, tcp: Tcp) -> bool:
    """Is text held back that the windows would let go, with nothing in flight whose ACK could let
    it go? Then the override timer runs (section 3.8.6.2.1 (4))."""
    held = False
    for transfer in tcb.transfers:
        text = sendable(tcb, transfer, tcp, True)
        held = (tcb.snd.una == tcb.snd.nxt) & (text != 0)
    return held


def send_probe(tcb: Tcb, tcp: Tcp) -> None:
    """Send the next octet into a shut window (section 3.8.6.1); R begins with it."""
    send_text(tcb, tcp, tcb.snd.nxt, 1, False)
    tcb.snd.nxt = tcp.seq.plus(tcb.snd.nxt, 1)
    start_span(tcb, tcp)
    return tcp.rule("3.8.6.1/zero-window probe/send", "")


def send_front(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> None:
    """Send the front of the retransmission queue again: a segment of text, or FIN."""
    seq, una = tcp.seq, tcb.snd.una
    if tcb.unacknowledged_text(seq):
        at = seq.plus(una, sack.freed(tcb, transfer, tcp))
        sent = seq.minus(tcb.snd.nxt, at)
        text = least(least(left_from(tcb, at, tcp), sent), tcp.bounds.mss)
        if sack.frees(tcp) and text == 0:
            return None
        keep_time(transfer, at, text, False, tcp)
        send_text(tcb, tcp, at, text, False)
        after = seq.plus(at, text)
    else:
        send_fin(tcb, tcp, una)
        after = seq.plus(una, 1)
    # Where all is sent again from SND.UNA on, the front is now.
    transfer.nxt = choose(transfer.nxt == una, after, transfer.nxt)
    return None


def keep_urgent_pointer(tcb: Tcb, tcp: Tcp) -> None:
    """RCV.UP is never behind what the user has, with which the sixth step compares it.

    The text leaves it behind; half the sequence space later it would be ahead again.
    """
    has = tcb.passed(tcp.seq, tcp.bounds.window)
    tcb.rcv.up = choose(tcp.seq.lt(tcb.rcv.up, has), has, tcb.rcv.up)


def start_span(tcb: Tcb, tcp: Tcp) -> None:
    """A segment is first at the front of the retransmission queue: R begins (3.8.3, MUST-20)."""
    tcb.span = tcp.bounds.span


def start_keep_alive(tcb: Tcb, tcp: Tcp) -> None:
    """The peer was heard: the connection is not idle (3.8.4)."""
    if tcp.rules.keep_alive != KeepAlive.OFF:
        tcb.keep_alive = tcp.bounds.keep_alive_idle
        tcb.probes = 0


def start_time_wait(tcb: Tcb, tcp: Tcp) -> None:
    """Start the TIME-WAIT timer: 2 MSL, less what the ablation cuts off (section 3.6.1)."""
    length = tcp.bounds.msl + tcp.bounds.msl - tcp.rules.time_wait_cut
    tcb.time_wait = choose(length > 0, length, 0)


def enter_time_wait(tcb: Tcb, tcp: Tcp) -> None:
    """Enter TIME-WAIT, start the timer, turn off the other timers (section 3.10.7.4, eighth)."""
    tcb.state = State.TIME_WAIT
    tcb.span = 0
    tcb.keep_alive = 0
    tcb.probes = 0
    if tcp.bounds.stamps:
        tcb.since = tcp.clock + 1
    start_time_wait(tcb, tcp)
