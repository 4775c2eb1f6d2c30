"""Response: what begins comes to an end, whatever is lost, as long as who should act goes on to.

``induction`` shows what no step can do. Here a theory also says that something does not last, and
why: by a natural number of each end, ``left``, that no step makes greater, and by *stages*. From
some step on neither number falls any more. A run in which what ``leads`` says of an end goes on for
ever is excluded if, in all states that the clauses allow,

* where ``leads`` is true one of the stages is under way (``Lively.stages``);
* it stays so at each step, unless ``leads`` ends, or a number falls;
* in a stage its action can be taken by its end: no path that is impossible is taken there;
* the action makes a number fall, or sends a message of which ``heard[0]`` is true; and whoever
  hears that, as can be, makes a number fall, or sends one of which ``heard[1]`` is true; and so on;
* the last of them makes a number fall, or ends what ``leads`` says;
* what is true of a message stays true of it as long as the stage goes on.

For an action that can be taken all the time is taken again and again, by weak fairness; so a
message is sent again and again, and, since there are finitely many values, one of the same value;
by the fair-lossy channel, it is heard.

Of each step of an end these are one question for each claim, over the state before and after: so
every premise is free of quantifiers, and clauses are hypotheses as they are in ``induction``.

``Silence``: where nobody acts, messages that arrive are all that happens. If each has a weight, a
natural number, and is answered by lighter ones, or makes a number fall, and if no weight rises
meanwhile, what is in flight falls as a multiset (Dershowitz and Manna 1979). So only finitely many
are sent, if each has finitely many copies.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import z3

from checker.engines.solver import smt
from checker.engines.solver.induction import (
    PATH,
    Clause,
    Obligation,
    Prover,
    Row,
    Step,
    Theory,
    steps_of,
)
from checker.engines.solver.smt import Term
from checker.ir.nodes import Sort

ME, PEER = "me", "peer"
STATES = "states"
"""In place of an action: what is shown of every state."""
NUMBER = Sort("int", 0, 255)
"""Of what is left, and of weights."""


@dataclass(frozen=True, slots=True)
class Stage:
    """While ``holds``, the end ``by`` goes on to take ``action``, and what is ``heard`` ends it."""

    holds: Clause
    by: str
    action: str
    heard: tuple[Clause, ...] = ()

    def sender(self, n: int) -> str:
        """Who sends what is heard as number ``n``: the ends take turns."""
        return self.by if n % 2 == 0 else ME if self.by == PEER else PEER


@dataclass(frozen=True, slots=True)
class Response:
    """What ``leads`` says does not last."""

    leads: Clause
    stages: tuple[Stage, ...]

    @property
    def name(self) -> str:
        """That of the claim."""
        return self.leads.name


@dataclass(frozen=True, slots=True)
class Silence:
    """There is an end to what is sent where nobody acts."""

    weight: Clause

    @property
    def name(self) -> str:
        """That of the claim."""
        return self.weight.name


@dataclass(slots=True, kw_only=True)
class Lively(Theory):
    """A theory of which something is claimed that happens in the end. ``left`` reads one end."""

    left: Clause
    responses: tuple[Response, ...] = ()
    silences: tuple[Silence, ...] = ()

    @property
    def lively(self) -> tuple[str, ...]:
        """The claims, by name."""
        return (*(one.name for one in self.responses), *(one.name for one in self.silences))

    @property
    def parts(self) -> list[Clause]:
        """All that is said beside clauses."""
        found = [self.left, *(one.weight for one in self.silences)]
        for one in self.responses:
            found.append(one.leads)
            for stage in one.stages:
                found += [stage.holds, *stage.heard]
        return list({(part.name, part.where): part for part in found}.values())


@dataclass(frozen=True, slots=True)
class _State:
    """Both ends and their memories, before a step or after it."""

    ends: Mapping[str, Row]
    memories: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step of x: the states, what was sent, and what arrived."""

    step: Step
    before: _State
    after: _State
    sent: Sequence[Row]


