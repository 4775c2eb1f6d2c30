"""Tracing: ordinary Python, run on symbolic values, becomes a decision tree.

A symbolic value stands for every value of its sort. Arithmetic and comparisons on it build
expressions; asking for its truth (``if``, ``and``, ``not``, ``in``) is a *decision*. The function
is run once for every way to decide: first all True, then, like a counter running backwards,
with the last decision that was True made False, until none is left. What was decided, in
order, is a path of the tree; what the function returned is its leaf.

This is sound only if the function is deterministic and asks nothing behind the symbolic
values' back. Both are enforced: a re-run must meet the very same decisions on its prefix (a
difference is reported with the line), and every operation that Python would answer by looking
at the object and not at its value (hash, index, int, format ...) raises, saying what to write
instead.

A decision that follows from earlier ones on the path is not asked again: an Enum that equals
one member equals no other, and a test once decided stays decided.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, NoReturn

from checker.ir.nodes import Builder, Node, Sort, Value


class TraceError(TypeError):
    """The traced function did something that has no symbolic meaning."""


class NonDeterminism(RuntimeError):
    """A re-run of the traced function met other decisions than before."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """The end of a path: ``static`` is what the function returned besides ``outputs``."""

    index: int
    static: Any
    outputs: tuple[Node, ...]

    def __repr__(self) -> str:
        return f"leaf {self.index}: {self.static!r}"


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A decision, and what follows from either answer; ``where`` is its source line."""

    test: Node
    then: "Tree"
    other: "Tree"
    where: str

    def __repr__(self) -> str:
        return f"{self.where}: if {self.test!r}"


Tree = Leaf | Branch


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on a path."""

    test: Node
    answer: bool
    where: str


class Tracer:
    """Runs functions on symbolic values and keeps the path of the run under way."""

    def __init__(self) -> None:
        self.build = Builder()
        self._prefix: list[Decision] = []
        self._path: list[Decision] = []
        self._facts: dict[Node, bool] = {}
        self._members: dict[Node, Enum] = {}
        self._excluded: dict[Node, set[Enum]] = {}

    # Values

    def var(self, name: str, sort: Sort) -> Any:
        """A symbolic value for the variable ``name``."""
        return self.value(self.build.var(name, sort))

    def value(self, node: Node) -> Any:
        """The symbolic value of ``node``; a plain one where it is constant."""
        if node.op == "const":
            return node.data
        if node.sort.kind == "bool":
            return SymBool(self, node)
        if node.sort.kind == "int" or node.sort.unbounded:
            return SymInt(self, node)
        return SymEnum(self, node)

    def node(self, value: Any) -> Node:
        """The expression of a value, symbolic or plain."""
        if isinstance(value, _Symbol):
            if value.tracer is not self:
                raise TraceError("a symbolic value of another trace was used")
            return value.node
        return self.build.const(value)

    # Decisions

    def decide(self, test: Node) -> bool:
        """The truth of ``test`` on the present path."""
        known = self._known(test)
        if known is not None:
            return known
        where = _position()
        at = len(self._path)
        if at < len(self._prefix):
            before = self._prefix[at]
            if before.test is not test:
                raise NonDeterminism(
                    f"{where}: this run asks {test!r} where an earlier one asked "
                    f"{before.test!r} at {before.where}; a traced function must depend on its "
                    "symbolic inputs alone"
                )
            answer = before.answer
        else:
            answer = True
        self._path.append(Decision(test, answer, where))
        self._learn(test, answer)
        return answer

    def _known(self, test: Node) -> bool | None:
        if test.op == "const":
            return bool(test.data)
        fact = self._facts.get(test)
        if fact is not None:
            return fact
        if test.op == "not":
            inner = self._known(test.args[0])
            return None if inner is None else not inner
        if test.op in ("and", "or"):
            a, b = self._known(test.args[0]), self._known(test.args[1])
            decisive = test.op == "or"
            if a is decisive or b is decisive:
                return decisive
            if a is None or b is None:
                return None
            return not decisive
        if test.op == "eq" and test.args[0].sort.kind == "enum" and test.args[1].op == "const":
            subject, member = test.args[0], test.args[1].data
            if subject in self._members:
                return bool(self._members[subject] == member)
            if member in self._excluded.get(subject, ()):
                return False
        return None

    def _learn(self, test: Node, answer: bool) -> None:
        self._facts[test] = answer
        if test.op == "not":
            self._learn(test.args[0], not answer)
        elif (test.op == "and" and answer) or (test.op == "or" and not answer):
            for part in test.args:
                self._learn(part, answer)
        elif test.op == "eq" and test.args[0].sort.kind == "enum" and test.args[1].op == "const":
            subject, member = test.args[0], test.args[1].data
            excluded = self._excluded.setdefault(subject, set())
            if answer:
                self._members[subject] = member
            else:
                excluded.add(member)
                assert subject.sort.members is not None
                left = [m for m in subject.sort.members if m not in excluded]
                if len(left) == 1:
                    self._members[subject] = left[0]

    # Runs

    def trace(
        self, function: Callable[[], tuple[Any, Sequence[Any]]], max_paths: int = 100_000
    ) -> Tree:
        """The decision tree of ``function``, which returns (static part, values)."""
        self._prefix = []
        paths: list[tuple[list[Decision], Leaf]] = []
        while True:
            self._path = []
            self._facts = {}
            self._members = {}
            self._excluded = {}
            static, values = function()
            if len(self._path) < len(self._prefix):
                raise NonDeterminism(
                    f"a run ended before the decision at {self._prefix[len(self._path)].where}, "
                    "which an earlier run met; a traced function must depend on its symbolic "
                    "inputs alone"
                )
            leaf = Leaf(len(paths), static, tuple(self.node(value) for value in values))
            paths.append((self._path, leaf))
            if len(paths) > max_paths:
                raise TraceError(f"more than {max_paths} paths: let helpers compute with & and |")
            prefix = list(self._path)
            while prefix and not prefix[-1].answer:
                prefix.pop()
            if not prefix:
                break
            last = prefix.pop()
            prefix.append(Decision(last.test, False, last.where))
            self._prefix = prefix
        return _tree(paths, 0)


def _tree(paths: list[tuple[list[Decision], Leaf]], depth: int) -> Tree:
    """The tree of paths that agree up to ``depth``; they are in order of decision."""
    first, leaf = paths[0]
    if len(first) == depth:
        assert len(paths) == 1
        return leaf
    here = first[depth]
    split = next(i for i, (path, _) in enumerate(paths) if not path[depth].answer)
    return Branch(
        here.test, _tree(paths[:split], depth + 1), _tree(paths[split:], depth + 1), here.where
    )


_CORE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(os.path.dirname(_CORE))


def _position() -> str:
    """File and line of the code being traced: the innermost frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_CORE):
        frame = frame.f_back
    return f"{_relative(frame.f_code.co_filename)}:{frame.f_lineno}"


