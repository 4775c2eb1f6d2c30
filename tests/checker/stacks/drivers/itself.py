"""The specification as a stack: what is played against it is as planned, whatever is installed.

Its ISN is not the plans'. Time is virtual, and each timer has one length.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from checker.stacks.drivers.stack import HERE, THERE, Driver, Numbers, Refused, Stack, Times, Told
from checker.stacks.drivers.wire import Raw, pack, unpack
from checker.stacks.generate.hindrance import Can
from checker.stacks.generate.machine import BOUNDS, SEQ
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb
from spec.world.endpoint import with_tcb
from spec.world.happen import happen

ISN = 77_000_000
AGAIN, TIME_WAIT = 3.0, 200.0
CALLS = {
    "listen": Input.OPEN_PASSIVE,
    "connect": Input.OPEN_ACTIVE,
    "send": Input.SEND,
    "shutdown": Input.CLOSE,
    "close": Input.CLOSE,
    "abort": Input.ABORT,
    "user_timeout": Input.USER_TIMEOUT,
}


class Itself(Stack):
    """One end that runs the specification."""

    def __init__(self, rules: Rules) -> None:
        self.end = with_tcb(Tcb())
        self.rules = rules
        self.out: list[bytes] = []
        self.since = 0.0  # anything happened

    def _happen(self, what: Input, seg: Segment | None = None) -> bool:
        later = self.end.tcb.state == State.TIME_WAIT
        isn = SEQ.plus(ISN, 1 << 18) if later else ISN
        effects = happen(self.end, what, seg, isn, self.rules, BOUNDS)
        for sent in effects.sent:
            ctl = sent.ctl
            flags = "F" * ctl.fin + "S" * ctl.syn + "R" * ctl.rst + "A" * ctl.ack
            ack = sent.ack if ctl.ack else 0
            self.out.append(pack(Raw(HERE, THERE, sent.seq, ack, flags, 0, b"x" * sent.text)))
        self.since = 0.0
        return bool(effects.possible)

    def call(self, name: str) -> None:
        if name in CALLS and not self._happen(CALLS[name]):
            raise Refused(name)

    def inject(self, packet: bytes) -> None:
        seg = unpack(packet)
        assert seg is not None
        bits = Control(ack=seg.has("A"), rst=seg.has("R"), syn=seg.has("S"), fin=seg.has("F"))
        text = len(seg.text)
        self._happen(
            Input.SEGMENT, Segment(seq=seg.seq, ack=seg.ack, wnd=seg.window, text=text, ctl=bits)
        )

    def advance(self, seconds: float) -> float:
        self.since += seconds
        waits = self.end.tcb.state == State.TIME_WAIT
        if waits and self.since >= TIME_WAIT:
            self._happen(Input.TIME_WAIT_TIMEOUT)
        elif not waits and self.since >= AGAIN:
            self._happen(Input.RETRANSMISSION_TIMEOUT)
        return seconds

    def packets(self) -> list[bytes]:
        got, self.out = self.out, []
        return got

    def state(self) -> Told:
        return Told(self.end.tcb.state.value)

    def numbers(self) -> Numbers:
        return Numbers(self.end.tcb.rcv.nxt, self.end.tcb.snd.una)


@dataclass(frozen=True)
class ItselfDriver(Driver):
    rules: Rules = Rules()  # noqa: RUF009 (frozen)

    def missing(self) -> str:
        return ""

    def version(self) -> str:
        return "9293"

    @contextmanager
    def start(self) -> Iterator[Stack]:
        yield Itself(self.rules)


def itself(rules: Rules | None = None) -> ItselfDriver:
    """The specification, with these rules."""
    return ItselfDriver(
        "itself",
        "nothing",
        Times(quiet=0.25, answer=0.25, timer=8.0),
        Can(early_send=True),
        rules=rules or Rules(),
    )
