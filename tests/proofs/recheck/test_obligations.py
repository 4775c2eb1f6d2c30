"""What there is to prove of two small statements, written out: ``obligations.txt``.

It was derived by the program, and is small enough to be read beside the docstring of
``proofs.recheck.obligations``. After a change of what is to be proved: python -m
tests.proofs.recheck.test_obligations, and read the difference.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs.recheck import statement
from proofs.recheck.obligations import NEVER, Obligation, Theory, together
from proofs.recheck.terms import BOOL, FALSE, TRUE, Bad, and_, variable

PLACE = Path(__file__).with_name("obligations.txt")
SAFE = """(theory safe)
(theorem S "" "" (claims told) (options on))
(parameter window nat) (parameter on bool) (parameter passed real)
(end (open bool false) (count 0..3 0) (id nat 1) (age 0..3 0))
(message (no 0..7) (life real))
(constant me.mode 0..3 2)
(memory iss nat any same)
(memory last 0..3 0 (ite (and on (= n me.id)) me.count (mine.last n)))
(told iss)
(sight free bool (and (not peer.open) (or (not out0.present) (< out0.no (mine.last me.id)))))
(drawn next nat (+ (mine.iss me.id) 1)) (drawn pick 0..15 (+ me.count 5)) (drawn never bool false)
(time life passed)
(fact window_is_sane "" (< 0 window)) (fact nothing_more "" true)
(pair apart "" (when) (not (= (mine.iss m) (mine.iss n)))) (pair nothing "" (when) true)
(clause told ends "" (when (on)) (or (not me.open) (< peer.count me.count) (< 2 me.age)))
(clause small_numbers message "" (when) (or peer.open (< seg.no 6)))
(clause remembered number "" (when) (<= (mine.last n) 2))
(clause numbered number "" (when) (< 0 (mine.iss n)))
(action "NEVER" 2 (if never (do) (do)))
(delivery "deliver" 2 (if (= seg.no 4) (do (set open false) (send (no 5) (life seg.life))) (do)))
(injection "forged" 1 (do (set count (wrap seg.no 2))))
(action "OPEN" 3 (if me.open impossible (if (= window 0)
 (do) (do "3.10.1" (set open true) (set count (+ me.count 1)) (set id next)
  (send (no 3) (life 2))))))
(action "FIN" 2 (if (and me.open free) (do "3.10.4" (send (no pick) (life 2))) impossible))
(tick 2 (if me.open (do (set age 2)) (do)))
(keeps "NEVER" true) (keeps "OPEN" (= me.mode 2)) (keeps "FIN" (<= me.mode 2))
(keeps "deliver" (<= 2 me.mode)) (keeps "forged" true) (keeps "tick" (< 1 me.mode))"""
ENDING = """(theory ending)
(theorem L "" "" (claims closes quiet remembered) (options))
(end (open bool false) (count 0..3 0) (id nat 1)) (message (no 0..7))
(memory last 0..3 0 same)
(sight alone bool (and (not peer.open) (not in0.present)))
(drawn never bool false) (drawn kept 0..3 (mine.last me.id))
(parameter window nat) (fact window_is_sane "" (< 0 window))
(clause remembered number "" (when) (<= (mine.last n) 2))
(clause small_numbers message "" (when) (< seg.no 6))
(left "" (ite me.open 1 0))
(response closes "" me.open
 (stage asks "" (and (< 0 me.count) (< (mine.last me.id) 3)) (by me "FIN")
  (heard fin "" (= seg.no me.count)) (heard ack "" (= seg.no 5)))
 (stage waits "" (= peer.count 1) (by peer "FIN") (heard again "" (= seg.no 4))))
(silence quiet "" (ite me.open seg.no 7))
(action "NEVER" 2 (if never impossible (do)))
(delivery "deliver" 3 (if (= seg.no 4) (do (send (no 3)))
 (if (= seg.no 5) (do (set open false)) impossible)))
(action "FIN" 2 (if (and me.open (< 0 kept) (< (mine.last (+ me.id 1)) 3) alone)
 (do (set count kept) (send (no me.count))) impossible))"""
HINTS = {
    ("OPEN", 2, "remembered"): ["path 1", "fact window_is_sane", "told y", "remembered x"],
    ("OPEN", 2, "told"): ["small_numbers x other", "remembered y", "apart x"],
    ("FIN", 0, "small_numbers"): ["small_numbers y seen", "path 0"],
    ("deliver", 1, NEVER): ["small_numbers y arriving"],
}


def shown(one: Obligation) -> Iterator[str]:
    yield f"{one.name}{', evident' if one.evident else ''}"
    yield from (f"    {term}" for term in one.supposed)
    yield f" => {one.goal}"


def told() -> Iterator[str]:
    """All that is derived."""
    for text in (SAFE, ENDING):
        theory = Theory(statement.statement(text))
        yield f"# {theory.made.id}"
        for one in theory.all():
            yield from shown(one)
        for theorem in theory.made.theorems:
            yield f"{theorem.id} assumes"
            yield from (f"    {term}" for term in theory.assumed(theorem.options))
        for name in (*(clause.name for clause in theory.made.clauses), *theory.made.ending):
            yield f"{name} is false in a state in which"
            yield from (f"    {term}" for term in theory.hollow(name))
    yield "# safe, with hints"
    for one in Theory(statement.statement(SAFE), HINTS).all():
        hinted = (one.action, one.path, one.what) in HINTS
        yield from shown(one) if hinted else ()


def test_what_there_is_to_prove() -> None:
    assert [*told()] == PLACE.read_text("utf-8").splitlines()


def test_without_hints_all_is_supposed() -> None:
    theory = Theory(statement.statement(SAFE), HINTS)
    known = {one.name: one for one in Theory(statement.statement(SAFE)).all()}
    for one in theory.all():
        if one.what != NEVER:
            assert theory.unhinted(one) == known[one.name]
    (never,) = (one for one in theory.all() if one.action == "deliver" and one.what == NEVER)
    assert theory.unhinted(never).supposed == known["deliver.1.told"].supposed
    assert theory.hints is HINTS


A, B, C = (variable(name, BOOL) for name in "abc")


def test_what_is_evident() -> None:
    def of(supposed: tuple[object, ...], goal: object) -> Obligation:
        return Obligation("do", 0, "c", supposed, goal)  # type: ignore[arg-type]

    assert [of(*one).evident for one in (((), TRUE), ((A, B), B), ((A, FALSE), B))] == [True] * 3
    assert [of(*one).evident for one in (((), FALSE), ((A,), B), ((TRUE,), A))] == [False] * 3


def test_what_is_asked_together() -> None:
    """All of a path that is not evident, if the hints are the same, and there are some."""
    path = [Obligation("do", 1, what, (A, B), goal) for what, goal in (("c", C), ("d", B))]
    path += [Obligation("do", 1, "e", (B,), and_(A, C))]
    same = {("do", 1, what): ["a"] for what in "ce"}
    whole = together(same, path)
    assert whole == Obligation("do", 1, "all", (A, B), and_(C, and_(A, C)))
    assert together({}, path) is None
    assert together(same | {("do", 1, "e"): ["b"]}, path) is None
    assert together(same, path[:2]) is None, "one alone"


def test_a_tick_that_may_be_impossible_is_refused() -> None:
    text = SAFE.replace("(tick 2 (if me.open (do (set age 2))", "(tick 2 (if me.open impossible")
    with pytest.raises(Bad, match="tick: a path of it is impossible"):
        list(Theory(statement.statement(text)).ticking())


if __name__ == "__main__":
    PLACE.write_text("\n".join([*told(), ""]), "utf-8")
