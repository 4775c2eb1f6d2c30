"""What the native engine explores: two ends joined by two bags of messages.

Any system can be one: ``Solo`` makes all of it one end with nothing in flight. A system of
parts says of each part alone what it does, so that it is asked once for each (end, input),
however many states of the whole have that end in them.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from checker.engines.explicit.explore import System

BLIND, CALLS_SEE, SEES_PEER, SEES_ALL = range(4)
"""What an end's steps depend on besides itself and the message that arrives: nothing; what it
sees of the other end, for calls only; that, for arrivals too; that, and whether a message in
either bag is one that it notices."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that an end can do: what it is then, and what it sends."""

    action: str
    end: Any
    sent: Sequence[Any] = ()
    rules: tuple[Hashable, ...] = ()  # labels, which the engines only count


class Parts(Protocol):
    """Two ends and two bags. Ends and messages are hashable."""

    @property
    def system(self) -> System:
        """The same, whole."""

    capacity: int  # messages in one bag
    in_flight: int  # messages in both
    duplicate: bool
    lose: bool
    timed: bool  # there is a step, "tick", of all parts at once

    def initial(self) -> tuple[Any, Any]:
        """The two ends at first; the bags are empty."""

    def looks(self, end: Any, /) -> int:
        """``BLIND`` ... ``SEES_ALL``."""

    def seen(self, end: Any, /) -> Hashable:
        """What the other end can see of this one."""

    def watch(self, end: Any, /) -> Hashable:
        """What ``notices`` depends on."""

    def notices(self, watch: Any, message: Any, outgoing: bool, /) -> bool:
        """Does an end of this ``watch`` notice a message in its outgoing (or incoming) bag?"""

    def calls(self, host: int, end: Any, seen: Any, noticed: bool, /) -> Iterator[Move]:
        """What the end of ``host`` (0 or 1) can do without a message."""

    def arrivals(self, end: Any, message: Any, seen: Any, noticed: bool, /) -> Iterator[Move]:
        """What the arrival of ``message`` can do."""

    def tick(self, end: Any, /) -> Any | None:
        """The end a tick later; None where time must not go on before the end acts."""

    def age(self, message: Any, /) -> Any | None:
        """The message a tick later; None if it is gone."""

    def join(self, ends: tuple[Any, Any], bags: tuple[list[Any], list[Any]], /) -> Any:
        """The state of ``system`` made of these parts."""

    def split(self, state: Any, /) -> tuple[tuple[Any, Any], tuple[list[Any], list[Any]]]:
        """The parts of a state of ``system``."""

    def freeze(self, thing: Any, /) -> Any:
        """An end or a message as what JSON can hold."""

    def thaw_end(self, frozen: Any, /) -> Any:
        """The end that was frozen."""

    def thaw_message(self, frozen: Any, /) -> Any:
        """The message that was frozen."""

    def freeze_rule(self, rule: Any, /) -> Any:
        """A rule of a move as what JSON can hold."""

    def thaw_rule(self, frozen: Any, /) -> Any:
        """The rule that was frozen."""


class Solo:
    """A whole system as one end."""

    capacity = 1
    in_flight = 1
    duplicate = False
    lose = False
    timed = False

    def __init__(self, system: System) -> None:
        self.system = system

    def initial(self) -> tuple[Any, Any]:
        return self.system.initial(), None

    def looks(self, end: Any) -> int:
        return BLIND

    def seen(self, end: Any) -> Hashable:
        return None

    def watch(self, end: Any) -> Hashable:
        return None

    def notices(self, watch: Any, message: Any, outgoing: bool) -> bool:
        return False

    def calls(self, host: int, end: Any, seen: Any, noticed: bool) -> Iterator[Move]:
        if host == 0:
            for label, after in self.system.steps(end):
                yield Move(label.action, after, (), label.rules)

    def arrivals(self, end: Any, message: Any, seen: Any, noticed: bool) -> Iterator[Move]:
        return iter(())

    def tick(self, end: Any) -> Any | None:
        return None

    def age(self, message: Any) -> Any | None:
        return None

    def join(self, ends: tuple[Any, Any], bags: tuple[list[Any], list[Any]]) -> Any:
        return ends[0]

    def split(self, state: Any) -> tuple[tuple[Any, Any], tuple[list[Any], list[Any]]]:
        return (state, None), ([], [])

    def freeze(self, thing: Any) -> Any:
        raise NotImplementedError("there are no checkpoints of a system taken whole")

    thaw_end = thaw_message = freeze_rule = thaw_rule = freeze
