"""At its own capture, an end owes what the specification does with what arrived."""

import pytest

from checker.capture.segments import ACK, FIN, RST, SYN
from checker.conform.behaviour import choose
from checker.conform.follow import Position
from checker.support.errors import UsageProblem
from tests.helpers.wire import LINUX, RFC, A, B, Wire, deviation, verdicts

AT_A = Position(role="client")
LOST = choose([], arrived=False)


def opened(pause: float = 0.0) -> Wire:
    wire = Wire().opened()(B, ACK, 300, 100)
    wire.time += pause
    return wire


def later(wire: Wire, pause: float = 1.0) -> Wire:
    wire.time += pause
    return wire


def test_an_exact_reset_ends_the_connection():
    wire = later(opened()(B, RST, 300))(A, ACK, 100, 300, 5)
    found = deviation(wire, position=AT_A)
    assert found.segment == 6 and "3.10.7.4 second" in found.rule and "arrived" in found.rule
    assert verdicts(wire, position=AT_A, behaviour=LOST) == ["conforms"]
    assert verdicts(wire) == ["conforms"]  # in the middle it may have been lost


def test_what_was_on_its_way_out_is_no_answer():
    """Within the tolerance the end may not have seen the reset."""
    wire = opened()(B, RST, 300)(A, ACK, 100, 300, 5)
    assert verdicts(wire, position=AT_A) == ["conforms"]
    assert verdicts(later(wire)(A, ACK, 105, 300, 5), position=AT_A) == ["deviates"]


@pytest.mark.parametrize("what", [(B, SYN, 9000), (B, RST, 350), (B, SYN | ACK, 299, 100)])
def test_a_challenge_is_due(what):
    for answer in ((A, ACK, 100, 300), (A, ACK, 100, 300, 5)):
        assert verdicts(opened()(*what)(*answer), position=AT_A) == ["conforms"]
    assert verdicts(later(opened()(*what))(A, ACK, 100, 300), position=AT_A) == ["conforms"]
    goes_on = later(opened()(*what))(A, ACK, 100, 300, 5)
    silent = later(opened()(*what))(B, ACK, 300, 100)
    for wire in (goes_on, silent):
        found = deviation(wire, position=AT_A)
        assert found.segment == 5 and "was not answered" in found.rule
        assert found.nearest == "<SEQ=100><ACK=300><CTL=ACK>"
        for behaviour in (LOST, LINUX, choose([], ["rate-limits"])):
            assert verdicts(wire, position=AT_A, behaviour=behaviour) == ["conforms"]


def test_syn_sent_answers_a_syn():
    wire = later(Wire()(A, SYN, 99)(B, SYN, 299))(A, SYN, 99)
    assert "packet 2 arrived" in deviation(wire, position=AT_A).rule  # MUST-10
    wire = later(Wire()(A, SYN, 99)(B, SYN, 299)(A, SYN | ACK, 99, 300))(A, SYN | ACK, 99, 300)
    assert verdicts(wire, position=AT_A) == ["conforms"]
    wire = Wire()(A, SYN, 99)(B, SYN, 299)(A, RST | ACK, 0, 300)
    assert verdicts(later(wire)(A, SYN, 99), position=AT_A) == ["deviates"]


@pytest.mark.parametrize("what", [(B, ACK, 300, 100, 10), (B, ACK | FIN, 300, 100)])
def test_text_and_fin_are_acknowledged_in_time(what):
    """Half a second may pass (MUST-40); an ACK alone answers, whatever it says has arrived."""
    seq = 310 if what[1] == ACK else 301
    soon = later(opened()(*what), 0.4)(A, ACK, 100, seq)
    again = later(opened()(*what), 0.4)(A, ACK, 100, 300)
    for wire in (soon, again):
        assert verdicts(later(wire, 5)(B, ACK, seq, 100), position=AT_A) == ["conforms"]
    late = later(opened()(*what))(A, ACK, 100, seq)
    crossed = later(opened()(*what)(A, ACK, 100, 300, 5))(A, ACK, 105, seq)
    silent = later(opened()(*what))(B, ACK, seq, 100)
    for wire in (late, crossed, silent):
        found = deviation(wire, position=AT_A)
        assert found.segment == 5 and "MUST-40" in found.rule and "not answered" in found.rule
        assert found.nearest.endswith("<CTL=ACK>")
        assert verdicts(wire, position=AT_A, behaviour=LOST) == ["conforms"]
        assert verdicts(wire) == ["conforms"]


def test_who_has_no_connection_acknowledges_nothing():
    """What arrives after a reset is answered with another, if at all."""
    wire = opened()(A, RST | ACK, 100, 300)(B, ACK, 300, 100, 10)
    wire = later(wire)(B, ACK, 300, 100, 10)(A, RST, 100)
    assert verdicts(wire, position=AT_A) == ["conforms"]


def test_assumptions():
    again = Wire().opened()(A, ACK, 100, 300, 5)(A, SYN, 7000)(B, RST | ACK, 0, 7001)
    assert verdicts(again) == ["conforms", "conforms"]  # the reset was lost, or a timer expired
    assert "deviates" in verdicts(again, behaviour=choose([], ["no-abort", "user-timeout>60s"]))
    later(again, 100)
    same = Wire().opened()(A, RST | ACK, 100, 300)(A, SYN, 99)(B, SYN | ACK, 800, 100)
    same(A, ACK, 100, 801)
    assert "deviates" not in verdicts(same)
    assert "deviates" in verdicts(same, behaviour=choose([], ["fresh-isn"]))
    for wrong in ("no-aborts", "user-timeout>x", "state=SLEEPING"):
        with pytest.raises(UsageProblem):
            choose([], [wrong])
    assert RFC.assumed.words == ()
