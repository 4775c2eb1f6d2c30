"""``checker.ir``: expressions, tracing, schemas, the interpreter; nothing of TCP."""

import itertools
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.ir import interpret
from checker.ir.interpret import branches, leaf_of, leaves, run
from checker.ir.nodes import BOOL, NAT, Builder, IRError, enumeration, integer
from checker.ir.schema import Field, fields, symbols
from checker.ir.tracing import (
    Branch,
    Leaf,
    NonDeterminism,
    TraceError,
    Tracer,
    Tree,
    is_symbolic,
    plain,
)
from spec.seq import choose


class Colour(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


SORTS = {
    "x": integer(0, 7),
    "y": integer(0, 7),
    "p": BOOL,
    "q": BOOL,
    "c": enumeration(Colour),
}
"""The variables of the traced functions below."""


def nodes() -> SimpleNamespace:
    """A builder ``b`` and its variables ``x y p q c``, ``far`` (10..20) and ``below`` (x - y)."""
    b = Builder()
    names = {name: b.var(name, sort) for name, sort in SORTS.items()}
    far = b.var("far", integer(10, 20))
    return SimpleNamespace(b=b, **names, far=far, below=b.sub(names["x"], names["y"]))


def traced(function: Any, max_paths: int = 1000) -> tuple[Tree, Tracer]:
    """The tree of ``function(x, y, p, q, c)``, which returns a value or a list of values."""
    tracer = Tracer()
    arguments = [tracer.var(name, sort) for name, sort in SORTS.items()]

    def body() -> tuple[Any, list[Any]]:
        value = function(*arguments)
        return None, value if isinstance(value, list) else [value]

    return tracer.trace(body, max_paths), tracer


def tree_of(function: Any) -> Tree:
    return traced(function)[0]


# Expressions


def test_equal_expressions_are_one_object() -> None:
    n = nodes()
    one = n.b.and_(
        n.b.lt(n.b.wrap(n.b.add(n.x, n.y), 3), n.far), n.b.eq(n.c, n.b.const(Colour.RED))
    )
    size = len(n.b)
    two = n.b.and_(
        n.b.lt(n.b.wrap(n.b.add(n.x, n.y), 3), n.far), n.b.eq(n.b.const(Colour.RED), n.c)
    )
    assert one is two
    assert len(n.b) == size
    assert n.b.add(n.x, n.y) is not n.b.sub(n.x, n.y)
    assert n.b.var("x", SORTS["x"]) is n.x


def test_constants_of_different_types_are_different() -> None:
    b = Builder()
    assert len({id(b.const(v)) for v in (True, 1, Colour.RED)}) == 3
    assert b.const(True) is b.true
    assert b.const(0) is not b.false


FOLDED = {
    "add": lambda n: (n.b.add(n.b.const(2), n.b.const(3)), 5),
    "add nothing": lambda n: (n.b.add(n.b.const(0), n.x), n.x),
    "nothing added": lambda n: (n.b.add(n.x, n.b.const(0)), n.x),
    "sub": lambda n: (n.b.sub(n.b.const(2), n.b.const(3)), -1),
    "sub nothing": lambda n: (n.b.sub(n.x, n.b.const(0)), n.x),
    "sub itself": lambda n: (n.b.sub(n.x, n.x), 0),
    "wrap": lambda n: (n.b.wrap(n.b.const(-1), 3), 7),
    "wrap of what fits": lambda n: (n.b.wrap(n.x, 3), n.x),
    "int": lambda n: (n.b.int(n.b.true), 1),
    "eq itself": lambda n: (n.b.eq(n.x, n.x), True),
    "eq": lambda n: (n.b.eq(n.b.const(Colour.RED), n.b.const(Colour.BLUE)), False),
    "eq true": lambda n: (n.b.eq(n.b.true, n.p), n.p),
    "eq false": lambda n: (n.b.eq(n.p, n.b.false), n.b.not_(n.p)),
    "eq disjoint": lambda n: (n.b.eq(n.x, n.far), False),
    "lt itself": lambda n: (n.b.lt(n.x, n.x), False),
    "lt below": lambda n: (n.b.lt(n.x, n.far), True),
    "lt above": lambda n: (n.b.lt(n.far, n.x), False),
    "lt touching": lambda n: (n.b.lt(n.b.const(7), n.x), False),
    "le itself": lambda n: (n.b.le(n.x, n.x), True),
    "le touching": lambda n: (n.b.le(n.x, n.b.const(7)), True),
    "le above": lambda n: (n.b.le(n.far, n.x), False),
    "not": lambda n: (n.b.not_(n.b.true), False),
    "not not": lambda n: (n.b.not_(n.b.not_(n.p)), n.p),
    "and false": lambda n: (n.b.and_(n.p, n.b.false), False),
    "and true": lambda n: (n.b.and_(n.b.true, n.p), n.p),
    "and itself": lambda n: (n.b.and_(n.p, n.p), n.p),
    "or true": lambda n: (n.b.or_(n.p, n.b.true), True),
    "or false": lambda n: (n.b.or_(n.b.false, n.p), n.p),
    "or itself": lambda n: (n.b.or_(n.p, n.p), n.p),
    "ite true": lambda n: (n.b.ite(n.b.true, n.x, n.y), n.x),
    "ite false": lambda n: (n.b.ite(n.b.false, n.x, n.y), n.y),
    "ite same": lambda n: (n.b.ite(n.p, n.x, n.x), n.x),
    "ite of its own test": lambda n: (n.b.ite(n.p, n.b.true, n.b.false), n.p),
}


@pytest.mark.parametrize("what", FOLDED)
def test_folding(what: str) -> None:
    n = nodes()
    got, want = FOLDED[what](n)
    assert got is (n.b.const(want) if isinstance(want, bool | int) else want)


UNDECIDED = {
    "lt": lambda n: n.b.lt(n.b.const(6), n.x),
    "le": lambda n: n.b.le(n.x, n.b.const(6)),
    "eq": lambda n: n.b.eq(n.x, n.b.const(7)),
    "wrap": lambda n: n.b.wrap(n.x, 2),
    "wrap of a difference": lambda n: n.b.wrap(n.below, 8),
}


@pytest.mark.parametrize("what", UNDECIDED)
def test_what_an_interval_leaves_open_is_not_folded(what: str) -> None:
    assert UNDECIDED[what](nodes()).op == what.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    ("make", "lo", "hi"),
    [
        (lambda n: n.b.add(n.x, n.far), 10, 27),
        (lambda n: n.b.sub(n.x, n.far), -20, -3),
        (lambda n: n.b.wrap(n.b.sub(n.x, n.far), 4), 0, 15),
        (lambda n: n.b.ite(n.p, n.x, n.far), 0, 20),
        (lambda n: n.b.int(n.p), 0, 1),
    ],
)
def test_intervals(make: Any, lo: int, hi: int) -> None:
    assert make(nodes()).sort == integer(lo, hi)


