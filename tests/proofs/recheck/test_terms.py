"""Terms mean the same in Python and to a solver, and are read as they are shown."""

import random
import re
from pathlib import Path
from typing import Any

import pytest

from proofs.recheck import terms
from proofs.recheck.solvers import ask
from proofs.recheck.terms import (
    BOOL,
    NAT,
    REAL,
    Bad,
    Place,
    Reader,
    Sort,
    Term,
    and_,
    compare,
    constant,
    evaluate,
    ite,
    not_,
    number,
    or_,
    parse,
    question,
    show,
    sum_,
    variable,
    wrap,
)

STATE = Sort("enum", name="State", members=("CLOSED", "LISTEN", "OPEN"))
SORTS = {
    "a": Sort("int", 0, 255),
    "b": Sort("int", 0, 255),
    "c": Sort("int", 0, 9),
    "p": BOOL,
    "s": STATE,
    "n": NAT,
    "r": REAL,
}
VARIABLES = {name: variable(name, sort) for name, sort in SORTS.items()}
WAY = Sort("enum", name="Way", members=("A", "B"))
READER = Reader(
    VARIABLES
    | {"q": variable("q", BOOL), "w": variable("w", WAY), "t": variable("t", terms.POSITIVE)},
    {"State": STATE, "Way": WAY},
    {"f": NAT, "g": STATE},
)


def some(chance: random.Random, kind: str, depth: int) -> Term:
    """A random term of a kind."""
    if depth == 0:
        if chance.random() < 0.3:
            found = {"bool": chance.random() < 0.5, "int": chance.randrange(256)}
            return (
                constant(found[kind])
                if kind in found
                else constant(1, Sort(kind))
                if kind != "enum"
                else constant(1, STATE)
            )
        return chance.choice([t for t in VARIABLES.values() if t.sort.kind == kind])

    def one(kind: str) -> Term:
        return some(chance, kind, depth - 1)

    if kind == "bool":
        match chance.randrange(5):
            case 0:
                return not_(one("bool"))
            case 1:
                return and_(one("bool"), one("bool"), one("bool"))
            case 2:
                return or_(one("bool"), one("bool"))
            case 3:
                return compare("=", *(one(k) for k in [chance.choice(["bool", "enum"])] * 2))
        kind = chance.choice(["int", "nat", "real"])
        a, b = one(kind), one(kind)
        a, b = (wrap(x, 8) if kind == "int" and x.lo < 0 else x for x in (a, b))
        return compare(chance.choice(["=", "<", "<="]), a, b)
    if chance.random() < 0.25:
        return ite(one("bool"), one(kind), one(kind))
    if kind == "int":
        match chance.randrange(4):
            case 0:
                return wrap(one("int"), chance.choice((3, 8, 12)))
            case 1:
                return number(one("bool"))
    if kind == "nat":
        match chance.randrange(4):
            case 0:
                return wrap(one("nat"), chance.choice((3, 8)))
            case 1:
                return sum_("+", one("nat"), sum_("+", number(one("bool")), number(one("bool"))))
    if kind == "enum":
        return some(chance, kind, 0)
    return sum_(chance.choice("+-"), one(kind), one(kind))


