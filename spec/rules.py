"""Every switch of the specification: what the RFC says, and what happens without it.

Each field is one mechanism. Its default is RFC 9293's own (with RFC 5961's mitigations,
which section 3.10.7.4 incorporates); any other value is an *ablation*, which removes or
changes the mechanism to show what it protects, or an *alternative* that a standard or a
deployed stack prefers. ``SWITCHES`` describes each one; the numbers in brackets are those
of the ablation table in ``proofs/results/expected.toml``.

Nothing else in ``spec`` chooses between behaviours.
"""

import dataclasses
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Restart(Enum):
    """What restarts the TIME-WAIT timer."""

    NEVER = "never"
    FIN = "fin"
    EMISSION = "emission"


class Isn(Enum):
    """How a host selects initial sequence numbers (section 3.4.1)."""

    FRESH = "fresh"  # each above every sequence number used before, as by a clock
    ANY = "any"  # the adversary chooses, old numbers included
    CONSTANT = "constant"  # always the same


class Cookies(Enum):
    """When a listener answers a SYN with a cookie (RFC 4987 3.6)."""

    NEVER = "never"
    OVERFLOW = "overflow"  # when the SYN queue is full
    ALWAYS = "always"


class CookieHash(Enum):
    """What of the SYN a cookie hides in a keyed hash."""

    WHOLE = "whole"  # addresses, ports, the minute and the IRS
    SUM = "sum"  # all but the IRS, which is added: ISSs rise as IRSs do


class CookieGuard(Enum):
    """What keeps a cookie from being used twice."""

    NONE = "none"
    BARE = "bare"  # only a segment without text or FIN is taken as the ACK of a cookie
    ONCE = "once"  # the last one that was taken is remembered, and not taken again
    LATER = "later"  # ... nor any of an earlier IRS


class KeepAlive(Enum):
    """What an idle connection sends to hear whether its peer is still there (section 3.8.4)."""

    OFF = "off"
    EMPTY = "empty"  # a segment without text
    OCTET = "octet"  # one with an octet of garbage


class Row(Enum):
    """A row of RFC 6191's table: by whether the old and the new connection use timestamps."""

    NONE = "none"
    LATER = "later"  # both do, and TSval is later than the last
    SAME = "same"  # ... the same, and SEG.SEQ above
    OLD = "old"  # only the old one does; SEG.SEQ above
    NEW = "new"  # only the new one does
    NEITHER = "neither"  # SEG.SEQ above


class FinAgain(Enum):
    """What becomes of our FIN until it is acknowledged (section 3.8.1)."""

    KEPT = "kept"  # it is sent again, and the state stays
    CLOSING = "closing"  # in CLOSING it is not sent again (smoltcp, until 0.12)
    NEVER = "never"  # it is not sent again at all
    ANEW = "anew"  # it is, and the close begins anew in FIN-WAIT-1 (gVisor, until 2023)


class EarlyClose(Enum):
    """What a CLOSE does in SYN-RECEIVED, with nothing queued (section 3.10.4)."""

    FIN = "fin"  # FIN after our SYN
    SILENT = "silent"  # nothing is sent, and the TCB is deleted (gVisor)
    INSTEAD = "instead"  # FIN in the place of our SYN, which is not sent again (PyTCP)


class Silent(Enum):
    """Which SYNs a synchronized connection leaves without an answer."""

    NONE = "none"
    BELOW = "below"  # those below RCV.NXT (BSD)
    ALL = "all"  # smoltcp


class ResetBelow(Enum):
    """Which resets below the window are believed."""

    NONE = "none"
    FIN = "fin"  # after the peer's FIN, one at its number (Linux)
    ALL = "all"  # whatever is below RCV.NXT: half of all numbers are (libslirp)


class UnsentText(Enum):
    """What becomes of text and FIN whose ACK is of something not yet sent."""

    DROPPED = "dropped"  # they are dropped, and the ACK is answered
    TAKEN = "taken"  # in ESTABLISHED they are taken, and the ACK is not answered (gVisor)
    ANSWERED = "answered"  # they are taken as long as the peer may send, and the ACK is (lwIP)