WRONG = {
    "add of p, a bool, where an int is needed": lambda n: n.b.add(n.x, n.p),
    "sub of c, a Colour, where an int is needed": lambda n: n.b.sub(n.c, n.x),
    "wrap of p, a bool": lambda n: n.b.wrap(n.p, 3),
    "int of x, a 0..7, where a bool is needed": lambda n: n.b.int(n.x),
    "not of x": lambda n: n.b.not_(n.x),
    "and of x": lambda n: n.b.and_(n.p, n.x),
    "or of c": lambda n: n.b.or_(n.c, n.p),
    "ite of x": lambda n: n.b.ite(n.x, n.p, n.q),
    "ite between x, a 0..7, and p, a bool": lambda n: n.b.ite(n.p, n.x, n.p),
    "eq of x, a 0..7, and p, a bool": lambda n: n.b.eq(n.x, n.p),
    "eq of c, a Colour, and SMALL, a Size": lambda n: n.b.eq(n.c, n.b.const(Size.SMALL)),
    "no constant of type float": lambda n: n.b.const(1.0),
    "no constant of type NoneType": lambda n: n.b.const(None),
    "variable x is 0..7, not 0..8": lambda n: n.b.var("x", integer(0, 8)),
    "eq of (x - y), which may be negative: wrap it first": lambda n: n.b.eq(n.x, n.below),
    "lt of (x - y), which may be negative: wrap it first": lambda n: n.b.lt(n.below, n.x),
    "le of (x - y), which may be negative: wrap it first": lambda n: n.b.le(n.x, n.below),
}


