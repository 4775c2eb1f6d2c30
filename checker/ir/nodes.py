"""The expression language: a closed set of operations on bools, ints and enum members.

=========  ==================================================================
const      a bool, an int or an Enum member
var        a variable with a name and a sort
add, sub   of ints; the result may lie outside every variable's range
wrap       a whole number modulo a power of two
int        a bool as 0 or 1
eq         of two values of one sort
lt, le     of two ints that are not negative
not        of a bool
and, or    of two bools
ite        a choice between two values of one sort
apply      the value of an unknown function, by name, of a number
=========  ==================================================================

Nodes are hash-consed: equal expressions are the same object, so that ``is`` decides equality
and every pass can memoise by identity. They are checked and simplified when built; each int
carries the interval of its values, which decides many comparisons at once. Only ``wrap`` may
be applied to an int that might be negative: every back end has modular arithmetic, few have
both signs.

Two sorts have no bounds: natural numbers and non-negative reals. They are for proofs: only the
solver reads them, and ints made of constants and bools become of their sort where they meet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

Value = bool | int | Enum


class IRError(TypeError):
    """An expression that makes no sense was built."""


@dataclass(frozen=True, slots=True)
class Sort:
    """Bool, an interval of ints, an Enum class, or numbers without bounds from ``lo`` on."""

    kind: str  # "bool", "int", "enum", "nat" or "real"
    lo: int = 0
    hi: int = 0
    members: type[Enum] | None = None

    def __repr__(self) -> str:
        if self.kind == "int":
            return f"{self.lo}..{self.hi}"
        return self.members.__name__ if self.members else self.kind

    @property
    def unbounded(self) -> bool:
        """Is it one of the sorts for proofs?"""
        return self.kind in ("nat", "real")


BOOL = Sort("bool")
NAT = Sort("nat")
REAL = Sort("real")
POSITIVE = Sort("real", 1)
"""Reals above 0."""


@cache
def integer(lo: int, hi: int) -> Sort:
    """The sort of ints from ``lo`` to ``hi``, inclusive."""
    return Sort("int", lo, hi)


@cache
def enumeration(members: type[Enum]) -> Sort:
    """The sort of the members of an Enum."""
    return Sort("enum", members=members)


def width_of(sort: Sort) -> int:
    """The bits that the values of a sort need; 0 for a bool."""
    if sort.kind == "bool":
        return 0
    if sort.kind == "enum":
        assert sort.members is not None
        return max(1, (len(sort.members) - 1).bit_length())
    return max(1, sort.hi.bit_length())


def least(sort: Sort) -> Any:
    """The first value of a sort."""
    if sort.unbounded:
        return 0
    if sort.kind == "bool":
        return False
    if sort.kind == "enum":
        assert sort.members is not None
        return next(iter(sort.members))
    return sort.lo


class Node:
    """One expression; made only by a ``Builder``."""

    __slots__ = ("args", "data", "op", "sort")

    def __init__(self, op: str, args: tuple["Node", ...], data: Any, sort: Sort) -> None:
        self.op = op
        self.args = args
        # const: the value; var: the name; wrap: the number of bits; apply: name, argument's sort
        self.data = data
        self.sort = sort

    def __repr__(self) -> str:
        """The expression on one line."""
        a = self.args
        if self.op == "const":
            return self.data.name if isinstance(self.data, Enum) else repr(self.data)
        if self.op == "var":
            return str(self.data)
        if self.op == "wrap":
            return f"{a[0]!r} mod 2^{self.data}"
        if self.op in _SIGNS:
            return f"({a[0]!r} {_SIGNS[self.op]} {a[1]!r})"
        return f"{self.op}({', '.join(map(repr, a))})"


_SIGNS = {"add": "+", "sub": "-", "eq": "==", "lt": "<", "le": "<=", "and": "&", "or": "|"}


def variables(nodes: Iterable[Node]) -> set[str]:
    """The names of the variables in ``nodes``."""
    found: set[str] = set()
    seen: set[Node] = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            if node.op == "var":
                found.add(node.data)
            stack.extend(node.args)
    return found


class Builder:
    """Builds hash-consed nodes; nodes of different builders are not to be mixed."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Node] = {}
        self._constants: dict[tuple[type, Value], Node] = {}
        self.true = self.const(True)
        self.false = self.const(False)

    def __len__(self) -> int:
        return len(self._known)

    def _make(self, op: str, args: tuple[Node, ...], data: Any, sort: Sort) -> Node:
        memo = (op, tuple(map(id, args)), type(data), data)
        node = self._known.get(memo)
        if node is None:
            node = self._known[memo] = Node(op, args, data, sort)
        return node

    # Leaves

    def const(self, value: Value) -> Node:
        """A constant."""
        memo = (type(value), value)
        node = self._constants.get(memo)
        if node is None:
            if isinstance(value, bool):
                sort = BOOL
            elif isinstance(value, Enum):
                sort = enumeration(type(value))
            elif isinstance(value, int):
                sort = integer(value, value)
            else:
                raise IRError(f"no constant of type {type(value).__name__}")
            node = self._constants[memo] = self._make("const", (), value, sort)
        return node

    def apply(self, name: str, argument: Node, of: Sort, sort: Sort) -> Node:
        """The value, of ``sort``, of the function ``name`` of an argument of the sort ``of``."""
        if of.unbounded:
            (argument,) = self._alike("apply", argument, sort=of)
        else:
            _ints("apply", argument)
        return self._make("apply", (argument,), (name, of), sort)

    def var(self, name: str, sort: Sort) -> Node:
        """The variable ``name``; one name has one sort."""
        node = self._make("var", (), name, sort)
        if node.sort != sort:
            raise IRError(f"variable {name} is {node.sort!r}, not {sort!r}")
        return node

    def _alike(self, op: str, *nodes: Node, sort: Sort | None = None) -> tuple[Node, ...]:
        """The nodes, all of one sort without bounds: constants become of the sort of the others."""
        kind = (sort or next(node.sort for node in nodes if node.sort.unbounded)).kind
        made = []
        for node in nodes:
            node = self._without_bounds(node, kind)
            if node.sort.kind != kind:
                raise IRError(f"{op} of {node!r}, a {node.sort!r}, where a {kind} is needed")
            made.append(node)
        return tuple(made)

    def _without_bounds(self, node: Node, kind: str) -> Node:
        """An int that is made of constants and bools, as a number of a sort without bounds."""
        if node.sort.kind != "int" or node.op in ("var", "wrap", "apply"):
            return node
        memo = (node.op, tuple(map(id, node.args)), kind, node.data)
        if memo not in self._known:
            sort, args = Sort(kind), node.args
            if node.op == "const":
                sort = Sort(kind, node.data)
            elif node.op != "int":
                args = tuple(
                    self._without_bounds(arg, kind) if arg.sort.kind == "int" else arg
                    for arg in args
                )
            self._known[memo] = Node(node.op, args, node.data, sort)
        return self._known[memo]

    # Ints

    def add(self, a: Node, b: Node) -> Node:
        """a + b."""
        if a.sort.unbounded or b.sort.unbounded:
            return self._unbounded("add", a, b)
        _ints("add", a, b)
        if a.op == b.op == "const":
            return self.const(a.data + b.data)
        if b.op == "const" and b.data == 0:
            return a
        if a.op == "const" and a.data == 0:
            return b
        return self._make(
            "add", (a, b), None, integer(a.sort.lo + b.sort.lo, a.sort.hi + b.sort.hi)
        )

    def sub(self, a: Node, b: Node) -> Node:
        """a - b; of numbers without bounds it may be negative."""
        if a.sort.unbounded or b.sort.unbounded:
            return self._unbounded("sub", a, b)
        _ints("sub", a, b)
        if a is b:
            return self.const(0)
        if a.op == b.op == "const":
            return self.const(a.data - b.data)
        if b.op == "const" and b.data == 0:
            return a
        return self._make(
            "sub", (a, b), None, integer(a.sort.lo - b.sort.hi, a.sort.hi - b.sort.lo)
        )

    def _unbounded(self, op: str, a: Node, b: Node) -> Node:
        """An operation on numbers without bounds, of which one may be a constant."""
        a, b = self._alike(op, a, b)
        if a.op == b.op == "const" and op == "eq":
            return self.const(a.data == b.data)
        if b.op == "const" and b.data == 0 and op in ("add", "sub"):
            return a
        if a.op == "const" and a.data == 0 and op == "add":
            return b
        sort = BOOL if op in ("eq", "lt", "le") else Sort(a.sort.kind)
        return self._make(op, (a, b), None, sort)

    def wrap(self, a: Node, bits: int) -> Node:
        """a modulo 2^bits."""
        if a.sort.kind == "nat":
            return self._circle(a, bits)
        _ints("wrap", a)
        size = 1 << bits
        if a.op == "const":
            return self.const(a.data % size)
        if a.sort.lo >= 0 and a.sort.hi < size:
            return a
        return self._make("wrap", (a,), bits, integer(0, size - 1))

    def _circle(self, a: Node, bits: int) -> Node:
        """A number without bounds modulo 2^bits: of equal sums one node, since what is wrapped
        within them need not be."""
        terms: dict[Node, int] = {}
        rest = 0
        stack = [(a, 1)]
        while stack:
            node, times = stack.pop()
            if node.op == "const":
                rest += times * node.data
            elif node.op in ("add", "sub"):
                one, other = node.args
                stack += [(other, times if node.op == "add" else -times), (one, times)]
            elif node.op == "wrap" and node.data == bits:
                stack.append((node.args[0], times))
            else:
                terms[node] = terms.get(node, 0) + times
        up, down = self.const(rest % (1 << bits)), self.const(0)
        for node, times in terms.items():
            for _ in range(abs(times)):
                up, down = (self.add(up, node), down) if times > 0 else (up, self.add(down, node))
        total = self.sub(up, down)
        if not total.sort.unbounded:
            return self.const(total.data)
        return self._make("wrap", (total,), bits, NAT)

    def int(self, a: Node) -> Node:
        """1 if ``a``, else 0."""
        _bools("int", a)
        if a.op == "const":
            return self.const(1 if a.data else 0)
        return self._make("int", (a,), None, integer(0, 1))

    # Tests

    def eq(self, a: Node, b: Node) -> Node:
        """a == b."""
        if a is b:
            return self.true
        if a.sort.unbounded or b.sort.unbounded:
            for one, other in ((a, b), (b, a)):
                if one.op == "const" and one.data < other.sort.lo:
                    return self.false
            if a.op == b.op == "wrap" and a.data == b.data:
                difference = self.wrap(self.sub(a, b), a.data)
                zero = difference.op == "const"
                return (
                    self.const(not difference.data) if zero else self.eq(difference, self.const(0))
                )
            return self._unbounded("eq", a, b)
        if a.sort.kind != b.sort.kind or a.sort.members is not b.sort.members:
            raise IRError(f"eq of {a!r}, a {a.sort!r}, and {b!r}, a {b.sort!r}")
        if a is b:
            return self.true
        if a.op == b.op == "const":
            return self.const(a.data == b.data)
        if a.sort.kind == "bool":
            if a.op == "const":
                a, b = b, a
            if b.op == "const":
                return a if b.data else self.not_(a)
        if a.sort.kind == "int":
            _ints("eq", a, b)
            _signless("eq", a, b)
            if a.sort.hi < b.sort.lo or b.sort.hi < a.sort.lo:
                return self.false
        if a.op == "const":
            a, b = b, a
        return self._make("eq", (a, b), None, BOOL)

    def lt(self, a: Node, b: Node) -> Node:
        """a < b."""
        if a.sort.unbounded or b.sort.unbounded:
            return self._unbounded("lt", a, b)
        _ints("lt", a, b)
        _signless("lt", a, b)
        if a is b or a.sort.lo >= b.sort.hi:
            return self.false
        if a.sort.hi < b.sort.lo:
            return self.true
        return self._make("lt", (a, b), None, BOOL)

    def le(self, a: Node, b: Node) -> Node:
        """a <= b."""
        if a.sort.unbounded or b.sort.unbounded:
            return self._unbounded("le", a, b)
        _ints("le", a, b)
        _signless("le", a, b)
        if a is b or a.sort.hi <= b.sort.lo:
            return self.true
        if a.sort.lo > b.sort.hi:
            return self.false
        return self._make("le", (a, b), None, BOOL)

    # Bools

    def not_(self, a: Node) -> Node:
        """not a."""
        _bools("not", a)
        if a.op == "const":
            return self.const(not a.data)
        if a.op == "not":
            return a.args[0]
        return self._make("not", (a,), None, BOOL)

    def and_(self, a: Node, b: Node) -> Node:
        """a and b."""
        _bools("and", a, b)
        if a is self.false or b is self.false:
            return self.false
        if a is self.true or a is b:
            return b
        if b is self.true:
            return a
        return self._make("and", (a, b), None, BOOL)

    def or_(self, a: Node, b: Node) -> Node:
        """a or b."""
        _bools("or", a, b)
        if a is self.true or b is self.true:
            return self.true
        if a is self.false or a is b:
            return b
        if b is self.false:
            return a
        return self._make("or", (a, b), None, BOOL)

    def ite(self, c: Node, a: Node, b: Node) -> Node:
        """a if c else b."""
        _bools("ite", c)
        if a.sort.unbounded or b.sort.unbounded:
            a, b = self._alike("ite", a, b)
        if a.sort.kind != b.sort.kind or a.sort.members is not b.sort.members:
            raise IRError(f"ite between {a!r}, a {a.sort!r}, and {b!r}, a {b.sort!r}")
        if c.op == "const":
            return a if c.data else b
        if a is b:
            return a
        if a is self.true and b is self.false:
            return c
        sort = a.sort
        if sort.kind == "int":
            sort = integer(min(a.sort.lo, b.sort.lo), max(a.sort.hi, b.sort.hi))
        if sort.unbounded:
            sort = Sort(sort.kind, min(a.sort.lo, b.sort.lo))
        return self._make("ite", (c, a, b), None, sort)


def _ints(op: str, *nodes: Node) -> None:
    for node in nodes:
        if node.sort.kind != "int":
            raise IRError(f"{op} of {node!r}, a {node.sort!r}, where an int is needed")


def _bools(op: str, *nodes: Node) -> None:
    for node in nodes:
        if node.sort.kind != "bool":
            raise IRError(f"{op} of {node!r}, a {node.sort!r}, where a bool is needed")


def _signless(op: str, *nodes: Node) -> None:
    for node in nodes:
        if node.sort.lo < 0:
            raise IRError(f"{op} of {node!r}, which may be negative: wrap it first")
