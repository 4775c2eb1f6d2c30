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

from checker.engines.explicit.reference import explore
from checker.engines.solver import smt
from checker.ir import interpret
from checker.ir.interpret import leaf_of, run
from checker.ir.nodes import BOOL, Sort, enumeration, integer
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tracer, Tree
from checker.model.interned import Interned
from checker.model.traced import Static, Traced
from proofs.claims.ablations import ABLATIONS, CONTROLS
from proofs.claims.table import CLAIMS
from spec.observe.conduct import Conduct
from spec.observe.sights import Sight
from spec.rules import Congestion, Isn, Restart, Rules
from spec.seq import Space, choose
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment, acceptable
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.enabled import Event
from spec.world.endpoint import Endpoint
from spec.world.forgery import Forgery
from spec.world.happen import happen
from spec.world.profiles import PROFILES, Profile
from spec.world.records import clone, key, rebuild
from tests.helpers.build import WATCHERS

Point = tuple[Endpoint, Input, Segment | None, Sight, int]
Result = tuple[Static, tuple[Any, ...], list[tuple[Any, ...]]]


def by_python(traced: Traced, point: Point) -> Result:
    """What ``spec.world.happen`` makes of a point: the constants, the endpoint, the segments."""
    end, what, seg, sight, isn = point
    after = clone(end)
    arriving = None if seg is None else clone(seg)
    did = happen(after, what, arriving, isn, traced.rules, traced.bounds, traced.watchers, sight)
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
def traces(rules: Rules, profile: Profile) -> Traced:
    return Traced(rules, *profile)


# What is reached


class Watching(Interned):
    """A system that notes every point at which an endpoint is asked to step."""

    def __init__(self, rules: Rules, profile: Profile) -> None:
        super().__init__(rules, *profile)
        self.met: list[Point] = []

    def react(
        self, end: Endpoint, socket: int, what: Event, seg: Segment | None, sight: Sight
    ) -> Any:
        if (end, socket, seg, sight) not in self.known[what]:
            self.met += [(end, what, seg, sight, isn) for isn in self.isns(end)]
        return super().react(end, socket, what, seg, sight)


def reached(rules: Rules, profile: Profile, max_states: int = 3000) -> list[Point]:
    system = Watching(rules, profile)
    explore(system, {}, graph=False, max_states=max_states)
    return system.met


URGENT = PROFILES["stream"].but(octets=2, urgent=True, user_timeout=True, crashes=1, msl=1, span=1)
CHOICES = {name: (Rules(), profile) for name, profile in PROFILES.items()}
CHOICES |= {
    claim.id: (replace(Rules(), **claim.rules), PROFILES[claim.profile])
    for claim in CLAIMS
    if claim.rules and claim.kind != "sometimes"
}
CHOICES |= {
    f"without {a.id}": (
        replace(Rules(), **{**a.claim.rules, **a.rules}),
        PROFILES[a.claim.profile].but(**a.bounds),
    )
    for a in (*ABLATIONS, *CONTROLS)
}
CHOICES |= {
    "text on SYN": (replace(Rules(), data_on_syn=True, fin_ack_delayed=True), URGENT),
    "reopening": (
        replace(Rules(), time_wait_reopen=True, isn=Isn.ANY),
        PROFILES["time"].but(msl=1),
    ),
}
CHOICES = {name: one for name, one in CHOICES.items() if not one[1].bounds.transfer}
CHOICES |= {
    f"{name}, no congestion control": (
        Rules(congestion=Congestion.NONE, delayed_ack=False, reassembly=False),
        PROFILES[name],
    )
    for name in ("transfer-shut", "transfer-shrinks")
}
"""Of a whole data plane SEGMENT ARRIVES has some 100,000 paths; of these two, 20,000."""
QUICK = ["handshake", "crash", "forgery"]
"""Parts of the state that the others leave alone; octets are slow."""


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in CHOICES]
)
def test_agree_on_what_is_reached(name: str) -> None:
    rules, profile = CHOICES[name]
    points = reached(rules, profile)
    assert len({point[1] for point in points}) > 3
    traced = traces(rules, profile)
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
        made = rebuild(traced.blank(), iter(end))
        made.tcb.state = state
        host = made.host
        host.up, host.quiet = host.up or what != Input.RESTART, 0 if host.up else host.quiet
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


