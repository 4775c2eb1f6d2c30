"""Endpoints in a given state, segments in the RFC's notation, and one step at a time.

The numbers are those of Figure 12: this end's ISS is 99 and its next octet 100, the peer's are
299 and 300. ``endpoint(State.FIN_WAIT_1, rcv_wnd=0)`` is an end in that state with that
variable; ``seg("<SEQ=300><ACK=101><CTL=FIN,ACK>")`` is a segment, and ``show`` its inverse.
"""

import dataclasses
import re
from typing import Any, NamedTuple

from spec.observe.agreement import Agreement
from spec.observe.conduct import Conduct
from spec.observe.confusion import LateConfusion
from spec.observe.crossing import Crossing
from spec.observe.endings import Endings
from spec.observe.forgery import Forgery
from spec.observe.once import Once
from spec.observe.pace import Losses, Pace, Samples
from spec.observe.silence import Silence
from spec.observe.stale import StaleAnywhere
from spec.observe.streams import Streams
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.listener import Listener, Queue, Request
from spec.tcp.rule import Rule
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.tcp.transfer import Place, Transfer
from spec.world import happen as world
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint, with_tcb
from spec.world.records import clone

CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED = (
    State.CLOSED,
    State.LISTEN,
    State.SYN_SENT,
    State.SYN_RECEIVED,
)
ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2 = State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2
CLOSE_WAIT, CLOSING, LAST_ACK = State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK
TIME_WAIT = State.TIME_WAIT

WINDOW = 10
MSL = 4
BOUNDS = Bounds(
    width=32, window=WINDOW, octets=4, msl=MSL, span=3, incarnations=3, crashes=1, urgent=True
)
"""Room for everything; 32 bits, so that nothing wraps unless a test wants it to."""

WATCHERS = (
    Agreement(),
    StaleAnywhere(),
    LateConfusion(),
    Streams(),
    Forgery(),
    Crossing(),
    Conduct(),
    Endings(),
    Once(),
    Silence(),
    Pace(),
    Losses(),
    Samples(),
)
"""Every watcher that records what happens, but for timestamps; and not the one of CC3, which takes
each step a second time."""

ISN = 99
"""The initial sequence number on offer, and this end's ISS; SND.NXT is 100 after the SYN."""
IRS = 299
"""The peer's."""

SYNCHRONIZED = (
    State.ESTABLISHED,
    State.FIN_WAIT_1,
    State.FIN_WAIT_2,
    State.CLOSE_WAIT,
    State.CLOSING,
    State.LAST_ACK,
    State.TIME_WAIT,
)
"""Section 3.5.2, third group."""
SENT_FIN = (
    State.FIN_WAIT_1,
    State.FIN_WAIT_2,
    State.CLOSING,
    State.LAST_ACK,
    State.TIME_WAIT,
)
FIN_ACKED = (State.FIN_WAIT_2, State.TIME_WAIT)
GOT_FIN = (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)


def endpoint(state: State, **variables: Any) -> Endpoint:
    """An endpoint in ``state``, as a run without data would leave it, but for ``variables``.

    ``snd_x`` and ``rcv_x`` are SND.X and RCV.X; ``up``, ``quiet``, ``clock`` and ``crashes`` the
    host's.
    """
    end = with_tcb(_tcb(state))
    if state not in (State.CLOSED, State.LISTEN):
        end.ghost.made = 1
    for name, value in variables.items():
        head, _, tail = name.partition("_")
        if head in ("snd", "rcv"):
            owner, name = getattr(end.tcb, head), tail
        else:
            owner = {"up": end.host, "quiet": end.host, "clock": end.host, "crashes": end}.get(
                name, end.tcb
            )
        assert hasattr(owner, name), name
        setattr(owner, name, value)
    return end


PLANE = dataclasses.replace(
    BOUNDS, transfer=True, mss=10, place=10, window=100, octets=1000, write=10, clamp=1000
)
"""Segments of ten octets, ten of them in a window, and room to grow."""


