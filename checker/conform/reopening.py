"""TIME-WAIT that a SYN opens by its timestamp, and not by its number (RFC 6191, 2).

Timestamps are no part of the TCBs that are followed: each segment has another, so that nothing
would be remembered from one connection to the next. They are looked at here, where they matter.
TS.Recent is taken to be the TSval of the peer's FIN: it is no earlier.
"""

from dataclasses import replace

from checker.capture import Packet
from checker.capture.stamps import WIRE, stamp
from checker.conform.explain import segment
from checker.conform.steps import Stepper
from checker.model.records import clone
from spec.tcp.context import Tcp
from spec.tcp.segment_arrives.others import reopens
from spec.tcp.tcb import Tcb

REOPENS_ANY = "reopen_seq_check=off"
"""By this rule any SYN opens TIME-WAIT."""


def reopened(tcb: Tcb, syn: Packet, fin: Packet, answer: Packet, usual: Stepper) -> str:
    """Why ``syn`` opens ``tcb``, which heard ``fin`` before; "" if it does not."""
    tcb = clone(tcb)
    tcb.ts_recent = stamp(fin)
    tcb.stamped = tcb.ts_recent != 0
    seg = segment(syn)
    seg.tsval = stamp(syn)
    rules = replace(usual.behaviour.base, time_wait_reopen=True)
    if not reopens(tcb, seg, Tcp(rules, WIRE, answer.seq)):
        return ""
    why = "its timestamp is newer" if tcb.stamped else "the connection before had no timestamps"
    return f"the SYN opens TIME-WAIT: {why} (RFC 6191, 2)"