WATCHING = Profile(
    Bounds(width=4, window=3, octets=1, msl=2, span=1, crashes=1, urgent=True), WATCHERS
)
"""Everything at once."""
QUICKER = Profile(
    replace(WATCHING.bounds, width=32),
    tuple(w for w in WATCHERS if not isinstance(w, Conduct)),
)
"""Without what makes the trees three times as large."""
OTHER = Rules(
    syn_ack_exact=True,
    data_on_syn=True,
    close_waits=True,
    fin_ack_delayed=True,
    abort_time_wait=True,
    time_wait_restart=Restart.FIN,
    time_wait_reopen=True,
)


@pytest.mark.parametrize(
    ("rules", "profile"),
    [
        pytest.param(Rules(), QUICKER.but(width=4), id="4-quicker", marks=pytest.mark.slow),
        pytest.param(OTHER, QUICKER, id="32-other"),
        pytest.param(Rules(), WATCHING, id="4", marks=pytest.mark.slow),
        pytest.param(OTHER, WATCHING, id="4-other", marks=pytest.mark.slow),
        pytest.param(Rules(), WATCHING.but(width=32), id="32", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("what", Input, ids=lambda what: what.name)
def test_agree_on_anything(what: Input, rules: Rules, profile: Profile) -> None:
    traced = traces(rules, profile)
    traced.tree(what)

    @settings(max_examples=150 if what == Input.SEGMENT else 15, deadline=None)
    @given(anything(traced, what))
    def agree(point: Point) -> None:
        assert by_tree(traced, point) == by_python(traced, point)

    agree()


# All of it: functions with few arguments, at width 3

SPACE = Space(3)
SEQ, WINDOW, LENGTH = integer(0, 7), integer(0, 2), integer(0, 2)


def table_6(rcv_nxt: Any, rcv_wnd: Any, number: Any, text: Any, syn: Any, fin: Any) -> Any:
    seg = Segment(seq=number, text=text)
    seg.ctl.syn, seg.ctl.fin = syn, fin
    return acceptable(SPACE, rcv_nxt, rcv_wnd, seg)


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[Sort]]] = {
    "Table 6": (table_6, [SEQ, WINDOW, SEQ, LENGTH, BOOL, BOOL]),
    "plus": (SPACE.plus, [SEQ, SEQ]),
    "minus": (SPACE.minus, [SEQ, SEQ]),
    "lt": (SPACE.lt, [SEQ, SEQ]),
    "le": (SPACE.le, [SEQ, SEQ]),
    "le_lt": (SPACE.le_lt, [SEQ, SEQ, SEQ]),
    "lt_le": (SPACE.lt_le, [SEQ, SEQ, SEQ]),
    "le_le": (SPACE.le_le, [SEQ, SEQ, SEQ]),
    "choose": (choose, [BOOL, SEQ, SEQ]),
    "choose a state": (choose, [BOOL, enumeration(State), enumeration(State)]),
}


def domain(sort: Sort) -> list[Any]:
    if sort.kind == "int":
        return list(range(sort.lo, sort.hi + 1))
    return list(sort.members) if sort.members else [False, True]


def function_tree(name: str) -> Tree:
    function, sorts = FUNCTIONS[name]
    tracer = Tracer()
    arguments = [tracer.var(str(i), sort) for i, sort in enumerate(sorts)]
    return tracer.trace(lambda: (None, [function(*arguments)]))


def everywhere(name: str) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each point of the function's domain, with its value there."""
    function, sorts = FUNCTIONS[name]
    for values in itertools.product(*map(domain, sorts)):
        yield {str(i): v for i, v in enumerate(values)}, function(*values)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_agree_everywhere(name: str) -> None:
    tree = function_tree(name)
    assert isinstance(tree, Leaf), "helpers compute"
    for at, expected in everywhere(name):
        assert run(tree, at)[1] == [expected], at


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_solver_agrees_everywhere(name: str) -> None:
    _, sorts = FUNCTIONS[name]
    tree = function_tree(name)
    variables = {str(i): smt.variable(str(i), sort) for i, sort in enumerate(sorts)}
    (output,) = tree.outputs
    term = smt.Terms(variables).of(output)
    for at, expected in list(everywhere(name))[:: 7 if name == "Table 6" else 1]:
        assert value_of(term, variables, at, output.sort) == expected, at


# The solver


def value_of(term: Any, variables: dict[str, Any], at: dict[str, Any], sort: Sort) -> Any:
    """The plain value of a term where the variables have the values ``at``."""
    swap = [(v, smt.literal(at[n], width_sort(v, at[n]))) for n, v in variables.items()]
    return smt.plain(z3.simplify(z3.substitute(term, *swap)), sort)


def width_sort(variable: Any, value: Any) -> Sort:
    """A sort as wide as the variable."""
    if isinstance(value, int) and not isinstance(value, bool):
        return integer(0, (1 << variable.size()) - 1)
    return BOOL if isinstance(value, bool) else enumeration(type(value))


def variables_of(traced: Traced) -> dict[str, tuple[Any, Sort]]:
    """The solver's variables of a tree, and their sorts."""
    sorts = {
        f"{prefix}.{f.path}": f.sort
        for prefix, layout in (
            ("me", traced.end_fields),
            ("seg", traced.seg_fields),
            ("sight", traced.sight_fields),
        )
        for f in layout
    } | {"isn": traced.isn_sort}
    return {name: (smt.variable(name, sort), sort) for name, sort in sorts.items()}


def point_at(traced: Traced, what: Input, values: dict[str, Any]) -> Point:
    """A point from its variables' values."""

    def record(like: Any, prefix: str, layout: list[Field]) -> Any:
        return rebuild(like, iter([values[f"{prefix}.{f.path}"] for f in layout]))

    return (
        record(traced.blank(), "me", traced.end_fields),
        what,
        record(Segment(seq=0), "seg", traced.seg_fields) if what == Input.SEGMENT else None,
        record(Sight(), "sight", traced.sight_fields),
        values["isn"],
    )


def thinned(tree: Tree, every: int) -> Any:
    """The tree with every so manyth of its leaves; None if none of them is in it."""
    if isinstance(tree, Leaf):
        return None if tree.index % every else tree
    then, other = thinned(tree.then, every), thinned(tree.other, every)
    return (then or other) and dataclasses.replace(tree, then=then, other=other)


def ways(tree: Any, terms: smt.Terms, solver: Any) -> Iterator[Leaf]:
    """The leaves that some point leads to; the solver then has a model of such a point."""
    if tree is None:
        return
    if isinstance(tree, Leaf):
        if solver.check() == z3.sat:
            yield tree
        return
    test = terms.of(tree.test)
    for condition, after in ((test, tree.then), (z3.Not(test), tree.other)):
        solver.push()
        solver.add(condition)
        if isinstance(after, Leaf) or solver.check() == z3.sat:
            yield from ways(after, terms, solver)
        solver.pop()


def in_domain(variables: dict[str, tuple[Any, Sort]]) -> list[Any]:
    """Bit-vectors have room for values that their sorts have not."""
    limits = []
    for term, sort in variables.values():
        if sort.kind == "enum":
            assert sort.members is not None
            limits.append(z3.ULE(term, len(sort.members) - 1))
        elif sort.kind == "int":
            limits.append(z3.And(z3.ULE(term, sort.hi), z3.UGE(term, sort.lo)))
    return limits


def leaves_that_differ(traced: Traced, what: Input, every: int = 1) -> tuple[int, list[str]]:
    """For each leaf, or every so manyth, a point: does it lead there, and do tree, solver and
    Python agree on it?"""
    variables = variables_of(traced)
    terms = smt.Terms({name: term for name, (term, _) in variables.items()})
    solver = z3.SolverFor("QF_BV")
    solver.add(in_domain(variables))
    seen, wrong = 0, []
    for leaf in ways(thinned(traced.tree(what), every), terms, solver):
        seen += 1
        model = solver.model()
        at = {
            name: smt.plain(model.eval(term, model_completion=True), sort)
            for name, (term, sort) in variables.items()
        }
        if leaf_of(traced.tree(what), at)[0] is not leaf:
            wrong.append(f"{leaf!r}: the solver's point leads elsewhere")
        point = point_at(traced, what, at)
        if by_tree(traced, point) != by_python(traced, point):
            wrong.append(f"{leaf!r}: the tree and Python differ")
        for output in leaf.outputs:
            term = model.eval(terms.of(output), model_completion=True)
            if smt.plain(term, output.sort) != interpret.evaluate(output, at):
                wrong.append(f"{leaf!r}: {output!r} is {term} to the solver")
    return seen, wrong


@pytest.mark.parametrize(
    ("what", "every"),
    [
        *((what, 1) for what in Input if what != Input.SEGMENT),
        (Input.SEGMENT, 16),
        pytest.param(Input.SEGMENT, 1, marks=pytest.mark.slow),
    ],
    ids=lambda of: getattr(of, "name", of),
)
def test_every_leaf_has_a_point_where_all_agree(what: Input, every: int) -> None:
    traced = traces(*CHOICES["forgery"])
    seen, wrong = leaves_that_differ(traced, what, every)
    assert seen
    assert wrong == []


def test_a_row_of_terms_chooses_like_the_tree() -> None:
    """What an encoded step is made of: one term for each output, over all leaves at once."""
    traced = traces(*CHOICES["forgery"])
    tree = traced.tree(Input.ABORT)
    variables = variables_of(traced)
    terms = smt.Terms({name: term for name, (term, _) in variables.items()})
    layout = traced.end_fields

    def leaf_row(leaf: Leaf) -> list[Any]:
        index = z3.BitVecVal(leaf.index, 8)
        if not leaf.static.possible:
            return [index, *(terms.variables[f"me.{f.path}"] for f in layout)]
        return [index, *map(terms.sized, leaf.outputs, [f.sort for f in layout])]

    row = smt.row_of(tree, terms, leaf_row)
    plain_terms = dict(terms.variables)
    sorts = [integer(0, 255), *(f.sort for f in layout)]
    for end, what, *more in reached(*CHOICES["forgery"], max_states=40):
        if what != Input.ABORT:
            continue
        at = traced.values(end, *more)
        known = {name: plain_terms[name] for name in at}
        leaf, _ = leaf_of(tree, at)
        got = [value_of(t, known, at, sort) for t, sort in zip(row, sorts, strict=True)]
        want = run(tree, at)[1][: len(layout)] if leaf.static.possible else list(key(end))
        assert got == [leaf.index, *want]


# Seeded bugs


def differing(traced: Traced, points: list[Point], tree: Tree) -> int:
    return sum(by_tree(traced, p, tree) != by_python(traced, p) for p in points)


def turned(tree: Tree, branch: Branch) -> Tree:
    """The tree with one branch answered the wrong way."""
    if tree is branch:
        return dataclasses.replace(branch, then=branch.other, other=branch.then)
    if isinstance(tree, Leaf):
        return tree
    return dataclasses.replace(
        tree, then=turned(tree.then, branch), other=turned(tree.other, branch)
    )


def test_a_branch_turned_round_is_noticed() -> None:
    """Any of those that a SYN passes in LISTEN."""
    rules, profile = CHOICES["handshake"]
    traced = traces(rules, profile)
    tree = traced.tree(Input.SEGMENT)
    points = [p for p in reached(rules, profile, 600) if p[1] == Input.SEGMENT]
    assert differing(traced, points, tree) == 0
    end, _, *more = next(p for p in points if p[0].tcb.state == State.LISTEN and p[2].ctl.syn)
    _, way = leaf_of(tree, traced.values(end, *more))
    assert len(way) > 5
    unnoticed = [b for b, _ in way if not differing(traced, points, turned(tree, b))]
    assert unnoticed == []


@pytest.mark.parametrize("op", ["add", "eq", "lt", "le", "and", "or"])
def test_a_wrong_operation_of_the_interpreter_is_noticed(
    op: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, profile = CHOICES["handshake"]
    traced, points = traces(rules, profile), reached(rules, profile, 600)
    right = interpret._OPERATIONS[op]
    wrong = (lambda a, b: a + b + 1) if op == "add" else (lambda a, b: not right(a, b))
    monkeypatch.setitem(interpret._OPERATIONS, op, wrong)
    assert any(by_tree(traced, p) != by_python(traced, p) for p in points)


def test_a_lost_output_is_noticed() -> None:
    """One that ``spec.world.happen.happen`` writes and the tree does not."""
    rules, profile = CHOICES["handshake"]
    traced, points = Traced(rules, *profile), reached(rules, profile, 600)
    traced.constants["me.tcb.snd.una"] = 0
    assert any(by_tree(traced, p) != by_python(traced, p) for p in points)


def test_a_wrong_comparison_of_the_solver_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = smt.Terms._pair
    monkeypatch.setattr(smt.Terms, "_pair", lambda self, args, op: right(self, args[::-1], op))
    _, wrong = leaves_that_differ(traces(*CHOICES["forgery"]), Forgery.TEXT)
    assert any("the solver's point leads elsewhere" in line for line in wrong)


def test_a_wrong_sum_of_the_solver_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = smt.Terms.at
    monkeypatch.setattr(smt.Terms, "at", lambda self, node, bits: right(self, node, bits) + 1)
    _, wrong = leaves_that_differ(traces(*CHOICES["forgery"]), Input.RETRANSMISSION_TIMEOUT)
    assert any("to the solver" in line for line in wrong)
