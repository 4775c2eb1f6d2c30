"""Answers compared with what a host sends, its user is told, or a departure foretells."""

import re
from collections.abc import Mapping, Sequence

from checker.stacks.foreign.host import Done, Host, agree, answer, read
from checker.stacks.generate.machine import Edge, Transition, arrivals, name
from checker.stacks.profile import Departure, Outcome
from spec.tcp.inputs import Input
from spec.tcp.segment import Segment
from spec.tcp.tcb import State, Tcb

ANY = ("?",)
"""Of an answer: it is not known whether any is expected."""


def same(wants: Sequence[str], said: Sequence[str]) -> bool:
    """Are these the same segments? How a stream of text is cut into segments is its sender's."""
    wants, said = joined(wants), joined(said)
    return len(wants) == len(said) and all(map(agree, wants, said))


def begins(wants: Sequence[str], said: Sequence[str]) -> bool:
    """Do these segments begin as those do?"""
    wants, said = joined(wants), joined(said)
    if len(wants) > len(said) or not all(map(agree, wants[:-1], said)):
        return False
    at = len(wants) - 1
    if agree(wants[at], said[at]):
        return True
    few, all_ = _TEXT.match(wants[at]), _TEXT.match(said[at])
    return (
        few is not None
        and all_ is not None
        and few["rest"] == all_["rest"]
        and int(few["octets"]) <= int(all_["octets"])
    )


_TEXT = re.compile(r"text (?P<octets>\d+)(?P<rest>,ACK seq=ISS\+(?P<at>\d+) (?P<ack>ack=\S+))$")


def joined(segments: Sequence[str]) -> list[str]:
    """Adjacent segments of text as one."""
    found: list[str] = []
    for each in segments:
        last, this = _TEXT.match(found[-1]) if found else None, _TEXT.match(each)
        if last and this and last["ack"] == this["ack"]:
            octets = int(last["octets"])
            if int(last["at"]) + octets == int(this["at"]):
                found[-1] = f"text {octets + int(this['octets'])}{last['rest']}"
                continue
        found.append(each)
    return found


def told_of(done: Done, host: Host) -> dict[str, str]:
    """What a user of the host can be told after an event."""
    error = "none"
    for signal in done.signals:
        if signal.startswith("error: connection re"):
            error = "reset"
        elif signal.startswith("error") and "timeout" in signal:
            error = "timeout"
    return {"state": done.after.state.value, "error": error, "readable": str(host.readable())}


def holds(told: str, of: Mapping[str, str]) -> bool:
    """Is what a script tells true of a host?"""
    if told.startswith("not "):
        return not holds(told.removeprefix("not "), of)
    key, _, value = told.partition(" ")
    return of[key] == value


def foretold(
    departures: Sequence[Departure],
    host: Host,
    done: Done,
    event: str,
    wants: Sequence[str],
    told: Sequence[str],
) -> tuple[Departure, Outcome, list[str]] | None:
    """The departure that foretells an answer, its outcome, and what is sent. What the user is told
    of errors is not a departure's."""
    what, seg, _ = read(event, host.setup)
    at = edge(done, what, seg)
    for departure in departures:
        for outcome in departure.outcomes:
            if not outcome.applies(at, host.gone):
                continue
            sent = done.sent if outcome.sent is None else outcome.sent(at)
            said = [answer(each, host.setup) for each in sent]
            after = done.after.state if outcome.after is None else outcome.after
            of = told_of(done, host) | {"state": after.value}
            stated = [each for each in told if not each.startswith("error")]
            if (wants == ANY or same(wants, said)) and all(holds(one, of) for one in stated):
                return departure, outcome, said
    return None


def _class(tcb: Tcb, seg: Segment) -> str:
    """The class of a segment, as the machine of one endpoint names it."""
    for each in arrivals(tcb):
        like = each.segment
        if (name(like), like.seq, like.ack) == (name(seg), seg.seq, seg.ack * seg.ctl.ack):
            return each.name
    return name(seg)


def edge(done: Done, what: Input, seg: Segment | None) -> Edge:
    """What a host did, as departures look at it."""
    before, after = done.before, done.after
    said = ", ".join(name(sent) for sent in done.sent)
    event = what.value if seg is None else f"rcv {_class(before, seg)}"
    passive = before.state == State.SYN_RECEIVED and before.passive
    transition = Transition(before.state, event, said, after.state, passive)
    return Edge(transition, what, seg, done.sent, before, after, done.rules)
