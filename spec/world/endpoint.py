"""One host as the system has it: the RFC's, how often it crashed, and what watchers know of it.

Of a host with one socket this is one end of a connection, with a TCB and its ghosts; ``only`` gives
the same of a host with several.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from spec.observe.ghosts import Ghost
from spec.observe.watcher import Watcher, fresh
from spec.tcp.host import Host, Socket
from spec.tcp.listener import Listener, Request
from spec.tcp.segment import Ticks
from spec.tcp.tcb import Tcb, blank
from spec.world.bounds import Bounds
from spec.world.http import User
from spec.world.nat import Nat


@dataclass(slots=True, eq=False)
class Endpoint:
    """The state of one host, and of the NAT before it, if any. There is a ghost for each socket,
    and an application, if it is one of HTTP."""

    host: Host = field(default_factory=Host, metadata={"inline": ""})
    crashes: Annotated[int, "crashes"] = 0  # how often it crashed
    ghosts: tuple[Ghost, ...] = field(
        default_factory=lambda: (Ghost(),), metadata={"inline": "ghost"}
    )
    nats: tuple[Nat, ...] = field(default=(), metadata={"inline": "nat"})
    users: tuple[User, ...] = field(default=(), metadata={"inline": "user"})

    def only(self, socket: int) -> "Endpoint":
        """The same host, as if it had this one of its sockets only. Nothing is copied."""
        if len(self.ghosts) == 1:
            return self
        whole = self.host
        host = Host((whole.sockets[socket],), whole.up, whole.quiet, whole.clock, whole.listeners)
        users = self.users[socket : socket + 1]
        return Endpoint(host, self.crashes, (self.ghosts[socket],), self.nats, users)

    # Of a host with one socket

    @property
    def tcb(self) -> Tcb:
        """Its TCB."""
        return self.host.sockets[0].tcb

    @property
    def ghost(self) -> Ghost:
        """Its ghosts."""
        return self.ghosts[0]

    @property
    def up(self) -> bool:
        """Is the host up? (Section 3.5.1)"""
        return self.host.up

    @property
    def quiet(self) -> Ticks:
        """How long it still keeps quiet. (Section 3.4.3)"""
        return self.host.quiet


def initial(watchers: Sequence[Watcher], bounds: Bounds, sockets: int = 1) -> Endpoint:
    """A host that has done nothing yet.

    If the bounds let it, it can have a listening socket; if NATs forget, one is before it.
    """
    numbers = range(sockets)
    ears = range(bounds.listener)
    return Endpoint(
        Host(
            tuple(Socket(new_tcb(bounds), tuple(Request() for _ in ears)) for _ in numbers),
            listeners=tuple(Listener() for _ in ears),
        ),
        ghosts=tuple(fresh(watchers, bounds.incarnations) for _ in numbers),
        nats=tuple(Nat() for _ in range(bounds.nat_timeout != 0)),
        users=tuple(User() for _ in numbers if bounds.requests != 0),
    )


def new_tcb(bounds: Bounds) -> Tcb:
    """A blank TCB, with a data plane if the bounds ask for one."""
    if not bounds.transfer:
        return Tcb()  # the window may be any, and has no places
    places = bounds.window // bounds.place
    return Tcb(transfers=(blank(places, places * bounds.sack),))


def with_tcb(tcb: Tcb) -> Endpoint:
    """A host that is well and has one socket, of this TCB."""
    return Endpoint(Host((Socket(tcb),)))
