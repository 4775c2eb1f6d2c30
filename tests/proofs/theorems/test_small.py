"""The clauses of small systems, asked of random runs of plain numbers."""

import dataclasses
import random
from fractions import Fraction
from typing import Any, cast

import pytest

from proofs.theorems import cookies, margin, pace, paws, refinement, small, timer
from proofs.theorems.small import Scene
from proofs.theorems.table import BY_ID, THEOREMS, Theorem
from spec.rules import CookieHash, Cookies, KeepAlive, Row, Rules
from spec.tcp import retransmission
from spec.tcp.context import Tcp
from spec.world.bounds import Bounds

SMALL = [theorem for theorem in THEOREMS if isinstance(theorem.system, small.Small)]
OPEN: dict[str, dict[str, Any]] = {
    "S2.rate": {"life": 7, "forgotten": True},
    "S5": {"irs": 5, "guessed": False},
    "S5m": {"key": 0xFEDCBA98, "rises": True, "one_mss": True},
    "S13": {"stamped": True, "at_least": True},
    "R10": {"msl": 4},
    "R10.idle": {"msl": 4},
    "R11": {"msl": 4, "rate": 1 << 31, "window": 1 << 29, "held": 1 << 29},
    "R12": {"expected": 0, "recent": 3, "ticks": True},
    "T9.pace": {"msl": pace.AROUND - 7, "flight": 7},
    "CC7.rto": {
        "shortest": Fraction(1, 3),
        "longest": Fraction(3),
        "granularity": Fraction(1, 10),
        "least": Fraction(1),
        "greatest": Fraction(60),
    },
    "H3.margin": {"client": 3, "server": 7, "delay": 2},
    "CC3": {"mss": 2},
    "CC3.take": {"place": 5},
}


def any_syn(last: small.Syn, chance: random.Random) -> small.Syn:
    """A SYN that may well be the next one of a client."""
    later = chance.choice([0, 0, 1, 63])
    return small.Syn(
        irs=(last.irs + chance.choice([1, 1 << 24, small.FAR])) % 2**32,
        minute=(last.minute + (later << small.BITS)) % 2**32,
        hashed=chance.choice([0, small.LOW - 1, small.LOW]) if later else last.hashed,
        mss=chance.choice([0, 3]) if later else chance.choice([last.mss, 3]),
    )


def any_choice(chance: random.Random) -> refinement.Given:
    """What a sender meets: few octets, so that it comes to its ends."""
    few = [chance.choice([0, 1, 2, 3, 5]) for _ in range(7)]
    yes_or_no = [chance.random() < 0.5 for _ in range(3)]
    una, duplicates, timed = 2**32 - 2, chance.choice([0, 1, 2, 2]), chance.choice([0, 2**32 - 2])
    return refinement.Given(
        una, few[0], few[1], few[2], few[3], few[4], few[5], duplicates, yes_or_no[0], timed,
        yes_or_no[1], yes_or_no[2],
    )  # fmt: skip


def any_arrival(chance: random.Random) -> refinement.Arrival:
    """A segment near RCV.NXT, which is where numbers begin again."""
    nxt = chance.choice([0, 1, 2**32 - 1])
    seq = (nxt + chance.choice([0, 1, 2, 3, 5, -1, -2])) % 2**32
    fin, unread = chance.random() < 0.01, chance.choice([1, 2, 4])
    return refinement.Arrival(nxt, seq, chance.choice([1, 2, 3]), fin, 1, unread, 0)


def any_sample(state: timer.Timer, chance: random.Random) -> timer.Sample:
    """A sample, and what ``spec.tcp.retransmission`` makes of it."""
    rtt = Fraction(chance.randrange(1, 10), 3)
    was = retransmission.Estimate(Fraction(state.srtt), Fraction(state.rttvar))
    now = retransmission.later(was, rtt) if state.sampled else retransmission.first(rtt)
    return timer.Sample(*cast(Any, (rtt, now.srtt, now.rttvar)))


