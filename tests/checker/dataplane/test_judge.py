"""Each check: what holds, what deviates, what is not judged, and that a fault is noticed."""

import pytest

from checker.capture import Packet
from checker.capture.segments import ACK, RST, SYN
from checker.dataplane.judge import (
    BREAKS,
    DEPARTS,
    DEVIATES,
    HOLDS,
    IDLE,
    NOTED,
    UNJUDGED,
    Timing,
    judge,
)
from checker.dataplane.plane import Plane
from checker.dataplane.sending import Room
from tests.helpers.transfer import LOSSY, PERMITTED, Transfer, sack, watched
from tests.helpers.wire import A

LINUX = Timing(0.2, 4)
CHECKS = {
    "window", "shrinking", "zero window", "timeout", "back-off", "fast retransmit", "same octets",
    "silly windows",
}  # fmt: skip


def test_window():
    assert Transfer().judged("window").verdict == IDLE
    assert Transfer().send(1).judged("window").verdict == HOLDS
    found = Transfer(wnd=1000).send(1, 2).judged("window")
    assert found.verdict == DEVIATES
    (one,) = found.found
    assert (one.level, one.packet) == (BREAKS, 5) and "1000 octets" in one.text


def test_window_in_doubt():
    # The next ACK allows it: the capture may lack another, unless it was taken at its sender.
    def made(at: int | None) -> Transfer:
        return Transfer(wnd=1000, at=at).send(1, 2).ack(2, wnd=5000)

    assert made(None).judged("window").verdict == UNJUDGED
    assert made(0).judged("window").verdict == DEVIATES
    # It is known to lack segments.
    assert Transfer(wnd=2000).send(1, 3).judged("window").verdict == UNJUDGED


def test_new_text_beyond_a_shrunk_window_is_judged_at_its_sender():
    def made(at: int | None) -> Transfer:
        return Transfer(wnd=9000, at=at).send(1).ack(2, wnd=1000).after(0.1).send(2, 3)

    found = made(0).judged("window")
    assert found.verdict == DEVIATES and "SHLD-15" in found.found[0].section
    assert made(None).judged("window").verdict == HOLDS


def test_shrinking_is_a_note():
    found = Transfer(wnd=9000).send(1).ack(2, wnd=1000).judged("shrinking")
    assert found.verdict == NOTED and found.found[0].text.startswith("the right edge moves 7000")
    assert Transfer(wnd=9000).send(1).ack(2, wnd=8000).judged("shrinking").verdict == HOLDS


def stalled(*waits: float, at: int | None = 0, answer: int = 3) -> Transfer:
    """The window is zero; A probes it after ``waits``."""
    made = Transfer(wnd=2000, at=at).send(1, 2).ack(3, wnd=0)
    for wait in waits:
        made.after(wait)(A, ACK, 2099, 300).ack(answer, wnd=0)
    return made


def test_probes():
    assert stalled(1.0, 2.0, 4.0, 8.0).judged("zero window").verdict == HOLDS
    early = stalled(0.4, 0.8).judged("zero window")
    assert early.verdict == DEVIATES and "SHLD-29" in early.found[0].section
    assert "400 ms" in early.found[0].text
    assert stalled(0.4, 0.8).judged("zero window", LINUX).verdict == HOLDS
    steady = stalled(1.0, 1.0, 1.0, 1.0).judged("zero window")
    assert steady.verdict == DEVIATES and "SHLD-30" in steady.found[0].section
    assert stalled(60.0, 60.0, 60.0).judged("zero window").verdict == HOLDS  # the largest timeout
    assert Transfer().send(1).judged("zero window").verdict == IDLE


def test_who_gives_up_though_probes_are_answered_is_noted():
    made = stalled(1.0, 2.0)
    found = made.after(1.0)(A, ACK | RST, 2100, 300).judged("zero window")
    assert found.verdict == NOTED and "MUST-37" in found.found[0].section
    assert stalled(1.0, 2.0).judged("zero window").verdict == HOLDS


def test_no_probe():
    def made(lasted: float, at: int | None, waits: float = 0.001) -> Transfer:
        found = stalled(at=at).after(lasted).ack(3, wnd=9000).after(waits)
        return found.send(3)

    assert made(1.0, 0).judged("zero window").verdict == IDLE  # none was due
    found = made(20.0, 0).judged("zero window")
    assert (found.verdict, found.found[0].level) == (DEVIATES, DEPARTS)
    found = made(200.0, 0).judged("zero window")
    assert (found.verdict, found.found[0].level) == (DEVIATES, BREAKS)
    assert "MUST-36" in found.found[0].section
    # It may have had nothing to send; or the capture is elsewhere, where a probe may not come.
    assert made(200.0, 0, waits=5.0).judged("zero window").verdict == UNJUDGED
    assert made(20.0, None).judged("zero window").verdict == UNJUDGED
    assert stalled().after(200.0).ack(3, wnd=0).judged("zero window").verdict == UNJUDGED


