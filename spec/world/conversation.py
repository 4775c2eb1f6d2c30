"""A conversation of two hosts, by hand: call, deliver, lose, look.

For an interactive session, a notebook, a lesson. Nothing is decided here: what may happen next is
what ``System`` offers, and each call picks one of its steps.

    >>> from spec.world.conversation import Conversation
    >>> talk = Conversation()
    >>> talk.a.listen()
    A: OPEN (passive) [3.10.1 CLOSED: passive OPEN, enter LISTEN]
       LISTEN
    >>> talk.b.open()
    B: OPEN (active) [3.10.1 CLOSED: active OPEN, send SYN, enter SYN-SENT]
       SYN-SENT, sends <SYN SEQ=300 LEN=1>
    >>> talk.deliver()
    A: deliver <SYN SEQ=300 LEN=1> [3.10.7.2 LISTEN third: send SYN,ACK, enter SYN-RECEIVED]
       SYN-RECEIVED, sends <SYN,ACK SEQ=100 ACK=301 LEN=1>

The SYN,ACK is lost. A's timer runs out, and A sends it again; this time it arrives, and a duplicate
of it stays in flight.

    >>> talk.lose()
    lose <SYN,ACK SEQ=100 ACK=301 LEN=1>
    >>> talk.a.timeout()
    A: RETRANSMISSION TIMEOUT [3.10.8 RETRANSMISSION TIMEOUT: SYN,ACK]
       SYN-RECEIVED, sends <SYN,ACK SEQ=100 ACK=301 LEN=1>
    >>> talk.deliver(keep=True)
    B: duplicate <SYN,ACK SEQ=100 ACK=301 LEN=1> [3.10.7.3 SYN-SENT fourth: our SYN is \
acknowledged, enter ESTABLISHED]
       ESTABLISHED, sends <ACK SEQ=301 ACK=101 LEN=0>
    >>> talk.look()
    A: SYN-RECEIVED
    B: ESTABLISHED
    in flight: <SYN,ACK SEQ=100 ACK=301 LEN=1> to B, <ACK SEQ=301 ACK=101 LEN=0> to A

What happens when the duplicate arrives is one more step, and can be taken back.

    >>> talk.deliver("SYN,ACK")
    B: deliver <SYN,ACK SEQ=100 ACK=301 LEN=1> [3.10.7.4 first: not acceptable, answered with an \
ACK]
       ESTABLISHED, sends <ACK SEQ=301 ACK=101 LEN=0>
    >>> talk.back()

``talk.b.tcb`` has the variables of section 3.3.1, ``talk.offers()`` are the steps that may be
next, and ``talk.world`` is the state that a claim's predicate is asked about. A switch of
``spec.rules`` takes a rule away:

    >>> from spec.rules import Rules
    >>> careless = Conversation(Rules(three_way=False))
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spec.observe.watcher import Watcher
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State, Tcb
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint
from spec.world.system import Step, System, World

BY_HAND = Bounds(
    width=32,
    window=1000,
    incarnations=3,
    capacity=64,
    in_flight=128,
    octets=1 << 20,
    write=100,
    packed=True,
    user_timeout=True,
    crashes=1,
    msl=2,
    span=4,
)
"""Sequence numbers of 32 bits, a window of 1000 octets, an MSL of two ticks; all may happen."""

NUMBERS = ((100, 200_100, 400_100), (300, 200_300, 400_300))
"""The initial sequence numbers of A and of B, one for each TCB: the first are RFC 9293's."""


class Numbered(System):
    """The transition system, with initial sequence numbers that are ``numbers``, host by host."""

    numbers: Sequence[Sequence[int]] = NUMBERS

    def isns(self, end: Endpoint) -> list[int]:
        """What either host may select; ``selects`` knows which does."""
        return list(dict.fromkeys(number for numbers in self.numbers for number in numbers))

    def selects(self, world: World, step: Step) -> bool:
        """Does whoever takes ``step`` select the number that its next TCB is to have, or none?"""
        if step.isn is None or step.host is None:
            return step.isn is None
        made = world.end(step.host).ghost.made
        return step.isn in self.numbers[step.host][made : made + 1]


class NotPossible(ValueError):
    """What was asked for is not possible now. The message says what is."""


