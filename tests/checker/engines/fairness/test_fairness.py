"""Liveness under fairness: toy systems with known verdicts, both engines, and brute force."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import networkx as nx
import pytest

from checker.engines.explicit.engine import Path
from checker.engines.explicit.native import ALL, Search, Solo, graph
from checker.engines.explicit.reference import explore
from checker.engines.fairness import native, reference
from checker.engines.fairness.lasso import confirm, lasso
from checker.engines.fairness.question import (
    ANSWERED,
    HOLDS,
    INFEASIBLE,
    STRONG,
    VACUOUS,
    VIOLATED,
    WEAK,
    Decision,
    Fair,
    Question,
)
from checker.support.errors import Problem
from tests.helpers.systems import Courier, Digraph, Peterson, Semaphore

Keys = Callable[[Any], Iterable[Any]]


def one(*actions: str) -> Any:
    """One assumption about these actions together."""
    return lambda label: (None,) if label.action in actions else ()


def each(*actions: str) -> Any:
    """One for each of them."""
    return lambda label: (label.action,) if label.action in actions else ()


def takes(*actions: str) -> Callable[[Any], bool]:
    """Is a step one of these actions?"""
    return lambda label: label.action in actions


def found(system: Any, question: Question) -> tuple[Decision, Path | None]:
    """The decision of both engines, which must be the same, and the lasso, confirmed."""
    net = reference.Reference(explore(system, {}).graph)
    search = Search(Solo(system), {}, keep=ALL)
    search.run()
    edges = native.Edges(graph(search))
    results = []
    for decision in (reference.decide(net, question), native.decide(edges, question)):
        path = None
        if decision.verdict == VIOLATED:
            path = lasso(system, question, decision)
            confirm(system, question, path)
        results.append((decision, path))
    (mine, first), (theirs, second) = results
    for name in ("verdict", "leading", "cut", "stuck"):
        assert getattr(mine, name) == getattr(theirs, name)
    assert first == second
    return mine, first


def verdict(system: Any, question: Question) -> str:
    return found(system, question)[0].verdict


def enters(*fair: Fair) -> Question:
    """Who waits comes in."""
    at: Callable[[Any], Any] = lambda state: getattr(state, "at", state)[0]  # noqa: E731
    return Question(fair, lambda s: at(s) == "waiting", lambda s: at(s) == "critical")


def process(label: Any) -> tuple[str, ...]:
    """Both processes, each by its number."""
    return (label.action[-1],)


ALL_WEAK, ALL_STRONG = Fair(WEAK, process), Fair(STRONG, process)


def test_without_fairness_a_run_may_stop() -> None:
    decision, path = found(Peterson(), enters())
    assert decision.verdict == VIOLATED
    assert path is not None
    assert (len(path.steps), path.loop) == (2, 2), "it stops where process 0 waits"


def test_peterson_needs_weak_fairness() -> None:
    assert verdict(Peterson(), enters(ALL_WEAK)) == HOLDS


def test_without_turns_both_wait_for_each_other() -> None:
    assert verdict(Peterson(turns=False), enters(ALL_STRONG)) == VIOLATED


def test_a_semaphore_needs_strong_fairness() -> None:
    """Weak is not enough: the other one comes and goes, and takes the semaphore each time."""
    decision, path = found(Semaphore(), enters(Fair(WEAK, each("enter 0", "enter 1", "leave 1"))))
    assert decision.verdict == VIOLATED
    assert path is not None and path.loop is not None
    assert [label.action for label, _ in path.steps[path.loop :]] == [
        "want 1",
        "enter 1",
        "leave 1",
    ]
    assert verdict(Semaphore(), enters(Fair(STRONG, each("enter 0")))) == VIOLATED, "1 stays inside"
    fair = (Fair(STRONG, each("enter 0")), Fair(WEAK, each("leave 1")))
    assert verdict(Semaphore(), enters(*fair)) == HOLDS


SENDS = Fair(WEAK, one("send"))
FAIR_LOSSY = Fair(ANSWERED, one("deliver"), one("send"))


def arrives(*fair: Fair) -> Question:
    return Question(fair, lambda s: s == "sending", lambda s: s == "arrived")


def test_a_fair_lossy_channel() -> None:
    """What is sent infinitely often is delivered infinitely often."""
    assert verdict(Courier(), arrives(SENDS)) == VIOLATED, "it is on its way for ever"
    moves = Fair(WEAK, one("lose", "deliver"))
    decision, path = found(Courier(), arrives(SENDS, moves))
    assert (decision.verdict, path and len(path.steps)) == (VIOLATED, 2), "lost each time"
    assert verdict(Courier(), arrives(SENDS, moves, FAIR_LOSSY)) == HOLDS
    assert verdict(Courier(), arrives(moves, FAIR_LOSSY)) == VIOLATED, "it is never sent"


def test_fairness_that_cannot_be_met_is_not_a_proof() -> None:
    """No run of these is fair, so that the claim would hold of nothing."""
    moves = Fair(WEAK, one("lose", "deliver"))
    decision, _ = found(Courier(deaf=True), arrives(SENDS, moves, FAIR_LOSSY))
    assert (decision.verdict, decision.stuck) == (INFEASIBLE, 2)


def test_weak_and_strong_fairness_can_always_be_met() -> None:
    """They are machine closed."""
    for system in (Peterson(), Peterson(turns=False), Semaphore(), Courier(deaf=True)):
        for fair in (ALL_WEAK, ALL_STRONG, Fair(STRONG, lambda label: (label.action,))):
            assert found(system, enters(fair))[0].stuck == 0


def test_a_claim_of_nothing_is_vacuous() -> None:
    nothing = Question((), lambda _: False, lambda _: True)
    assert verdict(Semaphore(), nothing) == VACUOUS


LOOP = Digraph([(0, "a", 1), (1, "b", 0), (1, "c", 2)])


def test_a_bound_excuses_no_run() -> None:
    """2 refuses a step. To stop there is fair all the same, and a counterexample."""
    fair = (Fair(WEAK, one("a")), Fair(STRONG, one("c")))
    question = Question(fair, lambda s: s == 0, lambda s: s == 3, cut=lambda s: s == 2)
    decision, path = found(LOOP, question)
    assert (decision.verdict, decision.cut, decision.stuck) == (VIOLATED, 0, 0)
    assert path is not None
    assert path.steps[-1][1] == 2, "past the state that is cut"


def test_runs_that_have_to_leave_the_bounds_are_told() -> None:
    """At 2, b is called for and refused: of what goes on from there nothing is known. At 3 too,
    but no bound refuses it: the assumption is too strong."""
    called = Fair(ANSWERED, one("b"), one("x"))
    ring = [(0, "a", 1), (1, "b", 0), (1, "c", 2), (2, "x", 2)]
    moves = Fair(WEAK, one("x", "e"))
    question = Question((called, moves), lambda s: s == 0, lambda s: s == 2)
    decision, _ = found(Digraph(ring), replace(question, cut=lambda s: s == 2))
    assert (decision.cut, decision.stuck) == (1, 0)
    decision, _ = found(Digraph(ring), replace(question, cut=lambda s: s == 9))
    assert (decision.cut, decision.stuck) == (0, 1)
    more = Digraph([*ring, (0, "d", 3), (3, "x", 3), (0, "e", 4), (4, "e", 2)])
    decision, _ = found(more, replace(question, cut=lambda s: s == 2))
    assert (decision.cut, decision.stuck) == (2, 1), "from 4 on the way to 2, from 3 nowhere"


def test_steps_that_count_as_the_goal() -> None:
    ring = Digraph([(0, "a", 1), (1, "b", 0)])

    def goes(done: str, through: str) -> Question:
        return Question(
            (), lambda _: True, lambda _: False, done=takes(done), through=takes(through)
        )

    assert verdict(ring, goes("nothing", "a")) == VIOLATED
    assert verdict(ring, goes("nothing", "x")) == HOLDS, "x is not taken for ever"
    assert verdict(ring, goes("b", "a")) == HOLDS


# Against brute force


def runs(arrows: list[tuple[int, str, int]], states: int) -> Iterable[tuple[set[int], set[int]]]:
    """What runs can pass infinitely often: states and arrows that are strongly connected."""
    for state in range(states):
        yield {state}, set()
    for size in range(1, len(arrows) + 1):
        for chosen in itertools.combinations(range(len(arrows)), size):
            net = nx.DiGraph([(arrows[i][0], arrows[i][2]) for i in chosen])
            if nx.is_strongly_connected(net):
                yield set(net.nodes), set(chosen)


def is_fair(
    arrows: list[tuple[int, str, int]], states: set[int], taken: set[int], fair: list[Any]
) -> bool:
    for kind, then, when in fair:
        can = [any(b == s and a in then for b, a, _ in arrows) for s in states]
        asked = {
            WEAK: all(can),
            STRONG: any(can),
            ANSWERED: any(arrows[i][1] in when for i in taken),
        }[kind]
        if asked and not any(arrows[i][1] in then for i in taken):
            return False
    return True


def by_force(
    arrows: list[tuple[int, str, int]], n: int, fair: list[Any], leads: Any, goal: Any
) -> str:
    net = nx.MultiDiGraph([(a, b) for a, _, b in arrows])
    net.add_nodes_from(range(n))
    reached = nx.descendants(net, 0) | {0}
    fair_runs = [(s, t) for s, t in runs(arrows, n) if s <= reached and is_fair(arrows, s, t, fair)]
    avoiding = net.subgraph(reached - goal)
    ends = [min(s) for s, _ in fair_runs if not s & goal]
    leading = (reached & leads) - goal
    if any(nx.has_path(avoiding, s, e) for s in leading for e in ends):
        return VIOLATED
    alive = {s for s in reached for e, _ in fair_runs if nx.has_path(net, s, min(e))}
    if alive != reached:
        return INFEASIBLE
    return HOLDS if leading else VACUOUS


def test_brute_force_agrees() -> None:
    """Random graphs, small enough to look at every set of arrows."""
    seen: Counter[str] = Counter()
    for seed in range(250):
        chance = random.Random(seed)
        n = chance.randint(2, 5)
        arrows = [
            (chance.randrange(n), chance.choice("abc"), chance.randrange(n))
            for _ in range(chance.randint(1, 8))
        ]
        fair = [
            (
                chance.choice((WEAK, STRONG, ANSWERED)),
                set(chance.sample("abcd", chance.randint(1, 2))),
                set(chance.sample("abc", chance.randint(1, 2))),
            )
            for _ in range(chance.randint(0, 3))
        ]
        leads = set(chance.sample(range(n), chance.randint(1, n)))
        goal = set(chance.sample(range(n), chance.randint(0, n // 2)))
        question = Question(
            tuple(Fair(kind, one(*then), one(*when)) for kind, then, when in fair),
            leads.__contains__,
            goal.__contains__,
        )
        expected = by_force(arrows, n, fair, leads, goal)
        assert verdict(Digraph(arrows), question) == expected, seed
        seen[expected] += 1
    assert min(seen[v] for v in (HOLDS, VIOLATED, VACUOUS, INFEASIBLE)) >= 3, seen


def test_engines_agree_with_keys_cuts_and_steps() -> None:
    """Random graphs, with all that a question can have; ``found`` compares."""
    seen: Counter[str] = Counter()
    for seed in range(150):
        chance = random.Random(seed)
        n = chance.randint(2, 9)
        arrows = [
            (chance.randrange(n), chance.choice("abcdef"), chance.randrange(n))
            for _ in range(chance.randint(1, 20))
        ]

        def some(chance: random.Random = chance) -> list[str]:
            return chance.sample("abcdef", chance.randint(1, 3))

        fair = [
            chance.choice((Fair(WEAK, each(*some())), Fair(STRONG, each(*some()))))
            for _ in range(chance.randint(0, 2))
        ]
        fair += [Fair(ANSWERED, one(*some()), one(*some())) for _ in range(chance.randint(0, 2))]
        leads = set(chance.sample(range(n), chance.randint(1, n)))
        goal = set(chance.sample(range(n), chance.randint(0, n // 2)))
        cut = set(chance.sample(range(n), chance.randint(0, 1)))
        seen[
            verdict(
                Digraph(arrows),
                Question(
                    tuple(fair),
                    leads.__contains__,
                    goal.__contains__,
                    cut.__contains__,
                    takes(*chance.sample("abcdef", chance.randint(0, 1))),
                    takes(*some()) if chance.random() < 0.3 else None,
                ),
            )
        ] += 1
    assert seen[VIOLATED] > 20 and seen[HOLDS] > 5, seen


# Seeded bugs: what is no counterexample is not confirmed


def starving() -> tuple[Question, Path]:
    question = enters(Fair(WEAK, each("enter 0", "enter 1", "leave 1")))
    path = found(Semaphore(), question)[1]
    assert path is not None
    return question, path


def test_a_loop_that_does_not_close_is_not_confirmed() -> None:
    question, path = starving()
    with pytest.raises(Problem, match="does not end where it begins"):
        confirm(Semaphore(), question, Path(path.start, path.steps[:-1], path.loop))


def test_a_loop_that_is_not_fair_is_not_confirmed() -> None:
    _, path = starving()
    with pytest.raises(Problem, match="not fair: strong"):
        confirm(Semaphore(), enters(Fair(STRONG, each("enter 0"))), path)


def test_a_loop_that_comes_to_the_goal_is_not_confirmed() -> None:
    _, path = starving()
    reached = Question((), lambda s: s[0] == "waiting", lambda s: s[1] == "critical")
    with pytest.raises(Problem, match="comes to the goal"):
        confirm(Semaphore(), reached, path)


@pytest.mark.parametrize("limit", [1, 20_000])
def test_a_loop_that_is_not_the_shortest_is_one_too(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.engines.fairness.lasso.EXACT", limit)
    fair = Fair(WEAK, lambda label: (label.action,))
    ring = Digraph([(i, "abcde"[i], (i + 1) % 5) for i in range(5)] + [(2, "x", 0), (1, "y", 0)])
    question = Question((fair,), lambda _: True, lambda _: False)
    decision, path = found(ring, question)
    assert decision.verdict == VIOLATED
    assert path is not None and path.loop == 0
    assert len(path.steps) >= 2
