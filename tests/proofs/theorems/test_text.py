"""Text at 32 bits: clauses on random runs, the statement, bounds, and what breaks them."""

import dataclasses
import pickle
import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from checker.engines.solver.induction import Prover, steps_of
from checker.studies.prove import statements
from checker.studies.prove.theories import theory
from proofs.recheck import statement
from proofs.recheck.terms import evaluate
from proofs.theorems import pace, text
from proofs.theorems.small import Pair, Scene, Sides
from proofs.theorems.table import BY_ID, Theorem
from proofs.theorems.text import AROUND, BUFFER, HALF, WINDOW, Choice, End, Flying, Life
from spec.rules import Rules
from spec.seq import choose
from spec.tcp.context import Tcp
from spec.tcp.segment import Segment
from spec.tcp.segment_arrives import others
from spec.tcp.tcb import State, Tcb
from spec.world.bounds import Bounds
from tests.helpers.pair_runs import Run, seen, turn
from tests.helpers.two_ends import Held

ALL = tuple(BY_ID[f"{id}.text"] for id in ("T1", "T2", "T5", "T9", "T8"))
OPTIONS = tuple(BY_ID[f"{id}.text"] for id in ("T6", "T1s.exact", "T5s.exact", "T8s.exact"))


def together(*theorems: Theorem) -> Theorem:
    """One theorem with all clauses and all options."""
    return dataclasses.replace(
        ALL[0],
        claims=tuple(dict.fromkeys(f for theorem in theorems for f in theorem.claims)),
        clauses=tuple(dict.fromkeys(f for theorem in theorems for f in theorem.clauses)),
        rules={name: value for theorem in theorems for name, value in theorem.rules.items()},
    )


WHOLE = together(*ALL)
STRICT = together(*ALL, *OPTIONS)
"""... also where a SYN reopens, and what acknowledges our SYN must be at RCV.NXT."""
PACED = BY_ID["T9.pace.text"]
"""Where nothing is said of numbers that come back."""


def test_clauses_are_true() -> None:
    done, false = seen(WHOLE, 12, 300)
    assert not false
    assert {"deliver", "SEND", "RECEIVE", "CLOSE", "RETRANSMISSION TIMEOUT", "again"} <= {*done}
    assert done["3.10.7.4/seventh/text"] > 20 and done["3.10.7.4/first/answer"] > 100


def test_clauses_are_true_where_few_numbers_are_used() -> None:
    done, false = seen(PACED, 12, 300, 150)
    assert not false
    assert {"deliver", "take what was held", "SEND", "RECEIVE", "CLOSE", "again"} <= {*done}
    assert done["3.10.7.4/seventh/text"] > 20


@pytest.mark.slow
def test_clauses_are_true_of_many_states_where_few_numbers_are_used() -> None:
    done, false = seen(PACED, 400, 600, 3000)
    assert not false
    assert {*text.TEXT.moves, "deliver", "graceful", "around", "full", "again", "stale"} <= {*done}
    assert {state.value for state in State} <= {*done}


def test_clauses_are_true_where_a_syn_reopens() -> None:
    done, false = seen(STRICT, 12, 300, 50)
    assert not false
    assert done["deliver"] > 100


@pytest.mark.slow
def test_clauses_are_true_of_many_states_where_a_syn_reopens() -> None:
    done, false = seen(STRICT, 400, 600, 2000)
    assert not false
    assert {text.REOPENS, text.RETURNS, "returned", "3.10.7.3/SYN-SENT/fourth/simultaneous"} <= {
        *done
    }


@pytest.mark.slow
def test_clauses_are_true_of_many_states() -> None:
    done, false = seen(WHOLE, 400, 600, 1000)
    assert not false
    assert {*text.TEXT.moves, "deliver", "graceful", "around", "full", "again", "stale"} <= {*done}
    assert {state.value for state in State} <= {*done}
    assert {"3.8.6.1/zero-window probe/send", "3.10.4/CLOSE-WAIT/queue"} <= {*done}
    assert {*text.OUR_SYN, "3.10.7.3/SYN-SENT/fourth/simultaneous"} <= {*done}


