"""What the page runs by itself, as ES modules (``checker.exports.javascript``): two hosts.

A machine has switches: the variable ``departure`` of its trees says which one is not as RFC 9293
has it, so that a rule is broken while one plays, and nothing is loaded anew.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any, cast

from checker.exports.javascript import Function, javascript, plain
from checker.ir.composition import Component, Composition
from checker.ir.interpret import leaves
from checker.ir.nodes import enumeration
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tree
from checker.model import traced
from checker.model.model import Model
from checker.model.traced import Traced, predicate
from proofs.claims.claim import ALWAYS, Claim
from proofs.claims.table import BY_ID, CLAIMS
from spec.observe.agreement import Agreement
from spec.observe.confusion import Confusion
from spec.observe.course import Course
from spec.observe.once import Once
from spec.observe.pace import Losses, Pace, Samples
from spec.observe.sights import BLIND
from spec.observe.silence import Silence
from spec.observe.stale import Stale
from spec.observe.streams import Octets, Streams
from spec.observe.watcher import Moment, Watcher, observe
from spec.rules import Cookies, KeepAlive, Rules
from spec.seq import choose
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.world.bounds import Bounds
from spec.world.enabled import Event
from spec.world.profiles import PROFILES
from spec.world.records import key, paths

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
    apart: tuple[Watcher, ...] = ()  # who is shown each step when it was taken
    asked: tuple[str, ...] = ()  # claims that these decide

    @property
    def claims(self) -> list[Claim]:
        """What is said of every state, and can be asked here."""
        return [
            claim
            for claim in CLAIMS
            if claim.id in (*self.also, *self.asked)
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
        apart=(Pace(), Losses(), Samples(), Course()),
        asked=("CC2", "CC4", "CC5", "CC6", "C8"),  # D6 and CC8 say nothing of segments of an octet
    ),
)
"""In the order in which the page offers them. A data plane has a window of three octets, and nobody
closes: a segment meets all ways to hold, to send and to count, and its tree grows with each octet.
Watchers of pace and course would multiply it; so they are shown what was before a step and after
it, by trees of their own."""


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
    apart: str = ""  # another module: the watchers that are apart


def module(machine: Machine) -> Module:
    """The machine as an ES module."""
    model, own = _model(machine), trees(machine)
    composition = traced.composition(model.system, model.callers, own)
    text = javascript(
        composition,
        {
            claim.id: predicate(claim.predicate, own)
            for claim in machine.claims
            if claim.id not in machine.asked
        },
        f"Two hosts: {machine.id}.",
        ("departure",),
    )
    fixed = {
        path: plain(value)
        for name, value in own.constants.items()
        for side, _, path in (name.partition("."),)
        if side == "me"
    }
    return Module(text, fixed, watching(machine, own, _most(own, model)) if machine.apart else "")


def _most(own: Traced, model: Model) -> dict[Event, int]:
    """How many segments are sent at once, at most, by input."""
    return {
        what: max(leaf.static.sent for leaf in leaves(own.tree(what))) for what in model.callers
    }


def watching(machine: Machine, own: Traced, most: Mapping[Event, int]) -> str:
    """The watchers that are apart, as an ES module: of each watcher, input and number of segments
    sent a function of the end before and after, the segment that came, those that were sent, and
    the ghosts before (``was, now, seg, sent, eye``); it gives the watcher's ghosts. The module's
    claims are over the ghosts of both ends, its fields."""
    known = {path: value for path, value in own.constants.items() if "me.ghost." not in path}
    eyes = Traced(machine.rules, machine.bounds, (*machine.watchers, *machine.apart), known)
    ghosts = [f for f in eyes.kept if f.path.startswith("ghost.")]
    # What all observers share is no watcher's own: a watcher that does nothing writes it, too
    nobody = Watcher()
    steps = {
        (watcher, what.value, sent): eyes.tracer.trace(partial(_seen, eyes, watcher, what, sent))
        for watcher in (nobody, *machine.apart)
        for what, sends in most.items()
        for sent in range(1 + sends)
    }
    written = {
        watcher: {
            i
            for (who, *_), tree in steps.items()
            if who is watcher
            for leaf in leaves(tree)
            for i, ghost in enumerate(ghosts)
            if leaf.outputs[i].data != f"eye.{ghost.path}"
        }
        for watcher in (nobody, *machine.apart)
    }
    own_ghosts = {who: sorted(written[who] - written[nobody]) for who in machine.apart}
    fields = [ghosts[i] for places in own_ghosts.values() for i in places]
    first = eyes.first()
    names = {f"eye.{f.path}": str(plain(first[f.path])) for f in ghosts}
    names |= {f"eye.{f.path}": f"eye[{i}]" for i, f in enumerate(fields)}
    for i, kept in enumerate(own.kept):
        names |= {f"{end}.{kept.path}": f"{end}[{i}]" for end in ("was", "now")}
    for i, carried in enumerate(own.carried):
        names[f"seg.{carried.path}"] = f"seg[{i}]"
        for n in range(max(most.values())):
            names[f"sent{n}.{carried.path}"] = f"sent[{n}][{i}]"
    functions = {
        f"{watcher.name} {what} {sent}": Function(
            _narrowed(tree, own_ghosts[watcher]), "was, now, seg, sent, eye", names
        )
        for (watcher, what, sent), tree in steps.items()
        if watcher is not nobody
    }
    claims = {id: predicate(BY_ID[id].predicate, eyes) for id in machine.asked}
    return judge(eyes, claims, f"Watchers of {machine.id}.", fields, functions)


def _seen(eyes: Traced, watcher: Watcher, what: Event, sent: int) -> tuple[None, list[Any]]:
    """What a watcher makes of a step, symbolic: all ghosts afterwards that vary."""
    was, now, eye = (eyes.endpoint(name) for name in ("was", "now", "eye"))
    seg = eyes.segment("seg") if what == Input.SEGMENT else None
    tcp = Tcp(eyes.rules, eyes.bounds, 0)
    tcp.sent = [eyes.segment(f"sent{n}") for n in range(sent)]
    moment = Moment(was.tcb, now.tcb, cast(Input, what), seg, False, tcp, BLIND)
    observe((watcher,), eye.ghost, moment)
    values = dict(zip(paths(eye), key(eye), strict=True))
    return None, [values[f.path] for f in eyes.kept if f.path.startswith("ghost.")]


def _narrowed(tree: Tree, places: Sequence[int]) -> Tree:
    if isinstance(tree, Branch):
        then, other = (_narrowed(part, places) for part in (tree.then, tree.other))
        return Branch(tree.test, then, other, tree.where)
    return Leaf(tree.index, tree.static, tuple(tree.outputs[i] for i in places))


def judge(
    own: Traced,
    predicates: Mapping[str, Tree],
    title: str,
    fields: Sequence[Field] | None = None,
    functions: Mapping[str, Function] | None = None,
) -> str:
    """Claims alone, as an ES module: they judge states that were recorded, or their ``fields``."""
    first, shown = own.first(), list(fields or own.kept)
    return javascript(
        Composition(
            components=[Component(name=name, fields=shown, initial=first) for name in "ab"],
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
        functions=functions,
    )


def switches(machine: Machine) -> Sequence[str]:
    """What ``departure`` may be, by number."""
    return [RFC, *machine.switches]
