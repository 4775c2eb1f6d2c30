"""T3 with text: clauses on random runs, the statement, and a run to its bound."""

import pickle
import random
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from checker.studies.prove import statements
from proofs.recheck import statement
from proofs.recheck.statement import Statement
from proofs.recheck.terms import evaluate
from proofs.theorems import draining
from proofs.theorems.draining import DRAINING, Dated, Timed, Times
from proofs.theorems.small import Scene, Sides
from proofs.theorems.table import BY_ID
from proofs.theorems.text import Life
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.records import key, paths
from tests.helpers import stated
from tests.helpers.pair_runs import seen, turn
from tests.helpers.two_ends import Held

THEOREM = BY_ID["T3.text"]


def times(chance: random.Random) -> dict[str, int]:
    """MSL, R and so on, as the theorem assumes."""
    msl, r, persist = chance.randint(1, 4), chance.choice((0, 1, 3)), chance.choice((0, 1, 3))
    return {"msl": msl, "r": r, "persist": persist, "length": 2 * msl + r + persist}


def test_clauses_are_true() -> None:
    done, false = seen(THEOREM, 12, 300, times=times)
    assert not false
    assert {"deliver", "SEND", "CLOSE", "tick", "again", "3.8.3/R/close"} <= {*done}


@pytest.mark.slow
def test_clauses_are_true_of_many_states() -> None:
    done, false = seen(THEOREM, 300, 500, 1000, times)
    assert not false
    assert {*DRAINING.moves, *DRAINING.deliveries} <= {*done}
    assert {state.value for state in State} <= {*done}
    assert {draining.ANSWERED, "3.10.7.1/CLOSED/answer", "3.8.3/R/close"} <= {*done}


def test_it_goes_to_workers() -> None:
    assert pickle.loads(pickle.dumps(THEOREM)).id == THEOREM.id


# By hand


class Talk:
    """Two ends and time; what is sent is handed out, and grows old with all else."""

    def __init__(self, **times: Any) -> None:
        self.times = times
        self.ends = [Timed(), Timed()]
        self.flying: list[tuple[int, Dated]] = []

    def act(self, name: str, me: int, message: Dated | None = None, **open_: Any) -> list[Dated]:
        choice = Times(**self.times, **open_)
        s = turn(DRAINING, THEOREM, self.ends[me], self.ends[1 - me], choice, lambda n: n + 999)
        sent: Any = {**DRAINING.moves, **DRAINING.deliveries}[name](s, message)
        assert sent is not None, name
        self.flying += [(me, seg) for seg in sent]
        return sent

    def wait(self, how_long: Any) -> None:
        for end in self.ends:
            draining._tick(end, how_long)
        for _, seg in self.flying:
            seg.ttl -= how_long
        self.flying = [(me, seg) for me, seg in self.flying if seg.ttl > 0]

    def drained(self) -> bool:
        """Is the claim true of all that is in flight?"""

        def sides(me: int) -> Sides:
            ends = self.ends[me], self.ends[1 - me]
            life: Callable[[int], Life] = lambda _: Life()  # noqa: E731
            return Sides(*ends, life, life, lambda n: n, lambda n: n, Times(**self.times))

        return all(draining.time_wait_drains(sides(me), seg) for me, seg in self.flying)


MSL, R, PERSIST = 30, 40, 50
ALL = 2 * MSL + R + PERSIST


def closed(**times: Any) -> tuple[Talk, Dated]:
    """A is in TIME-WAIT, and B in LAST-ACK; an ACK is in flight that tells of A's shut window, of
    which B knows."""
    talk = Talk(**times)
    talk.act("passive OPEN", 1)
    (syn,) = talk.act("active OPEN", 0, isn=7, room=1)
    (syn_ack,) = talk.act("deliver", 1, syn, isn=77, room=5)
    (ack,) = talk.act("deliver", 0, syn_ack)
    talk.act("deliver", 1, ack)
    (fin,) = talk.act("CLOSE", 0)
    talk.act("deliver", 1, fin)
    (octet,) = talk.act("SEND", 1)
    (its_fin,) = talk.act("CLOSE", 1)
    (shut,) = talk.act("deliver", 0, octet)
    assert (shut.wnd, talk.ends[0].state) == (0, State.FIN_WAIT_2)
    talk.act("deliver", 1, shut)
    talk.act("RECEIVE", 0, room=1)
    talk.act("deliver", 0, its_fin)
    assert [end.state for end in talk.ends] == [State.TIME_WAIT, State.LAST_ACK]
    return talk, shut