@pytest.mark.parametrize("theorem", (*ALL, PACED), ids=lambda theorem: theorem.id)
def test_theorems_go_to_workers(theorem: Theorem) -> None:
    assert pickle.loads(pickle.dumps(theorem)).id == theorem.id


# One connection, by hand


class Talk:
    """Two ends, of which one sends; segments are kept."""

    theorem, system = WHOLE, text.TEXT

    def __init__(self, room: int = WINDOW, iss: int = (1 << 32) - 7) -> None:
        self.ends = [self.system.end(), self.system.end()]
        self.room = room
        self.act("passive OPEN", 1)
        (syn,) = self.act("active OPEN", 0, isn=iss, room=room)
        (self.syn_ack,) = self.act("deliver", 1, syn, isn=77, room=room)
        self.syn = syn

    def act(self, name: str, me: int, message: Flying | None = None, **open_: Any) -> list[Flying]:
        sent = self.tried(name, me, message, self.system.open(**open_))
        assert sent is not None, name
        return sent

    def tried(
        self, name: str, me: int, message: Flying | None, open_: Choice
    ) -> list[Flying] | None:
        ends = self.ends[me], self.ends[1 - me]
        s = turn(self.system, self.theorem, *ends, open_, lambda n: n + (1 << 40))
        return {**self.system.moves, **self.system.deliveries}[name](s, message)

    def refuses(self, me: int, message: Flying, **open_: Any) -> bool:
        return self.tried("deliver", me, message, self.system.open(**open_)) is None

    def carry(self, octets: int) -> list[Flying]:
        """So many octets are sent, taken and acknowledged."""
        sent = self.act("SEND", 0, octets=octets)
        for flying in sent:
            (ack,) = self.act("deliver", 1, flying)
            self.act("deliver", 0, ack)
        if self.ends[1].rcv_wnd < self.room:
            self.act("RECEIVE", 1, room=self.room)
            self.ends[0].wnd = self.room  # as a later ACK tells
        return sent


def established(room: int = WINDOW, kind: type[Talk] = Talk) -> Talk:
    """... once the handshake is done."""
    talk = kind(room)
    (ack,) = talk.act("deliver", 0, talk.syn_ack)
    assert talk.act("deliver", 1, ack) == []
    assert [end.state for end in talk.ends] == [State.ESTABLISHED] * 2
    return talk


def test_text_that_waits_for_established_goes_with_the_third_segment() -> None:
    talk = Talk()
    assert talk.act("SEND", 0, octets=5) == talk.act("SEND", 1, octets=3) == []
    (third,) = talk.act("deliver", 0, talk.syn_ack)
    a, b = talk.ends
    assert (third.text, third.ack, a.state, b.state) == (
        5,
        True,
        State.ESTABLISHED,
        State.SYN_RECEIVED,
    )
    (answer,) = talk.act("deliver", 1, third)
    assert (b.state, b.taken, answer.text) == (State.ESTABLISHED, a.nxt, 3)
    talk.act("deliver", 0, answer)
    assert (a.una, a.taken) == (a.nxt, b.nxt) and not (a.garbled | b.garbled)


def test_text_is_not_taken_by_who_heard_a_stale_syn() -> None:
    """The SYN of an earlier TCB opens; what that one sent to another TCB is not taken."""
    talk = established()
    (sent,) = talk.act("SEND", 0, octets=5)
    talk.act("crash", 0)
    talk.act("crash", 1)
    talk.act("passive OPEN", 1)
    again = talk.ends[1].iss + 1000
    talk.act("deliver", 1, talk.syn, isn=again, room=WINDOW)
    b = talk.ends[1]
    assert b.stale and b.state == State.SYN_RECEIVED
    talk.act("deliver", 1, sent)
    assert b.state == State.SYN_RECEIVED and b.taken == b.heard + 1


