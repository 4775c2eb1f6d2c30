"""Inductive invariants: what holds of any number of messages in flight, and for ever.

A *theory* is a system of two ends that run the same code, joined by a network of any size, with
*clauses* that are claimed of every reachable state. The network is the set of all messages sent
that are still alive. It is never needed whole: loss, duplication and reordering come of not having
to deliver a message, or to remove it, so that a clause may speak of an arbitrary message, and a
step of an end concerns the one delivered, those sent, and, for what a clause says of the rest, one
arbitrary other. The same goes for what an end was before it began anew: its lives are numbered, a
*memory* is a function from the number of a life to what is remembered of it, and a clause may speak
of an arbitrary number.

So each obligation is free of quantifiers: *if every clause holds before, then after this path of
this action this clause holds*. Hypotheses are instances: of the clauses about ends, of those about
messages for each message at hand, of those about numbers for each number that something is looked
up at. Fewer instances prove less, never more. Both ends run the same code, so that the end which
acts is called x and the other y, and a clause about ``me`` and ``peer`` is proved both ways round.

Expressions of the trees and clauses are over these names: ``me.*``, ``peer.*``, ``seg.*`` (in a
tree: what arrives, from the peer; in a clause: sent by me), ``n``, and functions ``mine.*`` and
``its.*`` of a number.

A proof is an ``unsat`` by the solver, from which the hypotheses that it used are kept: this is what
a certificate holds. A failed obligation comes with a state that satisfies all hypotheses and a step
from it: a counterexample to induction, which need not be reachable.

Most paths change little, so that most of what is to be proved is a hypothesis itself, or was proved
on another path from hypotheses that are at hand here as well. Z3 makes equal terms one object:
whether two are equal is a comparison of their identities. Only the rest is put to the solver.
"""

import itertools
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import z3

from checker.engines.solver import smt
from checker.engines.solver.smt import Term, Terms, identity, is_false, is_true
from checker.ir.composition import Kind
from checker.ir.nodes import Node, Sort, variables, width_of
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tree

ENDS, MESSAGE, NUMBER = "ends", "message", "number"
"""What a clause is about."""
START, TICK = "start", "tick"
PATH = "path "
"""How the name of a hypothesis begins that is a test on the path."""
NEVER = "never"
"""In place of a clause: the path cannot be taken, so that every clause holds after it."""


