"""SEGMENT ARRIVES in all other states (RFC 9293 section 3.10.7.4): each step, each state.

The numbers are those of ``tests/helpers/build.py``: SND.UNA = SND.NXT = 100 and RCV.NXT = 300 in
ESTABLISHED, a window of 10, one more on the side that has sent or taken a FIN.
"""

import itertools

import pytest

from spec.rules import Restart, UnsentText
from spec.seq import Space
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment, acceptable
from tests.helpers.build import (
    BOUNDS,
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    ISN,
    LAST_ACK,
    LISTEN,
    MSL,
    SYN_RECEIVED,
    SYNCHRONIZED,
    TIME_WAIT,
    WINDOW,
    ack_of,
    arrive,
    endpoint,
    expected,
    happen,
    is_deleted,
    nxt,
    seg,
    una,
    unchanged,
)

OTHER = (SYN_RECEIVED, *SYNCHRONIZED)


# ------------------------------------------------------------------ 3.10.7.4 first: acceptability


def in_window(size: int, rcv_nxt: int, rcv_wnd: int, seq: int, length: int) -> bool:
    """Table 6 by walking the circle: the window and the segment as what they occupy."""

    def walk(start: int, steps: int) -> list[int]:
        places = []
        at = start
        for _ in range(steps):
            places.append(at)
            at = 0 if at == size - 1 else at + 1
        return places

    window, occupied = walk(rcv_nxt, rcv_wnd), walk(seq, length)
    if not occupied:
        return seq in window if window else seq == rcv_nxt
    return bool(window) and (occupied[0] in window or occupied[-1] in window)


def shapes(most: int):
    """(text, syn, fin) of every length up to ``most``."""
    for text, syn, fin in itertools.product(range(most + 1), (False, True), (False, True)):
        if text + syn + fin <= most:
            yield text, syn, fin


