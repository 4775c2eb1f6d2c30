"""lwIP: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack lwip``, against Debian's
liblwip-dev 2.1.3 in virtual time.
"""

from checker.stacks.profile import Departure, Profile

LWIP = Profile(
    name="lwip",
    seen="2.1.3, by the plans of `stack lwip`",
    departures=(
        Departure(
            1,
            "text or FIN without ACK is taken",
            "3.10.7.4 fifth",
            where="ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2; text or FIN without ACK",
            upstream="the code is the same in its master of June 2026",
        ),
        Departure(
            2,
            "SYN-SENT answers an ACK with its SYN again, and counts that as a retransmission",
            "3.10.7.3",
            where="SYN-SENT; any ACK without SYN and RST: six or seven of them abort connect()",
            upstream="the same in master",
        ),
        Departure(
            3,
            "SYN-RECEIVED takes an ACK of its SYN wherever SEG.SEQ is",
            "3.10.7.4 first",
            where="SYN-RECEIVED; a good ACK, SEG.SEQ far outside the window",
            upstream="the same in master",
        ),
        Departure(
            4,
            "no simultaneous open: SYN-SENT ignores a SYN",
            "3.10.7.3, 3.5, MUST-10",
            where="SYN-SENT; SYN",
            upstream="a known limitation",
        ),
        Departure(
            5,
            "TIME-WAIT answers a SYN in the window with a reset (RFC 793)",
            "3.10.7.4 fourth",
            where="TIME-WAIT; SYN in the window",
        ),
    ),
)
