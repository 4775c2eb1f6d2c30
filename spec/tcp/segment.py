"""Segments (RFC 9293 section 3.1): what one TCP endpoint sends to the other.

Only the fields that the lifecycle reads or that a claim speaks of are kept: SEQ, ACK, WND,
the urgent pointer, the number of octets of text, the six control bits, TSval of the Timestamps
option, and the SACK option. Ports are missing because the model has one pair of sockets; checksum,
other options and the octets themselves because no rule of the lifecycle reads them (an octet is
known by its label, see ``Origin``).
"""

from dataclasses import dataclass, field, fields
from typing import Annotated

from spec.seq import Space, choose

Seq = Annotated[int, "seq"]
"""A sequence number: an int in [0, 2^width)."""
Ours = Annotated[Seq, "ours"]
"""... in the space of what a TCB's owner, or a segment's sender, sends."""
Theirs = Annotated[Seq, "theirs"]
"""... in the space of what its peer sends."""
Window = Annotated[Seq, "window"]
"""How many sequence numbers, of either space: a distance, and no place."""
Octets = Annotated[int, "octets"]
"""A number of octets of one connection's stream."""
Ticks = Annotated[int, "ticks"]
"""A time span; one tick is the unit of ``Bounds.msl``."""
Stamp = Annotated[int, "stamp"]
"""A value of a host's timestamp clock, from 1 (RFC 7323); 0: none."""
Count = Annotated[int, "count"]
"""How many of something a host has, such as connections in a queue."""
Sack = Annotated[int, "sack"]
"""What a receiver holds beyond RCV.NXT: a bit for each place of its window (RFC 2018)."""
Id = Annotated[int, "id"]
"""A TCB's number on its host, from 1, never reused; 0: none."""


def left(timer: Ticks, elapsed: Ticks) -> Ticks:
    """What is left of a timer, which stops at 0."""
    return choose(timer > elapsed, timer - elapsed, 0)


@dataclass(slots=True, eq=False)
class Control:
    """The control bits, in header order."""

    urg: bool = False
    ack: bool = False
    psh: bool = False
    rst: bool = False
    syn: bool = False
    fin: bool = False

    def __str__(self) -> str:
        """Those that are set, lowest first, as packet dissectors list them: ``SYN,ACK``."""
        names = [f.name for f in fields(self) if getattr(self, f.name)]
        return ",".join(names[::-1]).upper() or "no flags"


@dataclass(slots=True, eq=False)
class Origin:
    """Ghost: where a segment comes from. No rule of the protocol reads it."""

    src: Id = 0  # the TCB that sent it; 0: the host, in CLOSED or LISTEN
    about: Id = 0  # of a reset: the receiver's TCB whose segment provoked it; 0: none
    first: Octets = 0  # its first octet's place in the sender's stream
    garbage: bool = False  # its octet is a keep-alive's, and none of the stream


@dataclass(slots=True, eq=False)
class Segment:
    """One segment; ``seq`` is SEG.SEQ, ``ctl.ack`` the ACK bit, ``ack`` SEG.ACK."""

    seq: Ours
    ack: Theirs = 0
    wnd: Window = 0
    up: Ours = 0
    text: Octets = 0  # octets of data; SEG.LEN is length()
    ctl: Control = field(default_factory=Control)
    tsval: Stamp = 0  # TSval; 0: without the Timestamps option
    sack: Sack = 0  # what is held beyond ``ack``; 0: without the SACK option
    ttl: Ticks = 0  # ticks that it may still live; 0 where time is not modelled
    origin: Origin = field(default_factory=Origin)

    def length(self) -> int:
        """SEG.LEN: the sequence numbers it occupies, SYN and FIN included (section 3.4)."""
        return self.text + self.ctl.syn + self.ctl.fin

    def __str__(self) -> str:
        """``SYN,ACK SEQ=3 ACK=1 LEN=1``; LEN is SEG.LEN, which counts SYN and FIN. Of a segment
        with the Timestamps option TSval stands behind it, and of one with SACK the places that are
        held, counted from ACK."""
        ack = f" ACK={self.ack}" if self.ctl.ack else ""
        stamp = f" TSval={self.tsval}" if self.tsval else ""
        held = ",".join(str(n) for n in range(self.sack.bit_length()) if self.sack >> n & 1)
        sack = f" SACK={held}" if held else ""
        return f"{self.ctl} SEQ={self.seq}{ack} LEN={self.length()}{stamp}{sack}"


def acceptable(seq: Space, rcv_nxt: int, rcv_wnd: int, seg: Segment) -> bool:
    """Table 6 of section 3.10.7.4: does any part of ``seg`` lie in the receive window?

    Four cases, by whether the segment and the window are empty.
    """
    right = seq.plus(rcv_nxt, rcv_wnd)
    length = seg.length()
    starts_inside = seq.le_lt(rcv_nxt, seg.seq, right)
    ends_inside = seq.le_lt(rcv_nxt, seq.minus(seq.plus(seg.seq, length), 1), right)
    empty = length == 0
    shut = rcv_wnd == 0
    return (
        (empty & shut & (seg.seq == rcv_nxt))
        | (empty & starts_inside)
        | ((length != 0) & (starts_inside | ends_inside))
    )
