"""What can happen to a host: the events of RFC 9293 section 3.10, and a host's own.

A listener has more of its own (``spec.tcp.listener``): listen(), accept() and close() of the
sockets interface, SYNs of *strangers*, whose other end is nobody, and *neighbours*, other clients'
connections, of which the listener's queues alone are modelled.
"""

from enum import Enum


class Input(Enum):
    """What can happen to a host."""

    OPEN_PASSIVE = "OPEN (passive)"
    OPEN_ACTIVE = "OPEN (active)"
    OPEN_PLAIN = "OPEN (active, without timestamps)"
    SEND = "SEND"
    SEND_URGENT = "SEND (urgent)"
    RECEIVE = "RECEIVE"
    CLOSE = "CLOSE"
    ABORT = "ABORT"
    SEGMENT = "deliver"
    RETRANSMISSION_TIMEOUT = "RETRANSMISSION TIMEOUT"
    USER_TIMEOUT = "USER TIMEOUT"
    TIME_WAIT_TIMEOUT = "TIME-WAIT TIMEOUT"
    KEEP_ALIVE_TIMEOUT = "KEEP-ALIVE TIMEOUT"
    LIMIT_TIMEOUT = "LIMIT TIMEOUT"
    TICK = "tick"
    CRASH = "crash"
    RESTART = "restart"
    LIMIT_SPENT = "limit spent"
    # Of a data plane
    OVERRIDE_TIMEOUT = "OVERRIDE TIMEOUT"
    ACK_TIMEOUT = "DELAYED ACK TIMEOUT"
    SHRINK = "buffer shrinks"
    RENEGE = "buffer forgets"
    IDLE = "idle for RTO"
    ACK_AHEAD = "ACK of what has not come"
    # Of a listener
    LISTEN = "LISTEN"
    ACCEPT = "ACCEPT"
    STRANGER_SYN = "SYN of a stranger"
    STRANGER_FORGOTTEN = "stranger forgotten"
    NEIGHBOUR_READY = "neighbour ready"
    LISTENER_CLOSED = "listener closed"
    NEIGHBOUR_ACCEPTED = "neighbour accepted"
    NAT_OPEN = "OPEN of another host behind the NAT"
    ADDRESS_FORGOTTEN = "timestamp of the address forgotten"


OF_LISTENERS = (
    Input.LISTEN,
    Input.ACCEPT,
    Input.LISTENER_CLOSED,
    Input.STRANGER_SYN,
    Input.STRANGER_FORGOTTEN,
    Input.NEIGHBOUR_READY,
    Input.NEIGHBOUR_ACCEPTED,
    Input.NAT_OPEN,
    Input.ADDRESS_FORGOTTEN,
)
"""Those that only a listener has."""

OF_TRANSFERS = (
    Input.OVERRIDE_TIMEOUT,
    Input.ACK_TIMEOUT,
    Input.SHRINK,
    Input.RENEGE,
    Input.IDLE,
    Input.ACK_AHEAD,
)
"""Those that only a connection with a data plane has."""