def plane(
    flight: int = 0,
    queued: int = 0,
    state: State = State.ESTABLISHED,
    here: tuple[int, ...] = (),
    **variables: Any,
) -> Endpoint:
    """An endpoint with a data plane, which has sent ``flight`` octets that are not acknowledged,
    and has ``queued`` octets to send. The windows are 100, cwnd and ssthresh are 1000; text is
    held in the places of the receive window whose numbers are in ``here``. ``variables`` are of
    ``Transfer``, or as in ``endpoint``."""
    own = {one.name for one in dataclasses.fields(Transfer)}
    others = {name: value for name, value in variables.items() if name not in own}
    known = {"snd_nxt": ISN + 1 + flight, "snd_wnd": PLANE.window, "rcv_wnd": PLANE.window}
    end = endpoint(state, **{"written": flight + queued, **known, **others})
    transfer = Transfer(
        nxt=end.tcb.snd.nxt, largest=PLANE.window, cwnd=PLANE.clamp, ssthresh=PLANE.clamp,
        recover=ISN, places=tuple(Place(n in here) for n in range(PLANE.window // PLANE.place)),
    )  # fmt: skip
    for name in own & set(variables):
        setattr(transfer, name, variables[name])
    end.tcb.transfers = (transfer,)
    return end


def listening(state: State = CLOSED, queue: Queue = Queue.NONE, **listener: Any) -> Endpoint:
    """A host with a listener, and an endpoint of it in ``state`` and ``queue``; ``listener`` are
    the listener's fields. It believes cookies."""
    end = endpoint(state)
    end.host.listeners = (Listener(listening=True, **{"overflowed": 1} | listener),)
    end.host.sockets[0].requests = (Request(queue=queue),)
    return end


def _tcb(state: State) -> Tcb:
    if state in (State.CLOSED, State.LISTEN):
        return Tcb(state=state)
    span = 0 if state == State.TIME_WAIT else BOUNDS.span
    tcb = Tcb(state=state, iss=ISN, span=span)
    tcb.snd = Send(una=ISN, nxt=ISN + 1)
    tcb.rcv = Receive(wnd=WINDOW)
    if state == State.SYN_SENT:
        return tcb
    tcb.irs = IRS
    tcb.rcv.nxt = tcb.rcv.up = IRS + 1
    if state == State.SYN_RECEIVED:
        tcb.passive = True
        return tcb
    tcb.snd.una = ISN + 1
    tcb.snd.wnd, tcb.snd.wl1, tcb.snd.wl2 = WINDOW, IRS + 1, ISN + 1
    if state in SENT_FIN:
        tcb.closing = True
        tcb.snd.nxt = ISN + 2
    if state in FIN_ACKED:
        tcb.snd.una = ISN + 2
    if state in GOT_FIN:
        tcb.rcv.nxt = IRS + 2
    if state == State.TIME_WAIT:
        tcb.time_wait = 2 * MSL
    return tcb


_BITS = ("SYN", "FIN", "RST", "URG", "PSH", "ACK")


def seg(text: str, **fields: Any) -> Segment:
    """A segment from ``<SEQ=..><ACK=..><WND=..><UP=..><TEXT=..><CTL=..>``; WND is 10 by default."""
    parts = re.findall(r"<(\w+)=([\w,]*)>", text)
    assert "".join(f"<{k}={v}>" for k, v in parts) == text, text
    made: dict[str, Any] = {"seq": 0, "wnd": WINDOW}
    for name, value in parts:
        if name == "CTL":
            bits = value.split(",")
            assert set(bits) <= set(_BITS), text
            made["ctl"] = Control(**{bit.lower(): True for bit in bits})
        else:
            made[name.lower()] = int(value)
    return Segment(**made | fields)


def show(segment: Segment) -> str:
    """``segment`` as ``seg`` reads it; without WND, and ACK and UP only if their bits are set."""
    ctl = ",".join(bit for bit in _BITS if getattr(segment.ctl, bit.lower()))
    out = f"<SEQ={segment.seq}>"
    if segment.ctl.ack:
        out += f"<ACK={segment.ack}>"
    if segment.ctl.urg:
        out += f"<UP={segment.up}>"
    if segment.text:
        out += f"<TEXT={segment.text}>"
    return out + (f"<CTL={ctl}>" if ctl else "")


class Result(NamedTuple):
    """One step: the endpoint after it, and its effects."""

    end: Endpoint
    possible: bool
    segments: tuple[Segment, ...]
    rules: tuple[Rule, ...]
    signals: tuple[str, ...]

    @property
    def tcb(self) -> Tcb:
        """Its TCB."""
        return self.end.tcb

    @property
    def plane(self) -> Transfer:
        """Its data plane."""
        return self.end.tcb.transfers[0]

    @property
    def cited(self) -> list[str]:
        """The ids of the rules that fired."""
        return [rule.id for rule in self.rules]

    @property
    def state(self) -> State:
        """Its state."""
        return self.end.tcb.state

    @property
    def sent(self) -> list[str]:
        """What it sent, in the RFC's notation."""
        return [show(segment) for segment in self.segments]


def happen(
    end: Endpoint,
    what: Input,
    segment: Segment | None = None,
    *,
    bounds: Bounds = BOUNDS,
    isn: int = ISN,
    **rules: Any,
) -> Result:
    """``what`` happens to ``end``, which is left as it was."""
    after = clone(end)
    arriving = None if segment is None else clone(segment)
    effects = world.happen(after, what, arriving, isn, Rules(**rules), bounds)
    return Result(after, effects.possible, effects.sent, effects.rules, effects.signals)


def arrive(end: Endpoint, segment: Segment | str, **more: Any) -> Result:
    """``segment`` arrives at ``end``; ``more`` are rules, ``bounds`` or ``isn``."""
    if isinstance(segment, str):
        segment = seg(segment)
    result = happen(end, Input.SEGMENT, segment, **more)
    assert result.possible
    assert result.rules, "every step cites a rule"
    return result


def context(bounds: Bounds = BOUNDS, isn: int = ISN, **rules: Any) -> Tcp:
    """The context in which a section's function runs when called by itself."""
    return Tcp(Rules(**rules), bounds, isn)


# What a test expects of an endpoint


def nxt(state: State) -> int:
    """SND.NXT of ``endpoint(state)``."""
    return 101 if state in SENT_FIN else 100


def una(state: State) -> int:
    """SND.UNA of ``endpoint(state)``."""
    return {SYN_RECEIVED: 99, FIN_WAIT_2: 101, TIME_WAIT: 101}.get(state, 100)


def expected(state: State) -> int:
    """RCV.NXT of ``endpoint(state)``."""
    return 301 if state in GOT_FIN else 300


def ack_of(state: State) -> str:
    """``<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>``."""
    return f"<SEQ={nxt(state)}><ACK={expected(state)}><CTL=ACK>"


def unchanged(before, result: Result) -> bool:
    """Nothing that decides anything has changed."""
    a, b = before.tcb, result.tcb
    return (
        (a.state, a.snd.una, a.snd.nxt, a.rcv.nxt, a.rcv.wnd, a.iss, a.irs)
        == (b.state, b.snd.una, b.snd.nxt, b.rcv.nxt, b.rcv.wnd, b.iss, b.irs)
    )  # fmt: skip


def is_deleted(result: Result) -> bool:
    """The TCB is gone without a trace."""
    tcb = result.tcb
    return tcb.state == CLOSED and not any(
        (tcb.iss, tcb.irs, tcb.snd.una, tcb.snd.nxt, tcb.rcv.nxt, tcb.rcv.wnd, tcb.time_wait)
    )