def test_a_timeout_that_is_too_short():
    def made(wait: float) -> Transfer:
        return Transfer().send(*range(1, 9)).after(wait).send(1)

    assert made(1.0).judged("timeout").verdict == HOLDS
    found = made(0.25).judged("timeout")
    (one,) = found.found
    assert (found.verdict, one.level, one.packet) == (DEVIATES, DEPARTS, 12)
    assert "250 ms after packet 4" in one.text and "no duplicate ACK" in one.text
    assert made(0.25).judged("timeout", LINUX).verdict == HOLDS
    assert made(0.1).judged("timeout", LINUX).verdict == DEVIATES
    assert Transfer().send(1).judged("timeout").verdict == IDLE


def test_three_duplicate_acks_excuse_it_and_so_does_sack():
    asked = Transfer().send(*range(1, 9)).after(0.1).ack(2).ack(2).ack(2).ack(2).send(2)
    assert asked.judged("timeout").verdict == IDLE
    asked = Transfer(options=PERMITTED).send(*range(1, 9)).after(0.1)
    asked.ack(2, options=sack(2001, 4001)).send(2)
    assert asked.judged("timeout").verdict == IDLE


def test_a_tail_loss_probe_is_a_note():
    found = Transfer(options=PERMITTED).send(1).after(0.25).send(1).judged("timeout")
    assert found.verdict == NOTED and found.found[0].section == "RFC 8985 7"


def test_where_the_capture_lacks_segments_a_timeout_is_not_judged():
    made = Transfer().send(1, 2, 3, 5).after(0.25).send(1)
    assert made.judged("timeout").verdict == UNJUDGED


def test_the_first_timeout_of_a_syn():
    for wait, verdict in ((1.0, HOLDS), (0.5, DEVIATES)):
        plane = Plane(Room())
        made = Transfer()
        made.plane, made.wire.packets = plane, []
        made(A, SYN, 99).after(wait)(A, SYN, 99)
        assert made.judged("timeout").verdict == verdict


def syns(*waits: float) -> Transfer:
    made = Transfer()
    made.plane, made.wire.packets = Plane(Room()), []
    made(A, SYN, 99)
    for wait in waits:
        made.after(wait)(A, SYN, 99)
    return made


def test_timeouts_are_backed_off():
    assert syns(1, 2, 4, 8).judged("back-off").verdict == HOLDS
    found = syns(1, 1, 1, 1, 1, 2, 4).judged("back-off")
    assert (found.verdict, found.found[0].level, found.found[0].packet) == (DEVIATES, BREAKS, 3)
    # As Linux does since 6.5; but no longer than it does.
    assert syns(1, 1, 1, 1, 1, 2, 4).judged("back-off", LINUX).verdict == HOLDS
    assert syns(*[1] * 8).judged("back-off", LINUX).verdict == DEVIATES
    assert syns(1).judged("back-off").verdict == IDLE
    assert syns(30, 60, 60, 60).judged("back-off").verdict == HOLDS  # the largest timeout

    def text(*waits: float) -> str:
        made = Transfer().send(1, 2)
        for wait in waits:
            made.after(wait).send(1)
        return made.judged("back-off").verdict

    assert text(1.5, 2, 4) == HOLDS
    assert text(3, 2, 2) == DEVIATES
    assert text(3, 2) == IDLE  # the first says nothing


def test_an_ack_between_timeouts_begins_anew():
    made = Transfer().send(1, 2).after(1.5).send(1).after(2).send(1).after(4).send(1).after(0.1)
    made.ack(2).after(1.0).send(2).after(2.0).send(2)
    assert made.judged("back-off").verdict == HOLDS


def test_three_duplicate_acks_that_nobody_heeds_are_noted():
    def made() -> Transfer:
        return Transfer().send(*range(1, 9)).after(0.1).ack(2).ack(2).ack(2).ack(2)

    assert made().send(2).judged("fast retransmit").verdict == HOLDS
    found = made().after(1.5).send(2).judged("fast retransmit")
    assert found.verdict == NOTED and "a timeout sent it again" in found.found[0].text
    assert made().after(0.1).ack(9).judged("fast retransmit").verdict == NOTED
    assert Transfer().send(1).judged("fast retransmit").verdict == IDLE


def test_the_same_octets():
    def made(octets: bytes) -> Transfer:
        return Transfer().send(1, octets=b"abc").after(1).send(1, octets=octets)

    assert made(b"abc").judged("same octets").verdict == HOLDS
    found = made(b"abd").judged("same octets")
    (one,) = found.found
    assert (found.verdict, one.level) == (DEVIATES, BREAKS) and "octet 2" in one.text
    # The capture has only headers.
    assert Transfer().send(1).after(1).send(1).judged("same octets").verdict == UNJUDGED


def test_silly_windows_are_noted():
    made = Transfer(wnd=20_000).send(1).ack(2, wnd=100).ack(2, wnd=150)
    assert made.judged("silly windows").verdict == NOTED
    made = Transfer(wnd=20_000).send(1).ack(2)
    assert made.judged("silly windows").verdict == HOLDS


