"""Ablations: remove or change one mechanism, and say which claim falls.

Numbers are those of the table the project started from. ``rules`` and ``bounds`` are what
changes against the claim's own; the claim must then be refuted, by a shortest trace whose
length ``expected.toml`` pins. A *control* is a change that the claim must survive, so that its
falling is no matter of course; what is pinned is that it holds, and of how many states.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from proofs.claims.claim import Claim
from proofs.claims.table import BY_ID
from spec.rules import (
    AckLimit,
    Congestion,
    CookieHash,
    Cookies,
    Growth,
    Isn,
    KeepAlive,
    Persist,
    Restart,
    Scale,
)


@dataclass(frozen=True, slots=True)
class Ablation:
    """One mechanism less; ``claim`` must fall, or, of a control, hold."""

    number: int
    title: str
    claim: Claim
    rules: Mapping[str, object]
    bounds: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def id(self) -> str:
        """Its key in ``expected.toml``."""
        return f"{self.number} {self.claim.id}"


def _change(
    number: int,
    title: str,
    claim: str,
    rules: Mapping[str, object],
    bounds: Mapping[str, int] | None = None,
    note: str = "",
) -> Ablation:
    return Ablation(number, title, BY_ID[claim], rules, bounds or {}, note)


ABLATIONS = (
    _change(1, "TIME-WAIT of one MSL", "T3", {"time_wait_cut": 2}),
    _change(
        1,
        "TIME-WAIT of one MSL",
        "T4",
        {"time_wait_cut": 2},
        note="R8: so did Linux's tcp_tw_recycle, after 3.5 RTO. What was to make up for it is "
        "R7's rule.",
    ),
    _change(2, "2 MSL with inclusive lifetimes", "T3", {"lifetime_inclusive": True}),
    _change(2, "2 MSL with inclusive lifetimes", "T4", {"lifetime_inclusive": True}),
    _change(3, "timer restarted by FIN only", "T3", {"time_wait_restart": Restart.FIN}),
    _change(4, "timer never restarted", "T3", {"time_wait_restart": Restart.NEVER}),
    _change(4, "timer never restarted", "T4", {"time_wait_restart": Restart.NEVER}),
    _change(5, "peer retransmits without bound", "T3", {"retransmission_bounded": False}),
    _change(6, "reset honoured in TIME-WAIT", "T3", {"time_wait_ignores_reset": False}),
    _change(6, "reset honoured in TIME-WAIT", "T4", {"time_wait_ignores_reset": False}),
    _change(7, "the same, H1: old data accepted", "T4.octet", {"time_wait_ignores_reset": False}),
    _change(
        7,
        "the same, H2: ACKs answered with ACKs for ever",
        "T4.sync",
        {"time_wait_ignores_reset": False},
    ),
    _change(
        7,
        "the same, H3: open to a peer that is gone",
        "T4.open",
        {"time_wait_ignores_reset": False},
    ),
    _change(8, "ISNs reused while old segments live", "T1", {"isn": Isn.ANY}),
    _change(8, "ISNs reused while old segments live", "T2", {"isn": Isn.ANY}),
    _change(8, "ISNs reused while old segments live", "T5", {"isn": Isn.ANY}),
    _change(9, "two-way handshake", "T1", {"three_way": False}),
    _change(9, "two-way handshake", "T2", {"three_way": False}),
    _change(10, "no ACK check in SYN-SENT", "T1", {"syn_sent_ack_check": False}),
    _change(10, "no ACK check in SYN-SENT", "T5", {"syn_sent_ack_check": False}),
    _change(11, "no ACK check in SYN-RECEIVED", "T1", {"syn_received_ack_check": False}),
    _change(11, "no ACK check in SYN-RECEIVED", "T2", {"syn_received_ack_check": False}),
    _change(11, "no ACK check in SYN-RECEIVED", "T5", {"syn_received_ack_check": False}),
    _change(12, "no sequence check in SYN-RECEIVED", "T1s.far", {"syn_received_seq_check": False}),
    _change(12, "no sequence check in SYN-RECEIVED", "T5s.far", {"syn_received_seq_check": False}),
    _change(13, "window check only, near ISNs", "T1s.exact", {"syn_ack_exact": False}),
    _change(13, "window check only, near ISNs", "T5s.exact", {"syn_ack_exact": False}),
    _change(
        13,
        "window check only, near ISNs, split handshake",
        "T1",
        {"split_handshake": True},
        note="A split handshake is a simultaneous open that the client did not ask for: what T1s "
        "needs, T1 needs with it. Compare 31.",
    ),
    _change(14, "constant ISN", "T1", {"isn": Isn.CONSTANT}),
    _change(14, "constant ISN", "T2", {"isn": Isn.CONSTANT}),
    _change(14, "constant ISN", "T5", {"isn": Isn.CONSTANT}),
    _change(15, "reopen without the SYN.SEQ check", "T6", {"reopen_seq_check": False}),
    _change(16, "abort without TIME-WAIT", "T4.abort", {"abort_time_wait": False}),
    _change(17, "reboot without quiet time", "T7", {"quiet_time": False}),
    _change(18, "lifetime not bounded", "T3", {"lifetime_bounded": False}),
    _change(18, "lifetime not bounded", "T4", {"lifetime_bounded": False}),
    _change(19, "in-window reset accepted", "T10", {"reset_exact": False}),
    _change(20, "in-window SYN resets", "T10", {"syn_challenge": False}),
    _change(21, "no ACK floor", "T10", {"ack_floor": False}),
    _change(70, "text without an ACK taken", "T10", {"ack_needed": False}),
    _change(26, "F1 where a reset is to reopen", "L1.reopen", {"time_wait_ignores_reset": True}),
    _change(27, "SYN,ACK never retransmitted", "L1", {"syn_ack_retransmitted": False}),
    _change(27, "SYN,ACK never retransmitted", "T2.gone", {"syn_ack_retransmitted": False}),
    _change(27, "SYN,ACK never retransmitted", "S10.again", {"syn_ack_retransmitted": False}),
    _change(28, "a reset answered with a reset", "L4", {"reset_discarded": False}),
    _change(28, "a reset answered with an ACK", "L4.ignored", {"reset_unanswered": False}),
    _change(28, "a reset answered with an ACK", "L2.timer", {"reset_unanswered": False}),
    _change(28, "a reset answered with an ACK", "C2", {"reset_unanswered": False}),
    _change(1, "TIME-WAIT of one MSL", "C5.time", {"time_wait_cut": 2}),
    _change(9, "two-way handshake", "C1", {"three_way": False}),
    _change(10, "no ACK check in SYN-SENT", "C2.old", {"syn_sent_ack_check": False}),
    _change(11, "no ACK check in SYN-RECEIVED", "C2.old", {"syn_received_ack_check": False}),
    _change(11, "no ACK check in SYN-RECEIVED", "C4.old", {"syn_received_ack_check": False}),
    _change(12, "no sequence check in SYN-RECEIVED", "C2.old", {"syn_received_seq_check": False}),
    _change(19, "in-window reset accepted", "C1.old", {"reset_exact": False}),
    _change(20, "in-window SYN resets", "C1.old", {"syn_challenge": False}),
    _change(30, "ACK of a FIN delayed", "C2", {"fin_ack_delayed": True}),
    _change(19, "in-window reset accepted", "S15", {"reset_exact": False}),
    _change(22, "TCP Fast Open", "S16.off", {"fast_open": True}),
    _change(23, "SYN cookies", "S5i.request", {"syncookies": Cookies.ALWAYS}),
    _change(23, "SYN cookies", "S5d.request", {"syncookies": Cookies.ALWAYS}),
    _change(23, "SYN cookies", "S10.request", {"syncookies": Cookies.ALWAYS}),
    _change(32, "SYN queue not bounded", "S1", {"syn_queue_check": False}),
    _change(33, "accept queue not bounded", "S1", {"accept_queue_check": False}),
    _change(34, "cookies not checked", "S5", {"cookie_check": False}),
    _change(35, "the IRS added to the hash", "S5", {"cookie_hash": CookieHash.SUM}),
    _change(35, "the IRS not added to the hash", "S5m", {"cookie_hash": CookieHash.WHOLE}),
    _change(36, "no cookies", "S4", {"syncookies": Cookies.NEVER}),
    _change(36, "no cookies", "S3", {"syncookies": Cookies.NEVER}),
    _change(37, "requests forgotten", "S10.request", {"requests_forgotten": True}),
    _change(38, "a third segment too many ignored", "S8", {"abort_on_overflow": False}),
    _change(39, "a SYN in the window not challenged", "S15", {"syn_received_challenge": False}),
    _change(40, "a keep-alive's octet at SND.NXT", "K3", {"keep_alive_below": False}),
    _change(40, "a keep-alive's octet at SND.NXT", "K3.next", {"keep_alive_below": False}),
    _change(41, "given up after one probe", "K2.time", {}, {"keep_alive_probes": 1}),
    _change(42, "no keep-alive", "K1", {"keep_alive": KeepAlive.OFF}),
    _change(42, "no keep-alive", "K1.close", {"keep_alive": KeepAlive.OFF}),
    _change(42, "no keep-alive", "K1.client", {"keep_alive": KeepAlive.OFF}),
    _change(42, "no keep-alive", "K4", {"keep_alive": KeepAlive.OFF}),
    _change(42, "no keep-alive", "K5", {"keep_alive": KeepAlive.OFF}),
    _change(43, "never given up", "K1.time", {"keep_alive_gives_up": False}),
    _change(44, "given up at all", "K2.endless", {"keep_alive_gives_up": True}),
    _change(45, "a NAT's timeout of the idle time", "K5", {}, {"nat_timeout": 1}),
    _change(46, "a limit that connections share", "K6", {"ack_limit": AckLimit.HOST}),
    _change(46, "a limit that connections share", "K6.channel", {"ack_limit": AckLimit.HOST}),
    _change(47, "ACKs not limited", "K7", {"ack_limit": AckLimit.NONE}),
    _change(
        48,
        "TIME-WAIT restarted by what it sends",
        "K4.wait",
        {"time_wait_restart": Restart.EMISSION},
    ),
    _change(49, "a NAT's timeout of the interval", "K5", {}, {"keep_alive_interval": 2}),
    _change(24, "no PAWS", "R1", {"paws": False}),
    _change(25, "recycled behind a NAT", "R7.off", {"time_wait_recycle": True}),
    _change(50, "reuse with any ISS", "R3", {"reuse_above": False}),
    _change(51, "reuse before the clock has ticked", "R1", {"reuse_later": False}),
    _change(
        52,
        "the server sends, and opens by it",
        "R1",
        {},
        {"a_sends": False, "b_sends": True},
        note="The server's own clock need not have ticked.",
    ),
    _change(
        53,
        "reopened from TIME-WAIT, any ISNs",
        "T3",
        {"time_wait_reopen": True, "isn": Isn.ANY},
        note="R6. With the return to TIME-WAIT, too.",
    ),
    _change(
        66,
        "TIME-WAIT reopened by RFC 6191 instead, no ACK floor",
        "R1",
        {"time_wait_reuse": False, "time_wait_reopen": True, "ack_floor": False},
        note="The clock need not have ticked since what was sent last.",
    ),
    _change(68, "reuse of FIN-WAIT-2 too", "R5", {"reuse_fin_wait_2": True}),
    _change(67, "TS.Recent valid for ever", "R10.text", {}, {"recent_life": 0}),
    _change(37, "requests forgotten", "S6", {"requests_forgotten": True}),
    _change(60, "a SYN sent once", "S11", {"syn_retransmitted": False}),
    _change(61, "ACKs always looked at as cookies", "S11b", {"cookie_gate": False}),
    _change(62, "no Fast Open cookie", "S17", {"fast_open_cookie": False}),
    _change(63, "a listener closed in silence", "S18", {"listener_resets": False}),
    _change(100, "a shut window not probed", "D4", {"persist": Persist.OFF}),
    _change(100, "a shut window not probed", "D4.live", {"persist": Persist.OFF}),
    _change(
        101,
        "a shut window probed by new octets only",
        "D4",
        {"persist": Persist.NEW},
        note="RFC 793's sentence on probes, taken by itself: what was sent is not sent again while "
        "the window is shut. An ACK that is overtaken shuts it.",
    ),
    _change(101, "a shut window probed by new octets only", "D4.live", {"persist": Persist.NEW}),
    _change(
        102,
        "no avoidance of silly windows at either end",
        "D6",
        {"sender_sws": False, "receiver_sws": False},
    ),
    _change(103, "a delayed ACK without a timer", "D7", {"ack_timer": False}),
    _change(104, "a shut window takes nothing", "D8", {"shut_acceptable": False}),
    _change(105, "ssthresh without a floor", "CC1", {"cwnd_floor": False}),
    _change(105, "ssthresh without a floor", "C8", {"cwnd_floor": False}),
    _change(106, "no congestion control", "CC2", {"congestion": Congestion.NONE}),
    _change(107, "Tahoe", "CC4", {"congestion": Congestion.TAHOE}),
    _change(108, "Reno", "CC5", {"congestion": Congestion.RENO}),
    _change(
        109,
        "duplicate ACKs always mean loss",
        "CC5",
        {"recover_check": False},
        note="RFC 6582's recover is what tells one loss from the next.",
    ),
    _change(110, "samples of what was sent again", "CC6", {"karn": False}),
    _change(111, "slow start grows by segments", "CC8", {"growth": Growth.SEGMENT}),
    _change(113, "no reassembly", "C10", {"reassembly": False}),
    _change(114, "no Nagle", "C9.segments", {"nagle": False}),
    _change(115, "no limited transmit", "C9", {"limited_transmit": False}),
    _change(116, "no delayed ACKs", "C10", {"delayed_ack": False}),
    _change(
        118, "no avoidance of silly windows at the receiver", "C10.silly", {"receiver_sws": False}
    ),
    _change(119, "scaled windows read as they are", "D11", {"scale": Scale.UNHEARD}),
    _change(120, "windows read as scaled that are not", "D11", {"scale": Scale.IMAGINED}),
    _change(120, "windows read as scaled that are not", "D11.inside", {"scale": Scale.IMAGINED}),
    _change(121, "text sent once", "CC7", {"text_retransmitted": False}),
    _change(112, "any window update counts", "D3", {"window_newer": False}),
    _change(64, "a cookie forgotten a minute too soon", "S5t", {}, {"cookie_memory": 1}),
    _change(80, "connections kept", "H1", {}, {"kept": True, "octets": 2}),
    _change(81, "the server closes after a response", "H1.kept", {}, {"kept": False}),
    _change(82, "the client closes after a response, too", "H2", {}, {"client_closes": True}),
    _change(6, "reset honoured in TIME-WAIT", "H2", {"time_wait_ignores_reset": False}),
    _change(83, "the server closes when idle, too", "H2.kept", {}, {"server_idle": 1}),
    _change(84, "an idle limit a tick too long", "H3", {}, {"client_idle": 3}),
    _change(84, "an idle limit a tick too long", "H3.request", {}, {"client_idle": 4}),
    _change(85, "a delay a tick longer", "H3", {}, {"msl": 3}),
    _change(85, "a delay a tick longer", "H3.request", {}, {"msl": 3}),
    _change(86, "a tick for retransmissions", "H3", {}, {"span": 2}),
    _change(87, "requests do not wait for responses", "H3.retry.idle", {}, {"pipelined": True}),
    _change(88, "the server's process ends", "H3.retry.idle", {}, {"abort": True}),
    _change(89, "the server does not linger", "H4.lingers", {}, {"lingers": False}),
    _change(87, "requests do not wait for responses", "H4.whole", {}, {"pipelined": True}),
    _change(23, "SYN cookies", "H5.request", {"syncookies": Cookies.ALWAYS}),
    _change(90, "nobody watches idle connections", "H6.watched", {}, {"watches": False}),
    _change(91, "no idle limit at the client", "H6.idle", {}, {"client_idle": 0}),
    _change(60, "a SYN sent once", "H7.again", {"syn_retransmitted": False}),
    _change(122, "text beyond the peer's window", "CC3.shut", {"peer_window": False}),
    _change(123, "SND.NXT back at SND.UNA after a timeout", "CC3", {"nxt_kept": False}),
    _change(
        101,
        "a shut window probed by new octets only",
        "CC3.shut",
        {"persist": Persist.NEW},
        note="The second probe lies two octets beyond the window.",
    ),
    _change(
        124,
        "a window that shrinks",
        "CC3",
        {},
        {"shrinks": True},
        note="SHLD-14: the lifecycle has no such step, so that nothing carries over.",
    ),
)
"""Every ablation whose claim is in the table."""

_NEAR = "With ISNs near each other and without the exact check T1 falls: 13."

CONTROLS = (
    _change(117, "no avoidance of silly windows at the sender", "D6", {"sender_sws": False}),
    _change(118, "no avoidance of silly windows at the receiver", "D6", {"receiver_sws": False}),
    _change(113, "no reassembly", "T9.transfer", {"reassembly": False}),
    _change(114, "no Nagle", "D7", {"nagle": False}),
    _change(115, "no limited transmit", "CC2", {"limited_transmit": False}),
    _change(116, "no delayed ACKs", "D4", {"delayed_ack": False}),
    _change(
        65,
        "one minute, as long as cookies are good",
        "S5t",
        {},
        {"cookie_life": 1, "cookie_memory": 1},
    ),
    _change(35, "the IRS added to the hash", "S5d.once", {"cookie_hash": CookieHash.SUM}),
    _change(30, "close in three segments", "T3", {"fin_ack_delayed": True}),
    _change(30, "close in three segments", "T4", {"fin_ack_delayed": True}),
    _change(30, "close in three segments", "T8", {"fin_ack_delayed": True}),
    _change(30, "close in three segments", "D1", {"fin_ack_delayed": True}),
    _change(
        31,
        "split handshake, exact check",
        "T1",
        {"split_handshake": True, "syn_ack_exact": True},
        note=_NEAR,
    ),
    _change(
        31, "split handshake, far ISNs", "T2", {"split_handshake": True}, {"stride": 8}, note=_NEAR
    ),
    _change(31, "split handshake", "T4", {"split_handshake": True}),
    _change(31, "split handshake", "L1", {"split_handshake": True}),
    _change(31, "split handshake", "T8", {"split_handshake": True}),
    _change(
        54,
        "reuse at once, no PAWS, where nothing is overtaken or repeated",
        "R1",
        {"reuse_later": False, "paws": False},
        {"capacity": 1, "duplicate": False},
        note="R4: as over loopback.",
    ),
    _change(
        69,
        "TIME-WAIT reopened by RFC 6191 instead",
        "R1",
        {"time_wait_reuse": False, "time_wait_reopen": True},
        note="RFC 5961's floor refuses an ACK of the old connection.",
    ),
    _change(
        55,
        "reopened without the return to TIME-WAIT, fresh ISNs",
        "T3",
        {"time_wait_reopen": True, "reopen_returns": False},
        note="R6.",
    ),
    _change(
        55,
        "reopened without the return to TIME-WAIT, any ISNs",
        "T4",
        {"time_wait_reopen": True, "reopen_returns": False},
        note="R6.",
    ),
    _change(92, "the server does not look before it closes", "H3", {}, {"looks": False}),
    _change(93, "the channel loses, too", "H3", {}, {"lose": True, "duplicate": True}),
    _change(93, "the channel loses, too", "H3.request", {}, {"lose": True, "duplicate": True}),
    _change(92, "the server does not look before it closes", "H3.retry.idle", {}, {"looks": False}),
)
"""What a claim must survive."""

ASSUMED_LESS = (_change(29, "the application never closes", "L2.leak", {}),)
"""What takes away no rule but an assumption of fairness: the claim without it."""