def test_what_is_sent_again_may_begin_further_on() -> None:
    talk = established()
    talk.act("SEND", 0, octets=5)
    (again,) = talk.act("RETRANSMISSION TIMEOUT", 0, part=2, skip=3)
    a = talk.ends[0]
    assert (again.at, again.text, again.strayed) == (a.una + 3, 2, False) and not a.strayed


def test_what_was_held_is_taken_at_its_turn() -> None:
    """... and nothing is heard of its ACK."""
    talk = established()
    (first,) = talk.act("SEND", 0, octets=5)
    (second,) = talk.act("SEND", 0, octets=3)
    (again,) = talk.act("deliver", 1, second)
    b = talk.ends[1]
    assert again.acks == first.at, "it is out of order"
    talk.act("deliver", 1, first)
    second.acks = 0
    (ack,) = talk.act("take what was held", 1, second)
    assert (b.taken, ack.acks) == (second.at + 3, second.at + 3) and not b.garbled


def test_a_fin_in_syn_received_waits() -> None:
    """With ``close_waits``, on which the theorems depend."""
    talk = Talk()
    assert talk.act("CLOSE", 1) == [] and talk.ends[1].state == State.SYN_RECEIVED
    (ack,) = talk.act("deliver", 0, talk.syn_ack)
    (fin,) = talk.act("deliver", 1, ack)
    assert fin.fin and talk.ends[1].state == State.FIN_WAIT_1


def test_a_stream_longer_than_there_are_numbers_is_whole() -> None:
    talk = established()
    for _ in range(9):
        talk.carry(WINDOW)
    a, b = talk.ends
    assert (b.taken, a.una, a.nxt) == (a.iss + 1 + 9 * WINDOW,) * 3 and not b.garbled
    (fin,) = talk.act("CLOSE", 0)
    (ack,) = talk.act("deliver", 1, fin)
    talk.act("deliver", 0, ack)
    assert (a.state, b.state) == (State.FIN_WAIT_2, State.CLOSE_WAIT)
    (fin,) = talk.act("CLOSE", 1)
    (ack,) = talk.act("deliver", 0, fin)
    talk.act("deliver", 1, ack)
    talk.act("TIME-WAIT TIMEOUT", 0)
    assert a.graceful and b.graceful and not (a.strayed | b.strayed)


@pytest.mark.parametrize("less", [0, 1])
def test_a_segment_that_is_all_around_is_taken_again(
    less: int,
) -> None:
    """The bound is exact: what is 2^32 behind is taken for another, and what is less is not."""
    talk = established()
    (first, *_) = talk.carry(1000)
    for octets in (WINDOW, WINDOW, WINDOW, WINDOW - 1000 - less):
        talk.carry(octets)
    a, b = talk.ends
    assert a.nxt - first.at == AROUND - less
    assert talk.refuses(1, first) == (less == 0)
    talk.act("deliver", 1, first, behind=AROUND)
    assert b.garbled == (less == 0)


@pytest.mark.parametrize("less", [0, 1])
def test_an_ack_that_is_all_around_acknowledges_what_was_not_received(
    less: int,
) -> None:
    talk = established()
    (ack,) = talk.act("deliver", 1, talk.act("SEND", 0, octets=1000)[0])
    talk.act("deliver", 0, ack)
    talk.act("RECEIVE", 1, room=WINDOW)
    talk.ends[0].wnd = WINDOW
    for octets in (WINDOW, WINDOW, WINDOW, WINDOW - 2):
        talk.carry(octets)
    a, b = talk.ends
    talk.act("SEND", 0, octets=2 - less)
    assert a.nxt - ack.acks == AROUND - less and a.una == b.got
    talk.act("deliver", 0, ack, behind=AROUND)
    assert a.strayed or a.una <= b.got
    assert (a.una != b.got) == (less == 0)


