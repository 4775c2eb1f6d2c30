"""CC3: a data plane does nothing that the lifecycle does not allow."""

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, Claim, seen

CLAIMS = (
    Claim(
        "CC3",
        "each step of a data plane is one of the lifecycle, or none",
        ALWAYS,
        p.never_strayed,
        "refined",
        "RFC 9293 3.8; RFC 5681 3.2",
        witnesses=("WCC3",),
    ),
    Claim(
        "CC3.segments",
        "... with segments of two octets",
        ALWAYS,
        p.never_strayed,
        "refined-segments",
        "RFC 9293 3.8; RFC 5681 3.2",
        witnesses=("WCC3.segments",),
    ),
    Claim(
        "CC3.shut",
        "... with more text than a window, which shuts",
        ALWAYS,
        p.never_strayed,
        "refined-shut",
        "RFC 9293 3.8.6.1",
        witnesses=("WCC3.shut",),
    ),
    Claim(
        "CC3.sack",
        "... with a receiver that reports what it holds (SACK), and forgets it",
        ALWAYS,
        p.never_strayed,
        "refined-sack",
        "RFC 2018; RFC 9293 3.8",
        witnesses=("WCC3.sack",),
    ),
    Claim(
        "CC3.closing",
        "... while the connection closes",
        ALWAYS,
        p.never_strayed,
        "refined-closing",
        "RFC 9293 3.6, 3.8",
        witnesses=("WCC3.closing",),
    ),
)

_AGAIN = "what was sent is sent again from the middle, while text beyond it is held"

WITNESSES = (
    seen(CLAIMS, "WCC3", "CC3", _AGAIN, p.sent_again_and_held),
    seen(CLAIMS, "WCC3.segments", "CC3.segments", _AGAIN, p.sent_again_and_held),
    seen(CLAIMS, "WCC3.shut", "CC3.shut", "a shut window is probed", p.probes_shut_window),
    seen(CLAIMS, "WCC3.sack", "CC3.sack", "A counts on text that B has forgotten", p.reneged),
    seen(
        CLAIMS,
        "WCC3.closing",
        "CC3.closing",
        "an end waits with FIN while its peer holds text",
        p.fin_waits_and_held,
    ),
)