class LivelyProver(Prover):
    """... and its further obligations."""

    def __init__(self, theory: Lively, timeout: float = 10.0, least: bool = False) -> None:
        super().__init__(theory, timeout, least)
        self.lively = theory
        from checker.engines.solver.induction import _reads

        self._reads |= {one.name: _reads(one) for one in theory.parts}

    # Looking at a state

    def _true(self, part: Clause, at: _State, me: str, seg: Row | None = None) -> Term:
        """Is it true, where ``me`` is x or y?"""
        return self._said(part, *_seen(at, me), seg)

    def _number(self, part: Clause, at: _State, me: str, seg: Row | None = None) -> Term:
        terms = self._terms(*_seen(at, me), seg)
        (term,) = smt.row_of(part.tree, terms, lambda leaf: [terms.sized(leaf.outputs[0], NUMBER)])
        return term

    # Obligations

    def stages(self) -> Iterator[Obligation]:
        """In every state in which something is to end one of the stages is under way."""
        for one in self.lively.responses:
            self._looked = {}
            now = self._now()
            goal = z3.Implies(
                self._true(one.leads, now, "x"),
                z3.Or([self._true(stage.holds, now, "x") for stage in one.stages]),
            )
            asking = self._asking(self.hypotheses([]))
            asking.add(*self.numbers())
            yield asking.prove(Obligation(STATES, 0, one.name, where=one.leads.where), [goal])

    def _now(self) -> _State:
        return _State(self.ends, {h: self._before(h) for h in "xy"})

    def ending(self, step: Step) -> Iterator[Obligation]:
        """What one path of an action has to do with what ends; nothing, if it is never taken."""
        t = self.lively
        self._looked = {}
        possible = step.leaf.static.possible
        asked = [
            one
            for one in t.responses
            if possible or step.delivers or any(s.action == step.action for s in one.stages)
        ]
        quiet = t.silences if possible and step.delivers else ()
        if not asked and not quiet:
            return
        terms = self._step_terms(step)
        tests = {
            f"{PATH}{i}: {where}": terms.of(test) if answer else z3.Not(terms.of(test))
            for i, (test, answer, where) in enumerate(step.tests)
        }
        self._look(terms, [test for test, _, _ in step.tests])
        before = [("other", h, self.other[h]) for h in "xy"]
        before += [("seen", h, self.seen[h]) for h in "xy" if self._sees(step)]
        if step.delivers:
            before.append(("arriving", "y", self.arriving))
        asking = self._asking(tests | self.hypotheses(before))
        if self.taken.get((step.action, step.path)) == "never":
            return
        rules = tuple(map(str, step.leaf.static.rules))
        now = self._now()
        goals: dict[str, Term] = {}
        if possible:
            row, sent = self._outcome(step, terms)
            self._look(terms, step.leaf.outputs)
            after = _State(
                {"x": row, "y": self.ends["y"]},
                {"x": self._after("x", row), "y": self._before("y")},
            )
            taken = _Taken(step, now, after, sent)
            goals |= {one.name: self._goes_on(one, taken) for one in asked}
            goals |= {one.name: self._lighter(one, taken) for one in quiet}
        else:
            goals |= {one.name: self._enabled(one, step, now) for one in asked}
        asking.add(*self.numbers())
        for name, goal in goals.items():
            what = Obligation(step.action, step.path, name, rules, step.where)
            yield asking.prove(what, [goal])

    def _goes_on(self, one: Response, taken: _Taken) -> Term:
        """... whichever end it is said of: it ends, a number falls, or each stage goes on."""
        before, after = taken.before, taken.after
        was = self._number(self.lively.left, before, "x")
        now = self._number(self.lively.left, after, "x")
        parts = []
        for me in "xy":
            goes = [
                z3.Implies(
                    self._true(stage.holds, before, me),
                    z3.And(
                        self._true(stage.holds, after, me),
                        *self._helps(stage, taken, me),
                        *self._keeps(stage, taken, me),
                    ),
                )
                for stage in one.stages
            ]
            parts.append(
                z3.Implies(
                    self._true(one.leads, before, me),
                    z3.Or(
                        z3.Not(self._true(one.leads, after, me)),
                        z3.ULT(now, was),
                        z3.And(now == was, *goes),
                    ),
                )
            )
        return z3.simplify(z3.And(parts))

    def _helps(self, stage: Stage, taken: _Taken, me: str) -> Iterator[Term]:
        """What the action sends is heard, what is heard is answered; what is heard last may not
        come to this, since it has to make a number fall."""
        acts = ME if me == "x" else PEER
        if taken.step.action == stage.action and stage.by == acts:
            yield self._sends(stage, 0, taken, me)
        for n, heard in enumerate(stage.heard if taken.step.delivers else ()):
            if stage.sender(n) != acts:
                yield z3.Implies(
                    self._true(heard, taken.before, me, self.arriving),
                    self._sends(stage, n + 1, taken, me),
                )

    def _sends(self, stage: Stage, n: int, taken: _Taken, me: str) -> Term:
        if n == len(stage.heard):
            return z3.BoolVal(False)
        return z3.Or(
            [self._true(stage.heard[n], taken.after, me, message) for message in taken.sent]
        )

    def _keeps(self, stage: Stage, taken: _Taken, me: str) -> Iterator[Term]:
        """What is true of a message stays true of it."""
        for n, heard in enumerate(stage.heard):
            other = self.other["x" if (stage.sender(n) == ME) == (me == "x") else "y"]
            yield z3.Implies(
                z3.And(other["present"], self._true(heard, taken.before, me, other)),
                self._true(heard, taken.after, me, other),
            )

    def _enabled(self, one: Response, step: Step, now: _State) -> Term:
        """A path that is impossible is not taken in a stage that needs the action, or to hear."""
        parts = []
        for me in "xy":
            acts = ME if me == "x" else PEER
            for stage in one.stages:
                under_way = z3.And(self._true(one.leads, now, me), self._true(stage.holds, now, me))
                if step.action == stage.action and stage.by == acts:
                    parts.append(z3.Not(under_way))
                for n, heard in enumerate(stage.heard if step.delivers else ()):
                    if stage.sender(n) != acts:
                        parts.append(
                            z3.Not(z3.And(under_way, self._true(heard, now, me, self.arriving)))
                        )
        return z3.simplify(z3.And(parts))

    def _lighter(self, one: Silence, taken: _Taken) -> Term:
        """What arrives is answered by what weighs less, and nothing gets heavier; or a number
        falls."""
        before, after = taken.before, taken.after
        was = self._number(self.lively.left, before, "x")
        now = self._number(self.lively.left, after, "x")
        weight = self._number(one.weight, before, "y", self.arriving)
        lighter = [
            z3.ULT(self._number(one.weight, after, "x", message), weight) for message in taken.sent
        ]
        for h in "xy":
            other = self.other[h]
            lighter.append(
                z3.Implies(
                    other["present"],
                    z3.ULE(
                        self._number(one.weight, after, h, other),
                        self._number(one.weight, before, h, other),
                    ),
                )
            )
        return z3.simplify(z3.Or(z3.ULT(now, was), z3.And(now == was, *lighter)))


def _seen(at: _State, me: str) -> tuple[Row, Row, Any, Any]:
    other = "y" if me == "x" else "x"
    return at.ends[me], at.ends[other], at.memories[me], at.memories[other]


def paths(theory: Theory) -> Iterator[Step]:
    """All paths of all actions, impossible ones included; those of actions with few first."""
    actions = [[*steps_of(kind)] for kind in theory.kinds]
    for steps in sorted(actions, key=len):
        yield from steps


def prover_of(theory: Theory, timeout: float, least: bool = False) -> Prover:
    """The prover of a theory."""
    if isinstance(theory, Lively):
        return LivelyProver(theory, timeout, least)
    return Prover(theory, timeout, least)


def in_the_end(prover: Prover, step: Step | None = None) -> Iterator[Obligation]:
    """What there is to prove of a path, or of all states, if something is claimed that happens in
    the end."""
    if isinstance(prover, LivelyProver):
        yield from prover.stages() if step is None else prover.ending(step)
