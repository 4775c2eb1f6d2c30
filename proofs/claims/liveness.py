"""L1 to L4, T2.gone: what happens in the end, if who should act goes on to act."""

from proofs.claims import properties as p
from proofs.claims.claim import EVENTUALLY, Claim, Live
from proofs.claims.time_wait import DRAIN
from spec.rules import Restart
from spec.tcp.inputs import Input
from spec.world.enabled import CALLS

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

CLAIMS = (
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
        "L2.text",
        "... also with two octets to send",
        EVENTUALLY,
        p.everything,
        "closing-text",
        "RFC 9293 3.6, 3.8.1",
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
        rules=DRAIN,
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
        rules={**DRAIN, "retransmission_bounded": False},
        live=Live(p.in_time_wait, weak=_CLOCK),
        finding="Refuted: TIME-WAIT and the peer's next TCB, each outside the other's window, "
        "answer ACKs with ACKs, as in L4.literal, and each restarts the timer.",
    ),
    Claim(
        "L2.timer.r",
        "... if the peer closes its next TCB once R is used up",
        EVENTUALLY,
        p.everything,
        "draining-again",
        "RFC 9293 3.8.3 MUST-20, MUST-22",
        rules=DRAIN,
        live=Live(p.in_time_wait, weak=_CLOCK),
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
        "L4.text",
        "where nobody acts the network falls silent, with text",
        EVENTUALLY,
        p.everything,
        "packet-war",
        "RFC 9293 3.10.7.4 first, A.2",
        live=_NOBODY_ACTS,
        finding="Refuted: two ends that have each filled the other's window stand at its right "
        "edge, or send a FIN and stand beyond it. Each answers the other's ACK with an ACK.",
    ),
    Claim(
        "L4.text.edge",
        "... if an empty segment at the right edge is acceptable",
        EVENTUALLY,
        p.everything,
        "packet-war",
        "RFC 9293 A.2",
        rules={"edge_acceptable": True},
        live=_NOBODY_ACTS,
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
)
