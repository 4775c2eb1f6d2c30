"""Small systems: a few numbers, and the rules of ``spec.tcp`` that move them.

Some theorems are about no connection: how many SYNs hold a queue, or how cookies follow each
other. Each of these has a state of its own, and actions. An action lets the specification's
functions work on the state; what it is ``given`` besides is anything at all. Clauses are claimed of
every state, as those of ``proofs.theorems.invariants`` are: they hold at the start, and after every
action.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spec.rules import CookieHash, Rules
from spec.seq import Space, choose, implies, not_
from spec.tcp.context import Tcp
from spec.tcp.listener import (
    Listener,
    cookie,
    stranger_forgotten,
    stranger_syn,
    syn_queue_is_full,
)
from spec.tcp.segment import Count, Seq
from spec.tcp.segment_arrives.others import check_sequence_number
from spec.tcp.tcb import State, Tcb
from spec.tcp.timeouts import keep_alive_timeout
from spec.world.bounds import Bounds


@dataclass(frozen=True, slots=True)
class Scene:
    """A state, the values that are left open, and the context in which rules run."""

    me: Any
    open: Any
    tcp: Tcp


Act = Callable[[Scene, Any], bool]
"""What an action does, given anything; false: it may not happen."""


@dataclass(frozen=True, slots=True)
class Small:
    """A system of its own: the records that its state, what is given and what is open (None:
    nothing) are made of, and its actions by name."""

    state: type
    given: type | None
    open: type | None
    actions: Mapping[str, Act]


# Systems of two ends


@dataclass(slots=True)
class Turn:
    """An end that acts, what is left open, what else decides, the context in which rules run
    (``using`` makes it), and ``my_end``, which tells of a life by its number how far it goes."""

    me: Any
    open: Any
    seen: Any
    rules: Rules
    bounds: Bounds
    tcp: Tcp
    my_end: Callable[[int], int]

    @property
    def seq(self) -> Space:
        """The sequence space."""
        return self.tcp.seq

    def using(self, window: int) -> Tcp:
        """The context of a step, with a buffer of so many octets."""
        self.tcp = Tcp(self.rules, replace(self.bounds, window=window), 0)
        return self.tcp


@dataclass(frozen=True, slots=True)
class Sides:
    """A state as seen from one end. ``mine`` and ``its`` give what is remembered of a life by its
    number, ``my_end`` and ``its_end`` how far it goes, also of one that is yet to come. Of what is
    ``open`` a clause may speak if it stays as it is."""

    me: Any
    peer: Any
    mine: Callable[[int], Any]
    its: Callable[[int], Any]
    my_end: Callable[[int], int]
    its_end: Callable[[int], int]
    open: Any = None
    rules: Rules = field(default_factory=Rules)


Move = Callable[[Turn, Any], "list[Any] | None"]
"""What an end does, by itself or with a message: what it sends; None: it may not happen."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A system of two ends that run the same code, and of messages in flight.

    ``end``, ``message`` and ``open`` are the records that they are made of; ``look`` says what of
    the peer decides what may happen, of the record ``seen``. What of that which is open no clause
    speaks of is another at each step.

    An end has many lives: its field ``life`` has the number of the last one. Of each life what is
    in the record ``memory`` is remembered for ever, as the end's fields of these names were. How
    far a life goes is a function of its number, which no step changes.

    ``tick`` says what becomes of an end when so much time goes by; a message then has a field
    ``ttl``. None: there is no time, and messages stay for ever.
    """

    end: type
    message: type
    open: type
    seen: type
    moves: Mapping[str, Move]
    deliveries: Mapping[str, Move]
    look: Callable[[Any], Any]
    memory: type
    life: str
    tick: Callable[[Any, Any], None] | None = None


# S2: what a full SYN queue costs


@dataclass(slots=True, eq=False)
class Flood:
    """A listener under a flood of SYNs. Places are counted in ticks, so that nothing is multiplied:
    a SYN pays for as many as a request lives."""

    listener: Listener = field(default_factory=lambda: Listener(listening=True))
    paid: Count = 0  # by SYNs
    kept: Count = 0  # by those of which a request was kept
    held: Count = 0  # places that were taken, tick by tick
    full: Count = 0  # all places, at ticks at which the queue was full


@dataclass(slots=True, eq=False)
class Life:
    """How long a request lives: 2^(r+1) - 1 ticks, if its SYN,ACK is sent again r times."""

    life: Count = 0
    forgotten: bool = False  # are requests forgotten then?


def _syn(s: Scene, _: None) -> bool:
    flood, before = s.me, s.me.listener.strangers
    stranger_syn(flood.listener, s.tcp)
    flood.paid = flood.paid + s.open.life
    flood.kept = flood.kept + choose(flood.listener.strangers != before, s.open.life, 0)
    return True


def _forgotten(s: Scene, _: None) -> bool:
    if s.me.listener.strangers == 0:
        return False
    stranger_forgotten(s.me.listener, s.tcp)
    return True


def _tick(s: Scene, _: None) -> bool:
    """Each request that is there has a tick to live; together they have what was paid for them,
    less what they have lived already."""
    flood, listener = s.me, s.me.listener
    if not implies(s.open.forgotten, flood.held + listener.requests <= flood.kept):
        return False
    flood.held = flood.held + listener.requests
    if syn_queue_is_full(listener, s.tcp):
        flood.full = flood.full + s.tcp.bounds.backlog
    return True


FLOOD = Small(Flood, None, Life, {"SYN": _syn, "forgotten": _forgotten, "time goes by": _tick})


def forgotten_in_time(s: Scene) -> bool:
    """A request is forgotten when its life is over."""
    forgotten: bool = s.open.forgotten
    return forgotten


def strangers_are_requests(s: Scene) -> bool:
    """The requests of strangers are some of those that there are."""
    among: bool = s.me.listener.strangers <= s.me.listener.requests
    return among


def full_is_held(s: Scene) -> bool:
    """Where the queue is full, as many places are taken as there are."""
    full: bool = s.me.full <= s.me.held
    return full


def held_is_kept(s: Scene) -> bool:
    """No request lives longer than its life, and none is kept without a SYN."""
    kept: bool = (s.me.held <= s.me.kept) & (s.me.kept <= s.me.paid)
    return kept


def full_is_paid(s: Scene) -> bool:
    """S2.rate: who keeps the queue full for t ticks has sent backlog * t / life SYNs, or more."""
    paid: bool = s.me.full <= s.me.paid
    return paid


# S5m: the cookies of one pair of sockets


@dataclass(slots=True, eq=False)
class Syn:
    """A SYN of a client, and when it comes."""

    irs: Seq = 0
    minute: Seq = 0  # in the upper eight bits
    hashed: Seq = 0  # what is added to the MSS in that minute: 24 bits
    mss: Seq = 0  # which of four MSSs


@dataclass(slots=True, eq=False)
class Cookies:
    """The last SYN of a client, and what became of its cookies."""

    last: Syn = field(default_factory=Syn)
    sent: bool = False
    fell: bool = False  # a later SYN had a cookie that was not above


@dataclass(slots=True, eq=False)
class Client:
    """What a client does, and the key of the hash."""

    key: Seq = 0
    rises: bool = False  # are its ISNs monotone?
    one_mss: bool = False  # does it announce one MSS?


BITS = 24
"""Below the minute's eight bits (Linux's COOKIEBITS)."""
LOW = (1 << BITS) - 1
FAR, APART = 1 << 30, 63 << BITS
"""How far a client's ISN is above its last one at most, and for how many minutes. With more of
either, half the numbers may have gone by, and above is below."""


def linux_cookie(s: Scene, syn: Syn) -> int:
    """The ISS that Linux sends (``secure_tcp_syn_cookie``): two keyed hashes, one of them with the
    minute in it, and in the open the IRS, the minute, and which MSS."""
    seq, low = s.tcp.seq, (syn.hashed + syn.mss) & LOW
    irs = syn.irs if s.tcp.rules.cookie_hash == CookieHash.SUM else 0
    return seq.plus(seq.plus(seq.plus(s.open.key, irs), syn.minute), low)


def _sane(syn: Syn) -> bool:
    """Is each part of a cookie of its size?"""
    return (syn.minute & LOW == 0) & (syn.hashed <= LOW) & (syn.mss < 4)


def _client_syn(s: Scene, syn: Syn) -> bool:
    cookies, last, seq = s.me, s.me.last, s.tcp.seq
    ahead, later = seq.minus(syn.irs, last.irs), seq.minus(syn.minute, last.minute)
    risen = implies(s.open.rises, (ahead != 0) & (ahead <= FAR))
    same = (syn.hashed == last.hashed) & implies(s.open.one_mss, syn.mss == last.mss)
    in_time = (later <= APART) & implies(later == 0, same)
    if not (_sane(syn) & implies(cookies.sent, risen & in_time)):
        return False
    above = seq.lt(linux_cookie(s, last), linux_cookie(s, syn))
    above = above & seq.lt(cookie(last.irs, 0, s.tcp), cookie(syn.irs, 0, s.tcp))
    cookies.fell = cookies.fell | (cookies.sent & not_(above))
    cookies.last, cookies.sent = syn, True
    s.tcp.rule("RFC 4987/3.6/cookie", "send SYN,ACK with a cookie, keep nothing")
    return True


COOKIES = Small(Cookies, Syn, Client, {"SYN": _client_syn})


def client_rises(s: Scene) -> bool:
    """The client's ISNs rise, and by no more than a quarter of the numbers at a time."""
    rises: bool = s.open.rises
    return rises


