"""T8, T9: octets arrive whole, in order, once, and from no other connection."""

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, SOMETIMES, Claim

CLAIMS = (
    Claim(
        "T8",
        "after a graceful close both streams were taken whole, in order, once",
        ALWAYS,
        p.graceful_close_is_whole,
        "stream",
        "RFC 9293 3.6",
        witnesses=("W8",),
    ),
    Claim(
        "T8.whole",
        "what is written on a connection that both ends had is taken whole, if nobody aborts",
        ALWAYS,
        p.nothing_is_lost,
        "stream",
        "RFC 9293 3.6",
        witnesses=("W8",),
        finding="However the TCBs end. Taken into the receive buffer, that is: what the user has "
        "not read when TIME-WAIT begins can be read no more (RFC 9293 3.10.3).",
    ),
    Claim(
        "T8.syn",
        "... also if it came with a SYN",
        ALWAYS,
        p.graceful_close_is_whole,
        "stream-syn",
        "RFC 9293 3.5, 3.10.7.2 third",
        rules={"data_on_syn": True},
        witnesses=("W8.syn",),
    ),
    Claim(
        "T8.packed",
        "... also if segments have two octets, and what is sent again is in part known",
        ALWAYS,
        p.graceful_close_is_whole,
        "stream-packed",
        "RFC 9293 3.8.1, 3.10.7.4",
        witnesses=("W8.packed",),
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
        "T9.floor",
        "... if no ACK is taken of what came before our SYN",
        ALWAYS,
        p.no_octet_garbled,
        "reuse",
        "RFC 9293 3.10.7.4 fifth; RFC 5961 5",
        rules={"ack_floor_at_iss": True},
        witnesses=("W9.floor",),
        finding="The other repair of T9.literal: it leaves CLOSE as the text has it. It would "
        "have a sixth fewer states if the watcher of streams did not note, for T8.whole, whether a "
        "TCB that ended had reached ESTABLISHED.",
    ),
)

WITNESSES = (
    Claim(
        "W8",
        "an octet each way, then closed",
        SOMETIMES,
        p.octets_both_ways,
        "stream",
        "RFC 9293 3.6",
    ),
    Claim(
        "W8.syn",
        "an octet with a SYN, then closed",
        SOMETIMES,
        p.octet_with_syn,
        "stream-syn",
        "RFC 9293 3.5",
        rules={"data_on_syn": True},
    ),
    Claim(
        "W8.packed",
        "two octets, then closed",
        SOMETIMES,
        p.two_octets_one_way,
        "stream-packed",
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
        "W9.floor",
        "an octet on the second connection",
        SOMETIMES,
        p.octet_of_second_incarnation,
        "reuse",
        "RFC 9293 3.4.1",
        rules={"ack_floor_at_iss": True},
    ),
    Claim(
        "W9.literal",
        "an octet on the second connection",
        SOMETIMES,
        p.octet_of_second_incarnation,
        "reuse",
        "RFC 9293 3.4.1",
    ),
)
