"""Linux 6.1, where it does otherwise than RFC 9293: as later versions do, and in two more ways.

Evidence: the plans of ``stack linux-6.1``, against 6.1.176 in Debian's user-mode-linux.
"""

from dataclasses import replace

from checker.stacks.linux import LINUX
from checker.stacks.profile import Departure, Outcome, Switched, ack, at, nothing, stays
from spec.tcp.tcb import State

LINUX_6_1 = replace(
    LINUX,
    name="linux-6.1",
    seen="6.1.176, by the plans of `stack linux-6.1`",
    later="6.18.44 was played (linux)",
    departures=(
        *LINUX.departures,
        Departure(
            13,
            "ESTABLISHED does not answer an ACK of what was not sent",
            "3.10.7.4 fifth",
            (Outcome(at("ESTABLISHED", "rcv ACK of what was not sent"), nothing),),
            where="ESTABLISHED; ACK of what was not sent",
            upstream="6.18 answers it",
            switch=Switched("bad_ack_answered", False),
            rest=(
                Outcome(
                    at(
                        "FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK",
                        "rcv ACK of what was not sent",
                    ),
                    ack(),
                ),
                Outcome(
                    at(
                        "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK",
                        "rcv ACK of long ago",
                    ),
                    ack(),
                ),
            ),
        ),
        Departure(
            14,
            "SYN-RECEIVED takes a reset in the window that is not exact",
            "3.10.7.4 second",
            (
                Outcome(
                    at("SYN-RECEIVED", "rcv RST beyond RCV.NXT", opened="passive"),
                    nothing,
                    State.LISTEN,
                ),
            ),
            where="SYN-RECEIVED after a passive OPEN; a reset in the window, not at RCV.NXT",
            upstream="6.18 challenges it (CVE-2026-68118)",
            switch=Switched("syn_received_reset_exact", False),
            rest=stays("SYN-RECEIVED", "rcv RST beyond RCV.NXT", sent=ack()),
        ),
    ),
    rules={**LINUX.rules, "syn_received_reset_exact": False, "bad_ack_answered": False},
)