@pytest.mark.parametrize("less", [0, 1])
def test_a_number_half_around_ahead_looks_like_one_behind(less: int) -> None:
    talk = established()
    b = talk.ends[1]
    later = Flying(b.heard + 2 * HALF, b.iss, b.got + HALF - less, b.nxt, text=5, ack=True)
    assert talk.refuses(1, later) == (less == 0)


def broken(runs: int = 80, steps: int = 120) -> set[str]:
    """Clauses that are false on random runs."""
    found: set[str] = set()
    for seed in range(runs):
        run = Run(WHOLE, seed)
        for _ in range(steps):
            if run.step():
                found.update(run.broken())
        if "nothing_is_garbled" in found:
            break
    return found


def taken_again(tcb: Tcb, seg: Segment, tcp: Tcp) -> None:
    """Takes all text of a segment, what was taken before, too."""
    seq, rcv = tcp.seq, tcb.rcv
    taken = choose(seg.text < rcv.wnd, seg.text, rcv.wnd)
    rcv.nxt, rcv.wnd = seq.plus(rcv.nxt, taken), seq.minus(rcv.wnd, taken)
    tcp.take(seg, 0, taken)
    tcp.rule("3.10.7.4/seventh/text", "taken again")


fin = others.check_fin_bit


def early_fin(tcb: Tcb, seg: Segment, tcp: Tcp) -> bool:
    """Takes a FIN before all text is taken: not all of it fits."""
    moved = dataclasses.replace(seg, seq=tcp.seq.minus(tcb.rcv.nxt, seg.text))
    room, tcb.rcv.wnd = tcb.rcv.wnd, tcb.rcv.wnd + 1
    due = fin(tcb, moved, tcp)
    tcb.rcv.wnd = room
    return due


def test_text_that_is_taken_again_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """... on random runs, and by the proof."""
    monkeypatch.setattr(others, "process_segment_text", taken_again)
    assert "nothing_is_garbled" in broken()
    assert "nothing_is_garbled" in failed(12)


