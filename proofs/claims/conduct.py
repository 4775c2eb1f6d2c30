"""C1 to C7: each step against what RFC 9293 says outside section 3.10."""

from collections.abc import Iterator, Mapping

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, SOMETIMES, Claim
from spec.rules import Isn, KeepAlive

_ANY: Mapping[str, object] = {"isn": Isn.ANY}
_ALIVE: Mapping[str, object] = {"keep_alive": KeepAlive.OCTET}

_CONDUCT = (
    ("C1", "states follow each other as in Figure 5", p.states_follow, "RFC 9293 3.3.2, 3.5, 3.6"),
    (
        "C2",
        "what is due is answered, and nothing else",
        p.answers_are_due,
        "RFC 9293 3.5.2, 3.8.1, 3.8.6.3; RFC 5961",
    ),
    ("C3", "a segment says what is so", p.segments_say_what_is, "RFC 9293 3.1, 3.5.2, 3.8"),
    (
        "C4",
        "sequence variables fit the state and move with reason",
        p.variables_move_with_reason,
        "RFC 9293 3.3.1, 3.4, 3.8.6",
    ),
    ("C5", "TIME-WAIT and R are as long as they should be", p.timers_run, "RFC 9293 3.6.1, 3.8.3"),
    (
        "C6",
        "users are told what section 3.10 has them told, and nothing else",
        p.users_are_told,
        "RFC 9293 3.8.3, 3.8.5, 3.9.1.8, 3.10",
    ),
)


def _conduct() -> Iterator[Claim]:
    """The claims on single steps: of one connection, with text, with time."""
    for id, title, predicate, cites in _CONDUCT:
        yield Claim(
            id, title, ALWAYS, predicate, "conduct", cites, witnesses=("WC", "WC.simultaneous")
        )
        for suffix, means, rules in (
            ("text", "with text", {}),
            ("time", "with time", {}),
            ("alive", "with keep-alive", _ALIVE),
            ("probes", "with time and a shut window", {}),
            ("syn", "with text on the SYN", {"data_on_syn": True}),
            ("packed", "with two octets and FIN in a segment", {"covering_acceptable": True}),
            ("reopened", "where TIME-WAIT is reopened", {**_ANY, "time_wait_reopen": True}),
            ("old", "among segments of an earlier connection, whatever the ISNs", _ANY),
            ("edge", "among them, with a window of one number", _ANY),
        ):
            yield Claim(
                f"{id}.{suffix}",
                f"... {means}",
                ALWAYS,
                predicate,
                f"conduct-{suffix}",
                cites,
                rules=rules,
                witnesses=(f"WC.{suffix}",),
            )


CLAIMS = (
    *_conduct(),
    Claim(
        "C4.literal",
        "... with two octets and FIN in a segment, by the letter of RFC 9293",
        ALWAYS,
        p.variables_move_with_reason,
        "conduct-packed",
        "RFC 9293 3.4, Table 6",
        witnesses=("WC.literal",),
        finding="Refuted: a segment that begins before the window and ends behind it is not "
        "acceptable, though it brings what is expected next.",
    ),
    Claim(
        "C7",
        "a user whose connection the peer or time ended is told",
        ALWAYS,
        p.ends_are_told,
        "endings",
        "RFC 9293 3.5.3; 3.6, MUST-12",
        witnesses=("WC.ended",),
        finding="Refuted: of a reset in CLOSING, LAST-ACK or TIME-WAIT section 3.10.7.4 has nobody "
        "told. Of text that was not acknowledged the user never learns.",
    ),
    Claim(
        "C7.told",
        "... if resets are told in CLOSING, LAST-ACK and TIME-WAIT too",
        ALWAYS,
        p.ends_are_told,
        "endings",
        "RFC 9293 3.5.3; 3.6, MUST-12",
        rules={"reset_told": True},
        witnesses=("WC.told",),
    ),
)

WITNESSES = (
    Claim(
        "WC", "the last FIN is acknowledged", SOMETIMES, p.last_fin_acknowledged, "conduct", "3.6"
    ),
    Claim(
        "WC.simultaneous",
        "both ends CLOSING",
        SOMETIMES,
        p.simultaneous_close,
        "conduct",
        "RFC 9293 Figure 13",
    ),
    Claim(
        "WC.ended",
        "the last FIN is acknowledged",
        SOMETIMES,
        p.last_fin_acknowledged,
        "endings",
        "RFC 9293 3.6",
    ),
    Claim(
        "WC.told",
        "the last FIN is acknowledged",
        SOMETIMES,
        p.last_fin_acknowledged,
        "endings",
        "RFC 9293 3.6",
        rules={"reset_told": True},
    ),
    Claim(
        "WC.text",
        "two octets and a FIN are taken",
        SOMETIMES,
        p.two_octets_and_fin_taken,
        "conduct-text",
        "RFC 9293 3.8",
    ),
    Claim(
        "WC.probes",
        "a probe of a shut window was answered",
        SOMETIMES,
        p.a_probe_is_answered,
        "conduct-probes",
        "RFC 9293 3.8.6.1",
    ),
    Claim(
        "WC.syn",
        "an octet and a FIN are taken",
        SOMETIMES,
        p.octet_and_fin_taken,
        "conduct-syn",
        "RFC 9293 3.5",
        rules={"data_on_syn": True},
    ),
    Claim(
        "WC.packed",
        "two octets and a FIN are taken",
        SOMETIMES,
        p.two_octets_and_fin_taken,
        "conduct-packed",
        "RFC 9293 3.8",
        rules={"covering_acceptable": True},
    ),
    Claim(
        "WC.literal",
        "two octets and a FIN are taken",
        SOMETIMES,
        p.two_octets_and_fin_taken,
        "conduct-packed",
        "RFC 9293 3.8",
    ),
    Claim(
        "WC.reopened",
        "TIME-WAIT was reopened, and is returned to",
        SOMETIMES,
        p.time_wait_returned_to,
        "conduct-reopened",
        "RFC 9293 3.6.1",
        rules={**_ANY, "time_wait_reopen": True},
    ),
    Claim(
        "WC.old",
        "both ends ESTABLISHED again",
        SOMETIMES,
        p.second_established,
        "conduct-old",
        "RFC 9293 3.4.1",
        rules=_ANY,
    ),
    Claim(
        "WC.edge",
        "both ends ESTABLISHED again",
        SOMETIMES,
        p.second_established,
        "conduct-edge",
        "RFC 9293 3.4.1",
        rules=_ANY,
    ),
    Claim(
        "WC.alive",
        "both TCBs are gone",
        SOMETIMES,
        p.all_gone,
        "conduct-alive",
        "RFC 9293 3.8.4",
        rules=_ALIVE,
    ),
    Claim("WC.time", "both TCBs are gone", SOMETIMES, p.all_gone, "conduct-time", "3.6.1"),
)
