"""What the watcher of a data plane takes for a step of the lifecycle, and what it does not."""

import dataclasses
from collections.abc import Callable

import pytest

from spec.observe.ghosts import Ghost
from spec.observe.refinement import Refinement, refines
from spec.observe.sights import BLIND
from spec.observe.watcher import Moment
from spec.rules import Persist, Rules
from spec.tcp import host
from spec.tcp.context import Tcp
from spec.tcp.host import Host, Socket
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import State, Tcb, blank
from spec.world.bounds import Bounds
from spec.world.records import clone, key

BOUNDS = Bounds(
    width=5, window=4, octets=8, write=4, mss=2, transfer=True, clamp=8, initial_window=2, span=2
)


def tcb(state: State = State.ESTABLISHED, **more: int) -> Tcb:
    """An end with ISS 3 and IRS 20, of which four octets of six are in flight, and the peer's
    window is full."""
    end = Tcb(state=state, iss=3, irs=20, written=6, transfers=(blank(4),))
    end.snd.una, end.snd.nxt, end.snd.wnd, end.snd.wl1, end.snd.wl2 = 4, 8, 4, 21, 4
    end.rcv.nxt, end.rcv.wnd, end.rcv.up = 21, 4, 21
    (transfer,) = end.transfers
    transfer.nxt, transfer.largest, transfer.cwnd, transfer.ssthresh = 8, 4, 6, 8
    transfer.recover = 3
    for name, value in more.items():
        part = end.snd if hasattr(end.snd, name) else end
        part = transfer if hasattr(transfer, name) and name != "nxt" else part
        setattr(part, name, value)
    return end


def step(
    before: Tcb,
    what: Input,
    seg: Segment | None = None,
    bounds: Bounds = BOUNDS,
    clock: int = 0,
    **rules: object,
) -> Moment:
    """One step of an end, by the rules."""
    after = clone(before)
    socket = Socket(after)
    tcp = Tcp(Rules(**rules), bounds, 12)  # type: ignore[arg-type]
    tcp.clock = clock
    host.step(Host((socket,)), socket, what, seg, tcp)
    return Moment(before, after, what, seg, False, tcp, BLIND)


def ack(at: int = 21, of: int = 6, wnd: int = 4, text: int = 0, fin: bool = False) -> Segment:
    return Segment(at, of, wnd, text=text, ctl=Control(ack=True, fin=fin))


def idle(state: State = State.ESTABLISHED, **more: int) -> Tcb:
    """The same, with nothing in flight and two octets queued."""
    return tcb(state, **{"una": 8, "recover": 8, **more})


def shut(**more: int) -> Tcb:
    """... and the window is shut."""
    return idle(wnd=0, **more)


def holding() -> Tcb:
    """An end that holds the second and third octet of its window."""
    end = tcb()
    end.transfers[0].places[1].here = end.transfers[0].places[2].here = True
    return end


def gap(*held: int, wnd: int = 4, places: int = 4) -> Tcb:
    """An end that holds these places of its window."""
    end = tcb()
    end.transfers = (blank(places),)
    end.rcv.wnd = wnd
    for n in held:
        end.transfers[0].places[n].here = True
    return end


def read() -> Tcb:
    """An end with two octets for the user."""
    end = tcb()
    end.rcv.wnd, end.rcv.push, end.transfers[0].unread = 2, True, 2
    end.rcv.nxt, end.rcv.up = 23, 21
    return end


