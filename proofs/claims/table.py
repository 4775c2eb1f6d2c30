"""The table of claims.

A claim says what holds, of which states, under which rules and up to which bounds. ``rules``
are its *assumptions*, as departures from the RFC's defaults: a claim that needs one the RFC
does not make says so here, next to its literal form, which the checker refutes. Identifiers
with a dot belong to the claim before the dot.

An ``always`` claim names at least one ``sometimes`` claim, checked in the same run, which
shows that the states it speaks of are reached. An ``eventually`` claim needs none: that fair runs
pass the states it speaks of is a part of its verdict.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from proofs.claims import properties as p
from spec.rules import Isn, Restart
from spec.tcp.inputs import Input
from spec.world.enabled import CALLS
from spec.world.system import World

ALWAYS, SOMETIMES, REST, EVENTUALLY = "always", "sometimes", "rest", "eventually"


@dataclass(frozen=True, slots=True)
class Live:
    """What an ``eventually`` claim says: of each host, from every state where ``leads`` holds each
    fair run comes to one where ``goal`` does. ``weak`` and ``strong`` name the actions whose
    fairness is assumed (``checker/model/liveness.py``); ``lossy``: that of a fair-lossy channel."""

    leads: Callable[[World, int], bool]
    goal: Callable[[World, int], bool] | None = None  # none: ``leads`` does not hold any more
    weak: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    lossy: bool = True
    each: bool = True  # asked of each host; else it is of both at once
    acts: tuple[str, ...] = ()  # if given: ... or takes one of these, or sends no more

    def met(self, world: World, me: int) -> bool:
        """Is this a state to come to?"""
        return not self.leads(world, me) if self.goal is None else self.goal(world, me)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim; ``predicate`` is true of good states (always, rest) or of the witness."""

    id: str
    title: str
    kind: str
    predicate: Callable[[World], bool]
    profile: str
    cites: str
    rules: Mapping[str, object] = field(default_factory=dict)
    live: Live | None = None  # what an ``eventually`` claim says, instead of its predicate
    witnesses: tuple[str, ...] = ()
    idle: frozenset[str] = frozenset()  # actions that end no rest (kind rest)
    finding: str = ""


_DRAIN = {"time_wait_restart": Restart.EMISSION, "time_wait_ignores_reset": True}
"""What T3 and T4 assume: every emission restarts the timer, and RFC 1337's fix F1."""

_TIMERS = (Input.RETRANSMISSION_TIMEOUT.value, Input.TIME_WAIT_TIMEOUT.value)
_TICK, _RESTART = Input.TICK.value, Input.RESTART.value
_USER_TIMEOUT, _CLOSE = Input.USER_TIMEOUT.value, Input.CLOSE.value

_CLOCK = (*_TIMERS, _TICK)

_OPENS = Live(p.opening, weak=_TIMERS)
"""L1: timers expire, and the channel is fair-lossy."""
_CLOSES = Live(p.closing, weak=(*_TIMERS, _CLOSE))
"""L2: and both applications close."""
_NOBODY_ACTS = Live(
    p.anywhere,
    p.nowhere,
    each=False,
    acts=tuple(what.value for what in CALLS),
)
"""L4: no call, no timeout; then the network falls silent."""
_ANY: Mapping[str, object] = {"isn": Isn.ANY}

_CONDUCT = (
    ("C1", "states follow each other as in Figure 5", p.states_follow, "RFC 9293 3.3.2, 3.5, 3.6"),
    (
        "C2",
        "what is due is answered, and nothing else",
        p.answers_are_due,
        "RFC 9293 3.5.2, 3.8.1, 3.8.6.3; RFC 5961",
    ),
    ("C3", "a segment says what is so", p.segments_say_what_is, "RFC 9293 3.1, 3.5.2, 3.8"),
    (
        "C4",
        "sequence variables fit the state and move with reason",
        p.variables_move_with_reason,
        "RFC 9293 3.3.1, 3.4, 3.8.6",
    ),
    ("C5", "TIME-WAIT and R are as long as they should be", p.timers_run, "RFC 9293 3.6.1, 3.8.3"),
)


