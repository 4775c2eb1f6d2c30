"""Three components on four links: the toy of ``tests/helpers/relay.py`` in every engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.engines.explicit import native
from checker.engines.explicit.engine import Check
from checker.engines.explicit.native import kernel
from checker.engines.explicit.reference import explore
from checker.support.errors import UsageProblem
from tests.helpers import relay
from tests.helpers.agree import agree
from tests.helpers.relay import Relay
from tests.helpers.systems import Linked

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


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("capacity", "in_flight", "states", "transitions"), SIZES)
def test_native(capacity: int, in_flight: int, states: int, transitions: int, threads: int) -> None:
    toy = Relay(capacity, in_flight)
    found = native.explore(toy, CHECKS, stop_when_decided=False, threads=threads)
    assert (found.states, found.transitions) == (states, transitions)
    agree(explore(toy.system, CHECKS, graph=False, stop_when_decided=False), found)


def test_native_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    toy = Relay()
    whole = explore(toy.system, CHECKS, graph=False, stop_when_decided=False)
    for limit in (300, 700, None):
        found = native.explore(
            toy, CHECKS, stop_when_decided=False,
            checkpoint=tmp_path, resume=True, max_states=limit,
        )  # fmt: skip
        assert found.limited == (limit is not None)
    assert found.resumed >= 700
    agree(whole, found)


def test_native_keeps_to_a_limit_of_memory() -> None:
    found = native.explore(Relay(), CHECKS, max_memory=1 << 20, stop_when_decided=False)
    assert (found.complete, found.limited) == (False, True)
    assert found.why.startswith("limit of 0.00 GiB of memory reached")


def test_the_graph_names_the_component_and_the_links() -> None:
    """Every step of the reference, with the same label, and no other."""
    toy = Relay(1, 1)
    search = native.Search(toy, {}, keep=native.ALL)
    search.run()
    graph = native.graph(search)
    for number in range(graph.keys.size):
        edges = range(graph.first[number], graph.first[number + 1])
        mine = [
            (label.action, label.rules, graph.state(int(graph.targets[edge])))
            for edge in edges
            for label in [graph.label(edge)]
        ]
        state = graph.state(number)
        theirs = [(step.action, step.rules, after) for step, after in toy.system.steps(state)]
        assert sorted(map(repr, mine)) == sorted(map(repr, theirs))
        for edge in edges:
            label = graph.label(edge)
            if label.link is not None:
                assert label.message in state.bags[label.link]
                assert label.host in (None, relay.LINKS[label.link][1])
            assert all(relay.LINKS[link][0] == label.host for link in label.links)


def test_a_graph_whose_labels_do_not_fit_in_a_word_is_refused(monkeypatch) -> None:
    search = native.Search(Relay(1, 1), {}, keep=native.ALL)
    search.run()
    monkeypatch.setattr(kernel, "NAME_BITS", 1)
    with pytest.raises(UsageProblem, match="too many messages or moves for a graph"):
        native.graph(search)


def test_more_parts_than_a_key_has_fields_for_are_refused() -> None:
    class Crowd(Linked):
        roles = (0,) * 20
        links = tuple((i, (i + 1) % 20) for i in range(20))

        def initial(self) -> tuple[Any, ...]:
            return (0,) * 20

    with pytest.raises(UsageProblem, match="up to 16 components") as problem:
        native.explore(Crowd(), {})
    assert "\n" not in str(problem.value)


def test_a_state_that_does_not_fit_in_a_word_ends_the_search_with_what_it_needs() -> None:
    class Wide(Linked):
        """Sixteen components, of which one counts."""

        roles = (0,) * 16
        links = ()

        def initial(self) -> tuple[Any, ...]:
            return (0,) * 16

        def calls(self, component: int, end: Any, sight: Any) -> Iterator[native.Move]:
            if component == 0:
                yield native.Move("count", end + 1)

    found = native.explore(Wide(), {})
    assert (found.complete, found.limited, found.states > 10) == (False, True, True)
    assert found.why.startswith("a state needs 80 bits (16 ends of 5 bits)")
    assert "reduce the bounds" in found.why


def test_only_two_components_can_be_symmetric() -> None:
    with pytest.raises(UsageProblem, match="only two components"):
        native.explore(Relay(), {}, symmetric=True)
