"""What is refused of a statement, part by part, and what is made of its parts."""

import pytest

from proofs.recheck import statement
from proofs.recheck.statement import fits, sorted_as
from proofs.recheck.terms import (
    BOOL,
    NAT,
    REAL,
    TRUE,
    Bad,
    Sort,
    apply,
    compare,
    constant,
    ite,
    sum_,
    variable,
    wrap,
)

TEXT = """(theory one)
(theorem one "" "" (claims agreement) (options on))
(enum Mode RUN ENDED)
(bound width 32) (parameter window nat) (parameter on bool) (parameter b bool)
(parameter passed real) (parameter fixed 2..2)
(end (state nat 0) (small 0..3 0)) (message (no 0..7) (n 0..1) (ttl real))
(memory iss nat any same) (memory last 0..3 0 me.small) (told iss)
(sight seen nat peer.state)
(time ttl passed)
(fact window_is_sane "" (< 0 window))
(pair fresh "" (when) true)
(clause agreement ends "" (when (on)) true)
(define $more (+ me.state 1))
(define $seen (+ seen window))
(action "OPEN" 2 (if (= me.state 0) (do "3.10.1" (set state $more) (send (no 3))) impossible))
(delivery "deliver" 1 (do (set small seg.no) (set state $seen)))
(tick 1 (do (set state $more)))"""
"""A statement that has nearly all parts."""


def test_what_is_made_of_the_parts() -> None:
    made = statement.statement(TEXT)
    assert made.told == "iss"
    iss, last = made.memories
    assert (iss.first, iss.update) == (None, None)
    assert last.update is variable("me.small", Sort("int", 0, 3))
    assert [clause.when for clause in made.clauses] == [(("on",),)]
    assert made.elapsed == "passed" and made.ttl == "ttl" and made.tick is not None
    (way,) = made.actions[0].possible
    assert way.leaf is not None and way.leaf.rules == ("3.10.1",)
    assert way.leaf.sent[0]["no"] is constant(3)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # names, strings, lists
        ("(theory one)", "(theory (one))", "['one'] stands where a name should"),
        ("(theory one)", '(theory "one")', "stands where a name should"),
        ('(theorem one ""', "(theorem one title", "'title' stands where a string should"),
        ("(claims agreement)", "(claim agreement)", "stands where (claims ...) should"),
        ("(theorem one", "() (theorem one", "[] is no part of a statement"),
        ("(theorem one", "((x)) (theorem one", "[['x']] is no part of a statement"),
        ("(theorem one", "(end) x (theorem one", "'x' is no part of a statement"),
        ("(clause agreement ends", "(clause agreement end", "(clause agreement ...): it is about"),
        ("(told iss)", "(told)", "(told ...) has too many or too few parts"),
        # what has to be there, once
        ('(theorem one "" "" (claims agreement) (options on))', "", "it has no theorem"),
        ("(fact window_is_sane", "(fact agreement", "agreement is there twice"),
        ("(pair fresh", "(pair agreement", "agreement is there twice"),
        ("(pair fresh", "(pair window_is_sane", "window_is_sane is there twice"),
        ("(memory last", "(memory iss", "it is there twice"),
        ("(bound width 32)", "(bound width 32) (bound width 4)", "width is there twice"),
        # sorts
        ("RUN ENDED", "RUN RUN", "its names are not different"),
        ("RUN ENDED", "RUN ENDED RUN", "its names are not different"),
        (" RUN ENDED", "", "its names are not different"),
        ("0..3 0)", "3..2 3)", "3..2 is no sort"),
        ("0..3 0)", "x..3 0)", "x..3 is no sort"),
        ("0..3 0)", "0..x 0)", "0..x is no sort"),
        ("0..3 0)", "3 0)", "3 is no sort"),
        # fields
        ("(end (state nat 0)", "(end abc (state nat 0)", "'abc' is no field"),
        ("(end (state nat 0)", "(end (more nat) (state nat 0)", "['more', 'nat'] is no field"),
        ("(message (no 0..7)", "(message ab (no 0..7)", "'ab' is no field"),
        ("(message (no 0..7)", "(message (no 0..7 9)", "['no', '0..7', '9'] is no field"),
        ("(told iss)", "(told seen)", "seen is no memory"),
        ("(time ttl passed)", "(time ttl never)", "there is no such field or parameter"),
        ("(time ttl passed)", "(time never passed)", "there is no such field or parameter"),
        # options
        ("(when (on))", "(whenever (on))", "stands where (when ...) should"),
        ("(when (on))", "when", "'when' stands where (when ...) should"),
        ("(when (on))", "(when b)", "when has no list of options"),
        ("(when (on))", "(when ())", "when has no list of options"),
        ("(options on)", "(options)", "which holds under other options only"),
        # the end
        ("(tick", "(left words 0) (tick", "'words' stands where a string should"),
        (
            "(memory last 0..3 0 me.small)",
            "(memory last nat 0 me.state)",
            "last is a memory of me.state, which changes as time goes by",
        ),
        ("(tick", '(left "" 0) (left "" 0) (tick', "it is there twice"),
        ("(tick", '(silence s "" 0) (tick', "it does not say what is left"),
        (
            "(tick",
            '(response r "" true (stage s "" true (by me "OPEN"))) (tick',
            "it does not say what is left",
        ),
        ("(tick", '(response r "" true) (tick', "it has no stage"),
        # actions
        ('(action "OPEN"', '(action "start"', "its name is another's"),
        ('(action "OPEN"', '(action "tick"', "its name is another's"),
        ('(delivery "deliver"', '(delivery "OPEN"', "its name is another's"),
        ("(time ttl passed)", "", "there is no time, or two"),
        ("(tick 1", "(tick 1 impossible) (tick 1", "there is no time, or two"),
        ("(define $more", "(define more", "begins with $"),
        ("(if (= me.state 0)", "(if", "if has a test and two trees"),
        ('(do "3.10.1"', '(doo "3.10.1"', "is no leaf"),
        (
            "(set state $more) (send",
            "(set state) (send",
            "['set', 'state'] is nothing that is done",
        ),
        ("(send (no 3))", "(send no)", "'no' is no field of a message"),
        ("(send (no 3))", "(send nn)", "'nn' is no field of a message"),
        ("(send (no 3))", "(send (no))", "['no'] is no field of a message"),
        ("(send (no 3))", "(send (yes 3))", "['yes', '3'] is no field of a message"),
    ],
)
def test_a_part_that_is_not_as_it_should_be(old: str, new: str, said: str) -> None:
    assert TEXT.count(old) >= 1
    with pytest.raises(Bad) as refused:
        statement.statement(TEXT.replace(old, new, 1))
    assert said in str(refused.value)


