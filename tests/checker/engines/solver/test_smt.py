"""The solver's engines, at full width: they agree with the explorer in verdict and in length."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import z3

from checker.engines.explicit.reference import explore
from checker.engines.solver import smt, symbolic
from checker.ir.interpret import evaluate, leaves
from checker.ir.nodes import BOOL, Builder, integer
from checker.model import solved
from checker.model import traced as trees
from checker.model.interned import Interned
from checker.model.model import Model
from checker.studies import pins
from proofs.claims.ablations import ABLATIONS, Ablation
from proofs.claims.claim import EVENTUALLY, REST, Claim
from proofs.claims.table import BY_ID
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.world.endpoint import initial
from spec.world.profiles import PROFILES, Profile
from spec.world.records import key, paths
from spec.world.system import World

PINS = pins.expectations()
BY_NUMBER = {
    a.id: a
    for a in ABLATIONS
    if a.claim.kind != EVENTUALLY and not PROFILES[a.claim.profile].bounds.transfer
}
"""Of a data plane SEGMENT ARRIVES has some 100,000 paths, which are minutes to trace."""
LENGTHS = {id: PINS["ablations"][id]["length"] for id in BY_NUMBER}
DEEP = ("1 T4", "2 T4", "6 T4", "7 T4.sync", "7 T4.open", "18 T4")
"""Ablations of T4 at depths 14 to 19. With ISNs of any value the states double at each depth; so
for these the first ISN is any, and the next lies from it where the explorer puts it."""
TOO_DEEP = ("4 T4", "7 T4.octet")
"""Depth 25 takes more than 14 GB; the same ablation of T3, at depth 17, is checked. Depth 20 with
an octet was not tried."""


@cache
def composed(ablation: str, width: int = 32) -> tuple[smt.OpenComposition, trees.Traced, Claim]:
    """The composition of an ablation, or of a claim if it is the name of one."""
    if ablation in BY_NUMBER:
        change: Any = BY_NUMBER[ablation]
        claim, rules, bounds = change.claim, change.rules, change.bounds
    else:
        claim, rules, bounds = BY_ID[ablation], {}, {}
    model = Model(
        replace(Rules(), **{**claim.rules, **rules}),
        *PROFILES[claim.profile].but(width=width, **bounds),
    )
    return model.open_composition(strides_as_explored=ablation in DEEP), model.reduced, claim


# Symbolic exploration


def search(name: str, depth: int) -> symbolic.Result:
    composition, traced, claim = composed(name)
    good = trees.predicate(claim.predicate, traced)
    return symbolic.search(composition, traced.tracer.build, good, depth)


def slow(id: str, deepest: int) -> bool:
    """Does an ablation take long? If its run is long; the others have a listener's or Fast Open's
    many rules, or conduct's many trees, at 32 bits, and others like them stay."""
    return LENGTHS[id] > deepest or id in ("62 S17", "9 C1", "33 S1", "36 S4", "39 S15")


@pytest.mark.parametrize(
    "ablation",
    [
        pytest.param(a, id=a.id, marks=[pytest.mark.slow] if slow(a.id, 4) else [])
        for a in BY_NUMBER.values()
        if a.id not in TOO_DEEP and a.claim.kind != REST  # it decides no deadlocks
    ],
)
def test_symbolic_search_agrees_on_ablations(ablation: Ablation) -> None:
    """The search goes level by level, so that the length found is the shortest."""
    length = LENGTHS[ablation.id]
    result = search(ablation.id, length)
    assert (result.length, len(result.actions)) == (length, length)
    names = {f"isn.{h}.{n}" for h in "AB" for n in range(3)}
    assert set(result.values) <= names
    assert all(0 <= value < 1 << 32 for value in result.values.values())
    if length <= 7:
        shorter = search(ablation.id, length - 1)
        assert (shorter.length, shorter.depth, shorter.complete) == (None, length - 1, False)


@pytest.mark.parametrize("name", ["T10", "T1"])
def test_symbolic_search_finds_nothing_where_the_claim_holds(name: str) -> None:
    """To the length of the ablations' counterexamples, for every ISN of 32 bits."""
    result = search(name, 6)
    assert (result.length, result.depth) == (None, 6)