@pytest.mark.parametrize("message", WRONG)
def test_nonsense_is_refused_when_built(message: str) -> None:
    with pytest.raises(IRError) as error:
        WRONG[message](nodes())
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda n: n.b.wrap(n.b.sub(n.b.add(n.x, n.b.const(1)), n.y), 3), "((x + 1) - y) mod 2^3"),
        (lambda n: n.b.not_(n.b.eq(n.c, n.b.const(Colour.RED))), "not((c == RED))"),
        (lambda n: n.b.and_(n.b.lt(n.x, n.y), n.b.or_(n.p, n.q)), "((x < y) & (p | q))"),
        (lambda n: n.b.le(n.b.ite(n.p, n.x, n.far), n.b.const(9)), "(ite(p, x, far) <= 9)"),
        (lambda n: n.b.add(n.b.int(n.p), n.x), "(int(p) + x)"),
        (lambda n: n.b.true, "True"),
    ],
)
def test_repr_is_one_line(make: Any, text: str) -> None:
    assert repr(make(nodes())) == text


def test_repr_of_sorts() -> None:
    assert [repr(SORTS[n]) for n in ("x", "p", "c")] == ["0..7", "bool", "Colour"]


# Traces


def shape(tree: Tree) -> Any:
    """The tree without positions: (test, then, other), and outputs."""
    if isinstance(tree, Leaf):
        return [repr(output) for output in tree.outputs]
    return (repr(tree.test), shape(tree.then), shape(tree.other))


def both(x: Any, y: Any, p: Any, _q: Any, _c: Any) -> Any:
    if p and x < y:
        return (x - y) & 7
    return y if not p else 0


def colours(x: Any, y: Any, _p: Any, _q: Any, c: Any) -> Any:
    if c == Colour.RED:
        return 0 if c == Colour.GREEN else 1  # not asked: it is RED
    if c != Colour.GREEN:
        return 2 if c == Colour.BLUE else 3  # not asked: BLUE is what is left
    return 4 if c == Colour.GREEN else 5


def member(_x: Any, _y: Any, _p: Any, _q: Any, c: Any) -> Any:
    return c in (Colour.RED, Colour.BLUE)


def again(x: Any, y: Any, p: Any, q: Any, _c: Any) -> Any:
    if p & (x == y):
        return 0 if not p else (1 if x == y else 2)  # both follow
    if p | q:
        return [q, 3 if p | q else 4]
    return 5 if p or q else 6  # neither


def either(_x: Any, _y: Any, p: Any, q: Any, _c: Any) -> Any:
    if p | q:
        return 1 if p else 2  # asked: only one of them needs be so
    return 0


def computed(x: Any, y: Any, p: Any, q: Any, _c: Any) -> Any:
    return [(p & q) | (x < y), choose(p, x, y), p + q + 1, 7 - x, True & p, x >= y, p != q]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (both, ("p", ("(x < y)", ["(x - y) mod 2^3"], ["0"]), ["y"])),
        (colours, ("(c == RED)", ["1"], ("not((c == GREEN))", ["2"], ["4"]))),
        (member, ("(c == RED)", ["True"], ("(c == BLUE)", ["True"], ["False"]))),
        (either, ("(p | q)", ("p", ["1"], ["2"]), ["0"])),
        (again, ("(p & (x == y))", ["1"], ("(p | q)", ["q", "3"], ["6"]))),
        (
            computed,
            [
                "((p & q) | (x < y))",
                "ite(p, x, y)",
                "((int(p) + int(q)) + 1)",
                "(7 - x)",
                "p",
                "(y <= x)",
                "not((p == q))",
            ],
        ),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_tree(function: Any, expected: Any) -> None:
    assert shape(tree_of(function)) == expected


