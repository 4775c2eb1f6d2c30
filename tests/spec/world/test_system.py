"""The transition system: the channel's bag, time, faults, and that remembering changes nothing.

``naive`` is a second transition system, written here from ``happen`` and plain tuples: it
interns nothing and remembers nothing.
"""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.model.interned import Interned
from spec.observe import sights
from spec.observe.agreement import Agreement
from spec.observe.confusion import Confusion
from spec.observe.forgery import Forgery as ForgeryWatcher
from spec.observe.sights import BLIND, Sight
from spec.observe.silence import Silence
from spec.observe.stale import Stale
from spec.observe.streams import Streams
from spec.observe.watcher import Watcher
from spec.rules import AckLimit, Cookies, Isn, KeepAlive, Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State
from spec.world import channel
from spec.world import happen as world
from spec.world.bounds import Bounds
from spec.world.endpoint import initial
from spec.world.forgery import FORGERIES
from spec.world.profiles import Profile
from spec.world.records import clone, key, paths, rebuild
from spec.world.system import World
from tests.helpers.build import BOUNDS, endpoint, happen, seg

# ------------------------------------------------------------------------------------ the channel

RANK = {letter: i for i, letter in enumerate("abcd")}
letters = st.sampled_from("abcd")


@given(st.lists(letters, max_size=6), st.integers(0, 8))
def test_bag_add(items, capacity):
    """A sorted multiset; what is sent into a full one is lost."""
    bag = ()
    for n, item in enumerate(items):
        after = channel.add(bag, item, capacity, RANK.__getitem__)
        assert (after is bag) == (n >= capacity)
        bag = after
    assert bag == tuple(sorted(items[:capacity]))


@given(st.lists(letters, min_size=1), st.data())
def test_bag_remove(items, data):
    """One of them, the others stay."""
    bag = tuple(sorted(items))
    item = data.draw(st.sampled_from(items))
    rest = channel.remove(bag, item)
    assert Counter(rest) == Counter(items) - Counter(item)
    assert rest == tuple(sorted(rest))


def test_bag_has_no_order():
    bags = set()
    for order in itertools.permutations("abca"):
        bag = ()
        for item in order:
            bag = channel.add(bag, item, 4, RANK.__getitem__)
        bags.add(bag)
    assert bags == {("a", "a", "b", "c")}


# ----------------------------------------------------------------------------------- flat records


@pytest.mark.parametrize("state", State)
def test_record_round_trip(state):
    end = endpoint(state)
    flat = key(end)
    assert len(flat) == len(list(paths(end))) == len(set(paths(end)))
    copy = rebuild(endpoint(State.CLOSED), iter(flat))
    assert key(copy) == flat
    copy.tcb.snd.una = 12345
    assert key(end) == flat  # nothing is shared


def test_key_of_a_tuple_says_what_is_where():
    on_one, on_the_other = ((syn(),), ()), ((), (syn(),))
    assert key(on_one) != key(on_the_other)
    assert key(on_one) == ((key(syn()),), ())
    assert key((syn(), "lose", None)) == (key(syn()), ("lose",), (None,))


# ------------------------------------------------------------------------------------ one system

TIMED = Bounds(
    width=4,
    window=3,
    in_flight=2,
    msl=2,
    span=1,
    a_passive=False,
    b_active=False,
    send_window=False,
)


def world_of(system: Interned, a, b, to_b=(), to_a=()) -> World:
    """A world with these endpoints and segments."""
    bags = (tuple(sorted(map(system.segment, bag), key=key)) for bag in (to_b, to_a))
    return system.world((system.host(a), system.host(b)), bags)


def actions(system: Interned, world: World) -> list[str]:
    return [step.action for step, _ in system.steps(world)]


def syn(ttl: int = 0, seq: int = 0) -> Segment:
    return seg(f"<SEQ={seq}><WND=3><CTL=SYN>", ttl=ttl)


def test_tick_ages_everything_at_once():
    system = Interned(Rules(), dataclasses.replace(TIMED, capacity=3, in_flight=6))
    start = world_of(
        system,
        endpoint(State.SYN_SENT, span=1),
        endpoint(State.TIME_WAIT, time_wait=3),
        [syn(2), syn(1), syn(2, 5)],
        [syn(1)],
    )
    later = system.tick(start)
    assert [s.ttl for s in later.links[0]] == [1, 1]
    assert later.links[1] == ()
    assert (later.hosts[0].tcb.span, later.hosts[1].tcb.time_wait) == (0, 2)
    empty = system.tick(later)
    assert empty.links[0] == ()