STEPS: dict[str, Callable[[], Moment]] = {
    "an ACK lets text out": lambda: step(tcb(), Input.SEGMENT, ack()),
    "an ACK of all": lambda: step(tcb(), Input.SEGMENT, ack(of=8)),
    "a duplicate ACK": lambda: step(tcb(duplicates=2, recover=3), Input.SEGMENT, ack(of=4)),
    "SEND": lambda: step(idle(), Input.SEND),
    "timeout": lambda: step(tcb(), Input.RETRANSMISSION_TIMEOUT),
    "timeout of FIN": lambda: step(
        tcb(State.FIN_WAIT_1, una=10, nxt=11, closing=True), Input.RETRANSMISSION_TIMEOUT
    ),
    "probe": lambda: step(shut(), Input.RETRANSMISSION_TIMEOUT),
    "override": lambda: step(idle(wnd=1, largest=4), Input.OVERRIDE_TIMEOUT),
    "ACK timer": lambda: step(tcb(due=1), Input.ACK_TIMEOUT),
    "ACK timer with room": lambda: step(tcb(nxt=6, due=1), Input.ACK_TIMEOUT),
    "text": lambda: step(tcb(), Input.SEGMENT, ack(of=4, text=1)),
    "text out of order": lambda: step(tcb(), Input.SEGMENT, ack(at=22, of=4, text=2)),
    "text that fills a gap": lambda: step(holding(), Input.SEGMENT, ack(of=4, text=1)),
    "text at the edge of the window": lambda: step(tcb(), Input.SEGMENT, ack(24, 4, text=1)),
    "text across the edge": lambda: step(gap(wnd=3), Input.SEGMENT, ack(23, 4, text=2)),
    "text that fills a small gap": lambda: step(gap(1), Input.SEGMENT, ack(of=4, text=1)),
    "text that fills no place": lambda: step(
        gap(1, places=2), Input.SEGMENT, ack(of=4, text=1), dataclasses.replace(BOUNDS, place=2)
    ),
    "text into what is held": lambda: step(
        gap(0, places=2), Input.SEGMENT, ack(of=4, text=1), dataclasses.replace(BOUNDS, place=2)
    ),
    "text, nothing to send": lambda: step(idle(written=4), Input.SEGMENT, ack(of=8, text=1)),
    "timeout, a narrow window": lambda: step(tcb(wnd=2), Input.RETRANSMISSION_TIMEOUT),
    "CLOSE before the last octet": lambda: step(tcb(State.CLOSE_WAIT, nxt=9, wnd=5), Input.CLOSE),
    "OPEN with a clock": lambda: step(
        Tcb(transfers=(blank(4),)),
        Input.OPEN_ACTIVE,
        None,
        dataclasses.replace(BOUNDS, stamps=4),
        2,
    ),
    "RECEIVE": lambda: step(read(), Input.RECEIVE),
    "RECEIVE of a part": lambda: step(
        read(), Input.RECEIVE, bounds=dataclasses.replace(BOUNDS, read=1)
    ),
    "CLOSE": lambda: step(idle(), Input.CLOSE),
    "CLOSE after FIN": lambda: step(idle(State.CLOSE_WAIT), Input.CLOSE),
    "CLOSE that waits": lambda: step(tcb(State.CLOSE_WAIT), Input.CLOSE),
    "FIN": lambda: step(tcb(), Input.SEGMENT, ack(of=4, fin=True)),
    "ABORT": lambda: step(tcb(), Input.ABORT),
    "a SYN is challenged": lambda: step(
        tcb(), Input.SEGMENT, Segment(22, ctl=Control(syn=True), wnd=4)
    ),
    "OPEN": lambda: step(Tcb(transfers=(blank(4),)), Input.OPEN_ACTIVE),
    "crash": lambda: step(tcb(), Input.CRASH),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_of_a_data_plane_is_one_of_the_lifecycle(name: str) -> None:
    m, ghost = STEPS[name](), Ghost()
    assert refines(m)
    Refinement().stepped(ghost, m)
    assert not ghost.strayed


@pytest.mark.parametrize("name", STEPS)
def test_watching_changes_nothing(name: str) -> None:
    m = STEPS[name]()

    def seen() -> tuple[object, ...]:
        seg = None if m.seg is None else key(m.seg)
        said = tuple(m.tcp.signals), tuple(m.tcp.cited), m.tcp.made, m.tcp.drew_isn
        return key(m.before), key(m.after), seg, key(tuple(m.tcp.sent)), said

    was = seen()
    refines(m)
    assert seen() == was


def test_what_strayed_is_never_forgotten() -> None:
    ghost = Ghost()
    Refinement().stepped(ghost, step(tcb(), Input.SHRINK))
    Refinement().stepped(ghost, STEPS["SEND"]())
    assert ghost.strayed


def set_(part: str, name: str, value: object) -> Callable[[Moment], None]:
    """A field of the TCB, of its ``part``, has another value after the step."""

    def change(m: Moment) -> None:
        owner = getattr(m.after, part) if part else m.after
        assert getattr(owner, name) != value
        setattr(owner, name, value)

    return change


def sent(which: int, **more: object) -> Callable[[Moment], None]:
    """A segment that was sent is another."""

    def change(m: Moment) -> None:
        seg = m.tcp.sent[which]
        for name, value in more.items():
            owner = seg.ctl if hasattr(seg.ctl, name) and name != "ack" else seg
            assert getattr(owner, name) != value
            setattr(owner, name, value)

    return change


def also(seq: int, wnd: int = 4, acks: int = 21, **more: int) -> Callable[[Moment], None]:
    """One more is sent."""

    def change(m: Moment) -> None:
        text, rest = more.get("text", 0), {k: bool(v) for k, v in more.items() if k != "text"}
        m.tcp.send(Segment(seq, acks, wnd, text=text, ctl=Control(**{"ack": True, **rest})))

    return change


def silent(m: Moment) -> None:
    m.tcp.sent.clear()


def holds(n: int) -> Callable[[Moment], None]:
    def change(m: Moment) -> None:
        m.after.transfers[0].places[n].here = True

    return change


def moved(*changes: Callable[[Moment], None], nxt: int) -> Callable[[Moment], None]:
    """These changes, and SND.NXT goes along."""

    def change(m: Moment) -> None:
        for one in changes:
            one(m)
        m.after.snd.nxt = nxt

    return change


def further(octets: int) -> Callable[[Moment], None]:
    """More is taken, by RCV.NXT and the window."""

    def change(m: Moment) -> None:
        m.after.rcv.nxt, m.after.rcv.wnd = m.after.rcv.nxt + octets, m.after.rcv.wnd - octets
        for seg in m.tcp.sent:
            seg.ack, seg.wnd = m.after.rcv.nxt, m.after.rcv.wnd

    return change


def opens(wnd: int) -> Callable[[Moment], None]:
    """RECEIVE offers another window, and says so."""

    def change(m: Moment) -> None:
        m.after.rcv.wnd = m.tcp.sent[0].wnd = wnd

    return change


def hole(m: Moment) -> None:
    """Text goes in the window, but an octet before it was never sent."""
    also(7, text=1)(m)
    m.after.snd.nxt = 8


def early_fin(m: Moment) -> None:
    """FIN goes before the text has."""
    also(10, fin=1)(m)
    m.after.snd.nxt, m.after.state = 11, State.LAST_ACK


def told(m: Moment) -> None:
    m.tcp.signal("error: connection reset")


def made(m: Moment) -> None:
    m.tcp.made = not m.tcp.made


def drew(m: Moment) -> None:
    m.tcp.drew_isn = not m.tcp.drew_isn


WRONG: dict[str, tuple[str, Callable[[Moment], None]]] = {
    "another state": ("SEND", set_("", "state", State.FIN_WAIT_1)),
    "SND.UNA elsewhere": ("an ACK lets text out", set_("snd", "una", 5)),
    "SND.NXT further than what was sent": ("SEND", set_("snd", "nxt", 13)),
    "SND.NXT back": ("timeout", set_("snd", "nxt", 6)),
    "SND.WND": ("an ACK lets text out", set_("snd", "wnd", 3)),
    "SND.WL1": ("an ACK lets text out", set_("snd", "wl1", 20)),
    "more was written": ("SEND", set_("", "written", 12)),
    "RCV.NXT over what never came": ("text", set_("rcv", "nxt", 23)),
    "RCV.NXT not moved": ("text that fills a gap", set_("rcv", "nxt", 21)),
    "RCV.NXT beyond what was held": ("text that fills a gap", set_("rcv", "nxt", 25)),
    "the right edge moved": ("text that fills a gap", set_("rcv", "wnd", 2)),
    "RCV.NXT moved by RECEIVE": ("RECEIVE", set_("rcv", "nxt", 24)),
    "a window wider than the buffer": ("RECEIVE", set_("rcv", "wnd", 5)),
    "a window that shrinks": ("RECEIVE", set_("rcv", "wnd", 1)),
    "RCV.UP too far": ("RECEIVE", set_("rcv", "up", 24)),
    "a push out of nowhere": ("CLOSE", set_("rcv", "push", True)),
    "span": ("probe", set_("", "span", 1)),
    "held beyond the window": ("text that fills a gap", holds(3)),
    "held though it did not come": ("text out of order", holds(3)),
    "held though nothing came": ("SEND", holds(1)),
    "text below SND.UNA": ("an ACK lets text out", also(5, text=1)),
    "text beyond SND.NXT": ("an ACK lets text out", also(11, text=1)),
    "text beyond the window": ("timeout", also(8, text=1)),
    "... the end of it": ("timeout", also(7, text=2)),
    "text with a hole before it": ("ACK timer with room", hole),
    "FIN with a hole before it": ("CLOSE that waits", early_fin),
    "FIN an octet too early": (
        "CLOSE before the last octet",
        moved(also(10, fin=1), set_("", "state", State.LAST_ACK), nxt=11),
    ),
    "an octet beyond the window": ("timeout", moved(also(8, text=1), nxt=9)),
    "more than is in flight": ("timeout, a narrow window", moved(also(7, text=2), nxt=9)),
    "an octet that was not written": ("an ACK of all", moved(also(9, text=2), nxt=11)),
    "a window an octet narrower": ("RECEIVE", opens(1)),
    "a window an octet wider": ("RECEIVE", opens(5)),
    "an octet that was not held": ("text that fills a small gap", further(1)),
    "a place behind one that is not full": ("text that fills no place", further(2)),
    "half of a place": ("text into what is held", further(1)),
    "... and the next": ("text into what is held", further(2)),
    "an octet before what came": ("text out of order", holds(0)),
    "an octet beyond the edge": ("text across the edge", holds(3)),
    "text that was not written": ("an ACK of all", also(9, text=2)),
    "two octets into a shut window": ("probe", sent(0, text=2)),
    "FIN before CLOSE": ("an ACK of all", also(10, fin=1)),
    "FIN before the last octet": ("CLOSE that waits", also(8, fin=1)),
    "another RCV.NXT acknowledged": ("ACK timer", sent(0, ack=20)),
    "another window told": ("ACK timer", sent(0, wnd=3)),
    "an ACK elsewhere": ("ACK timer", sent(0, seq=7)),
    "text without an ACK": ("SEND", also(8, text=1, ack=0)),
    "a reset out of nowhere": ("ACK timer", also(8, rst=1)),
    "a SYN out of nowhere": ("ACK timer", also(8, syn=1)),
    "text in a reset": ("timeout", also(4, text=1, rst=1)),
    "no reset": ("ABORT", silent),
    "no SYN": ("OPEN", silent),
    "another SYN": ("OPEN", sent(0, seq=13)),
    "a SYN that says more": ("OPEN", sent(0, urg=True)),
    "the user told": ("SEND", told),
    "a TCB made": ("SEND", made),
    "an ISN drawn": ("SEND", drew),
    "no FIN, and LAST-ACK": ("CLOSE that waits", set_("", "state", State.LAST_ACK)),
    "FIN, and no LAST-ACK": ("CLOSE after FIN", set_("", "state", State.CLOSE_WAIT)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_step_that_the_lifecycle_does_not_have_is_none(name: str) -> None:
    of, change = WRONG[name]
    m = STEPS[of]()
    change(m)
    assert not refines(m)


MAY: dict[str, tuple[str, Callable[[Moment], None]]] = {
    "no ACK": ("text", silent),
    "an ACK": ("SEND", also(8)),
    "an ACK after it": ("an ACK lets text out", also(10)),
    "what is in flight again": ("timeout", also(6, text=2)),
    "what a narrow window has no room for, again": ("timeout, a narrow window", also(6, text=2)),
    "an ACK after FIN": ("timeout of FIN", also(11)),
    "an ACK while idle": ("text, nothing to send", also(8)),
    "less of it": ("timeout", also(5, text=1)),
    "the old window told with it": ("RECEIVE", also(4, text=1, wnd=2, acks=23)),
    "what is held forgotten": (
        "text out of order",
        lambda m: setattr(m.after.transfers[0].places[1], "here", False),
    ),
    "a window that opens by less": ("RECEIVE", opens(3)),
    "a push that is still seen": ("RECEIVE", set_("rcv", "push", True)),
}


@pytest.mark.parametrize("name", MAY)
def test_what_a_data_plane_may_choose(name: str) -> None:
    of, change = MAY[name]
    m = STEPS[of]()
    change(m)
    assert refines(m)


def test_wrong_rules_are_seen() -> None:
    assert not refines(step(idle(wnd=1), Input.SEND, peer_window=False))
    assert not refines(step(tcb(), Input.RETRANSMISSION_TIMEOUT, nxt_kept=False))
    probed = shut(una=7)
    assert refines(step(probed, Input.RETRANSMISSION_TIMEOUT))
    assert not refines(step(probed, Input.RETRANSMISSION_TIMEOUT, persist=Persist.NEW))
    assert not refines(step(tcb(), Input.SHRINK))