def any_given(system: small.Small, state: Any, chance: random.Random) -> Any:
    """What an action is given: what an honest client sends, for the most part."""
    if system.given is small.Syn:
        return any_syn(state.last, chance)
    if system.given is cookies.Sender:
        near = [chance.choice([n, n, n - 1]) for n in (5, 8 + 3 * 5)]  # the cookie of 5
        return cookies.Sender(*near, *(chance.choice([0, 0, 1]) for _ in range(2)))
    if system.given is small.Options:
        yes_or_no = [chance.random() < 0.5 for _ in range(3)]
        return small.Options(chance.choice([0, 535, 536, 1299, 1460, 65535]), *yes_or_no)
    if system.given is small.Quiet:
        return small.Quiet(*(chance.choice([0, 1, small.FAR]) for _ in range(3)))
    if system.given is paws.Another:
        return paws.Another(chance.choice([0, 1, 3]))
    if system.given is paws.More:
        return paws.More(chance.choice([1, 1 << 28, state.sent, state.expected]), 0)
    if system.given is pace.More:
        return pace.More(chance.choice((state.una, state.nxt, state.nxt + chance.choice((1, 6)))))
    if system.given is timer.Sample:
        return any_sample(state, chance)
    if system.given is margin.Elapsed:
        return margin.Elapsed(cast(Any, Fraction(chance.randrange(8), 4)))
    if system.given is refinement.Given:
        return any_choice(chance)
    if system.given is refinement.Arrival:
        return any_arrival(chance)
    if system.given is paws.Later:
        octet_tsval = chance.choice([1, 3])
        near = [chance.choice([1, 4, paws.NEAR, -3, -4]) % 2**32 for _ in range(2)]
        return paws.Later(near[0], chance.choice([0, 3, 4]), near[1], octet_tsval)
    return None


def opened(theorem: Theorem, **more: Any) -> Any:
    """What a theorem leaves open, if anything."""
    assert isinstance(theorem.system, small.Small)
    kind = theorem.system.open
    return None if kind is None else kind(**{**OPEN[theorem.id], **more})


def taken(theorem: Theorem, seed: int, steps: int = 60, **more: Any) -> tuple[int, list[str]]:
    """How many steps of a random run were possible, and the clauses that were false on it."""
    system, chance = theorem.system, random.Random(seed)
    assert isinstance(system, small.Small)
    state, open_ = system.state(), opened(theorem, **more)
    life = {"recent_life": 5} if "recent_life" in theorem.free else {}
    bounds = dataclasses.replace(Bounds(), **{"backlog": 3, **theorem.bounds, **life})
    scene = Scene(state, open_, Tcp(dataclasses.replace(Rules(), **theorem.rules), bounds, 0))
    assert all(fact(scene) for fact in theorem.facts) == (not more)
    count, false = 0, []
    for _ in range(steps):
        given = any_given(system, state, chance)
        count += chance.choice([*system.actions.values()])(scene, given)
        false += [f.__name__ for f in theorem.all if not f(scene)]
    return count, false


@pytest.mark.parametrize("theorem", SMALL, ids=lambda theorem: theorem.id)
def test_clauses_hold_of_runs(theorem: Theorem) -> None:
    for seed in range(20):
        count, false = taken(theorem, seed, 150)
        assert count > 10 and not false


@pytest.mark.parametrize(
    ("rules", "more"), [({}, {"one_mss": False}), ({"cookie_hash": CookieHash.WHOLE}, {})]
)
def test_cookies_are_seen_to_fall(rules: dict[str, Any], more: dict[str, Any]) -> None:
    theorem = dataclasses.replace(BY_ID["S5m"], rules={**BY_ID["S5m"].rules, **rules})
    assert any("cookies_rise" in taken(theorem, seed, **more)[1] for seed in range(20))


