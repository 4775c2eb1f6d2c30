"""Connections: which segments are one's, where one ends and the next begins, and what came of it.

A *flow* is a pair of sockets with a monitor for each end; the monitors live on from one connection
of the pair to the next, since what the last one left (TIME-WAIT, old segments) matters for the
next. A *connection* begins with a SYN of a new ISN, or with a SYN,ACK of another ISN than the one
before. A duplicate SYN, SYN,ACK or FIN begins nothing.

Where the capture was taken decides what is asked of whom (``Position``). In the middle, both ends
are judged; what either sent may have been lost, duplicated or reordered before it was seen. At one
end, that end is judged alone, and strictly: all that it sent was seen, in order; and nothing is
asked of what arrived, which may be forged.

Segments are of one pair of sockets only if they were seen in one network (``Packet.scope``): the
same addresses may be in use on two VLANs. Where a router uses a network for each direction, a
segment of the direction that is missing joins the flow, and that is not taken for certain.

Segments come in the order of their time stamps; where these do not tell the order, a deviation is
inconclusive. Frames that cannot be read may be of any connection, unless they tell which, or that
they are of another network: what deviates after one is inconclusive.

Memory is bounded: a flow keeps summaries only, the flows kept are at most ``FLOWS``, and those
whose connections ended go first. What crosses flows is kept within a shard (``shards``), and a
follower may have some of the shards only.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import inf

from checker.capture import Frame, Packet, Unread
from checker.capture.segments import ACK, CONTROL, RST, SYN, options, socket
from checker.conform.behaviour import BOUNDS, Behaviour
from checker.conform.cache.courses import Courses
from checker.conform.cache.situations import Cache
from checker.conform.connection import Connection, Flow
from checker.conform.culprit import Sight, suspects
from checker.conform.ends import Plain, Way
from checker.conform.explain import unlawful
from checker.conform.inbound import SEQ
from checker.conform.judge import GIVEN_UP, LADDER, deviation, judge, unanswered, who
from checker.conform.monitor import BEHIND, EVENTFUL, NEAR, OLDER
from checker.conform.patience import REFUSED
from checker.conform.quiet import ROUND, Quiet
from checker.conform.replay import replayed
from checker.conform.shards import ALL, SHARDS, Hidden, Shard, shard_of
from spec.tcp.tcb import State

FLOWS = 8_192
"""Pairs of sockets that are followed at a time, in all shards."""
RESTED = 2 * BOUNDS.msl / 1000
_SOCKET = (6, 18)
"""Octets of an address with a port."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a capture was taken: at the end with one of ``addresses``; if none, in the middle.

    ``role`` says the same by who opens: the client sends the SYN.
    """

    addresses: frozenset[bytes] = frozenset()
    role: str = ""

    def at(self, sockets: tuple[bytes, bytes]) -> int | None:
        """Which of a flow's ends it is, the first being the client's; None: neither."""
        if self.role:
            return 0 if self.role == "client" else 1
        for side, one in enumerate(sockets):
            if one[:-2] in self.addresses:
                return side
        return None

    def missed(self, sockets: tuple[bytes, bytes]) -> str:
        """Why nobody is judged of a flow: the capture is from an end, and of neither of its own."""
        if not self.addresses or self.at(sockets) is not None:
            return ""
        places = " or ".join(map(socket, sorted(self.addresses)))
        return f"not judged: the capture is from {places}, which is neither of its ends"


MIDDLE = Position()
BEGUN = "mid-stream: its beginning was not captured"
BACKWARDS = "mid-stream: it begins with SYN,ACK"
OLD_SYN = "mid-stream: the SYN that it begins with is an old duplicate"
USED = "the pair of sockets was used before"


Key = tuple[bytes, bytes, str]
"""Where a segment comes from, where it goes to, and in which network."""


Place = tuple[float, float]
"""Where in a capture something was done: the number of a frame, and the place among what was done
there."""


class Follower:
    """The connections of one capture that are of the shards ``mine``; ``done`` is told of each when
    it has come to its end, at ``place``.

    ``passed`` is told of each ``ROUND`` frames.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        position: Position,
        done: Callable[[Connection], None],
        flows: int = FLOWS,
        cached: bool = True,
        mine: frozenset[int] = ALL,
        passed: Callable[[int], None] | None = None,
    ) -> None:
        self.way: Way = Cache(behaviour) if cached else Plain(behaviour)
        self.assumed = behaviour.assumed.words
        self.position = position
        self.done = done
        self.mine = mine
        self.passed = passed
        self.place: Place = (0, 0)
        self.shards = [Shard(i, max(1, flows // SHARDS)) for i in range(SHARDS)]
        self.flows: dict[Key, tuple[Flow, int]] = {}
        self.silent: dict[tuple[bytes, bytes], Flow] = {}  # by a direction not seen when it began
        self.unread: Counter[str] = Counter()
        self.hidden = Hidden(flows)  # of addresses, or of nobody knows what
        courses = None
        if isinstance(self.way, Cache) and not self.assumed:
            courses = Courses(self.way.stepper.timers)
        self.quiet = Quiet(courses, self.rest, None if mine == ALL else mine)
        self.missed = 0  # connections of others than those at whose end the capture was taken

    @property
    def segments(self) -> int:
        """How many were seen."""
        return self.quiet.segments

    def feed(self, items: Iterable[Packet | Unread]) -> None:
        """Follow what was captured, in order."""
        flows, quiet = self.flows, self.quiet
        for item in items:
            if item.__class__ is Unread:
                self._unread(item)
                continue
            p: Packet = item  # type: ignore[assignment]
            found = flows.get((p.src, p.dst, p.scope))
            if found is None:
                found = self._flow(p)
                if found is None:
                    continue
            quiet.segments += 1
            flow, side = found
            held = flow.pair is not None and self._goes_on(flow, side, p)
            flow.last = p.time
            if held:
                continue
            self._packet(flow, side, p)
            if quiet.watcher is not None and not p.flags & EVENTFUL:
                quiet.look(flow)

    def _goes_on(self, flow: Flow, side: int, p: Packet) -> bool:
        """Is ``p`` a SYN,ACK after which ``flow`` goes on as others did? Else it is awake then.

        (What goes on without SYN does not come here.)
        """
        connection = flow.connection
        answers = p.flags & CONTROL == SYN | ACK
        if flow.pair.held and answers and connection is not None and connection.isn[side] is None:
            self._opening(connection, side, p)
            edge = (p.ack + p.wnd) & 0xFFFFFFFF
            if not connection.unsupported and self.quiet.answers(flow, side, p, edge):
                return True
        self.quiet.wake(flow)
        return False

    def finish(self) -> None:
        """The capture has ended."""
        for flow in sorted(self._all(), key=lambda f: f.connection.first if f.connection else 0):
            self.place = inf, flow.connection.first if flow.connection else 0
            self._close(flow)
        for shard in self.shards:
            shard.flows.clear()
        self.flows.clear()
        self.silent.clear()

    def _unread(self, item: Unread) -> None:
        self.unread[item.why] += 1
        if item.apart:
            return
        flow = self.flows.get((item.src, item.dst, item.scope))
        if flow is not None and flow[0].connection is not None:
            flow[0].connection.unread = item.why  # so what others came to is not what it comes to
        elif len(item.src) in _SOCKET:
            shard = shard_of(item.src, item.dst)
            if shard in self.mine:
                self.shards[shard].hidden.take(item)
        else:
            self.hidden.take(item)

    def _all(self) -> list[Flow]:
        """The flows, in the order of their first packets."""
        flows = [flow for shard in self.shards for flow in shard.flows.values()]
        return sorted(flows, key=lambda flow: flow.first)

    def _flow(self, p: Packet) -> tuple[Flow, int] | None:
        """A new pair of sockets; whose segment looks like the client's is put first. None: it is
        of another's shard."""
        number = shard_of(p.src, p.dst)
        if number not in self.mine:
            return None
        shard = self.shards[number]
        if len(shard.flows) >= shard.limit:
            self._forget(shard, p)
        other = self.silent.get((p.src, p.dst))
        if other is not None and p.flags & (SYN | ACK) != SYN:
            side = other.sockets.index(p.src)
            if not other.sent[side]:
                del self.silent[p.src, p.dst]
                other.joined = True
                self._keep(other, side, p)
                return other, side
        replies = p.flags & (SYN | ACK) == SYN | ACK
        sockets = (p.dst, p.src) if replies else (p.src, p.dst)
        at = self.position.at(sockets)
        flow = Flow(sockets, self.way, at, p.number, p.scope, shard)
        shard.flows[id(flow)] = flow
        flow.missed = self.position.missed(sockets)
        side = int(replies)
        self._keep(flow, side, p)
        if p.src != p.dst:
            self.silent[p.dst, p.src] = flow
        return flow, side

    def _keep(self, flow: Flow, side: int, p: Packet) -> None:
        """Segments in that network are of ``flow``."""
        for key, of in (((p.src, p.dst, p.scope), side), ((p.dst, p.src, p.scope), 1 - side)):
            if key not in self.flows:
                self.flows[key] = flow, of
                flow.keys.append(key)

    def rounds(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Frames, and all that is done now and then; ``Quiet.over`` does it, too."""
        for number, frame in enumerate(frames, 1):
            if not number % ROUND:
                self.rest(number, frame.time)
            yield frame

    def rest(self, number: int, now: float) -> None:
        """Before a frame: forget what ended, and has rested for 2 MSL. Its sockets may be
        anybody's."""
        flows = self._all()
        self.quiet.times(flows)
        for flow in flows:
            if now - flow.last > RESTED and flow.over():
                self.place = number, flow.first
                self._drop(flow)
        if self.passed is not None:
            self.passed(number)

    def _drop(self, flow: Flow) -> None:
        self._close(flow)
        del flow.shard.flows[id(flow)]
        for src, dst, scope in flow.keys:
            del self.flows[src, dst, scope]
            if self.silent.get((src, dst)) is flow:
                del self.silent[src, dst]

    def _forget(self, shard: Shard, p: Packet) -> None:
        """Make room: first what ended and has rested for 2 MSL, then what ended, then the idle."""
        self.quiet.times(shard.flows.values())
        self.place, now = (p.number, p.number), p.time

        def use(flow: Flow) -> tuple[int, float]:
            if not flow.over():
                return 2, flow.last
            return (0 if now - flow.last > RESTED else 1), flow.last

        flows = sorted(shard.flows.values(), key=use)
        for flow in flows[: max(1, shard.limit // 4)]:
            if flow.connection is not None and not flow.over():
                flow.connection.note(0, "", "forgotten: too many connections at a time")
            self._drop(flow)

    def _packet(self, flow: Flow, side: int, p: Packet) -> None:
        connection, flags, patience = flow.connection, p.flags, flow.patience
        left = patience.left
        if connection is None or flags & (SYN | RST) == SYN:
            connection = self._begin(flow, side, p)
            if connection.flow is not flow:
                flow, side = connection.flow, 1 - side
        connection.speaks(side, p.number, p.seq, p.ack, flags, p.wnd, p.text)
        flow.sent[side] = True
        edge = None
        if flags & ACK and not connection.mid:
            shift = 0 if flags & SYN else connection.shift(side)
            edge = (p.ack + (p.wnd << shift)) & 0xFFFFFFFF
        seen = flow.seen
        sight = side, p, edge
        seen.append(sight)
        if len(seen) > 2 * LADDER:
            del seen[:-LADDER]
        accused = connection.deviation
        if accused is not None:
            connection.suspects = [one for one in connection.suspects if one.explains(sight)]
            if accused.comes_again(p):
                connection.doubt = f"packet {p.number} has the same with an ACK"
            if p.frame != p.number and accused.segment >= seen[0][1].number:
                # What the file has before the one that was not explained may come only now.
                connection.doubt = connection.doubt or _misplaced(seen)
        if flow.given_up or (patience.lost() and (flow.refused or connection.mid)):
            flow.given_up = True
            if not connection.given_up:
                connection.given_up = True
                connection.note(p.number, "", GIVEN_UP)
            return
        if flags & CONTROL == SYN and self.quiet.begins(flow, connection, side, p):
            return
        ends = flow.ends
        if None in connection.isn:
            self._handshake_lost(flow, connection, side, p)
        explained = ends.take(side, p, edge)
        if not explained or ends.turned(p.number):
            connection.turn(side, p)
        judged = flow.at is None or flow.at == side
        if judged and not explained:
            self._refused(flow, connection, side, p)
        elif judged and accused is None:
            if ends.departs:
                self._departed(flow, connection, side, p)
            elif ends.breach is not None:
                connection.deviation = unanswered(flow, side, ends.breach, p)
        note = ends.note
        if note or not explained:
            accused = connection.deviation
            if note == OLDER and (connection.mid or accused is not None):
                # Anything is explained, since its state is not known.
                note, explained = "", accused is None and connection.sent[side] == 1
            if not explained:
                flow.refused = True
                patience.left -= REFUSED
            if note and judged:
                connection.note(p.number, who(side), note)
        if p.wnd == 0 and not flags & RST:
            connection.note(p.number, who(side), "zero window")
        if flow.learner is not None:
            as_ever = patience.left == left + 1 and not connection.counts
            if explained and ends.plain() and as_ever and connection.deviation is None:
                self.quiet.learn(flow, side, p, edge)
            else:
                flow.learner = None

    def _begin(self, flow: Flow, side: int, p: Packet) -> Connection:
        """The connection that ``p`` is of: the present one, unless it begins another."""
        old = flow.connection
        if p.flags & (SYN | RST) != SYN:
            if old is not None:
                return old
            new = self._new(flow, p)
            self._take_up(flow, new, side, p)
            return new
        known = old.isn[side] if old is not None else None
        if old is not None and (known == p.seq or (known is None and not old.mid)):
            alone = old.opened == [side == 0, side == 1] and flow.at != 1 - side
            if p.flags & ACK and alone and not (old.mid or flow.given_up):
                self._heard_a_syn(flow, old, side, p)
            if old.mid == BACKWARDS and not p.flags & ACK:
                old.mid = ""
                old.note(p.number, "", "the capture has the SYN after its SYN,ACK")
            elif old.mid == _no_syn_ack(side, p.seq) and p.flags & ACK:
                old.mid = ""
                old.note(p.number, "", "the capture has the SYN,ACK after its ACK")
            self._opening(old, side, p)
            return old
        turns = old is not None and _is_turned(flow, old, side, p)
        offered = old is not None and flow.at == 1 - side and not (turns and self.position.role)
        if old is not None and offered and _alive(flow.ends.state(1 - side)):
            # Whatever it is, the end where the capture was taken has not begun another.
            flow.offered = p
            return old
        if old is not None:
            used, over = flow.ends.state(side), flow.over()
            self.place = p.number, p.number
            self._close(flow)
            if turns:
                flow, side = self._turn(flow), 1 - side
            new = self._new(flow, p)
            new.note(p.number, "", f"{USED} (packet {old.first})"
                     + (f"; {who(side)} was left in {used.value}"
                        if used not in (State.CLOSED, State.LISTEN) else ""))  # fmt: skip
            # A SYN,ACK of a SYN that was seen; or of one that was not, if the sockets are free.
            if p.flags & ACK and not (over and _of_another(old.isn[1 - side], p.ack)):
                new.isn[1 - side], new.scale[1 - side] = old.isn[1 - side], old.scale[1 - side]
                new.options[1 - side] = old.options[1 - side]
                if flow.offered is not None:
                    self._opening(new, 1 - side, flow.offered)
            flow.offered = None
        else:
            new = self._new(flow, p)
        if p.flags & ACK and new.isn[1 - side] is None:
            # The SYN was not seen: what it was, the SYN,ACK says.
            new.mid = BACKWARDS
            new.isn[1 - side] = SEQ.minus(p.ack, 1)
            if not flow.given_up:
                self._assume_syn(flow, side, p)
        self._opening(new, side, p)
        return new

    def _turn(self, flow: Flow) -> Flow:
        """Whose segment looked like the client's is the server."""
        turned = flow.turned(self.position.at(flow.sockets[::-1]))
        del flow.shard.flows[id(flow)]
        turned.shard.flows[id(turned)] = turned
        for src, dst, scope in turned.keys:
            self.flows[src, dst, scope] = turned, 1 - self.flows[src, dst, scope][1]
            if self.silent.get((src, dst)) is flow:
                self.silent[src, dst] = turned
        return turned

    def _new(self, flow: Flow, p: Packet) -> Connection:
        flow.connection = Connection(flow, p.number, p.time, past=flow.past)
        return flow.connection

    def _opening(self, connection: Connection, side: int, p: Packet) -> None:
        """What a SYN tells: the ISN, and options."""
        connection.isn[side] = p.seq
        connection.opened[side] |= not p.flags & ACK
        found = options(p.options)
        connection.options[side] = found
        shift = found.get(3)
        connection.scale[side] = min(shift[0], 14) if shift else None  # RFC 7323 2.3
        fast = 34 in found or found.get(254, b"")[:2] == b"\xf9\x89"
        if fast and p.text:
            connection.unsupported = "TCP Fast Open"
        if all(30 in o for o in connection.options):
            connection.unsupported = "Multipath TCP"
        if any(kind in found for kind in (11, 12, 13)):
            connection.unsupported = "T/TCP"

    def _assume_syn(self, flow: Flow, side: int, p: Packet) -> None:
        syn = _syn_before(p)
        flow.monitors[1 - side].sent(syn)
        flow.monitors[side].on_its_way(syn, None)

    def _heard_a_syn(self, flow: Flow, connection: Connection, side: int, p: Packet) -> None:
        """Does ``p``, the SYN,ACK of an end that has opened, answer a SYN that is not seen?"""
        isn = connection.isn[1 - side]
        if isn is not None and p.ack == SEQ.plus(isn, 1):
            connection.mid = f"the SYN of {who(1 - side)} is not in the capture"
            flow.monitors[side].on_its_way(_syn_before(p), None)

    def _handshake_lost(self, flow: Flow, connection: Connection, side: int, p: Packet) -> None:
        """Does ``p`` follow a SYN or SYN,ACK that the capture does not have? Then take it for seen.

        It is the ACK of a SYN,ACK, or what its sender sends next; or a SYN,ACK of an end that has
        opened itself.
        """
        other = 1 - side
        mine, theirs = connection.isn[side], connection.isn[other]
        if p.flags & RST or not p.flags & ACK or connection.mid:
            return
        if p.flags & SYN:
            sent = connection.sent[side] > 1 and not connection.sent[other]
            if sent and mine == p.seq and theirs is None:
                connection.isn[other] = SEQ.minus(p.ack, 1)
                connection.mid = f"the SYN of {who(other)} is not in the capture"
                self._assume_syn(flow, side, p)
        elif mine is not None and theirs is None and p.seq == SEQ.plus(mine, 1):
            # What is older than the connection may be acknowledged, too, and wrongly.
            older = [q for one, q, _ in flow.seen if one == other and q.number >= connection.first]
            if all(p.ack not in (q.seq, SEQ.plus(q.seq, q.length())) for q in older):
                self._assume(flow, connection, other, SEQ.minus(p.ack, 1), p)
        elif mine is None and theirs is not None and p.ack == SEQ.plus(theirs, 1):
            first = connection.sent[side] == 1 and p.length() > 0
            if first:
                self._assume(flow, connection, side, SEQ.minus(p.seq, 1), p)

    def _assume(self, flow: Flow, connection: Connection, side: int, isn: int, p: Packet) -> None:
        """``side`` sent a SYN,ACK before ``p``."""
        opened = connection.isn[1 - side]
        assert opened is not None
        connection.isn[side] = isn
        connection.mid, connection.assumed = _no_syn_ack(side, isn), True
        src, dst = flow.sockets[side], flow.sockets[1 - side]
        ack = SEQ.plus(opened, 1)
        syn_ack = Packet(p.number, p.time, src, dst, isn, ack, SYN | ACK, 0, 0)
        flow.monitors[side].sent(syn_ack)
        flow.monitors[1 - side].on_its_way(syn_ack, None)

    def _take_up(self, flow: Flow, connection: Connection, side: int, p: Packet) -> None:
        """Its peer's state is what the first segment tells of it; the sender's own, ``sent``."""
        connection.mid = BEGUN
        if p.flags & ACK and not p.flags & RST and not unlawful(p.flags):
            peer = flow.monitors[1 - side]
            peer.time = p.time
            peer.keep(peer.stands(p.ack, p.seq, False, 0))

    def _refused(self, flow: Flow, connection: Connection, side: int, p: Packet) -> None:
        """No state explains ``p``."""
        if _goes_on(flow, connection, side, p):
            connection.mid, connection.deviation, connection.suspects = OLD_SYN, None, []
            flow.monitors[side].take_up(p)
            return
        anywhere = bool(unlawful(p.flags))
        first = connection.deviation
        if first is not None and (first.anywhere or not anywhere):
            return
        monitor = flow.monitors[side]
        connection.deviation = deviation(flow, side, p, monitor.best(), monitor.states(), [])
        connection.deviation.anywhere = anywhere
        connection.deviation.habits = monitor.habits(p)
        self._replay(flow, connection, side)
        if not (monitor.strict or flow.patience.lost()):
            connection.suspects = suspects(monitor, side, flow.seen)
        self._doubt(flow, connection)

    def _departed(self, flow: Flow, connection: Connection, side: int, p: Packet) -> None:
        monitor = flow.monitors[side]
        best = monitor.best()
        connection.deviation = deviation(flow, side, p, best, monitor.states(), monitor.offered)
        connection.deviation.taken = monitor.taken
        self._replay(flow, connection, side)
        self._doubt(flow, connection)

    def _replay(self, flow: Flow, connection: Connection, side: int) -> None:
        """Add the departures that explain all from the beginning."""
        found = connection.deviation
        assert found is not None
        if flow.seen[0][1].number <= flow.first:
            more = replayed(flow.monitors[side], side, flow.seen)
            found.departures = list(dict.fromkeys([*found.departures, *more]))

    def _doubt(self, flow: Flow, connection: Connection) -> None:
        """Is there something else that may be why the present segment is not explained?"""
        if flow.joined:
            connection.doubt = "each direction was seen in another network: are they of one?"
        else:
            connection.doubt = _misplaced(flow.seen)

    def _blinded(self, flow: Flow, connection: Connection, segment: int) -> None:
        """May a frame that could not be read be why ``segment`` is not explained?"""
        number, why = max(of.before(segment) for of in (self.hidden, flow.shard.hidden))
        if number > flow.first:
            connection.doubt = f"frame {number} may be one of its segments: {why}"

    def _close(self, flow: Flow) -> None:
        """Its present connection has come to its end: say what it was."""
        connection = flow.connection
        if connection is None:
            return
        known, hidden = False, (flow.shard.hidden.pairs, self.hidden.pairs)
        if flow.pair is not None:
            known = not any(hidden) and self.quiet.ends(flow, connection)
            if not known:
                self.quiet.wake(flow)
        flow.connection = None
        if known:
            self.done(connection)
            flow.learner.forget()
            flow.learner = None
            return
        if flow.at is not None and connection.deviation is None:
            due = flow.ends.overdue(flow.at, flow.last)
            if due is not None:
                connection.deviation = unanswered(flow, flow.at, due)
        connection.last = flow.seen[-1][1].number if flow.seen else connection.first
        if connection.deviation is not None:
            self._blinded(flow, connection, connection.deviation.segment)
        judge(connection, flow, hidden)
        if flow.learner is not None:
            flow.learner.learn_outcome(connection)
            flow.learner.forget()
            flow.learner = None
        if self.assumed:
            rests = f"assuming {', '.join(self.assumed)}"
            connection.reason = f"{connection.reason}; {rests}" if connection.reason else rests
        self.missed += bool(flow.missed)
        flow.ends.forget()
        oldest = flow.seen[0][1].number if flow.seen else connection.first
        one, other = (
            [edge for edge in (*past, *edges) if edge[0] >= oldest]
            for past, edges in zip(connection.past, connection.edges, strict=True)
        )
        flow.past = one, other
        self.done(connection)


def _misplaced(seen: list[Sight]) -> str:
    """What time stamps say against the order of segments, if anything.

    A sender's own segments pass one interface and one queue: stamps that put them in another order
    than the file's are not to be trusted, as of a clock that was set back.
    """
    latest: dict[int, int] = {}
    before = seen[0][1]
    for side, p, _ in seen:
        if p.time < before.time:
            return f"packet {p.number} is older than packet {before.number} by its time stamp"
        if p.frame < latest.get(side, 0):
            two = f"{p.frame} and {latest[side]}"
            return f"by their time stamps, frames {two} of one sender are swapped"
        latest[side], before = p.frame, p
    return ""


def _goes_on(flow: Flow, connection: Connection, side: int, p: Packet) -> bool:
    """Was the SYN of ``side``, which sends ``p``, an old duplicate, so that it opened nothing?

    So it was if the end goes on in a connection that its peer is in, too, or if its numbers have
    nothing to do with the SYN.
    """
    isn = connection.isn[side]
    if connection.isn[1 - side] is not None or isn is None or flow.at == side:
        return False
    if (
        connection.first > flow.first
        or connection.mid
        or connection.sent[side] > 2
        or p.flags & (SYN | RST)
        or not p.flags & ACK
    ):
        return False
    theirs = [q for s, q, _ in flow.seen if s != side and q.number > connection.first]
    if not theirs:
        return BEHIND < SEQ.minus(p.seq, isn) < (1 << 32) - BEHIND
    return any(
        q.flags & ACK
        and not q.flags & (SYN | RST)
        and p.seq == q.ack
        and p.ack in (q.seq, SEQ.plus(q.seq, q.length()))
        for q in theirs
    )


def _is_turned(flow: Flow, old: Connection, side: int, p: Packet) -> bool:
    """Is ``p``, which begins a connection, the first that tells who opens, and is that B?

    It is a SYN, or answers the SYN that the end of the capture was offered.
    """
    if old.mid != BEGUN or any(old.opened):
        return False
    if not p.flags & ACK:
        return side == 1
    return side == 0 and flow.offered is not None and p.ack == SEQ.plus(flow.offered.seq, 1)


def _of_another(isn: int | None, ack: int) -> bool:
    """Is ``ack`` far from what acknowledges a SYN of ``isn``?"""
    return isn is not None and NEAR < SEQ.minus(ack, isn) <= (1 << 32) - 1 - NEAR


def _syn_before(p: Packet) -> Packet:
    """The SYN that ``p``, a SYN,ACK, answers."""
    return Packet(p.number, p.time, p.dst, p.src, SEQ.minus(p.ack, 1), 0, SYN, 0, 0)


def _no_syn_ack(side: int, isn: int) -> str:
    return f"the SYN,ACK is not in the capture ({who(side)}'s ISN is {isn})"


def _alive(state: State) -> bool:
    return state not in (State.CLOSED, State.LISTEN, State.TIME_WAIT)
