"""A composition as a Promela model, for SPIN.

The model has the composition's states and steps, one for one: SPIN stores as many states as the
explorer visits, and takes as many transitions. How the pieces correspond:

* Components that begin alike are an array of records, ``side`` if all do. A link is named after
  its ends, ``a_to_b``. A message is one int; a link's bag is an array of them, greatest first,
  empty slots 0 at the end, so that equal bags are equal arrays.
* Every step is one ``d_step``, and every process has a single control state, so that nothing but
  the variables tells states apart. A guard says whether the step exists; it is read off the tree.
* A message can be delivered at each port from each slot, and stay or go: each combination is a
  process, so that the large tree of a delivery stands in the text once for components that are
  alike. Slots that repeat the one before are passed over.
* A tree's decisions are nested ``if``s; a leaf assigns what changes, in an order in which no
  variable is read after it was written.
* A claim is a process of its own, enabled by ``-DCHECK_<name>``, that can step only where the
  claim fails: it costs one look a state, and its failed assertion ends a counterexample with one
  step more than the run to the state it is about.

Scratch variables are ``hidden``: no part of the state. SPIN's breadth-first searches refuse
that; with ``-DSCRATCH=`` they are ordinary variables, which are 0 between steps.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from checker.ir.composition import Component, Composition, Kind, Port, most_sent
from checker.ir.interpret import evaluate, leaves
from checker.ir.nodes import Builder, Node, Sort, variables
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tree
from checker.support.errors import UsageProblem

Resting = Mapping[str, tuple[Tree, frozenset[str]]]
"""Claims of states in which no step is enabled but of the kinds named."""

_WORD = 31  # bits of a message, with the one that says it is there: an int is never negative
_LARGE = 20  # leaves; a tree with more is taken apart by its Enum
_TOO_LARGE = 1000  # lines; SPIN takes no d_step of more than 2048 statements
_SHARE = 12  # an expression of so many nodes that is used twice is worked out once
_RESERVED = frozenset(
    """
    active always assert atomic auto bit bool break byte case chan char const continue d_step
    default do double else empty enabled end enum eval eventually extern false fi float for full
    goto hidden if implies in init inline int len local long ltl mtype nempty never nfull notrace
    od of pc_value pid printf priority proctype provided register return run select short show
    signed sizeof skip static stronguntil struct switch timeout trace true typedef union unless
    unsigned until void volatile weakuntil while xr xs me peer side link inbox outbox
    channel component clock
    """.split()  # noqa: SIM905 (a list of words is read, not written)
)


def promela(model: Composition, claims: Mapping[str, Tree], resting: Resting | None = None) -> str:
    """The Promela text of ``model``.

    ``claims`` are trees over the components' fields, ``a.*`` and so on, that ought to be true of
    every reachable state (for a witness: that it is not one); ``resting`` those that ought to be
    true where nothing but the steps of some kinds can be done.
    """
    return "\n".join(_Writer(model).text(claims, resting or {})) + "\n"


def name_of(claim: str) -> str:
    """The macro that enables the check of ``claim``."""
    return f"CHECK_{_ident(claim)}"


def _ident(path: str) -> str:
    """``path`` as an identifier."""
    word = re.sub(r"\W", "_", path)
    return f"{word}_" if word in _RESERVED else word


def _bits(sort: Sort) -> int:
    """How many bits a value of ``sort`` takes."""
    if sort.kind == "int":
        return max(sort.hi.bit_length(), 1)
    return 1 if sort.members is None else max((len(sort.members) - 1).bit_length(), 1)


# Guards: decision trees of one bool

Guard = bool | Node | tuple[Node, "Guard", "Guard"]
"""A truth value, an expression, or (test, if so, if not)."""


def _guard(tree: Tree, of: Callable[[Leaf], Guard]) -> Guard:
    """What ``of`` says of the leaf that is reached; decisions that do not matter are left out."""
    if isinstance(tree, Leaf):
        return of(tree)
    then, other = _guard(tree.then, of), _guard(tree.other, of)
    return then if _same(then, other) else (tree.test, then, other)


def _opposite(guard: Guard) -> Guard:
    if isinstance(guard, tuple):
        return guard[0], _opposite(guard[1]), _opposite(guard[2])
    return not guard if isinstance(guard, bool) else (guard, False, True)


def _same(a: Guard, b: Guard) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return a[0] is b[0] and _same(a[1], b[1]) and _same(a[2], b[2])
    return a is b


def _parts_of(*nodes: Node, known: Container[Node] = ()) -> dict[Node, None]:
    """``nodes`` and all that they are made of, but for what is ``known`` and its parts; in an
    order that is the same each time."""
    seen: dict[Node, None] = {}
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if node not in seen and node not in known:
            seen[node] = None
            todo += node.args
    return seen


def _names(parts: Iterable[Node]) -> set[str]:
    """The names of the variables among ``parts``."""
    return {node.data for node in parts if node.op == "var"}


def _tests(tree: Tree) -> Iterator[Node]:
    if isinstance(tree, Branch):
        yield tree.test
        yield from _tests(tree.then)
        yield from _tests(tree.other)


# Trees made smaller: a part of the tree for each member of an Enum, and what is known used up


def _dispatch(tree: Tree) -> Node | None:
    """The component's own variable of an Enum that ``tree`` asks about most."""
    asked = Counter(
        test.args[0] for test in _tests(tree) if _names_member(test) and _is_own(test.args[0])
    )
    return asked.most_common(1)[0][0] if asked else None


def _count(tree: Tree, test: Node, yes: bool) -> int:
    """How many leaves are left where ``test`` is ``yes``."""
    if isinstance(tree, Leaf):
        return 1
    if tree.test is test:
        return _count(tree.then if yes else tree.other, test, yes)
    return _count(tree.then, test, yes) + _count(tree.other, test, yes)