@cache
def _relative(name: str) -> str:
    """The name of a file from the top of the repository: it is asked for with each decision."""
    return os.path.relpath(name, _ROOT)


# Symbolic values


class _Symbol:  # noqa: PLW1641 (hash is among the forbidden operations set below)
    """What all symbolic values share: everything that is not defined below is forbidden."""

    __slots__ = ("node", "tracer")

    def __init__(self, tracer: Tracer, node: Node) -> None:
        self.tracer = tracer
        self.node = node

    def __repr__(self) -> str:
        return f"<{self.node!r}>"

    def _make(self, op: str, other: Any, swap: bool = False) -> Any:
        a, b = self.node, self.tracer.node(other)
        if swap:
            a, b = b, a
        return self.tracer.value(getattr(self.tracer.build, op)(a, b))

    def __eq__(self, other: object) -> Any:
        return self._make("eq", other)

    def __ne__(self, other: object) -> Any:
        build = self.tracer.build
        return self.tracer.value(build.not_(build.eq(self.node, self.tracer.node(other))))


def _forbid(name: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(self: _Symbol, *_: Any) -> NoReturn:
        raise TraceError(f"{_position()}: {name} of the symbolic value {self!r}; {instead}")

    return refuse


_COMPARE = "compare it with == and decide with if"
_FORBIDDEN = {
    "__hash__": ("hash", "no look-ups or sets of state values: " + _COMPARE),
    "__index__": ("use as an index", _COMPARE),
    "__int__": ("int()", "a bool counts as 0 or 1 in a sum; nothing else is to be converted"),
    "__float__": ("float()", "the specification has ints only"),
    "__len__": ("len()", _COMPARE),
    "__iter__": ("iteration", "loop over a range of a bound and decide with if"),
    "__getitem__": ("subscript", _COMPARE),
    "__format__": ("formatting", "cite rules and signals by constant strings"),
    "__str__": ("str()", "cite rules and signals by constant strings"),
    "__mul__": ("multiplication", "add, subtract and wrap are enough"),
    "__rmul__": ("multiplication", "add, subtract and wrap are enough"),
    "__floordiv__": ("division", "add, subtract and wrap are enough"),
    "__truediv__": ("division", "add, subtract and wrap are enough"),
    "__mod__": ("%", "wrap with & (2**n - 1)"),
    "__lshift__": ("shift", "add, subtract and wrap are enough"),
    "__rshift__": ("shift", "add, subtract and wrap are enough"),
    "__neg__": ("negation", "subtract, and wrap with & (2**n - 1)"),
    "__invert__": ("~", "write not"),
    "__xor__": ("^", "compare with != instead"),
    "__pow__": ("power", "add, subtract and wrap are enough"),
    "__abs__": ("abs()", "subtract, and wrap with & (2**n - 1)"),
}
for _name, (_what, _instead) in _FORBIDDEN.items():
    setattr(_Symbol, _name, _forbid(_what, _instead))


class SymBool(_Symbol):
    """A symbolic bool."""

    __slots__ = ()
    __hash__ = _Symbol.__hash__

    def __bool__(self) -> bool:
        return self.tracer.decide(self.node)

    def __and__(self, other: Any) -> Any:
        if other is True or other is False:
            return self if other else False
        return self._make("and_", other)

    def __or__(self, other: Any) -> Any:
        if other is True or other is False:
            return True if other else self
        return self._make("or_", other)

    def __add__(self, other: Any) -> Any:
        return self.tracer.value(self.tracer.build.int(self.node)) + other

    def choose(self, yes: Any, no: Any) -> Any:
        """``yes if self else no``, as an expression."""
        build, node = self.tracer.build, self.tracer.node
        return self.tracer.value(build.ite(self.node, node(yes), node(no)))

    __rand__ = __and__
    __ror__ = __or__
    __radd__ = __add__


class SymInt(_Symbol):
    """A symbolic int."""

    __slots__ = ()
    __hash__ = _Symbol.__hash__

    def _int(self, other: Any) -> Any:
        node = self.tracer.node(other)
        return self.tracer.build.int(node) if node.sort.kind == "bool" else node

    def _op(self, op: str, other: Any, swap: bool = False) -> Any:
        a, b = self.node, self._int(other)
        if swap:
            a, b = b, a
        return self.tracer.value(getattr(self.tracer.build, op)(a, b))

    def __bool__(self) -> bool:
        raise TraceError(
            f"{_position()}: truth of the symbolic int {self!r}; compare it with 0 explicitly"
        )

    def __add__(self, other: Any) -> Any:
        return self._op("add", other)

    def __radd__(self, other: Any) -> Any:
        return self._op("add", other, swap=True)

    def __sub__(self, other: Any) -> Any:
        return self._op("sub", other)

    def __rsub__(self, other: Any) -> Any:
        return self._op("sub", other, swap=True)

    def __and__(self, mask: Any) -> Any:
        if isinstance(mask, _Symbol) or not isinstance(mask, int) or mask & (mask + 1):
            raise TraceError(f"{_position()}: & of {self!r} and {mask!r}; wrap with & (2**n - 1)")
        return self.tracer.value(self.tracer.build.wrap(self.node, mask.bit_length()))

    def __or__(self, other: Any) -> Any:
        raise TraceError(f"{_position()}: | of the symbolic int {self!r}; | is for bools")

    def __lt__(self, other: Any) -> Any:
        return self._op("lt", other)

    def __le__(self, other: Any) -> Any:
        return self._op("le", other)

    def __gt__(self, other: Any) -> Any:
        return self._op("lt", other, swap=True)

    def __ge__(self, other: Any) -> Any:
        return self._op("le", other, swap=True)

    __rand__ = __and__


class SymEnum(_Symbol):
    """A symbolic member of an Enum."""

    __slots__ = ()
    __hash__ = _Symbol.__hash__

    def __bool__(self) -> bool:
        raise TraceError(f"{_position()}: truth of the Enum value {self!r}; {_COMPARE}")

    def __getattr__(self, name: str) -> NoReturn:
        raise TraceError(f"{_position()}: .{name} of the Enum value {self!r}; {_COMPARE}")


def is_symbolic(value: Any) -> bool:
    """Is ``value`` one of ours?"""
    return isinstance(value, _Symbol)


def plain(value: Any) -> Value:
    """``value``, which must not be symbolic."""
    if is_symbolic(value):
        raise TraceError(f"{value!r} is symbolic where a plain value is needed")
    return value  # type: ignore[no-any-return]
