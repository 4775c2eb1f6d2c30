"""Between the specification and those who use it: options in, stories out.

*Options* name switches (``spec.rules``) and bounds (``spec.world.bounds``) as text. Everything that
can be wrong with one is said here, in one line, before anything is computed: no such name, no
such value, out of range, or bounds that contradict each other.

A *story* (``checker.render``) needs what a path of worlds does not hold: which of several equal
segments was lost, and which incarnation of a connection a segment is of. Both are recovered by
following the bags. Of equal segments in flight the oldest is taken; no rule can tell them
apart, so that any choice is a true story. What is in flight remembers the TCB that sent it (and
a reset the TCB that provoked it) whether or not the profile labels segments, and is *old* once
the host has made a later TCB, or where the ghosts call it old.

Before a path is told as a finding, it is *replayed*: a fresh system must offer each of its
steps, with the same effects, and arrive at the same states. Neither what the search remembered
nor the path itself is trusted.
"""

import dataclasses
import difflib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path as File
from typing import Any

from checker.engines.explicit.explore import Check, Path
from checker.render import Line, Message, Story
from checker.support import files
from checker.support.errors import Problem, ToolProblem, UsageProblem
from proofs.claims.table import Claim
from spec.observe import ghosts
from spec.rules import SWITCHES, Rules
from spec.tcp.segment import Segment
from spec.tcp.sending import Tcp
from spec.tcp.tcb import State
from spec.world import host
from spec.world.bounds import LIMITS, PROFILES, SCALES, Bounds
from spec.world.host import Endpoint
from spec.world.inputs import FORGERIES, Input
from spec.world.records import key, paths
from spec.world.system import NAMES, Step, System, World

# Options

_BOOLS = {
    "on": True, "true": True, "1": True, "yes": True,
    "off": False, "false": False, "0": False, "no": False,
}  # fmt: skip

_PICTURES = (".svg", ".png")
_SUFFIXES = (".dot", ".json", *_PICTURES, ".txt")


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageProblem:
    """There is no such ``kind``: which was meant?"""
    names = list(known)
    close = difflib.get_close_matches(name, names, 3, 0.5)
    if close:
        return UsageProblem(f"no {kind} {name!r}: did you mean {' or '.join(close)}?")
    return UsageProblem(f"no {kind} {name!r}; there are: {', '.join(names)}")


def parse_rules(items: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` for switches of ``spec.rules``."""
    return _parse("rule", items, SWITCHES)


def parse_bounds(items: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` for bounds; whether they agree with each other, ``choose_bounds`` says."""
    return _parse("bound", items, LIMITS)


def _parse(
    kind: str, items: Sequence[str], fields: Mapping[str, dataclasses.Field[Any]]
) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for item in items:
        name, equals, text = (part.strip() for part in item.partition("="))
        if not equals:
            raise UsageProblem(f"{item!r} is not of the form NAME=VALUE")
        if name not in fields:
            raise unknown(kind, name, fields)
        if name in chosen:
            raise UsageProblem(f"{kind} {name} is given twice")
        chosen[name] = _value(f"{kind} {name}", text.lower(), fields[name])
    return chosen


def _value(what: str, text: str, field: dataclasses.Field[Any]) -> Any:
    like = field.default
    if isinstance(like, bool):
        if text not in _BOOLS:
            raise UsageProblem(f"{what} is on or off, not {text!r}")
        return _BOOLS[text]
    if isinstance(like, Enum):
        members = {member.value: member for member in type(like)}
        if text not in members:
            raise UsageProblem(f"{what} is one of {', '.join(members)}, not {text!r}")
        return members[text]
    try:
        number = int(text)
    except ValueError:
        raise UsageProblem(f"{what} is a number, not {text!r}") from None
    low, high = field.metadata.get("low", -64), field.metadata.get("high", 64)
    if not low <= number <= high:
        raise UsageProblem(f"{what} is between {low} and {high}, not {number}")
    return number


def choose_rules(*layers: Mapping[str, Any]) -> Rules:
    """The RFC's rules, then each of ``layers`` on top."""
    rules = Rules()
    for layer in layers:
        for name in layer:
            if name not in SWITCHES:
                raise unknown("rule", name, SWITCHES)
        rules = dataclasses.replace(rules, **layer)
    return rules


def grown(profile: str, scale: str) -> dict[str, Any]:
    """What is larger in ``profile`` at a scale."""
    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES)
    return SCALES[scale].get(profile, {})


