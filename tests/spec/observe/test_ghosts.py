"""No rule of the protocol reads a ghost.

Two ways: the same input on endpoints that differ only in ghosts has the same outcome but for
ghosts; and whole explorations with ghosts watched and not reach the same states but for ghosts.
The one exception is a bound: ``ghost.made`` counts the TCBs of ``Bounds.incarnations``.
"""

import dataclasses
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from checker.model.interned import Interned
from spec.observe.ghosts import End, Ghost, Left, Pair, Reading, accepted
from spec.observe.sights import Sight
from spec.observe.watcher import Watcher
from spec.rules import AckLimit, Cookies, KeepAlive, Restart, Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Origin, Segment
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint
from spec.world.forgery import FORGERIES
from spec.world.happen import happen
from spec.world.records import clone, key
from spec.world.system import World
from tests.helpers.build import BOUNDS, WATCHERS, arrive, endpoint

BASE = Bounds(
    width=4, window=3, in_flight=2, incarnations=1, a_passive=False, b_active=False,
    send_window=False,
)  # fmt: skip
LITERAL = Rules()
PROFILES = {
    "untimed": BASE,
    "timed": dataclasses.replace(BASE, msl=2, span=1, capacity=1),
    "octets": dataclasses.replace(
        BASE, octets=1, in_flight=1, b_sends=False, send_window=True, urgent=True, user_timeout=True
    ),
    "plane": dataclasses.replace(
        BASE,
        octets=2,
        write=2,
        in_flight=1,
        capacity=1,
        b_sends=False,
        send_window=True,
        transfer=True,
        shrinks=True,
        mss=1,
        close=False,
        abort=False,
    ),
    "listening": dataclasses.replace(
        BASE, in_flight=1, b_passive=False, listener=True, strangers=True, neighbours=True
    ),
    "two": dataclasses.replace(BASE, incarnations=2, capacity=1, in_flight=1),
    "crash": dataclasses.replace(
        BASE, incarnations=2, in_flight=1, msl=2, span=1, crashes=1, close=False, abort=False
    ),
    "simultaneous": dataclasses.replace(
        BASE, in_flight=1, b_active=True, b_passive=False, close=False, abort=False
    ),
    "forgery": dataclasses.replace(BASE, in_flight=1, forged=True),
    "alive": dataclasses.replace(
        BASE, in_flight=1, msl=1, close=False, abort=False, listen_open=False, keep_alive_idle=1
    ),
    "limited": dataclasses.replace(BASE, in_flight=1, close=False, forged=True),
}


def protocol_of_endpoint(end: Endpoint) -> tuple[Any, ...]:
    """All but its ghosts; ``made`` stays, the number of TCBs made so far."""
    return key(end.host), end.crashes, end.ghost.made


def protocol_of_segment(seg: Segment) -> tuple[Any, ...]:
    """All but its origin."""
    return (seg.seq, seg.ack, seg.wnd, seg.up, seg.text, key(seg.ctl), seg.ttl)


def project(world: World) -> tuple[Any, ...]:
    """``world`` without ghosts."""
    return (
        protocol_of_endpoint(world.hosts[0]),
        protocol_of_endpoint(world.hosts[1]),
        tuple(sorted(map(protocol_of_segment, world.links[0]))),
        tuple(sorted(map(protocol_of_segment, world.links[1]))),
    )


def reach(
    bounds: Bounds,
    watchers: Sequence[Watcher] = (),
    projection: Callable[[World], Any] = project,
    rules: Rules = LITERAL,
) -> tuple[set[Any], int]:
    """The projected reachable states, and how many states there were."""
    system = Interned(rules, bounds, watchers)
    seen = {system.initial()}
    waiting = list(seen)
    while waiting:
        for _, after in system.steps(waiting.pop()):
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return {projection(world) for world in seen}, len(seen)


@pytest.mark.parametrize("name", PROFILES)
def test_watching_changes_nothing(name):
    bare, fewer = reach(PROFILES[name])
    watched, more = reach(PROFILES[name], WATCHERS)
    assert watched == bare
    assert more > fewer == len(bare)  # the ghosts were there, and are all that was stripped


@pytest.mark.parametrize("watcher", WATCHERS, ids=lambda watcher: watcher.name)
def test_each_watcher_changes_nothing_and_records_something(watcher):
    """One at a time, on the smallest profile where it has something to record."""
    own = {"forgery": "forgery", "streams": "octets", "silence": "alive"}
    own |= dict.fromkeys(("pace", "losses", "samples"), "plane")
    name = own.get(watcher.name, "two")
    bounds = PROFILES[name]
    # Where every rule is the RFC's, no step is wrong and no forgery does harm.
    rules = Rules(ack_floor=watcher.name != "forgery", reset_exact=watcher.name != "conduct")
    bare, fewer = reach(bounds, rules=rules)
    watched, more = reach(bounds, [watcher], rules=rules)
    assert watched == bare
    # What these two record can be told from the state in so small a profile.
    assert more > fewer or watcher.name in ("pace", "samples")


