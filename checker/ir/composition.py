"""Compositions: components joined by links, each component's steps a tree.

What every engine and export that works on trees is given. A component is a state (a row of
fields); a link leads from one component to another, and has a bag of the messages in flight. For
every input that may befall a component there is its decision tree, whose variables are the acting
component's fields (``me.*``), those of the arriving message (``seg.*``), what an observer sees of
the rest (``sight.*``), and a number drawn. Where a component takes messages from, and where it
sends them, is a *port*: a component with several links has several. Two more kinds of step are
the links' and time's:

* a message may be lost; one that is delivered may stay in flight as well (a duplicate);
* a tick counts down every message's ``ttl`` (at 1 it is gone) and makes the tick's tree of
  every component; it is no step where ``tick_blocked`` holds of a component or where nothing
  would change.

A message sent is added to the bag of its link unless that has ``capacity`` messages already or
all bags together ``in_flight``; the message that is being delivered does not count unless it
stays. Bags have no order: a message that is there twice can be delivered or lost in one way.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checker.ir.nodes import Node
from checker.ir.schema import Field
from checker.ir.tracing import Leaf, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component; fields that never change are left out. Without a ``tick`` time does nothing.

    ``tick_blocked``, over ``me.*``: time must not go on before the component acts.
    """

    name: str
    fields: Sequence[Field]
    initial: Mapping[str, Any]
    tick: Tree | None = None
    tick_blocked: Node | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """A component's place on the links, all by number.

    It takes the messages of one link (None: of none). What it sends first goes on the first of
    ``sends``, the second message on the second, and all further ones on the last.
    """

    component: int
    takes: int | None
    sends: tuple[int, ...]

    def out(self, n: int) -> int:
        """The link of the n-th message that is sent in one step, from 0."""
        return self.sends[min(n, len(self.sends) - 1)]


@dataclass(frozen=True, slots=True)
class View:
    """What there is to see at a port: the component at the other end, and the links to and fro."""

    peer: int
    out: int
    in_: int


@dataclass(frozen=True, slots=True)
class Kind:
    """One input: its tree, whether it delivers a message, and at which ports it may happen.

    ``injects``: it delivers a message that nobody has sent, of which nothing is known.
    The components of its ports have the same fields. Leaves' ``static`` has ``possible``, ``sent``
    (how many messages are sent), ``drew`` and ``rules``; the outputs are the component's fields,
    then those of each message.
    """

    name: str
    tree: Tree
    delivers: bool
    ports: tuple[int, ...] = ()
    injects: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """A number that some steps draw.

    ``name`` is the variable's, ``counter`` the field that counts how often a component drew.
    ``offers`` tells what may be drawn: the values that go with the first guard, over ``me.*``,
    that holds. A path that draws is a step for each of the values, any other is one.
    """

    name: str
    counter: str
    offers: Sequence[tuple[Node, tuple[int, ...]]]


@dataclass(slots=True, kw_only=True)
class Composition:
    """Components and the links between them, as above; a link is (sender, receiver).

    ``sight`` is of an observer, if there is one: the value of variables that depend on more than
    the component and the message. It looks along the port: a node for each variable, over ``me.*``,
    ``peer.*``, the component that the port's first link leads to, and the slots of the bags of that
    link and of the one taken from, ``out<i>.*`` and ``in<i>.*``, with ``.present``.
    """

    components: Sequence[Component]
    links: Sequence[tuple[int, int]]
    ports: Sequence[Port]
    message_fields: Sequence[Field]
    kinds: Sequence[Kind]
    ttl: str | None = None  # the message field that a tick counts down
    sight: Mapping[str, Node] = field(default_factory=dict)
    draw: Draw | None = None
    capacity: int  # messages on one link
    in_flight: int  # messages on all links
    duplicate: bool
    lose: bool

    def __post_init__(self) -> None:
        for port in self.ports:
            ends = [self.links[n][0] for n in port.sends]
            ends += [] if port.takes is None else [self.links[port.takes][1]]
            if any(end != port.component for end in ends):
                raise ValueError(f"{port} has links of another component")
            if self.sight and (port.takes is None or not port.sends):
                raise ValueError(f"an observer needs a link to and fro, not {port}")
        if not {*range(len(self.links))} <= {port.takes for port in self.ports}:
            raise ValueError("there are links that no port takes from")
        for kind in self.kinds:
            ports = [self.ports[n] for n in kind.ports]
            if any(kind.delivers and port.takes is None for port in ports):
                raise ValueError(f"{kind.name} delivers at a port that takes nothing")
            if len({tuple(self.components[port.component].fields) for port in ports}) > 1:
                raise ValueError(f"{kind.name} befalls components of different fields")
            if most_sent(kind.tree) and not all(port.sends for port in ports):
                raise ValueError(f"{kind.name} sends at a port that has no link for it")

    @property
    def timed(self) -> bool:
        """Is there a tick?"""
        return self.ttl is not None or any(c.tick is not None for c in self.components)

    def link(self, number: int) -> str:
        """The name of a link: those of its ends, and a number if others join the same."""
        names = [f"{self.components[s].name}_to_{self.components[r].name}" for s, r in self.links]
        same = [n for n, name in enumerate(names) if name == names[number]]
        return names[number] + (f"_{same.index(number) + 1}" if len(same) > 1 else "")

    def fields_of(self, kind: Kind) -> Sequence[Field]:
        """The fields of the components that ``kind`` may befall."""
        return self.components[self.ports[kind.ports[0]].component].fields

    def places(self) -> Iterator[tuple[str, Field]]:
        """The fields of all components, each with its component's name before it."""
        for component in self.components:
            for f in component.fields:
                yield f"{component.name}.{f.path}", f

    def view(self, port: Port) -> View:
        """What an observer at ``port`` looks at."""
        assert port.takes is not None
        return View(self.links[port.out(0)][1], port.out(0), port.takes)


def most_sent(tree: Tree) -> int:
    """How many messages a tree sends at most."""
    if isinstance(tree, Leaf):
        return int(tree.static.sent) if tree.static.possible else 0
    return max(most_sent(tree.then), most_sent(tree.other))
