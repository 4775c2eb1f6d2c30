"""``prove``: that no shorter TIME-WAIT is enough, by families of counterexamples.

A family (``proofs.theorems.families``) is a run with open delays. Here the specification takes it
step by step: all is known, the sequence numbers too, but MSL, R, TIME-WAIT and the delays, which
are variables; so timers and lifetimes are expressions over them, and each step is a small decision
tree. ``engines.solver.timed_run`` follows it and collects what is to be proved. Beside the tests
that the specification makes, a run needs that

* no wait is negative, and none outlasts a TIME-WAIT timer, which expires when it has run out;
* every segment in flight is alive after it: what is not to arrive any more is lost before;
* the claim is false at its end.

The run is one of the theorem's system: users do only what they may there, and the theorem's
assumptions hold of the window and of all ISNs drawn.

What is not arithmetic is not in the obligations: that the steps are possible, in the states in
which they are taken, the specification itself says when the run is followed. The ``example`` of the
family checks it by other means: the explorer's system, with whole ticks, is let take the same run,
and must take each step by the same rules.
"""

import dataclasses
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from checker.engines.solver.induction import Obligation
from checker.engines.solver.timed_run import Astray, Guide
from checker.ir.nodes import REAL, Node
from checker.ir.tracing import Leaf
from checker.model.model import Model
from checker.model.options import choose_rules, show
from checker.model.words import text
from checker.render import Story
from checker.studies.finer import last, roomy, take
from checker.studies.prove.theories import FREE
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, Problem
from proofs.claims.table import BY_ID as CLAIMS
from proofs.theorems import invariants
from proofs.theorems.families import FAMILIES, Do, Family, Get, Times, Wait
from proofs.theorems.invariants import View
from proofs.theorems.table import BY_ID, Theorem
from spec.observe.sights import look
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment import Segment
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.records import clone, rebuild
from spec.world.system import World
from spec.world.topology import TWO_HOSTS

TIMES = ("msl", "span", "time_wait")
WORDS = {"msl": "MSL", "span": "R", "time_wait": "TIME-WAIT"}


@dataclass(frozen=True, slots=True)
class Row:
    """One step of a run, as it is shown."""

    number: int
    actor: str
    what: str
    sent: tuple[str, ...] = ()
    lost: bool = False
    states: tuple[str, str] = ("", "")
    rules: tuple[Rule, ...] = ()
    asks: tuple[str, ...] = ()  # the obligations of the step


@dataclass(slots=True)
class Followed:
    """What came of a family."""

    family: Family
    condition: tuple[str, ...] = ()  # on MSL, R and TIME-WAIT
    where: tuple[str, ...] = ()  # what is asked of the delays
    rows: list[Row] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    wrong: str = ""  # why the run is none of the theorem's system, or none at all
    complement: bool = False  # beyond the bound the theorem holds, of the same system
    story: Story | None = None  # of the example
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """In the words of the report."""
        if any(what.verdict == "failed" for what in self.obligations):
            return "not proved"
        if any(what.verdict != "proved" for what in self.obligations):
            return "unknown"
        return "not proved" if self.wrong or not self.obligations else "proved"

    @property
    def says(self) -> str:
        """What is proved, if it is."""
        if self.family.below is None:
            return "no TIME-WAIT is long enough"
        enough = f", and {self.family.theorem} is of all others" if self.complement else ""
        return f"no such TIME-WAIT is long enough{enough}"


def select(theorems: Sequence[Theorem]) -> list[Family]:
    """The families of the theorems."""
    return [f for f in FAMILIES if any(f.theorem == theorem.id for theorem in theorems)]


def follow(family: Family, timeout: float = 10.0) -> Followed:
    """Follow a family's run, and prove what it takes."""
    began = time.monotonic()
    found = Followed(family)
    run = _Run(family, found, timeout)
    try:
        run.take()
        run.guide.conclude(family.example, exact=bool(found.condition))
        found.complement = run.meets_the_theorem()
        found.story = _example(family, found)
    except (Astray, Problem) as problem:
        found.wrong = str(problem)
    found.obligations = run.guide.obligations
    found.seconds = time.monotonic() - began
    return found


