"""A composition as a system for the explorer, by the plain interpreter: what it means."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from checker.ir import interpret
from checker.ir.composition import Composition, Kind, Port
from tests.helpers.systems import Label

State = tuple[tuple[Any, ...], tuple[Any, ...]]
"""The components' rows, and the bags of the links; a bag is sorted."""


@dataclass(slots=True)
class Interpreted:
    """The states and steps of a composition without an observer."""

    model: Composition

    def initial(self) -> State:
        rows = tuple(
            tuple(component.initial[f.path] for f in component.fields)
            for component in self.model.components
        )
        return rows, ((),) * len(self.model.links)

    def steps(self, state: State) -> Iterator[tuple[Label, State]]:
        model = self.model
        for kind in model.kinds:
            for port in (model.ports[n] for n in kind.ports):
                bag = state[1][port.takes] if kind.delivers and port.takes is not None else ()
                for message in dict.fromkeys(bag) if kind.delivers else (None,):
                    for stays in (False, True) if kind.delivers and model.duplicate else (False,):
                        yield from self._moves(state, kind, port, message, stays)
        if model.lose:
            for link, bag in enumerate(state[1]):
                for message in dict.fromkeys(bag):
                    yield Label("lose"), (state[0], put(state[1], link, without(bag, message)))
        if model.timed and (later := self._later(state)) not in (None, state):
            assert later is not None
            yield Label("tick"), later

    def _values(self, state: State, number: int) -> dict[str, Any]:
        fields = self.model.components[number].fields
        return {f"me.{f.path}": v for f, v in zip(fields, state[0][number], strict=True)}

    def _moves(
        self, state: State, kind: Kind, port: Port, message: Any, stays: bool
    ) -> Iterator[tuple[Label, State]]:
        model, (rows, bags) = self.model, state
        values = self._values(state, port.component)
        if message is not None:
            carried = [f.path for f in model.message_fields]
            values |= {f"seg.{n}": v for n, v in zip(carried, message, strict=True)}
            if not stays:
                assert port.takes is not None
                bags = put(bags, port.takes, without(bags[port.takes], message))
        offers: tuple[int, ...] = (0,)
        if model.draw is not None:
            offers = next((o for g, o in model.draw.offers if interpret.evaluate(g, values)), (0,))
            values[model.draw.name] = 0
        for number, drawn in enumerate(offers):
            if model.draw is not None:
                values[model.draw.name] = drawn
            static, out = interpret.run(kind.tree, values)
            if not static.possible:
                return
            if number and not static.drew:
                continue
            own, width, after = len(rows[port.component]), len(model.message_fields), bags
            for n in range(static.sent):
                link = port.out(n)
                new = tuple(out[own + n * width : own + (n + 1) * width])
                if len(after[link]) < model.capacity and sum(map(len, after)) < model.in_flight:
                    after = put(after, link, tuple(sorted((*after[link], new))))
            yield Label(kind.name), (put(rows, port.component, tuple(out[:own])), after)

    def _later(self, state: State) -> State | None:
        model = self.model
        rows = []
        for number, component in enumerate(model.components):
            values = self._values(state, number)
            blocked = component.tick_blocked
            if blocked is not None and interpret.evaluate(blocked, values):
                return None
            tick = component.tick
            rows.append(tuple(interpret.run(tick, values)[1]) if tick else state[0][number])
        bags = state[1]
        if model.ttl is not None:
            at = [f.path for f in model.message_fields].index(model.ttl)
            bags = tuple(
                tuple(sorted(put(m, at, m[at] - 1) for m in bag if m[at] > 1)) for bag in bags
            )
        return tuple(rows), bags


def put(row: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    return (*row[:at], value, *row[at + 1 :])


def without(bag: tuple[Any, ...], message: Any) -> tuple[Any, ...]:
    at = bag.index(message)
    return bag[:at] + bag[at + 1 :]