def test_symbolic_search_to_the_end() -> None:
    """All of T10's states are explored, and its claim holds for all ISNs."""
    result = search("T10", 100)
    assert result.complete
    assert result.length is None
    assert result.depth == PINS["small"]["T10"]["depth"] + 1  # a level more, to find it empty


def test_symbolic_search_notices_a_wrong_rule() -> None:
    """Of T10 with one resulting row altered: the harm is done by the ghost's own word."""
    composition, traced, claim = composed("T10")

    def harmed(leaf: Any) -> Any:
        if not leaf.static.possible:
            return leaf
        at = [f.path for f in composition.components[0].fields].index("ghost.harmed")
        outputs = list(leaf.outputs)
        outputs[at] = traced.tracer.build.true
        return replace(leaf, outputs=tuple(outputs))

    def alter(tree: Any) -> Any:
        if isinstance(tree, smt.Leaf):
            return harmed(tree)
        return replace(tree, then=alter(tree.then), other=alter(tree.other))

    kinds = [
        replace(kind, tree=alter(kind.tree)) if kind.name == Input.ABORT.value else kind
        for kind in composition.kinds
    ]
    wrong = replace(composition, kinds=kinds)
    good = trees.predicate(claim.predicate, traced)
    result = symbolic.search(wrong, traced.tracer.build, good, 5)
    assert (result.length, result.actions[-1]) == (2, "ABORT")


# Bounded model checking


def ask(name: str, steps: int) -> smt.Answer:
    composition, traced, claim = composed(name)

    def bad(state: smt.State) -> Any:
        term = solved.formula(claim.predicate, traced, state)
        return term if claim.kind == "sometimes" else z3.Not(term)

    return smt.bmc(smt.Unrolling(composition), bad, steps)


SOLVED = [
    pytest.param(id, LENGTHS[id], id=id, marks=[pytest.mark.slow] if slow(id, 4) else [])
    for id in LENGTHS
    if LENGTHS[id] <= 5 and BY_NUMBER[id].claim.kind != REST
]


@pytest.mark.parametrize(("name", "length"), SOLVED)
def test_bounded_model_checking_agrees_on_ablations(name: str, length: int) -> None:
    assert ask(name, length - 1).status == "unsat"
    answer = ask(name, length)
    assert answer.status == "sat"
    assert len(answer.actions) == length
    assert "stay" not in answer.actions, "a shortest run does not stay"
    assert symbolic_length(name, length) == length


def symbolic_length(name: str, depth: int) -> int | None:
    return search(name, depth).length


@pytest.mark.parametrize("name", ["W1", pytest.param("W10", marks=pytest.mark.slow)])
def test_a_witness_is_satisfiable_at_its_length(name: str) -> None:
    length = PINS["small"][name]["length"]
    answer = ask(name, length)
    assert answer.status == "sat"
    states = [answer.states[-1][f"{end}.tcb.state"].value for end in "ab"]
    assert states == ["ESTABLISHED", "ESTABLISHED"]
    assert ask(name, length - 1).status == "unsat"


def test_bounded_model_checking_finds_nothing_where_the_claim_holds() -> None:
    """The rules of ablation 9 kept, to its length."""
    assert ask("T1", LENGTHS["9 T1"]).status == "unsat"


