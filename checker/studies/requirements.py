"""``requirements``: a run for each sentence of RFC 9293 that is implemented.

``proofs/requirements.toml`` says which rules do what a sentence asks. A *goal* is one of these
rules, with what else is to be true of the step in which it fires. For each goal the arenas below
are searched, one after the other, until one has a run that reaches it; the run is a shortest one in
that arena, and is replayed through a system that remembers nothing. What is said never to be
reached must not be reached in any of them, each searched to its end. The native engine searches
first: it counts how often each rule fires, and so tells where to look.

Which claims fall without a rule is read from what ``mutants`` has found of the lines that it is
about.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import cast

from checker.engines.explicit.engine import Path
from checker.engines.explicit.first import first
from checker.model.interned import Interned
from checker.model.model import Model
from checker.model.options import choose_profile, choose_rules, parse_bounds, parse_rules
from checker.model.replay import replay
from checker.model.search import Options
from checker.render import Story
from checker.support.errors import Problem
from proofs.requirements import Sentence, When
from spec.rules import Rules
from spec.seq import Space
from spec.tcp import host
from spec.tcp.context import Tcp
from spec.tcp.host import awake
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment import Segment
from spec.world.bounds import Bounds
from spec.world.enabled import Event, enabled
from spec.world.endpoint import Endpoint
from spec.world.happen import Effects
from spec.world.records import clone, key
from spec.world.system import Outcome, Step, System, World

ARENAS = (
    "conduct",
    "forgery",
    "conduct-text",
    "stream",
    "conduct-time",
    "conduct-old",
    "conduct-edge",
    "reopening",
)
"""Where runs are looked for, in this order, unless a sentence names another profile. Nobody
watches: no rule reads a ghost."""

USER_CALLS = (
    Input.OPEN_PASSIVE,
    Input.OPEN_ACTIVE,
    Input.SEND,
    Input.RECEIVE,
    Input.CLOSE,
    Input.ABORT,
)
CALLS = ("3.5.2/", "3.10.1/", "3.10.2/", "3.10.3/", "3.10.4/", "3.10.5/")
"""Where the rules of calls stand: they may fire in answers that are no steps of the system, which
the native engine does not count."""


class Asking(Interned):
    """The system with all calls of users: those too that are answered and change nothing, which are
    no steps of the system that claims are about (``spec.world.enabled``)."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        super().__init__(rules, bounds)
        self._asked: dict[tuple[int, Endpoint], list[tuple[Event, Outcome]]] = {}

    def called(self, world: World, me: int) -> list[tuple[Event, Outcome]]:
        asked = me, world.end(me)
        if asked not in self._asked:
            self._asked[asked] = [*super().called(world, me), *self._answers(world.end(me))]
        return self._asked[asked]

    def _answers(self, end: Endpoint) -> Iterator[tuple[Event, Outcome]]:
        for what in USER_CALLS:
            tcp = Tcp(self.rules, self.bounds, 0)
            if not awake(end.host) or enabled(end, what, tcp, self.bounds):
                continue
            after = clone(end)
            host.step(after.host, after.host.sockets[0], what, None, tcp)
            if key(after) == key(end) and not tcp.sent:
                effects = Effects(True, (), tuple(tcp.cited), tuple(tcp.signals))
                yield what, Outcome(end, effects, None)


@dataclass(frozen=True, slots=True)
class Goal:
    """A rule to fire, and how."""

    rule: str
    when: When = field(default_factory=When)
    switch: str = ""  # NAME=VALUE ..., other than by default
    profile: str = ""  # where to look, other than in the arenas: NAME BOUND=VALUE ...

    @property
    def how(self) -> str:
        """What else is to be true, for a reader; empty, or it begins with a blank."""
        when = self.when
        said: list[str | bool | None] = [
            when.state and f" in {when.state}",
            when.window is not None and f" with RCV.WND={when.window}",
            when.urgent and " in urgent mode",
            when.beyond and " beyond SND.WND",
            when.call and f" on {when.call}",
            when.arrives and f" on <{when.arrives}>",
            when.length is not None and f" with SEG.LEN={when.length}",
            when.straddles and " from before RCV.NXT to behind it",
            when.sends and f", sends <{when.sends}>",
            when.silent and ", sends nothing",
            when.told and f', tells "{when.told}"',
        ]
        return "".join(part for part in said if isinstance(part, str))

    @property
    def name(self) -> str:
        """What it is, for a reader and as a key."""
        under = "; ".join(filter(None, (self.profile, self.switch)))
        return self.rule + self.how + (f" ({under})" if under else "")

    def fits(self, system: System, world: World, step: Step) -> bool:
        """Does ``step``, in which the rule fires, from ``world`` do so as asked?"""
        when, seq = self.when, system.seq
        assert step.end is not None
        tcb = world.end(step.end).tcb
        arrives = "" if step.segment is None else str(step.segment.ctl)
        return (
            when.state in (None, tcb.state.value)
            and when.window in (None, tcb.rcv.wnd)
            and (not when.urgent or seq.lt(tcb.passed(seq, system.bounds.window), tcb.rcv.up))
            and (not when.beyond or seq.minus(tcb.snd.nxt, tcb.snd.una) > tcb.snd.wnd)
            and when.call in (None, step.action)
            and when.arrives in (None, arrives)
            and when.length in (None, step.segment and step.segment.length())
            and (not when.straddles or _straddles(seq, tcb.rcv.nxt, step.segment))
            and (when.sends is None or when.sends in [str(seg.ctl) for seg in step.sent])
            and not (when.silent and step.sent)
            and (when.told is None or any(when.told in signal for signal in step.signals))
        )


