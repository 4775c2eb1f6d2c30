"""The specification explored, by the engine that suits.

The reference engine (``engines.explicit.reference``) takes any system as it is. The native engine
is given the specification in parts: its hosts, and a bag for each link; so is the distributed one,
which is asked for by name. Left to itself, ``search``
begins with the reference, which needs no preparation. Where there are more than ``FEW`` states it
changes to the native engine, and where there are more than ``MANY`` to that of sets, from the
beginning; and back to the native engine if sets find that these states are too sparse. So the same
engine decides the same question each time.
"""

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import Any, Literal, TypeVar, cast

from checker.engines.explicit import engine
from checker.engines.explicit.engine import Check, Exploration, Progress
from checker.engines.explicit.parts import (
    BLIND,
    CALLS_SEE,
    SEES_ALL,
    SEES_OTHERS,
    Move,
    Observer,
    Parts,
)
from checker.engines.explicit.parts import Sight as Seen
from checker.ir.sources import digest
from checker.model import own
from checker.model.interned import Interned
from checker.support import machine
from checker.support.errors import UsageProblem
from spec.observe import sights
from spec.observe.ghosts import Ghost
from spec.observe.sights import NETWORK, NOTHING, Sight
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule, cite
from spec.tcp.segment import Segment
from spec.tcp.tcb import State
from spec.world.enabled import Event, overdue
from spec.world.endpoint import Endpoint, initial
from spec.world.records import key, rebuild
from spec.world.system import System, World

Engine = Literal["auto", "explore", "native", "sets", "sorted", "distributed"]
ENGINES = typing.get_args(Engine)

