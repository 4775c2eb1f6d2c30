"""What there is to prove of what happens in the end.

A statement may claim that what is true of an end does not last (``response``), or that nothing is
sent any more where nobody acts (``silence``). Of each end a natural number is ``left``.

A run in which what is claimed to end goes on for ever is excluded, since of such a run, for
whichever end ``me`` is:

* *states*: in each state in which it is true one of the stages holds;
* each step, of either end, ends it, or makes the number of who acts smaller; or keeps that number
  and all stages that hold. So from some step on no number changes, and a stage goes on for ever;
* in a stage, the action of its end makes a number smaller, or sends what is ``heard`` first; who
  hears that sends what is heard next, and so on; what is heard last leaves no way but to make a
  number smaller, or to end what is claimed to end;
* what is true of a message that is heard stays true of it;
* no path that is impossible is taken by who has to act in a stage, or by who hears.

What is assumed: an action that an end could take all the time it takes again and again (weak
fairness), and a message that is sent for ever is delivered again and again (a fair-lossy channel).
There are finitely many values of a message, so that of those which are sent again and again one has
the same value.

For ``silence`` there are deliveries only: each makes a number smaller, or keeps it, answers with
messages that weigh less than what was delivered, and makes none heavier. What is in flight is a
multiset, which falls; each message is delivered finitely often.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from proofs.recheck.statement import ME, PEER, Response, Row, Silence, Stage, Statement
from proofs.recheck.terms import (
    FALSE,
    TRUE,
    Function,
    Place,
    Term,
    and_,
    compare,
    implies,
    not_,
    or_,
)

Memories = Mapping[str, Callable[[str], Function]]


@dataclass(frozen=True, slots=True)
class State:
    """Both ends and their memories, before a step or after it."""

    ends: Mapping[str, Row]
    memories: Memories


Look = Callable[[State, str, Row | None], Place]
"""Where a term is worked out: in a state, for an end, with a message."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step of x: the states, what x has sent, what arrived, one arbitrary message of each end."""

    action: str
    delivers: bool
    before: State
    after: State
    sent: Sequence[Row]
    arriving: Row
    other: Mapping[str, Row]


class Ending:
    """What is claimed to end in a statement; ``look`` works out terms."""

    def __init__(self, made: Statement, look: Look) -> None:
        self.made, self.look = made, look

    def _true(self, term: Term, at: State, me: str, message: Row | None = None) -> Term:
        return self.look(at, me, message).of(term)

    def stages(self, now: State) -> Iterator[tuple[str, Callable[[], Term]]]:
        """Of each claim, that one of its stages holds."""
        for one in self.made.responses:
            yield one.name, lambda one=one: self._covered(one, now)  # type: ignore[misc]

    def _covered(self, one: Response, now: State) -> Term:
        found = or_(*(self._true(stage.holds, now, "x") for stage in one.stages))
        return implies(self._true(one.leads, now, "x"), found)

    def refused(
        self, action: str, delivers: bool, now: State, arriving: Row
    ) -> Iterator[tuple[str, Callable[[], Term]]]:
        """Of each claim, that an impossible path is not taken where it must not be."""
        for one in self.made.responses:
            if delivers or any(stage.action == action for stage in one.stages):
                yield (
                    one.name,
                    lambda one=one: self._enabled(one, action, delivers, now, arriving),  # type: ignore[misc]
                )

    def _enabled(
        self, one: Response, action: str, delivers: bool, now: State, arriving: Row
    ) -> Term:
        parts = []
        for me in "xy":
            acts = _acts(me)
            for stage in one.stages:
                here = and_(self._true(one.leads, now, me), self._true(stage.holds, now, me))
                if stage.action == action and stage.by == acts:
                    parts.append(not_(here))
                for n, heard in enumerate(stage.heard if delivers else ()):
                    if stage.sender(n) != acts:
                        parts.append(not_(and_(here, self._true(heard.term, now, me, arriving))))
        return and_(*parts)

    def step(self, taken: Taken) -> Iterator[tuple[str, Callable[[], Term]]]:
        """Of each claim, what a step has to do with it."""
        for one in self.made.responses:
            yield one.name, lambda one=one: self._goes_on(one, taken)  # type: ignore[misc]
        for quiet in self.made.silences if taken.delivers else ():
            yield quiet.name, lambda quiet=quiet: self._lighter(quiet, taken)  # type: ignore[misc]

    def _falls(self, taken: Taken) -> tuple[Term, Term]:
        """The number of who acts gets smaller; it stays."""
        assert self.made.left is not None
        was = self._true(self.made.left, taken.before, "x")
        now = self._true(self.made.left, taken.after, "x")
        return compare("<", now, was), compare("=", now, was)

    def _goes_on(self, one: Response, taken: Taken) -> Term:
        falls, stays = self._falls(taken)
        parts = []
        for me in "xy":
            goes = [
                implies(
                    self._true(stage.holds, taken.before, me),
                    and_(
                        self._true(stage.holds, taken.after, me),
                        *self._helps(stage, taken, me),
                        *self._keeps(stage, taken, me),
                    ),
                )
                for stage in one.stages
            ]
            parts.append(
                or_(
                    not_(self._true(one.leads, taken.before, me)),
                    not_(self._true(one.leads, taken.after, me)),
                    falls,
                    and_(stays, *goes),
                )
            )
        return and_(*parts)

    def _helps(self, stage: Stage, taken: Taken, me: str) -> Iterator[Term]:
        acts = _acts(me)
        if taken.action == stage.action and stage.by == acts:
            yield self._sends(stage, 0, taken, me)
        for n, heard in enumerate(stage.heard if taken.delivers else ()):
            if stage.sender(n) != acts:
                is_it = self._true(heard.term, taken.before, me, taken.arriving)
                yield implies(is_it, self._sends(stage, n + 1, taken, me))

    def _sends(self, stage: Stage, n: int, taken: Taken, me: str) -> Term:
        """Number ``n`` of what is heard is sent; after the last there is nothing to send."""
        if n == len(stage.heard):
            return FALSE
        heard = stage.heard[n].term
        return or_(*(self._true(heard, taken.after, me, row) for row in taken.sent))

    def _keeps(self, stage: Stage, taken: Taken, me: str) -> Iterator[Term]:
        for n, heard in enumerate(stage.heard):
            other = taken.other[me if stage.sender(n) == ME else _other(me)]
            was = and_(other.get("present", TRUE), self._true(heard.term, taken.before, me, other))
            yield implies(was, self._true(heard.term, taken.after, me, other))

    def _lighter(self, one: Silence, taken: Taken) -> Term:
        falls, stays = self._falls(taken)
        weight = self._true(one.weight, taken.before, "y", taken.arriving)
        parts = [
            compare("<", self._true(one.weight, taken.after, "x", row), weight)
            for row in taken.sent
        ]
        for h, row in taken.other.items():
            was = self._true(one.weight, taken.before, h, row)
            now = self._true(one.weight, taken.after, h, row)
            parts.append(implies(row.get("present", TRUE), compare("<=", now, was)))
        return or_(falls, and_(stays, *parts))


def _acts(me: str) -> str:
    """Who x is, which acts, where ``me`` is x or y."""
    return ME if me == "x" else PEER


def _other(me: str) -> str:
    return "y" if me == "x" else "x"
