"""What the capture lost, and what is older than it: nobody is accused for what was not seen."""

import pytest

from checker.capture import Packet
from checker.capture.segments import ACK, FIN, RST, SYN
from checker.conform import follow, patience
from checker.conform.connection import Verdict
from checker.conform.shards import shard_of
from checker.conform.totals import unusual
from tests.helpers.wire import A, B, Wire, deviation, followed, verdicts


def only(wire: Wire):
    (found,) = followed(wire.packets)
    return found


def test_a_gap_that_the_senders_own_seq_proves():
    wire = Wire().opened()(B, ACK, 300, 150)(A, ACK, 150, 300, 10)(B, ACK, 300, 160)
    found = only(wire)
    assert found.verdict is Verdict.CONFORMS
    assert found.reason == "the capture lacks 50 octets that A sent"
    assert (found.lacks, found.octets) == ([50, 0], [10, 0])
    # Seen beyond a gap before it was acknowledged.
    found = only(Wire().opened()(A, ACK, 120, 300, 10)(B, ACK, 300, 130))
    assert (found.verdict, found.lacks) == (Verdict.CONFORMS, [20, 0])


def test_a_gap_that_nothing_proves():
    found = only(Wire().opened()(B, ACK, 300, 150))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "lacks 50 octets that packet 4 acknowledges, or A did not send them" in found.reason


def test_a_gap_that_is_none():
    """A goes on below what B acknowledged: A did not send it, and B is at fault."""
    found = deviation(Wire().opened()(B, ACK, 300, 150)(A, ACK, 100, 300))
    assert found.segment == 4 and "not seen to send" in found.rule
    assert verdicts(Wire().opened()(B, ACK, 300, 9999)) == ["deviates"]  # beyond the window
    ended = Wire().opened()(A, ACK | FIN, 100, 300)(B, ACK, 300, 130)
    assert verdicts(ended) == ["deviates"]  # beyond FIN


def test_life_goes_on_after_a_gap():
    """A's FIN was in what the capture lost, or came after it."""
    wire = Wire().opened()(A, ACK, 100, 300, 10)(B, ACK, 300, 150)(A, ACK | FIN, 150, 300)
    wire(B, ACK | FIN, 300, 151)(A, ACK, 151, 301)
    found = only(wire)
    assert found.verdict is Verdict.CONFORMS
    assert found.states == ["TIME-WAIT", "CLOSED"]
    wire = Wire().opened()(A, ACK, 100, 300, 10)(B, ACK, 300, 110)  # FIN 110 is lost
    wire(B, ACK, 300, 111)(B, ACK | FIN, 300, 111)(A, ACK, 111, 301)
    assert only(wire).states == ["TIME-WAIT", "CLOSED"]
    wire = Wire().opened()(A, ACK | FIN, 150, 300)(B, ACK, 300, 151)(B, ACK | FIN, 300, 151)
    found = only(wire(A, ACK, 151, 301))  # FIN is there, and the text before it is not
    assert (found.verdict, found.lacks) == (Verdict.CONFORMS, [50, 0])
    assert found.states == ["TIME-WAIT", "CLOSED"]


def test_the_handshake_lacks_its_second_segment():
    wire = Wire()(A, SYN, 99)(A, ACK, 100, 300)(A, ACK, 100, 300, 5)(B, ACK, 300, 105)
    found = only(wire)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "the SYN,ACK is not in the capture (B's ISN is 299)"
    assert found.states == ["ESTABLISHED", "ESTABLISHED"]
    late = Wire()(A, SYN, 99)(A, ACK, 100, 300)(B, SYN | ACK, 299, 100)(B, ACK, 300, 100)
    assert verdicts(late) == ["conforms"]
    assert verdicts(Wire()(A, SYN, 99)(A, ACK, 105, 300)) == ["inconclusive"]  # of one side only
    assert verdicts(Wire()(A, SYN, 99)(A, ACK, 105, 300)(B, ACK, 300, 105)) == ["deviates"]


def test_a_syn_is_missing():
    """Of a connection that uses the sockets again, and of two ends that both open."""
    wire = Wire().opened()(A, ACK | FIN, 100, 300)(B, ACK | FIN, 300, 101)(A, ACK, 101, 301)
    wire.time += 300
    wire(B, SYN | ACK, 8000, 5000)(A, ACK, 5000, 8001)
    assert verdicts(wire) == ["conforms", "inconclusive"]
    busy = Wire().opened()(B, SYN | ACK, 8000, 5000)
    assert verdicts(busy) == ["conforms", "deviates"]
    both = Wire()(A, SYN, 99)(A, SYN | ACK, 99, 300)(B, SYN | ACK, 299, 100)(A, ACK, 100, 300)
    assert verdicts(both) == ["inconclusive"]


