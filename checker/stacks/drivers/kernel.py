"""Plans, run against this machine's kernel: its sockets on one side, our segments on the other.

Each plan has a namespace of its own. A step is a socket call, a segment written to the device, or
waiting for a timer. Then two things are compared with the plan: the segments that the kernel sent
(control bits, SEQ, ACK and text; what it sends again by itself is passed over), and the state that
it says the connection is in: by TCP_INFO where a socket is left to ask, by /proc/net/tcp where the
connection is only a small record of the kernel's (SYN-RECEIVED before accept(), TIME-WAIT).

The first step that is not as planned ends its plan. Its transition is then left out, and the
transitions that were not reached are planned anew, until nothing more can be reached.

The kernel answers in real time, and a busy machine may be late on either side. So a plan that goes
wrong among others is run once more, alone and with ``PATIENCE``, before it is called wrong; what it
says then, it says with the time that it waited.
"""

import errno
import socket
import struct
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from checker.stacks.drivers.tun import Namespace, Raw, Tun, network, pack, tcp_info, unpack
from checker.stacks.generate.machine import IRS, ISS, SEQ, Edge, Transition, takes_text
from checker.stacks.generate.plans import Plan, Planner, Plans, Step, controls
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State

HERE, THERE = ("10.83.0.1", 7000), ("10.83.0.2", 7001)
SETTINGS = {
    "tcp_invalid_ratelimit": 0,  # challenge ACKs may be limited (RFC 5961 7); not here
    "tcp_ecn": 0,
    "tcp_syncookies": 0,
    "tcp_no_metrics_save": 1,
}
QUIET = 0.004
"""How long nothing may come until it is taken for nothing. Answers come at once."""
ANSWER = 0.3
"""How long an answer may take: ACKs of text may be delayed."""
TIMER = 4.0
"""How long a retransmission or a user timeout may take."""
PATIENCE = 5.0
"""How many times as long a plan waits that is run once more."""
WORKERS = 4
"""Plans at a time; they wait most of it."""
MINUTES = 130.0
"""How long TIME-WAIT may take."""


Item = tuple[str, int, int, int]
"""A segment: control bits, SEQ, ACK, octets of text."""


@dataclass(slots=True)
class Seen:
    """What came of one step."""

    transition: Transition
    wrong: str = ""  # how it differs from the plan
    departure: str = ""
    asked: bool = False  # TCP_INFO was asked


