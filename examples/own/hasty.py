"""A rule of one's own: a TCP whose TIME-WAIT may end at any moment. What does that cost?

./run verify T3 T4 T6 --small --claims examples/own/hasty.py
"""

from checker.model.own import instead
from spec.tcp.tcb import State, Tcb


@instead("spec.tcp.timeouts.time_wait_is_over")
def hasty(tcb: Tcb) -> bool:
    """TIME-WAIT ends when it likes."""
    return tcb.state == State.TIME_WAIT