def choose_bounds(profile: str, chosen: Mapping[str, Any], watched: str | None = None) -> Bounds:
    """The bounds of ``profile`` with those ``chosen`` on top, if they make sense together.

    ``watched`` is the profile that a claim names: the ghosts recorded there are recorded here
    too, since the claim may read them. What is not recorded keeps its first value, and a claim
    of it would hold of nothing.
    """
    for name in (profile, *([watched] if watched else [])):
        if name not in PROFILES:
            raise unknown("profile", name, PROFILES)
    needed = PROFILES[watched or profile]
    watches = [name for name in LIMITS if name.startswith("watch_") and getattr(needed, name)]
    for name, value in chosen.items():
        if name not in LIMITS:
            raise unknown("bound", name, LIMITS)
        if name in watches and not value:
            raise UsageProblem(f"bound {name} cannot be off: the claim may read what it records")
    base = dataclasses.replace(PROFILES[profile], **dict.fromkeys(watches, True))
    return _consistent(dataclasses.replace(base, **chosen))


def _consistent(bounds: Bounds) -> Bounds:
    size = 1 << bounds.width
    if bounds.octets and not bounds.send_window:
        raise UsageProblem(
            f"bounds octets={bounds.octets} and send_window=off: sending text reads SND.WND; "
            "set send_window=on"
        )
    if size < 4 * bounds.window:
        least = (4 * bounds.window - 1).bit_length()
        raise UsageProblem(
            f"bounds width={bounds.width} and window={bounds.window}: 2^width must be at least "
            f"four windows (spec.seq); set width={least} or more, or window={size // 4} or less"
        )
    if bounds.stride * (bounds.incarnations - 1) >= size:
        raise UsageProblem(
            f"bounds stride={bounds.stride}, incarnations={bounds.incarnations} and "
            f"width={bounds.width}: fresh initial sequence numbers would wrap around"
        )
    return bounds


def writable(out: File) -> None:
    """Can a story be written to ``out``? Asked before the work, not after."""
    if out.suffix.lower() not in _SUFFIXES:
        raise UsageProblem(
            f"cannot write {str(out)!r}: its suffix is none of {' '.join(_SUFFIXES)}"
        )
    files.writable(out)
    if out.suffix.lower() in _PICTURES and shutil.which("dot") is None:
        raise ToolProblem(
            f"no program 'dot' to draw {out.suffix.lower()} with: install graphviz, "
            "or ask for .dot or .txt"
        )


def check_of(claim: Claim) -> Check:
    """``claim`` as the explorer takes it."""
    return Check(claim.kind, claim.predicate, claim.idle)


def departures(rules: Rules) -> dict[str, str]:
    """The switches that differ from the RFC's defaults, as the command line takes them."""
    return {
        name: show(getattr(rules, name))
        for name, field in SWITCHES.items()
        if getattr(rules, name) != field.default
    }


def show(value: Any) -> str:
    """A switch's value as the command line takes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(getattr(value, "value", value))


# Replay


def _parts(record: Iterable[Any]) -> tuple[tuple[Any, ...], ...]:
    """A step or a world by value: the scalars of each of its parts."""
    return tuple(key((part,)) for part in record)


def _subject(step: Step) -> tuple[tuple[Any, ...], ...]:
    """What a step is, apart from its effects."""
    return _parts((step.host, step.action, step.segment, step.direction, step.isn))


def describe(step: Step) -> str:
    """A step in words, for messages."""
    who = "" if step.host is None else f"{NAMES[step.host]}: "
    what = "" if step.segment is None else f" <{text(step.segment)}>"
    return f"{who}{step.action}{what}"


def replay(rules: Rules, bounds: Bounds, path: Path) -> None:
    """Take ``path`` once more, from the initial state, through a system that remembers nothing."""
    replay_in(System(rules, bounds), path)


def replay_in(system: System, path: Path) -> Path:
    """``path``, taken once more through ``system``, from the initial state.

    Each step must be on offer, with the rules, segments and signals it is labelled with, and lead
    to the state that the path says. So must the last one, of a lasso, to where its loop begins.
    """
    world = system.initial()
    taken = Path(world, [], path.loop)
    if _parts(path.start) != _parts(world):
        raise Problem("replay: the path does not start in the initial state")
    for number, (step, after) in enumerate(path.steps, 1):
        at = f"replay: step {number} ({describe(step)})"
        offers = [offer for offer in system.steps(world) if _subject(offer[0]) == _subject(step)]
        if not offers:
            raise Problem(f"{at} is not possible there")
        for label, then in offers:
            if _parts(label) == _parts(step) and _parts(then) == _parts(after):
                world = then
                taken.steps.append((label, then))
                break
        else:
            raise Problem(f"{at} has another effect than the path says")
    return taken


# Stories


def flags(seg: Segment) -> str:
    """The control bits, lowest first, as packet dissectors list them: ``SYN,ACK``."""
    names = [f.name for f in dataclasses.fields(seg.ctl) if getattr(seg.ctl, f.name)]
    return ",".join(names[::-1]).upper() or "no flags"


def text(seg: Segment) -> str:
    """``SYN,ACK SEQ=3 ACK=1 LEN=1``; LEN is SEG.LEN, which counts SYN and FIN."""
    ack = f" ACK={seg.ack}" if seg.ctl.ack else ""
    return f"{flags(seg)} SEQ={seg.seq}{ack} LEN={seg.length()}"


def state(end: Endpoint) -> str:
    """The RFC's state, and the health of the host where it is not well."""
    return end.tcb.state.value + (" (down)" if not end.up else " (quiet)" if end.quiet else "")


