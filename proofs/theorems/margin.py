"""How long a client may use an idle connection (HTTP), over real numbers.

A server has answered, and will close the connection when it has been idle for its limit. The
response is under way; the client reads it, and may use the connection again until its own limit is
reached. What the applications do is ``spec.world.http``'s; no more is asked of the network than
that what arrives has been under way for no longer than a delay. Whether the server is late with its
close is left open.
"""

from dataclasses import dataclass, replace
from typing import Any, cast

from proofs.theorems.small import Scene, Small
from proofs.theorems.timer import Time
from spec.seq import implies, not_
from spec.tcp.inputs import Input
from spec.tcp.tcb import Receive, State, Tcb
from spec.world import http
from spec.world.bounds import Bounds
from spec.world.http import User


@dataclass(slots=True, eq=False)
class Idle:
    """One connection, from the server's response on."""

    answered: bool = False  # the server has answered
    since: Time = 0  # ... so long ago
    server: Time = 0  # what is left of its idle limit
    closed: bool = False  # it has closed
    read: bool = False  # the client has read the response
    client: Time = 0  # what is left of its idle limit
    asked: bool = False  # its next request is under way
    age: Time = 0  # ... for so long
    late: bool = False  # that came when the server had closed


@dataclass(slots=True, eq=False)
class Elapsed:
    """How much time goes by."""

    by: Time = 0


@dataclass(slots=True, eq=False)
class Limits:
    """Both idle limits, and for how long a segment is under way at most."""

    client: Time = 0
    server: Time = 0
    delay: Time = 0


def _bounds(s: Scene) -> Bounds:
    limits: dict[str, Any] = {"client_idle": s.open.client, "server_idle": s.open.server}
    return replace(cast(Bounds, s.tcp.bounds), **limits)


def _tcb(s: Scene, passive: bool, unread: int = 0) -> Tcb:
    room = Receive(wnd=s.tcp.bounds.window - unread)
    return Tcb(state=State.ESTABLISHED, passive=passive, written=1, rcv=room)


def _answer(s: Scene, _: Elapsed) -> bool:
    """The server answers: its time begins."""
    me, user, tcb = s.me, User(asked=1), _tcb(s, passive=True)
    if me.answered:
        return False
    http.note(user, tcb, tcb, Input.SEND, _bounds(s), s.tcp.seq)
    me.answered, me.server = True, user.idle
    return True


def _read(s: Scene, _: Elapsed) -> bool:
    """The response comes, and is read: the client's time begins."""
    me, user = s.me, User(asked=1)
    if not (me.answered & not_(me.read) & (me.since <= s.open.delay)):
        return False
    before, after = _tcb(s, passive=False, unread=1), _tcb(s, passive=False)
    http.note(user, before, after, Input.RECEIVE, _bounds(s), s.tcp.seq)
    me.read, me.client = True, user.idle
    return True


def _ask(s: Scene, _: Elapsed) -> bool:
    """The client uses the connection, if it may."""
    me, user = s.me, User(asked=1, answered=1, idle=s.me.client)
    if not (me.read & not_(me.asked)):
        return False
    if not http.may(user, _tcb(s, passive=False), Input.SEND, _bounds(s)):
        return False
    me.asked, me.age = True, 0
    return True


def _close(s: Scene, _: Elapsed) -> bool:
    """The server closes, if it wants to."""
    me, user = s.me, User(asked=1, answered=1, idle=s.me.server)
    if not (me.answered & not_(me.closed)):
        return False
    if not http.may(user, _tcb(s, passive=True), Input.CLOSE, _bounds(s)):
        return False
    me.closed = True
    return True


def _come(s: Scene, _: Elapsed) -> bool:
    """The request comes."""
    me = s.me
    if not (me.asked & (me.age <= s.open.delay)):
        return False
    me.late = me.late | me.closed
    return True


def _time(s: Scene, elapsed: Elapsed) -> bool:
    me, client, server = s.me, User(idle=s.me.client), User(idle=s.me.server)
    http.tick(client, elapsed.by)
    http.tick(server, elapsed.by)
    me.client, me.server = client.idle, server.idle
    me.since, me.age = me.since + elapsed.by, me.age + elapsed.by
    answered: bool = me.answered
    return answered


MARGIN = Small(
    Idle,
    Elapsed,
    Limits,
    {
        "answer": _answer,
        "read": _read,
        "ask": _ask,
        "close": _close,
        "come": _come,
        "time goes by": _time,
    },
)


def two_delays(s: Scene) -> bool:
    """The client's limit and two delays are no more than the server's limit; both have one."""
    o = s.open
    enough: bool = (o.client + o.delay + o.delay <= o.server) & (o.client != 0)
    return enough


def server_waits(s: Scene) -> bool:
    """The server has waited for its limit, or there is as much left as there has to be."""
    me = s.me
    return implies(me.answered, me.server + me.since >= s.open.server)


def closed_is_over(s: Scene) -> bool:
    """The server closes when it was idle for its limit."""
    return implies(s.me.closed, s.me.answered & (s.me.since >= s.open.server))


def read_in_time(s: Scene) -> bool:
    """What is left of the client's limit began within a delay of the response."""
    me, o = s.me, s.open
    began: bool = me.client + me.since <= o.client + o.delay
    return implies(me.read & (me.client != 0), began) & implies(me.read, me.answered)


def asked_in_time(s: Scene) -> bool:
    """The request was sent before the client's limit was reached."""
    me, o = s.me, s.open
    began: bool = me.since < o.client + o.delay + me.age
    return implies(me.asked, began)


def nothing_is_late(s: Scene) -> bool:
    """H3: no request comes when the server has closed."""
    return not_(s.me.late)
