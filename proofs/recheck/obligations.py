"""What there is to prove of a statement, derived from the statement alone.

A clause is inductive if it holds at the start and, if all clauses hold before a step, after it. So,
for each theory:

* at the start, each clause: two ends as the statement has them, no message, nothing remembered;
* for each path of each action, that it is never taken (*never*), or: each clause after it, and that
  what an end keeps and sends is of its sort (*sorts*);
* the same of a tick;
* for each action, that the fields that are left out keep their values (*constants*);
* what ``proofs.recheck.response`` has of what happens in the end: of all *states*, of each path,
  and of each that is impossible.

Here x is the end that acts, and y the other; a clause about ``me`` and ``peer`` is shown both ways
round. A clause about messages is shown of what is sent and of one arbitrary message of each end,
which stands for all that are in flight; one about numbers, of an arbitrary number.

Supposed are instances: of the clauses about ends; of those about messages, for the one that
arrives, the arbitrary ones and those that are seen; of those about numbers, and of pairs, for the
numbers that something is looked up at. Which of them a proof needs is a matter of *hints*: names of
hypotheses. With fewer hypotheses less can be proved, never more, so that a wrong hint can only make
a proof fail.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from proofs.recheck.response import Ending, State, Taken
from proofs.recheck.statement import (
    ENDS,
    MESSAGE,
    NUMBER,
    START,
    STATES,
    TICK,
    Action,
    Clause,
    Row,
    Statement,
    Way,
    fits,
)
from proofs.recheck.terms import (
    BOOL,
    FALSE,
    NAT,
    TRUE,
    Bad,
    Function,
    Place,
    Sort,
    Term,
    and_,
    apply,
    compare,
    constant,
    implies,
    ite,
    not_,
    or_,
    sum_,
    variable,
    variables_of,
)

NEVER, SORTS, CONSTANTS = "never", "sorts", "constants"
Hints = Mapping[tuple[str, int, str], Collection[str] | None]
"""Of an obligation, (action, path, what), names of hypotheses that prove it."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something to prove: what is supposed implies the goal."""

    action: str
    path: int
    what: str  # a clause, or never, sorts or constants
    supposed: tuple[Term, ...]
    goal: Term

    @property
    def name(self) -> str:
        """Its name."""
        return f"{self.action}.{self.path}.{self.what}"

    @property
    def evident(self) -> bool:
        """Is the goal one of the hypotheses, word for word, or true of everything?"""
        return self.goal is TRUE or self.goal in self.supposed or FALSE in self.supposed


def together(hints: Hints, path: Sequence[Obligation]) -> Obligation | None:
    """All obligations of a path as one, if the hints of all are the same: what is proved of all is
    proved of each."""
    left = [one for one in path if not one.evident]
    named = {tuple(hints.get((one.action, one.path, one.what)) or ()) for one in left}
    if len(left) < 2 or len(named) > 1 or () in named:
        return None
    supposed = tuple(dict.fromkeys(term for one in left for term in one.supposed))
    goal = and_(*(one.goal for one in left))
    return Obligation(left[0].action, left[0].path, "all", supposed, goal)


_Noted = tuple[Term, list[tuple[str, Term]]]
"""A term, and where numbers are looked up in it: by end, and at which term."""