CONSTANT = "constants"
"""In place of a clause: the fields that are left out keep their value."""
SORTS = "sorts"
"""In place of a clause: what an end keeps, and sends, is of its sort."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause; ``tree`` decides it. ``where`` is its source line.

    ``when`` are the parameters under which it is claimed, in one or several ways.
    """

    name: str
    about: str
    tree: Tree
    where: str
    doc: str = ""
    when: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing that is remembered of each life.

    ``update`` is the value after a step of the end, over ``me.*`` (the end then), ``n`` and the
    functions ``mine.*`` as they were; None: it never changes.
    """

    name: str
    sort: Sort
    update: Node | None
    first: Any = None  # its value at the start, of all numbers; None: anything


@dataclass(frozen=True, slots=True)
class Constancy:
    """What shows that fields which are left out, as constants, are constant.

    ``trees``, by action, are traced with all ``variables``, those fields among them. Each output
    tells of one of the fields whether it has its value afterwards, and in all that is sent.
    """

    first: Mapping[str, Any]  # at the start, by name
    variables: Mapping[str, Sort]
    trees: Mapping[str, Tree]


@dataclass(slots=True, kw_only=True)
class Theory:
    """A system and what is claimed of it, as above.

    ``facts`` are assumed of the parameters, ``pairs`` of two different numbers ``m`` and ``n`` of
    one end. ``sight`` gives the variables of what an observer sees, over ``me.*``, ``peer.*`` and
    one message sent by either, ``out0.*`` and ``in0.*``, each with ``.present``. ``drawn`` are the
    values of numbers that a step may draw. ``kinds`` name no ports: each may befall both ends.
    """

    name: str
    fields: list[Field]
    message_fields: list[Field]
    initial: Mapping[str, Any]
    constants: Mapping[str, Any]  # fields left out, and their value
    kinds: list[Kind]
    tick: Tree | None
    ttl: str | None
    elapsed: str | None  # the variable that tells how long a tick is
    sight: Mapping[str, Node]
    drawn: Mapping[str, Node]
    memories: list[Memory]
    told: str  # the memory that ``pairs`` speak of
    number: Sort  # of the numbers of lives
    parameters: Mapping[str, Sort]
    facts: list[Clause]
    pairs: list[Clause]
    clauses: list[Clause]
    claims: tuple[str, ...]  # of the clauses: what the theory is for
    constancy: Constancy | None = None  # of ``constants``
    at_once: bool = False  # questions are put with all hypotheses, and all goals of a path together


@dataclass(frozen=True, slots=True)
class Step:
    """One path of one action."""

    action: str
    path: int
    tests: tuple[tuple[Node, bool, str], ...]  # with the source line
    leaf: Leaf
    delivers: bool = False
    injects: bool = False

    @property
    def where(self) -> str:
        """The last line that decided."""
        return self.tests[-1][2] if self.tests else ""


def steps_of(kind: Kind) -> Iterator[Step]:
    """The paths of an action, impossible ones included."""

    def walk(tree: Tree, tests: tuple[tuple[Node, bool, str], ...]) -> Iterator[Step]:
        if isinstance(tree, Leaf):
            yield Step(kind.name, tree.index, tests, tree, kind.delivers, kind.injects)
            return
        assert isinstance(tree, Branch)
        yield from walk(tree.then, (*tests, (tree.test, True, tree.where)))
        yield from walk(tree.other, (*tests, (tree.test, False, tree.where)))

    return walk(kind.tree, ())


@dataclass(slots=True)
class Obligation:
    """One thing to prove, and what came of it.

    ``used`` are the hypotheses that the proof needed, by name. ``after`` is what the ends and the
    messages sent become, where a prover was asked for a state of ``least`` values. ``remembered``
    says on what day it was proved, if that was before.
    """

    action: str
    path: int
    clause: str
    rules: tuple[str, ...] = ()
    where: str = ""
    verdict: str = ""  # "proved", "failed", "unknown"
    seconds: float = 0.0
    used: tuple[str, ...] = ()
    script: str = ""
    counterexample: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    remembered: str = ""

    @property
    def name(self) -> str:
        """Its name, which is also that of its file."""
        return f"{self.action}.{self.path}.{self.clause}"


Hypotheses = dict[str, Term]
Row = dict[str, Term]
_Looked = dict[tuple[str, str], dict[int, Term]]
"""The numbers that the memories of an end were looked up at, by identity."""
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Remembered:
    """The memories of an end, by name; ``key`` tells them from others, ``read`` is kept alive."""

    named: Callable[[str], Callable[[Term], Term]]
    key: tuple[Any, ...]
    read: Sequence[Term] = ()


def _reads(clause: Clause) -> tuple[list[tuple[str, str]], bool, bool]:
    """What a clause reads, but for parameters: rows and paths, and the numbers that it is about;
    and whether it looks up what I remember, and what my peer does."""
    nodes = [*nodes_of(clause.tree)]
    split = [name.partition(".") for name in sorted(variables(nodes))]
    names = [(row, path) for row, _, path in split if row in ("me", "peer", "seg")]
    names += [("", name) for name, dot, _ in split if name in ("m", "n") and not dot]
    looks = [look for node in nodes for look in applied(node, {})]
    whose = {look.data[0].partition(".")[0] for look in looks}
    return names, "mine" in whose, "its" in whose


class Prover:
    """The obligations of a theory, made and put to Z3.

    With ``least``, a state of small values is looked for where an obligation fails, and told are
    only the variables that the clause and the path read, before and after.
    """

    def __init__(self, theory: Theory, timeout: float = 10.0, least: bool = False) -> None:
        self.theory = theory
        self.least = least
        self.limit = int(timeout * SECOND)
        t = theory
        self.parameters = {name: smt.variable(name, sort) for name, sort in t.parameters.items()}
        self.ends = {h: self._row(h, t.fields) for h in "xy"}
        self.functions = {
            (h, memory.name): z3.Function(
                f"{h}.{memory.name}", _z3_sort(t.number), _z3_sort(memory.sort)
            )
            for h in "xy"
            for memory in t.memories
        }
        self.number = smt.variable("n", t.number)
        # One arbitrary message of each sender; there may be none
        self.other = {
            h: {"present": z3.Bool(f"{h}.other.present")}
            | self._row(f"{h}.other", t.message_fields)
            for h in "xy"
        }
        self.arriving = self._row("seg", t.message_fields)
        self.seen = {
            h: {"present": z3.Bool(f"{h}.seen.present")} | self._row(f"{h}.seen", t.message_fields)
            for h in "xy"
        }
        self._looked: _Looked = {}
        self._names: dict[int, tuple[str, Term]] = {}
        self._memo: dict[tuple[Any, ...], tuple[tuple[Term, Any], _Looked]] = {}
        self._reads = {one.name: _reads(one) for one in (*t.clauses, *t.pairs)}
        updates = [memory.update for memory in t.memories if memory.update is not None]
        names = sorted(variables(updates))
        self._updated_by = [n.partition(".")[2] for n in names if n.startswith("me.")]
        self._stepping: dict[bool, tuple[Terms, _Looked]] = {}
        self._supposed: dict[tuple[str, ...], tuple[Hypotheses, _Looked]] = {}
        self._numbered: dict[tuple[Any, ...], tuple[Hypotheses, _Looked]] = {}
        self._applied: dict[Node, tuple[Node, ...]] = {}
        self._lessons = _Lessons()
        self.taken: dict[tuple[str, int], str] = {}
        """Of each path that was asked about: "enabled" if some state takes it, "never" if none
        does, or "unknown"."""

    @staticmethod
    def _row(name: str, fields: Sequence[Field]) -> Row:
        return {f.path: smt.variable(f"{name}.{f.path}", f.sort) for f in fields}

    # Looking at a state

    def _before(self, host: str) -> "_Remembered":
        """The memories of an end, as they are before the step; look-ups are noted."""

        def named(name: str) -> Callable[[Term], Term]:
            function = self.functions[host, name]

            def look(number: Term) -> Term:
                self._looked.setdefault((host, name), {})[identity(number)] = number
                return function(number)

            return look

        return _Remembered(named, (host,))

    def _after(self, host: str, end: Row) -> "_Remembered":
        """The memories of an end that has become ``end``."""
        before = self._before(host).named
        updates = {memory.name: memory.update for memory in self.theory.memories}

        def named(name: str) -> Callable[[Term], Term]:
            update = updates[name]
            if update is None:
                return before(name)
            node = update

            def look(number: Term) -> Term:
                variables = {f"me.{path}": term for path, term in end.items()}
                variables |= self.parameters | {"n": number}
                return Terms(variables, self._functions(before, before)).of(node)

            return look

        read = [end[path] for path in self._updated_by]
        return _Remembered(named, (host, *map(identity, read)), read)

    def _functions(self, mine: Any, its: Any) -> dict[str, Callable[[Term], Term]]:
        names = [memory.name for memory in self.theory.memories]
        return {f"mine.{n}": mine(n) for n in names} | {f"its.{n}": its(n) for n in names}

    def _note(self, looked: "_Looked") -> None:
        """These numbers are looked up, too."""
        for at, terms in looked.items():
            self._looked.setdefault(at, {}).update(terms)

    def _terms(
        self,
        me: Row,
        peer: Row,
        mine: "_Remembered",
        its: "_Remembered",
        seg: Row | None = None,
        **more: Term,
    ) -> Terms:
        variables = {f"me.{path}": term for path, term in me.items()}
        variables |= {f"peer.{path}": term for path, term in peer.items()}
        if seg is not None:
            variables |= {f"seg.{path}": term for path, term in seg.items()}
        functions = self._functions(mine.named, its.named)
        return Terms(variables | self.parameters | more, functions)

    def _said(
        self,
        clause: Clause,
        me: Row,
        peer: Row,
        mine: "_Remembered",
        its: "_Remembered",
        seg: Row | None = None,
        **more: Term,
    ) -> Term:
        """What a clause says of a state: made once of all that it reads, since paths change little
        of a state, and many the same."""
        names, of_mine, of_its = self._reads[clause.name]
        rows = {"me": me, "peer": peer, "seg": seg or {}}
        read = [rows[row][path] if row else more[path] for row, path in names]
        memo: tuple[Any, ...] = (
            clause.name,
            mine.key if of_mine else (),
            its.key if of_its else (),
        )
        memo += tuple(map(identity, read))

        def made() -> tuple[Term, Any]:
            holds = self._holds(clause, self._terms(me, peer, mine, its, seg, **more))
            # What was read is kept too: a term's identity is another's once it is gone
            return holds, (read, mine.read, its.read)

        return self._once(self._memo, memo, made)[0]

    def _holds(self, clause: Clause, terms: Terms) -> Term:
        (term,) = smt.row_of(clause.tree, terms, lambda leaf: [terms.of(leaf.outputs[0])])
        if clause.when:
            ways = [_joined(z3.And, [self.parameters[o] for o in way], True) for way in clause.when]
            term = z3.Implies(_joined(z3.Or, ways, False), term)
        return z3.simplify(term)

    # Hypotheses

    def hypotheses(self, messages: Sequence[tuple[str, str, Row]]) -> Hypotheses:
        """What may be supposed of the ends and messages before: instances of all clauses.

        ``messages`` are (name, sender, message); one with a ``present`` is there only if that says
        so.
        """
        memo = tuple(f"{label} {h}" for label, h, _ in messages)
        return self._once(self._supposed, memo, lambda: self._hypotheses(messages))

    def _hypotheses(self, messages: Sequence[tuple[str, str, Row]]) -> Hypotheses:
        t = self.theory
        found = self._facts()
        sorts = {f.path: f.sort for f in (*t.fields, *t.message_fields)}
        rows = {f"state {h}": self.ends[h] for h in "xy"}
        rows |= {f"message {h} {label}": message for label, h, message in messages}
        for name, row in rows.items():
            typed = [_typed(term, sorts[p]) for p, term in row.items() if p != "present"]
            found[f"sorts of {name}"] = z3.simplify(z3.And(typed))
        for clause in t.clauses:
            for h in "xy":
                if clause.about == ENDS:
                    found[f"{clause.name} {h}"] = self._instance(clause, h)
                for label, sender, message in messages:
                    if clause.about == MESSAGE and sender == h:
                        holds = self._instance(clause, h, label, message)
                        found[f"{clause.name} {h} {label}"] = holds
        return found

    def numbers(self) -> list[Hypotheses]:
        """... and of the numbers that something was looked up at so far, by kind."""
        t = self.theory
        found: Hypotheses = {}
        looked = {
            (h, key): term
            for h in "xy"
            for (host, _), terms in self._looked.items()
            if host == h
            for key, term in terms.items()
        }
        for (h, _), term in looked.items():
            found |= self._of_number(h, term)
        kinds = [found]
        for pair in t.pairs:
            found = {}
            kinds.append(found)
            for h in "xy":
                terms = [*self._looked.get((h, t.told), {}).values()]
                for one, two in itertools.combinations(terms, 2):
                    found |= self._of_numbers(pair, h, one, two)
        return kinds

    def _of_number(self, h: str, term: Term) -> Hypotheses:
        """... of one of them."""

        def made() -> Hypotheses:
            return {
                f"{clause.name} {h} {self._named(term)}": self._instance(clause, h, n=term)
                for clause in self.theory.clauses
                if clause.about == NUMBER
            }

        return self._once(self._numbered, (h, identity(term)), made)

    def _of_numbers(self, pair: Clause, h: str, one: Term, two: Term) -> Hypotheses:
        """What is assumed of two of them."""

        def made() -> Hypotheses:
            name = f"assumed {pair.name} {h} {self._named(one)} {self._named(two)}"
            return {name: self._instance(pair, h, m=one, n=two)}

        memo = pair.name, h, identity(one), identity(two)
        return self._once(self._numbered, memo, made)

    def _once(
        self, made: dict[Any, tuple[Made, _Looked]], memo: Any, make: Callable[[], Made]
    ) -> Made:
        """What many paths ask for, made when it is asked for first. What it looks up is noted each
        time."""
        if memo not in made:
            outer, self._looked = self._looked, {}
            new = make()
            looked, self._looked = self._looked, outer
            made[memo] = new, looked
        found, looked = made[memo]
        self._note(looked)
        return found

    def _named(self, term: Term) -> str:
        """A term as text."""
        key = identity(term)
        if key not in self._names:
            self._names[key] = (" ".join(str(term).split()), term)
        return self._names[key][0]

    def _instance(
        self, clause: Clause, h: str, label: str = "", message: Row | None = None, **numbers: Term
    ) -> Term:
        """A clause of the state before, where ``h`` is me."""
        o = "y" if h == "x" else "x"
        ends = self.ends[h], self.ends[o], self._before(h), self._before(o)
        holds = self._said(clause, *ends, message, **numbers)
        if "m" in numbers:
            holds = z3.Implies(numbers["m"] != numbers["n"], holds)
        return holds if message is None else _if_there(message, holds)

    def _facts(self) -> Hypotheses:
        """What is assumed of the parameters, their sorts included."""
        found = {
            f"sort of {name}": _typed(self.parameters[name], sort)
            for name, sort in self.theory.parameters.items()
        }
        for fact in self.theory.facts:
            found[f"fact {fact.name}"] = self._holds(fact, Terms(self.parameters))
        return found

    # Goals

    def _step_terms(self, step: Step) -> Terms:
        """The variables of the trees in which x acts; paths share what they have in common."""
        arrives = step.delivers or step.injects
        return self._once(self._stepping, arrives, lambda: self._all_step_terms(arrives))

    def _all_step_terms(self, arrives: bool) -> Terms:
        me, peer = self.ends["x"], self.ends["y"]
        variables = {f"me.{path}": term for path, term in me.items()} | self.parameters
        wider = variables | {f"peer.{path}": term for path, term in peer.items()}
        wider |= {f"out0.{path}": term for path, term in self.seen["x"].items()}
        wider |= {f"in0.{path}": term for path, term in self.seen["y"].items()}
        if arrives:
            variables |= {f"seg.{path}": term for path, term in self.arriving.items()}
        functions = self._functions(self._before("x").named, self._before("y").named)
        looking = Terms(wider, functions)
        variables |= {name: looking.of(node) for name, node in self.theory.sight.items()}
        drawn = Terms(variables, functions)
        variables |= {name: drawn.of(node) for name, node in self.theory.drawn.items()}
        return Terms(variables, functions)

    def _look(self, terms: Terms, nodes: Iterable[Node]) -> None:
        """Note what is looked up in expressions of a path, also where another had it made."""
        for node in nodes:
            for look in applied(node, self._applied):
                name, sort = look.data
                terms.functions[name](terms.sized(look.args[0], sort))

    def _outcome(self, step: Step, terms: Terms) -> tuple[Row, list[Row]]:
        """What x becomes, and what it sends."""
        t = self.theory
        outputs = iter(step.leaf.outputs)
        after = {f.path: terms.sized(next(outputs), f.sort) for f in t.fields}
        sent = [
            {f.path: terms.sized(next(outputs), f.sort) for f in t.message_fields}
            for _ in range(step.leaf.static.sent)
        ]
        return after, sent

    def _fits(self, step: Step, terms: Terms) -> list[Term]:
        """Is what x becomes, and sends, of its sort? An expression may have more values."""
        t = self.theory
        rows = [*t.fields, *(t.message_fields * step.leaf.static.sent)]
        pairs = zip(step.leaf.outputs, rows, strict=True)
        return [_fits(node, f.sort, terms) for node, f in pairs]

    def _goal(
        self,
        clause: Clause,
        ends: Mapping[str, Row],
        memories: Mapping[str, "_Remembered"],
        messages: Sequence[tuple[str, Row]],
    ) -> list[Term]:
        """The clause of a state, both ways round, for all ``messages``, (sender, message): all of
        these terms hold."""
        parts: list[Term] = []
        for h, o in ("xy", "yx"):
            args = (ends[h], ends[o], memories[h], memories[o])
            if clause.about == MESSAGE:
                for sender, message in messages:
                    if sender == h:
                        holds = self._said(clause, *args, message)
                        parts.append(_if_there(message, holds))
            elif clause.about == NUMBER:
                parts.append(self._said(clause, *args, n=self.number))
            else:
                parts.append(self._said(clause, *args))
        return [one for part in parts for one in _conjuncts(part)]

    # Obligations

    def start(self) -> Iterator[Obligation]:
        """Every clause holds at the start: nothing done, nothing in flight."""
        t = self.theory
        first = {f.path: smt.literal(t.initial[f.path], f.sort) for f in t.fields}

        def named(name: str) -> Callable[[Term], Term]:
            memory = next(m for m in t.memories if m.name == name)
            if memory.first is None:
                function: Callable[[Term], Term] = self.functions["x", name]
                return function
            return lambda number: smt.literal(memory.first, memory.sort)

        known = self._facts()
        blank = _Remembered(named, (START,))
        for clause in t.clauses:
            ends, memories = dict.fromkeys("xy", first), dict.fromkeys("xy", blank)
            goal = self._goal(clause, ends, memories, [])
            what = Obligation(START, 0, clause.name, where=clause.where)
            yield self._asking(known).prove(what, goal)

    def constant(self, action: str) -> Iterator[Obligation]:
        """If the fields that are left out have their value, in all ends and messages, they have it
        after an action, and in all that is sent. At the start they have it: ``Theory`` says so."""
        shown, values = self.theory.constancy, self.theory.constants
        if shown is None or not values:
            return
        what = Obligation(action, 0, CONSTANT)
        sorts = shown.variables
        literals = {name: smt.literal(value, sorts[name]) for name, value in values.items()}
        variables = {name: smt.variable(name, sort) for name, sort in sorts.items()}
        known = self._facts()
        for kind in ("me", "seg"):
            row = [name for name in variables if name.startswith(f"{kind}.")]
            typed = [_typed(variables[name], sorts[name]) for name in row]
            known[f"sorts of {kind}"] = z3.simplify(_joined(z3.And, typed, True))
            same = [variables[name] == literals[name] for name in row if name in literals]
            known[f"{CONSTANT} {kind}"] = _joined(z3.And, same, True)
        terms = Terms(variables | self.parameters)
        goals = smt.row_of(
            shown.trees[action], terms, lambda leaf: [terms.of(node) for node in leaf.outputs]
        )
        yield self._asking(known).prove(what, goals)

    def step(self, step: Step, only: Container[str] | None = None) -> Iterator[Obligation]:
        """Every clause, or ``only`` some, holds after one path of one action."""
        t = self.theory
        self._looked = {}
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
        known = tests | self.hypotheses(before)
        asking = self._asking(known)
        rules = tuple(map(str, step.leaf.static.rules))
        never = Obligation(step.action, step.path, NEVER, rules, step.where)
        self.taken[step.action, step.path] = "never"
        for last in (True,) if t.at_once else (False, True):
            if last:
                asking.add(*self.numbers())
            if asking.prove(never, [z3.BoolVal(False)]).verdict == "proved":
                yield never
                return
        self.taken[step.action, step.path] = TAKEN[never.verdict]
        after, sent = self._outcome(step, terms)
        self._look(terms, step.leaf.outputs)
        fits = self._fits(step, terms)
        ends = {"x": after, "y": self.ends["y"]}
        memories = {"x": self._after("x", after), "y": self._before("y")}
        messages = [*self.other.items(), *(("x", message) for message in sent)]
        asked = [clause for clause in t.clauses if only is None or clause.name in only]
        goals = {clause.name: self._goal(clause, ends, memories, messages) for clause in asked}
        if only is None or SORTS in only:
            goals[SORTS] = fits
        asking.add(*self.numbers())
        asked_of = [
            (Obligation(step.action, step.path, name, rules, step.where), goal)
            for name, goal in goals.items()
        ]
        if t.at_once:
            asking.prove_all(asked_of)
        for what, goal in asked_of:
            if not what.verdict:
                asking.prove(what, goal)
            if self.least and what.verdict == "failed":
                rows = ends | {f"sent{n}": message for n, message in enumerate(sent)}
                self._least(asking, what, goal, [*tests.values()], rows)
            yield what

    def _asking(self, known: Hypotheses) -> "_Asking":
        return _Asking(known, self.limit, self._lessons, self.theory.at_once)

    def _sees(self, step: Step) -> bool:
        """Does the path depend on what is seen in the network?"""
        names = variables([*(test for test, _, _ in step.tests), *step.leaf.outputs])
        seen = variables(node for name, node in self.theory.sight.items() if name in names)
        return any(name.startswith(("out0.", "in0.")) for name in seen)

    def ticking(self) -> Iterator[Obligation]:
        """Every clause holds after time has gone by."""
        t = self.theory
        if t.tick is None:
            return
        self._looked = {}
        ends: dict[str, Row] = {}
        fits: list[Term] = []
        for h in "xy":
            variables = {f"me.{path}": term for path, term in self.ends[h].items()}
            terms = Terms(variables | self.parameters)
            fits += smt.row_of(
                t.tick,
                terms,
                lambda leaf, terms=terms: [  # type: ignore[misc]
                    _fits(node, f.sort, terms)
                    for node, f in zip(leaf.outputs, t.fields, strict=True)
                ],
            )
            row = smt.row_of(
                t.tick,
                terms,
                lambda leaf, terms=terms: [  # type: ignore[misc]
                    terms.sized(node, f.sort)
                    for node, f in zip(leaf.outputs, t.fields, strict=True)
                ],
            )
            ends[h] = {f.path: term for f, term in zip(t.fields, row, strict=True)}
        memories = {h: self._before(h) for h in "xy"}
        messages = []
        for h in "xy":
            older = dict(self.other[h])
            if t.ttl is not None and t.elapsed is not None:
                older[t.ttl] = older[t.ttl] - self.parameters[t.elapsed]
                older["present"] = z3.And(older["present"], older[t.ttl] > 0)
            messages.append((h, older))
            if t.ttl is not None:
                fits.append(z3.Implies(older["present"], older[t.ttl] >= 0))
        goals = {clause.name: self._goal(clause, ends, memories, messages) for clause in t.clauses}
        goals[SORTS] = fits
        known = self.hypotheses([("other", h, self.other[h]) for h in "xy"])
        asking = self._asking(known)
        asking.add(*self.numbers())
        never = asking.prove(Obligation(TICK, 0, NEVER), [z3.BoolVal(False)])
        self.taken[TICK, 0] = TAKEN[never.verdict]
        for name, goal in goals.items():
            what = asking.prove(Obligation(TICK, 0, name), goal)
            if self.least and what.verdict == "failed":
                self._least(asking, what, goal, [], ends)
            yield what

    def _least(
        self,
        asking: "_Asking",
        what: Obligation,
        goals: Sequence[Term],
        tests: Sequence[Term],
        after: Mapping[str, Row],
    ) -> None:
        """Show what failed with the least values that can be found."""
        t = self.theory
        first = {
            f"{h}.{f.path}": smt.literal(t.initial[f.path], f.sort) for f in t.fields for h in "xy"
        }
        clause = next((one for one in t.clauses if one.name == what.clause), None)
        names = set() if clause is None else variables(nodes_of(clause.tree))
        paths = {name.partition(".")[2] for name in names}
        shown = [term for row in after.values() for path, term in row.items() if path in paths]
        found = asking.least(goals, [*tests], shown, first)
        if found is None:
            return
        model, read = found

        def value(term: Term) -> Any:
            return model.eval(term, model_completion=True)

        what.counterexample = {_called(term, value): value(term) for term in read}
        what.after = {
            f"{name}.{path}": value(term)
            for name, row in after.items()
            for path, term in row.items()
        }


@dataclass(slots=True)
class _Lessons:
    """What proofs of a theory tell of the next ones.

    A term is known by its identity, which is another's once the term is gone: so all are kept.
    """

    cores: dict[int, list[tuple[int, ...]]] = field(default_factory=dict)
    """Of a goal, hypotheses that imply it."""
    useful: dict[str, list[str]] = field(default_factory=dict)
    """Of a clause, the names of hypotheses that it needed last."""
    kept: dict[int, Term] = field(default_factory=dict)

    def learn(self, clause: str, goals: Sequence[Term], core: Hypotheses) -> None:
        """These hypotheses imply these goals, which belong to a clause."""
        for term in (*goals, *core.values()):
            self.kept[identity(term)] = term
        ids = tuple(identity(term) for term in core.values())
        for goal in goals:
            self.cores.setdefault(identity(goal), []).append(ids)
        names = [name for name in core if not name.startswith(PATH)]
        before = [name for name in self.useful.get(clause, ()) if name not in names]
        self.useful[clause] = [*names, *before][:USEFUL]

    def recall(self, goal: Term, names: Mapping[int, str]) -> list[str] | None:
        """The names of hypotheses that imply a goal, if some that are known to do are there."""
        if identity(goal) in names:
            return [names[identity(goal)]]
        for core in self.cores.get(identity(goal), ()):
            if all(id in names for id in core):
                return [names[id] for id in core]
        return None


class _Asking:
    """A solver that gets hypotheses one after the other, as they turn out to be needed.

    Most proofs need few of them. It is given the goal's negation and what was needed before, here
    and by the same clause on other paths; as long as it finds a state, it gets some of the
    hypotheses that are false there. It goes on from one goal to the next, and names what it used.
    Where it finds the sequence arithmetic too hard, the question is put afresh, since preprocessing
    can do more there than learning.
    """

    def __init__(
        self, known: Hypotheses, limit: int, lessons: _Lessons, at_once: bool = False
    ) -> None:
        self.at_once = at_once
        self.known: list[Hypotheses] = []
        self.all: Hypotheses = {}
        self.names: dict[int, str] = {}  # of hypotheses, by identity
        self.lessons = lessons
        self.limit = limit
        self.solver = z3.Solver()
        self.solver.set("rlimit", min(limit, PATIENCE))
        self.told: dict[str, Term] = {}  # literals, by hypothesis
        self.add(known)

    def add(self, *known: Hypotheses) -> None:
        """Have more hypotheses at hand, the most useful ones first."""
        for some in known:
            new = {name: term for name, term in some.items() if not is_true(term)}
            self.known.append(new)
            self.all |= new
            for name, term in new.items():
                self.names.setdefault(identity(term), name)

    def prove(self, what: Obligation, goals: Sequence[Term]) -> Obligation:
        """Do the hypotheses imply the goals?"""
        began = time.process_time()
        what.verdict = "proved"
        goals = [goal for goal in goals if not is_true(goal)]
        used: dict[str, None] = {}
        left = []
        for goal in goals:
            names = self.lessons.recall(goal, self.names)
            if names is None:
                left.append(goal)
            else:
                used |= dict.fromkeys(names)
        if left:
            used |= dict.fromkeys(self._ask(what, left))
        if what.verdict == "proved":
            what.used = tuple(used)
        what.seconds = time.process_time() - began
        return what

    def prove_all(self, asked: Sequence[tuple[Obligation, Sequence[Term]]]) -> None:
        """Prove in one question what is no hypothesis; if that fails nothing is said of any."""
        left = [
            (what, goals)
            for what, goals in asked
            if any(not is_true(g) and self.lessons.recall(g, self.names) is None for g in goals)
        ]
        goals = [goal for _, some in left for goal in some if not is_true(goal)]
        whole = Obligation("", 0, "")
        began = time.process_time()
        if goals and self._ask(whole, goals) and whole.verdict == "proved":
            for what, _ in left:
                what.verdict, what.used = "proved", tuple(self.all)
                what.seconds = (time.process_time() - began) / len(left)

    def _ask(self, what: Obligation, goals: Sequence[Term]) -> list[str]:
        """Put goals to the solver, and set the verdict; the hypotheses that it used."""
        doubt = z3.Bool(f"doubt!{what.clause}")
        goal = _joined(z3.And, goals, True)
        if not self.at_once:
            self.solver.add(z3.Implies(doubt, z3.Not(goal)))
            self._tell([n for n in self.lessons.useful.get(what.clause, ()) if n in self.all])
        # Of the question put afresh
        told: list[str] | None = [*self.all] if self.at_once else None
        while True:
            if told is None:
                answer = self.solver.check(*self.told.values(), doubt)
                model = self.solver.model() if answer == z3.sat else None
                if answer == z3.unknown:
                    told = [*self.told]
            if told is not None:
                brief = self.at_once and what.clause == NEVER
                answer, model, told = self._afresh(goal, told, BRIEF if brief else self.limit)
            if answer != z3.sat:
                break
            wrong = self._wrong(model, self.told if told is None else told)
            if not wrong:
                what.counterexample = plain(model)
                break
            if told is None:
                self._tell(wrong)
            else:
                told += wrong
        what.verdict = VERDICTS[str(answer)]
        if answer != z3.unsat:
            return []
        if told is None:
            core = {identity(literal) for literal in self.solver.unsat_core()}
            told = [name for name, literal in self.told.items() if identity(literal) in core]
        self.lessons.learn(what.clause, goals, {name: self.all[name] for name in told})
        return told

    def _afresh(self, goal: Term, told: list[str], limit: int) -> tuple[Any, Any, list[str]]:
        """The answer to a question that is asked alone, with a state if there is one, and the
        hypotheses that it had: those that were ``told``, or all.

        How long a search takes hangs on chance, and on what was asked before in the same context:
        of many that end at once a few never do, with fewer hypotheses more than with all. So each
        has a context of its own, and one that does not end begins again, otherwise; but not where
        so much is asked that every search is long.
        """
        for seed, part in enumerate((1.0,) if self.at_once else TRIES):
            names = [*self.all] if seed % 2 else told
            alone = z3.Context()
            asked = z3.Then(*TACTICS, ctx=alone).solver()
            asked.set("random_seed", seed)
            asked.set("rlimit", max(1, int(min(self.limit, limit) * part)))  # 0: none
            question = [*(self.all[name] for name in names), z3.Not(goal)]
            asked.add(*[term.translate(alone) for term in question])
            answer = asked.check()
            if answer != z3.unknown:
                break
        state = asked.model().translate(z3.main_ctx()) if answer == z3.sat else None
        return answer, state, names

    def least(
        self,
        goals: Sequence[Term],
        tests: Sequence[Term],
        shown: Sequence[Term],
        first: Mapping[str, Term],
    ) -> tuple[Any, list[Term]] | None:
        """A state in which one of the goals is false, of small values, and what that goal, the
        tests and what is shown read. What has a value at the start has that one, if it can."""
        solver = z3.Solver()
        solver.set("rlimit", PATIENCE)
        told = [*self.told]
        solver.add(*[self.all[name] for name in told], *tests)
        asked = 0

        def state() -> Any:
            """A state of which all hypotheses are true, if one is found."""
            nonlocal asked
            while asked < ASKED:
                asked += 1
                if solver.check() != z3.sat:
                    return None
                model = solver.model()
                wrong = self._wrong(model, told)
                if not wrong:
                    return model
                told.extend(wrong)
                solver.add(*[self.all[name] for name in wrong])
            return None

        def one_with(*more: Term) -> Any:
            """... in which this is true as well; if there is one, it stays so."""
            known = len(told)
            solver.push()
            solver.add(*more)
            found = state()
            solver.pop()
            solver.add(*[self.all[name] for name in told[known:]])
            if found is not None:
                solver.add(*more)
            return found

        false = ((goal, one_with(z3.Not(goal))) for goal in goals)
        goal, model = next((one for one in false if one[1] is not None), (None, None))
        if goal is None:
            return None
        read = _read([goal, *tests, *shown])
        for term in read:
            start = first.get(str(term))
            found = one_with(term == start) if start is not None else None
            model = found or _lower(term, model, one_with)
        return model, read

    def _tell(self, names: Sequence[str]) -> None:
        """Give the solver hypotheses."""
        for name in names:
            if name not in self.told:
                literal = self.told[name] = z3.Bool(f"hypothesis!{len(self.told)}")
                self.solver.add(z3.Implies(literal, self.all[name]))

    def _wrong(self, model: Any, told: Container[str]) -> list[str]:
        """Some hypotheses that are false in a state: of numbers only if no other is."""
        wrong: list[str] = []
        for known in self.known:
            for name, term in known.items():
                if name not in told and is_false(model.eval(term, model_completion=True)):
                    wrong.append(name)
                    if len(wrong) == AT_ONCE:
                        return wrong
            if wrong:
                break
        return wrong


def _read(terms: Sequence[Term]) -> list[Term]:
    """The variables that terms read, parameters first, and then the look-ups in them."""
    found: dict[int, Term] = {}
    seen: set[int] = set()
    stack = [*reversed(terms)]
    while stack:
        term = stack.pop()
        if identity(term) in seen:
            continue
        seen.add(identity(term))
        stack += reversed(term.children())
        if term.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found[identity(term)] = term
    names = {key: str(term) for key, term in found.items()}
    parameters = sorted((name, key) for key, name in names.items() if "." not in name)
    others = sorted((key for key in found if "." in names[key]), key=lambda k: found[k].num_args())
    return [*(found[key] for _, key in parameters), *(found[key] for key in others)]


def _lower(term: Term, model: Any, one_with: Callable[..., Any]) -> Any:
    """A state in which a term is as low as it may be; a truth value is false rather than true."""
    if z3.is_bool(term):
        return one_with(z3.Not(term)) or one_with(term) or model
    if z3.is_real(term):
        tried = (one_with(term == n) for n in range(WHOLE))
        return next((found for found in tried if found is not None), model)
    least = z3.ULE if z3.is_bv(term) else lambda a, b: a <= b
    low, high = 0, 0  # it is at least low; high is tried
    while True:
        found = one_with(least(term, high))
        if found is not None:
            break
        low, high = high + 1, 2 * high + 1
        value = model.eval(term, model_completion=True)
        if high > value.as_long():
            return one_with(term == value) or model
    while low < high:
        middle = (low + high) // 2
        better = one_with(least(term, middle))
        found = better or found
        low, high = (low, middle) if better is not None else (middle + 1, high)
    return found


def _called(term: Term, value: Callable[[Term], Any]) -> str:
    """A variable by its name, a look-up with the number that is looked up."""
    name = str(term.decl().name())
    return f"{name}({value(term.arg(0))})" if term.num_args() else name


WHOLE = 6
"""Up to which whole numbers a time is tried."""
ASKED = 1500
"""How often the solver is asked, at most, for a state of smaller values."""
USEFUL = 32
"""How many hypotheses that a clause needed the solver gets at once on its next path."""
SECOND = 8_000_000
"""What Z3 counts in about a second: a limit that a busy machine does not change."""
PATIENCE = 5_000_000
"""As much for a question to the solver that goes on."""
BRIEF = 1_000_000
"""... and for whether a path is never taken, where all else is shown of it as well."""
TRIES = (1 / 32, 1 / 32, 1 / 16, 1 / 16, 1.0, 1.0)
"""What part of the limit each search for an answer has; every other one has all hypotheses."""
VERDICTS = {"unsat": "proved", "sat": "failed", "unknown": "unknown"}
TAKEN = {"proved": "never", "failed": "enabled", "unknown": "unknown"}
"""What the answer to *never* says of a path."""
TACTICS = ("simplify", "propagate-values", "solve-eqs", "simplify", "smt")
AT_ONCE = 8
"""How many hypotheses the solver gets at a time."""


def plain(model: Any) -> dict[str, Any]:
    """What a solver's state says, by variable. A model tells of all that its context ever defined,
    functions too, which take minutes to print."""
    return {
        variable.name(): model[variable]
        for variable in model.decls()
        if variable.arity() == 0 and "!" not in variable.name()
    }


def _if_there(message: Row, holds: Term) -> Term:
    """What is said of a message, which may not be there."""
    return z3.Implies(message["present"], holds) if "present" in message else holds


def _fits(node: Node, sort: Sort, terms: Terms) -> Term:
    """Is the value of an expression one of a sort?"""
    if sort.kind == "int" and width_of(node.sort) > width_of(sort):
        return z3.ULE(terms.of(node), (1 << width_of(sort)) - 1)
    if sort.unbounded and _may_be_negative(node):
        return terms.of(node) >= 0
    return z3.BoolVal(True)


def _may_be_negative(node: Node) -> bool:
    if node.op == "ite":
        return any(map(_may_be_negative, node.args[1:]))
    return node.op == "sub" or (node.op == "add" and any(map(_may_be_negative, node.args)))


def _typed(term: Term, sort: Sort) -> Term:
    """The values of a variable that its sort has, where the solver's has more."""
    if sort.unbounded:
        return term > 0 if sort.lo else term >= 0
    if sort.members is not None and len(sort.members) < 1 << term.size():
        return z3.ULT(term, len(sort.members))
    return z3.BoolVal(True)