class Persist(Enum):
    """What is sent into a shut window (section 3.8.6.1)."""

    OFF = "off"  # nothing: the peer's window update is waited for
    NEW = "new"  # an octet never sent before, if there is one: what was sent is not sent again
    ON = "on"  # the octet at SND.UNA, never sent before or not, until it is acknowledged


class Scale(Enum):
    """What the two ends make of the Window Scale option (RFC 7323 2), where windows are scaled."""

    AGREED = "agreed"  # both sent it, both heard it
    UNHEARD = "unheard"  # windows are scaled, and their reader does not know
    IMAGINED = "imagined"  # windows are not, and their reader believes so


class Congestion(Enum):
    """How a sender reacts to loss (section 3.8.2)."""

    NONE = "none"  # not at all: the peer's window is the only limit
    TAHOE = "tahoe"  # slow start, congestion avoidance, fast retransmit
    RENO = "reno"  # ... and fast recovery, until new text is acknowledged (RFC 5681)
    NEWRENO = "newreno"  # ... until all is that was in flight when it began (RFC 6582)


class Sacked(Enum):
    """What becomes of text that the peer has reported, and not acknowledged (RFC 2018 8)."""

    KEPT = "kept"  # it is kept, and after a timeout counts as not reported
    MARKED = "marked"  # it is kept, and counts as reported; a timeout sends SND.UNA's all the same
    FREED = "freed"  # it is freed, and never sent again


class Growth(Enum):
    """By how much an ACK lets cwnd grow in slow start."""

    OCTETS = "octets"  # by what it acknowledges, one segment at most (RFC 5681 3.1)
    SEGMENT = "segment"  # by a segment, whatever it acknowledges (RFC 2581 3.1)


class AckLimit(Enum):
    """Who shares the limit on ACKs that answer what is refused (RFC 5961 7)."""

    NONE = "none"  # there is no limit
    SOCKET = "socket"  # each connection has its own
    HOST = "host"  # all connections of the host have one


def _rule(default: Any, section: str, sentence: str) -> Any:
    return field(default=default, metadata={"section": section, "sentence": sentence})


