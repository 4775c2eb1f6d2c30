"""At its own capture, an end owes what the specification does with what arrived."""

import pytest

from checker.capture.segments import ACK, FIN, PSH, RST, SYN
from checker.conform.behaviour import choose
from checker.conform.follow import Position
from checker.support.errors import UsageProblem
from tests.helpers.wire import LINUX, RFC, A, B, Wire, deviation, followed, verdicts

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


def test_a_new_connection_has_no_debts():
    """The FIN that was never acknowledged is of the connection before; a SYN opened it again."""
    wire = Wire().opened()(B, ACK | FIN, 300, 100)(A, ACK, 100, 301)(A, ACK | FIN, 100, 301)
    again = later(wire)(A, SYN, 5000)(B, SYN | ACK, 9000, 5001)(A, ACK, 5001, 9001)
    assert verdicts(again, position=Position(role="server"))[1:] == ["conforms"]


BARE = (B, PSH, 300, 0, 5)
"""Text without an ACK, which is dropped (3.10.7.4 fifth)."""
SAME = (B, ACK, 300, 100, 5)
TAKEN = (A, ACK, 100, 305)


@pytest.mark.parametrize("bare", [BARE, (B, FIN, 300, 0, 4), (B, ACK, 300, 5000, 5)])
def test_what_is_dropped_is_not_acknowledged(bare):
    switches = ["ack_needed=off"]
    if bare[1] & ACK:
        switches = ["unsent_text=taken", "unsent_text=answered"]
    found = deviation(opened()(*bare)(*TAKEN), position=AT_A)
    assert found.segment == 6 and "RCV.NXT moves only over what arrived" in found.rule
    assert found.departures == switches
    for switch in (*switches, *(["unsent_ack_refused=off"] if bare[1] & ACK else [])):
        wire = opened()(*bare)(*TAKEN)
        assert verdicts(wire, position=AT_A, behaviour=choose([switch])) == ["conforms"], switch


def test_what_comes_with_an_ack_too():
    """Before it is acknowledged; at once, where the order may be the capture's; or later."""
    for wire in (opened()(*BARE)(*SAME)(*TAKEN), opened()(*SAME)(*BARE)(*TAKEN)):
        assert verdicts(wire, position=AT_A) == ["conforms"]
    wire = opened()(*BARE)(*TAKEN)
    assert verdicts(wire(*SAME), position=AT_A) == ["inconclusive"]
    wire = later(opened()(*BARE)(*TAKEN))(*SAME)
    assert deviation(wire, position=AT_A).departures == ["ack_needed=off"]


def test_the_life_goes_on_with_what_was_taken():
    wire = opened()(*BARE)(*TAKEN)(B, ACK, 305, 100, 5)(A, ACK, 100, 310)(A, ACK | FIN, 100, 310)
    (found,) = followed(wire.packets, position=AT_A)
    assert found.states[0] == "FIN-WAIT-1" and found.deviation.segment == 6
    assert [one.verdict.value for one in followed(wire.packets, position=AT_A, cached=False)] == [
        "deviates"
    ]


def test_in_the_middle_the_sender_deviates():
    found = deviation(opened()(*BARE)(*TAKEN))
    assert found.segment == 5 and found.anywhere