def test_a_cookie_makes_a_connection_with_who_took_it() -> None:
    s = scene("S5", rules={"syncookies": Cookies.ALWAYS}, irs=5, guessed=False)
    acts, one = cookies.AGREEMENT.actions, cookies.Sender(5, 23)
    assert not acts["SYN,ACK"](s, one) and not acts["ACK"](s, one)
    assert acts["SYN"](s, one) and s.me.sent
    assert acts["SYN,ACK"](s, one) and s.me.heard
    assert acts["ACK"](s, one) and s.me.made and not s.me.alone


def test_a_guessed_cookie_is_seen_to_make_one_alone() -> None:
    falls = [taken(BY_ID["S5"], seed, guessed=True)[1] for seed in range(20)]
    assert {"server_agrees"} == {name for one in falls for name in one}


@pytest.mark.parametrize("rule", ["peer_window", "nxt_kept"])
def test_a_sender_is_seen_to_stray(rule: str) -> None:
    theorem = dataclasses.replace(BY_ID["CC3"], rules={rule: False})
    falls = [taken(theorem, seed)[1] for seed in range(50)]
    assert "never_strays" in {name for one in falls for name in one}


def test_all_ways_to_send_are_taken() -> None:
    """... by random runs, so that these could stray."""
    cited = set()
    for seed in range(50):
        s, chance = scene("CC3", mss=2), random.Random(seed)
        for _ in range(60):
            action = chance.choice([name for name in refinement.SENDER.actions if name != "CLOSE"])
            refinement.SENDER.actions[action](s, any_choice(chance))
        cited |= {rule.id for rule in s.tcp.cited}
    assert cited >= {
        "3.8.6.1/zero-window probe/send",
        "3.10.8/RETRANSMISSION TIMEOUT/front",
        "RFC 5681/3.2/(2)/fast-retransmit",
        "RFC 5681/3.2/(6)/recovered",
        "RFC 6582/3.2/partial",
    }


def test_what_did_not_come_is_seen_to_be_taken() -> None:
    """... if a place holds what no segment brought."""
    s = scene("CC3.take", place=1)
    s.me.places[1].here = True
    assert not refinement.held_has_come(s) and refinement.taken_has_come(s)
    arrival = refinement.Arrival(nxt=2**32 - 1, seq=2**32 - 1, text=1)
    assert refinement.RECEIVER.actions["segment"](s, arrival)
    assert s.me.delivered == 2 and not refinement.taken_has_come(s) and refinement.edge_stays(s)


def test_a_held_octet_has_come_and_is_taken_in_its_turn() -> None:
    s = scene("CC3.take", place=1)
    act = refinement.RECEIVER.actions["segment"]
    assert act(s, refinement.Arrival(nxt=7, seq=8, text=2))
    assert [place.here for place in s.me.places] == [False, True, True, False]
    assert s.me.came and s.me.delivered == 0
    assert act(s, refinement.Arrival(nxt=7, seq=6, text=2))
    assert s.me.delivered == 3 and s.me.wnd == 1 and not any(p.here for p in s.me.places)


def test_a_window_that_shrinks_is_seen() -> None:
    shrinks = {"shrinks": True}
    theorem = dataclasses.replace(BY_ID["CC3.take"], bounds={**BY_ID["CC3.take"].bounds, **shrinks})
    assert any("edge_stays" in taken(theorem, seed)[1] for seed in range(20))


@pytest.mark.parametrize("less", ["stamped", "at_least"])
def test_options_are_seen_to_fall(less: str) -> None:
    claim = {"stamped": "no_end_alone", "at_least": "as_announced"}[less]
    for seed in range(20):
        false = set(taken(BY_ID["S13"], seed, **{less: False})[1])
        assert false <= {claim}
        if false:
            return
    raise AssertionError("it was never false")


@pytest.mark.parametrize("octet", [KeepAlive.EMPTY, KeepAlive.OCTET])
def test_a_keep_alive_at_snd_nxt_is_seen_to_be_taken(octet: KeepAlive) -> None:
    for below in (True, False):
        rules = {"keep_alive": octet, "keep_alive_below": below}
        s = scene("K3", rules=rules)
        assert small.PROBES.actions["keep-alive"](s, small.Quiet(2**32 - 1, 0, 1))
        assert small.nothing_is_taken(s) == below


