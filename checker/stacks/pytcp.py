"""PyTCP: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack pytcp``, against PyPI's pmd-pytcp
0.3.8 in virtual time.
"""

from checker.stacks.profile import Departure, Profile
from spec.rules import EarlyClose

PYTCP = Profile(
    name="pytcp",
    seen="0.3.8, by the plans of `stack pytcp`",
    departures=(
        Departure(
            17,
            "SYN-SENT ignores a reset whose SEG.SEQ is not 0",
            "3.10.7.3 second",
            where="SYN-SENT; RST,ACK with SEG.SEQ not 0",
        ),
        Departure(
            18,
            "SYN-RECEIVED ignores FIN,ACK, each time",
            "3.10.7.4 fifth, eighth",
            where="SYN-RECEIVED; FIN,ACK",
        ),
        Departure(
            19,
            "SYN-RECEIVED ignores a bad ACK in silence",
            "3.10.7.4 fifth",
            where="SYN-RECEIVED; an ACK of what was not sent, or of nothing new",
        ),
        Departure(
            20,
            "TIME-WAIT accepts a new connection although nobody listens",
            "3.10.7.4 first, MAY-2",
            where="TIME-WAIT after an active OPEN; SYN above the window",
        ),
        Departure(
            21,
            "CLOSE in SYN-RECEIVED sends a FIN at SEQ = ISS",
            "3.10.4",
            where="SYN-RECEIVED; CLOSE: an ACK of the SYN then leads to FIN-WAIT-2",
        ),
        Departure(
            22,
            "a FIN beyond a gap is not answered",
            "3.10.7.4 eighth, SHLD-31",
            where="ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2; FIN,ACK beyond a gap",
        ),
    ),
    rules={
        "syn_sent_any_reset": False,
        "syn_received_fin": False,
        "bad_ack_reset": False,
        "early_close": EarlyClose.INSTEAD,
        "gap_answered": False,
        "time_wait_reopen": True,  # whether somebody listens or not
        "time_wait_ignores_reset": True,
    },
)
