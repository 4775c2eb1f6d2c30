"""Symbolic exploration: a composition's reachable states for all numbers that it draws at once.

``smt.bmc`` hands a whole run to the solver; this engine walks it. Everything in a state is
known but the numbers drawn, which stay variables of full width; so every number that is reckoned
from them is a linear form, and nearly every test that a tree asks is decided by subtracting
two forms. What is left, a question about the distance of two drawn numbers or of one from
zero, is put to the solver under what is assumed so far: if both answers are possible the
state splits, and each half remembers its answer. States are then a finite set again, searched
breadth-first: a run to a bad state is a shortest one, for some numbers drawn, and none found up to
a depth means none of that length for any.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import z3

from checker.engines.solver import smt
from checker.ir.composition import Kind, Port
from checker.ir.nodes import Builder, Node, Sort, least, variables, width_of
from checker.ir.tracing import Leaf, Tree

T = TypeVar("T")
Row = tuple[Node, ...]
Facts = tuple[tuple[Node, bool], ...]
Linear = tuple[tuple[tuple[str, int], ...], int]
"""Coefficients of variables, in order of name, and a constant."""


@dataclass(frozen=True, slots=True)
class Symbolic:
    """One symbolic state: the components, the links' bags, and what is assumed of the draws."""

    ends: tuple[Row, ...]
    bags: tuple[tuple[Row, ...], ...]
    facts: Facts


@dataclass(slots=True)
class Result:
    """What was found: ``length`` of the shortest bad run, or None up to ``depth``."""

    length: int | None
    depth: int
    states: int
    transitions: int
    seconds: float
    queries: int
    complete: bool
    actions: list[str] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)  # of what was drawn, for the bad run


