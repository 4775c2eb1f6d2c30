"""Plans as packetdrill scripts.

A step becomes the socket call or the segment that arrives, what must be sent in answer, and what
TCP_INFO must then say. Sequence numbers are relative to either side's ISN. A script has no window
into states that no socket shows: SYN-RECEIVED before accept(), what comes after close(), and
TIME-WAIT, in which the socket says CLOSE. There the answers alone tell, and a comment says so.
"""

from collections.abc import Iterator

from checker.stacks.generate.machine import IRS, ISS, SEQ, Edge, closes_socket, takes_text
from checker.stacks.generate.plans import Plan, Step
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State

SETTINGS = ("tcp_invalid_ratelimit=0", "tcp_ecn=0", "tcp_syncookies=0")
CONSTANTS = {
    State.CLOSED: "TCP_CLOSE",
    State.LISTEN: "TCP_LISTEN",
    State.SYN_SENT: "TCP_SYN_SENT",
    State.SYN_RECEIVED: "TCP_SYN_RECV",
    State.ESTABLISHED: "TCP_ESTABLISHED",
    State.FIN_WAIT_1: "TCP_FIN_WAIT1",
    State.FIN_WAIT_2: "TCP_FIN_WAIT2",
    State.CLOSE_WAIT: "TCP_CLOSE_WAIT",
    State.CLOSING: "TCP_CLOSING",
    State.LAST_ACK: "TCP_LAST_ACK",
    State.TIME_WAIT: "TCP_CLOSE",  # the kernel's record has no socket
}
TIMER = "3.5"
"""Seconds in which a timer must have expired."""


def hindrance(edge: Edge) -> str:
    """Why a script cannot take ``edge`` although a stack can be driven through it."""
    transition = edge.transition
    crossed = edge.before.state == State.SYN_RECEIVED and not edge.before.passive
    if crossed and transition.event == "rcv SYN,ACK in the window":
        return "packetdrill takes its SEQ for the peer's ISN"
    if transition.passive and transition.event == "rcv SYN in the window":
        return "a script cannot say: SEQ=0, and not the ISN, in the reset that may answer"
    if edge.what == Input.RETRANSMISSION_TIMEOUT and edge.before.closing and edge.sent[0].text:
        return "a script cannot say: text, with or without the FIN"
    return ""


def script(plan: Plan, listening: bool = False) -> str:
    """The script of one plan."""
    lines = [
        f"// {plan.name}: generated from the specification by `python -m checker generate`.",
    ]
    if plan.wrong is not None:
        lines.append(f"// A negative control: the state is {plan.steps[-1].after.value}, and this")
        lines.append(f"// script claims {plan.wrong.value}. It must fail.")
    elif plan.control:
        lines.append("// A negative control: the last ACK is one less than is right. It must fail.")
    settings = [f"echo {v} > /proc/sys/net/ipv4/{n}" for n, v in _settings()]
    lines.append("`" + "\n".join(settings) + "`")
    writer = _Writer(listening)
    for i, step in enumerate(plan.steps):
        last = i == len(plan.steps) - 1
        lines += ["", f"// {step.edge.transition}"]
        if step.departure is not None:
            lines.append(f"// allowed for: {step.departure.name}")
        lines += writer.step(step, plan.wrong if last and plan.wrong is not None else step.after)
    return "\n".join(lines) + "\n"


def _settings() -> Iterator[tuple[str, str]]:
    for setting in SETTINGS:
        name, _, value = setting.partition("=")
        yield name, value


class _Writer:
    """Lines of a script, and the descriptor of the connection's socket."""

    def __init__(self, listening: bool) -> None:
        self.listening = listening  # even after accept()
        self.fd = 3
        self.open = False
        self.embryo = False

    def step(self, step: Step, claimed: State) -> Iterator[str]:
        """What is done, what is sent, and the state."""
        edge = step.edge
        if edge.segment is not None:
            yield f"+0 < {_packet(edge.segment, IRS, ISS)} win {edge.segment.wnd}"
        else:
            yield from self._call(edge)
        slow = edge.what == Input.RETRANSMISSION_TIMEOUT
        for seg in step.sent:
            when = f"+0~+{TIMER}" if slow else "*"
            yield f"{when} > {_packet(seg, ISS, IRS, True)} <...>"
        if edge.what == Input.USER_TIMEOUT:
            yield f"+{TIMER} `true`"
        if edge.what == Input.TIME_WAIT_TIMEOUT:
            yield "+130 `true`"
        # What happens without a connection makes packetdrill ask a socket that does not exist.
        listens = edge.before.state == State.LISTEN or edge.transition.passive
        self.embryo = listens and edge.what not in (Input.CLOSE, Input.ABORT)
        if edge.transition.passive and edge.after.state not in (
            State.SYN_RECEIVED,
            State.LISTEN,
            State.CLOSED,
        ):
            yield "+0 accept(3, ..., ...) = 4"
            if not self.listening:
                yield "+0 close(3) = 0"
            self.fd = 4
            self.embryo = False
        if takes_text(edge) and self.open and not self.embryo:
            yield f"+0 read({self.fd}, ..., 1000) = 1"
        yield self._state(claimed)

    def _state(self, claimed: State) -> str:
        if not self.open:
            return f"// now {claimed.value}; no socket tells"
        if self.embryo:
            return f"// now {claimed.value}; no socket tells before accept()"
        constant = CONSTANTS[claimed]
        note = " // TIME-WAIT" if claimed == State.TIME_WAIT else ""
        return f"+0 %{{ assert tcpi_state == {constant}, tcpi_state }}%{note}"

    def _call(self, edge: Edge) -> Iterator[str]:
        what, fd = edge.what, self.fd
        if what in (Input.OPEN_PASSIVE, Input.OPEN_ACTIVE):
            self.open = True
            yield "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"
        if what == Input.OPEN_PASSIVE:
            yield "+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0"
            yield "+0 bind(3, ..., ...) = 0"
            yield "+0 listen(3, 4) = 0"
        elif what == Input.OPEN_ACTIVE:
            yield "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0"
            yield "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)"
        elif what == Input.SEND:
            yield f"+0 write({fd}, ..., 1) = 1"
        elif what == Input.USER_TIMEOUT:
            yield f"+0 setsockopt({fd}, SOL_TCP, TCP_USER_TIMEOUT, [1], 4) = 0"
        elif what == Input.CLOSE and edge.before.state in (State.ESTABLISHED, State.CLOSE_WAIT):
            yield f"+0 shutdown({fd}, SHUT_WR) = 0"
        elif what in (Input.CLOSE, Input.ABORT):
            if what == Input.ABORT:
                yield f"+0 setsockopt({fd}, SOL_SOCKET, SO_LINGER, {{onoff=1, linger=0}}, 8) = 0"
            yield f"+0 close({fd}) = 0"
            self.open = False
            assert closes_socket(edge) or edge.after.state == State.CLOSED


def _packet(seg: Segment, seq: int, ack: int, pushed: bool = False) -> str:
    """``S. 0:0(0) ack 1``; a reset that answers what had no ACK has the constant SEQ=0."""
    ctl = seg.ctl
    bits = (
        "F" * ctl.fin
        + "S" * ctl.syn
        + "R" * ctl.rst
        + "P" * (pushed and seg.text > 0)
        + "." * ctl.ack
    )
    start = 0 if ctl.rst and seg.seq == 0 else SEQ.minus(seg.seq, seq)
    text = f"{bits or '-'} {start}:{SEQ.plus(start, seg.text)}({seg.text})"
    return text + (f" ack {SEQ.minus(seg.ack, ack)}" if ctl.ack else "")