class _Run:
    """The symbolic run of a family: two ends, and what is in flight."""

    def __init__(self, family: Family, found: Followed, timeout: float) -> None:
        self.family, self.found = family, found
        self.theorem = BY_ID[family.theorem]
        free = {name: sort for name in TIMES if (sort := FREE[name]) is not None}
        model = dataclasses.replace(_model(family), free=free)
        self.callers = model.callers
        traced = self.traced = model.traced
        self.tracer = traced.tracer
        sorts = {name: FREE[name] or REAL for name in TIMES} | dict.fromkeys(family.delays, REAL)
        self.times = Times(**{name: self.tracer.var(name, sort) for name, sort in sorts.items()})
        given = [*family.given(self.times)]
        if family.below is not None:
            given.append(self.times.time_wait < family.below(self.times))
        where = family.where(self.times)
        found.condition = tuple(formula(self.tracer.node(test)) for test in given)
        found.where = tuple(formula(self.tracer.node(test)) for test in where)
        self.guide = Guide(
            family.id,
            sorts,
            family.delays,
            {f"given {i}": self.tracer.node(test) for i, test in enumerate(given, 1)},
            {f"delay {i}": self.tracer.node(test) for i, test in enumerate(where, 1)},
            timeout,
        )
        self.ends = [traced.blank(), traced.blank()]
        self.air: list[tuple[int, Segment]] = []  # sender and segment, oldest first
        self.isns: tuple[list[int], list[int]] = ([], [])

    def meets_the_theorem(self) -> bool:
        """Is the theorem of this same system, and assumes no more than that this run is not?"""
        family = self.family
        if family.below is None or family.rules or family.bounds:
            return False
        return self.guide.beyond(self.tracer.node(family.without(self._view(0))))

    def _view(self, me: int) -> View:
        """A view for the assumptions, which speak of parameters and ISNs."""

        def nothing(_: int) -> Any:
            raise AssertionError("assumptions have no memory")

        mine, its = self.isns[me], self.isns[TWO_HOSTS.peers[me]]
        return View(
            self.ends[me],
            self.ends[TWO_HOSTS.peers[me]],
            nothing,
            nothing,
            lambda n: mine[n - 1],
            lambda n: its[n - 1],
            self.traced.rules,
            self.traced.bounds,
            self.traced.seq,
        )

    # The run

    def take(self) -> None:
        """Take all steps, and ask the claim of the last state."""
        for number, step in enumerate(self.family.steps, 1):
            self.guide.at = number
            asked = len(self.guide.obligations)
            row = self._wait(step) if isinstance(step, Wait) else self._act(step)
            asks = tuple(what.clause for what in self.guide.obligations[asked:])
            states = (self.ends[0].tcb.state.value, self.ends[1].tcb.state.value)
            self.found.rows.append(
                dataclasses.replace(row, number=number, states=states, asks=asks)
            )
        self._assumptions()
        predicate = CLAIMS[self.family.theorem].predicate
        world = World((self.ends[0], self.ends[1]), ((), ()))
        if predicate(world):
            raise Problem(f"{self.family.id}: the claim is not violated at the end of the run")

    def _assumptions(self) -> None:
        """The theorem's assumptions, but for the one that is dropped."""
        names = [fact.__name__ for fact in (*self.theorem.facts, *self.theorem.pairs)]
        if self.family.without.__name__ not in names:
            raise Problem(f"{self.family.id}: {self.theorem.id} does not assume what is dropped")
        for fact in self.theorem.facts:
            if fact is not self.family.without and not self._holds(fact, self._view(0)):
                raise Problem(f"{self.family.id}: {fact.__name__} does not hold")
        for pair in self.theorem.pairs:
            for me in (0, 1):
                drawn = range(1, len(self.isns[me]) + 1)
                for m, n in itertools.permutations(drawn, 2):
                    if not self._holds(pair, self._view(me), m, n):
                        raise Problem(f"{self.family.id}: {pair.__name__} does not hold")

    def _holds(self, function: invariants.Function, *arguments: Any) -> bool:
        """Does an assumption hold, whatever MSL, R and TIME-WAIT are?"""
        tree = self.tracer.trace(lambda: (None, [function(*arguments)]))
        if not isinstance(tree, Leaf) or tree.outputs[0].op != "const":
            raise Problem(f"{self.family.id}: {function.__name__} depends on the times")
        return bool(tree.outputs[0].data)

    def _wait(self, step: Wait) -> Row:
        d = step.how_long(self.times)
        self.guide.require("time goes on", self.tracer.node(d >= 0))
        for name, end in zip(TWO_HOSTS.names, self.ends, strict=True):
            if end.tcb.state == State.TIME_WAIT:
                label = f"TIME-WAIT of {name} may last as long"
                self.guide.require(label, self.tracer.node(d <= end.tcb.time_wait))
        for number, (_, seg) in enumerate(self.air, 1):
            if self.traced.rules.lifetime_bounded:
                seg.ttl = seg.ttl - d
                label = f"segment {number} in flight is alive"
                self.guide.require(label, self.tracer.node(seg.ttl > 0))
        for me in (0, 1):
            self._step(me, Input.TICK, None, None, d)
        return Row(0, "", f"wait {formula(self.tracer.node(d))}")

    def _act(self, step: Do | Get) -> Row:
        me, seg = step.host, None
        if isinstance(step, Get):
            flying = _only([f for f in self.air if f[0] != me and str(f[1].ctl) == step.flags])
            seg = flying[1]
            if not step.kept:
                self.air.remove(flying)
            what, shown = Input.SEGMENT, f"gets <{text(seg)}>{' (dup)' * step.kept}"
        else:
            what, shown = step.what, step.what.value
            if me not in self.callers.get(what, ()):
                raise Problem(f"{self.family.id}: {what.value} is not for users of this system")
        rules, sent = self._step(me, what, seg, step.isn, 0)
        if not step.lost:
            self.air += [(me, new) for new in sent]
        said = tuple(f"<{text(new)}>" for new in sent)
        return Row(0, TWO_HOSTS.names[me], shown, said, step.lost, rules=rules)

    def _step(
        self, me: int, what: Input, seg: Segment | None, isn: int | None, elapsed: Any
    ) -> tuple[tuple[Rule, ...], list[Segment]]:
        """Let something happen to an end; the rules cited, and what is sent."""
        before, peer = self.ends[me], self.ends[TWO_HOSTS.peers[me]]
        mine = [(True, new) for sender, new in self.air if sender == me]
        theirs = [(True, new) for sender, new in self.air if sender != me]
        sight = look(before.ghost, peer.tcb, peer.ghost, mine, theirs)

        def outcome() -> tuple[Any, list[Any]]:
            end, arriving = clone(before), None if seg is None else clone(seg)
            return self.traced.outcome(end, what, arriving, isn or 0, sight, elapsed)

        leaf = self.guide.follow(self.tracer.trace(outcome))
        at = f"{self.family.id}, step {self.guide.at}: {TWO_HOSTS.names[me]}: {what.value}"
        if not leaf.static.possible:
            raise Problem(f"{at}: not possible there")
        if leaf.static.drew != (isn is not None):
            raise Problem(f"{at}: an ISN must be given where one is selected, and only there")
        if any(node.op != "const" and not node.sort.unbounded for node in leaf.outputs):
            raise Problem(f"{at}: more than timers depends on the times")
        if isn is not None:
            self.isns[me].append(isn)
        values = map(self.tracer.value, leaf.outputs)
        self.ends[me] = rebuild(self.traced.blank(), values)
        return leaf.static.rules, [rebuild(Segment(seq=0), values) for _ in range(leaf.static.sent)]


