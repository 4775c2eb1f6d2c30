"""What a stack can be driven through, by its user and its peer: what its API can do decides it."""

from dataclasses import dataclass

from checker.stacks.generate.machine import Edge
from spec.tcp.inputs import Input
from spec.tcp.tcb import State

CRASH = "a test cannot crash the machine that it runs on"
LISTEN_CALL = "no connect() and send() on what listens"
LISTEN_TIMEOUT = "what listens has no user timeout"
EARLY_SEND = "the API refuses SEND before ESTABLISHED: no text is queued"
EARLY_CLOSE = "the API has no connection to CLOSE before ESTABLISHED"
EMBRYO = "no call reaches a connection before accept()"
NO_SOCKET = "no call reaches a connection that the user closed, or that is in TIME-WAIT"
NO_LISTENER = "after an active OPEN nobody listens, and there is nothing to reopen"
NO_ACTIVE = "the API has no active OPEN"
NO_ABORT = "the API has no ABORT"
NO_TIMEOUT = "the API has no user timeout"
ALWAYS = "it always listens"
SLOW = "TIME-WAIT lasts a minute: with --slow only"

_CALLS = (Input.CLOSE, Input.ABORT, Input.SEND, Input.USER_TIMEOUT)
_EARLY = (State.SYN_SENT, State.SYN_RECEIVED)


@dataclass(frozen=True, slots=True)
class Can:
    """What a stack's API can do; the defaults are BSD's sockets'."""

    connect: bool = True  # OPEN actively
    abort: bool = True
    user_timeout: bool = True
    early_send: bool = False  # SEND in SYN-SENT and SYN-RECEIVED
    early_close: bool = True  # CLOSE there
    embryo: bool = False  # call anything on a connection before accept()
    unlisten: bool = True  # be CLOSED; else it listens from the start to the end
    time_wait: bool = True  # have TIME-WAIT end in time that one has


SOCKETS = Can()
IN_REAL_TIME = Can(time_wait=False)


def hindrance(edge: Edge, gone: bool = False, can: Can = SOCKETS) -> str:
    """Why user and peer cannot make a stack take ``edge``; empty if they can.

    ``gone``: the user has closed the socket, and not only its own direction.
    """
    state, what = edge.before.state, edge.what
    lacking = {
        Input.CRASH: CRASH,
        Input.OPEN_ACTIVE: "" if can.connect else NO_ACTIVE,
        Input.ABORT: "" if can.abort else NO_ABORT,
        Input.USER_TIMEOUT: "" if can.user_timeout else NO_TIMEOUT,
        Input.TIME_WAIT_TIMEOUT: "" if can.time_wait else SLOW,
    }
    if why := lacking.get(what, ""):
        return why
    if state == State.LISTEN and what in (Input.OPEN_ACTIVE, Input.SEND):
        return LISTEN_CALL
    if state == State.LISTEN and what == Input.USER_TIMEOUT:
        return LISTEN_TIMEOUT
    if not can.unlisten and (
        (state == State.LISTEN and what in _CALLS) or (state == State.CLOSED and edge.segment)
    ):
        return ALWAYS
    if edge.transition.passive and what in _CALLS and not can.embryo:
        return EMBRYO
    if what == Input.SEND and state in _EARLY and not can.early_send:
        return EARLY_SEND
    if what == Input.CLOSE and state in _EARLY and not can.early_close:
        return EARLY_CLOSE
    if what in _CALLS and (gone or state == State.TIME_WAIT):
        return NO_SOCKET
    if state == State.TIME_WAIT and edge.after.reopened and not edge.before.passive:
        return NO_LISTENER
    return ""
