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
    ),
)

WITNESSES = (
    Claim("W10", "both ends ESTABLISHED", SOMETIMES, p.both_established, "forgery", "3.5"),
)