def values(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {n: chance.randrange(s.top + 1) for n, s in SORTS.items() if s.hi}
    return found | {"p": chance.random() < 0.5, "s": chance.randrange(3), "n": 4, "r": 3}


def fixed(at: dict[str, Any]) -> list[Term]:
    return [
        compare("=", VARIABLES[name], constant(value, SORTS[name])) for name, value in at.items()
    ]


@pytest.mark.parametrize("seed", range(60))
def test_a_solver_and_python_agree(seed: int) -> None:
    """... on the value of a term, whose bounds are right: also where a difference is negative, in
    what is wrapped."""
    chance = random.Random(seed)
    at = values(chance)
    term = some(chance, chance.choice(["bool", "int", "int", "nat", "real"]), 5)
    value = evaluate(term, at)
    if term.sort.kind == "int":
        assert term.lo <= value <= term.hi
        term, value = wrap(term, 12), value % 4096
    elif term.sort.endless and value < 0:
        term, value = sum_("+", term, constant(5000, term.sort)), value + 5000
    same = compare("=", term, constant(value, term.sort))
    assert ask("cvc5", question([*fixed(at), same]), Path("x"), 20) == "sat"
    assert ask("cvc5", question([*fixed(at), not_(same)]), Path("x"), 20) == "unsat"


@pytest.mark.parametrize("seed", range(60))
def test_a_term_is_read_as_it_is_shown(seed: int) -> None:
    term = some(random.Random(seed), "bool", 5)
    (tree,) = parse(show(term))
    assert Reader(VARIABLES, {"State": STATE}, {}).read(tree) is term
    assert Place(VARIABLES).of(term) is term


def test_a_fault_in_the_widths_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a sum as wide as its first part, it would wrap where it must not."""
    term = compare("<", VARIABLES["a"], sum_("+", VARIABLES["a"], constant(1)))
    assert ask("cvc5", terms.script([], term), Path("x"), 20) == "unsat"
    monkeypatch.setattr(Sort, "width", property(lambda sort: 8))
    assert ask("cvc5", terms.script([], term), Path("x"), 20) == "sat"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(< (- a b) c)", "may be negative"),
        ("(= a s)", "= of a, a int, and s, a enum"),
        ("(< s s)", "no number"),
        ("(+ p p)", "no number"),
        ("(and p a)", "no bool"),
        ("(ite a p p)", "no bool"),
        ("(= n r)", "is of the sort real, not nat"),
        ("(wrap r 8)", "no int"),
        ("(+ n a)", "of the sort int, not nat"),
        ("(wrap a 0)", "no bits"),
        ("(wrap s 2)", "no int"),
        ("(wrap State.OPEN 2)", "no int"),
        ("(< p p)", "no number"),
        ("(< p q)", "no number"),
        ("(not a)", "no bool"),
        ("(int a)", "no bool"),
        ("(= n (- 0 1))", "is of the sort int, not nat"),
        ("(= s w)", "= of s, a enum, and w, a enum"),
        ("(wrap a 2 3)", "wrap of 3 means nothing"),
        ("(wrap a b)", "wrap of 2 means nothing"),
        ("(wrap a (2))", "2 of 0 means nothing"),
        ("(wrap a (- 2 1))", "wrap of 2 means nothing"),
        ("(xor p q)", "xor of 2 means nothing"),
        ("(and p)", "and of 1 means nothing"),
        ("(or)", "or of 0 means nothing"),
        ("(f n n)", "f of 2 means nothing"),
        ("(mine.iss n)", "mine.iss of 1 means nothing"),
        ("State.GONE", "not known"),
        ("()", "no operation"),
        ("((a))", "no operation"),
    ],
)
def test_a_term_that_makes_no_sense(text: str, said: str) -> None:
    (tree,) = parse(text)
    with pytest.raises(Bad, match=said.replace("(", r"\(")):
        READER.read(tree)


def test_what_constants_decide() -> None:
    a, n, two, three = VARIABLES["a"], VARIABLES["n"], constant(2, NAT), constant(3, NAT)
    assert sum_("+", constant(2), constant(3)) is constant(5)
    assert sum_("-", constant(2), constant(3)) is constant(-1)
    assert sum_("+", two, three) is constant(5, NAT)
    assert sum_("-", three, two) is constant(1, NAT)
    assert sum_("-", two, two) is constant(0, NAT)
    assert show(sum_("-", two, three)) == "(- 2 3)", "it is no natural number"
    assert sum_("+", a, constant(0)) is sum_("-", a, constant(0)) is sum_("+", constant(0), a) is a
    assert show(sum_("-", constant(0), n)) == "(- 0 n)"
    assert show(wrap(a, 1)) == "(wrap a 1)"
    assert wrap(a, 8) is a and show(wrap(a, 7)) == "(wrap a 7)"
    assert show(wrap(sum_("-", a, constant(1)), 8)) == "(wrap (- a 1) 8)"
    for x, y in ((1, 2), (2, 1), (2, 2)):
        for op, holds in (("=", x == y), ("<", x < y), ("<=", x <= y)):
            assert compare(op, constant(x), constant(y)) is constant(holds)


def test_as_much_as_is_read_and_no_more() -> None:
    assert parse(";" + "x" * (terms.MOST - 1)) == []
    with pytest.raises(Bad, match="characters"):
        parse(";" + "x" * terms.MOST)
    deep = terms.DEEPEST - 1
    assert parse("(" * deep + ")" * deep)
    with pytest.raises(Bad, match="parentheses"):
        parse("(" * (deep + 1) + ")" * (deep + 1))


def test_comments_and_strings() -> None:
    assert parse('"a" b ; c\n(d "e f");') == ['"a"', "b", ["d", '"e f"']]
    with pytest.raises(Bad, match="a string does not end"):
        parse('a "b')


def long(length: int) -> Term:
    """A term whose text for a solver is so long."""
    return compare("=", variable("x" * (length - 10), NAT), variable("y", NAT))


A, B, C = (
    f"(declare-fun |{name}| () (_ BitVec {bits}))" for name, bits in (("a", 8), ("b", 8), ("c", 4))
)
P, Q = "(declare-fun |p| () Bool)", "(declare-fun |q| () Bool)"
S = ["(declare-fun |s| () (_ BitVec 2))", "(assert (bvult |s| (_ bv3 2)))"]
N = ["(declare-fun |n| () Int)", "(assert (<= 0 |n|))"]
R = ["(declare-fun |r| () Real)", "(assert (<= 0.0 |r|))"]
T = ["(declare-fun |t| () Real)", "(assert (< 0.0 |t|))"]
PRINTED = {
    "p": [P, "|p|"],
    "(< a (+ b 1))": [
        A,
        B,
        "(define-fun t!5 () (_ BitVec 9) (bvadd ((_ zero_extend 1) |b|) (_ bv1 9)))",
        "(bvult ((_ zero_extend 1) |a|) t!5)",
    ],
    "(= (wrap (- a b) 4) c)": [
        A,
        B,
        "(define-fun t!4 () (_ BitVec 4) (bvsub ((_ extract 3 0) |a|) ((_ extract 3 0) |b|)))",
        C,
        "(= t!4 |c|)",
    ],
    "(<= (int p) c)": [
        P,
        "(define-fun t!2 () (_ BitVec 4) ((_ zero_extend 3) (ite |p| (_ bv1 1) (_ bv0 1))))",
        C,
        "(bvule t!2 |c|)",
    ],
    "(= (ite p a c) 300)": [
        A,
        C,
        P,
        "(define-fun t!5 () (_ BitVec 9) "
        "(ite |p| ((_ zero_extend 1) |a|) ((_ zero_extend 5) |c|)))",
        "(= t!5 (_ bv300 9))",
    ],
    "(= s State.OPEN)": [*S, "(= |s| (_ bv2 2))"],
    "(= w Way.B)": ["(declare-fun |w| () (_ BitVec 1))", "(= |w| (_ bv1 1))"],
    "(< (f n) (f 2))": [
        "(declare-fun |f| (Int) Int)",
        *N,
        "(assert (<= 0 (|f| |n|)))",
        "(assert (<= 0 (|f| 2)))",
        "(< (|f| |n|) (|f| 2))",
    ],
    "(= (g n) s)": [
        "(declare-fun |g| (Int) (_ BitVec 2))",
        *N,
        "(assert (bvult (|g| |n|) (_ bv3 2)))",
        *S,
        "(= (|g| |n|) |s|)",
    ],
    "(<= (+ r (int p)) t)": [*R, P, *T, "(<= (+ |r| (ite |p| 1.0 0.0)) |t|)"],
    "(< 2 r)": [*R, "(< 2.0 |r|)"],
    "(= (wrap n 3) (- n (int q)))": [*N, Q, "(= (mod |n| 8) (- |n| (ite |q| 1 0)))"],
    "(not (or p q (= n 0)))": [P, Q, *N, "(not (or |p| |q| (= |n| 0)))"],
}


@pytest.mark.parametrize("text", PRINTED)
def test_what_a_solver_is_given(text: str) -> None:
    (tree,) = parse(text)
    *lines, last = PRINTED[text]
    asked = ["(set-logic ALL)", *lines, f"(assert {last})", "(check-sat)", ""]
    assert question([READER.read(tree)]).split("\n") == asked


def test_only_what_is_long_gets_a_name() -> None:
    for length, named in ((terms.SHORT, False), (terms.SHORT + 1, True)):
        text = question([long(length)])
        (printed,) = re.findall(r"\(= \|x+\| \|y\|\)", text)
        assert (len(printed), "define-fun" in text) == (length, named)
    assert "define-fun" not in question([variable("p" * 50, BOOL)])
    assert "define-fun" not in question([not_(long(terms.SHORT))]), "a denial is never named"
