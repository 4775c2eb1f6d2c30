"""What an endpoint sends, and the context in which its rules run (RFC 9293 section 3.8).

``Tcp`` is what a rule may use besides the TCB and the segment: the switches, the sequence
space, the initial sequence number on offer, and three ways to say what it does: ``send`` a
segment, ``signal`` the user, cite the ``rule`` that fired. The helpers below it are the few
segment shapes that section 3.10 sends.
"""

from spec.rules import AckLimit, KeepAlive, Restart, Rules
from spec.seq import Space, choose, not_
from spec.tcp.parameters import Parameters
from spec.tcp.rule import Rule, cite
from spec.tcp.segment import Control, Segment, Ticks
from spec.tcp.tcb import State, Tcb


class Tcp:
    """The context of one step, and its effects other than on the TCB.

    ``isn`` is the initial sequence number on offer; ``drew_isn`` tells whether it was taken, and
    ``made`` whether a TCB was made, by this ISS or by one that came back (a SYN cookie). ``clock``
    is the host's timestamp clock.
    """

    __slots__ = (
        "bounds",
        "cited",
        "clock",
        "drew_isn",
        "isn",
        "made",
        "rules",
        "sent",
        "seq",
        "signals",
        "taken",
    )

    def __init__(self, rules: Rules, bounds: Parameters, isn: int) -> None:
        self.rules = rules
        self.bounds = bounds
        self.seq = Space(bounds.width)
        self.isn = isn
        self.clock: Ticks = 0
        self.drew_isn = False
        self.made = False
        self.sent: list[Segment] = []
        self.signals: list[str] = []
        self.cited: list[Rule] = []
        self.taken: list[tuple[Segment, int, int]] = []

    def send(self, seg: Segment) -> None:
        """Hand ``seg`` to the network."""
        self.sent.append(seg)

    def signal(self, text: str) -> None:
        """Tell the user, by an immediate return or a delayed response (section 3.10)."""
        self.signals.append(text)

    def take(self, seg: Segment, skip: int, octets: int) -> None:
        """Take ``octets`` of the text of ``seg``, after its first ``skip``, into the buffer."""
        self.taken.append((seg, skip, octets))

    def rule(self, id: str, says: str, enters: State | None = None) -> None:
        """Cite the rule that fired (``Rule``): where it stands, what it says, what it enters."""
        self.cited.append(cite(id, says, enters))

    def select_isn(self) -> int:
        """Select an ISS (section 3.4.1)."""
        self.drew_isn = True
        return self.take_iss(self.isn)

    def take_iss(self, iss: int) -> int:
        """Make a TCB of this ISS."""
        self.made = True
        return iss


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
        send_fin(tcb, tcp, snd.nxt)
        snd.nxt = seq.plus(snd.nxt, 1)
        sent = ended = True
    if ended and tcb.state == State.CLOSE_WAIT:
        # Section 3.10.4: the CLOSE has waited until all SENDs were segmentized.
        tcb.state = State.LAST_ACK
        tcp.rule("3.10.4/CLOSE-WAIT/fin", "send FIN, enter LAST-ACK", State.LAST_ACK)
    if sent:
        tcb.span = choose(idle, tcp.bounds.span, tcb.span)
    return sent


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