def _only(found: Sequence[Any]) -> Any:
    """The one that there is."""
    if len(found) != 1:
        raise Problem(f"{len(found)} segments in flight have these control bits")
    return found[0]


def _model(family: Family) -> Model:
    """The theorem's, with what the family changes."""
    theorem = BY_ID[family.theorem]
    rules = choose_rules(theorem.rules, family.rules)
    bounds = dataclasses.replace(Bounds(), **{**theorem.bounds, **family.bounds})
    return Model(rules, bounds, theorem.watchers)


# The example


def _example(family: Family, found: Followed) -> Story:
    """The run at whole values, taken by the explorer's system, and replayed."""
    theirs = _model(family)
    n = family.example
    claim = CLAIMS[family.theorem]
    cut = 2 * n["msl"] - n["time_wait"]
    isn = choose_rules(claim.rules).isn  # of the claim: a theorem has assumptions for it
    rules = dataclasses.replace(theirs.rules, isn=isn, time_wait_cut=cut)
    bounds = dataclasses.replace(theirs.bounds, msl=n["msl"], span=n["span"], incarnations=3)
    model = Model(rules, roomy(family, bounds), theirs.watchers)
    system = model.system
    path, ends = take(system, family.steps, Times(**n))
    for row, begin in zip(found.rows, [0, *ends], strict=False):
        if row.actor and path.steps[begin][0].rules != row.rules:
            raise Problem(f"{family.id}, step {row.number}: the example takes another rule")
    if claim.predicate(last(path)):
        raise Problem(f"{family.id}: the claim is not violated at the end of the example")
    model.replay(path)
    given = ", ".join(f"{WORDS.get(name, name)} = {value}" for name, value in n.items())
    title = f"{family.id}: {family.title}; shown with {given}"
    told = model.story(path, title, f"{claim.id} violated: {claim.title}", True)
    return _as_written(told, found.rows, ends)


def _as_written(told: Story, rows: Sequence[Row], ends: Sequence[int]) -> Story:
    """The story with one line for each step of the family: waits in one, losses where it is sent"""
    lines = []
    for row, (begin, end) in zip(rows, itertools.pairwise([0, *ends]), strict=True):
        some = told.lines[begin:end]
        lost = tuple(message for line in some for message in line.lost)
        shown = some[-1] if not row.actor and some else some[0]
        states, details = some[-1].states, some[-1].details
        action = shown.action if row.actor else f"{row.what} ({_ticks(end - begin)})"
        lines.append(
            dataclasses.replace(
                shown,
                number=row.number,
                action=action,
                lost=lost,
                states=states,
                details=details,
            )
        )
    return dataclasses.replace(told, lines=tuple(lines), snapshots=())


