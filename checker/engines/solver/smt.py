"""Trees as Z3 terms, and bounded model checking of components joined by links.

An expression becomes a bit-vector term of just the width its interval needs; what is wrapped
is computed at the width it is wrapped to, where bit-vector arithmetic is the same thing. A
tree becomes, for each output, a chain of if-then-else along its branches.

One step of a composition is encoded once, over variables for the state and for the adversary's
choice (which port, which input, which message, kept or not), and then instantiated for
each step by substitution. ``bmc`` asks for a run of at most so many steps that ends in a state
with a given property: ``unsat`` means that there is none, for any value of the variables at their
full width. This is bounded: it says nothing of longer runs.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import z3

from checker.ir.composition import Composition, Kind, most_sent
from checker.ir.nodes import Node, Sort, least, width_of
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tree

Term = Any  # a z3 expression


def identity(term: Term) -> int:
    """What tells a term from all others that there are now: Z3 makes equal terms one object. It is
    ``get_id`` for a tenth of the time; a term that is gone may leave it to another."""
    found: int = term.ast.value
    return found


_TRUE, _FALSE = z3.BoolVal(True), z3.BoolVal(False)


def is_true(term: Term) -> bool:
    """Is it the constant?"""
    return identity(term) == identity(_TRUE)


def is_false(term: Term) -> bool:
    """Is it the other?"""
    return identity(term) == identity(_FALSE)


def variable(name: str, sort: Sort) -> Term:
    """A z3 constant for a variable of ``sort``."""
    if sort.unbounded:
        return z3.Int(name) if sort.kind == "nat" else z3.Real(name)
    bits = width_of(sort)
    return z3.Bool(name) if bits == 0 else z3.BitVec(name, bits)


def literal(value: Any, sort: Sort) -> Term:
    """The z3 value of a plain one."""
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if isinstance(value, Enum):
        value = list(type(value)).index(value)
    if sort.unbounded:
        return z3.IntVal(value) if sort.kind == "nat" else z3.RealVal(value)
    return z3.BitVecVal(value, width_of(sort))


def plain(term: Term, sort: Sort) -> Any:
    """The plain value of a z3 one."""
    if sort.kind == "bool":
        return bool(z3.is_true(term))
    if sort.kind == "enum":
        assert sort.members is not None
        return list(sort.members)[term.as_long()]
    return term.as_long()


def resize(term: Term, bits: int) -> Term:
    """A bit-vector cut or zero-extended to ``bits``."""
    have = term.size()
    if have == bits:
        return term
    return z3.Extract(bits - 1, 0, term) if have > bits else z3.ZeroExt(bits - have, term)


class Terms:
    """Translates nodes to terms, given the terms of their variables, and functions by name."""

    def __init__(
        self,
        variables: Mapping[str, Term],
        functions: Mapping[str, Callable[[Term], Term]] | None = None,
    ) -> None:
        self.variables = variables
        self.functions = functions or {}
        self._known: dict[Node, Term] = {}

    def of(self, node: Node) -> Term:
        """The term of ``node``, at its own width."""
        term = self._known.get(node)
        if term is None:
            term = self._known[node] = self._make(node)
        return term

    def at(self, node: Node, bits: int) -> Term:
        """The term of an int ``node``, modulo 2^bits."""
        if node.op == "const":
            return z3.BitVecVal(node.data, bits)
        if node.op == "add":
            return self.at(node.args[0], bits) + self.at(node.args[1], bits)
        if node.op == "sub":
            return self.at(node.args[0], bits) - self.at(node.args[1], bits)
        if node.op == "ite" and node.sort.lo < 0:  # its own width has no room for a sign
            test, yes, no = node.args
            return z3.If(self.of(test), self.at(yes, bits), self.at(no, bits))
        return resize(self.of(node), bits)

    def _make(self, node: Node) -> Term:
        a = node.args
        match node.op:
            case "const":
                return literal(node.data, node.sort)
            case "var":
                return self.variables[node.data]
            case "apply":
                name, sort = node.data
                return self.functions[name](self.sized(a[0], sort))
            case "add" if node.sort.unbounded:
                return self.of(a[0]) + self.of(a[1])
            case "sub" if node.sort.unbounded:
                return self.of(a[0]) - self.of(a[1])
            case "lt" if a[0].sort.unbounded:
                return self.of(a[0]) < self.of(a[1])
            case "le" if a[0].sort.unbounded:
                return self.of(a[0]) <= self.of(a[1])
            case "wrap" if node.sort.unbounded:
                return self.of(a[0]) % (1 << node.data)
            case "int" if node.sort.unbounded:
                one, none = literal(1, node.sort), literal(0, node.sort)
                return z3.If(self.of(a[0]), one, none)
            case "add" | "sub":
                return self.at(node, width_of(node.sort))
            case "wrap":
                return self.at(a[0], node.data)
            case "int":
                return z3.If(self.of(a[0]), z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))
            case "eq" if a[0].sort.kind == "int":
                return z3.simplify(self._pair(a, lambda x, y: x == y))
            case "eq":
                return self.of(a[0]) == self.of(a[1])
            case "lt":
                return self._pair(a, z3.ULT)
            case "le":
                return self._pair(a, z3.ULE)
            case "not":
                return z3.Not(self.of(a[0]))
            case "and":
                return z3.And(self.of(a[0]), self.of(a[1]))
            case "or":
                return z3.Or(self.of(a[0]), self.of(a[1]))
            case "ite" if node.sort.kind == "int":
                bits = width_of(node.sort)
                return z3.If(self.of(a[0]), self.at(a[1], bits), self.at(a[2], bits))
            case "ite":
                return z3.If(self.of(a[0]), self.of(a[1]), self.of(a[2]))
        raise AssertionError(node.op)

    def _pair(self, args: tuple[Node, ...], compare: Callable[[Term, Term], Term]) -> Term:
        bits = max(width_of(arg.sort) for arg in args)
        return compare(self.at(args[0], bits), self.at(args[1], bits))

    def sized(self, node: Node, sort: Sort) -> Term:
        """The term of ``node`` as a value of ``sort``."""
        if sort.unbounded and node.op == "const":
            return literal(node.data, sort)
        return self.at(node, width_of(sort)) if sort.kind == "int" else self.of(node)


def choose(test: Term, yes: Sequence[Term], no: Sequence[Term]) -> list[Term]:
    """Element by element: ``yes`` if ``test``, else ``no``."""
    return [a if a.eq(b) else z3.If(test, a, b) for a, b in zip(yes, no, strict=True)]


def row_of(tree: Tree, terms: Terms, leaf_row: Callable[[Leaf], list[Term]]) -> list[Term]:
    """A row of terms for a tree, from a row for each leaf."""
    if isinstance(tree, Leaf):
        return leaf_row(tree)
    assert isinstance(tree, Branch)
    return choose(
        terms.of(tree.test),
        row_of(tree.then, terms, leaf_row),
        row_of(tree.other, terms, leaf_row),
    )


@dataclass(slots=True, kw_only=True)
class OpenComposition(Composition):
    """A composition whose draws are the solver's variables.

    ``draws[component][n]`` is what a component draws that has drawn n numbers so far (the last
    stands for all further ones); ``assumptions`` constrain them. ``offers`` are not read.
    """

    draws: Sequence[Sequence[Term]]
    assumptions: Sequence[Term]


@dataclass(slots=True)
class State:
    """The variables of one state."""

    ends: list[dict[str, Term]]  # of each component
    bags: list[list[dict[str, Term]]]  # [link][slot], with "present"; present ones first

    def flat(self) -> list[Term]:
        """All variables, in order."""
        return [
            *(v for end in self.ends for v in end.values()),
            *(v for bag in self.bags for slot in bag for v in slot.values()),
        ]


class Unrolling:
    """The encoding of runs of a composition."""

    def __init__(self, model: OpenComposition) -> None:
        self.model = model
        self.here = self._state("s")
        self.there, self.legal, self.choice = self._step(self.here)

    def _state(self, name: str) -> State:
        m = self.model
        ends = [
            {f.path: variable(f"{name}.{c.name}.{f.path}", f.sort) for f in c.fields}
            for c in m.components
        ]
        bags = [
            [
                {"present": z3.Bool(f"{name}.{m.link(n)}.{i}.present")}
                | {
                    f.path: variable(f"{name}.{m.link(n)}.{i}.{f.path}", f.sort)
                    for f in m.message_fields
                }
                for i in range(m.capacity)
            ]
            for n in range(len(m.links))
        ]
        return State(ends, bags)

    def initial(self, state: State) -> list[Term]:
        """The constraint that ``state`` is initial."""
        return [
            end[f.path] == literal(c.initial[f.path], f.sort)
            for c, end in zip(self.model.components, state.ends, strict=True)
            for f in c.fields
        ] + [z3.Not(slot["present"]) for bag in state.bags for slot in bag]

    # One step

    def _step(self, s: State) -> tuple[list[Term], Term, dict[str, Term]]:
        """The next state as terms over ``s`` and the choice; when it is legal; the choice."""
        m = self.model
        names = [*(k.name for k in m.kinds), "lose", "tick", "stay"]
        act = z3.BitVec("act", max(1, (len(names) - 1).bit_length()))
        who = z3.BitVec("who", max(1, (len(m.ports) - 1).bit_length()))  # the port
        kept = z3.Bool("kept")
        at = z3.BitVec("at", max(1, (m.capacity - 1).bit_length()))
        choice = {"act": act, "who": who, "kept": kept, "at": at}
        lose, tick, self.stay = (len(m.kinds) + i for i in range(3))
        delivered = z3.Or([act == n for n, kind in enumerate(m.kinds) if kind.delivers])
        takes = z3.Or(delivered, act == lose)

        ends = [list(end.values()) for end in s.ends]
        bags = s.bags
        total = _count([slot["present"] for bag in bags for slot in bag])
        legal = [act == self.stay]

        # Of messages, the one that is delivered or lost
        taking = {n: port.takes for n, port in enumerate(m.ports) if port.takes is not None}
        message = {f.path: literal(least(f.sort), f.sort) for f in m.message_fields}
        there = z3.BoolVal(False)
        removed = z3.Or(z3.And(delivered, z3.Not(kept)), act == lose)
        if taking:
            inbox = self._of_port(who, {port: bags[link] for port, link in taking.items()})
            message = self._pick(inbox, at)
            there = z3.Or([z3.And(at == i, slot["present"]) for i, slot in enumerate(inbox)])
            there = z3.And(there, z3.Or([who == port for port in taking]))
            bags = self._put_back(bags, who, taking, self._without(inbox, at, removed))
            total = total - _count([removed])

        # What each input makes of the acting component, for components of the same fields at once
        for ports in self._alike():
            kinds = [(n, k) for n, k in enumerate(m.kinds) if set(k.ports) <= set(ports)]
            if not kinds:
                continue
            after, sent, possible = self._react(s, ports, kinds, who, act, message)
            for port in ports:
                c = m.ports[port].component
                ends[c] = choose(who == port, after, ends[c])
            for n, kind in kinds:
                condition = [act == n, possible, z3.Or([who == port for port in kind.ports])]
                if kind.delivers:
                    condition.append(there)
                    if not m.duplicate:
                        condition.append(z3.Not(kept))
                legal.append(z3.And(condition))
            for n, new in enumerate(sent):
                out = {port: m.ports[port].out(n) for port in ports if m.ports[port].sends}
                outbox = self._of_port(who, {port: bags[link] for port, link in out.items()})
                outbox, put = self._with(outbox, new, total)
                bags = self._put_back(bags, who, out, outbox)
                total = total + _count([put])

        tidy = z3.And(
            z3.Implies(z3.Not(takes), at == 0),
            z3.Implies(z3.Not(delivered), z3.Not(kept)),
            z3.Implies(z3.Or(act == tick, act == self.stay), who == 0),
            z3.ULE(who, len(m.ports) - 1),
        )
        after_all = [v for end in ends for v in end]
        after_all += [v for bag in bags for slot in bag for v in slot.values()]
        if m.lose:
            legal.append(z3.And(act == lose, there, z3.Not(kept)))
        if m.timed:
            ticked, open_ = self._tick(s)
            after_all = choose(act == tick, ticked, after_all)
            legal.append(z3.And(act == tick, open_))
        after_all = choose(act == self.stay, s.flat(), after_all)
        return after_all, z3.And(tidy, z3.Or(legal)), choice

    def _alike(self) -> list[list[int]]:
        """The ports, those together whose components have the same fields."""
        groups: dict[tuple[Field, ...], list[int]] = {}
        for n, port in enumerate(self.model.ports):
            fields = tuple(self.model.components[port.component].fields)
            groups.setdefault(fields, []).append(n)
        return list(groups.values())

    def _react(
        self,
        s: State,
        ports: Sequence[int],
        kinds: Sequence[tuple[int, Kind]],
        who: Term,
        act: Term,
        message: dict[str, Term],
    ) -> tuple[list[Term], list[list[Term]], Term]:
        """What the chosen one of ``kinds`` makes of the component that acts, at one of ``ports``:
        its fields, the messages sent, and whether it is possible."""
        m = self.model
        fields = m.components[m.ports[ports[0]].component].fields
        terms = Terms(self._variables(s, ports, who, message))
        same = [terms.variables[f"me.{f.path}"] for f in fields]
        most = max(most_sent(kind.tree) for _, kind in kinds)
        blank = [z3.BoolVal(False), *(literal(least(f.sort), f.sort) for f in m.message_fields)]
        nothing: list[Term] = [z3.BoolVal(False), *same, *(blank * most)]

        def of(leaf: Leaf) -> list[Term]:
            if not leaf.static.possible:
                return nothing
            outputs = iter(leaf.outputs)
            row: list[Term] = [
                z3.BoolVal(True),
                *(terms.sized(next(outputs), f.sort) for f in fields),
            ]
            for _ in range(leaf.static.sent):
                row.append(z3.BoolVal(True))
                row += [terms.sized(next(outputs), f.sort) for f in m.message_fields]
            row += blank * (most - leaf.static.sent)
            return row

        result = nothing
        for number, kind in kinds:
            result = choose(act == number, row_of(kind.tree, terms, of), result)
        start, width = 1 + len(same), len(blank)
        sent = [result[start + i * width : start + (i + 1) * width] for i in range(most)]
        return result[1:start], sent, result[0]

    def _variables(
        self, s: State, ports: Sequence[int], who: Term, message: dict[str, Term]
    ) -> dict[str, Term]:
        """The variables of the trees of ``ports``."""
        m = self.model
        (me,) = self._of_port(who, {n: [s.ends[m.ports[n].component]] for n in ports})
        variables = {f"me.{path}": term for path, term in me.items()}
        variables |= {f"seg.{path}": term for path, term in message.items()}
        if m.sight:
            variables |= self._seen(s, ports, who, variables)
        if m.draw is not None and f"me.{m.draw.counter}" in variables:
            drawn = variables[f"me.{m.draw.counter}"]
            values = {}
            for port in ports:
                *first, value = m.draws[m.ports[port].component]
                for i, other in reversed(list(enumerate(first))):
                    value = z3.If(drawn == i, other, value)
                values[port] = [{m.draw.name: value}]
            variables |= self._of_port(who, values)[0]
        return variables

    def _seen(
        self, s: State, ports: Sequence[int], who: Term, variables: dict[str, Term]
    ) -> dict[str, Term]:
        """What an observer of the component that acts sees of the rest."""
        m = self.model
        views = {n: m.view(m.ports[n]) for n in ports}
        (peer,) = self._of_port(who, {n: [s.ends[view.peer]] for n, view in views.items()})
        wider = variables | {f"peer.{path}": term for path, term in peer.items()}
        for name, bags in (
            ("out", {n: s.bags[view.out] for n, view in views.items()}),
            ("in", {n: s.bags[view.in_] for n, view in views.items()}),
        ):
            for i, slot in enumerate(self._of_port(who, bags)):
                wider |= {f"{name}{i}.{path}": term for path, term in slot.items()}
        looking = Terms(wider)
        return {name: looking.of(node) for name, node in m.sight.items()}

    # What depends on the port that acts

    def _of_port(
        self, who: Term, rows: Mapping[int, list[dict[str, Term]]]
    ) -> list[dict[str, Term]]:
        """The row of the port ``who``, where ``rows`` has one, of some records, for each port."""
        *others, (_, found) = rows.items()
        for port, row in reversed(others):
            found = [
                dict(zip(one, choose(who == port, [*one.values()], [*other.values()]), strict=True))
                for one, other in zip(row, found, strict=True)
            ]
        return found

    def _put_back(
        self,
        bags: list[list[dict[str, Term]]],
        who: Term,
        links: Mapping[int, int],
        changed: list[dict[str, Term]],
    ) -> list[list[dict[str, Term]]]:
        """The bags, with ``changed`` in place of that of the link that ``who`` has in ``links``."""
        result = list(bags)
        for link in dict.fromkeys(links.values()):
            here = z3.Or([who == port for port, n in links.items() if n == link])
            result[link] = [
                dict(zip(old, choose(here, [*new.values()], [*old.values()]), strict=True))
                for old, new in zip(bags[link], changed, strict=True)
            ]
        return result

    def _tick(self, s: State) -> tuple[list[Term], Term]:
        m = self.model
        after: list[Term] = []
        blocked = []
        for c, end in zip(m.components, s.ends, strict=True):
            terms = Terms({f"me.{path}": term for path, term in end.items()})
            if c.tick is None:
                after += end.values()
            else:
                after += row_of(
                    c.tick,
                    terms,
                    lambda leaf, terms=terms, fields=c.fields: [  # type: ignore[misc]
                        terms.sized(node, f.sort)
                        for node, f in zip(leaf.outputs, fields, strict=True)
                    ],
                )
            if c.tick_blocked is not None:
                blocked.append(terms.of(c.tick_blocked))
        for bag in s.bags:
            older = []
            for slot in bag:
                ttl = slot[m.ttl] if m.ttl else None
                alive = slot["present"]
                aged = dict(slot)
                if m.ttl and ttl is not None:
                    alive = z3.And(alive, z3.UGT(ttl, 1))
                    aged[m.ttl] = ttl - 1
                aged["present"] = alive
                older.append(aged)
            # Keep the present ones first
            for _ in range(len(older) - 1):
                for i in range(len(older) - 1):
                    swap = z3.And(z3.Not(older[i]["present"]), older[i + 1]["present"])
                    low = choose(swap, list(older[i + 1].values()), list(older[i].values()))
                    high = choose(swap, list(older[i].values()), list(older[i + 1].values()))
                    older[i] = dict(zip(older[i], low, strict=True))
                    older[i + 1] = dict(zip(older[i + 1], high, strict=True))
            after += [v for slot in older for v in slot.values()]
        return after, z3.Not(z3.Or(blocked)) if blocked else z3.BoolVal(True)

    # Bags

    def _pick(self, bag: list[dict[str, Term]], at: Term) -> dict[str, Term]:
        row = list(bag[-1].values())
        for i in range(len(bag) - 2, -1, -1):
            row = choose(at == i, list(bag[i].values()), row)
        picked = dict(zip(bag[0], row, strict=True))
        del picked["present"]
        return picked

    def _without(
        self, bag: list[dict[str, Term]], at: Term, removed: Term
    ) -> list[dict[str, Term]]:
        """The bag without slot ``at``, the later ones moved up, if ``removed``."""
        empty = [z3.BoolVal(False), *(list(bag[-1].values())[1:])]
        result = []
        for i, slot in enumerate(bag):
            after = list(bag[i + 1].values()) if i + 1 < len(bag) else empty
            moved = z3.And(removed, z3.ULE(at, i))
            result.append(dict(zip(slot, choose(moved, after, list(slot.values())), strict=True)))
        return result

    def _with(
        self, bag: list[dict[str, Term]], new: Sequence[Term], total: Term
    ) -> tuple[list[dict[str, Term]], Term]:
        """The bag with ``new`` in its first free slot, if it is present and there is room, and
        whether it was put there; ``total`` are in flight."""
        room = z3.ULT(total, z3.BitVecVal(self.model.in_flight, total.size()))
        result = []
        for i, slot in enumerate(bag):
            first_free = z3.And(
                z3.Not(slot["present"]), bag[i - 1]["present"] if i else z3.BoolVal(True)
            )
            put = z3.And(new[0], room, first_free)
            result.append(dict(zip(slot, choose(put, list(new), list(slot.values())), strict=True)))
        return result, z3.And(new[0], room, z3.Not(bag[-1]["present"]))

    # Runs

    def run(self, steps: int) -> tuple[list[State], list[dict[str, Term]], list[Term]]:
        """States, choices and constraints of a run of ``steps`` steps."""
        states = [self._state("0")]
        constraints = [*self.model.assumptions, *self.initial(states[0])]
        choices: list[dict[str, Term]] = []
        old = self.here.flat()
        for t in range(steps):
            after = self._state(str(t + 1))
            fresh = {n: z3.FreshConst(v.sort(), f"{n}{t}") for n, v in self.choice.items()}
            swap = [
                *zip(old, states[-1].flat(), strict=True),
                *((self.choice[n], fresh[n]) for n in fresh),
            ]
            constraints.append(z3.substitute(self.legal, *swap))
            if choices:
                # Staying is for the end of a run.
                stay = z3.BitVecVal(self.stay, fresh["act"].size())
                constraints.append(z3.Implies(choices[-1]["act"] == stay, fresh["act"] == stay))
            constraints += [
                new == z3.substitute(term, *swap)
                for new, term in zip(after.flat(), self.there, strict=True)
            ]
            states.append(after)
            choices.append(fresh)
        return states, choices, constraints


_LOAD = 8  # bits that count messages


def _count(flags: list[Term]) -> Term:
    total = z3.BitVecVal(0, _LOAD)
    for flag in flags:
        total = total + z3.If(flag, z3.BitVecVal(1, _LOAD), z3.BitVecVal(0, _LOAD))
    return total


@dataclass(slots=True)
class Answer:
    """What the solver said of runs of at most ``steps`` steps."""

    status: str  # "sat", "unsat" or "unknown"
    steps: int
    seconds: float
    states: list[dict[str, Any]]  # of a model: variables' plain values, state by state
    actions: list[str]


def bmc(
    unrolling: Unrolling, bad: Callable[[State], Term], steps: int, timeout: float = 600.0
) -> Answer:
    """Is there a run of at most ``steps`` steps to a state that is ``bad``?"""
    began = time.monotonic()
    states, choices, constraints = unrolling.run(steps)
    solver = z3.Then("simplify", "propagate-values", "solve-eqs", "simplify", "qfbv").solver()
    solver.set("timeout", int(timeout * 1000))
    solver.add(constraints)
    # A run may stay where it is, so that the last state stands for all.
    solver.add(bad(states[-1]))
    status = str(solver.check())
    answer = Answer(status, steps, 0.0, [], [])
    if status == "sat":
        model = solver.model()
        m = unrolling.model
        names = [*(k.name for k in m.kinds), "lose", "tick", "stay"]
        for state in states:
            answer.states.append(
                {
                    f"{c.name}.{f.path}": plain(
                        model.eval(end[f.path], model_completion=True), f.sort
                    )
                    for c, end in zip(m.components, state.ends, strict=True)
                    for f in c.fields
                }
            )
        for choice in choices:
            act = names[model.eval(choice["act"], model_completion=True).as_long()]
            answer.actions.append(act)
    answer.seconds = time.monotonic() - began
    return answer