def one_mss(s: Scene) -> bool:
    """The client announces the same MSS, or the minute is another."""
    one: bool = s.open.one_mss
    return one


def parts_are_sane(s: Scene) -> bool:
    """Each part of a cookie is of its size."""
    return _sane(s.me.last)


def cookies_rise(s: Scene) -> bool:
    """S5m: a later SYN of the same pair of sockets has a later cookie."""
    return not_(s.me.fell)


# S13: what a cookie brings back of the client's options


@dataclass(slots=True, eq=False)
class Options:
    """What a client offers with its SYN."""

    mss: Seq = 536  # of 16 bits
    scale: bool = False  # window scale (RFC 7323 2)
    sack: bool = False  # SACK (RFC 2018)
    stamps: bool = False  # timestamps (RFC 7323 3)


@dataclass(slots=True, eq=False)
class Agreed:
    """What has gone wrong between a client and a server that had nothing but a cookie."""

    alone: bool = False  # one end scales its windows, or sends SACKs, and the other does not
    too_long: bool = False  # the server sends longer segments than the client announced


@dataclass(slots=True, eq=False)
class Listening:
    """How the server deals with options."""

    stamped: bool = False  # it grants what fits into a timestamp only with timestamps
    at_least: bool = False  # every client announces an MSS of 536 or more


