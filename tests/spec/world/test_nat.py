"""NATs: they forget a connection in silence; and how long that may take (claim K5)."""

import dataclasses

import pytest

from checker.engines.explicit.engine import Check
from checker.engines.explicit.reference import explore
from checker.model.interned import Interned
from proofs.claims import properties as p
from spec.rules import KeepAlive, Rules
from spec.tcp.inputs import Input
from spec.world.nat import Nat
from spec.world.profiles import PROFILES
from tests.helpers.build import BOUNDS, ESTABLISHED, SYN_SENT, endpoint, happen, seg

BEHIND = dataclasses.replace(BOUNDS, nat_timeout=3)
FORGOTTEN = "RFC 5382/REQ-5/forgotten"


def behind(state, left):
    end = endpoint(state)
    end.nats = (Nat(left),)
    return end


def left(of) -> int:
    (nat,) = of.end.nats
    return nat.left


def test_a_segment_refreshes_what_a_nat_knows():
    """... whichever way it goes."""
    known = behind(ESTABLISHED, 1)
    got = happen(known, Input.SEGMENT, seg("<SEQ=299><ACK=100><CTL=ACK>"), bounds=BEHIND)
    assert got.sent and left(got) == 3
    probe = happen(known, Input.KEEP_ALIVE_TIMEOUT, bounds=BEHIND, keep_alive=KeepAlive.EMPTY)
    assert probe.sent and left(probe) == 3
    assert left(happen(known, Input.TICK, bounds=BEHIND)) == 0


def test_a_nat_drops_what_it_has_forgotten():
    """... without a word, and without the end's knowledge."""
    forgot = behind(ESTABLISHED, 0)
    got = happen(forgot, Input.SEGMENT, seg("<SEQ=300><CTL=RST>"), bounds=BEHIND)
    assert (got.state, got.sent, left(got)) == (ESTABLISHED, [], 0)
    assert [rule.id for rule in got.rules] == [FORGOTTEN]
    probe = happen(forgot, Input.KEEP_ALIVE_TIMEOUT, bounds=BEHIND, keep_alive=KeepAlive.EMPTY)
    assert not probe.sent and probe.rules[-1].id == FORGOTTEN and probe.tcb.probes == 1


def test_a_syn_makes_itself_known():
    got = happen(behind(SYN_SENT, 0), Input.RETRANSMISSION_TIMEOUT, bounds=BEHIND)
    assert got.sent and left(got) == 3


@pytest.mark.parametrize(("idle", "interval"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_a_nat_must_remember_for_longer_than_idle_time_and_interval(idle, interval):
    """K5 is exact: it holds if the timeout is longer than both, and only then."""
    for timeout in (1, 2, 3):
        profile = PROFILES["nat"].but(
            keep_alive_idle=idle, keep_alive_interval=interval, nat_timeout=timeout
        )
        system = Interned(Rules(keep_alive=KeepAlive.EMPTY), *profile)
        found = explore(system, {"K5": Check("always", p.nat_remembers)})
        assert found.complete == ("K5" not in found.decisive) == (timeout > max(idle, interval))
