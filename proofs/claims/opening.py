"""T1, T2: who agrees with whom once a connection is established."""

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, SOMETIMES, Claim

CLAIMS = (
    Claim(
        "T1",
        "no ESTABLISHED without three-way agreement",
        ALWAYS,
        p.three_way_agreement,
        "handshake",
        "RFC 9293 3.5",
        witnesses=("W1",),
    ),
    Claim(
        "T1.lifecycle",
        "... nor later in the lifecycle, through every way to close",
        ALWAYS,
        p.three_way_agreement,
        "lifecycle",
        "RFC 9293 3.5, 3.6",
        witnesses=("W1.lifecycle",),
    ),
    Claim(
        "T1s",
        "agreement in simultaneous open, by the letter of RFC 9293",
        ALWAYS,
        p.simultaneous_agreement,
        "simultaneous",
        "RFC 9293 3.5, 3.10.7.4 first",
        witnesses=("W1s",),
        finding="Refuted: with ISNs within one window of each other, a stale SYN and the live "
        "one differ by less than the window, so that the ACK for the one completes the other.",
    ),
    Claim(
        "T1s.exact",
        "... if what acknowledges our SYN must be at RCV.NXT",
        ALWAYS,
        p.simultaneous_agreement,
        "simultaneous",
        "RFC 9293 3.10.7.4 first",
        rules={"syn_ack_exact": True},
        witnesses=("W1s.exact",),
        finding="The check has to be made in FIN-WAIT-1 too, where CLOSE in SYN-RECEIVED leads: "
        "made in SYN-RECEIVED alone it is refuted in one step more than the literal rules.",
    ),
    Claim(
        "T1s.far",
        "... or if ISNs are far apart",
        ALWAYS,
        p.simultaneous_agreement,
        "simultaneous-far",
        "RFC 9293 3.4.1",
        witnesses=("W1s.far",),
    ),
    Claim(
        "T2",
        "a stale SYN never gets past the third handshake",
        ALWAYS,
        p.stale_syn_stops,
        "handshake",
        "RFC 9293 3.5, Figure 8",
        witnesses=("W2",),
        finding="That such a TCB is also gone in the end is T2.gone, and needs more.",
    ),
    Claim(
        "T2.lifecycle",
        "... nor later in the lifecycle",
        ALWAYS,
        p.stale_syn_stops,
        "lifecycle",
        "RFC 9293 3.5, 3.6",
        witnesses=("W2.lifecycle",),
    ),
)

WITNESSES = (
    Claim("W1", "both ends ESTABLISHED", SOMETIMES, p.both_established, "handshake", "3.5"),
    Claim(
        "W1.lifecycle", "both ends ESTABLISHED", SOMETIMES, p.both_established, "lifecycle", "3.5"
    ),
    Claim(
        "W1s",
        "both ends ESTABLISHED by simultaneous open",
        SOMETIMES,
        p.both_established_simultaneously,
        "simultaneous",
        "RFC 9293 Figure 7",
    ),
    Claim(
        "W1s.exact",
        "both ends ESTABLISHED by simultaneous open",
        SOMETIMES,
        p.both_established_simultaneously,
        "simultaneous",
        "RFC 9293 Figure 7",
        rules={"syn_ack_exact": True},
    ),
    Claim(
        "W1s.far",
        "both ends ESTABLISHED by simultaneous open",
        SOMETIMES,
        p.both_established_simultaneously,
        "simultaneous-far",
        "RFC 9293 Figure 7",
    ),
    Claim("W2", "a stale SYN is heard", SOMETIMES, p.stale_syn_heard, "handshake", "Figure 8"),
    Claim(
        "W2.lifecycle",
        "a stale SYN is heard",
        SOMETIMES,
        p.stale_syn_heard,
        "lifecycle",
        "RFC 9293 Figure 8",
    ),
)
