"""How long nonsense is followed.

A segment that no state explains takes long: all that may lead to it is tried. It takes longer still
to look for the switch that would explain it, or for the segment that somebody injected. And what
many states explain takes as many times as long. So these are paid for from an account, which a
capture begins with and to which each segment adds a little. When it is empty, a pair of sockets is
not followed any more after a segment that is not explained, nor one whose beginning the capture
lacks, and nobody looks for what would explain a segment.
"""

REFUSED = 64
"""What a segment that no state explains takes, in segments that are paid in."""
SEARCH = 4 * REFUSED
"""What a search for switches and culprits takes."""
USUAL = 8
CANDIDATE = 6
"""What a segment takes for each candidate of the two ends that is more than ``USUAL``."""
BEGIN = 80 * REFUSED
"""What there is to begin with. (No real capture that was tried took all; one took more than 64.)"""


class Patience:
    """The account of a capture."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = BEGIN

    def pay(self, candidates: int) -> None:
        """For a segment, after which the ends have so many: more than ``USUAL``."""
        self.left -= CANDIDATE * (candidates - USUAL)

    def lost(self) -> bool:
        """Is there nothing left?"""
        return self.left <= 0
