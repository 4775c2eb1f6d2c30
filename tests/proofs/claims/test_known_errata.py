"""Errata that others have filed, found again: with the text as it was a claim falls, or nothing
ever comes to it; with the text as corrected neither is so.

8171 has no test: it moves a mark in the table of Appendix B, of an ICMP message, which no rule
reads.
"""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from checker.model.model import Found
from checker.studies import explorations
from proofs.claims.ablations import Ablation
from proofs.claims.table import BY_ID
from spec.observe import conduct
from spec.observe.figure_5 import FIGURE_5
from spec.tcp import sending
from spec.tcp.segment_arrives import others, syn_sent
from spec.tcp.tcb import State
from tests.helpers.rewrite import rewrite


def decide(claim: str) -> Found:
    return explorations.ablate(Ablation(0, "", BY_ID[claim], {}))


def decided(claim: str) -> bool:
    """Is the claim violated, or the witness seen?"""
    return claim in decide(claim).exploration.decisive


def counted(claim: str) -> tuple[int, int]:
    found = decide(claim).exploration
    assert found.complete
    return found.states, found.transitions


def test_3301_an_ack_of_nothing_establishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 793 3.9, SYN-RECEIVED: SND.UNA =< SEG.ACK. An old ACK then passes for one of our SYN."""
    assert not decided("T2.lifecycle")
    strict = "nothing | seq.lt_le(snd.una, seg.ack, snd.nxt)"
    rewrite(monkeypatch, others, "check_ack_field", strict, strict.replace("lt_le", "le_le"))
    for claim in ("T1.lifecycle", "T2.lifecycle"):
        assert len(decide(claim).paths[claim].steps) == 11


def test_3305_what_is_not_acceptable_must_be_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 793 3.9: in simultaneous open each SYN,ACK is below the window, and its ACK is dropped
    with it. Not "never", as the erratum fears: the answer of the first step completes the
    handshake. It alone does."""
    assert decided("W1s")
    assert not decided("L1")
    answer = "            challenge(tcb, tcp)\n            # ??? A FIN that the peer"
    silent = answer.replace("challenge(tcb, tcp)", "pass")
    rewrite(monkeypatch, others, "check_sequence_number", answer, silent)
    assert not decided("W1s")
    assert decided("L1")


def test_8126_the_window_begins_at_snd_una(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9293 3.3.1: if the send window were area 3 of Figure 3 alone, what is unacknowledged
    would take no room in it."""
    assert not decided("C3.text")
    outstanding = "outstanding = seq.minus(snd.nxt, snd.una)"
    rewrite(monkeypatch, sending, "segmentize", outstanding, "outstanding = 0")
    assert decided("C3.text")


def test_8167_no_reset_can_be_at_an_unknown_rcv_nxt(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9293 3.10.7.3, second: "exactly matches RCV.NXT", which is not known in SYN-SENT. As no
    number it refuses every reset; as 0 it refuses none, since those with an ACK have SEQ=0."""
    counts = counted("C1")
    asks = "seg.ctl.ack and (tcp.rules.syn_sent_any_reset or seg.seq == 0):"
    step = f"    if seg.ctl.rst:\n        if {asks}"
    for known, refuses in (("seg.seq == tcb.rcv.nxt", False), ("False", True)):
        with monkeypatch.context() as patch:
            rewrite(patch, syn_sent, "syn_sent_state", step, f"{step[:-1]} and ({known}):")
            assert decided("C1") == decided("L1") == refuses
            if not refuses:
                assert counted("C1") == counts


def test_8710_figure_5_lacks_the_syn_that_returns_to_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Note 1 of the figure speaks of a reset only; 3.10.7.4, fourth, of a SYN too. ``conduct`` has
    that edge beside the figure's, and without it C1 falls."""
    returns = [
        e.event for e in FIGURE_5 if (e.before, e.after) == (State.SYN_RECEIVED, State.LISTEN)
    ]
    assert returns == ["rcv RST"]
    assert not decided("C1.edge")
    edge = "        (State.SYN_RECEIVED, State.LISTEN, again & listens),\n"
    (name,) = [
        name
        for name, function in inspect.getmembers(conduct, inspect.isfunction)
        if function.__module__ == conduct.__name__ and edge in inspect.getsource(function)
    ]
    rewrite(monkeypatch, conduct, name, edge, "")
    (last, _) = decide("C1.edge").paths["C1.edge"].steps[-1]
    assert last.segment is not None
    assert last.segment.ctl.syn


def eighth(
    monkeypatch: pytest.MonkeyPatch, explore: Callable[[str], object] = counted
) -> set[tuple[State, bool]]:
    """In which states the steps from the sixth on are entered, and whether our FIN is acknowledged
    there, in all of two profiles, or until a claim about them falls."""
    entered = set()
    steps = others.sixth_to_eighth

    def noted(tcb: Any, seg: Any, tcp: Any) -> bool:
        entered.add((tcb.state, bool(tcb.fin_acknowledged(tcp.seq))))
        return steps(tcb, seg, tcp)

    with monkeypatch.context() as patch:
        patch.setattr(others, "sixth_to_eighth", noted)
        for claim in ("C1", "C1.text"):
            explore(claim)
    return entered


def test_8804_8805_the_eighth_step_has_dead_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.10.7.4, eighth: CLOSED, LISTEN and SYN-SENT never come to it (8804), nor does FIN-WAIT-1
    with its FIN acknowledged (8805): the fifth step has left it."""
    entered = eighth(monkeypatch)
    assert {state for state, _ in entered} == {
        State.ESTABLISHED,
        State.FIN_WAIT_1,
        State.FIN_WAIT_2,
        State.CLOSE_WAIT,
        State.CLOSING,
        State.LAST_ACK,
    }
    assert (State.FIN_WAIT_1, False) in entered
    assert (State.FIN_WAIT_1, True) not in entered
    leaves = "if tcb.state == State.FIN_WAIT_1 and finished:"
    rewrite(monkeypatch, others, "check_ack_field", leaves, "if False:")
    assert (State.FIN_WAIT_1, True) in eighth(monkeypatch, decide)
