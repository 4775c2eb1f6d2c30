"""Why something was sent again."""

import pytest

from checker.dataplane.facts import Kind
from checker.dataplane.sending import Sending
from tests.helpers.transfer import PERMITTED, SIZE, Transfer, sack


def kinds(way: Sending) -> list[Kind]:
    return [one.kind for one in way.resends]


def flying(**how) -> Transfer:
    """Ten segments, of which the first was acknowledged."""
    return Transfer(**how).send(*range(1, 11)).after(0.1).ack(2)


def test_three_duplicate_acks_ask_for_it():
    made = flying().ack(2).ack(2).ack(2).after(0.001).send(2)
    (one,) = made.done().resends
    assert (one.kind, one.before, one.duplicates) == (Kind.FAST, 5, (15, 16, 17))
    assert one.first and one.waited == pytest.approx(0.101)


def test_two_do_not():
    made = flying().ack(2).ack(2).after(0.001).send(2)
    assert kinds(made.done()) == [Kind.UNKNOWN]


def test_sack_asks_for_it():
    made = flying(options=PERMITTED).ack(2, options=sack(4001, 6001)).after(0.001).send(2)
    (one,) = made.done().resends
    assert (one.kind, one.sacked) == (Kind.SACK, 2000)


def test_a_recovery_goes_on_until_all_is_acknowledged():
    made = flying().ack(2).ack(2).ack(2).send(2).after(0.1).ack(4).send(4).after(0.1).ack(11)
    way = made.done()
    assert kinds(way) == [Kind.FAST, Kind.RECOVERY]
    (episode,) = way.episodes
    assert (episode.kind, episode.packet) == (Kind.FAST, 18) and episode.ended is not None


def test_nothing_asked_for_it():
    made = flying().after(1.1).send(2)
    (one,) = made.done().resends
    assert one.kind is Kind.TIMEOUT and one.waited == pytest.approx(1.2)


def test_dup_acks_of_long_ago_did_not_ask_for_it():
    made = flying().ack(2).ack(2).ack(2).after(1.1).send(2)
    way = made.done()
    assert kinds(way) == [Kind.TIMEOUT]
    assert [one.what for one in way.ignored] == ["a timeout sent it again"]


def test_after_a_timeout_the_rest_is_sent_again_in_recovery():
    made = flying().after(1.1).send(2).after(0.1).ack(3).send(3, 4).after(0.1).ack(5).send(5)
    assert kinds(made.done()) == [Kind.TIMEOUT, *[Kind.RECOVERY] * 3]


def test_timeouts_one_after_the_other():
    made = flying().after(1.1).send(2).after(2.2).send(2).after(4.4).send(2)
    way = made.done()
    assert kinds(way) == [Kind.TIMEOUT] * 3
    assert [round(one.waited or 0, 6) for one in way.resends] == [1.2, 2.2, 4.4]


def test_the_last_may_be_a_tail_loss_probe_if_sack_is_in_use():
    for options, kind in ((PERMITTED, Kind.TAIL), (b"", Kind.TIMEOUT)):
        made = flying(options=options).after(0.15).send(10)
        found = made.done().resends
        assert [one.kind for one in found] == [kind if options else Kind.UNKNOWN]
    alone = Transfer(options=PERMITTED).send(1).after(0.25).send(1).after(0.5).send(1).done()
    assert kinds(alone) == [Kind.TAIL, Kind.TIMEOUT]


def test_the_same_packet_is_a_copy():
    made = Transfer().send(1, ident=7).send(1, ident=7)
    way = made.done()
    assert way.copies == 1 and not way.resends
    made = Transfer().send(1, ident=7).after(0.001).send(1, ident=8)
    assert made.done().copies == 0 and len(made.plane.ways[0].resends) == 1
    # A stack may use the number again (RFC 9293 3.8.1, MAY-4).
    made = Transfer().send(1, ident=7).after(1.0).send(1, ident=7)
    assert kinds(made.done()) == [Kind.TIMEOUT]


def test_without_a_number_what_comes_at_once_is_a_copy():
    assert Transfer().send(1).after(0.0001).send(1).done().copies == 1
    assert Transfer().send(1).after(0.05).send(1).done().copies == 0


def test_what_was_acknowledged_is_needless_as_seen_from_here():
    made = Transfer().send(1).after(0.1).ack(2).after(0.9).send(1)
    (one,) = made.done().resends
    assert one.acked and one.kind is Kind.TIMEOUT and one.waited == pytest.approx(1.0)


def test_a_duplicate_sack_says_that_it_was_needless():
    made = flying(options=PERMITTED).after(1.1).send(2).after(0.1).ack(11, options=sack(1001, 2001))
    (one,) = made.done().resends
    assert one.needless


def test_below_a_gap_what_comes_at_once_was_swapped():
    """Captured where A takes 80 ms to answer: it cannot have been asked yet."""
    made = Transfer(back=0.08).send(1, 3).after(0.01).send(2)
    (one,) = made.done().late
    assert one.reordered is True and made.plane.ways[0].lacks == 0
    made = Transfer(back=0.08).send(1, 3).after(0.5).send(2)
    assert made.done().late[0].reordered is False
    made = Transfer(back=0.08).send(1, 3).after(0.1).send(2)
    assert made.done().late[0].reordered is None


def test_the_packets_numbers_say_which_was_sent_first():
    for ident, reordered in ((10, True), (12, False)):
        made = Transfer().send(1, ident=9).send(3, ident=11).after(0.001).send(2, ident=ident)
        assert made.done().late[0].reordered is reordered


def test_sizes_do_not_matter():
    made = flying().after(1.1)
    made(made.wire.packets[3].src, 16, 100 + SIZE, 300, text=10)  # less of it
    assert kinds(made.done()) == [Kind.TIMEOUT]