def test_leaves_are_numbered_in_order_of_decision() -> None:
    tree = tree_of(both)
    assert [leaf.index for leaf in leaves(tree)] == [0, 1, 2]
    assert [repr(branch.test) for branch in branches(tree)] == ["p", "(x < y)"]


def test_branches_know_their_line() -> None:
    first = both.__code__.co_firstlineno
    tree, _ = traced(both)
    assert [b.where for b in branches(tree)] == [f"tests/checker/ir/test_ir.py:{first + 1}"] * 2
    assert isinstance(tree, Branch)
    assert repr(tree) == f"tests/checker/ir/test_ir.py:{first + 1}: if p"
    assert repr(leaves(tree)[0]) == "leaf 0: None"


def test_the_line_is_that_of_the_rule_and_not_of_the_tracer() -> None:
    tree, _ = traced(lambda x, y, p, q, c: min(x, y))
    (branch,) = branches(tree)
    assert branch.where.startswith("tests/checker/ir/test_ir.py:")


def test_facts_do_not_outlive_their_path() -> None:
    """The other branch of a decision asks again what the first one knew."""
    tree = tree_of(lambda x, y, p, q, c: (1 if q else 2) if p else (3 if q else 4))
    assert shape(tree) == ("p", ("q", ["1"], ["2"]), ("q", ["3"], ["4"]))


def test_too_many_paths_are_refused() -> None:
    with pytest.raises(TraceError, match="more than 3 paths: let helpers compute"):
        traced(lambda x, y, p, q, c: [bool(p), bool(q)], max_paths=3)
    traced(lambda x, y, p, q, c: [bool(p), bool(q)], max_paths=4)


FORBIDDEN = {
    "hash of the symbolic value <x>; no look-ups": lambda x, p, c: {x},
    "hash of the symbolic value <c>; no look-ups": lambda x, p, c: {Colour.RED: 1}[c],
    "use as an index of the symbolic value <x>; compare": lambda x, p, c: [1, 2][x],
    "use as an index of the symbolic value <p>; compare": lambda x, p, c: range(p),
    "int() of the symbolic value <p>; a bool counts": lambda x, p, c: int(p),
    "float() of the symbolic value <x>; the spec": lambda x, p, c: float(x),
    "len() of the symbolic value <x>; compare": lambda x, p, c: len(x),
    "iteration of the symbolic value <x>; loop over": lambda x, p, c: list(x),
    "subscript of the symbolic value <x>; compare": lambda x, p, c: x[0],
    "formatting of the symbolic value <x>; cite": lambda x, p, c: f"{x}",
    "str() of the symbolic value <c>; cite": lambda x, p, c: str(c),
    "multiplication of the symbolic value <x>; add": lambda x, p, c: x * 2,
    "multiplication of the symbolic value <p>; add": lambda x, p, c: 2 * p,
    "division of the symbolic value <x>; add": lambda x, p, c: x // 2,
    "division of the symbolic value <p>; add": lambda x, p, c: p / 2,
    "% of the symbolic value <x>; wrap with & (2**n - 1)": lambda x, p, c: x % 8,
    "shift of the symbolic value <x>; add": lambda x, p, c: x << 1,
    "shift of the symbolic value <p>; add": lambda x, p, c: p >> 1,
    "negation of the symbolic value <x>; subtract": lambda x, p, c: -x,
    "~ of the symbolic value <p>; write not": lambda x, p, c: ~p,
    "^ of the symbolic value <p>; compare with !=": lambda x, p, c: p ^ p,
    "power of the symbolic value <x>; add": lambda x, p, c: x**2,
    "abs() of the symbolic value <x>; subtract": lambda x, p, c: abs(x),
    "truth of the symbolic int <x>; compare it with 0": lambda x, p, c: 1 if x else 2,
    "truth of the Enum value <c>; compare it with ==": lambda x, p, c: not c,
    ".value of the Enum value <c>; compare it with ==": lambda x, p, c: c.value,
    "& of <x> and 6; wrap with & (2**n - 1)": lambda x, p, c: x & 6,
    "& of <x> and <x>; wrap with & (2**n - 1)": lambda x, p, c: x & x,
    "| of the symbolic int <x>; | is for bools": lambda x, p, c: x | 1,
}