def test_tick_that_changes_nothing_is_no_step():
    system = Interned(Rules(), TIMED)
    assert Input.TICK.value not in actions(system, system.initial())
    assert system.tick(system.initial()) == system.initial()


def test_no_time_no_tick():
    system = Interned(Rules(), dataclasses.replace(TIMED, msl=0))
    world = world_of(system, endpoint(State.TIME_WAIT, time_wait=1), endpoint(State.CLOSED))
    assert Input.TICK.value not in actions(system, world)


@pytest.mark.parametrize("state", [State.CLOSED, State.TIME_WAIT])
def test_time_wait_expires_before_the_next_tick(state):
    """Its timer has run out: no tick until it has expired, whatever the other host does."""
    system = Interned(Rules(), TIMED)
    expired = endpoint(State.TIME_WAIT, time_wait=0)
    other = endpoint(state)
    for ends in ((expired, other), (other, expired)):
        world = world_of(system, *ends, [syn(2)])
        assert system.tick(world) is None
        possible = actions(system, world)
        assert Input.TICK.value not in possible
        assert Input.TIME_WAIT_TIMEOUT.value in possible
        assert {"deliver", "lose"} <= set(possible)  # before or after it, at the same instant


def test_time_wait_lasts_two_msl():
    system = Interned(Rules(), TIMED)
    world = world_of(system, endpoint(State.TIME_WAIT, time_wait=4), endpoint(State.CLOSED))
    for _ in range(4):
        assert Input.TIME_WAIT_TIMEOUT.value not in actions(system, world)
        world = system.tick(world)
    assert Input.TIME_WAIT_TIMEOUT.value in actions(system, world)
    assert system.tick(world) is None


def test_channel_may_deliver_duplicate_and_lose():
    system = Interned(Rules(), TIMED)
    world = world_of(system, endpoint(State.CLOSED), endpoint(State.CLOSED), [syn(2)])
    found = {
        step.action: (after.links[0], len(after.links[1]))
        for step, after in system.steps(world)
        if step.segment is not None
    }
    assert found == {
        "deliver": ((), 1),
        "duplicate": (world.links[0], 1),
        "lose": ((), 0),
    }  # B is CLOSED and answers with a reset


def test_equal_segments_are_delivered_once():
    system = Interned(Rules(), TIMED)
    twice = world_of(system, endpoint(State.CLOSED), endpoint(State.CLOSED), [syn(2), syn(2)])
    once = world_of(system, endpoint(State.CLOSED), endpoint(State.CLOSED), [syn(2)])
    assert actions(system, twice) == actions(system, once)
    assert [len(w.links[0]) for s, w in system.steps(twice) if s.action == "deliver"] == [1]


@pytest.mark.parametrize(
    ("capacity", "in_flight", "already", "kept"),
    [(2, 4, 1, 1), (1, 4, 1, 0), (2, 2, 1, 1), (2, 1, 1, 0), (2, 4, 2, 0)],
)
def test_full_channel_drops_and_says_so(capacity, in_flight, already, kept):
    """Each direction has its capacity, both together theirs."""
    bounds = dataclasses.replace(TIMED, capacity=capacity, in_flight=in_flight)
    system = Interned(Rules(), bounds)
    world = world_of(
        system, endpoint(State.CLOSED), endpoint(State.CLOSED), [syn(2, n) for n in range(already)]
    )
    opening = [(s, w) for s, w in system.steps(world) if s.action == Input.OPEN_ACTIVE.value]
    ((step, after),) = opening
    assert after.hosts[0].tcb.state == State.SYN_SENT
    assert (len(after.links[0]), len(step.dropped)) == (already + kept, 1 - kept)
    assert len(step.sent) == 1


def test_incarnations_are_limited():
    """Neither OPEN nor a SYN makes one TCB too many."""
    system = Interned(Rules(), TIMED)
    spent = endpoint(State.CLOSED)
    spent.ghost.made = TIMED.incarnations
    listening = endpoint(State.LISTEN)
    listening.ghost.made = TIMED.incarnations
    world = world_of(system, spent, listening, [syn(2)])
    found = set(actions(system, world))
    assert not found & {Input.OPEN_ACTIVE.value, Input.OPEN_PASSIVE.value, "deliver", "duplicate"}
    assert "lose" in found
    fewer = clone(spent)
    fewer.ghost.made -= 1
    assert Input.OPEN_ACTIVE.value in actions(system, world_of(system, fewer, listening))


