"""Silence: how long has an end heard nothing, and is that why it gave up (section 3.8.4)?

What is heard is a segment that is acceptable and has an ACK. The watcher counts ticks itself, and
compares them with how long keep-alive should take: ``keep_alive_idle``, and an interval for each
probe.
"""

from spec.observe.ghosts import Ghost
from spec.observe.watcher import Moment, Watcher
from spec.seq import choose, not_
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.parameters import Parameters
from spec.tcp.segment import Segment, Ticks, acceptable
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb


class Silence(Watcher):
    """Records what keep-alive did, and when."""

    name = "silence"

    def made(self, ghost: Ghost, m: Moment) -> None:
        ghost.silent = 0
        ghost.unanswered = 0

    def arrived(self, ghost: Ghost, m: Moment, seg: Segment) -> None:
        rcv = m.before.rcv
        heard = acceptable(m.tcp.seq, rcv.nxt, rcv.wnd, seg) & seg.ctl.ack & not_(seg.ctl.rst)
        heard = (heard & not_(seg.ctl.syn)) | (m.before.state == State.SYN_SENT)
        ghost.silent = choose(heard, 0, ghost.silent)
        ghost.unanswered = choose(heard, 0, ghost.unanswered)
        below = (m.tcp.seq.plus(seg.seq, 1) == rcv.nxt) & (seg.text <= 1)
        below = below & not_(seg.ctl.syn | seg.ctl.fin | seg.ctl.rst)
        if m.before.state in SYNCHRONIZED and m.exists:
            ghost.swallowed = ghost.swallowed | (below & (m.after.rcv.nxt != rcv.nxt))

    def stepped(self, ghost: Ghost, m: Moment) -> None:
        if m.what == Input.KEEP_ALIVE_TIMEOUT:
            ghost.unanswered = choose(ghost.unanswered < 2, ghost.unanswered + m.exists, 2)

    def ended(self, ghost: Ghost, m: Moment) -> None:
        if m.what == Input.KEEP_ALIVE_TIMEOUT:
            ghost.given_up = True
            early = (m.tcp.bounds.keep_alive_idle != 0) & (ghost.silent < patience(m.tcp.bounds))
            ghost.hasty = ghost.hasty | early | (ghost.unanswered < 2)
        ghost.silent = 0
        ghost.unanswered = 0

    def ticked(self, ghost: Ghost, tcb: Tcb, tcp: Tcp, elapsed: Ticks) -> None:
        if tcb.state in (State.ESTABLISHED, State.FIN_WAIT_2, State.CLOSE_WAIT):
            idle = tcb.snd.una == tcb.snd.nxt
            enough = ghost.silent >= patience(tcp.bounds)
            ghost.late = ghost.late | (idle & enough)
            ghost.silent = choose(enough, ghost.silent, ghost.silent + elapsed)


def patience(bounds: Parameters) -> Ticks:
    """Ticks of silence after which a connection is given up."""
    return bounds.keep_alive_idle + bounds.keep_alive_probes * bounds.keep_alive_interval
