"""``simulate``: walks through the specification, told step by step.

A scenario is data: which host does what next, and with which segment. Each of its moves is
looked up among ``System.steps``, so that a walk can only be one that the specification takes;
what is sent, with which numbers, and what becomes of the ends is the specification's answer and
nowhere written here (``tests/checker/studies/test_simulate.py`` pins it). Sequence numbers are of
32 bits.

The walks are those of the two Chinese articles of which this project is the formal reading
(quoted where their words matter), and the figures of RFC 9293. ``numbers`` are the initial
sequence numbers that the hosts select, one for each TCB they make: a packet dissector counts
from 0, as the articles' captures do; the RFC's figures start at 100 and 300. Where time
matters, MSL is a tick or two and TIME-WAIT twice that.
"""

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, NamedTuple

from checker.engines.explicit.explore import Path
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.options import choose_rules
from checker.model.words import text
from checker.render import Story, ladder, render, writable
from checker.support.errors import Problem, UsageProblem
from checker.support.names import unknown
from spec.rules import Restart, Rules
from spec.seq import Space
from spec.tcp.inputs import Input
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint, with_tcb
from spec.world.system import Step, World
from spec.world.topology import TWO_HOSTS

A, B, NET = 0, 1, None
"""Who moves: a host, or the channel and time."""


class Move(NamedTuple):
    """One step to take. ``segment`` is the start of its text (``words.text``): its flags, if
    that says enough; ``note`` is a remark for the reader."""

    host: int | None
    action: str
    segment: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One walk, from both ends CLOSED or, if ``connected``, from an established connection."""

    title: str
    verdict: str  # what to see in it
    moves: tuple[Move, ...]
    numbers: tuple[tuple[int, ...], tuple[int, ...]] = ((0, 1000), (0, 1000))
    connected: bool = False
    rules: Mapping[str, Any] = field(default_factory=dict)
    bounds: Mapping[str, Any] = field(default_factory=dict)
    harm: bool = False  # it shows what goes wrong without a rule


WALK = Bounds(
    width=32,
    window=256,
    incarnations=3,
    capacity=8,
    in_flight=16,
    user_timeout=True,
    crashes=1,
)
"""Everything may happen; the scenario says what does."""

TIMED = {"msl": 1, "span": 1}
"""MSL is one tick: TIME-WAIT lasts two."""
LONGER = {"msl": 2, "span": 2}
"""MSL is two ticks: TIME-WAIT lasts four, and a FIN may be retransmitted in between."""
DATA = {"octets": 1}


class Walk(Interned):
    """The transition system, with the initial sequence numbers of a scenario on offer."""

    def __init__(self, scenario: Scenario, rules: Rules) -> None:
        super().__init__(rules, dataclasses.replace(WALK, **scenario.bounds))
        self.numbers = scenario.numbers

    def isns(self, end: Endpoint) -> list[int]:
        """What either host may select; ``take`` knows which does."""
        return list(dict.fromkeys(number for numbers in self.numbers for number in numbers))

    def take(self, world: World, move: Move) -> tuple[Step, World]:
        """The step that ``move`` means."""
        found = [
            (step, after)
            for step, after in self.steps(world)
            if (step.host, step.action) == (move.host, move.action)
            and _means(step, move)
            and step.isn in (None, self.isn(world, step))
        ]
        if not found:
            raise UsageProblem(f"{_words(move)} is not possible there under these rules")
        if len({step.segment for step, _ in found}) > 1:
            raise Problem(f"{_words(move)} may be any of several segments: say which")
        return found[0]

    def isn(self, world: World, step: Step) -> int | None:
        """The number that the next TCB of whoever takes ``step`` is to have."""
        if step.host is None:
            return None
        made = world.end(step.host).ghost.id
        return self.numbers[step.host][made] if made < len(self.numbers[step.host]) else None


def _means(step: Step, move: Move) -> bool:
    if step.segment is None:
        return not move.segment
    words, wanted = text(step.segment).split(), move.segment.split()
    return bool(wanted) and words[: len(wanted)] == wanted


def _words(move: Move) -> str:
    who = "" if move.host is None else f"{TWO_HOSTS.names[move.host]}: "
    return f"{who}{move.action}{f' <{move.segment}>' if move.segment else ''}"


def established(a_seq: int, b_seq: int, bounds: Bounds) -> World:
    """Both ends ESTABLISHED, as a handshake with the ISNs ``a_seq - 1`` and ``b_seq - 1`` leaves
    them: A will send ``a_seq`` next and expects ``b_seq``. A opened actively."""
    seq = Space(bounds.width)

    def end(mine: int, theirs: int, passive: bool) -> Endpoint:
        iss, irs = seq.minus(mine, 1), seq.minus(theirs, 1)
        heard = theirs if passive else irs  # the SYN,ACK, or the ACK of ours, told the window
        fresh = with_tcb(
            Tcb(
                state=State.ESTABLISHED,
                passive=passive,
                iss=iss,
                irs=irs,
                snd=Send(una=mine, nxt=mine, wnd=bounds.window, wl1=heard, wl2=mine),
                rcv=Receive(nxt=theirs, wnd=bounds.window, up=theirs),
                span=bounds.span,
            )
        )
        fresh.ghost.id = 1
        return fresh

    return World((end(a_seq, b_seq, False), end(b_seq, a_seq, True)), ((), ()))


def _do(host: int | None, what: Input, note: str = "") -> Move:
    return Move(host, what.value, "", note)


def _hear(host: int, segment: str, note: str = "") -> Move:
    return Move(host, Input.SEGMENT.value, segment, note)


def _lose(segment: str, note: str = "") -> Move:
    return Move(NET, "lose", segment, note)


def _wait(ticks: int) -> tuple[Move, ...]:
    return (_do(NET, Input.TICK),) * ticks


_LISTEN = _do(B, Input.OPEN_PASSIVE)
_CONNECT = _do(A, Input.OPEN_ACTIVE)
_HANDSHAKE = (_LISTEN, _CONNECT, _hear(B, "SYN"), _hear(A, "SYN,ACK"), _hear(B, "ACK"))
_CLOSE_A, _CLOSE_B = _do(A, Input.CLOSE), _do(B, Input.CLOSE)
_END = _do(A, Input.TIME_WAIT_TIMEOUT)
_OPENING, _CLOSING = ((100,), (300,)), ((99,), (299,))
"""The numbers of RFC 9293's figures: SYNs at 100 and 300, or FINs there."""
_CAPTURE = ((2444,), (557,))
"""Those of the articles' capture of a close: A's next octet is 2445, B's 558."""

