"""C9 and C10: text and acknowledgments flow as RFC 9293 section 3.8.6 says, and no less."""

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, Claim, seen
from proofs.claims.transfer import SCALED

SENDER = "RFC 9293 3.7.4, 3.8.6.1, 3.8.6.2.1; RFC 5681 3.1; RFC 3042"
RECEIVER = "RFC 9293 3.4, 3.8.6.2.2, 3.8.6.3; RFC 5681 4.2"
_WHERE = (
    ("", "transfer", "", "W9.transfer", "W9.held", "WCC4"),
    (".segments", "transfer-segments", "... with segments of two octets", "WCC8"),
    (".wide", "transfer-wide", "... with six segments in flight", "WCC8.wide"),
    (".shut", "flow-shut", "... where the window shuts", "WC9.shut"),
    (".silly", "transfer-silly", "... where an octet is read at a time", "WD6"),
    (".shrinks", "flow-shrinks", "... where the window may shrink", "WC9.shrinks"),
    (".odd", "flow-odd", "... where the window is a segment and a half", "WC9.odd", "WC9.full"),
    (".sack", "flow-sack", "... with selective acknowledgments", "WC9.sack"),
    (".again", "flow-again", "... of a second connection", "WC9.again"),
    (".close", "transfer-close", "... to the end of a connection", "W8.transfer"),
    (".scaled", "transfer-scaled", "... with scaled windows", "WD11"),
)

CLAIMS = (
    *(
        Claim(
            f"C9{where}",
            title or "a sender sends all that it may, as soon as it may, and nothing else",
            ALWAYS,
            p.text_flows,
            profile,
            SENDER,
            rules=SCALED if where == ".scaled" else {},
            witnesses=tuple(witnesses),
        )
        for where, profile, title, *witnesses in _WHERE
    ),
    *(
        Claim(
            f"C10{where}",
            title or "a receiver takes, holds, offers and acknowledges all that is due",
            ALWAYS,
            p.receivers_do_their_part,
            profile,
            RECEIVER,
            rules=SCALED if where == ".scaled" else {},
            witnesses=tuple(witnesses),
        )
        for where, profile, title, *witnesses in _WHERE
    ),
)

WITNESSES = (
    seen(CLAIMS, "WC9.shut", "C9.shut", "a probe of a shut window is in flight", p.probes),
    seen(
        CLAIMS,
        "WC9.shrinks",
        "C9.shrinks",
        "more is in flight than the window allows",
        p.shrunk_below,
    ),
    seen(CLAIMS, "WC9.odd", "C9.odd", "text waits for the override timer", p.text_is_held_back),
    seen(
        CLAIMS,
        "WC9.full",
        "C9.odd",
        "less than a segment was sent by the override timer, and fills B's buffer",
        p.buffer_is_full,
    ),
    seen(CLAIMS, "WC9.sack", "C9.sack", "text is held beyond RCV.NXT", p.text_is_held),
    seen(CLAIMS, "WC9.again", "C9.again", "an octet of the second is taken", p.second_has_text),
)