def _straddles(seq: Space, rcv_nxt: int, seg: Segment | None) -> bool:
    """Does a segment begin before RCV.NXT, and end behind it?"""
    return seg is not None and 0 < seq.minus(rcv_nxt, seg.seq) < seg.length()


@dataclass(frozen=True, slots=True)
class Run:
    """A run that reaches a goal, and where it was found."""

    goal: Goal
    arena: str
    path: Path

    @property
    def length(self) -> int:
        """Its steps."""
        return len(self.path.steps)

    @property
    def steps(self) -> list[str]:
        """Its steps in words."""
        return [step.words() for step, _ in self.path.steps]

    @property
    def story(self) -> Story:
        """The run told."""
        title = f"{self.goal.name}: {self.length} steps, profile {self.arena}"
        return model(self.arena, self.goal.switch).story(self.path, title, self.goal.rule, False)


def goals(sentence: Sentence) -> list[Goal]:
    """What is to be reached for a sentence: each of its rules."""
    switch = " ".join(one for one in sentence.switch.split() if "=" in one)
    return [Goal(rule, sentence.when, switch, sentence.profile) for rule in sentence.rules]


@dataclass(slots=True)
class Found:
    """The run of each goal; and the goals that no run reaches, with the arenas and their states."""

    runs: dict[Goal, Run] = field(default_factory=dict)
    never: dict[Goal, dict[str, int]] = field(default_factory=dict)

    def wrong(self, sentence: Sentence) -> list[str]:
        """What is not as the sentence says."""
        goal_of, what = (self.runs, "") if sentence.never else (self.never, "not ")
        return [
            f"{sentence.name}: {goal.name} is {what}reached"
            for goal in goals(sentence)
            if goal in goal_of
        ]


def find(
    sentences: Iterable[Sentence], told: Callable[[str, int, int], None] | None = None
) -> Found:
    """A run for each goal of these sentences, replayed, or that there is none in any arena."""
    found = Found()
    wanted = dict.fromkeys(goal for sentence in sentences for goal in goals(sentence))
    by_place: dict[tuple[str, str], list[Goal]] = defaultdict(list)
    for goal in wanted:
        by_place[goal.switch, goal.profile].append(goal)
    for done, ((switch, profile), some) in enumerate(by_place.items()):
        searched: dict[str, int] = {}
        for arena in (profile,) if profile else ARENAS:
            missing = [goal for goal in some if goal not in found.runs]
            if not missing:
                break
            if told is not None:
                told(" ".join(filter(None, (arena, switch))), done, len(by_place))
            searched[arena] = _search(arena, switch, missing, found)
        found.never |= {goal: searched for goal in some if goal not in found.runs}
    return found


def model(arena: str, switch: str) -> Model:
    """The rules and bounds of an arena."""
    profile, *bounds = arena.split()
    chosen = choose_profile(profile, parse_bounds(bounds))
    return Model(choose_rules(parse_rules(switch.split())), chosen.bounds)


def _search(arena: str, switch: str, wanted: list[Goal], found: Found) -> int:
    """Look for runs to ``wanted`` in one arena; how many states has it?"""
    within = model(arena, switch)
    counted = within.search({}, Options(engine="native"))
    asking = Asking(within.rules, within.bounds)
    fires = {cast(Rule, rule).id for rule in counted.fired}
    by_rule: dict[str, list[Goal]] = defaultdict(list)
    for goal in wanted:
        if goal.rule in fires or goal.rule.startswith(CALLS):
            by_rule[goal.rule].append(goal)

    def shows(world: World, step: Step) -> Iterator[Goal]:
        for rule in step.rules:
            for goal in by_rule.get(rule.id, ()):
                if goal.fits(asking, world, step):
                    yield goal

    for goal, path in first(asking, chain.from_iterable(by_rule.values()), shows).items():
        found.runs[goal] = Run(goal, arena, path)
        confirm(found.runs[goal])
    return counted.states


def confirm(run: Run) -> None:
    """Take a run once more, through a system that remembers nothing: does it reach its goal?"""
    within = model(run.arena, run.goal.switch)
    system = Asking(within.rules, within.bounds)
    path = replay(system, run.path)
    worlds = [path.start, *(world for _, world in path.steps)]
    step = path.steps[-1][0]
    fires = run.goal.rule in [rule.id for rule in step.rules]
    if not fires or not run.goal.fits(system, worlds[-2], step):
        raise Problem(f"replayed, the run does not reach {run.goal.name}")