def test_a_full_queue_is_paid_for_exactly() -> None:
    system, life, backlog = small.FLOOD, 3, 2
    bounds = dataclasses.replace(Bounds(), backlog=backlog)
    life_of = small.Life(life, True)
    scene = Scene(small.Flood(), life_of, Tcp(Rules(), bounds, 0))
    for _ in range(5):
        moves = ["SYN"] * backlog + ["time goes by"] * life
        assert all(system.actions[move](scene, None) for move in moves)
        assert not system.actions["time goes by"](scene, None)
        assert all(system.actions["forgotten"](scene, None) for _ in range(backlog))
    assert scene.me.paid == scene.me.full == 5 * life * backlog
    life_of.forgotten = False
    assert system.actions["SYN"](scene, None) and system.actions["SYN"](scene, None)
    assert all(system.actions["time goes by"](scene, None) for _ in range(life + 1))
    assert not small.full_is_paid(scene)


# PAWS: the bounds are exact


def scene(theorem: str, life: int = 0, rules: dict[str, Any] | None = None, **given: int) -> Scene:
    """The start of a small system, with what is left open."""
    found = BY_ID[theorem]
    assert isinstance(found.system, small.Small)
    bounds = dataclasses.replace(Bounds(), **{**found.bounds, "recent_life": life})
    tcp = Tcp(dataclasses.replace(Rules(), **(rules or {})), bounds, 0)
    return Scene(found.system.state(), opened(found, **given), tcp)


def wait(s: Scene, ticks: int) -> None:
    """So many ticks at once."""
    s.me.clock = (s.me.clock + ticks) % paws.CLOCK
    s.me.recent.left = max(s.me.recent.left - ticks, 0)
    for ages, name in (
        (s.me, "age"),
        (s.me.recent, "age"),
        (s.me, "copy_age"),
        (s.me, "other_age"),
    ):
        if hasattr(ages, name):
            setattr(ages, name, getattr(ages, name) + ticks)
    if hasattr(s.me, "budget") and ticks:
        s.me.budget = s.open.rate


def act(s: Scene, what: str, to: int = 0, ago: int = 0) -> bool:
    system = paws.IDLE if isinstance(s.me, paws.Idle) else paws.STREAM
    given = paws.Another(ago) if system is paws.IDLE else paws.More(to, ago)
    return system.actions[what](s, given)


def facts(theorem: str, s: Scene) -> bool:
    return all(fact(s) for fact in BY_ID[theorem].facts)


def test_waiting_is_what_ticks_are() -> None:
    one, other = scene("R10", life=3, msl=9), scene("R10", life=3, msl=9)
    for s in (one, other):
        assert act(s, "send") and act(s, "another arrives")
    wait(one, 2)
    assert act(other, "time goes by") and act(other, "time goes by")
    assert (one.me.clock, one.me.age) == (other.me.clock, other.me.age) == (2, 2)
    recents = [(s.me.recent.value, s.me.recent.age, s.me.recent.left) for s in (one, other)]
    assert recents == [(1, 2, 1)] * 2


@pytest.mark.parametrize(("life", "msl"), [(0, 2**31 + 1), (5, 7)])
def test_what_lives_a_tick_too_long_passes(life: int, msl: int) -> None:
    """... than half of the clock's values, or than TS.Recent is valid."""
    for lives in (msl, msl - 1):
        s = scene("R10", life=life, msl=lives)
        assert facts("R10", s) == (lives != msl)
        assert act(s, "send")
        wait(s, msl - 1 if life == 0 else 1)
        assert act(s, "another arrives")
        wait(s, 0 if life == 0 else life)
        assert act(s, "it arrives") == (lives == msl)
        assert paws.nothing_earlier_passes(s) == (lives != msl)


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_valid_a_tick_too_long_refuses_the_new(more: int) -> None:
    msl, life = 1000, 2**31 + 2 - 1000 + more
    s = scene("R10.idle", life=life, msl=msl)
    assert facts("R10.idle", s) == (not more)
    wait(s, msl)
    assert act(s, "another arrives", ago=msl - 1)
    wait(s, life - 1)
    assert act(s, "send") and act(s, "it arrives")
    assert paws.nothing_later_is_refused(s) == (not more)


