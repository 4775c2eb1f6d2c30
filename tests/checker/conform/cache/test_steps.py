"""Remembered steps are the specification's."""

from hypothesis import given, settings
from hypothesis import strategies as st

from checker.conform.behaviour import BOUNDS, WINDOW
from checker.conform.cache.steps import RememberedStepper
from checker.conform.candidate import Candidate
from checker.conform.inbound import SEQ
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.world.endpoint import with_tcb
from spec.world.happen import happen
from spec.world.records import clone, key
from tests.helpers.wire import LINUX, RFC

NUMBERS = st.integers(0, 2**32 - 1)
NEAR = st.sampled_from([0, 0, 0, 1, 2, 5, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 3])
FLAGS = st.builds(Control, ack=st.booleans(), rst=st.booleans(), syn=st.booleans(),
                  fin=st.booleans())  # fmt: skip


@st.composite
def tcbs(draw) -> Tcb:
    """A TCB as a monitor may have it: text sent as it was written, FIN when CLOSE was called."""
    state = draw(st.sampled_from(State))
    if state in (State.CLOSED, State.LISTEN):
        return Tcb(state=state)
    iss, written = draw(NUMBERS), 0
    tcb = Tcb(state=state, iss=iss)
    tcb.snd = Send(una=iss, nxt=SEQ.plus(iss, 1))
    tcb.rcv = Receive(wnd=WINDOW)
    if state == State.SYN_SENT:
        return tcb
    tcb.irs = draw(NUMBERS)
    if state == State.SYN_RECEIVED:
        tcb.passive = draw(st.booleans())
        tcb.held_text = draw(st.sampled_from([0, 0, 3]))
    else:
        written = draw(st.sampled_from([0, 1, 1460]))
    tcb.closing = state not in (State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSE_WAIT)
    tcb.written = written
    tcb.snd.nxt = SEQ.plus(iss, 1 + written + tcb.closing)
    if state != State.SYN_RECEIVED:
        acked = state in (State.FIN_WAIT_2, State.TIME_WAIT) or draw(st.booleans())
        tcb.snd.una = tcb.snd.nxt if acked else SEQ.plus(iss, 1)
    tcb.rcv.nxt = tcb.rcv.up = SEQ.plus(tcb.irs, draw(st.sampled_from([1, 2, 700])))
    if tcb.held_text:
        tcb.rcv.nxt = tcb.rcv.up = SEQ.plus(tcb.irs, 1)
    tcb.time_wait = draw(st.sampled_from([0, 240_000])) if state == State.TIME_WAIT else 0
    return tcb


INPUTS = [
    Input.SEGMENT, Input.SEGMENT, Input.SEGMENT, Input.OPEN_ACTIVE, Input.OPEN_PASSIVE, Input.CLOSE,
    Input.ABORT, Input.RETRANSMISSION_TIMEOUT, Input.USER_TIMEOUT, Input.TIME_WAIT_TIMEOUT,
]  # fmt: skip


STEPPERS = {"rfc": RememberedStepper(RFC), "linux": RememberedStepper(LINUX)}


@settings(max_examples=1500, deadline=None)
@given(tcbs(), st.sampled_from(INPUTS), NEAR, NEAR, FLAGS, st.sampled_from([0, 1, 100]), NUMBERS)
def test_translated_steps_are_steps(tcb, what, seq, ack, ctl, text, isn):
    """A remembered step, from other numbers, is the specification's own, under some rules."""
    seg = None
    if what == Input.SEGMENT:
        theirs = tcb.rcv.nxt if tcb.irs or tcb.rcv.nxt else isn
        seg = Segment(SEQ.plus(theirs, seq), SEQ.plus(tcb.snd.nxt, ack), text=text, ctl=ctl)
        seg.ack = seg.ack if ctl.ack else 0
    for name, behaviour in (("rfc", RFC), ("linux", LINUX)):
        wanted = set()
        for rules in (behaviour.base, *(r for _, r in behaviour.alternatives)):
            one = with_tcb(clone(tcb))
            effects = happen(one, what, seg, isn, rules, BOUNDS)
            if effects.possible:
                if one.tcb.rcv.wnd:
                    one.tcb.rcv.wnd, one.tcb.rcv.push = WINDOW, False
                one.tcb.rcv.up = one.tcb.rcv.nxt
                wanted.add((key(one.tcb), tuple(key(bare(s)) for s in effects.sent)))
        found = STEPPERS[name].steps(Candidate(clone(tcb)), what, 1, 0.0, seg, isn)
        assert {(key(f.to.tcb), tuple(key(s) for s in f.sent)) for f in found} == wanted


def bare(seg: Segment) -> Segment:
    """As a capture shows it: no window, no urgent pointer, no label."""
    ctl = Control(ack=seg.ctl.ack, rst=seg.ctl.rst, syn=seg.ctl.syn, fin=seg.ctl.fin)
    return Segment(seg.seq, seg.ack, text=seg.text, ctl=ctl)
