"""What the theorems need: each with one thing less, and what then goes wrong.

A theorem without one of its assumptions, or with one rule of TCP's made wrong, should no longer be
provable, and since a failed proof shows nothing but that this proof fails, the explorer should find
a run to the claim's violation. An entry says which of the two it expects. Where the proof goes
through all the same, the thing is *not known to be needed*; where the proof fails and no run is
known, it is needed by this proof and perhaps by nothing else. ``note`` then says why it is there.

An entry is of one theorem alone, its options no longer open, so that the clauses of the theorem
that it is built upon are proved again.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from proofs.claims.ablations import ABLATIONS, Ablation
from proofs.claims.claim import Claim
from proofs.claims.table import BY_ID as CLAIMS
from proofs.theorems import (
    cookies,
    draining,
    margin,
    once,
    pace,
    paws,
    refinement,
    small,
    text,
    timer,
)
from proofs.theorems import invariants as i
from proofs.theorems.invariants import Function
from proofs.theorems.table import BY_ID, Theorem, alone
from spec.rules import Congestion, CookieHash, Cookies, FinAgain, Isn, KeepAlive, Restart, Row


@dataclass(frozen=True, slots=True)
class Run:
    """Where the explorer looks for a violation: a claim, and what changes against its own."""

    claim: Claim
    rules: Mapping[str, object] = field(default_factory=dict)
    bounds: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing less than ``theorem`` has: other ``rules`` or ``bounds``, or ``without`` a fact or
    a pair.

    ``falls``: the proof fails then. ``run``: where a violation is found; None: no run is known.
    """

    theorem: str
    title: str
    rules: Mapping[str, object] = field(default_factory=dict)
    bounds: Mapping[str, object] = field(default_factory=dict)
    without: tuple[Function, ...] = ()
    falls: bool = True
    run: Run | Ablation | None = None
    note: str = ""

    @property
    def near(self) -> str:
        """In the rules of the paths that are likely to go wrong; they are tried first."""
        return "TIME-WAIT" if self.theorem in ("T3", "T4", "T4.fresh") else "ESTABLISHED"

    @property
    def dropped(self) -> set[str]:
        """The names of the switches, bounds, facts and pairs that it changes."""
        return {*self.rules, *self.bounds, *(f.__name__ for f in self.without)}


_BY_ABLATION = {ablation.id: ablation for ablation in ABLATIONS}


def _run(
    claim: str,
    rules: Mapping[str, object] | None = None,
    bounds: Mapping[str, object] | None = None,
) -> Run:
    return Run(CLAIMS[claim], rules or {}, bounds or {})


def _t3(rules: Mapping[str, object], bounds: Mapping[str, object] | None = None) -> Run:
    """A run against T3 under all other rules of the theorem, of which the claim has fewer."""
    return _run("T3", {**BY_ID["T3"].rules, **rules}, bounds)


def _less(theorem: str, ablation: str) -> Need:
    """An ablation that makes the proof fail as well."""
    found = _BY_ABLATION[ablation]
    run = _t3(found.rules) if theorem == "T3" else found
    return Need(theorem, found.title, rules=found.rules, run=run)


def _all_the_same(theorem: str, title: str, note: str, **rules: object) -> Need:
    """A rule changed, and the proof goes through."""
    return Need(theorem, title, rules=rules, falls=False, note=note)


def _all_the_same_fresh(theorem: str) -> Need:
    """ISNs that are far apart, or go up, are fresh."""
    note = "ISNs that are far apart, or go up, are fresh."
    return Need(
        theorem, "ISNs are not said to be fresh", without=(i.fresh,), falls=False, note=note
    )


_SANE = "It says what a window is (RFC 7323 2.3); no rule compares more than a window."
_SHUT = "The proof fails there; no window without text is shut, or wider (RFC 7323 2.3)."
_WIDE = (
    "ISNs lie further apart than a window reaches. The explorer refuses windows of more than a "
    "quarter of the numbers."
)
_FALLING = (
    "The proof fails at an ACK of our FIN by a TCB that was gone. Small, T5 holds with ISNs that "
    "go down, too (--bounds stride=14): without text, only what is at RCV.NXT is accepted."
)
_RESETS = "It is T10's business: a reset in the window that is not at RCV.NXT is a forged one."