def _names_member(test: Node) -> bool:
    return test.op == "eq" and test.args[0].sort.kind == "enum" and test.args[1].op == "const"


def _is_own(node: Node) -> bool:
    return node.op == "var" and str(node.data).startswith("me.")


class _Simplifier:
    """Trees rewritten under what is known on each path: decided tests, and a variable's value."""

    def __init__(self) -> None:
        self.build = Builder()

    def tree(self, tree: Tree, facts: Mapping[Node, Node]) -> Tree:
        """``tree`` without the decisions that ``facts`` make."""
        memo = dict(facts)
        if isinstance(tree, Leaf):
            outputs = tuple(self.node(node, memo) for node in tree.outputs)
            return Leaf(tree.index, tree.static, outputs)
        test = self.node(tree.test, memo)
        if test.op == "const":
            return self.tree(tree.then if test.data else tree.other, facts)
        then = self.tree(tree.then, self._learn(tree.test, True, facts))
        other = self.tree(tree.other, self._learn(tree.test, False, facts))
        return Branch(test, then, other, tree.where)

    def given(self, tree: Tree, test: Node, yes: bool) -> Tree:
        """``tree`` where ``test`` is ``yes``."""
        return self.tree(tree, self._learn(test, yes, {}))

    def _learn(self, test: Node, yes: bool, facts: Mapping[Node, Node]) -> dict[Node, Node]:
        """``facts`` and that ``test`` is ``yes``."""
        more = {**facts, test: self.build.const(yes)}
        if test.op == "not":
            return self._learn(test.args[0], not yes, more)
        if (test.op == "and" and yes) or (test.op == "or" and not yes):
            for part in test.args:
                more = self._learn(part, yes, more)
        elif yes and test.op == "eq" and test.args[1].op == "const" and test.args[0].op == "var":
            more[test.args[0]] = self.build.const(test.args[1].data)
        return more

    def node(self, node: Node, memo: dict[Node, Node]) -> Node:
        """``node`` in our builder; ``memo`` starts as the facts."""
        known = memo.get(node)
        if known is None:
            known = memo[node] = self._make(node, [self.node(arg, memo) for arg in node.args])
        return known

    def _make(self, node: Node, args: list[Node]) -> Node:
        build = self.build
        if node.op == "const":
            return build.const(node.data)
        if node.op == "var":
            return build.var(node.data, node.sort)
        if node.op == "wrap":
            return build.wrap(args[0], node.data)
        if node.op in ("and", "or") and build.not_(args[0]) is args[1]:
            return build.const(node.op == "or")
        made: Node = getattr(build, f"{node.op}_" if node.op in _KEYWORDS else node.op)(*args)
        return made


_KEYWORDS = ("not", "and", "or")


