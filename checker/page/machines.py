"""What the page runs by itself, as ES modules (``checker.exports.javascript``): two hosts.

A machine has switches: the variable ``departure`` of its trees says which one is not as RFC 9293
has it, so that a rule is broken while one plays, and nothing is loaded anew.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from checker.exports.javascript import javascript
from checker.ir.composition import Component, Composition
from checker.ir.nodes import enumeration
from checker.ir.tracing import Tree
from checker.model import traced
from checker.model.model import Model
from checker.model.traced import Traced, predicate
from proofs.claims.claim import ALWAYS, Claim
from proofs.claims.table import CLAIMS
from spec.observe.agreement import Agreement
from spec.observe.confusion import Confusion
from spec.observe.stale import Stale
from spec.observe.streams import Octets
from spec.observe.watcher import Watcher
from spec.rules import Rules
from spec.seq import choose
from spec.world.bounds import Bounds
from spec.world.profiles import PROFILES

RFC = "as the RFC has it"
"""The departure that is none."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One system to play with; its claims are those of ``profiles`` whose watchers look on."""

    id: str
    bounds: Bounds
    watchers: tuple[Watcher, ...]
    profiles: tuple[str, ...]
    switches: tuple[str, ...] = ()

    @property
    def claims(self) -> list[Claim]:
        """What is said of every state, and can be asked here."""
        return [
            claim
            for claim in CLAIMS
            if claim.kind == ALWAYS
            and claim.profile in self.profiles
            and {*PROFILES[claim.profile].watchers} <= {*self.watchers}
        ]


_WIDE = Bounds(
    width=5,
    window=4,
    stride=8,
    in_flight=6,
    capacity=4,
    send_window=False,
    msl=2,
    span=2,
    user_timeout=True,
)
"""32 numbers, of which a window takes an eighth; two connections, one after the other."""

MACHINES = (
    Machine(
        "lifecycle",
        _WIDE,
        (Agreement(), Stale(), Confusion()),
        ("handshake", "lifecycle", "simultaneous", "time", "abort"),
        (
            "three_way",
            "syn_sent_ack_check",
            "syn_received_ack_check",
            "syn_received_seq_check",
            "syn_ack_exact",
            "reset_discarded",
            "reset_unanswered",
            "time_wait_ignores_reset",
            "time_wait_reopen",
            "abort_time_wait",
            "retransmission_bounded",
            "lifetime_inclusive",
            "split_handshake",
        ),
    ),
    Machine(
        "text",
        replace(_WIDE, octets=2, send_window=True, user_timeout=False),
        (Octets(),),
        ("reuse", "garbage"),
    ),
    Machine(
        "listener",
        replace(PROFILES["backlog"].bounds, width=5, window=4, in_flight=6, capacity=4),
        (Agreement(),),
        ("backlog",),
        ("syn_queue_check", "accept_queue_check"),
    ),
)
"""In the order in which the page offers them."""


def _model(machine: Machine) -> Model:
    return Model(Rules(), machine.bounds, machine.watchers)


def trees(machine: Machine) -> Traced:
    """The machine's trees, in which its switches are a variable."""
    model = _model(machine)
    known = traced.domains(model.rules, model.bounds)
    found = Traced(model.rules, model.bounds, model.watchers, None, None, known)
    if machine.switches:
        kinds = Enum("Departure", [RFC, *machine.switches])  # type: ignore[misc]
        now = found.tracer.var("departure", enumeration(kinds))
        changed: dict[str, Any] = {}
        for name in machine.switches:
            usual = getattr(model.rules, name)
            changed[name] = choose(now == kinds[name], not usual, usual)
        found.rules = dataclasses.replace(model.rules, **changed)
    return found


def module(machine: Machine) -> str:
    """The machine as an ES module."""
    model, own = _model(machine), trees(machine)
    composition = traced.composition(model.system, model.callers, own)
    return javascript(
        composition,
        {claim.id: predicate(claim.predicate, own) for claim in machine.claims},
        f"Two hosts: {machine.id}.",
        ("departure",),
    )


def judge(own: Traced, predicates: Mapping[str, Tree], title: str) -> str:
    """Claims alone, as an ES module: they judge states that were recorded."""
    first = own.first()
    return javascript(
        Composition(
            components=[Component(name=name, fields=own.kept, initial=first) for name in "ab"],
            links=[],
            ports=[],
            message_fields=[],
            kinds=[],
            capacity=0,
            in_flight=0,
            duplicate=False,
            lose=False,
        ),
        predicates,
        title,
    )


def switches(machine: Machine) -> Sequence[str]:
    """What ``departure`` may be, by number."""
    return [RFC, *machine.switches]