@dataclass(slots=True)
class Ran:
    """What came of a plan: of its steps, up to the first that is wrong."""

    plan: Plan
    seen: list[Seen] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Was every step as planned?"""
        return all(not one.wrong for one in self.seen)


class Stack:
    """The kernel's endpoint, and what has been learned of it."""

    def __init__(
        self, namespace: Namespace, tun: Tun, keep_listening: bool, patience: float
    ) -> None:
        self.namespace = namespace
        self.tun = tun
        self.keep_listening = keep_listening
        self.patience = patience
        self.listener: socket.socket | None = None
        self.sock: socket.socket | None = None
        self.iss: int | None = None  # the kernel's own
        self.sent: set[tuple[str, int, int]] = set()

    def close(self) -> None:
        """Close its sockets."""
        for sock in (self.listener, self.sock):
            if sock is not None:
                sock.close()

    # What is done to it

    def act(self, edge: Edge) -> None:
        """Let the input of ``edge`` happen; timers are waited for elsewhere."""
        state = edge.before.state
        if edge.segment is not None:
            self.tun.write(pack(self._raw(edge.segment)))
        elif edge.what == Input.OPEN_PASSIVE:
            self.listener = self._socket()
            self.listener.listen(4)
        elif edge.what == Input.OPEN_ACTIVE:
            self.sock = self._socket()
            if (code := self.sock.connect_ex(THERE)) != errno.EINPROGRESS:
                raise OSError(code, "connect")
        elif edge.what == Input.SEND:
            self._own().send(b"x")
        elif edge.what == Input.USER_TIMEOUT:
            self._own().setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1)
        elif edge.what == Input.CLOSE and state in (State.ESTABLISHED, State.CLOSE_WAIT):
            self._own().shutdown(socket.SHUT_WR)
        elif edge.what == Input.CLOSE and state == State.SYN_RECEIVED and edge.before.passive:
            raise AssertionError("no socket")
        elif edge.what in (Input.CLOSE, Input.ABORT):
            sock = self._own()
            if edge.what == Input.ABORT:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
            self.listener = self.sock = None

    def _socket(self) -> socket.socket:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(HERE)
        return sock

    def _own(self) -> socket.socket:
        sock = self.sock or self.listener
        assert sock is not None, "no socket"
        return sock

    def accept(self, edge: Edge) -> None:
        """Take the connection that a listener has established."""
        opened = edge.before.state == State.SYN_RECEIVED != edge.after.state
        if opened and self.listener is not None and edge.after.state not in _NOWHERE:
            try:
                self.sock, _ = self.listener.accept()
            except BlockingIOError:
                return
            self.sock.setblocking(False)
            if not self.keep_listening:
                self.listener.close()
                self.listener = None

    def receive(self) -> None:
        """Read what is there; text that is not read makes close() reset the connection."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.recv(1000)

    # What it does

    def answers(self, edge: Edge, wanted: list[Item]) -> tuple[str, ...]:
        """What it sends, as text; waits until it is as ``wanted`` or time is up."""
        timers = {
            Input.RETRANSMISSION_TIMEOUT: TIMER,
            Input.USER_TIMEOUT: TIMER,
            Input.TIME_WAIT_TIMEOUT: MINUTES,
        }
        slow = timers.get(edge.what)
        begin = time.monotonic()
        end = begin + (slow or (ANSWER if wanted else QUIET)) * self.patience
        got: list[Item] = []
        again = []
        while (left := end - time.monotonic()) > 0:
            if slow and not wanted and self.state()[0] == edge.after.state.value:
                break
            packet = self.tun.read(min(left, 0.02) if slow else left)
            seg = unpack(packet) if packet is not None else None
            if seg is None:
                continue
            if self.iss is None and seg.has("S"):
                self.iss = seg.seq
            mark = (_bits(seg.flags), seg.seq, len(seg.text))
            item = (_bits(seg.flags), seg.seq, seg.ack if seg.has("A") else 0, len(seg.text))
            if mark in self.sent and (mark[0] != "A" or mark[2]) and item not in self._real(wanted):
                again.append(item)
                continue
            self.sent.add(mark)
            got.append(item)
            if sorted(got) == sorted(self._real(wanted)):
                end = min(end, time.monotonic() + QUIET * self.patience / 2)  # nothing may follow
                slow = None
        if sorted(got) == sorted(self._real(wanted)):
            return ()
        waited = time.monotonic() - begin
        return (
            f"sends {_tell(got, self)} in {waited:.3f} s, and should send "
            f"{_tell(self._real(wanted), self)}",
        )

    def settle(self, claimed: State) -> tuple[str, bool]:
        """``state``, once it is as claimed or the time of an answer is over."""
        end = time.monotonic() + QUIET * self.patience
        while (now := self.state())[0] != claimed.value and time.monotonic() < end:
            time.sleep(QUIET / 4)
        return now

    def state(self) -> tuple[str, bool]:
        """The state that it says it is in; was TCP_INFO asked?"""
        table = self.namespace.connections()
        sock = self.sock or self.listener
        small = table.get((HERE, THERE))
        if small in ("TIME-WAIT", "SYN-RECEIVED", "FIN-WAIT-2") or sock is None:
            if sock is not None and sock is self.sock and tcp_info(sock) == small:
                return small, True
            if small is not None:
                return small, False
        if sock is None:
            return "CLOSED", False
        return tcp_info(sock), True

    # Numbers: the plan's ISNs and the kernel's

    def _real(self, wanted: list[Item]) -> list[Item]:
        return [
            (bits, seq if bits == "RA" and seq == 0 else self._ours(seq), ack, text)
            for bits, seq, ack, text in wanted
        ]

    def _ours(self, seq: int) -> int:
        return seq if self.iss is None else SEQ.plus(seq, SEQ.minus(self.iss, ISS))

    def relative(self, seq: int) -> int:
        """A number of the kernel's, from its ISN."""
        return SEQ.minus(seq, ISS if self.iss is None else self.iss)

    def _raw(self, seg: Segment) -> Raw:
        ctl = seg.ctl
        flags = "".join(
            bit
            for bit, there in (("F", ctl.fin), ("S", ctl.syn), ("R", ctl.rst), ("A", ctl.ack))
            if there
        )
        ack = self._ours(seg.ack) if ctl.ack else 0
        return Raw(THERE, HERE, seg.seq, ack, flags, seg.wnd, b"y" * seg.text)


_NOWHERE = (State.LISTEN, State.CLOSED)


def _bits(flags: str) -> str:
    return "".join(bit for bit in flags if bit in "FSRA")


