"""Situations that come again: what both ends of a connection did with a segment, remembered.

Most connections open and close alike, and following them through the specification is the same
work each time. It is the same because the monitors, and the specification, only *compare*
sequence numbers and add 1 to them. So the outcome of a segment depends on the order of all numbers
involved, on which are equal or next to each other, and on nothing else. (Regions of timed automata
use the same idea.) So a pair of monitors is taken apart into

* its *points*: the distinct sequence numbers in it, in order, of each direction;
* its *slots*: for each candidate its story, and its TIME-WAIT timer with the time of it;
* all the rest, which is its *situation*, with the ranks of the points in their places.

A *move* leads from a situation by a segment of a certain *region* (its flags, and where its numbers
lie among the points) to the next, and says from where each point and slot is copied. It is
learnt by letting the monitors do it, and looked up when situation and region come again. There is
no second state machine: what was not met before is put together again and followed in full. So is
everything unusual, such as numbers of several TCBs of the peer. What a reset may answer is no part
of a situation; so the numbers of such segments are part of its region.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, cast

from checker.capture.segments import ACK, CONTROL, RST, Packet
from checker.conform.behaviour import Behaviour
from checker.conform.cache.flowing import HALF, FlowingMonitor
from checker.conform.cache.steps import RememberedStepper
from checker.conform.candidate import Candidate, Change, Edge, newest
from checker.conform.ends import Ends, likeliest
from checker.conform.explain import Came, Seen, provoking
from checker.conform.inbound import Inbound
from checker.conform.layout import MASK, NO_CONNECTION, ONLY_IF, UNUSED_IN_TCB, Layout
from checker.conform.monitor import EVENTFUL, Gap, Monitor
from checker.conform.patience import USUAL, Patience
from spec.tcp.tcb import State, Tcb

REMEMBERED = 1 << 13
"""Situations and moves that are remembered; then memory is cleared."""
NEAR = 3
"""Distances from here on are alike: 1 and 2 are what SYN and FIN make."""
SPAN = 1 << 29
"""Numbers further apart are not remembered: there is a window (2^30), and half a circle."""
_STATES = {state.value: state for state in State}
_NEITHER = ((), ())

Row = tuple[int, tuple[int, ...], tuple[int, ...]]
"""The points of one direction: the first, how far from it each lies, and the near distances."""
Slot = tuple[Edge | None, float, int]
"""Of a candidate: its story, its clock, and what is left of its TIME-WAIT timer."""
_NO_POINTS: Row = (0, (), ())
_BLANK: tuple[Slot, ...] = ((None, 0.0, 0),)


class Form(NamedTuple):
    """All of a monitor but its numbers and slots: which of them there are, and the rest."""

    candidates: tuple[tuple[Any, ...], ...]
    syns: tuple[int, ...]
    resets: tuple[int, ...]
    marks: tuple[int, ...]
    acked: bool
    inbound: tuple[int, bool, bool, bool] | None  # where it begins; is FIN, ACK, an edge known?
    strict: bool
    calm: bool
    challenged: bool
    older: bool


class _Copy(NamedTuple):
    """How a slot is made: from which slots of the same end, and what is new."""

    story: int
    changes: tuple[Change, ...]
    clock: int  # below 0: now
    timer: int  # below 0: ``left``
    left: int


_Copies = tuple[_Copy | int, ...] | None
"""None: all as they were; an int: as that one was."""


class _Parts(NamedTuple):
    """How a row is made: from which points and numbers, and what is added to each."""

    parts: tuple[tuple[int, int], ...]
    near: tuple[int, ...] | None  # the new near distances, where they do not depend on far ones


class _Move(NamedTuple):
    """What came of a segment."""

    to: "Situation"
    rows: tuple["_Parts", "_Parts"]
    slots: tuple["_Copies", "_Copies"]
    note: str
    recent: int  # how often it was put among the recent segments
    splits: bool | None  # whether its SEQ was in the midst of a segment, if that was asked


class Situation:
    """Two monitors, but for their numbers and what is in their slots."""

    __slots__ = (
        "calm",
        "candidates",
        "forms",
        "inbound",
        "left",
        "moves",
        "ranks",
        "states",
        "timed",
    )

    def __init__(
        self,
        forms: tuple[Form, ...],
        ranks: tuple[tuple[int, ...], ...],
        ends: tuple[Monitor, Monitor],
    ) -> None:
        self.forms = forms
        self.ranks = ranks
        self.moves: dict[tuple[int, ...], _Move] = {}
        self.states = tuple([m.candidates[0].tcb.state for m in ends])
        self.left = tuple([likeliest(m) for m in ends])
        # Which candidates have a timer that runs.
        self.timed = tuple(
            [
                tuple([i for i, c in enumerate(m.candidates) if c.tcb.state is State.TIME_WAIT])
                for m in ends
            ]
        )
        self.candidates = sum(len(m.candidates) for m in ends)
        self.calm = all(m.calm and not m.challenged for m in ends)
        # The ranks of ISN and of what was seen up to, of each end's peer.
        self.inbound: tuple[tuple[int, int] | None, ...] = tuple(
            [
                (of[form.inbound[0]], of[form.inbound[0] + 1]) if form.inbound is not None else None
                for form, of in zip(forms, ranks[::-1], strict=True)
            ]
        )


class Cache:
    """What was learnt of one behaviour."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.stepper = RememberedStepper(behaviour)
        self.departed = {
            name: RememberedStepper(departing) for name, departing in behaviour.departures.items()
        }
        self._situations: dict[tuple[Any, ...], Situation] = {}
        self.learnt = 0  # moves
        self.recalled = 0  # how often one was
        self._first: dict[int | None, Situation] = {}

    def ends(self, at: int | None, patience: Patience) -> "RememberedEnds":
        """Two ends that have done nothing, and remember."""
        return RememberedEnds(self, at, patience)

    def monitors(self, strict: int | None, seen: tuple[Seen, Seen]) -> tuple[Monitor, Monitor]:
        """Their monitors; ``strict``: where the capture was taken."""
        return (
            FlowingMonitor(self.stepper, self.departed, strict == 0, seen[0]),
            FlowingMonitor(self.stepper, self.departed, strict == 1, seen[1]),
        )

    def first(self, strict: int | None) -> Situation:
        """That of two ends that have done nothing."""
        if strict not in self._first:
            ends = self.monitors(strict, (Seen(Patience()), Seen(Patience())))
            one, other = _form(ends[0], [], []), _form(ends[1], [], [])
            assert one is not None and other is not None
            self._first[strict] = self.situation((one, other), ((), ()), ends)
        return self._first[strict]

    def situation(
        self,
        forms: tuple[Form, ...],
        ranks: tuple[tuple[int, ...], ...],
        ends: tuple[Monitor, Monitor],
    ) -> Situation:
        """The one of this form, which is that of ``ends``."""
        found = self._situations.get((forms, ranks))
        if found is None:
            self._make_room()
            found = self._situations[forms, ranks] = Situation(forms, ranks, ends)
        return found

    def learn(self, at: Situation, region: tuple[int, ...], move: _Move) -> None:
        """What comes of a region in a situation."""
        self._make_room()
        at.moves[region] = move
        self.learnt += 1

    def _make_room(self) -> None:
        if self.learnt + len(self._situations) >= REMEMBERED:
            for one in self._situations.values():
                one.moves.clear()  # they refer to each other
            self._situations.clear()
            self._first.clear()
            self.learnt = 0