@pytest.mark.parametrize("what", ["end", "action", "clause"])
def test_a_theory_without(what: str) -> None:
    """... a field of an end, an action or a clause says nothing."""
    parts = {
        "theorem": '(theorem one "" "" (claims agreement) (options))',
        "end": "(end (state nat 0))",
        "clause": 'clause agreement ends "" (when) true',
        "action": '(action "OPEN" 1 (do))',
    }
    parts["clause"] = f"({parts['clause']})"
    assert statement.statement("(theory one) " + " ".join(parts.values()))
    del parts[what]
    with pytest.raises(Bad, match=f"it has no .*{what}"):
        statement.statement("(theory one) " + " ".join(parts.values()))


# Values of sorts


def test_a_number_is_also_a_time_but_only_of_times() -> None:
    time = sorted_as(constant(2), REAL)
    assert time.sort.kind == "real"
    x = variable("x", Sort("int", 0, 9))
    with pytest.raises(Bad, match="is a int, not a real"):
        sorted_as(x, REAL)
    assert sorted_as(constant(2), Sort("int", 0, 9)).sort.kind == "int"
    with pytest.raises(Bad, match="is a int, not a bool"):
        sorted_as(constant(2), BOOL)
    with pytest.raises(Bad, match="is a bool, not a real"):
        sorted_as(constant(True), REAL)
    modes, others = (Sort("enum", name=name, members=("A", "B")) for name in ("Mode", "Other"))
    with pytest.raises(Bad, match="not a enum"):
        sorted_as(variable("m", modes), others)


def test_when_a_term_fits_its_sort() -> None:
    small, x = Sort("int", 0, 3), variable("x", Sort("int", 0, 3))
    assert fits(x, small) is TRUE
    assert fits(sum_("+", x, constant(1)), small) is not TRUE
    assert fits(variable("y", Sort("int", 0, 9)), small) is not TRUE
    with pytest.raises(Bad, match=r"[^h] may be negative"):
        fits(sum_("-", x, constant(1)), small)
    time, later = variable("t", REAL), variable("u", REAL)
    assert fits(time, REAL) is TRUE
    assert fits(sum_("+", time, later), REAL) is TRUE
    assert fits(sum_("-", time, later), REAL) is not TRUE
    assert fits(sum_("+", time, sum_("-", time, later)), REAL) is not TRUE
    before = sum_("-", variable("n", NAT), constant(1, NAT))
    assert fits(before, NAT) is not TRUE
    assert fits(wrap(before, 3), NAT) is fits(apply("f", before, NAT), NAT) is TRUE
    earlier = compare("<", sum_("-", time, later), time)
    assert fits(earlier, BOOL) is TRUE
    assert fits(ite(earlier, time, later), REAL) is TRUE
