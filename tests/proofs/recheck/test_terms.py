"""Terms mean the same in Python and to a solver, and are read as they are shown."""

import random
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
        ("(mine.iss n)", "mine.iss of 1 means nothing"),
        ("State.GONE", "not known"),
        ("()", "no operation"),
        ("((a))", "no operation"),
    ],
)
def test_a_term_that_makes_no_sense(text: str, said: str) -> None:
    (tree,) = parse(text)
    with pytest.raises(Bad, match=said.replace("(", r"\(")):
        Reader(VARIABLES, {"State": STATE}, {}).read(tree)
