"""Runs that together take every transition that a stack can be driven through.

A *plan* is one connection's life, from CLOSED: a path in the machine. It is found greedily: go to
the nearest transition that no plan has taken yet, over shortest paths, and only when none is left
that the connection survives, end with one that it does not. So there are about as many plans as
there are ways to end, which is the least possible. A plan has at most ``LENGTH`` steps before it is
ended: what a timer sends by itself would come in between.

A *departure* is a known difference between a stack and the rules, with what the stack does
instead. A plan may take it; if the stack then is in another state, it is the plan's last step.
"""

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from checker.stacks.generate.hindrance import IN_REAL_TIME, Can, hindrance
from checker.stacks.generate.machine import SEQ, Edge, Machine, Transition, closes_socket
from checker.stacks.profile import Departure, Outcome
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State
from spec.world.records import key

LENGTH = 40
DEPARTS = "the stack departs on the way: "
"""Why a transition is not reached, before the departure's name."""


class Step(NamedTuple):
    """One step of a plan: an edge, and the departure that is allowed for, with its outcome."""

    edge: Edge
    departure: Departure | None = None
    outcome: Outcome | None = None

    @property
    def sent(self) -> tuple[Segment, ...]:
        """What is expected to be sent."""
        if self.outcome is not None and self.outcome.sent is not None:
            return self.outcome.sent(self.edge)
        return self.edge.sent

    @property
    def after(self) -> State:
        """The state that is expected."""
        if self.outcome is not None and self.outcome.after is not None:
            return self.outcome.after
        return self.edge.after.state

    @property
    def elsewhere(self) -> bool:
        """Is the stack then expected to be elsewhere than the specification?"""
        outcome = self.outcome
        return outcome is not None and (
            outcome.after is not None or outcome.elsewhere or outcome.dies or outcome.anything
        )


@dataclass(slots=True)
class Plan:
    """One connection's life; ``wrong`` is for a negative control, and must be noticed."""

    name: str
    steps: list[Step]
    wrong: State | None = None  # claimed after the last step, in place of the true one
    control: bool = False  # its last step is wrong, and must be noticed


@dataclass(slots=True)
class Plans:
    """The plans, what they cover, and what no plan can."""

    plans: list[Plan]
    covered: list[Transition]
    hindered: dict[Transition, str]  # with the reason
    total: int = 0


_NOWHERE = (State.CLOSED, State.LISTEN)


class Node(NamedTuple):
    """Where a plan is: the TCB, and whether the user has closed the socket."""

    tcb: tuple[Any, ...]
    gone: bool = False


class Arc(NamedTuple):
    """An edge from a node, and what is known of it."""

    step: Step
    hindrance: str
    ends: bool  # it is a plan's last step
    there: int  # number of the node that it leads to


@dataclass(slots=True)
class Planner:
    """The machine, and what is known of the stack and of what runs the plans."""

    machine: Machine
    departures: tuple[Departure, ...] = ()
    can: Can = IN_REAL_TIME
    hindrance: Callable[[Edge], str] = lambda _: ""  # of the tool that runs the plans
    blocked: frozenset[Transition] = frozenset()
    graph: list[list[Arc]] = field(init=False, repr=False)  # by number; 0 is CLOSED

    def __post_init__(self) -> None:
        nodes = [Node(self.machine.start)]
        numbers = {nodes[0]: 0}
        self.graph = []
        for at in nodes:  # grows meanwhile
            self.graph.append([])
            for edge in self.machine.edges[at.tcb]:
                there = _next(at, edge)
                if there not in numbers:
                    numbers[there] = len(nodes)
                    nodes.append(there)
                self.graph[-1].append(self._arc(edge, at.gone, numbers[there]))

    def _arc(self, edge: Edge, gone: bool, there: int) -> Arc:
        step = Step(edge)
        for each in self.departures:
            if (outcome := each.outcome(edge, gone, self.machine.rules)) is not None:
                step = Step(edge, each, outcome)
                break
        why = hindrance(edge, gone, self.can) or self.hindrance(edge)
        if not why and edge.transition in self.blocked:
            why = f"not as planned: {edge.transition}"
        return Arc(step, why, _ends(step), there)

    def plans(self, wanted: Iterable[Transition] | None = None) -> Plans:
        """Cover all transitions, or those ``wanted``."""
        every = self.machine.transitions()
        left = set(every if wanted is None else wanted)
        plans: list[Plan] = []
        covered: dict[Transition, None] = {}
        while steps := self._plan(left):
            for step in steps:
                left.discard(step.edge.transition)
                covered[step.edge.transition] = None
            plans.append(Plan(_name(len(plans) + 1, steps), steps))
        reasons = self._reasons()
        return Plans(plans, list(covered), {t: reasons[t] for t in every if t in left}, len(every))

    def _plan(self, wanted: set[Transition]) -> list[Step]:
        """One connection's life that takes some of ``wanted``; empty if none can be reached."""
        left = set(wanted)
        steps: list[Step] = []
        at = 0
        while True:
            way = self._way(at, left, True) if len(steps) < LENGTH else None
            way = way or self._way(at, left, False)
            if way is None:
                return steps if any(s.edge.transition in wanted for s in steps) else []
            for arc in way:
                steps.append(arc.step)
                left.discard(arc.step.edge.transition)
                if arc.ends:
                    return steps
                at = arc.there

    def _way(self, start: int, wanted: set[Transition], lasting: bool) -> list[Arc] | None:
        """The shortest way to take one of ``wanted`` and, if ``lasting``, to go on after it."""
        came: dict[int, tuple[int, Arc] | None] = {start: None}
        todo = deque([start])
        while todo:
            at = todo.popleft()
            for arc in self.graph[at]:
                if arc.hindrance:
                    continue
                if arc.step.edge.transition in wanted and not (lasting and arc.ends):
                    return [*_back(came, at), arc]
                if not arc.ends and arc.there not in came:
                    came[arc.there] = (at, arc)
                    todo.append(arc.there)
        return None

    def _reasons(self) -> dict[Transition, str]:
        """Why each transition is not taken: what hinders it, or the way to it; empty: nothing."""
        came = {0: ""}
        todo = deque(came)
        found: dict[Transition, str] = {}
        while todo:
            at = todo.popleft()
            for arc in self.graph[at]:
                why, transition = came[at] or arc.hindrance, arc.step.edge.transition
                if not why or transition not in found:
                    found[transition] = why
                departure = arc.step.departure
                if not why and departure is not None and arc.step.elsewhere:
                    why = DEPARTS + departure.name
                if arc.there not in came or (came[arc.there] and not why):
                    came[arc.there] = why
                    # What is free of hindrance comes first, and decides.
                    if why:
                        todo.append(arc.there)
                    else:
                        todo.appendleft(arc.there)
        return found


