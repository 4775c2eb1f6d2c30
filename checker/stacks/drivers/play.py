"""Plans, played against a stack.

A step is a call of the user, a segment that arrives, or waiting for a timer. Then the stack is
compared with the plan: the segments that it sent (control bits, SEQ, ACK and text; what it sends
again by itself is passed over); the state that it says it is in; and RCV.NXT and SND.UNA, if it
tells them.

A step that is not as planned is a *difference*. If the stack is where the plan is all the same, by
its state and its numbers, the plan goes on. Else it ends: its last transition is gone round, and
what was not reached is planned anew, until nothing more can be reached.

In real time a busy machine may be late on either side. So a plan that goes wrong among others is
played once more, alone and with ``PATIENCE``, before it is called wrong; what it says then, it says
with the time that it waited.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from checker.stacks.drivers.stack import HERE, THERE, Driver, Numbers, Refused, Stack, Told
from checker.stacks.drivers.wire import Raw, pack, unpack
from checker.stacks.generate.machine import IRS, ISS, SEQ, Edge, Transition, takes_text
from checker.stacks.generate.plans import Plan, Planner, Plans, Step, controls
from checker.stacks.profile import Outcome
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State

PATIENCE = 5.0
"""How many times as long a plan waits that is played once more."""

Item = tuple[str, int, int, int]
"""A segment: control bits, SEQ, ACK, octets of text."""

_NOWHERE = (State.LISTEN, State.CLOSED)
_AS_SPECIFIED = Outcome(lambda *_: True)


@dataclass(slots=True)
class Seen:
    """What came of one step."""

    transition: Transition
    wrong: str = ""  # how it differs from the plan
    departure: str = ""
    asked: bool = False  # the connection itself told its state
    numbers: bool = False  # ... and its numbers
    lost: bool = False  # the stack is elsewhere than the plan


@dataclass(slots=True)
class Ran:
    """What came of a plan: of its steps, up to one after which the stack is elsewhere."""

    plan: Plan
    seen: list[Seen] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Was every step as planned?"""
        return all(not one.wrong for one in self.seen)