@pytest.mark.parametrize("early", [False, True])
def test_a_fin_that_is_taken_early_is_noticed(early: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if early:
        monkeypatch.setattr(others, "check_fin_bit", early_fin)
    talk = established(room=2)
    talk.ends[0].wnd = 5
    assert [seg.text for seg in talk.act("SEND", 0, octets=5)] == [5]
    talk.act("CLOSE", 0)
    (again,) = talk.act("RETRANSMISSION TIMEOUT", 0, part=6)
    assert (again.text, again.fin) == (5, True)
    talk.act("deliver", 1, again)
    b = talk.ends[1]
    assert b.taken == b.heard + 3 and b.ended == b.garbled == early
    assert ("nothing_is_garbled" in failed(12)) == early


def failed(paths: int, theorems: Sequence[Theorem] = ALL) -> set[str]:
    """The clauses that the proof of a delivery fails at, on some paths, until a claim does."""
    made = theory(theorems)
    prover = Prover(made)
    (deliver,) = (kind for kind in made.kinds if kind.name == "deliver")
    taking = [
        step
        for step in steps_of(deliver)
        if step.leaf.static.possible
        and any(
            "seventh/text" in rule.id or "eighth/E" in rule.id for rule in step.leaf.static.rules
        )
    ] or [step for step in steps_of(deliver) if step.leaf.static.possible]
    found: set[str] = set()
    for step in taking[:: max(1, len(taking) // paths)]:
        for what in prover.step(step):
            if what.verdict != "proved":
                found.add(what.clause)
        if "nothing_is_garbled" in found:
            break
    return found


def test_the_proof_needs_that_nothing_comes_back() -> None:
    assert not failed(3)
    assert "nothing_is_garbled" in failed(40, [dataclasses.replace(WHOLE, facts=())])


def test_a_tcb_that_is_not_kept_is_told() -> None:
    """What of a TCB is left out is as in a blank one, or the system does not say what happens."""
    s = turn(text.TEXT, WHOLE, End(State.ESTABLISHED), End(), Choice(), lambda _: 0)
    tcb = Tcb(state=State.ESTABLISHED, held_fin=True)
    with pytest.raises(AssertionError, match="held_fin"):
        text._keep(s, tcb)


# The statement


STATED = pytest.mark.parametrize("whole", [STRICT, PACED], ids=lambda theorem: theorem.id)


@cache
def held(id: str) -> Held:
    made = statement.read(statements.PLACE / f"{id}.txt")
    return Held(BY_ID[id], made, (1, 5, 1 << 31, 1 << 32, 1 << 34))


@STATED
def test_the_statement_says_what_the_specification_does(whole: Theorem) -> None:
    assert len(held(whole.id).taken(150, 5)) > 90


@STATED
def test_the_statement_says_so_on_some_paths(whole: Theorem) -> None:
    assert held(whole.id).on_paths(23) > 0.6


@pytest.mark.slow
@STATED
def test_the_statement_says_so_on_every_path(whole: Theorem) -> None:
    assert held(whole.id).on_paths(1) > 0.6


@pytest.mark.slow
@STATED
def test_the_statement_says_so_of_many_inputs(whole: Theorem) -> None:
    assert len(held(whole.id).taken(2_000, 6)) > 170


@STATED
def test_clauses_say_what_their_functions_do(whole: Theorem) -> None:
    assert isinstance(whole.system, Pair)
    by_name = {f.__name__: f for f in whole.all}
    found = held(whole.id).clauses(by_name, whole.system.message)
    assert {*found} == {*by_name}
    assert sum(len(came) == 2 for came in found.values()) > 12


@STATED
def test_no_clause_speaks_of_what_is_open(whole: Theorem) -> None:
    """So that it is another at each step; but of switches."""
    at, functions = held(whole.id).drawn(random.Random(8))
    mine = {name: at[name] for name in at if name.startswith(("me.", "peer.", "seg."))}
    mine |= {"n": 1, "time_wait_reopen": True, "syn_ack_exact": True}
    for clause in held(whole.id).made.clauses:
        evaluate(clause.term, mine, functions)


def test_isss_that_rise_are_possible() -> None:
    """What is assumed of two TCBs holds of some, and not of those that overlap."""
    ends = {5: 9, 9: 20, 30: 31}

    def end(n: int) -> int:
        return ends.get(n, 0)

    w = Sides(End(), End(), lambda _: Life(), lambda _: Life(), end, end)
    assert all(text.rising(w, m, n) for m in range(40) for n in range(40))
    ends[8] = 10
    assert not text.rising(w, 5, 8) and not text.rising(w, 8, 5)


# How fast one may send


def paced(theorem: Theorem, msl: int, flight: int) -> Scene:
    bounds = dataclasses.replace(Bounds(), **theorem.bounds)
    return Scene(pace.Sender(), pace.Pace(msl, flight), Tcp(Rules(), bounds, 0))


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("flight", [2, WINDOW + 2])
def test_one_number_more_while_a_segment_lives_comes_back(flight: int, more: int) -> None:
    theorem = BY_ID["T9.pace"]
    s = paced(theorem, AROUND - flight + more, flight)
    assert all(fact(s) for fact in theorem.facts) == (not more)

    def act(name: str, to: int = 0) -> bool:
        return pace.PACE.actions[name](s, pace.More(to))

    assert act("send on", flight) and act("send", 0)
    s.me.age = s.open.msl - 1
    while s.me.since < s.me.age:
        assert act("acknowledge", s.me.nxt)
        assert act("send on", min(s.me.nxt + flight, s.me.nxt + s.me.age - s.me.since))
        rest = s.me.age - s.me.since - 2
        if flight == 2 and rest > 0:  # the rest goes as it began
            s.me.nxt, s.me.una, s.me.since = s.me.nxt + rest, s.me.una + rest, s.me.since + rest
    assert not act("send on", s.me.nxt + 1), "it would be too fast"
    assert act("arrive") and pace.nothing_is_late(s) == (not more)


class PacedTalk(Talk):
    """... where a segment arrives if few numbers were used since it was sent."""

    theorem, system = PACED, pace.PACED

    def late(self) -> list[bool]:
        return [not pace.nothing_came_back(self.sides(me)) for me in (0, 1)]

    def sides(self, me: int) -> Sides:
        life, end = lambda _: Life(), lambda n: n
        return Sides(self.ends[me], self.ends[1 - me], life, life, end, end)


@pytest.mark.parametrize("less", [0, 1])
def test_numbers_that_come_back_show_if_too_many_are_used(less: int) -> None:
    talk = established(kind=PacedTalk)
    (first, *_) = talk.carry(1000)
    for octets in (WINDOW, WINDOW, WINDOW, WINDOW - 1000 - less):
        talk.carry(octets)
    a, b = talk.ends
    assert a.nxt - first.at == AROUND - less
    assert talk.refuses(1, first)
    used = AROUND - 1000 - less
    assert talk.refuses(1, first, numbers=used - 1)
    talk.act("deliver", 1, first, numbers=used)
    assert talk.late() == [False, less == 0] and not b.garbled


@pytest.mark.parametrize("less", [0, 1])
def test_an_ack_that_comes_back_shows_if_too_many_are_used(less: int) -> None:
    talk = established(kind=PacedTalk)
    (ack,) = talk.act("deliver", 1, talk.act("SEND", 0, octets=1000)[0])
    talk.act("deliver", 0, ack)
    talk.act("RECEIVE", 1, room=WINDOW)
    talk.ends[0].wnd = WINDOW
    for octets in (WINDOW, WINDOW, WINDOW, WINDOW - 2):
        talk.carry(octets)
    a, b = talk.ends
    talk.act("SEND", 0, octets=2 - less)
    assert a.nxt - ack.acks == AROUND - less and a.una == b.got
    assert talk.refuses(0, ack)
    talk.act("deliver", 0, ack, numbers=AROUND)
    assert talk.late() == [less == 0, False] and not a.strayed


def test_held_text_is_taken_at_its_turn_however_long_it_was_held() -> None:
    """... and not once more when others are taken."""
    talk = established(kind=PacedTalk)
    (first,) = talk.act("SEND", 0, octets=5)
    (second,) = talk.act("SEND", 0, octets=3)
    talk.act("deliver", 1, first)
    second.acks = second.mine = second.its = 0  # type: ignore[attr-defined]
    talk.act("take what was held", 1, second)
    b = talk.ends[1]
    assert b.taken == second.at + 3 and talk.late() == [False, False]
    talk.carry(1)
    open_ = talk.system.open()
    assert talk.tried("take what was held", 1, second, open_) is None


@pytest.mark.parametrize("more", [0, 1])
def test_as_many_may_be_used_as_in_an_msl(more: int) -> None:
    """What T9.pace has of ticks, with all that may wait: the two are joined here."""
    msl = AROUND - pace.WAITING + more
    rate = paced(BY_ID["T9.pace"], msl, pace.WAITING)
    bounds = dataclasses.replace(Bounds(), **PACED.bounds)
    used = pace.Numbers(numbers=msl - 1)
    s = Scene(None, used, Tcp(Rules(), bounds, 0))
    assert pace.slow_enough(rate) == all(fact(s) for fact in PACED.facts) == (not more)


def test_a_queue_is_no_longer_than_the_send_buffer() -> None:
    talk = established(room=1)
    talk.act("SEND", 0, octets=BUFFER)
    with pytest.raises(AssertionError, match="SEND"):
        talk.act("SEND", 0, octets=1)
