"""Claims of liveness under fairness, on the graph of all reachable states: the theory.

A run may stop only where nothing that must happen can: every state has, besides its steps, a step
to itself that does nothing (*stuttering*). What must happen is said by assumptions of *fairness*
on infinite runs, each about a set of steps, its *action*:

* ``weak``: an action that can be taken from some point on is taken infinitely often, or there are
  infinitely many states where it cannot be taken;
* ``strong``: an action that can be taken in infinitely many states is taken infinitely often;
* ``answered``: if steps of one set (``when``) are taken infinitely often, then so are those of
  another (``then``), whether these can be taken or not.

An assumption stands for one for each *key* of its steps, such as the host, or the message.

The states and steps that a run passes infinitely often lie in one strongly connected component of
the graph. So a fair run that avoids a set of states for ever exists if, and only if, without these
states a *fair component* can be reached: a strongly connected set of states and steps in which
every assumption is met. All of them are found by taking components apart (Emerson and Lei 1987):
an assumption that is not met in a component is not met in any part of it either, unless the
part does not call for it. Where ``strong`` fails, the states where its action can be taken go;
where ``answered`` fails, the steps that ask go; where ``weak`` fails, all of it goes. What is left
falls into components again.

A claim says: from every state where ``leads`` holds, each fair run comes to a state where ``goal``
holds. A counterexample is a lasso: a stem, which is the shortest, and a loop, which may be empty
(the run stops).

Assumptions can be too strong. ``weak`` and ``strong`` leave a fair run from every state (they are
*machine closed*). ``answered`` need not, since it may require something impossible. A claim about
states that no fair run passes would be true without meaning anything. So a claim is *infeasible* if
there is a state from which no run goes on fairly, and *vacuous* if no fair run passes a state where
``leads`` holds.

The graph may be that of a system within bounds, which refuse steps that the system has. A run of
the graph is a run of the system, and equally fair, as long as no weak or strong assumption is about
a step that is refused. So a lasso of the graph is a lasso of the system, whatever else is refused,
and every run of the graph is judged. But ``answered`` may require a step that is refused, and then
a fair run has to leave the bounds. States where a step that may be required is refused are ``cut``.
If no run goes on fairly from a state, but one goes on to such a state, the assumptions are not too
strong. Nothing is then known about the runs from there, and the number of such states is reported.

``reference`` decides with networkx, on steps that are objects; ``native`` does the same on arrays.
``lasso`` finds stems and loops for both, so their lassos are the same.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Keys = Callable[[Any], Collection[Hashable]]
"""The keys of a label, none if the step is not of the action."""
Duty = tuple[int, Hashable]
"""One assumption: its place among those given, and its key."""

WEAK, STRONG, ANSWERED, ENDLESS = "weak", "strong", "answered", "endless"
"""``ENDLESS`` is no assumption but what a counterexample shows: an action that never ends."""

HOLDS, VIOLATED, VACUOUS, INFEASIBLE = "holds", "violated", "vacuous", "infeasible"
VERDICTS = (VIOLATED, INFEASIBLE, VACUOUS, HOLDS)
"""The worst first."""


def _nothing(_label: Any) -> Collection[Hashable]:
    return ()


@dataclass(frozen=True, slots=True)
class Fair:
    """Assumptions of fairness of one kind; ``when`` is for ``answered`` only."""

    kind: str
    then: Keys
    when: Keys = _nothing


@dataclass(frozen=True)
class Question:
    """A claim, as above. ``done`` are steps that count as the goal; if ``through`` is given, only
    runs that take such steps infinitely often are counterexamples."""

    fair: tuple[Fair, ...]
    leads: Callable[[Any], bool]
    goal: Callable[[Any], bool]
    cut: Callable[[Any], bool] = lambda _state: False
    done: Callable[[Any], bool] = lambda _label: False
    through: Callable[[Any], bool] | None = None

    @cached_property
    def demands(self) -> tuple[Fair, ...]:
        """What the loop of a counterexample meets."""
        through = self.through
        if through is None:
            return self.fair
        return (*self.fair, Fair(ENDLESS, lambda label: (None,) if through(label) else ()))


@dataclass(slots=True)
class Decision:
    """What was found. Of a violation: how far a state is from a fair component of the runs that
    avoid the goal (-1: none can be reached), before and after ``leads`` was met; which component it
    is in (-1: none); and the assumptions whose action is taken in each component."""

    verdict: str
    leading: int  # states where ``leads`` holds and ``goal`` does not
    cut: int  # states from which fair runs go on out of the bounds only
    stuck: int  # states from which no run goes on fairly at all
    far: Callable[[Any, bool], int] = lambda _state, _pending: -1
    component: Callable[[Any], int] = lambda _state: -1
    answered: Sequence[Collection[Duty]] = field(default_factory=list)


def verdict(bad: bool, stuck: int, led: bool) -> str:
    """A lasso is a lasso; without one, was there anything that could be one?"""
    if bad:
        return VIOLATED
    if stuck:
        return INFEASIBLE
    return HOLDS if led else VACUOUS