def nodes_of(tree: Tree) -> Iterator[Node]:
    """The expressions of a tree."""
    if isinstance(tree, Leaf):
        yield from tree.outputs
        return
    assert isinstance(tree, Branch)
    yield tree.test
    yield from nodes_of(tree.then)
    yield from nodes_of(tree.other)


def applied(node: Node, known: dict[Node, tuple[Node, ...]]) -> tuple[Node, ...]:
    """The look-ups in an expression; ``known`` are those of others."""
    if node not in known:
        parts = [one for arg in node.args for one in applied(arg, known)]
        parts += [node] if node.op == "apply" else []
        known[node] = tuple(dict.fromkeys(parts))
    return known[node]


def _z3_sort(sort: Sort) -> Any:
    return smt.variable("", sort).sort()


def _conjuncts(term: Term) -> list[Term]:
    """Terms of which none is an ``and``, and that are as much together."""
    if not z3.is_and(term):
        return [term]
    return [one for child in term.children() for one in _conjuncts(child)]


def _joined(join: Callable[[Sequence[Term]], Term], terms: Sequence[Term], none: bool) -> Term:
    """``And`` or ``Or`` of terms; SMT-LIB has neither of fewer than two."""
    if len(terms) < 2:
        return terms[0] if terms else z3.BoolVal(none)
    return join(terms)


def script(what: Obligation, supposed: Sequence[Term], goal: Term) -> str:
    """An obligation as a standalone SMT-LIB 2 script; what it supposes is named in ``used``."""
    return _header(what) + _question(supposed, goal)


def _header(what: Obligation) -> str:
    """What an obligation is, as the comments at the head of its script."""
    lines = [
        f"obligation: {what.name}",
        f"clause: {what.clause}",
        *(f"rule: {rule}" for rule in what.rules),
        f"line: {what.where}",
        *(f"hypothesis: {name}" for name in what.used),
    ]
    return "".join(f"; {line}\n" for line in lines)


def _question(supposed: Sequence[Term], goal: Term) -> str:
    """A standalone SMT-LIB 2 script, which is unsatisfiable if hypotheses imply a goal."""
    solver = z3.Solver()
    solver.add(*supposed, z3.Not(goal))
    return "\n".join(["(set-logic ALL)", solver.sexpr(), "(check-sat)", ""])
