"""The data plane of the connections that are followed: what ``conform --data`` judges."""

from collections.abc import Iterable, Iterator

from checker.capture import Frame, Packet, Unread, read
from checker.capture.datagrams import carried
from checker.capture.fragments import Fragments
from checker.capture.networks import Ip
from checker.capture.segments import read_numbered
from checker.conform.connection import Connection, Flow
from checker.conform.follow import Follower
from checker.conform.halves import Watcher
from checker.conform.shards import SHARDS
from checker.dataplane.judge import RFC, Check, Timing, judge
from checker.dataplane.plane import Plane
from checker.dataplane.sending import Room
from checker.stacks import PROFILES

TEXT, CHUNKS = 1 << 27, 1 << 18
"""Octets of text, and segments, in flight that are kept, in all shards."""


def timing(rules: Iterable[str]) -> Timing:
    """What the stacks among the words after ``--rules`` are known to do with their timers."""
    timers = [PROFILES[name].timers for name in rules if name in PROFILES]
    least = [one.least / 1000 for one in timers if one.least is not None]
    return Timing(min([RFC.least, *least]), max([RFC.linear, *(one.linear for one in timers)]))


class Watch:
    """Reads frames for a follower, and puts each segment to the connection that it was given to.

    ``timing``: None, if nobody asks for the data plane; then nothing is kept.
    """

    def __init__(self, timing: Timing | None) -> None:
        self.timing = timing
        self.rooms = [Room(TEXT // SHARDS, CHUNKS // SHARDS) for _ in range(SHARDS)]
        self.open: dict[int, Plane] = {}  # by the identity of a connection that is followed
        self.frame: Frame | None = None

    def over(
        self, follower: Follower, frames: Iterable[Frame], watcher: Watcher | None = None
    ) -> Iterator[Packet | Unread]:
        """The segments; each is looked at when the follower has seen it.

        With a ``watcher``, those of quiet connections are taken from here, if nobody asks for them.
        """
        if self.timing is None and watcher is not None:
            fragments = Fragments()
            over = follower.quiet.over(frames, fragments, watcher)
            yield from read_numbered(over, fragments)
            return
        if self.timing is None:
            yield from read(follower.rounds(frames))
            return
        for item in read(follower.rounds(frames), self._seen):
            yield item
            if isinstance(item, Unread):
                continue
            flow, side = follower.flows.get((item.src, item.dst, item.scope), (None, 0))
            connection = flow.connection if flow is not None else None
            if flow is None or connection is None:
                continue
            plane = self.open.get(id(connection))
            if plane is None:
                plane = self.open[id(connection)] = self.plane(flow)
            assert self.frame is not None
            text, ident = carried(self.frame, item) if item.length() else (b"", 0)
            plane.take(side, item, text, ident)

    def plane(self, flow: Flow) -> Plane:
        """Of a new connection."""
        return Plane(self.rooms[flow.shard.number], flow.at)

    def _seen(self, number: int, frame: Frame, ip: Ip | None) -> None:
        self.frame = frame

    def close(self, connection: Connection) -> list[Check]:
        """``connection`` has come to its end: what was judged of it."""
        plane = self.open.pop(id(connection), None)
        if self.timing is None or plane is None or connection.flow.missed:
            return []
        plane.finish()
        return judge(plane, self.timing)
