"""Both directions of a connection, and where the capture was taken between its ends."""

from collections.abc import Callable

from checker.capture.segments import ACK, RST, SYN, Packet
from checker.dataplane.again import SLACK
from checker.dataplane.header import Opening, blocks, opening
from checker.dataplane.sending import Room, Sending, nobody

NEAR = 0.1
"""Of the round trip: who is nearer to the capture than that, is taken to be where it was taken."""
LEAST = 0.0005
"""Seconds; less is the time that a host takes to answer."""


class Plane:
    """A connection. ``side`` 0 is whom the caller calls the client.

    ``at``: the side at which the capture was taken; None: somewhere, and its handshake tells.
    """

    def __init__(
        self,
        room: Room,
        at: int | None = None,
        drawn: bool = False,
        tell: Callable[[int, str], None] = nobody,
    ) -> None:
        self.at = at
        self.ways = Sending(room, drawn, tell), Sending(room, drawn, tell)
        self.opening: list[Opening | None] = [None, None]
        self.placed = at is not None  # is it known where the capture was taken?
        self.last = 0.0
        self.resets = 0
        self._syns: list[float | None] = [None, None]
        self._third = False
        self._shifts = [0, 0]  # of the windows of each side
        self._known = False  # are they known?

    def take(self, side: int, p: Packet, text: bytes = b"", ident: int = 0) -> None:
        """The next segment, with as much of its text as the capture has."""
        self.last = p.time
        if p.flags & SYN:
            self._opens(side, p)
        elif not self._third and p.flags & ACK and not p.flags & RST:
            self._placed(side, p)
        self.resets += bool(p.flags & RST)
        if p.flags & SYN:
            shift = 0
        else:
            shift = self._shifts[side]
            if not self._known:
                self.ways[0].scaled = self.ways[1].scaled = False
        self.ways[1 - side].hears(p, shift, blocks(p))
        self.ways[side].sends(p, text, ident)

    def _opens(self, side: int, p: Packet) -> None:
        self.opening[side] = offer = opening(p)
        self.ways[1 - side].mss = offer.mss
        self._syns[side] = p.time
        other = self.opening[1 - side]
        self._known |= offer.scale is None
        if other is not None:
            self._known = True
            for way in self.ways:
                way.sack = offer.sack and other.sack
            if offer.scale is not None and other.scale is not None:
                self._shifts[side], self._shifts[1 - side] = offer.scale, other.scale
            else:
                self._shifts = [0, 0]
        if self._known:
            self.ways[0].scaled = self.ways[1].scaled = True

    def _placed(self, side: int, p: Packet) -> None:
        """The third segment of a handshake: how far is it to either end?"""
        mine, theirs = self._syns[side], self._syns[1 - side]
        self._third = True
        if mine is None or theirs is None or theirs < mine:
            return
        self.placed = True
        to = [0.0, 0.0]
        to[side], to[1 - side] = max(0.0, p.time - theirs), max(0.0, theirs - mine)
        for one, way in zip(to, self.ways, strict=True):
            way.flight.lag = 0.0 if one <= max(NEAR * sum(to), LEAST) else SLACK * one
        if self.at is not None:
            self.ways[self.at].flight.lag = 0.0

    def finish(self) -> None:
        """Nothing more comes."""
        for way in self.ways:
            way.finish(self.last)