_OF_TEXT = ("T1.text", "T2.text", "T5.text", "T9.text", "T8.text")
_SIMULTANEOUS = ("T1s.exact.text", "T5s.exact.text", "T8s.exact.text")
_WITH_TEXT = (*_OF_TEXT, *_SIMULTANEOUS, "T3.text", "T6.text", "T9.pace.text")
"""Those whose numbers have places."""

_T10 = (
    Need(
        "T10",
        "a SYN without an ACK in SYN-SENT",
        bounds={"forged_calling": True},
        run=_run("T10.calling"),
    ),
    Need(
        "T10",
        "a SYN in SYN-RECEIVED",
        bounds={"forged_opening": True},
        run=_run("T10.opening"),
    ),
    _less("T10", "19 T10"),
    _less("T10", "20 T10"),
    _less("T10", "21 T10"),
    _less("T10", "70 T10"),
)
"""What T10 needs, with text and without."""

NEEDS: tuple[Need, ...] = (
    # T1: assumptions ...
    Need("T1", "ISNs may come again", without=(i.fresh,), run=_BY_ABLATION["8 T1"]),
    Need("T1", "a window of any size", without=(i.window_is_sane,), falls=False, note=_SANE),
    # ... and rules made wrong
    _less("T1", "9 T1"),
    _less("T1", "10 T1"),
    _less("T1", "11 T1"),
    _all_the_same(
        "T1",
        "no sequence check in SYN-RECEIVED",
        "The ACK check does it, if ISNs are fresh.",
        syn_received_seq_check=False,
    ),
    _all_the_same("T1", "in-window reset accepted", _RESETS, reset_exact=False),
    # T1s.exact
    Need(
        "T1s.exact",
        "ISNs may come again",
        without=(i.fresh,),
        run=_run("T1s.exact", {"isn": Isn.ANY}),
    ),
    Need("T1s.exact", "a window of any size", without=(i.window_is_sane,), falls=False, note=_SANE),
    _less("T1s.exact", "13 T1s.exact"),
    Need(
        "T1s.exact",
        "no ACK check in SYN-RECEIVED",
        {"syn_received_ack_check": False},
        run=_run("T1s.exact", {"syn_received_ack_check": False}),
    ),
    _all_the_same("T1s.exact", "in-window reset accepted", _RESETS, reset_exact=False),
    # T1s.far
    Need("T1s.far", "ISNs may be near", without=(i.far,), run=_run("T1s")),
    _all_the_same_fresh("T1s.far"),
    Need("T1s.far", "a window of any size", without=(i.window_is_sane,), note=_WIDE),
    _less("T1s.far", "12 T1s.far"),
    # T2
    Need("T2", "ISNs may come again", without=(i.fresh,), run=_BY_ABLATION["8 T2"]),
    Need("T2", "a window of any size", without=(i.window_is_sane,), falls=False, note=_SANE),
    _less("T2", "9 T2"),
    _less("T2", "11 T2"),
    # T5
    Need("T5", "ISNs may fall", without=(i.monotone,), note=_FALLING),
    _all_the_same_fresh("T5"),
    Need(
        "T5",
        "ISNs may come again",
        without=(i.fresh, i.monotone),
        run=_BY_ABLATION["8 T5"],
    ),
    Need("T5", "a window of any size", without=(i.window_is_sane,), note=_WIDE),
    _less("T5", "10 T5"),
    _less("T5", "11 T5"),
    # T5s.exact
    Need("T5s.exact", "ISNs may fall", without=(i.monotone,), note=_FALLING),
    _all_the_same_fresh("T5s.exact"),
    Need("T5s.exact", "a window of any size", without=(i.window_is_sane,), note=_WIDE),
    _less("T5s.exact", "13 T5s.exact"),
    # T5s.far
    Need("T5s.far", "ISNs may be near", without=(i.far,), run=_run("T5s")),
    _all_the_same_fresh("T5s.far"),
    Need("T5s.far", "a window of any size", without=(i.window_is_sane,), note=_WIDE),
    _less("T5s.far", "12 T5s.far"),
    # T6
    Need("T6", "ISNs may fall", without=(i.monotone,), run=_run("T6", {"isn": Isn.ANY})),
    _all_the_same_fresh("T6"),
    Need("T6", "a window of any size", without=(i.window_is_sane,), note=_WIDE),
    _all_the_same(
        "T6", "nothing reopens", "It is what the theorem is about.", time_wait_reopen=False
    ),
    _less("T6", "15 T6"),
    # T3
    Need(
        "T3",
        "ISNs may come again",
        without=(i.fresh,),
        note="The proof rests on agreement. With the theorem's rules the claim holds, small, with "
        "any ISNs; by the claim's own it falls (isn=any).",
    ),
    Need("T3", "a window of any size", without=(i.window_is_sane,), falls=False, note=_SANE),
    Need(
        "T3",
        "TIME-WAIT may be shorter than MSL and the greater of MSL and R",
        without=(i.msl_and_max,),
        run=_t3({}, {"span": 4}),
    ),
    _less("T3", "4 T3"),
    _less("T3", "3 T3"),
    _less("T3", "6 T3"),
    Need(
        "T3",
        "what acknowledges our SYN may be anywhere in the window",
        {"syn_ack_exact": False},
        note="The proof rests on agreement, T1s.exact. T3 is explored without this rule, and "
        "holds, small, also with both ends calling and giving up.",
    ),
    Need(
        "T3",
        "CLOSE in SYN-RECEIVED does not wait",
        {"close_waits": False},
        note="The proof has it that who closes was established. T3 is explored without this "
        "rule, and holds, small, also with both ends calling and giving up.",
    ),
    _less("T3", "5 T3"),
    _less("T3", "18 T3"),
    _less("T3", "2 T3"),
    Need("T3", "users may abort", bounds={"abort": True}, run=_t3({}, {"abort": True})),
    Need(
        "T3",
        "in-window SYN resets",
        {"syn_challenge": False},
        run=_t3({"syn_challenge": False}),
    ),
    _all_the_same("T3", "in-window reset accepted", _RESETS, reset_exact=False),
    # T4
    Need("T4", "a window of any size", without=(i.window_is_sane,), falls=False, note=_SANE),
    Need(
        "T4", "TIME-WAIT may be shorter than 2 MSL", without=(i.two_msl,), run=_BY_ABLATION["1 T4"]
    ),
    _less("T4", "4 T4"),
    Need(
        "T4",
        "timer restarted by FIN only",
        {"time_wait_restart": Restart.FIN},
        run=_run("T4", {"time_wait_restart": Restart.FIN}),
    ),
    _less("T4", "6 T4"),
    _less("T4", "18 T4"),
    _less("T4", "2 T4"),
    Need("T4", "users may abort", bounds={"abort": True}, run=_run("T4", bounds={"abort": True})),
    Need(
        "T4",
        "in-window SYN resets",
        {"syn_challenge": False},
        run=_run("T4", {"syn_challenge": False}),
    ),
    _all_the_same("T4", "in-window reset accepted", _RESETS, reset_exact=False),
    Need(
        "T4",
        "ends give up after R",
        {"retransmission_bounded": True},
        note="It takes three connections with the same ISNs: family T4.r.",
    ),
    # T4.fresh
    Need(
        "T4.fresh",
        "ISNs may come again",
        without=(i.fresh,),
        note="It takes three connections with the same ISNs: family T4.giveup.",
    ),
    Need("T4.fresh", "a window of any size", without=(i.window_is_sane,), falls=False, note=_SANE),
    Need(
        "T4.fresh",
        "TIME-WAIT may be shorter than MSL and the greater of MSL and R",
        without=(i.msl_and_max,),
        note="Below 2 MSL there is a run: family T4.fresh.2msl. Whether R matters is not known.",
    ),
    Need(
        "T4.fresh",
        "timer never restarted",
        {"time_wait_restart": Restart.NEVER},
        note="The explorer finds no run with fresh ISNs, in small bounds.",
    ),
    Need(
        "T4.fresh",
        "reset honoured in TIME-WAIT",
        {"time_wait_ignores_reset": False},
        note="The explorer finds no run with fresh ISNs, in small bounds.",
    ),
    Need(
        "T4.fresh",
        "what acknowledges our SYN may be anywhere in the window",
        {"syn_ack_exact": False},
        note="The proof rests on agreement, T1s.exact, as T3's does.",
    ),
    Need(
        "T4.fresh",
        "CLOSE in SYN-RECEIVED does not wait",
        {"close_waits": False},
        note="The proof has it that who closes was established, as T3's does.",
    ),
    Need(
        "T4.fresh",
        "lifetime not bounded",
        {"lifetime_bounded": False},
        run=_run("T4.fresh", {"lifetime_bounded": False}),
    ),
    # T7
    _less("T7", "17 T7"),
    Need(
        "T7",
        "segments live for ever",
        rules={"lifetime_bounded": False},
        run=_run("T7", {"lifetime_bounded": False}),
    ),
    # T10.opening.challenge
    Need(
        "T10.opening.challenge",
        "a SYN in SYN-RECEIVED returns to LISTEN",
        {"syn_received_challenge": False},
        run=_run("T10.opening.challenge", {"syn_received_challenge": False}),
    ),
    # T10
    *_T10,
    # S1
    Need(
        "S1",
        "a window of any size",
        without=(i.window_is_sane,),
        note="A window of nought takes segments that no other takes (3.8.6), and the listener does "
        "not ask whether these find the accept queue full. No request has such a window.",
    ),
    _less("S1", "32 S1"),
    _less("S1", "33 S1"),
    # S4
    Need(
        "S4",
        "a window of any size",
        without=(i.window_is_sane,),
        falls=False,
        note="Nothing depends on it: it is the same in all theorems.",
    ),
    _less("S4", "36 S4"),
    # S2.rate
    Need(
        "S2.rate",
        "requests that are never forgotten",
        without=(small.forgotten_in_time,),
        note="A queue is full for ever then, of as many SYNs as it has places.",
    ),
    # S5
    Need(
        "S5",
        "a segment of another TCB may have both numbers",
        without=(cookies.unguessed,),
        run=_run("S5", {"cookie_hash": CookieHash.SUM}),
        note="Where the IRS is added to the hash, any later segment that is as far in both streams "
        "has them (S5.sum).",
    ),
    _less("S5", "34 S5"),
    _all_the_same(
        "S5",
        "no cookies",
        "No ACK is looked at as one of a cookie then, and no TCB is made.",
        syncookies=Cookies.NEVER,
    ),
    # S5m
    Need(
        "S5m",
        "ISNs of the client in any order",
        without=(small.client_rises,),
        note="A cookie rises as the IRS does, and falls with it.",
    ),
    Need(
        "S5m",
        "two MSSs in one minute",
        without=(small.one_mss,),
        note="The MSS is added below the minute, modulo 2^24. So cookies of one minute may rise by "
        "up to three less than their IRSs do, or by 2^24 less, once it wraps.",
    ),
    _less("S5m", "35 S5m"),
    # S13
    Need(
        "S13",
        "window scale and SACK granted without timestamps",
        without=(small.only_with_timestamps,),
        note="The client scales its windows, and the server has forgotten that it granted this.",
    ),
    Need(
        "S13",
        "an MSS below 536",
        without=(small.mss_of_536,),
        note="The least that a cookie tells is 536. Linux sends that (the lab, S13).",
    ),
    # K3
    _less("K3", "40 K3"),
    _all_the_same(
        "K3",
        "a keep-alive without an octet",
        "It ends where it begins: at a number that its receiver has.",
        keep_alive=KeepAlive.EMPTY,
    ),
    # R10
    Need("R10", "no PAWS", rules={"paws": False}, run=_BY_ABLATION["24 R1"]),
    Need(
        "R10",
        "segments that live longer than half of the clock's values",
        without=(paws.dies_in_time,),
        note="A tick more is enough: what is as old looks later than TS.Recent.",
    ),
    Need(
        "R10",
        "segments that live longer than TS.Recent is valid",
        without=(paws.valid_as_long,),
        note="A tick more is enough: nothing is compared with what arrives then.",
    ),
    # R10.idle
    Need(
        "R10.idle",
        "TS.Recent valid for ever, or for longer",
        without=(paws.valid_no_longer,),
        note="A tick longer is enough. R10.text has what becomes of text if TS.Recent is valid for "
        "ever (ablation 67).",
    ),
    # R11
    Need("R11", "no PAWS", rules={"paws": False}, run=_BY_ABLATION["24 R1"]),
    Need(
        "R11",
        "segments that live longer than half of the clock's values",
        without=(paws.dies_in_time,),
        note="The octet's last copy looks later than TS.Recent then.",
    ),
    Need(
        "R11",
        "a clock that ticks less often",
        without=(paws.clock_is_fast,),
        note="An octet more in a tick is enough.",
    ),
    # R12
    Need(
        "R12",
        "a clock that has not ticked since the last octet",
        without=(paws.clock_ticks,),
        run=_BY_ABLATION["66 R1"],
    ),
    Need("R12", "no PAWS", rules={"paws": False}, run=_BY_ABLATION["24 R1"]),
    Need(
        "R12",
        "any SEG.SEQ",
        rules={"reopen_seq_check": False},
        note="Rows in which TSval is not later ask for it.",
    ),
    *(
        Need(
            "R12",
            f"without the row: {row.value}",
            rules={"reopen_row_missing": row},
            note="A SYN is refused that no octet could be mistaken after.",
        )
        for row in Row
        if row != Row.NONE
    ),
    # Connections with text
    *(
        Need(
            id,
            "a number that comes back",
            without=(text.nothing_comes_back,),
            note="A segment, or an ACK, that is 2^32 behind looks like one of now; one that is a "
            "number less behind does no harm.",
        )
        for id in _WITH_TEXT
    ),
    *(
        Need(
            id,
            "ISSs that do not rise",
            without=(text.rising,),
            note="What an earlier connection used has the numbers of this one.",
        )
        for id in _WITH_TEXT
    ),
    *(
        Need(
            id,
            "CLOSE in SYN-RECEIVED sends FIN at once",
            rules={"close_waits": False},
            note="Text is taken in FIN-WAIT-1 before our SYN is acknowledged, and so by a TCB that "
            "another was meant for.",
        )
        for id in _WITH_TEXT
    ),
    *(
        Need(
            id,
            "what acknowledges our SYN may be anywhere in the window",
            {"syn_ack_exact": False},
            note="The numbers need not be those of who was heard: T1s.",
        )
        for id in (*_SIMULTANEOUS, "T3.text")
    ),
    # T6.text
    _all_the_same(
        "T6.text", "nothing reopens", "It is what the theorem is about.", time_wait_reopen=False
    ),
    dataclasses.replace(_less("T6", "15 T6"), theorem="T6.text"),
    # T3.text
    Need(
        "T3.text",
        "TIME-WAIT may be shorter than 2 MSL, R and what a persist timer runs",
        without=(draining.long_enough,),
        note="Each of the four may take as long as it can: tests have a run. Without a limit on "
        "persist timers there is family T3.probe.",
    ),
    Need(
        "T3.text",
        "timer never restarted",
        {"time_wait_restart": Restart.NEVER},
        note="Without text there is family T3.never.",
    ),
    Need(
        "T3.text",
        "timer restarted by FIN only",
        {"time_wait_restart": Restart.FIN},
        note="Without text there is family T3.fin.",
    ),
    Need(
        "T3.text",
        "reset honoured in TIME-WAIT",
        {"time_wait_ignores_reset": False},
        note="Without text there is family T3.reset.",
    ),
    # T4.text, T7.text
    *(
        dataclasses.replace(need, theorem="T4.text")
        for need in (
            Need(
                "T4",
                "TIME-WAIT may be shorter than 2 MSL",
                without=(i.two_msl,),
                run=_BY_ABLATION["1 T4"],
            ),
            _less("T4", "4 T4"),
            _less("T4", "6 T4"),
            _less("T4", "18 T4"),
        )
    ),
    Need(
        "T4.text",
        "ends give up after R",
        {"retransmission_bounded": True},
        note="It takes three connections with the same ISNs: family T4.r.",
    ),
    Need(
        "T4.text",
        "SENDs of any number of octets",
        without=(i.written_at_once,),
        note="A FIN may have the number of the ISS then, and our SYN seem to be not acknowledged.",
    ),
    *(
        Need(
            id,
            "SENDs of any number of octets",
            without=(i.written_at_once,),
            note="What was written is more octets then than there are numbers.",
        )
        for id in ("T7.text", "T10.text")
    ),
    dataclasses.replace(_less("T7", "17 T7"), theorem="T7.text"),
    Need(
        "T7.text",
        "segments live for ever",
        rules={"lifetime_bounded": False},
        run=_run("T7", {"lifetime_bounded": False}),
    ),
    # T10.text
    *(dataclasses.replace(need, theorem="T10.text") for need in _T10),
    # CC3
    Need(
        "CC3",
        "segments without text",
        without=(refinement.segments_have_text,),
        note="An MSS of 0: what is sent again is an ACK, of SND.UNA.",
    ),
    _less("CC3", "122 CC3.shut"),
    _less("CC3", "123 CC3"),
    _less("CC3", "101 CC3.shut"),
    *(
        _all_the_same(
            "CC3",
            f"other congestion control: {control.value}",
            "It decides when and how much, not what.",
            congestion=control,
        )
        for control in (Congestion.TAHOE, Congestion.RENO)
    ),
    Need(
        "CC3.take",
        "a window that shrinks",
        bounds={"shrinks": True},
        run=_BY_ABLATION["124 CC3"],
    ),
    _all_the_same(
        "CC3.take",
        "nothing is held",
        "What is dropped is sent again.",
        reassembly=False,
    ),
    Need(
        "CC7.rto",
        "no lower bound",
        without=(timer.has_a_lower_bound,),
        note="Round trips that the clock does not see make RTO 0, and twice that is no more.",
    ),
    # In the end
    Need(
        "L1",
        "SYN is not sent again",
        rules={"syn_retransmitted": False},
        run=_run("L1", {"syn_retransmitted": False}),
    ),
    Need(
        "L1",
        "SYN,ACK is not sent again",
        rules={"syn_ack_retransmitted": False},
        run=_run("L1", {"syn_ack_retransmitted": False}),
    ),
    Need("L1", "a window of any size", without=(i.window_is_sane,), note=_SHUT),
    Need(
        "L4",
        "a window of one octet",
        without=(once.two_fit,),
        run=_run("L4", bounds={"window": 1}),
    ),
    Need(
        "L2",
        "a window of one octet",
        without=(once.two_fit,),
        run=_run("L2", bounds={"window": 1}),
    ),
    Need(
        "L2",
        "FIN is not sent again",
        rules={"fin_again": FinAgain.NEVER},
        run=_run("L2", {"fin_again": FinAgain.NEVER}),
    ),
    Need(
        "L2",
        "SYN,ACK is not sent again",
        rules={"syn_ack_retransmitted": False},
        run=_run("L2", {"syn_ack_retransmitted": False}),
    ),
    Need("L2", "users abort", bounds={"abort": True}, run=_run("L2", bounds={"abort": True})),
    Need(
        "H3.margin",
        "an idle limit that is longer",
        without=(margin.two_delays,),
        run=_BY_ABLATION["84 H3"],
    ),
    Need(
        "T9.pace",
        "more numbers in an MSL",
        without=(pace.slow_enough,),
        note="One more is enough.",
    ),
    Need(
        "T9.pace.text",
        "more numbers while a segment is in flight",
        without=(pace.few_numbers,),
        note="What is 2^32 behind arrives then. Tests have a run to the bound.",
    ),
)
"""Every assumption, and rules that are made wrong."""


def varied(need: Need, theorems: Mapping[str, Theorem] = BY_ID) -> Theorem:
    """The theorem with what the entry changes, standing on its own."""
    theorem = alone(theorems[need.theorem])
    return dataclasses.replace(
        theorem,
        rules={**theorem.rules, **need.rules},
        bounds={**theorem.bounds, **need.bounds},
        facts=tuple(f for f in theorem.facts if f not in need.without),
        pairs=tuple(f for f in theorem.pairs if f not in need.without),
    )