class Explorer:
    """Symbolic exploration of one composition, whose nodes were made by ``build``."""

    def __init__(self, model: smt.OpenComposition, build: Builder) -> None:
        self.model = model
        self.build = build
        self.queries = 0
        self._sorts: dict[str, Sort] = {}
        self._draws = [[self._drawn(term) for term in mine] for mine in model.draws]
        self._linear: dict[Node, Linear | None] = {}
        self._solvers: dict[Facts, Any] = {}
        self._answers: dict[tuple[Facts, Node], bool | None] = {}
        self._outcomes: dict[Any, list[tuple[Facts, Row, tuple[Row, ...]]]] = {}
        self._sights: dict[Row, Row] = {}
        self._seen = sorted(variables(model.sight.values()))
        self._looks = {k.name: bool(_reads(k.tree) & set(model.sight)) for k in model.kinds}
        self._carried = [f.path for f in model.message_fields]
        self._blank = [build.const(least(f.sort)) for f in model.message_fields]
        self._paths = [[f.path for f in component.fields] for component in model.components]
        self._terms = smt.Terms({name: smt.variable(name, s) for name, s in self._sorts.items()})

    def _drawn(self, term: Any) -> Node:
        name = str(term)
        sort = Sort("int", 0, (1 << term.size()) - 1)
        self._sorts[name] = sort
        return self.build.var(name, sort)

    # Expressions under a substitution

    def _form(self, node: Node) -> Linear | None:
        """``node`` as a linear form; None if it has a choice or a test inside."""
        if node not in self._linear:
            self._linear[node] = self._make_form(node)
        return self._linear[node]

    def _make_form(self, node: Node) -> Linear | None:
        if node.op == "const":
            return (), int(node.data)
        if node.op in ("add", "sub"):
            one, two = map(self._form, node.args)
            if one is None or two is None:
                return None
            (a, m), (b, n) = one, two
            sign = 1 if node.op == "add" else -1
            total = dict(a)
            for name, k in b:
                total[name] = total.get(name, 0) + sign * k
            return tuple(sorted((v, k) for v, k in total.items() if k)), m + sign * n
        if node.op == "wrap":
            return self._form(node.args[0])
        if node.op == "var":
            return ((node.data, 1),), 0
        return None

    def _wrapped(self, form: Linear, bits: int) -> Node:
        """The canonical node of a form modulo 2^bits."""
        size = 1 << bits
        build = self.build
        parts, constant = form
        total = build.const(constant % size)
        for name, k in parts:
            var = build.var(name, self._sorts[name])
            k %= size
            put = build.add if k <= size // 2 else build.sub
            for _ in range(min(k, size - k)):  # once, but for what stands for a hash
                total = put(total, var)
        return build.wrap(total, bits)

    def _put(self, node: Node, values: dict[str, Node], memo: dict[Node, Node]) -> Node:
        """``node`` with ``values`` for its variables, canonical."""
        known = memo.get(node)
        if known is None:
            known = memo[node] = self._make_with(node, values, memo)
        return known

    def _make_with(self, node: Node, values: dict[str, Node], memo: dict[Node, Node]) -> Node:
        build = self.build
        if node.op == "const":
            return node
        if node.op == "var":
            return values.get(node.data, node)
        args = [self._put(arg, values, memo) for arg in node.args]
        match node.op:
            case "wrap":
                form = self._form(args[0])
                return (
                    build.wrap(args[0], node.data)
                    if form is None
                    else self._wrapped(form, node.data)
                )
            case "eq" if args[0].sort.kind == "int":
                # a == b as a question about a - b, so that equal questions look alike
                bits = max(width_of(arg.sort) for arg in args)
                form = self._form(build.sub(*args))
                if form is None:
                    return build.eq(*args)
                parts, constant = form
                if not parts:
                    return build.const(constant % (1 << bits) == 0)
                left = self._wrapped((parts, 0), bits)
                return build.eq(left, build.const(-constant % (1 << bits)))
            case "ite":
                return build.ite(*args)
            case "and":
                return build.and_(*args)
            case "or":
                return build.or_(*args)
            case "not":
                return build.not_(args[0])
            case "lt":
                return build.lt(*args)
            case "le":
                return build.le(*args)
            case "add":
                return build.add(*args)
            case "sub":
                return build.sub(*args)
            case "int":
                return build.int(args[0])
            case _:
                return build.eq(*args)

    # Decisions

    def _possible(self, test: Node, facts: Facts) -> bool | None:
        """The only answer that ``facts`` allow to ``test``; None if both are possible."""
        if test.op == "const":
            return bool(test.data)
        memo = (facts, test)
        if memo not in self._answers:
            self._answers[memo] = self._ask(test, facts)
        return self._answers[memo]

    def _ask(self, test: Node, facts: Facts) -> bool | None:
        solver = self._solvers.get(facts)
        if solver is None:
            solver = self._solvers[facts] = z3.SolverFor("QF_BV")
            solver.add(*self.model.assumptions)
            solver.add(*(t if yes else z3.Not(t) for t, yes in self._said(facts)))
        term = self._terms.of(test)
        answers = []
        for guess in (term, z3.Not(term)):
            self.queries += 1
            status = solver.check(guess)
            if status == z3.unknown:
                raise RuntimeError(f"the solver does not know whether {test!r}")
            answers.append(status == z3.sat)
        return None if all(answers) else answers[0]

    def _said(self, facts: Facts) -> Iterator[tuple[Any, bool]]:
        for node, yes in facts:
            yield self._terms.of(node), yes

    def _walk(
        self, tree: Tree, values: dict[str, Node], memo: dict[Node, Node], facts: Facts
    ) -> Iterator[tuple[Leaf, Facts]]:
        """The leaves that ``values`` can lead to, each with what it assumes."""
        while not isinstance(tree, Leaf):
            test = self._put(tree.test, values, memo)
            answer = self._possible(test, facts)
            if answer is None:
                yield from self._walk(tree.then, values, memo, _assume(facts, test, True))
                facts = _assume(facts, test, False)
                tree = tree.other
            else:
                tree = tree.then if answer else tree.other
        yield tree, facts

    def _settle(self, nodes: list[Node], facts: Facts) -> Iterator[tuple[Row, Facts]]:
        """``nodes`` as plain values and linear forms, splitting where a choice is left."""
        for i, node in enumerate(nodes):
            test = node if node.sort.kind == "bool" and node.op != "const" else None
            if node.op == "ite":
                test = node.args[0]
            if test is None:
                continue
            answer = self._possible(test, facts)
            for guess in (True, False) if answer is None else (answer,):
                if node.op == "ite":
                    value = node.args[1 if guess else 2]
                else:
                    value = self.build.const(guess)
                more = facts if answer is not None else _assume(facts, test, guess)
                yield from self._settle([*nodes[:i], value, *nodes[i + 1 :]], more)
            return
        yield tuple(nodes), facts

    # Steps

    def initial(self) -> Symbolic:
        """The initial state."""
        m = self.model
        ends = tuple(
            tuple(self.build.const(component.initial[f.path]) for f in component.fields)
            for component in m.components
        )
        return Symbolic(ends, ((),) * len(m.links), ())

    def steps(self, state: Symbolic) -> Iterator[tuple[str, Symbolic]]:
        """Every step from ``state``: calls by port, then what is done with each link, then time."""
        m = self.model
        for number, port in enumerate(m.ports):
            for kind in m.kinds:
                if number in kind.ports and not kind.delivers:
                    yield from self._act(state, port, kind, None)
        for link, bag in enumerate(state.bags):
            takers = [(n, port) for n, port in enumerate(m.ports) if port.takes == link]
            for message in dict.fromkeys(bag):
                for number, port in takers:
                    for kind in m.kinds:
                        if number in kind.ports and kind.delivers:
                            yield from self._act(state, port, kind, message)
                if m.lose:
                    bags = _with(state.bags, link, _without(bag, message))
                    yield "lose", Symbolic(state.ends, bags, state.facts)
        if m.timed:
            yield from self._tick(state)

    def _act(
        self, state: Symbolic, port: Port, kind: Kind, message: Row | None
    ) -> Iterator[tuple[str, Symbolic]]:
        m = self.model
        for facts, after, sent in self._react(state, port, kind, message):
            ends = _with(state.ends, port.component, after)
            for kept in (False, True) if message is not None and m.duplicate else (False,):
                bags = state.bags
                if message is not None and not kept:
                    assert port.takes is not None
                    bags = _with(bags, port.takes, _without(bags[port.takes], message))
                for n, new in enumerate(sent):
                    link = port.out(n)
                    bag = bags[link]
                    if len(bag) < m.capacity and sum(map(len, bags)) < m.in_flight:
                        bags = _with(bags, link, tuple(sorted((*bag, new), key=_order)))
                yield kind.name, Symbolic(ends, bags, facts)

    def _react(
        self, state: Symbolic, port: Port, kind: Kind, message: Row | None
    ) -> list[tuple[Facts, Row, tuple[Row, ...]]]:
        """What ``kind`` makes of a component: facts, and what it becomes and sends."""
        m = self.model
        sight = self._sight(state, port) if self._looks[kind.name] else ()
        me = state.ends[port.component]
        memo = (kind.name, port, me, message, sight, state.facts)
        known = self._outcomes.get(memo)
        if known is not None:
            return known
        values = self._named("me", state, port.component)
        values |= dict(zip(m.sight, sight, strict=bool(sight)))
        if message is not None:
            values |= {f"seg.{path}": v for path, v in zip(self._carried, message, strict=True)}
        draws = self._draws[port.component]
        if m.draw is not None and draws:
            drawn = values[f"me.{m.draw.counter}"].data
            values[m.draw.name] = draws[min(drawn, len(draws) - 1)]
        found = []
        memo_put: dict[Node, Node] = {}
        for leaf, facts in self._walk(kind.tree, values, memo_put, state.facts):
            if leaf.static.possible:
                nodes = [self._put(node, values, memo_put) for node in leaf.outputs]
                for row, settled in self._settle(nodes, facts):
                    n, width = len(me), len(m.message_fields)
                    sent = tuple(
                        row[n + i * width : n + (i + 1) * width] for i in range(leaf.static.sent)
                    )
                    found.append((settled, row[:n], sent))
        self._outcomes[memo] = found
        return found

    def _named(self, name: str, state: Symbolic, component: int) -> dict[str, Node]:
        """A component's fields, under the name that it has in an expression."""
        fields = zip(self._paths[component], state.ends[component], strict=True)
        return {f"{name}.{path}": value for path, value in fields}

    def _sight(self, state: Symbolic, port: Port) -> Row:
        """The values of what depends on the whole state; worked out once for what they read."""
        m = self.model
        values = self._named("me", state, port.component)
        view = m.view(port)
        values |= self._named("peer", state, view.peer)
        for name, bag in (("out", state.bags[view.out]), ("in", state.bags[view.in_])):
            for i in range(m.capacity):
                there = i < len(bag)
                values[f"{name}{i}.present"] = self.build.true if there else self.build.false
                message = bag[i] if there else self._blank
                for path, v in zip(self._carried, message, strict=True):
                    values[f"{name}{i}.{path}"] = v
        read = tuple(values[name] for name in self._seen)
        known = self._sights.get(read)
        if known is None:
            memo: dict[Node, Node] = {}
            known = tuple(self._put(node, values, memo) for node in m.sight.values())
            self._sights[read] = known
        return known

    def _tick(self, state: Symbolic) -> Iterator[tuple[str, Symbolic]]:
        m = self.model
        ends = []
        for number, component in enumerate(m.components):
            values = self._named("me", state, number)
            memo: dict[Node, Node] = {}
            blocked = component.tick_blocked
            if blocked is not None and self._put(blocked, values, memo).data:
                return
            end = state.ends[number]
            if component.tick is not None:
                ((leaf, _),) = self._walk(component.tick, values, memo, state.facts)
                end = tuple(self._put(node, values, memo) for node in leaf.outputs)
            ends.append(end)
        bags = []
        at = next((i for i, f in enumerate(m.message_fields) if f.path == m.ttl), None)
        for bag in state.bags:
            if at is not None:
                bag = tuple(
                    (*row[:at], self.build.const(row[at].data - 1), *row[at + 1 :])
                    for row in bag
                    if row[at].data > 1
                )
            bags.append(tuple(sorted(bag, key=_order)))
        later = Symbolic(tuple(ends), tuple(bags), state.facts)
        if later != state:
            yield "tick", later

    # Search

    def violates(self, state: Symbolic, good: Tree) -> Facts | None:
        """What to assume so that ``good`` is false of ``state``; None if it cannot be."""
        values: dict[str, Node] = {}
        for number, component in enumerate(self.model.components):
            values |= self._named(component.name, state, number)
        memo: dict[Node, Node] = {}
        for leaf, facts in self._walk(good, values, memo, state.facts):
            verdict = self._put(leaf.outputs[0], values, memo)
            answer = self._possible(verdict, facts)
            if answer is not True:
                return facts if answer is False else _assume(facts, verdict, False)
        return None

    def search(self, good: Tree, depth: int | None = None, max_states: int = 2_000_000) -> Result:
        """Is there a run of at most ``depth`` steps to a state where ``good`` is false?"""
        began = time.monotonic()
        start = self.initial()
        parent: dict[Symbolic, tuple[Symbolic | None, str]] = {start: (None, "")}
        level, transitions, at = [start], 0, 0

        def done(bad: Symbolic | None, facts: Facts, complete: bool) -> Result:
            result = Result(
                None if bad is None else at,
                at,
                len(parent),
                transitions,
                time.monotonic() - began,
                self.queries,
                complete,
            )
            if bad is not None:
                result.values = self._example(facts)
                here: Symbolic | None = bad
                while here is not None:
                    here, action = parent[here]
                    result.actions.insert(0, action)
                result.actions = result.actions[1:]
            return result

        facts = self.violates(start, good)
        if facts is not None:
            return done(start, facts, False)
        while level and (depth is None or at < depth) and len(parent) < max_states:
            at += 1
            following = []
            for state in level:
                for action, after in self.steps(state):
                    transitions += 1
                    if after not in parent:
                        parent[after] = (state, action)
                        following.append(after)
                        facts = self.violates(after, good)
                        if facts is not None:
                            return done(after, facts, False)
            level = following
        return done(None, (), not level)

    def _example(self, facts: Facts) -> dict[str, int]:
        """Values of what was drawn that satisfy ``facts``."""
        solver = z3.SolverFor("QF_BV")
        solver.add(*self.model.assumptions)
        solver.add(*(t if yes else z3.Not(t) for t, yes in self._said(facts)))
        if solver.check() != z3.sat:
            raise RuntimeError(f"the solver has no values for {facts!r}")
        model = solver.model()
        return {
            name: model.eval(term, model_completion=True).as_long()
            for name, term in self._terms.variables.items()
        }


def _assume(facts: Facts, test: Node, answer: bool) -> Facts:
    """``facts`` and one more, in an order that does not depend on when each was learnt."""
    if test.op == "not":
        test, answer = test.args[0], not answer
    return tuple(sorted((*facts, (test, answer)), key=lambda fact: (repr(fact[0]), fact[1])))


def _with(row: tuple[T, ...], at: int, value: T) -> tuple[T, ...]:
    return (*row[:at], value, *row[at + 1 :])


def _without(bag: tuple[Row, ...], message: Row) -> tuple[Row, ...]:
    i = bag.index(message)
    return bag[:i] + bag[i + 1 :]


def _order(row: Row) -> tuple[str, ...]:
    return tuple(map(repr, row))


def _reads(tree: Tree) -> set[str]:
    """The variables that a tree reads."""
    if isinstance(tree, Leaf):
        return variables(tree.outputs)
    return variables([tree.test]) | _reads(tree.then) | _reads(tree.other)


def search(
    model: smt.OpenComposition,
    build: Builder,
    good: Tree,
    depth: int | None = None,
    max_states: int = 2_000_000,
) -> Result:
    """Explore ``model`` symbolically, to ``depth`` or to the end."""
    return Explorer(model, build).search(good, depth, max_states)