def expected(sent: Iterable[Segment]) -> list[Item]:
    """Bits, SEQ, ACK and octets of what the plan expects."""
    found = []
    for seg in sent:
        ctl = seg.ctl
        bits = "F" * ctl.fin + "S" * ctl.syn + "R" * ctl.rst + "A" * ctl.ack
        found.append((bits, seg.seq, seg.ack if ctl.ack else 0, seg.text))
    return found


def _tell(items: Iterable[Item], stack: Stack) -> str:
    told = []
    for bits, seq, ack, text in items:
        words = {"F": "FIN", "S": "SYN", "R": "RST", "A": "ACK"}
        names = ",".join(words[bit] for bit in bits)
        of = f" ack {SEQ.minus(ack, IRS)}" if "A" in bits else ""
        told.append(f"{names} seq {stack.relative(seq)}{of}" + (f" text {text}" if text else ""))
    return " and ".join(told) or "nothing"


def run(plan: Plan, keep_listening: bool = False, patience: float = 1.0) -> Ran:
    """Run one plan, to its end or the first step that is wrong.

    ``patience`` is how many times as long as usual its steps wait.
    """
    ran = Ran(plan)
    with network(HERE[0], SETTINGS) as (namespace, tun):
        stack = Stack(namespace, tun, keep_listening, patience)
        try:
            for i, step in enumerate(plan.steps):
                last = i == len(plan.steps) - 1
                claimed = plan.wrong if last and plan.wrong is not None else step.after
                ran.seen.append(_one(stack, step, claimed))
                if ran.seen[-1].wrong:
                    break
        finally:
            stack.close()
    return ran


def _one(stack: Stack, step: Step, claimed: State) -> Seen:
    edge = step.edge
    seen = Seen(edge.transition, departure=step.departure.name if step.departure else "")
    try:
        stack.act(edge)
    except OSError as error:
        seen.wrong = f"the call fails: {error.strerror}"
        return seen
    wanted = expected(step.sent)
    differs = stack.answers(edge, wanted)
    stack.accept(edge)
    if takes_text(edge):
        stack.receive()
    state, seen.asked = stack.settle(claimed)
    if state != claimed.value:
        differs += (f"is in {state}, and should be in {claimed.value}",)
    seen.wrong = "; ".join(differs)
    return seen


@dataclass(slots=True)
class Measured:
    """What was taken, of all transitions, in how many runs."""

    plans: Plans
    ran: list[Ran] = field(default_factory=list)
    taken: dict[Transition, str] = field(default_factory=dict)  # with its departure, or ""
    refused: dict[Transition, str] = field(default_factory=dict)  # not as planned: how
    again: list[str] = field(default_factory=list)  # plans that were right only when run alone
    steps: int = 0
    asked: int = 0  # ... at which TCP_INFO was asked, and agreed
    controls: dict[str, bool] = field(default_factory=dict)  # did it fail, as it must?

    def add(self, ran: Ran) -> None:
        """Take in what came of a plan."""
        self.ran.append(ran)
        for seen in ran.seen:
            if seen.wrong:
                self.refused.setdefault(seen.transition, f"{seen.wrong} ({ran.plan.name})")
            else:
                self.taken.setdefault(seen.transition, seen.departure)
                self.steps += 1
                self.asked += seen.asked


def measure(planner: Planner, told: Callable[[Ran], None] = lambda _: None) -> Measured:
    """Run plans until everything that can be reached was taken or refused; then the controls."""
    found = Measured(planner.plans())
    listening = bool(planner.machine.rules.time_wait_reopen)
    todo = found.plans
    with ThreadPoolExecutor(WORKERS) as pool:
        while todo.plans:
            wrong = []
            for ran in pool.map(lambda plan: run(plan, listening), todo.plans):
                told(ran)
                if ran.ok:
                    found.add(ran)
                else:
                    wrong.append(ran.plan)
            for plan in wrong:  # nothing else runs now
                ran = run(plan, listening, PATIENCE)
                found.again += [plan.name] * ran.ok
                found.add(ran)
            left = set(found.plans.covered) - set(found.taken) - set(found.refused)
            todo = replace(planner, blocked=frozenset(found.refused)).plans(left)
    for plan in controls(found.plans):
        found.controls[plan.name] = any(
            fails_at_end(run(plan, listening, patience)) for patience in (1.0, PATIENCE)
        )
    return found


def fails_at_end(ran: Ran) -> bool:
    """Is the last step wrong, and no other?"""
    return len(ran.seen) == len(ran.plan.steps) and bool(ran.seen[-1].wrong)