def test_at_an_end_that_end_alone_is_judged():
    made = Transfer(at=0).send(1).ack(2)
    made.plane.finish()
    found = judge(made.plane)
    assert {one.side for one in found} == {0} and {one.name for one in found} == CHECKS


def test_so_many_findings_are_told_and_the_others_counted():
    made = Transfer(wnd=1000).send(*range(1, 12))
    found = made.judged("window")
    assert len(found.found) == 5 and found.more == 5
    told = list(found.lines("A", verbose=False))
    assert told[0] == "data of A: window: deviates (11 judged): RFC 9293 3.8.6"
    assert told[-1] == "  and 5 more"
    assert not list(Transfer().send(1).judged("window").lines("A", verbose=False))


# Real captures


def test_linux_in_the_lab_holds_by_its_own_timers():
    for path in sorted(LOSSY.glob("*.pcap")):
        found = judge(watched(path), LINUX)
        assert not [one for one in found if one.verdict == DEVIATES], path


@pytest.mark.parametrize("name", ["tail_lost.A", "silence.A", "stalls.A"])
def test_and_departs_from_a_timeout_of_a_second(name: str):
    found = judge(watched(LOSSY / f"{name}.pcap"))
    bad = {one.name for one in found if one.verdict == DEVIATES}
    assert bad == {"zero window" if name == "stalls.A" else "timeout"}


def packets(name: str) -> list[tuple[int, Packet, bytes, int]]:
    """Of a capture: as they are put to a plane."""
    found: list[tuple[int, Packet, bytes, int]] = []

    class Listening(Plane):
        def take(self, side, p, text=b"", ident=0):
            found.append((side, p, text, ident))

    from tests.helpers import transfer

    usual, transfer.Plane = transfer.Plane, Listening  # type: ignore[misc]
    try:
        watched(LOSSY / f"{name}.pcap")
    finally:
        transfer.Plane = usual  # type: ignore[misc]
    return found


def verdicts(of: list[tuple[int, Packet, bytes, int]], timing: Timing = LINUX) -> dict[str, str]:
    plane = Plane(Room())
    for one in of:
        plane.take(*one)
    plane.finish()
    receivers = ("shrinking", "silly windows")
    found = judge(plane, timing)
    return {one.name: one.verdict for one in found if one.side == int(one.name in receivers)}


def _beyond(of):
    next(p for side, p, _, _ in of if side == 0 and p.text and p.number > 30).seq += 10**6


def _shrinks(of):
    one = [p for side, p, _, _ in of if side == 1 and not p.flags & SYN][5]
    one.wnd //= 4


def _probes_early(of):
    zero = next(p for side, p, _, _ in of if side == 1 and p.wnd == 0)
    probe = next(p for side, p, _, _ in of if side == 0 and p.number > zero.number)
    probe.time = zero.time + 0.05


def _sends_again_early(of):
    next(p for _, p, _, _ in of if p.number == 46).time = of[45 - 1][1].time + 0.1


def _differs(of):
    i = _again(of)
    side, p, text, ident = of[i]
    of[i] = side, p, b"\xff" + text[1:], ident


def _again(of) -> int:
    """Where text is sent again, first."""
    sent = [(i, p.seq) for i, (side, p, _, _) in enumerate(of) if side == 0 and p.text]
    return next(i for k, (i, seq) in enumerate(sent) if seq in {s for _, s in sent[:k]})


def _ignores(of):
    """The retransmission that three duplicate ACKs asked for is not there."""
    del of[_again(of)]


def _opens_by_little(of):
    zero = next(p for side, p, _, _ in of if side == 1 and p.wnd == 0)
    p = Packet(zero.number, zero.time, zero.src, zero.dst, zero.seq, zero.ack, ACK, 1, 0)
    place = next(i for i, one in enumerate(of) if one[1] is zero)
    of.insert(place + 1, (1, p, b"", 0))


@pytest.mark.parametrize(
    ("name", "fault", "check", "verdict"),
    [
        ("clean.A", _beyond, "window", (DEVIATES, UNJUDGED)),
        ("clean.A", _shrinks, "shrinking", (NOTED,)),
        ("stalls.A", _probes_early, "zero window", (DEVIATES,)),
        ("tail_lost.A", _sends_again_early, "timeout", (DEVIATES,)),
        ("one_lost.A", _differs, "same octets", (DEVIATES,)),
        ("one_lost.A", _ignores, "fast retransmit", (NOTED,)),
        ("stalls.A", _opens_by_little, "silly windows", (NOTED,)),
    ],
)
def test_a_fault_in_a_real_capture_is_noticed(name, fault, check, verdict):
    usual = packets(name)
    assert verdicts(usual)[check] in (HOLDS, IDLE)
    faulty = packets(name)
    fault(faulty)
    assert verdicts(faulty)[check] in verdict
