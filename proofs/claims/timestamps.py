"""R1 to R10: a pair of sockets used again from TIME-WAIT, and what timestamps do for it.

TIME-WAIT does not end by itself here, and segments live for ever: 2 MSL are longer than anything
that is explored. So an active OPEN out of TIME-WAIT is the only way from a connection that
delivered an octet to a second one that does, and what keeps the two apart is not time.
"""

from functools import partial

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, EVENTUALLY, Claim, Live, seen
from proofs.claims.liveness import CLOCK
from spec.rules import Isn
from spec.tcp.inputs import Input

_REUSE = {
    "time_wait_reuse": True,
    "time_wait_cut": -1,
    "time_wait_ignores_reset": True,
    "close_waits": True,
    "isn": Isn.ANY,
}
"""An OPEN may take the sockets from TIME-WAIT, which does not end; the adversary chooses ISNs, but
that OPEN's is above what was used."""
_STAMPS = {**_REUSE, "reuse_above": False}
"""... and that one too."""
_RESETS = {**_STAMPS, "abort_time_wait": True}
"""... and ABORT goes by way of TIME-WAIT, else an OPEN could follow it before the clock ticks."""
_ANSWERED = Live(
    p.client_in_syn_sent,
    weak=(Input.RETRANSMISSION_TIMEOUT.value, Input.ADDRESS_FORGOTTEN.value),
)

CLAIMS = (
    Claim(
        "R1",
        "reuse from TIME-WAIT delivers no octet twice, whatever the ISNs, if the client's clock "
        "has ticked and the server runs PAWS",
        ALWAYS,
        p.no_octet_again,
        "reused",
        "Linux tcp_tw_reuse; RFC 7323 5",
        rules=_STAMPS,
        witnesses=("WR1",),
        finding="The delay of tcp_tw_reuse has to be one tick of the timestamp clock. It holds for "
        "what the client sends. The server's own clock need not have ticked (ablation 52).",
    ),
    Claim(
        "R2",
        "reuse from TIME-WAIT: the server's connection accepts no segment of the one before",
        ALWAYS,
        p.server_not_crossed,
        "reused-resets",
        "RFC 7323 5.2",
        rules=_RESETS,
        witnesses=("WR2",),
        finding="Refuted: PAWS spares resets, and a reset of the same numbers is believed.",
    ),
    Claim(
        "R2.resets",
        "... if PAWS refuses earlier resets, too",
        ALWAYS,
        p.server_not_crossed,
        "reused-resets",
        "RFC 7323 5.2, 5.3",
        rules={**_RESETS, "paws_resets": True},
        witnesses=("WR2.resets",),
        finding="Refuted: what TIME-WAIT itself sends once the clock has ticked is no earlier than "
        "the new connection. So the delay protects octets (R1), which TIME-WAIT does not send.",
    ),
    Claim(
        "R3",
        "reuse from TIME-WAIT delivers no octet twice, without timestamps, if the client's ISS is "
        "above SND.NXT",
        ALWAYS,
        p.no_octet_again,
        "reused-plain",
        "Linux tcp_tw_reuse; RFC 9293 3.4.1",
        rules=_REUSE,
        witnesses=("WR3",),
        finding="So that R1's two conditions and this one are alternatives.",
    ),
    Claim(
        "R5",
        "reuse from TIME-WAIT leaves nothing behind that the server has still to send",
        ALWAYS,
        p.nothing_is_left_behind,
        "reused-early",
        "Linux tcp_tw_reuse; RFC 9293 3.6",
        rules={"time_wait_reuse": True},
        witnesses=("WR5",),
        finding="FIN-WAIT-2 is no TIME-WAIT, though Linux keeps both in one table: the SYN is "
        "challenged, the client resets what it has forgotten, and the server's text is lost.",
    ),
    Claim(
        "R7",
        "a SYN of a client behind a NAT is answered in the end by a listener that recycles "
        "TIME-WAIT",
        EVENTUALLY,
        p.everything,
        "recycling",
        "Linux tcp_tw_recycle",
        rules={"time_wait_recycle": True},
        live=_ANSWERED,
        finding="Refuted, as it should be: whenever the address is forgotten, another host behind "
        "the NAT opens a connection before the SYN comes again.",
    ),
    Claim(
        "R7.off",
        "... and by one that does not",
        EVENTUALLY,
        p.everything,
        "recycling",
        "Linux tcp_tw_recycle",
        live=_ANSWERED,
    ),
    Claim(
        "R9",
        "PAWS makes up for resets that end TIME-WAIT: no octet is delivered twice",
        ALWAYS,
        p.no_octet_again,
        "reused",
        "RFC 1337 2, H1; RFC 7323 5",
        rules={"time_wait_cut": -1, "close_waits": True, "isn": Isn.ANY},
        witnesses=("WR9",),
        finding="Refuted: an OPEN after such a reset may come before the clock has ticked; old "
        "octets are then no earlier than new ones.",
    ),
    Claim(
        "R10.text",
        "text is delivered in the end, though the clock has gone half around while nothing was "
        "sent",
        EVENTUALLY,
        p.everything,
        "idle",
        "RFC 7323 5.5",
        rules={"retransmission_bounded": False},
        live=Live(p.has_undelivered_text, p.text_delivered, weak=CLOCK),
    ),
)

_seen = partial(seen, CLAIMS)
_BOTH = "an octet of each of two connections is delivered"
_AGAIN = "both ends are in ESTABLISHED again"

WITNESSES = (
    _seen("WR1", "R1", _BOTH, p.octets_of_both),
    _seen("WR2", "R2", _AGAIN, p.both_established_again),
    _seen("WR2.resets", "R2.resets", _AGAIN, p.both_established_again),
    _seen("WR3", "R3", _BOTH, p.octets_of_both),
    _seen("WR5", "R5", "the client opens again, and has what the server sent", p.read_and_opened),
    _seen("WR9", "R9", "an octet of a second connection is delivered", p.octet_of_second),
)
