"""Trees as Z3 terms, and bounded model checking of two components joined by bags.

An expression becomes a bit-vector term of just the width its interval needs; what is wrapped
is computed at the width it is wrapped to, where bit-vector arithmetic is the same thing. A
tree becomes, for each output, a chain of if-then-else along its branches.

One step of a composition is encoded once, over variables for the state and for the adversary's
choice (which component, which input, which message, kept or not), and then instantiated for
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

from checker.ir.composition import Composition
from checker.ir.nodes import Node, Sort, least, width_of
from checker.ir.tracing import Branch, Leaf, Tree

Term = Any  # a z3 expression


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
    """A composition whose initial sequence numbers are the solver's variables.

    ``isn_values[component][n]`` is the value of ``isn`` for a component that has drawn n so far;
    ``assumptions`` constrain them.
    """

    isn_values: Sequence[Sequence[Term]]
    assumptions: Sequence[Term]


@dataclass(slots=True)
class State:
    """The variables of one state."""

    ends: list[dict[str, Term]]
    bags: list[list[dict[str, Term]]]  # [sender][slot], with "present"; present ones first

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
            {f.path: variable(f"{name}.{'ab'[c]}.{f.path}", f.sort) for f in m.fields}
            for c in (0, 1)
        ]
        bags = [
            [
                {"present": z3.Bool(f"{name}.{'ab'[c]}{i}.present")}
                | {
                    f.path: variable(f"{name}.{'ab'[c]}{i}.{f.path}", f.sort)
                    for f in m.message_fields
                }
                for i in range(m.capacity)
            ]
            for c in (0, 1)
        ]
        return State(ends, bags)

    def initial(self, state: State) -> list[Term]:
        """The constraint that ``state`` is initial."""
        m = self.model
        return [
            end[f.path] == literal(m.initial[f.path], f.sort)
            for end in state.ends
            for f in m.fields
        ] + [z3.Not(slot["present"]) for bag in state.bags for slot in bag]

    # One step

    def _step(self, s: State) -> tuple[list[Term], Term, dict[str, Term]]:
        """The next state as terms over ``s`` and the choice; when it is legal; the choice."""
        m = self.model
        names = [*(k.name for k in m.kinds), "lose", "tick", "stay"]
        bits = max(1, (len(names) - 1).bit_length())
        act = z3.BitVec("act", bits)
        who = z3.Bool("who")  # true: the second component acts, or receives
        kept = z3.Bool("kept")
        slot_bits = max(1, (m.capacity - 1).bit_length())
        at = z3.BitVec("at", slot_bits)
        choice = {"act": act, "who": who, "kept": kept, "at": at}

        def either(one: dict[str, Term], two: dict[str, Term]) -> dict[str, Term]:
            """``two`` if the second component acts, else ``one``."""
            return dict(zip(one, choose(who, [*two.values()], [*one.values()]), strict=True))

        me, peer = either(*s.ends), either(*reversed(s.ends))
        outbox = list(map(either, *s.bags))
        inbox = list(map(either, *reversed(s.bags)))
        message = self._pick(inbox, at)
        there_is = z3.Or([z3.And(at == i, slot["present"]) for i, slot in enumerate(inbox)])
        variables = self._variables(me, peer, message, outbox, inbox, who)
        terms = Terms(variables)

        # What each input makes of the acting component
        same = [*me.values()]
        most = max((_most_sent(k.tree) for k in m.kinds), default=0)
        blank = [literal(least(f.sort), f.sort) for f in m.message_fields]
        result = [z3.BoolVal(False), *same, *([z3.BoolVal(False), *blank] * most)]
        legal_act = []
        taken = []
        for number, kind in enumerate(m.kinds):
            row = row_of(kind.tree, terms, lambda leaf: self._leaf(leaf, terms, same, blank, most))
            result = choose(act == number, row, result)
            condition = act == number
            if kind.delivers:
                condition = z3.And(condition, there_is)
                taken.append(act == number)
                if not m.duplicate:
                    condition = z3.And(condition, z3.Not(kept))
            if kind.components == (0,):
                condition = z3.And(condition, z3.Not(who))
            elif kind.components == (1,):
                condition = z3.And(condition, who)
            legal_act.append(condition)
        possible, after = result[0], result[1 : 1 + len(same)]
        lose, tick, stay = (len(m.kinds) + i for i in range(3))
        self.stay = stay
        tidy = z3.And(
            z3.Implies(z3.Not(z3.Or(*taken, act == lose)), at == 0),
            z3.Implies(z3.Not(z3.Or(taken)), z3.Not(kept)),
            z3.Implies(z3.Or(act == tick, act == stay), z3.Not(who)),
        )
        removed = z3.Or([z3.And(z3.Or(taken), z3.Not(kept)), act == lose])
        new_inbox = self._without(inbox, at, removed)
        new_outbox = outbox
        load = _count([slot["present"] for slot in new_inbox])
        width = 1 + len(m.message_fields)
        for i in range(most):
            new = result[1 + len(same) + i * width : 1 + len(same) + (i + 1) * width]
            new_outbox = self._with(new_outbox, new, load)

        # Back to first and second component
        ends = [choose(who, list(peer.values()), after), choose(who, after, list(peer.values()))]
        flat_in = [v for slot in new_inbox for v in slot.values()]
        flat_out = [v for slot in new_outbox for v in slot.values()]
        bags = [choose(who, flat_in, flat_out), choose(who, flat_out, flat_in)]
        there = [*ends[0], *ends[1], *bags[0], *bags[1]]
        legal = [z3.And(possible, z3.Or(legal_act)), act == stay]
        if m.lose:
            legal.append(z3.And(act == lose, there_is, z3.Not(kept)))
        if m.tick is not None:
            ticked, open_ = self._tick(s)
            there = choose(act == tick, ticked, there)
            legal.append(z3.And(act == tick, open_))
        there = choose(act == stay, s.flat(), there)
        return there, z3.And(tidy, z3.Or(legal)), choice

    def _variables(
        self,
        me: dict[str, Term],
        peer: dict[str, Term],
        message: dict[str, Term],
        outbox: list[dict[str, Term]],
        inbox: list[dict[str, Term]],
        who: Term,
    ) -> dict[str, Term]:
        m = self.model
        variables = {f"me.{path}": term for path, term in me.items()}
        variables |= {f"seg.{path}": term for path, term in message.items()}
        wider = dict(variables) | {f"peer.{path}": term for path, term in peer.items()}
        for name, bag in (("out", outbox), ("in", inbox)):
            for i, slot in enumerate(bag):
                wider |= {f"{name}{i}.{path}": term for path, term in slot.items()}
        looking = Terms(wider)
        variables |= {name: looking.of(node) for name, node in m.sight.items()}
        name, counter = m.isn_paths
        drawn = me[counter]
        isn = [z3.BitVecVal(0, 1)]
        for c in (0, 1):
            value = m.isn_values[c][-1]
            for i, other in reversed(list(enumerate(m.isn_values[c][:-1]))):
                value = z3.If(drawn == i, other, value)
            isn.append(value)
        variables[name] = z3.If(who, isn[2], isn[1])
        return variables

    def _leaf(
        self, leaf: Leaf, terms: Terms, same: list[Term], blank: list[Term], most: int
    ) -> list[Term]:
        m = self.model
        if not leaf.static.possible:
            return [z3.BoolVal(False), *same, *([z3.BoolVal(False), *blank] * most)]
        outputs = iter(leaf.outputs)
        row = [z3.BoolVal(True)]
        row += [terms.sized(next(outputs), f.sort) for f in m.fields]
        for i in range(most):
            if i < leaf.static.sent:
                row.append(z3.BoolVal(True))
                row += [terms.sized(next(outputs), f.sort) for f in m.message_fields]
            else:
                row += [z3.BoolVal(False), *blank]
        return row

    def _tick(self, s: State) -> tuple[list[Term], Term]:
        m = self.model
        assert m.tick is not None
        after: list[Term] = []
        blocked = []
        for end in s.ends:
            terms = Terms({f"me.{path}": term for path, term in end.items()})
            after += row_of(
                m.tick,
                terms,
                lambda leaf, terms=terms: [  # type: ignore[misc]
                    terms.sized(node, f.sort)
                    for node, f in zip(leaf.outputs, m.fields, strict=True)
                ],
            )
            if m.tick_blocked is not None:
                blocked.append(terms.of(m.tick_blocked))
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
        self, bag: list[dict[str, Term]], new: Sequence[Term], load: Term
    ) -> list[dict[str, Term]]:
        """The bag with ``new`` in its first free slot, if it is present and there is room."""
        m = self.model
        have = _count([slot["present"] for slot in bag])
        room = z3.ULT(load + have, z3.BitVecVal(m.in_flight, load.size()))
        result = []
        for i, slot in enumerate(bag):
            first_free = z3.And(
                z3.Not(slot["present"]), bag[i - 1]["present"] if i else z3.BoolVal(True)
            )
            put = z3.And(new[0], room, first_free)
            result.append(dict(zip(slot, choose(put, list(new), list(slot.values())), strict=True)))
        return result

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


def _count(flags: list[Term]) -> Term:
    total = z3.BitVecVal(0, 5)
    for flag in flags:
        total = total + z3.If(flag, z3.BitVecVal(1, 5), z3.BitVecVal(0, 5))
    return total


def _most_sent(tree: Tree) -> int:
    if isinstance(tree, Leaf):
        return int(tree.static.sent) if tree.static.possible else 0
    return max(_most_sent(tree.then), _most_sent(tree.other))


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
                    f"{'ab'[c]}.{f.path}": plain(
                        model.eval(end[f.path], model_completion=True), f.sort
                    )
                    for c, end in enumerate(state.ends)
                    for f in m.fields
                }
            )
        for choice in choices:
            act = names[model.eval(choice["act"], model_completion=True).as_long()]
            answer.actions.append(act)
    answer.seconds = time.monotonic() - began
    return answer
