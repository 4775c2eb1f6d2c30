"""A composition as guarded commands: what the exports to Promela and to Murphi have in common.

A step is a guard, which says whether it exists, and assignments made one after another. Both are
read off the decision tree: the guard is an expression; the tree's decisions are nested ``if``s,
and a leaf assigns what changes, in an order in which no variable is read after it was written.
What is used more than once is worked out once and kept in a scratch variable.

``Commands`` says how a language writes an expression, a choice and an assignment; its subclasses
say so for theirs, and write the rest of the text.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar

from checker.ir.composition import Component, Composition, Kind, Port, most_sent
from checker.ir.interpret import evaluate, leaves
from checker.ir.nodes import Builder, Node, Sort, variables
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tree
from checker.support.errors import UsageProblem

Resting = Mapping[str, tuple[Tree, frozenset[str]]]
"""Claims of states in which no step is enabled but of the kinds named."""

_WORD = 31  # bits of a message, with the one that says it is there: an int is never negative
_SHARE = 12  # an expression of so many nodes that is used twice is worked out once


def bits(sort: Sort) -> int:
    """How many bits a value of ``sort`` takes."""
    if sort.kind == "int":
        return max(sort.hi.bit_length(), 1)
    return 1 if sort.members is None else max((len(sort.members) - 1).bit_length(), 1)


# Guards: decision trees of one bool

Guard = bool | Node | tuple[Node, "Guard", "Guard"]
"""A truth value, an expression, or (test, if so, if not)."""


def guard_of(tree: Tree, of: Callable[[Leaf], Guard]) -> Guard:
    """What ``of`` says of the leaf that is reached; decisions that do not matter are left out."""
    if isinstance(tree, Leaf):
        return of(tree)
    then, other = guard_of(tree.then, of), guard_of(tree.other, of)
    return then if _same(then, other) else (tree.test, then, other)


def opposite(guard: Guard) -> Guard:
    if isinstance(guard, tuple):
        return guard[0], opposite(guard[1]), opposite(guard[2])
    return not guard if isinstance(guard, bool) else (guard, False, True)


def _same(a: Guard, b: Guard) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return a[0] is b[0] and _same(a[1], b[1]) and _same(a[2], b[2])
    return a is b


def parts_of(*nodes: Node, known: Container[Node] = ()) -> dict[Node, None]:
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


def tests_of(tree: Tree) -> Iterator[Node]:
    if isinstance(tree, Branch):
        yield tree.test
        yield from tests_of(tree.then)
        yield from tests_of(tree.other)


# Trees made smaller by what is known


class Simplifier:
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
class Scope:
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


_SLOT = re.compile(r"(in|out)(\d+)\.(.*)")


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports, by number, at which the same text says what happens: those of one array of components.

    ``here`` is the text of a port's place in ``ports``.
    """

    ports: tuple[int, ...]
    several: str

    @property
    def here(self) -> str:
        return self.several if len(self.ports) > 1 else "0"


