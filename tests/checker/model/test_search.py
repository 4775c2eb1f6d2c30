"""The specification in the native engine: that it finds what the reference finds."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from checker.engines.explicit import engine, native
from checker.engines.explicit.engine import Check
from checker.engines.explicit.native import search
from checker.engines.explicit.reference import explore
from checker.engines.explicit.sets import search as set_search
from checker.model import search as explorer
from checker.model.interned import Interned
from checker.model.model import check_of
from checker.model.options import choose_claims
from checker.model.search import Options, TcpObserver, TcpParts
from checker.studies import explorations, reports, verify
from checker.support.errors import INCONCLUSIVE, UsageProblem
from proofs.claims.ablations import ABLATIONS
from proofs.claims.claim import EVENTUALLY
from proofs.claims.table import BY_ID
from spec.rules import Isn, Restart, Rules
from spec.world.profiles import PROFILES
from spec.world.system import World
from tests.helpers.agree import LITTLE, checks_for, lengths, little, orbits, same, told

QUICK_ONE = {"conduct-time": "few"}
"""Of the others "one" is the smaller of the two; the larger is explored with ``--slow`` only."""


@pytest.mark.parametrize(
    ("profile", "which"),
    [
        one
        if one[1] == QUICK_ONE.get(one[0], "one")
        else pytest.param(*one, marks=pytest.mark.slow)
        for one in itertools.product(PROFILES, LITTLE)
    ],
)
def test_profiles(profile: str, which: str) -> None:
    chosen = little(profile, which)
    if profile in ("stream", "reuse") and which == "few":
        chosen = chosen.but(incarnations=1, b_sends=False, abort=False)
    found = same(Rules(), chosen, checks_for(profile))
    assert found.complete


RULES: list[Any] = [
    pytest.param("time", {"isn": Isn.ANY}, LITTLE["few"], marks=pytest.mark.slow),
    ("time", {"isn": Isn.CONSTANT}, LITTLE["few"]),
    ("time", {"lifetime_inclusive": True}, LITTLE["few"]),
    ("time", {"lifetime_bounded": False}, LITTLE["few"]),
    ("time", {"lifetime_bounded": False, "time_wait_ignores_reset": True}, LITTLE["one"]),
    ("time", {"time_wait_restart": Restart.EMISSION, "time_wait_cut": 2}, LITTLE["one"]),
    ("time", {"isn": Isn.ANY, "time_wait_restart": Restart.FIN}, LITTLE["one"]),
    pytest.param(
        "abort", {"isn": Isn.ANY, "abort_time_wait": True}, LITTLE["few"], marks=pytest.mark.slow
    ),
    ("abort", {"isn": Isn.ANY, "abort_time_wait": True}, LITTLE["one"]),
    ("crash", {"quiet_time": False, "isn": Isn.ANY}, LITTLE["few"]),
    ("handshake", {"isn": Isn.ANY}, {**LITTLE["few"], "abort": False}),
    ("simultaneous", {"syn_ack_exact": True}, LITTLE["few"]),
    ("rest", {"three_way": False}, {"duplicate": False}),
    ("rest", {"close_waits": True}, {"lose": False, "abort": False}),
    ("rest", {}, {"duplicate": False, "lose": False, "in_flight": 3, "abort": False}),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "rules", "bounds"), RULES, ids=str)
def test_rules(profile: str, rules: dict[str, Any], bounds: dict[str, Any]) -> None:
    limits = PROFILES[profile].but(**bounds)
    assert same(replace(Rules(), **rules), limits, checks_for(profile)).complete


QUICK = {"8 T1", "9 T2", "10 T1", "11 T2", "12 T1s.far", "14 T1", "16 T4.abort", "17 T7", "20 T10"}


@pytest.mark.parametrize(
    "ablation",
    [
        pytest.param(a, id=a.id, marks=[] if a.id in QUICK else [pytest.mark.slow])
        for a in ABLATIONS
        if a.claim.kind != EVENTUALLY
    ],
)
def test_ablations_are_refuted_by_the_same_trace(ablation: Any) -> None:
    claim = ablation.claim
    (job,) = explorations.jobs([claim], ablation.rules, ablation.bounds)
    checks = {claim.id: check_of(claim)}
    one = explore(job.model.anew().system, checks, graph=False)
    two = native.explore(TcpParts(job.model.anew().system), checks)
    assert told(two)[1] == told(one)[1]
    assert set(two.decisive) == {claim.id}


def test_a_predicate_that_looks_at_the_channel_is_refused() -> None:
    claim = replace(BY_ID["W3"], predicate=lambda world: any(world.links[0]))
    (job,) = explorations.jobs([claim], {}, {})
    checks = {claim.id: check_of(claim)}
    for parts in (job.model.anew().system, TcpParts(job.model.anew().system)):
        run = native.explore if isinstance(parts, TcpParts) else explore
        with pytest.raises(TypeError, match="asks what is in flight"):
            run(parts, checks)


def test_claims_speak_of_the_ends_only() -> None:
    """The native engine judges pairs of ends; what is in flight it does not show."""
    for profile in ("time", "rest", "stream"):
        found = explore(Interned(Rules(), *little(profile, "one")), {}, max_states=1500)
        for _, world in found.graph.nodes(data="state"):
            bare = world._replace(links=(None, None))
            for check in checks_for(profile).values():
                assert check.predicate(bare) == check.predicate(world)


@pytest.mark.parametrize("wrong", ["looks", "notices", "watch", "seen", "age", "tick"])
def test_wrong_parts_of_the_specification_are_told(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose: Any = TcpObserver if hasattr(TcpObserver, wrong) else TcpParts
    right = getattr(whose, wrong)
    parts = TcpParts(Interned(Rules(), *PROFILES["time"]))
    assert parts.observer is not None
    sight = parts.observer.seen(parts.initial()[0])
    monkeypatch.setattr(
        whose,
        wrong,
        {
            "looks": lambda self, end: 0,
            "notices": lambda self, watch, message, outgoing: False,
            "watch": lambda self, end: 0,
            "seen": lambda self, end: sight,
            "age": lambda self, message: message,
            "tick": lambda self, end: right(self, end) or end,
        }[wrong],
    )
    with pytest.raises((AssertionError, StopIteration)):  # or there is no such path at all
        for which in LITTLE:
            rules = Rules(lifetime_bounded=wrong != "watch")
            same(rules, little("time", which), checks_for("time"))


def test_the_engine_that_suits_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = little("rest", "few"), little("time", "one")
    assert explorer.search(Interned(Rules(), *small), {}, Options()).engine == "explore"
    assert (
        explorer.search(Interned(Rules(), *small), {}, Options(engine="native")).engine == "native"
    )
    monkeypatch.setattr(explorer, "FEW", 1000)
    found = explorer.search(Interned(Rules(), *large), {}, Options())
    assert (found.engine, found.complete) == ("native", True)
    # What is decided early, the reference decides
    near = {"near": Check("sometimes", lambda world: True)}
    assert explorer.search(Interned(Rules(), *large), near, Options()).engine == "explore"
    limited = explorer.search(Interned(Rules(), *large), {}, Options(max_states=500))
    assert (limited.engine, limited.limited) == ("explore", True)
    monkeypatch.setattr(explorer, "MANY", 2000)
    found = explorer.search(Interned(Rules(), *large), {}, Options())
    assert (found.engine, found.complete) == ("native", True)  # there time passes
    dense = little("crossing", "one")
    found = explorer.search(Interned(Rules(), *dense), {}, Options())
    assert (found.engine, found.complete) == ("sets", True)
    known = explorer.search(Interned(Rules(), *dense), {}, Options(engine="explore"))
    assert (found.states, found.transitions) == (known.states, known.transitions)
    limited = explorer.search(Interned(Rules(), *dense), {}, Options(max_states=1500))
    assert (limited.engine, limited.limited) == ("native", True)


def test_what_is_likely_to_come_to_the_limit_of_an_engine_is_not_begun_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[str] = []

    def engine_of(name: str) -> Any:
        begun.append(name)
        return known(name)

    known = engine.engine_of
    monkeypatch.setattr(engine, "engine_of", engine_of)
    monkeypatch.setattr(explorer, "FEW", 100)
    monkeypatch.setattr(explorer, "MANY", 200)
    for likely, engines in ((1, ["explore", "native"]), (101, ["native"]), (201, [])):
        begun.clear()
        system = Interned(Rules(), *little("crossing", "one"))
        assert explorer.search(system, {}, Options(likely=likely)).engine == "sets"
        assert begun == engines
    begun.clear()
    some = explorer.search(system, {}, Options(likely=201, max_states=50))
    assert (begun, some.limited) == (["explore"], True)


@pytest.mark.parametrize(("name", "value"), [("FREE", 0), ("FULL", 64.0)])
def test_what_is_too_sparse_for_sets_is_left_to_the_native_engine(
    name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_search, name, value)
    monkeypatch.setattr(set_search, "SURE", 1000)
    system = Interned(Rules(), *little("crossing", "one"))
    found = explorer.search(system, {}, Options(likely=explorer.MANY + 1))
    assert (found.engine, found.complete) == ("native", True)


@pytest.mark.parametrize("profile", ["time", "handshake", "rest"])
def test_threads_change_nothing(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "STRETCH", 64)
    monkeypatch.setattr(search, "ROUND", 8)
    same(Rules(), little(profile, "few"), checks_for(profile), threads=2)


def swapped(world: World) -> World:
    return world._replace(hosts=world.hosts[::-1], links=world.links[::-1])


@pytest.mark.parametrize("profile", ["handshake", "simultaneous", "simultaneous-far", "rest"])
def test_symmetric_states_are_one(profile: str) -> None:
    chosen, checks = little(profile, "few"), checks_for(profile)
    one = explore(Interned(Rules(), *chosen), checks, stop_when_decided=False)
    two = explorer.search(
        Interned(Rules(), *chosen),
        checks,
        Options(engine="native", symmetric=True),
        stop_when_decided=False,
    )
    assert two.states == orbits(one, swapped) < one.states
    assert (two.depth, lengths(two)) == (one.depth, lengths(one))
    for name, path in two.decisive.items():
        assert checks[name].predicate(path.steps[-1][1]) == (checks[name].kind == "sometimes")


@pytest.mark.parametrize(
    ("profile", "name"), [("lifecycle", "OPEN"), ("crash", "crash"), ("forgery", "forged")]
)
def test_symmetry_is_refused_where_one_host_can_do_more(profile: str, name: str) -> None:
    with pytest.raises(UsageProblem, match=f"--symmetry needs .* alike.*{name}"):
        explorer.search(
            Interned(Rules(), *PROFILES[profile]), {}, Options(engine="native", symmetric=True)
        )


def test_a_limit_of_states() -> None:
    system = Interned(Rules(), *little("time", "one"))
    found = native.explore(TcpParts(system), {}, max_states=1000)
    assert (found.complete, found.limited) == (False, True)
    assert found.why == "limit of 1,000 states reached"
    assert 1000 <= found.states < 6368


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ({"max_states": 2000}, "limit of 2,000 states reached"),
        ({"max_memory": 1 << 20}, "limit of 0.00 GiB of memory reached"),
    ],
    ids=["states", "memory"],
)
def test_verify_says_what_the_limit_was(limit: dict[str, int], why: str) -> None:
    options = Options(engine="native", **limit)
    result, _ = verify.verify(
        choose_claims(["T1s.far"]), {}, {"in_flight": 2}, options=options, workers=1
    )
    assert reports.exit_code(result) == INCONCLUSIVE == 3
    (claim,) = (claim for claim in result.claims if claim.id == "T1s.far")
    assert (claim.verdict, claim.note[: len(why)], claim.scope) == ("inconclusive", why, "bounded")
