"""Captures at one end, made from a script: by the specification under some rules, or a real stack.

A script says what the end's user calls, which timers expire, what its peer sends and how much time
goes by. So the same script makes a capture of a stack that departs from RFC 9293, by a switch, and
of one that does not.
"""

from dataclasses import replace
from pathlib import Path

from checker.capture import Packet
from checker.capture.segments import ACK, FIN, RST, SYN
from checker.conform.behaviour import BOUNDS
from checker.stacks.drivers.stack import HERE, THERE, Driver, Stack
from checker.stacks.drivers.wire import Raw, pack, unpack
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world.endpoint import with_tcb
from spec.world.happen import happen
from tests.helpers.pcap import header, record
from tests.helpers.wire import A, B, Wire

ISS, IRS = 99, 299
"""The end's ISN, which scripts are written for, and its peer's."""

Step = Input | float | tuple[int, ...]
"""A call or a timer, seconds that go by, or a segment of the peer: flags, SEQ, ACK, octets."""
Script = tuple[Step, ...]

_BOUNDS = replace(BOUNDS, octets=1, window=1000, send_window=True)
_BITS = (("ack", ACK), ("syn", SYN), ("fin", FIN), ("rst", RST))


def acted(script: Script, rules: Rules) -> list[Packet]:
    """The capture at an end, A, that runs the specification under ``rules``.

    What is not possible under them, as a timer that does not run, does not happen.
    """
    wire, end, isn = Wire(), with_tcb(Tcb()), ISS
    rules = replace(rules, retransmission_bounded=False)
    for step in script:
        if isinstance(step, float):
            wire.time += step
            if end.tcb.state == State.TIME_WAIT:
                happen(end, Input.TICK, None, 0, rules, _BOUNDS, elapsed=int(step * 1000))
            continue
        what, came = step, None
        if isinstance(step, tuple):
            flags, seq, ack, text = (*step, 0, 0)[:4]
            wire(B, flags, seq, ack, text)
            ctl = Control(**{name: bool(flags & bit) for name, bit in _BITS})
            what, came = Input.SEGMENT, Segment(seq, ack, text=text, wnd=1000, ctl=ctl)
        effects = happen(end, what, came, isn, rules, _BOUNDS)
        isn += 70_000 * effects.drew_isn
        for sent in effects.sent:
            flags = sum(bit for name, bit in _BITS if getattr(sent.ctl, name))
            wire(A, flags, sent.seq, sent.ack if sent.ctl.ack else 0, sent.text)
    return wire.packets


# The same by a real stack


_CALLS = {
    Input.OPEN_PASSIVE: "listen",
    Input.OPEN_ACTIVE: "connect",
    Input.SEND: "send",
    Input.CLOSE: "close",
    Input.ABORT: "abort",
}
_TALKING = (State.ESTABLISHED.value, State.CLOSE_WAIT.value)
_LETTERS = (("F", FIN), ("S", SYN), ("R", RST), ("A", ACK))
_TIMER = 8.0


def recorded(script: Script, driver: Driver, capture: Path) -> None:
    """The capture at a real stack, as a file; numbers of the script are put in the stack's own."""
    with driver.start() as stack:
        recorder = _Recorder(stack, driver.times.quiet)
        for step in script:
            recorder.step(step)
    with capture.open("wb") as file:
        file.write(header(101))
        for time, packet in recorder.packets:
            file.write(record(int(time), int(time % 1 * 1e6), packet))


class _Recorder:
    def __init__(self, stack: Stack, quiet: float) -> None:
        self.stack = stack
        self.quiet = quiet
        self.time = 1.0
        self.packets: list[tuple[float, bytes]] = []
        self.iss: int | None = None
        self.listens = False

    def step(self, step: Step) -> None:
        self.time += 0.01
        if isinstance(step, tuple):
            flags, seq, ack, text = (*step, 0, 0)[:4]
            moved = (ack + (ISS if self.iss is None else self.iss) - ISS) % 2**32 if ack else 0
            letters = "".join(letter for letter, bit in _LETTERS if flags & bit)
            packet = pack(Raw(THERE, HERE, seq, moved, letters, 1000, b"y" * text))
            self.packets.append((self.time, packet))
            self.stack.inject(packet)
        elif isinstance(step, Input) and step in _CALLS:
            self._call(_CALLS[step])
        known = len(self.packets)
        self._takes()
        if not isinstance(step, float) and len(self.packets) == known:
            self._wait(self.quiet, once=True)
        if isinstance(step, float):
            self._wait(step, once=False)
        elif step in (Input.RETRANSMISSION_TIMEOUT, Input.USER_TIMEOUT):
            self._wait(_TIMER, once=True)

    def _call(self, name: str) -> None:
        state = self.stack.state()
        if name == "close" and (state is None or state.state in _TALKING):
            name = "shutdown"
        if self.listens and name != "listen":
            self.listens = False
            self.stack.call("accept")
        self.listens |= name == "listen"
        self.stack.call(name)

    def _wait(self, seconds: float, once: bool) -> None:
        """``once``: until something is sent."""
        known = len(self.packets)
        while seconds > 1e-6 and not (once and len(self.packets) > known):
            passed = self.stack.advance(min(seconds, 0.25))
            seconds -= passed
            self.time += passed
            self._takes()

    def _takes(self) -> None:
        for packet in self.stack.packets():
            seg = unpack(packet)
            assert seg is not None
            if self.iss is None and seg.has("S"):
                self.iss = seg.seq
            self.time += 0.001
            self.packets.append((self.time, packet))
