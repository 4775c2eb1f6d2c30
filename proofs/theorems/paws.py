"""Small systems of timestamps: what PAWS tells apart, while clocks and sequence numbers wrap.

The clock of a sender has 2^32 values here, and begins again after the last. *When* something was
sent is known exactly, by ghosts that do not wrap: ages in ticks, and places in the stream. With an
MSL of n ticks, what arrives is n - 1 ticks old at most: lifetimes are exclusive.
"""

from dataclasses import dataclass, field

from proofs.theorems.small import Scene, Small
from spec.seq import choose, implies, not_
from spec.tcp import timestamps
from spec.tcp.segment import Control, Count, Segment, Seq, Stamp, Ticks, left
from spec.tcp.segment_arrives.others import above_all_received
from spec.tcp.tcb import State, Tcb

CLOCK = 1 << 32
"""How many values a timestamp clock has."""
NUMBERS = 1 << 32
"""... and how many sequence numbers there are."""


@dataclass(slots=True, eq=False)
class Recent:
    """What a receiver has of the other end's clock."""

    value: Stamp = 0  # TS.Recent; 0: none yet
    left: Ticks = 0  # for how long it is still valid, if that is not for ever
    age: Ticks = 0  # how long ago the segment was sent that it came with


def _taken(s: Scene, tsval: int, age: int) -> bool:
    """A segment comes that begins at RCV.NXT or before: does PAWS let it pass?"""
    recent: Recent = s.me.recent
    tcb = Tcb(stamped=True, ts_recent=recent.value, recent_for=recent.left)
    seg = Segment(seq=0, tsval=tsval)
    first = recent.value == 0
    passes: bool = first | timestamps.check(tcb, seg, s.tcp)
    timestamps.keep(tcb, seg, s.tcp)
    recent.value = choose(first, tsval, tcb.ts_recent)
    recent.left = choose(first, s.tcp.bounds.recent_life, tcb.recent_for)
    recent.age = choose(passes, age, recent.age)
    return passes


def _tsval(s: Scene, ago: int) -> int:
    """TSval of what was sent ``ago`` ticks ago."""
    clock: int = s.me.clock
    return choose(clock >= ago, clock - ago, clock + CLOCK - ago) + 1


def _tells(s: Scene, tsval: int, age: int) -> bool:
    """Is a TSval the clock of when it was sent, if that did not go all around since?"""
    told: bool = (tsval == 0) | (age >= CLOCK) | (tsval == _tsval(s, age))
    counts: bool = s.me.clock < CLOCK
    return told & counts


def _time_goes_by(s: Scene) -> None:
    recent = s.me.recent
    s.me.clock = timestamps.advance(s.me.clock, s.tcp.bounds)
    recent.age = recent.age + 1
    recent.left = left(recent.left, 1)


# R10: how long segments may live, and TS.Recent be valid


@dataclass(slots=True, eq=False)
class Idle:
    """A sender's clock, a segment of its, and a receiver."""

    clock: Stamp = 0
    tsval: Stamp = 0  # of that segment; 0: it was not sent yet
    age: Ticks = 0
    recent: Recent = field(default_factory=Recent)
    passed: bool = False  # it passed, and was sent before what TS.Recent came with
    refused: bool = False  # it did not pass, and was not


@dataclass(slots=True, eq=False)
class Another:
    """Any other segment."""

    ago: Ticks = 0  # when it was sent


@dataclass(slots=True, eq=False)
class Lives:
    """How long segments live."""

    msl: Ticks = 0


def _tick(s: Scene, _: Another) -> bool:
    _time_goes_by(s)
    s.me.age = s.me.age + 1
    return True


def _send(s: Scene, _: Another) -> bool:
    s.me.tsval, s.me.age = _tsval(s, 0), 0
    return True


def _another_arrives(s: Scene, another: Another) -> bool:
    if another.ago >= s.open.msl or another.ago >= CLOCK:
        return False
    _taken(s, _tsval(s, another.ago), another.ago)
    return True


