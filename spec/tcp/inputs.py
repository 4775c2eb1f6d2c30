"""What can happen to a host: the events of RFC 9293 section 3.10, and a host's own."""

from enum import Enum


class Input(Enum):
    """What can happen to a host."""

    OPEN_PASSIVE = "OPEN (passive)"
    OPEN_ACTIVE = "OPEN (active)"
    SEND = "SEND"
    SEND_URGENT = "SEND (urgent)"
    RECEIVE = "RECEIVE"
    CLOSE = "CLOSE"
    ABORT = "ABORT"
    SEGMENT = "deliver"
    RETRANSMISSION_TIMEOUT = "RETRANSMISSION TIMEOUT"
    USER_TIMEOUT = "USER TIMEOUT"
    TIME_WAIT_TIMEOUT = "TIME-WAIT TIMEOUT"
    TICK = "tick"
    CRASH = "crash"
    RESTART = "restart"
