"""What is explored: a system, whole, or as components joined by links with bags of messages.

A component's state is an *end*. A link goes one way, from a sender to a receiver, and what is in
flight on it is a bag: it has no order. A system taken apart says of each end alone what it does,
so that it is asked once for each (end, input), however many states of the whole have that end in
them. Any system can be one: ``Solo`` makes all of it one component without links.

A component names the links that leave it, and those that lead to it, by their place among its
own: 0, 1, ... in the order of ``links``. So two components that do the same share what is worked
out, whoever they are.
"""

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple, Protocol


class System(Protocol):
    """What can be explored."""

    def initial(self) -> Any:
        """The initial state."""

    def steps(self, state: Any, /) -> Iterator[tuple[Any, Any]]:
        """Every (label, next state); a label has ``action`` and ``rules``, what fired."""


BLIND, CALLS_SEE, SEES_OTHERS, SEES_ALL = range(4)
"""What a component's steps depend on besides its end and the message that arrives: nothing; what
it sees of the others, for calls only; that, for arrivals too; that, and whether a message on one
of its links is one that it notices."""


class Sight(NamedTuple):
    """What a component sees: of each other one, in order; and whether it notices a message."""

    others: tuple[Hashable, ...]
    noticed: bool = False


class Observer(Protocol):
    """Lets components see each other. Most systems have none."""

    def looks(self, end: Any, /) -> int:
        """``BLIND`` ... ``SEES_ALL``."""

    def seen(self, end: Any, /) -> Hashable:
        """What the others can see of this one."""

    def watch(self, end: Any, /) -> Hashable:
        """What ``notices`` depends on."""

    def notices(self, watch: Any, message: Any, outgoing: bool, /) -> bool:
        """Does an end of this ``watch`` notice a message on a link from (or to) it?"""


class Move(NamedTuple):
    """One thing that a component can do: what it is then, and what it sends, in order: each
    message with the place of the link among those that leave the component."""

    action: str
    end: Any
    sent: tuple[tuple[int, Any], ...] = ()
    rules: tuple[Hashable, ...] = ()  # labels, which the engines only count


class Parts(Protocol):
    """Components and links. Ends and messages are hashable.

    A message that is sent is dropped where its bag has ``capacity`` messages or all bags together
    ``in_flight``; the one that is being delivered does not count unless it stays in flight.
    """

    @property
    def system(self) -> System:
        """The same, whole."""

    links: tuple[tuple[int, int], ...]  # (sender, receiver), two different components
    roles: tuple[int, ...]  # of each component: those of one role do the same on an arrival
    capacity: int  # messages in one bag
    in_flight: int  # messages in all of them
    duplicate: bool
    lose: bool
    timed: bool  # there is a step, "tick", of all parts at once

    @property
    def observer(self) -> Observer | None:
        """What components see of each other; None where they see nothing."""

    def initial(self) -> tuple[Any, ...]:
        """The ends at first; the bags are empty."""

    def calls(self, component: int, end: Any, sight: Sight | None, /) -> Iterator[Move]:
        """What the component can do without a message; it sees nothing if it does not look."""

    def arrivals(
        self, role: int, way: int, end: Any, message: Any, sight: Sight | None, /
    ) -> Iterator[Move]:
        """What the arrival of ``message`` can do to a component of that role; ``way`` is the place
        of the link among those that lead to it."""

    def tick(self, end: Any, /) -> Any | None:
        """The end a tick later; None where time must not go on before the component acts."""

    def age(self, message: Any, /) -> Any | None:
        """The message a tick later; None if it is gone."""

    def join(self, ends: tuple[Any, ...], bags: tuple[list[Any], ...], /) -> Any:
        """The state of ``system`` made of these parts."""

    def split(self, state: Any, /) -> tuple[tuple[Any, ...], tuple[list[Any], ...]]:
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
    """A whole system as one component."""

    links: tuple[tuple[int, int], ...] = ()
    roles = (0,)
    observer = None
    capacity = in_flight = 0
    duplicate = lose = timed = False

    def __init__(self, system: System) -> None:
        self.system = system

    def initial(self) -> tuple[Any, ...]:
        return (self.system.initial(),)

    def calls(self, component: int, end: Any, sight: Sight | None) -> Iterator[Move]:
        for label, after in self.system.steps(end):
            yield Move(label.action, after, (), label.rules)

    def arrivals(
        self, role: int, way: int, end: Any, message: Any, sight: Sight | None
    ) -> Iterator[Move]:
        return iter(())

    def tick(self, end: Any) -> Any | None:
        return None

    def age(self, message: Any) -> Any | None:
        return None

    def join(self, ends: tuple[Any, ...], bags: tuple[list[Any], ...]) -> Any:
        return ends[0]

    def split(self, state: Any) -> tuple[tuple[Any, ...], tuple[list[Any], ...]]:
        return (state,), ()

    def freeze(self, thing: Any) -> Any:
        raise NotImplementedError("there are no checkpoints of a system taken whole")

    thaw_end = thaw_message = freeze_rule = thaw_rule = freeze