def test_ghosts_of_the_drain_rules_change_nothing():
    """... under other rules too: those that T3 and T4 assume."""
    rules = Rules(time_wait_restart=Restart.EMISSION, time_wait_ignores_reset=True)
    bare, _ = reach(PROFILES["timed"], rules=rules)
    watched, _ = reach(PROFILES["timed"], WATCHERS, rules=rules)
    assert watched == bare


def without_send_window(world: World) -> tuple[Any, ...]:
    """``world`` without SND.WND, SND.WL1 and SND.WL2."""

    def strip(end: Endpoint) -> tuple[Any, ...]:
        end = clone(end)
        end.tcb.snd.wnd = end.tcb.snd.wl1 = end.tcb.snd.wl2 = 0
        return key(end)

    bags = (tuple(sorted(map(key, bag))) for bag in (world.links[0], world.links[1]))
    return strip(world.hosts[0]), strip(world.hosts[1]), *bags


@pytest.mark.parametrize("name", ["untimed", "timed", "two"])
def test_the_send_window_decides_nothing_where_nobody_sends(name):
    bounds = PROFILES[name]
    off, fewer = reach(bounds, projection=without_send_window)
    on, more = reach(dataclasses.replace(bounds, send_window=True), projection=without_send_window)
    assert on == off
    assert more > fewer


def test_the_send_window_matters_where_somebody_sends():
    """What the bound's reason says: off, text would never be sent."""
    bounds = PROFILES["octets"]
    off, _ = reach(dataclasses.replace(bounds, send_window=False), projection=without_send_window)
    on, _ = reach(bounds, projection=without_send_window)
    assert on != off


# ------------------------------------------------------------------------------- step by step


def met(bounds: Bounds, rules: Rules) -> list[tuple[Endpoint, Input, Segment | None]]:
    """Every (endpoint, input, segment) that an exploration meets."""
    system = Interned(rules, bounds)
    first = system.initial()
    seen, waiting, found = {first}, [first], {}
    while waiting:
        world = waiting.pop()
        for end, inbox in ((world.hosts[0], world.links[1]), (world.hosts[1], world.links[0])):
            for seg in inbox:
                found[end, Input.SEGMENT, seg] = None
            for what in (*Input, *FORGERIES):
                if what != Input.SEGMENT:
                    found[end, what, None] = None
        for _, after in system.steps(world):
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return sorted(found, key=lambda it: (str(key(it[0])), it[1].name, str(it[2] and key(it[2]))))


ROOM = {"incarnations": 9}  # so that no id is the last


@cache
def every_step() -> list[tuple[Any, Rules, Bounds]]:
    """Every (endpoint, input, segment) that some explorations meet, and by what to step it; and one
    that they do not, a return to TIME-WAIT."""
    reset = Segment(seq=321, ctl=Control(rst=True))
    return [
        ((reopened(), Input.SEGMENT, reset), Rules(time_wait_reopen=True), BOUNDS),
        *_met(),
    ]


def reopened() -> Endpoint:
    """An endpoint in SYN-RECEIVED that a SYN has taken there from TIME-WAIT."""
    return arrive(
        endpoint(State.TIME_WAIT), "<SEQ=320><CTL=SYN>", isn=500, time_wait_reopen=True
    ).end


def _met() -> list[tuple[Any, Rules, Bounds]]:
    return [
        (it, rules, dataclasses.replace(bounds, **ROOM))
        for bounds, rules in (
            (PROFILES["octets"], Rules()),
            (PROFILES["plane"], Rules()),
            (PROFILES["crash"], Rules()),
            (PROFILES["simultaneous"], Rules()),
            (PROFILES["forgery"], Rules(ack_floor=False)),
            (PROFILES["limited"], Rules(ack_limit=AckLimit.HOST)),
            (PROFILES["alive"], Rules(keep_alive=KeepAlive.EMPTY)),
            (PROFILES["listening"], Rules(syncookies=Cookies.OVERFLOW)),
            (PROFILES["timed"], Rules(time_wait_reopen=True, abort_time_wait=True)),
        )
        for it in met(bounds, rules)
    ]


