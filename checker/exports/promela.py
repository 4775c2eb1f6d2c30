"""A composition as a Promela model, for SPIN.

The model has the composition's states and steps, one for one: SPIN stores as many states as the
explorer visits, and takes as many transitions. How the pieces correspond:

* Components are ``side[0]`` and ``side[1]``; ``to[i]`` is the bag of messages to component i.
  A message is one int; a bag is an array of them, greatest first, empty slots 0 at the end, so
  that equal bags are equal arrays.
* Every step is one ``d_step``, and every process has a single control state, so that nothing but
  the variables tells states apart. A guard says whether the step exists; it is read off the tree.
* A message can be delivered from each slot, and stay or go: each combination is a process, so
  that the large tree of a delivery stands in the text once. Slots that repeat the one before are
  passed over.
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

from checker.ir.composition import Composition, Kind
from checker.ir.interpret import evaluate, leaves
from checker.ir.nodes import Builder, Node, Sort, variables
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
    unsigned until void volatile weakuntil while xr xs me peer side to inbox outbox
    """.split()  # noqa: SIM905 (a list of words is read, not written)
)


def promela(model: Composition, claims: Mapping[str, Tree], resting: Resting | None = None) -> str:
    """The Promela text of ``model``.

    ``claims`` are trees over ``a.*`` and ``b.*`` that ought to be true of every reachable state
    (for a witness: that it is not one); ``resting`` those that ought to be true where nothing
    but the steps of some kinds can be done.
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


def _parts_of(*nodes: Node, known: Container[Node] = ()) -> set[Node]:
    """``nodes`` and all that they are made of, but for what is ``known`` and its parts."""
    seen: set[Node] = set()
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if node not in seen and node not in known:
            seen.add(node)
            todo += node.args
    return seen


def _expressions(tree: Tree) -> Iterator[Node]:
    """The tests of ``tree`` and what its leaves put out."""
    if isinstance(tree, Leaf):
        yield from tree.outputs
    else:
        yield tree.test
        yield from _expressions(tree.then)
        yield from _expressions(tree.other)


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

    ``known`` are expressions that were worked out before: scratch variables. ``drawn`` is the
    text of the value drawn. Without ``macros`` what is seen of the rest is written out.
    """

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


