"""D3 to D12, T8 and T9 with a data plane: windows, probes, silly segments, delayed ACKs.

T9.transfer is what the literature on sliding windows proves: what is delivered is a prefix of what
was written.
"""

from proofs.claims import properties as p
from proofs.claims.claim import ALWAYS, EVENTUALLY, REST, SOMETIMES, Claim, Live, seen
from proofs.claims.liveness import TIMERS
from spec.rules import Congestion, Persist
from spec.tcp.inputs import Input

ONCE = {
    "syn_retransmitted": False,
    "syn_ack_retransmitted": False,
    "text_retransmitted": False,
}
"""Nothing is sent again by a timer: what is asked is whether it has to be."""
SCALED = {**ONCE, "persist": Persist.OFF, "window_larger": True}
"""The same, and no window is probed."""
_RECEIVE = Input.RECEIVE.value

PROGRESS = (*TIMERS, _RECEIVE, Input.OVERRIDE_TIMEOUT.value)
"""What goes on for ever: timers, and the user of the receiver reads."""

CLAIMS = (
    Claim(
        "T9.transfer",
        "... also if text is held until what is missing comes, and sent again in other segments",
        ALWAYS,
        p.no_octet_garbled,
        "transfer",
        "RFC 9293 3.8.1, 3.10.7.4 SHLD-31",
        witnesses=("W9.transfer",),
    ),
    Claim(
        "T8.transfer",
        "... also with a data plane",
        ALWAYS,
        p.nothing_is_lost,
        "transfer-close",
        "RFC 9293 3.6, 3.8.6",
        witnesses=("W8.transfer",),
    ),
    Claim(
        "T8.transfer.live",
        "... and each close ends once both applications close, whatever is lost",
        EVENTUALLY,
        p.everything,
        "transfer-close",
        "RFC 9293 3.6, 3.8.1",
        live=Live(p.closing, weak=(*PROGRESS, Input.CLOSE.value)),
    ),
    Claim(
        "D3",
        "where nothing is lost, SND.WND is in the end what the peer offers, whatever overtakes",
        REST,
        p.windows_agree,
        "transfer-lossless",
        "RFC 9293 3.10.7.4 fifth",
        rules={**ONCE, "window_larger": True},
        witnesses=("WD3",),
        finding="With Linux's rule: of two segments with equal numbers the larger window counts.",
    ),
    Claim(
        "D3.literal",
        "... by the letter of RFC 9293",
        REST,
        p.windows_agree,
        "transfer-lossless",
        "RFC 9293 3.10.7.4 fifth",
        rules=ONCE,
        witnesses=("WD3.literal",),
        finding="Refuted: an ACK and the window update after it have the same SEG.SEQ and SEG.ACK. "
        "SND.WL1 and SND.WL2 cannot tell which came first, so that the older one counts if it is "
        "overtaken, and the window stays as small as it was.",
    ),
    Claim(
        "D4",
        "no deadlock behind a shut window, whatever is lost",
        REST,
        p.nothing_waits,
        "transfer-shut",
        "RFC 9293 3.8.6.1, MUST-36",
        witnesses=("WD4",),
    ),
    Claim(
        "D4.live",
        "... and all that is written is acknowledged in the end, if the peer reads",
        EVENTUALLY,
        p.everything,
        "transfer-shut",
        "RFC 9293 3.8.1, 3.8.6.1",
        live=Live(p.text_waits, weak=PROGRESS),
    ),
    Claim(
        "D5",
        "a receiver that shrinks its window loses nothing and garbles nothing",
        ALWAYS,
        p.no_octet_garbled,
        "transfer-shrinks",
        "RFC 9293 3.8.6, SHLD-14, MUST-34",
        witnesses=("WD5",),
    ),
    Claim(
        "D5.rest",
        "... nor is there a deadlock",
        REST,
        p.nothing_waits,
        "transfer-shrinks",
        "RFC 9293 3.8.6, MUST-34",
        witnesses=("WD5.rest",),
    ),
    Claim(
        "D5.live",
        "... and all is acknowledged in the end, if the peer reads",
        EVENTUALLY,
        p.everything,
        "transfer-shrinks",
        "RFC 9293 3.8.6, SHLD-14",
        live=Live(p.text_waits, weak=PROGRESS),
        finding="Refuted: a receiver may shut the window that it has opened each time before text "
        "comes, for ever.",
    ),
    Claim(
        "D6",
        "no silly segment is sent, but by a timer",
        ALWAYS,
        p.no_silly_segment,
        "transfer-silly",
        "RFC 9293 3.8.6.2, MUST-38, MUST-39; RFC 813",
        witnesses=("WD6",),
        finding="Either end's rule is enough here, where the buffer is two segments. Without both, "
        "a reader that takes an octet at a time gets an octet at a time.",
    ),
    Claim(
        "D6.live",
        "... nor is a window silly for ever: while there is text, a segment fits in the end",
        EVENTUALLY,
        p.everything,
        "transfer-endless",
        "RFC 9293 3.8.6.2, MUST-38, MUST-39; RFC 813",
        rules={"congestion": Congestion.NONE},
        live=Live(p.text_for_a_silly_window, weak=PROGRESS),
        finding="The receiver's rule is enough. Without it tinygrams go for ever: at once if the "
        "sender has no rule either, else whenever its override timer runs out.",
    ),
    Claim(
        "D7",
        "Nagle and a delayed ACK do not wait for each other for ever, if nothing is lost",
        REST,
        p.nothing_waits,
        "transfer-prompt",
        "RFC 9293 3.7.4, 3.8.6.3",
        rules=ONCE,
        witnesses=("WD7",),
        finding="Without the timer of the delayed ACK they do, until the sender's own timer sends "
        "again what had arrived.",
    ),
    Claim(
        "D8",
        "a reset ends a connection whose window is shut, though nobody reads",
        REST,
        p.nobody_is_cut_off,
        "transfer-abort",
        "RFC 9293 3.4 MUST-66, 3.10.7.4 first",
        witnesses=("WD8",),
        idle=frozenset({_RECEIVE, Input.ABORT.value}),
    ),
    Claim(
        "D8.live",
        "... and who has text for a shut window hears in the end that its peer is gone",
        EVENTUALLY,
        p.everything,
        "transfer-gone",
        "RFC 9293 3.5.1, 3.8.6.1, 3.10.7.1",
        live=Live(p.writes_to_nobody, weak=TIMERS),
        finding="Whatever is lost, and though nobody reads: a probe is answered with a reset.",
    ),
    Claim(
        "D10",
        "a receiver may forget what it has reported (SACK): there is no deadlock",
        REST,
        p.nothing_waits,
        "transfer-sack",
        "RFC 2018 8",
        witnesses=("WD10", "WD10.gap"),
    ),
    Claim(
        "D10.live",
        "... and all is acknowledged in the end, however often it forgets, if it reads",
        EVENTUALLY,
        p.everything,
        "transfer-sack",
        "RFC 2018 5.1, 8",
        live=Live(p.text_waits, weak=PROGRESS),
    ),
    Claim(
        "T9.sack",
        "... nor is anything garbled",
        ALWAYS,
        p.no_octet_garbled,
        "transfer-sack",
        "RFC 2018 8; RFC 9293 3.8.1",
        witnesses=("WD10",),
    ),
    Claim(
        "D11",
        "with scaled windows no probe is needed, if nothing is lost",
        REST,
        p.nothing_waits,
        "transfer-scaled",
        "RFC 7323 2",
        rules=SCALED,
        witnesses=("WD11",),
        finding="A window that is scaled, to a peer that does not know, looks shut, or nearly so. "
        "One that is not, to a peer that believes it is, lets text be sent that nobody takes.",
    ),
    Claim(
        "D11.inside",
        "... and text is sent only where the peer has room for it",
        ALWAYS,
        p.text_is_inside,
        "transfer-scaled",
        "RFC 7323 2.2",
        rules=SCALED,
        witnesses=("WD11",),
    ),
    Claim(
        "D11.live",
        "... and with probes all is acknowledged in the end, whatever is lost, if the peer reads",
        EVENTUALLY,
        p.everything,
        "transfer-rescaled",
        "RFC 7323 2; RFC 9293 3.8.6.1",
        live=Live(p.text_waits, weak=PROGRESS),
    ),
    Claim(
        "D12",
        "an urgent pointer changes nothing of what is delivered",
        ALWAYS,
        p.no_octet_garbled,
        "transfer-urgent",
        "RFC 9293 3.8.5",
        witnesses=("WD12",),
    ),
)