class RememberedEnds(Ends):
    """Two monitors, or the situation that stands for them, with its points and slots."""

    __slots__ = ("_at", "_cache", "_rows", "_slots", "_strict")

    def __init__(self, cache: Cache, strict: int | None, patience: Patience) -> None:
        obliged = strict if cache.stepper.behaviour.assumed.arrived else None
        super().__init__(None, (Seen(patience), Seen(patience)), obliged)
        self._cache = cache
        self._strict = strict
        # Either the monitors count, or the situation with points and slots.
        self._at: Situation | None = cache.first(strict)
        self._rows: tuple[Row, Row] = (_NO_POINTS, _NO_POINTS)
        self._slots: tuple[tuple[Slot, ...], tuple[Slot, ...]] = (_BLANK, _BLANK)

    @property
    def monitors(self) -> tuple[Monitor, Monitor]:
        """The monitors themselves."""
        if self._monitors is None:
            self._monitors = self._put_together()
        return self._monitors

    # What is reported of the ends

    def state(self, side: int) -> State:
        """The likeliest."""
        return super().state(side) if self._at is None else self._at.states[side]

    def left(self, side: int) -> str:
        """The states that are as likely as the likeliest, in words."""
        return super().left(side) if self._at is None else self._at.left[side]

    def stories(self, side: int) -> list[Edge | None]:
        """Of all candidates; the likeliest comes first."""
        if self._at is None:
            return super().stories(side)
        return [story for story, _, _ in self._slots[side]]

    def waits(self) -> tuple[bool, bool]:
        """Which of them may be in TIME-WAIT, where time matters?"""
        if self._at is None:
            return super().waits()
        one, other = self._at.timed
        return bool(one), bool(other)

    def octets(self, side: int, isn: int) -> int:
        """How much text ``side`` was seen to send from an ISN on."""
        if self._at is None:
            return super().octets(side, isn)
        ranks, (base, places, _) = self._at.inbound[1 - side], self._rows[side]
        if ranks is None or (places[ranks[0]] + base - isn) & MASK:
            return 0
        first, top = ranks
        return max(0, places[top] - places[first] - 1 - self.lacks(side))

    def gaps(self, side: int) -> list[Gap]:
        """What ``side`` acknowledged and the peer may not have sent."""
        return super().gaps(side) if self._at is None else []

    def forget(self) -> None:
        """The connection is over, and what was told of it."""
        if self._at is None:
            super().forget()
            return
        self.start_anew()
        one, other = self._slots
        self._slots = (
            tuple([(None, clock, left) for _, clock, left in one]),
            tuple([(None, clock, left) for _, clock, left in other]),
        )

    def swap(self) -> None:
        """Who was taken for the server is the client."""
        super().swap()
        if self._strict is not None:
            self._strict = 1 - self._strict

    def shorten(self) -> None:
        """Leave out of the stories what will not be shown."""
        if self._at is None:
            super().shorten()
            return
        one, other = self._slots
        self._slots = (
            tuple([(newest(story), clock, left) for story, clock, left in one]),
            tuple([(newest(story), clock, left) for story, clock, left in other]),
        )

    # What is seen

    def see(self, side: int, p: Packet, edge: int | None) -> bool:
        """Do what was done when this was seen before, or let the monitors see ``p``."""
        at, flags = self._at, p.flags
        if flags & RST and self.obliged is not None:
            return self.follow(side, p, edge)
        if at is None:
            a, b = self.monitors
            if flags & EVENTFUL or not (a.calm and b.calm):
                at = self._take_apart()
        elif at.calm and not flags & EVENTFUL:
            at = None
        if at is None or (p.ack and not flags & ACK):  # such a number means nothing
            return self.follow(side, p, edge)
        if at.timed[side]:
            self._age(at, side, p.time)
        theirs: tuple[int, ...]
        theirs = () if not flags & ACK else (p.ack,) if edge is None else (p.ack, edge)
        region = [side, flags & CONTROL]
        if flags & RST:
            theirs = self._answered(side, p, theirs[:1], region)
        one, other = self._rows if side == 0 else self._rows[::-1]
        ours = _located(one, (p.seq, (p.seq + p.text) & MASK), region)
        others = _located(other, theirs, region)
        if ours is None or others is None:
            return self.follow(side, p, edge)
        if at.timed != _NEITHER:
            region += self._timers(at)
        mark = tuple(region)
        known = (ours, others) if side == 0 else (others, ours)
        move = at.moves.get(mark)
        if move is None:
            return self._learn(at, mark, side, p, edge, known)
        if move.splits is not None and self._seen[side].splits(p.seq) != move.splits:
            return self.follow(side, p, edge)
        self.measured = move.splits is not None
        self._cache.recalled += 1
        self._rows = _made(known[0], move.rows[0]), _made(known[1], move.rows[1])
        one_kept, other_kept = move.slots
        if one_kept is not None or other_kept is not None:
            slots = self._slots
            self._slots = _copied(slots[0], one_kept, p), _copied(slots[1], other_kept, p)
        self._at = move.to
        if move.to.candidates > USUAL:
            self.patience.pay(move.to.candidates)
        self.note = move.note
        if move.recent:
            self._seen[1 - side].came.extend((p,) * move.recent)
        return True

    def _answered(
        self, side: int, p: Packet, theirs: tuple[int, ...], region: list[int]
    ) -> tuple[int, ...]:
        """``theirs`` with where those segments began and ended that the reset ``p`` may answer.

        Their ACK is its SEQ. In which order all these numbers are is added to ``region``.
        """
        for q in provoking(self._seen[side].came, p):
            region.append(q.flags & CONTROL)
            theirs += q.seq, (q.seq + q.length()) & MASK
        start = theirs[0] - HALF if theirs else 0
        order = sorted(range(len(theirs)), key=lambda i: (theirs[i] - start) & MASK)
        region += order
        return tuple([theirs[i] for i in order])

    def _age(self, at: Situation, side: int, time: float) -> None:
        """Let the TIME-WAIT timers of ``side`` run."""
        slots = list(self._slots[side])
        for i in at.timed[side]:
            story, clock, left = slots[i]
            c = Candidate(Tcb(state=State.TIME_WAIT, time_wait=left), clock=clock)
            self._cache.stepper.age(c, time)
            slots[i] = story, c.clock, c.tcb.time_wait
        aged = tuple(slots)
        self._slots = (self._slots[0], aged) if side else (aged, self._slots[1])

    def _timers(self, at: Situation) -> tuple[int, ...]:
        """Which timers are set to what their rule says, or have run out, and which are equal."""
        usual = self._cache.stepper.timers
        lefts = [self._slots[side][i][2] for side in (0, 1) for i in at.timed[side]]
        return tuple([left if left in usual else -1 - lefts.index(left) for left in lefts])

    def _learn(
        self,
        at: Situation,
        region: tuple[int, ...],
        side: int,
        p: Packet,
        edge: int | None,
        known: tuple["_Known", "_Known"],
    ) -> bool:
        """Go the long way, and remember what came of it."""
        slots = self._slots
        monitors = self.monitors
        for monitor in monitors:
            monitor.measured, monitor.splits = False, None
        explained = self.follow(side, p, edge)
        if not explained or any(m.measured for m in monitors):
            return explained
        to = self._take_apart()
        if to is None:
            return explained
        usual = self._cache.stepper.timers
        one, other = (_parts(*each) for each in zip(known, self._rows, strict=True))
        copies = [_copies(*each, p, usual) for each in zip(slots, self._slots, strict=True)]
        recent = sum(q is p for q in list(self._seen[1 - side].came)[-2:])
        if one is not None and other is not None and () not in copies:
            splits = monitors[side].splits
            move = _Move(to, (one, other), (copies[0], copies[1]), self.note, recent, splits)
            self._cache.learn(at, region, move)
        return explained

    # Taking apart, and putting together again

    def _take_apart(self) -> Situation | None:
        """The situation, if it is one that may come again."""
        ours: list[int] = []
        theirs: list[int] = []
        one, other = ends = self.monitors
        forms = _form(one, ours, theirs), _form(other, theirs, ours)
        one_row, other_row = _ranked(ours), _ranked(theirs)
        if forms[0] is None or forms[1] is None or one_row is None or other_row is None:
            return None
        self._rows = one_row[0], other_row[0]
        self._slots = _slots(one), _slots(other)
        ranks = one_row[1], other_row[1]
        self.departs = False
        self._at = self._cache.situation((forms[0], forms[1]), ranks, ends)
        self._monitors = None
        return self._at

    def _put_together(self) -> tuple[Monitor, Monitor]:
        at = self._at
        assert at is not None
        a, b = (
            iter([(base + places[rank]) & MASK for rank in ranks])
            for (base, places, _), ranks in zip(self._rows, at.ranks, strict=True)
        )
        one, other = ends = self._cache.monitors(self._strict, self._seen)
        _fill(one, at.forms[0], self._slots[0], a, b)
        _fill(other, at.forms[1], self._slots[1], b, a)
        self._at = None
        return ends


