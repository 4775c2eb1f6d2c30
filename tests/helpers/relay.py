"""A toy of three components: a client asks a server through a relay, and time passes.

::

    client (0)  --0-->  relay (1)  --2-->  server (2)
                <--1--             <--3--

The client numbers its requests 1 and 2; it sends the second when the first was not answered for
``PATIENCE`` ticks, and time must not go on before it does. The relay passes each request on to
the server and tells the client that it has it in hand (a note with number 0): one step that sends
on two links. The server answers each request with its number, which the relay passes on. A note
lives for ``TTL`` ticks on each link; links lose, duplicate and reorder.

The functions of one component work on plain and on symbolic values.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from checker.engines.explicit.parts import Move, Sight
from tests.helpers.systems import Linked

CLIENT, RELAY, SERVER = range(3)
LINKS = ((CLIENT, RELAY), (RELAY, CLIENT), (RELAY, SERVER), (SERVER, RELAY))
REQUESTS = 2
PATIENCE = 1
TTL = 2


class Mode(Enum):
    """What the client knows; the others stay idle."""

    IDLE = "IDLE"
    ASKED = "ASKED"
    HELD = "HELD"  # the relay has a request in hand
    DONE = "DONE"


class End(NamedTuple):
    """A component: requests made, the greatest number told by a note, ticks to wait."""

    mode: Any = Mode.IDLE
    asked: Any = 0
    told: Any = 0
    wait: Any = 0


class Note(NamedTuple):
    """A message; of ``ttl`` the channel takes one each tick."""

    no: Any
    ttl: Any = TTL


class Outcome(NamedTuple):
    """What a component is after a step, and what it sends: (place among its links out, note)."""

    end: End
    rule: str
    sent: tuple[tuple[int, Note], ...] = ()


def ask(me: End) -> Outcome | None:
    """The client's first request, or the next one when nothing came of it."""
    if (me.mode == Mode.DONE) | (me.asked >= REQUESTS) | (me.wait > 0):
        return None
    asked = me.asked + 1
    after = me._replace(mode=Mode.ASKED, asked=asked, wait=PATIENCE)
    return Outcome(after, "ask", ((0, Note(asked)),))


def client_hears(me: End, note: Note) -> Outcome:
    """The relay has a request in hand, or the server's answer comes."""
    if note.no == 0:
        if me.mode == Mode.ASKED:
            return Outcome(me._replace(mode=Mode.HELD), "wait on")
        return Outcome(me, "ignore")
    return Outcome(_told(me, note)._replace(mode=Mode.DONE, wait=0), "be content")


def relay_asked(me: End, note: Note) -> Outcome:
    """Pass a request on, and tell the client so."""
    return Outcome(_told(me, note), "pass on", ((1, Note(note.no)), (0, Note(0))))


def relay_answered(me: End, note: Note) -> Outcome:
    """Pass an answer back."""
    return Outcome(me, "pass back", ((0, Note(note.no)),))


def server_asked(me: End, note: Note) -> Outcome:
    """Answer a request."""
    return Outcome(_told(me, note), "answer", ((0, Note(note.no)),))


def tick(me: End) -> End:
    """One tick later."""
    if me.wait > 0:
        return me._replace(wait=me.wait - 1)
    return me


def must_act(me: End) -> Any:
    """Time must not go on: the next request is due."""
    return (
        ((me.mode == Mode.ASKED) | (me.mode == Mode.HELD)) & (me.wait == 0) & (me.asked < REQUESTS)
    )


def _told(me: End, note: Note) -> End:
    if me.told < note.no:
        return me._replace(told=note.no)
    return me


ARRIVAL: dict[int, Callable[[End, Note], Outcome]] = {
    0: relay_asked,
    1: client_hears,
    2: server_asked,
    3: relay_answered,
}
"""What a note that comes by each link does to the link's receiver."""


# Claims of the three ends


def nobody_is_told_what_was_not_said(ends: tuple[End, ...]) -> Any:
    """True: an answer was given, a request that is answered was passed on, and made."""
    client, relay, server = ends
    return (client.told <= server.told) & (server.told <= relay.told) & (relay.told <= client.asked)


def is_answered(ends: tuple[End, ...]) -> Any:
    """A witness, after 5 steps: the request and its answer, two links each."""
    return ends[CLIENT].mode == Mode.DONE


def the_last_request_is_answered(ends: tuple[End, ...]) -> Any:
    """False after 7 steps: a request, a tick, another request, then the first one's answer."""
    client = ends[CLIENT]
    return (client.mode != Mode.DONE) | (client.told == client.asked)


WITNESS, VIOLATION = 5, 7
"""The lengths of the shortest runs that show it."""


class Relay(Linked):
    """The toy, taken apart (``Parts``); ``system`` is the same, whole."""

    links = LINKS
    roles = (CLIENT, RELAY, SERVER)
    duplicate = lose = timed = True

    def __init__(self, capacity: int = 2, in_flight: int = 2) -> None:
        self.capacity, self.in_flight = capacity, in_flight

    def initial(self) -> tuple[End, ...]:
        return (End(),) * 3

    def calls(self, component: int, end: End, sight: Sight | None) -> Iterator[Move]:
        outcome = ask(end) if component == CLIENT else None
        if outcome is not None:
            yield Move("ask", outcome.end, outcome.sent, (outcome.rule,))

    def arrivals(
        self, role: int, way: int, end: End, note: Note, sight: Sight | None
    ) -> Iterator[Move]:
        mine = [link for link, (_, receiver) in enumerate(LINKS) if receiver == role]
        outcome = ARRIVAL[mine[way]](end, note)
        yield Move("deliver", outcome.end, outcome.sent, (outcome.rule,))

    def tick(self, end: End) -> End | None:
        return None if must_act(end) else tick(end)

    def age(self, note: Note) -> Note | None:
        return note._replace(ttl=note.ttl - 1) if note.ttl > 1 else None

    def freeze(self, thing: End | Note) -> list[Any]:
        return [value.value if isinstance(value, Mode) else value for value in thing]

    def thaw_end(self, frozen: list[Any]) -> End:
        return End(Mode(frozen[0]), *frozen[1:])

    def thaw_message(self, frozen: list[Any]) -> Note:
        return Note(*frozen)
