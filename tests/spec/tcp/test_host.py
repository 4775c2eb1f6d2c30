"""One host by the RFC's rules alone: any call at any time, and a host's clock and memory."""

import ast
from pathlib import Path

import pytest

import spec.tcp
from spec.rules import Rules
from spec.tcp import host
from spec.tcp.context import Tcp
from spec.tcp.host import Host, Socket
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world.records import clone, key
from tests.helpers.build import BOUNDS, ISN, endpoint

CALLS = (
    Input.OPEN_PASSIVE, Input.OPEN_ACTIVE, Input.SEND, Input.SEND_URGENT, Input.RECEIVE,
    Input.CLOSE, Input.ABORT,
)  # fmt: skip
CLOSED = "error: connection does not exist"
EXISTS = "error: connection already exists"
CLOSING = "error: connection closing"
OPENED = [state for state in State if state not in (State.CLOSED, State.LISTEN)]
FIN_SENT = (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
PASSIVE = Input.OPEN_PASSIVE
ERRORS = (
    [(PASSIVE, state, EXISTS) for state in State if state != State.CLOSED]
    + [(Input.OPEN_ACTIVE, state, EXISTS) for state in OPENED]
    + [(call, State.CLOSED, CLOSED) for call in CALLS[2:]]
    + [(call, state, CLOSING) for call in (Input.SEND, Input.SEND_URGENT) for state in FIN_SENT]
    + [(Input.RECEIVE, state, CLOSING) for state in (*FIN_SENT[2:], State.CLOSE_WAIT)]
    + [(Input.CLOSE, state, CLOSING) for state in FIN_SENT]
)
"""The calls that sections 3.10.1 to 3.10.5 answer with an error, in states without data."""


def happen(it: Host, what: Input, **rules: object) -> Tcp:
    tcp = Tcp(Rules(**rules), BOUNDS, ISN)  # type: ignore[arg-type]
    host.step(it, it.sockets[0], what, None, tcp)
    return tcp


@pytest.mark.parametrize(("call", "state", "error"), ERRORS)
def test_a_call_at_the_wrong_time_is_an_error(call: Input, state: State, error: str) -> None:
    """The user learns of it, nothing changes, and nothing is sent."""
    it = endpoint(state).host
    before = key(it)
    tcp = happen(it, call)
    assert tcp.signals == [error]
    assert (key(it), tcp.sent) == (before, [])
    assert tcp.cited


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("call", CALLS)
def test_every_call_in_every_state_is_answered(call: Input, state: State) -> None:
    """By a rule; and by an error only where the list above says so."""
    tcp = happen(endpoint(state).host, call)
    assert tcp.cited
    errors = [error for known, at, error in ERRORS if (known, at) == (call, state)]
    assert [signal for signal in tcp.signals if signal.startswith("error")] == errors


def test_a_close_that_waits_allows_no_other() -> None:
    for call in (Input.SEND, Input.CLOSE):
        it = endpoint(State.SYN_RECEIVED, closing=True).host
        assert happen(it, call).signals == [CLOSING]


def test_a_crash_takes_every_connection_and_a_tick_every_timer() -> None:
    one, other = (endpoint(state).host.sockets[0] for state in (State.TIME_WAIT, State.SYN_SENT))
    it = Host((one, other))
    happen(it, Input.TICK)
    assert (one.tcb.time_wait, other.tcb.span) == (2 * BOUNDS.msl - 1, BOUNDS.span - 1)
    happen(it, Input.CRASH)
    assert not it.up
    assert key(it.sockets) == key((Socket(), Socket()))
    assert not host.awake(it)


@pytest.mark.parametrize("quiet", [True, False])
def test_a_host_that_restarts_keeps_quiet(quiet: bool) -> None:
    it = Host(up=False)
    happen(it, Input.RESTART, quiet_time=quiet)
    assert (it.up, it.quiet) == (True, BOUNDS.msl if quiet else 0)
    ticks = 0
    while not host.awake(it):
        happen(it, Input.TICK)
        ticks += 1
    assert ticks == (BOUNDS.msl if quiet else 0)


def test_the_rules_know_no_observer_and_no_world() -> None:
    """spec.tcp imports neither, and what a step is given holds no ghost."""
    for file in Path(spec.tcp.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith(("spec.observe", "spec.world")), file
    assert "Ghost" not in repr(clone(Host()))