def _ticks(n: int) -> str:
    return f"{n} tick{'s' * (n != 1)}"


# Reports


def exit_code(found: Sequence[Followed]) -> int:
    """1 if a family is not proved, else 3 if one is not decided, else 0."""
    verdicts = {one.verdict for one in found}
    return VIOLATED if "not proved" in verdicts else INCONCLUSIVE if "unknown" in verdicts else OK


def condition(one: Followed) -> str:
    """Of which MSL, R and TIME-WAIT the family is."""
    return ", ".join(one.condition) or "any MSL, R, TIME-WAIT"


def report(found: Sequence[Followed]) -> list[dict[str, Any]]:
    """What was found, for the JSON."""
    return [
        said(one)
        | {
            "verdict": one.verdict,
            "scope": "unbounded",
            "obligations": len(one.obligations),
            "wrong": one.wrong,
            "not_proved": [
                {"obligation": what.name, "verdict": what.verdict, "values": what.counterexample}
                for what in one.obligations
                if what.verdict != "proved"
            ],
            "seconds": round(one.seconds, 2),
        }
        for one in found
    ]


def said(one: Followed) -> dict[str, Any]:
    """A family in words: what it is of, and its run."""
    family = one.family
    return {
        "id": family.id,
        "theorem": family.theorem,
        "title": family.title,
        "says": one.says,
        "condition": list(one.condition),
        "delays": list(family.delays),
        "where": list(one.where),
        "complement": one.complement,
        "without": family.without.__name__,
        "rules": {name: show(value) for name, value in family.rules.items()},
        "bounds": dict(family.bounds),
        "example": dict(family.example),
        "steps": [
            {
                "number": row.number,
                "who": row.actor,
                "what": row.what,
                "sends": list(row.sent),
                "lost": row.lost,
                "states": list(row.states),
                "rules": list(map(str, row.rules)),
                "asks": list(row.asks),
            }
            for row in one.rows
        ],
        "finding": family.finding,
    }


def heading(one: Followed) -> list[str]:
    """What the run of a family stands for: lines to stand above its story."""
    lines = [f"{one.family.id}: {one.verdict}: {one.says}, for {condition(one)}"]
    lines += [f"  {line}" for line in failures(one)]
    if one.where:
        lines.append(f"  delays   {', '.join(one.family.delays)}, where {', '.join(one.where)}")
    if one.family.finding:
        lines.append(f"  {one.family.finding}")
    return lines


def failures(one: Followed) -> list[str]:
    """What is not as it should be."""
    lines = [f"wrong    {one.wrong}"] if one.wrong else []
    for what in one.obligations:
        if what.verdict != "proved":
            values = ", ".join(f"{WORDS.get(k, k)} = {v}" for k, v in what.counterexample.items())
            name = f"step {what.path}: {what.clause}" if what.path else what.clause
            at = f" ({what.where})" if what.where else ""
            lines.append(f"{what.verdict:8} {name}{at}{f': not for {values}' if values else ''}")
    return lines


# Formulas


def formula(node: Node) -> str:
    """A comparison or a sum as it is read."""
    if node.op == "not" and node.args[0].op in ("lt", "le"):
        a, b = node.args[0].args
        return f"{formula(b)} {'<=' if node.args[0].op == 'lt' else '<'} {formula(a)}"
    if node.op in ("lt", "le", "eq"):
        sign = {"lt": "<", "le": "<=", "eq": "="}[node.op]
        return f"{formula(node.args[0])} {sign} {formula(node.args[1])}"
    total: dict[str, int] = {}
    for name, n in _summands(node, 1):
        total[name] = total.get(name, 0) + n
    parts = [(n, name) for name, n in total.items() if n]
    said = ""
    for n, name in sorted(parts, key=lambda part: part[0] < 0):
        size = "" if abs(n) == 1 and name else str(abs(n))
        term = f"{size} {WORDS.get(name, name)}".strip()
        said += (f" {'-' if n < 0 else '+'} " if said else "-" * (n < 0)) + term
    return said or "0"


def _summands(node: Node, sign: int) -> Iterator[tuple[str, int]]:
    if node.op in ("add", "sub"):
        yield from _summands(node.args[0], sign)
        yield from _summands(node.args[1], sign if node.op == "add" else -sign)
    elif node.op == "const":
        yield "", sign * int(node.data)
    elif node.op == "var":
        yield str(node.data), sign
    else:
        raise AssertionError(f"not linear: {node!r}")