def _conduct() -> Iterator[Claim]:
    """The claims on single steps: of one connection, with text, with time."""
    for id, title, predicate, cites in _CONDUCT:
        yield Claim(
            id, title, ALWAYS, predicate, "conduct", cites, witnesses=("WC", "WC.simultaneous")
        )
        for suffix, means, rules in (
            ("text", "with text", {}),
            ("time", "with time", {}),
            ("old", "among segments of an earlier connection, whatever the ISNs", _ANY),
            ("edge", "among them, with a window of one number", _ANY),
        ):
            yield Claim(
                f"{id}.{suffix}",
                f"... {means}",
                ALWAYS,
                predicate,
                f"conduct-{suffix}",
                cites,
                rules=rules,
                witnesses=(f"WC.{suffix}",),
            )


CLAIMS = (
    Claim(
        "T1",
        "no ESTABLISHED without three-way agreement",
        ALWAYS,
        p.three_way_agreement,
        "handshake",
        "RFC 9293 3.5",
        witnesses=("W1",),
    ),
    Claim(
        "T1.lifecycle",
        "... nor later in the lifecycle, through every way to close",
        ALWAYS,
        p.three_way_agreement,
        "lifecycle",
        "RFC 9293 3.5, 3.6",
        witnesses=("W1.lifecycle",),
    ),
    Claim(
        "T1s",
        "agreement in simultaneous open, by the letter of RFC 9293",
        ALWAYS,
        p.simultaneous_agreement,
        "simultaneous",
        "RFC 9293 3.5, 3.10.7.4 first",
        witnesses=("W1s",),
        finding="Refuted: with ISNs within one window of each other, a stale SYN and the live "
        "one differ by less than the window, so that the ACK for the one completes the other.",
    ),
    Claim(
        "T1s.exact",
        "... if what acknowledges our SYN must be at RCV.NXT",
        ALWAYS,
        p.simultaneous_agreement,
        "simultaneous",
        "RFC 9293 3.10.7.4 first",
        rules={"syn_ack_exact": True},
        witnesses=("W1s.exact",),
        finding="The check has to be made in FIN-WAIT-1 too, where CLOSE in SYN-RECEIVED leads: "
        "made in SYN-RECEIVED alone it is refuted in one step more than the literal rules.",
    ),
    Claim(
        "T1s.far",
        "... or if ISNs are far apart",
        ALWAYS,
        p.simultaneous_agreement,
        "simultaneous-far",
        "RFC 9293 3.4.1",
        witnesses=("W1s.far",),
    ),
    Claim(
        "T2",
        "a stale SYN never gets past the third handshake",
        ALWAYS,
        p.stale_syn_stops,
        "handshake",
        "RFC 9293 3.5, Figure 8",
        witnesses=("W2",),
        finding="That such a TCB is also gone in the end is T2.gone, and needs more.",
    ),
    Claim(
        "T2.lifecycle",
        "... nor later in the lifecycle",
        ALWAYS,
        p.stale_syn_stops,
        "lifecycle",
        "RFC 9293 3.5, 3.6",
        witnesses=("W2.lifecycle",),
    ),
    Claim(
        "T3",
        "TIME-WAIT drains",
        ALWAYS,
        p.time_wait_drains,
        "time",
        "RFC 9293 3.6.1; RFC 1337",
        rules=_DRAIN,
        witnesses=("W3",),
        finding="Assumes graceful closes, and a peer that retransmits for no more than one MSL.",
    ),
    Claim(
        "T3.literal",
        "... by the letter of RFC 9293",
        ALWAYS,
        p.time_wait_drains,
        "time",
        "RFC 9293 3.10.7.4 first, second",
        witnesses=("W3.literal",),
        finding="Refuted: a reset ends TIME-WAIT at once (RFC 1337), and a retransmitted FIN "
        "does not restart the timer, since the first step answers and drops it.",
    ),
    Claim(
        "T4",
        "2MSL prevents incarnation confusion, whatever the ISNs",
        ALWAYS,
        p.no_confusion,
        "time",
        "RFC 9293 3.4.1, 3.6.1",
        rules={**_DRAIN, "isn": Isn.ANY},
        witnesses=("W4",),
        finding="The connection must be over at both ends: a peer left in LAST-ACK answers the "
        "next SYN, and what that provokes can reach the TCB after. Explored with the old ISN "
        "again and with one two above; all 2^32 are the symbolic engine's, to a depth.",
    ),
    Claim(
        "T4.octet",
        "... so that no octet of a connection that was over is delivered",
        ALWAYS,
        p.no_old_octet,
        "hazard",
        "RFC 1337 2, H1",
        rules={**_DRAIN, "isn": Isn.ANY},
        witnesses=("W4.octet",),
    ),
    Claim(
        "T4.sync",
        "... nor do two ends disagree for ever on what was sent",
        ALWAYS,
        p.no_disagreement,
        "time",
        "RFC 1337 2, H2",
        rules={**_DRAIN, "isn": Isn.ANY},
        witnesses=("W4",),
    ),
    Claim(
        "T4.open",
        "... nor is an end left open to a peer that an old segment ended",
        ALWAYS,
        p.no_dead_open,
        "time",
        "RFC 1337 2, H3",
        rules={**_DRAIN, "isn": Isn.ANY},
        witnesses=("W4",),
    ),
    Claim(
        "T4.abort",
        "... if ABORT goes by way of TIME-WAIT",
        ALWAYS,
        p.no_confusion,
        "abort",
        "RFC 9293 3.5.2 against 3.10.5",
        rules={**_DRAIN, "isn": Isn.ANY, "abort_time_wait": True},
        witnesses=("W4.abort",),
    ),
    Claim(
        "T5",
        "fresh ISNs alone keep earlier connections out of one that is established",
        ALWAYS,
        p.no_crossing,
        "crossing",
        "RFC 9293 3.4.1",
        witnesses=("W5",),
        finding="Without TIME-WAIT, and whether the earlier connection is over or not, so long as "
        "no sequence number wraps while a segment lives.",
    ),
    Claim(
        "T5.literal",
        "... and out of every TCB",
        ALWAYS,
        p.no_confusion,
        "time",
        "RFC 9293 3.4.1",
        rules={"time_wait_cut": 4},
        witnesses=("W5.literal",),
        finding="Refuted, but not by two segments in flight: a TCB made from a stale SYN takes the "
        "FIN of the same old connection, once CLOSE has led it from SYN-RECEIVED to FIN-WAIT-1, "
        "where an old ACK is in range.",
    ),
    Claim(
        "T5.reset",
        "... nor does it believe a reset that answers a segment of an earlier TCB of its own",
        ALWAYS,
        p.not_misled,
        "crossing",
        "RFC 9293 3.5.2, 3.10.7.4 second",
        witnesses=("W5",),
        finding="Refuted: where the partner is gone, which does no harm. But also where it is not: "
        "the reset that answers a SYN has SEQ=0, and whose RCV.NXT happens to be 0 believes it "
        "(--bounds base=15).",
    ),
    Claim(
        "T5s",
        "T5 for simultaneous open, by the letter of RFC 9293",
        ALWAYS,
        p.no_simultaneous_crossing,
        "crossing",
        "RFC 9293 3.5, 3.10.7.4 first",
        witnesses=("W5s",),
        finding="Refuted, as T1s is: who took an earlier TCB for its partner takes its segments.",
    ),
    Claim(
        "T5s.exact",
        "... if what acknowledges our SYN must be at RCV.NXT",
        ALWAYS,
        p.no_simultaneous_crossing,
        "crossing",
        "RFC 9293 3.10.7.4 first",
        rules={"syn_ack_exact": True},
        witnesses=("W5s.exact",),
    ),
    Claim(
        "T5s.far",
        "... or if ISNs are far apart",
        ALWAYS,
        p.no_simultaneous_crossing,
        "crossing-far",
        "RFC 9293 3.4.1",
        witnesses=("W5s.far",),
    ),
    Claim(
        "T6",
        "reopening from TIME-WAIT is safe if both ISNs are above what was used",
        ALWAYS,
        p.reopened_by_a_later_syn,
        "reopening",
        "RFC 9293 3.6.1, MAY-2; RFC 1122 4.2.2.13; RFC 6191 2",
        rules={"time_wait_reopen": True},
        witnesses=("W6",),
        finding="Under fresh ISNs. RFC 6191's timestamps are not modelled.",
    ),
    Claim(
        "T7",
        "after a crash, quiet for one MSL makes a restarted host safe for its peer",
        ALWAYS,
        p.peer_not_confused,
        "crash",
        "RFC 9293 3.4.3",
        rules=_DRAIN,
        witnesses=("W7", "W7.timeout"),
    ),
    Claim(
        "T7.self",
        "... and for itself, even if it reuses an ISN",
        ALWAYS,
        p.restarted_not_confused,
        "crash",
        "RFC 9293 3.4.3",
        rules=_DRAIN,
        witnesses=("W7",),
        finding="Refuted: a reset that the host's own segment provoked just before that segment "
        "expired lives for another MSL, and refuses the restarted host's SYN.",
    ),
    Claim(
        "T8",
        "graceful close delivers both streams whole, in order, once",
        ALWAYS,
        p.graceful_close_is_whole,
        "stream",
        "RFC 9293 3.6",
        witnesses=("W8",),
    ),
    Claim(
        "T9",
        "no octet is delivered twice, out of order, or from another incarnation",
        ALWAYS,
        p.no_octet_garbled,
        "reuse",
        "RFC 9293 3.4.1, 3.10.7.4",
        rules={"close_waits": True},
        witnesses=("W9",),
    ),
    Claim(
        "T9.literal",
        "... by the letter of RFC 9293",
        ALWAYS,
        p.no_octet_garbled,
        "reuse",
        "RFC 9293 3.10.4, SYN-RECEIVED",
        witnesses=("W9.literal",),
        finding="Refuted: CLOSE in SYN-RECEIVED enters FIN-WAIT-1 before our SYN is acknowledged; "
        "there an old ACK within RFC 5961's range lets text in.",
    ),
    Claim(
        "T10",
        "a blind sender whose guesses miss does no harm",
        ALWAYS,
        p.blind_sender_harmless,
        "forgery",
        "RFC 5961 3, 4, 5",
        witnesses=("W10",),
    ),
    Claim(
        "D1",
        "no deadlock beyond the allowed final states",
        REST,
        p.may_rest,
        "rest",
        "RFC 9293 3.10",
        witnesses=("WD",),
        idle=frozenset({"ABORT"}),
        finding="FIN-WAIT-2 waits for ever for a peer that is gone: no rule but the user's ABORT "
        "ends it.",
    ),
    Claim(
        "D1.window",
        "... nor behind a shut window",
        REST,
        p.may_rest,
        "window",
        "RFC 9293 3.8.6.1",
        witnesses=("WD.window",),
        idle=frozenset({"ABORT"}),
    ),
    Claim(
        "L1",
        "every open ends, on sockets that were never used before",
        EVENTUALLY,
        p.everything,
        "once",
        "RFC 9293 3.5, 3.8.1, 3.10.8",
        live=_OPENS,
        finding="One TCB at each host: SYN-SENT and SYN-RECEIVED are left, whatever the users do.",
    ),
    Claim(
        "L1.literal",
        "every open ends, whatever was there before",
        EVENTUALLY,
        p.everything,
        "opening",
        "RFC 9293 3.10.7.4 first, fifth",
        live=_OPENS,
        finding="Refuted: SYN-RECEIVED, made from a stale SYN, answers what is outside its window "
        "with an ACK. So does the other end. Neither looks at the other's ACK, and nobody resets.",
    ),
    Claim(
        "L1.sent",
        "SYN-SENT ends, whatever was there before",
        EVENTUALLY,
        p.everything,
        "opening",
        "RFC 9293 3.10.7.3",
        live=Live(p.in_syn_sent, weak=_TIMERS),
        finding="SYN-SENT looks at the ACK first, and answers a bad one with a reset.",
    ),
    Claim(
        "L1.timeout",
        "every open ends by the user timeout, whatever the channel does",
        EVENTUALLY,
        p.everything,
        "giving-up",
        "RFC 9293 3.8.3 MUST-20, 3.10.8",
        live=Live(p.opening, weak=(_USER_TIMEOUT,), lossy=False),
    ),
    Claim(
        "L1.reopen",
        "an open to a peer in TIME-WAIT ends, though all that it sends restarts the timer",
        EVENTUALLY,
        p.everything,
        "waiting",
        "RFC 9293 3.6.1, 3.10.7.4 second",
        rules={"time_wait_restart": Restart.EMISSION, "retransmission_bounded": False},
        live=Live(p.in_syn_sent, weak=_CLOCK),
        finding="TIME-WAIT challenges the SYN, and the reset that answers the challenge ends it. "
        "With RFC 1337's F1 that reset is ignored, and each challenge restarts the timer: T3 and "
        "T4 need both.",
    ),
    Claim(
        "L2",
        "every close ends once both applications close",
        EVENTUALLY,
        p.everything,
        "closing",
        "RFC 9293 3.6",
        live=_CLOSES,
        finding="One TCB at each host, and nobody aborts.",
    ),
    Claim(
        "L2.three",
        "... also in three segments",
        EVENTUALLY,
        p.everything,
        "closing",
        "RFC 9293 3.8.6.3",
        rules={"fin_ack_delayed": True},
        live=_CLOSES,
    ),
    Claim(
        "L2.leak",
        "CLOSE-WAIT ends even if the application never closes",
        EVENTUALLY,
        p.everything,
        "closing",
        "RFC 9293 3.6, 3.10.4",
        live=Live(p.in_close_wait, weak=_TIMERS),
        finding="Refuted, as it should be: CLOSE-WAIT is left by CLOSE alone. The leak is the "
        "application's.",
    ),
    Claim(
        "L2.application",
        "CLOSE-WAIT ends once its application closes, whatever the channel does",
        EVENTUALLY,
        p.everything,
        "closing",
        "RFC 9293 3.10.4",
        live=Live(p.in_close_wait, weak=(_CLOSE,), lossy=False),
    ),
    Claim(
        "L2.unanswered",
        "LAST-ACK ends even if nothing is ever answered",
        EVENTUALLY,
        p.everything,
        "closing",
        "RFC 9293 3.8.3, 3.10.8",
        live=Live(p.in_last_ack, weak=(*_TIMERS, _CLOSE), lossy=False),
        finding="Refuted: LAST-ACK retransmits its FIN for ever. Its user timeout is what ends it.",
    ),
    Claim(
        "L2.timeout",
        "LAST-ACK ends by the user timeout, whatever the channel does",
        EVENTUALLY,
        p.everything,
        "closing-giving-up",
        "RFC 9293 3.8.3 MUST-20, 3.10.8",
        live=Live(p.in_last_ack, weak=(_USER_TIMEOUT,), lossy=False),
    ),
    Claim(
        "L2.silent",
        "FIN-WAIT-2 ends even if the peer never closes",
        EVENTUALLY,
        p.everything,
        "closing",
        "RFC 9293 3.6, 3.10.8",
        live=Live(p.in_fin_wait_2, weak=_TIMERS),
        finding="Refuted, as it should be: a connection may be open one way for ever. FIN-WAIT-2 "
        "has nothing outstanding, so that no timer of RFC 9293 runs.",
    ),
    Claim(
        "L2.silent.timer",
        "FIN-WAIT-2 ends by a timer that RFC 9293 does not have, whatever the channel does",
        EVENTUALLY,
        p.everything,
        "closing-giving-up",
        "RFC 9293 3.6",
        rules={"fin_wait_2_timeout": True},
        live=Live(p.in_fin_wait_2, weak=(_USER_TIMEOUT,), lossy=False),
    ),
    Claim(
        "L2.timer",
        "TIME-WAIT ends, though it ignores resets and all that it sends restarts its timer",
        EVENTUALLY,
        p.everything,
        "draining",
        "RFC 9293 3.6.1; RFC 1337",
        rules=_DRAIN,
        live=Live(p.in_time_wait, weak=_CLOCK, lossy=False),
        finding="One TCB at each host: what T3 and T4 assume does not keep TIME-WAIT for ever.",
    ),
    Claim(
        "L2.timer.again",
        "TIME-WAIT ends, though it ignores resets and all that it sends restarts its timer, also "
        "while the peer opens again",
        EVENTUALLY,
        p.everything,
        "draining-again",
        "RFC 9293 3.6.1, 3.10.7.4 first, fifth; RFC 1337",
        rules=_DRAIN,
        live=Live(p.in_time_wait, weak=_CLOCK),
        finding="Refuted: TIME-WAIT and the peer's next TCB, each outside the other's window, "
        "answer ACKs with ACKs, as in L4.literal, and each restarts the timer.",
    ),
    Claim(
        "L2.abort",
        "... even if the peer aborts",
        EVENTUALLY,
        p.everything,
        "once",
        "RFC 9293 3.10.5, 3.5.1",
        live=_CLOSES,
        finding="Refuted: FIN-WAIT-2 waits for ever if the peer's reset is lost. It has nothing to "
        "send again, and RFC 9293 gives it no timer.",
    ),
    Claim(
        "L3",
        "a half-open connection does not last while either end has something to send",
        EVENTUALLY,
        p.everything,
        "half-open",
        "RFC 9293 3.5.1, 3.5.2",
        live=Live(p.half_open_and_sends, weak=_TIMERS),
    ),
    Claim(
        "L3.literal",
        "a half-open connection is reset once either end sends",
        EVENTUALLY,
        p.everything,
        "half-open",
        "RFC 9293 3.5.1, 3.5.2",
        live=Live(p.half_open_and_sends, p.not_half_open, weak=_TIMERS),
        finding="Refuted: what was sent before the peer aborted is acknowledged after it, by an "
        "ACK that was under way. Then nobody has anything to send any more.",
    ),
    Claim(
        "L3.quiet",
        "... nor while nobody has",
        EVENTUALLY,
        p.everything,
        "half-open",
        "RFC 9293 3.5.1, 3.8.4",
        live=Live(p.half_open, weak=_TIMERS),
        finding="Refuted, as it should be: half-open is legal, and keep-alives are optional.",
    ),
    Claim(
        "L3.crash",
        "... after a crash that takes the same ISN again",
        EVENTUALLY,
        p.everything,
        "half-open-crash",
        "RFC 9293 3.4.3, 3.5.1",
        live=Live(p.half_open_and_sends, weak=(*_TIMERS, _RESTART)),
        finding="Refuted: the challenge ACK then acknowledges the new SYN, and SYN-SENT drops it "
        "in silence. A fresh ISN is what makes Figure 9 work.",
    ),
    Claim(
        "L4",
        "where nobody acts the network falls silent, on sockets that were never used before",
        EVENTUALLY,
        p.everything,
        "once",
        "RFC 9293 3.10.7.1, 3.10.7.4 first",
        live=_NOBODY_ACTS,
        finding="No exchange feeds itself: segments are sent for ever only by calls and timeouts.",
    ),
    Claim(
        "L4.ignored",
        "... also where TIME-WAIT ignores resets",
        EVENTUALLY,
        p.everything,
        "once",
        "RFC 9293 3.10.7.4 first; RFC 1337 3, F1",
        rules={"time_wait_ignores_reset": True},
        live=_NOBODY_ACTS,
        finding="A reset that is not believed must not be answered: the answer draws another.",
    ),
    Claim(
        "L4.literal",
        "where nobody acts the network falls silent, whatever was there before",
        EVENTUALLY,
        p.everything,
        "opening",
        "RFC 9293 3.10.7.4 first",
        live=_NOBODY_ACTS,
        finding="Refuted: two ends, each outside the other's window, answer ACKs with ACKs.",
    ),
    Claim(
        "T2.gone",
        "a TCB made from a stale SYN is gone in the end, on sockets that were never used before",
        EVENTUALLY,
        p.everything,
        "once",
        "RFC 9293 3.5, Figure 8",
        live=Live(p.made_from_stale_syn, weak=_TIMERS),
    ),
    Claim(
        "T2.gone.literal",
        "a TCB made from a stale SYN is gone in the end, whatever was there before",
        EVENTUALLY,
        p.everything,
        "opening",
        "RFC 9293 3.10.7.4 first, fifth",
        live=Live(p.made_from_stale_syn, weak=_TIMERS),
        finding="Refuted, as L1.literal is: it stays in SYN-RECEIVED, in an exchange of ACKs.",
    ),
    *_conduct(),
    # Witnesses
    Claim("W1", "both ends ESTABLISHED", SOMETIMES, p.both_established, "handshake", "3.5"),
    Claim(
        "W1.lifecycle", "both ends ESTABLISHED", SOMETIMES, p.both_established, "lifecycle", "3.5"
    ),
    Claim(
        "W1s",
        "both ends ESTABLISHED by simultaneous open",
        SOMETIMES,
        p.both_established_simultaneously,
        "simultaneous",
        "RFC 9293 Figure 7",
    ),
    Claim(
        "W1s.exact",
        "both ends ESTABLISHED by simultaneous open",
        SOMETIMES,
        p.both_established_simultaneously,
        "simultaneous",
        "RFC 9293 Figure 7",
        rules={"syn_ack_exact": True},
    ),
    Claim(
        "W1s.far",
        "both ends ESTABLISHED by simultaneous open",
        SOMETIMES,
        p.both_established_simultaneously,
        "simultaneous-far",
        "RFC 9293 Figure 7",
    ),
    Claim("W2", "a stale SYN is heard", SOMETIMES, p.stale_syn_heard, "handshake", "Figure 8"),
    Claim(
        "W2.lifecycle",
        "a stale SYN is heard",
        SOMETIMES,
        p.stale_syn_heard,
        "lifecycle",
        "RFC 9293 Figure 8",
    ),
    Claim("W3", "TIME-WAIT ends", SOMETIMES, p.time_wait_left, "time", "3.6", rules=_DRAIN),
    Claim("W3.literal", "TIME-WAIT ends", SOMETIMES, p.time_wait_left, "time", "3.6"),
    Claim(
        "W4",
        "ESTABLISHED again after TIME-WAIT",
        SOMETIMES,
        p.reopened_over_old,
        "time",
        "RFC 9293 3.6.1",
        rules={**_DRAIN, "isn": Isn.ANY},
    ),
    Claim(
        "W4.octet",
        "an octet on a connection after TIME-WAIT",
        SOMETIMES,
        p.octet_over_old,
        "hazard",
        "RFC 9293 3.6.1",
        rules={**_DRAIN, "isn": Isn.ANY},
    ),
    Claim(
        "W4.abort",
        "ESTABLISHED again after ABORT",
        SOMETIMES,
        p.reopened_over_old,
        "abort",
        "RFC 9293 3.5.2",
        rules={**_DRAIN, "isn": Isn.ANY, "abort_time_wait": True},
    ),
    Claim("W5", "both ESTABLISHED again", SOMETIMES, p.both_established_again, "crossing", "3.4.1"),
    Claim(
        "W5.literal",
        "both ends ESTABLISHED again",
        SOMETIMES,
        p.both_established_again,
        "time",
        "RFC 9293 3.4.1",
        rules={"time_wait_cut": 4},
    ),
    Claim(
        "W5s",
        "both ends ESTABLISHED again by simultaneous open",
        SOMETIMES,
        p.both_established_again_simultaneously,
        "crossing",
        "RFC 9293 Figure 7",
    ),
    Claim(
        "W5s.exact",
        "both ends ESTABLISHED again by simultaneous open",
        SOMETIMES,
        p.both_established_again_simultaneously,
        "crossing",
        "RFC 9293 Figure 7",
        rules={"syn_ack_exact": True},
    ),
    Claim(
        "W5s.far",
        "both ends ESTABLISHED again by simultaneous open",
        SOMETIMES,
        p.both_established_again_simultaneously,
        "crossing-far",
        "RFC 9293 Figure 7",
    ),
    Claim(
        "W6",
        "ESTABLISHED by way of TIME-WAIT",
        SOMETIMES,
        p.reopened_from_time_wait,
        "reopening",
        "RFC 9293 3.6.1",
        rules={"time_wait_reopen": True},
    ),
    Claim(
        "W7",
        "ESTABLISHED after a crash",
        SOMETIMES,
        p.restarted_and_reopened,
        "crash",
        "RFC 9293 3.4.3",
        rules=_DRAIN,
    ),
    Claim(
        "W7.timeout",
        "the user timeout ends a TCB",
        SOMETIMES,
        p.given_up,
        "crash",
        "RFC 9293 3.10.8",
        rules=_DRAIN,
    ),
    Claim(
        "W8",
        "an octet each way, then closed",
        SOMETIMES,
        p.octets_both_ways,
        "stream",
        "RFC 9293 3.6",
    ),
    Claim(
        "W9",
        "an octet on the second connection",
        SOMETIMES,
        p.octet_of_second_incarnation,
        "reuse",
        "RFC 9293 3.4.1",
        rules={"close_waits": True},
    ),
    Claim(
        "W9.literal",
        "an octet on the second connection",
        SOMETIMES,
        p.octet_of_second_incarnation,
        "reuse",
        "RFC 9293 3.4.1",
    ),
    Claim("W10", "both ends ESTABLISHED", SOMETIMES, p.both_established, "forgery", "3.5"),
    Claim(
        "WC", "the last FIN is acknowledged", SOMETIMES, p.last_fin_acknowledged, "conduct", "3.6"
    ),
    Claim(
        "WC.simultaneous",
        "both ends CLOSING",
        SOMETIMES,
        p.simultaneous_close,
        "conduct",
        "RFC 9293 Figure 13",
    ),
    Claim(
        "WC.text",
        "two octets and a FIN are taken",
        SOMETIMES,
        p.two_octets_and_fin_taken,
        "conduct-text",
        "RFC 9293 3.8",
    ),
    Claim(
        "WC.old",
        "both ends ESTABLISHED again",
        SOMETIMES,
        p.second_established,
        "conduct-old",
        "RFC 9293 3.4.1",
        rules=_ANY,
    ),
    Claim(
        "WC.edge",
        "both ends ESTABLISHED again",
        SOMETIMES,
        p.second_established,
        "conduct-edge",
        "RFC 9293 3.4.1",
        rules=_ANY,
    ),
    Claim("WC.time", "both TCBs are gone", SOMETIMES, p.all_gone, "conduct-time", "3.6.1"),
    Claim("WD", "both TCBs are gone", SOMETIMES, p.all_gone, "rest", "RFC 9293 3.6"),
    Claim("WD.window", "the window is shut", SOMETIMES, p.shut_window, "window", "3.8.6.1"),
)
"""Every claim, in the order in which it is reported."""

BY_ID = {claim.id: claim for claim in CLAIMS}


def full_title(claim: Claim) -> str:
    """The claim's title; one that only continues another's comes with that one's."""
    if not claim.title.startswith("..."):
        return claim.title
    return f"{BY_ID[claim.id.partition('.')[0]].title} {claim.title}"


def witnesses(claim: Claim) -> tuple[Claim, ...]:
    """The claims that show that it is not vacuous."""
    return tuple(BY_ID[id] for id in claim.witnesses)


"""The claims by identifier."""
