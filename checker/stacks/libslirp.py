"""libslirp: where it is known to do otherwise than RFC 9293.

Evidence, unless a departure says otherwise: the plans of ``stack libslirp``, against Debian's
libslirp-dev 4.7.0 with a virtual clock; its user is a socket of the host.
"""

from checker.stacks.profile import Departure, Profile
from spec.rules import ResetBelow, Silent

LIBSLIRP = Profile(
    name="libslirp",
    seen="4.7.0, by the plans of `stack libslirp`",
    departures=(
        Departure(
            13,
            "a reset below RCV.NXT is taken, however far",
            "3.10.7.4 first",
            where="ESTABLISHED and later; a reset below RCV.NXT: half of all numbers are",
        ),
        Departure(
            14,
            "a SYN below RCV.NXT is ignored in silence",
            "3.10.7.4 first",
            where="ESTABLISHED and later; SYN below RCV.NXT: a guest that starts again hangs",
        ),
        Departure(
            15,
            "SYN-RECEIVED takes SEG.ACK = ISS for an ACK of its SYN (RFC 793)",
            "3.10.7.4 fifth",
            where="SYN-RECEIVED; SEG.ACK = ISS (erratum 3301)",
        ),
        Departure(
            16,
            "TIME-WAIT answers text with a reset, and is over",
            "3.10.7.4 seventh",
            where="TIME-WAIT; text",
        ),
    ),
    rules={
        "reset_below": ResetBelow.ALL,
        "syn_silent": Silent.BELOW,
        "syn_challenge": False,
        "ack_of_nothing": True,
        "late_text_resets": True,
        "ack_floor": False,
    },
)
