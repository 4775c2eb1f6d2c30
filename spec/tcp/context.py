"""The context of one step: what a rule may use besides the TCB and the segment.

``Tcp`` has the switches, the sequence space and the initial sequence number on offer, and three
ways to say what a rule does: ``send`` a segment, ``signal`` the user, cite the ``rule`` that fired.
"""

from spec.rules import Rules
from spec.seq import Space
from spec.tcp.parameters import Parameters
from spec.tcp.rule import Rule, cite
from spec.tcp.segment import Segment, Ticks
from spec.tcp.tcb import State


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
        "held",
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
        self.held: list[Segment] = []

    def send(self, seg: Segment) -> None:
        """Hand ``seg`` to the network."""
        self.sent.append(seg)

    def signal(self, text: str) -> None:
        """Tell the user, by an immediate return or a delayed response (section 3.10)."""
        self.signals.append(text)

    def take(self, seg: Segment, skip: int, octets: int) -> None:
        """Take ``octets`` of the text of ``seg``, after its first ``skip``, into the buffer."""
        self.taken.append((seg, skip, octets))

    def hold(self, seg: Segment) -> None:
        """Hold the text of ``seg``, which is beyond RCV.NXT, as far as it is in the window."""
        self.held.append(seg)

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
