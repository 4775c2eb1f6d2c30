"""D1: where the system may come to rest."""

from proofs.claims import properties as p
from proofs.claims.claim import REST, SOMETIMES, Claim

CLAIMS = (
    Claim(
        "D1",
        "no deadlock beyond the allowed final states",
        REST,
        p.may_rest,
        "rest",
        "RFC 9293 3.10",
        witnesses=("WD",),
        idle=frozenset({"ABORT"}),
        finding="FIN-WAIT-2 waits for ever for a peer that is gone: no rule but the user's ABORT "
        "ends it.",
    ),
    Claim(
        "D1.window",
        "... nor behind a shut window",
        REST,
        p.may_rest,
        "window",
        "RFC 9293 3.8.6.1",
        witnesses=("WD.window",),
        idle=frozenset({"ABORT"}),
    ),
)

WITNESSES = (
    Claim("WD", "both TCBs are gone", SOMETIMES, p.all_gone, "rest", "RFC 9293 3.6"),
    Claim("WD.window", "the window is shut", SOMETIMES, p.shut_window, "window", "3.8.6.1"),
)
