"""What a receiver does with text, and when it acknowledges (RFC 9293 sections 3.8.6.2.2, 3.8.6.3).

Text that is taken waits, ``unread``, until RECEIVE passes it to the user; the right edge of the
window, RCV.NXT+RCV.WND, stays where it is meanwhile, and RECEIVE moves it on. Text beyond RCV.NXT
is held in its ``places`` of the window until what is missing has come (SHLD-31). What fills no
place is not, nor is anything once RCV.NXT lies between two of them: a receiver may forget what it
holds. ??? A FIN beyond RCV.NXT is not held: its sender sends it again.
"""

from spec.rules import Scale
from spec.seq import choose, half, least, times
from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.sending import acknowledge, keep_urgent_pointer
from spec.tcp.tcb import Tcb
from spec.tcp.transfer import Transfer, holds, shift, spans


def hold(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Text beyond RCV.NXT: what lies in the window is held; a duplicate ACK tells the sender
    (RFC 5681 4.2)."""
    for transfer in tcb.transfers:
        prompt(transfer, True, tcp)
        if not tcp.rules.reassembly:
            return None
        ahead = tcp.seq.minus(seg.seq, tcb.rcv.nxt)
        for place, start, end in spans(transfer.places, tcp.bounds.place):
            inside = (ahead <= start) & (end <= ahead + seg.text) & (end <= tcb.rcv.wnd)
            place.here = place.here | inside
        tcp.hold(seg)
    return None


def taken(tcb: Tcb, seg: Segment, skip: int, octets: int, tcp: Tcp) -> None:
    """So many octets of ``seg``, after its first ``skip``, are taken: RCV.NXT is beyond them. What
    was held and follows is taken too."""
    for transfer in tcb.transfers:
        gap = holds(transfer)
        follows = _slide(tcb, transfer, octets, tcp)
        tcp.take(seg, skip, octets + follows)
        transfer.unread = transfer.unread + octets + follows
        # An ACK is sent at once for what fills a gap, or is not new (RFC 5681 4.2).
        at_once = gap | (octets == 0)
        now = two_segments(tcp)
        transfer.due = choose(at_once, now, least(transfer.due + octets, now))


def _slide(tcb: Tcb, transfer: Transfer, octets: int, tcp: Tcp) -> int:
    """RCV.NXT has moved on by so many octets, and goes on past what was held and follows; how many
    octets that is."""
    shift(transfer.places, octets, tcp.bounds.place)
    follows: int = 0
    run: bool = True
    for place in transfer.places:
        run = run & place.here
        follows = follows + choose(run, tcp.bounds.place, 0)
    shift(transfer.places, follows, tcp.bounds.place)
    tcb.rcv.nxt = tcp.seq.plus(tcb.rcv.nxt, follows)
    tcb.rcv.wnd = tcp.seq.minus(tcb.rcv.wnd, follows)
    return follows


def prompt(transfer: Transfer, now: bool, tcp: Tcp) -> None:
    """What came is acknowledged at once, if it is to be ``now``."""
    transfer.due = choose(now, two_segments(tcp), transfer.due)


def two_segments(tcp: Tcp) -> int:
    """What an acknowledgment may not wait for any longer (3.8.6.3)."""
    return times(2, tcp.bounds.mss)


def delays(tcb: Tcb, tcp: Tcp) -> bool:
    """May the acknowledgment wait? Not if two full segments came, nor one out of order."""
    for transfer in tcb.transfers:
        if tcp.rules.delayed_ack and transfer.due < two_segments(tcp):
            tcp.rule("3.8.6.3/delay", "the ACK waits for a second segment, or its timer")
            return True
    return False


def offer(tcb: Tcb, tcp: Tcp) -> None:
    """The windows of what is sent, in units of 2^shift octets but on a SYN (RFC 7323 2.2): what is
    left over of a unit is not offered."""
    if tcb.transfers and tcp.rules.scale != Scale.IMAGINED:
        for seg in tcp.sent:
            for _ in range(tcp.bounds.shift):
                seg.wnd = choose(seg.ctl.syn, seg.wnd, half(seg.wnd, tcp.bounds.window))


def offered(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """The window of what arrives, in octets."""
    if tcb.transfers and tcp.rules.scale != Scale.UNHEARD:
        for _ in range(tcp.bounds.shift):
            seg.wnd = choose(seg.ctl.syn, seg.wnd, tcp.seq.plus(seg.wnd, seg.wnd))


def receive(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> None:
    """RECEIVE: text to the user; the window opens by as much, if that is worth telling.

    Section 3.8.6.2.2: once it is a segment, or half the buffer (of an odd one, rounded up).
    """
    window = tcp.bounds.window
    octets = transfer.unread
    if tcp.bounds.read != 0:
        octets = least(octets, tcp.bounds.read)
    transfer.unread = tcp.seq.minus(transfer.unread, octets)
    tcb.rcv.push = tcb.rcv.push & (transfer.unread != 0)
    tell_of_urgent_data(tcb, tcp)
    free = tcp.seq.minus(window, transfer.unread)
    more = tcp.seq.minus(free, least(tcb.rcv.wnd, free))
    enough = least(half(window + 1, window + 1), tcp.bounds.mss) if tcp.rules.receiver_sws else 1
    if more >= enough:
        tcb.rcv.wnd = free
        keep_urgent_pointer(tcb, tcp)
        acknowledge(tcb, tcp)
        return tcp.rule("3.8.6.2.2/open", "text to the user, the window opens")
    return tcp.rule("3.8.6.2.2/wait", "text to the user, too little to open the window for")


def tell_of_urgent_data(tcb: Tcb, tcp: Tcp) -> None:
    """RECEIVE: is more urgent than the user has now (section 3.10.3, MUST-33)?"""
    if tcp.seq.lt(tcb.passed(tcp.seq, tcp.bounds.window), tcb.rcv.up):
        tcp.signal("urgent data")


def shrink(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> None:
    """The buffer loses an octet to others until RECEIVE: the right edge moves to the left, which a
    receiver should not do (SHLD-14) and a sender must bear (MUST-34)."""
    tcb.rcv.wnd = tcp.seq.minus(tcb.rcv.wnd, 1)
    transfer.unread = transfer.unread + 1
    for place, _, end in spans(transfer.places, tcp.bounds.place):
        place.here = place.here & (end <= tcb.rcv.wnd)
    acknowledge(tcb, tcp)
    return tcp.rule("3.8.6/shrink", "the window shrinks")


def acknowledge_ahead(tcb: Tcb, transfer: Transfer, tcp: Tcp) -> None:
    """A receiver that cheats acknowledges a segment that has not come, and does without it (Savage
    et al. 1999): the sender shall send faster, or not see that something is lost."""
    tcb.rcv.nxt = tcp.seq.plus(tcb.rcv.nxt, tcp.bounds.mss)
    follows = _slide(tcb, transfer, tcp.bounds.mss, tcp)
    tcp.take(Segment(seq=tcb.rcv.nxt), 0, follows)
    transfer.unread = transfer.unread + follows
    keep_urgent_pointer(tcb, tcp)
    acknowledge(tcb, tcp)
    return tcp.rule("against RFC 9293/3.4/ahead", "a segment is acknowledged that has not come")


def may_run_ahead(tcb: Tcb, octets: int, tcp: Tcp) -> bool:
    """Is there a segment to acknowledge, of a stream of so many octets?"""
    return tcp.seq.minus(tcb.rcv.nxt, tcb.irs) + tcp.bounds.mss <= octets + 1


def acknowledged(tcb: Tcb, tcp: Tcp) -> None:
    """Nothing waits to be acknowledged once anything with an ACK was sent."""
    for transfer in tcb.transfers:
        said: bool = False
        for seg in tcp.sent:
            said = said | seg.ctl.ack
        transfer.due = choose(said, 0, transfer.due)