@pytest.mark.parametrize("message", FORBIDDEN)
def test_forbidden_operations_say_where_and_what_to_write_instead(message: str) -> None:
    function = FORBIDDEN[message]
    with pytest.raises(TraceError) as error:
        traced(lambda x, y, p, q, c: function(x, p, c))
    line = function.__code__.co_firstlineno
    assert str(error.value).startswith(f"tests/checker/ir/test_ir.py:{line}: {message}")


@pytest.mark.parametrize(
    "function",
    [
        lambda x, p, c: 2 // x,
        lambda x, p, c: p - 1,
        lambda x, p, c: p < True,
        lambda x, p, c: c < Colour.RED,
        lambda x, p, c: +x,
        lambda x, p, c: divmod(x, 2),
        lambda x, p, c: round(x),
        lambda x, p, c: x == None,  # noqa: E711
        lambda x, p, c: x == p,
        lambda x, p, c: c == Size.SMALL,
        lambda x, p, c: x - 1 < 3,
    ],
)
def test_other_nonsense_is_loud_too(function: Any) -> None:
    with pytest.raises(TypeError):
        traced(lambda x, y, p, q, c: function(x, p, c))


def test_values_of_another_trace_are_refused() -> None:
    stranger = Tracer().var("x", SORTS["x"])
    with pytest.raises(TraceError, match="another trace"):
        traced(lambda x, y, p, q, c: x + stranger)


def test_plain_and_symbolic_values() -> None:
    tracer = Tracer()
    p = tracer.var("p", BOOL)
    assert is_symbolic(p)
    assert tracer.value(tracer.build.const(Colour.RED)) is Colour.RED
    assert plain(3) == 3
    with pytest.raises(TraceError, match="<p> is symbolic"):
        plain(p)


def test_other_decisions_on_replay_are_detected() -> None:
    runs = itertools.count()
    with pytest.raises(NonDeterminism) as error:
        traced(lambda x, y, p, q, c: [bool(p if next(runs) % 2 else q), bool(x < y)])
    line = test_other_decisions_on_replay_are_detected.__code__.co_firstlineno + 3
    where = f"tests/checker/ir/test_ir.py:{line}"
    assert f"{where}: this run asks p where an earlier one asked q at {where}" in str(error.value)


def test_fewer_decisions_on_replay_are_detected() -> None:
    runs = itertools.count()

    def forgetful(x: Any, y: Any, p: Any, q: Any, c: Any) -> Any:
        return [bool(p), bool(q)] if next(runs) == 0 else bool(p)

    with pytest.raises(
        NonDeterminism, match=r"a run ended before the decision at tests/checker/ir/test_ir"
    ):
        traced(forgetful)


# The interpreter: a tree does what the function does

