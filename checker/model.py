"""The specification, traced: what the engines that work on trees are given.

For each input that can befall an endpoint, one decision tree of ``spec.host.step``; its
variables are the leaves of the endpoint (``me``), of the arriving segment (``seg``), of the
observer's ``sight``, and ``isn``; its outputs are the endpoint's leaves afterwards and those of
the segments sent. The rules cited, the user's signals and whether an ISN was drawn are
constants of each leaf.
"""

from dataclasses import dataclass
from typing import Any

from checker.core.ir import integer
from checker.core.schema import Field, fields, symbols
from checker.core.trace import Tracer, Tree
from spec import host
from spec.bounds import Bounds
from spec.ghosts import Sight
from spec.inputs import Input
from spec.record import key, rebuild
from spec.rules import Rules
from spec.segment import Segment


@dataclass(frozen=True, slots=True)
class Static:
    """What is constant on one path."""

    possible: bool
    rules: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    drew_isn: bool = False
    sent: int = 0  # how many segments are sent


def domains(rules: Rules, bounds: Bounds) -> dict[str, tuple[int, int]]:
    """The interval of each named domain of the specification's annotations."""
    ticks = max(2 * bounds.msl + max(0, -rules.time_wait_cut), bounds.msl + 1, bounds.span)
    return {
        "seq": (0, (1 << bounds.width) - 1),
        "octets": (0, max(bounds.octets, 1)),
        "ticks": (0, ticks),
        "id": (0, bounds.incarnations),
        "crashes": (0, max(bounds.crashes, 1)),
    }


class Traced:
    """The trees of one choice of rules and bounds, made when first asked for."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self.rules = rules
        self.bounds = bounds
        self.tracer = Tracer()
        known = domains(rules, bounds)
        self.end_fields: list[Field] = fields(host.initial(bounds), known)
        self.seg_fields: list[Field] = fields(Segment(seq=0), known)
        self.sight_fields: list[Field] = fields(Sight(), known)
        self.isn_sort = integer(*known["seq"])
        self._trees: dict[Input, Tree] = {}

    def tree(self, what: Input) -> Tree:
        """The decision tree of ``what`` befalling an endpoint."""
        if what not in self._trees:
            self._trees[what] = self.tracer.trace(lambda: self._step(what))
        return self._trees[what]

    def _step(self, what: Input) -> tuple[Static, list[Any]]:
        tracer = self.tracer
        end = rebuild(host.initial(self.bounds), symbols(tracer, self.end_fields, "me"))
        seg = None
        if what == Input.SEGMENT:
            seg = rebuild(Segment(seq=0), symbols(tracer, self.seg_fields, "seg"))
        sight = rebuild(Sight(), symbols(tracer, self.sight_fields, "sight"))
        isn = tracer.var("isn", self.isn_sort)
        effects = host.step(end, what, seg, isn, sight, self.rules, self.bounds)
        if not effects.possible:
            return Static(False), []
        values = list(key(end))
        for sent in effects.sent:
            values.extend(key(sent))
        return (
            Static(True, effects.rules, effects.signals, effects.drew_isn, len(effects.sent)),
            values,
        )

    def values(
        self, end: host.Endpoint, seg: Segment | None, sight: Sight, isn: int
    ) -> dict[str, Any]:
        """The variables' values for a concrete input."""
        named = {f"me.{f.path}": v for f, v in zip(self.end_fields, key(end), strict=True)}
        if seg is not None:
            named |= {f"seg.{f.path}": v for f, v in zip(self.seg_fields, key(seg), strict=True)}
        named |= {f"sight.{f.path}": v for f, v in zip(self.sight_fields, key(sight), strict=True)}
        named["isn"] = isn
        return named
