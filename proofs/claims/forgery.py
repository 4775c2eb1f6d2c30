"""T10: an off-path sender that guesses."""

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, SOMETIMES, Claim

CLAIMS = (
    Claim(
        "T10",
        "a blind sender whose guesses miss does no harm",
        ALWAYS,
        p.blind_sender_harmless,
        "forgery",
        "RFC 5961 3, 4, 5",
        witnesses=("W10",),
        finding="In the synchronized states. Text without an ACK is dropped because it has none "
        "(fifth step): a stack that does not ask for one, as lwIP, takes it (ablation 70).",
    ),
    Claim(
        "T10.opening",
        "... in SYN-RECEIVED too",
        ALWAYS,
        p.blind_sender_harmless,
        "forgery-opening",
        "RFC 9293 3.10.7.4 fourth",
        witnesses=("W10.opening",),
        finding="Refuted: a SYN in the window returns a passive end from SYN-RECEIVED to LISTEN. "
        "RFC 5961's challenge is for synchronized states only.",
    ),
    Claim(
        "T10.opening.challenge",
        "... in SYN-RECEIVED too, if a SYN is challenged there",
        ALWAYS,
        p.blind_sender_harmless,
        "forgery-opening",
        "RFC 5961 4",
        rules={"syn_received_challenge": True},
        witnesses=("W10.opening.challenge",),
    ),
    Claim(
        "T10.calling",
        "... in SYN-SENT too",
        ALWAYS,
        p.blind_sender_harmless,
        "forgery-calling",
        "RFC 9293 3.10.7.3 fourth",
        witnesses=("W10.calling",),
        finding="Refuted: a SYN without an ACK needs no number at all. SYN-SENT takes it for a "
        "simultaneous open, and the SYN,ACK that it waits for is not acceptable any more.",
    ),
)

WITNESSES = (
    Claim("W10", "both ends ESTABLISHED", SOMETIMES, p.both_established, "forgery", "3.5"),
    Claim(
        "W10.opening",
        "both ends ESTABLISHED",
        SOMETIMES,
        p.both_established,
        "forgery-opening",
        "RFC 9293 3.5",
    ),
    Claim(
        "W10.opening.challenge",
        "both ends ESTABLISHED",
        SOMETIMES,
        p.both_established,
        "forgery-opening",
        "RFC 9293 3.5",
        rules={"syn_received_challenge": True},
    ),
    Claim(
        "W10.calling",
        "both ends ESTABLISHED",
        SOMETIMES,
        p.both_established,
        "forgery-calling",
        "RFC 9293 3.5",
    ),
)