class _Writer:
    """Writes one model."""

    def __init__(self, model: Composition) -> None:
        self.model = model
        self.enums: dict[type[Enum], dict[Any, str]] = {}
        self.simple = _Simplifier()
        self.layout = self._lay_out()
        self.scratch = 0
        self.sent = max(
            (leaf.static.sent for k in model.kinds for leaf in leaves(k.tree)
             if leaf.static.possible), default=0,
        )  # fmt: skip
        for sort in (f.sort for f in (*model.fields, *model.message_fields)):
            self._enum(sort)
        self._refuse()

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
        if any(f.sort.kind == "int" and f.sort.hi >= 1 << 30 for f in model.fields):
            raise UsageProblem("the Promela export has ints of 31 bits: choose a smaller width")
        if model.tick is not None:
            parts = leaves(model.tick)
            read = variables([*_tests(model.tick), *(o for p in parts for o in p.outputs)])
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
        if name == self.model.isn_paths[0]:
            return scope.drawn
        owner, path = name.split(".", 1)
        if owner in ("me", "a", "peer", "b"):
            at = {"me": scope.me, "peer": scope.peer, "a": "side[0]", "b": "side[1]"}[owner]
            return f"{at}.{_ident(path)}"
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
        sides = [
            _parts_of(*_expressions(side), known=scope.known) for side in (tree.then, tree.other)
        ]
        test = _parts_of(tree.test, known=scope.known)
        both = {n for n in sides[0] if n in sides[1] or n in test} | (sides[1] & test)
        used = sides[0] | sides[1] | test
        outer = {arg for node in used - both for arg in node.args}
        outer |= {tree.test, *_expressions(tree.then), *_expressions(tree.other)}
        inner = Counter(arg for node in both for arg in node.args)
        return self._set_aside([n for n in both if n in outer or inner[n] > 1], scope)

    def _set_aside(self, nodes: Iterable[Node], scope: _Scope) -> tuple[list[str], _Scope]:
        """Assign those of ``nodes`` that are large to scratch variables, parts first."""
        lines = []
        sizes = {node: len(_parts_of(node)) for node in nodes if node not in scope.known}
        # The order among equals is that of their text: the same model is the same text.
        large = [node for node, size in sizes.items() if size >= _SHARE]
        for node in sorted(large, key=lambda node: (sizes[node], self.expr(node, scope))):
            name = f"t{len(scope.known)}"
            lines.append(f"{name} = {self.expr(node, scope, top=True)};")
            scope = replace(scope, known={**scope.known, node: name})
        self.scratch = max(self.scratch, len(scope.known))
        return lines, scope

    # Steps

    def draws(self) -> int:
        """How many values may be drawn, at most."""
        return max((len(values) for _, values in self.model.offers), default=0)

    def offered(self, k: int) -> Guard:
        """Is there a k-th value to draw?"""
        guard: Guard = False
        if self._all_guarded():
            (*_, (_, last)) = self.model.offers
            guard = len(last) > k
        for test, values in reversed(self.model.offers):
            now = len(values) > k
            guard = guard if guard is now else (test, now, guard)
        return guard

    def _all_guarded(self) -> bool:
        """Does a guard of the offers hold in every state?"""
        guards = [guard for guard, _ in self.model.offers]
        ranges = {
            f"me.{f.path}": _members(f.sort)
            for f in self.model.fields
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
        offers = [(guard, values[k]) for guard, values in self.model.offers if len(values) > k]
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
            return offered if leaf.static.drew_isn else k == 0

        return _guard(tree, of)

    def body(self, tree: Tree, k: int, scope: _Scope) -> list[str]:
        """The decisions of ``tree`` where it is possible (and draws, if k is not 0)."""

        def wanted(tree: Tree) -> Tree | None:
            if isinstance(tree, Leaf):
                here = tree.static.possible and (tree.static.drew_isn or k == 0)
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
        first, *others = [self._changes_of(leaf, done) for leaf in leaves(tree)]
        alike = {
            target: node
            for target, node in first.items()
            if all(other.get(target) is node for other in others)
        }
        assigned = set(first).union(*others)
        while True:
            early = assigned - alike.keys()
            late = [t for t, node in alike.items() if self._reads(node, scope) & early]
            if not late:
                return alike
            for target in late:
                del alike[target]

    def _changes_of(self, leaf: Leaf, done: Container[str]) -> dict[str, Node]:
        """What a leaf assigns: the fields that do not stay as they are."""
        targets = [f"me.{f.path}" for f in self.model.fields]
        return {
            target: node
            for target, node in zip(targets, leaf.outputs, strict=False)
            if not (node.op == "var" and node.data == target) and target not in done
        }

    def leaf(self, leaf: Leaf, scope: _Scope, done: Container[str]) -> list[str]:
        """What a leaf does: pack what is sent, then assign what changes."""
        fields, width = self.model.fields, len(self.model.message_fields)
        changes = self._changes_of(leaf, done)
        sent = leaf.outputs[len(fields) :]
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
        if self.model.isn_paths[0] in read:
            read |= variables(guard for guard, _ in self.model.offers)
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
        yield "/* Two components joined by bags of messages; made from decision trees, not by hand."
        yield "   Every step is one d_step: SPIN's states and steps are the specification's. */"
        for members, called in self.enums.items():
            yield ""
            yield f"/* {members.__name__} */"
            for i, name in enumerate(called.values()):
                yield f"#define {name} {i}"
        yield ""
        yield "typedef Side {"
        for f in model.fields:
            start = model.initial[f.path]
            first = "" if self._number(start) == 0 else f" = {self.value(start)}"
            yield f"  {self._declare(f.path, f.sort)}{first};"
        yield "}"
        yield "Side side[2];"
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
        yield "/* to[i]: what is in flight to side i, greatest first; then free slots: 0 */"
        yield f"typedef Bag {{ int slot[{model.capacity}] }}"
        yield "Bag to[2];"
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
        yield ""
        yield "/* Where the acting side and its messages are. The number of a side's processes is"
        yield "   even or odd as the side's own. */"
        yield "#define ME (_pid % 2)"
        yield "#define me side[ME]"
        yield "#define peer side[1 - ME]"
        yield "#define inbox to[ME].slot"
        yield "#define outbox to[1 - ME].slot"
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
        slots = [f"to[{i}].slot[{n}]" for i in (0, 1) for n in range(model.capacity)]
        room = [f"!outbox[{last}]"] if model.capacity <= model.in_flight else []
        if model.in_flight < 2 * model.capacity:
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
        yield "#define SEND(x) \\"
        yield f"  if :: x && {' && '.join(room)} -> INSERT(outbox, x) :: else -> skip fi; \\"
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

    def _steps(self, kind: Kind, extra: Sequence[str], scope: _Scope) -> Iterator[
        tuple[str, list[str]]
    ]:  # fmt: skip
        """Guards and bodies: for each part of the tree, and each value that may be drawn."""
        for tests, tree in self._parts(kind.tree):
            parts = [leaf.static for leaf in leaves(tree) if leaf.static.possible]
            drawn = any(part.drew_isn for part in parts)
            for k in range(max(self.draws(), 1) if drawn else 1):
                enabled = self.enabled(tree, k)
                if enabled is False:
                    continue
                here = replace(scope, drawn=self.drawn(k))
                guards = [*extra, *(self.expr(test, here) for test in tests)]
                if enabled is not True or not guards:
                    guards.append(self.guard(enabled, here, top=not guards))
                body = self.body(tree, k, here)
                most = max(part.sent for part in parts)
                yield " && ".join(guards), [*body, *(f"SEND(sent{n});" for n in range(most))]

    def _parts(self, tree: Tree) -> Iterator[tuple[list[Node], Tree]]:
        """``tree``; a large one in parts, each with the tests that lead to it."""
        subject = _dispatch(tree) if len(leaves(tree)) > _LARGE else None
        if subject is None or subject.sort.members is None:
            yield from self._halves(self.simple.tree(tree, {}))
            return
        build = self.simple.build
        for member in subject.sort.members:
            constant = build.const(member)
            test = build.eq(build.var(subject.data, subject.sort), constant)
            for tests, part in self._halves(self.simple.tree(tree, {subject: constant})):
                yield [test, *tests], part

    def _halves(self, tree: Tree) -> Iterator[tuple[list[Node], Tree]]:
        """``tree`` cut where that costs least, by short tests, until no part is too large."""
        if isinstance(tree, Leaf) or len(self._decide(tree, _Scope(), frozenset())) <= _TOO_LARGE:
            yield [], tree
            return
        test = min(
            dict.fromkeys(_tests(tree)),
            key=lambda test: (
                sum(_count(tree, test, yes) for yes in (True, False)) + len(_parts_of(test))
            ),
        )
        for yes in (True, False):
            for tests, part in self._halves(self.simple.given(tree, test, yes)):
                yield [test if yes else self.simple.build.not_(test), *tests], part

    def _deliveries(self) -> Iterator[str]:
        """A process for each slot, side, and whether the message stays; and losing."""
        model, c = self.model, self.model.capacity
        ways = 2 if model.duplicate else 1
        slot = "SLOT" if c > 1 else "0"
        content = f"inbox[{slot}]"
        yield ""
        yield "/* Delivering the message in a slot; in a process of the second half it stays. */"
        if c > 1:
            yield f"#define SLOT (_pid / 2 % {c})"
            first = f"{content} && (SLOT == 0 || {content} != inbox[SLOT - 1])"
        else:
            first = content
        yield f"#define STAYS (_pid >= {2 * c})" if ways > 1 else "#define STAYS false"
        yield f"active [{2 * c * ways}] proctype channel() {{"
        yield "end:"
        yield "  do"
        at = _Scope(message=content)
        for kind in (k for k in model.kinds if k.delivers):
            extra = [first, *self._whose(kind)]
            for (guard, _), (_, body) in zip(
                self._steps(kind, extra, at), self._steps(kind, extra, _Scope()), strict=True
            ):
                take = [f"message = {content};", *body]
                sends = [i for i, line in enumerate(take) if line.startswith("SEND(")]
                cut = sends[0] if sends else len(take)
                out = f"if :: STAYS -> skip :: else -> REMOVE(inbox, {slot}) fi;"
                yield from self._option(kind.name, guard, [*take[:cut], out, *take[cut:]])
        if model.lose:
            guard = f"{first} && !STAYS" if ways > 1 else first
            yield from self._option("lose", guard, [f"REMOVE(inbox, {slot});"])
        yield "  od"
        yield "}"

    def _whose(self, kind: Kind) -> list[str]:
        if len(kind.components) == 2:
            return []
        return [f"_pid % 2 == {kind.components[0]}"]

    def _calls(self) -> Iterator[str]:
        """Everything that befalls a component without a message."""
        yield ""
        yield "/* What befalls a side, or what it does, by itself. */"
        yield "active [2] proctype component() {"
        yield "end:"
        yield "  do"
        for kind in (k for k in self.model.kinds if not k.delivers and k.components):
            for guard, body in self._steps(kind, self._whose(kind), _Scope()):
                yield from self._option(kind.name, guard, body)
        yield "  :: false -> skip"
        yield "  od"
        yield "}"

    def _sides(self) -> Iterator[_Scope]:
        """A scope for each component, outside its processes."""
        for i in (0, 1):
            yield _Scope(
                f"side[{i}]", f"side[{1 - i}]", f"to[{i}].slot", f"to[{1 - i}].slot", macros=False
            )

    def _tick_guard(self) -> str:
        """Time may go on, and something changes."""
        model = self.model
        assert model.tick is not None
        guards, changes = [], []
        if model.ttl is not None:
            changes = [f"to[{i}].slot[0]" for i in (0, 1)]  # a bag that is not empty
        for scope in self._sides():
            if model.tick_blocked is not None:
                guards.append(self.negated(model.tick_blocked, scope))
            changes.append(self._changes(model.tick, scope))
        return " && ".join([*guards, f"({' || '.join(changes)})"])

    def _changes(self, tree: Tree, scope: _Scope) -> str:
        if isinstance(tree, Leaf):
            different = [
                f"{scope.me}.{_ident(f.path)} != {self.expr(node, scope)}"
                for f, node in zip(self.model.fields, tree.outputs, strict=True)
                if not (node.op == "var" and node.data == f"me.{f.path}")
            ]
            return f"({' || '.join(different)})" if different else "false"
        then, other = self._changes(tree.then, scope), self._changes(tree.other, scope)
        if then == other:
            return then
        return f"({self.expr(tree.test, scope)} -> {then} : {other})"

    def _clock(self) -> Iterator[str]:
        model = self.model
        if model.tick is None:
            return
        yield ""
        yield "/* Time. */"
        yield "active proctype clock() {"
        yield "end:"
        yield "  do"
        body = [line for scope in self._sides() for line in self.body(model.tick, 0, scope)]
        if model.ttl is not None:
            body += [f"AGE(to[{i}].slot);" for i in (0, 1)]
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
            yield "to[0].slot[0] || to[1].slot[0]"
        for i, scope in enumerate(self._sides()):
            for kind in (k for k in model.kinds if i in k.components and k.name not in idle):
                for n in range(model.capacity if kind.delivers else 1):
                    content = f"to[{i}].slot[{n}]"
                    enabled = self.guard(
                        self.enabled(kind.tree, 0), replace(scope, message=content), top=True
                    )
                    yield f"{content} && ({enabled})" if kind.delivers else enabled
        if model.tick is not None:
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