def test_bounded_model_checking_notices_a_wrong_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages that are not taken away when they are delivered or lost are no bag."""
    monkeypatch.setattr(
        smt.Unrolling, "_with", lambda self, bag, new, total: (bag, z3.BoolVal(False))
    )
    assert ask("9 T1", LENGTHS["9 T1"]).status == "unsat"


# Constants


def choices() -> dict[str, tuple[Rules, Profile]]:
    found = {id: (Rules(), PROFILES[id]) for id in ("forgery", "rest")}
    claim = BY_ID["T3"]
    return found | {"T3": (replace(Rules(), **claim.rules), PROFILES[claim.profile])}


def frozen(name: str) -> tuple[Interned, dict[str, Any]]:
    rules, profile = choices()[name]
    system = Interned(rules, *profile)
    inputs = [w for w in Input if w in system.calls[0] or w in system.calls[1]]
    return system, trees.constants(rules, *profile, [*inputs, Input.SEGMENT, Input.TICK])


def breaks(system: Interned, constants: dict[str, Any]) -> set[str]:
    """The constants that some reachable state or segment has another value of."""
    start, blank = initial(system.watchers, system.bounds), Segment(seq=0)
    ends = [f"me.{path}" for path in paths(start)]
    segs = [f"seg.{path}" for path in paths(blank)]
    met: dict[str, set[Any]] = {}
    seen: set[Any] = set()

    def note(record: Any, names: list[str]) -> None:
        if record not in seen:
            seen.add(record)
            for name, value in zip(names, key(record), strict=True):
                met.setdefault(name, set()).add(value)

    def look(world: World) -> bool:
        for end in world.hosts:
            note(end, ends)
        for seg in (*world.links[0], *world.links[1]):
            note(seg, segs)
        return True

    explore(system, {"look": _always(look)}, graph=False, max_states=20_000)
    return {name for name, value in constants.items() if met.get(name, {value}) != {value}}


def _always(predicate: Callable[[World], bool]) -> Any:
    from checker.engines.explicit.engine import Check

    return Check("always", predicate)


def inductive(system: Interned, constants: dict[str, Any]) -> bool:
    """Does every step from what satisfies the constants lead to what does?"""
    traced = trees.Traced(system.rules, system.bounds, system.watchers, constants)
    ends, width = len(traced.end_fields), len(traced.seg_fields)
    names = [f"me.{f.path}" for f in traced.end_fields]
    message = [f"seg.{f.path}" for f in traced.seg_fields]
    inputs = [w for w in Input if w in system.calls[0] or w in system.calls[1]]
    for what in [*inputs, Input.SEGMENT, Input.TICK]:
        for leaf in leaves(traced.tree(what)):
            if not leaf.static.possible:
                continue
            assert len(leaf.outputs) == ends + leaf.static.sent * width
            row = zip(names + message * leaf.static.sent, leaf.outputs, strict=True)
            for name, node in row:
                fixed = name in constants and name != "seg.ttl"  # the channel sets that
                if fixed and (node.op != "const" or evaluate(node, {}) != constants[name]):
                    return False
    return True


@pytest.mark.parametrize("name", choices())
def test_constants_are_inductive_and_hold(name: str) -> None:
    system, constants = frozen(name)
    assert len(constants) > 10, "there are fields that this profile does not use"
    start = initial(system.watchers, system.bounds)
    first = dict(zip((f"me.{path}" for path in paths(start)), key(start), strict=True))
    assert all(first[n] == v for n, v in constants.items() if n.startswith("me."))
    assert inductive(system, constants)
    assert breaks(system, constants) == set()


@pytest.mark.parametrize(
    "path", ["me.tcb.state", "me.tcb.rcv.nxt", "me.tcb.closing", "seg.ctl.syn"]
)
def test_a_field_that_is_wrongly_frozen_is_noticed(path: str) -> None:
    system, constants = frozen("rest")
    assert path not in constants
    kind, _, field = path.partition(".")
    record = initial(system.watchers, system.bounds) if kind == "me" else Segment(seq=0)
    wrong = dict(zip(paths(record), key(record), strict=True))[field]
    assert not inductive(system, constants | {path: wrong})
    assert breaks(system, constants | {path: wrong}) == {path}


def test_a_choice_that_may_be_negative_is_wrapped_whole() -> None:
    """(0 - 1 if p else 0) mod 256 is 255 or 0, though the choice has no bits for it by itself."""
    build = Builder()
    p, a = build.var("p", BOOL), build.var("a", integer(0, 1))
    less = build.sub(build.const(0), a)
    node = build.wrap(build.ite(p, less, build.const(0)), 8)
    terms = smt.Terms({"p": z3.BoolVal(True), "a": z3.BitVecVal(1, 1)})
    assert z3.simplify(terms.of(node)).as_long() == evaluate(node, {"p": True, "a": 1}) == 255