@pytest.mark.parametrize("clock", [1, 2])
@pytest.mark.parametrize("state", State)
def test_what_the_system_leaves_out_at_once_is_not_possible(state, clock):
    """It asks before it copies a host whether an event may be: the answer is ``happen``'s, also
    where the clock decides (an OPEN in TIME-WAIT, begun when the clock said 1)."""
    bounds = dataclasses.replace(TIMED, msl=0, stamps=4, plain=True, keep_alive_idle=1)
    rules = {"time_wait_reuse": True, "keep_alive": KeepAlive.EMPTY, "ack_limit": AckLimit.SOCKET}
    system = Interned(Rules(**rules), bounds)
    end = endpoint(state, stamped=True, ts_recent=1, since=2, clock=clock)
    calls = [what for what in Input if what not in (Input.SEGMENT, Input.TICK)]
    offered = {w for w in calls if system.react(system.host(end), 0, w, None, BLIND)}
    possible = {what for what in calls if happen(end, what, bounds=bounds, isn=0, **rules).possible}
    assert offered == possible
    if state == State.TIME_WAIT:
        assert (Input.OPEN_ACTIVE in offered) == (clock == 2)


def labelled(bounds: Bounds):
    """Every transition of a small system, with where it came from."""
    system = Interned(Rules(), bounds)
    seen, waiting = {system.initial()}, [system.initial()]
    while waiting:
        world = waiting.pop()
        assert len(seen) < 20_000
        for step, after in system.steps(world):
            yield system, world, step, after
            if after not in seen:
                seen.add(after)
                waiting.append(after)


def test_labels_tell_who_and_which_way():
    """A step names the host that it befell, and the way its segment went."""
    bounds = Bounds(width=3, in_flight=1, incarnations=1, close=False, send_window=False)
    hosts = set()
    for _, before, step, after in labelled(bounds):
        changed = [me for me in (0, 1) if after.end(me) is not before.end(me)]
        if changed:
            assert changed == [step.host], step
        if step.segment is not None:
            assert step.segment in before.links[step.link], step
            assert step.host in (None, 1 - step.link), step
        hosts.add(step.host)
    assert hosts == {None, 0, 1}


def test_labels_tell_the_isn():
    """... also where a SYN reopens the connection from TIME-WAIT."""
    rules = Rules(time_wait_reopen=True, reopen_seq_check=False)
    system = Interned(rules, dataclasses.replace(BOUNDS, base=500))
    world = world_of(
        system, endpoint(State.CLOSED), endpoint(State.TIME_WAIT), [seg("<SEQ=900><CTL=SYN>")]
    )
    drawn = [
        (step.isn, after.end(step.host).tcb.iss)
        for step, after in system.steps(world)
        if step.isn is not None
    ]
    assert drawn
    assert all(isn == iss for isn, iss in drawn)


# -------------------------------------------------------------------------------- crash and quiet


@pytest.mark.parametrize("state", State)
def test_crash_loses_everything_in_silence(state):
    end = endpoint(state)
    result = happen(end, Input.CRASH)
    assert (result.state, result.sent, result.end.up) == (State.CLOSED, [], False)
    assert key(result.tcb) == key(endpoint(State.CLOSED).tcb)
    assert result.end.crashes == 1
    assert not happen(endpoint(State.CLOSED, crashes=BOUNDS.crashes), Input.CRASH).possible


@pytest.mark.parametrize("what", [i for i in Input if i not in (Input.RESTART, Input.TICK)])
@pytest.mark.parametrize("health", [{"up": False}, {"quiet": 2}])
def test_down_or_quiet_nothing_happens(what, health):
    """3.4.3: nothing is sent for one MSL; nor does a host that is down hear anything."""
    end = endpoint(State.CLOSED, crashes=BOUNDS.crashes, **health)
    arriving = seg("<SEQ=300><CTL=SYN>") if what == Input.SEGMENT else None
    assert not happen(end, what, arriving).possible