def small_print(end: Endpoint, bounds: Bounds) -> str:
    """The variables that the numbers in segments come from, and timers where there is time."""
    tcb = end.tcb
    known: dict[str, int] = {}
    if tcb.state not in (State.CLOSED, State.LISTEN):
        known |= {"SND.UNA": tcb.snd.una, "SND.NXT": tcb.snd.nxt}
        if tcb.state is not State.SYN_SENT:
            known["RCV.NXT"] = tcb.rcv.nxt
        if bounds.octets:
            known |= {"SND.WND": tcb.snd.wnd, "RCV.WND": tcb.rcv.wnd}
    texts = [" ".join(f"{name}={value}" for name, value in known.items())] if known else []
    if bounds.msl and tcb.state is State.TIME_WAIT:
        texts.append(f"TIME-WAIT for {_ticks(tcb.time_wait)}")
    elif bounds.msl and tcb.snd.una != tcb.snd.nxt:
        texts.append(f"resends for {_ticks(tcb.span)}")
    if end.quiet:
        texts.append(f"quiet for {_ticks(end.quiet)}")
    return ", ".join(texts)


def _ticks(n: int) -> str:
    return f"{n} more tick{'s' * (n != 1)}" if n else "no more"


_GHOSTS = {
    "stale": "stale: the TCB that sent this SYN is no longer in SYN-SENT",
    "confused": "confused: accepted a segment of a connection that was over",
    "residue": "residue: left TIME-WAIT while a segment of the connection was in flight",
    "garbled": "garbled: an octet came twice, out of order, or from another connection",
    "harmed": "harmed: a forged segment changed the connection",
}
"""What to say when a ghost becomes true."""


@dataclasses.dataclass(slots=True)
class _Flying:
    """One physical segment in flight."""

    uid: int
    sender: int
    segment: Segment
    src: int  # the sender's TCB, by number; 0: none
    about: int  # of a reset: the receiver's TCB whose segment provoked it; 0: none

    def message(self, world: World) -> Message:
        """As seen in ``world``: it may have grown old."""
        receiver = world.end(1 - self.sender).ghost
        old = (
            0 < self.src < world.end(self.sender).ghost.id
            or 0 < self.about < receiver.id
            or ghosts.old(receiver, self.segment)
        )
        return Message(self.uid, self.sender, text(self.segment), bool(old))


