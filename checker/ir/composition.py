"""Compositions: two components joined by bags of messages, each component's steps a tree.

What every engine and export that works on trees is given. A component is a state (a row of
fields); a bag holds the messages in flight from one component to the other; for every input that
may befall a component there is its decision tree, whose variables are the acting component's
fields (``me.*``), those of the arriving message (``seg.*``), of what it sees of the rest
(``sight.*``), and a number drawn (``isn``). Two more kinds of step are the channel's and time's:

* a message may be lost; one that is delivered may stay in flight as well (a duplicate);
* a tick counts down every message's ``ttl`` (at 1 it is gone) and makes the tick's tree of
  both components; it is no step where ``tick_blocked`` holds of a component or where nothing
  would change.

A message sent is added to the outgoing bag unless that has ``capacity`` messages already or both
bags together ``in_flight``; the message that is being delivered does not count unless it
stays. Bags have no order: a message that is there twice can be delivered or lost in one way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checker.ir.nodes import Node
from checker.ir.schema import Field
from checker.ir.tracing import Tree


@dataclass(frozen=True, slots=True)
class Kind:
    """One input: its tree, whom it may befall, and whether it delivers a message.

    Leaves' ``static`` has ``possible``, ``sent`` (how many messages are sent), ``drew_isn`` and
    ``rules``; the outputs are the component's fields, then those of each message.
    """

    name: str
    tree: Tree
    components: tuple[int, ...]
    delivers: bool


@dataclass(slots=True, kw_only=True)
class Composition:
    """Two components and their bags, as above. Fields not listed are constant and left out.

    ``sight`` gives the value of variables that depend on the whole state: a node for each, over
    ``me.*``, ``peer.*``, ``out<i>.*`` and ``in<i>.*``, the slots of the bags, with ``.present``.
    ``isn_paths`` are the name of the variable that is drawn and the field that counts how
    often. ``offers`` tells what may be drawn: the values that go with the first guard, over
    ``me.*``, that holds. A path that draws is a step for each of the values, any other is one.
    """

    fields: list[Field]
    message_fields: list[Field]
    initial: dict[str, Any]
    kinds: list[Kind]
    tick: Tree | None
    tick_blocked: Node | None  # over ``me.*``: time must not go on before it acts
    ttl: str | None  # the message field that a tick counts down
    sight: Mapping[str, Node]
    isn_paths: tuple[str, str]
    offers: Sequence[tuple[Node, tuple[int, ...]]]
    capacity: int
    in_flight: int
    duplicate: bool
    lose: bool
