"""A data plane changes nothing where none is asked for, and something where one is."""

from dataclasses import replace
from typing import Any

import pytest

from checker.engines.explicit.reference import explore
from checker.model.interned import Interned
from checker.studies import pins
from spec.rules import Congestion, Growth, Rules, Sacked, Scale
from spec.tcp.tcb import State
from spec.world.profiles import PROFILES
from tests.helpers.build import PLANE, arrive, plane

OTHERWISE: dict[str, Any] = {
    "nagle": False,
    "sender_sws": False,
    "receiver_sws": False,
    "delayed_ack": False,
    "ack_timer": False,
    "reassembly": False,
    "scale": Scale.IMAGINED,
    "peer_window": False,
    "nxt_kept": False,
    "karn": False,
    "sacked": Sacked.FREED,
    "congestion": Congestion.TAHOE,
    "growth": Growth.SEGMENT,
    "limited_transmit": False,
    "recover_check": False,
    "restart_window": False,
    "cwnd_validated": True,
    "cwnd_floor": False,
}
"""Switches that data planes read, and nobody else."""
BOUNDS = {
    "mss": 2,
    "place": 2,
    "read": 1,
    "initial_window": 2,
    "clamp": 2,
    "shift": 1,
    "shrinks": True,
    "sack": True,
    "idles": True,
    "ahead": True,
    "endless": True,
}


ENDLESS = replace(PLANE, endless=True)


@pytest.mark.parametrize(
    ("acked", "state", "iss", "written"),
    [
        (110, State.ESTABLISHED, 109, 20),
        (130, State.ESTABLISHED, 129, 0),
        (100, State.ESTABLISHED, 99, 30),
        (110, State.CLOSE_WAIT, 99, 30),
    ],
)
def test_a_stream_without_end_begins_behind_what_is_acknowledged(
    acked: int, state: State, iss: int, written: int
) -> None:
    end = plane(flight=30, state=state)
    segment = f"<SEQ={end.tcb.rcv.nxt}><ACK={acked}><WND=100><CTL=ACK>"
    got = arrive(end, segment, bounds=ENDLESS).tcb
    assert (got.snd.una, got.iss, got.written) == (acked, iss, written)
    assert arrive(end, segment, bounds=PLANE).tcb.iss == 99


def counts(rules: dict[str, Any], **bounds: Any) -> dict[str, int]:
    """Of the profile of shut windows and their probes, without a data plane."""
    found = explore(Interned(Rules(**rules), *PROFILES["window"].but(**bounds)), {}, graph=False)
    return {"states": found.states, "transitions": found.transitions, "depth": found.depth}


def test_without_one_its_switches_and_bounds_change_no_pinned_number() -> None:
    pinned = pins.expectations()["small"]["D1.window"]
    found = counts(OTHERWISE, **BOUNDS)
    assert found == {name: pinned[name] for name in found}


def test_with_one_they_are_others() -> None:
    assert counts({}, transfer=True, close=False) != counts({}, close=False)