INTS = st.recursive(
    st.sampled_from(["x", "y", "0", "1", "5", "7"]),
    lambda i: st.one_of(
        st.builds("(({} + {}) & 7)".format, i, i),
        st.builds("(({} - {}) & 7)".format, i, i),
        st.builds("({} + ({} < {}))".format, i, i, i),
        st.builds("choose({} <= {}, {}, {})".format, i, i, i, i),
        st.builds("({} if {} > {} else {})".format, i, i, i, i),
    ),
    max_leaves=4,
)
TESTS = st.recursive(
    st.one_of(
        st.sampled_from(["p", "q", "c == Colour.RED", "c != Colour.BLUE", "Colour.GREEN == c"]),
        st.sampled_from(["c in (Colour.RED, Colour.GREEN)", "True", "False"]),
        st.builds(
            "{} {} {}".format, INTS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), INTS
        ),
    ).map("({})".format),
    lambda b: st.one_of(
        st.builds("({} {} {})".format, b, st.sampled_from(["&", "|", "and", "or", "==", "!="]), b),
        st.builds("(not {})".format, b),
        st.builds("choose({}, {}, {})".format, b, b, b),
    ),
    max_leaves=4,
)


def indented(block: str) -> str:
    return "".join(f"    {line}\n" for line in block.splitlines())


BLOCKS = st.recursive(
    st.builds("return {}, {}\n".format, INTS, TESTS),
    lambda block: st.one_of(
        st.builds("x = {} & 7\n{}".format, INTS, block),
        st.builds("p = {}\n{}".format, TESTS, block),
        st.builds("c = choose({}, c, Colour.BLUE)\n{}".format, TESTS, block),
        st.builds(
            lambda b, yes, no: f"if {b}:\n{indented(yes)}{no}",
            TESTS,
            block,
            block,
        ),
    ),
    max_leaves=4,
)

POINTS = [
    dict(zip(SORTS, values, strict=True))
    for values in itertools.product(range(8), range(8), (False, True), (False, True), Colour)
]


def disagreements(source: str) -> list[dict[str, Any]]:
    """The points at which the traced function and the function differ."""
    space: dict[str, Any] = {"choose": choose, "Colour": Colour}
    exec(f"def function(x, y, p, q, c):\n{indented(source)}", space)
    function = space["function"]
    tree, _ = traced(lambda *arguments: list(function(*arguments)), max_paths=20_000)

    def typed(values: Any) -> list[tuple[type, Any]]:
        return [(type(value), value) for value in values]

    return [at for at in POINTS if typed(run(tree, at)[1]) != typed(function(**at))]


@settings(max_examples=150, deadline=None)
@given(BLOCKS)
def test_interpreter_does_what_python_does(source: str) -> None:
    assert disagreements(source) == []


EVERYTHING = """\
if (x < y) and (not p):
    return (x - y) & 7, q & (c != Colour.RED)
return choose(p, x + q, y) + 1, (x <= y) | q
"""


def test_interpreter_agrees_on_every_operation() -> None:
    assert disagreements(EVERYTHING) == []


@pytest.mark.parametrize(
    ("op", "wrong"),
    [
        ("add", lambda a, b: a + b + 1),
        ("sub", lambda a, b: b - a),
        ("int", lambda a: 0),
        ("eq", lambda a, b: a != b),
        ("lt", lambda a, b: a <= b),
        ("le", lambda a, b: a < b),
        ("not", lambda a: a),
        ("and", lambda a, b: a or b),
        ("or", lambda a, b: a != b),
        ("ite", lambda c, a, b: b if c else a),
    ],
)
def test_a_wrong_operation_is_noticed(op: str, wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(interpret._OPERATIONS, op, wrong)
    assert disagreements(EVERYTHING)


def test_every_operation_has_a_wrong_one() -> None:
    (marks,) = [m for m in test_a_wrong_operation_is_noticed.pytestmark if m.name == "parametrize"]
    assert {op for op, _ in marks.args[1]} == set(interpret._OPERATIONS)


def test_a_wrong_wrap_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Builder, "wrap", lambda self, a, bits: a)
    assert disagreements("return (x + y) & 7, p\n")


def test_the_way_to_a_leaf() -> None:
    tree = tree_of(both)
    leaf, way = leaf_of(tree, {"x": 5, "y": 3, "p": True})
    assert (leaf.index, [(repr(b.test), yes) for b, yes in way]) == (
        1,
        [("p", True), ("(x < y)", False)],
    )


# Schemas


