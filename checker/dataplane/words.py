"""What is known of a direction: in sentences, and as JSON."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

from checker.dataplane.facts import Kind, Resend, Zero, duration
from checker.dataplane.phases import (
    AVOIDANCE,
    FAST,
    INITIAL,
    OPEN,
    SENDER,
    SLOW_START,
    TIMEOUT,
    WINDOW,
    Phase,
    phases,
)
from checker.dataplane.plane import Plane
from checker.dataplane.sending import Sending

PHASES, RESENDS = 24, 12
"""That are told of a direction; more are counted."""
_HEADLINE = 10
"""Segments of an initial window (RFC 6928)."""


def lines(plane: Plane, side: int, who: str, zero: float) -> Iterator[str]:
    """A direction in sentences; nothing, if nothing but an undisturbed segment or two went there.

    Times are from ``zero``.
    """
    way = plane.ways[side]
    if not worth(way):
        return
    if not way.segments:
        yield f"data: {who} sends no text"
        yield from (f"  {line}" for line in _losses(way))
        return
    took = f" in {duration(way.ended - way.began)}" if way.began is not None else ""
    yield (
        f"data: {who} sends {way.octets:,} octets in {_count(way.segments, 'segment')}{took}"
        + _rate(way)
    )
    if way.trip.count:
        yield "  " + _trip(plane, side)
    told = phases(way)
    yield from (f"  {_phase(way, one, zero)}" for one in told[:PHASES])
    if len(told) > PHASES:
        yield f"  and {len(told) - PHASES} phases more"
    if way.flight.more:
        kept = way.flight.rounds[-1].ended - zero
        yield (
            f"  and {_count(way.flight.more, 'round')} more after {kept:.3f} s: of these, only "
            "losses and zero windows are told"
        )
    yield from (f"  {line}" for line in _losses(way))
    yield from (f"  {line}" for line in _windows(way))


def worth(way: Sending) -> bool:
    """Is there more to tell than that a few segments went there and were acknowledged?"""
    trouble = way.resends or way.late or way.zeros or way.beyond or way.shrinks or way.silly
    return bool(way.segments > 2 or (trouble and (way.segments or way.resends)))


def _rate(way: Sending) -> str:
    if way.largest and way.segments > 1:
        return f", at most {way.largest:,} in one"
    return ""


def _trip(plane: Plane, side: int) -> str:
    way, lag = plane.ways[side], plane.ways[side].flight.lag
    trip = way.trip
    seen = (
        f"{duration(trip.least)} to {duration(trip.most)}"
        if trip.count > 1
        else duration(trip.least)
    )
    if not plane.placed:
        where = "seen from a place that the capture does not tell"
    elif not lag:
        where = "captured at its sender"
    else:
        where = f"the capture is {duration(lag)} from its sender and back, which are not in it"
    karn = f", {_count(trip.excluded, 'ACK')} left out (Karn)" if trip.excluded else ""
    if any(one.kind is Kind.TIMEOUT for one in way.resends):
        where += f"; RFC 6298 makes a timeout of {duration(trip.rto + lag)} of it"
    return f"round trip: {seen} in {_count(trip.count, 'sample')}{karn}; {where}"


def _phase(way: Sending, one: Phase, zero: float) -> str:
    until = "the end" if one.ended is None else f"{one.ended - zero:.3f}"
    when = f"{one.began - zero:.3f}-{until} s"
    return f"{when} {one.name}: {_why(way, one)}"


def _why(way: Sending, one: Phase) -> str:
    rounds = _count(one.rounds, "round")
    grown = f"{one.before:,} to {one.after:,} octets in flight in {rounds}"
    if one.name == INITIAL:
        first = way.flight.rounds[0] if way.flight.rounds else None
        count = _count(way.flight.initial, "segment")
        only = first is not None and first.drained
        rest = ", which is all there was to send then" if only else ""
        many = ""
        if way.flight.lag:
            many = " (estimated)"
        elif way.flight.initial > _HEADLINE:
            many = " (more than RFC 6928's 10)"
        return f"{count}, {one.after:,} octets before the first ACK{rest}{many}"
    if one.name == SLOW_START:
        if any(e.kind is Kind.TIMEOUT and e.began <= one.began for e in way.episodes) and (
            one.after <= one.before
        ):
            return f"after a timeout, {rounds} (inferred)"
        return f"{grown} (inferred)"
    if one.name == AVOIDANCE:
        return f"{grown}, slower than slow start (inferred)"
    if one.name == WINDOW:
        return f"what is in flight is all that it allows, {one.after:,} octets, {rounds}"
    if one.name == SENDER:
        return f"at most {one.after:,} octets in flight, then none, {rounds} (inferred)"
    if one.name == OPEN:
        return f"{one.after:,} octets in flight, {rounds}"
    if one.name == FAST:
        made = next((each for each in way.resends if each.packet == one.packet), None)
        return _again(made) if made is not None else f"from packet {one.packet} on"
    if one.name == TIMEOUT:
        made = next((each for each in way.resends if each.packet == one.packet), None)
        return _again(made) if made is not None else f"ends with packet {one.packet}"
    zero = next(each for each in way.zeros if each.packet == one.packet)
    return _persist(zero)


def _again(made: Resend) -> str:
    size = _count(made.end - made.start, "octet")
    waited = (
        f", {duration(made.waited)} after packet {made.before}" if made.waited is not None else ""
    )
    why = ""
    if made.kind is Kind.FAST:
        packets = ", ".join(map(str, made.duplicates[:3]))
        why = f": duplicate ACKs {packets}"
    elif made.kind is Kind.SACK:
        why = f": {made.sacked:,} octets behind it had arrived"
    elif made.kind is Kind.TIMEOUT:
        why = ": nothing asked for it (inferred)"
    needless = ""
    if made.needless:
        needless = "; needless: the receiver says that it had them"
    elif made.acked:
        needless = "; they were acknowledged already, as seen from here"
    return f"packet {made.packet} is a {made.kind.value} of {size}{waited}{why}{needless}"


def _persist(zero: Zero) -> str:
    lasted = "to the end" if zero.ended is None else f"for {duration(zero.ended - zero.began)}"
    if not zero.probes:
        return f"the window is zero from packet {zero.packet} on, {lasted}, not probed"
    times = [zero.began, *(one.time for one in zero.probes)]
    waits = [duration(b - a) for a, b in itertools.pairwise(times)]
    listed = ", ".join(waits[:6]) + (", ..." if len(waits) > 6 else "")
    probes = _count(len(zero.probes) + zero.more, "probe")
    size = max(one.octets for one in zero.probes)
    octets = _count(size, "octet") if size else "no text"
    return (
        f"the window is zero from packet {zero.packet} on, {lasted}; {probes} with {octets}, after "
        f"{listed}, {zero.answered} answered with a window of zero"
    )


def _losses(way: Sending) -> Iterator[str]:
    kinds = Counter(one.kind for one in way.resends)
    if kinds:
        told = ", ".join(f"{count} {kind.value}" for kind, count in kinds.most_common())
        yield f"sent again: {told}; {_count(way.resent, 'octet')} in all"
    alone = [
        one for one in way.resends
        if one.kind in (Kind.TAIL, Kind.ANSWER, Kind.UNKNOWN) or (one.acked and not one.first)
    ]  # fmt: skip
    yield from (_again(one) for one in alone[:RESENDS])
    if way.copies:
        yield f"{_count(way.copies, 'segment')} twice: the network or the capture doubled them"
    swapped = sum(one.reordered is True for one in way.late)
    resent = sum(one.reordered is False for one in way.late)
    open_ = len(way.late) - swapped - resent
    if swapped:
        yield f"{_count(swapped, 'segment')} out of order: the network swapped them"
    if resent:
        yield f"{_count(resent, 'segment')} sent again; the first was lost before the capture"
    if open_:
        yield f"{_count(open_, 'segment')} late: swapped, or sent again; it cannot be told"
    if way.all_duplicates:
        yield f"{_count(way.all_duplicates, 'duplicate ACK')} of the receiver"
    if way.lacks:
        yield f"the capture lacks {way.lacks:,} octets of it"


def _windows(way: Sending) -> Iterator[str]:
    if not way.scaled:
        yield "by how much windows are scaled is not known: what they allow is not told"
        return
    if way.full:
        updates = f", {_count(way.updates, 'window update')}" if way.updates else ""
        yield f"{_count(way.full, 'segment')} up to the edge of the window{updates}"
    if way.shrinks:
        one = way.shrinks[0]
        yield (
            f"the receiver shrinks its window {_count(len(way.shrinks), 'time')}, first by "
            f"{one.octets:,} octets (packet {one.packet})"
        )
    if way.silly:
        yield f"{_count(len(way.silly), 'silly window')}, first in packet {way.silly[0].packet}"


def as_json(plane: Plane, side: int, who: str, zero: float) -> dict[str, Any]:
    """A direction, for the report."""
    way = plane.ways[side]
    trip = way.trip
    rounds = way.flight.rounds
    return {
        "sender": who,
        "octets": way.octets,
        "segments": way.segments,
        "largest_segment": way.largest,
        "lacks": way.lacks,
        "round_trip": {
            "samples": trip.count, "least": _round(trip.least), "most": _round(trip.most),
            "smooth": _round(trip.smooth), "excluded": trip.excluded,
            "sender_and_back": _round(way.flight.lag) if plane.placed else None,
        },
        "initial_window": {
            "segments": way.flight.initial, "octets": rounds[0].flight if rounds else 0,
            "all_there_was": bool(rounds and rounds[0].drained),
        },
        "most_in_flight": way.flight.most,
        "phases": [
            {
                "phase": one.name, "began": _round(one.began - zero),
                "ended": None if one.ended is None else _round(one.ended - zero),
                "inferred": one.inferred, "rounds": one.rounds,
                "flight_before": one.before, "flight_after": one.after, "packet": one.packet,
            }
            for one in phases(way)
        ],
        "more_rounds": way.flight.more,
        "sent_again": [
            {
                "packet": one.packet, "first": one.start, "octets": one.end - one.start,
                "why": one.kind.value, "before": one.before,
                "waited": None if one.waited is None else _round(one.waited),
                "duplicate_acks": list(one.duplicates), "sacked_behind": one.sacked,
                "acknowledged_before": one.acked, "needless": one.needless,
            }
            for one in way.resends[:RESENDS * 8]
        ],
        "more_sent_again": way.more + max(0, len(way.resends) - RESENDS * 8),
        "copies": way.copies,
        "out_of_order": sum(one.reordered is True for one in way.late),
        "first_not_captured": sum(one.reordered is False for one in way.late),
        "late": sum(one.reordered is None for one in way.late),
        "duplicate_acks": way.all_duplicates,
        "keep_alives": way.keep_alives,
        "zero_windows": [
            {
                "packet": one.packet, "began": _round(one.began - zero),
                "ended": None if one.ended is None else _round(one.ended - zero),
                "probes": [
                    {"packet": each.packet, "time": _round(each.time - zero), "octets": each.octets}
                    for each in one.probes
                ],
                "more_probes": one.more, "answered": one.answered,
            }
            for one in way.zeros[:RESENDS * 8]
        ],
        "window_full": way.full,
        "window_updates": way.updates,
        "window_known": way.scaled,
        "shrinks": [list(one) for one in way.shrinks[:RESENDS]],
        "silly_windows": len(way.silly),
    }  # fmt: skip


def _count(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _round(seconds: float) -> float:
    return round(seconds, 6)
