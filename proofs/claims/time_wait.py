"""T3, T4: what TIME-WAIT is for: old segments drain, and no connection takes another's."""

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, SOMETIMES, Claim
from spec.rules import Isn, Restart

DRAIN = {"time_wait_restart": Restart.EMISSION, "time_wait_ignores_reset": True}
"""What T3 and T4 assume: every emission restarts the timer, and RFC 1337's fix F1."""


CLAIMS = (
    Claim(
        "T3",
        "TIME-WAIT drains",
        ALWAYS,
        p.time_wait_drains,
        "time",
        "RFC 9293 3.6.1; RFC 1337",
        rules=DRAIN,
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
        rules={**DRAIN, "isn": Isn.ANY},
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
        rules={**DRAIN, "isn": Isn.ANY},
        witnesses=("W4.octet",),
    ),
    Claim(
        "T4.sync",
        "... nor do two ends disagree for ever on what was sent",
        ALWAYS,
        p.no_disagreement,
        "time",
        "RFC 1337 2, H2",
        rules={**DRAIN, "isn": Isn.ANY},
        witnesses=("W4",),
    ),
    Claim(
        "T4.open",
        "... nor is an end left open to a peer that an old segment ended",
        ALWAYS,
        p.no_dead_open,
        "time",
        "RFC 1337 2, H3",
        rules={**DRAIN, "isn": Isn.ANY},
        witnesses=("W4",),
    ),
    Claim(
        "T4.giveup",
        "... if users may give up, after R = 2 MSL",
        ALWAYS,
        p.no_confusion,
        "time-giving-up",
        "RFC 9293 3.8.3, MUST-20, SHLD-11",
        rules={**DRAIN, "isn": Isn.ANY},
        witnesses=("W4.giveup",),
        finding="Refuted: a peer retransmits its FIN until R is over and gives up; its last FIN "
        "arrives after that. 100 seconds (SHLD-11) are more than 2 MSL where MSL is 30 s.",
    ),
    Claim(
        "T4.giveup.soon",
        "... or after R = 2 MSL - 1",
        ALWAYS,
        p.no_confusion,
        "time-giving-up-soon",
        "RFC 9293 3.8.3, MUST-20, SHLD-11",
        rules={**DRAIN, "isn": Isn.ANY},
        witnesses=("W4.giveup.soon",),
    ),
    Claim(
        "T4.abort",
        "... if ABORT goes by way of TIME-WAIT",
        ALWAYS,
        p.no_confusion,
        "abort",
        "RFC 9293 3.5.2 against 3.10.5",
        rules={**DRAIN, "isn": Isn.ANY, "abort_time_wait": True},
        witnesses=("W4.abort",),
    ),
)

WITNESSES = (
    Claim("W3", "TIME-WAIT ends", SOMETIMES, p.time_wait_left, "time", "3.6", rules=DRAIN),
    Claim("W3.literal", "TIME-WAIT ends", SOMETIMES, p.time_wait_left, "time", "3.6"),
    Claim(
        "W4",
        "ESTABLISHED again after TIME-WAIT",
        SOMETIMES,
        p.reopened_over_old,
        "time",
        "RFC 9293 3.6.1",
        rules={**DRAIN, "isn": Isn.ANY},
    ),
    Claim(
        "W4.octet",
        "an octet on a connection after TIME-WAIT",
        SOMETIMES,
        p.octet_over_old,
        "hazard",
        "RFC 9293 3.6.1",
        rules={**DRAIN, "isn": Isn.ANY},
    ),
    Claim(
        "W4.giveup",
        "ESTABLISHED again after TIME-WAIT",
        SOMETIMES,
        p.reopened_over_old,
        "time-giving-up",
        "RFC 9293 3.6.1",
        rules={**DRAIN, "isn": Isn.ANY},
    ),
    Claim(
        "W4.giveup.soon",
        "ESTABLISHED again after TIME-WAIT",
        SOMETIMES,
        p.reopened_over_old,
        "time-giving-up-soon",
        "RFC 9293 3.6.1",
        rules={**DRAIN, "isn": Isn.ANY},
    ),
    Claim(
        "W4.abort",
        "ESTABLISHED again after ABORT",
        SOMETIMES,
        p.reopened_over_old,
        "abort",
        "RFC 9293 3.5.2",
        rules={**DRAIN, "isn": Isn.ANY, "abort_time_wait": True},
    ),
)