def test_a_window_update_may_be_missing_where_others_are():
    wire = Wire().opened()(A, ACK, 120, 300, 10)(B, ACK, 300, 130)
    assert verdicts(wire(A, ACK, 130, 300, 1100)) == ["inconclusive"]
    assert verdicts(Wire().opened()(A, ACK, 100, 300, 1100)) == ["deviates"]


def windowed() -> Wire:
    """B has a window of 100, and acknowledges as it goes."""
    wire = Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100, wnd=100)(A, ACK, 100, 300)
    return wire(A, ACK, 100, 300, 50)(B, ACK, 300, 150, wnd=100)(A, ACK, 150, 300, 100)


def test_a_window_update_alone_is_missing():
    """One segment of B can have opened the window that A fills; more than that it cannot."""
    closed = windowed()(B, ACK, 300, 250, wnd=0)
    for wire in (
        windowed()(A, ACK, 250, 300, 60)(B, ACK, 300, 310, wnd=100),  # an ACK is missing
        windowed()(B, ACK, 300, 250, wnd=0)(A, ACK, 250, 300, 60)(B, ACK, 300, 310, wnd=0),
        windowed()(A, ACK, 250, 300, 60),
    ):
        found = only(wire)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "lies beyond the window: the capture lacks the segment of B" in found.reason
    # The rest is followed on, and judged.
    found = only(windowed()(A, ACK, 250, 300, 60)(B, ACK, 300, 310)(B, ACK, 300, 9_999_999))
    assert (found.verdict, found.deviation.segment) == (Verdict.DEVIATES, 9)
    # B says that the window is closed still; or another segment had to be missing; or B was
    # never seen to acknowledge text; or the window was never so wide.
    refuted = closed(A, ACK, 250, 300, 60)(B, ACK, 300, 250, wnd=0)
    assert deviation(refuted).segment == 8
    two = windowed()(A, ACK, 250, 300, 60)(A, ACK, 310, 300, 60)
    assert deviation(two).segment == 7
    silent = Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100, wnd=100)(A, ACK, 100, 300)
    assert deviation(silent(A, ACK, 100, 300, 100)(A, ACK, 200, 300, 1)).segment == 5
    assert deviation(windowed()(A, ACK, 250, 300, 101)).segment == 7


def test_the_third_segment_is_missing_with_text():
    """B acknowledges text that the capture lacks: so A's ACK of the SYN,ACK was there, too."""
    wire = Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100)(B, ACK, 300, 165)(B, ACK, 300, 165, 9)
    found = only(wire(A, ACK, 165, 309))
    assert found.verdict is Verdict.CONFORMS
    assert found.reason == "the capture lacks 65 octets that A sent"
    assert found.states == ["ESTABLISHED", "ESTABLISHED"]


def greeted(after: float) -> Wire:
    """B speaks first, and the capture has no ACK of its SYN; SYN,ACK came 10 ms after SYN."""
    wire = Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100)
    wire.time += after - wire.clock
    return wire(B, ACK, 300, 100, 9)


def test_the_third_segment_is_missing_and_the_server_speaks_first():
    """It can have been there, if the text came later than it takes."""
    found = only(greeted(0.02)(A, ACK, 100, 309)(A, RST | ACK, 100, 309))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "packet 3 has text" in found.reason and "it lacks the segment of A" in found.reason
    assert found.states == ["CLOSED or TIME-WAIT", "CLOSED"]
    # What comes after is judged.
    wrong = greeted(0.02)(A, ACK, 100, 309)(B, ACK, 309, 100)(B, ACK, 5, 100)
    assert deviation(wrong).segment == 6
    # There was no time for it; the capture has it too late; the end itself knows.
    assert deviation(greeted(0.01)(A, ACK, 100, 309)).segment == 3
    assert deviation(greeted(0.02)(A, ACK, 100, 300)(A, ACK, 100, 309)).segment == 3
    at_b = follow.Position(role="server")
    assert verdicts(greeted(0.02), position=at_b) == ["deviates"]


def test_the_first_syn_of_a_simultaneous_open_is_missing():
    wire = Wire()(B, SYN, 299)(A, SYN | ACK, 99, 300)(B, SYN | ACK, 299, 100)(A, ACK, 100, 300)
    found = only(wire(B, ACK, 300, 100)(A, ACK, 100, 300, 2)(B, ACK, 300, 102))
    assert found.verdict is Verdict.INCONCLUSIVE and "the SYN of B is not" in found.reason
    assert found.states == ["ESTABLISHED", "ESTABLISHED"]
    wrong = Wire()(B, SYN, 299)(A, SYN | ACK, 99, 300)(B, SYN | ACK, 299, 101)
    assert verdicts(wrong) == ["deviates"]