def _arrives(s: Scene, _: Another) -> bool:
    idle = s.me
    if idle.tsval == 0 or idle.age >= s.open.msl:
        return False
    before = (idle.recent.value != 0) & (idle.age > idle.recent.age)
    passes = _taken(s, idle.tsval, idle.age)
    idle.passed = idle.passed | (passes & before)
    idle.refused = idle.refused | (not_(passes) & not_(before))
    return True


IDLE = Small(
    Idle,
    Another,
    Lives,
    {
        "time goes by": _tick,
        "send": _send,
        "another arrives": _another_arrives,
        "it arrives": _arrives,
    },
)


def dies_in_time(s: Scene) -> bool:
    """No segment lives longer than half of the clock's values."""
    short: bool = s.open.msl <= CLOCK // 2
    return short


def valid_as_long(s: Scene) -> bool:
    """TS.Recent is valid for MSL less a tick at least, or for ever."""
    life = s.tcp.bounds.recent_life
    valid: bool = (life == 0) | (s.open.msl <= life + 1)
    return valid


def valid_no_longer(s: Scene) -> bool:
    """TS.Recent is not valid for ever: for that time and MSL half of the clock's values, and two,
    are enough."""
    life = s.tcp.bounds.recent_life
    brief: bool = (life != 0) & (life + s.open.msl <= CLOCK // 2 + 2)
    return brief


def tsval_tells_age(s: Scene) -> bool:
    """A segment's TSval is the clock of when it was sent."""
    return _tells(s, s.me.tsval, s.me.age)


def recent_tells_age(s: Scene) -> bool:
    """TS.Recent is the clock of when the segment was sent that it came with."""
    return _tells(s, s.me.recent.value, s.me.recent.age)


def invalid_is_old(s: Scene) -> bool:
    """What is valid no more came with a segment that was sent as long ago."""
    recent = s.me.recent
    old: bool = (recent.value == 0) | (recent.age + recent.left >= s.tcp.bounds.recent_life)
    return old


def valid_is_young(s: Scene) -> bool:
    """What is valid came with a segment that had lived less than MSL when it came."""
    recent = s.me.recent
    most = s.tcp.bounds.recent_life + s.open.msl
    young: bool = (recent.left == 0) | (recent.age + recent.left < most)
    return young


def nothing_earlier_passes(s: Scene) -> bool:
    """R10: what was sent before the segment that TS.Recent came with does not pass."""
    return not_(s.me.passed)


def nothing_later_is_refused(s: Scene) -> bool:
    """R10.idle: whatever else arrives passes."""
    return not_(s.me.refused)


# R11: how fast the clock must tick


@dataclass(slots=True, eq=False)
class Stream:
    """A sender of a long stream, and its receiver. Places are counted from an octet, of which the
    last copy may come late."""

    clock: Stamp = 0
    sent: Count = 0  # octets that were sent, from that one on
    budget: Count = 0  # octets that may be sent before the clock ticks
    copy: Stamp = 0  # TSval of the last copy of that octet; 0: it was not sent yet
    copy_age: Ticks = 0
    other: Stamp = 0  # TSval of any other segment; 0: none was sent yet
    other_age: Ticks = 0
    end: Count = 0  # where it ends
    expected: Count = 0  # RCV.NXT
    recent: Recent = field(default_factory=Recent)
    again: bool = False  # the octet was taken once more, for another


@dataclass(slots=True, eq=False)
class More:
    """How much is sent or received, and when that was sent."""

    to: Count = 0
    ago: Ticks = 0


@dataclass(slots=True, eq=False)
class Pace:
    """The sender's rate and window, and what the receiver holds."""

    msl: Ticks = 0
    rate: Count = 0  # octets from one tick to the next, at most
    window: Count = 0
    held: Count = 0  # octets that the receiver has already beyond what is missing, at most


def _in_the_way(s: Scene) -> bool:
    """Does the octet's number lie in the window again, or below it?"""
    late: bool = s.me.expected > NUMBERS - s.open.window
    return late


def _tick_of_stream(s: Scene, _: More) -> bool:
    _time_goes_by(s)
    s.me.copy_age = s.me.copy_age + 1
    s.me.other_age = s.me.other_age + 1
    s.me.budget = s.open.rate
    return True


def _send_on(s: Scene, more: More) -> bool:
    """More octets are sent, as far as the window allows."""
    me, first = s.me, s.me.sent == 0
    if not ((more.to > 0) & (more.to <= me.budget)):
        return False
    if me.sent + more.to > me.expected + s.open.window:
        return False
    me.copy = choose(first, _tsval(s, 0), me.copy)
    me.copy_age = choose(first, 0, me.copy_age)
    me.sent, me.budget = me.sent + more.to, me.budget - more.to
    return True


def _send_copy(s: Scene, _: More) -> bool:
    """The octet is sent again: it is not acknowledged, and no more than a window is ahead."""
    if not ((s.me.sent > 0) & (s.me.sent <= s.open.window)):
        return False
    s.me.copy, s.me.copy_age = _tsval(s, 0), 0
    return True


def _send_other(s: Scene, more: More) -> bool:
    """Another segment is sent, or sent again: its last octet is not acknowledged."""
    if not ((more.to > 0) & (more.to <= s.me.sent) & (s.me.sent < more.to + s.open.window)):
        return False
    s.me.other, s.me.other_age, s.me.end = _tsval(s, 0), 0, more.to
    return True


def _other_arrives(s: Scene, more: More) -> bool:
    """It is what was missing: RCV.NXT moves to its end, and beyond by what was held."""
    me = s.me
    if me.other == 0 or me.other_age >= s.open.msl:
        return False
    if not ((more.to >= me.expected) & (more.to <= me.sent) & (more.to <= me.end + s.open.held)):
        return False
    me.expected = choose(_taken(s, me.other, me.other_age), more.to, me.expected)
    return True


def _rest_arrives(s: Scene, more: More) -> bool:
    """So do the others, of which none has the octet's number come up again."""
    me = s.me
    if more.ago >= s.open.msl or not ((more.to >= me.expected) & (more.to <= me.sent)):
        return False
    if not (_in_the_way(s) | (more.to <= NUMBERS - s.open.window)):
        return False
    me.expected = choose(_taken(s, _tsval(s, more.ago), more.ago), more.to, me.expected)
    return True


def _copy_arrives(s: Scene, _: More) -> bool:
    me = s.me
    if me.copy == 0 or me.copy_age >= s.open.msl:
        return False
    late = _in_the_way(s)
    me.again = me.again | (_taken(s, me.copy, me.copy_age) & late)
    return True


STREAM = Small(
    Stream,
    More,
    Pace,
    {
        "time goes by": _tick_of_stream,
        "send": _send_on,
        "send the octet again": _send_copy,
        "send another": _send_other,
        "another arrives": _other_arrives,
        "the rest arrives": _rest_arrives,
        "the octet arrives": _copy_arrives,
    },
)


def clock_is_fast(s: Scene) -> bool:
    """The clock ticks at least once for all sequence numbers, less two windows and what is held."""
    fast: bool = s.open.rate + s.open.window + s.open.window + s.open.held <= NUMBERS
    return fast


def copy_tells_age(s: Scene) -> bool:
    """The copy's TSval is the clock of when it was sent."""
    return _tells(s, s.me.copy, s.me.copy_age)


def other_tells_age(s: Scene) -> bool:
    """... and so is that of the other segment."""
    return _tells(s, s.me.other, s.me.other_age)


def no_faster(s: Scene) -> bool:
    """In the tick of the octet's last copy no more is sent than the rate allows, and a window."""
    within: bool = s.me.sent + s.me.budget <= s.open.window + s.open.rate
    slow: bool = s.me.budget <= s.open.rate
    return slow & implies((s.me.sent == 0) | (s.me.copy_age == 0), within)


def what_is_far_is_later(s: Scene) -> bool:
    """What ends further on than that was sent in a later tick."""
    me = s.me
    near: bool = me.end <= s.open.window + s.open.rate
    return implies((me.other != 0) & (me.other_age >= me.copy_age), near)


def received_was_sent(s: Scene) -> bool:
    """Nothing is received that was not sent, and nothing is sent without that octet."""
    me = s.me
    sane: bool = (me.expected <= me.sent) & (me.end <= me.sent)
    return sane & implies(me.sent != 0, me.copy != 0)


def recent_is_later(s: Scene) -> bool:
    """Where the octet's number comes up again, TS.Recent came with what was sent in a later tick
    than the octet, if that still lives."""
    recent = s.me.recent
    dead: bool = s.me.copy_age >= s.open.msl
    later: bool = (recent.value != 0) & (recent.age < s.me.copy_age)
    return not_(_in_the_way(s)) | dead | later


def no_octet_for_another(s: Scene) -> bool:
    """R11: no octet is taken once more when its number comes up again."""
    return not_(s.me.again)


# R12: which SYNs end TIME-WAIT


@dataclass(slots=True, eq=False)
class Opened:
    """What has gone wrong at an end in TIME-WAIT, when SYNs came."""

    mixed: bool = False  # an octet of the old connection would be taken in the new one
    needless: bool = False  # a SYN was refused, and none would have been


@dataclass(slots=True, eq=False)
class Later:
    """A SYN, and any octet of the connection before. TSval is 0 where timestamps are not used."""

    seq: Seq = 0
    tsval: Stamp = 0
    octet: Seq = 0
    octet_tsval: Stamp = 0


@dataclass(slots=True, eq=False)
class Waiting:
    """The end in TIME-WAIT, and its peer's clock."""

    expected: Seq = 0  # RCV.NXT
    recent: Stamp = 0  # TS.Recent; 0: the connection did not use timestamps
    ticks: bool = False  # the clock has ticked since the last octet was sent


NEAR = 1 << 30
"""How far numbers of the two connections are apart at most. Else above may be below."""


def _new_takes(s: Scene, syn: Segment, octet: int, tsval: int) -> bool:
    """May the connection that a SYN makes take such an octet, by its number and its TSval?"""
    new = Tcb(state=State.LISTEN)
    timestamps.agree(new, syn, s.tcp)
    passes = timestamps.check(new, Segment(seq=octet, text=1, tsval=tsval), s.tcp)
    return passes & s.tcp.seq.lt(syn.seq, octet)


def _syn_arrives(s: Scene, later: Later) -> bool:
    seq, nxt, recent = s.tcp.seq, s.open.expected, s.open.recent
    ahead, behind = seq.minus(later.seq, nxt), seq.minus(nxt, later.seq)
    below = seq.minus(nxt, later.octet)
    near = ((ahead <= NEAR) | (behind <= NEAR)) & (below >= 2) & (below <= NEAR)
    sent_before = (later.octet_tsval != 0) == (recent != 0)
    goes_on = (later.tsval >= recent) & (later.tsval >= later.octet_tsval)
    ticked = implies(s.open.ticks, later.tsval > later.octet_tsval)
    if not (near & sent_before & ((later.tsval == 0) | (goes_on & ticked))):
        return False
    tcb = Tcb(state=State.TIME_WAIT, stamped=recent != 0, ts_recent=recent)
    tcb.rcv.nxt = nxt
    syn = Segment(seq=later.seq, tsval=later.tsval, ctl=Control(syn=True))
    opens = timestamps.reopened_by(tcb, syn, above_all_received(tcb, syn, s.tcp), s.tcp)
    takes = _new_takes(s, syn, later.octet, later.octet_tsval)
    worst = _new_takes(s, syn, seq.minus(nxt, 2), recent) | (behind <= 2)
    s.me.mixed = s.me.mixed | (opens & takes)
    s.me.needless = s.me.needless | not_(opens | worst)
    return True


REOPENING = Small(Opened, Later, Waiting, {"SYN": _syn_arrives})


def clock_ticks(s: Scene) -> bool:
    """The clock of the peer has ticked between its last octet and its SYN."""
    ticks: bool = s.open.ticks
    return ticks


def octets_are_kept_apart(s: Scene) -> bool:
    """R12: the new connection takes no octet of the old one."""
    return not_(s.me.mixed)


def refused_if_needed(s: Scene) -> bool:
    """R12: a SYN is refused only where an octet of the old connection might be taken."""
    return not_(s.me.needless)