def test_restart_keeps_quiet_for_one_msl():
    down = happen(endpoint(State.ESTABLISHED), Input.CRASH).end
    assert not happen(endpoint(State.CLOSED), Input.RESTART).possible
    end = happen(down, Input.RESTART).end
    for _ in range(BOUNDS.msl):
        assert not happen(end, Input.OPEN_ACTIVE).possible
        end = happen(end, Input.TICK).end
    assert happen(end, Input.OPEN_ACTIVE).possible
    assert happen(happen(down, Input.RESTART, quiet_time=False).end, Input.OPEN_ACTIVE).possible


def test_only_a_crashes():
    bounds = dataclasses.replace(TIMED, crashes=1)
    system = Interned(Rules(), bounds)
    crashes = [w for s, w in system.steps(system.initial()) if s.action == Input.CRASH.value]
    assert [(w.hosts[0].up, w.hosts[1].up) for w in crashes] == [(False, True)]


# ---------------------------------------------------------------------------- remembering nothing


class Naive:
    """The same transition system over plain tuples, as spec/world/system.py describes it."""

    def __init__(self, rules: Rules, bounds: Bounds, watchers: Sequence[Watcher]) -> None:
        self.rules, self.bounds, self.watchers = rules, bounds, watchers
        self.blank = initial(watchers, bounds)

    def initial(self):
        return (key(self.blank), key(self.blank)), ((), ())

    def segment(self, flat):
        return rebuild(Segment(seq=0), iter(flat))

    def calls(self, me: int):
        b = self.bounds
        active, passive, sends = (
            (b.a_active, b.a_passive, b.a_sends)
            if me == 0
            else (b.b_active, b.b_passive, b.b_sends)
        )
        allowed = {
            Input.OPEN_PASSIVE: passive,
            Input.OPEN_ACTIVE: active,
            Input.OPEN_PLAIN: active and b.plain,
            Input.SEND: sends and b.octets,
            Input.SEND_URGENT: sends and b.octets and b.urgent,
            Input.RECEIVE: b.octets,
            Input.CLOSE: b.close,
            Input.ABORT: b.abort,
            Input.USER_TIMEOUT: b.user_timeout,
            Input.CRASH: me == 0 and b.crashes,
            Input.RESTART: me == 0 and b.crashes,
            **dict.fromkeys(FORGERIES, me == 1 and b.forged),
            Input.LISTEN: me == 1 and b.listener,
            Input.ACCEPT: me == 1 and b.listener,
            Input.LISTENER_CLOSED: me == 1 and b.listener and b.listener_closes,
            Input.STRANGER_SYN: me == 1 and b.listener and b.strangers,
            Input.STRANGER_FORGOTTEN: me == 1 and b.listener and b.strangers,
            Input.NEIGHBOUR_READY: me == 1 and b.listener and b.neighbours,
            Input.NEIGHBOUR_ACCEPTED: me == 1 and b.listener and b.neighbours,
            Input.NAT_OPEN: me == 1 and b.listener and b.nat,
            Input.ADDRESS_FORGOTTEN: me == 1 and b.listener and b.nat,
            Input.KEEP_ALIVE_TIMEOUT: self.rules.keep_alive != KeepAlive.OFF,
            Input.LIMIT_TIMEOUT: self.rules.ack_limit != AckLimit.NONE,
            Input.LIMIT_SPENT: self.rules.ack_limit == AckLimit.HOST,
            Input.SEGMENT: False,
            Input.TICK: False,
        }
        return [what for what in (*Input, *FORGERIES) if allowed.get(what, True)]

    def isns(self, end):
        b = self.bounds
        if self.rules.isn == Isn.CONSTANT:
            return [b.base]
        every = [(b.base + n * b.stride) % 2**b.width for n in range(b.incarnations)]
        if end.ghost.made > 0 and (self.rules.isn == Isn.ANY or end.crashes > 0):
            return every
        return [every[min(end.ghost.made, len(every) - 1)]]

    def sight(self, ends, bags, me: int) -> Sight:
        mine, peer = (rebuild(self.blank, iter(ends[n])) for n in (me, 1 - me))
        state = peer.tcb.state
        left = False
        if mine.tcb.state == State.TIME_WAIT:
            left = any(sights.residue_from_me(mine.ghost, self.segment(s)) for s in bags[me])
            left |= any(sights.residue_from_peer(mine.ghost, self.segment(s)) for s in bags[1 - me])
        return Sight(
            peer.ghost.id,
            state == State.SYN_SENT,
            state not in (State.CLOSED, State.LISTEN),
            peer.ghost.over_me,
            peer.ghost.over_peer,
            left,
        )

    def befall(self, state, me: int, what: Input, arriving=None):
        """(action, next) for each ISN that matters; ``arriving`` stays in its bag."""
        ends, bags = state
        for number, isn in enumerate(self.isns(rebuild(self.blank, iter(ends[me])))):
            end = rebuild(self.blank, iter(ends[me]))
            segment = None if arriving is None else self.segment(arriving)
            sight = self.sight(ends, bags, me)
            effects = world.happen(
                end, what, segment, isn, self.rules, self.bounds, self.watchers, sight
            )
            if not effects.possible:
                return
            if effects.drew_isn or number == 0:
                yield end, [key(s) for s in effects.sent]

    def after(self, state, me: int, end, sent, inbox):
        ends, bags = list(state[0]), list(state[1])
        ends[me], bags[1 - me] = key(end), inbox
        out = list(bags[me])
        for new in sent:
            if len(out) < self.bounds.capacity and len(out) + len(inbox) < self.bounds.in_flight:
                out.append(new)
        bags[me] = tuple(sorted(out))
        return tuple(ends), tuple(bags)

    def steps(self, state):
        ends, bags = state
        for me in (0, 1):
            for what in self.calls(me):
                for end, sent in self.befall(state, me, what):
                    yield what.value, self.after(state, me, end, sent, bags[1 - me])
            for flat in set(bags[1 - me]):
                i = bags[1 - me].index(flat)
                rest = bags[1 - me][:i] + bags[1 - me][i + 1 :]
                for end, sent in self.befall(state, me, Input.SEGMENT, flat):
                    yield "deliver", self.after(state, me, end, sent, rest)
                    if self.bounds.duplicate:
                        yield "duplicate", self.after(state, me, end, sent, bags[1 - me])
                if self.bounds.lose:
                    yield "lose", (ends, (bags[0], rest) if me == 0 else (rest, bags[1]))
        if self.bounds.msl or self.bounds.stamps:
            yield from self.tick(state)

    def tick(self, state):
        ends = [rebuild(self.blank, iter(flat)) for flat in state[0]]
        for end in ends if self.bounds.msl else ():
            if end.tcb.state == State.TIME_WAIT and end.tcb.time_wait == 0:
                return
            # Nothing is outstanding in these states of a connection without text.
            idle = end.tcb.state in (State.ESTABLISHED, State.FIN_WAIT_2, State.CLOSE_WAIT)
            on = self.rules.keep_alive != KeepAlive.OFF and self.bounds.keep_alive_idle > 0
            if on and idle and end.tcb.keep_alive == 0:
                return
        for end in ends:
            world.happen(end, Input.TICK, None, 0, self.rules, self.bounds, self.watchers)
        bags = []
        for bag in state[1]:
            older = []
            for flat in bag:
                segment = self.segment(flat)
                if self.bounds.msl and self.rules.lifetime_bounded:
                    segment.ttl -= 1
                    if segment.ttl <= 0:
                        continue
                older.append(key(segment))
            bags.append(tuple(sorted(older)))
        later = tuple(map(key, ends)), tuple(bags)
        if later != state:
            yield "tick", later