class Player:
    """An endpoint in a plan, and what has been learned of it."""

    def __init__(self, stack: Stack, driver: Driver, listening: bool, patience: float) -> None:
        self.stack = stack
        self.times = driver.times
        self.virtual = not driver.real_time
        self.keep_alive = driver.keep_alive
        self.keep_listening = listening  # even after accept()
        self.patience = patience
        self.listening = self.open = False
        self.iss: int | None = None  # the stack's own
        self.sent: set[tuple[str, int]] = set()  # numbers; of a SYN with its bits
        self.stray = False  # an answer acknowledged what the plan has not

    def step(self, step: Step, claimed: State) -> Seen:
        """Take a step of a plan, and compare."""
        edge, foretold = step.edge, step.outcome or _AS_SPECIFIED
        seen = Seen(edge.transition, departure=step.departure.name if step.departure else "")
        try:
            self.act(edge)
            differs = self.answers(step, expected(step.sent))
            self.accept(edge, step.after)
            if takes_text(edge) and self.open:
                self.stack.call("recv")
            now = self.settle(claimed)
        except Refused as error:
            seen.wrong, seen.lost = "" if foretold.dies else f"the call fails: {error}", True
            return seen
        if foretold.dies:
            differs += ("lives, and should not",)
        seen.asked = now is not None and now.whole
        if now is None:
            seen.lost = bool(differs)
        elif now.state != claimed.value:
            differs += (f"is in {now.state}, and should be in {claimed.value}",)
            seen.lost = True
        elif not step.elsewhere and edge.after.state not in (*_NOWHERE, State.SYN_SENT):
            numbers = self.stack.numbers()
            wrong = self._numbers(edge, numbers) if numbers is not None else ()
            seen.numbers = numbers is not None
            seen.lost = bool(wrong) or (numbers is None and self.stray)
            differs += wrong
        seen.wrong = "; ".join(differs)
        return seen

    # What is done to it

    def act(self, edge: Edge) -> None:
        """Let the input of ``edge`` happen; timers are waited for elsewhere."""
        state, call = edge.before.state, self.stack.call
        if edge.segment is not None:
            self.stack.inject(pack(self._raw(edge.segment)))
        elif edge.what == Input.OPEN_PASSIVE:
            call("listen")
            self.listening = True
        elif edge.what == Input.OPEN_ACTIVE:
            call("connect")
            self.open = True
        elif edge.what == Input.SEND:
            call("send")
        elif edge.what == Input.USER_TIMEOUT:
            call("user_timeout")
        elif edge.what == Input.CLOSE and state in (State.ESTABLISHED, State.CLOSE_WAIT):
            call("shutdown")
        elif edge.what in (Input.CLOSE, Input.ABORT):
            call("close" if edge.what == Input.CLOSE else "abort")
            self.listening = self.open = False

    def accept(self, edge: Edge, after: State) -> None:
        """Take the connection that a listener has established."""
        opened = edge.transition.passive and after not in (*_NOWHERE, State.SYN_RECEIVED)
        if opened and self.listening and not self.open:
            try:
                self.stack.call("accept")
            except Refused:
                return  # there is none: the state tells
            self.open = True
            if not self.keep_listening:
                self.stack.call("unlisten")
                self.listening = False

    # What it does

    def answers(self, step: Step, wanted: list[Item]) -> tuple[str, ...]:
        """How what it sends differs from ``wanted``; waits until it does not or time is up."""
        times, stack = self.times, self.stack
        timer = times.of(step.edge.what)
        left = (timer or (times.answer if wanted else times.quiet)) * self.patience
        silence = step.edge.what == Input.RETRANSMISSION_TIMEOUT and not wanted
        interval = max(times.step, left / 100 if timer else 0.0)
        got: list[Item] = []
        waited = 0.0
        ended = False
        while True:
            for packet in stack.packets():
                self._take(packet, wanted, got, silence)
            right = sorted(got) == sorted(self._real(wanted))
            if step.outcome is not None and step.outcome.anything:
                right = bool(got)
            if right and wanted and not ended:
                ended, timer, left = True, None, min(left, times.after * self.patience)
            if timer and not wanted and (now := stack.state()) and now.state == step.after.value:
                break
            if left <= 0:
                break
            passed = stack.advance(min(left, interval))
            left, waited = left - passed, waited + passed
        mine = None if self.iss is None else step.edge.after.rcv.nxt
        self.stray = any("A" in bits and "R" not in bits and ack != mine for bits, _, ack, _ in got)
        if right:
            return ()
        when = "" if self.virtual else f" in {waited:.3f} s"
        return (f"sends {self._tell(got)}{when}, and should send {self._tell(self._real(wanted))}",)

    def _take(self, packet: bytes, wanted: list[Item], got: list[Item], silence: bool) -> None:
        """Add a packet to what was ``got``, unless it is a keep-alive, or is sent again by itself:
        that counts only where nothing is to be sent again."""
        seg = unpack(packet)
        if seg is None or seg.target != THERE or (seg.text and seg.text == self.keep_alive):
            return
        if self.iss is None and seg.has("S"):
            self.iss = seg.seq
        bits = "".join(bit for bit in seg.flags if bit in "FSRA")
        item = (bits, seg.seq, seg.ack if seg.has("A") else 0, len(seg.text))
        length = len(seg.text) + seg.has("F")
        numbers = {("", SEQ.plus(seg.seq, i)) for i in range(length)}
        numbers |= {(bits, seg.seq)} if seg.has("S") else set()
        again = bool(numbers) and numbers <= self.sent and "R" not in bits
        if not again or silence or item in self._real(wanted):
            self.sent |= numbers
            got.append(item)

    def settle(self, claimed: State) -> Told | None:
        """Its state, once it is as claimed or the time of an answer is over."""
        left = 0.0 if self.virtual else self.times.quiet * self.patience
        while (now := self.stack.state()) and now.state != claimed.value and left > 0:
            left -= max(self.stack.advance(self.times.quiet / 4), 1e-4)
        return now

    def _numbers(self, edge: Edge, now: Numbers) -> tuple[str, ...]:
        """How its numbers differ from those after ``edge``."""
        rcv, una = SEQ.minus(now.rcv_nxt, IRS), self._relative(now.snd_una)
        after = SEQ.minus(edge.after.rcv.nxt, IRS), SEQ.minus(edge.after.snd.una, ISS)
        told = zip(("RCV.NXT", "SND.UNA"), (rcv, una), after, strict=True)
        return tuple(
            f"has {name} {got}, and should have {wanted}"
            for name, got, wanted in told
            if got != wanted
        )

    # Numbers: the plan's ISNs and the stack's

    def _real(self, wanted: list[Item]) -> list[Item]:
        return [
            (bits, seq if bits == "RA" and seq == 0 else self._ours(seq), ack, text)
            for bits, seq, ack, text in wanted
        ]

    def _ours(self, seq: int) -> int:
        return seq if self.iss is None else SEQ.plus(seq, SEQ.minus(self.iss, ISS))

    def _relative(self, seq: int) -> int:
        """A number of the stack's, from its ISN."""
        return SEQ.minus(seq, ISS if self.iss is None else self.iss)

    def _raw(self, seg: Segment) -> Raw:
        ctl = seg.ctl
        flags = "F" * ctl.fin + "S" * ctl.syn + "R" * ctl.rst + "A" * ctl.ack
        ack = self._ours(seg.ack) if ctl.ack else 0
        return Raw(THERE, HERE, seg.seq, ack, flags, seg.wnd, b"y" * seg.text)

    def _tell(self, items: Iterable[Item]) -> str:
        told = []
        for bits, seq, ack, text in items:
            words = {"F": "FIN", "S": "SYN", "R": "RST", "A": "ACK"}
            names = ",".join(words[bit] for bit in bits) or "neither bit"
            of = f" ack {SEQ.minus(ack, IRS)}" if "A" in bits else ""
            octets = f" text {text}" if text else ""
            told.append(f"{names} seq {self._relative(seq)}{of}{octets}")
        return " and ".join(told) or "nothing"


