"""Mutations of Python source: one place changed at a time.

A mutant is a function whose source differs from the original in one expression or statement. It
takes the original's place by exchange of the code object, so that everything that calls the
function, in whatever module, calls the mutant; what the mutant does is asked of Python itself and
not of a second interpreter. The source on disk is never touched.

The operators:

==========  ====================================================================================
negate      a test: of ``if`` and of a conditional expression, each operand of ``and`` and ``or``;
            what is returned
member      one member less in ``x in (A, B)``
off by one  a comparison of numbers, each way
drop        an assignment to a field, or a call that is a statement
flag        a flag that is set in something made is not set
number      a number in something made is one more
target      another member of an Enum is assigned: the next, or the one before
operand     one part less of ``a & b``, ``a | b``, ``a and b``, ``a or b``
part        one part less of a list, a tuple, a set or a dictionary that is written out; a
            comprehension without its test
sign        ``+`` for ``-``, and the other way round
==========  ====================================================================================

What is not to be mutated is said by a ``Dialect``. What is returned and operands are mutated only
if it asks for that; so are parts and signs, of programs that build terms. Of these, what is
dropped may also be a ``yield``, ``a += b`` or an assignment to an item.
"""

import ast
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the names in a source mean to the operators.

    ``fixed`` are names whose values are constants of a run: a test of nothing else is not mutated.
    ``silent`` are names that no behaviour depends on: an assignment to a field of one, or a call
    of one, is not mutated. ``target`` is the field whose Enum is ``states``. ``made`` are the
    constructors whose keywords ``flags`` and ``numbers`` are altered. ``intervals`` are the
    methods that compare three numbers, ``pairs`` those that compare two. ``circles`` are the
    expressions, by their first name, that count modulo. ``cites`` is the method that names a rule,
    which ``rule`` makes of the constants among its arguments. ``operands``: what is
    computed is mutated, too. ``building``: so is what builds lists and terms.
    """

    states: type[Enum]
    target: str = "state"
    fixed: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    flagged: str = ""
    made: str = ""
    numbers: tuple[str, ...] = ()
    intervals: frozenset[str] = frozenset()
    pairs: frozenset[str] = frozenset()
    circles: tuple[str, ...] = ()
    cites: str = "rule"
    rule: Callable[..., object] = str
    operands: bool = False
    building: bool = False


@dataclass(frozen=True, slots=True)
class Mutant:
    """One place changed. ``first`` to ``last`` are the lines whose run may be affected."""

    file: str
    line: int
    function: str
    operator: str
    before: str
    after: str
    rule: str  # the rule that is cited next, or else what the function says of itself
    first: int
    last: int
    number: int  # of those of the same place and operator
    needs: tuple[str, ...]  # the fixed tests round it
    original: FunctionType = field(repr=False, compare=False)
    code: CodeType = field(repr=False, compare=False)

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"

    @property
    def name(self) -> str:
        """A name that no other mutant has."""
        return f"{self.place} {self.operator} {self.number}"


@dataclass(frozen=True, slots=True)
class Call:
    """A function that is called by another, behind fixed tests."""

    caller: str
    callee: str
    needs: tuple[str, ...]


def place_of(path: str) -> str:
    """A source file, as places name it."""
    return os.path.relpath(path, _ROOT)


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Within, the mutant is what runs, in this process."""
    original = mutant.original.__code__
    mutant.original.__code__ = mutant.code
    try:
        yield
    finally:
        mutant.original.__code__ = original


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """The functions and methods that a module defines, properties too."""
    classes = [kind for kind in vars(module).values() if isinstance(kind, type)]
    for owner in (module, *classes):
        for value in vars(owner).values():
            function = value.fget if isinstance(value, property) else value
            if isinstance(function, FunctionType) and (
                function.__code__.co_filename == module.__file__
            ):
                yield function


@contextmanager
def watched(functions: Sequence[FunctionType]) -> Iterator[set[tuple[str, int]]]:
    """The lines that run within, of the files of ``functions``."""
    seen: set[tuple[str, int]] = set()
    names = {f.__code__.co_filename: place_of(f.__code__.co_filename) for f in functions}

    def line(frame: FrameType, _event: str, _argument: Any) -> Any:
        seen.add((names[frame.f_code.co_filename], frame.f_lineno))
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line(frame, event, argument) if frame.f_code.co_filename in names else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield seen
    finally:
        sys.settrace(before)