def test_an_old_duplicate_syn_begins_the_capture():
    """Both ends are in a connection from before, which their segments show."""
    for wire in (
        Wire()(A, SYN, 90)(B, ACK, 300, 5000)(A, ACK, 5000, 300, 5)(B, ACK, 300, 5005),
        Wire()(A, SYN, 99)(B, ACK, 300, 150)(A, ACK, 150, 300, 5)(B, ACK, 300, 155),
        Wire()(A, SYN, 99)(B, ACK, 300, 100)(B, ACK, 300, 100, 9)(A, ACK, 100, 309),
        Wire()(A, SYN, 90)(A, ACK, 500_000, 300, 5)(B, ACK, 300, 500_005),
    ):
        found = only(wire)
        assert found.verdict is Verdict.INCONCLUSIVE and "old duplicate" in found.reason
        assert "ESTABLISHED" in found.states[0] and "SYN-SENT" not in found.states[0]
    # At its own end a SYN is none, nor is one after other segments of the sockets.
    at_a = follow.Position(role="client")
    wire = Wire()(A, SYN, 90)(B, ACK, 300, 5000)(A, ACK, 5000, 300, 5)
    assert verdicts(wire, position=at_a) == ["deviates"]
    assert verdicts(Wire()(A, SYN, 99)(A, ACK, 105, 300)(B, ACK, 300, 105)) == ["deviates"]


def figure_9() -> Wire:
    """A has forgotten all, B has not: an ACK, a reset, and the SYN again."""
    wire = Wire()(A, SYN, 9000)(B, ACK, 300, 100)(A, RST, 100)(A, SYN, 9000)
    return wire(B, SYN | ACK, 7000, 9001)(A, ACK, 9001, 7001)


def test_a_peer_may_be_older_than_the_capture():
    found = followed(figure_9().packets)
    assert {c.verdict for c in found} == {Verdict.CONFORMS}
    assert "older than the capture" in "".join(str(e) for c in found for e in c.life)
    # In TIME-WAIT, with a FIN that is sent again, or in the midst of text.
    for one in (
        Wire()(A, SYN, 9000)(B, ACK | FIN, 300, 100),
        Wire()(A, SYN, 9000)(B, ACK, 300, 100, 50),
        Wire()(A, SYN, 9000)(B, RST | ACK, 300, 100),
        Wire()(A, SYN, 9000)(B, SYN | ACK, 299, 100)(A, RST, 100)(A, SYN, 9000),
    ):
        assert verdicts(one) == ["conforms"]


def test_an_older_connection_is_no_excuse():
    """Whoever opened is known; and what answers the SYN nearly right answers it wrongly."""
    assert "deviates" in verdicts(figure_9()(B, ACK, 300, 100))
    assert verdicts(Wire()(A, SYN, 9000)(B, ACK, 300, 9001)) == ["deviates"]
    assert verdicts(Wire()(A, SYN, 9000)(B, SYN | ACK, 300, 9002)) == ["deviates"]
    assert verdicts(Wire()(A, SYN, 9000)(B, RST | ACK, 0, 9000)) == ["deviates"]
    assert verdicts(Wire().opened()(B, ACK, 7777, 100)(A, ACK, 100, 300)) == ["deviates"]


def test_octets_behind_a_gap_count():
    wire = Wire().opened()(A, ACK, 100, 300, 5)(A, ACK, 115, 300, 10)(A, ACK, 120, 300, 10)
    found = only(wire(B, ACK, 300, 105))
    assert found.octets == [5 + 15, 0]
    assert only(wire(A, ACK, 105, 300, 10)(B, ACK, 300, 130)).octets == [30, 0]


@pytest.mark.parametrize("side", ["", "server"])
def test_a_new_connection_is_no_older_one(side):
    """A has forgotten all, B has not, and answers the SYN: from there on, B's state is known."""
    wire = Wire()(A, ACK, 100, 300, 5)(B, ACK, 300, 105)(A, SYN, 9000)(B, SYN | ACK, 7000, 9001)
    wire(A, ACK, 9001, 7001)(B, ACK, 1_007_001, 9001, 8)
    found = followed(wire.packets, position=follow.Position(role=side))
    assert [c.verdict.value for c in found] == ["inconclusive", "deviates"]
    assert "SYN never answered" not in unusual(found[0])
    wire = Wire().opened()(A, SYN, 9000)(B, SYN | ACK, 7000, 9001)
    for one in followed(wire.packets, position=follow.Position(role=side)):
        assert "SYN never answered" not in unusual(one)