# Expressions


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the names of variables stand for at some place of the text.

    ``fields`` are the acting component's. ``known`` are expressions that were worked out before:
    scratch variables. ``drawn`` is the text of the value drawn. Without ``macros`` what is seen
    of the rest is written out.
    """

    fields: Sequence[Field] = ()
    me: str = "me"
    peer: str = "peer"
    inbox: str = "inbox"
    outbox: str = "outbox"
    message: str = "message"
    drawn: str = ""
    macros: bool = True
    known: Mapping[Node, str] = field(default_factory=dict)


_OPERATORS = {
    "add": "+", "sub": "-", "eq": "==", "lt": "<", "le": "<=", "and": "&&", "or": "||",
}  # fmt: skip
_NEGATED = {"eq": "!=", "lt": ">=", "le": ">"}
_SLOT = re.compile(r"(in|out)(\d+)\.(.*)")


@dataclass(frozen=True, slots=True)
class _Ports:
    """Ports, by number, at which the same text says what happens: those of one array of components.

    ``here`` is the text of a port's place in ``ports``, ``PORT`` if there are several.
    """

    ports: tuple[int, ...]

    @property
    def here(self) -> str:
        return "PORT" if len(self.ports) > 1 else "0"

    def pick(self, values: Sequence[int]) -> str:
        """The text of that one of ``values`` which is for the port."""
        here, (*first, text) = self.here, map(str, values)
        for n, value in reversed(list(enumerate(first))):
            text = value if value == text else f"({here} == {n} -> {value} : {text})"
        if list(values) == [*range(len(values))]:
            return here
        if list(values) == [*range(len(values))][::-1]:
            return f"{len(values) - 1} - {here}"
        return text


class _Writer:
    """Writes one model."""

    def __init__(self, model: Composition) -> None:
        self.model = model
        self.offers = model.draw.offers if model.draw else ()
        self.links = [_ident(model.link(n)) for n in range(len(model.links))]
        self.sides = self._arrays()
        self.processes = 0
        self.defined: list[str] = []  # macros of the process before
        self.enums: dict[type[Enum], dict[Any, str]] = {}
        self.simple = _Simplifier()
        self.layout = self._lay_out()
        self.scratch = 0
        # Of trees, what was worked out of them.
        self._roots: dict[Tree, dict[Node, None]] = {}
        self._alikes: dict[Tree, tuple[dict[str, Node], frozenset[str]]] = {}
        self._cut: dict[tuple[Tree, tuple[Field, ...]], list[tuple[list[Node], Tree]]] = {}
        self.sent = max((most_sent(k.tree) for k in model.kinds), default=0)
        fields = [f for component in model.components for f in component.fields]
        for sort in dict.fromkeys(f.sort for f in (*fields, *model.message_fields)):
            self._enum(sort)
        self._refuse()

    def _arrays(self) -> list[tuple[str, int]]:
        """Of each component the array that it is in, and its place there."""
        alike: dict[Any, list[str]] = {}
        found = []
        for c in self.model.components:
            start = tuple((f, c.initial[f.path]) for f in c.fields)
            names = alike.setdefault(start, [])
            names.append(c.name)
            found.append((names, len(names) - 1))
        one = len(alike) == 1
        return [("side" if one else f"side_{_ident(names[0])}", at) for names, at in found]

    def side(self, component: int) -> str:
        """The text of a component."""
        array, at = self.sides[component]
        return f"{array}[{at}]"

    def _lay_out(self) -> dict[str, tuple[int, Sort]]:
        """Where in an int each field of a message is."""
        places: dict[str, tuple[int, Sort]] = {}
        at = 0
        for f in reversed(self.model.message_fields):
            places[f.path] = at, f.sort
            at += _bits(f.sort)
        if at + 1 > _WORD:
            raise UsageProblem(
                f"a message takes {at} bits, and the Promela export has {_WORD - 1} for it: "
                "choose smaller bounds (width above all)"
            )
        self.present = 1 << at
        return dict(sorted(places.items(), key=lambda item: -item[1][0]))

    def _enum(self, sort: Sort) -> None:
        """Number the members of an Enum; a name that is taken gets the Enum's before it."""
        if sort.members is None or sort.members in self.enums:
            return
        taken = {name for names in self.enums.values() for name in names.values()}
        self.enums[sort.members] = {
            m: _ident(m.name if m.name not in taken else f"{sort.members.__name__}_{m.name}")
            for m in sort.members
        }

    def _refuse(self) -> None:
        """What cannot be said here."""
        model = self.model
        if any(f.sort.kind == "int" and f.sort.hi >= 1 << 30 for _, f in model.places()):
            raise UsageProblem("the Promela export has ints of 31 bits: choose a smaller width")
        for tick in dict.fromkeys(c.tick for c in model.components if c.tick is not None):
            parts = leaves(tick)
            read = variables([*_tests(tick), *(o for p in parts for o in p.outputs)])
            odd = [name for name in read if not name.startswith("me.")]
            if odd or any(not p.static.possible or p.static.sent for p in parts):
                raise UsageProblem(
                    "the Promela export wants a tick to be possible always, to send nothing and "
                    f"to read its component alone, not {', '.join(sorted(odd)) or 'otherwise'}"
                )

    # Expressions

    def value(self, value: Any) -> str:
        """A constant."""
        if isinstance(value, Enum):
            return self.enums[type(value)][value]
        return str(value).lower() if isinstance(value, bool) else str(value)

    def variable(self, name: str, scope: _Scope) -> str:
        """What a variable is called in ``scope``."""
        if self._is_drawn(name):
            return scope.drawn
        owner, path = name.split(".", 1)
        names = {c.name: self.side(n) for n, c in enumerate(self.model.components)}
        names |= {"me": scope.me, "peer": scope.peer}
        if owner in names:
            return f"{names[owner]}.{_ident(path)}"
        if owner == "seg":
            return f"get_{_ident(path)}({scope.message})"
        if owner == "sight":
            if scope.macros:
                return f"sight_{_ident(path)}"
            return self.expr(self.model.sight[name], scope)
        slot = _SLOT.fullmatch(name)
        assert slot is not None, name
        text = f"{scope.inbox if slot[1] == 'in' else scope.outbox}[{slot[2]}]"
        return f"({text} != 0)" if slot[3] == "present" else f"get_{_ident(slot[3])}({text})"

    def _is_drawn(self, name: str) -> bool:
        return self.model.draw is not None and name == self.model.draw.name

    def expr(self, node: Node, scope: _Scope, top: bool = False) -> str:
        """An expression, in brackets where it needs them (at the ``top`` it does not)."""
        if node in scope.known:
            return scope.known[node]
        op, args = node.op, node.args
        if op == "const":
            return self.value(node.data)
        if op == "var":
            return self.variable(node.data, scope)
        if op == "int":
            return self.expr(args[0], scope, top)
        if op == "not":
            return self.negated(args[0], scope)
        elif op == "wrap":
            text = f"{self.expr(args[0], scope)} & {(1 << node.data) - 1}"
        elif op == "ite":
            # Promela has no other conditional expression, and wants the brackets.
            return f"({' '.join(self._ite(node, scope))})"
        elif op in ("and", "or"):
            text = self._infix(_OPERATORS[op], self._chain(op, node, scope), scope)
        else:
            text = self._infix(_OPERATORS[op], args, scope)
        return text if top else f"({text})"

    def negated(self, node: Node, scope: _Scope) -> str:
        """The opposite of a truth value; never with a double ``!``, which is another operator."""
        if node.op == "not":
            return self.expr(node.args[0], scope)
        if node.op in _NEGATED and node not in scope.known:
            return f"({self._infix(_NEGATED[node.op], node.args, scope)})"
        return f"!{self.expr(node, scope)}"

    def _infix(self, sign: str, args: Sequence[Node], scope: _Scope) -> str:
        return f" {sign} ".join(self.expr(arg, scope) for arg in args)

    def _ite(self, node: Node, scope: _Scope) -> list[str]:
        test, yes, no = (self.expr(arg, scope) for arg in node.args)
        return [test, "->", yes, ":", no]

    def _chain(self, op: str, node: Node, scope: _Scope) -> list[Node]:
        """a and (b and c) as a, b, c."""
        if node.op != op or node in scope.known:
            return [node]
        return [part for arg in node.args for part in self._chain(op, arg, scope)]

    def guard(self, guard: Guard, scope: _Scope, top: bool = False) -> str:
        """A guard as one expression."""
        if isinstance(guard, bool):
            return self.value(guard)
        if isinstance(guard, Node):
            return self.expr(guard, scope, top)
        test, then, other = guard
        yes, no = self.expr(test, scope), self.negated(test, scope)
        if then is True and other is False:
            return self.expr(test, scope, top)
        if then is False and other is True:
            return no
        if then is True:
            text = f"{yes} || {self.guard(other, scope)}"
        elif then is False:
            text = f"{no} && {self.guard(other, scope)}"
        elif other is False:
            text = f"{yes} && {self.guard(then, scope)}"
        elif other is True:
            text = f"{no} || {self.guard(then, scope)}"
        else:
            return f"({yes} -> {self.guard(then, scope)} : {self.guard(other, scope)})"
        return text if top else f"({text})"

    def _shared(self, nodes: Sequence[Node], scope: _Scope) -> tuple[list[str], _Scope]:
        """Work out once what ``nodes`` use more than once, if it is large; the scope after."""
        uses = Counter(arg for node in _parts_of(*nodes, known=scope.known) for arg in node.args)
        uses.update(nodes)
        return self._set_aside([node for node, times in uses.items() if times > 1], scope)

    def _common(self, tree: Branch, scope: _Scope) -> tuple[list[str], _Scope]:
        """Work out before ``tree`` what is used whatever it decides; the scope after."""
        roots = [self._expressions(side) for side in (tree.then, tree.other)]
        sides = [_parts_of(*root, known=scope.known) for root in roots]
        test = _parts_of(tree.test, known=scope.known)
        used = sides[0] | sides[1] | test
        both = [n for n in used if (n in sides[0]) + (n in sides[1]) + (n in test) > 1]
        apart = used.keys() - both
        outer = {arg for node in apart for arg in node.args}
        inner = Counter(arg for node in both for arg in node.args)
        shared = [
            n
            for n in both
            if n in outer or inner[n] > 1 or n is tree.test or n in roots[0] or n in roots[1]
        ]
        return self._set_aside(shared, scope)

    def _expressions(self, tree: Tree) -> dict[Node, None]:
        """The tests of ``tree`` and what its leaves put out, each once."""
        found = self._roots.get(tree)
        if found is None:
            if isinstance(tree, Leaf):
                found = dict.fromkeys(tree.outputs)
            else:
                found = {tree.test: None} | self._expressions(tree.then)
                found |= self._expressions(tree.other)
            self._roots[tree] = found
        return found

    def _set_aside(self, nodes: Iterable[Node], scope: _Scope) -> tuple[list[str], _Scope]:
        """Assign those of ``nodes`` that are large to scratch variables, parts first."""
        lines = []
        sizes = {node: len(_parts_of(node)) for node in nodes if node not in scope.known}
        # The order among equals is that in which they were found: the same model is the same text.
        large = [node for node, size in sizes.items() if size >= _SHARE]
        for node in sorted(large, key=lambda node: sizes[node]):
            name = f"t{len(scope.known)}"
            lines.append(f"{name} = {self.expr(node, scope, top=True)};")
            scope = replace(scope, known={**scope.known, node: name})
        self.scratch = max(self.scratch, len(scope.known))
        return lines, scope

    # Steps

    def draws(self) -> int:
        """How many values may be drawn, at most."""
        return max((len(values) for _, values in self.offers), default=0)

    def offered(self, k: int) -> Guard:
        """Is there a k-th value to draw?"""
        guard: Guard = False
        if self._all_guarded():
            (*_, (_, last)) = self.offers
            guard = len(last) > k
        for test, values in reversed(self.offers):
            now = len(values) > k
            guard = guard if guard is now else (test, now, guard)
        return guard

    def _all_guarded(self) -> bool:
        """Does a guard of the offers hold in every state?"""
        guards = [guard for guard, _ in self.offers]
        ranges = {
            f"me.{f.path}": _members(f.sort)
            for _, f in self.model.places()
            if f"me.{f.path}" in variables(guards)
        }
        if math.prod(len(r) for r in ranges.values()) > 10_000:
            return False
        return bool(guards) and all(
            any(evaluate(guard, dict(zip(ranges, point, strict=True))) for guard in guards)
            for point in itertools.product(*ranges.values())
        )

    def drawn(self, k: int) -> str:
        """The text of the k-th value drawn."""
        offers = [(guard, values[k]) for guard, values in self.offers if len(values) > k]
        if not offers:
            return ""
        *rest, (_, last) = offers
        text = str(last)
        for guard, value in reversed(rest):
            text = str(value) if text == str(value) else (
                f"({self.expr(guard, _Scope())} -> {value} : {text})"
            )  # fmt: skip
        return text

    def enabled(self, tree: Tree, k: int) -> Guard:
        """Does ``tree`` have a step in which the k-th value is drawn (0: or none)?"""
        offered = self.offered(k)

        def of(leaf: Leaf) -> Guard:
            if not leaf.static.possible:
                return False
            return offered if leaf.static.drew else k == 0

        return _guard(tree, of)

    def body(self, tree: Tree, k: int, scope: _Scope) -> list[str]:
        """The decisions of ``tree`` where it is possible (and draws, if k is not 0)."""

        def wanted(tree: Tree) -> Tree | None:
            if isinstance(tree, Leaf):
                here = tree.static.possible and (tree.static.drew or k == 0)
                return tree if here else None
            then, other = wanted(tree.then), wanted(tree.other)
            if then is None or other is None:
                return then or other
            return Branch(tree.test, then, other, tree.where)

        kept = wanted(tree)
        assert kept is not None
        return self._decide(kept, scope, frozenset())

    def _decide(self, tree: Tree, scope: _Scope, done: frozenset[str]) -> list[str]:
        """What ``tree`` does, but for the variables that are ``done`` elsewhere.

        What all its leaves assign alike is assigned after it, if that makes no difference.
        """
        if isinstance(tree, Leaf):
            return self.leaf(tree, scope, done)
        before, scope = self._common(tree, scope)
        after = self._alike(tree, scope, done)
        rest = done | after.keys()
        then, other = (self._decide(part, scope, rest) for part in (tree.then, tree.other))
        if then == other:
            return [*before, *then, *self._assign(after, scope)]
        return [
            *before,
            "if",
            f":: {self.expr(tree.test, scope, top=True)} -> /* {tree.where} */",
            *_in(then),
            ":: else ->",
            *_in(other),
            "fi;",
            *self._assign(after, scope),
        ]

    def _alike(self, tree: Tree, scope: _Scope, done: frozenset[str]) -> dict[str, Node]:
        """The assignments of all leaves of ``tree`` that read nothing another one assigns."""
        alike, assigned = self._assigned(tree, scope)
        alike = {target: node for target, node in alike.items() if target not in done}
        assigned = assigned - done
        while True:
            early = assigned - alike.keys()
            late = [t for t, node in alike.items() if self._reads(node, scope) & early]
            if not late:
                return alike
            for target in late:
                del alike[target]

    def _assigned(self, tree: Tree, scope: _Scope) -> tuple[dict[str, Node], frozenset[str]]:
        """What all leaves of ``tree`` assign alike, and all that any of them assigns."""
        found = self._alikes.get(tree)
        if found is None:
            if isinstance(tree, Leaf):
                changes = self._changes_of(tree, scope, ())
                found = changes, frozenset(changes)
            else:
                one, other = (self._assigned(side, scope) for side in (tree.then, tree.other))
                same = {t: node for t, node in one[0].items() if other[0].get(t) is node}
                found = same, one[1] | other[1]
            self._alikes[tree] = found
        return found

    def _changes_of(self, leaf: Leaf, scope: _Scope, done: Container[str]) -> dict[str, Node]:
        """What a leaf assigns: the fields that do not stay as they are."""
        targets = [f"me.{f.path}" for f in scope.fields]
        return {
            target: node
            for target, node in zip(targets, leaf.outputs, strict=False)
            if not (node.op == "var" and node.data == target) and target not in done
        }

    def leaf(self, leaf: Leaf, scope: _Scope, done: Container[str]) -> list[str]:
        """What a leaf does: pack what is sent, then assign what changes."""
        width = len(self.model.message_fields)
        changes = self._changes_of(leaf, scope, done)
        sent = leaf.outputs[len(scope.fields) :]
        lines, scope = self._shared([*changes.values(), *sent], scope)
        for n in range(leaf.static.sent):
            values = sent[n * width : (n + 1) * width]
            args = ", ".join(self.expr(value, scope, top=True) for value in values)
            lines.append(f"sent{n} = MESSAGE({args});")
        lines += self._assign(changes, scope)
        return lines or ["skip;"]

    def _assign(self, changes: Mapping[str, Node], scope: _Scope) -> list[str]:
        """Assign all at once, one after the other: no target is read by a later one.

        Where they are read in a circle, one value is set aside first.
        """
        reads = {target: self._reads(node, scope) for target, node in changes.items()}
        texts = {target: self.expr(node, scope, top=True) for target, node in changes.items()}
        lines, aside = [], len(scope.known)
        while texts:
            ready = [
                target
                for target in texts
                if not any(target in reads[other] for other in texts if other != target)
            ]
            if not ready:
                stuck = next(target for target in texts if reads[target])
                lines.append(f"t{aside} = {texts[stuck]};")
                texts[stuck], reads[stuck] = f"t{aside}", set()
                aside += 1
                self.scratch = max(self.scratch, aside)
                continue
            for target in ready:
                lines.append(f"{self.variable(target, scope)} = {texts.pop(target)};")
        return lines

    def _reads(self, node: Node, scope: _Scope) -> set[str]:
        """The component's fields that ``node`` reads, by way of what is seen or drawn too."""
        read = _names(_parts_of(node, known=scope.known))
        if any(map(self._is_drawn, read)):
            read |= variables(guard for guard, _ in self.offers)
        return read | variables(self.model.sight[name] for name in read & set(self.model.sight))

    # The text

    def text(self, claims: Mapping[str, Tree], resting: Resting) -> Iterator[str]:
        """The whole model, line by line."""
        deliveries = list(self._deliveries())
        calls = list(self._calls())
        clock = list(self._clock())
        yield from self._head()
        yield from deliveries
        yield from calls
        yield from clock
        yield from self._watchers(claims, resting)

    def _head(self) -> Iterator[str]:
        model = self.model
        yield "/* Components joined by links; made from decision trees, not by hand."
        yield "   Every step is one d_step: SPIN's states and steps are the specification's. */"
        for members, called in self.enums.items():
            yield ""
            yield f"/* {members.__name__} */"
            for i, name in enumerate(called.values()):
                yield f"#define {name} {i}"
        yield ""
        arrays = [array for array, _ in self.sides]
        for array in dict.fromkeys(arrays):
            alike = [c for c, own in zip(model.components, arrays, strict=True) if own == array]
            type_ = array.capitalize()
            yield f"/* {', '.join(f'{array}[{n}]: {c.name}' for n, c in enumerate(alike))} */"
            yield f"typedef {type_} {{"
            for f in alike[0].fields:
                start = alike[0].initial[f.path]
                first = "" if self._number(start) == 0 else f" = {self.value(start)}"
                yield f"  {self._declare(f.path, f.sort)}{first};"
            yield "}"
            yield f"{type_} {array}[{len(alike)}];"
            yield ""
        yield "/* A message is an int: this bit is set, and below it are its fields. */"
        yield f"#define PRESENT {self.present}"
        for path, (at, sort) in self.layout.items():
            mask = (1 << _bits(sort)) - 1
            yield f"#define get_{_ident(path)}(m) (((m) >> {at}) & {mask})"
        names = [_ident(path) for path in self.layout]
        packed = " | ".join(
            ["PRESENT", *(f"(({n}) << {at})" for n, (at, _) in zip(
                names, self.layout.values(), strict=True))]
        )  # fmt: skip
        yield f"#define MESSAGE({', '.join(names)}) \\\n  ({packed})"
        yield ""
        yield "/* What is in flight on each link, greatest first; then free slots: 0 */"
        yield f"typedef Bag {{ int slot[{model.capacity}] }}"
        yield f"Bag link[{len(self.links)}];"
        for n, name in enumerate(self.links):
            yield f"#define {name} link[{n}].slot"
        yield ""
        yield "/* For use within a step. */"
        scratch = ["message", "moved", *(f"sent{n}" for n in range(self.sent))]
        scratch += [f"t{n}" for n in range(self.scratch)]
        wiped = " ".join(f"{name} = 0;" for name in scratch if not name.startswith("sent"))
        yield "#ifdef SCRATCH"
        yield f"#define WIPE {wiped}"
        yield "#else"
        yield "#define SCRATCH hidden"
        yield "#define WIPE"
        yield "#endif"
        for name in scratch:
            yield f"SCRATCH int {name};"
        if model.sight:
            yield ""
            yield "/* What is seen of the other side and of what is in flight. */"
            plain = _Scope()
            for seen, node in model.sight.items():
                yield f"#define {self.variable(seen, plain)} {self.expr(node, plain)}"
        yield ""
        yield from self._bags()

    def _number(self, value: Any) -> int:
        if isinstance(value, Enum):
            return list(type(value)).index(value)
        return int(value)

    def _declare(self, path: str, sort: Sort) -> str:
        if sort.kind == "bool":
            return f"bool {_ident(path)}"
        return f"unsigned {_ident(path)} : {_bits(sort)}"

    def _bags(self) -> Iterator[str]:
        """Putting into a bag, and taking out of it."""
        model, last = self.model, self.model.capacity - 1
        slots = [f"{link}[{n}]" for link in self.links for n in range(model.capacity)]
        room = [f"!bag[{last}]"] if model.capacity <= model.in_flight else []
        if model.in_flight < len(slots):
            count = " + ".join(f"({slot} != 0)" for slot in slots)
            yield f"#define IN_FLIGHT ({count})"
            room.append(f"IN_FLIGHT < {model.in_flight}")
        yield "/* Sort x into a bag that has a free slot; x is changed. */"
        yield "#define INSERT(bag, x) \\"
        for n in range(last):
            yield (
                f"  if :: x > bag[{n}] -> moved = bag[{n}]; bag[{n}] = x; x = moved"
                " :: else -> skip fi; \\"
            )
        yield f"  bag[{last}] = x"
        yield "/* Send x, if there is one and room for it. */"
        yield "#define SEND(bag, x) \\"
        yield f"  if :: x && {' && '.join(room)} -> INSERT(bag, x) :: else -> skip fi; \\"
        yield "  x = 0"
        yield "/* Take what is in a slot of the bag out of it. */"
        yield "#define REMOVE(bag, n) \\"
        for n in range(last):
            yield f"  if :: n <= {n} -> bag[{n}] = bag[{n + 1}] :: else -> skip fi; \\"
        yield f"  bag[{last}] = 0"
        if model.ttl is not None:
            at, _ = self.layout[model.ttl]
            ttl = f"get_{_ident(model.ttl)}"
            yield "/* One tick older, in order still; what has run out of time is gone. */"
            yield "#define AGE(bag) \\"
            for n in range(model.capacity):
                yield (
                    f"  if :: bag[{n}] && {ttl}(bag[{n}]) > 1 -> bag[{n}] = bag[{n}] - {1 << at}"
                    f" :: else -> bag[{n}] = 0 fi; \\"
                )
            for passes in range(last, 0, -1):
                for n in range(passes):
                    yield (
                        f"  if :: bag[{n}] == 0 -> bag[{n}] = bag[{n + 1}]; bag[{n + 1}] = 0"
                        " :: else -> skip fi; \\"
                    )
            yield "  skip"

    def _option(self, name: str, guard: str, body: Sequence[str]) -> Iterator[str]:
        yield from _in(["", f"/* {_comment(name)} */", ":: d_step {"])
        yield from _in([f"  {guard} ->", *_in([*body, "WIPE"]), "}"])

    def _steps(
        self, kind: Kind, extra: Sequence[str], scope: _Scope, here: _Ports
    ) -> Iterator[tuple[str, list[str]]]:
        """Guards and bodies: for each part of the tree, and each value that may be drawn."""
        key = kind.tree, tuple(scope.fields)
        if key not in self._cut:
            self._cut[key] = list(self._parts(*key))
        for tests, tree in self._cut[key]:
            parts = [leaf.static for leaf in leaves(tree) if leaf.static.possible]
            drawn = any(part.drew for part in parts)
            for k in range(max(self.draws(), 1) if drawn else 1):
                enabled = self.enabled(tree, k)
                if enabled is False:
                    continue
                at = replace(scope, drawn=self.drawn(k))
                guards = [*extra, *(self.expr(test, at) for test in tests)]
                if enabled is not True or not guards:
                    guards.append(self.guard(enabled, at, top=not guards))
                body = self.body(tree, k, at)
                for n in range(max(part.sent for part in parts)):
                    body.append(f"SEND({self._outbox(kind, here, n)}, sent{n});")
                yield " && ".join(guards), body

    def _outbox(self, kind: Kind, here: _Ports, n: int) -> str:
        """The bag that the n-th message goes to."""
        ports = [self.model.ports[port] for port in kind.ports if port in here.ports]
        links = {port.out(n) for port in ports}
        if all(port.out(n) == port.out(0) for port in ports):
            return "outbox"
        if len(links) == 1:
            return self.links[links.pop()]
        link = here.pick([port.out(n) if port.sends else 0 for port in self._of(here)])
        return f"link[{link}].slot"

    def _of(self, here: _Ports) -> list[Port]:
        return [self.model.ports[n] for n in here.ports]

    def _parts(self, tree: Tree, fields: Sequence[Field]) -> Iterator[tuple[list[Node], Tree]]:
        """``tree``; a large one in parts, each with the tests that lead to it."""
        subject = _dispatch(tree) if len(leaves(tree)) > _LARGE else None
        if subject is None or subject.sort.members is None:
            yield from self._halves(self.simple.tree(tree, {}), fields)
            return
        build = self.simple.build
        for member in subject.sort.members:
            constant = build.const(member)
            test = build.eq(build.var(subject.data, subject.sort), constant)
            for tests, part in self._halves(self.simple.tree(tree, {subject: constant}), fields):
                yield [test, *tests], part

    def _halves(self, tree: Tree, fields: Sequence[Field]) -> Iterator[tuple[list[Node], Tree]]:
        """``tree`` cut where that costs least, by short tests, until no part is too large."""
        lines = self._decide(tree, _Scope(fields), frozenset())
        if isinstance(tree, Leaf) or len(lines) <= _TOO_LARGE:
            yield [], tree
            return
        test = min(
            dict.fromkeys(_tests(tree)),
            key=lambda test: (
                sum(_count(tree, test, yes) for yes in (True, False)) + len(_parts_of(test))
            ),
        )
        for yes in (True, False):
            for tests, part in self._halves(self.simple.given(tree, test, yes), fields):
                yield [test if yes else self.simple.build.not_(test), *tests], part

    def _groups(self, ports: Iterable[int]) -> list[_Ports]:
        """``ports``, those together whose components are in one array, and what they look at."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for n in ports:
            port = self.model.ports[n]
            arrays = [self.sides[port.component][0]]
            if self.model.sight:
                arrays.append(self.sides[self.model.view(port).peer][0])
            groups.setdefault(tuple(arrays), []).append(n)
        return [_Ports(tuple(group)) for group in groups.values()]

    def _process(self, name: str, here: _Ports, times: int) -> Iterator[str]:
        """The beginning of what runs ``times`` times at each port, and where its parts are."""
        ports, at = self._of(here), len(here.ports)
        pid = "_pid" if not self.processes else f"(_pid - {self.processes})"
        defined = {"PORT": f"({pid} % {at})"} if at > 1 else {}
        if times > 1:
            defined["COPY"] = f"({pid} / {at})"
        (array, *_), places = zip(*(self.sides[port.component] for port in ports), strict=True)
        defined["me"] = f"{array}[{here.pick(places)}]"
        takes = [port.takes for port in ports]
        if None not in takes:
            defined["inbox"] = f"link[{here.pick([n for n in takes if n is not None])}].slot"
        if any(port.sends for port in ports):
            out = here.pick([port.out(0) if port.sends else 0 for port in ports])
            defined["outbox"] = f"link[{out}].slot"
        if self.model.sight:
            peers = [self.sides[self.model.view(port).peer] for port in ports]
            defined["peer"] = f"{peers[0][0]}[{here.pick([place for _, place in peers])}]"
        yield from (f"#undef {macro}" for macro in self.defined)
        yield from (f"#define {macro} {text}" for macro, text in defined.items())
        self.defined = [*defined]
        alone = len({array for array, _ in self.sides}) == 1
        whose = "" if alone else f"_{_ident(self.model.components[ports[0].component].name)}"
        yield f"active [{at * times}] proctype {name}{whose}() {{"
        yield "end:"
        yield "  do"
        self.processes += at * times

    def _deliveries(self) -> Iterator[str]:
        """A process for each port, slot, and whether the message stays; and losing."""
        model, c = self.model, self.model.capacity
        ways = 2 if model.duplicate else 1
        taking = [n for n, port in enumerate(model.ports) if port.takes is not None]
        losers = {port.takes: n for n, port in reversed(list(enumerate(model.ports)))}
        yield ""
        yield "/* Delivering the message in a slot; in a process of the second half it stays. */"
        if c > 1:
            yield f"#define SLOT (COPY % {c})"
        slot = "SLOT" if c > 1 else "0"
        content = f"inbox[{slot}]"
        first = f"{content} && (SLOT == 0 || {content} != inbox[SLOT - 1])" if c > 1 else content
        yield f"#define STAYS (COPY >= {c})" if ways > 1 else "#define STAYS false"
        for here in self._groups(taking):
            yield from self._process("channel", here, c * ways)
            fields = model.components[self._of(here)[0].component].fields
            at = _Scope(fields, message=content)
            for kind in (k for k in model.kinds if k.delivers and {*k.ports} & {*here.ports}):
                extra = [first, *self._whose(kind.ports, here)]
                for (guard, _), (_, body) in zip(
                    self._steps(kind, extra, at, here),
                    self._steps(kind, extra, _Scope(fields), here),
                    strict=True,
                ):
                    take = [f"message = {content};", *body]
                    sends = [i for i, line in enumerate(take) if line.startswith("SEND(")]
                    cut = sends[0] if sends else len(take)
                    out = f"if :: STAYS -> skip :: else -> REMOVE(inbox, {slot}) fi;"
                    yield from self._option(kind.name, guard, [*take[:cut], out, *take[cut:]])
            losing = [n for n in here.ports if n in losers.values()]
            if model.lose and losing:
                guards = [first, *(["!STAYS"] if ways > 1 else []), *self._whose(losing, here)]
                yield from self._option("lose", " && ".join(guards), [f"REMOVE(inbox, {slot});"])
            yield "  od"
            yield "}"

    def _whose(self, ports: Sequence[int], here: _Ports) -> list[str]:
        """The guard that it is at one of ``ports``."""
        places = [n for n, port in enumerate(here.ports) if port in ports]
        if len(places) == len(here.ports):
            return []
        text = " || ".join(f"PORT == {n}" for n in places)
        return [f"({text})" if len(places) > 1 else text]

    def _calls(self) -> Iterator[str]:
        """Everything that befalls a component without a message."""
        model = self.model
        calls = [kind for kind in model.kinds if not kind.delivers]
        yield ""
        yield "/* What befalls a side, or what it does, by itself. */"
        acting = sorted({n for kind in calls for n in kind.ports})
        for here in self._groups(acting):
            yield from self._process("component", here, 1)
            at = _Scope(model.components[self._of(here)[0].component].fields)
            for kind in (k for k in calls if {*k.ports} & {*here.ports}):
                for guard, body in self._steps(kind, self._whose(kind.ports, here), at, here):
                    yield from self._option(kind.name, guard, body)
            yield "  :: false -> skip"
            yield "  od"
            yield "}"

    def _by_name(self) -> Iterator[tuple[Component, _Scope]]:
        """Each component, and a scope for it outside its processes."""
        for n, component in enumerate(self.model.components):
            yield component, _Scope(component.fields, self.side(n), macros=False)

    def _tick_guard(self) -> str:
        """Time may go on, and something changes."""
        guards, changes = [], []
        if self.model.ttl is not None:
            changes = [f"{link}[0]" for link in self.links]  # a bag that is not empty
        for component, scope in self._by_name():
            if component.tick_blocked is not None:
                guards.append(self.negated(component.tick_blocked, scope))
            if component.tick is not None:
                changes.append(self._changes(component.tick, scope))
        return " && ".join([*guards, f"({' || '.join(changes)})"])

    def _changes(self, tree: Tree, scope: _Scope) -> str:
        if isinstance(tree, Leaf):
            different = [
                f"{scope.me}.{_ident(f.path)} != {self.expr(node, scope)}"
                for f, node in zip(scope.fields, tree.outputs, strict=True)
                if not (node.op == "var" and node.data == f"me.{f.path}")
            ]
            return f"({' || '.join(different)})" if different else "false"
        then, other = self._changes(tree.then, scope), self._changes(tree.other, scope)
        if then == other:
            return then
        return f"({self.expr(tree.test, scope)} -> {then} : {other})"

    def _clock(self) -> Iterator[str]:
        model = self.model
        if not model.timed:
            return
        yield ""
        yield "/* Time. */"
        yield "active proctype clock() {"
        yield "end:"
        yield "  do"
        body = [
            line
            for component, scope in self._by_name()
            if component.tick is not None
            for line in self.body(component.tick, 0, scope)
        ]
        if model.ttl is not None:
            body += [f"AGE({link});" for link in self.links]
        yield from self._option("tick", self._tick_guard(), body)
        yield "  od"
        yield "}"

    # Claims

    def _watchers(self, claims: Mapping[str, Tree], resting: Resting) -> Iterator[str]:
        scope = _Scope(macros=False)
        for name, tree in claims.items():
            good = _guard(self.simple.tree(tree, {}), _only)
            if good is True:
                yield from ["", f"/* {_comment(name)}: what it is about never changes. */"]
            else:
                yield from self._watcher(name, [self.guard(_opposite(good), scope)])
        for name, (tree, idle) in resting.items():
            bad = self.guard(_opposite(_guard(self.simple.tree(tree, {}), _only)), scope)
            yield from self._watcher(name, [bad, *(f"!({step})" for step in self._moves(idle))])

    def _watcher(self, name: str, bad: Sequence[str]) -> Iterator[str]:
        yield ""
        yield f"#ifdef {name_of(name)}"
        yield f"/* {_comment(name)} */"
        yield f"active proctype {_ident(name)}_fails() {{"
        yield "end:"
        yield "  do"
        # On one line: SPIN may take the end of a line for a semicolon.
        yield f"  :: d_step {{ {' && '.join(bad)} -> assert(false) }}"
        yield "  od"
        yield "}"
        yield "#endif"

    def _moves(self, idle: frozenset[str]) -> Iterator[str]:
        """The guards of all steps but those of the ``idle`` kinds."""
        model = self.model
        if model.lose:
            yield " || ".join(f"{link}[0]" for link in self.links)
        for number, port in enumerate(model.ports):
            fields = model.components[port.component].fields
            scope = _Scope(fields, self.side(port.component), macros=False)
            inbox = "" if port.takes is None else self.links[port.takes]
            if model.sight:
                view = model.view(port)
                scope = replace(
                    scope, peer=self.side(view.peer), inbox=inbox, outbox=self.links[view.out]
                )
            for kind in (k for k in model.kinds if number in k.ports and k.name not in idle):
                for n in range(model.capacity if kind.delivers else 1):
                    content = f"{inbox}[{n}]"
                    enabled = self.guard(
                        self.enabled(kind.tree, 0), replace(scope, message=content), top=True
                    )
                    yield f"{content} && ({enabled})" if kind.delivers else enabled
        if model.timed:
            yield self._tick_guard()


def _only(leaf: Leaf) -> Guard:
    """The one output of a claim's leaf."""
    (node,) = leaf.outputs
    return bool(node.data) if node.op == "const" else node


def _members(sort: Sort) -> Sequence[Any]:
    """All values of a sort."""
    if sort.kind == "bool":
        return (False, True)
    return range(sort.lo, sort.hi + 1) if sort.members is None else list(sort.members)


def _in(lines: Iterable[str]) -> list[str]:
    """One step to the right."""
    return [f"  {line}" if line else line for line in lines]


def _comment(text: str) -> str:
    return text.replace("*/", "* /")
