"""A model: one choice of rules, bounds and watchers, and whatever can be made of it.

It is built once, where these are chosen, and handed on. What is made of it is made when
first asked for, and kept: the transition system for the engines that go from state to state; the
decision trees, and the composition of them, for those that work on trees. Two models are equal if
all three are. To another process only these go: what was worked out stays behind.

``free`` are bounds and switches that have no value but are variables of the trees, by name, and
``domains`` the sorts of the domains then (``checker.studies.prove``); such a model has no system.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from checker.engines.explicit.engine import Check, Exploration, Path, Progress
from checker.ir.composition import Composition
from checker.ir.nodes import Sort
from checker.model import liveness, options, replay, search, traced
from checker.model.interned import Interned
from checker.model.search import Options, TcpParts
from checker.model.traced import Traced
from checker.support.errors import Problem
from proofs.claims.claim import EVENTUALLY, SOMETIMES, Claim
from spec.observe.watcher import Watcher
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.world.bounds import Bounds
from spec.world.enabled import Event
from spec.world.forgery import FORGERIES, Forgery

if TYPE_CHECKING:  # importing it takes the solver, which not everybody has
    from checker.engines.solver.smt import OpenComposition
    from checker.render import Story


@dataclass(slots=True)
class Found:
    """What came of claims, by their ids, in one exploration; small enough to send back."""

    exploration: Exploration
    live: dict[str, liveness.Found] = field(default_factory=dict)

    @property
    def lengths(self) -> dict[str, int]:
        """Those of the shortest paths that decide claims."""
        return self.exploration.lengths

    @property
    def paths(self) -> dict[str, Path]:
        """These paths, where the engine has any."""
        return self.exploration.decisive


@dataclass(frozen=True)
class Model:
    """Rules, bounds and watchers; see above."""

    rules: Rules
    bounds: Bounds
    watchers: tuple[Watcher, ...] = ()
    free: Mapping[str, Sort] = field(default_factory=dict, hash=False)
    domains: Mapping[str, Any] | None = field(default=None, hash=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, (self.rules, self.bounds, self.watchers, self.free, self.domains)

    def anew(self) -> "Model":
        """The same, of which nothing is worked out yet."""
        return Model(self.rules, self.bounds, self.watchers, self.free, self.domains)

    # What it is

    @property
    def departures(self) -> dict[str, str]:
        """The switches that differ from the RFC's defaults, as the command line takes them."""
        return options.departures(self.rules)

    @cached_property
    def callers(self) -> dict[Event, tuple[int, ...]]:
        """What can happen to a host but a tick, and to which hosts."""
        calls = self.system.calls
        ends = range(len(calls))
        hosts: dict[Event, tuple[int, ...]] = {
            what: tuple(end for end in ends if what in calls[end]) for what in (*Input, *FORGERIES)
        }
        hosts[Input.SEGMENT] = tuple(ends)
        return {what: who for what, who in hosts.items() if who}

    @cached_property
    def inputs(self) -> tuple[Event, ...]:
        """What is traced, but for a tick. Where bounds are left open, so is what is forged."""
        if not (self.free and FORGERIES[0] in self.callers):
            return tuple(self.callers)
        return (*(what for what in self.callers if what not in FORGERIES), Forgery.ANY)

    @property
    def timed(self) -> bool:
        """Are there ticks?"""
        return "msl" in self.free or self.bounds.timed

    @cached_property
    def system(self) -> Interned:
        """The transition system; what it works out, it remembers."""
        return Interned(self.rules, self.bounds, self.watchers)

    @cached_property
    def parts(self) -> TcpParts:
        """The system taken apart, for the native engine."""
        return TcpParts(self.system)

    @cached_property
    def constants(self) -> dict[str, Any]:
        """The fields that never change, and their values."""
        inputs = [*self.inputs, *([Input.TICK] if self.timed else [])]
        return traced.constants(
            self.rules, self.bounds, self.watchers, inputs, self.free, self.domains
        )

    @cached_property
    def traced(self) -> Traced:
        """The decision trees, over all fields."""
        return Traced(self.rules, self.bounds, self.watchers, None, self.free, self.domains)

    @cached_property
    def reduced(self) -> Traced:
        """The decision trees, over the fields that vary."""
        return Traced(
            self.rules, self.bounds, self.watchers, self.constants, self.free, self.domains
        )

    @cached_property
    def composition(self) -> Composition:
        """The hosts and links, just as the system has them, made of the reduced trees."""
        return traced.composition(self.system, self.callers, self.reduced)

    def open_composition(self, strides_as_explored: bool = False) -> "OpenComposition":
        """The same for the solver, with any ISNs (``checker.model.solved``)."""
        from checker.model import solved

        return solved.open_composition(
            self.composition, self.rules, self.bounds, strides_as_explored
        )

    # What can be asked of it

    def search(
        self,
        checks: Mapping[str, Check],
        how: Options = Options(),  # noqa: B008 (frozen)
        progress: Progress | None = None,
        stop_when_decided: bool = True,
    ) -> Exploration:
        """Explore the system by the engine that suits (``checker.model.search``)."""
        return search.search(self.system, checks, how, progress, stop_when_decided)

    def decide(
        self,
        claims: Sequence[Claim],
        how: Options = Options(),  # noqa: B008 (frozen)
        progress: Progress | None = None,
    ) -> Found:
        """Decide claims in one exploration. All of them are of liveness, or none is."""
        lives = {claim.id: claim.live for claim in claims if claim.live is not None}
        if lives:
            return Found(*liveness.search(self.system, lives, how, progress))
        checks = {claim.id: check_of(claim) for claim in claims}
        return Found(self.search(checks, how, progress))

    def replay(self, path: Path) -> Path:
        """Take a run once more, through a system that remembers nothing; raise ``Problem`` if that
        cannot be done."""
        return replay.replay(Interned(self.rules, self.bounds, self.watchers), path)

    def confirm(self, claim: Claim, path: Path) -> None:
        """Replay ``path``; does its last state decide the claim, asked once more?

        Of a lasso: does its loop, with what could be done on the way round?
        """
        system = Interned(self.rules, self.bounds, self.watchers)
        path = replay.replay(system, path)
        if claim.live is not None:
            return liveness.confirm(system, claim.live, path)
        last = path.steps[-1][1] if path.steps else path.start
        if claim.predicate(last) != (claim.kind == SOMETIMES):
            raise Problem(f"{claim.id}: replayed, the run does not end where the claim is decided")

    def story(
        self,
        path: Path,
        title: str,
        verdict: str,
        violated: bool,
        notes: Mapping[int, str] | None = None,
        times: Sequence[float] = (),
    ) -> "Story":
        """A run told; ``notes`` are remarks on its steps, numbered from 1, ``times`` when they
        are."""
        from checker.model import story  # and with it what draws, where something is told

        return story.story(self.rules, self.bounds, path, title, verdict, violated, notes, times)

    def identity(self, checks: Mapping[str, Check]) -> str:
        """What a checkpoint is of: the text of all that is run, rules, bounds,
        watchers and checks."""
        return search.identity(self.system, checks)

    def require_symmetry(self) -> None:
        """Raise ``UsageProblem`` unless the same may happen to both hosts."""
        search.require_symmetry(self.system)


def check_of(claim: Claim) -> Check:
    """A claim of states as the explorer takes it.

    It speaks of the hosts alone: engines judge pairs of ends, and show it nothing of what is in
    flight. A predicate that asks for that is refused by each of them.
    """
    assert claim.kind != EVENTUALLY
    predicate = claim.predicate
    return Check(claim.kind, lambda world: predicate(traced.unseen(world)), claim.idle)