@dataclass
class Inner:
    n: Annotated[int, "small"] = 0
    c: Colour = Colour.RED


@dataclass
class Outer:
    p: bool = False
    inner: Inner = field(default_factory=Inner)
    many: tuple[Inner, ...] = ()
    n: Annotated[int, "large"] = 0


DOMAINS = {"small": (0, 3), "large": (1, 9)}


def test_fields_stand_in_order_with_their_domains() -> None:
    small, colour = integer(0, 3), enumeration(Colour)
    assert fields(Outer(many=(Inner(), Inner())), DOMAINS) == [
        Field("p", BOOL),
        Field("inner.n", small),
        Field("inner.c", colour),
        Field("many.0.n", small),
        Field("many.0.c", colour),
        Field("many.1.n", small),
        Field("many.1.c", colour),
        Field("n", integer(1, 9)),
    ]


def test_symbols_are_named_after_their_fields() -> None:
    made = list(symbols(Tracer(), fields(Outer(), DOMAINS), "me"))
    assert list(map(repr, made)) == ["<me.p>", "<me.inner.n>", "<me.inner.c>", "<me.n>"]


@pytest.mark.parametrize("kind", [int, str, float, "list[int]"])
def test_a_field_without_a_finite_domain_is_refused(kind: Any) -> None:
    made = dataclass(type("Bad", (), {"__annotations__": {"n": kind}, "n": 0}))
    with pytest.raises(TypeError, match=r"me\.n: .* has no finite domain; use Annotated"):
        fields(made(), DOMAINS, "me")


# Whole numbers without bounds that are wrapped


def whole(build: Builder) -> list[Any]:
    return [build.var(name, NAT) for name in "abc"]


def test_equal_sums_on_the_circle_are_one_node() -> None:
    build = Builder()
    a, b, c = whole(build)
    up = build.wrap(build.add(build.add(a, b), build.const(5)), 8)
    assert build.wrap(build.sub(up, build.wrap(build.add(a, build.const(5)), 8)), 8) is (
        build.wrap(b, 8)
    )
    assert build.eq(up, build.wrap(build.add(build.add(b, build.const(261)), a), 8)) is build.true
    assert build.eq(up, build.wrap(build.add(build.add(b, build.const(6)), a), 8)) is build.false
    assert build.wrap(build.sub(up, build.add(build.add(a, b), build.const(2))), 8).data == 3
    assert build.wrap(up, 4).args == (up,), "other circles are others"
    assert build.eq(build.wrap(a, 8), build.wrap(c, 8)) is not build.false


def test_bools_and_constants_count_among_whole_numbers() -> None:
    build = Builder()
    a, _, _ = whole(build)
    p = build.var("p", BOOL)
    flags = build.add(build.int(p), build.ite(p, build.const(0), build.const(2)))
    assert build.add(a, flags).sort == NAT
    assert build.add(a, flags) is build.add(a, flags)
    with pytest.raises(IRError, match="where a nat is needed"):
        build.add(a, build.var("i", integer(0, 7)))


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=9), st.data()
)
def test_sums_on_the_circle_keep_their_value(parts: list[tuple[str, bool]], data: Any) -> None:
    """What becomes of a sum is as much, modulo 2^3, as what it was."""
    build = Builder()
    values = {name: data.draw(st.integers(0, 40)) for name in "abc"}
    node, total = build.const(1), 1
    for name, adds in parts:
        node = (build.add if adds else build.sub)(node, build.var(name, NAT))
        total += values[name] if adds else -values[name]
        if data.draw(st.booleans()):
            node, total = build.wrap(node, 3), total % 8

    def of(node: Any) -> int:
        if node.op == "var":
            return values[node.data]
        if node.op == "const":
            return int(node.data)
        if node.op == "wrap":
            return of(node.args[0]) % (1 << node.data)
        one, other = map(of, node.args)
        return one + other if node.op == "add" else one - other

    assert of(build.wrap(node, 3)) == total % 8