class _Teller:
    """What is in flight, oldest first, step by step."""

    def __init__(self, system: System, start: World) -> None:
        self.system = system
        self.world = start
        self.uid = 0
        self.air: list[_Flying] = []
        for sender in (0, 1):
            for seg in start.bag(sender):
                self.depart(sender, seg, seg.origin.src, seg.origin.about)

    def depart(self, sender: int, seg: Segment, src: int, about: int) -> _Flying:
        self.uid += 1
        self.air.append(_Flying(self.uid, sender, seg, src, about))
        return self.air[-1]

    def find(self, sender: int, seg: Segment) -> _Flying:
        """The oldest segment in flight that equals ``seg``."""
        wanted = key(seg)
        for flying in self.air:
            if flying.sender == sender and key(flying.segment) == wanted:
                return flying
        raise Problem(f"no such segment in flight: {text(seg)}")

    def age(self, after: World) -> list[_Flying]:
        """A tick: what is in flight has a tick less to live; what is in no bag any more expired."""
        ages = self.system.rules.lifetime_bounded
        left = [[key(seg) for seg in after.bag(sender)] for sender in (0, 1)]
        segments = [{key(seg): seg for seg in after.bag(sender)} for sender in (0, 1)]
        expired = []
        for flying in list(self.air):
            seg = flying.segment
            found = key(dataclasses.replace(seg, ttl=seg.ttl - 1) if ages else seg)
            if found in left[flying.sender]:
                left[flying.sender].remove(found)
                flying.segment = segments[flying.sender][found]
            else:
                self.air.remove(flying)
                expired.append(flying)
        return expired

    def line(self, number: int, step: Step, after: World, notes: tuple[str, ...]) -> Line:
        """One step told; ``world`` is then the world after it."""
        before, me = self.world, step.host
        received: _Flying | None = None
        gone: list[_Flying] = []
        if step.action == Input.TICK.value:
            gone = self.age(after)
        elif step.segment is not None and step.direction is not None:
            flying = self.find(step.direction, step.segment)
            if step.action != "duplicate":
                self.air.remove(flying)
            if me is None:
                gone = [flying]
            else:
                received = flying
        lost = [flying.message(before) for flying in gone]
        sent = []
        if me is not None:
            had = before.end(me).tcb.state not in (State.CLOSED, State.LISTEN)
            src = after.end(me).ghost.id if had or step.isn is not None else 0
            for i, seg in enumerate(step.sent):
                about = received.src if received is not None and seg.ctl.rst else 0
                flying = self.depart(me, seg, src, about)
                sent.append(flying.message(after))
                if i >= len(step.sent) - len(step.dropped):  # once full, a bag stays full
                    self.air.remove(flying)
                    lost.append(sent[-1])
        self.world = after
        kept = step.action == "duplicate"
        arrival = None
        if received is not None:
            old = received.message(before).old or received.message(after).old
            arrival = dataclasses.replace(received.message(before), old=old)
        return Line(
            number=number,
            actor=me,
            action=step.action,
            rule="; ".join(map(str, step.rules)),
            received=arrival,
            kept=kept,
            lost=tuple(lost),
            sent=tuple(sent),
            states=(state(after.a), state(after.b)),
            details=(
                small_print(after.a, self.system.bounds),
                small_print(after.b, self.system.bounds),
            ),
            notes=(*self.notes(step, before, after), *notes),
        )

    def notes(self, step: Step, before: World, after: World) -> Iterator[str]:
        """What the segments and states do not show."""
        if step.host is None:
            return
        was, now = before.end(step.host), after.end(step.host)
        if any(step.action == what.value for what in FORGERIES):
            tcp = Tcp(self.system.rules, self.system.bounds, 0)
            yield f"forged: {text(host.forge(was.tcb, Input(step.action), tcp))}"
        for signal in step.signals:
            yield f"to the user: {signal}"
        if step.dropped:
            yield "no room in the channel: lost"
        for name, what in _GHOSTS.items():
            if getattr(now.ghost, name) and not getattr(was.ghost, name):
                yield what


def story(
    system: System,
    path: Path,
    title: str,
    verdict: str,
    violated: bool,
    notes: Mapping[int, str] | None = None,
) -> Story:
    """``path`` told as a story; ``notes`` are remarks on its steps, numbered from 1."""
    teller = _Teller(system, path.start)
    remarks = notes or {}
    lines = [
        teller.line(number, step, after, (remarks[number],) if number in remarks else ())
        for number, (step, after) in enumerate(path.steps, 1)
    ]
    worlds = [path.start, *(after for _, after in path.steps)]
    return Story(
        title=title,
        lifelines=(NAMES[0], NAMES[1]),
        initial=(state(path.start.a), state(path.start.b)),
        lines=tuple(lines),
        verdict=verdict,
        violated=violated,
        loop=path.loop if path.loop is not None and path.loop < len(lines) else None,
        snapshots=tuple(snapshot(world) for world in worlds),
    )


def snapshot(world: World) -> dict[str, object]:
    """Every variable of the model: the leaves of both ends, and the segments in flight."""
    variables: dict[str, object] = {}
    for name, end in (("a", world.a), ("b", world.b)):
        variables |= zip(paths(end, name), key(end), strict=True)
    for name, bag in (("a_to_b", world.a_to_b), ("b_to_a", world.b_to_a)):
        variables[name] = [dict(zip(paths(seg), key(seg), strict=True)) for seg in bag]
    return variables