@pytest.mark.parametrize("width", [3, 4])
def test_first_table_6_exhaustively(width):
    """Every RCV.NXT, RCV.WND, SEG.SEQ and SEG.LEN below half the space, SYN and FIN counted."""
    size = 1 << width
    space = Space(width)
    cases = {(False, False): set(), (False, True): set(), (True, False): set(), (True, True): set()}
    for rcv_nxt, seq, rcv_wnd in itertools.product(range(size), range(size), range(size // 2)):
        for text, syn, fin in shapes(size // 2):
            segment = Segment(seq=seq, text=text, ctl=Control(syn=syn, fin=fin))
            want = in_window(size, rcv_nxt, rcv_wnd, seq, text + syn + fin)
            assert acceptable(space, rcv_nxt, rcv_wnd, segment) == want, (rcv_nxt, rcv_wnd, segment)
            cases[text + syn + fin > 0, rcv_wnd > 0].add(want)
    assert cases.pop((True, False)) == {False}  # the table's third row
    assert all(seen == {False, True} for seen in cases.values())


SMALL = BOUNDS.__class__(width=3, window=3, octets=1)


@pytest.mark.parametrize("state", OTHER)
def test_first_applies_to_every_state(state):
    """Width 3, every SEQ and length up to 3, without RST: dropped and answered, or let past."""
    for rcv_nxt, seq, rcv_wnd in itertools.product(range(8), range(8), (1, 2, 3)):
        end = endpoint(
            state,
            iss=1,
            irs=(rcv_nxt - 1) % 8,
            snd_una=2,
            snd_nxt=3,
            rcv_nxt=rcv_nxt,
            rcv_wnd=rcv_wnd,
        )
        end.tcb.written = 0 if end.tcb.closing else 1
        for text in range(3):
            result = arrive(end, Segment(seq=seq, text=text), bounds=SMALL)
            if in_window(8, rcv_nxt, rcv_wnd, seq, text):
                assert result.sent == []  # passes to the fifth step, which drops it: no ACK
            else:
                assert result.sent == [f"<SEQ=3><ACK={rcv_nxt}><CTL=ACK>"]
            assert unchanged(end, result)


@pytest.mark.parametrize("state", OTHER)
@pytest.mark.parametrize("seq", [-1, WINDOW])
@pytest.mark.parametrize("ctl", ["ACK", "PSH,ACK", "URG,ACK"])
def test_first_unacceptable_is_answered_and_dropped(state, seq, ctl):
    before = endpoint(state)
    result = arrive(before, f"<SEQ={expected(state) + seq}><ACK={nxt(state)}><UP=900><CTL={ctl}>")
    assert result.sent == [ack_of(state)]
    assert unchanged(before, result)


@pytest.mark.parametrize("state", OTHER)
@pytest.mark.parametrize("seq", [-1, WINDOW, 2**31])
@pytest.mark.parametrize("rules", [{}, {"reset_exact": False}])
def test_first_reset_outside_window_is_dropped_in_silence(state, seq, rules):
    before = endpoint(state)
    result = arrive(before, f"<SEQ={expected(state) + seq}><ACK=100><CTL=RST,ACK>", **rules)
    assert (result.sent, result.signals) == ([], ())
    assert unchanged(before, result)


def test_first_zero_window_takes_ack():
    """... special allowance to accept valid ACKs: with text, which is not taken."""
    before = endpoint(ESTABLISHED, rcv_wnd=0, snd_nxt=101, written=1)
    bare = arrive(before, "<SEQ=300><ACK=101><CTL=ACK>")
    assert (bare.tcb.snd.una, bare.sent) == (101, [])
    full = arrive(before, "<SEQ=300><ACK=101><TEXT=1><CTL=ACK>")
    assert (full.tcb.snd.una, full.tcb.rcv.nxt) == (101, 300)
    assert full.sent == ["<SEQ=101><ACK=300><CTL=ACK>"]  # 3.8.6.1: shows RCV.NXT and window
    assert full.segments[0].wnd == 0


def test_first_zero_window_takes_urg():
    result = arrive(endpoint(ESTABLISHED, rcv_wnd=0), "<SEQ=300><ACK=100><UP=301><CTL=URG,ACK>")
    assert (result.tcb.rcv.up, result.signals) == (301, ("urgent data",))


@pytest.mark.parametrize("text", [0, 3])
def test_first_zero_window_takes_rst(text):
    """... which may include data (SHLD-2)."""
    result = arrive(endpoint(ESTABLISHED, rcv_wnd=0), f"<SEQ=300><TEXT={text}><CTL=RST>")
    assert is_deleted(result)
    assert result.signals == ("error: connection reset",)


@pytest.mark.parametrize("seq", [300, 301, 302])
def test_first_zero_window_takes_ack_and_urg_behind_probe_and_fin(seq):
    """MUST-66: where a probe and a FIN took the peer; nothing is answered, nor text taken."""
    before = endpoint(ESTABLISHED, rcv_wnd=0, snd_nxt=101, written=1)
    bare = arrive(before, f"<SEQ={seq}><ACK=101><UP=304><CTL=URG,ACK>")
    assert (bare.tcb.snd.una, bare.tcb.rcv.up, bare.sent) == (101, 304, [])
    full = arrive(before, f"<SEQ={seq}><ACK=101><UP=304><TEXT=1><CTL=URG,ACK>")
    assert (full.tcb.snd.una, full.tcb.rcv.up, full.tcb.rcv.nxt) == (101, 304, 300)
    assert full.sent == ["<SEQ=101><ACK=300><CTL=ACK>"]


@pytest.mark.parametrize(
    ("seq", "ctl"),
    [(299, "ACK"), (303, "ACK"), (299, "URG,ACK"), (303, "URG,ACK"), (299, "RST"), (301, "RST")],
)
def test_first_zero_window_takes_nothing_elsewhere(seq, ctl):
    before = endpoint(ESTABLISHED, rcv_wnd=0, snd_nxt=101, written=1)
    result = arrive(before, f"<SEQ={seq}><ACK=101><UP=302><CTL={ctl}>")
    assert unchanged(before, result)
    assert result.sent == ([] if ctl == "RST" else ["<SEQ=101><ACK=300><CTL=ACK>"])


@pytest.mark.parametrize("state", [ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2])
def test_first_zero_window_takes_no_fin(state):
    before = endpoint(state, rcv_wnd=0)
    result = arrive(before, f"<SEQ=300><ACK={una(state)}><CTL=FIN,ACK>")
    assert unchanged(before, result)
    assert result.sent == [ack_of(state)]


@pytest.mark.parametrize("state", [ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2])
def test_first_zero_window_takes_no_syn(state):
    """Without RFC 5961: a SYN is not among what a shut window takes (Table 6, third row)."""
    before = endpoint(state, rcv_wnd=0)
    result = arrive(before, "<SEQ=300><CTL=SYN>", syn_challenge=False)
    assert unchanged(before, result)
    assert result.sent == [ack_of(state)]


# ------------------------------------------------------------------------- 3.10.7.4 second: RST


@pytest.mark.parametrize("ctl", ["RST", "RST,ACK", "SYN,RST", "FIN,RST,ACK"])
@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_second_reset_at_rcv_nxt(state, ctl):
    """Before SYN and ACK are looked at; advised are the users of the first group only."""
    result = arrive(endpoint(state), f"<SEQ={expected(state)}><ACK=5><CTL={ctl}>")
    assert is_deleted(result)
    assert result.sent == []
    silent = state in (CLOSING, LAST_ACK, TIME_WAIT)
    assert result.signals == (() if silent else ("error: connection reset",))


@pytest.mark.parametrize("state", OTHER)
@pytest.mark.parametrize("offset", [1, WINDOW - 1])
def test_second_reset_elsewhere_in_window_is_challenged(state, offset):
    """RFC 5961 section 3."""
    before = endpoint(state)
    result = arrive(before, f"<SEQ={expected(state) + offset}><CTL=RST>")
    assert (result.sent, result.signals) == ([ack_of(state)], ())
    assert unchanged(before, result)


@pytest.mark.parametrize("state", SYNCHRONIZED)
@pytest.mark.parametrize("offset", [0, 1, WINDOW - 1])
def test_second_reset_anywhere_in_window_without_rfc_5961(state, offset):
    result = arrive(
        endpoint(state), f"<SEQ={expected(state) + offset}><CTL=RST>", reset_exact=False
    )
    assert is_deleted(result)
    assert result.sent == []


@pytest.mark.parametrize("rules", [{}, {"reset_exact": False}])
def test_second_reset_below_window_with_text_reaching_into_it_is_dropped(rules):
    """Its *sequence number* is outside the window (second, 1; 3.5.3): dropped in silence."""
    before = endpoint(ESTABLISHED)
    result = arrive(before, "<SEQ=299><TEXT=2><CTL=RST>", **rules)
    assert (result.sent, result.signals) == ([], ())
    assert unchanged(before, result)


def test_syn_received_passive_reset_returns_to_listen():
    """MUST-11; the user need not be informed."""
    result = arrive(endpoint(SYN_RECEIVED, passive=True), "<SEQ=300><CTL=RST>")
    assert (result.state, result.sent, result.signals) == (LISTEN, [], ())
    again = arrive(result.end, "<SEQ=500><CTL=SYN>", isn=700)
    assert again.sent == ["<SEQ=700><ACK=501><CTL=SYN,ACK>"]


def test_syn_received_active_reset_is_refused():
    result = arrive(endpoint(SYN_RECEIVED, passive=False), "<SEQ=300><CTL=RST>")
    assert is_deleted(result)
    assert (result.sent, result.signals) == ([], ("error: connection refused",))


def test_syn_received_remembers_listen_turned_active():
    """LISTEN, active OPEN, simultaneous open: this was an active OPEN (MUST-11)."""
    opened = happen(endpoint(LISTEN), Input.OPEN_ACTIVE)
    received = arrive(opened.end, "<SEQ=299><CTL=SYN>")
    assert arrive(received.end, "<SEQ=300><CTL=RST>").state == CLOSED


@pytest.mark.parametrize("restart", Restart)
@pytest.mark.parametrize("offset", [0, 1])
def test_time_wait_ignores_reset_by_rfc_1337(restart, offset):
    before = endpoint(TIME_WAIT, time_wait=1)
    result = arrive(
        before,
        f"<SEQ={301 + offset}><CTL=RST>",
        time_wait_ignores_reset=True,
        time_wait_restart=restart,
    )
    assert unchanged(before, result)
    assert (result.sent, result.tcb.time_wait) == ([], 1)


@pytest.mark.parametrize("state", OTHER)
@pytest.mark.parametrize("offset", [-1, WINDOW])
def test_first_reset_outside_the_window_answered_in_ablation_28(state, offset):
    """ "Unless the RST bit is set": without it, a reset is answered as anything else is."""
    before, reset = endpoint(state), f"<SEQ={expected(state) + offset}><CTL=RST>"
    assert arrive(before, reset).sent == []
    result = arrive(before, reset, reset_unanswered=False)
    assert (result.sent, result.signals) == ([ack_of(state)], ())
    assert unchanged(before, result)


@pytest.mark.parametrize(
    ("restart", "left"), [(Restart.NEVER, 1), (Restart.FIN, 1), (Restart.EMISSION, 2 * MSL)]
)
def test_time_wait_reset_answered_in_ablation_28(restart, left):
    result = arrive(
        endpoint(TIME_WAIT, time_wait=1),
        "<SEQ=301><CTL=RST>",
        time_wait_ignores_reset=True,
        time_wait_restart=restart,
        reset_unanswered=False,
    )
    assert (result.state, result.sent, result.signals) == (TIME_WAIT, [ack_of(TIME_WAIT)], ())
    assert result.tcb.time_wait == left


@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_second_exact_reset_resets_in_ablation_28_too(state):
    """What is believed is not answered: the reset that answers our ACK is at RCV.NXT."""
    result = arrive(endpoint(state), f"<SEQ={expected(state)}><CTL=RST>", reset_unanswered=False)
    assert is_deleted(result)
    assert result.sent == []


# ------------------------------------------------------------------------- 3.10.7.4 fourth: SYN


@pytest.mark.parametrize("state", SYNCHRONIZED)
@pytest.mark.parametrize("offset", [-1, 0, 3, WINDOW])
@pytest.mark.parametrize("ctl", ["SYN", "SYN,ACK"])
def test_fourth_syn_is_challenged(state, offset, ctl):
    """RFC 5961 section 4: irrespective of the sequence number."""
    before = endpoint(state)
    result = arrive(before, f"<SEQ={expected(state) + offset}><ACK=100><CTL={ctl}>")
    assert (result.sent, result.signals) == ([ack_of(state)], ())
    assert unchanged(before, result)


@pytest.mark.parametrize("state", SYNCHRONIZED)
@pytest.mark.parametrize(
    ("ctl", "answer"), [("SYN", "<SEQ=0><ACK={}><CTL=RST,ACK>"), ("SYN,ACK", "<SEQ=100><CTL=RST>")]
)
def test_fourth_syn_in_window_resets_without_rfc_5961(state, ctl, answer):
    seq = expected(state) + 2
    result = arrive(endpoint(state), f"<SEQ={seq}><ACK=100><CTL={ctl}>", syn_challenge=False)
    assert result.sent == [answer.format(seq + 1)]
    assert is_deleted(result)
    assert result.signals == ("error: connection reset",)


@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_fourth_syn_outside_window_is_answered_without_rfc_5961(state):
    """... this step would not be reached and an ACK would have been sent in the first."""
    before = endpoint(state)
    result = arrive(before, f"<SEQ={expected(state) - 1}><CTL=SYN>", syn_challenge=False)
    assert result.sent == [ack_of(state)]
    assert unchanged(before, result)


@pytest.mark.parametrize("ctl", ["SYN", "SYN,ACK"])
def test_syn_received_passive_syn_in_window_returns_to_listen(ctl):
    result = arrive(endpoint(SYN_RECEIVED, passive=True), f"<SEQ=303><ACK=100><CTL={ctl}>")
    assert (result.state, result.sent, result.signals) == (LISTEN, [], ())


@pytest.mark.parametrize("ctl", ["SYN", "SYN,ACK"])
def test_syn_received_active_syn_in_window_is_challenged(ctl):
    before = endpoint(SYN_RECEIVED, passive=False)
    result = arrive(before, f"<SEQ=303><ACK=100><CTL={ctl}>")
    assert (result.state, result.sent) == (SYN_RECEIVED, ["<SEQ=100><ACK=300><CTL=ACK>"])
    assert unchanged(before, result)


def test_syn_received_retransmitted_syn_is_below_the_window():
    """First: answered with an ACK, not with the SYN,ACK."""
    before = endpoint(SYN_RECEIVED)
    result = arrive(before, "<SEQ=299><CTL=SYN>")
    assert (result.state, result.sent) == (SYN_RECEIVED, ["<SEQ=100><ACK=300><CTL=ACK>"])
    assert unchanged(before, result)


def test_syn_received_retransmitted_syn_with_text_is_no_new_syn():
    """First: what lies outside the window is trimmed, *including SYN*; only text is left."""
    waiting = arrive(endpoint(LISTEN), "<SEQ=299><TEXT=1><CTL=SYN>")
    result = arrive(waiting.end, "<SEQ=299><TEXT=1><CTL=SYN>")
    assert result.state == SYN_RECEIVED
    assert result.tcb.rcv.nxt == 300


def test_syn_received_simultaneous_open_syn_ack_is_below_the_window():
    """SEQ = IRS (Figure 7, Appendix A.2): its ACK is not even looked at, and an ACK is sent."""
    before = endpoint(SYN_RECEIVED, passive=False)
    result = arrive(before, "<SEQ=299><ACK=100><CTL=SYN,ACK>")
    assert result.sent == ["<SEQ=100><ACK=300><CTL=ACK>"]
    assert unchanged(before, result)
    done = arrive(before, "<SEQ=300><ACK=100><CTL=ACK>")  # the peer's answer to that
    assert (done.state, done.sent) == (ESTABLISHED, [])


# -------------------------------------------------------------------------- 3.10.7.4 fifth: ACK


@pytest.mark.parametrize("state", OTHER)
def test_fifth_without_ack_is_dropped(state):
    before = endpoint(state)
    result = arrive(before, f"<SEQ={expected(state)}><UP=900><TEXT=1><CTL=FIN,URG>")
    assert (result.sent, result.signals) == ([], ())
    assert unchanged(before, result)


def test_syn_received_ack_establishes():
    result = arrive(endpoint(SYN_RECEIVED), "<SEQ=300><ACK=100><WND=7><CTL=ACK>")
    snd = result.tcb.snd
    assert (result.state, result.sent) == (ESTABLISHED, [])
    assert (snd.una, snd.wnd, snd.wl1, snd.wl2) == (100, 7, 300, 100)


def test_syn_received_ack_lets_queued_data_out():
    result = arrive(endpoint(SYN_RECEIVED, written=1), "<SEQ=300><ACK=100><CTL=ACK>")
    assert result.sent == ["<SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>"]


def test_syn_received_ack_with_text_and_fin():
    """FIN in SYN-RECEIVED by way of ESTABLISHED."""
    result = arrive(endpoint(SYN_RECEIVED), "<SEQ=300><ACK=100><TEXT=2><CTL=FIN,ACK>")
    assert (result.state, result.sent) == (CLOSE_WAIT, ["<SEQ=100><ACK=303><CTL=ACK>"])
    assert result.signals == ("connection closing",)


def test_syn_received_close_does_not_lose_what_came_with_the_syn():
    """CLOSE leaves SYN-RECEIVED before ESTABLISHED; the ACK of our SYN still releases the text."""
    waiting = arrive(endpoint(LISTEN), "<SEQ=299><TEXT=2><CTL=SYN>")
    closed = happen(waiting.end, Input.CLOSE)
    result = arrive(closed.end, "<SEQ=302><ACK=100><CTL=ACK>")
    assert (result.state, result.tcb.rcv.nxt) == (FIN_WAIT_1, 302)


@pytest.mark.parametrize(
    ("syn", "state", "ack"),
    [
        ("<SEQ=299><TEXT=2><CTL=SYN>", ESTABLISHED, 302),
        ("<SEQ=299><CTL=SYN,FIN>", CLOSE_WAIT, 301),
        ("<SEQ=299><TEXT=2><CTL=SYN,FIN>", CLOSE_WAIT, 303),
    ],
)
def test_syn_received_ack_releases_what_came_with_the_syn(syn, state, ack):
    """Held until ESTABLISHED, then taken and acknowledged at once."""
    waiting = arrive(endpoint(LISTEN), syn)
    end = (syn.count("TEXT") * 2) + ("FIN" in syn) + 300
    result = arrive(waiting.end, f"<SEQ={end}><ACK=100><CTL=ACK>")
    assert result.state == state
    assert result.sent == [f"<SEQ=100><ACK={ack}><CTL=ACK>"]
    assert result.tcb.rcv.wnd == WINDOW - 2 * syn.count("TEXT")
    again = arrive(result.end, f"<SEQ={ack}><ACK=100><CTL=ACK>")
    assert (again.state, again.tcb.rcv.nxt) == (state, ack)  # released once only


@pytest.mark.parametrize("ack", [0, 98, 99, 101, 100 + 2**31])
@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("ctl", ["ACK", "FIN,ACK"])
def test_syn_received_bad_ack_is_reset_and_state_kept(ack, passive, ctl):
    """SND.UNA < SEG.ACK =< SND.NXT (erratum 3301); 3.5.2: remains in the same state."""
    before = endpoint(SYN_RECEIVED, passive=passive)
    result = arrive(before, f"<SEQ=300><ACK={ack}><TEXT=1><CTL={ctl}>")
    assert result.sent == [f"<SEQ={ack}><CTL=RST>"]
    assert unchanged(before, result)


@pytest.mark.parametrize(
    ("ack", "answer"),
    [
        (ISN - WINDOW - 1, "<SEQ=100><ACK=300><CTL=ACK>"),
        (ISN - WINDOW, f"<SEQ={ISN - WINDOW}><CTL=RST>"),
        (ISN, f"<SEQ={ISN}><CTL=RST>"),
        (ISN + 2, "<SEQ=100><ACK=300><CTL=ACK>"),
    ],
)
def test_syn_received_ack_range_comes_before_the_states(ack, answer):
    """MAY-12 by the order of the text: out of the range an ACK, else bad as without it."""
    before = endpoint(SYN_RECEIVED)
    result = arrive(before, f"<SEQ=300><ACK={ack}><CTL=ACK>", syn_received_ack_range=True)
    assert result.sent == [answer]
    assert unchanged(before, result)


@pytest.mark.parametrize("ack", [ISN - 1, ISN])
@pytest.mark.parametrize("acked", [ISN, ISN + 1])
def test_fifth_ack_floor_at_iss(ack, acked):
    """FIN-WAIT-1 by CLOSE in SYN-RECEIVED: an ACK of what came before our SYN lets no text in."""
    before = endpoint(FIN_WAIT_1, snd_una=acked)
    segment = f"<SEQ=300><ACK={ack}><TEXT=1><CTL=ACK>"
    assert arrive(before, segment).tcb.rcv.nxt == 301
    floored = arrive(before, segment, ack_floor_at_iss=True)
    assert floored.tcb.rcv.nxt == (301 if ack == ISN else 300)
    assert floored.sent == [f"<SEQ=101><ACK={floored.tcb.rcv.nxt}><CTL=ACK>"]


@pytest.mark.parametrize(("seq", "ctl"), [(300, "RST"), (303, "SYN")])
def test_syn_received_queued_close_meets_listen(seq, ctl):
    """3.10.4: a CLOSE in LISTEN enters CLOSED; so does one that waited in SYN-RECEIVED."""
    waiting = endpoint(SYN_RECEIVED, written=1, closing=True)
    result = arrive(waiting, f"<SEQ={seq}><CTL={ctl}>")
    assert is_deleted(result)
    assert (result.sent, result.signals) == ([], ())
    assert result.rules[-1].id == "3.10.4/LISTEN/delete"


def test_syn_received_bad_ack_outside_window_gets_an_ack():
    """The sequence number is checked first."""
    result = arrive(endpoint(SYN_RECEIVED), "<SEQ=400><ACK=5><CTL=ACK>")
    assert (result.state, result.sent) == (SYN_RECEIVED, ["<SEQ=100><ACK=300><CTL=ACK>"])


@pytest.mark.parametrize("ack", [0, 98, 99, 101])
def test_syn_received_without_ack_check(ack):
    """Ablation 11."""
    result = arrive(
        endpoint(SYN_RECEIVED), f"<SEQ=300><ACK={ack}><CTL=ACK>", syn_received_ack_check=False
    )
    assert (result.state, result.tcb.snd.una) == (ESTABLISHED, 100)


def test_syn_received_without_seq_check():
    """Ablation 12."""
    result = arrive(
        endpoint(SYN_RECEIVED), "<SEQ=900><ACK=100><CTL=ACK>", syn_received_seq_check=False
    )
    assert result.state == ESTABLISHED


@pytest.mark.parametrize("seq", [301, 309])
def test_syn_received_syn_ack_exact(seq):
    """What acknowledges our SYN must be at RCV.NXT."""
    before = endpoint(SYN_RECEIVED, passive=False)
    segment = f"<SEQ={seq}><ACK=100><CTL=ACK>"
    assert arrive(before, segment).state == ESTABLISHED
    result = arrive(before, segment, syn_ack_exact=True)
    assert (result.state, result.sent) == (SYN_RECEIVED, ["<SEQ=100><ACK=300><CTL=ACK>"])
    exact = arrive(before, "<SEQ=300><ACK=100><CTL=ACK>", syn_ack_exact=True)
    assert exact.state == ESTABLISHED


def test_fin_wait_1_from_syn_received_syn_ack_exact():
    """... in FIN-WAIT-1 too, where CLOSE in SYN-RECEIVED leads; and nowhere later."""
    closed = happen(endpoint(SYN_RECEIVED), Input.CLOSE)
    assert closed.state == FIN_WAIT_1
    segment = "<SEQ=301><ACK=101><CTL=ACK>"
    assert arrive(closed.end, segment).state == FIN_WAIT_2
    assert arrive(closed.end, segment, syn_ack_exact=True).state == FIN_WAIT_1
    assert arrive(endpoint(FIN_WAIT_1), segment, syn_ack_exact=True).state == FIN_WAIT_2


DATA_STATES = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK)


@pytest.mark.parametrize("ack", [99, 100, 101, 102, 103, 104])
def test_established_ack_range(ack):
    """SND.UNA < SEG.ACK =< SND.NXT moves SND.UNA; old is ignored; the future gets an ACK."""
    before = endpoint(ESTABLISHED, snd_una=101, snd_nxt=103, written=3)
    result = arrive(before, f"<SEQ=300><ACK={ack}><TEXT=1><CTL=ACK>")
    assert result.tcb.snd.una == (ack if ack in (102, 103) else 101)
    assert result.tcb.rcv.nxt == (300 if ack == 104 else 301)  # old ACK: the text counts
    assert len(result.sent) == 1


@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_fifth_ack_of_something_not_yet_sent(state):
    before = endpoint(state)
    text = f"<SEQ={expected(state)}><ACK={nxt(state) + 1}><TEXT=1><CTL=FIN,ACK>"
    for rules in ({}, {"ack_floor": False}):
        result = arrive(before, text, **rules)
        assert result.sent == [ack_of(state)]
        assert unchanged(before, result)


@pytest.mark.parametrize("how", [UnsentText.TAKEN, UnsentText.ANSWERED])
@pytest.mark.parametrize("floor", [True, False])
@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_fifth_text_with_an_ack_of_something_not_yet_sent(state, floor, how):
    """Ablations 167 and 168: its ACK counts for nothing, where it is not refused with it."""
    before = endpoint(state)
    text = f"<SEQ={expected(state)}><ACK={nxt(state) + 1}><TEXT=1><CTL=ACK>"
    result = arrive(before, text, unsent_text=how, ack_floor=floor)
    answered = how == UnsentText.ANSWERED
    if state != ESTABLISHED and not (answered and state in (FIN_WAIT_1, FIN_WAIT_2)):
        assert result.sent == [ack_of(state)]
        assert unchanged(before, result)
        return
    assert result.tcb.rcv.nxt == expected(state) + 1
    assert (result.tcb.snd.una, result.tcb.snd.nxt) == (una(state), nxt(state))
    ack = f"<SEQ={nxt(state)}><ACK={expected(state) + 1}><CTL=ACK>"
    assert result.sent == [*([ack_of(state)] if answered else []), ack]
    far = f"<SEQ={expected(state)}><ACK={una(state) - WINDOW - 1}><TEXT=1><CTL=ACK>"
    if floor:
        assert unchanged(before, arrive(before, far, unsent_text=how))


@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_fifth_ack_floor(state):
    """RFC 5961 5: SND.UNA - MAX.SND.WND =< SEG.ACK, MAX.SND.WND being the window's limit."""
    before = endpoint(state)
    floor = una(state) - WINDOW
    below = f"<SEQ={expected(state)}><ACK={floor - 1}><TEXT=1><CTL=ACK>"
    at = f"<SEQ={expected(state)}><ACK={floor}><TEXT=1><CTL=ACK>"
    refused = arrive(before, below)
    assert refused.sent == [ack_of(state)]
    assert unchanged(before, refused)
    takes_text = state in (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2)
    for segment, rules in ((at, {}), (below, {"ack_floor": False})):
        taken = arrive(before, segment, **rules)
        assert taken.tcb.rcv.nxt == expected(state) + takes_text
        assert taken.tcb.snd.una == una(state)


@pytest.mark.parametrize(
    ("segment", "window"),
    [
        ("<SEQ=301><ACK=101><WND=5><CTL=ACK>", 5),  # later segment
        ("<SEQ=300><ACK=102><WND=5><CTL=ACK>", 5),  # same SEQ, later ACK
        ("<SEQ=300><ACK=101><WND=5><CTL=ACK>", 5),  # same SEQ, same ACK
        ("<SEQ=300><ACK=100><WND=5><CTL=ACK>", 8),  # SEG.ACK < SND.UNA
        ("<SEQ=299><ACK=102><WND=5><TEXT=2><CTL=ACK>", 8),  # earlier segment
    ],
)
def test_established_window_update(segment, window):
    before = endpoint(ESTABLISHED, snd_una=101, snd_nxt=102, written=2, snd_wnd=8)
    before.tcb.snd.wl1, before.tcb.snd.wl2 = 300, 101
    snd = arrive(before, segment).tcb.snd
    assert snd.wnd == window
    arrived = seg(segment)
    updated = (arrived.seq, arrived.ack) if window == 5 else (300, 101)
    assert (snd.wl1, snd.wl2) == updated


def test_established_window_update_not_from_older_ack():
    """SND.WL2 =< SEG.ACK fails at the same SEQ though SND.UNA =< SEG.ACK."""
    before = endpoint(ESTABLISHED, snd_una=101, snd_nxt=103, written=3, snd_wnd=8)
    before.tcb.snd.wl1, before.tcb.snd.wl2 = 300, 102
    assert arrive(before, "<SEQ=300><ACK=101><WND=5><CTL=ACK>").tcb.snd.wnd == 8


def test_established_window_update_lets_text_out():
    before = endpoint(ESTABLISHED, written=1, snd_wnd=0)
    result = arrive(before, "<SEQ=300><ACK=100><WND=1><CTL=ACK>")
    assert result.sent == ["<SEQ=100><ACK=300><TEXT=1><CTL=PSH,ACK>"]


def test_fin_wait_1_ack_of_fin():
    result = arrive(endpoint(FIN_WAIT_1), "<SEQ=300><ACK=101><CTL=ACK>")
    assert (result.state, result.sent, result.tcb.snd.una) == (FIN_WAIT_2, [], 101)


def test_fin_wait_1_ack_of_text_before_fin():
    before = endpoint(FIN_WAIT_1, written=1, snd_nxt=102)
    result = arrive(before, "<SEQ=300><ACK=101><CTL=ACK>")
    assert (result.state, result.tcb.snd.una) == (FIN_WAIT_1, 101)


def test_fin_wait_1_ack_before_fin_is_sent():
    """CLOSE waits for text that the window holds back: the ACK of all sent is not of the FIN."""
    before = endpoint(FIN_WAIT_1, written=2, snd_nxt=101, snd_wnd=1)
    result = arrive(before, "<SEQ=300><ACK=101><WND=1><CTL=ACK>")
    assert result.state == FIN_WAIT_1
    assert result.sent == [
        "<SEQ=101><ACK=300><TEXT=1><CTL=PSH,ACK>",
        "<SEQ=102><ACK=300><CTL=FIN,ACK>",
    ]


def test_closing_ack_of_fin():
    result = arrive(endpoint(CLOSING), "<SEQ=301><ACK=101><CTL=ACK>")
    assert (result.state, result.sent) == (TIME_WAIT, [])
    assert (result.tcb.time_wait, result.tcb.span) == (2 * MSL, 0)


def test_closing_other_ack_is_ignored():
    before = endpoint(CLOSING)
    result = arrive(before, "<SEQ=301><ACK=100><TEXT=1><CTL=FIN,ACK>")
    assert result.sent == []
    assert unchanged(before, result)


def test_last_ack_ack_of_fin():
    result = arrive(endpoint(LAST_ACK), "<SEQ=301><ACK=101><CTL=ACK>")
    assert is_deleted(result)
    assert result.sent == []


def test_last_ack_other_ack():
    before = endpoint(LAST_ACK)
    result = arrive(before, "<SEQ=301><ACK=100><CTL=ACK>")
    assert result.sent == []
    assert unchanged(before, result)


# ---------------------------------------------------------- 3.10.7.4 sixth: URG, seventh: text


@pytest.mark.parametrize("state", [ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2])
def test_sixth_urgent_pointer_is_recorded(state):
    before = endpoint(state)
    result = arrive(before, f"<SEQ=300><ACK={una(state)}><UP=305><CTL=URG,ACK>")
    assert (result.tcb.rcv.up, result.signals) == (305, ("urgent data",))
    older = arrive(result.end, f"<SEQ=300><ACK={una(state)}><UP=303><CTL=URG,ACK>")
    assert (older.tcb.rcv.up, older.signals) == (305, ())  # max(RCV.UP,SEG.UP)
    same = arrive(result.end, f"<SEQ=300><ACK={una(state)}><UP=305><CTL=URG,ACK>")
    assert (same.tcb.rcv.up, same.signals) == (305, ())  # already signaled


@pytest.mark.parametrize("state", [CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT])
def test_sixth_urg_after_fin_is_ignored(state):
    before = endpoint(state)
    result = arrive(before, f"<SEQ=301><ACK={una(state)}><UP=305><CTL=URG,ACK>")
    assert (result.tcb.rcv.up, result.signals) == (before.tcb.rcv.up, ())


def test_sixth_no_signal_for_urgent_data_already_consumed():
    """Signal *if the urgent pointer is in advance of the data consumed*."""
    before = endpoint(ESTABLISHED, rcv_nxt=306)  # RCV.UP is still 300
    result = arrive(before, "<SEQ=306><ACK=100><UP=304><CTL=URG,ACK>")
    assert result.signals == ()


@pytest.mark.parametrize("state", [ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2])
def test_seventh_text(state):
    """FIN-WAIT-1 and -2: half-closed, the other way still flows (section 3.6.1)."""
    result = arrive(endpoint(state), f"<SEQ=300><ACK={una(state)}><TEXT=3><CTL=ACK>")
    assert (result.state, result.tcb.rcv.nxt, result.tcb.rcv.wnd) == (state, 303, WINDOW - 3)
    assert result.sent == [f"<SEQ={nxt(state)}><ACK=303><CTL=ACK>"]
    assert result.segments[0].wnd == WINDOW - 3
    assert not result.tcb.rcv.push


@pytest.mark.parametrize("state", [CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT])
def test_seventh_text_after_fin_is_ignored(state):
    before = endpoint(state)
    result = arrive(before, f"<SEQ=301><ACK={una(state)}><TEXT=3><CTL=ACK>")
    assert result.sent == []
    assert unchanged(before, result)


def test_close_wait_ack_lets_text_out():
    """The open direction of a half-closed connection."""
    before = endpoint(CLOSE_WAIT, written=2, snd_nxt=101, snd_wnd=1)
    result = arrive(before, "<SEQ=301><ACK=101><WND=1><CTL=ACK>")
    assert (result.state, result.sent) == (CLOSE_WAIT, ["<SEQ=101><ACK=301><TEXT=1><CTL=PSH,ACK>"])


@pytest.mark.parametrize(
    ("seq", "text", "fin", "rcv_nxt"),
    [
        (298, 4, False, 302),  # straddles the left edge: the new part only
        (299, 1, False, 300),  # wholly old: not acceptable
        (308, 5, False, 300),  # beyond RCV.NXT: not held
        (300, 12, False, 310),  # straddles the right edge: what the window takes
        (298, 4, True, 303),  # FIN after the new part
        (300, 10, True, 310),  # FIN beyond the right edge is trimmed
        (300, 9, True, 310),  # FIN on the last place of the window
        (299, 1, True, 301),  # only the FIN is new
        (301, 1, True, 300),  # FIN out of order
    ],
)
def test_seventh_eighth_straddling_segments(seq, text, fin, rcv_nxt):
    """If a segment straddles the boundary between old and new, only the new is processed."""
    ctl = "FIN,ACK" if fin else "ACK"
    result = arrive(endpoint(ESTABLISHED), f"<SEQ={seq}><ACK=100><TEXT={text}><CTL={ctl}>")
    assert result.tcb.rcv.nxt == rcv_nxt
    assert result.sent == [f"<SEQ=100><ACK={rcv_nxt}><CTL=ACK>"]
    finished = fin and rcv_nxt == seq + text + 1
    assert result.state == (CLOSE_WAIT if finished else ESTABLISHED)
    assert result.tcb.rcv.wnd == WINDOW - (rcv_nxt - finished - 300)


def test_seventh_eighth_exhaustively():
    """Width 4: octets and FIN as a set of numbers; what is new, next in order and in the window."""
    bounds = BOUNDS.__class__(width=4, window=3, octets=1)
    for rcv_nxt, behind, text, fin, wnd in itertools.product(
        range(16), range(-3, 4), range(5), (False, True), range(1, 4)
    ):
        length = text + fin
        seq = (rcv_nxt + behind) % 16
        end = endpoint(ESTABLISHED, iss=1, snd_una=2, snd_nxt=2, rcv_nxt=rcv_nxt, rcv_wnd=wnd)
        segment = Segment(seq=seq, ack=2, wnd=3, text=text, ctl=Control(ack=True, fin=fin))
        result = arrive(end, segment, bounds=bounds)
        at, left = rcv_nxt, wnd
        places = [(seq + i) % 16 for i in range(length)]
        if in_window(16, rcv_nxt, wnd, seq, length):
            while left and at in places:  # the window shrinks by text, slides over FIN
                if fin and at == places[-1]:
                    at = (at + 1) % 16
                    break
                at, left = (at + 1) % 16, left - 1
        finished = fin and at == (seq + length) % 16 and at != rcv_nxt
        assert result.tcb.rcv.nxt == at, (rcv_nxt, wnd, segment)
        assert result.state == (CLOSE_WAIT if finished else ESTABLISHED)


def test_seventh_push_is_recorded():
    result = arrive(endpoint(ESTABLISHED), "<SEQ=300><ACK=100><TEXT=1><CTL=PSH,ACK>")
    assert result.tcb.rcv.push


@pytest.mark.parametrize("wnd", [0, 1])
def test_seventh_push_counts_once_the_segment_empties(wnd):
    """*If the segment empties* and carries a PUSH flag; nothing taken, nothing pushed."""
    result = arrive(endpoint(ESTABLISHED, rcv_wnd=wnd), "<SEQ=300><ACK=100><TEXT=2><CTL=PSH,ACK>")
    assert result.tcb.rcv.nxt == 300 + wnd
    assert not result.tcb.rcv.push


def test_eighth_fin_implies_push():
    """... for any segment text not yet delivered, from this segment or an earlier one."""
    waiting = arrive(endpoint(ESTABLISHED), "<SEQ=300><ACK=100><TEXT=1><CTL=ACK>")
    assert not waiting.tcb.rcv.push
    result = arrive(waiting.end, "<SEQ=301><ACK=100><CTL=FIN,ACK>")
    assert (result.state, result.tcb.rcv.push) == (CLOSE_WAIT, True)


def test_seventh_one_acknowledgment_piggybacked():
    """On a segment being transmitted if possible; there is but one (MUST-58, MUST-59)."""
    before = endpoint(ESTABLISHED, written=1, snd_wnd=0)
    result = arrive(before, "<SEQ=300><ACK=100><WND=1><TEXT=2><CTL=ACK>")
    assert result.sent == ["<SEQ=100><ACK=302><TEXT=1><CTL=PSH,ACK>"]


# -------------------------------------------------------------------------- 3.10.7.4 eighth: FIN


@pytest.mark.parametrize(
    ("state", "ack", "after"),
    [
        (SYN_RECEIVED, 100, CLOSE_WAIT),
        (ESTABLISHED, 100, CLOSE_WAIT),
        (FIN_WAIT_1, 100, CLOSING),
        (FIN_WAIT_1, 101, TIME_WAIT),  # ACK before FIN, in one segment (Figure 5 note 2)
        (FIN_WAIT_2, 101, TIME_WAIT),
    ],
)
def test_eighth_fin(state, ack, after):
    result = arrive(endpoint(state), f"<SEQ=300><ACK={ack}><CTL=FIN,ACK>")
    assert (result.state, result.tcb.rcv.nxt) == (after, 301)
    assert result.sent == [f"<SEQ={nxt(state)}><ACK=301><CTL=ACK>"]
    assert result.signals == ("connection closing",)
    assert result.tcb.time_wait == (2 * MSL if after == TIME_WAIT else 0)
    if after == TIME_WAIT:
        assert result.tcb.span == 0  # turn off the other timers


@pytest.mark.parametrize(
    ("state", "ack", "after"),
    [(ESTABLISHED, 99, CLOSE_WAIT), (FIN_WAIT_1, 99, CLOSING), (FIN_WAIT_2, 100, TIME_WAIT)],
)
def test_eighth_fin_with_an_old_ack(state, ack, after):
    """A duplicate ACK is ignored, not its segment."""
    result = arrive(endpoint(state), f"<SEQ=300><ACK={ack}><TEXT=1><CTL=FIN,ACK>")
    assert (result.state, result.tcb.rcv.nxt) == (after, 302)
    assert result.tcb.snd.una == una(state)


@pytest.mark.parametrize("state", [CLOSE_WAIT, CLOSING, LAST_ACK])
@pytest.mark.parametrize("restart", Restart)
def test_eighth_retransmitted_fin_is_answered(state, restart):
    """Below the window: the first step answers; the state remains."""
    before = endpoint(state)
    result = arrive(before, "<SEQ=300><ACK=100><CTL=FIN,ACK>", time_wait_restart=restart)
    assert result.sent == [ack_of(state)]
    assert unchanged(before, result)


def test_eighth_fin_ack_delayed_makes_three_segments():
    """The ACK of the FIN rides on our own FIN."""
    taken = arrive(endpoint(ESTABLISHED), "<SEQ=300><ACK=100><CTL=FIN,ACK>", fin_ack_delayed=True)
    assert (taken.state, taken.sent) == (CLOSE_WAIT, [])
    closed = happen(taken.end, Input.CLOSE)
    assert (closed.state, closed.sent) == (LAST_ACK, ["<SEQ=100><ACK=301><CTL=FIN,ACK>"])
    peer = endpoint(FIN_WAIT_1, iss=299, irs=99, snd_una=300, snd_nxt=301, rcv_nxt=100)
    last = arrive(peer, closed.segments[0])
    assert (last.state, last.sent) == (TIME_WAIT, ["<SEQ=301><ACK=101><CTL=ACK>"])
    assert is_deleted(arrive(closed.end, last.segments[0]))


def test_eighth_fin_ack_not_delayed_for_a_retransmission():
    before = endpoint(CLOSE_WAIT)
    result = arrive(before, "<SEQ=300><ACK=100><CTL=FIN,ACK>", fin_ack_delayed=True)
    assert result.sent == ["<SEQ=100><ACK=301><CTL=ACK>"]


# ------------------------------------------------------------------------------------ TIME-WAIT


@pytest.mark.parametrize(
    ("segment", "restarted_by"),
    [
        ("<SEQ=300><ACK=101><CTL=FIN,ACK>", {Restart.FIN, Restart.EMISSION}),  # FIN again
        ("<SEQ=299><ACK=101><TEXT=1><CTL=FIN,ACK>", {Restart.FIN, Restart.EMISSION}),
        ("<SEQ=300><ACK=101><CTL=ACK>", {Restart.EMISSION}),  # answered, not a FIN
        ("<SEQ=303><CTL=SYN>", {Restart.EMISSION}),  # challenged
        ("<SEQ=303><CTL=RST>", {Restart.EMISSION}),  # challenged
        ("<SEQ=301><ACK=101><CTL=FIN,ACK>", set(Restart)),  # reaches the fifth step: the letter
        ("<SEQ=301><ACK=101><CTL=ACK>", set()),  # answered by nothing
        ("<SEQ=290><CTL=RST>", set()),
    ],
)
@pytest.mark.parametrize("restart", Restart)
def test_time_wait_restart(segment, restarted_by, restart):
    """A retransmitted FIN is below the window: by the letter it never restarts the timer."""
    result = arrive(endpoint(TIME_WAIT, time_wait=1), segment, time_wait_restart=restart)
    assert result.state == TIME_WAIT
    assert result.tcb.time_wait == (2 * MSL if restart in restarted_by else 1)
    silent = segment in ("<SEQ=301><ACK=101><CTL=ACK>", "<SEQ=290><CTL=RST>")
    assert result.sent == ([] if silent else [ack_of(TIME_WAIT)])


@pytest.mark.parametrize("cut", [-1, 0, 1, 7, 8, 99])
def test_time_wait_cut(cut):
    """Ablation 1: never below zero."""
    result = arrive(endpoint(FIN_WAIT_2), "<SEQ=300><ACK=101><CTL=FIN,ACK>", time_wait_cut=cut)
    assert result.tcb.time_wait == (8 - cut if cut < 8 else 0)


@pytest.mark.parametrize(
    ("seq", "check", "reopens"),
    [
        (302, True, True),
        (301, True, False),  # SEG.SEQ > RCV.NXT
        (299, True, False),
        (900, True, True),  # in the window or not
        (301, False, True),
        (299, False, True),  # ablation 15
    ],
)
def test_time_wait_reopen(seq, check, reopens):
    """MAY-2: with an ISS larger than the largest sequence number used before (100, the FIN)."""
    before = endpoint(TIME_WAIT)
    rules = {"time_wait_reopen": True, "reopen_seq_check": check}
    result = arrive(before, f"<SEQ={seq}><CTL=SYN>", isn=101, **rules)
    if not reopens:
        assert unchanged(before, result)
        assert result.sent == [ack_of(TIME_WAIT)]
        return
    tcb = result.tcb
    assert result.state == SYN_RECEIVED
    assert tcb.iss > 100
    assert result.sent == [f"<SEQ={tcb.iss}><ACK={seq + 1}><CTL=SYN,ACK>"]
    assert (tcb.snd.una, tcb.snd.nxt, tcb.rcv.nxt) == (tcb.iss, tcb.iss + 1, seq + 1)
    assert (tcb.closing, tcb.time_wait, tcb.rcv.wnd) == (False, 0, WINDOW)


def test_time_wait_reopen_needs_an_iss_above_the_old_numbers():
    before = endpoint(TIME_WAIT)
    result = arrive(before, "<SEQ=320><CTL=SYN>", isn=100, time_wait_reopen=True)
    assert unchanged(before, result)
    assert result.sent == [ack_of(TIME_WAIT)]


@pytest.mark.parametrize("ctl", ["SYN,RST", "SYN,ACK", "ACK"])
def test_time_wait_reopen_only_by_a_bare_syn(ctl):
    result = arrive(endpoint(TIME_WAIT), f"<SEQ=320><ACK=101><CTL={ctl}>", time_wait_reopen=True)
    assert result.state == TIME_WAIT


def test_time_wait_reopen_returns_to_time_wait():
    """3.6.1 (2): the SYN was an old duplicate, which a reset tells."""
    reopened = arrive(endpoint(TIME_WAIT), "<SEQ=320><CTL=SYN>", isn=500, time_wait_reopen=True)
    back = arrive(reopened.end, "<SEQ=321><CTL=RST>", time_wait_reopen=True)
    assert (back.state, back.sent, back.tcb.time_wait) == (TIME_WAIT, [], 2 * MSL)


def test_time_wait_reopened_connection_is_established():
    reopened = arrive(endpoint(TIME_WAIT), "<SEQ=320><CTL=SYN>", isn=500, time_wait_reopen=True)
    ack = reopened.tcb.snd.nxt
    done = arrive(reopened.end, f"<SEQ=321><ACK={ack}><CTL=ACK>", time_wait_reopen=True)
    assert done.state == ESTABLISHED
    assert nothing_to_return_to(done.tcb)
    syn = arrive(reopened.end, "<SEQ=322><CTL=SYN>", time_wait_reopen=True)
    assert syn.state == SYN_RECEIVED  # it did not come from LISTEN: challenged


@pytest.mark.parametrize(("call", "state"), [(Input.CLOSE, FIN_WAIT_1), (Input.ABORT, TIME_WAIT)])
def test_a_call_that_leaves_syn_received_leaves_no_time_wait_to_return_to(call, state):
    rules = {"time_wait_reopen": True, "abort_time_wait": True}
    reopened = arrive(endpoint(TIME_WAIT), "<SEQ=320><CTL=SYN>", isn=500, **rules)
    assert reopened.tcb.reopened
    assert not nothing_to_return_to(reopened.tcb)
    left = happen(reopened.end, call, **rules)
    assert (left.state, left.tcb.iss) == (state, 500)
    assert nothing_to_return_to(left.tcb)


def nothing_to_return_to(tcb):
    return (tcb.reopened, tcb.left_snd, tcb.left_rcv) == (False, 0, 0)


@pytest.mark.parametrize("state", SYNCHRONIZED[:-1])
def test_reopen_is_for_time_wait_only(state):
    before = endpoint(state)
    assert unchanged(before, arrive(before, "<SEQ=305><CTL=SYN>", time_wait_reopen=True))


# --------------------------------------------------------------------------------- close_waits


def test_close_waits_for_established():
    """CLOSE in SYN-RECEIVED, queued: on the ACK of our SYN, FIN and FIN-WAIT-1."""
    queued = happen(endpoint(SYN_RECEIVED), Input.CLOSE, close_waits=True)
    assert (queued.state, queued.sent) == (SYN_RECEIVED, [])
    bad = arrive(queued.end, "<SEQ=300><ACK=101><CTL=ACK>", close_waits=True)
    assert (bad.state, bad.sent) == (SYN_RECEIVED, ["<SEQ=101><CTL=RST>"])
    result = arrive(queued.end, "<SEQ=300><ACK=100><CTL=ACK>", close_waits=True)
    assert (result.state, result.sent) == (FIN_WAIT_1, ["<SEQ=100><ACK=300><CTL=FIN,ACK>"])


def test_close_waits_and_the_peer_closes_too():
    queued = happen(endpoint(SYN_RECEIVED), Input.CLOSE, close_waits=True)
    result = arrive(queued.end, "<SEQ=300><ACK=100><CTL=FIN,ACK>", close_waits=True)
    assert (result.state, result.sent) == (CLOSING, ["<SEQ=100><ACK=301><CTL=FIN,ACK>"])
    assert arrive(result.end, "<SEQ=301><ACK=101><CTL=ACK>").state == TIME_WAIT