def flat(world: World) -> Any:
    """A world as ``Naive`` writes it."""
    bags = (tuple(sorted(map(key, bag))) for bag in world.links)
    return tuple(map(key, world.hosts)), tuple(bags)


WATCHED = (Agreement(), Stale(), Confusion())
ONE = Profile(dataclasses.replace(TIMED, incarnations=1, capacity=1))
COMPARED = {
    "time": (ONE, Rules()),
    "time-few": (ONE.but(in_flight=1), Rules()),
    "untimed-mixed": (
        Profile(TIMED).but(msl=0, incarnations=1, a_passive=True, b_active=True, close=False),
        Rules(),
    ),
    "two-watched": (
        ONE.but(msl=0, incarnations=2, in_flight=1, close=False).watched(*WATCHED),
        Rules(isn=Isn.ANY),
    ),
    "crash": (
        ONE.but(incarnations=2, in_flight=1, crashes=1, close=False, abort=False).watched(*WATCHED),
        Rules(lifetime_inclusive=True),
    ),
    "octets": (
        ONE.but(
            msl=0, in_flight=1, octets=1, send_window=True, urgent=True, a_sends=False,
            abort=False, lose=False,
        ).watched(Streams()),
        Rules(),
    ),
    "octets-few": (
        ONE.but(
            msl=0, in_flight=1, octets=1, send_window=True, urgent=True, a_sends=False,
            abort=False, lose=False, duplicate=False,
        ).watched(Streams()),
        Rules(),
    ),
    "forged": (
        ONE.but(msl=0, in_flight=1, forged=True).watched(ForgeryWatcher()),
        Rules(ack_floor=False),
    ),
    "listener": (
        ONE.but(
            msl=0,
            b_passive=False,
            listener=True,
            strangers=True,
            neighbours=True,
            in_flight=1,
            close=False,
        ),
        Rules(syncookies=Cookies.OVERFLOW),
    ),
    "keep-alive": (
        ONE.but(
            in_flight=1, msl=1, keep_alive_idle=1, keep_alive_interval=1, nat_timeout=2,
            close=False, abort=False, listen_open=False,
        ).watched(Silence()),
        Rules(keep_alive=KeepAlive.OCTET, ack_limit=AckLimit.HOST),
    ),
    "timestamps": (
        ONE.but(
            msl=0, in_flight=1, listener=True, b_passive=False, stamps=2, plain=True, nat=True,
            abort=False, close=False,
        ),
        Rules(time_wait_recycle=True),
    ),
    "unbounded-lifetime": (ONE.but(in_flight=1, lose=False), Rules(lifetime_bounded=False)),
}  # fmt: skip

