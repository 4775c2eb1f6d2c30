"""One event at one host, watched: what every checker sees of the specification.

``happen`` lets an event happen if it may (``spec.world.enabled``), by the RFC's rules
(``spec.tcp.host``), and has the watchers look on (``spec.observe``). It is a function of the
host's own state, the event, and what the watchers see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from spec.observe.sights import BLIND, Sight
from spec.observe.watcher import Moment, Watcher, observe
from spec.rules import Rules
from spec.tcp import host
from spec.tcp.context import Tcp
from spec.tcp.host import Socket
from spec.tcp.inputs import Input
from spec.tcp.rule import Rule
from spec.tcp.segment import Segment, Ticks
from spec.tcp.tcb import State, Tcb
from spec.world import http
from spec.world.bounds import Bounds
from spec.world.enabled import Event, enabled, spent
from spec.world.endpoint import Endpoint
from spec.world.forgery import FORGERIES, Forgery, forge, misses
from spec.world.nat import later, passes
from spec.world.records import clone


@dataclass(slots=True, eq=False)
class Effects:
    """What an event did, besides changing the host; ``possible`` false: it may not happen."""

    possible: bool
    sent: tuple[Segment, ...] = ()
    rules: tuple[Rule, ...] = ()
    signals: tuple[str, ...] = ()
    drew_isn: bool = False


NOTHING = Effects(False)


def happen(
    end: Endpoint,
    what: Event,
    seg: Segment | None,
    isn: int,
    rules: Rules,
    bounds: Bounds,
    watchers: Sequence[Watcher] = (),
    sight: Sight = BLIND,
    at: int = 0,
    elapsed: Ticks = 1,
    was: Endpoint | None = None,
) -> Effects:
    """Let ``what`` happen to socket ``at`` of ``end``, in place.

    ``seg`` is the segment that arrives (SEGMENT only), ``isn`` the initial sequence number on
    offer, ``sight`` what the watchers see at this moment, ``elapsed`` how long a tick is, and
    ``was`` the host as it was, if the caller keeps that. Where the event may not happen the state
    of ``end`` afterwards means nothing.
    """
    tcp = Tcp(rules, bounds, isn)
    me = end.only(at)
    (socket,) = me.host.sockets
    tcp.clock = end.host.clock
    if not enabled(me, what, tcp, bounds):
        return NOTHING
    if what in (Input.TICK, Input.RESTART):
        _rest(end, socket, cast(Input, what), tcp, watchers, elapsed)
        return Effects(True, rules=tuple(tcp.cited))
    kept = was is not None
    before = [one.tcb if kept else clone(one.tcb) for one in (was or end).host.sockets]
    forged = what == Forgery.ANY or what in FORGERIES
    if what == Forgery.ANY:
        if not misses(socket.tcb, cast(Segment, seg), tcp.seq, bounds):
            return NOTHING
    elif forged:
        seg = forge(socket.tcb, cast(Forgery, what), tcp)
    if forged:
        what = Input.SEGMENT
    for nat in end.nats:
        if seg is not None and not forged and not passes(nat, seg, tcp, bounds):
            return Effects(True, rules=tuple(tcp.cited))
    host.step(end.host, socket, cast(Input, what), seg, tcp)
    if tcp.made and spent(me, bounds):
        return NOTHING
    if what == Input.CRASH:
        end.crashes = end.crashes + 1
    sockets = end.host.sockets if what == Input.CRASH else (socket,)
    for tcb, now, ghost in zip(before, end.host.sockets, end.ghosts, strict=True):
        if now in sockets:
            moment = Moment(tcb, now.tcb, cast(Input, what), seg, forged, tcp, sight)
            observe(watchers, ghost, moment)
    for tcb, now, user in zip(before, end.host.sockets, end.users, strict=False):
        if now in sockets:
            http.note(user, tcb, now.tcb, cast(Input, what), bounds, tcp.seq)
    if bounds.transfer and bounds.endless:
        _move_on(socket.tcb, tcp)
    for nat in end.nats:
        tcp.sent = [sent for sent in tcp.sent if passes(nat, sent, tcp, bounds)]
    for sent in tcp.sent:
        sent.ttl = bounds.msl
        if bounds.msl != 0 and rules.lifetime_inclusive:
            sent.ttl = bounds.msl + 1
    return Effects(True, tuple(tcp.sent), tuple(tcp.cited), tuple(tcp.signals), tcp.drew_isn)


def _move_on(tcb: Tcb, tcp: Tcp) -> None:
    """The stream begins behind what is acknowledged: only what is not is counted."""
    if tcb.state == State.ESTABLISHED:
        first = tcp.seq.minus(tcb.snd.una, 1)
        tcb.written = tcp.seq.minus(tcb.written, tcp.seq.minus(first, tcb.iss))
        tcb.iss = first


def _rest(
    end: Endpoint,
    socket: Socket,
    what: Input,
    tcp: Tcp,
    watchers: Sequence[Watcher],
    elapsed: Ticks,
) -> None:
    """A tick or a restart: no TCB does anything, but a host may cease to be quiet."""
    woke = what == Input.TICK and end.quiet != 0 and end.quiet <= elapsed
    if what == Input.TICK:
        for nat in end.nats:
            later(nat, elapsed)
        for user in end.users:
            http.tick(user, elapsed)
        for watcher in watchers:
            for one, ghost in zip(end.host.sockets, end.ghosts, strict=True):
                watcher.ticked(ghost, one.tcb, tcp, elapsed)
    host.step(end.host, socket, what, None, tcp, elapsed)
    if woke or (what == Input.RESTART and end.quiet == 0):
        for watcher in watchers:
            for ghost in end.ghosts:
                watcher.woke(ghost)
