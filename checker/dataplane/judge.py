"""The facts of a direction, held against the RFCs.

What breaks a MUST, or what a number means, and what departs from a SHOULD, is a deviation; a note
is neither. A check says how often there was something to judge: *no occasion* is no pass. Where a
loss of the capture, or what is beyond it, may be why something looks wrong, it is *not judged*.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from checker.dataplane.again import SLACK
from checker.dataplane.facts import Kind, Zero, duration
from checker.dataplane.plane import Plane
from checker.dataplane.sending import Sending
from spec.tcp.retransmission import GREATEST, LEAST

BREAKS, DEPARTS, NOTE = "breaks", "departs", "note"
HOLDS, NOTED, DEVIATES = "holds", "noted", "deviates"
IDLE, UNJUDGED = "no occasion", "not judged"
VERDICTS = (DEVIATES, UNJUDGED, NOTED, HOLDS, IDLE)
LONGEST = float(GREATEST)
"""Seconds: the least that a largest timeout may be (RFC 6298 2.5)."""
TINY = 1e-4
SOON = 0.01
"""Seconds after which an end has taken what its own capture shows."""
FIRST = 5
"""Findings of a check and a direction that are told one by one."""


class Timing(NamedTuple):
    """What a stack is known to do, if it is not what the RFCs say."""

    least: float = float(LEAST)  # of the retransmission timeout (RFC 6298 2.4)
    linear: int = 0  # timeouts of a SYN that are not backed off


RFC = Timing()


class Finding(NamedTuple):
    """Something that is not as it should be, or worth a note."""

    check: str
    level: str
    section: str
    packet: int
    text: str


@dataclass(slots=True)
class Check:
    """What was judged of a direction."""

    name: str
    section: str
    side: int  # whose duty it is
    occasions: int
    found: list[Finding] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    more: int = 0  # findings that are not told

    @property
    def verdict(self) -> str:
        """In a word."""
        if any(one.level != NOTE for one in self.found):
            return DEVIATES
        if self.doubts:
            return UNJUDGED
        if self.found:
            return NOTED
        return HOLDS if self.occasions else IDLE

    def find(self, level: str, packet: int, text: str, section: str = "") -> None:
        """A finding, as long as there is room."""
        if len(self.found) < FIRST:
            self.found.append(Finding(self.name, level, section or self.section, packet, text))
        else:
            self.more += 1

    def doubt(self, why: str) -> None:
        """Something is not judged."""
        if why not in self.doubts and len(self.doubts) < FIRST:
            self.doubts.append(why)

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "check": self.name,
            "section": self.section,
            "end": "AB"[self.side],
            "verdict": self.verdict,
            "occasions": self.occasions,
            "findings": [
                {"level": f.level, "section": f.section, "packet": f.packet, "text": f.text}
                for f in self.found
            ],
            "more_findings": self.more,
            "not_judged": list(self.doubts),
        }

    def lines(self, who: str, verbose: bool) -> Iterator[str]:
        """In words; what holds or had no occasion only if ``verbose``."""
        if verbose or self.verdict in (DEVIATES, UNJUDGED, NOTED):
            judged = f" ({self.occasions:,} judged)" if self.occasions else ""
            yield f"data of {who}: {self.name}: {self.verdict}{judged}: {self.section}"
            yield from (f"  {f.level}: packet {f.packet}: {f.text}" for f in self.found)
            if self.more:
                yield f"  and {self.more} more"
            yield from (f"  not judged: {why}" for why in self.doubts)


def judge(plane: Plane, timing: Timing = RFC) -> list[Check]:
    """All checks of both directions; of an end at which the capture was taken, only its own."""
    found = []
    for side, way in enumerate(plane.ways):
        strict = plane.at == side
        for check in _checks(way, side, strict, timing):
            if plane.at is None or check.side == plane.at:
                found.append(check)
    return found


def _checks(way: Sending, side: int, strict: bool, timing: Timing) -> Iterator[Check]:
    # What the capture is known to lack may have been the reason of anything.
    lossy = "" if not way.lacks else "the capture lacks segments of this connection"
    lossy = lossy or ("there is too much in flight to tell it apart" if way.overrun else "")
    yield _window(way, side, strict, lossy)
    yield _shrinking(way, 1 - side)
    yield _persist(way, side, strict, timing)
    yield _timeout(way, side, lossy, timing)
    yield _backoff(way, side, timing)
    yield _duplicates(way, side)
    yield _contents(way, side)
    yield _silly(way, 1 - side)


def _window(way: Sending, side: int, strict: bool, lossy: str) -> Check:
    check = Check("window", "RFC 9293 3.8.6", side, way.judged)
    if not way.scaled and way.segments:
        check.doubt("by how much windows are scaled is not known: the capture lacks a SYN")
    for one in way.beyond:
        if one.excuse and not (strict and "capture" in one.excuse):
            check.doubt(
                f"packet {one.packet}: {one.octets} octets beyond the window, but {one.excuse}"
            )
        elif lossy and not strict:
            check.doubt(f"packet {one.packet}: {one.octets} octets beyond the window, but {lossy}")
        else:
            check.find(
                BREAKS, one.packet, f"{one.octets} octets beyond the right edge that packet "
                f"{one.packet_of_edge} offered",
            )  # fmt: skip
    for one, since in way.over_shrunk:
        if strict and since > SOON:
            check.find(
                DEPARTS, one.packet, f"{one.octets} octets of new text beyond the edge, to which "
                f"packet {one.packet_of_edge} had shrunk the window {duration(since)} before",
                "RFC 9293 3.8.6, SHLD-15",
            )  # fmt: skip
    return check


def _shrinking(way: Sending, side: int) -> Check:
    check = Check("shrinking", "RFC 9293 3.8.6, SHLD-14", side, way.offers)
    for one in way.shrinks if way.scaled else []:
        check.find(NOTE, one.packet, f"the right edge moves {one.octets} octets to the left")
    return check


def _persist(way: Sending, side: int, strict: bool, timing: Timing) -> Check:
    check = Check("zero window", "RFC 9293 3.8.6.1", side, 0)
    for zero in way.zeros:
        if zero.probes:
            check.occasions += 1
            _probes(check, zero, timing)
            if zero.reset and zero.answered:
                check.find(
                    NOTE, zero.reset, "a reset, though the probes of the zero window are answered: "
                    "did the user give up, or the stack?", "RFC 9293 3.8.6.1, MUST-37",
                )  # fmt: skip
            continue
        lasted = (zero.ended if zero.ended is not None else way.over) - zero.began
        late = 3 * max(zero.rto, timing.least)
        if lasted < late:
            continue  # nothing was due yet
        if zero.waiting is None or zero.waiting > way.flight.lag + SOON:
            check.doubt(f"from packet {zero.packet} on there is no probe for {duration(lasted)}, "
                        "but the end may have had nothing to send")  # fmt: skip
        elif lasted > LONGEST and (strict or not way.lacks):
            check.occasions += 1
            check.find(BREAKS, zero.packet, f"no probe of the zero window for {duration(lasted)}: "
                       "text was waiting", "RFC 9293 3.8.6.1, MUST-36")  # fmt: skip
        elif strict:
            check.occasions += 1
            check.find(DEPARTS, zero.packet, f"no probe of the zero window for {duration(lasted)}: "
                       "text was waiting", "RFC 9293 3.8.6.1, SHLD-29")  # fmt: skip
        else:
            check.doubt(
                f"no probe after packet {zero.packet} for {duration(lasted)}: none was sent, or it "
                "was lost before the capture"
            )
    return check


def _probes(check: Check, zero: Zero, timing: Timing) -> None:
    times = [one.time for one in zero.probes]
    first = times[0] - zero.began
    if first < timing.least * SLACK:
        check.find(
            DEPARTS, zero.probes[0].packet, f"the first probe {duration(first)} after the window "
            f"became zero, and no timeout is less than {duration(timing.least)}",
            "RFC 9293 3.8.6.1, SHLD-29; RFC 6298 2.4",
        )  # fmt: skip
    gaps = [b - a for a, b in itertools.pairwise(times)]
    for i, (one, two) in enumerate(itertools.pairwise(gaps)):
        if two < 1.5 * one * SLACK and two < LONGEST * SLACK:
            check.find(
                DEPARTS, zero.probes[i + 2].packet,
                f"probes {duration(one)} and then {duration(two)} apart: "
                "the interval should grow exponentially",
                "RFC 9293 3.8.6.1, SHLD-30",
            )  # fmt: skip
            return


def _timeout(way: Sending, side: int, lossy: str, timing: Timing) -> Check:
    check = Check("timeout", "RFC 6298 2.4 and 5", side, 0)
    for one in way.resends:
        if one.kind not in (Kind.TIMEOUT, Kind.TAIL) or one.waited is None:
            continue
        check.occasions += 1
        if one.waited >= timing.least * SLACK:
            continue
        what = f"sent again {duration(one.waited)} after packet {one.before}"
        if one.kind is Kind.TAIL:
            check.find(
                NOTE, one.packet, f"{what}: less than a timeout of {duration(timing.least)}, but a "
                "tail loss probe may be as early", "RFC 8985 7",
            )  # fmt: skip
        elif lossy:
            check.doubt(f"packet {one.packet} is {what}, but {lossy}: ACKs may be missing, too")
        else:
            seen = f"{len(one.duplicates)} duplicate ACKs" if one.duplicates else "no duplicate ACK"
            check.find(
                DEPARTS, one.packet, f"{what}, after {seen}: a timeout should not be less than "
                f"{duration(timing.least)}",
            )  # fmt: skip
    return check


def _backoff(way: Sending, side: int, timing: Timing) -> Check:
    """Timeouts of the same octets, one after the other, with no ACK between: each twice the last.

    The first of text says nothing, since an ACK of what was sent before may have started it anew.
    """
    check = Check("back-off", "RFC 6298 5.5", side, 0)
    last, row = None, 0
    for one in way.resends:
        follows = (
            last is not None
            and one.kind is Kind.TIMEOUT
            and one.start == last.start
            and one.before == last.packet
            and one.waited is not None
            and (one.since_ack is None or one.since_ack > one.waited + (last.waited or 0.0) - TINY)
        )
        if follows and last is not None and one.waited is not None and last.waited is not None:
            row += 1
            pure = row > 1 or last.start == 0
            if pure and not (last.start == 0 and row <= timing.linear):
                check.occasions += 1
                if one.waited < 2 * last.waited * SLACK and one.waited < LONGEST * SLACK:
                    check.find(
                        BREAKS, one.packet, f"a timeout of {duration(one.waited)} follows one of "
                        f"{duration(last.waited)}, and is not twice as long",
                    )  # fmt: skip
        else:
            row = 0
        last = one if one.kind is Kind.TIMEOUT else None
    return check


def _duplicates(way: Sending, side: int) -> Check:
    check = Check("fast retransmit", "RFC 5681 3.2", side, way.triggers)
    for one in way.ignored:
        check.find(NOTE, one.packet, f"no retransmission after three duplicate ACKs: {one.what}")
    return check


def _contents(way: Sending, side: int) -> Check:
    check = Check("same octets", "RFC 9293 3.4", side, way.compared)
    for one in way.contradicted:
        check.find(
            BREAKS, one.packet, f"octet {one.place - 1} of the text is another than in packet "
            f"{one.before}, unless somebody else sent one of them",
        )  # fmt: skip
    unseen = sum(made.end - made.start for made in way.resends if not (made.acked or made.control))
    if unseen and not way.compared:
        check.doubt("the capture has not the octets that were sent again")
    return check


def _silly(way: Sending, side: int) -> Check:
    check = Check("silly windows", "RFC 9293 3.8.6.2.2, MUST-39", side, way.offers)
    if way.silly and way.scaled:
        least = min(one.octets for one in way.silly)
        check.find(NOTE, way.silly[0].packet, f"{len(way.silly)} windows of less than a segment "
                   f"are opened by little; the least is {least} octets")  # fmt: skip
    return check