class Told(NamedTuple):
    """A step that was taken, and the state after it; shown as a line or two."""

    step: Step
    after: World

    def __repr__(self) -> str:
        step = self.step
        if step.end is None:
            return step.words()
        rules = "; ".join(map(str, step.rules))
        sent = [f"<{seg}>" for seg in step.sent]
        then = ", ".join([self.after.end(step.end).tcb.state.value, *(f"sends {s}" for s in sent)])
        told = "".join(f'\n   the user is told "{signal}"' for signal in step.signals)
        return f"{step.words()}{f' [{rules}]' if rules else ''}\n   {then}{told}"


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two hosts, and the calls of its user."""

    talk: "Conversation"
    number: int

    @property
    def end(self) -> Endpoint:
        """The host as it is now."""
        return self.talk.world.end(self.number)

    @property
    def tcb(self) -> Tcb:
        """Its connection's variables (sections 3.3.1 and 3.3.2)."""
        return self.end.tcb

    @property
    def state(self) -> State:
        """Its connection's state."""
        return self.tcb.state

    def call(self, what: Input | str) -> Told:
        """Let ``what`` happen to this host: an ``Input``, or its text, such as "CLOSE".

        Raises ``NotPossible``, with what may happen instead.
        """
        wanted = what.value if isinstance(what, Input) else what
        return self.talk.take(lambda step: step.host == self.number and step.action == wanted)

    def listen(self) -> Told:
        """Passive OPEN (section 3.10.1)."""
        return self.call(Input.OPEN_PASSIVE)

    def open(self) -> Told:
        """Active OPEN (section 3.10.1)."""
        return self.call(Input.OPEN_ACTIVE)

    def send(self) -> Told:
        """SEND (section 3.10.2) of ``Bounds.write`` octets."""
        return self.call(Input.SEND)

    def receive(self) -> Told:
        """RECEIVE (section 3.10.3)."""
        return self.call(Input.RECEIVE)

    def close(self) -> Told:
        """CLOSE (section 3.10.4)."""
        return self.call(Input.CLOSE)

    def abort(self) -> Told:
        """ABORT (section 3.10.5)."""
        return self.call(Input.ABORT)

    def crash(self) -> Told:
        """The host loses its memory (section 3.5.1)."""
        return self.call(Input.CRASH)

    def restart(self) -> Told:
        """... and is up again, quiet for an MSL (section 3.4.3)."""
        return self.call(Input.RESTART)

    def timeout(self, what: Input = Input.RETRANSMISSION_TIMEOUT) -> Told:
        """A timer runs out (section 3.10.8): of retransmission, if no other is named."""
        return self.call(what)


class Conversation:
    """Two hosts, A and B, and what is in flight between them.

    ``rules`` are the switches, ``bounds`` say what may happen and how large windows are, and
    ``watchers`` what is remembered for claims (``spec.world.profiles`` has sets of both).
    ``numbers`` are the initial sequence numbers that A and B select.
    """

    def __init__(
        self,
        rules: Rules | None = None,
        bounds: Bounds = BY_HAND,
        watchers: Sequence[Watcher] = (),
        numbers: Sequence[Sequence[int]] = NUMBERS,
    ) -> None:
        self.system = Numbered(rules or Rules(), bounds, watchers)
        self.system.numbers = numbers
        self.start = self.system.initial()
        self.taken: list[Told] = []
        self.a, self.b = Party(self, 0), Party(self, 1)

    @property
    def world(self) -> World:
        """The state now."""
        return self.taken[-1].after if self.taken else self.start

    @property
    def flight(self) -> list[Segment]:
        """The segments in flight: A's, then B's."""
        return [seg for link in self.world.links for seg in link]

    def offers(self) -> list[Step]:
        """All that may happen now."""
        return [step for step, _ in self._offers()]

    def deliver(self, which: str = "", *, keep: bool = False) -> Told:
        """A segment arrives: the only one, or that whose text begins with ``which``, such as
        "SYN,ACK". If it is to ``keep`` in flight, it will arrive again: a duplicate."""
        return self._segment("duplicate" if keep else Input.SEGMENT.value, which)

    def lose(self, which: str = "") -> Told:
        """A segment is lost."""
        return self._segment("lose", which)

    def tick(self) -> Told:
        """Time goes on, for both hosts and all segments. A timer that has run out comes first."""
        return self.take(lambda step: step.action == Input.TICK.value)

    def back(self) -> None:
        """Take the last step back."""
        if not self.taken:
            raise NotPossible("nothing has happened yet")
        self.taken.pop()

    def look(self) -> None:
        """Print where both hosts are, and what is in flight."""
        for name, party in zip(self.system.topology.names, (self.a, self.b), strict=True):
            print(f"{name}: {party.state.value}")
        names = self.system.topology.names[::-1]
        links = zip(names, self.world.links, strict=True)
        flying = [f"<{seg}> to {name}" for name, link in links for seg in link]
        print(f"in flight: {', '.join(flying) or 'nothing'}")

    def take(self, wanted: Callable[[Step], bool]) -> Told:
        """Take the one step that is ``wanted``.

        Raises ``NotPossible`` if there is none, or more than one; the message names them.
        """
        offers = list(self._offers())
        found = [offer for offer in offers if wanted(offer[0])]
        if len(found) != 1:
            one = "which of these?" if found else "not possible now; what is:"
            raise NotPossible("\n  ".join([one, *(step.words() for step, _ in found or offers)]))
        self.taken.append(Told(*found[0]))
        return self.taken[-1]

    def _offers(self) -> Iterator[tuple[Step, World]]:
        for step, after in self.system.steps(self.world):
            if self.system.selects(self.world, step):
                yield step, after

    def _segment(self, action: str, which: str) -> Told:
        return self.take(lambda step: step.action == action and str(step.segment).startswith(which))