def test_after_a_deviation_the_others_state_is_known_still():
    """B answers wrongly; A's SYN counts, and so does the rest."""
    wire = Wire()(A, SYN, 99)(B, SYN | ACK, 700, 102)(B, SYN | ACK, 299, 100)(A, ACK, 100, 300)
    wire(A, ACK, 100, 300, 5)(B, ACK, 300, 105)
    found = followed(wire.packets)
    assert [c.verdict.value for c in found] == ["deviates", "conforms"]
    assert found[1].states == ["ESTABLISHED", "ESTABLISHED"]


def test_in_mid_stream_the_beginning_is_missing_still():
    """A connection that was taken up in its midst ends; what B had before is not known."""
    wire = Wire()(A, ACK, 100, 300, 5)(B, ACK, 300, 105)(A, SYN, 9000)(B, ACK, 305, 105)
    wire(A, RST, 105)(A, SYN, 9000)(B, SYN | ACK, 7000, 9001)(A, ACK, 9001, 7001)
    assert "deviates" not in verdicts(wire)


@pytest.mark.parametrize("flags", [0, FIN, SYN | FIN, SYN | RST, RST | FIN, SYN | FIN | ACK])
def test_flags_that_no_state_sends(flags):
    for wire in (Wire(), Wire()(A, ACK, 100, 300, 5)(B, ACK, 300, 105), Wire().opened()):
        found = deviation(wire(A, flags, 105, 300))
        assert found.anywhere


def test_text_beyond_the_window_hides_nothing():
    """A deviation is told however much follows; and so is the end."""
    wire = Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100, wnd=100)(A, ACK, 100, 300)
    for i in range(60):
        wire(A, ACK, 100 + 50 * i, 300, 50)
    wire(A, ACK | FIN, 3100, 300)(B, ACK | FIN, 300, 3101)(A, ACK, 3101, 301)
    found = only(wire)
    assert found.deviation.segment == 6 and "3.8.6" in found.reason
    assert found.states == ["TIME-WAIT", "CLOSED"]


def nonsense() -> Wire:
    """Segments of A that have nothing to do with each other; then a new connection."""
    wire = Wire().opened()
    for i in range(60):
        wire(A, ACK, 100 + 7777777 * i, 300 + 9999999 * i, 5)
    return wire(A, SYN, 5)(B, SYN | ACK, 9, 6)(A, ACK, 6, 10)


def test_what_makes_no_sense_is_given_up(monkeypatch):
    """After so many segments that no state explains; the first is told all the same."""
    one, other = followed(nonsense().packets)
    assert (one.deviation.segment, one.given_up, other.verdict) == (5, False, Verdict.CONFORMS)
    monkeypatch.setattr(patience, "BEGIN", 30 * patience.REFUSED)
    one, other = followed(nonsense().packets)
    assert (one.verdict, one.deviation.segment) == (Verdict.DEVIATES, 5)
    assert other.verdict is Verdict.INCONCLUSIVE and "not explained" in other.reason


def test_one_pair_of_sockets_spends_what_others_do_not_have(monkeypatch):
    """Who makes sense is followed; who does not, is accused once, and nobody looks for more."""
    monkeypatch.setattr(patience, "BEGIN", 30 * patience.REFUSED)
    wire, other = nonsense(), Wire()(A, SYN, 99)(B, SYN | ACK, 299, 102)(A, ACK, 100, 300)
    fine = Wire().opened()(A, ACK, 100, 300, 5)(B, ACK, 300, 105)
    # Of the same shard, which has one account
    ports = (bytes((0, n)) for n in range(1, 256))
    same = [port for port in ports if shard_of(A[:4] + port, B) == shard_of(A, B)]
    for port, more in zip(same, (other, fine), strict=False):
        for p in more.packets:
            src, dst = (p.src[:4] + port, p.dst) if p.src == A else (p.src, p.dst[:4] + port)
            wire.packets.append(Packet(len(wire.packets) + 1, 9 + p.time, src, dst, p.seq, p.ack,
                                       p.flags, p.wnd, p.text, p.options))  # fmt: skip
    *_, accused, sane = followed(wire.packets)
    assert accused.deviation.segment == 68 and accused.given_up
    assert (sane.verdict, sane.given_up) == (Verdict.CONFORMS, False)
