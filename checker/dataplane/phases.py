"""The phases of a direction, as RFC 5681 names them.

Recoveries, timeouts and zero windows are seen. What lies between them is told by the rounds. A
congestion window is on no wire: that there were 1.4 times as many octets in flight as in the round
before is a sign of slow start, which grows by half or doubles, and that it were a little more, of
congestion avoidance. A round in which the window was full, or the sender had nothing more to send,
says nothing of the congestion window, and so does the one after it.
"""

from typing import NamedTuple

from checker.dataplane.facts import Kind, Round
from checker.dataplane.sending import Sending
from spec.tcp.congestion import Phase as Control

GROWS = 1.4
"""From round to round: slow start, also where each second segment is acknowledged."""
INITIAL, TIMEOUT, PERSIST = "initial window", "timeout", "persist"
SLOW_START: str = Control.SLOW_START.value
AVOIDANCE: str = Control.AVOIDANCE.value
FAST: str = Control.RECOVERY.value
WINDOW, SENDER, OPEN = "the window is full", "nothing more to send", "cannot be told"
NAMES = (INITIAL, SLOW_START, AVOIDANCE, FAST, TIMEOUT, PERSIST, WINDOW, SENDER, OPEN)


class Phase(NamedTuple):
    """A time in which a sender did one thing."""

    name: str
    began: float
    ended: float | None  # None: the capture ends in it
    inferred: bool
    before: int  # the most in flight in the round before it, and in its last one
    after: int
    rounds: int
    packet: int = 0  # that it begins with


def phases(of: Sending) -> list[Phase]:
    """In order of time."""
    found = _seen(of)
    before: Round | None = None
    timeouts = [one for one in of.episodes if one.kind is Kind.TIMEOUT]
    for i, one in enumerate(of.flight.rounds):
        if any(_within(one, each) for each in found):
            before = None
            continue
        after_timeout = any(e.began <= one.began <= (e.ended or one.began) for e in timeouts)
        over = one.ended > of.flight.last_new
        name = _name(i, one, before, after_timeout, over)
        flight = before.flight if before is not None else one.flight
        inferred = name != INITIAL
        found.append(Phase(name, one.began, one.ended, inferred, flight, one.flight, 1))
        before = one
    found.sort(key=lambda phase: phase.began)
    merged: list[Phase] = []
    for phase in found:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.name == phase.name
            and phase.name not in (FAST, TIMEOUT, PERSIST)
        ):
            rounds = last.rounds + phase.rounds
            merged[-1] = last._replace(ended=phase.ended, after=phase.after, rounds=rounds)
        else:
            merged.append(phase)
    return merged


def _seen(of: Sending) -> list[Phase]:
    found: list[Phase] = []
    for one in of.episodes:
        if one.kind is Kind.TIMEOUT:
            phase = Phase(TIMEOUT, one.silent, one.began, True, 0, 0, 0, one.packet)
            if found and (found[-1].ended or one.silent) > one.silent > found[-1].began:
                found[-1] = found[-1]._replace(ended=one.silent)
        else:
            ended = None if one.ended is None else one.ended + of.flight.lag
            phase = Phase(FAST, one.began, ended, True, 0, 0, 0, one.packet)
        found.append(phase)
    found += [Phase(PERSIST, z.began, z.ended, False, 0, 0, 0, z.packet) for z in of.zeros]
    return found


def _within(one: Round, phase: Phase) -> bool:
    """Did most of the round fall into a phase that was seen?"""
    ended = phase.ended if phase.ended is not None else one.ended
    common = min(one.ended, ended) - max(one.began, phase.began)
    return common > (one.ended - one.began) / 2


def _name(i: int, one: Round, before: Round | None, after_timeout: bool, over: bool) -> str:
    if i == 0 and not one.recovering:
        return INITIAL
    if after_timeout:
        return SLOW_START
    tells = before is not None and not (before.drained or before.limited or before.recovering)
    if tells and before is not None and one.flight >= GROWS * before.flight:
        return SLOW_START
    if one.limited:
        return WINDOW
    if one.drained or over:
        return SENDER
    if tells and before is not None and one.flight > before.flight:
        return AVOIDANCE
    return OPEN