def expected(sent: Iterable[Segment]) -> list[Item]:
    """Bits, SEQ, ACK and octets of what the plan expects."""
    found = []
    for seg in sent:
        ctl = seg.ctl
        bits = "F" * ctl.fin + "S" * ctl.syn + "R" * ctl.rst + "A" * ctl.ack
        found.append((bits, seg.seq, seg.ack if ctl.ack else 0, seg.text))
    return found


def run(driver: Driver, plan: Plan, listening: bool = False, patience: float = 1.0) -> Ran:
    """Play one plan, to its end or until the stack is elsewhere.

    ``patience`` is how many times as long as usual its steps wait.
    """
    ran = Ran(plan)
    with driver.start() as stack:
        player = Player(stack, driver, listening, patience)
        for i, step in enumerate(plan.steps):
            last = i == len(plan.steps) - 1
            claimed = plan.wrong if last and plan.wrong is not None else step.after
            ran.seen.append(player.step(step, claimed))
            if ran.seen[-1].lost:
                break
    return ran


@dataclass(slots=True)
class Measured:
    """What was taken, of all transitions, in how many runs."""

    plans: Plans
    ran: list[Ran] = field(default_factory=list)
    taken: dict[Transition, str] = field(default_factory=dict)  # with its departure, or ""
    refused: dict[Transition, str] = field(default_factory=dict)  # not as planned: how
    lost: set[Transition] = field(default_factory=set)  # ... and the stack was elsewhere then
    again: list[str] = field(default_factory=list)  # plans that were right only when run alone
    steps: int = 0  # as planned
    asked: int = 0  # ... at which the connection told its state, and agreed
    numbers: int = 0  # ... and its numbers
    controls: dict[str, bool] = field(default_factory=dict)  # did it fail, as it must?

    def add(self, ran: Ran) -> None:
        """Take in what came of a plan."""
        self.ran.append(ran)
        for seen in ran.seen:
            if seen.wrong:
                self.refused.setdefault(seen.transition, f"{seen.wrong} ({ran.plan.name})")
                self.taken.pop(seen.transition, None)
            else:
                if seen.transition not in self.refused:
                    self.taken.setdefault(seen.transition, seen.departure)
                self.steps += 1
                self.asked += seen.asked
                self.numbers += seen.numbers
            if seen.lost:
                self.lost.add(seen.transition)

    def left(self) -> set[Transition]:
        """What was neither taken nor refused."""
        return set(self.plans.covered) - set(self.taken) - set(self.refused)

    def good(self) -> bool:
        """Was all as planned, and do the controls fail?"""
        return bool(
            self.taken
            and not self.refused
            and not self.left()
            and self.controls
            and all(self.controls.values())
        )


def measure(
    driver: Driver, planner: Planner, told: Callable[[Ran], None] = lambda _: None
) -> Measured:
    """Play plans until everything that can be reached was taken or refused; then the controls."""
    found = Measured(planner.plans())
    listening = bool(planner.machine.rules.time_wait_reopen)
    todo = found.plans
    with ThreadPoolExecutor(driver.workers) as pool:
        while todo.plans:
            wrong = []
            for ran in pool.map(lambda plan: run(driver, plan, listening), todo.plans):
                told(ran)
                if ran.ok or not driver.real_time:
                    found.add(ran)
                else:
                    wrong.append(ran.plan)
            for plan in wrong:  # nothing else runs now
                ran = run(driver, plan, listening, PATIENCE)
                found.again += [plan.name] * ran.ok
                found.add(ran)
            todo = replace(planner, blocked=frozenset(found.lost)).plans(found.left())
    patience = (1.0, PATIENCE) if driver.real_time else (1.0,)
    for plan in controls(found.plans, driver.asked, found.taken):
        found.controls[plan.name] = any(
            fails_at_end(run(driver, plan, listening, more)) for more in patience
        )
    return found


def fails_at_end(ran: Ran) -> bool:
    """Is the last step wrong, and no other?"""
    *before, last = ran.seen
    complete = len(ran.seen) == len(ran.plan.steps)
    return complete and bool(last.wrong) and not any(seen.wrong for seen in before)
