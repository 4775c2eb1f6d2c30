"""A rule of the RFC as a value, which a step cites when it applies it.

``cite("3.10.7.4/fifth/FIN-WAIT-1/our-fin", "our FIN is acknowledged, ...", State.FIN_WAIT_2)``
is cited as it stands in the RFC: by section, step and state, and last a word that tells it
from its neighbours. Programs use this ``id`` and the state that the rule ``enters``; the
sentence is for readers, and nothing may depend on how it is worded.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from spec.tcp.tcb import State


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule. ``cite`` makes each but once, so that they are compared and counted by identity.

    ``enters`` is the state that the rule enters, None if it enters none. A later rule of the same
    step, or a CLOSE that waited, may go on from there.
    """

    id: str
    says: str
    enters: State | None = None

    @property
    def section(self) -> str:
        """The section, or whatever else the rule is from: ``3.10.7.4``, ``RFC 1337``."""
        return self.id.split("/")[0]

    @property
    def step(self) -> str:
        """Where in the section: ``second SYN-RECEIVED``; empty if the section is one rule."""
        return " ".join(self.id.split("/")[1:-1])

    def __reduce__(self) -> Any:
        """The same rule in another process, too."""
        return cite, (self.id, self.says, self.enters)

    def __str__(self) -> str:
        """``3.10.7.4 second SYN-RECEIVED: reset, ...``, for readers."""
        place = f"{self.section} {self.step}".rstrip()
        return f"{place}: {self.says}" if self.says else place


@cache
def cite(id: str, says: str, enters: State | None, /) -> Rule:
    """The rule of these parts, which is always the same object."""
    return Rule(id, says, enters)
