"""A run told as a story (``checker.render``), for a reader.

A story needs what a path of worlds does not hold: which of several equal segments was lost, and
which incarnation of a connection a segment is of. Both are recovered by following the bags. Of
equal segments in flight the oldest is taken; no rule can tell them apart, so that any choice is a
true story. What is in flight remembers the TCB that sent it (and a reset the TCB that provoked it)
whether or not the profile labels segments, and is *old* once the host has made a later TCB, or
where the ghosts call it old, or stale: a SYN that arrives after its TCB left SYN-SENT.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from checker.engines.explicit.engine import Path
from checker.model.measures import PHASES, measure, senders
from checker.model.words import brief, small_print, state, text
from checker.render import Line, Message, Story
from checker.support.errors import Problem
from spec.observe.confusion import old as is_old
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.enabled import ages
from spec.world.forgery import FORGERIES, Forgery, forge
from spec.world.records import key, paths
from spec.world.system import Step, World

_GHOSTS = {
    "stale": "stale: the TCB that sent this SYN is no longer in SYN-SENT",
    "confused": "confused: accepted a segment of a connection that was over",
    "residue": "residue: left TIME-WAIT while a segment of the connection was in flight",
    "garbled": "garbled: an octet came twice, out of order, or from another connection",
    "harmed": "harmed: a forged segment changed the connection",
}
"""What to say when a ghost becomes true."""

_OTHERS = {
    Input.STRANGER_SYN.value: ("strangers", "SYN"),
    Input.NEIGHBOUR_READY.value: ("other clients", "handshake"),
    Input.NAT_OPEN.value: ("behind A's NAT", "SYN, later TSval"),
}
"""What comes from hosts that are not modelled, but for that: from whom, and what it is."""


@dataclasses.dataclass(slots=True)
class _Flying:
    """One physical segment in flight."""

    uid: int
    sender: int
    segment: Segment
    windows: bool  # is its window worth telling?
    src: int  # the sender's TCB, by number; 0: none
    about: int  # of a reset: the receiver's TCB whose segment provoked it; 0: none

    def message(self, world: World) -> Message:
        """As seen in ``world``: it may have grown old."""
        receiver = world.peer(self.sender).ghost
        old = (
            0 < self.src < world.end(self.sender).ghost.id
            or 0 < self.about < receiver.id
            or is_old(receiver, self.segment)
        )
        to = world.topology.peers[self.sender]
        short = brief(self.segment) if self.windows else ""
        return Message(
            self.uid, self.sender, to, text(self.segment, self.windows), bool(old), "", short
        )


class _Teller:
    """What is in flight, oldest first, step by step."""

    def __init__(self, rules: Rules, bounds: Bounds, start: World) -> None:
        self.rules = rules
        self.bounds = bounds
        self.world = start
        self.uid = 0
        self.air: list[_Flying] = []
        for sender, bag in enumerate(start.links):
            for seg in bag:
                self.depart(sender, seg, seg.origin.src, seg.origin.about)

    def depart(self, sender: int, seg: Segment, src: int, about: int) -> _Flying:
        self.uid += 1
        self.air.append(_Flying(self.uid, sender, seg, self.bounds.transfer, src, about))
        return self.air[-1]

    def find(self, sender: int, seg: Segment) -> _Flying:
        """The oldest segment in flight that equals ``seg``."""
        wanted = key(seg)
        for flying in self.air:
            if flying.sender == sender and key(flying.segment) == wanted:
                return flying
        raise Problem(f"no such segment in flight: {text(seg)}")

    def age(self, after: World) -> list[_Flying]:
        """A tick: segments in flight age by one tick, and those in no bag any more have expired."""
        older = ages(self.rules, self.bounds)
        left = [[key(seg) for seg in bag] for bag in after.links]
        segments = [{key(seg): seg for seg in bag} for bag in after.links]
        expired = []
        for flying in list(self.air):
            seg = flying.segment
            found = key(dataclasses.replace(seg, ttl=seg.ttl - 1) if older else seg)
            if found in left[flying.sender]:
                left[flying.sender].remove(found)
                flying.segment = segments[flying.sender][found]
            else:
                self.air.remove(flying)
                expired.append(flying)
        return expired

    def line(self, number: int, step: Step, after: World, notes: tuple[str, ...]) -> Line:
        """One step told; ``world`` is then the world after it."""
        before, me = self.world, step.end
        received: _Flying | None = None
        gone: list[_Flying] = []
        if step.action == Input.TICK.value:
            gone = self.age(after)
        elif step.segment is not None and step.link is not None:
            flying = self.find(step.link, step.segment)
            if step.action != "duplicate":
                self.air.remove(flying)
            if me is None:
                gone = [flying]
            else:
                received = flying
        lost = [flying.message(before) for flying in gone]
        sent = []
        if me is not None:
            had = before.end(me).tcb.state not in (State.CLOSED, State.LISTEN)
            src = after.end(me).ghost.id if had or step.isn is not None else 0
            for i, seg in enumerate(step.sent):
                about = received.src if received is not None and seg.ctl.rst else 0
                flying = self.depart(me, seg, src, about)
                sent.append(flying.message(after))
                if i >= len(step.sent) - len(step.dropped):  # once full, a bag stays full
                    self.air.remove(flying)
                    lost.append(sent[-1])
        self.world = after
        kept = step.action == "duplicate"
        arrival = None
        if received is not None:
            old = received.message(before).old or received.message(after).old
            assert me is not None
            old |= after.end(me).ghost.stale and not before.end(me).ghost.stale
            arrival = dataclasses.replace(received.message(before), old=old)
        return Line(
            number=number,
            actor=me,
            action=step.action,
            rule="; ".join(map(str, step.rules)),
            received=arrival,
            kept=kept,
            lost=tuple(lost),
            sent=tuple(sent),
            states=tuple(map(state, after.ends())),
            details=tuple(small_print(end, self.bounds) for end in after.ends()),
            notes=(*self.notes(step, before, after), *notes),
        )

    def notes(self, step: Step, before: World, after: World) -> Iterator[str]:
        """What the segments and states do not show."""
        if step.end is None:
            return
        was, now = before.end(step.end), after.end(step.end)
        if any(step.action == what.value for what in FORGERIES):
            context = Tcp(self.rules, self.bounds, 0)
            yield f"forged: {text(forge(was.tcb, Forgery(step.action), context))}"
        for signal in step.signals:
            yield f"to the user: {signal}"
        if step.dropped:
            yield "no room in the channel: lost"
        for name, what in _GHOSTS.items():
            if getattr(now.ghost, name) and not getattr(was.ghost, name):
                yield what


def story(
    rules: Rules,
    bounds: Bounds,
    path: Path,
    title: str,
    verdict: str,
    violated: bool,
    notes: Mapping[int, str] | None = None,
    times: Sequence[float] = (),
) -> Story:
    """``path`` told as a story; ``notes`` are remarks on its steps, numbered from 1, and ``times``
    say when each is, in a plot; else each takes as long as any other.

    Of two ends, the one that opens actively first, the client, stands on the left.
    """
    topology = path.start.topology
    teller = _Teller(rules, bounds, path.start)
    remarks = notes or {}
    lines = [
        teller.line(number, step, after, (remarks[number],) if number in remarks else ())
        for number, (step, after) in enumerate(path.steps, 1)
    ]
    worlds = [path.start, *(after for _, after in path.steps)]
    sending = senders(worlds)
    told = Story(
        title=title,
        lifelines=tuple(map(topology.named, range(len(topology.ends)))),
        initial=tuple(map(state, path.start.ends())),
        lines=tuple(lines),
        verdict=verdict,
        violated=violated,
        loop=path.loop if path.loop is not None and path.loop < len(lines) else None,
        snapshots=tuple(snapshot(world) for world in worlds),
        measures=tuple(
            measure(rules, bounds, world, time, sending)
            for world, time in zip(worlds, (0, *(times or range(1, len(worlds)))), strict=True)
            if bounds.transfer
        ),
        phases=PHASES if bounds.transfer else (),
    )
    told = _with_others(told)
    opens = [step.end for step, _ in path.steps if step.action == Input.OPEN_ACTIVE.value]
    if len(topology.ends) == 2 and opens[:1] == [1]:
        return told.arranged((1, 0, *range(2, len(told.lifelines))))
    return told


def _with_others(told: Story) -> Story:
    """The same, with a lifeline for each kind of host that is not modelled and does something."""
    names = [
        *dict.fromkeys(_OTHERS[line.action][0] for line in told.lines if line.action in _OTHERS)
    ]
    more = ("",) * len(names)
    messages = [*filter(None, (one.received for one in told.lines))]
    messages += [message for one in told.lines for message in (*one.sent, *one.lost)]
    uid = max((message.uid for message in messages), default=0)

    def line(one: Line) -> Line:
        nonlocal uid
        sent, passed = one.sent, False
        if one.action in _OTHERS and one.actor is not None:
            name, what = _OTHERS[one.action]
            uid += 1
            sender = len(told.lifelines) + names.index(name)
            sent, passed = (Message(uid, sender, one.actor, what),), True
        states, details = one.states + more, one.details + more
        return dataclasses.replace(one, states=states, details=details, sent=sent, passed=passed)

    return dataclasses.replace(
        told,
        lifelines=told.lifelines + tuple(names),
        initial=told.initial + more,
        lines=tuple(map(line, told.lines)),
    )


def snapshot(world: World) -> dict[str, object]:
    """Every variable of the model: the leaves of both ends, and the segments in flight."""
    variables: dict[str, object] = {}
    topology = world.topology
    for name, host in zip(topology.names, world.hosts, strict=True):
        variables |= zip(paths(host, name.lower()), key(host), strict=True)
    for sender, bag in enumerate(world.links):
        ends = [topology.named(end).lower() for end in (sender, topology.peers[sender])]
        variables["_to_".join(ends)] = [dict(zip(paths(seg), key(seg), strict=True)) for seg in bag]
    return variables