@pytest.mark.parametrize("least", [1, Fraction(1, 1000)])
def test_nothing_shorter_is_enough(least: Any) -> None:
    """Each of four things takes as long as it may, but for the least time that there is."""
    for less, there in ((4 * least, True), (3 * least, False), (0, False)):
        talk, shut = closed(msl=MSL, r=R, persist=PERSIST, length=ALL - less)
        talk.wait(MSL - least)
        assert talk.act("deliver", 1, shut) == [] and talk.ends[1].answered
        talk.wait(PERSIST - least)
        assert talk.act("RETRANSMISSION TIMEOUT", 1)
        talk.wait(R - least)
        (fin,) = talk.act("RETRANSMISSION TIMEOUT", 1)
        assert fin.fin
        talk.wait(talk.ends[0].time_wait)
        assert (fin.ttl > 0, talk.drained()) == (there, not there)


def test_a_persist_timer_that_never_ends_is_no_probe() -> None:
    talk, shut = closed(msl=MSL, r=R, persist=PERSIST, length=ALL)
    talk.act("deliver", 1, shut)
    talk.wait(PERSIST)
    with pytest.raises(AssertionError, match="RETRANSMISSION"):
        talk.act("RETRANSMISSION TIMEOUT", 1)


def test_a_reset_does_not_end_time_wait() -> None:
    """RFC 1337's F1; a reset is in flight because somebody without a TCB was asked."""
    talk, _ = closed(msl=MSL, r=R, persist=PERSIST, length=ALL)
    a = talk.ends[0]
    talk.act("crash", 1)
    (reset,) = talk.act("deliver", 1, Dated(src=a.iss, at=a.nxt, ack=True, ttl=1))
    assert reset.rst and reset.about == a.iss
    talk.act("reset", 0, reset, seq=a.got)
    assert a.state == State.TIME_WAIT and not a.cut


@pytest.mark.parametrize("less", [0, 1])
def test_what_is_long_enough(less: int) -> None:
    open_ = Times(msl=MSL, r=R, persist=PERSIST, length=ALL - less)
    s = Scene(None, open_, Tcp(Rules(), Bounds(), 0))
    assert draining.long_enough(s) == (not less)


# The statement


@cache
def read() -> Statement:
    return statement.read(statements.PLACE / "T3.text.txt")


@cache
def held() -> Held:
    return Held(THEOREM, read(), (5, 1 << 31, 1 << 34))


def test_the_statement_says_what_the_specification_does() -> None:
    assert len(held().taken(150, 5)) > 90


@pytest.mark.parametrize("every", [29, pytest.param(1, marks=pytest.mark.slow)])
def test_the_statement_says_so_on_paths(every: int) -> None:
    assert held().on_paths(every) > 0.5


def test_time_goes_by_as_it_says() -> None:
    chance, spec = random.Random(6), held().spec
    tick = read().tick
    assert tick is not None
    for _ in range(50):
        at, functions = held().drawn(chance)
        end = spec.record(Timed, "me.", at)
        draining._tick(end, at["elapsed"])
        leaf = stated.way_of(tick, at, functions).leaf
        assert leaf is not None
        for name, value in zip(paths(end), key(end), strict=True):
            said = evaluate(leaf.after[name], at, functions)
            assert said == ([*State].index(value) if isinstance(value, State) else value), name


def test_clauses_say_what_their_functions_do() -> None:
    by_name = {f.__name__: f for f in THEOREM.all}
    found = held().clauses(by_name, Dated)
    assert {*found} == {*by_name}
    assert sum(len(came) == 2 for came in found.values()) > 16


def test_clauses_speak_of_times_only() -> None:
    """All else that is open is another at each step."""
    at, functions = held().drawn(random.Random(8))
    rows = ("me.", "peer.", "seg.")
    mine = {n: v for n, v in at.items() if n.startswith(rows)}
    mine |= {n: at[n] for n in ("msl", "r", "length", "persist")} | {"n": 1}
    for clause in read().clauses:
        evaluate(clause.term, mine, functions)
