"""smoltcp: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack smoltcp``, against smoltcp 0.12.0
in PyPI's mitmproxy-rs 0.11.5. It is opened passively only, and nothing tells its state.
"""

from checker.stacks.profile import Departure, Profile
from spec.rules import FinAgain, Silent

SMOLTCP = Profile(
    name="smoltcp",
    seen="0.12.0, by the plans of `stack smoltcp`",
    departures=(
        Departure(
            10,
            "a FIN that was lost is never sent again while closing",
            "3.10.8",
            where="CLOSING; retransmission timeout",
            upstream="mended after 0.12.0",
        ),
        Departure(
            11,
            "a SYN is ignored in silence: a half-open connection is not found",
            "3.10.7.4 first, fourth",
            where="any synchronized state; SYN",
            upstream="changed",
        ),
        Departure(
            12,
            "a reset outside the window is answered with an ACK",
            "3.10.7.4 first",
            where="any synchronized state; a reset outside the window",
            upstream="changed",
        ),
    ),
    rules={
        "fin_again": FinAgain.CLOSING,
        "syn_silent": Silent.ALL,
        "reset_unanswered": False,
        "bad_ack_answered": False,
        "gap_answered": False,
    },
)
