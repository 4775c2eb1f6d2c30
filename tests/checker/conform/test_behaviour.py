"""What a stack may do besides what the RFC says, and how a deviation gets its name."""

from checker.capture.segments import ACK, FIN, SYN
from checker.conform.follow import Position
from tests.helpers.wire import LINUX, RFC, A, B, Wire, deviation, verdicts


def test_fin_wait_2_given_up():
    """A has acknowledged text that came after the ACK of its FIN: it is in FIN-WAIT-2."""
    wire = Wire().opened()(A, ACK | FIN, 100, 300)(B, ACK, 300, 101)(B, ACK, 300, 101, 5)
    wire(A, ACK, 101, 305)(A, SYN, 70099)
    at_a = Position(frozenset({A[:4]}))
    assert deviation(wire, position=at_a).departures == ["fin_wait_2_timeout=on"]
    assert "deviates" not in verdicts(wire, position=at_a, behaviour=LINUX)


def test_linux_has_a_shorter_time_wait():
    """A server takes a SYN below the old numbers once TIME-WAIT is over, after a minute."""

    def again(pause: float, behaviour) -> list[str]:
        wire = Wire().opened()(B, ACK | FIN, 300, 100)(A, ACK | FIN, 100, 301)(B, ACK, 301, 101)
        wire.time += pause
        return verdicts(wire.opened(50, 20), behaviour=behaviour)

    assert again(61, LINUX) == ["conforms", "conforms"]
    assert again(59, LINUX) == ["conforms", "deviates"]
    assert again(61, RFC) == ["conforms", "deviates"]


def test_time_wait_may_be_left_after_2_msl():
    def again(pause: float) -> list[str]:
        wire = Wire().opened()(A, ACK | FIN, 100, 300)(B, ACK | FIN, 300, 101)(A, ACK, 101, 301)
        wire.time += pause
        return verdicts(wire.opened(70099, 70299))

    assert again(239) == ["conforms", "deviates"]
    assert again(241) == ["conforms", "conforms"]