_HALF_CLOSE = (
    _CLOSE_A,
    _hear(B, "FIN,ACK", "B's user may go on sending"),
    _hear(A, "ACK"),
)
_FOUR_WAY = (*_HALF_CLOSE, _CLOSE_B, _hear(A, "FIN,ACK"), _hear(B, "ACK"))
_LAST_ACK_LOST = (
    *_HALF_CLOSE,
    _CLOSE_B,
    _hear(A, "FIN,ACK"),
    _lose("ACK", "the last ACK"),
    *_wait(1),
    _do(B, Input.RETRANSMISSION_TIMEOUT),
)

SCENARIOS: dict[str, Scenario] = {
    "three-way-handshake": Scenario(
        "Three-way handshake, with the relative numbers of a capture",
        "Both ends are ESTABLISHED, and each has acknowledged the other's SYN: SEQ 0, 0, 1.",
        _HANDSHAKE,
    ),
    "lost-syn-ack": Scenario(
        "Three-way handshake whose second segment is lost",
        "Either SYN is retransmitted until it is acknowledged: a lost segment delays the "
        "handshake, and does not end it.",
        (
            _LISTEN,
            _CONNECT,
            _hear(B, "SYN"),
            _lose("SYN,ACK"),
            _do(B, Input.RETRANSMISSION_TIMEOUT),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
        ),
    ),
    "simultaneous-open": Scenario(
        "Simultaneous open, as section 3.10.7.4 has it (not Figure 7)",
        "Both SYN,ACKs lie below the window, since SYN was received already: each is answered "
        "with an ACK, and that ACK establishes. Figure 7 has the SYN,ACKs do it.",
        (
            _CONNECT,
            _do(B, Input.OPEN_ACTIVE),
            _hear(A, "SYN"),
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK", "SEQ=300 is below RCV.NXT=301: not acceptable"),
            _hear(B, "SYN,ACK"),
            _hear(B, "ACK"),
            _hear(A, "ACK"),
        ),
        _OPENING,
    ),
    "four-way-close": Scenario(
        "Four-way close, with the numbers of the articles' capture",
        "B is gone with the ACK of its FIN; A, which closed first, only 2 MSL after its own.",
        (*_FOUR_WAY, *_wait(2), _END),
        _CAPTURE,
        True,
        bounds=TIMED,
    ),
    "three-segment-close": Scenario(
        "Close in three segments: B's FIN carries the ACK of A's",
        "From FIN-WAIT-1 straight to TIME-WAIT: one segment acknowledges A's FIN and is B's.",
        (_CLOSE_A, _hear(B, "FIN,ACK"), _CLOSE_B, _hear(A, "FIN,ACK"), _hear(B, "ACK")),
        _CLOSING,
        True,
        rules={"fin_ack_delayed": True},
    ),
    "simultaneous-close": Scenario(
        "Simultaneous close: both users call CLOSE before either FIN arrives (Figure 13)",
        "Both ends go by way of CLOSING and both wait 2 MSL.",
        (
            _CLOSE_A,
            _CLOSE_B,
            _hear(A, "FIN,ACK"),
            _hear(B, "FIN,ACK"),
            _hear(A, "ACK"),
            _hear(B, "ACK"),
            *_wait(2),
            _END,
            _do(B, Input.TIME_WAIT_TIMEOUT),
        ),
        _CLOSING,
        True,
        bounds=TIMED,
    ),
    "half-close": Scenario(
        "Half-close: A has no more to send, B has, and A takes it",
        "B's octet arrived in FIN-WAIT-2, after A's FIN; only then does B close.",
        (
            *_HALF_CLOSE,
            _do(B, Input.SEND),
            _hear(A, "PSH,ACK"),
            _hear(B, "ACK"),
            _do(A, Input.RECEIVE),
            _CLOSE_B,
            _hear(A, "FIN,ACK"),
            _hear(B, "ACK"),
        ),
        _CLOSING,
        True,
        bounds=DATA,
    ),
    "close-wait-leak": Scenario(
        "B's user never calls CLOSE, and A's gives up",
        "B stays in CLOSE-WAIT until its own user calls CLOSE: nothing is in flight, and no timer "
        "runs.",
        (
            *_HALF_CLOSE,
            _do(A, Input.ABORT),
            _lose("RST"),
        ),
        _CLOSING,
        True,
        harm=True,
    ),
    "lost-last-ack": Scenario(
        "The last ACK is lost: TIME-WAIT answers B's FIN again",
        "B is gone, since A was still there to answer. By the letter of 3.10.7.4 the FIN is "
        "below the window and does not restart the timer: A left 4 ticks after its first ACK.",
        (*_LAST_ACK_LOST, _hear(A, "FIN,ACK"), _hear(B, "ACK"), *_wait(3), _END),
        _CLOSING,
        True,
        bounds=LONGER,
    ),
    "lost-last-ack-restarted": Scenario(
        "The last ACK is lost, and B's FIN restarts the timer of TIME-WAIT",
        "With time_wait_restart=fin, what the text of 3.10.7.4 intends (and the articles say): A "
        "leaves 4 ticks after its second ACK.",
        (*_LAST_ACK_LOST, _hear(A, "FIN,ACK"), _hear(B, "ACK"), *_wait(4), _END),
        _CLOSING,
        True,
        {"time_wait_restart": Restart.FIN},
        LONGER,
    ),
    "time-wait-skipped": Scenario(
        "The last ACK is lost, and A has not waited",
        "A answers B's FIN with a reset: B cannot tell whether its last octets arrived. (RFC 9293 "
        "has LAST-ACK enter CLOSED without a word; the articles have it report an error.)",
        (
            *_HALF_CLOSE,
            _CLOSE_B,
            _hear(A, "FIN,ACK"),
            _END,
            _lose("ACK", "the last ACK"),
            *_wait(1),
            _do(B, Input.RETRANSMISSION_TIMEOUT),
            _hear(A, "FIN,ACK"),
            _hear(B, "RST"),
        ),
        _CLOSING,
        True,
        {"time_wait_cut": 4},
        LONGER,
        True,
    ),
    "refused": Scenario(
        "Refused: a SYN for a port that nobody listens on",
        "CLOSED answers with a reset that acknowledges the SYN, and A's OPEN fails.",
        (_CONNECT, _hear(B, "SYN"), _hear(A, "RST,ACK")),
    ),
    "stale-syn": Scenario(
        "Recovery from an old duplicate SYN (Figure 8)",
        "B cannot tell that the first SYN is old; A can, by its ACK, and resets it. The live one "
        "then gets through.",
        (
            _LISTEN,
            _do(A, Input.OPEN_ACTIVE, "A's first attempt"),
            _do(A, Input.ABORT),
            _do(A, Input.OPEN_ACTIVE, "A's second attempt"),
            _hear(B, "SYN SEQ=90"),
            _hear(A, "SYN,ACK", "ACK=91 is not of A's SYN: bad ACK"),
            _hear(B, "RST"),
            _hear(B, "SYN SEQ=100"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
        ),
        ((90, 100), (300, 400)),
    ),
    "two-way-handshake": Scenario(
        "What the third segment is for: a handshake of two",
        "With three_way=off, B is ESTABLISHED and its user may send, though A has given up: B took "
        "the SYN's word for it.",
        (
            _LISTEN,
            _CONNECT,
            _hear(B, "SYN"),
            _lose("SYN,ACK"),
            _do(A, Input.USER_TIMEOUT, "A gives up"),
        ),
        rules={"three_way": False},
        harm=True,
    ),
    "half-open-discovery": Scenario(
        "Half-open connection, discovered by a SYN (Figure 9)",
        "A's memory is gone; B's ACK, A's reset and a new handshake put both right.",
        (
            _do(A, Input.CRASH),
            _do(A, Input.RESTART),
            _CONNECT,
            _hear(B, "SYN", "SEQ=400 is outside the window"),
            _hear(A, "ACK", "ACK=100 is of nothing that this TCB sent"),
            _hear(B, "RST", "(Abort!!)"),
            _LISTEN,
            _do(A, Input.RETRANSMISSION_TIMEOUT),
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
        ),
        ((99, 400), (299, 700)),
        True,
    ),
    "half-open-data": Scenario(
        "Half-open connection, discovered by data (Figure 10)",
        "A has no TCB and answers with a reset that B believes.",
        (
            _do(A, Input.CRASH),
            _do(A, Input.RESTART),
            _do(B, Input.SEND),
            _hear(A, "PSH,ACK"),
            _hear(B, "RST", "(Abort!!)"),
        ),
        ((99,), (299,)),
        True,
        bounds=DATA,
    ),
    "two-listeners": Scenario(
        "An old duplicate SYN between two passive sockets (Figure 11)",
        "A's listener answers the SYN,ACK with a reset, and B returns to LISTEN.",
        (
            _do(A, Input.OPEN_ACTIVE, "A's first attempt"),
            _do(A, Input.ABORT),
            _do(A, Input.OPEN_PASSIVE),
            _LISTEN,
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK"),
            _hear(B, "RST", "(return to LISTEN!)"),
        ),
        ((90,), (300,)),
    ),
    "syn-flood": Scenario(
        "One connection of a SYN flood: nobody answers the SYN,ACK",
        "B stays in SYN-RECEIVED, sending again, until its user timeout. A flood is many of these.",
        (
            _LISTEN,
            _CONNECT,
            _do(A, Input.CRASH, "from here on A is silent, as a forged address is"),
            _hear(B, "SYN"),
            _lose("SYN,ACK"),
            _do(B, Input.RETRANSMISSION_TIMEOUT),
            _lose("SYN,ACK"),
            _do(B, Input.RETRANSMISSION_TIMEOUT),
            _lose("SYN,ACK"),
            _do(B, Input.USER_TIMEOUT),
        ),
        harm=True,
    ),
    "data-on-syn": Scenario(
        "Data on the SYN: legal, and held back until the handshake is complete",
        "B takes the octet in ESTABLISHED, not before (3.10.7.2, third).",
        (
            _LISTEN,
            _do(A, Input.OPEN_PASSIVE),
            _do(A, Input.SEND, "SEND in LISTEN opens actively"),
            _hear(B, "SYN"),
            _hear(A, "SYN,ACK"),
            _hear(B, "ACK"),
            _hear(A, "ACK"),
        ),
        _OPENING,
        rules={"data_on_syn": True},
        bounds=DATA,
    ),
}
"""Every scenario by its name."""


def walk(scenario: Scenario, rules: Mapping[str, Any] | None = None) -> tuple[Walk, Path]:
    """Take the moves of ``scenario``, with ``rules`` on top of its own."""
    system = Walk(scenario, choose_rules(scenario.rules, rules or {}))
    world = system.initial()
    if scenario.connected:
        (a, *_), (b, *_) = scenario.numbers
        start = established(system.seq.plus(a, 1), system.seq.plus(b, 1), system.bounds)
        world = system.world(map(system.host, start.hosts), start.links)
    path = Path(world, [])
    for number, move in enumerate(scenario.moves, 1):
        try:
            step, world = system.take(world, move)
        except Problem as problem:
            at = f"step {number} of {len(scenario.moves)}"
            raise type(problem)(f"{at}, {problem}") from None
        path.steps.append((step, world))
    return system, path


def tell(scenario: Scenario, rules: Mapping[str, Any] | None = None) -> Story:
    """``scenario`` as a story."""
    system, path = walk(scenario, rules)
    notes = {n: move.note for n, move in enumerate(scenario.moves, 1) if move.note}
    model = Model(system.rules, system.bounds)
    return model.story(path, scenario.title, scenario.verdict, scenario.harm, notes)


def simulate(
    name: str, out: File | str | None = None, rules: Mapping[str, Any] | None = None
) -> None:
    """Draw the scenario called ``name`` to ``out``, or as a ladder to stdout."""
    if name not in SCENARIOS:
        raise unknown("scenario", name, SCENARIOS)
    out = None if out is None else File(out)
    if out is not None:
        writable(out)
    story = tell(SCENARIOS[name], rules)
    if out is None:
        print(ladder(story))
        return
    render(story, out)
    print(f"{out}: {name}, {len(story.lines)} steps", file=sys.stderr)


def listing() -> list[tuple[str, str]]:
    """Name and title of every scenario."""
    return [(name, scenario.title) for name, scenario in SCENARIOS.items()]