def outcome(it, rules: Rules, bounds: Bounds, ghost: Ghost, origin: Origin, sight: Sight):
    """What one step does, but for ghosts."""
    end, what, seg = clone(it[0]), it[1], clone(it[2]) if it[2] is not None else None
    end.ghosts = (clone(ghost),)
    if seg is not None:
        seg.origin = clone(origin)
    effects = happen(end, what, seg, 6, rules, bounds, WATCHERS, sight)
    if not effects.possible:
        return None
    sent = tuple(map(protocol_of_segment, effects.sent))
    after = (*protocol_of_endpoint(end)[:-1], end.ghost.made - ghost.made)
    return after, sent, effects.rules, effects.signals, effects.drew_isn


def test_there_is_something_to_step():
    assert len(every_step()) > 5000
    assert {it[1] for it, _, _ in every_step()} == {*Input, *FORGERIES}
    assert {it[0].tcb.state.name for it, _, _ in every_step()} >= {"LISTEN", "CLOSING", "TIME_WAIT"}


def test_no_step_reads_a_ghost():
    """Each that was met, with ghosts drawn at random."""
    draw = random.Random(9293)

    def some(kind: Any) -> Any:
        """A random value of a kind, or of each field of a record."""
        if kind is bool:
            return draw.random() < 0.5
        if kind is int:
            return draw.randrange(9)
        if kind is End:
            return draw.choice(list(End))
        if get_origin(kind) is tuple:
            return tuple(some(get_args(kind)[0]) for _ in range(2))
        return kind(*map(some, hints(kind).values()))

    hints = cache(get_type_hints)
    drawn = [(some(Ghost), some(Origin), some(Sight)) for _ in range(999)]
    for it, rules, bounds in every_step():
        one, other = (outcome(it, rules, bounds, *ghosts) for ghosts in draw.sample(drawn, 2))
        assert one == other, it


NEVER = (
    "swallowed",
    "strayed",
    *("burst", "silly", "strange", "dipped", "leap", "twice", "ambiguous", "amiss"),
    *("stalled", "withheld", "idled", "flood", "flown", "spurt"),
)
"""No rule writes these, but a wrong one, or an idle time, which these bounds do not have: see
test_silence.py, test_refinement.py, test_pace.py, test_course.py, test_flow.py."""


def test_every_ghost_is_written():
    """... else it would be no use stripping it: some step changes each."""

    def past() -> tuple[Pair, ...]:
        return tuple(Pair() for _ in range(3))

    left = {f.name for f in dataclasses.fields(Ghost)} - {*NEVER}
    start = {field: key(getattr(Ghost(past=past()), field)) for field in left}
    apart = {"silent", "again"}  # these begin otherwise, to be seen to change
    for (it, rules, bounds), simultaneous, silent, again in (
        (it, *how) for it in every_step() for how in ((False, 9, 1), (True, 9, 1), (False, 0, 9))
    ):
        end, seg = clone(it[0]), clone(it[2]) if it[2] is not None else None
        ghost = Ghost(
            made=3,
            left=Left(id=2),
            past=past(),
            simultaneous=simultaneous,
            old_peer=2,
            partner=3,
            heard=3,
            silent=silent,
        )
        ghost.read = tuple(Reading(again) for _ in range(3))
        end.ghosts = (ghost,)
        seen = left & apart if silent == 0 else left - apart
        before = {field: key(getattr(end.ghost, field)) for field in seen}
        if seg is not None:
            seg.origin = Origin(2, 2, 3)
        sight = Sight(id=2, over_me=1, over_peer=1, residue=True)
        if happen(end, it[1], seg, 6, rules, bounds, WATCHERS, sight).possible:
            for field, was in before.items():
                after = key(getattr(end.ghost, field))
                if after != was and (field == "partner" or after != start[field]):
                    left.discard(field)
        if not left:
            return
    raise AssertionError(f"nothing writes {', '.join(sorted(left))}")


# ------------------------------------------------------------------------------------- acceptance


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({"state": State.CLOSE_WAIT}, True),
        ({"rcv_nxt": 301}, True),
        ({"snd_una": 99}, True),
        ({"snd_wnd": 7}, False),
        ({}, False),
    ],
    ids=str,
)
def test_what_counts_as_accepted(change, counts):
    """A state that is left, text or a FIN that is taken, an ACK that is believed."""
    state = change.get("state", State.ESTABLISHED)
    before = endpoint(State.ESTABLISHED, rcv_nxt=300, snd_una=100).tcb
    rest = {name: value for name, value in change.items() if name != "state"}
    after = endpoint(State.ESTABLISHED, **{"rcv_nxt": 300, "snd_una": 100, **rest}).tcb
    after.state = state
    assert accepted(before, after) == counts