FEW = 15_000
"""States that the reference explorer does in the time in which the native engine starts."""
MANY = 2_000_000
"""States of two hosts from which on sets are tried: below that they save half a second. Where time
passes they do not win: a tick makes other messages of all, so that bags are many and words thin."""
_ANY = 1 << 62
_COMPILED = ("native", "sets", "sorted")
_TAKEN = {
    "threads": ("--threads", (*_COMPILED, "distributed")),
    "expect": ("--expect", ("native",)),
    "symmetric": ("--symmetry", ("native", "sorted", "distributed")),
    "compact": ("--compact", ("native",)),
    "checkpoint": ("--checkpoint", (*_COMPILED, "distributed")),
    "every": ("--every", _COMPILED),
    "resume": ("--resume", _COMPILED),
    "spill": ("--spill", ("sorted",)),
}
"""Which engines take which option."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options(engine.Options):
    """How to search, and by which engine."""

    engine: Engine = "auto"
    likely: int = 0  # how many states there may be, where something is known of that

    def check(self) -> None:
        """Raise ``UsageProblem`` if these do not go together."""
        engine_wanted = "native" if self.engine == "auto" else self.engine
        for name in self.special:
            flag, takers = _TAKEN[name]
            if engine_wanted not in takers:
                raise UsageProblem(
                    f"{flag} is for --engine {' or '.join(takers)}, and not for {self.engine}"
                )
        if self.resume and self.checkpoint is None and self.spill is None:
            raise UsageProblem("--resume needs --checkpoint FOLDER: where to go on from")
        if self.spill is not None and self.checkpoint is not None:
            raise UsageProblem("--spill FOLDER has the checkpoints, too: omit --checkpoint")
        if self.compact and self.checkpoint:
            raise UsageProblem("there are no checkpoints of a compact search")
        for folder in (self.checkpoint, self.spill):
            if folder is not None and folder.is_file():
                raise UsageProblem(f"no folder for checkpoints: {str(folder)!r} is a file")


@machine.seldom_collected()
def search(
    system: Interned,
    checks: Mapping[str, Check],
    options: Options,
    progress: Progress | None = None,
    stop_when_decided: bool = True,
) -> Exploration:
    """Explore ``system``; ``Exploration.engine`` tells which engine did.

    The native engine takes no more than four fifths of the memory that is free, unless it is told
    how much it may take.
    """
    options = dataclasses.replace(options, progress=progress, stop_when_decided=stop_when_decided)
    parts = TcpParts(system)
    if options.engine == "explore":
        return engine.engine_of("explore")(parts, checks, options)
    if options.engine == "auto" and not (
        options.symmetric or options.compact or options.checkpoint
    ):
        found = _by_size(parts, checks, options)
        if found is not None:
            return found
    if options.symmetric:
        require_symmetry(system)
    if options.engine == "distributed":
        return engine.engine_of("distributed")(parts, checks, options)
    more = dataclasses.replace(
        options,
        max_memory=options.max_memory or machine.spare(),
        identity=identity(system, checks) if options.checkpoint or options.spill else "",
    )
    chosen = "native" if options.engine == "auto" else options.engine
    return engine.engine_of(chosen)(parts, checks, more)


def _by_size(parts: Parts, checks: Mapping[str, Check], options: Options) -> Exploration | None:
    """What the engine finds that suits the number of states; nothing if that is the native engine,
    whatever their number.

    Each engine begins anew where the one before came to its limit; one that is likely to come to it
    is left out.
    """
    most = options.max_states or _ANY
    likely = min(max(options.likely, options.expect), most)
    if likely <= FEW:
        first = engine.Options(
            max_states=min(FEW, most),
            max_memory=options.max_memory,
            progress=options.progress,
            stop_when_decided=options.stop_when_decided,
        )
        found = engine.engine_of("explore")(parts, checks, first)
        if not found.limited or most <= FEW:
            return found
    if parts.links != ((0, 1), (1, 0)) or parts.timed or most <= MANY:
        return None
    more = dataclasses.replace(options, max_memory=options.max_memory or machine.spare())
    if likely <= MANY:
        some = dataclasses.replace(more, max_states=MANY, expect=min(options.expect, MANY))
        found = engine.engine_of("native")(parts, checks, some)
        if not found.limited or found.states < MANY:
            return found
    from checker.engines.explicit import sets

    try:
        return sets.where_dense(parts, checks, more)
    except sets.TooSparse:
        return None


def summary(found: Exploration) -> dict[str, Any]:
    """What a search came to, for JSON."""
    names = ("engine", "states", "transitions", "depth", "complete", "why", "missed", "seconds")
    shares = {"shares": [share._asdict() for share in found.shares]} if found.shares else {}
    return {name: getattr(found, name) for name in names} | shares


def identity(system: System, checks: Mapping[str, Check]) -> str:
    """What a checkpoint is of: the text of all that is run, rules, bounds, watchers and checks."""
    parts = (system.rules, system.bounds, system.watchers, sorted(checks))
    return digest(("spec", "proofs", "checker"), *parts, *own.texts())


def require_symmetry(system: System) -> None:
    """Raise ``UsageProblem`` unless the same may happen to both hosts."""
    if system.calls[0] != system.calls[1]:
        only = set(system.calls[0]) ^ set(system.calls[1])
        names = ", ".join(sorted(what.value for what in only))
        raise UsageProblem(
            f"--symmetry needs bounds that treat both hosts alike; one of them alone has: {names}"
        )


R = TypeVar("R", Endpoint, Segment)


class TcpObserver:
    """What one of two hosts sees of the other, where a claim is about that."""

    def __init__(self, system: Interned) -> None:
        self._network = system.reach == NETWORK
        self._states = system.looked_at
        self._aborts = any(Input.ABORT in calls for calls in system.calls)

    def looks(self, end: Endpoint) -> int:
        if self._network and end.tcb.state == State.TIME_WAIT:
            return SEES_ALL
        if end.tcb.state in self._states:
            return SEES_OTHERS
        return CALLS_SEE if self._aborts else BLIND

    def seen(self, end: Endpoint) -> tuple[Any, ...]:
        return key(sights.look(Ghost(), end.tcb, end.ghost, [], []))

    def watch(self, end: Endpoint) -> int:
        return end.ghost.partner

    def notices(self, watch: int, message: Segment, outgoing: bool) -> bool:
        ghost = Ghost(partner=watch)
        if outgoing:
            return bool(sights.residue_from_me(ghost, message))
        return bool(sights.residue_from_peer(ghost, message))


class TcpParts:
    """A system of ``spec``, taken apart: hosts, and for each connection a link each way. What a
    socket sends leaves by the link of the socket's number."""

    links: tuple[tuple[int, int], ...]
    roles: tuple[int, ...]

    def __init__(self, system: Interned) -> None:
        self.system = system
        self.bounds = bounds = system.bounds
        self.capacity = min(bounds.capacity, bounds.in_flight)
        self.in_flight = bounds.in_flight
        self.duplicate = bounds.duplicate
        self.lose = bounds.lose
        self.timed = bounds.timed
        ends, peers = system.topology.ends, system.topology.peers
        hosts = range(len(system.topology.names))
        self.links = tuple((ends[end][0], ends[peer][0]) for end, peer in enumerate(peers))
        self._ends = [[end for end, (host, _) in enumerate(ends) if host == me] for me in hosts]
        self._sights: dict[Seen, Sight] = {}
        # Of each host, to which socket each link leads; hosts with the same sockets are alike
        self._sockets = [tuple(ends[p][1] for p in peers if ends[p][0] == me) for me in hosts]
        self.roles = tuple(map(self._sockets.index, self._sockets))

    @cached_property
    def observer(self) -> Observer | None:
        if self.system.reach == NOTHING:
            return None
        if len(self.roles) > 2:
            raise UsageProblem(
                "the native engine lets only two hosts see each other: use --engine explore"
            )
        return TcpObserver(self.system)

    def initial(self) -> tuple[Endpoint, ...]:
        return self.system.initial().hosts

    def calls(self, host: int, end: Endpoint, seen: Seen | None) -> Iterator[Move]:
        sight = self._sight(seen)
        for socket, number in enumerate(self._ends[host]):
            for what in self.system.calls[number]:
                tcb, states = end.only(socket).tcb, self.system.looked_at
                looks = seen is not None and sights.looks(tcb, what, states)
                yield from self._moves(end, socket, what, None, sight if looks else sights.BLIND)

    def arrivals(
        self, role: int, way: int, end: Endpoint, message: Segment, seen: Seen | None
    ) -> Iterator[Move]:
        socket = self._sockets[role][way]
        yield from self._moves(end, socket, Input.SEGMENT, message, self._sight(seen))

    def _sight(self, seen: Seen | None) -> Sight:
        if seen is None:
            return sights.BLIND
        known = self._sights.get(seen)
        if known is None:
            (peer,) = seen.others
            sight = dataclasses.replace(Sight(*cast(Any, peer)), residue=seen.noticed)
            known = self._sights[seen] = self.system.same_sight(sight)
        return known

    def _moves(
        self, end: Endpoint, socket: int, what: Event, seg: Segment | None, sight: Sight
    ) -> Iterator[Move]:
        for outcome in self.system.react(end, socket, what, seg, sight):
            effects = outcome.effects
            sent = tuple((socket, seg) for seg in effects.sent)
            yield Move(what.value, outcome.end, sent, effects.rules)

    def tick(self, end: Endpoint) -> Endpoint | None:
        late = overdue(end, self.system.rules, self.bounds)
        return None if late else self.system.later(end)

    def age(self, message: Segment) -> Segment | None:
        return self.system.older(message)

    def join(self, ends: tuple[Endpoint, ...], bags: tuple[list[Segment], ...]) -> World:
        return self.system.world(ends, map(self.system.bag, bags))

    def split(self, state: World) -> tuple[tuple[Endpoint, ...], tuple[list[Segment], ...]]:
        return state.hosts, tuple(list(bag) for bag in state.links)

    def freeze(self, thing: Endpoint | Segment) -> list[int]:
        return [
            list(type(value)).index(value) if isinstance(value, Enum) else int(value)
            for value in key(thing)
        ]

    def thaw_end(self, frozen: list[int]) -> Endpoint:
        watchers, bounds = self.system.watchers, self.bounds
        blank = (initial(watchers, bounds, sockets) for sockets in {*map(len, self._ends)})
        like = next(end for end in blank if len(key(end)) == len(frozen))
        return self.system.host(_thawed(like, frozen))

    def thaw_message(self, frozen: list[int]) -> Segment:
        return self.system.segment(_thawed(Segment(seq=0), frozen))

    def freeze_rule(self, rule: Rule) -> list[str | None]:
        return [rule.id, rule.says, rule.enters.name if rule.enters else None]

    def thaw_rule(self, frozen: list[str | None]) -> Rule:
        id, says, enters = frozen
        return cite(id or "", says or "", State[enters] if enters else None)


def _thawed(like: R, frozen: list[int]) -> R:
    """A record like ``like`` of the values of another, frozen."""
    values: list[Any] = []
    for old, value in zip(key(like), frozen, strict=True):
        if isinstance(old, Enum):
            values.append(list(type(old))[value])
        else:
            values.append(type(old)(value))
    return rebuild(like, iter(values))
