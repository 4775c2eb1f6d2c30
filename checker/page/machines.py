"""What the page runs by itself, as ES modules (``checker.exports.javascript``): two hosts.

A machine has switches: the variable ``departure`` of its trees says which one is not as RFC 9293
has it, so that a rule is broken while one plays, and nothing is loaded anew.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from checker.exports.javascript import javascript, plain
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
from spec.observe.once import Once
from spec.observe.silence import Silence
from spec.observe.stale import Stale
from spec.observe.streams import Octets, Streams
from spec.observe.watcher import Watcher
from spec.rules import Cookies, KeepAlive, Rules
from spec.seq import choose
from spec.world.bounds import Bounds
from spec.world.profiles import PROFILES

RULES = Rules()
"""Those of RFC 9293."""

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
    rules: Rules = RULES
    also: tuple[str, ...] = ()  # claims besides: what they read is the TCB's, or these watchers'

    @property
    def claims(self) -> list[Claim]:
        """What is said of every state, and can be asked here."""
        return [
            claim
            for claim in CLAIMS
            if claim.id in self.also
            or (
                claim.kind == ALWAYS
                and claim.profile in self.profiles
                and {*PROFILES[claim.profile].watchers} <= {*self.watchers}
            )
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
    Machine(
        "cookies",
        replace(PROFILES["cookies-flood"].bounds, in_flight=6, capacity=4),
        (Agreement(), Once()),
        ("cookies", "cookies-flood"),
        ("syn_queue_check",),
        Rules(syncookies=Cookies.OVERFLOW),
    ),
    Machine(
        "keep-alive",
        replace(PROFILES["keep-alive"].bounds, width=5, window=4, in_flight=6, capacity=4),
        (Silence(),),
        ("keep-alive",),
        ("keep_alive_gives_up",),
        Rules(keep_alive=KeepAlive.EMPTY),
    ),
    Machine(
        "http",
        replace(PROFILES["http-idle-response"].bounds, in_flight=6, capacity=4, lose=True),
        (Agreement(), Streams()),
        ("http-idle-response", "http-kept"),
        ("close_waits",),
        Rules(time_wait_ignores_reset=True),
    ),
    Machine(
        "transfer",
        replace(
            PROFILES["transfer"].bounds,
            window=3,
            octets=6,
            write=3,
            initial_window=2,
            clamp=4,
            in_flight=6,
            capacity=4,
        ),
        (Octets(),),
        (),
        also=("T9.transfer", "CC1"),
    ),
)
"""In the order in which the page offers them. A data plane has a window of three octets, and nobody
closes: a segment meets all ways to hold, to send and to count, and its tree grows with each octet.
The watchers of pace and course would make it larger still."""


def _model(machine: Machine) -> Model:
    return Model(machine.rules, machine.bounds, machine.watchers)


def trees(machine: Machine) -> Traced:
    """The machine's trees, in which its switches are a variable; without switches those over the
    fields that vary."""
    model = _model(machine)
    if not machine.switches:
        return model.reduced
    known = traced.domains(model.rules, model.bounds)
    found = Traced(model.rules, model.bounds, model.watchers, None, None, known)
    kinds = Enum("Departure", [RFC, *machine.switches])  # type: ignore[misc]
    now = found.tracer.var("departure", enumeration(kinds))
    changed: dict[str, Any] = {}
    for name in machine.switches:
        usual = getattr(model.rules, name)
        changed[name] = choose(now == kinds[name], not usual, usual)
    found.rules = dataclasses.replace(model.rules, **changed)
    return found


@dataclass(frozen=True, slots=True)
class Module:
    """A machine as an ES module; ``fixed`` are the fields of an end that never change."""

    text: str
    fixed: Mapping[str, int]


def module(machine: Machine) -> Module:
    """The machine as an ES module."""
    model, own = _model(machine), trees(machine)
    composition = traced.composition(model.system, model.callers, own)
    text = javascript(
        composition,
        {claim.id: predicate(claim.predicate, own) for claim in machine.claims},
        f"Two hosts: {machine.id}.",
        ("departure",),
    )
    fixed = {
        path: plain(value)
        for name, value in own.constants.items()
        for side, _, path in (name.partition("."),)
        if side == "me"
    }
    return Module(text, fixed)


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