MANY = ("time", "octets", "crash", "two-watched", "listener", "keep-alive", "untimed-mixed")
"""Those that take long; of the first two there are fewer states, too."""


def test_all_that_a_step_sends_is_in_flight_as_far_as_there_is_room():
    system = Interned(Rules(), *Profile(TIMED))
    first, second = (system.segment(Segment(seq=seq)) for seq in (1, 2))
    assert system.send((), (first, second), 2) == ((first, second), ())
    assert system.send((), (first, second), 1) == ((first,), (second,))


def test_of_the_isns_on_offer_each_that_reopens_is_taken():
    """... though the first of them is not above SND.NXT (section 3.6.1 (1))."""
    profile = ONE.but(incarnations=2, stride=3)
    system = Interned(Rules(isn=Isn.ANY, time_wait_reopen=True), *profile)
    end = endpoint(State.TIME_WAIT, iss=0, snd_una=2, snd_nxt=2, irs=0, rcv_nxt=2, rcv_up=2)
    end.ghost.made = 1
    syn = Segment(seq=3, wnd=3, ctl=Control(syn=True))
    found = system.react(system.host(end), 0, Input.SEGMENT, system.segment(syn), BLIND)
    states = [(one.isn, one.end.tcb.state) for one in found]
    assert states == [(None, State.TIME_WAIT), (3, State.SYN_RECEIVED)]


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] if n in MANY else []) for n in COMPARED],
)
def test_system_equals_naive(name):
    """The same states, from each the same transitions; and no interned state was changed."""
    profile, rules = COMPARED[name]
    system, naive = Interned(rules, *profile), Naive(rules, *profile)
    start = system.initial()
    assert flat(start) == naive.initial()
    written = {start: flat(start)}
    waiting = [start]
    states, transitions = 0, 0
    while waiting:
        world = waiting.pop()
        states += 1
        found = Counter()
        for step, after in system.steps(world):
            transitions += 1
            if after not in written:
                written[after] = flat(after)
                waiting.append(after)
            found[step.action, written[after]] += 1
        assert found == Counter(naive.steps(written[world]))
        assert flat(world) == written[world]
        assert states < 20_000
    assert states == len(written) == len(set(written.values())) > 100
    assert transitions > states
    for world, before in written.items():
        assert flat(world) == before


def test_interning():
    """Equal endpoints and segments are one object; different ones are not."""
    system = Interned(Rules(), TIMED)
    end = system.host(endpoint(State.ESTABLISHED))
    assert system.host(clone(end)) is end
    assert system.host(endpoint(State.ESTABLISHED, rcv_wnd=0)) is not end
    segment = system.segment(syn(1))
    assert system.segment(syn(1)) is segment
    assert system.segment(syn(2)) is not segment
