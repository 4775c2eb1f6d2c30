"""Claims that something happens in the end, decided on the graph of all reachable states.

``engines.fairness`` has the theory; here is what its assumptions are for TCP. Actions are named as
steps are, each for each host (``CLOSE`` is fair to A and fair to B), or for one of them
(``A: CLOSE``).

The channel is *fair-lossy* in the textbook's sense (Cachin, Guerraoui and Rodrigues 2011, 2.4.2):
what is sent infinitely often is delivered infinitely often, and what is delivered infinitely often
is sent infinitely often (duplicates are finite in number). Both are assumed for each segment and
each receiver; two segments are the same if their header and text are. A segment counts as sent when
it is handed to the channel, even if a full channel drops it. So the adversary cannot keep the
channel full of old segments for ever. It may still lose, reorder, delay and duplicate as it likes,
any finite number of times.

Nothing else is fair: users need never call anything, segments need never be lost, hosts never
crash.

**What the bounds change.** They refuse steps that would create one TCB too many: an OPEN, a SEND in
LISTEN, or the delivery of a SYN to a LISTEN (or to a TIME-WAIT that it may reopen). Nobody has to
take the first two, and no claim assumes them fair. So a run within the bounds is fair if, and only
if, it is a fair run of TCP without bounds; if it is bad, the claim is refuted. The third may be
required: a SYN that is sent for ever must be delivered, and a run that cannot avoid this has to
leave the bounds. A state is ``cut`` where a delivery is refused. If all fair runs from some state
leave the bounds, the claim says nothing about them, and the report gives the number of such states.

Graphs are those of whole explorations: no state is left out, so that ``--symmetry`` and
``--compact`` are of no effect here, and there are no checkpoints.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from checker.engines.explicit.engine import Exploration, Path, Progress
from checker.engines.explicit.reference import explore
from checker.engines.fairness import reference
from checker.engines.fairness.lasso import confirm as confirm_lasso
from checker.engines.fairness.lasso import lasso
from checker.engines.fairness.question import (
    ANSWERED,
    HOLDS,
    INFEASIBLE,
    STRONG,
    VACUOUS,
    VERDICTS,
    VIOLATED,
    WEAK,
    Decision,
    Fair,
    Question,
)
from checker.model.interned import Interned
from checker.model.search import Options, TcpParts
from checker.support import machine
from checker.support.errors import Problem
from proofs.claims.claim import Live
from spec.tcp.host import awake
from spec.tcp.segment import Origin, Segment
from spec.world.records import key
from spec.world.system import Step, World
from spec.world.topology import TWO_HOSTS

Decide = Callable[[Question], Decision]


@dataclass(slots=True)
class Found:
    """Of a claim: the verdict (``components.VERDICTS``), the lasso of a violation, the states from
    which all fair runs leave the bounds, and why nothing was decided."""

    verdict: str
    lasso: Path | None
    cut: int
    note: str


def assumptions(live: Live) -> list[str]:
    """The fairness that a claim assumes, in words."""
    said = []
    if live.weak:
        said.append(f"weak fairness of {', '.join(live.weak)}")
    if live.strong:
        said.append(f"strong fairness of {', '.join(live.strong)}")
    return [*said, "a fair-lossy channel"] if live.lossy else said


def _arrival(label: Any) -> Segment | None:
    """The segment that a step delivers."""
    if label.action not in ("deliver", "duplicate"):
        return None
    segment: Segment | None = label.segment if isinstance(label, Step) else label.message
    return segment


def _action(name: str) -> Callable[[Any], Collection[Hashable]]:
    """The hosts that take an action; of a tick, nobody."""
    who, _, what = name.rpartition(": ")
    only = TWO_HOSTS.names.index(who) if who else None

    def hosts(label: Any) -> Collection[Hashable]:
        fits = label.action == what and only in (None, label.host)
        return (label.host,) if fits else ()

    return hosts


class Fairness:
    """The assumptions of claims about one system, as the engines take them."""

    def __init__(self, system: Interned) -> None:
        self.system = system
        self._plain: dict[Segment, tuple[Any, ...]] = {}
        self._known: dict[tuple[Any, ...], tuple[Fair, ...]] = {}

    def of(self, live: Live) -> tuple[Fair, ...]:
        """What a claim assumes."""
        memo = (live.weak, live.strong, live.lossy)
        if memo not in self._known:
            fair = [Fair(WEAK, _action(name)) for name in live.weak]
            fair += [Fair(STRONG, _action(name)) for name in live.strong]
            if live.lossy:
                fair.append(Fair(ANSWERED, self.delivered, self.sent))
                fair.append(Fair(ANSWERED, self.sent, self.delivered))
            self._known[memo] = tuple(fair)
        return self._known[memo]

    def plain(self, seg: Segment) -> tuple[Any, ...]:
        """A segment as a receiver can tell it from others. Segments are interned."""
        known = self._plain.get(seg)
        if known is None:
            known = self._plain[seg] = key(replace(seg, ttl=0, origin=Origin()))
        return known

    def delivered(self, label: Any) -> Collection[Hashable]:
        seg = _arrival(label)
        return () if seg is None else ((label.link, self.plain(seg)),)

    def sent(self, label: Any) -> Collection[Hashable]:
        # What an end sends goes over the link of its number.
        links = (label.end,) * len(label.sent) if isinstance(label, Step) else label.links
        return [(link, self.plain(seg)) for link, seg in zip(links, label.sent, strict=True)]

    def cut(self, world: World) -> bool:
        """Does a bound refuse a delivery here? (A host that is down or quiet refuses by a rule.)"""
        taken = [
            (step.end, step.segment)
            for step, _ in self.system.steps(world)
            if step.action == "deliver"
        ]
        return any(
            (me, seg) not in taken
            for me, end in enumerate(world.ends())
            if awake(end.host)
            for seg in world.links[world.topology.peers[me]]
        )

    def questions(self, live: Live) -> list[Question]:
        """A claim, asked of each host."""
        return [
            self._question(live, me)
            for me in range(len(self.system.topology.ends) if live.each else 1)
        ]

    def _question(self, live: Live, me: int) -> Question:
        return Question(
            self.of(live),
            lambda world: live.leads(world, me),
            lambda world: live.met(world, me),
            self.cut,
            lambda label: label.action in live.acts,
            (lambda label: bool(label.sent)) if live.acts else None,
        )


@machine.seldom_collected()
def search(
    system: Interned,
    claims: Mapping[str, Live],
    options: Options,
    progress: Progress | None = None,
) -> tuple[Exploration, dict[str, Found]]:
    """Explore ``system`` to its end and decide the claims; none of them if a limit came first.

    The exploration holds lassos where it would hold shortest paths.
    """
    found, decide = _graph(system, options, progress)
    if decide is None:
        return found, {}
    fair = Fairness(system)
    decided = {id: _decided(fair, live, decide) for id, live in claims.items()}
    found.decisive = {id: one.lasso for id, one in decided.items() if one.lasso is not None}
    found.lengths = {id: len(path.steps) for id, path in found.decisive.items()}
    return found, decided


def _graph(
    system: Interned, options: Options, progress: Progress | None
) -> tuple[Exploration, Decide | None]:
    """All states and steps, and who decides questions about them."""
    memory = options.max_memory or machine.spare()
    if options.engine == "explore":
        found = explore(
            system, {}, max_states=options.max_states, max_memory=memory, progress=progress
        )
        graph, found.graph = found.graph, None
        return found, partial(
            reference.decide, reference.Reference(graph)
        ) if found.complete else None
    from checker.engines.explicit import native
    from checker.engines.fairness import native as arrays

    walk = native.Search(
        TcpParts(system),
        {},
        threads=options.threads,
        max_states=options.max_states,
        max_memory=memory,
        progress=progress,
        keep=native.ALL,
    )
    found = walk.run()
    if not found.complete:
        return found, None
    return found, partial(arrays.decide, arrays.Edges(native.graph(walk)))


def _decided(fair: Fairness, live: Live, decide: Decide) -> Found:
    """Of both hosts the one that has the shorter counterexample, if any has one."""
    asked = fair.questions(live)
    found = [decide(question) for question in asked]
    verdicts = [decision.verdict for decision in found]
    verdict = next(one for one in VERDICTS if one in verdicts)  # the worst ...
    if verdict == VACUOUS and HOLDS in verdicts:
        verdict = HOLDS  # ... but a host that never leads is not the other's fault
    decision = found[verdicts.index(verdict)]
    lassos = [
        lasso(fair.system, question, decision)
        for question, decision in zip(asked, found, strict=True)
        if decision.verdict == VIOLATED
    ]
    note = ""
    if verdict == INFEASIBLE:
        note = f"the fairness cannot be met from {decision.stuck:,} states: it is too strong"
    elif verdict == VACUOUS:
        note = f"vacuous: no fair run passes one of the {decision.leading:,} states it speaks of"
    return Found(verdict, min(lassos, key=_length, default=None), decision.cut, note)


def _length(path: Path) -> tuple[int, int]:
    """The steps of a stem, then those of the loop."""
    assert path.loop is not None
    return path.loop, len(path.steps) - path.loop


def confirm(system: Interned, live: Live, path: Path) -> None:
    """Raise ``Problem`` unless ``path``, a run of ``system`` and of no other, refutes the claim."""
    problems = []
    for question in Fairness(system).questions(live):
        try:
            return confirm_lasso(system, question, path)
        except Problem as problem:
            problems.append(str(problem))
    raise Problem("; ".join(problems))