_Known = tuple[int, tuple[int, ...]]
"""From where is counted; the places of the points, and those of a segment's numbers."""


def _located(row: Row, numbers: tuple[int, ...], region: list[int]) -> _Known | None:
    """Add to ``region`` where ``numbers``, which are in order, lie; None if too far away."""
    base, places, near = row
    region += near
    if not places:
        base = numbers[0] if numbers else 0
    elif places[-1] > SPAN:
        return None
    known = list(places)
    gap, before = -1, 0
    for x in numbers:
        place = ((x - base + HALF) & MASK) - HALF
        if not -SPAN < place < SPAN:
            return None
        i = bisect_left(places, place)
        known.append(place)
        if i < len(places) and places[i] == place:
            region.append(~i)
            continue
        below = place - places[i - 1] if i else NEAR
        above = places[i] - place if i < len(places) else NEAR
        region += (i, below if below < NEAR else NEAR, above if above < NEAR else NEAR)
        if i == gap:
            region.append(place - before if place - before < NEAR else NEAR)
        gap, before = i, place
    return base, tuple(known)


def _ranked(numbers: Sequence[int]) -> tuple[Row, tuple[int, ...]] | None:
    """The distinct ones, in order, and which of them each is; None if there is no order.

    Numbers that are too far apart have none.
    """
    if not numbers:
        return _NO_POINTS, ()
    start = numbers[0] - HALF
    found = sorted([(x - start) & MASK for x in set(numbers)])
    if found[-1] - found[0] > SPAN:
        return None
    places = tuple([x - found[0] for x in found])
    ranks = {(x + start) & MASK: rank for rank, x in enumerate(found)}
    return ((start + found[0]) & MASK, places, _near(places)), tuple([ranks[x] for x in numbers])