TABLE = (536, 1300, 1440, 1460)
"""MSSs that two bits of the cookie tell (Linux's ``msstab``)."""


def _remembered(mss: int) -> int:
    """The greatest of the table that is not above the client's; below all of them, the least."""
    found = TABLE[0]
    for one in TABLE:
        found = choose(mss >= one, one, found)
    return found


def _offer(s: Scene, offered: Options) -> bool:
    """A client opens, is granted options by the SYN,ACK, and its third segment brings them back.

    Window scale and SACK are in the timestamp that the SYN,ACK sends and that comes back; without
    timestamps there is no place for them.
    """
    if s.open.at_least and offered.mss < TABLE[0]:
        return False
    grants = offered.stamps | not_(s.open.stamped)
    client = (offered.scale & grants, offered.sack & grants)
    server = (offered.scale & offered.stamps, offered.sack & offered.stamps)
    agreed = s.me
    agreed.alone = agreed.alone | (client[0] != server[0]) | (client[1] != server[1])
    agreed.too_long = agreed.too_long | (_remembered(offered.mss) > offered.mss)
    return True


OPTIONS = Small(Agreed, Options, Listening, {"open": _offer})


def only_with_timestamps(s: Scene) -> bool:
    """Window scale and SACK are granted only with timestamps, which bring them back."""
    stamped: bool = s.open.stamped
    return stamped


def mss_of_536(s: Scene) -> bool:
    """Every client announces an MSS of 536 or more."""
    at_least: bool = s.open.at_least
    return at_least


def no_end_alone(s: Scene) -> bool:
    """S13: both ends scale their windows or none does, and so with SACK."""
    return not_(s.me.alone)


def as_announced(s: Scene) -> bool:
    """S13: no segment of the server is longer than the client announced."""
    return not_(s.me.too_long)


# K3: what a keep-alive does at its receiver


@dataclass(slots=True, eq=False)
class Probed:
    """What a keep-alive has done."""

    taken: bool = False  # one was acceptable, and more of it was looked at than its number


@dataclass(slots=True, eq=False)
class Quiet:
    """An end that is idle, since all that it sent is acknowledged, and its peer."""

    nxt: Seq = 0  # SND.NXT when the keep-alive is sent: the peer expects it next
    more: Seq = 0  # what the peer has received since
    wnd: Seq = 0  # the peer's window


def _probe_arrives(s: Scene, idle: Quiet) -> bool:
    """It comes at once, or late."""
    if idle.more > FAR or idle.wnd > FAR:
        return False
    sender, receiver = Tcb(state=State.ESTABLISHED), Tcb(state=State.ESTABLISHED)
    sender.snd.una = sender.snd.nxt = idle.nxt
    receiver.rcv.nxt, receiver.rcv.wnd = s.tcp.seq.plus(idle.nxt, idle.more), idle.wnd
    keep_alive_timeout(sender, s.tcp)
    s.me.taken = s.me.taken | check_sequence_number(receiver, s.tcp.sent[-1], s.tcp)
    return True


PROBES = Small(Probed, Quiet, None, {"keep-alive": _probe_arrives})


def nothing_is_taken(s: Scene) -> bool:
    """K3: a keep-alive is not acceptable: it moves nothing, and none of it is delivered."""
    return not_(s.me.taken)
