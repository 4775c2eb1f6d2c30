"""The toy of three components as a composition: its functions traced."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from checker.ir.composition import Component, Composition, Kind, Port
from checker.ir.nodes import enumeration, integer
from checker.ir.schema import Field
from checker.ir.tracing import Tracer, Tree
from tests.helpers import relay
from tests.helpers.relay import CLIENT, LINKS, RELAY, SERVER, End, Mode, Note, Outcome

NAMES = ("client", "relay", "server")
NUMBER = integer(0, relay.REQUESTS)
FIELDS = [
    Field("mode", enumeration(Mode)),
    Field("asked", NUMBER),
    Field("told", NUMBER),
    Field("wait", integer(0, relay.PATIENCE)),
]
CARRIED = [Field("no", NUMBER), Field("ttl", integer(0, relay.TTL))]
PORTS = [
    Port(CLIENT, 1, (0,)),
    Port(RELAY, 0, (2, 1)),  # the request is passed on first, then the client is told so
    Port(RELAY, 3, (1,)),
    Port(SERVER, 2, (3,)),
]


@dataclass(frozen=True, slots=True)
class Static:
    possible: bool = True
    rules: tuple[str, ...] = ()
    sent: int = 0
    drew: bool = False


class Traced:
    """The composition; with ``alike`` the components have the same fields, else only those that
    they use."""

    def __init__(self, alike: bool = True, capacity: int = 2, in_flight: int = 2) -> None:
        self.tracer = Tracer()
        less = FIELDS if alike else [FIELDS[2]]
        self.fields = (FIELDS, less, less)
        clock = self.tracer.trace(
            lambda: (Static(), self._row(CLIENT, relay.tick(self._me(CLIENT))))
        )
        first = End()._asdict()
        self.model = Composition(
            components=[
                Component(
                    name=name,
                    fields=fields,
                    initial={f.path: first[f.path] for f in fields},
                    tick=clock if fields is FIELDS else None,
                    tick_blocked=(
                        self.tracer.node(relay.must_act(self._me(CLIENT)))
                        if fields is FIELDS
                        else None
                    ),
                )
                for name, fields in zip(NAMES, self.fields, strict=True)
            ],
            links=LINKS,
            ports=PORTS,
            message_fields=CARRIED,
            kinds=[
                Kind("ask", self._tree(CLIENT, relay.ask), False, (0,)),
                *(
                    Kind(
                        f"{NAMES[port.component]} hears {NAMES[LINKS[port.takes][0]]}",
                        self._tree(port.component, relay.ARRIVAL[port.takes], self._note()),
                        True,
                        (n,),
                    )
                    for n, port in enumerate(PORTS)
                    if port.takes is not None
                ),
            ],
            ttl="ttl",
            capacity=capacity,
            in_flight=in_flight,
            duplicate=True,
            lose=True,
        )

    def claim(self, claim: Callable[[tuple[End, ...]], Any], wanted: bool = True) -> Tree:
        """The tree of a claim of the three ends being ``wanted``."""
        ends = tuple(self._end(c, name) for c, name in enumerate(NAMES))
        return self.tracer.trace(lambda: (None, [claim(ends) == wanted]))

    def _me(self, component: int) -> End:
        return self._end(component, "me")

    def _end(self, component: int, name: str) -> End:
        fields = {
            f.path: self.tracer.var(f"{name}.{f.path}", f.sort) for f in self.fields[component]
        }
        return End(**fields)

    def _note(self) -> Note:
        return Note(*(self.tracer.var(f"seg.{f.path}", f.sort) for f in CARRIED))

    def _row(self, component: int, end: End) -> list[Any]:
        return [getattr(end, f.path) for f in self.fields[component]]

    def _tick(self) -> tuple[Static, list[Any]]:
        return Static(), self._row(CLIENT, relay.tick(self._me(CLIENT)))

    def _tree(self, component: int, does: Callable[..., Outcome | None], *note: Note) -> Tree:
        def step() -> tuple[Static, Sequence[Any]]:
            outcome = does(self._me(component), *note)
            if outcome is None:
                return Static(possible=False), []
            said = [value for _, new in outcome.sent for value in new]
            values = [*self._row(component, outcome.end), *said]
            return Static(rules=(outcome.rule,), sent=len(outcome.sent)), values

        return self.tracer.trace(step)