class Commands:
    """Writes one model; what a language has of its own is at the beginning."""

    language: ClassVar[str]
    reserved: ClassVar[frozenset[str]]
    operators: ClassVar[Mapping[str, str]] = {
        **{"add": "+", "sub": "-", "lt": "<", "le": "<="},
        **{"not eq": "!=", "not lt": ">=", "not le": ">"},
    }
    becomes: ClassVar[str]
    port: ClassVar[str]  # which of several ports

    def choice(self, test: str, yes: str, no: str) -> str:
        """A conditional expression, in brackets."""
        raise NotImplementedError

    def fork(self, test: str, where: str, then: Sequence[str], other: Sequence[str]) -> list[str]:
        """A decision that is made at the line ``where``."""
        raise NotImplementedError

    def packed(self, values: Sequence[Node], scope: Scope) -> str:
        """A message with these fields."""
        raise NotImplementedError

    def scratch_of(self, number: int, node: Node) -> str:
        """The scratch variable of some number, for the value of ``node``."""
        raise NotImplementedError

    def as_int(self, node: Node, scope: Scope, top: bool) -> str:
        """A truth value as 0 or 1."""
        raise NotImplementedError

    def wrapped(self, node: Node, bits: int, scope: Scope) -> str:
        """A whole number modulo a power of two."""
        raise NotImplementedError

    def bag(self, link: str) -> str:
        """The bag of a link, by the text of its number."""
        raise NotImplementedError

    @classmethod
    def ident(cls, path: str) -> str:
        """``path`` as an identifier."""
        word = re.sub(r"\W", "_", path)
        return f"{word}_" if word in cls.reserved else word

    def __init__(self, model: Composition) -> None:
        self.model = model
        self.offers = model.draw.offers if model.draw else ()
        self.links = [self.ident(model.link(n)) for n in range(len(model.links))]
        self.sides = self._arrays()
        self.enums: dict[type[Enum], dict[Any, str]] = {}
        self.simple = Simplifier()
        self.layout, self.present = self._lay_out()
        self.scratch = 0
        # Of trees, what was worked out of them.
        self._roots: dict[Tree, dict[Node, None]] = {}
        self._alikes: dict[Tree, tuple[dict[str, Node], frozenset[str]]] = {}
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
        return [("side" if one else f"side_{self.ident(names[0])}", at) for names, at in found]

    def _by_array(self) -> dict[str, list[int]]:
        """The arrays, and the components that are in each, in their order."""
        found: dict[str, list[int]] = {}
        for n, (array, _) in enumerate(self.sides):
            found.setdefault(array, []).append(n)
        return found

    def side(self, component: int) -> str:
        """The text of a component."""
        array, at = self.sides[component]
        return f"{array}[{at}]"

    def _lay_out(self) -> tuple[dict[str, tuple[int, Sort]], int]:
        """Where in an int each field of a message is, and the bit that says it is one."""
        places: dict[str, tuple[int, Sort]] = {}
        at = 0
        for f in reversed(self.model.message_fields):
            places[f.path] = at, f.sort
            at += bits(f.sort)
        if at + 1 > _WORD:
            raise UsageProblem(
                f"a message takes {at} bits, and the {self.language} export has {_WORD - 1} "
                "for it: choose smaller bounds (width above all)"
            )
        return dict(sorted(places.items(), key=lambda item: -item[1][0])), 1 << at

    def _enum(self, sort: Sort) -> None:
        """Number the members of an Enum; a name that is taken gets the Enum's before it."""
        if sort.members is None or sort.members in self.enums:
            return
        taken = {name for names in self.enums.values() for name in names.values()}
        self.enums[sort.members] = {
            m: self.ident(m.name if m.name not in taken else f"{sort.members.__name__}_{m.name}")
            for m in sort.members
        }

    def _refuse(self) -> None:
        """What cannot be said here."""
        model = self.model
        if any(f.sort.kind == "int" and f.sort.hi >= 1 << 30 for _, f in model.places()):
            raise UsageProblem(
                f"the {self.language} export has ints of 31 bits: choose a smaller width"
            )
        for tick in dict.fromkeys(c.tick for c in model.components if c.tick is not None):
            parts = leaves(tick)
            read = variables([*tests_of(tick), *(o for p in parts for o in p.outputs)])
            odd = [name for name in read if not name.startswith("me.")]
            if odd or any(not p.static.possible or p.static.sent for p in parts):
                instead = ", ".join(sorted(odd)) or "otherwise"
                raise UsageProblem(
                    f"the {self.language} export wants a tick to be possible always, to send "
                    f"nothing and to read its component alone, not {instead}"
                )

    # Expressions

    def value(self, value: Any) -> str:
        """A constant."""
        if isinstance(value, Enum):
            return self.enums[type(value)][value]
        return str(value).lower() if isinstance(value, bool) else str(value)

    def variable(self, name: str, scope: Scope) -> str:
        """What a variable is called in ``scope``."""
        if self._is_drawn(name):
            return scope.drawn
        owner, path = name.split(".", 1)
        names = {c.name: self.side(n) for n, c in enumerate(self.model.components)}
        names |= {"me": scope.me, "peer": scope.peer}
        if owner in names:
            return f"{names[owner]}.{self.ident(path)}"
        if owner == "seg":
            return f"get_{self.ident(path)}({scope.message})"
        if owner == "sight":
            if scope.macros:
                return f"sight_{self.ident(path)}"
            return self.expr(self.model.sight[name], scope)
        slot = _SLOT.fullmatch(name)
        assert slot is not None, name
        text = f"{scope.inbox if slot[1] == 'in' else scope.outbox}[{slot[2]}]"
        return f"({text} != 0)" if slot[3] == "present" else f"get_{self.ident(slot[3])}({text})"

    def _is_drawn(self, name: str) -> bool:
        return self.model.draw is not None and name == self.model.draw.name

    def expr(self, node: Node, scope: Scope, top: bool = False) -> str:
        """An expression, in brackets where it needs them (at the ``top`` it does not)."""
        if node in scope.known:
            return scope.known[node]
        op, args = node.op, node.args
        if op == "const":
            return self.value(node.data)
        if op == "var":
            return self.variable(node.data, scope)
        if op == "int":
            return self.as_int(args[0], scope, top)
        if op == "not":
            return self.negated(args[0], scope)
        if op == "ite":
            return self.choice(*(self.expr(arg, scope) for arg in args))
        if op == "wrap":
            text = self.wrapped(args[0], node.data, scope)
        elif op in ("and", "or"):
            text = self._infix(op, self._chain(op, node, scope), scope)
        else:
            text = self._infix(op, args, scope)
        return text if top else f"({text})"

    def negated(self, node: Node, scope: Scope) -> str:
        """The opposite of a truth value; never with a double ``!``, which is another operator."""
        if node.op == "not":
            return self.expr(node.args[0], scope)
        if f"not {node.op}" in self.operators and node not in scope.known:
            return f"({self._infix(f'not {node.op}', node.args, scope)})"
        return f"!{self.expr(node, scope)}"

    def _infix(self, op: str, args: Sequence[Node], scope: Scope) -> str:
        return f" {self.operators[op]} ".join(self.expr(arg, scope) for arg in args)

    def _chain(self, op: str, node: Node, scope: Scope) -> list[Node]:
        """a and (b and c) as a, b, c."""
        if node.op != op or node in scope.known:
            return [node]
        return [part for arg in node.args for part in self._chain(op, arg, scope)]

    def guard(self, guard: Guard, scope: Scope, top: bool = False) -> str:
        """A guard as one expression."""
        if isinstance(guard, bool):
            return self.value(guard)
        if isinstance(guard, Node):
            return self.expr(guard, scope, top)
        test, then, other = guard
        yes, no = self.expr(test, scope), self.negated(test, scope)
        both, either = self.operators["and"], self.operators["or"]
        if then is True and other is False:
            return self.expr(test, scope, top)
        if then is False and other is True:
            return no
        if then is True:
            text = f"{yes} {either} {self.guard(other, scope)}"
        elif then is False:
            text = f"{no} {both} {self.guard(other, scope)}"
        elif other is False:
            text = f"{yes} {both} {self.guard(then, scope)}"
        elif other is True:
            text = f"{no} {either} {self.guard(then, scope)}"
        else:
            return self.choice(yes, self.guard(then, scope), self.guard(other, scope))
        return text if top else f"({text})"

    def _shared(self, nodes: Sequence[Node], scope: Scope) -> tuple[list[str], Scope]:
        """Work out once what ``nodes`` use more than once, if it is large; the scope after."""
        uses = Counter(arg for node in parts_of(*nodes, known=scope.known) for arg in node.args)
        uses.update(nodes)
        return self._set_aside([node for node, times in uses.items() if times > 1], scope)

    def _common(self, tree: Branch, scope: Scope) -> tuple[list[str], Scope]:
        """Work out before ``tree`` what is used whatever it decides; the scope after."""
        roots = [self._expressions(side) for side in (tree.then, tree.other)]
        sides = [parts_of(*root, known=scope.known) for root in roots]
        test = parts_of(tree.test, known=scope.known)
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

    def _set_aside(self, nodes: Iterable[Node], scope: Scope) -> tuple[list[str], Scope]:
        """Assign those of ``nodes`` that are large to scratch variables, parts first."""
        lines = []
        sizes = {node: len(parts_of(node)) for node in nodes if node not in scope.known}
        # The order among equals is that in which they were found: the same model is the same text.
        large = [node for node, size in sizes.items() if size >= _SHARE]
        for node in sorted(large, key=lambda node: sizes[node]):
            name = self.scratch_of(len(scope.known), node)
            lines.append(f"{name} {self.becomes} {self.expr(node, scope, top=True)};")
            scope = replace(scope, known={**scope.known, node: name})
        self.scratch = max(self.scratch, len(scope.known))
        return lines, scope

    def any_of(self, texts: Iterable[str]) -> str:
        """One of these holds."""
        return f" {self.operators['or']} ".join(texts)

    def all_of(self, texts: Iterable[str]) -> str:
        """All of these hold."""
        return f" {self.operators['and']} ".join(texts)

    def full(self, slot: str) -> str:
        """There is a message in a slot."""
        raise NotImplementedError

    def pick(self, here: Ports, values: Sequence[int]) -> str:
        """The text of that one of ``values`` which is for the port."""
        (*first, text) = map(str, values)
        for n, value in reversed(list(enumerate(first))):
            if value != text:
                text = self.choice(f"{here.here} {self.operators['eq']} {n}", value, text)
        if list(values) == [*range(len(values))]:
            return here.here
        if list(values) == [*range(len(values))][::-1]:
            return f"{len(values) - 1} - {here.here}"
        return text

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

    def drawn(self, k: int, scope: Scope) -> str:
        """The text of the k-th value drawn."""
        offers = [(guard, values[k]) for guard, values in self.offers if len(values) > k]
        if not offers:
            return ""
        *rest, (_, last) = offers
        text = str(last)
        for guard, value in reversed(rest):
            if text != str(value):
                text = self.choice(self.expr(guard, scope), str(value), text)
        return text

    def enabled(self, tree: Tree, k: int) -> Guard:
        """Does ``tree`` have a step in which the k-th value is drawn (0: or none)?"""
        offered = self.offered(k)

        def of(leaf: Leaf) -> Guard:
            if not leaf.static.possible:
                return False
            return offered if leaf.static.drew else k == 0

        return guard_of(tree, of)

    def _ways(
        self, tree: Tree, tests: Sequence[Node], extra: Sequence[str], scope: Scope
    ) -> Iterator[tuple[int, Scope, str]]:
        """The values that may be drawn where ``tests`` lead to ``tree``, by number (0: or none);
        for each the scope, and the guard of the step, ``extra`` first."""
        parts = [leaf.static for leaf in leaves(tree) if leaf.static.possible]
        drawn = any(part.drew for part in parts)
        for k in range(max(self.draws(), 1) if drawn else 1):
            enabled = self.enabled(tree, k)
            if enabled is False:
                continue
            at = replace(scope, drawn=self.drawn(k, scope))
            guards = [*extra, *(self.expr(test, at) for test in tests)]
            if enabled is not True or not guards:
                guards.append(self.guard(enabled, at, top=not guards))
            yield k, at, self.all_of(guards)

    def body(self, tree: Tree, k: int, scope: Scope) -> list[str]:
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

    def _decide(self, tree: Tree, scope: Scope, done: frozenset[str]) -> list[str]:
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
            *self.fork(self.expr(tree.test, scope, top=True), tree.where, then, other),
            *self._assign(after, scope),
        ]

    def _alike(self, tree: Tree, scope: Scope, done: frozenset[str]) -> dict[str, Node]:
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

    def _assigned(self, tree: Tree, scope: Scope) -> tuple[dict[str, Node], frozenset[str]]:
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

    def _changes_of(self, leaf: Leaf, scope: Scope, done: Container[str]) -> dict[str, Node]:
        """What a leaf assigns: the fields that do not stay as they are."""
        targets = [f"me.{f.path}" for f in scope.fields]
        return {
            target: node
            for target, node in zip(targets, leaf.outputs, strict=False)
            if not (node.op == "var" and node.data == target) and target not in done
        }

    def leaf(self, leaf: Leaf, scope: Scope, done: Container[str]) -> list[str]:
        """What a leaf does: pack what is sent, then assign what changes."""
        width = len(self.model.message_fields)
        changes = self._changes_of(leaf, scope, done)
        sent = leaf.outputs[len(scope.fields) :]
        lines, scope = self._shared([*changes.values(), *sent], scope)
        for n in range(leaf.static.sent):
            values = sent[n * width : (n + 1) * width]
            lines.append(f"sent{n} {self.becomes} {self.packed(values, scope)};")
        lines += self._assign(changes, scope)
        return lines or ["skip;"]

    def _assign(self, changes: Mapping[str, Node], scope: Scope) -> list[str]:
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
                name = self.scratch_of(aside, changes[stuck])
                lines.append(f"{name} {self.becomes} {texts[stuck]};")
                texts[stuck], reads[stuck] = name, set()
                aside += 1
                self.scratch = max(self.scratch, aside)
                continue
            for target in ready:
                lines.append(f"{self.variable(target, scope)} {self.becomes} {texts.pop(target)};")
        return lines

    def _reads(self, node: Node, scope: Scope) -> set[str]:
        """The component's fields that ``node`` reads, by way of what is seen or drawn too."""
        read = _names(parts_of(node, known=scope.known))
        if any(map(self._is_drawn, read)):
            read |= variables(guard for guard, _ in self.offers)
        return read | variables(self.model.sight[name] for name in read & set(self.model.sight))

    def _number(self, value: Any) -> int:
        if isinstance(value, Enum):
            return list(type(value)).index(value)
        return int(value)

    def _of(self, here: Ports) -> list[Port]:
        return [self.model.ports[n] for n in here.ports]

    def _groups(self, ports: Iterable[int]) -> list[Ports]:
        """``ports``, those together whose components are in one array, and what they look at."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for n in ports:
            port = self.model.ports[n]
            arrays = [self.sides[port.component][0]]
            if self.model.sight:
                arrays.append(self.sides[self.model.view(port).peer][0])
            groups.setdefault(tuple(arrays), []).append(n)
        return [Ports(tuple(group), self.port) for group in groups.values()]

    def _taking(self) -> list[Ports]:
        """Where messages are delivered."""
        return self._groups(n for n, p in enumerate(self.model.ports) if p.takes is not None)

    def _acting(self) -> list[Ports]:
        """Where a component does something without a message."""
        calls = [kind for kind in self.model.kinds if not kind.delivers]
        return self._groups(sorted({n for kind in calls for n in kind.ports}))

    def _kinds(self, here: Ports, delivers: bool) -> list[Kind]:
        """What happens there, with a message or without."""
        kinds = [kind for kind in self.model.kinds if kind.delivers == delivers]
        return [kind for kind in kinds if {*kind.ports} & {*here.ports}]

    def _losing(self, here: Ports) -> list[int]:
        """Those of the ports at which a message may be lost: of each link, the first."""
        ports = self.model.ports
        first = {port.takes: n for n, port in reversed(list(enumerate(ports)))}
        return [n for n in here.ports if n in first.values()] if self.model.lose else []

    def _placed(self, here: Ports) -> dict[str, str]:
        """What there is at the port: the component, its bags if it has any, and who it sees."""
        ports = self._of(here)
        (array, *_), places = zip(*(self.sides[port.component] for port in ports), strict=True)
        found = {"me": f"{array}[{self.pick(here, places)}]"}
        takes = [port.takes for port in ports if port.takes is not None]
        if len(takes) == len(ports):
            found["inbox"] = self.bag(self.pick(here, takes))
        if any(port.sends for port in ports):
            out = self.pick(here, [port.out(0) if port.sends else 0 for port in ports])
            found["outbox"] = self.bag(out)
        if self.model.sight:
            peers = [self.sides[self.model.view(port).peer] for port in ports]
            found["peer"] = f"{peers[0][0]}[{self.pick(here, [place for _, place in peers])}]"
        return found

    def _outbox(self, kind: Kind, here: Ports, at: Scope, n: int) -> str:
        """The bag that the n-th message goes to."""
        ports = [self.model.ports[port] for port in kind.ports if port in here.ports]
        links = {port.out(n) for port in ports}
        if all(port.out(n) == port.out(0) for port in ports):
            return at.outbox
        if len(links) == 1:
            return self.links[links.pop()]
        link = self.pick(here, [port.out(n) if port.sends else 0 for port in self._of(here)])
        return self.bag(link)

    def _whose(self, ports: Sequence[int], here: Ports) -> list[str]:
        """The guard that it is at one of ``ports``."""
        places = [n for n, port in enumerate(here.ports) if port in ports]
        if len(places) == len(here.ports):
            return []
        text = self.any_of(f"{here.here} {self.operators['eq']} {n}" for n in places)
        return [f"({text})" if len(places) > 1 else text]

    def _by_name(self) -> Iterator[tuple[Component, Scope]]:
        """Each component, and a scope for it outside its processes."""
        for n, component in enumerate(self.model.components):
            yield component, Scope(component.fields, self.side(n), macros=False)

    def _ticks(self) -> list[str]:
        """What a tick does to components."""
        return [
            line
            for component, scope in self._by_name()
            if component.tick is not None
            for line in self.body(component.tick, 0, scope)
        ]

    def _tick_guard(self) -> str:
        """Time may go on, and something changes."""
        guards, changes = [], []
        if self.model.ttl is not None:
            changes = [self.full(f"{link}[0]") for link in self.links]  # a bag that is not empty
        for component, scope in self._by_name():
            if component.tick_blocked is not None:
                guards.append(self.negated(component.tick_blocked, scope))
            if component.tick is not None:
                changes.append(self._changes(component.tick, scope))
        return self.all_of([*guards, f"({self.any_of(changes)})"])

    def _changes(self, tree: Tree, scope: Scope) -> str:
        if isinstance(tree, Leaf):
            differs = self.operators["not eq"]
            different = [
                f"{scope.me}.{self.ident(f.path)} {differs} {self.expr(node, scope)}"
                for f, node in zip(scope.fields, tree.outputs, strict=True)
                if not (node.op == "var" and node.data == f"me.{f.path}")
            ]
            return f"({self.any_of(different)})" if different else "false"
        then, other = self._changes(tree.then, scope), self._changes(tree.other, scope)
        if then == other:
            return then
        return self.choice(self.expr(tree.test, scope), then, other)

    def _good(self, tree: Tree) -> Guard:
        """Where a claim is true."""
        return guard_of(self.simple.tree(tree, {}), _only)

    def _bad_at_rest(self, tree: Tree, idle: frozenset[str]) -> list[str]:
        """What holds together where a claim is false, and no step but the ``idle`` is enabled."""
        bad = self.guard(opposite(self._good(tree)), Scope(macros=False))
        return [bad, *(f"!({step})" for step in self._moves(idle))]

    def _moves(self, idle: frozenset[str]) -> Iterator[str]:
        """The guards of all steps but those of the ``idle`` kinds."""
        model = self.model
        if model.lose:
            yield self.any_of(self.full(f"{link}[0]") for link in self.links)
        for number, port in enumerate(model.ports):
            fields = model.components[port.component].fields
            scope = Scope(fields, self.side(port.component), macros=False)
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
                    yield (
                        self.all_of([self.full(content), f"({enabled})"])
                        if kind.delivers
                        else enabled
                    )
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


def indented(lines: Iterable[str]) -> list[str]:
    """One step to the right."""
    return [f"  {line}" if line else line for line in lines]