WITNESSES = (
    seen(CLAIMS, "W9.transfer", "T9.transfer", "all octets are delivered", p.all_delivered),
    seen(CLAIMS, "W9.held", "T9.transfer", "text is held beyond RCV.NXT", p.text_is_held),
    seen(CLAIMS, "W8.transfer", "T8.transfer", "all delivered, and closed", p.closed_whole),
    seen(CLAIMS, "WD3", "D3", "the window was shut, and is open again", p.all_read),
    seen(CLAIMS, "WD3.literal", "D3.literal", "the window was shut, and is open again", p.all_read),
    seen(CLAIMS, "WD4", "D4", "a probe of a shut window is in flight", p.probes),
    seen(CLAIMS, "WD5", "D5", "more is in flight than the window allows", p.shrunk_below),
    seen(CLAIMS, "WD5.rest", "D5.rest", "more is in flight than the window allows", p.shrunk_below),
    seen(CLAIMS, "WD10", "D10", "A counts on text that B has forgotten", p.reneged),
    seen(CLAIMS, "WD10.gap", "D10", "text is sent again around what was reported", p.around_it),
    seen(CLAIMS, "WD6", "D6", "a user has read one octet of a segment", p.partly_read),
    seen(CLAIMS, "WD8", "D8", "the peer of a shut window is gone", p.cut_off),
    Claim(
        "WD7",
        "a segment that is not full waits for the ACK of the one before, which is delayed",
        SOMETIMES,
        p.both_wait,
        "transfer-prompt",
        "RFC 9293 3.7.4, 3.8.6.3",
        rules=ONCE,
    ),
    seen(CLAIMS, "WD11", "D11", "a part of the window is too little to be offered", p.not_offered),
    seen(CLAIMS, "WD12", "D12", "urgent text is delivered", p.urgent_delivered),
)
