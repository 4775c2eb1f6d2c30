"""Which segments are explained, and what is said of those that are not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.capture import Packet
from checker.capture.segments import ACK, FIN, PSH, RST, SYN
from checker.conform.behaviour import WINDOW
from checker.conform.candidate import Candidate
from checker.conform.connection import Verdict
from checker.conform.explain import _ONE, Explainer, Seen, may_answer
from checker.conform.inbound import SEQ, Inbound
from checker.conform.patience import Patience
from checker.conform.steps import Stepper
from spec.rules import Rules
from spec.tcp import user_calls
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.world.records import clone, key
from tests.helpers.wire import LINUX, RFC, A, B, Wire, deviation, followed, verdicts

DEVIATIONS = {
    "ACK of what was not sent": (
        Wire().opened()(B, ACK, 300, 150)(A, ACK, 100, 300),
        "not seen to send",
    ),
    "ACK of what the window does not allow": (Wire().opened()(B, ACK, 300, 9999), "not seen to"),
    "SYN,ACK of another SYN": (Wire()(A, SYN, 99)(B, SYN | ACK, 299, 101), "acknowledges the SYN"),
    "SYN,ACK without SYN": (Wire().opened()(A, SYN | ACK, 700, 300), "SYN,ACK"),
    "text without ACK": (Wire().opened()(A, PSH, 100, 0, 5), "ACK is always sent"),
    "text after FIN": (
        Wire().opened()(A, ACK | FIN, 100, 300)(A, ACK, 101, 300, 5),
        "connection closing",
    ),
    "FIN before its place": (
        Wire().opened()(A, ACK, 100, 300, 10)(A, ACK | FIN, 100, 300, 5)(B, ACK, 300, 106),
        "FIN",
    ),
    "late, with a later ACK": (
        Wire().opened()(A, ACK, 100, 300, 10)(B, ACK, 300, 100, 5)(B, ACK, 300, 110),
        "an ACK has <SEQ=SND.NXT>",
    ),
    "ACK below what its peer had acknowledged before": (
        Wire().opened()(A, ACK, 100, 300, 10)(B, ACK, 300, 110)(B, ACK, 300, 110, 20)(
            A, ACK, 110, 320
        )(A, ACK, 105, 320),
        "an ACK has <SEQ=SND.NXT>",
    ),
    "text in SYN-SENT, after another connection": (
        Wire().opened()(B, ACK, 300, 100, 9)(B, SYN, 9000)(B, ACK, 9000, 150, 1),
        "SYN-SENT sends neither",
    ),
    "ACK of ISS": (Wire().opened()(B, ACK, 300, 99)(A, ACK, 100, 300, 5), "never goes back"),
    "keep-alive that acknowledges something new": (
        Wire().opened()(B, ACK, 300, 100)(B, ACK, 300, 100, 20)(A, ACK, 99, 320),
        "an ACK has <SEQ=SND.NXT>",
    ),
    "ACK alone in the midst of a segment": (
        Wire().opened()(A, ACK, 100, 300, 100)(A, ACK, 150, 300),
        "an ACK has <SEQ=SND.NXT>",
    ),
    "SYN-SENT acknowledges what it refuses": (
        Wire()(A, SYN, 99)(B, SYN | ACK, 299, 50)(A, ACK, 100, 300)(B, ACK, 300, 50),
        "SYN-SENT sends neither",
    ),
    "reset for another place": (Wire().opened()(A, RST, 90), "ABORT sends <SEQ=SND.NXT>"),
    "reset with FIN": (Wire().opened()(A, RST | FIN, 100), "neither SYN nor FIN"),
    "SYN with FIN": (Wire()(A, SYN | FIN, 99)(B, RST | ACK, 0, 101), "no SYN is sent with a FIN"),
    "text beyond the window": (
        Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100, wnd=5)(A, ACK, 100, 300, 6),
        "SND.UNA+SND.WND",
    ),
    "ACK before the handshake": (Wire()(A, SYN, 99)(B, ACK, 299, 100), "sends neither"),
    "answer of a closed port": (Wire()(A, SYN, 99)(B, RST | ACK, 0, 101), "a reset answers"),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_deviation(name):
    wire, rule = DEVIATIONS[name]
    found = deviation(wire)
    assert rule in found.rule
    assert found.candidates and found.text.startswith("<SEQ=")


RESETS = [
    (state, segment)
    for state in State
    for segment in (
        Segment(seq, ack, text=text, ctl=Control(ack=bool(ack), syn=syn, fin=fin))
        for seq in (0, 50, 299, 300)
        for ack in (0, 50, 99, 100, 101, 500)
        for text, syn, fin in ((0, False, False), (3, False, True), (0, True, False))
    )
]


def test_no_reset_of_the_specification_falls_through_the_sieve():
    stepper = Stepper(RFC)
    resets = 0
    for state, seg in RESETS:
        tcb = Tcb(state=state)
        if state not in (State.CLOSED, State.LISTEN):
            tcb.iss, tcb.irs, tcb.rcv.nxt, tcb.rcv.wnd = 99, 299, 300, WINDOW
            tcb.snd.una = tcb.snd.nxt = 100
        if state == State.SYN_SENT:
            tcb.irs = tcb.rcv.nxt = 0
        flags = ACK * seg.ctl.ack | SYN * seg.ctl.syn | FIN * seg.ctl.fin
        came = Packet(1, 0.0, A, B, seg.seq, seg.ack, flags, 0, seg.text)
        for step in stepper.steps(Candidate(tcb), Input.SEGMENT, 1, 0.0, seg, 7):
            for sent in step.sent:
                if sent.ctl.rst:
                    resets += 1
                    answer = Packet(2, 0.0, B, A, sent.seq, sent.ack, RST, 0, 0)
                    assert may_answer(answer, came), (state, seg)
    assert resets > 100


def test_without_a_rule_a_deviation_is_missed(monkeypatch):
    """The seeded bug: an end that takes any ACK for right."""
    wire = DEVIATIONS["ACK of what was not sent"][0]
    monkeypatch.setattr(Inbound, "covers", lambda _self, _ack: True)
    assert verdicts(wire) == ["conforms"]


ALLOWED = {
    "delayed ACK": Wire().opened()(A, ACK, 100, 300, 5)(A, ACK, 105, 300, 5)(B, ACK, 300, 110),
    "ACK again": Wire().opened()(A, ACK, 100, 300)(A, ACK, 100, 300),
    "text and FIN in one": Wire().opened()(A, ACK | FIN, 100, 300, 5)(B, ACK, 300, 106),
    "old and new in one": (
        Wire().opened()(A, ACK, 100, 300, 5)(A, ACK, 100, 300, 9)(B, ACK, 300, 109)
    ),
    "FIN rides on what is sent again": (
        Wire().opened()(A, ACK, 100, 300, 5)(A, ACK | FIN, 100, 300, 5)(B, ACK, 300, 106)
    ),
    "keep-alive": Wire().opened()(B, ACK, 300, 100)(A, ACK, 99, 300)(B, ACK, 300, 100),
    "keep-alive with an octet": Wire().opened()(B, ACK, 300, 100)(A, ACK, 99, 300, 1),
    "keep-alive that is late": (
        Wire().opened()(B, ACK, 300, 100, 5)(A, ACK, 100, 305)(B, ACK, 305, 100)
        (A, ACK, 100, 305)(A, ACK, 99, 305)
    ),
    "ACK that is late": (
        Wire().opened()(A, ACK, 100, 300, 10)(A, ACK, 100, 300)(B, ACK, 300, 110)
    ),
    "probe of a shut window": (
        Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100, wnd=5)(A, ACK, 100, 300, 5)
        (B, ACK, 300, 105, wnd=0)(A, ACK, 105, 300, 1)(B, ACK, 300, 105, wnd=0)
    ),
    "reset with ACK": Wire().opened()(A, RST | ACK, 100, 300),
    "closed port": Wire()(A, SYN, 99)(B, RST | ACK, 0, 100),
    "challenge": Wire().opened()(A, RST, 150)(B, ACK, 300, 100),
    "no answer": Wire()(A, SYN, 99)(A, SYN, 99)(A, SYN, 99),
    "half-open": (
        Wire().opened()(B, ACK, 300, 100, 5)(A, RST, 100)
    ),
    "TIME-WAIT reopened": (
        Wire().opened()(A, ACK | FIN, 100, 300)(B, ACK | FIN, 300, 101)(A, ACK, 101, 301)
        (B, SYN, 9000)(A, SYN | ACK, 9000, 9001)(B, ACK, 9001, 9001)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed(name):
    assert set(verdicts(ALLOWED[name])) == {"conforms"}


def test_simultaneous_open_and_close():
    wire = Wire()(A, SYN, 99)(B, SYN, 299)(A, SYN | ACK, 99, 300)(B, SYN | ACK, 299, 100)
    wire(A, ACK, 100, 300)(B, ACK, 300, 100)
    wire(A, ACK | FIN, 100, 300)(B, ACK | FIN, 300, 100)(A, ACK, 101, 301)(B, ACK, 301, 101)
    (found,) = followed(wire.packets)
    assert found.verdict is Verdict.CONFORMS
    assert found.states == ["TIME-WAIT", "TIME-WAIT"]


STEPPERS = {"rfc": Stepper(RFC), "linux": Stepper(LINUX)}
NUMBERS = st.integers(0, 2**32 - 1)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 30), st.integers(1, 40), NUMBERS)
def test_a_leap_is_as_many_sends(octets, window, iss):
    """n octets at once are n SENDs, each of which the specification sends."""
    tcb = Tcb(state=State.ESTABLISHED, iss=iss, irs=7)
    tcb.snd = Send(una=SEQ.plus(iss, 1), nxt=SEQ.plus(iss, 1))
    tcb.rcv = Receive(nxt=8, wnd=WINDOW, up=8)
    explainer = Explainer(STEPPERS["rfc"], True, Seen(Patience()))
    explainer.inbound[7] = Inbound(7)
    explainer.inbound[7].edge = SEQ.plus(tcb.snd.una, window)
    leapt = explainer._write(Candidate(tcb), octets)
    slow, sent = clone(tcb), 0
    slow.snd.wnd = window
    for _ in range(octets):
        tcp = Tcp(Rules(), _ONE, 0)
        user_calls.send(slow, tcp, False)
        sent += len(tcp.sent)
    slow.snd.wnd = 0
    assert (leapt is not None) == (sent == octets)
    if leapt is not None:
        assert key(leapt.tcb) == key(slow)


def test_arrivals_put_together_are_arrivals_one_by_one():
    """Text and FIN in one segment leave the state that they leave octet by octet."""
    base = Candidate(Tcb(state=State.ESTABLISHED, iss=99, irs=299))
    base.tcb.snd = Send(una=100, nxt=100)
    base.tcb.rcv = Receive(nxt=300, wnd=WINDOW, up=300)
    stepper = STEPPERS["rfc"]

    def arrive(c: Candidate, seq: int, text: int, fin: bool) -> Candidate:
        seg = Segment(seq, 100, text=text, ctl=Control(ack=True, fin=fin))
        return stepper.steps(c, Input.SEGMENT, 1, 0.0, seg)[0].to

    whole = arrive(base, 300, 7, True)
    single = base
    for i in range(7):
        single = arrive(single, 300 + i, 1, False)
    assert key(arrive(single, 307, 0, True).tcb) == key(whole.tcb)