def _ends(step: Step) -> bool:
    """Is it a plan's last step?

    The connection is over with it, or the stack elsewhere than the specification, or has
    retransmitted, and its congestion control may hold back what comes next.
    """
    edge = step.edge
    begun = edge.before.state not in _NOWHERE
    return (
        (edge.after.state in _NOWHERE and begun)
        or (edge.before.state, edge.after.state) == (State.LISTEN, State.CLOSED)
        or step.elsewhere
        or edge.what == Input.RETRANSMISSION_TIMEOUT
    )


def _next(at: Node, edge: Edge) -> Node:
    closed = edge.after.state == State.CLOSED
    return Node(key(edge.after), not closed and (at.gone or closes_socket(edge)))


def _back(came: dict[int, tuple[int, Arc] | None], at: int) -> list[Arc]:
    way: list[Arc] = []
    while (last := came[at]) is not None:
        at, arc = last
        way.append(arc)
    return way[::-1]


def _name(number: int, steps: list[Step]) -> str:
    """``07-last-ack-rcv-rst``: where the last step started, and what it was."""
    last = steps[-1].edge.transition
    words = f"{last.before.value} {last.event}".lower()
    return f"{number:02}-" + "-".join("".join(c if c.isalnum() else " " for c in words).split())


# Negative controls


def controls(
    plans: Plans, asked: bool = True, good: Container[Transition] | None = None
) -> list[Plan]:
    """Plans with something wrong at the end, which must fail.

    Two claim a wrong state, one too early, one too late, if the stack can be ``asked`` for it; one
    claims an ACK of one number less. They are beginnings of ``plans`` that take only
    transitions that are ``good``: else something else could make them fail.
    """
    found = []
    ways = [steps for plan in plans.plans for steps in _beginnings(plan, good)]
    opening = [(early, State.ESTABLISHED) for early in (State.SYN_SENT, State.SYN_RECEIVED)]
    opened = [s for s in ways if _changes(s[-1]) in opening]
    closed = [s for s in ways if _changes(s[-1]) == (State.ESTABLISHED, State.CLOSE_WAIT)]
    if asked and opened:
        steps = min(opened, key=len)
        found.append(Plan("negative-handshake", steps, steps[-1].edge.before.state))
    if asked and closed:
        found.append(Plan("negative-close", min(closed, key=len), State.ESTABLISHED))
    if closed:
        *steps, last = min(closed, key=len)
        less = tuple(replace(seg, ack=SEQ.minus(seg.ack, 1)) for seg in last.sent)
        wrong = Step(last.edge, None, Outcome(lambda *_: True, lambda _: less, last.after))
        found.append(Plan("negative-answer", [*steps, wrong], control=True))
    return found


def _beginnings(plan: Plan, good: Container[Transition] | None) -> Iterator[list[Step]]:
    """The beginnings of a plan that end with a segment, as far as all is good."""
    for i, step in enumerate(plan.steps):
        if good is not None and step.edge.transition not in good:
            return
        if step.edge.what == Input.SEGMENT:
            yield plan.steps[: i + 1]


def _changes(step: Step) -> tuple[State, State]:
    return step.edge.before.state, step.after
