"""Three components on four links: the toy of ``tests/helpers/relay.py`` in every engine."""

import pytest

from checker.engines.explicit.explore import Check, explore
from tests.helpers import relay
from tests.helpers.relay import Relay

CHECKS = {
    "nothing unsaid": Check("always", lambda s: relay.nobody_is_told_what_was_not_said(s.ends)),
    "answered": Check("sometimes", lambda s: relay.is_answered(s.ends)),
    "the last": Check("always", lambda s: relay.the_last_request_is_answered(s.ends)),
}
LENGTHS = {"answered": relay.WITNESS, "the last": relay.VIOLATION}
SIZES = [(1, 1, 85, 265), (1, 2, 801, 4610), (2, 2, 1194, 6863), (2, 3, 6352, 52194)]


@pytest.mark.parametrize(("capacity", "in_flight", "states", "transitions"), SIZES)
def test_the_reference(capacity: int, in_flight: int, states: int, transitions: int) -> None:
    toy = Relay(capacity, in_flight)
    found = explore(toy.system, CHECKS, graph=False, stop_when_decided=False)
    assert (found.states, found.transitions, found.complete) == (states, transitions, True)
    assert found.lengths == LENGTHS