@pytest.mark.parametrize(("window", "held"), [(2**30, 0), (2**30, 2**30 - 1), (2**28, 5)], ids=str)
@pytest.mark.parametrize("more", [0, 1])
def test_an_octet_more_in_a_tick_is_taken_for_another(window: int, held: int, more: int) -> None:
    """The last copy of an octet waits, while all but two windows of the numbers are sent."""
    rate = 2**32 - 2 * window - held + more
    s = scene("R11", msl=4, rate=rate, window=window, held=held)
    assert facts("R11", s) == (not more)
    wait(s, 1)
    assert act(s, "send", min(window, rate)) and s.me.sent == window, "rates are greater here"
    wait(s, 1)
    assert act(s, "send the octet again")
    last = 2**32 - window - held + more
    while s.me.sent < last:
        assert act(s, "the rest arrives", s.me.sent)
        assert act(s, "send", min(window, last - s.me.sent))
    assert s.me.budget == 0
    assert act(s, "the rest arrives", last - 1)
    assert act(s, "send another", last)
    wait(s, 1)
    assert held == 0 or act(s, "send", held), "which the receiver holds"
    assert act(s, "another arrives", last + held) and s.me.expected == last + held
    assert act(s, "the octet arrives")
    assert paws.no_octet_for_another(s) == (not more)


@pytest.mark.parametrize("more", [0, 1])
def test_an_octet_that_lives_a_tick_too_long_is_taken_for_another(more: int) -> None:
    s = scene("R11", msl=2**31 + more)
    assert facts("R11", s) == (not more)
    wait(s, 1)
    assert act(s, "send", s.open.window)
    while s.me.sent <= 2**32 - s.open.window:
        assert act(s, "the rest arrives", min(s.me.sent, 2**32 - s.open.window))
        wait(s, 1)
        assert act(s, "send", s.open.window)
    wait(s, 2**31 - s.me.copy_age)
    assert act(s, "send another", s.me.sent) and act(s, "another arrives", s.me.sent)
    assert act(s, "the octet arrives") == bool(more)
    assert paws.no_octet_for_another(s) == (not more)


OCTET = 2**32 - 2
"""The last of the connection before: RCV.NXT is 0, and FIN has a number."""


def wrong_with_syn(recent: int, later: paws.Later, ticks: bool = True, **rules: Any) -> list[str]:
    """The claims of R12 that a SYN breaks."""
    s = scene("R12", rules=rules, recent=recent, ticks=ticks)
    assert paws.REOPENING.actions["SYN"](s, later)
    return [f.__name__ for f in BY_ID["R12"].claims if not f(s)]


@pytest.mark.parametrize(
    ("row", "recent", "seq", "tsval"),
    [
        (Row.LATER, 3, OCTET - 7, 4),
        (Row.SAME, 3, 5, 3),
        (Row.OLD, 3, 5, 0),
        (Row.NEW, 0, OCTET - 7, 4),
        (Row.NEITHER, 0, 5, 0),
    ],
)
def test_without_a_row_a_syn_is_refused_without_need(
    row: Row, recent: int, seq: int, tsval: int
) -> None:
    syn = paws.Later(seq, tsval, OCTET, min(recent, 2))
    assert not wrong_with_syn(recent, syn)
    assert wrong_with_syn(recent, syn, reopen_row_missing=row) == ["refused_if_needed"]


@pytest.mark.parametrize(("rule", "tsval"), [("paws", 4), ("reopen_seq_check", 0)])
def test_without_a_check_an_octet_is_let_in(rule: str, tsval: int) -> None:
    syn = paws.Later(OCTET - 7, tsval, OCTET, 3)
    assert not wrong_with_syn(3, syn)
    assert wrong_with_syn(3, syn, **{rule: False}) == ["octets_are_kept_apart"]