class Theory:
    """The obligations of a statement."""

    def __init__(self, made: Statement, hints: Hints | None = None) -> None:
        self.made = made
        self.hints = hints or {}
        self.parameters = {n: variable(n, sort) for n, sort in made.parameters.items()}
        self.ends = {h: _row(f"{h}.", made.end) for h in "xy"}
        self.other = {h: self._there(f"{h}.other.") for h in "xy"}
        self.seen = {h: self._there(f"{h}.seen.") for h in "xy"}
        self.arriving = _row("seg.", made.message)
        self.number = variable("n", NAT)
        self.looked: dict[str, dict[Term, None]] = {"x": {}, "y": {}}
        facts = {f"fact {f.name}": Place(self.parameters).of(f.term) for f in made.facts}
        self._facts = {name: term for name, term in facts.items() if term is not TRUE}
        self._memo: dict[tuple[object, ...], _Noted] = {}
        self.ending = Ending(made, self._look)

    def _look(self, at: State, me: str, message: Row | None) -> Place:
        o = "y" if me == "x" else "x"
        return self._place(at.ends[me], at.ends[o], at.memories[me], at.memories[o], message)

    def _there(self, name: str) -> Row:
        return {"present": variable(f"{name}present", BOOL)} | _row(name, self.made.message)

    # Looking at a state

    def _before(self, host: str) -> Callable[[str], Function]:
        sorts = {memory.name: memory.sort for memory in self.made.memories}

        def named(name: str) -> Function:
            def look(number: Term) -> Term:
                found = apply(f"{host}.{name}", number, sorts[name])
                self.looked[host][found.args[0]] = None
                return found

            return look

        return named

    def _after(self, host: str, end: Row) -> Callable[[str], Function]:
        """The memories of an end that has become ``end``."""
        before = self._before(host)
        updates = {memory.name: memory.update for memory in self.made.memories}
        known: dict[tuple[object, ...], _Noted] = {}
        variables = {f"me.{name}": term for name, term in end.items()} | self.parameters
        functions = self._functions(before, before)

        def named(name: str) -> Function:
            update = updates[name]
            if update is None:
                return before(name)

            def look(number: Term) -> Term:
                place = Place(variables | {"n": number}, functions)
                return self._noted(known, (name, number), lambda: place.of(update))

            return look

        return named

    def _functions(
        self, mine: Callable[[str], Function], its: Callable[[str], Function]
    ) -> dict[str, Function]:
        names = [memory.name for memory in self.made.memories]
        return {f"mine.{n}": mine(n) for n in names} | {f"its.{n}": its(n) for n in names}

    def _place(
        self,
        me: Row,
        peer: Row,
        mine: Callable[[str], Function],
        its: Callable[[str], Function],
        message: Row | None = None,
        **more: Term,
    ) -> Place:
        variables = {f"me.{name}": term for name, term in me.items()}
        variables |= {f"peer.{name}": term for name, term in peer.items()}
        variables |= {f"seg.{name}": term for name, term in (message or {}).items()}
        return Place(variables | self.parameters | more, self._functions(mine, its))

    def _claimed(self, clause: Clause, term: Term) -> Term:
        """A clause that is claimed under options only."""
        if not clause.when:
            return term
        ways = [and_(*(self.parameters[option] for option in way)) for way in clause.when]
        return implies(or_(*ways), term)

    # Hypotheses

    def _instance(
        self, clause: Clause, h: str, label: str = "", message: Row | None = None, **numbers: Term
    ) -> Term:
        """A clause of the state before, where ``h`` is me; made once."""

        def make() -> Term:
            o = "y" if h == "x" else "x"
            place = self._place(
                self.ends[h], self.ends[o], self._before(h), self._before(o), message, **numbers
            )
            term = self._claimed(clause, place.of(clause.term))
            if "m" in numbers:
                term = implies(not_(compare("=", numbers["m"], numbers["n"])), term)
            if message is not None and "present" in message:
                term = implies(message["present"], term)
            return term

        return self._noted(self._memo, (clause.name, h, label, *numbers.values()), make)

    def _noted(
        self,
        known: dict[tuple[object, ...], "_Noted"],
        key: tuple[object, ...],
        make: Callable[[], Term],
    ) -> Term:
        """A term that is made once, with what is looked up in it each time."""
        if key not in known:
            outer, self.looked = self.looked, {"x": {}, "y": {}}
            term = make()
            known[key] = term, [(h, number) for h, some in self.looked.items() for number in some]
            self.looked = outer
        term, at = known[key]
        for h, number in at:
            self.looked[h][number] = None
        return term

    def _supposed(
        self,
        tests: Sequence[Term],
        messages: Sequence[tuple[str, str, Row]],
        wanted: Collection[str] | None,
    ) -> list[Term]:
        """Hypotheses: those whose names are wanted, or all."""
        made = self.made
        names = None if wanted is None else {*wanted}

        def asked(name: str) -> bool:
            return names is None or name in names

        found = [test for n, test in enumerate(tests) if asked(f"path {n}")]
        found += [term for name, term in self._facts.items() if asked(name)]
        for clause in made.clauses:
            for h in "xy":
                if clause.about == ENDS and asked(f"{clause.name} {h}"):
                    found.append(self._instance(clause, h))
                for label, sender, message in messages:
                    if clause.about == MESSAGE and sender == h:
                        if asked(f"{clause.name} {h} {label}"):
                            found.append(self._instance(clause, h, label, message))
        for _ in range(ROUNDS):
            for h in "xy":
                numbers = [*self.looked[h]]
                for clause in made.clauses:
                    if clause.about == NUMBER and asked(f"{clause.name} {h}"):
                        found += [self._instance(clause, h, n=number) for number in numbers]
        for pair in made.pairs:
            for h in "xy":
                if asked(f"{pair.name} {h}"):
                    found += self._pairs(pair, h, [*self.looked[h]])
        return list(dict.fromkeys(term for term in found if term is not TRUE))

    def _pairs(self, pair: Clause, h: str, numbers: Sequence[Term]) -> list[Term]:
        """What is assumed of any two of these numbers, one way and the other."""
        return [
            self._instance(pair, h, m=one, n=two) for one, two in itertools.permutations(numbers, 2)
        ]

    # Goals

    def _goal(
        self,
        clause: Clause,
        ends: Mapping[str, Row],
        memories: Mapping[str, Callable[[str], Function]],
        messages: Sequence[tuple[str, Row]],
    ) -> Term:
        """A clause of a state, both ways round, of all ``messages``, (sender, message)."""
        parts = []
        for h, o in ("xy", "yx"):
            args = (ends[h], ends[o], memories[h], memories[o])
            if clause.about == MESSAGE:
                for sender, message in messages:
                    if sender == h:
                        holds = self._claimed(clause, self._place(*args, message).of(clause.term))
                        parts.append(implies(message.get("present", TRUE), holds))
            elif clause.about == NUMBER:
                place = self._place(*args, n=self.number)
                parts.append(self._claimed(clause, place.of(clause.term)))
            else:
                parts.append(self._claimed(clause, self._place(*args).of(clause.term)))
        return and_(*parts)

    def _proving(
        self,
        action: str,
        path: int,
        tests: Sequence[Term],
        messages: Sequence[tuple[str, str, Row]],
        after: tuple[Mapping[str, Row], Mapping[str, Callable[[str], Function]]],
        there: Sequence[tuple[str, Row]],
        fit: Callable[[], Term],
        more: Iterable[tuple[str, Callable[[], Term]]] = (),
    ) -> Iterator[Obligation]:
        """The obligations of one path; *never*, if the hints say so.

        ``messages`` are there before; ``after`` are the ends and their memories then, ``there`` the
        messages, and ``fit`` says when all that is new is of its sort. ``more`` is proved, too.
        """
        goals: list[tuple[str, Callable[[], Term]]] = [
            *((one.name, partial(self._goal, one, *after, there)) for one in self.made.clauses),
            (SORTS, fit),
            *more,
        ]
        if (action, path, NEVER) in self.hints:
            goals = [(NEVER, lambda: FALSE)]
        yield from self._each(action, path, tests, messages, goals)

    def _each(
        self,
        action: str,
        path: int,
        tests: Sequence[Term],
        messages: Sequence[tuple[str, str, Row]],
        goals: Iterable[tuple[str, Callable[[], Term]]],
    ) -> Iterator[Obligation]:
        """An obligation for each goal, with what is looked up in it, and before."""
        start: dict[str, dict[Term, None]] = {h: dict(some) for h, some in self.looked.items()}
        for what, goal in goals:
            self.looked = {h: dict(some) for h, some in start.items()}
            wanted = self.hints.get((action, path, what))
            term = goal()
            parts = term.args if term.op == "and" else (term,)
            supposed = self._supposed(tests, messages, wanted)
            left = [part for part in parts if part not in supposed]
            yield Obligation(action, path, what, tuple(supposed), and_(*left))

    # Obligations

    def all(self) -> Iterator[Obligation]:
        """All obligations."""
        yield from self.start()
        for action in self.made.actions:
            for path in action.possible:
                yield from self.path(action, path)
            for path in action.refused:
                yield from self.path(action, path)
        yield from self.ticking()
        yield from self.constants()
        yield from self.states()

    def start(self) -> Iterator[Obligation]:
        """Each clause, of two ends that have done nothing, and without a message."""
        made = self.made
        ends = dict.fromkeys("xy", made.first)

        def memories(h: str) -> Callable[[str], Function]:
            first = {memory.name: memory.first for memory in made.memories}

            def named(name: str) -> Function:
                value = first[name]
                return self._before(h)(name) if value is None else lambda _: value

            return named

        known = tuple(self._facts.values())
        for clause in made.clauses:
            goal = self._goal(clause, ends, {h: memories(h) for h in "xy"}, [])
            yield Obligation(START, 0, clause.name, known, goal)

    def path(self, action: Action, path: Way) -> Iterator[Obligation]:
        """What there is to prove of one path; of one that is impossible, where it is not taken."""
        made, leaf = self.made, path.leaf
        self.looked = {"x": {}, "y": {}}
        me, peer = self.ends["x"], self.ends["y"]
        variables = {f"me.{name}": term for name, term in me.items()} | self.parameters
        wider = variables | {f"peer.{name}": term for name, term in peer.items()}
        wider |= {f"out0.{name}": term for name, term in self.seen["x"].items()}
        wider |= {f"in0.{name}": term for name, term in self.seen["y"].items()}
        functions = self._functions(self._before("x"), self._before("y"))
        looking, drawing = Place(wider, functions), Place(variables, functions)
        rows = [] if leaf is None else [leaf.after, *leaf.sent]
        used = variables_of([*path.tests, *(term for row in rows for term in row.values())])
        variables |= {n: looking.of(term) for n, term in made.sight.items() if n in used}
        variables |= {n: drawing.of(term) for n, term in made.drawn.items() if n in used}
        if action.delivers or action.injects:
            variables |= {f"seg.{name}": term for name, term in self.arriving.items()}
        place = Place(variables, functions)
        tests = [*map(place.of, path.tests)]
        if FALSE in tests:
            if leaf is not None:
                yield Obligation(action.name, path.number, NEVER, (FALSE,), FALSE)
            return
        before = State(self.ends, {h: self._before(h) for h in "xy"})
        if leaf is None:
            refused = self.ending.refused(action.name, action.delivers, before, self.arriving)
            yield from self._each(
                action.name, path.number, tests, self._messages(action, used), refused
            )
            return
        after = {name: place.of(term) for name, term in leaf.after.items()}
        sent = [{name: place.of(term) for name, term in row.items()} for row in leaf.sent]
        messages = self._messages(action, used)
        ends = {"x": after, "y": peer}
        memories = {"x": self._after("x", after), "y": self._before("y")}
        there = [*self.other.items(), *(("x", row) for row in sent)]
        sorts = [(after, made.end), *((row, made.message) for row in sent)]
        taken = Taken(
            action.name,
            action.delivers,
            before,
            State(ends, memories),
            sent,
            self.arriving,
            self.other,
        )
        yield from self._proving(
            action.name,
            path.number,
            tests,
            messages,
            (ends, memories),
            there,
            lambda: and_(*(fits(row[f], sort) for row, all_ in sorts for f, sort in all_.items())),
            self.ending.step(taken),
        )

    def _messages(self, action: Action, used: Collection[str]) -> list[tuple[str, str, Row]]:
        """What is in flight before a step, as far as it is spoken of."""
        messages = [("other", h, self.other[h]) for h in "xy"]
        if any(name in used for name in self.made.sight):
            messages += [("seen", h, self.seen[h]) for h in "xy"]
        if action.delivers:
            messages.append(("arriving", "y", self.arriving))
        return messages

    def states(self) -> Iterator[Obligation]:
        """What there is to prove of all states."""
        self.looked = {"x": {}, "y": {}}
        now = State(self.ends, {h: self._before(h) for h in "xy"})
        yield from self._each(STATES, 0, [], [], self.ending.stages(now))

    def ticking(self) -> Iterator[Obligation]:
        """What there is to prove of a tick: it befalls both ends at once."""
        made = self.made
        if made.tick is None:
            return
        ends: dict[str, Row] = {}
        for h in "xy":
            variables = {f"me.{name}": term for name, term in self.ends[h].items()}
            place = Place(variables | self.parameters)
            ends[h] = {name: place.of(_folded(made.tick, name)) for name in made.end}
        messages = [("other", h, self.other[h]) for h in "xy"]
        older: dict[str, Row] = {}
        for h in "xy":
            row = older[h] = dict(self.other[h])
            if made.ttl:
                left = sum_("-", row[made.ttl], self.parameters[made.elapsed])
                row["present"] = and_(row["present"], compare("<", constant(0), left))
                row[made.ttl] = left
        self.looked = {"x": {}, "y": {}}
        memories = {h: self._before(h) for h in "xy"}

        def fit() -> Term:
            kept = (fits(ends[h][f], sort) for h in "xy" for f, sort in made.end.items())
            aged = (
                implies(row["present"], fits(row[f], sort))
                for row in older.values()
                for f, sort in made.message.items()
            )
            return and_(*kept, *aged)

        yield from self._proving(TICK, 0, [], messages, (ends, memories), [*older.items()], fit)

    def constants(self) -> Iterator[Obligation]:
        """Of each action, that the fields which are left out keep their values."""
        made = self.made
        if not made.constants:
            return
        known = (
            *self._facts.values(),
            *(
                compare("=", variable(name, made.left_out[name]), value)
                for name, value in made.constants.items()
            ),
        )
        for action, term in made.keeps.items():
            yield Obligation(action, 0, CONSTANTS, known, term)

    def unhinted(self, one: Obligation) -> Obligation:
        """The same, with all hypotheses."""
        if one.action == START or one.what == CONSTANTS:
            return one
        hints = self.hints
        self.hints = {(one.action, one.path, NEVER): None} if one.what == NEVER else {}
        try:
            if one.action == TICK:
                found = self.ticking()
            elif one.action == STATES:
                found = self.states()
            else:
                (action,) = (a for a in self.made.actions if a.name == one.action)
                found = self.path(action, action.paths[one.path])
            return next(other for other in found if other.name == one.name)
        finally:
            self.hints = hints

    # What would be true of nothing

    def assumed(self, options: Sequence[str]) -> list[Term]:
        """All that a theorem with these options assumes, of three TCBs of each end: it must be
        possible."""
        found = [*self._facts.values()]
        numbers = [constant(n, NAT) for n in (1, 2, 3)]
        for pair in self.made.pairs:
            for h in "xy":
                found += self._pairs(pair, h, numbers)
        found += [self.parameters[option] for option in options]
        return [term for term in found if term is not TRUE]

    def hollow(self, name: str) -> list[Term]:
        """A state of which a clause is false: it must be possible, or the clause says nothing."""
        for one in self.made.responses:
            if one.name == name:
                now = State(self.ends, {h: self._before(h) for h in "xy"})
                return [*self._facts.values(), self._look(now, "x", None).of(one.leads)]
        if name in [one.name for one in self.made.silences]:
            return [*self._facts.values()]
        clause = next(clause for clause in self.made.clauses if clause.name == name)
        numbers = {"n": self.number} if clause.about == NUMBER else {}
        message = self.arriving if clause.about == MESSAGE else None
        denied = not_(self._instance(clause, "x", "arriving", message, **numbers))
        return [*self._facts.values(), denied]


ROUNDS = 2
"""How often numbers are looked for that clauses about numbers are about."""


def _folded(action: Action, name: str) -> Term:
    """What an action without impossible paths makes of a field, as one term."""
    found: Term | None = None
    for path in reversed(action.paths):
        if path.leaf is None:
            raise Bad(f"{action.name}: a path of it is impossible")
        after = path.leaf.after[name]
        found = after if found is None else ite(and_(*path.tests), after, found)
    assert found is not None
    return found


def _row(name: str, sorts: Mapping[str, Sort]) -> Row:
    return {f: variable(f"{name}{f}", sort) for f, sort in sorts.items()}
