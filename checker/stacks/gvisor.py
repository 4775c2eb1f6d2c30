"""gVisor's netstack: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack gvisor``, against Debian's
golang-gvisor-gvisor-dev of 2022-12-19, with a manual clock.
"""

from checker.stacks.profile import Departure, Profile
from spec.rules import EarlyClose, FinAgain

GVISOR = Profile(
    name="gvisor",
    seen="2022-12-19, by the plans of `stack gvisor`",
    departures=(
        Departure(
            6,
            "a retransmission of the FIN begins closing anew: the state is FIN-WAIT-1 again",
            "3.10.8",
            where="LAST-ACK, CLOSING; retransmission timeout",
            upstream="gone in later versions",
        ),
        Departure(
            7,
            "ABORT after a simultaneous open: a nil pointer, panic",
            "3.10.5",
            where="SYN-RECEIVED after an active OPEN; ABORT",
            upstream="mended",
        ),
        Departure(
            8,
            "a reset in the window closes the connection",
            "3.10.7.4 second",
            where="any synchronized state; a reset in the window, not at RCV.NXT",
            upstream="changed",
        ),
        Departure(
            9,
            "CLOSE in SYN-RECEIVED ends the connection in silence",
            "3.10.4",
            where="SYN-RECEIVED after an active OPEN; CLOSE",
        ),
    ),
    rules={
        "fin_again": FinAgain.ANEW,
        "reset_exact": False,
        "early_close": EarlyClose.SILENT,
        "bad_ack_answered": False,
        "late_text_resets": True,  # but for TIME-WAIT
        "time_wait_ignores_reset": True,
    },
)