def test_a_clock_that_has_not_ticked_lets_an_octet_in() -> None:
    syn = paws.Later(OCTET - 7, 4, OCTET, 4)
    assert wrong_with_syn(3, syn, ticks=False) == ["octets_are_kept_apart"]


# How long the retransmission timer runs (RFC 6298)


def timed(**more: Any) -> Scene:
    return Scene(timer.Timer(), opened(BY_ID["CC7.rto"], **more), Tcp(Rules(), Bounds(), 0))


def sample(rtt: Any, srtt: Any, rttvar: Any) -> timer.Sample:
    return timer.Sample(rtt, srtt, rttvar)


def test_only_what_the_rfc_computes_is_taken() -> None:
    acts, s = timer.TIMER.actions, timed()
    assert not acts["timeout"](s, timer.Sample())
    assert not acts["sample"](s, sample(2, 2, 1))
    assert not acts["first sample"](s, sample(2, 2, 2))
    assert not acts["first sample"](s, sample(4, 4, 2))  # no such round trip
    assert acts["first sample"](s, sample(2, 2, 1))
    assert (s.me.base, s.me.rto) == (6, 6)
    assert not acts["first sample"](s, sample(2, 2, 1))
    assert not acts["sample"](s, sample(2, 2, 1))
    assert acts["sample"](s, sample(2, 2, Fraction(3, 4)))
    assert s.me.rto == 5


def test_timeouts_are_those_of_the_estimate() -> None:
    acts, s = timer.TIMER.actions, timed()
    was = retransmission.first(Fraction(2))
    acts["first sample"](s, sample(2, 2, 1))
    for _ in range(6):
        was = retransmission.expired(was)
        assert acts["timeout"](s, timer.Sample())
        assert s.me.rto == was.rto and not s.me.hasty
    assert s.me.rto == 60


def test_the_bounds_of_the_timer_are_met() -> None:
    s = timed(shortest=Fraction(3), granularity=0, greatest=0)
    timer.TIMER.actions["first sample"](s, sample(3, 3, Fraction(3, 2)))
    assert s.me.rto == 9 and timer.short_enough(s) and timer.variation_is_bounded(s)
    s.me.rto = Fraction(91, 10)
    assert not timer.short_enough(s)
    s.me.rto = Fraction(29, 10)
    assert not timer.steady_trips_are_waited_for(s) and not timer.long_enough(s)


# The margin of keep-alive (HTTP)


def idle(server: Any) -> Scene:
    bounds = dataclasses.replace(Bounds(), **BY_ID["H3.margin"].bounds)
    return Scene(margin.Idle(), margin.Limits(3, server, 2), Tcp(Rules(), bounds, 0))


def go(s: Scene, action: str, by: Any = 0) -> bool:
    return margin.MARGIN.actions[action](s, margin.Elapsed(by))


@pytest.mark.parametrize("less", [Fraction(0), Fraction(1, 10)])
def test_two_delays_are_exact(less: Fraction) -> None:
    """The request leaves as late as it may, and is under way for as long: if the server's limit is
    any less, it has closed."""
    s = idle(7 - less)
    assert margin.two_delays(s) == (not less)
    assert not go(s, "time goes by") and not go(s, "close")
    assert go(s, "answer") and not go(s, "answer") and not go(s, "ask")
    assert go(s, "time goes by", 2) and go(s, "read") and not go(s, "come")
    assert go(s, "time goes by", 3 - Fraction(1, 20)) and go(s, "ask")
    assert go(s, "time goes by", 2 - Fraction(1, 20))
    assert go(s, "close") == bool(less)
    assert go(s, "come") and margin.nothing_is_late(s) == (not less)


def test_limits_and_delays_end() -> None:
    s = idle(7)
    assert go(s, "answer") and go(s, "read") and go(s, "time goes by", 3)
    assert not go(s, "ask")  # the client's limit is reached
    late = idle(7)
    assert go(late, "answer") and go(late, "time goes by", Fraction(21, 10))
    assert not go(late, "read")
