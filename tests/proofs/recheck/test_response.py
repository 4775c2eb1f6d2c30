"""What happens in the end is accepted for the reasons that a statement gives, and for no less."""

from pathlib import Path

import pytest

from proofs.recheck.obligations import Obligation, Theory
from proofs.recheck.solvers import ask
from proofs.recheck.statement import STATES, statement
from proofs.recheck.terms import Bad, question, script

ECHO = """
(theory echo)
(theorem echo "who asks is answered, and nobody else talks" "" (claims waits answers) (options))
(enum Mode IDLE WAITS DONE)
(end (mode Mode Mode.IDLE))
(message (answer bool))
(clause answered_who_asked message "An answer is for who asked." (when)
  (or (not seg.answer) (not (= peer.mode Mode.IDLE))))
(clause asked_first message "Who has asked is not idle." (when)
  (or seg.answer (not (= me.mode Mode.IDLE))))
(left "What there is to do." (ite (= me.mode Mode.IDLE) 2 (ite (= me.mode Mode.WAITS) 1 0)))
(response waits "Who asks is answered." (= me.mode Mode.WAITS)
 (stage asked "The question is on its way, or will be." true
  (by me "ask again")
  (heard asks "A question." (not seg.answer))
  (heard tells "An answer." seg.answer)))
(silence answers "Where nobody asks there is an end to answers." (ite seg.answer 0 1))
(action "ask" 2 (if (= me.mode Mode.IDLE) (do (set mode Mode.WAITS) (send)) impossible))
(action "ask again" 2 (if (= me.mode Mode.WAITS) (do (send)) impossible))
(delivery "deliver" 3
 (if seg.answer
  (if (= me.mode Mode.WAITS) (do (set mode Mode.DONE)) (do))
  (do (send (answer true)))))
"""
"""Two ends that ask each other, once, and ask again until they are answered."""


def changed(old: str, new: str) -> str:
    assert old in ECHO
    return ECHO.replace(old, new, 1)


def refuted(text: str) -> list[str]:
    """The obligations of a statement that are not so, by cvc5."""
    made = Theory(statement(text))
    return [one.name for one in made.all() if not one.evident and answered(one) != "unsat"]


def answered(one: Obligation) -> str:
    return ask("cvc5", script(one.supposed, one.goal), Path(one.name), 20)


def test_who_asks_is_answered() -> None:
    assert refuted(ECHO) == []
    names = [one.name for one in Theory(statement(ECHO)).all()]
    assert f"{STATES}.0.waits" in names and "ask again.1.waits" in names
    assert "deliver.0.answers" in names and "ask.0.answers" not in names


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        # the action is not taken, or not by who should
        ("(if (= me.mode Mode.WAITS) (do (send)) impossible)",
         "(if (= me.mode Mode.DONE) (do (send)) impossible)", "ask again.1.waits"),
        ('(by me "ask again")', '(by peer "ask again")', "ask again.1.waits"),
        ('(by me "ask again")', '(by me "ask")', "ask.1.waits"),
        # nothing is sent, or something else
        ("(if (= me.mode Mode.WAITS) (do (send)) impossible)",
         "(if (= me.mode Mode.WAITS) (do) impossible)", "ask again.0.waits"),
        ("(if (= me.mode Mode.WAITS) (do (send)) impossible)",
         "(if (= me.mode Mode.WAITS) (do (send (answer true))) impossible)", "ask again.0.waits"),
        # it is not answered, or what is answered makes no difference
        ("(do (send (answer true))))", "(do))", "deliver.2.waits"),
        ("(do (set mode Mode.DONE))", "(do)", "deliver.0.waits"),
        ('(heard tells "An answer." seg.answer)', "", "deliver.2.waits"),
        # ... or cannot be heard
        ("(do (send (answer true))))", "impossible)", "deliver.2.waits"),
        # a number that rises, a stage that is not under way, or ends
        ("(do (set mode Mode.DONE)) (do))", "(do (set mode Mode.DONE)) (do (set mode Mode.IDLE)))",
         "deliver.1.waits"),
        ("will be.\" true", "will be.\" (= me.mode Mode.DONE)", "states.0.waits"),
        ("will be.\" true", "will be.\" (= peer.mode Mode.IDLE)", "states.0.waits"),
        # what was heard once need not be told from other things later
        ('(heard asks "A question." (not seg.answer))',
         '(heard asks "A question." (and (not seg.answer) (= peer.mode Mode.IDLE)))',
         "ask again.0.waits"),
        # answers that are as heavy as what they answer
        ("(ite seg.answer 0 1)", "(ite seg.answer 1 1)", "deliver.2.answers"),
        ("(if (= me.mode Mode.WAITS) (do (set mode Mode.DONE)) (do))",
         "(if (= me.mode Mode.WAITS) (do (set mode Mode.DONE)) (do (send)))", "deliver.1.answers"),
    ],
)  # fmt: skip
def test_a_reason_that_is_none(old: str, new: str, where: str) -> None:
    assert where in refuted(changed(old, new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(claims waits answers)", "(claims waits more)", "claims more, which is no clause"),
        ("(left \"What there is to do.\" (ite (= me.mode Mode.IDLE) 2 "
         "(ite (= me.mode Mode.WAITS) 1 0)))", "", "does not say what is left"),
        ("(ite (= me.mode Mode.IDLE) 2", "(ite (= peer.mode Mode.IDLE) 2", "peer.mode"),
        ("(ite (= me.mode Mode.WAITS) 1 0)", "(- 1 2)", "no natural number"),
        ('(by me "ask again")', '(by me "wait")', "wait is nothing that an end does"),
        ('(by me "ask again")', '(by me "deliver")', "deliver is nothing that an end does"),
        ('(by me "ask again")', '(by them "ask again")', "no end"),
        ('(by me "ask again")', "", "stands where (by ...) should"),
        ("seg.answer)))\n", "me.mode)))\n", "neither true nor false"),
        ("(delivery \"deliver\"", "(delivery \"other\" 1 (do)) (delivery \"deliver\"",
         "messages arrive in one way"),
        ("(action \"ask\" 2", "(injection \"forged\" 1 (do)) (action \"ask\" 2", "nobody else"),
        ("(options)", "(options more)", "more is an option, but nothing that may vary"),
        ("(enum Mode", "(parameter more bool) (enum Mode", ""),
        ("(silence answers", "(silence waits", "waits is there twice"),
        ("(ite seg.answer 0 1)", "seg.answer", "no natural number"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(old: str, new: str, said: str) -> None:
    if not said:
        statement(changed(old, new))
        return
    with pytest.raises(Bad) as bad:
        statement(changed(old, new))
    assert said in str(bad.value)


def test_time_and_options_are_refused() -> None:
    timed = changed("(enum Mode", "(parameter long positive) (time - long) (enum Mode")
    with pytest.raises(Bad, match="without time and options"):
        statement(timed)
    optional = changed("(enum Mode", "(parameter more bool) (enum Mode")
    with pytest.raises(Bad, match="without time and options"):
        statement(optional.replace("(options)", "(options more)"))


def test_a_claim_of_nothing_is_seen() -> None:
    made = Theory(statement(changed("(response waits \"Who asks is answered.\" "
                                    "(= me.mode Mode.WAITS)",
                                    "(response waits \"\" false")))  # fmt: skip
    assert ask("cvc5", question(made.hollow("waits")), Path("hollow"), 20) == "unsat"
    sound = Theory(statement(ECHO))
    assert ask("cvc5", question(sound.hollow("waits")), Path("hollow"), 20) == "sat"