@dataclass(frozen=True, slots=True)
class Rules:
    """One choice for every switch; the defaults are the RFC's."""

    # Opening
    three_way: bool = _rule(
        True,
        "RFC 9293 3.5, 3.10.7.2",
        "A listener waits in SYN-RECEIVED for the third segment; off, the SYN alone "
        "establishes (two-way handshake) [9].",
    )
    isn: Isn = _rule(
        Isn.FRESH,
        "RFC 9293 3.4.1, MUST-8",
        "Initial sequence numbers are fresh; any: the adversary picks them [7, 8]; constant: "
        "they never change, as after a wrap [14].",
    )
    syn_sent_ack_check: bool = _rule(
        True,
        "RFC 9293 3.10.7.3, first",
        "SYN-SENT takes an ACK only of its own SYN; off, it takes any [10].",
    )
    syn_received_ack_check: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, fifth; erratum 3301",
        "SYN-RECEIVED takes an ACK only if SND.UNA < SEG.ACK =< SND.NXT; off, it takes any [11].",
    )
    syn_received_seq_check: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, first",
        "SYN-RECEIVED takes only segments in its receive window; off, it takes any [12].",
    )
    ack_of_nothing: bool = _rule(
        False,
        "RFC 793 3.9, fifth; erratum 3301",
        "SYN-RECEIVED takes SEG.ACK = SND.UNA for an ACK of its SYN too (BSD, libslirp) [142].",
    )
    bad_ack_reset: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, fifth",
        "SYN-RECEIVED answers a bad ACK with a reset; off, as in PyTCP, it drops it [143].",
    )
    syn_received_fin: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, eighth",
        "What acknowledges our SYN may carry a FIN; off, as in PyTCP, it is dropped with it [144].",
    )
    simultaneous_open: bool = _rule(
        True,
        "RFC 9293 3.5, 3.10.7.3 fourth, MUST-10",
        "SYN-SENT takes a SYN without an ACK; off, as in lwIP, it ignores it [140].",
    )
    syn_sent_resends: bool = _rule(
        False,
        "not in RFC 9293",
        "An ACK without a SYN that comes to SYN-SENT has our SYN sent again at once, and counts as "
        "a timeout does (lwIP) [141].",
    )
    syn_sent_any_reset: bool = _rule(
        True,
        "RFC 9293 3.10.7.3, second",
        "SYN-SENT takes a reset by its ACK, whatever SEG.SEQ is; off, as in PyTCP, only with "
        "SEG.SEQ = 0 [156].",
    )
    syn_sent_bad_ack_reset: bool = _rule(
        True,
        "RFC 9293 3.10.7.3, first",
        "SYN-SENT answers a bad ACK with a reset, so that a half-open peer is found; off, as in "
        "smoltcp until October 2021, it drops it [164].",
    )
    syn_ack_exact: bool = _rule(
        False,
        "not in RFC 9293",
        "The segment that acknowledges our SYN must have SEG.SEQ = RCV.NXT, in SYN-RECEIVED and "
        "in FIN-WAIT-1 entered from it: the repair of simultaneous open with ISNs within one "
        "window of each other [13].",
    )
    data_on_syn: bool = _rule(
        False,
        "RFC 9293 3.10.1, 3.10.2",
        "A SEND in LISTEN puts its data on the SYN instead of queueing it until ESTABLISHED.",
    )
    syn_ack_retransmitted: bool = _rule(
        True,
        "RFC 9293 3.8.1, 3.10.8",
        "A SYN,ACK is sent again until it is acknowledged; off, it is sent once [27].",
    )
    syn_retransmitted: bool = _rule(
        True,
        "RFC 9293 3.8.1, 3.10.8",
        "A SYN is sent again until it is answered; off, it is sent once [60].",
    )
    split_handshake: bool = _rule(
        False,
        "not in RFC 9293",
        "A listener acknowledges a SYN with a bare ACK and sends its own SYN without one, so that "
        "the client goes through simultaneous open: four segments, which it has to accept [31].",
    )
    # Closing
    close_waits: bool = _rule(
        False,
        "RFC 9293 3.10.4, SYN-RECEIVED",
        "A CLOSE in SYN-RECEIVED waits for ESTABLISHED; off, it enters FIN-WAIT-1 at once if "
        "nothing is queued, and with it leaves the ACK check of the handshake behind.",
    )
    early_close: EarlyClose = _rule(
        EarlyClose.FIN,
        "RFC 9293 3.10.4, SYN-RECEIVED",
        "... fin: its FIN follows our SYN; silent: nothing is sent, the TCB is deleted; instead: "
        "FIN has the number of our SYN [145, 146].",
    )
    fin_again: FinAgain = _rule(
        FinAgain.KEPT,
        "RFC 9293 3.8.1, 3.10.8",
        "Our FIN is sent again until it is acknowledged: kept; closing: not in CLOSING; never; "
        "anew: and then the state is FIN-WAIT-1 again [147, 148, 149].",
    )
    fin_acknowledged: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, fifth",
        "FIN-WAIT-1, CLOSING and LAST-ACK wait for the ACK of our FIN; off, any ACK in range ends "
        "them [150].",
    )
    fin_in_order: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, eighth",
        "The peer's FIN counts once all text before it is taken; off, as in smoltcp until January "
        "2018, one beyond a gap counts at once, as the next number [165].",
    )
    late_text_resets: bool = _rule(
        False,
        "RFC 9293 3.10.7.4, seventh",
        "Text after the peer's FIN resets CLOSING, LAST-ACK and TIME-WAIT (BSD; gVisor but for "
        "TIME-WAIT); off, it is ignored [151].",
    )
    fin_ack_delayed: bool = _rule(
        False,
        "RFC 9293 3.8.6.3, 3.10.7.4 eighth",
        "The ACK of a FIN waits for our own FIN and rides on it: the close takes three "
        "segments [30].",
    )
    abort_time_wait: bool = _rule(
        False,
        "RFC 9293 3.5.2 and Figure 5 note 3, against 3.10.5",
        "ABORT enters TIME-WAIT, as 3.5.2 asks; off, it goes straight to CLOSED, as 3.10.5 "
        "does [16].",
    )
    time_wait_cut: int = _rule(
        0,
        "RFC 9293 3.6.1, MUST-13",
        "Ticks by which TIME-WAIT is shorter than 2 MSL; negative: longer [1].",
    )
    time_wait_restart: Restart = _rule(
        Restart.NEVER,
        "RFC 9293 3.10.7.4, first against fifth and eighth",
        "What restarts the TIME-WAIT timer. A retransmitted FIN is below the window, so that "
        "the first step answers and drops it and the restart is never reached (never) [4]; "
        "fin: a retransmitted FIN restarts it all the same [3]; emission: whatever "
        "TIME-WAIT sends does.",
    )
    passive_time_wait: bool = _rule(
        False,
        "not in RFC 9293",
        "LAST-ACK ends in TIME-WAIT too; off, in CLOSED.",
    )
    time_wait_ignores_reset: bool = _rule(
        False,
        "RFC 1337 3, fix F1, against RFC 9293 3.10.7.4 second",
        "TIME-WAIT ignores resets; off, a reset ends it early: assassination [6, 7].",
    )
    time_wait_fin_answered: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, first and eighth",
        "TIME-WAIT answers a FIN with an ACK; off, as in Zephyr until June 2022, with nothing "
        "[166].",
    )
    time_wait_challenge: bool = _rule(
        True,
        "RFC 5961 4; RFC 9293 3.10.7.4 fourth",
        "A SYN in the window of TIME-WAIT is challenged; off, as in lwIP, it is answered with a "
        "reset, and TIME-WAIT stays [157].",
    )
    time_wait_reopen: bool = _rule(
        False,
        "RFC 9293 3.6.1, MAY-2; RFC 1122 4.2.2.13",
        "A SYN may reopen a connection from TIME-WAIT.",
    )
    reopen_seq_check: bool = _rule(
        True,
        "RFC 6191 2",
        "... only if SEG.SEQ > RCV.NXT; off, any SYN does [15].",
    )
    time_wait_reuse: bool = _rule(
        False,
        "not in RFC 9293",
        "An active OPEN may take the pair of sockets from TIME-WAIT, with an ISS above SND.NXT; "
        "off, it has to wait until 2 MSL have gone by (MUST-13).",
    )
    reuse_above: bool = _rule(
        True,
        "RFC 9293 3.4.1",
        "... off, with any ISS [50].",
    )
    reuse_later: bool = _rule(
        True,
        "not in RFC 9293",
        "... and where hosts use timestamps, only once the clock has ticked since TIME-WAIT began "
        "(Linux's tcp_tw_reuse_delay); off, at once [51].",
    )
    reuse_fin_wait_2: bool = _rule(
        False,
        "not in RFC 9293",
        "An active OPEN may take the pair of sockets from FIN-WAIT-2 too, as if it were TIME-WAIT "
        "[68].",
    )
    reopen_returns: bool = _rule(
        True,
        "RFC 9293 3.6.1 (2); RFC 1122 4.2.2.13",
        "A reset of a connection that was reopened returns it to TIME-WAIT; off, to LISTEN, as one "
        "of a passive OPEN, and TIME-WAIT is over.",
    )
    reopen_by_stamp: bool = _rule(
        True,
        "RFC 6191 2",
        "Where hosts use timestamps a SYN reopens by a later TSval too, by the table of RFC 6191; "
        "off, by SEG.SEQ only.",
    )
    reopen_row_missing: Row = _rule(
        Row.NONE,
        "RFC 6191 2",
        "... but for one row of that table: both use timestamps, and TSval is later, or the same; "
        "only the old connection does; only the new one; neither.",
    )
    paws: bool = _rule(
        True,
        "RFC 7323 5.3, R1",
        "Where hosts use timestamps a segment earlier than TS.Recent is refused; off, it is not "
        "[24].",
    )
    paws_resets: bool = _rule(
        False,
        "RFC 7323 5.2",
        "... and so is a reset, which the text spares; off, it is spared.",
    )
    time_wait_recycle: bool = _rule(
        False,
        "not in RFC 9293",
        "A listener drops a SYN whose TSval is earlier than the latest from its address (Linux's "
        "tcp_tw_recycle, until 4.12) [25].",
    )
    fin_wait_2_timeout: bool = _rule(
        False,
        "not in RFC 9293",
        "FIN-WAIT-2 may be given up by a timer, and nothing is sent; off, it waits for the peer's "
        "FIN without end.",
    )
    retransmission_bounded: bool = _rule(
        True,
        "RFC 9293 3.8.3, MUST-20, MUST-22; RFC 1122 4.2.3.5",
        "A segment is retransmitted for R ticks after it came to the front of the queue, and then "
        "the connection is closed; off, it is retransmitted without end [5].",
    )
    # Keep-alive
    keep_alive: KeepAlive = _rule(
        KeepAlive.OFF,
        "RFC 9293 3.8.4, MAY-5, MAY-6, MUST-25, SHLD-12",
        "An idle connection is probed: off; empty: by a segment without text; octet: by one with "
        "an octet of garbage [42].",
    )
    keep_alive_below: bool = _rule(
        True,
        "RFC 9293 3.8.4",
        "A probe has SEQ = SND.NXT-1, which its receiver has already; off, SND.NXT [40].",
    )
    keep_alive_gives_up: bool = _rule(
        True,
        "RFC 9293 3.8.4, MUST-29 (silent on when to give up)",
        "After so many probes without an answer the connection is reset; off, it is probed without "
        "end [43, 44].",
    )
    # Windows, and when text is sent
    nagle: bool = _rule(
        True,
        "RFC 9293 3.7.4, SHLD-7, MUST-17",
        "Text that does not fill a segment waits while anything is unacknowledged [114].",
    )
    sender_sws: bool = _rule(
        True,
        "RFC 9293 3.8.6.2.1, MUST-38",
        "A sender waits with text that the window lets it send in part only, unless that fills a "
        "segment or half the largest window; off, it sends what it may [102, 117].",
    )
    receiver_sws: bool = _rule(
        True,
        "RFC 9293 3.8.6.2.2, MUST-39",
        "A receiver offers more window once it can by a segment or by half its buffer; off, by "
        "whatever it can [102, 118].",
    )
    delayed_ack: bool = _rule(
        True,
        "RFC 9293 3.8.6.3, SHLD-18, SHLD-19; RFC 5681 4.2",
        "An ACK of text in order waits for a second segment or a timer; off, it does not [116].",
    )
    ack_timer: bool = _rule(
        True,
        "RFC 9293 3.8.6.3, MUST-40",
        "... for half a second at most; off, there is no timer [103].",
    )
    reassembly: bool = _rule(
        True,
        "RFC 9293 3.10.7.4 first, SHLD-31",
        "Text beyond RCV.NXT is held until what is missing comes; off, it is dropped [113].",
    )
    persist: Persist = _rule(
        Persist.ON,
        "RFC 9293 3.8.6.1, MUST-35, MUST-36",
        "A shut window is probed: on; new: only by octets that were never sent before; off: not at "
        "all [100, 101].",
    )
    window_newer: bool = _rule(
        True,
        "RFC 9293 3.10.7.4 fifth",
        "A window update counts only if it is not older than the last, by SND.WL1 and SND.WL2; "
        "off, each counts that comes [112].",
    )
    window_larger: bool = _rule(
        False,
        "not in RFC 9293",
        "Of two segments with the same SEG.SEQ and SEG.ACK the larger window counts (Linux); off, "
        "the one that came last.",
    )
    scale: Scale = _rule(
        Scale.AGREED,
        "RFC 7323 2.2",
        "Windows are scaled if both ends offered that, or not at all: agreed; unheard: whoever "
        "reads a window does not know that it is scaled [119]; imagined: whoever sends it does not "
        "scale it [120], as where somebody on the way takes an option off one SYN.",
    )
    shut_acceptable: bool = _rule(
        True,
        "RFC 9293 3.4, MUST-66; 3.10.7.4 first",
        "Behind a shut window ACK, RST and URG are still processed; off, all is dropped [104].",
    )
    text_retransmitted: bool = _rule(
        True,
        "RFC 9293 3.8.1, 3.10.8",
        "Text and FIN of a connection with a data plane are sent again by the timer; off, only "
        "duplicate ACKs let them be [121].",
    )
    peer_window: bool = _rule(
        True,
        "RFC 9293 3.3.1, 3.8.6",
        "A sender sends nothing new beyond SND.UNA+SND.WND; off, it keeps to cwnd only [122].",
    )
    nxt_kept: bool = _rule(
        True,
        "RFC 9293 3.3.1 (silent on timeouts)",
        "After a timeout SND.NXT stays where it is, and what is sent again is counted apart; off, "
        "SND.NXT goes back, and ACKs of what was sent before are refused [123].",
    )
    karn: bool = _rule(
        True,
        "RFC 9293 3.8.1, MUST-18; RFC 6298 3",
        "A segment that was sent again gives no sample of the round trip; off, it does [110].",
    )
    sacked: Sacked = _rule(
        Sacked.KEPT,
        "RFC 2018 5, 5.1, 8; RFC 6675 5.1",
        "Text that the peer has reported (SACK) is kept until it is acknowledged: kept; marked: a "
        "timeout does not forget what was reported; freed: reported is as good as "
        "acknowledged [125, 126].",
    )
    # Congestion control
    congestion: Congestion = _rule(
        Congestion.NEWRENO,
        "RFC 9293 3.8.2, MUST-19; RFC 5681 3; RFC 6582",
        "How a sender reacts to loss: none, tahoe, reno, newreno [106, 107, 108].",
    )
    growth: Growth = _rule(
        Growth.OCTETS,
        "RFC 5681 3.1 (2)",
        "Slow start adds to cwnd the octets that an ACK acknowledges, one segment at most; "
        "segment: always one segment [111].",
    )
    limited_transmit: bool = _rule(
        True,
        "RFC 5681 3.2 (1); RFC 3042",
        "The first and the second duplicate ACK each let a segment be sent beyond cwnd [115].",
    )
    recover_check: bool = _rule(
        True,
        "RFC 6582 3.2 (2)",
        "Duplicate ACKs mean loss only if all is acknowledged that was in flight when loss was "
        "noticed last; off, they always do [109].",
    )
    restart_window: bool = _rule(
        True,
        "RFC 5681 4.1",
        "A sender that has sent nothing for RTO begins again with the initial window at most; "
        "off, with cwnd as it was [127].",
    )
    cwnd_validated: bool = _rule(
        False,
        "RFC 7661 4.2, 4.3, against RFC 5681 3.1",
        "An ACK lets cwnd grow only if at least half of it was in flight; off, however little "
        "was [128].",
    )
    unsent_ack_refused: bool = _rule(
        True,
        "RFC 9293 3.10.7.4 fifth",
        "An ACK of something not yet sent is answered with an ACK, and counts for nothing; off, it "
        "is believed, and SND.NXT moves up to it [129].",
    )
    cwnd_floor: bool = _rule(
        True,
        "RFC 5681 3.1 (4)",
        "After a loss ssthresh is two segments at least; off, half of what was in flight [105].",
    )
    # Hosts and network
    quiet_time: bool = _rule(
        True,
        "RFC 9293 3.4.3",
        "A host that lost its memory is quiet for one MSL before it sends anything [17].",
    )
    lifetime_bounded: bool = _rule(
        True,
        "RFC 9293 3.4.3",
        "No segment lives longer than MSL; off, a segment may turn up at any time [18].",
    )
    lifetime_inclusive: bool = _rule(
        False,
        "RFC 9293 4, MSL (silent on the instant itself)",
        "A segment may still arrive exactly MSL after it was sent; off, it is gone by then [2].",
    )
    reset_discarded: bool = _rule(
        True,
        "RFC 9293 3.10.7.1",
        "CLOSED discards resets; off, it answers them, as anything else, with a reset [28].",
    )
    reset_unanswered: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, first; RFC 1337 3, fix F1",
        "A reset that is not believed, outside the window or in a TIME-WAIT that ignores resets, "
        "is dropped; off, it is answered with an ACK, as anything else is [28].",
    )
    reset_told: bool = _rule(
        False,
        "RFC 9293 3.5.3 and 3.6, MUST-12, against 3.10.7.4 second",
        "A reset that ends CLOSING, LAST-ACK or TIME-WAIT is told to the user; off, these end in "
        "silence.",
    )
    covering_acceptable: bool = _rule(
        False,
        "not in RFC 9293",
        "A segment that begins before the receive window and ends behind it is acceptable, since "
        "it brings all that the window takes; off, the first or the last of its numbers must lie "
        "in the window (3.4).",
    )
    edge_acceptable: bool = _rule(
        False,
        "not in RFC 9293",
        "A segment without text, SYN or FIN is acceptable at the right edge of the window too, "
        "and one number beyond it, where a FIN takes its sender. So it is not answered, and no two "
        "such ends answer each other for ever (A.2).",
    )
    # A listener
    syn_queue_check: bool = _rule(
        True, "RFC 4987 2", "A SYN that finds the SYN queue full is dropped; off, it never is full."
    )
    accept_queue_check: bool = _rule(
        True,
        "not in RFC 9293",
        "A SYN or a third segment that finds the accept queue full is dropped; off, it never is "
        "full.",
    )
    requests_forgotten: bool = _rule(
        True,
        "RFC 4987 2",
        "A request is forgotten once its SYN,ACK was sent again so often; off, it is sent again "
        "without end.",
    )
    abort_on_overflow: bool = _rule(
        False,
        "not in RFC 9293",
        "A third segment that finds the accept queue full is answered with a reset; off, it is "
        "ignored, and the SYN,ACK sent again.",
    )
    defer_accept: bool = _rule(
        False,
        "not in RFC 9293",
        "A third segment without text is left aside: the connection is made when text comes.",
    )
    fast_open: bool = _rule(
        False,
        "RFC 7413 4.2",
        "A SYN with text brings a valid Fast Open cookie: the text goes to the application at once "
        "[22].",
    )
    syncookies: Cookies = _rule(
        Cookies.NEVER,
        "RFC 4987 3.6",
        "When a SYN is answered with a cookie, of which nothing is kept: never; overflow: when the "
        "SYN queue is full; always.",
    )
    cookie_hash: CookieHash = _rule(
        CookieHash.WHOLE,
        "RFC 4987 3.6",
        "A cookie is a hash of all that it stands for; sum: the IRS is added to the hash, so "
        "that a cookie's successors are cookies too.",
    )
    cookie_check: bool = _rule(
        True, "RFC 4987 3.6", "An ACK of no valid cookie is reset; off, any ACK makes a TCB."
    )
    cookie_guard: CookieGuard = _rule(
        CookieGuard.NONE,
        "not in RFC 9293",
        "What keeps a cookie from being used twice: none; bare: text with the ACK is refused; "
        "once: the last cookie taken is remembered; later: those of earlier IRSs are refused too.",
    )
    cookie_gate: bool = _rule(
        True,
        "not in RFC 9293",
        "An ACK is looked at as one of a cookie only if cookies were sent of late; off, always "
        "[61].",
    )
    fast_open_cookie: bool = _rule(
        True,
        "RFC 7413 4.1",
        "The text of a SYN is taken only with a Fast Open cookie, which shows that the address is "
        "the sender's; off, of any SYN [62].",
    )
    listener_resets: bool = _rule(
        True,
        "not in RFC 9293",
        "Closing a listener resets the connections that wait to be accepted; off, they are "
        "forgotten in silence [63].",
    )
    # RFC 5961
    reset_exact: bool = _rule(
        True,
        "RFC 5961 3; RFC 9293 3.10.7.4 second",
        "Only a reset at RCV.NXT resets, one elsewhere in the window is challenged; off, any "
        "in the window resets [19].",
    )
    syn_received_reset_exact: bool = _rule(
        True,
        "RFC 5961 3; RFC 9293 3.10.7.4 second",
        "... in SYN-RECEIVED too; off, any in its window resets that (CVE-2026-68118) [152].",
    )
    reset_ignored: bool = _rule(
        False,
        "RFC 9293 3.10.7.4, second",
        "A reset at RCV.NXT ends a synchronized connection; on, as in Zephyr until May 2017, it is "
        "ignored [163].",
    )
    reset_below: ResetBelow = _rule(
        ResetBelow.NONE,
        "RFC 9293 3.10.7.4, first",
        "A reset below the window is dropped: none; fin: one at the number of the peer's FIN is "
        "believed; all: any below RCV.NXT is [153].",
    )
    syn_challenge: bool = _rule(
        True,
        "RFC 5961 4; RFC 9293 3.10.7.4 fourth",
        "A SYN on a synchronized connection is challenged; off, one in the window resets it [20].",
    )
    syn_silent: Silent = _rule(
        Silent.NONE,
        "RFC 5961 4; RFC 9293 3.10.7.4 first, fourth",
        "... none is left without an answer; below: those below RCV.NXT are; all: all are "
        "[154, 155].",
    )
    syn_received_challenge: bool = _rule(
        False,
        "not in RFC 9293",
        "A SYN in the window of a passive SYN-RECEIVED is challenged, as RFC 5961 4 asks of the "
        "synchronized states; off, it returns the end to LISTEN.",
    )
    ack_floor: bool = _rule(
        True,
        "RFC 5961 5; RFC 9293 3.10.7.4 fifth",
        "An ACK below SND.UNA - MAX.SND.WND is refused; off, half the sequence space is "
        "taken for old ACKs [21].",
    )
    ack_floor_at_iss: bool = _rule(
        False,
        "not in RFC 9293",
        "The floor of RFC 5961 5 is never below ISS, so that no ACK is taken of what this "
        "connection did not send: a repair of CLOSE in SYN-RECEIVED.",
    )
    bad_ack_answered: bool = _rule(
        True,
        "RFC 5961 5; RFC 9293 3.10.7.4 fifth",
        "An ACK out of range is answered with an ACK; off, it is dropped in silence [158].",
    )
    unsent_text: UnsentText = _rule(
        UnsentText.DROPPED,
        "RFC 5961 5; RFC 9293 3.10.7.4 fifth",
        "What has an ACK of something not yet sent is dropped: dropped; taken: in ESTABLISHED its "
        "text and FIN are taken, and the ACK is passed over (gVisor); answered: in FIN-WAIT-1 and "
        "FIN-WAIT-2, too, and the ACK is answered (lwIP) [167, 168].",
    )
    gap_answered: bool = _rule(
        True,
        "RFC 9293 3.10.7.4, first, SHLD-31; RFC 5681 4.2",
        "What comes beyond a gap is answered with a duplicate ACK; off, in silence [159].",
    )
    ack_needed: bool = _rule(
        True,
        "RFC 9293 3.10.7.4 fifth",
        "What has no ACK is dropped; off, as in lwIP, text and FIN are taken without one [70].",
    )
    ack_limit: AckLimit = _rule(
        AckLimit.NONE,
        "RFC 5961 7; RFC 9293 3.10.7.4 second",
        "ACKs that answer what is refused are limited: none; socket: each connection sends one in "
        "an interval; host: all connections of a host send one [46, 47].",
    )
    syn_received_ack_range: bool = _rule(
        False,
        "RFC 9293 3.10.7.4 fifth, MAY-12; RFC 5961 5 speaks of established connections",
        "RFC 5961's range is checked before the states: an ACK outside of it is answered in "
        "SYN-RECEIVED too, with an ACK; off, SYN-RECEIVED answers each bad ACK with a reset.",
    )


SWITCHES = {f.name: f for f in dataclasses.fields(Rules)}
"""Field of each switch by name; ``.metadata`` has its ``section`` and ``sentence``."""
