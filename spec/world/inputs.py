"""What can happen to an endpoint: the events of RFC 9293 section 3.10, and a host's own."""

from enum import Enum


class Input(Enum):
    """What can happen to an endpoint."""

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
    FORGED_RST = "forged RST"
    FORGED_SYN = "forged SYN"
    FORGED_TEXT = "forged text"


FORGERIES = (Input.FORGED_RST, Input.FORGED_SYN, Input.FORGED_TEXT)
"""Inputs from the off-path sender."""
