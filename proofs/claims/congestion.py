"""CC1 to CC8: congestion control."""

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, EVENTUALLY, SOMETIMES, Claim, Live, seen
from proofs.claims.transfer import ONCE, PROGRESS
from spec.rules import Congestion

_BARE = {**ONCE, "limited_transmit": False}
"""Nothing is sent beyond cwnd, and nothing again by a timer."""

CLAIMS = (
    Claim(
        "CC1",
        "cwnd is at least a segment, and ssthresh at least two",
        ALWAYS,
        p.windows_are_sane,
        "transfer",
        "RFC 5681 3.1 (4)",
        witnesses=("WCC1",),
    ),
    Claim(
        "CC2",
        "new text is sent only as far as cwnd and the peer's window allow",
        ALWAYS,
        p.no_burst,
        "transfer",
        "RFC 5681 3.1; RFC 3042",
        witnesses=("WCC2",),
        finding="With limited transmit two segments more than cwnd.",
    ),
    Claim(
        "CC4",
        "slow start, congestion avoidance and fast recovery follow each other by RFC 5681's rules",
        ALWAYS,
        p.phases_are_known,
        "transfer",
        "RFC 5681 3",
        witnesses=("WCC2", "WCC4", "W9.held"),
    ),
    Claim(
        "CC4.reno",
        "... and fast recovery ends in congestion avoidance, in Reno",
        ALWAYS,
        p.recovery_ends_in_avoidance,
        "transfer-wide",
        "RFC 5681 3.2 (6)",
        rules={"congestion": Congestion.RENO},
        witnesses=("WCC4.reno",),
    ),
    Claim(
        "CC4.newreno",
        "... and fast recovery ends in congestion avoidance, in NewReno",
        ALWAYS,
        p.recovery_ends_in_avoidance,
        "transfer-wide",
        "RFC 6582 3.2 (3)",
        witnesses=("WCC4.newreno",),
        finding="Refuted: if little is in flight when all that was lost is acknowledged, cwnd is "
        "set to that and a segment, which is below ssthresh: slow start.",
    ),
    Claim(
        "CC5",
        "one fast retransmit, and one halving of ssthresh, for all that is in flight at once",
        ALWAYS,
        p.one_halving,
        "transfer-losses",
        "RFC 6582 3.2",
        witnesses=("WCC5",),
        finding="In Reno duplicate ACKs of a flight whose loss was noticed before halve ssthresh "
        "again: after a timeout, or if two segments of it were lost.",
    ),
    Claim(
        "CC6",
        "no sample of the round trip is taken of what was sent again",
        ALWAYS,
        p.no_ambiguous_sample,
        "transfer-samples",
        "RFC 9293 3.8.1 MUST-18; RFC 6298 3",
        witnesses=("WCC6",),
    ),
    Claim(
        "CC7",
        "all text is acknowledged in the end, whatever is lost on the way",
        EVENTUALLY,
        p.everything,
        "transfer-wide",
        "RFC 5681 3; RFC 6298 5",
        live=Live(p.text_waits, weak=PROGRESS),
    ),
    Claim(
        "CC8",
        "in slow start cwnd grows by no more than what is acknowledged",
        ALWAYS,
        p.no_leap,
        "transfer-segments",
        "RFC 5681 3.1 (2); RFC 3465",
        witnesses=("WCC8",),
        finding="With RFC 2581's rule a receiver that acknowledges a segment octet by octet makes "
        "cwnd grow by a segment for each.",
    ),
    Claim(
        "CC9",
        "after RTO without sending no more than the initial window goes until the peer is heard",
        ALWAYS,
        p.no_flood,
        "transfer-idle",
        "RFC 5681 4.1",
        rules=ONCE,
        witnesses=("WCC9",),
    ),
    Claim(
        "CC9.limited",
        "a sender sends at most twice what it ever had in flight before, and a segment",
        ALWAYS,
        p.no_spurt,
        "transfer-idle",
        "RFC 7661 4.2, 4.3",
        rules={**_BARE, "cwnd_validated": True},
        witnesses=("WCC9.limited",),
        finding="With RFC 7661's rule: cwnd does not grow while less than half of it is in flight.",
    ),
    Claim(
        "CC9.literal",
        "... by RFC 5681 alone",
        ALWAYS,
        p.no_spurt,
        "transfer-idle",
        "RFC 5681 3.1",
        rules=_BARE,
        witnesses=("WCC9.literal",),
        finding="Refuted: each ACK lets cwnd grow, also of a sender that sends a segment at a "
        "time. Then it may send at once what no path has carried yet.",
    ),
    Claim(
        "C8.idle",
        "... after RTO without sending, too",
        ALWAYS,
        p.senders_keep_their_course,
        "transfer-idle",
        "RFC 5681 4.1",
        rules=ONCE,
        witnesses=("WCC9",),
    ),
    Claim(
        "C8",
        "cwnd, ssthresh and what goes with them move as RFC 5681, 6582 and 6298 say",
        ALWAYS,
        p.senders_keep_their_course,
        "transfer",
        "RFC 5681 3; RFC 6582 3.2; RFC 6298 3",
        witnesses=("WCC4",),
        finding="Written a second time, as a relation (spec/observe/course.py). That found a data "
        "plane that never began: a CLOSE had left SYN-RECEIVED before our SYN was acknowledged.",
    ),
    Claim(
        "C8.segments",
        "... with segments of two octets",
        ALWAYS,
        p.senders_keep_their_course,
        "transfer-segments",
        "RFC 5681 3; RFC 6582 3.2; RFC 6298 3",
        witnesses=("WCC8",),
    ),
    Claim(
        "C8.wide",
        "... with six segments in flight",
        ALWAYS,
        p.senders_keep_their_course,
        "transfer-wide",
        "RFC 5681 3; RFC 6582 3.2; RFC 6298 3",
        witnesses=("WCC8.wide",),
    ),
)

WITNESSES = (
    seen(CLAIMS, "WCC1", "CC1", "a timeout sets cwnd to one segment", p.after_a_timeout),
    seen(CLAIMS, "WCC2", "CC2", "more is in flight than cwnd: limited transmit", p.beyond_cwnd),
    seen(CLAIMS, "WCC4", "CC4", "fast recovery", p.in_recovery),
    seen(CLAIMS, "WCC4.reno", "CC4.reno", "fast recovery", p.in_recovery),
    seen(CLAIMS, "WCC4.newreno", "CC4.newreno", "fast recovery", p.in_recovery),
    seen(CLAIMS, "WCC5", "CC5", "fast recovery", p.in_recovery),
    seen(CLAIMS, "WCC6", "CC6", "what was sent again is acknowledged", p.resent_acknowledged),
    seen(CLAIMS, "WCC9", "CC9", "text is sent after RTO without sending", p.sends_after_idle),
    seen(
        CLAIMS, "WCC9.literal", "CC9.literal", "text is sent after an idle RTO", p.sends_after_idle
    ),
    seen(CLAIMS, "WCC9.limited", "CC9.limited", "little of cwnd was used", p.used_little),
    seen(CLAIMS, "WCC8.wide", "C8.wide", "fast recovery", p.in_recovery),
    seen(CLAIMS, "WCC8", "CC8", "an ACK of less than a segment in slow start", p.partly_grown),
    Claim(
        "WCC.spurious",
        "a fast retransmit though nothing was lost or repeated, only overtaken",
        SOMETIMES,
        p.in_recovery,
        "transfer-overtaken",
        "RFC 5681 3.2; RFC 4653",
        rules=ONCE,
    ),
)
