"""What the watcher of silence records: how long, how many probes, and what was taken."""

import dataclasses

import pytest

from spec.observe.silence import Silence, patience
from spec.observe.streams import Streams
from spec.rules import KeepAlive, Rules
from spec.tcp.inputs import Input
from spec.tcp.segment_arrives import others
from spec.tcp.tcb import State
from spec.world import happen as world
from spec.world.endpoint import Endpoint
from tests.helpers.build import BOUNDS, endpoint, seg
from tests.helpers.rewrite import rewrite

ON = Rules(keep_alive=KeepAlive.OCTET)
TIMED = dataclasses.replace(BOUNDS, keep_alive_idle=4, keep_alive_interval=3, keep_alive_probes=2)
TICK, EXPIRE = Input.TICK, Input.KEEP_ALIVE_TIMEOUT


def happens(end: Endpoint, what: Input, segment: str = "", bounds=TIMED) -> None:
    """``what`` happens to ``end``, in place, and the watchers look on."""
    arriving = seg(segment) if segment else None
    watchers = (Silence(), Streams())
    assert world.happen(end, what, arriving, 0, ON, bounds, watchers).possible


def silent(ticks: int, **variables) -> Endpoint:
    end = endpoint(State.ESTABLISHED, **variables)
    end.ghost.silent = ticks
    return end


@pytest.mark.parametrize(
    ("segment", "heard"),
    [
        ("<SEQ=300><ACK=100><CTL=ACK>", True),
        ("<SEQ=299><ACK=100><CTL=ACK>", False),
        ("<SEQ=301><CTL=RST>", False),
        ("<SEQ=301><ACK=100><CTL=SYN,ACK>", False),
    ],
)
def test_silence_ends_when_the_peer_is_heard(segment, heard):
    end = silent(2)
    happens(end, TICK)
    assert end.ghost.silent == 3
    end.ghost.unanswered = 1
    happens(end, Input.SEGMENT, segment)
    assert (end.ghost.silent, end.ghost.unanswered) == ((0, 0) if heard else (3, 1))


def test_an_idle_end_is_late_once_it_should_have_given_up():
    assert patience(TIMED) == 10
    for ticks, late in ((8, False), (9, False), (10, True)):
        end = silent(ticks)
        happens(end, TICK)
        assert end.ghost.late == late
    busy = silent(10, snd_nxt=101)
    happens(busy, TICK)
    assert not busy.ghost.late, "what is outstanding is retransmitted"


@pytest.mark.parametrize("state", State)
def test_silence_is_counted_where_there_are_probes(state):
    end = endpoint(state)
    happens(end, TICK)
    waits = state in (State.ESTABLISHED, State.FIN_WAIT_2, State.CLOSE_WAIT)
    assert end.ghost.silent == (1 if waits else 0)


def test_each_tcb_counts_anew():
    end = endpoint(State.CLOSED)
    end.ghost.silent, end.ghost.unanswered = 3, 1
    happens(end, Input.OPEN_ACTIVE)
    assert (end.ghost.silent, end.ghost.unanswered) == (0, 0)
    end.ghost.silent, end.ghost.unanswered = 3, 1
    happens(end, Input.ABORT)
    assert (end.ghost.silent, end.ghost.unanswered) == (0, 0)


@pytest.mark.parametrize(
    ("idle", "ticks", "unanswered", "hasty"),
    [
        (4, 10, 2, False),
        (4, 9, 2, True),
        (4, 10, 1, True),
        (1, 6, 2, True),
        (0, 0, 2, False),  # probes at any time
    ],
)
def test_giving_up_is_hasty_before_its_time_or_after_one_probe(idle, ticks, unanswered, hasty):
    end = silent(ticks, probes=2)
    end.ghost.unanswered = unanswered
    happens(end, EXPIRE, bounds=dataclasses.replace(TIMED, keep_alive_idle=idle))
    assert end.tcb.state == State.CLOSED
    assert (end.ghost.given_up, end.ghost.hasty) == (True, hasty)


def test_a_probe_is_counted_and_its_octet_is_garbage():
    end = silent(4)
    effects = world.happen(end, EXPIRE, None, 0, ON, TIMED, (Silence(), Streams()))
    assert end.ghost.unanswered == 1 and not end.ghost.given_up
    (probe,) = effects.sent
    assert probe.text == 1 and probe.origin.garbage
    for _ in range(2):
        end.tcb.probes = end.tcb.keep_alive = 0
        happens(end, EXPIRE)
        assert end.ghost.unanswered == 2, "two are as good as more"


def test_garbage_that_is_taken_garbles_the_stream():
    """... though it stands where the next octet would."""
    end = endpoint(State.ESTABLISHED)
    end.ghost.partner = 1
    octet = seg("<SEQ=300><ACK=100><TEXT=1><CTL=ACK>")
    octet.origin.src, octet.origin.garbage = 1, True
    world.happen(end, Input.SEGMENT, octet, 0, ON, TIMED, (Silence(), Streams()))
    assert end.ghost.delivered == 1 and end.ghost.garbled


def test_what_is_taken_of_a_segment_below_the_window_is_seen(monkeypatch):
    below = "<SEQ=299><ACK=100><TEXT=1><CTL=ACK>"
    right = silent(0)
    happens(right, Input.SEGMENT, below)
    assert not right.ghost.swallowed
    happens(right, Input.SEGMENT, "<SEQ=299><ACK=100><TEXT=2><CTL=ACK>")
    assert not right.ghost.swallowed, "of two octets one is new"
    rewrite(monkeypatch, others, "check_sequence_number", "reopens(tcb, seg, tcp)", "True")
    text = "choose(seen < seg.text, seq.minus(seg.text, seen), 0)"
    rewrite(monkeypatch, others, "process_segment_text", text, "seg.text")
    wrong = silent(0)
    happens(wrong, Input.SEGMENT, below)
    assert wrong.ghost.swallowed
