"""What the user says of a capture that it does not show."""

import pytest

from checker.conform.assumptions import assume
from checker.support.errors import UsageProblem
from spec.tcp.tcb import State


def test_words_are_taken_once():
    made = assume(["no-abort", "state=ESTABLISHED", "no-abort", "state=ESTABLISHED"])
    assert made.no_abort and made.state == State.ESTABLISHED
    assert made.words == ("no-abort", "state=ESTABLISHED")


@pytest.mark.parametrize(
    "words",
    [("state=ESTABLISHED", "state=LISTEN"), ("user-timeout>60", "user-timeout>30")],
)
def test_what_contradicts_itself_is_refused(words):
    with pytest.raises(UsageProblem, match="exclude each other"):
        assume(words)