def _near(places: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([b - a if b - a < NEAR else NEAR for a, b in pairwise(places)])


def _parts(known: _Known, new: Row) -> _Parts | None:
    """How the new points are made from what was known."""
    base, places = known
    found = []
    for place in new[1]:
        here = ((place + new[0] - base + HALF) & MASK) - HALF
        part = next(
            ((places.index(here - i), i) for i in (0, 1, -1, 2) if here - i in places), None
        )
        if part is None:
            return None
        found.append(part)
    far = any(
        more < less and places[j] - places[i] >= NEAR for (i, less), (j, more) in pairwise(found)
    )
    return _Parts(tuple(found), None if far else new[2])


def _made(known: _Known, how: _Parts) -> Row:
    base, places = known
    parts, near = how
    new = [places[i] + more for i, more in parts]
    first = new[0] if new else 0
    if first:
        base, new = (base + first) & MASK, [x - first for x in new]
    made = tuple(new)
    return base, made, _near(made) if near is None else near


def _slots(monitor: Monitor) -> tuple[Slot, ...]:
    return tuple([(c.story, c.clock, c.tcb.time_wait) for c in monitor.candidates])


def _copies(
    known: tuple[Slot, ...], new: tuple[Slot, ...], p: Packet, usual: frozenset[int]
) -> _Copies:
    """How the new slots are made; () if that cannot be told.

    A clock is known by its identity: it says when it was set.
    """
    found: list[_Copy | int] = []
    for story, clock, left in new:
        changes = []
        edge = story
        while edge is not None and not any(edge is old for old, _, _ in known):
            changes.append(edge.change)
            edge = edge.rest
        stories = [i for i, slot in enumerate(known) if slot[0] is edge]
        clocks = [-1] if clock is p.time else [i for i, s in enumerate(known) if s[1] is clock]
        timers = [-1] if left in usual else [i for i, s in enumerate(known) if s[2] == left]
        whole = [i for i in stories if i in clocks and known[i][2] == left]
        if not (stories and clocks and timers):
            return ()
        if whole and not changes:
            found.append(whole[0])
        else:
            made = tuple(reversed(changes))
            found.append(_Copy(stories[0], made, clocks[0], timers[0], left))
    return None if found == list(range(len(known))) else tuple(found)


def _copied(known: tuple[Slot, ...], copies: _Copies, p: Packet) -> tuple[Slot, ...]:
    if copies is None:
        return known
    found = []
    for how in copies:
        if isinstance(how, int):
            found.append(known[how])
            continue
        of, changes, when, timer, left = how
        story = known[of][0]
        for change in changes:
            story = Edge(story, p.number, change)
        clock = p.time if when < 0 else known[when][1]
        found.append((story, clock, left if timer < 0 else known[timer][2]))
    return tuple(found)


# A monitor's form. Its numbers are written to, and read from, two lists: those of its own
# direction (``mine``) and those of its peer's (``theirs``).


def _form(monitor: Monitor, mine: list[int], theirs: list[int]) -> Form | None:
    """None if a monitor is not usual."""
    if monitor.gaps or monitor.pending or len(monitor.inbound) > 1:
        return None
    candidates = []
    for c in monitor.candidates:
        if c.used or c.tcb.reopened or (c.last is not None and c.last.reopened):
            return None
        last = None if c.last is None else (*_tcb_form(c.last, mine, theirs), c.last.time_wait)
        candidates.append((c.cost, _tcb_form(c.tcb, mine, theirs), last))
    if any(came.text for came in (*monitor.syns, *monitor.resets)):
        return None  # of a SYN it is held, as a length and not as a place
    for seq, ack, flags, _ in (*monitor.syns, *monitor.resets):
        theirs.append(seq)
        if flags & ACK:
            mine.append(ack)
    marks = []
    for seq, ack, flags, text in monitor.marks:
        mine += (seq, (seq + text) & MASK)
        if flags & ACK:
            theirs.append(ack)
        elif ack:
            return None
        marks.append(flags)
    if monitor.acked is not None:
        theirs.append(monitor.acked)
    inbound = None
    for one in monitor.inbound.values():
        if (
            one.parts
            or one.full
            or one.dropped
            or one.lost is not None
            or one.total != (one.top - one.isn - 1) & MASK
        ):
            return None
        if monitor.newest is not one or monitor.current is not one or monitor.partners != [one]:
            return None
        heard_at = len(theirs)
        theirs += (one.isn, one.top, one.since)
        theirs += () if one.fin is None else (one.fin,)
        mine += [x for x in (one.ack, one.edge) if x is not None]
        inbound = (heard_at, one.fin is not None, one.ack is not None, one.edge is not None)
    return Form(
        tuple(candidates),
        tuple([came.flags for came in monitor.syns]),
        tuple([came.flags for came in monitor.resets]),
        tuple(marks),
        monitor.acked is not None,
        inbound,
        monitor.strict,
        monitor.calm,
        monitor.challenged,
        monitor.older,
    )


def _fill(
    monitor: Monitor, form: Form, slots: tuple[Slot, ...], mine: Iterator[int],
    theirs: Iterator[int],
) -> None:  # fmt: skip
    """The inverse of ``_form``, of a new monitor."""
    candidates, syns, resets, marks, acked, inbound, _, calm, challenged, monitor.older = form
    monitor.candidates = []
    for (cost, tcb, last), (story, clock, left) in zip(candidates, slots, strict=True):
        gone = None
        if last is not None:
            gone = _tcb(last[:-1], mine, theirs)
            gone.time_wait = last[-1]
        now = _tcb(tcb, mine, theirs)
        now.time_wait = left
        monitor.candidates.append(Candidate(now, cost, frozenset(), story, clock, gone))
    monitor.syns, monitor.resets = (
        tuple([Came(next(theirs), next(mine) if f & ACK else 0, f, 0) for f in came])
        for came in (syns, resets)
    )
    for flags in marks:
        seq, end = next(mine), next(mine)
        number = next(theirs) if flags & ACK else 0
        monitor.marks = (*monitor.marks, Came(seq, number, flags, (end - seq) & MASK))
    monitor.acked = next(theirs) if acked else None
    if inbound is not None:
        _, fin, ack, edge = inbound
        one = Inbound(next(theirs))
        one.top, one.since = next(theirs), next(theirs)
        one.total = (one.top - one.isn - 1) & MASK
        one.fin = next(theirs) if fin else None
        one.ack = next(mine) if ack else None
        one.edge = next(mine) if edge else None
        monitor.inbound[one.isn] = monitor.newest = monitor.current = one
        monitor.partners = [one]
    monitor.calm, monitor.challenged = calm, challenged


# ``written`` is told by the place that it gives to FIN, and ``time_wait`` by a slot.
# What is known only of a TCB that was reopened is blank: such a one is not usual.
_LAYOUT = Layout(Tcb, UNUSED_IN_TCB, apart=("state", "written", "time_wait", *ONLY_IF))
_joined = _LAYOUT.joined()
_COUNT = len(_LAYOUT.ours(Tcb()))
_THEIR_COUNT = len(_LAYOUT.theirs(Tcb()))


def _tcb_form(tcb: Tcb, mine: list[int], theirs: list[int]) -> tuple[Any, ...]:
    """All of a TCB but the numbers that its state knows, which go to the lists.

    The state is told by its name, which is quick to compare.
    """
    state, ours, others = tcb.state, _LAYOUT.ours(tcb), _LAYOUT.theirs(tcb)
    rest = _LAYOUT.rest(tcb)
    if state in NO_CONNECTION:
        return (state._value_, rest, ours, others, tcb.written)
    mine += ours
    mine.append((tcb.iss + tcb.written + 1) & MASK)
    if state is State.SYN_SENT:
        return (state._value_, rest, None, others, None)
    theirs += others
    return (state._value_, rest, None, None, None)


def _tcb(form: tuple[Any, ...], mine: Iterator[int], theirs: Iterator[int]) -> Tcb:
    """The inverse of ``_tcb_form``."""
    name, rest, ours, others, written = form
    place = 0
    if ours is None:
        ours = [next(mine) for _ in range(_COUNT)]
        place = next(mine)
    if others is None:
        others = [next(theirs) for _ in range(_THEIR_COUNT)]
    tcb = cast(Tcb, _joined(ours, others, rest))
    tcb.state = _STATES[name]
    tcb.written = written if written is not None else (place - tcb.iss - 1) & MASK
    return tcb