def mutants(functions: Sequence[FunctionType], dialect: Dialect) -> list[Mutant]:
    """The mutants of functions, in the order of files and lines."""
    found = [m for places in _places(functions, dialect) for m in places.mutants()]
    return sorted(found, key=lambda m: (m.file, m.line, m.operator, m.number))


def calls(functions: Sequence[FunctionType], dialect: Dialect) -> list[Call]:
    """Which of the functions call which of them, and behind which fixed tests."""
    named = {function.__name__: function.__qualname__ for function in functions}
    return [call for places in _places(functions, dialect) for call in places.calls(named)]


def _places(functions: Sequence[FunctionType], dialect: Dialect) -> Iterator["_Places"]:
    trees: dict[str, ast.Module] = {}
    for function in functions:
        path = inspect.getsourcefile(function)
        assert path is not None
        if path not in trees:
            with open(path, encoding="utf-8") as source:
                trees[path] = ast.parse(source.read())
        yield _Places(function, trees[path], path, dialect)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Put ``new`` at ``key`` of ``holder``, a node or a list of nodes."""

    node: ast.AST  # what is changed, for its position
    operator: str
    holder: Any
    key: Any
    new: Any

    def exchange(self, value: Any) -> Any:
        if isinstance(self.holder, list):
            old, self.holder[self.key] = self.holder[self.key], value
        else:
            old = getattr(self.holder, self.key)
            setattr(self.holder, self.key, value)
        return old


class _Places:
    """The places of one function, and what is done to each."""

    def __init__(
        self, function: FunctionType, tree: ast.Module, path: str, dialect: Dialect
    ) -> None:
        self.function = function

        self.path = path
        self.dialect = dialect
        self.definition = _definition(tree, function.__code__)
        # As little as can be compiled: what holds the function, and of a class nothing else
        self.whole = ast.Module(_holding(tree.body, self.definition), [])
        args = self.definition.args
        names = {arg.arg for arg in (*args.args, *args.kwonlyargs)}
        self.circle = next((c for c in dialect.circles if c.split(".")[0] in names), "")
        self.parents: dict[ast.AST, ast.AST] = {
            child: node
            for node in ast.walk(self.definition)
            for child in ast.iter_child_nodes(node)
        }

    def mutants(self) -> list[Mutant]:
        found: list[Mutant] = []
        count: dict[tuple[int, str], int] = {}
        edits = sorted(self._edits(), key=lambda e: (e.node.lineno, e.node.col_offset, e.operator))  # type: ignore[attr-defined]
        for edit in edits:
            at = (edit.node.lineno, edit.operator)  # type: ignore[attr-defined]
            count[at] = count.get(at, 0) + 1
            found.append(self._mutant(edit, count[at]))
        return found

    def calls(self, named: Mapping[str, str]) -> Iterator[Call]:
        """The calls of functions that are ``named``."""
        for node in ast.walk(self.definition):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in named:
                    needs = tuple(self._needs(node))
                    yield Call(self.function.__qualname__, named[name], needs)

    def _mutant(self, edit: _Edit, number: int) -> Mutant:
        shown = edit.node
        before = ast.unparse(shown)
        if isinstance(edit.new, ast.AST):
            if not hasattr(edit.new, "lineno"):
                ast.copy_location(edit.new, shown)
            ast.fix_missing_locations(edit.new)
        old = edit.exchange(edit.new)
        try:
            module = compile(self.whole, self.path, "exec")
            after = "nothing" if isinstance(edit.new, ast.Pass) else ast.unparse(edit.new)
            if edit.node is not old:  # a part of what is shown was changed
                after = ast.unparse(shown)
        finally:
            edit.exchange(old)
        first, last = self._extent(edit.node)
        return Mutant(
            place_of(self.path),
            edit.node.lineno,  # type: ignore[attr-defined]
            self.function.__qualname__,
            edit.operator,
            " ".join(before.split()),
            " ".join(after.split()),
            self._rule(edit.node),
            first,
            last,
            number,
            tuple(self._needs(edit.node)),
            self.function,
            _code_of(module, self.function.__code__),
        )

    # Where a place is

    def _extent(self, node: ast.AST) -> tuple[int, int]:
        """The lines of the statement, or of the test of the statement, around ``node``."""
        while not isinstance(node, ast.stmt):
            parent = self.parents[node]
            if isinstance(parent, ast.If | ast.For | ast.While):
                break
            node = parent
        return node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]

    def _rule(self, node: ast.AST) -> str:
        """What is cited next after ``node`` in the blocks around it."""
        here: ast.AST = node
        while here is not self.definition:
            parent = self.parents[here]
            for _, value in ast.iter_fields(parent):
                if isinstance(value, list) and here in value:
                    for later in value[value.index(here) :]:
                        if isinstance(later, ast.If) and self._fixed(later.test):
                            continue  # what is cited behind a switch says nothing of others
                        for rule in self._citations(later):
                            return rule
            if isinstance(parent, ast.If) and here is parent.test:
                for rule in self._citations(parent):
                    return rule
            here = parent
        text = ast.get_docstring(self.definition) or self.function.__qualname__
        return " ".join(text.split("\n\n")[0].split())

    def _citations(self, node: ast.AST) -> Iterator[str]:
        for call in ast.walk(node):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == self.dialect.cites
                and isinstance(call.args[0], ast.Constant)
            ):
                given = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
                yield str(self.dialect.rule(*given))

    def _needs(self, node: ast.AST) -> Iterator[str]:
        """The fixed tests that must be true, or false, for ``node`` to run."""
        here = node
        while here is not self.definition:
            parent = self.parents[here]
            if isinstance(parent, ast.If | ast.IfExp) and here is not parent.test:
                yes = here in parent.body if isinstance(parent.body, list) else here is parent.body
                operands = _operands(parent.test)
                for operand in operands:
                    if self._fixed(operand) and (yes or len(operands) == 1):
                        text = ast.unparse(operand)
                        yield text if yes else f"not {text}"
            if isinstance(here, ast.stmt):
                yield from self._passed(parent, here)
            elif isinstance(parent, ast.BoolOp):
                for operand in parent.values:
                    if operand is here:
                        break
                    if self._fixed(operand):
                        text = ast.unparse(operand)
                        yield text if isinstance(parent.op, ast.And) else f"not {text}"
            here = parent

    def _passed(self, parent: ast.AST, here: ast.stmt) -> Iterator[str]:
        """The fixed tests before ``here`` in its block that would have returned."""
        for _, block in ast.iter_fields(parent):
            if isinstance(block, list) and here in block:
                for earlier in block[: block.index(here)]:
                    if (
                        isinstance(earlier, ast.If)
                        and self._fixed(earlier.test)
                        and isinstance(earlier.body[-1], ast.Return)
                    ):
                        yield f"not ({ast.unparse(earlier.test)})"

    # What is changed

    def _edits(self) -> Iterator[_Edit]:
        for node in ast.walk(self.definition):
            if self._annotation(node):  # which does nothing
                continue
            if isinstance(node, ast.If | ast.IfExp | ast.While):
                yield from self._negated(node, "test")
            elif isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, ast.BoolOp):
                yield from self._negated(node, "value")
            elif isinstance(node, ast.Compare):
                yield from self._shifted(node)
            elif isinstance(node, ast.Call):
                yield from self._called(node)
            if self.dialect.operands:
                yield from self._computed(node)
            if self.dialect.building:
                yield from self._built(node)
            if isinstance(node, ast.Assign):
                yield from self._targets(node)
            for _, value in ast.iter_fields(node):
                if isinstance(value, list):
                    for i, statement in enumerate(value):
                        if self._droppable(statement):
                            yield _Edit(statement, "drop", value, i, ast.Pass())

    def _negated(self, holder: Any, key: Any) -> Iterator[_Edit]:
        test = holder[key] if isinstance(holder, list) else getattr(holder, key)
        if isinstance(test, ast.BoolOp):
            for i in range(len(test.values)):
                yield from self._negated(test.values, i)
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            if not self._fixed(test):
                yield _Edit(test, "negate", holder, key, test.operand)
        elif not self._fixed(test):
            yield _Edit(test, "negate", holder, key, ast.UnaryOp(ast.Not(), test))

    def _shifted(self, node: ast.Compare) -> Iterator[_Edit]:
        (operator, *others), (right, *_) = node.ops, node.comparators
        if others and self.dialect.building:
            return
        assert not others, "one comparison at a time"
        if isinstance(operator, ast.In | ast.NotIn):
            if isinstance(right, ast.Tuple) and not self._fixed(node.left):
                for i in range(len(right.elts)):
                    rest = [e for j, e in enumerate(right.elts) if j != i]
                    less = ast.Tuple(rest, ast.Load())
                    yield _Edit(node, "member", node.comparators, 0, less)
            return
        if self._fixed(node) or self._member(node.left) or self._member(right):
            return
        if isinstance(right, ast.Constant) and isinstance(right.value, bool):
            return
        if isinstance(operator, ast.Eq | ast.NotEq):
            if self.dialect.building:
                yield from self._contrary(node)
                return
            for by in (1, -1):
                yield _Edit(node, "off by one", node.comparators, 0, self._plus(right, by))
            return
        if type(operator) not in _OTHER:
            return
        one, up, other = ast.Constant(1), ast.Add(), _OTHER[type(operator)]()
        yield _Edit(node, "off by one", node, "ops", [other])
        if isinstance(operator, ast.Lt | ast.GtE):
            # a + 1 < b is narrower, a + 1 >= b wider
            yield _Edit(node, "off by one", node, "left", ast.BinOp(node.left, up, one))
        else:
            yield _Edit(node, "off by one", node.comparators, 0, ast.BinOp(right, up, one))

    def _contrary(self, node: ast.Compare) -> Iterator[_Edit]:
        """The contrary of a comparison that is no test of a statement: those are negated."""
        if not isinstance(self.parents[node], ast.If | ast.IfExp | ast.While | ast.BoolOp):
            other = ast.NotEq() if isinstance(node.ops[0], ast.Eq) else ast.Eq()
            yield _Edit(node, "negate", node, "ops", [other])

    def _built(self, node: ast.AST) -> Iterator[_Edit]:
        if isinstance(node, ast.List | ast.Tuple | ast.Set) and self._open(node):
            for i in range(len(node.elts)):
                rest = [*node.elts]
                yield _Edit(node, "part", node, "elts", rest[:i] + rest[i + 1 :])
        elif isinstance(node, ast.Dict):
            holder, key = self._held(node)
            for i in range(len(node.values)):
                keys, values = [*node.keys], [*node.values]
                less = ast.Dict(keys[:i] + keys[i + 1 :], values[:i] + values[i + 1 :])
                yield _Edit(node, "part", holder, key, less)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            for made in node.generators:
                for i in range(len(made.ifs)):
                    rest = [*made.ifs]
                    yield _Edit(node, "part", made, "ifs", rest[:i] + rest[i + 1 :])
                    yield from self._negated(made.ifs, i)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield _Edit(node, "sign", node, "op", other)

    def _open(self, node: ast.List | ast.Tuple | ast.Set) -> bool:
        """May it have one part less? Not if it is assigned to; a tuple if parts are taken in, or
        gone through one by one."""
        if not isinstance(node, ast.Tuple):
            return not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
        parent = self.parents[node]
        through = isinstance(parent, ast.For | ast.comprehension) and node is parent.iter
        taken = any(isinstance(one, ast.Starred) for one in node.elts)
        return through or (taken and isinstance(node.ctx, ast.Load))

    def _annotation(self, node: ast.AST) -> bool:
        """Does it stand in an annotation, or in a decorator?"""
        while node is not self.definition:
            parent = self.parents[node]
            if isinstance(parent, ast.arg) or node is getattr(parent, "annotation", None):
                return True
            if isinstance(parent, ast.FunctionDef) and (
                node is parent.returns or node in parent.decorator_list
            ):
                return True
            node = parent
        return False

    def _computed(self, node: ast.AST) -> Iterator[_Edit]:
        if isinstance(node, ast.Return) and node.value is not None:
            whole = self.dialect.building and not isinstance(node.value, ast.Compare)
            if not whole and not isinstance(node.value, ast.BoolOp | ast.Constant):
                contrary = ast.UnaryOp(ast.Not(), node.value)
                yield _Edit(node.value, "negate", node, "value", contrary)
        elif isinstance(node, ast.BoolOp):
            holder, key = self._held(node)
            for i, one in enumerate(node.values):
                if not self._fixed(one):
                    rest = [other for j, other in enumerate(node.values) if j != i]
                    less = ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
                    yield _Edit(node, "operand", holder, key, less)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
            holder, key = self._held(node)
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if not self._fixed(other):
                    yield _Edit(node, "operand", holder, key, one)

    def _held(self, node: ast.AST) -> tuple[Any, Any]:
        """What ``node`` is a part of, and as which."""
        parent = self.parents[node]
        for name, value in ast.iter_fields(parent):
            if value is node:
                return parent, name
            if isinstance(value, list) and node in value:
                return value, value.index(node)
        raise ValueError("a node is a part of its parent")

    def _called(self, node: ast.Call) -> Iterator[_Edit]:
        dialect = self.dialect
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name == "choose":
            yield from self._negated(node.args, 0)
        elif name == dialect.flagged:
            for keyword in node.keywords:
                if isinstance(keyword.value, ast.Constant) and keyword.value.value is True:
                    yield _Edit(node, "flag", keyword, "value", ast.Constant(False))
        elif name == dialect.made:
            for keyword in node.keywords:
                if keyword.arg in dialect.numbers:
                    plus = self._plus(keyword.value, 1)
                    yield _Edit(node, "number", keyword, "value", plus)
        elif method in dialect.intervals or method in dialect.pairs:
            ends = (0, 2) if method in dialect.intervals else (0,)
            for end in ends:
                for by in (1, -1):
                    plus = self._plus(node.args[end], by)
                    yield _Edit(node, "off by one", node.args, end, plus)

    def _targets(self, node: ast.Assign) -> Iterator[_Edit]:
        target = node.targets[0]
        if isinstance(target, ast.Attribute) and target.attr == self.dialect.target:
            members = list(self.dialect.states)
            for holder, key in _arms(node, "value"):
                value = getattr(holder, key)
                if self._member(value):
                    at = members.index(self.dialect.states[value.attr])
                    for by in (1, -1):
                        other = members[(at + by) % len(members)].name
                        swapped = ast.Attribute(
                            ast.Name(self.dialect.states.__name__, ast.Load()), other, ast.Load()
                        )
                        yield _Edit(node, "target", holder, key, swapped)

    def _droppable(self, node: ast.AST) -> bool:
        if self.dialect.building:
            value = node.value if isinstance(node, ast.Expr) else None
            if isinstance(node, ast.AugAssign) or isinstance(value, ast.Yield | ast.YieldFrom):
                return True
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                return True
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            return isinstance(target, ast.Attribute) and not self._silent(target)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return not self._silent(node.value.func)
        return False

    # What is what

    def _silent(self, node: ast.AST) -> bool:
        return bool(_names(node) & self.dialect.silent)

    def _fixed(self, node: ast.AST) -> bool:
        """Does ``node`` depend on nothing but constants of a run?"""
        fixed = self.dialect.fixed | {self.dialect.states.__name__}
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id not in fixed:
                # tcp.rules.x is fixed, tcp.seq is not
                chain = self.parents.get(part)
                if not (isinstance(chain, ast.Attribute) and chain.attr in fixed):
                    return False
        return True

    def _member(self, node: ast.AST) -> bool:
        """Is it a member of an Enum, written out?"""
        return (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id[:1].isupper()
        )

    def _plus(self, node: ast.expr, by: int) -> ast.expr:
        if not self.circle:
            return ast.BinOp(node, ast.Add(), ast.Constant(by))
        plus: ast.expr = ast.parse(f"{self.circle}.plus", mode="eval").body
        return ast.Call(plus, [node, ast.Constant(by)], [])


_OTHER = {ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.LtE: ast.Lt, ast.GtE: ast.Gt}
"""Strict for not strict, and the other way round."""


def _arms(holder: Any, key: str) -> Iterator[tuple[Any, str]]:
    """Where the values of an expression are: itself, or the arms of a conditional one."""
    value = getattr(holder, key)
    if isinstance(value, ast.IfExp):
        yield from _arms(value, "body")
        yield from _arms(value, "orelse")
    else:
        yield holder, key


def _operands(test: ast.expr) -> list[ast.expr]:
    """The operands of ``and``; any other test is its own."""
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]


def _names(node: ast.AST) -> set[str]:
    """The names and fields of a chain ``a.b.c``."""
    found = set()
    while isinstance(node, ast.Attribute):
        found.add(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        found.add(node.id)
    return found


def _holding(body: Sequence[ast.stmt], definition: ast.FunctionDef) -> list[ast.stmt]:
    """What of a body has a definition in it."""
    (held,) = (one for one in body if one.lineno <= definition.lineno <= (one.end_lineno or 0))
    if held is not definition and isinstance(held, ast.ClassDef):
        inner = _holding(held.body, definition)
        held = ast.copy_location(
            ast.ClassDef(held.name, held.bases, held.keywords, inner, held.decorator_list), held
        )
    return [held]


def _definition(tree: ast.Module, code: CodeType) -> ast.FunctionDef:
    tops = (top for top in tree.body if (top.end_lineno or 0) >= code.co_firstlineno)
    for node in (node for top in tops for node in ast.walk(top)):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return node
    raise ValueError(f"no source of {code.co_qualname}")


def _code_of(module: CodeType, like: CodeType) -> CodeType:
    """The code in a compiled module that stands where ``like`` stands in the original."""
    todo = [module]
    while todo:
        code = todo.pop()
        if (code.co_qualname, code.co_firstlineno) == (like.co_qualname, like.co_firstlineno):
            return code
        todo += [const for const in code.co_consts if isinstance(const, CodeType)]
    raise ValueError(f"no code of {like.co_qualname}")
