"""The traced specification and the specification are one: tree, plain Python and solver agree.

Points are taken from explorations (what is reached), from Hypothesis (anything within the
schema's domains), and from the solver, which is asked for one that leads to each leaf.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.core import interpret
from checker.core.interpret import leaf_of, run
from checker.core.ir import Builder, Sort, enumeration, integer
from checker.core.schema import Field, fields, symbols
from checker.core.trace import Branch, Leaf, Tracer, Tree
from checker.engines import smt
from checker.engines.explore import explore
from checker.model import Static, Traced
from proofs.ablations import ABLATIONS
from proofs.claims import BY_ID, CLAIMS
from spec import host
from spec.bounds import PROFILES, Bounds
from spec.ghosts import Sight
from spec.host import Endpoint
from spec.inputs import Input
from spec.record import clone, key, rebuild
from spec.rules import Isn, Restart, Rules
from spec.segment import Segment, acceptable
from spec.seq import Space, choose
from spec.system import CALLS, System
from spec.tcb import State

Point = tuple[Endpoint, Input, Segment | None, Sight, int]
Result = tuple[Static, tuple[Any, ...], list[tuple[Any, ...]]]


def by_python(traced: Traced, point: Point) -> Result:
    """What ``spec.host.step`` makes of a point: the constants, the endpoint, the segments."""
    end, what, seg, sight, isn = point
    after = clone(end)
    arriving = None if seg is None else clone(seg)
    did = host.step(after, what, arriving, isn, sight, traced.rules, traced.bounds)
    if not did.possible:
        return Static(False), (), []
    static = Static(True, did.rules, did.signals, did.drew_isn, len(did.sent))
    return static, key(after), [key(sent) for sent in did.sent]


def by_tree(traced: Traced, point: Point, tree: Tree | None = None) -> Result:
    """The same, from the tree."""
    end, what, seg, sight, isn = point
    static, values = run(tree or traced.tree(what), traced.values(end, seg, sight, isn))
    if not static.possible:
        return static, (), []
    ends, width = len(traced.end_fields), len(traced.seg_fields)
    assert len(values) == ends + static.sent * width
    cuts = range(ends, len(values), width)
    return static, tuple(values[:ends]), [tuple(values[at : at + width]) for at in cuts]


@cache
def traces(rules: Rules, bounds: Bounds) -> Traced:
    return Traced(rules, bounds)


# What is reached


class Watching(System):
    """A system that notes every point at which an endpoint is asked to step."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        super().__init__(rules, bounds)
        self.met: list[Point] = []

    def react(self, end: Endpoint, what: Input, seg: Segment | None, sight: Sight) -> Any:
        self.met += [(end, what, seg, sight, isn) for isn in self.isns(end)]
        return super().react(end, what, seg, sight)


def reached(rules: Rules, bounds: Bounds, max_states: int = 3000) -> list[Point]:
    system = Watching(rules, bounds)
    explore(system, {}, graph=False, max_states=max_states)
    return system.met


URGENT = replace(
    PROFILES["stream"], octets=2, urgent=True, user_timeout=True, crashes=1, msl=1, span=1
)
CHOICES = {name: (Rules(), bounds) for name, bounds in PROFILES.items()}
CHOICES |= {
    claim.id: (replace(Rules(), **claim.rules), PROFILES[claim.profile])
    for claim in CLAIMS
    if claim.rules and claim.kind != "sometimes"
}
CHOICES |= {
    f"without {a.id}": (
        replace(Rules(), **{**BY_ID[a.claim].rules, **a.rules}),
        replace(PROFILES[BY_ID[a.claim].profile], **a.bounds),
    )
    for a in ABLATIONS
}
CHOICES |= {
    "text on SYN": (replace(Rules(), data_on_syn=True, fin_ack_delayed=True), URGENT),
    "reopening": (
        replace(Rules(), time_wait_reopen=True, isn=Isn.ANY),
        replace(PROFILES["time"], msl=1),
    ),
}
QUICK = [*PROFILES, "T4", "T4.abort", "text on SYN", "reopening"]


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in CHOICES]
)
def test_agree_on_what_is_reached(name: str) -> None:
    rules, bounds = CHOICES[name]
    points = reached(rules, bounds)
    assert len({point[1] for point in points}) > 3
    traced = traces(rules, bounds)
    for point in points:
        assert by_tree(traced, point) == by_python(traced, point)


# Anything


def values_of(sort: Sort) -> st.SearchStrategy[Any]:
    """Values of a sort; of sequence numbers rather those close to each other or to zero."""
    if sort.kind == "bool":
        return st.booleans()
    if sort.kind == "enum":
        assert sort.members is not None
        return st.sampled_from(list(sort.members))
    if sort.hi < 64:
        return st.integers(sort.lo, sort.hi)
    middle = sort.hi // 2
    return st.one_of(
        st.integers(sort.lo, sort.lo + 6),
        st.integers(middle - 3, middle + 3),
        st.integers(sort.hi - 3, sort.hi),
        st.integers(sort.lo, sort.hi),
    )


def rows(layout: list[Field]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(values_of(f.sort) for f in layout))


def anything(traced: Traced, what: Input) -> st.SearchStrategy[Point]:
    def point(end: Any, seg: Any, sight: Any, isn: int, state: State) -> Point:
        made = rebuild(host.initial(traced.bounds), iter(end))
        made.tcb.state = state
        made.up, made.quiet = made.up or what != Input.RESTART, 0 if made.up else made.quiet
        arriving = rebuild(Segment(seq=0), iter(seg)) if what == Input.SEGMENT else None
        return made, what, arriving, rebuild(Sight(), iter(sight)), isn

    return st.builds(
        point,
        rows(traced.end_fields),
        rows(traced.seg_fields),
        rows(traced.sight_fields),
        values_of(traced.isn_sort),
        st.sampled_from(State),
    )


WATCHING = Bounds(
    width=4,
    window=3,
    octets=1,
    msl=2,
    span=1,
    crashes=1,
    urgent=True,
    watch_agreement=True,
    watch_stale=True,
    watch_confusion=True,
    watch_streams=True,
    watch_forgery=True,
)
"""Everything at once."""
OTHER = Rules(
    syn_ack_exact=True,
    data_on_syn=True,
    close_waits=True,
    fin_ack_delayed=True,
    abort_time_wait=True,
    time_wait_restart=Restart.FIN,
    time_wait_reopen=True,
)


@pytest.mark.parametrize("rules", [Rules(), OTHER], ids=["default", "other"])
@pytest.mark.parametrize("width", [4, 32])
@pytest.mark.parametrize("what", Input, ids=lambda what: what.name)
def test_agree_on_anything(what: Input, width: int, rules: Rules) -> None:
    traced = traces(rules, replace(WATCHING, width=width))
    traced.tree(what)

    @settings(max_examples=150 if what == Input.SEGMENT else 15, deadline=None)
    @given(anything(traced, what))
    def agree(point: Point) -> None:
        assert by_tree(traced, point) == by_python(traced, point)

    agree()
